"""What leaves a machine with two networks while LSL runs on it; in a network namespace of its own.

Run: unshare -n python lsl_capture.py NETWORK…, each 'default' or 'scope,interface'. Prints JSON.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

ALL = 0x0003  # ETH_P_ALL
CHILD = """
import sys
from wearaffect.devices.lsl.liblsl import LslNetwork, open_liblsl
if sys.argv[1] == "default":
    import pylsl as lsl
else:
    scope, interface = sys.argv[1].split(",")
    lsl = open_liblsl(LslNetwork(scope, interface, "captured"), "test")
info = lsl.StreamInfo("a", "EDA", 1, 10, "float32", "captured-1")
outlet = lsl.StreamOutlet(info)
(found,) = lsl.resolve_byprop("source_id", "captured-1", 1, 10.0)
inlet = lsl.StreamInlet(found)
inlet.open_stream(10.0)
outlet.push_sample([1.0])
assert inlet.pull_sample(10.0)[0] == [1.0]
inlet.time_correction(10.0)
lsl.resolve_byprop("source_id", "nobody", 1, 1.0)
"""


def two_networks() -> None:
    """v0 and v1 are this machine's interfaces, w0 and w1 the far ends of their wires."""
    for name in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
    run = "link set lo up"
    subprocess.run(["ip", *run.split()], check=True)
    for n in range(2):
        for words in (
            f"link add v{n} type veth peer name w{n}",
            f"addr add 10.99.{n}.1/24 dev v{n}",
            f"link set v{n} up",
            f"link set w{n} up",
        ):
            subprocess.run(["ip", *words.split()], check=True)
    subprocess.run(["ip", "route", "add", "default", "dev", "v0"], check=True)


def watch(device: str, seen: Counter[str], over: threading.Event) -> None:
    """Count every packet that comes out at a far end."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL)) as wire:
        wire.bind((device, ALL))
        wire.settimeout(0.1)
        while True:
            try:
                wire.recv(4096)
            except TimeoutError:
                if over.is_set():
                    return
            else:
                seen[device] += 1


def captured(network: str) -> Counter[str]:
    seen: Counter[str] = Counter(w0=0, w1=0)
    over = threading.Event()
    threads = [threading.Thread(target=watch, args=(w, seen, over)) for w in ("w0", "w1")]
    for thread in threads:
        thread.start()
    environment = {k: v for k, v in os.environ.items() if k != "LSLAPICFG"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, network], env=environment, check=False, capture_output=True
    )
    over.set()
    for thread in threads:
        thread.join()
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return seen


if __name__ == "__main__":
    two_networks()
    # ours first: whoever joined a group before still says goodbye to it while the next one runs
    sys.stdout.write(json.dumps({network: captured(network) for network in sys.argv[1:]}))
