"""The vocabulary of tests of the language: the words of docs/language.md, and some easily mistaken for others."""

from __future__ import annotations

from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word, vocabulary

TERMS = {
    "form": """training:培训班 workshop:研修班 further_study:进修班 distance:远程教育 conference:学术会议
        lecture:学术讲座 visit:学术访问 self_study:自学成果 publication:发表出版作品 paper:论文
        book:著作 exam_passed:考试合格
        accounting_exam:会计类考试 accounting_conference:会计类会议 project_work:课题研究 cpa_exam:CPA考试
        accounting:会计 other:其他形式""",
    "subject": "public:公需科目 professional:专业科目 class_1:一类学分 class_2:二类学分",
    "employer_kind": """state_organ:国家机关 public_institution:事业单位 social_organisation:社会团体 enterprise:企业
        other:其他单位""",
    "circumstance": "maternity:产假 illness:病假 overseas_posting:驻外 just_cause:正当理由",
    "sector": "accounting:会计 medical:卫生 teaching:教育",
    "role": "lecturer:授课人 attendee:学员 in_charge:负责人 site_lead:现场",
    "mode": "in_person:面授 online:线上 on_site:现场",
    "party": "employer:用人单位 self:本人",
    "organiser_kind": "government:政府部门 association:协会",
    "title_level": "junior:初级 senior:高级",
    "region": "chengdu:成都市 mianyang:绵阳市",
}
NAMES = {
    "table": "bases:继续教育基地 themes:年度主题 paper_credits:论文学分表",
    "measure": "face_to_face:面授学时 public_theme:公需主题学时 elective:选修",
    "regime": "continuing_medical_education:继续医学教育 teacher_training:教师培训 degree_education:学历教育",
    "conclusion": "not_excellent:不得评优 promotion_ready:可以晋升",
    "flag": "provider_designated:指定机构 fee_charged:违规收费 unapproved_absence:未经批准离岗",
}
ALIASES = {"training": ("培训", "集中培训"), "distance": ("网络培训",), "evidence": ("证明",)}
RECORD_FIELDS = """
    role term 角色 | mode term 方式 | designated_by term 指定机构 party | paid_by term 付费方 party
    organiser_kind term 举办方类别 | author_rank number 作者排名 | author_count number 作者人数
    journal_level text 期刊级别 | paper_characters number 论文字数 - characters | self_paid_share number 个人承担比例
    fee number 收费金额 - yuan | claimed_year year 申报年度 | late_reason text 补学原因 | full_time yes_no 脱产
    project text 项目 | theme text 学习主题
    published_on date 发表日期
"""
PERSON_FIELDS = """
    qualified_on date 取得资格日期 | in_charge_since date 负责人任职日期 | born date 出生日期 | retires_on date 退休日期
"""


def _words() -> list[Word]:
    words = []
    for kind, of, listed in [("term", of, t) for of, t in TERMS.items()] + [(k, None, n) for k, n in NAMES.items()]:
        for entry in listed.split():
            word, zh = entry.split(":")
            leave = of == "circumstance" and word != "just_cause"
            words.append(Word(word, kind, zh, ALIASES.get(word, ()), of, leave))  # type: ignore[arg-type]
    return words


def _fields(of: str, listed: str) -> list[FieldDecl]:
    fields = []
    for entry in " | ".join(line.strip() for line in listed.strip().splitlines()).split("|"):
        name, kind, zh, *more = entry.split()
        terms, unit = (*more, None, None)[:2]
        fields.append(FieldDecl(name, of, kind, zh, (), unit, terms=None if terms == "-" else terms))  # type: ignore[arg-type]
    return fields


VOCABULARY: Vocabulary = vocabulary(_words(), [*_fields("record", RECORD_FIELDS), *_fields("person", PERSON_FIELDS)])
