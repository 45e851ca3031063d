"""Instructions of the main kernels on fixed inputs, counted by callgrind: they do not depend on a busy machine.

usage: instructions.py MEASURE_KERNELS [--write]

A round's count is that of two rounds less that of one, so that setting up does not matter. AVX2 kernels, because valgrind has
no AVX-512. Fails where a count exceeds the one in instructions.json by more than its margin; --write keeps the new counts."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "instructions.json")
PATHS = {
    # Captions for three steps: an epoch's end is no part of a step.
    "training b16 h128": ["training", "--batch", "16", "--hidden", "128", "--samples", "48"],
    "greedy b8 h128": ["greedy", "--batch", "8", "--hidden", "128", "--samples", "8"],
    "greedy b1 h128": ["greedy", "--batch", "1", "--hidden", "128", "--samples", "2"],
    "features 1": ["features", "--batch", "1", "--weights", "WEIGHTS"],
    "decode exact 2": ["decode-exact", "--photos", "PHOTOS", "--limit", "2"],
    "decode fast 2": ["decode-fast", "--photos", "PHOTOS", "--limit", "2"],
}


def count(command, folder):
    environment = dict(os.environ, CAPTIONEER_CPU="avx2", OPENBLAS_CORETYPE="Haswell", OPENBLAS_NUM_THREADS="1")
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + os.path.join(folder, "out"), *command],
        env=environment, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        raise SystemExit("instructions: %s failed:\n%s" % (" ".join(command), run.stderr[-2000:]))
    return int(found.group(1))


def main():
    program, writes = sys.argv[1], "--write" in sys.argv
    if not shutil.which("valgrind"):
        print("instructions: skipped, valgrind is not installed")
        return 0
    with open(KEPT) as file:
        kept = json.load(file)
    weights = os.path.join(os.path.dirname(os.path.dirname(HERE)), "pipelines", "demo-weights.safetensors")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        # Valgrind gives up on the debugging information of Swift programs.
        bare = os.path.join(folder, "measure-kernels")
        subprocess.run(["strip", "-g", "-o", bare, program], check=True)
        drawn = os.path.join(folder, "scenes")
        scenes = os.path.join(os.path.dirname(program), "generate-scenes")
        subprocess.run([scenes, "--train", "2", "--validation", "1", "--quiet", "--output", drawn], check=True,
                       stdout=subprocess.DEVNULL)
        for name, arguments in PATHS.items():
            command = [bare] + [{"WEIGHTS": weights, "PHOTOS": os.path.join(drawn, "images")}.get(part, part) for part in arguments]
            once, twice = (count(command + ["--rounds", rounds], folder) for rounds in ("1", "2"))
            found, before = twice - once, kept["counts"].get(name)
            kept["counts"][name] = found
            change = "" if not before else " (%+.1f %% of the kept count)" % (100 * (found / before - 1))
            print("instructions: %s %d%s" % (name, found, change), flush=True)
            if before and found > before * (1 + kept["margin"]) and not writes:
                print("instructions: %s takes more than %.0f %% too many" % (name, 100 * kept["margin"]))
                failures += 1
    if writes:
        with open(KEPT, "w") as file:
            json.dump(kept, file, indent=2)
            file.write("\n")
    return 1 if failures else 0


sys.exit(main())
