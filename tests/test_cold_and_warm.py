"""A model that was just compiled and the same model from the cache of compiled code give the same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FITS = """
import sys
import numpy as np
from bayes_escc.analysis import find_analysis
from bayes_escc.runs.run import fit_analysis
posterior = fit_analysis(find_analysis(sys.argv[1])).groups["posterior"]
for name in sorted(posterior.data_vars):
    print(name, posterior[name].to_numpy().astype("float64").tobytes().hex()[:4000])
"""


@pytest.mark.slow
@pytest.mark.parametrize("analysis", ["pd1_second_line_response", "second_line_pfs_piecewise"])
def test_draws_are_the_same_bits_cold_and_warm(tmp_path, analysis):
    """A hierarchy, compiled through Numba's cache, and a random walk; each in three new processes, the first cold."""
    surroundings = {
        **os.environ,
        "PYTENSOR_FLAGS": f"base_compiledir={tmp_path / 'compiled'}",
        "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
    }
    command = [sys.executable, "-c", FITS, str(ROOT / "models" / f"{analysis}.toml")]
    draws = [
        subprocess.run(command, env=surroundings, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    ]
    assert draws[0]
    assert draws[0] == draws[1] == draws[2]
