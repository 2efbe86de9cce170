"""The peer of bench/hls4ml_side.lua: converts folder/net.onnx with hls4ml once a line that it reads, and answers
with the seconds of converting, writing and compiling (one call of hls4ml), predicting; "differs" where the logits are not the expected ones."""
import contextlib
import os
import sys
import time

import hls4ml
import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.cleanup import cleanup_model

folder = sys.argv[1]
data = np.load(folder + "/net.npz")
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what g++ and hls4ml print
print("hls4ml " + hls4ml.__version__, file=answer, flush=True)
for line in sys.stdin:
    with contextlib.redirect_stdout(sys.stderr):
        model = cleanup_model(ModelWrapper(folder + "/net.onnx"))
        begun = time.perf_counter()
        config = hls4ml.utils.config_from_onnx_model(model, granularity="name", backend="Vitis", default_precision="ap_fixed<32,16>")
        made = hls4ml.converters.convert_from_onnx_model(
            model, hls_config=config, output_dir="%s/theirs%s" % (folder, line.strip()), backend="Vitis", io_type="io_parallel")
        written = time.perf_counter()
        made.compile()
        compiled = time.perf_counter()
        got = made.predict(data["x"])
        done = time.perf_counter()
    equal = np.array_equal(got, data["y"])
    print("%f %f %f" % (written - begun, compiled - written, done - compiled) if equal else "differs", file=answer, flush=True)
