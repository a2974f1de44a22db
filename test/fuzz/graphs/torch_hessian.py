"""The oracle of the graphs: reads one graph a line from standard input, differentiates it twice with PyTorch in float64
and writes one line for it. It shares nothing with what it checks but ONNX's documentation."""
import json
import math
import sys

import torch
from torch.nn import functional

import torch_operators as o

torch.set_num_threads(1)

UNARY = {
    "Relu": torch.relu,
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
    "Softplus": lambda x: torch.log1p(torch.exp(-x.abs())) + torch.relu(x),
    "Erf": torch.erf,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Abs": torch.abs,
    "Neg": torch.neg,
    "Softsign": lambda x: x / (1 + x.abs()),
    "Identity": lambda x: x,
    "Dropout": lambda x: x,
    "Exp": torch.exp,
    "Sinh": torch.sinh,
    "Cosh": torch.cosh,
    "Tan": torch.tan,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Reciprocal": torch.reciprocal,
    "HardSwish": functional.hardswish,
    "Mish": functional.mish,
}
SIMPLE = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
    "MatMul": torch.matmul,
    "Greater": torch.gt,
    "Less": torch.lt,
    "GreaterOrEqual": torch.ge,
    "LessOrEqual": torch.le,
    "And": torch.logical_and,
    "Or": torch.logical_or,
    "Not": torch.logical_not,
    "Where": torch.where,
    # Of a number PyTorch knows that the power 0 does not move; of a tensor it gives NaN at 0.
    "Pow": lambda x, p: torch.pow(x, float(p) if p.dim() == 0 else p),
}
TYPES = {1: torch.float64, 11: torch.float64}


def several(function):
    def apply(first, *others):
        for other in others:
            first = function(first, other)
        return first

    return apply


SEVERAL = {"Max": several(torch.maximum), "Min": several(torch.minimum), "Sum": several(torch.add)}

# With attributes: (inputs, attributes, operator set) to the output.
WITH_ATTRIBUTES = {
    "LeakyRelu": lambda x, a: torch.where(x > 0, x, x * a.get("alpha", 0.01)),
    "ThresholdedRelu": lambda x, a: torch.where(x > a.get("alpha", 1.0), x, torch.zeros_like(x)),
    "Elu": lambda x, a: torch.where(x > 0, x, a.get("alpha", 1.0) * (torch.exp(x) - 1)),
    "Celu": lambda x, a: functional.celu(x, a.get("alpha", 1.0)),
    "Selu": lambda x, a: a.get("gamma", 1.05070102214813232421875) * torch.where(x > 0, x, a.get("alpha", 1.67326319217681884765625) * (torch.exp(x) - 1)),
    "HardSigmoid": lambda x, a: torch.clamp(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0.0, 1.0),
    "Gelu": o.gelu,
    "BatchNormalization": o.batch_normalization,
    "LayerNormalization": lambda x, s, *b: o.layer_normalization(x, s, b[0] if len(b) > 1 else None, b[-1]),
    "RMSNormalization": o.rms_normalization,
    "InstanceNormalization": o.instance_normalization,
    "GroupNormalization": o.group_normalization,
    "MeanVarianceNormalization": o.mean_variance,
    "LpNormalization": lambda x, a: x / torch.linalg.vector_norm(x, a.get("p", 2), a.get("axis", -1), keepdim=True),
    "Conv": lambda x, w, *b: o.conv(x, w, b[0] if len(b) > 1 else None, b[-1]),
    "ConvTranspose": lambda x, w, *b: o.conv_transpose(x, w, b[0] if len(b) > 1 else None, b[-1]),
    "MaxPool": o.max_pool,
    "AveragePool": o.average_pool,
    "GlobalAveragePool": lambda x, a: o.pool_like(x, lambda y, axes: y.mean(axes, keepdim=True)),
    "GlobalMaxPool": lambda x, a: o.pool_like(x, lambda y, axes: y.amax(axes, keepdim=True)),
    "Attention": lambda q, k, v, *m: o.attention(q, k, v, m[0] if len(m) > 1 else None, m[-1]),
    "CumSum": o.cumulative_sum,
    "Einsum": lambda *ts: torch.einsum(ts[-1]["equation"].replace(" ", ""), *ts[:-1]),
    "Flatten": lambda x, a: x.reshape(math.prod(x.shape[: a.get("axis", 1)]), -1),
    "Transpose": lambda x, a: x.permute(a["perm"]),
    "Concat": lambda *ts: torch.cat(ts[:-1], ts[-1]["axis"]),
    "Gather": lambda x, i, a: o.gather(x, i, a.get("axis", 0)),
    "DepthToSpace": o.depth_to_space,
    "SpaceToDepth": o.space_to_depth,
}

def gemm(a, b, *rest):
    attributes = rest[-1]
    if attributes.get("transA", 0):
        a = a.T
    if attributes.get("transB", 0):
        b = b.T
    y = attributes.get("alpha", 1.0) * (a @ b)
    return y + attributes.get("beta", 1.0) * rest[0] if len(rest) > 1 else y


def reshape(x, shape):
    sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(shape.tolist())]
    return x.reshape(sizes)


def prelu(x, slope):
    return torch.where(x > 0, x, x * slope)


def clip(x, low, high):
    # At a lower end of 0 nothing flows, which is what ReLU and ReLU6 do.
    if low is not None and float(low) == 0 and (high is None or float(high) == 6):
        return functional.relu6(x) if high is not None else torch.relu(x)
    if low is None and high is None:
        return x
    return torch.clamp(x, None if low is None else float(low), None if high is None else float(high))



