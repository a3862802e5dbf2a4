"""The networks of SAM, MedSAM, MobileSAM and LiteMedSAM in plain torch: the network that is
fine-tuned (`finetune_medsam/`), and the reference for the graphs that the workstation writes.

Written from their publications and published sources (Kirillov et al. 2023; Li et al. 2022, ViTDet; Wu et al. 2022,
TinyViT; Ma et al. 2024), with the tensor names of the published checkpoints. Readable rather than fast.
"""

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Vit:
    image_px: int = 1024
    patch_px: int = 16
    width: int = 768
    depth: int = 12
    heads: int = 12
    mlp_width: int = 3072
    window: int = 14
    global_blocks: tuple = (2, 5, 8, 11)


@dataclass
class Tiny:
    image_px: int = 256
    strided_patch: bool = False
    widths: tuple = (64, 128, 160, 320)
    depths: tuple = (2, 2, 6, 2)
    heads: tuple = (2, 4, 5, 10)
    windows: tuple = (7, 7, 14, 7)
    classifier: bool = False


@dataclass
class Network:
    encoder: object = field(default_factory=Vit)
    width: int = 256
    heads: int = 8
    mlp_width: int = 2048
    side: int = 64


ARCHITECTURES = {
    "sam-vit-b": Network(),
    "lite-medsam": Network(encoder=Tiny()),
    "mobile-sam": Network(encoder=Tiny(image_px=1024, strided_patch=True, classifier=True)),
}


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of [B, C, H, W]."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6).permute(0, 3, 1, 2)


def neck(width, channels):
    return nn.Sequential(
        nn.Conv2d(width, channels, 1, bias=False),
        ChannelNorm(channels),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        ChannelNorm(channels),
    )


def windows_of(x, side):
    """[B, H, W, C] -> windows [N, side, side, C], padded with zeros to the right and below, and how to go back."""
    batch, height, width, channels = x.shape
    down, across = math.ceil(height / side), math.ceil(width / side)
    padded = F.pad(x, (0, 0, 0, across * side - width, 0, down * side - height))
    cut = padded.reshape(batch, down, side, across, side, channels).transpose(2, 3).reshape(-1, side, side, channels)

    def back(answer):
        whole = answer.reshape(batch, down, across, side, side, -1).transpose(2, 3)
        return whole.reshape(batch, down * side, across * side, -1)[:, :height, :width]

    return cut, back


class VitAttention(nn.Module):
    """Attention in a square of tokens, with a learned part per row and per column distance (unscaled query)."""

    def __init__(self, width, heads, side):
        super().__init__()
        self.heads, self.side = heads, side
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        batch, side, _, width = x.shape
        head = width // self.heads
        q, k, v = self.qkv(x).reshape(batch, side * side, 3, self.heads, head).permute(2, 0, 3, 1, 4)
        logits = (q / math.sqrt(head)) @ k.transpose(-2, -1)
        distance = torch.arange(side)[:, None] - torch.arange(side)[None, :] + side - 1
        grid = q.reshape(batch, self.heads, side, side, head)
        rows = torch.einsum("bnyxc,ykc->bnyxk", grid, self.rel_pos_h[distance])
        columns = torch.einsum("bnyxc,xkc->bnyxk", grid, self.rel_pos_w[distance])
        bias = rows[..., :, None] + columns[..., None, :]
        weights = (logits + bias.reshape(logits.shape)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, side, side, width))


class Mlp(nn.Module):
    def __init__(self, width, hidden, activation):
        super().__init__()
        self.lin1, self.lin2, self.activation = nn.Linear(width, hidden), nn.Linear(hidden, width), activation

    def forward(self, x):
        return self.lin2(self.activation(self.lin1(x)))


class VitBlock(nn.Module):
    def __init__(self, config, window):
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(config.width, eps=1e-6)
        self.attn = VitAttention(config.width, config.heads, window or config.image_px // config.patch_px)
        self.norm2 = nn.LayerNorm(config.width, eps=1e-6)
        self.mlp = Mlp(config.width, config.mlp_width, F.gelu)

    def forward(self, x):
        normed = self.norm1(x)
        if self.window:
            cut, back = windows_of(normed, self.window)
            x = x + back(self.attn(cut))
        else:
            x = x + self.attn(normed)
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.proj = nn.Conv2d(3, config.width, config.patch_px, stride=config.patch_px)

    def forward(self, image):
        return self.proj(image).permute(0, 2, 3, 1)


class VitEncoder(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        side = config.image_px // config.patch_px
        self.pos_embed = nn.Parameter(torch.zeros(1, side, side, config.width))
        self.patch_embed = PatchEmbedding(config)
        self.blocks = nn.ModuleList(
            VitBlock(config, 0 if at in config.global_blocks else config.window) for at in range(config.depth)
        )
        self.neck = neck(config.width, channels)

    def forward(self, image):
        x = self.patch_embed(image) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.neck(x.permute(0, 3, 1, 2))


class ConvNorm(nn.Sequential):
    def __init__(self, from_, to, side=1, stride=1, each=False):
        super().__init__()
        self.add_module("c", nn.Conv2d(from_, to, side, stride, side // 2, groups=from_ if each else 1, bias=False))
        self.add_module("bn", nn.BatchNorm2d(to))


class InvertedBottleneck(nn.Module):
    def __init__(self, width, expansion):
        super().__init__()
        hidden = width * expansion
        self.conv1 = ConvNorm(width, hidden)
        self.conv2 = ConvNorm(hidden, hidden, 3, each=True)
        self.conv3 = ConvNorm(hidden, width)

    def forward(self, x):
        return F.gelu(x + self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x))))))


