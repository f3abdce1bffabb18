"""Endpoints the field reports as counts, and the direction in which each is better."""

from __future__ import annotations

import difflib
import re
from typing import Final

from bayes_escc.evidence.reading import normalise
from bayes_escc.names import Direction

__all__ = ["MET_BY", "RECIST", "canonical_endpoint", "endpoint_direction", "is_time_to_event", "misspelt_endpoint"]

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

_TIMES_TO_EVENTS: Final = frozenset({
    "os", "pfs", "dfs", "efs", "rfs", "dmfs", "lrfs", "ttp", "overall survival", "progression free survival",
    "disease free survival", "event free survival", "relapse free survival", "recurrence free survival",
    "time to progression", "总生存", "总生存期", "无进展生存", "无进展生存期", "无病生存", "无病生存期",
})  # fmt: skip

_ADVERSE = re.compile(
    r"(?i)^(grade|gr|any|serious|severe|immune[-_ ]related)[^a-z]?.*|.*(_|\b)(ir|TR|TE)?AEs?$|.*death.*"
)


def canonical_endpoint(label: str) -> str:
    """The package's spelling of an endpoint, or the label itself where it has none."""
    text = normalise(label)
    by_name = {name.casefold(): name for name in _DIRECTIONS}
    return by_name.get(text.casefold()) or _SYNONYMS.get(text.casefold()) or text


def endpoint_direction(label: str) -> Direction | None:
    """Whether a higher or a lower rate is better; None where the endpoint is not known."""
    known = _DIRECTIONS.get(canonical_endpoint(label))
    if known is not None:
        return known
    words = set(re.split(r"[^a-z]+", label.casefold()))
    is_adverse = bool(words & _TERMS) or _ADVERSE.match(label) is not None
    return "lower" if is_adverse else None


def is_time_to_event(label: str) -> bool:
    """Whether an endpoint, named without a time at which it is looked at, is the time to an event."""
    return " ".join(re.split(r"[\s_-]+", normalise(label).casefold())) in _TIMES_TO_EVENTS


def misspelt_endpoint(label: str) -> str | None:
    """The known endpoint an unknown label is probably a slip for."""
    known = {k.casefold(): v for k, v in _SYNONYMS.items()} | {k.casefold(): k for k in _DIRECTIONS}
    close = difflib.get_close_matches(label.casefold(), list(known), 1, 0.66)
    return known[close[0]] if close else None
