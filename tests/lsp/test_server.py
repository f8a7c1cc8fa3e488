"""The server as an editor talks to it: a process of its own, over standard input and output."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from tests.lsp.support import POLICIES

YEARS = "sichuan/rules-years.yaml"
PATIENCE = 60.0  # seconds for an answer, on a machine with much else to do
_RULE = "要求 每年 总学时 不少于 80 学时"


class Editor:
    """An editor with one file open; ``told``: what it was told of each file, by the file's name."""

    def __init__(self, path: Path, folder: Path | None = None):
        self.client = LanguageClient("editor", "1")
        self.folder = folder
        self.shown: list[str] = []
        self.path, self.uri, self.text = path, path.as_uri(), path.read_text(encoding="utf-8")
        self.told: dict[str, list[types.Diagnostic]] = {}
        self.uris: set[str] = set()  # of the files that something was said of
        self.version = 1
        self.news = asyncio.Event()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: types.PublishDiagnosticsParams) -> None:
            self.told["/".join(params.uri.split("/")[-2:])] = list(params.diagnostics)
            self.uris.update(params.uri for _ in params.diagnostics)
            self.news.set()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def _(params: types.ShowMessageParams) -> None:
            self.shown.append(params.message)
            self.news.set()

    async def start(self, *arguments: str, locale: str | None = None, versions: bool = False) -> None:
        await self.client.start_io(sys.executable, "-m", "policyengine", *arguments, "lsp")
        folder = types.WorkspaceFolder(self.folder.as_uri(), "") if self.folder else None
        asks = types.ChangeAnnotationsSupportOptions() if versions else None
        edits = types.WorkspaceEditClientCapabilities(document_changes=versions, change_annotation_support=asks)
        can = types.ClientCapabilities(types.WorkspaceClientCapabilities(workspace_edit=edits))
        wanted = types.InitializeParams(capabilities=can, locale=locale, workspace_folders=[folder] if folder else None)
        await self.client.initialize_async(wanted)
        self.client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(self.uri, "yaml", self.version, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    async def mends(self, where: types.Position, *kinds: str) -> list[types.CodeAction]:
        context = types.CodeActionContext([], list(kinds) or None)
        which = types.TextDocumentIdentifier(self.uri)
        asked = types.CodeActionParams(which, types.Range(where, where), context)
        found = await self.client.text_document_code_action_async(asked) or []
        return [one for one in found if isinstance(one, types.CodeAction)]

    def changed(self, edits: Iterable[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]) -> str:
        """The open file's text with edits of single lines."""
        lines = self.text.split("\n")
        for e in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
            assert isinstance(e, types.TextEdit)
            number, line = e.range.start.line, lines[e.range.start.line]
            lines[number] = line[: e.range.start.character] + e.new_text + line[e.range.end.character :]
        return "\n".join(lines)

    def write(self, text: str) -> None:
        self.version += 1
        which = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.text = text
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(which, [change]))

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait for news until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not so():
                await self.news.wait()
                self.news.clear()

    def at(self, line_with: str, word: str) -> dict[str, Any]:
        lines = self.text.split("\n")
        line = next(i for i, text in enumerate(lines) if line_with in text)
        return {
            "text_document": types.TextDocumentIdentifier(self.uri),
            "position": types.Position(line, lines[line].index(word)),
        }

    async def stop(self) -> int | None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        process = self.client._server
        code = await asyncio.wait_for(process.wait(), PATIENCE) if process is not None else None
        await self.client.stop()
        return code


def talk(
    path: Path, what: Callable[[Editor], Awaitable[None]], *arguments: str, locale: str | None = None,
    folder: Path | None = None, versions: bool = False,
) -> int | None:  # fmt: skip
    async def whole() -> int | None:
        editor = Editor(path, folder)
        await editor.start(*arguments, locale=locale, versions=versions)
        await asyncio.wait_for(what(editor), 3 * PATIENCE)
        return await editor.stop()

    return asyncio.run(whole())


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    for pack in ("national", "sichuan"):
        shutil.copytree(POLICIES / pack, tmp_path / "policies" / pack)
    return tmp_path / "policies" / YEARS