class Merging(nn.Module):
    """Halves the resolution, except before the last stage, as in SAM's TinyViT (whose widths say so)."""

    def __init__(self, width, next_width, stride):
        super().__init__()
        self.conv1 = ConvNorm(width, next_width)
        self.conv2 = ConvNorm(next_width, next_width, 3, stride, each=True)
        self.conv3 = ConvNorm(next_width, next_width)

    def forward(self, x):
        return self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))


class TinyAttention(nn.Module):
    def __init__(self, width, heads, window):
        super().__init__()
        self.heads = heads
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        # The biases are numbered in the order in which distances first occur when all pairs of tokens are gone through.
        cells = [(y, x) for y in range(window) for x in range(window)]
        order = {}
        for y, x in cells:
            for y2, x2 in cells:
                order.setdefault((abs(y - y2), abs(x - x2)), len(order))
        self.numbers = torch.tensor([[order[abs(y - y2), abs(x - x2)] for y2, x2 in cells] for y, x in cells])

    def forward(self, x):
        batch, tokens, width = x.shape
        head = width // self.heads
        # Per head: query, key, value.
        q, k, v = self.qkv(self.norm(x)).reshape(batch, tokens, self.heads, 3, head).permute(3, 0, 2, 1, 4)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(head) + self.attention_biases[:, self.numbers]).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, tokens, width))


class TinyMlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.fc1, self.fc2 = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(self.norm(x))))


class TinyBlock(nn.Module):
    def __init__(self, width, heads, window):
        super().__init__()
        self.window = window
        self.attn = TinyAttention(width, heads, window)
        self.mlp = TinyMlp(width)
        self.local_conv = ConvNorm(width, width, 3, each=True)

    def forward(self, x):
        grid = x.permute(0, 2, 3, 1)
        cut, back = windows_of(grid, self.window)
        grid = grid + back(self.attn(cut.flatten(1, 2)).reshape(cut.shape))
        x = self.local_conv(grid.permute(0, 3, 1, 2))
        return x + self.mlp(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TinyStage(nn.Module):
    def __init__(self, blocks, merging):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        if merging is not None:
            self.downsample = merging

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.downsample(x) if hasattr(self, "downsample") else x


class TinyPatch(nn.Module):
    def __init__(self, width, strided):
        super().__init__()
        side, stride = (3, 2) if strided else (1, 1)
        self.seq = nn.Sequential(ConvNorm(3, width // 2, side, stride), nn.GELU(), ConvNorm(width // 2, width, side, stride))

    def forward(self, image):
        return self.seq(image)


class TinyEncoder(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        self.patch_embed = TinyPatch(config.widths[0], config.strided_patch)
        stages = []
        for at, width in enumerate(config.widths):
            merging = Merging(width, config.widths[at + 1], 1 if at == 2 else 2) if at < 3 else None
            if at == 0:
                blocks = [InvertedBottleneck(width, 4) for _ in range(config.depths[0])]
            else:
                blocks = [TinyBlock(width, config.heads[at], config.windows[at]) for _ in range(config.depths[at])]
            stages.append(TinyStage(blocks, merging))
        self.layers = nn.ModuleList(stages)
        if config.classifier:
            # Left in MobileSAM's checkpoint, never used.
            self.norm_head, self.head = nn.LayerNorm(config.widths[-1]), nn.Linear(config.widths[-1], 1000)
        self.neck = neck(config.widths[-1], channels)

    def forward(self, image):
        x = self.patch_embed(image)
        for stage in self.layers:
            x = stage(x)
        return self.neck(x)


class PositionEncoding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.zeros(2, width // 2))

    def forward(self, xy):
        """[..., 2] in 0...1 -> [..., width]."""
        angles = 2 * math.pi * ((2 * xy - 1) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class PromptEncoder(nn.Module):
    def __init__(self, width, image_px, side):
        super().__init__()
        self.image_px, self.side = image_px, side
        self.pe_layer = PositionEncoding(width)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, width) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, width)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, stride=2),
            ChannelNorm(4),
            nn.GELU(),
            nn.Conv2d(4, 16, 2, stride=2),
            ChannelNorm(16),
            nn.GELU(),
            nn.Conv2d(16, width, 1),
        )
        self.no_mask_embed = nn.Embedding(1, width)

    def forward(self, boxes):
        """Boxes [B, 4] in input pixels -> the embeddings of their two corners [B, 2, width]."""
        corners = self.pe_layer((boxes + 0.5).reshape(-1, 2, 2) / self.image_px)
        return corners + torch.cat([self.point_embeddings[2].weight, self.point_embeddings[3].weight])

    def image_positions(self):
        centres = (torch.arange(self.side) + 0.5) / self.side
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        return self.pe_layer(torch.stack([x, y], dim=-1)).flatten(0, 1)


class CrossAttention(nn.Module):
    def __init__(self, width, inner, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, width)

    def forward(self, q, k, v):
        def by_head(x):
            return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = by_head(self.q_proj(q)), by_head(self.k_proj(k)), by_head(self.v_proj(v))
        weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))


