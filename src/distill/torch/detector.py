"""The torch engine of `distill --engine torch --detector`: YuNet on a masked picture learns what the published one says of the clean one.

The caller (src/distill/detector) hands over the graph, the numbers and pairs of crops; here pairs get their place in a
picture, light and noise, the published network says what is wanted, and the numbers move. Needs only torch.
"""

import math
import sys

from channel import serve
from train import Optimizer

import torch
import torch.nn.functional as F

STRIDES = (8, 16, 32)  # pixels of a picture per cell of each map
CROP = 144  # width of a crop
FACE = 85  # width of a face in a crop
MIRRORED = [1, 0, 2, 4, 3]  # the five points of a mirror image

# Views of a clean crop over which the published points are averaged: their scale, and whether they are mirrored.
VIEWS = ((0.9, False), (0.9, True), (1.05, False), (1.05, True))
VIEW = 160  # width of a view
LEAST_SURE = 0.75  # what the published network is less sure of teaches nothing

SIZES = (128, 160, 160, 160, 192)  # widths of pictures
SMALLEST, LARGEST, MOST_OF_PICTURE = 24, 130, 0.95  # widths of faces, and the largest as a share of the picture
ROLL, MOST_ROLL = 0.19, 0.42  # deviation and bound, radians

LEAST_SCORE = 0.35  # cells below teach no points
NEAR = 0.3  # a cell that sees this face has its points within so much of its width
CLEAN_SHARE = 0.7  # weight of clean pictures beside masked ones


def network(nodes, outputs, weights, x):
    """The maps of pictures [n, 3, height, width], BGR of 0..255."""
    values = dict(zip(nodes[0]["inputs"], [x]))
    for node in nodes:
        op, inputs, options = node["op"], node["inputs"], node["attributes"]
        x = values[inputs[0]]
        if op == "Conv":
            weight, bias = weights[inputs[1]], weights[inputs[2]]
            stride, padding = options.get("strides", [1])[0], options.get("pads", [0])[0]
            y = F.conv2d(x, weight, bias, stride, padding, groups=options.get("group", [1])[0])
        elif op == "Relu":
            y = F.relu(x)
        elif op == "MaxPool":
            y = F.max_pool2d(x, options["kernel_shape"][0])
        elif op == "Resize":
            y = F.interpolate(x, scale_factor=2, mode="nearest")
        elif op == "Add":
            y = x + values[inputs[1]]
        else:
            raise ValueError(f"there is no layer {op}")
        values[node["outputs"][0]] = y
    return [values[name] for name in outputs]


def cells(maps):
    """[n, cells, 16] of all maps: logits of class and object, four of the box, ten of the points."""
    return torch.cat([m.flatten(2).permute(0, 2, 1) for m in maps], 1)


def scores(f):
    return (torch.sigmoid(f[..., 0]) * torch.sigmoid(f[..., 1])).sqrt()


def points(f, size):
    """[n, cells, 5, 2] in pixels of square pictures, counted from their borders."""
    places = []
    for stride in STRIDES:
        count = size // stride
        y, x = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
        width = torch.full((count * count,), stride)
        places.append(torch.stack([x.flatten() * stride, y.flatten() * stride, width], 1))
    places = torch.cat(places).to(f)
    offsets = f[..., 6:16].reshape(*f.shape[:2], 5, 2)
    return offsets * places[:, 2].view(1, -1, 1, 1) + places[:, :2].view(1, -1, 1, 2)


def best(f, size):
    """The score and the points of the surest cell of each picture."""
    score, cell = scores(f).max(1)
    return score, points(f, size)[torch.arange(len(f), device=f.device), cell]


def resampled(x, grid):
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


