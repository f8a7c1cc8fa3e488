"""A signed result is sound under its key only; no byte of it can be flipped; pseudonyms hide who is meant."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from policyengine.cli import main
from policyengine.diagnostics import PolicyError
from policyengine.records.personal import pseudonymiser
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.pseudonymise import pseudonymised
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.publish.publish import publish
from policyengine.tools.report.make import write_certificates, write_report, write_workbook
from policyengine.tools.result.read import read_result
from policyengine.tools.result.result import save
from policyengine.tools.result.sign import Signer
from policyengine.tools.result.verify import verify
from policyengine.tools.result.write import digest, manifest_bytes
from policyengine.tools.stats.make import statistics


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    kinds = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *kinds))
    shown = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(*shown))
    return private, public


@pytest.fixture(scope="session")
def signed(of_2016: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A signed result, the key that signed it, and another's."""
    folder = tmp_path_factory.mktemp("signed")
    private, public = key_pair(folder, "office")
    return save(of_2016, folder / "out", sign=Signer(private)), public, key_pair(folder, "other")[1]


def codes(folder: Path, key: Path | None = None) -> list[str]:
    return [d.code for d in verify(folder, (), key)]


def test_who_signed(signed: tuple[Path, Path, Path], of_2016: Evaluation, tmp_path: Path) -> None:
    out, key, other = signed
    assert codes(out, key) == []
    assert codes(out, other) == ["PE562"]
    assert codes(out) == ["PE563"]
    plain = save(of_2016, tmp_path / "plain")
    assert codes(plain) == []
    assert codes(plain, key) == ["PE560"]


def test_signed_over_an_unsigned_and_back(signed: tuple[Path, Path, Path], of_2016: Evaluation, tmp_path: Path) -> None:
    shutil.copytree(signed[0], tmp_path / "out")
    assert not (save(of_2016, tmp_path / "out") / "manifest.sig").exists()


def test_any_flipped_byte_is_found(signed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Also where whoever flips it seals the manifest anew: only the key makes a signature. With the key and without
    it, in turn."""
    shutil.copytree(signed[0], tmp_path / "out")
    rng = random.Random(7)
    for n in range(150):
        path = rng.choice(sorted((tmp_path / "out").iterdir()))
        content = path.read_bytes()
        if content:
            place = rng.randrange(len(content))
            path.write_bytes(content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :])
            found = verify(tmp_path / "out", (), signed[1] if n % 2 else None)
            assert any(d.severity == "error" for d in found), (path.name, place, n)
            path.write_bytes(content)


def test_a_manifest_sealed_anew_is_found(signed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    from policyengine.tools.result.write import manifest_bytes

    shutil.copytree(signed[0], tmp_path / "out")
    manifest = dict(read_result(tmp_path / "out").manifest)
    manifest["engine"] = {"name": "other", "version": "1"}
    (tmp_path / "out" / "manifest.json").write_bytes(manifest_bytes(manifest))
    assert codes(tmp_path / "out", signed[1]) == ["PE561"]


def test_keys_that_are_none(tmp_path: Path, signed: tuple[Path, Path, Path]) -> None:
    (tmp_path / "k").write_text("no key")
    with pytest.raises(PolicyError, match="PE564"):
        Signer(tmp_path / "k")
    with pytest.raises(PolicyError, match="PE564"):
        verify(signed[0], (), tmp_path / "k")


def test_nothing_is_made_of_a_changed_result(signed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """The decisions changed, and then their digest with them: the signature tells."""
    out = tmp_path / "out"
    shutil.copytree(signed[0], out)
    table, manifest = out / "decisions.csv", read_result(signed[0]).manifest
    making: list[Callable[[], object]] = [
        lambda: statistics([str(out)]),
        lambda: write_report(str(out), tmp_path / "r.html"),
        lambda: write_workbook(str(out), tmp_path / "r.xlsx"),
        lambda: write_certificates(str(out), tmp_path / "c.html"),
    ]

    def refused() -> list[str]:
        found = []
        for make in making:
            with pytest.raises(PolicyError) as e:
                make()
            found += [d.code for d in e.value.diagnostics]
        return found

    for make in making:
        make()
    table.write_text(table.read_text(encoding="utf-8").replace("not_met", "met", 1), encoding="utf-8")
    assert refused() == ["PE543"] * 4
    manifest["tables"]["decisions"]["sha256"] = digest(table)
    (out / "manifest.json").write_bytes(manifest_bytes(manifest))
    assert refused() == ["PE561"] * 4


def test_pseudonyms(of_2016: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"0123456789abcdef\n")
    hide = pseudonymiser(b"0123456789abcdef")
    out = save(pseudonymised(of_2016, tmp_path / "key"), tmp_path / "out")
    assert verify(out) == []
    written = read_result(out)
    expected = {hide(d.person_id): d.outcome for d in of_2016.result.decisions}
    assert {d.person_id: d.outcome for d in written.decisions()} == expected
    assert "A1" not in (out / "ledger.csv").read_text().replace("R0A1", "")
    made = statistics([str(out)])
    assert [n.code for n in made.notes] == ["PE530"]
    assert "--records" not in str(made.notes[0].hint)  # naming the files would not help: they know no pseudonyms
    publish(out, str(tmp_path / "status.duckdb"))
    again = statistics([str(tmp_path / "status.duckdb")])
    assert again.tables == made.tables
    assert [(n.code, "have pseudonyms here" in n.message) for n in again.notes] == [("PE530", True)]
    (tmp_path / "short").write_bytes(b"secret")
    with pytest.raises(PolicyError, match="PE565"):
        pseudonymised(of_2016, tmp_path / "short")


def test_warnings_show_nothing_of_ids_beside_pseudonyms(county: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"0123456789abcdef")
    wrong = "510101199001010017"  # its last digit should be 6
    (tmp_path / "persons.csv").write_text(f"person_id,name\n{wrong},Ida\n", encoding="utf-8")
    (tmp_path / "kinds.csv").write_text("person_id,kind,from,to\nZ77777,just_cause,2016-01-01,\n", encoding="utf-8")
    files = Files((str(county / "records.csv"),), str(tmp_path / "persons.csv"), str(tmp_path / "kinds.csv"))
    judged = evaluate_files(load_law(county / "policies" / "county"), files, (2016, 2016))
    assert [text in " ".join(judged.inputs.warnings) for text in ("A*", "Z***77", "510101********0017")] == [True] * 3
    out = save(pseudonymised(judged, tmp_path / "key"), tmp_path / "out")
    notes = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["warnings"]["notes"]
    assert len(notes) == 3
    assert "*" not in "".join(notes)
    assert any(note.endswith("… (checksum)") for note in notes)


def test_command(county: Path, tmp_path: Path) -> None:
    private, public = key_pair(tmp_path, "k")
    (tmp_path / "key").write_bytes(b"0123456789abcdef")
    run = lambda *a: CliRunner().invoke(main, [str(x) for x in a])
    out = tmp_path / "out"
    given = ("evaluate", county / "records.csv", "--policy", county / "policies" / "county", "--period", "2016")
    done = run(*given, "--out", out, "--sign", private, "--pseudonymise", tmp_path / "key")
    assert done.exit_code == 0, done.output
    assert run("verify", out, "--key", public).exit_code == 0
    assert "A1" not in (out / "decisions.csv").read_text()
    assert run(*given, "--sign", private).exit_code == 2
