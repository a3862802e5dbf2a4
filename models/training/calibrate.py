"""Makes the network's figures right on average, on the validation patients: RUN/calibration.json (and RUN/training.json).

Three numbers: the temperature that logits are divided by (cross-entropy of the cells of the crop), and scale and shift of
the expected DSC's logit (cross-entropy with the DSC reached at the slice's pixels, boxes as in the paper). Every source
counts alike. `lowBelow` is where a mask is called unsure: nine in ten boxes on nothing lie below it.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy import optimize

from answer import answer, expected_dsc, load_network, negatives
from crop import RECIPE, resample
from data import load, split
from network import Shipped
from scoring import cases_of, choose, dice, truth

OBJECTS_PER_SOURCE = 30
NEGATIVES = 150
CAUGHT = 0.9
LOWEST = 5


def entropy(probability, target):
    probability = np.clip(probability, 1e-6, 1 - 1e-6)
    return -(target * np.log(probability) + (1 - target) * np.log(1 - probability))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def fit_temperature(logits, targets, weights):
    loss = lambda log_t: float((entropy(sigmoid(logits / np.exp(log_t)), targets).mean((1, 2)) * weights).sum())
    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x))


def fit_dsc(logits, reached, weights):
    """Scale and shift; the scale is kept positive, so that the order of masks stays."""
    loss = lambda p: float((entropy(sigmoid(np.exp(p[0]) * logits + p[1]), reached) * weights).sum())
    best = optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead").x
    return float(np.exp(best[0])), float(best[1])


def training_counts(items):
    """What each source gave to the training."""
    counts = {}
    for item in items:
        entry = counts.setdefault(item.source, {"source": item.source, "licence": item.licence, "modality": item.modality, "cases": set(), "objects": 0})
        entry["cases"].add(item.case)
        entry["objects"] += 1
    return [{**counts[source], "cases": len(counts[source]["cases"])} for source in sorted(counts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = Shipped(load_network(options.run)).eval()
    parts = split(load(options.data))
    (options.run / "training.json").write_text(json.dumps(training_counts(parts["training"]), indent=1) + "\n")
    validation = parts["validation"]
    by_source = cases_of(choose(validation, OBJECTS_PER_SOURCE, seed=17), seed=19)
    cases = [case for of_source in by_source.values() for case in of_source]
    weights = np.concatenate([np.full(len(of_source), 1 / len(of_source) / len(by_source)) for of_source in by_source.values()])
    answers = answer(network, cases)
    targets = np.stack([resample(one.case.item.mask.astype(np.float64), one.rect, RECIPE.output_size_px) for one in answers])
    temperature = fit_temperature(np.stack([one.logits for one in answers]), targets, weights)
    reached = np.array([dice(one.mask, truth(one.case.item, one.case.region)) for one in answers])
    raw = np.array([one.expected for one in answers])
    scale, shift = fit_dsc(np.log(raw / (1 - raw)), reached, weights)
    nothing = np.array([one.expected for one in answer(network, negatives(validation, NEGATIVES, seed=23))])
    low_below = float(np.clip(np.quantile(expected_dsc(nothing, scale, shift), CAUGHT), 0.5, 0.85))
    result = {
        "temperature": round(temperature, 4),
        "scale": round(scale, 4),
        "shift": round(shift, 4),
        "lowBelow": round(low_below, 2),
        "objects": len(cases),
        "sources": len(by_source),
        "negatives": len(nothing),
        "meanDsc": round(float((reached * weights).sum()), 4),
        "lowest": [
            {"name": cases[i].item.name, "reached": round(float(reached[i]), 3), "expected": round(float(expected_dsc(raw[i], scale, shift)), 3)}
            for i in np.argsort(reached)[:LOWEST]
        ],
    }
    (options.run / "calibration.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
