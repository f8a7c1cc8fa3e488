"""Rows 5 to 12: packs in, assertions about delegation, certificates, flags, consequences and what is carried."""

from __future__ import annotations

from policyengine.tools.explain.data import data_of_cases
from tests.regulation.support import Packs, learned, public, short


def row_5_own(packs: Packs) -> None:
    """Where no pack takes it over, degree education counts by its actual hours."""
    judged = packs.judge([learned("2016-03-01", "学历学位教育", 90)])
    assert judged.decision().outcome == "met"
    assert "delegated-regimes" in [r.id for r in judged.evaluation.law.policies[0].packs[-1].rules]


def row_6(packs: Packs) -> None:
    """Kind, content, time and examination result of each activity in the order of time, and the yearly verification."""
    judged = packs.judge(
        [
            learned("2016-11-02", "培训班", 20),
            learned("2016-03-15", "培训班", 40, 开始日期="2016-03-14", 名称="新规范培训", 考核结果="合格"),
            public("2017-04-01", 90, 名称="公需科目", 考核结果="合格"),
        ],
        years=(2016, 2017),
    )
    certificate = data_of_cases(judged.cases)["certificate"]
    assert [a["record_id"] for a in certificate["activities"]] == ["R2", "R1", "R3"]
    first, _, second = certificate["activities"]
    assert (first["kind"], first["content"], str(first["from"]), str(first["to"]), first["result"]) == (
        "training", "新规范培训", "2016-03-14", "2016-03-15", "passed",
    )  # fmt: skip
    assert (second["year"], second["hours"]) == ("2017", 90)
    assert [(y["year"], y["total"], y["outcome"]) for y in certificate["years"]] == [
        ("2016", 60, "not_met"),
        ("2017", 90, "met"),
    ]


def row_7_absence(packs: Packs) -> None:
    """Unapproved full-time leave is absenteeism in public institutions; the hours still count."""
    record = learned("2016-03-30", "进修班", 40, 脱产="是", 单位认可="否")
    institution = packs.judge(
        [record, {**record, "单位认可": "是"}, {**record, "脱产": "否"}], {"单位性质": "事业单位"}
    )
    assert [[f.flag for f in institution.flags(r)] for r in ("R1", "R2", "R3")] == [["unapproved_absence"], [], []]
    assert institution.flags("R1")[0].text == "未经批准离岗脱产学习的，按旷工处理"
    assert institution.decision().total == 120
    assert packs.judge([record], {"单位性质": "企业"}).flags("R1") == []
    unknown = packs.judge([{**record, "单位认可": ""}], {"单位性质": "事业单位"}).flags("R1")
    assert [(f.certain, f.missing) for f in unknown] == [(False, ("approved",))]
    assert "unapproved-absence, 三（二）" in institution.explained()


def row_7_provider(packs: Packs) -> None:
    """Who pays all or most is not told the provider; half is not most."""
    told = {"施教机构指定方": "用人单位指定"}
    judged = packs.judge(
        [
            learned("2016-03-01", "培训班", 8, 个人承担比例=1, **told),
            learned("2016-03-02", "培训班", 8, 个人承担比例=0.51, **told),
            learned("2016-03-03", "培训班", 8, 个人承担比例=0.5, **told),
            learned("2016-03-04", "培训班", 8, 个人承担比例=1, 施教机构指定方="本人选择"),
        ]
    )
    assert [len(judged.flags(f"R{n}")) for n in range(1, 5)] == [1, 1, 0, 0]
    assert {f.flag for n in (1, 2) for f in judged.flags(f"R{n}")} == {"provider_designated"}


def row_9(packs: Packs) -> None:
    """What the authorities run themselves charges no fee."""
    judged = packs.judge(
        [
            learned("2016-03-01", "培训班", 8, 举办方类别="行政部门", 收费金额=0.01),
            learned("2016-03-02", "培训班", 8, 举办方类别="行政部门", 收费金额=0),
            learned("2016-03-03", "培训班", 8, 举办方类别="继续教育机构", 收费金额=200),
        ]
    )
    assert [[f.flag for f in judged.flags(f"R{n}")] for n in range(1, 4)] == [["fee_charged"], [], []]
    assert judged.decision().total == 24
    assert "fee-charged, 七（二）" in judged.explained()


