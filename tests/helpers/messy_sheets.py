"""Three more sheets as wards keep them, all made up, of other shapes than those of `ward_sheets`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl

ARMS = ("卡瑞利珠单抗+阿帕替尼", "多西他赛")


def _days(i: int) -> int:
    return 40 + 37 * i % 210


def chinese_with_totals(path: Path) -> Path:
    """Group titles over a header, three styles of dates, `PS 1分`, limits instead of numbers, a total and a footnote."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["XX医院 食管鳞癌二线治疗随访表"])
    sheet.merge_cells("A1:L1")
    sheet.append(["制表：某医生   数据截止日期：2024年3月31日"])
    sheet.append(["基本信息", "", "", "", "", "疗效", "", "", "血液学", "", "", ""])
    sheet.append(
        ["序号", "姓名", "年龄（岁）", "PS评分", "治疗方案", "首次用药\n日期", "进展时间", "死亡时间", "最佳疗效",
         "中性粒细胞计数(×10^9/L)", "淋巴细胞计数（×10^9/L）", "肝转移"]
    )  # fmt: skip
    for i in range(20):
        start = dt.date(2022, 1, 5) + dt.timedelta(days=19 * i)
        end = start + dt.timedelta(days=_days(i))
        text = (end, f"{end.year}.{end.month}.{end.day}", f"{end.year}年{end.month}月{end.day}日")[i % 3]
        arm = ARMS[i % 2].replace("+", "＋") if i % 5 == 0 else ARMS[i % 2] + " " * (i % 3 == 0)
        sheet.append(
            [i + 1, f"患者{i}", f"{50 + i}岁", f"PS {i % 3}分", arm, start, "未进展" if i % 4 == 0 else text,
             text if i % 7 == 1 and i % 4 else ("存活", "/", "—")[i % 3], ("完全缓解", "部分缓解", "疾病稳定", "NE")[i % 4],
             "＞7" if i == 9 else 2.5 + i / 10, "<0.5" if i == 4 else 1.2, "有" if i % 3 else "无"]
        )  # fmt: skip
    sheet.append(["合计", "", "平均60岁"])
    sheet.append([])
    sheet.append(["注：PS评分为ECOG标准。"])
    book.create_sheet("Sheet2")
    book.save(path)
    return path


def sheet_per_arm(path: Path) -> Path:
    """English, one sheet per regimen, the number of patients in the sheet's name, times in months."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for arm, name in enumerate(("Camrelizumab+apatinib (n=9)", "Irinotecan")):
        sheet = book.create_sheet(name)
        sheet.append([f"Second-line {name}"])
        sheet.append(["Subject ID", "ECOG PS", "Liver mets (Y/N)", "ANC (10^9/L)", "ALC (10^9/L)", "BOR", "PFS (mo)", "PFS event"])  # fmt: skip
        for i in range(9):
            event = ("PD", "Died", "ongoing", "lost to follow-up")[i % 4]
            sheet.append(
                [f"{'CA'[arm]}-{i:03d}", i % 2, "YN"[i % 2], 3 + i / 10, 1.1, ("PR", "SD", "PD")[i % 3],
                 round(_days(i + 3 * arm) / 30.4375, 1), event]
            )  # fmt: skip
        sheet.append(["Median", 1])
    book.save(path)
    return path


def with_repeats(path: Path, *, differing: bool = False) -> Path:
    """English dates with the day first, units without brackets, shares of T cells, one patient twice."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Study No", "Patient name", "Treatment arm", "Date C1D1", "Date of PD", "Date of death", "Last CT",
                  "Best response", "ANC /mm3", "Lymphocytes /mm3", "CD4 %", "CD8 %", "Liver metastases"])  # fmt: skip
    for i in range(12):
        start = dt.date(2022, 1, 17) + dt.timedelta(days=23 * i)
        end = start + dt.timedelta(days=_days(i))
        arm = "Paclitaxel" if i % 2 else "nivolumab" if i == 4 else "Nivo"
        row = [f"P{i:02d}", "J Smith", arm, f"{start:%d/%m/%Y}", f"{end:%d/%m/%Y}" if i % 3 else "", "", f"{end:%d/%m/%Y}",
               ("PR", "SD", "PD")[i % 3], 3000 + 10 * i, 1200, 30 + i, 20, "yes" if i % 2 else "no"]  # fmt: skip
        sheet.append(row)
        if i == 6:
            sheet.append([*row[:8], 9999, *row[9:]] if differing else row)
    book.save(path)
    return path


