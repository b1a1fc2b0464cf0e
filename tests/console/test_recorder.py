"""A sitting recorded from connecting to closing, on a real journal and the synthetic wearable."""

import asyncio
import errno
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wearaffect.bundle.loading import load_bundle
from wearaffect.clinic.console.plan import Plan
from wearaffect.clinic.console.recorder import Recorder
from wearaffect.clinic.console.resting import ENROLMENT
from wearaffect.clinic.console.shelf import Shelf
from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.forms import form_named
from wearaffect.clinic.sitting.protocol import read_protocol
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse, Purpose, Setting
from wearaffect.clinic.sitting.records import acts_in
from wearaffect.core.errors import DeviceUriError, EnrolmentError
from wearaffect.recording.journal import JournalSettings, read_journal
from wearaffect.recording.journal_reader import read_topic
from wearaffect.recording.storage import DiskFile
from wearaffect.recording.verify import verify
from wearaffect.signals.enrolment import Enrolment

_PROTOCOL = {
    "name": "short",
    "title": "Short",
    "phases": [
        {"name": "rest", "length_s": 150, "enrols": True, "streams": ["eda"], "forms": ["affect"]},
        {"name": "task", "length_s": 60, "markers": [{"key": "s", "label": "started"}]},
    ],
}
_USE = IntendedUse(Setting.LABORATORY, Purpose.RESEARCH, "a test")
_ALL = Consent(recording=True, estimates=True)


def _plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "participant": "P-0001-A",
        "protocol": read_protocol(_PROTOCOL),
        "forms": (form_named("affect"),),
        "devices": ("synthetic:?seed=3&speed=60&fault=dropout&fault_at_s=40&fault_for_s=3",),
        "use": _USE,
        "consent": _ALL,
    }
    return Plan(**(fields | changes))


async def _until(met: Callable[[], bool], tries: int = 1500) -> None:
    for _ in range(tries):
        if met():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came")


async def _act(recorder: Recorder, act: str, **fields: Any) -> None:
    await recorder.act({"act": act, "reason": "", **fields}, who="operator")


async def _whole_sitting(recorder: Recorder) -> None:
    await recorder.connect()
    await _until(lambda: recorder.screen.n_gaps > 0)
    await _act(recorder, "start")
    await _until(lambda: recorder.view()["phases"][0]["due_s"] <= recorder.view()["now_s"])
    await _act(recorder, "end_phase", phase="rest")
    await _act(recorder, "mark", label="=cmd", at_s=None)
    page = recorder.form_act(
        {"act": "open", "form": "affect", "phase": None, "reason": ""}, who="participant"
    )["page"]
    for item in ("valence", "arousal"):
        told = {"act": "answer", "id": page["id"], "item": item, "answer": 0.25, "reason": ""}
        recorder.form_act(told, who="participant")
    recorder.form_act({"act": "close", "id": page["id"], "reason": "tired"}, who="participant")


def test_a_sitting_from_connecting_to_closing(tmp_path: Path) -> None:
    folder = tmp_path / "s"

    async def run() -> dict[str, Any]:
        recorder = Recorder(_plan(bundle=load_bundle("wrist-affect")), folder)
        await _whole_sitting(recorder)
        await _until(lambda: recorder.view()["resting"] is not None)
        await _until(lambda: (recorder.view()["outcome"] or {"withheld": 1})["withheld"] == [])
        estimated = recorder.view()["outcome"]
        assert 0 <= estimated["stress"] <= 1
        await recorder.act({"act": "stop", "phase": "task", "reason": "enough"}, who="operator")
        await _act(recorder, "review")
        await _until(lambda: recorder.connection == "off")
        await _act(
            recorder,
            "mark_artefact",
            stream_id="synthetic.eda",
            start_s=5.0,
            end_s=9.0,
            reason="moved",
        )
        await _act(recorder, "close")
        await _until(lambda: recorder.closed)
        return recorder.view()

    view = asyncio.run(run())
    assert view["closed"]["ok"]
    assert verify(folder).ok
    assert Enrolment.load(folder / ENROLMENT).n_windows > 1
    shelf = Shelf(tmp_path)
    assert shelf.enrolment("s", "P-0001-A") == Enrolment.load(folder / ENROLMENT)
    text = (folder / ENROLMENT).read_text()
    (folder / ENROLMENT).write_text(text.replace('"n_windows": ', '"n_windows": 9'))
    with pytest.raises(EnrolmentError, match="isn't the one"):
        shelf.enrolment("s", "P-0001-A")
    # withheld before the rest was taken, and nothing of the estimate is stored
    outcomes = read_topic(folder, "estimates")
    assert "stress" not in json.dumps(outcomes[0])
    session = read_journal(folder)
    assert [m.label for m in session.markers] == ["=cmd"]
    for name, account in view["closed"]["streams"].items():
        assert account["stored"] == session.streams[name].n_samples
        assert account["expected"] == account["stored"] + account["lost_in_gaps"]
    assert view["closed"]["streams"]["synthetic.eda"]["lost_in_gaps"] > 0
    assert view["n_gaps"] == sum(len(s.gaps) for s in session.streams.values())
    whats = [act.what for act in acts_in(folder)]
    assert whats[-1] == "sitting closed"
    assert "rest taken" in whats


