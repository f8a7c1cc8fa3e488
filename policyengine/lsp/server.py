"""The language server: what the modules beside this one find, in the words of the protocol (LSP 3.17, through pygls).

Positions of the protocol count from 0, in units of UTF-16 unless the editor says otherwise; ours from 1, in characters.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec, TextDocument

from policyengine import __version__
from policyengine.diagnostics import Diagnostic, Replacement, Span, failed
from policyengine.language.complete import Proposal, proposals
from policyengine.language.names import kind_name
from policyengine.lsp.colours import COLOURS, PLAIN, colour_of
from policyengine.lsp.cursor import rule_before, starts_of, tokens_of
from policyengine.lsp.library import Library, PackFile, chain, folder_of, packs_in
from policyengine.lsp.meaning import meaning
from policyengine.lsp.places import declared, outline, used
from policyengine.lsp.problems import by_file, problems, text_of
from policyengine.lsp.rename import Name, Refused, name_at, renamed
from policyengine.messages import many, say, speak
from policyengine.packs.document import Document, held, parse_document, shown
from policyengine.tools.codes import FOLDER as CODES
from policyengine.tools.fmt import format_file
from policyengine.tools.reporters import summary

_EVENTS = (
    types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_SAVE,
    types.TEXT_DOCUMENT_DID_CLOSE, types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
)  # fmt: skip
CHECK_ALL = "policyengine.checkFolders"
PAUSE = 0.3  # seconds without a change after which packs are checked
T = TypeVar("T")

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_ITEMS = {
    "keyword": types.CompletionItemKind.Keyword, "unit": types.CompletionItemKind.Unit,
    "rule": types.CompletionItemKind.Reference, "term": types.CompletionItemKind.EnumMember,
    "field": types.CompletionItemKind.Field, "table": types.CompletionItemKind.Function,
}  # fmt: skip
_REFUSED = types.LSPErrorCodes.RequestFailed.value
_UNSEEN = "unseen"  # changes of files that are not open


class Editor:
    """What is open in the editor, and the packs around it."""

    def __init__(self, server: LanguageServer):
        self.server = server
        self.library = Library()
        self._told: dict[str, list[Diagnostic]] = {}
        self._texts: dict[str, bytes] = {}  # the open files as they were when that was found
        self._waiting: asyncio.Task[None] | None = None
        self._asked: set[Path] = set()  # packs in which something was wrong when all were checked, until it is mended

    # --- what is open -----------------------------------------------------------------------------------------------

    def document(self, uri: str) -> TextDocument:
        return self.server.workspace.get_text_document(uri)

    def texts(self) -> dict[str, bytes]:
        """The open files by real path, as they are in the editor."""
        found = {}
        for document in self.server.workspace.text_documents.values():
            path = to_fs_path(document.uri)
            if path is not None:
                found[os.path.realpath(path)] = _bytes(document)
        return found

    def within(self, uri: str, ask: Callable[[Document, list[PackFile], Path], T]) -> T | None:
        """What ``ask`` says of an open file, its pack and those below it; None where the file is no YAML or in no
        pack."""
        path = _path(uri)
        folder = folder_of(path)
        if folder is None:
            return None
        with held(self.texts()):
            document, _ = parse_document(_bytes(self.document(uri)), shown(path))
            return ask(document, chain(folder), folder) if document is not None else None

    # --- what is wrong ----------------------------------------------------------------------------------------------

    def check_soon(self) -> None:
        """Check the packs of all open files once nothing has changed for a moment."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().create_task(self._check())

    async def _check(self) -> None:
        await asyncio.sleep(PAUSE)
        await self._checked(self._asked)

    async def check_all(self) -> None:
        """Check the packs of the folders of the editor, open or not, and say how it went."""
        roots = [Path(p) for uri in self.server.workspace.folders if (p := to_fs_path(uri)) is not None]
        every = {pack for root in roots for pack in packs_in(root)}
        found = await self._checked(every)
        self.check_soon()  # what was written meanwhile is not in it, nor are these packs in a check that began before
        if found is None:
            return
        said = [d for of_file in found.values() for d in of_file]
        text = say(f"{many(len(every), 'pack')} checked: ", f"已检查 {len(every)} 个政策包：") + summary(said)
        kind = types.MessageType.Warning if failed(said) or not every else types.MessageType.Info
        self.server.window_show_message(types.ShowMessageParams(kind, text))

    async def _checked(self, besides: set[Path]) -> dict[str, list[Diagnostic]] | None:
        """Check the packs of all open files and others, and tell what is wrong; None where that failed."""
        texts = self.texts()
        # as the editor names them: what it is told by another name (a link, a drive of the net) it does not show
        names = (to_fs_path(document.uri) for document in self.server.workspace.text_documents.values())
        folders = sorted(besides | {f for name in names if name and (f := folder_of(Path(name))) is not None})
        every: list[Diagnostic] = []
        try:
            for folder in folders:  # one by one: whoever writes on does not wait for all packs of a folder
                every += await asyncio.get_running_loop().run_in_executor(None, problems, folder, texts)
        except Exception as e:  # the editor goes on; what it shows is of the check before
            text = say(f"the packs could not be checked: {e!r}", f"无法检查政策包：{e!r}")
            self.server.window_log_message(types.LogMessageParams(types.MessageType.Error, text))
            return None
        found = by_file(every)
        for file in sorted({*self._told, *found}):
            lines = self.lines_of(file)
            told = [self.told(d, lines) for d in found.get(file, [])]
            uri = from_fs_path(file) or ""
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=told))
        self._told, self._texts = found, texts
        self._asked = besides & {folder_of(Path(file)) for file in found}
        return found

    def told(self, d: Diagnostic, lines: Sequence[str]) -> types.Diagnostic:
        """A message as the editor shows it."""
        return types.Diagnostic(
            range=self.range(d.span, lines) if d.span else _START,
            message=text_of(d),
            severity=_SEVERITIES[d.severity],
            code=d.code,
            code_description=types.CodeDescription(href=(CODES / f"{d.code}.md").as_uri()),
            source="policyengine",
            related_information=[
                types.DiagnosticRelatedInformation(location=self.location(r.span), message=r.message)
                for r in d.related
                if r.span is not None
            ],
        )

    def mendable(self, uri: str) -> list[Diagnostic]:
        """What was told of a file and can be mended at once; none while something has changed since it was told."""
        path = os.path.realpath(_path(uri))
        if self.texts() != self._texts:
            return []
        return [d for file, said in self._told.items() if os.path.realpath(file) == path for d in said if d.instead]

    # --- places -----------------------------------------------------------------------------------------------------

    def lines_of(self, file: str) -> Sequence[str]:
        """The lines of a file as the editor has it, else as it lies on disk."""
        for document in self.server.workspace.text_documents.values():
            if os.path.realpath(_path(document.uri)) == os.path.realpath(file):
                lines: Sequence[str] = document.lines
                return lines
        try:
            return Path(file).read_text(encoding="utf-8-sig", errors="replace").splitlines(keepends=True)
        except OSError:
            return []

    def range(self, span: Span, lines: Sequence[str]) -> types.Range:
        """A span, or the whole line where it has no columns."""
        line = max(span.line, 1) - 1
        end_line = span.end_line - 1 if span.end_line else line
        width = len(lines[end_line].rstrip("\r\n")) if end_line < len(lines) else 0
        start = types.Position(line, max(span.column, 1) - 1)
        end = types.Position(end_line, span.end_column - 1 if span.end_column else width)
        return self.codec.range_to_client_units(lines, types.Range(start, end))

    def location(self, span: Span) -> types.Location:
        path = str(Path(span.file).absolute())
        return types.Location(from_fs_path(path) or "", self.range(span, self.lines_of(path)))

    def edit(self, edits: Mapping[str, Sequence[types.TextEdit]]) -> types.WorkspaceEdit:
        """Changes of files by URI; of an open one in the version that it has now, where the editor minds versions.
        Those of files that are not open wait until somebody has looked at them, where the editor can ask for that."""
        minds = self.server.client_capabilities.workspace
        if minds is None or minds.workspace_edit is None or not minds.workspace_edit.document_changes:
            return types.WorkspaceEdit(changes=dict(edits))
        open_ones = self.server.workspace.text_documents
        asks = minds.workspace_edit.change_annotation_support is not None and not edits.keys() <= open_ones.keys()
        label = say("In files that are not open", "在未打开的文件中")
        changes: list[types.TextDocumentEdit] = []
        for uri, of_file in edits.items():
            own = open_ones.get(uri)
            which = types.OptionalVersionedTextDocumentIdentifier(uri, None if own is None else own.version)
            change = types.TextDocumentEdit(which, list(of_file))
            if asks and own is None:
                change.edits = [types.AnnotatedTextEdit(_UNSEEN, e.range, e.new_text) for e in of_file]
            changes.append(change)
        unseen = {_UNSEEN: types.ChangeAnnotation(label, needs_confirmation=True)} if asks else None
        return types.WorkspaceEdit(document_changes=list(changes), change_annotations=unseen)

    def uri_of(self, uri: str) -> str:
        """The URI of a file as the editor writes it, where it is open there."""
        path = os.path.realpath(_path(uri))
        known = (u for u in self.server.workspace.text_documents if os.path.realpath(_path(u)) == path)
        return next(known, uri)

    @property
    def codec(self) -> PositionCodec:
        return self.server.workspace.position_codec


