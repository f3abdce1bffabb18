"""Which role every column plays, and why; what cannot be told apart becomes a question."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.identity import identifying_content
from bayes_escc.evidence.sheet.cells import (
    MISSING,
    NO_DATE,
    WORDS,
    count_unit,
    folded_word,
    read_day,
    read_number,
    time_unit,
)
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Column
from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.roles import ROLES, Header, header_of, roles_of, same_header
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.settings.reader import nearest

__all__ = ["Proposal", "Roles", "propose_roles"]

_BASELINE: Final = re.compile(
    r"(?i)基线|治疗前|用药前|首次前|baseline|\bpre\b|pre-?treatment|screening|入组时|\bc1d1\b|术前|初始"
)
_LATER: Final = re.compile(
    r"(?i)周期后|治疗后|用药后|后(?:\d|$|\s|/)|复查|after|post|follow.?up|week ?\d+|cycle ?[2-9]|\bc[2-9]|month ?\d|"
    r"第[2-9二三四五六]周期|\d+周|\d+个?月时|末次"
)
_EVENT: Final = re.compile(r"(?i)进展|死亡|事件|progression|\bpd\b|death|event")
_LAST: Final = re.compile(r"(?i)随访|截止|终点|删失|follow|last|cens|end")
_BLOOD: Final = frozenset(
    {"neutrophils", "lymphocytes", "nlr", "cd4", "cd8", "cd4_cd8", "ecog", "kps", "liver_metastasis", "pdl1"}
)
_NEEDED: Final = frozenset(
    {
        "regimen",
        "start",
        "progression",
        "death",
        "last_contact",
        "last_scan",
        "pfs_end",
        "time",
        "status",
        "censored",
        "response",
        "identifier",
    }
)


@dataclass(frozen=True)
class Proposal:
    """What one column is taken for.

    Parameters
    ----------
    header : str
    role : str or None
        None for a column that is left aside.
    reason : Text
    """

    header: str
    role: str | None
    reason: Text


@dataclass(frozen=True)
class Roles:
    """The roles of the columns of some tables."""

    columns: Mapping[str, Column]
    proposals: tuple[Proposal, ...]
    questions: tuple[Question, ...]
    dropped: tuple[str, ...]
    aside: tuple[str, ...]
    cells: Mapping[str, list[str]]
    identifying: Mapping[str, str]


def _cells(tables: Sequence[Table]) -> dict[str, list[str]]:
    """Cells by header, over all tables; headers that differ only in form are one."""
    found: dict[str, list[str]] = {}
    for table in tables:
        for i, header in enumerate(table.headers):
            if not header:
                continue
            name = next((h for h in found if same_header(h, header)), header)
            found.setdefault(name, []).extend(table.cells(i))
    return {h: found[h] for h in sorted(found)}


def propose_roles(tables: Sequence[Table], answers: Mapping[str, str], allowed: frozenset[str]) -> Roles:
    """Propose a role for every column.

    Parameters
    ----------
    tables : sequence of Table
        Of one kind.
    answers : mapping of str to str
        ``use.ROLE`` names the header of a role, or ``none``.
    allowed : frozenset of str
        Roles these tables can have.
    """
    cells = _cells(tables)
    headers = {h: header_of(h) for h in cells}
    identifying = {h: kind for h, c in cells.items() if (kind := identifying_content(c))}
    fixed = _fixed(answers, cells)
    meanings = {h: _meanings(h, headers[h], cells[h], allowed) for h in cells if h not in fixed.values()}
    by_role: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for header, found in meanings.items():
        for role, how in found:
            if header in identifying and ROLES[role].kind != "drop" and role not in {"regimen", "start", "progression"}:
                continue
            by_role[role].append((header, how))
    chosen: dict[str, str] = {r: h for r, h in fixed.items() if h}
    elsewhere: dict[str, list[str]] = {}
    apart = _sheets_apart(tables, by_role)
    questions = []
    for role in [
        r for r in ROLES if r in by_role and r not in fixed and (r in allowed or ROLES[r].kind not in {"drop", "aside"})
    ]:
        taken = {*chosen.values(), *(h for more in elsewhere.values() for h in more)}
        candidates = [c for c in by_role[role] if c[0] not in taken]
        best = _best(role, candidates, cells)
        by_sheet = _one_each(role, candidates, cells, tables) if apart else []
        if len(by_sheet) > 1 and _alike(role, [headers[h] for h in by_sheet]):
            chosen[role], *elsewhere[role] = by_sheet
        elif len(best) == 1:
            chosen[role] = best[0]
        elif len(best) > 1:
            questions.append(_ask_role(role, best, cells))
    columns = {
        role: replace(
            _column(role, header, headers[header]),
            also=tuple(_column(role, h, headers[h]) for h in elsewhere.get(role, ())),
        )
        for role, header in chosen.items()
    }
    used = {*chosen.values(), *(h for more in elsewhere.values() for h in more)}
    dropped = [
        h
        for h in cells
        if h not in used and (h in identifying or any(ROLES[r].kind == "drop" for r, _ in meanings.get(h, ())))
    ]
    asked = {c.value for q in questions for c in q.candidates}
    aside = [h for h in cells if h not in used and h not in dropped]
    of_header = {h: r for r, h in chosen.items()} | {h: r for r, more in elsewhere.items() for h in more}
    proposals = [_proposal(h, of_header, meanings, identifying, dropped, asked, fixed) for h in cells]
    return Roles(columns, tuple(proposals), tuple(questions), tuple(dropped), tuple(aside), cells, identifying)


def _sheets_apart(tables: Sequence[Table], by_role: Mapping[str, list[tuple[str, str]]]) -> bool:
    """Whether several sheets hold the same things of different patients, rather than different things of the same."""
    held = [
        {r for r, found in by_role.items() if r != "identifier" and any(t.column(h) is not None for h, _ in found)}
        for t in tables
    ]
    return len(tables) > 1 and all(len(a & b) >= 0.5 * max(1, min(len(a), len(b))) for a, b in combinations(held, 2))


def _one_each(
    role: str, candidates: list[tuple[str, str]], cells: Mapping[str, list[str]], tables: Sequence[Table]
) -> list[str]:
    """The likeliest header of a role on every sheet, or none where a sheet leaves it open."""
    found: dict[str, None] = {}
    for table in tables:
        here = [c for c in candidates if table.column(c[0]) is not None]
        best = _best(role, here, cells) if here else []
        if len(best) > 1:
            return []
        found |= dict.fromkeys(best)
    return sorted(found)


def _alike(role: str, headers: Sequence[Header]) -> bool:
    """Whether headers of one role differ in nothing but name and a unit that each of them states."""
    if len({h.codes for h in headers}) > 1:
        return False
    units = [_column(role, h.text, h).unit for h in headers]
    return len(set(units)) == 1 or "" not in units


def _fixed(answers: Mapping[str, str], cells: Mapping[str, list[str]]) -> dict[str, str]:
    """Roles that were answered, with the header as the sheet has it; blank where the role is not to be used."""
    fixed = {}
    for code, answer in answers.items():
        role = code.removeprefix("use.")
        if not code.startswith("use.") or role not in ROLES:
            continue
        if answer == "none":
            fixed[role] = ""
            continue
        found = [h for h in cells if h == answer] or [h for h in cells if same_header(h, answer)]
        if not found:
            raise DataError(
                f"{answer!r}, named as {role}: no sheet has that header; "
                f"they are {', '.join(masked(h) for h in cells)}." + nearest(answer, cells)
            )
        fixed[role] = found[0]
    return fixed


def _meanings(name: str, header: Header, cells: list[str], allowed: frozenset[str]) -> list[tuple[str, str]]:
    """Roles the header can mean and its cells allow."""
    found = []
    for role, how in roles_of(header):
        fitting = _by_content(role, name, cells)
        if fitting and (fitting in allowed or ROLES[fitting].kind in {"drop", "aside"}):
            found.append((fitting, how))
    return list(dict.fromkeys(found))


def _share(cells: list[str], test: Callable[[str], bool]) -> float:
    """Share of the filled cells that pass a test; below nothing where none is filled."""
    filled = [c for c in cells if folded_word(c) not in MISSING | NO_DATE or folded_word(c) in {"0", "no"}]
    return sum(test(c) for c in filled) / len(filled) if filled else -1.0


def _is_date(cell: str) -> bool:
    day = read_day(cell)
    return (
        not isinstance(day, str)
        or day in {"ambiguous", "serial", "two-digit year", "no such day"}
        or (day == "incomplete" and re.match(r"(19|20)\d\d\D", cell) is not None)
    )


def _by_content(role: str, header: str, cells: list[str]) -> str:
    """The role that header and cells together say, or a blank where the cells contradict the header."""
    kind = ROLES[role].kind
    filled = [c for c in cells if folded_word(c) not in MISSING]
    if not filled or kind in {"drop", "aside", "id", "label"}:
        return role
    words = {folded_word(c) for c in filled}
    dates = _share(cells, _is_date)
    numbers = _share(cells, lambda c: read_number(c) is not None)
    if role == "pfs_end" and len(filled) < len(cells) and _EVENT.search(header) and not _LAST.search(header):
        return "progression"  # the date of an event, blank where there was none
    if kind == "date":
        if words <= NO_DATE:
            return role if not words <= {"0", "no", "n", "否", "无"} else ""
        if dates >= 0.5:
            return role
        if role == "progression" and _known(words, "status") >= 0.5:
            return "status"
        if role == "death" and _known(words, "yes_no") >= 0.5:
            return "os_status"
        if role == "progression" and numbers >= 0.5:
            return "time" if "time" in ROLES and re.search(r"时间|time", header, re.IGNORECASE) else ""
        return ""
    if role == "time" and (words <= {"0", "1"} or words <= {"1", "2"}):
        return ""  # a code, and no time
    if role == "time" and dates >= 0.5 and not numbers > dates:
        return "pfs_end"
    if role in {"status", "censored"} and dates >= 0.5 and not _known(words, "status") >= 0.5:
        return "progression" if role == "status" else ""
    if role == "ecog" and [c for c in filled if (n := read_number(c)) and n[0] > 5]:
        return "kps"
    if role == "response" and words <= set(WORDS["yes_no"]):
        return "responder"
    if role in {"responder", "controlled"} and _known(words, "response") >= 0.5:
        return "response" if role == "responder" else ""
    if role == "liver_metastasis" and _known(words, "yes_no") < 0.3 and not words <= {"1", "2"}:
        return "metastatic_sites"
    if role == "ae_any" and all(_grade_like(w) for w in words) and not words <= {"0", "1"}:
        return "ae_grade"
    if role == "sex" and dates > 0.5:
        return ""
    if kind == "number" and numbers < 0.5:
        return ""
    return role


def _grade_like(word: str) -> bool:
    return re.fullmatch(r"(g|grade)?\s*[>=≥]*\s*([0-5]|[ivⅰⅱⅲⅳⅴ]+)\s*(级|度)?", word) is not None or word in {
        "无",
        "none",
    }


def _known(words: set[str], kind: str) -> float:
    return sum(w in WORDS[kind] for w in words) / max(len(words), 1)


def _best(role: str, candidates: list[tuple[str, str]], cells: Mapping[str, list[str]]) -> list[str]:
    """The likeliest headers of a role: exact before contained before loose; the baseline value of repeated ones."""
    if role in _BLOOD and len(candidates) > 0:
        baseline = [c for c in candidates if _BASELINE.search(c[0])]
        earlier = [c for c in candidates if not _LATER.search(c[0])]
        candidates = baseline or earlier
    for how in ("exact", "within", "loose"):
        found = [h for h, found_how in candidates if found_how == how]
        if how != "within" and role == "identifier" and len(found) > 1:  # a study number beats a row number
            found = [h for h in found if not re.search(r"序|^#$|^no\.?$", h, re.IGNORECASE)] or found
            unique = [h for h in found if len({c for c in cells[h] if c}) == len([c for c in cells[h] if c])]
            found = unique or found
        if found:
            return sorted(found)
    return []


def _ask_role(role: str, headers: list[str], cells: Mapping[str, list[str]]) -> Question:
    said = ROLES[role].said

    def filled(header: str) -> Text:
        n = sum(folded_word(c) not in MISSING for c in cells[header])
        return Text(f"{n} cells are filled", f"{n}格有内容")

    return Question(
        f"use.{role}",
        Text(f"Which column is {said.en} ({role})?", f"哪一列是{said.zh}({role})？"),
        (*(Candidate(h, filled(h)) for h in headers), Candidate("none", Text("none of them", "都不是"))),
        safe=None if role in _NEEDED else "none",
    )


def _column(role: str, name: str, header: Header) -> Column:
    """The column with the unit and the codes its header states."""
    unit = ""
    if role in {"time", "os"}:
        unit = time_unit(header.unit)
    elif role in {"neutrophils", "lymphocytes", "cd4", "cd8"}:
        unit = count_unit(header.unit)
    words = {}
    for code, meaning in header.codes:
        known = _code_meaning(role, meaning)
        if known:
            words[code] = known
    return Column(name, unit, words=tuple(sorted(words.items())))


def _code_meaning(role: str, meaning: str) -> str:
    word = folded_word(meaning)
    kinds = {"status": "status", "censored": "censored", "response": "response", "sex": "sex"}
    if role in kinds:
        return WORDS[kinds[role]].get(word, "")
    if role in {"liver_metastasis", "ae_any", "ae_severe", "responder", "controlled"}:
        return WORDS["yes_no"].get(word, "")
    return ""


def _proposal(
    header: str,
    of_header: Mapping[str, str],
    meanings: Mapping[str, list[tuple[str, str]]],
    identifying: Mapping[str, str],
    dropped: Sequence[str],
    asked: set[str],
    fixed: Mapping[str, str],
) -> Proposal:
    """The role of one column and the reason for it."""
    role = of_header.get(header)
    if role is not None and fixed.get(role) == header:
        return Proposal(header, role, Text("as answered", "按回答"))
    hows = dict(meanings.get(header, []))
    if role is not None:
        how = hows.get(role, "exact")
        reasons = {
            "exact": Text("the header says so", "表头明确"),
            "within": Text("part of the header says so", "表头包含该词"),
            "loose": Text("the header may mean it and no other column does", "表头可作此解，且无其他列"),
        }
        return Proposal(header, role, reasons[how])
    if header in dropped:
        kind = identifying.get(header)
        why = {
            "number": Text("its cells look like identity or telephone numbers", "内容疑似身份证号、电话等"),
            "name": Text("its cells look like names", "内容疑似姓名"),
        }.get(kind or "", Text("the header names what identifies people", "表头为可识别个人的信息"))
        return Proposal(header, None, Text(f"dropped: {why.en}", f"不读取：{why.zh}"))
    if header in asked:
        return Proposal(header, None, Text("asked below", "见下方问题"))
    for name in hows:
        if ROLES[name].kind == "aside":
            return Proposal(header, None, Text(f"left aside: {ROLES[name].said.en}", f"未用：{ROLES[name].said.zh}"))
    return Proposal(header, None, Text("left aside: not needed", "未用：分析不需要"))
