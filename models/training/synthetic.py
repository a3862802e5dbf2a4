"""Training slices made by formula: lesions and organs in noise, at the pixel size at which scanners deliver them.

Two families. `ct_slice` imitates abdominal CT in a soft-tissue window: flat organs, partial volume at the edges, noise
with a short correlation, lesions 25 HU and less from their surroundings, down to a few pixels. `texture_slice` draws
objects of any colour and texture on any other, so that the network learns "what stands out in the box" rather than
the handful of organs in the real training images.
"""

import numpy as np
from scipy import ndimage

HU_TO_VIEW = 255 / 400


def blob(rng, size, centre, radius, roughness=None):
    """Coverage [size, size] (0..1) of a smooth closed shape: an ellipse, a lobulated union or a wavy star.

    Coverage falls from 1 to 0 over one pixel across the edge, as partial volume does.
    """
    x, y = _from(centre, size)
    kind = rng.random()
    if kind < 0.4:
        return _ellipse(rng, x, y, radius)
    if kind < 0.65:
        return _lobulated(rng, x, y, radius)
    return _star(rng, x, y, radius, rng.uniform(0.05, 0.3) if roughness is None else roughness)


def oval(rng, size, centre, radius):
    """Coverage [size, size] (0..1) of an ellipse of about that radius."""
    return _ellipse(rng, *_from(centre, size), radius)


def _from(centre, size):
    """x and y of every cell's centre, from `centre` on."""
    cells = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return np.meshgrid(cells - np.float32(centre[0]), cells - np.float32(centre[1]))


def _ellipse(rng, x, y, radius):
    angle, aspect = rng.uniform(0, np.pi), np.exp(rng.uniform(-0.5, 0.5))
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.clip(0.5 + (1 - np.hypot(u / aspect, v * aspect) / radius) * radius, 0, 1)


def _lobulated(rng, x, y, radius):
    cover = _ellipse(rng, x, y, radius * 0.8)
    for _ in range(rng.integers(1, 5)):
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 0.8) * radius
        shift_x, shift_y = distance * np.cos(angle), distance * np.sin(angle)
        cover = np.maximum(cover, _ellipse(rng, x - shift_x, y - shift_y, radius * rng.uniform(0.35, 0.65)))
    return cover


def _star(rng, x, y, radius, roughness):
    stretch = np.exp(rng.uniform(-0.35, 0.35))
    x, y = x * stretch, y / stretch
    ring = np.linspace(-np.pi, np.pi, 181)
    edge = np.ones_like(ring)
    for order in range(2, 8):
        edge += rng.normal() * roughness / order * np.cos(order * ring + rng.uniform(0, 2 * np.pi))
    reach = np.interp(np.arctan2(y, x).ravel(), ring, np.maximum(edge, 0.2)).reshape(x.shape)
    return np.clip(0.5 + reach * radius - np.hypot(x, y), 0, 1)


def chain(rng, size, places, lobe_radius, bridge_radius, bridges):
    """Coverage [size, size] of a lobe at each place and of thinner ones between neighbours, at the fractions `bridges` of the way.

    `lobe_radius` and `bridge_radius` are (lowest, highest), px.
    """
    cover = np.zeros((size, size))
    for place in places:
        cover = np.maximum(cover, blob(rng, size, place, rng.uniform(*lobe_radius), 0.12))
    for one, next_one in zip(places, places[1:]):
        for part in bridges:
            cover = np.maximum(cover, blob(rng, size, one * (1 - part) + next_one * part, rng.uniform(*bridge_radius), 0.1))
    return cover


def noise(rng, size, correlation_px):
    """Gaussian noise [size, size] of unit standard deviation with the given correlation (sigma of the blur, px)."""
    field = rng.standard_normal((size, size), dtype=np.float32)
    if correlation_px > 0.05:
        field = ndimage.gaussian_filter(field, correlation_px, mode="wrap")
    return field / max(field.std(), 1e-6)


