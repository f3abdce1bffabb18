"""What simulated trials say of a design: every number with its Monte Carlo error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import NotebookView, Plain, PlainMapping
from bayes_escc.trials.conduct import Outcomes, looks_of
from bayes_escc.trials.enumerated import AveragedOver, Enumerated
from bayes_escc.trials.estimates import Estimate, average, enumerated, no_estimate, proportion, ratio, wilson
from bayes_escc.trials.sample_size import sample_size
from bayes_escc.trials.spec import DesignPrior, TrialSpec, Truth

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SCHEMA_VERSION", "Audit", "DesignResult", "summarise"]

SCHEMA_VERSION: Final = 3
"""Of `design.json`; pages are made of results of this version only."""

_BINS: Final = 20
_NO_GO: Final = "no trial goes"
_ALL_EFFECTIVE: Final = "every truth of the design prior is effective"
_NONE_EFFECTIVE: Final = "no truth of the design prior is effective"


@dataclass(frozen=True)
class Audit:
    """How far the fast engine is from the package's own fit.

    Parameters
    ----------
    trials : int
    largest : float
        Greatest difference of a probability.
    in_errors : float
        The same in Monte Carlo errors of the fit.
    changed : int
        Decisions that differ beyond those errors.
    near : int
        How many of the trials were chosen because they are near a threshold.
    found, searched : int
        How many answers within 0.005 of a threshold there are, among how many.
    """

    trials: int
    largest: float
    in_errors: float
    changed: int
    near: int = 0
    found: int = 0
    searched: int = 0

    @property
    def agrees(self) -> bool:
        """Whether the fast engine may be trusted."""
        return self.changed <= 0.01 * self.trials and (self.in_errors <= 4.0 or self.largest < 0.005)


@dataclass(frozen=True)
class DesignResult(NotebookView):
    """The operating characteristics of a design.

    Parameters
    ----------
    id, title : str
    rows : tuple of mapping
        One per size and truth; see `summary`.
    looks : tuple of mapping
        One per size, truth, rule and look: shares that go and stop there.
    prior : tuple of mapping
        Under the design prior: assurance, P(effective | go) and averaged errors, by size.
    trials, wanted : int
        Simulated by truth, and asked for.
    seed : int
    max_mcse : float or None
    engine : str
    audit : Audit or None
    calibrated : mapping or None
    drift : tuple of mapping
        P(go) where the rates of all arms have moved away, by size, truth and drift.
    distributions : tuple of mapping
        By size and truth: percentiles (0 to 100) of patients and months, and P(go) as trials are added.
    sizes : mapping or None
        The sample size that was sought.
    facts : mapping
        The design as stated, its boundaries, accrual and a few of its trials; see `bayes_escc.trials.facts`.
    """

    id: str
    title: str
    rows: tuple[PlainMapping, ...]
    looks: tuple[PlainMapping, ...]
    prior: tuple[PlainMapping, ...]
    trials: int
    wanted: int
    seed: int
    max_mcse: float | None = None
    engine: str = ""
    audit: Audit | None = None
    calibrated: PlainMapping | None = None
    failed: int = 0
    drift: tuple[PlainMapping, ...] = ()
    distributions: tuple[PlainMapping, ...] = ()
    sizes: PlainMapping | None = None
    notes: tuple[str, ...] = field(default=())
    facts: PlainMapping = field(default_factory=dict, repr=False)

    @property
    def precise_enough(self) -> bool:
        """Whether every probability is known as well as was asked."""
        if self.max_mcse is None:
            return True
        return all(row[k].mcse <= self.max_mcse for row in self.rows for k in ("go", "stop"))

    @property
    def trusted(self) -> bool:
        """Whether the audit agrees."""
        return self.audit is None or self.audit.agrees

    def summary(self) -> pd.DataFrame:
        """A row per size and truth: P(go), P(stop), whether that is right, expected size, months and events."""
        import pandas as pd

        keys = ("go", "stop", "correct", "patients", "months", "events")
        records = []
        for row in self.rows:
            record: Plain = {"patients_most": row["most"], "truth": row["truth"]}
            for key in keys:
                if row[key] is not None:
                    record[key], record[f"{key}_mcse"] = row[key].value, row[key].mcse
            records.append(record)
        return pd.DataFrame(records)

    def to_dict(self) -> Plain:
        """Everything as plain data."""

        def plain(value: Any) -> Any:
            if isinstance(value, Estimate):
                return value.to_dict()
            if isinstance(value, Mapping):
                return {k: plain(v) for k, v in value.items()}
            return [plain(v) for v in value] if isinstance(value, list | tuple) else value

        return {
            "schema_version": SCHEMA_VERSION,
            "design": {"id": self.id, "title": self.title, "seed": self.seed},
            "trials": self.trials,
            "trials_wanted": self.wanted,
            "engine": self.engine,
            "audit": None if self.audit is None else {**vars(self.audit), "agrees": self.audit.agrees},
            "fitted_trials": self.failed,
            "scenarios": plain(self.rows),
            "looks": plain(self.looks),
            "design_prior": plain(self.prior),
            "calibration": plain(self.calibrated or {}) or None,
            "drift": [plain(row) for row in sorted(self.drift, key=lambda r: (r["most"], r["truth"], r["drift"]))],
            "distributions": plain(self.distributions),
            "sample_size": plain(self.sizes or {}) or None,
            "notes": list(self.notes),
            **self.facts,
        }


def summarise(
    spec: TrialSpec,
    outcomes: Mapping[tuple[int, str], Outcomes],
    exact: Mapping[tuple[int, str], Enumerated],
    wanted: int,
    prior_of: Mapping[int, AveragedOver] | str = "",
) -> DesignResult:
    """Count what happened, and take what is known without simulation from `exact` and `prior_of`."""
    rows, looks, prior, drift = [], [], [], []
    of_name = {t.name: t for t in spec.scenarios}
    for (most, name), o in outcomes.items():
        known, truth = exact.get((most, name)), of_name.get(name)
        if truth is None:
            if spec.design_prior is not None:
                known_prior = None if isinstance(prior_of, str) else prior_of.get(most)
                row = _under_prior(spec.design_prior, o) if known_prior is None else _integrated(known_prior, o)
                why = prior_of if isinstance(prior_of, str) else ""
                prior.append({"most": most, "not_exact": why, **row, "curve": _curve(o)})
        elif truth.drifted:
            drift.append(_drift_row(most, truth, o, known))
        else:
            rows.append(_scenario(spec, most, truth, o, known))
            looks += _look_rows(spec, most, name, o, known)
    simulated = min((len(o.decision) for o in outcomes.values()), default=0)
    notes = [f"{simulated:,} of {wanted:,} trials: the run was interrupted."] if simulated < wanted else []
    return DesignResult(
        spec.id,
        spec.title,
        tuple(rows),
        tuple(looks),
        tuple(prior),
        simulated,
        wanted,
        spec.simulation.seed,
        spec.simulation.max_mcse,
        failed=sum(int(o.failed.sum()) for o in outcomes.values()),
        notes=tuple(notes),
        drift=(*_undrifted(spec, rows), *drift) if drift else (),
        sizes=sample_size(spec, outcomes, exact),
        distributions=tuple(
            _distribution(most, name, o)
            for (most, name), o in outcomes.items()
            if name in {t.name for t in spec.truths}
        ),
    )


def _scenario(spec: TrialSpec, most: int, truth: Truth, o: Outcomes, known: Enumerated | None) -> Plain:
    """What a design does under one truth: enumerated where it can be, else counted in the trials."""
    if known is None:
        go, stop = proportion(o.decision > 0), proportion(o.decision < 0)
        neither, early = proportion(o.decision == 0), proportion((o.rule >= 0) & _early(spec, o))
        not_go = proportion(o.decision <= 0)
    else:
        go, stop = enumerated(known.probability_go), enumerated(known.probability_stop)
        neither = enumerated(max(0.0, 1.0 - go.value - stop.value))
        early, not_go = enumerated(known.early), enumerated(1.0 - go.value)
    patients = None if known is None else known.expected_patients
    months = None if known is None else known.expected_months
    return {
        "most": most,
        "truth": truth.name,
        "should_go": truth.should_go,
        "go": go,
        "stop": stop,
        "neither": neither,
        "early": early,
        "correct": None if truth.should_go is None else go if truth.should_go else not_go,
        "patients": average(o.patients) if patients is None else enumerated(patients),
        "months": average(o.months) if months is None else enumerated(months),
        "events": None if spec.pfs is None else average(o.events),
        "advice": [
            {
                "rule": p.name,
                "binding": p.binding,
                "go": proportion(o.advice[:, r] > 0) if known is None else enumerated(known.advice_go[r]),
                "stop": proportion(o.advice[:, r] < 0) if known is None else enumerated(known.advice_stop[r]),
            }
            for r, p in enumerate(spec.rules)
        ],
        "trials": len(o.decision),
        "failed": int(o.failed.sum()),
    }


def _look_rows(spec: TrialSpec, most: int, name: str, o: Outcomes, known: Enumerated | None) -> list[Plain]:
    """Shares that go and stop, by rule and look."""
    return [
        {
            "most": most,
            "truth": name,
            "rule": spec.rules[r].name,
            "look": look + 1,
            "when": str(spec.rules[r].looks[look]),
            "go": proportion(o.at[:, k] > 0) if known is None else enumerated(known.go[k]),
            "stop": proportion(o.at[:, k] < 0) if known is None else enumerated(known.stop[k]),
        }
        for k, (r, look) in enumerate(looks_of(spec))
    ]


def _distribution(most: int, truth: str, o: Outcomes) -> Plain:
    """How size and duration vary from trial to trial, and how P(go) settles as trials are added."""
    share = np.linspace(0.0, 1.0, 101)
    n = np.unique(np.linspace(1, len(o.decision), 40).round().astype(int))
    gone = np.cumsum(o.decision > 0)[n - 1]
    return {
        "most": most,
        "truth": truth,
        "patients": [float(v) for v in np.quantile(o.patients, share)],
        "months": [float(v) for v in np.quantile(o.months, share)],
        "running": [[int(m), float(k / m), *wilson(float(k), int(m))] for m, k in zip(n, gone, strict=True)],
    }


def _drift_row(most: int, truth: Truth, o: Outcomes, known: Enumerated | None) -> Plain:
    row = {"most": most, "truth": truth.drifted, "drift": truth.drift}
    if known is None:
        return {**row, "go": proportion(o.decision > 0), "patients": average(o.patients)}
    patients = average(o.patients) if known.expected_patients is None else enumerated(known.expected_patients)
    return {**row, "go": enumerated(known.probability_go), "patients": patients}


def _undrifted(spec: TrialSpec, rows: Sequence[PlainMapping]) -> list[Plain]:
    """The truths from which others drifted, as a row with a drift of 0."""
    of = {t.drifted for t in spec.drifts}
    keys = ("most", "truth", "go", "patients")
    return [{"drift": 0.0, **{k: row[k] for k in keys}} for row in rows if row["truth"] in of]


def _early(spec: TrialSpec, o: Outcomes) -> NDArray[np.bool_]:
    last = np.array([len(p.looks) - 1 for p in spec.rules])
    return np.asarray(o.look < last[np.maximum(o.rule, 0)])


def _curve(o: Outcomes) -> list[Plain]:
    """P(go) by true effect, in bins that hold equal shares of the design prior."""
    edges = np.unique(np.quantile(o.effect, np.linspace(0.0, 1.0, min(_BINS, max(1, len(o.effect) // 50)) + 1)))
    place = np.clip(np.searchsorted(edges, o.effect, side="right") - 1, 0, max(len(edges) - 2, 0))
    found: list[Plain] = []
    for i in range(len(edges) - 1):
        here = o.decision[place == i] > 0
        if len(here):
            ends = {"from": float(edges[i]), "to": float(edges[i + 1]), "effect": float(o.effect[place == i].mean())}
            found.append({**ends, "share": len(here) / len(o.effect), "go": proportion(here)})
    return found


def _integrated(known: AveragedOver, o: Outcomes) -> Plain:
    """The same without simulation, where the prior can be integrated."""
    go, effective, both = known.go, known.effective, known.go_and_effective

    def share(top: float, bottom: float, none: str) -> Estimate:
        return enumerated(top / bottom) if bottom > 0.0 else no_estimate(none, exact=True)

    return {
        "assurance": enumerated(go),
        "effective": enumerated(effective),
        "effective_given_go": share(both, go, _NO_GO),
        "ineffective_given_go": share(go - both, go, _NO_GO),
        "false_go_where_ineffective": share(go - both, 1.0 - effective, _ALL_EFFECTIVE),
        "missed_where_effective": share(effective - both, effective, _NONE_EFFECTIVE),
        "patients": average(o.patients) if known.patients is None else enumerated(known.patients),
        "months": average(o.months) if known.months is None else enumerated(known.months),
    }


def _under_prior(prior: DesignPrior, o: Outcomes) -> Plain:
    """Assurance, and how far a declaration can be believed, averaged over the design prior."""
    effective = o.effect < prior.below if prior.below is not None else o.effect > (prior.above or 0.0)
    go = o.decision > 0
    return {
        "assurance": proportion(go),
        "effective": proportion(effective),
        "effective_given_go": ratio(effective, go, none=_NO_GO),
        "ineffective_given_go": ratio(~effective, go, none=_NO_GO),
        "false_go_where_ineffective": ratio(go, ~effective, none=_ALL_EFFECTIVE),
        "missed_where_effective": ratio(~go, effective, none=_NONE_EFFECTIVE),
        "patients": average(o.patients),
        "months": average(o.months),
    }
