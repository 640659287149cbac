"""NumPy and PyArrow, imported when something of them is first used: a plan and `--help` go without them.

`np`, `pa` and `pq` stand for the modules; the names of types are for annotations.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["Array", "ChunkedArray", "DataType", "RecordBatch", "Schema", "Table", "ndarray", "np", "pa", "pq"]


@dataclass
class Later:
    """A module that is not imported before something of it is needed."""

    _name: str

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(import_module(self._name), attribute)
        setattr(self, attribute, found)  # so that this is asked once
        return found


if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy import ndarray
    from pyarrow import Array, ChunkedArray, DataType, RecordBatch, Schema, Table
else:
    np, pa, pq = Later("numpy"), Later("pyarrow"), Later("pyarrow.parquet")
    Array = ChunkedArray = DataType = RecordBatch = Schema = Table = ndarray = Any
