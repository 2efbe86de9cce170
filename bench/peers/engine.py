"""PyTorch's side of bench/engine.lua and, with Brevitas' layers, of bench/qat_step.lua:
one thread, eager with fused Adam, inference_mode, batches sliced from memory.

Answers each line, a JSON object as bench/side.lua describes, with one number, or two.
The first line that it writes is its version.
"""
import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(1)

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "leaky_relu": nn.LeakyReLU}


class Attention(nn.Module):
    """BraggNN's: 1 x 1 convolutions, unscaled softmax over positions, residual."""

    def __init__(self, channels, hidden, activation):
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(channels, hidden, 1) for _ in range(3))
        self.project = nn.Conv2d(hidden, channels, 1)
        self.activation = ACTIVATIONS[activation]()

    def forward(self, x):
        query, key, value = (f(x).flatten(2) for f in (self.query, self.key, self.value))
        scores = torch.softmax(query.transpose(1, 2) @ key, dim=-1)
        mixed = (value @ scores.transpose(1, 2)).reshape(x.shape[0], -1, *x.shape[2:])
        return self.activation(x + self.project(mixed))


class Mean(nn.Module):
    """Rows are positions of sets of 8 until here."""

    def forward(self, x):
        return x.view(-1, 8, x.shape[-1]).mean(1)


class Positions(nn.Module):
    def forward(self, x):
        return x.reshape(-1, x.shape[-1])


def linear(inputs, outputs, bits):
    """With `bits`, quantisation-aware as Brevitas does it by default: weights by their largest one."""
    if bits is None:
        return nn.Linear(inputs, outputs)
    from brevitas.nn import QuantLinear
    return QuantLinear(inputs, outputs, bias=True, weight_bit_width=bits)


def nonlinear(word, bits):
    if bits is None:
        return ACTIVATIONS[word]()
    from brevitas.nn import QuantReLU
    assert word == "relu", word
    return QuantReLU(bit_width=bits)


def network(net):
    shape, layers, bits = list(net["input"]), [], net.get("bits")
    if bits is not None:
        from brevitas.nn import QuantIdentity
        layers.append(QuantIdentity(bit_width=bits))
    if len(shape) == 2:  # a set: dense and batchnorm work on its positions as rows
        layers, shape = layers + [Positions()], shape[1:]
    for word in net["layers"].split():
        if word.isdigit():
            layers.append(linear(shape[0], int(word), bits))
            shape = [int(word)]
        elif word.startswith("conv"):
            layers.append(nn.Conv2d(shape[0], int(word[4:]), 3))
            shape = [int(word[4:]), shape[1] - 2, shape[2] - 2]
        elif word.startswith("attn"):
            hidden, activation = word[4:].split(":")
            layers.append(Attention(shape[0], int(hidden), activation))
        elif word == "bn":
            layers.append(nn.BatchNorm1d(shape[0]) if len(shape) == 1 else nn.BatchNorm2d(shape[0]))
        elif word == "mean":
            layers.append(Mean())
        elif word == "flatten":
            layers.append(nn.Flatten())
            shape = [shape[0] * shape[1] * shape[2]]
        else:
            layers.append(nonlinear(word, bits))
    built = nn.Sequential(*layers)
    count = sum(p.numel() for p in built.parameters())
    assert bits is not None or count == net["params"], f"{net['name']}: {count} parameters, not {net['params']}"
    return built, shape[0]


class Run:
    def __init__(self, net, compiled=False, batches=None):
        self.net, self.batch = net, net["batch"]
        self.module, outputs = network(net)
        rows = self.batch * (batches or net["batches"])
        self.x = torch.randn(rows, *net["input"])
        if net.get("task") == "regression":
            self.y, self.loss = torch.rand(rows, 2), nn.MSELoss()
        else:
            self.y, self.loss = torch.randint(0, outputs, (rows,)), nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.module.parameters(), lr=1e-3, fused=True)
        self.call = torch.compile(self.module) if compiled else self.module

    def train(self, batch=None, rows=None):
        batch = batch or self.batch
        self.module.train()
        for first in range(0, rows or len(self.x), batch):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.call(self.x[first:first + batch]), self.y[first:first + batch])
            loss.backward()
            self.optimizer.step()

    def infer(self):
        self.module.eval()
        with torch.inference_mode():
            for first in range(0, len(self.x), self.batch):
                self.call(self.x[first:first + self.batch])


def rate(f, rows, seconds):
    f()
    start, n = time.perf_counter(), 0
    while n == 0 or time.perf_counter() - start < seconds:
        f()
        n += rows
    return n / (time.perf_counter() - start)


def status(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    return 0


def memory(net):
    run = Run(net, batches=1)
    run.train(16, 16)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    for _ in range(3):
        run.train()
    peak = status("VmHWM")
    return f"{peak} {peak - before}"


def answer(ask, ready):
    net = ask["net"]
    if ask["what"] == "memory":
        return memory(net)
    key = (net["name"], ask.get("compiled", False))
    if key not in ready:
        ready.clear()
        ready[key] = Run(net, key[1])
    run = ready[key]
    return rate(run.train if ask["what"] == "train" else run.infer, len(run.x), ask["seconds"])


print("PyTorch", torch.__version__.split("+")[0], flush=True)
ready = {}
for line in sys.stdin:
    try:
        print(answer(json.loads(line), ready), flush=True)
    except Exception as error:  # the other side prints it
        print("error", str(error).replace("\n", " "), flush=True)
