"""Drawn CT lesions: three-dimensional shapes by formula, outlined slice by slice, as a phantom with a known volume.

Writes RUN/drawn.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import synthetic
from answer import answer, load_shipped
from data import Item, tight_box
from scoring import Case


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


def score_drawn(network, count=20, seed=12):
    """Per lesion, with the exact box of every axial slice: DSC of the volume and error of the volume."""
    rng = np.random.default_rng(seed)
    overlaps, errors = [], []
    for _ in range(count):
        images, masks = drawn_lesion(rng)
        cases = [_case(image, mask) for image, mask in zip(images, masks) if mask.any()]
        shared = found = 0
        for one in answer(network, cases):
            x0, y0, x1, y1 = one.case.region
            shared += int((one.mask & one.case.item.drawn[y0:y1, x0:x1]).sum())
            found += int(one.mask.sum())
        overlaps.append(2 * shared / (found + masks.sum()))
        errors.append(float(found / masks.sum() - 1))
    first, middle, third = np.percentile(overlaps, (25, 50, 75))
    return {
        "lesions": count,
        "dice": {name: round(float(value), 3) for name, value in {"mean": np.mean(overlaps), "median": middle, "q1": first, "q3": third, "lowest": min(overlaps)}.items()},
        "volumeError": {"mean": round(float(np.mean(errors)), 3), "meanAbsolute": round(float(np.mean(np.abs(errors))), 3), "largestAbsolute": round(float(np.abs(errors).max()), 3)},
    }


def _case(image, mask):
    x0, y0, x1, y1 = (int(v) for v in tight_box(mask))
    item = Item("drawn lesion", "", "", "CT", "", image, (x0, y0), mask[y0:y1, x0:x1], mask)
    return Case(item, item.box)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = score_drawn(load_shipped(options.run))
    (options.run / "drawn.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
