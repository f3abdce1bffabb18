"""Densities and estimands of every survival model, written out for one patient and one draw, on data full of ties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

import bayes_escc as be
from bayes_escc.runs.run import prepare_design
from tests.helpers.survival import DESIGNS

REGIMENS = ("C", "A", "B")  # not in the order of the alphabet
PRIOR_MEDIAN = 6.0  # months: where hazards that are not proportional meet
TIMES, HORIZONS = [2.0, 6.0, 9.5], [5.0, 9.0]
DRAWS = 2


def whole_months(interval=False):
    """Events and entries at the cut points, and rows that repeat."""
    rows = [
        (2, 1, 0, 1), (2, 1, 0, 1), (2, 0, 0, 0), (5, 1, 2, 0), (5, 1, 2, 0), (5, 0, 1, 1), (8, 1, 5, 0), (8, 1, 0, 1),
        (1, 1, 0, 0), (3, 1, 2, 0), (3, 0, 0, 1), (9, 1, 8, 0), (12, 0, 0, 0), (12, 0, 0, 0), (6, 1, 5, 1),
        (2, 1, 1, 0),
    ]  # fmt: skip
    frame = pd.DataFrame([*rows, *rows[::2]], columns=["time", "event", "entry", "old"])
    frame["regimen"] = np.array(["A", "B", "C", "A", "C"])[np.arange(len(frame)) % 5]
    frame["patient_id"] = [f"P{i}" for i in range(len(frame))]
    if interval:
        seen = frame["event"] == 1
        frame["upper"] = np.where(seen, frame["time"] + 1.0, np.inf)
        frame["lower"] = np.maximum(frame["time"] - seen, frame["entry"]).astype(float)
        frame.loc[[0, 7], "lower"] = 0.0  # progressed before the first scan
        frame = frame.drop(columns=["time", "event"])
    return frame.sort_values("regimen", key=lambda s: s.map(REGIMENS.index), kind="stable", ignore_index=True)


class Hazards:
    """Hazards of one regimen in one draw of the parameters, as the docs define them."""

    def __init__(self, name, parameters, draw, regimen):
        options, one = DESIGNS[name], parameters.isel(chain=0, draw=draw)
        self.effect = options.get("regimen_effect", "proportional")
        self.risks = np.exp([0.0, float(one["coefficient"].item())])  # of those who are not old, and who are

        def own(parameter):
            found = one[parameter]
            return (found.sel(regimen=regimen) if "regimen" in found.dims else found).to_numpy()

        ratio = 0.0  # of the logs, to the average regimen
        if self.effect not in ("none", "stratified"):
            each = {r: one["log_hazard_ratio"].sel(contrast=r).to_numpy() for r in REGIMENS[1:]}
            each[REGIMENS[0]] = 0.0 * each["A"]
            ratio = each[regimen] - sum(each.values()) / 3
        self.weibull = "log_shape" in one
        if self.weibull:
            self.shape, self.at = float(np.exp(own("log_shape"))), options.get("reference_time", PRIOR_MEDIAN)
            average = np.exp(one["log_shape"].mean().item()) if self.effect == "nonproportional" else self.shape
            if "log_cumulative_hazard" in one:
                level = own("log_cumulative_hazard")
            else:
                level = np.log(np.log(2)) - average * np.log(own("reference_median") / self.at)
            self.scale = float(np.exp(level + ratio))
        else:
            if "reference_median" in one:
                level = np.log(np.log(2) / own("reference_median"))
            else:
                level = np.log(own("hazard")) if "hazard" in one else own("log_hazard")
            self.each = np.exp(np.atleast_1d(level + ratio))
            self.edges = np.array([0.0, *options.get("cutpoints", []), np.inf])

    def cumulative(self, t):
        """Of a patient of risk one, for any number of times."""
        t = np.asarray(t, dtype=float)
        if self.weibull:
            return self.scale * (t / self.at) ** self.shape
        spent = np.clip(np.minimum(t[..., None], self.edges[1:]) - self.edges[:-1], 0.0, None)
        return spent @ self.each

    def hazard(self, t):
        if self.weibull:
            return self.scale * self.shape / self.at * (t / self.at) ** (self.shape - 1)
        return self.each[int(np.sum(t > self.edges[1:-1]))]  # an interval holds its right end

    def log_likelihood(self, row):
        risk = self.risks[row.old]

        def since_entry(t):
            return float(self.cumulative(t) - self.cumulative(row.entry)) * risk

        if hasattr(row, "time"):
            return (np.log(self.hazard(row.time) * risk) if row.event else 0.0) - since_entry(row.time)
        if np.isinf(row.upper):
            return -since_entry(row.lower)
        return -since_entry(row.lower) + np.log(-np.expm1(since_entry(row.lower) - since_entry(row.upper)))

    def survival(self, t, share):
        """Of all patients, a share of whom are old."""
        young, old = (np.exp(-self.cumulative(t) * r) for r in self.risks)
        return (1 - share) * young + share * old

    def hazard_rate(self, t, share):
        alive = np.array([1 - share, share]) * np.exp(-self.cumulative(t) * (self.risks - self.risks.min()))
        return self.hazard(t) * float(alive @ self.risks / alive.sum())

    def restricted_mean(self, horizon, share):
        """By Gauss and Legendre between the cuts, in the fourth root of time where hazards may be infinite at 0."""
        x, w = np.polynomial.legendre.leggauss(60)
        edges = np.unique(np.minimum([0.0, *([] if self.weibull else self.edges[1:-1]), horizon], horizon)) ** 0.25
        total = 0.0
        for low, high in pairwise(edges):
            u = 0.5 * (high - low) * (x + 1.0) + low
            total += 0.5 * (high - low) * float(w @ (4.0 * u**3 * self.survival(u**4, share)))
        return total


@pytest.fixture(scope="module", params=[(n, i) for n in DESIGNS for i in (False, True)], ids=lambda p: f"{p[0]}-{p[1]}")
def case(request):
    name, interval = request.param
    frame = whole_months(interval)
    options = dict(DESIGNS[name]) | ({"interval": ("lower", "upper")} if interval else {})
    model = be.SurvivalModel(
        entry="entry", data_unit="months", regimens=REGIMENS, times=TIMES, horizons=HORIZONS,
        covariates=[{"column": "old", "center": 0.0, "scale": 1.0}], **options,
    )  # fmt: skip
    design = prepare_design(model.analysis, model.read(frame))
    parameters = design.prior(np.random.default_rng(11), DRAWS)
    hazards = [{r: Hazards(name, parameters, i, r) for r in REGIMENS} for i in range(DRAWS)]
    return name, frame, design, parameters, hazards


def test_the_log_likelihood_of_every_patient(case):
    _, frame, design, parameters, hazards = case
    ours = design.log_likelihood(parameters)["time"].to_numpy()[0]
    for found, of in zip(ours, hazards, strict=True):
        expected = [float(of[row.regimen].log_likelihood(row)) for row in frame.itertuples()]
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_estimands_average_over_the_patients(case):
    _, frame, design, parameters, hazards = case
    found = design.estimands(parameters, np.random.default_rng(1)).isel(chain=0)
    found = {
        n: found[n].to_numpy() for n in ("median", "survival", "hazard_rate", "rmst", "hazard_ratio") if n in found
    }
    share = float(frame["old"].mean())
    for i, of in enumerate(hazards):
        for j, r in enumerate(REGIMENS):
            one = of[r]
            assert found["survival"][i, j] == pytest.approx(one.survival(TIMES, share), rel=1e-7, abs=1e-12)
            assert found["hazard_rate"][i, j] == pytest.approx([one.hazard_rate(t, share) for t in TIMES], rel=1e-6)
            assert found["rmst"][i, j] == pytest.approx([one.restricted_mean(h, share) for h in HORIZONS], rel=1e-5)
            half = optimize.brentq(lambda u, one=one: one.survival(np.exp(u), share) - 0.5, -200, 200)
            assert found["median"][i, j] == pytest.approx(np.exp(half), rel=1e-6)
            if one.effect != "none":
                ratio = np.array([one.hazard(t) / of["C"].hazard(t) for t in TIMES])
                assert found["hazard_ratio"][i, j] == pytest.approx(
                    ratio[0] if one.effect == "proportional" else ratio, rel=1e-6
                )
    assert ("hazard_ratio" in found) == (hazards[0]["C"].effect != "none")


def test_ratios_of_times(case):
    """Where hazards are proportional and of one shape, everything takes so many times as long."""
    name, _, design, parameters, hazards = case
    found = design.estimands(parameters, np.random.default_rng(1))
    constant = hazards[0]["C"].effect == "proportional" and (hazards[0]["C"].weibull or name == "exponential")
    assert ("time_ratio" in found) == constant
    if constant:
        for i, of in enumerate(hazards):
            for j, r in enumerate(REGIMENS):  # the median of those who are not old
                half = [
                    optimize.brentq(lambda u, h=of[k]: h.cumulative(np.exp(u)) - np.log(2), -60, 60) for k in (r, "C")
                ]
                assert float(found["time_ratio"][0, i, j]) == pytest.approx(np.exp(half[0] - half[1]), rel=1e-6)


def test_simulated_patients_progress_as_often_as_their_hazard_says(case):
    """By the end of follow-up, of those without an event at entry."""
    name, frame, design, parameters, _ = case
    size = 2000
    drawn = parameters.isel(draw=np.zeros(size, dtype=int))
    seen = design.simulate(drawn, np.random.default_rng(13))
    times, events = seen["time"].to_numpy()[0], seen["event"].to_numpy()[0]
    assert (times >= frame["entry"].to_numpy()).all()
    censored = np.flatnonzero(np.isinf(frame["upper"]) if "upper" in frame else frame["event"] == 0)
    for i in censored[:6]:
        row = frame.iloc[i]
        one = Hazards(name, parameters, 0, row["regimen"])
        grown = one.cumulative(row["lower" if "lower" in frame else "time"]) - one.cumulative(row["entry"])
        gone = -np.expm1(-grown * one.risks[row["old"]])
        assert events[:, i].mean() == pytest.approx(gone, abs=4.5 * np.sqrt(gone * (1 - gone) / size) + 1e-9)
