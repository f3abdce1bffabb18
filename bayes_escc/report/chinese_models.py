"""What models refuse or note of an analysis and its patients, in English and Chinese; holes stand for names and numbers."""

from __future__ import annotations

from typing import Final

__all__ = ["MODELS"]

_COVARIATES: Final = (
    ("the value is not a number.", "该值不是数字。"),
    ('Correct it, or use coding = "categorical".', '请更正，或设coding = "categorical"。'),
    ("Correct it or change the transform.", "请更正，或更换transform。"),
    ("log needs a positive value.", "log变换需要正值。"),
    ("Leave the covariate out.", "请去掉该协变量。"),
    ("the level is not one of {levels}.", "该水平不是{levels}之一。"),
    ("Correct it, or add it to levels.", "请更正，或将其加入levels。"),
    ("missing values of a covariate with {n} levels cannot be imputed.", "有{n}个水平的协变量无法填补缺失值。"),
    (
        'Set missing = "complete_case", or write "unknown" as a level of its own.',
        '请设missing = "complete_case"，或将unknown写作单独的水平。',
    ),
    ("the order of {levels} is not known.", "不知{levels}的次序。"),
    ("Give levels = [...], the lowest first.", "请给出levels = [...]，由低到高。"),
    ("the value is missing.", "缺少该值。"),
    (
        'Fill it in, or set missing = "complete_case"; survival models can also "impute".',
        '请填写，或设missing = "complete_case"；生存模型还可用"impute"。',
    ),
    ("{source}: no patient has a value for every covariate.", "{source}：没有患者具有全部协变量的值。"),
    ("{path}: name a column twice.", "{path}：同一列重复列出。"),
    ("{path}: names a covariate twice.", "{path}：同一协变量重复列出。"),
    (
        "{path}: must be two or more distinct levels in order, not {value}.",
        "{path}：应为两个以上不同的水平，按次序排列，而非{value}。",
    ),
    ("{path}: must be positive, not {value}.", "{path}：应为正数，而非{value}。"),
    ("there is no column {column}, a covariate of the model.", "没有模型协变量{column}列。"),
    ("Add it, or rename the column that holds it.", "请添加，或将相应的列改名。"),
    ("Fill it in, correct it, or leave the row out.", "请填写、更正，或去掉该行。"),
)

_RESPONSE: Final = (
    ("every patient on {name} responded.", "{name}组患者均缓解。"),
    ("no patient on {name} responded.", "{name}组无患者缓解。"),
    ("{path}: is not here; there are {names}.", "{path}：此处没有；现有{names}。"),
    ("{study}, {regimen}: no row for {names} (write 0 if none).", "{study}，{regimen}：缺少{names}的行(若无请填0)。"),
    (
        "{study}, {regimen}: {categories} = {sum}, but n is {n}; patients without an assessment are NE.",
        "{study}，{regimen}：{categories} = {sum}，而n为{n}；未评估的患者记为NE。",
    ),
    (
        '{path}: is needed with regimen_coding = "reference": name the regimen.',
        '{path}：regimen_coding = "reference"时必须写明方案。',
    ),
    (
        '{path}: has no meaning with regimen_coding = "exchangeable"; leave one of them out.',
        '{path}：与regimen_coding = "exchangeable"同用没有意义，请去掉其一。',
    ),
    (
        '{path}: has no meaning with pooling = "none"; did you mean pooling = "partial"?',
        '{path}：与pooling = "none"同用没有意义；是否指pooling = "partial"？',
    ),
    ("{path}: need likelihood = {needed}, not {stated}.", "{path}：需要likelihood = {needed}，而非{stated}。"),
    (
        "{path}: is not a parameter of this model, which takes {names}.",
        "{path}：不是本模型的参数，本模型的参数为{names}。",
    ),
    (
        "{path}: is not a parameter with likelihood = {likelihood}, pooling = {pooling}, which takes {names}.",
        "{path}：likelihood = {likelihood}、pooling = {pooling}时没有该参数，可用{names}。",
    ),
    ("{path}: {prior} is not possible here: use one of {names}.", "{path}：此处不能用{prior}，请用{names}之一。"),
    (
        "data.endpoint: name one endpoint; the prior of a contrast is that of one.",
        "data.endpoint：请指明一个终点；对比的先验只针对一个终点。",
    ),
    (
        "model.reference: {name} is not a regimen here; there are {names}.",
        "model.reference：此处没有方案{name}，现有{names}。",
    ),
)