def test_a_mistake_is_told_while_it_is_written_and_not_longer(rules: Path) -> None:
    """The file on disk is sound all the time."""

    async def what(editor: Editor) -> None:
        wrong = _RULE.replace("80", "八十")
        editor.write(editor.text.replace(_RULE, wrong))
        await editor.until(lambda: "PE208" in [d.code for d in editor.told.get(YEARS, [])])
        (found,) = (d for d in editor.told[YEARS] if d.code == "PE208")
        where = editor.at("不少于 八十", "八十")["position"]
        assert (found.range.start, found.range.end.character) == (where, where.character + 2)
        assert found.message.split("\n")[-1] == "提示：请写 80"
        assert found.code_description is not None
        assert found.code_description.href.endswith("/PE208.md")
        editor.write(editor.text.replace(wrong, _RULE))
        await editor.until(lambda: "PE208" not in [d.code for d in editor.told.get(YEARS, [])])

    assert talk(rules, what, locale="zh-cn") == 0


def test_a_file_that_was_opened_by_a_link_is_told_of_by_that_name(rules: Path, tmp_path: Path) -> None:
    """So it is on a drive of the net too: the editor shows messages of the file that it opened, by no other name."""
    link = tmp_path / "drive"
    link.symlink_to(rules.parents[1])

    async def what(editor: Editor) -> None:
        editor.write(editor.text.replace(_RULE, _RULE.replace("80", "八十")))
        await editor.until(lambda: "PE208" in [d.code for d in editor.told.get(YEARS, [])])
        assert editor.uri in editor.uris
        assert {u for u in editor.uris if not u.startswith(link.as_uri())} == set()

    assert talk(link / YEARS, what) == 0


def test_what_is_not_saved_counts_in_other_files_too(rules: Path) -> None:
    """A word that goes from pack.yaml is missed in the rules that use it; on disk it is still there."""
    path = rules.parent / "pack.yaml"

    async def what(editor: Editor) -> None:
        gone = [line for line in editor.text.split("\n") if "self_study: {zh: 自学成果" not in line]
        editor.write("\n".join(gone))
        await editor.until(lambda: any("自学成果" in d.message for d in editor.told.get(YEARS, [])))

    assert talk(path, what) == 0


def test_positions_are_in_units_of_the_protocol(rules: Path) -> None:
    """A character outside of the basic plane counts twice in UTF-16."""
    line = "  rule: 结论 不得评优「𠮷𠮷」当 未完成 且 单位性质 属于（国家机关"
    text = rules.read_text(encoding="utf-8")
    old = text[text.index("  rule: >-\n    结论 不得评优") : text.index("  note: “无正当理由未完成”")]
    rules.write_text(text.replace(old, line + "、事业单位、社会团体）\n"), encoding="utf-8")

    async def what(editor: Editor) -> None:
        asked = editor.at("𠮷𠮷", "国家机关")
        asked["position"].character += 2
        found = await editor.client.text_document_hover_async(types.HoverParams(**asked))
        assert found is not None
        assert isinstance(found.contents, types.MarkupContent)
        assert found.contents.value.startswith("**国家机关** `state_organ`")
        assert found.range is not None
        assert found.range.start == asked["position"]

    assert talk(rules, what) == 0


def test_what_can_come_next_replaces_what_is_begun(rules: Path) -> None:
    async def what(editor: Editor) -> None:
        editor.write(editor.text.replace(_RULE, "要求 每年 总"))
        asked = editor.at("要求 每年 总", "要求 每年 总")
        asked["position"].character += len("要求 每年 总")
        found = await editor.client.text_document_completion_async(types.CompletionParams(**asked))
        assert isinstance(found, types.CompletionList)
        item, *_ = found.items
        edit = item.text_edit
        assert isinstance(edit, types.TextEdit)
        assert (item.label, edit.new_text) == ("总学时", "总学时")
        assert edit.range.end.character - edit.range.start.character == 1

    assert talk(rules, what) == 0


