"""Writes a checkpoint with formula weights in the published layout, to try the import and the speed without any real weights.

    python3 tests/golden/formula_checkpoint.py --architecture sam-vit-b --out medsam_vit_b.pth [--training] [--half]
"""

import argparse
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from formula_weights import weight

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models/training"))
from sam import ARCHITECTURES, Sam  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--architecture", choices=ARCHITECTURES, default="sam-vit-b")
parser.add_argument("--out", required=True)
parser.add_argument("--training", action="store_true", help="as MedSAM's training script saves: model, optimizer, epoch; names with module.")
parser.add_argument("--half", action="store_true", help="float16")
arguments = parser.parse_args()

shapes = {name: tuple(value.shape) for name, value in Sam(ARCHITECTURES[arguments.architecture]).state_dict().items()}
prefix = "module." if arguments.training else ""
state = OrderedDict()
for name, dims in shapes.items():
    tensor = torch.from_numpy(weight(name, dims))
    state[prefix + name] = tensor.half() if arguments.half and tensor.is_floating_point() else tensor
torch.save({"model": state, "optimizer": {"state": {}, "param_groups": []}, "epoch": 3} if arguments.training else state, arguments.out)
print(f"{len(state)} tensors in {arguments.out}")
