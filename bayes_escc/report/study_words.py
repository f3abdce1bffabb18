"""Words of what a study, a check and a reconstruction say in a terminal, in English and Chinese."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.quantities import Language

__all__ = ["CHECK_WORDS", "STUDY_WORDS", "cell_words", "column_words"]

_COLUMNS: Final = {
    "study": "研究",
    "regimen": "方案",
    "endpoint": "终点",
    "population": "人群",
    "events": "事件数",
    "n": "例数",
    "percent": "百分比",
    "experimental": "试验方案",
    "control": "对照方案",
    "measure": "效应指标",
    "estimate": "估计值",
    "ci_low": "下限",
    "ci_high": "上限",
    "ci_level": "置信水平",
    "se": "标准误",
    "median": "中位时间",
    "low": "下限",
    "high": "上限",
    "time_unit": "时间单位",
    "patients": "例数",
    "censored": "删失",
    "median_follow_up": "中位随访时间",
    "interval_censored": "区间删失",
    "longest_follow_up": "最长随访时间",
    "kaplan_meier_median": "Kaplan-Meier中位时间",
    "unit": "单位",
    "log_se": "对数的标准误",
    "basis": "标准误的依据",
    "subgroup": "亚组",
    "last_free": "末次未进展(last_free)",
    "first_progression": "首次进展(first_progression)",
    "scan_rule": "规则(scan_rule)",
}


def column_words(column: str, language: Language, *, spaced: bool = False) -> str:
    """A column of a table in a terminal; `spaced` writes the English name without underscores."""
    plain = column.replace("_", " ") if spaced else column
    return plain if language == "en" else _COLUMNS.get(column, plain)


_CELLS: Final = {
    "all": "合计",
    "months": "月",
    "weeks": "周",
    "days": "天",
    "years": "年",
    "assumed events": "假设的事件数",
    "events": "事件数",
    "interval": "区间",
    "standard error": "标准误",
}


def cell_words(column: str, cell: str, language: Language) -> str:
    """A cell that the package wrote itself: units, what an error rests on, the line of all regimens."""
    own = column in ("unit", "time_unit", "basis") or (column == "regimen" and cell == "all")
    return _CELLS.get(cell, cell) if own and language == "zh" else cell


STUDY_WORDS: Final = {
    # where a study stands
    "no_data_yet": (
        "No data yet. Give the first cut: bayes-escc study update STUDY.db CUT.csv",
        "尚无数据。请给出首次数据截止的表格：bayes-escc study update STUDY.db CUT.csv",
    ),
    "data_cut": ("Data cut {n} ({source}, {at}): {rows}", "第{n}次数据截止（{source}，{at}）：{rows}"),
    "one_row": ("{n} row", "{n}行"),
    "rows": ("{n} rows", "{n}行"),
    "nothing_known": (", nothing known yet of {n}", "，其中{n}例尚无任何结果"),
    "published_beside": ("Published beside them: {names}", "一并采用的已发表数据：{names}"),
    "fitted": ("{size}; {sampler}, seed {seed}.", "{size}；{sampler}，随机种子{seed}。"),
    "one_data_cut": ("{n} data cut", "{n}次数据截止"),
    "data_cuts": ("{n} data cuts", "{n}次数据截止"),
    "withdrawn": (", {n} withdrawn", "，{n}例撤回同意"),
    "one_entry": ("1 entry", "1条记录"),
    "entries": ("{n} entries", "{n}条记录"),
    "log_of": ("{cuts}{gone}; log of {entries}, head {head}", "{cuts}{gone}；日志{entries}，末条摘要{head}"),
    # comparisons
    "reference": ("against", "参照"),
    "no_bias": ("no bias", "不考虑偏倚"),
    "error_short": ("MCSE", "MCSE"),
    "median": ("median", "中位数"),
    "assigned": ("{pair}: {anchoring}.", "{pair}：{anchoring}。"),
    "asked": ("{what}, {scale}: {regimen}", "{what}，{scale}：{regimen}"),
    "of": ("{what}: {regimen}", "{what}：{regimen}"),
    "against_reference": ("{asked}, against {reference}", "{asked}，参照{reference}"),
    "better_is": ("P(better): {asked}, against {reference}.", "更优的概率：{asked}，参照{reference}。"),
    "better_p": ("P(better) {p}{bias}; {interval}", "更优的概率{p}{bias}；{interval}"),
    "allowing": (", {p} allowing for bias", "（考虑偏倚时为{p}）"),
    "was": ("was", "此前"),
    "is": ("is", "现在"),
    "not_there": ("not there", "无"),
    # the log
    "at_utc": ("at (UTC)", "时间(UTC)"),
    "who": ("who", "操作者"),
    "action": ("action", "操作"),
    "rows_column": ("rows", "行数"),
    "changes": ("changes", "变化"),
    "rules": ("rules", "决策规则"),
    "rule_decides": ("{rule}: {decision}", "{rule}：{decision}"),
    "init": ("init", "建立"),
    "freeze": ("freeze", "固定"),
    "cut": ("cut", "数据截止"),
    "withdraw": ("withdraw", "撤回"),
    "amend": ("amend", "修改分析"),
    "unlock": ("unlock", "解锁"),
    # changes
    "no_change": ("No change.", "无变化。"),
    "kinds": ("{n} {kind}", "{kind}{n}"),
    "gone": ("{n} withdrawn, and erased from every data cut.", "{n}例撤回同意，已从各次数据截止中删除。"),
    "past_facts": ("These rewrite past facts:", "以下变化改写了既往记录："),
    "need_a_word": (
        "These rewrite past facts and need a person's word:",
        "以下变化改写了既往记录，须由人确认：",
    ),
    # updates and previews
    "recorded": ("Recorded as data cut {n}. {changes}", "已记录为第{n}次数据截止。{changes}"),
    "preview_off": (
        "The preview was {n} Monte Carlo errors off.",
        "预览与重新拟合相差{n}个蒙特卡罗误差。",
    ),
    "predictive": (
        "Log density of the {n} new patients under the last posterior: {value} (MCSE {error}).",
        "{n}例新患者在上次后验下的对数预测密度：{value}（MCSE {error}）。",
    ),
    "look_again": ("Look again: {text}", "请再核对：{text}"),
    "nothing_to_preview": (
        "No preview: there is nothing to compare. Update to see the estimates.",
        "无预览：没有可比较的内容。请运行update查看估计值。",
    ),
    "preview": ("PREVIEW by reweighting the last fit; not recorded.", "预览：对上次拟合重新加权所得，未记录。"),
    "weights_good": ("k-hat {k}, {ess} effective draws.", "k-hat {k}，有效样本数{ess}。"),
    "no_preview": ("No preview. {reason}", "无预览。{reason}"),
    # other commands
    "what_cut_changed": ("What data cut {n} changed:", "第{n}次数据截止的变化："),
    "nothing_to_draw": ("No data yet, so there is nothing to draw.", "尚无数据，没有可绘制的图。"),
    "files_in": ("{n} files in {folder}", "{folder}中{n}个文件"),
    "not_locked": ("{study} is not locked.", "{study}未被锁定。"),
    "lock_broken": ("The lock of {holder} was broken.", "已解除{holder}的锁定。"),
    "record_whole": (
        "The record is whole: {n} entries. Head {head}",
        "记录完整：{n}条。末条摘要{head}",
    ),
    "record_damaged": ("THE RECORD IS DAMAGED; {state}:", "记录已损坏；{state}："),
    "whole_up_to": ("whole up to entry {k} of {n}", "{n}条中前{k}条完整"),
    "none_whole": ("not one entry is whole", "没有一条完整"),
    "log_whole": ("what the log records is whole, but", "日志所记内容完整，但"),
}

CHECK_WORDS: Final = {
    # check
    "no_problems": ("No problems; {notes}. SHA-256 {digest}", "未发现问题；{notes}。SHA-256 {digest}"),
    "one_note": ("{n} note", "{n}条提示"),
    "notes": ("{n} notes", "{n}条提示"),
    "read_differently": ("{n} cells read differently or derived", "{n}个单元格经转换或推算"),
    "read_as": (
        "{sheet} row {row}, {column}: {cell} read as {read} ({why})",
        "{sheet}第{row}行，{column}：{cell}读作{read}（{why}）",
    ),
    "table_of": ("{source}: {rows}", "{source}：{rows}"),
    # reconstruct
    "patients_events": (
        "{patients}, {events} ({printed_events}), median {median} ({printed_median}).",
        "{patients}，{events}（{printed_events}），中位时间{median}（{printed_median}）。",
    ),
    "printed": ("{value} printed", "原文{value}"),
    "not_printed": ("not printed", "原文未给出"),
    "closeness": (
        "Difference from the points of the figure: at most {largest}, root mean square {typical}; read to "
        "{precision}, moved by at most {moved} to make the curve decrease.",
        "与图中各点之差：最大{largest}，均方根{typical}；读数精度{precision}，为使曲线单调下降最多移动{moved}。",
    ),
    "time": ("time", "时间"),
    "at_risk_printed": ("at risk, printed", "原文风险人数"),
    "reproduced": ("reproduced", "还原值"),
    "patients_are_in": (
        "Patients are in {path}, the overlay beside it.",
        "患者数据保存于{path}，对照图在同一文件夹。",
    ),
    # sensitivity
    "scaled_title": (
        "Prior and likelihood raised to a power, without fitting again",
        "对先验与似然取幂（不重新拟合）",
    ),
    "sensitivity_to": ("sensitivity to", "敏感性"),
    "prior": ("prior", "先验"),
    "likelihood": ("likelihood", "似然"),
    "as_it_is": ("as it is", "原分析"),
    "power": ("{name}^{power}", "{name}^{power}"),
    "scaled_note": (
        "Sensitivity is how fast a distribution moves per doubling of the power (Kallioinen and others 2024); above "
        "0.05 an answer depends on that part. Depending on the prior alone, it is the prior that speaks; on both, they "
        "may disagree.",
        "敏感性为幂指数每增加一倍时分布变化的快慢（Kallioinen等，2024）；大于0.05表示结果依赖该部分。"
        "仅依赖先验时，结果由先验决定；同时依赖两者时，先验与数据可能不一致。",
    ),
    "log_evidence": ("log evidence", "对数边际似然"),
    "bayes_factor": ("Bayes factor", "贝叶斯因子"),
    "bayes_factor_for": ("Bayes factor for {name}: {value}", "{name}的贝叶斯因子：{value}"),
    "factors_note": (
        "Both depend on the prior of what they test: the vaguer it is, the lower the factor in its favour.",
        "两者均取决于所检验参数的先验：先验越宽，支持它的贝叶斯因子越小。",
    ),
    "below_null": ("P(< {null})", "P(< {null})"),
    "evidence_note": (
        "Bayes factors are against the analysis as specified; they answer which prior or model foresaw the data "
        "better, and vague priors always lose.",
        "贝叶斯因子以原分析为参照，回答哪种先验或模型更好地预见了数据；过宽的先验总处于劣势。",
    ),
    "evidence_blank": (
        " Where the evidence is blank, the line was sampled by NUTS.",
        "边际似然为空者由NUTS抽样得出。",
    ),
    "title_against": ("{title}: against {reference}", "{title}：参照{reference}"),
    "title_pair": ("{title}: {regimen} against {reference}", "{title}：{regimen}与{reference}比较"),
    "in_unit": ("{name}: {unit} ({ci})", "{name}差值（{unit}，{ci}）"),
    "with_ci": ("{name} ({ci})", "{name}（{ci}）"),
    # proportional hazards
    "proportional_title": ("Proportional hazards. {title}", "比例风险检验：{title}"),
    "change_of_ratio": ("change of the hazard ratio, {when} ({ci})", "风险比(HR)的变化，{when}（{ci}）"),
    "rising": ("P(rising)", "P(上升)"),
    "replicates": ("p-value of replicates", "后验预测p值"),
    "times": ("times {value} ({limits})", "{value}倍（{limits}）"),
    "proportional_factor": (
        "Bayes factor for proportional against free hazards: {value}",
        "比例风险模型相对自由风险模型的贝叶斯因子：{value}",
    ),
    "by_nuts": ("not known (sampled by NUTS)", "未知（由NUTS抽样）"),
    "proportional_loo": (
        "Leave-one-out, free minus proportional: {value} (standard error {error})",
        "留一法预测精度，自由风险减比例风险：{value}（标准误{error}）",
    ),
    # direct against indirect evidence
    "network_title": ("{title} ({unit}, median and {ci})", "{title}（{unit}，中位数与{ci}）"),
    "pair": ("pair", "比较"),
    "trials": ("trials", "试验数"),
    "network": ("network", "网状"),
    "unrelated": ("unrelated", "不相关效应"),
    "direct": ("direct", "直接"),
    "indirect": ("indirect", "间接"),
    "split": ("direct against indirect", "直接与间接相比"),
    "exceeds": ("P(above)", "P(直接>间接)"),
    "no_indirect": ("no indirect evidence", "无间接证据"),
    "model": ("model", "模型"),
    "tau": ("tau", "tau"),
    "residual_deviance": ("residual deviance", "残差偏差"),
    "data_points": ("data points", "数据点"),
    "effective_parameters": ("effective parameters", "有效参数个数"),
    "dic": ("DIC", "DIC"),
    # what ships
    "dataset": ("{name} ({kind})\n  {title}", "{name}（{kind}）\n  {title}"),
    "kind_counts": ("counts", "计数(counts)"),
    "kind_patients": ("patients", "患者(patients)"),
    "kind_medians": ("medians", "中位时间(medians)"),
    "kind_effects": ("effects", "效应(effects)"),
    "sources": ("Sources:", "来源："),
    "source_of": ("  {study}: {source}", "  {study}：{source}"),
    "kept_flaws": (
        "Kept as printed, with its flaws: bayes-escc check --kind effects {path} lists them.",
        "按原文保留，含其错误；列出错误：bayes-escc check --kind effects {path}",
    ),
    "copied": ("Written to {path}; run it with: {command}", "已写入{path}；运行：{command}"),
    "compiled": ("{name}: compiled in {seconds} s", "{name}：编译用时{seconds}秒"),
    # visits
    "intervals_written": (
        'Written to {path}; read it with interval = ["last_free", "first_progression"].',
        '已写入{path}；以 interval = ["last_free", "first_progression"] 读取。',
    ),
}
