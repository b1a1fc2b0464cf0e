"""A small Linux with this Python in it, as one archive that the kernel unpacks into memory."""

import lzma
import os
import re
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

# What a kernel may have built in, or not have at all, beside the virtual controller it must have.
_MODULES = (
    "hci_vhci uhid cmac ecb ctr aes_generic algif_skcipher algif_hash sha256_generic hmac"
    " ecdh_generic"
)
_LEFT_OUT = {
    "dist-packages", "ensurepip", "idlelib", "lib2to3", "site-packages", "test", "tests", "tkinter",
}  # fmt: skip
_USERS = "root:x:0:0:root:/:/bin/sh\n"
_GROUPS = "root:x:0:\n"
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
_BLUETOOTHD = "[General]\nControllerMode = le\n[Policy]\nAutoEnable = true\n"
_FOLDERS = "bin dev etc/bluetooth proc run sys tmp var/lib/bluetooth"


class Image:
    """What will be in the archive: path inside to file outside, text, or target of a link."""

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}
        self._texts: dict[str, str] = {}
        self._links: dict[str, str] = {}

    def file(self, inside: str, outside: Path) -> None:
        """Put a file somewhere."""
        self._files[re.sub(r"^(lib|lib64)/", r"usr/\1/", inside.lstrip("/"))] = outside

    def text(self, inside: str, content: str) -> None:
        """Put a text somewhere."""
        self._texts[inside.lstrip("/")] = content

    def link(self, inside: str, target: str) -> None:
        """Put a symbolic link somewhere."""
        self._links[inside.lstrip("/")] = target

    def tree(self, inside: str, outside: Path) -> None:
        """Put a folder somewhere, compiled Python with it, without tests."""
        for folder, folders, names in os.walk(outside):
            folders[:] = [f for f in folders if f not in _LEFT_OUT and not f.startswith("config-")]
            under = Path(folder).relative_to(outside)
            for name in names:
                if not name.endswith((".a", ".opt-1.pyc", ".opt-2.pyc")):
                    self.file(f"{inside}/{under / name}", Path(folder) / name)

    def with_libraries(self, inside: str, outside: Path, root: Path) -> None:
        """Put a program somewhere, and the libraries it loads where it looks for them."""
        self.file(inside, outside)
        for library in _libraries(outside, root):
            own = library.is_relative_to(root)
            self.file(str(library.relative_to(root) if own else library), library)

    def write(self, path: Path) -> int:
        """Write the archive (cpio, new ASCII format); gives its size in bytes."""
        folders = set(_FOLDERS.split())
        for name in (*self._files, *self._texts, *self._links):
            folders.update(str(parent) for parent in Path(name).parents if str(parent) != ".")
        folders.update(str(p) for f in tuple(folders) for p in Path(f).parents if str(p) != ".")
        with path.open("wb") as out:
            entries = _entries(sorted(folders), self._files, self._texts, self._links)
            for number, (name, mode, modified, content) in enumerate(entries, 1):
                out.write(_entry(number, name, mode, modified, content))
            out.write(_entry(0, "TRAILER!!!", 0, 0, b""))
            return out.tell()


def make_image(root: Path, guest: Path, packages: Iterable[str], sources: Path) -> Image:
    """Describe the guest.

    Parameters
    ----------
    root : Path
        Debian packages, unpacked.
    guest : Path
        Folder with `init` and the programs it starts.
    packages : iterable of str
        Distributions that the programs import, taken from this environment.
    sources : Path
        The package under test.
    """
    image = Image()
    image.link("lib64", "usr/lib64")
    image.link("lib", "usr/lib")
    image.link("var/run", "/run")
    image.file("usr/bin/busybox", root / "bin/busybox")
    image.link("bin/sh", "/usr/bin/busybox")
    for program in (
        "usr/bin/dbus-daemon",
        "usr/bin/bluetoothctl",
        "usr/libexec/bluetooth/bluetoothd",
    ):
        image.with_libraries(program, root / program, root)
    image.text("etc/bus.conf", _BUS)
    image.text("etc/passwd", _USERS)
    image.text("etc/group", _GROUPS)
    image.text("etc/nsswitch.conf", "passwd: files\ngroup: files\n")
    image.text("etc/bluetooth/main.conf", _BLUETOOTHD)
    for number, (name, module) in enumerate(_kernel_modules(root)):
        image.file(f"modules/{number:02d}_{name}.ko", module)
    _put_python(image, packages, root)
    image.tree("site/wearaffect", sources)
    image.tree("guest", guest)
    image.file("init", guest / "init")
    return image


