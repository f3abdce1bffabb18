"""What rules, published arms and raw sheets are refused for, in Chinese, as `bayes_escc.report.chinese` looks it up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["RAISED"]

_WRONG: Final = (
    (
        "criteria: the endpoints have different numbers of evaluable patients ({names})",
        "criteria：各终点的可评估例数不同（{names}）",
    ),
    (
        "the false-alarm rate asked for lies between 0 and 1, {why}",
        "所要求的误判概率应在0～1之间，{why}",
    ),
    (
        "{name}: the study would never close under some draws; state follow_up instead",
        "{name}：在部分抽样下研究永不结束；请改为给出follow_up",
    ),
    (
        "{key} must be responses of patients, such as {example}, not {value}",
        "{key}应为患者中的事件数，如{example}，而非{value}",
    ),
    (
        'must be "obrien_fleming", or eta as a number, not {value}',
        '应为"obrien_fleming"或数字eta，而非{value}',
    ),
    (
        "weights sum to 1, not {total}",
        "权重之和应为1，而非{total}",
    ),
    (
        "{name} is the name of an earlier rule; give each its own",
        "{name}已是前面规则的名称；请各用一名",
    ),
    (
        "kind: a {kind} rule needs counts of patients; this model has none",
        "kind：{kind}规则需要患者计数；该模型没有",
    ),
    (
        "regimen: name one of {names}",
        "regimen：请指明{names}之一",
    ),
    (
        "a rule takes a prior made of Betas",
        "规则的先验应由Beta分布构成",
    ),
    (
        "the spread between trials needs at least two estimates, each with a standard error above 0",
        "估计试验间差异至少需两个估计值，且标准误均大于0",
    ),
    (
        "the two associations of a bounding factor are risk ratios of at least 1",
        "界定因子的两个关联均应为不小于1的相对危险度",
    ),
    (
        "strength is a ratio above 0, not {value}",
        "strength应为大于0的比值，而非{value}",
    ),
    (
        "{name} is a share from 0 to 1, not {value}",
        "{name}应为0～1的比例，而非{value}",
    ),
    (
        "must be the name of a file, or rows like {example}, not {value}",
        "应为文件名，或形如{example}的行，而非{value}",
    ),
    (
        'must be "own", "pooled", "overlap", {examples} or the covariates of one patient, not {value}',
        '应为"own"、"pooled"、"overlap"、{examples}或一例患者的协变量，而非{value}',
    ),
    (
        "there are no patients in this arm",
        "该组没有患者",
    ),
    (
        "{source} has no arm with counts of {endpoint}",
        "{source}中没有含{endpoint}例数的组",
    ),
    (
        "name a file: arms, curves, patients or effects",
        "请指明文件：arms、curves、patients或effects",
    ),
    (
        "is missing: the file of published arms and their counts",
        "缺失：已发表各组及其例数的文件",
    ),
    (
        "not a number it can be",
        "不是可能的数值",
    ),
    (
        "{study} has the same {what} of {covariate} as {other}",
        "{study}中{covariate}的{what}与{other}相同",
    ),
    (
        "Make sure that they are not one study",
        "请确认二者不是同一研究",
    ),
    (
        "is not one of {allowed}",
        "不是{allowed}之一",
    ),
    (
        "the {statistic} of {covariate} is given twice",
        "{covariate}的{statistic}重复给出",
    ),
    (
        "{study}, {regimen} was given in row {row} already: its patients would count twice",
        "{study}，{regimen}已在第{row}行给出：患者会被重复计数",
    ),
    (
        "Keep the latest report of every study",
        "每项研究请保留最新报告",
    ),
    (
        "no whole number of {n} patients gives {value} %",
        "{n}例中没有整数例数能得出{value}%",
    ),
    (
        "Check the percentage, and whether it is of another number of patients",
        "请核对百分比，以及分母是否为其他例数",
    ),
    (
        "{what}: its patients would count twice",
        "{what}：患者会被重复计数",
    ),
    (
        "{study}, {regimen}: patients are given, and a curve; they would count twice",
        "{study}，{regimen}：同时给出患者与曲线，会被重复计数",
    ),
    (
        "{study}, {regimen}: n is {n}, but there are {m} patients",
        "{study}，{regimen}：n为{n}，而患者有{m}例",
    ),
    (
        "{source}: of {endpoint}, hazard ratios are taken, not {others}",
        "{source}：{endpoint}采用风险比(HR)，而非{others}",
    ),
    (
        "Keep that of all, or those by one covariate",
        "请保留全部患者的，或按一个协变量的",
    ),
    (
        "Keep one population and one report",
        "请保留一个人群、一份报告",
    ),
    (
        "the same patients would count twice ({names})",
        "同一患者会被重复计数（{names}）",
    ),
    (
        'Keep one route for every arm, or state [published] use = "curve" (or "subgroups", "median'
        '", "landmark", "hazard_ratio"): what it leaves out is listed',
        '每组请保留一种来源，或写明[published] use = "curve"（或"subgroups"、"median"、"landmark"、'
        '"hazard_ratio"）：未采用者会列出',
    ),
    (
        "[published] says nothing of {endpoint}",
        "[published]中没有{endpoint}",
    ),
    (
        "is not a covariate and whether it is present",
        "未写明协变量及其有无",
    ),
    (
        'Write it as "liver_metastasis = yes" and "liver_metastasis = no", a row for each',
        '请写作"liver_metastasis = yes"与"liver_metastasis = no"，各占一行',
    ),
    (
        "a bias is a number from -{most} to {same}, not {value}",
        "偏倚应为-{most}～{same}的数，而非{value}",
    ),
    (
        "sd is a finite number of at least 0, not {value}",
        "sd应为不小于0的有限数，而非{value}",
    ),
    (
        "no margin was stated: give one with margin",
        "未设定有意义差值：请用margin给出",
    ),
    (
        "analysis: must be the name of an analysis file, or a table with its content, not {value}",
        "analysis：应为分析文件名或其内容的表，而非{value}",
    ),
    (
        "a scheduler needs the extra: pip install {what}",
        "使用调度器需安装附加组件：pip install {what}",
    ),
    (
        "the scheduler {name} does not answer ({error})",
        "调度器{name}无响应（{error}）",
    ),
    (
        "the scheduler {name} has no workers",
        "调度器{name}没有工作节点",
    ),
    (
        "{path} holds no result of a design ({error}): simulate it again, bayes-escc design FILE --out {folder}",
        "{path}中没有设计结果（{error}）：请重新模拟，bayes-escc design FILE --out {folder}",
    ),
    (
        "{path}.columns: name the columns that are covariates, some of {names}",
        "{path}.columns：请写明作为协变量的列，选自{names}",
    ),
    (
        "{path}.columns: {names}: no column of {file}",
        "{path}.columns：{names}：不是{file}中的列",
    ),
    (
        "{path}.file: {file} has no row without a gap in {columns}",
        "{path}.file：{file}中没有{columns}均完整的行",
    ),
    (
        "{path}.file: {file} cannot be read ({error})",
        "{path}.file：无法读取{file}（{error}）",
    ),
    (
        "{path}.file: {file}, line {line}: {cells} are not numbers",
        "{path}.file：{file}第{line}行：{cells}不是数字",
    ),
    (
        "{name}: a rule of kind {kind} is not answered by a fit",
        "{name}：{kind}类规则不由拟合回答",
    ),
    (
        "no sheet holds a table that is understood: a header with names such as {examples} and rows below it",
        "没有可识别的表：表头应含{examples}等列名，其下为数据行",
    ),
    (
        "First rows: {rows}",
        "首行为：{rows}",
    ),
    (
        "{file} declares entities, which are not read: save it as .xlsx",
        "{file}含实体声明，不予读取：请另存为.xlsx",
    ),
    (
        "{file}, sheet {sheet}: a table may have {rows} rows and {columns} columns",
        "{file}的工作表{sheet}：表格最多{rows}行、{columns}列",
    ),
    (
        "this package reads schema = {value}",
        "本软件读取schema = {value}",
    ),
    (
        "Put the sheets into one workbook and start again",
        "请将各表放入同一工作簿后重新start",
    ),
    (
        "is no role; roles are {roles}",
        "不是列的角色；可选{roles}",
    ),
    (
        "--use {text}: {role} is no role; roles are {roles}",
        "--use {text}：{role}不是列的角色；可选{roles}",
    ),
    (
        "must be text in quotes, not {value}",
        "应为引号内的文字，而非{value}",
    ),
    (
        "language is one of {names}, not {value}",
        "language应为{names}之一，而非{value}",
    ),
    (
        "a template is one of {names}, not {value}",
        "模板应为{names}之一，而非{value}",
    ),
    (
        "a template is a workbook: end its name in .xlsx, not {value}",
        "模板为工作簿：文件名应以.xlsx结尾，而非{value}",
    ),
    (
        "{n} patient is not yet assessed for response and does not count in its rates",
        "{n}例尚未评估疗效，不计入缓解率",
    ),
    (
        "{n} patients are not yet assessed for response and do not count in its rates",
        "{n}例尚未评估疗效，不计入缓解率",
    ),
    (
        "{source}: {study} gives a hazard ratio of all patients and of subgroups, or of subgroups by several "
        "covariates; the same patients would count twice",
        "{source}：{study}同时给出全部患者与亚组（或按多个协变量的亚组）的风险比，同一患者会被重复计数",
    ),
    ("level must lie between 0 and 1, {why}", "level应在0～1之间，{why}"),
    ("Keep that of all, or those by one covariate", "请保留全部患者的，或按一个协变量的"),
    (
        "{source}: {study} gives {endpoint} more than once; its patients would count twice",
        "{source}：{study}多次给出{endpoint}，患者会被重复计数",
    ),
    ("Keep one population and one report", "请保留一个人群、一份报告"),
    ("the mapping reads {files} too; a study follows one file", "映射还读取{files}；研究只跟踪一个文件"),
    ("Put the sheets into one workbook and start again", "请将各表放入同一工作簿后重新start"),
)
"""English with holes, and Chinese, without the stop at the end."""


def _sentences() -> Iterator[tuple[str, str]]:
    """Every sentence as it stands alone, and after the key that it is about."""
    for english, chinese in _WRONG:
        end, stop = ("", "") if english.endswith("?") else (".", "。")
        yield f"{english}{end}", f"{chinese}{stop}"
        yield f"{{path}}: {english}{end}", f"{{path}}：{chinese}{stop}"


RAISED: Final = tuple(_sentences())
