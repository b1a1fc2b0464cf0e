"""A working day of a clinician: a real browser, the virtual wearable, and what goes wrong."""

import json
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from page_driver import Driver, browsing
from served_console import Served

from wearaffect.clinic.sitting.records import acts_in
from wearaffect.core.streams import SignalKind
from wearaffect.recording.journal import read_journal
from wearaffect.recording.journal_reader import read_topic
from wearaffect.recording.verify import verify

pytestmark = pytest.mark.timeout(600)

_STORY = """
name: story
title: {en: Story, de: Geschichte}
phases:
  - {name: rest, title: Rest, length_s: 135, enrols: true, streams: [eda, bvp], forms: [affect],
     markers: [{key: m, label: moved}]}
  - {name: task, title: Task, length_s: 25, streams: [eda], markers: [{key: s, label: started}]}
  - {name: recovery, title: Recovery, length_s: 3, streams: [eda]}
forms: [words]
"""
# the wearable hangs up in the task, after the rest, and comes back
_DEVICE = "bumble:bridge?seed=3&fault=disconnect&fault_at_s=160&fault_for_s=4"
_FAST = "synthetic:?seed=4&speed=20"


def _protocols(place: Path) -> str:
    place.mkdir()
    (place / "story.yaml").write_text(_STORY, encoding="utf-8")
    return str(place)


def _prepare(driver: Driver, device: str) -> None:
    driver.press("New code")
    driver.tick("Story")
    driver.choose("Setting", "Laboratory")
    driver.choose("Purpose", "Research")
    driver.page.get_by_label("Grounds").fill("Study 12")
    driver.tick("to be recorded")
    driver.tick("stress estimated")
    driver.tick(device)
    driver.require_accessible()
    driver.press("Connect")
    driver.headed("Check the signals")


def _tokens(served: Served) -> tuple[str, str]:
    """Give the addresses that the server printed: the desk's and the participant's."""
    words = served.said.split()
    return (
        next(word for word in words if "/#token=" in word),
        next(word for word in words if "/form#token=" in word),
    )


def _run(desk: Driver, minutes_ms: float) -> None:
    """Rest until time is up, a task in which the wearable hangs up, and a short recovery."""
    desk.press("Start the session")
    desk.see("The rest isn't over yet")
    desk.page.keyboard.press("m")
    desk.page.get_by_role("button", name="Undo").first.wait_for()
    desk.require_accessible()
    desk.page.reload()  # nothing of this reaches the recording
    second = desk.open(desk.page.url)
    second.get_by_role("button", name="Next: Task").wait_for()
    second.close()
    desk.page.get_by_text("over time").wait_for(timeout=minutes_ms)
    desk.press("Next: Task")
    desk.headed("^Task$")
    desk.page.keyboard.press("s")
    desk.see("probability of stress")
    desk.see("[0-9,]+ samples lost")
    desk.see("over time")
    desk.press("Next: Recovery")
    desk.headed("^Recovery$")
    desk.see("over time")
    desk.press("End and go to self-report")
    desk.headed("^Self-report$")


def _report_oneself(tablet: Driver) -> None:
    tablet.press("Beginnen")
    tablet.require_accessible()
    sliders = tablet.page.get_by_role("slider")
    sliders.first.wait_for()
    for index in range(sliders.count()):
        sliders.nth(index).focus()
        for _ in range(4):
            tablet.page.keyboard.press("ArrowRight")
    tablet.see("3 von 3")
    tablet.press("Fertig")


def _review(desk: Driver) -> None:
    desk.press("Go on to review")
    desk.give_reason("no words today")
    desk.headed("^Review$")
    desk.require_accessible()
    desk.page.get_by_label("From").fill("0:20")
    desk.page.get_by_label("To", exact=True).fill("0:25")
    desk.press("Mark this stretch")
    desk.give_reason("the hand moved")
    desk.see("the hand moved")
    desk.press("Close the session")
    desk.page.get_by_role("dialog").get_by_role("button").last.click()
    desk.see("Closed and verified")
    desk.require_accessible()


def _export(desk: Driver, place: Path) -> Path:
    desk.tick("EDF")
    desk.tick("BIDS")
    desk.tick("They stay here")  # the participant hasn't agreed that they leave
    desk.press("Write the files")
    with desk.page.expect_download() as waiting:
        desk.page.get_by_role("link", name="Download").click()
    waiting.value.save_as(place)
    return place


def test_a_sitting_from_the_first_page_to_the_report(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    served = serve("--protocols", _protocols(tmp_path / "protocols"), "--device", _DEVICE)
    at_desk, at_form = _tokens(served)
    with browsing() as browser:
        desk = Driver(browser, at_desk)
        _prepare(desk, _DEVICE)
        desk.see("Everything is ready")
        desk.require_accessible()
        tablet = Driver(browser, at_form, color_scheme="dark", locale="de-DE")
        _run(desk, 200_000)
        _report_oneself(tablet)
        desk.see("done")
        _review(desk)
        with desk.context.expect_page() as opening:
            desk.page.get_by_role("link", name="Open the report").click()
        opening.value.get_by_text("Study 12").first.wait_for()
        zipped = _export(desk, tmp_path / "files.zip")
        assert desk.complaints + tablet.complaints == []
    (folder,) = [path.parent for path in served.root.glob("*/session.mcap")]
    _require_whole(folder)
    names = zipfile.ZipFile(zipped).namelist()
    assert any(name.endswith(".edf") for name in names)
    assert any(name.endswith("dataset_description.json") for name in names)


def _require_whole(folder: Path) -> None:
    """What is on the disk is what was done and seen."""
    checked = verify(folder)
    assert checked.ok
    eda = read_journal(folder).of_kind(SignalKind.EDA)
    assert eda is not None
    account = checked.streams[eda.info.id]
    assert account["lost_in_gaps"] > 0
    assert account["expected"] == eda.n_samples + account["lost_in_gaps"] + account["damaged"]
    outcomes = read_topic(folder, "estimates")
    withheld = ["stress" not in json.dumps(outcome) for outcome in outcomes]
    assert withheld[0]
    assert not all(withheld)
    whats = [act.what for act in acts_in(folder)]
    for what in ("rest taken", "form closed", "artefact marked", "review begun", "sitting closed"):
        assert what in whats, what
    assert [m.label for m in read_journal(folder).markers] == ["moved", "started"]


def test_a_server_that_was_killed_and_what_was_recovered(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    options = ("--protocols", _protocols(tmp_path / "protocols"), "--device", _FAST)
    served = serve(*options)
    with browsing() as browser:
        desk = Driver(browser, _tokens(served)[0])
        _prepare(desk, _FAST)
        desk.see("Everything is ready")
        desk.press("Start the session")
        desk.see("The rest isn't over yet")
        desk.page.keyboard.press("m")
        desk.page.get_by_role("button", name="Undo").first.wait_for()
        desk.page.wait_for_timeout(1500)  # what is older than a second is on the disk
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
        desk.see("Page cut off")

        again = serve(*options, root=served.root)
        assert "session recover" in again.said
        other = Driver(browser, _tokens(again)[0])
        other.press("Recordings")
        other.see("was cut off")
        other.require_accessible()
        other.press("Recover")
        other.page.get_by_text("recovered").first.wait_for()
        assert other.complaints == []
    (recovered,) = again.root.glob("*-recovered")
    assert verify(recovered).ok
    assert "sitting started" in [act.what for act in acts_in(recovered)]
    assert [m.label for m in read_journal(recovered).markers] == ["moved"]