def _put_python(image: Image, packages: Iterable[str], root: Path) -> None:
    interpreter = Path(sys.executable).resolve()
    image.with_libraries(str(interpreter), interpreter, root)
    image.link("usr/bin/python", str(interpreter))
    library = Path(sysconfig.get_path("stdlib"))
    image.tree(str(library), library)
    site = Path(sysconfig.get_path("purelib")).resolve()
    for extension in (library / "lib-dynload").glob("*.so"):
        for needed in _libraries(extension, root):
            image.file(str(needed), needed)
    for package in packages:
        for path in _installed(package):
            image.file(f"site/{path.relative_to(site)}", path)
            if ".so" in path.suffixes:
                for needed in _libraries(path, root):
                    if not needed.resolve().is_relative_to(site):
                        image.file(str(needed), needed)


def _installed(package: str) -> Iterator[Path]:
    site = Path(sysconfig.get_path("purelib")).resolve()
    for name in distribution(package).files or ():
        path = Path(str(name.locate())).resolve()
        if not path.is_file() or not path.is_relative_to(site):
            continue
        if not _LEFT_OUT & set(path.relative_to(site).parts):
            yield path


def _libraries(program: Path, root: Path) -> list[Path]:
    searched = ":".join(str(root / folder) for folder in ("lib", "usr/lib"))
    triplet = sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu"
    searched += ":" + ":".join(str(root / folder / triplet) for folder in ("lib", "usr/lib"))
    environment = {**os.environ, "LD_LIBRARY_PATH": searched}
    done = subprocess.run(  # noqa: S603 - our own words
        ["ldd", str(program)],  # noqa: S607 - wherever it is installed
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    missing = re.findall(r"(\S+) => not found", done.stdout)
    if missing:
        sys.exit(f"{program.name} needs {', '.join(missing)}, which this system doesn't have")
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", done.stdout)]


def _kernel_modules(root: Path) -> list[tuple[str, Path]]:
    """What to insert, in order; modules name what they need themselves (depends=)."""
    (tree,) = (root / "lib/modules").iterdir()
    files = {re.sub(r"\.ko.*", "", p.name).replace("-", "_"): p for p in tree.rglob("*.ko*")}
    ordered: dict[str, Path] = {}

    def visit(name: str) -> None:
        if name in ordered or name not in files:
            return
        path = _plain(files[name])
        needed = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for other in needed[1].decode().split(",") if needed else ():
            visit(other.replace("-", "_"))
        ordered[name] = path

    for name in _MODULES.split():
        visit(name)
    if "hci_vhci" not in ordered:
        sys.exit(f"the kernel {tree.name} has no hci_vhci")
    return list(ordered.items())


def _plain(module: Path) -> Path:
    if module.suffix != ".xz":
        return module
    plain = module.with_suffix("")
    plain.write_bytes(lzma.decompress(module.read_bytes()))
    return plain


def _entries(
    folders: Iterable[str], files: dict[str, Path], texts: dict[str, str], links: dict[str, str]
) -> Iterator[tuple[str, int, int, bytes]]:
    for name in folders:
        if name not in links:
            yield name, stat.S_IFDIR | 0o755, 0, b""
    for name, target in links.items():
        yield name, stat.S_IFLNK | 0o777, 0, target.encode()
    for name, text in texts.items():
        yield name, stat.S_IFREG | 0o644, 0, text.encode()
    for name, path in files.items():
        found = path.stat()  # compiled Python counts only if its source is as old as it says
        yield name, stat.S_IFREG | (found.st_mode & 0o755), int(found.st_mtime), path.read_bytes()


def _entry(number: int, name: str, mode: int, modified: int, content: bytes) -> bytes:
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, modified, len(content), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(head + encoded) + _padded(content)


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)
