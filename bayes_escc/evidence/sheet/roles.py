"""What a column can be: headers seen in wards, in English and Chinese, and how a header is compared with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bayes_escc.evidence.columns import EITHER
from bayes_escc.evidence.sheet.wording import Text

__all__ = [
    "CHARACTERISTICS",
    "DATE_ROLES",
    "IDENTIFYING",
    "ROLES",
    "Header",
    "Role",
    "endpoint_of",
    "header_of",
    "roles_of",
    "roles_of_counts",
    "same_header",
]


@dataclass(frozen=True)
class Role:
    """One thing a column can hold.

    Parameters
    ----------
    name : str
    kind : str
        What its cells are: ``id``, ``label``, ``date``, ``number``, ``word``, ``grade``, ``drop`` or ``aside``.
    said : Text
        What it is called.
    synonyms : tuple of str
        Headers, as `header_of` folds them. Chinese ones also match inside a longer header, English ones as words.
    loose : tuple of str
        Headers that may mean it: they match as a whole only.
    """

    name: str
    kind: str
    said: Text
    synonyms: tuple[str, ...]
    loose: tuple[str, ...] = ()


def _role(name: str, kind: str, en: str, zh: str, synonyms: str, loose: str = "") -> Role:
    def split(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split("|") if part.strip())

    return Role(name, kind, Text(en, zh), split(synonyms), split(loose))


_ALL: Final = (
    _role("identifier", "id", "patient's study number", "患者研究编号",
          "patient id|patientid|subject id|subjid|usubjid|record id|case no|case number|case id|subject no|patient no|"
          "patient number|pt no|pt number|pat no|subj no|study id|study no|screening no|enrolment no|subject number|participant id|pat id|pt id|"
          "编号|研究编号|病例号|入组号|受试者编号|患者编号|病例编号|筛选号|随机号|病人编号|受试者|患者id|病例",
          "id|no|subject|patient|case|pt|序号|number|record|participant|患者|病人|序|编码|#"),
    _role("name", "drop", "name", "姓名",
          "name|patient name|surname|first name|last name|full name|initials|姓名|患者姓名|病人姓名|姓名缩写|拼音缩写|缩写|名字|"
          "pt name|subject name|given name|family name|contact person|联系人|家属姓名|家属"),
    _role("hospital_number", "drop", "hospital number", "住院号或门诊号",
          "mrn|medical record no|medical record number|hospital no|hospital number|inpatient no|inpatient number|"
          "admission no|chart no|住院号|门诊号|病案号|病历号|登记号|就诊号|就诊卡号|id号|影像号|病理号|床号|chart number|"
          "医保号|卡号|检查号"),
    _role("contact", "drop", "identity or contact", "身份或联系方式",
          "phone|telephone|mobile|tel|cell phone|national id|id card|identity card|passport|address|email|e mail|"
          "wechat|contact|ssn|nhs no|nhs number|postcode|zip|"
          "电话|联系电话|手机|手机号|身份证|身份证号|身份证号码|住址|地址|家庭住址|联系方式|微信|邮箱|籍贯|工作单位"),
    _role("birth_date", "drop", "date of birth", "出生日期",
          "date of birth|dob|birth date|birthdate|birthday|brthdtc|出生日期|出生年月|生日|出生年月日"),
    _role("staff", "drop", "doctor", "医生", "doctor|physician|nurse|investigator name|主管医生|经治医生|医生|医师|研究者姓名|填表人|录入人"),
    _role("regimen", "label", "regimen", "治疗方案",
          "regimen|arm|treatment|treatment arm|treatment group|trt01a|trt01p|armcd|actarm|therapy|drug|drugs|scheme|"
          "治疗方案|二线方案|二线治疗方案|方案|组别|分组|治疗组|用药方案|用药|治疗组别|入组分组|分组情况|治疗药物|化疗方案|组",
          "group|cohort|trt|rx|allocation|治疗|队列"),
    _role("start", "date", "first dose", "首次用药日期",
          "c1d1|first dose|first dose date|date of first dose|treatment start|treatment start date|start of treatment|"
          "start date|trtsdt|date start|rx start|date of start|tx start|therapy start|start dt|start of therapy|"
          "date started|started treatment|therapy started|d1 date|cycle 1 day 1|cycle1 day1|"
          "首次用药日期|首次用药|首次用药时间|开始治疗日期|治疗开始日期|首次给药|首次给药日期|首次治疗|首次治疗日期|治疗开始时间|"
          "开始时间|开始日期|开始用药|用药开始|用药日期|给药日期|二线开始|二线治疗开始|开始治疗时间|用药时间|起始日期|治疗日期|"
          "首次化疗日期|治疗起始|开始治疗|治疗开始|首次用药日|第一次用药|第一次用药日期|date of first treatment|first treatment|"
          "first treatment date|date of treatment start|treatment begun|treatment started",
          "start|begin|begun|started|day 1|d1|baseline date|开始|起始|首疗|首次|surgery date|date of surgery|operation date|"
          "date of operation|手术日期|手术时间"),
    _role("consent", "aside", "consent", "知情同意日期", "consent|consent date|icf date|informed consent|签署日期|知情同意|知情同意日期|签署知情"),
    _role("randomisation", "aside", "randomisation or enrolment", "随机或入组日期",
          "randomisation date|randomization date|date of randomization|date of randomisation|randdt|enrolment date|"
          "enrollment date|入组日期|入组时间|随机日期|随机时间"),
    _role("diagnosis", "aside", "diagnosis", "诊断", "diagnosis|diagnosis date|date of diagnosis|确诊日期|确诊时间|诊断日期|诊断时间|诊断|病理诊断|病理类型|病理"),
    _role("treatment_end", "aside", "last dose", "末次用药日期",
          "last dose|last dose date|end of treatment|eot|eot date|trtedt|end date|treatment end|末次用药|末次用药日期|末次给药|停药日期|停药时间|结束日期|结束治疗|治疗结束日期|结束时间"),
    _role("progression", "date", "progression", "疾病进展日期",
          "pd date|date of pd|date of progression|progression date|disease progression date|date of first progression|"
          "first pd date|date pd|date progressed|progressed date|pd dt|date of disease progression|date of first pd|progressed on|prog date|"
          "进展日期|疾病进展日期|进展时间|疾病进展时间|pd日期|pd时间|首次进展|首次进展日期|进展日|复发进展日期|影像进展日期",
          "progression|progressed|pd|relapse|进展|疾病进展|relapse date|date of relapse|recurrence date|date of recurrence|recurrence|"
          "复发日期|复发时间|首次复发日期|复发"),
    _role("independent_progression", "date", "progression by independent review", "独立评审的进展日期",
          "irc pd date|birc pd date|irc progression date|independent progression date|birc progression date|独立评审进展日期|irc进展日期|"
          "progression date irc|pd date irc|pd date birc"),
    _role("last_contact", "date", "last contact", "末次随访日期",
          "last contact|last contact date|date of last contact|last known alive|last follow up|last follow up date|"
          "date of last follow up|last fu|last fu date|lfu|last seen|date last seen|followup date|follow up date|"
          "date of last fu|last visit|last visit date|last alive|lstalvdt|last known alive date|lkad|censor date|censoring date|"
          "末次随访|末次随访日期|末次随访时间|最后随访|最后随访日期|最后随访时间|随访日期|随访截止日期|随访时间|最近随访|最近随访日期|最后一次随访|随访终点日期"),
    _role("last_scan", "date", "last tumour assessment", "末次肿瘤评估日期",
          "last scan|last scan date|last assessment|last tumour assessment|last tumor assessment|last imaging|last ct|"
          "date of last assessment|last evaluation|date of last scan|last tumour assessment date|last tumor assessment date|last ct date|last evaluable scan|"
          "末次评估|末次评估日期|末次影像|末次影像日期|最后评估日期|末次疗效评估日期|末次复查日期|末次ct|末次肿瘤评估日期|末次肿瘤评估|末次ct日期|末次疗效评价日期"),
    _role("cut", "date", "data cut-off", "数据截止日期",
          "cut off|cutoff|cut off date|cutoff date|data cut|data cut off|data cutoff|data cutoff date|data cut date|dco|数据截止|数据截止日期|截止日期|截止时间|统计截止日期"),
    _role("death", "date", "death", "死亡日期",
          "death date|date of death|date died|date deceased|died on|dthdt|death dt|死亡日期|死亡时间|死亡日", "dod|death|died|deceased|死亡|去世"),
    _role("pfs_end", "date", "end of PFS (event or censoring)", "PFS终点日期",
          "pfs date|pfs end date|date of pfs|pfs end|date of event|event date|date of event or censoring|progression or last follow up date|"
          "pfs event date|adt|endpoint date|pfs censor date|终点日期|pfs日期|pfs终点日期|pfs截止日期|进展或末次随访日期|进展或随访日期|结局日期|事件日期|"
          "进展或死亡日期|进展/死亡日期|进展死亡日期|死亡或进展日期|进展或死亡时间|进展/死亡时间|date of progression or death|"
          "progression or death date|progression/death date|pd/death date|pd or death date|进展/末次随访日期|终点事件日期"),
    _role("time", "number", "PFS time", "无进展生存期",
          "pfs|pfs time|pfs months|pfs mo|pfs days|pfs weeks|aval|progression free survival|pfs duration|time to progression or death|pfstime|"
          "pfs m|pfs mths|months pfs|days pfs|pfs in months|pfs in days|"
          "无进展生存期|无进展生存时间|pfs月|pfs天|pfs时间|无疾病进展生存期|无进展生存|pfs生存期", "dfs|dfs time|disease free survival|efs|efs time|event free survival|rfs|rfs time|relapse free survival|recurrence free survival|"
          "无病生存|无病生存期|无病生存时间|dfs时间|无事件生存|无事件生存期|无事件生存时间|efs时间|无复发生存|无复发生存期|无复发生存时间|rfs时间|"
          "time|survival time|survival|survival months|survival days|futime|生存时间|生存期|生存"),
    _role("ttp", "aside", "time to progression", "至疾病进展时间", "ttp|ttp time|time to progression|疾病进展期|至疾病进展时间|至进展时间|疾病进展时间ttp"),
    _role("status", "word", "PFS event or censored", "PFS结局",
          "pfs event|pfs status|event pfs|progressed|progression status|progression yes no|event indicator|pfs evt|pfs censor indicator|"
          "pfsevent|pfsstatus|pfs cens|disease progression|progressive disease yn|pfs outcome|progressed or died|"
          "是否进展|进展与否|pfs事件|pfs状态|进展情况|进展状态|有无进展|pfs结局|是否pd|是否出现进展|是否进展或死亡|进展或死亡|pfs是否发生|是否发生进展|pfs事件发生",
          "event|status|outcome|evt|结局|状态|转归|事件|是否发生事件|dfs event|dfs status|efs event|efs status|rfs event|rfs status|ttp event|"
          "ttp status|relapsed|relapse or death|recurrence or death|dfs事件|dfs状态|dfs结局|efs事件|efs状态|efs结局|rfs事件|rfs状态|rfs结局|"
          "ttp事件|ttp状态|是否复发|复发与否|复发情况|复发状态|复发或死亡|是否复发或死亡|有无复发"),
    _role("censored", "word", "PFS censored (reversed)", "PFS删失(反向编码)",
          "cnsr|censor|censored|pfs censor|pfs cnsr|censoring|pfs censored|cens|删失|是否删失|pfs删失"),
    _role("os", "aside", "overall survival", "总生存期", "os|os time|os months|overall survival|os mo|os days|总生存期|总生存时间|os月|总生存|os时间"),
    _role("os_status", "aside", "death, yes or no", "是否死亡",
          "os event|os status|vital status|dead|alive|survival status|death status|os cnsr|死亡与否|是否死亡|生存状态|os状态|os事件|存活状态|生存结局|生存情况|"
          "是否存活|存活与否|是否在世|alive or dead|dead or alive|living status|alive status|dthfl|death flag|death indicator|"
          "mortality|mortality status|mortality event|expired|vital|vitals status|os censor|os censored|censor os|os censoring|"
          "event os|死亡状态|死亡情况|死亡事件|死亡标志|是否已故|是否去世|去世与否|已故|存亡|存亡状态|生死|生死状态|生死情况|是否生存", "存活|随访结局"),
    _role("response", "word", "best response", "最佳疗效",
          "best response|best overall response|bor|recist|response|tumour response|tumor response|best resp|overall response|"
          "best response recist|resp|confirmed best response|avalc|"
          "最佳疗效|最佳总体疗效|疗效|近期疗效|疗效评价|疗效评估|最佳疗效评价|最好疗效|客观疗效|最佳缓解|总体疗效|疗效判定|bor疗效"),
    _role("responder", "word", "objective response, yes or no", "是否客观缓解",
          "orr|responder|objective response|cr pr|responder yn|objective responder|response yes no|是否缓解|客观缓解|有效|是否有效|是否客观缓解|orr是否"),
    _role("controlled", "word", "disease control, yes or no", "是否疾病控制", "dcr|disease control|disease controlled|疾病控制|是否控制|是否疾病控制"),
    _role("liver_metastasis", "word", "liver metastasis", "肝转移",
          "liver mets|liver metastasis|liver metastases|hepatic metastasis|hepatic metastases|liver met|hepatic mets|livermet|liver m|"
          "肝转移|肝转|有无肝转移|是否肝转移|肝脏转移|肝转移与否"),
    _role("metastatic_sites", "aside", "metastatic sites", "转移部位", "metastatic sites|sites of metastasis|metastasis|mets|转移部位|转移灶|转移器官|转移情况|远处转移部位"),
    _role("ecog", "grade", "ECOG performance status", "ECOG评分",
          "ecog|ecog ps|ecogps|performance status|ecog score|ecog performance status|ps ecog|体力评分|体力状况|体能状态|ecog评分|ps评分|体能评分|ecog体力|体力状态", "ps"),
    _role("kps", "number", "Karnofsky performance status", "KPS评分", "kps|karnofsky|kps score|karnofsky score|kps评分|卡氏评分"),
    _role("neutrophils", "number", "neutrophil count", "中性粒细胞计数",
          "neutrophils|neutrophil|anc|neut|neutrophil count|absolute neutrophil count|neu|ne#|neut#|neu#|"
          "中性粒细胞|中性粒细胞计数|中性粒细胞绝对值|中性粒细胞数|粒细胞|粒细胞计数"),
    _role("lymphocytes", "number", "lymphocyte count", "淋巴细胞计数",
          "lymphocytes|lymphocyte|alc|lymph|lymphocyte count|absolute lymphocyte count|lym|ly#|lymph#|lym#|"
          "淋巴细胞|淋巴细胞计数|淋巴细胞绝对值|淋巴细胞数|淋巴"),
    _role("neutrophil_share", "aside", "neutrophils, per cent", "中性粒细胞百分比",
          "neutrophil percent|neutrophils percent|ne%|neut%|neu%|lymph%|ly%|lym%|中性粒细胞百分比|淋巴细胞百分比|中性粒细胞比例|淋巴细胞比例|中性粒细胞%|淋巴细胞%|neutrophil %|lymphocyte %"),
    _role("nlr", "number", "neutrophil-to-lymphocyte ratio", "中性粒细胞与淋巴细胞比值",
          "nlr|neutrophil lymphocyte ratio|neutrophil to lymphocyte ratio|中性粒细胞与淋巴细胞比值|中性粒细胞/淋巴细胞|中性粒细胞淋巴细胞比值|中性粒细胞/淋巴细胞比值|基线nlr"),
    _role("cd4", "number", "CD4+ T cells", "CD4+T细胞", "cd4|cd4%|cd4+%|cd4+t%|cd4+t细胞%|cd4+t细胞百分比|cd4百分比|cd4细胞百分比|cd4 t|cd4 count|t4|cd4+|cd4+t|cd4+t细胞|cd4细胞|cd4t|辅助t|辅助性t细胞|cd3+cd4+|cd4+ t cells|cd4 t cells|cd4+ t"),
    _role("cd8", "number", "CD8+ T cells", "CD8+T细胞", "cd8|cd8%|cd8+%|cd8+t%|cd8+t细胞%|cd8+t细胞百分比|cd8百分比|cd8细胞百分比|cd8 t|cd8 count|t8|cd8+|cd8+t|cd8+t细胞|cd8细胞|cd8t|抑制t|细胞毒t|杀伤性t细胞|cd3+cd8+|cd8+ t cells|cd8 t cells|cd8+ t"),
    _role("cd4_cd8", "number", "CD4/CD8 ratio", "CD4/CD8比值",
          "cd4/cd8|cd4 cd8|cd4 cd8 ratio|cd4+/cd8+|cd4/cd8比值|cd4+/cd8+比值|cd4cd8|cd4/cd8 ratio|cd4cd8ratio|cd4:cd8|th/ts"),
    _role("age", "number", "age", "年龄", "age|age years|age at enrolment|age yr|年龄|年龄岁|岁数"),
    _role("sex", "word", "sex", "性别", "sex|gender|性别"),
    _role("line", "word", "line of treatment", "治疗线数", "line|line of therapy|treatment line|lot|治疗线数|线数|治疗线|几线|治疗线次", "线"),
    _role("stage", "word", "stage", "分期", "stage|tnm|tnm stage|ajcc stage|分期|tnm分期|临床分期|病理分期"),
    _role("pdl1", "word", "PD-L1", "PD-L1表达", "pd l1|pdl1|cps|tps|pd-l1|pd l1 cps|pd l1 tps|pdl1表达|pd-l1表达|pd l1表达|pd l1 cps评分"),
    _role("centre", "label", "centre", "中心", "centre|center|site|site no|site id|siteid|hospital|中心|中心号|医院|研究中心"),
    _role("ae_grade", "grade", "worst adverse event grade", "不良反应最高分级",
          "ae grade|worst ae grade|max ae grade|toxicity grade|highest ae grade|ctcae grade|worst grade|max toxicity grade|worst toxicity grade|trae grade|maximum ae grade|worst trae grade|"
          "不良反应分级|最高不良反应分级|不良反应最高分级|毒副反应分级|不良反应级别|ae分级|毒性分级|ae级别|不良事件分级|最高ae分级|不良反应最高级别|毒副反应级别|不良反应等级"),
    _role("ae_any", "word", "any adverse event, yes or no", "有无不良反应",
          "any ae|any adverse event|adverse event|adverse events|ae|toxicity|trae|any trae|不良反应|有无不良反应|不良事件|毒副反应|是否发生不良反应|副作用|副反应"),
    _role("ae_severe", "word", "adverse event of grade 3 or more, yes or no", "有无3级及以上不良反应",
          "grade 3 ae|grade 3 4 ae|grade>=3 ae|grade 3+ ae|g3 ae|severe ae|grade 3 or higher ae|grade 3 plus ae|g3 4|grade>=3|ae>=3|ae grade 3|"
          "3级及以上不良反应|3级以上不良反应|>=3级不良反应|≥3级不良反应|3-4级不良反应|严重不良反应|≥3级ae|>=3级ae|3级及以上|>=3级|3 4级不良反应|3级以上ae|重度不良反应|3~4级不良反应"),
    _role("remark", "aside", "remarks", "备注", "remark|remarks|comment|comments|note|notes|备注|说明|其他|备注说明|memo"),
    _role("study", "label", "study", "研究", "study|trial|author|reference|first author|研究|试验|文献|作者|第一作者|研究名称"),
    _role("endpoint", "label", "endpoint", "终点", "endpoint|outcome measure|parameter|paramcd|param|终点|观察指标|指标|疗效指标|项目|终点指标", "outcome|item"),
    _role("events", "number", "patients with the event", "例数(事件)",
          "events|responders|number of events|no of events|r|x|事件数|有效例数|缓解例数|发生例数|events n|事件例数"),
    _role("n", "number", "patients", "总例数", "n|total|patients|no of patients|number of patients|sample size|evaluable|总例数|例数|人数|总数|样本量|患者数|可评价例数|总人数"),
    _role("percent", "number", "per cent", "百分比", "percent|percentage|rate|%|率|百分比|比例|发生率"),
    _role("experimental", "label", "experimental regimen", "试验组", "experimental|experimental arm|intervention|experimental regimen|试验组|干预组|试验方案|试验组方案"),
    _role("control", "label", "control regimen", "对照组", "control|control arm|comparator|control regimen|对照组|对照|对照方案|对照组方案"),
    _role("measure", "label", "effect measure", "效应指标", "measure|effect measure|效应指标|效应量类型|指标类型"),
    _role("estimate", "number", "estimate", "估计值", "estimate|effect|effect size|point estimate|效应量|估计值|点估计"),
    _role("ci_low", "number", "lower limit", "区间下限", "ci low|lower|lower limit|ci lower|lcl|lower ci|low|95ci low|下限|ci下限|区间下限|95%ci下限"),
    _role("ci_high", "number", "upper limit", "区间上限", "ci high|upper|upper limit|ci upper|ucl|upper ci|high|95ci high|上限|ci上限|区间上限|95%ci上限"),
    _role("visit_date", "date", "date of the visit", "访视日期", "visit date|scan date|assessment date|date of visit|date of scan|date of assessment|评估日期|访视日期|检查日期|影像日期|复查日期|扫描日期|ct日期", "date|日期"),
    _role("visit_patient", "id", "patient of the visit", "访视的患者", ""),
    _role("visit_result", "word", "what the scan showed", "本次评估结果", "scan result|assessment|assessment result|visit result|overall assessment|result|评估结果|本次疗效|检查结果|本次评估|影像结果|结果|overall visit response"),
)  # fmt: skip
ROLES: Final[Mapping[str, Role]] = {role.name: role for role in _ALL}
CHARACTERISTICS: Final = (
    *("liver_metastasis", "ecog", "kps", "nlr", "cd4_cd8", "neutrophils", "lymphocytes", "cd4", "cd8", "age", "sex"),
    *("line", "stage", "pdl1", "centre", "ae_grade", "ae_any", "ae_severe"),
)
"""What a sheet tells of a patient beside treatment, follow-up and response, in the order of the table read from it."""
DATE_ROLES: Final = tuple(r.name for r in _ALL if r.kind == "date")
IDENTIFYING: Final = tuple(r.name for r in _ALL if r.kind == "drop")

_BRACKETS: Final = re.compile(r"[(\[【〔<{]([^)\]】〕>}]*)[)\]】〕>}]")
_UNIT: Final = re.compile(
    r"(?i)^(?:.*?[,，;；\s])?((?:[x×*]?\s*10\s*\^?\s*\*?\s*[369]\s*/\s*(?:l|ul|µl|μl|升))|g/l|k/ul|/ul|/µl|/μl|/mm\s*\^?3|cells?/(?:ul|µl|μl|mm3)|个/(?:ul|μl|µl|mm3)|"
    r"days?|d|weeks?|wks?|w|months?|mos?|mths?|m|years?|yrs?|y|个?月|天|日|周|年|岁|%|分|级|例)$"
)

_UNIT_AT_END: Final = re.compile(
    r"(?i)(?<=[\w+\s])[,，\s]*((?:cells?|个)?\s*/\s*(?:ul|µl|μl|mm\s*\^?3)|k/ul|10\s*e\s*[369]\s*/\s*(?:l|ul|μl))\s*$"
)
"""A unit of blood counts written behind the name without brackets."""


@dataclass(frozen=True)
class Header:
    """A header taken apart.

    Parameters
    ----------
    text : str
        As it stands in the sheet, on one line.
    key : str
        Without unit and brackets, folded, in which headers are compared.
    unit : str
        Taken out of brackets, or from the end (``"mo"``, ``"10^9/L"``); blank if there is none.
    codes : tuple of (str, str)
        Code and meaning written in the header, ``1=男 2=女``.
    """

    text: str
    key: str
    unit: str = ""
    codes: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    """Comparable text: compatibility forms, small letters, words parted by one blank, none beside Chinese."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    text = text.casefold().replace("≥", ">=").replace("f/u", "fu")
    text = re.sub(r"[_\-.:：、，,;；'\"*?？!！]+", " ", text)
    text = re.sub(r"\s*([/+#%>=]+)\s*", r"\1", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff])\s+|\s+(?=[\u4e00-\u9fff])", "", text)
    return " ".join(text.split())


