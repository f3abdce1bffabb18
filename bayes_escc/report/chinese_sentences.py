"""The catalogue of sentences and terms in English and Chinese; holes stand for names, numbers and terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
        "Log odds of the control arm of each study, practically free.",
        "各研究对照组的对数比值，几乎不受限制。",
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
    ("NOT CONVERGED: {rest}", "未收敛：{rest}"),
)

_DIAGNOSTICS: Final = (
    (
        "Closed form: probabilities come from quadrature, not from draws.",
        "解析解：概率由数值积分得出，而非抽样。",
    ),
    (
        "Only {n} effective draws; at least {least} are needed: use more draws.",
        "有效样本数仅{n}，至少需要{least}：请增加抽样次数。",
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

SENTENCES: Final = (*_PRIORS, *_NOTES, *_DIAGNOSTICS, *_BIAS)
"""Every sentence in English and in Chinese; what stands in braces is a hole."""

TERMS: Final[Mapping[str, str]] = {
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
    "thin": "较少",
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
    "month": "月",
    "week": "周",
    "day": "天",
    "year": "年",
}
"""Words and phrases that fill the holes."""