def test_a_mistake_is_mended_where_there_is_one_way_to(rules: Path) -> None:
    """In the language of the messages, all of one kind at once, and never by what was said of another text."""
    records, sound, slip = rules.with_name("rules-records.yaml"), "计 1 学时", "计 一 学时"
    times = records.read_text(encoding="utf-8").count(sound)
    assert times > 1

    async def what(editor: Editor) -> None:
        before = editor.text
        wrong = before.replace(sound, slip)
        editor.write(wrong)
        where = editor.at(slip, "一")["position"]
        await editor.until(lambda: any(d.code == "PE208" for d in editor.told.get("sichuan/rules-records.yaml", [])))
        one, every = await editor.mends(where)
        assert (one.title, one.kind) == ("改为“1”", "quickfix")
        assert one.is_preferred is None
        assert one.diagnostics is not None
        assert one.diagnostics[0] in editor.told["sichuan/rules-records.yaml"]
        assert every.title == f"改为“1”（本文件全部 {times} 处）"
        assert one.edit is not None
        assert every.edit is not None
        assert one.edit.changes is not None
        assert every.edit.changes is not None
        assert editor.changed(one.edit.changes[editor.uri]) == wrong.replace(slip, sound, 1)
        assert editor.changed(every.edit.changes[editor.uri]) == before
        assert await editor.mends(types.Position(0, 0)) == []
        assert await editor.mends(where, "refactor") == []
        editor.write("# 一行\n" + wrong)
        assert await editor.mends(where) == [], "it was said of the text before"

    assert talk(records, what, locale="zh-cn") == 0


def test_a_rule_is_called_otherwise_in_all_files(rules: Path) -> None:
    """What is not saved counts; what can't be done is said, in the language of the messages."""

    async def what(editor: Editor) -> None:
        old, new = "自学成果、发表出版作品", "自学成果 、 发表出版作品"
        editor.write("# 一行\n" + editor.text.replace(old, new))
        asked = editor.at("- id: annual-hours", "annual-hours")
        found = await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**asked))
        assert isinstance(found, types.PrepareRenamePlaceholder)
        assert (found.placeholder, found.range.start) == ("annual-hours", asked["position"])
        edit = await editor.client.text_document_rename_async(types.RenameParams(**asked, new_name="yearly-hours"))
        assert edit is not None
        by_name = {
            "/".join(one.text_document.uri.split("/")[-2:]): one
            for one in edit.document_changes or ()
            if isinstance(one, types.TextDocumentEdit)
        }
        assert sorted(by_name) == ["sichuan/rules-years.yaml", "tests/before.yaml", "tests/years.yaml"]
        assert by_name[YEARS].text_document.version == editor.version
        assert by_name["tests/years.yaml"].text_document.version is None
        asked_of = {name: {getattr(e, "annotation_id", None) for e in one.edits} for name, one in by_name.items()}
        assert asked_of == {YEARS: {None}, "tests/before.yaml": {"unseen"}, "tests/years.yaml": {"unseen"}}
        assert edit.change_annotations == {"unseen": types.ChangeAnnotation("在未打开的文件中", True)}
        assert editor.changed(by_name[YEARS].edits) == re.sub("(?<!/)annual-hours", "yearly-hours", editor.text)
        for wrong, said in (("年度", "“id”不能是“年度”"), ("year", "PE140"), ("a: b", "无法在")):
            with pytest.raises(JsonRpcException, match=said):
                await editor.client.text_document_rename_async(types.RenameParams(**asked, new_name=wrong))
        asked = editor.at("rule: 限额 自学成果", "自学成果")
        with pytest.raises(JsonRpcException, match="是学习记录和人员文件中的写法"):
            await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**asked))
        asked = editor.at("rule: 限额 自学成果", "限额")
        assert await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**asked)) is None

    assert talk(rules, what, locale="zh", versions=True) == 0


def test_a_mend_is_of_the_version_that_is_open(rules: Path) -> None:
    async def what(editor: Editor) -> None:
        sound = editor.text
        editor.write(sound.replace(_RULE, _RULE.replace("80", "八十")))
        await editor.until(lambda: "PE208" in [d.code for d in editor.told.get(YEARS, [])])
        (mend,) = await editor.mends(editor.at("八十", "八十")["position"], "quickfix")
        assert mend.edit is not None
        (change,) = mend.edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert mend.edit.change_annotations is None
        assert (change.text_document.uri, change.text_document.version) == (editor.uri, editor.version)
        assert mend.title == "Change to “80”"
        assert editor.changed(change.edits) == sound

    assert talk(rules, what, "--lang", "en", versions=True) == 0


