"""Is this the package that was shipped: versions, files, and a sampler that samples."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from bayes_escc.errors import BayesEsccError
from bayes_escc.names import VERSION
from bayes_escc.validation.case import Answer, Case, Expected
from bayes_escc.validation.manifest import compare_files, read_manifest, shipped_files
from bayes_escc.validation.record import Check

__all__ = ["SAMPLER", "installation_checks"]

_PACKAGE: Final = "bayes-escc"


def installation_checks(models: Path | None = None) -> Iterator[Check]:
    """Check the versions and the files of this installation.

    Parameters
    ----------
    models : Path, optional
        Folder of the shipped analyses; that of the installation if not given.
    """
    yield from _versions()
    yield from _files(models)
    yield _code()


def _versions() -> Iterator[Check]:
    from packaging.requirements import Requirement

    source = "Metadata of the installed package"
    try:
        installed = metadata.version(_PACKAGE)
        requires = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        yield Check(
            "installation",
            "version bayes-escc",
            "Version of bayes-escc",
            "bayes-escc 版本",
            source,
            VERSION,
            None,
            None,
            "failed",
            "the package is not installed: pip install it first",
        )
        return
    yield Check(
        "installation",
        "version bayes-escc",
        "Version of bayes-escc",
        "bayes-escc 版本",
        source,
        installed,
        VERSION,
        None,
        "passed" if installed == VERSION else "failed",
    )
    for text in requires:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            present: str | None = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            present = None
        right = present is not None and requirement.specifier.contains(present, prereleases=True)
        yield Check(
            "installation",
            f"version {requirement.name}",
            f"Version of {requirement.name}",
            f"{requirement.name} 版本",
            source,
            str(requirement.specifier) or "any",
            present,
            None,
            "passed" if right else "failed",
            "" if present is not None else "not installed",
        )


_FOLDERS: Final = {
    "models": ("Shipped analyses and their data", "随附的分析文件及其数据"),
    "datasets": ("Shipped data sets", "随附的数据集"),
    "validation": ("Data of this validation", "本验证所用数据"),
    "schema": ("Schema of the results", "结果格式"),
}


def _files(models: Path | None) -> Iterator[Check]:
    source = "Digests (SHA-256) in bayes_escc/validation/manifest.json"
    try:
        manifest = read_manifest()
    except BayesEsccError as error:
        yield Check(
            "installation",
            "files",
            "Manifest of the shipped files",
            "文件清单",
            source,
            None,
            None,
            None,
            "failed",
            str(error),
        )
        return
    present = shipped_files(models)
    for folder, (title, title_zh) in _FOLDERS.items():
        of_folder = [{n: d for n, d in files.items() if n.startswith(f"{folder}/")} for files in (manifest, present)]
        differences = compare_files(*of_folder)
        alike = len(of_folder[0]) - len(differences.changed) - len(differences.missing)
        yield Check(
            "installation",
            f"files {folder}",
            title,
            title_zh,
            source,
            f"{len(of_folder[0])} unchanged",
            f"{alike} unchanged",
            None,
            "failed" if differences else "passed",
            str(differences),
        )


def _code() -> Check:
    """Hold the code of an installed wheel to the digests that the installer recorded."""
    title, title_zh = "Code of the installed package", "已安装软件包的代码"
    source = "Digests (SHA-256) that the installer recorded (RECORD)"
    try:
        recorded = metadata.distribution(_PACKAGE).files or []
    except metadata.PackageNotFoundError:
        recorded = []
    here = Path(__file__).resolve().parents[1]
    files = [f for f in recorded if f.hash is not None and f.parts[0] == here.name]
    files = [f for f in files if Path(str(f.locate())).resolve().is_relative_to(here)]
    if not files:
        return Check(
            "installation",
            "code",
            title,
            title_zh,
            source,
            None,
            None,
            None,
            "not run",
            "run from a checkout, for which the installer records nothing; git status says what differs",
        )
    wrong = [str(f) for f in files if f.hash is not None and _recorded_digest(Path(str(f.locate()))) != f.hash.value]
    return Check(
        "installation",
        "code",
        title,
        title_zh,
        source,
        f"{len(files)} unchanged",
        f"{len(files) - len(wrong)} unchanged",
        None,
        "failed" if wrong else "passed",
        f"changed or missing: {', '.join(wrong)}" if wrong else "",
    )


def _recorded_digest(path: Path) -> str | None:
    """SHA-256 as a RECORD spells it; None if there is no such file."""
    if not path.is_file():
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def _sampled_rate() -> list[float | Answer]:
    """Sample two rates by NUTS whose posterior means are known."""
    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.runs.run import fit_analysis

    analysis = find_analysis("second_line_response").with_sampling(sampler="nuts", draws=1000, tune=500, chains=2)
    posterior = fit_analysis(analysis)
    rows = {row["regimen"]: row for row in posterior.summary("rate").to_dict("records")}
    means = [rows[name] for name in ("toripalimab + chemotherapy", "toripalimab + anlotinib")]
    return [*(Answer(row["mean"], row["mcse_mean"]) for row in means), float(posterior.diagnostics.divergences)]


SAMPLER: Final = Case(
    "sampler",
    "The sampler on a tiny model: the rates behind 10/29 and 12/35",
    "采样器：10/29 与 12/35 的缓解率",
    "Certified: conjugate posterior means, 11/31 and 13/37",
    (
        Expected("mean rate, 10/29", 11 / 31, 0.001),
        Expected("mean rate, 12/35", 13 / 37, 0.001),
        Expected("divergences", 0.0, 0.0),
    ),
    _sampled_rate,
)
