"""Checks of an analysis as plain text: proportional hazards, inconsistency, curves read from figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.layout import aligned, display_width, plain_interval
from bayes_escc.report.naming import Naming

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


def proportional_hazards_text(found: PlainMapping) -> str:
    """The outcome of the check of proportional hazards, and its table."""
    ci = f"{100 * found['ci_prob']:g} % CrI"
    when = f"{found['early']:.3g} to {found['late']:.3g} {found['unit']}"
    header = ["", f"change of the hazard ratio, {when} ({ci})", "P(rising)", "p-value of replicates"]
    rows = [
        [
            f"{r['regimen']} against {r['reference']}",
            f"times {format_number(r['change'])} ({plain_interval(r)})",
            format_probability(r["probability_rising"], r["mcse_probability"]),
            format_probability(r["predictive_probability"], 0.01),
        ]
        for r in found["rows"]
    ]
    factor = found["bayes_factor"]
    lines = [
        "Bayes factor for proportional against free hazards: "
        + ("not known (sampled by NUTS)" if factor is None else f"{factor:.3g}"),
        "Leave-one-out, free minus proportional: "
        f"{found['elpd_difference']:.1f} (standard error {found['se_difference']:.1f})",
    ]
    lines += [f"NOT CONVERGED: {' '.join(found['messages'])}"] if found["messages"] else []
    title = f"Proportional hazards. {found['title']}"
    return "\n".join(
        [title, "=" * min(78, display_width(title)), "", found["sentence"], "", aligned(header, rows), "", *lines]
    )


def inconsistency_text(found: PlainMapping) -> str:
    """The table of direct against indirect evidence."""

    def shown(value: Sequence[float] | None) -> str:
        if value is None:
            return ""
        return f"{format_number(value[0])} ({format_number(value[1])} to {format_number(value[2])})"

    header = ["pair", "trials", "network", "unrelated", "direct", "indirect", "direct against indirect", "P(above)"]
    rows = [
        [
            f"{r['regimen']} against {r['reference']}",
            str(r["trials"]),
            shown(r["network"]),
            shown(r["unrelated"]),
            shown(r["direct"]) or "no indirect evidence",
            shown(r["indirect"]),
            shown(r["difference"]),
            format_probability(r["probability_above"], r["mcse_probability"]),
        ]
        for r in found["rows"]
    ]
    fits = [
        [
            m["model"],
            shown(m["tau"]),
            f"{m['residual_deviance']:.1f}",
            str(m["points"]),
            f"{m['p']:.1f}",
            f"{m['dic']:.1f}",
        ]
        for m in found["models"]
    ]
    fit = aligned(["model", "tau", "residual deviance", "data points", "effective parameters", "DIC"], fits)
    notes = [f"NOT CONVERGED: {' '.join(found['messages'])}"] if found["messages"] else []
    title = f"{found['title']} ({found['unit']}, median and {100 * found['ci_prob']:g} % CrI)"
    return "\n".join([title, "=" * min(78, display_width(title)), "", aligned(header, rows), "", fit, *notes])
