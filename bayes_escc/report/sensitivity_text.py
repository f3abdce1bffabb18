"""A sensitivity analysis in words: every variation, and what the answers owe to prior and likelihood."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.layout import aligned, display_width, row_label
from bayes_escc.report.naming import Naming
from bayes_escc.report.quantities import UNITS_ZH, Language, endpoint_name, name_of, unit_of_contrast

__all__ = ["power_scaling_text", "sensitivity_text"]

_NAMED: Final = ("regimen", "reference", "study", "without")
"""Keys of rows whose values a person named."""


def sensitivity_text(found: PlainMapping, language: Language = "en") -> str:
    """The tables of a sensitivity analysis."""
    naming = _naming(found, language)
    regimens = "probability_better" in found["rows"][0]
    varied = _of_regimens(found, naming) if regimens else _of_synthesis(found, naming)
    scaled, unit = found["power_scaling"], unit_of_contrast(found["unit"]).removesuffix("points")
    return varied if scaled is None else f"{varied}\n\n{power_scaling_text(scaled, language, unit)}"


def _naming(found: PlainMapping, language: Language) -> Naming:
    """Words of a language, and the names that a person gave."""
    rows = [*found.get("rows", ()), *found.get("estimates", ()), *found.get("probabilities", ())]
    return Naming.of_names({str(r[k]) for r in rows for k in _NAMED if r.get(k)} | {str(found["title"])}, language)


def power_scaling_text(found: PlainMapping, language: Language = "en", time_unit: str = "") -> str:
    """The tables of what the answers owe to prior and likelihood; a time stands with its unit where that is known."""
    naming = replace(_naming(found, language), time_unit=time_unit)
    several = len({r["endpoint"] for r in found["estimates"]}) > 1
    title = naming.say("scaled_title")
    rows = [
        [
            _whose({**r, "reference": None}, several, naming),
            f"{r['prior']:.2f}",
            f"{r['likelihood']:.2f}",
            naming.said(r["diagnosis"]),
        ]
        for r in found["estimates"]
    ]
    header = [naming.say(k) for k in ("sensitivity_to", "prior", "likelihood")]
    blocks = [title, "-" * display_width(title), aligned([*header, ""], rows)]
    if found["probabilities"]:
        header = [naming.say("better"), naming.say("as_it_is")]
        header += [f"{naming.say(name)}^{power:g}" for name in ("prior", "likelihood") for power in found["powers"]]
        keys = [f"{name}_{word}" for name in ("prior", "likelihood") for word in ("weaker", "stronger")]
        lines = [
            [
                _whose(r, several, naming),
                format_probability(r["probability_better"], r["mcse_probability"]),
                *(format_probability(r[key], r["mcse_scaled"]) for key in keys),
            ]
            for r in found["probabilities"]
        ]
        blocks += ["", aligned(header, lines)]
    return "\n".join([*blocks, "", naming.say("scaled_note"), *map(naming.said, found["notes"])])


def _whose(row: PlainMapping, several: bool, naming: Naming) -> str:
    """The estimand of a row, of whom, and against whom."""
    if naming.language == "zh":
        endpoint = endpoint_name(str(row["endpoint"]), "zh") if several and row.get("endpoint") else ""
        asked = {**row, "endpoint": None if several else row.get("endpoint")}
        asked |= {} if naming.time_unit else {"time": None}
        name = name_of(asked, time_unit=naming.time_unit, language="zh")
        name += "" if naming.time_unit or row.get("time") is None else f"(t={row['time']:.4g})"
        who = naming.pair(row) if row["reference"] else str(row.get("regimen") or "")
        who = naming.joined([str(row.get("study") or ""), who, endpoint if endpoint != name else ""])
        return naming.joined([name, str(row.get("covariate") or "")]) + (naming.say("colon") + who if who else "")
    against = f" against {row['reference']}" if row["reference"] else ""
    return f"{row['estimand']}: {row_label(row, several)}{against}".removesuffix(": ")


def _interval(row: PlainMapping, naming: Naming) -> str:
    """Lower and upper limit of a row, without a unit."""
    return naming.span(format_number(row["lower"]), format_number(row["upper"]))


def _of_synthesis(found: PlainMapping, naming: Naming) -> str:
    """The pooled effect under every variation."""
    null = "1" if found["unit"].endswith("ratio") else "0"
    header = ["", naming.say("median"), naming.interval(found), naming.say("below_null", null=null), "tau"]
    rows = [
        [
            naming.said(r["label"]),
            format_number(r["median"]),
            _interval(r, naming),
            format_probability(r["probability_below_null"], 0.0),
            "" if r["tau"] is None else format_number(r["tau"]),
        ]
        for r in found["rows"]
    ]
    factors = [
        naming.say("bayes_factor_for", name=naming.said(name), value=f"{value:.3g}")
        for name, value in found["bayes_factors"].items()
    ]
    factors += [naming.say("factors_note")] if factors else []
    title = naming.say("with_ci", name=found["title"], ci=naming.said(found["unit"]))
    return _under(title, [aligned(header, rows), "", *factors, *map(naming.said, found["notes"])])


def _under(title: str, blocks: list[str]) -> str:
    """Blocks under their title."""
    return "\n".join([title, "=" * min(78, display_width(title)), "", *blocks])


def _of_regimens(found: PlainMapping, naming: Naming) -> str:
    """A comparison of regimens under every variation."""
    rows, ci = found["rows"], naming.interval(found)
    ratio = any(r["hazard_ratio"] is not None for r in rows) and not found["estimand"].endswith("ratio")
    unit = unit_of_contrast(found["unit"])
    header = ["", naming.say("better"), _measured(found, unit, naming)]
    header += [naming.say("with_ci", name=naming.say("hazard_ratio"), ci=ci)] if ratio else []
    header += [naming.say("log_evidence"), naming.say("bayes_factor")]
    several = len({(r["regimen"], r["endpoint"], r["time"]) for r in rows}) > 1

    def number(value: float) -> str:
        return f"{100.0 * value + 0.0:.1f}" if unit == "points" else format_number(value)

    lines = []
    for r in rows:
        label = naming.said(r["label"])
        name = f"{label}{naming.say('separator')}{_row_label(r, naming)}" if several else label
        middle, low, high = (number(r[key]) for key in ("median", "lower", "upper"))
        line = [
            name,
            format_probability(r["probability_better"], r["mcse_probability"]),
            f"{middle} ({naming.span(low, high)})",
        ]
        if ratio:
            limits = (r["hazard_ratio"], r["hazard_ratio_lower"], r["hazard_ratio_upper"])
            middle, low, high = map(format_number, limits)
            line.append("" if limits[0] is None else f"{middle} ({naming.span(low, high)})")
        evidence = "" if r["log_evidence"] is None else f"{r['log_evidence']:.2f}"
        lines.append([*line, evidence, "" if r["bayes_factor"] is None else f"{r['bayes_factor']:.3g}"])
    first = rows[0]
    title = naming.say(
        "title_against" if several else "title_pair",
        title=found["title"],
        regimen=first["regimen"],
        reference=first["reference"],
    )
    note = naming.say("evidence_note")
    note += naming.say("evidence_blank") if any(r["log_evidence"] is None for r in rows) else ""
    return _under(title, [aligned(header, lines), "", note, *map(naming.said, found["notes"])])


def _row_label(row: PlainMapping, naming: Naming) -> str:
    """Regimen, covariate and time of a row, or its endpoint."""
    if naming.language == "en":
        return row_label(row, False)
    parts = [str(row.get(k) or "") for k in ("study", "regimen", "covariate")]
    parts += [naming.say("at", time=f"{row['time']:.4g}")] if row.get("time") is not None else []
    return naming.joined(parts if any(parts) else [endpoint_name(str(row.get("endpoint") or ""), "zh")])


def _measured(found: PlainMapping, unit: str, naming: Naming) -> str:
    """What is compared, in which unit, over the column of its intervals."""
    first, ci = found["rows"][0], naming.interval(found)
    asked = {"estimand": found["estimand"], "time": first["time"]}
    if naming.language == "zh" and len({r["endpoint"] for r in found["rows"]}) == 1:
        asked["endpoint"] = first["endpoint"]
    name = name_of(asked, time_unit=unit.removesuffix("points"), language=naming.language)
    if naming.language == "en":
        shown = found["unit"].replace("proportion of patients", "percentage points")
        return naming.say("in_unit", name=name, unit=shown, ci=ci)
    if found["unit"] == "ratio":
        return naming.say("with_ci", name=name, ci=ci)
    measured = UNITS_ZH.get(unit, "").removeprefix("个")
    return (
        naming.say("in_unit", name=name, unit=measured, ci=ci) if measured else naming.say("with_ci", name=name, ci=ci)
    )
