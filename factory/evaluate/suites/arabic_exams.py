"""Arabic EXAMS: school questions in Arabic of the EXAMS collection, as the Arabic leaderboards publish them."""

from typing import ClassVar

from factory.evaluate.tasks import TaskSuite


class ArabicExams(TaskSuite):
    """``acc`` over all questions. One of three Arabic benchmarks on which ALLaM's paper reports."""

    description: ClassVar[str] = "Arabic EXAMS: school questions, zero-shot (lighteval)"
