"""One run of a step in a process that a test may kill: kill_run.py WORK_FOLDER OUT, with the profile beside it.

Writes OUT.pid files of the engine processes it starts. For engines that cannot be forked.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from factory.profile import Profile
from tests.steps import kill_driver
from tests.support import make_job

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    profile = Profile.model_validate_json((folder / "profile.json").read_text())
    kill_driver.make_job = partial(make_job, profile=profile)
    code = kill_driver.work(folder, sys.argv[2])
    print(json.dumps({"code": code}))
    sys.exit(code)
