"""Exports of databases and business tools: MySQL, PostgreSQL, SQL Server, Power BI."""

from tests.wild.case import Case, roles, text

TEXTS = {
    "mysql_batch.tsv": text("id\ty_true\ty_pred", "1\t10.5\t10", "2\tNULL\t11", "3\t12\tNULL", "4\t9\t9.25"),
    "postgres_copy.tsv": text("id\ty_true\ty_pred\tnote", "1\t10.5\t10\tfirst\\tone", "2\t\\N\t11\t\\N", "3\t12\t13\t"),
    "sqlcmd.csv": text("id,y_true,y_pred", "--,------,------", "1,10.5,10", "2,12,13", eol="\r\n"),
    "psql_footer.csv": text("id,y_true,y_pred", "1,10.5,10", "2,12,13", "(2 rows)"),
    "power_bi.csv": text(
        "Sales[Date],Sales[Actual],Sales[Forecast]",
        "2024-01-31 00:00:00,1200.5,1100",
        "2024-02-29 00:00:00,1350,1400.25",
        eol="\r\n",
    ),
    "hashed_ids.csv": text(
        "row_hash,y_true,y_pred", "18446744073709551615,1.5,1.0", "9223372036854775809,2.0,2.5", "007,3.0,2.0"
    ),
}

CASES = [
    Case(
        id="mysql-null",
        why="mysql --batch writes NULL in capitals.",
        line="compute mysql_batch.tsv --loss mae --missing skip",
        value=(0.5 + 0.25) / 2,
        columns=roles("y_true", "y_pred"),
        rows=4,
        used=2,
        skipped={"missing": 2},
    ),
    Case(
        id="postgres-null",
        why="COPY writes a backslash and N, which --na can say.",
        line=r"compute postgres_copy.tsv --loss mse --na '\N' --missing skip",
        value=(0.5**2 + 1) / 2,
        columns=roles("y_true", "y_pred"),
        rows=3,
        used=2,
        skipped={"missing": 1},
    ),
    Case(
        id="postgres-null-not-said",
        why="Until then it is a text in a numeric column.",
        line="compute postgres_copy.tsv --loss mse -t y_true -p y_pred",
        code=3,
        rows_named=(2,),
        stderr_has=(r"\N", "y_true", "--na"),
    ),
    Case(
        id="sqlcmd-rule",
        why="sqlcmd draws a rule under the header.",
        line="compute sqlcmd.csv --loss mae -t y_true -p y_pred",
        code=3,
        rows_named=(1,),
        stderr_has=("------",),
    ),
    Case(
        id="psql-footer",
        why="The count of rows at the end is a row that is too short, and no end of the data.",
        line="compute psql_footer.csv --loss mae -t y_true -p y_pred",
        code=3,
        rows_named=(3,),
    ),
    Case(
        id="power-bi",
        why="Power BI puts the names in brackets after the table's.",
        line="compute power_bi.csv --loss mae",
        value=(100.5 + 50.25) / 2,
        columns=roles("Sales[Actual]", "Sales[Forecast]"),
        rows=2,
    ),
    Case(
        id="power-bi-said",
        why="The same names said by hand are no globs.",
        line="compute power_bi.csv --loss mae -t 'Sales[Actual]' -p 'Sales[Forecast]'",
        value=(100.5 + 50.25) / 2,
        columns=roles("Sales[Actual]", "Sales[Forecast]"),
        rows=2,
    ),
    Case(
        id="hashed-ids",
        why="Identifiers past the range of a 64-bit integer are not read, so they disturb nobody.",
        line="compute hashed_ids.csv --loss mae",
        value=(0.5 + 0.5 + 1) / 3,
        columns=roles("y_true", "y_pred"),
        rows=3,
    ),
]
