"""What became of the texts that `translate` needed: from its totals over the shards, whether all are done or not."""

from collections.abc import Mapping
from typing import Any


def summary(totals: Mapping[str, float]) -> dict[str, Any]:
    """Counts for the manifest, the card and the status: texts needed, generated, reused; by rung; faults of the rest.

    `needed` counts every place in which a text stands, `units` and `faults` every text once.

    >>> found = summary({"needed": 4, "generated": 2, "from_memory": 2, "by first": 1, "by retry": 1})
    >>> found["saved_share"], found["units"]
    (0.5, {'first': 1, 'retry': 1})
    """
    counts = {name: int(value) for name, value in totals.items()}
    needed, step, memory = (counts.get(name, 0) for name in ("needed", "from_step", "from_memory"))
    tokens, saved = counts.get("needed_tokens", 0), counts.get("saved_tokens", 0)
    return {
        "needed": needed,
        "generated": counts.get("generated", 0),
        "reused": {"step": step, "memory": memory},
        "copied": counts.get("copied", 0),
        "saved_share": round((step + memory) / needed, 4) if needed else 0.0,
        "saved_tokens": saved,
        "saved_token_share": round(saved / tokens, 4) if tokens else 0.0,
        **({"reasoned": counts["reasoned"]} if counts.get("reasoned") else {}),
        "units": _of("by ", counts),
        "faults": _of("fault ", counts),
    }


def _of(prefix: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}
