"""Words for the endpoint of a survival analysis: what is said of progression-free survival, said of overall survival.

The package writes of progression-free survival. An analysis whose ``[data] endpoint`` is OS is about deaths, and what a
person reads of it (text, page, figures) passes through `of_endpoint`. Names that a person gave stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bayes_escc.families import get_family
from bayes_escc.names import PlainMapping
from bayes_escc.report.chinese import Names, shielded, unshielded

__all__ = ["endpoint_of", "of_endpoint", "of_result"]

_OVERALL: Final = (
    ("progression-free survival (PFS)", "overall survival (OS)"),
    ("Progression-free survival runs from the start of treatment to progression or death", "Overall survival runs from "
     "the start of treatment to death from any cause"),
    ("Progression-free survival", "Overall survival"),
    ("progression-free survival", "overall survival"),
    ("Progression-free (% of patients)", "Alive (% of patients)"),
    ("mean progression-free time", "mean survival time"),
    ("progression-free time", "survival time"),
    ("progression-free", "alive"),
    ("Hazard of progression", "Hazard of death"),
    ("hazard of progression", "hazard of death"),
    ("progression later", "death later"),
    ("progression earlier", "death earlier"),
    ("progression or death", "death"),
    ("(not yet progressed)", "(alive)"),
    ("无进展生存期自治疗开始至疾病进展或任何原因死亡", "总生存期自治疗开始至任何原因死亡"),
    ("限制性平均无进展生存时间", "限制性平均生存时间"),
    ("无进展生存期(PFS)", "总生存期(OS)"),
    ("无进展生存时间", "生存时间"),
    ("无进展生存期", "总生存期"),
    ("无进展生存率", "总生存率"),
    ("无进展患者", "生存患者"),
    ("更多患者无进展", "更多患者存活"),
    ("进展风险率", "死亡风险率"),
    ("（尚未进展）", "（存活）"),
    ("进展较晚", "死亡较晚"),
    ("进展较早", "死亡较早"),
    ("进展或死亡", "死亡"),
)  # fmt: skip
"""What is said of progression-free survival, and of overall survival; the longer first."""
_PFS: Final = re.compile(r"(?<![A-Za-z0-9_])PFS(?![A-Za-z0-9_])")


def endpoint_of(content: PlainMapping) -> str:
    """The endpoint of a survival analysis from its content: OS where ``[data] endpoint`` says so, else blank.

    Parameters
    ----------
    content : mapping
        Of an analysis, as its file has it.
    """
    model, data = content.get("model", {}), content.get("data", {})
    stated = data.get("endpoint")
    named = stated if isinstance(stated, str) else stated[0] if isinstance(stated, list) and len(stated) == 1 else ""
    followed = "family" in model and get_family(model["family"]).FOLLOWS_PATIENTS
    return "OS" if followed and named == "OS" else ""


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
    if endpoint != "OS":
        return text
    held = shielded(text, own)
    for progression_free, overall in _OVERALL:
        held = held.replace(progression_free, overall)
    return unshielded(_PFS.sub("OS", held), own)


def of_result(text: str, result: Mapping[str, PlainMapping], own: Names = frozenset()) -> str:
    """A text about a result in the words of its endpoint."""
    return of_endpoint(text, str(result["data"].get("endpoint") or ""), own)
