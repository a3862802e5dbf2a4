"""The network: a small residual U-Net that answers at half the input resolution."""

import torch
from torch import nn

CHANNELS = (32, 56, 96, 144, 176)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation and a shortcut (1x1 where the width changes)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return torch.relu(y + self.shortcut(x))


class BoxUNet(nn.Module):
    """[N, 5, S, S] (red, green, blue, box, inside) -> logits [N, 1, S/2, S/2]; S is a multiple of 32."""

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

    def forward(self, x):
        x = self.stem(x)
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else nn.functional.max_pool2d(x, 2))
            skips.append(x)
        x = self.bottom(x)
        for block, skip in zip(self.up, skips[-2::-1]):
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(torch.cat([x, skip], dim=1))
        return self.head(x)
