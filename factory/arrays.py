"""NumPy and PyArrow, imported when something of them is first used: a plan and `--help` go without them.

`np`, `pa` and `pq` stand for the modules; the names of types are for annotations.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["Array", "ChunkedArray", "DataType", "RecordBatch", "Schema", "Table", "ndarray", "np", "pa", "pq"]


@dataclass
class Later:
    """A module that is not imported before it is needed."""

    _name: str

    @cached_property
    def _module(self) -> ModuleType:
        return import_module(self._name)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._module, attribute)


if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy import ndarray
    from pyarrow import Array, ChunkedArray, DataType, RecordBatch, Schema, Table
else:
    np, pa, pq = Later("numpy"), Later("pyarrow"), Later("pyarrow.parquet")
    Array = ChunkedArray = DataType = RecordBatch = Schema = Table = ndarray = Any
