"""What is said of published curves, and of own patients beside published ones, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["PUBLISHED"]

_CURVES: Final = (
    ("{n} events were read from the curve, {m} are printed.", "由曲线读得{n}例事件，原文为{m}例。"),
    ("The median read is {value}, {printed} is printed.", "读得中位时间为{value}，原文为{printed}。"),
    (
        "Versions that fit as well differ by {n} sampling errors of the event rate: one version is enough.",
        "同样吻合的各还原版本之间，事件率相差{n}个抽样误差：用一个版本即可。",
    ),
    (
        "Versions that fit as well differ by {n} sampling errors of the event rate: fit several versions and "
        "stack their draws.",
        "同样吻合的各还原版本之间，事件率相差{n}个抽样误差：请拟合多个版本并合并其抽样。",
    ),
    (
        "The curve ends at {time}, before the last number at risk; it is taken as flat from there.",
        "曲线止于{time}，早于最后一个风险人数；此后视为水平。",
    ),
    (
        "From {low} to {high} the curve falls by {size} more than the {n} patients lost allow; all of them are "
        "taken to have had the event.",
        "{low}至{high}之间，曲线的下降比减少的{n}例患者所能解释的多{size}；这些患者均视为发生事件。",
    ),
    (
        "The first point is {value} at {time}; before it the curve is taken as 1.",
        "第一个点为{time}处的{value}；此前曲线视为1。",
    ),
    (
        "Points within {share} of the time axis stood in an order in which survival rises; {n} of them changed places.",
        "时间轴{share}以内的若干点按所列次序生存率上升，已调换其中{n}个点的次序。",
    ),
    # refusals
    (
        "a curve alone does not say how many patients it rests on, or how many were censored.",
        "仅凭曲线无法得知患者例数与删失例数。",
    ),
    (
        "Give the numbers at risk; or the number of patients and the total of events; or use the printed median and "
        "survival at fixed times as data instead.",
        "请给出风险人数；或患者例数与事件总数；或改用原文的中位时间与各时点生存率作为数据。",
    ),
    ("n is {n}, but {m} are at risk at time 0.", "n为{n}，而时间0处的风险人数为{m}。"),
    ("{events} events among {n} patients.", "{n}例患者中有{events}例事件。"),
    ("{n} censored among {m} patients.", "{m}例患者中有{n}例删失。"),
    ("Read the ticks again.", "请重新读取删失标记。"),
    ("is not a number of patients.", "不是患者例数。"),
    ("Give the number at risk.", "请给出风险人数。"),
    ("the first number at risk must be at time 0.", "第一个风险人数必须在时间0处。"),
    (
        "Check that times were read at the ticks of the axis, not at the edges of the table.",
        "请确认时间是按坐标轴刻度读取，而非按表格边缘。",
    ),
    ("a time has two numbers at risk.", "同一时间有两个风险人数。"),
    ("Give each time once.", "每个时间只填一次。"),
    ("nobody is at risk at time 0.", "时间0处风险人数为0。"),
    ("Give the number of patients.", "请给出患者例数。"),
    (
        "the number at risk rises from {a} at {t} to {b} at {u}.",
        "风险人数由{t}处的{a}增加至{u}处的{b}。",
    ),
    ("Check both numbers, and whether rows of two arms were exchanged.", "请核对两个数字，以及两组的行是否互换。"),
    ("there must be points, each with a time and a survival.", "必须有点，每个点含时间与生存率。"),
    ("Read the curve.", "请读取曲线。"),
    ("a time is below 0.", "时间小于0。"),
    ("Shift the axis so that treatment starts at 0.", "请平移坐标轴，使治疗自0开始。"),
    (
        "the curve rises: this is a cumulative incidence or the wrong axis.",
        "曲线上升：可能是累积发生率，或坐标轴有误。",
    ),
    ("Give the share free of the event, 1 minus the incidence.", "请给出未发生事件的比例，即1减去发生率。"),
    (
        "near {time} the points rise; one would have to be moved by {size}.",
        "{time}附近各点上升，需将其中一点移动{size}。",
    ),
    (
        "Read the curve there again: points of another arm may have been taken.",
        "请重新读取该处曲线：可能误取了另一组的点。",
    ),
    ("a survival is below 0.", "生存率小于0。"),
    ("Check the vertical axis.", "请核对纵轴。"),
    ("survival is said to be in percent, but none exceeds 1.", "注明生存率以百分比计，但没有一个超过1。"),
    ('Say scale "proportion", or give percentages.', '请注明scale为"proportion"，或填写百分比。'),
    ("a survival of {value} % is above 100.", "生存率{value}%大于100。"),
    ("scale {value} is not percent or proportion.", "scale {value}不是percent或proportion。"),
    ("Choose one.", "请任选其一。"),
    ("a survival of {value} is no proportion.", "生存率{value}不是比例。"),
    ('Say scale "percent" if these are percentages.', '若为百分比，请注明scale为"percent"。'),
    ("{source} has curves of {arms}: name one with arm.", "{source}含{arms}的曲线：请用arm指明一个。"),
    ("{arm} may be a part or an update of {whole}.", "{arm}可能是{whole}的一部分或其更新。"),
    ("If patients are in both, keep one: they would count twice.", "若患者重复，请只保留一个，否则会被重复计数。"),
    (
        "{arm}: the interval of the median reaches {times} times as far to one side as to the other, on the log scale.",
        "{arm}：中位数的区间在对数尺度上一侧为另一侧的{times}倍。",
    ),
    ("Check both limits; a curve says more than such a median.", "请核对上下限；曲线比这样的中位数提供更多信息。"),
    (
        "{study}, {regimen}: the percentages of {names} add up to {sum}.",
        "{study}，{regimen}：{names}的百分比之和为{sum}。",
    ),
    ("Give those of the same patients, level by level.", "请逐一填写同一批患者各水平的百分比。"),
    (
        "{study}, {regimen}: a normal law of {name} has {share} % of patients below 0.",
        "{study}，{regimen}：若{name}服从正态分布，则有{share}%的患者小于0。",
    ),
    (
        'Take its logarithm (transform = "log" in model.covariates), whose law is above 0.',
        '请取对数（在model.covariates中设transform = "log"），其分布恒大于0。',
    ),
    ("{source} has no rows of {study}.", "{source}没有{study}的数据行。"),
    ("{source} has no {column} {arm}, but {arms}.", "{source}没有{column} {arm}，只有{arms}。"),
    ("{source} has no column {name}; it has {columns}.", "{source}没有{name}列，只有{columns}。"),
    ("is not a number.", "不是数字。"),
    (
        "from {low} to {high} the curve falls by more events than the {n} patients lost ({a} to {b} at risk).",
        "{low}至{high}之间，曲线的下降所需事件数多于减少的{n}例患者（风险人数由{a}降至{b}）。",
    ),
    (
        "Check the numbers at risk, their times, and whether the curve is that of this arm.",
        "请核对风险人数、其时间，以及曲线是否属于该组。",
    ),
)

_OVERLAP: Final = (
    ("{study}: no overlap.", "{study}：无重叠。"),
    (
        'Ways out: ask in the population of own patients (population = "own") and state [overlap] extrapolate = true, '
        "knowing that the model alone carries the answer; leave out a covariate and allow for it as bias ([bias]); or "
        "choose a published arm, or own patients, that are more alike.",
        '可行的办法：在本组患者的人群中作答(population = "own")并设[overlap] extrapolate = true，'
        "但结论此时仅由模型决定；去掉某一协变量并将其作为偏倚考虑([bias])；或选择更相近的已发表组或本组患者。",
    ),
    ("{a} against {b}: no overlap.", "{a}与{b}相比：无重叠。"),
    (
        "Ways out: compare only patients who could have had either regimen ([data] where); leave out a covariate and "
        "allow for it as bias ([bias]); or add patients who are alike and had the other regimen.",
        "可行的办法：仅比较两种方案均可接受的患者([data] where)；去掉某一协变量并将其作为偏倚考虑([bias])；"
        "或加入情况相近而接受另一方案的患者。",
    ),
    ("population: there is no overlap to compare in.", "population：没有可供比较的重叠人群。"),
    (
        "{study}, {regimen}: nothing usable is published of {names} (a percent for yes or no, and of each level; "
        "mean and sd, or median with q1 and q3 (or min and max), for numbers).",
        "{study}，{regimen}：未发表可用的{names}数据（是否变量及各水平需百分比；数值变量需均数与标准差，或中位数与四分位"
        "数或最小最大值）。",
    ),
    (
        'Leave it out of the model on both sides, and allow for it as bias; or state [published] missing = "own" '
        "to take it as among own patients.",
        '请在两侧模型中均去掉该变量，并将其作为偏倚考虑；或设[published] missing = "own"，视为与本组患者相同。',
    ),
    (
        "{name} has neither [published] arms nor own patients on two regimens with covariates, so that there are no "
        "patients to be compared.",
        "{name}既没有[published]已发表组，也没有带协变量的两种方案的本组患者，因此没有可比较的患者。",
    ),
    (
        "{name} has no covariates by which own and published patients could be compared.",
        "{name}没有协变量，无法比较本组与已发表患者。",
    ),
)

PUBLISHED: Final = (*_CURVES, *_OVERLAP)
