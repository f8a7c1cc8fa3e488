"""What every command shares: ``--lang``, ``--debug``, colour, and the types of its arguments."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import click

from policyengine.address import is_address, is_meant_for_one, is_server, shown
from policyengine.messages import LANGUAGES, is_utf8, of_environment, say, speak, spoken

debug = False


def _set_language(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value:
        speak(value)


def speak_as_asked(arguments: Sequence[str]) -> None:
    """Speak the language of ``--lang``, wherever it stands: wrong arguments are told of before it is read."""
    for word, following in pairwise([*arguments, ""]):
        name, equals, value = word.partition("=")
        if name == "--lang" and (asked := value if equals else following) in LANGUAGES:
            speak(asked)


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    global debug
    debug = debug or value


def help_of(ctx: click.Context) -> str:
    """What ``--help`` shows, in the language spoken."""
    if spoken() == "zh":
        from policyengine.cli.help_zh import help_in_chinese

        return help_in_chinese(ctx)
    return ctx.get_help()


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(help_of(ctx), color=ctx.color)
        ctx.exit()


def _common() -> list[click.Option]:
    return [
        click.Option(
            ["--lang"], type=click.Choice(LANGUAGES), expose_value=False, is_eager=True, callback=_set_language,
            help="Language of messages; by default that of the environment.",
        ),
        click.Option(
            ["--debug"], is_flag=True, expose_value=False, is_eager=True, callback=_set_debug,
            help="Show the traceback of a failure.",
        ),
        click.Option(
            ["-h", "--help"], is_flag=True, expose_value=False, is_eager=True, callback=_show_help,
            help="Show this message and exit.",
        ),
    ]  # fmt: skip


def common_options(command: Any) -> Any:
    """Give a function under decoration the options that every command has."""
    command.__click_params__ = [*getattr(command, "__click_params__", []), *reversed(_common())]
    return command


def add_common(command: click.Command) -> click.Command:
    """Give a loaded command the options that every command has (once)."""
    if not any("--debug" in p.opts for p in command.params):
        command.params.extend(o for o in _common() if not any(o.name == p.name for p in command.params))
    return command


class Command(click.Command):
    """A command that takes an option once, and no value that is empty or not UTF-8: click itself takes the last of
    several without a word, and to the system an empty path (a variable of the shell that was not set) is the current
    folder."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if os.name == "nt":
            args = [_at_home(word) for word in args]
        given, further, order = self.make_parser(ctx).parse_args(list(args))
        if not any(param.name == "help" for param in order):
            _refuse_repeated(ctx, order)
            _refuse_databases(ctx, self.params, given, further)
        rest = super().parse_args(ctx, args)
        _refuse_unfit(ctx, self.params)
        _refuse_addresses(ctx, self.params)
        if os.name == "nt":
            _match_patterns(ctx, self.params)
        return rest


def _at_home(word: str) -> str:
    """``~`` as a shell of Unix reads it."""
    return os.path.expanduser(word) if word == "~" or word.startswith(("~/", "~\\")) else word


def _match_patterns(ctx: click.Context, params: Sequence[click.Parameter]) -> None:
    """Packs and results by a pattern: the shells of Windows leave patterns to the program, and quotation marks don't
    reach it. Records, persons and circumstances match theirs themselves (``records/files.py``): one option takes all
    files of a pattern, the name of a file that is there is no pattern, and files that a spreadsheet program locks are
    left out."""
    for param in params:
        if isinstance(param, click.Argument) and param.nargs == -1 and isinstance(param.type, click.Path | Database):
            ctx.params[param.name or ""] = tuple(m for word in ctx.params[param.name or ""] for m in _matches(word))


def _matches(word: str) -> list[str]:
    if os.path.lexists(word) or is_server(word):
        return [word]
    from glob import glob

    return sorted(glob(word, recursive=True)) or [word]


def _refuse_repeated(ctx: click.Context, order: Sequence[click.Parameter]) -> None:
    for param in order:
        if isinstance(param, click.Option) and not (param.multiple or param.is_flag) and (n := order.count(param)) > 1:
            name = param.opts[0]
            raise click.UsageError(
                say(f"{name} is given {n} times; give it once", f"{name} 给出了 {n} 次，只能给出一次"), ctx
            )


