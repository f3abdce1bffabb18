"""What every family of models provides, and how one is found by name.

A family has two halves. Its *specification* is a frozen dataclass read from `[model]` and
`[priors]` of an analysis; it knows no data and no PyMC. Its *design* is that specification
prepared on one checked table: labelled arrays, and from them the PyMC model, exact posterior,
prior and predictive draws, log-likelihood and estimands. Everything to the right of this room
(sampling, comparing, drawing, reporting) works on designs and never on a particular family.
"""

from __future__ import annotations

import copy
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm, Problem
from bayes_escc.evidence.followed import Followed
from bayes_escc.evidence.population.overlap import Overlap
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.prior_conflict import Statistic, prior_conflicts
from bayes_escc.names import REGIMEN, AnyArray, Plain, PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader, nearest

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.gamma_hazards import GammaHazards
    from bayes_escc.families.normal_priors import NormalPriors
    from bayes_escc.families.regression_data import RegressionData
    from bayes_escc.families.specification import Specification
    from bayes_escc.families.variation import ExactVariations, Variation
    from bayes_escc.probability.marginal import Marginal
    from bayes_escc.probability.mixtures import BetaMixture

__all__ = [
    "FAMILIES",
    "Design",
    "ExactPosterior",
    "Family",
    "NetworkCheck",
    "NetworkFit",
    "PooledLaw",
    "ProportionalityCheck",
    "TypedEffects",
    "family_of",
    "get_family",
]


@dataclass(frozen=True)
class ExactPosterior:
    """A posterior in closed form.

    Parameters
    ----------
    draws : Dataset
        Independent draws of the parameters, with dimensions (chain, draw, ...).
    laws : Dataset
        The marginal laws of the estimands, laid out as `answers.exact_laws` reads them; empty where none has one.
    prior_laws : Dataset
        The same before the data.
    log_evidence : float
        Logarithm of the marginal likelihood: the density of the data with everything integrated out.
    evidence_error : float
        Error of `log_evidence` by quadrature.
    """

    draws: xr.Dataset
    laws: xr.Dataset
    prior_laws: xr.Dataset
    log_evidence: float
    evidence_error: float = 1e-12


class NetworkFit(Protocol):
    """One fitted model of a network."""

    @property
    def messages(self) -> tuple[str, ...]:
        """What failed in the diagnostics."""


class NetworkCheck(Protocol):
    """The models of a network whose fits tell whether direct and indirect evidence agree."""

    @property
    def unit(self) -> str:
        """Unit of the estimates."""

    @property
    def ratio(self) -> bool:
        """Whether the estimates are ratios."""

    @property
    def designs(self) -> Sequence[Design]:
        """The models; `rows` and `models` take their fits in this order."""

    def exactly(self, model: int) -> NetworkFit | None:
        """One of `designs` by quadrature; None where that is not possible."""

    def by_sampling(self, model: int, parameters: xr.Dataset, messages: tuple[str, ...]) -> NetworkFit:
        """One of `designs` by draws of its parameters, with what failed in their diagnostics."""

    def rows(self, fits: Sequence[Any], prob: float) -> list[Plain]:
        """Direct, indirect and network estimates of every pair of regimens."""

    def models(self, fits: Sequence[Any], prob: float) -> list[Plain]:
        """Fit and complexity of the models."""


NOT_PROPORTIONAL: Final = (
    'proportional hazards: needs a survival analysis with regimen_effect = "proportional"; any other makes no such '
    "assumption."
)


class ProportionalityCheck(Protocol):
    """Proportional hazards of patients, and what to hold against them."""

    @property
    def free(self) -> Any:
        """The specification in which hazards are free to cross."""

    @property
    def early(self) -> float:
        """The time by which a quarter of the events have happened."""

    @property
    def late(self) -> float:
        """The time by which three quarters have."""

    @property
    def regimens(self) -> Sequence[str]:
        """The reference first."""

    @property
    def events(self) -> int:
        """Number of events."""

    @property
    def unit(self) -> str:
        """Unit of time."""

    def change(self, free: Design, parameters: xr.Dataset) -> NDArray[np.float64]:
        """Change of the log hazard ratio to the reference between the two times, (chain, draw, regimen)."""

    def tails(self, parameters: xr.Dataset, rng: np.random.Generator) -> list[float]:
        """Share of replicated data whose trend is at least as strong as the observed one, of all but the reference."""


