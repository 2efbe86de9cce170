"""Makes pytorch.npz and pytorch_train.npz beside this file: what PyTorch computes.

python3 spec/golden/pytorch.py    (versions and seed are stored in the files' "made_with")

pytorch.npz holds one layer a case, arrays called CASE/NAME:
  x, y, gy, gx    input, output, gradient of some loss by y, and by x; value i of
                  several inputs is x2, gx2, ...
  p_*, g_*        parameters by PyTorch's names and their gradients
  b0_*, b1_*      buffers before and after the forward pass
pytorch_train.npz holds the steps of plain optimisers (opt_*; pytorch_losses.py has
the others, and losses and schedules) and the training of one net (curve/*). All
arrays are float32 in row-major order, except labels and orders of rows (int32).
"""
import os
import sys
import zlib
import zipfile
import io
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
SEED = 20261121
HERE = os.path.dirname(os.path.abspath(__file__))
MADE = f"PyTorch {torch.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}, seed {SEED}"


def seeded(name):
    """A generator of its own for each case, so that adding one changes no other."""
    seed = SEED + zlib.crc32(name.encode())
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


def array(t):
    t = t.detach().contiguous().numpy()
    return t.astype("<i4") if t.dtype.kind in "iu" else t.astype("<f4")


def save(path, arrays):
    """np.savez with fixed dates: equal numbers make equal files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, a in arrays.items():
            blob = io.BytesIO()
            np.save(blob, a, allow_pickle=False)
            z.writestr(zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0)), blob.getvalue(), zipfile.ZIP_DEFLATED)


out = {}


def case(name, module, *shapes, train=True, spread=1.0):
    """Runs module on normal inputs of the shapes, backward from a normal gy."""
    g = seeded(name)
    if callable(module) and not isinstance(module, nn.Module):
        module = module()
    for p in module.parameters():  # nothing stays at its special initial value
        p.data = torch.randn(p.shape, generator=g) * 0.5
    for key, b in module.named_buffers():
        if key.endswith("running_mean"):
            b.copy_(torch.randn(b.shape, generator=g))
        elif key.endswith("running_var"):
            b.copy_(torch.rand(b.shape, generator=g) + 0.5)
    module.train(train)
    before = {k: b.clone() for k, b in module.named_buffers()}
    xs = [(torch.randn(s, generator=g) * spread).requires_grad_() for s in shapes]
    y = module(*xs)
    gy = torch.randn(y.shape, generator=g)
    y.backward(gy)
    for i, x in enumerate(xs):
        n = "" if i == 0 else str(i + 1)
        out[f"{name}/x{n}"], out[f"{name}/gx{n}"] = array(x), array(x.grad)
    out[f"{name}/y"], out[f"{name}/gy"] = array(y), array(gy)
    for key, p in module.named_parameters():
        out[f"{name}/p_{key}"], out[f"{name}/g_{key}"] = array(p), array(p.grad)
    for key, b in module.named_buffers():
        if not key.endswith("num_batches_tracked"):
            out[f"{name}/b0_{key}"], out[f"{name}/b1_{key}"] = array(before[key]), array(b)


class Of(nn.Module):
    """A function as a module."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, *x):
        return self.f(*x)


class TfSame(nn.Module):
    """Convolution padded as TensorFlow's "same": the odd one at the far side."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x):
        pad = []
        for d in reversed(range(x.dim() - 2)):
            n, k, s, dil = x.shape[2 + d], self.conv.kernel_size[d], self.conv.stride[d], self.conv.dilation[d]
            total = max(((n + s - 1) // s - 1) * s + (k - 1) * dil + 1 - n, 0)
            pad += [total // 2, total - total // 2]
        return self.conv(F.pad(x, pad))

    def named_parameters(self, *a, **k):
        return self.conv.named_parameters(*a, **k)


class FeaturesLast(nn.Module):
    """A layer over channels, applied to the last axis of (N, positions, features)."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.transpose(1, 2)).transpose(1, 2)

    def named_parameters(self, *a, **k):
        return self.layer.named_parameters(*a, **k)

    def named_buffers(self, *a, **k):
        return self.layer.named_buffers(*a, **k)