_PAIR: Final = re.compile(r"(\d)\s*[=:：、.\-]?\s*([A-Za-z\u4e00-\u9fff][^\d,，;；/|()]*)")
_REVERSED: Final = re.compile(r"([A-Za-z\u4e00-\u9fff][^\d,，;；/|=:：]*?)\s*[=:：]\s*(\d)")


_EXPLICIT: Final = re.compile(
    r"(?<![A-Za-z\d])([A-Za-z\d])\s*[=:：]\s*(.+?)(?=[\s,，;；/|]+[A-Za-z\d]\s*[=:：]|[\s,，;；)]*$)"
)


def _codes_in(text: str) -> tuple[tuple[str, str], ...]:
    """``1=男, 2=女`` or ``是=1 否=0`` as pairs of code and meaning; at least two, else none."""
    plain = unicodedata.normalize("NFKC", text)
    explicit = [(code, word.strip()) for code, word in _EXPLICIT.findall(plain.strip("() "))]
    if len(explicit) >= 2 and len({c for c, _ in explicit}) == len(explicit):
        return tuple(explicit)
    pairs = [(word.strip(), code) for word, code in _REVERSED.findall(plain)]
    found = [(code, word) for word, code in pairs] if len(pairs) >= 2 else [
        (code, word.strip()) for code, word in _PAIR.findall(plain)
    ]  # fmt: skip
    alone = len(found) == 1 and "=" in plain
    return tuple(found) if (len(found) >= 2 or alone) and len({c for c, _ in found}) == len(found) else ()


