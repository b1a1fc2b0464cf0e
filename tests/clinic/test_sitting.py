"""A sitting from preparing to closing: what it allows, what it asks a reason for, what it shows."""

from typing import Any

import pytest
from sitting_parts import (
    AGREED,
    BVP,
    EDA,
    PROTOCOL,
    RESEARCH,
    Clock,
    Kept,
    S,
    estimate,
    forms,
    opened,
    protocol_of,
    started,
)

from wearaffect.clinic.sitting.checks import check_signals
from wearaffect.clinic.sitting.errors import AnswerError, SittingError, StartBlockedError
from wearaffect.clinic.sitting.history import rebuild
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse, Purpose, Setting
from wearaffect.clinic.sitting.running import rest_intervals
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.clinic.sitting.state import Stage
from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.streams import Marker


def answered(sitting: Sitting, form: str, **answers: Any) -> int:
    page = sitting.open_form(form)
    for item, answer in answers.items():
        sitting.answer(page, item, answer)
    sitting.close_form(page)
    return page


def in_review(clock: Clock) -> Sitting:
    sitting = started(clock)
    clock.pass_s(1)
    sitting.stop("rest", "participant asked")
    sitting.review("participant left")
    return sitting


def test_a_whole_sitting() -> None:
    clock, log = Clock(), Kept()
    sitting = started(clock, log)
    sitting.note_check(check_signals(["eda"], {}))
    assert sitting.state.lights == {"eda": "bad"}
    begin_ns = clock.ns
    clock.pass_s(300)
    sitting.rest_taken("chain 1")
    sitting.end_phase("rest")
    answered(sitting, "affect", valence=0.2, arousal=0.9)
    marker = sitting.mark("task started")
    clock.pass_s(60)
    sitting.end_phase("task")
    clock.pass_s(5)
    sitting.end_phase("open_end")
    assert sitting.state.stage == Stage.SELF_REPORT
    answered(sitting, "words", feelings=["tired"])
    sitting.review()
    sitting.mark_artefact("w.eda", begin_ns, begin_ns + S, "strap shifted")
    sitting.close()

    state = sitting.state
    assert state.stage == Stage.CLOSED
    assert [(r.began_ns, r.ended_ns) for r in state.phases] == [
        (begin_ns, begin_ns + 300 * S),
        (begin_ns + 300 * S, begin_ns + 360 * S),
        (begin_ns + 360 * S, begin_ns + 365 * S),
    ]
    assert [(f.form, f.phase, f.answers) for f in state.filled] == [
        ("affect", "rest", {"valence": 0.2, "arousal": 0.9}),
        ("words", "", {"feelings": ["tired"]}),
    ]
    assert log.events == [Marker(begin_ns + 300 * S, "task started")]
    assert state.markers[marker].by == "operator"
    (interval,) = rest_intervals(state, begin_ns - 2 * S)
    assert interval is not None
    assert (interval.start_s, interval.end_s) == (2.0, 302.0)
    told = [(m["phase"], m["state"]) for topic, m, _ in log.told if topic == "protocol"]
    assert told == [
        (name, what) for name in ("rest", "task", "open_end") for what in ("began", "ended")
    ]
    assert len(log.audited) == len(sitting.acts) == state.n_acts
    assert rebuild(sitting.acts) == state


def test_start_waits_for_consent_and_streams() -> None:
    clock = Clock()
    sitting = opened(clock)
    sitting.attach(Kept())
    with pytest.raises(StartBlockedError) as caught:
        sitting.start()
    assert len(caught.value.blockers) == 3
    sitting.note_consent(Consent(recording=False, estimates=True))
    sitting.see_streams([EDA])
    with pytest.raises(StartBlockedError, match="no bvp stream is there") as caught:
        sitting.start()
    assert "consent" in caught.value.blockers[0]
    sitting.note_consent(AGREED)
    with pytest.raises(SittingError, match="a reason"):
        sitting.waive_stream("bvp", "  ")
    with pytest.raises(SittingError, match="doesn't need it"):
        sitting.waive_stream("ecg", "none here")
    sitting.waive_stream("bvp", "strap broken")
    sitting.start()
    assert sitting.state.waived == {"bvp": "strap broken"}
    assert sitting.state.phases[0].began_ns == clock.ns