class ConvAttn(nn.Module):
    """1x1 query, key, value; unscaled softmax over positions; projection; residual."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.query = nn.Conv2d(channels, hidden, 1)
        self.key = nn.Conv2d(channels, hidden, 1)
        self.value = nn.Conv2d(channels, hidden, 1)
        self.proj = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        n, _, h, w = x.shape
        q, k, v = (f(x).flatten(2) for f in (self.query, self.key, self.value))  # (n, hidden, positions)
        scores = torch.softmax(q.transpose(1, 2) @ k, dim=-1)
        y = (scores @ v.transpose(1, 2)).transpose(1, 2).reshape(n, -1, h, w)
        return x + self.proj(y)


def layers():
    case("linear", lambda: nn.Linear(13, 7), (5, 13))
    case("linear_nobias", lambda: nn.Linear(16, 10, bias=False), (8, 16))
    case("linear_1out", lambda: nn.Linear(3, 1), (1, 3))
    case("linear_set", lambda: nn.Linear(3, 5), (4, 6, 3))
    case("batchnorm1d_train", lambda: nn.BatchNorm1d(7), (9, 7), spread=2.0)
    case("batchnorm1d_eps", lambda: nn.BatchNorm1d(5, eps=1e-3, momentum=0.01), (6, 5))
    case("batchnorm1d_eval", lambda: nn.BatchNorm1d(7), (9, 7), train=False)
    case("batchnorm1d_ncl_train", lambda: nn.BatchNorm1d(4), (5, 4, 6))
    case("batchnorm1d_ncl_eval", lambda: nn.BatchNorm1d(4), (5, 4, 6), train=False)
    case("batchnorm2d_train", lambda: nn.BatchNorm2d(3), (4, 3, 5, 4))
    case("batchnorm2d_eval", lambda: nn.BatchNorm2d(3), (4, 3, 5, 4), train=False)
    case("batchnorm_of_set_train", lambda: FeaturesLast(nn.BatchNorm1d(3)), (4, 6, 3))
    case("batchnorm_of_set_eval", lambda: FeaturesLast(nn.BatchNorm1d(3)), (4, 6, 3), train=False)
    case("batchnorm_2rows", lambda: nn.BatchNorm1d(3), (2, 3))
    case("layernorm_last", lambda: nn.LayerNorm(10), (6, 10))
    case("layernorm_last_of_set", lambda: nn.LayerNorm(6), (3, 5, 6))
    case("layernorm_chw", lambda: nn.LayerNorm([3, 4, 5]), (2, 3, 4, 5))
    for name, f in {
        "relu": F.relu,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "silu": F.silu,
        "elu": lambda x: F.elu(x, 0.7),
        "softplus": F.softplus,
        "hard_sigmoid": F.hardsigmoid,
        "hard_tanh": F.hardtanh,
    }.items():
        case(name, Of(f), (7, 19), spread=3.0)
    case("softmax", Of(lambda x: torch.softmax(x, -1)), (6, 11), spread=3.0)
    case("softmax_1", Of(lambda x: torch.softmax(x, -1)), (4, 1))
    case("log_softmax", Of(lambda x: torch.log_softmax(x, -1)), (6, 11), spread=3.0)
    case("softmax_axis1", Of(lambda x: torch.softmax(x, 1)), (3, 5, 4))
    case("log_softmax_axis1", Of(lambda x: torch.log_softmax(x, 1)), (3, 5, 4))
    for k in (1, 3, 5):
        for s in (1, 2):
            case(f"conv2d_k{k}_s{s}_valid", lambda: nn.Conv2d(3, 5, k, s), (2, 3, 9, 8))
            case(f"conv2d_k{k}_s{s}_same", lambda: TfSame(nn.Conv2d(3, 5, k, s)), (2, 3, 9, 8))
    case("conv2d_k3_s2_same_even", lambda: TfSame(nn.Conv2d(3, 4, 3, 2)), (2, 3, 8, 8))
    case("conv2d_nobias", lambda: nn.Conv2d(3, 4, 3, bias=False), (2, 3, 5, 6))
    case("conv2d_rect", lambda: TfSame(nn.Conv2d(2, 3, (1, 3), (2, 1))), (2, 2, 6, 7))
    case("conv2d_groups2", lambda: nn.Conv2d(4, 6, 3, groups=2), (2, 4, 6, 5))
    case("conv2d_depthwise", lambda: nn.Conv2d(6, 6, 3, groups=6), (2, 6, 6, 5))
    case("conv2d_depthwise_same_s2", lambda: TfSame(nn.Conv2d(6, 12, 3, 2, groups=6)), (2, 6, 7, 6))
    case("conv2d_dilation2", lambda: nn.Conv2d(2, 3, 3, dilation=2), (2, 2, 8, 7))
    case("conv2d_1x1_image", lambda: nn.Conv2d(3, 2, 1), (2, 3, 1, 1))
    case("conv1d_k1", lambda: nn.Conv1d(3, 4, 1), (3, 3, 7))
    case("conv1d_k3_s2_same", lambda: TfSame(nn.Conv1d(3, 4, 3, 2)), (3, 3, 9))
    case("conv1d_k5_valid", lambda: nn.Conv1d(3, 4, 5), (3, 3, 9))
    case("maxpool2d_2", Of(lambda x: F.max_pool2d(x, 2)), (2, 3, 7, 6))
    case("maxpool2d_3s2", Of(lambda x: F.max_pool2d(x, 3, 2)), (2, 3, 7, 8))
    case("avgpool2d_2", Of(lambda x: F.avg_pool2d(x, 2)), (2, 3, 7, 6))
    case("maxpool1d_2", Of(lambda x: F.max_pool1d(x, 2)), (2, 3, 7))
    case("avgpool1d_3s1", Of(lambda x: F.avg_pool1d(x, 3, 1)), (2, 3, 7))
    case("global_avgpool2d", Of(lambda x: x.mean((2, 3))), (2, 3, 4, 5))
    case("global_maxpool2d", Of(lambda x: x.amax((2, 3))), (2, 3, 4, 5))
    case("set_mean", Of(lambda x: x.mean(1)), (4, 6, 3))
    case("set_max", Of(lambda x: x.max(1).values), (4, 6, 3))
    case("set_sum", Of(lambda x: x.sum(1)), (4, 6, 3))
    case("matmul", Of(torch.matmul), (3, 4, 5), (3, 5, 2))
    case("matmul_transposed", Of(lambda a, b: a @ b.transpose(1, 2)), (3, 4, 5), (3, 6, 5))
    case("add", Of(lambda a, b: a + b), (3, 4, 5), (3, 4, 5))
    case("conv_attn", lambda: ConvAttn(4, 3), (2, 4, 3, 3))


def optimisers(out):
    """One linear layer without bias, 4 inputs to 3 outputs, mse on 6 rows, 5 steps."""
    g = seeded("optimisers")
    w0 = torch.randn(3, 4, generator=g)
    x = torch.randn(6, 4, generator=g)
    target = torch.randn(6, 3, generator=g)
    out.update({"opt/w0": array(w0), "opt/x": array(x), "opt/target": array(target)})
    o = torch.optim
    for name, make in {
        "sgd": lambda p: o.SGD(p, lr=0.1),
        "sgd_momentum": lambda p: o.SGD(p, lr=0.1, momentum=0.9),
        "sgd_nesterov": lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        "sgd_momentum_l2": lambda p: o.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        "adam": lambda p: o.Adam(p, lr=0.0032),
        "adam_fast": lambda p: o.Adam(p, lr=0.1),
        "adam_l2": lambda p: o.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1),
        "rmsprop_momentum": lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.9),
    }.items():
        w = w0.clone().requires_grad_()
        opt = make([w])
        after = []
        for _ in range(5):
            opt.zero_grad()
            F.mse_loss(x @ w.T, target).backward()
            opt.step()
            after.append(w.detach().clone())
        out[f"opt_{name}/w"] = array(torch.stack(after))


def curve(out):
    """50 steps of an MLP with batchnorm: rows in the order stored, Adam 1e-2, cross-entropy."""
    g = seeded("curve")
    n, batch, epochs = 80, 16, 10
    centre = torch.randn(4, 12, generator=g) * 1.2
    label = torch.randint(4, (n,), generator=g)
    x = centre[label] + torch.randn(n, 12, generator=g)
    # no bias before a batchnorm: its gradient is rounding noise, which Adam makes large
    net = nn.Sequential(nn.Linear(12, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(),
                        nn.Linear(16, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(),
                        nn.Linear(8, 4))
    out.update({"curve/x": array(x), "curve/label": array(label)})
    for key, p in net.named_parameters():
        out[f"curve/p_{key}"] = array(p)
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    loss_of, orders = [], []
    for _ in range(epochs):
        order = torch.randperm(n, generator=g)
        orders.append(order)
        for at in range(0, n, batch):
            rows = order[at:at + batch]
            opt.zero_grad()
            loss = F.cross_entropy(net(x[rows]), label[rows])
            loss.backward()
            opt.step()
            loss_of.append(loss.detach())
    net.eval()
    out["curve/order"] = array(torch.stack(orders))
    out["curve/loss"] = array(torch.stack(loss_of))
    out["curve/eval_loss"] = array(F.cross_entropy(net(x), label).reshape(1))
    out["curve/logits"] = array(net(x))
    for key, b in net.named_buffers():
        if not key.endswith("num_batches_tracked"):
            out[f"curve/b1_{key}"] = array(b)


note = np.frombuffer(MADE.encode(), "u1")
layers()
save(os.path.join(HERE, "pytorch.npz"), {"made_with": note, **out})
train = {"made_with": note}
optimisers(train)
curve(train)
save(os.path.join(HERE, "pytorch_train.npz"), train)
print(MADE)
