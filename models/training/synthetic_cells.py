"""Training slices made by formula: stained cells, where a box means the nucleus or the whole cell.

The real training images outline whole white cells only; a nucleus is lobed, with sharp edges and bays that a smooth mask
fills in.
"""

import numpy as np
from scipy import ndimage

from synthetic import blob, chain, noise, oval, paint


def cell_slice(rng):
    """(image uint8 [n, n, 3], mask bool [n, n]): a cell among others; the mask is its nucleus (three in four) or all of it."""
    radius = np.exp(rng.uniform(np.log(14), np.log(55)))
    size = int(np.clip(radius * 3.4 + 24, 64, 220))
    centre = size / 2 + rng.uniform(-3, 3, 2)
    paper = rng.uniform(0.75, 0.97, 3)
    image = np.broadcast_to(paper, (size, size, 3)).copy()
    red = np.clip(paper * rng.uniform((0.75, 0.5, 0.5), (1.0, 0.85, 0.85)), 0, 1)
    for _ in range(rng.integers(0, 7)):
        angle, distance = rng.uniform(0, 2 * np.pi), radius * rng.uniform(1.4, 2.4)
        place = centre + distance * np.array([np.cos(angle), np.sin(angle)])
        image = paint(image, blob(rng, size, place, radius * rng.uniform(0.4, 0.9), 0.08)[..., None], red * rng.uniform(0.93, 1.05, 3))
    nucleus = _nucleus(rng, size, centre, radius)
    cell = np.maximum((oval if rng.random() < 0.5 else blob)(rng, size, centre, radius), nucleus)
    plasm = np.clip(paper * rng.uniform((0.65, 0.55, 0.75), (0.98, 0.95, 1.0)), 0, 1)
    dark = np.clip(plasm * rng.uniform((0.4, 0.25, 0.55), (0.8, 0.65, 0.9)), 0, 1)
    image = paint(image, cell[..., None], _grained(rng, size, plasm, rng.uniform(0.01, 0.08)))
    image = paint(image, nucleus[..., None], _grained(rng, size, dark, rng.uniform(0.01, 0.16)))
    image = ndimage.gaussian_filter(image, (width := rng.uniform(0.3, 1.3), width, 0))
    image += noise(rng, size, rng.choice([0, 0.7]))[..., None] * rng.uniform(0.002, 0.02)
    target = nucleus if rng.random() < 0.75 else cell
    return (np.clip(image, 0, 1) * 255).astype(np.uint8), target > 0.5


def _nucleus(rng, size, centre, radius):
    """Coverage of one to five lobes along an arc: ragged ones joined by thinner bridges, or plump ones with clefts between."""
    lobes = rng.integers(1, 6)
    if lobes == 1:
        return blob(rng, size, centre + rng.normal(size=2) * radius * 0.08, radius * rng.uniform(0.5, 0.9))
    start, turn = rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 1.6) * rng.choice([-1, 1])
    reach = radius * rng.uniform(0.35, 0.55)
    places = [centre + reach * np.array([np.cos(start + turn * i), np.sin(start + turn * i)]) for i in range(lobes)]
    if rng.random() < 0.4:
        return chain(rng, size, places, (0.24 * radius, 0.4 * radius), (0.1 * radius, 0.26 * radius), (0.35, 0.65))
    apart = np.linalg.norm(places[1] - places[0])
    cover = np.zeros((size, size))
    for place in places:
        cover = np.maximum(cover, oval(rng, size, place, apart * rng.uniform(0.45, 0.65)))
    for one, next_one in zip(places, places[1:]):
        cover = np.maximum(cover, oval(rng, size, (one + next_one) / 2, apart * rng.uniform(0.15, 0.35)))
    return cover


def _grained(rng, size, colour, amount):
    """The colour with spots of a size from fine grain to clumps, darker or lighter in all channels alike."""
    spots = noise(rng, size, np.exp(rng.uniform(np.log(0.6), np.log(5))))
    return colour * (1 + spots[..., None] * amount)