def test_a_stream_that_went_away_again_blocks() -> None:
    sitting = opened(Clock())
    sitting.attach(Kept())
    sitting.note_consent(AGREED)
    sitting.see_streams([EDA, BVP])
    sitting.see_streams([BVP])
    with pytest.raises(StartBlockedError, match="no eda stream"):
        sitting.start()


def test_nothing_starts_without_a_journal_and_only_once() -> None:
    clock = Clock()
    sitting = opened(clock)
    sitting.note_consent(AGREED)
    sitting.see_streams([EDA, BVP])
    with pytest.raises(SittingError, match="nothing records"):
        sitting.start()
    sitting.attach(Kept())
    with pytest.raises(SittingError, match="has a journal"):
        sitting.attach(Kept())
    sitting.start()
    with pytest.raises(SittingError, match="not now"):
        sitting.start()


def test_a_journal_that_comes_later_gets_what_was_before() -> None:
    sitting, log = opened(Clock()), Kept()
    sitting.state_use(RESEARCH)
    sitting.attach(log)
    assert [entry["what"] for entry in log.audited] == ["sitting opened", "intended use stated"]
    assert [entry["new"]["act"] for entry in log.audited] == [0, 1]


def test_phases_end_early_or_last_longer_for_a_reason() -> None:
    clock = Clock()
    sitting = started(clock)
    clock.pass_s(299)
    with pytest.raises(SittingError, match="isn't over yet"):
        sitting.end_phase("rest")
    with pytest.raises(SittingError, match="another phase runs"):
        sitting.end_phase("task", "in a hurry")
    with pytest.raises(SittingError, match="a reason"):
        sitting.extend("rest", 60, "")
    sitting.extend("rest", 60, "late")
    sitting.extend("rest", 0.5, "later")
    assert sitting.state.phases[0].due_ns == (1000 + 360.5) * S
    clock.pass_s(61)
    with pytest.raises(SittingError, match="isn't over yet"):
        sitting.end_phase("rest")
    sitting.end_phase("rest", "enough")
    assert sitting.state.phases[0].cut_short == "enough"
    # a second hand that presses the same button later changes nothing
    with pytest.raises(SittingError, match="another phase runs"):
        sitting.end_phase("rest", "enough")
    clock.pass_s(60)
    sitting.end_phase("task")
    assert sitting.state.phases[1].cut_short == ""
    with pytest.raises(SittingError, match="no planned length"):
        sitting.extend("open_end", 1, "more")
    for by_s in (0.0, -5.0, 1e6):
        with pytest.raises(SittingError):
            sitting.extend("open_end", by_s, "more")


def test_phases_are_left_out_for_a_reason() -> None:
    clock = Clock()
    sitting = started(clock)
    with pytest.raises(SittingError, match="a reason"):
        sitting.leave_out("task", "")
    with pytest.raises(SittingError, match="isn't to come"):
        sitting.leave_out("rest", "running")
    sitting.leave_out("task", "no time")
    with pytest.raises(SittingError, match="isn't to come"):
        sitting.leave_out("task", "again")
    clock.pass_s(300)
    sitting.end_phase("rest")
    run = sitting.state.current
    assert run == 2
    assert sitting.state.phases[1].began_ns is None
    sitting.stop("open_end", "fire alarm")
    assert sitting.state.stage == Stage.SELF_REPORT


def test_stopping_ends_the_phase_and_leaves_out_the_others() -> None:
    clock = Clock()
    sitting = started(clock)
    clock.pass_s(10)
    with pytest.raises(SittingError, match="a reason"):
        sitting.stop("rest", "")
    sitting.stop("rest", "participant asked")
    state = sitting.state
    assert [run.skipped for run in state.phases] == ["", "participant asked", "participant asked"]
    assert state.phases[0].ended_ns == clock.ns
    assert state.current is None


