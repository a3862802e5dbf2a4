"""Trains the network; resumes from its checkpoint, writes log.csv. See README.md for the command."""

import argparse
import csv
import json
import math
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import cv2
import numpy as np
import torch
from torch import nn

from augment import negative, sample
from crop import LOOK, crop_to_input, resample
from data import Item, load, split, tight_box
from network import BoxUNet
from nuclei import nuclei_and_cells
from synthetic import ct_slice, texture_slice
from synthetic_cells import cell_slice
from synthetic_pet import pet_slice
from synthetic_shapes import shape_slice
from warm_start import load_initial

WEIGHT_DECAY = 0.01
WARM_UP_STEPS = 200
AVERAGE_DECAY = 0.999
WATCHED_OBJECTS = 96
# Weight of the mask's loss where nobody drew anything (something unlabelled may be there), and of the DSC's loss.
NEGATIVE_WEIGHT, QUALITY_WEIGHT = 0.2, 0.2
OTHER_CONTEXTS = (1.3, 2.1)


@dataclass(frozen=True)
class Stage:
    """What is drawn. Stage 1 is the first release's mixture (images/ only); stage 2 adds the open part of collections/,
    stage 3 true shapes with a piece of another picture in them or round them; stage 4 draws fewer slices by formula; stage 5
    has nested labels as the regions they bound (data.py), PET and cells by formula, crops with less or more round the box,
    and leans less on large sources; stage 6 draws the edge at the input's resolution and has hollow and winding shapes; stage 7
    has nuclei of stained cells (nuclei.py)."""

    groups: tuple
    learning_rate: float
    ct_share: float
    texture_share: float
    negative_share: float
    objects_counted: int
    exchange_share: float = 0.0
    pet_share: float = 0.0
    cell_share: float = 0.0
    shape_share: float = 0.0
    other_context_share: float = 0.0
    nucleus_share: float = 0.0
    batch: int = 16

    @property
    def families(self):
        """{name of a family of slices by formula, or of nuclei by threshold and their cells: its share of the samples}."""
        formulas = {CT: self.ct_share, TEXTURE: self.texture_share, PET: self.pet_share, CELL: self.cell_share, SHAPE: self.shape_share}
        return {**formulas, NUCLEUS: self.nucleus_share}


STAGES = {
    1: Stage(("images",), 2e-3, 0.25, 0.15, 0.0, 1500),
    2: Stage(("images", "collections"), 4e-4, 0.1, 0.08, 0.07, 400),
    3: Stage(("images", "collections"), 1e-3, 0.08, 0.06, 0.07, 400, 0.15),
    4: Stage(("images", "collections"), 1e-3, 0.05, 0.04, 0.07, 400, 0.15),
    5: Stage(("images", "collections"), 1e-3, 0.03, 0.03, 0.07, 150, 0.15, 0.03, 0.02, other_context_share=0.4),
    6: Stage(("images", "collections"), 1e-3, 0.03, 0.02, 0.07, 150, 0.15, 0.03, 0.03, 0.08, 0.4),
    7: Stage(("images", "collections"), 4e-4, 0.03, 0.02, 0.07, 150, 0.15, 0.04, 0.05, 0.08, 0.4, 0.08),
}
DRAWN_SLICES = 1200
CT, TEXTURE, PET, CELL, SHAPE = "drawn CT", "drawn texture", "drawn PET", "drawn cell", "drawn shape"
NUCLEUS = "nucleus by threshold, or its cell"
FORMULAS = {CT: ct_slice, TEXTURE: texture_slice, PET: pet_slice, CELL: cell_slice, SHAPE: shape_slice}


def drawn_items(families, count, seed):
    """`count` slices by formula of each family that has a share; every one is used many times, turned and scaled anew."""
    rng = np.random.default_rng([seed, 1])
    items = []
    for source in (name for name, share in families.items() if share > 0 and name in FORMULAS):
        draw = FORMULAS[source]
        for index in range(count):
            image, mask = draw(rng)
            if not mask.any():
                continue
            x0, y0, x1, y1 = (int(v) for v in tight_box(mask))
            items.append(Item(source, "", "", "", f"{source} {index}", image, (x0, y0), mask[y0:y1, x0:x1], mask))
    return items


