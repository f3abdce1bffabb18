"""The message of an error in Chinese: its heading, where each problem stands, what is wrong and the remedy."""

from __future__ import annotations

import re
from typing import Final

from bayes_escc.report.chinese import in_chinese

__all__ = ["refusal_in_chinese"]

_HEADING: Final = re.compile(r"(.+) (was refused|cannot be used): (\d+) problems?")
_PROBLEM: Final = re.compile(
    r"  - (?:row (?P<row>\d+))?(?:(?:, )?column (?P<column>.+?))?(?P<value> (?:'.*?'|\".*?\"))?: "
    r"(?P<said>.*?)(?P<code> \[[a-z_0-9]+\])?"
)
_MORE: Final = re.compile(r"    and the same in (\d+) more rows: (.*)")


def refusal_in_chinese(message: str) -> str:
    """The message of an error in Chinese: its heading, where each problem stands, what is wrong and the remedy.

    A sentence that the catalogue does not hold stays as it is.
    """
    return "\n".join(_line(line) for line in message.split("\n"))


def _line(line: str) -> str:
    if heading := _HEADING.fullmatch(line):
        verb = "未被接受" if heading[2] == "was refused" else "不能使用"
        return f"{heading[1]}{verb}：{heading[3]}个问题"
    if more := _MORE.fullmatch(line):
        return f"    另有{more[1]}行相同：{more[2]}"
    problem = _PROBLEM.fullmatch(line)
    if problem is None or not (problem["row"] or problem["column"]):
        lead = re.match(r"\s*(- )?", line)
        indent = lead[0] if lead else ""
        return indent + (in_chinese(line[len(indent) :]) if re.search("[A-Za-z]", line) else line[len(indent) :])
    place = f"第{problem['row']}行" if problem["row"] else ""
    place += f"{'，' if place else ''}{problem['column']}列" if problem["column"] else ""
    value = f"“{problem['value'].strip()[1:-1]}”" if problem["value"] else ""
    return f"  - {place}{value}：{in_chinese(problem['said'])}{problem['code'] or ''}"
