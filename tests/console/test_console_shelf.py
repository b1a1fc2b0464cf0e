"""The folder of sessions, and names that don't lead out of it."""

import json
import os
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sessions import make_session

from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.shelf import Shelf
from wearaffect.core.errors import EnrolmentError
from wearaffect.recording.recover import recover
from wearaffect.recording.sealed import new_key, public_key

TRICKS = [
    "", ".", "..", "../x", "..\\x", "%2e%2e", "/etc", "a/b", "a\\b", "a\0", "a\n", "C:x", "~",
    "a" * 101, ".hidden", "a..b", "exports", "-rf", "a b", "ä", "NUL.", "a;b", "$(x)",
]  # fmt: skip

HEADER = [
    "participant", "protocol", "name", "wall_start_s", "infos", "id", "sampling_rate", "streams",
    "expected", "stored", "consent", "agreed", "keep_days", "sharing", "closed",
]  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "sessions")


@pytest.mark.parametrize("name", TRICKS)
def test_names_that_lead_elsewhere_are_unknown(shelf: Shelf, name: str) -> None:
    make_session(shelf.root.parent / "x")
    make_session(shelf.root / "exports" / "x")
    with pytest.raises(ConsoleError) as refused:
        shelf.folder(name)
    assert refused.value.status == 404
    with pytest.raises(ConsoleError):
        shelf.export(name, "x.zip")
    with pytest.raises(ConsoleError):
        shelf.export("x", name)


def test_a_link_isnt_followed_out(shelf: Shelf) -> None:
    outside = make_session(shelf.root.parent / "outside")
    (shelf.root / "link").symlink_to(outside)
    with pytest.raises(ConsoleError):
        shelf.folder("link")
    assert shelf.facts() == []


@pytest.fixture(scope="module")
def full_shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    shelf = Shelf(tmp_path_factory.mktemp("full") / "sessions")
    make_session(shelf.root / "one")
    make_session(shelf.root.parent / "two")
    return shelf


@given(st.text() | st.text(st.sampled_from("./\\one two%2e\0~:-_"), max_size=12))
def test_whatever_the_name_nothing_outside_is_found(full_shelf: Shelf, name: str) -> None:
    if name == "one":
        assert full_shelf.folder(name) == full_shelf.root / "one"
        return
    with pytest.raises(ConsoleError) as refused:
        full_shelf.folder(name)
    assert refused.value.status == 404


def test_what_the_list_says(shelf: Shelf) -> None:
    about = {"protocol": {"name": "free"}, "consent": {"keep_days": 30}}
    folder = make_session(shelf.root / "P-0001-D_20260528-202640", about=about)
    (told,) = shelf.facts()
    assert (told.name, told.participant, told.protocol) == (folder.name, "P-0001-D", "free")
    began = datetime.fromisoformat(told.started)
    assert began == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
    assert began.utcoffset() is not None
    assert told.erase_on == (began.date() + timedelta(days=30)).isoformat()
    assert told.length_s == 10.0
    assert told.closed
    assert not told.recording
    assert not told.sealed
    assert not told.has_report
    assert not told.has_enrolment
    journal = (folder / "session.mcap").stat().st_size
    assert journal < told.bytes < 100 * journal
    for file in ("report.html", "enrolment.json"):
        (folder / file).write_text("{}", encoding="utf-8")
    (told,) = shelf.facts()
    assert told.has_report
    assert told.has_enrolment


def test_the_newest_comes_first(shelf: Shelf) -> None:
    for i, wall_s in enumerate([1.78e9, 1.79e9, 1.77e9]):
        make_session(shelf.root / f"s{i}", wall_s=wall_s)
    assert [told.name for told in shelf.facts()] == ["s1", "s0", "s2"]


def test_what_wasnt_closed_is_offered_until_it_is_recovered(shelf: Shelf) -> None:
    make_session(shelf.root / "whole")
    cut = make_session(shelf.root / "cut", close=False)
    assert shelf.unclosed() == ["cut"]
    recover(cut, shelf.root / "cut-recovered")
    assert shelf.unclosed() == []
    assert {told.name: told.recovered_as for told in shelf.facts()}["cut"] == "cut-recovered"


def test_what_is_being_recorded_is_left_alone(shelf: Shelf) -> None:
    with (make_session(shelf.root / "now", close=False) / "session.mcap").open("rb") as journal:
        fcntl = pytest.importorskip("fcntl")
        fcntl.flock(journal, fcntl.LOCK_EX)
        assert [told.recording for told in shelf.facts()] == [True]
        assert shelf.unclosed() == []
        with pytest.raises(ConsoleError) as refused:
            shelf.idle_folder("now")
    assert refused.value.status == 409
    assert shelf.idle_folder("now").name == "now"


def test_a_sealed_session_is_listed(shelf: Shelf) -> None:
    pytest.importorskip("cryptography")
    make_session(shelf.root / "sealed", seal_to=public_key(new_key()))
    (told,) = shelf.facts()
    assert told.sealed
    assert told.participant == "P-0001-D"


