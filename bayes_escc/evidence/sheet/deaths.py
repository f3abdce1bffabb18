"""What the cells of a column say of deaths: by the codes in its header, by its name, or by a person's answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bayes_escc.evidence.sheet.cells import MISSING, WORDS, folded_word, read_number
from bayes_escc.evidence.sheet.roles import ROLES, Header, header_of, roles_of
from bayes_escc.evidence.sheet.wording import Text

__all__ = [
    "TIMES",
    "called",
    "counted_dead",
    "endpoint_named",
    "is_of_progression",
    "is_of_relapse",
    "is_overall",
    "is_time_to_death",
    "reading_of",
    "tells_death",
    "values_in",
]

_DIED: Final = re.compile(r"(?i)dead|death|died|deceas|dth|mortal|expired|死|亡|去世|已故|event|evt|事件")
_LIVES: Final = re.compile(r"(?i)alive|living|cnsr|cens|存活|健在|在世|删失")
_EITHER: Final = re.compile(r"(?i)vital|surviv|生存|存亡|生死|(?:存活|alive)\s*(?:status|状态|情况|结局)")
_NOT_DEAD: Final = re.compile(r"(?i)(?:\bnot|\bnon)[- ]?(?:dead|died|deceased)|(?:未|没有|无)死")
_STATUS: Final = re.compile(
    r"(?i)status|state|outcome|event|evt|cnsr|cens|flag|indicator|状态|结局|事件|删失|情况|转归"
)
_WORDS: Final = {
    **{w: m for w, m in WORDS["status"].items() if w not in WORDS["yes_no"]},
    **dict.fromkeys(("dead", "deceased", "去世", "死", "亡", "死亡", "已死亡", "已死", "已故"), "event"),
    **dict.fromkeys(("alive", "living", "lives", "survived", "surviving", "not dead", "in follow-up"), "censored"),
    **dict.fromkeys(("存活", "生存", "健在", "在世", "生", "存", "活", "活着", "未死"), "censored"),
    **dict.fromkeys(("unknown", "unk", "不详", "未知", "缺失", "missing"), "missing"),
}  # fmt: skip
"""Words of deaths, folded; yes and no are not among them, for they depend on the question."""
_OF_DEATH: Final = frozenset(
    {"dead", "death", "died", "deceased", "死", "亡", "死亡", "已死亡", "已死", "已故", "去世", "未死亡", "未死",
     "存活", "alive", "living", "生存", "健在", "在世", "not dead"}
)  # fmt: skip
_PROGRESSION: Final = re.compile(r"(?i)进展|无病|无事件|progress|dfs|efs|rfs|ttp|\bpd\b|pfs|复发|relapse|recur")


TIMES: Final[Mapping[str, tuple[Text, Text]]] = {
    "PFS": (Text("progression-free survival", "无进展生存期"), Text("mean progression-free time", "平均无进展时间")),
    "OS": (Text("overall survival", "总生存期"), Text("mean survival time", "平均生存时间")),
    "DFS": (Text("disease-free survival", "无病生存期"), Text("mean disease-free time", "平均无病生存时间")),
    "EFS": (Text("event-free survival", "无事件生存期"), Text("mean event-free time", "平均无事件生存时间")),
    "RFS": (Text("relapse-free survival", "无复发生存期"), Text("mean relapse-free time", "平均无复发生存时间")),
    "TTP": (Text("time to progression", "至疾病进展时间"), Text("mean time to progression", "平均至疾病进展时间")),
}
"""What the time to an event is called, and its mean, by its code."""
_NAMED: Final = (
    ("DFS", re.compile(r"\bdfs|disease free surv|无病生存")),
    ("EFS", re.compile(r"\befs|event free surv|无事件生存")),
    ("RFS", re.compile(r"\brfs|(?:relapse|recurrence) free surv|无复发生存")),
    ("TTP", re.compile(r"\bttp|time to progression(?! or death)|至(?:疾病)?进展时间|疾病进展期")),
)


def called(role: str, endpoint: str) -> Text:
    """What the column of a role is called where a time to an event is analysed; a blank endpoint is PFS."""
    if endpoint == "OS":
        own = {"time": "os", "status": "os_status"}.get(role, role)
        return Text("alive or censored, yes or no", "是否存活或删失") if role == "censored" else ROLES[own].said
    said = ROLES[role].said
    if endpoint and role in {"time", "status", "censored", "pfs_end"}:
        return Text(
            said.en.replace("PFS", endpoint), said.zh.replace("PFS", endpoint).replace("无进展生存期", endpoint)
        )
    return said


def endpoint_named(header: str) -> str:
    """Which time to an event, other than PFS and OS, a header names; a blank where it names none."""
    key = header_of(header).key.replace("-", " ")
    return next((code for code, pattern in _NAMED if pattern.search(key)), "")


def is_of_relapse(header: str) -> bool:
    """Whether a header is of relapse and says nothing of progression."""
    return re.search(r"(?i)relaps|recur|复发", header) is not None and not re.search(
        r"(?i)progress|\bpd\b|进展", header
    )


def is_overall(header: str, role: str) -> bool:
    """Whether a header is that of overall survival, or of whether the patient died."""
    found = {name for name, _ in roles_of(header_of(header))}
    return role in found or (role == "os_status" and "death" in found)


def is_of_progression(header: str) -> bool:
    """Whether a header names progression or progression-free survival."""
    return _PROGRESSION.search(header.replace("_", " ")) is not None


def is_time_to_death(header: str) -> bool:
    """Whether a header is that of the time of overall survival, and not of its status."""
    head = header_of(header)
    return is_overall(header, "os") and not head.codes and not _STATUS.search(head.key)


def tells_death(header: str, cells: Sequence[str]) -> bool:
    """Whether a column says who died, and nothing of progression: by its name, its codes, or its words."""
    if is_of_progression(header):
        return False
    if is_overall(header, "os_status") or (is_overall(header, "os") and not is_time_to_death(header)):
        return True
    if re.search(r"(?i)alive|living|存活|健在|在世", header):
        return True
    values = values_in(cells)
    if values and (values <= {"0", "1"} or values <= {"1", "2"}) and re.search(r"(?i)surviv|生存", header):
        return True  # which of the two is dead is asked
    said = {folded_word(m) for _, m in header_of(header).codes} or values
    return (
        bool(said & _OF_DEATH)
        and {_WORDS.get(w, "?") for w in said} <= {"event", "censored", "missing"}
        and not any(is_of_progression(w) for w in said)
    )


def values_in(cells: Sequence[str]) -> set[str]:
    """What stands in the cells, folded."""
    return {folded_word(c) for c in cells} - MISSING


def reading_of(header: str, cells: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The role of a column that says who died, and what its words mean; a blank role where a person must say.

    A legend in the header (``1=dead, 0=alive``) comes before its name, and is no part of it.
    """
    head, values = header_of(header), values_in(cells)
    one = _what_yes_means(head)
    if head.codes or _legend_like(head):
        return _by_legend(head, values, one)
    words = {w: _WORDS[w] for w in values if w in _WORDS}
    yes_no = values & set(WORDS["yes_no"])
    if any(read_number(w) is not None for w in values - set(WORDS["yes_no"])):
        return "", {}
    if yes_no and not one:
        return "", {}
    return ("censored" if one == "censored" and yes_no else "status"), words