def test_a_page_that_comes_late_gets_what_was_and_what_comes(tmp_path: Path) -> None:
    async def run() -> list[bytes]:
        recorder = Recorder(_plan(), tmp_path / "s")
        await recorder.connect()
        await _until(lambda: recorder.view()["now_s"] > 20)
        messages = recorder.messages()
        first = [await anext(messages) for _ in range(40)]
        await messages.aclose()
        assert recorder.n_watchers == 0
        await recorder.abandon()
        return first

    messages = asyncio.run(run())
    assert verify(tmp_path / "s").ok
    view = json.loads(messages[0][1:])
    assert view["stage"] == "prepare"
    assert view["model"] == ""
    assert [h["code"] for h in view["withheld_because"]] == ["no_model"]
    index = next(s["index"] for s in view["streams"] if s["kind"] == "eda")
    seen = np.concatenate([_samples(m, index) for m in messages if m[0] == 2])
    stored = read_journal(tmp_path / "s").streams["synthetic.eda"].samples()[1][:, 0]
    assert len(seen) > 0
    # an oracle that shares no code: what was seen stands in the journal, in one piece
    at = [
        i
        for i in range(len(stored) - len(seen) + 1)
        if np.array_equal(stored[i:][: len(seen)], seen)
    ]
    assert len(at) == 1


def _samples(message: bytes, wanted: int) -> np.ndarray:
    (n_blocks,) = struct.unpack_from("<H", message, 2)
    at, found = 16, [np.empty(0, np.float32)]
    for _ in range(n_blocks):
        index, n_channels, n, _, step_s = struct.unpack_from("<HHIdd", message, at)
        at += 24 + (0 if step_s else 8 * n)
        if index == wanted:
            found.append(np.frombuffer(message, "<f4", n * n_channels, at))
        at += -(-4 * n * n_channels // 8) * 8
    assert at == len(message)
    return np.concatenate(found)


def test_nothing_is_left_where_it_can_not_begin(tmp_path: Path) -> None:
    with pytest.raises(SittingError, match="consent"):
        Recorder(_plan(consent=Consent(recording=False)), tmp_path / "s")
    with pytest.raises(DeviceUriError, match="pace"):
        Recorder(_plan(devices=("synthetic:?speed=0",)), tmp_path / "s")
    with pytest.raises(DeviceUriError, match="time lines"):
        Recorder(_plan(devices=("synthetic:", "ble:polar")), tmp_path / "s")
    recorder = Recorder(_plan(devices=("replay:/nowhere",)), tmp_path / "s")
    with pytest.raises(Exception, match="nowhere"):
        asyncio.run(recorder.connect())
    assert not (tmp_path / "s").exists()


def test_a_device_that_goes_leaves_the_sitting_to_be_closed(tmp_path: Path) -> None:
    async def run() -> dict[str, Any]:
        uri = "synthetic:?speed=60&fault=disconnect&fault_at_s=30"
        recorder = Recorder(_plan(devices=(uri,)), tmp_path / "s")
        await recorder.connect()
        await _act(recorder, "start")
        await _until(lambda: recorder.connection in {"failed", "ended"})
        await recorder.act({"act": "stop", "phase": "rest", "reason": "gone"}, who="operator")
        await recorder.act({"act": "review", "reason": "forms not filled"}, who="operator")
        await _act(recorder, "close")
        await _until(lambda: recorder.closed)
        return recorder.view()

    view = asyncio.run(run())
    assert view["closed"]["ok"]
    assert verify(tmp_path / "s").ok


def test_consent_that_is_taken_back_ends_the_recording_and_hides_what_was_estimated(
    tmp_path: Path,
) -> None:
    async def run() -> tuple[Recorder, dict[str, Any], bytes]:
        recorder = Recorder(_plan(bundle=load_bundle("wrist-affect")), tmp_path / "s")
        await _whole_sitting(recorder)
        await _until(lambda: (recorder.view()["outcome"] or {"withheld": 1})["withheld"] == [])
        less = Consent(recording=False, keep_days=1).as_dict()
        await _act(recorder, "note_consent", consent=less)
        assert recorder.view()["stage"] == "self_report"
        assert recorder.view()["outcome"]["stress"] is None
        await _until(lambda: recorder.connection == "off")
        messages = recorder.messages()
        told = [await anext(messages) for _ in range(3)]
        await recorder.act({"act": "review", "reason": "stopped"}, who="operator")
        await _act(recorder, "close")
        await _until(lambda: recorder.closed)
        return recorder, recorder.view(), next(m for m in told if m[0] == 3)

    _, view, outcomes = asyncio.run(run())
    assert view["closed"]["ok"]
    assert all(one["stress"] is None for one in json.loads(outcomes[1:]))
    stored = json.loads((tmp_path / "s" / "session.json").read_text())
    assert stored["consent"]["recording"], "what was agreed to when it began"
    assert not stored["agreed"]["consent"]["recording"]
    assert stored["agreed"]["consent"]["keep_days"] == 1
    assert verify(tmp_path / "s").ok


class _Full(DiskFile):
    """A disk that is full after so many bytes, reserve and all."""

    room = 60_000

    def write(self, data: memoryview) -> int:
        if self.room < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)
        return super().write(data)


