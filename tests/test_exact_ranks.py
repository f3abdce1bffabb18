"""Ranks of a network in closed form: against orthant probabilities, and whatever regimens are called or come first."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.probability.normal_ranks import rank_normals
from tests.oracles.ranks import ranks_of_normals

STAR = [(1, 0), (2, 0), (3, 0)]
LOOP = [(1, 0), (2, 1), (3, 2), (0, 3)]
TRIANGLE = [(1, 0), (2, 0), (2, 1)]
PAIR = [(1, 0)]
COMPLETE = [(1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2)]


def posterior_of(edges, tau, spread=1.0):
    """Mean and covariance of effects against the first regimen; before the data every pair is Normal(0, spread)."""
    size = 1 + max(max(pair) for pair in edges)
    rng = np.random.default_rng(len(edges))
    y, v = rng.normal(0, 0.3, len(edges)), rng.uniform(0.02, 0.1, len(edges))
    X = np.zeros((len(edges), size))
    for row, (a, b) in enumerate(edges):
        X[row, a], X[row, b] = 1.0, -1.0
    W = np.diag(1.0 / (v + tau**2))
    levels = np.linalg.inv(X.T @ W @ X + 2.0 / spread**2 * np.eye(size))
    against = np.eye(size)
    against[:, 0] -= 1.0
    return against @ levels @ X.T @ W @ y, against @ levels @ against.T


@pytest.mark.parametrize("edges", [PAIR, TRIANGLE, STAR, LOOP, COMPLETE])
def test_ranks_are_orthant_probabilities(edges):
    weight = np.array([0.5, 0.3, 0.2])
    parts = [posterior_of(edges, tau) for tau in (0.0, 0.1, 0.4)]
    mean, covariance = np.stack([m for m, _ in parts]), np.stack([c for _, c in parts])
    expected = sum(w * ranks_of_normals(m, c) for w, (m, c) in zip(weight, parts, strict=True))
    table, best, mean_rank = rank_normals(weight, mean, covariance, "lower")
    assert np.abs(table.sum(axis=1) - 1).max() < 1e-9
    assert np.all(np.abs(table[:, 0] - expected[:, 0]) < 3 * best + 1e-5)  # the orthants themselves are good to 1e-5
    ranks = np.arange(1, len(table) + 1)
    assert np.all(np.abs(table @ ranks - expected @ ranks) < 3 * mean_rank + 3e-5)
    assert max(best) < (3e-4 if edges in (LOOP, COMPLETE) else 1e-6)
    turned, *_ = rank_normals(weight, -mean, covariance, "higher")
    assert turned == pytest.approx(table, abs=1e-12)


def test_names_and_order_of_regimens_turn_the_table_and_nothing_else():
    mean, covariance = posterior_of(STAR, 0.2)
    order = np.array([2, 0, 3, 1])
    table, *_ = rank_normals(np.ones(1), mean[None], covariance[None], "lower")
    turned, *_ = rank_normals(np.ones(1), mean[order][None], covariance[np.ix_(order, order)][None], "lower")
    assert turned == pytest.approx(table[order], abs=1e-9)


ROWS = [("T1", "drug A", "chemo", 0.70), ("T2", "drug B", "chemo", 0.80), ("T3", "drug C", "chemo", 0.75),
        ("T4", "drug A", "chemo", 0.95)]  # fmt: skip
EFFECTS = pd.DataFrame(ROWS, columns=["study", "experimental", "control", "estimate"]).assign(
    endpoint="OS",
    measure="HR",
    ci_level=0.95,
    ci_low=lambda t: t["estimate"] * 0.75,
    ci_high=lambda t: t["estimate"] / 0.75,
)


@pytest.fixture(scope="module")
def network():
    return be.SynthesisModel(network=True, reference="chemo").fit(EFFECTS, seed=2)


def test_a_network_with_heterogeneity_has_exact_ranks(network):
    y = np.log(EFFECTS["estimate"].to_numpy())
    v = np.full(4, (np.log(1 / 0.75) / stats.norm.ppf(0.975)) ** 2)
    X = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], float)
    prior = 0.5 * (np.eye(3) + np.ones((3, 3)))
    x, w = np.polynomial.legendre.leggauss(40)
    tau, parts, weights = 1.25 * (x + 1), [], []
    for t, each in zip(tau, w, strict=True):
        marginal = np.diag(v + t**2) + X @ prior @ X.T
        weights.append(
            each * stats.halfnorm(scale=0.5).pdf(t) * stats.multivariate_normal(np.zeros(4), marginal).pdf(y)
        )
        precision = X.T @ np.diag(1 / (v + t**2)) @ X + np.linalg.inv(prior)
        covariance = np.zeros((4, 4))
        covariance[1:, 1:] = np.linalg.inv(precision)
        mean = np.concatenate([[0.0], covariance[1:, 1:] @ X.T @ (y / (v + t**2))])
        parts.append(ranks_of_normals(mean, covariance))
    expected = np.einsum("t,tkr->kr", np.array(weights) / sum(weights), np.array(parts))
    for i, row in enumerate(network.ranking_rows("effect")):
        assert row["mcse_probability_best"] < 1e-6
        assert row["rank_probabilities"] == pytest.approx(expected[i], abs=1e-5)  # what the orthants are good for


def test_a_new_study_ranks_exactly_too(network):
    rows = network.ranking_rows("predicted_effect")
    names, drawn = [r["regimen"] for r in rows], network.estimand("predicted_effect").to_numpy().reshape(-1, 4)
    shares = np.stack([(drawn.argsort(axis=1).argsort(axis=1) == r).mean(axis=0) for r in range(4)], axis=1)
    assert names == list(network.estimand("predicted_effect")["regimen"].to_numpy())
    for row, p in zip(rows, shares, strict=True):
        error = 4 * np.sqrt(np.maximum(p, 1e-3) / len(drawn))
        assert np.all(np.abs(np.array(row["rank_probabilities"]) - p) < error)


def test_before_the_data_every_regimen_is_best_alike(network):
    laws = network.exact_laws(prior=True)
    table, *_ = laws.ranks("effect", ["chemo", "drug A", "drug B", "drug C"], "lower")
    assert table == pytest.approx(np.full((4, 4), 0.25), abs=1e-9)


def test_the_whole_table_is_in_text_json_and_csv(tmp_path, capsys):
    EFFECTS.to_csv(tmp_path / "effects.csv", index=False)
    (tmp_path / "net.toml").write_text(
        'schema = 1\n[data]\nkind = "effects"\nfile = "effects.csv"\nendpoint = "OS"\n[model]\nfamily = "synthesis"\n'
        'network = true\n[[comparisons]]\nestimand = "effect"\nreference = "chemo"\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "net.toml"), "--out", str(out), "--no-figures", "--full"]) == 0
    printed = capsys.readouterr().out
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert [len(row["rank_probabilities"]) for row in result["ranking"]] == [4] * 4
    with (out / "ranking.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, told in zip(rows, result["ranking"], strict=True):
        assert [float(row[f"probability_rank_{i}"]) for i in range(1, 5)] == told["rank_probabilities"]
        assert told["rank_probabilities"][0] == told["probability_best"]
    table = printed.partition("probability of rank")[2].splitlines()
    assert table[0].split() == ["1", "2", "3", "4"]
    assert f"{result['ranking'][1]['rank_probabilities'][1]:.3f}" in table[3]
