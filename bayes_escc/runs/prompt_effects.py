"""Published effects pooled at once, exactly: no file to write, no sampler, no pandas.

The numbers are those of a pairwise `SynthesisModel` on the same effects; only the way to them is
shorter.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bayes_escc.answers.needed import NeededRow, needed_row
from bayes_escc.answers.rows import EstimateRow, ThresholdRow, WeightRow, estimate_row, labels_of, threshold_row
from bayes_escc.errors import UNPRINTABLE, AnalysisError, DataError
from bayes_escc.evidence.effect_checks import check_effect, measure_of
from bayes_escc.evidence.effect_measures import RATIOS
from bayes_escc.evidence.effect_rows import read_effect_rows
from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction
from bayes_escc.evidence.numbers import number_text
from bayes_escc.evidence.printed_intervals import level_of, limits_in
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.families.base import TypedEffects, get_family
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.names import Direction, Plain, PlainMapping, normalise
from bayes_escc.probability.marginal import Draws, Side
from bayes_escc.report.result import Asked, build_result
from bayes_escc.runs.prompt_notes import problem_in_flags, speaking_flags, unexplained_prompt_priors
from bayes_escc.runs.prompt_priors import typed_prior
from bayes_escc.settings.prior import Prior
from bayes_escc.settings.questions import problems_with_contrast, problems_with_interval, problems_with_value, sentence
from bayes_escc.settings.reader import check_margin, nearest

__all__ = ["pool_effects"]

Row = PlainMapping
FAMILY: Final = "synthesis"
"""The family of models that this command is of."""
_TYPED: Final = re.compile(r"\s*([^,\s]+)\s*,\s*([^,\s]+)\s*,\s*([^,\s]+)\s*")
_ENTERED: Final = "effects as entered"
"""The source of effects that are typed."""
_NO_DIRECTION: Final = Problem(
    "unknown_direction",
    "whether more or fewer events are better is not known, so there is no number needed to treat",
    "State it with --better.",
)
_DRAWS: Final = 40_000
"""Of risks at a baseline that is uncertain itself."""
_MOST_EFFECTS: Final = 200
_SHOWN: Final = 12
"""Values of a column that a message names."""
_PRINTED: Final = re.compile(r"\s*([^\s,(\[]+)\s*,?\s*([(\[].+[)\]])\s*")


def pool_effects(
    effects: Sequence[str],
    *,
    measure: str | None = None,
    level: float | None = None,
    endpoint: str | None = None,
    where: Sequence[str] = (),
    common: bool = False,
    tau_prior: str | None = None,
    effect_prior: str | None = None,
    margin: float | None = None,
    ci_prob: float = 0.95,
    rationale: str = "",
    baseline: str | None = None,
    better: Direction | None = None,
) -> Plain:
    """Pool effects typed at a prompt, or those of a table.

    Parameters
    ----------
    effects : sequence of str
        ``NAME=ESTIMATE,LOW,HIGH`` each, or as printed, ``NAME=0.71 (0.57-0.87)``; or one file or bundled dataset of
        effects.
    measure : str, optional
        Of typed effects: HR (if not given), OR, RR, MD, SMD, RD, or log HR and so on.
    level : float, optional
        Confidence level of typed intervals; 0.95 if not given.
    endpoint : str, optional
        Of a table that has several.
    where : sequence of str
        ``COLUMN=VALUE`` filters of a table; values may be joined by ``|``.
    common : bool
        One effect for all studies instead of random effects.
    tau_prior, effect_prior : str, optional
        For example ``HalfNormal(0.25)`` and ``Normal(0, 1)``, on the log scale for ratios.
    margin : float, optional
        An effect whose probability of being passed is wanted beside that of no effect.
    ci_prob : float
    rationale : str
        Where the priors that are stated come from.
    baseline : str, optional
        Risk without the treatment, ``0.3`` or ``12/40``, at which risks and the number needed to treat are wanted.
    better : {"higher", "lower"}, optional
        Which risk is better; of hazard ratios the lower, and of an endpoint what is known of it, if not given.

    Returns
    -------
    dict
        The content of `result.json`; without comparisons and ranks.

    Raises
    ------
    AnalysisError, DataError
    """
    started = time.perf_counter()
    wrong = [f"--ci-prob {p}" for p in problems_with_interval(ci_prob)]
    if len(effects) > _MOST_EFFECTS:
        wrong.append(f"at most {_MOST_EFFECTS} effects can be typed; put {len(effects)} into a table and name its file")
    if wrong:
        raise AnalysisError(sentence(*wrong))
    if common and tau_prior is not None:
        raise AnalysisError("--tau-prior has no meaning with --common: a common effect has no heterogeneity.")
    if not effects:
        raise AnalysisError("name at least one effect, for example ESCORT=0.71,0.57,0.87.")
    source, rows, notes = _rows(effects, measure, level, endpoint, where)
    if better is not None and baseline is None:
        raise AnalysisError("--better is of the risks at a baseline: state --baseline too, or leave it out.")
    if margin is not None:
        _check_margin(margin, rows[0]["measure"])
    stated = {"tau": tau_prior or "", "the effect": effect_prior or ""}
    notes += [_noted(n) for n in unexplained_prompt_priors(stated, rationale)]
    effect = typed_prior(effect_prior, "--effect-prior") if effect_prior else None
    tau = typed_prior(tau_prior, "--tau-prior", positive=True) if tau_prior else None
    pooled = _pooled(rows, effect, tau, common)
    with speaking_flags():
        about = pooled.notes(source)
    notes += [_noted(problem_in_flags(w)) for w in about]
    estimates, thresholds = _answers(pooled, rows, margin, ci_prob)
    needed: list[NeededRow] = []
    if baseline is not None:
        with speaking_flags():
            risks, needed = _at_baseline(pooled, baseline, rows[0]["endpoint"] or None, better, ci_prob)
        estimates += risks
        notes += [] if needed else [_noted(_NO_DIRECTION)]
    weights = [WeightRow(**vars(w)) for w in pooled.weights()]
    content = repr([(r["study"], r["y"], r["se"]) for r in rows])
    count = "1 study" if len(rows) == 1 else f"{len(rows)} studies"
    asked = Asked(
        "pool",
        f"{rows[0]['endpoint'] or _capital(pooled.unit)}, {count} of {source}, {pooled.pooling} effects",
        FAMILY,
        _sha256(f"{content}|{pooled.specification}|{margin}|{ci_prob}"),
        _sha256(content),
        "exact",
        pooled.priors_in_words,
        {"total": time.perf_counter() - started},
    )
    data = {"rows": len(rows), "patients": pooled.patients, "events": 0, "warnings": notes}
    evidence, error = pooled.log_evidence
    diagnostics = Diagnostics.of_exact(log_evidence=evidence, evidence_error=error)
    return build_result(
        asked,
        data,
        diagnostics,
        estimates=estimates,
        further={"thresholds": thresholds, "needed_to_treat": needed, "weights": weights},
    )


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _check_margin(margin: float, measure: str) -> None:
    """Hold a margin against the range of the measure."""
    plain = measure.removeprefix("log ")
    problems = problems_with_value(margin, "ratio" if plain in RATIOS else "")
    if not problems and plain in RATIOS:
        problems = [message for _, message in check_margin("ratio", None, margin, None)]
    elif not problems and plain == "RD":
        problems = [message for _, message in problems_with_contrast("difference", "proportion", margin, None)]
    if problems:
        raise AnalysisError(sentence(f"--margin {problems[0]}"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _pooled(rows: Sequence[Row], effect: Prior | None, tau: Prior | None, common: bool) -> TypedEffects:
    pool = get_family(FAMILY).typed_effects
    if pool is None:  # pragma: no cover (the family of this command)
        raise AnalysisError("there is no model that pools effects.")
    return pool(rows, effect, tau, common)


def _answers(
    pooled: TypedEffects, rows: Sequence[Row], margin: float | None, ci_prob: float
) -> tuple[list[EstimateRow], list[ThresholdRow]]:
    endpoint, null = rows[0]["endpoint"] or None, 1.0 if pooled.ratio else 0.0
    limits = list(dict.fromkeys((null, *([] if margin is None else [margin]))))
    estimates: list[EstimateRow] = []
    thresholds: list[ThresholdRow] = []
    for law in pooled.laws():
        own = {} if law.row is None else {"study": rows[law.row]["study"], "regimen": rows[law.row]["experimental"]}
        labels = labels_of(endpoint=endpoint, **own)
        estimates.append(estimate_row(law.name, labels, law.known, unit=law.unit, ci_prob=ci_prob))
        if law.name in ("effect", "predicted_effect"):
            for value in limits:
                side: Side = "above" if value > null else "below"
                thresholds.append(threshold_row(law.name, labels, law.known, side=side, value=value))
    return estimates, thresholds


def _at_baseline(
    pooled: TypedEffects, baseline: str, endpoint: str | None, better: Direction | None, ci_prob: float
) -> tuple[list[EstimateRow], list[NeededRow]]:
    """Risks at a baseline, and the number needed to treat where the better direction is known; both from draws."""
    draws = pooled.risks_at(baseline, np.random.default_rng(0), _DRAWS)
    known = {name: Draws(values) for name, values in draws.items()}
    units = {"risk_difference": "points"}
    estimates = [
        estimate_row(
            name,
            labels_of(endpoint=endpoint),
            each,
            unit=units.get(name, "proportion"),
            ci_prob=ci_prob,
            mcse_mean=float(each.values.std(ddof=1)) / _DRAWS**0.5,
            ess_bulk=float(_DRAWS),
        )
        for name, each in known.items()
    ]
    direction = better or ("lower" if pooled.measure == "HR" else endpoint_direction(endpoint or ""))
    if direction is None:
        return estimates, []
    return estimates, [needed_row(known["risk_difference"], better=direction, ci_prob=ci_prob, endpoint=endpoint)]


def _rows(
    effects: Sequence[str], measure: str | None, level: float | None, endpoint: str | None, where: Sequence[str]
) -> tuple[str, list[Row], list[Plain]]:
    """Where the effects come from, their checked rows, and notes."""
    if len(effects) == 1 and "=" not in normalise(Path(effects[0]).name):
        if measure is not None or level is not None:
            raise AnalysisError("--measure and --level are of typed effects; a table says its own in every row.")
        return _rows_of_table(effects[0], endpoint, where)
    if endpoint or where:
        raise AnalysisError("--endpoint and --where choose rows of a table; typed effects are taken as they are.")
    measure, level = measure or "HR", 0.95 if level is None else level
    if not measure_of(measure):
        raise AnalysisError(
            f"--measure: {measure!r} is not a measure; use HR, OR, RR, MD, SMD, RD or log HR and so on."
        )
    problems: list[Problem] = []
    warnings: list[Problem] = []
    rows: list[Row] = []
    for number, text in enumerate(effects, start=1):
        name, estimate, low, high, own = _typed(text)
        cells = {
            "study": name,
            "experimental": "experimental",
            "control": "control",
            "endpoint": "",  # typed effects have a measure, and no endpoint
            "measure": measure,
            "estimate": estimate,
            "ci_low": low,
            "ci_high": high,
            "ci_level": own or f"{level:g}",
        }
        numbers = check_effect(cells, number, problems, warnings)
        rows.append({**cells, **(numbers or {})})
    refuse_if_any("what was typed", [problem_in_flags(p) for p in problems])
    names = [r["study"] for r in rows]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise AnalysisError(f"the name {', '.join(map(repr, twice))} is used twice; give every effect its own.")
    return _ENTERED, rows, [_noted(problem_in_flags(w)) for w in warnings]


def _typed(text: str) -> tuple[str, str, str, str, str]:
    """Name, estimate, limits and maybe level of an effect, apart by commas or as printed, ``0.71 (0.57 to 0.87)``."""
    if UNPRINTABLE.search(text):
        raise AnalysisError(f"{text!r} holds a character that cannot be seen or printed; type it again.")
    name, _, numbers = normalise(text).partition("=")
    commas = _TYPED.fullmatch(numbers)
    if name.strip() and commas:
        return normalise(name), commas[1], commas[2], commas[3], ""
    printed = _PRINTED.fullmatch(number_text(numbers))
    limits = limits_in(printed[2]) if printed else None
    if not name.strip() or printed is None or limits is None:
        raise AnalysisError(
            f"{text!r} is not NAME=ESTIMATE,LOW,HIGH, for example ESCORT=0.71,0.57,0.87 or 'ESCORT=0.71 (0.57-0.87)' "
            "(nor a table: give one file or dataset alone)."
        )
    return normalise(name), printed[1], *limits, level_of(printed[2])


def _rows_of_table(name: str, endpoint: str | None, where: Sequence[str]) -> tuple[str, list[Row], list[Plain]]:
    from bayes_escc.evidence.datasets import DATASETS

    path = Path(name)
    if not path.is_file() and name in DATASETS:
        if DATASETS[name].kind != "effects":
            raise AnalysisError(f"dataset {name!r} holds {DATASETS[name].kind}, not effects.")
        path = DATASETS[name].path
    elif not path.is_file():
        known = [n for n, d in DATASETS.items() if d.kind == "effects"]
        raise AnalysisError(
            f"{name!r} is neither a file nor a dataset of effects ({', '.join(known)}), and not "
            f"NAME=ESTIMATE,LOW,HIGH.{nearest(name, known)}"
        )
    source, records, warnings = read_effect_rows(path)
    rows: list[Row] = [r for _, r in records]
    kept = {id(r): number for number, r in records}
    rows = _where(rows, where, source)
    present = list(dict.fromkeys(r["endpoint"] for r in rows))
    if endpoint is not None:
        rows = [r for r in rows if r["endpoint"] == canonical_endpoint(endpoint)]
    elif len(present) > 1:
        raise AnalysisError(f"{source} has the endpoints {', '.join(present)}: name one with --endpoint.")
    if not rows:
        those = "these rows have" if where else "it has"
        raise AnalysisError(
            f"--endpoint: {source} has no {endpoint!r}; {those} {', '.join(present)}.{nearest(endpoint or '', present)}"
        )
    _require_one_each(rows, source)
    chosen = {kept[id(r)] for r in rows}
    return source, rows, [_noted(w) for w in warnings if w.row in chosen]


def _where(rows: list[Row], where: Sequence[str], source: str) -> list[Row]:
    """The rows that every condition keeps; a condition that can keep none is named, with the values that there are."""
    problems, kept = [], rows
    for condition in where:
        column, _, wanted = condition.partition("=")
        column = normalise(column)
        if not wanted or column not in rows[0]:
            columns = list(rows[0])
            problems.append(
                f"--where takes COLUMN=VALUE with a column of {source} ({', '.join(columns)}), not {condition!r}."
                f"{nearest(column, columns)}"
            )
            continue
        values = {normalise(v): v for v in wanted.split("|")}
        present = list(dict.fromkeys(normalise(str(r[column])) for r in rows))
        missing = [v for v in values if v not in present]
        if missing:
            shown = [v or "(blank)" for v in present[:_SHOWN]] + ["..."] * (len(present) > _SHOWN)
            problems.append(
                f"--where: no row of {source} has {column} = {' or '.join(map(repr, missing))}; it has "
                f"{', '.join(shown)}.{nearest(missing[0], present)}"
            )
        kept = [r for r in kept if normalise(str(r[column])) in values]
    if problems:
        raise AnalysisError(" ".join(problems))
    if not kept:
        raise AnalysisError(f"--where: no row of {source} meets all of {', '.join(where)}; leave one out.")
    return kept


def _noted(problem: Problem) -> Plain:
    """A note as `result.json` has it."""
    message = f"{problem.message}. {problem.remedy}"
    return {"code": problem.code, "row": problem.row, "column": problem.column, "message": message}


def _require_one_each(rows: Sequence[Row], source: str) -> None:
    """Every study once, all on one scale."""
    measures = list(dict.fromkeys(r["measure"] for r in rows))
    if len(measures) > 1:
        raise DataError(f"{source}: {' and '.join(measures)} cannot be pooled on one scale; select one.")
    studies = [r["study"] for r in rows]
    twice = list(dict.fromkeys(s for s in studies if studies.count(s) > 1))
    if twice:
        raise DataError(
            f"{source}: {', '.join(twice)} would count more than once, by overlapping populations or a shared control "
            "arm. Choose one row each with --where, for example --where population=all; a network analysis models "
            "shared arms."
        )
