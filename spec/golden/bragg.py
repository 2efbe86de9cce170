"""The pair of HDF5 files that BraggNN and NAC are trained on, tiny, for spec/lua/bragg_spec.lua.
Made with h5py 3.16: python spec/golden/bragg.py"""
import os
import h5py
import numpy as np

here = os.path.dirname(os.path.abspath(__file__)) + "/bragg"
os.makedirs(here, exist_ok=True)
frames = np.full((5, 40, 48), 3, "u2")
rows, cols, fidx, npeaks, dev = [], [], [], [], []
for i in range(40):  # a bright pixel with a neighbour half as bright: the centre is a third of a pixel to the right
    f, r, c = i // 8, 7 + 8 * (i % 4), 8 + 18 * (i % 8 // 4)
    frames[f, r, c], frames[f, r, c + 1] = 903, 453
    rows.append(r); cols.append(c + 1 / 3); fidx.append(f)
    npeaks.append(2 if i == 1 else 1); dev.append(-1 if i == 2 else 1.5 if i == 3 else 0.2)
with h5py.File(here + "/frames-exp4train.hdf5", "w") as f:
    f.create_dataset("frames", data=frames, chunks=(1, 40, 48), compression="gzip")
with h5py.File(here + "/peaks-exp4train-psz11.hdf5", "w") as f:
    f["deviations"], f["npeaks"] = np.array(dev, "f4"), np.array(npeaks, "u2")
    f["peak_fidx"], f["peak_row"], f["peak_col"] = np.array(fidx, "u4"), np.array(rows, "f4"), np.array(cols, "f4")
