"""A whole sitting over the routes, each answer against what the page is written for."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from page_contract import Contract
from served_console import Served, start
from websockets.sync.client import ClientConnection

PROTOCOL = """
name: short
title: {en: Short, de: Kurz}
phases:
  - {name: first, streams: [eda], forms: [affect], markers: [{key: m, label: moved}]}
  - {name: second, length_s: 600, streams: [eda]}
"""
DEVICE = "synthetic:?seed=3&speed=20&duration_s=3600"


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a short protocol and a wearable that runs fast."""
    folder = tmp_path_factory.mktemp("clinic")
    (folder / "short.yaml").write_text(PROTOCOL, encoding="utf-8")
    running = start(folder / "sessions", "--protocols", str(folder), "--device", DEVICE)
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text()


def until(ask: Callable[[], Any]) -> Any:
    """Ask until the answer is true."""
    for _ in range(600):
        found = ask()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came about")


def view(clinic: Served) -> dict[str, Any]:
    return clinic["operator"].get("/api/sitting").json()


def messages(page: ClientConnection, kind: int) -> Iterator[bytes]:
    """What a page hears of one kind."""
    while True:
        message = page.recv(60)
        assert isinstance(message, bytes)
        if message[0] == kind:
            yield message


def begin(clinic: Served, **changes: Any) -> dict[str, Any]:
    answer = clinic.prepare(protocol="short", devices=[DEVICE], **changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(autouse=True)
def _tidy(clinic: Served) -> Iterator[None]:
    """Leave no sitting to the next test."""
    yield
    if view(clinic) is not None:
        close(clinic)


def close(clinic: Served) -> dict[str, Any]:
    """Bring whatever runs to its end, and put it away."""
    now = view(clinic)
    if now["stage"] == "run":
        clinic.act("stop", phase=now["phases"][now["current"]]["name"], reason="enough")
    for page in now["pages"]:
        if page["closed_s"] is None:
            closing = {"act": "close", "id": page["id"], "reason": "enough"}
            clinic["operator"].post("/api/form/acts", json=closing)
    clinic.act("review", reason="enough")
    clinic.act("close", reason="enough")
    closed = until(lambda: view(clinic)["closed"])
    assert clinic["operator"].post("/api/sitting/clear").status_code == 204
    return closed


@pytest.fixture
def fits(contract: Contract) -> Callable[[str, httpx.Response], Any]:
    """Give what an answer says, once it has the shape that the page expects."""

    def checked(kind: str, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        assert contract.complaints(kind, answer.json()) == []
        return answer.json()

    return checked


Fits = Callable[[str, httpx.Response], Any]


def test_what_is_at_hand_before_a_sitting(clinic: Served, fits: Fits) -> None:
    desk = fits("Desk", clinic["operator"].get("/api/desk"))
    assert "short" in [protocol["name"] for protocol in desk["protocols"]]
    assert DEVICE in [device["uri"] for device in desk["devices"]]
    assert clinic["operator"].get("/api/sitting").json() is None
    assert fits("FormView", clinic["participant"].get("/api/form"))["open"] is False
    assert clinic["operator"].get("/api/sitting/overview").status_code == 409


def test_a_page_that_was_there_before_hears_of_the_sitting(
    clinic: Served, contract: Contract
) -> None:
    with clinic.socket("viewer") as page:
        name = begin(clinic)["name"]
        told = json.loads(next(messages(page, 1))[1:])
        assert contract.complaints("View", told) == []
        assert told["name"] == name
        assert len(next(messages(page, 2))) % 8 == 0
        close(clinic)
        name = begin(clinic)["name"]
        heard = (json.loads(message[1:])["name"] for message in messages(page, 1))
        assert name in heard  # and of the next, on the same socket


def test_acts_and_pages_have_the_shape_that_is_expected(clinic: Served, fits: Fits) -> None:
    begin(clinic)
    fits("View", clinic.act("waive_stream", kind="eda", reason="not needed"))
    assert fits("View", clinic.act("start"))["stage"] == "run"
    label = "<script>alert(1)</script>"
    marked = fits("View", clinic.act("mark", label=label, at_s=None, reason=""))
    assert [m["label"] for m in marked["markers"]] == [label]
    until(lambda: view(clinic)["now_s"] > 60)
    now_s = view(clinic)["now_s"]
    changed = {"id": 0, "label": "moved", "at_s": now_s - 5, "reason": "late"}
    fits("View", clinic.act("correct_marker", **changed))
    stretch = {"stream_id": "synthetic.eda", "start_s": 1.0, "end_s": 2.0, "reason": "moved"}
    assert fits("View", clinic.act("mark_artefact", **stretch))["artefacts"][0]["by"] == "operator"
    fits("View", clinic.act("lift_artefact", id=0, reason="it was not"))
    fits("View", clinic.act("end_phase", phase="first", reason=""))
    fits("Overview", clinic["operator"].get("/api/sitting/overview"))


def test_a_participants_form_has_the_shape_that_is_expected(clinic: Served, fits: Fits) -> None:
    begin(clinic)
    clinic.act("start")
    participant = clinic["participant"]

    def act(**act: Any) -> Any:
        return fits("FormView", participant.post("/api/form/acts", json=act))

    assert fits("FormView", participant.get("/api/form"))["due"] == []
    clinic.act("end_phase", phase="first", reason="")
    due = fits("FormView", participant.get("/api/form"))["due"]
    assert [(d["phase"], d["form"]) for d in due] == [("first", "affect")]
    page = act(act="open", form="affect", phase="first")
    assert page["page"]["form"] == "affect"
    number = page["page"]["id"]
    answered = act(act="answer", id=number, item="valence", answer=0.5, reason="")
    assert answered["page"]["answers"] == {"valence": 0.5}
    assert act(act="close", id=number, reason="called away")["page"] is None
    assert view(clinic)["pages"][0]["unfinished"] == "called away"


def test_what_was_closed_is_listed_and_verified(clinic: Served, fits: Fits) -> None:
    operator, name = clinic["operator"], begin(clinic)["name"]
    clinic.act("start")
    until(lambda: view(clinic)["now_s"] > 60)
    assert operator.post("/api/sitting/clear").status_code == 409
    closed = close(clinic)
    assert closed["ok"], closed
    assert closed["report"], closed
    listed = {told["name"]: told for told in fits("SessionFacts[]", operator.get("/api/sessions"))}
    assert listed[name]["closed"]
    assert listed[name]["has_report"]
    assert listed[name]["length_s"] > 60
    verified = fits("Closed", operator.post(f"/api/sessions/{name}/verify"))
    assert verified == closed


@pytest.fixture(scope="module")
def recorded(clinic: Served) -> str:
    """The name of a session that was recorded and closed, with marks an attacker would make."""
    name = begin(clinic)["name"]
    clinic.act("start")
    for label in ("=cmd|' /C calc'!A0", "@SUM(1)", "<script>alert(1)</script>"):
        assert clinic.act("mark", label=label, at_s=None, reason="+1+1").status_code == 200
    until(lambda: view(clinic)["now_s"] > 30)
    close(clinic)
    return name


def test_a_report_runs_nothing_and_loads_nothing(clinic: Served, recorded: str) -> None:
    answer = clinic["viewer"].get(f"/api/sessions/{recorded}/report")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy == [
        "default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "sandbox",
    ]  # fmt: skip
    assert "alert(1)" in answer.text  # told as it was written
    assert "<script>alert(1)" not in answer.text


def exported(clinic: Served, name: str, *formats: str, shift: bool = False) -> zipfile.ZipFile:
    order = {"formats": formats, "shift_time": shift}
    made = clinic["operator"].post(f"/api/sessions/{name}/export", json=order)
    assert made.status_code == 200, made.text
    assert made.json().keys() == {"file", "bytes"}
    file = made.json()["file"]
    answer = clinic["operator"].get(f"/api/sessions/{name}/exports/{file}")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{file}"'
    assert len(answer.content) == made.json()["bytes"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_an_export_is_made_beside_the_session(clinic: Served, recorded: str) -> None:
    before = sorted(path.name for path in (clinic.root / recorded).rglob("*"))
    with exported(clinic, recorded, "bids", "e4") as archive:
        names = archive.namelist()
    assert any(name.endswith("_events.tsv") for name in names)
    assert sorted(path.name for path in (clinic.root / recorded).rglob("*")) == before
    assert not list(clinic.root.glob("exports/**/*.making"))


def test_no_export_holds_a_formula(clinic: Served, recorded: str) -> None:
    told: list[str] = []
    with exported(clinic, recorded, "bids", "e4") as archive:
        for name in archive.namelist():
            if name.endswith((".tsv", ".csv")):
                lines = archive.read(name).decode().splitlines()
                cells = [cell for line in lines for cell in line.replace(",", "\t").split("\t")]
                told += [cell for cell in cells if "cmd" in cell or "SUM" in cell]
                dangerous = [c for c in cells if c.strip('"') and c.strip('"')[0] in "=@+"]
                assert dangerous == [], name
    assert told  # they are there, made harmless


def test_a_shifted_export_doesnt_say_when(clinic: Served, recorded: str) -> None:
    stamp = recorded.rpartition("_")[2]
    with exported(clinic, recorded, "bids", shift=True) as archive:
        assert archive.filename is None or stamp not in archive.filename
        for name in archive.namelist():
            assert stamp not in name
            text = archive.read(name).decode("latin-1")
            assert stamp not in text
            assert f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" not in text
        assert {member.date_time for member in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_one_sitting_at_a_time(clinic: Served) -> None:
    begin(clinic)
    answer = clinic.prepare(protocol="short", devices=[DEVICE])
    assert answer.status_code == 409
    assert answer.json()["error"]["name"] == "SittingError"


def test_what_a_plan_may_name(clinic: Served, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1\n", encoding="utf-8")
    tried = [
        {"devices": [f"replay:{tmp_path}"]},
        {"devices": ["nothing:"]},
        {"devices": []},
        {"protocol": "../short"},
        {"model": "../../models/wrist-affect"},
        {"participant": "P-0001-X"},
        {"participant": "Mrs Miller", "foreign": True},
        {"use": {"setting": "office", "purpose": "research", "grounds": ""}},
        {"consent": {"recording": True}},
        {"surplus": 1},
    ]
    statuses = [clinic.prepare(**changes).status_code for changes in tried]
    assert statuses == [422] * len(tried)
    assert clinic.prepare(rest_from="../x").status_code == 404
    wrong = clinic.prepare(participant="P-0001-X").json()["error"]
    assert wrong["name"] == "ParticipantCodeError"
    assert isinstance(wrong["suggestions"], list)
    assert view(clinic) is None


def test_a_sitting_that_cant_start_says_why(clinic: Served, contract: Contract) -> None:
    answer = clinic.prepare(protocol="short", devices=[DEVICE])
    consent = answer.json()["consent"] | {"recording": False}
    clinic.act("note_consent", consent=consent)
    blocked = clinic.act("start")
    assert blocked.status_code == 409
    problem = blocked.json()["error"]
    assert contract.complaints("Problem", problem) == []
    assert [why["code"] for why in problem["blockers"]] == ["no_consent"]


def test_a_participants_page_fills_what_is_due_and_nothing_else(clinic: Served) -> None:
    begin(clinic)
    clinic.act("start")
    participant = clinic["participant"]

    def tried(**act: Any) -> int:
        return participant.post("/api/form/acts", json=act).status_code

    assert tried(act="open", form="affect", phase=None) == 409
    clinic.act("end_phase", phase="first", reason="")
    assert tried(act="open", form="words", phase=None) == 409
    assert tried(act="open", form="affect", phase="second") == 409
    assert tried(act="answer", id=0, item="valence", answer=1.0, reason="") == 409
    assert tried(act="open", form="affect", phase=None) == 200
    assert tried(act="answer", id=0, item="valence", answer=2e9, reason="") == 422
    assert tried(act="answer", id=0, item="valence", answer=True, reason="") == 422
    assert tried(act="answer", id=1, item="valence", answer=0.5, reason="") == 409
    assert tried(act="close", id=0, reason="tired") == 200
    assert tried(act="answer", id=0, item="valence", answer=0.1, reason="later") == 409


def test_a_text_that_may_tell_who_somebody_is_is_hinted_at(clinic: Served) -> None:
    begin(clinic)
    clinic.act("start")
    operator = clinic["operator"]
    forms = operator.get("/api/form").json()["choices"]
    assert {"affect", "words"} <= {choice["form"] for choice in forms}
    opened = operator.post("/api/form/acts", json={"act": "open", "form": "words", "phase": None})
    page = opened.json()
    texts = [item for item in page["document"]["items"] if item["kind"] == "text"]
    assert texts, "the shipped words form asks for a text"
    answer = {
        "act": "answer",
        "id": page["page"]["id"],
        "item": texts[0]["name"],
        "answer": "I met Mrs Müller\nX-Injected: 1",
        "reason": "",
    }
    told = operator.post("/api/form/acts", json=answer)
    assert told.status_code == 200, told.text
    hints = json.loads(told.headers["x-identity-hints"])
    assert any("Mrs Müller" in hint for hint in hints)
    assert "x-injected" not in told.headers
    assert told.json()["page"]["answers"][texts[0]["name"]] == answer["answer"]


def test_a_page_that_never_reads_holds_up_nothing(clinic: Served) -> None:
    begin(clinic)
    clinic.act("start")
    with clinic.socket("viewer") as deaf, clinic.socket("operator") as page:
        heard = messages(page, 1)
        for _ in range(3):
            next(heard)
        assert json.loads(next(heard)[1:])["connection"] == "recording"
        assert deaf.protocol.state.name == "OPEN"
    closed = close(clinic)
    assert closed["ok"]
    assert all(account["lost_in_gaps"] == 0 for account in closed["streams"].values())


def test_sessions_that_ask_for_the_impossible(clinic: Served, recorded: str) -> None:
    operator = clinic["operator"]
    for name in ("none", "..%2f..%2fetc", "%2e%2e", "a%00b", "x" * 300, "exports", "..%5cx"):
        for method, path in (
            ("POST", "verify"), ("POST", "recover"), ("GET", "report"), ("GET", "exports/x.zip"),
        ):  # fmt: skip
            answer = operator.request(method, f"/api/sessions/{name}/{path}")
            assert answer.status_code == 404, (name, path)
    for file in ("..%2fx.zip", "%2e%2e", "session.mcap", "x.zip%00", "..%5c..%5cx.zip"):
        assert operator.get(f"/api/sessions/{recorded}/exports/{file}").status_code == 404
    orders: list[Any] = [
        {"formats": [], "shift_time": False},
        {"formats": ["exe"], "shift_time": False},
        {"formats": ["bids --out x"], "shift_time": False},
        {"formats": ["bids"]},
    ]
    for order in orders:
        made = operator.post(f"/api/sessions/{recorded}/export", json=order)
        assert made.status_code == 422
