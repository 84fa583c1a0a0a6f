"""Makes damaged copies of a trace, one for each way in which trace_test.cpp expects `read_trace` to refuse it.

Arguments: the trace, the folder for the copies. Exit status 77: h5py is not installed.
"""

import shutil
import sys

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print(missing)
    sys.exit(77)


def no_posterior(file):
    del file["posterior"]


def no_lp(file):
    del file["sample_stats/lp"]


def ragged(file):
    del file["posterior/mu"]
    file["posterior/mu"] = np.zeros((3, 4))


def ragged_statistics(file):
    del file["sample_stats/energy"]
    file["sample_stats/energy"] = np.zeros((2, 7))


def foreign(file):
    file.attrs["creation_library"] = "somebody else"


def external_link(file):
    del file["posterior/mu"]
    file["posterior/mu"] = h5py.ExternalLink("/etc/passwd", "/mu")


def external_group(file):
    del file["posterior"]
    file["posterior"] = h5py.ExternalLink("elsewhere.h5", "/posterior")


def soft_link(file):
    del file["posterior/mu"]
    file["posterior/mu"] = h5py.SoftLink("/posterior/theta")


def external_storage(file):
    del file["posterior/mu"]
    file["posterior"].create_dataset("mu", (3, 7), dtype="f8", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def virtual(file):
    del file["posterior/mu"]
    layout = h5py.VirtualLayout(shape=(3, 7), dtype="f8")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "mu", shape=(3, 7))
    file["posterior"].create_virtual_dataset("mu", layout)


def compressed(file):
    del file["posterior/mu"]
    file["posterior"].create_dataset("mu", data=np.zeros((3, 7)), chunks=(3, 7), compression="gzip")


def strings(file):
    del file["posterior/mu"]
    file["posterior"].create_dataset("mu", (3, 7), dtype=h5py.string_dtype())


def enormous(file):
    del file["posterior/mu"]
    file["posterior"].create_dataset("mu", (3, 7, 2**40), dtype="f8")


def group_inside(file):
    file["posterior"].create_group("more")


for spoil in (no_posterior, no_lp, ragged, ragged_statistics, foreign, external_link, external_group, soft_link,
              external_storage, virtual, compressed, strings, enormous, group_inside):
    copy = f"{sys.argv[2]}/{spoil.__name__}.h5"
    shutil.copy(sys.argv[1], copy)
    with h5py.File(copy, "r+") as file:
        spoil(file)
