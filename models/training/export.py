"""Writes the model folder from a run: network.onnx, model.json and golden data; refuses if ONNX and torch disagree."""

import argparse
import hashlib
import json
import platform
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from answer import load_shipped
from crop import RECIPE, crop_to_input, logits_to_mask
from golden import write_golden

OPSET = 13
PARITY_TOLERANCE = 1e-4
VERSION = "7.0.0"
NOTICE = (
    "Weights trained by this project on openly licensed data only (CC BY and CC BY-SA sources, listed with their "
    "licences in MODEL_CARD.md) and on generated images. Attribution to those sources is in MODEL_CARD.md. "
    "Not a medical device."
)


def verification_slice():
    """[80, 96] uint8: a soft bright disc beside an edge, on a ramp with ripples. Fixed; not from a patient."""
    y, x = np.meshgrid(np.arange(80), np.arange(96), indexing="ij")
    disc = 55 / (1 + np.exp((np.hypot(x - 44, y - 38) - 15) / 0.8))
    ripple = (7 * x + 13 * y + x * y) % 17
    return (70 + 0.3 * x + disc + ripple + 60 * (x > 78)).astype(np.uint8)


VERIFICATION_BOX = [27.5, 22.0, 61.0, 54.5]


def verification(network, folder):
    """Writes the slice and returns the manifest's entry: the box, some logits and the mask's area."""
    image = verification_slice()
    path = folder / "golden" / "verification-slice.u8"
    path.write_bytes(image.tobytes())
    inputs, rect = crop_to_input(image, VERIFICATION_BOX)
    with torch.no_grad():
        logits = network(torch.from_numpy(inputs[None]))[0][0, 0].numpy()
    mask, _, _ = logits_to_mask(logits, rect, *image.shape)
    places = [int(RECIPE.output_size_px * (index + 0.5) / 5) for index in range(5)]
    cells = [(row, column) for row in places for column in places]
    return {
        "description": "A fixed drawn slice (8-bit grey, row by row) and box through the whole recipe; logits at some cells of the output grid and the mask's area.",
        "slice": {"path": "golden/verification-slice.u8", "sha256": sha256(path), "widthPx": 96, "heightPx": 80, "channels": 1},
        "boxPx": VERIFICATION_BOX,
        "expected": {
            "logits": [{"row": r, "column": c, "value": round(float(logits[r, c]), 5)} for r, c in cells],
            "tolerance": 0.001,
            "otherProviderTolerance": 0.05,
            "foregroundPx": int(mask.sum()),
            "foregroundTolerancePx": 4,
        },
    }


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_onnx(network, path):
    torch.onnx.export(
        network,
        torch.zeros(1, 5, RECIPE.size_px, RECIPE.size_px),
        str(path),
        opset_version=OPSET,
        input_names=["input"],
        output_names=["logits", "expected_dsc"],
        dynamic_axes={name: {0: "boxes"} for name in ("input", "logits", "expected_dsc")},
    )


def check_parity(network, path):
    """Largest difference of any output between torch and onnxruntime over recipe inputs and noise, and ms per box (median, processor time)."""
    rng = np.random.default_rng(3)
    batch = [crop_to_input(verification_slice(), VERIFICATION_BOX)[0]]
    batch += list(rng.random((3, 5, RECIPE.size_px, RECIPE.size_px), dtype=np.float32))
    batch = np.stack(batch)
    with torch.no_grad():
        expected = np.concatenate([output.numpy().ravel() for output in network(torch.from_numpy(batch))])
    script = Path(__file__).with_name("run-onnx.mjs")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "input.f32"), Path(folder, "outputs.f32")
        source.write_bytes(batch.tobytes())
        command = ["node", script, path.resolve(), source, str(len(batch)), str(RECIPE.size_px), target]
        milliseconds = [float(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]
        answered = np.frombuffer(target.read_bytes(), np.float32)
    difference = float(np.abs(answered - expected).max())
    if difference > PARITY_TOLERANCE:
        raise SystemExit(f"onnxruntime differs from torch by {difference}: the export is not used")
    return difference, milliseconds


def processor():
    """The name of this machine's processor as Linux has it, elsewhere its family."""
    path = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith("model name")] if path.exists() else []
    return names[0] if names else platform.machine()


def manifest(network, folder, low_below):
    onnx = folder / "network.onnx"
    return {
        "formatVersion": 1,
        "id": "box-crop-unet",
        "name": "Embedded box model",
        "version": VERSION,
        "kind": "crop-specialist",
        "licence": {"spdx": "CC-BY-SA-4.0", "notice": NOTICE},
        "researchOnly": False,
        "origin": "trained by this project, see MODEL_CARD.md",
        "files": {"network": {"path": onnx.name, "sha256": sha256(onnx), "sizeBytes": onnx.stat().st_size}},
        "input": {"name": "input", "sizePx": RECIPE.size_px, "channels": ["red", "green", "blue", "box", "inside"]},
        "crop": {
            "contextFactor": RECIPE.context_factor,
            "minimumSizePx": RECIPE.minimum_size_px,
            "minimumAspect": RECIPE.minimum_aspect,
            "resample": "triangle",
            "percentiles": list(RECIPE.percentiles),
            "minimumRange": RECIPE.minimum_range,
        },
        "output": {
            "name": "logits",
            "sizePx": RECIPE.output_size_px,
            "order": "sigmoid-then-resize",
            "threshold": RECIPE.threshold,
            "expectedDsc": {"name": "expected_dsc", "lowBelow": low_below},
        },
        "verification": verification(network, folder),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "default")
    options = parser.parse_args()
    torch.set_num_threads(2)
    (options.model / "golden").mkdir(parents=True, exist_ok=True)
    network = load_shipped(options.run)
    low_below = json.loads((options.run / "calibration.json").read_text())["lowBelow"]
    part = options.model / "network.part"
    write_onnx(network, part)
    difference, milliseconds = check_parity(network, part)
    part.replace(options.model / "network.onnx")
    write_golden(options.model / "golden" / "recipe-cases.json")
    (options.model / "model.json").write_text(json.dumps(manifest(network, options.model, low_below), indent=2) + "\n")
    parameters = sum(p.numel() for p in network.parameters())
    report = {
        "parameters": parameters,
        "sha256": sha256(options.model / "network.onnx"),
        "bytes": (options.model / "network.onnx").stat().st_size,
        "opset": OPSET,
        "onnxMinusTorchMax": difference,
        "processor": processor(),
        "msPerBoxTwoThreads": milliseconds[0],
        "processorMsPerBoxOneThread": milliseconds[1],
    }
    (options.run / "export.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
