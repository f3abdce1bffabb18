"""What a page is made of: paragraphs, tables, figures, lists, texts to copy, rows of checklists, and sections of them.

HTML and Word are two views of these blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "Figure", "Items", "Link", "Made", "Paragraph", "Paste", "Section", "Status", "Table"]

Status = Literal["present", "missing", "not applicable"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `strong` where it is the answer, `alarm` where it warns."""

    text: str
    strong: bool = False
    alarm: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its title above and its note below."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure of the results folder, by file name without suffix."""

    name: str
    caption: str


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Paste:
    """A paragraph to copy into a paper."""

    title: str
    text: str


@dataclass(frozen=True)
class Link:
    """A row of a checklist: the item, and the section that answers it."""

    item: str
    anchor: str
    title: str
    status: Status


Block = Paragraph | Table | Figure | Items | Paste | Link


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Parameters
    ----------
    anchor, title : str
    status : {"present", "missing", "not applicable"}
    blocks : tuple
    """

    anchor: str
    title: str
    status: Status
    blocks: tuple[Block, ...]


Made = tuple[Status, "list[Block] | tuple[Block, ...]"]
"""The status of a section and its blocks."""
