"""Writes checkpoints of the networks that `convert` knows, with inputs and torch's own outputs beside them.

    python3 make_checkpoints.py folder '[{"file": "a.pth", "network": "iresnet18", ...}]'

The networks are written here from their published structure and names; weights are random, with batch norms' statistics
measured on a forward pass, as after training. For each job: `file` (the checkpoint), `file`.in and `file`.out (float32); with `onnx`, `file`.onnx as torch exports it.
"""
import collections, json, struct, sys
import torch
from torch import nn

F = torch.nn.functional
STAGES = {"18": [2, 2, 2, 2], "34": [3, 4, 6, 3], "50": [3, 4, 14, 3], "100": [3, 13, 30, 3]}


class Squeeze(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Conv2d(width, width // 16, 1, bias=False)
        self.fc2 = nn.Conv2d(width // 16, width, 1, bias=False)

    def forward(self, x):
        means = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(means))))


class Block(nn.Module):
    def __init__(self, before, width, stride, epsilon, squeeze):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before, epsilon)
        self.conv1 = nn.Conv2d(before, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width, epsilon)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width, epsilon)
        if squeeze:
            self.se_block = Squeeze(width)
        if stride > 1:
            shortcut = nn.Conv2d(before, width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(width, epsilon))

    def forward(self, x):
        y = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        y = self.bn3(self.conv2(y))
        if hasattr(self, "se_block"):
            y = self.se_block(y)
        return y + (self.downsample(x) if hasattr(self, "downsample") else x)


