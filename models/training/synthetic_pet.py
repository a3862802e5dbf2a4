"""Training slices made by formula: tumours on PET, whose outline holds more than their hot part.

A tumour's mask on PET is the mass that a reader knows from CT or MR: parts of it may take up no more tracer than muscle, and
its middle may be dead. Tracer is painted as a level for body, organs and tumour, with hot spots or a hot rim in it, and
blurred as a scanner of 4 to 7 mm resolution does.
"""

import numpy as np
from scipy import ndimage

from synthetic import blob, noise, paint


def pet_slice(rng):
    """(image uint8 [n, n], mask bool [n, n]): a tumour that is hot all through, in spots, or at its rim."""
    radius = np.exp(rng.uniform(np.log(7), np.log(45)))
    size = int(np.clip(radius * 4.2 + 24, 48, 200))
    centre = size / 2 + rng.uniform(-4, 4, 2)
    body = rng.uniform(0.3, 1.0)
    uptake = np.full((size, size), body, np.float32)
    uptake += noise(rng, size, rng.uniform(4, 12)) * body * rng.uniform(0.05, 0.3)
    for _ in range(rng.integers(0, 4)):
        place = centre + rng.choice([-1, 1], 2) * (radius * rng.uniform(1.1, 2.4, 2))
        uptake = paint(uptake, blob(rng, size, place, radius * rng.uniform(0.15, 0.7)), body * rng.uniform(0.2, 3.5))
    target = blob(rng, size, centre, radius)
    uptake = paint(uptake, target, _tumour(rng, size, centre, radius, target, body))
    if rng.random() < 0.35:
        uptake *= _inside_body(rng, size, centre, radius)
    width = radius * rng.uniform(0.04, 0.16) + rng.uniform(0.3, 1.2)
    uptake = ndimage.gaussian_filter(uptake, width)
    uptake += noise(rng, size, width * rng.uniform(0.7, 1.1)) * body * rng.uniform(0.02, 0.18)
    window = np.percentile(uptake, 99.7) * rng.uniform(0.7, 1.3)
    return (np.clip(uptake / max(window, 1e-6), 0, 1) * 255).astype(np.uint8), target > 0.5


def _tumour(rng, size, centre, radius, target, body):
    """Uptake [n, n] of the tumour in units of the body's: everywhere, in spots, or in part of a rim round a cold middle."""
    level = body * np.exp(rng.uniform(np.log(1.6), np.log(9)))
    kind = rng.random()
    if kind < 0.4:
        return level * (1 + noise(rng, size, radius * rng.uniform(0.1, 0.4) + 1) * rng.uniform(0.05, 0.25))
    if kind < 0.8:
        cool = np.full((size, size), body * rng.uniform(1.15, 1.8))
        for _ in range(rng.integers(1, 5)):
            place = centre + rng.uniform(-0.7, 0.7, 2) * radius
            cool = paint(cool, blob(rng, size, place, radius * rng.uniform(0.2, 0.6)), level * rng.uniform(0.5, 1))
        return cool
    depth = ndimage.distance_transform_edt(target > 0.5)
    cells = np.arange(size) + 0.5
    angle = np.arctan2(cells[:, None] - centre[1], cells[None, :] - centre[0])
    strength = np.clip(1 + rng.uniform(0, 1.2) * np.cos(angle - rng.uniform(0, 2 * np.pi)) + 0.3 * np.cos(2 * angle - rng.uniform(0, 2 * np.pi)), 0.1, 2)
    rim = np.clip(1 - depth / (radius * rng.uniform(0.2, 0.5)), 0, 1) ** 0.5
    return body * rng.uniform(0.4, 1.3) + (level - body) * rim * strength


def _inside_body(rng, size, centre, radius):
    """1 in the body and nearly 0 outside, whose straight-ish edge passes beside the tumour."""
    angle, cells = rng.uniform(0, 2 * np.pi), np.arange(size) + 0.5
    along = (cells[None, :] - centre[0]) * np.cos(angle) + (cells[:, None] - centre[1]) * np.sin(angle)
    across = (cells[:, None] - centre[1]) * np.cos(angle) - (cells[None, :] - centre[0]) * np.sin(angle)
    edge = radius * rng.uniform(1.05, 1.6) - across**2 / (radius * rng.uniform(4, 12))
    return np.clip(0.5 + (edge - along), 0.03, 1)
