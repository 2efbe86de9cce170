"""Makes rule4ml_tiny.whl and rule4ml_tiny.json: a wheel laid out as rule4ml 0.2.0's, with
random numbers of our own as weights (nothing of rule4ml is in it), and what the two
networks answer, computed here in numpy from docs/estimate.md, apart from the engine.
usage: python3 rule4ml_tiny.py      (numpy 2, h5py 3; run in this folder)"""
import io
import json
import pickle
import zipfile

import h5py
import numpy as np

TARGETS = ["BRAM", "DSP", "FF", "LUT", "CYCLES", "INTERVAL"]
TOTALS = {"zcu102": {"bram": 1824, "dsp": 2520, "ff": 548160, "lut": 274080}}
LABELS = ["bit_width", "reuse_mean", "dense_inputs_mean", "dense_count", "relu_count", "conv2d_filters_mean", "total_mult", "total_logical"]
FIELDS = ["layer_input_size", "layer_output_size", "layer_parameter_count", "layer_reuse", "layer_op_mult", "layer_op_lookup"]
MAPS = {"strategy": {"latency": 1, "resource": 2}, "board": {"zcu102": 1}, "hls4ml_version": {"0.8.1": 1}, "vivado_version": {"2019.1": 1}}
KINDS = {"inputlayer": 1, "dense": 2, "relu": 3, "softmax": 4, "conv2d": 5, "flatten": 6}
# 4-8-relu-3-softmax, reuse factor 1: per layer input, output, parameters, reuse, mult, lookup
NODES = [("dense", [4, 8, 40, 1, 32, 0]), ("relu", [8, 8, 0, 1, 0, 0]), ("dense", [8, 3, 27, 1, 24, 0]), ("softmax", [3, 3, 0, 1, 3, 4])]
NUMBERS = [8, 1, 6, 2, 1, 0, 32 + 24 + 3, 8]


class Global:  # pickled as the bare name `module.name`
    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self, *_):
        raise NotImplementedError


class Storage:
    def __init__(self, key, n):
        self.id = ("storage", Global("torch", "FloatStorage"), key, "cpu", n)


