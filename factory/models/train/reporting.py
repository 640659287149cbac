"""Where a run's losses can be watched besides the terminal: trackio, where the profile asks for it."""

import importlib.util
from typing import Any

from factory.errors import FactoryError
from factory.step.job import Job


def report_arguments(job: Job) -> dict[str, Any]:
    """The trainer's arguments on reporting: one trackio project, a run for each step and fingerprint.

    A resumed step goes on in its own run, a changed one is another.

    trackio keeps its runs on this machine (``TRACKIO_DIR``, else the Hugging Face cache) and `trackio show` serves
    them.

    Raises:
        FactoryError: trackio is asked for and not installed.
    """
    if job.profile.report_to == "none":
        return {"report_to": "none"}
    if importlib.util.find_spec("trackio") is None:
        raise FactoryError(
            "the profile reports to trackio, which is not installed",
            where=job.where,
            fix="pip install 'hf-factory[trackio]', or take report_to out of the profile",
        )
    name = f"{job.name.split('/')[0]}-{job.out.name.removesuffix('.partial')}"
    return {"report_to": "trackio", "project": "factory", "run_name": name}
