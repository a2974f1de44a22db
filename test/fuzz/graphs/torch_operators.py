"""ONNX's operators in PyTorch, as ONNX's documentation says, for tensors of any floating type."""
import math

import torch
from torch.nn import functional


def windows(x, kernel, strides, dilations, counts):
    """[N, C, *counts, taps] of a padded image."""
    rank = len(kernel)
    for i in range(rank):
        axis = 2 + i
        starts = torch.arange(counts[i]) * strides[i]
        taps = torch.arange(kernel[i]) * dilations[i]
        index = (starts[:, None] + taps[None, :]).reshape(-1)
        x = x.index_select(axis, index)
        shape = list(x.shape)
        x = x.reshape(shape[:axis] + [counts[i], kernel[i]] + shape[axis + 1 :]).movedim(axis + 1, -1)
    return x.flatten(-rank)


class Geometry:
    """Kernel, strides, dilations, padding, and how many windows there are."""

    def __init__(self, x, kernel, a):
        sizes = list(x.shape[2:])
        rank = len(sizes)
        self.kernel = list(kernel)
        self.strides = a.get("strides", [1] * rank)
        self.dilations = a.get("dilations", [1] * rank)
        pads = a.get("pads", [0] * 2 * rank)
        self.before, self.after = list(pads[:rank]), list(pads[rank:])
        reach = [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations)]
        automatic = a.get("auto_pad", "NOTSET")
        if automatic.startswith("SAME"):
            self.counts = [-(-n // s) for n, s in zip(sizes, self.strides)]
            total = [max(0, (c - 1) * s + r - n) for c, s, r, n in zip(self.counts, self.strides, reach, sizes)]
            small, large = [t // 2 for t in total], [t - t // 2 for t in total]
            self.before, self.after = (small, large) if automatic == "SAME_UPPER" else (large, small)
            return
        room = [n + b + e - r for n, b, e, r in zip(sizes, self.before, self.after, reach)]
        up = a.get("ceil_mode", 0)
        self.counts = [(-(-r // s) if up else r // s) + 1 for r, s in zip(room, self.strides)]
        if up:
            self.counts = [
                c - 1 if (c - 1) * s >= n + b else c
                for c, s, n, b in zip(self.counts, self.strides, sizes, self.before)
            ]
        # What the last windows reach beyond the padding.
        self.beyond = [
            max(0, (c - 1) * s + r - (n + b + e))
            for c, s, r, n, b, e in zip(self.counts, self.strides, reach, sizes, self.before, self.after)
        ]

    def padded(self, x, value, beyond=False):
        after = [e + o for e, o in zip(self.after, self.beyond)] if beyond else self.after
        flat = [amount for pair in reversed(list(zip(self.before, after))) for amount in pair]
        return functional.pad(x, flat, value=value)

    beyond = ()


def conv(x, weight, bias, a):
    geometry = Geometry(x, weight.shape[2:], a)
    apply = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[x.dim() - 2]
    padded = geometry.padded(x, 0.0)
    return apply(padded, weight, bias, geometry.strides, 0, geometry.dilations, a.get("group", 1))


def conv_transpose(x, weight, bias, a):
    """Every input element adds its kernel to the output, which is cut by the padding."""
    rank = x.dim() - 2
    kernel = list(weight.shape[2:])
    strides, dilations = a.get("strides", [1] * rank), a.get("dilations", [1] * rank)
    pads, extra = a.get("pads", [0] * 2 * rank), a.get("output_padding", [0] * rank)
    groups = a.get("group", 1)
    apply = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d}[rank]
    full = apply(x, weight, bias, strides, 0, 0, groups, dilations)
    sizes = [
        s * (n - 1) + e + d * (k - 1) + 1 - b - f
        for s, n, e, d, k, b, f in zip(strides, x.shape[2:], extra, dilations, kernel, pads[:rank], pads[rank:])
    ]
    # Beyond the full output there is the bias alone.
    for i in range(rank):
        missing = pads[i] + sizes[i] - full.shape[2 + i]
        if missing > 0:
            shape = list(full.shape)
            shape[2 + i] = missing
            filler = torch.zeros(shape, dtype=x.dtype)
            if bias is not None:
                filler = filler + bias.reshape([1, -1] + [1] * rank)
            full = torch.cat([full, filler], 2 + i)
        full = full.narrow(2 + i, pads[i], sizes[i])
    return full


def max_pool(x, a):
    geometry = Geometry(x, a["kernel_shape"], a)
    padded = geometry.padded(x, -math.inf, beyond=bool(geometry.beyond))
    return windows(padded, geometry.kernel, geometry.strides, geometry.dilations, geometry.counts).max(-1).values


def average_pool(x, a):
    geometry = Geometry(x, a["kernel_shape"], a)
    whole = bool(geometry.beyond)

    def sums(image):
        return windows(image, geometry.kernel, geometry.strides, geometry.dilations, geometry.counts).sum(-1)

    ones = torch.ones_like(x)
    counted = geometry.padded(ones, 1.0 if a.get("count_include_pad", 0) else 0.0)
    if whole:
        flat = [amount for o in reversed(geometry.beyond) for amount in (0, o)]
        counted = functional.pad(counted, flat)
    return sums(geometry.padded(x, 0.0, beyond=whole)) / sums(counted)


def pool_like(x, reduce):
    axes = tuple(range(2, x.dim()))
    return reduce(x, axes)


def batch_normalization(x, scale, bias, mean, variance, a):
    shape = [1, -1] + [1] * (x.dim() - 2)
    scale, bias, mean, variance = (t.reshape(shape) for t in (scale, bias, mean, variance))
    return (x - mean) / torch.sqrt(variance + a.get("epsilon", EPSILON)) * scale + bias


EPSILON = 1e-5


def standardise(x, axes, epsilon):
    mean = x.mean(axes, keepdim=True)
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean(axes, keepdim=True) + epsilon)


def layer_normalization(x, scale, bias, a):
    axis = a.get("axis", -1) % x.dim()
    y = standardise(x, tuple(range(axis, x.dim())), a.get("epsilon", EPSILON)) * scale
    return y if bias is None else y + bias


def rms_normalization(x, scale, a):
    axis = a.get("axis", -1) % x.dim()
    axes = tuple(range(axis, x.dim()))
    return x / torch.sqrt((x * x).mean(axes, keepdim=True) + a.get("epsilon", EPSILON)) * scale


def instance_normalization(x, scale, bias, a):
    shape = [1, -1] + [1] * (x.dim() - 2)
    y = standardise(x, tuple(range(2, x.dim())), a.get("epsilon", EPSILON))
    return y * scale.reshape(shape) + bias.reshape(shape)


def group_normalization(x, scale, bias, a):
    shape = [1, -1] + [1] * (x.dim() - 2)
    grouped = x.reshape(x.shape[0], a["num_groups"], -1)
    y = standardise(grouped, (2,), a.get("epsilon", EPSILON)).reshape(x.shape)
    return y * scale.reshape(shape) + bias.reshape(shape)


def mean_variance(x, a):
    axes = tuple(a.get("axes", [0, 2, 3]))
    mean = x.mean(axes, keepdim=True)
    deviation = torch.sqrt((x * x).mean(axes, keepdim=True) - mean * mean)
    return (x - mean) / (deviation + 1e-9)


def gelu(x, a):
    return functional.gelu(x, approximate=a.get("approximate", "none"))


def attention(q, k, v, mask, a):
    three = q.dim() == 3

    def by_head(x, heads):
        return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2) if three else x

    q, k, v = by_head(q, a.get("q_num_heads", 1)), by_head(k, a.get("kv_num_heads", 1)), by_head(v, a.get("kv_num_heads", 1))
    repeats = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
    scores = q @ k.transpose(-1, -2) * a.get("scale", 1 / math.sqrt(q.shape[-1]))
    # Capped, then masked, as onnxruntime 1.30 has it.
    cap = a.get("softcap", 0.0)
    if cap:
        scores = cap * torch.tanh(scores / cap)
    if mask is not None:
        scores = scores + mask
    if a.get("is_causal", 0):
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        scores = scores.masked_fill(~seen, -math.inf)
    y = torch.softmax(scores, -1) @ v
    return y.transpose(1, 2).reshape(y.shape[0], y.shape[2], -1) if three else y


def softmax(x, a, opset, log):
    apply = torch.log_softmax if log else torch.softmax
    if opset >= 13:
        return apply(x, a.get("axis", -1))
    rows = x.reshape(math.prod(x.shape[: a.get("axis", 1)]), -1)
    return apply(rows, -1).reshape(x.shape)


def cumulative_sum(x, axis, a):
    axis = int(axis) % x.dim()
    if a.get("reverse", 0):
        x = x.flip(axis)
    y = x.cumsum(axis)
    if a.get("exclusive", 0):
        y = y - x
    return y.flip(axis) if a.get("reverse", 0) else y


def reduce(x, axes, keep, function):
    axes = tuple(axis % x.dim() for axis in axes) or tuple(range(x.dim()))
    y = function(x, axes)
    if keep:
        return y
    return y.reshape([size for i, size in enumerate(x.shape) if i not in axes])


REDUCTIONS = {
    "ReduceSum": lambda x, axes: x.sum(axes, keepdim=True),
    "ReduceMean": lambda x, axes: x.mean(axes, keepdim=True),
    "ReduceMax": lambda x, axes: x.amax(axes, keepdim=True),
    "ReduceMin": lambda x, axes: x.amin(axes, keepdim=True),
    "ReduceL1": lambda x, axes: x.abs().sum(axes, keepdim=True),
    "ReduceL2": lambda x, axes: (x * x).sum(axes, keepdim=True).sqrt(),
    "ReduceSumSquare": lambda x, axes: (x * x).sum(axes, keepdim=True),
    "ReduceLogSum": lambda x, axes: x.sum(axes, keepdim=True).log(),
    "ReduceLogSumExp": lambda x, axes: torch.logsumexp(x, axes, keepdim=True),
}


def slice_of(x, starts, ends, axes, steps):
    for start, end, axis, step in zip(starts, ends, axes, steps):
        # Python's slices know the same conventions, but not a step backwards in PyTorch.
        index = torch.tensor(list(range(x.shape[axis]))[slice(start, None if step < 0 and end < -x.shape[axis] else end, step)])
        x = x.index_select(axis, index)
    return x


def pad(x, pads, value):
    rank = x.dim()
    flat = [amount for i in reversed(range(rank)) for amount in (pads[i], pads[rank + i])]
    return functional.pad(x, flat, value=value)


def gather(x, indices, axis):
    axis %= x.dim()
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    taken = x.index_select(axis, indices.reshape(-1))
    return taken.reshape(list(x.shape[:axis]) + list(indices.shape) + list(x.shape[axis + 1 :]))


def depth_to_space(x, a):
    n, c, h, w = x.shape
    s = a["blocksize"]
    if a.get("mode", "DCR") == "CRD":
        return x.reshape(n, c // s**2, s, s, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, c // s**2, h * s, w * s)
    return x.reshape(n, s, s, c // s**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // s**2, h * s, w * s)


def space_to_depth(x, a):
    n, c, h, w = x.shape
    s = a["blocksize"]
    return x.reshape(n, c, h // s, s, w // s, s).permute(0, 3, 5, 1, 2, 4).reshape(n, c * s * s, h // s, w // s)
