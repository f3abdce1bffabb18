"""Calibrate models again and again, keep what was counted, and say what has to be run once more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.errors import RecordError
from bayes_escc.files import write_atomic
from bayes_escc.names import Plain
from bayes_escc.validation.calibration.digest import code_digest
from bayes_escc.validation.calibration.once import Case, Outcome
from bayes_escc.validation.calibration.tally import LEVEL, Tally, checks_of, worst

if TYPE_CHECKING:
    from bayes_escc.validation.calibration.tally import CalibrationTest

__all__ = [
    "FULL", "FULL_SAMPLED", "Record", "Verdict", "calibrate", "digest_of", "full_size", "out_of_date", "read_record",
    "simulate", "verdict_of", "write_record",
]  # fmt: skip

FULL, FULL_SAMPLED = 500, 200
"""Simulations of a run at full size, of closed forms and quadrature, and of what is sampled."""
_BATCH: Final = 20
_SEED: Final = 20180418


@dataclass(frozen=True)
class Record:
    """What is known of one case.

    Parameters
    ----------
    tally : Tally
    code : str
        Digest of the code it holds for.
    versions : mapping of str to str
        Of the packages that computed it.
    """

    tally: Tally
    code: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """The verdict on one case: `p` is the smallest p value times their number, `worst` the test that gave it."""

    calibrated: bool
    p: float
    worst: CalibrationTest | None
    tests: int


def verdict_of(tally: Tally) -> Verdict:
    """Whether ranks, coverage and probabilities are those of a right posterior."""
    tests = checks_of(tally)
    if not tests:
        return Verdict(True, 1.0, None, 0)
    p, test = worst(tests)
    return Verdict(p >= LEVEL, p, test, len(tests))


def full_size(case: Case) -> int:
    """Simulations of a case in a run at full size."""
    return FULL_SAMPLED if getattr(case, "sampler", "exact") != "exact" else FULL


def digest_of(case: Case) -> str:
    """Digest of the code that a case holds for."""
    modules, stated = case.code()
    return code_digest(modules, stated)


def simulate(
    case: Case, batch: int, size: int = _BATCH, *, workers: int | None = 1, scheduler: str | None = None
) -> list[Outcome]:
    """Some simulations of a case; every batch has streams of its own.

    Parameters
    ----------
    case : Case
    batch, size : int
        Number of the batch and of its simulations.
    workers, scheduler
        As of `inference.many.run_many`.
    """
    from bayes_escc.inference.many import run_many

    seed = int(np.random.SeedSequence((_SEED, batch)).generate_state(1)[0])
    if workers == 1 and scheduler is None:
        return run_many(lambda piece, own: piece.once(own), [case] * size, seed, 1)
    return run_many(_once, [case.name] * size, seed, workers, scheduler)


def _once(name: str, seed: int) -> Outcome:
    from bayes_escc.validation.calibration.cases import find_cases

    return find_cases([name])[0].once(seed)


def calibrate(
    cases: Iterable[Case],
    folder: Path,
    *,
    size: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Record]:
    """Bring the records of some cases up to date and to a size; every batch is kept as soon as it is done.

    Parameters
    ----------
    cases : iterable of Case
    folder : path
        Of `calibration.json`.
    size : int, optional
        Simulations of every case; `full_size` of each if not given. A record of the same code is continued; one of
        other code begins anew.
    workers, scheduler
        As of `inference.many.run_many`.
    tell : callable
        Told of every case.

    Returns
    -------
    dict of str to Record
        All that is known.
    """
    from bayes_escc.report.result import software_versions

    records = read_record(folder)
    for case in cases:
        code = digest_of(case)
        known = records.get(case.name)
        tally = known.tally if known is not None and known.code == code else Tally()
        wanted = full_size(case) if size is None else size
        while tally.simulations < wanted:
            done = tally.simulations
            number = min(_BATCH - done % _BATCH, wanted - done)
            outcomes = simulate(case, done // _BATCH, _BATCH, workers=workers, scheduler=scheduler)
            tally.add(outcomes[done % _BATCH :][:number])
            records[case.name] = Record(tally, code, software_versions())
            write_record(folder, records)
        verdict = verdict_of(tally)
        tell(
            f"{case.name}: {tally.simulations} simulations, {'calibrated' if verdict.calibrated else 'NOT CALIBRATED'}"
        )
    return records


def read_record(folder: Path) -> dict[str, Record]:
    """What is known of every case; nothing where there is no file.

    Raises
    ------
    RecordError
        If the file cannot be read as one.
    """
    path = folder / "calibration.json"
    if not path.is_file():
        return {}
    try:
        content: Plain = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Record(Tally.from_dict(record), record["code"], record["versions"])
            for name, record in content["cases"].items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"{path} cannot be understood: {error!r}. Delete it, and run the calibration again."
        ) from None


def write_record(folder: Path, records: Mapping[str, Record]) -> None:
    """Write `calibration.json`, one quantity a line."""
    cases = {
        name: {"code": r.code, "versions": dict(r.versions), **r.tally.to_dict()} for name, r in sorted(records.items())
    }
    lines = ['{"schema_version": 1, "cases": {']
    for i, (name, record) in enumerate(cases.items()):
        lines.append(f'"{name}": {{')
        plain = {k: v for k, v in record.items() if not isinstance(v, dict) or k in ("versions", "engines")}
        lines.append("".join(f'"{k}": {json.dumps(v)}, ' for k, v in plain.items()).rstrip())
        for part in ("quantities", "probabilities"):
            inner = [f"{json.dumps(k, ensure_ascii=False)}: {json.dumps(v)}" for k, v in record[part].items()]
            lines.append(f'"{part}": {{' + ",\n".join(inner) + ("}," if part == "quantities" else "}"))
        lines.append("}," if i < len(cases) - 1 else "}")
    write_atomic(folder / "calibration.json", "\n".join([*lines, "}}"]) + "\n")


def out_of_date(cases: Sequence[Case], records: Mapping[str, Record]) -> list[str]:
    """Cases whose code has changed since they were calibrated."""
    return [c.name for c in cases if c.name in records and records[c.name].code != digest_of(c)]
