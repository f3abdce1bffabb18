"""The message of an error in Chinese: its heading, where each problem stands, what is wrong and the remedy."""

from __future__ import annotations

import re
from typing import Final

from bayes_escc.report.change_words import change_in_chinese
from bayes_escc.report.chinese import Names, in_chinese
from bayes_escc.report.chinese_terms import KINDS_OF_CHANGE
from bayes_escc.report.naming import Naming

__all__ = ["problem_text", "refusal_in_chinese"]

_HEADING: Final = re.compile(r"(.+) (was refused|cannot be used): (\d+) problems?")
_SOURCES: Final = {
    "what was typed": "所录入的内容",
    "the curve": "曲线",
    "the DataFrame": "该DataFrame",
    "these options": "这些选项",
    "the target population": "目标人群",
}
_PROBLEM: Final = re.compile(
    r"  - (?:row (?P<row>\d+))?(?:(?:, )?column (?P<column>.+?))?(?P<value> (?:'.*?'|\".*?\"))?: "
    r"(?P<said>.*?)(?P<code> \[[a-z_0-9]+\])?"
)
_CHANGE: Final = re.compile(rf"  - (?P<unit>.+): (?P<kind>{'|'.join(KINDS_OF_CHANGE)})(?: \((?P<detail>.*)\))?")
_CODED: Final = re.compile(r"(.+[.?!])( \[[a-z_0-9]+\])")
"""A note on no row and no column, with its code."""
_PROFILE: Final = {
    re.compile(r"  - ([^.:]+) is needed"): r"  - 必须给出\1",
    re.compile(r"  - ([^.:]+ = .+) cannot be used"): r"  - \1不能使用",
}
"""Problems with the profile of a patient; too short for the catalogue, through which sentences of a person pass too."""
_MORE: Final = re.compile(r"    and the same in (\d+) more rows: (.*)")


def refusal_in_chinese(message: str) -> str:
    """The message of an error in Chinese: its heading, where each problem stands, what is wrong and the remedy.

    A sentence that the catalogue does not hold stays as it is.
    """
    return "\n".join(_line(line) for line in message.split("\n"))


def problem_text(problem: str, naming: Naming) -> str:
    """One problem as it is printed, with its place, in the language of the answer."""
    if naming.language == "en":
        return problem
    return _line(f"  - {problem}", naming.own).removeprefix("  - ")


def _line(line: str, own: Names = frozenset()) -> str:
    if heading := _HEADING.fullmatch(line):
        verb = "未被接受" if heading[2] == "was refused" else "不能使用"
        source = re.sub(r"this (\w+) rule", r"该\1规则", _SOURCES.get(heading[1], heading[1]))
        return f"{source}{verb}：{heading[3]}个问题"
    if more := _MORE.fullmatch(line):
        return f"    另有{more[1]}行相同：{more[2]}"
    if change := _CHANGE.fullmatch(line):
        return f"  - {change_in_chinese(change['unit'], change['kind'], change['detail'] or '')}"
    for pattern, chinese in _PROFILE.items():
        if pattern.fullmatch(line):
            return pattern.sub(chinese, line)
    problem = _PROBLEM.fullmatch(line)
    if problem is None or not (problem["row"] or problem["column"]):
        lead = re.match(r"\s*(- )?", line)
        indent = lead[0] if lead else ""
        said, code = line[len(indent) :], ""
        if coded := _CODED.fullmatch(said):
            said, code = coded[1], coded[2]
        if not re.search("[A-Za-z]", said):
            return line
        ended = said if said.endswith((".", "?", ":", "!")) else f"{said}."  # problems of an analysis end in no stop
        told = "；".join(in_chinese(part, own) for part in re.split(r"(?<=\?); ", ended))
        return indent + (said if told == ended else told) + code
    place = f"第{problem['row']}行" if problem["row"] else ""
    place += f"{'，' if place else ''}{problem['column']}列" if problem["column"] else ""
    value = f"“{problem['value'].strip()[1:-1]}”" if problem["value"] else ""
    return f"  - {place}{value}：{in_chinese(problem['said'], own)}{problem['code'] or ''}"
