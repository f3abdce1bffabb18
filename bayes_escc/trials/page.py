"""The page of a design as values: sections of paragraphs, tables and figures, made of `design.json` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bayes_escc.names import PlainMapping
from bayes_escc.report.blocks import Block, Figure, Items, Made, Paragraph, Paste, Section, Table
from bayes_escc.report.chinese import in_chinese
from bayes_escc.report.quantities import Language
from bayes_escc.trials.page_words import DESIGN_TITLES, DESIGN_WORDS

__all__ = ["design_sections", "design_stated", "protocol_paragraph"]

_PRIOR_ROWS: Final = (
    "assurance",
    "effective",
    "effective_given_go",
    "ineffective_given_go",
    "false_go_where_ineffective",
    "missed_where_effective",
)


class _Page:
    """The content of a design's result in one language."""

    def __init__(self, data: PlainMapping, language: Language, figures: Sequence[str]) -> None:
        self.data, self.language, self.figures = data, language, figures
        self.stated: PlainMapping = data["stated"]
        self.most = max(row["most"] for row in data["scenarios"])

    def say(self, key: str, /, **values: Any) -> str:
        """A phrase of the page."""
        return DESIGN_WORDS[key][self.language].format(**values)

    def said(self, text: str) -> str:
        """A sentence of the package in the language of the page; names of arms stay as they are."""
        return text if self.language == "en" else in_chinese(text, frozenset(self.stated["arms"]))

    def joined(self, parts: Sequence[str], word: str = "and") -> str:
        """Names in a sentence."""
        return self.say(word).join(parts)

    def estimate(self, value: PlainMapping | None, decimals: int = 3) -> str:
        """A number, with its Monte Carlo interval unless it is exact."""
        if value is None or value["value"] is None:
            return "-"
        if value["lower"] is None:
            return f"{value['value']:.{decimals}f}"
        if value["exact"]:
            return f"{value['value']:.{max(decimals, 4) if decimals > 2 else decimals}f}"
        return f"{value['value']:.{decimals}f} ({value['lower']:.{decimals}f}, {value['upper']:.{decimals}f})"

    def drawn(self, *names: str) -> list[Block]:
        """The figures there are of these."""
        return [Figure(name, self.say(f"caption_{name}")) for name in names if name in self.figures]

    def when(self, plan: PlainMapping) -> str:
        """When a look is taken."""
        keys = {"patients": "patients", "evaluable": "evaluable", "events": "events", "at_least_months": "least"}
        parts = [self.say(f"look_{word}", n=f"{plan[key]:g}") for key, word in keys.items() if plan[key] is not None]
        if plan.get("own"):
            parts.append(self.say("look_own", n=" / ".join(map(str, plan["own"]))))
        last = "" if plan["by_month"] is None else self.say("look_by", n=f"{plan['by_month']:g}")
        return (self.joined(parts) + last).lstrip(", ，")

    def rate(self) -> str:
        """Accrual in words."""
        first, *later = self.stated["rate"]
        parts = [self.say("rate_first", rate=f"{first[1]:g}")]
        parts += [self.say("rate_later", month=f"{month:g}", rate=f"{rate:g}") for month, rate in later]
        return self.say("then").join(parts)

    def arms(self) -> str:
        """Arms in words."""
        names = self.stated["arms"]
        if len(names) == 1:
            return self.say("arms_one", arm=names[0])
        shares = ":".join(str(s) for s in self.stated["allocation"])
        return self.say("arms_many", arms=self.joined(names), shares=shares, block=self.stated["block"])

    def endpoints(self) -> str:
        """Endpoints in words."""
        said = [
            self.say("endpoint_binary" if after else "endpoint_at_once", name=name, months=f"{after:g}")
            for name, after in self.stated["binary"].items()
        ]
        timed = self.stated["time_to_event"]
        if timed:
            key = "endpoint_visits" if timed["visits"] else "endpoint_exact"
            said.append(self.say(key, name=timed["name"], months=f"{timed['visits'] or 0:g}"))
        hazards = self.stated["drop_out"]
        if any(hazards):
            shown = "/".join(f"{h:g}" for h in dict.fromkeys(hazards))
            said.append(self.say("drop_out", hazard=shown).strip())
        return (" " if self.language == "en" else "").join(said)

    def rule(self, rule: PlainMapping) -> str:
        """A rule with its looks, and the thresholds of each, in words."""
        own, statistic = rule["rule"], self.said(rule["statistic"])
        kind, held = own["kind"], True
        values = {key: own[key] for key in ("cut", "power", "success") if key in own}
        most = " / ".join(str(n) for n in own.get("patients") or ())
        if kind == "counts":
            said, held = self.counts(own) if self.language == "zh" else str(rule["sentence"]), False
        elif kind == "bop2":
            said = self.say("rule_bop2", statistic=statistic, patients=most, **values)
            if own["efficacy"] is not None:
                early = "obrien_fleming" if isinstance(own["efficacy"], str) else "eta"
                said += self.say(f"rule_bop2_{early}", patients=most, cut=own["cut"], efficacy=own["efficacy"])
            held = False
        elif kind == "predictive_probability" and self.language == "en":
            said = rule["sentence"]
        elif kind == "predictive_probability":
            said = self.say("rule_predictive", statistic=statistic, patients=most, **values)
        else:
            said = self.say("rule_statistic", statistic=statistic)
        looks = [
            self.when(plan) + (self.held(limits) if held else "")
            for plan, limits in zip(rule["looks"], rule["thresholds"], strict=True)
        ]
        said = self.say("rule_looks", rule=said, looks=("; " if self.language == "en" else "；").join(looks))
        return said if rule["binding"] else said + self.say("rule_advises")

    def counts(self, own: PlainMapping) -> str:
        """A rule that is stated in counts."""
        stop, go = ([text.split("/") for text in own[key]] for key in ("stop_at_most", "go_at_least"))
        parts = [self.say("rule_counts_stop", r=r, n=n) for r, n in stop]
        parts += [self.say("rule_counts_go", r=r, n=n) for r, n in go]
        last = max((int(n) for _, n in (*stop, *go)), default=0)
        if str(last) not in {n for _, n in go}:
            parts += [self.say("rule_counts_last", r=r, n=n) for r, n in stop if int(n) == last]
        return self.say("rule_counts", parts=self.say("comma").join(parts))

    def held(self, limits: PlainMapping) -> str:
        """What a probability is held against at a look."""
        parts = [self.say(f"held_{key}", value=f"{value:g}") for key, value in limits.items()]
        return self.say("held", limits=self.say("comma").join(parts)) if parts else ""

    def mcse(self) -> float:
        """The largest Monte Carlo error of a probability."""
        return max(float(row[key]["mcse"]) for row in self.data["scenarios"] for key in ("go", "stop"))


