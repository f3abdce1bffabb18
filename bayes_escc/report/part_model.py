"""Parts of the page about the model: what it is, what it rests on, whether it fits, how the answer varies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.bias_text import companion_rate
from bayes_escc.report.blocks import Block, Items, Made, Paragraph, Table
from bayes_escc.report.model_words import model_sentences
from bayes_escc.report.monitoring_words import position_sentence
from bayes_escc.report.overlap_text import overlap_sentences
from bayes_escc.report.quantities import covariate_label, covariate_words, interval_text, unit_of_contrast
from bayes_escc.report.view import View

__all__ = [
    "borrowing", "computation", "conflict", "fit", "looks", "missing", "model", "prior_check",
    "priors", "published", "rules", "safety", "sensitivity",
]  # fmt: skip


def model(page: View) -> Made:
    """The model in words, and what it adjusts for."""
    blocks: list[Block] = [Paragraph(model_sentences(page.facts, page.language))]
    names = _adjusted(page)
    return "present", [*blocks, Paragraph(page.say("adjusted", names=", ".join(names)))] if names else blocks


def _adjusted(page: View) -> list[str]:
    """The covariates of the model, as people say them."""
    stated = page.facts["analysis"].get("model", {}).get("covariates", ())
    columns = [str(c.get("column", c)) if isinstance(c, Mapping) else str(c) for c in stated]
    return [covariate_label(c, page.stated, page.language) for c in columns]


def priors(page: View) -> Made:
    """Every prior: its law, its range in clinical units, its reason."""
    lines = [line for line in page.result["analysis"]["priors"] if not _implied(line)]
    blocks: list[Block] = [Items(tuple(page.said(line) for line in lines))] if lines else []
    return ("present" if lines else "missing"), [*blocks, *page.drawn("prior_posterior")]


def _implied(line: str) -> bool:
    return line.startswith(("Together the priors", "And between"))


def prior_check(page: View) -> Made:
    """What the priors imply together, and what they predict of the data."""
    implied = [page.said(p) for p in page.result["analysis"]["priors"] if _implied(p)]
    blocks: list[Block] = [Items(tuple(implied))] if implied else []
    blocks += _replicated(page, "prior_predictive")
    return ("present" if blocks else "missing"), blocks


def _replicated(page: View, key: str) -> list[Block]:
    """Numbers of the data among those of replicates."""
    rows = page.facts.get(key, ())
    if not rows:
        return []
    header = tuple(page.say(k) for k in ("data_number", "observed", f"{key}_range", "tail"))
    lines = tuple(
        (
            page.said(r["what"]),
            f"{r['observed']:.3g}",
            f"{r['lower']:.3g} {page.say('to')} {r['upper']:.3g}",
            format_probability(r["tail"], 0.0005),
        )
        for r in rows
    )
    return [Table(page.say(f"{key}_table"), header, lines, page.say(f"{key}_note"))]


def conflict(page: View) -> Made:
    """Numbers of the data that the priors did not lead one to expect (Box)."""
    notes = page.result["data"]["warnings"]
    said = [page.said(w["message"]) for w in notes if w["code"] == "prior_conflict"]
    blocks: list[Block] = [Paragraph(page.say("conflict_method" if said else "no_conflict"))]
    return "present", [*blocks, Items(tuple(said))] if said else blocks


def computation(page: View) -> Made:
    """Engine, draws, and diagnostics."""
    d, analysis, sampling = page.result["diagnostics"], page.result["analysis"], page.facts["sampling"]
    engine = {"exact": "engine_exact", "nuts": "engine_nuts", "laplace": "engine_laplace"}[analysis["sampler"]]
    rows = [(page.say("engine"), page.say(engine)), (page.say("seed"), str(analysis["seed"]))]
    if analysis["sampler"] == "nuts":
        rows += [
            (page.say("draws"), page.say("draws_text", **sampling)),
            (page.say("max_rhat"), f"{d['max_rhat']:.3f}" if d["max_rhat"] is not None else "-"),
            (page.say("min_ess"), f"{d['min_ess_bulk']:.0f} / {d['min_ess_tail']:.0f}" if d["min_ess_bulk"] else "-"),
            (page.say("divergences"), str(d["divergences"])),
        ]
    rows += [(page.say("messages"), page.said(message)) for message in d["messages"]]
    rows.append((page.say("passed"), page.say("yes") if d["converged"] else page.say("no")))
    rows += [(page.say("version", name=k), v) for k, v in analysis["versions"].items() if v]
    return "present", (Table(page.say("computation_table"), (page.say("attribute"), page.say("value")), tuple(rows)),)


def fit(page: View) -> Made:
    """Data among replicates of them, and whether hazards are proportional."""
    blocks = [*_replicated(page, "posterior_predictive"), *page.drawn("predictive_check")]
    hazards = page.facts.get("proportional_hazards")
    if hazards:
        rows = tuple(
            (
                f"{r['regimen']} / {r['reference']}",
                "{} ({} {to} {})".format(
                    *(format_number(r[k]) for k in ("change", "lower", "upper")), to=page.say("to")
                ),
                format_probability(r["probability_rising"], r["mcse_probability"]),
                format_probability(r["predictive_probability"], 0.01),
            )
            for r in hazards["rows"]
        )
        header = tuple(page.say(k) for k in ("comparison", "hr_change", "pr_rising", "replicates_p"))
        early, late = (page.times(hazards[k]) for k in ("early", "late"))
        blocks.append(Table(page.say("ph_table", early=early, late=late), header, rows))
    return ("present" if blocks else "missing"), blocks


def _numbers(page: View, middle: float, low: float, high: float) -> str:
    """A middle with its interval, without a unit."""
    return f"{format_number(middle)} ({format_number(low)} {page.say('to')} {format_number(high)})"


def sensitivity(page: View) -> Made:
    """The answer under other priors and models, and where bias would tip it."""
    found = page.facts.get("sensitivity")
    blocks: list[Block] = [] if found else [Paragraph(page.say("sensitivity_absent"))]
    if found:
        blocks += [_variations(page, found), *(Paragraph(page.said(note)) for note in found.get("notes", ()))]
        blocks += _scaled(page, found.get("power_scaling"))
    blocks += _tipping(page)
    return ("present" if found else "missing"), [*blocks, *page.drawn("tipping", "dating")]


def _variations(page: View, found: PlainMapping) -> Table:
    """One row for every variation of the analysis."""
    pooled = "probability_better" not in found["rows"][0]
    unit = str(found["unit"])
    measured = unit_of_contrast(unit)
    several = len({(r.get("regimen"), r.get("endpoint"), r.get("time")) for r in found["rows"]}) > 1
    lines = []
    for r in found["rows"]:
        who = [str(r[k]) for k in ("regimen", "endpoint") if several and r.get(k)]
        shown = interval_text(r["lower"], r["median"], r["upper"], measured, page.language)
        p = r["probability_below_null"] if pooled else r["probability_better"]
        error = 0.0 if pooled else r["mcse_probability"]
        label = page.said(str(r["label"]))
        lines.append((", ".join([label, *who]), f"{shown[0]} ({shown[1]})", format_probability(p, error)))
    first = found["rows"][0]
    endpoint = first.get("endpoint") if len({r.get("endpoint") for r in found["rows"]}) == 1 else None
    asked = {"estimand": found["estimand"], "endpoint": endpoint, "time": first.get("time")}
    name = page.said(unit) if pooled else page.name(asked)
    below = page.say("pr_below", null="1" if unit.endswith("ratio") else "0") if pooled else page.say("pr_better")
    header = (page.say("variation"), f"{name}: {page.say('median_interval')}", below)
    return Table(page.say("sensitivity_table"), header, tuple(lines), page.say("sensitivity_note"))


def _scaled(page: View, found: PlainMapping | None) -> list[Block]:
    """What every estimand owes to the prior and to the likelihood."""
    if not found:
        return []
    units = {(r["estimand"], r.get("covariate")): str(r["unit"]) for r in page.result["estimates"]}
    lines = []
    for r in found["estimates"]:
        who = [str(r[k]) for k in ("study", "regimen") if r.get(k)]
        if r.get("covariate"):
            unit = units.get((r["estimand"], r["covariate"]), "")
            who.append(covariate_words(str(r["covariate"]), unit, page.stated, page.language))
        lines.append(
            (
                f"{page.name(r)}: {', '.join(who)}" if who else page.name(r),
                f"{r['prior']:.2f}",
                f"{r['likelihood']:.2f}",
                page.said(r["diagnosis"]),
            )
        )
    header = ("", page.say("of_prior"), page.say("of_likelihood"), "")
    return [Table(page.say("scaling_table"), header, tuple(lines), page.say("scaling_note"))]


def _tipping(page: View) -> list[Block]:
    """How large a bias between the patients would have to be; quantities that one bias tips share their rows."""
    named: dict[tuple[str, tuple[tuple[str, ...], ...]], list[str]] = {}
    for row in page.result.get("bias") or ():
        what = (
            page.name(row) if row.get("endpoint") or row.get("time") is not None else page.name({**row, "time": None})
        )
        tips = []
        for t in row["tipping"]:
            if t["margin"] is None:
                ratio = page.say("no_bias_does") if t["bias"] is None else f"{t['ratio']:.2f}"
                e_value = "-" if t["e_value"] is None else f"{t['e_value']:.2f}"
                tips.append((page.say(f"scale_{row['bias_scale']}"), f"{t['level']:g}", ratio, e_value))
        names = named.setdefault((f"{row['regimen']} / {row['reference']}", tuple(tips)), [])
        if what not in names:
            names.append(what)
    lines = [(f"{who}: {'; '.join(names)}", *tip) for (who, tips), names in named.items() for tip in tips]
    if not lines:
        return []
    header = tuple(page.say(k) for k in ("comparison", "bias_scale", "tips_at", "bias_ratio", "e_value"))
    return [Table(page.say("tipping_table"), header, tuple(lines), page.say("tipping_note"))]


def borrowing(page: View) -> Made:
    """What was borrowed from earlier trials, and the answer with and without it."""
    found = page.result.get("borrowing")
    if not found:
        return "not applicable", ()
    historical = found["historical"]
    patients, who = sum(h["n"] for h in historical), ", ".join(found["borrows"])
    blocks: list[Block] = [Paragraph(page.say("borrowed", arms=len(historical), patients=patients, who=who))]
    header = tuple(page.say(k) for k in ("regimen", "robust_weight", "events_of_patients", "median_interval", "tail"))
    lines = []
    for r in found["answers"]:
        weight = page.say("no_borrowing") if r["robust_weight"] == 1 else f"{r['robust_weight']:.3g}"
        shown = interval_text(r["lower"], r["median"], r["upper"], "proportion", page.language)
        mark = " *" if r["primary"] else ""
        tail = format_probability(r["predictive_tail"], 0.0)
        lines.append((r["regimen"], f"{weight}{mark}", f"{r['events']}/{r['n']}", f"{shown[0]} ({shown[1]})", tail))
    blocks.append(Table(page.say("borrowing_table"), header, tuple(lines), page.say("borrowing_note")))
    return "present", [
        *blocks,
        Paragraph(page.said(str(found.get("caution", "")))),
        *page.drawn("historical_rates", "borrowing"),
    ]


def published(page: View) -> Made:
    """Overlap of patients; beside published arms answers in every population, and what each fact contributed."""
    found, between = page.result.get("population") or {}, page.result.get("overlap") or ()
    if not (found or between):
        return "not applicable", ()
    timed = "estimand" in found
    blocks: list[Block] = [_between(page, one) for one in between]
    if "populations" in found:
        blocks += [_populations(page, found, timed), _overlaps(page, found), *_companions(page, found, timed)]
    if found.get("subgroups"):
        lines = tuple(
            (
                r["subgroup"],
                f"{r['regimen']} / {r['reference']}",
                f"{r['patients_on_regimen']} / {r['patients_on_reference']}",
                _with_limits(page, r, "difference", page.time_unit if timed else "points"),
                format_probability(r["probability_better"], 0.002),
            )
            for r in found["subgroups"]
        )
        keys = ("subgroup", "comparison", "patients", "difference_column", "pr_unbiased_better")
        header = tuple(page.say(k) for k in keys)
        blocks.append(Table(page.say("subgroups_table"), header, lines, page.said(found["subgroup_warning"])))
    return "present", [*blocks, *page.drawn("reconstruction", "balance", "propensity", "ledger")]


def _populations(page: View, found: PlainMapping, timed: bool) -> Table:
    """The answer in every population."""
    key, unit = ("rmst", page.time_unit) if timed else ("rate", "proportion")
    lines = []
    for r in found["populations"]:
        compared = r["probability_better"] is not None
        difference = _with_limits(page, r, "difference", page.time_unit if timed else "points") if compared else ""
        shown = (r["regimen"], _with_limits(page, r, key, unit), difference)
        better = format_probability(r["probability_better"], 0.002) if compared else ""
        lines.append((page.said(r["population"]), *shown, better))
    named = page.said(str(found["estimand"])) if timed else page.say("rate_of_events")
    named = named[:1].upper() + named[1:]
    header = (
        page.say("population"),
        page.say("regimen"),
        named,
        page.say("difference_column"),
        page.say("pr_unbiased_better"),
    )
    return Table(page.say("populations_table"), header, tuple(lines), page.say("populations_note"))


def _why(page: View, found: PlainMapping) -> str:
    """The reasons of a state of overlap."""
    reasons = "; ".join(page.said(str(reason)) for reason in found["reasons"])
    return page.say("overlap_why", reasons=reasons) if reasons else ""


def _between(page: View, found: PlainMapping) -> Items:
    """How far the patients of two regimens overlap."""
    named = {"a": found["regimen"], "b": found["reference"], "state": page.said(found["state"])}
    first = page.say("overlap_between", why=_why(page, found), **named)
    return Items((first, *overlap_sentences(found, page.language)))


def _overlaps(page: View, found: PlainMapping) -> Items:
    """How far own and published patients overlap."""
    said = []
    for o in found["overlap"]:
        why = _why(page, o)
        named = {"study": o["study"], "state": page.said(o["state"]), "ess": f"{o['ess']:.1f}", "n": o["patients"]}
        said.append(page.say("overlap", why=why, **named))
    return Items(tuple(said))


def _companions(page: View, found: PlainMapping, timed: bool) -> list[Block]:
    """What other methods say, for comparison; how exact the integration is; and what was left out."""
    effect = "log_hazard_ratio" if timed else "log_odds_ratio"
    lines = tuple(
        (
            page.said(c["method"]),
            f"{c['regimen']} / {c['reference']}",
            companion_rate(c["rate"], timed),
            companion_rate(c["published_rate"], timed),
            "-" if c[effect] is None else format_number(math.exp(c[effect])),
            f"{c['ess']:.1f}",
        )
        for c in found["companions"]
    )
    values = ("own_per_time", "published_per_time") if timed else ("own_rate", "published_rate")
    keys = ("method", "comparison", *values, "hazard_ratio_column" if timed else "odds_ratio_column", "patients")
    header = tuple(page.say(k) for k in keys)
    blocks: list[Block] = []
    if lines:
        blocks.append(Table(page.say("other_methods_table"), header, lines, page.say("other_methods_note")))
    integration = found["integration"]
    change = f"{integration['change']:.3f}"
    said = [page.say("integration", rule=page.said(integration["rule"]), change=change)]
    if found.get("not_used"):
        said.append(page.say("not_used", names="; ".join(page.said(name) for name in found["not_used"])))
    return [*blocks, Items(tuple(said))]


def _with_limits(page: View, row: PlainMapping, name: str, unit: str) -> str:
    """A number of a row with its limits."""
    shown = interval_text(row[f"{name}_lower"], row[name], row[f"{name}_upper"], unit, page.language)
    return f"{shown[0]} ({shown[1]})"


def rules(page: View) -> Made:
    """Where every decision rule stands."""
    found = page.result.get("monitoring")
    if not found:
        return "not applicable", ()
    said = tuple(position_sentence(r, page.language, page.own) for r in found)
    return "present", (Items(said), *page.drawn("monitoring"))


def looks(page: View) -> Made:
    """The data cuts of a study: what changed at each, and P(better) after it with its false-alarm rate."""
    rows: Sequence[PlainMapping] = page.facts.get("looks", ())
    if not rows:
        return "not applicable", ()
    header = tuple(
        page.say(k)
        for k in ("cut", "date", "patients", "events", "pr_better", "median_interval", "false_alarm", "changes")
    )
    lines = []
    for r in rows:
        first = r["comparison"]
        p = format_probability(first["probability_better"], first["mcse_probability"]) if first else "-"
        shown = ("", "")
        if first:
            unit = page.units.get(first["estimand"], "") if first["scale"] == "difference" else ""
            unit = "points" if unit.startswith("proportion") else unit
            shown = interval_text(first["lower"], first["median"], first["upper"], unit, page.language)
        alarm = "; ".join(format_probability(a, 0.0) for a in r["false_alarms"] if a is not None) or "-"
        changed = "; ".join(f"{page.said(kind)} {n}" for kind, n in r["changes"].items()) or "-"
        cut = str(r["cut"]) + (f" ({page.say('withdrawal')})" if r["action"] == "withdraw" else "")
        lines.append(
            (cut, r["at"], str(r["patients"]), str(r["events"]), p, f"{shown[0]} ({shown[1]})" if first else "-", alarm,
             changed)
        )  # fmt: skip
    last = next((r["comparison"] for r in reversed(rows) if r["comparison"]), None)
    note = page.say("looks_note")
    if last:
        note = f"{last['regimen']} / {last['reference']}: {page.name(last)}. {note}"
    blocks: list[Block] = [Table(page.say("looks_table"), header, tuple(lines), note)]
    reasons = [f"{r['cut']}: {r['why']}" for r in rows if r["why"]]
    if reasons:
        blocks += [Paragraph(page.say("reasons")), Items(tuple(reasons))]
    return "present", [*blocks, *page.drawn("study")]


def missing(page: View) -> Made:
    """Patients without a value, by covariate."""
    rows = page.facts["baseline"]
    if not rows:
        return "not applicable", ()
    lines = [f"{covariate_label(r['name'], page.stated, page.language)}: {sum(r['missing'].values())}" for r in rows]
    return "present", (Paragraph(page.say("missing_text")), Items(tuple(lines)))


def safety(page: View) -> Made:
    """Adverse events, where they are among the endpoints."""
    adverse = [c for c in page.facts["counts"] if "grade" in str(c["endpoint"]).lower() or "AE" in str(c["endpoint"])]
    return ("present" if adverse else "missing"), (Paragraph(page.say("safety_above")),) if adverse else ()
