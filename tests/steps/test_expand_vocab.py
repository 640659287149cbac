import json
import random

import pytest

from factory.errors import FactoryError
from factory.steps.expand_vocab import ExpandVocab
from factory.steps.init import Init
from tests.steps.model_toys import CONFIGS, answer, artifact, dataset, job, sentences, weights
from tests.tokenizer_kinds import llama_type

ARABIC = ["كتاب", "الكتاب", "مكتبة", "كاتب", "يكتب", "البيت", "بيت", "بيوت", "المدينة", "مدينة", "كبيرة", "شمس", "قمر"]
ENGLISH = ["the", "river", "runs", "north", "through", "old", "valleys", "and", "small", "houses", "near", "it", "red"]
KINDS = {"llama": "SentencePiece BPE", "qwen2": "byte-level BPE", "gemma2": "SentencePiece unigram"}


def rows(count, seed=0):
    rng = random.Random(seed)
    return [
        {"ar": " ".join(rng.choices(ARABIC, k=6)), "en": " ".join(rng.choices(ENGLISH, k=8)), "n": number}
        for number in range(count)
    ]


def sentencepiece(kind):
    """A Llama-2-type tokenizer (BPE with bytes) or a unigram one, trained on English."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    texts = [row["en"] for row in rows(300)]
    if kind == "SentencePiece unigram":
        made = Tokenizer(models.Unigram())
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        made.decoder = decoders.Metaspace()
        special = ["<pad>", "<eos>", "<bos>", "<unk>"]
        alphabet = sorted(set("".join(ARABIC)))  # without bytes, a letter that is not there is unknown
        trainer = trainers.UnigramTrainer(
            vocab_size=100, special_tokens=special, initial_alphabet=alphabet, unk_token="<unk>", show_progress=False
        )
        made.train_from_iterator(texts, trainer)
        return made, {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"}
    made = llama_type(texts, 409)
    return made, {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}


def make(folder, architecture, **config):
    """A model of that architecture with an English tokenizer of the kind under test."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    text = dataset(folder.parent / f"{folder.name}-text", [{"text": text} for text in sentences(50)])
    parameters = {"config": CONFIGS[architecture] | config, "dtype": "float32", "tokenizer_data": "text",
                  "vocab_size": 300}  # fmt: skip
    if architecture == "qwen2":
        Init.model_validate(parameters).run(job(folder, text=text))
        return artifact(folder)
    made, named = sentencepiece(KINDS[architecture])
    if not config.get("vocab_size"):
        parameters["config"] |= {"vocab_size": made.get_vocab_size()}
    Init.model_validate(parameters | {"config": parameters["config"] | {"vocab_size": 512}}).run(
        job(folder, text=text)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, **named)
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    tokenizer.save_pretrained(folder / "model")
    assert AutoTokenizer.from_pretrained(folder / "model").get_vocab() == made.get_vocab()
    return artifact(folder)


def expanded(tmp_path, source, name="expanded", **options):
    data = dataset(tmp_path / f"{name}-data", rows(400))
    work = job(tmp_path / name, source, data=data)
    work.language = {"source": "en", "target": "ar"}
    ExpandVocab.model_validate({"data": "data", "text": ["ar", "en"], "size": 60, **options}).run(work)
    return work


@pytest.mark.parametrize("architecture", KINDS)
def test_arabic_is_shorter_english_and_old_ids_are_the_same(tmp_path, architecture):
    from transformers import AutoTokenizer

    source = make(tmp_path / "base", architecture)
    work = expanded(tmp_path, source)
    old, new = (AutoTokenizer.from_pretrained(folder) for folder in (source.model, work.out / "model"))
    assert work.metrics["tokenizer"] == KINDS[architecture]
    report = work.metrics["fertility"]
    assert (
        report["ar"]["after"] < (0.8 if architecture == "gemma2" else 0.65) * report["ar"]["before"]
        and report["ar"]["texts"] == 40
    )
    assert report["others"]["after"] == report["others"]["before"]
    assert old.get_vocab().items() <= new.get_vocab().items()
    assert len(new) == len(old) + work.metrics["added"] == work.metrics["vocab_size"]
    for text in (*(row["en"] for row in rows(50, seed=9)), "Déjà vu\n\n  x = {1: 'ß'} 你好 😀", ""):
        assert new(text)["input_ids"] == old(text)["input_ids"]
    for row in rows(50, seed=9):
        assert new.decode(new(row["ar"])["input_ids"], skip_special_tokens=True).strip() == row["ar"]
    assert new.all_special_ids == old.all_special_ids and new.chat_template == old.chat_template
    assert isinstance(answer(work.out / "model", "بيت كبيرة"), str)


