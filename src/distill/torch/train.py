"""The torch engine of `distill`: network, loss and optimiser of a training.

Everything else is the caller's (trainer.ts): it reads and writes the files, draws the samples and says when to validate.
It listens on a socket; every process of this file connects to it, is set up once, and then answers message by message
(channel.py). Needs only torch, 1.13 or later. Under torchrun the processes share every batch (DistributedDataParallel,
gloo).
"""

import math
import sys

from channel import serve

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn

EPSILON = 1e-6  # of layer norms, unless the network says another


# The network. Maps are NCHW to torch but lie in memory channels last, so that linear layers need no copies.


def layer_norm(w, name, x):
    """Over the last dimension."""
    epsilon = w.get("epsilon", EPSILON)
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], epsilon)


def norm_channels(w, name, x):
    return layer_norm(w, name, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def linear(w, name, x):
    """Weights of a linear layer may be those of a 1x1 convolution."""
    return F.linear(x, w[name + ".weight"].flatten(1), w.get(name + ".bias"))


def patches(w, name, x):
    """A convolution whose patches do not overlap."""
    weight = w[name + ".weight"]
    return F.conv2d(x, weight, w[name + ".bias"], stride=weight.shape[-1])


def depthwise(w, name, x):
    weight = w[name + ".weight"]
    padding, channels = weight.shape[-1] // 2, weight.shape[0]
    return F.conv2d(x, weight, w[name + ".bias"], padding=padding, groups=channels)


def mlp(w, name, x):
    return linear(w, name + ".fc2", F.gelu(linear(w, name + ".fc1", x)))


def conv_block(w, name, x):
    y = depthwise(w, name + ".conv_dw", x).permute(0, 2, 3, 1)
    return x + mlp(w, name + ".mlp", layer_norm(w, name + ".norm", y)).permute(0, 3, 1, 2)


def cross_covariance_attention(w, name, x):
    """Channels attend to channels: [batch, places, channels] to the same."""
    batch, places, channels = x.shape
    temperature = w[name + ".temperature"]
    heads = temperature.numel()
    qkv = linear(w, name + ".qkv", x).view(batch, places, 3, heads, channels // heads)
    q, k, v = qkv.permute(2, 0, 3, 4, 1)
    scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
    seen = (scores * temperature.view(heads, 1, 1)).softmax(-1) @ v
    return linear(w, name + ".proj", seen.permute(0, 3, 1, 2).reshape(batch, places, channels))


def split_transpose_block(w, name, x, convolutions):
    parts = x.chunk(convolutions + 1, 1)
    done = []
    for i in range(convolutions):
        part = parts[i] if i == 0 else parts[i] + done[-1]
        done.append(depthwise(w, f"{name}.convs.{i}", part))
    y = torch.cat([*done, parts[-1]], 1)
    if name + ".pos_embd" in w:
        y = y + w[name + ".pos_embd"]
    batch, channels, rows, columns = x.shape
    y = y.permute(0, 2, 3, 1).reshape(batch, rows * columns, channels)
    y = y + cross_covariance_attention(w, name + ".xca", layer_norm(w, name + ".norm_xca", y))
    y = mlp(w, name + ".mlp", layer_norm(w, name + ".norm", y))
    return x + y.view(batch, rows, columns, channels).permute(0, 3, 1, 2)


def count(w, pattern):
    """How many there are of something that is numbered from 0; `pattern` has a {} for the number."""
    number = 0
    while any(name.startswith(pattern.format(number)) for name in w):
        number += 1
    return number


def architecture(w):
    """By stage: for each block the number of its convolutions before the attention, 0 for a block without attention."""
    return [
        [
            count(w, f"stages.{stage}.blocks.{block}.convs.{{}}.")
            for block in range(count(w, f"stages.{stage}.blocks.{{}}."))
        ]
        for stage in range(count(w, "stages.{}."))
    ]


def edgenext(w, stages, x):
    """Crops [n, 112, 112, 3] of 0..255 to embeddings [n, size], not normalised."""
    x = ((x - 127.5) / 127.5).permute(0, 3, 1, 2)
    x = norm_channels(w, "stem.1", patches(w, "stem.0", x))
    for stage, blocks in enumerate(stages):
        name = f"stages.{stage}.downsample"
        if name + ".1.weight" in w:
            x = patches(w, name + ".1", norm_channels(w, name + ".0", x))
        for block, convolutions in enumerate(blocks):
            name = f"stages.{stage}.blocks.{block}"
            if convolutions:
                x = split_transpose_block(w, name, x, convolutions)
            else:
                x = conv_block(w, name, x)
    return linear(w, "head.fc", layer_norm(w, "head.norm", x.mean((2, 3))))


# The losses, each a sum over samples; `z` and `targets` are [n, size] of length 1.


def moved(cosines, margins):
    """cos(angle + margin)"""
    cosines = cosines.clamp(-1 + 1e-6, 1 - 1e-6)
    return cosines * torch.cos(margins) - (1 - cosines * cosines).sqrt() * torch.sin(margins)


def elastic_arc(z, centres, labels, margins, scale):
    """Learnt centres, a margin for each sample (arXiv 2109.09416); samples of label -1 take no part."""
    known = labels >= 0
    z, labels, margins = z[known], labels[known].long()[:, None], margins[known][:, None]
    cosines = z @ F.normalize(centres, dim=1, eps=1e-6).t()
    true = cosines.gather(1, labels)
    logits = cosines.scatter(1, labels, moved(true, margins)) * scale
    return F.cross_entropy(logits, labels[:, 0], reduction="sum")


def fixed_centres(z, centres, classes, options):
    """Centres that do not move, one margin; centres that are nearly the true one are left out."""
    classes = classes.long()[:, None]
    cosines = z @ centres.t()
    with torch.no_grad():
        alike = centres[classes[:, 0]] @ centres.t() > options["alike"]
    true = moved(cosines.gather(1, classes), torch.full_like(z[:, :1], options["margin"]))
    # The true one is alike too: it comes back with its margin.
    logits = cosines.masked_fill(alike, -math.inf).scatter(1, classes, true)
    return F.cross_entropy(logits / options["temperature"], classes[:, 0], reduction="sum")


def relational(z, targets):
    """The similarities within the batch against the teacher's; of the whole batch, not a sum over samples."""
    return (z @ z.t() - targets @ targets.t()).square().mean()


def gathered(x):
    """The rows of all processes; gradients go to those of this one."""
    if not dist.is_initialized():
        return x
    rows = [torch.empty_like(x) for _ in range(dist.get_world_size())]
    dist.all_gather(rows, x.detach().contiguous())
    rows[dist.get_rank()] = x
    return torch.cat(rows)


class Student(nn.Module):
    """The network with its loss; all numbers are views of one flat array, as checkpoints have them."""

    def __init__(self, setup, device):
        super().__init__()
        dtype = torch.float64 if setup.get("double") else torch.float32
        self.options, self.batch = setup["loss"], setup["batch"]
        self.flat = setup["parameters"].to(device, dtype)
        self.gradient = torch.zeros_like(self.flat)
        self.slots = setup["slots"]
        self.weights = {}
        for i, slot in enumerate(self.slots):
            start, end = slot["start"], slot["start"] + slot["length"]
            parameter = nn.Parameter(self.flat[start:end].view(slot["shape"]))
            parameter.grad = self.gradient[start:end].view(slot["shape"])
            # Names of modules must not have dots.
            self.register_parameter(f"slot{i}", parameter)
            self.weights[slot["name"]] = parameter
        for name in setup["constants"]:
            self.weights[name] = setup[name].to(device, dtype)
        self.weights["epsilon"] = setup["epsilon"]
        self.centres = setup["table"].to(device, dtype) if "table" in setup else None
        self.stages = architecture(self.weights)
        self.device, self.dtype = device, dtype

    def templates(self, pixels, weights=None):
        x = pixels.to(self.device).to(self.dtype)
        return F.normalize(edgenext(weights or self.weights, self.stages, x), dim=1, eps=1e-6)

    def forward(self, message):
        """The parts of the loss, this process's share of each; "total" is what is minimised."""
        z = self.templates(message["pixels"])
        targets = message["targets"].to(self.device, self.dtype)
        options, shares = self.options, {}
        shares["templates"] = (z - targets).square().sum() / z.shape[1] / self.batch
        total = options["templates"] * shares["templates"]
        if "kd" in options:
            shares["kd"] = (1 - (z * targets).sum(1)).sum() / self.batch
            total = total + options["kd"] * shares["kd"]
        if options["classes"] > 0:
            margins = message["margins"].to(self.device, self.dtype)
            labels, centres = message["labels"].to(self.device), self.weights["centres"]
            loss = elastic_arc(z, centres, labels, margins, options["scale"])
            shares["classes"] = loss / self.batch
            total = total + options["classes"] * shares["classes"]
        elif "centres" in self.weights:
            # Every number needs a gradient, or processes wait for it.
            total = total + 0 * self.weights["centres"].sum()
        if self.centres is not None:
            classes = message["classes"].to(self.device)
            loss = fixed_centres(z, self.centres, classes, options["centres"])
            shares["centres"] = loss / self.batch
            total = total + options["centres"]["weight"] * shares["centres"]
        if "relational" in options:
            processes = dist.get_world_size() if dist.is_initialized() else 1
            loss = relational(gathered(z), gathered(targets))
            shares["relational"] = loss / processes
            # Each process computes the gradient of the whole loss by its own samples alone.
            total = total + options["relational"]["weight"] * loss
            shares["total"] = total - options["relational"]["weight"] * loss * (1 - 1 / processes)
        else:
            shares["total"] = total
        return total, shares


class Optimizer:
    """SGD with momentum or AdamW on the flat array; the same numbers as optimizer.ts."""

    def __init__(self, student, setup):
        self.options, self.student = setup["optimizer"], student
        self.state = [setup[f"optimizer{i}"].to(student.flat) for i in range(setup["states"])]
        # Of each number: its decay, and its share of the learning rate.
        self.decay, self.rates = torch.zeros_like(student.flat), torch.ones_like(student.flat)
        for slot in student.slots:
            part = slice(slot["start"], slot["start"] + slot["length"])
            self.decay[part], self.rates[part] = slot["decay"], slot["rate"]

    def move(self, rate, step):
        """One step; returns the length of the gradient before it was clipped."""
        options, parameters, gradient = self.options, self.student.flat, self.student.gradient
        length = float(gradient.norm())
        if length > options["clip"]:
            gradient.mul_(options["clip"] / length)
        if options["kind"] == "sgd":
            (moves,) = self.state
            moves.mul_(options["momentum"]).add_(gradient).addcmul_(self.decay, parameters)
            parameters.addcmul_(moves, self.rates, value=-rate)
            return length
        first, second = self.state
        first.lerp_(gradient, 0.1)
        second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        fix1, fix2 = 1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1)
        move = (second / fix2).sqrt_().add_(1e-8).reciprocal_().mul_(first).div_(fix1)
        move.addcmul_(self.decay, parameters)
        if options.get("relative"):
            for slot in self.student.slots:
                part = slice(slot["start"], slot["start"] + slot["length"])
                move[part] *= max(1e-3, float(parameters[part].square().mean().sqrt()))
        parameters.addcmul_(move, self.rates, value=-rate)
        return length


class Training:
    """What the caller asks for, message by message."""

    ANSWERS = ("step", "gradient", "state", "embed")

    def __init__(self, channel, setup, device):
        self.channel, self.student = channel, Student(setup, device)
        self.optimizer = Optimizer(self.student, setup)
        self.mean, self.keep = setup["mean"].to(self.student.flat), setup["average"]
        self.model, self.processes = self.student, 1
        if dist.is_initialized():
            self.model = nn.parallel.DistributedDataParallel(self.student)
            self.processes = dist.get_world_size()

    def backward(self, message):
        self.student.gradient.zero_()
        total, shares = self.model(message)
        # Processes average their gradients, but the loss is a sum over all of their samples.
        (total * self.processes).backward()
        return {name: float(share.detach()) for name, share in shares.items()}

    def step(self, message):
        shares = self.backward(message)
        with torch.no_grad():
            step = message["step"]
            length = self.optimizer.move(message["rate"], step)
            share = 1 - min(self.keep, (1 + step) / (10 + step))
            self.mean.lerp_(self.student.flat, share)
        self.channel.write({"kind": "step", "step": step, "losses": shares, "gradient": length})

    def gradient(self, message):
        shares = self.backward(message)
        self.channel.write({"kind": "gradient", "losses": shares}, gradient=self.student.gradient)

    def state(self, _message):
        state = {f"optimizer{i}": array for i, array in enumerate(self.optimizer.state)}
        arrays = {"parameters": self.student.flat, "mean": self.mean, **state}
        self.channel.write({"kind": "state"}, **arrays)

    @torch.no_grad()
    def embed(self, message):
        """Templates by the running mean of the weights."""
        weights = dict(self.student.weights)
        for slot in self.student.slots:
            part = self.mean[slot["start"] : slot["start"] + slot["length"]]
            weights[slot["name"]] = part.view(slot["shape"])
        parts = [self.student.templates(part, weights) for part in message["pixels"].split(64)]
        self.channel.write({"kind": "embed"}, templates=torch.cat(parts))


if __name__ == "__main__":
    serve(Training)
    sys.exit(0)
