"""``--help`` in Chinese: a command in, its text out.

The English texts stand with the commands; a test sees to it that both have the same commands and options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile

import click

from policyengine.light import dataclass

# A command a block: its name, what it does, its options, and what its exit codes mean where that is said.
_TEXTS = """
= policyengine
把继续教育规定写成代码：结论精确，每一个都能追溯到条款。
--version  显示版本。

= evaluate
按政策评定 RECORDS（文件、文件夹、通配符，或以 - 表示标准输入）中的每个人。
结论、各项要求、台账、退回的行、标记、缺失的事实和清单写入 --out；该文件夹要么完整出现，要么不出现。
--policy  一个政策包的文件夹，或放有多个政策包的文件夹。
--policy-rev  按政策包在这个 git 版本时的样子评定。
--persons  人员文件，每人一行。
--circumstances  请假等情形的文件。
--mapping  对照文件，用于表头本身说不清的列。
--period  2016 或 2016..2018；默认为有记录的最早一年至最晚一年。
--as-of  视同在这一天评定：尚未结束的年度为进行中。
--out  结果写入的文件夹；不写则把结论输出到标准输出。
--update  更新 DIR 中的结果：只重新评定有变化的人。
--format  默认为 csv。
--engine  评定所用的引擎，结果都相同。
--remote  --engine spark 的 Spark Connect 服务器。
--ledger  台账照录学习记录的多少内容：默认 full，parquet 时为 lean。
--strict  只要有一行无法读取，就作失败处理，不写出结果。
--rejects-xlsx  另把退回的行按原样写入工作簿，有误的单元格着色，改好后可再读入；FILE 须是新文件。
--sign  用这个 Ed25519 私钥（PEM）为结果签名。
--pseudonymise  用这个密钥把人员编号写成假名。
--memory-limit  整个进程可用的内存（如 1GB），超出则用磁盘；设得低于 500MB 时，实际占用可能超过所设；默认为大部分内存。

= explain
说明一个人为什么完成或未完成，直至条款，以及怎样补足。
RECORDS 是记录文件（同时给出 --policy），或已写出的结果的文件夹。
--policy  一个政策包的文件夹，或放有多个政策包的文件夹；对已写出的结果不需要。
--person  人员编号，或没有重名的姓名。
--period  2016 或 2016..2018；默认为所有年度。
--persons  人员文件，每人一行。
--circumstances  请假等情形的文件。
--mapping  对照文件，用于表头本身说不清的列。
--as-of  视同在这一天说明。
--format  输出的格式。
--reveal  完整显示编号及其所含的出生日期。

= inspect
显示 FILES（文件、文件夹、通配符，或以 - 表示标准输入）将被读成什么：工作表、表头、列、单位。
以及哪些单元格无法读取，并举出几个（编号已遮盖）。不作任何评定。
--policy  一个政策包的文件夹，或放有多个政策包的文件夹：单元格可用其中的词。
--as  这些文件应当是什么。
--mapping  对照文件，用于表头本身说不清的列。
--format  输出的格式。
退出码：0 文件可用（仍可能有行被退回）；2 不可用，原因见信息。

= verify
检查 FOLDER 中的结果没有被改动，其中的数字相互吻合。
给出 RECORDS 时，还检查结果确实由这些文件得出。
--key  结果须由这个 Ed25519 公钥（PEM）对应的私钥签名。

= stats
统计 DIR…（evaluate 写出的文件夹，或继续教育情况数据库）中的人数、学时和经费。
按地区、行业、用人单位、单位性质、职称级别、年度、学习形式、科目和结论；完成率；学时分布；
经费来源；施教机构及其考核结果。数字都是精确的。
--by  改按这些事实分组（可重复，得出多个表）。
--suppress  隐去不足 N 人的数字。
--format  默认为表格；有 --out 时按其名称的结尾（.json、.xlsx），否则为 csv。
--out  写入的文件（多个表的 csv 为文件夹）。
--records  记录文件已移走时，其现在的位置。
--persons  人员文件已移走时，其现在的位置。
--policy  政策包已移走时，其现在的位置。
--mapping  对照文件已移走时，其现在的位置。

= report
为 DIR 中的结果，或继续教育情况数据库中的现行结果写报告。
一个不需要网络的 HTML 文件、一个工作簿，或登记证书。
HTML 有图、表和每个人的结论及理由；不写 --reveal 时编号已遮盖。
--out  文件.html、文件.pdf 或 文件.xlsx；登记证书不用 .xlsx。
--certificates  登记证书，每人一页。
--person  只出这个人的登记证书（编号或姓名）。
--pdf  用已安装的 Chromium 打印成 PDF；等同于 --out 以 .pdf 结尾。
--reveal  完整显示编号和姓名；默认遮盖。
--records  记录文件已移走时，其现在的位置。
--persons  人员文件已移走时，其现在的位置。
--policy  政策包已移走时，其现在的位置。
--mapping  对照文件已移走时，其现在的位置。