class IResNet(nn.Module):
    def __init__(self, stages, numbers, epsilon=1e-5, squeeze=False):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64, epsilon)
        self.prelu = nn.PReLU(64)
        before = 64
        for i, (count, width) in enumerate(zip(stages, [64, 128, 256, 512])):
            blocks = [Block(before if j == 0 else width, width, 2 if j == 0 else 1, epsilon, squeeze) for j in range(count)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            before = width
        self.bn2 = nn.BatchNorm2d(512, epsilon)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(512 * 49, numbers)
        self.features = nn.BatchNorm1d(numbers, epsilon)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.features(self.fc(self.dropout(torch.flatten(self.bn2(x), 1))))


class Layers(nn.Module):
    """What calls its children `layers`; a residual one adds its input."""

    def __init__(self, *children, residual=False):
        super().__init__()
        self.layers = nn.Sequential(*children)
        self.residual = residual

    def forward(self, x):
        return self.layers(x) + x if self.residual else self.layers(x)


def convolution(inputs, outputs, size=1, stride=1, groups=1, active=True, pad=None):
    pad = size // 2 if pad is None else pad
    parts = [nn.Conv2d(inputs, outputs, size, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return Layers(*parts, *([nn.PReLU(outputs)] if active else []))


def depthwise(inputs, outputs, groups, stride=1, residual=False):
    return Layers(
        convolution(inputs, groups),
        convolution(groups, groups, 3, stride, groups),
        convolution(groups, outputs, active=False),
        residual=residual,
    )


def row(width, count, groups):
    return Layers(*(depthwise(width, width, groups, residual=True) for _ in range(count)))


class MobileFaceNet(nn.Module):
    def __init__(self, blocks, scale, numbers):
        super().__init__()
        a, b = 64 * scale, 128 * scale
        self.layers = nn.ModuleList([
            convolution(3, a, 3, 2),
            convolution(a, a, 3, 1, 64) if blocks[0] == 1 else row(a, blocks[0], 128),
            depthwise(a, a, 128, 2),
            row(a, blocks[1], 128),
            depthwise(a, b, 256, 2),
            row(b, blocks[2], 256),
            depthwise(b, b, 512, 2),
            row(b, blocks[3], 256),
        ])
        self.conv_sep = convolution(b, 512)
        last = convolution(512, 512, 7, groups=512, active=False, pad=0)
        self.features = Layers(last, nn.Flatten(), nn.Linear(512, numbers, bias=False), nn.BatchNorm1d(numbers))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.features(self.conv_sep(x))


class LowRank(nn.Module):
    """EdgeFace's pair of Linear layers."""

    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        rank = max(2, int(0.5 * min(inputs, outputs)))
        self.linear1 = nn.Linear(inputs, rank, bias=False)
        self.linear2 = nn.Linear(rank, outputs, bias=bias)

    def forward(self, x):
        return self.linear2(self.linear1(x))


class ChannelNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Perceptron(nn.Module):
    def __init__(self, width, linear):
        super().__init__()
        self.fc1 = linear(width, 4 * width)
        self.fc2 = linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class EdgeConvolution(nn.Module):
    def __init__(self, width, kernel, linear):
        super().__init__()
        self.conv_dw = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width, 1e-6)
        self.mlp = Perceptron(width, linear)
        self.gamma = nn.Parameter(torch.randn(width))

    def forward(self, x):
        y = self.gamma * self.mlp(self.norm(self.conv_dw(x).permute(0, 2, 3, 1)))
        return x + y.permute(0, 3, 1, 2)


class Position(nn.Module):
    def __init__(self, width, half=32):
        super().__init__()
        self.half = half
        self.token_projection = nn.Conv2d(2 * half, width, 1)

    def forward(self, size):
        at = torch.arange(1, size + 1, dtype=torch.float32) / (size + 1e-6) * 2 * torch.pi
        angle = at[:, None] / 10000 ** (2 * (torch.arange(self.half) // 2) / self.half)
        wave = torch.where(torch.arange(self.half) % 2 == 0, angle.sin(), angle.cos()).T
        rows = wave[:, :, None].expand(-1, -1, size)
        columns = wave[:, None, :].expand(-1, size, -1)
        return self.token_projection(torch.cat([rows, columns])[None])


class CrossCovariance(nn.Module):
    def __init__(self, width, heads, linear):
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.rand(heads, 1, 1) * 3 + 0.5)
        self.qkv = linear(width, 3 * width)
        self.proj = linear(width, width)

    def forward(self, x):
        n, places, width = x.shape
        q, k, v = self.qkv(x).transpose(1, 2).reshape(n, 3, self.heads, -1, places).unbind(1)
        share = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(2, 3) * self.temperature
        mixed = (share.softmax(-1) @ v).reshape(n, width, places).transpose(1, 2)
        return self.proj(mixed)


class EdgeAttention(nn.Module):
    def __init__(self, width, scales, heads, positions, linear):
        super().__init__()
        part = -(-width // scales)
        self.convs = nn.ModuleList(nn.Conv2d(part, part, 3, padding=1, groups=part) for _ in range(scales - 1))
        self.pos_embd = Position(width) if positions else None
        self.norm_xca = nn.LayerNorm(width, 1e-6)
        self.gamma_xca = nn.Parameter(torch.randn(width))
        self.xca = CrossCovariance(width, heads, linear)
        self.norm = nn.LayerNorm(width, 1e-6)
        self.mlp = Perceptron(width, linear)
        self.gamma = nn.Parameter(torch.randn(width))

    def forward(self, x):
        parts, done = x.chunk(len(self.convs) + 1, 1), []
        for i, conv in enumerate(self.convs):
            done.append(conv(parts[i] + done[-1] if done else parts[i]))
        y = torch.cat([*done, parts[-1]], 1)
        if self.pos_embd is not None:
            y = y + self.pos_embd(y.shape[-1])
        y = y.permute(0, 2, 3, 1)
        flat = y.flatten(1, 2)
        y = y + (self.gamma_xca * self.xca(self.norm_xca(flat))).reshape(y.shape)
        return x + (self.gamma * self.mlp(self.norm(y))).permute(0, 3, 1, 2)


class EdgeStage(nn.Module):
    def __init__(self, before, width, blocks):
        super().__init__()
        if before:
            self.downsample = nn.Sequential(ChannelNorm(before, 1e-6), nn.Conv2d(before, width, 2, 2))
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x):
        return self.blocks(self.downsample(x) if hasattr(self, "downsample") else x)


class EdgeNeXt(nn.Module):
    """Widths that no number of scales or heads was chosen for: parts of unequal size, a rest in every loop."""

    def __init__(self, numbers, linear=nn.Linear, widths=(6, 10, 14, 18), heads=2):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0], 1e-6))
        stages = []
        for i, width in enumerate(widths):
            blocks = [EdgeConvolution(width, 3 + 2 * i, linear)]
            if i > 0:
                blocks.append(EdgeAttention(width, (0, 2, 3, 4)[i], heads, i == 1, linear))
            stages.append(EdgeStage(widths[i - 1] if i else 0, width, blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(collections.OrderedDict(
            pool=nn.AdaptiveAvgPool2d(1), norm=ChannelNorm(widths[-1], 1e-6), flat=nn.Flatten(), fc=nn.Linear(widths[-1], numbers)))

    def forward(self, x):
        return F.normalize(self.head(self.stages(self.stem(x))))


def make(network, numbers):
    if network.startswith("edgenext"):
        net = EdgeNeXt(numbers, LowRank if "low-rank" in network else nn.Linear)
        # As in the published XS network, the queries of a whole head are zero: rows without a length.
        qkv = net.stages[3].blocks[1].xca.qkv
        last = qkv.linear2 if "low-rank" in network else qkv
        with torch.no_grad():
            last.weight[:9] = 0
            last.bias[:9] = 0
        return net
    if network == "mbf":
        return MobileFaceNet((1, 4, 6, 2), 2, numbers)
    if network == "mbf_large":
        return MobileFaceNet((2, 8, 12, 4), 4, numbers)
    depth, _, kind = network[len("iresnet"):].partition("-")
    return IResNet(STAGES[depth], numbers, 2e-5 if kind == "mag" else 1e-5, kind == "se")


def settle(net):
    """Random weights as after training: no two channels alike, statistics of what really comes."""
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            module.momentum = None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
        elif isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, -0.1, 0.5)
        elif isinstance(module, nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
        elif isinstance(module, nn.Conv2d):
            # Some channels hardly move, as in real checkpoints: there the batch norms' epsilon counts.
            with torch.no_grad():
                module.weight[::7] *= 1e-2
    net.train()
    with torch.no_grad():
        net(torch.rand(4, 3, 112, 112) * 2 - 1)
    net.eval()


def wrapped(state, job):
    state = collections.OrderedDict((job.get("prefix", "") + k, v) for k, v in state.items())
    if job.get("strided"):
        # Weights as slices and transposes of larger storages.
        for k, v in state.items():
            if v.dim() == 4:
                state[k] = v.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)
            elif v.dim() == 1:
                state[k] = torch.stack([v, -v], 1)[:, 0]
    for step in reversed(job.get("wrap", [])):
        state = {"epoch": 3, step: state, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]}}
    return state


