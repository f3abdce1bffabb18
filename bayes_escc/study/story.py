"""Where a study stands and how it came there, as plain data and as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bayes_escc.errors import RecordError
from bayes_escc.evidence.problems import counted
from bayes_escc.names import Plain, PlainMapping, as_typed, format_number, format_probability
from bayes_escc.report.layout import aligned
from bayes_escc.report.result import software_versions
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
    "changes_text",
    "courses",
    "history",
    "history_text",
    "preview_text",
    "reproduced",
    "status",
    "status_text",
    "study_figures",
    "update_text",
    "was_and_is_text",
]


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


def study_figures(store: Store) -> dict[str, Figure]:
    """The figures a study has something to show in, by file name."""
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
    return found


def _time_unit(store: Store) -> str:
    analysis = read_analysis(store, frozen=False)
    return "" if analysis is None else analysis[1].data.time_unit or ""


# ---- as text ----------------------------------------------------------------------------------


def status_text(found: PlainMapping) -> str:
    """The status for a terminal."""
    lines = [*found["damage"], found["title"], *([found["question"]] if found["question"] else [])]
    last, fit = found["snapshot"], found["fit"]
    if last is None:
        lines.append("No data yet. Give the first cut: bayes-escc study update STUDY.db CUT.csv")
    else:
        waiting = last["nothing_known_yet"]
        lines.append(
            f"Data cut {last['number']} ({last['source']}, {last['at']}): {counted(last['rows'], 'row')}"
            + (f", nothing known yet of {waiting}" if waiting else "")
        )
        lines += [f"Published beside them: {'; '.join(last['published'])}"] if last["published"] else []
    if fit is not None:
        lines += ["", f"{_size(fit, fit['estimates'])}; {fit['sampler']}, seed {fit['seed']}."]
        lines += ["", _answers_text(fit)]
        lines += [p["sentence"] for p in fit["positions"]]
    lines += ["", *found["notes"]] if found["notes"] else []
    withdrawn, entries = found["withdrawn"], "1 entry" if found["entries"] == 1 else f"{found['entries']} entries"
    gone = f", {withdrawn} withdrawn" if withdrawn else ""
    lines.append(f"\n{counted(found['data_cuts'], 'data cut')}{gone}; log of {entries}, head {found['head']}")
    return "\n".join(lines)


def comparisons_text(rows: Sequence[PlainMapping]) -> str:
    """Comparisons, one line each."""
    header = ["comparison", "against", "P(better)", "MCSE", "median", "95 % CrI"]
    level, several = f"{100 * rows[0]['ci_prob']:g} % CrI", _several(rows)
    cells = [
        [
            _asked(r, several),
            r["reference"],
            format_probability(r["probability_better"], r["mcse_probability"]),
            _error(r["mcse_probability"]),
            format_number(r["median"]),
            f"{format_number(r['lower'])} to {format_number(r['upper'])}",
        ]
        for r in rows
    ]
    said = dict.fromkeys(f"{r['regimen']} against {r['reference']}: {r['anchoring']}." for r in rows)
    return "\n".join([aligned([*header[:-1], level], cells), *said])


def _answers_text(found: PlainMapping) -> str:
    """The comparisons of a fit, or where there is nothing to compare its estimates, one line each."""
    if found["comparisons"]:
        return comparisons_text(found["comparisons"])
    rows = found["estimates"]
    if not rows:
        return ""
    several, level = _several(rows), f"{100 * rows[0]['ci_prob']:g} % CrI"
    return aligned(["", f"median ({level})"], [[f"{_what(r, several)}: {r['regimen']}", _interval(r)] for r in rows])


def _several(rows: Sequence[PlainMapping]) -> bool:
    """Whether rows are of several endpoints, so that each must name its own."""
    return len({row.get("endpoint") for row in rows}) > 1


def _asked(row: PlainMapping, several: bool) -> str:
    return f"{_what(row, several)}, {row['scale'].replace('_', ' ')}: {row['regimen']}"


def _what(row: PlainMapping, several: bool) -> str:
    """The estimand of a row, of which endpoint and when."""
    of = f" of {row['endpoint']}" if several and row.get("endpoint") else ""
    when = "" if row["time"] is None else f" at {row['time']:.4g}"
    return f"{row['estimand']}{of}{when}"


def _size(data: PlainMapping, estimates: Sequence[PlainMapping]) -> str:
    """Patients and events; one patient may have events of several endpoints, so those are not added up."""
    said = counted(data["patients"], "patient")
    return said if _several(estimates) else f"{said}, {counted(data['events'], 'event')}"


def _error(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def history_text(found: PlainMapping) -> str:
    """The log for a terminal, with P(better) of the first comparison after each entry and the rules' decisions."""
    rows, told = [], found["entries"]
    ruled = any(e["fit"] and e["fit"]["positions"] for e in told)
    for entry in told:
        fit = entry["fit"]
        first = fit["comparisons"][0] if fit and fit["comparisons"] else None
        p = format_probability(first["probability_better"], first["mcse_probability"]) if first else ""
        what = ", ".join(f"{n} {kind}" for kind, n in entry["changes"].items()) or ", ".join(entry["changed"])
        size = [str(entry["rows"] or ""), str(fit["events"]) if fit and not _several(fit["estimates"]) else ""]
        when = entry["at"][:16].replace("T", " ")
        decided = "; ".join(f"{p['rule']}: {p['decision']}" for p in fit["positions"]) if fit else ""
        rows.append([str(entry["entry"]), when, entry["who"], entry["action"], *size, p, what, *[decided] * ruled])
    header = ["", "at (UTC)", "who", "action", "rows", "events", "P(better)", "changes", *["rules"] * ruled]
    lines = [aligned(header, rows)]
    compared = next((e["fit"]["comparisons"] for e in told if e["fit"] and e["fit"]["comparisons"]), None)
    if compared is not None:
        asked = _asked(compared[0], _several(compared))
        lines.append(f"\nP(better): {asked}, against {compared[0]['reference']}.")
    last = next((e["fit"] for e in reversed(told) if e["fit"]), None)
    lines += [p["sentence"] for p in last["positions"]] if last else []
    return "\n".join([*lines, *found["notes"]])