= publish
把 DIR 中的结果写入继续教育情况数据库：结论、各项要求、台账、事实和统计。
要么全部写入，要么都不写。同一结果发布两次没有变化；同一范围、同一年度的后一个结果取代前一个，
前一个留在历史中。各表和视图见 docs/database.md。
--to  文件.duckdb 或 postgresql://…（密码最好放在 ~/.pgpass）。
--scope  是谁的结果；每个范围、每一年度只有一个现行结果。默认为政策。
--records  记录文件已移走时，其现在的位置。
--persons  人员文件已移走时，其现在的位置。
--policy  政策包已移走时，其现在的位置。
--mapping  对照文件已移走时，其现在的位置。

= check
检查 PACKS 中的错误：放有政策包的文件夹，或一个政策包的文件夹（默认 policies/）。
文件的形式、规则、词、单位、表格、重叠或有空档的版本、上级不允许的替代，以及政策包自带的测试。
--format  输出的格式。
退出码：0 没有错误（可能有警告）；1 有错误；2 该路径没有政策包。

= fmt
按规范格式书写 PACKS 的规则：政策包、放有政策包的文件夹，或单个文件（默认 policies/）。
只重写规则和条件的文字：注释、空行和键的顺序不变；规则的含义也不变，换一种语言书写时亦然。
--check  不写入；列出未按规范格式书写的文件。
--surface  中文或英文；默认按各 pack.yaml 所写。
退出码：0 都合规范（或已改写）；1 有 --check 时有文件不合规范，或有规则无法读取（保持原样）；2 该路径没有可处理的文件。

= test
运行 PACKS 的测试：政策包，或放有政策包的文件夹（默认 policies/）。
结果与所写不符的案例，列出应有的、实际的结果和说明。
--coverage  列出没有案例触及的规则、分支和表格行。
--mutate  把每条规则略作改动，列出没有案例察觉的改动。
--junit  把结果以 JUnit XML 写入这个文件。
退出码：0 每个案例都如所写；1 有不符的（或有政策包、案例无法读取）；2 该路径没有政策包。

= new
为 SECTOR（标识，如 social_work）新建政策包：一个文件夹，内有规则、测试、表格和 README。
没有作为选项给出的，逐项询问。新建的政策包当即通过 check、fmt --check 和 test。
--name  行业名称，供人阅读。
--authority  制定机关。
--source-title  文件名称。
--source-number  文号，如 财会〔2018〕10号。
--confidence  已见原文填 seen，凭记忆填 remembered。
--article  年度要求所在的条款。
--unit  计量单位：学时 hours，学分 credits。
--minimum  每人每年应完成多少。
--rate  计量单位与上级不同时，新政策包的 1 个单位折合上级的多少单位。
--from  自哪一年度起施行（1950 至 2199）。
--base  所依据的上级政策包的标识；没有上级写 none。
--surface  规则与注释用中文还是英文。
--folder  政策包的文件夹建在哪里，默认 policies/sectors。
退出码：0 已写出；2 不能写出（已有这个政策包，或有一项回答不能用）；从不覆盖任何文件。

= diff
OLD 与 NEW 之间规定有何变化：文件夹或 git 版本（OLD...NEW：自两者分开以来）。
--records  用两边分别评定这些记录，列出结论有变化的人。
--mapping  对照文件，用于表头本身说不清的列。
--persons  人员文件，每人一行。
--circumstances  请假等情形的文件。
--policy  在每一边按这个政策包评定；默认用全部政策包，每人按其所属。
--period  2016 或 2016..2018；默认为有记录的最早一年至最晚一年。
--as-of  视同在这一天评定。
--reveal  完整显示人员编号。
--shifts  把每个有变化的结论写入这个 CSV 或 Parquet 文件，人员编号完整。
--format  输出的格式。
--exit-code  规定有变化时以 1 退出。
退出码：0 已比较；有 --exit-code 时规定有变化（包括对下级的影响）为 1；2 有一边无法读取。

= history
列出 RULE（政策包/规则）的历次版本，以及作出修改的提交。
--policies  政策包的文件夹。
--format  输出的格式。

= git
git 中的规则：比较时按条文显示，合并前检查。

