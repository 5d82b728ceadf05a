"""Forecast files: hubs with quantiles in rows, Prophet, Nixtla, AutoGluon, Darts, Amazon, BigQuery ML."""

from math import log

from tests.wild.case import Case, roles, text

HUB_HEADER = "reference_date,target,horizon,target_end_date,location,output_type,output_type_id,value,observation"
FLU = "2023-11-11,wk inc flu hosp,0,2023-11-11"

TEXTS = {
    "hub_quantiles.csv": text(
        HUB_HEADER,
        f"{FLU},06,quantile,0.25,120,150",
        f"{FLU},06,quantile,0.5,140,150",
        f"{FLU},06,quantile,0.75,170,150",
        f"{FLU},06,mean,NA,142,150",
        f"{FLU},36,quantile,0.25,60,50",
        f"{FLU},36,quantile,0.5,75,50",
        f"{FLU},36,quantile,0.75,90,50",
        f"{FLU},36,mean,NA,76,50",
    ),
    "hub_mixed.csv": text(
        HUB_HEADER,
        f"{FLU},06,quantile,0.25,120,150",
        f"{FLU},06,quantile,0.75,170,150",
        "2023-11-11,wk flu hosp rate change,0,2023-11-11,06,pmf,stable,0.7,1",
        "2023-11-11,wk flu hosp rate change,0,2023-11-11,06,pmf,large_increase,0.3,0",
    ),
    "scoringutils.csv": text(
        "location,target_end_date,target_type,observed,location_name,forecast_date,"
        "quantile_level,predicted,model,horizon",
        "DE,2021-05-15,Cases,100,Germany,2021-05-03,0.25,80,EuroCOVIDhub-ensemble,2",
        "DE,2021-05-15,Cases,100,Germany,2021-05-03,0.5,104,EuroCOVIDhub-ensemble,2",
        "DE,2021-05-15,Cases,100,Germany,2021-05-03,0.75,120,EuroCOVIDhub-ensemble,2",
        "DE,2021-05-15,Cases,100,Germany,2021-05-03,0.25,90,UMass-MechBayes,2",
        "DE,2021-05-15,Cases,100,Germany,2021-05-03,0.5,100,UMass-MechBayes,2",
        "DE,2021-05-15,Cases,100,Germany,2021-05-03,0.75,108,UMass-MechBayes,2",
    ),
    "scoringutils_old.csv": text(
        "location,target_end_date,target_type,true_value,forecast_date,quantile,prediction,horizon",
        "GB,2021-05-15,Deaths,10,2021-05-03,0.5,12,2",
        "GB,2021-05-22,Deaths,8,2021-05-03,0.5,7,3",
    ),
    "m5_long.csv": text(
        "id,item_id,dept_id,cat_id,store_id,state_id,d,sales,forecast",
        "HOBBIES_1_001_CA_1_evaluation,HOBBIES_1_001,HOBBIES_1,HOBBIES,CA_1,CA,d_1942,0,0.25",
        "HOBBIES_1_001_CA_1_evaluation,HOBBIES_1_001,HOBBIES_1,HOBBIES,CA_1,CA,d_1943,1,1.5",
        "FOODS_3_090_CA_3_evaluation,FOODS_3_090,FOODS_3,FOODS,CA_3,CA,d_1942,3,2",
        "FOODS_3_090_CA_3_evaluation,FOODS_3_090,FOODS_3,FOODS,CA_3,CA,d_1943,0,0.5",
    ),
    "prophet.csv": text(
        ",ds,trend,yhat_lower,yhat_upper,trend_lower,trend_upper,additive_terms,additive_terms_lower,yhat,y",
        "0,2024-01-01,8.5,8,10,8.5,8.5,0.5,0.5,9,9.5",
        "1,2024-01-02,8.5,7.5,9.5,8.5,8.5,0,0,8.5,8.25",
        "2,2024-01-03,8.5,7.5,9.5,8.5,8.5,0,0,8.5,8",
        "3,2024-01-04,8.75,8,9.75,8.5,9,0.5,0.5,9.25,10",
    ),
    "nixtla.csv": text(
        "unique_id,ds,cutoff,y,AutoARIMA,AutoARIMA-lo-80,AutoARIMA-hi-80,SeasonalNaive",
        "H1,2024-03-01 00:00:00,2024-02-29 23:00:00,100,102,95,109,96",
        "H1,2024-03-01 01:00:00,2024-02-29 23:00:00,110,108,104,112,112",
        "H2,2024-03-01 00:00:00,2024-02-29 23:00:00,120,123,118,128,114",
        "H2,2024-03-01 01:00:00,2024-02-29 23:00:00,130,129,131,135,130",
    ),
    "autogluon_series.csv": text(
        "item_id,timestamp,target,mean,0.1,0.5,0.9",
        "A,2024-05-01,10,11,8,10.5,13",
        "A,2024-05-02,12,10.5,9,10.5,11",
        "B,2024-05-01,9,9,8.25,9,9.5",
    ),
    "darts.csv": text(
        "Month,#Passengers,#Passengers_q0.50,#Passengers_q0.90",
        "1959-01-01,112,110,115",
        "1959-02-01,118,120,125",
        "1959-03-01,132,135,140",
    ),
    "amazon_forecast.csv": text(
        "item_id,date,target_value,p10,p50,p90",
        "client_12,2019-08-01T00:00:00Z,25,20,24,30",
        "client_12,2019-08-02T00:00:00Z,31,20.5,25,30",
    ),
    "bqml_arima.csv": text(
        "forecast_timestamp,forecast_value,standard_error,confidence_level,"
        "prediction_interval_lower_bound,prediction_interval_upper_bound,sales",
        "2017-08-02 00:00:00 UTC,2500.5,205.5,0.8,2236,2765,2400",
        "2017-08-03 00:00:00 UTC,2450,205.5,0.8,2185.5,2714.5,2450.25",
    ),
    "forecast_horizon.csv": text(
        "forecast_date,forecast_horizon,target_week,target,label,actual,forecast",
        "2024-01-06,1,2024-W02,inc hosp,low,12,10.5",
        "2024-01-06,2,2024-W03,inc hosp,low,14,14.5",
        "2024-01-06,3,2024-W04,inc hosp,high,9,12",
    ),
}

