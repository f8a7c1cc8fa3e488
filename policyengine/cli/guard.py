"""Runs a command and turns whatever comes out of it into a message on stderr and an exit code; no traceback gets out.

0: done and clean. 1: findings. 2: unusable arguments or input, or a machine that can't (full disk, no memory).
129, 130 and 143: the terminal closed, interrupted, stopped (the shell's convention), with nothing left behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from policyengine.cli import settings
from policyengine.diagnostics import Diagnostic, PolicyError, human
from policyengine.messages import harmless, say, spoken
from policyengine.signals import ENDING, handled


class Terminated(BaseException):
    """The system asked the process to end (SIGTERM, or SIGHUP as its terminal closed): unwinds so that temporary files
    are removed. ``code``: the exit code."""

    def __init__(self, code: int):
        self.code = code


class ReaderGone(BaseException):
    """Whoever read our output has stopped reading (``| head``)."""


def guarded(run: Callable[[], Any]) -> int:
    """Run ``run`` and give the exit code. Its integer result is the code."""
    settings.prepare_streams()
    with _heeded() as raised:
        try:
            code = run()
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
        except BaseException as e:
            return _ended(raised[0] if raised else e)  # a library may make an error of its own of a signal


def _ended(problem: BaseException) -> int:
    match problem:
        case SystemExit():
            return problem.code if isinstance(problem.code, int) else 2 if problem.code else 0
        case KeyboardInterrupt() | click.exceptions.Abort():
            message(say("interrupted; nothing was left behind", "已中断，未留下任何文件"))
            return 130
        case Terminated():
            message(say("stopped; nothing was left behind", "已终止，未留下任何文件"))
            return problem.code
        case BrokenPipeError() | ReaderGone():
            return _reader_gone()
    if settings.debug:
        import traceback

        traceback.print_exception(problem)
    return _failed(problem)


def _failed(problem: BaseException) -> int:
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        message(settings.help_of(problem.ctx))
    elif isinstance(problem, click.UsageError):
        if problem.ctx is not None:
            message(problem.ctx.get_usage().replace("Usage: ", say("Usage: ", "用法："), 1))
        path = problem.ctx.command_path if problem.ctx else "policyengine"
        hint = say(f"{path} --help shows how it is used", f"{path} --help 显示用法")
        message(human(Diagnostic("PE901", _of_usage(problem), hint=hint)))
    elif isinstance(problem, click.ClickException):
        message(f"error PE901: {problem.format_message()}")
    elif isinstance(problem, OSError) and (problem.errno == errno.EPIPE or _told_otherwise(problem)):
        return _reader_gone()
    else:
        tell(diagnostics_of(problem))
    return 2


def diagnostics_of(problem: BaseException) -> tuple[Diagnostic, ...]:
    """What a failure is to people: what it carries, or what the machine or the program could not."""
    if isinstance(problem, PolicyError):
        return problem.diagnostics
    if isinstance(problem, MemoryError) or _no_room(problem):
        return (_no_memory(),)
    return (of_system(problem) if isinstance(problem, OSError) else _unforeseen(problem),)


def _of_usage(problem: click.UsageError) -> str:
    """What was wrong with the arguments; click itself speaks English."""
    if spoken() != "zh":
        return problem.format_message()
    match problem:
        case click.NoSuchOption():
            near = "、".join(problem.possibilities or ())
            return f"没有选项 {problem.option_name}" + (f"，是不是 {near}？" if near else "")
        case click.exceptions.NoSuchCommand():
            return f"没有命令“{problem.command_name}”"
        case click.BadOptionUsage():
            taken = "does not take a value" in problem.message
            return f"选项 {problem.option_name} " + ("不带值" if taken else "缺少值")
        case click.MissingParameter(param=click.Parameter() as param):
            return f"缺少 {_named(param, problem)}"
        case click.BadParameter(param=click.Parameter() as param):
            return f"{_named(param, problem)} 的值不能用：{of_value(param.type, problem)}"
        case click.UsageError(message="Missing command."):
            return "缺少命令"
        case click.UsageError(message=said) if said.startswith("Got unexpected extra argument"):
            return "多余的参数：" + said.partition("(")[2].removesuffix(")")
    return problem.format_message()


def _named(param: click.Parameter, problem: click.UsageError) -> str:
    """An option or argument without the quotation marks in which click puts it."""
    return param.get_error_hint(problem.ctx).replace("'", "")


def of_value(kind: click.ParamType[Any], problem: click.UsageError) -> str:
    """What a value of this type must be; types of our own have said it already, click itself speaks English."""
    if spoken() != "zh":
        return problem.message
    match kind:
        case click.Choice():
            return "只能是 " + "、".join(map(str, kind.choices))
        case click.IntRange(min=int() as least, max=None):
            return f"须是不小于 {least} 的整数"
        case click.IntRange(min=int() as least, max=int() as most):
            return f"须是 {least} 至 {most} 的整数"
        case click.Path():
            return "没有这个文件，或它是文件夹，或没有读写权限"
    return problem.message


def message(text: str) -> None:
    """One message to stderr; a reader that has gone is no error."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(harmless(text, lines=True), err=True)


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics for people."""
    for d in diagnostics:
        message(human(d))


def tell_of_csv(instead: str) -> None:
    """Where Excel is what opens a CSV file: what to ask for ``instead`` of one, to look at it there."""
    if sys.platform == "win32":
        message(
            say(
                "what was written is CSV in UTF-8: double-clicked, Excel shows it garbled; "
                f"{instead} writes it for Excel",
                f"写出的是 UTF-8 的 CSV，用 Excel 直接双击打开会显示乱码；如要用 Excel 查看，请改用 {instead}",
            )
        )


def of_system(problem: OSError) -> Diagnostic:
    """What the operating system refused, said for people."""
    name = _place(problem)
    hint: str | None = say("give another name", "请换一个名称")
    match problem.errno:
        case errno.EISDIR:
            code, text = "PE910", say("this is a folder; a file is wanted here", "这是文件夹，此处需要文件")
        case errno.ENOTDIR | errno.EEXIST:
            code, text = "PE910", say("there is a file where a folder is wanted", "此处需要文件夹，却已有同名文件")
        case errno.ENOSPC | errno.EDQUOT:
            code, text = "PE904", say("the disk is full; nothing was written", "磁盘已满，未写出任何内容")
            hint = say(
                "free some space or choose another place: with --out, or with TMPDIR for temporary files",
                "请腾出空间，或另选位置：结果用 --out，临时文件用环境变量 TMPDIR",
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            code, text = "PE905", say("you may not read or write this", "没有读写权限")
            hint = _hint_access()
        case errno.ENOENT if not name and "temporary directory" in (problem.strerror or ""):  # as tempfile says it
            code, text = "PE905", say("no folder for temporary files can be written to", "没有可以写入的临时文件夹")
            hint = say("set TMPDIR to one that can be", "请用环境变量 TMPDIR 指定一个可以写入的文件夹")
        case errno.ENOENT if not name and _nowhere():
            code, text = (
                "PE902",
                say("the folder that you are in is gone: it was removed", "当前所在的文件夹已不存在：已被删除"),
            )
            hint = say("go into one that is there (cd), and run again", "请先进入存在的文件夹（cd），再重新运行")
        case errno.ENOENT if sys.platform == "win32" and (length := len(os.path.abspath(name))) > 247:
            code = "PE906"
            text = say(
                f"this path has {length} characters; Windows takes 259, for a folder 247",
                f"此路径有 {length} 个字符；Windows 最多允许 259 个，文件夹 247 个",
            )
            hint = say("choose a place with shorter names", "请换一个路径较短的位置")
        case errno.ENOENT:
            code, text = "PE902", say("there is no such file or folder", "没有这个文件或文件夹")
            hint = say("check the path", "请检查路径")
        case errno.EFBIG:
            code, text = "PE906", say("a file may not become as large as this", "文件超出允许的大小")
            hint = say(
                "raise the limit (ulimit -f), or choose another place: the file system may have one of its own",
                "请放宽限制（ulimit -f），或另选位置：文件系统本身也可能有限制",
            )
        case _:
            code, hint = "PE906", None
            text = say("the system refused: ", "系统拒绝：") + (problem.strerror or str(problem))
    return Diagnostic(code, (f"{name}: " if name else "") + text, hint=hint)


def _place(problem: OSError) -> str:
    """What it is about, as the user knows it: not the unfinished file beside it that was to take its place."""
    name = os.fsdecode(problem.filename2 or problem.filename or "")
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and name and not os.path.lexists(name):
        return os.path.dirname(os.path.abspath(name))  # nothing may be made in there
    return name


def _told_otherwise(problem: OSError) -> bool:
    """Whether it says that a reader has gone, as Windows says it."""
    return sys.platform == "win32" and problem.errno == errno.EINVAL and problem.filename is None


def _hint_access() -> str:
    if sys.platform != "win32":
        return say("check who owns it, or choose another place", "请检查权限，或另选位置")
    # Windows says the same of a file that a program has open, and of the folder that it is in
    return say(
        "close it, and what is in it, where Excel or another program has it open; or choose another place",
        "如果它或其中的文件正在 Excel 等程序中打开，请先关闭；或另选位置",
    )


def _nowhere() -> bool:
    """Whether there is no current folder."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _no_room(problem: BaseException) -> bool:
    """Whether it is DuckDB that got no memory, wherever it was asked for; who never loads it is not made to."""
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(problem, duckdb.OutOfMemoryException)


