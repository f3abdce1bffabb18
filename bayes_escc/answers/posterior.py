"""The posterior: draws, estimands, and what may be asked of them; saved in one file.

Everything reported is a function of the same joint draws, or of the exact laws behind them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import MAX_PREDICTED, Analysis
from bayes_escc.answers.comparison import (
    Comparison,
    check_probability,
    compare,
    labelled_cells,
    natural_scale,
    probability_with_error,
    unit_of,
)
from bayes_escc.answers.league import league_cells, league_groups
from bayes_escc.answers.next_patients import predictive_pmf, summarise_pmf
from bayes_escc.answers.ranking import rank, rank_probabilities
from bayes_escc.answers.storage import load_tree, save_tree
from bayes_escc.errors import AnalysisError, RecordError
from bayes_escc.evidence import Arm
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.names import (
    CHAIN,
    DETECTING_SCAN,
    DRAW,
    ENDPOINT,
    ESTIMANDS,
    LAWS,
    REGIMEN,
    Direction,
    Scale,
    normalise,
)
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.laws import Law, contrast_law_at, law_at
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["Posterior"]

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, repr=False)
class Posterior:
    """Joint draws of a fitted model, with everything needed to say where they came from.

    Parameters
    ----------
    tree : DataTree
        ArviZ's groups (posterior, prior, log_likelihood, posterior_predictive,
        prior_predictive, observed_data, sample_stats after NUTS), and beside them
        ``estimands``, ``prior_estimands`` and, in closed form, ``laws``; ``detecting_scan`` where asked for.
    analysis : Analysis
        What was asked.
    data_sha256 : str
        Digest of the table it was asked of.
    evidence : mapping
        Rows, patients, events and warnings of the data.
    arms : tuple of Arm
        Where the evidence on each regimen comes from.
    sampler : {"exact", "nuts", "laplace"}
    diagnostics : Diagnostics
    priors : tuple of str
        Every prior in words.
    versions, seconds : mapping
        Software and wall time.
    """

    tree: xr.DataTree
    analysis: Analysis
    data_sha256: str
    evidence: Mapping[str, Any]
    arms: tuple[Arm, ...]
    sampler: Literal["exact", "nuts", "laplace"]
    diagnostics: Diagnostics
    priors: tuple[str, ...]
    versions: Mapping[str, str]
    seconds: Mapping[str, float]

    def __repr__(self) -> str:
        state = "" if self.diagnostics.converged else ", NOT CONVERGED"
        return (
            f"Posterior({self.analysis.id}: {', '.join(self.estimand_names)}; "
            f"{self.evidence['patients']} patients; {self.sampler}{state})"
        )

    @property
    def estimand_names(self) -> tuple[str, ...]:
        """Names of the estimands."""
        return tuple(str(n) for n in self.tree[ESTIMANDS].data_vars)

    @property
    def detecting_scan(self) -> Posterior | None:
        """The same estimands with progression dated at the scan that found it, where the analysis asks for it.

        For comparison only: scans find progression late, so hazards seem to rise and the result depends on
        how often each regimen was scanned.
        """
        if DETECTING_SCAN not in self.tree.children:
            return None
        import xarray as xr

        estimands = self.tree[DETECTING_SCAN].to_dataset()
        return replace(self, tree=xr.DataTree.from_dict({f"/{ESTIMANDS}": estimands}), sampler="nuts")

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
        return self.tree[f"prior_{ESTIMANDS}" if prior else ESTIMANDS].to_dataset()[name]

    def laws(self, name: str, *, prior: bool = False) -> tuple[xr.DataArray, xr.DataArray] | None:
        """Beta parameters of an estimand's marginals, where they are in closed form."""
        group = f"prior_{LAWS}" if prior else LAWS
        if group not in self.tree.children or f"{name}_alpha" not in self.tree[group].data_vars:
            return None
        found = self.tree[group].to_dataset()
        return found[f"{name}_alpha"], found[f"{name}_beta"]

    def law_at(self, name: str, labels: Mapping[str, Any], *, prior: bool = False) -> Law | None:
        """The exact marginal law of one cell of an estimand, or None."""
        group = f"prior_{LAWS}" if prior else LAWS
        if group not in self.tree.children:
            return None
        return law_at(self.tree[group].to_dataset(), name, labels)

    def summary_rows(self, ci_prob: float | None = None) -> list[dict[str, Any]]:
        """One row per estimand and label: the entries of `estimates` in `result.json`."""
        prob = self.analysis.ci_prob if ci_prob is None else check_probability(ci_prob, "ci_prob")
        rows = []
        for name in self.estimand_names:
            array = self.estimand(name)
            cells = list(labelled_cells(array))
            if not cells:
                continue
            ess, mcse = self._precision(np.stack([draws for _, draws in cells], axis=-1))
            for i, (labels, draws) in enumerate(cells):
                law = self.law_at(name, labels)
                numbers = _of_law(law, prob) if law else _of_draws(draws, prob)
                rows.append(
                    {
                        "estimand": name, **labels, "unit": unit_of(array, labels), **numbers, "ci_prob": prob,
                        "mcse_mean": 0.0 if law else mcse[i], "ess_bulk": ess[i],
                    }
                )  # fmt: skip
        return rows

    def _precision(self, values: Any) -> tuple[list[float | None], list[float | None]]:
        """Bulk effective sample size and error of the mean, of (chain, draw, cell) values."""
        if self.sampler != "nuts":  # draws are independent
            size = values.shape[0] * values.shape[1]
            return [float(size)] * values.shape[-1], list(values.std(axis=(0, 1), ddof=1) / size**0.5)
        import arviz as az
        import xarray as xr

        array = xr.DataArray(values, dims=(CHAIN, DRAW, "cell"))
        ess, mcse = az.ess(array, method="bulk").to_numpy(), az.mcse(array, method="mean").to_numpy()
        return [_number(v) for v in ess], [_number(v) for v in mcse]

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
            Columns estimand, regimen, study, endpoint, time, covariate (those in use), unit,
            mean, sd, median, lower, upper, ci_prob, mcse_mean, ess_bulk.
        """
        import pandas as pd

        if estimand is not None:
            self.estimand(estimand)
        rows = [r for r in self.summary_rows(ci_prob) if estimand in (None, r["estimand"])]
        frame = pd.DataFrame(rows)
        unused = [c for c in ("regimen", "study", "endpoint", "time", "covariate") if frame[c].isna().all()]
        return frame.drop(columns=unused)

    def _of_regimens(self, name: str | None) -> str:
        """The estimand named; else the rate, or the first that regimens have."""
        if name is not None:
            return name
        first = next((n for n in self.estimand_names if REGIMEN in self.estimand(n).dims), self.estimand_names[0])
        return "rate" if "rate" in self.estimand_names else first

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
        return self._compare(array, reference or "", scale or natural_scale(array), better, margin, rope, ci_prob)

    def _compare(
        self, array: xr.DataArray, reference: str, scale: Scale, better: Direction | None, margin: float | None = None,
        rope: tuple[float, float] | None = None, ci_prob: float | None = None,
    ) -> Comparison:  # fmt: skip
        name = str(array.name)
        return compare(
            array,
            reference=reference,
            scale=scale,
            better=better,
            margin=margin,
            rope=rope,
            ci_prob=self.analysis.ci_prob if ci_prob is None else ci_prob,
            laws=self.laws(name),
            contrast_law=self._contrast_law(name, scale),
            arms=self.arms,
            converged=self.diagnostics.converged,
        )

    def _contrast_law(self, name: str, scale: Scale) -> Callable[[str, str], Law | None] | None:
        """The exact law of regimens against each other on a scale, where there is one."""
        if LAWS not in self.tree.children or f"{name}_covariance" not in self.tree[LAWS].data_vars:
            return None
        group = self.tree[LAWS].to_dataset()
        if scale != natural_scale(self.estimand(name)):
            return None
        return partial(contrast_law_at, group, name)

    def league_rows(self, estimand: str = "effect", *, better: Direction | None = None) -> list[dict[str, Any]]:
        """The entries of `league` in `result.json`: every pair of regimens once, the better ranked first.

        Keys are those of `comparisons`: `regimen` against `reference`, with P(better).
        """
        array = self.estimand(estimand)
        places: dict[tuple[Any, Any], list[str]] = {}
        for row in sorted(self.ranking_rows(estimand, better=better), key=lambda r: float(r["mean_rank"])):
            places.setdefault((row[ENDPOINT], row["time"]), []).append(row[REGIMEN])
        found: list[dict[str, Any]] = []
        for (endpoint, time), order in places.items():
            for j, reference in enumerate(order[1:], start=1):
                chosen = array.sel({REGIMEN: order[: j + 1]})
                compared = self._compare(chosen, reference, natural_scale(array), better)
                found += [dict(r) for r in compared.rows if r[ENDPOINT] == endpoint and r["time"] == time]
        return found

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

    def ranking_rows(self, estimand: str = "rate", *, better: Direction | None = None) -> list[dict[str, Any]]:
        """The entries of `ranking` in `result.json`."""
        laws, prob = self.laws(estimand), self.analysis.ci_prob
        return rank(self.estimand(estimand), better=better, laws=laws, ci_prob=prob)

    def rank_table(
        self, estimand: str = "rate", *, better: Direction | None = None
    ) -> tuple[list[str], NDArray[np.float64]]:
        """Regimens, and the probability of every rank (columns, the best first) of each, from the draws."""
        return rank_probabilities(self.estimand(estimand), better=better)

    def ranking(self, estimand: str | None = None, *, better: Direction | None = None) -> pd.DataFrame:
        """P(best), rank with its interval, and SUCRA of every regimen, by the estimand `compare` takes."""
        import pandas as pd

        return pd.DataFrame(self.ranking_rows(self._of_regimens(estimand), better=better))

    def probability_rows(
        self,
        estimand: str = "rate",
        *,
        above: float | None = None,
        below: float | None = None,
        regimen: str | None = None,
    ) -> list[dict[str, Any]]:
        """The entries of `thresholds` in `result.json`."""
        if (above is None) == (below is None):
            raise AnalysisError("give one of above and below.")
        value = above if above is not None else float(below or 0.0)
        array = self.estimand(estimand)
        regimen = None if regimen is None else normalise(regimen)
        known = list(array[REGIMEN].to_numpy()) if REGIMEN in array.coords else []
        if regimen is not None and regimen not in known:
            raise AnalysisError(f"{regimen!r} is not a regimen of {estimand}.")
        rows = []
        for labels, draws in labelled_cells(array):
            if regimen not in (None, labels[REGIMEN]):
                continue
            law = self.law_at(estimand, labels)
            if law is not None:
                p = float(law.sf(value) if above is not None else law.cdf(value))
                p, error = p, law.rounding_floor()
            else:
                p, error = probability_with_error(draws > value if above is not None else draws < value, draws)
            rows.append(
                {
                    "estimand": estimand, **labels, "side": "above" if above is not None else "below",
                    "value": value, "probability": p, "mcse_probability": error,
                }
            )  # fmt: skip
        return rows

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
        return pd.DataFrame(rows).dropna(axis=1, how="all")

    def prediction_rows(self, patients: int, at_least: Sequence[int] = ()) -> list[dict[str, Any]]:
        """The entries of `predictions` in `result.json`."""
        # the next patients come from a new study wherever studies differ
        name = "predicted_rate" if "predicted_rate" in self.estimand_names else "rate"
        rows = []
        for labels, draws in labelled_cells(self.estimand(name)):
            known = self.law_at(name, labels)
            law = known if isinstance(known, Beta) else None
            summary = summarise_pmf(predictive_pmf(patients, law, draws), self.analysis.ci_prob)
            pmf = summary.pop("pmf")
            reached = []
            for k in at_least:
                p = float(pmf[k:].sum())
                error = 1e-12 if law else _error_of_tail(draws, patients, k)
                reached.append({"responders": k, "probability": min(p, 1.0), "mcse_probability": error})
            rows.append(
                {
                    "estimand": name,
                    REGIMEN: labels[REGIMEN],
                    ENDPOINT: labels[ENDPOINT],
                    "patients": patients,
                    **summary,
                    "at_least": reached,
                }
            )
        return rows

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
            reached = {f"P(>= {r['responders']})": r["probability"] for r in row.pop("at_least")}
            rows.append({**row, **reached})
        return pd.DataFrame(rows)

    def plot_intervals(self, estimand: str = "rate", *, endpoint: str | None = None) -> Figure:
        """Draw the posterior of every regimen with 50 % and 95 % intervals."""
        from bayes_escc.plots.intervals import plot_intervals

        return plot_intervals(self, estimand, endpoint=endpoint)

    def plot_prior_posterior(self, estimand: str = "rate", *, endpoint: str | None = None) -> Figure:
        """Draw prior against posterior for every regimen."""
        from bayes_escc.plots.prior_posterior import plot_prior_posterior

        return plot_prior_posterior(self, estimand, endpoint=endpoint)

    def plot_forest(self) -> Figure:
        """Draw the forest plot of a pairwise synthesis."""
        from bayes_escc.plots.forest import plot_forest

        return plot_forest(self)

    def save(self, path: str | Path) -> Path:
        """Save to one netCDF file, atomically, with analysis, digest and provenance inside.

        The file holds draws and predictions by row or by patient number; it holds no patient
        identifiers.
        """
        path = Path(path)
        record = {
            "format": FORMAT_VERSION,
            "analysis": json.loads(self.analysis.content),
            "analysis_sha256": self.analysis.sha256,
            "sampling": vars(self.analysis.sampling),
            "data_sha256": self.data_sha256,
            "evidence": dict(self.evidence),
            "arms": [asdict(a) for a in self.arms],
            "sampler": self.sampler,
            "diagnostics": self.diagnostics.to_dict(),
            "priors": list(self.priors),
            "versions": dict(self.versions),
            "seconds": dict(self.seconds),
        }
        save_tree(self.tree, json.dumps(record, sort_keys=True, ensure_ascii=False), path)
        return path

    @classmethod
    def load(cls, path: str | Path) -> Posterior:
        """Load a saved posterior and verify its digest.

        Raises
        ------
        RecordError
            If the file is not one of ours, is damaged or was made by a newer version.
        """
        path = Path(path)
        tree, text = load_tree(path)
        try:
            record = json.loads(text)
            if record["format"] > FORMAT_VERSION:
                raise RecordError(
                    f"{path.name} has format {record['format']}; this version reads up to {FORMAT_VERSION}: "
                    "update bayes_escc."
                )
            return cls._from_record(tree, record)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"{path.name} holds a record that cannot be understood: {error!r}.") from None

    @classmethod
    def _from_record(cls, tree: xr.DataTree, record: Mapping[str, Any]) -> Posterior:
        analysis = Analysis.from_dict(record["analysis"], sha256=record["analysis_sha256"])
        diagnostics = {**record["diagnostics"], "messages": tuple(record["diagnostics"]["messages"])}
        return cls(
            tree,
            analysis.with_sampling(**record["sampling"]),
            record["data_sha256"],
            record["evidence"],
            tuple(Arm(**a) for a in record["arms"]),
            record["sampler"],
            Diagnostics(**diagnostics),
            tuple(record["priors"]),
            record["versions"],
            record["seconds"],
        )


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _of_law(law: Law, prob: float) -> dict[str, float | None]:
    tail = (1.0 - prob) / 2.0
    lower, median, upper = (law.quantile(q) for q in (tail, 0.5, 1.0 - tail))
    return {"mean": _number(law.mean), "sd": _number(law.sd), "median": median, "lower": lower, "upper": upper}


def _of_draws(draws: Any, prob: float) -> dict[str, float | None]:
    tail = (1.0 - prob) / 2.0
    lower, median, upper = np.quantile(draws, [tail, 0.5, 1.0 - tail])
    return {
        "mean": _number(draws.mean()), "sd": _number(draws.std(ddof=1)), "median": _number(median),
        "lower": _number(lower), "upper": _number(upper),
    }  # fmt: skip


def _error_of_tail(draws: Any, patients: int, k: int) -> float:
    """Monte Carlo error of the mean, over draws, of P(at least k responders | rate)."""
    import arviz as az
    import xarray as xr
    from scipy.stats import binom

    tail = binom.sf(k - 1, patients, draws)
    if np.ptp(tail) == 0:
        return 0.0
    return float(az.mcse(xr.DataArray(tail, dims=(CHAIN, DRAW)), method="mean"))