class TwoWayLayer(nn.Module):
    def __init__(self, width, heads, mlp_width):
        super().__init__()
        self.self_attn = CrossAttention(width, width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = CrossAttention(width, width // 2, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, mlp_width, F.relu)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = CrossAttention(width, width // 2, heads)

    def forward(self, tokens, image, token_pe, image_pe, first):
        if first:
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            tokens = tokens + self.self_attn(tokens + token_pe, tokens + token_pe, tokens)
        tokens = self.norm1(tokens)
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + token_pe, image + image_pe, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token(image + image_pe, tokens + token_pe, tokens))
        return tokens, image


class TwoWayTransformer(nn.Module):
    def __init__(self, width, heads, mlp_width):
        super().__init__()
        self.layers = nn.ModuleList(TwoWayLayer(width, heads, mlp_width) for _ in range(2))
        self.final_attn_token_to_image = CrossAttention(width, width // 2, heads)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, token_pe, image, image_pe):
        tokens = token_pe
        for at, layer in enumerate(self.layers):
            tokens, image = layer(tokens, image, token_pe, image_pe, at == 0)
        answer = self.final_attn_token_to_image(tokens + token_pe, image + image_pe, image)
        return self.norm_final_attn(tokens + answer), image


class Perceptron(nn.Module):
    def __init__(self, width, hidden, to):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, to)])

    def forward(self, x):
        return self.layers[2](self.layers[1](self.layers[0](x).relu()).relu())


class MaskDecoder(nn.Module):
    def __init__(self, width, heads, mlp_width):
        super().__init__()
        self.transformer = TwoWayTransformer(width, heads, mlp_width)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(4, width)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(width, width // 4, 2, stride=2),
            ChannelNorm(width // 4),
            nn.GELU(),
            nn.ConvTranspose2d(width // 4, width // 8, 2, stride=2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(Perceptron(width, width, width // 8) for _ in range(4))
        self.iou_prediction_head = Perceptron(width, width, 4)

    def forward(self, embedding, image_pe, corners, dense):
        """Mask token 0 (`multimask_output=False`): logits [B, 1, 4 side, 4 side], IoU [B, 1]."""
        boxes = corners.shape[0]
        _, width, height, across = embedding.shape
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(boxes, -1, -1)
        image = (embedding + dense.reshape(1, -1, 1, 1)).flatten(2).transpose(1, 2).expand(boxes, -1, -1)
        tokens, image = self.transformer(torch.cat([own, corners], dim=1), image, image_pe)
        fine = self.output_upscaling(image.transpose(1, 2).reshape(boxes, width, height, across))
        filters = torch.stack([mlp(tokens[:, 1 + at]) for at, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (filters @ fine.flatten(2)).reshape(boxes, -1, 4 * height, 4 * across)
        return masks[:, :1], self.iou_prediction_head(tokens[:, 0])[:, :1]


class Sam(nn.Module):
    def __init__(self, network):
        super().__init__()
        config = network.encoder
        encoder = VitEncoder if isinstance(config, Vit) else TinyEncoder
        self.image_encoder = encoder(config, network.width)
        self.prompt_encoder = PromptEncoder(network.width, config.image_px, network.side)
        self.mask_decoder = MaskDecoder(network.width, network.heads, network.mlp_width)

    def decode(self, embedding, boxes):
        prompt = self.prompt_encoder
        return self.mask_decoder(embedding, prompt.image_positions(), prompt(boxes), prompt.no_mask_embed.weight)
