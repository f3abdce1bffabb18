"""What the options and priors of a model answer, whichever family it is of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from bayes_escc.families.covariates import Covariate
    from bayes_escc.settings.prior import PriorSet

__all__ = ["Specification"]


class Specification:
    """Options and priors of a model; every family has its own, and none but the family asks which.

    Parameters (attributes)
    -----------------------
    covariates : tuple of Covariate
    priors : tuple of (str, PriorSet)
        The parameters of the model and their priors.
    needs_response : bool
        Whether the model is one of a response, so that patients must have a column of it.
    needs_both_endpoints : bool
        Whether the model is one of progression-free and overall survival together.
    """

    covariates: tuple[Covariate, ...]
    priors: tuple[tuple[str, PriorSet], ...]
    needs_response: ClassVar[bool] = False
    needs_both_endpoints: ClassVar[bool] = False

    def prior(self, role: str) -> PriorSet:
        """The priors of one parameter."""
        return dict(self.priors)[role]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that the model names."""
        return self.adjusted_for

    @property
    def adjusted_for(self) -> tuple[str, ...]:
        """Columns that the model adjusts for: covariates, and strata where there are any."""
        return tuple(c.column for c in self.covariates)

    @property
    def predicts_empty_rows(self) -> bool:
        """Whether a row without patients is predicted from the others: by a hierarchy."""
        return False

    @property
    def derives_endpoints(self) -> bool:
        """Whether endpoints are derived from the counts of all categories, so that no row of counts may be left out."""
        return False

    @property
    def rate_prior(self) -> PriorSet | None:
        """The prior of the rates, where they are independent and binomial."""
        return None

    @property
    def stated_unit(self) -> str | None:
        """The unit of time that the model states; None where it states none, or has no times."""
        return None

    @property
    def log_ratio_prior(self) -> PriorSet | None:
        """The priors of log hazard ratios against the reference, where the model has them."""
        return None

    @property
    def no_hazard_ratio(self) -> str:
        """Why there is no hazard ratio, in words; blank where there is one, or none is asked for."""
        return ""

    @property
    def ratio_by_time(self) -> str:
        """Why there is a hazard ratio at each time rather than one for all times; blank where there is one."""
        return ""

    @property
    def constant_hazards(self) -> bool:
        """Whether every hazard is the same at all times."""
        return False

    @property
    def hazards_jump(self) -> bool:
        """Whether hazards are constant within intervals of time, and jump between them."""
        return False

    @property
    def of_all_patients(self) -> bool:
        """Whether results are averaged over all patients of the table."""
        return True

    def times_of(self, estimand: str) -> Sequence[float]:
        """The times, or horizons, at which an estimand is reported, where they are stated."""
        return ()

    def reported_at(self, estimand: str, time: float) -> Self:
        """The same with an estimand reported at one time, or to one horizon, only."""
        return self
