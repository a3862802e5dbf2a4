"""What makes one object into many training samples: turning and scaling, boxes as people draw them, and intensities."""

import cv2
import numpy as np

from crop import LOOK, crop_rect, crop_to_input, resample
from data import tight_box

WINDOW_LIMIT_PX = 288
PAPER_SHIFT_PX, PAPER_SIDE_PX = 20, 1024


def sample(item, rng, recipe=LOOK, other=None):
    """(input float32 [5, S, S], target float32 [1, S', S']) for one object, augmented; None if the object was lost.

    `other`, if given, is another image; a piece of it takes the place of what is in or round the object. The target is
    the fraction of each output cell's neighbourhood that the mask covers (the recipe's own resampling), so that the
    network learns where the edge lies within a cell.
    """
    image, mask, zoom = surroundings(item)
    shift_px = [PAPER_SHIFT_PX / PAPER_SIDE_PX * side * zoom for side in item.image.shape[1::-1]]
    valid = None
    if rng.random() < 0.55:
        image, mask, valid = turn(image, mask, rng)
    if not mask.any():
        return None
    box = draw_box(tight_box(mask), shift_px, rng)
    if other is not None:
        image = exchange(image, mask, other, rng)
    image = degrade(image, rng)
    inputs, rect = crop_to_input(image, box, recipe, valid, np.float32)
    target = resample(mask.astype(np.float32), rect, recipe.output_size_px, np.float32)[None]
    if target.max() < 0.5:
        return None
    return orient(change_intensities(inputs, rng), target, rng)


def negative(item, rng, recipe=LOOK):
    """(input, empty target) of a box that holds nothing anybody drew; None if no place for one was found."""
    height, width = item.drawn.shape
    for _ in range(12):
        side = np.exp(rng.uniform(np.log(10), np.log(max(11, 0.45 * min(height, width)))))
        w, h = side * np.exp(rng.uniform(-0.4, 0.4, 2))
        x, y = rng.uniform(0, max(1, width - w)), rng.uniform(0, max(1, height - h))
        if item.drawn[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1].any():
            continue
        box = (x, y, min(width, x + w), min(height, y + h))
        rect = crop_rect(box, recipe)
        x0, y0 = max(0, int(rect[0]) - 8), max(0, int(rect[1]) - 8)
        image = item.image[y0 : int(rect[3]) + 8, x0 : int(rect[2]) + 8]
        image, zoom = shrunk(image, WINDOW_LIMIT_PX)
        box = tuple((v - o) * zoom for v, o in zip(box, (x0, y0, x0, y0)))
        inputs, _ = crop_to_input(degrade(image, rng), box, recipe, None, np.float32)
        empty = np.zeros((1, recipe.output_size_px, recipe.output_size_px), np.float32)
        return orient(change_intensities(inputs, rng), empty, rng)
    return None


def shrunk(image, limit_px, flags=cv2.INTER_AREA):
    """The image with its longer side at most `limit_px`, and the factor."""
    zoom = min(1.0, limit_px / max(image.shape[:2]))
    if zoom == 1.0:
        return image, zoom
    return cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=flags), zoom


def surroundings(item):
    """Image and mask (bool) round the object, as far as any box's crop may reach, at most 288 px; and the scale."""
    x0, y0, x1, y1 = (int(v) for v in item.box)
    height, width = item.image.shape[:2]
    pad = int(max(x1 - x0, y1 - y0) + 0.04 * max(height, width) + 12)
    part = (slice(max(0, y0 - pad), y1 + pad), slice(max(0, x0 - pad), x1 + pad))
    image, zoom = shrunk(item.image[part], WINDOW_LIMIT_PX)
    mask = np.zeros((min(height, y1 + pad) - part[0].start, min(width, x1 + pad) - part[1].start), np.uint8)
    top, left = y0 - part[0].start, x0 - part[1].start
    mask[top : top + y1 - y0, left : left + x1 - x0] = item.bits
    if zoom < 1:
        mask = cv2.resize(mask * np.uint8(255), image.shape[1::-1], interpolation=cv2.INTER_AREA) > 127
    return image, mask.astype(bool), zoom


