"""The model of an analysis in words and formulas: what is assumed of the data, and of what varies between its parts."""

from __future__ import annotations

from typing import Final

from bayes_escc.families import get_family
from bayes_escc.names import PlainMapping
from bayes_escc.report.page_words import phrases
from bayes_escc.report.quantities import Language

__all__ = ["model_sentences"]

_MODEL: Final = phrases(
    {
        "draws": (
            "A Bayesian model that was fitted outside of this package; its draws are summarised here. Describe its "
            "likelihood and priors beside this page.",
            "在本软件之外拟合的贝叶斯模型；此处仅对其后验抽样进行汇总。请另行说明其似然与先验。",
        ),
        "binomial": (
            "Bayesian binomial model: events ~ Binomial(patients, rate), a rate for every regimen.",
            "贝叶斯二项模型：事件数 ~ Binomial(例数, 发生率)，各方案有各自的发生率。",
        ),
        "pooling_none": ("A priori the rates are independent.", "各发生率的先验相互独立。"),
        "pooling_contrast": (
            "The prior speaks of the contrast of the rates, or of their log odds or log risks.",
            "先验针对发生率之间的对比，或其对数比值、对数危险度。",
        ),
        "pooling_partial": (
            "Rates are alike a priori: log odds ~ Normal(mean, tau), mean and tau estimated (partial pooling).",
            "各发生率先验可交换：对数比值 ~ Normal(均值, tau)，均值与tau由数据估计（部分合并）。",
        ),
        "pooling_regimens": (
            "The rates of the regimens are alike a priori: log odds ~ Normal(mean, tau), mean and tau estimated (partial "
            "pooling).",
            "各方案的发生率先验可交换：对数比值 ~ Normal(均值, tau)，均值与tau由数据估计（部分合并）。",
        ),
        "pooling_studies": (
            "The rates of the studies of a regimen are alike a priori: log odds ~ Normal(mean, tau), mean and tau estimated "
            "(partial pooling).",
            "同一方案各研究的发生率先验可交换：对数比值 ~ Normal(均值, tau)，均值与tau由数据估计（部分合并）。",
        ),
        "beta_binomial": (
            "Bayesian beta-binomial model: the rates of the studies of a regimen vary, rate ~ Beta(mean, precision), and "
            "events ~ Binomial(patients, rate).",
            "贝叶斯beta-二项模型：同一方案各研究的发生率不同，发生率 ~ Beta(均值, 精度)，事件数 ~ Binomial(例数, 发生率)。",
        ),
        "multinomial": (
            "Bayesian multinomial model of the categories of response: counts ~ Multinomial(patients, shares), shares ~ "
            "Dirichlet.",
            "疗效分类的贝叶斯多项分布模型：各类例数 ~ Multinomial(例数, 比例)，比例 ~ Dirichlet。",
        ),
        "logistic": (
            "Bayesian logistic regression of the response of every patient: log odds = intercept + regimen + covariates.",
            "以每例患者的缓解为因变量的贝叶斯logistic回归：对数比值 = 截距 + 方案 + 协变量。",
        ),
        "exponential": (
            "Bayesian exponential survival model: S(t) = exp(-hazard t).",
            "贝叶斯指数生存模型：S(t) = exp(-风险率·t)。",
        ),
        "weibull": (
            "Bayesian Weibull survival model: S(t) = exp(-(t/scale)^shape).",
            "贝叶斯Weibull生存模型：S(t) = exp(-(t/尺度)^形状)。",
        ),
        "piecewise": (
            "Bayesian piecewise exponential survival model: the hazard is constant within intervals of time.",
            "贝叶斯分段指数生存模型：风险率在各时间段内恒定。",
        ),
        "m_spline": (
            "Bayesian survival model with a smooth hazard: a cubic M-spline whose coefficients follow a random walk.",
            "贝叶斯平滑风险生存模型：风险率为三次M样条，其系数按随机游走变化。",
        ),
        "log_logistic": (
            "Bayesian log-logistic survival model: S(t) = 1 / (1 + (t/scale)^shape).",
            "贝叶斯对数logistic生存模型：S(t) = 1/(1 + (t/尺度)^形状)。",
        ),
        "log_normal": (
            "Bayesian log-normal survival model: log t ~ Normal(location, spread).",
            "贝叶斯对数正态生存模型：log t ~ Normal(位置, 离散)。",
        ),
        "gompertz": (
            "Bayesian Gompertz survival model: log hazard = level + slope t.",
            "贝叶斯Gompertz生存模型：对数风险率 = 水平 + 斜率·t。",
        ),
        "weibull_cure": (
            "Bayesian survival model with a cure fraction: S(t) = fraction^F(t), F a Weibull distribution.",
            "贝叶斯治愈比例生存模型：S(t) = 治愈比例^F(t)，F为Weibull分布。",
        ),
        "course": (
            "Bayesian illness-death model: from progression-free to progression, to death without progression, and to death "
            "after progression, each with a hazard of its own on every regimen.",
            "贝叶斯疾病-死亡模型：由无进展至进展、未进展死亡、进展后死亡，各方案的每种转移各有其风险率。",
        ),
        "course_exponential": ("The hazards are constant.", "各风险率恒定。"),
        "course_piecewise": (
            "The hazards are constant within intervals of time.",
            "各风险率在各时间段内恒定。",
        ),
        "clock_reset": (
            "The hazard of death after progression runs from progression (semi-Markov).",
            "进展后死亡的风险率自进展起计时（半马尔可夫）。",
        ),
        "clock_forward": (
            "The hazard of death after progression runs from the start of treatment (Markov).",
            "进展后死亡的风险率自治疗开始计时（马尔可夫）。",
        ),
        "smoothing_random_walk": (
            "Log hazards of neighbouring intervals differ by a random walk.",
            "相邻时间段的对数风险率按随机游走变化。",
        ),
        "effect_proportional": (
            "Regimens and covariates multiply the hazard: hazard(t) exp(regimen + covariates).",
            "方案与协变量使风险率按比例变化：风险率(t)·exp(方案 + 协变量)。",
        ),
        "effect_accelerated": (
            "Regimens stretch time: a patient's survival on one is that on another at t / (time ratio). Covariates multiply "
            "the hazard.",
            "方案使时间按比例伸缩：某方案在t时的生存率等于另一方案在t/时间比时的生存率；协变量使风险率按比例变化。",
        ),
        "effect_nonproportional": (
            "The hazard ratio of the regimens may change over time.",
            "方案间的风险比可随时间变化。",
        ),
        "effect_stratified": (
            "Every regimen has a hazard of its own shape.",
            "各方案的风险率形状各不相同。",
        ),
        "effect_none": ("No effect of a regimen is estimated.", "不估计方案的效应。"),
        "strata": (
            "Every stratum has a baseline hazard of its own; the effects are shared by all strata.",
            "各分层有各自的基线风险率，效应在各层间相同。",
        ),
        "frailty": (
            "Centres differ by a random effect on the log hazard.",
            "各中心的对数风险率含随机效应。",
        ),
        "shrinkage_ridge": (
            "Coefficients are shrunk together (ridge).",
            "系数共同收缩（岭回归）。",
        ),
        "shrinkage_horseshoe": (
            "Coefficients are shrunk by a regularised horseshoe.",
            "系数采用正则化马蹄先验收缩。",
        ),
        "synthesis_random": (
            "Bayesian random-effects meta-analysis: effects of trials ~ Normal(effect, tau), with heterogeneity tau.",
            "贝叶斯随机效应Meta分析：各试验的效应 ~ Normal(合并效应, tau)，tau为异质性。",
        ),
        "synthesis_common": (
            "Bayesian common-effect meta-analysis: all trials share one effect.",
            "贝叶斯共同效应Meta分析：各试验的效应相同。",
        ),
        "network_random": (
            "Bayesian network meta-analysis with random effects: effects of trials ~ Normal(difference of their regimens, "
            "tau), and indirect comparisons follow from direct ones.",
            "贝叶斯随机效应网状Meta分析：各试验的效应 ~ Normal(两方案之差, tau)，间接比较由直接比较推出。",
        ),
        "network_common": (
            "Bayesian network meta-analysis with common effects: indirect comparisons follow from direct ones.",
            "贝叶斯共同效应网状Meta分析：间接比较由直接比较推出。",
        ),
        "estimates_normal": (
            "Published estimates ~ Normal(effect of the trial, standard error), ratios as logarithms.",
            "发表的估计值 ~ Normal(该试验的效应, 标准误)，比值取对数。",
        ),
        "estimates_binomial": (
            "Events of every arm ~ Binomial(patients, rate), with log odds of control + effect.",
            "各组事件数 ~ Binomial(例数, 发生率)，对数比值 = 对照组 + 效应。",
        ),
        "borrowing_map": (
            "The rates borrow from historical arms by a robust meta-analytic-predictive prior.",
            "发生率通过稳健荟萃分析预测(MAP)先验借用历史数据。",
        ),
        "borrowing_power": (
            "The rates borrow from historical arms by a power prior.",
            "发生率通过幂先验借用历史数据。",
        ),
        "own_and_published": (
            "Patients of published arms are averaged over what their papers report of them.",
            "已发表各组的患者按论文报告的特征取平均。",
        ),
    }
)


def model_sentences(facts: PlainMapping, language: Language) -> str:
    """What the model of an analysis assumes, sentence by sentence.

    Parameters
    ----------
    facts : mapping
        The content of `page.json`.
    language : {"en", "zh"}
    """
    join = " " if language == "en" else ""
    return join.join(_MODEL[key][language] for key in _keys(facts) if key in _MODEL)


def _keys(facts: PlainMapping) -> list[str]:
    """The sentences that hold of an analysis, in their order."""
    if facts["data"].get("kind") == "draws":
        return ["draws"]
    content = facts["analysis"]
    family = get_family(facts["result"]["analysis"]["family"])
    keys = family.described(content.get("model", {}), content.get("priors", {}))
    keys += ["own_and_published"] if content.get("published") else []
    borrowed = facts["result"].get("borrowing")
    return keys + ([f"borrowing_{'map' if borrowed['method'] == 'map' else 'power'}"] if borrowed else [])
