"""The stages under test: their commands, inputs, older outputs and undisturbed results."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from processes import Call, Plan, Result, Running, Surroundings, nth

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# Files that stages keep for themselves; what they hold may be anything as long as the next run ends well.
OWN_FILES = (".stamp.json", ".journal", ".partial", ".state.safetensors", ".record", ".lock")
SPLITS = ("--split", "train=inputs/train.json", "--split", "val=inputs/val.json")
NETWORK = ("--hidden", "16", "--word-vector", "8", "--batch", "100")


@dataclass(frozen=True)
class Stage:
    """A command, run in a case's folder: inputs lie in `inputs`, outputs go to `out`."""

    name: str
    executable: str
    arguments: tuple[str, ...]
    # Appended for the output that is there already when the stage comes to replace it.
    older: tuple[str, ...] | None = None
    # The files of `inputs` that it reads.
    reads: tuple[str, ...] = ()
    prints: bool = False
    # Whether it publishes a name several times on its way: the earlier epochs of a training.
    publishes_often: bool = False
    # Options of runs whose files may stand there when two processes with different ones met.
    mixtures: tuple[tuple[str, ...], ...] = ()
    # Whether it takes the older files away before it makes new ones: pictures and captions of two series don't belong together.
    takes_away: bool = False


CAPTIONING = ("--checkpoint", "inputs/captioner/captioner.safetensors")
TRAINING = ("--captions", "inputs/captions.h5", "--features", "inputs/features.h5", *NETWORK, "--output", "out/captioner")

STAGES = (
    Stage(
        "generate-scenes", "generate-scenes", ("--train", "12", "--validation", "4", "--output", "out/scenes"),
        older=("--seed", "2"), takes_away=True),
    Stage(
        "decode-images", "decode-images", (*SPLITS, "--images", "inputs/scenes/images", "--output", "out/images.h5"),
        older=("--size", "96"),
        reads=("train.json", "val.json", "scenes/images/000000000003.jpg", "scenes/images/000000000014.jpg")),
    Stage(
        "decode-images-zip", "decode-images", (*SPLITS, "--images", "inputs/photographs.zip", "--output", "out/images.h5"),
        older=("--size", "96"), reads=("train.json", "val.json", "photographs.zip")),
    Stage(
        "tokenize-captions", "tokenize-captions", (*SPLITS, "--output", "out/captions.h5"),
        older=("--captions-per-image", "1"), reads=("train.json", "val.json")),
    Stage(
        "extract-features", "extract-features",
        ("--images-cache", "inputs/images.h5", "--weights", "inputs/weights.safetensors", "--output", "out/features.h5"),
        older=("--precision", "f16"), reads=("images.h5", "weights.safetensors")),
    Stage(
        "extract-features-grid", "extract-features",
        ("--images-cache", "inputs/images.h5", "--weights", "inputs/weights.safetensors", "--grid", "--output", "out/grid.h5"),
        older=("--precision", "f16"), reads=("images.h5", "weights.safetensors")),
    Stage(
        "train-captioner", "train-captioner", (*TRAINING, "--epochs", "3"), older=("--epochs", "1"),
        reads=("captions.h5", "features.h5"), publishes_often=True),
    Stage(
        "caption-images-features", "caption-images",
        (*CAPTIONING, "--features", "inputs/features.h5", "--results", "out/results.json"), older=("--split", "val"),
        reads=("captioner/captioner.safetensors", "features.h5")),
    Stage(
        "caption-images-photographs", "caption-images",
        (*CAPTIONING, "--weights", "inputs/weights.safetensors", "inputs/scenes/images", "--results", "out/results.json"),
        older=("--maximum-words", "3"),
        reads=("captioner/captioner.safetensors", "weights.safetensors", "scenes/images/000000000003.jpg")),
    Stage(
        "caption-images-printed", "caption-images", (*CAPTIONING, "--features", "inputs/features.h5", "--split", "val"),
        reads=("captioner/captioner.safetensors", "features.h5"), prints=True),
    Stage(
        "score-captions", "score-captions", ("--results", "inputs/results.json", "--scenes", "inputs/scenes"),
        reads=("results.json", "scenes/scenes.json"), prints=True),
    Stage(
        "run-pipeline", "run-pipeline", ("inputs/pipeline.yaml",), reads=("pipeline.yaml",),
        # A trained model is replaced by a longer run only.
        older=("--set", "epochs=1", "--set", "words=3"), mixtures=(("--set", "epochs=1"), ("--set", "words=3")),
        publishes_often=True, takes_away=True),
)

