"""Counts typed at a prompt whose prior speaks of a contrast, of log odds or of log risks: fitted as a run fits them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.population.bias import Bias
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.runs.prompt_notes import UNSTATED, in_flags, speaking_flags, unexplained_prompt_priors
from bayes_escc.runs.prompt_priors import typed_prior

__all__ = ["compare_tied"]

ENDPOINT: Final = "response"
_LEVELS: Final = ("log_odds", "log_risk")
_NARROWEST: Final = 0.02
"""Width of the middle half of a prior from which rates are integrated in seconds."""
_CONTRASTS: Final = ("log_odds_ratio", "log_risk_ratio", "risk_difference")


def compare_tied(
    counts: Sequence[tuple[str, int, int]],
    prior: str | tuple[float, float],
    contrast_prior: str | None,
    question: PlainMapping,
    *,
    against_reference: bool,
    ci_prob: float,
    bias: Bias,
    rationale: str,
) -> Plain:
    """Compare response counts under a prior of their contrast, or of log odds or log risks.

    Parameters
    ----------
    counts : sequence of (str, int, int)
        Name, responders and patients of each arm; the first is the reference.
    prior : str or (float, float)
        As typed, ``log_odds=LAW`` or ``log_risk=LAW``; or the shapes of a Beta.
    contrast_prior, against_reference, ci_prob, rationale
        As for `compare_counts`.
    question : mapping
        Scale, better, margin and rope.
    bias : Bias

    Returns
    -------
    dict
        A result with the schema of `result.json`.

    Raises
    ------
    AnalysisError
    """
    import pandas as pd

    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.evidence.counts import read_counts
    from bayes_escc.report.result import to_result
    from bayes_escc.runs.run import fit_analysis

    names = [name for name, _, _ in counts]
    priors: Plain = {}
    if isinstance(prior, str):
        role, law = _role(prior, "--prior", _LEVELS)
        priors[role] = law
    elif prior != (1.0, 1.0):
        priors["rate"] = {"distribution": "Beta", "alpha": prior[0], "beta": prior[1]}
    if contrast_prior is not None:
        role, law = _role(contrast_prior, "--contrast-prior", _CONTRASTS)
        priors[role] = law
    if rationale.strip():
        priors = {role: {**law, "rationale": rationale.strip()} for role, law in priors.items()}
    content: Plain = {
        "id": "compare",
        "title": f"Response, {' against '.join([', '.join(names[1:]), names[0]])}",
        "data": {"endpoint": ENDPOINT, "regimens": names},
        "model": {"family": "response", **({"reference": names[0]} if against_reference else {})},
        "priors": priors,
        "comparisons": [{"reference": names[0], **{k: v for k, v in question.items() if v is not None}}],
        "bias": {"scale": "log_odds", "mean": bias.mean, "sd": bias.sd, "rationale": bias.rationale},
        "report": {"ci_prob": ci_prob},
    }
    rows = [{"study": n, "regimen": n, "endpoint": ENDPOINT, "events": k, "n": m} for n, k, m in counts]
    table = read_counts(pd.DataFrame(rows).assign(better=question["better"]))
    with speaking_flags():
        result = to_result(fit_analysis(Analysis.from_dict(content, label="these priors"), table))
    kept = [w for w in result["data"]["warnings"] if w["code"] != "no_rationale"]  # that one speaks of a file
    kept = [{**w, "message": in_flags(w["message"])} for w in kept]
    typed = {"the rates": prior if isinstance(prior, str) else "", "the contrast": contrast_prior or ""}
    for note in unexplained_prompt_priors(typed, rationale):
        kept.append({"code": note.code, "row": None, "column": None, "message": f"{note.message}. {note.remedy}"})
    result["data"]["warnings"] = kept
    for row in (*result["comparisons"], *result.get("bias", ())):
        row["anchoring"] = UNSTATED
    return result


def _role(text: str, option: str, allowed: Sequence[str]) -> tuple[str, Plain]:
    """What a prior is of, and its law as an analysis states it."""
    role, _, law = (part.strip() for part in text.partition("="))
    if role not in allowed:
        raise AnalysisError(
            f"{option} is of one of {', '.join(allowed)}, for example {allowed[0]}=Normal(0, 1), not {text!r}."
        )
    found = typed_prior(law, option)
    low, high = found.interval(0.5)
    if high - low < _NARROWEST:
        raise AnalysisError(
            f"{option}: half of {found} lies within {_NARROWEST:g}, which ties the rates too closely to be integrated "
            "at once; state a wider one."
        )
    return role, found.to_dict()
