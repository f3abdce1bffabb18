"""Sheets of other people's making: each a way of keeping patients or counts that no other sheet here shares."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

CUT = dt.date(2023, 12, 31)
EPOCH = dt.date(1899, 12, 30)


@dataclass(frozen=True)
class Patient:
    """One patient as he is, however a sheet writes him down."""

    number: int
    arm: int
    start: dt.date
    progression: dt.date | None
    death: dt.date | None
    last: dt.date
    best: str
    liver: bool
    ecog: int
    neutrophils: float
    lymphocytes: float
    age: int
    woman: bool
    grade: int

    @property
    def end(self) -> dt.date:
        return min((d for d in (self.progression, self.death) if d), default=self.last)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def event(self) -> bool:
        return bool(self.progression or self.death)


def cohort(n: int = 22, seed: int = 1) -> list[Patient]:
    """Patients of two arms in turn."""
    draw = random.Random(seed)
    found = []
    for i in range(n):
        start = dt.date(2022, 1, 3) + dt.timedelta(days=draw.randrange(380))
        first = start + dt.timedelta(days=30 + draw.randrange(300))
        fate = draw.random()
        progression = first if fate < 0.65 else None
        death = first + dt.timedelta(days=25 + draw.randrange(90)) if fate < 0.3 else first if fate > 0.93 else None
        last = death or first + dt.timedelta(days=draw.randrange(60))
        found.append(
            Patient(
                i + 1,
                i % 2,
                start,
                progression,
                death,
                last,
                draw.choice(["CR", "PR", "PR", "SD", "SD", "PD", "NE"]),
                draw.random() < 0.35,
                draw.randrange(3),
                round(draw.uniform(2, 8), 2),
                round(draw.uniform(0.6, 2.4), 2),
                draw.randrange(41, 79),
                draw.random() < 0.25,
                draw.randrange(5),
            )
        )
    return found


def book(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    """A workbook of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


def text(path: Path, rows: Sequence[Sequence[object]], encoding: str, separator: str) -> Path:
    """A text file."""
    lines = (separator.join("" if c is None else str(c) for c in row) for row in rows)
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def chinese_date(day: dt.date | None, style: int) -> str:
    if day is None:
        return ["未进展", "—", "", "无"][style % 4]
    return [
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}/{day.month:02}/{day.day:02}",
        day.isoformat(),
    ][style % 4]


def gb18030(folder: Path) -> Path:
    """Chinese text of an old program: titles, units in headers, four styles of dates, a footnote and a total."""
    rows: list[Sequence[object]] = [
        ["某院食管鳞癌二线治疗登记表"],
        ["制表日期：2024-01-10"],
        [],
        [
            "序号",
            "住院号",
            "姓名",
            "治疗方案",
            "年龄（岁）",
            "ECOG评分",
            "肝转移（有/无）",
            "中性粒细胞(10^9/L)",
            "淋巴细胞(×10⁹/L)",
            "首次用药日期",
            "进展日期",
            "死亡日期",
            "末次随访日期",
            "最佳疗效",
            "最高不良反应分级",
        ],
    ]
    for p in cohort():
        rows.append(
            [
                p.number,
                f"ZY{20220000 + 37 * p.number}",
                "张三李四"[p.number % 2 * 2 :][:2],
                ["特瑞普利单抗+化疗", "安罗替尼"][p.arm],
                f"{p.age}岁",
                f"{p.ecog}分",
                "有" if p.liver else "无",
                p.neutrophils,
                p.lymphocytes,
                chinese_date(p.start, p.number),
                chinese_date(p.progression, p.number),
                chinese_date(p.death, p.number + 1),
                chinese_date(p.last, p.number + 2),
                p.best,
                f"{p.grade}级",
            ]
        )
    rows += [["合计", "22例"], [], ["注：NE为不可评价；未进展者随访至末次随访日期。"]]
    return text(folder / "登记表.csv", rows, "gb18030", ",")