HUB_COLUMNS = roles("observation", "value")
HUB_ROLES = "--target observation --pred value --tau @output_type_id"
# a quarter of 30, half of 10, a quarter of 20; then three quarters of 10, half of 25, a quarter of 40
HUB_06 = 0.25 * 30 + 0.5 * 10 + 0.25 * 20
HUB_36 = 0.75 * 10 + 0.5 * 25 + 0.25 * 40
ENSEMBLE = 0.25 * 20 + 0.5 * 4 + 0.25 * 20
MECH_BAYES = 0.25 * 10 + 0 + 0.25 * 8

CASES = [
    Case(
        id="hub-no-roles",
        why="In hub files `target` names a task and `target_end_date` is a date: neither is a number.",
        line="compute hub_quantiles.csv --loss mae",
        code=2,
        stderr_has=("--target",),
    ),
    Case(
        id="hub-text-as-target",
        why="Even when it is said, a text is no number.",
        line="compute hub_quantiles.csv --loss mae --target target --pred value",
        code=3,
        rows_named=(1,),
        stderr_has=("wk inc flu hosp", "target"),
    ),
    Case(
        id="hub-levels-in-rows",
        why="Each row has its own level; the rows of means have none, so they are left out and counted.",
        line=f"compute hub_quantiles.csv --loss pinball {HUB_ROLES}",
        value=(HUB_06 + HUB_36) / 6,
        rows=8,
        used=6,
        skipped=None,
        stderr_has=("output_type",),
        stdout_has=("observation", "value"),
    ),
    Case(
        id="hub-where",
        why="Rows that --where leaves out need no level.",
        line=f"compute hub_quantiles.csv --loss pinball {HUB_ROLES} --where output_type=quantile",
        value=(HUB_06 + HUB_36) / 6,
        rows=8,
        used=6,
        skipped={"where": 2},
    ),
    Case(
        id="hub-where-twice",
        why="Two conditions hold together, and a location of 06 keeps its zero.",
        line=f"compute hub_quantiles.csv --loss pinball {HUB_ROLES} --where output_type=quantile --where location=06",
        value=HUB_06 / 3,
        rows=8,
        used=3,
        skipped={"where": 5},
    ),
    Case(
        id="hub-where-text-with-blanks",
        why="A value in a condition may have blanks.",
        line="compute hub_quantiles.csv --loss mae -t observation -p value"
        " --where 'target=wk inc flu hosp' --where output_type=mean",
        value=(8 + 26) / 2,
        columns=HUB_COLUMNS,
        rows=8,
        used=2,
        skipped={"where": 6},
    ),
    Case(
        id="hub-text-levels",
        why="Names of categories stand in the column of the levels; they are neither levels nor missing.",
        line=f"compute hub_mixed.csv --loss pinball {HUB_ROLES}",
        code=3,
        rows_named=(3,),
        stderr_has=("stable", "output_type_id"),
    ),
    Case(
        id="hub-text-levels-where",
        why="The rows of categories are left out before their levels are read as numbers.",
        line=f"compute hub_mixed.csv --loss pinball {HUB_ROLES} --where output_type=quantile",
        value=(0.25 * 30 + 0.25 * 20) / 2,
        rows=4,
        used=2,
        skipped={"where": 2},
    ),
    Case(
        id="scoringutils",
        why="Dates named target_end_date and forecast_date and the text target_type are no candidates; "
        "two models stand among the rows, so a warning names the column.",
        line="compute scoringutils.csv --loss pinball --tau @quantile_level",
        value=(ENSEMBLE + MECH_BAYES) / 6,
        rows=6,
        stdout_has=("observed", "predicted"),
        stderr_has=("model",),
    ),
    Case(
        id="scoringutils-one-model",
        why="A model's name with a hyphen is a value like any other.",
        line="compute scoringutils.csv --loss pinball --tau @quantile_level --where model=UMass-MechBayes",
        value=MECH_BAYES / 3,
        rows=6,
        used=3,
        skipped={"where": 3},
    ),
    Case(
        id="scoringutils-old",
        why="Older files have true_value and prediction.",
        line="compute scoringutils_old.csv --loss mae",
        value=(2 + 1) / 2,
        columns=roles("true_value", "prediction"),
        rows=2,
    ),
    Case(
        id="m5-no-truth",
        why="Sales is no name of a role.",
        line="compute m5_long.csv --loss mae",
        code=2,
        stderr_has=("--target", "sales"),
    ),
    Case(
        id="m5",
        why="Counts beside a fractional forecast.",
        line="compute m5_long.csv --loss mae --target sales",
        value=(0.25 + 0.5 + 1 + 0.5) / 4,
        columns=roles("sales", "forecast"),
        rows=4,
    ),
    Case(
        id="m5-poisson",
        why="For counts --pred means the rate; a count of 0 adds the rate alone.",
        line="compute m5_long.csv --loss poisson_nll --target sales --pred forecast",
        value=(0.25 + (1.5 - log(1.5)) + (2 - 3 * log(2)) + 0.5) / 4,
        rows=4,
    ),
    Case(
        id="prophet",
        why="yhat is the forecast; its bounds yhat_lower and yhat_upper are not.",
        line="compute prophet.csv --loss mae",
        value=(0.5 + 0.25 + 0.5 + 0.75) / 4,
        columns=roles("y", "yhat"),
        rows=4,
    ),
    Case(
        id="prophet-upper",
        why="A bound can be said, and is the 0.9 quantile.",
        line="compute prophet.csv --loss pinball:tau=0.9 --pred yhat_upper",
        value=(0.1 * 0.5 + 0.1 * 1.25 + 0.1 * 1.5 + 0.9 * 0.25) / 4,
        columns=roles("y", "yhat_upper"),
        rows=4,
    ),
    Case(
        id="nixtla-no-prediction",
        why="The columns are named after the models, so the tool asks and shows them.",
        line="compute nixtla.csv --loss mae",
        code=2,
        stderr_has=("--pred", "AutoARIMA", "SeasonalNaive"),
    ),
    Case(
        id="nixtla-ready-command",
        why="A ready command that forgets the level, the condition or the leave gives another number.",
        line="compute nixtla.csv --loss pinball --tau 0.3 --where unique_id=H1 --missing skip",
        code=2,
        stderr_has=("--pred", "--tau 0.3", "unique_id=H1", "--missing skip"),
    ),
    Case(
        id="nixtla",
        why="With the model said, y is the target.",
        line="compute nixtla.csv --loss mae --pred AutoARIMA",
        value=(2 + 2 + 3 + 1) / 4,
        columns=roles("y", "AutoARIMA"),
        rows=4,
    ),
    Case(
        id="nixtla-lower-bound",
        why="The lower 80% bound is the 0.1 quantile, and its name has hyphens.",
        line="compute nixtla.csv --loss pinball --tau 0.1 --pred AutoARIMA-lo-80",
        value=(0.1 * 5 + 0.1 * 6 + 0.1 * 2 + 0.9 * 1) / 4,
        columns=roles("y", "AutoARIMA-lo-80"),
        rows=4,
    ),
    Case(
        id="nixtla-compare",
        why="Two models side by side, the first one the baseline.",
        line="compare nixtla.csv --loss mae --pred AutoARIMA --pred SeasonalNaive",
        values=((2 + 2 + 3 + 1) / 4, (4 + 2 + 6 + 0) / 4),
        columns=roles("y", "AutoARIMA"),
        rows=4,
    ),
    Case(
        id="autogluon-no-prediction",
        why="The quantile columns are named by bare numbers, and mean is no name of a role.",
        line="compute autogluon_series.csv --loss mae",
        code=2,
        stderr_has=("--pred", "mean"),
    ),
    Case(
        id="autogluon-quantile",
        why="A column may be named 0.9: it is a name here and no column number.",
        line="compute autogluon_series.csv --loss pinball --tau 0.9 --pred 0.9",
        value=(0.1 * 3 + 0.9 * 1 + 0.1 * 0.5) / 3,
        columns=roles("target", "0.9"),
        rows=3,
    ),
    Case(
        id="darts",
        why="The series is called #Passengers: a # in a header is no comment.",
        line="compute darts.csv --loss mae -t '#Passengers' -p '#Passengers_q0.50'",
        value=(2 + 2 + 3) / 3,
        columns=roles("#Passengers", "#Passengers_q0.50"),
        rows=3,
    ),
    Case(
        id="amazon-forecast",
        why="target_value is a number and so the target; p90 has to be said.",
        line="compute amazon_forecast.csv --loss pinball --tau 0.9 -p p90",
        value=(0.1 * 5 + 0.9 * 1) / 2,
        columns=roles("target_value", "p90"),
        rows=2,
    ),
    Case(
        id="bigquery-arima-ambiguous",
        why="forecast_value and the bounds of the prediction interval all begin like a prediction.",
        line="compute bqml_arima.csv --loss mae --target sales",
        code=2,
        stderr_has=("forecast_value", "prediction_interval_lower_bound", "--pred"),
    ),
    Case(
        id="bigquery-arima",
        why="The one that is said is taken.",
        line="compute bqml_arima.csv --loss mae -t sales -p forecast_value",
        value=(100.5 + 0.25) / 2,
        columns=roles("sales", "forecast_value"),
        rows=2,
    ),
    Case(
        id="dates-and-texts-around",
        why="A date, a week, a task and a class surround the pair; the numeric horizon gives way.",
        line="compute forecast_horizon.csv --loss mae",
        value=(1.5 + 0.5 + 3) / 3,
        columns=roles("actual", "forecast"),
        rows=3,
    ),
]
