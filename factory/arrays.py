"""NumPy and PyArrow, imported when something of them is first used: a plan and `--help` go without them.

`np`, `pa`, `pc` and `pq` stand for the modules; the names of types are for annotations.
"""

from typing import TYPE_CHECKING, Any

from factory.resources import Later

__all__ = [
    "Array",
    "ChunkedArray",
    "DataType",
    "RecordBatch",
    "Schema",
    "Table",
    "ndarray",
    "np",
    "pa",
    "pc",
    "pq",
]


if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy import ndarray
    from pyarrow import Array, ChunkedArray, DataType, RecordBatch, Schema, Table
else:
    np, pa, pq = Later("numpy"), Later("pyarrow"), Later("pyarrow.parquet")
    Array = ChunkedArray = DataType = RecordBatch = Schema = Table = ndarray = Any

pc: Any = Later("pyarrow.compute")  # its functions are made at import, so that type checkers do not know them
