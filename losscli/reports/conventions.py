"""The page docs/conventions.md: for each loss, which parameters give the number of a well-known library."""

from collections.abc import Sequence

from losscli.catalogue import Loss

_INTRODUCTION = """\
# The numbers of other libraries

Generated from the losses' own docstrings by `make docs`. Two libraries that name the same loss often give two numbers.
The tables below say, loss by loss, which options give the number of a library, and where none does. Most differences
are one of these:

- **What a mean is divided by.** Here `mean` is the weighted sum over the sum of the weights, as in scikit-learn.
  PyTorch's `reduction="mean"` and Keras' `sum_over_batch_size` divide by the number of rows (PyTorch: of elements),
  weighted or not: `--reduction mean-count`. Without weights all of them agree.
- **Class weights.** With labels, PyTorch's `CrossEntropyLoss(weight=...)` divides by the weights of the rows that are
  there, as here; with shares for each class it divides by the number of rows: `--reduction mean-count`.
- **Rows left out.** PyTorch has `ignore_index=-100` unless told otherwise. Here no label is ignored without
  `--ignore-index`, ignored rows are counted in the output, and they are in no denominator.
- **Probabilities near 0 and 1.** Keras clips to [1e-7, 1 - 1e-7], scikit-learn to [2.22e-16, 1 - 2.22e-16], PyTorch's
  `BCELoss` puts -100 in place of a smaller logarithm. Here nothing is clipped unless `--eps` says so, and clipped rows
  are counted: `--eps 1e-7` for Keras, `--eps 2.22e-16` for scikit-learn. Logits need none of it.
- **Overlap of masks.** MONAI adds `smooth_nr` and `smooth_dr` of 1e-5 above and below the fraction; here `--eps` is
  added in both places and is 1e-6 unless told otherwise.
- **Overlap of boxes.** torchvision adds 1e-7 below the fraction in its loss functions. Here nothing is added; two equal
  boxes without an area overlap wholly.
"""


def conventions_page(losses: Sequence[Loss]) -> str:
    """An introduction, and a table for each loss."""
    lines = [_INTRODUCTION]
    for loss in losses:
        lines += [f"## {loss.name}", "", loss.doc.summary, "", *_table(loss), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(loss: Loss) -> list[str]:
    entries = loss.doc.libraries.items()
    named = [(name, text) for name, text in entries if name]
    prose = [text for name, text in entries if not name]
    table = ["| library | what gives its number, and where it differs |", "| --- | --- |"]
    return [
        *prose,
        *([""] if prose and named else []),
        *(table if named else []),
        *(f"| {name} | {text.replace('|', chr(92) + '|')} |" for name, text in named),
    ]
