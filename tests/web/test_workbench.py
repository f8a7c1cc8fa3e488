"""The workbench as a browser sees it: who is let in, what files come to, what its pages say."""

from __future__ import annotations

import http.client
import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from policyengine.cli.serve import _open
from policyengine.engines.reference import Periods
from policyengine.messages import speak
from policyengine.web.desk import Desk, Judged
from policyengine.web.server import Workbench
from tests.windows import Windows

ROOT = Path(__file__).parents[2]
BATCH = "0123456789abcdef"
RECORDS = """姓名,身份证号,日期,学习形式,科目,数量,单位,学习证明
<b>甲</b>,510101199001010016,2016-05-01,培训班,公需科目,30,学时,有
<b>甲</b>,510101199001010016,2016-06-01,培训班,专业科目,50,学时,有
<b>甲</b>,510101199001010016,2016-06-31,培训班,专业科目,50,学时,有
"""


class Browser:
    """Asks one workbench; lets in by its key unless a test says otherwise."""

    def __init__(self, workbench: Workbench):
        self.workbench = workbench
        self.own = {
            "Host": f"127.0.0.1:{workbench.server_port}",
            "Origin": workbench.address,
            "Cookie": f"{workbench.cookie}={workbench.key}",
        }

    def ask(
        self, path: str, body: bytes | str | None = None, **headers: str | None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.workbench.server_port, timeout=60)
        sent = {k: v for k, v in (self.own | headers).items() if v is not None}
        content = body.encode() if isinstance(body, str) else body
        connection.request("GET" if body is None else "POST", path, content, sent)
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    def page(self, path: str) -> str:
        status, _, content = self.ask(path)
        assert status == 200, content.decode()
        return content.decode()

    def send(self, name: str, content: str, kind: str = "records", batch: str = BATCH) -> tuple[int, bytes]:
        status, _, answer = self.ask(f"/files/{batch}/{kind}?name={quote(name)}", content)
        return status, answer

    def judge(self, policy: str = "sichuan", period: str = "2016", batch: str = BATCH) -> tuple[int, dict[str, str]]:
        status, _, answer = self.ask("/judge", json.dumps({"batch": batch, "policy": policy, "period": period}))
        told: dict[str, str] = json.loads(answer)
        return status, told


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    for pack in ("national", "sichuan"):
        shutil.copytree(ROOT / "policies" / pack, tmp_path / "policies" / pack)
    desk = tmp_path / "desk"
    desk.mkdir()
    with Workbench(Desk(tmp_path / "policies", desk)) as workbench:
        thread = threading.Thread(target=workbench.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Browser(workbench)
        workbench.shutdown()
        thread.join()


# --- who is let in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Cookie": None}, 403),
        ({"Cookie": "{cookie}=guessed"}, 403),
        ({"Cookie": "{cookie}="}, 403),
        ({"Cookie": "other={key}"}, 403),
        ({"Cookie": '"; broken'}, 403),
        ({"Cookie": 'seen={"a": 1}; a b=c; x; {cookie}={key}; y=[1]'}, 200),  # of other programs on this machine
        ({"Cookie": "{cookie}=guessed; {cookie}={key}"}, 200),
        ({"Host": "evil.example"}, 403),  # a name of another site that leads here
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),  # no address at all
        ({"Origin": "https://{host}"}, 403),  # which is not ours
        ({"Origin": None}, 200),  # an address that somebody types has none
    ],
)
def test_who_may_read(browser: Browser, headers: dict[str, str | None], status: int) -> None:
    own = browser.workbench
    known = {"{cookie}": own.cookie, "{key}": own.key, "{host}": browser.own["Host"]}
    sent = {k: v and re.sub(r"\{\w+\}", lambda m: known[m[0]], v) for k, v in headers.items()}
    assert browser.ask("/", **sent)[0] == status


def test_two_workbenches_of_one_browser_do_not_shut_each_other_out(browser: Browser, tmp_path: Path) -> None:
    with Workbench(Desk(tmp_path / "policies", tmp_path)) as other:
        assert other.cookie != browser.workbench.cookie


