"""The league table of a network and its ranks: exact contrasts, one orientation, files and text."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.answers.league import league_order, mirrored
from bayes_escc.answers.ranking import rank_probabilities
from bayes_escc.cli import main
from bayes_escc.report.tables import league_csv
from bayes_escc.runs.figures import figures_of
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut, texts
from tests.oracles.meta import generalised_least_squares

# four regimens, a loop, and a three-arm trial whose contrasts share the arm of "platinum"
NETWORK = pd.DataFrame(
    [
        ("T1", "drug A", "platinum", -0.30, 0.12, None),
        ("T2", "drug A", "platinum", -0.10, 0.15, None),
        ("T3", "drug B", "platinum", -0.45, 0.14, 0.09),
        ("T3", "药物 C", "platinum", -0.20, 0.15, 0.09),
        ("T4", "药物 C", "drug A", 0.05, 0.20, None),
        ("T5", "drug B", "drug A", -0.12, 0.18, None),
    ],
    columns=["study", "experimental", "control", "estimate", "se", "control_se"],
).assign(endpoint="OS", measure="log HR")


@pytest.fixture(scope="module")
def vague():
    priors = {"effect": be.Prior("Normal", mu=0, sigma=1000)}
    return be.SynthesisModel(network=True, pooling="common", priors=priors, reference="platinum").fit(NETWORK, seed=3)


@pytest.fixture(scope="module")
def random():
    return be.SynthesisModel(network=True, reference="platinum").fit(NETWORK, seed=3)


def test_every_pair_is_the_generalised_least_squares_contrast(vague):
    names = ["platinum", "drug A", "drug B", "药物 C"]
    X = np.zeros((6, 4))
    for i, (e, c) in enumerate(zip(NETWORK["experimental"], NETWORK["control"], strict=True)):
        X[i, names.index(e)] += 1
        X[i, names.index(c)] -= 1
    V = np.diag(NETWORK["se"] ** 2)
    V[2, 3] = V[3, 2] = 0.09**2
    rows = vague.league_rows()
    assert len(rows) == 6
    for row in rows:
        i, j = names.index(row["regimen"]), names.index(row["reference"])
        # contrast i against j as a parameter: make j the reference of the design
        keep = [k for k in range(4) if k != j]
        estimate, error = generalised_least_squares(NETWORK["estimate"].to_numpy(), V, X[:, keep])
        at = keep.index(i)
        limits = stats.norm(estimate[at], error[at]).ppf([0.025, 0.5, 0.975])
        assert np.log([row["lower"], row["median"], row["upper"]]) == pytest.approx(limits, abs=1e-6)
        assert row["probability_better"] == pytest.approx(stats.norm(estimate[at], error[at]).cdf(0), abs=1e-6)


def test_exact_pairs_agree_with_the_draws(random):
    draws = {labels["regimen"]: d for labels, d in labelled_cells(random.estimand("effect"))}
    for row in random.league_rows():
        ratio = draws[row["regimen"]] / draws[row["reference"]]
        p = row["probability_better"]
        assert abs((ratio < 1).mean() - p) < 4 * math.sqrt(p * (1 - p) / ratio.size)
        below = (ratio < row["upper"]).mean()
        assert abs(below - 0.975) < 4 * math.sqrt(0.975 * 0.025 / ratio.size)


def test_a_comparison_repeats_the_numbers_of_the_estimates(random):
    """One source of intervals: the ratio to the reference is the effect itself."""
    effects = random.summary("effect").set_index("regimen")
    compared = random.compare("effect", reference="platinum", scale="ratio").table.set_index("regimen")
    for regimen in compared.index:
        for column in ("median", "lower", "upper"):
            assert compared.loc[regimen, column] == pytest.approx(effects.loc[regimen, column], rel=1e-9)


def test_the_table_reads_row_against_column_in_the_order_of_ranks(random):
    table, rows = random.league_table(), random.league_rows()
    order = league_order(rows)
    assert list(table.index) == list(table.columns) == order
    ranks = random.ranking("effect").set_index("regimen")["mean_rank"]
    assert list(ranks.loc[order]) == sorted(ranks)
    first = rows[0]
    assert table.loc[first["regimen"], first["reference"]].startswith(f"{first['median']:.2f} (")
    turned = mirrored(first)
    assert table.loc[turned["regimen"], turned["reference"]].startswith(f"{1 / first['median']:.2f} (")
    assert turned["lower"] == 1 / first["upper"]
    assert turned["probability_better"] == pytest.approx(1 - first["probability_better"])
    assert all(table.loc[r, r] == "" for r in order)


def test_the_league_of_single_rates_is_of_differences(exact):
    table = exact.league_table("rate")
    assert table.shape == (4, 4)
    row = exact.league_rows("rate")[0]
    assert row["scale"] == "difference"
    reference = exact.compare("rate", reference=row["reference"]).table.set_index("regimen")
    assert reference.loc[row["regimen"], "probability_better"] == row["probability_better"]
    minus = mirrored(row)
    assert minus["median"] == -row["median"]
    assert "\N{MINUS SIGN}" in "".join(table.to_numpy().ravel())


def test_ranks_carry_their_uncertainty(random):
    names, table = rank_probabilities(random.estimand("effect"))
    assert table.sum(axis=0) == pytest.approx(np.ones(4))
    for row in random.ranking_rows("effect"):
        p = table[names.index(row["regimen"])]
        inside = p[row["lower_rank"] - 1 : row["upper_rank"]].sum()
        assert inside >= 0.95
        assert row["lower_rank"] <= row["median_rank"] <= row["upper_rank"]
        assert row["sucra"] == pytest.approx((4 - row["mean_rank"]) / 3)
        assert 0 < row["mcse_sucra"] < 0.02


def test_exact_ranks_of_rates_agree_with_drawn_ones(exact):
    names, drawn = rank_probabilities(exact.estimand("rate"))
    for row in exact.ranking_rows("rate"):
        p = drawn[names.index(row["regimen"])]
        assert abs(row["probability_best"] - p[0]) < 4 * math.sqrt(max(p[0], 1e-3) / 4000)
        assert abs(row["mean_rank"] - p @ np.arange(1, 5)) < 0.1


def test_a_run_writes_and_prints_the_league(tmp_path, capsys):
    file = tmp_path / "network.csv"
    NETWORK.assign(estimate=np.exp(NETWORK["estimate"])).assign(measure="HR").to_csv(file, index=False)
    (tmp_path / "net.toml").write_text(
        'schema = 1\n[data]\nkind = "effects"\nfile = "network.csv"\nendpoint = "OS"\n'
        '[model]\nfamily = "synthesis"\nnetwork = true\nreference = "platinum"\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "net.toml"), "--out", str(out), "--no-figures", "--full"]) == 0
    printed = capsys.readouterr().out
    assert "League table, row against column" in printed
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    order = league_order(result["league"])
    with (out / "league.csv").open(encoding="utf-8", newline="") as stream:
        cells = list(csv.reader(stream))
    assert cells[0] == ["row against column", *order, "status"]
    assert [line[0] for line in cells[1:]] == order
    assert cells[1][1] == ""
    assert cells[1][-1] == "converged"
    with (out / "league_pairs.csv").open(encoding="utf-8", newline="") as stream:
        pairs = list(csv.DictReader(stream))
    assert [(p["regimen"], p["reference"]) for p in pairs] == [(r["regimen"], r["reference"]) for r in result["league"]]


def test_each_of_several_league_tables_says_what_it_is_of(exact):
    rows = exact.league_rows("rate")
    assert league_csv(rows, "converged").startswith("row against column,")
    two = [*rows, *({**row, "endpoint": "DCR", "time": 6.0} for row in rows)]
    heads = [line for line in league_csv(two, "converged").splitlines() if "row against column" in line]
    assert [next(csv.reader([head]))[0] for head in heads] == [
        "row against column, ORR",
        "row against column, DCR at 6",
    ]


def test_an_unknown_endpoint_of_a_league_is_refused(exact):
    with pytest.raises(be.AnalysisError, match="at least two regimens"):
        exact.league_table("rate", endpoint="PFS")


def shown(figure):
    return [t.get_text() for t in texts(figure)]


def test_the_figures_of_the_first_line_network_are_whole():
    posterior = be.fit_analysis(be.find_analysis("pd1_first_line_network"))
    for figure in (be.plots.network(posterior), be.plots.ranks(posterior), be.plots.league(posterior)):
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)


def test_the_network_shows_patients_trials_and_what_is_not_known():
    sized = NETWORK.assign(n_experimental=[120, 300, 90, 95, "", 250], n_control=[118, 290, 91, 91, 60, ""])
    model = be.SynthesisModel(network=True, reference="platinum")
    posterior = model.fit(sized)
    assert {(a.study, a.regimen): a.patients for a in posterior.arms}["T3", "platinum"] == 91
    said = shown(be.plots.network(posterior))
    assert "platinum\n(n = 499)" in said  # 118 + 290 + 91: the shared arm of T3 once
    assert "drug A\n(n = 480 + ?)" in said  # 120 + 300 + 60; T5 does not say
    note = said[-1].replace("\n", " ")
    assert "not given for 2 of 11 arms" in note
    assert "Shaded: trials of three or more arms" in note
    assert "2" in said  # two trials compare drug A with platinum
    area = {
        float(c.get_offsets()[0, 1]): float(c.get_sizes()[0]) for c in be.plots.network(posterior).axes[0].collections
    }
    assert area[1.0] / area[-1.0] == pytest.approx(499 / 340)
    assert "numbers of patients are not given" in shown(be.plots.network(model.fit(NETWORK)))[-1].replace("\n", " ")


def test_a_large_network_numbers_its_regimens():
    regimens = [f"regimen {i} with a rather long descriptive name" for i in range(12)]
    frame = pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(12)],
            "experimental": regimens,
            "control": "platinum",
            "endpoint": "OS",
            "measure": "HR",
            "estimate": np.linspace(0.6, 1.2, 12),
            "se": 0.1,
        }
    )
    posterior = be.SynthesisModel(network=True, pooling="common").fit(frame)
    figure = be.plots.network(posterior)
    assert_nothing_is_cut(figure)
    assert_no_text_overlaps(figure)
    assert any("13 regimen 11" in t.replace("\n", " ") for t in shown(figure))
    assert_nothing_is_cut(be.plots.ranks(posterior))


def test_patients_that_are_no_number_are_refused():
    with pytest.raises(be.DataError, match="n_experimental is a number greater than 0"):
        be.read_effects(NETWORK.assign(n_experimental=["n/a", *[""] * 5]))


def test_a_network_is_compared_and_ranked_by_its_effects_unless_another_estimand_is_named(random, exact):
    compared = random.compare(reference="platinum")
    assert (compared.estimand, compared.scale) == ("effect", "ratio")
    assert set(random.ranking()["estimand"]) == {"effect"}
    assert random.league_table().equals(random.league_table("effect"))
    assert (exact.compare().estimand, exact.compare().scale) == ("rate", "difference")
    assert exact.league_table().equals(exact.league_table("rate"))


def test_a_direction_stated_for_the_comparison_serves_ranks_and_league_too():
    frame = NETWORK.assign(measure="MD", endpoint="quality of life")
    content = {
        "data": {"kind": "effects"},
        "model": {"family": "synthesis", "network": True, "reference": "platinum", "pooling": "common"},
        "priors": {"effect": {"distribution": "Normal", "mu": 0, "sigma": 5}},
    }
    table = be.read_effects(frame)
    with pytest.raises(be.AnalysisError, match=r"more or less of quality of life is better.*column better"):
        be.fit_analysis(be.Analysis.from_dict(content), table)
    with pytest.raises(be.AnalysisError, match="column better"):
        be.SynthesisModel(network=True).fit(frame)
    assert be.SynthesisModel(network=True, pooling="common").fit(frame.assign(better="higher")).ranking_rows("effect")
    asked = {"estimand": "effect", "reference": "platinum", "better": "higher"}
    stated = be.fit_analysis(be.Analysis.from_dict({**content, "comparisons": [asked]}), table)
    assert be.to_result(stated)["league"][0]["scale"] == "difference"
    assert {"ranks", "league"} <= set(figures_of(stated, ()))
