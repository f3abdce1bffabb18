"""`result.json`: the public schema, filled from a posterior or from two counts.

The schema is documented in `docs/result-schema.md` and locked by a test. Plain dictionaries
and lists only; every number is full precision and what is absent is null.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.names import LABEL_DIMS, REGIMEN

if TYPE_CHECKING:
    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.answers.comparison import Comparison
    from bayes_escc.answers.posterior import Posterior

__all__ = [
    "COMPARISON_KEYS",
    "ESTIMATE_KEYS",
    "SCHEMA_VERSION",
    "comparisons_of",
    "software_versions",
    "to_json",
    "to_result",
]

SCHEMA_VERSION: Final = 1

_SUMMARY: Final = ("mean", "sd", "median", "lower", "upper", "ci_prob")
ESTIMATE_KEYS: Final = ("estimand", *LABEL_DIMS, "unit", *_SUMMARY, "mcse_mean", "ess_bulk")
"""Keys of an entry of `estimates`, in order; the columns of `estimates.csv`."""

COMPARISON_KEYS: Final = (
    "estimand", "regimen", "reference", "endpoint", "scale", "time", "better", *_SUMMARY, "probability_better",
    "mcse_probability", "margin", "probability_better_by_margin", "mcse_probability_by_margin", "rope",
    "probability_in_rope", "mcse_probability_in_rope", "anchoring",
)  # fmt: skip
"""Keys of an entry of `comparisons`, in order; the columns of `comparisons.csv`."""


def software_versions() -> dict[str, str]:
    """Versions of what computed the result, read without importing it."""
    found = {}
    for name in ("bayes_escc", "pymc", "arviz", "nutpie"):
        try:
            found[name] = importlib.metadata.version(name.replace("_", "-"))
        except importlib.metadata.PackageNotFoundError:
            found[name] = ""
    return {**found, "python": platform.python_version()}


def comparisons_of(posterior: Posterior) -> list[Comparison]:
    """The comparisons an analysis asks for; without any, each estimand's rate is compared once.

    An analysis that names no comparison gets that of its `rate` with the first regimen, where
    there are two regimens and the better direction is known.
    """
    analysis = posterior.analysis
    if analysis.comparisons:
        return [
            posterior.compare(
                c.estimand, reference=c.reference, scale=c.scale, better=c.better, margin=c.margin, rope=c.rope
            )
            for c in analysis.comparisons
        ]
    if "rate" not in posterior.estimand_names:
        return []
    rate = posterior.estimand("rate")
    if rate.sizes.get(REGIMEN, 0) < 2 or "better" not in rate.attrs:
        return []
    return [posterior.compare("rate")]


def league_of(posterior: Posterior) -> list[dict[str, Any]]:
    """Every pair of regimens of a network, where it is known which direction is better."""
    if "effect" not in posterior.estimand_names:
        return []
    effect = posterior.estimand("effect")
    stated = next((c.better for c in posterior.analysis.comparisons if c.estimand == "effect"), None)
    if REGIMEN not in effect.dims or not (stated or effect.attrs.get("better")):
        return []
    return posterior.league_rows("effect", better=stated)


def to_result(posterior: Posterior, comparisons: Sequence[Comparison] | None = None) -> dict[str, Any]:
    """The content of `result.json`.

    Parameters
    ----------
    posterior : Posterior
    comparisons : sequence of Comparison, optional
        Those of the analysis if not given.
    """
    # loaded here, so that answers typed at a prompt do not wait for them
    from bayes_escc.answers.borrowing import borrow_rows
    from bayes_escc.answers.rule_position import positions

    analysis = posterior.analysis
    found = comparisons_of(posterior) if comparisons is None else comparisons
    stated = {c.estimand: c.better for c in analysis.comparisons}
    result = {
        "schema_version": SCHEMA_VERSION,
        "analysis": analysis_block(
            analysis, posterior.data_sha256, posterior.sampler, posterior.versions, posterior.seconds, posterior.priors
        ),
        "data": dict(posterior.evidence),
        "diagnostics": posterior.diagnostics.to_dict(),
        "estimates": posterior.summary_rows(),
        "comparisons": [dict(row) for c in found for row in c.rows],
        "ranking": [
            row
            for name in dict.fromkeys(c.estimand for c in found if c.rows)
            for row in posterior.ranking_rows(name, better=stated.get(name))
        ],
    }
    league = league_of(posterior)
    if league:
        result["league"] = league
    at_scan = posterior.detecting_scan
    if at_scan is not None:
        result["detecting_scan"] = {
            "estimates": at_scan.summary_rows(),
            "comparisons": [dict(row) for c in comparisons_of(at_scan) for row in c.rows],
        }
    borrowed = borrow_rows(posterior)
    if borrowed is not None:
        result["borrowing"] = borrowed
    if analysis.thresholds:
        result["thresholds"] = [
            row
            for t in analysis.thresholds
            for row in posterior.probability_rows(t.estimand, regimen=t.regimen, **{t.side: t.value})
        ]
    if analysis.predictions:
        result["predictions"] = [
            row for p in analysis.predictions for row in posterior.prediction_rows(p.patients, p.at_least)
        ]
    if analysis.rules:
        result["monitoring"] = [position.to_dict() for position in positions(posterior)]
    return result


def analysis_block(
    analysis: Analysis, data_sha256: str, sampler: str, versions: Mapping[str, str],
    seconds: Mapping[str, float], priors: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """The `analysis` entry of `result.json`."""
    parts = {k: float(seconds.get(k, 0.0)) for k in ("import", "compile", "sample", "total")}
    return {
        "id": analysis.id, "title": analysis.title, "family": analysis.family, "sha256": analysis.sha256,
        "data_sha256": data_sha256, "seed": analysis.sampling.seed, "sampler": sampler,
        "versions": dict(versions), "seconds": parts, "priors": list(priors),
    }  # fmt: skip


def to_json(result: Mapping[str, Any]) -> str:
    """The result as JSON text; refuses what JSON cannot say."""
    try:
        return json.dumps(_plain(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"the result cannot be written as JSON: {error}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    item = value.item() if hasattr(value, "item") else value
    return None if isinstance(item, float) and not math.isfinite(item) else item