class Places:
    """Where each crop lies in its square picture: scale, roll (radians), and its middle from the picture's."""

    def __init__(self, size, scale, roll, middle, flip):
        self.size, self.scale, self.middle, self.flip = size, scale, middle, flip
        cos, sin = torch.cos(roll), torch.sin(roll)
        self.turn = torch.stack([cos, -sin, sin, cos], -1).view(-1, 2, 2)

    @staticmethod
    def upright(count, size, scale, device):
        zeros = torch.zeros(count, device=device)
        middle = torch.zeros(count, 2, device=device)
        return Places(size, zeros + scale, zeros, middle, zeros > 0)

    @staticmethod
    def drawn(count, size, device):
        """Faces of all sizes, as many in each doubling."""
        largest = min(size * MOST_OF_PICTURE, LARGEST)
        low, high = math.log(SMALLEST / FACE), math.log(largest / FACE)
        scale = torch.empty(count, device=device).uniform_(low, high).exp()
        roll = (torch.randn(count, device=device) * ROLL).clamp(-MOST_ROLL, MOST_ROLL)
        room = (size / 2 - FACE / 2 * scale).clamp(min=4)[:, None] * 0.8
        middle = (torch.rand(count, 2, device=device) * 2 - 1) * room
        return Places(size, scale, roll, middle, torch.rand(count, device=device) < 0.5)

    def pictures(self, x):
        """The crops in their pictures with the border going on, and where in the pictures a crop is (0 or 1)."""
        count, half = len(x), CROP / 2
        back = self.turn.transpose(1, 2) / self.scale.view(-1, 1, 1)
        shift = -(back @ self.middle.unsqueeze(-1)) / half
        theta = torch.cat([back * (self.size / CROP), shift], -1)
        grid = F.affine_grid(theta, (count, 3, self.size, self.size), align_corners=False)
        y = resampled(x, grid)
        # Pixels that lie between those that are read would be lost.
        small = self.scale < 0.55
        if small.any():
            y[small] = resampled(F.avg_pool2d(x[small], 2), grid[small])
        return y, (grid.abs() <= 1).all(-1).unsqueeze(1).to(x)

    def flipped(self, y):
        return torch.where(self.flip.view(-1, 1, 1, 1), y.flip(3), y)

    def points(self, p):
        """Points of crops in their pictures: [n, 5, 2]."""
        turn = (self.turn * self.scale.view(-1, 1, 1)).unsqueeze(1)
        moved = (turn @ (p - CROP / 2).unsqueeze(-1)).squeeze(-1)
        moved = moved + self.middle.unsqueeze(1) + self.size / 2
        mirror = torch.stack([self.size - moved[..., 0], moved[..., 1]], -1)[:, MIRRORED]
        return torch.where(self.flip.view(-1, 1, 1), mirror, moved)


def varied(y, inside, crops):
    """Background, light, colours and noise; the same for both pictures of a pair, whose six channels are together."""
    count, device, size = len(y), y.device, y.shape[-1]
    # Beside the crop a part of another one, black, or its border that goes on.
    part = crops.roll(1, 0)[:, :, 30:90, 20:80]
    part = F.interpolate(part, size=(size, size), mode="bilinear", align_corners=False)
    kind = torch.rand(count, 1, 1, 1, device=device)
    outside = 1 - inside
    y = torch.where((kind < 0.25) & (outside > 0), part.repeat(1, 2, 1, 1), y)
    y = y * (1 - (kind > 0.85) * outside)

    def normal(*shape):
        return torch.randn(*shape, device=device)

    gain, gamma = (0.2 * normal(count, 1, 1, 1)).exp(), (0.15 * normal(count, 1, 1, 1)).exp()
    tint = (0.06 * normal(count, 3, 1, 1)).exp().repeat(1, 2, 1, 1)
    y = ((y / 255).clamp(1e-4, 1) ** gamma * gain * tint).clamp(0, 1) * 255
    strength = 14 * torch.rand(count, 1, 1, 1, device=device) ** 3
    return (y + (normal(count, 3, size, size) * strength).repeat(1, 2, 1, 1)).clamp(0, 255)


def parts(f, wanted, teacher, size, width):
    """
    The loss of pictures in parts: scores and boxes as the teacher's maps, points as `wanted`. Where the teacher is
    sure of its cell, points and boxes count.
    """
    given = torch.sigmoid(teacher[..., :2])
    surprise = F.binary_cross_entropy_with_logits(f[..., :2], given, reduction="sum")
    # What cannot be learnt is taken away: 0 is the best.
    surprise = surprise - F.binary_cross_entropy(given, given, reduction="sum")
    sure = scores(teacher)
    weight = sure * (sure > LEAST_SCORE)
    total = weight.sum() + 1e-6
    off = (points(f, size) - wanted).abs().mean((-1, -2)) / width.view(-1, 1)
    boxes = (f[..., 2:6] - teacher[..., 2:6]).abs().mean(-1)
    return {
        "scores": surprise / len(f) / 4,
        "points": 40 * (off * weight).sum() / total,
        "boxes": 2 * (boxes * weight).sum() / total,
    }