PIPELINE = """\
variables: { epochs: "2", words: "15" }
stages:
  - run: generate-scenes
    with: { train: 12, validation: 4, output: out/scenes }
  - run: decode-images
    with: { split: ["train=out/scenes/captions_train.json", "val=out/scenes/captions_val.json"],
            images: out/scenes/images, output: out/images.h5 }
  - run: tokenize-captions
    with: { split: ["train=out/scenes/captions_train.json", "val=out/scenes/captions_val.json"], output: out/captions.h5 }
  - run: extract-features
    with: { images-cache: out/images.h5, weights: inputs/weights.safetensors, output: out/features.h5 }
  - run: train-captioner
    with: { captions: out/captions.h5, features: out/features.h5, hidden: 16, word-vector: 8, batch: 20,
            epochs: "${epochs}", output: out/captioner }
  - run: caption-images
    with: { checkpoint: out/captioner/captioner.safetensors, features: out/features.h5, split: val, maximum-words: "${words}",
            results: out/results.json }
"""


def digests(folder: Path, *, own_files: bool = False) -> dict[str, str]:
    """Path below `folder` → digest, for every file but those that stages keep for themselves."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if own_files or not name.endswith(OWN_FILES):
                found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def signatures(folder: Path) -> dict[str, tuple[int, ...]]:
    """What changes whenever anybody writes to a file or replaces it."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            status = os.stat(os.path.join(place, name))
            found[os.path.join(place, name)] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return found


@dataclass
class Reference:
    """What a stage makes when nothing disturbs it."""

    files: dict[str, str]
    output: str
    calls: dict[str, int]  # operation → how many on one thread
    log: list[Call]
    seconds: float
    older: dict[str, str] = field(default_factory=dict)
    allowed: dict[str, set[str]] = field(default_factory=dict)


