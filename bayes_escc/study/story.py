"""Where a study stands and how it came there, as plain data and as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bayes_escc.errors import RecordError
from bayes_escc.names import Plain, PlainMapping, as_typed, format_number, format_probability
from bayes_escc.report.change_words import change_in_chinese, kind_in_chinese
from bayes_escc.report.full_words import FULL
from bayes_escc.report.layout import aligned
from bayes_escc.report.monitoring_words import decision_words, position_sentence
from bayes_escc.report.naming import Naming
from bayes_escc.report.quantities import Language, endpoint_name
from bayes_escc.report.result import software_versions
from bayes_escc.report.sentences import design_sentence
from bayes_escc.study.changes import HARMLESS, Change, course, pending
from bayes_escc.study.ledger import Ledger, read_ledger, rules_changed
from bayes_escc.study.publications import published_arms
from bayes_escc.study.record import (
    Snapshot,
    StoredFit,
    last_whole_snapshot,
    read_analysis,
    read_fits,
    read_snapshot,
)
from bayes_escc.study.store import Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.study.preview import Preview
    from bayes_escc.study.update import Update

__all__ = [
    "change_text",
    "changes_text",
    "courses",
    "history",
    "history_text",
    "naming_of",
    "preview_text",
    "reproduced",
    "status",
    "status_text",
    "study_figures",
    "update_text",
    "was_and_is_text",
]

DOUBTS: Final = ("part_of_a_trial", "same_counts", "uneven_interval", "below_zero")
"""Notes on published arms that a person should see when a publication arrives."""


def status(store: Store) -> Plain:
    """Where a study stands: its data, the last fit, and what a reader must know; all of it named by the log."""
    damage: list[str] = []
    ledger = read_ledger(store, damage)
    log, last, fits = ledger.entries, last_whole_snapshot(store, ledger, damage), read_fits(store, damage=damage)
    if not log:
        raise RecordError(damage[0])
    stated = read_analysis(store, frozen=False, damage=damage)
    if stated is None:
        raise RecordError(damage[-1] if damage else f"{store.path.name} is damaged: its analysis is missing.")
    analysis = stated[1]
    frozen = read_analysis(store, frozen=True, damage=[])
    current = 0 if last is None else last.id
    fit = next((f for f in reversed(fits) if f.snapshot == current or (damage and f.snapshot < current)), None)
    damage = list(dict.fromkeys(damage))
    notes = [*damage, "What follows is the last state that is whole."] if damage else []
    notes += [said for said in (rules_changed(log),) if said]
    if last is not None and fit is None and not damage:
        notes.append("The data as they stand could not be fitted; the last result is of earlier data.")
    if fit is not None:
        notes += _notes_of_fit(fit)
    return {
        "study": log[0]["body"]["study"],
        "analysis": analysis.id,
        "title": analysis.title,
        "question": analysis.question,
        "analysis_sha256": analysis.sha256,
        "frozen_sha256": None if frozen is None else frozen[1].sha256,
        "begun": log[0]["at"],
        "data_cuts": sum(e["action"] == "cut" for e in log),
        "withdrawn": sum(e["action"] == "withdraw" for e in log),
        "snapshot": None if last is None else _snapshot(last),
        "fit": None if fit is None else _fit(fit, ledger),
        "entries": len(log),
        "head": log[-1]["hash"],
        "damage": damage,
        "notes": notes,
    }


def _notes_of_fit(fit: StoredFit) -> list[str]:
    notes = []
    then, today = fit.result["analysis"]["versions"], software_versions()
    moved = [f"{name} {then[name]} -> {today[name]}" for name in then if then[name] != today.get(name)]
    if moved:
        notes.append(f"The last fit was made with other versions: {', '.join(moved)}.")
    if not fit.result["diagnostics"]["converged"]:
        notes.append("NOT CONVERGED: " + " ".join(fit.result["diagnostics"]["messages"]))
    return notes


def _snapshot(last: Snapshot) -> Plain:
    waiting = sum(pending(row) for row in last.cut.rows.values()) if last.cut.kind == "patients" else 0
    return {
        "number": last.number,
        "kind": last.kind,
        "at": last.at,
        "source": last.cut.source,
        "rows": len(last.cut),
        "published": [f"{arm}: {', '.join(tables)}" for arm, tables in published_arms(last.cut).items()],
        "nothing_known_yet": waiting,
        "root": last.root,
    }


def _fit(fit: StoredFit, ledger: Ledger) -> Plain:
    result = fit.result
    return {
        "number": fit.id,
        "snapshot": ledger.cuts.get(fit.snapshot),
        "at": fit.at,
        "sampler": result["analysis"]["sampler"],
        "seed": result["analysis"]["seed"],
        "versions": result["analysis"]["versions"],
        "converged": result["diagnostics"]["converged"],
        "patients": result["data"]["patients"],
        "events": result["data"]["events"],
        "estimates": result["estimates"],
        "comparisons": result["comparisons"],
        "preview": fit.record.get("preview"),
        "predictive": fit.record.get("predictive"),
        "disagreement": fit.record.get("disagreement"),
        "positions": result.get("monitoring", []),
        **({"endpoint": result["data"]["endpoint"]} if result["data"].get("endpoint") else {}),
    }


def history(store: Store) -> Plain:
    """Every entry of the log with what came of it, oldest first, and what a reader must know."""
    damage: list[str] = []
    fits = {f.digest: f for f in read_fits(store, damage=damage)}
    ledger = read_ledger(store, damage)
    cuts = ledger.cuts
    entries = []
    for entry in ledger.entries:
        body = entry["body"]
        fit = fits.get(body.get("fit", ""))
        entries.append(
            {
                "entry": entry["seq"],
                "at": entry["at"],
                "who": entry["who"],
                "action": entry["action"],
                "why": entry["why"],
                "snapshot": cuts.get(body.get("snapshot")),
                "rows": body.get("rows"),
                "changes": body.get("kinds", {}),
                "changed": body.get("changed", []),
                "hash": entry["hash"],
                "fit": None if fit is None else _fit(fit, ledger),
            }
        )
    said, damage = rules_changed(ledger.entries), list(dict.fromkeys(damage))
    return {"entries": entries, "damage": damage, "notes": [*damage, *([said] if said else [])]}


def reproduced(recorded: PlainMapping, again: PlainMapping) -> str:
    """Whether a fit made again gave the recorded numbers, in words."""
    if recorded["comparisons"] == again["comparisons"] and recorded["estimates"] == again["estimates"]:
        return "Fitted again: every number is the recorded one."
    then, now = recorded["analysis"]["versions"], again["analysis"]["versions"]
    moved = [f"{name} {then[name]} -> {now[name]}" for name in then if then[name] != now.get(name)]
    gaps = [
        abs(a["probability_better"] - b["probability_better"])
        / max(1e-12, (a["mcse_probability"] ** 2 + b["mcse_probability"] ** 2) ** 0.5)
        for a, b in zip(recorded["comparisons"], again["comparisons"], strict=False)
    ]
    off = f" P(better) differs by at most {max(gaps):.1f} combined Monte Carlo errors." if gaps else ""
    why = f" Versions: {', '.join(moved)}." if moved else " The versions are the same: another machine, or a defect."
    return f"Fitted again: the numbers are not the recorded ones.{off}{why}"


def courses(store: Store) -> list[Plain]:
    """Every patient's follow-up without a name: regimen, last, event, and where it ended one cut ago."""
    last = read_snapshot(store)
    if last is None or last.cut.kind != "patients" or not {"event", "interval_upper"} & set(last.cut.columns):
        return []
    before = read_snapshot(store, last.id - 1) if last.id > 1 else None
    earlier = {} if before is None else before.cut.rows
    analysis = read_analysis(store, frozen=True) or read_analysis(store, frozen=False)
    known = None if analysis is None else analysis[1].data.regimens
    found = []
    for unit, row in last.cut.rows.items():
        if known is None or row["regimen"] in known:
            end, event = course(row)
            was = course(earlier[unit])[0] if unit in earlier else 0.0
            found.append({"regimen": row["regimen"], "last": end, "event": event, "before": was})
    order = {regimen: i for i, regimen in enumerate(known or ())}
    return sorted(found, key=lambda c: (order.get(c["regimen"], 0), c["last"]))