@lru_cache(maxsize=4096)
def header_of(text: str) -> Header:
    """Take a header apart."""
    shown = " ".join(unicodedata.normalize("NFKC", text).replace("≥", ">=").split())
    unit, bare = "", shown
    inner = [i.strip() for i in _BRACKETS.findall(shown)]
    codes = next((c for i in inner if (c := _codes_in(i))), ()) or _codes_in(shown)
    for plain in inner:
        if not unit and (found := _UNIT.match(plain)):
            unit = found.group(1)
    bare = _BRACKETS.sub(" ", shown)
    if codes and not _BRACKETS.search(shown):
        bare = re.split(r"[\d]\s*[=:：]|[:：]", bare)[0]
        bare = re.sub(r"\d[^\d]*$", "", bare) if not bare.strip() else bare
    bare = re.split(r"[×x]\s*10\s*\^", bare)[0] if not unit and re.search(r"[×x]\s*10\s*\^", bare) else bare
    if not unit and (
        found := re.search(r"(?i)[,，_/\s]\s*(months?|mos?|mths?|days?|weeks?|years?|个?月|天|周|年)$", bare)
    ):
        unit, bare = found.group(1), bare[: found.start()]
    if not unit and (found := re.search(r"[×x*]?\s*10\s*\^?\s*[369]\s*/\s*(?:l|ul|μl)", shown, re.IGNORECASE)):
        unit = found.group(0)
    if not unit and (found := _UNIT_AT_END.search(bare)):
        unit, bare = found.group(1), bare[: found.start()]
    if not unit and re.search(r"%|百分比$", bare.strip()):
        unit = "%"
    key = _fold(bare) or _fold(shown)
    return Header(shown, key, unit.strip(), codes)