@dataclass(frozen=True)
class PooledLaw:
    """What effects pool to, as one exact law.

    Parameters
    ----------
    name : str
        Of the estimand.
    known : Marginal
    unit : str
    row : int or None
        The row it is of, counted from zero; None where it is of all.
    """

    name: str
    known: Marginal
    unit: str
    row: int | None = None


class TypedEffects(Protocol):
    """Effects of a prompt, pooled in closed form."""

    @property
    def pooling(self) -> str:
        """``random`` or ``common``."""

    @property
    def measure(self) -> str:
        """The measure of the effects, not on the log scale."""

    @property
    def unit(self) -> str:
        """Unit of the effects."""

    @property
    def ratio(self) -> bool:
        """Whether effects are ratios."""

    @property
    def patients(self) -> int:
        """Patients of all rows, where they say."""

    @property
    def log_evidence(self) -> tuple[float, float]:
        """Logarithm of the marginal likelihood, and its error."""

    @property
    def priors_in_words(self) -> list[str]:
        """One line per prior."""

    @property
    def specification(self) -> str:
        """All options and priors, for a digest."""

    def notes(self, source: str) -> list[Problem]:
        """What a reader should know before the numbers."""

    def laws(self) -> list[PooledLaw]:
        """The law of everything that is estimated."""

    def weights(self) -> Sequence[Any]:
        """What every study is worth in the pooled effect."""

    def risks_at(self, baseline: str, rng: np.random.Generator, draws: int) -> Mapping[str, AnyArray]:
        """Draws of the risks at a baseline, typed, by name of the estimand."""


