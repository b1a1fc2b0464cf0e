"""The C on this machine: no warning, no undefined behaviour, the golden bytes."""

from pathlib import Path

from c_tools import BRIDGE, HARNESS, SOURCES, STRICT, run, tool

SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def test_golden_bytes_under_sanitizers(golden_header: Path, tmp_path: Path) -> None:
    program = tmp_path / "selftest"
    includes = [f"-I{folder}" for folder in (golden_header, BRIDGE / "c", HARNESS)]
    sources = [*SOURCES, HARNESS / "selftest.c", HARNESS / "host_main.c"]
    run(tool("gcc", "gcc"), *STRICT, *SANITIZED, *includes, *sources, "-o", program)
    assert run(program) == "line 0, encoded 242, decoded 38\n"


def test_of_libc_only_string_h_is_needed(tmp_path: Path) -> None:
    wanted = set()
    for source in SOURCES:
        compiled = tmp_path / f"{source.stem}.o"
        run(tool("gcc", "gcc"), "-std=c99", "-Os", "-c", source, "-o", compiled)
        listed = run(tool("nm", "binutils"), "-u", compiled).split()
        wanted |= {name for name in listed if name != "U" and not name.startswith("wa_")}
    assert wanted <= {"memset", "memcpy", "strlen", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}


def test_headers_are_cpp_too(tmp_path: Path) -> None:
    source = tmp_path / "use.cpp"
    source.write_text('#include "wa_bridge.h"\nint main() { wa_device d; (void)d; }\n')
    run(tool("g++", "g++"), "-std=c++11", "-Wall", "-Werror", f"-I{BRIDGE / 'c'}", "-c", source,
        "-o", tmp_path / "use.o")  # fmt: skip