def design_sections(data: PlainMapping, language: Language, figures: Sequence[str] = ()) -> list[Section]:
    """The sections of the page of a design.

    Parameters
    ----------
    data : mapping
        The content of `design.json`.
    language : {"en", "zh"}
    figures : sequence of str
        Names of the figures there are, without `design_`.
    """
    page = _Page(data, language, figures)
    return [_section(page, anchor, make) for anchor, make in _PARTS.items()]


def design_stated(data: PlainMapping, language: Language) -> list[Section]:
    """The sections that say what a design states, which nothing was simulated for.

    Parameters
    ----------
    data : mapping
        ``stated`` and ``boundaries`` of `design.json`, and of ``scenarios`` their ``most``.
    language : {"en", "zh"}
    """
    page = _Page(data, language, ())
    how = [page.say(f"engine_{page.stated['engine']}")]
    why = page.stated["not_exact"]
    how.append(page.say("not_exact", why=page.said(why)) if why else page.say("is_exact"))
    simulation = Section("simulation", DESIGN_TITLES["simulation"][language], "present", (Items(tuple(how)),))
    return [_section(page, "layout", _layout), _section(page, "boundaries", _boundaries), simulation]


def _section(page: _Page, anchor: str, make: Callable[[_Page], Made]) -> Section:
    status, blocks = make(page)
    shown = tuple(blocks) or (Paragraph(page.say("none")),)
    return Section(anchor, DESIGN_TITLES[anchor][page.language], status, shown)


