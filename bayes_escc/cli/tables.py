"""The commands `check`, `scans` and `datasets`: what a table holds, and what is wrong with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayes_escc.cli.command import Commands, add_command, add_language, language_of, number, print_json, whole
from bayes_escc.names import Plain

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.evidence import Problem
    from bayes_escc.evidence.table import Table
    from bayes_escc.report.naming import Naming

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    check = add_command(commands, "check", _check, "validate a table or an analysis and explain what is wrong")
    check.add_argument(
        "table",
        metavar="TABLE",
        help="a .csv or .xlsx file with its --kind; or an analysis (a .toml file, or the name of one that ships), "
        "prepared as run prepares it",
    )
    add_language(check, stated=True)
    check.add_argument("--kind", choices=("counts", "patients", "medians", "effects"), help="what a table holds")
    check.add_argument("--mapping", metavar="FILE", help="read a raw sheet through this mapping.toml, as run does")
    check.add_argument("--sheet", metavar="NAME", help="sheet of a workbook")
    check.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns to leave out")
    check.add_argument("--id", metavar="COLUMN", help="patients: identifier (default: patient_id)")
    check.add_argument("--id-pseudonyms", action="store_true", help="patients: put pseudonyms in place of identifiers")
    check.add_argument(
        "--regimen", metavar="COLUMN", help="patients: regimen (default: regimen, or treatment, arm ...)"
    )
    check.add_argument("--response", metavar="COLUMN", help="patients: best response (default: response)")
    check.add_argument("--time", metavar="COLUMN", help="patients: time to event or censoring")
    check.add_argument("--event", metavar="COLUMN", help="patients: 1 for an event, 0 for censoring")
    check.add_argument("--entry", metavar="COLUMN", help="patients: delayed entry")
    check.add_argument(
        "--interval", nargs=2, metavar=("LAST_FREE", "FIRST_PD"), help="patients: scans before and with progression"
    )
    check.add_argument("--overall", metavar="COLUMN", help="patients: overall survival, to check against")
    check.add_argument("--overall-event", metavar="COLUMN", help="patients: 1 for death at the end of --overall")
    check.add_argument(
        "--dates",
        nargs="+",
        default=[],
        metavar="ROLE=COLUMN",
        help="patients: start=, event=, death=, last_contact=COLUMN and cut=YYYY-MM-DD",
    )
    check.add_argument("--time-unit", metavar="UNIT", help="patients: days, weeks, months or years")
    scans = add_command(
        commands, "scans", _scans, "turn a table of visits into the intervals in which patients progressed"
    )
    scans.add_argument("patients", metavar="PATIENTS", help="one row per patient")
    scans.add_argument("visits", metavar="VISITS", help="one row per visit")
    scans.add_argument("--schedule", type=number, required=True, metavar="T", help="planned time between scans")
    scans.add_argument(
        "--unit", required=True, metavar="UNIT", help="of the schedule and the intervals: days, weeks, ..."
    )
    scans.add_argument("--id", default="patient_id", metavar="COLUMN", help="identifier, in both tables")
    scans.add_argument("--date", default="date", metavar="COLUMN", help="visits: date (default: date)")
    scans.add_argument("--time", metavar="COLUMN", help="visits: time since the start, instead of a date")
    scans.add_argument("--result", default="result", metavar="COLUMN", help="visits: what the scan showed")
    scans.add_argument(
        "--words", nargs="+", default=[], metavar="WORD=MEANING", help="further results: progression, free or unknown"
    )
    scans.add_argument("--start", metavar="COLUMN", help="patients: date of the start of treatment")
    scans.add_argument("--death", metavar="COLUMN", help="patients: date (or time) of death")
    scans.add_argument("--missed", type=whole, default=1, metavar="N", help="scans that may be missed before a death")
    scans.add_argument(
        "--death-after-missed",
        choices=("interval", "exact", "censor"),
        default="interval",
        help="a death after more missed scans: event anywhere since the last scan, at death, or censored",
    )
    scans.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns of the patients to leave out")
    add_language(scans)
    scans.add_argument("--out", metavar="FILE", help="write the patient table with its intervals to this CSV file")
    datasets = add_command(commands, "datasets", _datasets, "list the bundled datasets, or show one")
    datasets.add_argument("name", nargs="?", metavar="NAME")
    add_language(datasets)


def _check(options: argparse.Namespace) -> int:
    from bayes_escc.errors import DataError
    from bayes_escc.report.naming import Naming
    from bayes_escc.report.refusals import problem_text

    if options.mapping:
        return _check_raw(options)
    try:
        table, notes = _checked(options)
    except DataError as error:
        if not options.json:
            raise
        problems = [p.to_dict() for p in error.problems]
        print_json({"ok": False, "message": str(error), "problems": problems, "warnings": []})
        return error.exit_code
    if options.json:
        warnings = [w.to_dict() for w in notes]
        print_json({"ok": True, "sha256": table.digest, "rows": len(table), "problems": [], "warnings": warnings})
        return 0
    naming = Naming.of_names(_names_in(table), language_of(options))
    _print_table(table, naming)
    for warning in notes:
        print(naming.say("note", text=problem_text(str(warning), naming)))
    counted = naming.say("one_note" if len(notes) == 1 else "notes", n=len(notes))
    print(naming.say("no_problems", notes=counted, digest=table.digest))
    return 0


def _names_in(table: Table) -> set[str]:
    """Names that a person gave, which are never translated."""
    frame: pd.DataFrame | None = getattr(table, "frame", None)
    if frame is None:
        return set()
    columns = [c for c in ("study", "regimen", "experimental", "control") if c in frame]
    return {str(name) for column in columns for name in frame[column].unique()} - {""}


def _check_raw(options: argparse.Namespace) -> int:
    """Read a raw sheet through its mapping: what it says now, every cell read differently, open questions."""
    from bayes_escc.errors import DataError
    from bayes_escc.evidence.sheet.read import read_sheet
    from bayes_escc.evidence.sheet.summary import summary_of
    from bayes_escc.report.naming import Naming

    try:
        sheet = read_sheet(options.table, mapping=options.mapping)
    except DataError as error:
        if not options.json:
            raise
        problems = [p.to_dict() for p in error.problems]
        print_json({"ok": False, "message": str(error), "problems": problems, "warnings": []})
        return error.exit_code
    if options.json:
        print_json({"ok": True, "sha256": sheet.digest, "rows": len(sheet.frame), "problems": [], "warnings": []})
        return 0
    language = language_of(options)
    naming = Naming.of_names((), language)
    print(repr(sheet) if language == "en" else f"{sheet.source}：{summary_of(sheet.applied, sheet.mapping).zh}")
    for note in sheet.applied.notes:
        print(naming.say("note", text=note.said(language)))
    for e in sheet.applied.log:
        read = {"sheet": e.sheet, "row": e.row, "column": e.column, "cell": e.cell, "read": e.read_as}
        print(naming.say("note", text=naming.say("read_as", **read, why=e.why.said(language))))
    counted = naming.say("read_differently", n=len(sheet.applied.log))
    print(naming.say("no_problems", notes=counted, digest=sheet.digest))
    return 0


def _checked(options: argparse.Namespace) -> tuple[Table, Sequence[Problem]]:
    """The table that was asked about, or that of an analysis, and the notes on it."""
    from pathlib import Path

    from bayes_escc.analysis.bundled import bundled_analyses, find_analysis
    from bayes_escc.analysis.data import read_data
    from bayes_escc.errors import AnalysisError
    from bayes_escc.evidence.kinds import KINDS
    from bayes_escc.settings.reader import Reader, raise_problems

    if options.kind is None:
        if Path(options.table).suffix.casefold() != ".toml" and options.table not in bundled_analyses():
            raise AnalysisError(
                f"say with --kind what {options.table} holds: {', '.join(KINDS)} (an analysis is a .toml file)."
            )
        from bayes_escc.runs.checking import check_analysis

        analysis = find_analysis(options.table)
        language_of(options, analysis)
        return check_analysis(analysis)
    wrong: list[str] = []
    data = read_data(Reader(_stated_data(options), "", wrong))
    raise_problems("these options cannot be used", wrong)
    table = data.read(options.table)
    require_usable = KINDS[options.kind].require_usable
    if require_usable is not None:
        require_usable(table)
    return table, table.warnings


def _print_table(table: Table, naming: Naming) -> None:
    """What is in a checked table: its rows, or for patients the follow-up of each regimen."""
    from bayes_escc.evidence import PatientTable
    from bayes_escc.evidence.kinds import KINDS
    from bayes_escc.names import format_number
    from bayes_escc.report.layout import aligned
    from bayes_escc.report.study_words import cell_words, column_words

    patients = isinstance(table, PatientTable)
    size = naming.say("patients" if patients else "rows", n=len(table))
    print(repr(table) if naming.language == "en" else naming.say("table_of", source=table.source, rows=size))
    if not isinstance(table, PatientTable):
        columns = [c for c in KINDS[table.kind].shown if c in table.frame]
        shorter = [
            [
                "" if v != v else f"{v:.4g}" if isinstance(v, float) else cell_words(c, str(v), naming.language)
                for c, v in zip(columns, r, strict=True)
            ]
            for r in table.frame[columns].itertuples(index=False)
        ]
        print(aligned([column_words(c, naming.language) for c in columns], shorter))
    elif table.time_unit is not None:
        summary = table.follow_up_summary()
        cells = [[v if isinstance(v, str | int) else format_number(v) for v in r] for r in summary.to_numpy().tolist()]
        named = [str(c) for c in summary]
        header = [column_words(c, naming.language, spaced=True) for c in named]
        print(
            aligned(
                header,
                [[cell_words(c, str(v), naming.language) for c, v in zip(named, r, strict=True)] for r in cells],
            )
        )


def _stated_data(options: argparse.Namespace) -> Plain:
    """The options of ``check`` as `[data]` of an analysis states them."""
    from bayes_escc.evidence.kinds import KINDS
    from bayes_escc.settings.setting import settings_of

    stated: Plain = {"kind": options.kind}
    # those of another kind as well, which its reader refuses by their name
    for key in dict.fromkeys(s.name for kind in KINDS.values() for s in settings_of(kind.settings)):
        value = getattr(options, key, None)
        if value:
            stated[key] = pairs(value, "--dates") if key == "dates" else value
    if options.kind == "patients" and not stated.keys() & {"response", "time", "interval", "dates"}:
        stated["response"] = "response"
    return stated


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Arguments of the form KEY=VALUE."""
    from bayes_escc.errors import AnalysisError

    wrong = [g for g in given if "=" not in g]
    if wrong:
        raise AnalysisError(f"{option}: write KEY=VALUE, not {', '.join(wrong)}.")
    return dict(g.split("=", 1) for g in given)