class Batches(torch.utils.data.Dataset):
    """Batch number i, always the same for the same seed, whatever was drawn before: a resumed run goes on exactly."""

    def __init__(self, items, stage, seed, steps):
        self.stage, self.seed, self.steps = stage, seed, steps
        self.sources = {}
        for item in items + drawn_items(stage.families, DRAWN_SLICES, seed):
            self.sources.setdefault(item.source, []).append(item)
        self.real = [source for source in self.sources if source not in FORMULAS]
        if stage.nucleus_share:
            self.sources[NUCLEUS] = nuclei_and_cells(items)
        weights = np.array([math.sqrt(min(len(self.sources[source]), stage.objects_counted)) for source in self.real])
        self.weights = weights / weights.sum()

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        cv2.setNumThreads(0)
        rng = np.random.default_rng([self.seed, step])
        drawn = []
        while len(drawn) < self.stage.batch:
            item, empty = self._draw(rng), rng.random() < self.stage.negative_share
            one = negative(item, rng) if empty else sample(item, rng, self._recipe(rng), self._other(rng))
            if one is not None:
                drawn.append((*one, not empty))
        inputs, targets, real = zip(*drawn)
        return torch.from_numpy(np.stack(inputs)), torch.from_numpy(np.stack(targets)), torch.tensor(real)

    def _recipe(self, rng):
        """The recipe, for some samples with another context factor."""
        if self.stage.other_context_share == 0 or rng.random() >= self.stage.other_context_share:
            return LOOK
        return replace(LOOK, context_factor=rng.uniform(*OTHER_CONTEXTS))

    def _other(self, rng):
        """The image that a piece is taken from; None for most samples."""
        return self._draw(rng).image if rng.random() < self.stage.exchange_share else None

    def _draw(self, rng):
        families = list(self.stage.families)
        kind = np.searchsorted(np.cumsum(list(self.stage.families.values())), rng.random(), side="right")
        source = families[kind] if kind < len(families) else self.real[rng.choice(len(self.real), p=self.weights)]
        return self.sources[source][rng.integers(len(self.sources[source]))]


def loss_of(logits, dsc_logits, targets, real):
    """(mask's loss, DSC's loss). The mask's: binary cross-entropy plus Dice with squared denominators, each sample alike.

    Boxes on nothing (`real` false) count little and without Dice. The expected DSC is asked for the DSC of the answer's
    cells above one half with the target's; 0 on nothing.
    """
    probability = torch.sigmoid(logits)
    shared = (probability * targets).sum((1, 2, 3))
    total = (probability**2).sum((1, 2, 3)) + (targets**2).sum((1, 2, 3))
    dice = 1 - (2 * shared + 1) / (total + 1)
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean((1, 2, 3))
    mask_loss = torch.where(real, entropy + dice, NEGATIVE_WEIGHT * entropy).mean()
    with torch.no_grad():
        answer, truth = logits > 0, targets > 0.5
        reached = 2 * (answer & truth).sum((1, 2, 3)) / (answer.sum((1, 2, 3)) + truth.sum((1, 2, 3))).clamp(min=1)
    return mask_loss, nn.functional.binary_cross_entropy_with_logits(dsc_logits, reached)


def rate_at(step, progress, peak):
    """Linear warm-up, then a cosine to zero over `progress` 0..1."""
    return peak * min(1, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * min(progress, 1)))


def average_into(average, model, step):
    """Exponential moving average of weights and of the normalisation's statistics."""
    decay = min(AVERAGE_DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), model.state_dict().values()):
            if kept.dtype.is_floating_point:
                kept.mul_(decay).add_(new, alpha=1 - decay)
            else:
                kept.copy_(new)


