"""Two processes that want the same output, and a reader that comes while a writer publishes."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator

import laws
from cases import Case, bases, begin
from processes import WRITING, Result, Running, Surroundings, nth
from stages import STAGES, Laboratory, Reference, Stage, digests, signatures

OFFSETS = 200
MEETING = (*WRITING, "lock", "close", "map")
# A stage that reads what another one is just replacing: writer → reader, and where the reader finds it.
READERS = {
    "decode-images": ("extract-features", ("--images-cache", "out/images.h5", "--output", "out/features.h5")),
    "tokenize-captions": ("train-captioner", ("--captions", "out/captions.h5", "--epochs", "1", "--output", "out/captioner")),
    "extract-features": ("caption-images-features", ("--features", "out/features.h5", "--results", "out/results.json")),
    "train-captioner": (
        "caption-images-features",
        ("--checkpoint", "out/captioner/captioner.safetensors", "--results", "out/results.json")),
}


def writers(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    for stage in stages:
        if stage.prints:
            continue
        for offset in range(OFFSETS):
            base = bases(stage)[offset % len(bases(stage))]
            # The same command twice, or two that differ.
            other = stage.older if offset % 4 == 3 and stage.older else ()
            yield Case(
                f"{stage.name}/{base}/{'other' if other else 'same'}-{offset}",
                lambda own, s=stage, b=base, f=offset, o=other: meet(laboratory, s, b, f, o, own))
        if stage.name in READERS:
            reader = next(one for one in STAGES if one.name == READERS[stage.name][0])
            for offset in range(0, OFFSETS, 4):
                yield Case(
                    f"{stage.name}/older/read-{offset}",
                    lambda _, s=stage, f=offset, r=reader: read_meanwhile(laboratory, s, f, r, READERS[s.name][1]))


def place(reference: Reference, offset: int) -> int:
    """The call that stands at one of the offsets."""
    return 1 + offset * sum(reference.calls.get(operation, 0) for operation in MEETING) // OFFSETS


def meet(
    laboratory: Laboratory, stage: Stage, base: str, offset: int, other: tuple[str, ...], source: random.Random
) -> list[str]:
    """The first stops at one call, the second at another; then the first ends, and the second after it."""
    reference = begin(laboratory, stage, base)
    first, second = place(reference, offset), place(reference, source.randrange(OFFSETS))
    before = signatures(laboratory.inputs)
    one = laboratory.start(stage, Surroundings(plan=nth(MEETING, first, "stop")), "one")
    one.wait_until_stopped()
    two = laboratory.start(stage, Surroundings(plan=nth(MEETING, second, "stop")), "two", extra=other)
    two.wait_until_stopped(2)  # it may wait for the first, and give up
    release(one)
    result_one = one.finish()
    release(two)
    result_two = two.finish()
    found = []
    for name, result in (("first", result_one), ("second", result_two)):
        said = laws.civil(result, {0, 1}) + laws.spoken(result, stage)
        found += [f"the {name}: {violation}" for violation in said]
    if result_one.code and result_two.code:
        found.append(f"neither ended well: {result_one.lines[:1]} {result_two.lines[:1]}")
    allowed = dict(reference.older) if other or base == "older" else {}
    found += either(laboratory, reference, allowed, result_one, result_two, is_same=not other)
    found += laws.converges(laboratory, stage, reference)
    if signatures(laboratory.inputs) != before:
        found.append("an input was touched")
    return found


def either(
    laboratory: Laboratory, reference: Reference, older: dict[str, str], one: Result, two: Result, *, is_same: bool
) -> list[str]:
    """Every name holds what one of the two makes, or what was there before; after a success of equals, the new."""
    found = []
    for path, digest in digests(laboratory.case / "out").items():
        allowed = set(reference.allowed.get(path, ())) | {older.get(path, "")}
        if is_same and one.code == two.code == 0 and path in reference.files:
            allowed = {reference.files[path]}
        if digest not in allowed:
            found.append(f"{path}: wrong content (exit codes {one.code} and {two.code})")
    return found


def release(running: Running) -> None:
    # Once more after a moment: a process that is about to stop would miss it.
    for _ in range(2):
        running.send_all(signal.SIGCONT)
        for child in running.stopped_children():
            os.kill(child, signal.SIGCONT)
        time.sleep(0.001)


def read_meanwhile(laboratory: Laboratory, stage: Stage, offset: int, reader: Stage, arguments: tuple[str, ...]) -> list[str]:
    """A reader runs while the writer stands at a call: it sees the old output or the new one."""
    first = place(begin(laboratory, stage, "older"), offset)
    answers = []
    for extra in (stage.older or (), ()):
        laboratory.run(stage, extra=extra)
        answers.append(read(laboratory, reader, arguments))
    begin(laboratory, stage, "older")
    writer = laboratory.start(stage, Surroundings(plan=nth(MEETING, first, "stop")), "one")
    writer.wait_until_stopped()
    answer = read(laboratory, reader, arguments)
    release(writer)
    result = writer.finish()
    found = laws.civil(result, {0}) + laws.spoken(result, stage)
    code, files, errors = answer
    if code not in (0, 1) or len(errors) > 1:
        found.append(f"the reader: exit code {code}, said {errors[:3]}")
    # Between two files of a training there may be none of a kind that the reader takes: then it says so.
    if code == 0 and files not in [made for _, made, _ in answers] and stage.name != "train-captioner":
        found.append("the reader made something from neither the old file nor the new one")
    return found


def read(laboratory: Laboratory, reader: Stage, arguments: tuple[str, ...]) -> tuple[int, dict[str, str], list[str]]:
    result = laboratory.run(reader, extra=(*arguments, "--force"))
    name = arguments[-1].removeprefix("out/")
    made = {path: digest for path, digest in digests(laboratory.case / "out").items() if path.startswith(name)}
    return result.code, made, result.lines
