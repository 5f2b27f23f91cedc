"""Event-stream frames as AWS encodes them.

Big-endian: u32 total length, u32 headers length, u32 CRC32 of those 8 bytes; headers of u8 name
length, name, u8 type 7 (string), u16 value length, value; payload; u32 CRC32 of all before.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

PRELUDE_BYTES = 12
_STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame with both of its checksums."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    total = PRELUDE_BYTES + len(head) + len(payload) + 4
    prelude = struct.pack(">II", total, len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return message + struct.pack(">I", crc32(message))


def event(kind: str, body: Mapping[str, Any]) -> bytes:
    """An event such as ``contentBlockDelta``."""
    return frame(
        {
            ":event-type": kind,
            ":content-type": "application/json",
            ":message-type": "event",
        },
        _json(body),
    )


def exception(kind: str, message: str) -> bytes:
    """A modelled error in mid-stream, such as ``throttlingException``."""
    return frame(
        {
            ":exception-type": kind,
            ":content-type": "application/json",
            ":message-type": "exception",
        },
        _json({"message": message}),
    )


def unmodelled_error(code: str, message: str) -> bytes:
    """An error in mid-stream that the service model does not know: it has no payload."""
    return frame({":error-code": code, ":error-message": message, ":message-type": "error"}, b"")


def with_bad_prelude_checksum(sound: bytes) -> bytes:
    """The frame with the checksum over its lengths changed."""
    return sound[:8] + _flipped(sound[8:PRELUDE_BYTES]) + sound[PRELUDE_BYTES:]


def with_bad_message_checksum(sound: bytes) -> bytes:
    """The frame with its last checksum changed."""
    return sound[:-4] + _flipped(sound[-4:])


def _header(name: str, value: str) -> bytes:
    encoded = value.encode()
    return (
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", _STRING, len(encoded))
        + encoded
    )


def _flipped(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