def study_figures(store: Store, language: Language | None = None) -> dict[str, Figure]:
    """The figures a study has something to show in, by file name; without a language as they were drawn."""
    from bayes_escc.plots import study_changes, study_estimates, study_follow_up, study_probability

    told, found = history(store), {}
    fits = [e["fit"] for e in told["entries"] if e["fit"]]
    if fits and fits[-1]["comparisons"]:
        found["study_probability"] = study_probability(told)
        found["study_estimates"] = study_estimates(told)
    if any(e["changes"] for e in told["entries"]):
        found["study_changes"] = study_changes(told, HARMLESS)
    followed = courses(store)
    if followed and fits:
        found["study_follow_up"] = study_follow_up(told, followed, _time_unit(store))
    return found if language is None else _in_words(found, store, fits[-1] if fits else None, language)


def _in_words(
    figures: dict[str, Figure], store: Store, fit: PlainMapping | None, language: Language
) -> dict[str, Figure]:
    """Figures in one language, and in the words of the time to an event that the study is of."""
    from bayes_escc.plots.chinese import with_chinese_texts, with_endpoint_texts

    analysis = read_analysis(store, frozen=False)
    title, outcome = ("", "") if analysis is None else (analysis[1].title, analysis[1].data.outcome)
    own = naming_of(title, fit, language).own
    told = {n: with_chinese_texts(f, own=own) for n, f in figures.items()} if language == "zh" else figures
    return {name: with_endpoint_texts(figure, outcome, own=own) for name, figure in told.items()}


