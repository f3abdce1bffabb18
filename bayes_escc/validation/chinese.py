"""What a record says in English, in Chinese: quantities, sources, findings and notes of its checks.

Names of authors, packages, functions and files stay as they are, and so do the words of an error.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_chinese"]

_PHRASES: Final = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        # sources
        (r"^Published: ", "已发表："),
        (r"^Certified: ", "经认证："),
        (r"^Metadata of the installed package$", "已安装软件包的元数据"),
        (r"^Digests \(SHA-256\) that the installer recorded \(RECORD\)$", "安装程序记录的摘要（SHA-256，RECORD）"),
        (r"^Digests \(SHA-256\) in ", "摘要（SHA-256）："),
        (r"^Pool printed in the thesis whose data ship", "随附数据所属学位论文中刊载的合并结果"),
        (r"\(common effect\)", "（共同效应）"),
        (r"quadrature of two Beta laws", "两个 Beta 分布的数值积分"),
        (r"conjugate posterior means", "共轭后验均值"),
        (r"conjugate means", "共轭均值"),
        (r"(?<!/)quadrature(?!\.py)", "数值积分"),
        (r"grid of three dimensions", "三维网格"),
        (r"history of (.*) \(data set AS of RBesT\)", r"历史数据：\1（RBesT 的数据集 AS）"),
        (r"digits of the R package phase1b", "数值位数取自 R 包 phase1b"),
        (r"tests of the R package (\w+)", r"R 包 \1 的测试"),
        (r"README of the R package (\w+)", r"R 包 \1 的 README"),
        (r"documentation of (.*) and (\w+)", r"\1 与 \2 的文档"),
        (
            r"medians as in R's survival and SciPy; with delayed entry as in lifelines",
            "中位数同 R 的 survival 与 SciPy；延迟进入时同 lifelines",
        ),
        (r"\btable (\d)", r"表 \1"),
        (
            r"^Simulation-based calibration \(Talts et al\. 2018\), (\d+) simulations: .*; (\d+) tests of .*$",
            r"基于模拟的校准（Talts 等，2018），模拟 \1 次：从先验抽取真值，再由真值生成数据；对秩、50 % 与 95 % 区间的"
            r"覆盖率及概率共检验 \2 项。结果：最小 p 值乘以检验项数",
        ),
        (r"^Simulation-based calibration \(Talts et al\. 2018\)$", "基于模拟的校准（Talts 等，2018）"),
        # expected and found
        (r"^(\d+) unchanged$", r"\1 个未改变"),
        (r"^at least ([\d.e-]+)$", r"不低于 \1"),
        (r"^any$", "不限"),
        # quantities
        (r"^mean rate, ", "平均缓解率，"),
        (r"^divergences$", "发散次数"),
        (r"^P\((B )?better\)", r"P(\1更优)"),
        (r", robust weight ", "，稳健权重 "),
        (r", no borrowing$", "，不借用"),
        (r"^alpha$", "I 类错误率"),
        (r"^power$", "检验效能"),
        (r"^stop at most, look (\d+)$", r"第 \1 次分析：不超过此数则停止"),
        (r"^go at least, look (\d+)$", r"第 \1 次分析：不少于此数则成功"),
        (r"^false alarm$", "误判成功的概率"),
        (r"^pooled$", "合并值"),
        (r"^lower 95 %$", "95 % 区间下限"),
        (r"^upper 95 %$", "95 % 区间上限"),
        (r"^elpd, random$", "elpd，随机效应"),
        (r"^elpd, common$", "elpd，共同效应"),
        (r"^median, days$", "中位数，天"),
        (r"^median follow-up, days$", "中位随访时间，天"),
        (r", delayed entry$", "，延迟进入"),
        # notes
        (r"^not installed$", "未安装"),
        (r"^the package is not installed: pip install it first$", "软件包未安装：请先用 pip 安装"),
        (
            r"^run from a checkout, for which the installer records nothing; git status says what differs$",
            "从源代码目录运行，安装程序对此没有记录；可用 git status 查看差异",
        ),
        (r"^changed or missing: ", "已改变或缺失："),
        (r"(^|; )changed: ", r"\1已改变："),
        (r"(^|; )missing: ", r"\1缺失："),
        (r"(^|; )not shipped: ", r"\1并非随附："),
        (r"^left out of (a quick|this) validation$", "本次验证未运行"),
        (r"^the answer is not a number$", "结果不是数值"),
        (r"^(\d+) numbers instead of (\d+)$", r"得到 \1 个数值，应为 \2 个"),
        (r"^worst: ([\w ]+) of ", r"最差者：\1，"),
        (r"(\d+) of (\d+) fits did not converge", r"\2 次拟合中有 \1 次未收敛"),
        (r" is missing or damaged: install the package again\.$", " 缺失或损坏：请重新安装软件包。"),
    )
)


def in_chinese(text: str) -> str:
    """A quantity, a source, a finding or a note of a check in Chinese; what is not known stays as it is."""
    for pattern, chinese in _PHRASES:
        text = pattern.sub(chinese, text)
    return text
