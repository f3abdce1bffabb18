"""The page as one HTML file: no script, no request to anything outside, prints on A4.

Jinja escapes every text, so that nothing from a table can become markup; the only markup let through is that of figures
drawn by this package, whose digest the manifest of the results folder holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bayes_escc.report.blocks import Section
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.quantities import Language

__all__ = ["Chapter", "html_page", "inline_svg"]


@dataclass(frozen=True)
class Chapter:
    """One analysis in one language.

    Parameters
    ----------
    prefix : str
        Before every anchor and every id of a figure, so that chapters of one file do not collide.
    title, identity : str
    language : {"en", "zh"}
    converged : bool
    sections : sequence of Section
    figures : mapping of str to str
        SVG by name.
    pictures : mapping of str to bytes
        PNG by name, for Word.
    """

    prefix: str
    title: str
    identity: str
    language: Language
    converged: bool
    sections: Sequence[Section]
    figures: Mapping[str, str]
    pictures: Mapping[str, bytes]


_STYLE: Final = """
@page { size: A4; margin: 18mm 16mm }
body { font: 11pt/1.5 "Noto Sans", "Source Sans 3", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei",
  "PingFang SC", "WenQuanYi Micro Hei", sans-serif; color: #111; max-width: 178mm; margin: 0 auto; padding: 0 4mm }
h1 { font-size: 17pt; line-height: 1.25 } h2 { font-size: 13pt; border-bottom: 0.5pt solid #888; margin-top: 2em }
table { border-collapse: collapse; width: 100%; border-top: 1.2pt solid #111; border-bottom: 1.2pt solid #111;
  font-size: 9.5pt; margin: 0.5em 0 }
thead { display: table-header-group; border-bottom: 0.6pt solid #111 }
th, td { text-align: left; vertical-align: top; padding: 2pt 6pt 2pt 0; overflow-wrap: break-word }
caption { text-align: left; font-weight: bold; padding: 4pt 0 }
tr, figure { break-inside: avoid } h2, h3, caption { break-after: avoid } .note { break-before: avoid }
figure { margin: 1em 0 } figure svg { width: 100%; height: auto; overflow: visible }
figcaption, .note, .identity { font-size: 9pt; color: #444 }
.strong { font-weight: bold; font-size: 12pt }
.alarm { background: #B00020; color: #fff; padding: 6pt; font-weight: bold }
.missing { color: #B00020 } .status { font-size: 8.5pt; font-weight: normal; float: right }
.paste { border: 0.6pt solid #888; padding: 6pt; user-select: all } nav ol { columns: 2; font-size: 9.5pt }
section { clear: both } a { color: #0072B2 }
svg text { font-family: "DejaVu Sans", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
  "WenQuanYi Micro Hei", sans-serif }
@media print { nav { display: none } body { max-width: none; padding: 0 } main + main { break-before: page } }
"""

_TEMPLATE: Final = """<!DOCTYPE html>
<html lang="{{ 'zh-CN' if chapters[0].language == 'zh' else 'en' }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{{ chapters[0].title }}</title>
<style>{{ style }}</style>
</head>
<body>
{% for c in chapters %}
{% set say = words[c.language] %}
<main lang="{{ 'zh-CN' if c.language == 'zh' else 'en' }}" id="{{ c.prefix }}top">
<h1>{{ c.title }}</h1>
<p class="identity">{{ c.identity }}</p>
{% if not c.converged %}<p class="alarm" role="alert">{{ say['not_converged'] }}</p>{% endif %}
<nav aria-label="{{ say['contents'] }}"><strong>{{ say['contents'] }}</strong><ol>
{% for s in c.sections %}<li><a href="#{{ c.prefix }}{{ s.anchor }}">{{ s.title }}</a></li>
{% endfor %}</ol></nav>
{% for s in c.sections %}
<section id="{{ c.prefix }}{{ s.anchor }}">
<h2>{{ s.title }}{% if s.status != 'present' %} <span class="status {{ 'missing' if s.status == 'missing' }}">\
{{ say['state_' ~ s.status] }}</span>{% endif %}</h2>
{% for kind, group in s.blocks | grouped %}
{% if kind == 'Paragraph' %}{% for b in group %}
<p class="{{ 'alarm' if b.alarm else 'strong' if b.strong }}">{{ b.text }}</p>{% endfor %}
{% elif kind == 'Items' %}{% for b in group %}
<ul>{% for item in b.items %}<li>{{ item }}</li>{% endfor %}</ul>{% endfor %}
{% elif kind == 'Paste' %}{% for b in group %}
<h3>{{ b.title }}</h3><p class="paste">{{ b.text }}</p>{% endfor %}
{% elif kind == 'Table' %}{% for b in group %}
<table><caption>{{ b.title }}</caption>
<thead><tr>{% for cell in b.header %}<th scope="col">{{ cell }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in b.rows %}<tr>{% for cell in row %}{% if loop.first %}<th scope="row">{{ cell }}</th>{% else %}\
<td>{{ cell }}</td>{% endif %}{% endfor %}</tr>
{% endfor %}</tbody></table>
{% if b.note %}<p class="note">{{ b.note }}</p>{% endif %}{% endfor %}
{% elif kind == 'Figure' %}{% for b in group %}{% if b.name in c.figures %}
<figure role="group" aria-label="{{ b.caption }}">{{ c.figures[b.name] | drawn(c.prefix ~ b.name) }}
<figcaption>{{ b.caption }}</figcaption></figure>{% endif %}{% endfor %}
{% elif kind == 'Link' %}
<table><thead><tr><th scope="col">{{ say['item'] }}</th><th scope="col">{{ say['state'] }}</th>\
<th scope="col">{{ say['where'] }}</th></tr></thead><tbody>
{% for b in group %}<tr><th scope="row">{{ b.item }}</th><td class="{{ 'missing' if b.status == 'missing' }}">\
{{ say['check_' ~ b.status] }}</td><td><a href="#{{ c.prefix }}{{ b.anchor }}">{{ b.title }}</a></td></tr>
{% endfor %}</tbody></table>
{% endif %}
{% endfor %}
</section>
{% endfor %}
<p class="identity">{{ c.identity }}</p>
</main>
{% endfor %}
</body>
</html>
"""


def html_page(chapters: Sequence[Chapter]) -> str:
    """One HTML file of one or several chapters.

    Raises
    ------
    AnalysisError
        If Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        from bayes_escc.errors import AnalysisError

        raise AnalysisError("a page needs Jinja2: pip install jinja2.") from None
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["grouped"] = grouped
    environment.filters["drawn"] = lambda svg, prefix: Markup(inline_svg(str(svg), str(prefix)))  # noqa: S704 - drawn here
    words = {language: {key: phrase[language] for key, phrase in WORDS.items()} for language in ("en", "zh")}
    template = environment.from_string(_TEMPLATE)
    return str(template.render(chapters=chapters, style=Markup(_STYLE), words=words))  # noqa: S704 - a constant


def grouped(blocks: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Neighbouring blocks of one kind together."""
    found: list[tuple[str, list[Any]]] = []
    for block in blocks:
        kind = type(block).__name__
        if found and found[-1][0] == kind:
            found[-1][1].append(block)
        else:
            found.append((kind, [block]))
    return found


def inline_svg(svg: str, prefix: str) -> str:
    """An SVG for the body of a page: without prolog and metadata, its ids prefixed so that figures do not collide."""
    inner = svg[svg.index("<svg") :]
    inner = re.sub(r"<metadata>.*?</metadata>", "", inner, flags=re.DOTALL)
    safe = re.sub(r"[^0-9A-Za-z]+", "-", prefix)
    inner = re.sub(r'\bid="([^"]+)"', rf'id="{safe}-\1"', inner)
    inner = re.sub(r'href="#([^"]+)"', rf'href="#{safe}-\1"', inner)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{safe}-\1)", inner)
