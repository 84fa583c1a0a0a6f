#!/usr/bin/python3
"""Writes shaping_values.txt: what NumPy makes of the expressions of shaping_test.cpp, by name: name|shape|values."""
import numpy as np

v = np.array([3, -1, 2, 7, 0.5])
x = np.arange(12.0).reshape(3, 4) * 1.5 - 4
c = np.arange(24.0).reshape(2, 3, 4)
s = np.array([5.0, 1.0, np.nan, 1.0, -2.0, np.inf, 1.0, -np.inf, np.nan, 3.0])
b = np.array([2, 0, 2, 5, 2])
i = np.array([[1, 0, 2], [2, 2, -3]])
m = np.array([True, False, True, True, False])
p = np.array([2, 0, 4, 1, 3])
n, k = 3, -1
edges = np.array([-1.0, 0.5, 2.0, 3.0])
e = np.zeros((0,))
pad = np.pad

cases = {
    "shape": np.array(c.shape), "size": c.size,
    "zeros": np.zeros((n, 4)), "ones int": np.ones((2, n), int), "full": np.full((n, n), 2.5), "alloc": np.broadcast_to(v, (n, 5)),
    "alloc 3": np.full((n, 2, n), 1.0), "zeros 0": np.zeros((n - 3, 2)), "full_like": np.full_like(x, 7), "zeros of shape": np.zeros(c.shape),
    "eye": np.eye(n), "eye 3 4 1": np.eye(3, 4, 1), "eye k": np.eye(n, 4, k), "identity": np.identity(n), "tri": np.tri(n, 4, k),
    "tril": np.tril(x), "tril k": np.tril(c, k), "triu": np.triu(x, 1), "triu k": np.triu(c, k),
    "tril_indices": np.array(np.tril_indices(n)), "triu_indices": np.array(np.triu_indices(4, 1)),
    "arange n": np.arange(n), "arange 2 n": np.arange(-2, n), "arange step": np.arange(10, n, -2), "arange real": np.arange(0.5, n, 0.4),
    "arange empty": np.arange(n, -4), "arange v": np.arange(v[1], v[3], v[4]), "arange 2.5": np.arange(2.5),
    "linspace": np.linspace(-1, 2, n), "linspace 7": np.linspace(2, -1, 7, endpoint=False), "linspace 1": np.linspace(2, 3, 1),
    "linspace v": np.linspace(v, 1.0, 3), "linspace int": np.linspace(0, 7, 4, dtype=int), "logspace": np.logspace(0, 2, n), "logspace 2": np.logspace(0, 3, 4, base=2),
    "geomspace": np.geomspace(1, 1000, n + 1), "geomspace neg": np.geomspace(-2, -16, 4),
    "mgrid": np.array(np.mgrid[0:n, 1:6:2]), "ogrid": np.ogrid[0:n, 1:6:2][1], "meshgrid": np.array(np.meshgrid(v, x[0])), "meshgrid ij": np.array(np.meshgrid(v, x[0], indexing="ij")),
    "reshape": c.reshape(n, -1), "reshape 2": c.reshape(4, n, 2), "reshape like": c.reshape((2 * n, 4)), "flatten": c.ravel(), "flatten 2": c.reshape(2, 12),
    "broadcast_to": np.broadcast_to(v, (2, n, 5)), "broadcast_arrays": np.broadcast_arrays(v[:, None], x[0])[1],
    "dimshuffle": x.T[:, None, :, None], "dimshuffle drop": x[0:1][0][:, None], "expand_dims": np.expand_dims(x, (0, 2)), "squeeze": np.squeeze(x[0:1]),
    "atleast_1d": np.atleast_1d(v[0]), "atleast_2d": np.atleast_2d(v), "atleast_3d v": np.atleast_3d(v), "atleast_3d x": np.atleast_3d(x),
    "padleft": x[None, None], "padright": x[:, :, None], "padaxis": x[:, None], "swapaxes": np.swapaxes(c, 0, 2), "moveaxis": np.moveaxis(c, 0, -1),
    "moveaxis 2": np.moveaxis(c, [0, 1], [-1, 0]), "rollaxis": np.rollaxis(c, 2), "rollaxis 1": np.rollaxis(c, 0, 3),
    "hstack": np.hstack([v, v]), "hstack x": np.hstack([x, x]), "vstack": np.vstack([x, x[0]]), "dstack": np.dstack([x, x]), "column_stack": np.column_stack([v, v]),
    "stacklists": np.array([[1.0, v[0]], [v[1], 4.0]]), "split": np.split(v, [2])[1], "split n": v[n:], "split axis": np.split(x, 2, 1)[1], "array_split": np.array_split(v, 3)[2], "array_split n": np.array_split(x, 3, 1)[0],
    "tile": np.tile(x, (2, 3)), "tile n": np.tile(v, n), "tile 3": np.tile(v, (2, n, 1)), "tile 0": np.tile(v, 0), "repeat": np.repeat(x, 2, 1), "repeat n": np.repeat(x, n, 0), "repeat flat": np.repeat(x, 2),
    "repeat each": np.repeat(v, b), "repeat rows": np.repeat(x, [0, 2, 1], 0), "roll": np.roll(v, 2), "roll n": np.roll(x, n, 1), "roll flat": np.roll(x, -5), "roll neg": np.roll(x, k, 0),
    "flip": np.flip(x), "flip 1": np.flip(c, 1), "flipud": np.flipud(x), "fliplr": np.fliplr(x), "rot90": np.rot90(x), "rot90 2": np.rot90(x, 2), "rot90 3": np.rot90(x, 3), "rot90 axes": np.rot90(c, 1, (1, 2)),
    "pad": pad(x, ((1, 2), (0, 1))), "pad value": pad(v, (n, 1), constant_values=9), "pad edge": pad(x, 2, "edge"), "pad reflect": pad(v, (7, n), "reflect"), "pad symmetric": pad(v, (7, 6), "symmetric"),
    "pad wrap": pad(v, (3, 4), "wrap"), "pad ramp": pad(v, (2, 3), "linear_ramp", end_values=1.0), "pad mean": pad(x, 1, "mean"), "pad maximum": pad(x, 1, "maximum"), "pad minimum": pad(x, ((0, 2), (1, 0)), "minimum"),
    "diag": np.diag(v), "diag 1": np.diag(v, 1), "diag k": np.diag(v, k), "diag x": np.diag(x), "diagonal 1": np.diagonal(x, 1), "diagonal k": np.diagonal(x, k), "diagonal far": np.diagonal(x, 7), "diagonal c": np.diagonal(c, 1, 1, 2),
    "diagonal 20": np.diagonal(c, 0, 2, 0), "trace": np.trace(c), "trace 1": np.trace(x, 1), "alloc_diag": np.array([np.diag(r, 1) for r in x]), "alloc_diag axes": np.moveaxis(np.array([np.diag(r) for r in x]), 0, 1),
    "cumprod": np.cumprod(x, 1), "cumprod int": np.cumprod(b), "cummax": np.maximum.accumulate(x - 2 * x[::-1], 0), "cummin": np.minimum.accumulate(v), "cumsum 1": np.cumsum(c, 1),
    "diff": np.diff(v), "diff 2": np.diff(c, 2, 1), "interp": np.interp(np.array([-5, -1, 0.2, 2.5, 3, 9.0]), edges, np.array([1.0, 4, 2, 8])), "interp left": np.interp(v, edges, edges**2, -7, 7),
    "trapezoid": np.trapz(x, dx=0.5), "trapezoid x": np.trapz(x, x[0] ** 2), "trapezoid 0": np.trapz(x, [0.0, 1.0, 3.0], axis=0), "bartlett": np.bartlett(7), "bartlett n": np.bartlett(n), "bartlett 1": np.bartlett(1),
    "one_hot": np.eye(6)[b],
    "take": np.take(x, i % 12), "take axis": np.take(x, i, 0), "take wrap": np.take(x, i * 7, 1, mode="wrap"), "take clip": np.take(x, i * 7, 1, mode="clip"),
    "take_along_axis": np.take_along_axis(x, np.argsort(-x, 1), 1), "choose": np.choose([2, 0, 1, 2], [x[0], x[1], x[2]]), "choose wrap": np.choose([5, -1, 1, 2], [x[0], x[1], x[2]], mode="wrap"),
    "compress": np.compress(m, v), "compress axis": np.compress([True, False, True], x, 0), "nonzero": np.array(np.nonzero(x > 0)), "flatnonzero": np.flatnonzero(v > 1), "nonzero_values": v[v > 1], "argwhere": np.argwhere(c % 5 == 0),
    "unravel": np.array(np.unravel_index([[5, 11], [0, 7]], (3, 4))), "ravel": np.ravel_multi_index((np.array([0, 2]), np.array([3, 1])), (3, 4)), "ravel clip": np.ravel_multi_index((np.array([0, 9]), np.array([-3, 1])), (3, 4), mode="clip"),
    "inverse_permutation": np.argsort(p), "permute": x[np.arange(3)[:, None], np.array([[1, 0, 2, 3], [3, 2, 1, 0], [0, 1, 2, 3]])],
    "permute inverse": v[np.argsort(p)],
    "sort": np.sort(s), "sort 0": np.sort(-x, 0), "sort flat": np.sort(-x, None), "sort int": np.sort(b), "argsort": np.argsort(s, kind="stable"), "argsort 0": np.argsort(c % 5, 1, kind="stable"),
    "topk": np.sort(v)[::-1][:3], "topk low": np.sort(x, 0)[:2], "argtopk": np.argsort(v)[::-1][:2], "searchsorted": np.searchsorted(edges, np.array([[-1, 0.5, 9], [np.nan, 0.6, -3]])), "searchsorted right": np.searchsorted(edges, np.array([-1, 0.5, 9]), "right"),
    "searchsorted sorter": np.searchsorted(v, [0.5, 2.5], sorter=np.argsort(v)), "searchsorted int": np.searchsorted(np.array([1, 3, 3]), b), "digitize": np.digitize(v, edges), "digitize right": np.digitize(v, edges, True), "digitize falling": np.digitize(v, edges[::-1]),
    "bincount": np.bincount(b), "bincount min": np.bincount(b, minlength=8), "bincount weights": np.bincount(b, v), "bincount none": np.bincount(np.array([], int)), "histogram": np.histogram(v, edges)[0],
    "unique": np.unique(s), "unique inverse": np.unique(s, return_inverse=True)[1], "unique index": np.unique(s, return_index=True)[1], "unique counts": np.unique(s, return_counts=True)[1], "unique none": np.unique(e),
    "mask sum": np.sum(v[v > 0]), "mask reshape": np.outer(v[m], x[0]).ravel(), "run-time matrix": (np.arange(n)[:, None] * 10 + np.arange(n + 1)).ravel(), "run-time transpose": (np.arange(n)[:, None] * 10 + np.arange(n + 1)).T.reshape(2, -1),
    "run-time concatenate": np.concatenate([np.arange(n), v[m], [1.0]]), "run-time max": np.max(v[m]), "run-time mean": np.mean(v[m]), "run-time flip": v[m][::-1], "run-time every": v[m][::2], "run-time last": v[m][-1],
    "run-time sort": np.sort(v[m]), "run-time roll": np.roll(v[m], 1), "run-time cumsum": np.cumsum(v[m]), "run-time diag": np.diag(v[m]), "run-time softmax": np.exp(v[m]) / np.exp(v[m]).sum(), "run-time dot": x[1] @ x[1][np.arange(n + 1)],
    "run-time set": np.concatenate([[9.0], v[m][1:]]), "run-time unique": np.unique(v[m] % 2), "run-time pad": pad(v[m], 1, "reflect"), "run-time tile": np.tile(v[m], 2),
}

with open(__file__.replace(".py", ".txt"), "w") as out:
    for name, value in cases.items():
        value = np.asarray(value)
        numbers = ",".join(repr(float(t)) for t in value.ravel())
        out.write(f"{name}|{','.join(str(d) for d in value.shape)}|{numbers}\n")