def _refuse_databases(
    ctx: click.Context, params: Sequence[click.Parameter], given: Mapping[str, Any], further: Sequence[str]
) -> None:
    """An address where none is taken: it would be read as a path, made a folder, and shown with its password."""
    fit = {p.name for p in params if isinstance(p.type, Database)}
    for name, said in (*given.items(), ("", further)):
        for value in said if isinstance(said, list | tuple) else (said,):
            if isinstance(value, str) and is_meant_for_one(value) and not (name in fit and is_server(value)):
                text = say(
                    f"{shown(value)} is the address of a database: publish --to writes into one, stats and report read "
                    "it; it begins with postgresql:// in small letters",
                    f"{shown(value)} 是数据库地址：写入用 publish --to，读取用 stats 和 report；"
                    "地址以小写的 postgresql:// 开头",
                )
                raise click.UsageError(text, ctx)


def _refuse_addresses(ctx: click.Context, params: Sequence[click.Parameter]) -> None:
    """An address to write to: it would be made a folder called ``s3a:``, and said to be written there."""
    written = ("out", "update", "rejects_xlsx", "shifts", "xml", "folder")
    for name in (p.name for p in params if isinstance(p, click.Option) and p.name in written):
        value = ctx.params.get(name)
        if isinstance(value, str) and is_address(value) and not (name == "out" and ctx.params.get("engine") == "spark"):
            text = say(
                f"{shown(value)} is an address, where only a cluster writes (evaluate --engine spark --remote …); name "
                "a place on this machine",
                f"{shown(value)} 是地址，只有集群能写入（evaluate --engine spark --remote …）；请指定本机的位置",
            )
            raise click.UsageError(text, ctx)


def _refuse_unfit(ctx: click.Context, params: Sequence[click.Parameter]) -> None:
    for param in params:
        given = ctx.params.get(param.name or "")
        name = param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
        for value in given if isinstance(given, tuple) else (given,):
            if value == "":
                text = say(
                    f"{name} is empty: perhaps a variable of the command line was not set",
                    f"{name} 是空的：可能是命令行中的变量没有值",
                )
            elif isinstance(value, str) and not is_utf8(value):
                text = say(
                    f"{name} is not UTF-8 ({value}): use a locale of UTF-8 (LC_ALL=C.UTF-8), or rename the file",
                    f"{name} 不是 UTF-8（{value}）：请使用 UTF-8 的语言环境（LC_ALL=C.UTF-8），或给该文件改名",
                )
            else:
                continue
            raise click.UsageError(text, ctx)


def prepare_streams() -> None:
    """UTF-8 on every system, the language of the environment, no debug: the state in which a command starts."""
    global debug
    debug = False
    speak(of_environment())
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever called: there is nothing to read, and nobody reads
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def packs_here() -> str:
    """The folder of packs where none is named."""
    return "policies" if os.path.isdir("policies") else "."


def on_terminal(stream: Any) -> bool:
    """Whether colour and progress are welcome there (NO_COLOR and ``TERM=dumb`` say no)."""
    return bool(
        hasattr(stream, "isatty")
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


class Database(click.types.StringParamType):
    """A path, or the address of a database server."""


class Day(click.ParamType[date]):
    """``2016-12-31``."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            return self.fail(
                say(f"{value!r} is not a day; write it as 2016-12-31", f"“{value}”不是日期，请写成 2016-12-31"),
                param,
                ctx,
            )


def _is_year(text: str) -> bool:
    """Four digits that the calendar can hold, with room for windows of many years."""
    return len(text) == 4 and text.isascii() and text.isdigit() and 1000 <= int(text) < 9900


class Periods(click.ParamType[tuple[int, int]]):
    """``2016`` or ``2016..2018``: first and last period."""

    name = "period"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        first, dots, last = str(value).partition("..")
        years = [first, last] if dots else [first]
        if all(_is_year(y) for y in years) and years == sorted(years):
            return int(years[0]), int(years[-1])
        return self.fail(
            say(
                f"{value!r} is not a period; write a year, 2016, or first..last, 2016..2018",
                f"“{value}”不是年度，请写成 2016 或 2016..2018",
            ),
            param,
            ctx,
        )


class Memory(click.ParamType[str]):
    """``512MB``, ``1GB``, ``1.5GiB``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)? ?([KMGT]i?B)", str(value)):
            return str(value)
        return self.fail(
            say(f"{value!r} is not an amount of memory; write it as 1GB", f"“{value}”不是内存大小，请写成 1GB"),
            param,
            ctx,
        )
