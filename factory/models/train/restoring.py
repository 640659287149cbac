"""The weights of a checkpoint, under the names that they have in memory.

A saved model may call its weights otherwise than its modules are called (Qwen2-VL's ``visual.…`` is ``model.visual.…``
in memory). transformers' trainer writes checkpoints so, reads them by the modules' names and only logs what it does
not find: the model would go on with the weights that it had.
"""

from pathlib import Path
from typing import Any

from factory.errors import FactoryError

FILE = "model.safetensors"


def keep(model: Any, checkpoint: Path) -> None:
    """Write every weight of `model`, shared ones once."""
    from safetensors.torch import save_model

    checkpoint.mkdir(parents=True, exist_ok=True)
    save_model(model, str(checkpoint / FILE), metadata={"format": "pt"})


def restore(model: Any, checkpoint: Path) -> None:
    """Give `model` every weight of the checkpoint.

    Raises:
        FactoryError: the checkpoint lacks one, has one that the model does not know, or one of another shape.
    """
    from safetensors.torch import load_model

    try:
        missing, unknown = load_model(model, checkpoint / FILE, strict=False)
        wrong = [f"it lacks {name}" for name in missing] + [f"it has {name}" for name in unknown]
    except (RuntimeError, OSError) as error:  # of shapes, and of files
        wrong = [" ".join(str(error).split())[:200]]
    if wrong:
        fix = "remove it: training begins again"
        raise FactoryError(f"the checkpoint is not of this model: {wrong[0]}", where=str(checkpoint), fix=fix)
