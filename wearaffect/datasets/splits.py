"""Splits by person. Nothing here splits rows: windows of one person resemble each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Fold", "cross_order", "leave_one_subject_out"]


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
    unknown = sorted(set(order_by_subject.values()) - {"stress_first", "amusement_first"})
    if unknown:
        msg = f"expected the orders stress_first and amusement_first, got {', '.join(unknown)}"
        raise ValueError(msg)
    stress, amusement = (
        tuple(person for person, order in order_by_subject.items() if order == wanted)
        for wanted in ("stress_first", "amusement_first")
    )
    return (
        Fold("stress_first_to_amusement_first", stress, amusement),
        Fold("amusement_first_to_stress_first", amusement, stress),
    )
