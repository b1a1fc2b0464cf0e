"""What the firmware's README tells a Python programmer to call."""

import json
import re
from importlib import import_module
from pathlib import Path

BRIDGE = Path(__file__).parents[2] / "firmware_bridge"


def test_the_calls_it_names_read_the_golden_frames() -> None:
    page = (BRIDGE / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(wearaffect[\w.]+)\.(decode_\w+)\(payload", page)
    calls = {name: getattr(import_module(module), name) for module, name in named}
    golden = json.loads((BRIDGE / "golden" / "frames.json").read_text(encoding="utf-8"))
    capability = calls["decode_capability"](bytes.fromhex(golden["capability"]))
    for wanted in golden["frames"]:
        frame = calls["decode_frame"](bytes.fromhex(wanted["bytes"]), capability.streams)
        assert frame.raw.tolist() == wanted["raw"]
