"""From an analysis to a posterior, and from a posterior to files."""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.questions import ComparisonSpec
from bayes_escc.answers.bias import add_bias_groups, bias_scales
from bayes_escc.answers.borrowed_history import BORROWING, borrowed_priors, borrowing_group
from bayes_escc.answers.estimand import largest, natural_scale, wrong_scale
from bayes_escc.answers.needed import NeededRow
from bayes_escc.answers.posterior import Posterior
from bayes_escc.answers.record import Facts
from bayes_escc.answers.regimen_overlap import add_overlap_group, overlap_notes, overlaps_in
from bayes_escc.answers.rows import WeightRow
from bayes_escc.answers.rule_position import check_rules
from bayes_escc.evidence import Table
from bayes_escc.families import Design, get_family
from bayes_escc.inference import fit_design
from bayes_escc.inference.groups import Groups, Late
from bayes_escc.names import ESTIMANDS, MONITORING, REGIMEN, Plain, PlainMapping, Scale
from bayes_escc.report.chinese import Names
from bayes_escc.report.naming import own_names
from bayes_escc.report.quantities import Language
from bayes_escc.report.result import (
    COMPARISON_KEYS,
    ESTIMATE_KEYS,
    comparisons_of,
    software_versions,
    to_json,
    to_result,
)
from bayes_escc.report.tables import league_csv, ranking_csv, rows_csv
from bayes_escc.rules.completion import completing, successes
from bayes_escc.runs.figures import drawings_of
from bayes_escc.runs.page_facts import page_facts
from bayes_escc.runs.question_notes import question_notes, still_open
from bayes_escc.runs.results_folder import ResultsFolder, results_folder
from bayes_escc.settings.questions import problems_with_contrast, problems_with_value
from bayes_escc.settings.reader import check_margin, nearest, raise_problems

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from bayes_escc.answers.comparison import Comparison

__all__ = [
    "design_of",
    "drawn_files",
    "fit_analysis",
    "fit_prepared",
    "frozen_analysis",
    "prepare_design",
    "ready_design",
    "run_analysis",
    "write_drawings",
    "write_results",
    "write_tables",
]

NOT_CONVERGED: Final = "NOT CONVERGED"


def prepare_design(analysis: Analysis, table: Table) -> Design:
    """The design of an analysis on a table."""
    return get_family(analysis.family).prepare(table, analysis.spec, analysis.data)


def design_of(analysis: Analysis, table: Table) -> Design:
    """The design of an analysis, with the priors that it borrows from earlier trials."""
    design = prepare_design(analysis, table)
    if analysis.borrowing is None:
        return design
    return design.borrowing(borrowed_priors(borrowing_group(analysis, analysis.borrowing, table)))


def frozen_analysis(analysis: Analysis, design: Design) -> Analysis:
    """The analysis with everything stated that the data of its design decided.

    Centres, scales and levels of covariates, strata, cut points, the unit, times, all priors, and the regimens in their
    order.
    """
    content = json.loads(analysis.content)
    for part, stated in design.frozen().items():
        content[part] = {**content.get(part, {}), **stated}
    content["data"] = {**content.get("data", {}), "regimens": list(design.own_regimens)}
    frozen = Analysis.from_dict(content, folder=analysis.folder, label="the frozen analysis")
    return replace(frozen, sampling=analysis.sampling)


def ready_design(analysis: Analysis, design: Design, table: Table) -> tuple[Design, xr.Dataset | None]:
    """The design that is fitted, once it can answer every question, and the history it borrows from.

    The last step before a fit; `check` ends here.

    Raises
    ------
    AnalysisError, DataError
    """
    _check_questions(analysis, design)
    if analysis.borrowing is None:
        return design, None
    history = borrowing_group(analysis, analysis.borrowing, table)
    return design.borrowing(borrowed_priors(history)), history


def fit_analysis(analysis: Analysis, table: Table | None = None) -> Posterior:
    """Fit an analysis to its own table, or to one given.

    Parameters
    ----------
    analysis : Analysis
    table : Table, optional
        Whole; the analysis takes its rows from it.

    Raises
    ------
    AnalysisError, DataError, FitError
    """
    if table is None:
        table = analysis.load_table()
    return fit_prepared(analysis, prepare_design(analysis, table), table)


