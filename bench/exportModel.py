"""Writes CASE.onnx by PyTorch's exporter, and CASE.npz with its weights, samples and their labels, all random.

    python3 bench/exportModel.py CASE FOLDER
"""
import os
import sys
import warnings

import numpy
import torch
from torchModels import MODELS, SAMPLES

name, folder = sys.argv[1:]
torch.manual_seed(0)
model = MODELS[name]()
inputs, labels = SAMPLES[name]()
statistics = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
with torch.no_grad():
    if hasattr(model, "pos"):
        torch.nn.init.normal_(model.pos, 0, 0.3)
    for module in model.modules():
        # Equal ones would be a single initialiser in the file.
        if isinstance(module, (torch.nn.LayerNorm, torch.nn.BatchNorm2d)):
            torch.nn.init.normal_(module.weight, 1, 0.2)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    for module in statistics:
        module.momentum = 1
    model(inputs)
model.eval()

major, minor = (int(part) for part in torch.__version__.split(".")[:2])
options = {"dynamo": False} if (major, minor) >= (2, 5) else {}
if statistics:
    # The exporter would fold the normalisation into the convolution before it.
    options |= {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
if major >= 2:
    # Its last step adds functions of onnxscript, of which there are none, and wants the onnx package for that.
    from torch.onnx._internal import onnx_proto_utils

    onnx_proto_utils._add_onnxscript_fn = lambda model_bytes, custom_opsets: model_bytes
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch.onnx.export(
        model,
        inputs,
        os.path.join(folder, f"{name}.onnx"),
        opset_version=16,
        input_names=["input"],
        output_names=["logits"],
        dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}},
        **options,
    )
weights = {f"param:{key}": tensor.numpy() for key, tensor in model.state_dict().items()}
numpy.savez(os.path.join(folder, f"{name}.npz"), inputs=inputs.numpy(), labels=labels.numpy(), **weights)