class Design(ABC):
    """A family's specification prepared on one table.

    Parameters (attributes)
    -----------------------
    structure : hashable
        Everything that decides the compiled code: options, priors, numbers of regimens and
        covariates, but no data. Designs with equal structures share one compiled model.
    data : mapping of str to array
        The values of the model's `pm.Data`, by name.
    coords : mapping of str to sequence of str
        Labels of the model's dimensions.
    rows, patients, events : int
        Size of the evidence, for reports.
    arms : sequence of Arm
        Where the evidence on each regimen comes from.
    warnings : sequence of Problem
        What was noticed in the rows used.
    row_numbers : sequence of int
        Index in the table of every patient of the log-likelihood; empty where its rows are not patients.
    """

    spec: Any
    """The specification, a `Specification` of the family."""
    row_numbers: Sequence[int] = ()
    relative: bool = False
    """Whether the estimands are effects against a comparator, so that even a single one of them is a comparison."""
    rows: int
    patients: int
    events: int
    arms: Sequence[Arm]
    warnings: Sequence[Problem]
    beside: tuple[tuple[str, Design], ...] = ()
    """The same question put another way, by name; its estimands are fitted too and reported beside."""

    overlaps: Sequence[Overlap] = ()
    """How far the own patients and those of every published arm are alike, covariate by covariate."""

    funnel: bool = False
    """Whether few units may leave a spread free down to zero, so that sampling needs small steps."""

    def changed(self, **attributes: Any) -> Self:
        """A copy with some attributes changed: nobody changes a prepared design itself."""
        design = copy.copy(self)
        vars(design).update(attributes)
        return design

    @property
    def hierarchical(self) -> bool:
        """Whether parameters have a common spread that is itself estimated; their posterior has no useful mode."""
        return False

    @property
    def parameters_of_patients(self) -> bool:
        """Whether some parameters are of single patients, or of groups one may be alone in."""
        return False

    @property
    def nearly_normal(self) -> bool:
        """Whether the posterior is close to normal in the sampler's coordinates, which may then be whitened."""
        return not self.hierarchical

    @property
    @abstractmethod
    def structure(self) -> Hashable:
        """What decides the compiled code."""

    @property
    @abstractmethod
    def data(self) -> Mapping[str, AnyArray]:
        """Values of the model's data."""

    @property
    @abstractmethod
    def coords(self) -> Mapping[str, Sequence[str]]:
        """Labels of the model's dimensions."""

    @abstractmethod
    def build(self) -> pm.Model:
        """The PyMC model."""

    @abstractmethod
    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        """Draws of the parameters from the prior, dimensions (chain = 1, draw, ...)."""

    @abstractmethod
    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        """Log density of every parameter that has a stated prior, dimensions (chain, draw, ...).

        Random effects are left out: their law is part of the model, and that of their spread is here.

        Parameters
        ----------
        parameters : Dataset
        priors : mapping of str to PriorSet, optional
            Priors to be used in place of the design's own, by parameter.
        """

    @abstractmethod
    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        """Log-likelihood of every row or patient under each draw."""

    @abstractmethod
    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        """Replicated data under each draw."""

    @abstractmethod
    def observed(self) -> xr.Dataset:
        """The observed data, without patient identifiers."""

    @abstractmethod
    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        """Quantities of interest as functions of the draws, with units and directions."""

    @abstractmethod
    def priors_in_words(self) -> list[str]:
        """One line per prior: its law, where 95 % of it lies, and its rationale."""

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        """What data say of the parameters with a prior, to be held against the same of prior predictions.

        Parameters
        ----------
        data : Dataset
            As `observed` or `simulate` give them; of replicates, the dimensions (chain, draw, ...).
        """
        return []

    def conflicts(self, prior_predictive: xr.Dataset) -> list[Problem]:
        """Notes on what the data say that the priors did not expect, from replicates under the prior."""
        return prior_conflicts(self.statistics(self.observed()), self.statistics(prior_predictive))

    def unanswered(self, estimands: xr.Dataset, asked: Container[str]) -> list[str]:
        """What the model answers whoever asks, and cannot as the data stand: one problem each, with its remedy.

        Parameters
        ----------
        estimands : Dataset
        asked : container of str
            Estimands that the analysis compares, where what is missing is stated.
        """
        return []

    def extrapolations(self, estimands: xr.Dataset, references: tuple[str, ...]) -> list[Problem]:
        """Notes on how much of the estimands, and of comparisons with the references, no data reach."""
        return []

    @property
    def reweightable(self) -> bool:
        """Whether the posterior under other priors follows from proposals of the Laplace engine, by `prior_change`."""
        return False

    def prior_change(self, changed: Sequence[tuple[str, PriorSet]]) -> Callable[[Mapping[str, AnyArray]], AnyArray]:
        """The change in log prior density where some priors are others, as a function of the model's variables.

        Parameters
        ----------
        changed : sequence of (str, PriorSet)
            The other priors, by role.
        """
        from bayes_escc.families.weighting import prior_change

        return prior_change(self, changed)

    def prior_labels(self, role: str, size: int) -> Sequence[str]:
        """Labels by which the priors of a role are looked up, along the first axis of its variable."""
        return [""] * size

    def figure_data(self, parameters: xr.Dataset) -> xr.Dataset | None:
        """Curves for figures, on a grid, where the estimands do not hold them; or None."""
        return None

    def study_weights(self, parameters: xr.Dataset) -> xr.Dataset | None:
        """What every study is worth in a pooled effect, one row each; None where studies are not pooled."""
        return None

    def frozen(self) -> Mapping[str, PlainMapping]:
        """What these data decided (centres, cut points, times, default priors), as entries of an analysis."""
        return {}

    def critical_bias(self, parameters: xr.Dataset, contrast: RegimenContrast) -> NDArray[np.float64] | None:
        """The bias on the log hazard above which a regimen passes a threshold, (chain, draw), where curves are needed.

        None for estimands whose own draws tell it, such as rates and ratios.
        """
        return None

    def without_bias(
        self, parameters: xr.Dataset, *, estimand: str, time: float | None, regimen: str, bias: float
    ) -> NDArray[np.float64] | None:
        """An estimand of a regimen without a bias on its log hazard, (chain, draw), where curves are needed."""
        return None

    def followed(self) -> Followed | None:
        """Patients whose study may be completed by prediction, with their hazards; None where there are none."""
        return None

    def regression_data(self) -> RegressionData | None:
        """Follow-up and covariates of the patients, for companions; None where there are none."""
        return None

    def population_report(self, parameters: xr.Dataset, reference: str | None = None) -> Plain | None:
        """Beside own patients and published arms: answers in every population, overlap, identification; or None.

        Parameters
        ----------
        parameters : Dataset
        reference : str, optional
            The regimen against which others are compared; the first if not given.
        """
        return None

    def covariate_means(self) -> xr.DataArray | None:
        """Mean of every covariate, as modelled, on every regimen, (regimen, covariate); None without covariates."""
        return None

    @property
    def own_regimens(self) -> Sequence[str]:
        """Regimens of the table itself; beside it published arms may bring others."""
        return self.coords[REGIMEN]

    def standardised_over(self, reference: Design) -> Design:
        """The same design with its estimands averaged over the target population of another one."""
        return self

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        """The posterior in closed form, or None where there is none."""
        return None

    def borrowing(self, priors: Mapping[str, BetaMixture]) -> Design:
        """The same design with the priors of some regimens' rates made of earlier trials.

        Raises
        ------
        AnalysisError
            Where there are no independent rates.
        """
        raise AnalysisError("borrowing: this model has no independent rates that could have a historical prior.")