_START = types.Range(types.Position(0, 0), types.Position(0, 0))


def language_server(speaks_as_editor: bool) -> LanguageServer:
    """A server that is ready to start. ``speaks_as_editor``: messages are in the editor's language, not in the one that
    was asked for."""
    server = LanguageServer("policyengine", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Incremental)
    editor = Editor(server)
    feature = server.feature

    @feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        if speaks_as_editor and params.locale:
            speak("zh" if params.locale.lower().startswith("zh") else "en")

    async def changed(ls: LanguageServer, _: object) -> None:
        editor.check_soon()

    for event in _EVENTS:
        feature(event)(changed)

    @server.command(CHECK_ALL)
    async def check_all(*_: object) -> None:
        await editor.check_all()

    @feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list(" :：（(、，,=/")))
    def complete(params: types.CompletionParams) -> types.CompletionList:
        return types.CompletionList(is_incomplete=True, items=_items(editor, params))

    @feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        line, column = _place(editor, uri, params.position)
        found = editor.within(uri, lambda d, packs, f: meaning(d, packs, editor.library.words(f), line, column))
        if found is None:
            return None
        text = types.MarkupContent(types.MarkupKind.Markdown, found.text)
        return types.Hover(text, editor.range(found.span, editor.document(uri).lines))

    @feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location]:
        uri = params.text_document.uri
        line, column = _place(editor, uri, params.position)
        found = editor.within(uri, lambda d, packs, f: declared(d, packs, editor.library.words(f), line, column))
        return [editor.location(span) for span in found or ()]

    @feature(types.TEXT_DOCUMENT_REFERENCES)
    def references(params: types.ReferenceParams) -> list[types.Location]:
        uri = params.text_document.uri
        line, column = _place(editor, uri, params.position)
        found = editor.within(uri, lambda d, packs, _: used(d, packs, editor.library, line, column))
        return [editor.location(span) for span in found or ()]

    @feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    def mends(params: types.CodeActionParams) -> list[types.CodeAction]:
        wanted = params.context.only
        return list(_mends(editor, params)) if not wanted or types.CodeActionKind.QuickFix in wanted else []

    @feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare_rename(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        uri = params.text_document.uri
        name = await _elsewhere(_name(editor, uri, params.position))
        if name is None:
            return None
        return types.PrepareRenamePlaceholder(
            editor.range(name.mention.span, editor.document(uri).lines), name.mention.written
        )

    @feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        uri, texts = params.text_document.uri, editor.texts()
        name = await _elsewhere(_name(editor, uri, params.position))
        if name is None:
            return None
        places = await _elsewhere(lambda: renamed(name, params.new_name, texts, editor.library))
        if editor.texts() != texts:
            meanwhile = say("something has changed meanwhile; try again", "其间内容已有改动，请重试")
            raise JsonRpcException(meanwhile, _REFUSED)
        edits: dict[str, list[types.TextEdit]] = {}
        for one in places:
            where = editor.location(one.span)
            edits.setdefault(editor.uri_of(where.uri), []).append(types.TextEdit(where.range, one.text))
        return editor.edit(edits)

    @feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        uri = params.text_document.uri
        lines = editor.document(uri).lines
        return [
            types.DocumentSymbol(
                s.name, types.SymbolKind.Function, editor.range(s.whole, lines), editor.range(s.id, lines), s.detail
            )
            for s in editor.within(uri, lambda d, *_: outline(d)) or ()
        ]

    @feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return _formatted(editor, params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensLegend(list(COLOURS), []))
    def colours(params: types.SemanticTokensParams) -> types.SemanticTokens:
        return types.SemanticTokens(_coloured(editor, params.text_document.uri))

    return server


def _path(uri: str) -> Path:
    """Where a file of the editor lies."""
    return Path(to_fs_path(uri) or "")


def _bytes(document: TextDocument) -> bytes:
    """As the file would be on disk; half a character, which JSON can hold, is then told as no UTF-8."""
    return document.source.encode("utf-8", "surrogatepass")


def _place(editor: Editor, uri: str, position: types.Position) -> tuple[int, int]:
    """Line and column of ours."""
    document = editor.document(uri)
    found = editor.codec.position_from_client_units(document.lines, position)
    return found.line + 1, found.character + 1


async def _elsewhere(ask: Callable[[], T]) -> T:
    """What takes seconds, in a thread; what is refused is an answer, which the editor shows."""
    try:
        return await asyncio.get_running_loop().run_in_executor(None, ask)
    except Refused as e:
        raise JsonRpcException(str(e), _REFUSED) from None


def _name(editor: Editor, uri: str, position: types.Position) -> Callable[[], Name | None]:
    """Finds what stands at a place and can be called otherwise."""
    path, texts, place = _path(uri), editor.texts(), _place(editor, uri, position)
    return lambda: name_at(path, texts, editor.library, *place)


# --- completion -------------------------------------------------------------------------------------------------------


def _items(editor: Editor, params: types.CompletionParams) -> list[types.CompletionItem]:
    uri, lines = params.text_document.uri, editor.document(params.text_document.uri).lines
    line, column = _place(editor, uri, params.position)
    folder = folder_of(_path(uri))
    before = rule_before([text.rstrip("\r\n") for text in lines], line, column)
    if folder is None or before is None:
        return []
    start, text = before
    with held(editor.texts()):
        words = editor.library.words(folder)
        packs = chain(folder)
        rules = [e.name if p is not packs[0] else e.id.text.strip() for p in packs for e in p.entries()]
    items = []
    for i, p in enumerate(proposals(text, words.vocabulary, start, rules, words.surface)):
        typed = Span("", line, column - (len(text) - p.start), line, column)
        items.append(_item(p, i, editor.range(typed, lines)))
    return items


def _item(p: Proposal, place: int, where: types.Range) -> types.CompletionItem:
    label = p.text.strip()
    kind = {"rule": say("rule", "规则"), "unit": say("unit", "单位"), "keyword": None}
    detail = kind[p.kind] if p.kind in kind else kind_name(p.kind)
    if p.word is not None:
        other = p.word.id if label != p.word.id else p.word.zh
        detail = " · ".join(filter(None, (detail, other)))
    return types.CompletionItem(
        label=label,
        kind=_ITEMS.get(p.kind, types.CompletionItemKind.Variable),
        detail=detail,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, f"`{p.example}`") if p.example else None,
        sort_text=f"{place:04}",
        filter_text=label,
        text_edit=types.TextEdit(where, p.text),
    )


