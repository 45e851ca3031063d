"""Mutated files of every kind that is read: no crash, no hang, no memory without bound."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import crafted
import laws
from cases import Case
from processes import Result, Surroundings
from stages import REPOSITORY, STAGES, Laboratory, Stage

DRAWS = 250
PHOTOGRAPHS = 40
MEMORY = 256 << 20
SECONDS = 20
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)
WORDS = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, (1 << 63) - 1, 1 << 61)
# Pieces that a text or a header is spoilt with.
PIECES = (
    b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud800", b"null", b"1e999", b"-1", b"99999999999999999999", b"[" * 3000,
    b"\x00", b"\xff\xfe", b"&a [*a, *a]", b"!!binary x", b"? ", b"${words}", b"[0,18446744073709551615]", b"[0,9223372036854775807]",
)


def mutate(content: bytes, source: random.Random) -> bytes:
    """A few changes of the kinds that break parsers; most of them near the beginning, where headers are."""
    changed = bytearray(content)
    for _ in range(source.choice((1, 1, 2, 4, 16))):
        if not changed:
            return bytes(changed)
        reach = min(len(changed), source.choice((64, 600, 5000, len(changed))))
        place = source.randrange(reach) if source.random() < 0.8 else len(changed) - 1 - source.randrange(reach)
        kind = source.randrange(8)
        if kind == 0:
            changed[place] ^= 1 << source.randrange(8)
        elif kind == 1:
            changed[place] = source.choice(INTERESTING)
        elif kind == 2:
            width, word = source.choice(("<H", ">H", "<I", ">I", "<Q")), source.choice(WORDS)
            value = struct.pack(width, word % (1 << 8 * struct.calcsize(width)))
            changed[place : place + len(value)] = value
        elif kind == 3:
            del changed[place : place + source.randint(1, 200)]
        elif kind == 4:
            start = source.randrange(len(changed))
            changed[place:place] = changed[start : start + source.randint(1, 300)]
        elif kind == 5:
            changed[place:place] = source.choice(PIECES)
        elif kind == 6:
            del changed[place:]
        else:
            changed[place : place + 8] = source.randbytes(8)
    return bytes(changed)


def resealed(content: bytes, source: random.Random) -> bytes:
    """What somebody would do who knows the format: damage that the seal vouches for."""
    body = mutate(content[: -crafted.SEAL], source)
    return crafted.reseal(body + content[-crafted.SEAL :])


Mutator = Callable[[bytes, random.Random], bytes]
KINDS: dict[str, tuple[str, str, str, Mutator]] = {
    # kind → stage, the option whose file is mutated ("" where it is the argument), where the whole file comes from, how
    "safetensors": ("extract-features", "--weights", "inputs:weights.safetensors", mutate),
    "safetensors-header": ("extract-features", "--weights", "inputs:weights.safetensors", crafted.safetensors_header),
    "checkpoint": ("caption-images-printed", "--checkpoint", "inputs:captioner/captioner.safetensors", mutate),
    "checkpoint-header": (
        "caption-images-printed", "--checkpoint", "inputs:captioner/captioner.safetensors", crafted.safetensors_header),
    "pth-zip": ("extract-features", "--weights", "torch_zip.pth", mutate),
    "pth-zip-opcodes": ("extract-features", "--weights", "torch_zip.pth", crafted.zipped_pickle),
    "pth-protocol4-opcodes": ("extract-features", "--weights", "torch_protocol4.pth", crafted.zipped_pickle),
    "pth-legacy": ("extract-features", "--weights", "torch_legacy.pth", mutate),
    "pth-legacy-opcodes": ("extract-features", "--weights", "torch_legacy.pth", crafted.legacy_pickle),
    "zip": ("decode-images-zip", "--images", "inputs:photographs.zip", mutate),
    "captions": ("tokenize-captions", "--split", "inputs:train.json", mutate),
    "karpathy": ("tokenize-captions", "--karpathy", "karpathy", mutate),
    "yaml": ("run-pipeline", "", "inputs:pipeline.yaml", mutate),
    "results": ("score-captions", "--results", "inputs:results.json", mutate),
    "truth": ("score-captions", "--scenes", "inputs:scenes/scenes.json", mutate),
    "images-cache": ("extract-features", "--images-cache", "inputs:images.h5", mutate),
    "images-cache-resealed": ("extract-features", "--images-cache", "inputs:images.h5", resealed),
    "captions-cache": ("train-captioner", "--captions", "inputs:captions.h5", mutate),
    "captions-cache-resealed": ("train-captioner", "--captions", "inputs:captions.h5", resealed),
    "features-cache": ("caption-images-printed", "--features", "inputs:features.h5", mutate),
    "features-cache-resealed": ("caption-images-printed", "--features", "inputs:features.h5", resealed),
}


def mutations(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    names = {stage.name for stage in stages}
    for draw in range(DRAWS):
        if "decode-images" in names:
            yield Case(f"jpeg/{draw}", lambda own: photographs(laboratory, own))
    for kind, (name, _, _, _) in KINDS.items():
        if name not in names:
            continue
        for draw in range(DRAWS):
            yield Case(f"{kind}/{draw}", lambda own, k=kind: one_file(laboratory, k, own))


def whole_file(laboratory: Laboratory, origin: str) -> bytes:
    if origin.startswith("inputs:"):
        return (laboratory.inputs / origin.removeprefix("inputs:")).read_bytes()
    if origin == "karpathy":
        images = []
        for split in ("train", "val"):
            content = json.loads((laboratory.inputs / f"scenes/captions_{split}.json").read_text())
            for image in content["images"]:
                sentences = [
                    {"raw": one["caption"], "sentid": one["id"], "imgid": image["id"]} for one in content["annotations"]
                    if one["image_id"] == image["id"]]
                images.append({
                    "filename": image["file_name"], "filepath": "images", "cocoid": image["id"], "split": split,
                    "sentences": sentences})
        return json.dumps({"images": images, "dataset": "coco"}).encode()
    return (REPOSITORY / "Tests/References" / origin).read_bytes()


def one_file(laboratory: Laboratory, kind: str, source: random.Random) -> list[str]:
    name, option, origin, mutator = KINDS[kind]
    stage = next(stage for stage in STAGES if stage.name == name)
    laboratory.clean()
    target = laboratory.case / ("mutated" + Path(origin).suffix)
    content = mutator(whole_file(laboratory, origin), source)
    arguments = list(stage.arguments)
    if kind == "truth":
        target = laboratory.case / "scenes/scenes.json"
        target.parent.mkdir()
    target.write_bytes(content)
    value = str(target.parent if kind == "truth" else target).removeprefix(f"{laboratory.case}/")
    if option == "--karpathy":
        arguments = ["--karpathy", value, "--output", "out/captions.h5"]
    elif option == "--split":
        arguments[1] = f"train={value}"
    elif option:
        arguments[arguments.index(option) + 1] = value
    else:
        arguments[0] = value
    mutated = Stage(stage.name, stage.executable, tuple(arguments))
    result = laboratory.run(mutated, Surroundings(timeout=SECONDS))
    codes = {0, 1, 2, 64} if kind == "yaml" else {0, 1, 2}
    return bounded(result, mutated, codes)


def bounded(result: Result, stage: Stage, codes: set[int]) -> list[str]:
    found = laws.civil(result, codes)
    if stage.executable != "run-pipeline":
        found += laws.spoken(result, stage)
    if result.peak > MEMORY:
        found.append(f"took {result.peak >> 20} MB")
    return [*found, f"said {result.lines[:2]}"] if found else []


def photographs(laboratory: Laboratory, source: random.Random) -> list[str]:
    """A folder of mutated JPEGs: each may be refused, none may end the stage."""
    laboratory.clean()
    folder = laboratory.case / "photographs"
    folder.mkdir()
    originals = sorted((laboratory.inputs / "scenes/images").glob("*.jpg"))
    originals += sorted(path for path in (REPOSITORY / "Tests/References/jpegs").glob("*.jpg"))
    images, annotations = [], []
    for number in range(1, PHOTOGRAPHS + 1):
        content = mutate(source.choice(originals).read_bytes(), source)
        (folder / f"{number}.jpg").write_bytes(content)
        images.append({"id": number, "file_name": f"{number}.jpg"})
        annotations.append({"id": number, "image_id": number, "caption": "a shape"})
    (laboratory.case / "captions.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    arguments = ("--split", "train=captions.json", "--images", "photographs", "--output", "out/images.h5")
    stage = Stage("decode-images", "decode-images", (*arguments, "--max-failures", str(PHOTOGRAPHS)))
    result = laboratory.run(stage, Surroundings(timeout=SECONDS * 3))
    return bounded(result, stage, {0, 1, 2})

