"""Faults for `test_study_faults`, in a process of its own: kills, full disks and races. Prints JSON.

Run as a script with a folder. A child is forked for every fault, so that what the parent sees afterwards is what
is on the disk.
"""

from __future__ import annotations

import copy
import json
import os
import resource
import shutil
import signal
import sys
from pathlib import Path

import bayes_escc as be
from bayes_escc.study import store as stores
from bayes_escc.study import study as acts_of_study
from bayes_escc.study.record import read_snapshot
from bayes_escc.study.verify import verify
from tests.helpers import studies
from tests.helpers.studies import analysis

NAME = "Zebra-4711"
FIRST, SECOND = (frame.replace("A1", NAME) for frame in (studies.FIRST, studies.SECOND))


def remembered(fit_cut):
    """Fit what was fitted before in this process or its parent from memory: faults strike where it is written."""
    known: dict = {}

    def call(store, analysis, cut, guess, *, leave_out=""):
        begun = read_snapshot(store, 1)
        rows = [None if c is None else sorted(c.rows.items()) for c in (cut, begun and begun.cut)]
        key = repr((analysis.content, rows, guess and guess.to_dict(), leave_out))
        if key not in known:
            known[key] = fit_cut(store, analysis, cut, guess, leave_out=leave_out)
        posterior, record = known[key]
        return posterior, copy.deepcopy(record)

    return call


def copy_of(base: Path, name: str) -> Path:
    target = base.with_name(name)
    for tail in ("", "-wal", "-shm"):
        Path(f"{target}{tail}").unlink(missing_ok=True)
        if Path(f"{base}{tail}").exists():
            shutil.copy(f"{base}{tail}", f"{target}{tail}")
    return target


def in_child(work) -> int:
    """Exit code of work done in a forked process, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except be.BayesEsccError as error:
            print(error, file=sys.stderr)
            os._exit(error.exit_code)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def steps_of(path: Path, act) -> list[str]:
    seen: list[str] = []
    stores.on_step = seen.append
    with be.Study.open(path) as study:
        act(study)
    stores.on_step = stores._go_on
    return seen


def killed(path: Path, act, place: int) -> dict:
    count = 0

    def work():
        def stop(step):
            nonlocal count
            if count == place:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

        stores.on_step = stop
        with be.Study.open(path) as study:
            act(study)

    return {"code": in_child(work)}


def state(path: Path) -> dict:
    found = verify(path)
    with be.Study.open(path) as study:
        last = study.snapshot()
        held = last.id if last else 0
        return {"damage": list(found.damage), "entries": found.entries, "snapshot": held, "fits": len(study.fits())}


def main(folder: Path) -> dict:
    acts_of_study.fit_cut = remembered(acts_of_study.fit_cut)
    base = folder / "base.db"
    with be.Study.create(base, analysis()) as study:
        study.update(FIRST)
    acts = {
        "update": lambda study: study.update(SECOND),
        "withdraw": lambda study: study.withdraw(NAME),
        "amend": lambda study: study.amend(analysis(title="Another title"), why=""),
    }
    told: dict = {"kills": [], "full": [], "limit": [], "begin": []}
    for name, act in acts.items():
        steps = steps_of(copy_of(base, "trial.db"), act)
        after = state(base.with_name("trial.db"))
        # the first and the last of every kind of step
        places = {s: i for i, s in enumerate(steps)} | {f"{s} ": i for i, s in reversed(list(enumerate(steps)))}
        for place in sorted(set(places.values())):
            step = steps[place]
            path = copy_of(base, "trial.db")
            found = {"act": name, "step": step, "after": after, **killed(path, act, place), "left": state(path)}
            with be.Study.open(path) as study:  # life goes on
                present = NAME in study.snapshot().cut.rows
                notes = study.update(SECOND if present else SECOND.iloc[1:]).notes
            found |= {"then": state(path), "notes": notes, "named": NAME.encode() in _bytes(path)}
            told["kills"].append(found)
    for place in range(8):
        path = folder / "begin.db"
        for tail in ("", "-wal", "-shm"):
            Path(f"{path}{tail}").unlink(missing_ok=True)
        count = 0

        def stop(step, place=place):
            nonlocal count
            if count == place:
                raise OSError("no more")
            count += 1

        def work(path=path, stop=stop):
            stores.on_step = stop
            be.Study.create(path, analysis())

        told["begin"].append({"code": in_child(work), "files": len(list(folder.glob("*begin.db*")))})
    for pages in (0, 1, 2, 4):
        path = copy_of(base, "trial.db")

        def work(path=path, pages=pages):
            with be.Study.open(path) as study:
                used = study._store.scalar("PRAGMA page_count")
                study._store.rows(f"PRAGMA max_page_count = {used + pages}")
                study.update(SECOND)

        told["full"].append({"code": in_child(work), "left": state(path)})
    for extra in (0, 4096, 16384):
        path = copy_of(base, "trial.db")

        def work(path=path, extra=extra):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (extra, extra))
            with be.Study.open(path) as study:
                study.update(SECOND)

        told["limit"].append({"code": in_child(work), "left": state(path)})
    told["race"] = race(copy_of(base, "race.db"))
    return told


def _bytes(path: Path) -> bytes:
    return b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*"))


def race(path: Path) -> dict:
    """Two writers with different cuts at once, many times."""
    codes = []
    for turn in range(3):
        start = SECOND.assign(months=SECOND.months + (1 - SECOND.progressed) * (turn + 1))
        children = []
        for cut in (start, start.assign(months=start.months + 0.25 * (1 - start.progressed))):
            child = os.fork()
            if child == 0:
                try:
                    with be.Study.open(path) as study:
                        study.update(cut)
                    os._exit(0)
                except be.BayesEsccError as error:
                    os._exit(error.exit_code)
            children.append(child)
        codes.append(sorted(os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) for c in children))
    return {"codes": codes, "left": state(path)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