def test_layout_outline_and_colours(rules: Path) -> None:
    async def what(editor: Editor) -> None:
        which = types.TextDocumentIdentifier(editor.uri)
        canonical = editor.text
        editor.write(canonical.replace(_RULE, "要求每年总学时不少于80学时"))
        options = types.FormattingOptions(2, True)
        wanted = types.DocumentFormattingParams(which, options)
        (edit,) = await editor.client.text_document_formatting_async(wanted) or ()
        assert edit.new_text == canonical
        symbols = await editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(which))
        assert symbols is not None
        assert symbols[0].name == "self-study-cap"
        colours = await editor.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(which))
        assert colours is not None
        first = next(i for i, line in enumerate(canonical.split("\n")) if "rule: 限额" in line)
        assert list(colours.data[:5]) == [first, 8, 2, 0, 0]  # 限额, a keyword

    assert talk(rules, what) == 0


@pytest.mark.parametrize(("arguments", "said"), [(("--lang", "en"), "unit"), ((), "单位")])
def test_a_language_that_was_asked_for_holds(rules: Path, arguments: tuple[str, ...], said: str) -> None:
    async def what(editor: Editor) -> None:
        asked = types.HoverParams(**editor.at(_RULE, "学时 不"))
        asked.position.character = editor.at(_RULE, "80 学时")["position"].character + 3
        found = await editor.client.text_document_hover_async(asked)
        assert found is not None
        assert isinstance(found.contents, types.MarkupContent)
        assert said in found.contents.value

    assert talk(rules, what, *arguments, locale="zh-CN") == 0


def test_a_file_outside_of_packs_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("- id: a\n  rule: 要求 每年\n", encoding="utf-8")

    async def what(editor: Editor) -> None:
        asked = editor.at("rule", "要求")
        assert await editor.client.text_document_hover_async(types.HoverParams(**asked)) is None
        assert not await editor.client.text_document_definition_async(types.DefinitionParams(**asked))

    assert talk(path, what) == 0


def test_all_packs_of_the_folder_are_checked_when_it_is_asked_for(rules: Path) -> None:
    """The file that is open is of another pack. What is wrong stays told, whatever is written, until it is mended."""
    closed = rules.parents[1] / "national" / "rules.yaml"
    sound = closed.read_text(encoding="utf-8")
    closed.write_text(sound.replace("不少于 90 学时", "不少于 90"), encoding="utf-8")
    above = rules.parents[1] / "sound" / "pack.yaml"
    above.parent.mkdir()
    above.write_text("pack: sound\ntitle: {zh: 无}\nlevel: sector\nauthority: 无\nsources: {}\n", encoding="utf-8")

    def codes(editor: Editor) -> set[str | int | None]:
        return {d.code for d in editor.told.get("national/rules.yaml", [])}

    async def ask(editor: Editor) -> None:
        await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("policyengine.checkFolders"))

    async def what(editor: Editor) -> None:
        await editor.until(lambda: "sound/pack.yaml" in editor.told)
        assert codes(editor) == set()
        await ask(editor)
        assert codes(editor) == {"PE206"}
        await editor.until(lambda: bool(editor.shown))
        assert [said.split("，")[0] for said in editor.shown] == ["已检查 3 个政策包：1 处错误"]
        editor.told.clear()
        editor.write(editor.text.replace("authority: 无", "authorit: 无"))
        await editor.until(lambda: "sound/pack.yaml" in editor.told)
        assert codes(editor) == {"PE206"}
        closed.write_text(sound, encoding="utf-8")
        editor.write(editor.text + "\n")
        await editor.until(lambda: editor.told.get("national/rules.yaml") == [])

    assert talk(above, what, locale="zh-cn", folder=rules.parents[2]) == 0


def test_what_is_written_while_all_packs_are_checked_counts(tmp_path: Path) -> None:
    """The check of all is the longer one: when it ends, the mistake that it found has been mended."""
    shutil.copytree(POLICIES, tmp_path / "policies")
    path = tmp_path / "policies" / "sectors" / "accounting" / "rules.yaml"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace("1 学分 等于 1 学时", "一 学分 等于 1 学时", 1), encoding="utf-8")

    def wrong(editor: Editor) -> bool:
        return "PE208" in [d.code for d in editor.told.get("accounting/rules.yaml", [])]

    async def what(editor: Editor) -> None:
        await editor.until(lambda: wrong(editor))
        command = types.ExecuteCommandParams("policyengine.checkFolders")
        asked = asyncio.ensure_future(editor.client.workspace_execute_command_async(command))
        await asyncio.sleep(0.1)
        editor.write(sound)
        await asked
        await editor.until(lambda: not wrong(editor))
        await asyncio.sleep(3)
        assert not wrong(editor)

    assert talk(path, what, folder=tmp_path) == 0
