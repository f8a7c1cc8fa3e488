"""The workbench's web server: one process, one person, one machine.

It listens on the loopback address only. Who opens a page must know the key that the command printed (other users of the
machine do not); requests under another name than that of this machine (DNS rebinding) or from pages of other sites are
refused; pages load nothing from anywhere.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from policyengine.api import periods_of
from policyengine.cli.guard import diagnostics_of
from policyengine.diagnostics import Diagnostic, PolicyError, human
from policyengine.engines.reference import Periods
from policyengine.messages import say, spoken
from policyengine.web import pages
from policyengine.web.desk import Desk, Judged, unusable

_FORM_BYTES = 64 * 1024  # of what is no file
_HTML = "text/html; charset=utf-8"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Workbench(ThreadingHTTPServer):
    """``key``: what the first page is asked for with. Raises ``OSError`` where the port is in use."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0):
        self.allow_reuse_address = os.name == "posix"  # Windows would let another program listen there as well
        super().__init__(("127.0.0.1", port), _Handler)
        self.desk = desk
        self.key = secrets.token_urlsafe(24)
        self.cookie = f"policyengine-{self.server_port}"  # browsers keep one of a name for all ports of a machine

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no failure; what failed has been told to it."""


class _Handler(BaseHTTPRequestHandler):
    server: Workbench
    server_version, sys_version = "policyengine", ""
    timeout = 600  # seconds for a browser that stops sending

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses may name persons, and the terminal is for messages."""

    # --- who asks ---------------------------------------------------------------------------------------------------

    def _welcome(self) -> bool:
        """Whether the request is of our own page. Answers it if not."""
        own = {f"{name}:{self.server.server_port}" for name in ("127.0.0.1", "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in own or origin not in {None, *(f"http://{name}" for name in own)}:
            self._turn_away(say("this address is not the workbench's", "这不是工作台的地址"))
            return False
        if not self._has_key():
            text = say("open the address that policyengine serve printed", "请打开 policyengine serve 所显示的网址")
            self._turn_away(text)
            return False
        if self.command == "POST" and origin is None:
            self._turn_away(say("only pages of the workbench may send", "只有工作台的页面可以提交"))
            return False
        return True

    def _turn_away(self, text: str) -> None:
        """As whoever asks can show it: the script of a page that was open when the workbench was started anew, too."""
        if self._for_script():
            self._json({"problem": text}, 403)
        else:
            self._plain(403, text)

    def _for_script(self) -> bool:
        """Whether the page's script asks, not the person."""
        return self.command == "POST" and not urlsplit(self.path).path.endswith("/case")

    def _has_key(self) -> bool:
        """Whether the browser sends this workbench's cookie. It sends those of every program on the machine, which may
        hold what ``http.cookies`` gives up at (``a={"b": 1}``)."""
        cookies = ("; ".join(self.headers.get_all("Cookie", ()))).split(";")
        own = (value for name, _, value in (c.strip().partition("=") for c in cookies) if name == self.server.cookie)
        return any(hmac.compare_digest(value.encode(), self.server.key.encode()) for value in own)

    # --- what is asked for ------------------------------------------------------------------------------------------

    def do_GET(self) -> None:
        path, query = self._asked()
        if path == "/" and "key" in query:
            self._let_in(query["key"][0])
        elif self._welcome():
            self._answer(lambda: self._get(path, query))

    def do_POST(self) -> None:
        path, query = self._asked()
        if self._welcome():
            self._answer(lambda: self._post(path, query), data=self._for_script())

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return parts.path, parse_qs(parts.query)

    def _let_in(self, key: str) -> None:
        """From the address with the key to the first page: the key stays out of later addresses."""
        if not hmac.compare_digest(key.encode(), self.server.key.encode()):
            self._plain(403, say("this key is of another workbench", "此密钥属于另一个工作台"))
            return
        # not by a redirect: where another page led here, the browser would leave the cookie out of the next request
        content = f'<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">{say("go on", "继续")}</a>'
        cookie = f"{self.server.cookie}={self.server.key}; HttpOnly; SameSite=Strict; Path=/"
        self._send(200, _HTML, content.encode(), {"Content-Security-Policy": _POLICY, "Set-Cookie": cookie})

    def _answer(self, make: Callable[[], None], data: bool = False) -> None:
        """Do it; tell what keeps it from being done. ``data``: to the page's script, else to the person."""
        try:
            make()
        except (BrokenPipeError, ConnectionError):
            raise
        except Exception as e:
            self._refuse(422 if isinstance(e, PolicyError) else 500, diagnostics_of(e), data)

    def _refuse(self, status: int, said: Sequence[Diagnostic], data: bool) -> None:
        if data:
            self._json({"problem": "\n".join(map(human, said))}, status)
        else:
            self._html(pages.problem_page(said), status)

    # --- pages ------------------------------------------------------------------------------------------------------

    def _get(self, path: str, query: dict[str, list[str]]) -> None:
        desk = self.server.desk
        match path.split("/")[1:]:
            case [""]:
                nonce = secrets.token_urlsafe(12)
                self._html(pages.home(desk, nonce), script=nonce)
            case ["progress"]:
                self._json({"share": desk.share_of(query.get("batch", [""])[0])})
            case ["packs", *parts] if (pack := desk.pack("/".join(parts))) is not None:
                with desk.one_at_a_time:
                    content = pages.pack_page(pack)
                self._html(content)
            case ["results", number, *rest] if _whole(number) and (judged := desk.result(int(number))):
                self._result(judged, rest)
            case _:
                raise unusable(say("there is no such page", "没有这个页面"))

    def _result(self, judged: Judged, rest: list[str]) -> None:
        from policyengine.tools.report.make import write_report, write_workbook

        made, result = judged.folder.parent, judged.folder.name
        match rest:
            case []:
                self._html(pages.result_page(judged))
            case ["report.html"]:
                self._made(made / "report.html", lambda p: write_report(result, p), _HTML)
            case ["report.xlsx"]:
                name = f"result-{judged.number}.xlsx"
                self._made(made / "report.xlsx", lambda p: write_workbook(result, p), _XLSX, name)
            case ["tables.zip"]:
                name = f"result-{judged.number}.zip"
                self._made(made / "tables.zip", lambda p: _pack(judged.folder, p), "application/zip", name)
            case _:
                raise unusable(say("there is no such page", "没有这个页面"))

    def _made(self, path: Path, make: Callable[[Path], object], kind: str, name: str | None = None) -> None:
        """Send a file, which is made when it is first asked for."""
        with self.server.desk.one_at_a_time, chdir(path.parent):
            if not path.exists():
                make(path)
        with path.open("rb") as stream:
            more = {} if name is None else {"Content-Disposition": f"attachment; filename={quote(name)}"}
            self._begin(200, kind, path.stat().st_size, more)
            while piece := stream.read(1 << 20):
                self.wfile.write(piece)

    # --- what is sent -----------------------------------------------------------------------------------------------

    def _post(self, path: str, query: dict[str, list[str]]) -> None:
        desk = self.server.desk
        match path.split("/")[1:]:
            case ["files", batch, kind]:
                desk.receive(batch, kind, query.get("name", ["file"])[0], self.rfile, self._length())
                self._json({})
            case ["judge"]:
                self._json({"result": f"/results/{self._judged().number}"})
            case ["results", number, "case"] if _whole(number) and (judged := desk.result(int(number))):
                form = parse_qs(self._body().decode("utf-8", "replace"))
                who, period = form.get("who", [""])[0].strip(), form.get("period", [""])[0]
                with desk.one_at_a_time, chdir(judged.folder.parent):
                    content = _case(judged.folder.name, who, _periods(period))
                self._html(content)
            case _:
                raise unusable(say("there is no such page", "没有这个页面"))

    def _judged(self) -> Judged:
        desk = self.server.desk
        try:
            wanted = json.loads(self._body())
            batch, policy, period = (str(wanted[k]) for k in ("batch", "policy", "period"))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise unusable(say("this is no form of the workbench", "这不是工作台的表单")) from None
        with desk.one_at_a_time:
            desk.judging = batch, 0.0
            try:
                return desk.judge(batch, policy, _periods(period))
            except BaseException:
                desk.forget(batch)
                raise

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "")
        if not _whole(text):
            raise unusable(say("the browser does not say how much it sends", "浏览器没有说明提交内容的大小"))
        return int(text)

    def _body(self) -> bytes:
        length = self._length()
        if length > _FORM_BYTES:
            raise unusable(say("this form is too large", "表单内容过大"))
        return self.rfile.read(length)

    # --- answers ----------------------------------------------------------------------------------------------------

    def _html(self, content: str, status: int = 200, script: str = "") -> None:
        scripts = f"script-src 'nonce-{script}'; connect-src 'self'" if script else ""
        self._send(status, _HTML, content.encode(), {"Content-Security-Policy": f"{_POLICY}; {scripts}"})

    def _json(self, content: Any, status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _plain(self, status: int, text: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    def _send(self, status: int, kind: str, content: bytes, more: Mapping[str, str] = MappingProxyType({})) -> None:
        self._begin(status, kind, len(content), more)
        self.wfile.write(content)

    def _begin(self, status: int, kind: str, length: int, more: Mapping[str, str]) -> None:
        """The head of every answer: nothing is kept by the browser, nothing is told to other sites."""
        headers = {
            "Content-Type": kind, "Content-Length": str(length), **more, "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",  # with none a form would not say whence it comes
            "X-Content-Type-Options": "nosniff",
        }  # fmt: skip
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _whole(text: str) -> bool:
    """Whether it is a whole number that something can have."""
    return text.isdecimal() and len(text) < 20


def _periods(text: str) -> Periods | None:
    """``2016`` or ``2016..2018``; None where nothing is written."""
    return periods_of(text.strip() or None)


def _case(result: str, who: str, periods: Periods | None) -> str:
    """Why a person met the requirement or not."""
    from policyengine.tools.explain.explain import nothing_in
    from policyengine.tools.explain.html import html_of_cases
    from policyengine.tools.explain.written import explain_result
    from policyengine.tools.result.read import read_result

    cases, _ = explain_result(read_result(result), who, periods)
    if not cases:
        raise nothing_in(who, periods)
    return "".join(html_of_cases(cases, spoken()))


def _pack(folder: Path, out: Path) -> None:
    """The files of a result in one ZIP, whole or not at all."""
    from policyengine.whole import whole_file

    with whole_file(out) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            packed.write(file, file.name)
