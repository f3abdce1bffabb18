"""Every phrase of the page of a design, in English and Chinese."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.page_words import phrases

__all__ = ["DESIGN_TITLES", "DESIGN_WORDS"]

DESIGN_TITLES: Final = phrases(
    {
        "answer": ("Answer", "结论"),
        "protocol": ("Paragraph for the protocol", "方案文本段落"),
        "layout": ("Design", "试验设计"),
        "boundaries": ("Decision rules and boundaries", "决策规则与界值"),
        "characteristics": ("Operating characteristics", "操作特征"),
        "looks": ("Decisions at each look", "各次查看的决策"),
        "assurance": ("Over the design prior", "基于设计先验的指标"),
        "calibration": ("Calibrated thresholds", "界值校准"),
        "size": ("Sample size", "样本量"),
        "drift": ("False alarms over drift", "漂移下的假阳性"),
        "time": ("Accrual, duration and looks", "入组、历时与查看时间"),
        "trials": ("Single trials", "单次模拟试验"),
        "simulation": ("Simulation and computation", "模拟与计算"),
        "words": ("Terms", "术语"),
    }
)

DESIGN_WORDS: Final = phrases(
    {
        "identity": ("Design {id}, sha256 {sha}", "设计 {id}，sha256 {sha}"),
        "none": ("Not part of this design.", "本设计不包含此项。"),
        "to_copy": ("To copy", "可直接引用"),
        "answer_right": (
            'Under "{truth}" the trial declares success with probability {go}; with at most {most} patients it takes '
            "{patients} on average.",
            "若“{truth}”为真，试验宣告成功的概率为{go}；最多入组{most}例，平均入组{patients}例。",
        ),
        "answer_wrong": (
            'Under "{truth}", where success would be wrong, it is declared with probability {go}; {patients} patients '
            "enter on average.",
            "若“{truth}”为真（此时宣告成功是错误的），试验宣告成功的概率为{go}，平均入组{patients}例。",
        ),
        "answer_prior": (
            "Averaged over the design prior the probability of success (assurance) is {assurance}, and a declared "
            "success is true with probability {ppv}.",
            "按设计先验平均，试验成功的概率（assurance）为{assurance}；宣告成功时真正有效的概率为{ppv}。",
        ),
        "arms_one": ("a single arm, {arm}", "单臂试验，{arm}"),
        "arms_many": (
            "{arms}, allocated {shares} in permuted blocks of {block}",
            "{arms}，按{shares}分配，采用区组长度为{block}的置换区组随机",
        ),
        "and": (" and ", "与"),
        "or": (" or ", "或"),
        "paste": (
            "At most {patients} patients are to be entered: {arms}. Accrual is assumed to be {rate}. {endpoints} "
            "{rules} Probabilities {how}. {results}",
            "计划最多入组{patients}例：{arms}。假定入组速度为{rate}。{endpoints}{rules}概率{how}。{results}",
        ),
        "rate_first": ("{rate} patients a month", "每月{rate}例"),
        "rate_later": ("{rate} a month from month {month}", "自第{month}个月起每月{rate}例"),
        "then": (", then ", "，"),
        "drop_out": (" Patients leave follow-up at a rate of {hazard} a month.", "失访率为每月{hazard}。"),
        "endpoint_binary": ("{name} is assessed {months} months after entry.", "{name}于入组后{months}个月评估。"),
        "endpoint_at_once": ("{name} is known at once.", "{name}即时可知。"),
        "endpoint_visits": (
            "{name} is a time to event, seen at visits every {months} months.",
            "{name}为时间-事件终点，每{months}个月随访时观察到。",
        ),
        "endpoint_exact": (
            "{name} is a time to event, seen when it happens.",
            "{name}为时间-事件终点，发生时即观察到。",
        ),
        "rule_looks": ("{rule} Looks: {looks}.", "{rule}查看时点：{looks}。"),
        "rule_statistic": (
            "{statistic} is held against its thresholds at each look.",
            "每次查看时将{statistic}与界值比较。",
        ),
        "rule_predictive": (
            "The predictive probability of success once {patients} patients are known, where success is {statistic} "
            "> {success}, is held against its thresholds at each look.",
            "每次查看时计算{patients}例全部可评估后成功（{statistic} > {success}）的预测概率，并与界值比较。",
        ),
        "rule_bop2": (
            "Stop if {statistic} < {cut} (n/{patients})^{power} among n evaluable patients; declare success if that is "
            "not so at {patients}.",
            "n例可评估时若{statistic} < {cut}×(n/{patients})^{power}则终止；至{patients}例仍未终止则宣告成功。",
        ),
        "rule_bop2_obrien_fleming": (
            " Success is declared early above 2 Phi(Phi^-1((1 + {cut}) / 2) / sqrt(n/{patients})) - 1.",
            "超过2Φ(Φ⁻¹((1 + {cut}) / 2) / √(n/{patients})) − 1时提前宣告成功。",
        ),
        "rule_bop2_eta": (
            " Success is declared early above 1 - (1 - {cut}) (n/{patients})^{efficacy}.",
            "超过1 − (1 − {cut})×(n/{patients})^{efficacy}时提前宣告成功。",
        ),
        "rule_counts": ("{parts}.", "{parts}。"),
        "rule_counts_stop": ("stop with at most {r} events among {n}", "{n}例中事件数≤{r}时终止"),
        "rule_counts_go": ("success with at least {r} events among {n}", "{n}例中事件数≥{r}时宣告成功"),
        "rule_counts_last": ("success with more than {r} events among {n}", "{n}例中事件数>{r}时宣告成功"),
        "held_go_above": ("success above {value}", "大于{value}宣告成功"),
        "held_stop_below": ("futility below {value}", "小于{value}终止"),
        "held_stop_above": ("stop above {value}", "大于{value}终止"),
        "held": (" ({limits})", "（{limits}）"),
        "comma": (", ", "，"),
        "pattern_poisson": ("at random", "随机到达"),
        "pattern_even": ("at equal intervals", "等间隔到达"),
        "pattern_uniform": ("uniformly within the period", "在入组期内均匀到达"),
        "rule_advises": (" It advises and ends nothing.", "该规则仅供参考，不终止试验。"),
        "how_exact": ("were enumerated exactly", "由精确枚举得到"),
        "how_simulated": (
            "were simulated with {trials} trials for each truth (seed {seed}, largest Monte Carlo error of a "
            "probability {error})",
            "由模拟得到，每种真实情形{trials}次试验（随机种子{seed}，概率的最大蒙特卡罗误差{error}）",
        ),
        "result": (
            'Under "{truth}" the probability of declaring success is {go}, and {patients} patients are expected.',
            "若“{truth}”，宣告成功的概率为{go}，期望入组{patients}例。",
        ),
        "look_patients": ("{n} patients entered", "入组{n}例"),
        "look_evaluable": ("{n} evaluable patients", "可评估{n}例"),
        "look_own": ("{n} evaluable patients of the rule's own arms", "规则所涉各组可评估{n}例"),
        "look_events": ("{n} events", "{n}个事件"),
        "look_least": ("month {n}", "第{n}个月"),
        "look_by": (", by month {n} at the latest", "，最迟第{n}个月"),
        "item": ("Item", "项目"),
        "stated": ("As stated", "内容"),
        "arms": ("Arms", "试验组"),
        "patients_most": ("Patients at most", "最多入组例数"),
        "accrual": ("Accrual", "入组速度"),
        "endpoints": ("Endpoints", "终点"),
        "analysis": ("Analysis", "分析"),
        "analysis_none": ("of the rules' own priors", "采用规则自身的先验"),
        "analysis_prior": ("Prior of the analysis", "分析先验"),
        "design_prior": ("Design prior, for planning", "设计先验（用于规划）"),
        "no_design_prior": (
            "No design prior is stated, so nothing is averaged over what is believed of the truth.",
            "未给出设计先验，因此没有按对真实情况的信念作平均。",
        ),
        "priors_equal": (
            "The design prior of {names} is the prior of the analysis. What is believed for planning is seldom what an "
            "analysis should start from: assurance then says how often the analysis convinces itself.",
            "{names} 的设计先验与分析先验相同。规划时的信念通常不应是分析的出发点："
            "此时的保证度只说明分析多常说服自己。",
        ),
        "design_table": ("The design as its file states it", "设计文件的内容"),
        "truths_table": ("What may be true", "假定的真实情形"),
        "truth": ("Truth", "真实情形"),
        "should": ("Success is", "宣告成功"),
        "should_yes": ("right", "正确"),
        "should_no": ("wrong", "错误"),
        "should_open": ("not said", "未说明"),
        "rates": ("True values", "真实值"),
        "median_words": (
            "median of the reference {median} months, shape {shape}, hazard ratio {ratio}",
            "参照组中位时间{median}个月，形状参数{shape}，风险比{ratio}",
        ),
        "boundary_table": ("Boundaries of {rule}", "{rule}的界值"),
        "look": ("Look", "查看"),
        "when": ("When", "时点"),
        "patients_evaluable": ("Evaluable patients", "可评估例数"),
        "counted": ("Counted", "计数对象"),
        "reference_events": ("Events of the reference", "参照组事件数"),
        "go_if": ("Go", "宣告成功"),
        "stop_if": ("Stop", "终止"),
        "go_above": ("Go if P >", "P大于此值时宣告成功"),
        "stop_below": ("Stop if P <", "P小于此值时终止"),
        "stop_above": ("Stop if P >", "P大于此值时终止"),
        "ratio_go": ("Observed HR to go, about", "宣告成功所需的观察HR（约）"),
        "ratio_stop": ("Observed HR to stop, about", "终止对应的观察HR（约）"),
        "always": ("always", "总是"),
        "never": ("never", "从不"),
        "varies": (
            "Patients marked ~ vary from trial to trial; their median is shown with its counts.",
            "标有~的例数因试验而异，所列为其中位数及相应计数。",
        ),
        "ratio_note": (
            "Observed hazard ratios leave the prior aside and take events to be spread as patients are.",
            "观察风险比未计入先验，并假定事件按入组比例分布于各组。",
        ),
        "reference_note": (
            "Of two arms, rows are shown for numbers of events that are likely in the reference.",
            "两组比较时，仅列出参照组较可能出现的事件数。",
        ),
        "oc_table": ("Operating characteristics", "操作特征"),
        "most": ("At most", "最多例数"),
        "p_go": ("P(go)", "P(成功)"),
        "p_stop": ("P(stop)", "P(终止)"),
        "p_right": ("P(right)", "P(正确)"),
        "p_early": ("P(ends early)", "P(提前结束)"),
        "patients": ("Patients", "例数"),
        "months": ("Months", "月数"),
        "events": ("Events", "事件数"),
        "interval_note": (
            "In brackets 95 % Monte Carlo intervals. Numbers without one are exact.",
            "括号内为95%蒙特卡罗区间；未附区间者为精确值。",
        ),
        "look_table": ("Shares of trials that go and stop at each look", "各次查看时宣告成功与终止的试验比例"),
        "rule": ("Rule", "规则"),
        "binding": ("binding", "有约束力"),
        "advises": ("advises", "仅供参考"),
        "advice_table": ("First act of each rule, up to the end of the trial", "试验结束前各规则的首次决策"),
        "kind": ("Kind", "性质"),
        "prior_table": ("Averaged over the design prior", "按设计先验平均"),
        "assurance": ("Assurance, P(go)", "成功概率（assurance），P(成功)"),
        "effective": ("P(effective)", "P(有效)"),
        "effective_given_go": ("P(effective | go)", "P(有效 | 成功)"),
        "ineffective_given_go": ("P(ineffective | go)", "P(无效 | 成功)"),
        "false_go_where_ineffective": ("P(go | ineffective)", "P(成功 | 无效)"),
        "missed_where_effective": ("P(no go | effective)", "P(未成功 | 有效)"),
        "effective_is": (
            "The truth counts as effective where {estimand} is {limit}. The design prior is what is believed for "
            "planning; the analysis has a prior of its own.",
            "当{estimand}{limit}时视为有效。设计先验仅用于试验计划，分析另有其自身的先验。",
        ),
        "below": ("below {value}", "小于{value}"),
        "above": ("above {value}", "大于{value}"),
        "difference_of": ("the rate (or difference of rates) of {name}", "{name}的率（或率差）"),
        "hazard_ratio": ("the hazard ratio", "风险比"),
        "calibrated": (
            "{key} of {rule} is {value} (95 % Monte Carlo interval {lower} to {upper}) for false alarms of {alarm}.",
            "为使假阳性率为{alarm}，{rule}的{key}取{value}（95%蒙特卡罗区间{lower}至{upper}）。",
        ),
        "fresh_table": ("P(go) in fresh trials that had no part in the search", "未参与寻优的新模拟试验中的P(成功)"),
        "size_found": (
            "P(go) of {power} is reached with {patients} patients (95 % Monte Carlo interval {lower} to {upper}) under "
            '"{truth}".',
            "若“{truth}”，达到P(成功)={power}需{patients}例（95%蒙特卡罗区间{lower}至{upper}）。",
        ),
        "size_read": (
            "P(go) of {power} is reached with {patients} patients (95 % Monte Carlo interval {lower} to {upper}), read "
            'off between sizes, under "{truth}".',
            "若“{truth}”，达到P(成功)={power}约需{patients}例（95%蒙特卡罗区间{lower}至{upper}，由相邻样本量内插得到）。",
        ),
        "size_beyond": ("outside the sizes", "超出所列样本量"),
        "size_exact": (
            'P(go) of {power} holds from {patients} patients on, the smallest such size of the list, under "{truth}".',
            "若“{truth}”，自{patients}例起P(成功)均不低于{power}（所列样本量中最小者，精确枚举）。",
        ),
        "size_table": ("What each step between sizes adds", "样本量逐级增加的收益"),
        "size_step": ("{first} to {last}", "{first}至{last}"),
        "size_gain": ("P(go) gained over the same patients", "相同患者下P(成功)的增量"),
        "size_none": (
            'No size from {first} to {last} has P(go) of {power} under "{truth}".',
            "若“{truth}”，{first}至{last}例的样本量均未达到P(成功)={power}。",
        ),
        "drift_table": ("P(go) where true rates have moved away from those stated", "真实率偏离设定值时的P(成功)"),
        "drift": ("Drift of all rates", "各组率的漂移"),
        "drift_worst": (
            'The greatest P(go) is {go}, where all rates are {drift} from those of "{truth}".',
            "P(成功)最大为{go}，此时各组率较“{truth}”偏移{drift}。",
        ),
        "engine_counts": (
            "Rates: exact posterior probabilities, by counts.",
            "率终点：按计数精确计算后验概率。",
        ),
        "engine_gamma": (
            "Times: exact posterior probabilities, by events and time at risk, audited by the package's own fit.",
            "时间终点：按事件数与随访时间精确计算后验概率，并由本软件包的完整拟合审核。",
        ),
        "engine_newton": (
            "Times: Newton's method and a third-order tail area for every trial, audited by the package's own fit.",
            "时间终点：每次试验采用牛顿法与三阶尾概率近似，并由本软件包的完整拟合审核。",
        ),
        "engine_fit": (
            "Times: the package's own fit of every trial.",
            "时间终点：每次试验均由本软件包完整拟合。",
        ),
        "trials_said": (
            "{trials} trials for each truth, seed {seed}; the result depends on the seed alone.",
            "每种真实情形模拟{trials}次，随机种子{seed}；结果仅取决于种子。",
        ),
        "unfinished": (
            "{trials} of {wanted} trials: the run was interrupted.",
            "仅完成{wanted}次中的{trials}次模拟：运行被中断。",
        ),
        "audit_agrees": (
            "Audit: {n} trials, {near} of them near a threshold (of {found} such answers among {searched}), fitted "
            "again by the package's own sampler agree; "
            "probabilities differ by at most {largest} ({errors} Monte Carlo errors of the fit), "
            "{changed} decisions changed.",
            "审核：{n}次试验（其中{near}次接近界值，查找{searched}个答案，共有{found}个接近界值）由本软件包重新抽样拟合，结果一致；概率最大相差{largest}"
            "（为拟合蒙特卡罗误差的{errors}倍），{changed}个决策改变。",
        ),
        "audit_disagrees": (
            "NOT CONVERGED. Audit: of {n} trials fitted again by the package's own sampler, probabilities differ by up "
            "to {largest} ({errors} Monte Carlo errors of the fit), {changed} decisions changed. "
            "Of these trials {near} are near a threshold (of {found} such answers among {searched}).",
            "未收敛。审核：重新拟合的{n}次试验（其中{near}次接近界值，查找{searched}个答案，共有{found}个接近界值）中，概率最大相差{largest}"
            "（为拟合蒙特卡罗误差的{errors}倍），{changed}个决策改变。",
        ),
        "not_exact": ("Probabilities are simulated, since {why}.", "概率由模拟得到（{why}）。"),
        "is_exact": ("Probabilities are enumerated exactly.", "概率由精确枚举得到。"),
        "fitted": (
            "{n} trials were answered by the package's own fit.",
            "{n}次试验由本软件包完整拟合给出结果。",
        ),
        "again": (
            "The same page: bayes-escc design FILE --report --trials {trials}",
            "重做本页：bayes-escc design FILE --report --trials {trials}",
        ),
        "term_go": ("Go: the rule declares success.", "成功（go）：规则宣告试验成功。"),
        "term_stop": ("Stop: the rule ends the trial without success.", "终止（stop）：规则使试验在未成功时结束。"),
        "term_right": (
            "P(right): going where success is right, not going where it is wrong.",
            "P(正确)：应成功时宣告成功，不应成功时未宣告成功。",
        ),
        "caption_decisions": (
            "Shares of trials that go and stop, by truth and look.",
            "各真实情形下各次查看的成功与终止比例。",
        ),
        "caption_power": (
            "P(go), with 95 % Monte Carlo intervals; over the true effect where there is a design prior, shaded.",
            "P(成功)及95%蒙特卡罗区间；有设计先验时另绘其随真实效应的变化，阴影为设计先验。",
        ),
        "caption_duration": ("Distributions of patients and months.", "入组例数与历时的分布。"),
        "caption_convergence": ("P(go) as trials are added.", "P(成功)随模拟次数的变化。"),
        "caption_calibration": ("False alarms over the threshold.", "假阳性率随界值的变化。"),
        "caption_drift": ("P(go) over drift.", "P(成功)随漂移的变化。"),
        "caption_boundaries": (
            "Thresholds at each look, with the counts or hazard ratios that meet them.",
            "各次查看的界值及对应的计数或风险比。",
        ),
        "caption_replays": (
            "Ten trials of each truth on their way through the regions of the rule.",
            "各真实情形下十次试验在决策区域中的路径。",
        ),
        "caption_accrual": ("Patients entered by month, and when the looks fall.", "逐月入组例数与查看时间。"),
    }
)
