"""The page as values: sections of paragraphs, tables and figures, made of the facts of `page.json` alone.

HTML and Word are two views of these sections, so that no number can differ between them. What a section needs and does
not have is named in it; its status (present, missing, not applicable) is what the checklists at the end count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from bayes_escc.names import format_probability
from bayes_escc.report.page_words import CHECKLISTS, LIMITATIONS, TITLES, WORDS
from bayes_escc.report.sentences import (
    Language,
    allows_for_bias,
    contrast_text,
    design_sentence,
    estimate_text,
    headline_probability,
    interval_text,
    is_log_ratio,
    margin_text,
    name_of,
    per_step,
    rope_sentence,
    verdict,
)

__all__ = ["Figure", "Items", "Link", "Paragraph", "Paste", "Section", "Table", "sections"]

Status = Literal["present", "missing", "not applicable"]
Facts = Mapping[str, Any]
BLANK: Final = "____"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `strong` where it is the answer, `alarm` where it warns."""

    text: str
    strong: bool = False
    alarm: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its title above and its note below."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure of the results folder, by file name without suffix."""

    name: str
    caption: str


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Paste:
    """A paragraph to copy into a paper."""

    title: str
    text: str


@dataclass(frozen=True)
class Link:
    """A row of a checklist: the item, and the section that answers it."""

    item: str
    anchor: str
    title: str
    status: Status


