"""What identifies a person: columns by their header, cells by their content, in English and Chinese."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem
from bayes_escc.names import normalise

__all__ = ["identifying_cells", "identifying_header", "pseudonym"]

_CHINESE: Final = re.compile(
    "姓名|名字|身份证|病案号|住院号|门诊号|就诊号|病历号|登记号|医保|社保|电话|手机|联系方式|微信|邮箱|住址|地址|户籍|"
    "出生日期|出生年月|生日|护照|影像号|检查号|就诊卡"
)
_WORDS: Final = frozenset(
    """surname forename firstname lastname fullname patientname phone telephone tel mobile cellphone fax email address
    street postcode passport ssn mrn dob birthdate birthday wechat""".split()  # noqa: SIM905 (a list of words)
)
_OF_A_PERSON: Final = frozenset(
    "patient first last full family given middle maiden subject person pt participant".split()  # noqa: SIM905 (a list of words)
)
_TOGETHER: Final = (
    {"birth", "date"},
    {"date", "of", "birth"},
    {"national", "id"},
    {"id", "card"},
    {"id", "number"},
    {"nhs", "number"},
    {"medical", "record"},
    {"hospital", "number"},
    {"hospital", "no"},
    {"chart", "number"},
    {"insurance", "number"},
    {"social", "security"},
    {"e", "mail"},
    {"zip", "code"},
    {"postal", "code"},
    {"home", "address"},
)
_NATIONAL: Final = re.compile(r"[1-9][0-9]{5}((?:18|19|20)[0-9]{2})([0-9]{2})([0-9]{2})[0-9]{3}[0-9Xx]")
_NATIONAL_AS_FLOAT: Final = re.compile(r"[1-9]\.[0-9]{12,17}[eE]\+17")
_PHONE: Final = re.compile(r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_SHORTEST: Final = 6
"""No address of mail is shorter, and telephone numbers are longer."""
_LONG: Final = re.compile(r"[0-9]{4}[- ]?[0-9]{4}|[0-9]{11}|@|[eE]\+17")


def identifying_header(header: str) -> bool:
    """Whether a column's name says that it identifies patients."""
    plain = normalise(header)
    if _CHINESE.search(plain):
        return True
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).casefold())
    told = set(words)
    named = "name" in told and bool(told == {"name"} or told & _OF_A_PERSON)
    return named or bool(told & _WORDS) or any(pair <= told for pair in _TOGETHER)


def identifying_cells(column: str, cells: Sequence[str], numbers: Sequence[int]) -> Problem | None:
    """The first cell of a column that is a national number, a telephone number or an address of mail."""
    if max(map(len, cells), default=0) < _SHORTEST or not _LONG.search("\n".join(cells)):
        return None
    for number, cell in zip(numbers, cells, strict=True):
        what = _what(normalise(cell)) if len(cell) >= _SHORTEST else None
        if what is not None:
            return Problem(
                "identifying_cell",
                f"this column holds {what}",
                f"Remove it from the file, or leave it out with drop={[column]!r}; an identifier column can be "
                "replaced by pseudonyms, id_pseudonyms = true.",
                row=number,
                column=column,
            )
    return None


def _what(cell: str) -> str | None:
    found = _NATIONAL.fullmatch(cell)
    if found and _is_day(*(int(g) for g in found.groups())):
        return "national identity numbers (18 digits with a date of birth)"
    if _NATIONAL_AS_FLOAT.fullmatch(cell):
        return "numbers of 18 digits, as national identity numbers have"
    if _PHONE.fullmatch(cell):
        return "telephone numbers (11 digits)"
    return "addresses of mail" if _EMAIL.fullmatch(cell) else None


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return dt.date(year, month, day).year >= 1850
    except ValueError:
        return False


def pseudonym(identifier: str) -> str:
    """A pseudonym for an identifier, the same on this machine every time.

    It is a keyed digest (HMAC-SHA-256). The key is made once and kept in the user's configuration folder, or taken from
    the variable ``BAYES_ESCC_SALT``; without it nobody can go back to the identifier, nor try all identifiers out.

    Raises
    ------
    DataError
        If the key can be neither read nor made.
    """
    digest = hmac.new(_key(), normalise(identifier).encode(), hashlib.sha256).hexdigest()
    return f"P-{digest[:12]}"


def _key() -> bytes:
    stated = os.environ.get("BAYES_ESCC_SALT")
    if stated:
        return stated.encode()
    path = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "bayes_escc" / "pseudonym_salt"
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text(encoding="utf-8").strip().encode()
    except FileExistsError:  # somebody else made it in the same moment
        return path.read_text(encoding="utf-8").strip().encode()
    except OSError as error:
        raise DataError(
            f"the salt of pseudonyms can be neither read nor made at {path} ({error.strerror}): set BAYES_ESCC_SALT to "
            "a secret text of your own."
        ) from None
