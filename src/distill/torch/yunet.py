"""YuNet as torch computes it: from pictures to maps, and what cells of the maps say."""

import torch
import torch.nn.functional as F

STRIDES = (8, 16, 32)  # pixels of a picture per cell of each map
MIRRORED = [1, 0, 2, 4, 3]  # the five points of a mirror image


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
