"""Makes pytorch_losses.npz beside this file: cases of losses, optimisers and
schedules that pytorch.py does not have.

python3 spec/golden/pytorch_losses.py    (versions and seed are stored in "made_with")

  loss_CASE/loss, /gx       mean loss of loss/x (with the answers in loss/*) and its gradient
  opt_CASE/w                weights after each of 5 steps of one linear layer w of 5 inputs and 4
                            outputs from opt/w0, without bias, on 6 rows opt/x, mse against opt/target
  lr_CASE/rates             learning rates of epochs (or steps) 0, 1, ..., float64
"""
import io
import os
import sys
import zipfile
import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
SEED = 20261122
HERE = os.path.dirname(os.path.abspath(__file__))
MADE = f"PyTorch {torch.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}, seed {SEED}"
out = {"made_with": np.frombuffer(MADE.encode(), "u1")}


def array(t):
    t = t.detach().contiguous().numpy()
    return t.astype("<i4") if t.dtype.kind in "iu" else t.astype("<f4")


def losses():
    g = torch.Generator().manual_seed(SEED)
    rows, n = 21, 5
    x = torch.randn(rows, n, generator=g) * 4
    x[0] = torch.tensor([100.0, -100.0, 0.0, 50.0, 99.5])  # far apart: nothing overflows
    label = torch.randint(n, (rows,), generator=g)
    soft = torch.softmax(torch.randn(rows, n, generator=g), -1)
    target = torch.randn(rows, n, generator=g)
    target[1] = x[1]  # gradient 0 at equality
    weight = torch.rand(n, generator=g)
    weight[2] = 0
    share = torch.rand(rows, n, generator=g)
    one_x = torch.randn(rows, 1, generator=g) * 30
    one_t = torch.randint(2, (rows, 1), generator=g).float()
    for name, t in {"x": x, "label": label, "soft": soft, "target": target, "class_weights": weight, "share": share,
                    "one_x": one_x, "one_t": one_t}.items():
        out["loss/" + name] = array(t)
    for name, (z, f) in {
        "ce_label": (x, lambda z: F.cross_entropy(z, label)),
        "ce_smooth": (x, lambda z: F.cross_entropy(z, label, label_smoothing=0.2)),
        "ce_weights": (x, lambda z: F.cross_entropy(z, label, weight=weight)),
        "ce_weights_smooth": (x, lambda z: F.cross_entropy(z, label, weight=weight, label_smoothing=0.2)),
        "ce_soft": (x, lambda z: F.cross_entropy(z, soft)),
        "ce_soft_weights_smooth": (x, lambda z: F.cross_entropy(z, soft, weight=weight, label_smoothing=0.2)),
        "bce": (x, lambda z: F.binary_cross_entropy_with_logits(z, share)),
        "bce_one": (one_x, lambda z: F.binary_cross_entropy_with_logits(z, one_t)),
        "mse": (x, lambda z: F.mse_loss(z, target)),
        "l1": (x, lambda z: F.l1_loss(z, target)),
        "huber": (x, lambda z: F.huber_loss(z, target, delta=3.0)),
        "smooth_l1": (x, lambda z: F.smooth_l1_loss(z, target, beta=0.5)),
    }.items():
        z = z.clone().requires_grad_()
        loss = f(z)
        loss.backward()
        out[f"loss_{name}/loss"], out[f"loss_{name}/gx"] = array(loss.reshape(1)), array(z.grad)