def fit_prepared(analysis: Analysis, design: Design, table: Table) -> Posterior:
    """Fit an analysis to a design prepared for it.

    Parameters
    ----------
    analysis : Analysis
    design : Design
    table : Table
        The design was prepared on it.
    """
    design, history = ready_design(analysis, design, table)
    fit = fit_design(design, analysis.sampling)
    groups = fit.groups
    if history is not None:
        groups.add(BORROWING, history)
    add_bias_groups(groups, analysis, design)
    add_overlap_group(groups, analysis, design, table)
    to_complete = completing(analysis.rules)
    followed = design.followed()
    if to_complete and followed is not None:
        seed = analysis.sampling.seed
        groups.add(MONITORING, successes(to_complete, followed, groups["posterior"], seed))
    return Posterior(
        groups,
        analysis,
        table.digest,
        Late(lambda: _facts(analysis, design, groups)),
        tuple(design.arms),
        fit.sampler,
        fit.diagnostics,
        software_versions(),
        fit.seconds,
    )


def _facts(analysis: Analysis, design: Design, groups: Groups) -> Facts:
    """What is told of the data, with every warning, and the priors in words."""
    estimands = groups[ESTIMANDS]
    references = tuple(dict.fromkeys(c.reference for c in analysis.comparisons if c.reference is not None))
    warnings = [
        {"code": w.code, "row": w.row, "column": w.column, "message": f"{w.message}. {w.remedy}"}
        for w in (
            *design.extrapolations(estimands, references),
            *still_open(analysis, design.warnings),
            *overlap_notes(overlaps_in(groups)),
            *design.conflicts(groups["prior_predictive"]),
            *question_notes(analysis, estimands),
        )
    ]
    evidence = {"rows": design.rows, "patients": design.patients, "events": design.events, "warnings": warnings}
    return Facts(evidence, tuple(design.priors_in_words()))


def _check_questions(analysis: Analysis, design: Design) -> None:
    """Find every comparison and threshold the design cannot answer, before anything is sampled."""
    asked = (analysis.comparisons, analysis.thresholds, analysis.predictions, analysis.rules)
    if not (any(asked) or design.relative or analysis.bias.contrasts or analysis.bias.arms):
        return
    rng = np.random.default_rng(0)
    estimands = design.estimands(design.prior(rng, 2), rng)
    units = {str(name): str(array.attrs.get("unit", "")) for name, array in estimands.data_vars.items()}
    problems = _unused_bias(analysis, design, set(units.values()))

    def labels(name: str, path: str) -> list[str]:
        if name not in estimands:
            known = [str(n) for n in estimands.data_vars]
            problems.append(
                f"{path}.estimand: there is no {name!r} here, but {', '.join(known)}.{nearest(name, known)}"
            )
            return []
        coords = estimands[name].coords
        return [str(r) for r in coords[REGIMEN].to_numpy().ravel()] if REGIMEN in coords else []

    for i, c in enumerate(analysis.comparisons):
        path, regimens = f"comparisons[{i}]", labels(c.estimand, f"comparisons[{i}]")
        if regimens and c.reference is not None and c.reference not in regimens:
            hint = nearest(c.reference, regimens)
            problems.append(f"{path}.reference: {c.reference!r} is not one of {', '.join(regimens)}.{hint}")
        if len(regimens) == 1 and not design.relative:
            problems.append(
                f"{path}: there is only one regimen, {regimens[0]}, so there is nothing to compare; give another "
                "arm, or state thresholds instead"
            )
        if regimens and c.better is None and not estimands[c.estimand].attrs.get("better"):
            problems.append(
                f'{path}.better: it is not known whether higher or lower is better; state "higher" or "lower"'
            )
        if c.estimand in estimands:
            scale = c.scale or natural_scale(estimands[c.estimand])
            wrong = problems_with_contrast(scale, units[c.estimand], c.margin, c.rope, largest(estimands[c.estimand]))
            wrong = wrong or _unanswerable(c, scale, estimands[c.estimand])
            problems += [f"{path}.{key}: {message}" for key, message in wrong]
    for i, t in enumerate(analysis.thresholds):
        path, regimens = f"thresholds[{i}]", labels(t.estimand, f"thresholds[{i}]")
        if t.estimand in estimands:
            most = largest(estimands[t.estimand])
            problems += [f"{path}.{t.side}: {p}" for p in problems_with_value(t.value, units[t.estimand], most)]
        if t.regimen is not None and regimens and t.regimen not in regimens:
            hint = nearest(t.regimen, regimens)
            problems.append(f"{path}.regimen: {t.regimen!r} is not one of {', '.join(regimens)}.{hint}")
    if analysis.predictions and "rate" not in estimands:
        problems.append("predictions: this model has no rate to predict responses from")
    problems += design.unanswered(estimands, {c.estimand for c in analysis.comparisons})
    raise_problems(f"{analysis.id} does not fit its data", problems)
    if analysis.rules:
        check_rules(analysis.rules, {str(n): estimands[n] for n in estimands}, design.observed())


