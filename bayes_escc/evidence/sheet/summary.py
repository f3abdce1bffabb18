"""What a table says at a glance: patients, events, median; with which the candidates of a question are told apart."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.sheet.applied import Applied
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["summary_of"]


def summary_of(applied: Applied, mapping: Mapping) -> Text:
    """Patients, events and median progression-free survival, and responders, of a table."""
    if mapping.kind != "patients":
        return Text(f"{len(applied.rows)} rows", f"{len(applied.rows)}行")
    english, chinese = [f"{len(applied.rows)} patients"], [f"{len(applied.rows)}例"]
    told = [("time", "event", mapping.rule("endpoint", "PFS"), mapping.rule("time_unit", "days"))]
    for time, event, endpoint, unit in (*told, ("os_time", "os_event", "OS", mapping.rule("os_unit", "days"))):
        pairs = [(float(r[time]), r[event] == "1") for r in applied.rows if r.get(time)]
        if pairs:
            text = _followed(pairs, endpoint, unit)
            english.append(text.en)
            chinese.append(text.zh)
    between = [r["first_progression"] for r in applied.rows if r.get("first_progression")]
    if between:
        seen = sum(b != "inf" for b in between)
        english.append(f"{seen} of {len(between)} progressed or died by their scans and dates")
        chinese.append(f"据影像与日期，{len(between)}例中进展或死亡{seen}例")
    responses = [r["response"] for r in applied.rows if r.get("response")]
    if responses:
        met = sum(r in {"CR", "PR", "1"} for r in responses)
        english.append(f"{met} of {len(responses)} responded")
        chinese.append(f"{len(responses)}例中缓解{met}例")
    return Text(", ".join(english), "，".join(chinese))


def _followed(pairs: Sequence[tuple[float, bool]], endpoint: str, unit: str) -> Text:
    """Events and median of some patients."""
    from bayes_escc.evidence.kaplan_meier import kaplan_meier

    events = sum(e for _, e in pairs)
    middle = kaplan_meier([t for t, _ in pairs], [e for _, e in pairs]).median
    per_month = DAYS_IN["months"] / DAYS_IN[unit]
    shown = "not reached" if middle is None else f"{middle / per_month:.1f} months"
    reached = "未达到" if middle is None else f"{middle / per_month:.1f}个月"
    what, zh = ("deaths", "死亡") if endpoint == "OS" else ("events", "事件")
    return Text(
        f"{events} {what} of {len(pairs)} followed, median {endpoint} {shown}",
        f"随访{len(pairs)}例中{zh}{events}例，中位{endpoint}{reached}",
    )
