"""What is known of one number: every body answers the same questions, and rows are made of the answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayes_escc.answers.rows import ComparisonRow, Question, comparison_row, estimate_row, labels_of, threshold_row
from bayes_escc.probability.beta import Beta, BetaContrast
from bayes_escc.probability.marginal import Draws, WeightedDraws
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.probability.panels import NODES_PER_PANEL, PanelDensity

RNG = np.random.default_rng(20211101)
X, Y = Beta(13.0, 24.0), Beta(11.0, 20.0)
SIZE = 40_000


def uniform_in_u():
    """tau = u^2 / (1 - u^2) with u uniform on (0, 1)."""
    return PanelDensity(np.linspace(0.0, 1.0, 9), np.ones((8, NODES_PER_PANEL)), 1.0, moments=0)


BODIES = {
    "draws": (Draws(RNG.beta(2.0, 3.0, (4, SIZE // 4))), lambda n: RNG.beta(2.0, 3.0, n)),
    "weighted draws": (
        # uniform draws with weights proportional to the Beta density
        (lambda u: WeightedDraws(u, (w := u * (1 - u) ** 2) / w.sum(), 20_000.0))(RNG.uniform(size=SIZE)),
        lambda n: RNG.beta(2.0, 3.0, n),
    ),
    "Beta": (X, lambda n: RNG.beta(13.0, 24.0, n)),
    "Beta mixture": (
        BetaMixture((0.25, 0.75), (Beta(2.0, 8.0), Beta(20.0, 20.0))),
        lambda n: np.where(RNG.uniform(size=n) < 0.25, RNG.beta(2.0, 8.0, n), RNG.beta(20.0, 20.0, n)),
    ),
    "contrast": (BetaContrast(X, Y, "ratio"), lambda n: RNG.beta(13.0, 24.0, n) / RNG.beta(11.0, 20.0, n)),
    "normal mixture": (
        NormalMixture(np.array([0.4, 0.6]), np.array([-0.5, 0.1]), np.array([0.2, 0.3]), exponentiated=True),
        lambda n: np.exp(np.where(RNG.uniform(size=n) < 0.4, RNG.normal(-0.5, 0.2, n), RNG.normal(0.1, 0.3, n))),
    ),
    "panels": (uniform_in_u(), lambda n: (lambda u: u**2 / (1 - u**2))(RNG.uniform(size=n))),
}


@pytest.mark.parametrize("name", ["Beta mixture", "normal mixture", "panels"])
def test_a_density_is_the_slope_of_its_distribution_function(name):
    known, _ = BODIES[name]
    at = np.array([known.quantile(q) for q in (0.05, 0.3, 0.5, 0.9)])
    step = 1e-5 * at
    slope = [(known.beyond(x + h, "below").value - known.beyond(x - h, "below").value) / (2 * h)
             for x, h in zip(at, step, strict=True)]  # fmt: skip
    density = known.density_at(at) if name == "panels" else known.density(at)
    np.testing.assert_allclose(density, slope, rtol=1e-6)


@pytest.mark.parametrize("name", BODIES)
def test_every_body_answers_as_its_simulation_does(name):
    known, simulate = BODIES[name]
    draws = simulate(SIZE)
    if known.mean is not None and known.sd is not None:
        assert abs(known.mean - draws.mean()) < 6 * draws.std() / SIZE**0.5
        assert known.sd == pytest.approx(draws.std(), rel=0.05)
    for q in (0.025, 0.5, 0.975):
        at = known.quantile(q)
        error = 6 * (q * (1 - q) / SIZE) ** 0.5
        assert abs((draws < at).mean() - q) < 1.5 * error
        below, above = known.beyond(at, "below"), known.beyond(at, "above")
        assert below.value == pytest.approx(q, abs=1e-4)
        assert below.value + above.value == pytest.approx(1.0, abs=1e-9)
        assert 0.0 <= below.error < 0.02
    low, high = known.quantile(0.2), known.quantile(0.7)
    assert known.between(low, high).value == pytest.approx(0.5, abs=1e-3)


def test_moments_that_do_not_exist_are_none():
    assert BODIES["panels"][0].mean is None
    assert BODIES["panels"][0].sd is None
    assert BetaContrast(Beta(2, 2), Beta(1, 3), "ratio").mean is None


def test_a_row_is_what_its_marginal_says():
    known, asked = Draws(RNG.normal(1.0, 1.0, (4, 1000))), Question("difference", 0.5, (-0.2, 0.2), 0.9)
    labels = labels_of(regimen="a", endpoint="ORR")
    higher = comparison_row("rate", labels, "b", known, asked, "higher", "randomised")
    lower = comparison_row("rate", labels, "b", known, asked, "lower", "randomised")
    flat = known.values.ravel()
    assert higher.probability_better == (flat > 0).mean()
    assert higher.probability_better + lower.probability_better == pytest.approx(1.0)
    assert lower.probability_better_by_margin == (flat < -0.5).mean()
    assert higher.probability_in_rope == (np.abs(flat) < 0.2).mean()
    assert [higher.lower, higher.median, higher.upper] == pytest.approx(np.quantile(flat, [0.05, 0.5, 0.95]))
    assert threshold_row("rate", labels, known, side="below", value=1.0).probability == (flat < 1.0).mean()


def test_a_row_is_read_by_name_and_by_key_and_is_plain_for_json():
    row = comparison_row(
        "rate",
        labels_of(regimen="a"),
        "b",
        Draws(RNG.normal(size=(2, 500))),
        Question("difference", rope=(-1.0, 1.0)),
        "higher",
        "randomised",
    )
    assert list(row) == list(ComparisonRow.columns()) == list(row.plain())
    assert row["rope"] == row.rope == (-1.0, 1.0)
    assert row.plain()["rope"] == [-1.0, 1.0]
    assert row.margin is None
    assert row.probability_better_by_margin is None
    with pytest.raises(KeyError):
        row["nothing"]
    with pytest.raises(AttributeError):
        row.margin = 1.0


def test_the_estimate_of_a_closed_form_rests_on_no_draws():
    row = estimate_row("rate", labels_of(regimen="a"), X, unit="proportion of patients", ci_prob=0.95)
    assert row.ess_bulk is None
    assert row.mcse_mean == 0.0
    assert row.upper == pytest.approx(stats.beta(13, 24).ppf(0.975))
