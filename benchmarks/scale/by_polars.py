"""The rules as lazy expressions of Polars, run by its streaming engine: a job goes in, its files come out.

Amounts, bounds and limits are those of ``sql/``. Running sums need their records in order, so that only the records
under a limit are sorted; the others stream past them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from benchmarks.scale.job import FIRST, LAST, TICKS, Job

COMMON = {"minutes": 200, "clock_hours": 12000, "hours": 9000}
CLASSES = ("training", "workshop", "further_study")
ACADEMIC = ("conference", "lecture", "visit")
RECOGNISED = {
    **dict.fromkeys(CLASSES, "sichuan/recognise-classes@2016"),
    **dict.fromkeys(ACADEMIC, "sichuan/recognise-academic@2016"),
    **{f: f"sichuan/recognise-{f.replace('_', '-')}@2016"
       for f in ("distance", "practice", "overseas", "degree", "self_study", "publication")},
    "accounting_exam": "accounting/recognise-exams@2018-07-01",
    "accounting_meeting": "accounting/recognise-activities@2018-07-01",
    "cme_project": "medical/recognise-projects@2016", "cme_activity": "medical/recognise-activities@2016",
}  # fmt: skip


def polars(job: Job) -> None:
    import polars as pl

    persons = pl.scan_parquet(job.persons).select("person_id", "sector", "employer_kind", "joined")
    entries = _counted(_judged(pl.scan_parquet(job.records), persons))
    if job.ledger:
        ledger = job.out / "ledger.parquet"
        entries.sink_parquet(ledger, compression="snappy")  # as DuckDB writes it
        entries = pl.scan_parquet(ledger)
    excused = _excused(pl.scan_parquet(job.circumstances))
    _decisions(entries, persons, excused).sink_parquet(job.out / "decisions.parquet", compression="snappy")


def _judged(records: Any, persons: Any) -> Any:
    """Every record before limits."""
    import polars as pl

    form, unit, sector, result = (pl.col(n) for n in ("form", "unit", "sector", "result"))
    accountants, medics = form.is_in(["accounting_exam", "accounting_meeting"]), form.str.starts_with("cme_")
    foreign = (accountants & ((sector != "accounting") | (pl.col("end") < date(2018, 7, 1)))) | (
        medics & (sector != "medical")
    )
    failed, unknown = (result != "passed").fill_null(False), result.is_null()
    study = form == "self_study"
    flunked = (
        form.is_in(["training", "workshop", "further_study", "distance"]) & (sector == "accounting")
        & (pl.col("end") < date(2018, 7, 1)) & failed
    )  # fmt: skip
    not_approved = (pl.col("approved") == False).fill_null(False)  # noqa: E712
    refused = flunked | (study & not_approved) | ((study | (form == "accounting_exam")) & failed)
    hidden = [(pl.col(n) == False).fill_null(False) for n in ("published", "job_related")]  # noqa: E712
    works = form == "publication"
    state = (
        pl.when(foreign).then(-1)
        .when(pl.col("evidence").is_null() | refused | (works & (hidden[0] | hidden[1]))).then(0)
        .when((study & (pl.col("approved").is_null() | unknown)) | ((form == "accounting_exam") & unknown)).then(2)
        .otherwise(1)
    )  # fmt: skip
    proven = works & pl.col("evidence").is_not_null()
    recognise = (
        pl.when(proven & hidden[0]).then(pl.lit("sichuan/unpublished@2016"))
        .when(flunked & pl.col("evidence").is_not_null()).then(pl.lit("accounting/failed-training@2014"))
        .when(proven & hidden[1]).then(pl.lit("sichuan/unrelated@2016"))
        .otherwise(form.replace_strict(RECOGNISED, return_dtype=pl.String))
    )  # fmt: skip
    characters = unit.fill_null("characters") == "characters"
    national, attends = pl.col("project_level") == "national_project", pl.col("project_role") == "attendee"
    project = (
        pl.when(unit != "clock_hours").then(None)
        .when(national).then(pl.when(attends).then(3000).otherwise(18000))
        .otherwise(pl.when(attends).then(1500).otherwise(9000))
    )  # fmt: skip
    elsewhere = (sector == "medical") & ~medics  # hours, for which credits have no exchange
    credited = elsewhere & unit.is_null() & (pl.col("quantity") <= 10000)  # or credits, of which no record has more
    rate = (
        pl.when(credited).then(TICKS)
        .when(study).then(pl.when(characters).then(9))
        .when(works).then(pl.when(characters).then(18))
        .when(form == "accounting_exam").then(pl.when(unit == "items").then(90 * TICKS))
        .when(form == "accounting_meeting").then(pl.when(unit == "days").then(10 * TICKS))
        .when(form == "cme_activity").then(pl.when(unit == "credits").then(TICKS))
        .when(form == "cme_project").then(project)
        .otherwise(unit.fill_null("clock_hours").replace_strict(COMMON, default=None, return_dtype=pl.Int32))
    )  # fmt: skip
    named = pl.when(national).then(pl.lit("medical/national-")).otherwise(pl.lit("medical/provincial-"))
    convert = (
        pl.when(credited).then(pl.lit("medical/stated-credits"))
        .when(study).then(pl.lit("sichuan/self-study-hours@2016"))
        .when(works).then(pl.lit("sichuan/publication-hours@2016"))
        .when(form == "accounting_exam").then(pl.lit("accounting/exam-credits@2018-07-01"))
        .when(form == "accounting_meeting").then(pl.lit("accounting/meeting-credits@2018-07-01"))
        .when(form == "cme_activity").then(pl.lit("medical/stated-credits"))
        .when(form == "cme_project").then(named + pl.col("project_role"))
        .when(unit == "hours").then(pl.lit("sichuan/stated-hours@2016"))
        .when(unit.is_null()).then(pl.lit("sichuan/stated-hours@2016+sichuan/time-hours@2016"))
        .otherwise(pl.lit("sichuan/time-hours@2016"))
    )  # fmt: skip
    limit = (
        pl.when((sector == "medical") & (form == "cme_project")).then(pl.col("project").fill_null(""))
        .when((sector != "medical") & (study | works)).then(pl.lit("year"))
    )  # fmt: skip
    hundredths = (pl.col("quantity") * 100).cast(pl.Int64)
    gone = (pl.col("state") < 0) | pl.col("rate").is_null() | pl.col("elsewhere")
    nothing = pl.lit(0, dtype=pl.Int64)
    told = records.join(persons.select("person_id", "sector"), on="person_id", how="left").select(
        "record_id", "person_id", "end", "subject", "credit_class", "unit", hundredths=hundredths,
        period=pl.col("end").dt.year(), state=state, rate=rate, recognise=recognise, convert=convert, limit=limit,
        elsewhere=elsewhere & ~credited, national=national.fill_null(False),
    )  # fmt: skip
    most = told.with_columns(
        most=pl.when(gone).then(nothing).otherwise(pl.col("hundredths") * pl.col("rate").cast(pl.Int64) // 100),
    )
    known = pl.col("unit").is_not_null()
    return most.select(
        "record_id", "person_id", "period", "end", "subject", "credit_class", "national", "limit",
        converted=pl.when(known).then("most").otherwise(nothing),
        low=pl.when((pl.col("state") == 1) & known).then("most").otherwise(nothing),
        high=pl.when(pl.col("state") > 0).then("most").otherwise(nothing),
        recognise=pl.when(pl.col("state") < 0).then(pl.lit("")).otherwise("recognise"),
        convert=pl.when(gone).then(pl.lit("")).otherwise("convert"),
        reason=pl.when(pl.col("state") < 0).then(pl.lit("not_recognised"))
        .when(pl.col("state") == 0).then(pl.lit("rejected"))
        .when(pl.col("rate").is_null()).then(pl.lit("no_conversion"))
        .when("elsewhere").then(pl.lit("no_exchange"))
        .when((pl.col("state") == 2) | ~known).then(pl.lit("missing_fact"))
        .otherwise(pl.lit("counted")),
    )  # fmt: skip


def _counted(judged: Any) -> Any:
    """Every record with what counts of it; ``own``, ``own_high``: what it adds to the bounds of its subject."""
    import polars as pl

    low, high, subject = pl.col("low"), pl.col("high"), pl.col("subject").fill_null("")
    public = subject == "public"
    group = ["person_id", "period", "limit"]

    def before(amount: Any) -> Any:
        return (amount.cum_sum() - amount).over(group)

    def left(amount: Any, taken: Any) -> Any:
        return pl.min_horizontal(amount, pl.max_horizontal(pl.lit(0, dtype=pl.Int64), pl.col("room") - taken))

    ordered = judged.filter(pl.col("limit").is_not_null()).sort(*group, "end", "record_id")
    others = pl.when(subject == "professional").then("professional").when(public).then("public").otherwise("most")
    room = pl.when(pl.col("limit") == "year").then(50 * TICKS).otherwise(25 * TICKS).cast(pl.Int64)
    limited = ordered.with_columns(
        room=room, most=before(high), least=before(low),
        professional=before(pl.when(subject == "professional").then(low).otherwise(high)),
        public=before(pl.when(public).then(low).otherwise(high)),
    ).with_columns(
        counted=left(low, pl.col("most")),
        counted_high=left(high, pl.col("least")),
        own=left(low, others),
        own_high=pl.when(public).then(0).otherwise(left(high, pl.col("public"))),
    ).drop("room", "most", "least", "professional", "public")  # fmt: skip
    free = judged.filter(pl.col("limit").is_null()).with_columns(
        counted=low, counted_high=high, own=low, own_high=pl.when(public).then(0).otherwise(high)
    )
    cut = (pl.col("counted") < low) | (pl.col("counted_high") < high)
    rule = pl.when(pl.col("limit") == "year").then(pl.lit("sichuan/self-study-cap@2016"))
    capped = (pl.col("reason") == "counted") & (pl.col("counted") < low)
    return pl.concat([free, limited]).with_columns(
        cap=pl.when(cut).then(rule.otherwise(pl.lit("medical/project-cap"))).otherwise(pl.lit("")),
        reason=pl.when(capped).then(pl.lit("capped")).otherwise("reason"),
    )


def _excused(circumstances: Any) -> Any:
    import polars as pl

    years = pl.int_ranges(pl.col("from").dt.year(), pl.col("to").dt.year().fill_null(LAST) + 1, dtype=pl.Int32)
    just = circumstances.filter(pl.col("kind") == "just_cause")
    return just.select("person_id", period=years).explode("period").unique().with_columns(excused=pl.lit(True))


def _decisions(entries: Any, persons: Any, excused: Any) -> Any:
    import polars as pl

    counted, yearly = pl.col("counted"), (pl.col("limit") == "year").fill_null(False)
    sums = entries.group_by("person_id", "period").agg(
        free=counted.filter(~yearly).sum(), free_high=pl.col("counted_high").filter(~yearly).sum(),
        limited=pl.col("low").filter(yearly).sum(), limited_high=pl.col("high").filter(yearly).sum(),
        capped_off=(pl.col("low") - counted).sum(), professional_high=pl.col("own_high").sum(),
        **{s: pl.col("own").filter(pl.col("subject") == s).sum() for s in ("professional", "public")},
        **{c: counted.filter(pl.col("credit_class") == c).sum() for c in ("class_1", "class_2")},
        national=counted.filter("national").sum(),
    )  # fmt: skip
    years = pl.LazyFrame({"period": list(range(FIRST, LAST + 1))}, schema={"period": pl.Int32})
    rows = persons.join(years, how="cross").join(sums, on=["person_id", "period"], how="left")
    rows = rows.join(excused, on=["person_id", "period"], how="left").sort("person_id", "period")
    figures = [n for n in sums.collect_schema().names() if n not in ("person_id", "period")]
    rows = rows.with_columns(pl.col(figures).fill_null(0), pl.col("excused").fill_null(False))
    medical, accountant = pl.col("sector") == "medical", pl.col("sector") == "accounting"
    five = pl.col("national").rolling_sum(5, min_samples=1).over("person_id")
    cap, total = pl.lit(50 * TICKS, dtype=pl.Int64), pl.col("total")
    rows = rows.with_columns(
        total=pl.col("free") + pl.min_horizontal(cap, "limited"),
        total_high=pl.col("free_high") + pl.min_horizontal(cap, "limited_high"),
        required=pl.when(medical).then(25 * TICKS).otherwise(90 * TICKS).cast(pl.Int64),
        five=five,
    )
    short = pl.max_horizontal(0, 5 * TICKS - pl.col("class_1"), 15 * TICKS - pl.col("class_2"))
    # what may be credits may be of either class
    failed = (pl.col("total_high") < pl.col("required")) | (medical & (pl.col("total_high") - total < short))
    served = pl.col("joined") < pl.date(pl.col("period") - 4, 2, 1)  # no full month of the five years lies before
    five_open = medical & served & (pl.col("five") < 10 * TICKS)
    open_ = (total < pl.col("required")) | (medical & (short > 0)) | five_open
    professional = pl.col("professional_high")
    share = accountant & (pl.col("period") >= 2019) & (professional * 3 < total * 2)
    said = (
        pl.when(share).then(pl.lit("accounting/professional-share@2019")),
        pl.when(~medical & (professional < 60 * TICKS)).then(pl.lit("sichuan/professional-hours@2016")),
    )
    advisories = pl.concat_str(*said, separator="; ", ignore_nulls=True)
    body = pl.col("employer_kind").is_in(["state_organ", "public_institution", "social_organisation"]).fill_null(False)
    outcome = (
        pl.when(failed & ~pl.col("excused")).then(pl.lit("not_met"))
        .when(failed & ~five_open).then(pl.lit("excused"))  # what five years ask is not excused by one
        .when(failed | open_).then(pl.lit("undetermined")).otherwise(pl.lit("met"))
    )  # fmt: skip
    return rows.with_columns(outcome=outcome).select(
        "person_id", pl.col("period").cast(pl.String),
        policy=pl.when(pl.col("sector") == "engineering").then(pl.lit("sichuan")).otherwise("sector"),
        outcome="outcome", total="total", total_high="total_high", professional="professional", public="public",
        required="required", shortfall=pl.max_horizontal(pl.lit(0, dtype=pl.Int64), pl.col("required") - total),
        capped_off="capped_off",
        advisories=pl.when("excused").then(pl.lit("")).otherwise(advisories),
        consequences=pl.when(pl.col("outcome") == "met").then(pl.lit("appointment_basis"))
        .when((pl.col("outcome") == "not_met") & body).then(pl.lit("not_excellent")).otherwise(pl.lit("")),
    )  # fmt: skip
