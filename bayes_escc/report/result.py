"""`result.json`: the public schema, filled from a posterior or from two counts.

The schema is documented in `docs/result-schema.md`, published as `result.schema.json` beside this file, and locked by a
test. Plain dictionaries
and lists only; every number is full precision and what is absent is null.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.answers.bias import population_of, tipping_of_row
from bayes_escc.answers.needed import needed_rows
from bayes_escc.answers.rows import ComparisonRow, EstimateRow, RankRow, Row
from bayes_escc.errors import AnalysisError
from bayes_escc.names import REGIMEN, VERSION, Plain, PlainMapping
from bayes_escc.report.endpoint_words import endpoint_of, of_endpoint

if TYPE_CHECKING:
    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.answers.comparison import Comparison
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.answers.rule_position import Standing
    from bayes_escc.inference.diagnostics import Diagnostics

__all__ = [
    "COMPARISON_KEYS",
    "ESTIMATE_KEYS",
    "SCHEMA_VERSION",
    "Asked",
    "build_result",
    "comparisons_of",
    "result_schema",
    "software_versions",
    "stated_words",
    "to_json",
    "to_result",
]

SCHEMA_VERSION: Final = 1
_PARTS: Final = ("import", "compile", "sample", "total")

ESTIMATE_KEYS: Final = EstimateRow.columns()
"""Keys of an entry of `estimates`, in order; the columns of `estimates.csv`."""

COMPARISON_KEYS: Final = ComparisonRow.columns()
"""Keys of an entry of `comparisons`, in order; the columns of `comparisons.csv`."""


def result_schema() -> Plain:
    """The JSON schema of `result.json` (draft 2020-12), as it ships in `bayes_escc/report/result.schema.json`."""
    import importlib.resources

    text = importlib.resources.files("bayes_escc.report").joinpath("result.schema.json").read_text(encoding="utf-8")
    schema: Plain = json.loads(text)
    return schema


def software_versions() -> dict[str, str]:
    """Versions of what computed the result, read without importing it."""
    return {"bayes_escc": VERSION, **_installed("pymc", "arviz", "nutpie"), "python": platform.python_version()}


def _installed(*names: str) -> dict[str, str]:
    """Versions of installed packages by the names of their metadata's folders; blank where one is not installed.

    The library for metadata imports all that reads electronic mail, which takes as long as a comparison of counts.
    """
    versions: dict[str, str] = {}
    for folder in filter(os.path.isdir, sys.path):
        for entry in os.scandir(folder):
            name, _, version = entry.name.removesuffix(".dist-info").partition("-")
            if entry.name.endswith(".dist-info") and name in names:
                versions.setdefault(name, version)
    return {name: versions.get(name, "") for name in names}


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


def league_of(posterior: Posterior) -> list[ComparisonRow]:
    """Every pair of regimens of a network, where it is known which direction is better."""
    if "effect" not in posterior.estimand_names:
        return []
    effect = posterior.estimand("effect")
    stated = next((c.better for c in posterior.analysis.comparisons if c.estimand == "effect"), None)
    if REGIMEN not in effect.dims or not (stated or effect.attrs.get("better")):
        return []
    return posterior.league_rows("effect", better=stated)


@dataclass(frozen=True)
class Asked:
    """What was asked, and with what it was computed: the entry `analysis`.

    Parameters
    ----------
    id, title, family : str
    sha256, data_sha256 : str
        Digests of the analysis and of the table.
    sampler : str
    priors : sequence of str
        Every prior in words.
    seconds : mapping of str to float
        Wall time of import, compile, sample and total, as far as known.
    versions : mapping of str to str, optional
        Software; that installed if not given.
    seed : int
    """

    id: str
    title: str
    family: str
    sha256: str
    data_sha256: str
    sampler: str
    priors: Sequence[str]
    seconds: Mapping[str, float]
    versions: Mapping[str, str] | None = None
    seed: int = 0

    def plain(self) -> Plain:
        """The entry of `result.json`."""
        versions = software_versions() if self.versions is None else self.versions
        return {
            "id": self.id,
            "title": self.title,
            "family": self.family,
            "sha256": self.sha256,
            "data_sha256": self.data_sha256,
            "seed": self.seed,
            "sampler": self.sampler,
            "versions": dict(versions),
            "seconds": {part: float(self.seconds.get(part, 0.0)) for part in _PARTS},
            "priors": list(self.priors),
        }


def build_result(
    asked: Asked,
    data: PlainMapping,
    diagnostics: Diagnostics,
    *,
    estimates: Sequence[EstimateRow],
    comparisons: Sequence[ComparisonRow] = (),
    ranking: Sequence[RankRow] = (),
    further: PlainMapping | None = None,
) -> Plain:
    """The content of `result.json`, whoever asks: a run, counts or effects typed at a prompt, a study.

    Parameters
    ----------
    asked : Asked
    data : mapping
        Rows, patients, events and warnings.
    diagnostics : Diagnostics
    estimates, comparisons, ranking : sequence of rows
    further : mapping, optional
        Blocks that only some results have, by name: rows, or plain data. Empty ones are left out.
    """
    blocks = {name: _rows(block) for name, block in (further or {}).items() if block}
    return {
        "schema_version": SCHEMA_VERSION,
        "analysis": asked.plain(),
        "data": dict(data),
        "diagnostics": diagnostics.to_dict(),
        "estimates": _rows(estimates),
        "comparisons": _rows(comparisons),
        "ranking": _rows(ranking),
        **blocks,
    }


def _rows(block: Any) -> Any:
    """Rows as plain data; what is plain already, as it is."""
    if isinstance(block, Row):
        return block.plain()
    if isinstance(block, Mapping):
        return {key: _rows(value) for key, value in block.items()}
    return [_rows(value) for value in block] if isinstance(block, list | tuple) else block


def stated_words(analysis: Analysis) -> dict[str, dict[str, str]]:
    """Label and unit of every covariate that states them: the block `covariates`."""
    return {c.column: {"label": c.label, "unit": c.unit} for c in analysis.spec.covariates if c.label or c.unit}


def bias_rows(posterior: Posterior, comparisons: Sequence[Comparison]) -> list[Plain]:
    """The entries of `bias`: every comparison that randomisation does not protect, or whose bias is stated."""
    asked = [tipping_of_row(posterior, row) for c in comparisons for row in c.rows]
    return [t.to_dict() for t in asked if t is not None and (t.bias.sd > 0 or t.bias.mean != 0)]


def to_result(
    posterior: Posterior,
    comparisons: Sequence[Comparison] | None = None,
    *,
    looks_taken: Callable[[Sequence[Standing]], Mapping[str, Sequence[Any]]] | None = None,
) -> Plain:
    """The content of `result.json`.

    Parameters
    ----------
    posterior : Posterior
    comparisons : sequence of Comparison, optional
        Those of the analysis if not given.
    looks_taken : callable, optional
        From where the rules stand now to the looks that each has had, by its name; the planned looks if not given.
    """
    # loaded here, so that answers typed at a prompt do not wait for them
    from bayes_escc.answers.borrowed_history import borrow_rows
    from bayes_escc.answers.joint import joint_rows
    from bayes_escc.answers.regimen_overlap import overlaps_in
    from bayes_escc.answers.rule_position import standings

    analysis = posterior.analysis
    compared = comparisons_of(posterior) if comparisons is None else comparisons
    stated = {c.estimand: c.better for c in analysis.comparisons}
    ranked = dict.fromkeys(c.estimand for c in compared if c.rows)
    at_scan = posterior.detecting_scan
    standing = standings(posterior)
    taken = looks_taken(standing) if looks_taken is not None else {}
    further = {
        "covariates": stated_words(posterior.analysis),
        "joint": joint_rows(posterior, compared),
        "league": league_of(posterior),
        "detecting_scan": at_scan
        and {
            "estimates": at_scan.summary_rows(),
            "comparisons": [row for c in comparisons_of(at_scan) for row in c.rows],
        },
        "bias": bias_rows(posterior, compared),
        "population": population_of(posterior),
        "overlap": [o.to_dict() for o in overlaps_in(posterior.groups)],
        "borrowing": borrow_rows(posterior, compared),
        "thresholds": [
            row
            for t in analysis.thresholds
            for row in posterior.probability_rows(t.estimand, regimen=t.regimen, **{t.side: t.value})
        ],
        "predictions": [row for p in analysis.predictions for row in posterior.prediction_rows(p.patients, p.at_least)],
        "weights": posterior.weight_rows(),
        "needed_to_treat": needed_rows(posterior),
        "monitoring": [rule.position(taken.get(rule.rule.name)).to_dict() for rule in standing],
    }
    endpoint = endpoint_of(json.loads(analysis.content))
    asked = Asked(
        analysis.id,
        analysis.title,
        analysis.family,
        analysis.sha256,
        posterior.data_sha256,
        posterior.sampler,
        tuple(of_endpoint(line, endpoint) for line in posterior.priors),
        posterior.seconds,
        posterior.versions,
        analysis.sampling.seed,
    )
    return build_result(
        asked,
        {**posterior.evidence, **({"endpoint": endpoint} if endpoint else {})},
        posterior.diagnostics,
        estimates=posterior.summary_rows(),
        comparisons=[row for c in compared for row in c.rows],
        ranking=[row for name in ranked for row in posterior.ranking_rows(name, better=stated.get(name))],
        further=further,
    )


def to_json(result: PlainMapping) -> str:
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
