"""NPY and NPZ: matrices, records, byte orders, memory orders, lengths that differ, pickles."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.wild.case import Case, Writer, roles

TRUE = [3.0, -0.5, 2.0, 7.0]
PRED = [2.5, 0.0, 2.0, 8.0]


def _npy(array: npt.NDArray[np.generic], allow_pickle: bool = False) -> Writer:
    def write(path: Path) -> None:
        with path.open("wb") as stream:
            np.save(stream, array, allow_pickle=allow_pickle)

    return write


def _npz(*, compressed: bool = False, **arrays: npt.NDArray[np.generic]) -> Writer:
    def write(path: Path) -> None:
        with path.open("wb") as stream:
            if compressed:
                np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
            else:
                np.savez(stream, **arrays)  # type: ignore[arg-type]

    return write


RECORDS = np.array(
    [(b"a", 3.0, 2.5), (b"b", -0.5, 0.0), (b"c", 2.0, 2.0)],
    dtype=[("name", "S1"), ("y_true", "<f4"), ("y_pred", "<f8")],
)

BINARIES: dict[str, Writer] = {
    "matrix.npy": _npy(np.column_stack([np.arange(4.0), TRUE, PRED])),
    "matrix_big_endian_fortran.npy": _npy(np.asfortranarray(np.column_stack([TRUE, PRED]).astype(">f8"))),
    "matrix_integers.npy": _npy(np.array([[127, -128], [-128, 127]], dtype=np.int8)),
    "matrix_nan.npy": _npy(np.array([[1.0, 1.5], [np.nan, 2.0], [4.0, 3.0]])),
    "records.npy": _npy(RECORDS),
    "complex.npy": _npy(np.array([[1 + 2j, 3 - 1j]])),
    "pickled.npy": _npy(np.array([[1.0, 1.5], [2.0, 2.5]], dtype=object), allow_pickle=True),
    "arrays.npz": _npz(y_true=np.array(TRUE), y_pred=np.array(PRED), classes=np.array(["a", "b"])),
    "arrays_compressed.npz": _npz(compressed=True, y_true=np.array(TRUE), y_pred=np.array(PRED)),
    "arrays_outputs.npz": _npz(y_true=np.array([[1.0, 2.0], [3.0, 4.0]]), y_pred=np.array([[1.5, 2.0], [3.0, 5.0]])),
    "arrays_keras.npz": _npz(y_true=np.array(TRUE), y_pred=np.array(PRED).reshape(4, 1)),
    "arrays_lengths.npz": _npz(y_true=np.array(TRUE), y_pred=np.array(PRED[:3])),
    "arrays_pickled_extra.npz": _npz(
        y_true=np.array(TRUE), y_pred=np.array(PRED), config=np.array({"lr": 0.1}, dtype=object)
    ),
    "arrays_pickled_used.npz": _npz(y_true=np.array(TRUE), y_pred=np.array(PRED, dtype=object)),
}

BOTH = roles("y_true", "y_pred")
MSE = 0.375

CASES = [
    Case(
        id="npy-matrix",
        why="A matrix has no names, so its columns go by number, from 1.",
        line="compute matrix.npy --loss mse --target 2 --pred 3",
        value=MSE,
        columns=roles("2", "3"),
        rows=4,
    ),
    Case(
        id="npy-matrix-no-roles",
        why="Which column is the truth is not guessed from the order.",
        line="compute matrix.npy --loss mse",
        code=2,
        stderr_has=("--target", "--pred"),
    ),
    Case(
        id="npy-matrix-column-4",
        why="A number past the last column is a column that is not there.",
        line="compute matrix.npy --loss mse --target 2 --pred 4",
        code=2,
        stderr_has=("4",),
    ),
    Case(
        id="npy-big-endian-fortran",
        why="A matrix from Fortran lies column by column, with the bytes of another machine.",
        line="compute matrix_big_endian_fortran.npy --loss mse -t 1 -p 2",
        value=MSE,
        columns=roles("1", "2"),
        rows=4,
    ),
    Case(
        id="npy-integers",
        why="-128 minus 127 does not fit into a byte.",
        line="compute matrix_integers.npy --loss mae -t 1 -p 2",
        value=255.0,
        columns=roles("1", "2"),
        rows=2,
    ),
    Case(
        id="npy-nan",
        why="NaN in an array is a missing value.",
        line="compute matrix_nan.npy --loss mae -t 1 -p 2",
        code=3,
        rows_named=(2,),
        stderr_has=("--missing",),
    ),
    Case(
        id="npy-nan-skipped",
        why="With leave the row is left out and counted.",
        line="compute matrix_nan.npy --loss mae -t 1 -p 2 --missing skip",
        value=(0.5 + 1) / 2,
        columns=roles("1", "2"),
        rows=3,
        used=2,
        skipped={"missing": 1},
    ),
    Case(
        id="npy-records",
        why="A structured array has names, and fields of several types side by side in each record.",
        line="compute records.npy --loss mae",
        value=(0.5 + 0.5 + 0) / 3,
        columns=BOTH,
        rows=3,
    ),
    Case(
        id="npy-complex",
        why="A complex number is no real one, and its imaginary part is not dropped.",
        line="compute complex.npy --loss mae -t 1 -p 2",
        code=3,
        stderr_has=("complex.npy", "complex"),
    ),
    Case(
        id="npy-pickle",
        why="An array of objects is a pickle, which may run code when it is loaded.",
        line="compute pickled.npy --loss mae -t 1 -p 2",
        code=3,
        stderr_has=("pickled.npy", "pickle"),
    ),
    Case(
        id="npz",
        why="Each array is a column; an array of another length that nobody needs does no harm.",
        line="compute arrays.npz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="npz-compressed",
        why="savez_compressed.",
        line="compute arrays_compressed.npz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="npz-outputs",
        why="An array of two dimensions is one column of several outputs.",
        line="compute arrays_outputs.npz --loss mae",
        value=((0.5 + 0) / 2 + (0 + 1) / 2) / 2,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="npz-keras-shape",
        why="predict returns (n, 1) beside targets of (n): paired row by row, never n by n.",
        line="compute arrays_keras.npz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="npz-lengths",
        why="Four truths and three predictions cannot be paired.",
        line="compute arrays_lengths.npz --loss mse -t y_true -p y_pred",
        code=3,
        stderr_has=("arrays_lengths.npz", "4", "3"),
    ),
    Case(
        id="npz-pickle-unused",
        why="A pickle among the arrays that nobody needs is left alone.",
        line="compute arrays_pickled_extra.npz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="npz-pickle-used",
        why="A pickle that is needed is refused.",
        line="compute arrays_pickled_used.npz --loss mse -t y_true -p y_pred",
        code=3,
        stderr_has=("arrays_pickled_used.npz", "pickle"),
    ),
]
