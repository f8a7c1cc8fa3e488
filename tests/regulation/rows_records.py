"""Rows 1 to 4 of the regulation: packs in, assertions about what counts and how many hours, worked by hand."""

from __future__ import annotations

from fractions import Fraction

from tests.regulation.support import Packs, learned, public, short


def row_1_bases(packs: Packs) -> None:
    """Public subjects are taught by recognised bases: by name or alias, while the recognition holds."""
    judged = packs.judge(
        [
            public("2016-04-30", 10, 施教机构="示例基地"),
            public("2016-05-30", 10, 施教机构="示例大学继教院"),
            public("2016-05-31", 10, 施教机构="示例培训中心"),
            public("2016-06-30", 10, 施教机构="示例市级基地"),  # recognised from July only
            public("2016-07-01", 10, 施教机构="示例市级基地"),
            public("2016-08-01", 10, 施教机构=""),
            learned("2016-09-01", "培训班", 10, 施教机构="示例培训中心"),  # professional: anybody
        ]
    )
    counted = [judged.record(f"R{n}").counted for n in range(1, 8)]
    assert counted == [10, 10, 0, 0, 10, 0, 10]
    assert judged.record("R3").reason == judged.record("R4").reason == "rejected"
    assert short(judged.record("R3").recognise_rule) == "public-by-bases"
    assert (judged.record("R6").reason, judged.record("R6").missing) == ("missing_fact", ("provider",))
    assert judged.record("R6").counted_high == 10
    text = judged.explained()
    assert "公需科目由省、市（州）人社部门认定的继续教育基地施教" in text
    assert "public-by-bases, 二（一）" in text


def row_1_theme(packs: Packs) -> None:
    """The provincial theme of the year; local electives are on top of it and never fulfil it."""
    judged = packs.judge(
        [
            public("2016-04-30", 19, 施教机构="示例基地", 学习主题="示例主题"),
            public("2016-05-30", 30, 施教机构="示例基地", 学习主题="示例选修"),
            learned("2016-06-30", "培训班", 60),
        ],
        pack="cities/chengdu",
    )
    decision = judged.decision()
    assert (decision.outcome, decision.total, decision.by_subject["public"]) == ("met", 109, 49)
    assert decision.measures == {"public_theme": 19, "local_public": 30}
    theme = judged.finding("theme-hours")
    assert (theme.advisory, theme.status, theme.required, theme.shortfall) == (True, "not_met", 20, 1)
    assert [short(a) for a in decision.advisories] == ["theme-hours"]
    assert "theme-hours, 二（一）" in judged.explained()


def row_1_other_years(packs: Packs) -> None:
    """A year without a theme, and a theme without a figure, ask nothing."""
    for year in (2017, 2018):
        judged = packs.judge(
            [public(f"{year}-04-30", 90, 施教机构="示例市级基地", 学习主题="示例主题")], years=(year, year)
        )
        assert [short(f.rule) for f in judged.findings(str(year))] == ["annual-hours", "professional-hours"]
        assert judged.decision(str(year)).measures["public_theme"] == 0


def row_2_hours(packs: Packs) -> None:
    """At least 90 a year, one for each 45 minutes; professional generally at least 60."""
    judged = packs.judge(
        [
            learned("2016-03-01", "培训班", 2655, "分钟"),
            public("2016-04-01", 31),
            learned("2017-03-01", "培训班", 89.99),
        ],
        years=(2016, 2017),
    )
    decision = judged.decision()
    assert (decision.total, decision.required_total, decision.outcome) == (90, 90, "met")  # 2655 / 45 = 59
    professional = judged.finding("professional-hours")
    assert (professional.advisory, professional.required, professional.shortfall) == (True, 60, 1)
    assert [short(a) for a in decision.advisories] == ["professional-hours"]
    later = judged.decision("2017")
    assert (later.outcome, later.shortfall_total) == ("not_met", Fraction(1, 100))
    assert "annual-hours, 二（二）第1款" in judged.explained("2017")


def row_2_before(packs: Packs) -> None:
    """Until 2015: 80, and 60 professional firm."""
    judged = packs.judge(
        [
            learned("2014-03-01", "培训班", 60),
            public("2014-04-01", 20),
            learned("2015-03-01", "培训班", 59),
            public("2015-04-01", 40),
        ],
        years=(2014, 2015),
    )
    assert [(judged.decision(y).outcome, judged.decision(y).required_total) for y in ("2014", "2015")] == [
        ("met", 80),
        ("not_met", 80),
    ]
    assert judged.finding("professional-hours", "2015").status == "not_met"


WAYS = (
    "培训班",
    "研修班",
    "进修班",
    "远程教育",
    "学术会议",
    "学术讲座",
    "学术访问",
    "实践活动",
    "出国出境进修培训",
    "学历学位教育",
)


