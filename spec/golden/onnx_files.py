"""Makes onnx_spellings.onnx and onnx_io.npz: an ONNX file in other spellings than ours, with what
onnxruntime computes from it, and what qonnx executes from qonnx_cnn.onnx and qonnx_mlp.onnx.
  python spec/golden/onnx_files.py       (packages: spec/interop/requirements.txt)"""
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.util.cleanup import cleanup_model

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(1)


def normal(*shape):
    return (rng.standard_normal(shape) * 0.5).astype(np.float32)


def typed(name, array, kind):  # numbers in the typed lists, not in raw_data
    return helper.make_tensor(name, kind, array.shape, array.flatten().tolist())


node = helper.make_node
nodes = [
    node("Conv", ["data", "conv.w"], ["c"], "/conv/Conv", kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]),
    node("BatchNormalization", ["c", "bn.s", "bn.b", "bn.m", "bn.v"], ["n"], "/bn", epsilon=1e-3),
    node("Clip", ["n", "zero"], ["r"], "/act"),
    node("AveragePool", ["r"], ["p"], "/pool", kernel_shape=[2, 2], strides=[1, 1]),
    node("Constant", [], ["shape"], "/const", value=helper.make_tensor("", TensorProto.INT64, [2], [-1, 36])),
    node("Reshape", ["p", "shape"], ["f"], "/flat"),
    node("MatMul", ["f", "fc.w"], ["m"], "/fc/MatMul"),
    node("Add", ["fc.b", "m"], ["h"], "/fc/Add"),
    node("Sigmoid", ["h"], ["g"], "/silu/Sigmoid"),
    node("Mul", ["h", "g"], ["s"], "/silu/Mul"),
    node("Unsqueeze", ["s", "axes"], ["u"], "/unsqueeze"),
    node("Concat", ["u", "u"], ["uu"], "/cat", axis=-2),
    node("ReduceMean", ["uu"], ["q"], "/mean", axes=[1], keepdims=0),
    node("Sub", ["q", "shift"], ["d"], "/sub"),
    node("Div", ["d", "two"], ["e"], "/div"),
    node("Slice", ["e", "starts", "ends", "axes"], ["k"], "/slice"),
    node("Gemm", ["k", "gemm.w", "gemm.b"], ["o"], "/gemm", transB=1),
    node("Softmax", ["o"], ["out"], "/softmax"),
    node("Relu", ["o"], ["unused"], "/nowhere"),
]
constants = [
    typed("conv.w", normal(4, 2, 3, 3), TensorProto.FLOAT),
    typed("bn.s", normal(4) + 1, TensorProto.FLOAT),
    typed("bn.b", normal(4), TensorProto.FLOAT),
    numpy_helper.from_array(normal(4), "bn.m"),
    numpy_helper.from_array(np.abs(normal(4)) + 0.5, "bn.v"),
    numpy_helper.from_array(np.float32(0), "zero"),
    numpy_helper.from_array(normal(36, 6), "fc.w"),
    numpy_helper.from_array(normal(1, 6), "fc.b"),
    typed("axes", np.array([1]), TensorProto.INT64),
    numpy_helper.from_array(normal(6), "shift"),
    numpy_helper.from_array(np.array([2], np.float32), "two"),
    numpy_helper.from_array(np.array([-5]), "starts"),
    typed("ends", np.array([2**31]), TensorProto.INT64),
    numpy_helper.from_array(normal(3, 5), "gemm.w"),
    numpy_helper.from_array(normal(3), "gemm.b"),
]
graph = helper.make_graph(
    nodes, "other spellings",
    [helper.make_tensor_value_info("data", TensorProto.FLOAT, [None, 2, 7, 7])],
    [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None, 3])], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7, producer_name="onnx_files.py")
onnx.checker.check_model(model, full_check=True)
path = os.path.join(HERE, "onnx_spellings.onnx")
onnx.save(model, path)

arrays = {"x": rng.standard_normal((8, 2, 7, 7)).astype(np.float32)}
arrays["y"] = onnxruntime.InferenceSession(path).run(None, {"data": arrays["x"]})[0]
for name in ["cnn", "mlp"]:
    quantised = cleanup_model(ModelWrapper(os.path.join(HERE, "qonnx_%s.onnx" % name)))
    first, last = quantised.graph.input[0], quantised.graph.output[0].name
    shape = [d.dim_value for d in first.type.tensor_type.shape.dim][1:]
    x = (rng.standard_normal([64] + shape) * 3).astype(np.float32)
    arrays[name + "_x"] = x
    arrays[name + "_y"] = np.concatenate([execute_onnx(quantised, {first.name: x[i:i + 1]})[last] for i in range(len(x))])
np.savez_compressed(os.path.join(HERE, "onnx_io.npz"), **arrays)
