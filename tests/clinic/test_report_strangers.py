"""Whatever people write into a sitting, and devices into a recording, stays text in the report."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from report_reading import Page, read
from sitting_parts import BVP, EDA, RESEARCH, Clock, S, opened

from wearaffect.clinic.report.background import notes_of_recording
from wearaffect.clinic.report.completeness import completeness
from wearaffect.clinic.report.course import artefacts, course
from wearaffect.clinic.report.custody import Custody
from wearaffect.clinic.report.drawing import Timeline, plot_style
from wearaffect.clinic.report.links import clocks_and_links
from wearaffect.clinic.report.overview import overview
from wearaffect.clinic.report.printing import write_page
from wearaffect.clinic.report.proofs import agreed, caveats, origins
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.selfreport import self_report
from wearaffect.clinic.report.writing import page_of
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.core.affect import Abstention
from wearaffect.core.clocks import ClockMap
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState
from wearaffect.core.streams import (
    Channel,
    Gap,
    LossEvidence,
    Marker,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.units import Unit
from wearaffect.recording.session import RecordedStream, Session
from wearaffect.recording.verify import Verification

EVIL = '"><img src=x onerror=alert(1)><script>alert("x")</script>'
# what can be typed; a lone surrogate can't be kept as UTF-8
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60).filter(
    lambda text: text.strip() != ""
)


def sitting_with(words: str) -> Sitting:
    """A sitting in which everything that may be written says the same."""
    clock = Clock()
    sitting = opened(clock)
    sitting.note_consent(Consent(recording=True, estimates=True, document=words))
    sitting.state_use(IntendedUse(RESEARCH.setting, RESEARCH.purpose, words))
    sitting.see_streams([EDA, BVP])

    class Nowhere:
        def audit(self, *_: object, **__: object) -> None: ...
        def tell(self, *_: object) -> None: ...
        def event(self, *_: object) -> None: ...

    sitting.attach(Nowhere())
    sitting.start()
    clock.pass_s(10)
    for label in ("first", words, "third"):
        sitting.mark(label)
    sitting.undo_marker(2, words)
    sitting.correct_marker(0, words, 1005 * S, words)
    sitting.extend("rest", 30, words)
    sitting.leave_out("task", words)
    sitting.mark_artefact("w.eda", 1001 * S, 1004 * S, words)
    sitting.lift_artefact(sitting.mark_artefact("w.bvp", 1001 * S, 1004 * S, words), words)
    sitting.stop("rest", words)
    page = sitting.open_form("words")
    sitting.answer(page, "remarks", words)
    sitting.close_form(page, words)
    return sitting


def told_with(words: str) -> Reported:
    """A recording in which devices, header and trail say the same, too."""
    sitting = sitting_with(words)
    state = sitting.state
    infos = [replace(info, loss_evidence=LossEvidence.COUNTER) for info in (EDA, BVP)]
    streams = {}
    for info in infos:
        n = int(20 * info.rate_hz)
        chunk = SignalChunk(info, np.ones((n, 1), np.float32), 1000 * S, device_counter=0)
        gap = Gap(info.id, 1020 * S, 1024 * S, 5, words)
        streams[info.id] = RecordedStream(info, (chunk,), (gap,))
    clock = ClockMap(0, 1000 * S, 3.0, 1000, 2000, None)
    session = Session(
        f"/somewhere/{words.replace('/', '_')}",
        MappingProxyType(streams),
        participant="KA-0007-F",
        device=words,
        start_ns=1000 * S,
        markers=(*(Marker(m.time_ns, m.label) for m in state.markers), Marker(1003 * S, words)),
        clock=(ClockSegment("w.eda", clock, words),),
        notes=(DeviceNote(1001 * S, words, DeviceState.LOST, {"reason": words, words: 1}),),
        repairs=(words,),
        problems=(words,),
    )
    account = {
        "loss_evidence": words, "expected": 85, "stored": 80, "lost_in_gaps": 5, "damaged": 0,
    }  # fmt: skip
    header = {"intended_use": words, "bundle_id": words, "versions": {words: words}, words: words}
    header["recovered_from"] = words
    found = Verification(False, True, {info.id: account for info in infos}, (words,))
    entry = {"who": words, "what": words, "previous": ""}
    recovered = {"who": words, "what": "recovered", "new": {"lost": [words, 3]}}
    stopped = {"who": words, "what": "server stopped", "reason": words}
    custody = Custody(header, "00ff" + words, found, (entry, recovered, stopped))
    outcomes = tuple(
        Abstention((1000 + k) * S, (1001 + k) * S, (words,), bundle_id=words, origin_ns=1000 * S)
        for k in range(4)
    )
    return Reported(
        session, (), outcomes, custody=custody, sitting=state, acts=sitting.acts, afterwards=False
    )


def tags_of(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert not page._open
    return page


PLAIN = set(tags_of("<p></p>").tags) | {
    "section", "h2", "h3", "p", "div", "table", "thead", "tbody", "tr", "th", "td", "span", "ul",
    "li", "code", "i", "br", "figure", "figcaption", "svg", "g", "path", "defs", "use", "text",
    "tspan", "clippath", "rect", "pattern", "dl", "dt", "dd", "strong",
}  # fmt: skip


@given(WORDS)
@settings(max_examples=60, deadline=None)
def test_words_never_become_markup(words: str) -> None:
    told = told_with(words)
    parts = [artefacts(told), clocks_and_links(told), agreed(told), caveats(told)]
    parts += [origins(told), self_report(told), overview(told), notes_of_recording(told)]
    page = tags_of("".join(parts))
    assert set(page.tags) <= PLAIN
    assert {name for name, _ in page.attributes} <= {
        "class", "scope", "aria-label", "aria-hidden", "style", "role",
    }  # fmt: skip
    assert page.tables["Artefact marks"][1][3] == words.strip()
    assert page.tables["Other answers"][1][3] == words


@given(st.sampled_from([EVIL, "$x_{", "&lt;b&gt;", "\u202eevil", "a\tb]]>", "$$"]) | WORDS)
@settings(max_examples=6, deadline=None)
def test_words_never_become_markup_in_figures(words: str) -> None:
    told = told_with(words)
    timeline = Timeline(told.session.start_ns, 20.0)
    with plot_style():
        page = tags_of(course(told, timeline) + completeness(told, timeline))
    assert set(page.tags) <= PLAIN
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "src"]


def test_a_hostile_sitting_gives_a_harmless_page(tmp_path: Path) -> None:
    write_page(page_of(told_with(EVIL)), tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert not {"script", "img", "iframe", "object", "link"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(EVIL) >= 25


def test_other_streams_are_drawn_and_those_without_a_rate(tmp_path: Path) -> None:
    ecg = StreamInfo("belt.ecg", SignalKind.ECG, (Channel("ecg", Unit.MILLIVOLT),), 130.0, "belt")
    ibi = StreamInfo("belt.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None, "belt")
    stamps = (np.arange(1, 60) * S).astype(np.int64)
    streams = {
        "belt.ecg": RecordedStream(
            ecg, (SignalChunk(ecg, np.sin(np.arange(7800.0))[:, None].astype(np.float32)),)
        ),
        "belt.ibi": RecordedStream(
            ibi, (SignalChunk(ibi, np.full((59, 1), 0.9, np.float32), 0, stamps),)
        ),
    }
    found = Verification(True, True, {}, ())
    custody = Custody({"intended_use": "", "bundle_id": ""}, "", found, ())
    told = Reported(Session("s", streams, participant="P-01"), custody=custody)
    write_page(page_of(told), tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert "ECG, IBI over time" in " ".join(value for _, value in page.attributes)
    assert "not in this recording" not in page.text
    assert page.tiles["Stored"][0] == "not provable"
