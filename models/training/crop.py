"""The crop recipe: what the network sees for one box, and how its answer becomes a mask.

The reference for the application's own implementation; both are checked against the same golden cases. Arrays are
[row, column(, channel)]; boxes are [x0, y0, x1, y1] in pixel edges (pixel i covers [i, i + 1)).
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Recipe:
    """Constants of the recipe; `model.json` carries the same values under `input`, `crop` and `output`."""

    size_px: int = 128
    output_size_px: int = 128
    context_factor: float = 1.5
    minimum_size_px: float = 16.0
    minimum_aspect: float = 0.5
    percentiles: tuple = (0.5, 99.5)
    minimum_range: float = 0.001
    # The method's own (a probability above one half). Exact boxes give masks some percent too small with it, but a
    # reader's box is a little loose, and then volumes are nearly unbiased.
    threshold: float = 0.5


# What the network looks at and was trained on.
LOOK = Recipe()
# How much more the crop holds that the application cuts out: its middle is the look, at the same scale, and all of it,
# shrunk, is what the network looks at a second time (network.py).
WIDER = 1.5
RECIPE = replace(
    LOOK,
    size_px=int(LOOK.size_px * WIDER),
    output_size_px=int(LOOK.output_size_px * WIDER),
    context_factor=LOOK.context_factor * WIDER,
    minimum_size_px=LOOK.minimum_size_px * WIDER,
)


def crop_rect(box, recipe=RECIPE):
    """The rectangle [x0, y0, x1, y1] (px, may leave the image) that is stretched onto the network's input.

    Each side of the box is scaled about the box's centre. A side is never shorter than `minimum_size_px`, nor than
    `minimum_aspect` times the other one, so that thin boxes keep their surroundings.
    """
    x0, y0, x1, y1 = (float(v) for v in box)
    width = max((x1 - x0) * recipe.context_factor, recipe.minimum_size_px)
    height = max((y1 - y0) * recipe.context_factor, recipe.minimum_size_px)
    longer = max(width, height)
    width = max(width, longer * recipe.minimum_aspect)
    height = max(height, longer * recipe.minimum_aspect)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)


def resample_matrix(start, end, count, length):
    """Triangle-filter weights [count, length] that take `length` pixels to `count` cells of [start, end].

    Cell i has its centre at c = start + (i + 0.5) * step, step = (end - start) / count. Pixel j weighs
    max(0, 1 - |j + 0.5 - c| / max(1, step)); weights are divided by their sum over the pixels that exist.
    Cells whose centre is outside [0, length) have weight 0 throughout.
    """
    step = (end - start) / count
    centres = start + (np.arange(count) + 0.5) * step
    pixels = np.arange(length) + 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(pixels[None, :] - centres[:, None]) / max(1.0, step))
    weights[(centres < 0) | (centres >= length)] = 0.0
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def resample(image, rect, size, dtype=np.float64):
    """[H, W(, C)] -> [size, size(, C)] over `rect`; cells outside the image are 0. `dtype` is that of the sums."""
    height, width = image.shape[:2]
    rows = resample_matrix(rect[1], rect[3], size, height)
    columns = resample_matrix(rect[0], rect[2], size, width)
    used_rows, used_columns = _used(rows), _used(columns)
    part = image[used_rows, used_columns].astype(dtype)
    rows, columns = rows[:, used_rows].astype(dtype), columns[:, used_columns].astype(dtype)
    if image.ndim == 2:
        return rows @ part @ columns.T
    return np.stack([rows @ part[..., c] @ columns.T for c in range(image.shape[2])], axis=2)


def _used(weights):
    touched = np.flatnonzero(weights.any(axis=0))
    return slice(touched[0], touched[-1] + 1) if touched.size else slice(0, 0)


def coverage(low, high, start, end, count):
    """Fraction of each of `count` cells of [start, end] that [low, high] covers."""
    edges = start + np.arange(count + 1) * (end - start) / count
    shared = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
    return np.maximum(shared, 0.0) / (edges[1:] - edges[:-1])


def inside_mask(rect, size, height, width):
    """[size, size] of 0 and 1: whether each cell's centre is inside the image."""
    centres = lambda start, end: start + (np.arange(size) + 0.5) * (end - start) / size
    xs, ys = centres(rect[0], rect[2]), centres(rect[1], rect[3])
    return (((ys >= 0) & (ys < height))[:, None] & ((xs >= 0) & (xs < width))[None, :]).astype(np.float64)


def contrast(crop, inside, recipe=RECIPE):
    """Stretch the percentiles of the cells inside the image (all channels together) to 0..1; 0 elsewhere.

    numpy's 'linear' percentiles. A crop whose percentiles lie closer than `minimum_range` becomes 0.
    """
    values = crop[inside > 0]
    if values.size == 0:
        return np.zeros_like(crop)
    low, high = np.percentile(values, recipe.percentiles)
    if high - low < recipe.minimum_range:
        return np.zeros_like(crop)
    stretched = np.clip((crop - low) / (high - low), 0.0, 1.0)
    return stretched * (inside if crop.ndim == 2 else inside[..., None])


def crop_to_input(image, box, recipe=RECIPE, valid=None, dtype=np.float64):
    """[H, W] or [H, W, 3] with view intensities 0..255 -> (float32 [5, S, S], crop rectangle).

    `valid` (training only) marks pixels of an augmented image that exist, [H, W] of 0 and 1;
    training also contents itself with sums in float32.
    """
    size = recipe.size_px
    rect = crop_rect(box, recipe)
    inside = inside_mask(rect, size, *image.shape[:2])
    if valid is not None:
        inside = inside * (resample(valid, rect, size, dtype) > 0.5)
    crop = contrast(resample(image, rect, size, dtype), inside, recipe)
    colour = np.repeat(crop[None], 3, axis=0) if crop.ndim == 2 else np.moveaxis(crop, 2, 0)
    box_channel = np.outer(
        coverage(box[1], box[3], rect[1], rect[3], size), coverage(box[0], box[2], rect[0], rect[2], size)
    )
    return np.concatenate([colour, box_channel[None], inside[None]]).astype(np.float32), rect


def logits_to_mask(logits, rect, height, width, recipe=RECIPE):
    """Logits [S', S'] over `rect` -> (mask [h, w] of bool, origin (x, y) in px, mean foreground probability).

    Sigmoid, then bilinear to the pixels whose centres are inside both `rect` and the image (half-pixel centres, edge
    cells held), then > threshold.
    """
    size = recipe.output_size_px
    probability = 1.0 / (1.0 + np.exp(-logits.astype(np.float64)))
    x_from, x_to, columns = bilinear_matrix(rect[0], rect[2], size, width)
    y_from, y_to, rows = bilinear_matrix(rect[1], rect[3], size, height)
    upsampled = rows @ probability @ columns.T
    mask = upsampled > recipe.threshold
    mean = float(upsampled[mask].mean()) if mask.any() else 0.0
    return mask, (x_from, y_from), mean


def bilinear_matrix(start, end, count, length):
    """First and past-the-last pixel whose centre is in [start, end) and in the image, and their weights [n, count]."""
    first = max(0, int(np.ceil(start - 0.5)))
    past = max(first, min(length, int(np.ceil(end - 0.5))))
    position = (np.arange(first, past) + 0.5 - start) / (end - start) * count - 0.5
    position = np.clip(position, 0, count - 1)
    lower = np.minimum(np.floor(position).astype(int), count - 2)
    fraction = position - lower
    weights = np.zeros((past - first, count))
    weights[np.arange(past - first), lower] = 1 - fraction
    weights[np.arange(past - first), lower + 1] = fraction
    return first, past, weights
