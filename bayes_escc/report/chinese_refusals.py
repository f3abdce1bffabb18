"""Why a table or an analysis was refused, and what to do about it, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["REFUSALS"]

REFUSALS: Final = (
    ("{path}: unknown key; allowed here: {columns}.", "{path}：未知的键；此处可用{columns}。"),
    ("{path}: is required.", "{path}：必须填写。"),
    # margins, values and limits, of a file and of the prompt
    (
        "{key} lies outside -1 to 1, between which a difference of proportions lies: {value}.",
        "{key}：率的差值应在-1～1之间，而非{value}。",
    ),
    (
        "{key} lies beyond the horizon of {horizon}, within which restricted means differ: {value}.",
        "{key}超出{horizon}的时限，两组限制性平均时间之差小于时限：{value}。",
    ),
    (
        "{key} lies beyond the horizon of {horizon}, which no restricted mean exceeds: {value}.",
        "{key}超出{horizon}的时限，限制性平均时间不会超过时限：{value}。",
    ),
    (
        "{path}: lies beyond the horizon of {horizon}, within which restricted means differ: {value}.",
        "{path}：超出{horizon}的时限，两组限制性平均时间之差小于时限：{value}。",
    ),
    (
        "{path}: lies beyond the horizon of {horizon}, which no restricted mean exceeds: {value}.",
        "{path}：超出{horizon}的时限，限制性平均时间不会超过时限：{value}。",
    ),
    ("{key} lies outside 0 to 1, between which a proportion lies: {value}.", "{key}：比例应在0～1之间，而非{value}。"),
    ("{key} must be a finite number, not {value}.", "{key}应为有限的数，而非{value}。"),
    ("{key} must be greater than 0, as a ratio is, not {value}.", "{key}：比值应大于0，而非{value}。"),
    (
        "{key} is the size of the smallest difference that matters, so at least 0, not {value}.",
        "{key}为最小有意义差值的大小，应不小于0，而非{value}。",
    ),
    ("{key} is a ratio, so above 0, not {value}.", "{key}为比值，应大于0，而非{value}。"),
    (
        "{key} must lie between 0.1 and 10, being a ratio, not {value} (did you mean {meant}?).",
        "{key}为比值，应在0.1～10之间，而非{value}（是否指{meant}？）。",
    ),
    ("{key} must lie between 0.1 and 10, being a ratio, not {value}.", "{key}为比值，应在0.1～10之间，而非{value}。"),
    (
        "{key} must be at least 1 where a higher {scale} is better, not {value}.",
        "{key}以{scale}高者为优时应不小于1，而非{value}。",
    ),
    (
        "{key} must be at most 1 where a lower {scale} is better, not {value}.",
        "{key}以{scale}低者为优时应不大于1，而非{value}。",
    ),
    ("{key} holds ratios, so above 0, not {value}.", "{key}为比值，应大于0，而非{value}。"),
    (
        "{path}: lies outside -1 to 1, between which a difference of proportions lies: {value}.",
        "{path}：率的差值应在-1～1之间，而非{value}。",
    ),
    (
        "{path}: lies outside 0 to 1, between which a proportion lies: {value}.",
        "{path}：比例应在0～1之间，而非{value}。",
    ),
    ("{path}: must be a finite number, not {value}.", "{path}：应为有限的数，而非{value}。"),
    ("{path}: must be greater than 0, as a ratio is, not {value}.", "{path}：比值应大于0，而非{value}。"),
    (
        "{path}: is the size of the smallest difference that matters, so at least 0, not {value}.",
        "{path}：为最小有意义差值的大小，应不小于0，而非{value}。",
    ),
    ("{path}: is a ratio, so above 0, not {value}.", "{path}：为比值，应大于0，而非{value}。"),
    (
        "{path}: must lie between 0.1 and 10, being a ratio, not {value} (did you mean {meant}?).",
        "{path}：为比值，应在0.1～10之间，而非{value}（是否指{meant}？）。",
    ),
    (
        "{path}: must lie between 0.1 and 10, being a ratio, not {value}.",
        "{path}：为比值，应在0.1～10之间，而非{value}。",
    ),
    (
        "{path}: must be at least 1 where a higher {scale} is better, not {value}.",
        "{path}：以{scale}高者为优时应不小于1，而非{value}。",
    ),
    (
        "{path}: must be at most 1 where a lower {scale} is better, not {value}.",
        "{path}：以{scale}低者为优时应不大于1，而非{value}。",
    ),
    ("{path}: holds ratios, so above 0, not {value}.", "{path}：为比值，应大于0，而非{value}。"),
    ("a cell of a table holds one value, not a {kind}.", "单元格只能有一个值，不能是{kind}。"),
    ("Give each its own row or column.", "请将各值分列或分行填写。"),
    ("more events than the {n} patients.", "事件数多于{n}例患者。"),
    (
        "Correct events or n; if it is a percentage, move it to a column percent.",
        "请更正事件数或总例数；若为百分比，请移至percent列。",
    ),
    ("the {column} is blank.", "{column}为空。"),
    ("Name the {column}.", "请填写{column}。"),
    ("Fill it in.", "请填写。"),
    ("{column} is not a number.", "{column}不是数字。"),
    ("Give a whole number without words or separators.", "请填写整数，不带文字或分隔符。"),
    ("Give one number without words or separators.", "请填写一个数字，不带文字或分隔符。"),
    ("{column} is negative.", "{column}为负数。"),
    ("Counts start at 0.", "例数不小于0。"),
    ("there is no column {column} ({role}); the columns are {columns}.", "缺少{column}列；现有列为{columns}。"),
    ("there is no column {column}; the columns are {columns}.", "缺少{column}列；现有列为{columns}。"),
    ("Add it, or name the column that holds the {role}.", "请添加该列，或指明哪一列是{role}。"),
    ("Add a column {column}.", "请添加{column}列。"),
    ("Add it.", "请添加。"),
    ("Did you mean {name}?", "是否指{name}？"),
    ("the columns {columns} can both be the {meaning}.", "{columns}两列均可能是{meaning}。"),
    ("the columns {columns} can all be the {meaning}.", "{columns}各列均可能是{meaning}。"),
    ("Rename or drop those that are not meant.", "请将不需要的列改名或删除。"),
    ("{events} of {n} is {exact} %, not {percent} %.", "{n}例中{events}例为{exact}%，而非{percent}%。"),
    ("Correct one of the two, or leave percent blank.", "请更正其一，或将percent留空。"),
    (
        "no whole number of {n} patients gives {percent} %, by rounding or by truncation; nearest are {near}.",
        "{n}例患者中没有任何整数例数可得{percent}%(四舍五入或截尾)；最接近的为{near}。",
    ),
    (
        "Check n and the percentage in the source; never guess the count.",
        "请在原文中核对总例数与百分比，切勿猜测例数。",
    ),
    ("{percent} % of {n} can be any of {counts}.", "{n}例的{percent}%可能是{counts}中的任一个。"),
    (
        "Give the count, or the percentage with more decimals.",
        "请给出例数，或小数位数更多的百分比。",
    ),
    ("a percentage lies between 0 and 100.", "百分比应在0～100之间。"),
    ("a proportion where a percentage is expected.", "此处应为百分比，所填似为比例。"),
    ("there are no patients in this row.", "该行没有患者。"),
    ("there is neither a count nor a percentage.", "既无例数也无百分比。"),
    ("Give events, or the percentage as it was printed.", "请给出事件数，或原文所印的百分比。"),
    ("{label} also stands in row {row}.", "{label}在第{row}行重复出现。"),
    ("Keep one, or tell subgroups apart with a column population.", "请只保留一行，或用population列区分亚组。"),
    ("Keep one row per patient.", "每例患者请只保留一行。"),
    (
        "the patient also stands in row {row}, with other values ({columns}).",
        "该患者也在第{row}行，但内容不同({columns})。",
    ),
    ("the patient also stands in row {row}.", "该患者也在第{row}行。"),
    ("unknown response.", "疗效不明。"),
    (
        "Use one of {words} (NE: not evaluable), or 0 (no) and 1 (yes).",
        "请用{words}之一(NE：不可评价)，或0(否)与1(是)。",
    ),
    ("this column seems to identify patients.", "该列似可识别患者身份。"),
    ("this column holds {what}.", "该列含{what}。"),
    ("Remove it from the file, or leave it out with drop={columns}.", "请从文件中删除，或用drop={columns}不读取。"),
    (
        "Remove it from the file, or leave it out with drop={columns}; as the identifier it can be replaced by "
        "pseudonyms, id_pseudonyms = true.",
        "请从文件中删除，或用drop={columns}不读取；该列为编号列，可用假名代替(id_pseudonyms = true)。",
    ),
    (
        "Remove it from the file, or leave it out with drop={columns}; as the identifier it can be replaced by "
        "pseudonyms, id = {name} and id_pseudonyms = true.",
        "请从文件中删除，或用drop={columns}不读取；若以该列为编号，可用假名代替(id = {name}，id_pseudonyms = true)。",
    ),
    ("Correct either.", "请更正其一。"),
    ("Correct it.", "请更正。"),
    ("Correct one of them.", "请更正其一。"),
    ("Correct either date.", "请更正其中一个日期。"),
    ("the time is blank.", "时间为空。"),
    ("the time unit is not one of {columns}.", "时间单位不是{columns}之一。"),
    ("Declare it, for example time_unit = {unit}.", "请注明，例如 time_unit = {unit}。"),
    ("the estimate lies outside its interval {low} to {high}.", "估计值不在其区间{low}～{high}之内。"),
    (
        "Check all three numbers in the source; one of them is wrong.",
        "请在原文中核对三个数字，其中之一有误。",
    ),
    ("the confidence level of the interval is not stated.", "未注明区间的置信水平。"),
    (
        "Give it per row, for example 0.95; trials with interim analyses print 98 % or 99 % intervals.",
        "请逐行给出，例如0.95；有期中分析的试验常印98%或99%区间。",
    ),
    ("there is neither an interval nor a standard error.", "既无区间也无标准误。"),
    (
        "Give both limits and ci_level, or the standard error in a column se.",
        "请给出区间两端与ci_level，或在se列给出标准误。",
    ),
    ("a ratio is greater than 0; this looks like its logarithm.", "比值应大于0，所填似为其对数。"),
    (
        "Give the ratio itself, or change measure, for example to log HR.",
        "请填写比值本身，或更改measure，例如 log HR。",
    ),
    (
        "Give the ratio itself, or change --measure, for example to log HR.",
        "请填写比值本身，或更改--measure，例如 log HR。",
    ),
    (
        "{endpoint} is better {here} here and {there} in row {row}.",
        "{endpoint}的better此处为{here}，第{row}行为{there}。",
    ),
    (
        "Give an endpoint one direction in all its rows, or leave better blank where it is known.",
        "同一终点各行的方向须一致，或在方向已知处将better留空。",
    ),
    ("better must be higher or lower.", "better只能填higher或lower。"),
    ("Correct it or leave it blank.", "请更正或留空。"),
    ("the effect measure is not stated.", "未注明效应指标。"),
    ("experimental and control are the same regimen.", "试验方案与对照方案相同。"),
    ("one end of the interval is missing.", "区间缺少一端。"),
    ("Give both, or neither and a number of events.", "请给出两端；或两端均不填而给出事件数。"),
    ("{column} is not a positive number.", "{column}不是正数。"),
    ("Give it as printed, without unit.", "请按原文填写，不带单位。"),
    ("the row has {cells} cells, the header {width}.", "该行有{cells}格，表头为{width}格。"),
    ("Quote cells that contain the delimiter.", "含分隔符的单元格请加引号。"),
    ("this column name stands twice.", "列名重复。"),
    ("Rename one of them.", "请将其一改名。"),
    ("{what} has a character that cannot be seen or printed.", "{what}含不可见或不可打印的字符。"),
    ("Type it again.", "请重新输入。"),
    ("the formula has no stored result.", "公式没有存储的结果。"),
    ("Open and save the workbook, or paste values.", "请打开并保存工作簿，或粘贴为数值。"),
)
