"""Tasks are worked off with what is shared, here or in processes, and an error comes home."""

import operator

import pytest

from wearaffect.evaluation.workers import worked_off


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_once(jobs: int) -> None:
    found = dict(worked_off(operator.mul, list(range(10)), 3, jobs))
    assert found == {i: 3 * i for i in range(10)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_comes_home(jobs: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(worked_off(operator.floordiv, [1, 2, 3], 0, jobs))
