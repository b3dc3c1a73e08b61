"""The record stream of MaxCompute's table tunnel, encoded from its description alone, independently of the loader's decoder."""
import re
import struct

# --- CRC-32C, bit by bit into a table


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ 0x82F63B78 if byte & 1 else byte >> 1
        table.append(byte)
    return table


_kTable = _table()


class Crc:
    def __init__(self):
        self.state = 0xFFFFFFFF

    def add(self, data):
        state = self.state
        for byte in data:
            state = (state >> 8) ^ _kTable[(state ^ byte) & 0xFF]
        self.state = state
        return self

    @property
    def value(self):
        return self.state ^ 0xFFFFFFFF


# --- types: "map<string,array<bigint>>" as (name, children, field names)


def parse_type(text):
    text = text.strip()
    found = re.fullmatch(r"(?i)(array|map|struct)\s*<(.*)>", text, re.S)
    if not found:
        return (re.match(r"\w+", text)[0].lower(), [], [])
    parts, depth, begin = [], 0, 0
    inner = found[2]
    for at, c in enumerate(inner + ","):
        if c == "<" or c == "(":
            depth += 1
        elif c == ">" or c == ")":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(inner[begin:at])
            begin = at + 1
    names = []
    if found[1].lower() == "struct":
        names = [part.split(":", 1)[0].strip(" `") for part in parts]
        parts = [part.split(":", 1)[1] for part in parts]
    return (found[1].lower(), [parse_type(part) for part in parts], names)


# --- record stream

kEnd, kMetricsEnd, kCount, kChecksum = 33553408, 33554176, 33554430, 33554431


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint((value << 1) ^ (value >> 63) if value < 0 else value << 1)


def encode_value(kind, value, crc):
    name, children, _ = kind
    if name in ("tinyint", "smallint", "int", "bigint", "datetime", "date", "interval_year_month"):
        crc.add(struct.pack("<q", value))
        return zigzag(value)
    if name == "boolean":
        crc.add(b"\1" if value else b"\0")
        return b"\1" if value else b"\0"
    if name in ("float", "double"):
        data = struct.pack("<f" if name == "float" else "<d", value)
        crc.add(data)
        return data
    if name in ("timestamp", "timestamp_ntz", "interval_day_time"):
        crc.add(struct.pack("<qi", *value))
        return zigzag(value[0]) + zigzag(value[1])
    if name == "array":
        return encode_items(children[0], value, crc)
    if name == "map":
        return encode_items(children[0], [key for key, _ in value], crc) + encode_items(children[1], [item for _, item in value], crc)
    if name == "struct":
        return b"".join(encode_nullable(child, item, crc) for child, item in zip(children, value))
    data = value if isinstance(value, bytes) else str(value).encode()
    crc.add(data)
    return varint(len(data)) + data


def encode_nullable(kind, value, crc):
    return b"\1" if value is None else b"\0" + encode_value(kind, value, crc)


def encode_items(kind, items, crc):
    return varint(len(items)) + b"".join(encode_nullable(kind, item, crc) for item in items)


def wire_of(name):
    if name == "double":
        return 1
    if name == "float":
        return 5
    return 0 if name in ("tinyint", "smallint", "int", "bigint", "datetime", "date", "boolean", "interval_year_month") else 2


def encode_record(kinds, row):
    """(bytes, crc) of one record."""
    crc, out = Crc(), bytearray()
    for number, (kind, value) in enumerate(zip(kinds, row), 1):
        if value is None:
            continue
        crc.add(struct.pack("<i", number))
        out += varint(number << 3 | wire_of(kind[0])) + encode_value(kind, value, crc)
    out += varint(kEnd << 3) + varint(crc.value)
    return bytes(out), crc.value


def encode_stream(kinds, rows, metrics=False, lie=0):
    sums, parts = Crc(), []
    last = (None, None)
    for row in rows:
        if last[0] is not row:  # a row that comes again and again is encoded once
            last = (row, encode_record(kinds, row))
        data, crc = last[1]
        parts.append(data)
        sums.add(struct.pack("<I", crc))
    parts.append(varint(kCount << 3) + zigzag(len(rows) + lie))
    if metrics:
        text = b'{"time":1}'
        parts.append(b"\x0a" + varint(len(text)) + text + varint(kMetricsEnd << 3) + varint(Crc().add(struct.pack("<i", 1) + text).value))
    parts.append(varint(kChecksum << 3) + varint(sums.value))
    return b"".join(parts)