@pytest.mark.parametrize("path", ["/judge", f"/files/{BATCH}/records?name=a.csv", "/results/1/case"])
@pytest.mark.parametrize(
    "headers", [{"Origin": None}, {"Origin": "http://evil.example"}, {"Cookie": None}, {"Host": "evil.example"}]
)
def test_who_may_send(browser: Browser, path: str, headers: dict[str, str | None]) -> None:
    assert browser.ask(path, "{}", **headers)[0] == 403
    assert list(browser.workbench.desk.folder.iterdir()) == []


def test_a_page_of_an_earlier_workbench_is_told_what_to_open(browser: Browser) -> None:
    old = f"{browser.workbench.cookie}=of-the-one-before"
    told = '{"problem": "open the address that policyengine serve printed"}'
    for path in (f"/files/{BATCH}/records?name=a.csv", "/judge"):
        assert browser.ask(path, "{}", Cookie=old)[2].decode() == told
    assert (
        browser.ask("/results/1/case", "who=a", Cookie=old)[2].decode()
        == "open the address that policyengine serve printed\n"
    )


def test_the_key_lets_in_once_and_stays_out_of_addresses(browser: Browser) -> None:
    status, headers, content = browser.ask(f"/?key={browser.workbench.key}", Cookie=None)
    assert status == 200
    assert (
        headers["Set-Cookie"]
        == f"{browser.workbench.cookie}={browser.workbench.key}; HttpOnly; SameSite=Strict; Path=/"
    )
    assert b"url=/" in content
    assert browser.ask("/?key=guessed", Cookie=None)[0] == 403


def test_pages_load_nothing_and_are_not_kept(browser: Browser) -> None:
    _, headers, content = browser.ask("/")
    policy = headers["Content-Security-Policy"]
    (nonce,) = re.findall(r'<script nonce="([^"]+)">', content.decode())
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'nonce-{nonce}'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert "script-src" not in browser.ask("/packs/sichuan")[1]["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/results/{'9' * 5000}", None),
        (f"/results/{'9' * 5000}/case", "who=a"),
        ("/judge", "[" * 60_000),
        ("/judge", '{"batch": ' + "[" * 60_000),
    ],
)
def test_what_no_page_asks_for_is_no_fault_of_the_program(browser: Browser, path: str, body: str | None) -> None:
    status, _, content = browser.ask(path, body)
    assert (status, b"PE940" in content) == (422, True)


def test_a_length_of_many_digits_is_none(browser: Browser) -> None:
    own = {"Content-Length": "9" * 5000}
    status, _, content = browser.ask(f"/files/{BATCH}/records?name=a.csv", "{}", **own)
    assert (status, b"PE940" in content) == (422, True)


# --- records ----------------------------------------------------------------------------------------------------------


def test_records_are_judged_and_told(browser: Browser) -> None:
    """80 of 90 hours; a row of 31 June is told by the file's own name; nothing of a file becomes HTML."""
    assert browser.send("学习记录.csv", RECORDS)[0] == 200
    assert browser.judge() == (200, {"result": "/results/1"})
    page = browser.page("/results/1")
    assert "1 person, 3 rows in: 2 records in the ledger, 1 rejected" in page
    assert "<td>records/学习记录.csv</td><td>4</td>" in page
    assert str(browser.workbench.desk.folder) not in page
    status, _, case = browser.ask("/results/1/case", urlencode({"who": "510101199001010016", "period": ""}))
    assert status == 200
    assert "not met: 80 of 90 hours, 10 short" in case.decode()
    assert "510101199001010016" not in case.decode()
    assert "<b>甲" not in case.decode() + browser.page("/results/1/report.html")
    assert "/results/1" in browser.page("/")


def test_what_is_remarked_of_the_packs_is_told_once(browser: Browser) -> None:
    (browser.workbench.desk.policies / "sichuan" / "more.yaml").write_text("", encoding="utf-8")  # read by nobody
    browser.send("a.csv", RECORDS)
    assert browser.judge() == (200, {"result": "/results/1"})
    assert browser.page("/results/1").count("more.yaml is not read") == 1