def _time_unit(store: Store) -> str:
    analysis = read_analysis(store, frozen=False)
    return "" if analysis is None else analysis[1].data.time_unit or ""


# ---- as text ----------------------------------------------------------------------------------

_ENGLISH: Final = Naming({}, "", False, {})


def naming_of(title: str, fit: PlainMapping | None, language: Language) -> Naming:
    """Names and units of the rows of a fit of a study; before the first fit only the title is known."""
    rows = {key: [] if fit is None else fit[key] for key in ("estimates", "comparisons")}
    positions = [] if fit is None else fit.get("positions", fit.get("monitoring", []))
    endpoint = (fit or {}).get("endpoint") or (fit or {}).get("data", {}).get("endpoint")
    known = {"analysis": {"id": "", "title": title}, "data": {"endpoint": endpoint}, "monitoring": positions}
    return Naming.of({**known, **rows}, language)


def status_text(found: PlainMapping, language: Language = "en") -> str:
    """The status for a terminal."""
    last, fit = found["snapshot"], found["fit"]
    naming = naming_of(found["title"], fit, language)
    lines = [*map(naming.said, found["damage"]), found["title"], *([found["question"]] if found["question"] else [])]
    if last is None:
        lines.append(naming.say("no_data_yet"))
    else:
        rows, waiting = _counted(naming, last["rows"], "one_row", "rows"), last["nothing_known_yet"]
        lines.append(
            naming.say("data_cut", n=last["number"], source=last["source"], at=last["at"], rows=rows)
            + (naming.say("nothing_known", n=waiting) if waiting else "")
        )
        names = naming.say("separator").join(last["published"])
        lines += [naming.say("published_beside", names=names)] if last["published"] else []
    if fit is not None:
        size = _size(fit, fit["estimates"], naming)
        sampler = naming.say(fit["sampler"]) if language == "zh" else fit["sampler"]
        lines += ["", naming.say("fitted", size=size, sampler=sampler, seed=fit["seed"])]
        lines += ["", _answers_text(fit, naming)]
        lines += [position_sentence(p, language, naming.own) for p in fit["positions"]]
    lines += ["", *map(naming.said, found["notes"])] if found["notes"] else []
    entries = _counted(naming, found["entries"], "one_entry", "entries")
    gone = naming.say("withdrawn", n=found["withdrawn"]) if found["withdrawn"] else ""
    cuts = _counted(naming, found["data_cuts"], "one_data_cut", "data_cuts")
    return "\n".join([*lines, "\n" + naming.say("log_of", cuts=cuts, gone=gone, entries=entries, head=found["head"])])


