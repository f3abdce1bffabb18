"""What readers of follow-up, dates and visits refuse or note, in English and Chinese."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.chinese_terms import SCAN_RULES

__all__ = ["DATES", "FOLLOW_UP", "VISITS"]

FOLLOW_UP: Final = (
    (
        'dates: "start" is required, the column from whose date times count.',
        'dates：必须填写"start"，即计时起点日期所在的列。',
    ),
    (
        'dates: name at least one of "event", "death" and "last_contact".',
        'dates：至少指明"event"、"death"与"last_contact"之一。',
    ),
    ("the event must be one of {codes}.", "事件应为{codes}之一。"),
    ("the event is blank.", "事件为空。"),
    ("the event is said to have happened, but has no date.", "注明已发生事件，但没有日期。"),
    ("Fill in the date, or correct the event.", "请填写日期，或更正事件。"),
    ("there is a date, but the event is said not to have happened.", "有日期，但注明事件未发生。"),
    ("lies before the event ({date}).", "早于事件({date})。"),
    ("The event was used; check both.", "采用事件；请核对两者。"),
    ("there is neither an event nor a last contact.", "既无事件也无末次随访。"),
    ("Fill in one of the dates.", "请填写其中一个日期。"),
    ("lies after the data cut ({date}).", "晚于数据截止({date})。"),
    ("Leave the patient out, or correct the date.", "请去掉该患者，或更正日期。"),
    ("lies after today ({date}).", "晚于今天({date})。"),
    ("lies before the start ({date}).", "早于治疗开始({date})。"),
    ("lies before the start.", "早于治疗开始。"),
    ("lies after death ({date}).", "晚于死亡({date})。"),
    ("Fill it in; times count from it.", "请填写；时间以此为起点。"),
    ("time unit {unit} is not one of {units}.", "时间单位{unit}不是{units}之一。"),
    ("the time unit {unit} is not one of {units}.", "时间单位{unit}不是{units}之一。"),
    ("entry is not before the end of follow-up ({time}).", "进入时间不早于随访结束({time})。"),
    ("entry is not before progression ({time}).", "进入时间不早于进展({time})。"),
    ("progression-free longer than alive ({time}).", "无进展生存时间长于总生存时间({time})。"),
    ("progression before the last free scan ({time}).", "进展早于末次未进展的检查({time})。"),
    ("Correct either; write inf where no progression was seen.", "请更正其一；未见进展者写inf。"),
    ("{name} lies between {low} and {high}, as a rule.", "{name}通常在{low}～{high}之间。"),
    ("{name} lies between {low} and {high}.", "{name}应在{low}～{high}之间。"),
    ("Give the day, if it is known.", "若已知，请填写具体日期。"),
    (
        'Correct it, or declare what the codes mean with event_codes = { "2" = "event", "1" = "censored" }.',
        '请更正，或用 event_codes = { "2" = "event", "1" = "censored" } 注明编码含义。',
    ),
    ("the last progression-free scan has no time.", "末次未进展的检查没有时间。"),
    ("Write 0 if none.", "若无则填0。"),
    (
        "the dates give the follow-up, but the table has a column {column} too.",
        "随访由日期得出，但表中另有{column}列。",
    ),
    (
        "Name it with {column}=, to have it checked against the dates, or leave it out with drop=.",
        "请用{column}=指明以与日期核对，或用drop=不读取。",
    ),
    ("the same row also stands in row {row}; it was counted once.", "同一行另见第{row}行，只计一次。"),
    (
        "{source} was read without follow-up: name the columns with time= and event=, or interval=, and time_unit=.",
        "{source}读取时没有随访：请用time=与event=(或interval=)及time_unit=指明各列。",
    ),
    ("{source} has no response column.", "{source}没有疗效列。"),
    (
        "endpoint {name} cannot be read off best responses: use ORR, DCR or one of {names}, or a response column with 0 and "
        "1.",
        "无法由最佳疗效得出终点{name}：请用ORR、DCR或{names}之一，或0/1的疗效列。",
    ),
    (
        "{source}: a yes-or-no response stands for one endpoint, not for {names}; give the best responses (CR, PR, SD, PD, "
        "NE) or one endpoint.",
        "{source}：是否型疗效只对应一个终点，不能对应{names}；请给出最佳疗效(CR、PR、SD、PD、NE)或只写一个终点。",
    ),
    ("time= and event= go together.", "time=与event=须同时给出。"),
    (
        "overall_event= goes with overall=, the time of death or of the last contact.",
        "overall_event=须与overall=（死亡或末次随访的时间）同时给出。",
    ),
    (
        "the dates give overall survival; leave overall= and overall_event= out.",
        "总生存期由日期得出；请去掉overall=与overall_event=。",
    ),
    (
        "died at {time}, but progression-free survival does not end with an event then.",
        "{time}时死亡，但无进展生存期当时并未以事件结束。",
    ),
    (
        "Set the event to 1, as a death without progression is one; or give the earlier time at which assessments for "
        "progression ended.",
        "请将事件改为1（未进展即死亡也是事件）；或填写较早的、进展评估结束的时间。",
    ),
    (
        "progression and death are dated on one day ({date}).",
        "进展与死亡为同一天({date})。",
    ),
    (
        "It counts as a death without progression; correct the date of progression if it came before.",
        "按未进展即死亡计；若进展在前，请更正进展日期。",
    ),
    (
        "death or the last contact lies after the data cut ({date}): overall survival is censored there.",
        "死亡或末次随访晚于数据截止({date})：总生存期在该日删失。",
    ),
    (
        "progression lies between two scans (interval), and a model of progression-free and overall survival together "
        "takes dated progression: give the time or the date of the scan that found it, with time and event or with dates.",
        "进展位于两次检查之间(interval)，而无进展生存期与总生存期的联合模型需要明确的进展时间："
        "请用time与event，或dates，给出发现进展的检查的时间或日期。",
    ),
    (
        "the table was not read with both endpoints: name time and event of progression-free survival, and overall and "
        "overall_event of overall survival; or dates of progression (event), death and last contact.",
        "读取表格时未包含两个终点：请指明无进展生存期的time与event，以及总生存期的overall与overall_event；"
        "或进展(event)、死亡(death)与末次随访(last_contact)的日期。",
    ),
    (
        "goes together with time: the column of 1 (event) and 0 (censored).",
        "须与time同时给出：1(事件)与0(删失)所在的列。",
    ),
    (
        "{path}: goes together with time: the column of 1 (event) and 0 (censored).",
        "{path}：须与time同时给出：1(事件)与0(删失)所在的列。",
    ),
)

_OF_SCANS: Final = (
    ("{name} must be a positive time between scans, not {value}", "{name}应为两次检查之间的正数时间，而非{value}"),
    ("{name} {value} is not one of {columns}", "{name} {value}不是{columns}之一"),
    ("{name} must be a whole number of at least 0, not {value}", "{name}应为不小于0的整数，而非{value}"),
    ("death_after_missed is one of {columns}, not {value}", "death_after_missed为{columns}之一，而非{value}"),
    ("name the column of the visits with date= or time=", "请用date=或time=指明访视的列"),
    (
        "dates of visits need {name}, the column of the patient table with the start of treatment",
        "访视采用日期时，需用{name}指明患者表中治疗开始的列",
    ),
    ("words= mean one of {columns}, not {value}", "words=的含义为{columns}之一，而非{value}"),
)
"""What is wrong with how visits are to be joined; several are said one after the other."""

DATES: Final = (
    ("there is no such day in the calendar.", "日历中没有这一天。"),
    ("a year before {year} cannot be meant.", "年份早于{year}，应有误。"),
    (
        "day and month cannot be told apart; write the year first, 2024-01-31.",
        "无法区分日与月；请先写年份，如2024-01-31。",
    ),
    (
        "a spreadsheet's day number, {a} in Excel for Windows or {b} in old Excel for the Mac; save the column as dates, "
        "year first.",
        "这是电子表格的日期序号，在Windows版Excel中为{a}，在旧Mac版Excel中为{b}；请将该列存为年份在前的日期。",
    ),
    ("a date without time of day and time zone is needed.", "日期不应带时刻与时区。"),
    ("not a date; write the year first, 2024-01-31.", "不是日期；请先写年份，如2024-01-31。"),
    ("not a plain number of {unit} since the start.", "不是自治疗开始起的数字（单位：{unit}）。"),
)

VISITS: Final = (
    *(
        (f"{before}{english}{after}", f"{before.replace(': ', '：')}{chinese}{end}")
        for english, chinese in _OF_SCANS
        for before in ("scans: ", "")
        for after, end in ((";", "；"), (".", "。"))
    ),
    (
        "the patient has neither a usable scan after the start nor a death, up to the data cut ({date}).",
        "至数据截止({date})，该患者在治疗开始后既无可用的检查，也无死亡。",
    ),
    *(
        (f"{{n}} {visits} {why} {were} left out.", f"{chinese}的{{n}}次访视未采用。")
        for visits, were in (("visit", "was"), ("visits", "were"))
        for why, chinese in (
            ("without a usable result", "无可用结果"),
            ("on or before the day of the start (baseline)", "治疗开始当日或之前（基线）"),
        )
    ),
    ("They say nothing about when progression happened.", "它们不提供进展时间的信息。"),
    ("a scan at {time} {unit} follows death at {died}.", "{time}{unit}的检查晚于{died}的死亡。"),
    (
        "the patient has neither a usable scan after the start nor a death.",
        "该患者在治疗开始后既无可用的检查，也无死亡。",
    ),
    ("Add them, or leave the patient out.", "请补充，或去掉该患者。"),
    ("is not in {source}.", "不在{source}中。"),
    ("Correct it, or add the patient.", "请更正，或添加该患者。"),
    ("the result is not known.", "检查结果用词不明。"),
    (
        'Correct it, or say what it means with words = { "..." = "progression" | "free" | "unknown" }.',
        '请更正，或用 words = { "..." = "progression" | "free" | "unknown" } 注明含义。',
    ),
    ("another result of the same day stands in row {row}.", "同一天的另一结果在第{row}行。"),
    ("Keep the one that holds.", "请保留有效的一个。"),
    (
        "no progression after a scan that showed it; the first one was used.",
        "显示进展之后又有未进展的检查，采用首次进展。",
    ),
    ("Right unless the earlier scan was not confirmed.", "除非此前的检查未获确认，否则无误。"),
    ("progression on or before the day of the start.", "进展不晚于治疗开始当日。"),
    ("Correct either; a baseline scan shows no progression.", "请更正其一；基线检查不会显示进展。"),
    ("{n} visit before the start was left out.", "治疗开始前的{n}次访视未采用。"),
    ("{n} visits before the start were left out.", "治疗开始前的{n}次访视未采用。"),
    (
        "the patient has neither a usable scan after the start nor a death date.",
        "该患者在治疗开始后既无可用的检查，也无死亡日期。",
    ),
    (
        "scans: {source} has a column {column} already; rename it or leave out the scans.",
        "scans：{source}已有{column}列；请将其改名，或不读取影像检查。",
    ),
    *(
        (f"{{n}} {patients}: {rule}.", f"{{n}}例患者：{chinese}。")
        for rule, chinese in SCAN_RULES.items()
        for patients in ("patient", "patients")
    ),
    ("See scan_rule of each.", "见各例的scan_rule。"),
    ("died twice.", "有两个死亡日期。"),
    ("the time cannot be used.", "时间不可用。"),
    ("progression must be 0 or 1.", "进展只能填0或1。"),
)
