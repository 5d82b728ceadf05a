"""Arrow arrays of types for which Arrow has few functions, as the usual ones that hold the same values."""

import pyarrow as pa


def usual_type(arrow_type: pa.DataType) -> pa.DataType:
    """The type whose arrays have all functions: no views of texts, no runs of equal values."""
    types = pa.types
    if types.is_string_view(arrow_type):
        return pa.large_string()
    if types.is_binary_view(arrow_type):
        return pa.large_binary()
    if types.is_run_end_encoded(arrow_type):
        return usual_type(arrow_type.value_type)
    if types.is_dictionary(arrow_type):
        values = usual_type(arrow_type.value_type)
        return arrow_type if values == arrow_type.value_type else pa.dictionary(arrow_type.index_type, values)
    return arrow_type


def usual(cells: pa.Array) -> pa.Array:
    """The same values in an array of such a type; polars writes texts and categories as views."""
    wanted = usual_type(cells.type)
    if wanted == cells.type:
        return cells
    if pa.types.is_run_end_encoded(cells.type):
        import pyarrow.compute as pc

        return usual(pc.run_end_decode(cells))
    if pa.types.is_dictionary(cells.type):
        return pa.DictionaryArray.from_arrays(cells.indices, cells.dictionary.cast(wanted.value_type))
    return cells.cast(wanted)
