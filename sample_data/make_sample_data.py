"""Make the sample prediction files: real models, real data, and only predictions on held-out rows.

Run it as `python sample_data/make_sample_data.py`. It needs scikit-learn, scikit-image and pyarrow, uses only
data that those packages ship, and writes the same files each time.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from image_samples import image_samples
from sample_file import Check, FloatArray, Sample, rounded, write
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import (
    GammaRegressor,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    QuantileRegressor,
)
from sklearn.metrics import log_loss, mean_pinball_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

# A part of every scikit-learn installation; it ships no type information.
threadpoolctl: Any = import_module("threadpoolctl")

IntArray = npt.NDArray[np.int64]

SEED = 0
FOLDS = 10
QUANTILES = {"q10": 0.1, "q50": 0.5, "q80": 0.8, "q90": 0.9}
BODY_MASS = [2]  # the diabetes column that the baseline sees
RADIUS_AND_TEXTURE = [0, 1]  # the breast cancer columns that the baseline sees
CLASS_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
EMBEDDING_SIZE = 8
TRIPLETS = 256
MARGIN = 0.2


def diabetes_model() -> Any:
    """The candidate: lasso on the ten measurements, their squares and their products."""
    squares = PolynomialFeatures(2, include_bias=False)
    return make_pipeline(squares, StandardScaler(), LassoCV(cv=5, max_iter=20000))


def log_level(prediction: FloatArray) -> FloatArray:
    """The input of the variance model: the log of the predicted value, kept away from zero."""
    return np.log(np.maximum(prediction, 20.0))[:, None]


def diabetes_fold(x: FloatArray, y: FloatArray, unseen: FloatArray) -> dict[str, FloatArray]:
    """Fit every diabetes model on the rows `x`, `y` and predict the rows `unseen`."""
    inner = KFold(5, shuffle=True, random_state=SEED + 1)
    rows = len(unseen)
    # Residuals on the rows a model was fitted on are too small, so the variances come from an inner
    # cross-validation inside the training rows.
    inner_base = cross_val_predict(LinearRegression(), x[:, BODY_MASS], y, cv=inner)
    inner_candidate = cross_val_predict(diabetes_model(), x, y, cv=inner)
    spread = make_pipeline(StandardScaler(), GammaRegressor(alpha=0.01, max_iter=1000))
    spread.fit(log_level(inner_candidate), (y - inner_candidate) ** 2)
    candidate = diabetes_model().fit(x, y).predict(unseen)
    columns = {
        "pred_baseline": LinearRegression().fit(x[:, BODY_MASS], y).predict(unseen[:, BODY_MASS]),
        "pred_candidate": candidate,
        "var_baseline": np.full(rows, np.mean((y - inner_base) ** 2)),
        "var_candidate": spread.predict(log_level(candidate)),
        "q80_baseline": np.full(rows, np.quantile(y, 0.8)),
    }
    for name, level in QUANTILES.items():
        model = make_pipeline(StandardScaler(), QuantileRegressor(quantile=level, alpha=0.002))
        columns[name] = model.fit(x, y).predict(unseen)
    return columns


def diabetes_predictions(x: FloatArray, y: FloatArray) -> dict[str, FloatArray]:
    """Out-of-fold predictions for all patients, with the quantiles sorted so that none cross."""
    columns: dict[str, FloatArray] = {}
    for train, test in KFold(FOLDS, shuffle=True, random_state=SEED).split(x):
        for name, values in diabetes_fold(x[train], y[train], x[test]).items():
            columns.setdefault(name, np.zeros(len(y)))[test] = values
    ordered = np.sort(np.column_stack([columns[name] for name in QUANTILES]), axis=1)
    for position, name in enumerate(QUANTILES):
        columns[name] = ordered[:, position]
    return {name: rounded(values) for name, values in columns.items()}


def diabetes_groups() -> dict[str, npt.NDArray[Any]]:
    """Slice columns, and a weight that lets every group of sex and age count the same."""
    raw = load_diabetes(scaled=False).data
    sex = np.array(["code1", "code2"])[(raw[:, 1] == 2).astype(np.int64)]
    age = np.array(["under40", "40to59", "60plus"])[np.digitize(raw[:, 0], (40, 60))]
    pairs = np.char.add(sex, age)
    _, group, sizes = np.unique(pairs, return_inverse=True, return_counts=True)
    return {"sex": sex, "age_group": age, "weight": rounded(len(raw) / (len(sizes) * sizes[group]))}


def gaussian_loss(y: FloatArray, mean: FloatArray, variance: FloatArray) -> float:
    """Mean negative log-likelihood of a normal distribution."""
    return float(np.mean(0.5 * np.log(2 * np.pi * variance) + (y - mean) ** 2 / (2 * variance)))


def diabetes_samples() -> list[Sample]:
    """The full diabetes table and the two-column one."""
    x, y = load_diabetes(return_X_y=True)
    p = diabetes_predictions(x, y)
    squared = [mean_squared_error(y, p[f"pred_{name}"]) for name in ("baseline", "candidate")]
    normal = [gaussian_loss(y, p[f"pred_{name}"], p[f"var_{name}"]) for name in ("baseline", "candidate")]
    pinball = [mean_pinball_loss(y, p[name], alpha=0.8) for name in ("q80_baseline", "q80")]
    checks = (
        Check("squared error", squared[0], squared[1]),
        Check("Gaussian NLL", normal[0], normal[1]),
        Check("pinball at 0.8", pinball[0], pinball[1]),
    )
    minimal = {"y_true": y, "y_pred": p["pred_candidate"]}
    return [
        Sample("diabetes", {"y_true": y, **p, **diabetes_groups()}, checks, as_csv=True),
        Sample("diabetes_preds", minimal, checks[:1], as_csv=True),
    ]


def breast_cancer_sample() -> Sample:
    """Out-of-fold logits and probabilities of two logistic regressions; malignant is the positive class."""
    x, benign = load_breast_cancer(return_X_y=True)
    y = 1 - benign
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    base_model = make_pipeline(StandardScaler(), LogisticRegression())
    # the measurements are skewed sizes: on a log scale they fit a linear model better
    model = make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression(C=0.3))
    inputs = x[:, RADIUS_AND_TEXTURE]
    base = rounded(cross_val_predict(base_model, inputs, y, cv=folds, method="decision_function"))
    candidate = rounded(cross_val_predict(model, x, y, cv=folds, method="decision_function"))
    columns = {
        "y_true": y,
        "diagnosis": np.array(["benign", "malignant"])[y],
        "logit_baseline": base,
        "prob_baseline": expit(base),  # not rounded: a probability must not reach 0 or 1
        "logit_candidate": candidate,
        "prob_candidate": expit(candidate),
    }
    check = Check("cross-entropy", log_loss(y, expit(base)), log_loss(y, expit(candidate)))
    return Sample("breast_cancer", columns, (check,), as_csv=True)


def softmax_loss(y: IntArray, logits: FloatArray) -> float:
    """Mean cross-entropy of rows of logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]))


