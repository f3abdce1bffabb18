"""Designs of trials in small: one rate, two rates, and two arms followed for progression."""

from __future__ import annotations

import bayes_escc as be

RESPONSE = {
    "id": "orr",
    "design": {"arms": ["new"], "patients": 40},
    "accrual": {"rate": 3, "pattern": "even"},
    "endpoints": {"ORR": {"assessed_after": 2.0}},
    "truths": [{"name": "null", "should_go": False, "ORR": 0.2}, {"name": "better", "should_go": True, "ORR": 0.4}],
    "monitoring": [
        {
            "name": "response",
            "kind": "posterior_probability",
            "value": 0.2,
            "looks": [10, 20, 40],
            "go_above": 0.98,
            "stop_below": 0.1,
        }
    ],
    "simulation": {"trials": 4000, "seed": 5},
}
PFS = {
    "id": "pfs",
    "analysis": {
        "data": {"kind": "patients", "regimen": "regimen", "time": "months", "event": "event", "time_unit": "months"},
        "model": {"family": "survival", "baseline": "weibull"},
    },
    "design": {"arms": {"old": 1, "new": 1}, "patients": 60, "block": 4},
    "accrual": {"rate": [[0, 4], [6, 8]], "drop_out": 0.01},
    "endpoints": {"PFS": {"visits": 2.0}},
    "truths": [
        {"name": "null", "should_go": False, "PFS": {"median": 4, "shape": 1.2}},
        {"name": "better", "should_go": True, "PFS": {"median": 4, "shape": 1.2, "hazard_ratio": 0.5}},
    ],
    "monitoring": [
        {
            "name": "efficacy",
            "kind": "posterior_probability",
            "estimand": "hazard_ratio",
            "reference": "old",
            "better": "lower",
            "looks": [{"events": 30}, {"events": 50}],
            "go_above": [0.99, 0.97],
            "stop_below": 0.1,
        }
    ],
    "simulation": {"trials": 600, "seed": 2, "audit": 0},
}
TWO = {
    "id": "two",
    "design": {"arms": ["new"], "patients": 40},
    "accrual": {"rate": 3, "pattern": "even"},
    "endpoints": {"ORR": {"assessed_after": 2.0}, "toxicity": {"assessed_after": 1.0}},
    "truths": [
        {"name": "bad", "should_go": False, "ORR": 0.2, "toxicity": 0.3, "association": {"both": 0.10}},
        {"name": "good", "should_go": True, "ORR": 0.4, "toxicity": 0.15, "association": {"odds_ratio": 0.5}},
    ],
    "monitoring": [
        {
            "name": "both",
            "kind": "bop2",
            "patients": 40,
            "looks": [10, 20, 30, 40],
            "lambda": 0.7,
            "gamma": 0.9,
            "criteria": [
                {"endpoint": "ORR", "rate": 0.2, "alternative_rate": 0.4},
                {"endpoint": "toxicity", "rate": 0.3, "alternative_rate": 0.15, "better": "lower"},
            ],
        }
    ],
    "simulation": {"trials": 3000, "seed": 11},
}


def design(content, **changes):
    return be.Design.from_dict({**content, **changes})
