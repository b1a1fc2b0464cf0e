"""No packet leaves the machine unless it was asked for: captured on the wire."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wearaffect.core.errors import DeviceUriError
from wearaffect.devices.lsl.liblsl import LslNetwork, network_of
from wearaffect.devices.uri import parse_uri

CAPTURE = Path(__file__).with_name("lsl_capture.py")


@pytest.fixture
def in_a_namespace() -> list[str]:
    """What runs a command with a network of its own; skips by name where that isn't allowed."""
    for tool in ("unshare", "ip"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} isn't installed (Debian: util-linux, iproute2)")
    words = ["unshare", "-n"]
    wire = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"
    allowed = subprocess.run([*words, sys.executable, "-c", wire], check=False, capture_output=True)
    if allowed.returncode:
        pytest.skip("a network namespace needs root")
    return words


def captured(command: list[str], folder: Path, *networks: str) -> dict[str, dict[str, int]]:
    done = subprocess.run(
        [*command, sys.executable, str(CAPTURE), *networks],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_leaves_the_machine_by_default(in_a_namespace, tmp_path):
    # liblsl reads this file by itself; the folder somebody works in must not decide
    (tmp_path / "lsl_api.cfg").write_text("[multicast]\nResolveScope = site\n")
    seen = captured(in_a_namespace, tmp_path, "machine,", "default")
    assert seen["machine,"] == {"w0": 0, "w1": 0}
    # the capture sees what there is: liblsl left alone calls into every network
    assert min(seen["default"].values()) > 0


def test_an_interface_that_was_asked_for_is_the_only_one(in_a_namespace, tmp_path):
    seen = captured(in_a_namespace, tmp_path, "link,10.99.1.1")["link,10.99.1.1"]
    assert seen["w0"] == 0
    assert seen["w1"] > 0


def test_an_address_says_who_may_see():
    uri = parse_uri("lsl:type=EDA?scope=link&interface=192.168.7.2&session=lab-2")
    assert network_of(uri) == LslNetwork("link", "192.168.7.2", "lab-2")
    assert network_of(parse_uri("lsl:type=EDA")) == LslNetwork()


@pytest.mark.parametrize(
    "setting",
    [
        "scope=world",
        "interface=eth0&scope=link",
        "interface=10.0.0.1",
        "session=a}b",
        "session=",
        "session=a%0A[ports]",
    ],
)
def test_networks_that_cannot_be(setting):
    with pytest.raises(DeviceUriError, match="setting"):
        network_of(parse_uri(f"lsl:type=EDA?{setting}"))
