"""Masks, boxes, embeddings and distributions as segmenters, detectors and encoders export them."""

from math import e, log

from tests.wild.case import Case, text

TEXTS = {
    "boolean_masks.jsonl": text('{"mask": [true, false], "prob": [1, 0.5]}', '{"mask": [true], "prob": [0.5]}'),
    "ragged_masks.jsonl": text('{"mask": [1, 0, 1], "prob": [1, 0]}', '{"mask": [1], "prob": [1]}'),
    "pixels.csv": text("image,mask,prob", "b c.png,1,1", "ä.png,1,.5", "b c.png,0,.5", "ä.png,0,0", ",1,1"),
    "pixels_255.csv": text("image,mask,prob", "a,255,1", "a,0,.5", "b,255,.5"),
    "pixel_classes.csv": text("image,name,p_cat,p_dog", "a,cat,1,0", "a,dog,.5,.5", "b,dog,0,1"),
    "voc.csv": text(
        "filename,gt_ymin,gt_xmin,gt_ymax,gt_xmax,pr_xmin,pr_ymin,pr_xmax,pr_ymax", "1.jpg,10,0,12,4,1,10,5,12"
    ),
    "yolo.csv": text(
        "x_center,y_center,width,height,pred_x_center,pred_y_center,pred_width,pred_height", ".4,.4,.4,.2,.5,.4,.4,.2"
    ),
    "yolo.txt": text("0 0.4 0.4 0.4 0.2 0.5 0.4 0.4 0.2"),
    "coco.jsonl": text('{"image_id": 7, "bbox": [2, 3, 4, 2], "pred_bbox": [3, 3, 4, 2]}'),
    "detections.jsonl": text('{"boxes": [[0, 0, 1, 1]], "pred_boxes": [[0, 0, 1, 1], [2, 2, 3, 3]]}'),
    "suffixed_boxes.csv": text("x1_gt,y1_gt,x2_gt,y2_gt,x1_pred,y1_pred,x2_pred,y2_pred", "0,10,4,12,1,10,5,12"),
    "embedding_columns.csv": text("a_e0,a_e1,p_e0,p_e1,n_e0,n_e1", "0,0,3,4,0,1", "0,0,0,1,6,8"),
    "encoder_pairs.jsonl": text(
        '{"left": [0, 0], "right": [3, 4], "same": 0}', '{"left": [0, 0], "right": [0, 1], "same": 1}'
    ),
    "views.jsonl": text('{"anchor": [1, 0], "positive": [2, 0]}', '{"anchor": [0, 1], "positive": [0, 5]}'),
    "views_ragged.jsonl": text('{"anchor": [1, 0], "positive": [2, 0]}', '{"anchor": [1], "positive": [0, 5]}'),
    "distilled.jsonl": text(
        '{"teacher": [0.5, 0.5], "student": [0.25, 0.75]}', '{"teacher": [1, 0], "student": [0.5, 0.5]}'
    ),
    "vae.jsonl": text('{"recon": 2, "mu": [1, 0], "log_var": [0, 0]}', '{"recon": 1, "mu": [0, 0], "log_var": [1, 0]}'),
}

# the boxes of 4 by 2 that stand 1 apart share 6 of 10
THIRD = 1 - 6 / 10