_SURVIVAL: Final = (
    (
        'survival models need patients (data.kind = "patients") or medians, not counts.',
        '生存模型需要患者数据(data.kind = "patients")或中位时间，不能用计数。',
    ),
    ("proportional hazards: needs patients on at least two regimens.", "比例风险检验：至少需要两种方案的患者。"),
    (
        'model.dating: "detecting_scan" needs interval columns (last scan without, first scan with progression); the table '
        "has known times, which are used as they are.",
        'model.dating："detecting_scan"需要区间列(末次未进展与首次进展的检查)；表中为确切时间，按其使用。',
    ),
    (
        "model.frailty: there is no column {column}; the columns are {columns}.",
        "model.frailty：没有{column}列；现有列为{columns}。",
    ),
    (
        "model.frailty: every patient is of {column} {name}, so that hazards cannot differ between centres; leave frailty out.",
        "model.frailty：所有患者的{column}均为{name}，中心之间的风险率无法不同；请去掉frailty。",
    ),
    ("Fill it in; a centre of its own may be called unknown.", "请填写；单独的中心可记为unknown。"),
    (
        'model: medians say nothing about the shape of hazards; use baseline = "exponential", regimen_effect = '
        '"stratified" and a prior on the median.',
        'model：中位时间不能说明风险率的形状；请用baseline = "exponential"、regimen_effect = "stratified"，并给出中位时间的先验。',
    ),
    ("model.covariates: published medians have none.", "model.covariates：已发表的中位时间没有协变量。"),
    (
        "values are missing of {n} yes-or-no covariates; at most {most} can be summed out together.",
        "有{n}个是否型协变量缺失，最多只能同时求和消去{most}个。",
    ),
    (
        'Set missing = "complete_case" for some, or leave them out.',
        '请将其中一些设为missing = "complete_case"，或去掉。',
    ),
    (
        "own patients seem to be a published arm ({names}): they would count twice.",
        "本组患者似为某个已发表组({names})，将被重复计入。",
    ),
    ("Leave the published arm out, or the own patients.", "请去掉该已发表组，或去掉本组患者。"),
    (
        '{path}: constant hazards are proportional; use "proportional" or "stratified".',
        '{path}：恒定的风险率必成比例；请用"proportional"或"stratified"。',
    ),
    ("{path}: needs covariates, whose coefficients it shrinks.", "{path}：需要协变量，以收缩其系数。"),
    ("{path}: needs shrinkage = {needed}, not {stated}.", "{path}：需要shrinkage = {needed}，而非{stated}。"),
    ("{path}: needs baseline = {needed}, not {stated}.", "{path}：需要baseline = {needed}，而非{stated}。"),
    ("{path}: needs model.frailty, the column of the centres.", "{path}：需要model.frailty，即中心所在的列。"),
    ("{path}: {name} is a covariate already; leave one out.", "{path}：{name}已是协变量，请去掉其一。"),
    (
        "{path}: the level of the hazard has its prior already, {prior}; leave one out.",
        "{path}：风险率的水平已有先验{prior}，请去掉其一。",
    ),
    ("{path}: {column} is not a covariate with missing = {how}.", "{path}：{column}不是missing = {how}的协变量。"),
    ("{path}: needs a covariate with missing = {how}.", "{path}：需要missing = {how}的协变量。"),
    (
        'estimands.population: {name} is neither "all" nor a regimen; there are {names}.',
        'estimands.population：{name}既非"all"也非方案名；现有{names}。',
    ),
    (
        "estimands.population: without covariates in the model all patients are alike, so results cannot be carried over to "
        "another population; add covariates, or leave it out.",
        "estimands.population：模型没有协变量时患者均相同，结果无法推至其他人群；请加入协变量，或去掉该项。",
    ),
    ("the stratum is missing.", "缺少分层。"),
    (
        "Fill it in, leave the patient out, or write unknown, which is then a stratum of its own.",
        "请填写、去掉该患者，或填unknown作为单独的层。",
    ),
)

