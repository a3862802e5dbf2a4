"""Training slices: the workstation's export and MedSAM's npz files (`imgs`, `gts`), or MedSAM's npy folders.

    folder/*.npz                      imgs uint8 (D, H, W), (H, W) or (H, W, 3); gts uint8 (D, H, W) or (H, W)
    folder/imgs/*.npy, folder/gts/*.npy   one slice each: float (S, S, 3) in 0...1, uint8 (S, S)
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from skimage import transform


@dataclass(frozen=True)
class Slice:
    images: Path
    labels: Path
    index: int
    """-1: the file is one slice."""

    @property
    def case(self) -> str:
        return self.images.parent.name if self.images.name == "imgs.npy" else self.images.stem


def find_slices(folder: Path, cache: Path) -> list:
    """Every slice with a label, in a fixed order. npz files are unpacked into `cache` once: they cannot be read in part."""
    if (folder / "imgs").is_dir():
        slices = [Slice(path, folder / "gts" / path.name, -1) for path in sorted((folder / "imgs").glob("*.npy"))]
        missing = [one.labels.name for one in slices if not one.labels.exists()]
        if missing:
            raise SystemExit(f"{folder / 'gts'} lacks {len(missing)} of the images' labels: {', '.join(missing[:5])}")
    else:
        slices = [one for path in sorted(folder.glob("*.npz")) for one in unpacked(path, cache)]
    if not slices:
        raise SystemExit(f"{folder} has neither npz files nor a folder imgs with npy files that have labels.")
    return slices


def unpacked(path: Path, cache: Path) -> list:
    # A file that was written anew is unpacked anew.
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    folder = cache / f"{path.stem}-{key}"
    if not (folder / "gts.npy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with np.load(path) as arrays:
            images, labels = arrays["imgs"], arrays["gts"]
        check_arrays(path, images, labels)
        np.save(folder / "imgs.npy", images)
        # Last and renamed into place: a folder that has it is complete.
        np.save(folder / "gts.part.npy", labels)
        (folder / "gts.part.npy").rename(folder / "gts.npy")
    labels = np.load(folder / "gts.npy", mmap_mode="r")
    at = [-1] if labels.ndim == 2 else range(len(labels))
    return [Slice(folder / "imgs.npy", folder / "gts.npy", n) for n in at if (labels if n < 0 else labels[n]).any()]


def check_arrays(path, images, labels):
    colour = images.ndim == labels.ndim + 1 and images.shape[-1] == 3
    if labels.ndim not in (2, 3) or images.shape[: labels.ndim] != labels.shape or images.ndim - colour != labels.ndim:
        raise SystemExit(f"{path.name}: imgs {images.shape} and gts {labels.shape} do not fit each other.")


def pixels(one: Slice):
    """[H, W, 3] greys or 0...1, and labels [H, W]."""
    image, labels = np.load(one.images, mmap_mode="r"), np.load(one.labels, mmap_mode="r")
    if one.index >= 0:
        image, labels = image[one.index], labels[one.index]
    if image.ndim == 2:
        image = np.repeat(image[:, :, None], 3, axis=-1)
    return np.asarray(image), np.asarray(labels)


def network_input(image, size):
    """MedSAM's preparation: squashed to size x size by a cubic spline, then the slice's own range to 0...1: float32 [3, S, S]."""
    if image.shape[:2] != (size, size):
        image = transform.resize(image, (size, size), order=3, preserve_range=True, mode="constant", anti_aliasing=True)
    low, high = image.min(), image.max()
    scaled = (image - low) / np.clip(high - low, 1e-8, None)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32))


def labels_at(labels, size):
    if labels.shape != (size, size):
        labels = transform.resize(labels, (size, size), order=0, preserve_range=True, mode="constant", anti_aliasing=False)
    return labels.astype(np.uint8)


def shifted_box(mask, shift, random):
    """The bounds of a mask (first and last pixel), each side moved outward by 0...shift, not beyond the image."""
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    out = random.integers(0, shift + 1, size=4)
    return np.array(
        [
            max(0, columns.min() - out[0]),
            max(0, rows.min() - out[1]),
            min(width, columns.max() + out[2]),
            min(height, rows.max() + out[3]),
        ],
        dtype=np.float32,
    )


class Slices(torch.utils.data.Dataset):
    """One random label of each slice with a shifted box. What is drawn depends on seed, epoch and slice alone."""

    def __init__(self, slices, size, shift, seed):
        self.slices, self.size, self.shift, self.seed = slices, size, shift, seed
        self.epoch = 0

    def __len__(self):
        return len(self.slices)

    def __getitem__(self, index):
        random = np.random.default_rng([self.seed, self.epoch, index])
        image, labels = pixels(self.slices[index])
        small = labels_at(labels, self.size)
        present = np.unique(small[small > 0])
        if len(present) == 0:
            # So thin that the smaller grid misses it: any pixel of the label will do.
            rows, columns = np.nonzero(labels)
            small[rows * self.size // labels.shape[0], columns * self.size // labels.shape[1]] = labels[rows, columns]
            present = np.unique(small[small > 0])
        mask = small == random.choice(present)
        box = shifted_box(mask, self.shift, random)
        return network_input(image, self.size), torch.from_numpy(box), torch.from_numpy(mask[None].astype(np.float32))
