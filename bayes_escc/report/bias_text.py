"""Bias and populations as plain text: what would tip an answer, and the answer in other populations."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.layout import aligned, plain_interval
from bayes_escc.report.quantities import Naming, covariate_label, interval_text
from bayes_escc.report.sentences import margin_text

__all__ = ["bias_text", "course_text", "overlap_text", "population_text", "tipping_text"]


def bias_text(rows: Sequence[PlainMapping], naming: Naming | None = None) -> str:
    """P(better) under no bias, half of the bias believed, all of it and double, and where the answer tips."""
    naming = naming or Naming({}, "", len({r["endpoint"] for r in rows}) > 1, {})
    lines = []
    for r in rows:
        name = f"{naming.name(r)}: {r['regimen']} against {r['reference']}"
        for margin in [False] if r["margin"] is None else [False, True]:
            value, error = (
                ("probability_better_by_margin", "mcse_probability_by_margin")
                if margin
                else ("probability_better", "mcse_probability")
            )
            cells = [format_probability(a[value], a[error]) for a in r["averaged"]]
            points = [t for t in r["tipping"] if (t["margin"] is not None) == margin]
            shown = ["none" if t["bias"] is None else f"{t['bias']:+.2f} ({t['ratio']:.2f})" for t in points]
            lines.append([f"{name}, by {margin_text(r, naming.unit(r))}" if margin else name, *cells, *shown])
    first = rows[0]
    alike = len({tuple(a["bias_sd"] for a in r["averaged"]) for r in rows}) == 1
    words = [f"{a['bias_sd']:.3g}" for a in first["averaged"]] if alike else ["0", "half of its own", "own", "double"]
    levels = [f"tips at {t['level']:g}" for t in first["tipping"] if t["margin"] is None]
    scales = {"log_odds": "log odds (odds ratio)", "log_hazard": "log hazard (hazard ratio)"}
    on = " and ".join(dict.fromkeys(scales[r["bias_scale"]] for r in rows))
    blocks = [
        aligned(["P(better) for a bias of sd", *words[: len(first["averaged"])], *levels], lines),
        f"Biases are on the {on}: what is observed is the regimen's own plus the bias.",
    ]
    return "\n".join([*blocks, *(first["sentences"] if len(rows) == 1 else [])])


def tipping_text(rows: Sequence[PlainMapping]) -> str:
    """Where the answer tips and what that would take, under a verdict that has the probabilities already."""
    table = bias_text([{**row, "sentences": []} for row in rows])
    further = rows[0]["sentences"][1:] if len(rows) == 1 else []
    return "\n".join([table, *(textwrap.fill(sentence, 100) for sentence in further)])


def course_text(row: PlainMapping) -> str:
    """The contrast that is left for each of several biases."""
    margin = row["margin"] is not None
    header = ["bias", "as a ratio", row["scale"].replace("_", " "), "95 % CrI", "P(better)"]
    header += [f"P(better by {row['margin']:g})"] if margin else []
    lines = []
    for r in row["course"]:
        line = [f"{r['bias']:+.2f}", f"{r['ratio']:.2f}", format_number(r["median"])]
        line += ["-" if r["median"] is None else plain_interval(r), format_probability(r["probability_better"], 0.0)]
        line += [format_probability(r["probability_better_by_margin"], 0.0)] if margin else []
        lines.append(line)
    time = "" if row["time"] is None else f" at {row['time']:g}"
    title = f"{row['estimand']}{time} of {row['regimen']} against {row['reference']} once a bias is taken away"
    return "\n".join([title, aligned(header, lines)])


def overlap_text(found: PlainMapping) -> str:
    """Balance of own patients with those of a published arm."""
    rows = [
        [
            covariate_label(str(b["covariate"])),
            f"{b['own_mean'] + 0.0:.2f}".replace("-0.00", "0.00"),
            f"{b['target_mean']:.2f}",
            f"{b['difference']:+.2f}",
            f"{b['own_low']:.2f} to {b['own_high']:.2f}",
            f"{100 * b['outside']:.0f} %",
        ]
        for b in found["balance"]
    ]
    header = ["covariate, as modelled", "own", "published", "difference in sd", "own range", "outside it"]
    lines = [f"{found['study']}: overlap is {found['state']}.", *(f"  {reason}." for reason in found["reasons"])]
    lines += [aligned(header, rows)] if rows else []
    weights = f"{found['ess']:.1f} of {found['patients']} own patients count after matching"
    lines.append(f"{weights}; the largest weight is {100 * found['largest_weight']:.0f} %.")
    return "\n".join(lines)


def population_text(found: PlainMapping) -> str:
    """Answers in every population, with overlap, what every fact contributed, companions, and subgroups."""
    blocks = [_beside_published(found)] if "populations" in found else []
    if found.get("subgroups"):
        blocks.append(_subgroups_text(found))
    return "\n\n".join(blocks)


def _beside_published(found: PlainMapping) -> str:
    """What is said where published arms stand beside own patients."""
    timed = "estimand" in found
    key, effect = ("rmst", "log_hazard_ratio") if timed else ("rate", "log_odds_ratio")
    units = ("", "") if timed else ("proportion", "points")
    rows = [
        [
            r["population"],
            r["regimen"],
            _shown(r, key, units[0]),
            "" if r["probability_better"] is None else _shown(r, "difference", units[1]),
            format_probability(r["probability_better"], 0.002),
        ]
        for r in found["populations"]
    ]
    header = ["in the population", "", found.get("estimand", "rate"), "difference from the first", "P(better), no bias"]
    lines = [aligned(header, rows), _about_populations(found)]
    ratio = effect.removeprefix("log_").replace("_", " ")
    whose = " where every modifier is zero, as modelled" if found.get("effect_modifiers") else ""
    for r in found["conditional"]:
        shown = _shown({k: _exp(v) for k, v in r.items()}, effect, "")
        lines.append(f"Conditional {ratio}{whose}, {r['regimen']} against {r['reference']}: {shown}.")
    lines += [f"{c['covariate']}: known from the prior alone." for c in found["identification"] if c["from_the_prior"]]
    lines += _ledger_lines(found)
    lines += ["", *(overlap_text(o) for o in found["overlap"]), ""]
    cells = [
        [
            f"{c['method']}, {c['note']}",
            f"{c['regimen']} against {c['reference']}",
            *(_companion_rate(c[k], timed) for k in ("rate", "published_rate")),
            "-" if c[effect] is None else f"{_exp(c[effect]):.2f}",
            f"{c['ess']:.1f}",
        ]
        for c in found["companions"]
    ]
    if cells:
        rate = "own events per time" if timed else "own rate"
        lines.append(aligned(["companions", "", rate, "published", ratio, "patients"], cells))
    change = found["integration"]["change"]
    lines.append(f"Integration over published covariates ({found['integration']['rule']}): {change:.3f} posterior sd.")
    return "\n".join(lines)


def _about_populations(found: PlainMapping) -> str:
    """Why answers in populations differ, or do not."""
    if not found.get("effect_modifiers"):
        return "Regimens share the coefficients, so P(better) is the same in every population; only sizes differ."
    named = ", ".join(covariate_label(str(n)) for n in found["effect_modifiers"])
    return textwrap.fill(
        f"{named} may act differently on each regimen, so P(better) differs between populations. In that of the "
        "published arm the answer rests on data; elsewhere also on what is known of the interaction.",
        100,
    )


def _subgroups_text(found: PlainMapping) -> str:
    """P(better) by subgroup, and the warning that subgroups deserve."""
    timed = "estimand" in found
    rows = [
        [
            r["subgroup"],
            f"{r['regimen']} against {r['reference']}",
            f"{r['patients_on_regimen']} and {r['patients_on_reference']}",
            _shown(r, "difference", "" if timed else "points"),
            format_probability(r["probability_better"], 0.002),
        ]
        for r in found["subgroups"]
    ]
    header = ["subgroup", "", "own patients", f"difference in {found.get('estimand', 'rate')}", "P(better), no bias"]
    lines = [aligned(header, rows)]
    for c in found["interactions"]:
        if c["from_the_prior"]:
            lines.append(f"{c['covariate']}: how far the coefficient differs is known from the prior alone.")
    return "\n".join([*lines, textwrap.fill(found["subgroup_warning"], 100)])


def _companion_rate(rate: float | None, timed: bool) -> str:
    if rate is None:
        return "-"
    return format_number(rate) if timed else f"{100 * rate:.1f} %"


def _ledger_lines(found: PlainMapping) -> list[str]:
    """What every published fact contributed, and what was not used."""
    rows = [
        [
            r["fact"],
            r["route"].replace("_", " "),
            f"{r['regimen']} against {r['reference']}",
            f"{r['sd']:.3f}",
            ("only a refit tells" if r["sd_without"] is None else f"{r['sd_without']:.3f}")
            + (" (the prior)" if r["all_that_is_known"] else ""),
        ]
        for r in found.get("ledger", ())
    ]
    header = ["published fact", "route", "log hazard ratio", "sd", "sd without it"]
    lines = ["", aligned(header, rows)] if rows else []
    if found.get("not_used"):
        lines.append(f"Not used: {'; '.join(found['not_used'])}.")
    return lines


def _shown(row: PlainMapping, name: str, unit: str) -> str:
    """A number of a population with its interval and unit."""
    middle, span = interval_text(row[f"{name}_lower"], row[name], row[f"{name}_upper"], unit)
    return f"{middle} ({span})"


def _exp(value: Any) -> Any:
    """The exponential of a number; anything else as it is."""
    return math.exp(min(value, 700.0)) if isinstance(value, float) else value
