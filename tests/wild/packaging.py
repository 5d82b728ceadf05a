"""Encodings and compression, names that lie about the content, names of files, standard input."""

import bz2
import gzip
from pathlib import Path

import pyarrow as pa

from tests.wild.case import Case, Writer, roles, text
from tests.wild.layout import MAE, MSE, PAIRS

HALVES = (text(*PAIRS[:3]), text(*PAIRS[3:]))
WHOLE = text(*PAIRS)

TEXTS = {
    "bom_quoted_header.csv": b"\xef\xbb\xbf" + text('"y_true","y_pred"', *PAIRS[1:], eol="\r\n"),
    "utf16_excel.csv": b"\xff\xfe" + text("y_true\ty_pred", "3.0\t2.5", "-0.5\t0.0", eol="\r\n", encoding="utf-16-le"),
    "utf16_big_endian.csv": b"\xfe\xff" + text(*PAIRS, encoding="utf-16-be"),
    "latin1_header.csv": text("größe,y_true,y_pred", "1,3.0,2.5", "2,-0.5,0.0", encoding="latin-1"),
    "latin1_cells.csv": text("name,y_true,y_pred", "José,3.0,2.5", "Zoë,-0.5,0.0", encoding="latin-1"),
    "predictions (1).csv": WHOLE,
    "preds [v2].csv": WHOLE,
    "preds 2.csv": text("y_true,y_pred", "1.0,100.0"),
    "csv_in_disguise.parquet": WHOLE,
}


def _gzip(*members: bytes) -> bytes:
    return b"".join(gzip.compress(member, mtime=0) for member in members)


def _bytes(data: bytes) -> Writer:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def _zstd(*frames: bytes) -> Writer:
    def write(path: Path) -> None:
        path.write_bytes(b"")
        for frame in frames:
            with path.open("ab") as raw, pa.output_stream(raw, compression="zstd") as stream:
                stream.write(frame)

    return write


BINARIES: dict[str, Writer] = {
    "pairs.csv.gz": _bytes(_gzip(WHOLE)),
    "pairs.csv.bz2": _bytes(bz2.compress(WHOLE)),
    "pairs.csv.zst": _zstd(WHOLE),
    "pairs.tsv.gz": _bytes(_gzip(WHOLE.replace(b",", b"\t"))),
    "members.csv.gz": _bytes(_gzip(*HALVES)),
    "blocks.csv.gz": _bytes(_gzip(*HALVES, b"")),
    "streams.csv.bz2": _bytes(b"".join(bz2.compress(half) for half in HALVES)),
    "frames.csv.zst": _zstd(*HALVES),
    "truncated.csv.gz": _bytes(_gzip(WHOLE)[:-12]),
    "gzip_in_disguise.csv": _bytes(_gzip(WHOLE)),
}

BOTH = roles("y_true", "y_pred")

CASES = [
    Case(
        id="bom-quoted-header",
        why="With a byte order mark in front of its quote, the first name must lose both.",
        line="compute bom_quoted_header.csv --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="utf16-excel",
        why="Excel's 'Unicode text' is UTF-16 with tabs: refused by name, with the way out.",
        line="compute utf16_excel.csv --loss mse",
        code=3,
        stderr_has=("utf16_excel.csv", "UTF-16", "UTF-8"),
    ),
    Case(
        id="utf16-big-endian",
        why="The other byte order is the same case.",
        line="compute utf16_big_endian.csv --loss mse -t y_true -p y_pred",
        code=3,
        stderr_has=("utf16_big_endian.csv", "UTF-16", "UTF-8"),
    ),
    Case(
        id="latin1-header",
        why="A name that is not UTF-8 does no harm while nobody needs it.",
        line="compute latin1_header.csv --loss mae",
        value=0.5,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="latin1-cells",
        why="Texts that are not UTF-8 in a column that nobody reads do no harm.",
        line="compute latin1_cells.csv --loss mae",
        value=0.5,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="gzip",
        why="Compressed by gzip.",
        line="compute pairs.csv.gz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="bzip2",
        why="Compressed by bzip2.",
        line="compute pairs.csv.bz2 --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="zstd",
        why="Compressed by zstd.",
        line="compute pairs.csv.zst --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="gzip-tsv",
        why="The name inside .gz tells the format.",
        line="compute pairs.tsv.gz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="gzip-members",
        why="cat of two .gz files has two members, and stopping after the first would lose half of the rows.",
        line="compute members.csv.gz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="gzip-blocks",
        why="bgzip writes many members and an empty one at the end.",
        line="compute blocks.csv.gz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="bzip2-streams",
        why="Parallel bzip2 writes several streams.",
        line="compute streams.csv.bz2 --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="zstd-frames",
        why="Parallel zstd writes several frames.",
        line="compute frames.csv.zst --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="gzip-truncated",
        why="A download that broke off must not pass as a shorter file.",
        line="compute truncated.csv.gz --loss mse -t y_true -p y_pred",
        code=3,
        stderr_has=("truncated.csv.gz",),
    ),
    Case(
        id="gzip-in-disguise",
        why="A compressed file whose .gz got lost begins like no text, and is read for what it is.",
        line="compute gzip_in_disguise.csv --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="csv-in-disguise",
        why="A CSV under the name .parquet is refused and the format can be said.",
        line="compute csv_in_disguise.parquet --loss mse",
        code=3,
        stderr_has=("csv_in_disguise.parquet", "--input-format"),
    ),
    Case(
        id="csv-in-disguise-said",
        why="What is said about the format outranks the name.",
        line="compute csv_in_disguise.parquet --loss mse --input-format csv",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="file-name-with-blank",
        why="Browsers save the second download as 'predictions (1).csv'.",
        line="compute 'predictions (1).csv' --loss mae",
        value=MAE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="file-name-with-brackets",
        why="As a glob 'preds [v2].csv' would match 'preds 2.csv', another file; as a name it is there.",
        line="compute 'preds [v2].csv' --loss mae",
        value=MAE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="file-name-glob",
        why="Brackets that are no name are a glob.",
        line="compute 'preds [0-9].csv' --loss mae",
        value=99.0,
        columns=BOTH,
        rows=1,
    ),
    Case(
        id="stdin-csv",
        why="A pipe has no name, so the format is said.",
        line="compute - --input-format csv --loss mse",
        stdin="bom_quoted_header.csv",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="stdin-bad-cell",
        why="An error in piped data names the row as well.",
        line="compute - --input-format csv --loss mae -t y_true -p y_pred",
        stdin="concatenated.csv",
        code=3,
        rows_named=(3,),
        stderr_has=("y_true",),
    ),
]
