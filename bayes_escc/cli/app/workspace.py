"""The folder a session works in: the sheet, its answers, analyses, results and studies; nothing is kept elsewhere."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.sheet.grids import read_grids
from bayes_escc.evidence.sheet.start import prepare, write_folder
from bayes_escc.evidence.sheet.wording import masked
from bayes_escc.files import write_atomic
from bayes_escc.report.quantities import Language

__all__ = ["MAX_UPLOAD", "Workspace"]

MAX_UPLOAD: Final = 20_000_000
_OWN: Final = ("sheets", "analyses", "results", "studies", "session.json", "run.log")


@dataclass
class Workspace:
    """One folder, and what is in work there.

    Parameters
    ----------
    folder : Path
        Made if it is not there, for its owner alone.
    language : {"en", "zh"}
    """

    folder: Path
    language: Language = "en"
    sheet: Path | None = None
    name: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise AnalysisError(f"{self.folder} cannot be used: {error.strerror}.") from None
        kept = self.folder / "session.json"
        if kept.is_file() and self.sheet is None:
            try:
                content = json.loads(kept.read_text(encoding="utf-8"))
                sheet, name, answers = Path(content["sheet"]), str(content["name"]), dict(content["answers"])
            except (OSError, ValueError, KeyError, TypeError):
                return  # what was kept cannot be understood: the sheet is chosen again
            if sheet.is_file():
                self.sheet, self.name, self.answers = sheet, name, answers

    @property
    def analyses(self) -> Path:
        """Folder of the analyses that `start` writes."""
        return self.folder / "analyses"

    @property
    def results(self) -> Path:
        """Folder of the results, one folder for each analysis."""
        return self.folder / "results"

    @property
    def studies(self) -> list[Path]:
        """Studies in the folder."""
        return sorted((self.folder / "studies").glob("*.db"))

    def save(self) -> None:
        """Keep sheet and answers for the next start."""
        content = {"sheet": str(self.sheet or ""), "name": self.name, "answers": self.answers}
        write_atomic(self.folder / "session.json", json.dumps(content, ensure_ascii=False, indent=1))

    def take(self, name: str, content: bytes) -> Path:
        """Store an uploaded sheet under a name of our own, if it can be read; the name given is only shown.

        Raises
        ------
        DataError
            If it is empty, too large or no table.
        """
        if not content:
            raise DataError("no file was chosen, or it is empty.")
        if len(content) > MAX_UPLOAD:
            raise DataError(f"the file has {len(content):,} bytes; at most {MAX_UPLOAD:,} are taken.")
        folder = self.folder / "sheets"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / (hashlib.sha256(content).hexdigest()[:16] + (".xlsx" if content[:2] == b"PK" else ".csv"))
        write_atomic(path, content)
        path.chmod(0o600)
        try:
            read_grids(path)
        except DataError as error:
            path.unlink()
            raise DataError(str(error).replace(path.name, masked(Path(name.replace("\\", "/")).name))) from None
        return path

    def use(self, path: Path, name: str) -> None:
        """Work on a sheet from now on."""
        self.sheet, self.name, self.answers = path, masked(Path(name.replace("\\", "/")).name, 60), {}
        shutil.rmtree(self.results, ignore_errors=True)
        shutil.rmtree(self.analyses, ignore_errors=True)
        self.save()

    def decide(self, answers: Mapping[str, str] | None = None) -> Any:
        """The decision on the sheet: its columns, and its questions if any are open.

        Returns
        -------
        (Decision, tuple of Question)
        """
        from bayes_escc.evidence.sheet.decide import decide
        from bayes_escc.evidence.sheet.start import grids_for

        if self.sheet is None:
            raise DataError("choose a sheet first.")
        decision = decide(
            grids_for([self.sheet]), answers if answers is not None else self.answers, language=self.language
        )
        return decision, decision.questions

    def answer(self, given: Mapping[str, str]) -> str:
        """Take some answers; what is wrong with one of them in words, or a blank.

        The answers are kept only if the sheet still makes sense with them.
        """
        try:
            asked = {q.code for q in self.decide()[1]} | set(self.answers)  # a page gone back to asks what is settled
            wanted = {**self.answers, **{k: v for k, v in given.items() if v.strip() and k in asked}}
            self.decide(wanted)
        except (DataError, AnalysisError) as error:
            return str(error)
        self.answers = wanted
        self.save()
        return ""

    def write(self) -> list[str]:
        """Write the analyses; the names of the files.

        Raises
        ------
        OpenQuestionsError
            If questions are open.
        """
        if self.sheet is None:
            raise DataError("choose a sheet first.")
        decision = prepare([self.sheet], self.analyses, self.answers, language=self.language, effects=False)
        shutil.rmtree(self.results, ignore_errors=True)  # of other answers
        return [f.name for f in write_folder(decision, [self.sheet], self.analyses, language=self.language).files]

    def archive(self) -> bytes:
        """Analyses, mapping, log and results as one archive; the sheet and the key of pseudonyms stay here."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in (self.analyses, self.results):
                for path in sorted(p for p in part.rglob("*") if p.is_file() and p.suffix != ".key"):
                    name = zipfile.ZipInfo(path.relative_to(self.folder).as_posix(), (2024, 1, 1, 0, 0, 0))
                    archive.writestr(name, path.read_bytes(), zipfile.ZIP_DEFLATED)
        return stream.getvalue()

    def erase(self) -> None:
        """Delete everything this page has written to the folder."""
        for name in _OWN:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        self.sheet, self.name, self.answers = None, "", {}
