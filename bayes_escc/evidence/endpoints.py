"""Endpoints the field reports as counts, and the direction in which each is better."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import RawTable, normalise
from bayes_escc.names import Direction

__all__ = [
    "MET_BY",
    "RECIST",
    "TIME_ENDPOINTS",
    "adverse_endpoint",
    "canonical_endpoint",
    "endpoint_direction",
    "endpoint_of_times",
    "is_time_to_event",
    "kind_of_events",
    "misspelt_endpoint",
    "stated_directions",
    "time_endpoint",
]

RECIST: Final = ("CR", "PR", "SD", "PD", "NE")
"""Best overall response by RECIST 1.1: complete and partial response, stable and progressive
disease, not evaluable."""

MET_BY: Final = {"ORR": ("CR", "PR"), "DCR": ("CR", "PR", "SD")}
"""The best responses that meet an endpoint made of them."""

_DIRECTIONS: Final[dict[str, Direction]] = {
    "ORR": "higher", "DCR": "higher", "CBR": "higher", "pCR": "higher", "MPR": "higher", "R0": "higher",
    "response": "higher", "CR": "higher", "PR": "higher", "SD": "higher", "PD": "lower", "NE": "lower",
    "OS_event": "lower", "PFS_event": "lower", "death": "lower", "treatment_related_death": "lower",
    "any_AE": "lower", "any_TRAE": "lower", "any_TEAE": "lower", "any_irAE": "lower", "SAE": "lower",
    "discontinuation": "lower", "grade3plus_AE": "lower", "grade3plus_TRAE": "lower",
    "grade3plus_TEAE": "lower", "grade34_AE": "lower", "grade34_TRAE": "lower", "grade34_TEAE": "lower",
}  # fmt: skip

_TERMS: Final = frozenset(
    """alopecia anaemia anemia anorexia arthralgia asthenia bleeding colitis constipation cough
    diarrhea diarrhoea dysphagia fatigue fever fistula haemorrhage hemorrhage hepatitis
    hyperglycaemia hypertension hyperthyroidism hypoalbuminaemia hypokalaemia hyponatraemia
    hypothyroidism leukopenia lymphopenia mucositis myelosuppression nausea neuropathy
    neutropenia oedema pneumonia pneumonitis proteinuria pruritus pyrexia rash rccep
    stomatitis thrombocytopenia toxicity vomiting""".split()  # noqa: SIM905 (a list of words)
)

_SYNONYMS: Final = {
    "objective response": "ORR", "objective response rate": "ORR", "objective remission rate": "ORR",
    "overall response rate": "ORR", "disease control": "DCR", "disease control rate": "DCR",
    "complete response": "CR", "partial response": "PR", "stable disease": "SD",
    "progressive disease": "PD", "not evaluable": "NE", "not assessable": "NE",
    "客观缓解率": "ORR", "疾病控制率": "DCR", "完全缓解": "CR", "部分缓解": "PR", "疾病稳定": "SD",
    "疾病进展": "PD", "稳定": "SD", "进展": "PD", "不可评价": "NE",
}  # fmt: skip

TIME_ENDPOINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "PFS": ("progression free survival", "无进展生存", "无进展生存期", "无疾病进展生存期"),
    "OS": ("overall survival", "总生存", "总生存期"),
    "DFS": ("disease free survival", "无病生存", "无病生存期"),
    "EFS": ("event free survival", "无事件生存", "无事件生存期"),
    "RFS": ("relapse free survival", "recurrence free survival", "无复发生存", "无复发生存期"),
    "TTP": ("time to progression", "至疾病进展时间", "疾病进展时间"),
}
"""Times to an event by which a survival analysis is called, with what else each is called."""
_TIMES_TO_EVENTS: Final = frozenset(
    {*(c.casefold() for c in TIME_ENDPOINTS), *(n for names in TIME_ENDPOINTS.values() for n in names), "dmfs", "lrfs"}
)

_ADVERSE = re.compile(
    r"(?i)^(grade|gr|any|serious|severe|immune[-_ ]related)[^a-z]?.*|.*(_|\b)(ir|TR|TE)?AEs?$|.*death.*"
)


def canonical_endpoint(label: str) -> str:
    """The package's spelling of an endpoint, or the label itself where it has none."""
    text = normalise(label)
    by_name = {name.casefold(): name for name in _DIRECTIONS}
    return by_name.get(text.casefold()) or _SYNONYMS.get(text.casefold()) or text


def endpoint_of_times(label: str) -> str:
    """The code of a time to an event, however papers call it; another label as it is."""
    return time_endpoint(label) or canonical_endpoint(label)


