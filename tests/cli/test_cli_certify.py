"""`wearaffect devices certify`."""

import json

from typer.testing import CliRunner

from wearaffect.cli.main import app


def run(*arguments: str):
    return CliRunner().invoke(app, ["devices", "certify", *arguments])


def test_a_certificate_is_shown_and_written(tmp_path) -> None:
    out = tmp_path / "certificate.json"
    result = run(
        "bumble:heart_rate", "--fault", "none", "--fault", "disconnect", "--json", str(out)
    )
    assert result.exit_code == 0, result.output
    assert "the signal comes back" in result.output
    written = json.loads(out.read_text())
    assert written["passed"] is True
    assert {row["fault"] for row in written["verdicts"]} == {"none", "disconnect"}


def test_what_cannot_be_certified_is_an_error() -> None:
    assert run("bumble:nothing").exit_code == 1
    assert run("bumble:heart_rate", "--fault", "gremlins").exit_code == 1
