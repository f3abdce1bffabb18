"""Make the figures of the README and the example pages again: `make figures`.

Everything is drawn from the analyses that ship and from `examples/`; the picture of the page needs Chromium, and stays
as it is where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bayes_escc.cli import main as command

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
FROM_RUNS = {
    "difference.png": ("second_line_response", "difference.png"),
    "rates.png": ("second_line_response", "rates.png"),
    "forest.png": ("pd1_second_line_os", "forest.png"),
}
"""Pictures of the README: the analysis and the figure of its results."""
PAGE = "second_line_pfs_weibull"


def run(*arguments: str) -> None:
    """One command; stop where it fails."""
    if command(list(arguments)) != 0:
        raise SystemExit(f"bayes-escc {' '.join(arguments)} failed")


def pictures(folder: Path) -> None:
    """Figures of runs, of the bias between two arms, of a curve read back, and of the living study."""
    for name in dict.fromkeys(analysis for analysis, _ in FROM_RUNS.values()):
        run("run", name, "--out", str(folder / name))
    for target, (name, figure) in FROM_RUNS.items():
        shutil.copy(folder / name / figure, DOCS / "img" / target)
    run("tipping", "A=10/29", "B=16/35", "--level", "0.8", "--margin", "0.1", "--out", str(folder / "tipping"))
    shutil.copy(next((folder / "tipping").glob("*.png")), DOCS / "img" / "tipping.png")
    curve = EXAMPLES.parent / "models" / "own_against_published"
    read = folder / "reconstruction"
    read.mkdir()
    run("reconstruct", str(curve / "curve_synthetic.csv"), "--at-risk", str(curve / "at_risk_synthetic.csv"),
        "--out", str(read / "arm.csv"))  # fmt: skip
    shutil.copy(read / "arm.png", DOCS / "img" / "reconstruction.png")
    study = folder / "study"
    study.mkdir()
    subprocess.run([sys.executable, str(EXAMPLES / "living_study.py")], cwd=study, check=True)  # noqa: S603 - ours
    shutil.copy(next(study.rglob("study_probability.png")), DOCS / "img" / "living_study.png")


def pages(folder: Path) -> None:
    """The example pages in both languages, as HTML and Word."""
    out = folder / "page"
    run("run", PAGE, "--out", str(out), "--report", "--with", "sensitivity", "--with", "proportional-hazards")
    for language in ("en", "zh", "both"):
        run("report", str(out), "--language", language, "--word", "--out", str(folder / language))
    for language in ("en", "zh"):
        shutil.copy(folder / language / "report.html", DOCS / "examples" / f"report_{language}.html")
    shutil.copy(folder / "both" / "report.docx", DOCS / "examples" / "report_both.docx")


def picture_of_the_page() -> None:
    """The top of the Chinese example page as a picture."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("Chromium is not installed: the picture of the page stays as it is.")
        return
    page, picture = DOCS / "examples" / "report_zh.html", DOCS / "img" / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=860,1000"]
    subprocess.run([browser, *options, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)  # noqa: S603 - ours


def main() -> None:
    """Make everything again."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.chdir(folder)
        pictures(folder)
        pages(folder)
    picture_of_the_page()


if __name__ == "__main__":
    main()