class Detector:
    """What the caller asks for, message by message."""

    ANSWERS = ("step", "state", "maps", "measure")

    def __init__(self, channel, setup, device):
        self.channel, self.device = channel, device
        self.nodes, self.outputs, self.seed = setup["nodes"], setup["outputs"], setup["seed"]
        self.slots, self.keep = setup["slots"], setup["average"]
        # The optimiser moves the flat array; the network sees parts of it.
        self.flat = setup["parameters"].to(device)
        self.slopes = torch.zeros_like(self.flat)
        self.weights = self.views(self.flat)
        for weight, slope in zip(self.weights.values(), self.views(self.slopes).values()):
            weight.requires_grad_(True).grad = slope
        self.mean = setup["mean"].to(device)
        self.published = self.views(setup["published"].to(device))
        self.optimizer = Optimizer(self, setup)

    def views(self, flat):
        parts = {}
        for slot in self.slots:
            part = flat[slot["start"] : slot["start"] + slot["length"]]
            parts[slot["name"]] = part.view(slot["shape"])
        return parts

    def run(self, weights, x):
        return cells(network(self.nodes, self.outputs, weights, x))

    def pixels(self, array):
        """RGB bytes [n, height, width, 3] as the network wants them."""
        return array.to(self.device).permute(0, 3, 1, 2).flip(1).float()

    @torch.no_grad()
    def published_points(self, x):
        """The points of clean crops, averaged over views, and how sure the published network is of them."""
        total, sure = 0, 0
        for scale, mirror in VIEWS:
            wide = VIEW / (CROP * scale)
            theta = torch.tensor([[-wide if mirror else wide, 0, 0], [0, wide, 0]], device=x.device)
            shape = (len(x), 3, VIEW, VIEW)
            grid = F.affine_grid(theta.expand(len(x), 2, 3), shape, align_corners=False)
            score, p = best(self.run(self.published, resampled(x, grid)), VIEW)
            p = (p - VIEW / 2) / scale
            if mirror:
                p = torch.stack([-p[..., 0], p[..., 1]], -1)[:, MIRRORED]
            total = total + (p + CROP / 2) * score.view(-1, 1, 1)
            sure = sure + score
        return total / sure.view(-1, 1, 1), sure / len(VIEWS)

    def loss(self, clean, masked):
        """The parts of the loss; None where no pair teaches anything."""
        wanted, sure = self.published_points(clean)
        kept = sure > LEAST_SURE
        if not kept.any():
            return None
        clean, masked, wanted = clean[kept], masked[kept], wanted[kept]
        count, size = len(clean), SIZES[int(torch.randint(len(SIZES), ()))]
        places = Places.drawn(count, size, self.device)
        y, inside = places.pictures(torch.cat([clean, masked], 1))
        y = places.flipped(varied(y, inside, clean))
        clean, masked = y[:, :3].contiguous(), y[:, 3:].contiguous()
        wanted, width = places.points(wanted), FACE * places.scale
        with torch.no_grad():
            teacher = self.run(self.published, clean)
            seen = points(teacher, size)
            apart = (seen - wanted.unsqueeze(1)).norm(dim=-1).mean(-1)
            near = apart < NEAR * width.view(-1, 1)
            # A cell that sees another face keeps that one's points.
            wanted = torch.where(near[..., None, None], wanted.unsqueeze(1), seen)
        both = self.run(self.weights, torch.cat([masked, clean]))
        of_masked = parts(both[:count], wanted, teacher, size, width)
        of_clean = parts(both[count:], wanted, teacher, size, width)
        return {name: of_masked[name] + CLEAN_SHARE * of_clean[name] for name in of_masked}

    def step(self, message):
        step = message["step"]
        # By the step alone, so that a training that was stopped goes on to the same numbers.
        torch.manual_seed(self.seed * 1_000_003 + step)
        self.slopes.zero_()
        shares = self.loss(self.pixels(message["clean"]), self.pixels(message["masked"]))
        length = 0.0
        if shares is not None:
            total = sum(shares.values())
            if not torch.isfinite(total):
                raise FloatingPointError(f'the loss of step {step + 1} is no number; lower "rate"')
            total.backward()
            with torch.no_grad():
                length = self.optimizer.move(message["rate"], step)
                share = 1 - min(self.keep, (1 + step) / (10 + step))
                self.mean.lerp_(self.flat, share)
        losses = {name: float(share.detach()) for name, share in (shares or {}).items()}
        self.channel.write({"kind": "step", "losses": losses, "gradient": length})

    def state(self, _message):
        state = {f"optimizer{i}": array for i, array in enumerate(self.optimizer.state)}
        arrays = {"parameters": self.flat, "mean": self.mean, **state}
        self.channel.write({"kind": "state"}, **arrays)

    @torch.no_grad()
    def maps(self, message):
        """The maps of pictures by the running mean."""
        x = self.pixels(message["pixels"])
        maps = network(self.nodes, self.outputs, self.views(self.mean), x)
        self.channel.write({"kind": "maps"}, **dict(zip(self.outputs, maps)))

    @torch.no_grad()
    def measure(self, message):
        """
        Rows of a score and five points in a picture of `size` in which the crop lies upright in the middle: what is
        wanted, and what the published network and the running mean find, clean and masked.
        """
        size, scale = message["size"], message["scale"]
        crops = {name: self.pixels(message[name]) for name in ("clean", "masked")}
        p, sure = self.published_points(crops["clean"])
        places = Places.upright(len(p), size, scale, self.device)
        rows = {"wanted": torch.cat([sure[:, None], places.points(p).flatten(1)], 1)}
        for who, weights in (("before", self.published), ("after", self.views(self.mean))):
            for name, crop in crops.items():
                score, p = best(self.run(weights, places.pictures(crop)[0]), size)
                rows[f"{who}.{name}"] = torch.cat([score[:, None], p.flatten(1)], 1)
        self.channel.write({"kind": "measure"}, **rows)


if __name__ == "__main__":
    serve(Detector)
    sys.exit(0)
