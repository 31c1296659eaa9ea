"""What is around a crop in its picture, and light, colours and noise.

Both pictures of a pair, whose six channels are together, get the same.
"""

import torch
import torch.nn.functional as F


def surrounded(y, grid, crops):
    """Beside the crop a part of another one, black, or the crop's border that goes on."""
    size = y.shape[-1]
    outside = 1 - (grid.abs() <= 1).all(-1).unsqueeze(1).to(y)
    part = crops.roll(1, 0)[:, :, 30:90, 20:80]
    part = F.interpolate(part, size=(size, size), mode="bilinear", align_corners=False)
    kind = torch.rand(len(y), 1, 1, 1, device=y.device)
    y = torch.where((kind < 0.25) & (outside > 0), part.repeat(1, 2, 1, 1), y)
    return y * (1 - (kind > 0.85) * outside)


def cut(y, grid, share):
    """A share of the pictures is black outside a tight cut around the face, as crops of other detectors are."""

    def between(low, high):
        return torch.empty(len(y), 1, 1, device=y.device).uniform_(low, high)

    chosen = torch.rand(len(y), 1, 1, 1, device=y.device) < share
    side, below, above = between(0.5, 0.9), between(0.62, 1), between(0.55, 0.95)
    across, down = grid.unbind(-1)
    within = (across.abs() <= side) & (down <= below) & (down >= -above)
    return y * ~(chosen & ~within.unsqueeze(1))


def lit(y):
    """In other light and colours, with noise."""
    count, device, size = len(y), y.device, y.shape[-1]

    def normal(*shape):
        return torch.randn(*shape, device=device)

    gain, gamma = (0.2 * normal(count, 1, 1, 1)).exp(), (0.15 * normal(count, 1, 1, 1)).exp()
    tint = (0.06 * normal(count, 3, 1, 1)).exp().repeat(1, 2, 1, 1)
    y = ((y / 255).clamp(1e-4, 1) ** gamma * gain * tint).clamp(0, 1) * 255
    strength = 14 * torch.rand(count, 1, 1, 1, device=device) ** 3
    return (y + (normal(count, 3, size, size) * strength).repeat(1, 2, 1, 1)).clamp(0, 255)
