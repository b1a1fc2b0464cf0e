"""Whatever is done, in any order: no record is lost or rewritten, and nothing is shown too soon."""

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sitting_parts import BVP, EDA, Clock, Kept, S, estimate, opened

from wearaffect.clinic.sitting.acts import Act
from wearaffect.clinic.sitting.errors import AnswerError, SittingError
from wearaffect.clinic.sitting.history import rebuild
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse, Purpose, Setting
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.core.affect import AffectEstimate

PHASES = st.sampled_from(["rest", "task", "open_end", "nothing"])
REASONS = st.sampled_from(["because", "", " "])
IDS = st.sampled_from([0, 1, 2, -1])
ANSWERS = st.sampled_from([0.5, 0, None, 2, "x", ["tired", "angry"], ["x"], True])
ITEMS = st.sampled_from(["valence", "arousal", "feelings", "strain", "remarks", "nothing"])


class Sittings(RuleBasedStateMachine):
    """Random acts; a small model of its own says whether estimates may be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.log = Kept()
        self.sitting = opened(self.clock)
        self.seen: list[dict[str, Any]] = []
        self.agreed = self.lawful = False
        self.rest_known_ns: int | None = None

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do something that may not be allowed: then nothing at all may have changed."""
        before, n_acts, n_logged = self.sitting.state, len(self.sitting.acts), len(self.log.audited)
        told = len(self.log.told), len(self.log.events)
        try:
            act()
        except (SittingError, AnswerError) as error:
            refused = str(error)
        else:
            assert len(self.sitting.acts) == n_acts + 1
            return True
        assert refused
        assert self.sitting.state is before
        assert len(self.sitting.acts) == n_acts
        assert len(self.log.audited) == n_logged
        assert (len(self.log.told), len(self.log.events)) == told
        return False

    @initialize(early=st.booleans(), how_far=st.integers(0, 5))
    def begin(self, early: bool, how_far: int) -> None:
        """Get anywhere between nothing and review at once: few random walks come that far."""
        if early:
            self.sitting.attach(self.log)
        if how_far:
            self.consents(recording=True, estimates=True)
            self.states_use(Setting.CLINIC, Purpose.MEDICAL, "")
            self.attempt(lambda: self.sitting.see_streams([EDA, BVP]))
        if not early:
            self.sitting.attach(self.log)
        steps: list[Callable[[], object]] = [
            self.sitting.start,
            lambda: self.sitting.open_form("affect"),
            lambda: self.sitting.stop("rest", "because"),
            lambda: (self.sitting.close_form(0, "because"), self.sitting.review("because")),
        ]
        for step in steps[: max(0, how_far - 1)]:
            step()
            self.clock.pass_s(1)

    @rule(seconds=st.sampled_from([0, 1, 5, 61, 130, 301]))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_s(seconds)

    @rule(setting=st.sampled_from(Setting), purpose=st.sampled_from(Purpose), why=REASONS)
    def states_use(self, setting: Setting, purpose: Purpose, why: str) -> None:
        if self.attempt(lambda: self.sitting.state_use(IntendedUse(setting, purpose, why))):
            free = setting.value in ("clinic", "laboratory", "home")
            excepted = purpose.value in ("medical", "safety") and why == "because"
            self.lawful = free or excepted

    @rule(recording=st.booleans(), estimates=st.booleans())
    def consents(self, recording: bool, estimates: bool) -> None:
        consent = Consent(recording=recording, estimates=estimates)
        if self.attempt(lambda: self.sitting.note_consent(consent)):
            self.agreed = estimates

    @rule(streams=st.lists(st.sampled_from([EDA, BVP]), unique=True))
    def sees_streams(self, streams: list[Any]) -> None:
        self.attempt(lambda: self.sitting.see_streams(streams))

    @rule(kind=st.sampled_from(["eda", "bvp", "ecg"]), why=REASONS)
    def waives(self, kind: str, why: str) -> None:
        self.attempt(lambda: self.sitting.waive_stream(kind, why))

    @rule(who=st.sampled_from(["KA-0007-F", "KA-0008-D"]), session=st.sampled_from(["", "s1"]))
    def reuses_rest(self, who: str, session: str) -> None:
        if self.attempt(lambda: self.sitting.reuse_rest(session, who, "c")):
            assert (who, session) == ("KA-0007-F", "s1")
            self.rest_known_ns = self.clock.ns

    @rule()
    def rest_is_taken(self) -> None:
        if self.attempt(lambda: self.sitting.rest_taken("c")):
            rest = self.sitting.state.phases[0]
            assert rest.began_ns is not None
            assert (rest.ended_ns or self.clock.ns) - rest.began_ns >= 120 * S
            self.rest_known_ns = self.clock.ns

    @rule()
    def starts(self) -> None:
        ready = self.sitting.state.consent is not None and self.sitting.state.consent.recording
        if self.attempt(self.sitting.start):
            assert ready

    @rule(phase=PHASES, why=REASONS)
    def ends_phase(self, phase: str, why: str) -> None:
        self.attempt(lambda: self.sitting.end_phase(phase, why))

    @precondition(lambda self: self.sitting.state.current is not None)
    @rule()
    def ends_the_phase_that_runs(self) -> None:
        index = self.sitting.state.current
        assert index is not None
        phase = self.sitting.state.phases[index].phase.name
        assert self.attempt(lambda: self.sitting.end_phase(phase, "because"))

    @rule(phase=PHASES, by_s=st.sampled_from([-1.0, 0.0, 30.0, 1e6]), why=REASONS)
    def extends(self, phase: str, by_s: float, why: str) -> None:
        self.attempt(lambda: self.sitting.extend(phase, by_s, why))

    @rule(phase=PHASES, why=REASONS)
    def leaves_out(self, phase: str, why: str) -> None:
        self.attempt(lambda: self.sitting.leave_out(phase, why))

    @rule(phase=PHASES, why=REASONS)
    def stops(self, phase: str, why: str) -> None:
        self.attempt(lambda: self.sitting.stop(phase, why))

    @rule(label=st.sampled_from(["", "moved"]), back_s=st.integers(-1, 20), why=REASONS)
    def marks(self, label: str, back_s: int, why: str) -> None:
        self.attempt(lambda: self.sitting.mark(label, self.clock.ns - back_s * S, why))

    @rule(number=IDS, why=REASONS)
    def undoes(self, number: int, why: str) -> None:
        self.attempt(lambda: self.sitting.undo_marker(number, why))

    @rule(number=IDS, why=REASONS)
    def corrects(self, number: int, why: str) -> None:
        self.attempt(lambda: self.sitting.correct_marker(number, "door", self.clock.ns, why))

    @rule(stream=st.sampled_from(["w.eda", "w.ecg"]), length_s=st.integers(-1, 5), why=REASONS)
    def brushes(self, stream: str, length_s: int, why: str) -> None:
        start_ns = self.clock.ns - 5 * S
        end_ns = start_ns + length_s * S
        self.attempt(lambda: self.sitting.mark_artefact(stream, start_ns, end_ns, why))

    @rule(number=IDS, why=REASONS)
    def lifts(self, number: int, why: str) -> None:
        self.attempt(lambda: self.sitting.lift_artefact(number, why))

    @rule(form=st.sampled_from(["affect", "words", "sam_scores", "nothing"]))
    def opens_form(self, form: str) -> None:
        self.attempt(lambda: self.sitting.open_form(form))

    @rule(number=IDS, item=ITEMS, answer=ANSWERS, why=REASONS)
    def answers(self, number: int, item: str, answer: Any, why: str) -> None:
        self.attempt(lambda: self.sitting.answer(number, item, copy.copy(answer), why))

    @precondition(lambda self: self.sitting.state.filled)
    @rule(number=IDS, item=st.integers(0, 2), answer=ANSWERS)
    def answers_what_is_asked(self, number: int, item: int, answer: Any) -> None:
        filled = self.sitting.state.filled
        page = filled[number % len(filled)]
        asked = self.sitting.state.forms[page.form].items[item]
        self.attempt(lambda: self.sitting.answer(page.id, asked.name, answer, "because"))

    @rule(number=IDS, why=REASONS)
    def closes_form(self, number: int, why: str) -> None:
        self.attempt(lambda: self.sitting.close_form(number, why))

    @rule(why=REASONS)
    def reviews(self, why: str) -> None:
        self.attempt(lambda: self.sitting.review(why))

    @precondition(lambda self: self.sitting.state.n_acts > 15)
    @rule(why=REASONS)
    def closes(self, why: str) -> None:
        self.attempt(lambda: self.sitting.close(why))

    @rule()
    def the_process_dies_and_goes_on(self) -> None:
        fresh = Sitting(self.sitting.acts, self.clock)
        assert fresh.state == self.sitting.state
        self.log = Kept()
        fresh.attach(self.log)
        self.sitting = fresh

    @invariant()
    def no_record_is_lost_or_rewritten(self) -> None:
        now = [asdict(act) for act in self.sitting.acts]
        assert now[: len(self.seen)] == self.seen
        self.seen = copy.deepcopy(now)

    @invariant()
    def the_records_alone_give_the_state(self) -> None:
        acts = [
            Act(
                entry["new"]["act"],
                entry["new"]["time_ns"],
                entry["who"],
                entry["what"],
                {k: v for k, v in entry["new"].items() if k not in ("act", "time_ns")},
                entry["old"],
                entry["reason"],
            )
            for entry in self.log.audited
        ]
        if acts:
            assert tuple(acts) == self.sitting.acts
            assert rebuild(acts) == self.sitting.state

    @invariant()
    def nothing_is_shown_before_its_time(self) -> None:
        allowed = self.agreed and self.lawful and self.rest_known_ns is not None
        for end_ns in (self.clock.ns, self.clock.ns + S, self.rest_known_ns or 0):
            outcome = self.sitting.shown(estimate(end_ns))
            may = allowed and self.rest_known_ns is not None and end_ns > self.rest_known_ns
            assert isinstance(outcome, AffectEstimate) == may

    @invariant()
    def at_most_one_phase_runs_and_only_in_a_run(self) -> None:
        state = self.sitting.state
        n_running = sum(run.running for run in state.phases)
        assert n_running == (state.stage == "run")
        for run in state.phases:
            assert run.ended_ns is None or (run.began_ns or 0) <= run.ended_ns
            assert not (run.skipped and run.began_ns)


TestSittings = Sittings.TestCase
TestSittings.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
