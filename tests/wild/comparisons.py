"""compare: several losses, several prediction columns, a file for each model."""

from math import cosh, log

from tests.wild.case import Case, roles, text

TEXTS = {
    "several_models.csv": text(
        "y_true,naive,ridge_pred,boost_pred",
        "3.0,2.0,2.5,3.0",
        "-0.5,1.0,0.0,-0.75",
        "2.0,2.0,2.0,2.5",
        "7.0,5.0,8.0,6.75",
    ),
    "run_old.csv": text("id,y_true,y_pred", "1,3.0,2.0", "2,-0.5,0.5", "3,2.0,2.0"),
    "run_new.csv": text("id;y_true;y_pred", "1;3.0;2.5", "2;-0.5;-0.25", "3;2.0;2.0", eol="\r\n"),
    "run_sorted.csv": text("id,y_true,y_pred", "2,-0.5,-0.25", "3,2.0,2.0", "1,3.0,2.5"),
    "run_shorter.csv": text("id,y_true,y_pred", "1,3.0,2.5", "2,-0.5,-0.25"),
}

CASES = [
    Case(
        id="compare-losses",
        why="Several losses of one pair of columns, in the order of the line.",
        line="compare pairs.csv --loss mse --loss mae --loss huber:delta=0.5 --loss log_cosh",
        values=(
            (0.25 + 0.25 + 0 + 1) / 4,
            (0.5 + 0.5 + 0 + 1) / 4,
            (0.125 + 0.125 + 0 + 0.5 * (1 - 0.25)) / 4,
            (log(cosh(0.5)) + log(cosh(0.5)) + 0 + log(cosh(1))) / 4,
        ),
        columns=roles("y_true", "y_pred"),
        rows=4,
    ),
    Case(
        id="compare-losses-of-other-units",
        why="An absolute and a relative loss side by side; a target of -0.5 counts by its size.",
        line="compare pairs.csv --loss mae --loss mape",
        values=((0.5 + 0.5 + 0 + 1) / 4, (0.5 / 3 + 0.5 / 0.5 + 0 + 1 / 7) / 4),
        columns=roles("y_true", "y_pred"),
        rows=4,
    ),
    Case(
        id="compare-one-loss-out-of-domain",
        why="The dry day is outside the domain of one of the two losses, which stops both.",
        line="compare rainfall.csv --loss mae --loss mape",
        code=3,
        rows_named=(2,),
        stderr_has=("obs_mm",),
    ),
    Case(
        id="compare-models-in-columns",
        why="Each repeated --pred is a model.",
        line="compare several_models.csv --loss mae --pred naive --pred ridge_pred --pred boost_pred",
        values=((1 + 1.5 + 0 + 2) / 4, (0.5 + 0.5 + 0 + 1) / 4, (0 + 0.25 + 0.5 + 0.25) / 4),
        columns=roles("y_true", "naive"),
        rows=4,
        stderr_has=("20",),
    ),
    Case(
        id="compare-models-not-said",
        why="Which columns are models is not guessed from two that look like predictions.",
        line="compare several_models.csv --loss mae",
        code=2,
        stderr_has=("ridge_pred", "boost_pred", "--pred"),
    ),
    Case(
        id="compute-two-models",
        why="compute has one model; two are for compare.",
        line="compute several_models.csv --loss mae --pred naive --pred ridge_pred",
        code=2,
        stderr_has=("--pred", "compare"),
    ),
    Case(
        id="compare-files",
        why="Two runs on the same rows in the same order, of different layout.",
        line="compare --model old=run_old.csv --model new=run_new.csv --loss mae",
        values=((1 + 1 + 0) / 3, (0.5 + 0.25 + 0) / 3),
        columns=roles("y_true", "y_pred"),
        rows=3,
    ),
    Case(
        id="compare-files-of-other-order",
        why="The second run was sorted: its first target is another one, so positions do not pair the rows.",
        line="compare --model old=run_old.csv --model new=run_sorted.csv --loss mae",
        code=3,
        rows_named=(1,),
        stderr_has=("y_true", "--key"),
    ),
    Case(
        id="compare-files-of-other-length",
        why="A run that stopped early has fewer rows than the other.",
        line="compare --model old=run_old.csv --model new=run_shorter.csv --loss mae",
        code=3,
        stderr_has=("3", "2"),
    ),
]
