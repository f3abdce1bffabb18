"""Tables as people make them: what is read and as what, what is noted, what is refused.

The inputs are synthetic or were made from public bug reports.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
EFFECT = "study,experimental,control,endpoint,measure,estimate"
COUNT = "study,regimen,endpoint,events,n"
PATIENT = "patient_id,regimen,months,event"
FOLLOWED = ("--time", "months", "--event", "event", "--time-unit", "months")


@dataclass(frozen=True)
class Input:
    """One table: its kind and text, what is asked of it, and what must come of it."""

    kind: str
    text: str
    refused: str = ""
    noted: str = ""
    values: dict[str, list[object]] = field(default_factory=dict)
    options: tuple[str, ...] = ()


INPUTS = {
    # numbers as people print them
    "mid-dot": Input("effects", f"{EFFECT},ci_low,ci_high,ci_level\nE,x,c,OS,HR,0·71,0·57,0·87,0.95\n",
                     values={"estimate": [0.71], "ci_low": [0.57], "ci_high": [0.87]}),
    "interval column with en dash": Input("effects", f"{EFFECT},ci,ci_level\nE,x,c,OS,HR,0.71,0.57–0.87,0.95\n",
                                          values={"ci_low": [0.57], "ci_high": [0.87]}),
    "interval column in words, level in its name": Input(
        "effects", f"{EFFECT},95% CI\nE,x,c,OS,HR,0.71,0.57 to 0.87\nF,x,c,OS,HR,0.71,(0.57; 0.87)\n",
        values={"ci_low": [0.57] * 2, "ci_high": [0.87] * 2, "ci_level": [0.95] * 2}),
    "estimate with its interval": Input("effects", f"{EFFECT},ci_level\nE,x,c,OS,HR,0.71 (0.57-0.87),95%\n",
                                        values={"estimate": [0.71], "ci_low": [0.57], "ci_level": [0.95]}),
    "header of an estimate with its interval": Input(
        "effects", "study,experimental,control,endpoint,HR (95% CI)\nE,x,c,OS,0.71 (0.57-0.87)\n",
        values={"estimate": [0.71], "ci_low": [0.57], "ci_high": [0.87], "ci_level": [0.95], "measure": ["HR"]}),
    "header of an estimate with its interval in Chinese": Input(
        "effects", "研究,试验组,对照组,终点,HR（95%置信区间）\nE,x,c,OS,0.71（0.57～0.87）\n",
        values={"estimate": [0.71], "ci_low": [0.57], "ci_high": [0.87], "ci_level": [0.95]}),
    "interval with its level in the cell": Input(
        "effects", 'study,experimental,control,endpoint,HR\nE,x,c,OS,"0.71 (90% CI, 0.57 to 0.87)"\n',
        values={"ci_low": [0.57], "ci_high": [0.87], "ci_level": [0.90]}),
    "interval named in the cell and in the header": Input(
        "effects", "study,experimental,control,endpoint,HR 95%CI\nE,x,c,OS,0.71（95%CI：0.57～0.87）\n",
        values={"ci_low": [0.57], "ci_high": [0.87], "ci_level": [0.95]}),
    "interval of another level than its header": Input(
        "effects", "study,experimental,control,endpoint,HR (95% CI)\nE,x,c,OS,0.71 (90% CI 0.57-0.87)\n",
        refused="garbled_limits"),
    "what is not read beside an interval": Input(
        "effects", "study,experimental,control,endpoint,HR (95% CI)\nE,x,c,OS,0.71 (0.57-0.87; p=0.001)\n",
        refused="garbled_limits"),
    "interval in a column named after the estimate": Input(
        "effects", "study,experimental,control,endpoint,HR,HR 95% CI\nE,x,c,OS,0.71,0.57-0.87\n",
        values={"estimate": [0.71], "ci_low": [0.57], "ci_high": [0.87], "ci_level": [0.95]}),
    "interval with decimal commas": Input(
        "effects", f"{EFFECT.replace(',', ';')};ci;ci_level\nE;x;c;OS;HR;0,71;0,57-0,87;95%\n", noted="decimal_comma",
        values={"estimate": [0.71], "ci_low": [0.57], "ci_high": [0.87]}),
    "estimate with its interval in decimal commas": Input(
        "effects", f"{EFFECT.replace(',', ';')};ci_level\nE;x;c;OS;HR;0,71 (0,57 to 0,87);95%\n",
        noted="decimal_comma", values={"estimate": [0.71], "ci_low": [0.57], "ci_high": [0.87]}),
    "interval beside limits of their own": Input(
        "effects", f"{EFFECT},ci,lower,upper,ci_level\nE,x,c,OS,HR,0.71,0.57-0.87,0.5,0.9,95%\n",
        refused="two_columns"),
    "minus signs": Input("effects", f"{EFFECT},se\nA,x,c,OS,log HR,−0.34,0.11\nB,x,c,OS,log HR,-0.26,0.11\n",
                         values={"y": [-0.34, -0.26]}),
    "negative interval": Input("effects", f"{EFFECT},ci,ci_level\nA,x,c,OS,log HR,−0.34,−0.56 to −0.12,95%\n",
                               values={"ci_low": [-0.56], "ci_high": [-0.12]}),
    "decimal commas": Input(
        "effects",
        f"{EFFECT.replace(',', ';')};ci_low;ci_high;ci_level\nE;x;c;OS;HR;0,71;0,57;0,87;0,95\n",
        noted="decimal_comma", values={"estimate": [0.71], "ci_low": [0.57]}),
    "thousands or decimals": Input("counts", "study;regimen;endpoint;events;n\nA;x;ORR;10;1,234\n",
                                   refused="not_a_number"),
    "underscore": Input("counts", f"{COUNT}\nA,x,ORR,1_0,29\n", refused="not_a_number"),
    "percentage with a sign": Input("counts", "study,regimen,endpoint,percent,n\nA,x,ORR,34·5,29\nA,y,ORR,34·3%,35\n",
                                    values={"events": [10, 12]}),
    "count with its percentage": Input("counts", f"{COUNT}\nA,x,ORR,10 (34.5%),29\nA,y,ORR,12/35 (34.3),35\n",
                                       values={"events": [10, 12]}),
    "count with its percentage in decimal commas": Input(
        "counts", f"{COUNT.replace(',', ';')}\nA;x;ORR;10 (34,5%);29\nA;y;ORR;12 (34,3%);35\n", noted="decimal_comma",
        values={"events": [10, 12]}),
    "count of its total": Input("counts", f"{COUNT}\nA,x,ORR,10/29,29\n", values={"events": [10]}),
    "count of another total alone": Input("counts", f"{COUNT}\nA,x,ORR,10/28,29\n", refused="total_disagrees"),
    "count against its percentage": Input("counts", f"{COUNT}\nA,x,ORR,11 (34.5%),29\n", refused="percent_disagrees"),
    "count of another total": Input("counts", f"{COUNT}\nA,x,ORR,10/28 (34.5%),29\n", refused="total_disagrees"),
    "p alone": Input("effects", f"{EFFECT},p\nA,x,c,OS,HR,0.70,0.0016\n", noted="se_from_p_value",
                     values={"se": [-math.log(0.70) / NormalDist().inv_cdf(1 - 0.0008)]}),
    "bound of p alone": Input("effects", f"{EFFECT},p\nA,x,c,OS,HR,0.70,<0.001\n", refused="p_is_a_bound"),
    "p too coarse": Input("effects", f"{EFFECT},p\nA,x,c,OS,HR,0.99,0.9\n", refused="p_too_coarse"),
    "p that contradicts": Input(
        "effects", f"{EFFECT},ci_low,ci_high,ci_level,p\nB,x,c,OS,HR,0.77,0.62,0.96,0.95,0.19\n",
        refused="p_inconsistent"),
    "bound of p beside an interval": Input(
        "effects", f"{EFFECT},ci_low,ci_high,ci_level,p\nB,x,c,OS,HR,0.60,0.50,0.72,0.95,<0.001\n",
        values={"estimate": [0.60]}),
    # medians
    "median not reached": Input("medians", "study,regimen,n,median,events\nA,x,40,NR,12\nB,y,40,6.2,33\n",
                                refused="median_not_reached", options=("--time-unit", "months")),
    "median not reached by a time stated": Input(
        "medians", "study,regimen,n,median,events,follow_up\nA,x,40,NR,12,14\nB,y,40,>9,12,\n",
        noted="median_not_reached", options=("--time-unit", "months"),
        values={"median": [14, 9], "log_se": [1 / (math.log(2) * math.sqrt(40))] * 2}),
    "median not reached though half had the event": Input(
        "medians", "study,regimen,n,median,events,follow_up\nA,x,40,未达到,20,14\n",
        refused="half_had_events", options=("--time-unit", "months")),
    "upper limit of a hazard ratio not reached": Input(
        "effects", f"{EFFECT},ci_low,ci_high,ci_level\nA,x,c,OS,HR,0.7,0.5,NE,0.95\n", noted="upper_limit_not_reached",
        values={"se": [math.log(0.7 / 0.5) / Z]}),
    "median not reached in Chinese": Input("medians", "study,regimen,median,events\nA,x,未达到,12\n",
                                           refused="median_not_reached", options=("--time-unit", "months")),
    "upper limit not reached": Input(
        "medians",
        "study,regimen,median,ci_low,ci_high,ci_level,events\nA,x,14.2,8.1,NE,0.95,18\nB,y,6.2,5.1,8.0,0.95,33\n",
        noted="upper_limit_not_reached", options=("--time-unit", "months"),
        values={"log_se": [math.log(14.2 / 8.1) / Z, math.log(8.0 / 5.1) / (2 * Z)]}),
    "median with its interval": Input("medians", "study,regimen,median\nA,x,6.2 (5.1–8.0)\n",
                                      options=("--time-unit", "months"), values={"median": [6.2]}),
    "header of a median with its interval": Input(
        "medians", "研究,方案,中位数(95%CI)\nA,x,6.2（5.1～8.0）\n", options=("--time-unit", "months"),
        values={"median": [6.2], "log_se": [math.log(8.0 / 5.1) / (2 * Z)]}),
    "interval in a column named after the median": Input(
        "medians", "study,arm,mPFS,\"mPFS, 95% CI\"\nA,x,6.2,5.1-8.0\n", options=("--time-unit", "months"),
        values={"median": [6.2], "log_se": [math.log(8.0 / 5.1) / (2 * Z)]}),
    "median whose interval states no level": Input(
        "medians", "study,arm,mPFS\nA,x,6.2 (5.1-8.0)\n", options=("--time-unit", "months"), noted="level_assumed",
        values={"log_se": [math.log(8.0 / 5.1) / (2 * Z)]}),
    "median not yet reached": Input("medians", "study,regimen,n,median,follow_up\nA,x,40,尚未达到,14\n",
                                    options=("--time-unit", "months"), noted="median_not_reached",
                                    values={"median": [14]}),
    "events of a median with their percentage": Input(
        "medians", "study,regimen,n,median,events\nA,x,29,6.2,18 (62.1%)\n", options=("--time-unit", "months"),
        values={"events": [18]}),
    "events of a median against their percentage": Input(
        "medians", "study,regimen,n,median,events\nA,x,29,6.2,18 (72.1%)\n", options=("--time-unit", "months"),
        refused="percent_disagrees"),
    "interval of a median beside its limits": Input(
        "medians", "study,regimen,median,ci,lower,upper\nA,x,6.2,5.1-8.0,5,8\n", options=("--time-unit", "months"),
        refused="two_columns"),
    "level of a median": Input("medians", "study,regimen,median,lower,upper,ci_level\nA,x,6,5,8,0.05\n",
                               refused="level_implausible", options=("--time-unit", "months")),
    "tiny level of a median": Input("medians", "study,regimen,median,lower,upper,ci_level\nA,x,6,5,8,1e-308\n",
                                    refused="level_implausible", options=("--time-unit", "months")),
    "more events than patients of a median": Input("medians", "study,regimen,n,median,events\nA,x,20,6,300\n",
                                                   refused="events_exceed_n", options=("--time-unit", "months")),
    "half an event of a median": Input("medians", "study,regimen,median,events\nA,x,6,12.5\n",
                                       refused="fractional_count", options=("--time-unit", "months")),
    "interval askew of a median": Input("medians", "study,regimen,median,lower,upper\nA,x,6,5.8,40\n",
                                        noted="interval_askew", options=("--time-unit", "months")),
    "limits of a median reversed": Input("medians", "study,regimen,median,lower,upper\nA,x,6,8,5\n",
                                         refused="limits_out_of_order", options=("--time-unit", "months")),
    "days beside months of medians": Input("medians", "study,regimen,median,events\nA,x,6,12\nB,y,186,12\n",
                                           noted="mixed_units", options=("--time-unit", "months")),
    # two candidates for one meaning
    "n and N": Input("counts", "study,regimen,endpoint,events,n,N\nA,x,ORR,10,20,40\n", refused="two_columns"),
    "events and responders": Input("counts", f"{COUNT},responders\nA,x,ORR,10,20,9\n", refused="two_columns"),
    "HR and OR": Input("effects", "study,experimental,control,endpoint,HR,OR,se\nA,x,c,OS,0.7,0.6,0.1\n",
                       refused="two_columns"),
    "estimate and HR": Input("effects", f"{EFFECT},HR,se\nA,x,c,OS,HR,0.7,0.6,0.1\n", refused="two_columns"),
    "exact spelling": Input("patients", "patient_id,regimen,months,Months,event\n1,A,2,60,1\n2,B,3,70,1\n",
                            options=FOLLOWED, values={"time": ["2.0", "3.0"]}),
    "inexact spelling": Input("patients", "patient_id,regimen,MONTHS,Months,event\n1,A,2,60,1\n2,B,3,70,1\n",
                              options=FOLLOWED, refused="two_columns"),
    "another spelling of the regimen": Input(
        "patients", "patient_id,regimen,Regimen,months,event\n1,A,B,2,1\n2,B,A,3,1\n", options=FOLLOWED,
        refused="two_columns"),
    "another spelling of the regimen that was named": Input(
        "patients", "patient_id,regimen,Regimen,months,event\n1,A,B,2,1\n2,B,A,3,1\n",
        options=(*FOLLOWED, "--regimen", "regimen"), noted="not_used", values={"regimen": ["A", "B"]}),
    "treatment for regimen": Input("patients", "patient_id,Treatment,months,event\n1,A,2,1\n2,B,3,1\n",
                                   options=FOLLOWED, values={"regimen": ["A", "B"]}),
    "regimen in Chinese": Input("patients", "patient_id,治疗方案,months,event\n1,甲,2,1\n2,乙,3,1\n",
                                options=FOLLOWED, values={"regimen": ["甲", "乙"]}),
    "regimen and treatment": Input("patients", "patient_id,regimen,treatment,months,event\n1,A,B,2,1\n",
                                   options=FOLLOWED, refused="two_columns"),
    "treatment, arm named": Input("patients", "patient_id,arm,treatment,months,event\n1,A,x,2,1\n2,B,y,3,1\n",
                                  options=(*FOLLOWED, "--regimen", "arm"), values={"regimen": ["A", "B"]}),
    "arm and treatment": Input("patients", "patient_id,arm,treatment,months,event\n1,A,x,2,1\n", options=FOLLOWED,
                               refused="two_columns"),
    "arm and treatment of counts": Input("counts", "study,arm,treatment,endpoint,events,n\nA,x,y,ORR,10,29\n",
                                         refused="two_columns"),
    "regimen beside the group of another kind": Input(
        "patients", "patient_id,regimen,group,months,event\n1,A,old,2,1\n2,B,young,3,1\n", options=FOLLOWED,
        noted="not_used", values={"regimen": ["A", "B"]}),
    "count of its total without a column for it": Input(
        "counts", "study,arm,endpoint,n/N (%)\nA,x,ORR,10/29 (34.5%)\nA,y,ORR,12/35\n",
        values={"events": [10, 12], "n": [29, 35]}),
    "count without its total": Input("counts", "study,arm,endpoint,events\nA,x,ORR,10/29\nA,y,ORR,12\n",
                                     refused="missing_number"),
    "events of a median of their total": Input(
        "medians", "study,treatment,mPFS,events\nA,x,6.2,18/29\nB,y,5.1,20/20\n", options=("--time-unit", "months"),
        values={"events": [18, 20]}),
    "PFS for the median": Input("medians", "study,arm,PFS (months),95% CI\nA,x,6.2,5.1-8.0\n",
                                options=("--time-unit", "months"), values={"median": [6.2]}),
    "median, unit and interval in one header": Input(
        "medians", "study,group,\"median PFS (months, 95% CI)\"\nA,x,6.2 (5.1-8.0)\n",
        options=("--time-unit", "months"), values={"median": [6.2]}),
    "median PFS beside median OS": Input("medians", "study,arm,mPFS,mOS,events\nA,x,6.2,14.1,18\n",
                                         options=("--time-unit", "months"), refused="two_columns"),
    "median in another unit than declared": Input("medians", "study,arm,PFS (days),events\nA,x,186,18\n",
                                                  options=("--time-unit", "months"), refused="units_disagree"),
    "time in another unit than declared": Input(
        "patients", "patient_id,arm,PFS (days),event\n1,A,186,1\n", refused="units_disagree",
        options=("--time", "PFS (days)", "--event", "event", "--time-unit", "months")),
    "full-width letters": Input("counts", f"{COUNT}\nA,Ａ,ORR,10,29\nA,A,ORR,12,35\n", refused="duplicate_row"),
    # identity
    "hospital number": Input("patients", f"{PATIENT},病案号\n1,A,2,1,77\n", options=FOLLOWED,
                             refused="identifying_column"),
    "name in both languages": Input("patients", f"{PATIENT},姓名 patient name\n1,A,2,1,Li\n", options=FOLLOWED,
                                    refused="identifying_column"),
    "date of birth": Input("patients", f"{PATIENT},date_of_birth\n1,A,2,1,1950-01-01\n", options=FOLLOWED,
                           refused="identifying_column"),
    "national number": Input("patients", f"{PATIENT},code\n1,A,2,1,110101195003071234\n", options=FOLLOWED,
                             refused="identifying_cell"),
    "national number of 15 digits": Input("counts", f"{COUNT},code\nA,x,ORR,10,29,110101500307123\n",
                                          refused="identifying_cell"),
    "national number as a spreadsheet shows it": Input(
        "medians", "study,regimen,median,events,code\nA,x,6,9,1.10101E+17\n", options=("--time-unit", "months"),
        refused="identifying_cell"),
    "national number within a remark": Input("patients", f"{PATIENT},remark\n1,A,2,1,身份证110101195003071234\n",
                                             options=FOLLOWED, refused="identifying_cell"),
    "names of patients": Input(
        "patients", f"{PATIENT},label\n1,A,2,1,王小明\n2,B,3,1,李芳\n3,A,2,1,张伟\n4,B,3,1,赵敏\n", options=FOLLOWED,
        refused="identifying_cell"),
    "telephone with its area": Input("effects", f"{EFFECT},se,code\nA,x,c,OS,HR,0.7,0.1,010-12345678\n",
                                     refused="identifying_cell"),
    "telephone": Input("patients", "patient_id,regimen,months,event\n13812345678,A,2,1\n", options=FOLLOWED,
                       refused="identifying_cell"),
    # duplicates, times, characters
    "subgroups told apart by another column": Input(
        "counts", f"{COUNT},line\nA,x,ORR,10,29,first\nA,x,ORR,4,20,second\n", noted="told_apart"),
    "a row twice": Input("counts", f"{COUNT},line\nA,x,ORR,10,29,first\nA,x,ORR,9,29,first\n", refused="duplicate_row"),
    "long times": Input("patients", f"{PATIENT}\n1,A,60,1\n2,B,70,0\n", noted="long_time",
                        options=("--time", "months", "--event", "event", "--time-unit", "years")),
    "escape in a name": Input("counts", f"{COUNT}\nA,x\x1b[31m,ORR,10,29\n", refused="control_character"),
    "reversed writing in a name": Input("counts", f"{COUNT}\nA,x\u202ey,ORR,10,29\n", refused="control_character"),
    "columns nobody uses": Input("counts", f"{COUNT},colour\nA,x,ORR,10,29,red\n", noted="not_used"),
    "direction nobody knows": Input("effects", f"{EFFECT},se\nA,x,c,G3AE,log OR,0.9,0.3\nB,y,c,G3AE,log OR,-0.4,0.3\n",
                                    noted="unknown_direction"),
    # networks
    "arms that cannot be": Input(
        "effects", f"{EFFECT},se\nB,b,C,OS,log HR,-0.6531304,0.1700709\nB,c,C,OS,log HR,-1.9118454,0.2739463\n"
        "B,b,c,OS,log HR,1.2587150,0.2132226\n", refused="pairs_contradict"),
    "a loop that does not close": Input(
        "effects", f"{EFFECT},se\nB,a,c,OS,log HR,0.5,0.3\nB,b,c,OS,log HR,0.2,0.3\nB,a,b,OS,log HR,-0.9,0.3\n",
        refused="pairs_contradict"),
    "contrasts of a trial against different arms": Input(
        "effects", f"{EFFECT},se\nF,a,c,OS,log HR,0.5,0.3\nF,b,a,OS,log HR,0.2,0.3\n", refused="shared_control"),
    "contrasts that share an arm of unknown variance": Input(
        "effects", f"{EFFECT},se\nF,a,c,OS,log HR,0.5,0.3\nF,b,c,OS,log HR,0.2,0.3\n", refused="shared_control"),
    "contrasts that share an arm with its variance": Input(
        "effects", f"{EFFECT},se,control_se\nF,a,c,OS,log HR,0.5,0.3,0.2\nF,b,c,OS,log HR,0.2,0.3,0.2\n",
        noted="shared_control"),
    "a control arm less precise than its contrast": Input(
        "effects", f"{EFFECT},se,control_se\nB,b,C,OS,log HR,-0.65,0.17,0.20\n", refused="control_arm"),
}  # fmt: skip
