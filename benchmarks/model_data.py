"""Files as the evaluation of a trained model writes them: logits, classes, masks, boxes and embeddings.

Called by data.py in the process that writes a file, which alone imports NumPy and pyarrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

SEED = 20240301
ROW_GROUP = 1_048_576  # what pyarrow makes of a table that is written at once
DISTINCT_GROUPS = 20  # the masks repeat their noise after so many, with other images in them
CLASSES = 10
IMAGES = 1_000
WIDTH = 128
CANVAS = 640.0


@dataclass(frozen=True)
class Span:
    """The rows of one row group, in a file of so many rows."""

    group: int
    first: int
    rows: int
    total: int

    def generator(self, distinct: int | None = None) -> np.random.Generator:
        """Each row group has a stream of its own, so that it does not depend on how many there are."""
        import numpy as np

        return np.random.default_rng([SEED, self.group % distinct if distinct else self.group])


def spans(total: int) -> Iterator[Span]:
    """The row groups of a file."""
    for group, first in enumerate(range(0, total, ROW_GROUP)):
        yield Span(group, first, min(ROW_GROUP, total - first), total)


def lists(values: NDArray[np.float32]) -> pa.Array:
    """Rows of a matrix as one column of lists of fixed size."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def bce(span: Span) -> pa.Table:
    """A rare class, and a logit that is too sure of itself."""
    import numpy as np
    import pyarrow as pa

    random = span.generator()
    logit = random.normal(-1.0, 2.5, span.rows)
    target = random.random(span.rows) < 1 / (1 + np.exp(-0.7 * logit))
    return pa.table({"y": target.astype(np.int8), "z": logit})


def classes(span: Span) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A class and its logits, of which the largest is often, but not always, that of the class."""
    import numpy as np

    random = span.generator()
    logits = random.standard_normal((span.rows, CLASSES), dtype=np.float32) * np.float32(2.0)
    chosen = np.argmax(0.8 * logits + random.gumbel(size=logits.shape), axis=1)
    return chosen.astype(np.int64), logits


def cross_entropy(span: Span) -> pa.Table:
    """A column for each logit."""
    import pyarrow as pa

    target, logits = classes(span)
    return pa.table({"y": target} | {f"logit_{place}": logits[:, place] for place in range(CLASSES)})


def cross_entropy_list(span: Span) -> pa.Table:
    """The same numbers with the logits in one column of lists."""
    import pyarrow as pa

    target, logits = classes(span)
    return pa.table({"y": target, "logits": lists(logits)})


def dice(span: Span) -> pa.Table:
    """A thousand images, a pixel a row: a disc in each, of another size, and a soft mask that blurs its rim."""
    import numpy as np
    import pyarrow as pa

    pixels = max(1, span.total // IMAGES)
    image, pixel = np.divmod(np.arange(span.first, span.first + span.rows), pixels)
    side = pixels**0.5
    across, down = np.divmod(pixel, side)
    radius = side * (0.1 + 0.35 * (image * 37 % IMAGES) / IMAGES)
    depth = radius - np.hypot(across - side / 2, down - side / 2)
    noise = span.generator(DISTINCT_GROUPS).standard_normal(span.rows, dtype=np.float32)
    soft = 1 / (1 + np.exp(-(depth / (0.02 * side) + noise)))
    columns = {"image_id": image.astype(np.int32), "mask_true": (depth > 0).astype(np.uint8)}
    return pa.table(columns | {"mask_prob": soft.astype(np.float32)})


def giou(span: Span) -> pa.Table:
    """Corners of the true box and of a predicted one: most are near, some are elsewhere in the image."""
    import numpy as np
    import pyarrow as pa

    random = span.generator()
    corner = random.uniform(0.0, CANVAS, (2, span.rows))
    size = random.uniform(8.0, 200.0, (2, span.rows))
    truth = np.concatenate([corner, corner + size])
    low = corner + random.normal(0.0, 0.1, corner.shape) * size
    low = np.where(random.random(span.rows) < 0.05, random.uniform(0.0, CANVAS, corner.shape), low)
    pred = np.concatenate([low, low + size * np.exp(random.normal(0.0, 0.2, size.shape))])
    boxes = {"t": truth.astype(np.float32), "p": pred.astype(np.float32)}
    return pa.table({f"{side}_{place}": box[place] for side, box in boxes.items() for place in range(4)})


def triplet(span: Span) -> pa.Table:
    """Embeddings of length about one; the positive is the anchor with noise, of another size in each row."""
    import numpy as np
    import pyarrow as pa

    random = span.generator()
    shape = (span.rows, WIDTH)
    scale = np.float32(WIDTH**-0.5)
    anchor = random.standard_normal(shape, dtype=np.float32) * scale
    noise = random.standard_normal(shape, dtype=np.float32) * scale
    positive = anchor + noise * random.uniform(0.1, 1.2, (span.rows, 1)).astype(np.float32)
    negative = random.standard_normal(shape, dtype=np.float32) * scale
    return pa.table({"anchor": lists(anchor), "positive": lists(positive), "negative": lists(negative)})


def nt_xent(span: Span) -> pa.Table:
    """Two views of each row: the second is the first with noise, of another size in each row."""
    import numpy as np
    import pyarrow as pa

    random = span.generator()
    anchor = random.standard_normal((span.rows, WIDTH), dtype=np.float32)
    noise = random.standard_normal((span.rows, WIDTH), dtype=np.float32)
    positive = anchor + noise * random.uniform(0.1, 1.2, (span.rows, 1)).astype(np.float32)
    return pa.table({"anchor": lists(anchor), "positive": lists(positive)})


DRAWS: dict[str, Callable[[Span], pa.Table]] = {
    "bce": bce,
    "cross_entropy": cross_entropy,
    "cross_entropy_list": cross_entropy_list,
    "dice": dice,
    "giou": giou,
    "nt_xent": nt_xent,
    "triplet": triplet,
}


def write(content: str, path: Path, total: int) -> None:
    """The whole file, Snappy and the rest as pyarrow does by default."""
    import pyarrow.parquet as pq

    draw = DRAWS[content]
    schema = draw(Span(0, 0, 1, 1)).schema
    with pq.ParquetWriter(path, schema) as writer:
        for span in spans(total):
            writer.write_table(draw(span), row_group_size=ROW_GROUP)
