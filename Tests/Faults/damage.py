"""One bit turned, a cut, bytes added, a page of zeros: in every output, and in what a killed run leaves."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import laws
from cases import Case, bases, begin
from processes import Surroundings, nth
from stages import STAGES, Laboratory, Reference, Stage

WAYS = ("bit", "bit", "bit", "bit", "cut", "grown", "zeros", "empty")
DRAWS = 40
# A sealed file and the stage that reads it.
READERS = (
    ("images.h5", "extract-features"), ("captions.h5", "train-captioner"), ("features.h5", "train-captioner"),
    ("features.h5", "caption-images-features"), ("captioner/captioner.safetensors", "caption-images-features"),
    ("photographs.zip", "decode-images-zip"), ("captioner/captioner.safetensors", "caption-images-printed"),
)


def flips(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    for path, name in READERS:
        stage = next(stage for stage in STAGES if stage.name == name)
        if stage not in stages:
            continue
        for draw in range(DRAWS):
            way = WAYS[draw % len(WAYS)]
            yield Case(
                f"{stage.name}/{path}/{way}-{draw}",
                lambda own, s=stage, p=path, w=way: damage_input(laboratory, s, p, w, own))
    for stage in stages:
        if stage.prints:
            continue
        for draw in range(DRAWS):
            way = WAYS[draw % len(WAYS)]
            yield Case(
                f"{stage.name}/remains/{way}-{draw}", lambda own, s=stage, w=way: damage_remains(laboratory, s, w, own))
            yield Case(
                f"{stage.name}/output/{way}-{draw}", lambda own, s=stage, w=way: damage_output(laboratory, s, w, own))


def damage(path: Path, way: str, source: random.Random) -> str:
    """Damages a file; says how."""
    content = bytearray(path.read_bytes())
    position = source.randrange(len(content)) if content else 0
    if way == "cut":
        del content[position:]
    elif way == "grown":
        content += source.randbytes(source.randint(1, 5000))
    elif way == "zeros":
        position = position // 4096 * 4096
        content[position : position + 4096] = bytes(len(content[position : position + 4096]))
    elif way == "empty":
        content.clear()
    elif content:
        content[position] ^= 1 << source.randrange(8)
    # In place: the inode stays, as it does where a disk fails.
    with open(path, "r+b") as file:
        file.write(content)
        file.truncate()
    return f"{path.name}: {way} at {position}"


def damage_input(laboratory: Laboratory, stage: Stage, path: str, way: str, source: random.Random) -> list[str]:
    """It is refused with one line, or it has no effect. A photograph's damage may cost its row, and says so with code 2."""
    reference = laboratory.study(stage)
    laboratory.clean(own_inputs=True)
    target = laboratory.case / "inputs" / path
    how = damage(target, way, source)
    result = laboratory.run(stage)
    codes = {0, 1, 2} if path.endswith(".zip") else {0, 1}
    found = laws.civil(result, codes) + laws.spoken(result, stage) + laws.printed(result, stage, reference)
    if result.code in (0, 1):
        # A damaged archive may lose one photograph within what --max-failures allows; then the ledger says so.
        if not (path.endswith(".zip") and result.code == 0):
            found += laws.whole(laboratory, stage, reference, had_older=False, done=result.code == 0)
    shutil.copy(laboratory.inputs / path, target)
    found += laws.converges(laboratory, stage, reference)
    return [*found, how] if found else []


def damage_remains(laboratory: Laboratory, stage: Stage, way: str, source: random.Random) -> list[str]:
    """What a killed run leaves is damaged: the next run finds out, and ends with the undisturbed bytes."""
    base = source.choice(bases(stage))
    reference = begin(laboratory, stage, base)
    operations = ("pwrite", "write", "sync", "rename")
    total = sum(reference.calls.get(operation, 0) for operation in operations)
    laboratory.run(stage, Surroundings(plan=nth(operations, source.randint(1, total), "kill-after")))
    names = [path for path in (laboratory.case / "out").rglob("*") if path.is_file() and ".partial" in path.name]
    names += [path for path in (laboratory.case / "out").rglob("*.journal")]
    names += [path for path in (laboratory.case / "out").rglob("*.state.safetensors")]
    if not names:
        return []
    target = source.choice(sorted(names))
    how = damage(target, way, source)
    if target.name.endswith(".state.safetensors"):
        # Without it finished epochs can't go on, and they are not thrown away unasked.
        result = laboratory.run(stage)
        if result.code == 1:
            found = laws.civil(result, {1}) + laws.spoken(result, stage)
            return [*found, how] if found else forced(laboratory, stage, reference)
    found = laws.converges(laboratory, stage, reference)
    return [*found, how] if found else []


def damage_output(laboratory: Laboratory, stage: Stage, way: str, source: random.Random) -> list[str]:
    """An output or its stamp is damaged: the same command makes it again, or says that it will not replace it."""
    reference = begin(laboratory, stage, "fresh")
    laboratory.run(stage)
    names = sorted(path for path in (laboratory.case / "out").rglob("*") if path.is_file())
    target = source.choice(names)
    status = os.stat(target)
    how = damage(target, way, source)
    if source.random() < 0.3 and os.stat(target).st_size == status.st_size:
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        how += ", its time as before"
    result = laboratory.run(stage)
    found = laws.civil(result, {0, 1}) + laws.spoken(result, stage)
    if result.code == 0:
        found += laws.whole(laboratory, stage, reference, had_older=False, done=True)
    else:
        found += [f"with --force: {one}" for one in forced(laboratory, stage, reference)]
    return [*found, how, f"said {result.lines[:2]}"] if found else []


def forced(laboratory: Laboratory, stage: Stage, reference: Reference) -> list[str]:
    result = laboratory.run(stage, extra=("--force",))
    found = laws.civil(result, {0}) + laws.spoken(result, stage)
    return found + laws.whole(laboratory, stage, reference, had_older=False, done=True)


