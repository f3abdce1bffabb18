"""Sheets as hospitals send them, all made up: titles, merged cells, units, dates in any style, totals, footnotes."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import openpyxl

PLANTED = (
    "13812345678",
    "110101195003072518",
    "张伟",
    "王秀英",
    "李建国",
    "刘洋洋",
    "zhang.wei@example.com",
    "0731-84321234",
)
"""Names, telephone and identity numbers that no output may repeat."""
NAMES = ("张伟", "王秀英", "李建国", "刘洋洋")
CHEMO, ANLOTINIB = "特瑞普利单抗+化疗", "特瑞普利单抗+安罗替尼"


def styled(day: dt.date, i: int) -> object:
    """A date as somebody typed it: six styles in one column."""
    return (
        f"{day.year}-{day.month}-{day.day}", f"{day.year}/{day.month:02d}/{day.day:02d}", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}", day,
    )[i % 6]  # fmt: skip


def cohort(n: int = 24, seed: int = 5) -> list[dict[str, object]]:
    """Made-up patients with everything a ward writes down."""
    rng = random.Random(seed)
    patients = []
    for i in range(n):
        start = dt.date(2021, 1, 4) + dt.timedelta(days=rng.randrange(500))
        days = 30 + int(rng.expovariate(1 / 130))
        progressed, died = rng.random() < 0.65, rng.random() < 0.15
        end = start + dt.timedelta(days=days)
        neutrophils, lymphocytes = round(rng.uniform(2, 8), 2), round(rng.uniform(0.6, 2.4), 2)
        cd4, cd8 = rng.randrange(200, 900), rng.randrange(150, 800)
        patients.append({
            "id": f"EC{i + 1:03d}", "name": NAMES[i % 4], "phone": f"138{12345678 + i:08d}" if i else "13812345678",
            "identity": "110101195003072518", "regimen": (CHEMO, ANLOTINIB)[i % 2], "sex": rng.choice("男女"), "age": rng.randrange(45, 78),
            "ecog": rng.choice((0, 1, 1, 2)), "liver": rng.choice("有无无"), "neutrophils": neutrophils, "lymphocytes": lymphocytes,
            "cd4": cd4, "cd8": cd8, "start": start, "progression": end if progressed else None,
            "death": end if died and not progressed else None, "contact": end + dt.timedelta(days=0 if progressed or died else 9),
            "response": rng.choice(("PR", "PR", "SD", "SD", "PD", "NE")), "days": days if progressed or died else days + 9,
            "event": progressed or died, "ae": rng.choice((0, 1, 2, 3, 4)),
        })  # fmt: skip
    return patients


def save(
    path: Path, rows: list[list[object]], *, merged: tuple[str, ...] = (), sheet: str = "Sheet1", empty: bool = False
) -> Path:
    """Write rows to a workbook."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    for cells in merged:
        page.merge_cells(cells)
    if empty:
        book.create_sheet("Sheet2")
    book.save(path)
    return path


def chinese_pfs(path: Path, patients: list[dict[str, object]] | None = None) -> Path:
    """A Chinese workbook: title, merged group titles, units, identity columns, a total, notes, an empty sheet."""
    patients = patients or cohort()
    rows: list[list[object]] = [
        ["某院食管鳞癌二线治疗患者登记表"],
        ["基本信息", None, None, None, None, None, None, None, "治疗前血象", None, "T细胞亚群", None, "治疗与随访"],
        ["研究编号", "姓名", "联系电话", "身份证号", "性别", "年龄\n（岁）", "ECOG评分", "肝转移（有/无）", "中性粒细胞（×10^9/L）",
         "淋巴细胞\n（×10⁹/L）", "CD4+T细胞(个/μl)", "CD8+T细胞(个/μl)", "治疗方案", "首次用药日期", "进展日期", "死亡日期",
         "末次随访日期", "最佳疗效", "不良反应最高分级", "备注"],
    ]  # fmt: skip
    for i, p in enumerate(patients):
        spelled = str(p["regimen"]).replace("+", (" + ", "＋", "+", "联合")[i % 4])
        lymphocytes = "<0.6" if i == 5 else p["lymphocytes"]
        rows.append([
            p["id"], p["name"], p["phone"], p["identity"], p["sex"], f"{p['age']}岁" if i % 3 == 0 else p["age"],
            f"{p['ecog']}分" if i % 4 == 0 else p["ecog"], p["liver"], p["neutrophils"], lymphocytes, p["cd4"], p["cd8"],
            spelled, styled(p["start"], i), styled(p["progression"], i + 1) if p["progression"] else "未进展",
            styled(p["death"], i) if p["death"] else "/", styled(p["contact"], i + 2),
            {"PR": "部分缓解", "SD": "SD（疾病稳定）", "PD": "进展", "NE": "NE"}[str(p["response"])] if i % 2 else p["response"],
            f"{p['ae']}级" if i % 2 else ("Ⅲ级" if p["ae"] == 3 else p["ae"]), "联系人王秀英" if i == 2 else None,
        ])  # fmt: skip
    rows += [
        [],
        ["合计", f"{len(patients)}例"],
        ["注：本表由李建国填写，电话0731-84321234"],
        ["制表日期：2023年6月1日"],
    ]
    return save(path, rows, merged=("A1:T1", "A2:H2", "I2:J2", "K2:L2", "M2:T2"), sheet="患者", empty=True)


