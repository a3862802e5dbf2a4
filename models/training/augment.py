"""What makes one object into many training samples: turning and scaling, boxes as people draw them, and intensities."""

import numpy as np
from scipy import ndimage

from crop import RECIPE, crop_rect, crop_to_input, resample
from data import tight_box

WINDOW_LIMIT_PX = 288


def sample(image, mask, rng, recipe=RECIPE):
    """(input float32 [5, S, S], target float32 [1, S', S']) for one object, augmented; None if the object was lost.

    The target is the fraction of each output cell's neighbourhood that the mask covers (the recipe's own resampling),
    so that the network learns where the edge lies within a cell.
    """
    valid = None
    if rng.random() < 0.6:
        image, mask, valid = turn(image, mask, rng)
    if not mask.any():
        return None
    box = draw_box(tight_box(mask), rng)
    rect = crop_rect(box, recipe)
    image, mask, valid, box = _around(image, mask, valid, box, rect)
    image = degrade(image, rng)
    inputs, rect = crop_to_input(image, box, recipe, valid)
    target = resample(mask.astype(np.float64), rect, recipe.output_size_px)[None].astype(np.float32)
    inputs = change_intensities(inputs, rng)
    return orient(inputs, target, rng)


def _around(image, mask, valid, box, rect):
    """The same sample cut to the crop's surroundings, to spare work; boxes move along."""
    pad = 8 + int(0.05 * (rect[2] - rect[0] + rect[3] - rect[1]))
    height, width = mask.shape
    x0, y0 = max(0, int(rect[0]) - pad), max(0, int(rect[1]) - pad)
    x1, y1 = min(width, int(rect[2]) + pad), min(height, int(rect[3]) + pad)
    at_edge = x0 == 0 or y0 == 0 or x1 == width or y1 == height
    if at_edge:
        return image, mask, valid, box
    part = (slice(y0, y1), slice(x0, x1))
    return image[part], mask[part], None if valid is None else valid[part], (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)


def turn(image, mask, rng):
    """Rotate by any angle, scale each axis by 0.7..1.4 and shear a little; returns also which pixels exist."""
    x0, y0, x1, y1 = tight_box(mask)
    angle, shear = rng.uniform(0, 2 * np.pi), rng.normal() * 0.1
    extent = np.hypot(x1 - x0, y1 - y0) * 1.8 + 24
    zoom = min(np.exp(rng.uniform(np.log(0.7), np.log(1.4))), WINDOW_LIMIT_PX / extent)
    scale = zoom * np.exp(rng.uniform(-0.2, 0.2, 2))
    size = int(min(extent * zoom, WINDOW_LIMIT_PX))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[1, shear], [0, 1]]) @ np.diag(1 / scale)
    centre = np.array([(y0 + y1) / 2 - 0.5, (x0 + x1) / 2 - 0.5])
    offset = centre - matrix @ np.full(2, (size - 1) / 2)
    warp = lambda plane, mode: ndimage.affine_transform(plane, matrix, offset, (size, size), np.float32, 1, mode)
    valid = warp(np.ones(mask.shape, np.float32), "constant")
    turned_mask = warp(mask.astype(np.float32), "constant") > 0.5
    if image.ndim == 2:
        turned = warp(image, "nearest")
    else:
        turned = np.stack([warp(image[..., c], "nearest") for c in range(3)], axis=2)
    return turned, turned_mask, (valid > 0.5).astype(np.float32)


def draw_box(tight, rng):
    """A box as people draw it: mostly -3..+15 % per side, now and then up to 25 % looser, sometimes exact."""
    x0, y0, x1, y1 = tight
    kind = rng.random()
    if kind < 0.2:
        shift = np.zeros(4)
    elif kind < 0.85:
        shift = rng.uniform(-0.03, 0.15, 4)
    else:
        shift = rng.uniform(-0.03, 0.25, 4)
    width, height = x1 - x0, y1 - y0
    box = [x0 - shift[0] * width, y0 - shift[1] * height, x1 + shift[2] * width, y1 + shift[3] * height]
    if rng.random() < 0.4:
        box = [float(np.floor(box[0])), float(np.floor(box[1])), float(np.ceil(box[2])), float(np.ceil(box[3]))]
    return tuple(box)


def degrade(image, rng):
    """Sometimes blur, sometimes noise, both at the scale of the pixels, before the crop is taken."""
    if rng.random() < 0.15:
        sigma = rng.uniform(0.3, 1.2)
        image = ndimage.gaussian_filter(image.astype(np.float32), (sigma, sigma, 0)[: image.ndim])
    if rng.random() < 0.25:
        image = image + rng.standard_normal(image.shape).astype(np.float32) * rng.uniform(1, 14)
    return image


def change_intensities(inputs, rng):
    """Gamma, inversion, gain and offset of the colour channels, and mixing or turning of colours; cells outside stay 0."""
    colour, inside = inputs[:3], inputs[4]
    if rng.random() < 0.2:
        colour = 1 - colour
    if rng.random() < 0.5:
        colour = np.clip(colour, 0, 1) ** np.exp(rng.uniform(-0.5, 0.5))
    if rng.random() < 0.3:
        colour = colour * rng.uniform(0.75, 1.1) + rng.uniform(-0.05, 0.1)
    if rng.random() < 0.3:
        colour = colour[rng.permutation(3)]
    if rng.random() < 0.1:
        colour = np.repeat(colour.mean(axis=0, keepdims=True), 3, axis=0)
    inputs[:3] = np.clip(colour, 0, 1) * inside
    return inputs


def orient(inputs, target, rng):
    """One of the eight orientations of the square."""
    turns = rng.integers(4)
    inputs, target = np.rot90(inputs, turns, (1, 2)), np.rot90(target, turns, (1, 2))
    if rng.random() < 0.5:
        inputs, target = inputs[..., ::-1], target[..., ::-1]
    return np.ascontiguousarray(inputs), np.ascontiguousarray(target)