def ct_slice(rng):
    """(image uint8 [n, n], mask bool [n, n]): a lesion or an organ in an abdominal CT slice, window 400/40."""
    whole_organ = rng.random() < 0.25
    radius = np.exp(rng.uniform(np.log(8), np.log(45))) if whole_organ else np.exp(rng.uniform(np.log(1.5), np.log(28)))
    size = int(np.clip(radius * 4.5 + 24, 40, 200))
    centre = size / 2 + rng.uniform(-4, 4, 2)
    hu = np.full((size, size), rng.choice([-100.0, 40.0, 60.0, 110.0, -20.0]) + rng.normal() * 10)
    for _ in range(rng.integers(0, 5)):
        place = centre + rng.normal(size=2) * size * 0.45
        hu = paint(hu, blob(rng, size, place, rng.uniform(0.08, 0.4) * size), rng.choice([-100, -5, 30, 55, 90, 140, 400]) + rng.normal() * 10)
    contrast = rng.choice([-1, 1], p=[0.6, 0.4]) * np.exp(rng.uniform(np.log(18), np.log(110)))
    if whole_organ:
        organ = blob(rng, size, centre, radius)
        target = organ
        hu = paint(hu, organ, float(np.median(hu)) + contrast)
    else:
        inner = rng.uniform(40, 150)
        host = blob(rng, size, centre + rng.normal(size=2) * radius, max(radius * rng.uniform(1.2, 4), radius + 4), 0.1)
        target = blob(rng, size, centre, radius)
        hu = paint(hu, host, inner)
        for _ in range(rng.integers(0, 3)):
            place = centre + rng.choice([-1, 1], 2) * (radius * rng.uniform(0.9, 2.2, 2) + 3)
            hu = paint(hu, blob(rng, size, place, rng.uniform(0.8, 3)), inner + rng.choice([-40, 60, 90]))
            other = centre + rng.choice([-1, 1], 2) * radius * rng.uniform(1.6, 2.4, 2)
            hu = paint(hu, blob(rng, size, other, radius * rng.uniform(0.3, 0.9)), inner + contrast)
        hu = paint(hu, target, inner + contrast)
        if rng.random() < 0.15:
            hu = paint(hu, blob(rng, size, centre, radius * rng.uniform(0.3, 0.6)) * target, inner + contrast * rng.uniform(0.3, 1.6))
    hu += noise(rng, size, rng.uniform(3, 12)) * rng.uniform(0, 5)
    hu = ndimage.gaussian_filter(hu, rng.uniform(0, 0.9))
    hu += noise(rng, size, rng.choice([0, 0, rng.uniform(0.3, 1.2)])) * rng.uniform(3, 20)
    view = np.clip((hu + 160) * HU_TO_VIEW, 0, 255)
    return view.astype(np.uint8), target > 0.5


def paint(image, cover, value):
    """The image with `value` where `cover` is 1, mixed where it is between 0 and 1."""
    return image * (1 - cover) + value * cover


def texture_slice(rng):
    """(image uint8 [n, n] or [n, n, 3], mask bool [n, n]): an object of one texture on a background of others."""
    radius = np.exp(rng.uniform(np.log(5), np.log(55)))
    size = int(np.clip(radius * 4 + 16, 48, 220))
    centre = size / 2 + rng.uniform(-3, 3, 2)
    channels = 3 if rng.random() < 0.4 else 1
    image = texture(rng, size, channels)
    target = blob(rng, size, centre, radius)
    layers = [blob(rng, size, centre + rng.normal(size=2) * size * 0.4, rng.uniform(0.1, 0.5) * size) for _ in range(rng.integers(0, 4))]
    for cover in layers:
        image = paint(image, cover[..., None], texture(rng, size, channels))
    body = texture(rng, size, channels)
    difference = body.mean((0, 1)) - (image * (1 - target[..., None])).mean((0, 1))
    if np.abs(difference).max() < 0.12:
        body = body + rng.choice([-1, 1]) * rng.uniform(0.12, 0.5)
    if rng.random() < 0.25:
        body = paint(body, (blob(rng, size, centre, radius * rng.uniform(0.3, 0.7)) * target)[..., None], texture(rng, size, channels))
    softness = rng.choice([0, rng.uniform(0, radius * 0.12)])
    edge = ndimage.gaussian_filter(target, softness) if softness else target
    image = paint(image, edge[..., None], body)
    if rng.random() < 0.25:
        speckle = np.hypot(noise(rng, size, rng.uniform(0, 1.5)), noise(rng, size, rng.uniform(0, 1.5))) / 1.25
        image = np.abs(image) * (1 - (strength := rng.uniform(0.3, 1)) + strength * speckle[..., None])
    if rng.random() < 0.5:
        image = image + (noise(rng, size, rng.choice([0, 0.7])) * rng.uniform(0.01, 0.1))[..., None]
    low, high = np.percentile(image, (0.2, 99.8))
    view = (np.clip((image - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
    return (view if channels == 3 else view[..., 0]), target > 0.5


def texture(rng, size, channels):
    """Values [size, size, channels] about 0..1: a colour, with patterns of up to two sizes and sometimes a slope."""
    base = rng.uniform(0, 1, channels)
    image = np.broadcast_to(base, (size, size, channels)).copy()
    for _ in range(rng.integers(0, 3)):
        pattern = noise(rng, size, np.exp(rng.uniform(np.log(0.4), np.log(12))))
        image += pattern[..., None] * rng.normal(size=channels) * rng.uniform(0.02, 0.12)
    if rng.random() < 0.3:
        slope = rng.normal(size=2) * 0.3
        ramp = np.linspace(-1, 1, size)
        image += (ramp[:, None] * slope[0] + ramp[None, :] * slope[1])[..., None]
    return image
