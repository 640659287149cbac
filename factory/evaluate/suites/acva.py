"""ACVA: statements on Arab culture in 58 fields that are right or wrong, from the AceGPT evaluation suite."""

from typing import ClassVar

from factory.evaluate.tasks import TaskSuite


class Acva(TaskSuite):
    """``acc``: mean accuracy of the 58 fields. One of three Arabic benchmarks on which ALLaM's paper reports."""

    description: ClassVar[str] = "ACVA: right or wrong statements on Arab culture, 58 zero-shot subtasks (lighteval)"
