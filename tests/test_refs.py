import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.refs import NAME, HubRef, SplitSlice, is_hub_ref, is_local

names = st.from_regex(rf"\A{NAME}\Z", fullmatch=True)


@given(owner=names, name=names, config=st.none() | names, revision=st.none() | names)
def test_a_ref_is_what_its_text_says(owner: str, name: str, config: str | None, revision: str | None) -> None:
    ref = HubRef(f"{owner}/{name}", config, revision)
    assert HubRef.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["name", "a/b/c", "a/", "/b", "a/b@", "a/b:", "a b/c", "../x"])
def test_what_is_no_ref_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a Hub ref"):
        HubRef.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("train", ("train", 0, None)), ("train[:405000]", ("train", 0, 405000)), ("test[10:20]", ("test", 10, 20))],
)
def test_splits(text: str, expected: tuple[str, int, int | None]) -> None:
    split = SplitSlice.parse(text)
    assert (split.name, split.start, split.stop) == expected


def test_a_percentage_is_no_split() -> None:
    with pytest.raises(ValueError, match="not a split"):
        SplitSlice.parse("train[:10%]")


def test_local_paths_are_not_hub_refs() -> None:
    assert is_local("./data/x.jsonl")
    assert is_local("/data/x.jsonl")
    assert not is_hub_ref("../data/x.jsonl")
    assert is_hub_ref("owner/name")
    assert not is_hub_ref("artifact")
