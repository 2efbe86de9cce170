#!/usr/bin/env python3
"""Simulates the jets of this folder with Pythia 8.

    pip install pythia8mc==8.317.2 numpy
    python3 generate.py particles FOLDER         about 11 minutes on one core
    python3 generate.py pack FOLDER data/jets    a minute
    python3 generate.py features FOLDER data/jets    two minutes

`particles` writes one file a class and part into FOLDER: all particles of every jet.
Files that are there are kept, so it may be interrupted. `pack` makes the files that
are shipped, `features` the sixteen features of substructure.py of the first jets.

Physics: proton collisions at 13 TeV, Monash tune (Pythia's default, with multiple
interactions), pTHat of 990 to 1010 GeV. W and Z decay to quarks, and so do the W of
top quarks. Jets of all visible stable particles with |eta| < 5: anti-kt, R = 0.8, by
Pythia's SlowJet; the two leading ones of an event are taken where |eta| < 2.4 and
800 < pT < 1200 GeV. Then what a detector of coarse cells would see: the momenta of
particles in one cell of 0.1 x 0.1 in eta and phi are added to one constituent. No
magnetic field, no smearing.
"""
import itertools
import math
import os
import sys

import numpy as np

import substructure

CLASSES = ["g", "q", "W", "Z", "t"]
PROCESSES = {
    "g": ["HardQCD:gg2gg", "HardQCD:qqbar2gg"],
    "q": ["HardQCD:qq2qq", "HardQCD:gg2qqbar", "HardQCD:qqbar2qqbarNew"],
    "W": ["WeakDoubleBoson:ffbar2WW"],
    "Z": ["WeakDoubleBoson:ffbar2gmZgmZ"],
    "t": ["Top:gg2ttbar", "Top:qqbar2ttbar"],
}
PARTS = {"train": 12000, "test": 20000}  # jets a class
FEATURED = {"train": 8000, "test": 4000}  # jets that get the sixteen features
CONSTITUENTS = 8
MIN_PT = 2.0  # GeV
CELL = 0.1
SEED = {"train": 1000, "test": 2000}  # of Pythia, plus the number of the class


def make_pythia(name, seed):
    import pythia8mc
    pythia = pythia8mc.Pythia("", False)
    settings = [
        "Print:quiet = on", "Random:setSeed = on", f"Random:seed = {seed}",
        "Beams:eCM = 13000.", "PhaseSpace:pTHatMin = 990.", "PhaseSpace:pTHatMax = 1010.",
        "WeakZ0:gmZmode = 2",
        "23:onMode = off", "23:onIfAny = 1 2 3 4 5", "24:onMode = off", "24:onIfAny = 1 2 3 4 5",
    ]
    for line in settings + [process + " = on" for process in PROCESSES[name]]:
        if not pythia.readString(line):
            sys.exit(f"Pythia refuses {line}")
    if not pythia.init():
        sys.exit(f"Pythia cannot start class {name}")
    return pythia


def simulate(name, seed, n_jets):
    """n_jets jets of a class: event numbers, axes (pT, eta, phi, mass), the particles of
    all jets (pT, eta, phi, mass) one after the other, and where each jet's start."""
    import pythia8mc
    pythia = make_pythia(name, seed)
    slow_jet = pythia8mc.SlowJet(-1, 0.8, 200.0, 5.0, 2, 2)  # anti-kt, R, least pT, |eta|, visible, true masses
    events, axes, particles, starts = [], [], [], [0]
    number = 0
    while len(axes) < n_jets:
        if not pythia.next():
            continue
        number += 1
        slow_jet.analyze(pythia.event)
        for j in range(min(2, slow_jet.sizeJet())):
            axis = slow_jet.p(j)
            pt, eta = axis.pT(), axis.eta()
            if not (abs(eta) < 2.4 and 800 < pt < 1200) or len(axes) == n_jets:
                continue
            for i in slow_jet.constituents(j):
                p = pythia.event[i]
                particles.append((p.pT(), p.eta(), p.phi(), p.m()))
            events.append(number)
            axes.append((pt, eta, axis.phi(), axis.mCalc()))
            starts.append(len(particles))
    return dict(event=np.array(events, np.int32), axis=np.array(axes, np.float32),
                particle=np.array(particles, np.float32), start=np.array(starts, np.int32))


