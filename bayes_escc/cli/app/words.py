"""Every sentence of the page in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.evidence.sheet.wording import Text

__all__ = ["WORDS"]

WORDS: Final[Mapping[str, Text]] = {
    "title": Text("From the ward's sheet to the answer", "从病区表格到分析结果"),
    "skip": Text("Skip to the content", "跳到正文"),
    "steps": Text("Steps", "步骤"),
    "home": Text("Sheet", "表格"),
    "columns": Text("Columns and questions", "各列与问题"),
    "run": Text("Run", "运行"),
    "result": Text("Result", "结果"),
    "study": Text("Study", "持续研究"),
    "counts": Text("Type counts", "输入例数"),
    "effects": Text("Type effects", "输入效应"),
    "privacy": Text(
        "Everything stays on this computer, in the folder below. Nothing is sent anywhere. Columns with names, telephone and identity numbers are dropped.",
        "一切内容只保存在本机的下列文件夹中，不会发送到任何地方。姓名、电话、身份证号等列不会被读取。",
    ),
    "folder": Text("Folder", "文件夹"),
    "choose": Text("Choose the sheet as it is", "选择原始表格"),
    "choose_help": Text("Excel, CSV, or a text export; at most 20 MB.", "Excel、CSV 或文本导出文件，不超过20 MB。"),
    "read": Text("Read the sheet", "读取表格"),
    "current": Text("In work", "当前表格"),
    "template": Text("Or an empty sheet to fill in", "或下载空白模板填写"),
    "patients": Text("patients", "患者"),
    "visits": Text("patients with scans", "患者及影像评估"),
    "counts_sheet": Text("counts by regimen", "各方案例数"),
    "effects_sheet": Text("published effects", "已发表的效应"),
    "erase": Text("Delete everything of this page", "删除本页的全部内容"),
    "erase_help": Text(
        "Deletes sheets, analyses, results and studies in the folder.", "删除该文件夹中的表格、分析、结果和研究。"
    ),
    "erase_sure": Text("Yes, delete all of it", "是的，全部删除"),
    "header": Text("Header", "表头"),
    "role": Text("Taken for", "识别为"),
    "reason": Text("Reason", "依据"),
    "not_used": Text("not read", "不读取"),
    "aside": Text("Left aside", "未读取的行"),
    "decided": Text("Decided", "已决定"),
    "questions": Text("Questions", "问题"),
    "questions_help": Text(
        "Only what the sheet does not say is asked. Beside an answer stands what it would change.",
        "只询问表格未说明的内容，选项旁注明其影响。",
    ),
    "other": Text("another answer", "其他答案"),
    "answer": Text("Answer", "提交回答"),
    "again": Text("Take back all answers", "撤销全部回答"),
    "no_questions": Text("No question is open.", "没有待回答的问题。"),
    "table": Text("The table, first rows", "数据表(前几行)"),
    "row": Text("Row", "行"),
    "write": Text("Write the analyses", "生成分析文件"),
    "written": Text("Written", "已生成"),
    "start_run": Text("Run the analyses", "运行分析"),
    "running": Text("Running", "正在运行"),
    "running_help": Text(
        "This page loads itself again every two seconds. You may close it; the run goes on.",
        "本页每2秒自动刷新；可以关闭，运行会继续。",
    ),
    "seconds": Text("seconds", "秒"),
    "finished": Text("finished", "已完成"),
    "cancel": Text("Stop the run", "停止运行"),
    "stopped": Text("The run was stopped; nothing half written was left.", "已停止运行，没有留下不完整的结果。"),
    "failed": Text("The run ended with a problem", "运行出现问题"),
    "not_converged": Text("NOT CONVERGED: these numbers must not be used.", "未收敛：这些数值不能使用。"),
    "download": Text("Download everything (ZIP)", "下载全部(ZIP)"),
    "word": Text("Word file", "Word文件"),
    "report": Text("The page to print", "可打印的报告"),
    "report_make": Text("Make the page to print and the Word file", "生成可打印的报告和Word文件"),
    "same": Text("The same from the command line", "命令行等效操作"),
    "no_result": Text("There is no result yet.", "尚无结果。"),
    "details": Text("All numbers as text", "全部数值(文本)"),
    "better": Text("Posterior probability of being better", "更优的后验概率"),
    "study_help": Text(
        "A study follows one analysis from month to month and records what changed.",
        "研究按月跟踪同一分析，并记录每次变化。",
    ),
    "study_begin": Text("Begin a study", "建立研究"),
    "study_name": Text("Name of the study", "研究名称"),
    "study_analysis": Text("Analysis", "分析"),
    "study_next": Text("Next month's sheet", "下月的表格"),
    "study_compare": Text("Show what changed", "查看变化"),
    "study_changes": Text("What this sheet changes", "本次表格的变化"),
    "study_ack": Text("This change is right", "确认该变化无误"),
    "study_record": Text("Record the sheet and fit", "记录并拟合"),
    "study_why": Text("Remark for the log (no patient's name)", "日志备注(勿写患者姓名)"),
    "study_history": Text("History", "历史"),
    "counts_help": Text(
        "One regimen on each line: name=events/patients. The first is the reference.",
        "每行一种方案：名称=事件数/总例数。第一行为参照。",
    ),
    "effects_help": Text("One study on each line: name=estimate,lower,upper.", "每行一项研究：名称=估计值,下限,上限。"),
    "measure": Text("Measure", "效应指标"),
    "better_is": Text("Better is", "更优方向"),
    "higher": Text("a higher rate", "率越高越好"),
    "lower": Text("a lower rate", "率越低越好"),
    "margin_counts": Text(
        "Smallest difference that matters (for example 0.1; may be blank)", "最小有意义差值(如0.1，可留空)"
    ),
    "compute": Text("Compute", "计算"),
    "unforeseen": Text(
        "The page met a fault of its own; nothing was changed. Go back and try again, or start the page anew.",
        "程序内部出错，未改变任何内容。请返回重试，或重新启动本页。",
    ),
    "problem": Text("There is a problem", "存在问题"),
    "language": Text("中文", "English"),
    "back": Text("Back", "返回"),
    "continue": Text("Continue", "继续"),
    "patient": Text("Patient", "患者"),
    "change": Text("Change", "变化"),
    "optional": Text("optional", "可选"),
}
