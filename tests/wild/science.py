"""Chemistry, hydrology, meteorology, energy, geostatistics: units in names, sentinels, shared stems."""

from math import log

from tests.wild.case import Case, roles, text

TEXTS = {
    "qspr.csv": text(
        "Name,SMILES,logS [mol/L] exp,logS pred",
        "aspirin,CC(=O)Oc1ccccc1C(=O)O,-1.75,-2.0",
        '"1,2-dichloroethane",ClCCCl,-1.0,-0.5',
        r"(E)-stilbene,C(/c1ccccc1)=C\c1ccccc1,-5.75,-5.0",
        "L-alanine,C[C@H](N)C(=O)O,0.25,0.25",
    ),
    "assay_names.csv": text('compound,"IC50, uM obs","IC50, uM pred"', "c1,1.5,1.0", "c2,2.0,2.0", "c3,0.25,0.5"),
    "hydrology.csv": text(
        "datetime,obs,sim",
        "2001-10-01,3.5,3.0",
        "2001-10-02,-9999,3.25",
        "2001-10-03,4.0,4.25",
        "2001-10-04,10.0,7.75",
    ),
    "meteo.csv": text(
        "station,valid_time,lead_h,T2m_fcst,T2m_obs",
        "10381,2024-02-01T00:00Z,24,271.5,270.75",
        "10381,2024-02-01T06:00Z,24,272.0,272.5",
        "10400,2024-02-01T00:00Z,48,269.25,269.25",
    ),
    "energy_load.csv": text(
        "utc_timestamp,load_actual,load_forecast",
        "2024-10-27T00:00:00Z,41000.5,40000",
        "2024-10-27T01:00:00Z,39500,39750.5",
    ),
    "energy_spain.csv": text(
        "time,generation solar,forecast solar day ahead,"
        "total load forecast,total load actual,price day ahead,price actual",
        "2015-01-01 00:00:00+01:00,49,17,26118,25385,50.1,65.41",
        "2015-01-01 01:00:00+01:00,50,16,24934,24382,48.1,64.92",
    ),
    "energy_europe.csv": text(
        "MTU (CET),Day-ahead Total Load Forecast [MW] - BZN|DE-LU,Actual Total Load [MW] - BZN|DE-LU",
        "01.01.2024 00:00 - 01.01.2024 00:15,40100,40000.5",
        "01.01.2024 00:15 - 01.01.2024 00:30,39800,40050",
    ),
    "kriging.csv": text(
        '"var1.pred","var1.var","observed","residual","zscore","fold","x","y"',
        "6.5,0.25,7,0.5,1,1,181072,333611",
        "6.75,0.5,6.75,0,0,2,181025,333558",
        "7.25,1,6.25,-1,-1,3,181165,333537",
    ),
    "gauge_words.csv": text("site,observed,predicted", "a,1.5,1.0", "b,-,2.0", "c,<0.5,0.25", "d,2.0,2.25"),
}

