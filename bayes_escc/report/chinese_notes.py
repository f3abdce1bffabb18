"""What is noted of data, models and results, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["NOTES"]

_UNITS: Final = {"months": "月", "weeks": "周", "days": "天", "years": "年"}
_EMPTY: Final = tuple(
    (f"no event{english} lies between {{spans}} {unit}.", f"{chinese}{{spans}}（{shown}）之间没有事件。")
    for unit, shown in _UNITS.items()
    for english, chinese in (("", ""), (" of {stratum}", "{stratum}在"), (" on {name}", "{name}组在"))
)
"""Intervals without events, in every unit: a unit that was a hole would take in what stands between two numbers."""
_NO_PLATEAU: Final = tuple(
    (
        f"the last event{english} was at {{time}} {{unit}}, and {{count}} followed longer, to {{end}} {{same}} at most, "
        "show no plateau.",
        f"{chinese}最后一个事件在{{time}}{{unit}}，其后仍在随访的{{count}}（至多至{{end}}{{unit}}）未显示平台期。",
    )
    for english, chinese in (("", ""), (" of {stratum}", "{stratum}的"), (" on {name}", "{name}组的"))
)

NOTES: Final = (
    (
        "{rows} say nothing of {effect}: it is the same in all of them.",
        "{rows}不提供关于{effect}的信息：其取值均相同。",
    ),
    (
        "{rows} cannot tell apart {effects}: they always change together.",
        "{rows}无法区分{effects}：它们总是同时变化。",
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
    (
        "{n} events of {stratum} cannot tell the shape of the hazard from its level.",
        "{stratum}仅{n}例事件，不足以区分风险的形状与水平。",
    ),
    (
        "{n} event of {stratum} cannot tell the shape of the hazard from its level.",
        "{stratum}仅{n}例事件，不足以区分风险的形状与水平。",
    ),
    (
        "{n} events on {name} cannot tell the shape of the hazard from its level.",
        "{name}组仅{n}例事件，不足以区分风险的形状与水平。",
    ),
    (
        "{n} event on {name} cannot tell the shape of the hazard from its level.",
        "{name}组仅{n}例事件，不足以区分风险的形状与水平。",
    ),
    (
        "{late} of {n} events came after the last knot, at {time} {unit}, from which on the hazard is constant.",
        "{n}例事件中有{late}例发生在最后一个节点（{time}{unit}）之后，此后风险率视为恒定。",
    ),
    ("State model.knots that reach to the last event.", "请将model.knots设到最后一个事件的时间。"),
    (
        "A study keeps the knots of its first data cut: state them at the start, to where follow-up will reach.",
        "研究沿用首次数据截止时的节点：请在一开始就将节点设到预计随访终点。",
    ),
    (
        "the last knot, at {time} {unit}, lies beyond the end of follow-up ({end}).",
        "最后一个节点（{time}{unit}）超出随访期（{end}）。",
    ),
    (
        "In a study that has begun, show the same patients analysed with later knots beside it.",
        "若研究已开始，请在旁给出以更晚节点分析同一批患者的结果。",
    ),
    *_NO_PLATEAU,
    (
        "Without one, those who never have the event cannot be told from those who have it late: the long-term event-free "
        "proportion rests on the model and its prior.",
        "没有平台期就无法区分从不发生事件者与较晚发生者：长期无事件比例依赖于模型及其先验。",
    ),
    (
        'Show the answer without a cure fraction too (baseline = "weibull"), or wait for longer follow-up.',
        '请同时给出不含治愈比例的结果（baseline = "weibull"），或等待更长的随访。',
    ),
    (
        "the standard deviation of the long-term event-free proportion, relative to that before the data: {shares}.",
        "长期无事件比例的后验标准差相当于先验标准差的：{shares}。",
    ),
    (
        "So much of the answer is its prior: vary it (sensitivity), or wait for longer follow-up.",
        "结果在此程度上来自先验：请改变先验作敏感性分析，或等待更长的随访。",
    ),
    (
        "the last cut point, at {time} {unit}, is not before the end of follow-up ({end}).",
        "最后一个切点（{time}{unit}）不早于随访结束（{end}）。",
    ),
    *_EMPTY,
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
        "no {column} joins these regimens, so that they differ from one another as their centres do: {pieces}.",
        "没有{column}将这些方案联系起来，方案的差别与中心的差别无法分开：{pieces}。",
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
    (
        "of {patients} on {regimen}, {progressed} progressed and {later} of them died; {first} died without progression.",
        "{regimen}组{patients}中，{progressed}例进展，其中{later}例死亡；{first}例未进展即死亡。",
    ),
    ("The others were censored.", "其余为删失。"),
    (
        "{patients} lived on after assessments for progression had ended; all are censored there, for both endpoints.",
        "{patients}在进展评估结束后仍有生存随访；两个终点均在评估结束时删失。",
    ),
    (
        "Of the time in between it is not known whether progression came first. Where many were left out because they "
        "were doing badly, both answers are too good; date the progression where the chart tells it.",
        "其间是否先发生进展不得而知。若多因病情不佳而不再评估，两个终点的结果均偏好；病历可查时请填写进展日期。",
    ),
    ("no event of {transition} on {regimen}.", "{regimen}组无{transition}事件。"),
    (
        "nobody was at risk of {transition} after the last cut point, at {time}.",
        "末个分界点（{time}）之后无人处于{transition}的风险之中。",
    ),
    (
        "There the prior alone speaks: use fewer cut points, or show what another prior would say.",
        "该处仅由先验决定：请减少分界点，或说明换用其他先验的结果。",
    ),
    (
        "The priors matter: at least five events per hazard are usual. Use fewer cut points, or show how the answer changes "
        "with the priors.",
        "先验影响较大：通常每个风险率至少需5例事件。请减少分界点，或说明结果如何随先验变化。",
    ),
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
        "{n} studies, nearly as many effects as contrasts, can say little of the heterogeneity: its posterior is mostly "
        "its prior, and the pooled interval rests on it.",
        "{n}项研究的效应参数几乎与对比一样多，几乎不能说明异质性：其后验主要是先验，合并区间依赖于它。",
    ),
    (
        "{n} studies, nearly as many effects as contrasts, can say little of the heterogeneity of {name}: its posterior is "
        "mostly its prior, and the pooled interval rests on it.",
        "{n}项研究的效应参数几乎与对比一样多，几乎不能说明{name}的异质性：其后验主要是先验，合并区间依赖于它。",
    ),
    (
        "it is not known whether more or less of {name} is better, so no regimen can be ranked.",
        "不知{name}是高为优还是低为优，因此无法对方案排序。",
    ),
    (
        "State better in the comparison, or in a column better with higher or lower; networks need it.",
        "请在比较中或在better列中注明higher（高为优）或lower（低为优）；网状分析必须注明。",
    ),
    (
        "whether more or fewer events are better is not known, so there is no number needed to treat.",
        "不知事件多为佳还是少为佳，故不给出需治疗人数(NNT)。",
    ),
    ("State it with --better.", "请用--better注明。"),
    (
        "See how the answer changes with --tau-prior, or use --common.",
        "请查看结论如何随--tau-prior变化，或采用--common(共同效应)。",
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
    ("the prior of {role}, {law}, has no rationale.", "{role}的先验{law}未说明依据。"),
    (
        "the prior of {role}, {law}, and the prior of {other}, {another}, have no rationale.",
        "{role}的先验{law}与{other}的先验{another}未说明依据。",
    ),
    (
        'Say in a sentence where a stated prior comes from: --rationale "...".',
        '请用一句话说明先验的来源：--rationale "..."。',
    ),
    (
        "fewer events are taken to be better, although more responses usually are.",
        "以事件较少为优，但通常缓解较多为好。",
    ),
    ("Right for toxicity; every probability and rank follows it.", "对毒性是正确的；各概率与排序均据此计算。"),
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
        "{what}超出各方案共同随访时间（{covered}{unit}）的抽样比例：{shares}。",
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
    ("strata with a baseline hazard of their own: {strata}.", "有各自基线风险率的分层：{strata}。"),
    (
        "The effects of regimens and covariates are shared by all strata.",
        "方案与协变量的效应在各层间相同。",
    ),
    ("every patient is of the stratum {stratum}.", "所有患者均属于分层{stratum}。"),
    (
        "nobody of these strata was followed to {time} {unit}: {strata}.",
        "以下分层无人随访至{time}{unit}：{strata}。",
    ),
    ("Their part of the results rests on the shape of the model there.", "该部分结果依赖模型形状。"),
    ("With one stratum the model is that without strata.", "只有一层时，模型等同于不分层。"),
    ("no patient of {strata} had the event.", "分层{strata}中无患者发生事件。"),
    (
        "It says nothing of the regimens, and results over a population that holds its patients lean on the prior.",
        "该层不提供关于方案的信息；若目标人群含该层患者，结果依赖先验。",
    ),
    (
        "all patients of a stratum are on one regimen: {strata}.",
        "某分层的所有患者均用同一方案：{strata}。",
    ),
    (
        "Such a stratum has a baseline of its own and says nothing of the difference between regimens.",
        "该层有各自的基线，不提供关于方案差别的信息。",
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
        "{study}：本组患者与已发表患者的重叠情况：{state}（{reasons}）。",
    ),
    (
        "{a} against {b}: overlap of their patients is {state} ({reasons}).",
        "{a}与{b}相比：两组患者的重叠情况：{state}（{reasons}）。",
    ),
    (
        "Where patients are not alike, the comparison rests on the model; allow for what it may miss as bias ([bias]).",
        "患者不相近之处，比较依赖模型；其可能遗漏的部分请作为偏倚考虑([bias])。",
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
    ("regimen {b} resembles {a}.", "方案{b}与{a}相近。"),
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
    ("Same study, randomisation not stated.", "同一研究，是否随机分组未说明。"),
    ("As entered, randomisation not stated.", "按录入数据，是否随机分组未说明。"),
    ("Randomised.", "随机分组。"),
    ("Randomised, but for patients borrowed from earlier trials.", "随机分组，但从既往试验借用的患者除外。"),
    ("{rule}: {n} looks so far, false-alarm rate {rate}.", "{rule}：至今查看{n}次，误判概率{rate}。"),
    ("Posterior median and {ci} % credible interval.", "后验中位数与{ci}%可信区间。"),
    (
        "Intervals that leave the frame are those of the first, sparse cuts.",
        "超出图框的区间属于数据较少的最初几次数据截止。",
    ),
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
    (
        "bayes-escc: NOT CONVERGED: the fast engine and the package's own fit disagree.",
        "bayes-escc：未收敛：快速算法与本软件包的完整拟合结果不一致。",
    ),
    (
        "NOT CONVERGED: the fit failed its diagnostics, so there is no answer to read.",
        "未收敛：抽样诊断未通过，不给出结论。",
    ),
)
