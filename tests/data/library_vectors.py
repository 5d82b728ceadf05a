"""The calls whose rows are vectors: classes, distributions, boxes, embeddings."""

from collections.abc import Iterator

from tests.data.library_call import BY_COUNT, REDUCTIONS, Draw, Entry, F, Table, entry

IN_BATCH = "composed; all rows are one batch"


def classes() -> Iterator[Entry]:
    draw = Draw("classes")
    hard = {"target": draw.labels(9, 4), "logits": draw.table(9, 4)}
    some = {"target": [2, -100, 0, 1, -100, 3, 1, 0], "logits": draw.table(8, 4)}
    far = {
        "target": [0, 1, 2, 2, 1],
        "logits": [[1e4, 0.0, -1e4], [1e4, -1e4, 0.0], [1000.0, 1000.0, -1000.0], [0.0, 0.0, 1e4], *draw.table(1, 3)],
    }
    soft = {"target": [*draw.simplex(5, 3), [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], "logits": draw.table(7, 3)}
    likely = {"target": draw.labels(7, 4), "log_probs": draw.log_simplex(7, 4)}
    probs = {"target": draw.labels(7, 4), "probs": draw.simplex(7, 4)}
    function = f"{F}.cross_entropy(logits, target"
    for reduction in REDUCTIONS:
        tail = f", reduction={reduction!r})"
        for arrays in (hard, far, soft):
            yield entry("cross_entropy", function + tail, arrays, reduction)
            call = f"{function}, label_smoothing=0.1{tail}"
            yield entry("cross_entropy", call, arrays, reduction, label_smoothing=0.1)
        yield entry("cross_entropy", f"{F}.nll_loss(log_probs, target{tail}", likely, reduction)
        yield entry("cross_entropy", f"{F}.nll_loss(torch.log(probs), target{tail}", probs, reduction, "composed")
    for reduction in ("mean", "sum"):
        tail = f", reduction={reduction!r})"
        yield entry("cross_entropy", f"{function}{tail}", some, reduction, "-100 by default", ignore_index=-100)
        call = f"{function}, ignore_index=-100, label_smoothing=0.2{tail}"
        yield entry("cross_entropy", call, some, reduction, ignore_index=-100, label_smoothing=0.2)
        yield entry("cross_entropy", f"{function}, ignore_index=1{tail}", hard, reduction, ignore_index=1)
        call = f"{F}.nll_loss(log_probs, target, ignore_index=2{tail}"
        yield entry("cross_entropy", call, likely, reduction, ignore_index=2)


def class_weights() -> Iterator[Entry]:
    draw = Draw("class weights")
    hard = {"target": draw.labels(9, 4), "logits": draw.table(9, 4)}
    some = {"target": [2, -100, 0, 1, -100, 3, 1, 0], "logits": draw.table(8, 4)}
    soft = {"target": [*draw.simplex(5, 3), [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], "logits": draw.table(7, 3)}
    likely = {"target": draw.labels(7, 4), "log_probs": draw.log_simplex(7, 4)}
    function = f"{F}.cross_entropy(logits, target"
    weights = [0.5, 1.0, 2.5, 1.25]
    smoothed = "a row is -sum of w_c q_c log p_c, q smoothed; the mean divides by the sum of the weights of the targets"
    for reduction in ("mean", "sum"):
        given = f", weight=torch.tensor({weights})"
        tail = f", reduction={reduction!r})"
        for arrays in (hard, some):
            params: Entry = {"class_weight": weights} | ({"ignore_index": -100} if arrays is some else {})
            yield entry("cross_entropy", function + given + tail, arrays, reduction, **params)
            call = f"{function}{given}, label_smoothing=0.1{tail}"
            yield entry("cross_entropy", call, arrays, reduction, smoothed, label_smoothing=0.1, **params)
        call = f"{F}.nll_loss(log_probs, target{given}{tail}"
        yield entry("cross_entropy", call, likely, reduction, class_weight=weights)
    for reduction, name, by in (("mean-count", "mean", f"; {BY_COUNT}"), ("sum", "sum", "")):
        note = f"soft labels: a row is -sum of w_c q_c log p_c{by}"
        for smoothing in (0.0, 0.1):
            given = f"weight=torch.tensor({weights[:3]}), label_smoothing={smoothing}"
            call = f"{function}, {given}, reduction={name!r})"
            params = {"class_weight": weights[:3], "label_smoothing": smoothing}
            yield entry("cross_entropy", call, soft, reduction, note, **params)


def divergences() -> Iterator[Entry]:
    draw = Draw("divergences")
    truth = [*draw.simplex(4, 4), [0.0, 0.25, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0]]
    far = [[1e4, 0.0, -1e4, 5.0], [0.0, 1000.0, -1000.0, 0.0]]
    given: dict[str, tuple[str, Table]] = {
        "log_probs": ("log_probs", draw.log_simplex(6, 4)),
        "probs": ("torch.log(probs)", draw.simplex(6, 4)),
        "logits": (f"{F}.log_softmax(logits, dim=1)", [*draw.table(4, 4), *far]),
    }
    ways = (
        ("batchmean", "reduction='batchmean')", ""),
        ("sum", "reduction='sum')", ""),
        ("none", "reduction='none').sum(dim=1)", "the loss of a row is the sum over its classes"),
        ("elementmean", "reduction='mean')", "PyTorch 2 divides by rows times classes"),
        ("mean", "reduction='batchmean')", "batchmean is the mean over rows"),
    )
    for role, (code, values) in given.items():
        for reduction, tail, note in ways:
            arrays = {"target": truth, role: values}
            yield entry("kl_div", f"{F}.kl_div({code}, target, {tail}", arrays, reduction, note)
    positive = {"target": draw.simplex(5, 3), "probs": draw.simplex(5, 3)}
    call = f"{F}.kl_div(torch.log(probs), torch.log(target), reduction='batchmean', log_target=True)"
    yield entry("kl_div", call, positive, "batchmean", "log_target=True: P as its logarithm")
    call = f"{F}.kl_div(torch.log(probs), target, reduction='batchmean') / torch.log(torch.tensor(2.0))"
    yield entry("kl_div", call, positive, "batchmean", "composed: in bits", base=2)


def evidence() -> Iterator[Entry]:
    draw = Draw("evidence")
    parts = {"reconstruction": draw.reals(6, 0.0, 20.0), "mu": draw.table(6, 3), "log_var": draw.table(6, 3)}
    model = "torch.distributions.Normal(mu, torch.exp(0.5 * log_var))"
    kl = f"torch.distributions.kl_divergence({model}, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)"
    for beta in (1.0, 4.0):
        yield entry("elbo", f"(reconstruction + {beta} * {kl}).mean()", parts, note="composed", beta=beta)
        yield entry("elbo", f"reconstruction + {beta} * {kl}", parts, "none", "composed", beta=beta)


def boxes() -> Iterator[Entry]:
    draw = Draw("boxes")
    # one inside the other twice, the same box, apart, sharing a side
    square = [0.0, 0.0, 2.0, 2.0]
    target = [square, [-9.0, -9.0, 9.0, 9.0], square, [0.0, 0.0, 1.0, 1.0], [2.0, 0.0, 3.0, 1.0]]
    pred = [[0.5, 1.0, 1.5, 2.0], [-1.5, 0.0, 2.0, 1.0], square, [5.0, 6.0, 8.0, 7.0], [1.0, 0.0, 2.0, 1.0]]
    sizes = [[[*draw.reals(2, 10.0, 40.0), *draw.reals(2, 15.0, 40.0)] for _ in range(8)] for _ in range(2)]
    drawn = [[[x, y, round(x + w, 6), round(y + h, 6)] for x, y, w, h in side[:5]] for side in sizes]
    corners = {"target": target + drawn[0], "pred": pred + drawn[1]}
    for box_format in ("xyxy", "xywh", "cxcywh"):
        arrays, before, params = corners, "", Entry()
        if box_format != "xyxy":
            arrays, params = {"target": sizes[0], "pred": sizes[1]}, {"box_format": box_format}
            before = "".join(f"{b} = torchvision.ops.box_convert({b}, {box_format!r}, 'xyxy'); " for b in arrays)
        for reduction in REDUCTIONS:
            end = "" if reduction == "none" else f".{reduction}()"
            call = f"{before}(1 - torchvision.ops.box_iou(pred, target).diagonal()){end}"
            yield entry("box_iou", call, arrays, reduction, "composed", **params)
            for loss, name in (("giou", "generalized_box_iou_loss"), ("diou", "distance_box_iou_loss")):
                call = f"{before}torchvision.ops.{name}(pred, target, reduction={reduction!r}, eps=0.0)"
                yield entry(loss, call, arrays, reduction, "eps = 0: a valid box needs none", **params)


def triples() -> Iterator[Entry]:
    draw = Draw("triples")
    rows = {role: draw.table(6, 3, -1.0, 1.0) for role in ("anchor", "positive", "negative")}
    rows["positive"][0] = rows["anchor"][0]
    settings = ((1.0, 2.0, False), (0.3, 2.0, True), (2.0, 1.0, False), (1.0, 1.0, True), (1.5, 3.0, False))
    function = f"{F}.triplet_margin_loss(anchor, positive, negative"
    note = "eps = 0: PyTorch's 1e-6 moves each coordinate"
    for reduction in REDUCTIONS:
        tail = f"reduction={reduction!r})"
        for margin, p, swap in settings:
            call = f"{function}, margin={margin}, p={p}, eps=0.0, swap={swap}, {tail}"
            yield entry("triplet", call, rows, reduction, note, margin=margin, p=p, swap=swap)
        for margin, swap in ((1.0, False), (0.4, True)):
            before = f"distance = lambda a, b: 1 - {F}.cosine_similarity(a, b); "
            options = f"distance_function=distance, margin={margin}, swap={swap}"
            call = f"{before}{F}.triplet_margin_with_distance_loss(anchor, positive, negative, {options}, {tail}"
            yield entry("triplet", call, rows, reduction, margin=margin, swap=swap, distance="cosine")
    yield entry("triplet", f"{function}, eps=0.0)", rows, note=note)


def pairs() -> Iterator[Entry]:
    draw = Draw("pairs")
    left, right = draw.table(8, 3, -1.0, 1.0), draw.table(8, 3, -1.0, 1.0)
    sides = {"target": [1, 0, 1, 1, 0, 0, 1, 0], "left": left, "right": right}
    euclidean = f"d = {F}.pairwise_distance(left, right, eps=0.0); "
    cosine = f"d = 1 - {F}.cosine_similarity(left, right); "
    for reduction, end in (("mean", ".mean()"), ("sum", ".sum()"), ("none", "")):
        for margin, similar, distance in ((1.0, 1, "euclidean"), (2.0, 0, "euclidean"), (0.8, 1, "cosine")):
            before = euclidean if distance == "euclidean" else cosine
            call = f"{before}torch.where(target == {similar}, d**2, ({margin} - d).clamp(min=0)**2){end}"
            params: Entry = {"margin": margin, "similar": similar, "distance": distance}
            yield entry("contrastive", call, sides, reduction, "composed", **params)


def batches() -> Iterator[Entry]:
    draw = Draw("batches")
    two = {"anchor": draw.table(8, 4, -1.0, 1.0), "positive": draw.table(8, 4, -1.0, 1.0)}
    others = [draw.table(3, 4, -1.0, 1.0) for _ in range(6)]
    explicit = {"anchor": two["anchor"][:6], "positive": two["positive"][:6], "negative": others}
    for similarity, each in (("cosine", F + ".normalize({})"), ("dot", "{}")):
        anchor, positive, negative = (each.format(name) for name in ("anchor", "positive", "negative"))
        for t in (0.1, 0.5):
            params: Entry = {"temperature": t, "similarity": similarity}
            before = f"scores = {anchor} @ {positive}.T / {t}; "
            one, other = (f"{F}.cross_entropy({scores}, torch.arange(8))" for scores in ("scores", "scores.T"))
            yield entry("info_nce", before + one, two, note=IN_BATCH, **params)
            call = f"{before}({one} + {other}) / 2"
            yield entry("info_nce", call, two, note=f"{IN_BATCH}; both directions, as CLIP", symmetric=True, **params)
            against = negative.replace(")", ", dim=2)")
            before = f"others = torch.cat([{positive}[:, None], {against}], dim=1); "
            before += f"scores = ({anchor}[:, None] * others).sum(dim=2) / {t}; "
            for reduction in REDUCTIONS:
                call = f"{before}{F}.cross_entropy(scores, torch.zeros(6, dtype=torch.long), reduction={reduction!r})"
                yield entry("info_nce", call, explicit, reduction, "composed; the positive is class 0", **params)
    for t in (0.1, 0.5, 1.0):
        before = f"views = {F}.normalize(torch.cat([anchor, positive])); "
        before += f"scores = (views @ views.T / {t}).fill_diagonal_(-torch.inf); "
        call = f"{before}{F}.cross_entropy(scores, torch.arange(16).roll(8))"
        yield entry("nt_xent", call, two, note=IN_BATCH, temperature=t)
