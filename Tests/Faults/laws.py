"""What must hold after every case. Each function returns the violations that it found, in words."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from pathlib import Path

from processes import Call, Result
from stages import Laboratory, Reference, Stage, digests

CRASHES = {signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGABRT, signal.SIGTRAP, signal.SIGFPE, signal.SIGSYS}
CRASH_TEXT = re.compile(r"Fatal error|Thread \d+ .*crashed|\*\*\* Signal|Current stack trace|AddressSanitizer")
MISTAKEN = re.compile(r"is not there|no such file|does not exist", re.IGNORECASE)


def civil(result: Result, codes: Iterable[int]) -> list[str]:
    """It ended by itself, with a documented code, and without a crash."""
    found = []
    if result.hung:
        return [f"hung for {result.seconds:.0f} s"]
    if result.signal in CRASHES:
        found.append(f"ended by {signal.Signals(result.signal).name}")
    elif result.code not in codes:
        found.append(f"exit code {result.code}, expected one of {sorted(set(codes))}")
    if CRASH_TEXT.search(result.errors):
        found.append("crash text on standard error")
    if result.orphans:
        found.append(f"{result.orphans} processes outlive it")
    return found


def spoken(result: Result, stage: Stage) -> list[str]:
    """With --quiet: nothing on success, one line on failure. A pipeline adds which stage it was."""
    lines = result.lines
    if result.code == 0:
        return [f"succeeded, and said {lines[0]!r}"] if lines else []
    if result.code in (1, 2) or result.code in (129, 130, 143) and lines:
        most = 2 if stage.executable == "run-pipeline" else 1
        if result.code == 2 and stage.executable != "run-pipeline":
            return []  # each photograph may have its line
        if not lines:
            return [f"ended with {result.code} without a line"]
        if len(lines) > most:
            return [f"ended with {result.code} and {len(lines)} lines: {lines[:4]}"]
    return []


def true(result: Result, errno: int) -> list[str]:
    """A file that is there is not called missing."""
    if result.code != 0 and errno != 2 and MISTAKEN.search(result.errors):
        return [f"errno {errno} is called {result.lines[0]!r}"]
    return []


def whole(laboratory: Laboratory, stage: Stage, reference: Reference, *, had_older: bool, done: bool) -> list[str]:
    """Every published name holds the old content or the new; where the stage is `done`, all of them the new."""
    found = []
    there = digests(laboratory.case / "out")
    for path, digest in there.items():
        allowed = set(reference.allowed.get(path, ()))
        if had_older:
            allowed.add(reference.older.get(path, ""))
        if done and path in reference.files:
            allowed = {reference.files[path]}
        if digest not in allowed:
            state = "unknown file" if path not in reference.allowed and path not in reference.older else "wrong content"
            found.append(f"{path}: {state}")
    if done:
        found += [f"{path}: is missing" for path in reference.files if path not in there]
    elif had_older and not stage.takes_away:
        found += [f"{path}: the old file is gone" for path in reference.older if path not in there]
    return found


def printed(result: Result, stage: Stage, reference: Reference) -> list[str]:
    if result.code == 0 and stage.prints and result.output != reference.output:
        return ["succeeded, and printed something else"]
    return []


def left_behind(laboratory: Laboratory) -> list[str]:
    """After complete work no temporary file is left."""
    names = [path for path in Path(laboratory.case).rglob("*") if path.name.endswith((".partial", ".journal", ".lock"))]
    return [f"left behind: {path.relative_to(laboratory.case)}" for path in names]


def durable(calls: Iterable[Call], *, succeeded: bool) -> list[str]:
    """What a power cut would show: a name is given to synced content only, and a name lasts when its folder is synced.

    The calls may be those of several runs, one after the other. Content that a failed sync lost is lost until it is written
    again, whatever later syncs say. Pictures count when the list of them gets its name: they may be synced all at once before that.
    """
    found: list[str] = []
    unsynced: dict[int, list[tuple[int, int]]] = {}
    lost: dict[int, list[tuple[int, int]]] = {}
    folders: dict[str, str] = {}
    pictures: dict[int, str] = {}
    is_disturbed = False
    for call in calls:
        is_disturbed |= call.what == "failed"
        if call.path.endswith((" (deleted)",)) or "/dev/shm/captioneer-skel" in call.path:
            continue
        really = call.result >= 0 and call.what != "dropped"
        if call.operation in ("write", "pwrite") and really:
            extent = (call.offset, call.offset + call.length)
            unsynced.setdefault(call.inode, []).append(extent)
            if call.inode in lost:
                lost[call.inode] = subtract(lost[call.inode], extent)
        elif call.operation == "open-write" and really and call.length & 0o1000:  # O_TRUNC
            unsynced.pop(call.inode, None)
            lost.pop(call.inode, None)
        elif call.operation == "truncate" and really:
            unsynced.setdefault(call.inode, []).append((0, 0))
        elif call.operation == "sync":
            if really and call.second == "everything":
                for unwritten in (unsynced, folders, pictures):
                    unwritten.clear()
            elif really:
                unsynced.pop(call.inode, None)
                pictures.pop(call.inode, None)
                for folder in [one for one in folders if call.path == one or call.path.endswith("/" + one)]:
                    del folders[folder]
            elif call.what != "dropped":
                lost.setdefault(call.inode, []).extend(unsynced.pop(call.inode, []))
        elif call.operation in ("rename", "link") and really:
            name = Path(call.second).name
            if unsynced.get(call.inode) and name.endswith(".jpg"):
                pictures[call.inode] = name
            elif unsynced.get(call.inode):
                found.append(f"{name}: named before its content was synced")
            elif name == "scenes.json" and pictures:
                found.append(f"{name}: named before its {len(pictures)} pictures were synced")
            if any(end > start for start, end in lost.get(call.inode, [])):
                found.append(f"{name}: published with content that a failed sync lost")
            folders[str(Path(call.second).parent)] = name
    if succeeded:
        # A stamp that could not be renewed beside finished outputs costs work the next time, nothing else.
        names = [name for name in folders.values() if not (is_disturbed and name.endswith(".stamp.json"))]
        found += [f"{name}: its folder was not synced" for name in names]
    return found


def subtract(extents: list[tuple[int, int]], cut: tuple[int, int]) -> list[tuple[int, int]]:
    rest = []
    for start, end in extents:
        if start < min(end, cut[0]):
            rest.append((start, min(end, cut[0])))
        if max(start, cut[1]) < end:
            rest.append((max(start, cut[1]), end))
    return rest


def converges(laboratory: Laboratory, stage: Stage, reference: Reference) -> list[str]:
    """The same command without faults ends with the undisturbed bytes, and leaves nothing behind."""
    result = laboratory.run(stage)
    found = civil(result, {0}) + spoken(result, stage) + printed(result, stage, reference)
    if result.code != 0:
        found.append(f"said {result.lines[:2]}")
    found += whole(laboratory, stage, reference, had_older=False, done=True) + left_behind(laboratory)
    return [f"the next run: {violation}" for violation in found]