def _counted(naming: Naming, n: int, one: str, several: str) -> str:
    """A number of things in words."""
    return naming.say(one if n == 1 else several, n=n)


def comparisons_text(rows: Sequence[PlainMapping], naming: Naming = _ENGLISH) -> str:
    """Comparisons, one line each; allowing for bias where some is believed, and without it beside that."""
    biased = any(r.get("bias_sd") or r.get("bias_mean") for r in rows)
    keys = ("comparison", "reference", "better", *(("no_bias",) if biased else ()), "error_short", "median")
    header = [naming.say(k) for k in keys]
    several = _several(rows)
    cells = [
        [
            _asked(r, several, naming),
            r["reference"],
            *_probabilities(r, biased),
            format_number(r["median"]),
            naming.span(format_number(r["lower"]), format_number(r["upper"])),
        ]
        for r in rows
    ]
    said = dict.fromkeys(
        naming.say("assigned", pair=naming.pair(r), anchoring=_assignment(r["anchoring"], naming.language))
        for r in rows
    )
    return "\n".join([aligned([*header, naming.interval(rows[0])], cells), *said])


def _probabilities(row: PlainMapping, biased: bool) -> list[str]:
    """P(better), where any row allows for bias also without it, and the error of the first."""
    plain = format_probability(row["probability_better"], row["mcse_probability"])
    allowing, error = row.get("probability_better_with_bias"), row.get("mcse_probability_with_bias")
    if not biased or allowing is None or error is None:
        return [plain, *([plain] if biased else []), _error(row["mcse_probability"])]
    return [format_probability(allowing, error), plain, _error(error)]


def _assignment(anchoring: str, language: Language) -> str:
    """How the regimens were assigned."""
    return anchoring if language == "en" else design_sentence(anchoring, language).removesuffix("。")


def _answers_text(found: PlainMapping, naming: Naming) -> str:
    """The comparisons of a fit, or where there is nothing to compare its estimates, one line each."""
    if found["comparisons"]:
        return comparisons_text(found["comparisons"], naming)
    rows = found["estimates"]
    if not rows:
        return ""
    several = _several(rows)
    cells = [
        [naming.say("of", what=_what(r, several, naming), regimen=r["regimen"]), _interval(r, naming)] for r in rows
    ]
    return aligned(["", naming.say("median_ci", ci=naming.interval(rows[0]))], cells)


def _several(rows: Sequence[PlainMapping]) -> bool:
    """Whether rows are of several endpoints, so that each must name its own."""
    return len({row.get("endpoint") for row in rows}) > 1


def _asked(row: PlainMapping, several: bool, naming: Naming) -> str:
    scale = row["scale"].replace("_", " ") if naming.language == "en" else naming.say(row["scale"])
    return naming.say("asked", what=_what(row, several, naming), scale=scale, regimen=row["regimen"])


def _what(row: PlainMapping, several: bool, naming: Naming) -> str:
    """The estimand of a row, of which endpoint and when."""
    endpoint = row.get("endpoint") if several else None
    if naming.language == "zh":
        of = f"{endpoint_name(str(endpoint), 'zh')}的" if endpoint and row["estimand"] != "rate" else ""
        return f"{of}{naming.name(row)}"
    when = "" if row["time"] is None else f" at {row['time']:.4g}"
    return f"{row['estimand']}{f' of {endpoint}' if endpoint else ''}{when}"


def _size(data: PlainMapping, estimates: Sequence[PlainMapping], naming: Naming) -> str:
    """Patients and events; one patient may have events of several endpoints, so those are not added up."""
    said = _counted(naming, data["patients"], "patient", "patients")
    if _several(estimates):
        return said
    return naming.say("size", patients=said, events=_counted(naming, data["events"], "event", "events"))


