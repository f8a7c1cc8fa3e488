"""The command line: arguments in, one library call, rendering out. The only place where diagnostics become exit codes.

Each command is a module of this package with one ``command``, imported when it is asked for. A command returns its exit
code (None is 0); whatever it raises becomes a message and 2.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import click

from policyengine import __version__
from policyengine.address import shown
from policyengine.cli.guard import ReaderGone, guarded
from policyengine.cli.settings import add_common, common_options, speak_as_asked
from policyengine.messages import say

COLLECTED = 200_000  # new objects until cycles are looked for: rows and verdicts are many and have none

# In the order of the work: judge, write law, review it, report. The texts are shown without importing any of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "evaluate": ("judge a records file by a policy and write the result", "按政策评定记录文件并写出结果"),
    "explain": ("one person's case, down to the article", "说明一个人的情况，直至条款"),
    "inspect": ("what a file would be read as, before anyone is judged", "评定之前，查看文件将被读成什么"),
    "verify": ("re-check a written result against its own trace", "按自身的记录复核已写出的结果"),
    "stats": ("the statistics an authority owes", "主管部门应报的统计"),
    "report": ("HTML and XLSX reports and certificates", "HTML、XLSX 报告与登记证书"),
    "publish": ("write results into the status database", "写入继续教育情况数据库"),
    "check": ("find what is wrong in packs", "检查政策包中的错误"),
    "fmt": ("write packs in canonical layout", "按规范格式书写政策包"),
    "test": ("run the tests that packs carry", "运行政策包自带的测试"),
    "new": ("start a pack for a sector", "新建一个行业政策包"),
    "diff": ("what changed in law, and whose decision with it", "法规的变化及其影响的人"),
    "history": ("a rule's versions in law and in git", "一条规则的历次版本"),
    "git": ("rules shown as law in git, and branches checked", "在 git 中按条文显示规则，合并前检查分支"),
    "schema": ("the JSON Schemas of a pack's files", "政策包各文件的 JSON Schema"),
    "explain-code": ("what a diagnostic code means and how to mend it", "诊断代码的含义与改正办法"),
    "lsp": ("the language server for editors", "编辑器用的语言服务"),
    "serve": ("the local workbench", "本地工作台"),
}


def _module(name: str) -> str:
    return f"policyengine.cli.{name.replace('-', '_')}"


class Commands(click.Group):
    """Commands by module, loaded when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(_module(name)) is not None]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS or find_spec(_module(name)) is None:
            return None
        command: click.Command = importlib.import_module(_module(name)).command
        said = COMMANDS[name][0]
        command.help = command.help or f"{said[0].upper()}{said[1:]}."  # it is a docstring: python -OO has none
        return add_common(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from difflib import get_close_matches

            near = get_close_matches(name, self.list_commands(ctx), 1)
            hint = say(f" Did you mean {near[0]}?", f"是不是 {near[0]}？") if near else ""
            ctx.fail(say(f"There is no command {shown(name)!r}.", f"没有命令“{shown(name)}”。") + hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if commands := [(name, say(*COMMANDS[name])) for name in self.list_commands(ctx)]:
            with formatter.section(say("Commands", "命令")):
                formatter.write_dl(commands)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments; ``--help`` and ``--version`` print here. A reader that has gone is told as below."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:
            raise ReaderGone from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A reader that has gone is told to the guard in its own words: click would exit with 1."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            raise ReaderGone from None

    def main(self, *given: Any, standalone_mode: bool = True, **named: Any) -> Any:
        """Run one command line and leave with its exit code; no exception gets past here."""
        command_line: Callable[..., Any] = super().main
        named.setdefault("prog_name", "policyengine")
        named.setdefault("windows_expand_args", False)  # a file named records[1].csv became records1.csv; settings does
        gc.set_threshold(COLLECTED)
        if not standalone_mode:
            return command_line(*given, standalone_mode=False, **named)

        def run() -> Any:
            speak_as_asked((given[0] if given else named.get("args")) or sys.argv[1:])
            return command_line(*given, standalone_mode=False, **named)

        sys.exit(guarded(run))


@click.group(
    cls=Commands,
    context_settings={"max_content_width": 100},
    epilog="\b\nExample:\n  policyengine evaluate examples/records.csv --policy policies/sichuan --out out",
)
@click.version_option(__version__, prog_name="policyengine")
@common_options
def main() -> None:
    """Continuing-education regulations as code: exact decisions that trace back to an article."""
