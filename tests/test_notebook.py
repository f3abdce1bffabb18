"""What a notebook shows of a posterior and a comparison is their answer, with names as text."""

from __future__ import annotations

import pandas as pd

import bayes_escc as be


def test_posterior_and_comparison_show_their_answer():
    rows = [("S", "A <b>", "ORR", 10, 29), ("S", "B", "ORR", 12, 35)]
    table = be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"]))
    posterior = be.ResponseModel().fit(table, seed=1)
    page = posterior._repr_html_()
    rates = posterior.summary("rate")
    assert all(f"{median:.6f}" in page for median in rates["median"])
    assert "A &lt;b&gt;" in page
    assert "<b>" not in page
    compared = posterior.compare()._repr_html_()
    assert "P(better)" in compared
    assert "A &lt;b&gt;" in compared
    assert "<b>" not in compared
