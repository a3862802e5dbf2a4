"""Writes MODEL_CARD.md and keeps the shipped run's log, from what train.py, export.py and evaluate.py measured."""

import argparse
import json
import shutil
from pathlib import Path

from crop import RECIPE
from data import HELD_OUT_PERCENT, LEFT_OUT, MINIMUM_OBJECT_PX, NOT_BOX_FRIENDLY, TRAINING_ONLY
from evaluate import LOOSE, OBJECTS_PER_SET
from train import BATCH, CT_SHARE, LEARNING_RATE, TEXTURE_SHARE

KEPT = ("log.csv", "run.json", "export.json", "evaluation.json")


def figure(value):
    return f"{value['median']:.3f} ({value['q1']:.3f}–{value['q3']:.3f})"


def score_table(rows):
    lines = ["| data set | cases | objects | DSC, loose box | DSC, exact box | ellipse in the loose box |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['source']} | {row['cases']} | {row['objects']} | {figure(row['loose'])} | {figure(row['tight'])} | {figure(row['ellipse'])} |")
    return "\n".join(lines)


def training_table(rows):
    lines = ["| data set | cases | objects | licence as recorded |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {row['source']} | {row['cases']} | {row['objects']} | {row['licence']} |" for row in rows])


def beaten(rows):
    """Data sets on which the ellipse's median is at least the network's."""
    return [row["source"] for row in rows if row["loose"]["median"] <= row["ellipse"]["median"]]


def card(run, export, scores):
    drawn = scores["drawn"]
    losers = beaten(scores["heldOut"] + scores["unseen"])
    weaker = f"The ellipse is as good or better (median) on: {', '.join(losers)}." if losers else "The network's median is above the ellipse's on every set."
    left_out = "; ".join(f"{name} ({why})" for name, why in LEFT_OUT.items())
    whole = "; ".join(f"{name} ({why})" for name, why in TRAINING_ONLY.items())
    return f"""# Embedded box model (`box-crop-unet`)

**Not a medical device.** A small network that outlines the one thing a person boxes on one slice. Every mask must be
looked at and corrected by a qualified reader. It was not validated on patients of any hospital.

## What it is
A residual U-Net of {export['parameters']:,} parameters on a {RECIPE.size_px}×{RECIPE.size_px} crop round the box (context factor
{RECIPE.context_factor}), logits at {RECIPE.output_size_px}×{RECIPE.output_size_px}; ONNX opset {export['opset']}, float32. Input: red, green, blue, box, inside;
recipe and numbers in `model.json`, formulas in `models/training/crop.py`. Largest difference between onnxruntime (CPU) and
torch at export: {export['onnxMinusTorchMax']:.1e}. One box took {export['msPerBoxTwoThreads']:.0f} ms on two threads of the training machine while it was in use.

## What it learnt from
Only sources with open licences; folders whose licence is non-commercial or unclear were not read. One object is a
connected component of at least {MINIMUM_OBJECT_PX} px of one label. Left out: {left_out}.

{training_table(scores['training'])}

Licences are quoted from the sources' own records, some from memory, as the last column says. Because two sources are
share-alike, the weights are offered under CC BY-SA 4.0, with attribution to the data sets above.

Besides these, {CT_SHARE:.0%} of the samples were CT-like slices made by formula and {TEXTURE_SHARE:.0%} textured shapes: six sources alone
would teach organs, not boxes. Sources were drawn by the square root of their size. Boxes: exact, −3…+15 % per side, some to +25 %.
Rotation, scaling, shear, gamma, inversion, blur, noise. {run['steps']:,} steps of {BATCH} samples in {run['minutes']:.0f} minutes on a shared
two-core CPU; AdamW, cosine from {LEARNING_RATE}; Dice + cross-entropy; the exponential average of the weights is shipped. The last
step is shipped; no held-out figure chose it. The threshold is the method's own, {RECIPE.threshold}.

## How it was scored
Split by patient: {HELD_OUT_PERCENT} % of the cases of each source, at least one, were never trained on ({whole}: training only). No
figure of the unseen sets decided anything. One case can also mean that a set names none. Loose box: each side of the mask's box moved outward by 0–{LOOSE:.0%}. DSC at the slice's own
pixels, median (quartiles) over at most {OBJECTS_PER_SET} objects per set.{other_threshold(scores)}

### Held-out patients of the training sources
{score_table(scores['heldOut'])}

### Unseen data sets
{score_table(scores['unseen'])}

{weaker}
Not scored, because a box does not say what is meant there: {', '.join(sorted(NOT_BOX_FRIENDLY))}.

### Drawn CT lesions
{drawn['lesions']} lesions of radius 5–25 mm, 25–80 HU from their surroundings, noise 10–15 HU, exact box on every axial slice: DSC per lesion
mean {drawn['dice']['mean']:.3f}, median {figure(drawn['dice'])}, lowest {drawn['dice']['lowest']:.3f}; volume error mean {drawn['volumeError']['mean']:+.1%}, mean
absolute {drawn['volumeError']['meanAbsolute']:.1%}, largest {drawn['volumeError']['largestAbsolute']:.1%}.

## Limits
- Few sources, most of them small crops or one organ; unlike images get masks that lean towards a smooth shape in the box.
- Vessel trees, scattered lesions, thin rings and objects with holes are outside what one box can say.
- Objects of a few pixels are near the limit of what the masks of the training data agree on.
- A box that cuts through the object, or is more than a quarter too large, is outside what it was trained on.
- It works slice by slice and knows nothing of the neighbours above and below.
"""


def other_threshold(scores):
    """A warning when the scores at hand were made with another threshold than the one that ships."""
    if scores["threshold"] == RECIPE.threshold:
        return ""
    return (
        f" **These scores were made with a threshold of {scores['threshold']}; the shipped one is {RECIPE.threshold}, "
        "which gives masks a little smaller.**"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    here = Path(__file__).parent
    read = lambda name: json.loads((options.run / name).read_text())
    text = card(read("run.json"), read("export.json"), read("evaluation.json"))
    (here.parent / "default" / "MODEL_CARD.md").write_text(text)
    kept = here / "shipped-run"
    kept.mkdir(exist_ok=True)
    for name in KEPT:
        shutil.copyfile(options.run / name, kept / name)


if __name__ == "__main__":
    main()