def events_in_groups(path: Path) -> Path:
    """Chinese, two rows of header: 疾病进展 and 死亡 each over 是否 and 日期; Excel's numbers of days among the dates."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["随访登记表（2021—2022）"])
    sheet.merge_cells("A1:I1")
    sheet.append(["病例号", "方案", "首次给药日期", "最佳疗效", "疾病进展", "", "死亡", "", "末次随访"])
    sheet.append(["", "", "", "", "是否", "日期", "是否", "日期", "日期"])
    for area in ("A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:F2", "G2:H2"):
        sheet.merge_cells(area)
    for i in range(16):
        start = dt.date(2021, 3, 1) + dt.timedelta(days=21 * i)
        end = start + dt.timedelta(days=_days(i))
        progressed, died = i % 4 > 0, i % 5 == 0
        death = end + dt.timedelta(days=30 * progressed)
        text = (end, f"{end.year}年{end.month}月{end.day}日", (end - dt.date(1899, 12, 30)).days)[i % 3]
        sheet.append(
            [f"E{i + 1:03d}", ARMS[i % 2], f"{start:%Y%m%d}", ("CR", "部分缓解", "未评估", "PD")[i % 4],
             "是" if progressed else "否", text if progressed else "/", "死亡" if died else "存活",
             f"{death:%Y.%m.%d}" if died else "—", death if died else end]
        )  # fmt: skip
    sheet.append(["合计", "16例"])
    book.save(path)
    return path


def scans_beside(path: Path, *, merged: bool = True, serial: bool = False) -> tuple[Path, list[tuple[float, float]]]:
    """One row per patient with four scans beside each other, and each patient's interval of progression in days."""
    book = openpyxl.Workbook()
    sheet = book.active
    pairs = [f"{kind} of scan {j}" for j in range(1, 5) for kind in ("Date", "Result")]
    if merged:
        titles = [part for j in range(1, 5) for part in (f"Scan {j}", "")]
        sheet.append(["Pt ID", "Arm", "C1D1", *titles, "Death date"])
        sheet.append(["", "", "", *["date", "result"] * 4, ""])
        for column in "DFHJ":
            sheet.merge_cells(f"{column}1:{chr(ord(column) + 1)}1")
    else:
        sheet.append(["Pt ID", "Arm", "C1D1", *pairs, "Death date"])
    expected = []
    for i in range(12):
        start = dt.date(2022, 1, 10) + dt.timedelta(days=17 * i)
        row: list[object] = [f"S-{i + 1}", "Durvalumab" if i % 2 else "Docetaxel", start]
        left, right = 0, float("inf")
        for j in range(4):
            if right < float("inf") or j > i % 5:
                row += [None, None]
                continue
            days = 42 * (j + 1) + i % 3
            result = "PD" if j == i % 5 - 1 and i % 3 else ("SD", "PR")[j % 2]
            day = start + dt.timedelta(days=days)
            row += [(day - dt.date(1899, 12, 30)).days if serial else f"{day:%d.%m.%Y}", result]
            left, right = (left, days) if result == "PD" else (days, right)
        dead = i == 6
        sheet.append([*row, start + dt.timedelta(days=left + 20) if dead else None])
        expected.append((left + 20, left + 20) if dead else (left, right))
    book.save(path)
    return path, expected