def utf16(folder: Path) -> Path:
    """What Excel saves as Unicode text: English, tabs, days before months by name, status in words."""
    rows: list[Sequence[object]] = [
        [
            "Pt no",
            "Initials",
            "Tx arm",
            "Age (yrs)",
            "Sex",
            "PS",
            "Liver mets",
            "C1D1",
            "PD date",
            "DOD",
            "Last contact",
            "Best response (RECIST 1.1)",
            "Max CTCAE grade",
        ],
    ]
    for p in cohort(seed=2):
        day = lambda d: "" if d is None else f"{d:%d-%b-%Y}"  # noqa: E731
        rows.append(
            [
                f"P{p.number:03}",
                "AB",
                ["PD-1 + chemo", "Irinotecan"][p.arm],
                p.age,
                "F" if p.woman else "M",
                p.ecog,
                "Y" if p.liver else "N",
                day(p.start),
                day(p.progression) or "n/a",
                day(p.death),
                day(p.last),
                p.best,
                f"G{p.grade}" if p.grade else "none",
            ]
        )
    return text(folder / "export.txt", rows, "utf-16", "\t")


def grouped_headers(folder: Path) -> Path:
    """Two header rows, the upper one merged over groups."""
    groups = ["", "", "", "一般情况", "", "", "血常规(10^9/L)", "", "随访", "", "", ""]
    names = [
        "编号",
        "组别",
        "肝转移",
        "年龄",
        "性别",
        "ECOG",
        "中性粒细胞",
        "淋巴细胞",
        "开始治疗",
        "进展",
        "死亡",
        "末次随访",
    ]
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(["表1 患者资料"])
    sheet.merge_cells("A1:L1")
    sheet.append(groups)
    for cells in ("D2:F2", "G2:H2", "I2:L2"):
        sheet.merge_cells(cells)
    sheet.append(names)
    for p in cohort(seed=3):
        sheet.append(
            [
                f"A{p.number:02}",
                ["化疗组", "免疫组"][p.arm],
                "+" if p.liver else "-",
                p.age,
                "女" if p.woman else "男",
                p.ecog,
                p.neutrophils,
                p.lymphocytes,
                p.start,
                p.progression or "/",
                p.death or "/",
                p.last,
            ]
        )
    made.save(folder / "资料.xlsx")
    return folder / "资料.xlsx"


def serials(folder: Path) -> Path:
    """Dates as bare serial numbers, a hidden column of names, a formula without a stored value."""
    rows: list[Sequence[object]] = [
        [
            "ID",
            "Name",
            "Regimen",
            "Start date",
            "Date of progression",
            "Date of death",
            "Last follow-up",
            "PFS (months)",
        ]
    ]
    for i, p in enumerate(cohort(seed=4), start=2):
        number = lambda d: None if d is None else (d - EPOCH).days  # noqa: E731
        rows.append(
            [
                p.number,
                "Wang X",
                ["Toripalimab", "Docetaxel"][p.arm],
                number(p.start),
                number(p.progression),
                number(p.death),
                number(p.last),
                f"=(MIN(E{i},G{i})-D{i})/30.4375",
            ]
        )
    path = book(folder / "serials.xlsx", {"Data": rows})
    made = openpyxl.load_workbook(path)
    made["Data"].column_dimensions["B"].hidden = True
    made.save(path)
    return path


