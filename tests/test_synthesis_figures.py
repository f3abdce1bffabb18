"""Figures of a synthesis: drawn for every kind of analysis, marked when not converged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.plots._forest import _ticks
from bayes_escc.runs.figures import figures_of
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut


def texts(figure):
    return [t.get_text() for axes in figure.axes for t in axes.texts] + [t.get_text() for t in figure.texts]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("pd1_second_line_pfs", {"forest", "funnel", "heterogeneity"}),
        ("pd1_second_line_network", {"network", "regimens", "ranks", "league"}),
    ],
)
def test_every_run_draws_its_figures(name, files):
    posterior = be.fit_analysis(be.find_analysis(name))
    assert set(figures_of(posterior, ())) == files


def test_the_forest_plot_prints_the_numbers_of_the_result():
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_pfs"))
    shown = texts(be.plots.forest(posterior))
    for estimand in ("effect", "predicted_effect", "study_effect"):
        for _, r in posterior.summary(estimand).iterrows():
            assert f"{r['median']:.2f} ({r['lower']:.2f} to {r['upper']:.2f})" in shown
    assert "1.08 (0.87 to 1.34)" in shown  # ATTRACTION-3 as published
    assert any("favours experimental" in t for t in shown)


def test_a_forest_plot_of_a_network_is_refused():
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_network"))
    with pytest.raises(be.AnalysisError, match="pairwise"):
        be.plots.forest(posterior)


def test_figures_of_a_failed_fit_say_so():
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_pfs"))
    failed = replace(posterior, diagnostics=replace(posterior.diagnostics, converged=False))
    assert "NOT CONVERGED" in texts(be.plots.forest(failed))


def studies(k, seed=0, measure="HR", spread=0.3, names=None, **columns):
    """Made-up effects, for figures only."""
    rng = np.random.default_rng(seed)
    y, se = rng.normal(-0.2, spread, k), rng.uniform(0.08, 0.4, k)
    ratio = measure in ("HR", "OR")
    return pd.DataFrame(
        {
            "study": names or [f"Study {i + 1}" for i in range(k)],
            "experimental": "e",
            "control": "c",
            "endpoint": "OS",
            "measure": measure,
            "estimate": np.exp(y) if ratio else y / 5,
            "se": se if ratio else se / 5,
            **columns,
        }
    )


def extreme():
    frame = studies(6, measure="OR", better="higher")
    frame.loc[0, ["estimate", "se"]] = [25.0, 1.9]
    frame.loc[1, ["estimate", "se"]] = [0.02, 1.2]
    frame.loc[2, "se"] = 0.03
    return frame


LONG = [f"A multicentre randomised open-label phase 3 trial number {i} (Author et al., 20{10 + i})" for i in range(9)]


@pytest.mark.parametrize(
    ("frame", "settings"),
    [
        (studies(1), {"pooling": "common"}),
        (studies(25), {}),
        (studies(9, names=LONG, n_experimental=310, n_control=305), {}),
        (extreme(), {}),
        (studies(5, measure="RD", better="higher"), {"priors": {"tau": be.Prior("HalfNormal", sigma=0.1)}}),
        (studies(8, line=["first"] * 4 + ["second"] * 4), {"subgroup": "line"}),
    ],
    ids=["one", "25", "long names", "extreme", "risk differences", "subgroups"],
)
def test_forests_and_funnels_of_all_sizes_are_whole(frame, settings):
    posterior = be.SynthesisModel(**settings).fit(be.read_effects(frame))
    drawn = [be.plots.forest(posterior)]
    if not settings.get("subgroup"):
        drawn.append(be.plots.funnel(posterior))
    if "tau" in posterior.estimand_names:
        drawn.append(be.plots.heterogeneity(posterior))
    for figure in drawn:
        assert_nothing_is_cut(figure)
    assert_no_text_overlaps(drawn[0])
    assert not any("-0.0" in t or t.startswith("-") for t in texts(drawn[0]))  # typographic minus, no minus zero


def test_patients_and_events_stand_beside_the_studies():
    said = texts(be.plots.forest(be.fit_analysis(be.find_analysis("pd1_second_line_os"))))
    assert {"210", "209", "Control"} <= set(said)
    assert any(t.startswith("Heterogeneity: tau 0.05 (0.00 to 0.23), I\N{SUPERSCRIPT TWO} 17 %") for t in said)


def test_limits_beyond_the_axis_end_in_an_arrow():
    figure = be.plots.forest(be.SynthesisModel().fit(be.read_effects(extreme())))
    markers = [line.get_marker() for line in figure.axes[0].lines]
    assert ">" in markers
    assert "<" in markers


@pytest.mark.parametrize("limits", [(0.55, 1.1), (0.2, 5.0), (0.001, 900.0), (0.97, 1.02)])
def test_ticks_of_ratios_are_round_and_apart(limits):
    ticks = _ticks(*limits)
    assert 1.0 in ticks
    assert all(limits[0] <= t <= limits[1] for t in ticks)
    assert len(ticks) == 1 or np.diff(np.log(ticks)).min() / np.log(limits[1] / limits[0]) > 0.1


def test_sensitivity_is_drawn_whole():
    figure = be.sensitivity(be.find_analysis("pd1_second_line_pfs")).plot()
    assert_nothing_is_cut(figure)
    assert_no_text_overlaps(figure)
    wide = be.plots.interval_forest(
        [("a", (0.001, 1.0, 900.0)), ("b", (0.7, 0.8, 0.9))], title="t", unit="hazard ratio"
    )
    assert_nothing_is_cut(wide)


def test_subgroups_stand_apart_each_with_its_diamond():
    frame = studies(5, line=["first", "second", "first", "second", "second"])
    model = be.SynthesisModel(subgroup="line")
    figure = be.plots.forest(model.fit(be.read_effects(frame)))
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    both = ["Pooled effect", "The next trial"]
    assert labels == [
        "line = first",
        "Study 1",
        "Study 3",
        *both,
        "line = second",
        "Study 2",
        "Study 4",
        "Study 5",
        *both,
    ]
    assert any("Subgroups, line: second against first" in t.replace("\n", " ") for t in texts(figure))
