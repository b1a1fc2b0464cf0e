"""Board "own": who is learnt from when somebody is scored."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_sittings import record_sitting

from wearaffect.core.errors import DatasetError
from wearaffect.evaluation import own
from wearaffect.evaluation.answers import Predicted, Predictor
from wearaffect.evaluation.corpora import own_sessions
from wearaffect.learning.heads import missing_sides
from wearaffect.learning.table import PersonTable


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[PersonTable, ...]]:
    root = tmp_path_factory.mktemp("site")
    for number, who in enumerate(("P-01", "P-02", "P-03", "P-02")):
        record_sitting(root / f"s{number}", who, seed=number, wall_start_s=1_790_000_000.0 + number)
    corpus = own_sessions(with_synthetic=True)
    return own._tables(root, corpus, None, 1, lambda *_: None)


def test_all_sittings_of_who_is_scored_are_left_out(tables) -> None:
    asked: list[tuple[frozenset[str], str]] = []

    def fit(people: Sequence[PersonTable]) -> Predictor:
        taught = frozenset(person.recording_id for person in people)

        def predict(person: PersonTable) -> Predicted:
            asked.append((taught, person.recording_id))
            return Predicted(np.full((len(person.windows), 3), 1 / 3))

        return predict

    site = own._Site(own_sessions(with_synthetic=True), tables, {"own": fit})
    said = own._left_one_out(site, 1, lambda *_: None)
    for enrolment in ("none", "rest"):
        assert [a.subject for a in said["own"][enrolment]] == ["P-01", "P-02", "P-03"]
    one, two, three = {"sessions/P-01"}, {"sessions/P-02/1", "sessions/P-02/2"}, {"sessions/P-03"}
    assert set(asked) == {
        (frozenset(two | three), "sessions/P-01"),
        (frozenset(one | three), "sessions/P-02/1"),
        (frozenset(one | three), "sessions/P-02/2"),
        (frozenset(one | two), "sessions/P-03"),
    }


def test_somebody_needs_both_sides_in_all_their_sittings_together(tables) -> None:
    first, second = tables["P-02"]
    only_stress = _among(first, "stress")
    assert missing_sides([only_stress]) == {"P-02": "no windows but of stress"}
    assert missing_sides([_among(first, "amusement")]) == {"P-02": "no windows of stress"}
    assert missing_sides([only_stress, _among(second, "rest")]) == {}
    assert missing_sides([_among(first, "")]) == {"P-02": "no windows of stress"}


def _among(person: PersonTable, label: str) -> PersonTable:
    kept = np.where(np.equal(person.labels, label), person.interval, -1)
    return replace(person, interval=kept)


def test_nobody_at_all_says_why(tmp_path: Path) -> None:
    record_sitting(tmp_path / "s", "P-01")
    with pytest.raises(DatasetError, match="session s: nobody wore its device, synthetic:"):
        own.own_board(tmp_path, jobs=1)
