"""What a recording says that holds of a sitting is what its acts, replayed, make of it."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sitting_parts import BVP, EDA, Clock, S, started

from wearaffect.clinic.sitting.errors import AnswerError, SittingError
from wearaffect.clinic.sitting.history import rebuild
from wearaffect.clinic.sitting.records import acts_in
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import Marker
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.sitting_events import Answer, ArtefactMark, PhaseHeld, what_holds

LABELS = st.sampled_from(["moved", " moved ", "door"])
NUMBERS = st.integers(0, 3)
BACK_S = st.integers(0, 2)
ACTS = st.one_of(
    st.tuples(st.just("mark"), LABELS, BACK_S),
    st.tuples(st.just("press"), LABELS, BACK_S),
    st.tuples(st.just("undo"), NUMBERS),
    st.tuples(st.just("correct"), NUMBERS, LABELS, BACK_S),
    st.tuples(st.just("brush"), BACK_S),
    st.tuples(st.just("lift"), NUMBERS),
    st.tuples(st.just("open"), st.sampled_from(["affect", "words"])),
    st.tuples(st.just("answer"), NUMBERS, st.sampled_from(["valence", "arousal"]), st.floats(0, 1)),
    st.tuples(st.just("answer"), NUMBERS, st.just("valence"), st.none()),
    st.tuples(st.just("answer"), NUMBERS, st.just("remarks"), st.just("loud")),
    st.tuples(st.just("close"), NUMBERS),
    st.tuples(st.just("go on"), st.sampled_from(["rest", "task", "open_end"])),
    st.tuples(st.just("leave out"), st.just("task")),
)


WAYS: Mapping[str, Callable[..., object]] = {
    "mark": lambda s, now, label, back_s: s.mark(label, now - back_s * S, "because"),
    "undo": lambda s, now, number: s.undo_marker(number, "because"),
    "correct": lambda s, now, number, label, back_s: s.correct_marker(
        number, label, now - back_s * S, "because"
    ),
    "brush": lambda s, now, back_s: s.mark_artefact(
        "w.eda", now - (back_s + 1) * S, now, f"{back_s}"
    ),
    "lift": lambda s, now, number: s.lift_artefact(number, "because"),
    "open": lambda s, now, form: s.open_form(form),
    "answer": lambda s, now, number, item, value: s.answer(number, item, value, "because"),
    "close": lambda s, now, number: s.close_form(number, "because"),
    "go on": lambda s, now, phase: s.end_phase(phase, "because"),
    "leave out": lambda s, now, phase: s.leave_out(phase, "because"),
}


def do(sitting: Sitting, journal: JournalWriter, now_ns: int, act: tuple[Any, ...]) -> list[Marker]:
    """Try something; a button of a device is a marker that no act sets."""
    name, *words = act
    if name == "press":
        label, back_s = words
        journal.event(Marker(now_ns - back_s * S, label))
        return [Marker(now_ns - back_s * S, label)]
    with contextlib.suppress(SittingError, AnswerError):
        WAYS[name](sitting, now_ns, *words)
    return []


def require_agreement(folder: Path, pressed: list[Marker]) -> None:
    state = rebuild(acts_in(folder))
    found = what_holds(folder)
    holding = [Marker(m.time_ns, m.label) for m in state.markers if not m.undone]
    assert Counter(found.markers) == Counter([*holding, *pressed])
    assert [m.time_ns for m in found.markers] == sorted(m.time_ns for m in found.markers)
    assert found.n_undone == sum(marker.undone for marker in state.markers)
    assert list(found.phases) == [
        PhaseHeld(run.phase.name, run.phase.condition or "", run.began_ns, run.ended_ns)
        for run in state.phases
        if run.began_ns is not None
    ]
    assert list(found.artefacts) == [
        ArtefactMark(mark.stream_id, mark.start_ns, mark.end_ns, mark.reason)
        for mark in state.artefacts
        if not mark.lifted
    ]
    told = {(a.form, a.phase, a.item, a.time_ns): a.value for a in found.answers}
    assert len(told) == len(found.answers)
    assert told == {
        (page.form, page.phase, item, page.closed_ns or page.changes[-1].time_ns): value
        for page in state.filled
        for item, value in page.answers.items()
    }
    consent = state.consent
    assert found.sharing == (None if consent is None else consent.sharing)


@given(acts=st.lists(ACTS, max_size=25))
@settings(max_examples=40)
def test_whatever_was_done_what_holds_is_what_the_acts_make_of_it(
    acts: list[tuple[Any, ...]],
) -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "s"
        journal = JournalWriter(folder, participant="KA-0007-F")
        journal.start([EDA, BVP], clock.ns)
        sitting = started(clock, journal)
        pressed: list[Marker] = []
        for act in acts:
            clock.pass_s(3)
            pressed += do(sitting, journal, clock.ns, act)
        journal.close()
        require_agreement(folder, pressed)


def test_a_recorded_sitting_agrees(sat_bare: Path) -> None:
    require_agreement(sat_bare, [])
    found = what_holds(sat_bare)
    assert [m.label for m in found.markers] == ["first card", "error"]
    assert (found.n_undone, len(found.artefacts), len(found.phases)) == (1, 1, 3)
    assert {a.item for a in found.answers} >= {"valence", "feelings", "remarks"}


def test_a_page_that_was_left_open_tells_what_was_answered(tmp_path: Path) -> None:
    clock = Clock()
    journal = JournalWriter(tmp_path / "s", participant="KA-0007-F")
    journal.start([EDA, BVP], clock.ns)
    sitting = started(clock, journal)
    page = sitting.open_form("affect")
    clock.pass_s(2)
    sitting.answer(page, "valence", 0.25)
    journal.flush()
    journal.abandon()
    found = what_holds(tmp_path / "s")
    assert found.answers == (Answer(clock.ns, "affect", "valence", "rest", 0.25),)
    assert found.phases == (PhaseHeld("rest", "", 1000 * S, None),)


def test_an_answer_that_is_corrected_keeps_the_time_of_its_page(tmp_path: Path) -> None:
    clock = Clock()
    journal = JournalWriter(tmp_path / "s", participant="KA-0007-F")
    journal.start([EDA, BVP], clock.ns)
    sitting = started(clock, journal)
    page = sitting.open_form("affect")
    sitting.answer(page, "valence", 0.25)
    clock.pass_s(2)
    closed_ns = clock.ns
    sitting.close_form(page, "no more")
    clock.pass_s(2)
    sitting.answer(page, "valence", 0.75, "slipped")
    journal.close()
    (told,) = what_holds(tmp_path / "s").answers
    assert (told.time_ns, told.value) == (closed_ns, 0.75)
    require_agreement(tmp_path / "s", [])


def test_a_corrected_marker_is_there_once_though_its_first_act_is_lost(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path / "s", participant="P-01")
    journal.start([EDA], 0)
    journal.event(Marker(5, "eror"))
    new = {"id": 0, "label": "error", "at_ns": 4, "act": 9, "time_ns": 8}
    journal.audit("operator", "marker corrected", old={"label": "eror", "at_ns": 5}, new=new)
    journal.close()
    assert what_holds(tmp_path / "s").markers == (Marker(4, "error"),)


def test_after_a_cut_it_holds_what_held_then(tmp_path: Path) -> None:
    """At every act: the marker is there as soon as it is set, and gone as soon as it is undone."""
    clock = Clock()
    folder = tmp_path / "s"
    journal = JournalWriter(folder, participant="KA-0007-F")
    journal.start([EDA, BVP], clock.ns)
    sitting = started(clock, journal)
    for act in (
        ("mark", "eror", 0), ("correct", 0, "error", 1), ("mark", "spoke", 0), ("undo", 1),
        ("brush", 1), ("lift", 0), ("open", "affect"), ("answer", 0, "valence", 0.5), ("close", 0),
    ):  # fmt: skip
        clock.pass_s(3)
        do(sitting, journal, clock.ns, act)
        journal.flush()
    journal.abandon()
    file = folder / "session.mcap"
    content = file.read_bytes()
    n_acts = set()
    for size in range(len(content), 0, -max(1, len(content) // 80)):
        file.write_bytes(content[:size])
        if acts_in(folder):
            n_acts.add(len(acts_in(folder)))
            require_agreement(folder, [])
    assert len(n_acts) > 6


def test_a_session_without_a_sitting_has_its_markers(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path / "s", participant="P-01")
    journal.start([EDA], 0)
    journal.event(Marker(7, "b"))
    journal.event(Marker(5, "a"))
    journal.close()
    found = what_holds(tmp_path / "s")
    assert found.markers == (Marker(5, "a"), Marker(7, "b"))
    assert (found.phases, found.answers, found.sharing) == ((), (), None)


def test_what_isnt_understood_is_named(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path / "s", participant="P-01")
    journal.start([EDA], 0)
    journal.tell("protocol", {"stage": "rest"}, 5)
    journal.close()
    with pytest.raises(RecordingFormatError, match="isn't understood"):
        what_holds(tmp_path / "s")