def protocol_paragraph(data: PlainMapping, language: Language) -> str:
    """The design as a paragraph of a protocol."""
    page = _Page(data, language, ())
    space = " " if language == "en" else ""
    rows = [row for row in data["scenarios"] if row["most"] == page.most]
    results = [
        page.say("result", truth=row["truth"], go=page.estimate(row["go"]), patients=page.estimate(row["patients"], 1))
        for row in rows
    ]
    exact = all(row["go"]["exact"] for row in rows)
    how = "how_exact" if exact else "how_simulated"
    values = {"trials": f"{data['trials']:,}", "seed": data["design"]["seed"], "error": f"{page.mcse():.4f}"}
    return page.say(
        "paste",
        patients=page.joined([str(n) for n in page.stated["patients"]], "or"),
        arms=page.arms(),
        rate=page.rate(),
        endpoints=page.endpoints(),
        rules=space.join(page.rule(rule) for rule in page.stated["rules"]),
        how=page.say(how, **({} if exact else values)),
        results=space.join(results),
    )


def _answer(page: _Page) -> Made:
    blocks: list[Block] = []
    audit = page.data["audit"]
    if audit and not audit["agrees"]:
        blocks.append(Paragraph(_audit(page, audit), alarm=True))
    for row in page.data["scenarios"]:
        if row["most"] == page.most:
            key = "answer_wrong" if row["should_go"] is False else "answer_right"
            go, patients = page.estimate(row["go"]), page.estimate(row["patients"], 1)
            values = {"truth": row["truth"], "most": page.most, "go": go, "patients": patients}
            blocks.append(Paragraph(page.say(key, **values), strong=True))
    for row in page.data["design_prior"]:
        if row["most"] == page.most:
            shown = {"assurance": page.estimate(row["assurance"]), "ppv": page.estimate(row["effective_given_go"])}
            blocks.append(Paragraph(page.say("answer_prior", **shown), strong=True))
    return "present", [*blocks, *page.drawn("decisions", "power")]


def _protocol(page: _Page) -> Made:
    return "present", [Paste(page.say("to_copy"), protocol_paragraph(page.data, page.language))]


def _layout(page: _Page) -> Made:
    rows = [
        (page.say("arms"), page.arms()),
        (page.say("patients_most"), page.joined([str(n) for n in page.stated["patients"]], "or")),
        (page.say("accrual"), f"{page.rate()}{page.say('held', limits=page.say('pattern_' + page.stated['pattern']))}"),
        (page.say("endpoints"), page.endpoints()),
        (page.say("analysis"), page.stated["analysis"] or page.say("analysis_none")),
    ]
    if page.stated["priors"]["analysis"]:
        laws = [f"{name} ~ {law}" for name, law in page.stated["priors"]["analysis"]]
        rows.append((page.say("analysis_prior"), "; ".join(laws)))
    if page.stated["design_prior"]:
        rows.append((page.say("design_prior"), _prior(page.stated["design_prior"], page.stated["arms"])))
    truths = [
        (
            truth["name"],
            page.say(
                "should_open" if truth["should_go"] is None else "should_yes" if truth["should_go"] else "should_no"
            ),
            _true_values(page, truth),
        )
        for truth in page.stated["truths"]
    ]
    header = (page.say("truth"), page.say("should"), page.say("rates"))
    return "present", [
        Table(page.say("design_table"), (page.say("item"), page.say("stated")), tuple(rows)),
        Table(page.say("truths_table"), header, tuple(truths)),
    ]


def _prior(prior: PlainMapping, arms: Sequence[str]) -> str:
    parts = []
    if prior["log_hazard_ratio"]:
        mean, sd = prior["log_hazard_ratio"]
        parts.append(f"log HR ~ Normal({mean:g}, {sd:g})")
    for name, laws in prior["rates"].items():
        parts += [f"{name}, {arm} ~ Beta({a:g}, {b:g})" for arm, (a, b) in zip(arms, laws, strict=True)]
    return "; ".join(parts)


