"""What readers of published effects and medians refuse or note, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["EFFECTS", "MEDIANS"]

EFFECTS: Final = (
    ("the {name} limit is missing.", "缺少{name}。"),
    ("not above its lower limit {low}.", "不大于其下限{low}。"),
    ("Give the standard error, if it is reported.", "若有报告，请给出标准误。"),
    ("Use one of {names}; for a row that gives one arm, {arms}.", "请用{names}之一；单组的行用{arms}。"),
    (
        "Give the lower limit in ci_low and the upper limit in ci_high, as the source prints them.",
        "请按原文在ci_low填写下限，在ci_high填写上限。",
    ),
    ("a standard error is a number greater than 0.", "标准误应为大于0的数。"),
    (
        "Give it on the log scale for a ratio, or leave it blank and give the interval.",
        "比值请按对数尺度填写标准误，或留空并给出区间。",
    ),
    ("a risk difference lies between -1 and 1.", "率差应在-1～1之间。"),
    ("Give it as a share: -0.12 for 12 percentage points fewer.", "请填小数：低12个百分点即为-0.12。"),
    ("a ratio is greater than 0; this one was rounded to 0.", "比值应大于0，所填已舍入为0。"),
    (
        "Give more decimals, or the standard error of its logarithm in a column se.",
        "请给出更多小数位，或在se列给出其对数的标准误。",
    ),
    (
        "the estimate and its {level} % interval imply p = {p} ({sides}-sided).",
        "由估计值与其{level}%区间推得p = {p}({sides}-sided)。",
    ),
    (
        "Check estimate, limits, ci_level and p; a one-sided p is declared by a column p_sides.",
        "请核对估计值、界限、ci_level与p；单侧p请在p_sides列注明。",
    ),
    (
        "the middle of the interval on the log scale is {low} to {high} allowing for rounding, not the estimate {value}.",
        "按舍入范围，区间在对数尺度上的中点为{low}～{high}，而非估计值{value}。",
    ),
    (
        "the middle of the interval is {low} to {high} allowing for rounding, not the estimate {value}.",
        "按舍入范围，区间的中点为{low}～{high}，而非估计值{value}。",
    ),
    (
        "Check the three numbers; if the source uses another method, put it into a table with its standard error in a column "
        "se and no limits, and pool that file.",
        "请核对三个数字；若原文采用其他方法，请将其写入表格，在se列给出标准误而不填界限，再合并该文件。",
    ),
    (
        "Check the three numbers; if the source uses another method, give the standard error in a column se and leave the "
        "limits blank.",
        "请核对三个数字；若原文采用其他方法，请在se列给出标准误并将界限留空。",
    ),
    (
        "the {level} % interval implies a standard error of {value} on the log scale, not {se}.",
        "{level}%区间对应的对数尺度标准误为{value}，而非{se}。",
    ),
    (
        "the {level} % interval implies a standard error of {value}, not {se}.",
        "{level}%区间对应的标准误为{value}，而非{se}。",
    ),
    ("a p-value is a number between 0 and 1, or one such as <0.001.", "p值应为0～1之间的数，或如<0.001。"),
    ("a p-value has one or two sides.", "p值为单侧或双侧。"),
    ("Write one or two.", "请填one或two。"),
    ("a p-value that is only a bound does not give the standard error.", "仅为界限的p值无法推得标准误。"),
    ("Look up the exact one, the interval, or the standard error.", "请查找确切的p值、区间或标准误。"),
    (
        "the estimate and its p-value are rounded too much to give the standard error.",
        "估计值与p值舍入过多，无法推得标准误。",
    ),
    ("Look up the interval, or give both with more decimals.", "请查找区间，或给出两者更多的小数位。"),
    ("unknown conclusion.", "结论用词不明。"),
    (
        "the conclusion says no difference, but the interval {interval} excludes {null}.",
        "结论为无差别，而区间{interval}不含{null}。",
    ),
    ("the conclusion says {claim}, but the estimate is {value}.", "结论为{claim}，而估计值为{value}。"),
    (
        "the conclusion says {claim}, but the interval {interval} includes {null}.",
        "结论为{claim}，而区间{interval}包含{null}。",
    ),
    ("Correct the conclusion.", "请更正结论。"),
    ("Say that a difference was not shown.", "请写明未显示差别。"),
    (
        "the standard errors of the pairs of {study}, {endpoint}, cannot come from {k} arms: the variance of {arm} would be "
        "{value}.",
        "{study}的{endpoint}各对的标准误不可能来自{k}组：{arm}的方差将为{value}。",
    ),
    (
        "Check them; give the contrasts against one arm alone if they come from different models.",
        "请核对；若来自不同的模型，请只给出与同一组的对比。",
    ),
    (
        "{study} gives all {n} pairs of its {k} arms for {endpoint}; its {m} contrasts against {base} are used, the others "
        "for the variance of that arm (standard error {se}).",
        "{study}给出{endpoint}{k}组的全部{n}对对比；采用与{base}的{m}项对比，其余用于求该组的方差(标准误{se})。",
    ),
    ("Nothing is counted twice.", "没有重复计入。"),
    (
        "the other pairs of {study}, {endpoint}, imply a standard error of {implied} for {a} against {b}, not {value}.",
        "由{study}的{endpoint}其他各对推得{a}与{b}对比的标准误为{implied}，而非{value}。",
    ),
    ("Check the standard errors and intervals of its rows.", "请核对其各行的标准误与区间。"),
    (
        "the effects of {study}, {endpoint}, do not add up: {a} against {b} and {c} against {d} give {sum} for {e} against "
        "{f} (on the log scale for ratios), not {value}.",
        "{study}的{endpoint}各效应不能相加：由{a}与{b}、{c}与{d}的对比推得{e}与{f}的对比为{sum}(比值按对数尺度)，而非{value}。",
    ),
    ("Check which way round each contrast is.", "请核对每项对比的方向。"),
    (
        "the standard error of the control arm alone, {alone}, is not below that of the contrast, {error}.",
        "仅对照组的标准误{alone}不小于对比的标准误{error}。",
    ),
    (
        "Correct {column} or the interval: the variance of a contrast is the sum of those of its arms.",
        "请更正{column}或区间：对比的方差为各组方差之和。",
    ),
    (
        "{study} gives {n} contrasts that share the arm {arm}, and the variance of that arm is not known.",
        "{study}有{n}项对比共用{arm}组，而该组的方差未知。",
    ),
    (
        "Add a column {se} (its standard error, on the log scale for ratios) or events_control (its number of events; with "
        "n_control for odds and risk ratios), give every pair of its arms, or keep one contrast with regimens or where.",
        "请添加{se}列(其标准误，比值按对数尺度)或events_control列(其事件数；比值比与相对危险度另需n_control)，"
        "或给出各组两两对比，或用regimens或where只保留一项对比。",
    ),
    (
        "{study} gives {n} contrasts that share the arm {arm}, and the standard error of that arm alone, {a}, is not below "
        "that of a contrast, {b}.",
        "{study}有{n}项对比共用{arm}组，而仅该组的标准误{a}不小于某项对比的标准误{b}。",
    ),
    (
        "Correct that arm's numbers or the intervals: the variance of a contrast is the sum of those of its arms.",
        "请更正该组的数字或区间：对比的方差为各组方差之和。",
    ),
    (
        "{study} has {n} contrasts of {endpoint} that share patients, with different controls.",
        "{study}的{endpoint}有{n}项对比共用患者，且对照不同。",
    ),
    ("{study} has {n} contrasts of {endpoint} that share patients.", "{study}的{endpoint}有{n}项对比共用患者。"),
    (
        "A pairwise model refuses them together; a network models their correlation.",
        "两两比较模型不能同时采用；网状模型可对其相关性建模。",
    ),
    (
        "Every model refuses them together: give all pairs of the arms, or all contrasts against one arm.",
        "任何模型都不能同时采用：请给出各组两两对比，或与同一组的全部对比。",
    ),
    ("{study} gives contrasts with different controls.", "{study}的各项对比采用不同的对照。"),
    (
        "Give all its contrasts against one arm, or every pair of its arms, which gives the variances of the arms too.",
        "请给出与同一组的全部对比，或各组两两对比(同时给出各组的方差)。",
    ),
    ("the network is in {n} pieces without a common regimen: {names}.", "网络分为{n}个没有共同方案的部分：{names}。"),
    (
        "Compare within one piece, or give regimens that are the same in practice one name.",
        "请在同一部分内比较，或将实际相同的方案统一命名。",
    ),
    (
        "{source}: {measures} cannot be pooled on one scale; select one.",
        "{source}：{measures}不能在同一尺度上合并，请选择其一。",
    ),
    (
        "{source}: {study} counts more than once for {a} against {b}: its rows are overlapping populations.",
        "{source}：{study}的{a}与{b}比较被重复计数，各行人群有重叠。",
    ),
    ("Choose one with population or where.", "请用population或where选择其一。"),
    ("endpoint {name} is not in {source}; it has {names}.", "{source}中没有终点{name}，现有{names}。"),
    ("endpoint: the table has {names}; name one.", "终点：表中有{names}，请指明一个。"),
    ("{endpoint} is reported as {a} here and as {b} in row {row}.", "{endpoint}此处报告为{a}，第{row}行为{b}。"),
    ("Bring all rows of an endpoint to one measure.", "请将同一终点各行统一为一种指标。"),
    (
        "{endpoint} is the time to an event, and its effect is given as {measure}.",
        "{endpoint}为时间-事件终点，其效应以{measure}给出。",
    ),
    (
        "A hazard ratio (HR) is usual; if it compares the proportions with an event by some time, name that time in the "
        "endpoint.",
        "通常采用风险比(HR)；若比较的是某一时间点前发生事件的比例，请在终点名称中写明该时间。",
    ),
    (
        "{study} gives {n} contrasts that share patients ({names}); pooled as independent its control arm would count {m} "
        "times.",
        "{study}有{n}项对比共用患者({names})；若按独立合并，其对照组将被计{m}次。",
    ),
    (
        "Keep one with where or regimens, or use network = true, which models their correlation.",
        "请用where或regimens保留其一，或设network = true以对其相关性建模。",
    ),
    ("no rows of {source} are left after the selection.", "选择之后{source}没有剩余的行。"),
    ("no patients of {source} are left after the selection.", "选择之后{source}没有剩余的患者。"),
    ("where: there is no column {column}.", "where：没有{column}列。"),
    ("where: no row has {column} = {values}.", "where：没有{column} = {values}的行。"),
)

MEDIANS: Final = (
    (
        "not reached: used as a median beyond {end} {unit}, with the precision of {whose}.",
        "未达到：按中位时间超过{end}{unit}处理，精度依据{whose}。",
    ),
    ("Leave the arm out if survival was not above one half to then.", "若此前生存率并非一直高于一半，请去掉该组。"),
    ("Give their number, or leave the arm out.", "请给出例数，或去掉该组。"),
    ("events_basis is stated or assumed.", "events_basis应为stated或assumed。"),
    ("Give it, or leave the arm out.", "请给出，或去掉该组。"),
    ("a median needs events.", "中位时间需要事件数。"),
    (
        "a median that was not reached says that survival stayed above one half to the end of follow-up, which is not "
        "stated.",
        "中位时间未达到，说明至随访结束生存率一直高于一半，但未注明随访时间。",
    ),
    (
        "Give that time in a column follow_up, or as the median >12 if it was 12 {unit}; otherwise leave the arm out, or "
        'give its patients (kind = "patients").',
        '请在follow_up列填写该时间，或若为12{unit}则将中位时间写作>12；否则请去掉该组，或给出其患者数据(kind = "patients")。',
    ),
    (
        "the median was not reached, although {events} of {n} patients had the event.",
        "中位时间未达到，但{n}例中有{events}例发生事件。",
    ),
    (
        "Correct the events, n or the median: every event lowers the curve by at least 1/n.",
        "请更正事件数、n或中位时间：每例事件使曲线至少下降1/n。",
    ),
    ("the median was not reached, but its upper limit was.", "中位时间未达到，但其上限已达到。"),
    ("a lower limit is always reached.", "下限总是可以达到的。"),
    ("Give it, or leave both limits blank.", "请给出，或将两端均留空。"),
    ("not between {low} and {high}.", "不在{low}与{high}之间。"),
    ("the upper limit was not reached; the precision is that of the lower one.", "上限未达到，精度取自下限。"),
    ("Events say more, if they are reported.", "若有报告，事件数提供的信息更多。"),
    (
        "{value} lies far from the middle of {low} to {high} on the log scale.",
        "{value}在对数尺度上远离{low}～{high}的中点。",
    ),
    ("Kaplan-Meier intervals often do; check the three numbers.", "Kaplan-Meier区间常如此，请核对三个数字。"),
    ("how many patients were followed is not stated.", "未注明随访例数。"),
    ("Give n, or events, or a lower limit below the follow-up.", "请给出n、事件数，或小于随访时间的下限。"),
    ("neither an interval nor a number of events.", "既无区间也无事件数。"),
    (
        "Give lower and upper, or events; assumed events are marked events_basis = assumed.",
        "请给出上下限或事件数；假设的事件数请注明events_basis = assumed。",
    ),
    (
        "the unit of the medians must be declared: time_unit is one of {units}.",
        "必须注明中位时间的单位：time_unit为{units}之一。",
    ),
    ("{value} is more than ten times the shortest median, {shortest}.", "{value}超过最短中位时间{shortest}的十倍。"),
    ("Check that all are in one unit.", "请确认单位一致。"),
)
