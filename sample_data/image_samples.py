"""Samples made from two photographs that scikit-image ships: the coins and the Hubble deep field.

Neither photograph comes with hand-made labels. The truth in these samples is a reference measured on the
full-resolution photograph. The models see a reduced copy only, and every prediction is made by a model
fitted on other parts of the photograph.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from sample_file import Check, Column, FloatArray, Sample, rounded
from scipy import ndimage
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.metrics import log_loss, mean_poisson_deviance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The package is marked as typed, but its functions carry no annotations for a type checker to use.
skimage: Any = import_module("skimage")

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Crop = tuple[slice, slice]

COIN_BANDS = 6  # the coins lie in six columns: each band holds about one of them
COIN_REDUCTION = 2
CROP_MARGIN = 4
SKY_BANDS = 5
SOURCE_BRIGHTNESS = 0.15  # about three times the brightness of the empty sky
TILE = 25
TILE_REDUCTION = 5
SMALLEST_SOURCE = 20  # pixels
PATCH_HALF = 32
PATCH_REDUCTION = 4


def column_bands(width: int, bands: int) -> IntArray:
    """Number the vertical band of every column of an image; the bands are the cross-validation folds."""
    return np.arange(width, dtype=np.int64) * bands // width


def reduced(image: FloatArray, reduction: int) -> FloatArray:
    """Shrink an image by averaging blocks; rows and columns that fill no block are cut off."""
    height, width = (size // reduction * reduction for size in image.shape)
    small = skimage.transform.downscale_local_mean(image[:height, :width], (reduction, reduction))
    return np.asarray(small, dtype=np.float64)


def out_of_band(
    inputs: FloatArray,
    target: npt.NDArray[Any],
    band: IntArray,
    make: Callable[[], Any],
    how: str = "predict",
) -> FloatArray:
    """Predict the rows of every band with a model fitted on the rows of the other bands."""
    parts = []
    for held_out in np.unique(band):
        model = make().fit(inputs[band != held_out], target[band != held_out])
        parts.append(getattr(model, how)(inputs[band == held_out]))
    # the parts come band by band: a stable sort finds the row that each of their rows belongs to
    predicted = np.concatenate(parts)
    in_order = np.empty_like(predicted)
    in_order[np.argsort(band, kind="stable")] = predicted
    return np.asarray(in_order, dtype=np.float64)


def coin_reference(photograph: npt.NDArray[np.uint8]) -> BoolArray:
    """The reference segmentation of the coins: a watershed, cleaned, with every coin made convex."""
    markers = np.zeros(photograph.shape, dtype=np.int32)
    markers[photograph < 30] = 1  # surely background
    markers[photograph > 150] = 2  # surely coin
    regions = skimage.segmentation.watershed(skimage.filters.sobel(photograph), markers)
    # a bare watershed leaves holes, specks, and spurs that run along scratches of the background
    filled = ndimage.binary_fill_holes(regions == 2)
    opened = skimage.morphology.opening(filled, skimage.morphology.disk(5))
    return np.asarray(skimage.morphology.convex_hull_object(opened), dtype=np.bool_)


def pixel_model() -> Any:
    """A logistic regression for single pixels; baseline and candidate differ in what they see."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def soft_mask(image: FloatArray, inputs: FloatArray, truth: BoolArray) -> FloatArray:
    """Out-of-band probability of every pixel to lie on a coin; `inputs` has one row per pixel."""
    band = np.tile(column_bands(image.shape[1], COIN_BANDS), image.shape[0])
    probability = out_of_band(inputs, truth.ravel(), band, pixel_model, "predict_proba")[:, 1]
    # an exact 0 or 1 after rounding would make the cross-entropy of a wrong pixel infinite
    return np.clip(rounded(probability, 4), 0.0001, 0.9999).reshape(image.shape)


def coin_crops(truth: BoolArray) -> list[Crop]:
    """One rectangle around every coin, with a margin."""
    crops = []
    for region in skimage.measure.regionprops(skimage.measure.label(truth)):
        top, left, bottom, right = region.bbox
        rows = slice(max(top - CROP_MARGIN, 0), min(bottom + CROP_MARGIN, truth.shape[0]))
        crops.append((rows, slice(max(left - CROP_MARGIN, 0), min(right + CROP_MARGIN, truth.shape[1]))))
    return crops


def dice_loss(truth: list[FloatArray], soft: list[FloatArray]) -> float:
    """The soft Dice loss, averaged over images."""
    scores = [2 * (t * s).sum() / (t.sum() + s.sum()) for t, s in zip(truth, soft, strict=True)]
    return float(1 - np.mean(scores))