def run_node(node, values, opset):
    op, a = node["operator"], node["attributes"]
    given = [values[name] if name else None for name in node["inputs"]]
    if op in UNARY:
        return [UNARY[op](given[0])]
    if op in SIMPLE:
        return [SIMPLE[op](*given)]
    if op in SEVERAL:
        return [SEVERAL[op](*given)]
    if op in WITH_ATTRIBUTES:
        return [WITH_ATTRIBUTES[op](*given, a)]
    x = given[0]
    if op == "Mean":
        return [several(torch.add)(*given) / len(given)]
    if op == "Cast":
        return [x.to(TYPES[a["to"]])]
    if op == "Gemm":
        return [gemm(*given, a)]
    if op == "PRelu":
        return [prelu(x, given[1])]
    if op == "Clip":
        low, high = (given + [None, None])[1:3]
        return [clip(x, low, high)]
    if op in ("Softmax", "LogSoftmax"):
        return [o.softmax(x, a, opset, op == "LogSoftmax")]
    if op in o.REDUCTIONS:
        axes = a["axes"] if "axes" in a else given[1].tolist() if len(given) > 1 else []
        return [o.reduce(x, axes, a.get("keepdims", 1), o.REDUCTIONS[op])]
    if op == "Reshape":
        return [reshape(x, given[1])]
    if op == "Squeeze":
        return [x.squeeze(int(given[1]))]
    if op == "Unsqueeze":
        return [x.unsqueeze(int(given[1]))]
    if op == "Expand":
        return [x * torch.ones(given[1].tolist(), dtype=x.dtype)]
    if op == "Tile":
        return [x.repeat(given[1].tolist())]
    if op == "Slice":
        return [o.slice_of(x, *(t.tolist() for t in given[1:]))]
    if op == "Pad":
        return [o.pad(x, given[1].tolist(), float(given[2]) if len(given) > 2 else 0.0)]
    if op == "GatherND":
        return [o.gather(x, given[1][:, 0], 0)]
    if op == "GatherElements":
        axis = a.get("axis", 0)
        return [x.gather(axis, torch.where(given[1] < 0, given[1] + x.shape[axis], given[1]))]
    if op == "Split":
        return list(torch.split(x, given[1].tolist(), a.get("axis", 0)))
    if op == "Trilu":
        diagonal = int(given[1]) if len(given) > 1 else 0
        return [x.triu(diagonal) if a.get("upper", 1) else x.tril(diagonal)]
    raise KeyError(f"no {op} here")


def loss_of(kind, z, targets, weights):
    """The weighted mean over rows."""
    if kind == "cross-entropy":
        rows = -(targets * torch.log_softmax(z, 1)).sum(1)
    elif kind == "binary-cross-entropy":
        rows = functional.binary_cross_entropy_with_logits(z, targets, reduction="none").mean(1)
    else:
        rows = functional.mse_loss(z, targets, reduction="none").mean(1)
    return (rows * weights).sum()


def tensor_of(value):
    kind = torch.float64 if value["real"] else torch.int64
    return torch.tensor(value["data"], dtype=kind).reshape(value["dims"])


def gauss_newton_product(kind, z, targets, weights, learned, vector):
    """Jᵀ M J v, where J v comes from differentiating Jᵀ u by u."""
    flat = torch.tensor(vector, dtype=torch.float64)
    pieces = [piece.reshape(p.shape) for piece, p in zip(flat.split([p.numel() for p in learned]), learned)]
    u = torch.zeros_like(z, requires_grad=True)
    back = torch.autograd.grad(z, learned, u, create_graph=True, allow_unused=True)
    slope = sum((b * piece).sum() for b, piece in zip(back, pieces) if b is not None)
    (moved,) = torch.autograd.grad(slope, u, retain_graph=True)
    outputs = z.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_of(kind, outputs, targets, weights), outputs, create_graph=True)
    (turned,) = torch.autograd.grad((gradient * moved).sum(), outputs)
    product = torch.autograd.grad(z, learned, turned, retain_graph=True, allow_unused=True)
    return torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1) for g, p in zip(product, learned)]).tolist()


def answer(problem):
    values = {name: tensor_of(value) for name, value in problem["tensors"].items()}
    learned = [values[name].requires_grad_() for name in problem["parameters"]]
    for node in problem["nodes"]:
        for name, value in zip(node["outputs"], run_node(node, values, problem["opset"])):
            values[name] = value
    targets = tensor_of(problem["targets"])
    weights = torch.tensor(problem["weights"], dtype=torch.float64)
    z = values[problem["target"]].movedim(problem["classAxis"], -1).reshape(targets.shape)
    loss = loss_of(problem["loss"], z, targets, weights)
    gradient = torch.autograd.grad(loss, learned, create_graph=True, allow_unused=True)
    gradient = [torch.zeros_like(p) if g is None else g for g, p in zip(gradient, learned)]
    flat = torch.cat([g.reshape(-1) for g in gradient])
    products = []
    for vector in problem["vectors"]:
        slope = (flat * torch.tensor(vector, dtype=torch.float64)).sum()
        if slope.requires_grad:
            back = torch.autograd.grad(slope, learned, retain_graph=True, allow_unused=True)
        else:
            back = [None] * len(learned)
        product = [torch.zeros_like(p) if g is None else g for g, p in zip(back, learned)]
        products.append(torch.cat([p.reshape(-1) for p in product]).tolist())
    gauss_newton = [gauss_newton_product(problem["loss"], z, targets, weights, learned, v) for v in problem["vectors"][-2:]]
    return {"gaussNewton": gauss_newton, "outputs": z.reshape(-1).tolist(), "loss": float(loss), "gradient": flat.tolist(), "products": products}


for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line)), allow_nan=False), flush=True)
    except Exception as error:  # the graph may ask for anything: said in words, it is the other side's to judge
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
