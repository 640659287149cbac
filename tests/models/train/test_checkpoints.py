from factory.models.train.checkpoints import last_complete, seal


def write(folder, step):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    return path


def test_only_sealed_checkpoints_count_and_torn_ones_go(tmp_path):
    assert last_complete(tmp_path) is None
    seal(write(tmp_path, 90))
    torn = write(tmp_path, 100)
    assert last_complete(tmp_path) == tmp_path / "checkpoint-90"
    assert not torn.exists()


def test_the_older_one_goes_once_the_newer_is_sealed(tmp_path):
    older, newer = write(tmp_path, 9), write(tmp_path, 10)
    seal(older)
    assert older.exists() and newer.exists()
    seal(newer)
    assert not older.exists()
    assert last_complete(tmp_path) == newer


def test_the_best_one_is_kept_beside_the_newest(tmp_path):
    best, between, newest = (write(tmp_path, step) for step in (10, 20, 30))
    for path in (best, between, newest):
        seal(path, keep=best)
    assert best.exists() and newest.exists() and not between.exists()
    assert last_complete(tmp_path) == newest
