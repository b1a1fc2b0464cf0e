"""Write results/README.md from the newest result of each benchmark."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from harness import GOALS, RESULTS, say

_NAMES = ("eda", "pulse", "recording", "live", "agreement", "detection", "eda_lag", "quality")


def newest(name: str) -> dict[str, Any] | None:
    """Give the latest result of a benchmark, or None."""
    found = sorted(RESULTS.glob(f"????-??-??-{name}.json"))
    return json.loads(found[-1].read_text(encoding="utf-8")) if found else None


def speed(results: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Tell how far each goal of speed is met."""
    yield "| # | work | against | must | moonshot | measured | CPU, ours | outputs |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    rows = [row for result in results.values() for row in result["rows"]]
    for row in sorted(rows, key=lambda row: list(GOALS).index(row["goal"])):
        goal = GOALS[row["goal"]]
        mark = "★" if row["moonshot_met"] else "✓" if row["must_met"] else "✗"
        where = f" ({row['recording']})" if "recording" in row else ""
        ours = row["cpu_s"]["ours"]["median_s"]
        outputs = "; ".join(
            f"{check['what']} {_figure(check['value'])}{'' if check['ok'] else ' ✗'}"
            for check in row["outputs"]
        )
        yield (
            f"| {row['goal']} | {goal.work}{where} | {goal.against} | {goal.say(goal.must)} "
            f"| {goal.say(goal.moonshot)} | {mark} **{row['value']:.3g}{goal.unit}** "
            f"| {_seconds(ours)} | {outputs or '–'} |"
        )
    yield ""
    yield "✗ not met, ✓ must met, ★ moonshot met. Ratios of medians; a peer's seconds, the spread,"
    yield "the number of runs and every version are in the JSON beside this file."


def agreement(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell the limits of agreement with the wristband's own figures."""
    yield "![Agreement with Empatica](../../docs/agreement.png)"
    yield ""
    yield "| ours − Empatica | people | pairs | bias (95 % over people) | limits of agreement |"
    yield "| --- | --- | --- | --- | --- |"
    names = {
        "hr_chain_0_1": "heart rate of the chain, every minute, /min",
        "hr_chain_0.8_1": "heart rate of the chain, quality ≥ 0.8, /min",
        "hr_desk_0.8_1": "heart rate by Elgendi, quality ≥ 0.8, /min",
        "ibi_live": "interval, live detector, ms",
        "ibi_desk": "interval, Elgendi over the whole recording, ms",
    }
    for key, name in names.items():
        a = found[key]
        yield (
            f"| {name} | {a['people']} | {a['pairs']} "
            f"| {a['bias']:+.2f} ({a['bias_low']:+.2f} to {a['bias_high']:+.2f}) "
            f"| {a['lower']:+.1f} to {a['upper']:+.1f} |"
        )


def detection(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell precision, recall and error against known truth."""
    yield "![Detection against known truth](../../docs/detection.png)"
    for kind, error, unit in (
        ("beats", "ibi_ms_error", "ms"),
        ("scrs", "amplitude_percent_error", "%"),
    ):
        table = found[kind]
        levels = [level for level in next(iter(table.values())) if level != "delay_s"]
        yield ""
        yield f"Precision / recall / median error ({unit}), {kind}:"
        yield ""
        yield "| | " + " | ".join(f"{x} dB" if x != "clean" else x for x in levels) + " |"
        yield "| --- |" + " --- |" * len(levels)
        for name, by_level in table.items():
            cells = (by_level[level] for level in levels)
            yield (
                f"| {name} | "
                + " | ".join(
                    f"{_two(c['precision'])} / {_two(c['recall'])} / {_one(c[error])}"
                    for c in cells
                )
                + " |"
            )


def _figure(value: float | None) -> str:
    return "∞" if value is None else f"{value:.2g}"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _one(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def main() -> None:
    """Write the table."""
    results = {name: result for name in _NAMES if (result := newest(name))}
    lines = ["# Benchmark results", "", "Written by `make bench`; don't edit.", ""]
    for name, result in results.items():
        host, commit = result["host"], result["commit"]
        changed = " with changes" if commit["changed"] else ""
        lines.append(
            f"- [{name}]({result['date']}-{name}.json), {result['date']}, "
            f"commit {commit['id']}{changed}, {host['cpu']}, {host['cores']} cores, one used, "
            f"Python {host['python']}"
        )
    lines += ["", "## Speed", "", *speed(results)]
    for name, title, tell in (
        ("agreement", "Agreement with the device", agreement),
        ("detection", "Detection against known truth", detection),
    ):
        if name in results:
            lines += ["", f"## {title}", "", *tell(results[name]["found"]), ""]
            lines += [f"- {' '.join(note.split())}" for note in results[name]["notes"]]
    path = RESULTS / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"written: {path.relative_to(RESULTS.parents[1])}")
    missed = [row["goal"] for r in results.values() for row in r["rows"] if not row["must_met"]]
    if missed:
        sys.exit(f"goals not met: {', '.join(missed)}")


if __name__ == "__main__":
    main()
