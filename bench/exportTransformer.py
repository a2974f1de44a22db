"""Writes transformer.onnx by PyTorch's exporter, and transformer.npz with its weights, four samples and their labels: 12
layers of width 192 with three heads, 64 tokens a sample, random weights.

    python3 bench/exportTransformer.py FOLDER
"""
import os
import sys
import warnings

import numpy
import torch
from torchModels import MODELS

folder = sys.argv[1]
torch.manual_seed(0)
model = MODELS["transformer"]()
with torch.no_grad():
    torch.nn.init.normal_(model.pos, 0, 0.3)
    for module in model.modules():
        # Equal ones would be a single initialiser in the file.
        if isinstance(module, torch.nn.LayerNorm):
            torch.nn.init.normal_(module.weight, 1, 0.2)
            torch.nn.init.normal_(module.bias, 0, 0.2)
model.eval()
inputs = torch.randn(4, 64, 16)
labels = torch.randint(0, 10, (4,))

major, minor = (int(part) for part in torch.__version__.split(".")[:2])
options = {"dynamo": False} if (major, minor) >= (2, 5) else {}
if major >= 2:
    # Its last step adds functions of onnxscript, of which there are none, and wants the onnx package for that.
    from torch.onnx._internal import onnx_proto_utils

    onnx_proto_utils._add_onnxscript_fn = lambda model_bytes, custom_opsets: model_bytes
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch.onnx.export(
        model,
        inputs,
        os.path.join(folder, "transformer.onnx"),
        opset_version=16,
        input_names=["input"],
        output_names=["logits"],
        dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}},
        **options,
    )
weights = {f"param:{name}": parameter.detach().numpy() for name, parameter in model.named_parameters()}
numpy.savez(
    os.path.join(folder, "transformer.npz"), inputs=inputs.numpy(), labels=labels.numpy(), **weights
)
