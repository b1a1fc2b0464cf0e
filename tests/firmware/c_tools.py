"""Compilers for the tests: the golden bytes as a C header, and one way to call a tool."""

import shutil
import subprocess
from pathlib import Path

import pytest

BRIDGE = Path(__file__).parents[2] / "firmware_bridge"
SOURCES = sorted((BRIDGE / "c").glob("*.c"))
HARNESS = Path(__file__).parent / "c"
STRICT = (
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wcast-align",
    "-Werror",
)


def tool(name: str, package: str) -> str:
    """Give a program; skip by name where its Debian package isn't installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} isn't installed (Debian: {package})")
    return found


def run(*command: str | Path) -> str:
    """Run a program that must succeed; give what it said (qemu's console is standard error)."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def write_golden_header(golden: dict, folder: Path) -> None:
    """Write the golden bytes as C; it knows the numbers of PROTOCOL.md as they are."""
    streams = ",\n".join(_stream(stream) for stream in golden["streams"])
    capability = bytes.fromhex(golden["capability"])
    parts = [
        '#include "wa_bridge.h"',
        "typedef struct { const uint8_t *bytes; size_t length; uint8_t stream, sequence;"
        " uint32_t counter, time_us; uint8_t n_samples; const int32_t *counts; } golden_frame;",
        "typedef struct { const uint8_t *bytes; size_t length; bool claims; uint8_t stream;"
        " uint32_t counter; uint8_t n_samples; } golden_broken;",
        "typedef struct { const uint8_t *bytes; size_t length; const uint8_t *answer;"
        " size_t answer_length; } golden_command;",
        f"#define N_STREAMS {len(golden['streams'])}",
        f"static const wa_stream_info golden_streams[] = {{\n{streams}\n}};",
        'static const wa_identity golden_identity = {"golden", 1, 2, 3, 1, true, N_STREAMS,'
        " golden_streams};",
        f"static const uint8_t golden_capability[{len(capability)}] = {_list(capability)};",
    ]
    for word in ("frame", "broken", "command"):
        entries = golden["broken" if word == "broken" else f"{word}s"]
        rows = ",\n".join(f"  {_ENTRY[word](entry)}" for entry in entries)
        parts.append(f"#define N_{_PLURAL[word]} {len(entries)}")
        parts.append(f"static const golden_{word} golden_{word}s[] = {{\n{rows}\n}};")
    (folder / "golden.h").write_text("\n".join(parts) + "\n")


def _stream(stream: dict) -> str:
    channels = ", ".join(
        f"{{{code}, {scale[0]}, {scale[1]}, {offset[0]}, {offset[1]}}}"
        for code, scale, offset in stream["channels"]
    )
    kind, unit, width, rate = (stream[k] for k in ("kind", "unit", "width", "rate"))
    n = len(stream["channels"])
    return f"  {{{kind}, {unit}, {width}, {n}, {rate[0]}, {rate[1]}, 0, {{{channels}}}}}"


def _list(values: bytes | list[int]) -> str:
    return "{" + ", ".join(map(str, values)) + "}"


def _bytes(text: str) -> str:
    data = bytes.fromhex(text)
    return f"(const uint8_t[]){_list(data or bytes(1))}, {len(data)}"


def _frame(f: dict) -> str:
    counts = _list([count for sample in f["raw"] for count in sample])
    return (
        f"{{{_bytes(f['bytes'])}, {f['stream']}, {f['sequence']}, {f['counter']}U,"
        f" {f['time_us']}U, {len(f['raw'])}, (const int32_t[]){counts}}}"
    )


def _broken(b: dict) -> str:
    claim = b["claim"] or {"stream": 0, "counter": 0, "n_samples": 0}
    rest = f"{claim['stream']}, {claim['counter']}U, {claim['n_samples']}"
    return f"{{{_bytes(b['bytes'])}, {'true' if b['claim'] else 'false'}, {rest}}}"


def _command(c: dict) -> str:
    return f"{{{_bytes(c['bytes'])}, {_bytes(c['answer'])}}}"


_ENTRY = {"frame": _frame, "broken": _broken, "command": _command}
_PLURAL = {"frame": "FRAMES", "broken": "BROKEN", "command": "COMMANDS"}
