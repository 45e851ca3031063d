#!/usr/bin/env python3
"""The fault campaign: disturbs every stage at every place, and looks whether what is promised still holds. See README.md.

usage: python3 Tests/Faults/campaign.py [--short] [--seed N] [--campaign NAME] [--stage NAME] [--case ID] [--jobs N]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import canaries
import changes
import damage
import injections
import meetings
import mutations
import surroundings
from cases import Campaign, Case
from stages import STAGES, Laboratory

CAMPAIGNS: dict[str, Campaign] = {
    "errors": injections.errors,
    "kills": injections.kills,
    "signals": injections.signals,
    "writers": meetings.writers,
    "changes": changes.changes,
    "flips": damage.flips,
    "mutations": mutations.mutations,
    "descriptors": surroundings.descriptors,
    "limits": surroundings.limits,
    "canaries": canaries.canaries,
}
# How many cases of each the short form takes.
SHORT = {
    "errors": 150, "kills": 70, "signals": 45, "writers": 40, "changes": 40, "flips": 40, "mutations": 30, "descriptors": 25,
    "limits": 25, "canaries": 100,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a sample of each campaign, as in the suite")
    parser.add_argument("--most", type=int, help="a sample of so many cases of each campaign")
    parser.add_argument("--seed", type=int, default=1, help="draws everything that is random")
    parser.add_argument("--campaign", action="append", choices=CAMPAIGNS, help="only this one; may be repeated")
    parser.add_argument("--stage", action="append", choices=[stage.name for stage in STAGES], help="only this one")
    parser.add_argument("--case", help="only the cases whose id begins so")
    parser.add_argument("--list", action="store_true", help="print the ids and run nothing")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the cases")
    parser.add_argument("--executables", type=Path, help="the folder of the stages (default: the release build)")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder in memory, or TMPDIR)")
    parser.add_argument("--keep", action="store_true", help="keep the folder, with what the last case left in it")
    return parser.parse_args()


def executables(given: Path | None) -> Path:
    if given is not None:
        return given.resolve()
    root = Path(__file__).resolve().parent.parent.parent
    shown = subprocess.run(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=root, check=True, capture_output=True, text=True)
    return Path(shown.stdout.strip())


def build(folder: Path) -> Path:
    library = folder / "built.so"
    source = Path(__file__).resolve().parent / "interpose.c"
    subprocess.run(
        ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def select(laboratory: Laboratory, options: argparse.Namespace) -> list[Case]:
    """The cases in order; a seed and the same build give the same ones."""
    chosen: list[Case] = []
    stages = [stage for stage in STAGES if not options.stage or stage.name in options.stage]
    named = [stage for stage in stages if f"/{stage.name}/" in (options.case or "")]
    stages = named or stages
    for stage in stages:
        laboratory.study(stage)  # before jobs part
    for name, campaign in CAMPAIGNS.items():
        if options.campaign and name not in options.campaign:
            continue
        if options.case and not options.case.startswith(name):
            continue
        cases = [
            Case(f"{name}/{case.name}", case.run) for case in campaign(laboratory, stages, random.Random(f"{options.seed} {name}"))
        ]
        if options.case:
            cases = [case for case in cases if case.name.startswith(options.case)]
        elif options.short or options.most:
            cases = spread(cases, options.most or SHORT[name], random.Random(f"{options.seed} sample {name}"))
        chosen += cases
    return chosen


def spread(cases: list[Case], count: int, source: random.Random) -> list[Case]:
    """`count` of the cases, from every stage as many."""
    by_stage: dict[str, list[Case]] = {}
    for case in cases:
        by_stage.setdefault(case.name.split("/")[1], []).append(case)
    for group in by_stage.values():
        source.shuffle(group)
    taken: list[Case] = []
    while len(taken) < count and any(by_stage.values()):
        for group in by_stage.values():
            if group and len(taken) < count:
                taken.append(group.pop())
    order = {case.name: place for place, case in enumerate(cases)}
    return sorted(taken, key=lambda case: order[case.name])


def work(laboratory: Laboratory, cases: list[Case], seed: int, arguments_again: str) -> tuple[Counter[str], Counter[str]]:
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for case in cases:
        campaign = case.name.split("/")[0]
        tried[campaign] += 1
        violations = case.run(random.Random(f"{seed} {case.name}"))
        if violations:
            failed[campaign] += 1
            print(f"FAILED {case.name}", *(f"  {violation}" for violation in violations), sep="\n")
            print(f"  again: python3 Tests/Faults/campaign.py{arguments_again} --seed {seed} --case '{case.name}'", flush=True)
    return tried, failed


def share(laboratory: Laboratory, cases: list[Case], options: argparse.Namespace, again: str) -> tuple[Counter[str], Counter[str]]:
    """Runs the cases on `--jobs` processes, each with its own folder beside the common inputs."""
    if options.jobs == 1:
        return work(laboratory, cases, options.seed, again)
    children = []
    for job in range(options.jobs):
        end, start = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(end)
            laboratory.case = laboratory.root / f"case-of-{job}" / "case"
            laboratory.case.parent.mkdir()
            counts = work(laboratory, cases[job :: options.jobs], options.seed, again)
            os.write(start, repr(tuple(dict(count) for count in counts)).encode())
            sys.stdout.flush()
            os._exit(0)
        os.close(start)
        children.append((child, end))
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for child, end in children:
        with open(end, "rb") as answer:
            text = answer.read().decode()
        os.waitpid(child, 0)
        if not text:
            raise SystemExit("campaign: a job ended before its cases did")
        parts = eval(text, {"__builtins__": {}})  # noqa: S307 - our own repr
        tried.update(parts[0])
        failed.update(parts[1])
    return tried, failed


def main() -> int:
    options = arguments()
    began = time.monotonic()
    base = options.folder or (Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None)
    root = Path(tempfile.mkdtemp(prefix="faults-", dir=base))
    try:
        laboratory = Laboratory(root, executables(options.executables))
        laboratory.prepare(build(root))
        cases = select(laboratory, options)
        if options.list:
            print(*(case.name for case in cases), sep="\n")
            return 0
        print(f"campaign: seed {options.seed}, {len(cases)} cases", flush=True)
        again = f" --executables {options.executables}" if options.executables else ""
        tried, failed = share(laboratory, cases, options, again)
        for name in tried:
            print(f"{name}: {tried[name]} cases tried, {failed[name]} failed")
        print(
            f"campaign: {sum(tried.values())} cases tried, {sum(failed.values())} failed "
            f"(seed {options.seed}, {time.monotonic() - began:.0f} s)")
        return 1 if sum(failed.values()) or not tried else 0
    finally:
        if options.keep:
            print(f"campaign: kept {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