def particles(folder, *parts):
    os.makedirs(folder, exist_ok=True)
    for part, name in itertools.product(parts or PARTS, CLASSES):
        path = f"{folder}/{part}_{name}.npz"
        if os.path.exists(path):
            continue
        jets = simulate(name, SEED[part] + CLASSES.index(name), PARTS[part])
        np.savez(path + ".part.npz", **jets)
        os.rename(path + ".part.npz", path)
        print(f"{path}: {PARTS[part]} jets, median mass {np.median(jets['axis'][:, 3]):.0f} GeV, "
              f"{len(jets['particle']) / PARTS[part]:.0f} particles a jet", flush=True)


def merge(jets):
    """The towers of each jet: momenta of the particles in one cell of 0.1 x 0.1 in eta and
    phi, added. A list of arrays (pT, eta, phi, mass), in the order of falling pT."""
    pt, eta, phi, mass = jets["particle"].astype(np.float64).T
    n = len(jets["axis"])
    jet = np.repeat(np.arange(n), np.diff(jets["start"]))
    cell = np.stack([jet, np.floor(eta / CELL), np.floor(phi / CELL)], axis=1)
    cells, tower = np.unique(cell, axis=0, return_inverse=True)
    jet, tower = cells[:, 0], tower.ravel()
    px, py, pz, e = (np.bincount(tower, c) for c in substructure.four_vectors(pt, eta, phi, mass).T)
    pt = np.hypot(px, py)
    rows = np.stack([pt, np.arcsinh(pz / pt), np.arctan2(py, px), np.sqrt(np.maximum(0, e * e - pt * pt - pz * pz))], axis=1)
    order = np.lexsort((-pt, jet))
    return np.split(rows[order], np.searchsorted(jet[order], np.arange(1, n)))


def leading(towers, axes):
    """The leading towers above 2 GeV of each jet as integers: pT in 1/32 GeV, the angles
    from the jet's axis in 1/1000, 0 where a jet has fewer."""
    x = np.zeros((len(axes), CONSTITUENTS, 3))
    for k, (tower, axis) in enumerate(zip(towers, axes.astype(np.float64))):
        tower = tower[:CONSTITUENTS]
        pt, eta, phi, _ = tower[tower[:, 0] > MIN_PT].T
        x[k, :len(pt)] = np.stack([pt * 32, (eta - axis[1]) * 1000, substructure.wrap(phi - axis[2]) * 1000], axis=1)
    return np.rint(x)


def ordered(folder, part):
    """Labels, events, axes, particles' pT and towers of the jets of a part; events in a
    random order, jets of one event one behind the other. Events are numbered from 0."""
    sets = [np.load(f"{folder}/{part}_{name}.npz") for name in CLASSES]
    label = np.concatenate([np.full(len(s["event"]), k) for k, s in enumerate(sets)])
    event = np.concatenate([s["event"] for s in sets]) + label * 10**7
    place = np.random.default_rng(SEED[part]).permutation(len(np.unique(event)))
    order = np.argsort(place[np.unique(event, return_inverse=True)[1].ravel()], kind="stable")
    event = event[order]
    axes = np.concatenate([s["axis"] for s in sets])[order]
    towers = [tower for s in sets for tower in merge(s)]
    pt = [p for s in sets for p in np.split(s["particle"][:, 0].astype(np.float64), s["start"][1:-1])]
    return (label[order], np.cumsum(np.concatenate([[0], event[1:] != event[:-1]])), axes,
            [pt[i] for i in order], [towers[i] for i in order])


def pack(folder, target, *parts):
    for part in parts or PARTS:
        label, event, axes, _, towers = ordered(folder, part)
        x = leading(towers, axes)
        np.savez_compressed(f"{target}/jets_{part}.npz", pt=x[:, :, 0].astype(np.uint16), eta=x[:, :, 1].astype(np.int16),
                            phi=x[:, :, 2].astype(np.int16), label=label.astype(np.uint8), event=event.astype(np.int32))
        print(f"{target}: {part}, {len(x)} jets of {event[-1] + 1} events", flush=True)


def features(folder, target, *parts):
    for part in parts or PARTS:
        _, _, _, pt, towers = ordered(folder, part)
        x = [substructure.features(towers[i], pt[i]) for i in range(FEATURED[part])]
        np.savez_compressed(f"{target}/jets16_{part}.npz", x=np.array(x, np.float16))
        print(f"{target}: {part}, features of {len(x)} jets", flush=True)


def main():
    actions = {"particles": particles, "pack": pack, "features": features}
    words = sys.argv[1:]
    if len(words) < 2 or words[0] not in actions:
        sys.exit(__doc__)
    actions[words[0]](*words[1:])


if __name__ == "__main__":
    main()
