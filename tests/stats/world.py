"""A county whose statistics can be worked by hand: eight people, twelve activities, one recognised base."""

from __future__ import annotations

from pathlib import Path

PACK = """\
pack: county
title: {zh: 县, en: County}
level: province
authority: The county
extends: null
applies: null
regimes: []
year_starts: 01-01
surface: en
sources:
  act: {title: An act on learning, number: Act 1, confidence: seen}
vocabulary:
  terms:
    form: {training: 培训班, lecture: 学术讲座}
    subject: {public: 公需科目, professional: 专业科目}
    sector: {farming: 农业, milling: 磨坊}
    region: {north: 北区, south: 南区}
    paid_by: {state: 财政, employer_pays: 单位经费, person_pays: 个人自费, society: 社会资助}
    circumstance: {just_cause: 正当理由}
  conclusions: {not_excellent: 不得评优}
fields:
  record:
    cost: {zh: 费用, type: number, unit: yuan, min: 0, max: 1000000, decimals: 2}
    paid_by: {zh: 经费来源, type: term}
quantities:
  minutes: {min: 0, max: 600000, decimals: 2}
  hours: {min: 0, max: 10000, decimals: 2}
tables:
  bases:
    zh: 基地
    file: tables/bases.csv
    columns: {name: {role: key, field: provider}, from: {role: from}, until: {role: until}}
"""
BASES = "name,from,until\nOld Mill,2015-01-01,2016-06-30\n"
RULES = """\
- id: recognise
  cites: {source: act, at: art. 1}
  rule: recognise training, lecture when evidence is present
- id: time
  cites: {source: act, at: art. 2}
  rule: convert training, lecture at 1 hour per 45 minutes
- id: stated
  cites: {source: act, at: art. 2}
  rule: convert training, lecture at stated hours
- id: lecture-cap
  cites: {source: act, at: art. 3}
  rule: cap lecture at 10 hours per year
- id: annual
  cites: {source: act, at: art. 4}
  rule: require total at least 40 hours per year
- id: excused
  cites: {source: act, at: art. 5}
  rule: excuse year when circumstance = just_cause
- id: not-excellent
  cites: {source: act, at: art. 6}
  rule: conclude not_excellent "may not be rated excellent" when not met and not excused
- id: base-only
  cites: {source: act, at: art. 7}
  rule: reject records when subject = public and provider is present and provider not in bases because "bases only"
"""
RECORDS = """\
record_id,person_id,date,form,subject,title,quantity,unit,evidence,result,provider,cost,paid_by
R01,A1,2016-03-14,training,professional,Soils,30,hours,c1,passed,Old Mill,100.50,state
R02,A1,2016-04-14,training,professional,Seeds,100,minutes,c2,passed,New Mill,20,person_pays
R03,A1,2016-05-14,lecture,professional,Law,16,hours,c3,failed,New Mill,0,
R04,A2,2016-03-15,training,public,Soils,40,hours,c4,passed,Old Mill,99.50,employer_pays
R05,A3,2016-07-15,training,public,Soils,40,hours,c5,passed,Old Mill,10,society
R06,A4,2016-03-15,training,professional,Soils,39,hours,c6,,New Mill,,
R07,A5,2016-03-15,training,professional,Soils,80,hours,c7,passed,New Mill,1000,state
R08,A6,2016-03-15,training,professional,Soils,8,hours,,passed,New Mill,1,state
R09,A6,2017-03-15,training,professional,Soils,8,hours,c9,passed,New Mill,1,state
R10,A7,2016-03-15,training,professional,Soils,41,hours,c10,passed,New Mill,2,person_pays
"""
PERSONS = """\
person_id,name,sector,region,employer,employer_kind,title_level
A1,Ann,farming,north,Farm,,
A2,Ben,farming,north,Farm,,
A3,Cat,farming,south,Farm,,
A4,Dan,milling,south,Mill,,
A5,Eve,milling,south,Mill,,
A6,Fay,milling,,Mill,,
A7,Gus,,north,,,
A8,Hal,farming,north,Farm,,
"""
CIRCUMSTANCES = "person_id,kind,from,to\nA8,just_cause,2016-01-01,2016-12-31\n"


def write_county(folder: Path) -> Path:
    """Packs and files in ``folder``."""
    pack = folder / "policies" / "county"
    (pack / "tables").mkdir(parents=True)
    (pack / "pack.yaml").write_text(PACK, encoding="utf-8")
    (pack / "rules.yaml").write_text(RULES, encoding="utf-8")
    (pack / "tables" / "bases.csv").write_text(BASES, encoding="utf-8")
    for name, text in (("records", RECORDS), ("persons", PERSONS), ("circumstances", CIRCUMSTANCES)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


# two years whose records have no ids, so that their rows are their names; people move between them
YEARS = {
    2016: (
        ("A1,2016-03-14,training,professional,Soils,30,hours,c1,passed,Old Mill,600,state",),
        ("A1,Ann,farming,north,Farm,,",),
    ),
    2017: (
        (
            "A2,2017-03-15,training,professional,Seeds,40,hours,,failed,New Mill,1000,society",
            "A1,2017-04-14,lecture,professional,Law,8,hours,c3,failed,New Mill,7,",
        ),
        ("A1,Ann,milling,south,Acme,,", "A2,Ben,farming,north,Farm,,"),
    ),
}


def write_year(folder: Path, year: int) -> Path:
    """The county in ``folder`` with the files of one of ``YEARS``."""
    folder.mkdir()
    records, persons = YEARS[year]
    head = RECORDS.splitlines()[0].removeprefix("record_id,")
    (write_county(folder) / "records.csv").write_text("\n".join([head, *records, ""]), encoding="utf-8")
    (folder / "persons.csv").write_text("\n".join([PERSONS.splitlines()[0], *persons, ""]), encoding="utf-8")
    return folder
