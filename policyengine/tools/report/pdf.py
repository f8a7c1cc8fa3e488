"""An HTML file goes in, a PDF comes out, printed by a Chromium that is on the machine; nothing is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.messages import say
from policyengine.progress import told
from policyengine.whole import whole_file

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 1800  # a batch of some ten thousand certificates


def browser() -> str:
    """The program. Raises ``PolicyError`` PE550 where there is none."""
    found = next((p for n in NAMES if (p := shutil.which(n) or _registered(n))), None)
    if found is None:
        text = say("printing PDF needs Chromium, Chrome or Edge, none of which is installed",
                   "输出 PDF 需要 Chromium、Chrome 或 Edge，均未安装")  # fmt: skip
        hint = say("install one (Debian: apt-get install chromium), or print the HTML from any browser",
                   "请安装其一（Debian：apt-get install chromium），或用浏览器打印 HTML")  # fmt: skip
        raise PolicyError([Diagnostic("PE550", text, hint=hint)])
    return found


def _registered(name: str) -> str | None:
    """Where Windows has noted a program: browsers are not on its PATH."""
    if sys.platform != "win32":
        return None
    import winreg

    for whose in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        with suppress(OSError):
            place = winreg.QueryValue(whose, rf"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\{name}.exe")
            if found := shutil.which(place.strip('"')):
                return found
    return None


def print_pdf(page: Path, out: Path) -> None:
    """Print ``page`` to ``out``, which appears whole or not at all."""
    program = browser()
    # on Windows a part of the browser may still have its profile open
    with tempfile.TemporaryDirectory(prefix="policyengine-", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "out.pdf"
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses root with its sandbox; the page is our own
        command += [f"--print-to-pdf={made}", page.resolve().as_uri()]
        told(None, say("printing to PDF", "输出 PDF"))
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode or not made.is_file():
            text = say("Chromium could not print the page", "Chromium 未能输出 PDF")
            hint = say("print fewer people at a time with --person", "请用 --person 分批输出")
            raise PolicyError([Diagnostic("PE551", text, hint=hint)])
        with whole_file(out) as new:
            shutil.copyfile(made, new)  # from another file system, it may be
