"""What identifies a person: columns by their header, cells by their content, in English and Chinese."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem
from bayes_escc.names import normalise

__all__ = [
    "holds_names",
    "hospital_number",
    "identifying_cells",
    "identifying_content",
    "identifying_header",
    "pseudonym",
    "without_identifiers",
]

_CHINESE: Final = re.compile(
    "姓名|名字|身份证|病案号|住院号|门诊号|就诊号|病历号|登记号|医保|社保|电话|手机|联系方式|微信|邮箱|住址|地址|户籍|"
    "出生日期|出生年月|生日|护照|影像号|检查号|就诊卡|首字母|证件号|病案|住院编?(?:号|ID)|病历(?:号|ID)|病理号|放疗号|超声号|CT号|"
    "联系人|QQ|银行卡|邮编|床号|签名|工作单位|条形?码号?|标本号",
    re.IGNORECASE,
)
_WORDS: Final = frozenset(
    """surname forename firstname lastname fullname patientname phone telephone tel mobile cellphone fax email address
    street postcode passport ssn mrn dob birthdate birthday wechat initials nationalid idcard signature photo photograph
    employer kin barcode""".split()  # noqa: SIM905 (a list of words)
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
    {"id", "no"},
    {"identity", "card"},
    {"identity", "number"},
    {"nhs", "number"},
    {"nhs", "no"},
    {"national", "number"},
    {"contact", "number"},
    {"accession", "number"},
    {"maiden", "name"},
    {"medical", "record"},
    {"hospital", "number"},
    {"hospital", "no"},
    {"chart", "number"},
    {"chart", "no"},
    {"insurance", "number"},
    {"insurance", "no"},
    {"social", "security"},
    {"e", "mail"},
    {"zip", "code"},
    {"postal", "code"},
    {"home", "address"},
    {"bed", "number"},
    {"bed", "no"},
)
_HOSPITAL: Final = re.compile(
    "病案号|住院号|门诊号|就诊号|病历号|登记号|住院编?(?:号|ID)|病历ID|病理号|放疗号"
    r"|\bmrn\b|medical record|(?:hospital|chart) (?:number|no)\b",
    re.IGNORECASE,
)
"""Numbers that a hospital gives to a patient, by their header; of names and telephones no identifier is made."""
_NATIONAL: Final = re.compile(r"(?<![\d.])[1-9]\d{5}\s?((?:18|19|20)\d{2})(\d{2})(\d{2})\s?\d{3}[\dXx](?![\d.])")
_EIGHTEEN: Final = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_NATIONAL_OLD: Final = re.compile(r"(?<![\d.])[1-9]\d{5}(\d{2})(\d{2})(\d{2})\d{3}(?![\d.])")
"""Of 15 digits, as they were until 1999."""
_NATIONAL_AS_FLOAT: Final = re.compile(r"[1-9]\.[0-9]{2,17}[eE]\+17")
_PHONE: Final = re.compile(
    r"(?<![\d.])(?:(?:\+?86[- ]?|00?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]\d{4}[- ]?\d{3,4})(?![\d.])"
)
_SOCIAL: Final = re.compile(r"(?<![\d.-])\d{3}-\d{2}-\d{4}(?![\d.-])")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧阳司徒诸葛"
)
_NAME: Final = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff·]{{1,3}}")
_OF_AUTHORS: Final = frozenset("study trial cohort author source notes 研究 作者 来源 备注".split())  # noqa: SIM905 (a list of words)
"""Columns that may hold names of people who are no patients."""
_SHORTEST: Final = 6
"""No address of mail is shorter, and telephone numbers are longer."""
_LONG: Final = re.compile(r"[0-9]{4}[- ]?[0-9]{3}|[0-9]-[0-9]{2}-[0-9]|@|[eE]\+17")


def identifying_header(header: str) -> bool:
    """Whether a column's name says that it identifies patients."""
    plain = normalise(header)
    together = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", plain)
    if _CHINESE.search(together) or together in ("姓", "名"):
        return True
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)  # PatientName; but DoB and WeChat are one word each
    told = {word for text in (plain, apart) for word in re.findall(r"[a-z]+", text.casefold())}
    named = "name" in told and bool(told == {"name"} or told & _OF_A_PERSON)
    return named or bool(told & _WORDS) or any(pair <= told for pair in _TOGETHER)


def hospital_number(header: str) -> bool:
    """Whether a column's name says that it holds the numbers a hospital gives to its patients."""
    return _HOSPITAL.search(re.sub(r"[\s_.-]+", " ", normalise(header))) is not None


def identifying_cells(column: str, cells: Sequence[str], numbers: Sequence[int]) -> Problem | None:
    """The first cell of a column that holds a national number, a telephone number or an address of mail, or a name."""
    joined = "\n".join(cells)
    found = None
    if max(map(len, cells), default=0) >= _SHORTEST and _LONG.search(unicodedata.normalize("NFKC", joined)):
        told = ((number, _what(normalise(cell))) for number, cell in zip(numbers, cells, strict=True))
        found = next(((number, what) for number, what in told if what), None)
    if found is None and not joined.isascii() and column.casefold() not in _OF_AUTHORS and holds_names(cells):
        found = (numbers[0], "names of people")
    if found is None:
        return None
    return Problem(
        "identifying_cell",
        f"this column holds {found[1]}",
        f"Remove it from the file, or leave it out with drop={[column]!r}; an identifier column can be replaced by "
        "pseudonyms, id_pseudonyms = true.",
        row=found[0],
        column=column,
    )


def holds_names(cells: Sequence[str]) -> bool:
    """Whether most cells of a column are Chinese names of people, and hardly two the same."""
    filled = [c for c in cells if c]
    names = [c for c in filled if _NAME.fullmatch(c)]
    return len(filled) >= 4 and len(names) >= 0.7 * len(filled) and len(set(names)) >= 0.8 * len(names)


def identifying_content(cells: Sequence[str]) -> str | None:
    """What makes the cells of a column identify people (``"number"`` or ``"name"``), or None."""
    if any(len(c) >= _SHORTEST and (_EIGHTEEN.search(c) or _what(normalise(c))) for c in cells):
        return "number"
    return "name" if holds_names(cells) else None


def without_identifiers(text: str) -> str:
    """A text as it may be repeated: identity and telephone numbers and addresses of mail blotted out."""
    for pattern in (_EIGHTEEN, _NATIONAL_OLD, _PHONE, _SOCIAL, _EMAIL):
        text = pattern.sub("***", text)
    return text


def _what(cell: str) -> str | None:
    national = _NATIONAL.search(cell)
    if national and _is_day(*(int(g) for g in national.groups())):
        return "national identity numbers (18 digits with a date of birth)"
    old = _NATIONAL_OLD.search(cell)
    if old and _is_day(1900 + int(old[1]), int(old[2]), int(old[3])):
        return "national identity numbers (15 digits with a date of birth)"
    if _NATIONAL_AS_FLOAT.fullmatch(cell):
        return "numbers of 18 digits, as national identity numbers have"
    if _PHONE.search(cell):
        return "telephone numbers"
    if _SOCIAL.search(cell):
        return "social security numbers"
    return "addresses of mail" if _EMAIL.search(cell) else None


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
