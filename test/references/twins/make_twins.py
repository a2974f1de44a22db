"""Quantised twins of cnn_bn and mlp_tanh by onnxruntime's own tools, and what numpy makes of their outputs.

With onnx 1.23.1 and onnxruntime 1.30.0: python make_twins.py. Weights of 7 bits (reduce_range), so that no processor's
8-bit products saturate. Losses are cross-entropies in float64 of the float32 outputs; the error is that of the mean of the
paired differences.
"""
import json
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static


class Samples(CalibrationDataReader):
    def __init__(self, x):
        self.batches = iter([{"input": x[:64]}])

    def get_next(self):
        return next(self.batches, None)


def with_softmax(source, target):
    model = onnx.load(source)
    model.graph.node.append(helper.make_node("Softmax", [model.graph.output[0].name], ["probabilities"], axis=-1))
    model.graph.output[0].name = "probabilities"
    onnx.save(model, target)


def static(source, target, x, form):
    quantize_static(
        source, target, Samples(x), quant_format=form, per_channel=form == QuantFormat.QDQ, reduce_range=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )


def run(path, x, y, logits="output"):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    model = onnx.load(path)
    if logits != model.graph.output[0].name:
        model.graph.output.append(helper.make_tensor_value_info(logits, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    # Dynamic quantisation rounds by the range of the whole batch: a sample at a time.
    size = 1 if "dynamic" in path else len(x)
    batches = [session.run([logits], {"input": x[at : at + size]})[0] for at in range(0, len(x), size)]
    z = np.concatenate(batches).astype(np.float64)
    largest = z.max(1, keepdims=True)
    log_sum = largest[:, 0] + np.log(np.exp(z - largest).sum(1))
    return log_sum - z[np.arange(len(y)), y], z.argmax(1)


def facts(float_path, path, x, y, logits="output"):
    (before, was), (after, now) = run(float_path, x, y), run(path, x, y, logits)
    change = after - before
    return {
        "loss": after.mean(),
        "accuracy": (now == y).mean(),
        "change": change.mean(),
        "error": change.std(ddof=1) / len(y) ** 0.5,
        "changed": int((was != now).sum()),
        "risen": [int(n) for n in np.argsort(-change)[:5]],
    }


found = {}
cnn, mlp = np.load("../formats/cnn_bn.npz"), np.load("../formats/mlp_tanh.npz")
static("cnn_bn.default.onnx", "cnn_bn.qdq.onnx", cnn["x"], QuantFormat.QDQ)
static("cnn_bn.default.onnx", "cnn_bn.qoperator.onnx", cnn["x"], QuantFormat.QOperator)
quantize_dynamic("cnn_bn.default.onnx", "cnn_bn.dynamic.onnx", weight_type=QuantType.QInt8, reduce_range=True)
for form in ["qdq", "qoperator", "dynamic"]:
    found[f"cnn_bn.{form}"] = facts("cnn_bn.default.onnx", f"cnn_bn.{form}.onnx", cnn["x"], cnn["y"])
with_softmax("../formats/mlp_tanh.default.onnx", "mlp_tanh.softmax.onnx")
for form in [QuantFormat.QDQ, QuantFormat.QOperator]:
    static("mlp_tanh.softmax.onnx", f"mlp_tanh.softmax.{form.name.lower()}.onnx", mlp["x"], form)
found["mlp_tanh.softmax.qdq"] = facts(
    "../formats/mlp_tanh.default.onnx", "mlp_tanh.softmax.qdq.onnx", mlp["x"], mlp["y"], "output_DequantizeLinear_Output"
)
json.dump(found, open("twins.json", "w"), indent=1)
