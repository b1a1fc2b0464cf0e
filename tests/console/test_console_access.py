"""Tokens, cookies and roles."""

import pytest

from wearaffect.clinic.console.access import Access, Role
from wearaffect.clinic.console.problems import ConsoleError


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(clock: Clock) -> Access:
    return Access(8765, clock)


@pytest.mark.parametrize("role", Role)
def test_a_token_serves_once_and_for_its_role(access: Access, role: Role) -> None:
    token = access.invite(role)
    entered, secret = access.enter(token)
    assert entered == role
    assert access.admits(secret, role)
    assert not any(access.admits(secret, other) for other in Role if other != role)
    with pytest.raises(ConsoleError) as refused:
        access.enter(token)
    assert refused.value.status == 401


def test_a_token_is_good_for_an_hour(access: Access, clock: Clock) -> None:
    early, late = access.invite(Role.VIEWER), access.invite(Role.VIEWER)
    clock.now_s += 3599
    assert access.enter(early)[0] == Role.VIEWER
    clock.now_s += 2
    with pytest.raises(ConsoleError, match="can't be used"):
        access.enter(late)
    with pytest.raises(ConsoleError, match="can't be used"):  # and stays useless
        access.enter(late)


def test_a_page_that_rests_for_eight_hours_is_locked(access: Access, clock: Clock) -> None:
    _, used = access.enter(access.invite(Role.OPERATOR))
    _, idle = access.enter(access.invite(Role.OPERATOR))
    _, watched = access.enter(access.invite(Role.OPERATOR))
    for _ in range(5):
        clock.now_s += 2 * 3600
        assert access.admits(used, Role.OPERATOR)
        access.admits(watched, Role.OPERATOR, use=False)
    assert not access.admits(idle, Role.OPERATOR)
    assert not access.admits(watched, Role.OPERATOR)


def test_nobody_is_locked_out_of_a_sitting_that_runs(clock: Clock) -> None:
    running = [True]
    access = Access(8765, clock, lambda: running[0])
    _, idle = access.enter(access.invite(Role.OPERATOR))
    _, watching = access.enter(access.invite(Role.OPERATOR))
    clock.now_s += 9 * 3600
    access.enter(access.invite(Role.VIEWER))  # which forgets who is locked
    assert access.admits(idle, Role.OPERATOR, use=False)
    assert access.admits(watching, Role.OPERATOR)
    running[0] = False
    assert not access.admits(idle, Role.OPERATOR)
    assert access.admits(watching, Role.OPERATOR)


def test_wrong_tokens_come_slowly_or_not_at_all(access: Access, clock: Clock) -> None:
    good = access.invite(Role.OPERATOR)

    def status(token: str) -> int:
        with pytest.raises(ConsoleError) as refused:
            access.enter(token)
        return refused.value.status

    assert [status(f"guess {i}") for i in range(22)] == [401] * 20 + [429] * 2
    assert status(good) == 429  # nothing is even looked at
    clock.now_s += 1.1
    assert access.enter(good)[0] == Role.OPERATOR


def test_who_leaves_is_out(access: Access) -> None:
    _, secret = access.enter(access.invite(Role.OPERATOR))
    access.leave(secret)
    assert not access.admits(secret, Role.OPERATOR)


def test_tokens_that_nobody_uses_dont_pile_up(access: Access) -> None:
    first = access.invite(Role.VIEWER)
    last = [access.invite(Role.VIEWER) for _ in range(100)][-1]
    with pytest.raises(ConsoleError):
        access.enter(first)
    assert access.enter(last)[0] == Role.VIEWER


def test_nothing_that_opens_a_door_is_kept(access: Access) -> None:
    token = access.invite(Role.OPERATOR)
    _, secret = access.enter(access.invite(Role.OPERATOR))
    kept = repr([getattr(access, name) for name in vars(access)])
    assert token not in kept
    assert secret not in kept


@pytest.mark.parametrize("token", ["", "\ud800", "\x00", "ü" * 200])
def test_a_token_may_be_anything_at_all(access: Access, token: str) -> None:
    with pytest.raises(ConsoleError, match="can't be used"):
        access.enter(token)


def test_roles_and_servers_have_cookies_of_their_own() -> None:
    names = {Access(port).cookie(role) for port in (8765, 8766) for role in Role}
    assert len(names) == 6