def _true_values(page: _Page, truth: PlainMapping) -> str:
    several = len(page.stated["arms"]) > 1
    parts = [f"{name} " + " / ".join(f"{rate:g}" for rate in rates) for name, rates in truth["rates"].items()]
    if "median" in truth:
        ratio = " / ".join(_steps(steps) for steps in truth["hazard_ratio"][1:]) if several else "1"
        parts.append(page.say("median_words", median=f"{truth['median']:g}", shape=f"{truth['shape']:g}", ratio=ratio))
    return "; ".join(parts)


def _steps(steps: Sequence[Sequence[float]]) -> str:
    """Hazard ratios that hold from a month on."""
    first, *later = steps
    return ", ".join([f"{first[1]:g}", *(f"{value:g} (> {month:g})" for month, value in later)])


def _boundaries(page: _Page) -> Made:
    blocks: list[Block] = [Items(tuple(f"{r['name']}: {page.rule(r)}" for r in page.stated["rules"]))]
    for name in dict.fromkeys(row["rule"] for row in page.data["boundaries"]):
        rows = [row for row in page.data["boundaries"] if row["rule"] == name]
        blocks.append(_boundary_table(page, name, rows))
    return "present", [*blocks, *page.drawn("boundaries")]


def _boundary_table(page: _Page, name: str, rows: Sequence[PlainMapping]) -> Table:
    """One rule's boundaries: columns that are empty in every row are left out."""
    columns: list[tuple[str, list[str]]] = [
        ("look", [str(row["look"]) for row in rows]),
        ("when", [page.when(row["when"]) for row in rows]),
        ("patients_evaluable", [_evaluable(row) for row in rows]),
        ("counted", [_counted(row) for row in rows]),
        ("reference_events", ["" if row["reference_events"] is None else str(row["reference_events"]) for row in rows]),
        ("go_if", [_range(page, row["go"]) for row in rows]),
        ("stop_if", [_range(page, row["stop"]) for row in rows]),
    ]
    for key in ("go_above", "stop_below", "stop_above"):
        columns.append((key, [f"{row['thresholds'][key]:g}" if key in row["thresholds"] else "" for row in rows]))
    for key, label in (("go_above", "ratio_go"), ("stop_below", "ratio_stop")):
        ratios = [(row["hazard_ratio"] or {}).get(key) for row in rows]
        columns.append((label, ["" if ratio is None else f"{ratio:.2f}" for ratio in ratios]))
    used = [(page.say(key), cells) for key, cells in columns if any(cells)]
    notes = [
        key
        for key, needed in (
            ("varies", any(row["varies"] for row in rows)),
            ("ratio_note", any(row["hazard_ratio"] for row in rows)),
            ("reference_note", any(row["reference_events"] is not None for row in rows)),
        )
        if needed
    ]
    header, cells = zip(*used, strict=True)
    note = (" " if page.language == "en" else "").join(page.say(key) for key in notes)
    return Table(page.say("boundary_table", rule=name), header, tuple(zip(*cells, strict=True)), note)


def _evaluable(row: PlainMapping) -> str:
    if not row["patients"]:
        return ""
    return ("~" if row["varies"] else "") + " / ".join(str(n) for n in row["patients"])


def _counted(row: PlainMapping) -> str:
    return "" if row["counted"] in (None, "events") else str(row["counted"])


def _range(page: _Page, text: str | None) -> str:
    if text in ("always", "never"):
        return page.say(text)
    return (text or "").replace("<=", "≤").replace(">=", "≥").replace(" or ", page.say("or"))