def _scans(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.evidence.visits import ScanSettings, joined

    settings = ScanSettings(
        options.schedule,
        options.unit,
        options.id,
        None if options.time else options.date,
        options.time,
        options.result,
        pairs(options.words, "--words"),
        options.start,
        options.death,
        options.missed,
        options.death_after_missed,
    )
    frame, notes = joined(options.patients, options.visits, settings, patient_id=options.id, drop=options.drop)
    if options.out:
        from bayes_escc.files import write_atomic

        write_atomic(Path(options.out), frame.to_csv(index=False))
    if options.json:
        rows = json.loads(frame.replace(float("inf"), None).to_json(orient="records"))
        print_json({"ok": True, "unit": options.unit, "rows": rows, "warnings": [n.to_dict() for n in notes]})
        return 0
    _print_scans(frame, notes, options)
    return 0


def _print_scans(frame: pd.DataFrame, notes: Sequence[Problem], options: argparse.Namespace) -> None:
    """The interval of every patient, what was noted, and where the table is."""
    from bayes_escc.names import format_number
    from bayes_escc.report.chinese import in_chinese
    from bayes_escc.report.layout import aligned
    from bayes_escc.report.naming import Naming
    from bayes_escc.report.refusals import problem_text
    from bayes_escc.report.study_words import column_words

    naming = Naming.of_names((), language_of(options))
    made = [c for c in ("last_free", "first_progression", "scan_rule") if c in frame]
    columns = [c for c in (options.id, *made) if c in frame]

    def shown(column: str, cell: str | float) -> str:
        if isinstance(cell, str):
            return in_chinese(cell) if naming.language == "zh" and column == "scan_rule" else cell
        return naming.said("none") if cell == float("inf") else format_number(cell)

    cells = [
        [shown(column, cell) for column, cell in zip(columns, row, strict=True)]
        for row in frame[columns].itertuples(index=False, name=None)
    ]
    print(aligned([column_words(c, naming.language) if c in made else c for c in columns], cells))
    for note in notes:
        print(naming.say("note", text=problem_text(str(note), naming)))
    if options.out:
        print(naming.say("intervals_written", path=options.out))


def _datasets(options: argparse.Namespace) -> int:
    from bayes_escc.evidence import DATASETS, load_dataset
    from bayes_escc.evidence.datasets import raw_dataset
    from bayes_escc.report.naming import Naming

    naming = Naming.of_names((), language_of(options))
    if options.name is None:
        if options.json:
            print_json([{"name": d.name, "kind": d.kind, "title": d.title} for d in DATASETS.values()])
        else:
            for d in DATASETS.values():
                print(naming.say("dataset", name=d.name, kind=naming.say(f"kind_{d.kind}"), title=d.title))
        return 0
    flawed = options.name in DATASETS and DATASETS[options.name].flawed
    digest = None
    if flawed:
        records = [dict(row) for row in raw_dataset(options.name).rows]
    else:
        table = load_dataset(options.name)
        records, digest = json.loads(table.frame.to_json(orient="records")), table.digest
    if options.json:
        print_json({"name": options.name, "sha256": digest, "rows": records})
        return 0
    from bayes_escc.report.layout import aligned
    from bayes_escc.report.study_words import cell_words, column_words

    hidden = {"source", "notes", "verification", "certainty", "y", "se", "registration", "year"}
    columns = [c for c in records[0] if c not in hidden]
    rows = [[cell_words(c, str(r[c]), naming.language) for c in columns] for r in records]
    print(aligned([column_words(c, naming.language) for c in columns], rows))
    sources = dict.fromkeys((r["study"], r["source"]) for r in records if "source" in r)
    print("\n" + (naming.say("sources") if sources else DATASETS[options.name].title))  # of simulated patients
    for study, source in sources:
        print(naming.say("source_of", study=study, source=source))
    if flawed:
        path = DATASETS[options.name].path
        print("\n" + naming.say("kept_flaws", path=path))
    return 0
