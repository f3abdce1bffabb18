"""The posterior is a function of the data as they stand: exact equalities, for whatever the cuts were."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bayes_escc as be
from tests.helpers.studies import analysis, table

SPEC = analysis(sampling={"draws": 10, "chains": 2})
SLOW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])

times = st.integers(1, 400).map(lambda days: round(days / 30.4375, 2))
patients = st.lists(st.tuples(st.sampled_from(["old", "new"]), times, st.booleans()), min_size=1, max_size=8)


def final(rows):
    """The final table: the drawn patients, and one on each regimen so that there is a comparison."""
    listed = [("old", 2.0, True), ("new", 3.0, False), *rows]
    return table(*[(f"P{i:02d}", arm, t, int(e)) for i, (arm, t, e) in enumerate(listed)])


def _update(study, cut):
    """Twenty draws can hardly be reweighted: what they make of an early event is acknowledged, nothing else is."""
    try:
        study.update(cut)
    except be.DataError as error:
        if "1 change needs" not in str(error) or "hard to reconcile" not in str(error):
            raise
        study.update(cut, acknowledge=["all patients:hard to reconcile"])


def after(*steps):
    """The estimates at the end of a study: each step is a table, or the identifier of who withdraws."""
    with tempfile.TemporaryDirectory() as folder, be.Study.create(Path(folder) / "s.db", SPEC) as study:
        for step in steps:
            if isinstance(step, str):
                study.withdraw(step)
            else:
                _update(study, step)
        result = study.fits()[-1].result
        return json.dumps([result["estimates"], result["comparisons"]])


@SLOW
@given(patients, st.data())
def test_any_order_and_batching_of_the_same_cuts_ends_alike(rows, data):
    whole = final(rows)
    batches = data.draw(st.lists(st.integers(0, len(whole)), max_size=3).map(sorted))
    order = data.draw(st.permutations(range(2, len(whole))))
    shuffled = whole.iloc[[0, 1, *order]]
    steps = [shuffled.iloc[: max(2, n)] for n in batches] + [shuffled]
    assert after(*steps) == after(whole)


@SLOW
@given(patients, st.tuples(st.sampled_from(["old", "new"]), times, st.booleans()))
def test_who_is_added_and_withdraws_leaves_no_trace_in_the_posterior(rows, extra):
    start = final(rows)
    arm, time, event = extra
    more = pd.concat([start, table(("Q77", arm, time, int(event)))])
    assert after(start, more, "Q77") == after(start)


@SLOW
@given(patients, st.integers(0, 7), times)
def test_censored_first_and_progressed_later_is_the_patient_entered_once(rows, which, before):
    whole = final(rows)
    place = 2 + which % len(rows)
    start = whole.copy()
    start.loc[place, ["months", "progressed"]] = [min(before, whole.months[place]), 0]
    assert after(start, whole) == after(whole)
