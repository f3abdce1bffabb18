"""Laplace against NUTS for progression-free survival beside published arms: two engines, one posterior."""

import numpy as np
import pytest

from bayes_escc.runs.run import fit_analysis
from tests.helpers.published_survival import analysis, write_everything

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("baseline", ["weibull", "log_normal"])
def test_laplace_and_nuts_agree_beside_every_kind_of_fact(tmp_path, baseline):
    published = write_everything(tmp_path)
    fits = {}
    for sampler in ("laplace", "nuts"):
        sampling = {"sampler": sampler, "draws": 1000, "tune": 1000, "chains": 4, "seed": 11}
        found = analysis(tmp_path, published=published, model={"baseline": baseline}, sampling=sampling)
        fits[sampler] = fit_analysis(found)
    assert fits["nuts"].diagnostics.converged
    for name in ("log_hazard_ratio", "coefficient", "reference_median"):
        one, other = (fits[s].tree["posterior"].to_dataset()[name].to_numpy() for s in ("laplace", "nuts"))
        one, other = (v.reshape(v.shape[0] * v.shape[1], -1) for v in (one, other))
        if name == "reference_median":
            one, other = np.log(one), np.log(other)
        spread = other.std(axis=0)
        # four errors of a mean of 4,000 draws, a quarter of which count
        assert np.abs(one.mean(axis=0) - other.mean(axis=0)) == pytest.approx(
            0.0, abs=float(4 * spread.max() / 1000**0.5)
        )
        assert one.std(axis=0) == pytest.approx(spread, rel=0.1)
    rows = [{(r["estimand"], r["regimen"]): r for r in f.compare("rmst", reference="A").rows} for f in fits.values()]
    for key, row in rows[0].items():
        error = 4 * np.hypot(row["mcse_probability"], rows[1][key]["mcse_probability"])
        assert row["probability_better"] == pytest.approx(rows[1][key]["probability_better"], abs=max(error, 0.01))
