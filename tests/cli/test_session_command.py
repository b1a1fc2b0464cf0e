"""`session verify|recover|info|export|erase`: what a person does with a recording afterwards."""

import json
import shutil
from pathlib import Path

import pytest

from wearaffect.core.streams import Marker
from wearaffect.recording.opening import open_session


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Thirty seconds of a synthetic device, closed."""
    from wearaffect.devices.registry import open_device
    from wearaffect.pipeline.live import run_live
    from wearaffect.recording.journal import JournalWriter

    folder = tmp_path_factory.mktemp("recorded") / "s"
    device = open_device("synthetic:?speed=0&duration_s=30&seed=3")
    run_live([device], None, [JournalWriter(folder, participant="P-01", device="synthetic")])
    return folder


@pytest.fixture
def damaged(recorded, tmp_path):
    """A copy of it with a flipped bit in the middle, and without its end."""
    folder = tmp_path / "damaged"
    shutil.copytree(recorded, folder, ignore=shutil.ignore_patterns("streams"))
    content = bytearray((folder / "session.mcap").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "session.mcap").write_bytes(content)
    return folder


def test_a_good_session_is_verified(run, read_json, recorded, tmp_path):
    ran = run("session", "verify", recorded, "--json", tmp_path / "v.json")
    assert (ran.code, ran.err) == (0, "")
    assert "ok: closed, whole and unchanged" in ran.out
    found = read_json(tmp_path / "v.json")
    assert list(found) == ["ok", "closed", "streams", "problems", "audit_head", "sha256"]
    assert (found["ok"], found["closed"], found["problems"]) == (True, True, [])
    for account in found["streams"].values():
        assert list(account) == ["loss_evidence", "expected", "stored", "lost_in_gaps", "damaged"]
    header = read_json(recorded / "session.json")
    assert found["streams"] == header["streams"]
    for name in ("audit_head", "sha256"):  # what the report says to compare
        assert found[name] == header[name]
        assert found[name] in ran.out


def test_a_damaged_session_is_told_and_recovered(run, damaged, read_json, tmp_path):
    ran = run("session", "verify", damaged, "--json", "-")
    assert ran.code == 1
    assert ran.err.count("error: ") == 1
    assert "CorruptRecordingError" in ran.err
    found = json.loads(ran.out)
    assert found["ok"] is False
    assert found["closed"] is True
    assert any("damaged" in problem for problem in found["problems"])
    ran = run("session", "recover", damaged, "--out", tmp_path / "new", "--json", tmp_path / "j")
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "j")
    assert result["ok"] is True
    assert result["lost"]
    assert run("session", "verify", tmp_path / "new").code == 0
    assert open_session(tmp_path / "new").problems == ()
    ran = run("session", "recover", damaged, "--out", tmp_path / "new")
    assert ran.code == 1
    assert "RecordingExistsError" in ran.err


def test_what_a_session_is(run, read_json, recorded, tmp_path):
    ran = run("session", "info", recorded, "--json", tmp_path / "i.json")
    assert ran.code == 0, ran.err
    about = read_json(tmp_path / "i.json")
    assert about["participant"] == "P-01"
    assert about["closed"] is True
    assert about["duration_s"] == pytest.approx(30, abs=1)
    assert about["started"].endswith("+00:00")
    session = open_session(recorded)
    assert {name: s["n_samples"] for name, s in about["streams"].items()} == {
        name: stream.n_samples for name, stream in session.streams.items()
    }
    assert "P-01" in ran.out
    assert (about["n_markers"], about["n_undone"]) == (0, 0)
    assert "\n0 markers\n" in ran.out


@pytest.fixture
def sat(tmp_path):
    """A session in a console's folder, with acts on markers and a consent that was changed."""
    from wearaffect.recording.journal import JournalSettings, JournalWriter

    agreed = {"recording": True, "estimates": True, "sharing": True}
    settings = JournalSettings(about={"consent": agreed})
    journal = JournalWriter(tmp_path / "root" / "s", participant="P-01", settings=settings)
    journal.start((), 0)
    for number, label in enumerate(("door", "spoke")):
        journal.audit(
            "operator", "marker set",
            new={"id": number, "label": label, "at_ns": 5, "act": number, "time_ns": 5,
                 "protocol": {}},
        )  # fmt: skip
        journal.event(Marker(5, label))
    journal.audit("operator", "marker undone", new={"id": 1, "act": 2, "time_ns": 6})
    taken_back = {**agreed, "sharing": False, "act": 3, "time_ns": 7}
    journal.audit("operator", "consent noted", old=agreed, new=taken_back)
    journal.close()
    return tmp_path / "root" / "s"


def test_how_many_markers_hold(run, sat):
    ran = run("session", "info", sat)
    assert ran.code == 0, ran.err
    assert "\n1 marker, 1 undone\n" in ran.out


def test_that_sharing_wasnt_agreed_to_is_said(run, read_json, sat, recorded, tmp_path):
    said = "the participant has not agreed that data leave this site"
    words = ("--format", "xdf", "--json", tmp_path / "e.json")
    ran = run("session", "export", sat, "--out", tmp_path / "a", *words)
    assert ran.code == 0, ran.err
    assert said in ran.out  # it was agreed to at first
    assert read_json(tmp_path / "e.json")["sharing"] is False
    ran = run("session", "export", recorded, "--out", tmp_path / "b", *words)
    assert said not in ran.out
    assert read_json(tmp_path / "e.json")["sharing"] is None