def turn(image, mask, rng):
    """Rotate by any angle, scale each axis by 0.6..1.5 and shear a little; returns also which pixels exist."""
    x0, y0, x1, y1 = tight_box(mask)
    angle, shear = rng.uniform(0, 2 * np.pi), rng.normal() * 0.12
    extent = np.hypot(x1 - x0, y1 - y0) * 1.8 + 24
    zoom = min(np.exp(rng.uniform(np.log(0.6), np.log(1.5))), WINDOW_LIMIT_PX / extent)
    scale = zoom * np.exp(rng.uniform(-0.25, 0.25, 2))
    size = int(min(extent * zoom, WINDOW_LIMIT_PX))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.diag(scale) @ np.array([[1, shear], [0, 1]]) @ rotation
    offset = np.full(2, (size - 1) / 2) - matrix @ np.array([(x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5])
    whole = np.column_stack([matrix, offset])
    warp = lambda plane, border: cv2.warpAffine(plane, whole, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    valid = warp(np.full(mask.shape, 255, np.uint8), cv2.BORDER_CONSTANT)
    turned_mask = warp(mask.astype(np.uint8) * np.uint8(255), cv2.BORDER_CONSTANT) > 127
    return warp(image, cv2.BORDER_REPLICATE), turned_mask, (valid > 127).astype(np.float32)


def exchange(image, mask, other, rng):
    """The image with a piece of `other` in part or wholly in the place of the object, or of all round it.

    A true shape in a contrast that nobody saw: the network learns to find edges rather than the looks of the organs in
    the training images. Where inside and outside would differ by less than 15 grey levels on average, the object is made
    brighter or darker, so that there is an edge to find.
    """
    height, width = image.shape[:2]
    side = min(*other.shape[:2], int(max(height, width) * rng.uniform(0.5, 1.5)) + 8)
    y, x = (int(rng.integers(0, length - side + 1)) for length in other.shape[:2])
    piece = cv2.resize(other[y : y + side, x : x + side], (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    if image.ndim != piece.ndim:
        piece = piece.mean(axis=2) if piece.ndim == 3 else np.repeat(piece[..., None], 3, axis=2)
    inside = mask.astype(np.float32)
    edge = rng.uniform(0, 1.2)
    if edge > 0.3:
        inside = cv2.GaussianBlur(inside, (0, 0), edge)
    inside = inside if image.ndim == 2 else inside[..., None]
    weight = (inside if rng.random() < 0.5 else 1 - inside) * np.float32(rng.uniform(0.4, 1))
    image = image * (1 - weight) + piece * weight
    if (~mask).any():
        difference = image[mask].mean(axis=0) - image[~mask].mean(axis=0)
        if np.abs(difference).max() < 15:
            image = image + inside * np.float32(rng.choice([-1, 1]) * rng.uniform(20, 70))
    return np.clip(image, 0, 255).astype(np.float32)


def draw_box(tight, shift_px, rng):
    """A box as people draw it: exact; the paper's, 0–20 px outward at 1024; a little tight or loose; up to 35 % looser."""
    x0, y0, x1, y1 = tight
    width, height = x1 - x0, y1 - y0
    kind = rng.random()
    if kind < 0.12:
        out = np.zeros(4)
    elif kind < 0.47:
        out = rng.uniform(0, 1, 4) * [*shift_px, *shift_px]
    else:
        out = rng.uniform(-0.05, 0.2, 4) if kind < 0.82 else rng.uniform(0, 0.35, 4)
        out = out * [width, height, width, height]
    box = [x0 - out[0], y0 - out[1], x1 + out[2], y1 + out[3]]
    if rng.random() < 0.4:
        box = [float(np.floor(box[0])), float(np.floor(box[1])), float(np.ceil(box[2])), float(np.ceil(box[3]))]
    return tuple(box)


def degrade(image, rng):
    """Sometimes blur, coarser pixels, JPEG's traces or noise, all at the scale of the pixels, before the crop is taken."""
    if rng.random() < 0.15:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.1 and min(image.shape[:2]) > 24:
        factor = rng.uniform(0.4, 0.9)
        coarse = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        image = cv2.resize(coarse, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.08 and image.dtype == np.uint8:
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])[1], cv2.IMREAD_UNCHANGED)
    if rng.random() < 0.25:
        image = image + rng.standard_normal(image.shape, dtype=np.float32) * np.float32(rng.uniform(1, 14))
    return image


def change_intensities(inputs, rng):
    """Inversion, window, gamma, shading and colours of the three colour channels; cells outside the slice stay 0."""
    colour, inside = inputs[:3], inputs[4]
    if rng.random() < 0.15:
        colour = 1 - colour
    if rng.random() < 0.25:
        low, high = rng.uniform(0, 0.2), rng.uniform(0.75, 1)
        colour = np.clip((colour - low) / (high - low), 0, 1)
    if rng.random() < 0.5:
        colour = np.clip(colour, 0, 1) ** np.float32(np.exp(rng.uniform(-0.6, 0.6)))
    if rng.random() < 0.15:
        shading = cv2.resize(np.exp(rng.normal(size=(3, 3)) * 0.25).astype(np.float32), inside.shape, interpolation=cv2.INTER_CUBIC)
        colour = colour * shading
    if rng.random() < 0.3:
        colour = colour * rng.uniform(0.75, 1.1) + rng.uniform(-0.05, 0.1)
    if rng.random() < 0.25:
        colour = colour[rng.permutation(3)]
    if rng.random() < 0.25:
        colour = colour * rng.uniform(0.75, 1.15, (3, 1, 1))
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
