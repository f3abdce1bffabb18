"""What readers of tables, sheets and analyses refuse or note, in English and Chinese; holes stand for names and numbers."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.chinese_analyses import ANALYSES, TYPED
from bayes_escc.report.chinese_designs import DESIGNS
from bayes_escc.report.chinese_effects import EFFECTS, MEDIANS
from bayes_escc.report.chinese_follow_up import DATES, FOLLOW_UP, VISITS

__all__ = ["READERS"]

_FILES: Final = (
    ("there is no file {path}.", "没有文件{path}。"),
    ("{path} is empty (0 bytes).", "{path}为空(0字节)。"),
    ("{path} is empty.", "{path}为空。"),
    ("{path} is empty: the first row must hold the column names.", "{path}为空：第一行必须是列名。"),
    ("{path} has a header but no rows.", "{path}只有表头，没有数据行。"),
    ("{path} has {n} bytes; at most {most} are read.", "{path}有{n}字节，最多读取{most}字节。"),
    ("{path} is not a workbook, so it has no sheet {sheet}.", "{path}不是工作簿，没有工作表{sheet}。"),
    (
        "{path} is a workbook or archive, not text: give it the ending .xlsx.",
        "{path}是工作簿或压缩文件而非文本：请将扩展名改为.xlsx。",
    ),
    (
        "{path} is binary, not text: save it as CSV (UTF-8) or as .xlsx.",
        "{path}是二进制文件而非文本：请另存为CSV(UTF-8)或.xlsx。",
    ),
    (
        "{path} is not a regular table ({error}): check for an unclosed quote.",
        "{path}不是规则的表格({error})：请检查引号是否配对。",
    ),
    (
        "{path} begins like UTF-16 but breaks off: save it as CSV UTF-8.",
        "{path}以UTF-16开头但不完整：请另存为CSV UTF-8。",
    ),
    (
        "{path} is neither UTF-8 nor GB18030 (byte {n}): save it as CSV UTF-8.",
        "{path}既非UTF-8也非GB18030(第{n}字节)：请另存为CSV UTF-8。",
    ),
    (
        "{path} is not a text table in UTF-8, UTF-16 or GB18030: save it as .xlsx, or as CSV UTF-8.",
        "{path}不是UTF-8、UTF-16或GB18030的文本表格：请另存为.xlsx或CSV UTF-8。",
    ),
    (
        "{path} is a workbook of Excel 97-2003, or one locked with a password: open it in Excel or WPS and save it as "
        ".xlsx without a password.",
        "{path}是Excel 97-2003工作簿，或设有密码：请用Excel或WPS打开，另存为不带密码的.xlsx。",
    ),
    (
        "a table may have {rows} rows and {columns} columns; this one has more.",
        "表格最多{rows}行、{columns}列，此表超出。",
    ),
    (
        "{path} is a web page without a table: export it again as .xlsx or CSV.",
        "{path}是不含表格的网页：请重新导出为.xlsx或CSV。",
    ),
    (
        "{path}: a table may have {rows} rows; this one has more, or cells that cover too many.",
        "{path}：表格最多{rows}行，此表超出，或有覆盖过多行的单元格。",
    ),
    (
        "the table cannot be taken apart ({error}): check for an unclosed quote.",
        "无法拆分表格({error})：请检查引号是否配对。",
    ),
    ("{path} is not well-formed XML ({error}): save it as .xlsx.", "{path}不是格式正确的XML({error})：请另存为.xlsx。"),
    (
        "{path} cannot be opened as a workbook ({error}): save it again as .xlsx.",
        "{path}不能作为工作簿打开({error})：请重新另存为.xlsx。",
    ),
    (
        "{path} has several sheets: choose one of {names} with sheet=.",
        "{path}有多个工作表：请用sheet=从{names}中选择一个。",
    ),
    ("{path} has no sheet {sheet}: it has {names}.", "{path}没有工作表{sheet}：现有{names}。"),
    (
        "{path}, sheet {sheet}, has merged cells ({cells}): unmerge them.",
        "{path}的工作表{sheet}有合并单元格({cells})：请取消合并。",
    ),
    (
        "{path}, sheet {sheet}, holds more than {n} cells, the most that are read: save the sheet as CSV.",
        "{path}的工作表{sheet}超过可读取的{n}个单元格：请另存为CSV。",
    ),
    (
        "{path}, sheet {sheet}, reaches to row {rows} and column {columns}; at most {n} cells are read.",
        "{path}的工作表{sheet}延伸至第{rows}行、第{columns}列，最多读取{n}个单元格。",
    ),
    (
        "Delete what stands or is formatted beyond the table, or save the sheet as CSV.",
        "请删除表格以外的内容或格式，或另存为CSV。",
    ),
    (
        "{path} unpacks to {n} bytes; at most {most}, in {parts} parts, and {ratio} for each of its own are read: save the "
        "sheet as CSV, or copy the table into a new workbook.",
        "{path}解压后有{n}字节，超出可读取的范围：请另存为CSV，或将表格复制到新的工作簿。",
    ),
    ("the file was read as {encoding}.", "文件按{encoding}编码读取。"),
    ("Check that names look right.", "请确认名称显示正确。"),
    ("the commas in {columns} were read as decimal points.", "{columns}中的逗号按小数点读取。"),
    ("Write points if that is not what they are.", "若并非如此，请改用小数点。"),
    ("Remove them if they should not count.", "若不应计入，请删除。"),
    ("{path} cannot be read: {error}.", "{path}无法读取：{error}。"),
)

_COLUMNS: Final = (
    ("not used: {names}.", "未使用的列：{names}。"),
    ("Right if none of them matters to the answer.", "若均与结论无关则无误。"),
    ("{what} also stands in row {row}, told apart by {names}.", "{what}另见第{row}行，以{names}区分。"),
    ("An analysis takes one of them, chosen with where.", "分析只取其中之一，用where选择。"),
    ("{name} can be each of the columns {columns}.", "{name}可能是{columns}中的任一列。"),
    ("Spell it exactly as the one meant.", "请按所指的列准确书写。"),
    ("the header says {stated}, but the declared unit is {unit}.", "表头写明单位为{stated}，而所声明的单位为{unit}。"),
    ("Correct either: time_unit = {unit}, or the header.", "请更正其一：time_unit = {unit}，或表头。"),
    ("there is no column {column}.", "没有{column}列。"),
    ("The columns are {columns}.", "现有列为{columns}。"),
    ("Add it, or name another.", "请添加，或另行指明。"),
    ("Rename the column that is not meant, or leave it out with drop=.", "请将不需要的列改名，或用drop=不读取。"),
    (
        "the table calls its {what} {name}, but there is also a column {column}.",
        "表中{what}列名为{name}，但另有{column}列。",
    ),
    ("the column is named as the {a} and as the {b}.", "同一列既指为{a}又指为{b}。"),
    ("Name another column for one of them, or leave one of them out.", "请为其一另指一列，或去掉其一。"),
    (
        "Remove it from the file, or leave it out with drop={columns}; an identifier column can be replaced by pseudonyms, "
        "id_pseudonyms = true.",
        "请从文件中删除，或用drop={columns}不读取；编号列可用假名代替(id_pseudonyms = true)。",
    ),
    ("this REDCap export has a row for every visit or repeated form.", "该REDCap导出文件每次访视或重复表单各占一行。"),
    (
        "Export one row per patient: the baseline event alone, without repeating instruments.",
        "请每例患者导出一行：只取基线事件，不含重复表单。",
    ),
    ("Visits can be given as a table of scans.", "访视可另以影像检查表给出。"),
)

_VALUES: Final = (
    ("{column} is blank.", "{column}为空。"),
    ("Give the number as printed.", "请按原文填写数字。"),
    ("Give a whole number.", "请填写整数。"),
    ("{column} is not a finite number.", "{column}不是有限的数。"),
    ("{column} is not a whole number.", "{column}不是整数。"),
    ("{column} is not a number it can be.", "{column}的数值不合理。"),
    ("{column} is a number greater than 0.", "{column}应为大于0的数。"),
    ("the level of the interval is not stated: 95 % is taken.", "未说明区间的置信水平，按95%处理。"),
    ("State it in a column ci_level.", "请在ci_level列中注明。"),
    ("{column} is above a million million.", "{column}不应超过一万亿。"),
    ("{column} has a decimal comma.", "{column}使用了逗号作小数点。"),
    ("a fractional count; it looks like a percentage.", "例数含小数，似为百分比。"),
    ("a proportion where a count is expected.", "此处应为例数，所填为比例。"),
    ("{cell} could be {a} or {b}.", "{cell}可能是{a}或{b}。"),
    (
        "this column holds national identity numbers ({n} digits with a date of birth).",
        "该列含身份证号({n}位，含出生日期)。",
    ),
    ("this column holds numbers of 18 digits, as national identity numbers have.", "该列含18位数字，似为身份证号。"),
    ("a percentage where a count is expected.", "此处应为例数，所填为百分比。"),
    ("Give the count, or move the percentage to a column percent.", "请填写例数，或将百分比移至percent列。"),
    (
        "Give the whole number of patients, or move a percentage to a column percent.",
        "请填写患者例数(整数)，或将百分比移至percent列。",
    ),
    (
        "Correct {column} or n; if it is a percentage, move it to a column percent.",
        "请更正{column}或n；若为百分比，请移至percent列。",
    ),
    ("this looks like a date stored as a spreadsheet's day number.", "所填似为电子表格中以天数存储的日期。"),
    ("Give the {unit} since the start of treatment.", "请填写自治疗开始的时间({unit})。"),
    ("a confidence level is a proportion.", "置信水平应为比例。"),
    ("a confidence level lies between 0.5 and 1.", "置信水平应在0.5～1之间。"),
    ("Correct it, usually to 0.95.", "请更正，通常为0.95。"),
    ("Write {a} instead of {b}.", "请将{b}改写为{a}。"),
    ("unknown design.", "设计类型不明。"),
    ("a design is one of {names}.", "设计应为{names}之一。"),
    ("Use one of {names}.", "请用{names}之一。"),
    ("the lower limit {low} is not below the upper limit {high}.", "下限{low}不小于上限{high}。"),
    ("Swap or correct them.", "请互换或更正。"),
    ("the time is negative.", "时间为负数。"),
    ("Times count from the start of treatment.", "时间自治疗开始计算。"),
    ("the time is not a number.", "时间不是数字。"),
    (
        "Give a plain number of {unit}, without unit, comma or sign; for a date, the time since start.",
        "请填写以{unit}计的数字，不带单位、逗号或符号；若为日期，请改填自治疗开始的时间。",
    ),
    ("more than 150 years, if the unit is {unit}.", "若单位为{unit}，则超过150年。"),
    ("Check the value and time_unit.", "请核对数值与time_unit。"),
    ("more than 240 months, if the unit is {unit}.", "若单位为{unit}，则超过240个月。"),
    ("Right for a registry, or where age is the time scale.", "若为登记数据或以年龄为时间尺度则无误。"),
    ("Correct it, or leave it blank.", "请更正，或留空。"),
    ("Correct one of them, or leave one blank.", "请更正其一，或将其一留空。"),
    ("Correct the interval.", "请更正区间。"),
    ("Check it.", "请核对。"),
    ("Keep one.", "请只保留其一。"),
    ("Keep one row.", "请只保留一行。"),
    ("Remove one of them.", "请删除其一。"),
    ("Choose one.", "请任选其一。"),
    ("{value} is not one of {allowed}.", "{value}不是{allowed}之一。"),
)

_COUNTS: Final = (
    ("unknown endpoint, so it is not known which direction is better.", "终点不在已知之列，不知其方向以高或低为优。"),
    (
        "Did you mean {name}? Otherwise add a column better with higher or lower.",
        "是否指{name}？否则请添加better列，填higher或lower。",
    ),
    (
        "Use ORR, DCR, any_TRAE ..., or add a column better with higher or lower.",
        "请用ORR、DCR、any_TRAE等，或添加better列，填higher或lower。",
    ),
    ("Add a column better with higher or lower.", "请添加better列，填higher或lower。"),
    ("there are events, and no patients in this row.", "该行有事件数而无患者。"),
    ("Correct events or n.", "请更正事件数或n。"),
    ("{a} % here and {b} % beside the count.", "此处为{a}%，而例数旁为{b}%。"),
    ("the count is one of {n} patients.", "该例数的分母为{n}例。"),
    ("a percentage without a number of patients.", "有百分比而无患者例数。"),
    ("Give the percentage as printed, or leave it blank.", "请按原文填写百分比，或留空。"),
    ("Give the percentage as printed, for example 34.5.", "请按原文填写百分比，例如34.5。"),
    ("Give every patient one category; patients without an assessment are NE.", "每例患者只归一类；未评估者记为NE。"),
    (
        "{source}: {study} counts more than once for {regimen}, {endpoint}: its rows are overlapping populations.",
        "{source}：{study}的{regimen}在{endpoint}上被重复计数，各行人群有重叠。",
    ),
    (
        "Choose one with where, for example where = { population = ... }.",
        "请用where选择其一，例如 where = { population = ... }。",
    ),
    ("these are medians of single regimens, not effects.", "所填为各方案的中位数，而非效应。"),
    (
        'Read them as such: kind = "medians" in an analysis, read_medians in Python, --kind medians of check.',
        '请按中位数读取：分析中设kind = "medians"，Python中用read_medians，check命令用--kind medians。',
    ),
    ("these are counts of events, not effects.", "所填为事件计数，而非效应。"),
    (
        'Read them as such: kind = "counts" in an analysis, read_counts in Python, --kind counts of check.',
        '请按计数读取：分析中设kind = "counts"，Python中用read_counts，check命令用--kind counts。',
    ),
)

_SHEETS: Final = (
    (
        "{stated} does not answer {code}: {question} Possible are {offered}.",
        "{stated}不是问题{code}的答案：{question}可选：{offered}。",
    ),
    (
        "{answer}, named as {role}: no sheet has that header; they are {headers}.",
        "将“{answer}”指为{role}：没有这一表头；现有{headers}。",
    ),
    (
        "{time} is a time to death, and {status}, named as its status, is of progression. "
        "Name the column that says who died, or the time to progression.",
        "{time}是至死亡的时间，而指定的状态列{status}说明的是进展。请指定说明是否死亡的列，或至进展的时间。",
    ),
    (
        "there is no question {codes}; nothing in the sheet asks it.",
        "没有问题{codes}，表格中无此疑问。",
    ),
    ("Leave it out.", "请去掉。"),
    (
        "cut: {stated} is not a date; write it with the year first, 2024-01-31.",
        "cut：{stated}不是日期；请按年月日书写，例如2024-01-31。",
    ),
    (
        "no sheet holds a table that is understood: a header with names such as treatment (治疗方案), first dose (首次用药日期), "
        "progression (进展日期) or best response (疗效) and rows below it.",
        "没有可识别的表格：应有表头(如治疗方案、首次用药日期、进展日期、疗效)及其下的数据行。",
    ),
    ("First rows: {seen}.", "前几行：{seen}。"),
    (
        "Name the columns in the first row; `bayes-escc template patients OUT.xlsx` writes a sheet to fill in.",
        "请在第一行写明列名；`bayes-escc template patients OUT.xlsx` 可生成空白表格。",
    ),
    (
        "patients have pseudonyms made with a key, and there is no {file} in {places}: put it back there.",
        "患者的假名由密钥生成，而{places}中没有{file}：请放回原处。",
    ),
    (
        "no sheet holds the table that the mapping describes; it names {headers}.",
        "没有与映射文件相符的表格；映射中的表头为{headers}。",
    ),
    (
        "the sheet has no column that tells patients apart from month to month: add a study number, or name it when the "
        "mapping is made (start --use identifier=HEADER, or answers= in Python).",
        "表格没有可逐月识别患者的列：请添加研究编号，或在生成映射时指明(start --use identifier=HEADER，或Python中的answers=)。",
    ),
    ("the sheet records no adverse events.", "表格没有不良事件。"),
    (
        "the mapping describes {kind}; set kind = {stated} in [data].",
        "映射描述的是{kind}；请在[data]中设kind = {stated}。",
    ),
    ("no patient of the sheet has {names}.", "表中没有患者具有{names}。"),
    ("no patient of the sheet is left; see the rows set aside.", "表中没有剩余的患者，见未纳入的行。"),
    ("questions are still open; answer them first.", "仍有未回答的问题，请先回答。"),
    ("{option} is the form, not {text}.", "格式应为{option}，而非{text}。"),
    ("{code} is answered twice, {a} and {b}.", "{code}有两个答案：{a}与{b}。"),
    (
        "{name} is a table, not an analysis.",
        "{name}是表格，不是分析文件。",
    ),
    (
        "Type {start}, which reads it and writes the analyses, and then {run}.",
        "请先输入{start}以读取表格并生成分析文件，再输入{run}。",
    ),
    ("{folder} holds no analysis (.toml); {start} writes some.", "{folder}中没有分析文件(.toml)；可用{start}生成。"),
)

READERS: Final = (
    *DATES,
    *_FILES, *_COLUMNS, *_VALUES, *_COUNTS, *EFFECTS, *FOLLOW_UP, *MEDIANS, *VISITS, *_SHEETS, *ANALYSES, *TYPED, *DESIGNS,
)  # fmt: skip
