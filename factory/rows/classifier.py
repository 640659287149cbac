"""A sequence classifier that reads whole texts: in windows where they are longer than it takes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, first_line
from factory.profile import Profile

AT_ONCE = 32  # windows in a batch
LONGEST = 512  # tokens in a window where the tokenizer names no limit


class Classifier:
    """Probabilities of a text's labels, in float32: softmax, or sigmoid where the model says ``multi_label``."""

    def __init__(self, folder: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        """
        Raises:
            FactoryError: the folder holds no classifier.
        """
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
            model, info = AutoModelForSequenceClassification.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=trust_remote_code,
                output_loading_info=True,
            )
        except (OSError, ValueError, KeyError) as error:
            raise FactoryError(f"cannot load the classifier: {first_line(error)}", where=str(folder)) from error
        if missing := sorted(info["missing_keys"]):
            raise FactoryError(
                f"the model has no weights for {missing[0]}: it was not trained to classify",
                where=str(folder),
                fix="name a classifier, or give a `prompt` for a model that writes its verdict",
            )
        self._model: Any = model.to(profile.torch_device()).eval()
        self.labels = [str(model.config.id2label[i]) for i in range(model.config.num_labels)]
        self._many = model.config.problem_type == "multi_label_classification" or len(self.labels) == 1
        longest = [self._tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None)]
        self._longest = min(size for size in [*longest, 100_000] if size)
        self._longest = LONGEST if self._longest == 100_000 else self._longest

    def score(
        self, texts: Sequence[str], labels: Sequence[str], done: Callable[[float], None] = lambda share: None
    ) -> list[float]:
        """For each text the probability that one of `labels` fits it: of its worst window."""
        import torch

        wanted = [self.labels.index(label) for label in labels]
        unique = sorted(set(texts), key=lambda text: (-len(text), text))
        known: dict[str, float] = {}
        for start in range(0, len(unique), AT_ONCE):
            some = unique[start : start + AT_ONCE]
            found = self._tokenizer(
                some, truncation=True, max_length=self._longest, return_overflowing_tokens=True, padding=False
            )
            owners = found.pop("overflow_to_sample_mapping", list(range(len(some))))
            windows = [{name: found[name][i] for name in found} for i in range(len(owners))]
            for first in range(0, len(windows), AT_ONCE):
                batch = self._tokenizer.pad(windows[first : first + AT_ONCE], return_tensors="pt")
                with torch.inference_mode():
                    logits = self._model(**batch.to(self._model.device)).logits.float().cpu()
                scores = logits.sigmoid()[:, wanted].amax(1) if self._many else logits.softmax(1)[:, wanted].sum(1)
                for owner, score in zip(owners[first : first + AT_ONCE], scores.tolist(), strict=True):
                    known[some[owner]] = max(known.get(some[owner], 0.0), score)
            done(min(1.0, (start + AT_ONCE) / len(unique)))
        return [known[text] for text in texts]
