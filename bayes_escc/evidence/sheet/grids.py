"""Any file a ward sends, as grids of text cells: workbooks, text in any encoding, and web pages named `.xls`.

Cells keep the text a person sees. Dates of a workbook become year-first text; nothing else is interpreted here.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import counted
from bayes_escc.evidence.reading import cell_text, western
from bayes_escc.evidence.sheet.wording import Text
from bayes_escc.evidence.workbooks import Workbook, opened

__all__ = ["Grid", "file_digest", "read_grids"]

MAX_BYTES: Final = 50_000_000
MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 1000
_DELIMITERS: Final = ("\t", ",", ";", "，", "|")


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet.

    Parameters
    ----------
    file, sheet : str
        Name of the file and of the sheet; the latter is blank for text files.
    rows : tuple of tuple of str
        Row 0 is the first row of the file. Merged cells hold their value in every row and column they cover.
    merged : tuple of (int, int, int, int)
        First row, first column, last row, last column of merged cells, from 0.
    formulas : frozenset of (int, int)
        Cells whose formula has no stored value.
    serial_epoch : date or None
        Day zero of numbers that are dates; None where the file does not say.
    notes : tuple of Text
        What a reader should know: hidden rows, the encoding.
    """

    file: str
    sheet: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    formulas: frozenset[tuple[int, int]] = frozenset()
    serial_epoch: dt.date | None = None
    notes: tuple[Text, ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything."""
        return not any(cell for row in self.rows for cell in row)


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_grids(path: str | Path) -> tuple[Grid, ...]:
    """Read every visible sheet of a file.

    Parameters
    ----------
    path : path
        A workbook (``.xlsx``, ``.xlsm``); text in UTF-8, UTF-16 or GB18030 separated by tab, comma, semicolon or
        bar; or what many systems export under the ending ``.xls``: a web page, a text table or XML of Excel 2003.

    Raises
    ------
    DataError
        If the file holds no table that can be read, or unpacks to more than is allowed.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file {path}.")
    size = path.stat().st_size
    if not 0 < size <= MAX_BYTES:
        what = "is empty (0 bytes)" if size == 0 else f"has {size:,} bytes; at most {MAX_BYTES:,} are read"
        raise DataError(f"{path.name} {what}.")
    data = path.read_bytes()
    if data.startswith(b"PK"):
        return tuple(_workbook(path))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            f"{path.name} is a workbook of Excel 97-2003, or one locked with a password: open it in Excel or WPS and "
            "save it as .xlsx without a password."
        )
    text, notes = _decoded(data, path.name)
    head = text[:4000].lstrip().casefold()
    if "<workbook" in head and "office:spreadsheet" in head:
        return tuple(_spreadsheet_xml(text, path.name))
    if head.startswith(("<html", "<!doctype html", "<table", "<meta", "<head")) or "<table" in head:
        return tuple(_web_page(text, path.name))
    return (Grid(path.name, "", _delimited(text), notes=notes),)


def _decoded(data: bytes, name: str) -> tuple[str, tuple[Text, ...]]:
    """Strict decoding: byte order marks, then UTF-8, then UTF-16 without a mark, then GB18030."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codecs: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in data[:2000]:
        codecs = ("utf-16-le",) if data[1:2] == b"\x00" else ("utf-16-be",)
    else:
        codecs = ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        if codec == "gb18030" and western(data):
            note = Text(
                "read as Windows-1252; check that names look right", "按Windows-1252编码读取，请核对文字是否正确"
            )
            return data.decode("cp1252"), (note,)
        label = codec.removesuffix("-sig").upper()
        if label == "UTF-8":
            return text, ()
        return text, (Text(f"read as {label}; check that names look right", f"按{label}编码读取，请核对文字是否正确"),)
    raise DataError(f"{name} is not a text table in UTF-8, UTF-16 or GB18030: save it as .xlsx, or as CSV UTF-8.")


def _delimited(text: str) -> tuple[tuple[str, ...], ...]:
    lines = [line for line in text.splitlines() if line.strip()][:50]
    if not lines:
        return ()

    def fit(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        widest = max(set(counts), key=lambda n: (counts.count(n), n)) if counts else 1
        return (counts.count(widest) if widest > 1 else 0, widest)

    delimiter = max(_DELIMITERS, key=fit)
    text = re.sub(r"\Asep=.\r?\n", "", text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DataError(f"the table cannot be taken apart ({error}): check for an unclosed quote.") from None
    return _bounded([[_excel_text(cell) for cell in row] for row in rows])


def _excel_text(cell: str) -> str:
    """A cell without the `="00123"` that some exports write to keep zeros."""
    quoted = re.fullmatch(r'="(.*)"', cell.strip())
    return (quoted.group(1) if quoted else cell).strip().strip("\ufeff\u200b")


def _bounded(rows: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    if len(rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in rows):
        raise DataError(f"a table may have {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns; this one has more.")
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    return tuple((*row[:width], *[""] * (width - len(row))) for row in rows)


# -- workbooks -------------------------------------------------------------------------------------------------------


def _workbook(path: Path) -> Iterator[Grid]:
    with opened(path) as workbook:
        for sheet in workbook.visible:
            yield _sheet_grid(workbook, sheet)


def _sheet_grid(workbook: Workbook, sheet: Any) -> Grid:
    marks = workbook.marks(sheet)
    rows: list[list[str]] = []
    for row in sheet.iter_rows():
        rows.append([_workbook_text(cell) for cell in row])
        if len(rows) > MAX_ROWS or len(row) > MAX_COLUMNS:
            raise DataError(
                f"{workbook.name}, sheet {sheet.title!r}: a table may have {MAX_ROWS:,} rows and {MAX_COLUMNS:,} "
                "columns."
            )
    notes: tuple[Text, ...] = ()
    if marks.hidden:
        notes = (
            Text(
                f"{counted(marks.hidden, 'hidden row')} {'was' if marks.hidden == 1 else 'were'} read too",
                f"有{marks.hidden}行被隐藏，仍已读取",
            ),
        )
    day_zero = dt.date(1904, 1, 1) if workbook.book.epoch.year == 1904 else dt.date(1899, 12, 30)
    title = sheet.title.strip()
    grid = Grid(workbook.name, title, _bounded(rows), marks.merged, marks.formulas, day_zero, notes)
    return _filled(grid)


def _workbook_text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time | dt.timedelta):
        return "" if value in (dt.time(), dt.timedelta()) else str(value)
    if isinstance(value, float) and "%" in str(getattr(cell, "number_format", "")):
        return f"{round(100 * value, 10):g}%"
    if isinstance(value, float):
        value = float(f"{value:.12g}")  # 0.1 + 0.2 is shown as 0.3
    text = cell_text(value).strip().strip("\u200b\ufeff")
    return "" if text in {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"} else text


def _filled(grid: Grid) -> Grid:
    """The grid with the value of merged cells in every cell they cover."""
    rows = [list(row) for row in grid.rows]
    for top, left, bottom, right in grid.merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for r in range(top, min(bottom + 1, len(rows))):
            for c in range(left, min(right + 1, len(rows[r]))):
                rows[r][c] = value
    return replace(grid, rows=tuple(tuple(row) for row in rows))


# -- web pages and XML that call themselves .xls -----------------------------------------------------------------------


class _Tables(HTMLParser):
    """The tables of a web page, nested ones as part of the outer."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self.depth = 0
        self.cell: list[str] | None = None
        self.span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.depth += 1
            if self.depth == 1:
                self.tables.append([])
        elif tag == "tr" and self.depth:
            self.end_cell()
            self.tables[-1].append([])
        elif tag in {"td", "th"} and self.depth:
            self.end_cell()
            self.cell = []
            down, right = (given.get(k) or "1" for k in ("rowspan", "colspan"))
            self.span = (min(int(down), 1000) if down.isdigit() else 1, min(int(right), 1000) if right.isdigit() else 1)
        elif tag == "br" and self.cell is not None:
            self.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "tr"}:
            self.end_cell()
        elif tag == "table":
            self.end_cell()
            self.depth = max(0, self.depth - 1)

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def end_cell(self) -> None:
        """End the open cell."""
        if self.cell is not None and self.tables:
            if not self.tables[-1]:
                self.tables[-1].append([])
            self.tables[-1][-1].append(("".join(self.cell).strip(), *self.span))
        self.cell = None


