"""Figures of a synthesis: drawn for every kind of analysis, marked when not converged."""

from __future__ import annotations

from dataclasses import replace

import pytest

import bayes_escc as be
from bayes_escc.run import figures_of


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
    shown = texts(posterior.plot_forest())
    for estimand in ("effect", "predicted_effect", "study_effect"):
        for _, r in posterior.summary(estimand).iterrows():
            assert f"{r['median']:.2f} ({r['lower']:.2f} to {r['upper']:.2f})" in shown
    assert "1.08 (0.87 to 1.34)" in shown  # ATTRACTION-3 as published
    assert any("favours experimental" in t for t in shown)


def test_a_forest_plot_of_a_network_is_refused():
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_network"))
    with pytest.raises(be.AnalysisError, match="pairwise"):
        posterior.plot_forest()


def test_figures_of_a_failed_fit_say_so():
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_pfs"))
    failed = replace(posterior, diagnostics=replace(posterior.diagnostics, converged=False))
    assert "NOT CONVERGED" in texts(failed.plot_forest())
