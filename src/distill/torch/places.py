"""Where crops lie in square pictures: size, roll and middle are drawn, pixels and points moved there."""

import math

from yunet import MIRRORED

import torch
import torch.nn.functional as F

CROP = 144  # width of a crop
FACE = 85  # width of a face in a crop

SMALLEST, LARGEST, MAX_OF_PICTURE = 24, 130, 0.95  # widths of faces, and the largest as a share of the picture
SMALL = 9  # width from which the share of small faces begins
ROLL, MAX_ROLL = 0.19, 0.42  # deviation and bound of the usual roll, radians
ROLLED = math.radians(50)  # bound of rolls that are drawn evenly
TURNED = math.radians(62)  # far rolls go from here over upside down to as much on the other side


def resampled(x, grid):
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def shrunk(x, grid, scale):
    """Resampled, after averaging 2x2 or 4x4 pixels where pixels that lie between those that are read would be lost."""
    # Scales are at least those of the smallest faces, 0.1.
    y = x.new_empty(len(x), x.shape[1], *grid.shape[1:3])
    for part, pool in ((scale >= 0.55, 1), ((scale < 0.55) & (scale >= 0.3), 2), (scale < 0.3, 4)):
        if part.any():
            y[part] = resampled(F.avg_pool2d(x[part], pool) if pool > 1 else x[part], grid[part])
    return y


def drawn_scales(count, size, small_share, device):
    """Faces of all sizes, as many in each doubling; a share of them from a smaller size on."""
    small = torch.rand(count, device=device) < small_share
    low = torch.where(small, math.log(SMALL / FACE), math.log(SMALLEST / FACE))
    high = math.log(min(size * MAX_OF_PICTURE, LARGEST) / FACE)
    return (low + torch.rand(count, device=device) * (high - low)).exp()


def drawn_rolls(count, rolled_share, turned_share, device):
    """Radians within half a turn: a share evenly to both sides, a share far from upright, the others nearly upright."""

    def even():
        return torch.rand(count, device=device) * 2 - 1

    kind = torch.rand(count, device=device)
    roll = (torch.randn(count, device=device) * ROLL).clamp(-MAX_ROLL, MAX_ROLL)
    roll = torch.where(kind < rolled_share, even() * ROLLED, roll)
    # From upside down to both sides.
    far = even() * (math.pi - TURNED)
    far = far + torch.where(far < 0, math.pi, -math.pi)
    return torch.where(kind > 1 - turned_share, far, roll)


class Places:
    """Where each crop lies in its square picture: scale, roll (radians), and its middle from the picture's."""

    def __init__(self, size, scale, roll, middle, flip):
        self.size, self.scale, self.roll, self.middle, self.flip = size, scale, roll, middle, flip
        cos, sin = torch.cos(roll), torch.sin(roll)
        self.turn = torch.stack([cos, -sin, sin, cos], -1).view(-1, 2, 2)

    @staticmethod
    def upright(count, size, scale, device):
        zeros = torch.zeros(count, device=device)
        middle = torch.zeros(count, 2, device=device)
        return Places(size, zeros + scale, zeros, middle, zeros > 0)

    @staticmethod
    def drawn(count, size, shares, device):
        """By the shares "small", "rolled" and "turned"."""
        scale = drawn_scales(count, size, shares["small"], device)
        roll = drawn_rolls(count, shares["rolled"], shares["turned"], device)
        room = (size / 2 - FACE / 2 * scale).clamp(min=4)[:, None] * 0.8
        middle = (torch.rand(count, 2, device=device) * 2 - 1) * room
        return Places(size, scale, roll, middle, torch.rand(count, device=device) < 0.5)

    def pictures(self, x):
        """
        The crops in their pictures with the border going on, and where each pixel lies in its crop: [n, size, size, 2],
        of -1..1 within it.
        """
        half = CROP / 2
        back = self.turn.transpose(1, 2) / self.scale.view(-1, 1, 1)
        shift = -(back @ self.middle.unsqueeze(-1)) / half
        theta = torch.cat([back * (self.size / CROP), shift], -1)
        grid = F.affine_grid(theta, (len(x), 3, self.size, self.size), align_corners=False)
        return shrunk(x, grid, self.scale), grid

    def flipped(self, y):
        return torch.where(self.flip.view(-1, 1, 1, 1), y.flip(3), y)

    def points(self, p):
        """Points of crops in their pictures: [n, 5, 2]."""
        turn = (self.turn * self.scale.view(-1, 1, 1)).unsqueeze(1)
        moved = (turn @ (p - CROP / 2).unsqueeze(-1)).squeeze(-1)
        moved = moved + self.middle.unsqueeze(1) + self.size / 2
        mirror = torch.stack([self.size - moved[..., 0], moved[..., 1]], -1)[:, MIRRORED]
        return torch.where(self.flip.view(-1, 1, 1), mirror, moved)
