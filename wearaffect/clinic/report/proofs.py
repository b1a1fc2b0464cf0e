"""Why a report may be believed: consent, who did what, hashes, and what to beware of."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

import wearaffect
from wearaffect.clinic.report import wording
from wearaffect.clinic.report.background import about_bundle, figures_of_bundle
from wearaffect.clinic.report.custody import Custody
from wearaffect.clinic.report.ending import recovery_of
from wearaffect.clinic.report.page import (
    Html,
    bullets,
    join,
    paragraph,
    section,
    source,
    split,
    table,
    text,
)
from wearaffect.clinic.report.reported import Reported

__all__ = ["agreed", "caveats", "origins", "trail_facts"]

_FACT = ("What", "Which")


def agreed(told: Reported) -> Html:
    """Say what the participant agreed to and what the recording is for."""
    if told.custody is None:
        return Html("")
    state = told.sitting
    rows = [("Intended use", told.session.header.get("intended_use", "") or "not stated")]
    if state is not None and state.use is not None:
        rows += [
            ("Setting and purpose", f"{state.use.setting}, {state.use.purpose}"),
            ("Grounds", state.use.grounds or "none given"),
        ]
        if state.use.barred:
            rows.append(("Estimates", f"withheld: {state.use.barred}"))
    consent = _consent(told)
    if consent is not None:
        rows += [
            ("Agreed to be recorded", _yes(consent.get("recording"))),
            ("Agreed to estimates", _yes(consent.get("estimates"))),
            ("Agreed to sharing without names", _yes(consent.get("sharing"))),
            ("Consent form", str(consent.get("document") or "not named")),
            ("Kept until", _kept_until(told, consent.get("keep_days"))),
        ]
    else:
        rows.append(("Consent", "not noted in this recording"))
    made = table(_FACT, rows, about="Consent and retention")
    words = "the recording (session.mcap, its first message and topic audit)"
    return section("Consent, purpose and retention", [made, source(words)], whole=True)


def _consent(told: Reported) -> Mapping[str, Any] | None:
    if told.sitting is not None and told.sitting.consent is not None:
        return told.sitting.consent.as_dict()
    assert told.custody is not None
    noted = told.custody.header.get("consent")
    return noted if isinstance(noted, dict) else None


def _yes(value: object) -> str:
    return "yes" if value is True else "no"


def _kept_until(told: Reported, days: object) -> str:
    if not isinstance(days, int):
        return "it is erased by hand"
    if told.session.wall_start_s is None:
        return f"{days} days after the recording"
    start = datetime.fromtimestamp(told.session.wall_start_s, UTC)
    day = start + timedelta(days=days)
    return f"{day.day} {day:%B %Y} ({days} days)"


# ---- where it comes from


def origins(told: Reported) -> Html:
    """Give versions, bundle, hashes and the audit trail of a session."""
    custody = told.custody
    if custody is None:
        return Html("")
    recording = [Html("<h3>Recording</h3>"), table(_FACT, _recording(told, custody), about=_REC)]
    bundle = [Html("<h3>Bundle</h3>"), table(_FACT, about_bundle(told), about="Bundle")]
    parts = [
        split(recording, bundle),
        Html("<h3>Who did what, entry by entry (audit trail)</h3>"),
        trail_facts(told),
        _checked(custody),
        figures_of_bundle(told),
        source(
            "the recording (session.mcap, its first message and topic audit), its summary "
            "(session.json), and the description of the model (the bundle's manifest)"
        ),
    ]
    return section("Where this comes from", parts)


_REC = "Provenance"


def _recording(told: Reported, custody: Custody) -> list[tuple[str, str]]:
    versions = custody.header.get("versions")
    named = versions if isinstance(versions, dict) else {}
    return [
        ("Session", PurePath(told.session.path).name or wording.NONE),
        ("Format", str(custody.header.get("format", ""))),
        ("Devices", ", ".join(_devices(told)) or "not named"),
        ("Units as sent", _units(told)),
        ("Recorded with", ", ".join(f"{name} {v}" for name, v in named.items()) or "not said"),
        ("Settings", _settings(custody.header)),
        *_recovered(told),
        (
            "Fingerprint of the file (session.mcap, SHA-256)",
            _hash(custody.sha256) if custody.sha256 else "it wasn't closed",
        ),
        ("Report made with", f"wearaffect {wearaffect.__version__}"),
    ]


def _recovered(told: Reported) -> list[tuple[str, str]]:
    found = recovery_of(told)
    if found is None:
        return []
    named = [text(found.source)] if found.source else []
    digest = [_hash(found.sha256)] if found.sha256 else []
    return [("Recovered from (name, SHA-256)", Html(" ".join(named + digest)) or wording.NONE)]


def _units(told: Reported) -> str:
    """Give the units that the devices sent; figures and tables have them converted."""
    found = {
        f"{stream.info.kind.upper()} in {wording.unit(str(channel.unit)) or 'units of the sensor'}"
        for stream in told.session.streams.values()
        for channel in stream.info.channels
    }
    return ", ".join(sorted(found)) or wording.NONE


def _devices(told: Reported) -> list[str]:
    told_of = [stream.info.device for stream in told.session.streams.values()]
    return list(dict.fromkeys(name for name in (*told_of, told.session.device) if name))


_KNOWN = frozenset(
    {
        "format", "participant", "device", "wall_start_s", "intended_use", "model_hash",
        "bundle_id", "recovered_from", "versions", "start_ns", "infos", "consent", "topic",
        "closed", "sha256", "sealed_sha256", "n_messages", "audit_head", "ok", "problems",
        "streams",
    }
)  # fmt: skip


def _settings(header: Mapping[str, Any]) -> str:
    """Give whatever else the header says of how it was recorded."""
    found = [f"{name} {_plain(value)}" for name, value in header.items() if name not in _KNOWN]
    return "; ".join(found) or "the defaults"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _hash(digest: str) -> Html:
    # nothing but digits passes as markup
    digits = "".join(c for c in digest if c in "0123456789abcdef")
    return Html(f'<span class="hash">{digits}</span>')


def _trail(custody: Custody) -> list[tuple[str, str]]:
    n = len(custody.trail)
    hands = ", ".join(f"{who} {count}" for who, count in custody.hands.items())
    whole = "whole: each entry carries the fingerprint (SHA-256) of the one before"
    return [
        ("Entries", f"{n:,}" + (f" ({hands})" if hands else "")),
        ("Unbroken (chain)", "; ".join(custody.trail_problems) or (whole if n else "no entry")),
        ("Fingerprint of the history (audit head)", _hash(custody.head) if n else wording.NONE),
    ]


def trail_facts(told: Reported) -> Html:
    """Give the facts of the audit trail as a table; nothing for a file of another make."""
    if told.custody is None:
        return Html("")
    return table(_FACT, _trail(told.custody), about="Audit trail")


def _checked(custody: Custody) -> Html:
    how = Html("Check it again with <code>wearaffect session verify</code>")
    if custody.found.ok:
        since = " since it was recovered" if custody.header.get("recovered_from") else ""
        return paragraph(
            Html(
                f"Closed, whole and unchanged{since} when this report was made. {how}: it must "
                "find no problem, and print the same two fingerprints as stand here, the file's "
                "(sha256) and the history's (audit head). A fingerprint is another one as soon as "
                "anything is changed."
            )
        )
    found = bullets(custody.found.problems, "")
    said = "Not closed" if not custody.found.closed else "Not whole"
    return join([paragraph(Html(f"{said} when this report was made. {how}.")), found])


# ---- what to beware of


def caveats(told: Reported) -> Html:
    """Say what the report isn't, and what it can't tell."""
    if told.custody is None:
        return Html("")
    lines = [
        "This report is no diagnosis, and not the product of a medical device.",
        "An estimate says how like the bundle's training classes the signals are. It doesn't say "
        "what a person feels, nor why.",
        "Movement, speech, temperature, medicines, caffeine and posture move skin and pulse too.",
        "Where a signal was poor, off the skin or missing, estimates are withheld; what is shown "
        "rests on the windows that are left.",
        "The order of phases, and getting used to them, can look like an effect of a task.",
    ]
    if told.manifest is not None and told.manifest.not_for:
        lines.append(f"The bundle is not for: {str(told.manifest.not_for).rstrip('. ')}.")
    if told.outcomes and told.afterwards:
        lines.append(
            f"The estimates were worked out after the sitting by {told.bundle_id}; nobody saw them "
            "in it."
        )
    return section("What to beware of", [bullets(lines, "")], whole=True)
