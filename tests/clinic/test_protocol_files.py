"""Protocols as data: what is shipped opens, what is wrong is named with its place."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sitting_parts import PROTOCOL

from wearaffect.clinic.sitting.errors import SittingFileError
from wearaffect.clinic.sitting.forms import shipped_forms
from wearaffect.clinic.sitting.protocol import read_protocol, shipped_protocols

SMALL = """\
name: small
title: {en: "Small", de: "Klein"}
phases:
  - name: rest
    length_s: 120
    enrols: true
    streams: [eda]
    markers:
      - {key: M, label: moved}
  - name: no
    title: 1:30
"""


def written(folder: Path, text: str, name: str = "p.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_the_templates_open_and_rest_first() -> None:
    found = {name: read_protocol(file) for name, file in shipped_protocols().items()}
    assert set(found) == {"free", "rest_task_rest", "tsst_like"}
    for name, protocol in found.items():
        assert protocol.name == name
        assert protocol.phases[0].enrols
        assert protocol.phases[0].length_s == 300
        assert set(protocol.all_forms) <= set(shipped_forms())
        assert "eda" in protocol.streams
        for phase in protocol.phases:
            assert set(phase.title.by_language) == {"en", "de"}
    conditions = {p.name: p.condition for p in found["tsst_like"].phases}
    assert conditions == {
        "rest": "baseline", "preparation": "", "speech": "stress", "arithmetic": "stress",
        "recovery": "rest",
    }  # fmt: skip
    # what a site's task does to people, nobody can know here
    assert [p.condition for p in found["rest_task_rest"].phases] == ["baseline", "", "rest"]
    lengths = {phase.name: phase.length_s for phase in found["tsst_like"].phases}
    # Kirschbaum 1993: five minutes of speech, five of arithmetic
    assert (lengths["speech"], lengths["arithmetic"]) == (300, 300)


@pytest.mark.parametrize("name", sorted(shipped_protocols()))
def test_a_protocol_can_be_made_again_from_what_records_hold(name: str) -> None:
    protocol = read_protocol(shipped_protocols()[name])
    assert read_protocol(json.loads(json.dumps(protocol.document))) == protocol


def test_a_condition_is_one_of_those_that_sittings_are_scored_by(tmp_path: Path) -> None:
    good = SMALL.replace("streams: [eda]", "condition: baseline")
    assert read_protocol(written(tmp_path, good)).phases[0].condition == "baseline"
    with pytest.raises(SittingFileError, match="meditation") as error:
        read_protocol(written(tmp_path, good.replace("baseline", "relaxed")))
    assert "condition" in str(error.value)


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    one = read_protocol(written(tmp_path, SMALL))
    other = read_protocol(written(tmp_path, json.dumps(one.document), "p.json"))
    assert one == other
    assert one.phases[0].markers[0].key == "m"
    assert one.planned_s == 120
    # words stay words, and a title of one language speaks for all
    assert one.phases[1].name == "no"
    assert one.phases[1].title.in_language("de") == "1:30"
    assert one.title.in_language("de") == "Klein"
    assert one.title.in_language("fr") == "Small"


@pytest.mark.parametrize(
    ("old", "new", "place", "expected", "got"),
    [
        ("length_s: 120", "length_s: long", "phases[0].length_s (line 5)", "a number", '"long"'),
        ("length_s: 120", "length_s: true", "phases[0].length_s", "a number", "true"),
        ("length_s: 120", "length_s: 60", "phases[0].enrols (line 6)", "at least 120", "60"),
        ("length_s: 120\n", "\n", "phases[0].enrols", "length_s", "none"),
        ("length_s: 120", "length_s: 120\n    colour: red", "phases[0].colour", "one of", "colour"),
        ("enrols: true", "enrols: yes", "phases[0].enrols", "true or false", '"yes"'),
        ("[eda]", "[eda, egg]", "phases[0].streams[1] (line 7)", "one of eda", '"egg"'),
        ("[eda]", "eda", "phases[0].streams", "a list", '"eda"'),
        ("key: M", "key: MM", "phases[0].markers[0].key (line 9)", "one letter", '"MM"'),
        ("name: no", "name: rest", "phases[1]", "each name once", "'rest' again"),
        ("name: no", "name: ../no", "phases[1].name", "a name", '"../no"'),
        ("name: small\n", "", "the whole file", "the key name", "only title, phases"),
        ('en: "Small"', 'english: "Small"', "title.english", "two letters", "'english'"),
        ('"Klein"', '""', "title.de", "a text of 1", '""'),
        ("title: 1:30", "title: 7", "phases[1].title", "a text", "7"),
        ("phases:", "phases: []\nphase:", "phase (line", "one of name, title", "'phase'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    tmp_path: Path, old: str, new: str, place: str, expected: str, got: str
) -> None:
    assert SMALL.count(old) == 1
    file = written(tmp_path, SMALL.replace(old, new))
    with pytest.raises(SittingFileError) as caught:
        read_protocol(file)
    error = caught.value
    assert error.path == str(file)
    assert error.part.startswith(place)
    assert expected in error.expected
    assert got in error.got


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("name: &a x\ntitle: *a\n", "an anchor or alias"),
        ("name: !!python/object/apply:os.system ['true']\n", "the tag"),
        ("name: !!str 1\n", "the tag"),
        ("name: a\nname: b\n", "'name' again"),
        ("[a]: 1\n", "something else"),
        ("name: a\n---\nname: b\n", "more than one"),
        ("", "an empty file"),
        ("name: [a, b\n", "expected ',' or ']'"),
        ("a: " + "[" * 40 + "]" * 40, "more"),
        ("name: \x00\n", "not allowed"),
    ],
)
def test_only_plain_data_is_read(tmp_path: Path, text: str, got: str) -> None:
    with pytest.raises(SittingFileError) as caught:
        read_protocol(written(tmp_path, text))
    assert got in caught.value.line()


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "{", "[NaN]", "[" * 100_000, "7", "null"])
def test_json_is_read_as_strictly(tmp_path: Path, text: str) -> None:
    with pytest.raises(SittingFileError):
        read_protocol(written(tmp_path, text, "p.json"))


def test_what_is_no_text_file_is_named(tmp_path: Path) -> None:
    large = written(tmp_path, "#" * 300_000)
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path / "none.yaml", tmp_path, large, binary):
        with pytest.raises(SittingFileError) as caught:
            read_protocol(file)
        assert str(file) in str(caught.value)


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["en", "key", "label", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@settings(max_examples=150)
@given(st.data())
def test_a_protocol_changed_anywhere_is_right_or_refused_by_name(data: st.DataObject) -> None:
    document = copy.deepcopy(dict(PROTOCOL))
    target: Any = document
    while True:
        keys = list(range(len(target))) if isinstance(target, list) else list(target)
        key = data.draw(st.sampled_from(keys))
        inner = target[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        target = inner
    target[key] = data.draw(values)
    try:
        protocol = read_protocol(document)
    except SittingFileError as error:
        refused = error
    else:
        assert protocol.phases
        assert 0 <= protocol.planned_s < 1e6
        return
    assert refused.expected
    assert refused.part


@settings(max_examples=100)
@given(text=st.text(alphabet="ab:-[]{}&*!#|>'\"\n ,?%@`01.~\t", max_size=60))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = written(tmp_path_factory.mktemp("text"), text)
    with pytest.raises(SittingFileError):
        read_protocol(file)