def _web_page(text: str, name: str) -> Iterator[Grid]:
    parser = _Tables()
    parser.feed(text)
    parser.close()
    parser.end_cell()
    for number, table in enumerate(parser.tables, start=1):
        yield _spanned(name, "" if len(parser.tables) == 1 else f"table {number}", table)
    if not parser.tables:
        raise DataError(f"{name} is a web page without a table: export it again as .xlsx or CSV.")


def _spanned(file: str, sheet: str, table: list[list[tuple[str, int, int]]]) -> Grid:
    if len(table) > MAX_ROWS or sum(r * c for row in table for _, r, c in row) > MAX_ROWS * 100:
        raise DataError(f"{file}: a table may have {MAX_ROWS:,} rows; this one has more, or cells that cover too many.")
    placed: dict[tuple[int, int], str] = {}
    merged = []
    for r, row in enumerate(table):
        c = 0
        for value, down, right in row:
            while (r, c) in placed:
                c += 1
            down = min(down, len(table) - r)
            placed |= {(r + i, c + j): _excel_text(value) for i in range(down) for j in range(right)}
            if down * right > 1:
                merged.append((r, c, r + down - 1, c + right - 1))
            c += right
    width = max((c + 1 for _, c in placed), default=0)
    rows = _bounded([[placed.get((r, c), "") for c in range(width)] for r in range(len(table))])
    return Grid(file, sheet, rows, tuple(merged))


_SS: Final = "{urn:schemas-microsoft-com:office:spreadsheet}"


def _spreadsheet_xml(text: str, name: str) -> Iterator[Grid]:
    if "<!entity" in text[:4000].casefold():
        raise DataError(f"{name} declares entities, which are not read: save it as .xlsx.")
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 (no entities, and bounded in size)
    except ElementTree.ParseError as error:
        raise DataError(f"{name} is not well-formed XML ({error}): save it as .xlsx.") from None
    for sheet in root.iter(f"{_SS}Worksheet"):
        table: list[list[tuple[str, int, int]]] = []
        for row in sheet.iter(f"{_SS}Row"):
            table += [[]] * (min(int(row.get(f"{_SS}Index", "0")), MAX_ROWS) - 1 - len(table))
            cells: list[tuple[str, int, int]] = []
            for cell in row.iter(f"{_SS}Cell"):
                cells += [("", 1, 1)] * (min(int(cell.get(f"{_SS}Index", "0")), MAX_COLUMNS) - 1 - len(cells))
                data = cell.find(f"{_SS}Data")
                value = "" if data is None else "".join(data.itertext())
                value = (
                    value.split("T00:00:00")[0] if data is not None and data.get(f"{_SS}Type") == "DateTime" else value
                )
                spans = [min(int(cell.get(f"{_SS}Merge{k}", "0")), 1000) + 1 for k in ("Down", "Across")]
                cells.append((value, spans[0], spans[1]))
            table.append(cells)
        yield _spanned(name, sheet.get(f"{_SS}Name", ""), table)
