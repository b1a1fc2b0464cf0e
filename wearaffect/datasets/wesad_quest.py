"""WESAD's ``SX_quest.csv``: the order of conditions, their times, and what people answered."""

import re
from dataclasses import dataclass
from pathlib import Path

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.labelled import Interval, SelfReport

__all__ = ["Quest", "quest_seconds", "read_quest"]

_LABEL_OF = {
    "base": "baseline",
    "tsst": "stress",
    "fun": "amusement",
    "medi 1": "meditation",
    "medi 2": "meditation",
}
_READING = {"bread", "sread", "fread"}  # reading aloud between conditions: never labelled
_N_PANAS = (24, 26)  # two more items, on stress, were asked after it
_N_STAI, _N_DIM, _N_SSSQ = 6, 2, 6


@dataclass(frozen=True, slots=True)
class Quest:
    """What the file says.

    Attributes
    ----------
    spans : tuple of Interval
        Conditions in the order they came, seconds after the start of the *chest* device, and 20 s
        longer than the published labels: for checks, not for labelling.
    self_report : tuple of SelfReport
        One a condition, in the same order.
    """

    spans: tuple[Interval, ...]
    self_report: tuple[SelfReport, ...]

    @property
    def order(self) -> str:
        """Give ``stress_first`` or ``amusement_first``."""
        labels = [span.label for span in self.spans]
        before = labels.index("stress") < labels.index("amusement")
        return "stress_first" if before else "amusement_first"


def quest_seconds(text: str) -> int:
    """Read a time of the ``# START`` and ``# END`` rows.

    Parameters
    ----------
    text : str
        ``minutes.seconds`` after a spreadsheet has taken trailing zeros off: ``34.3`` is 34 min
        30 s, ``7.1`` is 7 min 10 s, ``7.08`` is 7 min 8 s and ``48`` is 48 min.

    Returns
    -------
    int
        Seconds.

    Raises
    ------
    ValueError
        Not of that form, or more than 59 seconds in the minute.
    """
    match = re.fullmatch(r"([0-9]+)(?:\.([0-9]{1,2}))?", text.strip())
    seconds = int((match[2] or "0").ljust(2, "0")) if match else 60
    if not match or seconds > 59:
        msg = f"expected minutes.seconds with at most 59 seconds, got {text!r}"
        raise ValueError(msg)
    return int(match[1]) * 60 + seconds


def read_quest(path: Path) -> Quest:
    """Read the order, times and answers of one person.

    Parameters
    ----------
    path : Path
        ``SX_quest.csv``, semicolons. Answers stand in the order of ``# ORDER`` without the
        readings; the stress questionnaire (SSSQ) was asked once, after stress.

    Returns
    -------
    Quest

    Raises
    ------
    DatasetError
        The file is missing, a row is missing or has another length than published.
    """
    try:
        return _quest(_rows(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError) as error:
        raise DatasetError(
            path,
            "not a WESAD questionnaire",
            expected="rows # ORDER, # START, # END, # PANAS, # STAI, # DIM and # SSSQ",
            got=str(error),
            remedy="fetch the file again",
        ) from error


def _rows(text: str) -> dict[str, list[list[str]]]:
    """Give the cells of each row by its first word, without the empty cells at the end."""
    rows: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        head, *cells = (cell.strip() for cell in line.split(";"))
        while cells and not cells[-1]:
            cells.pop()
        rows.setdefault(head.strip("#: "), []).append(cells)
    return rows


def _quest(rows: dict[str, list[list[str]]]) -> Quest:
    spans = _spans(*(_only(rows, name) for name in ("ORDER", "START", "END")))
    labels = [span.label for span in spans]
    panas = _answers(rows, "PANAS", len(labels), _N_PANAS)
    stai = _answers(rows, "STAI", len(labels), (_N_STAI,))
    dim = _answers(rows, "DIM", len(labels), (_N_DIM,))
    (sssq,) = _answers(rows, "SSSQ", 1, (_N_SSSQ,))
    reports = (
        SelfReport(
            label, dim[i][0], dim[i][1], panas[i], stai[i], sssq if label == "stress" else ()
        )
        for i, label in enumerate(labels)
    )
    return Quest(tuple(spans), tuple(reports))


def _only(rows: dict[str, list[list[str]]], name: str) -> list[str]:
    found = rows.get(name, [])
    if len(found) != 1:
        msg = f"{len(found)} rows # {name}"
        raise ValueError(msg)
    return found[0]


def _spans(order: list[str], starts: list[str], ends: list[str]) -> list[Interval]:
    spans = []
    for name, start, end in zip(order, starts, ends, strict=True):
        if name.lower() in _READING:
            continue
        if name.lower() not in _LABEL_OF:
            msg = f"the unknown condition {name!r}"
            raise ValueError(msg)
        label = _LABEL_OF[name.lower()]
        spans.append(Interval(label, float(quest_seconds(start)), float(quest_seconds(end))))
    missing = set(_LABEL_OF.values()) - {span.label for span in spans}
    if missing:
        msg = f"# ORDER without {', '.join(sorted(missing))}"
        raise ValueError(msg)
    return spans


def _answer(cell: str) -> int | None:
    """Read one answer; ``Nan`` and an empty cell are questions left open."""
    return None if cell.lower() in ("", "nan") else int(cell)


def _answers(
    rows: dict[str, list[list[str]]], name: str, n_rows: int, lengths: tuple[int, ...]
) -> list[tuple[int | None, ...]]:
    answers = [tuple(_answer(cell) for cell in cells) for cells in rows.get(name, [])]
    if len(answers) != n_rows or any(len(row) not in lengths for row in answers):
        got = [len(row) for row in answers]
        msg = f"# {name} rows of {got} answers instead of {n_rows} of {lengths}"
        raise ValueError(msg)
    return answers
