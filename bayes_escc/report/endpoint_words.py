"""Words for the endpoint of a survival analysis: what is said of progression-free survival, said of another time.

The package writes of progression-free survival. Where ``[data] endpoint`` says that an analysis is of another time to
an event (overall survival, disease-free survival ...), what a person reads of it (text, page, figures) passes through
`of_endpoint`. Names that a person gave stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from bayes_escc.evidence.endpoints import time_endpoint
from bayes_escc.families import get_family
from bayes_escc.names import PlainMapping
from bayes_escc.report.chinese import Names, in_chinese, shielded, unshielded

__all__ = ["chinese_of_endpoint", "endpoint_of", "of_endpoint", "of_result"]


class _Words(NamedTuple):
    """How one time to an event is called, in one language."""

    name: str
    free: str
    """Of whom the event has not happened to."""
    time: str
    rate: str
    event: str
    hazard: str
    """That of which there is a hazard, which comes later or earlier."""
    runs_to: str
    not_yet: str


_ENGLISH: Final = {
    "OS": _Words("overall survival", "alive", "survival time", "overall survival", "death", "death",
                 "death from any cause", "(alive)"),
    "DFS": _Words("disease-free survival", "disease-free", "disease-free time", "disease-free survival",
                  "recurrence or death", "recurrence", "recurrence or death", "(no recurrence yet)"),
    "EFS": _Words("event-free survival", "event-free", "event-free time", "event-free survival", "an event", "an event",
                  "the event, as defined, or death", "(no event yet)"),
    "RFS": _Words("relapse-free survival", "relapse-free", "relapse-free time", "relapse-free survival",
                  "relapse or death", "relapse", "relapse or death", "(no relapse yet)"),
    "TTP": _Words("time to progression", "progression-free", "time to progression", "freedom from progression",
                  "progression", "progression", "progression, deaths without it being censored",
                  "(not yet progressed)"),
}  # fmt: skip
_CHINESE: Final = {
    "OS": _Words("总生存期", "存活", "生存时间", "总生存率", "死亡", "死亡", "任何原因死亡", "（存活）"),
    "DFS": _Words("无病生存期", "无病", "无病生存时间", "无病生存率", "复发或死亡", "复发", "复发或死亡",
                  "（尚未复发）"),
    "EFS": _Words("无事件生存期", "无事件", "无事件生存时间", "无事件生存率", "事件", "事件", "所定义的事件或死亡",
                  "（尚无事件）"),
    "RFS": _Words("无复发生存期", "无复发", "无复发生存时间", "无复发生存率", "复发或死亡", "复发", "复发或死亡",
                  "（尚未复发）"),
    "TTP": _Words("至疾病进展时间", "无进展", "至疾病进展时间", "无进展率", "进展", "进展",
                  "疾病进展（未进展的死亡按删失处理）", "（尚未进展）"),
}  # fmt: skip
_SAID: Final = (
    ("progression-free survival (PFS)", "{name} ({code})"),
    ("Progression-free survival runs from the start of treatment to progression or death",
     "{Name} runs from the start of treatment to {runs_to}"),
    ("Progression-free survival", "{Name}"),
    ("progression-free survival", "{name}"),
    ("Progression-free (% of patients)", "{Free} (% of patients)"),
    ("Death without progression", "Death without {hazard}"),
    ("New therapy before progression", "New therapy before {hazard}"),
    ("progression-free time", "{time}"),
    ("progression-free", "{free}"),
    ("Hazard of progression", "Hazard of {hazard}"),
    ("hazard of progression", "hazard of {hazard}"),
    ("progression later", "{hazard} later"),
    ("progression earlier", "{hazard} earlier"),
    ("progression or death", "{event}"),
    ("(not yet progressed)", "{not_yet}"),
)  # fmt: skip
_SAID_ZH: Final = (
    ("无进展生存期自治疗开始至疾病进展或任何原因死亡", "{name}自治疗开始至{runs_to}"),
    ("无进展生存期(PFS)", "{name}({code})"),
    ("未进展而死亡", "此前未发生{hazard}而死亡"),
    ("进展前更换治疗", "{hazard}前更换治疗"),
    ("无进展生存时间", "{time}"),
    ("无进展生存期", "{name}"),
    ("无进展生存率", "{rate}"),
    ("无进展患者", "{free}患者"),
    ("更多患者无进展", "更多患者{free}"),
    ("进展风险率", "{hazard}风险率"),
    ("（尚未进展）", "{not_yet}"),
    ("进展较晚", "{hazard}较晚"),
    ("进展较早", "{hazard}较早"),
    ("进展或死亡", "{event}"),
)
"""What is said of progression-free survival, and of another time to an event; the longer first."""


@cache
def _replacements(endpoint: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """One pattern of all that is said otherwise, and how it is said; nothing that was said is looked at again."""
    found: dict[str, str] = {}
    for said, words in ((_SAID, _ENGLISH[endpoint]), (_SAID_ZH, _CHINESE[endpoint])):
        known = words._asdict() | {"code": endpoint, "Name": _capital(words.name), "Free": _capital(words.free)}
        found |= {progression_free: other.format(**known) for progression_free, other in said}
    return re.compile("|".join(map(re.escape, found))), found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_PFS: Final = re.compile(r"(?<![A-Za-z0-9_])PFS(?![A-Za-z0-9_])")


def endpoint_of(content: PlainMapping) -> str:
    """The endpoint of a survival analysis from its content, as ``[data] endpoint`` says; blank for PFS.

    Parameters
    ----------
    content : mapping
        Of an analysis, as its file has it.
    """
    model, data = content.get("model", {}), content.get("data", {})
    stated = data.get("endpoint")
    named = stated if isinstance(stated, str) else stated[0] if isinstance(stated, list) and len(stated) == 1 else ""
    followed = "family" in model and get_family(model["family"]).FOLLOWS_PATIENTS
    code = time_endpoint(named) if followed and isinstance(named, str) else ""
    return "" if code == "PFS" else code


def of_endpoint(text: str, endpoint: str, own: Names = frozenset()) -> str:
    """A text in the words of its endpoint.

    Parameters
    ----------
    text : str
        In English or Chinese.
    endpoint : str
        As `endpoint_of` gives it; blank leaves the text as it is.
    own : frozenset of str
        Names that a person gave.
    """
    if endpoint not in _ENGLISH:
        return text
    pattern, said = _replacements(endpoint)
    held = pattern.sub(lambda found: said[found.group()], shielded(text, own))
    return unshielded(_PFS.sub(endpoint, held), own)


def chinese_of_endpoint(text: str, endpoint: str, own: Names = frozenset()) -> str:
    """A text about an endpoint in Chinese, in words of PFS, which `of_endpoint` makes those of the endpoint.

    The result says ``median DFS`` of a prior, and the catalogue of Chinese knows ``median PFS``.
    """
    if endpoint in _ENGLISH and endpoint != "OS":
        text = unshielded(re.sub(rf"(?<![A-Za-z0-9_]){endpoint}(?![A-Za-z0-9_])", "PFS", shielded(text, own)), own)
    return in_chinese(text, own)


def of_result(text: str, result: Mapping[str, PlainMapping], own: Names = frozenset()) -> str:
    """A text about a result in the words of its endpoint."""
    return of_endpoint(text, str(result["data"].get("endpoint") or ""), own)
