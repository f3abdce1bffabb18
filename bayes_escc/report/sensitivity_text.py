"""A sensitivity analysis in words: every variation, and what the answers owe to prior and likelihood."""

from __future__ import annotations

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.layout import aligned, display_width, plain_interval, row_label
from bayes_escc.report.quantities import name_of, unit_of_contrast

__all__ = ["power_scaling_text", "sensitivity_text"]


def sensitivity_text(found: PlainMapping) -> str:
    """The tables of a sensitivity analysis."""
    regimens = "probability_better" in found["rows"][0]
    varied = _of_regimens(found) if regimens else _of_synthesis(found)
    scaled = found["power_scaling"]
    return varied if scaled is None else f"{varied}\n\n{power_scaling_text(scaled)}"


def power_scaling_text(found: PlainMapping) -> str:
    """The tables of what the answers owe to prior and likelihood."""
    weaker, stronger = found["powers"]
    several = len({r["endpoint"] for r in found["estimates"]}) > 1
    title = "Prior and likelihood raised to a power, without fitting again"
    rows = [
        [
            f"{r['estimand']}: {row_label(r, several)}".removesuffix(": "),
            f"{r['prior']:.2f}",
            f"{r['likelihood']:.2f}",
            r["diagnosis"],
        ]
        for r in found["estimates"]
    ]
    blocks = [title, "-" * len(title), aligned(["sensitivity to", "prior", "likelihood", ""], rows)]
    if found["probabilities"]:
        header = ["P(better)", "as it is"]
        header += [f"{name}^{power:g}" for name in ("prior", "likelihood") for power in (weaker, stronger)]
        keys = [f"{name}_{word}" for name in ("prior", "likelihood") for word in ("weaker", "stronger")]
        lines = [
            [
                _whose(r, several),
                format_probability(r["probability_better"], r["mcse_probability"]),
                *(format_probability(r[key], r["mcse_scaled"]) for key in keys),
            ]
            for r in found["probabilities"]
        ]
        blocks += ["", aligned(header, lines)]
    blocks += [
        "",
        "Sensitivity is how fast a distribution moves per doubling of the power (Kallioinen and others 2024); above "
        "0.05 an answer depends on that part. Depending on the prior alone, it is the prior that speaks; on both, they "
        "may disagree.",
        *found["notes"],
    ]
    return "\n".join(blocks)


def _whose(row: PlainMapping, several: bool) -> str:
    against = f" against {row['reference']}" if row["reference"] else ""
    return f"{row['estimand']}: {row_label(row, several)}{against}".removesuffix(": ")


def _of_synthesis(found: PlainMapping) -> str:
    """The pooled effect under every variation."""
    null = "1" if found["unit"].endswith("ratio") else "0"
    header = ["", "median", f"{100 * found['ci_prob']:g} % CrI", f"P(< {null})", "tau"]
    rows = [
        [
            r["label"],
            format_number(r["median"]),
            plain_interval(r),
            format_probability(r["probability_below_null"], 0.0),
            "" if r["tau"] is None else format_number(r["tau"]),
        ]
        for r in found["rows"]
    ]
    factors = [f"Bayes factor for {name}: {value:.3g}" for name, value in found["bayes_factors"].items()]
    if factors:
        factors.append(
            "Both depend on the prior of what they test: the vaguer it is, the lower the factor in its favour."
        )
    title = f"{found['title']} ({found['unit']})"
    return "\n".join(
        [title, "=" * min(78, display_width(title)), "", aligned(header, rows), "", *factors, *found["notes"]]
    )


def _of_regimens(found: PlainMapping) -> str:
    """A comparison of regimens under every variation."""
    rows = found["rows"]
    ci = f"{100 * found['ci_prob']:g} % CrI"
    ratio = any(r["hazard_ratio"] is not None for r in rows) and not found["estimand"].endswith("ratio")
    unit = unit_of_contrast(found["unit"])
    name = name_of({"estimand": found["estimand"], "time": rows[0]["time"]}, time_unit=unit.removesuffix("points"))
    header = ["", "P(better)", f"{name}: {found['unit'].replace('proportion of patients', 'percentage points')} ({ci})"]
    header += ([f"hazard ratio ({ci})"] if ratio else []) + ["log evidence", "Bayes factor"]
    several = len({(r["regimen"], r["endpoint"], r["time"]) for r in rows}) > 1

    def number(value: float) -> str:
        return f"{100.0 * value + 0.0:.1f}" if unit == "points" else format_number(value)

    lines = []
    for r in rows:
        name = f"{r['label']}; {row_label(r, False)}" if several else r["label"]
        line = [
            name,
            format_probability(r["probability_better"], r["mcse_probability"]),
            "{} ({} to {})".format(*(number(r[key]) for key in ("median", "lower", "upper"))),
        ]
        if ratio:
            limits = (r["hazard_ratio"], r["hazard_ratio_lower"], r["hazard_ratio_upper"])
            shown = "{} ({} to {})".format(*map(format_number, limits)) if limits[0] is not None else ""
            line.append(shown)
        evidence = "" if r["log_evidence"] is None else f"{r['log_evidence']:.2f}"
        lines.append([*line, evidence, "" if r["bayes_factor"] is None else f"{r['bayes_factor']:.3g}"])
    first = rows[0]
    title = (
        f"{found['title']}: against {first['reference']}"
        if several
        else (f"{found['title']}: {first['regimen']} against {first['reference']}")
    )
    note = (
        "Bayes factors are against the analysis as specified; they answer which prior or model foresaw the data "
        "better, and vague priors always lose."
    )
    if any(r["log_evidence"] is None for r in rows):
        note += " Where the evidence is blank, the line was sampled by NUTS."
    return "\n".join(
        [title, "=" * min(78, display_width(title)), "", aligned(header, lines), "", note, *found["notes"]]
    )
