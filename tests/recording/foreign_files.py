"""Files of other makes, made by hand as their descriptions say."""

import gzip
import json
import struct
from pathlib import Path

import pytest

from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session

UNIX_MS = 1_600_000_000_000


BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")


MUSE = (
    "TimeStamp,RAW_TP9,Accelerometer_X,Accelerometer_Y,Accelerometer_Z,"
    "PPG_Ambient,PPG_IR,PPG_Red,Heart_Rate,HeadBandOn,Elements"
)


BITALINO: dict[str, object] = {
    "sensor": ["EDABITREV", "ECGBITREV", "RAW"],
    "device": "bitalino_rev",
    "column": ["nSeq", "I1", "I2", "O1", "O2", "A1", "A2", "A3"],
    "label": ["A1", "A2", "A3"],
    "channels": [1, 2, 3],
    "resolution": [4, 1, 1, 1, 1, 10, 10, 6],
    "sampling rate": 100,
    "firmware version": 1281,
    "date": "2024-1-2",
    "time": "10:11:12.5",
}


def opened(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> Session:
    """Open content as a file of its own; packed where the name says so."""
    path = tmp_path / name
    whole = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(whole) if name.endswith(".gz") else whole)
    return open_session(path)


def edf(
    onsets: list[float] | None,
    *,
    label: str = "EDA",
    unit: str = "uS",
    variety: str = "EDF+D",
    notes: dict[int, bytes] | None = None,
    patient: str = "P-01 F 01-JAN-1980 Jane_Doe",
) -> bytes:
    """Records of a second with four samples each: counts 0, 1, 2 … over the whole file."""
    count = 5 if onsets is None else len(onsets)
    signals = [(label, unit, "0", "3276.7", "0", "32767", "4")]
    if onsets is not None:
        signals.append(("EDF Annotations", "", "-1", "1", "-32768", "32767", "40"))
    fixed = (
        ("0", 8),
        (patient, 80),
        ("Startdate 02-MAR-2021 X X X", 80),
        ("02.03.21", 8),
        ("10.11.12", 8),
        (str(256 * (len(signals) + 1)), 8),
        (variety, 44),
        (str(count), 8),
        ("1", 8),
        (str(len(signals)), 4),
    )
    head = "".join(text.ljust(width) for text, width in fixed)
    for column, width in (
        (0, 16),
        (None, 80),
        (1, 8),
        (2, 8),
        (3, 8),
        (4, 8),
        (5, 8),
        (None, 80),
        (6, 8),
        (None, 32),
    ):
        head += "".join(("" if column is None else s[column]).ljust(width) for s in signals)
    body = b""
    for number in range(count):
        body += struct.pack("<4h", *range(4 * number, 4 * number + 4))
        if onsets is not None:
            tal = f"+{onsets[number]:g}\x14\x14\0".encode() + (notes or {}).get(number, b"")
            body += tal.ljust(80, b"\0")
    return head.encode("ascii") + body


def chunk(tag: int, content: bytes) -> bytes:
    return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content


def xdf_header(number: int, form: str, rate_hz: float, kind: str, unit: str = "") -> bytes:
    channel = f"<channel><label>one</label><type>{kind}</type><unit>{unit}</unit></channel>"
    xml = (
        f"<info><name>Band 1</name><type>{kind}</type><channel_count>1</channel_count>"
        f"<nominal_srate>{rate_hz}</nominal_srate><channel_format>{form}</channel_format>"
        f"<desc><channels>{channel}</channels></desc></info>"
    )
    return chunk(2, struct.pack("<I", number) + xml.encode())


def xdf_samples(number: int, form: str, rows: list[tuple[float | None, float]]) -> bytes:
    body = struct.pack("<I", number) + b"\x04" + struct.pack("<I", len(rows))
    for stamp, value in rows:
        body += b"\0" if stamp is None else b"\x08" + struct.pack("<d", stamp)
        body += struct.pack(form, value)
    return chunk(3, body)


def xdf(*chunks: bytes) -> bytes:
    return b"XDF:" + chunk(1, b"<info><version>1.0</version></info>") + b"".join(chunks)


def offset(number: int, time: float, value: float) -> bytes:
    return chunk(4, struct.pack("<Idd", number, time, value))