_STRATA: Final = (
    (
        "there is no stratum {stratum}: the patients of the fit have {strata}.",
        "没有分层{stratum}：拟合所用患者的分层为{strata}。",
    ),
    ("there is no stratum {stratum}: this model knows {strata}.", "没有分层{stratum}：本模型的分层为{strata}。"),
    (
        "Correct the spelling; a further stratum has a baseline of its own, so it is another model.",
        "请更正写法；新增的分层有自己的基线，属于另一模型。",
    ),
    ("{path}: there is no stratum {stratum}; there are {strata}.", "{path}：没有分层{stratum}；现有{strata}。"),
    (
        "{path}: {column} is needed, one of the columns of model.strata: the baseline hazard of a patient is that of the "
        "stratum.",
        "{path}：必须给出{column}，它是model.strata的列之一：患者的基线风险率即其所在分层的基线风险率。",
    ),
    (
        "{path}: {columns} make {n} strata, more than {most}; strata are groups of many patients, so put values together "
        "in groups, or take the column as a covariate.",
        "{path}：{columns}分出{n}层，多于{most}层；每层应有较多患者，请将取值合并成组，或将该列作为协变量。",
    ),
    (
        "model.strata: there is no column {column}; the columns are {columns}.",
        "model.strata：没有{column}列；现有列为{columns}。",
    ),
    (
        "{path}: {column} is a covariate already, and the baselines of the strata take up all it could say of the hazard; "
        "leave it out of covariates, or out of strata.",
        "{path}：{column}已是协变量，而各分层的基线已包含它关于风险率的全部信息；请从covariates或strata中去掉。",
    ),
    (
        "{path}: {column} is the column of the frailty already; leave it out of one of the two.",
        "{path}：{column}已是frailty的列，请从两者之一中去掉。",
    ),
    (
        '{path}: regimens are compared and cannot be strata; regimen_effect = "stratified" gives each of them a baseline of '
        "its own.",
        '{path}：方案是比较的对象，不能作为分层；regimen_effect = "stratified"使每种方案有各自的基线。',
    ),
    (
        "{path}: regimen_effect = {effect} gives every regimen a hazard of its own shape, which strata do not share; use "
        '"proportional", "accelerated" or "none", or analyse one stratum at a time ([data] where).',
        "{path}：regimen_effect = {effect}使每种方案的风险率有各自的形状，与分层不能同用；"
        '请用"proportional"、"accelerated"或"none"，或逐层分析([data] where)。',
    ),
    ("{path}: needs strata, the columns whose categories it lists.", "{path}：需要strata，即所列类别所在的列。"),
    (
        "{path}: must list distinct strata, each as its categories of {columns}, not {value}.",
        "{path}：应列出互不相同的分层，每层写作{columns}的类别，而非{value}。",
    ),
    (
        "proportional hazards: cannot be checked across strata, whose hazards differ in shape already; leave model.strata "
        "out, or check one stratum at a time ([data] where).",
        "比例风险检验：各分层风险率的形状本已不同，无法跨层检验；请去掉model.strata，或逐层检验([data] where)。",
    ),
)

_HAZARDS: Final = (
    (
        '{path}: if regimens stretched time, all would keep as many for good; use "proportional" or "stratified".',
        '{path}：若方案只延长时间，则各方案的长期无事件比例相同；请用"proportional"或"stratified"。',
    ),
    (
        '{path}: {baseline} hazards take "proportional", "stratified" or "none".',
        '{path}：{baseline}风险率可用"proportional"、"stratified"或"none"。',
    ),
    (
        '{path}: {baseline} hazards take "proportional", "accelerated" or "stratified".',
        '{path}：{baseline}风险率可用"proportional"、"accelerated"或"stratified"。',
    ),
    (
        '{path}: "accelerated" is of baseline = {columns}; a Weibull model gives both ratios.',
        '{path}："accelerated"用于baseline = {columns}；Weibull模型同时给出两种比。',
    ),
    (
        "{path}: is not there with an m_spline, whose level is the hazard at time zero.",
        "{path}：m_spline的水平为零时刻的风险率，没有该项。",
    ),
    (
        "{path}: bins collapse the rows of exponential and piecewise models; a {baseline} model has none.",
        "{path}：bins用于合并exponential与piecewise模型的数据行，{baseline}模型没有。",
    ),
    (
        "{path}: is required with priors.log_cumulative_hazard: when the prior holds.",
        "{path}：用priors.log_cumulative_hazard时必须填写，即该先验所在的时间。",
    ),
    (
        "{path}: a random walk is of log hazards; give priors.log_hazard.",
        "{path}：随机游走针对对数风险率；请给出priors.log_hazard。",
    ),
    (
        "{path}: is not there with effect_modifiers, whose prior shrinks them already.",
        "{path}：不能与effect_modifiers同用，其先验已作收缩。",
    ),
    (
        "{path}: have no meaning with regimen_effect = {effect}.",
        "{path}：与regimen_effect = {effect}同用没有意义。",
    ),
    (
        "{path}: act on hazard ratios; they are not there with accelerated regimens.",
        "{path}：作用于风险比，不能与accelerated的方案同用。",
    ),
    (
        "{path}: is the prior of model.effect_modifiers, and there are none.",
        "{path}：为model.effect_modifiers的先验，而模型中没有效应修饰因素。",
    ),
    ("{path}: one value holds for all.", "{path}：只能有一个共同的值。"),
    ("{path}: needs regimen_effect = {needed}, not {stated}.", "{path}：需要regimen_effect = {needed}，而非{stated}。"),
    (
        "{path}: the {shrinkage} shrinkage is the prior of the coefficients; give priors.coefficient.NAME for a covariate "
        "that is not to be shrunk.",
        "{path}：{shrinkage}收缩即为系数的先验；不作收缩的协变量请用priors.coefficient.NAME给出。",
    ),
)