def test_nothing_is_acknowledged_that_is_not_kept(tmp_path: Path) -> None:
    async def run() -> tuple[dict[str, Any], dict[str, Any]]:
        settings = JournalSettings(opener=_Full, reserve_bytes=0)
        recorder = Recorder(_plan(), tmp_path / "s", settings=settings)
        await recorder.connect()
        await _act(recorder, "start")
        await _until(lambda: recorder.view()["connection"] == "failed")
        assert recorder.view()["trouble"]
        with pytest.raises(SittingError, match="nothing is kept"):
            await _act(recorder, "mark", label="late", at_s=None)
        await asyncio.sleep(0.2)
        before = recorder.view()
        await recorder.act({"act": "stop", "phase": "rest", "reason": "full"}, who="operator")
        await recorder.act({"act": "review", "reason": "full"}, who="operator")
        await _act(recorder, "close")
        await _until(lambda: recorder.closed)
        return before, recorder.view()

    before, view = asyncio.run(run())
    closed = view["closed"]
    assert not closed["ok"]
    # what the page says is kept is no more than what was taken, and what is safe is told
    for stream in before["streams"]:
        assert 0 < closed["streams"][stream["id"]]["stored"] <= stream["stored"]


def test_a_folder_that_goes_away_does_not_hold_the_sitting(tmp_path: Path) -> None:
    async def run() -> dict[str, Any]:
        recorder = Recorder(_plan(), tmp_path / "s")
        await recorder.connect()
        await _act(recorder, "start")
        (tmp_path / "s").rename(tmp_path / "gone")
        await recorder.act({"act": "stop", "phase": "rest", "reason": "pulled"}, who="operator")
        await recorder.act({"act": "review", "reason": "pulled"}, who="operator")
        await _act(recorder, "close")
        await _until(lambda: recorder.closed)
        return recorder.view()

    view = asyncio.run(run())
    assert not view["closed"]["ok"]
    assert view["closing"]["problem"]


def test_pages_are_told_on_when_the_resting_state_can_not_be_followed(tmp_path: Path) -> None:
    async def run() -> tuple[list[int], list[dict[str, Any]]]:
        recorder = Recorder(_plan(), tmp_path / "s")
        await recorder.connect()

        async def broken(*_: object) -> None:
            msg = "no rest today"
            raise OSError(msg)

        recorder.resting.follow = broken  # type: ignore[method-assign] # a fault of ours, on order
        messages = recorder.messages()
        numbers = []
        while len(numbers) < 4:
            message = await anext(messages)
            if message[0] == 1:
                numbers.append(json.loads(message[1:])["n"])
        await messages.aclose()
        troubles = recorder.view()["trouble"]
        await recorder.abandon()
        return numbers, troubles

    numbers, troubles = asyncio.run(run())
    assert numbers == sorted(set(numbers))
    assert [trouble["got"] for trouble in troubles] == ["no rest today"]
    assert verify(tmp_path / "s").ok
