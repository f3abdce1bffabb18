"""Words of the tables that a run prints in full, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.report.page_words import Phrase, phrases
from bayes_escc.report.study_words import CHECK_WORDS, STUDY_WORDS

__all__ = ["FULL"]

_TABLES: Final = {
    # the head
    "contrasts": ("{n} contrasts", "{n}项对比"),
    "known": (", {n} patients known", "，已知{n}例患者"),
    "size": ("{patients}, {events}", "{patients}，{events}"),
    "patient": ("{n} patient", "{n}例患者"),
    "patients": ("{n} patients", "{n}例患者"),
    "event": ("{n} event", "{n}例事件"),
    "events": ("{n} events", "{n}例事件"),
    "how": ("{size}; {engine}, seed {seed}.", "{size}；{engine}，随机种子{seed}。"),
    "nuts": ("NUTS", "马尔可夫链蒙特卡罗(NUTS)"),
    "laplace": ("Laplace and importance sampling", "Laplace近似与重要性抽样"),
    "exact": ("closed form", "解析解"),
    "quadrature": ("quadrature over the heterogeneity", "对异质性数值积分"),
    "evidence": (
        "Log evidence of the data under this model and its priors: {value}.",
        "数据在本模型及其先验下的对数边际似然：{value}。",
    ),
    "not_converged": ("NOT CONVERGED: {text}", "未收敛：{text}"),
    "note": ("Note: {text}", "注意：{text}"),
    "row": ("row {row}: ", "第{row}行："),
    # estimates, comparisons, thresholds
    "against": ("{a} against {b}", "{a}与{b}比较"),
    "median_ci": ("median ({ci})", "中位数({ci})"),
    "estimates": ("estimates", "估计值"),
    "at": ("at {time}", "{time}时"),
    "to": ("to {time}", "{time}内"),
    "comparison": ("comparison", "比较"),
    "with_bias": ("P(better) allowing for bias", "更优的概率（考虑偏倚）"),
    "without": ("without", "不考虑偏倚"),
    "better": ("P(better)", "更优的概率"),
    "by_margin": ("P(better by margin)", "达到有意义差值的概率"),
    "in_rope": ("P(in ROPE)", "实际等效的概率"),
    "assignment": ("evidence", "证据"),
    "by": ("{p} (by {size})", "{p}({size})"),
    "difference": ("difference", "差值"),
    "odds_ratio": ("odds ratio", "比值比(OR)"),
    "ratio": ("ratio", "比"),
    "joint": ("better in two respects", "两项结局"),
    "joint_unbiased": ("better in two respects (bias not allowed for)", "两项结局（未考虑偏倚）"),
    "joint_both": ("in both", "两项均更优"),
    "joint_first_only": ("first only", "仅第一项更优"),
    "joint_second_only": ("second only", "仅第二项更优"),
    "joint_neither": ("in neither", "两项均不更优"),
    "correlation": ("correlation", "相关系数"),
    "threshold": ("threshold", "界值"),
    "above": ("{name} above {value}", "{name}高于{value}"),
    "below": ("{name} below {value}", "{name}低于{value}"),
    "probability": ("probability", "概率"),
    "next": (
        "Next {n} patients, {who}: {events} events ({ci} % interval {low} to {high})",
        "此后{n}例患者，{who}：{events}例事件（{ci}%区间{low}～{high}）",
    ),
    "at_least": ("P(at least {n}) = {p}", "P(至少{n}例) = {p}"),
    "comma": (",", "，"),
    "separator": ("; ", "；"),
    "colon": (": ", "："),
    "full_stop": (".", "。"),
    # numbers needed to treat, weights
    "needed": ("Number needed to treat at the stated baseline:", "所设基线风险下的需治疗人数(NNT)："),
    "weights": ("weights", "权重"),
    "in_this_model": ("in this model", "本模型"),
    "common_effect": ("common effect", "共同效应"),
    "prior_of_effect": ("the prior of the effect", "效应的先验"),
    "weights_note": (
        "Share of each study in the posterior mean of the effect, by 1 / (se² + tau²) averaged over tau; "
        "for a common effect, by 1 / se²; in networks and meta-regressions, its share of the information on the contrast.",
        "各研究在效应后验均值中所占比例：按1/(se²+tau²)计算并对tau取平均；共同效应按1/se²计算；"
        "网状荟萃分析和荟萃回归中为各研究在该比较信息量中所占比例。",
    ),
    # ranks and leagues
    "ranking": ("ranking", "排序"),
    "best": ("P(best)", "最优的概率"),
    "mean_rank": ("mean rank", "平均排序"),
    "median_rank": ("median rank ({ci})", "排序中位数({ci})"),
    "interval": ("{middle} ({low} to {high})", "{middle}({low}～{high})"),
    "rank_of": ("probability of rank", "各排序的概率"),
    "ranks_in_file": ("The probability of every rank is in ranking.csv.", "各排序的概率见ranking.csv。"),
    "league_in_file": (
        "League table of {k} regimens ({n} pairs): see league.csv.",
        "{k}种方案（{n}对）的联赛表见league.csv。",
    ),
    "league": (
        "League table, row against column, the best ranked first. Above the diagonal: {what}; below: P(better).",
        "联赛表：行方案与列方案比较，最优者在前。对角线以上：{what}；以下：更优的概率。",
    ),
    "league_what": ("{name}, median ({ci})", "{name}，中位数({ci})"),
    # dating of progression
    "dating": ("dating of progression", "进展时间的确定"),
    "between_scans": ("between scans", "两次检查之间"),
    "at_scan": ("at the detecting scan", "发现进展的检查日"),
    "dating_note": (
        "Scans find progression late: dated there, hazards seem to rise. The result is the one between scans.",
        "影像检查发现进展较晚：若以检查日计，风险率似乎上升。以两次检查之间的结果为准。",
    ),
    "monitoring": ("Monitoring:", "监测："),
    "priors": ("Priors:", "先验："),
}

_BIAS: Final = {
    "none": ("none", "无"),
    "bias": ("bias", "偏倚"),
    "as_a_ratio": ("as a ratio", "以比值计"),
    "course": ("{name}, {pair}, once a bias is taken away", "{name}：{pair}，扣除偏倚之后"),
    "bias_of_sd": ("P(better) for a bias of sd", "更优的概率，偏倚标准差为"),
    "half": ("half of its own", "设定值的一半"),
    "own_bias": ("own", "设定值"),
    "double": ("double", "加倍"),
    "tips_at": ("tips at {level}", "达{level}时的偏倚"),
    "log_odds": ("log odds (odds ratio)", "对数比值（比值比）"),
    "log_hazard": ("log hazard (hazard ratio)", "对数风险率（风险比）"),
    "biases_on": (
        "Biases are on the {on}: what is observed is the regimen's own plus the bias.",
        "偏倚以{on}计：观察值为方案本身的效应加偏倚。",
    ),
    "and": (" and ", "和"),
    "by_size": ("{name}, by {size}", "{name}，达到{size}"),
    "in_population": ("in the population", "目标人群"),
    "from_first": ("difference from the first", "与首行的差值"),
    "better_no_bias": ("P(better), no bias", "更优的概率（不计偏倚）"),
    "rate": ("rate", "发生率"),
    "conditional": (
        "Conditional {ratio}{whose}, {pair}: {shown}.",
        "{pair}的条件{ratio}{whose}：{shown}。",
    ),
    "every_modifier_zero": (" where every modifier is zero, as modelled", "（各效应修饰因素按模型取零）"),
    "hazard_ratio": ("hazard ratio", "风险比(HR)"),
    "from_the_prior": ("{name}: known from the prior alone.", "{name}：仅由先验得知。"),
    "same_everywhere": (
        "Regimens share the coefficients, so P(better) is the same in every population; only sizes differ.",
        "各方案共用系数，因此各人群中更优的概率相同，仅效应大小不同。",
    ),
    "modifiers": (
        "{names} may act differently on each regimen, so P(better) differs between populations. In that of the "
        "published arm the answer rests on data; elsewhere also on what is known of the interaction.",
        "{names}对各方案的作用可能不同，因此各人群中更优的概率不同。在已发表组的人群中结论以数据为依据，"
        "在其他人群中还取决于对交互作用的了解。",
    ),
    "companions": ("companions", "对照方法"),
    "own_per_time": ("own events per time", "本组单位时间事件数"),
    "own_rate": ("own rate", "本组发生率"),
    "published": ("published", "发表值"),
    "patients_column": ("patients", "例数"),
    "integration": (
        "Integration over published covariates ({rule}): {change} posterior sd.",
        "对已发表协变量的积分（{rule}）：{change}个后验标准差。",
    ),
    "overlap": ("{study}: overlap is {state}.", "{study}：重叠情况：{state}。"),
    "covariate": ("covariate", "协变量"),
    "own": ("own", "本组"),
    "difference_sd": ("difference in sd", "差值（标准差）"),
    "own_range": ("own range", "本组范围"),
    "outside": ("outside it", "范围外"),
    "after_matching": (
        "{ess} of {n} own patients count after matching; the largest weight is {share} %.",
        "匹配后本组{n}例相当于{ess}例；最大权重为{share}%。",
    ),
    "ranges": ("ranges", "范围"),
    "outside_the_other": ("outside the other", "超出对方范围"),
    "smallest_cell": ("smallest cell", "最小格例数"),
    "score_ranges": (
        "Propensity score: {inside} % of the patients on {a} are within the range of those on {b}, and "
        "{reference_inside} % the other way; the two distributions have {coefficient} % of their area in common; "
        "{extreme} % of all patients are below 0.1 or above 0.9.",
        "倾向评分：{a}患者中{inside}%处于{b}患者的范围内，反之为{reference_inside}%；两分布的重叠面积为{coefficient}%；"
        "全部患者中{extreme}%低于0.1或高于0.9。",
    ),
    "score_weights": (
        "Weighted to all patients, {ess} of {n} on {a} and {reference_ess} of {m} on {b} count; weighted to where both "
        "are alike, {overlap_ess} and {reference_overlap_ess}.",
        "加权至全部患者时，{a}的{n}例相当于{ess}例，{b}的{m}例相当于{reference_ess}例；加权至两组相近的人群时，分别为"
        "{overlap_ess}例和{reference_overlap_ess}例。",
    ),
    "score_model": (
        "The score is a logistic regression of the regimen on the covariates as modelled, each coefficient per standard "
        "deviation with a Normal(0, {prior_sd}) prior.",
        "评分来自以方案为因变量、按模型编码的协变量为自变量的逻辑回归，每个标准差的系数先验为Normal(0, {prior_sd})。",
    ),
    "overlap_left_out": (
        "{left_out} patients without a value of every covariate are left out.",
        "{left_out}例患者的协变量不全，未纳入。",
    ),
    "overlap_randomised": (
        "The patients were randomised between the two, so that differences arose by chance and nothing is warned of.",
        "患者经随机分组，差异出于偶然，故不作警告。",
    ),
    "subgroup": ("subgroup", "亚组"),
    "own_patients": ("own patients", "本组例数"),
    "both": ("{a} and {b}", "{a}和{b}"),
    "difference_in": ("difference in {name}", "{name}差值"),
    "interaction_prior": (
        "{name}: how far the coefficient differs is known from the prior alone.",
        "{name}：系数的差别仅由先验得知。",
    ),
    "fact": ("published fact", "已发表的结果"),
    "route": ("route", "途径"),
    "log_hazard_ratio": ("log hazard ratio", "对数风险比"),
    "sd": ("sd", "标准差"),
    "sd_without": ("sd without it", "去掉后的标准差"),
    "refit_tells": ("only a refit tells", "需重新拟合"),
    "the_prior": (" (the prior)", "（即先验）"),
    "not_used": ("Not used: {names}.", "未采用：{names}。"),
}

_BORROWING: Final = {
    "map_prior": ("MAP prior", "MAP先验"),
    "power_prior": ("normalised power prior", "标准化幂先验"),
    "borrowed": (
        "Borrowed from {k} historical arms, {n} patients, for {who} alone.",
        "从{k}个历史组（{n}例）借用数据，仅用于{who}。",
    ),
    "prior_of": ("{name} of {who}:", "{who}的{name}："),
    "history_priors": ("Priors of the history: {text}.", "历史数据层的先验：{text}。"),
    "own_weight": ("* the weight of the analysis.", "* 为本分析采用的权重。"),
    "borrow_conflict": (
        "Conflict, P(a count as improbable under the {name}): {text}.",
        "冲突：{name}下出现同样少见计数的概率：{text}。",
    ),
    "more_parts": ("{n} more", "另{n}项"),
    "no_elir": ("ELIR does not exist", "ELIR不存在"),
    "by_elir": ("{n} patients by ELIR", "按ELIR为{n}例"),
    "by_moments": (", {n} by moments", "，按矩法为{n}例"),
    "by_morita": (", {n} by Morita", "，按Morita法为{n}例"),
    "worth": ("median {rate}, worth: {size}.", "中位数{rate}，信息量：{size}。"),
    "mixture_miss": (
        "The mixture misses the prior by up to {miss} between its 0.5 and 99.5 % points; the answers do not use it.",
        "混合分布与先验在0.5%～99.5%分位点之间最多相差{miss}；结论不使用该混合分布。",
    ),
    "between_arms": (
        "Between the historical arms: tau {tau} on the log odds, rate at the centre {rate}.",
        "历史组之间：tau {tau}（对数比值），中心发生率{rate}。",
    ),
    "historical_arm": ("historical arm", "历史组"),
    "events_column": ("events", "事件"),
    "observed": ("observed", "观察值"),
    "shrunken": ("shrunken (CrI)", "收缩后(CrI)"),
    "borrowing": ("borrowing", "借用"),
    "robust_weight": ("robust weight", "稳健权重"),
    "prior_ess": ("prior ESS (ELIR)", "先验有效样本量(ELIR)"),
    "weight_after": ("weight after the data", "见到数据后的权重"),
    "none_exists": ("none exists", "不存在"),
    "weight_none": ("1 (none)", "1（不借用）"),
    "compared": ("compared", "比较"),
    "scale": ("scale", "尺度"),
    "median_cri": ("median (CrI)", "中位数(CrI)"),
}

FULL: Final[Mapping[str, Phrase]] = phrases({**_TABLES, **_BIAS, **_BORROWING, **STUDY_WORDS, **CHECK_WORDS})
