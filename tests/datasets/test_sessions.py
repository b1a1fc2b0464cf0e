"""One's own sessions as a corpus: what has which label, who is left out and why."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from made_sittings import BEFORE_S, PHASES, PROTOCOL, record_plain, record_sitting, starts_s

from wearaffect.clinic.sitting.purpose import Consent
from wearaffect.core.errors import DatasetError
from wearaffect.datasets import sessions
from wearaffect.datasets.labelled import Interval
from wearaffect.recording.journal import JournalSettings
from wearaffect.recording.sealed import new_key, public_key

read_sessions = partial(sessions.read_sessions, with_synthetic=True)
session_exclusions = partial(sessions.session_exclusions, with_synthetic=True)
session_participants = partial(sessions.session_participants, with_synthetic=True)

DAY_S = 86_400.0
WALL_S = 1_790_000_000.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two participants, one of them twice, and what can't be used."""
    root = tmp_path_factory.mktemp("site")
    marks = (("band.eda", 200.0, 203.0), ("band.bvp", 330.0, 331.0))
    record_sitting(root / "c", "P-02", seed=2, marks=marks, lifted=[1])
    record_sitting(root / "b", "P-01", seed=1, wall_start_s=WALL_S + 9 * DAY_S)
    record_sitting(root / "a", "P-01", seed=3, wall_start_s=WALL_S + 2 * DAY_S)
    record_sitting(root / "cut", "P-03", seed=4, closes=False)
    record_sitting(
        root / "over", "P-04", seed=4, wall_start_s=1_000_000_000.0,
        consent=Consent(recording=True, keep_days=30),
    )  # fmt: skip
    record_sitting(root / "back", "P-06", seed=4, agreed=Consent(recording=False))
    record_plain(root / "plain", "P-05", [(10.0, "a button")])
    shutil.copytree(root / "c", root / "bent")
    content = bytearray((root / "bent" / "session.mcap").read_bytes())
    content[len(content) // 2] ^= 1
    (root / "bent" / "session.mcap").write_bytes(content)
    (root / "notes").mkdir()
    (root / "participants.json").write_text("{}")
    return root


def test_participants_are_those_with_a_session_that_can_be_used(site: Path) -> None:
    assert session_participants(site) == ("P-01", "P-02")


def test_each_session_that_is_left_out_has_a_reason(site: Path) -> None:
    said = session_exclusions(site)
    assert set(said) == {f"session {name}" for name in ("cut", "over", "plain", "bent", "back")}
    for name, why in (
        ("cut", "wasn't closed"),
        ("over", "may not be kept"),
        ("back", "took the consent to be recorded back"),
        ("plain", "no markers of baseline"),
        ("bent", "isn't the file that was closed"),
    ):
        assert why in said[f"session {name}"]


def test_sittings_of_a_participant_are_one_group_in_order_of_time(site: Path) -> None:
    found = list(read_sessions(site))
    assert [(s.id, s.sitting) for s in found] == [
        ("sessions/P-01", "1"),
        ("sessions/P-01", "2"),
        ("sessions/P-02", ""),
    ]
    assert [Path(s.session.path).name for s in found] == ["a", "b", "c"]


def test_phases_are_labels_as_they_went(site: Path) -> None:
    (person,) = read_sessions(site, ["P-02"])
    at_s = starts_s()
    assert person.intervals == (
        Interval("baseline", at_s["rest"], at_s["speech"]),
        Interval("stress", at_s["speech"], at_s["break"]),  # two phases, one after the other
        Interval("amusement", at_s["clip"], at_s["recovery"]),
        Interval("rest", at_s["recovery"], at_s["end"]),
    )
    assert person.rest == Interval("rest", BEFORE_S, BEFORE_S + PHASES[0][1])
    assert person.session.duration_s == at_s["end"] + 5


def test_self_report_is_the_last_word_of_each_condition_on_the_manikins_scale(site: Path) -> None:
    (person,) = read_sessions(site, ["P-02"])
    said = [(r.condition, r.valence, r.arousal) for r in person.self_report]
    assert said == [
        ("baseline", 5.0, 5.0),
        ("stress", 2.0, 9.0),
        ("amusement", 9.0, 1.0),
        ("rest", None, None),
    ]


def test_marks_that_hold_are_known(site: Path) -> None:
    (person,) = read_sessions(site, ["P-02"])
    assert person.marked == (Interval("band.eda", 200.0, 203.0),)


def test_a_recording_without_a_sitting_is_labelled_by_its_markers(tmp_path: Path) -> None:
    labels = [
        (5.0, "baseline started"), (140.0, "baseline ended"), (150.0, "stress started"),
        (160.0, "a button"), (220.0, "amusement started"), (280.0, "amusement ended"),
        (290.0, "stress started"),
    ]  # fmt: skip
    record_plain(tmp_path / "s", "P-01", labels)
    (person,) = read_sessions(tmp_path)
    assert person.intervals == (
        Interval("baseline", 5.0, 140.0),
        Interval("stress", 150.0, 220.0),
        Interval("amusement", 220.0, 280.0),
    )
    assert person.rest == Interval("rest", 5.0, 140.0)


def test_a_sealed_session_is_named_until_it_is_unsealed(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    sealed = JournalSettings(seal_to=public_key(new_key()))
    record_sitting(tmp_path / "s", "P-01", settings=sealed)
    assert session_exclusions(tmp_path) == {"session s": "is sealed: unseal it first"}
    assert session_participants(tmp_path) == ()


def test_a_protocol_that_says_nothing_of_conditions_has_no_labels(tmp_path: Path) -> None:
    document = json.loads(json.dumps(PROTOCOL))
    for phase in document["phases"]:
        phase.pop("condition", None)
    record_sitting(tmp_path / "s", "P-01", protocol=document)
    (why,) = session_exclusions(tmp_path).values()
    assert "no phase with a condition of baseline" in why


def test_what_is_no_site_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no recorded sessions here"):
        session_participants(tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        session_exclusions(tmp_path / "absent")


def test_somebody_who_is_not_there_is_a_named_error(site: Path) -> None:
    with pytest.raises(DatasetError, match="people not found"):
        list(read_sessions(site, ["P-99"]))


def test_samples_are_those_that_were_recorded(site: Path) -> None:
    first, second, _ = read_sessions(site)
    eda = [s.session.streams["band.eda"].samples()[1] for s in (first, second)]
    assert eda[0].shape == eda[1].shape
    assert not np.array_equal(eda[0], eda[1])


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ("synthetic:", "synthetic:"),
        ("replay:a/b.zip?speed=10", "replay:"),
        ("bumble:polar", "bumble:"),
        ("ble:polar:id-abcdefgh, brainflow:synthetic", "brainflow:synthetic"),
        ("lsl:type=EDA, synthetic:?seed=2", "synthetic:"),
        ("ble:polar:id-abcdefgh, lsl:name=synthetic:", ""),
        ("", ""),
    ],
)
def test_what_nobody_wore_is_left_out_unless_asked_for(tmp_path, device: str, kind: str) -> None:
    record_sitting(tmp_path / "s", "P-01", device=device)
    assert session_participants(tmp_path) == ("P-01",)
    assert session_exclusions(tmp_path) == {}
    said = sessions.session_exclusions(tmp_path)
    if not kind:
        assert said == {}
        assert len(list(sessions.read_sessions(tmp_path))) == 1
        return
    assert said == {"session s": f"nobody wore its device, {kind} (--with-synthetic lets it in)"}
    assert sessions.session_participants(tmp_path) == ()
    with pytest.raises(DatasetError, match="people not found"):
        list(sessions.read_sessions(tmp_path, ["P-01"]))