def _inside(synonym: str, key: str) -> bool:
    """Whether a synonym stands in a header: Chinese anywhere, other words as whole words."""
    if len(synonym) < 2 or synonym not in key:
        return False
    if any("\u4e00" <= c <= "\u9fff" for c in synonym):
        return True
    at = key.find(synonym)
    while at >= 0:
        before, after = key[at - 1 : at], key[at + len(synonym) : at + len(synonym) + 1]
        if not (before.isascii() and before.isalnum()) and not (
            after.isascii() and (after.isalnum() or after in set("+/#%"))
        ):
            return True
        at = key.find(synonym, at + 1)
    return False


@lru_cache(maxsize=4096)
def roles_of(header: Header) -> tuple[tuple[str, str], ...]:
    """Roles a header can mean, as (role, how): ``exact``, ``within`` or ``loose``; the likeliest first, ties together.

    An exact header beats a contained one, and of contained ones the longest counts.
    """
    key = header.key
    folded = _fold(header.text)
    exact = [(r.name, "exact") for r in _ALL if key in _SYNONYMS[r.name] or folded in _SYNONYMS[r.name]]
    if exact:
        return tuple(exact)
    loose = [(r.name, "loose") for r in _ALL if key in r.loose]
    if loose:
        return tuple(loose)
    if " / " in header.text and (grouped := _of_group(header.text)):
        return grouped
    best, longest = [], 0
    for role in _ALL:
        size = max((len(s) for s in _SYNONYMS[role.name] if _inside(s, key)), default=0)
        if size > longest:
            best, longest = [role.name], size
        elif size and size == longest:
            best.append(role.name)
    return tuple((name, "within") for name in best)