def watch_dice(network, items, seed=5):
    """DSC on the output grid for fixed validation objects with exact boxes, mean over sources: a curve to look at."""
    rng = np.random.default_rng(seed)
    network.eval()
    scores = {}
    for index in rng.choice(len(items), min(WATCHED_OBJECTS, len(items)), replace=False):
        item = items[index]
        inputs, rect = crop_to_input(item.image, item.box, LOOK)
        target = resample(item.mask.astype(float), rect, LOOK.output_size_px) > 0.5
        with torch.no_grad():
            answer = network(torch.from_numpy(inputs[None]))[0][0, 0].numpy() > 0
        scores.setdefault(item.source, []).append(2 * (answer & target).sum() / max(1, answer.sum() + target.sum()))
    return float(np.mean([np.mean(of_source) for of_source in scores.values()]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds images/ and collections/")
    parser.add_argument("--run", type=Path, required=True, help="where checkpoint and log are kept")
    parser.add_argument("--stage", type=int, choices=STAGES, required=True)
    parser.add_argument("--initial", type=Path, help="weights to begin from: a checkpoint.pt or a network.onnx")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--limit-minutes", type=float, default=98, help="the cosine ends here if the steps do not")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="multiply in bfloat16; nearly twice as fast where the processor has it")
    options = parser.parse_args()
    stage = STAGES[options.stage]
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    parts = split([group for group in load(options.data) if group[0] in stage.groups])
    model, average = (BoxUNet().to(memory_format=torch.channels_last) for _ in range(2))
    checkpoint, step, spent = options.run / "checkpoint.pt", 0, 0.0
    batches = Batches(parts["training"], stage, options.seed, options.steps)
    if options.initial and not checkpoint.exists():
        load_initial(model, options.initial, [batches[index][0] for index in range(8)])
    average.load_state_dict(model.state_dict())
    optimiser = torch.optim.AdamW(model.parameters(), stage.learning_rate, weight_decay=WEIGHT_DECAY)
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["spent"]

    loader = torch.utils.data.DataLoader(batches, batch_size=None, sampler=range(step, options.steps), num_workers=1, prefetch_factor=6)
    started, losses = time.time() - spent, []
    kept = rows_until(options.run / "log.csv", step)
    with open(options.run / "log.csv", "w", newline="") as file:
        log = csv.writer(file)
        log.writerows([["step", "minutes", "rate", "loss", "dsc_loss", "validation_dice"], *kept])
        for inputs, targets, real in loader:
            progress = max(step / options.steps, (time.time() - started) / 60 / options.limit_minutes)
            if progress >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, progress, stage.learning_rate)
            model.train()
            with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
                logits, dsc_logits = model(inputs.contiguous(memory_format=torch.channels_last))
            mask_loss, dsc_loss = loss_of(logits.float(), dsc_logits.float(), targets, real)
            optimiser.zero_grad()
            (mask_loss + QUALITY_WEIGHT * dsc_loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            average_into(average, model, step)
            losses.append((mask_loss.item(), dsc_loss.item()))
            step += 1
            if step % 50 == 0:
                dice = f"{watch_dice(average, parts['validation']):.4f}" if step % 500 == 0 else ""
                minutes = (time.time() - started) / 60
                mean = np.mean(losses, axis=0)
                log.writerow([step, f"{minutes:.2f}", f"{group['lr']:.2e}", f"{mean[0]:.4f}", f"{mean[1]:.4f}", dice])
                file.flush()
                losses = []
            if step % 250 == 0:
                save(checkpoint, model, average, optimiser, step, time.time() - started)
    save(checkpoint, model, average, optimiser, step, time.time() - started)
    summary = {"stage": options.stage, **asdict(stage), "steps": step, "minutes": round((time.time() - started) / 60, 1), "seed": options.seed, "bfloat16": options.bfloat16}
    (options.run / "run.json").write_text(json.dumps(summary, indent=2) + "\n")


def rows_until(path, step):
    """The log's rows up to the step that a resumed run goes on from."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [row for row in csv.reader(file) if row[0] != "step" and int(row[0]) <= step]


def save(path, model, average, optimiser, step, spent):
    state = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    main()
