"""Checks that wrong calls of layers and optimizers don't compile: each line marked `refused` must be an error, and no other line.

usage: python3 Tests/Compute/refused_calls.py      after swift build -c release
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

SOURCE = """
import Captioners
import Kernels
import Layers
import Training

// A layer that holds weights has no gradients of them to set.
func weights(_ layer: Affine, _ step: RecurrentStep, _ words: WordEmbedding, _ gradient: Matrix) {
  layer.backwardBias(gradient)  // refused
  _ = layer.weightRows(Partition(of: 4, parts: 2))  // refused
  step.backwardBias(gradient)  // refused
  _ = step.hiddenWeightRows(Partition(of: 4, parts: 2))  // refused
  _ = words.columns(Partition(of: 4, parts: 2))  // refused
}

func gradients(_ layer: Affine.Gradients, _ step: RecurrentStep.Gradients, _ words: WordEmbedding.Gradients, _ gradient: Matrix) {
  layer.backwardBias(gradient)
  _ = layer.weightRows(Partition(of: 4, parts: 2))
  step.backwardBias(gradient)
  _ = step.hiddenWeightRows(Partition(of: 4, parts: 2))
  _ = words.columns(Partition(of: 4, parts: 2))
  layer.forward(gradient, into: gradient)  // refused
}

func optimizer(_ adam: inout Adam, _ parameters: ParameterSet, _ gradients: GradientSet) {
  adam.step(gradients, gradients: parameters, learningRate: 1, clip: nil, threads: 1)  // refused
  adam.step(parameters, gradients: parameters, learningRate: 1, clip: nil, threads: 1)  // refused
  adam.step(parameters, gradients: adam.mean, learningRate: 1, clip: nil, threads: 1)  // refused
  adam.step(parameters, gradients: gradients, learningRate: 1, clip: nil, threads: 1)
  parameters.copy(from: gradients)  // refused
}
"""
repository = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
built = os.path.join(repository, ".build", "release")
maps = glob.glob(built + "/*.build/module.modulemap") + glob.glob(repository + "/Sources/*/*/module.modulemap")
hdf5 = subprocess.run(["pkg-config", "--cflags-only-I", "hdf5"], capture_output=True, text=True).stdout.split()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "calls.swift")
    with open(path, "w") as file:
        file.write(SOURCE)
    command = ["swiftc", "-typecheck", "-package-name", os.path.basename(repository).lower(), "-I", built + "/Modules"]
    for option in ["-fmodule-map-file=" + map for map in maps] + hdf5:
        command += ["-Xcc", option]
    said = subprocess.run(command + [path], capture_output=True, text=True).stderr
found = {int(line) for line in re.findall(r"calls\.swift:(\d+):\d+: error:", said)}
wanted = {number for number, line in enumerate(SOURCE.split("\n"), 1) if line.endswith("// refused")}
if found != wanted or not wanted:
    print(said)
    sys.exit("refused calls: lines %s compile and should not, lines %s are errors and should not be"
             % (sorted(wanted - found), sorted(found - wanted)))
print("refused calls: %d of %d" % (len(found), len(wanted)))
