"""Translation quality on a parallel dataset."""

from typing import Any, ClassVar

from pydantic import Field

from factory.evaluate.base import input_rows
from factory.evaluate.translate import TranslationSuite
from factory.step.base import DatasetRef
from factory.step.job import Job


class Translation(TranslationSuite):
    """BLEU, chrF++ and ROUGE-L of greedy translations.

    Columns in: `source` and `reference`, whatever the dataset calls them, and `cluster` where given: intervals are of
    whole documents then.
    """

    description: ClassVar[str] = "BLEU, chrF++ and ROUGE-L of greedy translations"

    data: DatasetRef
    source: str = Field("source", description="column with the text to translate")
    reference: str = Field("target", description="column with the translation to compare with")
    cluster: str | None = Field(None, description="column whose value tells which document a segment is of")
    split: str | None = Field(None, description="default: the split that the ref names")

    def needed_columns(self) -> dict[str, list[str]]:
        return {self.data: [name for name in (self.source, self.reference, self.cluster) if name]}

    def benchmark(self) -> dict[str, Any]:
        """Its scorer is the share of words that answer and reference have in common: inspect-ai has no BLEU."""
        template = self.prompt.replace("{", "{{").replace("}", "}}").replace("{{text}}", "{prompt}")
        return {
            "field_spec": {"input": self.source, "target": self.reference},
            "solvers": [{"name": "prompt_template", "args": {"template": template}}, {"name": "generate"}],
            "scorers": [{"name": "f1"}],
        }

    def run(self, job: Job) -> None:
        origin, rows = input_rows(job, self.data, self.needed_columns()[self.data], self.split)
        segments = [
            {
                "index": i,
                "source": rows[i][self.source],
                "reference": rows[i][self.reference],
                **({"cluster": str(rows[i][self.cluster])} if self.cluster else {}),
            }
            for i in self.chosen(len(rows))
        ]
        self.translate_and_report(job, segments, origin.about(), {"data": self.data, "split": origin.split})
