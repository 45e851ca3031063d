"""Faults planted in a copy of the tree, each kind at least once: the check must name every one by file and line, and nothing else.

A planted line says in a comment which rules it breaks, and the check reads no comments."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import rules
from house import House

# New files, or lines at the end of one that is there.
FILES = {
    # Real rooms.
    "Sources/System/Diagnostics/Planted.swift": "// above\npackage import Reporting  // planted: upward undeclared\n",
    "Sources/Data/Scenes/Planted.swift": """
        internal import CHDF5  // planted: undeclared owner
        // unsafe fatalError() try! print("") import HDF5
        /* unsafe /* within */ import HDF5 */
        let a = #"unsafe \\(print("")) ""# + "print(\\"unsafe\\") \\("a" + "try!")" + \"""
          import HDF5 unsafe "print()" fatalError()
          \"""
        struct B: @unchecked Sendable {}  // planted: unsafe
        nonisolated(unsafe) var c = 0  // planted: unsafe
        let d: UnsafeRawPointer? = nil  // planted: unsafe
        func e(_ f: [Int]) { f.withUnsafeBytes { _ in } }  // planted: unsafe
        let g = "\\(unsafe h("unsafe"))"  // planted: unsafe
        func i() { fatalError("planted") }  // planted: crash
        let j = try! k()  // planted: crash
        func l() { print("a", 1) }  // planted: prints
        func o(_ p: [Int]) { p.forEach(print) }  // planted: prints
        func q() { exit(3) }  // planted: prints
        import Glibc  // planted: owner
        func m() { n.print("a"); fingerprint("b") }
        """,
    "Sources/Stages/run-pipeline/Planted.swift": 'func planted() { print("a stage may") }\n',
    "Tests/Work/ScoringTests/Planted.swift": "import Testing\nimport Weights  // planted: undeclared\n@testable import Scoring  // planted: testable\n",
    # Every way to write an import.
    "Sources/Work/PlantedImports/Planted.swift": """
        import struct Files.MappedFile  // planted: undeclared
        let a = 1; package import JSON  // planted: undeclared
        import HDF5  // planted: undeclared owner
        #if canImport(Workers)  // planted: undeclared
        #endif
        @preconcurrency
        import Yams  // planted: undeclared
        @_exported public import Diagnostics  // planted: exported
        import Numerics  // planted: unknown
        #if canImport(Darwin)  // planted: owner
          import Darwin  // planted: owner
        #endif
        """,
    "Sources/Work/PlantedImports/BrokenString.swift": 'let a = "closed"\nlet b = "not closed // planted: unreadable\n',
    "Sources/Work/PlantedImports/BrokenImport.swift": "import  // planted: unreadable\n  JSON\n",
    # C.
    "Sources/Formats/CJPEG/planted.c": """
        #include <stddef.h>
        #include "CKernels.h"  // planted: undeclared upward
        # include <hdf5.h>  // planted: undeclared
        #include "nowhere.h"  // planted: unknown
        #include "../../System/CSystem/include/CSystem.h"  // planted: undeclared
        // #include "CKernels.h"
        """,
    "Sources/Work/PlantedC/planted.c": "int planted;\n",
    # Rooms that the manifest below declares.
    "Sources/Work/PlantedUnused/Planted.swift": "import Diagnostics\n",
    "Sources/System/PlantedHigh/Planted.swift": "import Scoring  // planted: upward\n",
    "Sources/System/PlantedTestee/Planted.swift": "import TestSupport  // planted: upward\n",
    "Sources/Data/PlantedOne/Planted.swift": "import PlantedTwo\n",
    "Sources/Data/PlantedTwo/Planted.swift": "import PlantedOne  // planted: undeclared\n",
    "Sources/PlantedAttic/Planted.swift": "\n",
    "Sources/Stages/planted-stage/Planted.swift": "import ArgumentParser\nimport Diagnostics\nimport StageSupport\n",
    "Tests/Work/PlantedOneTests/Planted.swift": "import PlantedOne\n",
    "Tests/Work/PlantedNothingTests/Planted.swift": "\n",
    # Folders that are no rooms.
    "Sources/Work/PlantedFolder/Planted.swift": "// planted: folder\n",
    "Sources/PlantedFloor/Room/Planted.swift": "// planted: folder\n",
    "Sources/Work/Planted.swift": "// planted: folder\n",
    "Tests/PlantedFloor/Planted.swift": "// planted: folder\n",
    "Tests/Work/PlantedFolderTests/Planted.swift": "// planted: folder\n",
    "Tests/References/Planted.swift": "// planted: folder\n",
}