@pytest.mark.parametrize("tied", [True, False])
def test_new_rows_are_the_means_of_the_old_pieces(tmp_path, tied):
    import torch
    from tokenizers import Tokenizer

    source = make(tmp_path / "base", "qwen2", tie_word_embeddings=tied)
    work = expanded(tmp_path, source)
    before, after = weights(source.model), weights(work.out / "model")
    tokenizer = Tokenizer.from_file(str(source.model / "tokenizer.json"))
    new = Tokenizer.from_file(str(work.out / "model" / "tokenizer.json"))
    first, size = tokenizer.get_vocab_size(), work.metrics["vocab_size"]
    names = ["model.embed_tokens.weight", *([] if tied else ["lm_head.weight"])]
    assert tied == ("lm_head.weight" not in after)
    for name in names:
        assert after[name][:first].equal(before[name][:first])
        for number in range(first, size):
            ids = [token.id for token in tokenizer.model.tokenize(new.id_to_token(number))]
            assert len(ids) > 1
            assert torch.allclose(after[name][number], before[name][ids].mean(0), atol=1e-6)
    others = before.keys() - set(names)
    assert all(after[name].equal(before[name]) for name in others)


def test_padded_rows_are_used_first_and_kept_padded(tmp_path):
    source = make(tmp_path / "base", "llama", vocab_size=512)  # about 410 pieces
    work = expanded(tmp_path, source, size=20)
    assert work.metrics["embedding_rows"] == {"before": 512, "after": 512}
    work = expanded(tmp_path, source, "padded", size=20, pad_to_multiple_of=64)
    assert json.loads((work.out / "model" / "config.json").read_text())["vocab_size"] == 512
    narrow = make(tmp_path / "narrow", "qwen2")
    work = expanded(tmp_path, narrow, "wide", pad_to_multiple_of=64)
    rows_after = work.metrics["embedding_rows"]["after"]
    assert rows_after % 64 == 0 and rows_after >= work.metrics["vocab_size"]
    assert json.loads((work.out / "model" / "config.json").read_text())["vocab_size"] == rows_after


def test_as_few_pieces_as_the_fertility_needs(tmp_path):
    source = make(tmp_path / "base", "llama")
    work = expanded(tmp_path, source, fertility=3.0)
    assert work.metrics["added"] < 60 and work.metrics["fertility"]["ar"]["after"] <= 3.0


def test_what_is_refused(tmp_path):
    source = make(tmp_path / "base", "qwen2")
    with pytest.raises(FactoryError, match="de is written in Latin letters"):
        expanded(tmp_path, source, "de", language="de")
    with pytest.raises(FactoryError, match="no column 'text'"):
        expanded(tmp_path, source, "column", text="text")
    with pytest.raises(FactoryError, match="gives no new pieces"):
        expanded(tmp_path, source, "none", text="en")
    (source.model / "tokenizer.json").unlink()
    with pytest.raises(FactoryError, match=r"no tokenizer: neither tokenizer\.json"):
        expanded(tmp_path, source, "slow")


def test_pieces_are_learnt_on_so_many_rows_drawn_at_random(tmp_path):
    from factory.steps.expand_vocab import _texts

    work = job(tmp_path / "out", data=dataset(tmp_path / "data", rows(200)))
    options = {"data": "data", "text": "ar", "language": "ar", "size": 10, "eval_rows": 15}
    held_out, others = _texts(work, ExpandVocab.model_validate(options))
    again, few = _texts(work, ExpandVocab.model_validate(options | {"rows": 30}))
    everything = [row["ar"] for row in rows(200)]
    assert again == held_out and len(held_out) == 15
    assert sorted([*held_out, *others()]) == sorted(everything)
    assert len(list(few())) == 30 and list(few()) == list(few())
    assert set(few()) <= set(others()) and list(few()) != list(others())[:30]
    all_rows = ExpandVocab.model_validate(options)
    assert "rows" not in all_rows.parameters() and all_rows.model_copy(update={"rows": 30}).parameters()["rows"] == 30
