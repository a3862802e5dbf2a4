"""Exports a network with formula weights by `torch.onnx.export`, as anyone would: what the workstation's own graphs are measured against.

    python3 tests/bench/plain_export.py --architecture sam-vit-b --out FOLDER

writes FOLDER/encoder.onnx (image -> embedding) and FOLDER/decoder.onnx (embedding, boxes [1, 4] -> logits, iou).
"""

import argparse
import sys
import warnings
from pathlib import Path

import torch

sys.path[:0] = [str(Path(__file__).resolve().parents[at] / part) for at, part in [(1, "golden"), (2, "models/training")]]
from formula_weights import fill  # noqa: E402
from sam import ARCHITECTURES, Sam  # noqa: E402

warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)


class Decoder(torch.nn.Module):
    def __init__(self, sam):
        super().__init__()
        self.sam = sam

    def forward(self, embedding, boxes):
        return self.sam.decode(embedding, boxes)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="sam-vit-b")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    network = ARCHITECTURES[arguments.architecture]
    sam = fill(Sam(network))
    side = network.encoder.image_px
    with torch.no_grad():
        torch.onnx.export(
            sam.image_encoder,
            torch.zeros(1, 3, side, side),
            str(arguments.out / "encoder.onnx"),
            input_names=["image"],
            output_names=["embedding"],
            opset_version=17,
        )
        torch.onnx.export(
            Decoder(sam),
            (torch.zeros(1, network.width, network.side, network.side), torch.tensor([[0.0, 0, side / 2, side / 2]])),
            str(arguments.out / "decoder.onnx"),
            input_names=["embedding", "boxes"],
            output_names=["logits", "iou"],
            opset_version=17,
        )


main()
