"""The entry module of `accelerate launch`: one of several processes that train together, as a job file says.

The first process writes what happens as JSON lines on standard output: reports, then the outcome or the failure. All
end when standard input closes, for then the factory that started them is gone.
"""

import json
import os
import shutil
import sys
import threading
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any


def main(path: Path) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    out, sys.stdout = sys.stdout, sys.stderr  # libraries that print must not disturb the lines

    def send(event: dict[str, Any]) -> None:
        if os.environ.get("RANK", "0") == "0":
            out.write(json.dumps(event) + "\n")
            out.flush()

    with redirect_stdout(sys.stderr):
        _train(path.parent, json.loads(path.read_text(encoding="utf-8")), send)


def _train(folder: Path, description: dict[str, Any], send: Any) -> None:
    from datasets import load_from_disk

    from factory.errors import FactoryError
    from factory.models.train.distributed import MEASURED
    from factory.models.train.run import ONLY, TrainingRun, make_trainer, train
    from factory.profile import Profile
    from factory.step.surroundings import seeded
    from factory.store.disk import disk_error

    work = TrainingRun.model_validate(description["work"])
    profile = Profile.model_validate(description["profile"])
    names = description["held_out"]
    rows, *parts = [load_from_disk(str(folder / f"rows-{number}")) for number in range(1 + len(names))]
    named = dict(zip(names, parts, strict=True))
    held_out = named.get(ONLY, named) or None
    _know_numbered_cpus()
    try:
        with seeded(profile, work.arguments["seed"]):
            trainer = make_trainer(work, rows, held_out, send)
            outcome = train(work, trainer, measure=held_out is not None)
            _save(trainer, Path(description["trained"]), work, rows)
            if work.trainer == "dpo" and held_out is not None and trainer.args.should_save:
                trainer.eval_dataset.save_to_disk(str(folder / MEASURED))
            trainer.accelerator.wait_for_everyone()
            send({"outcome": asdict(outcome)})
    except FactoryError as error:
        send({"failed": str(error)})
        raise
    except Exception as error:
        if (told := disk_error(error, None, folder)) is not None:
            send({"failed": told.what, "fix": told.fix})
        elif isinstance(error, RuntimeError) and "out of memory" in str(error).lower():
            send({"failed": "out of GPU memory", "fix": "lower train_batch_size in the profile"})
        raise
    finally:
        import torch.distributed as distributed

        if distributed.is_initialized():
            distributed.destroy_process_group()


def _save(trainer: Any, folder: Path, work: Any, rows: Any) -> None:
    """The whole model in one folder, gathered where it was in shards; adapters are merged into it."""
    from factory.models.models import load_model, save_model

    plugin = getattr(trainer.accelerator.state, "fsdp_plugin", None)
    if plugin is not None:
        plugin.set_state_dict_type("FULL_STATE_DICT")
    adapter = folder.with_name(f"{folder.name}-adapter")  # apart: transformers loads adapters that lie in a model
    trainer.save_model(str(folder if work.lora is None else adapter))
    if work.lora is None or not trainer.args.should_save:
        return
    from peft import PeftModel

    from factory.models.train.exactness import merged, probe_of
    from factory.models.train.run import collator

    base = load_model(work.model, "float32", work.where, work.trust_remote_code)
    tuned = PeftModel.from_pretrained(base, str(adapter))
    save_model(merged(tuned, probe_of(rows, collator(work)), work.where), folder, "float32")
    shutil.rmtree(adapter)


def _know_numbered_cpus() -> None:
    """accelerate calls the processes' CPUs cpu:0 and so on, where checkpoints are loaded to; torch knows cpu only."""
    import torch

    torch.serialization.register_package(
        5, lambda storage: None, lambda storage, place: storage if place.startswith("cpu:") else None
    )


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
