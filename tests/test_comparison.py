"""Comparisons and ranks as pure functions of draws, and the label on randomisation."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bayes_escc as be
from bayes_escc.answers.comparison import BORROWED, UNANCHORED, anchoring, compare, probability_with_error
from bayes_escc.answers.ranking import rank
from bayes_escc.evidence import Arm
from bayes_escc.names import format_probability


def rates(shape=(4, 500), seed=0, shifts=(0.0, 0.5, 1.0), better="higher"):
    rng = np.random.default_rng(seed)
    draws = 1 / (1 + np.exp(-(rng.normal(size=(*shape, len(shifts))) + np.array(shifts))))
    return xr.DataArray(
        draws,
        dims=("chain", "draw", "regimen"),
        coords={"regimen": list("abc"[: len(shifts)])},
        name="rate",
        attrs={"unit": "proportion of patients", "better": better},
    )


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_rows_are_the_shares_of_draws(scale, better):
    array = rates()
    margin = {"difference": 0.1, "ratio": 1.2, "odds_ratio": 1.5}[scale]
    if better == "lower":
        margin = margin if scale == "difference" else 1 / margin
    rope = (-0.02, 0.02) if scale == "difference" else (0.9, 1.1)
    found = compare(array, reference="a", scale=scale, better=better, margin=margin, rope=rope)
    a, b = (array.sel(regimen=r).to_numpy() for r in "ab")
    values = {"difference": b - a, "ratio": b / a, "odds_ratio": (b / (1 - b)) / (a / (1 - a))}[scale]
    null = 0.0 if scale == "difference" else 1.0
    row = found.table.set_index("regimen").loc["b"]
    cut = -margin if (scale, better) == ("difference", "lower") else margin
    share = (lambda t: (values > t).mean()) if better == "higher" else (lambda t: (values < t).mean())
    assert row["probability_better"] == pytest.approx(share(null))
    assert row["probability_better_by_margin"] == pytest.approx(share(cut))
    assert row["probability_in_rope"] == pytest.approx(((values > rope[0]) & (values < rope[1])).mean())
    assert row["median"] == pytest.approx(np.median(values))
    assert [row["lower"], row["upper"]] == pytest.approx(list(np.quantile(values, [0.025, 0.975])))
    assert found.draws.sel(regimen="b").to_numpy() == pytest.approx(values)
    assert found.probability["b"] == row["probability_better"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-2, 2))
def test_swapping_the_labels_gives_the_complement(seed, shift):
    array = rates((2, 50), seed, (0.0, shift))
    forward = compare(array, reference="a").probability["b"]
    backward = compare(array, reference="b").probability["a"]
    assert forward + backward == pytest.approx(1.0)
    lower = compare(array, reference="a", better="lower").probability["b"]
    assert forward + lower == pytest.approx(1.0)


def test_ranks_are_a_permutation_and_agree_with_pairwise_probabilities():
    array = rates()
    rows = {r["regimen"]: r for r in rank(array)}
    assert sum(r["probability_best"] for r in rows.values()) == pytest.approx(1.0)
    assert sum(r["mean_rank"] for r in rows.values()) == pytest.approx(6.0)
    assert sum(r["sucra"] for r in rows.values()) == pytest.approx(1.5)
    beaten = sum(compare(array, reference="c").probability[r] for r in "ab")
    assert rows["c"]["mean_rank"] == pytest.approx(1 + beaten)
    turned = {r["regimen"]: r for r in rank(array, better="lower")}
    assert turned["a"]["mean_rank"] == pytest.approx(4 - rows["a"]["mean_rank"])


def test_ranking_one_regimen_says_nothing():
    assert rank(rates(shifts=(0.0,))) == []


def test_exact_and_drawn_ranks_agree(exact):
    laws = exact.exact_laws()
    exactly, drawn = rank(exact.estimand("rate"), exact=laws), rank(exact.estimand("rate"))
    for a, b in zip(exactly, drawn, strict=True):
        assert abs(a["probability_best"] - b["probability_best"]) < 4 * b["mcse_probability_best"]
        assert a["mean_rank"] == pytest.approx(b["mean_rank"], abs=0.1)


def test_certainty_is_never_claimed():
    draws = np.random.default_rng(1).normal(10, 1, (4, 250))
    p, error = probability_with_error(draws > 0, draws)
    assert p == 1.0
    assert 0.0 < error < 0.01


@pytest.mark.parametrize(
    ("p", "error", "told"),
    [
        (0.9995, 0.0004, ">0.999"),
        (1.0, 0.0003, ">0.999"),
        (0.99949, 0.0004, "0.999"),
        (0.0004, 0.0003, "<0.001"),
        (0.996, 0.002, ">0.99"),
        (0.995, 0.01, "0.99"),
        (0.97, 0.03, ">0.9"),
        (0.5, 0.0, "0.500"),
    ],
)
def test_a_probability_is_never_told_as_one_or_zero(p, error, told):
    assert format_probability(p, error) == told


def test_the_error_grows_with_autocorrelation():
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(4, 2000))
    walk = np.zeros_like(noise)
    for i in range(1, 2000):
        walk[:, i] = 0.95 * walk[:, i - 1] + noise[:, i]
    assert probability_with_error(walk > 0, walk)[1] > 3 * probability_with_error(noise > 0, noise)[1]


def test_missing_cells_are_left_out():
    array = rates().expand_dims(endpoint=["ORR", "DCR"]).copy()
    array.loc[{"endpoint": "DCR", "regimen": "c"}] = np.nan
    array.attrs = {"unit": "proportion of patients", "better": "higher,lower"}
    table = compare(array, reference="a").table
    assert list(zip(table["endpoint"], table["regimen"], strict=True)) == [("ORR", "b"), ("ORR", "c"), ("DCR", "b")]
    assert list(table["better"]) == ["higher", "higher", "lower"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reference": "z"}, "use one of a, b, c"),
        ({"reference": "a", "scale": "odds_rati"}, "Did you mean 'odds_ratio'"),
        ({"reference": "a", "margin": -0.1}, "at least 0"),
        ({"reference": "a", "margin": 0.8, "scale": "ratio"}, "at least 1"),
        ({"reference": "a", "margin": 1.2, "scale": "ratio", "better": "lower"}, "at most 1"),
        ({"reference": "a", "margin": 35, "scale": "ratio"}, r"between 0\.1 and 10.*mean 1\.35\?"),
        ({"reference": "a", "margin": 80, "scale": "odds_ratio", "better": "lower"}, r"mean 0\.8\?"),
        (
            {"reference": "a", "margin": 0.01, "scale": "ratio", "better": "lower"},
            "between 0.1 and 10, being a ratio, not 0.01",
        ),
        ({"reference": "a", "rope": (0.1, -0.1)}, "lower limit first"),
        ({"reference": "a", "rope": (-0.1, 0.1), "scale": "ratio"}, "above 0"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(be.AnalysisError, match=message):
        compare(rates(), **arguments)


def test_direction_must_be_known():
    array = rates(better="")
    with pytest.raises(be.AnalysisError, match="state better"):
        compare(array, reference="a")
    assert len(compare(array, reference="a", better="lower").rows) == 2


def test_odds_need_a_proportion():
    array = rates()
    array.attrs["unit"] = "months"
    with pytest.raises(be.AnalysisError, match="not a proportion"):
        compare(array, reference="a", scale="odds_ratio")


class TestAnchoring:
    @pytest.mark.parametrize(
        ("arms", "label"),
        [
            ([("A", "x", "randomised"), ("A", "y", "randomised")], "randomised"),
            ([("A", "x", ""), ("A", "y", "")], "same study, randomisation not stated"),
            ([("A", "x", "randomised"), ("B", "y", "randomised")], UNANCHORED),
            ([("A", "x", "single-arm"), ("A", "y", "single-arm")], UNANCHORED),
            ([("A", "x", "randomised"), ("A", "y", "randomised"), ("B", "y", "randomised")], UNANCHORED),
            (
                [(s, r, "randomised") for s in "AB" for r in "xy"],
                "pooled over studies, randomisation not preserved",
            ),
        ],
    )
    def test_labels(self, arms, label):
        found = [Arm(s, r, "ORR", d) for s, r, d in arms]
        assert anchoring(found, "ORR", "x", "y") == label
        assert anchoring(found, "ORR", "y", "x") == label

    def test_who_borrows_is_not_wholly_randomised(self):
        arms = [Arm("A", "x", "ORR", "randomised", borrows=True), *(Arm("A", r, "ORR", "randomised") for r in "yz")]
        assert anchoring(arms, "ORR", "x", "y") == anchoring(arms, "ORR", "y", "x") == BORROWED
        assert anchoring(arms, "ORR", "y", "z") == "randomised"

    def test_the_theses(self, exact):
        table = exact.compare("rate", reference="anlotinib + S-1").table.set_index("regimen")["anchoring"]
        assert table["PD-1 inhibitor + anlotinib"] == "randomised"
        assert table["toripalimab + anlotinib"] == UNANCHORED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"better": "Higher"}, "Did you mean 'higher'"),
        ({"ci_prob": 95}, "between 0.5 and 1"),
        ({"ci_prob": 0.05}, "did you mean 0.95"),
        ({"margin": "0.1"}, "finite number"),
        ({"rope": (0.0,)}, "two numbers"),
    ],
)
def test_arguments_are_checked(exact, arguments, message):
    with pytest.raises(be.AnalysisError, match=message):
        exact.compare("rate", **arguments)


def test_ties_share_their_rank():
    draws = np.random.default_rng(3).random((4, 100, 1)) * np.ones(3)
    array = rates().isel(draw=slice(100)).copy(data=draws)
    rows = rank(array)
    assert [r["probability_best"] for r in rows] == pytest.approx([1 / 3] * 3)
    assert [r["mean_rank"] for r in rows] == pytest.approx([2.0] * 3)


def test_labels_are_understood_in_full_width(exact):
    assert exact.compare("rate", reference="ａnlotinib + S-1").reference == "anlotinib + S-1"
