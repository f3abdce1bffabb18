"""A design: its file, and what can be asked of it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.analysis import Analysis, find_analysis
from bayes_escc.analysis.bundled import models_folder
from bayes_escc.errors import AnalysisError
from bayes_escc.names import NotebookView, Plain, PlainMapping
from bayes_escc.settings.files import read_toml
from bayes_escc.settings.reader import Reader, raise_problems
from bayes_escc.trials.conduct import Outcomes, conduct, join, look_times, seen_of_rates, state_at
from bayes_escc.trials.exact import exact_characteristics
from bayes_escc.trials.exact_prior import averaged_over_prior
from bayes_escc.trials.execute import TRIALS_PER_PIECE, Piece, execute, pack
from bayes_escc.trials.facts import design_facts
from bayes_escc.trials.generate import generate
from bayes_escc.trials.hazards import FastModel, engine_of, priors_of
from bayes_escc.trials.priors_apart import prior_notes
from bayes_escc.trials.reading import LEAST_TRIALS, MAX_TRIALS, read_design
from bayes_escc.trials.reading_truths import with_registries
from bayes_escc.trials.spec import TrialSpec
from bayes_escc.trials.summary import Audit, DesignResult, summarise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DRAWN", "Design", "run_piece"]

_ENGINES: Final = {
    "counts": "Rates: exact posterior probabilities by counts.",
    "gamma": "Times: exact posterior probabilities by events and time at risk, audited by the package's own fit.",
    "newton": "Times: Newton's method and a third-order tail area for every trial, audited by the package's own fit.",
    "fit": "Times: the package's own fit of every trial, since {why}.",
}
DRAWN: Final = ""
"""Name of the truths that are drawn from the design prior."""
_BATCH: Final = 1_000
_FRESH: Final = 10_000_000
"""Number of the first trial that validates a calibrated threshold: none that found it."""


@dataclass(frozen=True)
class Design(NotebookView):
    """A whole trial design, as its file states it.

    Parameters
    ----------
    spec : TrialSpec
    analysis : Analysis or None
        The analysis that will be run: its model, priors and rules are those that are simulated.
    content : str
        The file as JSON.
    folder : Path
        To which names in it are relative.

    Examples
    --------
    >>> design = Design.from_file("second_line_trial.toml")  # doctest: +SKIP
    >>> result = design.simulate(trials=2_000)  # doctest: +SKIP
    >>> result.summary()  # doctest: +SKIP
    """

    spec: TrialSpec
    analysis: Analysis | None
    content: str
    folder: Path

    @classmethod
    def from_file(cls, path: str | Path) -> Design:
        """Read and check a design file.

        Raises
        ------
        AnalysisError
            With every problem and its path.
        """
        path = Path(path)
        content, _ = read_toml(path)
        content.setdefault("id", path.stem)
        return cls.from_dict(content, folder=path.parent, label=path.name)

    @classmethod
    def bundled(cls, name: str) -> Design:
        """A design that ships with the package, or the file of a path."""
        known = {p.stem: p for p in sorted((models_folder() / "designs").glob("*.toml"))}
        path = Path(name)
        if path.suffix == ".toml" or path.is_file() or name not in known:
            if not path.is_file() and known:
                raise AnalysisError(
                    f"there is no design {name!r}: give the path of a .toml file, or one of {', '.join(known)}."
                )
            return cls.from_file(path)
        return cls.from_file(known[name])

    @classmethod
    def from_dict(cls, content: PlainMapping, *, folder: Path = Path(), label: str = "the design") -> Design:
        """Check the content of a design, laid out as in a file."""
        problems: list[str] = []
        analysis = _analysis_of(content.get("analysis"), folder, label, problems)
        content = with_registries(content, folder, [] if analysis is None else analysis.spec.adjusted_for, problems)
        if analysis is not None:
            content["analysis"] = _whole(analysis)
        top = Reader(content, "", problems)
        top.take("analysis", None)
        schema = top.take("schema", 1)
        if schema != 1 or isinstance(schema, bool):
            top.problem("schema", f"this package reads schema = 1, not {schema!r}")
        spec = read_design(top, analysis)
        if spec is not None and analysis is None and any(p.of_pfs for p in spec.rules):
            problems.append("analysis: is required, since a rule looks at a time to event: whose model and priors?")
        if spec is not None and analysis is not None:
            problems += _missing_covariates(spec, analysis)
        raise_problems(f"{label} cannot be used", problems)
        if spec is None:  # its problems were raised
            raise AnalysisError(f"{label} cannot be used.")
        # keys stay in their order: the first arm is the reference
        return cls(spec, analysis, json.dumps(content, ensure_ascii=False, default=str), folder)

    @property
    def sha256(self) -> str:
        """Digest of the design and of the analysis it names."""
        told = self.content + ("" if self.analysis is None else self.analysis.sha256)
        return hashlib.sha256(told.encode()).hexdigest()

    @cached_property
    def model(self) -> FastModel | str | None:
        """The priors of the fast engine, why it cannot be used, or None where no rule needs it."""
        if self.analysis is None or not any(p.of_pfs for p in self.spec.rules):
            return None
        return priors_of(self.analysis, len(self.spec.arms), self.spec.rules)

    def conduct(self, truth: str, patients: int, first: int, trials: int) -> Outcomes:
        """The outcomes of some trials of a truth; those of the design prior under the name `DRAWN`."""
        chosen = next((t for t in self.spec.scenarios if t.name == truth), self.spec.truths[0])
        parts = []
        for start in range(first, first + trials, _BATCH):
            count = min(_BATCH, first + trials - start)
            parts.append(
                conduct(self.spec, chosen, self.analysis, self.model, patients, start, count, drawn=truth == DRAWN)
            )
        return join(parts)

    # ---- asking -------------------------------------------------------------------------------

    def simulate(
        self,
        *,
        trials: int | None = None,
        workers: int | None = None,
        scheduler: str | None = None,
        out: str | Path | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> DesignResult:
        """Simulate the design under every truth, and under its design prior.

        Parameters
        ----------
        trials : int, optional
            By truth; the file's if not given.
        workers : int, optional
            Processes; as many as the machine has if not given. The result does not depend on it.
        scheduler : str, optional
            Address of a Dask scheduler.
        out : path, optional
            Folder in which finished trials are kept, so that an interrupted run goes on and a longer one adds to it.
        say : callable
            Told of progress.

        Raises
        ------
        AnalysisError
            If there are too few trials to tell an error from, or too many.
        FitError
            If the cluster cannot be used.
        """
        wanted = self.spec.simulation.trials if trials is None else trials
        if not LEAST_TRIALS <= wanted <= MAX_TRIALS:
            raise AnalysisError(f"trials must be a whole number from {LEAST_TRIALS} to {MAX_TRIALS}, not {wanted}.")
        names = [t.name for t in self.spec.scenarios] + ([DRAWN] if self.spec.design_prior is not None else [])
        keep = None if out is None else Path(out) / "trials" / self.sha256[:16]
        outcomes: dict[tuple[int, str], Outcomes] = {}
        known, over = exact_characteristics(self.spec, self.model), averaged_over_prior(self.spec)
        while True:
            pieces = [
                Piece(name, patients, first, min(TRIALS_PER_PIECE, wanted - first))
                for patients in self.spec.patients
                for name in names
                for first in range(0, wanted, TRIALS_PER_PIECE)
            ]
            count = workers or (os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()) or 1
            if wanted * len(names) * len(self.spec.patients) <= 20_000 and workers is None:
                count = 1  # starting processes costs more
            done = execute(
                run_piece,
                self.content,
                str(self.folder),
                pieces,
                workers=count,
                scheduler=scheduler,
                keep=keep,
                say=say,
            )
            parts: dict[tuple[int, str], list[Outcomes]] = {}
            for piece, finished in done:
                parts.setdefault((piece.patients, piece.truth), []).append(finished)
            outcomes = {key: join(found) for key, found in parts.items()}
            result = summarise(self.spec, outcomes, known, wanted, over)
            if trials is not None or result.precise_enough or len(done) < len(pieces):
                break
            wanted *= 2
        audit = self.audit() if isinstance(self.model, FastModel) and self.spec.simulation.audit > 0 else None
        facts = design_facts(self.spec, self.model, analysis=self.analysis, sha256=self.sha256)
        calibrated = self._calibrated(outcomes)
        notes = (*result.notes, *prior_notes(self.spec, self.analysis))
        return replace(result, audit=audit, engine=self.engine, calibrated=calibrated, facts=facts, notes=notes)

    def with_seed(self, seed: int) -> Design:
        """The same design under another seed."""
        return replace(self, spec=replace(self.spec, simulation=replace(self.spec.simulation, seed=seed)))

    @property
    def engine(self) -> str:
        """In words, how the statistics are computed."""
        return _ENGINES[engine_of(self.model)].format(why=self.model)

    def audit(self) -> Audit | None:
        """Answer a few simulated trials by the package's own fit, and compare."""
        from bayes_escc.trials.audit import audit_design

        model = self.model
        if self.analysis is None or not isinstance(model, FastModel):
            return None
        return audit_design(self.spec, self.analysis, model)

    def _calibrated(self, outcomes: Mapping[tuple[int, str], Outcomes]) -> Plain | None:
        """The thresholds that hold the false alarms, and what fresh trials say of them."""
        wanted = self.spec.calibration
        if wanted is None:
            return None
        from bayes_escc.trials.calibration import calibrated

        most = self.spec.patients[-1]
        planned = next(p for p in self.spec.rules if p.name == wanted.rule)
        null = {name: outcomes[(most, name)].paths for name in wanted.truths if (most, name) in outcomes}
        right = [t.name for t in self.spec.truths if t.should_go and t.name not in wanted.truths]
        good = {name: outcomes[(most, name)].paths for name in right if (most, name) in outcomes}
        count = max((len(path) for path in null.values()), default=0)
        return calibrated(planned, wanted, null, good, lambda name: self.conduct(name, most, _FRESH, count).paths)

    def replay(self, trial: int, *, truth: str | None = None) -> pd.DataFrame:
        """One simulated trial, patient by patient, as it was known at each look.

        Parameters
        ----------
        trial : int
            Its number, from 0.
        truth : str, optional
            Name of the truth; the first if not given.

        Returns
        -------
        DataFrame
            A row per patient: arm, entry, true and observed values, and what each look knew.
        """
        import pandas as pd

        chosen = next((t for t in self.spec.truths if t.name == truth), None) if truth else self.spec.truths[0]
        if chosen is None:
            raise AnalysisError(
                f"there is no truth {truth!r}; there are {', '.join(t.name for t in self.spec.truths)}."
            )
        if not 0 <= trial < _FRESH:
            raise AnalysisError(f"trials are numbered from 0 to {_FRESH - 1:,}; there is no trial {trial:,}.")
        patients = generate(self.spec, chosen, self.spec.patients[-1], trial, 1)
        columns: Plain = {
            "patient": np.arange(1, self.spec.patients[-1] + 1),
            "arm": np.array(self.spec.arms)[patients.arm[0]],
            "entry": patients.entry[0].round(2),
            **{name: values[0].astype(int) for name, values in patients.response.items()},
        }
        if self.spec.pfs is not None:
            columns["true_time"] = patients.event[0].round(2)
        if np.isfinite(patients.drop_out).any():
            columns["drop_out"] = patients.drop_out[0].round(2)
        for planned in self.spec.rules:
            for i, plan in enumerate(planned.looks):
                times = look_times(self.spec, patients, planned, plan)
                state = state_at(self.spec, patients, times)
                label = f"{planned.name}, look {i + 1} (month {times[0]:.1f})"
                if planned.of_pfs:
                    shown = [
                        "" if not e else f"{'event' if s else 'free'} at {t:.2f}"
                        for e, s, t in zip(state.entered[0], state.seen[0], state.time[0], strict=True)
                    ]
                else:
                    shown = seen_of_rates(self.spec, patients, planned, times)
                columns[label] = shown
        return pd.DataFrame(columns)


