"""Splits by person. Nothing here splits rows: windows of one person resemble each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Fold", "cross_order", "cross_order_equal", "leave_one_subject_out", "same_order"]


@dataclass(frozen=True, slots=True)
class Fold:
    """Who is learnt from and who is scored.

    Attributes
    ----------
    name : str
        For reports.
    train, test : tuple of str
        People; nobody is in both, nobody twice.

    Raises
    ------
    ValueError
        A side is empty, or a person would be in both or twice in one.
    """

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        both = sorted(set(self.train) & set(self.test))
        if both:
            msg = f"fold {self.name}: expected nobody on both sides, got {', '.join(both)}"
            raise ValueError(msg)
        for side, people in (("train", self.train), ("test", self.test)):
            if not people or len(set(people)) < len(people):
                msg = f"fold {self.name}: expected distinct people to {side} on, got {people}"
                raise ValueError(msg)


def leave_one_subject_out(subjects: Sequence[str]) -> tuple[Fold, ...]:
    """Score each person by what was learnt from all others.

    Parameters
    ----------
    subjects : sequence of str
        At least two different people.

    Returns
    -------
    tuple of Fold
        One a person, in the order given, named after who is scored.

    Raises
    ------
    ValueError
        Fewer than two people, or somebody twice.
    """
    people = tuple(subjects)
    if len(people) < 2 or len(set(people)) < len(people):
        msg = f"expected at least two people, each once, got {people}"
        raise ValueError(msg)
    return tuple(
        Fold(person, people[:i] + people[i + 1 :], (person,)) for i, person in enumerate(people)
    )


def cross_order(order_by_subject: Mapping[str, str]) -> tuple[Fold, Fold]:
    """Learn from one protocol order and score on the other, and back.

    What a model knows of elapsed time misleads it here about stress and amusement; not about
    baseline, which comes first in both orders.

    Parameters
    ----------
    order_by_subject : mapping of str to str
        ``stress_first`` or ``amusement_first`` of each person.

    Returns
    -------
    tuple of two Fold
        Trained on stress-first people; trained on amusement-first people.

    Raises
    ------
    ValueError
        Another order is named, or one of the two has nobody.
    """
    stress, amusement = _by_order(order_by_subject)
    return (
        Fold("stress_first_to_amusement_first", stress, amusement),
        Fold("amusement_first_to_stress_first", amusement, stress),
    )


def same_order(order_by_subject: Mapping[str, str]) -> tuple[Fold, ...]:
    """Score each person by what was learnt from the others of the same protocol order.

    Parameters
    ----------
    order_by_subject : mapping of str to str
        ``stress_first`` or ``amusement_first`` of each person.

    Returns
    -------
    tuple of Fold
        One a person, in the order given, named after who is scored.

    Raises
    ------
    ValueError
        Another order is named, or one of the two has fewer than two people.
    """
    groups = _by_order(order_by_subject)
    return tuple(
        Fold(person, tuple(other for other in mine if other != person), (person,))
        for person in order_by_subject
        for mine in groups
        if person in mine
    )


def cross_order_equal(order_by_subject: Mapping[str, str]) -> tuple[Fold, ...]:
    """Score each person by as many people of the other order as `same_order` learns from.

    What differs from `same_order` is then the order alone and not also how many were learnt from.

    Parameters
    ----------
    order_by_subject : mapping of str to str
        ``stress_first`` or ``amusement_first`` of each person.

    Returns
    -------
    tuple of Fold
        One a person, in the order given, named after who is scored. Of the other order each takes
        its turn; where there are fewer of them than needed, all are taken.

    Raises
    ------
    ValueError
        Another order is named, or one of the two has fewer than two people.
    """
    stress, amusement = _by_order(order_by_subject)
    folds = []
    for person in order_by_subject:
        mine, others = (stress, amusement) if person in stress else (amusement, stress)
        start = mine.index(person)
        turned = [others[(start + k) % len(others)] for k in range(len(others))]
        folds.append(Fold(person, tuple(turned[: len(mine) - 1]), (person,)))
    return tuple(folds)


def _by_order(order_by_subject: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give stress-first and amusement-first people."""
    unknown = sorted(set(order_by_subject.values()) - {"stress_first", "amusement_first"})
    if unknown:
        msg = f"expected the orders stress_first and amusement_first, got {', '.join(unknown)}"
        raise ValueError(msg)
    stress, amusement = (
        tuple(person for person, order in order_by_subject.items() if order == wanted)
        for wanted in ("stress_first", "amusement_first")
    )
    return stress, amusement
