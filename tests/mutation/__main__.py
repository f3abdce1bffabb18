"""Put in one fault at a time and see whether the fast tests notice: `python -m tests.mutation [NAME ...]`.

Works in a temporary copy of the tree, never in the tree itself. Named tests are run without any fault first; where they
fail already, nothing can be said. Prints the score and the survivors; ends with 1 if any survived.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import os
import py_compile
import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.mutation.catalogue import ROOT, Mutant, mutants

COPIED = (
    "bayes_escc",
    "tests",
    "models",
    "docs",
    "examples",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "requirements.txt",
    "LICENSE",
    "Makefile",
)
LIMIT = 900  # seconds of processor time, whatever else the machine does; a mutant that never ends was noticed
STUCK = 10 * LIMIT  # seconds by the clock, for one that waits for ever


HEAVY = ("numpy", "scipy.stats", "pandas", "xarray", "matplotlib.pyplot", "arviz", "pymc", "nutpie")


def passes(folder: Path, tests: tuple[str, ...]) -> bool:
    """Whether the fast tests of some files pass in a copy of the tree.

    They run in a fork of this process, which has imported what is heavy and not a module of the package.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(_run_tests(folder, tests))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _run_tests(folder: Path, tests: tuple[str, ...]) -> int:
    """In the fork: the exit code of pytest."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))  # the system ends a fork that passes either
    signal.alarm(STUCK)
    for name in [n for n in sys.modules if n.split(".")[0] in ("bayes_escc", "tests")]:
        del sys.modules[name]
    os.chdir(folder)
    sys.path[:] = [str(folder), *[p for p in sys.path if p not in ("", str(ROOT))]]
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    return int(pytest.main(["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *tests]))


def noticed(folder: Path, mutant: Mutant) -> bool:
    """Whether the tests fail with the fault in."""
    path = folder / mutant.path
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: its old text is not exactly once in {mutant.path}.")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return not passes(folder, mutant.tests)
    finally:
        path.write_text(text, encoding="utf-8")


def run(chosen: list[Mutant]) -> int:
    """Run mutants and print the score; 1 if any survived or could not be decided."""
    for name in HEAVY:
        importlib.import_module(name)
    survivors, without = [], []
    clean: dict[tuple[str, ...], bool] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for item in COPIED:
            if (ROOT / item).is_dir():
                shutil.copytree(ROOT / item, folder / item, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / item, folder / item)
        # by digest: a fault may share size and second with what it replaces, by which files are trusted otherwise
        hashed = py_compile.PycInvalidationMode.CHECKED_HASH
        for part in ("bayes_escc", "tests"):
            compileall.compile_dir(folder / part, quiet=2, invalidation_mode=hashed)
        for mutant in chosen:
            if mutant.tests not in clean:
                clean[mutant.tests] = passes(folder, mutant.tests)
            if not clean[mutant.tests]:
                without.append(mutant)
                verdict = "not decided: its tests fail without it"
            elif noticed(folder, mutant):
                verdict = "caught"
            else:
                survivors.append(mutant)
                verdict = "SURVIVED"
            print(f"{mutant.name} ({mutant.path}): {verdict}", flush=True)
    decided = len(chosen) - len(without)
    print(f"\n{decided - len(survivors)} of {decided} caught; {len(without)} not decided.")
    for mutant in survivors:
        print(f"  survived: {mutant.name}, {mutant.path}: {mutant.new}")
    return 1 if survivors or without else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Statistical mutants, one at a time.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="some mutants only")
    names = parser.parse_args().names
    known = {m.name: m for m in mutants()}
    unknown = [n for n in names if n not in known]
    if unknown:
        parser.error(f"no such mutant: {', '.join(unknown)}")
    return run([known[n] for n in names] if names else list(known.values()))


if __name__ == "__main__":
    sys.exit(main())