def _analysis_of(named: Any, folder: Path, label: str, problems: list[str]) -> Analysis | None:
    """The analysis a design names, or states."""
    if isinstance(named, Mapping):
        return Analysis.from_dict(named, folder=folder, label=f"the analysis of {label}")
    if isinstance(named, str):
        beside = folder / named
        return find_analysis(str(beside) if beside.is_file() else named)
    if named is not None:
        problems.append(f"analysis: must be the name of an analysis file, or a table with its content, not {named!r}")
    return None


def _whole(analysis: Analysis) -> Plain:
    """The content of an analysis, so that a worker elsewhere needs no file; historical counts keep their place."""
    content: Plain = json.loads(analysis.content)
    borrowing = content.get("borrowing")
    if isinstance(borrowing, dict) and isinstance(borrowing.get("file"), str) and analysis.folder is not None:
        borrowing["file"] = str((analysis.folder / borrowing["file"]).resolve())
    return content


def _missing_covariates(spec: TrialSpec, analysis: Analysis) -> list[str]:
    """What the analysis adjusts for and a truth does not say."""
    needed = analysis.spec.adjusted_for
    found = []
    for i, truth in enumerate(spec.truths):
        missing = [name for name in needed if name not in {c.name for c in truth.covariates}]
        if missing and any(p.of_pfs for p in spec.rules):
            found.append(
                f"truths[{i}].covariates: the analysis adjusts for {', '.join(missing)}; state the law of each and "
                "its coefficient: { probability = 0.4, coefficient = 0.5 } or { mean = 0, sd = 1, coefficient = 0 }"
            )
    for i, truth in enumerate(spec.truths):
        for covariate in analysis.spec.covariates:
            law = next((c for c in truth.covariates if c.name == covariate.column), None)
            if law is None or covariate.transform == "none":
                continue
            least = min(law.rows) if law.law == "rows" else 0.0 if law.law == "binary" else -math.inf
            if least < 0 or (least == 0 and covariate.transform == "log"):
                found.append(
                    f"truths[{i}].covariates.{law.name}: the analysis takes its {covariate.transform}, so it needs "
                    "positive values: resample those of a registry, { file = ..., columns = [...] }"
                )
    return found


@lru_cache(maxsize=4)
def _read_again(content: str, folder: str) -> Design:
    return Design.from_dict(json.loads(content), folder=Path(folder))


def run_piece(content: str, folder: str, piece: Piece) -> bytes:
    """The packed outcome of a piece; what workers run."""
    design = _read_again(content, folder)
    return pack(design.conduct(piece.truth, piece.patients, piece.first, piece.trials))
