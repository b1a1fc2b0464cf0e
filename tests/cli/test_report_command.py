"""`wearaffect report`: sessions in, one page out."""

import shutil

import pytest

from wearaffect.recording.journal import JournalSettings, JournalWriter


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Two minutes of a synthetic wristband each: two of one person, one of another."""
    from wearaffect.devices.registry import open_device
    from wearaffect.pipeline.live import run_live

    root = tmp_path_factory.mktemp("sessions")
    for name, code, seed in (("a", "P-01", 3), ("b", "P-01", 4), ("c", "P-02", 5)):
        device = open_device(f"synthetic:?speed=0&duration_s=120&seed={seed}")
        run_live([device], None, [JournalWriter(root / name, participant=code)])
    return root


def test_one_session_gives_a_page_and_data(run, read_json, sessions, tmp_path):
    out = tmp_path / "new" / "r.html"
    ran = run("report", sessions / "a", "--out", out, "--json", tmp_path / "r.json")
    assert ran.code == 0, ran.err
    assert "<h1>P-01</h1>" in out.read_text(encoding="utf-8")
    found = read_json(tmp_path / "r.json")
    (told,) = found["sessions"]
    assert (told["participant"], told["ok"], told["counts"]["windows"]) == ("P-01", True, 0)
    for account in told["streams"].values():
        due = account["stored"] + account["lost_in_gaps"] + account["damaged"]
        assert account["expected"] in {None, due}
    twin = read_json(sessions / "a" / "session.json")
    assert told["audit_head"] == twin["audit_head"]


def test_json_on_stdout_is_nothing_else(run, sessions, tmp_path):
    import json

    ran = run("report", sessions / "a", "--out", tmp_path / "r.html", "--json", "-")
    assert json.loads(ran.out)["file"] == str(tmp_path / "r.html")


def test_a_model_that_is_asked_for_estimates_now(run, read_json, sessions, tiny_bundle, tmp_path):
    words = ("report", sessions / "a", "--out", tmp_path / "r.html", "--json", tmp_path / "r.json")
    ran = run(*words, "--model", tiny_bundle)
    assert ran.code == 0, ran.err
    (told,) = read_json(tmp_path / "r.json")["sessions"]
    assert told["estimated_afterwards"]
    assert told["counts"]["windows"] > 0


def test_several_sessions_of_one_person(run, sessions, tmp_path):
    ran = run("report", sessions / "a", sessions / "b", "--out", tmp_path / "r.html")
    assert ran.code == 0, ran.err
    assert "Sittings side by side" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_several_people_are_refused(run, sessions, tmp_path):
    ran = run("report", sessions / "a", sessions / "c", "--out", tmp_path / "r.html")
    assert ran.code == 1
    assert "another participant" in ran.err
    assert not (tmp_path / "r.html").exists()


def test_a_sealed_session_is_refused_with_what_to_do(run, tmp_path):
    pytest.importorskip("cryptography")
    from wearaffect.core.streams import Channel, SignalKind, StreamInfo
    from wearaffect.core.units import Unit
    from wearaffect.recording.sealed import new_key, public_key

    info = StreamInfo("w.eda", SignalKind.EDA, (Channel("eda", Unit.MICROSIEMENS),), 4.0)
    settings = JournalSettings(seal_to=public_key(new_key()))
    writer = JournalWriter(tmp_path / "s", participant="P-01", settings=settings)
    writer.start([info], 0)
    writer.close()
    ran = run("report", tmp_path / "s", "--out", tmp_path / "r.html")
    assert ran.code == 1
    assert "is sealed" in ran.err
    assert "session unseal" in ran.err


def test_what_is_not_a_session_is_named(run, tmp_path):
    ran = run("report", tmp_path / "nothing", "--out", tmp_path / "r.html")
    assert (ran.code, "nothing there" in ran.err) == (1, True)
    ran = run("report", tmp_path, "--out", tmp_path / "r.html")
    assert (ran.code, "not a session folder" in ran.err) == (1, True)


def test_usage(run, sessions, tmp_path):
    assert run("report", "--out", tmp_path / "r.html").code == 2
    rest = run("report", sessions / "a", "--out", tmp_path / "r.html", "--rest", "0:200")
    assert rest.code == 2


def test_a_kind_of_file_is_refused_before_the_work(run, sessions, tmp_path):
    shutil.copytree(sessions / "a", tmp_path / "s")
    ran = run("report", tmp_path / "s", "--out", tmp_path / "r.txt")
    assert ran.code == 1
    assert ".pdf" in ran.err