def counted_dead(values: set[str], died: str) -> dict[str, str]:
    """What every value means where one of them was said to mean dead."""
    values = values | ({"0", "1"} if values <= {"0", "1"} else set())
    return {w: "event" if w == died else _WORDS.get(w, "censored") for w in values | {died}}


def _name(head: Header) -> str:
    """The header without its legend."""
    name = head.key
    if "=" in name:
        first = min((at for _, m in head.codes if (at := name.find(folded_word(m))) > 0), default=len(name))
        name = re.split(r"\d\s*[=:]", name[:first])[0]
    return name


def _what_yes_means(head: Header) -> str:
    """What 1 or yes means by the name of a column: ``event``, ``censored``, or blank where it may be either."""
    name = _name(head)
    if _NOT_DEAD.search(name):
        return "censored"
    lives, died = _LIVES.search(name), _DIED.search(name)
    if (lives and died and not re.search(r"cnsr|cens|删失", name)) or (
        _EITHER.search(name) and not _DIED.search(_EITHER.sub("", name))
    ):
        return "censored" if lives and re.search(r"cnsr|cens|删失", name) else ""
    return "censored" if lives else "event"


def _legend_like(head: Header) -> bool:
    """Whether a header holds codes that could not be taken apart."""
    return (
        re.search(r"\d[^()\d]*[A-Za-z\u4e00-\u9fff]|[A-Za-z\u4e00-\u9fff]\s*[=:]\s*\d|\d\s*[=:]", head.text) is not None
    )


def _by_legend(head: Header, values: set[str], one: str) -> tuple[str, dict[str, str]]:
    """What the codes in a header mean; what they leave out is the other of two, or a word known of itself."""
    words = {}
    for code, meaning in head.codes:
        said = folded_word(meaning)
        if said in WORDS["yes_no"]:
            yes = WORDS["yes_no"][said] == "1"
            found = "" if not one else one if yes else {"event": "censored", "censored": "event"}[one]
        else:
            found = _WORDS.get(said, "") or _inside(said)
        if not found:
            return "", {}
        words[folded_word(code)] = found
    if not words:
        return "", {}
    told = set(words.values()) - {"missing"}
    words |= {w: words[w[:-2]] for w in values if w.endswith(".0") and w[:-2] in words}
    left = {w for w in values - set(words) if w not in _WORDS}
    if not left and len(told) == 1 and set(words) <= {"0", "1"}:
        left = {"0", "1"} - set(words)
    if left and (len(told) != 1 or len(left) > 1):
        return "", {}
    other = "censored" if "event" in told else "event"
    words |= dict.fromkeys(left, other) | {w: _WORDS[w] for w in values if w in _WORDS}
    return "status", words


def _inside(said: str) -> str:
    """What a longer meaning says: ``death from any cause``, ``alive at last follow-up``."""
    died, lives = _DIED.search(said), _LIVES.search(said) or re.search(r"未|not |no |non|生存|失访|lost", said)
    return "" if bool(died) == bool(lives) else "event" if died else "censored"