def english_pfs(path: Path) -> Path:
    """English: arms coded 1 and 2, day or month first, two end dates, a printed PFS beside the dates."""
    rows: list[list[object]] = [["2L ESCC cohort"], ["exported 01/06/2023"],
        ["Pt ID", "Patient Name", "Arm", "C1D1", "Date of PD", "DOD", "Last F/U", "Last scan", "PFS (mo)", "Best Response", "ECOG PS", "Liver mets", "ANC (10^9/L)", "ALC (cells/uL)"]]  # fmt: skip
    for i, p in enumerate(cohort()):
        month = f"{(p['days']) / 30.4375:.1f}"
        rows.append([
            p["id"], f"Smith, J{i}", 1 + i % 2, f"{p['start']:%d-%b-%Y}", f"{p['progression']:%d-%b-%Y}" if p["progression"] else "no PD",
            f"{p['death']:%d-%b-%Y}" if p["death"] else "alive", f"{p['contact']:%d/%m/%Y}", f"{p['contact']:%d/%m/%Y}", month, p["response"], p["ecog"],
            "Y" if p["liver"] == "有" else "N", p["neutrophils"], int(1000 * p["lymphocytes"]),
        ])  # fmt: skip
    rows += [[], ["N = 24"], ["Note: Smith was re-consented; call 13812345678"]]
    return save(path, rows)


def response_only(path: Path) -> Path:
    """A GB18030 text file: best responses in words, some that nobody knows, arms explained in the header."""
    lines = ["编号,组别(A=特瑞普利单抗+化疗 B=特瑞普利单抗+安罗替尼),性别(1男2女),近期疗效,手机"]
    words = {"PR": "有效", "SD": "稳定", "PD": "PD", "NE": ""}
    lines += [
        f"{p['id']},{'AB'[i % 2]},{1 + i % 2},{words[str(p['response'])]},{p['phone']}" for i, p in enumerate(cohort())
    ]
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    return path


