"""Bias and populations as plain text: what would tip an answer, and the answer in other populations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.layout import aligned, wrapped
from bayes_escc.report.naming import Naming
from bayes_escc.report.quantities import covariate_label, interval_text
from bayes_escc.report.sentences import margin_text

__all__ = ["bias_text", "companion_rate", "course_text", "overlap_text", "population_text", "tipping_text"]

_ENGLISH: Final = Naming({}, "", False, {})
"""Where rows stand without their result."""


def bias_text(rows: Sequence[PlainMapping], naming: Naming | None = None, *, sentences: bool = True) -> str:
    """P(better) under no bias, half of the bias believed, all of it and double, and where the answer tips."""
    naming = naming or _ENGLISH
    lines = []
    for r in rows:
        name = f"{naming.name(r)}{naming.say('colon')}{naming.pair(r)}"
        for margin in [False] if r["margin"] is None else [False, True]:
            value, error = (
                ("probability_better_by_margin", "mcse_probability_by_margin")
                if margin
                else ("probability_better", "mcse_probability")
            )
            cells = [format_probability(a[value], a[error]) for a in r["averaged"]]
            points = [t for t in r["tipping"] if (t["margin"] is not None) == margin]
            shown = [
                naming.say("none") if t["bias"] is None else f"{t['bias']:+z.2f} ({t['ratio']:.2f})" for t in points
            ]
            size = margin_text(r, naming.unit(r), naming.language) if margin else ""
            lines.append([naming.say("by_size", name=name, size=size) if margin else name, *cells, *shown])
    first = rows[0]
    alike = len({tuple(a["bias_sd"] for a in r["averaged"]) for r in rows}) == 1
    words = [f"{a['bias_sd']:.3g}" for a in first["averaged"]]
    words = words if alike else ["0", *(naming.say(key) for key in ("half", "own_bias", "double"))]
    levels = [naming.say("tips_at", level=f"{t['level']:g}") for t in first["tipping"] if t["margin"] is None]
    on = naming.say("and").join(dict.fromkeys(naming.say(r["bias_scale"]) for r in rows))
    blocks = [
        aligned([naming.say("bias_of_sd"), *words[: len(first["averaged"])], *levels], lines),
        naming.say("biases_on", on=on),
    ]
    said = first["sentences"] if len(rows) == 1 and sentences else []
    return "\n".join([*blocks, *(wrapped(naming.said(sentence), 100) for sentence in said)])


def tipping_text(rows: Sequence[PlainMapping], naming: Naming | None = None) -> str:
    """Where the answer tips and what that would take, under a verdict that has the probabilities already."""
    naming = naming or _ENGLISH
    further = rows[0]["sentences"][1:] if len(rows) == 1 else []
    said = [wrapped(naming.said(sentence), 100) for sentence in further]
    return "\n".join([bias_text(rows, naming, sentences=False), *said])


def course_text(row: PlainMapping, naming: Naming | None = None) -> str:
    """The contrast that is left for each of several biases."""
    naming = naming or _ENGLISH
    margin = row["margin"] is not None
    header = [
        naming.say("bias"),
        naming.say("as_a_ratio"),
        naming.say(row["scale"]),
        naming.interval({"ci_prob": 0.95}),
    ]
    header += [naming.say("better"), *([naming.say("by_margin")] if margin else [])]
    lines = []
    for r in row["course"]:
        known = r["median"] is not None
        line = [f"{r['bias']:+z.2f}", f"{r['ratio']:.2f}", format_number(r["median"])]
        limits = naming.span(format_number(r["lower"]), format_number(r["upper"])) if known else "-"
        line += [limits, format_probability(r["probability_better"], 0.0)]
        line += [format_probability(r["probability_better_by_margin"], 0.0)] if margin else []
        lines.append(line)
    title = naming.say("course", name=naming.name(row), pair=naming.pair(row))
    return "\n".join([title, aligned(header, lines)])


def overlap_text(found: PlainMapping, naming: Naming | None = None) -> str:
    """Balance of own patients with those of a published arm."""
    naming = naming or _ENGLISH
    rows = [
        [
            covariate_label(str(b["covariate"]), naming.stated, naming.language),
            f"{b['own_mean'] + 0.0:.2f}".replace("-0.00", "0.00"),
            f"{b['target_mean']:.2f}",
            f"{b['difference']:+z.2f}",
            naming.span(f"{b['own_low']:.2f}", f"{b['own_high']:.2f}"),
            f"{100 * b['outside']:.0f} %",
        ]
        for b in found["balance"]
    ]
    header = [naming.say(k) for k in ("covariate", "own", "published", "difference_sd", "own_range", "outside")]
    lines = [naming.say("overlap", study=found["study"], state=naming.said(found["state"]))]
    lines += [f"  {naming.said(reason)}{naming.say('full_stop')}" for reason in found["reasons"]]
    lines += [aligned(header, rows)] if rows else []
    share = f"{100 * found['largest_weight']:.0f}"
    lines.append(naming.say("after_matching", ess=f"{found['ess']:.1f}", n=found["patients"], share=share))
    return "\n".join(lines)


def population_text(found: PlainMapping, naming: Naming | None = None) -> str:
    """Answers in every population, with overlap, what every fact contributed, companions, and subgroups."""
    naming = naming or _ENGLISH
    blocks = [_beside_published(found, naming)] if "populations" in found else []
    if found.get("subgroups"):
        blocks.append(_subgroups_text(found, naming))
    return "\n\n".join(blocks)


def _estimand(found: PlainMapping, naming: Naming) -> str:
    """What is compared between populations: an estimand of times, as it is called, or rates."""
    stated = found.get("estimand")
    return naming.say("rate") if stated is None else naming.said(str(stated))


def _beside_published(found: PlainMapping, naming: Naming) -> str:
    """What is said where published arms stand beside own patients."""
    timed = "estimand" in found
    key, effect = ("rmst", "log_hazard_ratio") if timed else ("rate", "log_odds_ratio")
    units = ("", "") if timed else ("proportion", "points")
    rows = [
        [
            naming.said(r["population"]),
            r["regimen"],
            _shown(r, key, units[0], naming),
            "" if r["probability_better"] is None else _shown(r, "difference", units[1], naming),
            format_probability(r["probability_better"], 0.002),
        ]
        for r in found["populations"]
    ]
    from_first, better = naming.say("from_first"), naming.say("better_no_bias")
    header = [naming.say("in_population"), "", _estimand(found, naming), from_first, better]
    lines = [aligned(header, rows), _about_populations(found, naming)]
    ratio = naming.say(effect.removeprefix("log_"))
    whose = naming.say("every_modifier_zero") if found.get("effect_modifiers") else ""
    for r in found["conditional"]:
        shown = _shown({k: _exp(v) for k, v in r.items()}, effect, "", naming)
        lines.append(naming.say("conditional", ratio=ratio, whose=whose, pair=naming.pair(r), shown=shown))
    for c in (c for c in found["identification"] if c["from_the_prior"]):
        name = covariate_label(str(c["covariate"]), naming.stated, naming.language)
        lines.append(naming.say("from_the_prior", name=name))
    lines += _ledger_lines(found, naming)
    lines += ["", *(overlap_text(o, naming) for o in found["overlap"]), ""]
    cells = [
        [
            naming.joined(naming.said(c[k]) for k in ("method", "note")),
            naming.pair(c),
            *(companion_rate(c[k], timed) for k in ("rate", "published_rate")),
            "-" if c[effect] is None else f"{_exp(c[effect]):.2f}",
            f"{c['ess']:.1f}",
        ]
        for c in found["companions"]
    ]
    if cells:
        keys = ("own_per_time" if timed else "own_rate", "published")
        header = [naming.say("companions"), "", *(naming.say(k) for k in keys), ratio, naming.say("patients_column")]
        lines.append(aligned(header, cells))
    integration = found["integration"]
    change = f"{integration['change']:.3f}"
    lines.append(naming.say("integration", rule=naming.said(integration["rule"]), change=change))
    return "\n".join(lines)


def _about_populations(found: PlainMapping, naming: Naming) -> str:
    """Why answers in populations differ, or do not."""
    if not found.get("effect_modifiers"):
        return naming.say("same_everywhere")
    named = [covariate_label(str(n), naming.stated, naming.language) for n in found["effect_modifiers"]]
    return wrapped(naming.say("modifiers", names=naming.joined(named)), 100)


def _subgroups_text(found: PlainMapping, naming: Naming) -> str:
    """P(better) by subgroup, and the warning that subgroups deserve."""
    timed = "estimand" in found
    rows = [
        [
            r["subgroup"],
            naming.pair(r),
            naming.say("both", a=r["patients_on_regimen"], b=r["patients_on_reference"]),
            _shown(r, "difference", "" if timed else "points", naming),
            format_probability(r["probability_better"], 0.002),
        ]
        for r in found["subgroups"]
    ]
    difference = naming.say("difference_in", name=_estimand(found, naming))
    header = [naming.say("subgroup"), "", naming.say("own_patients"), difference, naming.say("better_no_bias")]
    lines = [aligned(header, rows)]
    for c in found["interactions"]:
        if c["from_the_prior"]:
            name = covariate_label(str(c["covariate"]), naming.stated, naming.language)
            lines.append(naming.say("interaction_prior", name=name))
    return "\n".join([*lines, wrapped(naming.said(found["subgroup_warning"]), 100)])


def companion_rate(rate: float | None, timed: bool) -> str:
    """A rate, or events per time, of a companion of the answer; a dash where it has none."""
    if rate is None:
        return "-"
    return format_number(rate) if timed else f"{100 * rate:.1f} %"


def _ledger_lines(found: PlainMapping, naming: Naming) -> list[str]:
    """What every published fact contributed, and what was not used."""
    rows = [
        [
            naming.said(r["fact"]),
            naming.said(r["route"].replace("_", " ")),
            naming.pair(r),
            f"{r['sd']:.3f}",
            (naming.say("refit_tells") if r["sd_without"] is None else f"{r['sd_without']:.3f}")
            + (naming.say("the_prior") if r["all_that_is_known"] else ""),
        ]
        for r in found.get("ledger", ())
    ]
    header = [naming.say(k) for k in ("fact", "route", "log_hazard_ratio", "sd", "sd_without")]
    lines = ["", aligned(header, rows)] if rows else []
    if found.get("not_used"):
        unused = naming.say("separator").join(naming.said(name) for name in found["not_used"])
        lines.append(naming.say("not_used", names=unused))
    return lines


def _shown(row: PlainMapping, name: str, unit: str, naming: Naming) -> str:
    """A number of a population with its interval and unit."""
    values = (row[f"{name}_lower"], row[name], row[f"{name}_upper"])
    middle, span = interval_text(*values, unit, naming.language)
    return f"{middle} ({span})"


def _exp(value: Any) -> Any:
    """The exponential of a number; anything else as it is."""
    return math.exp(min(value, 700.0)) if isinstance(value, float) else value
