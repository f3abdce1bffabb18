"""Every phrase of the page, in English and Chinese, in one place: nothing in another language can leak onto it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.report.sentences import Language

__all__ = ["CHECKLISTS", "LIMITATIONS", "TITLES", "WORDS"]

Phrase = Mapping[Language, str]


def _phrases(rows: Mapping[str, tuple[str, str]]) -> dict[str, Phrase]:
    return {key: {"en": english, "zh": chinese} for key, (english, chinese) in rows.items()}


TITLES: Final = _phrases(
    {
        "headline": ("Answer", "结论"),
        "estimand": ("Question and estimand", "研究问题与估计目标"),
        "design": ("Design and source of the data", "研究设计与数据来源"),
        "flow": ("Flow of patients", "患者流程"),
        "table1": ("Patients before treatment", "基线特征"),
        "followup": ("Follow-up", "随访"),
        "response": ("Response", "疗效"),
        "km": ("Survival", "生存曲线"),
        "estimates": ("Estimates", "估计值"),
        "probability": ("Probability of being better", "更优的概率"),
        "forest": ("Forest plot", "森林图"),
        "model": ("Model", "模型"),
        "priors": ("Priors", "先验"),
        "prior-check": ("Prior predictive check", "先验预测检验"),
        "conflict": ("Conflict of prior and data", "先验与数据冲突"),
        "computation": ("Computation", "计算"),
        "fit": ("Fit of the model", "模型拟合"),
        "sensitivity": ("Sensitivity", "敏感性分析"),
        "borrowing": ("Borrowing of historical data", "历史数据借用"),
        "rules": ("Decision rules and looks", "决策规则与期中分析"),
        "missing": ("Missing values", "缺失数据"),
        "safety": ("Safety", "安全性"),
        "limits": ("Limitations", "局限性"),
        "paste": ("Paragraphs to copy", "可直接引用的段落"),
        "reproduce": ("How to reproduce it", "可重复性"),
        "companion": ("Appendix: frequentist companions", "附录：频率学派对照结果"),
        "words": ("Abbreviations", "缩略语"),
        "checklists": ("Checklists", "报告清单"),
    }
)

WORDS: Final = _phrases(
    {
        "absent": ("Missing: the analysis holds nothing on this.", "缺失：本分析未提供此项内容。"),
        "not_applicable": ("Not applicable to this analysis.", "不适用于本分析。"),
        "question": ("Question: {text}", "研究问题：{text}"),
        "no_question": ("The analysis states no question (missing).", "分析文件未写明研究问题（缺失）。"),
        "not_stated": ("not stated", "未说明"),
        "not_reached": ("not reached", "未达到"),
        "attribute": ("Attribute", "项目"),
        "value": ("Value", "内容"),
        "treatment": ("Treatment", "治疗"),
        "population": ("Population", "人群"),
        "variable": ("Variable", "终点变量"),
        "summary": ("Summary measure", "汇总指标"),
        "death": ("Death without progression", "未进展而死亡"),
        "death_event": ("an event (progression-free survival)", "视为事件（无进展生存期）"),
        "death_competing": ("a competing event", "视为竞争事件"),
        "new_therapy": ("New therapy before progression", "进展前更换治疗"),
        "new_therapy_ignore": ("ignored (treatment policy)", "不予考虑（疗法策略）"),
        "new_therapy_censor": ("censored (hypothetical)", "删失（假想策略）"),
        "missed_scans": ("Missed scans", "错过影像评估"),
        "missed_scans_last_scan": ("censored at the last scan", "于末次影像评估日删失"),
        "estimand_table": ("Estimand (ICH E9(R1))", "估计目标（ICH E9(R1)）"),
        "design": ("Design", "设计"),
        "design_single-arm": ("single-arm", "单臂"),
        "design_randomised": ("randomised", "随机对照"),
        "design_non-randomised": ("non-randomised", "非随机"),
        "design_network": ("network of trials", "试验网络"),
        "assignment": ("Assignment", "分组方式"),
        "data_source": ("Data", "数据"),
        "studies": ("Studies", "研究"),
        "setting": ("Setting", "研究场所"),
        "centres": ("Centres", "研究中心"),
        "period": ("Period", "研究时间"),
        "ethics": ("Ethics approval", "伦理批件号"),
        "registration": ("Registration", "注册号"),
        "design_table": ("Design", "研究设计"),
        "flow_read": ("Rows read: {n}", "读入行数：{n}"),
        "flow_excluded": ("Rows not used by this analysis: {n}", "本分析未使用的行数：{n}"),
        "flow_used": ("Rows analysed: {n}", "纳入分析的行数：{n}"),
        "row": ("row {n}: ", "第{n}行："),
        "notes_of_data": ("Noted while the data were read:", "读取数据时的提示（原文为英文）："),
        "median_quartiles": ("median (Q1, Q3)", "M(Q1, Q3)"),
        "count_percent": ("n (%)", "例(%)"),
        "missing_values": ("missing", "缺失"),
        "percent": (" %", "%"),
        "no_overlap": ("no overlap", "无重叠"),
        "table1": ("Table 1. Patients before treatment, by regimen", "表1 各方案患者的基线特征"),
        "smd_note": (
            "SMD: largest standardised mean difference of two regimens. No p values. With so few patients chance alone "
            "makes large differences: its standard error is about {error}.",
            "SMD：两方案间最大的标准化均数差；不报告p值。病例数少时，仅机会即可造成较大差异，其标准误约为{error}。",
        ),
        "regimen": ("Regimen", "方案"),
        "patients": ("Patients", "例数"),
        "events": ("Events", "事件"),
        "censored": ("Censored", "删失"),
        "median_follow_up": ("Median follow-up", "中位随访时间"),
        "longest": ("Longest", "最长"),
        "follow_up_table": ("Follow-up by regimen", "各方案随访情况"),
        "reverse_km": ("Median follow-up by the reverse Kaplan-Meier method.", "中位随访时间采用反向Kaplan-Meier法。"),
        "study": ("Study", "研究"),
        "endpoint": ("Endpoint", "终点"),
        "events_of_patients": ("n/N", "n/N"),
        "observed": ("Observed", "观察值"),
        "posterior": ("Posterior", "后验"),
        "response_table": ("Events and rates by regimen", "各方案的事件数与发生率"),
        "response_note": (
            "Patients who could not be evaluated count as the table of the analysis counts them.",
            "不可评价患者按分析所用数据表的口径计算。",
        ),
        "caption_n": ("{n} patients, {events} events.", "{n}例患者，{events}例事件。"),
        "caption_rates": ("Posterior of the rates with their credible intervals.", "各发生率的后验分布及可信区间。"),
        "caption_survival": (
            "Kaplan-Meier steps, and the model with its credible band.",
            "Kaplan-Meier曲线与模型曲线及其可信带。",
        ),
        "caption_hazards": ("Hazard over time with its credible band.", "随时间变化的风险率及其可信带。"),
        "caption_hazard_ratios": ("Hazard ratios of regimens and covariates.", "方案与协变量的风险比。"),
        "caption_difference": ("Posterior of the difference.", "差值的后验分布。"),
        "caption_odds_ratio": ("Posterior of the odds ratio.", "比值比的后验分布。"),
        "caption_ratio": ("Posterior of the ratio.", "比的后验分布。"),
        "caption_better_over_time": ("Probability of being better over time.", "随时间变化的更优概率。"),
        "caption_predictive_check": ("Data among replicated data.", "观察数据与模拟数据的比较。"),
        "caption_forest": ("Studies and the pooled effect.", "各研究与合并效应。"),
        "caption_network": ("Network of trials.", "试验网络图。"),
        "caption_regimens": ("Every regimen against the reference.", "各方案与参照方案的比较。"),
        "caption_ranks": ("Probability of every rank.", "各排序的概率。"),
        "caption_league": ("League table.", "联赛表。"),
        "caption_heterogeneity": ("Heterogeneity before and after the data.", "异质性的先验与后验。"),
        "caption_borrowing": ("With and without historical data.", "借用与不借用历史数据的比较。"),
        "caption_monitoring": ("Boundaries of the rule and the place of the study.", "决策界值与当前位置。"),
        "caption_dating": ("Two datings of progression.", "两种进展定时方法的比较。"),
        "at_risk_short": ("at risk", "风险人数"),
        "censored_short": ("censored", "删失"),
        "events_short": ("events", "事件"),
        "at_risk_table": ("Numbers at risk ({unit})", "风险人数（{unit}）"),
        "months": ("months", "月"),
        "weeks": ("weeks", "周"),
        "days": ("days", "天"),
        "years": ("years", "年"),
        "quantity": ("Quantity", "指标"),
        "median_interval": ("Median (credible interval)", "中位数（可信区间）"),
        "estimates_table": ("Posterior estimates", "后验估计"),
        "equal_tailed": ("Intervals are equal-tailed.", "区间为等尾贝叶斯可信区间(credible interval, CrI)。"),
        "comparison": ("Comparison", "比较"),
        "pr_better": ("Pr(better)", "更优的概率"),
        "pr_unbiased": ("without bias", "不考虑偏倚"),
        "pr_margin": ("Pr(by the margin)", "达到最小有意义差值的概率"),
        "pr_rope": ("Pr(in ROPE)", "位于实际等效区间的概率"),
        "difference": ("difference", "差值"),
        "ratio": ("ratio", "比"),
        "odds_ratio": ("odds ratio", "比值比(OR)"),
        "probability_table": ("Comparisons", "比较结果"),
        "probability_note": (
            "Posterior probabilities, allowing for bias where patients were not assigned at random; the regimen "
            "named first against the second.",
            "均为后验概率；非随机分组时已考虑偏倚；前一方案与后一方案比较。",
        ),
        "margins": ("Smallest differences that matter, and why:", "最小有意义差值及依据："),
        "no_rationale": ("no reason stated", "未说明依据"),
        "fixed_before": ("fixed before the data", "事先确定"),
        "fixed_after": ("fixed after the data", "事后确定"),
        "fixed_not_stated": ("when it was fixed is not stated", "确定时间未说明"),
        "model_response": (
            "Bayesian binomial model: events of a regimen are binomial with its own rate; a priori the rates "
            "are independent.",
            "贝叶斯二项模型：各方案的事件数服从二项分布，各方案有各自的发生率，先验相互独立。",
        ),
        "model_response_logistic": (
            "Bayesian logistic regression of the response of every patient.",
            "以每例患者的缓解为因变量的贝叶斯logistic回归。",
        ),
        "model_response_multinomial": (
            "Bayesian multinomial model of the categories of response.",
            "疗效分类的贝叶斯多项分布模型。",
        ),
        "model_survival": (
            "Bayesian Weibull regression with proportional hazards.",
            "贝叶斯Weibull回归，假定比例风险。",
        ),
        "model_survival_weibull": (
            "Bayesian Weibull model: S(t) = exp(-(t/scale)^shape), hazards of patients proportional to "
            "exp(covariates).",
            "贝叶斯Weibull模型：S(t)=exp(-(t/尺度)^形状)，患者风险率与exp(协变量线性组合)成比例。",
        ),
        "model_survival_piecewise": (
            "Bayesian piecewise exponential model: the hazard is constant within intervals of time.",
            "贝叶斯分段指数模型：风险率在各时间段内恒定。",
        ),
        "model_synthesis": (
            "Bayesian random-effects meta-analysis: effects of trials are normal about a common effect, with "
            "heterogeneity tau.",
            "贝叶斯随机效应Meta分析：各试验的效应围绕共同效应呈正态分布，异质性标准差为tau。",
        ),
        "adjusted": ("Adjusted for: {names}.", "校正因素：{names}。"),
        "priors_in_english": ("As stated in the analysis:", "先验如分析文件所述（原文为英文）："),
        "conflict_method": (
            "Numbers of the data in the outermost 5 % of their prior predictive distribution (Box):",
            "位于先验预测分布最外侧5%的数据（Box法，原文为英文）：",
        ),
        "no_conflict": (
            "No number of the data lies in the outermost 5 % of its prior predictive distribution (Box).",
            "各项数据均未落入其先验预测分布的最外侧5%（Box法）。",
        ),
        "engine": ("Engine", "计算方法"),
        "engine_exact": ("closed form and quadrature", "解析解与数值积分"),
        "engine_nuts": ("Markov chain Monte Carlo (NUTS)", "马尔可夫链蒙特卡罗(NUTS)"),
        "engine_laplace": ("Laplace approximation with importance sampling", "Laplace近似加重要性抽样"),
        "engine_details": (
            "NUTS, {chains} chains of {draws} draws after {tune} of warm-up, largest R-hat {rhat}, smallest effective "
            "sample size {ess}, {divergences} divergences",
            "NUTS，{chains}条链，每条预热{tune}次、抽样{draws}次，R\u0302最大值{rhat}，"
            "有效样本数最小值{ess}，发散{divergences}次",
        ),
        "seed": ("Seed", "随机种子"),
        "draws": ("Draws", "抽样"),
        "draws_text": ("{chains} chains of {draws} after {tune}", "{chains}条链，预热{tune}次、抽样{draws}次"),
        "max_rhat": ("Largest R-hat", "R\u0302最大值"),
        "min_ess": ("Smallest effective sample size (bulk / tail)", "有效样本数最小值（主体/尾部）"),
        "divergences": ("Divergences", "发散次数"),
        "passed": ("Diagnostics passed", "诊断通过"),
        "yes": ("yes", "是"),
        "no": ("no", "否"),
        "version": ("{name} version", "{name}版本"),
        "computation_table": ("Computation", "计算"),
        "sensitivity_absent": (
            "Missing: run bayes-escc sensitivity on the same analysis and report it beside this page.",
            "缺失：请对同一分析运行bayes-escc sensitivity并一并报告。",
        ),
        "missing_text": ("Patients without a value, by covariate:", "各协变量缺失的例数："),
        "safety_above": ("Adverse events are among the events and rates above.", "不良事件见上文事件数与发生率。"),
        "companion_note": (
            "For comparison only; the answer above does not rest on them. CI and p values are not Bayesian.",
            "仅供对照，上述结论不以此为依据；置信区间(CI)与p值不属于贝叶斯结果。",
        ),
        "companion_km": ("Kaplan-Meier median, {regimen}: {value}.", "Kaplan-Meier中位时间，{regimen}：{value}。"),
        "companion_log_rank": (
            "Log-rank test: chi-squared {statistic} on 1 degree of freedom, two-sided p value {p}.",
            "log-rank检验：卡方值{statistic}，自由度1，双侧p值{p}。",
        ),
        "companion_fisher": (
            "Fisher's exact test, {endpoint}: two-sided p value {p}.",
            "Fisher确切概率法，{endpoint}：双侧p值{p}。",
        ),
        "no_limits": ("None of the rules of this page applies.", "本页所列规则均不适用。"),
        "methods_title": ("Methods", "方法"),
        "results_title": ("Results", "结果"),
        "methods": (
            "{model} Priors: {priors} Results are posterior medians with equal-tailed credible intervals (CrI) and "
            "posterior probabilities. Computation: {engine}. bayes_escc {version}, PyMC {pymc}, ArviZ {arviz}, "
            "seed {seed}.",
            "{model}先验：{priors} 结果以后验中位数、等尾贝叶斯可信区间(credible interval, CrI)及后验概率表示。"
            "计算：{engine}。bayes_escc {version}，PyMC {pymc}，ArviZ {arviz}，随机种子{seed}。",
        ),
        "followed": (
            "On {regimen}, {patients} patients had {events} events; median follow-up was {median}.",
            "{regimen}组{patients}例，{events}例事件，中位随访时间{median}。",
        ),
        "responded": (
            "{events} of {n} patients on {regimen} had the event {endpoint}: {estimate}.",
            "{regimen}组{n}例中{events}例，{endpoint}{estimate}。",
        ),
        "command": ("Command", "命令"),
        "digest_analysis": ("SHA-256 of the analysis", "分析文件SHA-256"),
        "digest_data": ("SHA-256 of the data", "数据SHA-256"),
        "platform": ("Platform", "平台"),
        "reproduce_table": ("Where these numbers come from", "数值来源"),
        "short": ("Abbreviation", "缩略语"),
        "long": ("Meaning", "含义"),
        "words_table": ("Abbreviations on this page", "本页缩略语"),
        "word_CrI": ("credible interval", "贝叶斯可信区间(credible interval)"),
        "word_PFS": ("progression-free survival", "无进展生存期"),
        "word_ORR": ("objective response rate", "客观缓解率"),
        "word_HR": ("hazard ratio", "风险比"),
        "word_SMD": ("standardised mean difference", "标准化均数差"),
        "word_ROPE": ("region of practical equivalence", "实际等效区间"),
        "word_NUTS": ("no-U-turn sampler", "无折返采样器"),
        "word_R-hat": ("ratio of variances between and within chains", "收敛诊断统计量"),
        "word_ESS": ("effective sample size of draws", "有效样本数"),
        "not_converged": ("NOT CONVERGED", "未收敛"),
        "contents": ("Contents", "目录"),
        "state_present": ("present", "有"),
        "state_missing": ("missing", "缺失"),
        "state_not applicable": ("not applicable", "不适用"),
        "check_present": ("pass", "通过"),
        "check_missing": ("missing", "缺失"),
        "check_not applicable": ("not applicable", "不适用"),
        "identity": ("Analysis {id}, SHA-256 {sha}.", "分析{id}，SHA-256 {sha}。"),
        "item": ("Item", "条目"),
        "state": ("State", "状态"),
        "where": ("Where", "位置"),
    }
)

LIMITATIONS: Final = _phrases(
    {
        "small": (
            "The smallest group has {smallest} patients; probabilities move with every further patient.",
            "最小组仅{smallest}例，增加少量患者即可改变概率。",
        ),
        "few_events": (
            "There are fewer than five events for every parameter ({events} events).",
            "每个参数对应的事件不足5例（共{events}例事件）。",
        ),
        "not_randomised": (
            "The regimens were not assigned at random: differences between patients are part of every comparison.",
            "患者并非随机分组，各项比较均包含患者之间的差异。",
        ),
        "single_centre": (
            "The patients come from one source; whether others fare alike is not known.",
            "患者来自单一来源，能否外推尚不清楚。",
        ),
        "immature": (
            "Follow-up is shorter than the median it estimates, which rests on the model beyond it.",
            "随访时间短于所估计的中位时间，超出随访部分依赖模型外推。",
        ),
        "missing_values": ("More than a tenth of a covariate is missing.", "有协变量缺失超过10%。"),
        "margin_after": (
            "The smallest difference that matters is not stated to have been fixed before the data.",
            "最小有意义差值未说明是否事先确定。",
        ),
        "published": (
            "The data are published summaries; no patient was seen.",
            "数据来自已发表的汇总结果，未见原始病例。",
        ),
        "synthetic": (
            "The patients are synthetic: the numbers are not findings.",
            "患者为模拟数据，所得数值不代表研究发现。",
        ),
    }
)

_BARG: Final = (
    (("Question, regimens, endpoint", "研究问题、方案与终点"), "headline"),
    (("Model and likelihood (1B-D)", "模型与似然(1B-D)"), "model"),
    (("Priors and their reasons (1C)", "先验及依据(1C)"), "priors"),
    (("Prior predictive check (1E)", "先验预测检验(1E)"), "prior-check"),
    (("Computation and diagnostics (2)", "计算与诊断(2)"), "computation"),
    (("Posterior predictive check (3A)", "后验预测检验(3A)"), "fit"),
    (("Posterior estimates (3B)", "后验估计(3B)"), "estimates"),
    (("Decisions and margins (4)", "决策与最小有意义差值(4)"), "probability"),
    (("Sensitivity (5)", "敏感性分析(5)"), "sensitivity"),
    (("Reproducibility (6)", "可重复性(6)"), "reproduce"),
)
_ROBUST: Final = (
    (("Prior stated", "先验"), "priors"),
    (("Prior justified", "先验依据"), "priors"),
    (("Prior varied", "先验敏感性"), "sensitivity"),
    (("Model", "模型"), "model"),
    (("Technique", "计算方法"), "computation"),
    (("Central tendency", "集中趋势"), "estimates"),
    (("Interval", "区间"), "estimates"),
)
_FDA: Final = (
    (("Success criteria", "成功标准"), "probability"),
    (("Prior and its justification", "先验及论证"), "priors"),
    (("Conflict of prior and data", "先验与数据冲突"), "conflict"),
    (("Borrowing", "历史数据借用"), "borrowing"),
    (("Operating characteristics", "操作特征"), "rules"),
    (("Sensitivity", "敏感性分析"), "sensitivity"),
    (("Computation", "计算"), "computation"),
)
_ICH: Final = (
    (("Estimand with its five attributes", "估计目标五要素"), "estimand"),
    (("Intercurrent events", "伴发事件"), "estimand"),
    (("Missing data", "缺失数据"), "missing"),
    (("Sensitivity", "敏感性分析"), "sensitivity"),
)


def _items(rows: tuple[tuple[tuple[str, str], str], ...]) -> tuple[tuple[Phrase, str], ...]:
    return tuple(({"en": english, "zh": chinese}, anchor) for (english, chinese), anchor in rows)


CHECKLISTS: Final = {
    "BARG (Kruschke 2021)": _items(_BARG),
    "ROBUST (Sung 2005)": _items(_ROBUST),
    "FDA (draft 2026, public part)": _items(_FDA),
    "ICH E9(R1)": _items(_ICH),
}
"""Items of the reporting guidelines, each with the anchor of the section that answers it."""
