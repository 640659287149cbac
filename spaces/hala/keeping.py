"""What visitors leave here: files in one folder, pushed to a dataset of the Hub where one is named."""

from __future__ import annotations

import os
import shutil
import threading
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = Path(os.environ.get("SPACE_VOTES_FOLDER") or ("/data/votes" if Path("/data").is_dir() else "votes"))
"""A Space's persistent storage where it has one."""
REPO = os.environ.get("SPACE_VOTES_REPO")
"""A dataset that the files are pushed to, every five minutes, with the Space's token."""


class Keeping:
    """A folder whose files are written under its `lock`."""

    def __init__(self, folder: Path = FOLDER, repo: str | None = REPO) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.scheduler = _scheduler(folder, repo) if repo and os.environ.get("HF_TOKEN") else None
        self.lock: Any = self.scheduler.lock if self.scheduler else threading.Lock()


@cache
def here() -> Keeping:
    """The folder of this Space."""
    return Keeping()


def _scheduler(folder: Path, repo: str) -> Any:
    from huggingface_hub import CommitScheduler

    class Whole(CommitScheduler):
        """Pushes each file as it is at one moment: its own way is for files that only grow."""

        def push_to_hub(self) -> Any:
            with TemporaryDirectory() as copy:
                with self.lock:
                    shutil.copytree(self.folder_path, copy, dirs_exist_ok=True)
                return self.api.upload_folder(repo_id=self.repo_id, repo_type=self.repo_type, folder_path=copy)

    return Whole(repo_id=repo, repo_type="dataset", folder_path=folder, private=True)
