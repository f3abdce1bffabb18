"""Empty sheets to fill in: drop-downs, checks, an example and instructions; `start` reads them without a question."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.sheet.wording import Text
from bayes_escc.files import write_atomic

__all__ = ["TEMPLATES", "write_template"]

TEMPLATES: Final = ("patients", "counts", "effects", "visits")
_ROWS: Final = 500
_FIXED: Final = dt.datetime(2024, 1, 1)


@dataclass(frozen=True)
class _Field:
    """One column: header, what to write, how it is checked (a list, ``date``, ``number`` or nothing)."""

    header: Text
    help: Text
    check: str | tuple[Text, ...] = ""
    example: tuple[Any, ...] = ()


_YES_NO: Final = (Text("yes", "有"), Text("no", "无"))
_RESPONSES: Final = tuple(Text(w, w) for w in ("CR", "PR", "SD", "PD", "NE"))
_A, _B = (
    Text("toripalimab + chemotherapy", "特瑞普利单抗 + 化疗"),
    Text("toripalimab + anlotinib", "特瑞普利单抗 + 安罗替尼"),
)
_D: Final = dt.date

_PATIENTS: Final = (
    _Field(Text("patient_id", "研究编号"), Text("Your own study number, the same every month; no name, no hospital number.", "自编研究编号，每月保持不变；不要写姓名或住院号。"), "", ("P001", "P002", "P003", "P004")),
    _Field(Text("regimen", "治疗方案"), Text("Always spelled alike; the list takes them from the sheet Lists.", "写法保持一致；下拉选项来自“选项”页。"), "regimens", (_A, _B, _A, _B)),
    _Field(Text("first dose", "首次用药日期"), Text("Date of the first dose: time zero.", "首次用药日期，作为时间起点。"), "date", (_D(2023, 1, 9), _D(2023, 1, 16), _D(2023, 2, 6), _D(2023, 2, 20))),
    _Field(Text("progression date", "进展日期"), Text("Blank if there was no progression.", "未进展留空。"), "date", (_D(2023, 5, 8), None, None, _D(2023, 6, 19))),
    _Field(Text("death date", "死亡日期"), Text("Blank if alive.", "存活留空。"), "date", (None, None, _D(2023, 7, 3), None)),
    _Field(Text("last contact", "末次随访日期"), Text("When the patient was last known to be alive, progressed or not.", "最后一次确认存活的日期，无论是否进展。"), "date", (_D(2023, 9, 11), _D(2023, 9, 4), _D(2023, 6, 26), _D(2023, 8, 28))),
    _Field(Text("best response", "最佳疗效"), Text("CR, PR, SD, PD or NE (not evaluable).", "CR、PR、SD、PD 或 NE(不可评价)。"), _RESPONSES, ("PR", "SD", "PR", "PD")),
    _Field(Text("liver metastasis", "肝转移"), Text("At the first dose.", "首次用药时。"), _YES_NO, (_YES_NO[1], _YES_NO[0], _YES_NO[1], _YES_NO[1])),
    _Field(Text("ECOG", "ECOG评分"), Text("0 to 4, at the first dose.", "0～4，首次用药时。"), tuple(Text(str(i), str(i)) for i in range(5)), (1, 0, 1, 2)),
    _Field(Text("neutrophils (10^9/L)", "中性粒细胞(10^9/L)"), Text("Last count on or before the first dose.", "首次用药前最近一次。"), "number", (4.2, 3.1, 6.5, 5.0)),
    _Field(Text("lymphocytes (10^9/L)", "淋巴细胞(10^9/L)"), Text("From the same sample.", "同一次血常规。"), "number", (1.4, 1.2, 0.9, 1.1)),
    _Field(Text("CD4", "CD4"), Text("Cells per microlitre, or per cent; CD8 alike.", "个/μl 或百分比，与CD8一致。"), "number", (520, 430, 610, 380)),
    _Field(Text("CD8", "CD8"), Text("As CD4.", "与CD4单位一致。"), "number", (410, 390, 350, 420)),
    _Field(Text("age", "年龄"), Text("Years.", "岁。"), "number", (61, 58, 66, 70)),
    _Field(Text("sex", "性别"), Text("", ""), (Text("male", "男"), Text("female", "女")), (Text("male", "男"), Text("female", "女"), Text("male", "男"), Text("male", "男"))),
    _Field(Text("AE grade", "不良反应最高分级"), Text("Worst CTCAE grade of any adverse event, 0 for none.", "最高CTCAE分级，无则填0。"), tuple(Text(str(i), str(i)) for i in range(6)), (2, 1, 3, 0)),
)  # fmt: skip
_COUNTS: Final = (
    _Field(Text("study", "研究"), Text("Which study or cohort.", "研究或队列名称。"), "", (Text("Our cohort", "本院队列"),) * 4),
    _Field(Text("regimen", "治疗方案"), Text("Always spelled alike.", "写法保持一致。"), "regimens", (_A, _A, _B, _B)),
    _Field(Text("endpoint", "终点"), Text("ORR, DCR, any_AE, grade3plus_AE ...", "ORR、DCR、any_AE、grade3plus_AE 等。"), tuple(Text(w, w) for w in ("ORR", "DCR", "any_AE", "grade3plus_AE")), ("ORR", "DCR", "ORR", "DCR")),
    _Field(Text("events", "事件数"), Text("Patients with the event.", "发生例数。"), "number", (10, 20, 12, 27)),
    _Field(Text("n", "总例数"), Text("Patients in the denominator.", "分母例数。"), "number", (29, 29, 35, 35)),
)  # fmt: skip
_EFFECTS: Final = (
    _Field(Text("study", "研究"), Text("One name per study.", "每项研究一个名称。"), "", (Text("Made-up A", "虚构研究A"), Text("Made-up B", "虚构研究B"))),
    _Field(Text("experimental", "试验组"), Text("The regimen in question.", "试验方案。"), "", (Text("PD-1 inhibitor", "PD-1抑制剂"),) * 2),
    _Field(Text("control", "对照组"), Text("", ""), "", (Text("chemotherapy", "化疗"),) * 2),
    _Field(Text("endpoint", "终点"), Text("OS, PFS, ORR ...", "OS、PFS、ORR 等。"), "", ("PFS", "PFS")),
    _Field(Text("measure", "效应指标"), Text("HR, OR or RR.", "HR、OR 或 RR。"), tuple(Text(w, w) for w in ("HR", "OR", "RR")), ("HR", "HR")),
    _Field(Text("estimate", "效应量"), Text("As published.", "按文献。"), "number", (0.8, 0.7)),
    _Field(Text("ci_low", "下限"), Text("Lower limit of the interval.", "区间下限。"), "number", (0.6, 0.5)),
    _Field(Text("ci_high", "上限"), Text("Upper limit.", "区间上限。"), "number", (1.1, 0.98)),
)  # fmt: skip
_VISITS: Final = (
    _Field(Text("patient_id", "研究编号"), Text("As on the sheet of patients.", "与患者页一致。"), "", ("P001", "P001", "P002", "P002", "P003", "P004", "P004")),
    _Field(Text("scan date", "评估日期"), Text("", ""), "date", (_D(2023, 3, 6), _D(2023, 5, 8), _D(2023, 3, 13), _D(2023, 5, 15), _D(2023, 4, 3), _D(2023, 4, 17), _D(2023, 6, 19))),
    _Field(Text("scan result", "评估结果"), Text("CR, PR, SD, PD or NE at this scan.", "本次评估：CR、PR、SD、PD 或 NE。"), _RESPONSES, ("PR", "PD", "SD", "SD", "PR", "SD", "PD")),
)  # fmt: skip
_WITHOUT_DATES: Final = {"progression date", "last contact"}


def write_template(kind: str, path: Path, *, language: str = "en") -> Path:
    """Write a workbook to fill in.

    Parameters
    ----------
    kind : {"patients", "counts", "effects", "visits"}
    path : Path
        The ``.xlsx`` file.
    language : {"en", "zh"}

    Raises
    ------
    AnalysisError
        If kind or ending is none of those, or the file cannot be written.
    """
    if kind not in TEMPLATES:
        raise AnalysisError(f"a template is one of {', '.join(TEMPLATES)}, not {kind!r}.")
    if path.suffix.lower() != ".xlsx":
        raise AnalysisError(f"a template is a workbook: end its name in .xlsx, not {path.suffix or 'nothing'!r}.")
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    fields = {"patients": _PATIENTS, "counts": _COUNTS, "effects": _EFFECTS, "visits": tuple(f for f in _PATIENTS if f.header.en not in _WITHOUT_DATES)}[kind]  # fmt: skip
    titles = {
        "patients": Text("Patients", "患者"), "counts": Text("Counts", "例数"), "effects": Text("Effects", "效应"), "visits": Text("Patients", "患者"),
    }  # fmt: skip
    lists = _Lists(book, language)
    _write_page(book, titles[kind].said(language), fields, language, lists)
    if kind == "visits":
        _write_page(book, Text("Scans", "影像评估").said(language), _VISITS, language, lists)
        fields = (*fields, *_VISITS)
    _settings(book, kind, language)
    lists.write()
    _instructions(book, kind, fields, language)
    book.active = 0
    book.properties.creator = book.properties.lastModifiedBy = "bayes_escc"
    book.properties.created = book.properties.modified = _FIXED
    stream = io.BytesIO()
    book.save(stream)
    write_atomic(path, _same_bytes(stream.getvalue()))
    return path


class _Lists:
    """The options of drop-downs, on a sheet of their own: a typed list of more than 255 characters breaks Excel."""

    def __init__(self, book: Any, language: str) -> None:
        self.book, self.language = book, language
        self.title = Text("Lists", "选项").said(language)
        self.columns: list[list[str]] = []

    def reference(self, options: Sequence[str], room: int = 0) -> str:
        """The cells that hold some options, with room for more."""
        if list(options) not in self.columns:
            self.columns.append(list(options))
        column = chr(ord("A") + self.columns.index(list(options)))
        return f"'{self.title}'!${column}$1:${column}${len(options) + room}"

    def write(self) -> None:
        """Make the sheet."""
        page = self.book.create_sheet(self.title)
        for j, options in enumerate(self.columns, start=1):
            for i, option in enumerate(options, start=1):
                page.cell(i, j, option)


def _write_page(book: Any, title: str, fields: Sequence[_Field], language: str, lists: _Lists) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    page = book.create_sheet(title)
    page.freeze_panes = "B2"
    for j, field in enumerate(fields, start=1):
        cell = page.cell(1, j, field.header.said(language))
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE7F0")
        if field.help.en:
            cell.comment = Comment(field.help.said(language), "bayes_escc")
        letter = get_column_letter(j)
        page.column_dimensions[letter].width = 30 if field.check == "regimens" else 16
        span = f"{letter}2:{letter}{_ROWS}"
        if field.check == "date":
            rule = DataValidation(
                "date", operator="between", formula1="DATE(2000,1,1)", formula2="TODAY()", allow_blank=True
            )
        elif field.check == "number":
            rule = DataValidation("decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
        elif field.check == "regimens":
            rule = DataValidation(
                "list", formula1=lists.reference([_A.said(language), _B.said(language)], room=8), allow_blank=False
            )
        elif isinstance(field.check, tuple):
            rule = DataValidation(
                "list", formula1=lists.reference([t.said(language) for t in field.check]), allow_blank=True
            )
        else:
            rule = None
            for i in range(2, _ROWS + 1):
                page.cell(i, j).number_format = "@"
        if rule is not None:
            rule.error = field.help.said(language) or field.header.said(language)
            rule.showErrorMessage = True
            rule.add(span)
            page.add_data_validation(rule)
        for i, value in enumerate(field.example, start=2):
            cell = page.cell(i, j, value.said(language) if isinstance(value, Text) else value)
            if isinstance(value, dt.date):
                cell.number_format = "yyyy-mm-dd"


_SETTING_LABELS: Final = {
    "reference": (Text("reference regimen", "参照方案"), Text("the regimen with which the others are compared", "其他方案与之比较的方案")),
    "margin.os": (Text("smallest difference in OS that matters (months)", "OS最小有意义差值(月)"), Text("or: none", "或填：none(不设定)")),
    "margin.pfs": (Text("smallest difference in PFS that matters (months)", "PFS最小有意义差值(月)"), Text("or: none", "或填：none(不设定)")),
    "margin.response": (Text("smallest difference in response that matters (percentage points)", "缓解率最小有意义差值(百分点)"), Text("or: none", "或填：none(不设定)")),
    "schedule": (Text("weeks between planned scans", "计划影像评估间隔(周)"), Text("as the protocol plans them", "按方案规定")),
}  # fmt: skip
_SETTINGS_OF: Final = {
    "patients": (("reference", _A), ("margin.pfs", 1), ("margin.os", 2), ("margin.response", 10)), "counts": (("reference", _A), ("margin.response", 10)),
    "effects": (), "visits": (("reference", _A), ("margin.pfs", 1), ("margin.response", 10), ("schedule", 8)),
}  # fmt: skip


def _settings(book: Any, kind: str, language: str) -> None:
    """The page of what no table says: reference and smallest differences that matter."""
    if not _SETTINGS_OF[kind]:
        return
    page = book.create_sheet(Text("Settings", "设置").said(language))
    for code, value in _SETTINGS_OF[kind]:
        label, means = _SETTING_LABELS[code]
        page.append(
            [label.said(language), value.said(language) if isinstance(value, Text) else value, means.said(language)]
        )
    page.column_dimensions["A"].width, page.column_dimensions["B"].width, page.column_dimensions["C"].width = 60, 32, 50


def _instructions(book: Any, kind: str, fields: Sequence[_Field], language: str) -> None:
    page = book.create_sheet(Text("How to", "说明").said(language))
    first = (
        Text("Replace the example rows, which are made up, by your own.", "示例为虚构数据，请替换为自己的数据。"),
        Text("Write no names, telephone or hospital numbers anywhere.", "请勿填写姓名、电话、住院号。"),
        Text("Colours carry no meaning: what is not in a cell is not read.", "颜色没有含义：只读取单元格内容。"),
        Text(f"Then: bayes-escc start THIS.xlsx --out FOLDER, and bayes-escc run FOLDER. ({kind})", f"然后运行：bayes-escc start 本文件.xlsx --out 文件夹，再运行 bayes-escc run 文件夹。({kind})"),
    )  # fmt: skip
    for text in first:
        page.append([text.said(language)])
    page.append([])
    for field in fields:
        if field.help.en:
            page.append([f"{field.header.said(language)}: {field.help.said(language)}"])
    page.column_dimensions["A"].width = 110


def _same_bytes(content: bytes) -> bytes:
    """The workbook with the time of its parts fixed, so that the same template has the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "docProps/core.xml":
                data = _without_times(data)
            new.writestr(zipfile.ZipInfo(entry.filename, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _without_times(core: bytes) -> bytes:
    import re

    return re.sub(rb"(<dcterms:(?:modified|created)[^>]*>)[^<]*", rb"\g<1>2024-01-01T00:00:00Z", core)
