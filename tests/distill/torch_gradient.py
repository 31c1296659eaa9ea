"""Gradients of train.py beside finite differences, in 64 bits: the losses and a network of each kind of block."""

import sys

import torch
from torch.autograd import gradcheck

sys.path.insert(0, sys.argv[1])
import train

torch.manual_seed(1)


def rows(count, size):
    return torch.nn.functional.normalize(torch.randn(count, size, dtype=torch.float64), dim=1)


def leaf(x):
    return x.clone().requires_grad_()


z, targets, centres = leaf(rows(5, 8)), rows(5, 8), rows(9, 8)
labels = torch.tensor([3, 0, -1, 8, 3], dtype=torch.int32)
margins = 0.5 + 0.05 * torch.randn(5, dtype=torch.float64)
options = {"margin": 0.15, "temperature": 0.06, "alike": 0.3}
assert gradcheck(lambda z, c: train.elastic_arc(z, c, labels, margins, 64.0), (z, leaf(centres)))
classes = labels.clamp(min=0)
assert gradcheck(lambda z: train.fixed_centres(z, centres, classes, options), (z,))
assert gradcheck(lambda z: train.relational(z, targets), (z,))

# What the losses are by their definitions.
angle = torch.acos((z @ centres.t()).detach())
kept = labels >= 0
moved = angle.clone()
moved[kept, labels[kept].long()] += margins[kept]
wanted = torch.nn.functional.cross_entropy(
    64 * torch.cos(moved)[kept], labels[kept].long(), reduction="sum"
)
assert torch.allclose(train.elastic_arc(z, centres, labels, margins, 64.0), wanted)
total = 0
for i in range(5):
    true = int(classes[i])
    logits = [torch.cos(angle[i, true] + 0.15)]
    for other in range(9):
        if other != true and centres[other] @ centres[true] <= 0.3:
            logits.append(torch.cos(angle[i, other]))
    total = total - torch.log_softmax(torch.stack(logits) / 0.06, 0)[0]
assert torch.allclose(train.fixed_centres(z, centres, classes, options), total)


def weights(name, *shape):
    return {name: leaf(0.3 * torch.randn(*shape, dtype=torch.float64))}


def layer(name, out, *rest):
    return {**weights(name + ".weight", out, *rest), **weights(name + ".bias", out)}


def end(name):
    return {**layer(name + ".norm", 8), **layer(name + ".mlp.fc1", 16, 8), **layer(name + ".mlp.fc2", 8, 16)}


w = {
    **layer("stem.0", 8, 3, 28, 28),
    **layer("stem.1", 8),
    **layer("stages.0.blocks.0.conv_dw", 8, 1, 3, 3),
    **end("stages.0.blocks.0"),
    **layer("stages.0.blocks.1.convs.0", 3, 1, 3, 3),
    **layer("stages.0.blocks.1.convs.1", 3, 1, 3, 3),
    **weights("stages.0.blocks.1.pos_embd", 1, 8, 4, 4),
    **layer("stages.0.blocks.1.norm_xca", 8),
    **weights("stages.0.blocks.1.xca.temperature", 2, 1, 1),
    **layer("stages.0.blocks.1.xca.qkv", 24, 8),
    **layer("stages.0.blocks.1.xca.proj", 8, 8),
    **end("stages.0.blocks.1"),
    **layer("stages.1.downsample.0", 8),
    **layer("stages.1.downsample.1", 8, 8, 2, 2),
    **layer("stages.1.blocks.0.conv_dw", 8, 1, 3, 3),
    **end("stages.1.blocks.0"),
    **layer("head.norm", 8),
    **layer("head.fc", 5, 8),
}
for name in w:
    # Norms and the temperature near 1.
    if name.endswith("temperature") or w[name].dim() == 1 and name.endswith("weight"):
        w[name] = leaf(w[name].detach() + 1)
stages = train.architecture(w)
assert stages == [[0, 2], [0]], stages
pixels = torch.randint(0, 256, (2, 112, 112, 3)).double()
names = [name for name in w if name != "stem.0.weight"]


def network(*values):
    return train.edgenext({**w, **dict(zip(names, values))}, stages, pixels)


assert gradcheck(network, [w[name] for name in names], fast_mode=True)
assert gradcheck(
    lambda value: train.edgenext({**w, "stem.0.weight": value}, stages, pixels),
    [w["stem.0.weight"]],
    fast_mode=True,
)