def two_sheets(path: Path) -> Path:
    """One sheet per regimen, the same numbers on both; a printed time with its unit in the cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for arm in (0, 1):
        page = book.create_sheet(("化疗组", "安罗组")[arm])
        page.append(["序号", "PFS", "结局", "疗效", "年龄"])
        for n, p in enumerate([p for i, p in enumerate(cohort()) if i % 2 == arm], start=1):
            page.append(
                [n, f"{float(p['days']) / 30.4375:.2f}月", "PD" if p["event"] else "随访中", p["response"], p["age"]]
            )
        page.append(["平均", None, None, None, 61.2])
    book.save(path)
    return path


def printed_counts(path: Path) -> Path:
    """A table of a paper: arms in columns with their number, per cent in brackets, P values."""
    return save(path, [
        ["表2 近期疗效 [例(%)]"], ["指标", "特瑞普利单抗+化疗 (n=29)", "特瑞普利单抗+安罗替尼（n=35）", "P值"], ["CR", "0", "0", "-"], ["PR", "10 (34.5%)", "12（34.3）", None],
        ["SD", "10 (34.5)", "15 (42.9%)", None], ["ORR", "10 (34.5%)", "12/35 (34.3%)", 0.98], ["DCR", "20 (69.0%)", "27 (77.1%)", 0.46],
        ["≥3级不良反应", "8 (27.6%)", "9 (25.7%)", 0.87], ["中位PFS(95%CI)", "4.4 (3.1-5.9)", "4.6 (3.9-5.2)", None], ["注：采用χ²检验"],
    ], merged=("A1:D1",))  # fmt: skip


def redcap(path: Path) -> Path:
    """An export of REDCap: variable names, 1/2 codes, completion flags, an address."""
    lines = ["record_id,redcap_data_access_group,arm,sex,age,pfs_months,pfs_event,bor,ecog,email,baseline_complete"]
    for i, p in enumerate(cohort()):
        lines.append(
            f"{i + 1},changsha,{('chemo', 'anlotinib')[i % 2]},{1 + i % 2},{p['age']},{float(p['days']) / 30.4375:.3f},{int(bool(p['event']))},{p['response']},{p['ecog']},zhang.wei@example.com,2"
        )
    path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    return path


def spss(path: Path) -> Path:
    """An export of SPSS: a row of labels under the names, status coded 1 and 2, days."""
    rows: list[list[object]] = [
        ["ID", "GROUP", "PFSTIME", "STATUS", "BOR", "AGE"],
        ["patient number", "treatment arm", "PFS (days)", "PFS status", "best response", "age (years)"],
    ]
    rows += [
        [p["id"], ("chemo", "anlotinib")[i % 2], p["days"], 2 - int(bool(p["event"])), p["response"], p["age"]]
        for i, p in enumerate(cohort())
    ]
    return save(path, rows)


def web_page(path: Path) -> Path:
    """A page of a hospital's system that calls itself .xls, with a header over two rows."""
    head = "<tr><th rowspan=2>病例号</th><th rowspan=2>患者姓名</th><th rowspan=2>用药方案</th><th colspan=2>随访</th><th rowspan=2>首次给药时间</th></tr><tr><th>进展时间</th><th>末次随访</th></tr>"
    body = "".join(
        f"<tr><td>{p['id']}</td><td>{p['name']}</td><td>{p['regimen']}</td><td>{p['progression'] or p['death'] or '/'}</td><td>{p['contact']} 08:30:00</td><td>{p['start']}</td></tr>"
        for p in cohort()
    )  # fmt: skip
    path.write_text(
        f"<html><head><meta charset='utf-8'></head><body><table>{head}{body}</table></body></html>", encoding="utf-8"
    )
    return path


def in_two_parts(path: Path) -> Path:
    """Baseline on one sheet and follow-up on another, patients in another order; the hospital number alone identifies."""
    book = openpyxl.Workbook()
    base, later = book.active, book.create_sheet("随访")
    base.title = "基线"
    base.append(["住院号", "姓名", "方案", "开始治疗日期"])
    later.append(["住院号", "进展日期", "死亡日期", "末次随访日期", "疗效"])
    for i, p in enumerate(cohort()):
        base.append([f"ZY{100000 + 7 * i}", p["name"], p["regimen"], p["start"]])
    for i, p in reversed(list(enumerate(cohort()))):
        later.append([f"ZY{100000 + 7 * i}", p["progression"], p["death"], p["contact"], p["response"]])
    book.save(path)
    return path


def regimen_once(path: Path) -> Path:
    """Blocks of patients, the regimen merged beside each; UTF-16 dates in one style; a status without a date."""
    rows: list[list[object]] = [["方案", "病例", "开始用药", "末次随访", "是否进展或死亡", "PS"]]
    patients = sorted(cohort(), key=lambda p: str(p["regimen"]))
    for i, p in enumerate(patients):
        first = i == 0 or patients[i - 1]["regimen"] != p["regimen"]
        end = p["progression"] or p["death"] or p["contact"]
        rows.append(
            [p["regimen"] if first else None, p["id"], p["start"], end, "是" if p["event"] else "否", p["ecog"]]
        )
    return save(path, rows, merged=("A2:A13", "A14:A25"))


def tab_separated(path: Path) -> Path:
    """A text table in UTF-16 that calls itself .xls, with a column that is counted in reverse."""
    lines = ["USUBJID\tTRT01A\tAVAL\tCNSR\tAVALC"]
    lines += [f"{p['id']}\t{p['regimen']}\t{p['days']}\t{1 - int(bool(p['event']))}\t{p['response']}" for p in cohort()]
    path.write_bytes("\n".join(lines).encode("utf-16"))
    return path
