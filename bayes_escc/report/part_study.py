"""Parts of the page about question, design and patients: what was asked, of whom, and what was observed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bayes_escc.names import PlainMapping
from bayes_escc.report.blocks import Block, Items, Made, Paragraph, Table
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.quantities import covariate_label, endpoint_name, estimate_text, name_of
from bayes_escc.report.sentences import design_sentence, rope_sentence, verdict
from bayes_escc.report.view import BLANK, View

__all__ = ["design", "estimand", "flow", "follow_up", "headline", "response", "survival", "table1"]


def headline(page: View) -> Made:
    """The question and its answer, in sentences."""
    said = verdict(page.result, page.language)
    blocks: list[Block] = []
    if not page.converged:
        messages = " ".join(page.said(m) for m in page.result["diagnostics"]["messages"])
        return "missing", (Paragraph(said[0], strong=True, alarm=True), Paragraph(messages, alarm=True))
    question = page.facts["question"]
    blocks.append(Paragraph(page.say("question", text=question) if question else page.say("no_question")))
    blocks += [Paragraph(said[0], strong=True), *(Paragraph(text) for text in said[1:])]
    for row, stated in zip(page.result["comparisons"], _stated(page), strict=False):
        equal = rope_sentence(row, stated.get("rationale") or "", page.language)
        blocks += [Paragraph(equal)] if equal else []
    return ("present" if question else "missing"), blocks


def _stated(page: View) -> list[PlainMapping]:
    """What the analysis states of the comparison behind every row."""
    by_estimand: dict[str, PlainMapping] = {c["estimand"]: c for c in page.facts["comparisons"]}
    return [by_estimand.get(r["estimand"], {}) for r in page.result["comparisons"]]


def estimand(page: View) -> Made:
    """The estimand, attribute by attribute (ICH E9(R1))."""
    stated = page.facts["estimand"]
    regimens = dict.fromkeys(r["regimen"] for r in page.result["estimates"] if r.get("regimen"))
    named = (r for r in page.result["estimates"] if r.get("endpoint") and r["estimand"] != "hazard")
    endpoints = dict.fromkeys(str(r["endpoint"]) for r in named)
    timed = ("PFS, OS" if "os" in page.units else "PFS") if page.followed else ""
    variable = ", ".join(endpoint_name(e, page.language) for e in endpoints) or timed
    summary = dict.fromkeys(
        name_of(r, page.units.get(r["estimand"], ""), page.time_unit, page.language) for r in page.result["comparisons"]
    )
    not_stated = page.say("not_stated")
    rows = [
        (page.say("treatment"), " / ".join(regimens) or not_stated),
        (page.say("population"), str(stated.get("population") or not_stated)),
        (page.say("variable"), variable or not_stated),
        (page.say("summary"), ", ".join(summary) or not_stated),
    ]
    keys = ("death", "new_therapy", "missed_scans") if page.followed and page.endpoint != "OS" else ()
    rows += [(page.say(key), page.choice(key, stated.get(key))) for key in keys]
    complete = all(stated.get(k) for k in ("population", *keys))
    table = Table(page.say("estimand_table"), (page.say("attribute"), page.say("value")), tuple(rows))
    return ("present" if complete else "missing"), (table,)


def design(page: View) -> Made:
    """Design, assignment and source of the data; what is not stated stays blank."""
    data, study = page.facts["data"], page.facts["study"]
    anchors = list(dict.fromkeys(r["anchoring"] for r in page.result["comparisons"]))
    designs = ", ".join(page.say(f"design_{d}") if f"design_{d}" in WORDS else d for d in data["designs"])
    rows = [
        (page.say("design"), designs or page.say("not_stated")),
        *((page.say("assignment"), design_sentence(a, page.language)) for a in anchors),
        (page.say("data_source"), str(data["source"])),
        (page.say("studies"), ", ".join(data["studies"]) or BLANK),
    ]
    keys = ("setting", "centres", "period", "ethics", "registration")
    rows += [(page.say(key), str(study.get(key) or BLANK)) for key in keys]
    table = Table(page.say("design_table"), (page.say("attribute"), page.say("value")), tuple(rows))
    return ("present" if all(study.get(k) for k in keys) else "missing"), (table,)


def flow(page: View) -> Made:
    """Rows read, left out with reasons, and analysed."""
    data = page.facts["data"]
    read, used = data["rows_read"], data["rows_used"]
    lines = [
        page.say("flow_read", n=read),
        page.say("flow_excluded", n=max(0, read - used)),
        page.say("flow_used", n=used),
    ]
    notes = [
        f"{page.say('row', n=w['row']) if w['row'] else ''}{page.said(w['message'])}"
        for w in page.result["data"]["warnings"]
    ]
    blocks: list[Block] = [Items(tuple(lines))]
    if notes:
        blocks += [Paragraph(page.say("notes_of_data")), Items(tuple(notes))]
    return "present", blocks


def table1(page: View) -> Made:
    """Patients before treatment, by regimen."""
    rows = page.facts["baseline"]
    if not rows:
        return ("missing" if page.facts["data"]["kind"] == "patients" else "not applicable"), ()
    groups = list(rows[0]["n"])
    size = {g: rows[0]["n"][g] + rows[0]["missing"][g] for g in groups}
    lines: list[tuple[str, ...]] = []
    for row in rows:
        smd = page.say("no_overlap") if not row["overlap"] else "-" if row["smd"] is None else f"{row['smd']:.2f}"
        name = covariate_label(row["name"], page.stated, page.language)
        if row["kind"] == "number":
            cells = []
            for g in groups:
                q = row["quartiles"][g]
                cells.append("-" if q is None else _quartiles(q))
            lines.append((f"{name}, {page.say('median_quartiles')}", *cells, smd))
        else:
            lines.append((f"{name}, {page.say('count_percent')}", *("" for _ in groups), smd))
            known = (
                {"0": "no", "1": "yes"} if set(row["levels"]) <= {"0", "1"} else {"male": "male", "female": "female"}
            )
            said = {level: page.say(word) for level, word in known.items()}
            for level, counts in row["levels"].items():
                shares = [
                    f"{counts[g]} ({100 * counts[g] / max(1, row['n'][g]):.1f}{page.say('percent')})" for g in groups
                ]
                lines.append((f"\u2003{said.get(level, level)}", *shares, ""))
        lines.append((f"\u2003{page.say('missing_values')}", *(str(row["missing"][g]) for g in groups), ""))
    error = math.sqrt(sum(1.0 / n for n in sorted(size.values())[:2])) if len(size) > 1 else 0.0
    note = page.say("smd_note", error=f"{error:.2f}") if len(size) > 1 else ""
    header = ("", *(f"{g} (n = {size[g]})" for g in groups), "SMD")
    return "present", (Table(page.say("table1"), header, tuple(lines), note),)


def _quartiles(q: Sequence[float]) -> str:
    """Median and quartiles with the decimals that readers of a Table 1 expect."""
    decimals = 0 if all(float(v).is_integer() for v in q) else 1 if q[1] >= 10 else 2
    return f"{q[1]:.{decimals}f} ({q[0]:.{decimals}f}, {q[2]:.{decimals}f})"


def follow_up(page: View) -> Made:
    """Follow-up by regimen."""
    rows = page.facts["follow_up"]
    if not rows:
        return ("missing" if page.followed else "not applicable"), ()
    header = tuple(page.say(k) for k in ("regimen", "patients", "events", "censored", "median_follow_up", "longest"))
    lines = tuple(
        (
            r["regimen"],
            str(r["patients"]),
            str(r["events"]),
            f"{r['censored']} ({100 * r['censored'] / max(1, r['patients']):.0f}{page.say('percent')})",
            page.times(r["median_follow_up"]),
            page.times(r["longest"]),
        )
        for r in rows
    )
    return "present", (Table(page.say("follow_up_table"), header, lines, page.say("reverse_km")),)


def response(page: View) -> Made:
    """Events and rates by regimen."""
    rows = page.facts["counts"]
    if not rows:
        return ("not applicable" if page.followed or page.pooled else "missing"), ()
    rates = {(r["regimen"], r["study"], r["endpoint"]): r for r in page.result["estimates"] if r["estimand"] == "rate"}
    lines = []
    for c in rows:
        keys = ((c["regimen"], c["study"], c["endpoint"]), (c["regimen"], None, c["endpoint"]))
        rate = next((rates[k] for k in keys if k in rates), None)
        share = f"{100 * c['events'] / c['n']:.1f}{page.say('percent')}"
        name = name_of({"estimand": "rate", "endpoint": c["endpoint"]}, language=page.language)
        lines.append(
            (
                c["study"],
                c["regimen"],
                name,
                f"{c['events']}/{c['n']}",
                share,
                estimate_text(rate, page.language) if rate else "-",
            )
        )
    header = tuple(page.say(k) for k in ("study", "regimen", "endpoint", "events_of_patients", "observed", "posterior"))
    figures = page.drawn("rates")
    return "present", (Table(page.say("response_table"), header, tuple(lines), page.say("response_note")), *figures)


def survival(page: View) -> Made:
    """Curves with numbers at risk."""
    rows = page.facts["at_risk"]
    if not rows:
        return ("missing" if page.followed and page.result["data"]["patients"] else "not applicable"), ()
    header = (page.say("regimen"), "", *(f"{t:g}" for t in rows[0]["times"]))
    lines = [
        (r["regimen"] if key == "at_risk" else "", page.say(f"{key}_short"), *map(str, r[key]))
        for r in rows
        for key in ("at_risk", "censored", "events")
    ]
    table = Table(page.say("at_risk_table", unit=page.say(page.time_unit)), header, tuple(lines))
    return "present", (*page.drawn("survival", "occupancy"), table, *page.drawn("hazards"))
