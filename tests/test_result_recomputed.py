"""Every number of `result.json` recomputed from the joint draws by plain NumPy, for every family.

What was computed from draws has to agree to rounding; what came from a law in closed form or by quadrature, within
five Monte Carlo errors of the independent draws.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.report.result import to_result
from bayes_escc.runs.run import fit_analysis
from tests.helpers.survival import cohort

CI = 0.9
QUANTILES = {"lower": 0.05, "median": 0.5, "upper": 0.95}
LABELS = ("regimen", "study", "endpoint", "time", "covariate")
COUNTS = pd.DataFrame(
    [("s1", "A", 9, 30), ("s2", "B", 14, 31), ("s3", "C", 14, 28), ("s4", "D", 3, 33)],
    columns=["study", "regimen", "events", "n"],
).assign(endpoint="ORR")
RECIST = pd.DataFrame(
    [(f"s{r}", r, c, k) for r, ks in (("A", (2, 7, 9, 5)), ("B", (1, 3, 9, 8)), ("C", (4, 4, 6, 6)))
     for c, k in zip(("CR", "PR", "SD", "PD"), ks, strict=True)],
    columns=["study", "regimen", "endpoint", "events"],
)  # fmt: skip
RECIST["n"] = RECIST.groupby("regimen")["events"].transform("sum")
EFFECTS = pd.DataFrame(
    [("s1", "B", "A", 0.8, 0.2), ("s2", "C", "A", 0.9, 0.25), ("s3", "C", "B", 1.3, 0.3), ("s4", "B", "A", 0.6, 0.15)],
    columns=["study", "regimen", "control", "estimate", "se"],
).assign(endpoint="OS", measure="HR")


def patients():
    frame = cohort(60)
    return frame.assign(regimen=np.array(["A", "B", "C"])[np.arange(60) % 3], response=np.arange(60) % 4 // 2)


CASES = {
    "rates": (
        COUNTS, {"kind": "counts", "endpoint": "ORR"}, {"family": "response"},
        [("rate", "difference", 0.05, [-0.1, 0.1]), ("rate", "ratio", 1.2, None), ("rate", "odds_ratio", 1.5, None)],
        ("rate", "above", 0.3),
    ),
    "categories": (
        RECIST, {"kind": "counts"}, {"family": "response", "likelihood": "multinomial"},
        [("rate", "difference", 0.05, [-0.1, 0.1])], ("rate", "below", 0.4),
    ),
    "logistic": (
        None, {"kind": "patients"},
        {"family": "response", "likelihood": "logistic", "covariates": [{"column": "liver"}]},
        [("rate", "difference", 0.05, [-0.1, 0.1])], ("rate", "above", 0.5),
    ),
    "weibull": (
        None, {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"},
        {"family": "survival", "covariates": [{"column": "liver"}]},
        [("median", "difference", 1.0, [-1.0, 1.0]), ("hazard_ratio", "ratio", 0.8, [0.8, 1.25]),
         ("survival", "difference", 0.05, None)],
        ("median", "above", 4.0),
    ),
    "constant hazards": (
        None, {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"},
        {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        [("median", "difference", 1.0, [-1.0, 1.0]), ("rmst", "difference", 0.5, None)], ("median", "below", 5.0),
    ),
    "network": (
        EFFECTS, {"kind": "effects", "endpoint": "OS"}, {"family": "synthesis", "network": True, "reference": "A"},
        [("effect", "ratio", 0.8, [0.8, 1.25])], ("effect", "below", 1.0),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    frame, data, model, comparisons, (estimand, side, value) = CASES[request.param]
    folder = tmp_path_factory.mktemp("recomputed")
    (folder / "table.csv").write_text((patients() if frame is None else frame).to_csv(index=False), encoding="utf-8")
    sampler = "laplace" if request.param in ("weibull", "logistic") else "auto"
    priors = {"hazard": {"distribution": "Gamma", "alpha": 2, "beta": 16}}
    content = {
        "id": "recomputed",
        "data": {**data, "file": str(folder / "table.csv")},
        "model": model,
        **({"priors": priors} if request.param == "constant hazards" else {}),
        **({"estimands": {"times": [3.0, 6.0], "horizons": [6.0]}} if model["family"] == "survival" else {}),
        "comparisons": [
            {"estimand": e, "reference": "A", "scale": s, "margin": m, **({} if rope is None else {"rope": rope})}
            for e, s, m, rope in comparisons
        ],
        "thresholds": [{"estimand": estimand, side: value}],
        "sampling": {"seed": 3, "draws": 2000, "sampler": sampler},
        "report": {"ci_prob": CI},
    }
    posterior = fit_analysis(be.Analysis.from_dict(content))
    return posterior, to_result(posterior)


def cells(array):
    """Labels and draws, (draws,), of every cell of an estimand."""
    dims = [d for d in array.dims if d not in ("chain", "draw")]
    for index in itertools.product(*(range(array.sizes[d]) for d in dims)):
        one = array.isel(dict(zip(dims, index, strict=True)))
        labels = {}
        for name in LABELS:
            for coordinate in (name, f"row_{name}", *{"time": ["horizon"], "endpoint": ["category"]}.get(name, [])):
                if coordinate in one.coords:
                    labels[name] = one.coords[coordinate].item()
        yield labels, one.transpose("chain", "draw").to_numpy().ravel()


def draws_of(posterior, row):
    """The draws of the one cell that a row of the result is about."""
    found = [
        draws
        for labels, draws in cells(posterior.estimand(row["estimand"]))
        if all(row.get(name) is None or labels.get(name) in (None, row[name]) for name in LABELS)
    ]
    assert len(found) == 1, (row, len(found))
    return found[0]


class Held:
    """Holds reported numbers to draws; `exact` numbers did not come from these draws."""

    def __init__(self, draws, exact):
        self.draws, self.size, self.errors = draws, draws.size, 5.0 if exact else 0.0

    def share(self, reported, event):
        p = float(event.mean())
        spread = math.sqrt(max(p * (1 - p), 1.0 / self.size) / self.size)
        assert reported == pytest.approx(p, abs=self.errors * spread + 1e-12)

    def summary(self, row):
        sd = self.draws.std(ddof=1)
        if not np.ptp(self.draws) > 1e-12:  # the reference against itself
            assert [row[n] for n in ("mean", "median", "lower", "upper")] == pytest.approx([self.draws[0]] * 4)
            assert row["sd"] == pytest.approx(0.0, abs=1e-9)
            return
        if row["mean"] is not None:
            assert row["mean"] == pytest.approx(self.draws.mean(), rel=1e-9, abs=self.errors * sd / self.size**0.5)
        if row["sd"] is not None:
            fourth = ((self.draws - self.draws.mean()) ** 4).mean() / sd**4
            wobble = math.sqrt(max(fourth - 1.0, 1.0) / (4.0 * self.size)) * sd
            assert row["sd"] == pytest.approx(sd, rel=1e-9, abs=2.0 * self.errors * wobble)
        for name, q in QUANTILES.items():
            if self.errors:
                below = float((self.draws <= row[name]).mean())
                assert below == pytest.approx(q, abs=self.errors * math.sqrt(q * (1 - q) / self.size) + 1e-3), name
            else:
                assert row[name] == pytest.approx(np.quantile(self.draws, q), rel=1e-9)


def test_estimates(case):
    posterior, result = case
    assert result["estimates"]
    for row in result["estimates"]:
        assert row["ci_prob"] == CI
        Held(draws_of(posterior, row), posterior.sampler == "exact").summary(row)


def test_comparisons(case):
    posterior, result = case
    assert result["comparisons"]
    for row in result["comparisons"]:
        own, against = draws_of(posterior, row), draws_of(posterior, {**row, "regimen": row["reference"]})
        contrast = {
            "difference": lambda x, y: x - y,
            "ratio": lambda x, y: x / y,
            "odds_ratio": lambda x, y: x / (1 - x) * (1 - y) / y,
        }[row["scale"]](own, against)
        held = Held(contrast, posterior.sampler == "exact")
        held.summary(row)
        null = 0.0 if row["scale"] == "difference" else 1.0
        assert row["better"] == ("lower" if row["estimand"] in ("hazard_ratio", "effect") else "higher")
        signed, margin = (-1.0, row["margin"]) if row["better"] == "lower" else (1.0, row["margin"])
        limit = margin if row["scale"] != "difference" else signed * margin
        held.share(row["probability_better"], signed * contrast > signed * null)
        held.share(row["probability_better_by_margin"], signed * contrast > signed * limit)
        if row["rope"] is not None:
            low, high = row["rope"]
            held.share(row["probability_in_rope"], (contrast > low) & (contrast < high))


def test_ranking(case):
    posterior, result = case
    groups = {}
    for row in result["ranking"]:
        groups.setdefault((row["estimand"], row["endpoint"], row["time"]), []).append(row)
    assert groups
    for (name, _, _), rows in groups.items():
        values = np.stack([draws_of(posterior, row) for row in rows], axis=-1)
        signed = values if name in ("hazard_ratio", "effect") else -values
        # the mean of the first and the last rank that ties may have
        first = (signed[:, :, None] > signed[:, None, :]).sum(axis=-1) + 1
        last = (signed[:, :, None] >= signed[:, None, :]).sum(axis=-1)
        k = len(rows)
        for i, row in enumerate(rows):
            ranks = first[:, i]
            assert (ranks == last[:, i]).all(), "no ties among continuous draws"
            held = Held(ranks.astype(float), posterior.sampler == "exact")
            held.share(row["probability_best"], ranks == 1)
            for r, p in enumerate(row["rank_probabilities"], start=1):
                held.share(p, ranks == r)
            error = held.errors * ranks.std() / held.size**0.5 + 1e-9
            assert row["mean_rank"] == pytest.approx(ranks.mean(), abs=error)
            assert row["sucra"] == pytest.approx((k - row["mean_rank"]) / (k - 1))
            reached = np.cumsum(row["rank_probabilities"])
            for key, q in (("lower_rank", 0.05), ("median_rank", 0.5), ("upper_rank", 0.95)):
                assert row[key] == 1 + int((reached < q - 1e-9).sum())


def test_thresholds(case):
    posterior, result = case
    assert result["thresholds"]
    for row in result["thresholds"]:
        draws = draws_of(posterior, row)
        beyond = draws > row["value"] if row["side"] == "above" else draws < row["value"]
        Held(draws, posterior.sampler == "exact").share(row["probability"], beyond)
