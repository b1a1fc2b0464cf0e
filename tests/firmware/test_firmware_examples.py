"""The examples, against the signatures of the libraries that they use."""

from c_tools import BRIDGE, run, tool

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
