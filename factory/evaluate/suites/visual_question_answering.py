"""Questions about pictures with one right answer each: exact match, and how many characters are right."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from factory.engines import Request
from factory.evaluate.base import Suite, asked, input_rows, report, versions
from factory.evaluate.generating import generate_all
from factory.evaluate.samples import Part, Samples
from factory.evaluate.score import bootstrap, share
from factory.step.base import DatasetRef, Prompt
from factory.step.job import Job
from factory.store.pictures import Picture
from factory.text.arabic import normalize

EXACT, CHARACTERS = "exact match", "characters"
METRICS = {
    EXACT: "same text without case, punctuation and variants of Arabic spelling",
    CHARACTERS: "100 x (1 - edits / characters of the right answer), no less than 0, mean over rows",
}


class VisualQuestionAnswering(Suite):
    """Greedy answers to questions about pictures, compared with the right ones.

    Columns in: `image` (one picture or a list of several), `question`, `answer`, and where there is one `subject`.
    Scores: ``exact match`` (headline), ``characters``, and ``<subject>``, exact match of the rows of each. A row that
    cannot be asked (no picture, one that cannot be decoded, a refused request) is wrong, and counted.
    """

    description: ClassVar[str] = "exact match of answers to questions about pictures"
    shows_pictures: ClassVar[bool] = True

    data: DatasetRef
    image: str = Field("image", description="column with the picture or pictures")
    question: str = Field("question", description="column with the question")
    answer: str = Field("answer", description="column with the right answer")
    subject: str | None = Field(None, description="column whose values get scores of their own")
    split: str | None = Field(None, description="default: the split that the ref names")
    system_prompt: Prompt | None = None
    max_new_tokens: int = Field(64, ge=1)

    def columns(self) -> list[str]:
        return [name for name in (self.image, self.question, self.answer, self.subject) if name]

    def generators(self) -> tuple[str, ...]:
        return ("models",)

    def needed_columns(self) -> dict[str, list[str]]:
        return {self.data: self.columns()}

    def score_names(self) -> list[str] | None:
        return None if self.subject else [EXACT, CHARACTERS]

    def run(self, job: Job) -> None:
        origin, rows = input_rows(job, self.data, self.columns(), self.split)
        requests = [self._request(row) for row in rows]
        asked = [number for number, request in enumerate(requests) if request is not None]
        answers = generate_all(job, [requests[number] for number in asked], "ask", pictures=True)  # type: ignore[misc]
        made = dict(zip(asked, answers, strict=True))
        details = [self._detail(row, made.get(number)) for number, row in enumerate(rows)]
        if failed := [entry["failure"] for entry in details if entry["failure"]]:
            job.notes.append(f"{len(failed)} of {len(rows)} rows could not be asked and are wrong: {failed[0]}")
        cut = sum(entry["finish_reason"] == "length" for entry in details)
        about = {"task": job.name, **origin.about()}
        samples = self._samples(details)
        report(
            job,
            EXACT,
            [
                bootstrap(name, part, **about, metric=METRICS[CHARACTERS])
                if name == CHARACTERS
                else share(name, part, **about, metric=METRICS[EXACT])
                for name, part in samples.parts.items()
            ],
            samples,
            {
                "suite": self.verb,
                "metrics": METRICS,
                "system_prompt": self.system_prompt,
                "few_shot": 0,
                "chat_template": True,
                "pictures": "as they are stored, before the question",
                "decoding": f"greedy, at most {self.max_new_tokens} new tokens",
                "cut_short": cut,
                "n": len(rows),
                "failed": len(failed),
                "engine": " and ".join(sorted({answer["engine"] for answer in answers})),
                "dtype": job.profile.torch_dtype(),
                "versions": versions("transformers", "torch", "pillow", "rapidfuzz"),
                "data": self.data,
                "split": origin.split,
            },
            details,
        )

    def _request(self, row: Mapping[str, Any]) -> Request | None:
        """What is asked of a row; None where a picture is not there."""
        value = row[self.image]
        found = [Picture(**(item or {"bytes": None, "path": None})) for item in _listed(value)]
        images = [picture.bytes for picture in found if picture.bytes]
        if not images or len(images) < len(found):
            return None
        text = str(row[self.question] or "")
        return Request.chat(text, system=self.system_prompt, images=images, max_new_tokens=self.max_new_tokens)

    def _detail(self, row: Mapping[str, Any], made: Mapping[str, Any] | None) -> dict[str, Any]:
        """The row without its pictures, what was answered, and how right that is."""
        failure = (made["detail"] or None) if made else "the row has no picture"
        output = made["text"] if made and not failure else ""
        right = str(row[self.answer] or "")
        return {
            "question": row[self.question],
            "answer": right,
            "subject": str(row[self.subject]) if self.subject else None,
            "output": output,
            "finish_reason": made["finish_reason"] if made else None,
            "failure": failure,
            EXACT: failure is None and normalize(output) == normalize(right),
            CHARACTERS: 0.0 if failure else characters(output, right),
        }

    def _samples(self, details: list[dict[str, Any]]) -> Samples:
        """Of both scores, and of exact match in every subject. Subjects are drawn whole."""

        def part(entries: list[dict[str, Any]], measure: str, subjects: bool) -> Part:
            return Part.of_values(
                [asked(entry["question"], entry["answer"]) for entry in entries],
                [entry[measure] * (100.0 if measure == EXACT else 1.0) for entry in entries],
                [entry["subject"] for entry in entries] if subjects else None,
            )

        parts = {measure: part(details, measure, bool(self.subject)) for measure in METRICS}
        for name in dict.fromkeys(entry["subject"] for entry in details if entry["subject"]):
            own = [entry for entry in details if entry["subject"] == name]
            parts[f"{name} (subject)" if name in METRICS else name] = part(own, EXACT, False)
        return Samples.pooled(parts)


def characters(output: str, right: str) -> float:
    """Share of characters that are right, 0 to 100: 1 - edits / characters of the right answer, no less than 0.

    Edits are Levenshtein's, over texts without the differences that `normalize` takes away.

    >>> characters("القطه", "القطة"), characters("قط", "قطار"), characters("", "قط")
    (100.0, 50.0, 0.0)
    """
    from rapidfuzz.distance import Levenshtein

    output, right = normalize(output), normalize(right)
    if not right:
        return 100.0 * (not output)
    return 100.0 * max(0.0, 1 - Levenshtein.distance(output, right) / len(right))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
