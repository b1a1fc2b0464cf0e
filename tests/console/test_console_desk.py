"""What is at hand, and what is named at the start where it isn't right."""

import os
import shutil
from pathlib import Path

import pytest

from wearaffect.clinic.console.clock import is_real
from wearaffect.clinic.console.desk import at_hand
from wearaffect.clinic.console.disk import is_encrypted
from wearaffect.clinic.sitting.errors import SittingFileError
from wearaffect.clinic.sitting.forms import shipped_forms
from wearaffect.clinic.sitting.protocol import shipped_protocols
from wearaffect.core.errors import BundleNotFoundError, DeviceUriError
from wearaffect.devices.registry import open_device

PROTOCOL = """
name: own
title: Ours
phases:
  - {name: one, length_s: 60, streams: [eda], forms: [FORM]}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_what_is_shipped_is_at_hand() -> None:
    here = at_hand()
    assert here.protocols.keys() == shipped_protocols().keys()
    assert here.forms.keys() == shipped_forms().keys()
    assert "wrist-affect" in here.models


def test_every_device_that_is_offered_opens_and_is_marked_as_no_hardware() -> None:
    here = at_hand()
    assert here.devices
    for uri, choice in here.devices.items():
        open_device(uri)
        assert not choice.real
        assert "no hardware" in choice.title


def test_ones_own_come_beside_what_is_shipped(own: Path) -> None:
    here = at_hand(protocols=write(own, "own.yaml", PROTOCOL.replace("FORM", "affect")))
    assert here.protocols["own"].phases[0].forms == ("affect",)
    assert here.protocols.keys() > shipped_protocols().keys()


def test_ones_own_take_the_place_of_those_of_the_same_name(own: Path) -> None:
    text = PROTOCOL.replace("own", "free").replace("FORM", "affect")
    here = at_hand(protocols=write(own, "mine.yaml", text))
    assert str(here.protocols["free"].title) == "Ours"


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"own.yaml": "name: own"}, "own.yaml"),
        ({"own.yaml": PROTOCOL.replace("FORM", "nowhere")}, "own: names a form"),
        ({n: PROTOCOL.replace("FORM", "affect") for n in ("a.yaml", "b.yaml")}, "b.yaml: name"),
    ],
)
def test_what_isnt_right_is_named_at_the_start(own: Path, files: dict[str, str], part: str) -> None:
    for name, text in files.items():
        write(own, name, text)
    with pytest.raises(SittingFileError, match=part):
        at_hand(protocols=own)


def test_a_licensed_form_is_refused_at_the_start(own: Path) -> None:
    shutil.copy(shipped_forms()["affect"], own / "mine.yaml")
    text = (own / "mine.yaml").read_text(encoding="utf-8").replace("name: affect", "name: stai")
    write(own, "mine.yaml", text + "\nsource: State-Trait Anxiety Inventory\n")
    with pytest.raises(SittingFileError):
        at_hand(forms=own)


def test_a_device_that_cant_be_opened_is_named_at_the_start() -> None:
    with pytest.raises(DeviceUriError, match="unknown driver"):
        at_hand(devices=["nothing:"])
    with pytest.raises(DeviceUriError, match="unknown sink"):
        at_hand(sinks=["nothing:"])
    with pytest.raises(BundleNotFoundError):
        at_hand(models=["no-such-model"])


def test_a_named_device_comes_first_and_says_whether_it_is_real() -> None:
    here = at_hand(devices=["synthetic:?seed=9", "lsl:type=EDA"])
    first, second, *_ = here.devices.values()
    assert (first.uri, first.real) == ("synthetic:?seed=9", False)
    assert (second.uri, second.real) == ("lsl:type=EDA", True)


@pytest.mark.parametrize(
    ("uri", "real"),
    [
        ("brainflow:synthetic", False), ("brainflow:SYNTHETIC_BOARD", False),
        ("brainflow:playback-file?file=x.csv&master_board=cyton", False),
        ("brainflow:streaming?master_board=synthetic", False),
        ("brainflow:streaming?master_board=cyton", True), ("brainflow:cyton", True),
        ("lsl:type=EDA", True), ("ble:polar", True), ("replay:x", False), ("bumble:x", False),
    ],
)  # fmt: skip
def test_what_is_made_up_or_played_isnt_real(uri: str, real: bool) -> None:
    assert is_real(uri) is real


@pytest.fixture
def linux(tmp_path: Path) -> tuple[Path, Path]:
    """A system that knows the disk of `tmp_path`, and where it says so."""
    number = tmp_path.stat().st_dev
    disk = tmp_path / "sys" / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    disk.mkdir(parents=True)
    return tmp_path / "sys", disk


def told(disk: Path, uuid: str) -> None:
    (disk / "dm").mkdir(parents=True)
    (disk / "dm" / "uuid").write_text(uuid + "\n", encoding="ascii")


def test_a_plain_disk_is_told(tmp_path: Path, linux: tuple[Path, Path]) -> None:
    system, disk = linux
    assert is_encrypted(tmp_path, system) is False
    (disk / "slaves").mkdir()
    assert is_encrypted(tmp_path, system) is False


def test_luks_is_told_also_below_a_volume(tmp_path: Path, linux: tuple[Path, Path]) -> None:
    system, disk = linux
    told(disk, "LVM-abc")
    told(disk / "slaves" / "dm-0", "CRYPT-LUKS2-abc-root")
    assert is_encrypted(tmp_path, system) is True
    told(disk / "slaves" / "dm-1", "LVM-plain")  # a volume over two disks, one of them open
    assert is_encrypted(tmp_path, system) is False


def test_what_cant_be_told_isnt(tmp_path: Path) -> None:
    assert is_encrypted(tmp_path, tmp_path / "nothing") is None
    (tmp_path / "sys" / "dev" / "block").mkdir(parents=True)
    mounts = tmp_path / "mountinfo"
    assert is_encrypted(tmp_path, tmp_path / "sys", mounts) is None
    number = tmp_path.stat().st_dev
    line = f"22 1 {os.major(number)}:{os.minor(number)} / / rw - overlay overlay rw\n"
    mounts.write_text(line, encoding="utf-8")
    assert is_encrypted(tmp_path, tmp_path / "sys", mounts) is None
