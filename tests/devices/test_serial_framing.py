"""Messages on a serial line, cut anywhere, begun anywhere, with rubbish between."""

from hypothesis import given
from hypothesis import strategies as st

from wearaffect.devices.bridge.serial_framing import SerialFramer

messages = st.lists(st.binary(min_size=1, max_size=300), max_size=6)


@given(messages, st.data())
def test_any_cutting_gives_the_same_messages(sent: list[bytes], data: st.DataObject) -> None:
    line = b"".join(SerialFramer.wrap(message) for message in sent)
    framer, got = SerialFramer(), []
    while line:
        n = data.draw(st.integers(1, len(line)))
        got += framer.feed(line[:n])
        line = line[n:]
    assert got == sent
    assert framer.n_malformed == 0


@given(messages, st.binary(max_size=700))
def test_after_rubbish_it_finds_the_next_zero(sent: list[bytes], rubbish: bytes) -> None:
    framer = SerialFramer()
    framer.feed(rubbish + b"\0")
    assert framer.feed(b"".join(map(SerialFramer.wrap, sent))) == sent


def test_a_line_without_zeros_holds_no_more_than_a_message() -> None:
    framer = SerialFramer()
    for _ in range(100):
        assert framer.feed(b"\x01" * 1000) == []
    assert framer.feed(b"\0") == []
    assert framer.n_malformed == 1
    assert framer.feed(SerialFramer.wrap(b"\0abc\0")) == [b"\0abc\0"]


def test_known_bytes() -> None:
    # examples of Cheshire and Baker 1999, as every description of the method repeats them
    assert SerialFramer.wrap(b"\x00") == b"\x01\x01\x00"
    assert SerialFramer.wrap(b"\x11\x22\x00\x33") == b"\x03\x11\x22\x02\x33\x00"
    assert SerialFramer.wrap(b"\x11\x00\x00\x00") == b"\x02\x11\x01\x01\x01\x00"
