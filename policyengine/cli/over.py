"""What a file that a command writes may not be: one that it reads, or a part of a pack or a result. And a result in the
place of a file of records."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from policyengine.messages import say


def refuse_over(option: str, target: str, read: Iterable[str | Path | None]) -> None:
    """Refuse a target that is among the files that are read (patterns and folders of records too), or stands in a
    folder of packs as a part of it, or is the folder of a result or in one; what was written elsewhere before may be
    written again."""
    _refuse_read(option, target, read)
    refuse_in_result(option, target)


def refuse_in_result(option: str, target: str) -> None:
    """Refuse the folder of a result, and every place in it: the next evaluate would refuse to replace what is there."""
    from policyengine.tools.result.write import files_of_result, result_around

    path = Path(os.path.realpath(target))
    if path.is_dir() and files_of_result(path):
        raise click.UsageError(
            say(
                f"{option} {target} is the folder of a result, to which nothing else belongs; name another one",
                f"{option} {target} 是评定结果的文件夹，不应放入其他文件；请另指定一个文件夹",
            )
        )
    if result_around(path) is not None:
        raise click.UsageError(
            say(
                f"{option} {target} is in the folder of a result, to which nothing else belongs; name another place",
                f"{option} {target} 在评定结果的文件夹中，那里不应放入其他文件；请另指定一个位置",
            )
        )


def refuse_results(names: Iterable[str]) -> None:
    """Refuse results, and files of results, among what is to be files of records."""
    from policyengine.tools.result.write import files_of_result

    for name in names:
        path = Path(name)
        if files_of_result(path):
            raise click.UsageError(
                say(
                    f"{name} is a result, not a file of records; of results one is taken at a time",
                    f"{name} 是评定结果，不是学习记录文件；评定结果一次只能给出一个",
                )
            )
        if path.name in files_of_result(path.parent):
            raise click.UsageError(
                say(
                    f"{name} is a file of a result: name its folder, {path.parent}",
                    f"{name} 是评定结果中的文件：请指定其文件夹 {path.parent}",
                )
            )


def _refuse_read(option: str, target: str, read: Iterable[str | Path | None]) -> None:
    from policyengine.records.files import find_files

    path = Path(os.path.realpath(target))
    if not path.is_file():
        return
    given = [str(name) for name in read if name is not None and str(name) != "-"]
    folders = [Path(os.path.realpath(name)) for name in given if Path(name).is_dir()]
    files = {os.path.realpath(name) for name in given}
    files |= {os.path.realpath(s.path) for name in given for s in find_files([name])[0]}
    if str(path) in files or any(path.is_relative_to(f) and _part_of(path, f) for f in folders):
        raise click.UsageError(
            say(
                f"{option} would overwrite {target}, which is read; give it a name of its own",
                f"{option} 会覆盖所读取的 {target}，请另取名称",
            )
        )


def _part_of(path: Path, folder: Path) -> bool:
    """Whether a file in the folder is one that packs or a result consist of."""
    from policyengine.tools.git.revisions import FILES
    from policyengine.tools.result.write import files_of_result

    if ours := files_of_result(folder):
        return path.parent == folder and path.name in ours
    return path.suffix.lower() in FILES


def made_from(places: Iterable[str]) -> list[str]:
    """The files and packs that the results in these places say they were made from."""
    from policyengine.tools.result.read import read_result
    from policyengine.tools.result.write import MANIFEST

    found: list[str] = []
    for place in places:
        if (Path(place) / MANIFEST).is_file():
            options = read_result(place).manifest["options"]
            others = [options[k] for k in ("policy", "persons", "circumstances")] + [options.get("mapping")]
            found += [*options["records"], *(o for o in others if o is not None)]
    return found
