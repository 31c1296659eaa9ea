"""Whole photos without labels, as they are: what else is in the world beside faces that lie in the middle of crops."""

import math

import torch
import torch.nn.functional as F

LARGEST = 640  # longest side that is kept; pictures show photos at 1.5 times their own 192 pixels at most
MAX_SHARE = 1.5  # largest longest side of a photo as a share of its picture
MIN_SHARE, MIN_SHARE_OF_MOSAIC = 0.12, 0.3  # smallest, alone and as one of four
MOSAICS = 0.4  # share of pictures that show four photos
ROLL = 0.14  # deviation, radians
PAIRS = 3  # pairs for each photo that is shown


def halved(x):
    """Of a photo [3, height, width] of more than one pixel each way."""
    return F.avg_pool2d(x.unsqueeze(0), 2)[0]


def kept(pixels):
    """RGB bytes [height, width, 3] as photos are kept: BGR bytes [3, height, width], no larger than they are shown."""
    x = pixels.permute(2, 0, 1).flip(0)
    while max(x.shape[1:]) > LARGEST and min(x.shape[1:]) > 1:
        x = halved(x.float()).round().to(torch.uint8)
    return x.contiguous()


def even(low, high):
    return low + (high - low) * float(torch.rand(()))


def shown(photo, size, least):
    """One photo at a scale, roll and place by chance in a square picture: [1, 3, size, size]."""
    x = photo.float()
    scale = math.exp(even(math.log(least), math.log(MAX_SHARE))) * size / max(x.shape[1:])
    roll = ROLL * float(torch.randn(()))
    # Pixels that lie between those that are read would be lost.
    while scale < 0.55 and min(x.shape[1:]) > 16:
        x, scale = halved(x), 2 * scale
    height, width = x.shape[1:]
    room = 0.8 * (max(0, size - max(height, width) * scale) / 2 + 0.2 * size)
    cos, sin = math.cos(roll), math.sin(roll)
    back = torch.tensor([[cos, sin], [-sin, cos]]) / scale
    middle = torch.tensor([[even(-room, room)], [even(-room, room)]])
    theta = torch.cat([back * (size / 2), -(back @ middle)], 1)
    theta = theta / torch.tensor([[width / 2], [height / 2]])
    grid = F.affine_grid(theta.unsqueeze(0), (1, 3, size, size), align_corners=False)
    beside = "zeros" if even(0, 1) < 0.5 else "border"
    return F.grid_sample(x.unsqueeze(0), grid, padding_mode=beside, align_corners=False)


def mosaic(draw, size):
    """Four photos in one picture."""
    half = size // 2
    rows = [torch.cat([shown(draw(), half, MIN_SHARE_OF_MOSAIC) for _ in range(2)], 3) for _ in range(2)]
    return torch.cat(rows, 2)


def shown_photos(photos, count, size):
    """Pictures [count, 3, size, size], BGR of 0..255, of photos by chance."""

    def draw():
        return photos[int(torch.randint(len(photos), ()))]

    pictures = []
    for _ in range(count):
        y = mosaic(draw, size) if even(0, 1) < MOSAICS else shown(draw(), size, MIN_SHARE)
        pictures.append(y.flip(3) if even(0, 1) < 0.5 else y)
    gain = (0.15 * torch.randn(count, 1, 1, 1)).exp()
    return (torch.cat(pictures) * gain).clamp(0, 255)
