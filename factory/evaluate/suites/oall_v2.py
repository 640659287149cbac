"""The Open Arabic LLM Leaderboard v2, zero-shot, as Hala's report uses it: 116 subtasks in six benchmarks."""

from typing import ClassVar

from factory.evaluate.tasks import TaskSuite


class OallV2(TaskSuite):
    """``average`` of six benchmarks. The leaderboard's seventh, ALRAGE, needs a 72B judge; the report has none."""

    description: ClassVar[str] = "Open Arabic LLM Leaderboard v2: six benchmarks, 116 zero-shot subtasks (lighteval)"
