"""The mapping from a ward's sheet to a table: what every column holds, in which unit, with which words; no cell.

It is a TOML file beside the analyses. Applied at every reading, it makes next month's sheet the same table, or asks.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.endpoints import kind_of_events
from bayes_escc.evidence.sheet.roles import ROLES
from bayes_escc.names import Plain
from bayes_escc.settings.files import read_toml
from bayes_escc.settings.reader import Reader, raise_problems

if TYPE_CHECKING:
    from bayes_escc.evidence.sheet.layout import Table

__all__ = ["Column", "Mapping", "SheetUse", "load_mapping", "mapping_from"]

SCHEMA: Final = 1
KINDS: Final = ("patients", "counts", "effects")
_USES: Final = ("patients", "visits", "counts", "effects")


@dataclass(frozen=True)
class Column:
    """How one column is read.

    Parameters
    ----------
    header : str
        As written in the sheet.
    unit : str
        Of its numbers: a unit of time, of blood counts, ``"%"``, or blank.
    order : {"", "dmy", "mdy"}
        Of dates that do not begin with the year.
    epoch : {"", "windows", "mac"}
        Of dates that are numbers, in files that do not say.
    words : tuple of (str, str)
        What words mean, beyond those known.
    also : tuple of Column
        The same column under another header, perhaps in another unit, on further sheets of other patients.
    """

    header: str
    unit: str = ""
    order: str = ""
    epoch: str = ""
    words: tuple[tuple[str, str], ...] = ()
    also: tuple[Column, ...] = ()

    def on(self, table: Table) -> tuple[int, Column] | None:
        """Where the column stands in a table and under which of its headers, or None."""
        for column in (self, *self.also):
            at = table.column(column.header)
            if at is not None:
                return at, column
        return None

    def with_word(self, word: str, meaning: str) -> Column:
        """The column with one more word."""
        return replace(self, words=tuple(sorted({**dict(self.words), word: meaning}.items())))


@dataclass(frozen=True)
class SheetUse:
    """A sheet, what it holds, and the regimen of its patients where the sheet is one arm."""

    sheet: str
    use: str = "patients"
    regimen: str = ""


@dataclass(frozen=True)
class Mapping:
    """Everything that leads from the cells of a sheet to a table.

    Parameters
    ----------
    kind : {"patients", "counts", "effects"}
    sheets : tuple of SheetUse
    columns : mapping of str to Column
        By role.
    regimens : mapping of str to str
        Label in the sheet, folded, and the regimen's name.
    rules : mapping of str to str
        How what is not in a column is derived: ``time``, ``time_unit``, ``censored_at``, ``cut``, ``nlr`` ...
    endpoints : mapping of str to str
        Of counts: label in the sheet and endpoint.
    aside, dropped : tuple of str
        Headers of columns that are not read, and of those that identify patients.
    answers : tuple of (str, str)
        Code and answer of every question, sorted.
    more : tuple of str
        Further files, relative to the mapping.
    """

    kind: str
    sheets: tuple[SheetUse, ...] = ()
    columns: MappingType[str, Column] = field(default_factory=dict)
    regimens: MappingType[str, str] = field(default_factory=dict)
    rules: MappingType[str, str] = field(default_factory=dict)
    endpoints: MappingType[str, str] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    more: tuple[str, ...] = ()
    asked: MappingType[str, str] = field(default_factory=dict)
    folder: Path | None = field(default=None, compare=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers that are read."""
        return tuple(one.header for c in self.columns.values() for one in (c, *c.also))

    def rule(self, name: str, default: str = "") -> str:
        """One rule of derivation."""
        return self.rules.get(name, default)

    @property
    def adverse(self) -> tuple[tuple[str, str, int], ...]:
        """Endpoints of adverse events, with the column that tells each and the lowest grade that counts.

        Each is named as its header says: a column of ``TRAE grade`` gives ``any_TRAE`` and ``grade3plus_TRAE``.
        """
        found = []
        for grade, column, lowest in (("any", "ae_any", 1), ("grade3plus", "ae_severe", 3)):
            told = self.columns.get("ae_grade", self.columns.get(column))
            if told is not None:
                found.append((f"{grade}_{kind_of_events(told.header)}", column, lowest))
        return tuple(found)

    def with_rule(self, **rules: str) -> Mapping:
        """The mapping with other rules of derivation."""
        return replace(self, rules={**self.rules, **rules})

    def with_column(self, role: str, column: Column) -> Mapping:
        """The mapping with another column for a role."""
        return replace(self, columns={**self.columns, role: column})

    @property
    def digest(self) -> str:
        """SHA-256 of the file it is written to."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()

    def content(self) -> Plain:
        """The content of the file as plain values.

        Raises
        ------
        AnalysisError
            If it depends on further files, which a record cannot follow.
        """
        if self.more:
            raise AnalysisError(
                f"the mapping reads {', '.join(self.more)} too; a study follows one file. Put the sheets into one "
                "workbook and start again."
            )
        return tomllib.loads(self.to_toml())

    def to_toml(self) -> str:
        """The content of `mapping.toml`; the order of columns and rows of the sheet does not change it."""
        out = [
            "# How the sheet is read. Written by `bayes-escc start`; applied by run, check and study update, so that",
            "# next month's sheet is read alike. It names headers, units and words, and no patient's cell.",
            f"schema = {SCHEMA}",
            f"kind = {_text(self.kind)}",
        ]
        if self.more:
            out.append(f"more_files = {_list(self.more)}")
        if self.aside:
            out.append(f"left_aside = {_list(sorted(self.aside))}   # columns that are not read")
        if self.dropped:
            out.append(f"dropped = {_list(sorted(self.dropped))}   # columns that identify people; never kept")
        for use in sorted(self.sheets, key=lambda s: (s.use, s.sheet)):
            out += ["", "[[sheets]]", f"use = {_text(use.use)}"]
            out += [f"{k} = {_text(v)}" for k in ("sheet", "regimen") if (v := getattr(use, k))]
        for role in [r for r in ROLES if r in self.columns]:
            column = self.columns[role]
            out += ["", f"[columns.{role}]", f"header = {_text(column.header)}"]
            out += [f"{k} = {_text(v)}" for k in ("unit", "order", "epoch") if (v := getattr(column, k))]
            if column.words:
                out.append("words = { " + ", ".join(f"{_text(k)} = {_text(v)}" for k, v in column.words) + " }")
            for other in column.also:
                out += [f"[[columns.{role}.also]]", f"header = {_text(other.header)}"]
                out += [f"unit = {_text(other.unit)}"] if other.unit else []
        for name, table in (("regimens", self.regimens), ("endpoints", self.endpoints), ("rules", self.rules)):
            if table:
                out += ["", f"[{name}]", *(f"{_text(k)} = {_text(table[k])}" for k in sorted(table))]
        if self.answers:
            out += ["", "# Questions the sheet left open, and their answers."]
        for code, answer in self.answers:
            out += ["[[answers]]", f"code = {_text(code)}"]
            out += [f"question = {_text(self.asked[code])}"] if code in self.asked else []
            out += [f"answer = {_text(answer)}"]
        return "\n".join(out) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: Any) -> str:
    return "[" + ", ".join(_text(v) for v in values) + "]"


def load_mapping(path: str | Path) -> Mapping:
    """Read `mapping.toml`.

    Raises
    ------
    AnalysisError
        If it cannot be read, with every problem.
    """
    path = Path(path)
    content, _ = read_toml(path)
    return mapping_from(content, label=path.name, folder=path.parent)


def mapping_from(content: MappingType[str, Any], *, label: str = "the mapping", folder: Path | None = None) -> Mapping:
    """A mapping from the content of its file.

    Raises
    ------
    AnalysisError
        With every problem and its path.
    """
    problems: list[str] = []
    top = Reader(content, "", problems)
    if top.take("schema", SCHEMA) != SCHEMA:
        top.problem("schema", f"this package reads schema = {SCHEMA}")
    kind = top.text("kind", "patients", KINDS)
    more, aside, dropped = (top.texts(k, ()) for k in ("more_files", "left_aside", "dropped"))
    sheets = []
    for reader in top.tables("sheets"):
        use = reader.text("use", "patients", _USES)
        sheets.append(SheetUse(reader.text("sheet", ""), use, reader.text("regimen", "")))
        reader.finish()
    columns = _columns(top.table("columns"))
    tables = {name: _plain(top.table(name)) for name in ("regimens", "endpoints", "rules")}
    answers, asked = [], {}
    for reader in top.tables("answers"):
        code = reader.text("code")
        answers.append((code, reader.text("answer")))
        if reader.has("question"):
            asked[code] = reader.text("question")
        reader.finish()
    top.finish()
    raise_problems(f"{label} cannot be used", problems)
    return Mapping(
        kind,
        tuple(sheets),
        columns,
        tables["regimens"],
        tables["rules"],
        tables["endpoints"],
        aside,
        dropped,
        tuple(answers),
        more,
        asked,
        folder,
    )


def _columns(stated: Reader) -> dict[str, Column]:
    columns = {}
    for role in stated.left():
        if role not in ROLES:
            stated.problem(role, f"is no role; roles are {', '.join(ROLES)}")
            stated.take(role)
            continue
        reader = stated.table(role)
        words = _plain(reader.table("words"))
        columns[role] = Column(
            reader.text("header"),
            reader.text("unit", ""),
            reader.text("order", "", ("dmy", "mdy")),
            reader.text("epoch", "", ("windows", "mac")),
            tuple(sorted(words.items())),
            tuple(_also(reader)),
        )
        reader.finish()
    return columns


def _also(reader: Reader) -> Iterator[Column]:
    for other in reader.tables("also"):
        yield Column(other.text("header"), other.text("unit", ""))
        other.finish()


def _plain(reader: Reader) -> dict[str, str]:
    """A table of texts."""
    found = {}
    for key in reader.left():
        value = reader.take(key)
        if isinstance(value, str):
            found[key] = value
        else:
            reader.problem(key, f"must be text in quotes, not {value!r}")
    return found
