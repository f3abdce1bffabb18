"""From an analysis to a posterior, and from a posterior to files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.borrowing import BORROWING, borrowing_group
from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.answers.league import league_cells, league_groups
from bayes_escc.answers.posterior import Posterior
from bayes_escc.answers.rule_position import check_rules, positions
from bayes_escc.evidence import CountTable, Table
from bayes_escc.families import Design, get_family
from bayes_escc.families.survival.design import SurvivalDesign
from bayes_escc.files import write_atomic
from bayes_escc.inference import fit_design
from bayes_escc.names import ENDPOINT, MONITORING, REGIMEN
from bayes_escc.report.result import (
    COMPARISON_KEYS,
    ESTIMATE_KEYS,
    comparisons_of,
    software_versions,
    to_json,
    to_result,
)
from bayes_escc.rules import PredictiveSurvival
from bayes_escc.rules.completion import successes
from bayes_escc.settings.reader import nearest, raise_problems

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.comparison import Comparison

__all__ = [
    "figures_of",
    "fit_analysis",
    "fit_prepared",
    "frozen_analysis",
    "prepare_design",
    "run_analysis",
    "write_results",
]

NOT_CONVERGED: Final = "NOT CONVERGED"
MAX_PANELS: Final = 8
"""Most panels or intervals of a response model that one figure shows."""


def prepare_design(analysis: Analysis, table: Table) -> Design:
    """The design of an analysis on a table."""
    return get_family(analysis.family).prepare(table, analysis.spec, analysis.data)


def frozen_analysis(analysis: Analysis, design: Design) -> Analysis:
    """The analysis with everything stated that the data of its design decided.

    Centres, scales and levels of covariates, cut points, the unit, times, all priors, and the regimens in their order.
    """
    content = json.loads(analysis.content)
    for part, stated in design.frozen().items():
        content[part] = {**content.get(part, {}), **stated}
    content["data"] = {**content.get("data", {}), "regimens": list(design.coords[REGIMEN])}
    frozen = Analysis.from_dict(content, folder=analysis.folder, label="the frozen analysis")
    return replace(frozen, sampling=analysis.sampling)


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
    _check_questions(analysis, design)
    history = None
    if analysis.borrowing is not None and isinstance(table, CountTable):
        history = borrowing_group(analysis, analysis.borrowing, table)
    fit = fit_design(design, analysis.sampling)
    if history is not None:
        import xarray as xr

        fit.tree[BORROWING] = xr.DataTree(history)
    to_complete = [rule for rule in analysis.rules if isinstance(rule, PredictiveSurvival)]
    if to_complete and isinstance(design, SurvivalDesign):
        import xarray as xr

        parameters = fit.tree["posterior"].to_dataset()
        fit.tree[MONITORING] = xr.DataTree(successes(to_complete, design, parameters, analysis.sampling.seed))
    warnings = [
        {"code": w.code, "row": w.row, "column": w.column, "message": f"{w.message}. {w.remedy}"}
        for w in design.warnings
    ]
    evidence = {"rows": design.rows, "patients": design.patients, "events": design.events, "warnings": warnings}
    return Posterior(
        fit.tree, analysis, table.digest, evidence, tuple(design.arms), fit.sampler, fit.diagnostics,
        tuple(design.priors_in_words()), software_versions(), fit.seconds,
    )  # fmt: skip


def _check_questions(analysis: Analysis, design: Design) -> None:
    """Find every comparison and threshold the design cannot answer, before anything is sampled."""
    rng = np.random.default_rng(0)
    estimands = design.estimands(design.prior(rng, 2), rng)
    problems = []

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
        if len(regimens) == 1 and analysis.family != "synthesis":
            problems.append(
                f"{path}: there is only one regimen, {regimens[0]}, so there is nothing to compare; give another "
                "arm, or state thresholds instead"
            )
        if regimens and c.better is None and not estimands[c.estimand].attrs.get("better"):
            problems.append(
                f'{path}.better: it is not known whether higher or lower is better; state "higher" or "lower"'
            )
    for i, t in enumerate(analysis.thresholds):
        path, regimens = f"thresholds[{i}]", labels(t.estimand, f"thresholds[{i}]")
        if t.regimen is not None and regimens and t.regimen not in regimens:
            hint = nearest(t.regimen, regimens)
            problems.append(f"{path}.regimen: {t.regimen!r} is not one of {', '.join(regimens)}.{hint}")
    if analysis.predictions and "rate" not in estimands:
        problems.append("predictions: this model has no rate to predict responses from")
    raise_problems(f"{analysis.id} does not fit its data", problems)
    if analysis.rules:
        check_rules(analysis.rules, estimands, design.observed())


def run_analysis(
    analysis: Analysis, out: str | Path, *, figures: bool = True
) -> tuple[Posterior, dict[str, Any], list[Path]]:
    """Fit an analysis and write its result files.

    Returns
    -------
    posterior : Posterior
    result : dict
        The content of `result.json`.
    paths : list of Path
        Files written.
    """
    posterior = fit_analysis(analysis)
    comparisons = comparisons_of(posterior)
    result = to_result(posterior, comparisons)
    paths = write_results(posterior, comparisons, result, Path(out), figures=figures)
    return posterior, result, paths


def write_results(
    posterior: Posterior,
    comparisons: Sequence[Comparison],
    result: Mapping[str, Any],
    out: Path,
    *,
    figures: bool = True,
) -> list[Path]:
    """Write `result.json`, `posterior.nc`, CSV tables (leagues of a network too) and the figures, each atomically."""
    status = "converged" if posterior.diagnostics.converged else NOT_CONVERGED
    paths = [out / "result.json", out / "estimates.csv", out / "comparisons.csv"]
    write_atomic(paths[0], to_json(result))
    write_atomic(paths[1], _csv(result["estimates"], ESTIMATE_KEYS, status))
    write_atomic(paths[2], _csv(result["comparisons"], COMPARISON_KEYS, status))
    if "league" in result:
        paths += [out / "league.csv", out / "league_pairs.csv"]
        write_atomic(paths[-2], _league_csv(result["league"], status))
        write_atomic(paths[-1], _csv(result["league"], COMPARISON_KEYS, status))
    paths.append(posterior.save(out / "posterior.nc"))
    if figures:
        from bayes_escc.plots.style import save_figure

        for name, figure in figures_of(posterior, comparisons).items():
            paths += save_figure(figure, out / name)
    return paths


def figures_of(posterior: Posterior, comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """The figures of a run, by file name: those its family lists, and the boundaries of its rules."""
    return {name: draw() for name, draw in _drawings(posterior, comparisons).items()}


def _drawings(posterior: Posterior, comparisons: Sequence[Comparison]) -> dict[str, Callable[[], Figure]]:
    """How each figure of a run is drawn, by file name; one figure for each question."""
    from bayes_escc.plots import boundaries, figure

    drawings: dict[str, Callable[[], Figure]] = {}
    for name in get_family(posterior.analysis.family).figures(posterior):
        draw = figure(name)
        if name == "difference":
            for comparison in comparisons:
                for rows in _pages(comparison.rows):
                    endpoint = rows[0][ENDPOINT] if len(rows) < len(comparison.rows) else None
                    file = "_".join(part for part in (comparison.scale, _slug(endpoint)) if part)
                    drawings[_unused(file, drawings)] = partial(draw, comparison, endpoint=endpoint)
        elif name == "intervals":
            estimand = "rate" if "rate" in posterior.estimand_names else "median"
            rows = [{ENDPOINT: labels[ENDPOINT]} for labels, _ in labelled_cells(posterior.estimand(estimand))]
            for page in _pages(rows):
                endpoint = page[0][ENDPOINT] if len(page) < len(rows) else None
                file = "_".join(part for part in (f"{estimand}s", _slug(endpoint)) if part)
                drawings[_unused(file, drawings)] = partial(draw, posterior, estimand, endpoint=endpoint)
        else:
            drawings[name] = partial(draw, posterior)
    for rule, position in zip(posterior.analysis.rules, positions(posterior), strict=True):
        if position.look and rule.schedule and not rule.not_exact:
            now = position.events[::-1] if rule.arms == 2 else (position.look[0], *position.events)
            drawings[_unused(f"monitoring_{_slug(rule.name)}", drawings)] = partial(boundaries, rule, path=[now])
    return drawings


def _pages(rows: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    """Rows of one figure: all of them, or those of an endpoint where they are many; none too many to be read."""
    if len(rows) <= MAX_PANELS:
        return [rows] if rows else []
    endpoints = dict.fromkeys(row[ENDPOINT] for row in rows)
    pages = [[row for row in rows if row[ENDPOINT] == endpoint] for endpoint in endpoints]
    return [page for page in pages if len(page) <= MAX_PANELS]


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    """The name, numbered if another figure has it already."""
    number = 2
    candidate = name
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _slug(text: str | None) -> str:
    kept = "".join(c if c.isalnum() else "_" for c in text or "")
    return "_".join(part for part in kept.split("_") if part)


def _league_csv(rows: Sequence[Mapping[str, Any]], status: str) -> str:
    """The league table as CSV, ready for print: each cell compares the regimen of its row with that of its column."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for number, group in enumerate(league_groups(rows)):
        order, cells = league_cells(group)
        writer.writerows([[]] if number else [])
        writer.writerow(["row against column", *map(_csv_cell, order), "status"])
        writer.writerows([_csv_cell(name), *line, status] for name, line in zip(order, cells, strict=True))
    return buffer.getvalue()


def _csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], status: str) -> str:
    """Rows as CSV; text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*columns, "status"])
    for row in rows:
        writer.writerow([*(_csv_cell(row[c]) for c in columns), status])
    return buffer.getvalue()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return f"'{value}"
    if isinstance(value, list | tuple):
        return " to ".join(map(str, value))
    return "" if value is None else value
