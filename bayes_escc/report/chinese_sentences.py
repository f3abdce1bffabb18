"""The catalogue of sentences and terms in English and Chinese; holes stand for names, numbers and terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.report.chinese_tables import TABLE_NOTES

__all__ = ["SENTENCES", "TERMS"]

_PRIORS: Final = (
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
        "And between {a} and {b} a difference in restricted mean PFS to {horizon} {unit} of {middle} (95 % between "
        "{low} and {high}) {same}.",
        "并意味着{a}与{b}在{horizon}{unit}内限制性平均无进展生存时间的差值为{middle}（95%位于{low}与{high}之间）{unit}。",
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
        "Sceptical of large effects: hazard ratio between 0.25 and 3.9.",
        "对大的效应持怀疑态度：风险比位于0.25与3.9之间。",
    ),
    ("A prognostic factor changes the hazard fourfold at most.", "预后因素至多使风险率改变四倍。"),
    ("Hazards of neighbouring intervals are alike within a factor of 2.7.", "相邻时间段的风险率相差不超过2.7倍。"),
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

_NOTES: Final = (
    ("{rows} say nothing of {name}: it is the same in all of them.", "{rows}不提供关于{name}的信息：各行均相同。"),
    (
        "{rows} cannot tell apart {names}: they always change together.",
        "{rows}无法区分{names}：它们总是同时变化。",
    ),
    (
        "Only their priors divide the effect between them.",
        "效应如何在它们之间分配仅取决于各自的先验。",
    ),
    (
        "Leave one out, or give them priors that you can defend without these data.",
        "请去掉其中一项，或给出不依赖这些数据也能说明理由的先验。",
    ),
    (
        "{count} cannot tell the shape of the hazard from its level.",
        "{count}不足以区分风险的形状与水平。",
    ),
    ("no event lies between {times} {unit}.", "{times}{unit}之间没有事件。"),
    (
        "There the prior alone speaks: use fewer intervals or a simpler shape, or show what another prior would say.",
        "该处结果仅来自先验：请减少区间或采用更简单的形状，或说明换用其他先验时的结果。",
    ),
    ("{arm}: {n} events are assumed, not published.", "{arm}：{n}例事件为假设值，并非发表数据。"),
    ("The interval is no better than the assumption.", "区间的可靠程度不超过该假设。"),
    (
        "The mapping {name} was applied (SHA-256 {sha}); the table it makes has SHA-256 {table}.",
        "已应用映射文件{name}(SHA-256 {sha})，所得数据表SHA-256为{table}。",
    ),
    (
        "the model estimates {parameters} from {events}.",
        "模型由{events}估计{parameters}。",
    ),
    (
        "The priors matter: at least five events per parameter are usual.",
        "先验影响较大：通常每个参数至少需要5例事件。",
    ),
    (
        "Use fewer covariates, or show how the answer changes with the priors.",
        "请减少协变量，或说明结论如何随先验变化。",
    ),
    (
        "every {column} gave one regimen only, so centres and regimens differ together.",
        "每个{column}只用一种方案，中心与方案的差别无法分开。",
    ),
    (
        "The prior of frailty_sd decides how much of the difference is put down to the regimen; vary it.",
        "frailty_sd的先验决定差别中有多少归于方案，请改变该先验作敏感性分析。",
    ),
    (
        "results at {times} {unit} lie beyond the end of follow-up of one regimen.",
        "{times}{unit}处的结果超出某一方案的随访时间。",
    ),
    ("There they rest on the shape of the model.", "该处结果依赖模型形状。"),
    ("{n} events lie between two scans.", "{n}例事件发生在两次影像检查之间。"),
    (
        "They are used as such, not as if progression happened on the day of the scan.",
        "按区间删失处理，而不视为在检查当日进展。",
    ),
    ("{n} of {all} values of {name} are missing.", "{name}的{all}个值中缺失{n}个。"),
    (
        "They are sampled with everything else given the regimen and the other covariates, on the assumption that whether "
        "one is missing depends on nothing unseen.",
        "在给定方案与其他协变量的条件下与其他参数一并抽样，假定是否缺失不依赖未观察到的因素。",
    ),
    (
        "They are summed out given the regimen and the other covariates, on the assumption that whether one is missing "
        "depends on nothing unseen.",
        "在给定方案与其他协变量的条件下求和消去，假定是否缺失不依赖未观察到的因素。",
    ),
    (
        "{n} of {all} studies are not randomised ({names}): their regimens differ in patients too, and so does the pooled "
        "effect.",
        "{all}项研究中{n}项非随机（{names}）：其方案之间患者也不同，合并效应亦然。",
    ),
    (
        "Say so beside the effect, show it without them, or state a bias of theirs.",
        "请在效应旁注明、给出剔除后的结果，或说明其偏倚。",
    ),
    (
        "one study can say little of the heterogeneity: its posterior is mostly its prior, and the pooled interval rests "
        "on it.",
        "一项研究几乎不能说明异质性：其后验主要是先验，合并区间依赖于它。",
    ),
    (
        "{n} studies can say little of the heterogeneity: its posterior is mostly its prior, and the pooled interval rests "
        "on it.",
        "{n}项研究几乎不能说明异质性：其后验主要是先验，合并区间依赖于它。",
    ),
    (
        "one study can say little of the heterogeneity of {name}: its posterior is mostly its prior, and the pooled "
        "interval rests on it.",
        "一项研究几乎不能说明{name}的异质性：其后验主要是先验，合并区间依赖于它。",
    ),
    (
        "{n} studies can say little of the heterogeneity of {name}: its posterior is mostly its prior, and the pooled "
        "interval rests on it.",
        "{n}项研究几乎不能说明{name}的异质性：其后验主要是先验，合并区间依赖于它。",
    ),
    (
        "See how the answer changes with the prior of tau (bayes-escc sensitivity), or use common effects.",
        "请查看结论如何随tau的先验变化(bayes-escc sensitivity)，或采用共同效应。",
    ),
    ("State it on that scale.", "请按该尺度给出。"),
    (
        'better = "{better}" is stated, although a {known} {what} is usually better.',
        'better = "{better}"，但通常{what}{known}为好。',
    ),
    (
        "Every probability and rank follows what is stated; remove it if that is not meant.",
        "各概率与排序均按所写方向计算；若非本意请删去。",
    ),
    ("{names} has no rationale.", "{names}未说明依据。"),
    ("{names} have no rationale.", "{names}未说明依据。"),
    (
        'Say in a sentence where a stated prior comes from: rationale = "..." beside its parameters.',
        '请用一句话说明先验的来源：在参数旁写 rationale = "..."。',
    ),
    (
        "{what} is {value}, and before the data 95 % of the priors' predictions lay between {low} and {high} (prior "
        "predictive tail {tail}): the prior of {role} and the data disagree.",
        "{what}为{value}，而先验预测的95%位于{low}与{high}之间（先验预测尾概率{tail}）：{role}的先验与数据不一致。",
    ),
    (
        "The posterior lies between them and neither supports it.",
        "后验介于两者之间，二者均不支持该结果。",
    ),
    (
        "Give {role} a centre and a width you can defend without these data, or show the answer under a wider one beside "
        "it.",
        "请为{role}给出不依赖本数据、可以论证的中心与宽度，或同时给出更宽先验下的结论。",
    ),
    (
        "the {what} lies beyond the {covered} {unit} for which every regimen was followed: {shares}.",
        "{what}超出各方案共同的随访时间{covered}{unit}：{shares}。",
    ),
    (
        "There it rests on the shape of the model and the priors, not on events seen.",
        "该处结果依赖模型形状与先验，而非所观察到的事件。",
    ),
    (
        "Differences and P(better) of these medians rest on it as well.",
        "这些中位数的差值与更优的概率同样如此。",
    ),
    (
        "The restricted mean (rmst) within follow-up does not look beyond it.",
        "随访期内的限制性平均生存时间(rmst)不涉及该部分。",
    ),
    ("no patient had the event.", "无患者发生事件。"),
    ("no patient on {name} had the event.", "{name}组无患者发生事件。"),
    (
        "The data bound every hazard from above; below, and between regimens, only the priors speak.",
        "数据只给出风险率的上界；下界及方案间的差别仅由先验决定。",
    ),
    (
        "Its hazard is bounded above by the data; below, only the prior says anything.",
        "其风险率的上界由数据给出，下界仅由先验决定。",
    ),
    ("every patient on {name} had the event by the first look.", "{name}组所有患者在首次检查前均已发生事件。"),
    (
        "none of the {n} patients with {name} = {level} had the event.",
        "{name}={level}的{n}例患者均未发生事件。",
    ),
    (
        "every patient with {name} = {level} had the event by the first look.",
        "{name}={level}的所有患者在首次检查前均已发生事件。",
    ),
    ("every event is at the lowest value of {name}.", "所有事件均位于{name}的最低值。"),
    ("every event is at the highest value of {name}.", "所有事件均位于{name}的最高值。"),
    (
        "The likelihood alone would make the {what} infinite; the prior bounds it.",
        "仅凭似然{what}将为无穷大，由先验加以限制。",
    ),
    ("Show the answer under a wider and a narrower prior beside it.", "请同时给出更宽与更窄先验下的结论。"),
    (
        "{share} % of the patients had the event.",
        "{share}%的患者发生事件。",
    ),
    (
        "Check that 1 means the event; a column of censoring (CNSR) is coded the other way round.",
        "请确认1表示事件；删失列(CNSR)的编码相反。",
    ),
    (
        "{study}: overlap of own and published patients is {state} ({reasons}).",
        "{study}：本组患者与已发表患者的重叠{state}（{reasons}）。",
    ),
    (
        "Sizes rest on the model; compare the answers in the other populations.",
        "效应大小依赖模型，请比较其他人群中的结论。",
    ),
    (
        "{n} bins stand for {name} and keep {share} % of its variance; coded, they are {values}.",
        "{name}由{n}组代表，保留{share}%的方差；编码值为{values}。",
    ),
    (
        "The coefficient is known about as well as from that share of the information; what happens within a bin is not "
        "seen.",
        "系数的精度约相当于该比例的信息；组内的变化不可见。",
    ),
    (
        "In the first two months, a hazard that alone would give a median between 1.2 and 13 months.",
        "前两个月的风险率若单独作用，对应中位时间1.2～13个月。",
    ),
    (
        "Jeffreys: half a patient each way, so that a rare event may be as rare as the data allow.",
        "Jeffreys先验：各相当于半例患者，使罕见事件可如数据所示罕见。",
    ),
    ("Jeffreys: lets a rare event be as rare as the data allow.", "Jeffreys先验：使罕见事件可如数据所示罕见。"),
    (
        "Odds of response differ between PD-1 arms by a factor of two or three, hardly more.",
        "各PD-1组的缓解比值相差两三倍，很少更多。",
    ),
    (
        "Odds of response differ between PD-1 regimens by a factor of two or three, hardly more.",
        "各PD-1方案的缓解比值相差两三倍，很少更多。",
    ),
    (
        "Odds ratios of response and toxicity differ more between trials than hazard ratios: 95 % of tau below 1.1.",
        "缓解与毒性的比值比在试验间的差别大于风险比：tau的95%低于1.1。",
    ),
    (
        "One event in six months: centred on a median near four months, and worth a single patient.",
        "六个月内一例事件：以约四个月的中位时间为中心，仅相当于一例患者。",
    ),
    ("Practically free: 95 % of mean rates between 2 % and 98 %.", "几乎不受限制：平均发生率的95%位于2%与98%之间。"),
    ("Second-line response is around 20 %: 95 % between 3 % and 64 %.", "二线缓解率约20%：95%位于3%与64%之间。"),
    (
        "Uniform: the answer without borrowing, and what is known of a cohort that is not like the published arms.",
        "均匀先验：即不借用时的答案，也是对与已发表各组不同的队列所知。",
    ),
    (
        "Selection: a trial that does not favour the experimental arm at one-sided p < {limit} is published with probability {p} ({ci} % CrI {low} to {high}), uniform before the data.",
        "选择性发表：单侧p<{limit}下不支持试验组的试验得以发表的概率为{p}（{ci}%CrI {low}～{high}），先验均匀。",
    ),
    ("The {n} trials say more of it than its prior did.", "{n}项试验提供了先验之外的信息。"),
    (
        "The {n} trials say little of it: the row shows what such selection would do to the pooled effect, not that there was any.",
        "{n}项试验对此几乎没有信息：该行只说明此类选择对合并效应的影响，并不表示确有选择。",
    ),
    # notes of tables
    (
        "{counts} = {share} % was truncated, not rounded, to {percent} %.",
        "{counts} = {share}%被截断而非四舍五入为{percent}%。",
    ),
    ("The count {n} was taken; rounding would print another percentage.", "采用例数{n}；四舍五入所得百分比与此不同。"),
    (
        "{study}, {regimen} has n = {n} here and {other} in row {row}.",
        "{study}的{regimen}此处n={n}，第{row}行为{other}。",
    ),
    ("Right if the endpoints have different denominators.", "若各终点分母不同则无误。"),
    ("{a} and {b} (row {row}) report the same counts for {regimen}.", "{a}与{b}（第{row}行）所报{regimen}的例数相同。"),
    ("If they are one study under two names, keep one.", "若为同一研究的两个名称，请保留其一。"),
    ("{column} {b} resembles {a} in row {row}.", "{column} {b}与第{row}行的{a}相近。"),
    ("If they are the same, spell them alike.", "若为同一名称，请统一写法。"),
    ("the dates are {a} apart, not {b}.", "两日期相差{a}，而非{b}。"),
    ("The time was used; check the unit and both dates.", "采用时间列；请核对单位与两个日期。"),
    (
        "{what} ({end}) lies after the data cut ({cut}): censored there, at {time}.",
        "{what}（{end}）晚于数据截止日（{cut}）：于该日删失，时间{time}。",
    ),
    ("Right where the data are frozen at the cut.", "数据于截止日冻结时无误。"),
    ("It is under a tenth of a standard error.", "不足标准误的十分之一。"),
    ("the first arm is taken as the control of {names}.", "以第一组作为{names}的对照。"),
    (
        "In a network this changes nothing; otherwise name the control arm in a column control.",
        "在网络中不影响结果；否则请在control列中写明对照组。",
    ),
    ("the standard error, {se}, is the one that estimate and p-value imply.", "标准误{se}由估计值与p值推得。"),
    ("Give the interval instead, if the source has one.", "若来源有区间，请改用区间。"),
    (
        "it is not known whether more or less of {endpoint} is better, so no regimen is ranked.",
        "不知{endpoint}以高或低为好，故不排序。",
    ),
    (
        "State better in the comparison, or in a column better with higher or lower.",
        "请在比较中写明better，或在better列中写higher或lower。",
    ),
    ("{n} forms are not marked complete.", "{n}份表单未标记为完成。"),
    ("Their values may still change.", "其值可能仍会改变。"),
    (
        "the mapping {name} was applied; SHA-256 of the sheet {sheet}, of the mapping {sha}, of the table {table}.",
        "已应用映射文件{name}；SHA-256：表格{sheet}，映射{sha}，数据表{table}。",
    ),
    ("The regimens were not assigned at random.", "患者并非随机分组。"),
    # small print of forest plots, sentence by sentence
    ("Heterogeneity: {what}.", "异质性：{what}。"),
    (
        "Squares: studies as published, area by information, intervals brought to {ci} % and symmetric on the log scale.",
        "方块：各研究发表值，面积表示信息量，区间为{ci}%，对数尺度上对称。",
    ),
    (
        "Squares: studies computed from their counts, area by information, intervals brought to {ci} % and symmetric on the log scale.",
        "方块：由计数计算的各研究，面积表示信息量，区间为{ci}%，对数尺度上对称。",
    ),
    (
        "Squares: studies as published, or computed from their counts, area by information, intervals brought to {ci} % and symmetric on the log scale.",
        "方块：各研究发表值或由计数计算的值，面积表示信息量，区间为{ci}%，对数尺度上对称。",
    ),
    (
        "Squares: studies as published, area by information, intervals brought to {ci} % and symmetric.",
        "方块：各研究发表值，面积表示信息量，区间为{ci}%。",
    ),
    ("Circles: the same studies in the model, {ci} % credible interval.", "圆点：模型中的同一研究，{ci}%可信区间。"),
    ("Diamond: pooled effect.", "菱形：合并效应。"),
    ("Dashed: effect of a new trial of the same kind.", "虚线：同类新试验的效应。"),
    (
        "Weight: share of a study in the information on the pooled effect, at the median of tau.",
        "权重：该研究占合并效应信息量的比例，按tau的中位数计算。",
    ),
    ("Node area: patients who got the regimen.", "节点面积：接受该方案的患者数。"),
    (
        "Node area: trials of the regimen; numbers of patients are not given.",
        "节点面积：该方案的试验数，未提供患者数。",
    ),
    ("They are not given for {n} of {all} arms (hollow, or + ?).", "{all}组中{n}组未提供患者数（空心或+ ?）。"),
    (
        "Edge width: trials that compare the two; a number where more than one does.",
        "边宽：比较两者的试验数，多于一项时标出。",
    ),
    ("Shaded: trials of three or more arms.", "阴影：三组及以上的试验。"),
    ("Bars: 1.96 Monte Carlo standard errors.", "竖条：1.96倍蒙特卡罗标准误。"),
    ("Every look is a fit to all data as they stood then.", "每次查看均对当时全部数据拟合。"),
    ("Posterior median and {ci} % credible interval.", "后验中位数与{ci}%可信区间。"),
    ("Intervals that leave the frame are those of the first, sparse cuts.", "超出图框的区间属于数据稀少的最初几次。"),
    ("Changes by kind; arms, in a study of counts.", "按类别的变化；计数研究则按组。"),
    (
        "Framed: past facts rewritten, each acknowledged by a person; a patient who withdraws is erased.",
        "加框：改动了既往记录，均经人员确认；撤回者已删除。",
    ),
    ("{rule}: {n} looks so far, false-alarm rate {rate}.", "{rule}：至今查看{n}次，误判概率{rate}。"),
    # cautions and notes of checks
    (
        "The historical patients are not randomised against these: other trials, regimens and populations.",
        "历史患者与本组患者并非随机对照：试验、方案与人群均不同。",
    ),
    (
        "Borrowing assumes that these patients could have come from one more such study; the robust weight is the prior "
        "probability that they could not.",
        "借用假定本组患者可视为来自又一项同类研究；稳健权重为此假定不成立的先验概率。",
    ),
    ("{label}: NOT CONVERGED.", "{label}：未收敛。"),
)

_DIAGNOSTICS: Final = (
    ("Closed form: draws are independent.", "解析解：抽样相互独立。"),
    (
        "Sampled again with smaller steps (target acceptance {rate}).",
        "已用更小步长重新抽样（目标接受率{rate}）。",
    ),
    (
        "Sampled again, {n} times as long, keeping one draw of {m}.",
        "已延长至{n}倍重新抽样，每{m}次保留1次。",
    ),
    (
        "Closed form: probabilities come from quadrature, not from draws.",
        "解析解：概率由数值积分得出，而非抽样。",
    ),
    (
        "Only {n} effective draws; at least {least} are needed: use more draws.",
        "有效样本数仅{n}，至少需要{least}：请增加抽样次数。",
    ),
    (
        "Only {n} effective draws (of {name}); at least {least} are needed: use more draws.",
        "有效样本数仅{n}（{name}），至少需要{least}：请增加抽样次数。",
    ),
    (
        "{n} divergent transitions: the posterior may not have been explored; a more informative prior on the "
        "spread between units usually helps.",
        "发散{n}次：后验可能未被充分探索；对单位间离散程度采用更有信息的先验通常有效。",
    ),
    (
        "Laplace: {n} proposals around the mode, of which {kept} count; k-hat {k}; draws are independent.",
        "Laplace近似：众数附近{n}次抽样，有效{kept}次；k-hat {k}；抽样相互独立。",
    ),
    (
        "R-hat is {value}, above {limit}: the chains disagree; use more tuning and draws.",
        "R\u0302为{value}，高于{limit}：各链不一致；请增加预热与抽样次数。",
    ),
    ("R-hat is {value}.", "R\u0302为{value}。"),
    (
        "E-BFMI is {value}, below {limit}: the sampler moves slowly between energies.",
        "E-BFMI为{value}，低于{limit}：抽样器在能量之间移动缓慢。",
    ),
    ("{name} has infinite or undefined draws.", "{name}的抽样含无穷大或未定义的值。"),
)

_BIAS: Final = (
    (
        "P({a} better than {b}) is {p} allowing for a bias of mean {mean} and sd {sd} on the {scale}, and {plain} without.",
        "考虑偏倚（{scale}尺度，均值{mean}，标准差{sd}）时，{a}优于{b}的后验概率为{p}；不考虑偏倚时为{plain}。",
    ),
    (
        "No bias on the {scale} brings this probability to {level}.",
        "在{scale}尺度上，任何偏倚都不能使该概率变为{level}。",
    ),
    (
        "It falls to {level} if the patients on {a} had the better prognosis by {ratio} of {size} for reasons not measured.",
        "若{a}组患者因未测量的原因预后较好（{ratio}{size}），该概率降至{level}。",
    ),
    (
        "It rises to {level} if the patients on {a} had the better prognosis by {ratio} of {size} for reasons not measured.",
        "若{a}组患者因未测量的原因预后较好（{ratio}{size}），该概率升至{level}。",
    ),
    (
        "A factor would need an E-value of {e}: this risk ratio with both regimen and outcome.",
        "未测量因素需达到E值{e}，即与方案及结局的相对危险度均为该值。",
    ),
    (
        "If {share} % of the patients on {b} have an unmeasured factor: {parts} of those on {a}.",
        "若{b}组{share}%的患者具有某未测量因素，则在{a}组中：{parts}。",
    ),
    (
        "Measured for comparison: {name} accounts for {size} on the {scale}; the tipping bias {bias} is {times} times as "
        "much.",
        "已测量因素可作参照：{name}在{scale}尺度上为{size}，使结论改变的偏倚{bias}是其{times}倍。",
    ),
)

_DESIGNS: Final = (
    ("{n} trials by truth, seed {s}.", "每种真实情形{n}次试验，随机种子{s}。"),
    (
        "{n} trials by truth, seed {s}, largest Monte Carlo error of a share {e}.",
        "每种真实情形{n}次试验，随机种子{s}，比例的最大蒙特卡罗误差{e}。",
    ),
    ("{n} trials by truth, seed {s}; shares are exact.", "每种真实情形{n}次试验，随机种子{s}；比例为精确值。"),
    ("{n} trials fitted again agree (largest difference {d}).", "{n}次试验重新拟合的结果一致（最大相差{d}）。"),
    ("{n} trials fitted again DISAGREE (largest difference {d}).", "{n}次试验重新拟合的结果不一致（最大相差{d}）。"),
)

SENTENCES: Final = (*_PRIORS, *_NOTES, *TABLE_NOTES, *_DIAGNOSTICS, *_BIAS, *_DESIGNS)
"""Every sentence in English and in Chinese; what stands in braces is a hole."""

TERMS: Final[Mapping[str, str]] = {
    "infinity": "无穷大",
    "{n} for one to benefit": "每{n}例多1例获益",
    "{n} for one to be harmed": "每{n}例多1例受害",
    "{n} for one to benefit ({level} CrI {a} to {b})": "每{n}例多1例获益（{level}CrI {a}～{b}）",
    "{n} for one to be harmed ({level} CrI {a} to {b})": "每{n}例多1例受害（{level}CrI {a}～{b}）",
    "{middle} ({level} CrI {a}, through infinity, to {b})": "{middle}（{level}CrI {a}，经无穷大，至{b}）",
    "P({a} of {b} better than {c})": "P({b}的{a}优于{c})",
    "P({a} of {b} better than {c} by {m} ({scale}))": "P({b}的{a}优于{c}，幅度{m}（{scale}）)",
    "P({a} of {b} > {v})": "P({b}的{a} > {v})",
    "P({a} of {b} < {v})": "P({b}的{a} < {v})",
    "P({a} of {b} > standard rate)": "P({b}的{a} > 标准治疗的率)",
    "P({a} of {b} > standard rate + {m})": "P({b}的{a} > 标准治疗的率 + {m})",
    "the smaller of {a} and {b}": "{a}与{b}中的较小者",
    "the larger of {a} and {b}": "{a}与{b}中的较大者",
    "who is evaluable at a look differs from trial to trial": "各次查看时可评估的患者因试验而异",
    "patients drop out": "存在失访",
    "its rules wait for endpoints that are assessed at different times": "各规则所依据的终点评估时间不同",
    "its rules are about more than two endpoints": "规则涉及两个以上的终点",
    "there are too many possible counts": "可能的计数组合过多",
    "{name} looks at a time to event": "{name}依据时间-事件终点",
    "a reference patient": "参照患者",
    "median PFS of a reference patient": "参照患者的中位无进展生存期",
    "median PFS of a reference patient on the average regimen": "平均方案下参照患者的中位无进展生存期",
    "median PFS": "中位无进展生存期",
    "log Weibull shape": "Weibull形状参数的对数",
    "log hazard ratio to {name}": "与{name}相比的对数风险比",
    "log hazard ratio of any two regimens": "任意两方案间的对数风险比",
    "log hazard ratio of covariates": "协变量的对数风险比",
    "log hazard ratio of covariates of {name}": "协变量{name}的对数风险比",
    "log hazard ratio of covariates {name}": "协变量{name}的对数风险比",
    "log cumulative hazard at {when}": "{when}时的对数累积风险",
    "log hazard": "对数风险率",
    "hazard": "风险率",
    "coefficient": "系数",
    "coefficient of {name}": "{name}的系数",
    "intercept": "截距",
    "rate": "发生率",
    "rate of {name}": "{name}的发生率",
    "mean rate": "平均发生率",
    "category rates": "各疗效分类的比例",
    "effect": "效应",
    "effect of {name}": "{name}的效应",
    "effect of any regimen against any other": "任意两方案间的效应",
    "tau": "异质性标准差tau",
    "tau of {name}": "{name}的异质性标准差tau",
    "baseline": "对照组对数比值",
    "logit_mean": "对数比值的均值",
    "precision": "精度",
    "sd of the coefficients shrunk together": "共同收缩的系数的标准差",
    "variance of the slab, for coefficients that matter": "平板方差（有作用的系数）",
    "sd of the step between neighbouring log hazards": "相邻对数风险率之差的标准差",
    "sd of the log hazards of centres": "各中心对数风险率的标准差",
    "global scale of the horseshoe": "马蹄先验的全局尺度",
    "hazard ratio": "风险比(HR)",
    "an hazard ratio": "风险比(HR)",
    "a hazard ratio": "风险比(HR)",
    "odds ratio": "比值比(OR)",
    "an odds ratio": "比值比(OR)",
    "risk ratio": "相对危险度(RR)",
    "log odds": "对数比值",
    "log odds ratio": "对数比值比",
    "log hazard ratio": "对数风险比",
    "{n} (log odds)": "{n}（对数比值）",
    "{n} (log odds ratio)": "{n}（对数比值比）",
    "{n} (log hazard ratio)": "{n}（对数风险比）",
    "{n} (log risk ratio)": "{n}（对数相对危险度）",
    "{n} per month": "{n}/月",
    "{n} per week": "{n}/周",
    "{n} per day": "{n}/天",
    "{n} per year": "{n}/年",
    "{n} parameters": "{n}个参数",
    "{n} parameter": "{n}个参数",
    "{n} events": "{n}例事件",
    "{n} event": "{n}例事件",
    "months": "个月",
    "weeks": "周",
    "days": "天",
    "years": "年",
    "median": "中位时间",
    "remaining median": "剩余中位时间",
    "higher": "较高",
    "lower": "较低",
    "event occurred": "发生事件",
    "follow-up extended": "随访延长",
    "response confirmed": "疗效确认",
    "now known": "现已知",
    "counts grown": "例数增加",
    "published": "新发表",
    "corrected": "更正",
    "event retracted": "撤销事件",
    "time shortened": "时间缩短",
    "regimen changed": "方案更改",
    "identifier reused": "编号重复使用",
    "duplicate": "重复",
    "removed silently": "未说明而移除",
    "jump of scale": "数量级变化",
    "hard to reconcile": "难以核对",
    "withdrawn": "已撤回",
    "neutral: {law}": "中性：{law}",
    "{n} patients, {share} % responding: {law}": "相当于{n}例、{share}%缓解：{law}",
    "log cumulative hazard": "对数累积风险",
    "log shape": "形状参数的对数",
    "coefficients": "系数",
    "mean log odds": "平均对数比值",
    "categories": "疗效分类",
    "thin": "较少",
    "liver metastasis": "肝转移",
    "ECOG": "ECOG评分",
    "age": "年龄",
    "sex": "性别",
    "stage": "分期",
    "predictive probability that {what} in the final analysis": "最终分析中{what}的预测概率",
    "P(hazard ratio of {a} against {b} < {value}) > {least}": "P({a}相对{b}的风险比 < {value}) > {least}",
    "P(median of {a} > {value}) > {least}": "P({a}的中位生存期 > {value}) > {least}",
    "predictive probability that {what} at the end": "结束时{what}的预测概率",
    "predictive probability of success": "预测成功概率",
    "width of the {ci} % CrI": "{ci}%CrI的宽度",
    "prior and data may disagree": "先验与数据可能不一致",
    "strong prior or weak data": "先验较强或数据较弱",
    "the weighted mean effect (log hazard ratio)": "加权平均效应（对数风险比）",
    "the weighted mean effect (log odds ratio)": "加权平均效应（对数比值比）",
    "the weighted mean effect (log risk ratio)": "加权平均效应（对数相对危险度）",
    "the effect of {name} (log hazard ratio)": "{name}的效应（对数风险比）",
    "the effect of {name} (log odds ratio)": "{name}的效应（对数比值比）",
    "the effect of {name} (log risk ratio)": "{name}的效应（对数相对危险度）",
    "Turner, {kind}: tau ~ {law}": "Turner(2015)经验先验：tau ~ {law}",
    "tau ~ {law}": "tau ~ {law}",
    "poor": "很差",
    "good": "良好",
    "none": "无",
    "{share} % of the draws for {who}": "{who}为{share}%的抽样",
    "{a} against {b}": "{a}与{b}相比",
    "{name} differs by {size} standard deviations": "{name}相差{size}个标准差",
    "one that doubles the odds could not do it at any prevalence": "使比值加倍的因素无论多常见都不足以改变结论",
    "one that triples the odds could not do it at any prevalence": "使比值增至三倍的因素无论多常见都不足以改变结论",
    "one that doubles the hazard could not do it at any prevalence": "使风险率加倍的因素无论多常见都不足以改变结论",
    "one that triples the hazard could not do it at any prevalence": "使风险率增至三倍的因素无论多常见都不足以改变结论",
    "one that doubles the odds would have to be in {n} %": "使比值加倍的因素需见于{n}%的患者",
    "one that triples the odds would have to be in {n} %": "使比值增至三倍的因素需见于{n}%的患者",
    "one that doubles the hazard would have to be in {n} %": "使风险率加倍的因素需见于{n}%的患者",
    "one that triples the hazard would have to be in {n} %": "使风险率增至三倍的因素需见于{n}%的患者",
    "the rate of {name}": "{name}的发生率",
    "the number of events per {unit}": "每{unit}的事件数",
    "the number of events per {unit} on {name}": "{name}组每{unit}的事件数",
    "the number of events per {unit} on {name}, as a multiple of that on the others,": "{name}组每{unit}事件数与其他方案之比",
    "the standard deviation of the log odds of {name}": "{name}的对数比值的标准差",
    "at most {n}": "至多{n}",
    "the median of {name}, in {unit}": "{name}的中位时间（{unit}）",
    "the median of {name}, in {unit},": "{name}的中位时间（{unit}）",
    "the number of events per {unit} on {name}, as a multiple of that on the others": "{name}组每{unit}事件数与其他方案之比",
    "the share of responders on {name}": "{name}组缓解者的比例",
    "the share of responders in {name}": "{name}中缓解者的比例",
    "the share of {category} on {name}": "{name}组{category}的比例",
    "the spread between studies, in their standard errors": "各研究间的离散程度（以标准误计）",
    "the spread between studies, in their standard errors,": "各研究间的离散程度（以标准误计）",
    "the spread between studies of {name}, in their standard errors": "{name}各研究间的离散程度（以标准误计）",
    "the mean effect (log hazard ratio)": "平均效应（对数风险比）",
    "the mean effect (log odds ratio)": "平均效应（对数比值比）",
    "the mean effect (log risk ratio)": "平均效应（对数相对危险度）",
    "the studies of {name}": "{name}各研究",
    "as specified": "按本分析",
    "the predictive probability of success": "预测成功概率",
    "P({a} better than {b})": "{a}优于{b}的后验概率",
    "patients": "例",
    "Unanchored, not randomised": "无共同对照，非随机",
    "unanchored, not randomised": "无共同对照，非随机",
    "Randomised, but for patients borrowed from earlier trials": "随机分组，借用的既往患者除外",
    "randomised, but for patients borrowed from earlier trials": "随机分组，借用的既往患者除外",
    "Randomised": "随机分组",
    "randomised": "随机分组",
    "Same study, randomisation not stated": "同一研究，是否随机未说明",
    "same study, randomisation not stated": "同一研究，是否随机未说明",
    "As entered, randomisation not stated": "按录入数据，是否随机未说明",
    "as entered, randomisation not stated": "按录入数据，是否随机未说明",
    "Randomised within trials, compared through the network": "试验内随机，经网络比较",
    "randomised within trials, compared through the network": "试验内随机，经网络比较",
    "Same study, not randomised": "同一研究，非随机",
    "same study, not randomised": "同一研究，非随机",
    "sceptical: {law}": "怀疑型：{law}",
    "enthusiastic: {law}": "乐观型：{law}",
    "vague: {law}": "无信息：{law}",
    "weak: {law}": "弱信息：{law}",
    "uniform: {law}": "均匀：{law}",
    "Jeffreys: {law}": "Jeffreys：{law}",
    "Haldane-like: {law}": "近Haldane：{law}",
    "exponential hazards": "指数风险率",
    "weibull hazards": "Weibull风险率",
    "piecewise hazards": "分段风险率",
    "hazards not proportional": "风险率不成比例",
    "without covariates": "不含协变量",
    "without {name}": "剔除{name}",
    "common effect": "共同效应",
    "random effects, tau ~ {law}": "随机效应，tau ~ {law}",
    "{name} half as wide: {law}": "{name}减半：{law}",
    "{name} twice as wide: {law}": "{name}加倍：{law}",
    "{name} half as wide": "{name}减半",
    "{name} twice as wide": "{name}加倍",
    "{label}: at standard error 0": "{label}：标准误为0处",
    "selection of trials that favour the experimental arm": "偏向试验组的选择性发表",
    "new": "新增",
    "Median": "中位时间",
    "Rate": "发生率",
    "median PFS at {t}": "{t}时中位无进展生存期",
    "restricted mean PFS": "限制性平均无进展生存时间",
    "PFS": "无进展生存期(PFS)",
    "month": "月",
    "week": "周",
    "day": "天",
    "year": "年",
}
"""Words and phrases that fill the holes."""