def test_a_run_of_nothing_does_not_start() -> None:
    sitting = opened(Clock())
    sitting.attach(Kept())
    sitting.note_consent(AGREED)
    sitting.see_streams([EDA, BVP])
    for phase in ("rest", "task", "open_end"):
        sitting.leave_out(phase, "no")
    with pytest.raises(SittingError, match="every phase is left out"):
        sitting.start()
    with pytest.raises(SittingError, match="never started"):
        sitting.close()
    sitting.close("nothing to do")
    assert sitting.state.stage == Stage.CLOSED


def test_markers_are_undone_and_corrected_never_erased() -> None:
    clock, log = Clock(), Kept()
    sitting = started(clock, log)
    clock.pass_s(20)
    slip, kept = sitting.mark("slip"), sitting.mark("noise", clock.ns - 3 * S)
    clock.pass_s(10)
    sitting.undo_marker(slip)
    clock.pass_s(0.001)
    with pytest.raises(SittingError, match="more than 10 s ago"):
        sitting.undo_marker(kept)
    with pytest.raises(SittingError, match="undone already"):
        sitting.undo_marker(slip, "again")
    with pytest.raises(SittingError, match="a reason"):
        sitting.correct_marker(kept, "door", clock.ns, "")
    sitting.correct_marker(kept, "door", clock.ns - S, "it was the door")
    assert [(m.label, m.undone) for m in sitting.state.markers] == [("slip", True), ("door", False)]
    assert log.audited[-1]["old"] == {"label": "noise", "at_ns": 1017 * S}
    assert [event.label for event in log.events if isinstance(event, Marker)] == ["slip", "noise"]
    for label, at_ns in (("x", clock.ns + 1), ("x", 999 * S), (" ", clock.ns), ("x" * 201, None)):
        with pytest.raises(SittingError):
            sitting.mark(label, at_ns)
    with pytest.raises(SittingError, match="which"):
        sitting.undo_marker(7)


def test_artefacts_are_marked_and_lifted() -> None:
    clock, log = Clock(), Kept()
    sitting = started(clock, log)
    begin_ns = clock.ns
    clock.pass_s(30)
    first = sitting.mark_artefact("w.eda", begin_ns, begin_ns + S, "bumped", who="KA-reviewer")
    for stream, start_ns, end_ns in (
        ("w.ecg", begin_ns, begin_ns + S),
        ("w.eda", begin_ns + S, begin_ns + S),
        ("w.eda", -1, begin_ns + S),
        ("w.eda", begin_ns, clock.ns + 1),
    ):
        with pytest.raises(SittingError):
            sitting.mark_artefact(stream, start_ns, end_ns, "no")
    with pytest.raises(SittingError, match="a reason"):
        sitting.lift_artefact(first, "")
    sitting.lift_artefact(first, "looked again")
    with pytest.raises(SittingError, match="lifted already"):
        sitting.lift_artefact(first, "twice")
    (mark,) = sitting.state.artefacts
    assert (mark.reason, mark.by, mark.lifted) == ("bumped", "KA-reviewer", True)
    verdicts = [(m["verdict"], m["by"]) for topic, m, _ in log.told if topic == "quality"]
    assert verdicts == [("artefact", "KA-reviewer"), ("as recorded", "KA-reviewer")]