class Tensor:
    def __init__(self, key, array):
        strides = [s // array.itemsize for s in array.strides]
        self.args = (Storage(key, array.size), 0, array.shape, tuple(strides), False, {})

    def __reduce__(self):
        return Global("torch._utils", "_rebuild_tensor_v2"), self.args


class Pickler(pickle._Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, Storage) else None

    def save(self, obj, *args, **kwargs):
        if isinstance(obj, Global):
            self.write(b"c" + obj.module.encode() + b"\n" + obj.name.encode() + b"\n")
        else:
            super().save(obj, *args, **kwargs)


def torch_file(state):
    out, program = io.BytesIO(), io.BytesIO()
    keys = list(state)
    Pickler(program, 2).dump({k: Tensor(str(i), state[k]) for i, k in enumerate(keys)})
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("tiny/data.pkl", program.getvalue())
        z.writestr("tiny/byteorder", b"little")
        for i, k in enumerate(keys):
            z.writestr(f"tiny/data/{i}", state[k].astype("<f4").tobytes())
        z.writestr("tiny/version", b"3\n")
    return out.getvalue()


def gnn_state(rng):
    s = {}

    def add(name, *shape, scale=0.3):
        s[name] = (rng.standard_normal(shape) * scale).astype("f4")

    for i, (name, rows) in enumerate([("strategy", 3), ("board", 2), ("hls4ml_version", 2), ("vivado_version", 2)]):
        add(f"global_embeddings.g{i}_{name}_embedding.weight", rows, 2)
    add("sequential_embeddings.s0_layer_type_embedding.weight", 7, 3)
    add("numerical_layers.g4_numerical_layer.weight", 5, len(LABELS), scale=0.05)
    width = 3 + len(FIELDS)
    for i, n in enumerate([4, 6]):
        add(f"gconvs.{i}.eps", 1)
        add(f"gconvs.{i}.nn.0.weight", n, width)
        add(f"gconvs.{i}.nn.0.bias", n)
        add(f"gconvs.{i}.nn.2.weight", n, n)
        add(f"gconvs.{i}.nn.2.bias", n)
        for part in ["weight", "bias", "mean_scale"]:
            add(f"norms.{i}.{part}", n)
        width = n
    add("attention_pool.gate_nn.0.weight", 1, 10)
    add("attention_pool.gate_nn.0.bias", 1)
    add("dense_layers.0.weight", 7, 8 + 5 + 10)
    add("dense_layers.0.bias", 7)
    add("output_layer.weight", 1, 7)
    add("output_layer.bias", 1)
    return s


def gnn_answer(s, percent_of):
    s = {k: v.astype("f8") for k, v in s.items()}
    kinds = s["sequential_embeddings.s0_layer_type_embedding.weight"]
    x = np.array([list(kinds[KINDS[k]]) + v for k, v in NODES])
    n = len(x)
    near = np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    kept = []
    for i in range(2):
        p = f"gconvs.{i}."
        total = near @ x + (1 + s[p + "eps"]) * x
        h = np.maximum(total @ s[p + "nn.0.weight"].T + s[p + "nn.0.bias"], 0) @ s[p + "nn.2.weight"].T + s[p + "nn.2.bias"]
        c = h - s[f"norms.{i}.mean_scale"] * h.mean(0)
        x = np.maximum(s[f"norms.{i}.weight"] * c / np.sqrt((c * c).mean(0) + 1e-5) + s[f"norms.{i}.bias"], 0)
        kept.append(x)
    allx = np.concatenate(kept, 1)
    gate = allx @ s["attention_pool.gate_nn.0.weight"].T + s["attention_pool.gate_nn.0.bias"]
    gate = np.exp(gate - gate.max())
    pooled = (gate / gate.sum() * allx).sum(0)
    z = [s[f"global_embeddings.g{i}_{name}_embedding.weight"][1] for i, name in enumerate(MAPS)]
    z += [s["numerical_layers.g4_numerical_layer.weight"] @ np.array(NUMBERS, "f8"), pooled]
    z = np.maximum(s["dense_layers.0.weight"] @ np.concatenate(z) + s["dense_layers.0.bias"], 0)
    y = float((s["output_layer.weight"] @ z + s["output_layer.bias"])[0])
    y = y if y > 20 else float(np.log1p(np.exp(y)))
    return y * percent_of / 100 if percent_of else y


def mlp_arrays(rng):
    r = lambda *shape: (rng.standard_normal(shape) * 0.3).astype("f4")
    a = {"embedding/vars/0": r(3, 2), "embedding_1/vars/0": r(2, 3), "dense/vars/0": r(len(LABELS) - 2, 4), "dense_1/vars/0": r(4, 3)}
    for i, (m, n) in enumerate([(8, 6), (6, 1)]):
        a[f"dense_{i + 2}/vars/0"], a[f"dense_{i + 2}/vars/1"] = r(m, n), np.abs(r(n))
    return a


def mlp_answer(a):
    a = {k: v.astype("f8") for k, v in a.items()}
    z = np.array(NUMBERS[:-2], "f8") @ a["dense/vars/0"] @ a["dense_1/vars/0"]
    z = np.concatenate([a["embedding/vars/0"][1], a["embedding_1/vars/0"][1], z])
    for i in [2, 3]:
        z = np.maximum(z @ a[f"dense_{i}/vars/0"] + a[f"dense_{i}/vars/1"], 0)
    return float(z[0])


def h5_file(arrays):
    out = io.BytesIO()
    with h5py.File(out, "w") as f:
        for name, array in arrays.items():
            f["layers/" + name] = array
    return out.getvalue()


def main():
    rng, answers = np.random.default_rng(7), {"gnn": {}, "mlp": {}}
    with zipfile.ZipFile("rule4ml_tiny.whl", "w", zipfile.ZIP_DEFLATED) as z:
        def put(name, data):
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

        put("rule4ml-0.2.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: rule4ml\nVersion: 0.2.0\nSummary: a stand-in with random weights\n")
        for target in TARGETS:
            total = TOTALS["zcu102"].get(target.lower())
            state, arrays = gnn_state(rng), mlp_arrays(rng)
            common = {"global_categorical_maps": MAPS, "sequential_categorical_maps": {"layer_type": KINDS}}
            settings = dict(common, global_numerical_labels=LABELS, sequential_numerical_labels=FIELDS)
            if total:
                settings["scaler_config"] = {"available_resources": TOTALS}
            put(f"rule4ml/models/weights/v2/gnn/{target}.config.json", json.dumps(settings))
            put(f"rule4ml/models/weights/v2/gnn/{target}.weights.pt", torch_file(state))
            put(f"rule4ml/models/weights/v2/mlp/{target}.config.json", json.dumps(dict(common, global_numerical_labels=LABELS[:-2], sequential_numerical_labels=[])))
            put(f"rule4ml/models/weights/v2/mlp/{target}.weights.h5", h5_file(arrays))
            answers["gnn"][target], answers["mlp"][target] = gnn_answer(state, total), mlp_answer(arrays)
    with open("rule4ml_tiny.json", "w") as f:
        json.dump(answers, f, indent=1)


main()
