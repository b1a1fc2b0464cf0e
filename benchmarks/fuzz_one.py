"""One decoder under atheris, in a process of its own: fuzz_one.py NAME [options of libFuzzer]."""

import sys

import atheris

with atheris.instrument_imports(include=["wearaffect"]):
    from fuzz_bridge import BRIDGE
    from fuzz_targets import DRIVERS

    target = {**DRIVERS, **BRIDGE}[sys.argv.pop(1)]()

atheris.Setup(sys.argv, target.feed)
atheris.Fuzz()