_PROFILES: Final = (
    ("this patient cannot be described: 1 problem.", "无法描述该患者：1个问题。"),
    ("this patient cannot be described: {n} problems.", "无法描述该患者：{n}个问题。"),
    ("{path} is not a covariate here.", "{path}不是此处的协变量。"),
)

_BESIDE: Final = (
    ("own patients and published arms cannot be put together: 1 problem.", "本组患者与已发表组不能合在一起：1个问题。"),
    (
        "own patients and published arms cannot be put together: {n} problems.",
        "本组患者与已发表组不能合在一起：{n}个问题。",
    ),
    (
        '{path}: must be "proportional" beside published arms, which do not say how a contrast changes over time; fit your '
        "own regimens without [published] to see whether it does.",
        '{path}：与已发表组同用时须为"proportional"，因论文未说明差异如何随时间变化；请去掉[published]单独拟合本组各方案加以核实。',
    ),
    (
        "{path}: not beside published arms, whose papers do not say the hazard of each stratum; take the columns as "
        "covariates.",
        "{path}：不能与已发表组同用，因论文未给出各分层的风险率；请将这些列作为协变量。",
    ),
    (
        "{path}: not beside published arms, whose patients have no centre.",
        "{path}：不能与已发表组同用，其患者没有所属中心。",
    ),
    (
        '{path}: "m_spline" is not there beside published arms; use "piecewise".',
        '{path}："m_spline"不能与已发表组同用；请用"piecewise"。',
    ),
    (
        '{path}: smoothing = "random_walk" and shrinkage are not there beside published arms.',
        '{path}：smoothing = "random_walk"与shrinkage不能与已发表组同用。',
    ),
    (
        "{path}: {baselines} is of published arms, and there are none.",
        "{path}：{baselines}用于已发表组，而此处没有。",
    ),
)

_SYNTHESIS: Final = (
    ("{names}: subgroups of one study are pooled as independent.", "{names}：同一研究的各亚组按独立合并。"),
    ("That holds where no patient is in two of them.", "仅当没有患者同属两个亚组时成立。"),
    ("data.endpoint: a synthesis pools one endpoint; name one.", "data.endpoint：合并分析只针对一个终点，请指明。"),
    (
        'a synthesis takes effects or counts (data.kind = "effects" or "counts"), not patients.',
        '合并分析采用效应或计数(data.kind = "effects"或"counts")，不能用患者数据。',
    ),
    ("{names} left out: no value for every covariate.", "{names}未纳入：协变量不全。"),
    (
        'Fill it in; missing = "complete_case" leaves such studies out.',
        '请填写；missing = "complete_case"将去掉这些研究。',
    ),
    (
        "model.control: effects name their own control in the column control; leave it out.",
        "model.control：效应在control列中已写明对照，请去掉。",
    ),
    (
        "model.measure: effects name their own measure in the column measure; leave it out.",
        "model.measure：效应在measure列中已写明指标，请去掉。",
    ),
    (
        "{name} in the model is {how}, and effects are those where that is 0.",
        "{name}在模型中为{how}，效应为其取0时的值。",
    ),
    ("center and scale of the covariate change it.", "可用协变量的center与scale更改。"),
    (
        "--baseline: {text} is no risk; give 0.3, or 12/40 for 12 of 40 patients.",
        "--baseline：{text}不是风险；请填0.3，或40例中12例填12/40。",
    ),
    (
        "{source}: the network is in {n} pieces without a common regimen: {names}.",
        "{source}：网络分为{n}个没有共同方案的部分：{names}。",
    ),
    (
        "model.reference: {name} is not in this network; it has {names}.",
        "model.reference：网络中没有{name}，现有{names}。",
    ),
    ("model.subgroup: there is no column {column}.", "model.subgroup：没有{column}列。"),
    ("{path}: not available with network = true.", "{path}：network = true时不可用。"),
    (
        "{path}: common effects have no heterogeneity; use pooling = {pooling}.",
        "{path}：共同效应没有异质性；请用pooling = {pooling}。",
    ),
    (
        "{path}: belongs to a network; set network = true, or use control.",
        "{path}：只用于网状分析；请设network = true，或改用control。",
    ),
    ("{path}: needs covariates: without them there is one effect.", "{path}：需要协变量；没有协变量时只有一个效应。"),
    ("sensitivity: there is no estimand {name} here, but {names}.", "sensitivity：没有估计目标{name}，可用{names}。"),
    (
        "sensitivity: there is only one regimen, so there is nothing to compare.",
        "sensitivity：只有一种方案，没有可比较的内容。",
    ),
    (
        "sensitivity: a synthesis is varied in its effect, not in {name}.",
        "sensitivity：合并分析只对效应作敏感性分析，不能对{name}。",
    ),
)

MODELS: Final = (*_COVARIATES, *_RESPONSE, *_SURVIVAL, *_STRATA, *_HAZARDS, *_PROFILES, *_BESIDE, *_SYNTHESIS)
