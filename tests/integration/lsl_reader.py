"""A reader that knows nothing of wearaffect: pylsl, a session, and source ids, in a process of its
own. Prints what it read as JSON once its standard input ends."""

import json
import sys
import threading

import pylsl

configuration, prefix, *names = sys.argv[1:]
pylsl.set_config_content(configuration)
asked = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), asked.set()), daemon=True).start()

wanted = {f"{prefix}/{name}": name for name in names}
inlets: dict[str, pylsl.StreamInlet] = {}
rows: dict[str, list[list[float]]] = {name: [] for name in names}
while True:
    last_round = asked.is_set()  # what was sent before the question is read before the answer
    if len(inlets) < len(names):
        for info in pylsl.resolve_streams(1.0):
            name = wanted.get(info.source_id(), "")
            if name and name not in inlets:
                inlets[name] = pylsl.StreamInlet(info, max_buflen=600)
                inlets[name].open_stream(timeout=10)
    for name, inlet in inlets.items():
        while samples := inlet.pull_chunk(timeout=0.05, max_samples=100_000)[0]:
            rows[name] += samples
    if last_round:
        break
columns = {}
for name, inlet in inlets.items():
    channel = inlet.info(5.0).desc().child("channels").child("channel")
    columns[name] = []
    while not channel.empty():
        columns[name].append(channel.child_value("label"))
        channel = channel.next_sibling("channel")
json.dump({"columns": columns, "rows": rows}, sys.stdout)
