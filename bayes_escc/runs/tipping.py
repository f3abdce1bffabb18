"""Tipping points of any comparison: two counts, an analysis, or a posterior that was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from bayes_escc.errors import AnalysisError, BayesEsccError, RecordError
from bayes_escc.evidence.population.bias import MOST_MEAN, MOST_SD, Bias
from bayes_escc.evidence.population.tipping import Tipping, tipping_of_rates
from bayes_escc.names import REGIMEN, Direction, Scale, normalise
from bayes_escc.settings.arguments import shown
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.answers.posterior import Posterior

__all__ = ["tipping"]


def tipping(
    source: Posterior | Analysis | Mapping[str, tuple[int, int]] | str | Path,
    *,
    estimand: str | None = None,
    regimen: str | None = None,
    reference: str | None = None,
    scale: Scale | None = None,
    better: Direction | None = None,
    margin: float | None = None,
    bias_sd: float | None = None,
    bias_mean: float | None = None,
    results: str | Path | None = None,
) -> tuple[Tipping, ...]:
    """P(better) as a function of the bias between two arms, and the bias that tips it. Nothing is fitted again.

    Parameters
    ----------
    source : Posterior, Analysis, mapping, str or Path
        A fitted posterior; an analysis, its name or its file; or counts by arm, ``{"A": (10, 29), "B": (12, 35)}``, the
        first being the reference and rates having uniform priors.
    estimand, regimen, reference : str, optional
        Choose among the comparisons of the analysis, or ask for another.
    scale, better, margin : optional
        Of the comparison, instead of the analysis's own.
    bias_sd, bias_mean : float, optional
        Of the bias, instead of what the analysis states (or the default of unanchored contrasts).
    results : str or Path, optional
        Folder of a run of this analysis, whose posterior is used if analysis and data are the same.

    Returns
    -------
    tuple of Tipping
        One for every comparison.

    Raises
    ------
    AnalysisError
        If there is no such comparison, or no scale of bias is known for it.
    """
    for name, word, words in (("scale", scale, get_args(Scale)), ("better", better, get_args(Direction))):
        if word is not None and word not in words:
            raise AnalysisError(f"{name} {word!r} is not one of {', '.join(words)}.{nearest(word, words)}")
    if isinstance(source, Mapping):
        if wrong := [f"{k}: {shown(v)}" for k, v in source.items() if not _are_counts(v)] or not source:
            given = "" if wrong is True else f", not {{{', '.join(wrong)}}}"
            raise AnalysisError(f'counts are whole numbers by arm, such as {{"A": (10, 29), "B": (12, 35)}}{given}.')
        if estimand not in (None, "rate") or results is not None:
            raise AnalysisError("typed counts have one estimand, the rate, and no earlier results; leave these out.")
        found = _of_counts(_from_reference(source, reference), scale or "difference", better or "higher", margin)
    else:
        found = _of_posterior(
            _posterior(source, results), estimand, reference, scale=scale, better=better, margin=margin
        )
    if regimen is not None:
        chosen = tuple(t for t in found if t.regimen == normalise(regimen))
        if not chosen:
            known = [t.regimen for t in found]
            raise AnalysisError(f"{regimen!r} is not compared here: {', '.join(known)}.{nearest(regimen, known)}")
        found = chosen
    if bias_sd is None and bias_mean is None:
        return found
    return tuple(replace(t, bias=_stated(t.bias, bias_sd, bias_mean)) for t in found)


def _are_counts(value: Any) -> bool:
    """Whether a value is events and patients."""
    pair = isinstance(value, tuple | list) and len(value) == 2
    return pair and all(isinstance(n, Integral) and not isinstance(n, bool) for n in value)


def _from_reference(counts: Mapping[str, tuple[int, int]], reference: str | None) -> Mapping[str, tuple[int, int]]:
    """The arms with the reference first."""
    first = next(iter(counts)) if reference is None else normalise(reference)
    if first not in counts:
        raise AnalysisError(f"{first!r} is not one of {', '.join(counts)}.{nearest(first, tuple(counts))}")
    return {first: counts[first], **counts}


def _stated(bias: Bias, sd: float | None, mean: float | None) -> Bias:
    if sd is not None and not 0.0 <= sd <= MOST_SD:
        raise AnalysisError(f"the standard deviation of a bias is a number from 0 to {MOST_SD:g}, not {sd!r}.")
    if mean is not None and not -MOST_MEAN <= mean <= MOST_MEAN:
        raise AnalysisError(
            f"the mean of a bias is a finite number from {-MOST_MEAN:g} to {MOST_MEAN:g}, not {mean!r}."
        )
    rationale = "Stated for this question."
    return Bias(bias.scale, bias.mean if mean is None else mean, bias.sd if sd is None else sd, rationale)


def _of_counts(
    counts: Mapping[str, tuple[int, int]], scale: Scale, better: Direction, margin: float | None
) -> tuple[Tipping, ...]:
    from bayes_escc.evidence.population.bias import default_bias
    from bayes_escc.probability.beta import Beta
    from bayes_escc.runs.prompt_counts import ENDPOINT, compare_counts
    from bayes_escc.runs.prompt_notes import UNSTATED

    arms = [f"{name}={k}/{n}" for name, (k, n) in counts.items()]
    try:  # for what it refuses
        compare_counts(arms, scale=scale, better=better, margin=margin)
    except AnalysisError as error:
        raise AnalysisError(str(error).replace("--margin", "margin")) from None
    laws = {name: Beta(1.0 + k, 1.0 + n - k) for name, (k, n) in counts.items()}
    first = next(iter(laws))
    return tuple(
        tipping_of_rates(
            law,
            laws[first],
            regimen=name,
            reference=first,
            endpoint=ENDPOINT,
            scale=scale,
            better=better,
            margin=margin,
            anchoring=UNSTATED,
            bias=default_bias("log_odds"),
        )
        for name, law in laws.items()
        if name != first
    )


def _posterior(source: Posterior | Analysis | str | Path, results: str | Path | None) -> Posterior:
    """The posterior of a source: itself, the one saved by a run, or a new fit."""
    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.runs.run import fit_analysis

    if isinstance(source, Posterior):
        return source
    analysis = source if isinstance(source, Analysis) else find_analysis(str(source))
    table = analysis.load_table()
    saved = Path(results if results is not None else Path("results") / analysis.id) / "posterior.nc"
    if saved.is_file():
        posterior = Posterior.load(saved)
        if (posterior.analysis.sha256, posterior.data_sha256) == (analysis.sha256, table.digest):
            return replace(posterior, analysis=replace(posterior.analysis, folder=analysis.folder))
        if results is not None:
            raise RecordError(f"{saved} is a result of another analysis or of other data: run {analysis.id} again.")
    return fit_analysis(analysis, table)


def _of_posterior(
    posterior: Posterior,
    estimand: str | None,
    reference: str | None,
    *,
    scale: Scale | None,
    better: Direction | None,
    margin: float | None,
) -> tuple[Tipping, ...]:
    from bayes_escc.answers.bias import add_bias_groups, contrast_from_curves, tipping_of_row

    analysis = posterior.analysis
    specs = [s for s in analysis.comparisons if estimand in (None, s.estimand)]
    if reference is not None:
        specs = [s for s in specs if s.reference == normalise(reference)]
    if not specs:
        from bayes_escc.analysis.questions import ComparisonSpec

        name = estimand or ("rate" if "rate" in posterior.estimand_names else posterior.estimand_names[0])
        array = posterior.estimand(name)
        if REGIMEN not in array.dims:
            raise AnalysisError(
                f"{name} is not estimated by regimen, so no bias between regimens can change it; name another with "
                "estimand."
            )
        if array.sizes[REGIMEN] < 2:
            raise AnalysisError(f"there is only one regimen, {array[REGIMEN].item()}, so there is nothing to compare.")
        first = reference or str(array[REGIMEN].to_numpy()[0])
        specs = [ComparisonSpec(name, normalise(first), scale)]
    specs = [
        replace(
            s,
            scale=scale or s.scale,
            better=better or s.better,
            # a margin is of the scale that it was stated on
            margin=margin if margin is not None or scale not in (None, s.scale) else s.margin,
        )
        for s in specs
    ]
    design, posterior = _with_curves(posterior, replace(analysis, comparisons=tuple(specs)), add_bias_groups)
    rows = [
        row
        for s in specs
        for row in posterior.compare(
            s.estimand, reference=s.reference, scale=s.scale, better=s.better, margin=s.margin
        ).rows
    ]
    found = []
    for row in rows:
        one = tipping_of_row(posterior, row)
        if one is not None and one.contrast is None and design is not None:
            parameters = posterior.groups["posterior"]
            one = replace(one, contrast=contrast_from_curves(design, parameters, row))
        found += [] if one is None else [one]
    if not found:
        names = ", ".join(dict.fromkeys(str(r["estimand"]) for r in rows)) or "these estimands"
        raise AnalysisError(
            f"no scale of bias is known for {names}: it is for rates (log odds), for odds and hazard ratios, and for "
            "survival, medians and restricted means (log hazard)."
        )
    return tuple(found)


def _with_curves(posterior: Posterior, analysis: Analysis, add: Any) -> tuple[Any, Posterior]:
    """The design behind a survival posterior, and the posterior with the critical biases of these comparisons.

    Without the table, which a posterior loaded from a file may lack, what the posterior holds has to do.
    """
    from bayes_escc.families import get_family

    if not get_family(analysis.family).FOLLOWS_PATIENTS or "posterior" not in posterior.groups:
        return None, posterior
    from bayes_escc.runs.run import prepare_design

    try:
        design = prepare_design(analysis, analysis.load_table())
    except BayesEsccError:
        return None, posterior
    groups = posterior.groups.copy()
    add(groups, analysis, design)
    return design, replace(posterior, groups=groups, analysis=analysis)