def one_sheet_each(folder: Path) -> Path:
    """One sheet per regimen with different orders of columns, an empty sheet, and a summary."""
    patients, sheets = cohort(seed=5), {}
    for arm, name in enumerate(("卡瑞利珠单抗", "替雷利珠单抗")):
        rows: list[Sequence[object]] = [[f"{name}治疗患者"]]
        names = ["研究编号", "首次给药", "进展日期", "死亡时间", "末次随访", "疗效"]
        order = list(range(6)) if arm == 0 else [0, 5, 1, 2, 4, 3]
        rows.append([names[k] for k in order])
        for p in patients:
            if p.arm == arm:
                cells = [
                    f"{p.number:03}",
                    p.start,
                    p.progression,
                    p.death,
                    p.last,
                    {"NE": "未评价"}.get(p.best, p.best),
                ]
                rows.append([cells[k] for k in order])
        rows += [[], ["注：死亡时间为空者存活"]]
        sheets[name] = rows
    return book(
        folder / "分组.xlsx",
        {**sheets, "Sheet3": [], "汇总": [["组", "例数"], ["卡瑞利珠单抗", 11], ["替雷利珠单抗", 11]]},
    )


def coded(folder: Path) -> Path:
    """Codes with their key in the header, grades as bounds, values below a limit, categories of PD-L1."""
    rows: list[Sequence[object]] = [
        ["subject", "group (1=chemo, 2=PD-1)", "sex (1=male 2=female)", "CRP mg/L", "PD-L1 CPS", "BOR", "TRAE grade"]
    ]
    for p in cohort(seed=6):
        rows.append(
            [
                f"S-{p.number}",
                p.arm + 1,
                2 if p.woman else 1,
                "<0.1" if p.number % 5 == 0 else round(p.neutrophils * 2, 1),
                ["<1", "1-9", "≥10", "not done"][p.number % 4],
                p.best,
                ">=3" if p.grade >= 3 else str(p.grade),
            ]
        )
    return book(folder / "coded.xlsx", {"Sheet1": rows})


def paper_table(folder: Path) -> Path:
    """Table 2 of a paper: endpoints in rows, arms in columns, n in the headers, percentages, a p value."""
    return book(
        folder / "table2.xlsx",
        {
            "Table 2": [
                ["Table 2. Tumour response and toxicity"],
                ["", "Camrelizumab (n=31)", "Chemotherapy (n = 30)", "P value"],
                ["CR", "1 (3.2%)", "0 (0)", ""],
                ["PR", "9 (29.0%)", "4 (13.3%)", ""],
                ["SD", "11 (35.5%)", "10 (33.3%)", ""],
                ["PD", "8 (25.8%)", "13 (43.3%)", ""],
                ["NE", "2 (6.5%)", "3 (10.0%)", ""],
                ["ORR", "10 (32.3%)", "4 (13.3%)", "0.08"],
                ["DCR", "21 (67.7%)", "14 (46.7%)", "0.10"],
                ["Grade 3 or higher TRAE", "6 (19.4%)", "12 (40.0%)", "0.07"],
                ["ORR, objective response rate; DCR, disease control rate."],
            ]
        },
    )


def semicolons(folder: Path) -> Path:
    """A European export: semicolons, decimal commas, days with dots, Latin-1."""
    rows: list[Sequence[object]] = [
        ["Patient", "Therapy", "First dose", "Progression", "Death", "Last visit", "ANC (10^9/L)", "ALC (10^9/L)"]
    ]
    for p in cohort(seed=7):
        day = lambda d: "" if d is None else f"{d.day}.{d.month}.{d.year}"  # noqa: E731
        comma = lambda x: str(x).replace(".", ",")  # noqa: E731
        rows.append(
            [
                f"München-{p.number}",
                ["FOLFIRI", "Nivolumab"][p.arm],
                day(p.start),
                day(p.progression),
                day(p.death),
                day(p.last),
                comma(p.neutrophils),
                comma(p.lymphocytes),
            ]
        )
    return text(folder / "export.csv", rows, "latin-1", ";")


def row_per_scan(folder: Path) -> Path:
    """Every patient on several rows: one for each tumour assessment."""
    rows: list[Sequence[object]] = [["Patient ID", "Arm", "First dose date", "Visit date", "Response"]]
    for p in cohort(12, seed=8):
        for k in range(1, 4):
            seen = p.start + dt.timedelta(days=42 * k)
            rows.append([f"{p.number:03}", ["A", "B"][p.arm], p.start, seen, ["SD", "PR", p.best][k - 1]])
    return book(folder / "visits.xlsx", {"RECIST": rows})