= git install
让本仓库的 git diff、git log -p 和 git show 按条文显示规则。
在 .git/config 中写入 diff 驱动，在 .gitattributes 中写入指定它的各行（请提交该文件）。
--local  不动 .gitattributes，改写 .git/info/attributes。

= git merge-check
找出分支 OURS 与 THEIRS 自分开以来对同一期间都作了修订的规则。
--format  输出的格式。
退出码：0 没有冲突；1 两边修订了同一规则的同一期间，或两者不能并存；2 有一边无法读取。

= git textconv
把 FILE 的规则写成条文：git install 之后由 git 运行。

= schema
输出 pack.yaml（pack，默认）、rules*.yaml（rules）或 tests/*.yaml（tests）的 JSON Schema。
第一行为 "# yaml-language-server: $schema=路径" 的文件，带 YAML 语言服务的编辑器会补全并检查。

= lsp
通过标准输入输出为编辑器服务（Language Server Protocol）：编写政策包时的诊断信息、快速修正、接下来可写什么的建议、
词和规则的含义、在何处声明和使用、改名、排版、着色。由编辑器启动，随编辑器结束；编辑器怎样设置见 docs/editor.md。

= serve
浏览器中的工作台：把 POLICIES（默认 policies/）中的政策包显示为条文，并据以评定学习记录。
只在本机应答，且只应答知道所显示网址的人。按 Ctrl-C 结束，所提交的文件和结果随即删除。
--port  端口（0 至 65535）；默认用一个空闲的。
--open  在浏览器中打开页面。

= explain-code
输出 CODE（如 PE203）的说明页；不写则列出全部代码及标题。
"""
_COMMON = {
    "--lang": "信息所用的语言；默认按系统环境。",
    "--debug": "出错时显示程序的调用过程。",
    "--help": "显示本说明并退出。",
}
_NARROW = 24  # names of an option as long as this have their text beside them, longer ones below


@dataclass(frozen=True, slots=True)
class Text:
    """What a command does, line by line; text by option; what its exit codes mean, or nothing."""

    lines: tuple[str, ...]
    options: dict[str, str]
    codes: str = ""


@cache
def texts() -> dict[str, Text]:
    """Text by command, as it is called behind the program's name."""
    found = {}
    for block in _TEXTS.strip().split("\n\n"):
        name, *lines = block.removeprefix("= ").splitlines()
        options = dict(line.split("  ", 1) for line in lines if line.startswith("--"))
        codes = "".join(line for line in lines if line.startswith("退出码"))
        plain = tuple(line for line in lines if not line.startswith(("--", "退出码")))
        found[name] = Text(plain, options, codes)
    return found


def help_in_chinese(ctx: click.Context) -> str:
    """What ``--help`` shows of the command of ``ctx``."""
    from policyengine.cli import COMMANDS

    command, name = ctx.command, ctx.command_path.partition(" ")[2]
    text = texts()[name or "policyengine"]
    parts = [ctx.get_usage().replace("Usage: ", "用法：", 1), "\n".join(f"  {line}" for line in text.lines)]
    parts.append("\n".join(["选项：", *_options(ctx, text)]))
    if isinstance(command, click.Group):
        below = {n: COMMANDS[n][1] if not name else texts()[f"{name} {n}"].lines[0] for n in command.list_commands(ctx)}
        parts.append("\n".join(["命令：", *(f"  {n:<13} {said}" for n, said in below.items())]))
    parts += [part for part in (_examples(command.epilog or ""), f"  {text.codes}" if text.codes else "") if part]
    return "\n\n".join(parts)


def _options(ctx: click.Context, text: Text) -> Iterator[str]:
    for option in ctx.command.get_params(ctx):
        record = option.get_help_record(ctx)
        if not isinstance(option, click.Option) or record is None:
            continue
        said = (text.options | _COMMON)[max(option.opts, key=len)]
        extra = option.get_help_extra(ctx)
        more = "（必填）" if "required" in extra else f"（默认 {extra['default']}）" if "default" in extra else ""
        names, gap = record[0], "\n" + " " * (_NARROW + 4)
        yield f"  {names:<{_NARROW}}  {said}{more}" if len(names) <= _NARROW else f"  {names}{gap}{said}{more}"


def _examples(epilog: str) -> str:
    """The command lines of the examples, without remarks behind or below them."""
    lines = epilog.partition("Exit code")[0].replace("\b", "").strip().splitlines()
    commands = takewhile(str.strip, lines[1:])
    return "\n".join(["  例：", *(re.sub(r"  +\(.*\)$", "", f"  {line}") for line in commands)]) if lines else ""
