"""An input that is replaced, edited, grown, cut or removed while a stage reads it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator

import laws
from cases import Case
from meetings import release
from processes import READING, WRITING, Surroundings, nth
from stages import Laboratory, Stage, digests

WAYS = ("replaced", "edited", "grown", "cut", "removed")
# Caches and checkpoints have a seal, a zip a checksum for each photograph.
SEALED = (".h5", "captioner.safetensors", ".zip")
DRAWS = 24
PLACES = (*READING, *WRITING, "lock")


def changes(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    for stage in stages:
        for path in stage.reads:
            for way in WAYS:
                for draw in range(DRAWS):
                    yield Case(
                        f"{stage.name}/{path}/{way}-{draw}",
                        lambda own, s=stage, f=path, w=way, d=draw: change(laboratory, s, f, w, d, own))


def change(laboratory: Laboratory, stage: Stage, path: str, way: str, draw: int, source: random.Random) -> list[str]:
    reference = laboratory.study(stage)
    total = sum(reference.calls.get(operation, 0) for operation in PLACES)
    place = 1 + (draw * total + source.randrange(total)) // DRAWS
    laboratory.clean(own_inputs=True)
    running = laboratory.start(stage, Surroundings(plan=nth(PLACES, place, "stop")), "run")
    if running.wait_until_stopped():
        apply(laboratory, path, way, source)
    release(running)
    result = running.finish()
    codes = {0, 1, 2} if path.endswith((".jpg", ".zip")) else {0, 1}
    found = laws.civil(result, codes) + laws.spoken(result, stage)
    after_first = digests(laboratory.case / "out")
    # What the same command makes of the inputs as they are now: once where it was, once in a fresh folder.
    again = laboratory.run(stage)
    found += [f"the next run: {violation}" for violation in laws.civil(again, codes) + laws.spoken(again, stage)]
    after_again = digests(laboratory.case / "out")
    if path == "pipeline.yaml" and way == "edited":
        # Another pipeline, perhaps with other names for its files.
        return [violation for violation in found if "exit code 64" not in violation]
    shutil.rmtree(laboratory.case / "out")
    (laboratory.case / "out").mkdir()
    fresh = laboratory.run(stage)
    expected = digests(laboratory.case / "out")
    # What vouches for itself may be damaged after it was read: what was made of the intact content stays right.
    is_still_right = path.endswith(SEALED) and again.code == 0 and after_again == reference.files
    if again.code != fresh.code and not is_still_right:
        found.append(f"the next run: exit code {again.code}, in a fresh folder {fresh.code}: {again.lines[:1]}")
    elif again.code == fresh.code == 0 and after_again != expected and not is_still_right:
        found.append(f"the next run: what it calls up to date is not what its inputs give ({differing(after_again, expected)})")
    if result.code == 0 and after_first not in (reference.files, expected):
        found.append("succeeded with a mixture of the input's old and new content")
    if result.code == 1 and path.split("/")[0].removesuffix(".safetensors") not in result.errors:
        found.append(f"the line doesn't name {path}: {result.lines[:1]}")
    if found:
        found.append(f"said {result.lines[:2]}, exit code {result.code}, changed at call {place}")
    return found


def differing(one: dict[str, str], other: dict[str, str]) -> str:
    return ", ".join(sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path)))


def apply(laboratory: Laboratory, path: str, way: str, source: random.Random) -> None:
    target = laboratory.case / "inputs" / path
    content = bytearray(target.read_bytes())
    if way == "removed":
        target.unlink()
    elif way == "cut":
        os.truncate(target, source.randrange(len(content)))
    elif way == "grown":
        with open(target, "ab") as file:
            file.write(source.randbytes(100))
    elif way == "edited":
        # In place, as an editor or a failing disk would.
        position = source.randrange(len(content))
        with open(target, "r+b") as file:
            file.seek(position)
            file.write(bytes([content[position] ^ 1 << source.randrange(8)]))
    else:
        other = laboratory.case / "other"
        if path.endswith(".jpg"):
            other.write_bytes((laboratory.inputs / "scenes/images/000000000009.jpg").read_bytes())
        elif path.endswith(".json") and b"caption" in content:
            other.write_bytes(content.replace(b"circle", b"square"))
        else:
            other.write_bytes(content)
        os.replace(other, target)
