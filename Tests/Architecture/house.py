"""A tree as it stands: the floors in their order, the rooms that Package.swift declares, and the lines of their files."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import source


class Unusable(Exception):
    """The manifest can't be read: nothing is known, so nothing may pass."""


@dataclass
class Room:
    name: str
    kind: str  # regular, executable, test, system
    path: str
    rooms: list[str] = field(default_factory=list)  # declared dependencies that are targets here
    products: list[str] = field(default_factory=list)  # declared dependencies from other packages


class House:
    MANIFEST = "Package.swift"

    def __init__(self, tree: Path):
        self.tree = tree
        self.manifest = source.read(tree / self.MANIFEST)
        self.package = self._dump()
        self.rooms = {room.name: room for room in map(self._room, self.package["targets"])}
        self._texts: dict[str, str] = {}
        self.code: dict[str, str] = {}
        self.lines: dict[str, list[source.Import]] = {}
        self.unreadable: dict[str, source.Unreadable] = {}
        self._read_swift()

    def _dump(self) -> dict:
        run = subprocess.run(["swift", "package", "dump-package"], cwd=self.tree, capture_output=True, text=True)
        if run.returncode != 0:
            raise Unusable(f"{self.MANIFEST}: swift package dump-package failed:\n{run.stderr.strip()[-2000:]}")
        return json.loads(run.stdout)

    def _room(self, target: dict) -> Room:
        names = {other["name"] for other in self.package["targets"]}
        path = target.get("path") or f"{'Tests' if target['type'] == 'test' else 'Sources'}/{target['name']}"
        room = Room(target["name"], target["type"], path.rstrip("/"))
        for dependency in target["dependencies"]:
            (kind, value), = ((kind, value) for kind, value in dependency.items() if kind != "condition")
            (room.rooms if kind != "product" and value[0] in names else room.products).append(value[0])
        return room

    # The floors

    @cached_property
    def floors(self) -> list[str]:
        """From the ground up, as `enum Floor` in the manifest lists them: the one place that says so. Empty where there is none."""
        body = re.search(r"enum Floor\b[^{]*\{(.*?)\n\}", self.manifest, re.DOTALL)
        return re.findall(r'^\s*case \w+ = "(\w+)"', body[1], re.MULTILINE) if body else []

    def floor(self, room: Room) -> str | None:
        """The floor on whose folder `room` stands."""
        parts = room.path.split("/")
        return parts[1] if len(parts) > 2 and parts[1] in self.floors else None

    def height(self, room: Room) -> int | None:
        floor = self.floor(room)
        return None if floor is None else self.floors.index(floor)

    # The files

    @cached_property
    def files(self) -> list[str]:
        """Everything under Sources and Tests, sorted."""
        found = []
        for top in ("Sources", "Tests"):
            for folder, folders, names in os.walk(self.tree / top):
                folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
                found += [os.path.relpath(os.path.join(folder, name), self.tree) for name in names if not name.startswith(".")]
        return sorted(found)

    def inside(self, room: Room, *extensions: str) -> list[str]:
        return [file for file in self.files if file.startswith(room.path + "/") and file.endswith(extensions)]

    def text(self, file: str) -> str:
        if file not in self._texts:
            self._texts[file] = source.read(self.tree / file)
        return self._texts[file]

    def _read_swift(self):
        """Fills `code` (masked Swift) and `lines` (imports) of each file, or `unreadable`."""
        for file in self.files:
            if file.endswith(".swift"):
                try:
                    self.code[file] = source.masked(self.text(file))
                    self.lines[file] = source.imports(self.code[file])
                except source.Unreadable as problem:
                    self.unreadable[file] = problem

    def imports(self, room: Room) -> list[tuple[str, source.Import]]:
        """(file, import) of all Swift in `room`."""
        return [(file, line) for file in self.inside(room, ".swift") for line in self.lines.get(file, [])]

    def includes(self, room: Room) -> list[tuple[str, source.Include]]:
        return [(file, line) for file in self.inside(room, ".c", ".h") for line in source.includes(self.text(file))]

    def is_swift(self, room: Room) -> bool:
        return bool(self.inside(room, ".swift"))

    def headers(self, room: Room) -> set[str]:
        """What others may include of a C room: its `include` folder, or the headers of a system library's module map."""
        under = room.path + ("/" if room.kind == "system" else "/include/")
        return {file.removeprefix(under) for file in self.inside(room, ".h") if file.startswith(under)}

    def means(self, room: Room, file: str, include: source.Include) -> Room | str | None:
        """The room whose header `include` is, `""` for one of the machine's, None for one that is nowhere."""
        if include.quoted:
            beside = os.path.normpath(os.path.join(os.path.dirname(file), include.header))
            for other in self.rooms.values():
                if beside.startswith(other.path + "/") and beside in self.files:
                    return other
            if include.header in self.headers(room):
                return room
        for other in self.rooms.values():
            if other is not room and not self.is_swift(other):
                wraps = other.kind == "system" and include.header in (line.header for _, line in self.includes(other))
                if include.header in self.headers(other) or wraps:
                    return other
        return None if include.quoted else ""

    # Where the manifest says it

    def declared(self, room: str, dependency: str | None = None) -> int:
        """The line of the manifest that declares `room`, or its dependency: that of the helper that adds it where it stands there."""
        names = [room] + ([room[: -len("Tests")]] if room.endswith("Tests") else [])
        for name in names:
            call = re.search(rf'\.(?:\w*[tT]arget|systemLibrary|swift|c|library|stage|tests)\(\s*(?:name:\s*)?"{re.escape(name)}"', self.manifest)
            if call:
                break
        else:
            return 1
        place = call.end() - len(name) - 2
        if dependency is None:
            return source.line_of(self.manifest, place)
        depth, end = 1, call.end()
        while depth and end < len(self.manifest):
            depth += {"(": 1, ")": -1}.get(self.manifest[end], 0)
            end += 1
        alias = re.search(rf'let (\w+): Target\.Dependency = .*"{re.escape(dependency)}"', self.manifest)
        wanted = rf'"{re.escape(dependency)}"' + (rf"|\b{alias[1]}\b" if alias else "")
        found = re.compile(wanted).search(self.manifest, call.end(), end)
        return source.line_of(self.manifest, found.start() if found else place)

    # The graph

    def reach(self, room: Room) -> dict[str, list[str]]:
        """Every room and product that `room`'s declarations lead to, each with one shortest way there."""
        ways, queue = {}, [[room.name]]
        while queue:
            way = queue.pop(0)
            here = self.rooms.get(way[-1])
            for name in (here.rooms + here.products if here else []):
                if name not in ways:
                    ways[name] = way + [name]
                    queue.append(ways[name])
        return ways
