"""Settings declared once: name, reader, default and one line of help, as the fields of a frozen dataclass.

The reader of a file, the message about an unknown key and the table of keys in the docs come from the declaration;
tests compare the Python signatures with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from bayes_escc.names import Plain
from bayes_escc.settings.reader import Reader

__all__ = ["Setting", "flag", "read_settings", "setting", "settings_of", "text", "texts"]

Read = Callable[[Reader, str, Any], Any]
"""Takes the reader of a table, a key and its default; returns the value and notes what is wrong with it."""


@dataclass(frozen=True)
class Setting:
    """One key of a table of settings.

    Parameters
    ----------
    name : str
        The key in a file, and the field of the declaration.
    read : callable
        From (reader, key, default) to the value.
    default : object
    help : str
        One line for the docs.
    """

    name: str
    read: Read
    default: Any
    help: str


def setting(read: Read, default: Any, help: str) -> Any:
    """A field of a frozen dataclass that declares one setting."""
    return field(default=default, metadata={"read": read, "help": help})


def settings_of(declared: type) -> tuple[Setting, ...]:
    """The settings a dataclass declares, in order; fields without a declaration are no settings."""
    return tuple(
        Setting(f.name, f.metadata["read"], None if f.default is MISSING else f.default, f.metadata["help"])
        for f in fields(declared)
        if "read" in f.metadata
    )


def read_settings(declared: type, reader: Reader) -> Plain:
    """The values of all settings a dataclass declares; what is wrong with them is noted in the reader."""
    return {s.name: s.read(reader, s.name, s.default) for s in settings_of(declared)}


def text(*choices: str) -> Read:
    """Reads one text, optionally one of some."""
    return lambda reader, key, default: reader.text(key, default, choices or None)


def texts(count: int | None = None, of: Sequence[str] = ()) -> Read:
    """Reads a text or a list of distinct texts; with `count`, exactly so many, which stand for `of`."""

    def read(reader: Reader, key: str, default: Any) -> Any:
        value = reader.texts(key, default)
        if count is not None and value is not None and len(value) != count:
            reader.problem(key, f"takes {count} columns: {', '.join(of)}; not {list(value)!r}")
            return default
        return value

    return read


def flag(reader: Reader, key: str, default: Any) -> Any:
    """Reads true or false."""
    return reader.flag(key, default)
