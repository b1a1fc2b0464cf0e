"""The whole interface under fire while a sitting records: nothing breaks, nothing is lost."""

import subprocess
import sys
from collections.abc import Callable

from served_console import Served

from wearaffect.recording.verify import verify

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
# looking at this machine's radios; giving the cookie up; waiting for guesses to be allowed again
LEFT_OUT = ("/api/scan", "/api/leave", "/api/enter")


def test_schemathesis_finds_nothing_while_a_sitting_records(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    name = served.prepare().json()["name"]
    assert served.act("start").status_code == 200  # from here no act of chance can close it
    cookies = "; ".join(f"{key}={value}" for key, value in served["operator"].cookies.items())
    words = [sys.executable, "-m", "schemathesis.cli", "run", f"{served.address}/api/openapi.json"]
    words += ["--header", f"Cookie: {cookies}", "--checks", f"{CHECKS},response_schema_conformance"]
    words += ["--phases", "fuzzing", "--max-examples", "5", "--seed", "1", "--no-color"]
    for path in LEFT_OUT:
        words += ["--exclude-path", path]
    fuzzed = subprocess.run(
        words, capture_output=True, text=True, timeout=200, check=False, cwd=served.root.parent
    )
    assert fuzzed.returncode == 0, fuzzed.stdout
    assert "17 passed" in fuzzed.stdout

    view = served["operator"].get("/api/sitting").json()
    assert (view["name"], view["stage"], view["connection"]) == (name, "run", "recording")
    served.stop()
    found = verify(served.root / name)
    assert found.ok, found.problems
    for account in found.streams.values():
        assert account["stored"] == account["expected"] > 0
