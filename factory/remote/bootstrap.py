"""The first thing that runs in a job, before the factory is there: unpack it and become `factory publish`.

Sent as text; needs the standard library and huggingface_hub alone. FACTORY_JOB holds {repo, path, revision, recipe,
arguments} as JSON.
"""

import json
import os
import sys
import tarfile
from pathlib import Path


def main() -> None:
    from huggingface_hub import hf_hub_download

    order = json.loads(os.environ["FACTORY_JOB"])
    archive = hf_hub_download(order["repo"], order["path"], repo_type="dataset", revision=order["revision"])
    work = Path.cwd() / "factory-job"
    with tarfile.open(archive) as bundle:
        bundle.extractall(work, filter="data")
    os.chdir(work / "recipe")
    search = [str(work), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(search)}
    command = [sys.executable, "-m", "factory", "publish", order["recipe"], "--store", str(work / "store")]
    sys.stdout.flush()
    os.execve(sys.executable, [*command, *order["arguments"]], environment)  # signals reach the publish itself


if __name__ == "__main__":
    main()