def quantized(net, scheme):
    """The state as torch's dynamic quantisation of Linear layers has it; the network gets the numbers that it stands for.

    Made by hand, as Debian's torch has no engine that runs quantised layers.
    """
    state = net.state_dict()
    for name, module in net.named_modules():
        if not isinstance(module, nn.Linear):
            continue
        weight = state.pop(f"{name}.weight")
        if scheme == "per_channel":
            scales = (weight.abs().amax(1) / 127).clamp_min(1e-6).double()
            points = torch.arange(len(scales)) % 3 - 1
            packed = torch.quantize_per_channel(weight, scales, points, 0, torch.qint8)
        else:
            packed = torch.quantize_per_tensor(weight, float(weight.abs().max()) / 127, 3, torch.qint8)
        bias = state.pop(f"{name}.bias", None)
        state[f"{name}.scale"], state[f"{name}.zero_point"] = torch.tensor(1.0), torch.tensor(0)
        state[f"{name}._packed_params.dtype"] = torch.qint8
        state[f"{name}._packed_params._packed_params"] = (packed, bias)
        module.weight.data = packed.dequantize()
    return state


def mxnet_name(name):
    """arcface_torch's name as insightface's MXNet networks have it."""
    layer, end = name.rsplit(".", 1)
    top = {"conv1": "conv0", "bn1": "bn0", "prelu": "relu0", "bn2": "bn1", "fc": "pre_fc1", "features": "fc1"}
    parts = {"downsample.0": "conv1sc", "downsample.1": "sc", "prelu": "relu1"}
    if layer.startswith("layer"):
        stage, unit, part = layer[len("layer"):].split(".", 2)
        layer = f"stage{stage}_unit{int(unit) + 1}_{parts.get(part, part)}"
        is_norm = part.startswith(("bn", "prelu", "downsample.1"))
    else:
        is_norm = layer not in ("conv1", "fc")
        layer = top[layer]
    kind = "aux" if end.startswith("running") else "arg"
    ends = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_var"}
    return f"{kind}:{layer}_{ends[end] if is_norm else end}"


def save_mxnet(state, path):
    """As mx.nd.save does, version 2 of its arrays."""
    state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    with open(path, "wb") as out:
        out.write(struct.pack("<QQQ", 0x112, 0, len(state)))
        for v in state.values():
            out.write(struct.pack(f"<IiI{v.dim()}qiii", 0xF993FAC9, 0, v.dim(), *v.shape, 1, 0, 0))
            out.write(v.numpy().tobytes())
        out.write(struct.pack("<Q", len(state)))
        for name in map(mxnet_name, state):
            out.write(struct.pack("<Q", len(name)) + name.encode())


def run(folder, job):
    torch.manual_seed(job.get("seed", 1))
    net = make(job["network"], job.get("numbers", 512))
    settle(net)
    dtype = getattr(torch, job.get("dtype", "float32"))
    state = {k: v.to(dtype) if v.is_floating_point() else v for k, v in net.state_dict().items()}
    path = f"{folder}/{job['file']}"
    if job.get("quantized"):
        state = quantized(net, job["quantized"])
    if job.get("mxnet"):
        # What the file has as factors of the last batch norm does not count: they were fixed to 1.
        save_mxnet(state, path)
        state["features.weight"] = torch.ones_like(state["features.weight"])
    else:
        torch.save(wrapped(state, job), path, _use_new_zipfile_serialization=not job.get("legacy", False))
    if not job.get("quantized"):
        net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    x = torch.rand(job.get("inputs", 8), 3, 112, 112) * 2 - 1
    with torch.no_grad():
        y = net(x)
    if job.get("onnx"):
        dims = {"input": {0: "N"}}
        torch.onnx.export(net, x, path + ".onnx", input_names=["input"], output_names=["embedding"], dynamic_axes=dims)
    x.numpy().tofile(path + ".in")
    y.numpy().tofile(path + ".out")


if __name__ == "__main__":
    for job in json.loads(sys.argv[2]):
        run(sys.argv[1], job)