def test_who_waits_is_not_told_how_far_another_is(browser: Browser) -> None:
    desk = browser.workbench.desk
    other = "f" * 16
    browser.send("a.csv", RECORDS)
    seen = []
    judge = desk.judge

    def judging(batch: str, policy: str, periods: Periods | None) -> Judged:
        desk.judging = batch, 0.4
        seen.extend(json.loads(browser.page(f"/progress?batch={b}"))["share"] for b in (batch, other))
        return judge(batch, policy, periods)

    desk.judge = judging  # type: ignore[method-assign]
    assert browser.judge()[0] == 200
    assert seen == [0.4, None]
    done = json.loads(browser.page(f"/progress?batch={BATCH}"))["share"]
    assert done is not None  # whoever still asks while the answer is on its way waits for nobody


def test_what_can_be_taken_along(browser: Browser) -> None:
    browser.send("a.csv", RECORDS)
    browser.judge()
    status, headers, content = browser.ask("/results/1/tables.zip")
    assert (status, headers["Content-Disposition"]) == (200, "attachment; filename=result-1.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert {"decisions.csv", "ledger.csv", "rejects.csv", "manifest.json"} <= set(packed.namelist())
        assert str(browser.workbench.desk.folder) not in packed.read("rejects.csv").decode()
        assert str(browser.workbench.desk.folder) not in packed.read("manifest.json").decode()
    status, headers, content = browser.ask("/results/1/report.xlsx")
    assert (status, content[:2]) == (200, b"PK")


@pytest.mark.parametrize(
    ("policy", "period", "said"),
    [
        ("nowhere", "2016", "PE940: there is no pack nowhere"),
        ("../sichuan", "2016", "PE940: there is no pack ../sichuan"),
        ("sichuan", "2016-2017", "PE901: '2016-2017' is not a period"),
    ],
)
def test_what_can_not_be_judged(browser: Browser, policy: str, period: str, said: str) -> None:
    browser.send("a.csv", RECORDS)
    status, told = browser.judge(policy, period)
    assert status == 422
    assert said in told["problem"]
    assert not (browser.workbench.desk.folder / BATCH).exists()


def test_a_file_that_is_no_records_file(browser: Browser) -> None:
    browser.send("a.csv", "a,b\n1,2\n")
    status, told = browser.judge()
    assert (status, told["problem"].split(":")[0]) == (422, "records/a.csv")
    assert browser.judge()[1]["problem"].startswith("error PE940: no records were given")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.csv", "a.csv"),
        ("../../a.csv", "a.csv"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("..", "file"),
        ("", "file"),
        ("a[1]*?.csv", "a_1___.csv"),
        ("a\nb.csv", "a_b.csv"),
        ("长" * 60 + ".csv", "长" * 60 + ".csv"),
    ],
)
def test_of_a_name_only_the_end_is_kept(browser: Browser, name: str, kept: str) -> None:
    assert browser.send(name, "x")[0] == 200
    (path,) = (browser.workbench.desk.folder / BATCH / "records").iterdir()
    assert path.name == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("长" * 70 + "01月.csv", "长" * 70 + "02月.csv"),
        ("学员.第一批登记表（修改后）甲", "学员.第一批登记表（修改后）乙"),
    ],
)
def test_what_is_cut_of_long_names_tells_them_apart(browser: Browser, one: str, other: str) -> None:
    assert [browser.send(name, name)[0] for name in (one, other)] == [200, 200]
    paths = list((browser.workbench.desk.folder / BATCH / "records").iterdir())
    assert {path.read_text("utf-8") for path in paths} == {one, other}
    assert all(re.fullmatch(r".{,51}~[0-9a-f]{8}\..{,9}", path.name) for path in paths)
    assert browser.send(one, "again")[0] == 422  # the same name is still the same file


