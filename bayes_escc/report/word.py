"""The page as a Word file: real headings, three-line tables, figures at 300 dpi; the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bayes_escc.report.blocks import Figure, Items, Link, Paragraph, Paste, Table
from bayes_escc.report.html import Chapter, grouped
from bayes_escc.report.page_words import WORDS

__all__ = ["word_file"]

_LATIN: Final = "Times New Roman"
_CHINESE: Final = "SimSun"
_DATE: Final = (2026, 1, 1, 0, 0, 0)
"""The date of every part of the file, so that two of one analysis are equal."""


def word_file(chapters: Sequence[Chapter]) -> bytes:
    """One Word file of one or several chapters.

    Raises
    ------
    AnalysisError
        If python-docx is not installed.
    """
    try:
        import docx
        from docx.shared import Mm
    except ImportError:
        from bayes_escc.errors import AnalysisError

        raise AnalysisError("a Word file needs python-docx: pip install python-docx.") from None
    document: Any = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(16)
    page.top_margin = page.bottom_margin = Mm(18)
    _fonts(document)
    properties = document.core_properties
    properties.author, properties.comments, properties.title = "bayes_escc", "", chapters[0].title
    properties.created = properties.modified = datetime(*_DATE, tzinfo=UTC)
    for number, chapter in enumerate(chapters):
        if number:
            document.add_page_break()
        _chapter(document, chapter)
    stream = io.BytesIO()
    document.save(stream)
    return _with_fixed_dates(stream.getvalue())


def _fonts(document: Any) -> None:
    """Set Latin and Chinese fonts of every style used; those of the theme would win otherwise."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Heading 3", "List Bullet", "Caption"):
        style = document.styles[name]
        style.font.name = _LATIN
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        for side in ("ascii", "hAnsi", "cs"):
            fonts.set(qn(f"w:{side}"), _LATIN)
        fonts.set(qn("w:eastAsia"), _CHINESE)
        language = properties.find(qn("w:lang"))
        if language is None:
            language = properties.makeelement(qn("w:lang"), {})
            properties.append(language)
        language.set(qn("w:eastAsia"), "zh-CN")
        style.font.color.rgb = RGBColor(0, 0, 0)
    document.styles["Normal"].font.size = Pt(10.5)


def _chapter(document: Any, chapter: Chapter) -> None:
    say = {key: phrase[chapter.language] for key, phrase in WORDS.items()}
    document.add_heading(chapter.title, level=1)
    document.add_paragraph(chapter.identity)
    if not chapter.converged:
        _alarm(document, say["not_converged"])
    for section in chapter.sections:
        ending = "" if section.status == "present" else f" ({say[f'state_{section.status}']})"
        document.add_heading(f"{section.title}{ending}", level=2)
        for kind, group in grouped(section.blocks):
            if kind == "Link":
                _checklist(document, group, say)
                continue
            for block in group:
                _block(document, block, chapter)


def _block(document: Any, block: Any, chapter: Chapter) -> None:
    if isinstance(block, Paragraph):
        if block.alarm:
            _alarm(document, block.text)
        else:
            document.add_paragraph().add_run(block.text).bold = block.strong
    elif isinstance(block, Items):
        for item in block.items:
            document.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Paste):
        document.add_heading(block.title, level=3)
        document.add_paragraph(block.text)
    elif isinstance(block, Table):
        _table(document, block)
    elif isinstance(block, Figure) and block.name in chapter.pictures:
        _picture(document, chapter.pictures[block.name], block.caption)


def _alarm(document: Any, text: str) -> None:
    from docx.shared import RGBColor

    run = document.add_paragraph().add_run(text)
    run.bold = True
    run.font.color.rgb = RGBColor(0xB0, 0x00, 0x20)


def _checklist(document: Any, links: Sequence[Link], say: dict[str, str]) -> None:
    rows = tuple((b.item, say[f"check_{b.status}"], b.title) for b in links)
    _table(document, Table("", (say["item"], say["state"], say["where"]), rows))


def _table(document: Any, block: Table) -> None:
    """A table of three lines, its title above, its head repeated on every page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    if block.title:
        title = document.add_paragraph()
        title.add_run(block.title).bold = True
        title.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block.header))
    for cell, text in zip(table.rows[0].cells, block.header, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    properties = table.rows[0]._tr.get_or_add_trPr()
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    properties.append(head)
    for row in block.rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.paragraphs[0].add_run(text)
    for i, row in enumerate(table.rows):
        whole = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(whole)
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_before = Pt(2)
                paragraph.paragraph_format.space_after = Pt(0)
                paragraph.paragraph_format.keep_with_next = bool(block.note) and i == len(table.rows) - 1
                for run in paragraph.runs:
                    run.font.size = Pt(9)
            sides = {"top": 12 if i == 0 else 0, "bottom": 6 if i == 0 else 12 if i == len(table.rows) - 1 else 0}
            _borders(cell, sides)
    if block.note:
        run = document.add_paragraph().add_run(block.note)
        run.font.size = Pt(9)


def _borders(cell: Any, sides: dict[str, int]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    for side, size in sides.items():
        if size:
            line = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", "000000")):
                line.set(qn(f"w:{key}"), value)
            borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)


def _picture(document: Any, content: bytes, caption: str) -> None:
    from docx.shared import Mm

    shape = document.add_picture(io.BytesIO(content), width=Mm(176))
    shape._inline.docPr.set("descr", caption)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph(caption, style="Caption")


def _with_fixed_dates(content: bytes) -> bytes:
    """The same archive with one date in every part."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _DATE), old.read(name), zipfile.ZIP_DEFLATED)
    return stream.getvalue()
