"""Write results/README.md from the newest result of each benchmark."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from harness import GOALS, RESULTS, say

_NAMES = (
    "eda",
    "pulse",
    "recording",
    "live",
    "agreement",
    "detection",
    "eda_lag",
    "quality",
    "recovery",
    "gap_filling",
)


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
        everywhere = all(r["moonshot_met"] for r in rows if r["goal"] == row["goal"])
        mark = "★" if everywhere else "✓" if row["must_met"] else "✗"
        where = f" ({row['recording']})" if "recording" in row else ""
        also = "".join(f"; {what} {value:.3g}x" for what, value in row.get("also", {}).items())
        yield (
            f"| {row['goal']} | {goal.work}{where} | {goal.against} | {goal.say(goal.must)} "
            f"| {goal.say(goal.moonshot)} | {mark} **{row['value']:.3g}{goal.unit}**{also} "
            f"| {_seconds(row['cpu_s']['ours']['median_s'])} | {_outputs(row)} |"
        )
    yield ""
    yield "✗ not met, ✓ must met, ★ moonshot met on every signal of that row. Ratios of medians; a"
    yield "peer's seconds, the spread, the number of runs and every version are in the JSON beside"
    yield "this file."
    yield ""
    for result in results.values():
        if result["rows"]:
            yield from _notes(result)


def _outputs(row: Mapping[str, Any]) -> str:
    """Tell what was compared, and what wasn't."""
    parts = [
        f"{check['what']} {_figure(check['value'])}{'' if check['ok'] else ' ✗'}"
        for check in row["outputs"]
    ]
    parts = [f"compared: {row['compared']}", *parts] if "compared" in row else parts
    parts += [f"not compared: {what}" for what in row.get("not_compared", [])]
    return "; ".join(parts) or "–"


def agreement(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell the limits of agreement with the wristband's own figures."""
    yield "![Agreement with Empatica](../../docs/agreement.png)"
    yield ""
    yield "| ours − Empatica | people | pairs | bias (95 % over people) | limits of agreement |"
    yield "| --- | --- | --- | --- | --- |"
    names = {
        "hr_chain_0_1": "heart rate of the chain, every minute, /min",
        "hr_chain_0.8_1": "heart rate of the chain, quality ≥ 0.8, /min",
        "hr_desk_0_1": "heart rate by Elgendi, every minute, /min",
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


def eda_lag(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell how far the live filter is from truth and from the convex decomposition, by its lag."""
    tables = [
        (f"{person}, {belief}", by_lag, against)
        for person, beliefs in found.items()
        for belief, by_lag in beliefs.items()
        if belief.startswith("tonic share")
        for against in ("truth", "convex")
        if against in next(iter(by_lag.values()))
    ]
    lags = list(tables[0][1])
    yield "Phasic part: correlation / RMS of the difference in standard deviations of the known:"
    yield ""
    yield "| | against | " + " | ".join(f"{lag} s late" for lag in lags) + " |"
    yield "| --- | --- |" + " --- |" * len(lags)
    for name, by_lag, against in tables:
        cells = (by_lag[lag][against]["phasic"] for lag in lags)
        yield (
            f"| {name} | {against} | "
            + " | ".join(f"{_two(c['r'])} / {_two(c['rms_sd'])}" for c in cells)
            + " |"
        )
    for person, beliefs in found.items():
        if "convex against the truth" in beliefs:
            c = beliefs["convex against the truth"]["phasic"]
            yield f"| {person}, convex itself | truth | {_two(c['r'])} / {_two(c['rms_sd'])} |" + (
                " |" * (len(lags) - 1)
            )
    yield ""
    for person, beliefs in found.items():
        if "tonic share 0.05" in beliefs:
            small, usual = (
                beliefs[f"tonic share {share}"]["4"]["convex"]["phasic"]["rms_sd"]
                for share in ("0.05", "0.5")
            )
            yield (
                f"- {person}: believing in a tonic share of 0.05 rather than 0.5 is "
                f"{'better' if small < usual else 'worse'} against convex, 4 s late: RMS "
                f"{_two(small)} against {_two(usual)} SD."
            )


def quality(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell delays of lights, and what they show on worn bands that nobody touched."""
    yield "| light | fault put in | found | median delay | longest | onsets drawn |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in found["injected"].values():
        yield (
            f"| {row['light']} {row['reason']} | {row['what']} | {row['found']} of {row['n']} "
            f"| {_delay(row['median_s'])} | {_delay(row['most_s'])} | {row['draws']} |"
        )
    yield ""
    yield "Worn bands that nobody touched:"
    yield ""
    yield "| light | share of the time | onsets an hour | hours |"
    yield "| --- | --- | --- | --- |"
    flags = found["untouched"] | {"bvp ": found["untouched_lights"]}
    for kind, by_fault in flags.items():
        rows = {name: value for name, value in by_fault.items() if isinstance(value, dict)}
        for name, value in (rows or {"any flag": {"share": 0.0, "onsets_per_hour": 0.0}}).items():
            yield (
                f"| {kind.strip()} {name} | {100 * value['share']:.2g} % "
                f"| {value['onsets_per_hour']:.1f} | {by_fault['hours']:.0f} |"
            )


def recovery(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell what comes back of known skins, and of real ones."""
    yield "Skins of known constants, made with bursts at any instant; t2 is the fast decay, beta"
    yield "the ratio of drive between stress and rest."
    yield ""
    yield (
        "| skins | runs | t2 error | 95 % covers | beta error | 95 % covers | onset F1 | flagged "
        "| t2 shown |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, row in found.items():
        if name == "wesad":
            continue
        yield (
            f"| {name} | {row['n']} | {100 * row['t2_relative_error']:.2g} % "
            f"| {100 * row['t2_coverage']:.0f} % | {100 * row['beta_relative_error']:.2g} % "
            f"| {100 * row['beta_coverage']:.0f} % | {row['onset_f1']:.2f} "
            f"| {100 * row['flagged']:.0f} % | {100 * row['shown']:.0f} % |"
        )


def gap_filling(found: Mapping[str, Any]) -> Iterator[str]:
    """Tell who fills gaps of real skin conductance best."""
    rivals = ("physics", "linear", "pchip", "gaussian process", "autoregression")
    yield f"| gaps | {' | '.join(rivals)}, µS | physics over linear [95 % over people] |"
    yield "| --- " * (len(rivals) + 2) + "|"
    for name, row in found.items():
        if name == "people":
            continue
        errors = " | ".join(f"{row['rmse_us'][rival]:.3f}" for rival in rivals)
        gain = row["gain_over"]["linear"]
        over = f"{gain['gain']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}]"
        yield f"| {name} | {errors} | {over} |"


def _delay(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f} s"


def _notes(result: Mapping[str, Any]) -> Iterator[str]:
    for note in result["notes"]:
        yield f"- {' '.join(note.split())}"


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
        ("eda_lag", "Live skin conductance against what is known later", eda_lag),
        ("quality", "Quality", quality),
        ("recovery", "Constants of the skin, put back out", recovery),
        ("gap_filling", "Gaps in real skin conductance", gap_filling),
    ):
        if name in results:
            lines += ["", f"## {title}", "", *tell(results[name]["found"]), ""]
            lines += _notes(results[name])
    path = RESULTS / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"written: {path.relative_to(RESULTS.parents[1])}")
    missed = [row["goal"] for r in results.values() for row in r["rows"] if not row["must_met"]]
    if missed:
        sys.exit(f"goals not met: {', '.join(missed)}")


if __name__ == "__main__":
    main()
