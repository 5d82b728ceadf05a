"""Make library_values.json: what PyTorch and torchvision compute, which the losses are held to.

Run it as `python -m tests.data.make_library_values` where torch and torchvision are installed; it needs nothing else,
and the tests need only the file. torch 2.14.1 and torchvision 0.29.1, on one thread of an x86_64 CPU, made the file
that is kept; `made_with` in it names them. The inputs are seeded and have at most 6 decimals. The same versions on
the same kind of CPU write the same bytes; on another the last digits of a few values differ, by 4e-15 at most where
that was tried.

Each `call` is the code that ran, with the arrays as tensors under their names: the last statement is the value. Its
default type is float64, which all of these calls take; integers stay integers. Where a library has no such loss or
convention, `call` is composed of its functions and `note` says so. pinball, log_cosh, mape, msle, hinge, dice, iou and
tversky have no function there at all.

What is left out, because no parameter of a call gives the definition of the loss:

- a probability of exactly 0 or 1 that is wrong: binary_cross_entropy takes -100 for its logarithm;
- reduction='none' with class weights, sample weights or ignore_index: PyTorch returns weighted losses, and 0 for
  ignored rows;
- eps = 1e-6 of triplet_margin_loss, which is added to each coordinate, and eps = 1e-7 of the box losses, which is added
  to the denominators: all three are set to 0;
- empty boxes, for which torchvision divides 0 by 0;
- sums and single rows of a batch whose rows are compared with one another: only its mean is one number everywhere.
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

from tests.data.library_call import BY_COUNT, REDUCTIONS, ROW_MEAN, Draw, Entry, F, entry, torch, torchvision
from tests.data.library_vectors import batches, boxes, class_weights, classes, divergences, evidence, pairs, triples

VALUES = Path(__file__).with_name("library_values.json")


def regression() -> Iterator[Entry]:
    draw = Draw("regression")
    rows = {"target": draw.reals(9), "pred": draw.reals(9)}
    edge = {"target": [0.0, 0.0, 0.0, 1.0, -2.0, 1e9], "pred": [0.5, -0.5, 0.500001, 1.0, 1e6, 1e9 + 0.25]}
    wide = {"target": draw.table(6, 4, 0.0, 9.0), "pred": draw.table(6, 4, 0.0, 9.0)}
    weight = [*draw.reals(8, 0.1, 2.0), 0.0]
    for reduction in REDUCTIONS:
        for loss, function in (("mse", "mse_loss"), ("mae", "l1_loss")):
            yield entry(loss, f"{F}.{function}(pred, target, reduction={reduction!r})", rows, reduction)
        for delta in (0.7, 2.5):
            call = f"{F}.huber_loss(pred, target, delta={delta}, reduction={reduction!r})"
            yield entry("huber", call, rows, reduction, delta=delta)
        for beta in (0.0, 0.3, 2.5):
            call = f"{F}.smooth_l1_loss(pred, target, beta={beta}, reduction={reduction!r})"
            yield entry("smooth_l1", call, rows, reduction, beta=beta)
    for loss, function in (("mse", "mse"), ("mae", "l1"), ("huber", "huber"), ("smooth_l1", "smooth_l1")):
        yield entry(loss, f"{F}.{function}_loss(pred, target)", rows, note="the defaults agree")
        yield entry(loss, f"{F}.{function}_loss(pred, target, reduction='none')", edge, "none")
        yield entry(loss, f"{F}.{function}_loss(pred, target)", wide, note=ROW_MEAN)
        yield entry(loss, f"{F}.{function}_loss(pred, target, reduction='none').mean(dim=1)", wide, "none", ROW_MEAN)
    for loss, function in (("mse", "mse_loss"), ("mae", "l1_loss")):
        yield entry(loss, f"{F}.{function}(pred, target, weight=weight)", rows, weight=weight)
        call = f"{F}.{function}(pred, target, weight=weight[:, None].expand_as(pred))"
        yield entry(loss, call, wide, note=ROW_MEAN, weight=weight[:6])
    call = f"{F}.huber_loss(pred, target, delta=0.7, weight=weight, reduction="
    yield entry("huber", call + "'mean')", rows, "mean-count", BY_COUNT, weight, delta=0.7)
    yield entry("huber", call + "'sum')", rows, "sum", "", weight, delta=0.7)
    at_edge = "errors of exactly the parameter"
    yield entry("huber", f"{F}.huber_loss(pred, target, delta=0.5, reduction='none')", edge, "none", at_edge, delta=0.5)
    call = f"{F}.smooth_l1_loss(pred, target, beta=0.5, reduction='none')"
    yield entry("smooth_l1", call, edge, "none", at_edge, beta=0.5)


def likelihoods() -> Iterator[Entry]:
    draw = Draw("likelihoods")
    count = [0.0, 1.0, 2.0, 3.0, 7.0, 40.0, 0.0, 1.5, 250.0]
    logs = {"target": count, "log_rate": [*draw.reals(7), -12.5, 5.25]}
    rates = {"target": count, "rate": [*draw.reals(7, 0.05, 8.0), 1.25, 240.0]}
    zero = {"target": [0.0, 3.0, 1.0, 2.0, 5.0], "rate": [0.0, 0.0, 0.5, 2.0, 4.5]}
    normal = {"target": draw.reals(8), "pred": draw.reals(8), "var": [*draw.reals(6, 0.05, 4.0), 0.001, 100.0]}
    small = {**normal, "var": [0.0, 0.0001, 0.01, *draw.reals(5, 0.01, 2.0)]}
    spread = {"target": normal["target"], "pred": normal["pred"]}
    yield entry("poisson_nll", f"{F}.poisson_nll_loss(log_rate, target)", logs, note="the defaults agree")
    for reduction in REDUCTIONS:
        for full, how in ((False, "none"), (True, "stirling")):
            tail = f"full={full}, reduction={reduction!r})"
            call = f"{F}.poisson_nll_loss(log_rate, target, log_input=True, {tail}"
            yield entry("poisson_nll", call, logs, reduction, full=how)
            call = f"{F}.poisson_nll_loss(rate, target, log_input=False, eps=0.0, {tail}"
            yield entry("poisson_nll", call, rates, reduction, full=how, eps=0.0)
            call = f"{F}.poisson_nll_loss(rate, target, log_input=False, eps=0.001, {tail}"
            yield entry("poisson_nll", call, rates, reduction, full=how, eps=0.001)
            call = f"{F}.gaussian_nll_loss(pred, target, var, full={full}, reduction={reduction!r})"
            yield entry("gaussian_nll", call, normal, reduction, "eps = 1e-6 changes no variance here", full=full)
            call = f"{F}.gaussian_nll_loss(pred, target, var, eps=0.01, full={full}, reduction={reduction!r})"
            yield entry("gaussian_nll", call, small, reduction, eps=0.01, full=full)
    call = f"{F}.poisson_nll_loss(rate, target, log_input=False, reduction='none')"
    yield entry("poisson_nll", call, zero, "none", "eps = 1e-8 is PyTorch's default", eps=1e-8)
    call = f"{F}.gaussian_nll_loss(pred, target, torch.exp(log_var))"
    yield entry("gaussian_nll", call, {**spread, "log_var": draw.reals(8)}, note="composed")
    call = f"{F}.gaussian_nll_loss(pred, target, std**2, full=True)"
    yield entry("gaussian_nll", call, {**spread, "std": draw.reals(8, 0.1, 3.0)}, note="composed", full=True)


def binary() -> Iterator[Entry]:
    draw = Draw("binary")
    hard = {"target": draw.bits(10), "logits": draw.reals(10, -6.0, 6.0)}
    soft = {"target": draw.reals(8, 0.0, 1.0), "logits": draw.reals(8, -6.0, 6.0)}
    far = {"target": [1.0, 0.0] * 4 + [0.3], "logits": [1e4, 1e4, -1e4, -1e4, 1000.0, 1000.0, -1000.0, 0.0, 1000.0]}
    probs = {"target": [*draw.bits(6), 0.25, 0.9], "probs": draw.reals(8, 0.001, 0.999)}
    certain = {"target": [0.0, 1.0, 1.0, 0.0, 1.0], "probs": [1.0, 0.0, 1.0, 0.0, 0.4]}
    wide = {"target": [draw.bits(3) for _ in range(6)], "logits": draw.table(6, 3, -6.0, 6.0)}
    weight = [*draw.reals(9, 0.1, 2.0), 0.0]
    logits = f"{F}.binary_cross_entropy_with_logits(logits, target"
    plain = f"{F}.binary_cross_entropy(probs, target"
    for reduction in REDUCTIONS:
        tail = f", reduction={reduction!r})"
        for arrays in (hard, soft, far):
            yield entry("bce", logits + tail, arrays, reduction)
            call = f"{logits}, pos_weight=torch.tensor(2.5){tail}"
            yield entry("bce", call, arrays, reduction, pos_weight=2.5)
        yield entry("bce", plain + tail, probs, reduction)
        call = f"{F}.binary_cross_entropy(probs.clamp(0.001, 0.999), target{tail}"
        yield entry("bce", call, certain, reduction, "composed", eps=0.001)
        call = f"{F}.binary_cross_entropy_with_logits(logits, 0.9 * target + 0.05{tail}"
        yield entry("bce", call, hard, reduction, "composed", label_smoothing=0.1)
    ways: list[tuple[str, Entry]] = [
        (")", {}),
        (", pos_weight=torch.tensor([0.5, 1.0, 4.0]))", {"pos_weight": [0.5, 1.0, 4.0]}),
    ]
    for tail, params in ways:
        yield entry("bce", logits + tail, wide, note=ROW_MEAN, **params)
        yield entry("bce", f"{logits}, reduction='none'{tail}.mean(dim=1)", wide, "none", ROW_MEAN, **params)
    for call, arrays in ((logits, hard), (plain, probs)):
        for reduction, name, note in (("mean-count", "mean", BY_COUNT), ("sum", "sum", "")):
            used = weight[-len(arrays["target"]) :]
            yield entry("bce", f"{call}, weight=weight, reduction={name!r})", arrays, reduction, note, used)
    note = f"{BY_COUNT}; {ROW_MEAN}"
    yield entry("bce", f"{logits}, weight=weight[:, None])", wide, "mean-count", note, weight[:6])
    logs = {"target": draw.bits(6), "log_probs": draw.reals(6, -3.0, -0.05)}
    yield entry("bce", f"{F}.binary_cross_entropy(torch.exp(log_probs), target)", logs, note="composed")


def focal() -> Iterator[Entry]:
    draw = Draw("focal")
    rows = {"target": draw.bits(10), "logits": draw.reals(10, -6.0, 6.0)}
    far = {"target": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0], "logits": [-1e4, 1e4, -1000.0, 1000.0, 0.0, -0.5]}
    wide = {"target": [draw.bits(3) for _ in range(5)], "logits": draw.table(5, 3)}
    probs = {"target": draw.bits(6), "probs": draw.reals(6, 0.01, 0.99)}
    function = "torchvision.ops.sigmoid_focal_loss"
    for reduction in REDUCTIONS:
        for alpha, gamma in ((0.25, 2.0), (0.6, 0.5), (0.25, 0.0)):
            call = f"{function}(logits, target, alpha={alpha}, gamma={gamma}, reduction={reduction!r})"
            yield entry("focal", call, rows, reduction, alpha_mode="balanced", alpha=alpha, gamma=gamma)
        for gamma in (2.0, 1.0, 3.5):
            call = f"{function}(logits, target, alpha=-1, gamma={gamma}, reduction={reduction!r})"
            yield entry("focal", call, rows, reduction, alpha_mode="none", gamma=gamma)
        call = f"{function}(logits, target, reduction={reduction!r})"
        yield entry("focal", call, far, reduction, "alpha = 0.25, gamma = 2 by default", alpha_mode="balanced")
    call = f"0.25 * {function}(logits, target, alpha=-1, reduction='mean')"
    yield entry("focal", call, rows, note="composed: alpha for both classes; the defaults of the loss")
    yield entry("focal", f"{function}(logits, target, reduction='mean')", wide, note=ROW_MEAN, alpha_mode="balanced")
    call = f"{function}(torch.logit(probs), target, reduction='none')"
    yield entry("focal", call, probs, "none", "composed", alpha_mode="balanced")


def main() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "reduction: 'mean' divides")  # kl_div says what elementmean is
    families = (
        *(regression, likelihoods, binary, focal),
        *(classes, class_weights, divergences, evidence, boxes, triples, pairs, batches),
    )
    entries = [json.dumps(found, allow_nan=False) for family in families for found in family()]
    made_with = json.dumps({library.__name__: library.__version__ for library in (torch, torchvision)})
    VALUES.write_text(f'{{"made_with": {made_with}, "entries": [\n' + ",\n".join(entries) + "\n]}\n", encoding="utf-8")
    print(f"{VALUES.name}: {len(entries)} values")


if __name__ == "__main__":
    main()
