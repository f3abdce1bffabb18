"""What is wrong with a design of a trial, in Chinese; the catalogue of `bayes_escc.report.chinese`."""

from __future__ import annotations

from typing import Final

__all__ = ["DESIGNS"]

DESIGNS: Final = (
    (
        "there is no design {name}: give the path of a .toml file, or one of {known}.",
        "没有设计{name}：请给出.toml文件的路径，或{known}之一。",
    ),
    ("--{name} must be a whole number from 1, not {value}.", "--{name}应为不小于1的整数，而非{value}。"),
    (
        "trials must be a whole number from {least} to {most}, not {value}.",
        "trials应为{least}～{most}的整数，而非{value}。",
    ),
    (
        "trials are numbered from 0 to {last}; there is no trial {trial}.",
        "试验编号为0～{last}，没有第{trial}号试验。",
    ),
    ("there is no truth {name}; there are {names}.", "没有真实情形{name}，现有{names}。"),
    ("design {action} takes {count} file, not {given}.", "design {action}需要{count}个文件，而非{given}个。"),
    ("design {action} takes {count} files, not {given}.", "design {action}需要{count}个文件，而非{given}个。"),
    (
        "the designs have no truth of one name in common: what should be compared?",
        "两个设计没有同名的真实情形：应比较什么？",
    ),
    (
        "a design simulates patients; its analysis must be one of patients (data.kind).",
        "设计模拟的是患者，其分析应为患者的分析（data.kind）。",
    ),
    ("{path}: this package reads schema = 1, not {value}.", "{path}：本软件读取schema = 1，而非{value}。"),
    (
        "analysis: is required, since a rule looks at a time to event: whose model and priors?",
        "analysis：有规则依据至事件时间，须给出其模型与先验。",
    ),
    (
        "{path}: must be a multiple of {unit}, the patients of one round of allocation, not {value}.",
        "{path}：应为{unit}（每轮分配的患者数）的倍数，而非{value}。",
    ),
    (
        "{path}: must name the arms, the reference first: {example}.",
        "{path}：应列出各组，参照组在前：{example}。",
    ),
    ("{path}: names an arm twice: {arms}.", "{path}：同一组重复列出：{arms}。"),
    (
        "{path}: must be a whole number of patients from 1 to 10 in a round, not {value}.",
        "{path}：每轮患者数应为1～10的整数，而非{value}。",
    ),
    (
        "{path}: must be a whole number from 2 to {most}, or a list of them, not {value}.",
        "{path}：应为2～{most}的整数或其列表，而非{value}。",
    ),
    (
        "{path}: a list is searched from the smallest on: sort it, each once, not {value}.",
        "{path}：列表自小至大搜索，请排序且不重复，而非{value}。",
    ),
    (
        "{path}: there is one time to event in a design, and {name} is it.",
        "{path}：一个设计只有一个至事件时间，已为{name}。",
    ),
    ("{path}: name at least one endpoint: {a}, or {b}.", "{path}：请至少列出一个终点：{a}，或{b}。"),
    ("{path}: the design has no time to event.", "{path}：该设计没有至事件时间。"),
    ("{path}: is for designs of two arms.", "{path}：仅用于两组设计。"),
    (
        "{path}: give one of below and above: where the truth counts as effective.",
        "{path}：请给出below与above之一：真实值到何处算有效。",
    ),
    (
        "{path}: state the law of log_hazard_ratio, or of the rates of a binary endpoint by arm.",
        "{path}：请给出log_hazard_ratio的分布，或各组二分类终点发生率的分布。",
    ),
    ("{path}: say under which truth the power is sought.", "{path}：请说明在哪一真实情形下求把握度。"),
    (
        "{path}: is sought between sizes: give design.patients as a list of three or more.",
        "{path}：把握度在样本量之间求得，design.patients应为三个及以上的列表。",
    ),
    (
        "{path}: {name}: association.both is the rarer rate where a rule calls its endpoints nested.",
        "{path}：{name}：规则称其终点为嵌套时，association.both即较低的发生率。",
    ),
    (
        "{path}: of a rule of kind {kind} must be {said}, not {keys}.",
        "{path}：{kind}规则应为{said}，而非{keys}。",
    ),
    (
        "{path}: must act by one probability, not by futility_value, a width or counts.",
        "{path}：应依据一个概率，而非futility_value、宽度或例数。",
    ),
    (
        "{path}: {name} has no {key}; state any value of it, to be replaced by the one found.",
        "{path}：{name}没有{key}；请先任给一值，将由求得者取代。",
    ),
    ("{path}: {name} is no truth.", "{path}：没有真实情形{name}。"),
    ("{path}: decides between two parameters: name both in key.", "{path}：在两个参数间取舍，请在key中列出两者。"),
    (
        "{path}: are differences of rates, between -1 and 1, not {value}.",
        "{path}：应为-1～1之间的率差，而非{value}。",
    ),
    (
        "{path}: say of which truths, and of which binary endpoint, rates drift.",
        "{path}：请说明哪些真实情形、哪一二分类终点的发生率漂移。",
    ),
    ("{path}: {value} takes the rates of {name} out of 0 to 1.", "{path}：{value}使{name}的发生率超出0～1。"),
    (
        "{path}: neither the design nor its analysis has a rule: [[monitoring]].",
        "{path}：设计及其分析均没有规则：[[monitoring]]。",
    ),
    ("{path}: two rules have one name: give each its own.", "{path}：两条规则同名，请各自命名。"),
    (
        "{path}: {rule}: the analysis's rule looks at events of {arms} alone; state the rule here, with looks at "
        "events of all arms.",
        "{path}：{rule}：分析中的规则仅依据{arms}的事件；请在此处写明规则，依据各组的事件。",
    ),
    (
        "{path}: {rule}: the analysis's rule has no looks; state the rule here with its looks.",
        "{path}：{rule}：分析中的规则没有查看时点；请在此处写明规则及其时点。",
    ),
    (
        "{path}: must be a probability, or one for each of the {count} looks, not {value}.",
        "{path}：应为一个概率，或{count}次查看各一个，而非{value}。",
    ),
    ("{path}: state at least one: {a}, {b}, {c}.", "{path}：请至少给出一次：{a}、{b}、{c}。"),
    (
        "{path}: {look} ({later}) cannot follow {before} ({earlier}): looks ascend.",
        "{path}：{look}（{later}）不能在{before}（{earlier}）之后：查看时点应递增。",
    ),
    (
        "{path}: at {look} of the rule {name}, go_above ({go}) must be greater than stop_below ({stop}).",
        "{path}：规则{name}的{look}处，go_above（{go}）应大于stop_below（{stop}）。",
    ),
    (
        "{path}: say when: patients, evaluable, events, months, at_least_months or by_month.",
        "{path}：请说明时点：patients、evaluable、events、months、at_least_months或by_month。",
    ),
    ("{path}: must not be before at_least_months ({least}).", "{path}：不应早于at_least_months（{least}）。"),
    ("{path}: {name} is no arm of design.arms.", "{path}：{name}不在design.arms之中。"),
    ("{path}: say which of {names} the rule is about.", "{path}：请说明规则针对{names}中的哪一个。"),
    ("{path}: is compared with itself.", "{path}：与自身比较。"),
    (
        "{path}: on a time to event, a rule is posterior_probability of {names}.",
        "{path}：针对至事件时间的规则应为{names}的posterior_probability。",
    ),
    (
        "{path}: {estimand} needs a time to event among the endpoints.",
        "{path}：{estimand}要求终点中有至事件时间。",
    ),
    (
        "{path}: is of rates; state two rules, one that goes and one that stops.",
        "{path}：用于发生率；请写明两条规则，一条继续、一条停止。",
    ),
    ("{path}: a hazard ratio is to a reference.", "{path}：风险比须有参照。"),
    ("{path}: of a time to event is difference or ratio.", "{path}：至事件时间应为difference或ratio。"),
    ("{path}: the analysis has no hazard ratio: {why}.", "{path}：该分析没有风险比：{why}。"),
    (
        "{path}: the hazard ratio of the analysis changes with time ({why}); say at which it is meant.",
        "{path}：该分析的风险比随时间变化（{why}），请说明时点。",
    ),
    ("{path}: say at which time {estimand} is meant.", "{path}：请说明{estimand}的时点。"),
    (
        "{path}: events are those of a time to event; a rule on a rate looks by patients or evaluable.",
        "{path}：events指至事件时间的事件；针对发生率的规则以patients或evaluable查看。",
    ),
    ("{path}: {name} is no binary endpoint of the design.", "{path}：{name}不是该设计的二分类终点。"),
    (
        "{path}: is that of the analysis ([priors.rate]); leave it out.",
        "{path}：即分析中的先验（[priors.rate]），请删去。",
    ),
    (
        "{path}: its rates are pooled, or have no Beta prior: rules on them are not simulated.",
        "{path}：其发生率为合并所得，或没有Beta先验，不能模拟针对它们的规则。",
    ),
    (
        "{path}: the robust weights of two arms adapt to their counts (sam_difference): let one borrow.",
        "{path}：两组的稳健权重均随例数变化（sam_difference），请只让一组借用。",
    ),
    (
        "{path}: with a robust weight that adapts to the counts (sam_difference), a rule is a posterior_probability "
        "without futility_value; state two rules, one that goes and one that stops.",
        "{path}：稳健权重随例数变化（sam_difference）时，规则应为不带futility_value的posterior_probability；"
        "请写明两条规则，一条继续、一条停止。",
    ),
    (
        "{path}: state at least one: [[truths]] with name, should_go and the truth of every endpoint.",
        "{path}：请至少给出一个[[truths]]，含name、should_go及每一终点的真实值。",
    ),
    ("{path}: {name} is the name of an earlier truth.", "{path}：{name}已为前一真实情形的名称。"),
    (
        "{path}: is of two binary endpoints, and the design has {count}.",
        "{path}：针对两个二分类终点，而该设计有{count}个。",
    ),
    (
        "{path}: of {arm} lies between {low} and {high} where the rates are {a} and {b}.",
        "{path}：发生率为{a}与{b}时，{arm}的取值应在{low}～{high}之间。",
    ),
    (
        "{path}: medians of every arm say it already: leave one of them out.",
        "{path}：各组的中位数已说明此点，请删去其一。",
    ),
    (
        "{path}: must be a positive number of months, not {value}.",
        "{path}：应为正的月数，而非{value}。",
    ),
    ("{path}: {name} is no arm beside the reference.", "{path}：{name}不是参照以外的组。"),
    ("{path}: must be columns of numbers.", "{path}：应为数字的列。"),
    ("{path}: is no column of the registry.", "{path}：登记资料中没有该列。"),
    (
        "{path}: every column has the same number of patients, at least one.",
        "{path}：各列的患者数应相同，且至少一例。",
    ),
    (
        "{path}: must be a positive number, or values from a time on, {example}, not {value}.",
        "{path}：应为正数，或自某时起的值，如{example}，而非{value}。",
    ),
    (
        "{path}: must be a number, or a table of numbers by arm, not {value}.",
        "{path}：应为数字，或各组数字的表，而非{value}。",
    ),
    (
        "{path}: is missing: state a number from {low} to {high} for every arm.",
        "{path}：缺失：请为每一组给出{low}～{high}的数字。",
    ),
)
"""English with holes, and Chinese."""