def test_every_change_of_an_answer_is_kept_with_its_time() -> None:
    clock, log = Clock(), Kept()
    sitting = started(clock, log)
    clock.pass_s(1)
    page = sitting.open_form("affect")
    opened_ns = clock.ns
    for value in (0.5, 0.75, None, 0.25):
        clock.pass_s(2)
        sitting.answer(page, "valence", value)
    with pytest.raises(AnswerError):
        sitting.answer(page, "valence", 2)
    with pytest.raises(SittingError, match="arousal have no answer"):
        sitting.close_form(page)
    sitting.answer(page, "arousal", 1)
    clock.pass_s(1)
    sitting.close_form(page)
    (filled,) = sitting.state.filled
    assert (filled.opened_ns, filled.closed_ns) == (opened_ns, opened_ns + 9 * S)
    times = [((c.time_ns - opened_ns) / S, c.answer) for c in filled.changes if c.item == "valence"]
    assert times == [(2, 0.5), (4, 0.75), (6, None), (8, 0.25)]
    assert filled.answers == {"valence": 0.25, "arousal": 1.0}
    states = [m["state"] for topic, m, _ in log.told if topic == "forms"]
    assert states == ["opened", *["changed"] * 5, "closed"]
    # afterwards only with a reason, and as one more change
    with pytest.raises(SittingError, match="the form is closed"):
        sitting.answer(page, "valence", 0.3)
    sitting.answer(page, "valence", 0.3, "slipped", who="operator")
    assert len(sitting.state.filled[0].changes) == 6
    assert log.audited[-1]["old"] == 0.25


def test_forms_are_due_phase_by_phase() -> None:
    clock = Clock()
    sitting = started(clock)
    assert sitting.state.due_forms == (), "nobody who rests should find questions waiting"
    page = sitting.open_form("affect")
    assert sitting.state.filled[page].phase == "rest"
    with pytest.raises(SittingError, match="open already"):
        sitting.open_form("affect")
    with pytest.raises(SittingError, match="form"):
        sitting.open_form("nothing")
    sitting.answer(page, "valence", 0)
    sitting.answer(page, "arousal", 0)
    sitting.close_form(page)
    assert sitting.state.due_forms == ()
    with pytest.raises(SittingError, match="phase"):
        sitting.open_form("affect", "task")
    clock.pass_s(300)
    sitting.end_phase("rest")
    assert sitting.state.due_forms == ()
    scores = sitting.open_form("sam_scores", who="operator")
    assert sitting.state.filled[scores].phase == "task"
    sitting.answer(scores, "valence", 9)
    sitting.stop("task", "enough")
    assert sitting.state.due_forms == (("", "words"),)
    with pytest.raises(SittingError, match="a form is open"):
        sitting.review("no words")
    sitting.close_form(scores)
    with pytest.raises(SittingError, match=r"aren't filled: words"):
        sitting.review()
    sitting.review("participant tired")


def test_review_and_after() -> None:
    clock = Clock()
    sitting = in_review(clock)
    with pytest.raises(SittingError, match="the run is over"):
        sitting.mark("forgotten", 1000 * S)
    sitting.mark("forgotten", 1000 * S, "seen on video")
    with pytest.raises(SittingError, match="not now"):
        sitting.open_form("affect")
    sitting.close()
    n_acts = len(sitting.acts)
    for act in (
        lambda: sitting.mark("x", reason="y"),
        lambda: sitting.lift_artefact(0, "y"),
        lambda: sitting.note_consent(AGREED),
        lambda: sitting.close("y"),
        lambda: sitting.see_streams([]),
    ):
        with pytest.raises(SittingError, match="not now"):
            act()
    assert len(sitting.acts) == n_acts


def test_estimates_wait_for_rest() -> None:
    clock = Clock()
    sitting = started(clock)
    clock.pass_s(119)
    with pytest.raises(SittingError, match="too little rest"):
        sitting.rest_taken("c")
    early = sitting.shown(estimate(clock.ns))
    assert isinstance(early, Abstention)
    assert early.reasons == ("resting baseline not taken: rest isn't over yet",)
    assert early.withheld is None
    assert early.bundle_id == "b"
    clock.pass_s(181)
    last_before = estimate(clock.ns)
    sitting.rest_taken("c")
    assert isinstance(sitting.shown(last_before), Abstention)
    clock.pass_s(1)
    assert sitting.shown(estimate(clock.ns)) == estimate(clock.ns)


def test_estimates_are_withheld_for_all_reasons_that_hold() -> None:
    clock = Clock()
    sitting = opened(clock)
    assert sitting.state.withheld_because == (
        "intended use not stated",
        "no consent to estimates",
        "resting baseline not taken",
    )
    own = Abstention(0, 60 * S, ("eda: off_skin",), withheld=estimate(60 * S))
    said = sitting.shown(own)
    assert isinstance(said, Abstention)
    assert said.reasons == (*sitting.state.withheld_because, "eda: off_skin")
    assert said.withheld is None


