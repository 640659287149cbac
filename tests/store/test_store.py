from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.store import Manifest, RowCounts, Store, differences, file_digest, fingerprint
from factory.store.writing import facts_of


def manifest(name: str, digest: str, created: str = "2026-01-01T00:00:00+00:00", *recipes: str) -> Manifest:
    return Manifest(
        name=name, kind="dataset", verb="x", fingerprint=digest, identity={}, created=created, recipes=list(recipes)
    )


def finish(store: Store, letter: str, day: int, *recipes: str) -> None:
    folder = store.folder("n", "01-x", letter * 64)
    store.partial(folder).mkdir(parents=True)
    store.finish(folder, manifest("n", letter * 64, f"2026-01-0{day}T00:00:00+00:00", *recipes))


def previous(store: Store, recipe: str) -> str:
    found = store.previous(store.folder("n", "01-x", "f" * 64), recipe)
    return found.fingerprint[0] if found else ""


def test_finishing_is_one_rename(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.folder("owner/name", "01-x", "a" * 64)
    partial = store.partial(folder)
    partial.mkdir(parents=True)
    (partial / "data").write_text("rows")
    assert Manifest.load(folder) is None

    store.finish(folder, manifest("n", "a" * 64))

    assert not partial.exists()
    assert Manifest.load(folder) == manifest("n", "a" * 64).model_copy(update={"files": facts_of(folder)})
    assert (folder / "data").read_text() == "rows"


def test_a_folder_without_a_manifest_is_not_done(tmp_path: Path) -> None:
    folder = Store(tmp_path).folder("a", "01-x", "b" * 64)
    folder.mkdir(parents=True)
    assert Manifest.load(folder) is None


def test_the_newest_of_the_recipes_own_is_the_one_to_compare_with(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for letter, day, recipes in (("a", 1, "mine"), ("b", 3, "mine"), ("c", 2, "mine"), ("d", 4, "other")):
        finish(store, letter, day, recipes)
    assert (previous(store, "mine"), previous(store, "other"), previous(store, "third")) == ("b", "d", "")


def test_what_says_nothing_of_recipes_may_be_ones_own_where_nothing_else_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    finish(store, "a", 1)
    finish(store, "b", 2)
    assert previous(store, "mine") == previous(store, "other") == "b"
    finish(store, "c", 1, "mine", "third")
    assert (previous(store, "mine"), previous(store, "third"), previous(store, "other")) == ("c", "c", "b")


def test_two_runs_are_kept_apart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.lock("recipe"), pytest.raises(FactoryError, match="another run of recipe"), store.lock("recipe"):
        pass
    with store.lock("recipe"):
        pass


def test_identity_does_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint({"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 1.5})


def test_differences_name_the_innermost_key() -> None:
    old = {"parameters": {"prompt": "a", "n": 1}, "source": "x", "gone": 1}
    new = {"parameters": {"prompt": "b", "n": 1, "seed": 0}, "source": "x"}
    assert differences(old, new) == ["parameters.prompt", "parameters.seed", "gone"]


def test_a_folder_digest_covers_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = file_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = file_digest(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, second, file_digest(tmp_path)}) == 3


@pytest.mark.parametrize(("kept", "balanced"), [(3, True), (2, False)])
def test_rows_must_add_up(kept: int, balanced: bool) -> None:
    assert RowCounts(**{"in": 6}, kept=kept, rejected=2, failed=1).balanced is balanced
