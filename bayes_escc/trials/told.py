"""A design and its result in Chinese for a terminal: the sections of its page, as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bayes_escc.names import PlainMapping
from bayes_escc.report.blocks import Items, Paragraph, Section, Table
from bayes_escc.report.layout import aligned, display_width
from bayes_escc.trials.design import Design
from bayes_escc.trials.facts import design_facts, look_dates
from bayes_escc.trials.page import design_sections, design_stated

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["comparison_in_chinese", "design_in_chinese", "replay_in_chinese", "result_in_chinese"]

_COLUMNS: Final = {"patient": "患者", "arm": "组", "entry": "入组", "true_time": "真实时间", "drop_out": "失访"}
_CELLS: Final = {"event": "发生事件", "free": "未发生事件", "none": "未发生事件", "left": "失访", "pending": "待评估"}
_TIMED: Final = re.compile(r"(event|free) at (\S+)")
_LOOK: Final = re.compile(r"(.+), look (\d+) \(month ([\d.]+)\)")

_RESULT: Final = ("answer", "characteristics", "looks", "assurance", "calibration", "size", "drift", "simulation")
_SIDES: Final = ("first", "second", "difference")
_WHAT: Final = {"P(go)": "P(成功)", "P(stop)": "P(终止)", "patients": "例数", "months": "月数"}


def result_in_chinese(data: PlainMapping) -> str:
    """The result of a design for a terminal.

    Parameters
    ----------
    data : mapping
        The content of `design.json`.
    """
    title = data["design"]["title"]
    sections = [s for s in design_sections(data, "zh") if s.anchor in _RESULT and s.status == "present"]
    return "\n".join([title, "=" * min(78, display_width(title)), *_lines(sections)])


def design_in_chinese(design: Design) -> list[str]:
    """What a design file says, with the dates at which looks fall on average."""
    spec = design.spec
    facts = design_facts(spec, design.model, analysis=design.analysis, sha256=design.sha256)
    data = {**facts, "scenarios": [{"most": n} for n in spec.patients]}
    lines = [spec.title, *_lines(design_stated(data, "zh"))]
    lines += ["", "查看时间", "--------"]
    for planned in spec.rules:
        for i, plan in enumerate(planned.looks):
            dates = []
            for truth in spec.truths:
                low, middle, high = look_dates(spec, truth, planned, plan)
                dates.append(f"若“{truth.name}”，第{middle:.0f}个月（{low:.0f}～{high:.0f}）")
            lines.append(f"  - {planned.name}，第{i + 1}次查看：{'；'.join(dates)}。")
    return lines


def replay_in_chinese(table: pd.DataFrame) -> pd.DataFrame:
    """One simulated trial, patient by patient, under Chinese headings."""
    looks = [c for c in table.columns if _LOOK.fullmatch(str(c))]
    shown = table.assign(**{c: table[c].map(_seen) for c in looks})
    return shown.rename(columns=lambda c: _COLUMNS.get(c, _LOOK.sub(r"\1，第\2次查看（第\3个月）", c)))


def _seen(cell: str) -> str:
    """What a look knew of a patient."""
    parts = [_CELLS.get(part, _TIMED.sub(lambda m: f"{m[2]}时{_CELLS[m[1]]}", part)) for part in cell.split(", ")]
    return "、".join(parts)


def comparison_in_chinese(rows: Sequence[Mapping[str, str]], first: str, second: str) -> str:
    """Two designs side by side, from rows whose estimates are texts already."""
    cells = [[r["truth"], _WHAT.get(r["what"], r["what"]), *(r[k].replace(" to ", "～") for k in _SIDES)] for r in rows]
    note = "两种设计面对相同的患者，差值中不含机会因素。括号内为95%蒙特卡罗区间；未附区间者为精确值。"
    return f"{aligned(['真实情形', '', first, second, '后者减前者'], cells)}\n{note}"


def _lines(sections: Iterable[Section]) -> list[str]:
    """Sections with their headings; figures and paragraphs to copy are of the page alone."""
    lines: list[str] = []
    for section in sections:
        lines += ["", section.title, "-" * display_width(section.title)]
        for block in section.blocks:
            if isinstance(block, Paragraph):
                lines.append(block.text)
            elif isinstance(block, Items):
                lines += [f"  - {item}" for item in block.items]
            elif isinstance(block, Table):
                lines += [] if block.title == section.title else [block.title]
                lines += [aligned(block.header, block.rows), *([block.note] if block.note else [])]
    return lines
