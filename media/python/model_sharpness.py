"""Writes a PyTorch or Keras model, its samples and its loss as files that Model Sharpness analyses.

At the end of a training script:

    from model_sharpness import export
    export(model, loader, criterion, optimizer=optimizer)

Then right-click model.onnx in VS Code and choose "Analyze sharpness". Written are NAME.onnx (as it was trained: nothing is
folded) or, of a Keras model, NAME.keras, NAME.npz (the samples) and NAME.sharpness.json (the loss, which parameters are
trained, how). One file, which may be copied beside the script; it imports nothing but NumPy, and PyTorch for its models.
"""
import copy
import inspect
import json
import warnings
from pathlib import Path

import numpy as np

__all__ = ["export", "load_samples", "load_weights"]

# ONNX has every operator of PyTorch 1.13 in it, and onnxruntime reads it.
OPSET = 17

# Imported by the first export of a PyTorch model: who has Keras alone needs no PyTorch.
torch = nn = None


def export(model, data, criterion=None, name="model", batches=8, optimizer=None, lr=None, weight_decay=None):
    """Writes NAME.onnx (of a Keras model NAME.keras), NAME.npz and NAME.sharpness.json.

    model: a torch.nn.Module, exported in evaluation mode and left as it was; or a keras.Model.
    data: a DataLoader, or (inputs, labels) as tensors or arrays; inputs may be a tuple of several. For Keras also a data
        set or generator of such batches.
    criterion: the loss, a function of (outputs, labels) that is a mean over the samples, as torch.nn's are; without it
        Model Sharpness reads it from the labels, and says that it did. For Keras one of its losses or its name; without
        it that of compile().
    batches: how many batches of a DataLoader are taken, in the order of its data set.
    optimizer: learning rate, weight decay and momentum are taken from it; lr and weight_decay have the last word.
    """
    if _is_keras(model):
        _export_keras(model, data, criterion, name, batches, optimizer, lr, weight_decay)
        return
    _import_torch(model)
    inputs, labels = _samples(data, batches)
    names = _input_names(model, len(inputs))
    settings = _training(model, optimizer, lr, weight_decay)
    was_training = model.training
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    inputs = [x.to(device) for x in inputs]
    labels = None if labels is None else labels.to(device)
    model.eval()
    try:
        known = None if criterion is None else _known_loss(criterion)
        arrays = dict(zip(names, inputs))
        if criterion is not None and known is None:
            whole, batch = _with_loss(model, criterion, inputs, labels)
            _write_onnx(whole, [*inputs, labels], [*names, "labels"], ["outputs", "loss"], f"{name}.onnx", batch,
                        _name_of(criterion))
            arrays["labels"] = labels
            settings.update(loss="output", output="loss", inputs={key: key for key in arrays})
        else:
            _write_onnx(model, inputs, names, ["outputs"], f"{name}.onnx")
            settings.update(inputs={key: key for key in names}, **(known or {}))
            if labels is not None:
                arrays["labels"] = labels
                settings["labels"] = "labels"
    finally:
        model.train(was_training)
    np.savez(f"{name}.npz", **{key: value.detach().cpu().numpy() for key, value in arrays.items()})
    trained, fixed = _parameters(model, _initialisers(Path(f"{name}.onnx").read_bytes()))
    settings.update(samples=f"{Path(name).name}.npz", **({"trained": trained} if trained else {}))
    if fixed:
        settings["fixed"] = fixed
    padding = _padding_rows(model, {*trained, *fixed})
    if padding:
        settings["paddingRows"] = padding
    _write_settings(name, "onnx", settings)


