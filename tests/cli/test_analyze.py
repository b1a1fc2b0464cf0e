"""`analyze` as scripts outside this repository use it."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def bundle_name() -> str:
    return str(Path(__file__).parents[2] / "models" / "wrist-affect")


def test_writes_what_the_contract_says(run, read_json, example_recording, bundle_name, tmp_path):
    out, data = tmp_path / "out", tmp_path / "a.json"
    ran = run(
        "analyze",
        example_recording,
        "--model",
        bundle_name,
        "--rest",
        "374:646",
        "--out",
        out,
        "--json",
        data,
    )
    assert ran.code == 0
    table = pq.read_table(out / "estimates.parquet").to_pydict()
    for name in (
        "start_s",
        "end_s",
        "p_baseline",
        "p_stress",
        "p_amusement",
        "stress",
        "valence",
        "arousal",
        "eda_us",
        "eda_forecast_5s_us",
        "eda_forecast_60s_us",
        "withheld",
        "reasons",
        "modalities",
    ):
        assert name in table
    result = read_json(data)
    counts = result["counts"]
    assert counts["windows"] == len(table["start_s"]) == counts["estimated"] + counts["withheld"]
    assert sum(result["withheld"].values()) == counts["withheld"]
    assert result["coverage"] == pytest.approx(counts["estimated"] / counts["windows"])
    for i, withheld in enumerate(table["withheld"]):
        assert (table["stress"][i] is None) == withheld
        assert bool(table["reasons"][i]) == withheld
        if not withheld:
            p = [table[f"p_{k}"][i] for k in ("baseline", "stress", "amusement")]
            assert sum(p) == pytest.approx(1.0, abs=1e-5)
            # nothing before rest was over
            assert table["end_s"][i] > 646
    assert result["bundle"].startswith("wrist-affect@")
    assert set(result["physics"]) >= {"fast_decay", "slow_decay", "scale", "drive"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert result["bundle"] in page


def test_without_rest_everything_is_withheld_and_it_says_what_to_do(
    run, read_json, example_recording, bundle_name, tmp_path
):
    data = tmp_path / "a.json"
    ran = run(
        "analyze", example_recording, "--model", bundle_name, "--out", tmp_path, "--json", data
    )
    assert ran.code == 0
    assert "--rest START:END" in ran.out
    result = read_json(data)
    assert result["counts"]["estimated"] == 0
    assert result["withheld"]["resting baseline not taken"] > 0


def test_an_enrolment_taken_once_serves_again(
    run, read_json, example_recording, bundle_name, tmp_path
):
    first, second = tmp_path / "first", tmp_path / "second"
    common = ("analyze", example_recording, "--model", bundle_name)
    run(*common, "--rest", "374:646", "--out", first, "--json", first / "a.json")
    ran = run(
        *common,
        "--enrolment",
        first / "enrolment.json",
        "--out",
        second,
        "--json",
        second / "a.json",
    )
    assert ran.code == 0
    a, b = (pq.read_table(d / "estimates.parquet").to_pydict() for d in (first, second))
    known = [i for i, withheld in enumerate(a["withheld"]) if not withheld]
    assert len(known) > 100
    # a belief remembers what was answered before there was a resting state, and forgets it
    for i in known[-len(known) // 2 :: len(known) // 40]:
        assert b["stress"][i] == pytest.approx(a["stress"][i], abs=1e-6)
    assert b["withheld"].count(False) > len(known)


def test_json_on_stdout_is_alone_there(run, example_recording, bundle_name, tmp_path):
    ran = run(
        "analyze",
        example_recording,
        "--model",
        bundle_name,
        "--no-enrolment",
        "--out",
        tmp_path,
        "--json",
        "-",
    )
    assert ran.code == 0
    assert json.loads(ran.out)["counts"]["estimated"] > 0
    assert "report" in ran.err


def test_a_recording_without_pulse_is_told_so_at_the_start(
    run, example_recording, bundle_name, tmp_path
):
    folder = tmp_path / "no pulse"
    shutil.copytree(example_recording, folder, ignore=shutil.ignore_patterns("BVP*", "IBI*", "HR*"))
    ran = run("analyze", folder, "--model", bundle_name, "--no-enrolment", "--out", tmp_path / "o")
    assert ran.code == 0
    assert "warning: no bvp here" in ran.out
    assert "withheld" in ran.out
