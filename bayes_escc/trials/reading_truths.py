"""Reading `[[truths]]` of a design file: rates, hazards, how endpoints go together, covariates."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bayes_escc.names import Plain, PlainMapping, normalise
from bayes_escc.settings.reader import Reader, nearest
from bayes_escc.trials.reading_values import by_arm, is_number, steps
from bayes_escc.trials.spec import Covariate, PfsEndpoint, Steps, Truth

__all__ = ["read_truths", "with_registries"]


def read_truths(
    tables: Sequence[Reader], arms: Sequence[str], binary: Mapping[str, float], pfs: PfsEndpoint | None, top: Reader
) -> tuple[Truth, ...]:
    """The truths of a design, problems noted in the readers."""
    if not tables:
        top.problem("truths", "state at least one: [[truths]] with name, should_go and the truth of every endpoint")
    truths: list[Truth] = []
    for r in tables:
        name = r.text("name") or "truth"
        if name in [t.name for t in truths]:
            r.problem("name", f"{name!r} is the name of an earlier truth")
        should = r.take("should_go", None)
        if should is not None and not isinstance(should, bool):
            r.problem("should_go", f"must be true or false, not {should!r}")
            should = None
        rates = {e: by_arm(r, e, r.take(e), arms, 0.0, 1.0, None) for e in binary}
        median, shape, ratios = 0.0, 1.0, tuple[Steps, ...]()
        if pfs is not None:
            median, shape, ratios = _time_truth(r.table(pfs.name), arms)
        responders, both = _association(r.table("association"), arms, rates)
        covariates = _covariates(r.table("covariates"))
        r.finish()
        truths.append(Truth(name, should, rates, median, shape, ratios, responders, covariates, both))
    return tuple(truths)


def _association(
    r: Reader, arms: Sequence[str], rates: Mapping[str, tuple[float, ...]]
) -> tuple[float, tuple[float, ...]]:
    """How endpoints of a patient go together: a responder's hazard, and how often both of two rates happen."""
    responders = r.number("responders_hazard", 1.0, above=0) or 1.0
    both: tuple[float, ...] = ()
    if r.has("both") or r.has("odds_ratio"):
        key = "both" if r.has("both") else "odds_ratio"
        value = r.take(key)
        if len(rates) != 2:
            r.problem(key, f"is of two binary endpoints, and the design has {len(rates)}")
        else:
            one, two = rates.values()
            if key == "both":
                both = by_arm(r, key, value, arms, 0.0, 1.0, None)
                for arm, a, b, joint in zip(arms, one, two, both, strict=True):
                    low, high = max(0.0, a + b - 1.0), min(a, b)
                    if not low - 1e-9 <= joint <= high + 1e-9:
                        r.problem(
                            key, f"of {arm} lies between {low:g} and {high:g} where the rates are {a:g} and {b:g}"
                        )
            else:
                ratios = by_arm(r, key, value, arms, 1e-6, 1e6, None)
                both = tuple(_joint(a, b, o) for a, b, o in zip(one, two, ratios, strict=True))
    r.finish()
    return responders, both


def _joint(a: float, b: float, odds_ratio: float) -> float:
    """P(both) of two rates with an odds ratio (Plackett 1965)."""
    if abs(odds_ratio - 1.0) < 1e-9:
        return a * b
    s = 1.0 + (a + b) * (odds_ratio - 1.0)
    root = (s * s - 4.0 * odds_ratio * (odds_ratio - 1.0) * a * b) ** 0.5
    return float((s - root) / (2.0 * (odds_ratio - 1.0)))


def _time_truth(r: Reader, arms: Sequence[str]) -> tuple[float, float, tuple[Steps, ...]]:
    """Median of the reference, shape, and hazard ratios; a table of medians by arm stands for ratios."""
    shape = r.number("shape", 1.0, above=0, below=10) or 1.0
    stated = r.take("median")
    if isinstance(stated, Mapping):
        medians = by_arm(r, "median", stated, arms, 1e-6, 1e6, None)
        if r.has("hazard_ratio"):
            r.problem("hazard_ratio", "medians of every arm say it already: leave one of them out")
            r.take("hazard_ratio")
        r.finish()
        return medians[0], shape, tuple((((0.0, (medians[0] / m) ** shape)),) for m in medians)
    if not is_number(stated) or not stated > 0:
        r.problem("median", f"must be a positive number of months, not {stated!r}")
        stated = 1.0
    value = r.take("hazard_ratio", 1.0)
    if isinstance(value, Mapping):
        by = {normalise(str(k)): v for k, v in value.items()}
        for name in by:
            if name not in arms[1:]:
                r.problem("hazard_ratio", f"{name!r} is no arm beside the reference.{nearest(name, arms)}")
        ratios = [steps(r, "hazard_ratio", by.get(arm, 1.0)) for arm in arms[1:]]
    else:
        ratios = [steps(r, "hazard_ratio", value)] * (len(arms) - 1)
    r.finish()
    return float(stated), shape, (((0.0, 1.0),), *ratios)