def optimisers():
    g = torch.Generator().manual_seed(SEED + 1)
    w0 = torch.randn(4, 5, generator=g)
    x = torch.randn(6, 5, generator=g)
    target = torch.randn(6, 4, generator=g) * 3
    out.update({"opt/w0": array(w0), "opt/x": array(x), "opt/target": array(target)})
    o = torch.optim
    norm = lambda w: torch.nn.utils.clip_grad_norm_([w], 0.5)
    value = lambda w: torch.nn.utils.clip_grad_value_([w], 0.05)
    for name, make, clip in [
        ("sgd_decay", lambda p: o.SGD(p, lr=0.1, weight_decay=0.1), None),
        ("sgd_dampening", lambda p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.5), None),
        ("sgd_nesterov_decay", lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01), None),
        ("sgd_clip_norm", lambda p: o.SGD(p, lr=0.1, momentum=0.9), norm),
        ("sgd_clip_value", lambda p: o.SGD(p, lr=0.1), value),
        ("adam_decay", lambda p: o.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1), None),
        ("adam_amsgrad", lambda p: o.Adam(p, lr=0.3, betas=(0.5, 0.6), amsgrad=True), None),
        ("adamw", lambda p: o.AdamW(p, lr=0.01), None),
        ("adamw_decay_amsgrad", lambda p: o.AdamW(p, lr=0.3, betas=(0.5, 0.6), weight_decay=0.1, amsgrad=True), None),
        ("rmsprop", lambda p: o.RMSprop(p, lr=0.0015), None),
        ("rmsprop_centered", lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, centered=True), None),
        ("rmsprop_all", lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-6, momentum=0.9, centered=True,
                                            weight_decay=0.01), None),
        ("adagrad", lambda p: o.Adagrad(p, lr=0.1), None),
        ("adagrad_decay", lambda p: o.Adagrad(p, lr=0.1, eps=1e-3, weight_decay=0.1), None),
    ]:
        w = w0.clone().requires_grad_()
        opt = make([w])
        after = []
        for _ in range(5):
            opt.zero_grad()
            F.mse_loss(x @ w.T, target).backward()
            if clip:
                clip(w)
            opt.step()
            after.append(w.detach().clone())
        out[f"opt_{name}/w"] = array(torch.stack(after))


def schedules():
    s = torch.optim.lr_scheduler

    def rates(name, lr, n, make, fed=None):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)
        schedule = make(opt)
        lrs = [opt.param_groups[0]["lr"]]
        for e in range(n - 1):
            opt.step()
            schedule.step(*([] if fed is None else [fed[e]]))
            lrs.append(opt.param_groups[0]["lr"])
        out[f"lr_{name}/rates"] = np.array(lrs, "<f8")

    fed = [1.0, 0.9, 0.8, 0.8, 0.81, 0.79995, 0.79, 0.8, 0.8, 0.8, 0.8, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.6, 0.6, 0.6,
           0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]
    out["lr/fed"] = np.array(fed, "<f8")
    rates("step", 0.1, 30, lambda o: s.StepLR(o, 7, gamma=0.3))
    rates("multi_step", 0.1, 30, lambda o: s.MultiStepLR(o, [3, 10, 20], gamma=0.2))
    rates("exponential", 0.1, 30, lambda o: s.ExponentialLR(o, 0.9))
    rates("cosine", 0.1, 30, lambda o: s.CosineAnnealingLR(o, 30, eta_min=0.001))
    rates("cosine_past", 0.1, 30, lambda o: s.CosineAnnealingLR(o, 10))
    rates("restarts", 0.1, 30, lambda o: s.CosineAnnealingWarmRestarts(o, 7))
    rates("restarts_longer", 0.1, 40, lambda o: s.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.001))
    rates("one_cycle", 0.3 / 25, 31, lambda o: s.OneCycleLR(o, max_lr=0.3, total_steps=31))
    rates("one_cycle_set", 0.1, 24, lambda o: s.OneCycleLR(
        o, max_lr=0.3, total_steps=24, pct_start=0.4, div_factor=10, final_div_factor=100, anneal_strategy="linear"))
    rates("warmup", 0.1, 12, lambda o: s.LinearLR(o, 0.1, 1.0, 8))
    rates("warmup_cosine", 0.1, 20, lambda o: s.SequentialLR(
        o, [s.LinearLR(o, 1 / 3, 1.0, 5), s.CosineAnnealingLR(o, 15)], [5]))
    rates("plateau", 0.1, 30, lambda o: s.ReduceLROnPlateau(o, factor=0.1, patience=3), fed)
    rates("plateau_max", 0.1, 30, lambda o: s.ReduceLROnPlateau(
        o, mode="max", factor=0.5, patience=1, cooldown=2, min_lr=0.01), [-v for v in fed])


losses()
optimisers()
schedules()
with zipfile.ZipFile(os.path.join(HERE, "pytorch_losses.npz"), "w", zipfile.ZIP_DEFLATED) as z:
    for key, a in out.items():  # fixed dates: equal numbers make equal files
        blob = io.BytesIO()
        np.save(blob, a, allow_pickle=False)
        z.writestr(zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0)), blob.getvalue(), zipfile.ZIP_DEFLATED)
print(MADE)
