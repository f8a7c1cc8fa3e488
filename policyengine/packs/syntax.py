"""What libyaml says of a file that is not YAML, in the words of those who write packs: error in, diagnostic out."""

from __future__ import annotations

import re

import yaml

from policyengine.diagnostics import Diagnostic, Replacement, Span
from policyengine.messages import say
from policyengine.packs.nodes import line_of, lines_of

# Line breaks that editors do not show as such, control characters, and marks that make text read otherwise than it is:
# of direction, and what nobody sees (soft hyphens, fillers, variation selectors, tags), by which two names look alike.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # of these, what takes no place in a line

_OURS, _THEIRS = (re.compile(f"^{sign}{{7}} ", re.MULTILINE) for sign in "<>")

# part of libyaml's words: what is wrong and how to mend it, in English and Chinese
_SYNTAX: dict[str, tuple[str, str, str, str]] = {
    "mapping values are not allowed": (
        "a second “: ” stands in this line, so YAML reads the text before it as a key",
        "put the whole text in quotes ('…'), or write it on the next line after “rule: |”",
        "这一行有第二个“: ”，YAML 把它前面的文字当成了键",
        "请给整段文字加引号（'…'），或写成“rule: |”并另起一行",
    ),
    "could not find expected ':'": (
        "a key without its “:”, or a line that is not indented like the ones around it",
        "write “key: value”; lines that go on with a text are indented further than its key",
        "键后面缺少“:”，或这一行的缩进与前后不一致",
        "请写成“键: 值”；续行的缩进要比键深",
    ),
    "did not find expected key": (
        "this line is indented differently from the ones that it belongs to",
        "keys of one mapping stand exactly under each other",
        "这一行的缩进与同级的行不一致",
        "同一级的键要上下对齐",
    ),
    "did not find expected '-' indicator": (
        "an entry of a list begins with “- ” under the others",
        "keys of one entry stand exactly under each other",
        "列表的每一项以“- ”开头并上下对齐",
        "同一项的键要上下对齐",
    ),
    "did not find expected ',' or": (
        "a comma or the closing bracket is missing",
        "in {…} and […] parts are separated by “, ”; a text with a comma in it goes in quotes",
        "缺少逗号或右括号",
        "{…} 和 […] 中的各项用“, ”分隔；含逗号的文字要加引号",
    ),
    "cannot start any token": (
        "a text can't begin with this character",
        "put the whole text in quotes ('…')",
        "文字不能以这个字符开头",
        "请给整段文字加引号（'…'）",
    ),
    "while scanning a quoted scalar": (
        "a text in quotes is never closed",
        "add the closing quote",
        "引号没有闭合",
        "请补上右引号",
    ),
    "while scanning a block scalar": (
        "after “|” or “>” the text begins on the next line, indented further",
        "indent every line of the text by two spaces more than its key",
        "“|”或“>”之后的文字要另起一行并缩进",
        "每一行都要比键多缩进两个空格",
    ),
    "block sequence entries are not allowed": (
        "a list can't begin here",
        "put “- ” on a line of its own",
        "列表不能从此处开始",
        "请把“- ”另起一行",
    ),
    "unknown escape character": (
        'in "…" a backslash begins an escape that YAML doesn\'t know',
        "use '…' quotes, in which a backslash is itself",
        "双引号中的反斜杠后面不是 YAML 的转义符",
        "请改用单引号（'…'），其中反斜杠就是它自己",
    ),
    "did not find expected <document start>": (
        "this line belongs to nothing before it",
        "indent it like the lines it belongs to",
        "这一行不属于前面的任何内容",
        "请与所属的行对齐",
    ),
    "did not find expected node content": (
        "a value is missing here",
        "write the value, or null",
        "此处缺少值",
        "请写出该值，或写 null",
    ),
}
# keys and entries that look so and are text to YAML: where (group 1), what is wrong and how to mend it
_WIDE = "[\u3000\u00a0]"
_TEXT: tuple[tuple[re.Pattern[str], tuple[str, str, str, str]], ...] = (
    (re.compile(r"\s*(?:-\s+)?[\w-]+(：)|\s*([－—–])\s*[\w-]+\s*[:：]"), (
        "full-width “{char}” after a key or before an entry is text to YAML",
        "write “{plain}” (half-width, with a space)",
        "全角“{char}”：键之后和列表项之前的全角符号被 YAML 当作文字",
        "请写成半角的“{plain}”（后有空格）",
    )),
    (re.compile(rf" *(?:-|(?:- +)?[\w-]+:)({_WIDE})| *({_WIDE})\s*(?:- +)?[\w-]+:(?:\s|$)"), (
        "{char} before a key or after “:” or “-” is text to YAML",
        "write a plain (half-width) space",
        "{char}：键之前、“:”或“-”之后的这种空格被 YAML 当作文字",
        "请改为半角空格",
    )),
    (re.compile(r" *(?:- +)?[\w-]+:\s+([｛［])"), (
        "full-width “{char}” at the beginning of a value is text to YAML",
        "write {{ }} and [ ], with “: ” and “, ” between",
        "全角“{char}”：值开头的全角括号被 YAML 当作文字",
        "请写半角的 {{ }} 和 [ ]，其中用“: ”和“, ”",
    )),
    (re.compile(r" *(-)[\w-]+:(?:\s|$)"), (
        "“-” without a space after it is part of the key to YAML",
        "write “- ”",
        "“-”后面没有空格，YAML 把它当作键的一部分",
        "请写成“- ”（后有空格）",
    )),
    (re.compile(r" *(?:- +)?[A-Za-z_]+(:)[^\s:/]"), (
        "“:” without a space after it is text to YAML",
        "write “: ”",
        "“:”后面没有空格，YAML 把它当作文字",
        "请写成“: ”（后有空格）",
    )),
)  # fmt: skip
_KEY = re.compile(r" *(?:- +)?[\w-]+:(?:\s|$)")
# a key or an entry whose text stands on the lines below
_BLOCK = re.compile(r"( *(?:- +)?)([\w-]+:\s+)?[|>][-+0-9]*\s*(?:#.*)?")
_SPACES = {"\u3000": ("a full-width space", "全角空格"), "\u00a0": ("a no-break space", "不换行空格")}
_MISREAD = (
    "mapping values are not allowed",
    "could not find expected ':'",
    "did not find expected '-' indicator",
    "did not find expected key",
)
_FIRST = {"an anchor": "&", "an alias": "*", "a directive": "%", "a tag": "!"}