def row_3_ways(packs: Packs) -> None:
    """Each of the recognised ways counts with proof, and is rejected with its clause without."""
    proven = packs.judge([learned("2016-03-01", way, 3) for way in WAYS])
    assert [proven.record(f"R{n}").counted for n in range(1, 11)] == [3] * 10
    bare = packs.judge([learned("2016-03-01", way, 3, 学习证明="") for way in WAYS])
    assert {bare.record(f"R{n}").reason for n in range(1, 11)} == {"rejected"}
    assert bare.decision().total == 0
    assert bare.explained().count("二（二）第2款") == 10


def row_3_own_work(packs: Packs) -> None:
    """Self-study needs the employer's recognition and an examination; works are published and of the job."""
    good = {"单位认可": "是", "考核结果": "合格"}
    judged = packs.judge(
        [
            learned("2016-03-01", "自学成果", 4000, "字", **good),
            learned("2016-03-02", "自学成果", 4000, "字", **(good | {"单位认可": "否"})),
            learned("2016-03-03", "自学成果", 4000, "字", **(good | {"考核结果": "不合格"})),
            learned("2016-03-04", "自学成果", 4000, "字", **(good | {"单位认可": ""})),
            learned("2016-03-05", "自学成果", 4000, "字", **(good | {"考核结果": ""})),
            learned("2016-03-06", "自学成果", 4000, "字", **(good | {"学习证明": ""})),
            learned("2016-04-01", "发表出版作品", 4000, "字"),
            learned("2016-04-02", "发表出版作品", 4000, "字", 正式发表="否"),
            learned("2016-04-03", "发表出版作品", 4000, "字", 与业务相关="否"),
            learned("2016-04-04", "发表出版作品", 4000, "字", 学习证明=""),
        ]
    )
    entries = [judged.record(f"R{n}") for n in range(1, 11)]
    assert [e.counted for e in entries] == [4, 0, 0, 0, 0, 0, 8, 0, 0, 0]
    rejected = [n for n, e in enumerate(entries, 1) if e.reason == "rejected"]
    assert rejected == [2, 3, 6, 8, 9, 10]
    assert {e.reason for e in entries[3:5]} == {"missing_fact"}
    assert [e.missing for e in entries[3:5]] == [("approved",), ("result",)]
    text = judged.explained()
    assert "作品须正式发表出版" in text
    assert "作品须与本业务相关" in text
    assert {"R4:approved", "R5:result"} <= set(
        judged.finding("annual-hours").missing
    ) or judged.decision().outcome == "not_met"


def row_4_conversion(packs: Packs) -> None:
    """Actual hours as registered; 1 per 1000 characters of self-study, 2 published; exact, never rounded."""
    judged = packs.judge(
        [
            learned("2016-03-01", "学术讲座", 100, "分钟"),
            learned("2016-03-02", "学术讲座", 1.5, "小时"),
            learned("2016-03-03", "学术会议", 7.25),
            learned("2016-03-04", "自学成果", 1500, "字", 单位认可="是", 考核结果="合格"),
            learned("2016-03-05", "发表出版作品", 1500, "字"),
            learned("2016-03-06", "学术会议", 2, "天"),
        ]
    )
    assert [str(judged.record(f"R{n}").counted) for n in range(1, 7)] == ["20/9", "2", "29/4", "3/2", "3", "0"]
    assert judged.record("R6").reason == "no_conversion"


def row_4_cap(packs: Packs) -> None:
    """Self-study and publications together count at most 50 a year, by date; the ledger shows who lost what."""
    judged = packs.judge(
        [
            learned("2016-11-02", "发表出版作品", 14000, "字"),
            learned("2016-06-15", "自学成果", 30000, "字", 单位认可="是", 考核结果="合格"),
            learned("2016-12-01", "发表出版作品", 1000, "字"),
            learned("2017-01-05", "自学成果", 50000, "字", 单位认可="是", 考核结果="合格"),
            learned("2016-03-14", "培训班", 40),
        ],
        years=(2016, 2017),
    )
    entries = [judged.record(f"R{n}") for n in range(1, 5)]
    assert [(e.converted, e.counted) for e in entries] == [(28, 20), (30, 30), (2, 0), (50, 50)]
    assert [e.reason for e in entries] == ["capped", "counted", "capped", "counted"]
    assert {short(e.cap_rule) for e in (entries[0], entries[2])} == {"self-study-cap"}
    assert (judged.decision().total, judged.decision().capped_off, judged.decision().outcome) == (90, 10, "met")
    assert "self-study-cap, 二（二）第3款" in judged.explained()