@pytest.mark.parametrize(
    "header",
    [
        "", "[]", "null", "{", '{"wall_start_s": 1e300}', '{"wall_start_s": "x"}',
        '{"consent": [], "protocol": 3, "infos": [1, {"id": []}], "streams": {"a": 1}}',
        '{"wall_start_s": 1, "consent": {"keep_days": 10000000}}', "[" * 100_000,
        '{"wall_start_s": 1%s}' % ("0" * 400), '{"wall_start_s": -62135596800.0}',
        '{"infos": [{"id": "a", "sampling_rate": 1e-300}], "streams": {"a": {"expected": 1%s}}}'
        % ("0" * 300),
        '{"infos": [{"id": "a", "sampling_rate": 1e-300}], "streams": {"a": {"expected": 1%s}}}'
        % ("0" * 400),
        '{"participant": "\\ud800", "protocol": {"name": "\\udc00"}, "consent": {"sharing": 1}}',
        '{"participant": {}, "closed": "yes", "wall_start_s": NaN}', '{"participant": "P-9999-X"}',
        '{"infos": 3}', '{"infos": [{"id": "a", "sampling_rate": 4}], "streams": {"a": {}}}',
    ],
)  # fmt: skip
def test_a_header_that_is_damaged_is_listed_all_the_same(shelf: Shelf, header: str) -> None:
    folder = make_session(shelf.root / "odd")
    (folder / "session.json").write_text(header, encoding="utf-8")
    (told,) = shelf.facts()
    assert told.name == "odd"
    assert not told.closed
    assert told.length_s is None
    assert told.sharing is None
    json.dumps(asdict(told), allow_nan=False, ensure_ascii=False).encode()
    assert shelf.codes() == set()
    assert shelf.undated("odd") == "session"
    assert shelf.unclosed() == ["odd"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(HEADER), inner),
        max_leaves=12,
    )
)
def test_whatever_a_header_holds_the_list_and_the_codes_stand(
    odd_shelf: Shelf, header: object
) -> None:
    file = odd_shelf.root / "odd" / "session.json"
    file.write_text(json.dumps(header), encoding="utf-8")
    assert [told.name for told in odd_shelf.facts()] == ["odd"]
    json.dumps([asdict(told) for told in odd_shelf.facts()], ensure_ascii=False).encode()
    assert all(re.fullmatch("[A-Za-z0-9_-]{2,32}", code) for code in odd_shelf.codes())


@pytest.fixture(scope="module")
def odd_shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    shelf = Shelf(tmp_path_factory.mktemp("odd") / "sessions")
    make_session(shelf.root / "odd")
    return shelf


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
@pytest.mark.parametrize("file", ["session.json", "session.mcap"])
def test_a_pipe_holds_nothing_up(shelf: Shelf, file: str) -> None:
    folder = make_session(shelf.root / "odd")
    (folder / file).unlink()
    os.mkfifo(folder / file)
    assert [told.name for told in shelf.facts()] == ["odd"]
    assert not shelf.idle_folder("odd").samefile(shelf.root)


def test_sharing_is_what_was_agreed_to_in_the_end(shelf: Shelf) -> None:
    folder = make_session(shelf.root / "s", about={"consent": {"sharing": True, "keep_days": 3}})
    assert [told.sharing for told in shelf.facts()] == [True]
    header = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    header["agreed"] = {"consent": {"sharing": False, "keep_days": 3}, "intended_use": ""}
    (folder / "session.json").write_text(json.dumps(header), encoding="utf-8")
    assert [told.sharing for told in shelf.facts()] == [False]


@pytest.mark.parametrize("participant", ["../../../OUTSIDE", "/etc/ABS", "a/b", "", "x" * 99])
def test_an_export_is_named_by_a_code_or_not_at_all(shelf: Shelf, participant: str) -> None:
    folder = make_session(shelf.root / "s")
    assert shelf.undated("s") == "P-0001-D"
    header = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    header["participant"] = participant
    (folder / "session.json").write_text(json.dumps(header), encoding="utf-8")
    assert shelf.undated("s") == "session"


def test_what_isnt_a_session_isnt_listed(shelf: Shelf) -> None:
    (shelf.root / "notes").mkdir()
    (shelf.root / "file").write_text("x", encoding="utf-8")
    (shelf.root / ".wearaffect-serve.lock").touch()
    assert shelf.facts() == []


def test_a_new_sessions_name_says_who_and_when_in_utc(shelf: Shelf) -> None:
    now = datetime(2026, 1, 1, 0, 30, 5, tzinfo=timezone(timedelta(hours=1)))
    assert shelf.new_folder("KA-0007-F", now) == shelf.root / "KA-0007-F_20251231-233005"


def test_rest_is_its_persons_own(shelf: Shelf) -> None:
    make_session(shelf.root / "early")
    with pytest.raises(ConsoleError, match="another participant's"):
        shelf.enrolment("early", "P-0002-B")
    with pytest.raises(EnrolmentError, match="no resting state"):
        shelf.enrolment("early", "P-0001-D")


def test_codes_in_use_are_those_of_the_sessions(shelf: Shelf) -> None:
    make_session(shelf.root / "a", "P-0001-D")
    make_session(shelf.root / "b", "X_9")
    assert shelf.codes() == {"P-0001-D", "X_9"}
