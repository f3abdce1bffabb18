"""What an analysis file, or what is typed at the prompt, is refused for, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["ANALYSES", "TYPED"]

ANALYSES: Final = (
    (
        "data.endpoint: a survival analysis is of one of {allowed}, not {value}.",
        "data.endpoint：生存分析的终点应为{allowed}之一，而非{value}。",
    ),
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

TYPED: Final = (
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
    (
        "{key} must lie between 0.5 and 1, not {value} (did you mean {meant}?).",
        "{key}应在0.5～1之间，而非{value}（是否指{meant}？）。",
    ),
    ("{key} must lie between 0.5 and 1, not {value}.", "{key}应在0.5～1之间，而非{value}。"),
    ("{path}: must be a number between 0.5 and 1, not {value}.", "{path}：应为0.5～1之间的数，而非{value}。"),
    ("{arm}: the number of patients must be at most a million million.", "{arm}：患者例数不应超过一万亿。"),
    (
        "{arm}: {events} of {n} is {percent} %, not {stated} %; correct either.",
        "{arm}：{events}/{n}为{percent}%，而非{stated}%，请更正其一。",
    ),
    (
        "{path}: {name} is neither a regimen nor a study here: {names}.",
        "{path}：{name}既非此处的方案，也非研究：{names}。",
    ),
    (
        "{path}: nothing is estimated here that a bias on log odds or log hazards could shift.",
        "{path}：此处所估计的量均不受对数比值或对数风险上的偏倚影响。",
    ),
    ("{path}.scale: a bias is on {own} here, not on {given}.", "{path}.scale：此处偏倚以{own}计，而非{given}。"),
    (
        "{path}: Beta alpha and beta must lie between {low} and {high}, not {value}.",
        "{path}：Beta的alpha与beta应在{low}～{high}之间，而非{value}。",
    ),
    (
        "{path}: must lie between 0.5 and 1, not {value} (did you mean {meant}?).",
        "{path}：应在0.5～1之间，而非{value}（是否指{meant}？）。",
    ),
    ("{path}: must lie between 0.5 and 1, not {value}.", "{path}：应在0.5～1之间，而非{value}。"),
    (
        "{path}: must lie between -1 and 1, which no difference of proportions reaches, not {value}.",
        "{path}：应在-1与1之间（比例之差不会达到两端），而非{value}。",
    ),
    (
        "{key} must lie between -1 and 1, which no difference of proportions reaches, not {value}.",
        "{key}应在-1与1之间（比例之差不会达到两端），而非{value}。",
    ),
    ("{path} cannot be written to: {reason}.", "{path}无法写入：{reason}。"),
    ("{path} cannot be written: {reason}.", "{path}无法写入：{reason}。"),
    ("{path} cannot be used: {reason}.", "{path}不能使用：{reason}。"),
    ("the output could not be written: no space is left.", "无法输出结果：空间不足。"),
    ("the output could not be written: {reason}.", "无法输出结果：{reason}。"),
    ("interrupted; nothing half written was left behind.", "已中断，未留下写了一半的文件。"),
    ("ended from outside; nothing half written was left behind.", "已被外部终止，未留下写了一半的文件。"),
    (
        "the numbers go beyond what can be computed ({error}): a prior, an effect or a time lies too far from the rest. "
        "--debug shows where.",
        "数值超出可计算的范围（{error}）：某个先验、效应或时间离其余过远。--debug可显示出处。",
    ),
    (
        "the numbers go beyond what can be computed ({error}): a prior, an effect or a time lies too far from the rest.",
        "数值超出可计算的范围（{error}）：某个先验、效应或时间离其余过远。",
    ),
    (
        "{folder} holds no results with a page: run the analysis into it first (bayes-escc run --out).",
        "{folder}中没有可成页的结果：请先将分析运行至该文件夹（bayes-escc run --out）。",
    ),
    (
        "{name} is neither a file nor a dataset of effects ({names}), and not NAME=ESTIMATE,LOW,HIGH.",
        "{name}既非文件，也非效应数据集（{names}），也不是NAME=ESTIMATE,LOW,HIGH的形式。",
    ),
    ("argument {option}: invalid number value: {value}.", "选项{option}：{value}不是数字。"),
    ("argument {option}: invalid whole value: {value}.", "选项{option}：{value}不是整数。"),
    ("argument {option}: invalid choice: {value} (choose from {names}).", "选项{option}：{value}不在{names}之列。"),
    ("argument {option}: expected one argument.", "选项{option}后应有一个值。"),
    ("argument {option}: expected {number} arguments.", "选项{option}后应有{number}个值。"),
    ("argument {option}: expected at least one argument.", "选项{option}后应至少有一个值。"),
    ("argument {option}: not allowed with argument {other}.", "选项{option}不能与{other}同用。"),
    ("the following arguments are required: {names}.", "缺少必需的参数：{names}。"),
    ("one of the arguments {names} is required.", "参数{names}须给出其一。"),
    ("unrecognized arguments: {names}.", "不认识的参数：{names}。"),
    (
        "at most {most} arms can be typed; put {count} into a table, which run reads.",
        "至多可录入{most}组；{count}组请制成表格，由run读取。",
    ),
    (
        "at most {most} effects can be typed; put {count} into a table and name its file.",
        "至多可录入{most}个效应；{count}个请制成表格，并给出文件名。",
    ),
    (
        "{key}: half of {law} lies within {least}, which ties the rates too closely to be integrated at once; state a "
        "wider one.",
        "{key}：{law}有一半落在{least}的宽度内，各率几乎被固定，无法即时积分，请改用较宽的先验。",
    ),
    (
        "the sampler could not run: {said}; a prior or a value may lie too far from the rest.",
        "抽样器无法运行：{said}；可能有先验或数值离其余过远。",
    ),
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
    ("Worth half an event; centred at a median of 4 months.", "相当于半例事件；以中位4个月为中心。"),
    ("Worth half an event; a tenth of the hazard of progression.", "相当于半例事件；为进展风险率的十分之一。"),
    (
        "Worth half an event; centred at a median of 6 months after progression.",
        "相当于半例事件；以进展后中位6个月为中心。",
    ),
)
