"""The weights of a checkpoint back into a model, by the names under which transformers saved them.

A saved model may call its weights otherwise than the modules are called (Qwen2-VL's ``visual.…`` is
``model.visual.…`` in memory). transformers' trainer loads a checkpoint by the modules' names and only logs what it
does not find, so that the model would go on with the weights that it had. `from_pretrained` knows both names.
"""

from pathlib import Path
from typing import Any

from factory.errors import FactoryError


def restore(model: Any, checkpoint: Path) -> None:
    """Give `model` every weight of the checkpoint.

    Raises:
        FactoryError: the checkpoint lacks one, or has one that the model does not know.
    """
    again, found = type(model).from_pretrained(
        checkpoint, dtype=model.dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    if lost := sorted([*found["missing_keys"], *found["unexpected_keys"]]):
        raise FactoryError(
            f"the checkpoint is not of this model: {lost[0]} and {len(lost) - 1} more weights",
            where=str(checkpoint),
            fix="remove the checkpoint: training begins again",
        )
    model.load_state_dict(again.state_dict())
