"""Lines, rooms, declarations: the house in figures. Works on any tree with a Package.swift, with floors or without."""

from __future__ import annotations

import re
from collections import Counter

from house import House, Room

_DECLARATION = r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*{}\s+(?!import\b)(?:\w+\s+)*?(?:actor|class|enum|extension|func|init|let|macro|protocol|struct|subscript|typealias|var)\b"


def main(house: House) -> int:
    sources = [room for room in house.rooms.values() if not room.path.startswith("Tests/")]
    others = [room for room in house.rooms.values() if room.path.startswith("Tests/")]
    swift = [file for room in sources for file in house.inside(room, ".swift")]
    print(f"lines of Swift           {_lines(house, swift)} in {len(swift)} files")
    c = [file for room in sources for file in house.inside(room, ".c", ".h")]
    print(f"lines of C               {_lines(house, c)} in {len(c)} files")
    tests = [file for file in house.files if file.startswith("Tests/")]
    for name, extension in (("Swift", ".swift"), ("Python", ".py"), ("C", ".c"), ("shell", ".sh")):
        of = [file for file in tests if file.endswith(extension)]
        print(f"lines of tests, {name:8s} {_lines(house, of)} in {len(of)} files")
    print(f"modules                  {len(sources)} and {len(others)} for tests")
    print(f"declared dependencies    {_declared(sources)} and {_declared(others)} for tests")
    print(f"  of these not imported  {len(_unused(house, sources))} and {len(_unused(house, others))} for tests")
    print(f"imports not declared     {len(_undeclared(house, sources))} and {len(_undeclared(house, others))} for tests")
    for access in ("public", "package"):
        pattern = re.compile(_DECLARATION.format(access), re.MULTILINE)
        print(f"{access + ' declarations':24s} {sum(len(pattern.findall(house.code.get(file, ''))) for file in swift)}")
    rooms = Counter(house.floor(room) for room in sources)
    print("rooms a floor            " + ", ".join(f"{floor} {rooms[floor]}" for floor in [*house.floors, None] if rooms[floor] or floor))
    for name, edges in (("not imported", _unused(house, [*sources, *others])), ("not declared", _undeclared(house, [*sources, *others]))):
        if edges:
            print(f"{name}: {', '.join(edges)}")
    return 0


def _lines(house: House, files: list[str]) -> int:
    return sum(house.text(file).count("\n") for file in files)


def _declared(rooms: list[Room]) -> int:
    return sum(len(room.rooms) + len(room.products) for room in rooms)


def _used(house: House, room: Room) -> set[str]:
    swift = {line.module for _, line in house.imports(room)}
    means = (house.means(room, file, line) for file, line in house.includes(room))
    return swift | {other.name for other in means if isinstance(other, Room)}


def _unused(house: House, rooms: list[Room]) -> list[str]:
    return [f"{room.name} → {name}" for room in rooms for name in room.rooms + room.products if name not in _used(house, room)]


def _undeclared(house: House, rooms: list[Room]) -> list[str]:
    known = house.rooms.keys() | {product for room in house.rooms.values() for product in room.products}
    return [
        f"{room.name} → {name}" for room in rooms
        for name in sorted((_used(house, room) & known) - {room.name} - set(room.rooms + room.products))]
