"""Small studies for the tests of the record: constant hazards, whose posterior is exact, and few draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_escc as be

PRIOR = (1.0, 5.0)
"""Gamma prior of every hazard: shape, and rate in months."""


def analysis(**changes):
    """Progression-free survival on two regimens, exponential with Gamma priors, apart."""
    content = {
        "id": "follow_up",
        "title": "Follow-up of two regimens",
        "question": "Which keeps patients free for longer?",
        "data": {
            "kind": "patients",
            "id": "code",
            "regimen": "arm",
            "time": "months",
            "event": "progressed",
            "time_unit": "months",
            "regimens": ["old", "new"],
        },
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "priors": {"hazard": {"distribution": "Gamma", "alpha": PRIOR[0], "beta": PRIOR[1], "rationale": "Vague."}},
        "estimands": {"times": [6], "horizons": [12]},
        "comparisons": [{"estimand": "median", "reference": "old"}],
        "sampling": {"draws": 500, "chains": 2},
    }
    for part, values in changes.items():
        content[part] = {**content[part], **values} if isinstance(values, dict) else values
    return be.Analysis.from_dict(content)


def table(*rows):
    """Rows of (code, arm, months, progressed)."""
    return pd.DataFrame(rows, columns=["code", "arm", "months", "progressed"])


FIRST = table(("A1", "old", 3.0, 1), ("A2", "old", 4.5, 0), ("B1", "new", 5.0, 0), ("B2", "new", 2.0, 1))
SECOND = table(
    ("A1", "old", 3.0, 1),
    ("A2", "old", 6.0, 1),
    ("A3", "old", 1.0, 0),
    ("B1", "new", 8.0, 0),
    ("B2", "new", 2.0, 1),
    ("B3", "new", 0.0, 0),
)


def sums(frame, arm):
    """Events and time at risk on an arm."""
    mine = frame[frame.arm == arm]
    return int(mine.progressed.sum()), float(mine.months.sum())


def cohort(seed, patients=24):
    """A cohort that grows: a function from the month to the table a registry would export then."""
    rng = np.random.default_rng(seed)
    entered, lasts = np.sort(rng.uniform(0, 10, patients)), rng.exponential(6.0, patients)

    def at(month):
        known = entered < month
        followed = np.minimum(lasts, month - entered)
        rows = [
            (f"P{i + 1:02d}", ("old", "new")[i % 2], round(float(followed[i]), 2), int(lasts[i] <= month - entered[i]))
            for i in np.flatnonzero(known)
        ]
        return table(*rows)

    return at
