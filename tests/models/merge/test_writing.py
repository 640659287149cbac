import json

import pytest

from factory.models.merge.reading import Mapped
from factory.models.merge.writing import Planned, Writer, shards


def planned(**sizes):
    return [Planned(name, "F32", (size,), 4 * size) for name, size in sizes.items()]


def test_shards_are_filled_in_order_and_a_large_tensor_has_one_to_itself():
    files = shards(planned(a=2, b=2, c=9, d=1), limit=16)
    assert [[tensor.name for tensor in file] for file in files] == [["a", "b"], ["c"], ["d"]]


def test_what_is_written_is_read_again(tmp_path):
    import torch
    from safetensors.torch import load_file

    values = {name: torch.randn(size) for name, size in (("a", 3), ("b", 5), ("c", 0), ("d", 4))}
    writer = Writer(tmp_path, planned(a=3, b=5, c=0, d=4), limit=32)
    for tensor in values.values():
        for piece in tensor.split(2):
            writer.write(piece)
    writer.close()
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 48 and set(index["weight_map"]) == set(values)
    for name, file in index["weight_map"].items():
        assert load_file(tmp_path / file)[name].equal(values[name])
    with Mapped(tmp_path) as mapped:
        assert all(mapped.tensor(name).equal(values[name]) for name in values)


def test_a_tensor_that_is_not_given_whole_is_an_error(tmp_path):
    import torch

    writer = Writer(tmp_path, planned(a=4))
    writer.write(torch.ones(3))
    with pytest.raises(EOFError, match="4 bytes were not given"):
        writer.close()


def test_a_full_disk_is_an_error_and_nobody_waits(tmp_path):
    """Whoever gives pieces goes on until it is told: the queue does not fill."""
    import torch

    (tmp_path / "model.safetensors").symlink_to("/dev/full")
    writer = Writer(tmp_path, planned(a=400))
    with pytest.raises(OSError):
        for _ in range(400):
            writer.write(torch.ones(1))
        writer.close()
