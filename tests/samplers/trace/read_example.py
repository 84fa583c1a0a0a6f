"""Opens traces of trace_test.cpp's example layout with xarray and compares everything in them with what was written.

Arguments: one `PATH,WARMUP,DRAWS,WARMUP_DONE,DRAWS_DONE` a file: its extents, and the draws that every chain has finished.
Exit status 77: the Python modules are not installed.
"""

import sys

try:
    import h5netcdf  # noqa: F401
    import netCDF4  # noqa: F401
    import numpy as np
    import xarray
except ImportError as missing:
    print(missing)
    sys.exit(77)

CHAINS = 3
# name in the file, shape, original name where it was changed
VARIABLES = [
    ("mu", (), None),
    ("theta", (2, 3), None),
    ("empty", (0,), None),
    ("draw_", (), "draw"),
    ("a.b:1[2]", (2,), None),
    ("theta_dim_0_", (), "theta_dim_0"),
]


def equal(got, expected, what):
    same = np.array_equal(np.asarray(got, dtype=float), np.asarray(expected, dtype=float), equal_nan=True)
    assert same, f"{what}: got {got}, expected {expected}"


def check_dimensions(data, what):
    for name, size in data.sizes.items():
        equal(data[name].values, range(size), f"{what}: coordinate {name}")


def undone(values, draws, done, fill):
    values = np.array(np.broadcast_to(values, (CHAINS, draws) + np.shape(values)[2:]))
    values[:, done:] = fill
    return values


def check_posterior(data, draws, done, what):
    assert list(data.data_vars) == [name for name, _, _ in VARIABLES], f"{what}: {list(data.data_vars)}"
    assert list(data.attrs["sample_dims"]) == ["chain", "draw"], what
    chain = np.arange(CHAINS)[:, None, None]
    draw = np.arange(draws)[None, :, None]
    first = 0
    for name, shape, original in VARIABLES:
        variable = data[name]
        base = original or name
        assert variable.dims == ("chain", "draw") + tuple(f"{base}_dim_{i}" for i in range(len(shape))), variable.dims
        assert variable.dtype == np.float64
        assert variable.attrs.get("original_name") == original
        size = int(np.prod(shape))
        cell = first + np.arange(size)[None, None, :]
        values = undone(1000.0 * chain + draw + cell / 64, draws, done, np.nan)
        equal(variable.values, values.reshape((CHAINS, draws) + shape), f"{what}: {name}")
        first += size


def check_statistics(data, draws, done, what):
    chain = np.arange(CHAINS)[:, None]
    draw = np.arange(draws)[None, :]
    expected = {
        "lp": (np.float64, -(1000.0 * chain + draw), np.nan),
        "acceptance_rate": (np.float64, 0.5 + draw / 64, np.nan),
        "step_size": (np.float64, 0.25 + 0.0 * draw, np.nan),
        "tree_depth": (np.int64, draw % 4, -1),
        "diverging": (np.bool_, draw % 3 == 0, False),
        "reached_max_treedepth": (np.bool_, draw % 5 == 4, False),
        "energy": (np.float64, chain + draw / 8, np.nan),
        "n_steps": (np.int64, draw + 1, -1),
    }
    assert list(data.data_vars) == list(expected), f"{what}: {list(data.data_vars)}"
    for name, (dtype, values, fill) in expected.items():
        assert data[name].dims == ("chain", "draw")
        assert data[name].dtype == dtype, f"{what}: {name} is {data[name].dtype}"
        equal(data[name].values, undone(values, draws, done, fill), f"{what}: {name}")


def check_constants(data, what):
    assert list(data.data_vars) == ["N", "X", "y", "chain_"], f"{what}: {list(data.data_vars)}"
    equal(data["N"], 3, what)
    equal(data["X"], [[1.5, -2.0], [np.nan, np.inf]], what)
    equal(data["y"], [7, -8, 2**53], what)
    assert data["y"].dtype == np.int64 and data["y"].dims == ("y_dim_0",)
    assert data["chain_"].attrs["original_name"] == "chain"


def check_attributes(root, group, what):
    for data in (root, group):
        assert data.attrs["created_at"] == "2001-02-03T04:05:06+00:00", what
        assert data.attrs["creation_library"] == "leapgraph"
        assert data.attrs["inference_library"] == "leapgraph"
        assert data.attrs["creation_library_language"] == "C++"
    assert root.attrs["stan_code"] == "// naïve\n" + "x" * 300_000
    assert root.attrs["seed"] == "42"
    assert root.attrs["nothing"] == ""
    assert root.attrs["latin1"] == "na\ufffdve"


def check(path, engine, warmup, draws, warmup_done, draws_done):
    def load(group):
        with xarray.open_dataset(path, group=group, engine=engine) as data:
            data = data.load()
        check_dimensions(data, f"{path} {engine} {group}")
        return data

    root = load(None)
    what = f"{path} {engine}"
    for prefix, n, done in (("", draws, draws_done), ("warmup_", warmup, warmup_done)):
        if prefix and warmup == 0:
            continue
        posterior = load(prefix + "posterior")
        check_posterior(posterior, n, done, f"{what} {prefix}posterior")
        check_attributes(root, posterior, what)
        check_statistics(load(prefix + "sample_stats"), n, done, f"{what} {prefix}sample_stats")
    check_constants(load("constant_data"), what)
    if warmup == 0:
        try:
            load("warmup_posterior")
        except (OSError, KeyError, ValueError):
            pass
        else:
            raise AssertionError(f"{what}: a warm-up group without warm-up draws")
    if hasattr(xarray, "open_datatree"):
        with xarray.open_datatree(path, engine=engine) as tree:
            assert "posterior" in tree.children


for argument in sys.argv[1:]:
    path, *numbers = argument.split(",")
    for engine in ("netcdf4", "h5netcdf"):
        check(path, engine, *map(int, numbers))