_GENERAL: Final = re.compile(
    r"(?i)日期|时间|日|date|dt|day|when|是否|有无|有/无|是/否|y/n|yes/no|状态|情况|status|结果|result|数值|检测值|value"
)
"""Names of columns that say nothing without the title of their group."""


def _of_group(text: str) -> tuple[tuple[str, str], ...]:
    """Roles of a name joined to the title of its group: `Death / date` is the date of death."""
    group, _, name = text.rpartition(" / ")
    own, title = header_of(name), header_of(group)
    said = {_fold(f"{a} {b}") for a, b in ((title.key, own.key), (own.key, title.key), (f"{own.key} of", title.key))}
    exact = [(r.name, "exact") for r in _ALL if said & _SYNONYMS[r.name]]
    if exact or not _GENERAL.fullmatch(own.key):
        return tuple(exact)
    return tuple((role, "within") for role, _ in roles_of(title))


def roles_of_counts(headers: Sequence[str]) -> list[set[str]]:
    """Roles of the columns of a table of counts, where `例数` is the events if another column is the total."""
    found = [{r for r, _ in roles_of(header_of(h))} if h else set() for h in headers]
    cases = [i for i, h in enumerate(headers) if h and header_of(h).key == EITHER]
    if any("n" in roles for i, roles in enumerate(found) if i not in cases):
        for i in cases:
            found[i] = {"events"}
    return found


