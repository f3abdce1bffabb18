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
