"""Direct against indirect evidence, held against Bucher's formula and inverse-variance pools."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.checks import inconsistency
from bayes_escc.cli import main

# a triangle of two-arm trials, on the log scale: (control, experimental, y, se)
TRIANGLE = [("A", "B", -0.3, 0.1), ("A", "B", -0.2, 0.15), ("A", "C", -0.5, 0.12), ("B", "C", 0.1, 0.2)]


def analysis(pooling="common", sigma=100.0):
    return be.Analysis.from_dict(
        {
            "data": {"kind": "effects"},
            "model": {"family": "synthesis", "network": True, "pooling": pooling, "reference": "A"},
            "priors": {"effect": {"distribution": "Normal", "mu": 0, "sigma": sigma}},
        }
    )


def table(rows=TRIANGLE):
    return be.read_effects(
        pd.DataFrame(
            [
                {"study": f"S{i}", "control": c, "experimental": e, "endpoint": "OS", "measure": "log HR",
                 "estimate": y, "se": se}
                for i, (c, e, y, se) in enumerate(rows)
            ]
        )
    )  # fmt: skip


def pool(rows):
    y, w = np.array([r[2] for r in rows]), np.array([r[3] ** -2.0 for r in rows])
    return w @ y / w.sum(), w.sum() ** -0.5


def same(found, mean, sd):
    np.testing.assert_allclose(np.log(found), mean + sd * stats.norm.ppf([0.5, 0.025, 0.975]), atol=2e-5)


def test_node_splitting_is_buchers_comparison():
    found = inconsistency(analysis(), table())
    row = next(r for r in found.rows if (r["reference"], r["regimen"]) == ("A", "B"))
    direct = pool(TRIANGLE[:2])
    indirect = (-0.5 - 0.1, np.hypot(0.12, 0.2))
    same(row["direct"], *direct)
    same(row["indirect"], *indirect)
    difference = (direct[0] - indirect[0], np.hypot(direct[1], indirect[1]))
    same(row["difference"], *difference)
    assert row["probability_above"] == pytest.approx(stats.norm.cdf(difference[0] / difference[1]), abs=1e-5)
    weights = np.array([direct[1], indirect[1]]) ** -2
    same(row["network"], weights @ [direct[0], indirect[0]] / weights.sum(), weights.sum() ** -0.5)


def test_unrelated_effects_are_separate_pools():
    for row in inconsistency(analysis(), table()).rows:
        pair = [r for r in TRIANGLE if (r[0], r[1]) == (row["reference"], row["regimen"])]
        same(row["unrelated"], *pool(pair))
        assert row["trials"] == len(pair)


def test_heterogeneity_widens_every_comparison():
    common, random = inconsistency(analysis(), table()), inconsistency(analysis("random"), table())
    for one, two in zip(common.rows, random.rows, strict=True):
        for kind in ("network", "direct", "indirect", "difference", "unrelated"):
            assert two[kind][2] / two[kind][1] > one[kind][2] / one[kind][1]


def test_a_star_has_nothing_to_split(capsys):
    found = inconsistency(be.find_analysis("pd1_second_line_network"))
    assert all(r["direct"] is None for r in found.rows)
    assert main(["inconsistency", "pd1_second_line_network"]) == 0
    assert "no indirect evidence" in capsys.readouterr().out
    assert main(["inconsistency", "pd1_second_line_network", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["direct"] is None


def test_a_loop_inside_one_trial_is_not_indirect_evidence():
    rows = pd.DataFrame(
        [
            {"study": "S", "control": "A", "experimental": x, "endpoint": "OS", "measure": "log HR", "estimate": y,
             "se": 0.2, "control_se": 0.1}
            for x, y in (("B", -0.2), ("C", -0.4))
        ]
    )  # fmt: skip
    found = inconsistency(analysis(), be.read_effects(rows))
    assert [r["direct"] for r in found.rows] == [None, None, None]


def test_other_analyses_are_refused():
    with pytest.raises(be.AnalysisError, match="network = true"):
        inconsistency(be.find_analysis("pd1_second_line_os"))