class Family(Protocol):
    """A family of models: a module with these names."""

    NAME: str
    KINDS: tuple[str, ...]
    BIAS_ON_RATES: bool
    """Whether a stated bias is added to the log odds of rates themselves, each of which has patients of its own."""
    FOLLOWS_PATIENTS: bool
    """Whether patients are followed to an event: answers come from curves, and a bias is on the log hazard behind."""
    POOLS_STUDIES: bool
    """Whether what is estimated are effects of whole studies."""
    KNOWN_BY: frozenset[str]
    """Estimands by which draws made elsewhere are known as of this family."""
    HAS_PUBLISHED_ARMS: bool
    """Whether published arms may stand beside own patients."""

    VARIED: str
    """The estimand that a sensitivity analysis varies where none is named; "effect" where there are no regimens."""
    exact_variations: Callable[[Any, float, Callable[[Any], Design]], ExactVariations | None] | None
    """From a specification, the probability of intervals, and what prepares a specification on the same table, to
    the effects under every variation by quadrature; None where variations are fitted again."""
    network_check: Callable[[Any], NetworkCheck | None] | None
    """From a design to the models that tell whether direct and indirect evidence agree; None without a network."""
    proportionality: Callable[[Any], ProportionalityCheck] | None
    """From a design to what a check of proportional hazards compares; None where there are no hazards."""

    normal_priors: Callable[..., NormalPriors | str] | None
    """From a specification, the unit of time, and whether events lie between scans, to normal priors as numbers for
    answers without sampling, or why there are none; None where there are no hazards."""
    gamma_hazards: Callable[..., GammaHazards | None] | None
    """The same for constant hazards with Gamma priors."""
    typed_effects: Callable[[Sequence[PlainMapping], Prior | None, Prior | None, bool], TypedEffects] | None
    """From checked rows of effects, the priors of the effect and of tau (the defaults if None), and whether effects
    are common, to what they pool to without sampling; None where effects are not pooled."""

    def described(self, model: PlainMapping, priors: PlainMapping) -> list[str]:
        """Keys of the sentences of the page that describe a model as stated, in their order."""

    def read_spec(self, model: Reader, priors: Reader, estimands: Reader) -> Specification:
        """Read `[model]`, `[priors]` and `[estimands]`, noting problems in the readers."""

    def prepare(self, table: Any, spec: Any, data: Any) -> Design:
        """Prepare the specification on a table (already selected)."""

    def variations(self, spec: Any, design: Design, table: Any) -> Iterable[Variation]:
        """What a reader asks to see varied, the specification itself first."""

    def figures(self, posterior: Any) -> tuple[str, ...]:
        """Names, in `bayes_escc.plots`, of the figures that a run draws of this posterior."""


FAMILIES: Final = ("response", "survival", "course", "synthesis")
"""Names of the families; each is a module of this package."""


def get_family(name: str) -> Family:
    """The family of a name.

    Raises
    ------
    AnalysisError
        If there is none.
    """
    if name not in FAMILIES:
        raise AnalysisError(f"family {name!r} is not one of {', '.join(FAMILIES)}.{nearest(name, FAMILIES)}")
    return importlib.import_module(f"bayes_escc.families.{name}")


def family_of(estimands: Collection[str]) -> Family:
    """The family of draws made elsewhere: follow-up before rates, and effects where neither."""
    families = [get_family(name) for name in FAMILIES]
    fitting = [f for f in families if f.KNOWN_BY.intersection(estimands)] or [f for f in families if f.POOLS_STUDIES]
    return max(fitting, key=lambda family: family.FOLLOWS_PATIENTS)


def prior_line(role: str, prior_set: PriorSet, unit: str) -> list[str]:
    """A prior and its overrides in words."""
    lines = []
    for label, prior in [("", prior_set.default), *prior_set.overrides]:
        name = f"{role} of {label}" if label else role
        if prior.distribution == "Dirichlet":
            line = f"{name} ~ {prior}: worth {sum(prior['a']):g} patients"
        else:
            low, high = prior.interval(0.95)
            line = f"{name} ~ {prior}: 95 % between {low:.3g} and {high:.3g}{unit}"
        lines.append(f"{line}. {prior.rationale}".rstrip())
    return lines
