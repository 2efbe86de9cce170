"""Makes numpy.npz beside this file: arrays as NumPy itself writes them.

python3 spec/golden/npz.py   (made with NumPy 2.4.6, zlib 1.2.13)
"""
import os
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
base = np.arange(6).reshape(2, 3)
np.savez_compressed(
    os.path.join(here, "numpy.npz"),
    f4=base.astype("<f4") / 4,
    f8=base.astype("<f8") / 3,
    f2=base.astype("<f2") - 2.5,
    fortran=np.asfortranarray(base.astype("<f4")),
    big=base.astype(">f8"),
    i1=base.astype("i1") - 3,
    i2=base.astype(">i2") - 300,
    i8=base.astype("<i8") - 70000,
    u1=base.astype("u1") + 250,
    u4=base.astype("<u4") + 1000000,
    flags=base % 2 == 0,
    scalar=np.float64(2.5),
    empty=np.zeros((0, 4), "f4"),
)