def _characteristics(page: _Page) -> Made:
    keys = (("p_go", "go"), ("p_stop", "stop"), ("p_right", "correct"), ("p_early", "early"))
    header = [page.say("most"), page.say("truth"), *(page.say(word) for word, _ in keys)]
    rows = [
        (
            str(row["most"]),
            row["truth"],
            *(page.estimate(row[key]) for _, key in keys),
            page.estimate(row["patients"], 1),
        )
        for row in page.data["scenarios"]
    ]
    table = Table(page.say("oc_table"), (*header, page.say("patients")), tuple(rows), page.say("interval_note"))
    return "present", [table]


def _looks(page: _Page) -> Made:
    rows = [
        (v["truth"], v["rule"], str(v["look"]), page.estimate(v["go"]), page.estimate(v["stop"]))
        for v in page.data["looks"]
        if v["most"] == page.most
    ]
    header = ("truth", "rule", "look", "p_go", "p_stop")
    blocks: list[Block] = [
        Table(page.say("look_table"), tuple(page.say(k) for k in header), tuple(rows), page.say("interval_note"))
    ]
    if len(page.stated["rules"]) > 1 or not all(rule["binding"] for rule in page.stated["rules"]):
        advice = [
            (
                row["truth"],
                a["rule"],
                page.say("binding" if a["binding"] else "advises"),
                page.estimate(a["go"]),
                page.estimate(a["stop"]),
            )
            for row in page.data["scenarios"]
            if row["most"] == page.most
            for a in row["advice"]
        ]
        header = ("truth", "rule", "kind", "p_go", "p_stop")
        blocks.append(Table(page.say("advice_table"), tuple(page.say(k) for k in header), tuple(advice)))
    return "present", blocks


def _assurance(page: _Page) -> Made:
    prior, found = page.stated["design_prior"], page.data["design_prior"]
    if not prior or not found:
        return "not applicable", (Paragraph(page.say("no_design_prior")),)
    timed = prior["estimand"] == "hazard_ratio"
    estimand = page.say("hazard_ratio") if timed else page.say("difference_of", name=prior["estimand"])
    side = "above" if prior["below"] is None else "below"
    limit = page.say(side, value=f"{prior[side]:g}")
    rows = [(page.say(key), *(page.estimate(row[key]) for row in found)) for key in _PRIOR_ROWS]
    rows += [(page.say(key), *(page.estimate(row[key], 1) for row in found)) for key in ("patients", "months")]
    header = (page.say("item"), *(f"{page.say('most')} {row['most']}" for row in found))
    equal = page.stated["priors"]["equal"]
    return "present", [
        Paragraph(page.say("effective_is", estimand=estimand, limit=limit)),
        *([Paragraph(page.say("priors_equal", names=page.joined(equal)), strong=True)] if equal else []),
        Table(page.say("prior_table"), header, tuple(rows), page.say("interval_note")),
        *[Paragraph(page.say("not_exact", why=page.said(why))) for why in {row["not_exact"] for row in found} - {""}],
    ]


def _calibration(page: _Page) -> Made:
    found = page.data["calibration"]
    if not found:
        return "not applicable", ()
    lower, upper = found["interval"]
    said = page.say(
        "calibrated", key=found["key"], rule=found["rule"], value=f"{found['value']:.4f}", lower=f"{lower:.4f}",
        upper=f"{upper:.4f}", alarm=f"{found['false_alarm']:g}",
    )  # fmt: skip
    others = [f"{key} {value:.4g}" for key, value in found["values"].items() if key != found["key"]]
    rows = tuple((name, page.estimate(value, 4)) for name, value in found["fresh"].items())
    table = Table(page.say("fresh_table"), (page.say("truth"), page.say("p_go")), rows)
    return "present", [Paragraph(" ".join([said, *others])), table, *page.drawn("calibration")]