def days_and_status(folder: Path) -> Path:
    """Times in days with a coded status, and survival beside it; bilingual headers."""
    rows: list[Sequence[object]] = [
        [
            "Patient ID 患者编号",
            "Treatment 治疗方案",
            "PFS(天)",
            "PFS状态(1=进展或死亡,0=删失)",
            "OS(天)",
            "生存状态(1=死亡,0=存活)",
            "NLR",
            "Response 疗效",
        ],
    ]
    for p in cohort(seed=9):
        rows.append(
            [
                f"T{p.number:02}",
                ["Anlotinib 安罗替尼", "S-1 替吉奥"][p.arm],
                p.days,
                int(p.event),
                (p.last - p.start).days,
                int(p.death is not None),
                round(p.neutrophils / p.lymphocytes, 2),
                p.best,
            ]
        )
    return book(folder / "随访.xlsx", {"Sheet1": rows})


def in_blocks(folder: Path) -> Path:
    """Blocks of patients under the merged name of their regimen, with subtotals and blank rows between."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(["方案", "病例号", "性别", "首次用药", "进展/死亡日期", "是否进展", "末次随访"])
    for arm, name in enumerate(("信迪利单抗", "多西他赛")):
        first = sheet._current_row + 1
        some = [p for p in cohort(seed=10) if p.arm == arm]
        for p in some:
            end = p.end if p.event else None
            sheet.append(
                [name, f"{p.number:03}", "女" if p.woman else "男", p.start, end, "是" if p.event else "否", p.last]
            )
        sheet.merge_cells(f"A{first}:A{sheet._current_row}")
        sheet.append(["小计", f"{len(some)}例"])
        sheet.append([])
    made.save(folder / "分块.xlsx")
    return folder / "分块.xlsx"


def two_digit_years(folder: Path) -> Path:
    """American text with two-digit years and an unknown word of outcome."""
    rows: list[Sequence[object]] = [["MRN", "Group", "Start", "Status", "Date of PD", "Last seen"]]
    for p in cohort(seed=11):
        day = lambda d: "" if d is None else f"{d.month}/{d.day}/{d:%y}"  # noqa: E731
        word = "PD" if p.progression else "Died" if p.death else ["Ongoing", "AWOL"][p.number % 2]
        rows.append([1000 + p.number, ["Pembro", "Taxane"][p.arm], day(p.start), word, day(p.progression), day(p.last)])
    return text(folder / "us.csv", rows, "utf-8-sig", ",")


def per_arm_counts(folder: Path) -> Path:
    """Counts of arms in rows, categories in columns, in Chinese, with percentages in full-width brackets."""
    return book(
        folder / "近期疗效.xlsx",
        {
            "近期疗效": [
                ["两组近期疗效比较[例(%)]"],
                ["组别", "例数", "CR", "PR", "SD", "PD", "ORR", "DCR"],
                ["观察组", 40, "2（5.0）", "16（40.0）", "14（35.0）", "8（20.0）", "18（45.0）", "32（80.0）"],
                ["对照组", 38, "0（0.0）", "9（23.7）", "15（39.5）", "14（36.8）", "9（23.7）", "24（63.2）"],
                ["χ2值", "", "", "", "", "", "3.92", "2.74"],
                ["P值", "", "", "", "", "", "0.048", "0.098"],
            ]
        },
    )


ALL = {
    f.__name__: f
    for f in (
        gb18030,
        utf16,
        grouped_headers,
        serials,
        one_sheet_each,
        coded,
        paper_table,
        semicolons,
        row_per_scan,
        days_and_status,
        in_blocks,
        two_digit_years,
        per_arm_counts,
    )
}
