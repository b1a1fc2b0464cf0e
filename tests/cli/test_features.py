"""`features` and `decompose` as scripts outside this repository use them."""

import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from wearaffect.analysis.columns import COLUMNS


@pytest.fixture(scope="module")
def short_recording(example_recording, tmp_path_factory):
    """The first minutes of the shipped recording, as its device would have written them."""
    folder = tmp_path_factory.mktemp("short") / "S01"
    folder.mkdir()
    rows = {"ACC.csv": 32 * 150, "BVP.csv": 64 * 150, "EDA.csv": 4 * 150, "TEMP.csv": 4 * 150}
    for name, count in rows.items():
        (source,) = [p for p in example_recording.iterdir() if p.name.startswith(name[:-4])]
        text = source.read_bytes()
        if source.suffix == ".gz":
            import gzip

            text = gzip.decompress(text)
        lines = text.decode().splitlines()[: count + 2]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_one_row_a_window_with_the_columns_of_the_contract(
    run, read_json, short_recording, tmp_path
):
    out, data = tmp_path / "f.parquet", tmp_path / "f.json"
    ran = run("features", short_recording, "--out", out, "--hop-s", 10, "--json", data)
    assert ran.code == 0, ran.err
    table = pq.read_table(out)
    assert table.column_names[:3] == ["recording", "start_s", "end_s"]
    assert table.column_names[3:7] == [f"quality_{k}" for k in ("eda", "bvp", "acc", "temp")]
    assert table.column_names[7:] == [row.name for row in COLUMNS]
    assert table["start_s"].to_pylist() == [10.0 * i for i in range(10)]
    assert table["end_s"].to_pylist() == [60.0 + 10 * i for i in range(10)]
    assert set(table["recording"].to_pylist()) == {str(short_recording)}
    result = read_json(data)
    assert result["n_windows"] == 10
    assert result["n_features"] == len(COLUMNS)
    assert result["recordings"] == [{"recording": str(short_recording), "n_windows": 10}]
    assert not out.with_name(out.name + ".part").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_recording_is_named_and_costs_nobody_else(
    run, read_json, short_recording, tmp_path, jobs
):
    bad, out, data = tmp_path / "bad", tmp_path / "f.parquet", tmp_path / "f.json"
    shutil.copytree(short_recording, bad)
    (bad / "EDA.csv").write_text("not a number\n4\n1\n", encoding="utf-8")
    words = ("features", bad, short_recording, "--out", out, "--hop-s", 30, "--jobs", jobs)
    ran = run(*words, "--json", data)
    assert ran.code == 1
    assert "bad" in ran.err
    assert "RecordingFormatError" in ran.err
    assert len(pq.read_table(out)) == 4
    by_name = {r["recording"]: r for r in read_json(data)["recordings"]}
    assert by_name[str(bad)]["n_windows"] == 0
    assert by_name[str(bad)]["error"]
    assert by_name[str(short_recording)]["n_windows"] == 4


@pytest.mark.parametrize("first", [True, False])
def test_a_recording_shorter_than_a_window_has_no_rows_and_harms_nobody(
    run, read_json, short_recording, tmp_path, first
):
    brief, out, data = tmp_path / "brief", tmp_path / "f.parquet", tmp_path / "f.json"
    shutil.copytree(short_recording, brief)
    for name, rate in (("ACC", 32), ("BVP", 64), ("EDA", 4), ("TEMP", 4)):
        lines = (brief / f"{name}.csv").read_text(encoding="utf-8").splitlines()[: 30 * rate + 2]
        (brief / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    both = (brief, short_recording) if first else (short_recording, brief)
    ran = run("features", *both, "--out", out, "--hop-s", 30, "--json", data)
    assert ran.code == 0, ran.err
    assert "shorter than one window" in ran.out
    assert len(pq.read_table(out)) == 4
    assert sorted(r["n_windows"] for r in read_json(data)["recordings"]) == [0, 4]


def test_a_bad_recording_alone_is_an_error_and_writes_nothing(run, read_json, tmp_path):
    out, data = tmp_path / "f.parquet", tmp_path / "f.json"
    (tmp_path / "f.parquet.part").write_bytes(b"left by a run that was killed")
    ran = run("features", tmp_path / "nowhere", "--out", out, "--json", data)
    assert ran.code == 1
    assert len(ran.err.strip().splitlines()) == 1
    assert not out.exists()
    assert read_json(data)["error"]


@pytest.mark.parametrize("words", [("--window-s", "0"), ("--hop-s", "-1"), ("--jobs", "0")])
def test_what_makes_no_windows_is_a_usage_error(run, short_recording, tmp_path, words):
    assert run("features", short_recording, "--out", tmp_path / "f.parquet", *words).code == 2


def test_every_column_is_explained_on_demand(run):
    ran = run("features", "--describe")
    assert ran.code == 0
    for row in COLUMNS:
        assert f"`{row.name}`" in ran.out


@pytest.mark.parametrize("boundary", ["2015", "2025"])
def test_parts_add_up_to_the_recorded_level(run, read_json, short_recording, tmp_path, boundary):
    out, data = tmp_path / "d.parquet", tmp_path / "d.json"
    ran = run("decompose", short_recording, "--out", out, "--boundary", boundary, "--json", data)
    assert ran.code == 0, ran.err
    table = pq.read_table(out).to_pandas()
    assert [*table] == ["time_s", "eda_us", "tonic_us", "phasic_us", "driver_us_per_s"]
    recorded = np.loadtxt(short_recording / "EDA.csv")[2:]
    known = table.eda_us.notna()
    np.testing.assert_allclose(table.eda_us[known], recorded[: len(table)][known], atol=1e-5)
    rest = table.eda_us - table.tonic_us - table.phasic_us
    assert rest[8:].std() < 0.1 * recorded[8:].std()  # what is left is noise
    assert table.driver_us_per_s[known].min() >= -1e-9
    result = read_json(data)
    assert result["boundary"] == boundary
    assert result["n_samples"] == len(table)


def test_another_boundary_is_a_usage_error(run, short_recording, tmp_path):
    ran = run("decompose", short_recording, "--out", tmp_path / "d", "--boundary", "2020")
    assert ran.code == 2


def test_a_recording_without_conductance_is_named(run, short_recording, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(short_recording, bare)
    (bare / "EDA.csv").unlink()
    ran = run("decompose", bare, "--out", tmp_path / "d.parquet")
    assert ran.code == 1
    assert "eda" in ran.err
