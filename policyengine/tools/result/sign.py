"""A manifest and a private key go in, a signature file comes out; with the public key anybody can tell who signed.

Ed25519 (RFC 8032) through ``cryptography``. The manifest holds the digest of every table, so its signature covers the
whole result. The file names the key that signed; ``--key`` says which key is trusted.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span, not_installed
from policyengine.messages import say
from policyengine.tools.result.write import MANIFEST, SIGNATURE


class Signer:
    """Signs with the private key in a PEM file (``openssl genpkey -algorithm ed25519 -out key.pem``)."""

    def __init__(self, path: str | Path):
        crypto = _library()
        key = _loaded(path, crypto.serialization.load_pem_private_key, "private", None)
        if not isinstance(key, crypto.ed25519.Ed25519PrivateKey):
            raise _unusable(path, "private")
        self._key = key
        self._public = key.public_key().public_bytes_raw()

    def __call__(self, manifest: bytes) -> bytes:
        """The content of the signature file."""
        return _content(self._public, self._key.sign(manifest))


def _content(public: bytes, signature: bytes) -> bytes:
    said = {"algorithm": "ed25519", "key": _text(public), "signature": _text(signature)}
    return json.dumps(said, indent=1).encode() + b"\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def check_signature(folder: Path, public_key: str | Path | None) -> list[Diagnostic]:
    """What is wrong with the signature of the result in ``folder``; with a key, also where there is none (PE560).

    PE561: the signature is not of this manifest. PE562: another key has signed.
    """
    path = folder / SIGNATURE
    if not path.is_file():
        return [] if public_key is None else [_unsigned(folder)]
    crypto = _library()
    trusted = _public(public_key, crypto) if public_key is not None else None
    content = path.read_bytes()
    signed = _parts(content)
    if signed is None or not _holds(crypto, signed, (folder / MANIFEST).read_bytes()):
        text = say("the signature is not of this manifest: one of them was changed", "签名与清单不符：其中之一被改动")
        return [Diagnostic("PE561", text, Span(str(path)))]
    if trusted is not None and trusted != signed[0]:
        return [_anothers(path)]
    if trusted is None:
        text = say("signed, but by whom is not checked", "已签名，但未核对签名者")
        hint = say("say --key PUB.pem", "请加 --key 公钥.pem")
        return [Diagnostic("PE563", text, Span(str(path)), hint, severity="note")]
    return []


def not_vouched(folder: Path, sign: Callable[[bytes], bytes] | None) -> list[Diagnostic]:
    """Why rows of the result in ``folder`` can't be taken over: its signature does not hold (PE561), or, where ``sign``
    is to sign them, that key has not signed them before (PE560, PE562).

    An Ed25519 signature of the same bytes by the same key is the same.
    """
    found = [d for d in check_signature(folder, None) if d.severity == "error"]
    if found or sign is None:
        return found
    path = folder / SIGNATURE
    if not path.is_file():
        return [_unsigned(folder)]
    return [] if path.read_bytes() == sign((folder / MANIFEST).read_bytes()) else [_anothers(path)]


def _unsigned(folder: Path) -> Diagnostic:
    text = say("this result is not signed", "该结果没有签名")
    hint = say("evaluate --sign KEY signs a result", "evaluate --sign 密钥 可对结果签名")
    return Diagnostic("PE560", text, Span(str(folder)), hint)


def _anothers(path: Path) -> Diagnostic:
    text = say("another key has signed this result", "该结果由另一把密钥签名")
    hint = say("ask whoever sent it for their public key", "请向提供者索取公钥")
    return Diagnostic("PE562", text, Span(str(path)), hint)


def _parts(content: bytes) -> tuple[bytes, bytes] | None:
    """Public key and signature; None where the file is not, byte for byte, as we write it."""
    try:
        said = json.loads(content)
        parts = base64.b64decode(said["key"], validate=True), base64.b64decode(said["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
    return parts if _content(*parts) == content else None


def _holds(crypto: Any, signed: tuple[bytes, bytes], manifest: bytes) -> bool:
    try:
        crypto.ed25519.Ed25519PublicKey.from_public_bytes(signed[0]).verify(signed[1], manifest)
    except (crypto.InvalidSignature, ValueError):
        return False
    return True


def _public(path: str | Path, crypto: Any) -> bytes:
    key = _loaded(path, crypto.serialization.load_pem_public_key, "public")
    if not isinstance(key, crypto.ed25519.Ed25519PublicKey):
        raise _unusable(path, "public")
    raw: bytes = key.public_bytes_raw()
    return raw


def _loaded(path: str | Path, load: Any, kind: str, *more: Any) -> Any:
    content = Path(path).read_bytes()
    try:
        return load(content, *more)
    except (ValueError, TypeError):
        raise _unusable(path, kind) from None


def _unusable(path: str | Path, kind: str) -> PolicyError:
    if kind == "private":
        text = say("this is no Ed25519 private key in PEM without a password", "这不是无口令的 Ed25519 私钥（PEM）")
        hint = "openssl genpkey -algorithm ed25519 -out key.pem"
    else:
        text = say("this is no Ed25519 public key in PEM", "这不是 Ed25519 公钥（PEM）")
        hint = "openssl pkey -in key.pem -pubout -out pub.pem"
    return PolicyError([Diagnostic("PE564", text, Span(str(path)), hint)])


def _library() -> Any:
    try:
        from types import SimpleNamespace

        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        text = say("signatures need cryptography, which is not installed", "签名需要 cryptography，尚未安装")
        raise not_installed(text, "sign") from None
    return SimpleNamespace(InvalidSignature=InvalidSignature, serialization=serialization, ed25519=ed25519)