def _covariates(r: Reader) -> tuple[Covariate, ...]:
    if r.has("rows"):
        return _registry_covariates(r)
    covariates = []
    for name in r.left():
        entry = r.table(name)
        coefficient = entry.number("coefficient", 0.0)
        entry.text("distribution", "Normal", ("Normal",)) if entry.has("distribution") else None
        if entry.has("probability"):
            first, second, law = entry.number("probability", above=0, below=1), 0.0, "binary"
        else:
            mean, sd = ("mu", "sigma") if entry.has("mu") or entry.has("sigma") else ("mean", "sd")
            first, second, law = entry.number(mean, 0.0), entry.number(sd, 1.0, above=0), "normal"
        entry.finish()
        kind: Any = law
        covariates.append(Covariate(name, kind, float(first or 0.0), float(second or 0.0), float(coefficient or 0.0)))
    return tuple(covariates)


def _registry_covariates(r: Reader) -> tuple[Covariate, ...]:
    """Columns of a registry, whose rows are drawn whole, and the true effect of those that have one."""
    rows = r.take("rows")
    r.take("file", None)
    effects = r.table("coefficients")
    stated = {name: effects.number(name) or 0.0 for name in effects.left()}
    effects.finish()
    r.finish()
    if not isinstance(rows, Mapping) or not rows:
        r.problem("rows", "must be columns of numbers")
        return ()
    for name in stated:
        if name not in rows:
            effects.problem(name, f"is no column of the registry.{nearest(name, list(rows))}")
    lengths = {len(values) for values in rows.values()}
    if len(lengths) != 1 or 0 in lengths:
        r.problem("rows", "every column has the same number of patients, at least one")
        return ()
    return tuple(
        Covariate(str(name), "rows", 0.0, 0.0, stated.get(str(name), 0.0), tuple(float(v) for v in values))
        for name, values in rows.items()
    )


def with_registries(content: PlainMapping, folder: Path, adjusted: Sequence[str], problems: list[str]) -> Plain:
    """The content with the rows of registry files in it, so that workers elsewhere need no file.

    A truth with ``covariates = { file = "registry.csv", columns = [...], coefficients = { nlr = 0.3 } }`` resamples
    whole rows of that table. Columns are numbers, by default those that the analysis adjusts for; rows with a gap are
    left out.
    """
    truths = content.get("truths")
    if not isinstance(truths, list | tuple):
        return dict(content)
    read = []
    for i, truth in enumerate(truths):
        stated = truth.get("covariates") if isinstance(truth, Mapping) else None
        if not isinstance(stated, Mapping) or not isinstance(stated.get("file"), str) or "rows" in stated:
            read.append(truth)
            continue
        path = f"truths[{i}].covariates"
        effects = stated.get("coefficients", {})
        columns = stated.get(
            "columns", list(dict.fromkeys([*adjusted, *(effects if isinstance(effects, dict) else ())]))
        )
        rows = _registry(folder / stated["file"], columns, path, problems)
        kept = {k: v for k, v in stated.items() if k != "columns"}
        read.append({**truth, "covariates": {**kept, "rows": rows}})
    return {**content, "truths": read}


def _registry(file: Path, columns: Any, path: str, problems: list[str]) -> dict[str, list[float]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            records = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(f"{path}.file: {file.name} cannot be read ({error})")
        return {}
    header = list(records[0]) if records else []
    if not isinstance(columns, list | tuple) or not columns:
        problems.append(f"{path}.columns: name the columns that are covariates, some of {', '.join(map(str, header))}")
        return {}
    unknown = [str(c) for c in columns if c not in header]
    if unknown:
        problems.append(f"{path}.columns: {', '.join(unknown)}: no column of {file.name}.{nearest(unknown[0], header)}")
        return {}
    numbers = []
    for line, record in enumerate(records, start=2):
        cells = [(record[c] or "").strip() for c in columns]
        if "" in cells:
            continue
        try:
            numbers.append([float(cell) for cell in cells])
        except ValueError:
            problems.append(f"{path}.file: {file.name}, line {line}: {cells!r} are not numbers")
            return {}
    if not numbers:
        problems.append(f"{path}.file: {file.name} has no row without a gap in {', '.join(map(str, columns))}")
    return {str(c): [row[i] for row in numbers] for i, c in enumerate(columns)}
