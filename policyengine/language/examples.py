"""One example sentence for each verb, in its language: what a message shows beside a mistake."""

from __future__ import annotations

_PAIRS = """
recognise training when evidence is present | 认定 培训班 须有 学习证明
reject training when result = failed | 不予认定 培训班 当 考核结果 = 不合格
convert training at 1 hour per 45 minutes | 折算 培训班 每 45 分钟 计 1 学时
add 20 hours to conference | 另加 20 学时 于 学术会议
exchange 1 credit for 3 hours | 换算 1 学分 等于 3 学时
assign split by days | 归期 按天数分摊
count once per title, evidence taking the highest | 不重复计算 同一 名称、学习证明 取最高
cap self_study at 50 hours per year | 限额 自学成果 每年 不超过 50 学时
measure online: hours of distance | 计量 网络学习：远程教育 的 学时
carry excess over annual-hours up to 30 hours to the next year | 结转 超出 annual-hours 部分 不超过 30 学时 至下一年度
require total at least 90 hours per year | 要求 每年 总学时 不少于 90 学时
expect professional at least 60 hours per year | 一般要求 每年 专业科目 不少于 60 学时
excuse year when circumstance = maternity | 免除 本年 当 情形 = 产假
reduce annual-hours by 1/12 per full month of leave | 核减 annual-hours 休假 每满一个月 减 1/12
conclude not_excellent when not met | 结论 不得评优 当 未完成
flag fee_charged when fee > 0 yuan | 标记 违规收费 当 收费金额 > 0 元
override sichuan/annual-hours: require total at least 120 hours per year
替代 sichuan/annual-hours：要求 每年 总学时 不少于 120 学时
drop sichuan/annual-hours | 不适用 sichuan/annual-hours
delegate teacher_training | 授权 教师培训
"""
_LONGER_VERBS = ("count once", "carry excess over")


def _verb(sentence: str) -> str:
    return next((v for v in _LONGER_VERBS if sentence.startswith(v)), sentence.split()[0])


EXAMPLES: dict[str, str] = {
    _verb(sentence.strip()): sentence.strip() for line in _PAIRS.strip().splitlines() for sentence in line.split(" | ")
}
"""By verb, as written: ``require``, ``count once``, 要求."""
