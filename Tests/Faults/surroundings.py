"""Closed descriptors, full and broken outputs, and small limits."""

from __future__ import annotations

import itertools
import os
import random
import resource
from collections.abc import Iterator

import laws
from cases import Case, bases, begin, judge
from processes import Result, Surroundings
from stages import Laboratory, Stage, signatures

LOADER = "error while loading shared libraries"


def descriptors(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    for stage in stages:
        for base in bases(stage):
            for count in (1, 2, 3):
                for closed in itertools.combinations((0, 1, 2), count):
                    word = "-".join(str(descriptor) for descriptor in closed)
                    yield Case(
                        f"{stage.name}/{base}/closed-{word}", lambda _, s=stage, b=base, c=closed: close(laboratory, s, b, c))
            for kind in ("full", "broken"):
                yield Case(f"{stage.name}/{base}/output-{kind}", lambda _, s=stage, b=base, k=kind: spoil(laboratory, s, b, k))
            for count in range(3, 40):
                limits = {resource.RLIMIT_NOFILE: count}
                yield Case(f"{stage.name}/{base}/files-{count}", lambda _, s=stage, b=base, m=limits: limit(laboratory, s, b, m))


def close(laboratory: Laboratory, stage: Stage, base: str, closed: tuple[int, ...]) -> list[str]:
    """Nothing of ours becomes one of the closed: files are whole; what can't be printed is an error."""
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    result = laboratory.run(stage, Surroundings(closed=closed))
    found = laws.civil(result, {0, 1})
    if 1 in closed and result.code == 0:
        found.append("standard output is closed, and it succeeded")
    if 1 not in closed and result.code != 0:
        found.append(f"exit code {result.code} without a reason")
    if 2 not in closed:
        found += laws.spoken(result, stage)
    if 1 not in closed:
        found += laws.printed(result, stage, reference)
    found += laws.whole(laboratory, stage, reference, had_older=base == "older", done=result.code == 0)
    found += laws.converges(laboratory, stage, reference)
    if signatures(laboratory.inputs) != before:
        found.append("an input was touched")
    return found


def spoil(laboratory: Laboratory, stage: Stage, base: str, kind: str) -> list[str]:
    """Standard output is a full disk, or a pipe that nobody reads."""
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    if kind == "full":
        # Opened here; a stage that was given its name would be right to refuse it.
        output = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, output = os.pipe()
        os.close(reader)
    result = laboratory.run(stage, Surroundings(output=output))
    os.close(output)
    return judge(laboratory, stage, reference, result, before, base=base, codes={1})


def limits(laboratory: Laboratory, stages: list[Stage], source: random.Random) -> Iterator[Case]:
    for stage in stages:
        for base in bases(stage):
            sizes = [0, 1, 4096, *(int(2 ** (9 + 14 * source.random())) for _ in range(30))]
            for size in sizes:
                yield Case(
                    f"{stage.name}/{base}/file-size-{size}",
                    lambda _, s=stage, b=base, m=size: limit(laboratory, s, b, {resource.RLIMIT_FSIZE: m}))
            for _ in range(30):
                size = int(2 ** (24 + 6 * source.random())) // 4096 * 4096
                yield Case(
                    f"{stage.name}/{base}/memory-{size >> 10}k",
                    lambda _, s=stage, b=base, m=size: limit(laboratory, s, b, {resource.RLIMIT_AS: m}))


def limit(laboratory: Laboratory, stage: Stage, base: str, bounds: dict[int, int]) -> list[str]:
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    result = laboratory.run(stage, Surroundings(limits=bounds, timeout=20))
    codes = {0, 1}
    if LOADER in result.errors:
        codes |= {127}  # nothing of ours ran
    if resource.RLIMIT_AS in bounds and ended_for_memory(result):
        # The Swift runtime ends a process that gets no memory; files must be whole all the same.
        result.signal, result.code, result.errors = 0, 1, "out of memory\n"
    return judge(laboratory, stage, reference, result, before, base=base, codes=codes)


def ended_for_memory(result: Result) -> bool:
    return result.code in (132, 133, 134, 139) and not result.hung
