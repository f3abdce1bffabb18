"""What is said of diagnostics, of bias between patients, and of designs, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["CHECKS"]

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
        "One factor alone would have to go with both regimen and outcome by a risk ratio of {e} (its E-value).",
        "单个未测量因素与方案及结局的相对危险度均须达到{e}（即E值）。",
    ),
    (
        "If {share} % of the patients on {b} have an unmeasured factor: among those on {a}, {parts}.",
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

_COMPARE: Final = (
    "Compare survival at times or restricted means, and look at P(better) over time, with regimen_effect = "
    '"nonproportional" or "stratified".',
    '请改用regimen_effect = "nonproportional"或"stratified"，比较各时点的生存率或限制性平均生存时间，并查看更优的概率随时间的变化。',
)

_PROPORTIONAL: Final = (
    (
        'proportional hazards: needs a survival analysis with regimen_effect = "proportional"; any other makes no such '
        "assumption.",
        '比例风险检验：需要regimen_effect = "proportional"的生存分析；其他分析不作此假定。',
    ),
    ("inconsistency: needs a synthesis with network = true.", "不一致性检验：需要network = true的综合分析。"),
    ("proportional hazards:", "比例风险模型："),
    ("free hazards:", "自由风险模型："),
    (
        "Hazards do not look proportional ({columns}): between {a} and {b} {unit} the hazard ratio changes by a factor of "
        "{times} ({low} to {high}).",
        "风险率似不成比例（{columns}）：从{a}到{b}{unit}，风险比变为原来的{times}倍（{low}～{high}）。",
    ),
    (
        "Hazards do not look proportional ({columns}): one hazard ratio does not describe the whole course.",
        "风险率似不成比例（{columns}）：单一风险比不能描述全程。",
    ),
    (
        "Hazards do not look proportional: one hazard ratio does not describe the whole course.",
        "风险率似不成比例：单一风险比不能描述全程。",
    ),
    _COMPARE,
    (
        "Nothing here speaks against proportional hazards; the hazard ratio can stand for the whole course.",
        "未见与比例风险假定不符之处；风险比可代表全程。",
    ),
    (
        "Nothing here speaks against proportional hazards, but {n} events would show only a strong change; the hazard ratio "
        "can stand for the whole course.",
        "未见与比例风险假定不符之处，但{n}例事件只能显示较大的变化；风险比可代表全程。",
    ),
)

CHECKS: Final = (*_PROPORTIONAL, *_DIAGNOSTICS, *_BIAS, *_DESIGNS)
