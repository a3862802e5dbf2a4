"""SAM with a box, as MedSAM trains it: prompt encoder frozen, mask token 0, logits brought to the input's size."""

import pickle
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from sam import ARCHITECTURES, Network, Sam, Vit  # noqa: E402

# The second one is for trying the training itself: seconds on a CPU, of no use otherwise.
NETWORKS = {
    "sam-vit-b": ARCHITECTURES["sam-vit-b"],
    "small": Network(
        encoder=Vit(image_px=64, patch_px=8, width=32, depth=2, heads=2, mlp_width=64, window=5, global_blocks=(1,)),
        width=32,
        heads=2,
        mlp_width=64,
        side=8,
    ),
}


class BoxModel(nn.Module):
    def __init__(self, network: Network, save_memory=False):
        super().__init__()
        self.sam = Sam(network)
        self.image_px = network.encoder.image_px
        for parameter in self.sam.prompt_encoder.parameters():
            parameter.requires_grad_(False)
        if save_memory:
            for block in self.sam.image_encoder.blocks:
                block.forward = recomputed(block.forward)

    def forward(self, images, boxes):
        """Images [B, 3, S, S] in 0...1 and one box each [B, 4] in pixels of them -> logits [B, 1, S, S]."""
        logits, _iou = self.sam.decode(self.sam.image_encoder(images), boxes)
        return F.interpolate(logits, size=(self.image_px, self.image_px), mode="bilinear", align_corners=False)

    def trained(self):
        """What the optimiser is given: image encoder and mask decoder."""
        return [*self.sam.image_encoder.parameters(), *self.sam.mask_decoder.parameters()]


def recomputed(forward):
    """Keeps no activations of a block but computes them again for its gradient."""

    def run(x):
        return checkpoint(forward, x) if torch.is_grad_enabled() and x.requires_grad else forward(x)

    return run


def first_weights(network: Network, seed: int):
    """Random weights for a network that starts from nothing; SAM's own scheme matters only for real ones, which are loaded."""
    torch.manual_seed(seed)
    sam = Sam(network)
    for name, value in sam.state_dict().items():
        if name.endswith(("pos_embed", "rel_pos_h", "rel_pos_w")):
            value.normal_(std=0.02)
        elif name.endswith("gaussian_matrix"):
            value.normal_()
    return sam.state_dict()


def read_weights(path, network: Network):
    """Tensors of a plain checkpoint or of a training one ({"model": ...}), with or without "module."; runs nothing of the file."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as reason:
        raise SystemExit(f"{path} cannot be read without running code of it. Give the plain weights instead. ({reason})")
    state = saved["model"] if "model" in saved and not torch.is_tensor(saved["model"]) else saved
    state = {name[7:] if name.startswith("module.") else name: value.float() for name, value in state.items()}
    wanted = {name: value.shape for name, value in Sam(network).state_dict().items()}
    wrong = [
        *[f"{name} is missing" for name in wanted if name not in state],
        *[f"{name} is not known" for name in state if name not in wanted],
        *[
            f"{name} is {tuple(state[name].shape)}, not {tuple(shape)}"
            for name, shape in wanted.items()
            if name in state and state[name].shape != shape
        ],
    ]
    if wrong:
        raise SystemExit(f"{path} is no checkpoint of this network: {'; '.join(wrong[:5])} ({len(wrong)} in all)")
    return state
