"""MMLU in Arabic as in the AceGPT evaluation suite: a translation by GPT-3.5. oall-v2 has the human one."""

from typing import ClassVar

from factory.evaluate.tasks import TaskSuite


class MmluArabic(TaskSuite):
    """``acc``: mean accuracy of the 57 subjects. One of three Arabic benchmarks on which ALLaM's paper reports."""

    description: ClassVar[str] = "MMLU in Arabic (machine translation), 57 zero-shot subtasks (lighteval)"
