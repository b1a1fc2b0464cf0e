"""What is there of each stream: stored of expected, worn and good over time, gaps, the account."""

from typing import TYPE_CHECKING, Any

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.course import artefacts
from wearaffect.clinic.report.drawing import (
    Lane,
    Timeline,
    hatched,
    lanes,
    name_lane,
    spans,
    svg,
    write,
)
from wearaffect.clinic.report.facts import GOOD_FROM, Stretch
from wearaffect.clinic.report.page import (
    Html,
    figure,
    join,
    paragraph,
    section,
    share_bar,
    source,
    swatch,
    table,
)
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.style import MUTED, SIGNAL
from wearaffect.clinic.report.wear import (
    MissingSpan,
    WornShare,
    marked,
    missing_spans,
    standing,
    worn_share,
)
from wearaffect.recording.session import RecordedStream
from wearaffect.signals.body import MOVING_G

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["completeness", "least_complete", "stored_share"]

_GAPS_LISTED = 25
_SEEN = 400  # of the width of the page
_EVIDENCE = {
    "counter": "the device's counter",
    "device_clock": "the device's clock",
    "none": "nothing",
}
_KEY = (
    ("good", "good"),
    ("dotted", "doubtful"),
    ("poor", "poor"),
    ("off_skin", "off the skin"),
    ("gap", "no samples"),
    ("artefact", "marked as artefact"),
    ("unjudged", "there, not judged"),
)


def completeness(told: Reported, timeline: Timeline) -> Html:
    """Say how much of each stream is there, and how good it is."""
    if told.custody is None:
        return Html("")
    key = Html("".join(swatch(kind, name) for kind, name in _KEY))
    judged = "as it was judged in the sitting" if _judged_live(told) else "judged for this report"
    caption = Html(
        f"{key}<br>Signal quality {judged}; at a moment it speaks of the {told.spec.window_s:g} s "
        "that end there. Streams that no rule judges are drawn as there."
    )
    about = "Each stream over time: good, doubtful, poor, off the skin, without samples, artefact"
    parts = [
        figure(_standing_figure(told, timeline), about, caption),
        _account_table(told),
        paragraph(_ACCOUNT_NOTE, "note"),
        _quality_table(told),
        artefacts(told),
        _gap_table(missing_spans(told)),
        source(_quality_source(told)),
    ]
    return section("What was stored", parts)


def _judged_live(told: Reported) -> bool:
    return bool(told.outcomes) and not told.afterwards


def _quality_source(told: Reported) -> str:
    if _judged_live(told):
        return told.topics("streams/*", "gaps", "late", "estimates", "quality", "audit")
    return f"{told.topics('streams/*', 'gaps', 'late')}; quality worked out from the samples"


# ---- the account

_ACCOUNT_NOTE = (
    "Where loss can be shown, expected = stored + lost in gaps + damaged holds exactly for each "
    "stream, and was checked message by message. Where a device gives no evidence, loss can't be "
    "proved or ruled out."
)


def stored_share(account: dict[str, Any]) -> float | None:
    """Give the share of the expected samples that is stored; None where loss isn't provable."""
    expected = account["expected"]
    if expected is None:
        return None
    return float(account["stored"] / expected) if expected else 1.0


def least_complete(told: Reported) -> tuple[str, float] | None:
    """Give the stream with the smallest provable share, and that share."""
    if told.custody is None:
        return None
    accounts = told.custody.found.streams
    shares = {name: stored_share(account) for name, account in accounts.items()}
    known = {name: share for name, share in shares.items() if share is not None}
    worst = min(known, key=lambda name: known[name], default=None)
    return None if worst is None else (worst, known[worst])


def _account_table(told: Reported) -> Html:
    assert told.custody is not None
    rows = []
    for name, account in told.custody.found.streams.items():
        share = stored_share(account)
        bar: str = Html('<span class="off">loss not provable</span>')
        if share is not None:
            bar = share_bar(share, wording.exact_percent(share))
        expected = account["expected"]
        untold = account.get("unknown_gaps", 0)
        shown = _EVIDENCE.get(str(account["loss_evidence"]), str(account["loss_evidence"]))
        rows.append(
            (
                name,
                bar,
                wording.NONE if expected is None else f"{expected:,}",
                f"{account['stored']:,}",
                f"{account['lost_in_gaps']:,}",
                f"{account['damaged']:,}",
                f"{shown}; {untold} gaps of unknown size" if untold else shown,
            )
        )
    head = ("Stream", "Stored of expected", "Expected", "Stored", "Lost", "Damaged", "Shown by")
    return table(head, rows, numeric=(2, 3, 4, 5), about="Loss account, samples")


# ---- quality


