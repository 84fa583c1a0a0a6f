"""Reads a trace with xarray: posterior means, and draws where the sampler diverged.

    python3 read_trace.py TRACE.h5
"""
import sys

import xarray

posterior = xarray.open_dataset(sys.argv[1], group="posterior")
statistics = xarray.open_dataset(sys.argv[1], group="sample_stats")

print(f"{posterior.sizes['chain']} chains of {posterior.sizes['draw']} draws")
for name, values in posterior.data_vars.items():
    print(f"{name}: mean {values.mean(('chain', 'draw')).values}")
print(f"divergences: {int(statistics['diverging'].sum())}")