@pytest.mark.parametrize("path", ["/files/../records", "/files/xyz/records", f"/files/{BATCH}/other", "/files/records"])
def test_a_file_goes_nowhere_else(browser: Browser, path: str) -> None:
    assert browser.ask(f"{path}?name=a.csv", "x")[0] == 422
    assert list(browser.workbench.desk.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "names"),
    [("records", ("a[1].csv", "a]1].csv")), ("records", ("a.csv", "a.csv")), ("persons", ("a.csv", "b.csv"))],
)
def test_no_file_takes_the_place_of_another(browser: Browser, kind: str, names: tuple[str, str]) -> None:
    first, second = names
    assert browser.send(first, "1", kind)[0] == 200
    status, answer = browser.send(second, "2", kind)
    assert (status, b"was given twice" in answer) == (422, True)
    (path,) = (browser.workbench.desk.folder / BATCH / kind).iterdir()
    assert path.read_text() == "1"


def test_a_file_that_breaks_off_is_told(browser: Browser) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", browser.workbench.server_port), 60) as line:
        head = "".join(f"{k}: {v}\r\n" for k, v in browser.own.items())
        line.sendall(f"POST /files/{BATCH}/records?name=a HTTP/1.1\r\n{head}Content-Length: 9\r\n\r\nx".encode())
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert b" 422 " in answer.split(b"\r\n")[0]
    assert b"did not arrive whole" in answer
    assert list((browser.workbench.desk.folder / BATCH / "records").iterdir()) == []


def test_a_form_is_bounded(browser: Browser) -> None:
    assert browser.ask("/judge", "x" * 70_000)[0] == 422
    assert browser.ask("/judge", "[]")[0] == 422


# --- packs ------------------------------------------------------------------------------------------------------------


def test_tables_can_be_moved_by_the_keyboard_and_read_aloud(browser: Browser) -> None:
    browser.send("a.csv", RECORDS)  # of which a row can't be read
    assert browser.judge()[0] == 200
    for path, title in (("/", "Packs"), ("/results/1", "What could not be read")):
        page = browser.page(path)
        assert f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">' in page
        assert "<th>" not in page


def test_without_scripts_the_form_says_what_it_needs(browser: Browser) -> None:
    form = browser.page("/").partition("<noscript>")[2]
    assert form.startswith("<p>Judging records needs JavaScript")
    speak("zh")
    assert "评定学习记录需要 JavaScript" in browser.page("/")


def test_a_pack_of_which_little_can_be_read_has_no_empty_parts(browser: Browser) -> None:
    (browser.workbench.desk.policies / "odd").mkdir()
    (browser.workbench.desk.policies / "odd" / "pack.yaml").write_text("pack: odd\nlevel: [x\n", encoding="utf-8")
    assert '<p class="soft"><code>odd</code></p>' in browser.page("/packs/odd")


def test_a_pack_that_can_not_be_listed_is_told_with_the_reason(browser: Browser) -> None:
    assert "can not be listed" not in browser.page("/")
    packs = {
        "ansi": "pack: 社工".encode("gbk"),
        "chinese": "pack: 社工".encode(),
        "empty": b"",
        "twin": b"pack: sichuan",
    }
    for name, content in packs.items():
        (browser.workbench.desk.policies / name).mkdir()
        (browser.workbench.desk.policies / name / "pack.yaml").write_bytes(content)
    told = browser.page("/").partition("Packs that can not be listed")[2]
    codes = set(re.findall(r"(PE\d+)</span> <code>[^<]*policies/(\w+)/pack.yaml", told))
    assert codes >= {("PE103", "ansi"), ("PE122", "chinese"), ("PE112", "empty"), ("PE133", "twin")}
    assert browser.page("/").count('<a href="/packs/sichuan">') == 1


@pytest.mark.parametrize(
    "text", ["pack: odd", '"pack": "odd"', "pack : odd", '{\n  "pack": "odd"\n}', "# 说明\n" * 4000 + "pack: odd"]
)
def test_a_pack_is_listed_however_its_id_is_written(browser: Browser, text: str) -> None:
    """It was neither listed nor told of, where nothing else is wrong with it."""
    (browser.workbench.desk.policies / "odd").mkdir()
    (browser.workbench.desk.policies / "odd" / "pack.yaml").write_text(text, encoding="utf-8")
    page = browser.page("/")
    assert '<a href="/packs/odd">' in page
    assert "can not be listed" not in page