class Laboratory:
    """The folder of a campaign: `inputs`, older outputs, and the folder of the case in hand."""

    def __init__(self, root: Path, executables: Path) -> None:
        self.root, self.executables = root, executables
        self.library = root / "interpose.so"
        self.inputs = root / "inputs"
        self.case = root / "case"
        self.references: dict[str, Reference] = {}
        self.help: dict[str, str] = {}

    def command(self, stage: Stage, extra: Sequence[str] = (), threads: int = 1) -> list[str]:
        if stage.executable not in self.help:
            shown = self._run([str(self.executables / stage.executable), "--help"], self.root)
            self.help[stage.executable] = shown.output
        common = ["--threads", str(threads)] if "--threads" in self.help[stage.executable] else []
        common += ["--quiet"] if "--quiet" in self.help[stage.executable] else []
        # An option that is given twice counts the last time.
        return [str(self.executables / stage.executable), *stage.arguments, *extra, *common]

    def _run(self, command: Sequence[str], folder: Path, around: Surroundings | None = None) -> Result:
        return Running(command, folder, self.library, around or Surroundings()).finish()

    def run(self, stage: Stage, around: Surroundings | None = None, extra: Sequence[str] = (), threads: int = 1) -> Result:
        return self._run(self.command(stage, extra, threads), self.case, around)

    def start(self, stage: Stage, around: Surroundings, name: str, extra: Sequence[str] = (), threads: int = 1) -> Running:
        return Running(self.command(stage, extra, threads), self.case, self.library, around, name)

    def clean(self, base: Path | None = None, *, own_inputs: bool = False) -> Path:
        """An empty case, or one that begins with the outputs of `base`; its inputs are the common ones or a copy of its own."""
        shutil.rmtree(self.case, ignore_errors=True)
        self.case.mkdir()
        if own_inputs:
            shutil.copytree(self.inputs, self.case / "inputs")
        else:
            (self.case / "inputs").symlink_to(self.inputs)
        if base is not None:
            shutil.copytree(base, self.case / "out")
        else:
            (self.case / "out").mkdir()
        return self.case

    def older(self, stage: Stage) -> Path:
        return self.root / "older" / stage.name

    def prepare(self, interposer: Path) -> None:
        """Makes the inputs, with the stages themselves."""
        shutil.copy(interposer, self.library)
        self.inputs.mkdir()
        shutil.copy(REPOSITORY / "pipelines/demo-weights.safetensors", self.inputs / "weights.safetensors")
        (self.inputs / "pipeline.yaml").write_text(PIPELINE)
        self._make("generate-scenes", "--train", "12", "--validation", "4", "--output", "inputs/scenes")
        for split, offset in (("train", 0), ("val", 1000)):
            repeat_annotations(self.inputs / f"scenes/captions_{split}.json", self.inputs / f"{split}.json", offset)
        with zipfile.ZipFile(self.inputs / "photographs.zip", "w") as archive:
            for number, path in enumerate(sorted((self.inputs / "scenes/images").iterdir())):
                archive.write(path, f"photographs/{path.name}", (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[number % 2])
        self._make("decode-images", *SPLITS, "--images", "inputs/scenes/images", "--output", "inputs/images.h5")
        self._make("tokenize-captions", *SPLITS, "--output", "inputs/captions.h5")
        self._make(
            "extract-features", "--images-cache", "inputs/images.h5", "--weights", "inputs/weights.safetensors", "--output",
            "inputs/features.h5")
        self._make(
            "train-captioner", "--captions", "inputs/captions.h5", "--features", "inputs/features.h5", *NETWORK, "--epochs", "6",
            "--output", "inputs/captioner")
        self._make(
            "caption-images", *CAPTIONING, "--weights", "inputs/weights.safetensors", "--results", "inputs/results.json",
            *(f"inputs/scenes/images/{number:012}.jpg" for number in range(13, 17)))
        for name in list(self.inputs.rglob("*.stamp.json")):
            name.unlink()

    def _make(self, executable: str, *arguments: str) -> None:
        result = self._run([str(self.executables / executable), *arguments], self.root)
        if result.code != 0:
            raise SystemExit(f"campaign: {executable} can't make the inputs: {result.errors}")

    def study(self, stage: Stage) -> Reference:
        """Runs a stage undisturbed: its results, its older results, the calls that it makes."""
        if stage.name in self.references:
            return self.references[stage.name]
        self.clean()
        result = self.run(stage, Surroundings(plan=Plan()))
        if result.code != 0:
            raise SystemExit(f"campaign: {stage.name} fails undisturbed with {result.code}: {result.errors}")
        counts: dict[str, int] = {}
        for call in result.calls:
            counts[call.operation] = counts.get(call.operation, 0) + 1
        reference = Reference(digests(self.case / "out"), result.output, counts, result.calls, result.seconds)
        for path, digest in reference.files.items():
            reference.allowed[path] = {digest}
        if stage.older is not None:
            self.clean()
            if self.run(stage, extra=stage.older).code != 0:
                raise SystemExit(f"campaign: {stage.name}'s older output can't be made")
            reference.older = digests(self.case / "out")
            shutil.copytree(self.case / "out", self.older(stage))
        for extra in stage.mixtures:
            self.clean()
            self.run(stage, extra=extra)
            for path, digest in digests(self.case / "out").items():
                reference.allowed.setdefault(path, set()).add(digest)
        if stage.publishes_often:
            for base in (None, self.older(stage)):
                self._collect(stage, reference, base)
        self.references[stage.name] = reference
        return reference

    def _collect(self, stage: Stage, reference: Reference, base: Path | None) -> None:
        """What stands at the names after each rename of an undisturbed run."""
        for number in range(1, 1000):
            self.clean(base)
            result = self.run(stage, Surroundings(plan=nth("rename", number, "kill-after")))
            for path, digest in digests(self.case / "out").items():
                reference.allowed.setdefault(path, set()).add(digest)
            if not result.disturbed:
                return


def repeat_annotations(source: Path, target: Path, offset: int, times: int = 5) -> None:
    """Every image several times under other ids, so that there are several blocks of rows from few files."""
    content = json.loads(source.read_text())
    images, annotations = [], []
    for repeat in range(times):
        for image in content["images"]:
            images.append(dict(image, id=image["id"] + 10_000 * repeat + offset))
        for annotation in content["annotations"]:
            place = 10_000 * repeat + offset
            annotations.append(dict(annotation, id=annotation["id"] + 1000 * place, image_id=annotation["image_id"] + place))
    target.write_text(json.dumps({"images": images, "annotations": annotations}))
