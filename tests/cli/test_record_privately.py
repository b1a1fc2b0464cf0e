"""`record` and `session`: room for what is planned, sealed recordings, and whose device it was."""

import json
import shutil
from pathlib import Path

import pytest

from wearaffect.recording.opening import open_session
from wearaffect.recording.pseudonyms import KEY_FILE


@pytest.fixture
def record(run, tmp_path):
    """Ten seconds of a synthetic device into a folder."""

    def call(*more: object, device: str = "synthetic:?speed=0&duration_s=10&seed=3"):
        words = ("--device", device, "--participant", "P-01", "--out", tmp_path / "s")
        return run("record", *words, *more)

    return call


def test_a_recording_that_the_disk_has_no_room_for_does_not_begin(record, tmp_path):
    century_s = 100 * 365 * 86_400
    ran = record("--seconds", century_s)
    assert ran.code == 1
    assert "not enough room on the disk to start" in ran.err
    assert not (tmp_path / "s").exists()


def test_a_sealed_recording_is_read_by_the_holder_of_the_key_alone(run, record, tmp_path):
    pytest.importorskip("cryptography")
    key = tmp_path / "key"
    public = run("session", "keygen", "--out", key).out
    (tmp_path / "key.pub").write_text(public)
    ran = record("--seal-to", tmp_path / "key.pub")
    assert ran.code == 0, ran.err
    assert (tmp_path / "s" / "session.sealed").exists()
    assert not (tmp_path / "s" / "session.mcap").exists()
    assert run("session", "export", tmp_path / "s", "--format", "xdf", "--out", tmp_path).code == 1
    opened = tmp_path / "open"
    assert run("session", "unseal", tmp_path / "s", "--key", key, "--out", opened).code == 0
    assert run("session", "verify", opened).code == 0
    assert open_session(opened).duration_s == pytest.approx(10, abs=1)


def test_the_key_may_be_typed_and_the_wrong_half_is_refused(run, record, tmp_path):
    pytest.importorskip("cryptography")
    key = tmp_path / "key"
    public = run("session", "keygen", "--out", key).out.strip()
    for told, why in ((key, "is the private key"), ("no such", "no public key there")):
        ran = record("--seal-to", told)
        assert ran.code == 1
        assert why in ran.err
        assert not (tmp_path / "s").exists()
    (tmp_path / "half").write_text(public[:40])
    assert "isn't a key" in record("--seal-to", tmp_path / "half").err
    assert record("--seal-to", public).code == 0


@pytest.mark.parametrize("keep", [False, True])
def test_an_address_is_kept_only_where_that_is_asked_for(run, record, tmp_path, keep, caplog):
    source = tmp_path / "Roswitha" / "7F3A91C2"
    shutil.copytree(Path(__file__).parents[2] / "examples/data/stress_predict_S01", source)
    words = ("--seconds", 5, *(["--keep-addresses"] if keep else []))
    ran = record(*words, device=f"replay:{source}?speed=1000")
    assert ran.code == 0, ran.err
    said = ran.out.replace(str(tmp_path), "") + caplog.text
    for more in ((), ("--json", "-")):
        asked = run("session", "info", tmp_path / "s", *more, *words[2:])
        assert asked.code == 0, asked.err
        said += asked.out.replace(str(tmp_path / "s"), "")
    assert run("report", tmp_path / "s", "--out", tmp_path / "r.html").code == 0
    said += (tmp_path / "r.html").read_text(encoding="utf-8")
    header = json.loads((tmp_path / "s" / "session.json").read_text())
    said += header["device"]
    assert ("7F3A91C2" in said) is keep
    assert ("Roswitha" in said) is keep
    assert (tmp_path / KEY_FILE).exists() is not keep
    assert run("session", "verify", tmp_path / "s").code == 0
    assert run("session", "erase", tmp_path / "s", "--yes").code == 0
    assert not (tmp_path / "s").exists()


def test_an_export_with_other_dates(run, record, read_json, tmp_path):
    pytest.importorskip("pyarrow")
    assert record().code == 0
    started_s = {}
    for name, more in (("as_it_was", ()), ("moved", ("--shift-time",))):
        words = ("--format", "parquet", "--out", tmp_path / name)
        ran = run("session", "export", tmp_path / "s", *words, *more)
        assert ran.code == 0, ran.err
        started_s[name] = read_json(tmp_path / name / "parquet" / "session.json")["wall_start_s"]
    days, rest = divmod(started_s["as_it_was"] - started_s["moved"], 86_400)
    assert 1 <= days <= 365
    assert rest == pytest.approx(0, abs=1e-5)
