"""Write the C header, the Python table and the document from bridge.toml.

Run ``python firmware_bridge/generate.py`` after a change of the table; a test compares.
"""

import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SIZES = {"u8": 1, "u16": 2, "u32": 4, "i32": 4}
PACKED = {"u8": "B", "u16": "H", "u32": "I", "i32": "i"}
NOTICE = "Generated from firmware_bridge/bridge.toml by generate.py; don't edit."

Table = dict[str, Any]


def outputs(table: Table) -> dict[Path, str]:
    """Give every generated file and its text."""
    return {
        HERE / "c" / "wa_bridge_table.h": c_header(table),
        HERE.parent / "wearaffect" / "devices" / "bridge" / "table.py": python_table(table),
        HERE / "PROTOCOL.md": document(table),
    }


def layouts(table: Table) -> dict[str, list[Table]]:
    """Give the fixed part of every message and record, and what commands carry."""
    found = {name: message["fields"] for name, message in table["messages"].items()}
    found |= {f"{name}_record": record["fields"] for name, record in table["records"].items()}
    for name, command in table["commands"].items():
        for part in ("arguments", "results"):
            if command[part]:
                found[f"{name}_{part}"] = command[part]
    return found


def words_of(table: Table) -> Table:
    """Give every set of words: those of fields, then first bytes and commands."""
    markers = {name: message["marker"] for name, message in table["messages"].items()}
    codes = {name: command["code"] for name, command in table["commands"].items()}
    return table["enums"] | {
        "marker": {"doc": "First byte of a message.", "values": markers},
        "command": {"doc": "What a host may ask.", "values": codes},
    }


def size_of(fields: list[Table]) -> int:
    """Count the bytes of a layout."""
    return sum(SIZES[field["type"]] for field in fields)


def offsets(fields: list[Table]) -> list[tuple[int, Table]]:
    """Give each field with the byte it begins at."""
    return [(size_of(fields[:at]), field) for at, field in enumerate(fields)]


# ---- C ---------------------------------------------------------------------------------------


def c_header(table: Table) -> str:
    """Give every number of the format as a macro, every set of words as an enumeration."""
    lines = [f"/* {NOTICE} */", "#ifndef WA_BRIDGE_TABLE_H", "#define WA_BRIDGE_TABLE_H", ""]
    lines.append(f"#define WA_VERSION {table['version']}")
    for name, value in table["crc"].items():
        lines.append(f"#define WA_CRC_{name.upper()} 0x{value:04X}")
    for name, limit in table["limits"].items():
        lines.append(f"#define WA_{name.upper()} {limit['value']}")
    lines.append("")
    for name, fields in layouts(table).items():
        for at, field in offsets(fields):
            lines.append(f"#define WA_{name.upper()}_{field['name'].upper()} {at}")
        lines += [f"#define WA_{name.upper()}_SIZE {size_of(fields)}", ""]
    for name, entry in words_of(table).items():
        # WA_COMMAND_… are the offsets of the message already
        prefix = "DO" if name == "command" else name.upper()
        words = [f"    WA_{prefix}_{word.upper()} = {n}" for word, n in entry["values"].items()]
        lines += [f"enum wa_{name} {{", ",\n".join(words), "};", ""]
    for name, uuid in table["uuids"].items():
        words = ", ".join(f"0x{word}" for word in uuid.split("-"))  # as Zephyr writes them
        lines.append(f'#define WA_UUID_{name.upper()} "{uuid}"')
        lines.append(f"#define WA_UUID_{name.upper()}_WORDS {words}")
    return "\n".join([*lines, "", "#endif", ""])


# ---- Python ----------------------------------------------------------------------------------


def python_table(table: Table) -> str:
    """Give the same as structures, constants and enumerations."""
    names = [*_constants(table), *(f"{name.upper()}_LAYOUT" for name in layouts(table))]
    names += [name.capitalize() for name in words_of(table)]
    lines = ['"""The numbers of the bridge\'s wire format.', "", NOTICE, '"""', ""]
    lines += ["from enum import IntEnum", "from struct import Struct", "", "__all__ = ["]
    # ruff's order: constants, classes, the rest
    order = sorted(names, key=lambda name: (not name.isupper(), name))
    lines += [*(f'    "{name}",' for name in order), "]", ""]
    lines += [f"{name} = {value}" for name, value in _constants(table).items()]
    lines.append("")
    for name, fields in layouts(table).items():
        packed = "".join(PACKED[field["type"]] for field in fields)
        lines.append(f'{name.upper()}_LAYOUT = Struct("<{packed}")')
        lines.append(f'"""{", ".join(field["name"] for field in fields)}"""')
    for name, entry in words_of(table).items():
        words = [f"    {word.upper()} = {value}" for word, value in entry["values"].items()]
        lines += ["", "", f"class {name.capitalize()}(IntEnum):"]
        lines += [f'    """{entry["doc"]}"""', "", *words]
    return "\n".join([*lines, ""])