def _error(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def history_text(found: PlainMapping, language: Language = "en") -> str:
    """The log for a terminal, with P(better) of the first comparison after each entry and the rules' decisions."""
    rows, told = [], found["entries"]
    last = next((e["fit"] for e in reversed(told) if e["fit"]), None)
    naming = naming_of("", last, language)
    ruled = any(e["fit"] and e["fit"]["positions"] for e in told)
    for entry in told:
        fit = entry["fit"]
        first = fit["comparisons"][0] if fit and fit["comparisons"] else None
        p = format_probability(first["probability_better"], first["mcse_probability"]) if first else ""
        kinds = naming.joined(_kinds(entry["changes"], naming))
        what = kinds or naming.joined(map(naming.said, entry["changed"]))
        size = [str(entry["rows"] or ""), str(fit["events"]) if fit and not _several(fit["estimates"]) else ""]
        when = entry["at"][:16].replace("T", " ")
        decided = naming.say("separator").join(_decided(p, naming) for p in fit["positions"]) if fit else ""
        action = naming.say(entry["action"]) if entry["action"] in FULL else entry["action"]
        rows.append([str(entry["entry"]), when, entry["who"], action, *size, p, what, *[decided] * ruled])
    keys = ("at_utc", "who", "action", "rows_column", "events_column", "better", "changes", *["rules"] * ruled)
    lines = [aligned(["", *map(naming.say, keys)], rows)]
    compared = next((e["fit"]["comparisons"] for e in told if e["fit"] and e["fit"]["comparisons"]), None)
    if compared is not None:
        asked = _asked(compared[0], _several(compared), naming)
        lines.append("\n" + naming.say("better_is", asked=asked, reference=compared[0]["reference"]))
    lines += [position_sentence(p, language, naming.own) for p in last["positions"]] if last else []
    return "\n".join([*lines, *map(naming.said, found["notes"])])


def _decided(position: PlainMapping, naming: Naming) -> str:
    """What a rule decides, under its name."""
    decision = decision_words(position["decision"], naming.language)
    return naming.say("rule_decides", rule=position["rule"], decision=decision)


def _kinds(counts: Mapping[str, int], naming: Naming) -> list[str]:
    """Changes counted by kind."""
    chinese = naming.language == "zh"
    return [naming.say("kinds", n=n, kind=kind_in_chinese(kind) if chinese else kind) for kind, n in counts.items()]


def changes_text(changes: Sequence[Change], naming: Naming = _ENGLISH) -> str:
    """What a cut changes, the harmless kinds counted, the others listed."""
    if not changes:
        return naming.say("no_change")
    counts: dict[str, int] = {}
    for change in changes:
        if change.harmless:
            counts[change.kind] = counts.get(change.kind, 0) + 1
    lines = [naming.joined(_kinds(counts, naming))] if counts else []
    gone = sum(c.kind == "withdrawn" for c in changes)
    lines += [naming.say("gone", n=gone)] if gone else []
    rest = [c for c in changes if not c.harmless and c.kind != "withdrawn"]
    if rest:
        unsaid = any(not c.acknowledged for c in rest)
        lines.append(naming.say("need_a_word" if unsaid else "past_facts"))
        lines += [f"  - {change_text(c, naming)}" for c in rest]
    if rest and unsaid:
        lines.append("  --acknowledge " + as_typed(c.acknowledgement for c in rest))
    return "\n".join(lines)


def change_text(change: Change, naming: Naming = _ENGLISH) -> str:
    """One change: whose, of which kind, and from what to what."""
    if naming.language == "en":
        return str(change)
    return change_in_chinese(change.unit or "who withdrew since", change.kind, change.detail, naming.own)


def update_text(update: Update, language: Language = "en") -> str:
    """What an update did."""
    result = update.record.get("result") if update.record else None
    naming = naming_of("", result, language)
    notes = [*update.notes, *_doubts_of_publications(update)]
    lines = [naming.say("note", text=naming.said(note)) for note in notes]
    if update.snapshot is not None:
        lines.append(naming.say("recorded", n=update.snapshot, changes=changes_text(update.changes, naming)))
    if result is not None:
        lines.append(_size(result["data"], result["estimates"], naming) + naming.say("full_stop"))
        lines += ["", _answers_text(result, naming)]
        if update.before is not None:
            lines += ["", was_and_is_text(update.before, result, naming)]
        lines += [f"  {position_sentence(p, language, naming.own)}" for p in result.get("monitoring", [])]
        told = update.record
        if told["predictive"]:
            lines.append("\n" + predictive_text(told["predictive"], naming))
        if told["disagreement"]:
            lines.append(naming.say("preview_off", n=f"{told['disagreement']['largest']:.1f}"))
    return "\n".join(lines)


def _doubts_of_publications(update: Update) -> list[str]:
    """What was noticed of published arms and was not at the last fit."""
    if not update.record:
        return []
    before = [] if update.before is None else update.before["data"]["warnings"]
    known = {(w["code"], w["message"]) for w in before}
    return [
        w["message"]
        for w in update.record["result"]["data"]["warnings"]
        if w["code"] in DOUBTS and (w["code"], w["message"]) not in known
    ]


def was_and_is_text(before: PlainMapping, now: PlainMapping, naming: Naming = _ENGLISH) -> str:
    """What P(better), the contrasts and the estimates they compare were before an update, and are."""
    rows, several = [], _several(now["estimates"])
    was = {_key(r): r for r in before["comparisons"]}
    for r in now["comparisons"]:
        asked = _asked(r, several, naming)
        told = naming.say("against_reference", asked=asked, reference=r["reference"])
        rows.append([told, *_twice(was.get(_key(r)), r, _contrast, naming)])
    compared = {r["estimand"] for r in now["comparisons"]}
    was = {_key(r): r for r in before["estimates"]}
    for r in now["estimates"]:
        if r["estimand"] in compared or not compared:
            told = naming.say("of", what=_what(r, several, naming), regimen=r["regimen"])
            rows.append([told, *_twice(was.get(_key(r)), r, _interval, naming)])
    return aligned(["", naming.say("was"), naming.say("is")], rows)


def _key(row: PlainMapping) -> tuple[object, ...]:
    return tuple(row.get(name) for name in ("estimand", "regimen", "reference", "endpoint", "time", "scale", "study"))


def _twice(
    old: PlainMapping | None, now: PlainMapping, said: Callable[[PlainMapping, Naming], str], naming: Naming
) -> list[str]:
    return [naming.say("not_there") if old is None else said(old, naming), said(now, naming)]


def _interval(row: PlainMapping, naming: Naming) -> str:
    middle, low, high = (format_number(row[k]) for k in ("median", "lower", "upper"))
    return f"{middle} ({naming.span(low, high)})"


def _contrast(row: PlainMapping, naming: Naming) -> str:
    p = format_probability(row["probability_better"], row["mcse_probability"])
    allowing = row.get("probability_better_with_bias")
    with_bias = ""
    if allowing is not None:
        with_bias = naming.say("allowing", p=format_probability(allowing, row["mcse_probability_with_bias"]))
    return naming.say("better_p", p=p, bias=with_bias, interval=_interval(row, naming))


def predictive_text(found: PlainMapping, naming: Naming = _ENGLISH) -> str:
    """How well the last posterior foresaw the new patients."""
    value, error = f"{found['log_density']:.2f}", f"{found['mcse']:.2f}"
    return naming.say("predictive", n=found["patients"], value=value, error=error)


def preview_text(shown: Preview, naming: Naming = _ENGLISH) -> str:
    """A preview, labelled as one."""
    lines = [naming.say("look_again", text=naming.said(w)) for w in shown.warnings]
    if shown.shown and not shown.comparisons:
        lines.append(naming.say("nothing_to_preview"))
    elif shown.shown:
        rows = [row.plain() for row in shown.comparisons]
        lines += [naming.say("preview"), comparisons_text(rows, naming)]
        lines.append(naming.say("weights_good", k=f"{shown.pareto_k:.2f}", ess=f"{shown.ess:.0f}"))
    else:
        lines.append(naming.say("no_preview", reason=naming.said(shown.reason)))
    return "\n".join(lines)
