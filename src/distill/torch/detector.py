"""The torch engine of `distill --engine torch --detector`: YuNet on a masked picture learns what the published one says of the clean one.

The caller (src/distill/detector) hands over the graph, the numbers, photos once, and pairs of crops step by step. Pairs
get their place in a picture (places.py), surroundings and light (surroundings.py); photos are shown as they are
(photos.py); the published network says what is wanted (targets.py), and the numbers move. Needs only torch.
"""

import sys

from channel import serve
from photos import PAIRS, kept, shown_photos
from places import CROP, FACE, Places, resampled
from surroundings import cut, lit, surrounded
from targets import Targets, wanted_points, width_by_eyes
from train import Optimizer
from yunet import MIRRORED, best, cells, network, points

import torch
import torch.nn.functional as F

# Views of a clean crop over which the published points are averaged: their scale, and whether they are mirrored.
VIEWS = ((0.9, False), (0.9, True), (1.05, False), (1.05, True))
VIEW = 160  # width of a view
MIN_SURE = 0.75  # what the published network is less sure of teaches nothing

SIZES = (128, 160, 160, 160, 192)  # widths of pictures


class Detector:
    """What the caller asks for, message by message."""

    ANSWERS = ("photo", "step", "state", "maps", "measure")

    def __init__(self, channel, setup, device):
        self.channel, self.device = channel, device
        self.nodes, self.outputs, self.seed = setup["nodes"], setup["outputs"], setup["seed"]
        self.slots, self.keep = setup["slots"], setup["average"]
        self.shares, self.clean_weight, self.photos = setup["shares"], setup["cleanWeight"], []
        # The optimiser moves the flat array; the network sees parts of it.
        self.flat = setup["parameters"].to(device)
        self.gradient = torch.zeros_like(self.flat)
        self.weights = self.views(self.flat)
        for weight, part in zip(self.weights.values(), self.views(self.gradient).values()):
            weight.requires_grad_(True).grad = part
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

    def pairs(self, clean, masked, size):
        """Pairs in their pictures, and where they lie."""
        places = Places.drawn(len(clean), size, self.shares, self.device)
        y, grid = places.pictures(torch.cat([clean, masked], 1))
        y = cut(surrounded(y, grid, clean), grid, self.shares["tight"])
        y = places.flipped(lit(y))
        return y[:, :3].contiguous(), y[:, 3:].contiguous(), places

    @torch.no_grad()
    def targets(self, clean, others, places, wanted):
        """What is wanted of the clean pictures, and of the photos' after them."""
        size, count = places.size, len(clean)
        teacher = self.run(self.published, torch.cat([clean, others]))
        seen, width = points(teacher, size), FACE * places.scale
        mine = wanted_points(seen[:count], places.points(wanted), width)
        # Nothing is known of photos but what the published network sees.
        width = torch.cat([width, width_by_eyes(teacher[count:], seen[count:])])
        roll = torch.cat([places.roll, places.roll.new_zeros(len(others))])
        return Targets.of(teacher, roll, torch.cat([mine, seen[count:]]), width)

    def loss(self, clean, masked):
        """The parts of the loss; None where no pair teaches anything."""
        wanted, sure = self.published_points(clean)
        learnt = sure > MIN_SURE
        if not learnt.any():
            return None
        clean, masked, wanted = clean[learnt], masked[learnt], wanted[learnt]
        count, size = len(clean), SIZES[int(torch.randint(len(SIZES), ()))]
        clean, masked, places = self.pairs(clean, masked, size)
        others = clean[:0]
        if self.photos:
            others = shown_photos(self.photos, max(2, count // PAIRS), size).to(self.device)
        targets = self.targets(clean, others, places, wanted)
        f = self.run(self.weights, torch.cat([masked, clean, others]))
        of_masked, of_clean = targets.first(count).loss(f[:count], size), targets.loss(f[count:], size)
        return {name: of_masked[name] + self.clean_weight * of_clean[name] for name in of_masked}

    def photo(self, message):
        """A photo to show; there is no answer."""
        self.photos.append(kept(message["pixels"]))

    def step(self, message):
        step = message["step"]
        # By the step alone, so that a training that was stopped goes on to the same numbers.
        torch.manual_seed(self.seed * 1_000_003 + step)
        self.gradient.zero_()
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