def flat(images: list[FloatArray]) -> FloatArray:
    """All pixels of all images in one array, row by row."""
    return np.concatenate([image.ravel() for image in images])


def mask_tables(masks: dict[str, list[FloatArray]]) -> tuple[dict[str, Column], dict[str, Column]]:
    """The crops with one row per pixel, and with one row per image and list columns."""
    truth = masks["mask_true"]
    names = [f"coin_{number:02d}" for number in range(1, len(truth) + 1)]
    grids = [np.indices(image.shape) for image in truth]
    long: dict[str, Column] = {
        "image_id": [name for name, image in zip(names, truth, strict=True) for _ in range(image.size)],
        "row": np.concatenate([grid[0].ravel() for grid in grids]),
        "col": np.concatenate([grid[1].ravel() for grid in grids]),
    }
    lists: dict[str, Column] = {
        "image_id": names,
        "height": [image.shape[0] for image in truth],
        "width": [image.shape[1] for image in truth],
    }
    for name, images in masks.items():
        kind = np.int64 if name == "mask_true" else np.float64
        long[name] = flat(images).astype(kind)
        lists[name] = [image.ravel().astype(kind) for image in images]
    return long, lists


def mask_samples() -> list[Sample]:
    """Soft masks of the coins, one crop per coin."""
    photograph = skimage.data.coins()
    image = reduced(photograph / 255.0, COIN_REDUCTION)
    truth = reduced(coin_reference(photograph).astype(np.float64), COIN_REDUCTION) >= 0.5
    features = skimage.feature.multiscale_basic_features(image, sigma_min=0.5, sigma_max=8)
    layers = {
        "mask_true": truth.astype(np.float64),
        "mask_baseline": soft_mask(image, image.reshape(-1, 1), truth),
        "mask_candidate": soft_mask(image, features.reshape(image.size, -1), truth),
    }
    crops = coin_crops(truth)
    masks = {name: [layer[crop] for crop in crops] for name, layer in layers.items()}
    known, base, candidate = masks.values()
    checks = (
        Check("Dice, per image", dice_loss(known, base), dice_loss(known, candidate)),
        Check("cross-entropy", log_loss(flat(known), flat(base)), log_loss(flat(known), flat(candidate))),
    )
    long, lists = mask_tables(masks)
    return [Sample("masks", long, checks), Sample("masks_list", lists, checks)]


def thirds(values: FloatArray, names: tuple[str, str, str]) -> npt.NDArray[np.str_]:
    """Name every value after the third of all values that it falls into."""
    return np.array(names)[np.digitize(values, np.quantile(values, (1 / 3, 2 / 3)))]


def tile_pixels(image: FloatArray, rows: int, cols: int) -> FloatArray:
    """Cut an image into `rows` by `cols` tiles; one row per tile, one column per pixel."""
    height, width = image.shape[0] // rows, image.shape[1] // cols
    return image.reshape(rows, height, cols, width).swapaxes(1, 2).reshape(rows * cols, -1)


def count_sources(smooth: FloatArray, rows: int, cols: int) -> IntArray:
    """The reference count of every tile: local maxima of the smoothed photograph above a threshold."""
    peaks = skimage.feature.peak_local_max(
        smooth, min_distance=2, threshold_abs=SOURCE_BRIGHTNESS, exclude_border=False
    )
    tile = peaks[(peaks < (rows * TILE, cols * TILE)).all(axis=1)] // TILE
    return np.bincount(tile[:, 0] * cols + tile[:, 1], minlength=rows * cols)


def boosted_rates() -> Any:
    """The candidate for the counts."""
    return HistGradientBoostingRegressor(
        loss="poisson", max_iter=60, learning_rate=0.06, max_leaf_nodes=8, random_state=0
    )


