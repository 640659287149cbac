"""tests/steps/kill_driver.py with the profile of WORK_FOLDER/profile.json."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import httpx  # noqa: F401  imported before the forks, as the others are

from factory.profile import Profile
from tests.steps import kill_driver
from tests.support import make_job

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    profile = Profile.model_validate_json((folder / "profile.json").read_text())
    kill_driver.make_job = partial(make_job, profile=profile)
    kill_driver.main(folder, int(sys.argv[2]), int(sys.argv[3]))
