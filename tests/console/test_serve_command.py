"""`wearaffect serve` as somebody at a terminal meets it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from made_sessions import make_session
from served_console import Served, start

from wearaffect.recording.recover import recover
from wearaffect.recording.sealed import new_key, public_key
from wearaffect.recording.verify import verify


def refused(*options: object) -> str:
    """What a server says that doesn't start."""
    words = [sys.executable, "-m", "wearaffect.cli", "serve", *map(str, options)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    return done.stderr


Serve = Callable[..., Served]


def test_what_it_says_at_the_start(serve: Serve, tmp_path: Path) -> None:
    make_session(tmp_path / "sessions" / "whole")
    make_session(tmp_path / "sessions" / "cut", close=False)
    served = serve()
    port = served.host.rpartition(":")[2]
    assert f"Recordings go to  {tmp_path / 'sessions'}" in served.said
    assert f"http://127.0.0.1:{port}/#token=" in served.said
    assert f"http://127.0.0.1:{port}/form#token=" in served.said
    assert f"adb reverse tcp:{port} tcp:{port}" in served.said
    assert "Not closed        cut" in served.said
    assert "whole" not in served.said
    operator = served["operator"]
    unsound = operator.post("/api/sessions/cut/verify").json()
    assert unsound["ok"] is False
    assert unsound["problems"]
    assert operator.post("/api/sessions/cut/recover").json() == {"name": "cut-recovered"}
    assert verify(tmp_path / "sessions" / "cut-recovered").ok
    again = operator.post("/api/sessions/cut/recover")
    assert again.status_code == 409
    assert "something is there already" in again.json()["error"]["what"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sitting_that_runs_is_closed_properly(serve: Serve, number: int) -> None:
    served = serve()
    name = served.prepare().json()["name"]
    with served.socket("operator") as page:
        for _ in range(3):
            page.recv(30)
        served.stop(number)
    assert served.process.returncode == 0
    assert f"{name} has been closed" in served.said
    found = verify(served.root / name)
    assert found.ok, found.problems


def entered(served: Served, line: str) -> httpx.Response:
    """What a new browser gets for an address that the server says."""
    token = line.strip().partition("#token=")[2]
    return served.fresh().post("/api/enter", json={"token": token})


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="the system has no such signal")
def test_a_signal_gives_another_address(serve: Serve) -> None:
    served = serve()
    assert f"kill -USR1 {served.process.pid}" in served.said
    for _ in range(2):
        served.process.send_signal(signal.SIGUSR1)
        line = served.hear("Open ")
        assert entered(served, line).json() == {"role": "operator"}
        assert entered(served, line).status_code == 401


def test_enter_in_the_terminal_gives_another_address(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    served = start(tmp_path / "sessions", stdin=theirs)
    try:
        assert "Press Enter for a new address." in served.said
        for _ in range(2):
            os.write(ours, b"\n")
            assert entered(served, served.hear("Open ")).json() == {"role": "operator"}
    finally:
        served.stop()
        os.close(ours)
        os.close(theirs)
    assert served.process.returncode == 0
    assert not served.log.read_text()


def hanging(served: Served) -> Path:
    """Record, and have the disk take nothing more: closing waits for a pipe that nobody reads."""
    folder = served.root / served.prepare().json()["name"]
    with served.socket("operator") as page:
        for _ in range(3):
            page.recv(30)
    os.mkfifo(folder / "session.tmp")
    return folder


def recovered(folder: Path) -> bool:
    (folder / "session.tmp").unlink()
    recover(folder, folder.with_name("whole"))
    return verify(folder.with_name("whole")).ok


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_second_ctrl_c_ends_it_at_once(serve: Serve) -> None:
    served = serve()
    folder = hanging(served)
    served.process.send_signal(signal.SIGINT)
    assert "Ctrl-C again ends it at once" in served.hear("Stopping")
    with pytest.raises(subprocess.TimeoutExpired):
        served.process.wait(timeout=1)
    served.stop(signal.SIGINT)
    assert served.process.returncode == -signal.SIGINT
    assert recovered(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_closing_that_hangs_is_given_up(tmp_path: Path) -> None:
    code = (
        "import wearaffect.clinic.console.terminal as t; t._PATIENCE_S = 1.0;"
        "from wearaffect.cli.main import main; main()"
    )
    served = start(tmp_path / "sessions", program=("-c", code))
    folder = hanging(served)
    said = served.stop(signal.SIGINT)
    assert "Closing took too long" in said
    assert served.process.returncode == 1
    assert recovered(folder)


def test_two_servers_dont_share_a_folder(serve: Serve) -> None:
    first = serve()
    said = refused("--session-root", first.root, "--port", 0)
    assert "another server has the folder" in said
    assert "--session-root" in said
    first.stop()
    assert serve()["operator"].get("/api/sessions").json() == []


def test_a_killed_server_leaves_the_folder_free(serve: Serve) -> None:
    first = serve()
    name = first.prepare().json()["name"]
    first.stop(signal.SIGKILL)
    second = serve()
    assert f"Not closed        {name}" in second.said
    made = second["operator"].post(f"/api/sessions/{name}/recover").json()["name"]
    found = verify(second.root / made)
    assert found.ok, found.problems


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused("--session-root", tmp_path / "s", "--port", port)
    assert f"port {port} can't be used" in said
    assert "--port 0" in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--site", "p1"], "expected a site"),
        (["--seal-to", "abc"], "--seal-to"),
        (["--protocols", "nowhere"], "expected a folder"),
        (["--device", "nothing:"], "unknown driver"),
        (["--model", "no-such-model"], "no-such-model"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: list[str], says: str) -> None:
    assert says in refused("--session-root", tmp_path / "s", "--port", 0, *options)


def test_a_protocol_that_isnt_one_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.yaml").write_text("name: mine\n", encoding="utf-8")
    said = refused("--session-root", tmp_path / "s", "--protocols", tmp_path / "own")
    assert "mine.yaml" in said
    assert "title" in said


def test_recordings_are_sealed_on_request(serve: Serve) -> None:
    pytest.importorskip("cryptography")
    served = serve("--seal-to", public_key(new_key()).hex())
    assert "(sealed)" in served.said
    assert served["operator"].get("/api/desk").json()["sealing"] is True
    name = served.prepare().json()["name"]
    served.stop()
    assert sorted(path.name for path in (served.root / name).iterdir()) == [
        "session.json", "session.sealed",
    ]  # fmt: skip


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; from importlib import metadata; import wearaffect.cli.extras as e;"
        "there = metadata.version;\n"
        "def version(name):\n"
        "    if name == 'fastapi': raise metadata.PackageNotFoundError(name)\n"
        "    return there(name)\n"
        "e.metadata.version = version; sys.argv = ['wearaffect', 'serve'];"
        "from wearaffect.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'wearaffect[console]'" in done.stderr
    assert not (tmp_path / "sessions").exists()


def test_what_the_system_refuses_is_a_problem_too(serve: Serve) -> None:
    served = serve()
    make_session(served.root / "one")
    (served.root / "exports").write_text("in the way", encoding="utf-8")
    order = {"formats": ["e4"], "shift_time": False}
    answer = served["operator"].post("/api/sessions/one/export", json=order)
    assert answer.status_code == 409
    assert "refuses" in answer.json()["error"]["what"]


def test_secrets_are_in_no_file(serve: Serve) -> None:
    served = serve()
    secrets = [served.token("viewer"), *served["operator"].cookies.values()]
    secrets += re.findall(r"#token=(\S+)", served.said)
    served.stop()
    files = [path for path in served.root.rglob("*") if path.is_file()]
    kept = [path.read_text(errors="replace") for path in [served.log, *files]]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if any(secret in text for text in kept)]
