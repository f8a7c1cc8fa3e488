"""Fictitious registers of continuing education: a seed and a size in, records, persons and circumstances files out.

The same seed and options give the same rows on every machine: each row is computed from its number by integer
arithmetic in DuckDB, streamed to the file, never held in memory. Nobody in these files exists. Identity numbers carry a
valid check digit but the area code 510101 (a heading that is never issued) and a birth date before 1950; names hold
the character 例, institutions begin with 示例 ("example").

    python examples/generate.py                                   # the files of examples/, as committed
    python examples/generate.py --rows 50000000 --out big.parquet # a register for the benchmarks, with its persons
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
YEARS = 5


@dataclass(frozen=True)
class Options:
    """What to make. ``per_year``: records of a person in a year, on average; ``cards``: ids are identity numbers."""

    rows: int
    seed: int = 2016
    first_year: int = 2016
    per_year: int = 12
    sectors: tuple[str, ...] = ()
    cards: bool = False
    stories: bool = False

    @property
    def per_person(self) -> int:
        return self.per_year * YEARS

    @property
    def persons(self) -> int:
        return -(-self.rows // self.per_person)


# form, how many of 1000 records, how many of 100 of them are public-subject
FORMS = (
    ("training", 270, 25), ("workshop", 60, 10), ("further_study", 30, 5), ("distance", 270, 40),
    ("conference", 80, 0), ("lecture", 90, 15), ("visit", 15, 0), ("practice", 40, 0), ("overseas", 5, 0),
    ("degree", 20, 0), ("self_study", 85, 10), ("publication", 35, 0),
)  # fmt: skip
SECTORS = ("engineering", "agriculture", "teaching", "accounting", "publishing", "other_sector")
# What people of a sector register beside the common forms: form, unit, smallest and greatest quantity.
SECTOR_FORMS = {
    "accounting": (("accounting_exam", "items", 1, 1), ("accounting_meeting", "days", 1, 3)),
    "medical": (("cme_project", "clock_hours", 3, 24), ("cme_activity", "credits", 1, 12)),
}
SECTOR_SHARE = {"accounting": 25, "medical": 90}  # of 100 of their records
# Columns that only a sector's records have, as expressions over a row.
SECTOR_COLUMNS = {
    "medical": {
        "project": "CASE WHEN form = 'cme_project' THEN 'P' || year || '-' || draw(i, 0, 400) END",
        "project_level": "CASE WHEN form = 'cme_project' "
        "THEN pick(['national_project', 'provincial_project'], i, 18) END",
        "project_role": "CASE WHEN form = 'cme_project' THEN CASE WHEN u < 95 THEN 'attendee' ELSE 'lecturer' END END",
        "credit_class": "CASE WHEN form = 'cme_project' THEN 'class_1' WHEN form = 'cme_activity' THEN 'class_2' END",
    },
}
REGIONS = ("chengdu", "mianyang", "deyang", "luzhou", "yibin", "nanchong", "leshan", "dazhou", "provincial")
KINDS = ("public_institution", "enterprise", "state_organ", "social_organisation")
LEVELS = ("junior", "intermediate", "associate", "senior")
COURSES = ("行业新标准解读", "新技术应用专题", "质量与安全管理", "项目管理实务", "数据分析方法", "职业规范与案例",
           "设备运行与维护", "科研方法与论文写作", "信息系统应用", "专业前沿进展")  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
STEMS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"


# --- draws: the only randomness ---------------------------------------------------------------------------------------


def macros(seed: int) -> str:
    """``draw(n, salt, m)``: a number from 0 to m-1 that depends on row n, the salt, the seed and nothing else."""
    return f"""
    CREATE OR REPLACE MACRO stir(x) AS ((xor(x, x >> 16) * 73244475) & 4294967295);
    CREATE OR REPLACE MACRO draw(n, salt, m) AS
        (stir(stir((n * 32 + salt + {seed} * 7919) & 4294967295)) >> 7) % m;
    CREATE OR REPLACE MACRO pick(list, n, salt) AS list[1 + draw(n, salt, len(list))];
    CREATE OR REPLACE MACRO digit(text, k) AS CAST(substr(text, k, 1) AS BIGINT);
    CREATE OR REPLACE MACRO body(p) AS
        '510101' || strftime(DATE '1900-01-01' + CAST(p % 18262 AS INTEGER), '%Y%m%d')
                 || lpad(CAST(1 + p // 18262 AS VARCHAR), 3, '0');
    CREATE OR REPLACE MACRO checked(b) AS b || substr('10X98765432', 1 + CAST((
        digit(b, 1) * 7 + digit(b, 2) * 9 + digit(b, 3) * 10 + digit(b, 4) * 5 + digit(b, 5) * 8 + digit(b, 6) * 4
        + digit(b, 7) * 2 + digit(b, 8) + digit(b, 9) * 6 + digit(b, 10) * 3 + digit(b, 11) * 7 + digit(b, 12) * 9
        + digit(b, 13) * 10 + digit(b, 14) * 5 + digit(b, 15) * 8 + digit(b, 16) * 4 + digit(b, 17) * 2
        ) % 11 AS INTEGER), 1);
    """


def _list(items: tuple[str, ...] | str) -> str:
    return "[" + ", ".join(f"'{i}'" for i in items) + "]"


def _ladder(column: str, rungs: list[tuple[int, str]], last: str) -> str:
    """``CASE`` over cumulative thresholds of a draw."""
    whens, reached = [], 0
    for weight, value in rungs:
        reached += weight
        whens.append(f"WHEN {column} < {reached} THEN {value}")
    return f"CASE {' '.join(whens)} ELSE {last} END"


# --- canonical rows ---------------------------------------------------------------------------------------------------


def _person_id(options: Options) -> str:
    return "checked(body(p))" if options.cards else "'P' || lpad(CAST(p AS VARCHAR), 7, '0')"


def _sector(options: Options) -> str:
    return f"pick({_list(options.sectors or SECTORS)}, p, 21)"


def records_sql(options: Options) -> str:
    """The canonical columns, clustered by person and year as a register is, about ``per_year`` to a person-year."""
    per_year, per_person = options.per_year, options.per_person
    forms = _ladder("w", [(n, f"'{name}'") for name, n, _ in FORMS], "'training'")
    public = _ladder("w", [(n, str(share)) for _, n, share in FORMS], "25")
    least, span = (3, 24) if per_year >= 12 else (14, 70)
    wobble = max(2, per_year // 2)
    shifted = f"j + draw(p * {YEARS} + j // {per_year}, 1, {wobble + 1}) - {wobble // 2}"
    year = f"LEAST({YEARS - 1}, GREATEST(0, {shifted}) // {per_year})"
    bases, others = "'示例基地' || (1 + draw(i, 16, 5))", "'示例培训中心' || (1 + draw(i, 16, 20))"
    provider = _ladder("draw(i, 15, 100)", [(62, bases), (35, others)], "NULL")
    return f"""
    WITH numbered AS (
        SELECT i, i // {per_person} AS p, i % {per_person} AS j FROM range({options.rows}) t(i)
    ), placed AS (  -- a person's years hold more or fewer records: the borders between them wobble
        SELECT *, {year} AS y,
            draw(i, 2, 1000) AS w, draw(i, 3, 100) AS s, {_sector(options)} AS sector,
            i - CASE WHEN draw(i, 4, 100) = 0 AND j > 0 THEN 1 ELSE 0 END AS same  -- one in a hundred is entered twice
        FROM numbered
    ), formed AS (
        SELECT *, {options.first_year} + y AS year, {forms} AS common_form,
            CASE WHEN draw(i, 5, 100) < 2 THEN NULL WHEN s < {public} THEN 'public' ELSE 'professional' END AS subject,
            {least} + draw(i, 6, {span}) AS halves, draw(i, 7, 100) AS u, draw(i, 8, 100) AS q
        FROM placed
    ), dated AS (
        SELECT *, {_sector_form(options)} AS form,
            make_date(year, 1, 1) + CAST(draw(same, 9, 365) AS INTEGER) AS "end"
        FROM formed
    )
    SELECT 'R' || lpad(CAST(i AS VARCHAR), 8, '0') AS record_id,
        {_person_id(options)} AS person_id,
        "end" - CAST(CASE WHEN form IN ('training', 'workshop', 'conference') THEN draw(i, 10, 4)
                          WHEN form IN ('degree', 'overseas', 'further_study') THEN draw(i, 10, 60)
                          ELSE 0 END AS INTEGER) AS start,
        "end", form, subject,
        pick({_list(COURSES)}, same, 11) AS title,
        CAST({_quantity()} AS DECIMAL(12, 2)) AS quantity,
        CASE WHEN q = 99 THEN NULL ELSE {_unit()} END AS unit,
        CASE WHEN draw(i, 12, 100) >= 4
             THEN 'C' || year || '-' || lpad(CAST(i AS VARCHAR), 8, '0') END AS evidence,
        {_ladder("draw(i, 13, 100)", [(88, "'passed'"), (3, "'failed'")], "NULL")} AS result,
        CASE WHEN form = 'self_study' OR u < 20
             THEN {_ladder("draw(i, 14, 100)", [(92, "true"), (3, "false")], "NULL")} END AS approved,
        CASE WHEN form IN ('self_study', 'publication') AND subject = 'professional' THEN NULL
             ELSE {provider} END AS provider,
        CASE WHEN subject = 'public' AND draw(i, 17, 100) < 96
             THEN CASE WHEN draw(i, 18, 100) < 70 THEN '示例主题' || year ELSE '示例选修' || year END END AS theme,
        CASE WHEN form = 'publication' AND draw(i, 19, 100) < 30 THEN draw(i, 20, 10) > 0 END AS published,
        CASE WHEN form = 'publication' AND draw(i, 19, 100) < 30 THEN draw(i, 20, 12) < 11 END AS job_related,
        CASE WHEN form IN ('training', 'further_study') AND draw(i, 22, 100) < 5
             THEN draw(i, 23, 2) = 0 END AS full_time,
        CASE WHEN draw(i, 24, 100) < 20
             THEN pick(['government', 'institution', 'association'], i, 25) END AS organiser_kind,
        CAST(CASE WHEN draw(i, 24, 100) < 20 AND draw(i, 26, 10) = 0 THEN 200 END AS DECIMAL(12, 2)) AS fee,
        CAST(CASE WHEN draw(i, 27, 100) < 6 THEN draw(i, 28, 5) * 0.25 END AS DECIMAL(5, 4)) AS self_paid_share,
        CASE WHEN draw(i, 27, 100) < 6 THEN pick(['by_employer', 'by_self'], i, 29) END AS designated_by,
        CAST(draw(i, 30, 12) * 100 AS DECIMAL(12, 2)) AS cost,
        pick(['state', 'employer_pays', 'employer_pays', 'person_pays', 'society'], i, 31) AS paid_by{_more(options)}
    FROM dated
    """


def _columns_of(options: Options) -> dict[str, str]:
    return {name: sql for s in options.sectors for name, sql in SECTOR_COLUMNS.get(s, {}).items()}


def _more(options: Options) -> str:
    return "".join(f",\n        {sql} AS {name}" for name, sql in _columns_of(options).items())


def _sector_form(options: Options) -> str:
    """With chosen sectors, a part of their people's records is of a form of the sector; the rest are common ones."""
    whens = " ".join(
        f"WHEN sector = '{sector}' AND q < {SECTOR_SHARE[sector]} THEN pick({_list(tuple(f[0] for f in forms))}, i, 6)"
        for sector, forms in SECTOR_FORMS.items()
        if sector in options.sectors
    )
    return f"CASE {whens} ELSE common_form END" if whens else "common_form"


def _quantity() -> str:
    own = " ".join(
        f"WHEN form = '{form}' THEN {low} + halves % {high - low + 1}"
        for forms in SECTOR_FORMS.values()
        for form, _, low, high in forms
    )
    return f"""CASE {own}
        WHEN form = 'self_study' THEN 500 + halves * 300
        WHEN form = 'publication' THEN 2000 + halves * 600
        WHEN u < 20 THEN halves * 30 WHEN u < 30 THEN halves * 0.5 WHEN u < 31 THEN 1 + halves % 3
        ELSE halves * 0.5 END"""


def _unit() -> str:
    own = " ".join(
        f"WHEN form = '{form}' THEN '{unit}'" for forms in SECTOR_FORMS.values() for form, unit, _, _ in forms
    )
    return f"""CASE {own} WHEN form IN ('self_study', 'publication') THEN 'characters'
        WHEN u < 20 THEN 'minutes' WHEN u < 30 THEN 'clock_hours' WHEN u < 31 THEN 'days' ELSE 'hours' END"""


def persons_sql(options: Options) -> str:
    """Everybody with a record, and one in two hundred who has none."""
    count = options.persons + -(-options.persons // 200)
    return f"""
    SELECT {_person_id(options)} AS person_id,
        substr('{SURNAMES}', CAST(1 + draw(p, 1, 20) AS INTEGER), 1) || '例'
            || substr('{STEMS}', CAST(1 + draw(p, 2, 20) AS INTEGER), 1) AS name,
        {_sector(options)} AS sector,
        pick({_list(REGIONS)}, p // 40, 3) AS region,
        '示例单位' || lpad(CAST(1 + p // 40 AS VARCHAR), 3, '0') AS employer,
        CASE WHEN draw(p, 4, 100) < 3 THEN NULL ELSE pick({_list(KINDS)}, p // 40, 5) END AS employer_kind,
        pick({_list(LEVELS)}, p, 6) AS title_level,
        DATE '1990-07-01' + CAST(draw(p, 7, 8000) AS INTEGER) AS joined
    FROM range({count}) t(p)
    """


def circumstances_sql(options: Options) -> str:
    """Leave of one person in thirty; half of it is registered as a just cause (正当理由) as well."""
    return f"""
    WITH away AS (
        SELECT p, pick(['maternity', 'illness', 'overseas_posting', 'rural_posting'], p, 8) AS kind,
            make_date(CAST({options.first_year} + draw(p, 9, {YEARS}) AS INTEGER),
                      CAST(1 + draw(p, 10, 6) AS INTEGER), 1) AS since
        FROM range({options.persons}) t(p) WHERE draw(p, 11, 30) = 0
    ), doubled AS (
        SELECT *, unnest(CASE WHEN draw(p, 12, 2) = 0 THEN [kind, 'just_cause'] ELSE [kind] END) AS one FROM away
    )
    SELECT {_person_id(options)} AS person_id, one AS kind, since AS "from",
        since + CAST(100 + draw(p, 13, 140) AS INTEGER) AS "to"
    FROM doubled ORDER BY p, one
    """


# --- as an office keeps it --------------------------------------------------------------------------------------------


def office_words() -> tuple[dict[str, str], dict[str, dict[str, tuple[str, ...]]]]:
    """words.csv: column → Chinese header; column → id → the ways in which offices write it, the law's word first."""
    headers: dict[str, str] = {}
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    with (HERE / "words.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["field"] == "header":
                headers[row["id"]] = row["forms"]
            else:
                words.setdefault(row["field"], {})[row["id"]] = tuple(row["forms"].split("、"))
    return headers, words


HEADERS, WORDS = office_words()
RECORD_COLUMNS = (
    "record_id", "person_id", "start", "end", "form", "subject", "title", "quantity", "unit", "evidence", "result",
    "approved", "provider", "theme", "published", "job_related", "full_time", "organiser_kind", "fee",
    "self_paid_share", "designated_by", "cost", "paid_by",
)  # fmt: skip
PERSON_COLUMNS = ("person_id", "name", "sector", "region", "employer", "employer_kind", "title_level", "joined")


def _date_forms(column: str) -> str:
    """A date as this or that clerk types it."""
    y, m, d = (f"substr({column}, {a}, {b})" for a, b in ((1, 4), (6, 2), (9, 2)))
    month, day = f"ltrim({m}, '0')", f"ltrim({d}, '0')"
    return f"""CASE WHEN NOT generated OR draw(n, 1, 20) < 12 THEN {column}
        WHEN draw(n, 1, 20) < 15 THEN {y} || '/' || {month} || '/' || {day}
        WHEN draw(n, 1, 20) < 18 THEN {y} || '年' || {month} || '月' || {day} || '日'
        WHEN draw(n, 1, 20) < 19 THEN {y} || '.' || {month} || '.' || {day}
        ELSE {y} || {m} || {d} END"""


def office_sql(source: str, columns: tuple[str, ...], number: str) -> str:
    """Text columns of ``source`` under Chinese headers, with the words and forms of dates that offices use."""
    shown = []
    for position, column in enumerate(columns):
        name = f'"{column}"'
        if column in WORDS:
            known = " ".join(
                f"WHEN '{key}' THEN pick({_list(forms)}, n, {position % 31})" for key, forms in WORDS[column].items()
            )
            name = f"CASE {name} {known} ELSE {name} END"
        elif column in ("start", "end"):
            name = _date_forms(name)
        shown.append(f'{name} AS "{HEADERS.get(column, column)}"')
    return f"SELECT {', '.join(shown)} FROM (SELECT *, {number} FROM ({source}))"


def as_text(source: str, columns: tuple[str, ...]) -> str:
    """All columns as text, exact and without trailing zeros."""
    cells = ", ".join(
        f"CASE WHEN contains(CAST(\"{c}\" AS VARCHAR), '.') THEN rtrim(rtrim(CAST(\"{c}\" AS VARCHAR), '0'), '.') "
        f'ELSE CAST("{c}" AS VARCHAR) END AS "{c}"'
        if c in ("quantity", "fee", "self_paid_share", "cost")
        else f'CAST("{c}" AS VARCHAR) AS "{c}"'
        for c in columns
    )
    return f"SELECT {cells} FROM ({source})"


# --- files ------------------------------------------------------------------------------------------------------------


def write(query: str, path: Path, kind: str) -> None:
    """Stream a query into a file; it appears whole or not at all."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET memory_limit = '1GB'; SET preserve_insertion_order = true")
    options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880" if kind == "parquet" else "FORMAT csv, HEADER"
    half = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        setup, _, body = query.rpartition(";--body\n")
        connection.execute(setup)
        connection.execute(f"COPY ({body}) TO '{str(half).replace(chr(39), chr(39) * 2)}' ({options})")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _beside(out: Path, what: str) -> Path:
    """``records.csv`` → ``persons.csv``, ``big.parquet`` → ``big-persons.parquet``."""
    if out.stem.startswith("records"):
        return out.with_name(out.name.replace("records", what, 1))
    return out.with_name(f"{out.stem}-{what}{out.suffix}")


def make(options: Options, out: Path, kind: str, style: str) -> list[Path]:
    """Write records to ``out`` and persons and circumstances beside it; the paths written."""
    tables = {
        out: ("records", records_sql(options), (*RECORD_COLUMNS, *_columns_of(options))),
        _beside(out, "persons"): ("persons", persons_sql(options), PERSON_COLUMNS),
        _beside(out, "circumstances"): (
            "circumstances",
            circumstances_sql(options),
            ("person_id", "kind", "from", "to"),
        ),
    }
    for path, (what, query, columns) in tables.items():
        generated = "true"
        if kind == "csv":
            query = as_text(query, columns)
            if options.stories:
                told = str(HERE / "stories" / f"{what}.csv").replace("'", "''")
                query = (
                    f"SELECT *, false AS told FROM ({query}) UNION ALL BY NAME "
                    f"SELECT *, true AS told FROM read_csv('{told}', all_varchar = true, header = true, nullstr = '')"
                )
                generated = "NOT told"
                if style != "hr":
                    query = f"SELECT * EXCLUDE (told) FROM ({query})"
        if style == "hr":
            number = "TRY_CAST(substr(record_id, 2) AS BIGINT)" if what == "records" else "0"
            query = office_sql(query, columns, f"coalesce({number}, 0) AS n, {generated} AS generated")
        write(f"{macros(options.seed)};--body\n{query}", path, kind)
    return list(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help="records to make; without it, the files of examples/")
    parser.add_argument("--seed", type=int, default=2016)
    parser.add_argument(
        "--first-year", type=int, default=2016, help=f"of {YEARS} years; default 2016, all under one law"
    )
    parser.add_argument("--out", type=Path, default=HERE / "records.csv", help="the records file; persons go beside it")
    parser.add_argument("--format", choices=("csv", "parquet"), help="default: by the name of --out")
    parser.add_argument(
        "--style", choices=("hr", "canonical"), help="Chinese headers and office words, or canonical ids"
    )
    parser.add_argument(
        "--sectors", default="", help="comma-separated; everybody is of one of them: accounting,medical"
    )
    given = parser.parse_args()
    sectors = tuple(s for s in given.sectors.split(",") if s)
    unknown = [s for s in sectors if s not in WORDS["sector"]]
    if unknown:
        parser.error(f"unknown sector {unknown[0]}; known: {', '.join(WORDS['sector'])}")
    if given.rows is not None and not 0 < given.rows <= 10**8:
        parser.error("--rows takes a number from 1 to 100000000")
    if given.rows is None:
        small = Options(rows=3920, seed=given.seed, first_year=2014, per_year=4, cards=True, stories=True)
        written = make(small, HERE / "records.csv", "csv", "hr") + make(
            small, HERE / "canonical" / "records.csv", "csv", "canonical"
        )
    else:
        kind = given.format or ("parquet" if given.out.suffix == ".parquet" else "csv")
        if kind == "parquet" and given.style == "hr":
            parser.error("offices keep spreadsheets and CSV: --style hr goes with --format csv")
        options = Options(given.rows, given.seed, given.first_year, sectors=sectors, cards=given.style == "hr")
        written = make(options, given.out, kind, given.style or "canonical")
    for path in written:
        print(path, f"{path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