def test_exports_are_erased_with_their_session(run, read_json, sat, tmp_path):
    exports = sat.parent / "exports"
    for name, file in (("s", "a.zip"), ("s", "mine.txt"), ("t", "b.zip")):
        (exports / name).mkdir(parents=True, exist_ok=True)
        (exports / name / file).write_text("x")
    (exports / "s" / "c.making").mkdir()
    (exports / "s" / "c.making" / "half").write_text("x")
    ran = run("session", "erase", sat)
    assert ran.code == 2
    assert str(exports / "s" / "a.zip") in ran.out
    assert (exports / "s" / "a.zip").exists()
    ran = run("session", "erase", sat, "--yes", "--json", tmp_path / "j")
    assert ran.code == 0, ran.err
    gone = [str(exports / "s" / name) for name in ("a.zip", "c.making")]
    assert read_json(tmp_path / "j")["exports"] == gone
    left = sorted(str(p.relative_to(exports)) for p in exports.rglob("*") if p.is_file())
    assert left == ["s/mine.txt", "t/b.zip"]
    assert not sat.exists()


def test_exports_are_looked_for_beside_the_session_and_nowhere_else(run, sat, monkeypatch):
    """Also where its folder is the one that one is in; a link isn't followed."""
    outside = sat.parent / "elsewhere"
    outside.mkdir()
    (outside / "a.zip").write_text("x")
    (sat.parent / "exports").mkdir()
    (sat.parent / "exports" / "b.zip").write_text("x")
    (sat.parent / "exports" / "s").symlink_to(outside)
    monkeypatch.chdir(sat)
    assert run("session", "erase", ".").code == 2
    ran = run("session", "erase", sat, "--yes")
    assert ran.code == 0, ran.err
    assert (outside / "a.zip").exists()
    assert (sat.parent / "exports" / "b.zip").exists()


def test_erasing_asks_first(run, recorded, tmp_path):
    folder = tmp_path / "s"
    shutil.copytree(recorded, folder)
    (folder / "mine.txt").write_text("mine")
    ran = run("session", "erase", folder)
    assert ran.code == 2
    assert "--yes" in ran.err
    assert (folder / "session.mcap").exists()
    ran = run("session", "erase", folder, "--yes")
    assert ran.code == 0, ran.err
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]
    assert "mine.txt" in ran.out
    ran = run("session", "erase", folder, "--yes")
    assert ran.code == 1
    assert "not a session folder" in ran.err


@pytest.mark.parametrize("command", ["verify", "info", "recover", "export", "erase"])
def test_a_missing_session_is_named(run, tmp_path, command):
    more = {"recover": ["--out", tmp_path / "o"], "erase": ["--yes"]}.get(command, [])
    if command == "export":
        more = ["--format", "parquet", "--out", tmp_path / "o"]
    ran = run("session", command, tmp_path / "absent", *more)
    assert ran.code == 1
    assert "RecordingNotFoundError" in ran.err


def test_a_session_is_exported(run, read_json, recorded, tmp_path):
    words = ("--out", tmp_path / "out", "--json", tmp_path / "e.json")
    ran = run("session", "export", recorded, "--format", "parquet, xdf", *words)
    assert ran.code == 0, ran.err
    files = read_json(tmp_path / "e.json")["files"]
    assert files
    assert {file.rpartition("/")[2] for file in files} >= {"parquet"}
    for file in files:
        assert file in ran.out
        assert Path(file).exists()
        assert (tmp_path / "out") in Path(file).parents
    ran = run("session", "export", recorded, "--format", "word", "--out", tmp_path / "other")
    assert ran.code == 2
    assert "word" in ran.err


def test_a_sealed_session_is_opened_with_its_key(run, tmp_path):
    pytest.importorskip("cryptography")
    from wearaffect.recording.journal import JournalSettings, JournalWriter

    ran = run("session", "keygen", "--out", tmp_path / "key")
    assert ran.code == 0, ran.err
    assert (tmp_path / "key").stat().st_mode & 0o77 == 0
    recipient = bytes.fromhex(ran.out)
    assert run("session", "keygen", "--out", tmp_path / "key").code == 1
    folder = tmp_path / "s"
    settings = JournalSettings(seal_to=recipient)
    journal = JournalWriter(folder, participant="P-01", settings=settings)
    journal.start((), 0)
    journal.close()
    ran = run("session", "verify", folder)
    assert ran.code == 1
    assert "unseal" in ran.err
    words = ("--key", tmp_path / "key", "--out", tmp_path / "open")
    assert run("session", "unseal", folder, *words).code == 0
    assert run("session", "verify", tmp_path / "open").code == 0
    (tmp_path / "bad").write_text("no key")
    ran = run("session", "unseal", folder, "--key", tmp_path / "bad", "--out", tmp_path / "x")
    assert ran.code == 1
    assert "isn't a key" in ran.err
