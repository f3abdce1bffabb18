"""Where the table stands in a sheet: its header under titles, its rows, and what is left aside and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bayes_escc.evidence.sheet.grids import Grid
from bayes_escc.evidence.sheet.roles import endpoint_of, header_of, roles_of, same_header
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["Aside", "Table", "find_table"]

_DEEPEST_HEADER: Final = 40
_TOTALS: Final = re.compile(
    r"(?i)^(合计|总计|小计|共计|总数|总例数|平均|平均值|平均数|均值|均数|中位数?|中位值|中位时间|标准差|最大值|最小值|范围|sum|"
    r"totals?|sub-?total|mean|median|average|count|grand total|overall|range|maximum|minimum|n\s*=\s*\d+|计数)"
    r"\s*(?:[(（±].*)?[:：]?$"
)
_NOTES: Final = re.compile(
    r"(?i)^(\*|†|‡|注|备注\s*[:：]|说明\s*[:：]|制表|填表|审核|录入|数据来源|资料来源|统计|notes?\b|source|abbreviations?|footnote|"
    r"prepared by|data (?:cut|as of)|缩写|截止|数据截止|exported|打印|导出)"
)

_ALONE: Final = Text("a single cell, not a row of the table", "仅一格有内容，非数据行")
_SECTION: Final = Text("title of a block of rows", "分段标题")


@dataclass(frozen=True)
class Aside:
    """A row left aside: where, and why. What it says is not repeated, it may hold names."""

    sheet: str
    row: int
    why: Text


@dataclass(frozen=True)
class Table:
    """One table of a sheet.

    Parameters
    ----------
    file, sheet : str
    headers : tuple of str
        One per column, unit row and group titles joined to them where names repeat; blank for columns without one.
    rows : tuple of tuple of str
    numbers : tuple of int
        Row numbers as a person counts.
    sections : tuple of str
        For every row the title that stands above its block; blank if there is none.
    titles : tuple of str
        What stands above the header.
    aside : tuple of Aside
    grid : Grid
    """

    file: str
    sheet: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    sections: tuple[str, ...]
    titles: tuple[str, ...]
    aside: tuple[Aside, ...]
    grid: Grid = field(repr=False)

    @property
    def name(self) -> str:
        """What to call it: the sheet, or the file of a sheet without a name."""
        return self.sheet or self.file

    def column(self, header: str) -> int | None:
        """Position of a header, compared without regard to spaces and brackets."""
        exact = [i for i, h in enumerate(self.headers) if h == header]
        alike = exact or [i for i, h in enumerate(self.headers) if h and same_header(h, header)]
        return alike[0] if alike else None

    def cells(self, column: int) -> list[str]:
        """The cells of one column."""
        return [row[column] for row in self.rows]


def find_table(grid: Grid, known: Sequence[str] = ()) -> Table | None:
    """The table of a sheet, or None where there is none.

    Parameters
    ----------
    grid : Grid
    known : sequence of str
        Headers a mapping expects: the row with most of them is the header.
    """
    at = _header_row(grid, known)
    if at is None:
        return None
    headers, used = _headers(grid, at)
    aside = _asides_above(grid, at)
    first = at + used
    aside += [_aside(grid, r, "part of the header", "表头的一部分") for r in range(at + 1, first)]
    titles = tuple(dict.fromkeys(c for r in range(at) for c in grid.rows[r] if c))
    rows, numbers, sections, section = [], [], [], ""
    filled_width = sum(bool(h) for h in headers)
    ended = False
    last = _last_full(grid, first, headers, filled_width)
    for r in range(first, len(grid.rows)):
        cells = grid.rows[r]
        why = _reason(cells, headers, filled_width, ended and r > last)  # a subtotal ends a block, not the table
        if why is None:
            rows.append(cells)
            numbers.append(r + 1)
            sections.append(section)
            continue
        kind, text = why
        if kind == "section":
            section = next(c for c in cells if c)
        ended = ended or kind in {"total", "note"}
        aside.append(Aside(grid.sheet or grid.file, r + 1, text))
    if not rows:
        return None
    last = numbers[-1]
    aside = [
        replace(a, why=_ALONE) if a.why == _SECTION and a.row > last else a for a in aside
    ]  # a title has rows below it
    return Table(
        grid.file, grid.sheet, headers, tuple(rows), tuple(numbers), tuple(sections), titles, tuple(aside), grid
    )


def _last_full(grid: Grid, first: int, headers: Sequence[str], width: int) -> int:
    """The last row that holds more than a note could."""
    full = [
        r
        for r in range(first, len(grid.rows))
        if len({c for c in grid.rows[r] if c}) > max(2, width // 3) and not _reason(grid.rows[r], headers, width, False)
    ]
    return max(full, default=first - 1)


def _aside(grid: Grid, row: int, en: str, zh: str) -> Aside:
    return Aside(grid.sheet or grid.file, row + 1, Text(en, zh))


def _asides_above(grid: Grid, at: int) -> list[Aside]:
    return [
        _aside(grid, r, "above the header", "位于表头上方")
        if any(grid.rows[r])
        else _aside(grid, r, "blank row", "空行")
        for r in range(at)
    ]


def _header_row(grid: Grid, known: Sequence[str]) -> int | None:
    """The row that names most roles (or known headers), the last of those merged over one another."""
    best, most = None, 0
    for r, cells in enumerate(grid.rows[:_DEEPEST_HEADER]):
        names = list(dict.fromkeys(c for c in cells if c))
        if known:
            count = sum(any(same_header(k.split(" / ")[-1], n) or same_header(k, n) for n in names) for k in known)
        else:
            count = _roles_named(names)
        if count > most:
            best, most = r, count
    if best is None or (not known and most < 2):
        return None
    return best


def _roles_named(names: Sequence[str]) -> int:
    """How many different roles (or endpoints, or arms with their number) the cells of a row could head."""
    if any(len(n) > 60 for n in names) and len(names) < 3:
        return 0
    found: set[str] = set()
    for name in names:
        if _looks_like_data(name):
            continue
        roles = roles_of(header_of(name))
        if roles:
            found.add(roles[0][0])
        elif re.search(r"(?i)[(\[]?\s*n\s*=\s*\d+", name):
            found.add(f"arm {name}")
        elif endpoint_of(name):
            found.add(f"endpoint {name}")
    return len(found)


def _looks_like_data(cell: str) -> bool:
    return re.fullmatch(r"[<>=≥≤~±]*\s*[\d.,/\-年月日%() :+]+", cell) is not None


def _headers(grid: Grid, at: int) -> tuple[tuple[str, ...], int]:
    """Names of the columns, and how many rows the header takes.

    A name that repeats, or is missing, takes the group title above; a row of units below is joined in brackets.
    """
    names = [" ".join(c.split()) for c in grid.rows[at]]
    above = [" ".join(c.split()) for c in grid.rows[at - 1]] if at else [""] * len(names)
    if sum(bool(a) for a in above) < 2 or len({a for a in above if a}) < 2:
        above = [""] * len(names)  # a title over the table, not groups
    times = Counter(n for n in names if n)
    joined = []
    for name, group in zip(names, above, strict=True):
        if not name:
            joined.append(group)
        elif group and group != name and (times[name] > 1 or _told_by_its_group(name, group)):
            joined.append(f"{group} / {name}")
        else:
            joined.append(name)
    used = 1
    if at + 1 < len(grid.rows):
        below = grid.rows[at + 1]
        filled = [(i, c) for i, c in enumerate(below) if c]
        units = [i for i, c in filled if header_of(f"x ({c.strip('()（）')})").unit or re.fullmatch(r"[(（].*[)）]", c)]
        if filled and len(units) == len(filled) and not all(_looks_like_data(c) for _, c in filled):
            joined = [f"{n} ({below[i].strip('()（）')})" if i in units and n else n for i, n in enumerate(joined)]
            used = 2
        elif below == grid.rows[at] or (
            len(filled) >= 3
            and _roles_named([c for _, c in filled]) >= max(3, len(filled) // 2)
            and not any(_looks_like_data(c) for _, c in filled)
        ):
            used = 2  # names of variables and their labels, or a header merged over two rows
            joined = [_with_label(n, label) for n, label in zip(joined, below, strict=True)]
        elif _names_of_groups(names, below):
            used = 2
            joined = [f"{n} / {own}" if own and own != n else n for n, own in zip(joined, below, strict=True)]
    seen: Counter[str] = Counter()
    unique = []
    for name in joined:
        seen[name] += bool(name)
        unique.append(f"{name} [{seen[name]}]" if name and seen[name] > 1 else name)
    return tuple(unique), used


def _told_by_its_group(name: str, group: str) -> bool:
    """Whether a name says nothing of itself, but does with the title above it: `highest grade` of adverse events."""
    joined = roles_of(header_of(f"{group} / {name}"))
    alone, title = roles_of(header_of(name)), roles_of(header_of(group))
    return bool(title) and not alone and any(how == "exact" for _, how in joined)


def _names_of_groups(names: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the row below the header names the columns of groups whose titles the header merges: `Scan 1`, twice."""
    spread = [bool(n) and n in (*names[max(i - 1, 0) : i], *names[i + 1 : i + 2]) for i, n in enumerate(names)]
    named = [i for i, own in enumerate(below) if own and own != names[i]]
    return (
        len(named) >= 2
        and all(spread[i] for i in named)
        and all(below[i] for i, wide in enumerate(spread) if wide)
        and not any(_looks_like_data(below[i]) or len(below[i]) > 40 for i in named)
    )


