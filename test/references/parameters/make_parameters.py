"""Makes parameters/*.onnx, *.npz and parameters.json: networks whose files do not tell plainly what was trained.

Every number is from the full Hessian of the float32 network widened to float64, column by column, over the parameters that
PyTorch has. Needs torch 1.13 (its exporter merges equal tensors). Usage: python3 make_parameters.py
"""

import json
import os
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


class Made(nn.Module):
    """A network of one function of itself and the samples, its modules, parameters and buffers."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            if isinstance(part, (nn.Module, nn.Parameter)):
                setattr(self, name, part)
            else:
                self.register_buffer(name, part)

    def forward(self, x):
        return self.function(self, x)


class Blk(nn.Module):
    """A residual block that begins as nothing (ReZero)."""

    def __init__(self, alpha):
        super().__init__()
        self.l = nn.Linear(4, 4)
        self.alpha = nn.Parameter(torch.tensor(alpha))

    def forward(self, x):
        return x + self.alpha * torch.tanh(self.l(x))


def P(*dims):
    return nn.Parameter(torch.randn(*dims) * 0.5)


C={}
C['lninput']=lambda:nn.Sequential(nn.LayerNorm(4),nn.Linear(4,5),nn.Tanh(),nn.Linear(5,3))
C['token']=lambda:Made(lambda s,x:s.o(torch.tanh(s.a(x[...,None]*s.w+s.b)).flatten(1)),w=P(4,3),b=P(4,3),a=nn.Linear(3,5),o=nn.Linear(20,3))
C['cls']=lambda:Made(lambda s,x:s.o(torch.tanh(s.a(torch.cat([s.cls.expand(x.shape[0],1,4),x.reshape(-1,1,4)],1)+s.pos)).flatten(1)),cls=P(1,1,4),pos=P(1,2,4),a=nn.Linear(4,5),o=nn.Linear(10,3))
C['gate']=lambda:Made(lambda s,x:s.o(torch.tanh(s.a(x*torch.sigmoid(s.gate)))),gate=P(4),a=nn.Linear(4,5),o=nn.Linear(5,3))
C['rbf']=lambda:Made(lambda s,x:s.o(torch.exp(-((x[:,None,:]-s.c)**2).sum(-1)*s.ls.exp())),c=P(5,4),ls=P(5),o=nn.Linear(5,3))
C['lvq']=lambda:Made(lambda s,x:-((x[:,None,:]-s.c)**2).sum(-1),c=P(3,4))
C['norm']=lambda:Made(lambda s,x:s.o(torch.tanh(s.a((x-s.mean)/s.std))),mean=torch.randn(4),std=torch.rand(4)+1,a=nn.Linear(4,5),o=nn.Linear(5,3))
C['enc']=lambda:Made(lambda s,x:s.o(s.e(s.i(x).reshape(-1,2,4)).flatten(1)),i=nn.Linear(4,8),e=nn.TransformerEncoder(nn.TransformerEncoderLayer(4,2,8,batch_first=True,dropout=0,activation='gelu'),2),o=nn.Linear(8,3))
C['ln2']=lambda:Made(lambda s,x:s.o(s.n(torch.tanh(s.b(s.n(torch.tanh(s.a(x))))))),a=nn.Linear(4,5),b=nn.Linear(5,5),n=nn.LayerNorm(5),o=nn.Linear(5,3))
C['ln2mods']=lambda:Made(lambda s,x:s.o(s.m(torch.tanh(s.b(s.n(torch.tanh(s.a(x))))))),a=nn.Linear(4,5),b=nn.Linear(5,5),n=nn.LayerNorm(5),m=nn.LayerNorm(5),o=nn.Linear(5,3))
C['rezero']=lambda:nn.Sequential(nn.Linear(4,4),Blk(0.),Blk(0.),Blk(.3),nn.Linear(4,3))
C['clip']=lambda:Made(lambda s,x:s.logit_scale.exp()*s.o(torch.tanh(s.a(x))),logit_scale=nn.Parameter(torch.tensor(.7)),a=nn.Linear(4,5),o=nn.Linear(5,3))
C['cos']=lambda:Made(lambda s,x:5*F.cosine_similarity(s.a(x)[:,None],s.p[None],dim=-1),a=nn.Linear(4,5),p=P(3,5))
C['cosface']=lambda:Made(lambda s,x:s.sc*F.normalize(s.a(x))@F.normalize(s.w).T,sc=nn.Parameter(torch.tensor([4.])),a=nn.Linear(4,5),w=P(3,5))
C['layertwice']=lambda:(lambda l:Made(lambda s,x:s.o(s.l(s.l(s.i(x).reshape(-1,2,4))).flatten(1)),i=nn.Linear(4,8),l=l,o=nn.Linear(8,3)))(nn.TransformerEncoderLayer(4,2,8,batch_first=True,dropout=0,activation='gelu'))
C['shared']=lambda:(lambda l:nn.Sequential(l,nn.Tanh(),l,nn.Tanh(),nn.Linear(4,3)))(nn.Linear(4,4))
C['pos']=lambda:Made(lambda s,x:s.o(torch.tanh(s.a(x.reshape(-1,2,2)+s.pos)).flatten(1)),pos=P(2,2),a=nn.Linear(2,5),o=nn.Linear(10,3))
C['posmlp']=lambda:Made(lambda s,x:s.o(torch.tanh(s.a((x.reshape(-1,2,2)+s.pos).flatten(1)))),pos=P(2,2),a=nn.Linear(4,5),o=nn.Linear(5,3))


# Folded, cosine similarity has two tensors for one parameter.
unfolded = {"cos", "cosface"}
references = {}
for name, make in C.items():
    torch.manual_seed(3)
    model = make().eval()
    x, y = torch.randn(9, 4), torch.randint(0, 3, (9,))
    torch.onnx.export(
        model,
        x,
        os.path.join(HERE, name + ".onnx"),
        opset_version=13,
        do_constant_folding=name not in unfolded,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}},
        training=torch.onnx.TrainingMode.PRESERVE,
    )
    np.savez(os.path.join(HERE, name + ".npz"), x=x.numpy(), y=y.numpy())
    model, x = model.double(), x.double()
    loss = F.cross_entropy(model(x), y)
    parameters = list(model.parameters())
    gradient = torch.autograd.grad(loss, parameters, create_graph=True)
    flat = torch.cat([part.reshape(-1) for part in gradient])
    columns = [torch.autograd.grad(each, parameters, retain_graph=True, allow_unused=True) for each in flat]
    hessian = torch.stack(
        [
            torch.cat([torch.zeros(p.numel()) if part is None else part.reshape(-1) for p, part in zip(parameters, column)])
            for column in columns
        ]
    )
    eigenvalues = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    references[name] = {
        "parameters": len(flat),
        "loss": loss.item(),
        "trace": hessian.trace().item(),
        "frobeniusSquared": (hessian * hessian).sum().item(),
        "lambdaMax": eigenvalues[-1].item(),
        "lambdaMin": eigenvalues[0].item(),
    }
with open(os.path.join(HERE, "parameters.json"), "w") as file:
    json.dump(references, file, indent=1)
