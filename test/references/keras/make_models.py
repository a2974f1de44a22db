"""Writes the models of this folder and what Keras computes with them: python make_models.py (Keras 3.15, jax), all or those that are named.

Every model has many outputs, one for each way of using a layer. The archives are packed again, deflated, and the HDF5 files
and the numbers gzipped, for size alone.
"""

import gzip
import io
import json
import os
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "jax"

import h5py
import keras
import numpy as np
from keras import layers as L
from keras import ops

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(18)
keras.utils.set_random_seed(18)


def numbers(array):
    array = np.asarray(array)
    return {
        "dims": list(array.shape),
        "data": [float(f"{float(v):.8g}") for v in array.ravel()],
    }


def randomise(model):
    """Biases, scales and moving statistics that are not zeros and ones."""
    for weight in model.weights:
        value = np.asarray(weight)
        if not np.issubdtype(value.dtype, np.floating):
            continue
        noise = rng.normal(size=value.shape) * 0.3
        if "variance" in weight.name:
            weight.assign(0.5 + np.abs(noise))
        elif value.std() == 0:
            weight.assign(value + noise)
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()


def save(name, model, inputs, legacy=True):
    randomise(model)
    path = os.path.join(here, f"{name}.keras")
    outputs = model(inputs, training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        entries = [(each, archive.read(each)) for each in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry, data in entries:
            archive.writestr(zipfile.ZipInfo(entry, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    if legacy:
        flat = os.path.join(here, f"{name}.h5")
        model.save(flat)
        with open(flat, "rb") as file:
            data = file.read()
        with open(flat + ".gz", "wb") as file:
            file.write(gzip.compress(data, 9, mtime=0))
        os.remove(flat)
    expected = {
        "inputs": {k: numbers(v) for k, v in inputs.items()},
        "outputs": [numbers(v) for v in outputs],
        "trained": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
    }
    with open(os.path.join(here, f"{name}.json.gz"), "wb") as file:
        file.write(gzip.compress(json.dumps(expected).encode(), 9, mtime=0))
    print(name, len(outputs), "outputs")


def images():
    x = keras.Input((7, 6, 3), name="image")
    wide = L.Conv2D(4, 1, name="wide")(x)
    shaped = L.Conv2D(3, 3, padding="same", name="same_size")(x)
    norm = L.Normalization(axis=-1, name="normalization")
    norm.adapt(rng.normal(1, 2, size=(20, 7, 6, 3)))
    ys = [
        L.Conv2D(5, (3, 2), activation="relu", name="conv_valid")(x),
        L.Conv2D(5, 3, strides=2, padding="same", use_bias=False, name="conv_strided")(x),
        L.Conv2D(4, (2, 3), dilation_rate=(2, 1), padding="same", activation="tanh", name="conv_dilated")(x),
        L.Conv2D(6, 3, groups=2, name="conv_groups")(wide),
        L.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", activation="elu", name="depthwise")(x),
        L.SeparableConv2D(5, (2, 3), depth_multiplier=2, padding="same", activation="softsign", name="separable")(x),
        L.Conv2DTranspose(4, 3, strides=2, padding="same", name="transpose_same")(x),
        L.Conv2DTranspose(4, (3, 4), strides=2, padding="valid", activation="relu", name="transpose_valid")(x),
        L.Conv2DTranspose(2, 2, strides=3, padding="same", name="transpose_gaps")(x),
        L.Conv2DTranspose(2, 2, strides=3, padding="valid", use_bias=False, name="transpose_gaps_valid")(x),
        L.Conv2DTranspose(2, 4, strides=1, padding="same", name="transpose_even")(x),
        L.MaxPooling2D(2, name="max_valid")(x),
        L.MaxPooling2D((3, 2), strides=2, padding="same", name="max_same")(x),
        L.AveragePooling2D(3, strides=2, padding="same", name="average_same")(x),
        L.AveragePooling2D((2, 3), name="average_valid")(x),
        L.GlobalAveragePooling2D(name="global_average")(wide),
        L.GlobalMaxPooling2D(keepdims=True, name="global_max")(wide),
        L.UpSampling2D((2, 3), name="nearest")(x),
        L.UpSampling2D(2, interpolation="bilinear", name="bilinear")(x),
        L.ZeroPadding2D(((1, 0), (2, 3)), name="padding")(x),
        L.Cropping2D(((1, 2), (0, 1)), name="cropping")(x),
        L.BatchNormalization(name="batch_normalization")(wide),
        L.BatchNormalization(scale=False, epsilon=1e-2, name="unscaled")(x),
        L.BatchNormalization(center=False, trainable=False, name="uncentred")(wide),
        L.GroupNormalization(groups=2, name="group_normalization")(wide),
        L.GroupNormalization(groups=-1, scale=False, name="instance_normalization")(x),
        L.LayerNormalization(name="layer_normalization")(wide),
        L.LayerNormalization(axis=[1, 2, 3], epsilon=1e-4, name="over_all")(x),
        L.Dense(3, name="permuted")(L.Permute((2, 3, 1))(x)),
        L.Reshape((6, -1), name="reshape")(wide),
        L.Flatten(name="flatten")(wide),
        L.Activation("relu", name="residual")(L.Add()([x, shaped])),
        L.Concatenate(name="together")([wide, shaped]),
        L.Concatenate(axis=1, name="beside")([x, shaped]),
        L.Rescaling(1 / 255.0, offset=-0.5, name="rescaling")(x),
        L.Rescaling([0.5, 1.0, 2.0], name="rescaling_channels")(x),
        norm(x),
        L.PReLU(shared_axes=[1, 2], name="prelu")(wide),
        L.Dense(3, name="dropped")(L.SpatialDropout2D(0.5)(L.RandomFlip()(L.GaussianNoise(0.1)(x)))),
    ]
    save("images", keras.Model(x, ys), {"image": rng.normal(size=(2, 7, 6, 3)).astype("f4")})


def sequences():
    x = keras.Input((6, 4), name="steps")
    z = keras.Input((5, 3), name="other")
    seq, h, c = L.LSTM(3, return_sequences=True, return_state=True, name="encoder")(x)
    ys = [
        L.Conv1D(3, 3, padding="causal", dilation_rate=2, activation="relu", name="causal")(x),
        L.Conv1D(5, 2, strides=2, padding="same", name="conv1d_same")(x),
        L.Conv1DTranspose(3, 3, strides=2, padding="same", name="conv1d_transpose")(x),
        L.DepthwiseConv1D(3, padding="same", name="depthwise1d")(x),
        L.SeparableConv1D(3, 2, name="separable1d")(x),
        L.MaxPooling1D(2, name="max1d")(x),
        L.AveragePooling1D(4, strides=3, padding="same", name="average1d")(x),
        L.GlobalAveragePooling1D(name="global_average1d")(x),
        L.GlobalMaxPooling1D(name="global_max1d")(x),
        L.UpSampling1D(3, name="up1d")(x),
        L.ZeroPadding1D((1, 2), name="padding1d")(x),
        L.Cropping1D((2, 1), name="cropping1d")(x),
        L.LSTM(4, name="lstm")(x),
        L.LSTM(3, return_sequences=True, go_backwards=True, name="lstm_backwards")(x),
        L.LSTM(3, use_bias=False, activation="relu", dropout=0.2, recurrent_dropout=0.1, name="lstm_relu")(x),
        seq,
        c,
        L.LSTM(3, name="decoder")(z, initial_state=[h, c]),
        L.GRU(4, name="gru")(x),
        L.GRU(3, reset_after=False, return_sequences=True, name="gru_reset_before")(x),
        L.GRU(3, use_bias=False, go_backwards=True, name="gru_backwards")(x),
        L.SimpleRNN(3, activation="relu", return_sequences=True, name="simple")(x),
        L.Bidirectional(L.LSTM(3, return_sequences=True), name="both")(x),
        L.Bidirectional(L.GRU(3), merge_mode="sum", name="both_sum")(x),
        L.Bidirectional(L.SimpleRNN(3, return_sequences=True), merge_mode="mul", name="both_mul")(x),
        L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="ave", name="both_average")(x),
        L.TimeDistributed(L.Dense(3, activation="tanh"), name="every_step")(x),
        L.MultiHeadAttention(2, 3, name="attention")(x, x),
        L.MultiHeadAttention(2, 3, output_shape=5, use_bias=False, name="cross")(x, z),
        L.MultiHeadAttention(3, 2, name="causal_attention")(x, x, use_causal_mask=True),
        L.MultiHeadAttention(1, 2, name="own_key")(x, value=z, key=L.Dense(3, name="keys")(z)),
        L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de", activation="relu", name="einsum")(x),
        L.EinsumDense("abc,bd->adc", output_shape=(3, 4), bias_axes="d", name="einsum_mixed")(x),
        L.Dot(axes=(2, 2), name="dot")([L.Dense(3, name="to_three")(x), z]),
        L.Dot(axes=1, normalize=True, name="cosine")([L.Flatten()(x), L.Dense(24)(L.Flatten()(z))]),
        L.RepeatVector(3, name="repeat")(L.GlobalMaxPooling1D()(x)),
        L.Softmax(axis=1, name="softmax_steps")(x),
    ]
    inputs = {
        "steps": rng.normal(size=(2, 6, 4)).astype("f4"),
        "other": rng.normal(size=(2, 5, 3)).astype("f4"),
    }
    save("sequences", keras.Model([x, z], ys), inputs)


def vectors():
    x = keras.Input((6,), name="vector")
    y = L.Dense(6, name="first")(x)
    frozen = L.Dense(4, trainable=False, name="frozen")
    shared = L.Dense(6, activation="tanh", name="shared")
    names = ["celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh",
             "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
             "soft_shrink", "softmax", "softplus", "softsign", "sparse_sigmoid", "swish", "tanh", "tanh_shrink"]
    inner_in = keras.Input((6,), name="inner_input")
    inner = keras.Model(inner_in, [L.Dense(3, name="left")(inner_in), L.Dense(2, name="right")(inner_in)], name="inner")
    stack = keras.Sequential([keras.Input((6,)), L.Dense(5, "relu"), L.BatchNormalization(), L.Dense(6)], name="stack")
    left, right = inner(y)
    ys = [L.Activation(name, name=f"activation_{name}")(L.Rescaling(3.0)(y)) for name in names] + [
        L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2, name="relu_all")(y),
        L.ReLU(max_value=0.5, name="relu_bounded")(y),
        L.ReLU(negative_slope=0.3, name="relu_leaky")(y),
        L.LeakyReLU(negative_slope=0.2, name="leaky")(y),
        L.ELU(alpha=0.7, name="elu_layer")(y),
        L.PReLU(name="prelu_layer")(y),
        L.Softmax(name="softmax_layer")(y),
        L.Dense(3, activation=L.LeakyReLU(negative_slope=0.1), name="dense_leaky")(y),
        L.Add(name="sum_of_three")([x, y, shared(x)]),
        shared(y),
        L.Subtract(name="difference")([x, y]),
        L.Multiply(name="product")([x, y]),
        L.Average(name="average")([x, y, shared(x)]),
        L.Maximum(name="maximum")([x, y]),
        L.Minimum(name="minimum")([x, y]),
        L.Concatenate(name="concatenated")([x, y]),
        L.Normalization(mean=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], variance=[1.0, 4.0, 9.0, 1.0, 0.25, 2.0], name="given")(x),
        L.Normalization(axis=None, mean=0.5, variance=4.0, name="given_scalar")(x),
        frozen(y),
        left,
        right,
        stack(x),
        stack(y),
        x + y,
        x * y - y,
    ]
    save("vectors", keras.Model(x, ys), {"vector": rng.normal(size=(3, 6)).astype("f4")})


def tokens():
    t = keras.Input((5,), dtype="int32", name="tokens")
    u = keras.Input((3,), name="floats")
    table = L.Embedding(7, 4, name="table")
    masked = L.Embedding(7, 3, mask_zero=True, name="masked")
    ys = [table(t), L.LSTM(3, name="read")(table(u)), L.Dense(2, name="flat")(L.Flatten()(masked(t)))]
    inputs = {"tokens": rng.integers(0, 7, size=(2, 5)).astype("i4"), "floats": rng.integers(0, 7, size=(2, 3)).astype("f4")}
    save("tokens", keras.Model([t, u], ys), inputs)


def volumes():
    x = keras.Input((4, 3, 5, 2), name="volume")
    ys = [
        L.Conv3D(2, 2, padding="same", name="conv3d")(x),
        L.MaxPooling3D((2, 1, 2), name="max3d")(x),
        L.AveragePooling3D(2, strides=1, padding="same", name="average3d")(x),
        L.GlobalAveragePooling3D(name="global3d")(x),
        L.UpSampling3D((1, 2, 1), name="up3d")(x),
        L.ZeroPadding3D((1, 0, 1), name="padding3d")(x),
        L.Cropping3D(((1, 0), (0, 1), (1, 1)), name="cropping3d")(x),
    ]
    save("volumes", keras.Model(x, ys), {"volume": rng.normal(size=(2, 4, 3, 5, 2)).astype("f4")}, legacy=False)


def compiled():
    """How a model was compiled: the loss, the optimiser, a penalty of the weights."""
    model = keras.Sequential(
        [keras.Input((4,)), L.Dense(5, "relu", kernel_regularizer=keras.regularizers.L2(0.01)), L.Dense(3)]
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.8, nesterov=True), loss)
    save("compiled", model, {model.inputs[0].name: rng.normal(size=(2, 4)).astype("f4")})


