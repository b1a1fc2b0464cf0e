"""`wearaffect devices certify`."""

import json

from typer.testing import CliRunner

from wearaffect.cli.main import app
from wearaffect.core.errors import DeviceUriError
from wearaffect.devices.virtual.faults import FAULTS


def run(*arguments: str):
    return CliRunner().invoke(app, ["devices", "certify", *arguments])


def test_a_certificate_is_shown_and_written(tmp_path) -> None:
    out = tmp_path / "certificate.json"
    result = run(
        "bumble:heart_rate", "--fault", "none", "--fault", "disconnect", "--json", str(out)
    )
    assert result.exit_code == 0, result.output
    assert "the signal comes back" in result.output
    assert "no fault and 1 fault" in result.output
    written = json.loads(out.read_text())
    assert written["passed"] is True
    assert {row["fault"] for row in written["verdicts"]} == {"none", "disconnect"}


def test_the_help_names_every_fault() -> None:
    said = run("--help").output.split()
    assert {f"{name}," for name in list(FAULTS)[:-1]} <= set(said)


def test_what_cannot_be_certified_is_an_error() -> None:
    assert run("bumble:nothing").exit_code == 1
    assert run("bumble:heart_rate", "--fault", "gremlins").exit_code == 1


def test_settings_of_the_address_are_not_discarded() -> None:
    result = run("bumble:bridge?duration_s=5&fault=corrupt", "--fault", "drop")
    assert result.exit_code == 1
    assert isinstance(result.exception, DeviceUriError)