def test_a_pack_as_law(browser: Browser) -> None:
    page = browser.page("/packs/sichuan")
    assert "cap self_study, publication at 50 hours per year" in page
    assert "限额 自学成果、发表出版作品 每年 合计 不超过 50 学时" in page
    assert "川人社发〔2016〕20号 二（二）第3款 · lower authorities may only raise it" in page
    assert re.search(r"(\d+) of \1 cases hold", page)
    speak("zh")
    assert "下级只许提高" in browser.page("/packs/sichuan")


def test_a_pack_with_a_mistake_shows_it(browser: Browser) -> None:
    rules = browser.workbench.desk.policies / "sichuan" / "rules-years.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("总学时 不少于 80 学时", "总学时 不少于 <80> 学时"), encoding="utf-8")
    page = browser.page("/packs/sichuan")
    assert "&lt;80&gt;" in page
    assert "<80>" not in page


@pytest.mark.parametrize(
    "path", ["/packs/nowhere", "/packs/..", "/results/1", "/results/x", "/etc/passwd", "/results/1/x"]
)
def test_pages_that_there_are_not(browser: Browser, path: str) -> None:
    status, _, content = browser.ask(path)
    assert status == 422
    assert b"there is no such page" in content


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("ends", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_the_command_leaves_nothing_behind(tmp_path: Path, ends: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "policyengine", "serve", str(ROOT / "policies")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env={"TMPDIR": str(tmp_path), "PATH": "", "LANG": "C.UTF-8", "HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?key=[\w-]{32}", address)
    assert [p.name[:13] for p in tmp_path.iterdir() if p.is_dir()].count("policyengine-") == 1
    process.send_signal(ends)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (code, False)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("policyengine-")]


JUDGING = """
import os, sys, tempfile, threading, time
import duckdb
from policyengine.__main__ import main
from policyengine.cli import serve

def judging(workbench, opens):
    def judge():
        with workbench.desk.one_at_a_time, tempfile.TemporaryDirectory(prefix="policyengine-"):
            started.set()
            while True:
                duckdb.execute("SELECT sum(i) FROM range(100_000) t(i)")

    started = threading.Event()
    threading.Thread(target=judge, daemon=True).start()
    started.wait()
    time.sleep(0.5)
    os.kill(os.getpid(), ends)
    time.sleep(60)

ends = int(sys.argv.pop())
serve._serve = judging
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends itself signals")
@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("ends", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_what_is_being_judged_ends_with_the_workbench(tmp_path: Path, ends: signal.Signals, code: int) -> None:
    """As the interpreter ended, it aborted a thread that was within DuckDB: ``terminate called``, code -6."""
    done = subprocess.run(
        [sys.executable, "-c", JUDGING, "serve", str(ROOT / "policies"), str(int(ends))],
        env={"TMPDIR": str(tmp_path), "PATH": "", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    last = "closed; nothing was left behind" if code == 0 else "stopped; nothing was left behind"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (code, last)
    assert list(tmp_path.glob("policyengine-*")) == []


def test_a_port_in_use_is_told(browser: Browser) -> None:
    port = str(browser.workbench.server_port)
    command = [sys.executable, "-m", "policyengine", "serve", str(ROOT / "policies"), "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 2
    assert f"port {port} can't be used" in done.stderr


def test_on_windows_nobody_else_may_listen_at_the_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There SO_REUSEADDR lets any program have the port as well: a second workbench was not told that it is in use."""
    monkeypatch.setattr("policyengine.web.server.os", Windows())
    with Workbench(Desk(ROOT / "policies", tmp_path)) as workbench:
        assert workbench.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
@pytest.mark.parametrize(("system", "opened"), [("posix", "file:///t/%E5%BC%A0/open.html"), ("nt", "/t/张/open.html")])
def test_windows_opens_a_page_by_its_path(system: str, opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads the bytes behind % by its code page: nothing opened where the user's name is Chinese."""
    names: list[str] = []
    monkeypatch.setattr("webbrowser.open", names.append)
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: 0)
    monkeypatch.setattr(Windows, "name", system)
    monkeypatch.setattr("policyengine.cli.serve.os", Windows())
    _open("http://127.0.0.1:1/?key=k", Path("/t/张"))
    assert names == [opened]
