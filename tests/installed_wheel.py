"""The built wheel, installed into an empty environment outside the checkout: `python -m tests.installed_wheel DIR`.

Run for every Python of the supported versions that is present: 3.12 always, 3.13 where it is found.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("3.12", "3.13")


def interpreter(version: str) -> str | None:
    """A Python of a version: this one, one on the path, or one that pyenv holds."""
    if sys.version.startswith(version):
        return sys.executable
    named = [shutil.which(f"python{version}")]
    pyenv = shutil.which("pyenv")
    if pyenv:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        named += [str(p) for p in Path(root).glob(f"versions/{version}.*/bin/python{version}")]
    for candidate in named:
        if candidate:
            asked = subprocess.run(
                [candidate, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=False
            )
            if asked.returncode == 0 and asked.stdout.startswith(version):
                return candidate
    return None


def install(python: str, wheel: Path, folder: Path) -> Path:
    """A new environment with the pinned dependencies and the wheel; returns the folder of its commands."""
    subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [commands / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements.txt"], check=True)
    subprocess.run([*pip, "--no-deps", wheel], check=True)
    return commands


def check(commands: Path, folder: Path) -> None:
    """The package comes from the wheel, and one analysis that ships gives its answer."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def run(*command: object) -> str:
        words = [str(word) for word in command]
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout

    home = run(commands / "python", "-c", "import bayes_escc; print(bayes_escc.__file__)").strip()
    assert ROOT not in Path(home).resolve().parents, home
    result = json.loads(run(commands / "bayes-escc", "run", "second_line_response", "--out", "results", "--json"))
    better = result["comparisons"][0]["probability_better"]
    assert abs(better - 0.4896) < 0.001, better
    assert (folder / "results" / "result.json").is_file()
    print(f"{home}: second_line_response answers {better:.3f}.")


def main(wheel: Path) -> None:
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            print(f"Python {version} is not present: not tried.")
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                commands = install(python, wheel, folder)
            except subprocess.CalledProcessError:
                if sys.version.startswith(version):
                    raise
                print(f"The pinned dependencies cannot be installed on Python {version} here: not tried.")
                continue
            check(commands, folder)


if __name__ == "__main__":
    main(next(Path(sys.argv[1]).glob("*.whl")))
