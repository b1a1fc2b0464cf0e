"""A sitting in a real journal: read back whole, and after a cut at any place as far as it was."""

import json
import shutil
from pathlib import Path

import pytest
from sitting_parts import AGREED, BVP, EDA, RESEARCH, Clock, S, opened, started

from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.history import rebuild
from wearaffect.clinic.sitting.records import about, acts_in
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.clinic.sitting.state import SittingState
from wearaffect.recording.journal import JournalSettings, JournalWriter, read_journal, read_topic
from wearaffect.recording.recover import recover
from wearaffect.recording.verify import verify


def journal(folder: Path, sitting: Sitting, clock: Clock) -> JournalWriter:
    use = sitting.state.use
    assert use is not None
    writer = JournalWriter(
        folder,
        participant=sitting.state.participant,
        intended_use=use.sentence,
        settings=JournalSettings(about=about(sitting.state.protocol, sitting.state.consent)),
    )
    writer.start([EDA, BVP], clock.ns)
    return writer


def recorded(folder: Path) -> tuple[list[SittingState], Sitting]:
    """Every state of a sitting that went into a journal, flushed act by act, and closed."""
    clock = Clock()
    sitting = opened(clock)
    sitting.note_consent(AGREED)
    sitting.state_use(RESEARCH)
    sitting.see_streams([EDA, BVP])
    writer = journal(folder, sitting, clock)
    sitting.attach(writer)
    states = [rebuild(sitting.acts[: n + 1]) for n in range(len(sitting.acts))]

    def keep() -> None:
        writer.flush()
        states.append(sitting.state)
        clock.pass_s(1)

    sitting.start()
    keep()
    sitting.mark("moved")
    keep()
    sitting.undo_marker(0)
    keep()
    page = sitting.open_form("affect")
    keep()
    for item, value in (("valence", 0.1), ("arousal", 0.7), ("valence", 1 / 3)):
        sitting.answer(page, item, value)
        keep()
    sitting.close_form(page)
    keep()
    sitting.mark_artefact("w.eda", 1000 * S, 1001 * S, 'strap "é"')
    keep()
    sitting.stop("rest", "enough")
    keep()
    sitting.review("no words")
    keep()
    sitting.close()
    keep()
    writer.close()
    return states, sitting


def test_the_folder_alone_gives_the_sitting(tmp_path: Path) -> None:
    states, sitting = recorded(tmp_path / "s")
    assert acts_in(tmp_path / "s") == sitting.acts
    assert rebuild(acts_in(tmp_path / "s")) == sitting.state == states[-1]
    assert verify(tmp_path / "s").ok

    session = read_journal(tmp_path / "s")
    assert session.problems == ()
    assert [marker.label for marker in session.markers] == ["moved"]
    phases = [(m["phase"], m["state"]) for m in read_topic(tmp_path / "s", "protocol")]
    assert phases == [("rest", "began"), ("rest", "ended")]
    answers = [m["answers"] for m in read_topic(tmp_path / "s", "forms")]
    final = {"valence": 1 / 3, "arousal": 0.7}
    assert answers == [{}, {"valence": 0.1}, {"arousal": 0.7}, {"valence": 1 / 3}, final]
    (artefact,) = read_topic(tmp_path / "s", "quality")
    assert (artefact["verdict"], artefact["stream_id"]) == ("artefact", "w.eda")

    header = json.loads((tmp_path / "s" / "session.json").read_text())
    assert header["protocol"] == {"name": "three", "planned_s": 360.0}
    assert header["consent"]["keep_days"] == 365
    assert "study 7" in header["intended_use"]


def test_after_a_cut_it_is_as_it_was_then(tmp_path: Path) -> None:
    states, sitting = recorded(tmp_path / "s")
    content = (tmp_path / "s" / "session.mcap").read_bytes()
    cut = tmp_path / "cut"
    shutil.copytree(tmp_path / "s", cut)
    n_found = set()
    for size in range(len(content), 0, -max(1, len(content) // 60)):
        (cut / "session.mcap").write_bytes(content[:size])
        acts = acts_in(cut)
        assert acts == sitting.acts[: len(acts)]
        n_found.add(len(acts))
        if acts:
            assert rebuild(acts) == states[len(acts) - 1]
    assert len(n_found) > 8
    assert max(n_found) == len(sitting.acts)


def test_what_is_recovered_has_its_sitting(tmp_path: Path) -> None:
    states, sitting = recorded(tmp_path / "s")
    file = tmp_path / "s" / "session.mcap"
    kept = sitting.acts
    while len(kept) == len(sitting.acts):  # the end of the file only indexes it
        file.write_bytes(file.read_bytes()[:-200])
        kept = acts_in(tmp_path / "s")
    assert len(kept) > 8
    recover(tmp_path / "s", tmp_path / "mended")
    assert verify(tmp_path / "mended").ok
    assert acts_in(tmp_path / "mended") == kept
    assert rebuild(kept) == states[len(kept) - 1]


def test_a_sitting_goes_on_in_another_journal_after_its_process_died(tmp_path: Path) -> None:
    clock = Clock()
    sitting = opened(clock)
    sitting.note_consent(AGREED)
    sitting.state_use(RESEARCH)
    sitting.see_streams([EDA, BVP])
    first = journal(tmp_path / "one", sitting, clock)
    sitting.attach(first)
    sitting.start()
    first.flush()
    first.abandon()

    again = Sitting(acts_in(tmp_path / "one"), clock)
    assert again.state == sitting.state
    second = journal(tmp_path / "two", again, clock)
    again.attach(second)
    clock.pass_s(300)
    again.end_phase("rest")
    second.close()
    assert acts_in(tmp_path / "two") == again.acts
    assert acts_in(tmp_path / "two")[: len(sitting.acts)] == sitting.acts


def test_a_hole_in_the_records_is_not_bridged() -> None:
    acts = started(Clock()).acts
    for missing in range(1, len(acts) - 1):
        with pytest.raises(SittingError, match="missing"):
            rebuild([*acts[:missing], *acts[missing + 1 :]])
    with pytest.raises(SittingError, match="first act is missing"):
        rebuild(acts[1:])
    with pytest.raises(SittingError, match="missing"):
        rebuild([acts[0], acts[2], acts[1]])


def test_a_session_without_a_sitting_has_no_acts(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "s", participant="P-01")
    writer.start([EDA], 0)
    writer.close()
    assert acts_in(tmp_path / "s") == ()
