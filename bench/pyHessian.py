"""PyHessian's λ_max and trace of a case by its defaults, float32, one thread, all samples at once. Prints a line of JSON after
each, as soon as it is known: {"lambdaMax": …}, then {"trace": …}.

    PYTHONPATH=FOLDER_OF_PYHESSIAN python3 bench/pyHessian.py CASE CASE.npz
"""
import json
import sys

import numpy
import torch
from pyhessian import hessian
from torchModels import load

torch.set_num_threads(1)
torch.manual_seed(0)
model, inputs, labels = load(sys.argv[1], sys.argv[2])
found = hessian(model, torch.nn.CrossEntropyLoss(), data=(inputs, labels), cuda=False)
print(json.dumps({"lambdaMax": float(found.eigenvalues()[0][0])}), flush=True)
print(json.dumps({"trace": float(numpy.mean(found.trace()))}), flush=True)
