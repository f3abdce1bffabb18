"""The models as a Python user writes them: plain configuration, `fit` returns a new object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.posterior import Posterior
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Table
from bayes_escc.evidence.reading import frame_cells
from bayes_escc.evidence.table import Source
from bayes_escc.names import NotebookView, Plain, PlainMapping
from bayes_escc.runs.run import fit_analysis, prepare_design
from bayes_escc.settings.arguments import checked
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm

__all__ = ["CourseModel", "ResponseModel", "SurvivalModel", "SynthesisModel"]


class _Model(NotebookView):
    """What every model does with a table once it is configured."""

    analysis: Analysis

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.analysis.content})"

    def read(self, table: Table | Source) -> Table:
        """The table, read and checked as `fit` reads it; one that is checked already stays as it is."""
        return table if isinstance(table, Table) else self.analysis.data.read(table)

    def build(self, table: Table | Source) -> pm.Model:
        """The PyMC model on a table, as `fit` samples it."""
        return prepare_design(self.analysis, self.read(table)).build()

    @checked
    def fit(
        self,
        table: Table | Source,
        *,
        seed: int = 1,
        sampler: Literal["auto", "exact", "nuts", "laplace"] = "auto",
        draws: int = 1000,
        tune: int = 1000,
        chains: int = 4,
    ) -> Posterior:
        """Fit to a table.

        Parameters
        ----------
        table : Table, DataFrame or path
            Of a kind the model is for.
        seed : int
            The same seed gives the same numbers on any machine.
        sampler : {"auto", "exact", "nuts", "laplace"}
            ``"auto"`` takes the closed form, or quadrature, where the model allows, else NUTS.
            ``"laplace"`` gives independent draws and the evidence of models without a hierarchy.
        draws, tune, chains : int

        Returns
        -------
        Posterior
        """
        analysis = self.analysis.with_sampling(seed=seed, sampler=sampler, draws=draws, tune=tune, chains=chains)
        return fit_analysis(analysis, self.read(table))


class ResponseModel(_Model):
    """Response rates of regimens, as plain configuration; `fit` does the work.

    Parameters
    ----------
    endpoint : str or sequence of str, optional
        Endpoints to fit side by side (``"ORR"``, ``"DCR"``, ``"grade3plus_TRAE"`` ...); all
        those of the table if not given.
    likelihood : {"binomial", "beta_binomial", "multinomial", "logistic"}
        Independent or partially pooled binomial counts; overdispersion between the studies of a
        regimen; RECIST categories; or patients with covariates.
    pooling : {"none", "partial"}
        ``"partial"``: units share a logit-normal hierarchy (binomial).
    pool_over : {"regimens", "studies"}, optional
        The units that share it: regimens, or the studies of each regimen.
    prior : Prior, optional
        Prior of the rate (binomial without pooling), of the mean (beta-binomial) or of the
        categories (multinomial).
    priors : mapping, optional
        Prior by parameter: ``rate``, ``log_odds`` or ``log_risk``, and perhaps one of
        ``log_odds_ratio``, ``log_risk_ratio`` and ``risk_difference``; ``logit_mean``, ``tau``;
        ``mean``, ``precision``; ``categories``; ``intercept``, ``coefficient``. A value may be a
        mapping of regimen (or covariate) to Prior.
    reference : str, optional
        The regimen whose rate has the prior of the level and against which that of a contrast
        holds; without it the prior of a contrast is that of any two regimens.
    covariates : sequence of mapping or str
        Entries ``{"column": ..., "transform": ..., "center": ..., "scale": ...}`` (logistic).
    effect_modifiers : sequence of str
        Columns of the covariates whose coefficient may differ between regimens (logistic).
    published : mapping, optional
        The keys of ``[published]``: files of published arms, beside which the own patients stand (logistic).
    population : str, mapping, path or DataFrame
        With `published`, in whose population regimens are compared: ``"own"``, ``"pooled"``, ``"overlap"``,
        ``{"study": ...}``, the covariates of one patient, or a table of other patients.
    weights : {"fixed", "bootstrap"}
        With `published`, whether the patients of the population are all there are, or stand for more like them.
    extrapolate : bool
        With `published`, whether to answer where own and published patients hardly overlap.
    regimens : sequence of str, optional
        Keep these, in this order; the first is the default reference.
    where : mapping, optional
        Equality filters on further columns.

    Raises
    ------
    AnalysisError
        With every setting that cannot be used.

    Examples
    --------
    >>> model = ResponseModel(endpoint="ORR", prior=Prior("Beta", alpha=1, beta=1))
    """

    @checked
    def __init__(
        self,
        *,
        endpoint: str | Sequence[str] | None = None,
        likelihood: Literal["binomial", "beta_binomial", "multinomial", "logistic"] = "binomial",
        pooling: Literal["none", "partial"] = "none",
        pool_over: Literal["regimens", "studies"] | None = None,
        prior: Prior | None = None,
        priors: Mapping[str, Prior | PriorSet | Mapping[str, Prior]] | None = None,
        covariates: Sequence[PlainMapping | str] = (),
        effect_modifiers: Sequence[str] = (),
        published: PlainMapping | None = None,
        population: str | Path | PlainMapping | pd.DataFrame = "own",
        weights: Literal["fixed", "bootstrap"] = "fixed",
        extrapolate: bool = False,
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
        not_evaluable: Literal["nonresponse", "exclude"] = "nonresponse",
        reference: str | None = None,
    ) -> None:
        roles = dict(priors or {})
        if prior is not None:
            role = {"binomial": "rate", "beta_binomial": "mean", "multinomial": "categories"}.get(likelihood)
            if role is None or pooling == "partial":
                raise AnalysisError("prior= has no single meaning here: give priors={...} by parameter.")
            roles.setdefault(role, prior)
        data: Plain = {}
        if endpoint is not None:
            data["endpoint"] = endpoint if isinstance(endpoint, str) else list(endpoint)
        if regimens is not None:
            data["regimens"] = list(regimens)
        if where:
            data["where"] = {k: list(v) if isinstance(v, tuple) else v for k, v in where.items()}
        if likelihood == "logistic" or not_evaluable != "nonresponse":
            data |= {"kind": "patients", "not_evaluable": not_evaluable}
        model: Plain = {"family": "response", "likelihood": likelihood, "pooling": pooling}
        if pool_over is not None:
            model["pool_over"] = pool_over
        if reference is not None:
            model["reference"] = reference
        if covariates:
            model["covariates"] = [c if isinstance(c, str) else dict(c) for c in covariates]
        if effect_modifiers:
            model["effect_modifiers"] = list(effect_modifiers)
        wanted = None if isinstance(population, str) and population == "own" else population
        beside = _published(published, wanted, weights, extrapolate, covariates)
        self.analysis = Analysis.from_dict(
            {
                "id": "response_model",
                "data": data,
                "model": model,
                "priors": {k: _prior_dict(v) for k, v in roles.items()},
                **beside,
            },
            label="this ResponseModel",
        )


class SurvivalModel(_Model):
    """Progression-free survival of regimens, as plain configuration; `fit` does the work.

    Parameters
    ----------
    baseline : {"weibull", "exponential", "piecewise", "m_spline", "log_logistic", "log_normal", "gompertz", \
"weibull_cure"}
        Shape of the hazard of a reference patient.
    regimen_effect : {"proportional", "accelerated", "nonproportional", "stratified", "none"}
        Hazards of regimens differ by a constant ratio; times do (log-logistic, log-normal, Gompertz); hazards differ in
        shape too; in everything, each regimen with priors of its own; or not at all.
    regimen_coding : {"exchangeable", "reference"}
        Regimens deviate from a common level, with the same prior of the log hazard ratio of every pair, so that
        their order decides nothing; or the first has the prior of the level and the others their
        ``log_hazard_ratio`` against it, which may then be asymmetric or one for each regimen.
    covariates : sequence of mapping or str
        Entries ``{"column": ..., "transform": ..., "center": ..., "scale": ...}``.
    effect_modifiers : sequence of str
        Columns of the covariates whose coefficient may differ between regimens.
    published : mapping, optional
        The keys of ``[published]``: files of published arms, curves and hazard ratios beside own patients; `population`
        then takes ``"own"``, ``"pooled"``, ``"overlap"`` and ``{"study": ...}`` as well.
    baselines : {"shared", "exchangeable", "own"}
        With `published`, whether patients alike have the same hazard in every study.
    weights : {"fixed", "bootstrap"}
        With `published`, whether the patients of the population are all there are, or stand for more like them.
    extrapolate : bool
        With `published`, whether to answer where own and published patients hardly overlap.
    priors : mapping, optional
        Prior by parameter: one of ``median``, ``log_cumulative_hazard``, ``hazard``,
        ``log_hazard`` sets the level; ``log_shape``, ``log_spread``, ``hazard_growth``, ``cure_fraction``,
        ``log_hazard_ratio``, ``log_time_ratio``, ``coefficient``, ``drift_sd``, ``frailty_sd``,
        ``coefficient_sd``, ``global_scale``,
        ``slab_variance``; ``imputation_intercept``, ``imputation_slope``, ``imputation_sd`` of the regressions that
        impute. A value may be a mapping of regimen (or covariate) to Prior.
    cutpoints : sequence of float, optional
        Where a piecewise hazard changes; by default at equal shares of the events.
    smoothing : {"independent", "random_walk"}
        Of piecewise log hazards.
    knots : sequence of float, optional
        Where the cubic pieces of an ``"m_spline"`` meet; at the last it ends, and the hazard stays as it is there. By
        default at equal shares of the events, the last at the last event.
    reference_time : float, optional
        When the prior of the log cumulative hazard holds.
    time_unit : {"days", "weeks", "months", "years"}, optional
        Of priors, cut points, times and results; the data's if not given.
    strata : str or sequence of str
        Columns whose categories, crossed, have baseline hazards of their own, as in a stratified Cox regression;
        regimens and covariates have the same effects in all of them.
    strata_levels : sequence of str, float, bool or of sequences of these, optional
        The strata there are, each as its categories in the order of `strata`, of one column the category alone; by
        default those in the data.
    frailty : str, optional
        Column of the centres, whose hazards differ by a log-normal frailty (`frailty_sd`).
    shrinkage : {"none", "ridge", "horseshoe"}
        Shrink the coefficients of covariates together (`coefficient_sd`), or all but the few that
        matter (`global_scale`, `slab_variance`); never the contrast between regimens.
    relevant : int, optional
        How many covariates are expected to matter (horseshoe); a third of them if not given.
    imputation_order : sequence of str, optional
        Covariates with ``missing = "impute"``, each imputed given those before it; by default those with the fewest
        holes first, and numbers before yes-or-no covariates.
    times, horizons : sequence of float, optional
        When survival is reported; to when the restricted mean.
    population : str, mapping, path or DataFrame
        Over whom results are averaged: ``"all"`` patients, those on a regimen, the covariates of one
        patient, or a table of other patients (a DataFrame, a `Path`, or ``{"file": "registry.csv"}``).
    event_free : float, optional
        Predict what awaits a new patient who has been free of the event so long: `remaining_survival`
        at further times, `remaining_median` and `remaining_rmst`.
    centres : {"observed", "new"}
        Whether patients stay at their own centres or are averaged over new ones.
    time, event, entry, interval, dates, data_unit
        Columns of the follow-up and their unit, for tables that are not yet a `PatientTable`;
        see `read_patients`.
    endpoint : {"PFS", "OS", "DFS", "EFS", "RFS", "TTP"}
        Of which time to an event the analysis is; figures, tables and texts call it so. It changes no number.
    regimens : sequence of str, optional
        Keep these, in this order; the first is the reference.
    where : mapping, optional
        Equality filters on further columns.

    Raises
    ------
    AnalysisError
        With every setting that cannot be used.

    Examples
    --------
    >>> model = SurvivalModel(baseline="weibull", data_unit="months")
    """

    @checked
    def __init__(
        self,
        *,
        baseline: Literal[
            "weibull", "exponential", "piecewise", "m_spline", "log_logistic", "log_normal", "gompertz", "weibull_cure"
        ] = "weibull",
        regimen_effect: Literal[
            "proportional", "accelerated", "nonproportional", "stratified", "none"
        ] = "proportional",
        regimen_coding: Literal["exchangeable", "reference"] = "exchangeable",
        covariates: Sequence[PlainMapping | str] = (),
        effect_modifiers: Sequence[str] = (),
        published: PlainMapping | None = None,
        baselines: Literal["shared", "exchangeable", "own"] = "shared",
        weights: Literal["fixed", "bootstrap"] = "fixed",
        extrapolate: bool = False,
        priors: Mapping[str, Prior | PriorSet | Mapping[str, Prior]] | None = None,
        cutpoints: Sequence[float] | None = None,
        smoothing: Literal["independent", "random_walk"] = "independent",
        knots: Sequence[float] | None = None,
        reference_time: float | None = None,
        time_unit: str | None = None,
        times: Sequence[float] | None = None,
        horizons: Sequence[float] | None = None,
        population: str | Path | PlainMapping | pd.DataFrame = "all",
        event_free: float | None = None,
        strata: str | Sequence[str] = (),
        strata_levels: Sequence[str | float | bool | Sequence[str | float | bool]] | None = None,
        frailty: str | None = None,
        shrinkage: Literal["none", "ridge", "horseshoe"] = "none",
        relevant: int | None = None,
        imputation_order: Sequence[str] | None = None,
        centres: Literal["observed", "new"] = "observed",
        time: str | None = "time",
        event: str | None = "event",
        entry: str | None = None,
        interval: Sequence[str] | None = None,
        dates: PlainMapping | None = None,
        data_unit: str | None = None,
        dating: Literal["interval", "detecting_scan"] = "interval",
        endpoint: Literal["PFS", "OS", "DFS", "EFS", "RFS", "TTP"] = "PFS",
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
    ) -> None:
        if (interval is not None or dates is not None) and (time, event) == ("time", "event"):
            time = event = None  # not asked for, and the table need not have them
        data = _stated(
            kind="patients",
            time=time,
            event=event,
            entry=entry,
            time_unit=data_unit,
            interval=None if interval is None else list(interval),
            dates=None if dates is None else {k: str(v) for k, v in dates.items()},
            endpoint=None if endpoint == "PFS" else endpoint,
            regimens=None if regimens is None else list(regimens),
        )
        if where:
            data["where"] = {k: list(v) if isinstance(v, tuple) else v for k, v in where.items()}
        among = [strata] if isinstance(strata, str) else list(strata)
        model = _stated(
            family="survival",
            baseline=baseline,
            regimen_effect=regimen_effect,
            regimen_coding=None if regimen_coding == "exchangeable" else regimen_coding,
            smoothing=smoothing,
            cutpoints=None if cutpoints is None else [float(c) for c in cutpoints],
            knots=None if knots is None else [float(k) for k in knots],
            reference_time=reference_time,
            time_unit=time_unit,
            dating=dating,
            strata=among or None,
            strata_levels=None
            if strata_levels is None
            else [level if isinstance(level, str | float | int) else list(level) for level in strata_levels],
            frailty=frailty,
            shrinkage=shrinkage,
            relevant=relevant,
            imputation_order=None if imputation_order is None else list(imputation_order),
            effect_modifiers=list(effect_modifiers) or None,
            baselines=None if baselines == "shared" else baselines,
        )
        if covariates:
            model["covariates"] = [c if isinstance(c, str) else dict(c) for c in covariates]
        all_patients = isinstance(population, str) and population == "all"
        beside = _published(
            published, None if all_patients or published is None else population, weights, extrapolate, covariates
        )
        estimands = _stated(
            times=None if times is None else [float(t) for t in times],
            horizons=None if horizons is None else [float(h) for h in horizons],
            population=_population(
                population, [*(c if isinstance(c, str) else str(c.get("column")) for c in covariates), *among]
            ),
            event_free=event_free,
            centres=None if centres == "observed" else centres,
        )
        self.analysis = Analysis.from_dict(
            {
                "id": "survival_model",
                "data": data,
                "model": model,
                "priors": {k: _prior_dict(v) for k, v in (priors or {}).items()},
                **beside,
                "estimands": {**estimands, **beside.get("estimands", {})},
            },
            label="this SurvivalModel",
        )


class CourseModel(_Model):
    """Progression-free and overall survival of regimens together, as plain configuration; `fit` does the work.

    Parameters
    ----------
    baseline : {"exponential", "piecewise"}
        Constant hazards, or hazards constant between cut points; every regimen has its own.
    cutpoints : sequence of float or mapping, optional
        Where piecewise hazards change: of all transitions alike, or by transition (``progression``,
        ``death_without_progression``, ``death_after_progression``). Without, at equal shares of the events.
    clock : {"reset", "forward"}
        Whether the hazard of death after progression runs from progression or from the start.
    priors : mapping, optional
        Prior by parameter: ``progression_hazard``, ``death_without_progression_hazard`` and
        ``death_after_progression_hazard``. A value may be a mapping of regimen to Prior.
    time_unit : str, optional
        Of priors, cut points, times, horizons and results; that of the data if not given.
    times, horizons : sequence of float, optional
        When probabilities are reported, and up to when restricted means.
    time, event, overall, overall_event, entry, dates, data_unit
        Columns of both endpoints and their unit, for tables that are not yet a `PatientTable`; see `read_patients`.
    regimens : sequence of str, optional
        Keep these, in this order; the first is the reference.
    where : mapping, optional
        Equality filters on further columns.

    Raises
    ------
    AnalysisError
        With every setting that cannot be used.

    Examples
    --------
    >>> model = CourseModel(data_unit="months", horizons=[12])
    """

    @checked
    def __init__(
        self,
        *,
        baseline: Literal["exponential", "piecewise"] = "exponential",
        cutpoints: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
        clock: Literal["reset", "forward"] = "reset",
        priors: Mapping[str, Prior | PriorSet | Mapping[str, Prior]] | None = None,
        time_unit: str | None = None,
        times: Sequence[float] | None = None,
        horizons: Sequence[float] | None = None,
        time: str | None = "time",
        event: str | None = "event",
        overall: str | None = "overall",
        overall_event: str | None = "overall_event",
        entry: str | None = None,
        dates: PlainMapping | None = None,
        data_unit: str | None = None,
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
    ) -> None:
        named = {"time": time, "event": event, "overall": overall, "overall_event": overall_event}
        if dates is not None and all(column == role for role, column in named.items()):
            named = {}  # not asked for, and the table need not have them
        data = _stated(
            kind="patients",
            **named,
            entry=entry,
            time_unit=data_unit,
            dates=None if dates is None else {k: str(v) for k, v in dates.items()},
            regimens=None if regimens is None else list(regimens),
        )
        if where:
            data["where"] = {k: list(v) if isinstance(v, tuple) else v for k, v in where.items()}
        cuts: Any = cutpoints
        if isinstance(cutpoints, Mapping):
            cuts = {k: [float(c) for c in v] for k, v in cutpoints.items()}
        elif cutpoints is not None:
            cuts = [float(c) for c in cutpoints]
        self.analysis = Analysis.from_dict(
            {
                "id": "course_model",
                "data": data,
                "model": _stated(family="course", baseline=baseline, cutpoints=cuts, clock=clock, time_unit=time_unit),
                "priors": {k: _prior_dict(v) for k, v in (priors or {}).items()},
                "estimands": _stated(
                    times=None if times is None else [float(t) for t in times],
                    horizons=None if horizons is None else [float(h) for h in horizons],
                ),
            },
            label="this CourseModel",
        )


def _published(
    published: PlainMapping | None,
    population: str | Path | PlainMapping | pd.DataFrame | None,
    weights: str,
    extrapolate: bool,
    covariates: Sequence[PlainMapping | str],
) -> Plain:
    """The tables of an analysis about published arms."""
    if published is None:
        given = [n for n, g in (("weights", weights != "fixed"), ("extrapolate", extrapolate)) if g]
        if given or population is not None:
            raise AnalysisError(f"{' and '.join(given) or 'population'} need published=, arms beside own patients.")
        return {}
    columns = [c if isinstance(c, str) else str(c.get("column")) for c in covariates]
    return {
        "published": dict(published),
        "overlap": {"extrapolate": extrapolate},
        "estimands": {
            "population": _population("own" if population is None else population, columns),
            "weights": weights,
        },
    }


def _population(wanted: str | Path | PlainMapping | pd.DataFrame, columns: Sequence[str]) -> Any:
    """A target population as an analysis states it; of a table only the covariates."""
    if isinstance(wanted, str):
        return wanted
    if isinstance(wanted, Path):
        return {"file": str(wanted)}
    if isinstance(wanted, Mapping):
        return dict(wanted)
    header, *rows = frame_cells(wanted)
    return {"rows": [{c: cell for c, cell in zip(header, row, strict=True) if c in columns} for row in rows]}


def _stated(**values: Any) -> Plain:
    """The settings that were given."""
    return {k: v for k, v in values.items() if v is not None}


class SynthesisModel(_Model):
    """Meta-analysis of published effects, arm counts or both (`combine_evidence`), pairwise or as a network.

    Parameters
    ----------
    endpoint : str, optional
        Endpoint to pool; needed where the table has several.
    likelihood : {"normal", "binomial"}
        Effects as normal on the log scale (exact, by quadrature over the heterogeneity); or arm
        counts as binomial, where zero cells need no correction.
    pooling : {"random", "common"}
    network : bool
        Whether every regimen has its own effect against `reference`.
    covariates : sequence of mapping or str
        Entries ``{"column": ..., "transform": ..., "center": ..., "scale": ...}`` of the studies.
    subgroup : str or mapping, optional
        Column whose values have effects of their own, with a shared heterogeneity; or
        ``{"column": ..., "heterogeneity": "separate"}`` for one each.
    control : str, optional
        For counts: a regimen, or the column that marks or names each study's control.
    measure : {"OR", "RR", "RD"}, optional
        What counts with a normal likelihood are made into: odds ratios (the default), risk ratios or risk differences.
    reference : str, optional
        Of a network.
    regimen_coding : {"exchangeable", "reference"}
        Of a network: whether the prior of an effect is that of every pair of regimens, or that of each regimen
        against the reference, which may then be asymmetric or one for each regimen.
    priors : mapping, optional
        Prior by parameter: ``effect`` (on the log scale for ratios), ``tau``, ``baseline``,
        ``coefficient``.
    regimens : sequence of str, optional
        Keep the contrasts between these.
    where : mapping, optional
        Equality filters on further columns.
    baseline_rate : float, mapping or Prior, optional
        Risk on the control, or on the reference of a network, at which `event_rate` and `risk_difference` are reported:
        a number, ``{"events": 12, "n": 40}`` or a law. Of a hazard ratio the risk of an event by some time.
    effect_at : sequence of mapping
        Values of all covariates at which the effect is reported, ``{"latitude": 33}``.
    kind : {"effects", "counts"}, optional
        Of the table; by default counts for a binomial likelihood or where `control` is given.

    Raises
    ------
    AnalysisError
        With every setting that cannot be used.

    Examples
    --------
    >>> model = SynthesisModel(endpoint="OS", priors={"tau": Prior("HalfNormal", sigma=0.5)})
    """

    @checked
    def __init__(
        self,
        *,
        endpoint: str | None = None,
        likelihood: Literal["normal", "binomial"] = "normal",
        pooling: Literal["random", "common"] = "random",
        network: bool = False,
        covariates: Sequence[PlainMapping | str] = (),
        subgroup: str | Mapping[str, str] | None = None,
        control: str | None = None,
        reference: str | None = None,
        regimen_coding: Literal["exchangeable", "reference"] = "exchangeable",
        priors: Mapping[str, Prior | PriorSet | Mapping[str, Prior]] | None = None,
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
        kind: Literal["effects", "counts"] | None = None,
        measure: Literal["OR", "RR", "RD"] | None = None,
        baseline_rate: float | Mapping[str, int] | Prior | None = None,
        effect_at: Sequence[PlainMapping] = (),
    ) -> None:
        counted = likelihood == "binomial" or control is not None or measure is not None
        data: Plain = {"kind": kind or ("counts" if counted else "effects")}
        if endpoint is not None:
            data["endpoint"] = endpoint
        if regimens is not None:
            data["regimens"] = list(regimens)
        if where:
            data["where"] = {k: list(v) if isinstance(v, tuple) else v for k, v in where.items()}
        group = dict(subgroup) if isinstance(subgroup, Mapping) else subgroup
        stated = {"subgroup": group, "control": control, "reference": reference, "measure": measure}
        if regimen_coding != "exchangeable":
            stated["regimen_coding"] = regimen_coding
        model: Plain = {
            "family": "synthesis",
            "likelihood": likelihood,
            "pooling": pooling,
            "network": network,
            **{k: v for k, v in stated.items() if v is not None},
        }
        if covariates:
            model["covariates"] = [c if isinstance(c, str) else dict(c) for c in covariates]
        rate = baseline_rate.to_dict() if isinstance(baseline_rate, Prior) else baseline_rate
        if isinstance(rate, Mapping):
            rate = dict(rate)
        estimands = _stated(baseline_rate=rate, effect_at=[dict(at) for at in effect_at] or None)
        self.analysis = Analysis.from_dict(
            {
                "id": "synthesis_model",
                "data": data,
                "model": model,
                "priors": {k: _prior_dict(v) for k, v in (priors or {}).items()},
                "estimands": estimands,
            },
            label="this SynthesisModel",
        )


def _prior_dict(value: Prior | PriorSet | Mapping[str, Prior]) -> Plain:
    if isinstance(value, Prior | PriorSet):
        return value.to_dict()
    return {label: prior.to_dict() for label, prior in value.items()}
