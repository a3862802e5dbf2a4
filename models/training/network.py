"""The network: a small residual U-Net that answers at half the input resolution, draws the edge finer, and says how sure it is."""

import torch
from torch import nn

from crop import LOOK, RECIPE, bilinear_matrix, resample_matrix

CHANNELS = (32, 56, 96, 144, 176)
# Levels (0 = finest) of the way down and up that have a second and a third block; these begin as the identity.
SECOND_DOWN, THIRD_DOWN = (1, 2, 3, 4), (3, 4)
SECOND_UP, THIRD_UP = (1, 2, 3), (2, 3)
# Channels at the input's resolution: of the features brought up to it, and of what is made of them and of the picture.
FINE_FEATURES, FINE_CHANNELS = 12, 16
# The modules that hold them, and those of the finer edge: without their weights they change nothing.
FURTHER = ("down_more.", "down_third.", "up_more.", "up_third.", "fine.")
# Reflections of the near and of the far look.
FLIPS = (((), (2, 3)), ((2,), (3,)))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation and a shortcut (1x1 where the width changes)."""

    def __init__(self, inputs, outputs, starts_as_identity=False):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        if starts_as_identity:
            nn.init.zeros_(self.second_norm.weight)

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return torch.relu(y + self.shortcut(x))


class FineEdge(nn.Module):
    """([N, 5, S, S] input, features [N, C, S/2, S/2]) -> what to add to the logits [N, 1, S, S]; nothing at the start."""

    def __init__(self, features):
        super().__init__()
        block = lambda inputs: [nn.Conv2d(inputs, FINE_CHANNELS, 3, padding=1, bias=False), nn.BatchNorm2d(FINE_CHANNELS), nn.ReLU()]
        self.spread = nn.Sequential(nn.Conv2d(features, 4 * FINE_FEATURES, 1), nn.PixelShuffle(2))
        self.layers = nn.Sequential(*block(FINE_FEATURES + 5), *block(FINE_CHANNELS), nn.Conv2d(FINE_CHANNELS, 1, 1))
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, x, features):
        return self.layers(torch.cat([x, self.spread(features)], dim=1))


class BoxUNet(nn.Module):
    """[N, 5, S, S] (red, green, blue, box, inside) -> (logits [N, 1, S, S], logit of the DSC [N]); 32 divides S."""

    def __init__(self, channels=CHANNELS):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(5, channels[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(channels[0]),
            nn.ReLU(),
        )
        self.down = nn.ModuleList([ResidualBlock(channels[0], channels[0])])
        for narrow, wide in zip(channels[:-1], channels[1:]):
            self.down.append(ResidualBlock(narrow, wide))
        self.bottom = ResidualBlock(channels[-1], channels[-1])
        self.up = nn.ModuleList(
            ResidualBlock(wide + narrow, narrow)
            for narrow, wide in zip(channels[-2::-1], channels[:0:-1])
        )
        self.head = nn.Conv2d(channels[0], 1, 1)
        further = lambda levels: nn.ModuleDict({str(level): ResidualBlock(channels[level], channels[level], True) for level in levels})
        self.down_more, self.down_third = further(SECOND_DOWN), further(THIRD_DOWN)
        self.up_more, self.up_third = further(SECOND_UP), further(THIRD_UP)
        self.fine = FineEdge(channels[0])
        self.quality = nn.Sequential(nn.Linear(2 * channels[-1] + 4, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, x):
        shown = x
        x = self.stem(x)
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else nn.functional.max_pool2d(x, 2))
            skips.append(x := _through(x, level, self.down_more, self.down_third))
        bottom = x = self.bottom(x)
        for step, (block, skip) in enumerate(zip(self.up, skips[-2::-1])):
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(torch.cat([x, skip], dim=1))
            x = _through(x, len(self.up) - 1 - step, self.up_more, self.up_third)
        coarse = self.head(x)
        grown = nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        return grown + self.fine(shown, x), self._dsc_logit(bottom, coarse, shown[:, 3:4])

    def _dsc_logit(self, bottom, logits, box):
        """From the deepest features and from how sure and how large the answer is. The answer itself learns nothing here."""
        probability = torch.sigmoid(logits.detach().float())
        box = nn.functional.avg_pool2d(box, 2)
        area = probability.sum((1, 2, 3)) + 1
        boxed = box.sum((1, 2, 3)) + 1
        facts = torch.stack(
            [
                (probability**2).sum((1, 2, 3)) / area,
                (probability * box).sum((1, 2, 3)) / boxed,
                probability.amax((1, 2, 3)),
                torch.log(area) - torch.log(boxed),
            ],
            dim=1,
        )
        return self.quality(torch.cat([bottom.mean((2, 3)), bottom.amax((2, 3)), facts], dim=1))[:, 0]


def _through(x, level, *further):
    """What the further blocks of a level, if it has any, make of `x`."""
    for blocks in further:
        if str(level) in blocks:
            x = blocks[str(level)](x)
    return x


def _reflected(look, flips):
    return [torch.flip(look, dims) if dims else look for dims in flips]


def _mean_turned_back(parts, flips):
    """The mean of answers to reflections, each reflected back."""
    return sum(torch.flip(part, dims) if dims else part for part, dims in zip(parts, flips)) / len(flips)


class Shipped(nn.Module):
    """What is exported: two looks at the recipe's crop, each in several reflections, averaged and calibrated.

    [N, 5, S, S] -> (logits [N, 1, S, S], DSC [N] 0..1). The near look is the middle of the crop, on which the network was
    trained; the far one is all of it, shrunk to the near one's size. Where only the far one looks, it answers alone.
    Logits are divided by a temperature; the DSC is sigmoid(scale * logit + shift). Both are fitted by calibrate.py.
    """

    recipe = RECIPE

    def __init__(self, network, temperature=1.0, scale=1.0, shift=0.0):
        super().__init__()
        self.network, self.temperature, self.scale, self.shift = network, temperature, scale, shift
        size, near, output = RECIPE.size_px, LOOK.size_px, RECIPE.output_size_px
        self.edge = (size - near) // 2
        self.seam = (output - LOOK.output_size_px) // 2
        share = nn.functional.pad(torch.full([LOOK.output_size_px] * 2, 0.5), [self.seam] * 4)
        self.register_buffer("near_share", share)
        self.register_buffer("shrink", torch.from_numpy(resample_matrix(0, size, near, size)).float())
        self.register_buffer("grow", torch.from_numpy(bilinear_matrix(0, output, LOOK.output_size_px, output)[2]).float())

    def forward(self, x):
        inner = slice(self.edge, self.edge + LOOK.size_px)
        near, far = x[:, :, inner, inner], self.shrink @ x @ self.shrink.T
        logits, dsc = self.network(torch.cat(_reflected(near, FLIPS[0]) + _reflected(far, FLIPS[1])))
        count = len(FLIPS[0]) + len(FLIPS[1])
        parts = torch.chunk(logits, count)
        near = nn.functional.pad(_mean_turned_back(parts[: len(FLIPS[0])], FLIPS[0]), [self.seam] * 4)
        far = self.grow @ _mean_turned_back(parts[len(FLIPS[0]) :], FLIPS[1]) @ self.grow.T
        logits = (near * self.near_share + far * (1 - self.near_share)) / self.temperature
        return logits, torch.sigmoid(self.scale * dsc.reshape(count, -1).mean(0) + self.shift)
