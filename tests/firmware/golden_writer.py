"""An independent writer of the bridge's bytes, from PROTOCOL.md and nothing else.

It shares no line, table or checksum routine with the codecs that it judges. Run it to write
firmware_bridge/golden/frames.json anew after a deliberate change of the format.
"""

import json
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "firmware_bridge" / "golden" / "frames.json"

# a wristband at 4, 32 and 64.5 Hz: kind, unit, width, rate, channels (code, scale, offset)
STREAMS = [
    {
        "kind": 1,
        "unit": 2,
        "width": 3,
        "rate": [4, 1],
        "channels": [[0, [1, 1000], [0, 1]]],
    },
    {
        "kind": 5,
        "unit": 6,
        "width": 2,
        "rate": [32, 1],
        "channels": [[1, [1, 64], [0, 1]], [2, [1, 64], [-1, 4]], [3, [-1, 64], [0, 1]]],
    },
    {
        "kind": 3,
        "unit": 1,
        "width": 3,
        "rate": [129, 2],
        "channels": [[4, [1, 1], [0, 1]], [6, [1, 1], [0, 1]]],
    },
    {
        "kind": 6,
        "unit": 5,
        "width": 2,
        "rate": [1, 2],
        "channels": [[0, [1, 100], [-27315, 100]]],
    },
]
# name, stream, sequence, counter, time_us, samples
FRAMES = [
    ("one_eda", 0, 0, 0, 0, [[0]]),
    ("eda_extremes", 0, 1, 1, 250_000, [[8_388_607], [-8_388_608], [-1], [1]]),
    ("one_acc_fits_20_bytes", 1, 0, 0, 7, [[1, -2, 3]]),
    ("acc_extremes", 1, 255, 70_000, 0x01020304, [[32767, -32768, 0], [-1, 255, 256]]),
    ("counter_and_clock_wrap", 1, 128, 2**32 - 1, 2**32 - 1, [[64, 0, -64], [64, 1, -64]]),
    ("longest_frame", 1, 3, 38, 99, [[i, -i, 1000 * (i % 7)] for i in range(38)]),
    ("two_leds", 2, 9, 1_000_000, 3_000_000_000, [[300_000 + i, -200_000 - i] for i in range(19)]),
    ("full_of_zeros", 3, 0, 0, 0, [[0]] * 115),
]
# name, command, token, arguments as (value, bytes), answer to it when just booted, at 1000 µs
COMMANDS = [
    ("ping", 5, 17, [], (0, [(1000, 4), (1000, 4)])),
    ("start", 1, 1, [], (0, [])),
    ("start_again", 1, 2, [], (0, [])),
    ("set_rate_while_sending", 3, 3, [(0, 1), (8, 4), (1, 4)], (6, [])),
    ("set_rate_it_has", 3, 4, [(0, 1), (4, 4), (1, 4)], (0, [])),
    ("stop", 2, 5, [], (0, [])),
    ("set_rate", 3, 6, [(0, 1), (8, 4), (1, 4)], (0, [])),
    ("set_rate_of_no_stream", 3, 7, [(4, 1), (8, 4), (1, 4)], (4, [])),
    ("set_rate_over_zero", 3, 8, [(0, 1), (8, 4), (0, 4)], (5, [])),
    ("limit_too_low", 4, 9, [(19, 1)], (5, [])),
    ("limit_too_high", 4, 10, [(245, 1)], (5, [])),
    ("limit", 4, 11, [(100, 1)], (0, [])),
    ("limit_without_argument", 4, 12, [], (3, [])),
    ("describe_where_it_cannot_fit", 6, 13, [], (8, [])),
    ("no_such_command", 200, 14, [], (1, [])),
]


def le(value: int, size: int) -> bytes:
    return bytes((value >> 8 * i) & 0xFF for i in range(size))


def with_crc(body: bytes) -> bytes:
    crc = 0xFFFF
    for byte in body:
        for bit in range(7, -1, -1):
            top = (crc >> 15) ^ (byte >> bit & 1)
            crc = (crc << 1 & 0xFFFF) ^ (0x1021 if top else 0)
    return body + le(crc, 2)


