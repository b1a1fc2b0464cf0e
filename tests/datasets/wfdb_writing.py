"""WFDB files for tests: format 16 and MIT annotations, packed by the format descriptions."""

import struct

import numpy as np

SECTIONS = (
    ("Relax", 302), ("PhysicalStress", 20), ("Relax", 15), ("EmotionalStress", 4),
    ("CognitiveStress", 25), ("Relax", 12), ("EmotionalStress", 18), ("Relax", 10),
)  # fmt: skip


def write_record(header, counts, names, *, rate="8", gain="100(-20)/NU", checksum_off=0):
    """Counts (n_samples, n_signals) as a header and a signal file beside it."""
    counts = np.asarray(counts, "<i2")
    lines = [f"{header.stem} {counts.shape[1]} {rate} {len(counts)}"]
    for column, name in zip(counts.T, names, strict=True):
        checksum = (int(column.astype(int).sum()) + checksum_off) % 65536
        lines.append(f"{header.stem}.dat 16 {gain} 16 0 {column[0]} {checksum} 0 {name}")
    header.write_text("\n".join([*lines, "# age: 23"]) + "\n", encoding="ascii")
    header.with_suffix(".dat").write_bytes(counts.tobytes())


def annotation(step, code, text=""):
    """One annotation, so many samples after the one before."""
    if step >= 1024:
        skip = struct.pack("<HHH", 59 << 10, step >> 16, step & 0xFFFF)
        return skip + annotation(0, code, text)
    packed = struct.pack("<H", code << 10 | step)
    if text:
        raw = text.encode()
        packed += struct.pack("<H", 63 << 10 | len(raw)) + raw + b"\0" * (len(raw) % 2)
    return packed


def write_person(folder, person, *, sections=SECTIONS, extra_rate_samples=0):
    """A sitting whose counts tell section (thousands) and sample in it, in the publisher's files.

    Each section but the last has one sample more than its whole seconds, in both records.
    """
    folder.mkdir(exist_ok=True)
    last = len(sections) - 1
    band = [1000 * i + np.arange(8 * n + (i < last)) for i, (_, n) in enumerate(sections)]
    rate = [1000 * i + np.arange(n + (i < last)) for i, (_, n) in enumerate(sections)]
    band[0] = 1 + band[0][:-1]  # the first mark is at sample 1
    band[0] = np.concatenate([[0], band[0]])
    rate[-1] = np.concatenate([rate[-1], np.zeros(extra_rate_samples)])
    counts = np.concatenate(band)[:, None] + 10000 * np.arange(5) % 30000
    write_record(folder / f"{person}_AccTempEDA.hea", counts, ["ax", "ay", "az", "temp", "EDA"])
    columns = np.concatenate(rate)[:, None] + [5000, 0]
    write_record(
        folder / f"{person}_SpO2HR.hea", columns, ["SpO2", "hr"], rate="1", gain="1(0)/bpm"
    )
    starts = np.cumsum([len(part) for part in band])[:-1]
    steps = np.diff([0, 1, *starts])
    marks = b"".join(
        annotation(int(step), 22, label) for step, (label, _) in zip(steps, sections, strict=True)
    )
    (folder / f"{person}_AccTempEDA.atr").write_bytes(marks + b"\0\0")
    return folder
