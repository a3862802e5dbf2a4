"""Trains the network; resumes from its checkpoint, writes log.csv. See README.md for the command."""

import argparse
import csv
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

import synthetic
from augment import sample
from crop import RECIPE, crop_to_input, resample
from data import load, split
from network import BoxUNet

BATCH = 16
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.01
WARM_UP_STEPS = 200
AVERAGE_DECAY = 0.998
CT_SHARE, TEXTURE_SHARE = 0.25, 0.15
OBJECTS_COUNTED = 1500


class Batches(torch.utils.data.Dataset):
    """Batch number i, always the same for the same seed, whatever was drawn before: a resumed run goes on exactly."""

    def __init__(self, items, seed, steps):
        self.seed, self.steps = seed, steps
        self.sources = {}
        for item in items:
            self.sources.setdefault(item.source, []).append(item)
        weights = np.array([math.sqrt(min(len(of_source), OBJECTS_COUNTED)) for of_source in self.sources.values()])
        self.weights = weights / weights.sum()

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        rng = np.random.default_rng([self.seed, step])
        drawn = []
        while len(drawn) < BATCH:
            one = sample(*self._draw(rng), rng)
            if one is not None and one[1].max() > 0:
                drawn.append(one)
        inputs, targets = zip(*drawn)
        return torch.from_numpy(np.stack(inputs)), torch.from_numpy(np.stack(targets))

    def _draw(self, rng):
        kind = rng.random()
        if kind < CT_SHARE:
            return synthetic.ct_slice(rng)
        if kind < CT_SHARE + TEXTURE_SHARE:
            return synthetic.texture_slice(rng)
        of_source = list(self.sources.values())[rng.choice(len(self.weights), p=self.weights)]
        item = of_source[rng.integers(len(of_source))]
        return item.image, item.mask


def loss_of(logits, targets):
    """Binary cross-entropy plus Dice with squared denominators, each sample counting alike."""
    probability = torch.sigmoid(logits)
    shared = (probability * targets).sum((1, 2, 3))
    total = (probability**2).sum((1, 2, 3)) + (targets**2).sum((1, 2, 3))
    dice = 1 - (2 * shared + 1) / (total + 1)
    return nn.functional.binary_cross_entropy_with_logits(logits, targets) + dice.mean()


def rate_at(step, progress):
    """Linear warm-up, then a cosine to zero over `progress` 0..1."""
    return LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * min(progress, 1)))


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
    """Mean soft-target DSC on the output grid for fixed objects with tight boxes: a curve to look at, not the result."""
    rng = np.random.default_rng(seed)
    network.eval()
    scores = []
    for index in rng.choice(len(items), min(96, len(items)), replace=False):
        inputs, rect = crop_to_input(items[index].image, items[index].box)
        target = resample(items[index].mask.astype(float), rect, RECIPE.output_size_px) > 0.5
        with torch.no_grad():
            answer = network(torch.from_numpy(inputs[None]))[0, 0].numpy() > 0
        scores.append(2 * (answer & target).sum() / max(1, answer.sum() + target.sum()))
    return float(np.mean(scores))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="the data folder's images/")
    parser.add_argument("--run", type=Path, required=True, help="where checkpoint and log are kept")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--limit-minutes", type=float, default=98, help="the cosine ends here if the steps do not")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    training, held_out = split(load(options.images))
    model, average = BoxUNet(), BoxUNet()
    average.load_state_dict(model.state_dict())
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    checkpoint, step, spent = options.run / "checkpoint.pt", 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["spent"]

    batches = Batches(training, options.seed, options.steps)
    loader = torch.utils.data.DataLoader(batches, batch_size=None, sampler=range(step, options.steps), num_workers=1, prefetch_factor=6)
    started, losses = time.time() - spent, []
    with open(options.run / "log.csv", "a", newline="") as file:
        log = csv.writer(file)
        if step == 0:
            log.writerow(["step", "minutes", "rate", "loss", "held_out_dice"])
        for inputs, targets in loader:
            progress = max(step / options.steps, (time.time() - started) / 60 / options.limit_minutes)
            if progress >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, progress)
            model.train()
            loss = loss_of(model(inputs), targets)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            average_into(average, model, step)
            losses.append(loss.item())
            step += 1
            if step % 50 == 0:
                dice = f"{watch_dice(average, held_out):.4f}" if step % 500 == 0 else ""
                minutes = (time.time() - started) / 60
                log.writerow([step, f"{minutes:.2f}", f"{rate_at(step, progress):.2e}", f"{np.mean(losses):.4f}", dice])
                file.flush()
                losses = []
            if step % 250 == 0:
                save(checkpoint, model, average, optimiser, step, time.time() - started)
    save(checkpoint, model, average, optimiser, step, time.time() - started)
    summary = {"steps": step, "minutes": round((time.time() - started) / 60, 1), "seed": options.seed, "batch": BATCH}
    (options.run / "run.json").write_text(json.dumps(summary, indent=2) + "\n")


def save(path, model, average, optimiser, step, spent):
    state = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    main()
