"""Weights as other frameworks write them, for spec/lua/model_import_spec.lua.
Made with torch 2.15, safetensors, h5py 3.16, numpy 2.4: python spec/golden/import.py
The Keras files are laid out as Keras 2 (.h5) and Keras 3 (.weights.h5) lay them out."""
import os
import h5py
import numpy as np
import torch
from safetensors.torch import save_file

here = os.path.dirname(__file__)
torch.manual_seed(1)
model = torch.nn.Sequential()
model.add_module("flat", torch.nn.Flatten())
model.add_module("fc1", torch.nn.Linear(12, 4))
model.add_module("bn", torch.nn.BatchNorm1d(4))
model.add_module("fc2", torch.nn.Linear(4, 2))
model(torch.randn(64, 2, 3, 2))  # moves the running statistics
model.eval()
with torch.no_grad():
    model.bn.weight.copy_(torch.rand(4) + 0.5)
    model.bn.bias.copy_(torch.randn(4))
    x = torch.randn(3, 2, 3, 2)
    y = model(x)
state = {k: v.contiguous() for k, v in model.state_dict().items()}
save_file(state, f"{here}/import.safetensors", metadata={"format": "pt"})
np.savez(f"{here}/import_torch.npz", **{k: v.numpy() for k, v in state.items()})
np.savez(f"{here}/import_io.npz", x=x.numpy(), y=y.numpy())
t = torch.arange(6, dtype=torch.float32).reshape(2, 3) - 2.5
save_file({str(d).split(".")[1]: t.to(d) for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
          | {str(d).split(".")[1]: torch.tensor([1, 2, 127]).to(d) for d in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8)}
          | {"scalar": torch.tensor(7.0), "empty": torch.zeros(0, 3)}, f"{here}/types.safetensors")

n = {k: v.numpy() for k, v in state.items()}
# channels last: rows of the first kernel in the order (H, W, C)
kernel1 = n["fc1.weight"].reshape(4, 2, 3, 2).transpose(2, 3, 1, 0).reshape(12, 4)
keras = {
    "fc1": [("kernel", kernel1), ("bias", n["fc1.bias"])],
    "bn": [("gamma", n["bn.weight"]), ("beta", n["bn.bias"]), ("moving_mean", n["bn.running_mean"]),
           ("moving_variance", n["bn.running_var"])],
    "fc2": [("kernel", n["fc2.weight"].T), ("bias", n["fc2.bias"])],
}
with h5py.File(f"{here}/import_keras2.h5", "w") as f:
    for layer, arrays in keras.items():
        for name, value in arrays:
            f[f"model_weights/{layer}/{layer}/{name}:0"] = value
    f["optimizer_weights/adam/iterations:0"] = np.int64(3)
with h5py.File(f"{here}/import_keras3.weights.h5", "w") as f:
    for path, layer in (("layers/dense", "fc1"), ("layers/batch_normalization", "bn"), ("layers/dense_1", "fc2")):
        for i, (_, value) in enumerate(keras[layer]):
            f[f"{path}/vars/{i}"] = value

# a net with convolutions, one of them depthwise (groups = channels, two filters each)
net = torch.nn.Sequential()
net.add_module("conv", torch.nn.Conv2d(2, 3, (3, 2)))
net.add_module("act", torch.nn.ReLU())
net.add_module("depth", torch.nn.Conv2d(3, 6, 2, groups=3))
net.add_module("flat", torch.nn.Flatten())
net.add_module("head", torch.nn.Linear(6 * 2 * 2, 2))
net.eval()
with torch.no_grad():
    x = torch.randn(3, 2, 5, 4)
    y = net(x)
n = {k: v.numpy() for k, v in net.state_dict().items()}
np.savez(f"{here}/import_conv.npz", io_x=x.numpy(), io_y=y.numpy(), **n)
with h5py.File(f"{here}/import_conv.h5", "w") as f:
    f["conv/conv/kernel:0"] = n["conv.weight"].transpose(2, 3, 1, 0)
    f["conv/conv/bias:0"] = n["conv.bias"]
    f["depth/depth/depthwise_kernel:0"] = n["depth.weight"].reshape(3, 2, 2, 2).transpose(2, 3, 0, 1)
    f["depth/depth/bias:0"] = n["depth.bias"]
    f["head/head/kernel:0"] = n["head.weight"].reshape(2, 6, 2, 2).transpose(2, 3, 1, 0).reshape(24, 2)
    f["head/head/bias:0"] = n["head.bias"]