def _said(words: str) -> tuple[str, str]:
    """What libyaml says, and how to mend it, for people."""
    for part, (what, hint, what_zh, hint_zh) in _SYNTAX.items():
        if part in words:
            return say(what, what_zh), say(hint, hint_zh)
    for part, char in _FIRST.items():
        if f"while scanning {part}" in words:
            return (
                say(f"a text can't begin with {char}", f"文字不能以 {char} 开头"),
                say("put the whole text in quotes ('…')", "请给整段文字加引号（'…'）"),
            )
    return say("this is not YAML", "这不是 YAML"), say("compare it with the lines around it", "请与前后的行比较")


def too_deep(levels: int) -> tuple[str, str]:
    """PE107: what is wrong, and how to mend it."""
    return (
        say(f"this is nested deeper than {levels} levels", f"嵌套超过 {levels} 层"),
        say("a pack needs six", "政策包只需六层"),
    )


def unmerged(code: str, file: str, text: str) -> Diagnostic | None:
    """What git leaves in a file whose lines it could not merge: both versions, between lines of its own."""
    begins = _OURS.search(text)
    ends = _THEIRS.search(text, begins.end()) if begins else None
    if begins is None or ends is None:
        return None
    first, last = (text.count("\n", 0, found.start()) + 1 for found in (begins, ends))
    said = say(
        f"git could not merge lines {first} to {last}: two versions stand here, one above ======= and one below",
        f"git 未能合并第 {first} 至 {last} 行：此处有两个版本，======= 之上和之下各一个",
    )
    hint = say(
        "write what is to hold, and delete the lines <<<<<<<, ======= and >>>>>>>",
        "请写定应保留的内容，并删除 <<<<<<<、=======、>>>>>>> 各行",
    )
    return Diagnostic(code, said, Span(file, first), hint, source=line_of(text, first))


def syntax_error(error: yaml.YAMLError, file: str, text: str, levels: int) -> Diagnostic:
    """PE106 at the place where the reading stopped (or where what is never closed began); PE107 for libyaml's bound."""
    if (conflict := unmerged("PE106", file, text)) is not None:
        return conflict
    words = " ".join(str(error).split())
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if "nesting depth" in words:
        what, hint = too_deep(levels)
        code = "PE107"
    else:
        what, hint = _said(words)
        code = "PE106"
    if mark is None:
        return Diagnostic(code, what, Span(file), hint)
    line, column = mark.line + 1, mark.column + 1
    if any(part in words for part in _MISREAD):
        if (told := _text_to_yaml(file, text, line)) is not None:
            return told
        if "mapping values" in words and (key := _KEY.fullmatch((line_of(text, line) or "")[:column])):
            what, hint = _indented()
            column = len(key[0]) - len(key[0].lstrip(" -")) + 1
        elif (before := (line_of(text, line) or "")[: column - 1].rstrip()) and before[-1] in "\"']}":
            what, hint = _goes_on(before[-1])
    last = text.count("\n") + 1
    if line >= last and not (line_of(text, line) or ""):  # past the end: point at what began there
        context = getattr(error, "context_mark", None)
        line, column = (context.line + 1, context.column + 1) if context else (max(1, last - 1), 1)
    return Diagnostic(code, what, Span(file, line, column, line, column + 1), hint, source=line_of(text, line))