def digits_halves() -> tuple[FloatArray, IntArray, FloatArray, IntArray]:
    """The digit images in file order: the first half to fit on, the second half held out."""
    x, y = load_digits(return_X_y=True)
    half = len(y) - len(y) // 2
    return x[:half], y[:half], x[half:], y[half:]


def digit_samples() -> list[Sample]:
    """Logits of the held-out digits, once as twenty columns and once as list columns."""
    x, y, unseen, truth = digits_halves()
    base_model = make_pipeline(PCA(8), StandardScaler(), LogisticRegression())
    kernel = Nystroem(gamma=0.0008, n_components=300, random_state=SEED)
    model = make_pipeline(kernel, LogisticRegression(C=30, max_iter=1000))
    base = rounded(base_model.fit(x, y).decision_function(unseen))
    candidate = rounded(model.fit(x, y).decision_function(unseen))
    shared = {"y_true": truth, "class_name": np.array(CLASS_NAMES)[truth]}
    wide = {f"logit_{digit}": candidate[:, digit] for digit in range(10)}
    wide |= {f"base_logit_{digit}": base[:, digit] for digit in range(10)}
    checks = (Check("cross-entropy", softmax_loss(truth, base), softmax_loss(truth, candidate)),)
    return [
        Sample("digits", {**shared, **wide}, checks),
        Sample("digits_list", {**shared, "logits": candidate, "base_logits": base}, checks),
    ]


