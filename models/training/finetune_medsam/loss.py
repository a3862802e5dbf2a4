"""The paper's loss: Dice with squared denominators plus binary cross-entropy, unweighted, on logits of the input's size."""

import torch.nn.functional as F

SMOOTH = 1e-5


def dice_loss(logits, target):
    """1 - (2 sum(p t) + s) / (sum(p^2) + sum(t^2) + s) of each image, then the mean (MONAI's DiceLoss with squared_pred)."""
    probability, target = logits.sigmoid().flatten(1), target.flatten(1)
    both = (probability * target).sum(1)
    sizes = (probability**2).sum(1) + (target**2).sum(1)
    return (1 - (2 * both + SMOOTH) / (sizes + SMOOTH)).mean()


def box_loss(logits, target):
    return dice_loss(logits, target) + F.binary_cross_entropy_with_logits(logits, target)