def avro(tmp_path: Path, **changes: object) -> bytes:
    fastavro = pytest.importorskip("fastavro")
    params = {
        "type": "record",
        "name": "P",
        "fields": [
            {"name": n, "type": "int"}
            for n in ("physicalMin", "physicalMax", "digitalMin", "digitalMax")
        ]
        + [{"name": "conversionFactor", "type": "float", "default": 0.0}],
    }
    base = [
        {"name": "timestampStart", "type": "long"},
        {"name": "samplingFrequency", "type": "float"},
    ]
    axes = [{"name": a, "type": {"type": "array", "items": "int"}} for a in "xyz"]
    values = [{"name": "values", "type": {"type": "array", "items": "float"}}]
    raw = {
        "type": "record",
        "name": "R",
        "fields": [
            {
                "name": "accelerometer",
                "type": {
                    "type": "record",
                    "name": "A",
                    "fields": [*base, {"name": "imuParams", "type": params}, *axes],
                },
            },
            {"name": "eda", "type": {"type": "record", "name": "E", "fields": base + values}},
            {
                "name": "tags",
                "type": {
                    "type": "record",
                    "name": "T",
                    "fields": [
                        {"name": "tagsTimeMicros", "type": {"type": "array", "items": "long"}}
                    ],
                },
            },
        ],
    }
    schema = {
        "type": "record",
        "name": "S",
        "fields": [
            {
                "name": "enrollment",
                "type": {
                    "type": "record",
                    "name": "N",
                    "fields": [{"name": "participantID", "type": "string"}],
                },
            },
            {"name": "rawData", "type": raw},
        ],
    }
    start = 1_700_000_000_000_000
    record = {
        "enrollment": {"participantID": changes.pop("who", "P1")},
        "rawData": {
            "accelerometer": {
                "timestampStart": start,
                "samplingFrequency": 64.0,
                "imuParams": {
                    "physicalMin": 0,
                    "physicalMax": 0,
                    "digitalMin": 0,
                    "digitalMax": 0,
                    "conversionFactor": 0.001,
                },
                "x": [1000] * 64,
                "y": [0] * 64,
                "z": [500] * 64,
            },
            "eda": {
                "timestampStart": start,
                "samplingFrequency": 4.0,
                "values": [0.5] * 8,
                **changes,
            },
            "tags": {"tagsTimeMicros": [start + 500_000]},
        },
    }
    path = tmp_path / "made.avro"
    with path.open("wb") as file:
        fastavro.writer(file, schema, [record], codec="deflate")
    return path.read_bytes()


def shimmer(separator: str, columns: dict[str, tuple[str, list[float]]], sep_line: str) -> str:
    names = separator.join(columns)
    units = separator.join(unit for unit, _ in columns.values())
    table = zip(*(values for _, values in columns.values()), strict=True)
    body = "\n".join(separator.join(f"{v!r}" for v in row) + separator for row in table)
    return f"{sep_line}{names}{separator}\n{units}{separator}\n{body}\n"


def times_ms(rate_hz: float, count: int) -> list[float]:
    return [UNIX_MS + i * 1000 / rate_hz for i in range(count)]


def muse_rows(count: int, rate_hz: float) -> list[str]:
    return [
        f"{UNIX_MS + round(i * 1000 / rate_hz)},800.0,0.1,0.2,0.97,{i},{i + 1},{i + 2},"
        f"{0 if i < count // 2 else 64.5},1,"
        for i in range(count)
    ]


def open_signals(about: dict[str, object], rows: list[list[int]]) -> str:
    body = "\n".join("\t".join(map(str, row)) + "\t" for row in rows)
    return (
        f"# OpenSignals Text File Format\n# {json.dumps({'mac': about})}\n# EndOfHeader\n{body}\n"
    )


def emotibit(rows: list[tuple[int, str, list[object]]]) -> str:
    return "".join(
        f"{ms},{number},{len(cells)},{tag},1,100,{','.join(map(str, cells))}\n"
        for number, (ms, tag, cells) in enumerate(rows)
    )


def emotibit_rows(skip: range = range(0)) -> list[tuple[int, str, list[object]]]:
    found: list[tuple[int, str, list[object]]] = []
    for packet in range(100):
        if packet in skip:
            continue
        ms = 5000 + 200 * packet
        found.append((ms, "EA", [packet * 3 + i for i in range(3)]))
        found += [
            (ms + i, tag, [packet * 5 + j for j in range(5)])
            for i, tag in enumerate(("AX", "AY", "AZ"))
        ]
    return found
