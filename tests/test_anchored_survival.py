"""Anchored truth beside the unanchored answer for times: maintenance of myeloma, a connected network cut apart.

Median progression-free survival of the generalised F laws fitted to the published figures, as in data-raw/ndmm of the R
package multinma (genf_pars.csv, covariate_summaries.csv).
"""

import numpy as np
import pytest
from scipy.stats import f as f_law

from bayes_escc.evidence.population.between_trials import between_trials

LAWS = {
    "Attal 2012": (3.422299, 0.861174, 0.620353, 0.013527, 0.513917, 307, 307),
    "McCarthy 2012": (3.306433, 0.897429, 0.059122, 0.000167, 0.597255, 231, 229),
    "Palumbo 2014": (3.134645, 1.029826, 0.396767, 0.001390, 0.680127, 126, 125),
    "Jackson 2019": (3.106709, 1.117931, 0.417464, 0.036442, 0.714695, 1137, 864),
    "Morgan 2012": (2.676615, 1.250384, -0.253393, 0.126730, None, None, 410),
}
"""Location, scale, two shapes and the log time ratio of lenalidomide; patients with and without it."""


def log_median(mu, sigma, q, p):
    """Of a generalised F law in the form of Prentice."""
    delta = np.sqrt(q**2 + 2 * p)
    first, second = 4 / (q**2 + 2 * p + q * delta), 4 / (q**2 + 2 * p - q * delta)
    return mu + sigma / delta * np.log(f_law.median(first, second))


WITHOUT = {t: log_median(*v[:4]) for t, v in LAWS.items()}
WITH = {t: WITHOUT[t] + v[4] for t, v in LAWS.items() if v[4] is not None}


def test_the_medians_of_the_page_are_those_of_the_laws():
    assert np.exp(list(WITH.values())) == pytest.approx([42.5, 48.7, 39.5, 38.9], abs=0.05)
    assert np.exp(list(WITHOUT.values())) == pytest.approx([25.4, 26.8, 20.0, 19.1, 16.2], abs=0.06)


def test_the_default_bias_covers_how_far_unanchored_medians_are_off():
    error = {t: 1.26 / np.sqrt(LAWS[t][5]) for t in WITH}
    other = {t: 1.26 / np.sqrt(LAWS[t][6]) for t in WITHOUT}
    weight = {t: 1 / (error[t] ** 2 + other[t] ** 2) for t in WITH}
    truth = sum(weight[t] * LAWS[t][4] for t in WITH) / sum(weight.values())
    assert truth == pytest.approx(0.66, abs=0.005)
    held = dict.fromkeys((0.0, 0.175, 0.35), 0)
    for t in WITH:
        for s in WITHOUT:
            for sd in held:
                spread = np.sqrt(error[t] ** 2 + other[s] ** 2 + sd**2)
                held[sd] += t != s and abs(WITH[t] - WITHOUT[s] - truth) < 1.96 * spread
    assert held == {0.0: 10, 0.175: 15, 0.35: 16}
    found = between_trials(np.array(list(WITHOUT.values())), np.array(list(other.values())))
    assert found.bias_sd[1] < 0.35 < found.bias_sd[2]
