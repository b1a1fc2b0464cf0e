"""Tables: labels, rest and what came later, against direct look-up."""

import numpy as np

from wearaffect.datasets.wesad import read_wesad
from wearaffect.learning.table import HORIZONS_S


def test_scored_windows_lie_in_one_interval_and_outside_rest(people, made_wesad) -> None:
    truth = {p.id: p for p in read_wesad(made_wesad)}
    for table in people:
        person = truth[table.id]
        inside = [
            any(
                i.start_s <= w.start_s and w.end_s <= i.end_s
                for i in person.intervals
                if i.label != "meditation"
            )
            and not (w.start_s < person.rest.end_s and w.end_s > person.rest.start_s)
            for w in table.windows
        ]
        assert np.flatnonzero(inside).tolist() == table.labelled().tolist()


def test_later_eda_is_the_recording_at_that_time(people, made_wesad) -> None:
    table = people[0]
    session = next(iter(read_wesad(made_wesad))).session
    times_ns, eda = session.streams["e4.eda"].samples()
    seconds = times_ns / 1e9
    for i in (30, 80):
        for h, horizon_s in enumerate(HORIZONS_S):
            at = table.windows[i].end_s + horizon_s
            near = eda[(seconds > at - 2) & (seconds < at), 0]
            assert near.min() - 0.05 <= table.eda_later_us[i, h] <= near.max() + 0.05


def test_without_rest_nothing_is_enrolled_and_the_same_windows_are_scored(people) -> None:
    bare = people[0].without_rest()
    assert all(w.rest is None for w in bare.windows)
    assert bare.labelled().tolist() == people[0].labelled().tolist()


def test_rest_is_known_only_after_it_ended(people, made_wesad) -> None:
    rest = next(iter(read_wesad(made_wesad))).rest
    for window in people[0].windows:
        assert (window.rest is not None) == (window.end_s > rest.end_s)