def draw_pairs(labels: IntArray) -> dict[str, IntArray]:
    """Row numbers of triplets (anchor, same digit, other digit) and of pairs, half of them similar."""
    random = np.random.default_rng(SEED)

    def partner(row: int, similar: bool) -> int:
        fits = (labels == labels[row]) == similar
        fits[row] = False  # a row is never its own partner
        return int(random.choice(np.flatnonzero(fits)))

    anchor, left = random.choice(len(labels), TRIPLETS), random.choice(len(labels), TRIPLETS)
    similar = random.permutation(np.arange(TRIPLETS) % 2)
    return {
        "anchor": anchor,
        "positive": np.array([partner(row, True) for row in anchor]),
        "negative": np.array([partner(row, False) for row in anchor]),
        "left": left,
        "right": np.array([partner(row, bool(flag)) for row, flag in zip(left, similar, strict=True)]),
        "similar": similar,
    }


def triplet_loss(vectors: FloatArray, rows: dict[str, IntArray]) -> float:
    """Mean triplet margin loss with Euclidean distances."""
    near = np.linalg.norm(vectors[rows["anchor"]] - vectors[rows["positive"]], axis=1)
    far = np.linalg.norm(vectors[rows["anchor"]] - vectors[rows["negative"]], axis=1)
    return float(np.mean(np.maximum(near - far + MARGIN, 0.0)))


def embedding_sample() -> Sample:
    """Embeddings of held-out digits: PCA knows no labels, the discriminant analysis was fitted with them."""
    x, y, unseen, truth = digits_halves()
    # some pixels never carry ink, so the covariance is singular without shrinkage
    discriminant = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", n_components=EMBEDDING_SIZE)
    models = {"_baseline": PCA(EMBEDDING_SIZE), "": make_pipeline(StandardScaler(), discriminant)}
    rows = draw_pairs(truth)
    columns: dict[str, Any] = {"label": truth[rows["anchor"]], "negative_label": truth[rows["negative"]]}
    losses = {}
    for suffix, model in models.items():
        raw = model.fit(x, y).transform(unseen)
        # unit length puts both embeddings on one scale, so that a margin means the same for both
        vectors = rounded(raw / np.linalg.norm(raw, axis=1, keepdims=True))
        losses[suffix] = triplet_loss(vectors, rows)
        for name in ("anchor", "positive", "negative", "left", "right"):
            columns[name + suffix] = vectors[rows[name]]
    columns["similar"] = rows["similar"]
    return Sample("embeddings", columns, (Check("triplet, margin 0.2", losses["_baseline"], losses[""]),))


def all_samples() -> list[Sample]:
    """Every sample, in the order of the README."""
    # One thread keeps sums in one order, so that the last bits do not depend on the machine's cores.
    with threadpoolctl.threadpool_limits(1):
        tables = [*diabetes_samples(), breast_cancer_sample(), *digit_samples(), embedding_sample()]
        return tables + image_samples()


def main() -> None:
    """Write all files next to this script and print what they hold."""
    folder = Path(__file__).resolve().parent
    total = 0
    print(f"{'file':<16}{'rows':>7}{'bytes':>9}  {'loss':<20}{'baseline':>11}{'candidate':>11}")
    for sample in all_samples():
        size = sum(path.stat().st_size for path in write(sample, folder))
        total += size
        rows = len(next(iter(sample.columns.values())))
        for check in sample.checks:
            numbers = f"{check.baseline:>11.4f}{check.candidate:>11.4f}"
            print(f"{sample.name:<16}{rows:>7}{size:>9}  {check.loss:<20}{numbers}")
    print(f"{total} bytes in all")


if __name__ == "__main__":
    main()
