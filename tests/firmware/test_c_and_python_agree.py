"""Two decoders, one format: C and Python accept the same bytes and read the same values."""

import os

import numpy as np
import pytest
from c_tools import tool
from hypothesis import example, given
from hypothesis import strategies as st

from wearaffect.core.errors import DecodeError
from wearaffect.devices.bridge.capability import decode_capability
from wearaffect.devices.bridge.codec import decode_frame
from wearaffect.devices.bridge.serial_framing import cobs_decoded, cobs_encoded
from wearaffect.devices.virtual.firmware_library import firmware_library

WHOLE, FOREIGN, DAMAGED = range(3)


@pytest.fixture(scope="module", autouse=True)
def _compiler() -> None:
    if "CC" not in os.environ:
        tool("cc", "gcc")
    pytest.importorskip("cffi")


def read_by_c(payload: bytes, streams: list[dict]) -> tuple:
    ffi, lib = firmware_library()
    infos = ffi.new("wa_stream_info[]", len(streams))
    for info, stream in zip(infos, streams, strict=True):
        info.width, info.n_channels = stream["width"], len(stream["channels"])
    frame = ffi.new("wa_frame *")
    verdict = lib.wa_decode(infos, len(streams), payload, len(payload), frame)
    if verdict == FOREIGN:
        return (FOREIGN,)
    claim = (verdict, frame.stream, frame.counter, frame.n_samples)
    if verdict == DAMAGED:
        return claim
    counts = list(frame.counts[0 : frame.n_samples * frame.n_channels])
    return (*claim, frame.sequence, frame.time_us, counts)


def read_by_python(payload: bytes, golden: dict) -> tuple:
    streams = decode_capability(bytes.fromhex(golden["capability"])).streams
    try:
        frame = decode_frame(payload, streams)
    except DecodeError as error:
        if not error.stream:
            return (FOREIGN,)
        return (DAMAGED, int(error.stream), error.counter, error.n_samples)
    claim = (WHOLE, frame.stream, frame.counter, len(frame.raw))
    return (*claim, frame.sequence, frame.time_us, frame.raw.ravel().tolist())


def sealed(body: bytes) -> bytes:
    from golden_writer import with_crc

    return with_crc(body)


@st.composite
def mutated(draw: st.DrawFn, whole: list[bytes]) -> bytes:
    """A golden frame with a few bytes changed, cut or added; half of them sealed anew."""
    payload = bytearray(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(payload) - 1))
        payload[at] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, 4))
    body = bytes(payload[: len(payload) - cut]) + draw(st.binary(max_size=3))
    return sealed(body[:-2]) if draw(st.booleans()) and len(body) > 2 else body


def test_on_golden_frames(golden: dict) -> None:
    for entry in (*golden["frames"], *golden["broken"]):
        payload = bytes.fromhex(entry["bytes"])
        by_c = read_by_c(payload, golden["streams"])
        assert by_c == read_by_python(payload, golden), entry["name"]
        assert (by_c[0] == WHOLE) == ("raw" in entry)


@given(data=st.data())
def test_on_mutated_frames(golden: dict, data: st.DataObject) -> None:
    whole = [bytes.fromhex(frame["bytes"]) for frame in golden["frames"]]
    payload = data.draw(mutated(whole))
    assert read_by_c(payload, golden["streams"]) == read_by_python(payload, golden)


@given(payload=st.binary(max_size=300))
@example(payload=b"")
def test_on_any_bytes(golden: dict, payload: bytes) -> None:
    assert read_by_c(payload, golden["streams"]) == read_by_python(payload, golden)


@given(
    stream=st.integers(0, 3),
    n_samples=st.integers(1, 150),
    seed=st.integers(0, 2**32 - 1),
)
def test_on_sealed_frames_of_any_size(golden: dict, stream: int, n_samples: int, seed: int) -> None:
    info = golden["streams"][stream]
    size = n_samples * len(info["channels"]) * info["width"]
    noise = np.random.default_rng(seed).bytes(9 + size)
    length = (12 + size + 2) % 256
    payload = sealed(bytes([0xB0 + stream, length, noise[0], n_samples]) + noise[1:])
    read = read_by_c(payload, golden["streams"])
    assert read == read_by_python(payload, golden)
    assert (read[0] == WHOLE) == (12 + size + 2 <= 244)


@given(message=st.binary(max_size=520) | st.integers(0, 520).map(lambda n: b"\x01" * n))
@example(message=b"\x01" * 254)
@example(message=b"\x01" * 254 + b"\0")
def test_on_stuffing(message: bytes) -> None:
    ffi, lib = firmware_library()
    out, back, n = ffi.new("uint8_t[530]"), ffi.new("uint8_t[520]"), ffi.new("size_t *")
    by_c = bytes(ffi.buffer(out, lib.wa_cobs_encode(message, len(message), out)))
    for stuffed in (by_c, cobs_encoded(message)):
        assert 0 not in stuffed
        assert len(stuffed) <= len(message) + len(message) // 254 + 1
        assert lib.wa_cobs_decode(stuffed, len(stuffed), back, 520, n)
        assert bytes(ffi.buffer(back, n[0])) == message
        if len(message) <= 512:
            assert cobs_decoded(stuffed) == message


@given(stuffed=st.binary(max_size=40))
def test_on_what_is_stuffed_wrongly(stuffed: bytes) -> None:
    ffi, lib = firmware_library()
    out, n = ffi.new("uint8_t[64]"), ffi.new("size_t *")
    read = lib.wa_cobs_decode(stuffed, len(stuffed), out, 64, n)
    assert (bytes(ffi.buffer(out, n[0])) if read else None) == cobs_decoded(stuffed)