def data_frame(stream: int, sequence: int, counter: int, time_us: int, raw: list) -> bytes:
    width = STREAMS[stream]["width"]
    samples = b"".join(le(count, width) for sample in raw for count in sample)
    length = 12 + len(samples) + 2
    head = bytes([0xB0 + stream, length, sequence, len(raw)]) + le(counter, 4) + le(time_us, 4)
    return with_crc(head + samples)


def capability(name: str = "golden", flags: int = 1) -> bytes:
    records = b""
    for s in STREAMS:
        records += bytes([s["kind"], s["unit"], s["width"], len(s["channels"])])
        records += le(s["rate"][0], 4) + le(s["rate"][1], 4)
        for code, scale, offset in s["channels"]:
            records += bytes([code]) + b"".join(le(n, 4) for n in (*scale, *offset))
    body = bytes([flags, 1, 2, 3, 1, len(STREAMS), len(name)]) + name.encode() + records
    return with_crc(bytes([0xC1, 1]) + le(4 + len(body) + 2, 2) + body)


def command(code: int, token: int, arguments: list) -> bytes:
    body = b"".join(le(*argument) for argument in arguments)
    return with_crc(bytes([0xE1, 4 + len(body) + 2, code, token]) + body)


def answer(code: int, token: int, status: int, results: list) -> bytes:
    body = b"".join(le(*result) for result in results)
    return with_crc(bytes([0xD1, 5 + len(body) + 2, code, token, status]) + body)


def broken_frames() -> list[dict]:
    whole = data_frame(1, 5, 1234, 5678, [[1, 2, 3], [4, 5, 6]])
    claim = {"stream": 1, "counter": 1234, "n_samples": 2}
    no_samples = with_crc(bytes([0xB1, 14, 0, 0]) + bytes(8))
    return [
        {"name": "flipped_bit", "bytes": whole[:15] + b"\x99" + whole[16:], "claim": claim},
        {"name": "cut", "bytes": whole[:-1], "claim": claim},
        {"name": "too_long", "bytes": whole + b"\0", "claim": claim},
        {
            "name": "no_samples",
            "bytes": no_samples,
            "claim": {"stream": 1, "counter": 0, "n_samples": 0},
        },
        {
            "name": "of_another_width",
            "bytes": with_crc(bytes([0xB0]) + whole[1:-2]),
            "claim": {"stream": 0, "counter": 1234, "n_samples": 2},
        },
        {
            "name": "undeclared_stream",
            "bytes": with_crc(bytes([0xB7]) + whole[1:-2]),
            "claim": None,
        },
        {"name": "other_marker", "bytes": with_crc(bytes([0xA1]) + whole[1:-2]), "claim": None},
        {"name": "header_cut", "bytes": whole[:13], "claim": None},
        {"name": "nothing", "bytes": b"", "claim": None},
    ]


def golden() -> dict:
    names = ("stream", "sequence", "counter", "time_us", "raw")
    return {
        "streams": STREAMS,
        "capability": capability().hex(),
        "frames": [
            {
                "name": name,
                "bytes": data_frame(*frame).hex(),
                **dict(zip(names, frame, strict=True)),
            }
            for name, *frame in FRAMES
        ],
        "broken": [{**b, "bytes": b["bytes"].hex()} for b in broken_frames()],
        "commands": [
            {
                "name": name,
                "bytes": command(code, token, arguments).hex(),
                "command": code,
                "token": token,
                "arguments": [value for value, _ in arguments],
                "status": status,
                "results": [value for value, _ in results],
                "answer": answer(code, token, status, results).hex(),
            }
            for name, code, token, arguments, (status, results) in COMMANDS
        ],
    }


def as_text() -> str:
    """One entry a line, so that a change of one frame is a change of one line."""
    parts = []
    for key, value in golden().items():
        if isinstance(value, list):
            rows = ",\n".join(f"  {json.dumps(row)}" for row in value)
            parts.append(f'"{key}": [\n{rows}\n ]')
        else:
            parts.append(f'"{key}": {json.dumps(value)}')
    return "{\n " + ",\n ".join(parts) + "\n}\n"


if __name__ == "__main__":
    GOLDEN.write_text(as_text())
