"""PyTorch's side of bench/train_step.lua: eager, fused Adam, one thread.

Reads a line from standard input for each measurement, so that both sides can
take turns on one machine, and answers with samples per second. The first line
that it writes is its version.
"""
import sys
import time

import torch

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(1)

BATCH, BATCHES = 128, 80
layers, width = [], 64
for units in (64, 64, 32):
    layers += [torch.nn.Linear(width, units), torch.nn.BatchNorm1d(units), torch.nn.ReLU()]
    width = units
net = torch.nn.Sequential(*layers, torch.nn.Linear(width, 10))
x = torch.randn(BATCH * BATCHES, 64)
y = torch.randint(0, 10, (BATCH * BATCHES,))
loss_of = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)


def epoch():
    for first in range(0, len(x), BATCH):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(net(x[first:first + BATCH]), y[first:first + BATCH])
        loss.backward()
        optimizer.step()


print("torch", torch.__version__, flush=True)
epoch()
for line in sys.stdin:
    epochs = int(line)
    start = time.perf_counter()
    for _ in range(epochs):
        epoch()
    print(epochs * len(x) / (time.perf_counter() - start), flush=True)
