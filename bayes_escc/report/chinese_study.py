"""What a study says of its data cuts, previews and record, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["STUDY"]

STUDY: Final = (
    # notes of an update
    ("The table is the same as the last cut: nothing to record.", "表格与上次数据截止相同，无需记录。"),
    ("The analysis is the same as the one of the study: nothing to record.", "分析与研究现有的相同，无需记录。"),
    ("This withdrawal is recorded already: nothing to do.", "该撤回已有记录，无需处理。"),
    (
        "Another process is reading the file; the erased bytes go when the next command finds it free.",
        "另一进程正在读取该文件；下一次命令执行时若文件空闲，已删除内容的残留字节将被清除。",
    ),
    (
        "The withdrawal is recorded, but the file could not be rewritten yet, so erased bytes may still be in it "
        "({error}) The next change of the study rewrites it; repeat the command to do it now.",
        "撤回已记录，但文件尚未能重写，其中可能仍有已删除内容的残留字节（{error}）研究的下一次变更会重写文件；重"
        "复该命令可立即重写。",
    ),
    (
        "Erased bytes may still be in the file; the next update rewrites it.",
        "文件中可能仍有已删除内容的残留字节，下次更新时重写。",
    ),
    ("What is left cannot be fitted: {error}", "其余数据无法拟合：{error}"),
    (
        "The preview and the refit disagree by {n} combined Monte Carlo errors, although the preview passed its "
        "checks.",
        "预览虽通过检查，但与重新拟合相差{n}个合并蒙特卡罗误差。",
    ),
    (
        "One of them is wrong: fit again with another seed, and report it.",
        "其中之一有误：请更换随机种子重新拟合，并报告此情况。",
    ),
    (
        "The data as they stand could not be fitted; the last result is of earlier data.",
        "当前数据无法拟合，所示为此前数据的结果。",
    ),
    ("What follows is the last state that is whole.", "以下为最后一个完整的状态。"),
    ("The last fit was made with other versions: {names}.", "上次拟合所用软件版本不同：{names}。"),
    (
        "The analysis was changed after data had been seen: {what}.",
        "分析在见到数据之后作过修改：{what}。",
    ),
    (
        "{held}, ended without finishing: what the log does not show was not recorded.",
        "{held}未完成即结束：日志中没有的内容均未记录。",
    ),
    # fits made again
    ("Fitted again: every number is the recorded one.", "重新拟合：各数值与记录完全一致。"),
    ("Fitted again: the numbers are not the recorded ones.", "重新拟合：数值与记录不一致。"),
    ("P(better) differs by at most {n} combined Monte Carlo errors.", "更优的概率最多相差{n}个合并蒙特卡罗误差。"),
    ("Versions: {names}.", "软件版本：{names}。"),
    ("The versions are the same: another machine, or a defect.", "软件版本相同：可能是换了机器，或程序有缺陷。"),
    # previews
    (
        "What is published changed, which reweighting patients does not follow: refit.",
        "已发表数据有变化，对患者重新加权无法反映：请重新拟合。",
    ),
    ("The cut cannot be fitted: {error}", "本次数据无法拟合：{error}"),
    ("The last fit did not converge.", "上次拟合未收敛。"),
    (
        "The cut changes too much for the last fit's draws (k-hat {k}, at most {most} is asked for; {ess} "
        "effective draws, at least {least}): refit.",
        "本次数据变化过大，上次拟合的抽样不足以重新加权（k-hat为{k}，要求不超过{most}；有效样本数{ess}，要求不少"
        "于{least}）：请重新拟合。",
    ),
    ("Missing covariates are imputed together with the fit: refit.", "缺失的协变量与模型一并填补：请重新拟合。"),
    ("The last fit does not know {what}: refit.", "上次拟合不含{what}：请重新拟合。"),
    ("The last fit has {what}, these data do not: refit.", "上次拟合含{what}，本次数据没有：请重新拟合。"),
    ("There is no fit of the last cut to reweight.", "上次数据截止没有可供重新加权的拟合。"),
    ("The analysis of the last fit is missing.", "上次拟合的分析缺失。"),
    (
        "Is the row of {unit} right?",
        "{unit}的数据是否有误？",
    ),
    (
        "Its change alone is hard to reconcile with all other data (k-hat {k}): check the unit of time, the "
        "regimen and the identifier.",
        "仅其变化就与其余数据难以协调（k-hat为{k}）：请核对时间单位、方案与编号。",
    ),
    # what is wrong with a record
    ("{what} cannot be understood ({error}).", "{what}无法读取（{error}）。"),
    ("{what} cannot be understood.", "{what}无法读取。"),
    (
        "{entry}: it has the number {n}; an entry was removed or reordered.",
        "{entry}：编号为{n}，有条目被删除或调换顺序。",
    ),
    (
        "{entry} ({action}) does not match its hash: it was changed or moved.",
        "{entry}（{action}）与其摘要不符：曾被更改或移动。",
    ),
    (
        "{entry} is dated {date}, before the entry ahead of it: the clock was wrong.",
        "{entry}的时间{date}早于前一条：时钟有误。",
    ),
    ("the changes of {cut} are not those the log recorded.", "{cut}的变化与日志所记不符。"),
    ("a change of {cut} that was erased names someone again.", "{cut}中已删除的变化又出现了姓名或编号。"),
    (
        "a row of {cut} was erased, but the log knows of no withdrawal of it.",
        "{cut}有一行已删除，但日志中没有相应的撤回。",
    ),
    (
        "the digest of the source file of {cut} is not the one that was recorded.",
        "{cut}来源文件的摘要与记录不符。",
    ),
    ("a row of {cut} does not match its digest.", "{cut}有一行与其摘要不符。"),
    ("{what} is missing.", "{what}缺失。"),
    ("{what} does not match its digest.", "{what}与其摘要不符。"),
    ("{what} does not match its digests.", "{what}与其摘要不符。"),
    ("{what} is not the one the log recorded.", "{what}与日志所记不符。"),
    (
        "a fit that the log recorded is missing, or is not the one it recorded.",
        "日志所记的某次拟合缺失，或与所记不符。",
    ),
    ("a fit that the log recorded is missing.", "日志所记的某次拟合缺失。"),
    ("{fit} stands in the file more than once.", "{fit}在文件中重复出现。"),
    ("the result of {fit} does not match its digest.", "{fit}的结果与其摘要不符。"),
    ("the draws of {fit} do not match their digest.", "{fit}的抽样与其摘要不符。"),
    ("{what} is not in the log, whose end may have been cut off.", "{what}不在日志中，日志末尾可能被截断。"),
    ("rows that were withdrawn are here again, or their digests are gone.", "已撤回的行再次出现，或其摘要丢失。"),
    (
        "there are rows that no data cut holds: they were written around the log.",
        "有不属于任何数据截止的行：绕过日志写入。",
    ),
    (
        "there are {n} tombstones, but {m} withdrawals in the log.",
        "有{n}个撤回标记，而日志中有{m}次撤回。",
    ),
    ("a tombstone is not the one the log recorded.", "某个撤回标记与日志所记不符。"),
    ("the salt of the tombstones is not the one the log recorded.", "撤回标记的盐值与日志所记不符。"),
    ("an analysis is not the one the log recorded.", "某个分析与日志所记不符。"),
    ("{study} is damaged: its analysis is missing.", "{study}已损坏：其分析缺失。"),
    ("{study} is damaged, so nothing was recorded:", "{study}已损坏，未作任何记录："),
    (
        "what is whole was written to {folder}; the rest is damaged:",
        "完整的部分已写入{folder}；其余已损坏：",
    ),
    # refusals
    ("{n} changes need a person's word:", "{n}项变化须由人确认："),
    ("1 change needs a person's word:", "1项变化须由人确认："),
    ("an acknowledgement was not understood:", "有一项确认无法识别："),
    ("{word} names no change of this cut.", "{word}不对应本次数据的任何变化。"),
    (
        "Nothing was recorded. Correct the table; or, if all this is right, acknowledge it (in Python: "
        "acknowledge={list}):",
        "未作任何记录。请更正表格；若以上均无误，请予确认（Python中为acknowledge={list}）：",
    ),
    ("Nothing was recorded.", "未作任何记录。"),
    (
        "the reason names a patient ({unit}).",
        "原因中写有患者编号（{unit}）。",
    ),
    (
        "The log stays for ever and cannot forget anyone: say it without the identifier.",
        "日志永久保存，无法删除任何人的信息：请不要写编号。",
    ),
    (
        "{text} holds a character that cannot be seen or printed; nothing was recorded.",
        "{text}含不可见或不可打印的字符，未作任何记录。",
    ),
    (
        "{source} was refused: it has no column {columns}, which the last cut had.",
        "{source}未被接受：缺少上次数据截止已有的{columns}列。",
    ),
    ("A cut is the whole table as it stands now.", "数据截止应为当前的完整表格。"),
    (
        "{source} was refused: the response is coded otherwise than in the last cut.",
        "{source}未被接受：疗效编码与上次数据截止不同。",
    ),
    (
        "{source} was refused: the unit of time otherwise than in the last cut.",
        "{source}未被接受：时间单位与上次数据截止不同。",
    ),
    ("Code it as before.", "请按原来的方式编码。"),
    (
        "{source} was refused: identifiers differ only in upper and lower case: {units}.",
        "{source}未被接受：以下编号仅大小写不同：{units}。",
    ),
    (
        "A study follows patients by identifier, and counts by study, regimen and endpoint: spell them alike if "
        "they are one, apart if they are two.",
        "研究按编号跟踪患者，按研究、方案与终点跟踪计数：同一者请统一写法，不同者请写得可以区分。",
    ),
    (
        "{source} was refused: {units} withdrew from the study, and may not come back into it.",
        "{source}未被接受：{units}已撤回同意，不得再次纳入。",
    ),
    (
        "{source} was refused: {units} was withdrawn from the study, and may not come back into it.",
        "{source}未被接受：{units}已从研究中撤回，不得再次纳入。",
    ),
    ("Remove these rows from the table.", "请从表格中删除这些行。"),
    (
        "If an identifier was given to someone else, give that patient a new one.",
        "若编号已分配给他人，请为该患者另编新号。",
    ),
    (
        "{source} was refused: it has no patients on {names}, which this study compares.",
        "{source}未被接受：没有接受{names}的患者，而本研究比较该方案。",
    ),
    ("Correct the spelling, or wait for the first of them.", "请更正写法，或等到有首例患者之后。"),
    (
        "{source} was refused: this study compares {names}, as its first cut did:",
        "{source}未被接受：本研究自首次数据截止起比较{names}：",
    ),
    (
        "Correct the spelling; a further regimen is a new question, and a new study.",
        "请更正写法；增加方案即为新的问题，应另建研究。",
    ),
    (
        "the analysis of a study may change in what it asks ({names}), not in {deeper}: another model, prior or "
        "data is another study.",
        "研究的分析只能修改所提的问题（{names}），不能修改{deeper}：更换模型、先验或数据即为另一项研究。",
    ),
    (
        'a study follows patients or counts (data.kind = "patients" or "counts"), not {kind}.',
        '研究只能跟踪患者或计数(data.kind = "patients"或"counts")，不能是{kind}。',
    ),
    ("there are no data yet from which a patient could withdraw.", "尚无数据，无法撤回患者。"),
    ("there is no patient {unit} in this study.", "本研究中没有患者{unit}。"),
    ("there is no row {unit} in this study.", "本研究中没有{unit}这一行。"),
    ("there is no fit yet.", "尚无拟合结果。"),
    ("there is no fit of this data cut.", "该次数据截止没有拟合结果。"),
    (
        "{n} of the patients of data cut {cut} withdrew since, so its posterior cannot be made again; its "
        "recorded result stands in the history.",
        "第{cut}次数据截止的患者中有{n}例此后撤回同意，其后验无法重新得出；已记录的结果见历史。",
    ),
    (
        "a data cut is a table of patients, or, once there is one, publications beside it.",
        "数据截止应为患者表；已有患者表之后也可为已发表数据。",
    ),
    (
        "the analysis of this study has no [published] arms beside the patients, so a publication has no place in it.",
        "本研究的分析没有[published]已发表组，无法加入已发表数据。",
    ),
    ("Begin a study with an analysis that has them.", "请用含有已发表组的分析另建研究。"),
    ("there is no study {path}.", "没有研究文件{path}。"),
    ("Begin one with Study.create in Python, or with: {command}", "请在Python中用Study.create建立，或运行：{command}"),
    ("{path} exists already; a study is begun once.", "{path}已存在；每项研究只建立一次。"),
    ("Choose another name.", "请另取名称。"),
    (
        "{path} is not a study: it does not begin as an SQLite file does, or is damaged.",
        "{path}不是研究文件：其开头不是SQLite格式，或已损坏。",
    ),
    ("{path} is an SQLite file, but not a study of bayes_escc.", "{path}是SQLite文件，但不是bayes_escc的研究。"),
    (
        "{path} is empty (0 bytes): it was never written, or its content was lost.",
        "{path}为空(0字节)：从未写入，或内容已丢失。",
    ),
    (
        "{path} was changed by someone else while this was being prepared; nothing was recorded.",
        "准备期间{path}已被他人修改，未作任何记录。",
    ),
    ("Run the command again: it will start from what is there now.", "请重新运行该命令，将以现有内容为起点。"),
    ("{path} is locked by {held}.", "{path}被{held}锁定。"),
    ("{path} is locked by {held}, which is running: end it first.", "{path}被{held}锁定，该进程正在运行：请先结束它。"),
    ("If that process has ended, type: {command}", "若该进程已结束，请输入：{command}"),
    ("The lock stays.", "锁定保留。"),
    (
        "{path} is locked: another process is writing{holder}. Nothing was recorded; try again.",
        "{path}已被锁定：另一进程正在写入{holder}。未作任何记录，请稍后重试。",
    ),
    ("{path} is open for reading only: nothing can be recorded in it here.", "{path}以只读方式打开，无法记录。"),
    ("{path} exists and is not an empty folder; nothing was written.", "{path}已存在且不是空文件夹，未写入任何内容。"),
    ("Choose another.", "请另选一个。"),
    (
        "--published {word}: write the table and its file, for example arms=arms.csv.",
        "--published {word}：请写明表名与文件，例如arms=arms.csv。",
    ),
)
