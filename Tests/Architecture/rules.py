"""What holds in the house. Each rule yields findings: file, line, what is wrong, what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

from house import House, Room

# The owners of C: the rooms in which unsafe Swift may stand, and the C that each alone imports.
OWNERS = {
    "Files": {"CSystem"},
    "Processes": {"CProcesses"},
    "Workers": set(),
    "Digests": set(),  # swift-crypto reads in place by pointer only
    "HDF5": {"CHDF5", "CHDF5Memory"},
    "JPEG": {"CJPEG"},
    "Archives": {"CZlib"},
    "Kernels": {"CKernels", "COpenBLAS"},
}

# Rooms that few may ask, and who these are: what a file is written with is the business of one room.
ASKED_BY = {"HDF5": {"Caches", "HDF5Tests", "CachesTests"}}

# What a stage must not link: every stage once linked COCO and HDF5. A new stage names here what it can do without.
NOT_LINKED = {
    "generate-scenes": {"HDF5", "COCO", "Archives", "Weights", "Caches", "Layers", "Captioners", "FeatureNetworks", "Yams"},
    "decode-images": {"Layers", "Captioners", "FeatureNetworks", "Training", "Weights", "Yams"},
    "tokenize-captions": {"JPEG", "Archives", "Weights", "Layers", "Captioners", "FeatureNetworks", "Yams"},
    "extract-features": {"COCO", "JPEG", "Layers", "Captioners", "Tokenization", "Yams"},
    "train-captioner": {"COCO", "JPEG", "FeatureNetworks", "Tokenization", "Yams"},
    "caption-images": {"COCO", "Training", "Tokenization", "Yams"},
    "score-captions": {"HDF5", "COCO", "Archives", "Weights", "Caches", "Layers", "Captioners", "FeatureNetworks", "Yams"},
    "run-pipeline": {"HDF5", "COCO", "JPEG", "Archives", "Weights", "Caches", "Layers", "Captioners", "FeatureNetworks"},
}

# Targets that are no room of a floor: where they stand instead.
ELSEWHERE = {"TestSupport": "Tests/TestSupport", "CaptionerGolden": "Tests/Models/CaptionerGolden", "measure-kernels": "Tests/Benchmarks/measure-kernels"}
# Tests that try no single module.
OF_NO_MODULE = {"StageTests"}
# Folders of Tests that hold scripts and data, and no Swift of their own.
SCRIPTS = {"Architecture", "Arithmetic", "Benchmarks", "Faults", "References", "Sanitizers"}

# What comes with the toolchain; every other module is a room or a declared product.
TOOLCHAIN = {
    "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Swift", "Synchronization", "Testing",
}

# The system's C library: unsafe code, and ways to print and to exit, by other names.
SYSTEM_C = {"Darwin", "Foundation", "Glibc", "Musl"}
# What the compiler must hold every Swift target to: without the first, unsafe lines need not say so.
SETTINGS = {"strictMemorySafety": {}, "treatAllWarnings": {"_0": "error"}}

UNSAFE = re.compile(
    r"\b_?unsafe\w*|\bUnsafe\w+|\bwithUnsafe\w+|@safe\b|@unchecked\b|@exclusivity\b|\bUnmanaged\b|\bOpaquePointer\b|@_silgen_name\b|@_extern\b")
CRASHES = re.compile(r"\bfatalError\s*\(|\btry!")
PRINTS = re.compile(r"(?<![\w.])(?:Swift\.)?(?:print|debugPrint|dump|puts|fputs|exit|abort)\s*\(|[(=,]\s*print\s*(?:[,)]|$)")


@dataclass(frozen=True, order=True)
class Finding:
    file: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.text}"


Findings = Iterator[Finding]


def findings(house: House) -> list[Finding]:
    rules = RULES if house.floors else [readable]
    return sorted({finding for rule in rules for finding in rule(house)})


def _manifest(house: House, rule: str, text: str, room: str, dependency: str | None = None) -> Finding:
    return Finding(house.MANIFEST, house.declared(room, dependency), rule, text)


def readable(house: House) -> Findings:
    if not house.floors:
        yield Finding(house.MANIFEST, 1, "floors", "no `enum Floor` with cases in quotes; say there which floors there are, from the ground up")
    for file, problem in house.unreadable.items():
        yield Finding(file, problem.line, "unreadable", f"{problem.problem}; write it so that it can be read, or teach Tests/Architecture/source.py")


def places(house: House) -> Findings:
    """A room stands at Sources/FLOOR/NAME, its tests at Tests/FLOOR/NAMETests."""
    for room in house.rooms.values():
        wanted = ELSEWHERE.get(room.name)
        floor = house.floor(room)
        if wanted is None and room.kind == "test":
            module = house.rooms.get(room.name.removesuffix("Tests"))
            if module is None and room.name not in OF_NO_MODULE:
                yield _manifest(house, "place", f"{room.name} tests no room; name tests ROOMTests", room.name)
                continue
            floor = house.floor(module) if module else "Stages"
            wanted = f"Tests/{floor}/{room.name}"
        elif wanted is None:
            wanted = f"Sources/{floor or 'FLOOR'}/{room.name}"
        if not house.inside(room, ""):
            yield _manifest(house, "place", f"{room.name} has no file under {room.path}; drop it from Package.swift", room.name)
        elif room.path != wanted:
            floors = "" if floor else f", FLOOR one of {', '.join(house.floors)}"
            yield _manifest(house, "place", f"{room.name} stands at {room.path}; move it to {wanted}{floors}", room.name)


def folders(house: House) -> Findings:
    """Every folder is a floor, a room or one of those that hold scripts; no Swift lies between them."""
    told = set()
    for file in house.files:
        parts = file.split("/")
        if any(file.startswith(room.path + "/") for room in house.rooms.values()):
            continue
        if parts[1] in house.floors and len(parts) > 3:
            folder, text = "/".join(parts[:3]), "is no target; declare it in Package.swift or remove it"
        elif parts[1] in house.floors or len(parts) < 3:
            swift_or_source = parts[0] == "Sources" or file.endswith(".swift")
            folder, text = file, "lies in no room; move it into one" if swift_or_source else ""
        elif parts[0] == "Tests" and parts[1] in SCRIPTS:
            folder, text = file, "is Swift that no target builds" if file.endswith(".swift") else ""
        else:
            folder, text = "/".join(parts[:2]), f"is no floor; the floors are {', '.join(house.floors)}"
        if text and folder not in told:
            told.add(folder)
            yield Finding(folder, 1, "folder", f"{folder} {text}")


def imports(house: House) -> Findings:
    """An import is of a room on its floor or below, and declared; a declaration is imported."""
    products = {product for room in house.rooms.values() for product in room.products}
    for room in house.rooms.values():
        if not house.is_swift(room):
            continue
        for file, line in house.imports(room):
            other = house.rooms.get(line.module)
            if line.exported:
                yield Finding(file, line.line, "exported", f"@_exported {line.module} hides who uses it; import it where it is used")
            if line.testable:
                yield Finding(file, line.line, "testable", f"{line.module} is opened from outside; `package` is what tests may see")
            if line.module == room.name or line.module in TOOLCHAIN:
                continue
            if other is None and line.module not in products:
                if not line.conditional:
                    yield Finding(file, line.line, "unknown", f"{line.module} is no room, no declared product and not of the toolchain; declare it")
            elif line.module not in room.rooms + room.products:
                yield Finding(
                    file, line.line, "undeclared",
                    f"{room.name} imports {line.module} and doesn't declare it; add it to {room.name} in Package.swift")
            if other is not None:
                yield from _upward(house, room, other, file, line.line, "imports")
        used = {line.module for _, line in house.imports(room) if not line.conditional}
        for name in room.rooms + room.products:
            if name not in used:
                yield _manifest(
                    house, "unused", f"{room.name} declares {name} and never imports it; drop it from {room.name} in Package.swift",
                    room.name, name)


def includes(house: House) -> Findings:
    """The same for C: an included header is its own, the machine's, or a declared room's, and what is declared is included."""
    for room in house.rooms.values():
        if house.is_swift(room):
            continue
        used = set()
        for file, line in house.includes(room):
            other = house.means(room, file, line)
            if other is None:
                yield Finding(file, line.line, "unknown", f"{line.header} lies in no C room; name it as the compiler finds it")
            elif other and other is not room and room.kind != "system":
                used.add(other.name)
                if other.name not in room.rooms:
                    yield Finding(
                        file, line.line, "undeclared",
                        f"{room.name} includes {line.header} of {other.name} and doesn't declare it; add it to {room.name} in Package.swift")
                yield from _upward(house, room, other, file, line.line, "includes")
        for name in room.rooms + room.products:
            if name not in used:
                yield _manifest(
                    house, "unused", f"{room.name} declares {name} and includes none of its headers; drop it from {room.name} in Package.swift",
                    room.name, name)


def declarations(house: House) -> Findings:
    """What is declared and not imported runs down as well."""
    for room in house.rooms.values():
        for name in room.rooms:
            yield from _upward(house, room, house.rooms[name], house.MANIFEST, house.declared(room.name, name), "declares")


def _upward(house: House, room: Room, other: Room, file: str, line: int, verb: str) -> Findings:
    # Tests stand where what they test stands, and may build what they need with any room.
    if room.path.startswith("Tests/"):
        return
    if other.path.startswith("Tests/"):
        yield Finding(file, line, "upward", f"{room.name} {verb} {other.name}, which is for tests; move what it needs into a room")
        return
    here, there = house.height(room), house.height(other)
    if here is not None and there is not None and there > here:
        yield Finding(
            file, line, "upward",
            f"{room.name} on {house.floor(room)} {verb} {other.name} on {house.floor(other)}; move what is shared down to {house.floor(room)} or lower")


def cycles(house: House) -> Findings:
    """No room leads back to itself, neither by declarations nor by the imports that nobody declared."""
    edges: dict[str, dict[str, tuple[str, int]]] = {}
    for room in house.rooms.values():
        edges[room.name] = {name: (house.MANIFEST, house.declared(room.name, name)) for name in room.rooms}
        for file, line in house.imports(room):
            if line.module in house.rooms and line.module != room.name:
                edges[room.name].setdefault(line.module, (file, line.line))
    told: set[str] = set()
    for start in sorted(edges):
        if start not in told and (way := _way_back(edges, start)):
            told.update(way)
            file, line = edges[start][way[1]]
            yield Finding(file, line, "cycle", f"{' → '.join(way)}; take what both need into a room below them")


def _way_back(edges: dict[str, dict[str, tuple[str, int]]], start: str) -> list[str] | None:
    ways, queue = {start: [start]}, [start]
    while queue:
        here = queue.pop(0)
        for name in sorted(edges[here]):
            if name == start:
                return ways[here] + [start]
            if name not in ways:
                ways[name] = ways[here] + [name]
                queue.append(name)
    return None


def owners(house: House) -> Findings:
    """A C room has one owner, a format its one user, and unsafe lines stand with the owners."""
    for name in OWNERS:
        if name not in house.rooms:
            yield Finding("Tests/Architecture/rules.py", 1, "owner", f"{name} is listed as an owner and is no room; drop it from OWNERS")
    for name in sorted({name for asked, by in ASKED_BY.items() for name in {asked, *by}} - house.rooms.keys()):
        yield Finding("Tests/Architecture/rules.py", 1, "owner", f"{name} in ASKED_BY is no room; name it as it is now")
    owner = {c: name for name, owned in OWNERS.items() for c in owned}
    for room in house.rooms.values():
        if not house.is_swift(room):
            if room.name not in owner and house.inside(room, ""):
                yield _manifest(house, "owner", f"{room.name} is C without an owner; name one in OWNERS, Tests/Architecture/rules.py", room.name)
            continue
        for file, line in house.imports(room):
            other = house.rooms.get(line.module)
            if other and not house.is_swift(other) and owner.get(other.name) not in (None, room.name):
                yield Finding(
                    file, line.line, "owner", f"{room.name} imports {other.name}, which {owner[other.name]} owns; ask {owner[other.name]} for it")
            if line.module in SYSTEM_C and room.path.startswith("Sources/") and room.name not in OWNERS:
                yield Finding(file, line.line, "owner", f"{room.name} imports {line.module}; ask {', '.join(sorted(OWNERS))} for what it needs")
            if room.name not in ASKED_BY.get(line.module, {room.name}):
                yield Finding(
                    file, line.line, "owner", f"{room.name} imports {line.module}, which only {', '.join(sorted(ASKED_BY[line.module]))} may; ask these for it")
        # Tests call mkfifo and truncate to make what is odd.
        if room.path.startswith("Sources/") and room.name not in OWNERS:
            yield from _lines(
                house, room, UNSAFE, "unsafe", f"{room.name} is no owner of C; ask {', '.join(sorted(OWNERS))} for it, or move it there")


def settings(house: House) -> Findings:
    """Every Swift target of ours is compiled strictly."""
    for target in house.package["targets"]:
        room = house.rooms.get(target["name"])
        if room is None or not house.is_swift(room):
            continue
        kinds = {name: value for setting in target.get("settings", []) for name, value in setting["kind"].items()}
        missing = [name for name, value in SETTINGS.items() if kinds.get(name) != value]
        if missing:
            yield _manifest(
                house, "settings", f"{room.name} is compiled without {' and '.join(missing)}; give it `swiftSettings: safe`", room.name)


def manners(house: House) -> Findings:
    """What a user can cause is an InputError, and only stages print."""
    for room in house.rooms.values():
        if room.path.startswith("Sources/"):
            yield from _lines(house, room, CRASHES, "crash", "throw InputError for what a user can mend; a precondition for what only we can break")
            if house.floor(room) != house.floors[-1]:
                yield from _lines(house, room, PRINTS, "prints", f"{room.name} stands below the stages; report through a ProgressReporter")


def _lines(house: House, room: Room, pattern: re.Pattern[str], rule: str, remedy: str) -> Findings:
    for file in house.inside(room, ".swift"):
        for number, line in enumerate(house.code.get(file, "").split("\n"), 1):
            if found := pattern.search(line):
                yield Finding(file, number, rule, f"`{found.group().strip()}`; {remedy}")


def links(house: House) -> Findings:
    """No stage links what it can do without."""
    stages = {room.name: room for room in house.rooms.values() if room.kind == "executable" and room.path.startswith("Sources/")}
    for name in sorted(NOT_LINKED.keys() - stages.keys()):
        yield Finding("Tests/Architecture/rules.py", 1, "links", f"{name} is no stage; drop it from NOT_LINKED")
    known = house.rooms.keys() | {product for room in house.rooms.values() for product in room.products}
    for name, room in stages.items():
        if name not in NOT_LINKED:
            yield _manifest(house, "links", f"{name} doesn't say what it can do without; add it to NOT_LINKED, Tests/Architecture/rules.py", name)
        ways = house.reach(room)
        for other in sorted(NOT_LINKED.get(name, ())):
            if other not in known:
                yield Finding("Tests/Architecture/rules.py", 1, "links", f"{other} in NOT_LINKED is no room; name it as it is now")
            elif other in ways:
                yield _manifest(
                    house, "links", f"{name} must not link {other}: {' → '.join(ways[other])}; cut one of these", name, ways[other][1])


RULES = [readable, places, folders, imports, includes, declarations, cycles, owners, settings, manners, links]
