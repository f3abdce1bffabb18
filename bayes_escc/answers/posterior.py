"""The posterior: draws, estimands, and what may be asked of them; saved in one file.

Everything reported is a function of the same joint draws, or of the exact laws behind them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.questions import MAX_PREDICTED
from bayes_escc.answers.bias import with_bias
from bayes_escc.answers.comparison import Comparison, check_probability, compare
from bayes_escc.answers.estimand import SampledEstimand, largest, natural_scale
from bayes_escc.answers.exact_laws import ExactLaws
from bayes_escc.answers.league import league_cells, league_groups
from bayes_escc.answers.next_patients import predictions_of
from bayes_escc.answers.ranking import rank_estimand, rank_probabilities
from bayes_escc.answers.record import Facts, read_parts, record_text
from bayes_escc.answers.rows import (
    ComparisonRow,
    EstimateRow,
    PredictionRow,
    RankRow,
    ThresholdRow,
    WeightRow,
    estimate_row,
    threshold_row,
)
from bayes_escc.answers.storage import tree_bytes
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm
from bayes_escc.files import write_atomic
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.inference.groups import Groups, Late, observed_of
from bayes_escc.names import (
    DETECTING_SCAN,
    ESTIMANDS,
    LAWS,
    REGIMEN,
    WEIGHTS,
    Direction,
    PlainMapping,
    Scale,
    normalise,
)
from bayes_escc.probability.marginal import Distribution, Draws, Side
from bayes_escc.settings.arguments import checked
from bayes_escc.settings.questions import problems_with_value, sentence
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Posterior"]

_FIRST: Final = ("median", "lower", "upper", "unit")
"""Columns of a summary that are read first."""


@dataclass(frozen=True, repr=False)
class Posterior:
    """Joint draws of a fitted model, with everything needed to say where they came from.

    Parameters
    ----------
    groups : Groups
        ArviZ's groups (posterior, prior, log_likelihood, log_prior, posterior_predictive,
        prior_predictive, observed_data, constant_data, sample_stats after NUTS), and beside them
        ``estimands``, ``prior_estimands`` and, in closed form, ``laws``; ``detecting_scan`` where asked for. `tree`
        gives all of them; what is by patient, predictive or for figures is made when it is first read.
    analysis : Analysis
        What was asked.
    data_sha256 : str
        Digest of the table it was asked of.
    facts : Late
        `evidence` (rows, patients, events and warnings of the data) and `priors` (every prior in words).
    arms : tuple of Arm
        Where the evidence on each regimen comes from.
    sampler : {"exact", "nuts", "laplace"}
    diagnostics : Diagnostics
    versions, seconds : mapping
        Software and wall time.
    """

    groups: Groups
    analysis: Analysis
    data_sha256: str
    facts: Late[Facts]
    arms: tuple[Arm, ...]
    sampler: Literal["exact", "nuts", "laplace"]
    diagnostics: Diagnostics
    versions: Mapping[str, str]
    seconds: Mapping[str, float]

    def __repr__(self) -> str:
        state = "" if self.diagnostics.converged else ", NOT CONVERGED"
        return (
            f"Posterior({self.analysis.id}: {f'{self.outcome}: ' if self.outcome else ''}"
            f"{', '.join(self.estimand_names)}; "
            f"{self.evidence['patients']} patients; {self.sampler}{state})"
        )

    def _repr_html_(self) -> str:
        """In a notebook: medians and intervals of the estimands."""
        shown = self.summary()
        numbers = ["unit", "median", "lower", "upper"]
        labels = [c for c in ("estimand", "regimen", "study", "endpoint", "time", "covariate") if c in shown]
        return f"<p>{escape(repr(self))}</p>{shown[labels + numbers].to_html(index=False, na_rep='')}"

    @property
    def tree(self) -> xr.DataTree:
        """All groups as ArviZ's tree, made if they were not."""
        return self.groups.tree

    @property
    def evidence(self) -> PlainMapping:
        """Rows, patients, events and warnings of the data."""
        return self.facts().evidence

    @property
    def priors(self) -> tuple[str, ...]:
        """Every prior in words."""
        told = self.facts().priors
        return tuple(re.sub(r"\bPFS\b", self.outcome, line) for line in told) if self.outcome else told

    @property
    def outcome(self) -> str:
        """The time to an event that a survival analysis is of, where it is not PFS: ``"OS"`` and the like."""
        return self.analysis.data.outcome

    @property
    def estimand_names(self) -> tuple[str, ...]:
        """Names of the estimands."""
        return tuple(str(n) for n in self.groups[ESTIMANDS].data_vars)

    @property
    def observed(self) -> xr.Dataset:
        """What was observed and what stands beside it: `observed_data` and `constant_data` of the tree together."""
        return observed_of(self.groups)

    @property
    def detecting_scan(self) -> Posterior | None:
        """The same estimands with progression dated at the scan that found it, where the analysis asks for it.

        For comparison only: scans find progression late, so hazards seem to rise and the result depends on
        how often each regimen was scanned.
        """
        if DETECTING_SCAN not in self.groups:
            return None
        return replace(self, groups=Groups({ESTIMANDS: self.groups[DETECTING_SCAN]}), sampler="nuts")

    def estimand(self, name: str = "rate", *, prior: bool = False) -> xr.DataArray:
        """Draws of an estimand, dimensions (chain, draw, regimen, ...).

        Parameters
        ----------
        name : str
        prior : bool
            Draws under the prior instead of the posterior.
        """
        if name not in self.estimand_names:
            raise AnalysisError(
                f"there is no estimand {name!r}: this posterior has {', '.join(self.estimand_names)}."
                f"{nearest(name, self.estimand_names)}"
            )
        return self.groups[f"prior_{ESTIMANDS}" if prior else ESTIMANDS][name]

    def known(self, name: str, *, prior: bool = False) -> SampledEstimand:
        """What is known of an estimand, cell by cell: its draws, and the exact laws behind them where there are any.

        Parameters
        ----------
        name : str
        prior : bool
            Under the prior instead of the posterior.
        """
        return SampledEstimand(self.estimand(name, prior=prior), self.exact_laws(prior=prior))

    def exact_laws(self, *, prior: bool = False) -> ExactLaws | None:
        """The exact marginal laws of the estimands, or None where everything was sampled."""
        return self._prior_laws if prior else self._laws

    @cached_property
    def _laws(self) -> ExactLaws | None:  # kept, with the joint laws that it keeps
        return ExactLaws(self.groups[LAWS]) if LAWS in self.groups else None

    @cached_property
    def _prior_laws(self) -> ExactLaws | None:
        group = f"prior_{LAWS}"
        return ExactLaws(self.groups[group]) if group in self.groups else None

    def law_at(self, name: str, labels: PlainMapping, *, prior: bool = False) -> Distribution | None:
        """The exact marginal law of one cell of an estimand, or None."""
        laws = self.exact_laws(prior=prior)
        return None if laws is None else laws.marginal(name, labels)

    def summary_rows(self, ci_prob: float | None = None) -> list[EstimateRow]:
        """One row per estimand and label: the entries of `estimates` in `result.json`."""
        prob = self.analysis.ci_prob if ci_prob is None else check_probability(ci_prob, "ci_prob")
        rows = []
        for name in self.estimand_names:
            estimand = self.known(name)
            cells = estimand.cells()
            if not cells:
                continue
            ess, mcse = self._precision(np.stack([estimand.draws(labels) for labels in cells], axis=-1))
            for labels, size, error in zip(cells, ess, mcse, strict=True):
                known, unit = estimand.marginal(labels), estimand.unit(labels)
                drawn = {"mcse_mean": error, "ess_bulk": size} if isinstance(known, Draws) else {}
                rows.append(estimate_row(name, labels, known, unit=unit, ci_prob=prob, **drawn))
        return rows

    def _precision(self, values: Any) -> tuple[list[float | None], list[float | None]]:
        """Bulk effective sample size and error of the mean, of (chain, draw, cell) values."""
        if self.sampler != "nuts":  # draws are independent
            size = values.shape[0] * values.shape[1]
            return [float(size)] * values.shape[-1], list(values.std(axis=(0, 1), ddof=1) / size**0.5)
        from bayes_escc.probability.effective import error_of_mean, mixing

        whole = np.isfinite(values).all(axis=(0, 1))
        ess, mcse = np.where(whole, mixing(values).bulk, np.nan), error_of_mean(values)
        return [_number(v) for v in ess], [_number(v) for v in mcse]

    @checked
    def summary(self, estimand: str | None = None, *, ci_prob: float | None = None) -> pd.DataFrame:
        """Estimates as a tidy DataFrame.

        Parameters
        ----------
        estimand : str, optional
            One estimand; all if not given.
        ci_prob : float, optional
            Probability of the equal-tailed credible intervals; the analysis's (0.95) if not
            given.

        Returns
        -------
        DataFrame
            Columns estimand, regimen, study, endpoint, time, covariate (those in use), median, lower, upper,
            unit, mean, sd, ci_prob, mcse_mean, ess_bulk. Printed, it shows the first of them in 80 columns.
        """
        from bayes_escc.answers.summary_frame import SummaryFrame

        if estimand is not None:
            self.estimand(estimand)
        rows = [r.plain() for r in self.summary_rows(ci_prob) if estimand in (None, r.estimand)]
        labels = ("regimen", "study", "endpoint", "time", "covariate")
        first = ["estimand", *(c for c in labels if any(r[c] is not None for r in rows)), *_FIRST]
        return SummaryFrame(rows, columns=first + [c for c in rows[0] if c not in {*labels, *first}] if rows else None)

    def _of_regimens(self, name: str | None) -> str:
        """The estimand named; else the rate, or the first that regimens have."""
        if name is not None:
            return name
        first = next((n for n in self.estimand_names if REGIMEN in self.estimand(n).dims), self.estimand_names[0])
        return "rate" if "rate" in self.estimand_names else first

    @checked
    def compare(
        self,
        estimand: str | None = None,
        *,
        reference: str | None = None,
        scale: Scale | None = None,
        better: Direction | None = None,
        margin: float | None = None,
        rope: tuple[float, float] | None = None,
        ci_prob: float | None = None,
    ) -> Comparison:
        """Compare every regimen with a reference.

        Parameters
        ----------
        estimand : str, optional
            The rate, or the first estimand that regimens have, if not given.
        reference : str, optional
            The first regimen if not given.
        scale : {"difference", "ratio", "odds_ratio"}, optional
            Ratios are compared by their ratio, all else by its difference, if not given.
        better : {"higher", "lower"}, optional
            By default what is known of the endpoint.
        margin : float, optional
            Smallest difference that matters (at least 0), or a ratio on the better side of 1.
        rope : (float, float), optional
            Limits of practical equivalence on the scale of the contrast.
        ci_prob : float, optional

        Returns
        -------
        Comparison
        """
        array = self.estimand(self._of_regimens(estimand))
        if reference is None and REGIMEN in array.dims:
            reference = str(array[REGIMEN].to_numpy()[0])
        scale = scale or natural_scale(array)
        compared = self._compare(array, reference or "", scale, better, margin, rope, ci_prob)
        return replace(with_bias(self, compared), outcome=self.outcome)

    def _compare(
        self,
        array: xr.DataArray,
        reference: str,
        scale: Scale,
        better: Direction | None,
        margin: float | None = None,
        rope: tuple[float, float] | None = None,
        ci_prob: float | None = None,
    ) -> Comparison:
        return compare(
            array,
            reference=reference,
            scale=scale,
            better=better,
            margin=margin,
            rope=rope,
            ci_prob=self.analysis.ci_prob if ci_prob is None else ci_prob,
            exact=self.exact_laws(),
            arms=self.arms,
            converged=self.diagnostics.converged,
        )

    def league_rows(self, estimand: str = "effect", *, better: Direction | None = None) -> list[ComparisonRow]:
        """The entries of `league` in `result.json`: every pair of regimens once, the better ranked first.

        Fields are those of `comparisons`: `regimen` against `reference`, with P(better).
        """
        array = self.estimand(estimand)
        orders: dict[tuple[str | None, float | None], list[str]] = {}
        for rank in sorted(self.ranking_rows(estimand, better=better), key=lambda row: row.mean_rank):
            orders.setdefault((rank.endpoint, rank.time), []).append(rank.regimen)
        rows: list[ComparisonRow] = []
        for (endpoint, time), order in orders.items():
            for j, reference in enumerate(order[1:], start=1):
                chosen = array.sel({REGIMEN: order[: j + 1]})
                compared = self._compare(chosen, reference, natural_scale(array), better)
                rows += [row for row in compared.rows if row.endpoint == endpoint and row.time == time]
        return rows

    def league_table(
        self, estimand: str | None = None, *, better: Direction | None = None, endpoint: str | None = None
    ) -> pd.DataFrame:
        """The league table: every regimen against every other, the best ranked first.

        Each cell compares the regimen of its row with that of its column: median and equal-tailed
        credible interval, as text. P(better) of the same pairs, and everything at full precision,
        is in `league_rows`.

        Parameters
        ----------
        estimand : str, optional
            As `compare` takes it.
        better : {"higher", "lower"}, optional
            By default what is known of the endpoint.
        endpoint : str, optional
            Needed where there are several.
        """
        import pandas as pd

        groups = league_groups(self.league_rows(self._of_regimens(estimand), better=better), endpoint)
        if len(groups) > 1:
            raise AnalysisError("there is a league for each endpoint and time: name one with endpoint.")
        order, cells = league_cells(groups[0])
        return pd.DataFrame(cells, index=order, columns=order)

    def ranking_rows(self, estimand: str = "rate", *, better: Direction | None = None) -> list[RankRow]:
        """The entries of `ranking` in `result.json`."""
        return rank_estimand(self.known(estimand), better=better, ci_prob=self.analysis.ci_prob)

    def rank_table(
        self, estimand: str = "rate", *, better: Direction | None = None
    ) -> tuple[list[str], NDArray[np.float64]]:
        """Regimens, and the probability of every rank (columns, the best first) of each."""
        return rank_probabilities(self.estimand(estimand), better=better, exact=self.exact_laws())

    @checked
    def ranking(self, estimand: str | None = None, *, better: Direction | None = None) -> pd.DataFrame:
        """P(best), rank with its interval, and SUCRA of every regimen, by the estimand `compare` takes."""
        import pandas as pd

        return pd.DataFrame([row.plain() for row in self.ranking_rows(self._of_regimens(estimand), better=better)])

    def probability_rows(
        self,
        estimand: str = "rate",
        *,
        above: float | None = None,
        below: float | None = None,
        regimen: str | None = None,
    ) -> list[ThresholdRow]:
        """The entries of `thresholds` in `result.json`."""
        if (above is None) == (below is None):
            raise AnalysisError("give one of above and below.")
        side: Side = "above" if above is not None else "below"
        array = self.estimand(estimand)
        asked = above if above is not None else below
        problems = problems_with_value(asked, str(array.attrs.get("unit", "")), largest(array))
        if problems:
            raise AnalysisError(sentence(f"{side} {problems[0]}"))
        value = float(asked or 0.0)
        regimen = None if regimen is None else normalise(regimen)
        regimens = list(array[REGIMEN].to_numpy()) if REGIMEN in array.coords else []
        if regimen is not None and regimen not in regimens:
            raise AnalysisError(f"{regimen!r} is not a regimen of {estimand}.")
        known = self.known(estimand)
        return [
            threshold_row(estimand, labels, known.marginal(labels), side=side, value=value)
            for labels in known.cells()
            if regimen in (None, labels[REGIMEN])
        ]

    @checked
    def probability(
        self,
        estimand: str = "rate",
        *,
        above: float | None = None,
        below: float | None = None,
        regimen: str | None = None,
    ) -> pd.DataFrame:
        """P(estimand above or below a value), for example P(rate > 0.20), with its error."""
        import pandas as pd

        rows = self.probability_rows(estimand, above=above, below=below, regimen=regimen)
        return pd.DataFrame([row.plain() for row in rows]).dropna(axis=1, how="all")

    def weight_rows(self) -> list[WeightRow]:
        """The entries of `weights` in `result.json`: what every study is worth in a pooled effect."""
        if WEIGHTS not in self.groups:
            return []
        stored = self.groups[WEIGHTS]
        columns = [stored[name].to_numpy() for name in WeightRow.columns()]
        return [
            WeightRow(
                str(study) or None,
                str(regimen) or None,
                str(endpoint) or None,
                str(covariate) or None,
                float(weight),
                float(common),
            )
            for study, regimen, endpoint, covariate, weight, common in zip(*columns, strict=True)
        ]

    def study_weights(self) -> pd.DataFrame:
        """The weight of every study in a pooled effect, and of the prior, which has no study.

        Returns
        -------
        DataFrame
            Columns study, regimen, endpoint, covariate (a subgroup), weight (averaged over the heterogeneity) and
            weight_common (without heterogeneity); the weights of an effect sum to one. In a network and a
            meta-regression shares of the information on every contrast, named in `covariate`. Empty where nothing
            is pooled.
        """
        import pandas as pd

        return pd.DataFrame([row.plain() for row in self.weight_rows()], columns=WeightRow.columns())

    def prediction_rows(self, patients: int, at_least: Sequence[int] = ()) -> list[PredictionRow]:
        """The entries of `predictions` in `result.json`."""
        # the next patients come from a new study wherever studies differ
        name = "predicted_rate" if "predicted_rate" in self.estimand_names else "rate"
        return predictions_of(self.known(name), patients, at_least, self.analysis.ci_prob)

    @checked
    def predict(self, patients: int, *, at_least: Sequence[int] = ()) -> pd.DataFrame:
        """Responders among the next patients of each regimen (posterior predictive).

        Where the model lets studies differ, the next patients are those of a new study
        (`predicted_rate`).

        Parameters
        ----------
        patients : int
            Number of future patients.
        at_least : sequence of int
            Numbers of responders whose probability of being reached is wanted.

        Returns
        -------
        DataFrame
            Mean, sd, median and equal-tailed interval of the number of responders, and a column
            ``P(>= k)`` for every k asked for.
        """
        import pandas as pd

        wrong = [v for v in (patients, *at_least) if isinstance(v, bool) or not isinstance(v, int)]
        if wrong or not 1 <= patients <= MAX_PREDICTED:
            raise AnalysisError(f"patients must be a whole number from 1 to {MAX_PREDICTED}, not {patients!r}.")
        if any(not 0 <= k <= patients for k in at_least):
            raise AnalysisError(f"at_least must be numbers from 0 to {patients}, not {list(at_least)}.")
        rows = []
        for row in self.prediction_rows(patients, at_least):
            reached = {f"P(>= {r['responders']})": r["probability"] for r in row.at_least}
            rows.append({**{key: value for key, value in row.items() if key != "at_least"}, **reached})
        return pd.DataFrame(rows)

    @checked
    def save(self, path: str | Path) -> Path:
        """Save to one netCDF file, atomically, with analysis, digest and provenance inside.

        The file holds draws and predictions by row or by patient number; it holds no patient
        identifiers.
        """
        path = Path(path)
        write_atomic(path, self.to_bytes())
        return path

    def to_bytes(self) -> bytes:
        """The content of the file that `save` writes."""
        return tree_bytes(self.tree, record_text(self))

    @classmethod
    @checked
    def load(cls, path: str | Path) -> Posterior:
        """Load a saved posterior and verify its digest.

        Raises
        ------
        RecordError
            If the file is not one of ours, is damaged or was made by a newer version.
        """
        return cls(**read_parts(Path(path)))

    @classmethod
    def from_draws(
        cls,
        draws: Any,
        *,
        dims: Mapping[str, Sequence[str]] | None = None,
        coords: Mapping[str, Sequence[Any]] | None = None,
        rename: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        better: Mapping[str, Direction] | None = None,
        comparisons: Sequence[PlainMapping] = (),
        thresholds: Sequence[PlainMapping] = (),
        arms: Sequence[Arm] = (),
        priors: Sequence[str] = (),
        patients: int = 0,
        events: int = 0,
        ci_prob: float = 0.95,
        id: str = "own_model",
        title: str = "A model of the user's own",
        question: str = "",
    ) -> Posterior:
        """The posterior of a PyMC or Stan model of your own: compared, ranked, drawn and reported like any other.

        Every variable becomes an estimand whose dimensions, beside ``chain`` and ``draw``, all label a reported number:
        ``regimen``, ``study``, ``endpoint``, ``category``, ``time``, ``horizon``, ``covariate``. Those of
        other names are renamed. Other variables stay in the group ``posterior``.

        Parameters
        ----------
        draws : DataTree, Dataset or mapping of str to array
            ArviZ's tree (other groups are kept), its posterior, or arrays of shape (chain, draw, ...); (draw, ...) is
            one chain.
        dims : mapping of str to sequence of str, optional
            Names of the further dimensions of arrays, by variable.
        coords : mapping of str to sequence, optional
            Labels, by dimension.
        rename : mapping of str to str, optional
            Variables and dimensions of the draws, and what they are called here, for example
            ``{"theta": "rate", "arm": "regimen"}``.
        units : mapping of str to str, optional
            Unit of an estimand; one that ends in "ratio" is compared by ratios.
        better : mapping of str to {"higher", "lower"}, optional
            Which direction is better; known for survival, medians, restricted means and hazard ratios.
        comparisons, thresholds : sequence of mapping
            What a report asks, as in an analysis file.
        arms : sequence of Arm
            Where the evidence on each regimen comes from; without it no comparison is called randomised.
        priors : sequence of str
            The priors in words, for the report.
        patients, events : int
            Size of the evidence, for the report.
        ci_prob : float
        id, title, question : str

        Returns
        -------
        Posterior
            Its diagnostics are those of the draws; its digest of data is that of the draws.

        Raises
        ------
        AnalysisError
            Naming every problem with names, shapes, labels, units and directions.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> rates = rng.beta([11, 13], [20, 24], size=(4, 1000, 2))
        >>> own = Posterior.from_draws(
        ...     {"theta": rates},
        ...     dims={"theta": ["arm"]},
        ...     coords={"arm": ["A", "B"]},
        ...     rename={"theta": "rate", "arm": "regimen"},
        ...     better={"rate": "higher"},
        ... )
        >>> own.compare("rate").table["regimen"].to_list()
        ['B']
        """
        from bayes_escc.answers.from_draws import parts_of_draws

        labels = {"dims": dims, "coords": coords, "rename": rename, "units": units, "better": better}
        asked = {"id": id, "title": title, "question": question, "ci_prob": ci_prob}
        told = Facts({"rows": 0, "patients": patients, "events": events, "warnings": []}, tuple(priors))
        questions = {"comparisons": comparisons, "thresholds": thresholds}
        parts = parts_of_draws(draws, labels={k: v or {} for k, v in labels.items()}, asked={**asked, **questions})
        return cls(**parts, facts=Late.known(told), arms=tuple(arms), sampler="nuts", versions={}, seconds={})


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