CASES = [
    Case(
        id="boolean-masks",
        why="Masks of true and false in lists of different sizes.",
        line="compute boolean_masks.jsonl -l dice -t mask --probs prob --eps 0",
        value=((1 - 2 / 2.5) + (1 - 1 / 1.5)) / 2,
        columns={"target": ("mask",), "probs": ("prob",)},
        rows=2,
    ),
    Case(
        id="ragged-masks",
        why="A mask with fewer pixels than its truth is of another image.",
        line="compute ragged_masks.jsonl -l dice -t mask --probs prob",
        code=3,
        rows_named=(1,),
    ),
    Case(
        id="pixels-unsorted",
        why="Pixels of images stand apart, and one has no image.",
        line="compute pixels.csv -l dice -t mask --probs prob --group image --eps 0 --missing skip",
        value=((1 - 2 / 2.5) + (1 - 1 / 1.5)) / 2,
        columns={"target": ("mask",), "probs": ("prob",), "group": ("image",)},
        rows=5,
        used=4,
        skipped={"missing": 1},
    ),
    Case(
        id="pixels-without-image",
        why="A pixel of no image belongs to none.",
        line="compute pixels.csv -l dice -t mask --probs prob --group image",
        code=3,
        rows_named=(5,),
    ),
    Case(
        id="masks-of-255",
        why="Masks from PNG files are 0 and 255.",
        line="compute pixels_255.csv -l iou -t mask --probs prob --group image --eps 0 --positive-class 255",
        value=((1 - 1 / 1.5) + (1 - 0.5)) / 2,
        columns={"target": ("mask",), "probs": ("prob",), "group": ("image",)},
        rows=3,
    ),
    Case(
        id="masks-of-255-not-said",
        why="255 is no probability of a mask.",
        line="compute pixels_255.csv -l iou -t mask --probs prob --group image",
        code=3,
        rows_named=(1,),
        stderr_has=("--positive-class 255",),
    ),
    Case(
        id="pixel-classes",
        why="The truth is the name of a class, the prediction a column for each: the mean over classes.",
        line="compute pixel_classes.csv -l dice -t name --probs 'p_*' --group image --eps 0 --where image=a",
        value=((1 - 2 / 2.5) + (1 - 1 / 1.5)) / 2,
        columns={"target": ("name",), "probs": ("p_cat", "p_dog"), "group": ("image",)},
        rows=3,
        used=2,
        skipped=None,
    ),
    Case(
        id="voc-patterns",
        why="TensorFlow has y before x, others x before y: a pattern puts both in the order of a box.",
        line="compute voc.csv -l box_iou -t 'gt_*' -p 'pr_*'",
        value=THIRD,
        columns={
            "target": ("gt_xmin", "gt_ymin", "gt_xmax", "gt_ymax"),
            "pred": ("pr_xmin", "pr_ymin", "pr_xmax", "pr_ymax"),
        },
        rows=1,
    ),
    Case(
        id="voc-sides-differ",
        why="y before x on one side only is another box.",
        line="compute voc.csv -l box_iou -t gt_ymin,gt_xmin,gt_ymax,gt_xmax -p 'pr_*'",
        code=2,
        stderr_has=("another order",),
    ),
    Case(
        id="yolo-names",
        why="The alphabet would put height and width before the center.",
        line="compute yolo.csv -l box_iou -t x_center,y_center,width,height -p 'pred_*' --box-format cxcywh",
        value=THIRD,
        columns={
            "target": ("x_center", "y_center", "width", "height"),
            "pred": ("pred_x_center", "pred_y_center", "pred_width", "pred_height"),
        },
        rows=1,
    ),
    Case(
        id="yolo-format-not-said",
        why="A center and a size are no corners.",
        line="compute yolo.csv -l box_iou -t x_center,y_center,width,height -p 'pred_*'",
        code=2,
        stderr_has=("--box-format cxcywh",),
    ),
    Case(
        id="yolo-lines",
        why="Lines of a class and a box without names, separated by blanks.",
        line="compute yolo.txt --no-header --delimiter ' ' -l box_iou -t 2,3,4,5 -p 6,7,8,9 --box-format cxcywh",
        value=THIRD,
        columns={"target": ("2", "3", "4", "5"), "pred": ("6", "7", "8", "9")},
        rows=1,
    ),
    Case(
        id="coco-lists",
        why="COCO has a corner and a size in a list.",
        line="compute coco.jsonl -l giou -t bbox -p pred_bbox --box-format xywh",
        value=THIRD,
        columns={"target": ("bbox",), "pred": ("pred_bbox",)},
        rows=1,
    ),
    Case(
        id="detections-not-matched",
        why="Lists of boxes that are not matched to one another have no loss.",
        line="compute detections.jsonl -l giou -t boxes -p pred_boxes",
        code=2,
        stderr_has=("boxes",),
    ),
    Case(
        id="box-names-with-endings",
        why="A join adds endings: x1_pred, x2_pred, y1_pred, y2_pred is the order of the alphabet and no box.",
        line="compute suffixed_boxes.csv -l box_iou -t '*_gt' -p '*_pred'",
        value=THIRD,
        columns={"target": ("x1_gt", "y1_gt", "x2_gt", "y2_gt"), "pred": ("x1_pred", "y1_pred", "x2_pred", "y2_pred")},
        rows=1,
    ),
    Case(
        id="embedding-columns",
        why="A column for each dimension.",
        line="compute embedding_columns.csv -l triplet --anchor 'a_*' --positive 'p_*' --negative 'n_*'",
        value=((5 - 1 + 1) + 0) / 2,
        columns={"anchor": ("a_e0", "a_e1"), "positive": ("p_e0", "p_e1"), "negative": ("n_e0", "n_e1")},
        rows=2,
    ),
    Case(
        id="encoder-pairs",
        why="Pairs of lists with a label.",
        line="compute encoder_pairs.jsonl -l contrastive -t same --margin 6",
        value=((6 - 5) ** 2 + 1**2) / 2,
        columns={"target": ("same",), "left": ("left",), "right": ("right",)},
        rows=2,
    ),
    Case(
        id="views",
        why="Two views of each image: only their directions count.",
        line="compute views.jsonl -l info_nce --temperature 1 --batch-size 2",
        value=log(e + 1) - 1,
        columns={"anchor": ("anchor",), "positive": ("positive",)},
        rows=2,
    ),
    Case(
        id="views-ragged",
        why="An embedding that is cut off is damage.",
        line="compute views_ragged.jsonl -l info_nce --batch-size 2",
        code=3,
        rows_named=(2,),
    ),
    Case(
        id="distillation",
        why="Distributions of a teacher and a student in lists, one of them with a 0.",
        line="compute distilled.jsonl -l kl_div -t teacher --probs student",
        value=(0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75) + log(2)) / 2,
        columns={"target": ("teacher",), "probs": ("student",)},
        rows=2,
    ),
    Case(
        id="vae-lists",
        why="The posterior's means and logarithms of variances are lists.",
        line="compute vae.jsonl -l elbo --reconstruction recon --mu mu --log-var log_var",
        value=((2 + 0.5) + (1 + (e - 1 - 1) / 2)) / 2,
        columns={"reconstruction": ("recon",), "mu": ("mu",), "log_var": ("log_var",)},
        rows=2,
    ),
]
