"""Writes surface-distance.json: reference numbers for src-shared/metrics.

Needs numpy, scipy and DeepMind's surface-distance package (Apache-2.0) on the Python path:

    python3 surface_distance_reference.py > surface-distance.json

Percentiles avoid shares that symmetric shapes reach exactly (50 %), where rounding decides.

Masks come from whole-number formulas, so that the tests build exactly the same ones. Sizes and
spacings are written x first; arrays are z, y, x, and the package takes spacing in array order.
"""

import json
import math

import numpy as np
from surface_distance import metrics


def shape(kind, size, spec):
    """A mask in array order (z, y, x) or (y, x)."""
    grid = np.meshgrid(*[np.arange(n, dtype=np.int64) for n in reversed(size)], indexing="ij")
    axes = list(reversed(grid))  # x first
    if kind == "ellipsoid":
        weights, centre2, limit = spec["weights"], spec["centre2"], spec["limit"]
        total = sum(w * (2 * a - c) ** 2 for w, a, c in zip(weights, axes, centre2))
        return total < limit
    if kind == "box":
        inside = np.ones(grid[0].shape, bool)
        for a, low, high in zip(axes, spec["low"], spec["high"]):
            inside &= (a >= low) & (a < high)
        return inside
    if kind == "noise":
        # Lehmer's generator, one draw per element, x fastest.
        state, out = spec["seed"], np.zeros(math.prod(size), bool)
        for n in range(out.size):
            state = state * 16807 % 2147483647
            out[n] = state % 1000 < spec["perMille"]
        return out.reshape(list(reversed(size)))
    raise ValueError(kind)


def ellipsoid(weights, centre2, limit):
    return {"kind": "ellipsoid", "weights": weights, "centre2": centre2, "limit": limit}


def box(low, high):
    return {"kind": "box", "low": low, "high": high}


def noise(seed, per_mille):
    return {"kind": "noise", "seed": seed, "perMille": per_mille}


def disc(shift):
    return ellipsoid([1, 1], [256 + 2 * shift, 256], 4 * 40 * 40)


CASES = [
    *[
        {"name": f"discs of radius 40 shifted by {s}", "size": [256, 256], "spacing": [1, 1], "a": disc(0), "b": disc(s)}
        for s in (1, 2, 3, 5, 10)
    ],
    {"name": "2-D noise, anisotropic", "size": [23, 17], "spacing": [0.7, 1.9], "a": noise(1, 300), "b": noise(2, 550)},
    {"name": "2-D dense noise", "size": [40, 9], "spacing": [3, 0.4], "a": noise(3, 900), "b": noise(4, 100)},
    {"name": "spheres", "size": [48, 48, 48], "spacing": [1, 1, 1],
     "a": ellipsoid([1, 1, 1], [47, 47, 47], 4 * 225), "b": ellipsoid([1, 1, 1], [53, 47, 43], 4 * 144)},
    {"name": "an ellipsoid displaced by one 5 mm slice", "size": [64, 60, 20], "spacing": [0.8, 0.8, 5],
     "a": ellipsoid([4, 5, 60], [63, 59, 19], 8000), "b": ellipsoid([4, 5, 60], [63, 59, 21], 8000)},
    {"name": "every neighbourhood (noise), anisotropic", "size": [24, 20, 16], "spacing": [0.6, 1.3, 2.9],
     "a": noise(5, 500), "b": noise(6, 420)},
    {"name": "sparse noise", "size": [30, 14, 22], "spacing": [2.5, 0.5, 1], "a": noise(7, 12), "b": noise(8, 6)},
    {"name": "masks at the border of the grid", "size": [12, 10, 8], "spacing": [1, 2, 3],
     "a": box([0, 0, 0], [12, 10, 8]), "b": box([3, 0, 2], [12, 7, 8])},
    {"name": "a box and an ellipsoid far apart", "size": [60, 30, 30], "spacing": [0.9, 1.1, 1.7],
     "a": box([2, 3, 4], [9, 12, 10]), "b": ellipsoid([1, 2, 1], [96, 30, 40], 260)},
]


def build(size, spec):
    return shape(spec["kind"], size, spec)


def main():
    out = []
    for case in CASES:
        a, b = build(case["size"], case["a"]), build(case["size"], case["b"])
        d = metrics.compute_surface_distances(a, b, list(reversed(case["spacing"])))
        asd = metrics.compute_average_surface_distance(d)
        out.append(
            {
                **case,
                "voxels": [int(a.sum()), int(b.sum())],
                "dice": metrics.compute_dice_coefficient(a, b),
                "nsd": {str(t): metrics.compute_surface_dice_at_tolerance(d, t) for t in (0, 0.5, 1, 2, 3.5)},
                "hausdorff95": metrics.compute_robust_hausdorff(d, 95),
                "hausdorff100": metrics.compute_robust_hausdorff(d, 100),
                "hausdorff37": metrics.compute_robust_hausdorff(d, 37),
                "average": [float(asd[0]), float(asd[1])],
                "sizes": [float(d["surfel_areas_gt"].sum()), float(d["surfel_areas_pred"].sum())],
            }
        )
    print(json.dumps(out, indent=1, default=float))


if __name__ == "__main__":
    main()
