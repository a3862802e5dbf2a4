"""Scores a run on held-out patients, on data sets never trained on, and on drawn CT lesions; writes evaluation.json.

Every object gets one box, made from its mask; the mask that comes back is compared at the slice's own pixels. Next to
the network stands the ellipse that fills the box: a network that does not beat it has learnt nothing.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import synthetic
from crop import RECIPE, crop_to_input, logits_to_mask
from data import NOT_BOX_FRIENDLY, load, split, tight_box
from export import load_network

OBJECTS_PER_SET = 100
LOOSE = 0.1


def dice(a, b):
    """Dice similarity of two masks of which at least one is not empty."""
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def segment(network, image, box):
    """The full-slice mask of one box."""
    inputs, rect = crop_to_input(image, box)
    with torch.no_grad():
        logits = network(torch.from_numpy(inputs[None]))[0, 0].numpy()
    part, (x, y), _ = logits_to_mask(logits, rect, *image.shape[:2])
    mask = np.zeros(image.shape[:2], bool)
    mask[y : y + part.shape[0], x : x + part.shape[1]] = part
    return mask


def ellipse(box, height, width):
    """The ellipse that touches the four sides of the box, by pixel centres."""
    y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    u = (x - (box[0] + box[2]) / 2) / ((box[2] - box[0]) / 2)
    v = (y - (box[1] + box[3]) / 2) / ((box[3] - box[1]) / 2)
    return u**2 + v**2 <= 1


def loosened(box, rng, height, width):
    """Each side moved outward by 0..10 % of the box, kept in the slice."""
    w, h = box[2] - box[0], box[3] - box[1]
    out = rng.uniform(0, LOOSE, 4)
    return (max(0, box[0] - out[0] * w), max(0, box[1] - out[1] * h), min(width, box[2] + out[2] * w), min(height, box[3] + out[3] * h))


def summary(values):
    """Median and quartiles, rounded to what is printed."""
    first, middle, third = np.percentile(values, (25, 50, 75))
    return {"median": round(float(middle), 3), "q1": round(float(first), 3), "q3": round(float(third), 3)}


def score_sets(network, items, seed=11):
    """Per source: how many objects and cases, DSC with loosened and tight boxes, and the ellipse's DSC (loosened)."""
    rng = np.random.default_rng(seed)
    by_source = {}
    for item in items:
        by_source.setdefault(item.source, []).append(item)
    rows = []
    for source, of_source in sorted(by_source.items()):
        chosen = rng.choice(len(of_source), min(OBJECTS_PER_SET, len(of_source)), replace=False)
        scores = {"loose": [], "tight": [], "ellipse": []}
        for item in (of_source[index] for index in sorted(chosen)):
            box = loosened(item.box, rng, *item.mask.shape)
            scores["loose"].append(dice(segment(network, item.image, box), item.mask))
            scores["tight"].append(dice(segment(network, item.image, item.box), item.mask))
            scores["ellipse"].append(dice(ellipse(box, *item.mask.shape), item.mask))
        row = {"source": source, "licence": of_source[0].licence, "cases": len({item.case for item in of_source}), "objects": len(chosen)}
        rows.append({**row, **{name: summary(values) for name, values in scores.items()}})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def drawn_lesion(rng):
    """One lesion of radius 5..25 mm through the slices of a drawn CT: (slices [n, h, w] uint8, masks [n, h, w])."""
    spacing, thickness = rng.uniform(1.5, 2.0), rng.uniform(2.5, 5.0)
    radius = rng.uniform(5, 25)
    half_px, half_slices = int(radius * 1.6 / spacing) + 14, int(radius * 1.4 / thickness) + 1
    offset = rng.uniform(-0.5, 0.5, 3)
    step = lambda half, size, shift: (np.arange(-half * 3, half * 3 + 3) / 3 - 1 / 3 + shift) * size
    z, y, x = np.meshgrid(step(half_slices, thickness, offset[0]), step(half_px, spacing, offset[1]), step(half_px, spacing, offset[2]), indexing="ij", sparse=True)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    centres = [np.zeros(3)] + [rng.normal(size=3) * radius * 0.4 for _ in range(rng.integers(0, 4))]
    inside = False
    for number, centre in enumerate(centres):
        axes = radius * np.exp(rng.uniform(-0.2, 0.2, 3)) * (1 if number == 0 else rng.uniform(0.4, 0.6))
        moved = [x - centre[0], y - centre[1], z - centre[2]]
        turned = [sum(rotation[i, j] * moved[j] for j in range(3)) for i in range(3)]
        inside = inside | (sum((turned[i] / axes[i]) ** 2 for i in range(3)) < 1)
    slices, rows = inside.shape[0] // 3, inside.shape[1] // 3
    cover = inside.reshape(slices, 3, rows, 3, rows, 3).mean((1, 3, 5))
    hu = 100 + cover * rng.choice([-1, 1]) * rng.uniform(25, 80)
    hu = hu + rng.normal(size=hu.shape) * rng.uniform(10, 15)
    return np.clip((hu + 160) * synthetic.HU_TO_VIEW, 0, 255).astype(np.uint8), cover > 0.5


def score_drawn(network, count=40, seed=12):
    """Per lesion, with the exact box of every axial slice: DSC of the volume and error of the volume."""
    rng = np.random.default_rng(seed)
    overlaps, errors = [], []
    for _ in range(count):
        images, masks = drawn_lesion(rng)
        answer = np.zeros_like(masks)
        for index in np.flatnonzero(masks.any((1, 2))):
            answer[index] = segment(network, images[index], tight_box(masks[index]))
        overlaps.append(dice(answer, masks))
        errors.append(float(answer.sum() / masks.sum() - 1))
    return {
        "lesions": count,
        "dice": {**summary(overlaps), "mean": round(float(np.mean(overlaps)), 3), "lowest": round(min(overlaps), 3)},
        "volumeError": {"mean": round(float(np.mean(errors)), 3), "meanAbsolute": round(float(np.mean(np.abs(errors))), 3), "largestAbsolute": round(float(np.abs(errors).max()), 3)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds images/ and collections/")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--only-drawn", action="store_true", help="a quick look while training")
    options = parser.parse_args()
    torch.set_num_threads(2)
    network = load_network(options.run)
    drawn = score_drawn(network)
    print(json.dumps(drawn), flush=True)
    if options.only_drawn:
        return
    training, held_out = split(load(options.data / "images"))
    unseen = [item for item in load(options.data / "collections") if item.source not in NOT_BOX_FRIENDLY]
    counts = {}
    for item in training:
        entry = counts.setdefault(item.source, {"source": item.source, "licence": item.licence, "cases": set(), "objects": 0})
        entry["cases"].add(item.case)
        entry["objects"] += 1
    result = {
        "training": [{**entry, "cases": len(entry["cases"])} for entry in counts.values()],
        "heldOut": score_sets(network, held_out),
        "unseen": score_sets(network, unseen),
        "drawn": drawn,
    }
    result["threshold"] = RECIPE.threshold
    (options.run / "evaluation.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
