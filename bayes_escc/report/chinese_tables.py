"""What is said of sheets and tables when they are read, in English and Chinese; holes stand for names and numbers."""

from __future__ import annotations

from typing import Final

__all__ = ["TABLE_NOTES"]

TABLE_NOTES: Final = (
    # how a sheet was read through its mapping
    ("Said by the mapping.", ""),
    (
        "{name} (sha256 {sheet}) was read through a mapping (sha256 {mapping}) to a table (sha256 {table}).",
        "{name}(SHA-256 {sheet})经映射文件(SHA-256 {mapping})读为数据表(SHA-256 {table})。",
    ),
    ("The three digests make the reading reproducible.", "凭这三个摘要值可复现读取过程。"),
    ("dates of '{name}' are read with the day first.", "“{name}”按日在前读取日期。"),
    ("dates of '{name}' are read with the month first.", "“{name}”按月在前读取日期。"),
    ("1 row repeats another in everything that is read, patient number included, and counts once.", "1行所读取的内容(含患者编号)与其他行完全相同，只计一次。"),
    ("{n} rows repeat others in everything that is read, patient number included, and count once.", "{n}行所读取的内容(含患者编号)与其他行完全相同，只计一次。"),
    ("not counts, and not read: {names}.", "非例数，未读取：{names}。"),
    ("no column holds the start of treatment, so progression-free survival is left out.", "没有开始治疗日期列，故不做PFS分析。"),
    (
        "1 row has no usable follow-up, regimen or patient number and is set aside; see the log.",
        "1行的随访、方案或编号不可用，未纳入相应分析，见日志。",
    ),
    (
        "{n} rows have no usable follow-up, regimen or patient number and are set aside; see the log.",
        "{n}行的随访、方案或编号不可用，未纳入相应分析，见日志。",
    ),
    ("{n} patient without {column} left out.", "{n}例缺少{column}，未纳入。"),
    ("{n} patients without {column} left out.", "{n}例缺少{column}，未纳入。"),
    ("The log names their rows.", "所在行见日志。"),
    ("{n} visits of patients who are not on the sheet of patients are left aside.", "{n}次访视的患者不在患者表中，未读取。"),
    ("intervals without a stated level are taken as 95 %.", "未注明水平的区间按95%处理。"),
    ("'{name}' holds what may identify people and was not kept.", "“{name}”含可识别个人的内容，未保留。"),
    (
        "'{name}' ({what}) is taken in {unit}, by its size (median {middle}).",
        "“{name}”({what})按数值大小取单位{unit}(中位数{middle})。",
    ),
    ("a count and a share give no ratio.", "一为计数、一为百分比，不能求比值。"),
    ("'{name}' agrees with the dates.", "“{name}”与日期一致。"),
    ("overall survival is left out, as answered.", "按回答不做总生存期分析。"),
    ("{n} death has no date: the last contact is taken for it, as answered.", "{n}例死亡无日期：按回答以末次随访日期代之。"),
    ("{n} deaths have no date: the last contact is taken for it, as answered.", "{n}例死亡无日期：按回答以末次随访日期代之。"),
    ("no death has a time so far: overall survival is not analysed.", "尚无带时间的死亡：不做总生存期分析。"),
    ("{n} patient is left out of overall survival; see the log.", "{n}例未纳入总生存期分析，见日志。"),
    ("{n} patients are left out of overall survival; see the log.", "{n}例未纳入总生存期分析，见日志。"),
    (
        "{n} patient died on an unknown date without progression at a scan, and have no follow-up of PFS; see the log.",
        "{n}例死亡日期未知且影像未见进展，未纳入PFS随访，见日志。",
    ),
    (
        "{n} patients died on an unknown date without progression at a scan, and have no follow-up of PFS; see the log.",
        "{n}例死亡日期未知且影像未见进展，未纳入PFS随访，见日志。",
    ),
    ("{n} patients have no '{name}'; they are numbered.", "{n}例无“{name}”，已编号。"),
    (
        "ORR is CR + PR, DCR is CR + PR + SD, where the sheet gives the categories alone.",
        "表中仅有CR、PR、SD例数者，ORR=CR+PR，DCR=CR+PR+SD。",
    ),
    # patients and counts
    ("adverse events of the sheet's patients were counted.", "已按患者统计不良反应例数。"),
    ("One row per regimen.", "每种方案一行。"),
    ("1 patient was not evaluable.", "1例不可评价。"),
    ("{n} patients were not evaluable.", "{n}例不可评价。"),
    (
        'They count as non-responders unless not_evaluable = "exclude".',
        '按未缓解计入分母；如需剔除请设 not_evaluable = "exclude"。',
    ),
    ("{what} lies after the data cut ({cut}): censored there, at {time}.", "{what}晚于数据截止({cut})：在截止处删失，时间{time}。"),
    (
        "{what} lies after the data cut ({cut}): censored at the scan before it, at {time}.",
        "{what}晚于数据截止({cut})：在此前一次检查处删失，时间{time}。",
    ),
    ("{what} after the data cut ({cut}) left out.", "{what}晚于数据截止({cut})，未读取。"),
    ("Right where the data are frozen at the cut.", "数据在截止日冻结时，这样处理是对的。"),
    ("the dates are {a} apart, not {b}.", "两个日期相差{a}，而非{b}。"),
    ("The time was used; check the unit and both dates.", "采用所填时间；请核对单位与两个日期。"),
    ("{n} forms are not marked complete.", "{n}份表单未标记完成。"),
    ("Their values may still change.", "其数值仍可能变化。"),
    ("{label} also stands in row {row}.", "{label}另见第{row}行。"),
    ("Keep one, or tell subgroups apart with a column population.", "请保留一行，或用population列区分亚组。"),
    ("{name} resembles {other} in row {row}.", "{name}与第{row}行的{other}相近。"),
    ("If they are the same, spell them alike.", "若为同一内容，请统一写法。"),
)  # fmt: skip
