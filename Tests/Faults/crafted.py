"""Mutations that keep a file's outer checks intact, so that they reach what lies behind them."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import random
import struct
import zipfile

HUGE = (-1, 0, 1, 255, 256, 65535, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 61, (1 << 63) - 1, -(1 << 63))
SEAL = 128


def opcodes(program: bytes) -> list[bytes]:
    """A pickle's instructions, each with its argument."""
    places = [place for _, _, place in pickletools.genops(program) if place is not None]
    return [program[start:end] for start, end in zip(places, [*places[1:], len(program)])]


def respell(program: bytes, source: random.Random) -> bytes:
    """Another pickle of nearly the same instructions: numbers, order, memory and nesting changed."""
    steps = opcodes(program)
    for _ in range(source.choice((1, 2, 4, 8))):
        place = source.randrange(len(steps))
        kind = source.randrange(8)
        if kind == 0:
            del steps[place]
        elif kind == 1:
            steps.insert(place, source.choice(steps))
        elif kind == 2:
            other = source.randrange(len(steps))
            steps[place], steps[other] = steps[other], steps[place]
        elif kind == 3:
            # A number of another size where a number stood.
            numbers = [index for index, step in enumerate(steps) if step[:1] in (pickle.BININT, pickle.BININT1, pickle.BININT2)]
            if numbers:
                value = source.choice(HUGE)
                steps[source.choice(numbers)] = pickle.LONG1 + bytes([9]) + value.to_bytes(9, "little", signed=True)
        elif kind == 4:
            # Something remembered before comes again: also within itself.
            steps.insert(place, pickle.BINGET + bytes([source.randrange(20)]))
        elif kind == 5:
            steps[place:place] = [pickle.EMPTY_DICT, pickle.BINUNICODE + struct.pack("<I", 1) + b"a"] * source.choice((1, 30, 5000))
        elif kind == 6:
            steps[place:place] = [source.choice((pickle.MARK, pickle.POP, pickle.SETITEM, pickle.SETITEMS, pickle.TUPLE, pickle.REDUCE,
                                                 pickle.BUILD, pickle.APPENDS, pickle.EMPTY_LIST, pickle.NONE, pickle.BINPERSID))]
        else:
            # The dictionary that stands at the end contains itself.
            steps[-1:] = [
                pickle.BINPUT + bytes([250]), pickle.BINUNICODE + struct.pack("<I", 10) + b"state_dict", pickle.BINGET + bytes([250]),
                pickle.SETITEM, pickle.STOP]
    return b"".join(steps)


def zipped_pickle(content: bytes, source: random.Random) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith("data.pkl"):
                data = respell(data, source)
            elif source.random() < 0.05:
                data = data[: source.randrange(len(data) + 1)]
            new.writestr(entry.filename, data)
    return target.getvalue()


def legacy_pickle(content: bytes, source: random.Random) -> bytes:
    """The legacy file is several pickles and then the numbers."""
    parts = []
    rest = content
    for _ in range(5):
        end = next((place for step, _, place in pickletools.genops(rest) if step.name == "STOP" and place is not None), None)
        if end is None:
            break
        parts.append(rest[: end + 1])
        rest = rest[end + 1 :]
    chosen = source.choice((2, 3, 3, 3, 4)) % len(parts)
    parts[chosen] = respell(parts[chosen], source)
    return b"".join(parts) + rest


def safetensors_header(content: bytes, source: random.Random) -> bytes:
    """Another header of the right length."""
    size = struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8 : 8 + size])
    for _ in range(source.choice((1, 2, 4))):
        name = source.choice(sorted(header))
        entry = header[name]
        kind = source.randrange(7)
        if kind == 0:
            del header[name]
        elif kind == 1:
            header[source.choice(["", "\u0000", "a" * 5000, "__metadata__", name + " "])] = entry
        elif not isinstance(entry, dict) or name == "__metadata__":
            header[name] = source.choice((None, [], {"a": {}}, {name: "1" * 9000}))
        elif kind == 2:
            entry["data_offsets"] = [source.choice(HUGE), source.choice(HUGE)]
        elif kind == 3:
            entry["shape"] = [source.choice(HUGE) for _ in range(source.choice((0, 1, 2, 4, 100)))]
        elif kind == 4:
            entry["dtype"] = source.choice(("F16", "BF16", "F64", "I8", "BOOL", "", "X", 3))
        elif kind == 5:
            entry["data_offsets"] = entry.get("data_offsets", [0, 0])[::-1]
        else:
            entry[source.choice(("shape", "dtype", "data_offsets"))] = source.choice((None, "x", {}, [[]], 1.5))
        if not header:
            break
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


TABLE = []
for index in range(256):
    word = index
    for _ in range(8):
        word = word >> 1 ^ (0x82F63B78 if word & 1 else 0)
    TABLE.append(word)


def crc32c(data: bytes, before: int = 0) -> int:
    word = before ^ 0xFFFFFFFF
    for byte in data:
        word = TABLE[(word ^ byte) & 0xFF] ^ word >> 8
    return word ^ 0xFFFFFFFF


def reseal(content: bytes) -> bytes:
    """Puts a seal over content that was changed; the layout is in cache/README.md."""
    seal = bytearray(content[-SEAL:])
    body = content[:-SEAL]
    count = struct.unpack_from("<I", seal, 24)[0]
    extents = sorted(struct.unpack_from("<QQ", seal, 32 + 16 * index) for index in range(count))
    check, place = 0, 0
    for offset, length in [*extents, (len(body), 0)]:
        check = crc32c(body[place:offset], check)
        place = offset + length
    struct.pack_into("<Q", seal, 16, len(body))
    struct.pack_into("<I", seal, 28, check)
    struct.pack_into("<I", seal, SEAL - 4, crc32c(bytes(seal[: SEAL - 4])))
    return body + bytes(seal)