def _unused_bias(analysis: Analysis, design: Design, units: Collection[str]) -> list[str]:
    """What is stated of a bias and would shift nothing: of an arm that is not there, or on another scale."""
    names = list(dict.fromkeys(name for arm in design.arms for name in (arm.regimen, arm.study) if name))
    scales = bias_scales(analysis.family, units)
    stated = {"": [b.scale for b in analysis.bias.contrasts]}
    for name, bias in analysis.bias.arms:
        stated.setdefault(name, []).append(bias.scale)
    problems = []
    for name, given in stated.items():
        path = f'bias."{name}"' if name else "bias"
        if name and name not in names:
            listed = ", ".join(names)
            problems.append(f"{path}: {name!r} is neither a regimen nor a study here: {listed}.{nearest(name, names)}")
        elif given and not scales:
            problems.append(f"{path}: nothing is estimated here that a bias on log odds or log hazards could shift")
        elif given and not scales & set(given):
            problems.append(f'{path}.scale: a bias is on "{min(scales)}" here, not on "{given[0]}"')
    return problems


def _unanswerable(asked: ComparisonSpec, scale: Scale, array: xr.DataArray) -> list[tuple[str, str]]:
    """What a comparison would refuse of an estimand after the fit, as (key, message)."""
    if REGIMEN not in array.dims:
        remedy = "the probability that it lies below or above a value is a threshold"
        return [("estimand", f"{asked.estimand} is not estimated by regimen, so none can be compared on it; {remedy}")]
    if wrong := wrong_scale(array, scale):
        return [("scale", wrong)]
    known = [asked.better] if asked.better is not None else str(array.attrs.get("better", "")).split(",")
    found = [p for better in known for p in check_margin(scale, better, asked.margin, asked.rope)]
    return list(dict.fromkeys(found))


def run_analysis(
    analysis: Analysis,
    out: str | Path,
    *,
    figures: bool = True,
    when_known: Callable[[PlainMapping], None] | None = None,
    checks: Callable[[Posterior, Table], PlainMapping] | None = None,
    language: Language = "en",
) -> tuple[Posterior, Plain, list[Path]]:
    """Fit an analysis and write its result files.

    Parameters
    ----------
    analysis : Analysis
    out : str or Path
        The results folder. It is found writable, and locked, before anything is computed, and holds the new results
        or, if anything fails, the old ones (`bayes_escc.runs.results_folder`).
    figures : bool
    when_known : callable, optional
        Called with the result as soon as it is known, before the figures are drawn.
    checks : callable, optional
        From posterior and table to further facts of the page, such as ``sensitivity``; called after `when_known`.
    language : {"en", "zh"}
        Of what stands in figures.

    Returns
    -------
    posterior : Posterior
    result : dict
        The content of `result.json`.
    paths : list of Path
        Files written.

    Raises
    ------
    AnalysisError, DataError, FitError
    """
    with results_folder(Path(out)) as folder:
        drawn = figures and _can_draw()
        table = analysis.load_table()
        design = prepare_design(analysis, table)
        posterior = fit_prepared(analysis, design, table)
        comparisons = comparisons_of(posterior)
        result = to_result(posterior, comparisons)
        write_tables(folder, posterior, result)
        if when_known is not None:
            when_known(result)
        facts = page_facts(posterior, design, table, json.loads(to_json(result)))
        further = checks(posterior, table) if checks is not None and posterior.diagnostics.converged else {}
        folder.write("page.json", to_json({**facts, **further, "language_of_figures": language}))
        if drawn:
            drawings, endpoint = drawings_of(posterior, comparisons), str(result["data"].get("endpoint") or "")
            write_drawings(folder, drawings, language, own_names(result), endpoint)
    return posterior, result, folder.paths


