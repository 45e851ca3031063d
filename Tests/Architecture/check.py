#!/usr/bin/env python3
"""Holds the floors, the folders, every import line and Package.swift's declarations against each other.

usage: python3 Tests/Architecture/check.py [TREE]              one line for each thing that does not hold; exit code 1 if any
       python3 Tests/Architecture/check.py --self-test [TREE]  plants one fault of each kind in a copy, and looks whether each is found
       python3 Tests/Architecture/check.py --counts [TREE]     lines, modules, declarations

It asks `swift package dump-package` and reads the files; nothing is built or fetched.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import counts
import planted
import rules
from house import House, Unusable


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--self-test", action="store_true", help="plant one fault of each kind in a copy and look for it")
    parser.add_argument("--counts", action="store_true", help="print lines, modules and declarations")
    options = parser.parse_args()
    try:
        if options.self_test:
            return planted.main(options.tree)
        house = House(options.tree)
        if options.counts:
            return counts.main(house)
        found = rules.findings(house)
    except Unusable as problem:
        print(problem)
        return 2
    for finding in found:
        print(finding)
    sources = sum(room.path.startswith("Sources/") for room in house.rooms.values())
    print(f"floors: {len(house.floors)} floors, {sources} rooms, {len(house.code)} Swift files, {len(found)} findings")
    return 1 if found else 0


sys.exit(main())
