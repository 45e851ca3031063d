"""Proof that the laws can fail: the interposer lies, and every lie must be noticed."""

from __future__ import annotations

import errno
import random
import shutil
import signal
from collections.abc import Callable, Iterator

import laws
from cases import Case, begin, judge
from processes import Call, Plan, Surroundings, nth
from stages import STAGES, Laboratory, Stage, signatures



def row(log: list[Call]) -> int:
    """Which of the `pwrite`s is the first that writes rows."""
    writes = [call for call in log if call.operation == "pwrite"]
    return 1 + next(n for n, call in enumerate(writes) if call.length > 4096 and call.path.endswith(".partial"))


def folder(log: list[Call]) -> int:
    """Which of the syncs is the first of a folder."""
    syncs = [call for call in log if call.operation == "sync"]
    return 1 + next(n for n, call in enumerate(syncs) if call.path.endswith("/out"))


def naming(log: list[Call]) -> int:
    """Which of the renames gives the output its name."""
    renames = [call for call in log if call.operation == "rename"]
    return 1 + next(n for n, call in enumerate(renames) if call.second.endswith("images.h5"))


# What happens behind the stage's back → the plan, given the calls that the stage makes, and words of the law that must notice.
LIES: dict[str, tuple[Callable[[list[Call]], Plan], str]] = {
    "a dropped row": (lambda log: nth("pwrite", row(log), "drop"), "wrong content"),
    "a turned bit of a row": (lambda log: nth("pwrite", row(log), "flip"), "wrong content"),
    "a name that was not given": (lambda log: nth("rename", naming(log), "drop"), "missing"),
    "syncs that were not done": (lambda log: nth("sync", 1, "drop", persists=True), "before its content was synced"),
    "folders that were not synced": (lambda log: nth("sync", folder(log), "drop", persists=True), "folder was not synced"),
    "a crash": (lambda log: nth("pwrite", 1, "kill", signal.SIGSEGV), "ended by SIGSEGV"),
    "a hang": (lambda log: nth("pwrite", 1, "sleep", 100_000), "hung"),
    "a foreign exit code": (lambda log: nth("pwrite", 1, "kill", signal.SIGUSR1), "exit code 138"),
    "two lines": (lambda log: nth("pwrite", 1, "mutter"), "succeeded, and said"),
    "a temporary file that stays": (lambda log: nth("unlink", 1, "drop", persists=True), "left behind"),
    "a failure without a fault of the stage": (lambda log: nth("pwrite", 1, "fail", errno.EIO, persists=True), "exit code 1"),
}


def canaries(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    stage = next(stage for stage in STAGES if stage.name == "decode-images")
    if stage not in stages:
        return
    for name, (make, words) in LIES.items():
        yield Case(
            f"{stage.name}/{name.replace(' ', '-')}",
            lambda _, s=stage, m=make, w=words: must_be_noticed(laboratory, s, m, w))
    yield Case(f"{stage.name}/a-touched-input", lambda _, s=stage: must_notice_touching(laboratory, s))


def must_be_noticed(laboratory: Laboratory, stage: Stage, make: Callable[[list[Call]], Plan], words: str) -> list[str]:
    reference = begin(laboratory, stage, "fresh")
    before = signatures(laboratory.inputs)
    result = laboratory.run(stage, Surroundings(plan=make(reference.log), timeout=2))
    found = laws.durable(result.calls, succeeded=result.code == 0)
    found += judge(laboratory, stage, reference, result, before, base="fresh", codes={0})
    if any(words in violation for violation in found):
        return []
    return [f"nobody noticed; expected {words!r}, found {found}"]


def must_notice_touching(laboratory: Laboratory, stage: Stage) -> list[str]:
    reference = laboratory.study(stage)
    common, own = laboratory.inputs, laboratory.case.parent / "touched"
    shutil.copytree(common, own)
    laboratory.inputs = own
    try:
        laboratory.clean()
        before = signatures(own)
        (own / "val.json").touch()
        result = laboratory.run(stage)
        found = judge(laboratory, stage, reference, result, before, base="fresh", codes={0})
    finally:
        laboratory.inputs = common
        shutil.rmtree(own)
    return [] if "an input was touched" in found else [f"nobody noticed; found {found}"]