def count_sample(sky: FloatArray, smooth: FloatArray) -> Sample:
    """How many sources a tile of the deep field holds, predicted from a thumbnail of the tile."""
    rows, cols = (size // TILE for size in sky.shape)
    counts = count_sources(smooth, rows, cols)
    thumbnail = reduced(sky[: rows * TILE, : cols * TILE], TILE_REDUCTION)
    peaks = ndimage.maximum_filter(thumbnail, size=3) == thumbnail
    levels = [
        tile_pixels((peaks & (thumbnail > level)).astype(np.float64), rows, cols).sum(axis=1)
        for level in (0.07, 0.10, 0.15, 0.25)
    ]
    pixels = tile_pixels(thumbnail, rows, cols)
    mean = np.log(pixels.mean(axis=1))
    features = np.column_stack([np.log(np.sort(pixels, axis=1)), *levels])
    band = np.tile(column_bands(cols, SKY_BANDS), rows)
    base = rounded(out_of_band(mean[:, None], counts, band, lambda: PoissonRegressor(alpha=0.001)))
    candidate = rounded(out_of_band(features, counts, band, boosted_rates))
    columns: dict[str, Column] = {
        "tile_row": np.repeat(np.arange(rows), cols),
        "tile_col": np.tile(np.arange(cols), rows),
        "brightness": thirds(mean, ("dim", "middle", "bright")),
        "y_true": counts,
        "rate_baseline": base,
        "rate_candidate": candidate,
    }
    deviances = [mean_poisson_deviance(counts, rates) for rates in (base, candidate)]
    return Sample("counts", columns, (Check("Poisson deviance", deviances[0], deviances[1]),), as_csv=True)


def brightness_profiles(sky: FloatArray, peaks: IntArray) -> FloatArray:
    """Per source: the log brightness along four rays from its peak, and the brightest value nearby."""
    padded = np.pad(sky, PATCH_HALF, mode="reflect")
    half = PATCH_HALF // PATCH_REDUCTION
    rows = []
    for top, left in peaks:
        patch = reduced(padded[top : top + 2 * PATCH_HALF, left : left + 2 * PATCH_HALF], PATCH_REDUCTION)
        log = np.log(patch + 0.02)  # the offset keeps the black sky from ruling the scale
        across, down = log[half - 1 : half + 1].mean(axis=0), log[:, half - 1 : half + 1].mean(axis=1)
        rows.append([*across[half:], *across[:half][::-1], *down[half:], *down[:half][::-1], log.max()])
    return np.array(rows, dtype=np.float64)


def paired_iou(left: FloatArray, right: FloatArray) -> FloatArray:
    """Intersection over union of the boxes that share a row."""
    low, high = np.maximum(left[:, :2], right[:, :2]), np.minimum(left[:, 2:], right[:, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=1)
    both = sum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (left, right))
    return np.asarray(shared / (both - shared), dtype=np.float64)


def box_sample(sky: FloatArray, smooth: FloatArray) -> Sample:
    """The box around every source of the deep field, predicted from the brightness around its peak."""
    regions = skimage.measure.regionprops(skimage.measure.label(smooth > SOURCE_BRIGHTNESS))
    regions = [region for region in regions if region.area >= SMALLEST_SOURCE]
    truth = np.array([[r.bbox[1], r.bbox[0], r.bbox[3], r.bbox[2]] for r in regions], dtype=np.float64)
    peaks = np.array([r.coords[np.argmax(smooth[tuple(r.coords.T)])] for r in regions])
    centre = peaks[:, ::-1] + 0.5
    # the models learn the log of the distance from the peak to each side: no box can come out inverted
    reach = np.log(np.column_stack([centre - truth[:, :2], truth[:, 2:] - centre]))
    profiles = brightness_profiles(sky, peaks)
    band = column_bands(sky.shape[1], SKY_BANDS)[peaks[:, 1]]
    models = {
        "base": (profiles[:, :1], LinearRegression),
        "cand": (profiles, lambda: ExtraTreesRegressor(100, min_samples_leaf=2, random_state=0)),
    }
    boxes = {"true": truth}
    for name, (inputs, make) in models.items():
        out = np.exp(out_of_band(inputs, reach, band, make))
        boxes[name] = rounded(np.column_stack([centre - out[:, :2], centre + out[:, 2:]]), 3)
    columns: dict[str, Column] = {"size": thirds(np.array([r.area for r in regions]), ("small", "middle", "large"))}
    for name, corners in boxes.items():
        columns |= {f"{name}_{corner}": corners[:, i] for i, corner in enumerate(("x1", "y1", "x2", "y2"))}
    loss = {name: float(1 - paired_iou(truth, boxes[name]).mean()) for name in models}
    return Sample("boxes", columns, (Check("1 - IoU", loss["base"], loss["cand"]),), as_csv=True)


def image_samples() -> list[Sample]:
    """Every sample that comes from a photograph."""
    sky = np.asarray(skimage.color.rgb2gray(skimage.data.hubble_deep_field()), dtype=np.float64)
    smooth = np.asarray(skimage.filters.gaussian(sky, 1), dtype=np.float64)
    return [count_sample(sky, smooth), *mask_samples(), box_sample(sky, smooth)]