def _no_memory() -> Diagnostic:
    return Diagnostic(
        "PE903",
        say(
            "there is not enough memory for the input; nothing was written", "内存不足，无法处理该输入；未写入任何文件"
        ),
        hint=say(
            "allow more where --memory-limit was given, or split the records by person and evaluate the parts",
            "如给出了 --memory-limit，请放宽；或按人员拆分记录后分别评定",
        ),
    )


def _unforeseen(problem: BaseException) -> Diagnostic:
    from policyengine.records.personal import mask_within

    kind = mask_within(f"{type(problem).__name__}: {problem}".splitlines()[0][:300])  # it may have a cell in it
    return Diagnostic(
        "PE999",
        say(f"the program failed where it should not ({kind})", f"程序出现了不应有的错误（{kind}）"),
        hint=say(
            "this is a fault of the program, not of your files; run again with --debug and report what it shows",
            "这是程序的错误，不是文件的问题；请加 --debug 重新运行，并报告所显示的内容",
        ),
    )


def _reader_gone() -> int:
    """Nothing to say, and nothing more may be flushed."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


@contextlib.contextmanager
def _heeded() -> Iterator[list[BaseException]]:
    """Have Ctrl-C and what ends a process unwind what runs meanwhile. Gives what they raised."""
    raised: list[BaseException] = []

    def interrupt(*_: object) -> None:
        raised.append(KeyboardInterrupt())
        raise raised[-1]

    def terminate(number: int, _: object) -> None:
        raised.append(Terminated(128 + number))
        raise raised[-1]

    handlers: dict[signal.Signals, Callable[[int, Any], None]] = dict.fromkeys(ENDING, terminate)
    handlers[signal.SIGINT] = interrupt
    ignored = [n for n in handlers if signal.getsignal(n) is signal.SIG_IGN]  # nohup, or the background of a shell
    with handled({n: handler for n, handler in handlers.items() if n not in ignored}):
        yield raised
