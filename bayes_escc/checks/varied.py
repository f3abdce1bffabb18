"""What a sensitivity analysis gives: the answer under every variation, and what it owes to prior and likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bayes_escc.checks.power_scaling import PowerScaling
from bayes_escc.names import NotebookView, Plain, PlainMapping
from bayes_escc.settings.questions import is_ratio

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Sensitivity"]


@dataclass(frozen=True, repr=False)
class Sensitivity(NotebookView):
    """One answer under every variation of an analysis.

    Parameters
    ----------
    title : str
    estimand, unit, better : str
        What is varied; ``"effect"`` in a synthesis.
    reference : str or None
        The regimen compared with; None for the effects of a synthesis.
    ci_prob : float
    rows : tuple of dict
        One per variation, the analysis as specified first. All have group, label, median, lower and upper.

        Of a synthesis (groups ``"analysis"``, ``"leave one out"``, ``"pooling"``, ``"prior of tau"``, ``"small-study
        effects"``, ``"selection"``): ``probability_below_null`` and ``tau`` (its median, or None).

        Of regimens: regimen, reference, endpoint, time (the last, where there are several);
        ``probability_better`` with ``mcse_probability``; the contrast, a difference unless the estimand is a ratio;
        ``hazard_ratio`` with its ``_lower`` and ``_upper`` (None where it is not one number); ``log_evidence`` with
        ``mcse_log_evidence``, ``bayes_factor`` against the analysis as specified (None without evidence, or where
        other patients were used), and ``sampler``.
    bayes_factors : mapping of str to float
        Of a pairwise synthesis: ``effect`` (an effect against none) and ``heterogeneity`` (random against common
        effects); both depend on the priors of what they test, which are those of the analysis.
    notes : tuple of str
        What could not be fitted; and what the data say of the probability of publication, where a selection model
        was fitted: with three or more trials whose better direction is known.
    power_scaling : PowerScaling or None
        Sensitivity of every estimand and of P(better) to the strength of the prior and of the likelihood.
    """

    title: str
    estimand: str
    unit: str
    better: str
    reference: str | None
    ci_prob: float
    rows: tuple[PlainMapping, ...]
    bayes_factors: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    power_scaling: PowerScaling | None = None

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per variation, and regimen where there are several."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.rows])

    def __repr__(self) -> str:
        from bayes_escc.report.sensitivity_text import sensitivity_text

        return sensitivity_text(self.to_dict())

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        named = {k: getattr(self, k) for k in ("title", "estimand", "unit", "better", "reference", "ci_prob")}
        return {
            **named,
            "rows": [dict(r) for r in self.rows],
            "bayes_factors": dict(self.bayes_factors),
            "notes": list(self.notes),
            "power_scaling": None if self.power_scaling is None else self.power_scaling.to_dict(),
        }

    def plot(self) -> Figure:
        """Draw every variation under the interval of the analysis itself."""
        from bayes_escc.plots import interval_forest

        regimens = list(dict.fromkeys(r.get("regimen") for r in self.rows))
        first = self.rows[0]
        rows = [r for r in self.rows if r.get("regimen") == first.get("regimen")]
        interval = f"median and {100 * self.ci_prob:g} % credible interval"
        if self.reference is None:
            unit, sides = self.unit, ("experimental", "control")
            factors = "; ".join(f"{k} {v:.3g}" for k, v in self.bayes_factors.items())
            words = [f"{interval[0].upper()}{interval[1:]} of the effect; shaded: the analysis as specified."]
            words += [f"Bayes factors: {factors}."] if factors else []
        else:
            words_of = self.estimand.replace("_", " ")  # "hazard ratio", and then its unit says the same
            unit = words_of if is_ratio(self.unit) else f"{words_of}, {self.unit}"
            sides = str(regimens[0]), self.reference
            words = [f"{regimens[0]} against {self.reference}: {interval}; shaded: the analysis as specified."]
            words += [f"{', '.join(map(str, regimens[1:]))} as in the table."] if len(regimens) > 1 else []
        return interval_forest(
            [(str(r["label"]), (r["lower"], r["median"], r["upper"])) for r in rows],
            title=f"Sensitivity. {self.title}",
            unit=unit,
            better=self.better,
            highlight=(first["lower"], first["median"], first["upper"]),
            sides=sides,
            footnote=" ".join([*words, *self.notes]),
        )