def _size(page: _Page) -> Made:
    found = page.data["sample_size"]
    if not found:
        return "not applicable", ()
    values: dict[str, Any] = {"truth": found["truth"], "power": f"{found['power']:g}"}
    if found["patients"] is None:
        said = page.say("size_none", first=found["sizes"][0], last=found["sizes"][-1], **values)
    elif found["exact"]:
        said = page.say("size_exact", patients=found["patients"], **values)
    elif found["mcse"] is None:
        bounds = {
            key: page.say("size_beyond") if found[key] is None else f"{found[key]:.0f}" for key in ("lower", "upper")
        }
        said = page.say("size_read", patients=f"{found['patients']:.0f}", **bounds, **values)
    else:
        shown = {key: f"{found[key]:.1f}" for key in ("patients", "lower", "upper")}
        said = page.say("size_found", **shown, **values)
    rows = [
        (page.say("size_step", first=s["from"], last=s["to"]), page.estimate(s["difference"])) for s in found["steps"]
    ]
    header = (page.say("most"), page.say("size_gain"))
    return "present", [Paragraph(said, strong=True), Table(page.say("size_table"), header, tuple(rows))]


def _drift(page: _Page) -> Made:
    rows = page.data["drift"]
    if not rows:
        return "not applicable", ()
    worst = max(rows, key=lambda r: r["go"]["value"])
    values = {"go": page.estimate(worst["go"]), "drift": f"{worst['drift']:+g}", "truth": worst["truth"]}
    header = tuple(page.say(key) for key in ("most", "truth", "drift", "p_go", "patients"))
    shown = tuple(
        (str(r["most"]), r["truth"], f"{r['drift']:+g}", page.estimate(r["go"]), page.estimate(r["patients"], 1))
        for r in rows
    )
    table = Table(page.say("drift_table"), header, shown, page.say("interval_note"))
    return "present", [Paragraph(page.say("drift_worst", **values), strong=True), table, *page.drawn("drift")]


def _time(page: _Page) -> Made:
    rows = [
        (
            str(r["most"]),
            r["truth"],
            page.estimate(r["months"], 1),
            *([page.estimate(r["events"], 1)] if r["events"] else []),
        )
        for r in page.data["scenarios"]
    ]
    keys = ["most", "truth", "months", *(["events"] if page.data["scenarios"][0]["events"] else [])]
    table = Table(page.say("months"), tuple(page.say(k) for k in keys), tuple(rows), page.say("interval_note"))
    return "present", [table, *page.drawn("duration", "accrual")]


def _trials(page: _Page) -> Made:
    drawn = page.drawn("replays")
    return ("present" if drawn else "not applicable"), drawn


def _audit(page: _Page, audit: PlainMapping) -> str:
    return page.say(
        "audit_agrees" if audit["agrees"] else "audit_disagrees",
        n=audit["trials"],
        near=audit["near"],
        found=audit["found"],
        searched=f"{audit['searched']:,}",
        largest=f"{audit['largest']:.4f}",
        errors=f"{audit['in_errors']:.1f}",
        changed=audit["changed"],
    )


def _simulation(page: _Page) -> Made:
    data = page.data
    said = [
        page.say("trials_said", trials=f"{data['trials']:,}", seed=data["design"]["seed"]),
        page.say(f"engine_{page.stated['engine']}"),
        page.say("not_exact", why=page.said(page.stated["not_exact"]))
        if page.stated["not_exact"]
        else page.say("is_exact"),
    ]
    if data["trials"] < data["trials_wanted"]:
        said.append(page.say("unfinished", trials=f"{data['trials']:,}", wanted=f"{data['trials_wanted']:,}"))
    if data["audit"]:
        said.append(_audit(page, data["audit"]))
    if data["fitted_trials"]:
        said.append(page.say("fitted", n=data["fitted_trials"]))
    said.append(page.say("again", trials=data["trials"]))
    return "present", [Items(tuple(said)), *page.drawn("convergence")]


def _words(page: _Page) -> Made:
    return "present", [Items(tuple(page.say(key) for key in ("term_go", "term_stop", "term_right")))]


_PARTS: Final[Mapping[str, Callable[[_Page], Made]]] = {
    "answer": _answer,
    "protocol": _protocol,
    "layout": _layout,
    "boundaries": _boundaries,
    "characteristics": _characteristics,
    "looks": _looks,
    "assurance": _assurance,
    "calibration": _calibration,
    "size": _size,
    "drift": _drift,
    "time": _time,
    "trials": _trials,
    "simulation": _simulation,
    "words": _words,
}