def keras2():
    """What Keras 2 wrote, by hand from its formulas: flat names of weights, chunks, other meanings of the same names."""
    weights = {
        "depthwise": {"depthwise_kernel": rng.normal(size=(2, 2, 2, 1)), "bias": rng.normal(size=2)},
        "inner": {"inside/kernel": rng.normal(size=(8, 4)), "inside/bias": rng.normal(size=4)},
        "gates": {
            "gru_cell/kernel": rng.normal(size=(2, 9)),
            "gru_cell/recurrent_kernel": rng.normal(size=(3, 9)),
            "gru_cell/bias": rng.normal(size=9),
        },
    }
    weights = {l: {n: v.astype("f4") for n, v in vs.items()} for l, vs in weights.items()}
    layer = lambda name, kind, **config: {"class_name": kind, "config": {"name": name, **config}}
    inner = [layer("inside", "Dense", units=4, activation="hard_sigmoid", use_bias=True)]
    config = {
        "class_name": "Sequential",
        "config": {
            "name": "sequential_1",
            "layers": [
                layer("depthwise", "DepthwiseConv2D", batch_input_shape=[None, 3, 3, 2], kernel_size=[2, 2], strides=[1, 1],
                      padding="valid", depth_multiplier=1, data_format="channels_last", activation="linear", use_bias=True),
                layer("flatten", "Flatten"),
                {"class_name": "Sequential", "config": {"name": "inner", "layers": inner}},
                layer("leaky", "LeakyReLU", alpha=0.3),
                layer("steps", "Reshape", target_shape=[2, 2]),
                layer("gates", "GRU", units=3, activation="tanh", recurrent_activation="sigmoid", use_bias=True, trainable=False),
            ],
        },
    }
    training = {"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {"lr": 0.01, "momentum": 0.0, "nesterov": False}}}
    path = os.path.join(here, "keras2.h5")
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_("2.2.4")
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [np.bytes_(n) for n in ["depthwise", "flatten", "inner", "leaky", "steps", "gates"]]
        for name in ["depthwise", "flatten", "inner", "leaky", "steps", "gates"]:
            own = group.create_group(name)
            variables = weights.get(name, {})
            prefix = "" if name == "inner" else f"{name}_1/"
            own.attrs["weight_names"] = [np.bytes_(f"{prefix}{n}:0") for n in variables]
            for n, value in variables.items():
                chunks = tuple(min(2, size) for size in value.shape)
                own.create_dataset(f"{prefix}{n}:0", data=value, chunks=chunks, compression="gzip", shuffle=True, fletcher32=True)
    x = rng.normal(size=(2, 3, 3, 2)).astype("f4")
    k = weights["depthwise"]["depthwise_kernel"]
    y = np.zeros((2, 2, 2, 2))
    for i in range(2):
        for j in range(2):
            y[:, i, j] = (x[:, i : i + 2, j : j + 2] * k[..., 0]).sum((1, 2))
    y = (y + weights["depthwise"]["bias"]).reshape(2, 8)
    y = np.clip(0.2 * (y @ weights["inner"]["inside/kernel"] + weights["inner"]["inside/bias"]) + 0.5, 0, 1)
    y = np.where(y > 0, y, 0.3 * y).reshape(2, 2, 2)
    w, u, b = (weights["gates"][f"gru_cell/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    h = np.zeros((2, 3))
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    for t in range(2):
        a = y[:, t] @ w + b
        z, r = sigmoid(a[:, :3] + h @ u[:, :3]), sigmoid(a[:, 3:6] + h @ u[:, 3:6])
        h = z * h + (1 - z) * np.tanh(a[:, 6:] + (r * h) @ u[:, 6:])
    trained = sum(v.size for l in ("depthwise", "inner") for v in weights[l].values())
    pack(path, {"inputs": {"x": numbers(x)}, "outputs": [numbers(h)], "trained": trained})


def keras213():
    """The archive of "compiled" as Keras 2.13 wrote it: another name of the group, numbers with gaps."""
    with zipfile.ZipFile(os.path.join(here, "compiled.keras")) as archive:
        config = json.loads(archive.read("config.json"))
        weights = io.BytesIO(archive.read("model.weights.h5"))
    for layer in config["config"]["layers"]:
        layer["config"]["dtype"] = "float32"
        if "batch_shape" in layer["config"]:
            layer["config"]["batch_input_shape"] = layer["config"].pop("batch_shape")
    config["compile_config"] = {"optimizer": "adam", "loss": "mse", "metrics": None}
    written = io.BytesIO()
    with h5py.File(written, "w") as to, h5py.File(weights) as of:
        for old, new in (("dense", "dense"), ("dense_1", "dense_2")):
            for variable in "01":
                value = of[f"layers/{old}/vars/{variable}"][()]
                to[f"_layer_checkpoint_dependencies/{new}/vars/{variable}"] = value
    entries = {
        "metadata.json": json.dumps({"keras_version": "2.13.1"}),
        "config.json": json.dumps(config),
        "model.weights.h5": written.getvalue(),
    }
    with zipfile.ZipFile(os.path.join(here, "keras213.keras"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry, data in entries.items():
            archive.writestr(zipfile.ZipInfo(entry, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    with open(os.path.join(here, "compiled.json.gz"), "rb") as of, open(os.path.join(here, "keras213.json.gz"), "wb") as to:
        to.write(of.read())


def pack(path, expected):
    with open(path, "rb") as file:
        data = file.read()
    with open(path + ".gz", "wb") as file:
        file.write(gzip.compress(data, 9, mtime=0))
    os.remove(path)
    with open(path.replace(".h5", ".json.gz"), "wb") as file:
        file.write(gzip.compress(json.dumps(expected).encode(), 9, mtime=0))


def axes():
    """Channels first, normalisations along every axis, transposed convolutions with an output padding."""
    x = keras.Input((4, 7, 6), name="image")
    v = keras.Input((2, 3, 2, 2), name="volume")
    first = {"data_format": "channels_first"}
    ys = [
        L.Conv2D(5, 3, strides=2, padding="same", activation="relu", name="conv", **first)(x),
        L.DepthwiseConv2D(2, depth_multiplier=2, strides=2, padding="same", name="depthwise", **first)(x),
        L.SeparableConv2D(3, 2, padding="same", name="separable", **first)(x),
        L.Conv2DTranspose(3, 3, strides=2, padding="same", name="transpose", **first)(x),
        L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1, name="transpose_same_one", **first)(x),
        L.Conv2DTranspose(2, (2, 4), strides=3, padding="valid", output_padding=(2, 1), name="transpose_valid_two")(x),
        L.Conv2DTranspose(2, 4, strides=2, padding="same", output_padding=0, name="transpose_even_none")(x),
        L.Conv2DTranspose(2, 3, dilation_rate=2, padding="same", name="transpose_dilated")(x),
        L.Conv3DTranspose(2, 2, strides=2, padding="same", name="transpose_volume")(v),
        L.MaxPooling2D(3, strides=2, padding="same", name="max", **first)(x),
        L.AveragePooling2D(2, padding="same", name="average", **first)(x),
        L.GlobalAveragePooling2D(name="global_average", **first)(x),
        L.GlobalMaxPooling2D(keepdims=True, name="global_max", **first)(x),
        L.UpSampling2D((2, 3), interpolation="bilinear", name="up", **first)(x),
        L.ZeroPadding2D(((1, 0), (2, 3)), name="padding", **first)(x),
        L.Cropping2D(((1, 2), (0, 1)), name="cropping", **first)(x),
        L.Flatten(name="flatten", **first)(x),
        L.BatchNormalization(axis=1, name="batch_first")(x),
        L.BatchNormalization(axis=2, name="batch_middle")(x),
        L.LayerNormalization(axis=1, name="layer_first")(x),
        L.LayerNormalization(axis=[1, 3], scale=False, name="layer_outer")(x),
        L.LayerNormalization(rms_scaling=True, name="layer_rms")(x),
        L.RMSNormalization(axis=[2, 3], name="rms")(x),
        L.GroupNormalization(groups=2, axis=1, name="group_first")(x),
        L.UnitNormalization(axis=2, name="unit")(x),
        L.Softmax(axis=[1, 3], name="softmax")(x),
        L.Normalization(axis=1, mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 1.0], invert=True, name="inverted")(x),
        L.Dense(2, name="nothing")(L.RandomShear(0.1)(L.RandomColorJitter()(x))),
    ]
    inputs = {"image": rng.normal(size=(2, 4, 7, 6)).astype("f4"), "volume": rng.normal(size=(2, 2, 3, 2, 2)).astype("f4")}
    save("axes", keras.Model([x, v], ys), inputs)


def masks():
    """Steps that a mask leaves out at the beginning, between and at the end; functions at the gates that ONNX has not."""
    t = keras.Input((6,), dtype="int32", name="tokens")
    u = keras.Input((6, 3), name="steps")
    allowed = keras.Input((6, 6), name="allowed")
    e = L.Embedding(7, 3, mask_zero=True, name="table")(t)
    other = L.Embedding(7, 3, mask_zero=True, name="other")(t)
    m = L.Masking(0.5, name="masking")(u)
    shared = L.LSTM(3, name="shared")
    seq = L.LSTM(3, return_sequences=True, name="below")(e)
    state = L.LSTM(2, return_sequences=True, return_state=True, name="states")(m)
    # Attention takes the mask away from the tensors that it gets, so that each gets its own.
    own = lambda n: L.Dense(3, name=f"own_{n}")(e)
    first, second = own(1), own(2)
    attended, scores = L.MultiHeadAttention(2, 3, name="scores")(own(0), L.Masking(0.5, name="of_values")(u), return_attention_scores=True)
    relu = L.LSTM(2, activation="elu", recurrent_activation="hard_sigmoid", name="functions")
    ys = [
        L.LSTM(4, name="lstm")(e),
        seq,
        L.LSTM(3, go_backwards=True, return_sequences=True, name="backwards")(e),
        L.GRU(3, name="gru")(L.Dropout(0.5)(e)),
        L.GRU(3, reset_after=False, use_bias=False, return_sequences=True, name="gru_before")(e),
        L.SimpleRNN(3, activation="softsign", name="simple")(m),
        L.LSTM(3, zero_output_for_mask=True, return_sequences=True, name="zeros")(m),
        L.Bidirectional(L.LSTM(3, return_sequences=True), name="both")(e),
        L.Bidirectional(L.GRU(3), merge_mode="sum", name="both_last")(m),
        L.Bidirectional(L.SimpleRNN(3, return_sequences=True, go_backwards=True), backward_layer=L.SimpleRNN(3, return_sequences=True), name="both_turned")(u),
        L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(2, go_backwards=True), name="both_kinds")(u),
        L.LSTM(2, name="above")(seq),
        state[0],
        state[2],
        L.LSTM(2, name="begun")(e, initial_state=[state[1], state[2]]),
        L.GlobalAveragePooling1D(name="mean")(L.Dense(3, name="dense")(e)),
        L.GlobalAveragePooling1D(name="mean_unmasked")(L.Conv1D(3, 2, padding="same", name="conv")(e)),
        L.GlobalAveragePooling1D(keepdims=True, name="mean_sum")(L.Add()([e, m])),
        L.GlobalAveragePooling1D(name="mean_one")(L.Add()([e, u])),
        L.GRU(2, name="longer")(L.Concatenate(axis=1)([e, m])),
        L.GRU(2, name="wider")(L.Concatenate()([e, other])),
        L.MultiHeadAttention(2, 3, name="attention")(first, first),
        L.MultiHeadAttention(2, 3, name="causal")(second, second, use_causal_mask=True),
        L.MultiHeadAttention(2, 3, name="allowed_only")(u, u, attention_mask=allowed),
        attended,
        scores,
        L.LSTM(2, name="after")(L.LayerNormalization(name="norm")(attended)),
        shared(e),
        shared(u),
        L.TimeDistributed(L.Dense(2), name="every")(e),
        relu(u),
        L.GRU(2, activation="linear", recurrent_activation="softsign", reset_after=True, name="functions_gru")(u),
        L.BatchNormalization(name="batch")(e),
    ]
    tokens = np.array([[0, 0, 3, 1, 5, 2], [4, 0, 6, 2, 0, 0], [1, 2, 3, 4, 5, 6]], "i4")
    steps = rng.normal(size=(3, 6, 3)).astype("f4")
    steps[0, 4:] = 0.5
    steps[1, 1] = 0.5
    steps[2, 0, 1] = 0.5
    pattern = np.tril(np.ones((6, 6)))[None].repeat(3, 0) * (rng.random((3, 6, 6)) < 0.7)
    pattern[:, :, 0] = 1
    save("masks", keras.Model([t, u, allowed], ys), {"tokens": tokens, "steps": steps, "allowed": pattern.astype("f4")})


def masked():
    """A mask that no file writes down: a Sequential model hands it on by itself."""
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32", name="tokens"),
            L.Embedding(7, 3, mask_zero=True),
            L.Dropout(0.1),
            L.LSTM(3, return_sequences=True),
            L.Bidirectional(L.GRU(2)),
            L.Dense(2),
        ]
    )
    save("masked", model, {"tokens": np.array([[0, 0, 3, 1, 5], [4, 0, 6, 0, 0], [1, 2, 3, 4, 5]], "i4")})


# Those that are named, or all.
for make in (keras2, images, sequences, vectors, tokens, volumes, compiled, keras213, axes, masks, masked):
    if len(sys.argv) == 1 or make.__name__ in sys.argv[1:]:
        make()