def _with_label(name: str, label: str) -> str:
    """The name of a variable with the unit of its label, or the label where the name says nothing."""
    if not label or name == label:
        return name
    own, other = header_of(name), header_of(label)
    if not roles_of(own) and roles_of(other):
        return label
    return f"{name} ({other.unit})" if other.unit and not own.unit else name


def _reason(cells: Sequence[str], headers: Sequence[str], width: int, ended: bool) -> tuple[str, Text] | None:
    """Why a row is left aside, or None for a row of the table."""
    filled = [c for c in cells if c]
    distinct = list(dict.fromkeys(filled))
    if not filled:
        return "blank", Text("blank row", "空行")
    if _TOTALS.match(filled[0]):
        return "total", Text("total or summary row", "合计或汇总行")
    if _NOTES.match(filled[0]) and len(distinct) <= max(2, width // 3):
        return "note", Text("note below the table", "表下注释")
    same = sum(bool(c) and c == h.split(" / ")[-1] for c, h in zip(cells, headers, strict=False))
    if same >= 2 and same >= 0.6 * len(filled):
        return "header", Text("the header again", "重复的表头")
    if len(distinct) == 1 and width >= 3:
        if ended or len(distinct[0]) > 60 or not re.search(r"[A-Za-z\u4e00-\u9fff]", distinct[0]):
            return "note", _ALONE
        return "section", _SECTION
    if ended and len(distinct) <= max(2, width // 3):
        return "note", Text("below the end of the table", "位于表格结束之后")
    return None
