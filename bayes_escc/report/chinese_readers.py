"""What readers of tables, sheets and analyses refuse or note, in English and Chinese; holes stand for names and numbers."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.chinese_terms import SCAN_RULES

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
    ("Rename the column that is not meant.", "请将不需要的列改名。"),
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
    ("{column} is not below a million million.", "{column}应小于一万亿。"),
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
    ("these are counts of events, not effects.", "所填为事件计数，而非效应。"),
    (
        'Read them as such: kind = "counts" in an analysis, read_counts in Python, --kind counts of check.',
        '请按计数读取：分析中设kind = "counts"，Python中用read_counts，check命令用--kind counts。',
    ),
)

_EFFECTS: Final = (
    ("the {name} limit is missing.", "缺少{name}。"),
    ("not above its lower limit {low}.", "不大于其下限{low}。"),
    ("Give the standard error, if it is reported.", "若有报告，请给出标准误。"),
    ("Use one of {names}; for a row that gives one arm, {arms}.", "请用{names}之一；单组的行用{arms}。"),
    (
        "Give the lower limit in ci_low and the upper limit in ci_high, as the source prints them.",
        "请按原文在ci_low填写下限，在ci_high填写上限。",
    ),
    ("a standard error is a number greater than 0.", "标准误应为大于0的数。"),
    (
        "Give it on the log scale for a ratio, or leave it blank and give the interval.",
        "比值请按对数尺度填写标准误，或留空并给出区间。",
    ),
    ("a ratio is greater than 0; this one was rounded to 0.", "比值应大于0，所填已舍入为0。"),
    (
        "Give more decimals, or the standard error of its logarithm in a column se.",
        "请给出更多小数位，或在se列给出其对数的标准误。",
    ),
    (
        "the estimate and its {level} % interval imply p = {p} ({sides}-sided).",
        "由估计值与其{level}%区间推得p = {p}({sides}-sided)。",
    ),
    (
        "Check estimate, limits, ci_level and p; a one-sided p is declared by a column p_sides.",
        "请核对估计值、界限、ci_level与p；单侧p请在p_sides列注明。",
    ),
    (
        "the middle of the interval on the log scale is {low} to {high} allowing for rounding, not the estimate {value}.",
        "按舍入范围，区间在对数尺度上的中点为{low}～{high}，而非估计值{value}。",
    ),
    (
        "the middle of the interval is {low} to {high} allowing for rounding, not the estimate {value}.",
        "按舍入范围，区间的中点为{low}～{high}，而非估计值{value}。",
    ),
    (
        "Check the three numbers; if the source uses another method, put it into a table with its standard error in a column "
        "se and no limits, and pool that file.",
        "请核对三个数字；若原文采用其他方法，请将其写入表格，在se列给出标准误而不填界限，再合并该文件。",
    ),
    (
        "Check the three numbers; if the source uses another method, give the standard error in a column se and leave the "
        "limits blank.",
        "请核对三个数字；若原文采用其他方法，请在se列给出标准误并将界限留空。",
    ),
    (
        "the {level} % interval implies a standard error of {value} on the log scale, not {se}.",
        "{level}%区间对应的对数尺度标准误为{value}，而非{se}。",
    ),
    (
        "the {level} % interval implies a standard error of {value}, not {se}.",
        "{level}%区间对应的标准误为{value}，而非{se}。",
    ),
    ("a p-value is a number between 0 and 1, or one such as <0.001.", "p值应为0～1之间的数，或如<0.001。"),
    ("a p-value has one or two sides.", "p值为单侧或双侧。"),
    ("Write one or two.", "请填one或two。"),
    ("a p-value that is only a bound does not give the standard error.", "仅为界限的p值无法推得标准误。"),
    ("Look up the exact one, the interval, or the standard error.", "请查找确切的p值、区间或标准误。"),
    (
        "the estimate and its p-value are rounded too much to give the standard error.",
        "估计值与p值舍入过多，无法推得标准误。",
    ),
    ("Look up the interval, or give both with more decimals.", "请查找区间，或给出两者更多的小数位。"),
    ("unknown conclusion.", "结论用词不明。"),
    (
        "the conclusion says no difference, but the interval {interval} excludes {null}.",
        "结论为无差别，而区间{interval}不含{null}。",
    ),
    ("the conclusion says {claim}, but the estimate is {value}.", "结论为{claim}，而估计值为{value}。"),
    (
        "the conclusion says {claim}, but the interval {interval} includes {null}.",
        "结论为{claim}，而区间{interval}包含{null}。",
    ),
    ("Correct the conclusion.", "请更正结论。"),
    ("Say that a difference was not shown.", "请写明未显示差别。"),
    (
        "the standard errors of the pairs of {study}, {endpoint}, cannot come from {k} arms: the variance of {arm} would be "
        "{value}.",
        "{study}的{endpoint}各对的标准误不可能来自{k}组：{arm}的方差将为{value}。",
    ),
    (
        "Check them; give the contrasts against one arm alone if they come from different models.",
        "请核对；若来自不同的模型，请只给出与同一组的对比。",
    ),
    (
        "{study} gives all {n} pairs of its {k} arms for {endpoint}; its {m} contrasts against {base} are used, the others "
        "for the variance of that arm (standard error {se}).",
        "{study}给出{endpoint}{k}组的全部{n}对对比；采用与{base}的{m}项对比，其余用于求该组的方差(标准误{se})。",
    ),
    ("Nothing is counted twice.", "没有重复计入。"),
    (
        "the other pairs of {study}, {endpoint}, imply a standard error of {implied} for {a} against {b}, not {value}.",
        "由{study}的{endpoint}其他各对推得{a}与{b}对比的标准误为{implied}，而非{value}。",
    ),
    ("Check the standard errors and intervals of its rows.", "请核对其各行的标准误与区间。"),
    (
        "the effects of {study}, {endpoint}, do not add up: {a} against {b} and {c} against {d} give {sum} for {e} against "
        "{f} (on the log scale for ratios), not {value}.",
        "{study}的{endpoint}各效应不能相加：由{a}与{b}、{c}与{d}的对比推得{e}与{f}的对比为{sum}(比值按对数尺度)，而非{value}。",
    ),
    ("Check which way round each contrast is.", "请核对每项对比的方向。"),
    (
        "the standard error of the control arm alone, {alone}, is not below that of the contrast, {error}.",
        "仅对照组的标准误{alone}不小于对比的标准误{error}。",
    ),
    (
        "Correct {column} or the interval: the variance of a contrast is the sum of those of its arms.",
        "请更正{column}或区间：对比的方差为各组方差之和。",
    ),
    (
        "{study} gives {n} contrasts that share the arm {arm}, and the variance of that arm is not known.",
        "{study}有{n}项对比共用{arm}组，而该组的方差未知。",
    ),
    (
        "Add a column {se} (its standard error, on the log scale for ratios) or events_control (its number of events; with "
        "n_control for odds and risk ratios), give every pair of its arms, or keep one contrast with regimens or where.",
        "请添加{se}列(其标准误，比值按对数尺度)或events_control列(其事件数；比值比与相对危险度另需n_control)，"
        "或给出各组两两对比，或用regimens或where只保留一项对比。",
    ),
    (
        "{study} gives {n} contrasts that share the arm {arm}, and the standard error of that arm alone, {a}, is not below "
        "that of a contrast, {b}.",
        "{study}有{n}项对比共用{arm}组，而仅该组的标准误{a}不小于某项对比的标准误{b}。",
    ),
    (
        "Correct that arm's numbers or the intervals: the variance of a contrast is the sum of those of its arms.",
        "请更正该组的数字或区间：对比的方差为各组方差之和。",
    ),
    (
        "{study} has {n} contrasts of {endpoint} that share patients, with different controls.",
        "{study}的{endpoint}有{n}项对比共用患者，且对照不同。",
    ),
    ("{study} has {n} contrasts of {endpoint} that share patients.", "{study}的{endpoint}有{n}项对比共用患者。"),
    (
        "A pairwise model refuses them together; a network models their correlation.",
        "两两比较模型不能同时采用；网状模型可对其相关性建模。",
    ),
    (
        "Every model refuses them together: give all pairs of the arms, or all contrasts against one arm.",
        "任何模型都不能同时采用：请给出各组两两对比，或与同一组的全部对比。",
    ),
    ("{study} gives contrasts with different controls.", "{study}的各项对比采用不同的对照。"),
    (
        "Give all its contrasts against one arm, or every pair of its arms, which gives the variances of the arms too.",
        "请给出与同一组的全部对比，或各组两两对比(同时给出各组的方差)。",
    ),
    ("the network is in {n} pieces without a common regimen: {names}.", "网络分为{n}个没有共同方案的部分：{names}。"),
    (
        "Compare within one piece, or give regimens that are the same in practice one name.",
        "请在同一部分内比较，或将实际相同的方案统一命名。",
    ),
    (
        "{source}: {measures} cannot be pooled on one scale; select one.",
        "{source}：{measures}不能在同一尺度上合并，请选择其一。",
    ),
    (
        "{source}: {study} counts more than once for {a} against {b}: its rows are overlapping populations.",
        "{source}：{study}的{a}与{b}比较被重复计数，各行人群有重叠。",
    ),
    ("Choose one with population or where.", "请用population或where选择其一。"),
    ("endpoint {name} is not in {source}; it has {names}.", "{source}中没有终点{name}，现有{names}。"),
    ("endpoint: the table has {names}; name one.", "终点：表中有{names}，请指明一个。"),
    ("{endpoint} is reported as {a} here and as {b} in row {row}.", "{endpoint}此处报告为{a}，第{row}行为{b}。"),
    ("Bring all rows of an endpoint to one measure.", "请将同一终点各行统一为一种指标。"),
    (
        "{endpoint} is the time to an event, and its effect is given as {measure}.",
        "{endpoint}为时间-事件终点，其效应以{measure}给出。",
    ),
    (
        "A hazard ratio (HR) is usual; if it compares the proportions with an event by some time, name that time in the "
        "endpoint.",
        "通常采用风险比(HR)；若比较的是某一时间点前发生事件的比例，请在终点名称中写明该时间。",
    ),
    (
        "{study} gives {n} contrasts that share patients ({names}); pooled as independent its control arm would count {m} "
        "times.",
        "{study}有{n}项对比共用患者({names})；若按独立合并，其对照组将被计{m}次。",
    ),
    (
        "Keep one with where or regimens, or use network = true, which models their correlation.",
        "请用where或regimens保留其一，或设network = true以对其相关性建模。",
    ),
    ("no rows of {source} are left after the selection.", "选择之后{source}没有剩余的行。"),
    ("no patients of {source} are left after the selection.", "选择之后{source}没有剩余的患者。"),
    ("where: there is no column {column}.", "where：没有{column}列。"),
    ("where: no row has {column} = {values}.", "where：没有{column} = {values}的行。"),
)

_FOLLOW_UP: Final = (
    (
        'dates: "start" is required, the column from whose date times count.',
        'dates：必须填写"start"，即计时起点日期所在的列。',
    ),
    (
        'dates: name at least one of "event", "death" and "last_contact".',
        'dates：至少指明"event"、"death"与"last_contact"之一。',
    ),
    ("the event is said to have happened, but has no date.", "注明已发生事件，但没有日期。"),
    ("Fill in the date, or correct the event.", "请填写日期，或更正事件。"),
    ("there is a date, but the event is said not to have happened.", "有日期，但注明事件未发生。"),
    ("lies before the event ({date}).", "早于事件({date})。"),
    ("The event was used; check both.", "采用事件；请核对两者。"),
    ("there is neither an event nor a last contact.", "既无事件也无末次随访。"),
    ("Fill in one of the dates.", "请填写其中一个日期。"),
    ("lies after the data cut ({date}).", "晚于数据截止({date})。"),
    ("Leave the patient out, or correct the date.", "请去掉该患者，或更正日期。"),
    ("lies after today ({date}).", "晚于今天({date})。"),
    ("lies before the start ({date}).", "早于治疗开始({date})。"),
    ("lies before the start.", "早于治疗开始。"),
    ("lies after death ({date}).", "晚于死亡({date})。"),
    ("Fill it in; times count from it.", "请填写；时间以此为起点。"),
    ("time unit {unit} is not one of {units}.", "时间单位{unit}不是{units}之一。"),
    ("the time unit {unit} is not one of {units}.", "时间单位{unit}不是{units}之一。"),
    ("entry is not before the end of follow-up ({time}).", "进入时间不早于随访结束({time})。"),
    ("entry is not before progression ({time}).", "进入时间不早于进展({time})。"),
    ("progression-free longer than alive ({time}).", "无进展生存时间长于总生存时间({time})。"),
    ("progression before the last free scan ({time}).", "进展早于末次未进展的检查({time})。"),
    ("Correct either; write inf where no progression was seen.", "请更正其一；未见进展者写inf。"),
    ("{name} lies between {low} and {high}, as a rule.", "{name}通常在{low}～{high}之间。"),
    ("{name} lies between {low} and {high}.", "{name}应在{low}～{high}之间。"),
    ("Give the day, if it is known.", "若已知，请填写具体日期。"),
    (
        'Correct it, or declare what the codes mean with event_codes = { "2" = "event", "1" = "censored" }.',
        '请更正，或用 event_codes = { "2" = "event", "1" = "censored" } 注明编码含义。',
    ),
    ("the last progression-free scan has no time.", "末次未进展的检查没有时间。"),
    ("Write 0 if none.", "若无则填0。"),
    (
        "the dates give the follow-up, but the table has a column {column} too.",
        "随访由日期得出，但表中另有{column}列。",
    ),
    (
        "Name it with {column}=, to have it checked against the dates, or leave it out with drop=.",
        "请用{column}=指明以与日期核对，或用drop=不读取。",
    ),
    ("the same row also stands in row {row}; it was counted once.", "同一行另见第{row}行，只计一次。"),
    (
        "{source} was read without follow-up: name the columns with time= and event=, or interval=, and time_unit=.",
        "{source}读取时没有随访：请用time=与event=(或interval=)及time_unit=指明各列。",
    ),
    ("{source} has no response column.", "{source}没有疗效列。"),
    (
        "endpoint {name} cannot be read off best responses: use ORR, DCR or one of {names}, or a response column with 0 and "
        "1.",
        "无法由最佳疗效得出终点{name}：请用ORR、DCR或{names}之一，或0/1的疗效列。",
    ),
    (
        "{source}: a yes-or-no response stands for one endpoint, not for {names}; give the best responses (CR, PR, SD, PD, "
        "NE) or one endpoint.",
        "{source}：是否型疗效只对应一个终点，不能对应{names}；请给出最佳疗效(CR、PR、SD、PD、NE)或只写一个终点。",
    ),
    ("time= and event= go together.", "time=与event=须同时给出。"),
    (
        "goes together with time: the column of 1 (event) and 0 (censored).",
        "须与time同时给出：1(事件)与0(删失)所在的列。",
    ),
    (
        "{path}: goes together with time: the column of 1 (event) and 0 (censored).",
        "{path}：须与time同时给出：1(事件)与0(删失)所在的列。",
    ),
)

_MEDIANS: Final = (
    (
        "not reached: used as a median beyond {end} {unit}, with the precision of {whose}.",
        "未达到：按中位时间超过{end}{unit}处理，精度依据{whose}。",
    ),
    ("Leave the arm out if survival was not above one half to then.", "若此前生存率并非一直高于一半，请去掉该组。"),
    ("Give their number, or leave the arm out.", "请给出例数，或去掉该组。"),
    ("events_basis is stated or assumed.", "events_basis应为stated或assumed。"),
    ("Give it, or leave the arm out.", "请给出，或去掉该组。"),
    ("a median needs events.", "中位时间需要事件数。"),
    (
        "a median that was not reached says that survival stayed above one half to the end of follow-up, which is not "
        "stated.",
        "中位时间未达到，说明至随访结束生存率一直高于一半，但未注明随访时间。",
    ),
    (
        "Give that time in a column follow_up, or as the median >12 if it was 12 {unit}; otherwise leave the arm out, or "
        'give its patients (kind = "patients").',
        '请在follow_up列填写该时间，或若为12{unit}则将中位时间写作>12；否则请去掉该组，或给出其患者数据(kind = "patients")。',
    ),
    (
        "the median was not reached, although {events} of {n} patients had the event.",
        "中位时间未达到，但{n}例中有{events}例发生事件。",
    ),
    (
        "Correct the events, n or the median: every event lowers the curve by at least 1/n.",
        "请更正事件数、n或中位时间：每例事件使曲线至少下降1/n。",
    ),
    ("the median was not reached, but its upper limit was.", "中位时间未达到，但其上限已达到。"),
    ("a lower limit is always reached.", "下限总是可以达到的。"),
    ("Give it, or leave both limits blank.", "请给出，或将两端均留空。"),
    ("not between {low} and {high}.", "不在{low}与{high}之间。"),
    ("the upper limit was not reached; the precision is that of the lower one.", "上限未达到，精度取自下限。"),
    ("Events say more, if they are reported.", "若有报告，事件数提供的信息更多。"),
    (
        "{value} lies far from the middle of {low} to {high} on the log scale.",
        "{value}在对数尺度上远离{low}～{high}的中点。",
    ),
    ("Kaplan-Meier intervals often do; check the three numbers.", "Kaplan-Meier区间常如此，请核对三个数字。"),
    ("how many patients were followed is not stated.", "未注明随访例数。"),
    ("Give n, or events, or a lower limit below the follow-up.", "请给出n、事件数，或小于随访时间的下限。"),
    ("neither an interval nor a number of events.", "既无区间也无事件数。"),
    (
        "Give lower and upper, or events; assumed events are marked events_basis = assumed.",
        "请给出上下限或事件数；假设的事件数请注明events_basis = assumed。",
    ),
    (
        "the unit of the medians must be declared: time_unit is one of {units}.",
        "必须注明中位时间的单位：time_unit为{units}之一。",
    ),
    ("{value} is more than ten times the shortest median, {shortest}.", "{value}超过最短中位时间{shortest}的十倍。"),
    ("Check that all are in one unit.", "请确认单位一致。"),
)

_OF_SCANS: Final = (
    ("{name} must be a positive time between scans, not {value}", "{name}应为两次检查之间的正数时间，而非{value}"),
    ("{name} {value} is not one of {columns}", "{name} {value}不是{columns}之一"),
    ("{name} must be a whole number of at least 0, not {value}", "{name}应为不小于0的整数，而非{value}"),
    ("death_after_missed is one of {columns}, not {value}", "death_after_missed为{columns}之一，而非{value}"),
    ("name the column of the visits with date= or time=", "请用date=或time=指明访视的列"),
    (
        "dates of visits need {name}, the column of the patient table with the start of treatment",
        "访视采用日期时，需用{name}指明患者表中治疗开始的列",
    ),
    ("words= mean one of {columns}, not {value}", "words=的含义为{columns}之一，而非{value}"),
)
"""What is wrong with how visits are to be joined; several are said one after the other."""

_DATES: Final = (
    ("there is no such day in the calendar.", "日历中没有这一天。"),
    ("a year before {year} cannot be meant.", "年份早于{year}，应有误。"),
    (
        "day and month cannot be told apart; write the year first, 2024-01-31.",
        "无法区分日与月；请先写年份，如2024-01-31。",
    ),
    (
        "a spreadsheet's day number, {a} in Excel for Windows or {b} in old Excel for the Mac; save the column as dates, "
        "year first.",
        "这是电子表格的日期序号，在Windows版Excel中为{a}，在旧Mac版Excel中为{b}；请将该列存为年份在前的日期。",
    ),
    ("a date without time of day and time zone is needed.", "日期不应带时刻与时区。"),
    ("not a date; write the year first, 2024-01-31.", "不是日期；请先写年份，如2024-01-31。"),
    ("not a plain number of {unit} since the start.", "不是自治疗开始起的数字（单位：{unit}）。"),
)

_VISITS: Final = (
    *(
        (f"{before}{english}{after}", f"{before.replace(': ', '：')}{chinese}{end}")
        for english, chinese in _OF_SCANS
        for before in ("scans: ", "")
        for after, end in ((";", "；"), (".", "。"))
    ),
    (
        "the patient has neither a usable scan after the start nor a death, up to the data cut ({date}).",
        "至数据截止({date})，该患者在治疗开始后既无可用的检查，也无死亡。",
    ),
    *(
        (f"{{n}} {visits} {why} {were} left out.", f"{chinese}的{{n}}次访视未采用。")
        for visits, were in (("visit", "was"), ("visits", "were"))
        for why, chinese in (
            ("without a usable result", "无可用结果"),
            ("on or before the day of the start (baseline)", "治疗开始当日或之前（基线）"),
        )
    ),
    ("They say nothing about when progression happened.", "它们不提供进展时间的信息。"),
    ("a scan at {time} {unit} follows death at {died}.", "{time}{unit}的检查晚于{died}的死亡。"),
    (
        "the patient has neither a usable scan after the start nor a death.",
        "该患者在治疗开始后既无可用的检查，也无死亡。",
    ),
    ("Add them, or leave the patient out.", "请补充，或去掉该患者。"),
    ("is not in {source}.", "不在{source}中。"),
    ("Correct it, or add the patient.", "请更正，或添加该患者。"),
    ("the result is not known.", "检查结果用词不明。"),
    (
        'Correct it, or say what it means with words = { "..." = "progression" | "free" | "unknown" }.',
        '请更正，或用 words = { "..." = "progression" | "free" | "unknown" } 注明含义。',
    ),
    ("another result of the same day stands in row {row}.", "同一天的另一结果在第{row}行。"),
    ("Keep the one that holds.", "请保留有效的一个。"),
    (
        "no progression after a scan that showed it; the first one was used.",
        "显示进展之后又有未进展的检查，采用首次进展。",
    ),
    ("Right unless the earlier scan was not confirmed.", "除非此前的检查未获确认，否则无误。"),
    ("progression on or before the day of the start.", "进展不晚于治疗开始当日。"),
    ("Correct either; a baseline scan shows no progression.", "请更正其一；基线检查不会显示进展。"),
    ("{n} visit before the start was left out.", "治疗开始前的{n}次访视未采用。"),
    ("{n} visits before the start were left out.", "治疗开始前的{n}次访视未采用。"),
    (
        "the patient has neither a usable scan after the start nor a death date.",
        "该患者在治疗开始后既无可用的检查，也无死亡日期。",
    ),
    (
        "scans: {source} has a column {column} already; rename it or leave out the scans.",
        "scans：{source}已有{column}列；请将其改名，或不读取影像检查。",
    ),
    *(
        (f"{{n}} {patients}: {rule}.", f"{{n}}例患者：{chinese}。")
        for rule, chinese in SCAN_RULES.items()
        for patients in ("patient", "patients")
    ),
    ("See scan_rule of each.", "见各例的scan_rule。"),
    ("died twice.", "有两个死亡日期。"),
    ("the time cannot be used.", "时间不可用。"),
    ("progression must be 0 or 1.", "进展只能填0或1。"),
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

_ANALYSES: Final = (
    ("{path}: must be a table of settings, not {value}.", "{path}：应为一组设置，而非{value}。"),
    ("{path}: must be a non-empty text, not {value}.", "{path}：应为非空文字，而非{value}。"),
    ("{path}: {value} is not one of {allowed}.", "{path}：{value}不是{allowed}之一。"),
    ("{path}: must be a text or a list of texts, not {value}.", "{path}：应为文字或文字列表，而非{value}。"),
    ("{path}: names something twice: {names}.", "{path}：重复列出：{names}。"),
    ("{path}: must be a text, not {value}.", "{path}：应为文字，而非{value}。"),
    ("{path}: must be true or false, not {value}.", "{path}：应为true或false，而非{value}。"),
    ("{path}: must be a list of tables ({name}), not {value}.", "{path}：应为表的列表({name})，而非{value}。"),
    ("{path}: must be a table with a distribution, not {value}.", "{path}：应为含distribution的表，而非{value}。"),
    ("{path}: is required, for example {example}.", "{path}：必须填写，例如{example}。"),
    ("{path}: {prior} does not fit, it must be a law of real numbers.", "{path}：{prior}不适用，应为实数分布。"),
    (
        "{path}: {prior} does not fit, every value it allows must be positive.",
        "{path}：{prior}不适用，其取值必须均为正数。",
    ),
    (
        "{path}: {prior} does not fit, every value it allows must lie between 0 and 1.",
        "{path}：{prior}不适用，其取值必须均在0～1之间。",
    ),
    (
        "{path}: {prior} does not fit, rates of categories need a Dirichlet.",
        "{path}：{prior}不适用，分类比例需用Dirichlet分布。",
    ),
    ("{path}: must be a whole number, not {value}.", "{path}：应为整数，而非{value}。"),
    ("{path}: must be a number, not {value}.", "{path}：应为数字，而非{value}。"),
    (
        "{path}: must be a whole number from {low} to {high}, not {value}.",
        "{path}：应为{low}～{high}的整数，而非{value}。",
    ),
    ("{path}: must be a number from {low} to {high}, not {value}.", "{path}：应为{low}～{high}的数，而非{value}。"),
    (
        "{path}: must be a whole number above {low} and below {high}, not {value}.",
        "{path}：应为大于{low}且小于{high}的整数，而非{value}。",
    ),
    (
        "{path}: must be a number above {low} and below {high}, not {value}.",
        "{path}：应为大于{low}且小于{high}的数，而非{value}。",
    ),
    ("{path}: must be a whole number of at least {low}, not {value}.", "{path}：应为不小于{low}的整数，而非{value}。"),
    ("{path}: must be a number of at least {low}, not {value}.", "{path}：应为不小于{low}的数，而非{value}。"),
    ("{path}: must be a whole number above {low}, not {value}.", "{path}：应为大于{low}的整数，而非{value}。"),
    ("{path}: must be a number above {low}, not {value}.", "{path}：应为大于{low}的数，而非{value}。"),
    ("{path}: must be two numbers, the lower first, not {value}.", "{path}：应为两个数，小者在前，而非{value}。"),
    ("{path}: must be a value or a list of values, not {value}.", "{path}：应为一个值或值的列表，而非{value}。"),
    (
        '{path}: must be "event" (or 1) or "censored" (or 0), not {value}.',
        '{path}：应为"event"(或1)或"censored"(或0)，而非{value}。',
    ),
    (
        "{path}: must be a table, for example {example}, not {value}.",
        "{path}：应为表，例如{example}，而非{value}。",
    ),
    (
        "{path}: the scans give intervals in {unit}; leave it out, or set the same unit.",
        "{path}：影像检查的区间以{unit}计；请去掉，或设为相同单位。",
    ),
    ("{path}: the scans give the interval; leave it out.", "{path}：区间由影像检查得出；请去掉。"),
    (
        "{path}: names the file that bayes-escc start wrote, not {value}.",
        "{path}：应为bayes-escc start所生成的文件名，而非{value}。",
    ),
    (
        "{path}: is for a sheet of one's own, named with file, not for a dataset.",
        "{path}：只用于以file指明的自有表格，不用于数据集。",
    ),
    ("{path}: names several endpoints; choose one.", "{path}：列出了多个终点，请选择其一。"),
    (
        "{path}: must be numbers of responders from 0 to {n}, not {value}.",
        "{path}：应为0～{n}的缓解例数，而非{value}。",
    ),
    ("{path}: must be robust weights from 0 to 1, not {value}.", "{path}：应为0～1之间的稳健权重，而非{value}。"),
    ("{path}: {why}, because files are named after it, not {value}.", "{path}：{why}，因为文件以此命名，而非{value}。"),
    (
        "endpoint {name} is in neither table; they have {names}.",
        "两个表中均没有终点{name}，现有{names}。",
    ),
    ("endpoint: the tables have {names}; name one.", "终点：表中有{names}，请指明一个。"),
    (
        "{names} would count twice: both {a} (effects) and {b} (counts) give it.",
        "{names}将被重复计入：{a}(效应)与{b}(计数)均包含。",
    ),
    (
        "Keep each study in one of the two; counts say more than an effect does.",
        "请将每项研究只保留在其一；计数提供的信息多于效应。",
    ),
    ("{path}: contradicts an earlier comparison of {name}.", "{path}：与此前{name}的比较相矛盾。"),
    (
        "{path}: unknown distribution {name}: use one of {names}.",
        "{path}：没有{name}分布，可用{names}。",
    ),
    ("{path}: there is no {name} here, but {names}.", "{path}：没有{name}，可用{names}。"),
    ("{path}: must be positive numbers in ascending order, not {value}.", "{path}：应为由小到大的正数，而非{value}。"),
    ("{name} does not fit its data: {n} problem.", "{name}与其数据不符：{n}个问题。"),
    ("{name} does not fit its data: {n} problems.", "{name}与其数据不符：{n}个问题。"),
    ("{path}: give one of above and below.", "{path}：请给出above与below之一。"),
    ("{path}: name a dataset or a file, not both.", "{path}：请指明dataset或file之一，不能同时填写。"),
    ("data: name a dataset or a file, or give a table to fit().", "data：请指明dataset或file，或向fit()提供表格。"),
    ("{path}: belongs to kind = {kinds}, not {kind}.", "{path}：只用于kind = {kinds}，不用于{kind}。"),
    (
        "{path}: this package reads schema = {known}, not {stated}.",
        "{path}：本软件包读取schema = {known}，而非{stated}。",
    ),
    (
        "there is no analysis {name}: give the path of a .toml file, or one of {names}.",
        "没有分析{name}：请给出.toml文件的路径，或{names}之一。",
    ),
    ("there is no dataset {name}: the package has {columns}.", "没有数据集{name}：本软件包有{columns}。"),
    (
        "--copy needs the name of an analysis: bayes-escc models NAME --copy FILE.",
        "--copy需要分析的名称：bayes-escc models NAME --copy FILE。",
    ),
    ("{path} exists already; name another file.", "{path}已存在；请另指定文件。"),
    ("{path} is not valid TOML: {error}.", "{path}不是有效的TOML：{error}。"),
    ("{path} is not in UTF-8 (line {line}): save it as UTF-8.", "{path}不是UTF-8编码(第{line}行)：请另存为UTF-8。"),
    (
        "{path}: {distribution} {key} must be a number, not {value}.",
        "{path}：{distribution}的{key}应为数字，而非{value}。",
    ),
    (
        "{path}: {distribution} {key} must be greater than 0, not {value}.",
        "{path}：{distribution}的{key}应大于0，而非{value}。",
    ),
    (
        "{path}: {distribution} {key} must be finite, and no larger than 1e300.",
        "{path}：{distribution}的{key}应为有限的数，且不大于1e300。",
    ),
    (
        "say with --kind what {table} holds: {kinds} (an analysis is a .toml file).",
        "请用--kind说明{table}的内容：{kinds}(分析为.toml文件)。",
    ),
    (
        "--published {word}: write the table and its file, for example arms=arms.csv.",
        "--published {word}：请写明表名与文件，例如arms=arms.csv。",
    ),
    ("{option}: write KEY=VALUE, not {given}.", "{option}：请写作KEY=VALUE，而非{given}。"),
    ("the margin is a number, such as 0.1 or 10%, not {value}.", "最小有意义差值应为数字，如0.1或10%，而非{value}。"),
    (
        "A study has a name of letters, digits, _ and -, and an analysis of this sheet.",
        "研究名称由字母、数字、_与-组成，并须选择本表格的一个分析。",
    ),
    ("Choose the sheet again.", "请重新选择表格。"),
)

_TYPED: Final = (
    (
        "{a} must be a number of at least 0, and {b} a number, not {c} and {d}.",
        "{a}应为不小于0的数，{b}应为数字，而非{c}与{d}。",
    ),
    (
        "{key} must lie between 0 and 1, not {value} (did you mean {meant}?).",
        "{key}应在0～1之间，而非{value}（是否指{meant}？）。",
    ),
    ("{key} must lie between 0 and 1, not {value}.", "{key}应在0～1之间，而非{value}。"),
    ("{key}: {law} is not possible here: use one of {names}.", "{key}：此处不能用{law}，请用{names}之一。"),
    (
        "{key}: {law} has hardly any probability below 0, where the logarithm of a risk lies; state one that has, for "
        "example {other}.",
        "{key}：{law}在0以下几乎没有概率，而风险的对数小于0；请改用例如{other}。",
    ),
    (
        "{key}: {law} favours one regimen of a pair over the other; it needs {option}, where it holds against the first "
        "regimen.",
        "{key}：{law}偏向一对方案中的一个，须同时给出{option}，表示与第一种方案相比。",
    ),
    (
        "{law} cannot hold for every pair of {n} regimens; use one of {names}, or {option}, where it holds against the "
        "first.",
        "{law}不能同时适用于{n}种方案的每一对；请用{names}之一，或给出{option}，表示与第一种方案相比。",
    ),
    ("the name {name} is used twice; give every effect its own.", "名称{name}重复使用，请为每项效应单独命名。"),
    (
        "{key}: the defaults are for log ratios, and {source} gives mean differences up to {value} in a unit of their own.",
        "{key}：默认先验用于对数比值，而所给效应为均数差，最大为{value}(自有单位)。",
    ),
    (
        "State them on that scale: an effect beyond 2 sigma should be a surprise, so perhaps {law} for the effect and "
        "{other} for tau.",
        "请按该尺度给出：超过2 sigma的效应应属意外，例如效应用{law}，tau用{other}。",
    ),
    (
        "{key}: effects measured as {measure} say nothing of risks; only {names} do.",
        "{key}：以{measure}表示的效应不能说明风险，只有{names}可以。",
    ),
    (
        "{key}: no row of {source} has {column} = {value}; it has {names}.",
        "{key}：{source}中没有{column} = {value}的行，现有{names}。",
    ),
    (
        "{key} takes COLUMN=VALUE with a column of {source} ({columns}), not {value}.",
        "{key}应写作列名=值，{source}的列有{columns}，而非{value}。",
    ),
    ("{key}: {source} has no {name}; it has {names}.", "{key}：{source}没有{name}，现有{names}。"),
    ("{key} needs the lower limit first, not {value}.", "{key}应先写下限，而非{value}。"),
    ("ci-prob must lie between 0 and 1, not {value}.", "ci-prob应在0～1之间，而非{value}。"),
    (
        "--bias-sd must be a number of at least 0 and at most {most}, not {value}.",
        "--bias-sd应为0～{most}之间的数，而非{value}。",
    ),
    (
        "--bias-mean must be a finite number from {low} to {high}, not {value}.",
        "--bias-mean应为{low}～{high}之间的数，而非{value}。",
    ),
    (
        "the mean of a bias is a finite number from {low} to {high}, not {value}.",
        "偏倚的均值应在{low}～{high}之间，而非{value}。",
    ),
    ("there is no data cut {cut}; the last is {last}.", "没有第{cut}次数据截点；最后一次为第{last}次。"),
    (
        "alternative_rate ({rate}) must lie above {what} ({null}), or what is called power is none.",
        "alternative_rate({rate})应高于{what}({null})，否则所谓把握度并非把握度。",
    ),
    (
        "alternative_rate ({rate}) must lie below {what} ({null}), or what is called power is none.",
        "alternative_rate({rate})应低于{what}({null})，否则所谓把握度并非把握度。",
    ),
    (
        "--prior: alpha and beta must lie between {low} and {high}, not {value}: beyond, a rate is a constant to all digits.",
        "--prior：alpha与beta应在{low}～{high}之间，而非{value}：超出此范围时率实为常数。",
    ),
    ("--prior: alpha and beta must be greater than 0, not {value}.", "--prior：alpha与beta应大于0，而非{value}。"),
    (
        "--prior takes alpha,beta (or uniform, jeffreys), not {value}.",
        "--prior应为alpha,beta(或uniform、jeffreys)，而非{value}。",
    ),
    (
        "{arm}: events must lie between 0 and {n}; if {events} is a percentage, give the count.",
        "{arm}：事件数应在0～{n}之间；若{events}为百分比，请填写例数。",
    ),
    ("{arm}: the number of patients must be at least 1.", "{arm}：患者例数应不小于1。"),
    (
        "{arm} is not NAME=EVENTS/N with whole numbers, for example A=10/29.",
        "{arm}不是NAME=EVENTS/N的形式(整数)，例如A=10/29。",
    ),
    ("the name {name} is used twice.", "名称{name}重复使用。"),
    (
        "{text} holds a character that cannot be seen or printed; type it again.",
        "{text}含不可见或不可打印的字符，请重新输入。",
    ),
    ("give at least two arms, for example A=10/29 B=12/35.", "请至少给出两组，例如A=10/29 B=12/35。"),
    (
        "{study} is not NAME=ESTIMATE,LOW,HIGH, for example {a} or {b} (nor a table: give one file or dataset alone).",
        "{study}不是NAME=ESTIMATE,LOW,HIGH的形式，例如{a}或{b}(也不是表格：表格请单独给出一个文件或数据集)。",
    ),
    (
        "--measure: {value} is not a measure; use HR, OR, RR, MD, SMD, RD or log HR and so on.",
        "--measure：{value}不是效应指标；请用HR、OR、RR、MD、SMD、RD或log HR等。",
    ),
    ("{option} takes a law such as {law}, not {value}.", "{option}应为分布，如{law}，而非{value}。"),
    ("{law} needs {names}; it was given {given}.", "{law}需要参数{names}，所给为{given}。"),
    ("{law} {key} must lie between {low} and {high}, not {value}.", "{law}的{key}应在{low}～{high}之间，而非{value}。"),
)

READERS: Final = (
    *_DATES,
    *_FILES, *_COLUMNS, *_VALUES, *_COUNTS, *_EFFECTS, *_FOLLOW_UP, *_MEDIANS, *_VISITS, *_SHEETS, *_ANALYSES, *_TYPED,
)  # fmt: skip
