"""The numbers of MedSAM's fine-tuning, as its paper and code have them (Ma et al., Nature Communications 2024)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    learning_rate: float = 1e-4
    """AdamW, constant: the code has no schedule."""
    weight_decay: float = 0.01
    batch: int = 160
    """Images per step over all devices; reached by accumulating gradients where they do not fit."""
    epochs: int = 150
    """The last checkpoint is the model."""
    box_shift_px: int = 20
    """Each side of a box moves outward by 0 to this, in pixels of an input of 1024; scaled for smaller inputs."""
    seed: int = 2023

    def shift_at(self, image_px: int) -> int:
        return round(self.box_shift_px * image_px / 1024)


def accumulation(batch: int, devices: int, at_once: int) -> int:
    """How many times each device runs `at_once` images before a step. The batch must come out exactly."""
    if batch % (devices * at_once):
        raise SystemExit(f"A batch of {batch} cannot be made of {devices} device(s) with {at_once} images at once.")
    return batch // (devices * at_once)
