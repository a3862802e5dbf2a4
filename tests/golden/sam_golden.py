"""Reference numbers of MedSAM, SAM, MobileSAM and LiteMedSAM with formula weights, by torch, scikit-image, OpenCV and Pillow.

Run with the system's Python (torch 1.13, scikit-image 0.19, OpenCV 4.6, Pillow 9); ViT-B takes most of a minute:
    python3 tests/golden/sam_golden.py
writes sam-golden.json beside this file. With --small it prints the numbers of the small networks only, in seconds.
"""

import argparse
import base64
import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from formula_weights import fill, picture, weight
from PIL import Image
from skimage import transform

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models/training"))
from sam import ARCHITECTURES, Network, Sam, Tiny, Vit  # noqa: E402

EMBEDDING_EVERY, LOGITS_EVERY = 4099, 1021
SAM_MEAN, SAM_STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
torch.set_grad_enabled(False)


def resized_stretched(image):
    """MedSAM_Inference.py: scikit-image's cubic spline, fractions cut off."""
    return transform.resize(image, (1024, 1024), order=3, preserve_range=True, anti_aliasing=True).astype(np.uint8)


def longest_side(image, size):
    height, width = image.shape[:2]
    scale = size / max(height, width)
    return int(width * scale + 0.5), int(height * scale + 0.5)


def resized_by_area(image):
    """LiteMedSAM's resize_longest_side."""
    return cv2.resize(image, longest_side(image, 256), interpolation=cv2.INTER_AREA)


def resized_by_pillow(image):
    """SAM's ResizeLongestSide: torchvision's resize of a PIL image."""
    return np.array(Image.fromarray(image).resize(longest_side(image, 1024), Image.BILINEAR))


def min_max(greys):
    greys = greys.astype(np.float64)
    return (greys - greys.min()) / np.clip(greys.max() - greys.min(), 1e-8, None)


def padded(chw, size):
    return F.pad(chw, (0, size - chw.shape[2], 0, size - chw.shape[1]))


def network_input(recipe, greys):
    if recipe == "sam":
        chw = torch.from_numpy(greys).float().permute(2, 0, 1)
        return padded((chw - torch.tensor(SAM_MEAN).reshape(3, 1, 1)) / torch.tensor(SAM_STD).reshape(3, 1, 1), 1024)[None]
    size = 1024 if recipe == "medsam" else 256
    return padded(torch.from_numpy(min_max(greys)).float().permute(2, 0, 1), size)[None]


def boxes_in_input(recipe, boxes, width, height):
    if recipe == "medsam":
        return torch.tensor(np.array(boxes) / np.array([width, height] * 2) * 1024).float()
    if recipe == "lite":
        return torch.tensor([[int(edge * (256 / max(width, height))) for edge in box] for box in boxes]).float()
    new_width, new_height = longest_side(np.empty((height, width)), 1024)
    return torch.tensor(np.array(boxes) * np.array([new_width / width, new_height / height] * 2)).float()


def mask_values(recipe, logits, width, height):
    """Values at every pixel, above 0 inside the mask; for MedSAM they are probabilities minus 0.5."""
    if recipe == "medsam":
        return F.interpolate(torch.sigmoid(logits), size=(height, width), mode="bilinear", align_corners=False) - 0.5
    size = 256 if recipe == "lite" else 1024
    new_width, new_height = longest_side(np.empty((height, width)), size)
    whole = F.interpolate(logits, size=(size, size), mode="bilinear", align_corners=False)
    return F.interpolate(whole[..., :new_height, :new_width], size=(height, width), mode="bilinear", align_corners=False)


RESIZE = {"medsam": resized_stretched, "lite": resized_by_area, "sam": resized_by_pillow}


def coloured(width, height, channels):
    image = picture(width, height, channels)
    return image if channels == 3 else np.repeat(image[:, :, None], 3, axis=-1)


def text(values):
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def preprocessing():
    cases = []
    for recipe in RESIZE:
        for width, height, channels in [(512, 512, 1), (300, 200, 3), (90, 140, 1), (700, 1300, 1), (1024, 768, 3)]:
            greys = RESIZE[recipe](coloured(width, height, channels))
            every = 331 if greys.size > 200_000 else 23
            cases.append(
                {
                    "recipe": recipe,
                    "every": every,
                    "picture": [width, height, channels],
                    "sizePx": [greys.shape[1], greys.shape[0]],
                    "greys": text(greys[..., 0].ravel()[::every]),
                }
            )
    return cases


def sampled(values, every):
    return [float(f"{v:.8g}") for v in values.numpy().ravel()[::every]]