def response_with_intervals(path: Path) -> Path:
    """A table of a paper whose responses carry an interval behind their percentage, and are no sum of categories."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Table 3. Tumour response"],
        ["", "Tislelizumab (N = 41)", "Chemotherapy\n(N=38)", "P value"],
        ["  Complete response", "1 (2.4)", "0", ""],
        ["  Partial response", "12 (29.3)", "5 (13.2)", ""],
        ["ORR, n (%) [95% CI]", "11 (26.8) [14.2–42.9]", "4 (10.5%, 95% CI 2.9 to 24.8)", "0.06"],
        ["Median PFS, months (95% CI)", "5.4 (3.1–7.9)", "2.8 (2.1–4.0)", "<0.001"],
    ):
        sheet.append(row)
    book.save(path)
    return path


def arms_in_their_own_units(path: Path) -> Path:
    """One sheet per regimen, one in Chinese with months and 10^9/L, one in English with weeks and counts per uL."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    first = ["编号", "PS", "PFS（月）", "PFS状态(1=事件,0=删失)", "中性粒细胞(10^9/L)", "淋巴细胞(10^9/L)"]
    second = ["Subject ID", "ECOG", "PFS (weeks)", "PFS状态(1=事件,0=删失)", "ANC (/uL)", "ALC (/uL)"]
    for arm, (name, header) in enumerate((("信迪利单抗", first), ("Irinotecan", second))):
        sheet = book.create_sheet(name)
        sheet.append([f"{name} 入组患者"])
        sheet.append(header)
        for i in range(10):
            time = round(_days(i + arm) / (7 if arm else 30.4375), 3)
            blood = (3.1 + i / 10, 1.25) if not arm else (3100 + 100 * i, 1250)
            sheet.append([f"{'SI'[arm]}{i}", i % 3, time, int(i % 3 > 0), *blood])
    book.save(path)
    return path


def blocks_with_subtotals(path: Path) -> Path:
    """A title over the block of every regimen, a subtotal under it, a total under all."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["ID", "Start", "PD date", "Last CT", "BOR"])
    number = 0
    for arm in ("Tislelizumab", "Chemotherapy"):
        sheet.append([arm])
        for _ in range(8):
            number += 1
            start = dt.date(2022, 1, 1) + dt.timedelta(days=9 * number)
            end = start + dt.timedelta(days=50 + 7 * number)
            sheet.append(
                [f"{number:03d}", start, end if number % 3 else None, end, ("PR", "SD", "PD", "NE")[number % 4]]
            )
        sheet.append(["Subtotal", 8])
    sheet.append(["Total", 16])
    sheet.append(["Seen at the tumour board"])
    book.save(path)
    return path


def scans_by_hospital_number(path: Path) -> tuple[Path, list[tuple[float, float]]]:
    """Baseline, follow-up and scans on three sheets that share nothing but a hospital number; days before months."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    patients, followed, scans = (book.create_sheet(name) for name in ("基线", "随访", "影像"))
    patients.append(["住院号", "姓名", "方案", "首次用药", "NLR"])
    followed.append(["住院号", "死亡日期", "末次随访"])
    scans.append(["住院号", "检查日期", "评估结果"])
    expected = []
    for i in range(12):
        number, start = f"{700000 + 13 * i}", dt.date(2022, 2, 1) + dt.timedelta(days=6 * i)
        patients.append([number, f"李{i}", ("甲药", "乙药")[i % 2], start, 2.1 + i / 5])
        followed.append([number, None, start + dt.timedelta(days=200)])
        for days, result in ((42, "SD"), (84, "PD" if i % 3 else "PR")):
            day = start + dt.timedelta(days=days)
            scans.append([number, f"{day.day}/{day.month}/{day.year}", result])
        expected.append((42.0, 84.0) if i % 3 else (84.0, float("inf")))
    book.save(path)
    return path, expected
