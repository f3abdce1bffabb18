"""The record as one page to file: no script, no request to anything outside, prints on A4.

Jinja escapes every text. Nothing is drawn, so no markup is let through but the style, a constant.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal, get_args

from bayes_escc.validation.chinese import in_chinese
from bayes_escc.validation.record import Area, Check, Validation

__all__ = ["Languages", "validation_page"]

Languages = Literal["en", "zh", "both"]

_STYLE: Final = """
@page { size: A4; margin: 16mm 14mm }
body { font: 10.5pt/1.45 "Noto Sans", "Source Sans 3", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei",
  "PingFang SC", "WenQuanYi Micro Hei", sans-serif; color: #111; max-width: 182mm; margin: 0 auto; padding: 0 4mm }
h1 { font-size: 17pt; line-height: 1.25 } h2 { font-size: 13pt; margin-top: 1.6em; break-after: avoid }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: 9pt;
  border-top: 1.2pt solid #111; border-bottom: 1.2pt solid #111 }
thead { display: table-header-group; border-bottom: 0.6pt solid #111 } tr { break-inside: avoid }
th, td { text-align: left; vertical-align: top; padding: 2pt 6pt 2pt 0; overflow-wrap: anywhere; font-weight: normal }
thead th { font-weight: bold } .number { font-variant-numeric: tabular-nums }
tbody.case { break-inside: avoid } tbody.case tr:first-child > * { border-top: 0.4pt solid #aaa }
.title { font-weight: bold } .source, .identity { font-size: 8.5pt; color: #444 }
.verdict { border: 1.2pt solid #111; padding: 6pt; font-weight: bold; font-size: 12pt }
.verdict.failed { background: #B00020; border-color: #B00020; color: #fff }
td.failed { color: #B00020; font-weight: bold }
.signatures td { height: 11mm; vertical-align: bottom; border-bottom: 0.4pt solid #888 }
.signatures { break-inside: avoid; margin-top: 1em } main + main { break-before: page }
@media print { body { max-width: none; padding: 0 } }
"""

_WORDS: Final = {
    "title": ("Validation of bayes_escc {version}", "bayes_escc {version} 验证报告"),
    "all_passed": ("Passed: every check that was run ({n}).", "通过：所运行的 {n} 项检查全部通过。"),
    "some_failed": (
        "FAILED: {n} of {all} checks. Do not rely on this installation.",
        "未通过：{all} 项检查中有 {n} 项失败。请勿使用此安装。",
    ),
    "not_run": ("Not run: {n}.", "未运行：{n} 项。"),
    "partial": ("Quick validation: the longer checks were left out.", "快速验证：未运行耗时较长的检查。"),
    "began": ("Began", "开始时间"),
    "seconds": ("Duration, seconds", "用时（秒）"),
    "name": ("Computer", "计算机"),
    "system": ("System", "操作系统"),
    "processor": ("Processor", "处理器"),
    "python": ("Python", "Python"),
    "digest": ("SHA-256 of validation.json", "validation.json 的 SHA-256"),
    "failures": ("What failed", "失败项目"),
    "installation": ("Installation", "安装确认"),
    "operation": ("Operation", "运行确认"),
    "performance": ("Performance", "性能确认"),
    "installation_is": (
        "Is this the package that was shipped, with the versions it needs, and does its sampler work?",
        "所安装的软件包是否与发布时一致、依赖版本是否符合要求、采样器是否正常？",
    ),
    "operation_is": (
        "Does it give the answers that others printed, or that independent computations gave? "
        "Sampled numbers may differ by five Monte Carlo errors.",
        "是否得到他人发表的结果或独立计算的结果？抽样所得数值允许相差五个蒙特卡罗误差。",
    ),
    "performance_is": (
        "Are its posteriors right on average? Truths are drawn from the prior of each model and data from the truths; "
        "the posterior must rank the truths evenly, its intervals must hold them as often as they say, and its "
        "probabilities must come true.",
        "其后验分布总体上是否正确？从各模型的先验抽取真值，再由真值生成数据；真值在后验中的秩应均匀分布，"
        "区间应按其名义概率包含真值，所给概率应与实际发生率一致。",
    ),
    "answered": ("expected {expected}, found {found}", "预期 {expected}，结果 {found}"),
    "check": ("Check", "检查"),
    "expected": ("Expected", "预期"),
    "tolerance": ("Tolerance", "容许误差"),
    "found": ("Found", "结果"),
    "state": ("State", "状态"),
    "passed": ("passed", "通过"),
    "failed": ("FAILED", "失败"),
    "not run": ("not run", "未运行"),
    "signatures": ("Signatures", "签名"),
    "performed": ("Performed by", "执行人"),
    "reviewed": ("Reviewed by", "审核人"),
    "signature": ("Signature", "签名"),
    "date": ("Date", "日期"),
    "person": ("Name", "姓名"),
    "scope": (
        "This record says that the software gives, on this computer, the answers it was certified to give. It "
        "does not say that a model suits a question, nor that the data of an analysis are right.",
        "本记录说明：本软件在此计算机上给出其经认证的结果；并不说明某一模型适合某一问题，也不说明分析所用数据正确。",
    ),
}

_TEMPLATE: Final = """<!DOCTYPE html>
<html lang="{{ languages[0] }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ words[languages[0]].title.format(version=record.package) }}</title>
<style>{{ style }}</style>
</head>
<body>
{% for language in languages %}
{% set say = words[language] %}
<main lang="{{ language }}">
<h1>{{ say.title.format(version=record.package) }}</h1>
{% if record.passed %}
<p class="verdict">{{ say.all_passed.format(n=record.count('passed')) }}
{% else %}
<p class="verdict failed" role="alert">\
{{ say.some_failed.format(n=record.failed | length, all=record.checks | length) }}
{% endif %}
{% if record.count('not run') %}{{ say.not_run.format(n=record.count('not run')) }}{% endif %}
{% if record.quick %}{{ say.partial }}{% endif %}</p>
<table>
<tr><th scope="row">{{ say.began }}</th><td>{{ record.began }}</td></tr>
<tr><th scope="row">{{ say.seconds }}</th><td>{{ record.seconds }}</td></tr>
{% for key, value in record.computer.items() %}
<tr><th scope="row">{{ say[key] }}</th><td>{{ value }}</td></tr>
{% endfor %}
<tr><th scope="row">{{ say.digest }}</th><td>{{ digest }}</td></tr>
</table>
<p>{{ say.scope }}</p>
{% if not record.passed %}
<h2>{{ say.failures }}</h2>
<ul>{% for c in record.failed %}<li>{{ c.title_zh if language == 'zh' else c.title }}\
{% if ': ' in c.name %}: {{ c.name.split(': ', 1)[1] | told(language) }}{% endif %}\
{% if c.found is not none %}: {{ say.answered.format(expected=c.expected | shown | told(language), \
found=c.found | shown | told(language)) }}{% endif %}\
{% if c.note %} ({{ c.note | told(language) }}){% endif %}</li>
{% endfor %}</ul>
{% endif %}
{% for area, groups in areas %}
<h2>{{ say[area] }}</h2>
<p>{{ say[area ~ '_is'] }}</p>
<table>
<colgroup><col style="width: 40%"><col style="width: 19%"><col style="width: 12%"><col style="width: 19%"><col>\
</colgroup>
<thead><tr>{% for key in ('check', 'expected', 'tolerance', 'found', 'state') %}<th scope="col">{{ say[key] }}</th>\
{% endfor %}</tr></thead>
{% for group in groups %}
<tbody class="case">
{% if group | length > 1 or ': ' in group[0].name %}
<tr><td colspan="5"><span class="title">{{ group[0].title_zh if language == 'zh' else group[0].title }}</span><br>\
<span class="source">{{ group[0].source | told(language) }}</span></td></tr>
{% endif %}
{% for c in group %}
<tr><th scope="row">{% if ': ' in c.name %}{{ c.name.split(': ', 1)[1] | told(language) }}{% else %}\
{{ c.title_zh if language == 'zh' else c.title }}<br><span class="source">{{ c.source | told(language) }}</span>\
{% endif %}{% if c.note and not (c.state == 'not run' and ': ' in c.name) %}<br>\
<span class="source">{{ c.note | told(language) }}</span>{% endif %}</th>
<td class="number">{{ c.expected | shown | told(language) }}</td><td class="number">{{ c.tolerance | shown(2) }}</td>
<td class="number">{{ c.found | shown | told(language) }}</td>
<td class="{{ c.state if c.state == 'failed' }}">{{ say[c.state] }}</td></tr>
{% endfor %}
</tbody>
{% endfor %}
</table>
{% endfor %}
<h2>{{ say.signatures }}</h2>
<table class="signatures"><thead><tr><th></th><th scope="col">{{ say.person }}</th>\
<th scope="col">{{ say.signature }}</th><th scope="col">{{ say.date }}</th></tr></thead><tbody>
<tr><th scope="row">{{ say.performed }}</th><td></td><td></td><td></td></tr>
<tr><th scope="row">{{ say.reviewed }}</th><td></td><td></td><td></td></tr>
</tbody></table>
</main>
{% endfor %}
</body>
</html>
"""


def validation_page(record: Validation, language: Languages = "en") -> str:
    """The record as one HTML file.

    Parameters
    ----------
    record : Validation
    language : {"en", "zh", "both"}
        Both: one after the other.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"shown": _shown, "told": _told}
    words = {lang: {key: pair[i] for key, pair in _WORDS.items()} for i, lang in enumerate(("en", "zh"))}
    page = environment.from_string(_TEMPLATE).render(
        record=record,
        languages=("en", "zh") if language == "both" else (language,),
        words=words,
        areas=[(area, _cases(record, area)) for area in get_args(Area)],
        digest=hashlib.sha256(record.to_json().encode()).hexdigest(),
        style=Markup(_STYLE),  # noqa: S704 - a constant
    )
    return str(page)


def _cases(record: Validation, area: Area) -> list[list[Check]]:
    """The checks of an area, those of one case together."""
    groups: dict[str, list[Check]] = {}
    for check in record.checks:
        if check.area == area:
            groups.setdefault(check.name.split(": ", 1)[0], []).append(check)
    return list(groups.values())


def _shown(value: str | float | None, digits: int = 6) -> str:
    if value is None:
        return "\N{EN DASH}"
    return value if isinstance(value, str) else f"{value:.{digits}g}"


def _told(text: str, language: Languages) -> str:
    return in_chinese(text) if language == "zh" else text