def _indented() -> tuple[str, str]:
    """A key that stands deeper than the one above, which has its value already."""
    return (
        say(
            "this line is indented otherwise than the keys above it, so YAML reads it as more of the text there",
            "这一行的缩进与上面的键不一致，YAML 把它当成了上面文字的延续",
        ),
        say("keys of one mapping stand exactly under each other", "同一级的键要上下对齐"),
    )


def _goes_on(closing: str) -> tuple[str, str]:
    """A text that begins with a quotation mark or bracket, which to YAML ends where that is closed."""
    return (
        say(
            f"to YAML the value ends at the closing {closing}, and here it goes on",
            f"在 YAML 中，值到右侧的 {closing} 为止，此处却还有文字",
        ),
        say("put the whole text in other quotes ('…' or \"…\")", "请给整段文字另加引号（'…' 或 \"…\"）"),
    )


def _text_to_yaml(file: str, text: str, line: int) -> Diagnostic | None:
    """PE106 at what looks like a key or an entry and is none, in the line or above it, up to the key before."""
    lines = lines_of(text)
    texts = _in_blocks(lines[:line])
    for number in range(min(line, len(lines)), 0, -1):
        content = lines[number - 1]
        if number in texts:
            continue
        for pattern, said in _TEXT:
            if found := pattern.match(content):
                return _lookalike(file, number, content, found, said)
        if number < line and _KEY.match(content):
            return None
    return None


def _in_blocks(lines: list[str]) -> set[int]:
    """The numbers of the lines that are the text after a “|” or “>”, where a line may look like anything."""
    found = set()
    least: int | None = None  # spaces that a line of the text has: as many as the first, which has more than its key
    begun = False
    for number, content in enumerate(lines, 1):
        spaces = len(content) - len(content.lstrip(" "))
        if least is not None and (not content.strip() or spaces >= least):
            found.add(number)
            if not begun and content.strip():
                least, begun = spaces, True
        elif block := _BLOCK.fullmatch(content):
            before = block[1] if block[2] else block[1].rstrip(" ")[:-1]  # up to the key, or to the dash
            least, begun = len(before) + 1, False
        else:
            least = None
    return found


def _lookalike(file: str, line: int, content: str, found: re.Match[str], said: tuple[str, str, str, str]) -> Diagnostic:
    """PE106 at a colon, dash or space that is text to YAML."""
    at = found.start(found.lastindex or 0)
    plain = ": " if found.lastindex == 1 else "- "
    en, zh = _SPACES.get(content[at], (content[at], content[at]))
    what, hint, what_zh, hint_zh = said
    span = Span(file, line, at + 1, line, at + 2)
    return Diagnostic(
        "PE106",
        say(what.format(char=en), what_zh.format(char=zh)),
        span,
        say(hint.format(plain=plain), hint_zh.format(plain=plain)),
        source=content,
        instead=_halved(span, content[:at], content[at], content[at + 1 : at + 2]),
    )


def _halved(span: Span, before: str, char: str, after: str) -> Replacement | None:
    """The plain colon, dash or space that YAML knows; None where other signs have to change with it."""
    plain = " " if char in _SPACES else "- " if char in "-－—–" else ": " if char in ":：" else ""
    if not plain or not before.isascii():
        return None
    return Replacement(span, plain.rstrip() or plain if after == " " else plain)


def at_character(
    code: str, message: str, file: str, text: str, offset: int, hint: str, instead: str | None = None
) -> Diagnostic:
    """A diagnostic at one character of a file; ``instead``: what stands for it once it is mended."""
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    span = Span(file, line, column, line, column + 1)
    mend = None if instead is None else Replacement(span, instead)
    return Diagnostic(code, message, span, hint, source=line_of(text, line), instead=mend)


def unwanted(character: str) -> tuple[str, str]:
    """Message and hint of PE104: a character that a pack may not contain."""
    code = f"U+{ord(character):04X}"
    name = (
        say("a NUL byte", "NUL 字节")
        if character == "\0"
        else say(f"the invisible character {code}", f"不可见字符 {code}")
    )
    return (
        say(f"{name} stands here; a rule must read exactly as it is", f"此处有{name}；规则必须所见即所得"),
        say(
            "delete it (it often comes in when text is copied from a web page or a PDF)",
            "请删除它（常在从网页或 PDF 复制文字时带入）",
        ),
    )
