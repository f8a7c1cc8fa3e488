"""A small world to judge: a province's pack, a sector's pack on top, and files of an office, written into a folder."""

from __future__ import annotations

from pathlib import Path

PROVINCE = """\
pack: shire
title: {zh: 郡, en: Shire}
level: province
authority: The Shire
extends: null
applies: null
regimes: []
year_starts: 01-01
surface: en
sources:
  act:
    title: An act on learning
    number: Act 1
    confidence: seen
vocabulary:
  terms:
    form: {training: 培训班, self_study: 自学成果, publication: 发表出版作品, visit: 学术访问}
    subject: {public: 公需科目, professional: 专业科目}
    sector: {farming: 农业, milling: 磨坊}
    circumstance: {just_cause: 正当理由}
  conclusions: {not_excellent: 不得评优}
  flags: {fee_charged: 收费}
fields:
  record:
    fee: {zh: 收费, type: number, unit: yuan, min: 0, max: 1000000, decimals: 2}
quantities:
  minutes: {min: 0, max: 600000, decimals: 2}
  hours: {min: 0, max: 10000, decimals: 2}
  characters: {min: 0, max: 10000000, decimals: 0}
"""
PROVINCE_RULES = """\
- id: recognise-training
  cites: {source: act, at: art. 1}
  rule: recognise training, publication, visit when evidence is present
- id: recognise-self-study
  cites: {source: act, at: art. 1}
  rule: recognise self_study when evidence is present and approved = yes and result = passed
- id: time-hours
  cites: {source: act, at: art. 2}
  rule: convert training, visit at 1 hour per 45 minutes
- id: stated-hours
  cites: {source: act, at: art. 2}
  rule: convert training at stated hours
- id: self-study-hours
  cites: {source: act, at: art. 3}
  rule: convert self_study at 1 hour per 1000 characters
- id: publication-hours
  cites: {source: act, at: art. 3}
  rule: convert publication at 2 hours per 1000 characters
- id: self-study-cap
  cites: {source: act, at: art. 3}
  rule: cap self_study, publication at 50 hours per year
- id: annual-hours
  cites: {source: act, at: art. 4}
  change: raise-only
  rule: require total at least 90 hours per year
- id: professional-hours
  cites: {source: act, at: art. 4}
  rule: expect professional at least 60 hours per year
- id: excused
  cites: {source: act, at: art. 5}
  rule: excuse year when circumstance = just_cause
- id: not-excellent
  cites: {source: act, at: art. 6}
  rule: conclude not_excellent "may not be rated excellent" when not met and not excused
- id: fee
  cites: {source: act, at: art. 7}
  rule: flag fee_charged "no fee may be charged" when fee is present and fee > 0
"""
SECTOR = """\
pack: mill
title: {zh: 磨坊, en: Mill}
level: sector
authority: The millers
extends: shire
applies: sector = milling
regimes: []
surface: en
sources:
  rules: {title: Rules of the millers, confidence: seen}
"""
SECTOR_RULES = """\
- id: annual-hours
  cites: {source: rules, at: rule 1}
  change: raise-only
  rule: "override shire/annual-hours: require total at least 120 hours per year"
"""

HEADER = "record_id,person_id,date,form,subject,title,quantity,unit,evidence,result,approved,fee"
RECORDS = f"""\
{HEADER}
R001,A1,2016-03-14,training,professional,Soils,12.5,hours,c-1,passed,,
R002,A1,2016-04-30,training,public,Law,25,hours,c-2,passed,,
R003,A1,2016-06-15,self_study,professional,Reading,30000,characters,c-3,passed,yes,
R009,A1,2016-05-12,training,professional,Piles,16,hours,,passed,,
R017,A1,2016-11-02,publication,professional,A paper,14000,characters,c-4,,,
R020,B2,2016-05-09,training,professional,Mills,100,hours,c-5,passed,,12.5
R021,B2,2015-05-09,training,professional,Mills,100,hours,c-6,passed,,
R030,C3,2016-05-16,training,professional,Fields,80,hours,c-7,passed,,
R031,C3,2016-10-08,self_study,professional,A report,12000,characters,c-8,passed,,
R040,D4,2016-02-02,training,,Odd,100,minutes,c-9,,,
R050,E5,2016-02-30,training,professional,No such day,10,hours,c-10,,,
"""
PERSONS = """\
person_id,name,sector
A1,Ann,farming
B2,Ben,milling
C3,Cat,farming
D4,Dan,
E5,Eve,farming
"""
CIRCUMSTANCES = """\
person_id,kind,from,to
E5,just_cause,2016-01-01,2016-12-31
"""


def write_world(folder: Path) -> Path:
    """``policies/`` and the files of the office, in ``folder``."""
    for name, pack, rules in (("shire", PROVINCE, PROVINCE_RULES), ("mill", SECTOR, SECTOR_RULES)):
        place = folder / "policies" / name
        place.mkdir(parents=True)
        (place / "pack.yaml").write_text(pack, encoding="utf-8")
        (place / "rules.yaml").write_text(rules, encoding="utf-8")
    for name, text in (("records", RECORDS), ("persons", PERSONS), ("circumstances", CIRCUMSTANCES)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
