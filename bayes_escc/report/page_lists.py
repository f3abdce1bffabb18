"""Lists at the end of a page: abbreviations, limitations, and the items of the reporting guidelines."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.page_words import Phrase, phrases

__all__ = ["ABBREVIATIONS", "CHECKLISTS", "CHECKLIST_NAMES", "LIMITATIONS"]

ABBREVIATIONS: Final = phrases(
    {
        "CrI": ("credible interval", "贝叶斯可信区间(credible interval)"),
        "PFS": ("progression-free survival", "无进展生存期"),
        "ORR": ("objective response rate", "客观缓解率"),
        "HR": ("hazard ratio", "风险比"),
        "SMD": ("standardised mean difference", "标准化均数差"),
        "ROPE": ("region of practical equivalence", "实际等效区间"),
        "NUTS": ("no-U-turn sampler", "无折返采样器"),
        "R-hat": ("ratio of variances between and within chains", "收敛诊断统计量"),
        "ESS": ("effective sample size of draws", "有效样本数"),
        "DCR": ("disease control rate", "疾病控制率"),
        "OS": ("overall survival", "总生存期"),
        "DFS": ("disease-free survival", "无病生存期"),
        "EFS": ("event-free survival", "无事件生存期"),
        "RFS": ("relapse-free survival", "无复发生存期"),
        "TTP": ("time to progression", "至疾病进展时间"),
        "OR": ("odds ratio", "比值比"),
        "CI": ("confidence interval", "置信区间"),
        "ESCC": ("oesophageal squamous cell carcinoma", "食管鳞状细胞癌"),
        "ECOG": ("Eastern Cooperative Oncology Group performance status", "ECOG体力状况评分"),
        "NLR": ("neutrophil-to-lymphocyte ratio", "中性粒细胞与淋巴细胞比值"),
        "RMST": ("restricted mean survival time", "限制性平均生存时间"),
        "NNT": ("number needed to treat", "需治疗人数"),
        "AE": ("adverse event", "不良事件"),
        "TRAE": ("treatment-related adverse event", "治疗相关不良事件"),
        "TEAE": ("treatment-emergent adverse event", "治疗期间不良事件"),
        "irAE": ("immune-related adverse event", "免疫相关不良事件"),
        "SAE": ("serious adverse event", "严重不良事件"),
        "NE": ("not evaluable", "不可评价"),
        "MAP": ("meta-analytic-predictive", "荟萃分析预测"),
    }
)
"""Meanings of abbreviations; a page lists those it uses."""

LIMITATIONS: Final = phrases(
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
        "assignment_not_stated": (
            "It is not stated how patients came to their regimens: differences between patients may be part of every "
            "comparison.",
            "未说明患者如何分组，各项比较可能包含患者之间的差异。",
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
        "scans": (
            "Progression was found at scans: when it happened is known only to lie between two of them.",
            "进展由影像检查发现，其确切时间仅知位于两次检查之间。",
        ),
        "extrapolated": (
            "Some results lie beyond the follow-up of a regimen and rest on the shape of the model.",
            "部分结果超出某一方案的随访时间，依赖模型外推。",
        ),
        "centre_is_regimen": (
            "Centres and regimens differ together, so that their effects cannot be told apart.",
            "中心与方案一一对应，两者的作用无法区分。",
        ),
        "conflict": (
            "A prior and the data disagree; the answer lies between them.",
            "先验与数据不一致，结论介于两者之间。",
        ),
        "not_evaluable": (
            "More than 5 % of the patients of an arm were not evaluable.",
            "有一组不可评价患者超过5%。",
        ),
        "not_proportional": (
            "The data speak against proportional hazards, which the model assumes.",
            "数据不支持模型所作的比例风险假定。",
        ),
        "borrowed": (
            "More is known of a rate from earlier patients than from those of its arm.",
            "有发生率的信息更多来自既往患者而非本组患者。",
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
_CONSORT: Final = (
    (("Trial design and allocation (3, 8-10)", "试验设计与分组(3、8～10)"), "design"),
    (("Participants, setting and period (4, 14)", "研究对象、地点与时间(4、14)"), "design"),
    (("Outcomes (6)", "结局指标(6)"), "estimand"),
    (("Sample size and interim looks (7)", "样本量与期中分析(7)"), "rules"),
    (("Statistical methods (12)", "统计方法(12)"), "model"),
    (("Flow of participants (13)", "受试者流程(13)"), "flow"),
    (("Baseline data (15)", "基线资料(15)"), "table1"),
    (("Estimates, absolute and relative (17)", "绝对与相对效应估计(17)"), "estimates"),
    (("Harms (19)", "不良事件(19)"), "safety"),
    (("Limitations and generalisability (20, 21)", "局限性与外推性(20、21)"), "limits"),
    (("Registration and protocol (23, 24)", "注册与方案(23、24)"), "design"),
)
_STROBE: Final = (
    (("Study design and setting (4, 5)", "研究设计与现场(4、5)"), "design"),
    (("Participants and flow (6, 13)", "研究对象与流程(6、13)"), "flow"),
    (("Variables and outcomes (7, 8)", "变量与结局(7、8)"), "estimand"),
    (("Bias (9)", "偏倚(9)"), "sensitivity"),
    (("Statistical methods (12)", "统计方法(12)"), "model"),
    (("Missing data (12c)", "缺失数据(12c)"), "missing"),
    (("Descriptive data (14)", "描述性资料(14)"), "table1"),
    (("Outcome data and follow-up (15)", "结局资料与随访(15)"), "followup"),
    (("Main results (16)", "主要结果(16)"), "estimates"),
    (("Other analyses (17)", "其他分析(17)"), "sensitivity"),
    (("Limitations and generalisability (19, 21)", "局限性与外推性(19、21)"), "limits"),
)
_PRISMA: Final = (
    (("Question and regimens (4)", "研究问题与方案(4)"), "headline"),
    (("Summary measures (13)", "效应指标(13)"), "estimates"),
    (("Methods of analysis (14)", "分析方法(14)"), "model"),
    (("Network geometry (S3)", "网络结构(S3)"), "forest"),
    (("Results of individual studies (20)", "各研究结果(20)"), "forest"),
    (("Synthesis of results, league table (21)", "合并结果与联赛表(21)"), "forest"),
    (("Additional analyses (23)", "其他分析(23)"), "sensitivity"),
    (("Limitations (25)", "局限性(25)"), "limits"),
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
    "CONSORT 2010": _items(_CONSORT),
    "STROBE": _items(_STROBE),
    "PRISMA-NMA": _items(_PRISMA),
}
"""Items of the reporting guidelines, each with the anchor of the section that answers it."""

CHECKLIST_NAMES: Final = phrases(
    {
        "BARG (Kruschke 2021)": ("BARG (Kruschke 2021)", "BARG贝叶斯分析报告指南(Kruschke 2021)"),
        "ROBUST (Sung 2005)": ("ROBUST (Sung 2005)", "ROBUST标准(Sung 2005)"),
        "FDA (draft 2026, public part)": ("FDA (draft 2026, public part)", "FDA指南（2026年草案，公开部分）"),
        "ICH E9(R1)": ("ICH E9(R1)", "ICH E9(R1)"),
        "CONSORT 2010": ("CONSORT 2010 (randomised trials)", "CONSORT 2010（随机对照试验）"),
        "STROBE": ("STROBE (observational studies)", "STROBE（观察性研究）"),
        "PRISMA-NMA": ("PRISMA with its extension to networks", "PRISMA及其网状Meta分析扩展"),
    }
)
"""Names of the guidelines."""
