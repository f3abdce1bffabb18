"""The road from a raw sheet through its mapping to a table; asked where the sheet has changed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem, counted
from bayes_escc.evidence.reading import frame_cells
from bayes_escc.evidence.sheet.applied import Applied
from bayes_escc.evidence.sheet.apply import apply_mapping
from bayes_escc.evidence.sheet.columns import propose_roles
from bayes_escc.evidence.sheet.grids import Grid, file_digest, read_grids
from bayes_escc.evidence.sheet.layout import Table, find_table
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.questions import Candidate, OpenQuestionsError, Question
from bayes_escc.evidence.sheet.roles import ROLES
from bayes_escc.evidence.sheet.wide_visits import scans_sheet, visits_beside
from bayes_escc.evidence.sheet.wording import Text, language_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KEY_FILE", "MappedTable", "apply_to_source", "grids_of", "new_key", "read_key", "read_mapped"]

KEY_FILE: Final = "pseudonyms.key"
"""The secret from which pseudonyms are made: beside the mapping, readable by its owner alone, never exported."""

_OF_PFS: Final = ("time", "event", "last_free", "first_progression", "scan_rule")
"""Columns of progression-free survival, which an analysis of overall survival beside it does not read."""


@dataclass(frozen=True)
class MappedTable:
    """A sheet as a table of the package.

    Parameters
    ----------
    frame : DataFrame
    notes : tuple of Problem
        What was set aside, and the digests of sheet, mapping and table.
    source : str
    applied : Applied
    """

    frame: pd.DataFrame
    notes: tuple[Problem, ...]
    source: str
    applied: Applied


def grids_of(source: str | Path | pd.DataFrame, more: Sequence[Path] = ()) -> tuple[Grid, ...]:
    """The grids of a file, or of a DataFrame whose columns are the headers."""
    if isinstance(source, str | Path):
        return tuple(g for path in (Path(source), *more) for g in read_grids(path))
    rows = tuple(tuple(_plain(cell.strip()) for cell in row) for row in frame_cells(source))
    return (Grid("the DataFrame", "", rows),)


def _plain(cell: str) -> str:
    return cell.removesuffix(" 00:00:00")


def apply_to_source(source: str | Path | pd.DataFrame, mapping: Mapping) -> Applied:
    """Read a raw sheet through a mapping.

    Raises
    ------
    OpenQuestionsError
        If the sheet holds what the mapping does not say: a header that is gone, a new word, another regimen.
    """
    folder = mapping.folder or Path()
    grids = grids_of(source, [folder / m for m in mapping.more])
    tables = _tables(grids, mapping)
    name = Path(source).name if isinstance(source, str | Path) else "the DataFrame"
    changed = _missing_headers(tables, mapping)
    if not changed:
        applied = apply_mapping(
            tables, mapping, key=read_key(folder, source) if mapping.rule("identifier") == "pseudonym" else b""
        )
        changed = applied.questions
    if changed:
        again = f"bayes-escc start {name} --out {folder if str(folder) != '.' else 'FOLDER'}"
        raise OpenQuestionsError(
            changed,
            Text(
                f"{name} holds what its mapping does not say; open questions: {len(changed)}. "
                f"Answer with `{again}` and the options below; answers given before are kept.",
                f"{name}中有映射文件未涵盖的内容：{len(changed)}个问题。请运行 `{again}` 并加以下选项；已有回答保留。",
            ),
            language_of(mapping.headers),
        )
    return applied


def _tables(grids: Sequence[Grid], mapping: Mapping) -> list[Table]:
    """The tables of the sheets a mapping names; of a file with one table, that one, whatever its sheet is called."""
    scans = {u.sheet for u in mapping.sheets if u.use == "visits"}
    plain = [u for u in mapping.sheets if u.sheet not in scans or u.sheet not in map(scans_sheet, _sheets(mapping))]
    names = {u.sheet for u in plain}
    named = [g for g in grids if g.sheet in names]
    tables = [t for g in named or grids if (t := find_table(g, mapping.headers)) is not None]
    if not named and len(plain) == 1 and tables:
        best = max(tables, key=lambda t: sum(t.column(h) is not None for h in mapping.headers))
        tables = [best if len(plain) == len(mapping.sheets) else replace(best, sheet=plain[0].sheet)]
    tables += [beside for t in tables if scans_sheet(t.sheet) in scans and (beside := visits_beside(t)) is not None]
    if not tables:
        raise DataError(
            f"no sheet holds the table that the mapping describes; it names {', '.join(mapping.headers[:8])}."
        )
    return tables


def _sheets(mapping: Mapping) -> list[str]:
    return [u.sheet for u in mapping.sheets if u.use == "patients"]


def _missing_headers(tables: Sequence[Table], mapping: Mapping) -> tuple[Question, ...]:
    """Headers of the mapping that no sheet has, each asked with what could stand for it."""
    gone = {r: c for r, c in mapping.columns.items() if all(c.on(t) is None for t in tables)}
    if not gone:
        return ()
    proposed = propose_roles(tables, {}, frozenset(mapping.columns)).columns
    left = sorted(
        {h for t in tables for h in t.headers if h and all(t.column(other) != t.column(h) for other in mapping.headers)}
    )
    questions = []
    for role, column in gone.items():
        likely = [proposed[role].header] if role in proposed else []
        offered = list(dict.fromkeys([*likely, *left]))[:8]
        questions.append(
            Question(
                f"use.{role}",
                Text(
                    f"The column {column.header!r} ({ROLES[role].said.en}) is gone. Which one is it now?",
                    f"“{column.header}”({ROLES[role].said.zh})一列不见了，现在是哪一列？",
                ),
                (
                    *(Candidate(h, Text("", "")) for h in offered),
                    Candidate("none", Text("it is no longer recorded", "不再记录")),
                ),
            )
        )
    return tuple(questions)


def read_mapped(
    source: str | Path | pd.DataFrame, mapping: Mapping, *, kind: str, needed: Sequence[str] = (), growing: bool = False
) -> MappedTable:
    """Read a raw sheet through a mapping, as a table of one kind.

    Parameters
    ----------
    source : path or DataFrame
    mapping : Mapping
    kind : {"patients", "counts", "effects"}
        What the analysis reads; counts of a sheet of patients are those of its adverse events and responses.
    needed : sequence of str
        Columns that must be known; patients without are left out, and that is noted.
    growing : bool
        Whether patients of whom nothing is known yet stay, as in a study.

    Raises
    ------
    OpenQuestionsError
        If the sheet holds what the mapping does not say.
    DataError
        If it cannot be read.
    """
    applied = apply_to_source(source, mapping)
    if growing and mapping.kind == "patients" and mapping.rule("identifier") == "numbered":
        raise DataError(
            "the sheet has no column that tells patients apart from month to month: "
            "add a study number, or name it when the mapping is made (start --use identifier=HEADER, "
            "or answers= in Python)."
        )
    frame = applied.frame()
    notes = [Problem("sheet_note", note.en, "Said by the mapping.") for note in applied.notes]
    if kind == "counts" and mapping.kind == "patients":
        frame = _counted(frame, mapping)
        notes.append(
            Problem("patients_counted", "adverse events of the sheet's patients were counted", "One row per regimen.")
        )
    elif kind != mapping.kind:
        raise DataError(f'the mapping describes {mapping.kind}; set kind = "{mapping.kind}" in [data].')
    elif kind == "patients" and not growing:
        for column in needed:
            if column in frame.columns and (blank := frame[column] == "").any():
                frame = frame[~blank]
                notes.append(
                    Problem(
                        "set_aside",
                        f"{counted(int(blank.sum()), 'patient')} without {column} left out",
                        "The log names their rows.",
                    )
                )
        if frame.empty:
            raise DataError(f"no patient of the sheet has {' and '.join(needed)}.")
    label = Path(source).name if isinstance(source, str | Path) else "the DataFrame"
    sheet = file_digest(Path(source)) if isinstance(source, str | Path) else applied.digest
    notes.append(
        Problem(
            "mapped",
            f"{label} (sha256 {sheet}) was read through a mapping (sha256 {mapping.digest}) "
            f"to a table (sha256 {applied.digest})",
            "The three digests make the reading reproducible.",
        )
    )
    if "os_time" in needed:
        frame = frame.drop(columns=[c for c in _OF_PFS if c in frame.columns])
    frame = frame.reset_index(drop=True)
    frame.attrs["source"] = f"the table that the mapping makes of {label}"
    return MappedTable(frame, tuple(notes), label, applied)


def _counted(frame: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Adverse events by regimen, out of the patients for whom they are recorded."""
    import pandas as pd

    rows = []
    for regimen, group in frame.groupby("regimen", sort=True):
        for endpoint, column, lowest in mapping.adverse:
            met = pd.Series("", index=group.index)
            if column in group:
                met = group[column]
            if "ae_grade" in group:
                grade = group["ae_grade"]
                met = grade.map(lambda g, low=lowest: "" if g == "" else str(int(int(g) >= low))).where(
                    grade != "", met
                )
            known = met[met != ""]
            if len(known):
                rows.append(
                    {
                        "study": "this cohort",
                        "regimen": regimen,
                        "endpoint": endpoint,
                        "events": str((known == "1").sum()),
                        "n": str(len(known)),
                    }
                )
    if not rows:
        raise DataError("the sheet records no adverse events.")
    return pd.DataFrame(rows)


def new_key(folder: Path) -> bytes:
    """The key of pseudonyms in a folder, made if there is none."""
    path = folder / KEY_FILE
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32) + "\n")
    return read_key(folder, None)


def read_key(folder: Path, source: str | Path | pd.DataFrame | None) -> bytes:
    """The key of pseudonyms: beside the mapping, or beside the sheet."""
    places = [folder, *([Path(source).parent] if isinstance(source, str | Path) else [])]
    for place in places:
        if (place / KEY_FILE).is_file():
            return bytes.fromhex((place / KEY_FILE).read_text(encoding="ascii").strip())
    raise DataError(
        f"patients have pseudonyms made with a key, and there is no {KEY_FILE} in "
        f"{' or '.join(map(str, places))}: put it back there."
    )
