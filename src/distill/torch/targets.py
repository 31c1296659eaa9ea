"""What is wanted of each picture by the published network's maps of the bare one, and the loss."""

import math
from typing import NamedTuple

from yunet import points, scores

import torch
import torch.nn.functional as F

LEANING = (math.radians(20), math.radians(52))  # rolls whose scores are raised
UPRIGHT, MAX_RAISED = 0.93, 1.6  # to the level of an upright face, but by no larger factor
RAISED_FROM = 0.2  # cells whose score is lower are not raised
FAR, MAX_FAR = math.radians(60), 0.6  # rolls from which scores are lowered, and to what
MAX_SURE = 0.995  # what class and object may be wanted to be at most

MIN_SCORE = 0.35  # cells below teach no points
NEAR = 0.45  # a cell that sees this face has its points within so much of its width
EYES, MIN_WIDTH = 2.3, 12  # width of a face by the distance of its eyes, and the least, pixels


def wanted_scores(teacher, roll):
    """
    Class and object of each cell [n, cells, 2]. A face that leans gets the score of an upright one; one that is turned
    so far that its points would be wrong a low one, so that the caller turns the picture.
    """
    given, score, turn = torch.sigmoid(teacher[..., :2]), scores(teacher), roll.abs()
    most = score.amax(1)
    leaning = (turn > LEANING[0]) & (turn < LEANING[1])
    factor = torch.where(leaning, (UPRIGHT / most).clamp(1, MAX_RAISED), torch.ones_like(most))
    factor = torch.where(turn > FAR, (MAX_FAR / most).clamp(max=1), factor).unsqueeze(1)
    # The score is the root of the product of the two: if both are so many times as large, so is it.
    scaled = (given * factor.unsqueeze(-1)).clamp(max=MAX_SURE)
    changed = (score > RAISED_FROM) | (factor <= 1)
    return torch.where(changed.unsqueeze(-1), scaled, given)


def weights_of(teacher, roll):
    """How much points and boxes of each cell count: where the teacher is sure, but not of faces that are turned far."""
    sure = scores(teacher)
    return sure * (sure > MIN_SCORE) * (roll.abs() <= FAR).unsqueeze(1)


def wanted_points(seen, wanted, width):
    """[n, cells, 5, 2]: those of the picture's face. A cell that sees another face keeps that one's points."""
    apart = (seen - wanted.unsqueeze(1)).norm(dim=-1).mean(-1)
    near = apart < NEAR * width.view(-1, 1)
    return torch.where(near[..., None, None], wanted.unsqueeze(1), seen)


def width_by_eyes(teacher, seen):
    """Widths of the faces that the surest cells see."""
    eyes = (seen[:, :, 0] - seen[:, :, 1]).norm(dim=-1)
    surest = scores(teacher).argmax(1, keepdim=True)
    return (EYES * eyes.gather(1, surest).flatten()).clamp(min=MIN_WIDTH)


class Targets(NamedTuple):
    """What is wanted of the cells of pictures [n, cells, ...], how much points and boxes count, and the faces' widths."""

    scores: torch.Tensor
    points: torch.Tensor
    boxes: torch.Tensor
    weights: torch.Tensor
    widths: torch.Tensor

    @staticmethod
    def of(teacher, roll, wanted, widths):
        """By the teacher's maps; points as they are given."""
        boxes, given = teacher[..., 2:6], wanted_scores(teacher, roll)
        return Targets(given, wanted, boxes, weights_of(teacher, roll), widths)

    def first(self, count):
        """Those of the first pictures."""
        return Targets(*(values[:count] for values in self))

    def loss(self, f, size):
        """The loss of the maps `f` in parts."""
        surprise = F.binary_cross_entropy_with_logits(f[..., :2], self.scores, reduction="sum")
        # What cannot be learnt is taken away: 0 is the best.
        surprise = surprise - F.binary_cross_entropy(self.scores, self.scores, reduction="sum")
        total = self.weights.sum() + 1e-6
        off = (points(f, size) - self.points).abs().mean((-1, -2)) / self.widths.view(-1, 1)
        boxes = (f[..., 2:6] - self.boxes).abs().mean(-1)
        return {
            "scores": surprise / len(f) / 4,
            "points": 40 * (off * self.weights).sum() / total,
            "boxes": 2 * (boxes * self.weights).sum() / total,
        }
