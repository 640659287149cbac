"""The translation suite: what is asked of the model, what sacrebleu and rouge-score say of it, and resuming."""

from __future__ import annotations

import pytest
import sacrebleu

from factory.evaluate.overlap import ROUGE_REPORT, ROUGE_UNICODE, overlap_scores
from factory.evaluate.suites.translation import Translation
from factory.evaluate.translate import PROMPTS
from tests.support import chain_model

SOURCES = [f"The cat number {i} is on the {place}." for i, place in enumerate(["roof", "tree", "table", "wall"] * 3)]
TARGETS = [f"القطة رقم {i} على {place}." for i, place in enumerate(["السطح", "الشجرة", "الطاولة", "الجدار"] * 3)]
PAIRS = [{"en": s, "ar": t, "id": str(i)} for i, (s, t) in enumerate(zip(SOURCES, TARGETS, strict=True))]


def suite(**more) -> Translation:
    fields = {"models": ["m"], "data": "pairs", "source": "en", "reference": "ar", "max_new_tokens": 6}
    return Translation(**{**fields, **more})


def test_corpus_scores_equal_the_libraries():
    outputs = [t.replace("القطة", "قطة") if i % 2 else t for i, t in enumerate(TARGETS)]
    scores, segments, signatures, parts = overlap_scores(outputs, TARGETS)
    bleu, chrf = scores[:2]
    assert [parts[score.name].value for score in scores] == pytest.approx([score.value for score in scores])
    assert bleu.value == sacrebleu.corpus_bleu(outputs, [TARGETS]).score
    assert chrf.value == sacrebleu.corpus_chrf(outputs, [TARGETS], word_order=2).score
    assert signatures["bleu"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert "nc:6|nw:2" in signatures["chrf++"]
    assert len(segments) == len(TARGETS) and segments[0]["bleu"] == pytest.approx(100)
    assert segments[1]["bleu"] < 100

    ours = sacrebleu.metrics.BLEU().corpus_score(outputs, [TARGETS], n_bootstrap=1000)
    assert (bleu.high - bleu.low) / 2 == pytest.approx(ours._ci, rel=0.25)
    assert all(score.low <= score.value <= score.high for score in scores)


def test_rouge_default_tokenizer_sees_only_digits_and_latin():
    same = ["القطة على السطح", "الكلب 12"]
    _, _, report, unicode = overlap_scores(same, same)[0]
    assert (report.name, report.value) == (ROUGE_REPORT, 50.0)  # only the row with a digit has anything to compare
    assert (unicode.name, unicode.value) == (ROUGE_UNICODE, 100.0)


@pytest.mark.parametrize("which", ["llama", "lfm2"])
def test_the_models_own_output_is_scored(which, request, make_job, make_dataset):
    import pyarrow.parquet as pq

    model = request.getfixturevalue(which)
    job = make_job(model, {"pairs": make_dataset(PAIRS, "pairs")})
    suite().run(job)
    details = pq.read_table(job.out / "details.parquet").to_pylist()
    assert [d["source"] for d in details] == SOURCES and [d["reference"] for d in details] == TARGETS
    outputs = [d["output"] for d in details]
    assert len(set(outputs)) > 1
    scores = job.metrics["scores"]
    assert scores["bleu"]["value"] == sacrebleu.corpus_bleu(outputs, [TARGETS]).score
    assert job.metrics["headline"] == "bleu" and list(scores) == suite().score_names()
    assert scores["bleu"]["dataset"] == "pairs" and scores["bleu"]["n"] == 12
    protocol = job.metrics["protocol"]
    assert protocol["prompt"] == PROMPTS["plain"] and protocol["chat_template"] is (which == "llama")
    assert job.usage.requests == 12 and job.usage.completion_tokens > 0


def test_drawing_is_repeatable_and_the_seed_matters(make_job, make_dataset, llama):
    assert suite(n=5).chosen(100) == suite(n=5).chosen(100) != suite(n=5, seed=1).chosen(100)
    assert len(set(suite(n=5).chosen(100))) == 5 and suite(n=500).chosen(12) == list(range(12))


def test_an_interrupted_run_translates_only_the_rest(make_job, make_dataset, llama, monkeypatch):
    from factory.engines.transformers import TransformersEngine

    pairs = {"pairs": make_dataset(PAIRS, "pairs")}

    def job_in(out: str):
        job = make_job(llama, pairs, out=out)
        job.profile = job.profile.model_copy(update={"batch_size": 4})
        return job

    whole = job_in("whole")
    suite().run(whole)
    batch, seen = TransformersEngine._batch, []

    def dies_at_the_second(self, *arguments):
        seen.append(len(arguments[0]))
        if len(seen) == 2:
            raise KeyboardInterrupt
        return batch(self, *arguments)

    monkeypatch.setattr(TransformersEngine, "_batch", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        suite().run(job_in("out"))
    resumed = job_in("out")
    suite().run(resumed)
    assert sum(seen) == 12 + 4, "only the batch that was in flight is made again"
    assert resumed.metrics == whole.metrics and resumed.usage == whole.usage


def test_prompts_by_name_and_braces_in_the_text(llama):
    assert suite(prompt="specialised").prompt == PROMPTS["specialised"]
    request = suite(prompt="Say {text} {json}")._request("{x}", template=False)
    assert request.prompt == "Say {x} {json}"
    with pytest.raises(ValueError, match=r"no \{text\}"):
        suite(prompt="Translate!")
    chat = suite(system_prompt="Be brief.")._request("hi", template=True)
    assert chat.messages == (("system", "Be brief."), ("user", PROMPTS["plain"].replace("{text}", "hi")))


def test_reasoning_is_not_scored(make_job, make_dataset, tmp_path):
    import pyarrow.parquet as pq

    follow = {"?": "<think>", "<think>": "</think>", "</think>": "y", "y": "", "#": "y"}
    model = chain_model(tmp_path / "m", follow, words=["<think>", "</think>"])
    job = make_job(model, {"pairs": make_dataset([{"en": "One?", "ar": "y"}, {"en": "Two#", "ar": "y"}], "pairs")})
    suite(prompt="{text}").run(job)
    assert [row["output"] for row in pq.read_table(job.out / "details.parquet").to_pylist()] == ["y", "y"]
    assert "1 of 2 answers begin with reasoning, which is taken off" in job.notes
