"""MMLU in English, asked as the Arabic suites ask: what a model adapted to Arabic keeps of its English."""

from typing import ClassVar

from factory.evaluate.tasks import TaskSuite


class Mmlu(TaskSuite):
    """``acc``: mean accuracy of the 57 subjects.

    lighteval's task has models write the letter; here letters are scored, zero-shot, so that both languages are
    measured alike. It is not the 5-shot MMLU of most papers.
    """

    description: ClassVar[str] = "MMLU in English, 57 zero-shot subtasks by log-likelihood (lighteval's prompt)"