# Put behind these words of Package.swift.
DECLARATIONS = {
    "let tests: [Target] = [": """
        Floor.work.swift("PlantedImports", ["Diagnostics"]),
        Floor.work.c("PlantedC", [  // planted: owner
          "CSystem"]),  // planted: unused
        Floor.work.swift("PlantedUnused", ["Diagnostics",
          "COCO",  // planted: unused
          .product(name: "Yams", package: "Yams"),  // planted: unused
        ]),
        Floor.system.swift("PlantedHigh", [
          "Scoring"]),  // planted: upward
        Floor.system.swift("PlantedTestee", [
          "TestSupport"]),  // planted: upward
        Floor.data.swift("PlantedOne", [
          "PlantedTwo"]),  // planted: cycle
        Floor.data.swift("PlantedTwo"),
        Floor.work.swift("PlantedEmpty"),  // planted: place
        .target(name: "PlantedAttic", path: "Sources/PlantedAttic"),  // planted: place settings
        .testTarget(
          name: "PlantedOneTests",  // planted: place settings
          dependencies: ["PlantedOne"], path: "Tests/Work/PlantedOneTests"),
        .testTarget(name: "PlantedNothingTests", path: "Tests/Work/PlantedNothingTests"),  // planted: place settings
        Floor.stages.stage("planted-stage", []),  // planted: links
        """,
    '"generate-scenes", [': '\n    "HDF5",  // planted: links unused\n',
}


def main(tree: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("Sources", "Tests"):
            shutil.copytree(tree / part, copy / part, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        shutil.copy(tree / House.MANIFEST, copy)
        before = rules.findings(House(copy))
        wrong = _order(copy, before)
        planted = _plant(copy)
        found = [(finding.rule, finding.file, finding.line) for finding in rules.findings(House(copy))]
    missed = list((Counter(planted) - Counter(found)).elements())
    for rule, file, line in missed:
        wrong.append(f"{file}:{line}: {rule}: planted and not found")
    # Planted lines move those below them, so what was found before is known by its rule and file alone.
    others = Counter(place[:2] for place in (Counter(found) - Counter(planted)).elements())
    for rule, file in (others - Counter((finding.rule, finding.file) for finding in before)).elements():
        wrong.append(f"{file}: {rule}: found and not planted")
    kinds = {rule for rule, _, _ in planted}
    print("\n".join(wrong + [f"floors: planted {len(planted)}, found {len(planted) - len(missed)}, of {len(kinds)} kinds"]))
    return 1 if wrong else 0


def _plant(copy: Path) -> list[tuple[str, str, int]]:
    for file, text in FILES.items():
        path = copy / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise SystemExit(f"{file}: is there already; plant elsewhere")
        path.write_text(re.sub(r"^        ", "", text.lstrip("\n") if text.startswith("\n  ") else text, flags=re.MULTILINE))
    manifest = (copy / House.MANIFEST).read_text()
    for behind, text in DECLARATIONS.items():
        if manifest.count(behind) != 1:
            raise SystemExit(f"{House.MANIFEST}: `{behind}` stands there {manifest.count(behind)} times; plant behind something else")
        manifest = manifest.replace(behind, behind + text)
    (copy / House.MANIFEST).write_text(manifest)
    places = []
    for file in [House.MANIFEST, *FILES]:
        for number, line in enumerate((copy / file).read_text().split("\n"), 1):
            for rule in line.partition("// planted:")[2].split():
                places.append((rule, _told(file) if rule == "folder" else file, number))
    return places


def _told(file: str) -> str:
    """How a file that lies in no room is named: by the folder that should not be there, or by itself."""
    parts = file.split("/")
    if "PlantedFloor" in parts:
        return "/".join(parts[:2])
    return file if len(parts) < 4 else "/".join(parts[:3])


def _order(copy: Path, before: list[rules.Finding]) -> list[str]:
    """The order is that of `enum Floor`: with the ground floor's line put last, its users import upward."""
    manifest = (copy / House.MANIFEST).read_text()
    cases = re.findall(r'^  case \w+ = "\w+"\n', manifest, re.MULTILINE)
    (copy / House.MANIFEST).write_text(manifest.replace(cases[0], "", 1).replace(cases[-1], cases[-1] + cases[0], 1))
    found = [finding for finding in rules.findings(House(copy)) if finding.rule == "upward"]
    (copy / House.MANIFEST).write_text(manifest)
    enough = len(found) > len(before) and any(finding.file == House.MANIFEST for finding in found)
    return [] if enough else [f"{House.MANIFEST}: floors: another order of `enum Floor` changes nothing"]