def _write_settings(name, ending, settings):
    Path(f"{name}.sharpness.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    model = f"{name}.{ending}"
    print(f'{model}, {name}.npz and {name}.sharpness.json are written: right-click {model}, "Analyze sharpness".')


def _import_torch(model):
    global torch, nn
    try:
        import torch
        from torch import nn
    except ImportError:
        torch = nn = None
    if nn is None or not isinstance(model, nn.Module):
        raise TypeError(f"model is a {type(model).__name__}, and must be a torch.nn.Module or a keras.Model.")


# --- from files ------------------------------------------------------------------------------------------------------


def load_weights(model, path):
    """Loads what torch.save or safetensors wrote into a model: a state dict, by itself or within a checkpoint."""
    _import_torch(model)
    if str(path).endswith(".safetensors"):
        from safetensors.torch import load_file
        saved = load_file(path)
    else:
        # Where PyTorch can, tensors alone: a pickle may run code.
        safe = {"weights_only": True} if "weights_only" in inspect.signature(torch.load).parameters else {}
        saved = torch.load(path, map_location="cpu", **safe)
    while not all(isinstance(value, torch.Tensor) for value in saved.values()):
        inner = [saved[key] for key in ("state_dict", "model_state_dict", "model", "net") if key in saved]
        if not inner:
            raise ValueError(f"{path} holds {', '.join(map(str, saved))}, and none of them is known as the weights.")
        saved = inner[0]
    wanted = set(model.state_dict())
    for prefix in ("", "module.", "model.", "net.", "_orig_mod."):
        cut = {key[len(prefix):] if key.startswith(prefix) else key: value for key, value in saved.items()}
        if wanted & set(cut) == wanted:
            saved = cut
            break
    model.load_state_dict(saved)


def load_samples(path):
    """(inputs, labels) of an npz file, or the inputs of an npy file."""
    saved = np.load(path)
    if isinstance(saved, np.ndarray):
        return (saved,)
    labels = [key for key in saved.files if key.lower() in ("y", "labels", "label", "targets", "target")]
    inputs = {key: saved[key] for key in saved.files if key not in labels}
    return (list(inputs.values()), saved[labels[0]]) if labels else inputs


# --- samples ---------------------------------------------------------------------------------------------------------


def _samples(data, batches):
    """Inputs, each one tensor of all samples, and labels or None."""
    if isinstance(data, torch.utils.data.DataLoader):
        # In the order of the data set: two exports of one model are of the same samples.
        in_order = torch.utils.data.DataLoader(data.dataset, batch_size=data.batch_size or 1, shuffle=False,
                                               collate_fn=data.collate_fn)
        found = [_parts(batch) for _, batch in zip(range(batches), in_order)]
        if not found:
            raise ValueError("The DataLoader gives no batch.")
        inputs = [torch.cat(each) for each in zip(*(x for x, _ in found))]
        labels = None if found[0][1] is None else torch.cat([y for _, y in found])
        return inputs, labels
    return _parts(data)


def _parts(batch):
    """(inputs, labels) of a batch as tensors."""
    if isinstance(batch, dict):
        batch = dict(batch)
        labels = batch.pop("labels", batch.pop("label", None))
        return [_tensor(x) for x in batch.values()], None if labels is None else _tensor(labels)
    if isinstance(batch, (list, tuple)) and len(batch) == 2:
        inputs, labels = batch
        several = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        return [_tensor(x) for x in several], _tensor(labels)
    if isinstance(batch, (list, tuple)) and len(batch) > 2:
        return [_tensor(x) for x in batch[:-1]], _tensor(batch[-1])
    if isinstance(batch, (list, tuple)):
        return [_tensor(x) for x in batch], None
    return [_tensor(batch)], None


def _tensor(values):
    if isinstance(values, torch.Tensor):
        return values.detach()
    array = np.asarray(values)
    if array.dtype == object:
        raise TypeError(f"Samples must be tensors or arrays of numbers, not {type(values).__name__}.")
    # Models are in float32 unless they say otherwise.
    return torch.from_numpy(array.astype(np.float32) if array.dtype == np.float64 else array)


def _input_names(model, count):
    names = [p.name for p in inspect.signature(model.forward).parameters.values()
             if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names if len(names) == count else [f"input{i}" for i in range(count)]


# --- the loss --------------------------------------------------------------------------------------------------------


def _known_loss(criterion):
    """The sidecar's words for a loss of torch.nn that Model Sharpness has itself; None for any other."""
    kind = type(criterion)
    if getattr(criterion, "reduction", "mean") != "mean":
        return None
    if kind is nn.CrossEntropyLoss:
        said = {"loss": "cross-entropy"}
        if criterion.weight is not None:
            said["classWeights"] = criterion.weight.tolist()
        if getattr(criterion, "label_smoothing", 0) > 0:
            said["labelSmoothing"] = criterion.label_smoothing
        if criterion.ignore_index != -100:
            said["ignoreLabel"] = criterion.ignore_index
        return said
    if kind is nn.BCEWithLogitsLoss and criterion.weight is None:
        weight = criterion.pos_weight
        said = {"loss": "binary-cross-entropy"}
        return said if weight is None else {**said, "posWeight": weight.reshape(-1).tolist()}
    if kind is nn.MSELoss:
        return {"loss": "mean-squared-error"}
    if kind is nn.HuberLoss and criterion.delta == 1 or kind is nn.SmoothL1Loss and criterion.beta == 1:
        return {"loss": "huber"}
    return None


def _name_of(criterion):
    return getattr(criterion, "__name__", type(criterion).__name__)


def _with_loss(model, criterion, inputs, labels):
    """The model with the loss of each sample, and the batch that it takes (None: any)."""
    named = _name_of(criterion)
    if labels is None:
        raise ValueError(f"{named} takes labels, and the data has none.")

    def of_batch(outputs, targets):
        return criterion(outputs, targets)

    each = None
    if getattr(criterion, "reduction", None) == "mean":
        apart = copy.copy(criterion)
        apart.reduction = "none"

        def each(outputs, targets):
            losses = apart(outputs, targets)
            return losses.reshape(losses.shape[0], -1).mean(1)

    def alone(outputs, targets):
        return criterion(outputs, targets).reshape(1)

    with torch.no_grad():
        few = [x[:4] for x in inputs]
        some = labels[:4]
        whole = of_batch(model(*few), some)
        if whole.numel() != 1:
            raise ValueError(f"{named} gives {tuple(whole.shape)} numbers, and must give one: the mean over the samples.")
        single = [of_batch(model(*[x[n:n + 1] for x in few]), some[n:n + 1]) for n in range(len(some))]
        mean = torch.stack([loss.reshape(()) for loss in single]).mean()
        if not torch.allclose(whole.reshape(()), mean, rtol=1e-4, atol=1e-6):
            raise ValueError(
                f"{named} mixes the samples of a batch (a batch loses {whole.item():.6g}, its samples by themselves "
                f"{mean.item():.6g}), so there is no loss of each sample to analyse.")
        if each is not None and not torch.allclose(each(model(*few), some).mean(), mean, rtol=1e-4, atol=1e-6):
            each = None

    class WithLoss(nn.Module):
        """A model that puts out the loss of each sample beside its outputs."""

        def __init__(self, loss):
            super().__init__()
            self.model = model
            self.loss = loss

        def forward(self, *values):
            outputs = self.model(*values[:-1])
            return outputs, self.loss(outputs, values[-1])

    # A function that only knows the mean is traced for one sample at a time.
    return (WithLoss(each), None) if each is not None else (WithLoss(alone), 1)


# --- the model -------------------------------------------------------------------------------------------------------


def _write_onnx(model, inputs, names, outputs, path, batch=None, what="this model"):
    """Nothing folded, every parameter under its own name; a free number of samples unless `batch` says one."""
    arguments = tuple(inputs if batch is None else [x[:batch] for x in inputs])
    options = {
        "input_names": names,
        "output_names": outputs,
        "training": torch.onnx.TrainingMode.PRESERVE,
        "do_constant_folding": False,
        "opset_version": OPSET,
        "dynamic_axes": None if batch is not None else {key: {0: "N"} for key in [*names, *outputs]},
    }
    # The newer exporter folds what the older one does not: it is taken only where nothing else works.
    ways = [False, True] if "dynamo" in inspect.signature(torch.onnx.export).parameters else [None]
    model.eval()
    for way in ways:
        chosen = options if way is None else {**options, "dynamo": way}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.onnx.export(model, arguments, path, **chosen)
            return
        except Exception as error:  # PyTorch's exporters raise errors of many kinds.
            Path(path).unlink(missing_ok=True)
            failure = error
    reason = str(failure).strip().splitlines()[0].split(". ")[0]
    raise RuntimeError(f"PyTorch cannot write {what} as ONNX ({reason}); write it with plain operations.") from failure


def _parameters(model, written):
    """Names in the file of the parameters that are trained, and of those that are not."""
    trained, fixed = [], []

    def named(own):
        # With its loss the model is a part of another.
        return next((name for name in (own, f"model.{own}") if name in written), None)

    for own, parameter in model.named_parameters():
        name = named(own)
        if name is not None:
            (trained if parameter.requires_grad else fixed).append(name)
    for own, buffer in model.named_buffers():
        name = named(own)
        if name is not None and buffer.is_floating_point() and not own.endswith(("running_mean", "running_var")):
            fixed.append(name)
    return trained, fixed


def _padding_rows(model, written):
    """The row of each table that no lookup trains, by the table's name in the file."""
    rows = {}
    for own, module in model.named_modules():
        if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and module.padding_idx is not None:
            names = [f"{prefix}{own}.weight" if own else f"{prefix}weight" for prefix in ("", "model.")]
            rows.update({name: module.padding_idx for name in names if name in written})
    return rows


def _initialisers(data):
    """The names of a model's initialisers, read from its protobuf: field 7 is the graph, its field 5 a tensor, field 8 a name."""
    names = set()
    for graph in _fields(data, 7):
        for tensor in _fields(graph, 5):
            names.update(bytes(name).decode("utf-8") for name in _fields(tensor, 8))
    return names


def _fields(data, wanted):
    """The contents of the length-delimited fields of this number."""
    data = memoryview(data)
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 2:
            length = varint()
            if tag >> 3 == wanted:
                yield data[at:at + length]
            at += length
        elif kind == 0:
            varint()
        else:
            at += 8 if kind == 1 else 4


# --- the training ----------------------------------------------------------------------------------------------------


def _training(model, optimizer, lr, weight_decay):
    """What the sidecar says of the training."""
    said = {}
    training = {}
    decays = {}
    if optimizer is not None:
        group = optimizer.param_groups[0]
        training["learningRate"] = float(group["lr"])
        kind = type(optimizer).__name__
        if kind == "SGD":
            momentum = float(group.get("momentum", 0))
            training["optimiser"] = "sgd" if momentum == 0 else "nesterov" if group.get("nesterov") else "momentum"
            if momentum > 0:
                training["momentum"] = momentum
        elif kind.startswith("Adam") or kind in ("NAdam", "RAdam"):
            training.update(optimiser="adam", momentum=float(group["betas"][0]))
        else:
            training.pop("learningRate")
        # Decoupled weight decay, as AdamW's, is no part of the loss.
        if kind in ("SGD", "Adam", "Adagrad", "RMSprop"):
            ids = {id(p): float(g.get("weight_decay", 0)) for g in optimizer.param_groups for p in g["params"]}
            decays = {own: ids.get(id(p), 0.0) for own, p in model.named_parameters() if p.requires_grad}
    if lr is not None:
        training["learningRate"] = float(lr)
    if training:
        said["training"] = training
    if weight_decay is not None:
        if weight_decay > 0:
            said["weightDecay"] = float(weight_decay)
        return said
    strengths = {decay for decay in decays.values() if decay > 0}
    if len(strengths) > 1:
        warnings.warn("Groups of parameters have different weight decays, of which none is written: say weight_decay=.")
    elif strengths:
        said["weightDecay"] = strengths.pop()
        decayed = [own for own, decay in decays.items() if decay > 0]
        if len(decayed) < len(decays):
            said["decayed"] = decayed
    return said


# --- Keras -----------------------------------------------------------------------------------------------------------


# By the names of functions and classes without underscores.
KERAS_LOSSES = {
    "categoricalcrossentropy": "cross-entropy",
    "sparsecategoricalcrossentropy": "cross-entropy",
    "binarycrossentropy": "binary-cross-entropy",
    "meansquarederror": "mean-squared-error",
    "mse": "mean-squared-error",
    "huber": "huber",
}


def _is_keras(model):
    """Whether this is a model of Keras 2.13 or 3, whatever its backend; also one of torch's, which is an nn.Module, too."""
    packages = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    return bool(packages & {"keras", "tf_keras"}) and hasattr(model, "save")


def _export_keras(model, data, criterion, name, batches, optimizer, lr, weight_decay):
    """The file of Keras says layers, what is trained and how it was compiled; beside it stands what that leaves open."""
    settings = {} if criterion is None else _keras_loss(criterion)
    training = _keras_training(optimizer or (None if lr is None else getattr(model, "optimizer", None)), lr)
    if training:
        settings["training"] = training
    if weight_decay:
        settings["weightDecay"] = float(weight_decay)
    # By their layers, as in the file: a tensor has another name where its layer was given none.
    names = [getattr(tensor, "_keras_history", (tensor,))[0].name for tensor in model.inputs]
    given = [data] if isinstance(data, (tuple, list)) else _in_turn(data, batches)
    found = [_keras_batch(batch, names) for batch in given]
    if not found:
        raise ValueError("The data gives no batch.")
    arrays = {f"input{at}": np.concatenate(each) for at, each in enumerate(zip(*(inputs for inputs, _ in found)))}
    settings["inputs"] = {"": "input0"} if len(names) == 1 else dict(zip(names, arrays))
    if found[0][1] is not None:
        arrays["labels"] = np.concatenate([labels for _, labels in found])
        settings["labels"] = "labels"
    model.save(f"{name}.keras")
    np.savez(f"{name}.npz", **arrays)
    settings["samples"] = f"{Path(name).name}.npz"
    _write_settings(name, "keras", settings)


def _in_turn(data, batches):
    """Some batches: of a data set or generator, or of what is indexed, as a PyDataset."""
    if hasattr(data, "__iter__") or not hasattr(data, "__len__"):
        return (batch for _, batch in zip(range(batches), data))
    return (data[at] for at in range(min(batches, len(data))))


def _keras_batch(batch, names):
    """(inputs, labels) of a batch as arrays, the inputs in the order of their names."""
    parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    if len(parts) > 2:
        warnings.warn("The weights of the samples are left out.")
    inputs, labels = (*parts, None)[:2]
    if not isinstance(inputs, dict):
        several = inputs if isinstance(inputs, (tuple, list)) else [inputs]
        inputs = {names[at] if at < len(names) else str(at): each for at, each in enumerate(several)}
    if set(inputs) != set(names):
        raise ValueError(f"The model takes the inputs {', '.join(names)}, and the data has {', '.join(inputs)}.")
    return [_array(inputs[key]) for key in names], None if labels is None else _array(labels)


def _array(values):
    """A tensor of any backend as an array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    array = np.asarray(values)
    if array.dtype == object:
        raise TypeError(f"Samples must be tensors or arrays of numbers, not {type(values).__name__}.")
    return array


def _keras_loss(criterion):
    """The sidecar's words for one of Keras's losses."""
    called = criterion if isinstance(criterion, str) else _name_of(criterion)
    loss = KERAS_LOSSES.get(called.replace("_", "").lower())
    usual = getattr(criterion, "reduction", None) in (None, "auto", "sum_over_batch_size", "mean")
    if loss is None or not usual or loss == "huber" and getattr(criterion, "delta", 1) != 1:
        raise ValueError(f"{called} is no loss that is known here; leave criterion out, and choose one in the analysis.")
    smoothing = getattr(criterion, "label_smoothing", 0)
    if smoothing and loss != "cross-entropy":
        raise ValueError(f"The label smoothing of {called} is not known here.")
    return {"loss": loss, **({"labelSmoothing": float(smoothing)} if smoothing else {})}


def _keras_training(optimizer, lr):
    """What the sidecar says of the training."""
    said = {}
    kind = type(optimizer).__name__
    if kind == "SGD":
        momentum = float(getattr(optimizer, "momentum", 0))
        said["optimiser"] = "sgd" if momentum == 0 else "nesterov" if optimizer.nesterov else "momentum"
        if momentum > 0:
            said["momentum"] = momentum
    elif kind in ("Adam", "AdamW", "Nadam"):
        said.update(optimiser="adam", momentum=float(optimizer.beta_1))
    if lr is not None:
        said["learningRate"] = float(lr)
    elif said:
        try:
            said["learningRate"] = float(_array(optimizer.learning_rate))
        except (TypeError, ValueError):
            pass  # A schedule is no number.
    return said