_KINDS_OF_EVENTS: Final = (
    ("TRAE", re.compile(r"(?:treatment|drug|therapy)[- ]related|\btraes?\b|(?:治疗|药物)相关")),
    ("TEAE", re.compile(r"treatment[- ]emergent|\bteaes?\b|治疗期间")),
    ("irAE", re.compile(r"immune[- ](?:related|mediated)|\bir ?aes?\b|\bimaes?\b|免疫相关")),
)
_GRADED: Final = (
    ("grade34", re.compile(r"\b(?:grades?|gr|g)?[ .]*3[级度]?(?: *[-–~～/] *| or )(?:grades?|g)?4(?!\d)[级度]?")),
    (
        "grade3plus",
        re.compile(
            r"(?:\bgrades?|\bgr|\bg)?[ .]*(?:>=|≥|≧) *(?:grade *|g)?(?:3|iii|ⅲ)[级度]?"
            r"|(?:\bgrades?|\bgr|\bg)?[ .]*3[级度]? *"
            r"(?:or (?:higher|more|worse|above|greater)|及以上|以上|或以上|\+|plus|[-–~～] *5[级度]?)"
        ),
    ),
    ("any", re.compile(r"\b(?:any|all)(?:[- ]grades?)?\b|任何(?:级别|等级)?|所有级?别?|总(?=不良|体)|总体")),
)
_EVENTS: Final = re.compile(
    r"\baes?\b|adverse (?:events?|reactions?|effects?)|toxicit(?:y|ies)|side effects?"
    r"|不良反应|不良事件|毒副反应|毒性反应|毒性|副作用|副反应"
)
_AROUND: Final = re.compile(
    r"\b(?:patients|pts|with|of|rate|incidence|n|no|number|at|least|one|the|s|grades?|events?)\b|发生率|发生|患者|例数?|率|分级|级别|的"
    r"|[^a-z\u4e00-\u9fff]"
)
"""What may stand around the name of adverse events and says nothing of its own."""


def kind_of_events(label: str) -> str:
    """Which adverse events a label is of: ``"TRAE"``, ``"TEAE"``, ``"irAE"``, or ``"AE"`` where it does not say."""
    text = normalise(label).casefold().replace("_", " ")
    return next((kind for kind, pattern in _KINDS_OF_EVENTS if pattern.search(text)), "AE")


def adverse_endpoint(label: str) -> str | None:
    """Adverse events with grade and kind, however a paper words them; None where a label says anything else.

    Examples
    --------
    >>> adverse_endpoint("Treatment-related adverse events of grade 3 or higher, n (%)")
    'grade3plus_TRAE'
    """
    text = normalise(label).casefold().replace("_", " ")
    if re.fullmatch(r"\W*(?:any )?(?:saes?|serious adverse events?|严重不良事件)\W*(?:发生率|rate|n)?\W*%?\W*", text):
        return "SAE"
    kind, events = "AE", False
    for name, pattern in _KINDS_OF_EVENTS:
        text, found = pattern.subn(" ", text, count=1)
        if found:
            kind, events = name, "ae" in pattern.pattern
            break
    grade = "any"
    for name, pattern in _GRADED:
        text, found = pattern.subn(" ", text, count=1)
        if found:
            grade = name
            break
    text, found = _EVENTS.subn(" ", text)
    if not (found or (kind != "AE" and events)) or _AROUND.sub("", text):
        return None
    return f"{grade}_{kind}"


def endpoint_direction(label: str) -> Direction | None:
    """Whether a higher or a lower rate is better; None where the endpoint is not known."""
    known = _DIRECTIONS.get(canonical_endpoint(label))
    if known is not None:
        return known
    words = set(re.split(r"[^a-z]+", label.casefold()))
    is_adverse = bool(words & _TERMS) or _ADVERSE.match(label) is not None
    return "lower" if is_adverse else None


def stated_directions(raw: RawTable, problems: list[Problem]) -> Mapping[str, Direction]:
    """What a column ``better`` says of every endpoint, which a blank leaves as it is; two directions are refused.

    Parameters
    ----------
    raw : RawTable
        With a column endpoint; without one of that name, or without better, nothing is stated.
    problems : list of Problem
        Appended to.
    """
    found: dict[str, tuple[Direction, int]] = {}
    if "better" not in raw.columns or "endpoint" not in raw.columns:
        return {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        endpoint, said = canonical_endpoint(row["endpoint"]), normalise(row["better"])
        better: Direction | None = "higher" if said == "higher" else "lower" if said == "lower" else None
        if better is None:
            continue
        first, where = found.setdefault(endpoint, (better, number))
        if first != better:
            problems.append(
                Problem(
                    "two_directions",
                    f"{endpoint} is better {better} here and {first} in row {where}",
                    "Give an endpoint one direction in all its rows, or leave better blank where it is known.",
                    row=number,
                    column="better",
                    value=said,
                )
            )
    return {endpoint: better for endpoint, (better, _) in found.items()}


def is_time_to_event(label: str) -> bool:
    """Whether an endpoint, named without a time at which it is looked at, is the time to an event."""
    return _plain(label) in _TIMES_TO_EVENTS


def time_endpoint(label: str) -> str:
    """The code of a time to an event (PFS, OS, DFS, EFS, RFS, TTP), or a blank where a label is none of them.

    Examples
    --------
    >>> time_endpoint("Overall survival")
    'OS'
    """
    text = _plain(label)
    return next((c for c, names in TIME_ENDPOINTS.items() if text == c.casefold() or text in names), "")


def _plain(label: str) -> str:
    return " ".join(re.split(r"[\s_-]+", normalise(label).casefold()))


def misspelt_endpoint(label: str) -> str | None:
    """The known endpoint an unknown label is probably a slip for."""
    known = {k.casefold(): v for k, v in _SYNONYMS.items()} | {k.casefold(): k for k in _DIRECTIONS}
    close = difflib.get_close_matches(label.casefold(), list(known), 1, 0.66)
    return known[close[0]] if close else None