CASES = [
    Case(
        id="qspr-no-truth",
        why="'exp' for the experiment is no name to go by, and the SMILES are no numbers.",
        line="compute qspr.csv --loss mae",
        code=2,
        stderr_has=("--target", "logS [mol/L] exp"),
    ),
    Case(
        id="qspr-brackets",
        why="Brackets belong to globs, but a name that is there is meant as it stands.",
        line="compute qspr.csv --loss mae --target 'logS [mol/L] exp'",
        value=(0.25 + 0.5 + 0.75 + 0) / 4,
        columns=roles("logS [mol/L] exp", "logS pred"),
        rows=4,
    ),
    Case(
        id="assay-comma-in-names",
        why="Both names have a comma; they are found without being cut.",
        line="compute assay_names.csv --loss mae",
        value=(0.5 + 0 + 0.25) / 3,
        columns=roles("IC50, uM obs", "IC50, uM pred"),
        rows=3,
    ),
    Case(
        id="assay-comma-in-a-name-said",
        why="A comma makes a list of columns, unless a column has just that name.",
        line="compute assay_names.csv --loss mae -t 'IC50, uM obs' -p 'IC50, uM pred'",
        value=(0.5 + 0 + 0.25) / 3,
        columns=roles("IC50, uM obs", "IC50, uM pred"),
        rows=3,
    ),
    Case(
        id="hydrology-no-prediction",
        why="obs is a target; sim is no name of a prediction.",
        line="compute hydrology.csv --loss mse",
        code=2,
        stderr_has=("--pred", "sim"),
    ),
    Case(
        id="hydrology-sentinel",
        why="-9999 stands for missing when the user says so.",
        line="compute hydrology.csv --loss mse --pred sim --na=-9999 --missing skip",
        value=(0.5**2 + 0.25**2 + 2.25**2) / 3,
        columns=roles("obs", "sim"),
        rows=4,
        used=3,
        skipped={"missing": 1},
    ),
    Case(
        id="hydrology-sentinel-is-missing",
        why="A missing value is an error until it may be skipped.",
        line="compute hydrology.csv --loss mse --pred sim --na=-9999",
        code=3,
        rows_named=(2,),
        stderr_has=("obs", "--missing"),
    ),
    Case(
        id="meteo",
        why="The forecast comes before the observation, and fcst has to be said.",
        line="compute meteo.csv --loss huber --delta 0.5 --pred T2m_fcst",
        # 0.75 is past delta, 0.5 is on it
        value=(0.5 * (0.75 - 0.25) + 0.5 * 0.5**2 + 0) / 3,
        columns=roles("T2m_obs", "T2m_fcst"),
        rows=3,
    ),
    Case(
        id="energy-shared-stem",
        why="One stem with both endings is one pair.",
        line="compute energy_load.csv --loss mae",
        value=(1000.5 + 250.5) / 2,
        columns=roles("load_actual", "load_forecast"),
        rows=2,
    ),
    Case(
        id="energy-two-stems",
        why="Load and price both have an actual column, so nothing is guessed.",
        line="compute energy_spain.csv --loss mae",
        code=2,
        stderr_has=("total load actual", "price actual", "--target"),
    ),
    Case(
        id="energy-two-stems-said",
        why="Names with blanks that are said are taken.",
        line="compute energy_spain.csv --loss mape -t 'total load actual' -p 'total load forecast'",
        value=(733 / 25385 + 552 / 24382) / 2,
        columns=roles("total load actual", "total load forecast"),
        rows=2,
    ),
    Case(
        id="energy-symbols",
        why="Brackets, a bar and hyphens are part of the names.",
        line="compute energy_europe.csv --loss mae -t 'Actual Total Load [MW] - BZN|DE-LU'"
        " -p 'Day-ahead Total Load Forecast [MW] - BZN|DE-LU'",
        value=(99.5 + 250) / 2,
        columns=roles("Actual Total Load [MW] - BZN|DE-LU", "Day-ahead Total Load Forecast [MW] - BZN|DE-LU"),
        rows=2,
    ),
    Case(
        id="kriging-coordinates",
        why="y is a coordinate here and observed the truth: two plain names for one role.",
        line="compute kriging.csv --loss mae",
        code=2,
        stderr_has=("observed", "--target"),
    ),
    Case(
        id="kriging",
        why="The kriging variance is said; the column fold has several values and a warning names it.",
        line="compute kriging.csv --loss gaussian_nll --target observed --var var1.var",
        value=(0.5 * (log(0.25) + 0.25 / 0.25) + 0.5 * log(0.5) + 0.5 * (log(1) + 1)) / 3,
        columns=roles("observed", "var1.pred", var="var1.var"),
        rows=3,
        stderr_has=("fold",),
    ),
    Case(
        id="gauge-dash",
        why="A dash for 'not measured' is no number.",
        line="compute gauge_words.csv --loss mae -t observed -p predicted",
        code=3,
        rows_named=(2,),
        stderr_has=("observed", "--na"),
    ),
    Case(
        id="gauge-below-limit",
        why="With the dash said to be missing, the next text that is no number still stops the run.",
        line="compute gauge_words.csv --loss mae -t observed -p predicted --na=- --missing skip",
        code=3,
        rows_named=(3,),
        stderr_has=("<0.5", "observed"),
    ),
]
