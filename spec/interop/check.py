"""What spec/interop/write.lua wrote, read by onnxruntime (1e-5 relative), qonnx and hls4ml (bit for bit; Vitis
back end, compiled by g++; names with "stream" also in io_stream). One line a net, then a count.
  python spec/interop/check.py folder"""
import concurrent.futures
import contextlib
import glob
import io
import os
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
folder = sys.argv[1]


def name_of(path):
    return os.path.basename(path)[:-5]


def arrays(path):
    data = np.load(path[:-5] + ".npz")
    return data["x"], data["y"]


def check_float(path):
    import onnx
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    x, y = arrays(path)
    got = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    if got.shape != y.shape:
        return "shape %s, ours is %s" % (got.shape, y.shape)
    error = np.max(np.abs(got - y) / np.maximum(1, np.abs(y)))
    return None if error <= 1e-5 else "error %.1e" % error


def cleaned(path):
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.util.cleanup import cleanup_model

    return cleanup_model(ModelWrapper(path))


def differences(got, y):
    wrong = np.argwhere(got.reshape(y.shape) != y)
    return None if len(wrong) == 0 else "%d of %d logits differ, first %s" % (len(wrong), y.size, wrong[0])


def check_qonnx(path):
    from qonnx.core.onnx_exec import execute_onnx

    model = cleaned(path)
    x, y = arrays(path)
    first, last = model.graph.input[0].name, model.graph.output[0].name
    return differences(np.concatenate([execute_onnx(model, {first: x[i:i + 1]})[last] for i in range(len(x))]), y)


def check_hls4ml(path, io_type):
    import hls4ml
    from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
    from qonnx.transformation.gemm_to_matmul import GemmToMatMul
    from qonnx.util.cleanup import cleanup_model

    model = cleaned(path)
    x, y = arrays(path)
    if x.ndim > 2:
        model = model.transform(ConvertToChannelsLastAndClean(make_input_channels_last=True))
        x = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    model = cleanup_model(model.transform(GemmToMatMul()))
    config = hls4ml.utils.config_from_onnx_model(model, granularity="name", backend="Vitis", default_precision="ap_fixed<32,16>")
    project = os.path.join(folder, "hls4ml", name_of(path) + "_" + io_type)
    made = hls4ml.converters.convert_from_onnx_model(model, hls_config=config, output_dir=project, backend="Vitis", io_type=io_type)
    made.compile()
    return differences(made.predict(x), y)


def run(job):
    what, check, arguments = job
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return what, check(*arguments)
    except Exception as fault:  # noqa: any failure of a peer is a failure of the check
        return what, "%s: %s" % (type(fault).__name__, str(fault)[:300])


def main():
    jobs = [("onnxruntime " + name_of(p), check_float, (p,)) for p in sorted(glob.glob(folder + "/float/*.onnx"))]
    quantised = sorted(glob.glob(folder + "/quantised/*.onnx"))
    jobs += [("qonnx " + name_of(p), check_qonnx, (p,)) for p in quantised]
    for p in quantised:
        kinds = ["io_parallel", "io_stream"] if "stream" in name_of(p) else ["io_parallel"]
        jobs += [("hls4ml %s %s" % (k, name_of(p)), check_hls4ml, (p, k)) for k in kinds]
    failed, passed = 0, {}
    with concurrent.futures.ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for what, fault in pool.map(run, jobs):
            peer = what.split()[0]
            passed[peer] = passed.get(peer, 0) + (fault is None)
            failed += fault is not None
            if fault is not None or peer != "onnxruntime":
                print(what, "equal" if fault is None else "FAILED: " + fault, flush=True)
    print(", ".join("%s %d passed" % item for item in passed.items()) + ", %d failed" % failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
