"""HDF5 files of every kind that is read, for spec/core/hdf5_spec.lua.
Made with h5py 3.16 (HDF5 2.0), numpy 2.4: python spec/golden/hdf5.py"""
import os
import h5py
import numpy as np

here = os.path.dirname(__file__)
base = np.arange(24, dtype=np.float64).reshape(4, 3, 2) - 5
for name, libver in (("hdf5.h5", "earliest"), ("hdf5_v110.h5", ("v110", "v110"))):
    with h5py.File(f"{here}/{name}", "w", libver=libver) as f:
        for t in ("f2", "f4", "f8", "i1", "i2", "i4", "i8"):
            f[f"types/{t}"] = base.astype("<" + t)
            f[f"big/{t}"] = base.astype(">" + t)
        for t in ("u1", "u2", "u4", "u8"):
            f[f"types/{t}"] = np.abs(base).astype("<" + t)
        f["types/bool"] = base > 0
        f["scalar"] = np.float32(7)
        f["empty"] = np.zeros((0, 3), "f4")
        f["far"] = np.array([1, 2**40])
        rows = np.arange(1000 * 5, dtype="f4").reshape(1000, 5)
        f.create_dataset("packed/gzip", data=rows, chunks=(64, 5), compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("packed/columns", data=rows, chunks=(100, 2), compression="gzip", maxshape=(None, 5))
        f["records"] = np.zeros(3, dtype=[("a", "f4"), ("b", "i4")])
        f["text"] = "hello"
        f["soft"] = h5py.SoftLink("/types/f4")
