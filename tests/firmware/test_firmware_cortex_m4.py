"""The C on a Cortex-M4: compiled for it and executed by qemu, golden bytes and cost."""

import sys
from collections.abc import Callable
from pathlib import Path

from c_tools import BRIDGE, HARNESS, SOURCES, STRICT, run, tool

CORTEX_M4 = (
    "-mcpu=cortex-m4",
    "-mthumb",
    "-Os",
    "-ffreestanding",
    "-fno-tree-loop-distribute-patterns",
)
BARE = ("-nostdlib", "-Wl,--gc-sections", f"-T{HARNESS / 'm4' / 'an386.ld'}")
# qemu's -icount shift=0 gives each instruction 1 ns, and mps2-an386 runs SysTick at 25 MHz
INSTRUCTIONS_PER_TICK = 40
FRAMES = 1000


def test_runs_and_costs_little(
    golden_header: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    qemu = tool("qemu-system-arm", "qemu-system-arm")
    gcc = tool("arm-none-eabi-gcc", "gcc-arm-none-eabi")
    includes = [f"-I{f}" for f in (golden_header, BRIDGE / "c", HARNESS, HARNESS / "m4")]
    compiled = []
    for source in (*SOURCES, HARNESS / "selftest.c", HARNESS / "m4" / "board.c"):
        compiled.append(tmp_path / f"{source.stem}.o")
        strict = () if source.stem == "board" else STRICT  # it converts addresses, as boards do
        run(gcc, *strict, *CORTEX_M4, *includes, "-c", source, "-o", compiled[-1])
    run(gcc, *CORTEX_M4, *BARE, *compiled, "-lgcc", "-o", tmp_path / "m4.elf")
    said = run(
        qemu, "-M", "mps2-an386", "-nographic", "-icount", "shift=0", "-semihosting-config",
        "enable=on,target=native", "-kernel", tmp_path / "m4.elf",
    )  # fmt: skip
    told = dict(line.split() for line in said.splitlines())
    assert told["line"] == "0"
    code = sum(_text_bytes(compiled[: len(SOURCES)]))
    encode, decode = (
        int(told[f"{name}_ticks"]) * INSTRUCTIONS_PER_TICK // FRAMES
        for name in ("encode", "decode")
    )
    record_property("code_bytes", code)
    record_property("instructions_to_encode_242_bytes", encode)
    record_property("instructions_to_decode_242_bytes", decode)
    figures = f"code {code} B, encode {encode} and decode {decode} instructions a frame of 242 B"
    sys.stdout.write(f"{figures}\n")  # pytest -s shows it
    # counts of a compiler and an emulator, not times: the same on any machine
    assert code < 4096
    assert 242 < encode < 20_000
    assert 242 < decode < 20_000


def _text_bytes(objects: list[Path]) -> list[int]:
    listed = run(tool("arm-none-eabi-size", "binutils-arm-none-eabi"), *objects)
    return [int(line.split()[0]) for line in listed.splitlines()[1:]]