# --- mends ------------------------------------------------------------------------------------------------------------


def _mends(editor: Editor, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    """What mends the messages at a place; the same mistake in other places of the file also all at once."""
    uri, lines = params.text_document.uri, editor.document(params.text_document.uri).lines
    said = editor.mendable(uri)
    for d in said:
        told = editor.told(d, lines)
        if d.instead is None or not _meet(told.range, params.range):
            continue
        yield _mend(editor, uri, d.instead.title, [told], [d.instead])
        alike = [o for o in said if (o.code, o.message) == (d.code, d.message)]
        places = [o.instead for o in alike if o.instead and o.instead.text == d.instead.text]
        if len(places) > 1:
            all_of = say(f", in all {len(places)} places of this file", f"（本文件全部 {len(places)} 处）")
            yield _mend(editor, uri, d.instead.title + all_of, [editor.told(o, lines) for o in alike], places)


def _mend(
    editor: Editor, uri: str, title: str, told: list[types.Diagnostic], places: list[Replacement]
) -> types.CodeAction:
    lines = editor.document(uri).lines
    edits = [types.TextEdit(editor.range(one.span, lines), one.text) for one in places]
    return types.CodeAction(title, types.CodeActionKind.QuickFix, told, edit=editor.edit({uri: edits}))


def _meet(one: types.Range, other: types.Range) -> bool:
    return not _before(one.end, other.start) and not _before(other.end, one.start)


def _before(one: types.Position, other: types.Position) -> bool:
    return (one.line, one.character) < (other.line, other.character)


# --- layout and colour ------------------------------------------------------------------------------------------------


def _formatted(editor: Editor, uri: str) -> list[types.TextEdit]:
    """The whole file in canonical layout; none where a rule can't be read, which the file's messages say."""
    path, document = _path(uri), editor.document(uri)
    folder = folder_of(path)
    if folder is None or path.parent != folder:
        return []
    with held(editor.texts()):
        words = editor.library.words(folder)
        done = format_file(path, words.vocabulary, words.surface)
    if not done.changed or done.after is None:
        return []
    end = types.Position(len(document.lines), 0)
    return [types.TextEdit(types.Range(types.Position(0, 0), end), done.after.decode("utf-8-sig"))]


def _coloured(editor: Editor, uri: str) -> list[int]:
    """The protocol's five numbers for each word of a rule: lines and columns since the one before, length, colour."""
    lines = editor.document(uri).lines
    data: list[int] = []
    last = types.Position(0, 0)
    for span, colour in editor.within(uri, lambda d, _, f: list(_words(d, editor, f))) or ():
        where = editor.range(span, lines)
        down = where.start.line - last.line
        right = where.start.character - (0 if down else last.character)
        data += [down, right, where.end.character - where.start.character, COLOURS.index(colour), 0]
        last = where.start
    return data


def _words(document: Document, editor: Editor, folder: Path) -> Iterator[tuple[Span, str]]:
    words = editor.library.words(folder).vocabulary
    for start, scalar in starts_of(document):
        for token, spans in tokens_of(document, scalar, start, words):
            if token.type not in PLAIN:
                yield from ((span, colour_of(token.type)) for span in spans)
