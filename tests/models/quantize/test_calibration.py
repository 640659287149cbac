import pytest

from factory.errors import FactoryError
from factory.models.models import load_tokenizer
from factory.models.quantize.calibration import calibration_data
from tests.steps.model_toys import chats, dataset, job, make_model, sentences


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(make_model(tmp_path_factory.mktemp("base") / "model").model)


def calibration(tmp_path, tokenizer, rows, columns=None, count=100, length=100):
    work = job(tmp_path / "small", data=dataset(tmp_path / "data", rows))
    return calibration_data(work, "data", columns, count, length, tokenizer)


def test_conversations_go_through_the_chat_template(tmp_path, tokenizer):
    rows = chats(5)
    found = calibration(tmp_path, tokenizer, rows)
    written = [tokenizer.apply_chat_template(row["messages"], tokenize=False) for row in rows]
    assert [tokenizer.decode(ids) for ids in found["input_ids"]] == written
    assert found["attention_mask"] == [[1] * len(ids) for ids in found["input_ids"]]


def test_plain_text_is_cut_and_drawn_from_all_over_the_data(tmp_path, tokenizer):
    texts = sentences(300)
    found = calibration(tmp_path, tokenizer, [{"text": text, "ar": "كبير"} for text in texts], count=20, length=3)
    assert len(found) == 20 and all(len(ids) == 3 for ids in found["input_ids"])
    assert found["input_ids"] != [tokenizer(text)["input_ids"][:3] for text in texts[:20]]
    again = calibration(tmp_path / "again", tokenizer, [{"text": text} for text in texts], count=20, length=3)
    assert again["input_ids"] == found["input_ids"]
    named = calibration(tmp_path / "named", tokenizer, [{"text": "the", "ar": "كبير"}], ["ar"])
    assert named["input_ids"] == [tokenizer("كبير")["input_ids"]]


def test_rows_without_text_are_left_out(tmp_path, tokenizer):
    found = calibration(tmp_path, tokenizer, [{"text": "the cat"}, {"text": None}, {"text": ""}])
    assert len(found) == 1
    with pytest.raises(FactoryError, match="no text to calibrate on in data"):
        calibration(tmp_path / "none", tokenizer, [{"text": ""}])


def test_columns_that_do_not_fit(tmp_path, tokenizer):
    with pytest.raises(FactoryError, match=r"no column 'de' in data .valid: ar"):
        calibration(tmp_path, tokenizer, [{"ar": "x"}], ["de"])
    with pytest.raises(FactoryError, match=r"neither conversations nor a column text .columns: it has ar"):
        calibration(tmp_path / "b", tokenizer, [{"ar": "x"}])
    strange = {"messages": [{"role": "narrator", "content": "x"}]}
    assert len(calibration(tmp_path / "c", tokenizer, [strange, *chats(2)])) == 2
    with pytest.raises(FactoryError, match="no text to calibrate on in data"):
        calibration(tmp_path / "e", tokenizer, [strange])
    tokenizer.chat_template, kept = None, tokenizer.chat_template
    try:
        with pytest.raises(FactoryError, match="no chat template for conversations"):
            calibration(tmp_path / "d", tokenizer, chats(2))
    finally:
        tokenizer.chat_template = kept
