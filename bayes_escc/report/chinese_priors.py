"""What is said of priors, and the reasons of the defaults, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["PRIORS"]

PRIORS: Final = (
    ("rate ~ {law} in every arm", "各组的发生率 ~ {law}"),
    ("rate ~ {law} in every arm.", "各组的发生率 ~ {law}。"),
    ("{name} ~ {law}: 95 % between {low} and {high}.", "{name} ~ {law}：95%位于{low}与{high}之间。"),
    (
        "{name} ~ {law}: 95 % between {low} and {high} as a {unit}.",
        "{name} ~ {law}：以{unit}计，95%位于{low}与{high}之间。",
    ),
    (
        "{name} ~ {law}: 95 % between {low} and {high} as an {unit}.",
        "{name} ~ {law}：以{unit}计，95%位于{low}与{high}之间。",
    ),
    (
        "{name} ~ {law}: 95 % between {low} and {high} of the patients.",
        "{name} ~ {law}：95%位于患者的{low}与{high}之间。",
    ),
    ("{name} ~ {law}: worth {n} patients.", "{name} ~ {law}：相当于{n}例患者的信息。"),
    (
        "Together the priors imply, on {regimen}: median PFS {middle} (95 % between {low} and {high}) {unit}; PFS at 6 "
        "months {rate} (95 % between {least} and {most}) %.",
        "各先验合在一起意味着{regimen}的中位无进展生存期为{middle}（95%位于{low}与{high}之间）{unit}；"
        "6个月无进展生存率为{rate}%（95%位于{least}%与{most}%之间）。",
    ),
    (
        "Together the priors imply, on {regimen}: median PFS {middle} (95 % between {low} and {high}) and median OS {os} (95 "
        "% between {least} and {most}) {unit}.",
        "各先验合在一起意味着{regimen}的中位无进展生存期为{middle}（95%位于{low}与{high}之间）{unit}，"
        "中位总生存期为{os}（95%位于{least}与{most}之间）{unit}。",
    ),
    ("Worth half an event: the level is for the data to say.", "相当于半例事件：水平由数据决定。"),
    (
        "And between {a} and {b} a difference in restricted mean PFS to {horizon} {unit} of {middle} (95 % between "
        "{low} and {high}) {same}.",
        "并意味着{a}与{b}在{horizon}{unit}内限制性平均无进展生存时间的差值为{middle}（95%位于{low}与{high}之间）{unit}。",
    ),
    (
        "And a long-term event-free proportion on {regimen} of {middle} (95 % between {low} and {high}) %; a median that "
        "is never reached counts as ten thousand times that of those who have the event.",
        "并意味着{regimen}的长期无事件比例为{middle}%（95%位于{low}%与{high}%之间）；"
        "从不达到的中位时间按发生事件者中位时间的一万倍计。",
    ),
    (
        "Together the priors imply, on {regimen}: median OS {middle} (95 % between {low} and {high}) {unit}; OS at 6 "
        "months {rate} (95 % between {least} and {most}) %.",
        "各先验合在一起意味着{regimen}的中位总生存期为{middle}（95%位于{low}与{high}之间）{unit}；"
        "6个月总生存率为{rate}%（95%位于{least}%与{most}%之间）。",
    ),
    (
        "And between {a} and {b} a difference in restricted mean OS to {horizon} {unit} of {middle} (95 % between "
        "{low} and {high}) {same}.",
        "并意味着{a}与{b}在{horizon}{unit}内限制性平均生存时间的差值为{middle}（95%位于{low}与{high}之间）{unit}。",
    ),
    (
        "missing values of {names}, given regimen and other covariates, all standardised: intercept ~ {intercept}, slopes "
        "~ {slopes}, residual sd ~ {sd}.",
        "{names}的缺失值，给定方案与其他协变量（均已标准化）：截距 ~ {intercept}，斜率 ~ {slopes}，残差标准差 ~ {sd}。",
    ),
    (
        "{name} ~ Normal(0, coefficient_sd): shrunk together (ridge).",
        "{name} ~ Normal(0, coefficient_sd)：共同收缩（岭回归）。",
    ),
    (
        "{name}: regularised horseshoe (Piironen and Vehtari 2017).",
        "{name}：正则化马蹄先验(Piironen与Vehtari 2017)。",
    ),
    (
        "rate of {name}: borrowed, median {median}, 95 % {low} to {high}; {n} patients by moments.",
        "{name}的发生率：借用历史数据，中位数{median}，95%位于{low}与{high}之间；按矩法相当于{n}例患者。",
    ),
    # reasons of the defaults
    ("Nearly uniform on the rate: 95 % between 5 % and 95 %.", "对发生率近乎均匀：95%位于5%与95%之间。"),
    (
        "Odds may differ severalfold between units, hardly more than tenfold.",
        "各单位的比值可相差数倍，很少超过十倍。",
    ),
    (
        "From a day to a lifetime: the level is for the data to say, and leans on no contrast.",
        "从一天到一生：水平由数据决定，不影响任何对比。",
    ),
    (
        "At the reference time, 95 % of the priors leave 0.1 to 87 % free.",
        "在参照时间，95%的先验意味着0.1%～87%的患者无事件。",
    ),
    (
        "Hazards that alone would give a median between a day and a lifetime.",
        "单独对应的中位时间从一天到一生。",
    ),
    (
        "From hazards that fall by a quarter to hazards that rise by 3/4 when time doubles.",
        "时间加倍时，风险率从下降四分之一到上升四分之三。",
    ),
    (
        "A standard deviation of log time between 0.3 and 1.6 (log-normal), or 0.6 and 3 (log-logistic).",
        "对数时间的标准差在0.3与1.6之间（对数正态），或0.6与3之间（对数Logistic）。",
    ),
    (
        "From hazards that fall to a quarter until the median to hazards that rise fourfold.",
        "至中位时间，风险率从降至四分之一到升至四倍。",
    ),
    (
        "A fifth of patients on average never have the event; in one draw of 16, more than half.",
        "平均五分之一的患者从不发生事件；十六次中有一次超过一半。",
    ),
    (
        "Sceptical of large effects: times between 0.3 and 3.2 as long.",
        "对大的效应持怀疑态度：时间之比位于0.3与3.2之间。",
    ),
    (
        "Sceptical of large effects: hazard ratio between 0.25 and 3.9.",
        "对大的效应持怀疑态度：风险比位于0.25与3.9之间。",
    ),
    ("A prognostic factor changes the hazard fourfold at most.", "预后因素至多使风险率改变四倍。"),
    ("Hazards of neighbouring intervals are alike within a factor of 2.7.", "相邻时间段的风险率相差不超过2.7倍。"),
    (
        "Hazards of neighbouring intervals, or knots, are alike within a factor of 2.7.",
        "相邻时间段（或相邻节点）的风险率相差不超过2.7倍。",
    ),
    (
        "Almost flat: the level is for its few events to say, and leans on no contrast.",
        "近乎平坦：水平由其少数事件决定，不影响任何对比。",
    ),
    (
        "A covariate typically changes the hazard by a factor of 1.4; the data say how much.",
        "协变量通常使风险率改变1.4倍，具体大小由数据决定。",
    ),
    ("Set from the number of covariates.", "由协变量个数确定。"),
    (
        "Coefficients that matter follow a t distribution with 4 degrees of freedom and scale 0.7.",
        "有作用的系数服从自由度为4、尺度为0.7的t分布。",
    ),
    (
        "Hazards of two centres typically differ by a factor of 1.2, one pair in 20 by 2.5 or more.",
        "两中心的风险率通常相差1.2倍，每20对中有一对相差2.5倍以上。",
    ),
    (
        "Hazards of patients alike in two studies typically differ by a factor of 1.3, rarely by more than 2.7.",
        "情况相同的患者在两项研究中的风险率通常相差1.3倍，很少超过2.7倍。",
    ),
    ("Two standard deviations apart, hazards differ sevenfold at most.", "相差两个标准差时，风险率至多相差七倍。"),
    ("Uniform: every rate is equally plausible before the data.", "均匀先验：见到数据之前，各发生率同样可能。"),
    (
        "Uniform: every mean rate is equally plausible before the data.",
        "均匀先验：见到数据之前，各平均发生率同样可能。",
    ),
    ("Uniform: no regimen is favoured before the data.", "均匀先验：见到数据之前不偏向任何方案。"),
    (
        "Between studies, a rate of 30 % varies with a standard deviation of 4 to 23 points.",
        "30%的发生率在研究之间的标准差为4～23个百分点。",
    ),
    ("Jeffreys: every category counts half a patient before the data.", "Jeffreys先验：每一分类相当于半例患者。"),
    ("Nearly uniform on the rate of an average patient.", "对平均患者的发生率近乎均匀。"),
    (
        "One unit or standard deviation changes the odds sevenfold at most.",
        "每一单位或一个标准差至多使比值改变七倍。",
    ),
    (
        "On the log scale: 95 % of ratios between one seventh and seven, neither arm favoured.",
        "对数尺度上95%的比位于七分之一与七之间，不偏向任何一组。",
    ),
    (
        "Trials of one question differ by a factor of up to about two to seven, usually far less.",
        "同一问题的各试验相差至多约二至七倍，通常远小于此。",
    ),
    (
        "Log odds of each study (its control arm; in a network its arms' mean), practically free.",
        "各研究的对数比值（对照组；网络中为各组均值），几乎不受限制。",
    ),
    (
        "One unit or standard deviation changes the ratio by a factor of up to 2.7.",
        "每一单位或一个标准差使比值改变至多2.7倍。",
    ),
    (
        "Neither arm is favoured before the data; a hazard ratio beyond these limits has not been seen in this field.",
        "见到数据之前不偏向任何一组；该领域未见超出此范围的风险比。",
    ),
    (
        "Neither arm is favoured before the data; an odds ratio beyond these limits has not been seen in this field.",
        "见到数据之前不偏向任何一组；该领域未见超出此范围的比值比。",
    ),
    (
        "Second-line ESCC: median PFS around 4 months, 95 % between 1.2 and 13.",
        "二线食管鳞癌：中位无进展生存期约4个月，95%位于1.2与13之间。",
    ),
    (
        "Trials of one drug class differ in histology and PD-L1, hazard ratios less than twofold: 95 % of tau below 0.56.",
        "同类药物的各试验在组织学与PD-L1上有差别，风险比相差不足两倍：tau的95%低于0.56。",
    ),
)