def write_results(
    posterior: Posterior,
    comparisons: Sequence[Comparison],
    result: PlainMapping,
    out: Path,
    *,
    figures: bool = True,
    language: Language = "en",
) -> list[Path]:
    """Write result, posterior, CSV tables (leagues of a network too) and figures to a results folder."""
    with results_folder(out) as folder:
        write_tables(folder, posterior, result)
        if figures and _can_draw():
            drawings, endpoint = drawings_of(posterior, comparisons), str(result["data"].get("endpoint") or "")
            write_drawings(folder, drawings, language, own_names(result), endpoint)
    return folder.paths


def _can_draw() -> bool:
    """Whether Matplotlib is there; said once where it is not."""
    if importlib.util.find_spec("matplotlib") is not None:
        return True
    warnings.warn("no figures were drawn, because Matplotlib is not installed.", UserWarning, stacklevel=3)
    return False


def write_tables(folder: ResultsFolder, posterior: Posterior, result: PlainMapping) -> None:
    """Write `result.json`, its tables and the posterior into a results folder."""
    status = "converged" if posterior.diagnostics.converged else NOT_CONVERGED
    folder.write("result.json", to_json(result))
    folder.write("estimates.csv", rows_csv(result["estimates"], ESTIMATE_KEYS, status))
    folder.write("comparisons.csv", rows_csv(result["comparisons"], COMPARISON_KEYS, status))
    if result["ranking"]:
        folder.write("ranking.csv", ranking_csv(result["ranking"], status))
    if "league" in result:
        folder.write("league.csv", league_csv(result["league"], status))
        folder.write("league_pairs.csv", rows_csv(result["league"], COMPARISON_KEYS, status))
    if result.get("weights"):
        folder.write("weights.csv", rows_csv(result["weights"], WeightRow.columns(), status))
    if result.get("needed_to_treat"):
        folder.write("needed_to_treat.csv", rows_csv(result["needed_to_treat"], NeededRow.columns(), status))
    folder.write("posterior.nc", posterior.to_bytes())


def write_drawings(
    folder: ResultsFolder,
    drawings: Mapping[str, Callable[[], Figure]],
    language: Language = "en",
    own: Names = frozenset(),
    endpoint: str = "",
) -> None:
    """Draw figures into a results folder, by file name; in Chinese, but for a person's own names."""
    for name, draw in drawings.items():
        for suffix, content in drawn_files({name: draw()}, language, own, endpoint)[name].items():
            folder.write(f"{name}{suffix}", content)


def drawn_files(
    figures: Mapping[str, Figure], language: Language, own: Names, endpoint: str = ""
) -> dict[str, dict[str, bytes]]:
    """Figures as files, by name and suffix, in one language.

    Parameters
    ----------
    figures : mapping
    language : {"en", "zh"}
    own : frozenset of str
        Names that are never translated (`bayes_escc.report.naming.own_names`).
    endpoint : str
        In whose words (`bayes_escc.report.endpoint_words`).
    """
    from bayes_escc.plots.chinese import with_chinese_texts, with_endpoint_texts
    from bayes_escc.plots.style import figure_files

    told = {name: with_chinese_texts(f, own=own) if language == "zh" else f for name, f in figures.items()}
    return {name: figure_files(with_endpoint_texts(f, endpoint, own=own)) for name, f in told.items()}
