"""Processes that work off tasks on data that is sent to each of them once."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar, cast

__all__ = ["worked_off"]

Task = TypeVar("Task")
Result = TypeVar("Result")
Shared = TypeVar("Shared")


def worked_off(
    work: Callable[[Task, Shared], Result],
    tasks: Sequence[Task],
    shared: Shared,
    jobs: int | None = None,
) -> Iterator[tuple[Task, Result]]:
    """Work tasks off in any order, in this process where there is one job.

    Parameters
    ----------
    work : callable
        A function of a module; takes a task and what is shared.
    tasks : sequence
        Small; those that take longest had better come first.
    shared : object
        What every worker needs.
    jobs : int or None
        Processes; as many as there are cores by default.

    Yields
    ------
    tuple
        Task and result, as they get done. An error of a worker comes home, and nothing more is
        begun.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1:
        yield from ((task, work(task, shared)) for task in tasks)
        return
    # spawned, since torch's threads don't survive a fork
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(work, shared),
    )
    try:
        pending = {pool.submit(_one, task): task for task in tasks}
        for future in as_completed(pending):
            yield pending[future], cast("Result", future.result())
    finally:
        pool.shutdown(cancel_futures=True)


_worker: dict[str, Any] = {}


def _start(work: Callable[[Any, Any], Any], shared: object) -> None:
    import torch

    torch.set_num_threads(1)  # one core a process
    _worker.update(work=work, shared=shared)


def _one(task: Task) -> object:
    return cast("object", _worker["work"](task, _worker["shared"]))
