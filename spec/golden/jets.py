"""A file in the layout of the hls4ml LHC jet set (Zenodo 3602260) with made-up jets, for
spec/lua/jets_spec.lua. Made with h5py 3.16, numpy 2.4: python spec/golden/jets.py

Jet i (from 0) has the class i % 5 and constituents of pT 100 i + 90, 80, ... 10, 0, of which
jet 3's stand in the opposite order; jet 7 has none above 2 GeV. eta_rel is pT / 1000,
phi_rel minus that."""
import os
import h5py
import numpy as np

n, particles, features = 12, 10, 16
pt = np.maximum(0, 100 * np.arange(n)[:, None] + 90 - 10 * np.arange(particles))
pt[:, -1] = 0
pt[3] = pt[3, ::-1]
pt[7] = 1
x = np.full((n, particles, features), -1, np.float64)
x[:, :, 5], x[:, :, 8], x[:, :, 11] = pt, pt / 1000, -pt / 1000
jets = np.zeros((n, 59))
jets[np.arange(n), 53 + np.arange(n) % 5] = 1
with h5py.File(os.path.join(os.path.dirname(__file__), "jets.h5"), "w") as f:
    f.create_dataset("jetConstituentList", data=x, compression="gzip")
    f["jets"] = jets