Block = Paragraph | Table | Figure | Items | Paste | Link


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Parameters
    ----------
    anchor, title : str
    status : {"present", "missing", "not applicable"}
    blocks : tuple
    """

    anchor: str
    title: str
    status: Status
    blocks: tuple[Block, ...]


def sections(facts: Facts, language: Language, figures: Sequence[str] = ()) -> list[Section]:
    """The sections of the page of one analysis.

    Parameters
    ----------
    facts : mapping
        The content of `page.json`.
    language : {"en", "zh"}
    figures : sequence of str
        Names, without suffix, of the figures in the results folder.
    """
    page = _Page(facts, language, tuple(figures))
    made = [page.section(anchor, make) for anchor, make in _PARTS.items()]
    states = {s.anchor: s.status for s in made}
    checks = [Section("checklists", TITLES["checklists"][language], "present", page.checklists(states))]
    return [*made, *checks]


class _Page:
    """Facts, language and figures of a page that is being made."""

    def __init__(self, facts: Facts, language: Language, figures: tuple[str, ...]) -> None:
        self.facts, self.language, self.figures = facts, language, figures
        self.result = facts["result"]
        self.converged = bool(self.result["diagnostics"]["converged"])
        self.units = {r["estimand"]: str(r["unit"]) for r in self.result["estimates"]}
        self.time_unit = self.units.get("median", self.units.get("rmst", ""))
        self.survival = self.result["analysis"]["family"] == "survival"
        self.synthesis = self.result["analysis"]["family"] == "synthesis"

    def say(self, key: str, **values: Any) -> str:
        """A phrase of the page in its language."""
        return WORDS[key][self.language].format(**values)

    def section(self, anchor: str, make: Callable[[_Page], tuple[Status, Sequence[Block]]]) -> Section:
        status, blocks = make(self)
        if status != "present" and not blocks:
            reason = "absent" if status == "missing" else "not_applicable"
            blocks = (Paragraph(self.say(reason)),)
        return Section(anchor, TITLES[anchor][self.language], status, tuple(blocks))

    def number(self, value: float | None, decimals: int = 1) -> str:
        return self.say("not_reached") if value is None else f"{value:.{decimals}f}"

    def times(self, value: float | None) -> str:
        """A time with its unit."""
        if value is None:
            return self.say("not_reached")
        return interval_text(value, value, value, self.time_unit, self.language)[0]

    def choice(self, key: str, value: Any) -> str:
        """What the analysis states of an intercurrent event, in words."""
        if not value:
            return self.say("not_stated")
        phrase = f"{key}_{str(value).replace(' ', '_')}"
        return self.say(phrase) if phrase in WORDS else str(value)

    def checklists(self, states: Mapping[str, Status]) -> tuple[Block, ...]:
        blocks: list[Block] = []
        for name, rows in CHECKLISTS.items():
            blocks.append(Paragraph(name, strong=True))
            blocks += [
                Link(item[self.language], anchor, TITLES[anchor][self.language], states[anchor])
                for item, anchor in rows
            ]
        return tuple(blocks)


# ---- the parts, in order ----------------------------------------------------------------------

Made = tuple[Status, Sequence[Block]]


def _headline(page: _Page) -> Made:
    said = verdict(page.result, page.language)
    blocks: list[Block] = []
    if not page.converged:
        messages = " ".join(page.result["diagnostics"]["messages"])
        return "missing", (Paragraph(said[0], strong=True, alarm=True), Paragraph(messages, alarm=True))
    question = page.facts["question"]
    blocks.append(Paragraph(page.say("question", text=question) if question else page.say("no_question")))
    blocks += [Paragraph(said[0], strong=True), *(Paragraph(text) for text in said[1:])]
    for row, stated in zip(page.result["comparisons"], _stated(page), strict=False):
        equal = rope_sentence(row, stated.get("rationale") or "", page.language)
        blocks += [Paragraph(equal)] if equal else []
    return ("present" if question else "missing"), blocks


def _stated(page: _Page) -> list[Mapping[str, Any]]:
    """What the analysis states of the comparison behind every row."""
    by_estimand: dict[str, Mapping[str, Any]] = {c["estimand"]: c for c in page.facts["comparisons"]}
    return [by_estimand.get(r["estimand"], {}) for r in page.result["comparisons"]]


def _estimand(page: _Page) -> Made:
    stated = page.facts["estimand"]
    regimens = dict.fromkeys(r["regimen"] for r in page.result["estimates"] if r.get("regimen"))
    endpoints = dict.fromkeys(str(r["endpoint"]) for r in page.result["estimates"] if r.get("endpoint"))
    variable = ", ".join(endpoints) or ("PFS" if page.survival else "")
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
    keys = ("death", "new_therapy", "missed_scans") if page.survival else ()
    rows += [(page.say(key), page.choice(key, stated.get(key))) for key in keys]
    complete = all(stated.get(k) for k in ("population", *keys))
    table = Table(page.say("estimand_table"), (page.say("attribute"), page.say("value")), tuple(rows))
    return ("present" if complete else "missing"), (table,)


def _design(page: _Page) -> Made:
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


def _flow(page: _Page) -> Made:
    data = page.facts["data"]
    read, used = data["rows_read"], data["rows_used"]
    lines = [
        page.say("flow_read", n=read),
        page.say("flow_excluded", n=max(0, read - used)),
        page.say("flow_used", n=used),
    ]
    notes = [
        f"{page.say('row', n=w['row']) if w['row'] else ''}{w['message']}" for w in page.result["data"]["warnings"]
    ]
    blocks: list[Block] = [Items(tuple(lines))]
    if notes:
        blocks += [Paragraph(page.say("notes_of_data")), Items(tuple(notes))]
    return "present", blocks


def _table1(page: _Page) -> Made:
    rows = page.facts["baseline"]
    if not rows:
        return ("missing" if page.facts["data"]["kind"] == "patients" else "not applicable"), ()
    groups = list(rows[0]["n"])
    size = {g: rows[0]["n"][g] + rows[0]["missing"][g] for g in groups}
    lines: list[tuple[str, ...]] = []
    for row in rows:
        smd = page.say("no_overlap") if not row["overlap"] else "-" if row["smd"] is None else f"{row['smd']:.2f}"
        name = row["name"].replace("_", " ")
        if row["kind"] == "number":
            cells = []
            for g in groups:
                q = row["quartiles"][g]
                cells.append("-" if q is None else f"{q[1]:.4g} ({q[0]:.4g}, {q[2]:.4g})")
            lines.append((f"{name}, {page.say('median_quartiles')}", *cells, smd))
        else:
            lines.append((f"{name}, {page.say('count_percent')}", *("" for _ in groups), smd))
            for level, counts in row["levels"].items():
                shares = [
                    f"{counts[g]} ({100 * counts[g] / max(1, row['n'][g]):.1f}{page.say('percent')})" for g in groups
                ]
                lines.append((f"\u2003{level}", *shares, ""))
        lines.append((f"\u2003{page.say('missing_values')}", *(str(row["missing"][g]) for g in groups), ""))
    error = math.sqrt(sum(1.0 / n for n in sorted(size.values())[:2])) if len(size) > 1 else 0.0
    note = page.say("smd_note", error=f"{error:.2f}") if len(size) > 1 else ""
    header = ("", *(f"{g} (n = {size[g]})" for g in groups), "SMD")
    return "present", (Table(page.say("table1"), header, tuple(lines), note),)


def _followup(page: _Page) -> Made:
    rows = page.facts["follow_up"]
    if not rows:
        return ("missing" if page.survival else "not applicable"), ()
    header = tuple(page.say(k) for k in ("regimen", "patients", "events", "censored", "median_follow_up", "longest"))
    lines = tuple(
        (
            r["regimen"],
            str(r["patients"]),
            str(r["events"]),
            str(r["censored"]),
            page.times(r["median_follow_up"]),
            page.times(r["longest"]),
        )
        for r in rows
    )
    return "present", (Table(page.say("follow_up_table"), header, lines, page.say("reverse_km")),)


def _response(page: _Page) -> Made:
    rows = page.facts["counts"]
    if not rows:
        return ("not applicable" if page.survival or page.synthesis else "missing"), ()
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
    figures = _figures(page, ("rates",))
    return "present", (Table(page.say("response_table"), header, tuple(lines), page.say("response_note")), *figures)


def _figures(page: _Page, starts: Sequence[str]) -> list[Block]:
    chosen = [name for name in page.figures if any(name == s or name.startswith(f"{s}_") for s in starts)]
    counts = page.result["data"]
    ending = page.say("caption_n", n=counts["patients"], events=counts["events"]) if counts["patients"] else ""
    found: list[Block] = []
    for name in chosen:
        key = next((s for s in starts if name == s or name.startswith(f"{s}_")), name)
        words = page.say(f"caption_{key}") if f"caption_{key}" in WORDS else key.replace("_", " ")
        found.append(Figure(name, f"{words} {ending}".strip()))
    return found


def _km(page: _Page) -> Made:
    rows = page.facts["at_risk"]
    if not rows:
        return ("missing" if page.survival and page.result["data"]["patients"] else "not applicable"), ()
    header = (page.say("regimen"), "", *(f"{t:g}" for t in rows[0]["times"]))
    lines = [
        (r["regimen"] if key == "at_risk" else "", page.say(f"{key}_short"), *map(str, r[key]))
        for r in rows
        for key in ("at_risk", "censored", "events")
    ]
    table = Table(page.say("at_risk_table", unit=page.say(page.time_unit)), header, tuple(lines))
    return "present", (*_figures(page, ("survival",)), table, *_figures(page, ("hazards",)))


def _estimates(page: _Page) -> Made:
    lines, before = [], None
    for r in page.result["estimates"]:
        unit = str(r["unit"])
        if r["estimand"] == "log_hazard_ratio" or ("ratio" in unit and r["lower"] == r["upper"]):
            continue
        name = name_of(r, unit, page.time_unit, page.language)
        if r["estimand"] == "coefficient" and is_log_ratio(unit):
            ratio = unit.partition(" per ")[0].removeprefix("log ").replace(" ", "_")
            name = name_of({"estimand": ratio, "time": None}, "", "", page.language)
        step = per_step(unit, page.language)[0] if r["estimand"] == "coefficient" else ""
        who = ", ".join(str(r[k]).replace("_", " ") for k in ("study", "regimen", "covariate") if r.get(k))
        if step and step != who:
            who = f"{who}, {step}"
        lines.append((name if name != before else "", who, estimate_text(r, page.language)))
        before = name
    header = (page.say("quantity"), "", page.say("median_interval"))
    return "present", (Table(page.say("estimates_table"), header, tuple(lines), page.say("equal_tailed")),)


def _probability(page: _Page) -> Made:
    rows = page.result["comparisons"]
    if not rows or not page.converged:
        return ("not applicable" if not rows else "missing"), ()
    lines = []
    for row in rows:
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
        without = (
            format_probability(row["probability_better"], row["mcse_probability"]) if allows_for_bias(row) else "-"
        )
        lines.append(
            (
                f"{row['regimen']} / {row['reference']}",
                name if scale in name else f"{name}: {scale}",
                contrast_text(row, unit, page.language),
                format_probability(*headline_probability(row)),
                without,
                margin,
                rope,
            )
        )
    keys = ("comparison", "quantity", "median_interval", "pr_better", "pr_unbiased", "pr_margin", "pr_rope")
    blocks: list[Block] = [
        Table(
            page.say("probability_table"), tuple(page.say(k) for k in keys), tuple(lines), page.say("probability_note")
        )
    ]
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
    for tip in page.result.get("bias") or ():
        blocks += [Paragraph(" ".join(tip["sentences"]))] if page.language == "en" and tip.get("sentences") else []
    blocks += _figures(page, ("difference", "odds_ratio", "ratio", "better_over_time"))
    complete = all(c.get("rationale") and c.get("fixed") for c in page.facts["comparisons"] if c["margin"] is not None)
    return ("present" if complete else "missing"), blocks


def _forest(page: _Page) -> Made:
    found = _figures(page, ("hazard_ratios", "forest", "regimens", "network", "ranks", "league", "heterogeneity"))
    return ("present" if found else "not applicable"), found


def _model(page: _Page) -> Made:
    model = page.facts["analysis"].get("model", {})
    family = page.result["analysis"]["family"]
    kind = model.get("baseline", "weibull") if family == "survival" else model.get("likelihood", "")
    key = f"model_{family}_{kind}" if f"model_{family}_{kind}" in WORDS else f"model_{family}"
    blocks = [Paragraph(page.say(key))]
    names = [str(c.get("column", c)) if isinstance(c, Mapping) else str(c) for c in model.get("covariates", ())]
    if names:
        blocks.append(Paragraph(page.say("adjusted", names=", ".join(names))))
    return "present", blocks


def _priors(page: _Page) -> Made:
    lines = page.result["analysis"]["priors"]
    blocks: list[Block] = [Items(tuple(lines))] if lines else []
    if lines and page.language == "zh":
        blocks.insert(0, Paragraph(page.say("priors_in_english")))
    return ("present" if lines else "missing"), [*blocks, *_figures(page, ("prior_posterior",))]


def _prior_check(page: _Page) -> Made:
    implied = [p for p in page.result["analysis"]["priors"] if p.startswith(("Together", "And between"))]
    return ("present" if implied else "missing"), (Items(tuple(implied)),) if implied else ()


def _conflict(page: _Page) -> Made:
    said = [w["message"] for w in page.result["data"]["warnings"] if w["code"] == "prior_conflict"]
    blocks: list[Block] = [Paragraph(page.say("conflict_method" if said else "no_conflict"))]
    return "present", [*blocks, Items(tuple(said))] if said else blocks


def _computation(page: _Page) -> Made:
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
    rows.append((page.say("passed"), page.say("yes") if d["converged"] else page.say("no")))
    rows += [(page.say("version", name=k), v) for k, v in analysis["versions"].items() if v]
    return "present", (Table(page.say("computation_table"), (page.say("attribute"), page.say("value")), tuple(rows)),)


def _fit(page: _Page) -> Made:
    found = _figures(page, ("predictive_check",))
    return ("present" if found else "missing"), found


def _sensitivity(page: _Page) -> Made:
    found = page.facts.get("sensitivity")
    if not found:
        return "missing", (Paragraph(page.say("sensitivity_absent")), *_figures(page, ("dating",)))
    return "present", (Items(tuple(str(r["label"]) for r in found["rows"])),)


def _borrowing(page: _Page) -> Made:
    found = page.result.get("borrowing")
    if not found:
        return "not applicable", ()
    return "present", (Paragraph(str(found.get("caution", ""))), *_figures(page, ("borrowing",)))


def _rules(page: _Page) -> Made:
    found = page.result.get("monitoring")
    if not found:
        return "not applicable", ()
    return "present", (Items(tuple(str(r["sentence"]) for r in found)), *_figures(page, ("monitoring",)))


def _missing(page: _Page) -> Made:
    rows = page.facts["baseline"]
    if not rows:
        return "not applicable", ()
    lines = [f"{r['name'].replace('_', ' ')}: {sum(r['missing'].values())}" for r in rows]
    return "present", (Paragraph(page.say("missing_text")), Items(tuple(lines)))


def _safety(page: _Page) -> Made:
    adverse = [c for c in page.facts["counts"] if "grade" in str(c["endpoint"]).lower() or "AE" in str(c["endpoint"])]
    return ("present" if adverse else "missing"), (Paragraph(page.say("safety_above")),) if adverse else ()


def _companion(page: _Page) -> Made:
    rows = page.facts["companions"]
    if not rows:
        return "not applicable", ()
    said = []
    for r in rows:
        if r["kind"] == "kaplan_meier_median":
            said.append(page.say("companion_km", regimen=r["regimen"], value=page.times(r["value"])))
        elif r["kind"] == "log_rank":
            said.append(page.say("companion_log_rank", statistic=f"{r['statistic']:.2f}", p=f"{r['p']:.3f}"))
        else:
            name = name_of({"estimand": "rate", "endpoint": r["endpoint"]}, language=page.language)
            said.append(page.say("companion_fisher", endpoint=name, p=f"{r['p']:.3f}"))
    return "present", (Paragraph(page.say("companion_note")), Items(tuple(said)))


def limitations(facts: Facts, language: Language) -> list[str]:
    """Limitations written from the facts, in an order that does not depend on them."""
    result, found = facts["result"], []
    sizes = {r["regimen"]: r["patients"] for r in facts["follow_up"]}
    sizes = sizes or {f"{c['study']}: {c['regimen']}": c["n"] for c in facts["counts"]}
    anchors = {r["anchoring"] for r in result["comparisons"]}
    parameters = len(facts["baseline"]) + 3
    rules = {
        "small": bool(sizes) and min(sizes.values()) < 50,
        "few_events": result["analysis"]["family"] == "survival" and 0 < result["data"]["events"] < 5 * parameters,
        "not_randomised": any(not a.startswith("randomised") for a in anchors),
        "single_centre": facts["data"]["kind"] == "patients" or 0 < len(facts["data"]["studies"]) < 2,
        "immature": any(_immature(r, result) for r in facts["follow_up"]),
        "missing_values": any(
            sum(r["missing"].values()) > 0.1 * (sum(r["n"].values()) + sum(r["missing"].values()))
            for r in facts["baseline"]
        ),
        "margin_after": any(c.get("margin") is not None and c.get("fixed") != "before" for c in facts["comparisons"]),
        "published": facts["data"]["kind"] in ("counts", "effects", "medians"),
        "synthetic": "synthetic" in f"{facts['data']['source']} {result['analysis']['title']}".lower(),
    }
    for name, holds in rules.items():
        if holds:
            found.append(LIMITATIONS[name][language].format(smallest=min(sizes.values(), default=0), **result["data"]))
    return found


def _immature(row: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    medians = [r["median"] for r in result["estimates"] if r["estimand"] == "median" and r["regimen"] == row["regimen"]]
    followed = row["median_follow_up"]
    return bool(medians) and (followed is None or followed < medians[0])


def _limits(page: _Page) -> Made:
    found = limitations(page.facts, page.language)
    return "present", (Items(tuple(found or [page.say("no_limits")])),)


def _paste(page: _Page) -> Made:
    if not page.converged:
        return "missing", ()
    r = page.result
    analysis, d = r["analysis"], r["diagnostics"]
    engine = page.say(f"engine_{analysis['sampler']}")
    if analysis["sampler"] == "nuts" and d["max_rhat"] is not None:
        engine = page.say(
            "engine_details",
            rhat=f"{d['max_rhat']:.3f}",
            ess=f"{d['min_ess_bulk']:.0f}",
            divergences=d["divergences"],
            **page.facts["sampling"],
        )
    model = next((b.text for b in _model(page)[1] if isinstance(b, Paragraph)), "")
    priors = " ".join(analysis["priors"][:6]) or page.say("absent")
    v = analysis["versions"]
    methods = page.say(
        "methods",
        model=model,
        priors=priors,
        engine=engine,
        version=v.get("bayes_escc", ""),
        pymc=v.get("pymc", ""),
        arviz=v.get("arviz", ""),
        seed=analysis["seed"],
    )
    results = " " if page.language == "en" else ""
    said = [*_followed(page), *_responded(page), *verdict(r, page.language)]
    return "present", (Paste(page.say("methods_title"), methods), Paste(page.say("results_title"), results.join(said)))


def _followed(page: _Page) -> list[str]:
    return [
        page.say(
            "followed",
            regimen=f["regimen"],
            patients=f["patients"],
            events=f["events"],
            median=page.times(f["median_follow_up"]),
        )
        for f in page.facts["follow_up"]
    ]


def _responded(page: _Page) -> list[str]:
    rates = {(r["regimen"], r["endpoint"]): r for r in page.result["estimates"] if r["estimand"] == "rate"}
    said = []
    for c in page.facts["counts"]:
        rate = rates.get((c["regimen"], c["endpoint"]))
        if rate is not None:
            name = name_of({"estimand": "rate", "endpoint": c["endpoint"]}, language=page.language)
            said.append(
                page.say(
                    "responded",
                    regimen=c["regimen"],
                    events=c["events"],
                    n=c["n"],
                    endpoint=name,
                    estimate=estimate_text(rate, page.language),
                )
            )
    return said


def _reproduce(page: _Page) -> Made:
    a = page.result["analysis"]
    rows = [
        (page.say("command"), f"bayes-escc run {a['id']}.toml"),
        (page.say("digest_analysis"), a["sha256"]),
        (page.say("digest_data"), a["data_sha256"]),
        (page.say("seed"), str(a["seed"])),
        (page.say("platform"), page.facts["platform"]),
    ]
    return "present", (Table(page.say("reproduce_table"), (page.say("attribute"), page.say("value")), tuple(rows)),)


def _words(page: _Page) -> Made:
    rows = [
        (short, page.say(f"word_{short}"))
        for short in ("CrI", "PFS", "ORR", "HR", "SMD", "ROPE", "NUTS", "R-hat", "ESS")
    ]
    return "present", (Table(page.say("words_table"), (page.say("short"), page.say("long")), tuple(rows)),)


_PARTS: Final[Mapping[str, Callable[[_Page], Made]]] = {
    "headline": _headline,
    "estimand": _estimand,
    "design": _design,
    "flow": _flow,
    "table1": _table1,
    "followup": _followup,
    "response": _response,
    "km": _km,
    "estimates": _estimates,
    "probability": _probability,
    "forest": _forest,
    "model": _model,
    "priors": _priors,
    "prior-check": _prior_check,
    "conflict": _conflict,
    "computation": _computation,
    "fit": _fit,
    "sensitivity": _sensitivity,
    "borrowing": _borrowing,
    "rules": _rules,
    "missing": _missing,
    "safety": _safety,
    "limits": _limits,
    "paste": _paste,
    "reproduce": _reproduce,
    "companion": _companion,
    "words": _words,
}
