"""Parts of the page with the numbers: estimates, comparisons, forest."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.blocks import Block, Items, Made, Paragraph, Table
from bayes_escc.report.quantities import (
    covariate_words,
    endpoint_name,
    estimate_text,
    is_log_ratio,
    name_of,
    of_itself,
)
from bayes_escc.report.sentences import allows_for_bias, contrast_text, headline_probability, margin_text, said_before
from bayes_escc.report.view import View

__all__ = ["estimates", "forest", "probability"]


def estimates(page: View) -> Made:
    """Posterior estimates, absolute and relative."""
    lines, before = [], None
    several = len({r["endpoint"] for r in page.result["estimates"] if r["endpoint"]}) > 1
    for r in page.result["estimates"]:
        unit = str(r["unit"])
        if r["estimand"] in ("log_hazard_ratio", "mu") or of_itself(r):
            continue
        name = name_of(r, unit, page.time_unit, page.language)
        if r["estimand"] == "coefficient" and is_log_ratio(unit):
            ratio = unit.partition(" per ")[0].removeprefix("log ").replace(" ", "_")
            name = name_of({"estimand": ratio, "time": None}, "", "", page.language)
        parts = [str(r[k]) for k in ("study", "regimen") if r.get(k)]
        if r.get("endpoint") and several and r["estimand"] != "rate":
            parts.append(endpoint_name(str(r["endpoint"]), page.language))
        if r.get("covariate"):
            parts.append(covariate_words(str(r["covariate"]), unit, page.stated, page.language))
        who = ", ".join(parts)
        lines.append((name if name != before else "", who, estimate_text(r, page.language)))
        before = name
    header = (page.say("quantity"), "", page.say("median_interval"))
    table = Table(page.say("estimates_table"), header, tuple(lines), page.say("equal_tailed"))
    alone = ("medians",) if page.facts["counts"] else ("medians", "rates")  # rates stand beside the counts
    return "present", (table, *page.drawn(*alone), *_needed_to_treat(page), *_weights(page))


def _needed_to_treat(page: View) -> tuple[Table, ...]:
    """Numbers needed to treat at the stated baseline, where the analysis states one."""
    rows = page.result.get("needed_to_treat") or ()
    named = _named_keys(rows, "regimen", "endpoint", "covariate")
    header = ("", page.say("median_interval"), page.say("pr_benefit"))
    lines = tuple(
        (
            ", ".join(str(r[k]) for k in named if r[k]),
            page.said(r["sentence"]),
            format_probability(r["probability_benefit"], r["mcse_probability"]),
        )
        for r in rows
    )
    return (Table(page.say("needed_table"), header, lines, page.say("needed_note")),) if lines else ()


def _weights(page: View) -> tuple[Table, ...]:
    """What every study, and the prior, is worth in a pooled effect."""
    rows = page.result.get("weights") or ()
    beside = [
        k for k in _named_keys(rows, "regimen", "endpoint", "covariate") if len({r[k] for r in rows if r["study"]}) > 1
    ]
    header = (page.say("study"), page.say("weight"), page.say("weight_common"))
    lines = []
    for r in rows:
        named = [str(r[k]) for k in beside if r[k]]
        words = [page.said(n) if " against " in n or n.startswith("slope on ") else n for n in named]
        who = [str(r["study"]) if r["study"] else page.say("weight_prior"), *words]
        lines.append((", ".join(who), *(f"{100 * r[k]:.1f}%" for k in ("weight", "weight_common"))))
    return (Table(page.say("weights_table"), header, tuple(lines), page.say("weights_note")),) if lines else ()


def _named_keys(rows: Sequence[PlainMapping], *keys: str) -> list[str]:
    """The keys that name something in at least one row."""
    return [k for k in keys if any(r[k] for r in rows)]


def probability(page: View) -> Made:
    """Comparisons: P(better), by the margin, in the region of practical equivalence."""
    rows = page.result["comparisons"]
    if not rows or not page.converged:
        return ("not applicable" if not rows else "missing"), ()
    lines = []
    for row, repeated in zip(rows, said_before(rows), strict=True):
        unit = page.units.get(row["estimand"], "")
        margin = ""
        if row["margin"] is not None and row["probability_better_by_margin"] is not None:
            p = format_probability(*headline_probability(row, margin=True))
            margin = f"{p} ({margin_text(row, unit, page.language)})"
        rope = format_probability(row["probability_in_rope"], row["mcse_probability_in_rope"])
        name = name_of(row, unit, page.time_unit, page.language)
        scale = {"odds_ratio": page.say("odds_ratio"), "ratio": page.say("ratio")}.get(
            row["scale"], page.say("difference")
        )
        better = format_probability(*headline_probability(row))
        without = format_probability(row["probability_better"], row["mcse_probability"])
        lines.append(
            (
                f"{row['regimen']} / {row['reference']}",
                name if scale in name else f"{name}: {scale}",
                contrast_text(row, unit, page.language),
                page.say("same") if repeated else better,
                page.say("same") if repeated else without if allows_for_bias(row) else "",
                margin,
                rope,
            )
        )
    keys = ("comparison", "quantity", "median_interval", "pr_better", "pr_unbiased", "pr_margin", "pr_rope")
    filled = [i for i in range(len(keys)) if i < 4 or any(line[i] not in ("", "-", page.say("same")) for line in lines)]
    blocks: list[Block] = [
        Table(
            page.say("probability_table"),
            tuple(page.say(keys[i]) for i in filled),
            tuple(tuple(line[i] for i in filled) for line in lines),
            page.say("probability_note") + (page.say("same_note") if any(said_before(rows)) else ""),
        )
    ]
    blocks += _joint(page)
    reasons = []
    for c in page.facts["comparisons"]:
        if c["margin"] is not None or c["rope"] is not None:
            fixed = (
                page.say(f"fixed_{c['fixed']}")
                if c.get("fixed") in ("before", "after")
                else page.say("fixed_not_stated")
            )
            name = name_of({"estimand": c["estimand"], "time": None}, "", "", page.language)
            reasons.append(f"{name}: {c.get('rationale') or page.say('no_rationale')}; {fixed}")
    if reasons:
        blocks += [Paragraph(page.say("margins")), Items(tuple(reasons))]
    biases = page.result.get("bias") or ()
    blocks += [Paragraph("".join(page.said(f"{s} ") for s in tip["sentences"])) for tip in biases[:1]]
    blocks += page.drawn("difference", "odds_ratio", "ratio", "better_over_time")
    complete = all(c.get("rationale") and c.get("fixed") for c in page.facts["comparisons"] if c["margin"] is not None)
    return ("present" if complete else "missing"), blocks


def _joint(page: View) -> list[Block]:
    """Better in both of two estimands, in one of them, in neither."""
    cases = ("both", "first_only", "second_only", "neither")
    lines = []
    for r in page.result.get("joint", ()):
        names = [page.name({"estimand": r[k], "time": r["time"]}) for k in ("first", "second")]
        shares = [format_probability(r[f"probability_{case}"], r[f"mcse_{case}"]) for case in cases]
        correlation = "-" if r["correlation"] is None else f"{r['correlation']:.2f}"
        lines.append((f"{r['regimen']} / {r['reference']}", " / ".join(names), *shares, correlation))
    header = (page.say("comparison"), page.say("quantity"), *(page.say(f"joint_{c}") for c in cases))
    table = Table(page.say("joint_table"), (*header, page.say("correlation")), tuple(lines), page.say("joint_note"))
    return [table] if lines else []


def forest(page: View) -> Made:
    """Forest plots, networks and ranks."""
    found = page.drawn("hazard_ratios", "forest", "funnel", "regimens", "network", "ranks", "league", "heterogeneity")
    return ("present" if found else "not applicable"), found