@pytest.mark.parametrize(
    ("use", "word"),
    [
        (IntendedUse(Setting.WORKPLACE, Purpose.WELLBEING, "mood"), "barred"),
        (IntendedUse(Setting.EDUCATION, Purpose.RESEARCH, "exam"), "barred"),
        (IntendedUse(Setting.WORKPLACE, Purpose.SAFETY), "grounds"),
    ],
)
def test_the_intended_use_decides(use: IntendedUse, word: str) -> None:
    clock = Clock()
    sitting = started(clock)
    clock.pass_s(300)
    sitting.rest_taken("c")
    clock.pass_s(60)
    now = estimate(clock.ns)
    assert isinstance(sitting.shown(now), AffectEstimate)
    sitting.state_use(use)
    withheld = sitting.shown(now)
    assert isinstance(withheld, Abstention)
    assert word in withheld.reasons[0]
    sitting.state_use(RESEARCH)
    assert isinstance(sitting.shown(now), AffectEstimate)
    sitting.note_consent(Consent(recording=True, estimates=False))
    assert isinstance(sitting.shown(now), Abstention)


def test_an_earlier_rest_is_reused_by_choice_and_only_of_the_same_person() -> None:
    clock = Clock()
    sitting = opened(clock)
    sitting.note_consent(AGREED)
    sitting.state_use(RESEARCH)
    with pytest.raises(SittingError, match="another person's"):
        sitting.reuse_rest("2026-01-01", "KA-0008-D", "c")
    sitting.reuse_rest("2026-01-01", "KA-0007-F", "c")
    sitting.leave_out("rest", "taken on 1 January")
    clock.pass_s(60)
    assert isinstance(sitting.shown(estimate(clock.ns)), AffectEstimate)
    assert sitting.state.resting is not None
    assert sitting.state.resting.session == "2026-01-01"


def test_why_there_is_no_rest_is_said() -> None:
    clock = Clock()
    no_rest = opened(clock, {**PROTOCOL, "phases": [{"name": "talk"}]})
    assert "the protocol has no resting phase" in no_rest.state.withheld_because[-1]
    left_out = opened(clock)
    left_out.leave_out("rest", "no time")
    assert "rest was left out" in left_out.state.withheld_because[-1]


def test_a_clock_that_goes_back_is_refused() -> None:
    clock = Clock()
    sitting = started(clock)
    clock.ns -= 1
    with pytest.raises(SittingError, match="clock went back"):
        sitting.mark("x", clock.ns)


def test_who_and_why_are_checked() -> None:
    sitting = started(Clock())
    for who in ("", "x", "Anna Schmidt", "a" * 33):
        with pytest.raises(SittingError, match="who did it"):
            sitting.mark("x", who=who)
    with pytest.raises(SittingError, match="too long"):
        sitting.stop("rest", "x" * 501)


def test_what_is_missing_at_the_opening_is_named() -> None:
    clock = Clock()
    with pytest.raises(SittingError, match="words"):
        Sitting.open("KA-0007-F", protocol_of(), forms()[:1], clock)
    with pytest.raises(SittingError, match="a code"):
        Sitting.open("Anna Schmidt", protocol_of(), forms(), clock)
    with pytest.raises(SittingError, match="its records"):
        Sitting([], clock)


def test_records_can_not_be_changed_through_what_was_handed_in() -> None:
    clock = Clock()
    sitting = started(clock)
    page = sitting.open_form("words")
    chosen = ["tired"]
    sitting.answer(page, "feelings", chosen)
    chosen.append("angry")
    assert sitting.state.filled[page].answers == {"feelings": ["tired"]}
    assert rebuild(sitting.acts) == sitting.state
    with pytest.raises(SittingError, match="JSON"):
        sitting.answer(page, "feelings", {"tired"})
