"""Training slices made by formula: hollow and winding shapes, of which a box's middle may hold nothing.

Walls round a cavity, crescents round a neighbour, chains of lobes and irregular patches. Real training images hold few of
them, and a network that knows mostly convex objects fills bays in, or answers with the cavity instead of its wall though
only the wall reaches the sides of the box.
"""

import copy

import numpy as np
from scipy import ndimage

from synthetic import blob, chain, noise, paint, texture


def shape_slice(rng):
    """(image uint8 [n, n] or [n, n, 3], mask bool [n, n]): a wall, crescent, chain or patch among other things."""
    radius = np.exp(rng.uniform(np.log(9), np.log(55)))
    size = int(np.clip(radius * 3.6 + 20, 56, 220))
    centre = size / 2 + rng.uniform(-3, 3, 2)
    cover, hollow = KINDS[rng.choice(len(KINDS), p=SHARES)](rng, size, centre, radius)
    cover = _largest_part(cover)
    channels = 3 if rng.random() < 0.4 else 1
    image = texture(rng, size, channels)
    for _ in range(rng.integers(0, 4)):
        other = blob(rng, size, centre + rng.normal(size=2) * size * 0.4, rng.uniform(0.1, 0.5) * size)
        image = paint(image, other[..., None], texture(rng, size, channels))
    if rng.random() < 0.6:
        image = paint(image, hollow[..., None], texture(rng, size, channels))
    image = paint(image, cover[..., None], _standing_out(rng, image, cover, texture(rng, size, channels)))
    blur = rng.choice([rng.uniform(0.2, 0.8), rng.uniform(0.5, 1 + radius * 0.04)])
    image = ndimage.gaussian_filter(image, (blur, blur, 0))
    if rng.random() < 0.6:
        image += (noise(rng, size, rng.choice([0, 0.7])) * rng.uniform(0.005, 0.08))[..., None]
    low, high = np.percentile(image, (0.2, 99.8))
    view = (np.clip((image - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
    return (view if channels == 3 else view[..., 0]), cover > 0.5


def _wall(rng, size, centre, radius):
    """(coverage, cavity) of a closed wall, or of one with a gap."""
    # With the same numbers the cavity is the wall's outer shape, only smaller.
    same = copy.deepcopy(rng)
    outer = blob(rng, size, centre, radius, 0.1)
    inner = blob(same if rng.random() < 0.7 else rng, size, centre + rng.normal(size=2) * radius * 0.04, radius * rng.uniform(0.45, 0.85), 0.1)
    wall = np.minimum(outer, 1 - inner)
    if rng.random() < 0.25:
        angle = rng.uniform(0, 2 * np.pi)
        wall = np.minimum(wall, 1 - blob(rng, size, centre + radius * np.array([np.cos(angle), np.sin(angle)]), radius * rng.uniform(0.2, 0.6), 0.1))
    return wall, inner


def _crescent(rng, size, centre, radius):
    """(coverage, neighbour) of what a neighbour leaves of a shape."""
    angle, distance = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.35, 1.0)
    neighbour = blob(rng, size, centre + distance * np.array([np.cos(angle), np.sin(angle)]), radius * rng.uniform(0.6, 1.2), 0.12)
    return np.minimum(blob(rng, size, centre, radius, 0.15), 1 - neighbour), neighbour


def _chain(rng, size, centre, radius):
    """(coverage, nothing) of two to six lobes on an arc or a winding line, joined by thinner bridges."""
    angle, bend, step = rng.uniform(0, 2 * np.pi), rng.uniform(-1.5, 1.5), radius * rng.uniform(0.3, 0.6)
    places = [np.zeros(2)]
    for _ in range(rng.integers(1, 6)):
        places.append(places[-1] + step * np.array([np.cos(angle), np.sin(angle)]))
        angle += bend + rng.normal() * 0.35
    places = [place - np.mean(places, axis=0) + centre for place in places]
    lobes, bridges = (0.18 * radius, 0.42 * radius), (0.1 * radius, 0.25 * radius)
    return chain(rng, size, places, lobes, bridges, (0.25, 0.5, 0.75)), np.zeros((size, size))


def _patch(rng, size, centre, radius):
    """(coverage, nothing) of where a smooth random field, falling off from the middle, is high."""
    cells = np.arange(size) + 0.5
    distance = np.hypot(cells[:, None] - centre[1], cells[None, :] - centre[0]) / radius
    field = noise(rng, size, radius * rng.uniform(0.1, 0.35)) * rng.uniform(0.3, 0.9) + 1.2 * (1 - distance**2)
    slope = np.hypot(*np.gradient(field))
    return np.clip(0.5 + field / np.maximum(slope, 1e-3), 0, 1), np.zeros((size, size))


KINDS, SHARES = (_wall, _crescent, _chain, _patch), (0.35, 0.3, 0.2, 0.15)


def _largest_part(cover):
    """The largest connected part; what is cut off elsewhere is not the object."""
    parts, count = ndimage.label(cover > 0.5, structure=np.ones((3, 3)))
    if count < 2:
        return cover
    largest = 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return np.where(ndimage.binary_dilation(parts == largest, iterations=1), cover, 0)


def _standing_out(rng, image, cover, body):
    """The body's texture, made brighter or darker where it would not differ from what lies round it."""
    inside = cover > 0.5
    around = ndimage.binary_dilation(inside, iterations=3) & (cover < 0.1)
    if not around.any():
        return body
    difference = body[inside].mean(0) - image[around].mean(0)
    return body if np.abs(difference).max() >= 0.15 else body + rng.choice([-1, 1]) * rng.uniform(0.15, 0.6)
