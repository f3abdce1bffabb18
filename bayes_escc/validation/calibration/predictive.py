"""Calibration of predictive probabilities: success as often as was predicted at the interim look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.validation.calibration.once import Outcome, Predicted

if TYPE_CHECKING:
    from bayes_escc.families import Design
    from bayes_escc.rules import PredictiveSurvival

__all__ = ["PredictedFollowUp", "PredictedResponse"]


@dataclass(frozen=True)
class PredictedResponse:
    """Lee and Liu's rule: 14 of 30 patients are seen, whose rate came from the prior of the rule."""

    name: str = "predictive_response"
    title: str = "predictive probability of success, rates"
    title_zh: str = "成功的预测概率，缓解率"
    family: str = "predictive"

    _SEEN, _ALL, _VALUE, _SUCCESS = 14, 30, 0.3, 0.9

    @cached_property
    def _probabilities(self) -> Any:
        from bayes_escc.probability.beta import Beta
        from bayes_escc.rules import PredictiveProbability

        rule = PredictiveProbability(
            patients=self._ALL, success=self._SUCCESS, value=self._VALUE, stop_below=0.05, prior=Beta(2.0, 4.0)
        )
        return rule.statistics((self._SEEN,))

    def once(self, seed: int) -> Outcome:
        from scipy.special import betainc

        rng = np.random.default_rng(seed)
        rate = rng.beta(2.0, 4.0)
        seen, later = rng.binomial(self._SEEN, rate), rng.binomial(self._ALL - self._SEEN, rate)
        final = 1.0 - betainc(2.0 + seen + later, 4.0 + self._ALL - seen - later, self._VALUE)
        return Outcome(predicted={"success": Predicted(float(self._probabilities[seen]), bool(final > self._SUCCESS))})

    def code(self) -> tuple[tuple[str, ...], str]:
        return ("bayes_escc.rules.final_success",), f"{self._SEEN} {self._ALL} {self._VALUE} {self._SUCCESS}"


@dataclass(frozen=True)
class PredictedFollowUp:
    """Patients of one arm looked at early and followed to the end; their hazard comes from its prior."""

    name: str = "predictive_follow_up"
    title: str = "predictive probability of success, follow-up"
    title_zh: str = "成功的预测概率，随访"
    family: str = "predictive"

    _PATIENTS, _LOOK, _END, _MEDIAN, _SUCCESS = 30, 4.0, 12.0, 5.0, 0.8

    @cached_property
    def _rule(self) -> PredictiveSurvival:
        from bayes_escc.rules import PredictiveSurvival

        return PredictiveSurvival(
            regimen="A", value=self._MEDIAN, success=self._SUCCESS, follow_up=self._END, stop_below=0.05
        )

    def _design(self, time: Any, event: Any) -> Design:
        import pandas as pd

        from bayes_escc.runs.estimators import SurvivalModel
        from bayes_escc.runs.run import prepare_design
        from bayes_escc.settings.prior import Prior

        table = pd.DataFrame({"patient_id": [f"P{i}" for i in range(len(time))], "regimen": "A"})
        model = SurvivalModel(
            baseline="exponential", regimen_effect="stratified", data_unit="months", times=[6.0], horizons=[9.0],
            priors={"hazard": Prior("Gamma", alpha=4, beta=32)},
        )  # fmt: skip
        return prepare_design(model.analysis, model.read(table.assign(time=time, event=event)))

    def once(self, seed: int) -> Outcome:
        from scipy.special import gammainc

        from bayes_escc.rules.completion import successes

        rng = np.random.default_rng(seed)
        happens = rng.exponential(1.0 / rng.gamma(4.0, 1.0 / 32.0), self._PATIENTS)
        design = self._design(np.minimum(happens, self._LOOK), (happens <= self._LOOK).astype(int))
        exact, followed = design.exact(rng, 4, 250), design.followed()
        if exact is None or followed is None:
            raise AssertionError("constant hazards with Gamma priors have a closed form and can be followed on")
        found = successes([self._rule], followed, exact.draws, int(rng.integers(2**31)))
        events, total = (happens <= self._END).sum(), np.minimum(happens, self._END).sum()
        final = gammainc(events, total * math.log(2.0) / self._MEDIAN)
        p = float(found["success"].mean())
        return Outcome(predicted={"success": Predicted(p, bool(final > self._SUCCESS))})

    def code(self) -> tuple[tuple[str, ...], str]:
        design = self._design([1.0, 2.0], [1, 0])
        modules = ("bayes_escc.rules.completion", type(design).__module__)
        return modules, f"{self._PATIENTS} {self._LOOK} {self._END} {self._MEDIAN} {self._SUCCESS}"