def changes_text(changes: Sequence[Change]) -> str:
    """What a cut changes, the harmless kinds counted, the others listed."""
    if not changes:
        return "No change."
    counts: dict[str, int] = {}
    for change in changes:
        if change.harmless:
            counts[change.kind] = counts.get(change.kind, 0) + 1
    lines = [", ".join(f"{n} {kind}" for kind, n in counts.items())] if counts else []
    gone = sum(c.kind == "withdrawn" for c in changes)
    lines += [f"{gone} withdrawn, and erased from every data cut."] if gone else []
    rest = [c for c in changes if not c.harmless and c.kind != "withdrawn"]
    if rest:
        unsaid = any(not c.acknowledged for c in rest)
        lines.append("These rewrite past facts" + (" and need a person's word:" if unsaid else ":"))
        lines += [f"  - {c}" for c in rest]
    if rest and unsaid:
        lines.append("  --acknowledge " + as_typed(c.acknowledgement for c in rest))
    return "\n".join(lines)


def update_text(update: Update) -> str:
    """What an update did."""
    lines = [f"Note: {note}" for note in update.notes]
    if update.snapshot is not None:
        lines.append(f"Recorded as data cut {update.snapshot}. {changes_text(update.changes)}")
    if update.record:
        result = update.record["result"]
        lines.append(f"{_size(result['data'], result['estimates'])}.")
        lines += ["", _answers_text(result)]
        if update.before is not None:
            lines += ["", was_and_is_text(update.before, result)]
        lines += [f"  {entry['sentence']}" for entry in result.get("monitoring", [])]
        told = update.record
        if told["predictive"]:
            lines.append(f"\n{predictive_text(told['predictive'])}")
        if told["disagreement"]:
            lines.append(f"The preview was {told['disagreement']['largest']:.1f} Monte Carlo errors off.")
    return "\n".join(lines)


def was_and_is_text(before: PlainMapping, now: PlainMapping) -> str:
    """What P(better), the contrasts and the estimates they compare were before an update, and are."""
    rows, several = [], _several(now["estimates"])
    was = {_key(r): r for r in before["comparisons"]}
    for r in now["comparisons"]:
        old = was.get(_key(r))
        rows.append([f"{_asked(r, several)}, against {r['reference']}", *_twice(old, r, _contrast)])
    compared = {r["estimand"] for r in now["comparisons"]}
    was = {_key(r): r for r in before["estimates"]}
    for r in now["estimates"]:
        if r["estimand"] in compared or not compared:
            rows.append([f"{_what(r, several)}: {r['regimen']}", *_twice(was.get(_key(r)), r, _interval)])
    return aligned(["", "was", "is"], rows)


def _key(row: PlainMapping) -> tuple[object, ...]:
    return tuple(row.get(name) for name in ("estimand", "regimen", "reference", "endpoint", "time", "scale", "study"))


def _twice(old: PlainMapping | None, now: PlainMapping, said: Callable[[PlainMapping], str]) -> list[str]:
    return ["not there" if old is None else said(old), said(now)]


def _interval(row: PlainMapping) -> str:
    return f"{format_number(row['median'])} ({format_number(row['lower'])} to {format_number(row['upper'])})"


def _contrast(row: PlainMapping) -> str:
    p = format_probability(row["probability_better"], row["mcse_probability"])
    allowing = row.get("probability_better_with_bias")
    with_bias = ""
    if allowing is not None:
        with_bias = f", {format_probability(allowing, row['mcse_probability_with_bias'])} allowing for bias"
    return f"P(better) {p}{with_bias}; {_interval(row)}"


def predictive_text(found: PlainMapping) -> str:
    """How well the last posterior foresaw the new patients."""
    return (
        f"Log density of the {found['patients']} new patients under the last posterior: {found['log_density']:.2f} "
        f"(MCSE {found['mcse']:.2f})."
    )


def preview_text(shown: Preview) -> str:
    """A preview, labelled as one."""
    lines = [f"Look again: {w}" for w in shown.warnings]
    if shown.shown and not shown.comparisons:
        lines.append("No preview: there is nothing to compare. Update to see the estimates.")
    elif shown.shown:
        lines += ["PREVIEW by reweighting the last fit; not recorded.", comparisons_text(shown.comparisons)]
        lines.append(f"k-hat {shown.pareto_k:.2f}, {shown.ess:.0f} effective draws.")
    else:
        lines.append(f"No preview. {shown.reason}")
    return "\n".join(lines)