def row_duplicates(packs: Packs) -> None:
    """The text has no rule against counting one activity twice: it is flagged, and counts."""
    same = learned("2016-03-01", "学术讲座", 4, 名称="安全讲座")
    judged = packs.judge([same, same, {**same, "日期": "2016-03-02"}])
    assert [[f.flag for f in judged.flags(f"R{n}")] for n in range(1, 4)] == [[], ["repeated_activity"], []]
    assert judged.decision().total == 12


def row_8_not_excellent(packs: Packs) -> None:
    """No 优秀 in state organs, public institutions and social organisations when not completed without a just cause."""
    short_of = [learned("2016-03-01", "培训班", 89)]
    for kind, follows in (("国家机关", True), ("事业单位", True), ("社会团体", True), ("企业", False)):
        decision = packs.judge(short_of, {"单位性质": kind}).decision()
        assert decision.consequences == (("not_excellent",) if follows else ()), kind
    unknown = packs.judge(short_of, {"单位性质": ""}).decision()
    assert (unknown.consequences, unknown.possible) == ((), ("not_excellent",))
    text = packs.judge(short_of, {"单位性质": "事业单位"}).explained()
    assert "年度考核不得确定为“优秀”" in text
    assert "not-excellent, 四第2款" in text


def row_8_just_cause(packs: Packs) -> None:
    """A just cause that the employer registered excuses its year, and only that; other leave does not."""
    records = [learned("2016-03-01", "培训班", 40), learned("2017-03-01", "培训班", 40)]
    cause = {"情形": "正当理由", "起始日期": "2016-02-20", "截止日期": "2016-08-19"}
    judged = packs.judge(records, {"单位性质": "事业单位"}, [cause], (2016, 2017))
    excused, after = judged.decision("2016"), judged.decision("2017")
    assert (excused.outcome, excused.consequences) == ("excused", ())
    assert (after.outcome, after.consequences) == ("not_met", ("not_excellent",))
    assert [short(k) for k in judged.finding("annual-hours").because] == ["just-cause"]
    leave = packs.judge(records, {"单位性质": "事业单位"}, [{**cause, "情形": "产假"}])
    assert leave.decision().outcome == "not_met"


def row_8_years(packs: Packs) -> None:
    """Each year's completion is a basis for appointment: every year says whether it is one."""
    records = [learned(f"{year}-03-01", "培训班", hours) for year, hours in ((2016, 90), (2017, 89), (2018, 91))]
    judged = packs.judge(records, {"单位性质": "事业单位"}, years=(2016, 2018))
    assert [judged.decision(str(y)).consequences for y in (2016, 2017, 2018)] == [
        ("appointment_basis",),
        ("not_excellent",),
        ("appointment_basis",),
    ]


def row_10_to_12(packs: Packs) -> None:
    """People, time and money: the fields exist, are read, and decide nothing."""
    person = {"单位性质": "企业", "行业": "工程", "地区": "乐山市", "工作单位": "示例单位", "职称级别": "中级"}
    judged = packs.judge(
        [learned("2016-03-01", "培训班", 90, 费用=800, 经费来源="单位经费", 施教机构="示例中心")], person
    )
    [record] = judged.evaluation.inputs.records
    assert (record.facts["cost"], record.facts["paid_by"], record.facts["provider"]) == (
        800,
        "employer_pays",
        "示例中心",
    )
    facts = judged.evaluation.inputs.persons["甲"].facts
    assert {k: facts[k] for k in ("sector", "region", "employer", "title_level")} == {
        "sector": "engineering", "region": "leshan", "employer": "示例单位", "title_level": "intermediate",
    }  # fmt: skip
    assert judged.decision().outcome == "met"
    levels = [p.level for p in judged.evaluation.law.policies[0].packs]
    assert levels == ["national", "province"]
    bases = judged.evaluation.law.policies[0].tables["bases"]
    assert [c.id for c in bases.columns] == ["name", "aliases", "level", "from", "until", "source", "confidence"]