def model_case(sam, recipe, size, boxes):
    width, height, channels = size
    greys = RESIZE[recipe](coloured(*size))
    embedding = sam.image_encoder(network_input(recipe, greys))
    logits, iou = sam.decode(embedding, boxes_in_input(recipe, boxes, width, height))
    values = mask_values(recipe, logits, width, height)[:, 0].numpy()
    return {
        "recipe": recipe,
        "picture": list(size),
        "boxesPx": boxes,
        "embedding": sampled(embedding, EMBEDDING_EVERY),
        "logits": [sampled(one, LOGITS_EVERY) for one in logits],
        "iou": [float(f"{v:.8g}") for v in iou.ravel()],
        "areasPx": [int((one > 0).sum()) for one in values],
        # Packed bits: the mask, and where its value is within 1e-3 of the threshold.
        "mask": text(np.packbits(values[0] > 0)),
        "unsure": [int(at) for at in np.flatnonzero(np.abs(values[0]) <= 1e-3)],
    }


def network_case(network):
    """A small network on numbers by formula, with every value of its embedding and some of its logits."""
    sam = fill(Sam(network))
    side = network.encoder.image_px
    embedding = sam.image_encoder(torch.from_numpy(weight("image.x", (1, 3, side, side))))
    boxes = torch.tensor(BOX_PARTS, dtype=torch.float64) * side
    logits, iou = sam.decode(embedding, boxes.float())
    return {"embedding": sampled(embedding, 1), "logits": sampled(logits, 7), "iou": sampled(iou, 1)}


def strained_case(network):
    """A decoder with sharp attention, loud answers to the image, uneven normalisations and an embedding far from zero.

    Its logits in double precision, and how far torch's single precision is from them.
    """
    sam = fill(Sam(network))
    for name, values in sam.mask_decoder.named_parameters():
        if re.search(r"cross_attn.*[qk]_proj\.weight$", name):
            values *= 30**0.5
        elif name.endswith("cross_attn_image_to_token.out_proj.weight"):
            values *= 10
        elif name.endswith("norm4.weight"):
            values[::7] *= 10
    embedding = torch.from_numpy(weight("embedding.x", (1, network.width, network.side, network.side))) * 400 + 10
    boxes = (torch.tensor(BOX_PARTS, dtype=torch.float64) * network.encoder.image_px).float()
    single = sam.decode(embedding, boxes)[0]
    torch.set_default_dtype(torch.float64)
    double = sam.double().decode(embedding.double(), boxes.double())[0]
    torch.set_default_dtype(torch.float32)
    return {"logits": sampled(double, 7), "singlePrecisionError": float((single - double).abs().max())}


BOX_PARTS = [[0.1, 0.2, 0.5, 0.6], [0.3, 0.1, 0.9, 0.95], [0.45, 0.5, 0.55, 0.62]]
SMALL = {
    "vit": Network(Vit(128, 16, 48, 4, 3, 96, 5, (1, 3)), width=32, heads=4, mlp_width=64, side=8),
    "vit, windows that fit": Network(Vit(96, 16, 32, 3, 2, 64, 3, (2,)), width=16, heads=2, mlp_width=32, side=6),
    "vit, in strips, with a very wide layer": Network(Vit(192, 16, 16, 2, 2, 1544, 5, (1,)), width=16, heads=2, mlp_width=32, side=12),
    "tiny-vit, pointwise": Network(Tiny(32, False, (8, 16, 24, 32), (1, 2, 1, 1), (1, 2, 3, 4), (7, 3, 4, 5)), width=16, heads=2, mlp_width=32, side=8),
    "tiny-vit, strided": Network(Tiny(128, True, (8, 16, 24, 32), (2, 1, 1, 2), (1, 2, 2, 4), (7, 3, 4, 8), True), width=16, heads=2, mlp_width=32, side=8),
}
MODELS = [
    ("mobile-sam", "sam", (200, 150, 1), [[40, 50, 120, 110], [10, 20, 90, 60]]),
    ("lite-medsam", "lite", (300, 200, 3), [[60.5, 50, 180, 150], [150, 20, 260, 90]]),
    ("lite-medsam", "lite", (120, 170, 1), [[20, 40, 80, 120]]),
    ("sam-vit-b", "medsam", (180, 230, 3), [[30, 60, 110, 170], [90.5, 20, 160, 100], [70, 100, 95, 130]]),
]


def small_cases():
    networks = {name: network_case(network) for name, network in SMALL.items()}
    return {"small": networks, "strained": strained_case(SMALL["vit"])}


def whole_document():
    models = []
    sams = {}
    for architecture, recipe, size, boxes in MODELS:
        sam = sams.get(architecture) or fill(Sam(ARCHITECTURES[architecture]))
        sams = {architecture: sam}
        models.append({"architecture": architecture, **model_case(sam, recipe, size, boxes)})
    return {
        "every": {"embedding": EMBEDDING_EVERY, "logits": LOGITS_EVERY},
        "weights": [
            {"name": name, "dims": dims, "values": sampled(torch.from_numpy(weight(name, dims)), 5)}
            for name, dims in [("image_encoder.pos_embed", (1, 2, 2, 5)), ("a.norm.weight", (11,)), ("b.conv.weight", (3, 2, 3, 1)), ("c.bn.running_var", (9,))]
        ],
        "preprocessing": preprocessing(),
        **small_cases(),
        "models": models,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    if parser.parse_args().small:
        print(json.dumps(small_cases()))
    else:
        Path(__file__).with_name("sam-golden.json").write_text(json.dumps(whole_document()) + "\n")
