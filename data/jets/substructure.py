"""Sixteen features of a jet's substructure, as the hls4ml LHC jet set has them
(Duarte et al. 2018, arXiv:1804.06913, table 1; names as in OpenML's set).

Definitions: energy correlation functions of Moult, Necib and Thaler
(arXiv:1609.07483), with z = pT / sum of pT and R the distance in eta and phi:

    e2(b)  = sum over pairs z z R^b           e3(b)  = sum over triples z z z (R R R)^b
    1e3(b) = ... (smallest R)^b               2e3(b) = ... (product of the two smallest R)^b
    C1 = e2, C2 = e3 / e2^2, D2(a, b) = e3(a) / e2(b)^(3 a / b), D2(b) = D2(b, b)
    M2 = 1e3 / e2, N2 = 2e3 / e2^2

on the towers that the modified mass drop tagger leaves (Dasgupta et al.,
arXiv:1307.0007, z_cut = 0.1, Cambridge/Aachen). A ratio whose denominator is 0 (fewer
than two towers left) is 0. sum z log z and the multiplicity are of all particles.
"""
import itertools

import numpy as np

NAMES = ["zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt", "d2_b2_mmdt",
         "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt",
         "multiplicity"]
Z_CUT = 0.1


def wrap(phi):
    """Angles between -pi and pi."""
    return (phi + np.pi) % (2 * np.pi) - np.pi


def four_vectors(pt, eta, phi, mass):
    """Momenta (px, py, pz, E), one a row."""
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.hypot(pt * np.cosh(eta), mass)], axis=1)


def cambridge_aachen(p):
    """Clusters momenta (n, 4); returns the two children of every node: node i < n is a
    row of p, node n + k the k-th merging."""
    n = len(p)
    p = np.concatenate([p, np.zeros((n - 1, 4))])
    name = np.arange(n)  # node that stands in each place
    y = 0.5 * np.log((p[:n, 3] + p[:n, 2]) / (p[:n, 3] - p[:n, 2]))
    phi = np.arctan2(p[:n, 1], p[:n, 0])
    d = (y[:, None] - y) ** 2 + wrap(phi[:, None] - phi) ** 2
    np.fill_diagonal(d, np.inf)
    children = {}
    for k in range(n - 1):
        i, j = divmod(int(d.argmin()), n)
        a, b = name[i], name[j]
        p[n + k] = p[a] + p[b]
        children[n + k] = (a, b)
        px, py, pz, e = p[n + k]
        name[i], y[i], phi[i] = n + k, 0.5 * np.log((e + pz) / (e - pz)), np.arctan2(py, px)
        alive = np.isfinite(d[i])  # not i itself, not what is merged
        alive[j] = False
        d[j], d[:, j] = np.inf, np.inf
        d[i, alive] = d[alive, i] = (y[alive] - y[i]) ** 2 + wrap(phi[alive] - phi[i]) ** 2
    return p, children


def leaves(node, children):
    if node not in children:
        return [node]
    a, b = children[node]
    return leaves(a, children) + leaves(b, children)


def mass_drop(towers):
    """Towers that the modified mass drop tagger leaves, and their mass in GeV."""
    p, children = cambridge_aachen(four_vectors(*towers.T))
    node = len(p) - 1
    while node in children:
        a, b = children[node]
        pt_a, pt_b = np.hypot(p[a, 0], p[a, 1]), np.hypot(p[b, 0], p[b, 1])
        if min(pt_a, pt_b) > Z_CUT * (pt_a + pt_b):
            break
        node = a if pt_a > pt_b else b
    px, py, pz, e = p[node]
    return leaves(node, children), np.sqrt(max(0.0, e * e - px * px - py * py - pz * pz))


TRIPLES = {}


def triples(n):
    """Rows of the three places of every triple of n."""
    if n not in TRIPLES:
        TRIPLES[n] = np.array(list(itertools.combinations(range(n), 3)), np.int64).reshape(-1, 3).T
    return TRIPLES[n]


def ratio(a, b):
    return a / b if b > 0 else 0.0


def features(towers, particle_pt):
    """The features of one jet, in the order of NAMES, from its towers (pT in GeV, eta,
    phi, mass), one a row, and the pT of its particles."""
    z_all = particle_pt / particle_pt.sum()
    kept, mass = mass_drop(towers)
    pt, eta, phi, _ = towers.T
    z = pt[kept] / pt[kept].sum()
    r = np.hypot(eta[kept][:, None] - eta[kept], wrap(phi[kept][:, None] - phi[kept]))
    i, j = np.triu_indices(len(z), 1)
    e2 = [float(np.sum(z[i] * z[j] * r[i, j] ** b)) for b in (0, 1, 2)]
    a, b, c = triples(len(z))
    zzz = z[a] * z[b] * z[c]
    sides = np.sort(np.stack([r[a, b], r[a, c], r[b, c]]), axis=0)
    e3, least, two = ([float(np.sum(zzz * s ** power)) for power in (1, 2)]
                      for s in (sides[0] * sides[1] * sides[2], sides[0], sides[0] * sides[1]))
    c2 = [ratio(e3[k], e2[k + 1] ** 2) for k in (0, 1)]
    d2 = [ratio(e3[k], e2[k + 1] ** 3) for k in (0, 1)]
    return [float(np.sum(z_all * np.log(z_all))), *e2, *c2, *d2, d2[0], ratio(e3[0], e2[2] ** 1.5),
            *(ratio(least[k], e2[k + 1]) for k in (0, 1)), *(ratio(two[k], e2[k + 1] ** 2) for k in (0, 1)),
            mass, float(len(particle_pt))]