def _constants(table: Table) -> dict[str, str]:
    found = {"VERSION": str(table["version"]), "CRC_START": f"0x{table['crc']['start']:04X}"}
    found |= {name.upper(): str(limit["value"]) for name, limit in table["limits"].items()}
    return found | {f"{k.upper()}_UUID": f'"{v}"' for k, v in table["uuids"].items()}


# ---- the document ----------------------------------------------------------------------------

PREAMBLE = """\
# The bridge's wire format, version {version}

<!-- {notice} -->

A wearable measures, a host listens. The wearable sends raw counts in small frames that prove their
own integrity, order, place and time; what the counts mean stands once in the *capability*.

- All numbers are little-endian; signed ones are two's complement.
- Every message ends with a CRC (u16) over all bytes before it: CRC-16/CCITT-FALSE, polynomial
  0x{polynomial:04X}, begins with 0x{start:04X}, not reflected; `123456789` gives 0x{check:04X}.
- The first byte tells messages apart. A later, incompatible format takes other first bytes.
- A frame is never longer than the link takes in one piece (ATT_MTU - 3), and never split.

## Over Bluetooth LE

| | UUID | properties | needs |
| --- | --- | --- | --- |
| service | `{service}` | advertised | |
| capability | `{capability}` | read | nothing: a host sees what it will get before it pairs |
| data | `{data}` | notify | LE Secure Connections pairing |
| control | `{control}` | write, notify | LE Secure Connections pairing |

A device may give data without pairing only if it says so: flag `unauthenticated_link` in the
capability. The host writes that into its recording. Without it, a device answers `start`, `stop`
and the settings on an unpaired link with `not_authenticated`. Answers are notified on *control*.

On a new link the frame limit is {min_payload} bytes until the stack reports a larger ATT_MTU.

## Over a serial line

The same messages, each framed by consistent overhead byte stuffing (Cheshire and Baker 1999,
doi 10.1109/90.769765) and ended by one zero byte. A receiver that starts in the middle skips to the
next zero. The host asks for the capability with `describe`.

## Loss

`counter` counts samples taken, whether or not they could be sent; so `counter` less the one
expected is exactly what is missing. If `sequence` jumps too, frames were lost on the way; if it
doesn't, the device itself lost samples (its sensor overran). A frame whose CRC is wrong holds no
sample; its header is only a claim. Counters and time begin again at 0 when the device boots.
"""


def document(table: Table) -> str:
    """Give the format as prose, tables and byte diagrams."""
    facts = {"version": table["version"], "notice": NOTICE, **table["uuids"], **table["crc"]}
    facts["min_payload"] = table["limits"]["min_payload"]["value"]
    parts = [PREAMBLE.format(**facts), "## Messages\n"]
    middle = {"data": "samples", "capability": "name, records", "command": "arguments"}
    for name, message in table["messages"].items():
        after = [middle.get(name, "results"), "crc"]
        parts += [f"### {name}\n", message["doc"] + "\n", _diagram(message["fields"], after)]
        parts.append(_fields(message["fields"]))
    for name, record in table["records"].items():
        parts += [f"### {name} record\n", record["doc"] + "\n", _diagram(record["fields"], [])]
        parts.append(_fields(record["fields"]))
    parts.append("## Commands\n")
    for name, command in table["commands"].items():
        parts.append(f"### {command['code']} {name}\n\n{command['doc']}\n")
        for part in ("arguments", "results"):
            if command[part]:
                parts.append(f"{part.capitalize()}:\n\n{_fields(command[part])}")
    parts.append("## Words\n")
    for name, entry in table["enums"].items():
        words = " · ".join(f"{value} {word}" for word, value in entry["values"].items())
        parts.append(f"**{name}** {entry['doc']} {words}\n")
    parts.append("## Limits\n\n| name | value | |\n| --- | --- | --- |")
    for name, limit in table["limits"].items():
        parts.append(f"| {name} | {limit['value']} | {limit['doc']} |")
    return "\n".join([*parts, ""])


def _fields(fields: list[Table]) -> str:
    rows = [f"| {at} | {f['name']} | {f['type']} | {f['doc']} |" for at, f in offsets(fields)]
    return "\n".join(["| byte | field | type | |", "| --- | --- | --- | --- |", *rows, ""])


def _diagram(fields: list[Table], after: list[str]) -> str:
    """Draw a layout to scale: a box a field, its first byte above it."""
    above, names = "", "|"
    for at, field in offsets(fields):
        width = max(8 * SIZES[field["type"]] - 1, len(field["name"]) + 2)
        above += f"{at:<{width + 1}}"
        names += f"{field['name']:^{width}}|"
    names += "".join(f" {word} |" for word in after)
    rule = "".join("+" if letter == "|" else "-" for letter in names)
    return "\n".join(["```text", f" {above}".rstrip(), rule, names, rule, "```", ""])


def main() -> None:
    """Write all of it."""
    table = tomllib.loads((HERE / "bridge.toml").read_text("utf-8"))
    for path, text in outputs(table).items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
