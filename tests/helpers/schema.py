"""The structure of result.json, as tests hold it."""

from __future__ import annotations

NUMBER, TEXT, WHOLE = (int, float), (str,), (int,)
OPTIONAL = (*NUMBER, type(None))

NAME = (str, type(None))

PROBABILITIES = {
    "probability_better": NUMBER, "mcse_probability": NUMBER, "margin": OPTIONAL,
    "probability_better_by_margin": OPTIONAL, "mcse_probability_by_margin": OPTIONAL, "rope": (list, type(None)),
    "probability_in_rope": OPTIONAL, "mcse_probability_in_rope": OPTIONAL,
}  # fmt: skip

SUMMARY = {"mean": OPTIONAL, "sd": OPTIONAL, "median": NUMBER, "lower": NUMBER, "upper": NUMBER, "ci_prob": NUMBER}

BIAS = {
    "bias_scale": NAME, "bias_mean": OPTIONAL, "bias_sd": OPTIONAL, "probability_better_with_bias": OPTIONAL,
    "mcse_probability_with_bias": OPTIONAL, "probability_better_by_margin_with_bias": OPTIONAL,
    "mcse_probability_by_margin_with_bias": OPTIONAL,
}  # fmt: skip

SCHEMA = {
    "analysis": {
        "id": TEXT, "title": TEXT, "family": TEXT, "sha256": TEXT, "data_sha256": TEXT, "seed": WHOLE, "sampler": TEXT,
        "versions": (dict,), "seconds": (dict,), "priors": (list,),
    },
    "data": {"rows": WHOLE, "patients": WHOLE, "events": WHOLE, "warnings": (list,)},
    "diagnostics": {
        "converged": (bool,), "max_rhat": OPTIONAL, "min_ess_bulk": OPTIONAL, "min_ess_tail": OPTIONAL,
        "divergences": WHOLE, "min_ebfmi": OPTIONAL, "pareto_k": OPTIONAL, "log_evidence": OPTIONAL,
        "mcse_log_evidence": OPTIONAL, "messages": (list,),
    },
    "estimates": {
        "estimand": TEXT, "regimen": NAME, "study": NAME, "endpoint": NAME, "time": OPTIONAL, "covariate": NAME,
        "unit": TEXT, **SUMMARY, "mcse_mean": OPTIONAL, "ess_bulk": OPTIONAL,
    },
    "comparisons": {
        "estimand": TEXT, "regimen": TEXT, "reference": TEXT, "endpoint": NAME, "scale": TEXT, "time": OPTIONAL,
        "better": TEXT, **SUMMARY, **PROBABILITIES, "anchoring": TEXT, **BIAS,
    },
    "ranking": {
        "estimand": TEXT, "regimen": TEXT, "endpoint": NAME, "time": OPTIONAL, "probability_best": NUMBER,
        "mcse_probability_best": NUMBER, "mean_rank": NUMBER, "mcse_mean_rank": NUMBER, "median_rank": WHOLE,
        "lower_rank": WHOLE, "upper_rank": WHOLE, "ci_prob": NUMBER, "sucra": OPTIONAL, "mcse_sucra": OPTIONAL,
        "rank_probabilities": (list,),
    },
    "joint": {
        "first": TEXT, "second": TEXT, "regimen": TEXT, "reference": TEXT, "time": OPTIONAL,
        **{f"{k}_{case}": NUMBER for case in ("both", "first_only", "second_only", "neither")
           for k in ("probability", "mcse")},
        "correlation": OPTIONAL,
    },
    "league": {
        "estimand": TEXT, "regimen": TEXT, "reference": TEXT, "endpoint": NAME, "scale": TEXT, "time": OPTIONAL,
        "better": TEXT, **SUMMARY, **PROBABILITIES, "anchoring": TEXT, **BIAS,
    },
    "detecting_scan": {"estimates": (list,), "comparisons": (list,)},
    "borrowing": {
        "caution": TEXT, "method": TEXT, "borrows": (list,), "historical": (list,), "priors": (dict,),
        "map_prior": (dict,), "map_priors": (list,), "answers": (list,), "comparisons": (list,),
    },
    "bias": {
        "estimand": TEXT, "regimen": TEXT, "reference": TEXT, "endpoint": NAME, "time": OPTIONAL, "scale": TEXT,
        "better": TEXT, "margin": OPTIONAL, "anchoring": TEXT, "bias_scale": TEXT, "bias_mean": NUMBER,
        "bias_sd": NUMBER, "rationale": TEXT, "averaged": (list,), "tipping": (list,), "covariates": (list,),
        "sentences": (list,),
    },
    "thresholds": {
        "estimand": TEXT, "regimen": NAME, "study": NAME, "endpoint": NAME, "time": OPTIONAL, "covariate": NAME,
        "side": TEXT, "value": NUMBER, "probability": NUMBER, "mcse_probability": NUMBER,
    },
    "predictions": {
        "estimand": TEXT, "regimen": TEXT, "endpoint": NAME, "patients": WHOLE, "mean": NUMBER, "sd": NUMBER,
        "median": WHOLE,
        "lower": WHOLE, "upper": WHOLE, "ci_prob": NUMBER, "at_least": (list,),
    },
    "monitoring": {
        "rule": TEXT, "kind": TEXT, "statistic": TEXT, "value": NUMBER, "mcse": NUMBER, "thresholds": (dict,),
        "decision": TEXT, "events": (list,), "patients": (list,), "looks": (list,), "false_alarm": OPTIONAL,
        "power": OPTIONAL, "planned_false_alarm": OPTIONAL, "planned_power": OPTIONAL,
        "null_rates": (list, type(None)), "sentence": TEXT,
    },
}  # fmt: skip


def conforms(record, shape, where):
    assert record.keys() == shape.keys(), (where, record.keys() ^ shape.keys())
    for key, kinds in shape.items():
        assert isinstance(record[key], kinds), (where, key, record[key])
