"""Checks of an analysis as plain text: proportional hazards, inconsistency, curves read from figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.layout import aligned, display_width
from bayes_escc.report.naming import Naming
from bayes_escc.report.quantities import UNITS_ZH, Language

__all__ = [
    "inconsistency_text",
    "proportional_hazards_text",
    "reconstruction_text",
]


def reconstruction_text(report: PlainMapping, naming: Naming | None = None) -> str:
    """How closely patients read from a figure reproduce it."""
    naming = naming or Naming.of_names((), "en")

    def printed(value: Any) -> str:
        return naming.say("not_printed") if value is None else naming.say("printed", value=f"{value:g}")

    def counted(key: str) -> str:
        return naming.say(key if report[key] != 1 else key.removesuffix("s"), n=report[key])

    lines = [
        naming.say(
            "patients_events",
            patients=counted("patients"),
            events=counted("events"),
            printed_events=printed(report["printed_events"]),
            median=format_number(report["median"]),
            printed_median=printed(report["printed_median"]),
        ),
        naming.say(
            "closeness",
            largest=f"{report['largest_error']:.4f}",
            typical=f"{report['root_mean_square_error']:.4f}",
            precision=f"{report['precision']:g}",
            moved=f"{report['largest_correction']:.4f}",
        ),
    ]
    if report["at_risk"] is not None:
        rows = [
            [f"{t:g}", str(a), str(b)]
            for t, a, b in zip(report["at_risk_time"], report["at_risk_printed"], report["at_risk"], strict=True)
        ]
        header = [naming.say(key) for key in ("time", "at_risk_printed", "reproduced")]
        lines += ["", aligned(header, rows), ""]
    return "\n".join([*lines, *(naming.say("note", text=naming.said(note)) for note in report["notes"])])


def proportional_hazards_text(found: PlainMapping, language: Language = "en") -> str:
    """The outcome of the check of proportional hazards, and its table."""
    naming = _naming(found, language)
    when = naming.span(f"{found['early']:.3g}", f"{found['late']:.3g}")
    unit = UNITS_ZH.get(found["unit"], found["unit"]) if language == "zh" else f" {found['unit']}"
    header = [
        "",
        naming.say("change_of_ratio", when=f"{when}{unit}", ci=naming.interval(found)),
        naming.say("rising"),
        naming.say("replicates"),
    ]
    rows = [
        [
            naming.pair(r),
            naming.say("times", value=format_number(r["change"]), limits=_limits(r["lower"], r["upper"], naming)),
            format_probability(r["probability_rising"], r["mcse_probability"]),
            format_probability(r["predictive_probability"], 0.01),
        ]
        for r in found["rows"]
    ]
    factor = found["bayes_factor"]
    lines = [
        naming.say("proportional_factor", value=naming.say("by_nuts") if factor is None else f"{factor:.3g}"),
        naming.say(
            "proportional_loo",
            value=f"{found['elpd_difference']:.1f}",
            error=f"{found['se_difference']:.1f}",
        ),
    ]
    lines += _not_converged(found, naming)
    title = naming.say("proportional_title", title=found["title"])
    said = naming.said(found["sentence"])
    return "\n".join([title, "=" * min(78, display_width(title)), "", said, "", aligned(header, rows), "", *lines])


def inconsistency_text(found: PlainMapping, language: Language = "en") -> str:
    """The table of direct against indirect evidence."""
    naming = _naming(found, language)

    def shown(value: Sequence[float] | None) -> str:
        return "" if value is None else f"{format_number(value[0])} ({_limits(value[1], value[2], naming)})"

    header = [
        naming.say(k) for k in ("pair", "trials", "network", "unrelated", "direct", "indirect", "split", "exceeds")
    ]
    rows = [
        [
            naming.pair(r),
            str(r["trials"]),
            shown(r["network"]),
            shown(r["unrelated"]),
            shown(r["direct"]) or naming.say("no_indirect"),
            shown(r["indirect"]),
            shown(r["difference"]),
            format_probability(r["probability_above"], r["mcse_probability"]),
        ]
        for r in found["rows"]
    ]
    fits = [
        [
            naming.said(m["model"]),
            shown(m["tau"]),
            f"{m['residual_deviance']:.1f}",
            str(m["points"]),
            f"{m['p']:.1f}",
            f"{m['dic']:.1f}",
        ]
        for m in found["models"]
    ]
    columns = [
        naming.say(k) for k in ("model", "tau", "residual_deviance", "data_points", "effective_parameters", "dic")
    ]
    fit, unit = aligned(columns, fits), naming.said(found["unit"])
    title = naming.say("network_title", title=found["title"], unit=unit, ci=naming.interval(found))
    rule = "=" * min(78, display_width(title))
    return "\n".join([title, rule, "", aligned(header, rows), "", fit, *_not_converged(found, naming)])


def _naming(found: PlainMapping, language: Language) -> Naming:
    """Words of a language; regimens and the title are a person's own."""
    named = {str(row[who]) for row in found["rows"] for who in ("regimen", "reference")}
    return Naming.of_names(named | {str(found["title"])}, language)


def _limits(low: float, high: float, naming: Naming) -> str:
    """Two limits of an interval."""
    return naming.span(format_number(low), format_number(high))


def _not_converged(found: PlainMapping, naming: Naming) -> list[str]:
    """What the fits behind a check say of themselves, if one failed."""
    messages = found["messages"]
    return [naming.say("not_converged", text=naming.said(" ".join(messages)))] if messages else []
