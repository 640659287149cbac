"""Hala's translator table: MMLU questions into Arabic, against OpenAI's professional translation of MMLU."""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from factory.errors import FactoryError
from factory.evaluate.base import RequiredDataset, input_rows
from factory.evaluate.translate import TranslationSuite
from factory.step.base import DatasetRef
from factory.step.job import Job

SOURCE_COLUMNS = ["question", "subject", "answer"]
REFERENCE_COLUMNS = ["Question", "Subject", "Answer"]
LETTERS = "ABCD"


class MmluTranslation(TranslationSuite):
    """Question texts of MMLU's test set, drawn at random, translated and compared with MMMLU's.

    The protocol of Hala's Table 2: 500 questions, text only, sacrebleu BLEU 13a, chrF++, ROUGE-L, no post-processing.
    The report gives neither its seed nor its decoding; `seed` and greedy decoding are ours.

    The two datasets share no identifier: row i of one is taken for row i of the other, and the draw is made only after
    every row agreed in subject and in right answer.
    """

    version: ClassVar[int] = 3  # until then intervals took questions on one subject for independent
    description: ClassVar[str] = "MMLU questions translated, against MMMLU (Hala's Table 2)"

    data: DatasetRef = "cais/mmlu:all"
    references_from: DatasetRef = "openai/MMMLU:AR_XY"
    split: str = "test"
    n: int | None = Field(500, ge=1, description="questions, drawn without replacement; null: all")

    def needed_columns(self) -> dict[str, list[str]]:
        return {self.data: SOURCE_COLUMNS, self.references_from: REFERENCE_COLUMNS}

    def required_datasets(self) -> list[RequiredDataset]:
        return [
            RequiredDataset("cais/mmlu", ("all",), self.split, _stand_in_source),
            RequiredDataset("openai/MMMLU", ("AR_XY",), self.split, _stand_in_reference),
        ]

    def run(self, job: Job) -> None:
        origin, sources = input_rows(job, self.data, SOURCE_COLUMNS, self.split)
        reference, references = input_rows(job, self.references_from, REFERENCE_COLUMNS, self.split)
        assert_aligned(sources, references, f"{self.data} and {self.references_from}")
        segments = [
            {
                "index": i,
                "subject": sources[i]["subject"],
                "cluster": sources[i]["subject"],
                "source": sources[i]["question"],
                "reference": references[i]["Question"],
            }
            for i in self.chosen(len(sources))
        ]
        protocol = {
            "data": [self.data, self.references_from],
            "revisions": {origin.dataset: origin.revision, reference.dataset: reference.revision},
            "split": self.split,
            "alignment": f"row order; all {len(sources)} rows agree in subject and answer",
        }
        self.translate_and_report(job, segments, reference.about(), protocol)


def assert_aligned(sources: Sequence[dict[str, Any]], references: Sequence[dict[str, Any]], where: str) -> None:
    """Every row of MMLU (question, subject, answer as an index) is the same row of MMMLU (…, Answer as a letter).

    Raises:
        FactoryError: the counts differ, or a row differs in subject or answer.
    """
    fix = "pin both to the revisions that were made from the same test set"
    if len(sources) != len(references):
        raise FactoryError(f"{len(sources)} questions, {len(references)} translations", where=where, fix=fix)
    wrong = [i for i, pair in enumerate(zip(sources, references, strict=True)) if not _same_item(*pair)]
    if wrong:
        i = wrong[0]
        ours, theirs = sources[i], references[i]
        raise FactoryError(
            f"{len(wrong)} of {len(sources)} rows are not the same question; the first is row {i}: "
            f"{ours['subject']}, answer {ours['answer']}, against {theirs['Subject']}, answer {theirs['Answer']}",
            where=where,
            fix=fix,
        )


def _same_item(source: dict[str, Any], reference: dict[str, Any]) -> bool:
    subjects = [str(name).strip().lower().replace(" ", "_") for name in (source["subject"], reference["Subject"])]
    return subjects[0] == subjects[1] and LETTERS[int(source["answer"])] == str(reference["Answer"]).strip().upper()


def _stand_in_source(i: int) -> dict[str, Any]:
    return {
        "question": f"What is {i} plus {i}?",
        "subject": "elementary_mathematics",
        "choices": [str(2 * i + k) for k in range(4)],
        "answer": i % 4,
    }


def _stand_in_reference(i: int) -> dict[str, Any]:
    options = {letter: str(2 * i + k) for k, letter in enumerate(LETTERS)}
    subject, answer = "elementary_mathematics", LETTERS[i % 4]
    return {"Unnamed: 0": i, "Question": f"ما مجموع {i} و{i}؟", **options, "Answer": answer, "Subject": subject}
