"""Weights, pictures and boxes by formula: the same numbers as tests/support/formula-weights.ts, so that nothing large is stored."""

import math
import re

import numpy as np

FNV_OFFSET, FNV_PRIME = 2166136261, 16777619


def name_hash(name):
    """FNV-1a, 32 bits, of the name's UTF-8."""
    value = FNV_OFFSET
    for byte in name.encode():
        value = ((value ^ byte) * FNV_PRIME) & 0xFFFFFFFF
    return value


def uniform(name, count):
    """`count` values in [-1, 1) that depend on the name and their index (murmur3's finaliser), exact in float32."""
    mixed = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(name_hash(name))
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return (mixed >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def offset_and_scale(name, dims):
    """Weights are offset + scale * uniform; the scale keeps the variance of activations near 1."""
    if name.endswith("running_var"):
        return 1, 0.3
    if len(dims) == 1:
        return (1, 0.2) if name.endswith(".weight") else (0, 0.1)
    if "rel_pos" in name:
        return 0, 0.2
    if name.endswith("pos_embed"):
        return 0, 0.5
    if name.endswith("gaussian_matrix"):
        return 0, math.sqrt(3)
    if name.endswith("attention_biases") or re.search(r"(tokens?|embed|point_embeddings\.\d)\.weight$", name):
        return 0, 1
    # A transposed convolution of stride 2 and side 2 gives each output one term per input channel.
    fan_in = dims[0] if "output_upscaling" in name else math.prod(dims[1:])
    return 0, math.sqrt(3 / fan_in)


def weight(name, dims):
    """float32 array; a scalar counter is int64 0."""
    if not dims:
        return np.array(0, dtype=np.int64)
    offset, scale = offset_and_scale(name, dims)
    return (offset + scale * uniform(name, math.prod(dims))).astype(np.float32).reshape(dims)


def fill(module, prefix=""):
    """Gives every parameter and kept buffer of a torch module its formula weights."""
    import torch

    state = module.state_dict()
    module.load_state_dict({name: torch.from_numpy(weight(prefix + name, tuple(value.shape))) for name, value in state.items()})
    return module.eval()


def picture(width, height, channels):
    """uint8 [height, width] or [height, width, 3]: a disc and an ellipse on a textured ground, by whole numbers only."""
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    planes = []
    for channel in range(channels):
        ground = 30 + (x * 7 + y * 3 + channel * 11) % 23 + (x + 2 * y) * 40 // (width + 2 * height)
        disc = (10 * x - 4 * width) ** 2 + (10 * y - 5 * height) ** 2 < (2 * min(width, height)) ** 2
        ellipse = (10 * x - 7 * width) ** 2 * height**2 + (10 * y - 3 * height) ** 2 * width**2 < 2 * (width * height) ** 2
        planes.append(ground + disc * (110 + 10 * channel) + ellipse * (60 - 5 * channel))
    stacked = np.stack(planes, axis=-1).astype(np.uint8)
    return stacked if channels == 3 else stacked[..., 0]
