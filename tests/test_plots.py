"""Figures: everything inside the frame, the printed numbers, the same bytes every time."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import bayes_escc as be
from bayes_escc.plots import style
from bayes_escc.plots.style import density, save_figure
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut, texts


def figures(posterior, reference, regimen):
    comparison = posterior.compare("rate", reference=reference, margin=0.1, rope=(-0.05, 0.05))
    ratio = posterior.compare("rate", reference=reference, scale="odds_ratio")
    place = {"regimen": regimen, "endpoint": "ORR"}
    yield be.plots.intervals(posterior, endpoint="ORR")
    yield be.plots.prior_posterior(posterior, endpoint="ORR")
    yield be.plots.difference(comparison, **place)
    yield be.plots.benefit(comparison, **place)
    yield be.plots.difference(ratio, **place)
    yield be.plots.benefit(ratio, **place)


@pytest.mark.parametrize("name", ["exact", "nuts", "several"])
def test_nothing_is_cut_and_no_texts_overlap(name, request):
    posterior = request.getfixturevalue(name)
    for figure in figures(posterior, "toripalimab + chemotherapy", "PD-1 inhibitor + anlotinib"):
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)


def test_extreme_names_and_counts_stay_inside():
    long = "camrelizumab plus apatinib plus irinotecan after first-line platinum and fluoropyrimidine"
    frame = pd.DataFrame(
        {
            "study": ["A", "B"],
            "regimen": ["best supportive care", long],
            "endpoint": "ORR",
            "events": [0, 7],
            "n": [9, 7],
        }
    )
    posterior = be.ResponseModel(prior=be.Prior("Jeffreys")).fit(frame)
    for figure in figures(posterior, "best supportive care", long):
        assert_nothing_is_cut(figure)


def test_figures_print_the_numbers_of_the_table(exact):
    comparison = exact.compare("rate", reference="anlotinib + S-1", margin=0.1, rope=(-0.05, 0.05))
    figure = be.plots.difference(comparison, regimen="PD-1 inhibitor + anlotinib")
    said = " ".join(t.get_text() for t in texts(figure))
    row = comparison.table.set_index("regimen").loc["PD-1 inhibitor + anlotinib"]
    for key in ("probability_better", "probability_better_by_margin", "probability_in_rope"):
        assert f"{row[key]:.3f}" in said
    assert f"{100 * row['median']:.1f}" in said
    assert "Randomised" in said
    assert "95 % CrI" in said
    unanchored = be.plots.difference(comparison, regimen="toripalimab + anlotinib")
    assert "Unanchored, not randomised" in " ".join(t.get_text() for t in texts(unanchored))


def test_the_same_figure_has_the_same_bytes(exact, tmp_path):
    comparison = exact.compare("rate", reference="anlotinib + S-1", margin=0.1)
    svgs = [
        save_figure(be.plots.difference(comparison, regimen="toripalimab + anlotinib"), tmp_path / name)[0].read_bytes()
        for name in "ab"
    ]
    assert svgs[0] == svgs[1]
    assert b"<svg" in svgs[0][:600]


def test_failed_fits_are_marked(cohorts):
    posterior = be.ResponseModel(endpoint="ORR").fit(cohorts, sampler="nuts", draws=20, tune=50, chains=2)
    comparison = posterior.compare("rate", reference="anlotinib + S-1")
    place = {"regimen": "toripalimab + anlotinib"}
    for figure in (
        be.plots.intervals(posterior),
        be.plots.prior_posterior(posterior),
        be.plots.difference(comparison, **place),
        be.plots.benefit(comparison, **place),
    ):
        assert "NOT CONVERGED" in [t.get_text() for t in texts(figure)]


def test_colours_differ_in_grey():
    def lightness(colour):
        return float(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722]))

    shown_together = [(style.BLUE, style.ORANGE), (style.BLUE, style.SKY), (style.BLACK, style.BLUE)]
    for a, b in shown_together:
        assert abs(lightness(a) - lightness(b)) > 0.15


def test_the_users_settings_are_left_alone(exact):
    before = dict(mpl.rcParams)
    be.plots.intervals(exact)
    assert dict(mpl.rcParams) == before
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


def test_several_rows_are_several_panels(exact):
    comparison = exact.compare("rate", reference="anlotinib + S-1", margin=0.1)
    for figure in (be.plots.difference(comparison), be.plots.benefit(comparison)):
        assert len(figure.axes) == 3
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)
        said = " ".join(t.get_text() for t in texts(figure))
        assert "PD-1 inhibitor + anlotinib: randomised" in said.replace("\n", " ")
    with pytest.raises(be.AnalysisError, match="no comparison of x"):
        be.plots.difference(comparison, regimen="x")


def test_the_density_of_draws_integrates_to_one():
    draws = np.random.default_rng(1).beta(3, 7, 4000)
    grid = np.linspace(0, 1, 800)
    assert np.trapezoid(density(draws, grid), grid) == pytest.approx(1.0, abs=0.02)


def test_characters_without_a_font_are_said(exact, tmp_path):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0.5, 0.5, "\U0001f9ea\ue123")
    with pytest.warns(UserWarning, match="no installed font"):
        save_figure(figure, tmp_path / "x")


@pytest.mark.filterwarnings("ignore:Glyph")
def test_long_chinese_names_stay_inside(tmp_path):
    name = "特瑞普利单抗联合安罗替尼联合伊立替康化疗方案用于二线治疗晚期食管鳞癌"
    frame = pd.DataFrame({"study": list("ABC"), "regimen": ["甲", name, "乙"], "endpoint": "ORR", "events": 3, "n": 9})
    posterior = be.ResponseModel().fit(frame)
    comparison = posterior.compare("rate", margin=0.1)
    for figure in (
        be.plots.difference(comparison),
        be.plots.benefit(comparison),
        be.plots.intervals(posterior),
        be.plots.prior_posterior(posterior),
    ):
        assert_nothing_is_cut(figure)


def test_few_rates_share_one_figure_and_endpoints_that_look_alike_keep_their_own():
    from bayes_escc.runs.figures import figures_of

    alike = ["grade34_x/y", "grade34_x y"]
    frame = pd.DataFrame({"study": "A", "regimen": "x", "endpoint": alike, "events": [1, 2], "n": 9})
    assert list(figures_of(be.ResponseModel().fit(frame), [])) == ["rates"]
    many = pd.concat([frame.assign(regimen=f"regimen {i}") for i in range(5)])
    assert list(figures_of(be.ResponseModel().fit(many), [])) == ["rates_grade34_x_y", "rates_grade34_x_y_2"]


def test_every_figure_is_found_by_its_name_and_importing_its_module_does_not_hide_it():

    for name in be.plots.__all__:
        assert callable(getattr(be.plots, name)), name
    with pytest.raises(AttributeError, match="no figure 'interval'"):
        _ = be.plots.interval


def test_the_legend_of_a_tipping_curve_covers_no_curve():
    """A margin told in its unit is long."""
    for arms in ({"A": (10, 29), "B": (16, 35)}, {"A": (16, 35), "B": (10, 29)}):
        (found,) = be.tipping(arms, margin=0.1)
        figure = be.plots.tipping(found)
        figure.draw_without_rendering()
        axes = figure.axes[0]
        assert axes.get_legend().get_window_extent().y0 >= axes.get_window_extent().y1
