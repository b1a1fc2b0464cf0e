"""The examples, against the signatures of the libraries that they use."""

from pathlib import Path

from c_tools import BRIDGE, HARNESS, SOURCES, run, tool

STUBS = BRIDGE.parent / "tests" / "firmware" / "stubs"
ARDUINO = BRIDGE / "examples" / "arduino_wristband" / "arduino_wristband.ino"
ZEPHYR = BRIDGE / "examples" / "zephyr_wristband" / "src" / "main.c"
INCLUDES = (f"-I{STUBS}", f"-I{BRIDGE / 'c'}")


def test_they_are_short() -> None:
    for example in (ARDUINO, ZEPHYR):
        assert len(example.read_text().splitlines()) <= 100


def test_arduino_compiles() -> None:
    flags = ("-x", "c++", "-std=gnu++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    run(tool("g++", "g++"), *flags, *INCLUDES, ARDUINO)


def test_zephyr_compiles() -> None:
    flags = ("-std=gnu17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only")
    run(tool("gcc", "gcc"), *flags, "-Wno-unused-const-variable", *INCLUDES, ZEPHYR)


def test_on_zephyr_a_second_host_changes_nothing_for_the_first(tmp_path: Path) -> None:
    program = tmp_path / "two_hosts"
    # what the callbacks never call has no stub to link with
    flags = ("-std=gnu17", "-no-pie", "-Wl,--unresolved-symbols=ignore-all", f"-I{ZEPHYR.parent}")
    harness = HARNESS / "zephyr_two_hosts.c"
    run(tool("gcc", "gcc"), *flags, *INCLUDES, harness, *SOURCES, "-o", program)
    # secure and the frame limit: mine pairs, the other comes, goes, mine goes, the other is alone
    assert run(program).split("\n")[:5] == ["1 100", "1 100", "1 100", "0 20", "0 50"]