_SYNONYMS: Final = {role.name: frozenset(_fold(s) for s in role.synonyms) for role in _ALL}

_ENDPOINTS: Final[Mapping[str, str]] = {
    "orr": "ORR", "dcr": "DCR", "cr": "CR", "pr": "PR", "sd": "SD", "pd": "PD", "ne": "NE", "cbr": "CBR",
    "cr+pr": "ORR", "cr+pr+sd": "DCR", "objective response": "ORR", "disease control": "DCR",
    "grade>=3 ae": "grade3plus_AE", ">=3级不良反应": "grade3plus_AE", "3级及以上不良反应": "grade3plus_AE",
    "grade 3+ ae": "grade3plus_AE", "any ae": "any_AE", "any grade ae": "any_AE", "任何级别不良反应": "any_AE", "grade>=3 trae": "grade3plus_TRAE",
    "不良反应": "any_AE", "客观缓解": "ORR", "疾病控制": "DCR", "总不良反应": "any_AE", "any trae": "any_TRAE",
    "grade 3 or higher ae": "grade3plus_AE", "3级以上不良反应": "grade3plus_AE", "任何不良反应": "any_AE",
}  # fmt: skip


@lru_cache(maxsize=4096)
def endpoint_of(text: str) -> str | None:
    """The endpoint a label of a row or column of counts names, or None."""
    from bayes_escc.evidence.endpoints import adverse_endpoint, canonical_endpoint, endpoint_direction

    header = header_of(
        re.sub(r"(?i)[,，]?\s*(?:n\s*\(%\)|例\s*\(%\)|no\.?\s*\(%\)|n,\s*%|n\s*/\s*n|例数|%)\s*", " ", text)
    )
    for key in (header.key, _fold(header.text)):
        if key in _ENDPOINTS:
            return _ENDPOINTS[key]
    for inside in (header.key, *_BRACKETS.findall(header.text)):
        label = canonical_endpoint(inside.strip())
        if label in {"ORR", "DCR", "CR", "PR", "SD", "PD", "NE", "CBR", "pCR", "MPR"}:
            return label
    adverse = adverse_endpoint(text)
    if adverse is not None:
        return adverse
    label = canonical_endpoint(header.key)
    return label if endpoint_direction(label) is not None else None


def same_header(a: str, b: str) -> bool:
    """Whether two headers are the same but for spaces, brackets' form and line breaks."""
    return _fold(header_of(a).text) == _fold(header_of(b).text)