def _quality_table(told: Reported) -> Html:
    rows = []
    for stream in told.session.streams.values():
        share = worn_share(told, stream)
        if share is not None:
            rows.append(_quality_row(stream, share))
    if not rows:
        return paragraph("No rule judged the quality of these streams.", "note")
    head = (
        "Signal",
        "Good",
        "Doubtful",
        "Poor",
        "Off the skin",
        "Windows",
        "Most often because",
        "Strong movement",
    )
    made = table(head, rows, numeric=(1, 2, 3, 4, 5, 7), about="Signal quality, share of windows")
    note = (
        f"Good: {wording.percent(GOOD_FROM)} or more of a window's samples are without a fault (of "
        "the pulse: of its time has clear beats). Movement isn't counted there but apart: the "
        f"windows that move strongly (by over {MOVING_G:g} g within a second) for a tenth or more "
        "of their time. The lights in the sitting say “look” for either, and already for a "
        "single second of movement."
    )
    return join([made, paragraph(note, "note")])


def _quality_row(stream: RecordedStream, share: WornShare) -> tuple[str, ...]:
    why = ", ".join(wording.quality(code) for code in share.reasons)
    return (
        wording.signal(str(stream.info.kind)),
        wording.percent(share.good),
        wording.percent(share.doubtful),
        wording.percent(share.poor),
        wording.percent(share.off_skin),
        f"{share.n_windows:,}",
        why or wording.NONE,
        wording.NONE if share.moving is None else wording.percent(share.moving),
    )


# ---- gaps


def _gap_table(gaps: list[MissingSpan]) -> Html:
    title = Html("<h3>Gaps</h3>")
    if not gaps:
        return join([title, paragraph("No gap is known.", "note")])
    longest = sorted(gaps, key=lambda gap: gap.start_s - gap.end_s)[:_GAPS_LISTED]
    rows = [
        (
            wording.clock(gap.start_s),
            wording.duration(gap.end_s - gap.start_s)
            if gap.end_s - gap.start_s >= 1
            else f"{gap.end_s - gap.start_s:.2f} s",
            ", ".join(gap.streams),
            "not known" if gap.n_lost is None else f"{gap.n_lost:,}{' or more' * gap.at_least}",
            gap.reason,
        )
        for gap in sorted(longest, key=lambda gap: gap.start_s)
    ]
    head = ("From", "For", "Streams", "Samples lost", "What is known")
    made = table(head, rows, numeric=(0, 1, 3), about="Gaps")
    left = len(gaps) - len(rows)
    more = f"The {_GAPS_LISTED} longest of {len(gaps)}; the account counts all." if left else ""
    return join([title, made, paragraph(more, "note") if more else ""])


# ---- the figure


def _standing_figure(told: Reported, timeline: Timeline) -> str:
    streams = list(told.session.streams.values())
    drawn, strips = lanes(timeline, [Lane(0.19, 0.09)] * max(len(streams), 1))
    for stream, axes in zip(streams, strips, strict=False):
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        name_lane(axes, stream.info.id if len(stream.info.id) <= 12 else stream.info.kind.upper())
        _draw_standing(axes, told, stream)
        _draw_share(axes, told, stream)
    return svg(drawn, "standing")


def _draw_standing(axes: "Axes", told: Reported, stream: RecordedStream) -> None:
    if stream.n_samples:
        first, last = stream.segments[0], stream.segments[-1]
        there = (told.second(first.start_ns), told.second(last.end_ns))
        spans(axes, [there], facecolor=SIGNAL["unjudged"])
    stretches = standing(told, stream)

    def of(what: str) -> list[Stretch]:
        return [stretch for stretch in stretches if stretch.what == what]

    spans(axes, [(s.start_s, s.end_s) for s in of("good")], facecolor=SIGNAL["good"], zorder=0.05)
    hatched(axes, of("doubtful"), "doubtful", "doubtful_line", "..")
    hatched(axes, of("poor"), "poor", "poor_line")
    hatched(axes, of("off_skin"), "off_skin", "off_skin_line", "||||")
    # a gap is never too short to be seen
    least_s = told.session.duration_s / _SEEN
    starts = [(told.second(gap.start_ns), told.second(gap.end_ns)) for gap in stream.gaps]
    gaps = [(start_s, max(end_s, start_s + least_s)) for start_s, end_s in starts]
    spans(axes, gaps, facecolor=SIGNAL["gap"], zorder=0.3)
    hatched(axes, marked(told, stream.info.id), "artefact", "artefact_line", "xxxx", 0.4)


def _draw_share(axes: "Axes", told: Reported, stream: RecordedStream) -> None:
    assert told.custody is not None
    account = told.custody.found.streams.get(stream.info.id)
    share = None if account is None else stored_share(account)
    words = "not provable" if share is None else wording.exact_percent(share)
    write(axes, 1.012, 0.45, words, va="center", color=MUTED)
