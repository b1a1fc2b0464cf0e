"""Forms as data: which answers each question takes, and what may not be asked."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wearaffect.clinic.sitting.errors import AnswerError, SittingFileError
from wearaffect.clinic.sitting.forms import (
    INSTRUMENTS,
    form_named,
    hints_of_identity,
    read_form,
    shipped_forms,
)

FORM: dict[str, Any] = {
    "name": "mixed",
    "title": "Mixed",
    "items": [
        {"kind": "affect", "dimension": "valence", "required": True},
        {"kind": "slider", "name": "strain", "text": "?", "least": 0, "most": 1, "step": 0.1},
        {"kind": "slider", "name": "free", "text": "?", "least": -5, "most": 5},
        {"kind": "choice", "name": "one", "text": "?", "options": {"a": "A", "b": "B"}},
        {"kind": "choice", "name": "two", "text": "?", "most": 2,
         "options": {"a": "A", "b": "B", "c": "C"}},
        {"kind": "text", "name": "words", "text": "?"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(shipped_forms()))
def test_shipped_forms_open_and_can_be_made_again(name: str) -> None:
    form = form_named(name)
    assert form.name == name
    assert read_form(json.loads(json.dumps(form.document))) == form
    assert form.source


def test_affect_is_asked_as_the_affective_slider_does() -> None:
    form = form_named("affect")
    assert {item.name for item in form.items} == {"valence", "arousal", "dominance"}
    assert "10.1371/journal.pone.0148037" in form.source
    for item in form.items:
        assert form.check(item.name, 0) == 0.0
        assert form.check(item.name, 1) == 1.0
        with pytest.raises(AnswerError):
            form.check(item.name, 1.01)


@pytest.mark.parametrize(
    ("item", "answer", "kept"),
    [
        ("valence", 0.25, 0.25),
        ("valence", None, None),
        ("strain", 0.3, 0.3),
        ("free", -1.234, -1.234),
        ("one", "a", "a"),
        ("two", ["c", "a"], ["a", "c"]),
        ("two", [], []),
        ("words", " warm <b>hands</b>", " warm <b>hands</b>"),
        ("words", "  \n", None),
    ],
)
def test_answers_are_kept_as_given(item: str, answer: Any, kept: Any) -> None:
    assert read_form(FORM).check(item, answer) == kept


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("valence", True), ("valence", "0.5"), ("valence", math.nan), ("valence", 10**400),
        ("valence", -0.001), ("strain", 0.35), ("strain", 2), ("free", math.inf),
        ("one", ["a"]), ("one", "c"), ("one", 1), ("two", "a"), ("two", ["a", "b", "c"]),
        ("two", [["a"]]), ("words", 3), ("words", "x" * 4001), ("nothing", 1),
    ],
)  # fmt: skip
def test_other_answers_are_refused(item: str, answer: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        read_form(FORM).check(item, answer)
    assert caught.value.item == item
    assert caught.value.expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)


@settings(max_examples=150)
@given(st.sampled_from([item["name"] for item in FORM["items"][1:]]), anything)
def test_whatever_is_kept_is_an_answer(item: str, answer: Any) -> None:
    form = read_form(FORM)
    try:
        kept = form.check(item, answer)
    except AnswerError:
        return
    assert form.check(item, kept) == kept
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept


def test_required_questions_without_an_answer_are_named() -> None:
    form = read_form(FORM)
    assert form.unanswered({}) == ("valence",)
    assert form.unanswered({"valence": None, "strain": 0.1}) == ("valence",)
    assert form.unanswered({"valence": 0.0}) == ()


def test_licensed_items_are_refused() -> None:
    for change in (
        {"title": "Short STAI"},
        {"instrument": "stai"},
        {"title": {"en": "State-Trait Anxiety"}},
        {"source": "STAI-6"},
    ):
        with pytest.raises(SittingFileError):
            read_form(FORM | change)
    assert set(INSTRUMENTS) == {"panas", "sam"}


@pytest.mark.parametrize("instrument", ["panas", "sam"])
def test_an_instrument_gives_scores_and_no_items(instrument: str) -> None:
    form = form_named(f"{instrument}_scores")
    assert form.instrument == instrument
    assert "doi 10." in form.source
    assert not any("text" in item for item in form.document["items"])
    with pytest.raises(SittingFileError, match="score in a form that names an instrument"):
        read_form(FORM | {"instrument": instrument})
    bare = {"kind": "score", "name": "s", "least": 0, "most": 1}
    with pytest.raises(SittingFileError, match="the key 'text'"):
        read_form({**form.document, "items": [bare | {"text": "I feel"}]})
    with pytest.raises(SittingFileError, match="and only there"):
        read_form(FORM | {"items": [bare]})


@pytest.mark.parametrize(
    ("index", "change", "place"),
    [
        (0, {"dimension": "mood"}, "items[0].dimension"),
        (0, {"kind": "html"}, "items[0].kind"),
        (1, {"most": 0}, "items[1].most"),
        (1, {"step": 2}, "items[1].step"),
        (1, {"name": "valence"}, "items[1]"),
        (3, {"options": {"a": "A"}}, "items[3].options"),
        (3, {"options": {"A b": "A", "b": "B"}}, "items[3].options.A b"),
        (4, {"most": 4}, "items[4].most"),
        (5, {"required": "yes"}, "items[5].required"),
    ],
)
def test_what_is_wrong_in_a_form_is_named(index: int, change: dict[str, Any], place: str) -> None:
    document = copy.deepcopy(FORM)
    document["items"][index] |= change
    with pytest.raises(SittingFileError) as caught:
        read_form(document)
    assert caught.value.part == place


def test_one_s_own_folder_comes_before_what_is_shipped(tmp_path: Any) -> None:
    (tmp_path / "affect.json").write_text(json.dumps(FORM | {"name": "affect"}))
    assert form_named("affect", tmp_path).title.in_language("en") == "Mixed"
    assert form_named("words", tmp_path) == form_named("words")
    with pytest.raises(SittingFileError, match="one of"):
        form_named("nothing", tmp_path)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Mrs Miller came in", '"Mrs Miller"'),
        ("ich heiße anna", '"ich heiße anna"'),
        ("we saw Anna Schmidt there", '"Anna Schmidt"'),
        ("mail a.b@example.org", '"a.b@example.org"'),
        ("call +49 170 1234567", '"+49 170 1234567"'),
        ("born 12.03.1980", '"12.03.1980"'),
    ],
)
def test_what_tells_who_it_is_is_pointed_at(text: str, hint: str) -> None:
    (found,) = hints_of_identity(text)
    assert hint in found


@pytest.mark.parametrize("text", ["", "Warm hands. Very calm", "moved at 12:30, 3 times", "10/10"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert hints_of_identity(text) == ()
