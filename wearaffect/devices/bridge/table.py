"""The numbers of the bridge's wire format.

Generated from firmware_bridge/bridge.toml by generate.py; don't edit.
"""

from enum import IntEnum
from struct import Struct

__all__ = [
    "ANSWER_LAYOUT",
    "CAPABILITY_LAYOUT",
    "CAPABILITY_UUID",
    "CHANNEL_RECORD_LAYOUT",
    "COMMAND_LAYOUT",
    "CONTROL_UUID",
    "CRC_START",
    "DATA_LAYOUT",
    "DATA_UUID",
    "MAX_ANSWER",
    "MAX_CAPABILITY",
    "MAX_CHANNELS",
    "MAX_COMMAND",
    "MAX_NAME",
    "MAX_PAYLOAD",
    "MAX_STREAMS",
    "MIN_PAYLOAD",
    "PING_RESULTS_LAYOUT",
    "SERVICE_UUID",
    "SET_PAYLOAD_LIMIT_ARGUMENTS_LAYOUT",
    "SET_RATE_ARGUMENTS_LAYOUT",
    "STREAM_RECORD_LAYOUT",
    "VERSION",
    "Channel",
    "Command",
    "Flag",
    "Kind",
    "Marker",
    "Site",
    "Status",
    "Unit",
    "Width",
]

VERSION = 1
CRC_START = 0xFFFF
MAX_STREAMS = 8
MAX_CHANNELS = 4
MIN_PAYLOAD = 20
MAX_PAYLOAD = 244
MAX_NAME = 24
MAX_CAPABILITY = 512
MAX_COMMAND = 20
MAX_ANSWER = 20
SERVICE_UUID = "7c9a0001-5e1d-4b2a-9f63-1d2c6b8ef0a5"
CAPABILITY_UUID = "7c9a0002-5e1d-4b2a-9f63-1d2c6b8ef0a5"
DATA_UUID = "7c9a0003-5e1d-4b2a-9f63-1d2c6b8ef0a5"
CONTROL_UUID = "7c9a0004-5e1d-4b2a-9f63-1d2c6b8ef0a5"

DATA_LAYOUT = Struct("<BBBBII")
"""marker, length, sequence, count, counter, time_us"""
CAPABILITY_LAYOUT = Struct("<BBHBBBBBBB")
"""marker, version, length, flags, major, minor, patch, site, streams, name_length"""
COMMAND_LAYOUT = Struct("<BBBB")
"""marker, length, command, token"""
ANSWER_LAYOUT = Struct("<BBBBB")
"""marker, length, command, token, status"""
STREAM_RECORD_LAYOUT = Struct("<BBBBII")
"""kind, unit, width, channels, rate_num, rate_den"""
CHANNEL_RECORD_LAYOUT = Struct("<BiIiI")
"""channel, scale_num, scale_den, offset_num, offset_den"""
SET_RATE_ARGUMENTS_LAYOUT = Struct("<BII")
"""stream, rate_num, rate_den"""
SET_PAYLOAD_LIMIT_ARGUMENTS_LAYOUT = Struct("<B")
"""limit"""
PING_RESULTS_LAYOUT = Struct("<II")
"""received_us, sent_us"""


class Kind(IntEnum):
    """What a stream measures; the name is how wearaffect calls it."""

    EDA = 1
    BVP = 2
    PPG = 3
    ECG = 4
    ACC = 5
    TEMP = 6
    RESP = 7


class Unit(IntEnum):
    """What `raw * scale + offset` is in."""

    ARBITRARY = 1
    MICROSIEMENS = 2
    NANOSIEMENS = 3
    SIEMENS = 4
    CELSIUS = 5
    GRAVITY = 6
    METRE_PER_SECOND_SQUARED = 7
    MILLIVOLT = 8
    GRAVITY_64TH = 9


class Channel(IntEnum):
    """What a column of a stream is; `value` is the only one of its stream."""

    VALUE = 0
    X = 1
    Y = 2
    Z = 3
    GREEN = 4
    RED = 5
    INFRARED = 6
    BLUE = 7
    AMBIENT = 8


class Site(IntEnum):
    """Where the device is worn."""

    UNKNOWN = 0
    WRIST = 1
    FINGER = 2
    PALM = 3
    UPPER_ARM = 4
    CHEST = 5
    HEAD = 6
    EAR = 7
    ANKLE = 8
    FOOT = 9


class Width(IntEnum):
    """Bytes of one raw count: two's complement, 16 or 24 bits."""

    INT16 = 2
    INT24 = 3


class Flag(IntEnum):
    """Bits of the capability's flags."""

    UNAUTHENTICATED_LINK = 1


class Status(IntEnum):
    """How a command went."""

    OK = 0
    UNKNOWN_COMMAND = 1
    DAMAGED = 2
    WRONG_LENGTH = 3
    UNKNOWN_STREAM = 4
    BAD_VALUE = 5
    BUSY = 6
    NOT_AUTHENTICATED = 7
    PAYLOAD_TOO_SMALL = 8


class Marker(IntEnum):
    """First byte of a message."""

    DATA = 176
    CAPABILITY = 193
    COMMAND = 225
    ANSWER = 209


class Command(IntEnum):
    """What a host may ask."""

    START = 1
    STOP = 2
    SET_RATE = 3
    SET_PAYLOAD_LIMIT = 4
    PING = 5
    DESCRIBE = 6
