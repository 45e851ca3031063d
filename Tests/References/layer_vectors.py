"""Writes layer_vectors.json: every layer's outputs and gradients in float64, for Tests/Compute/LayersTests.

usage: python3 Tests/References/layer_vectors.py
needs: numpy

Only forward formulas stand here. Gradients are complex steps (Squire & Trapp 1998): the imaginary part of f(x + ih) / h with h = 1e-30,
which is exact to rounding because nothing is subtracted. Inputs are multiples of 1/1024, so that float32 has them exactly.
"""
import json
import os

import numpy as np

random = np.random.default_rng(8)


def numbers(*shape):
    return np.round(random.standard_normal(shape) * 1024) / 1024


def gradients(function, inputs, upstream):
    """That of sum(function(inputs) * upstream) in each of the inputs."""
    found = {}
    for name, value in inputs.items():
        gradient = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            moved = {other: array.astype(complex) for other, array in inputs.items()}
            moved[name][place] += 1e-30j
            gradient[place] = np.imag(np.sum(function(**moved) * upstream)) / 1e-30
        found[name] = gradient
    return found


def entry(function, inputs, output_shape, extra=()):
    upstream = numbers(*output_shape)
    return {"inputs": inputs, "output": np.real(function(**inputs)), "upstream": upstream,
            "gradients": gradients(function, inputs, upstream), **dict(extra)}


def affine(x, weight, bias):
    return x @ weight.T + bias


def step(x, h, input_weight, hidden_weight, bias):
    return np.tanh(x @ input_weight + h @ hidden_weight + bias)


COUNTS = [3, 3, 2, 1]  # rows of each step: sequences end


def sequence(contributions, initial, hidden_weight):
    h, rows, done = initial, [], 0
    for count in COUNTS:
        h = np.tanh(contributions[done:done + count] + h[:count] @ hidden_weight)
        rows.append(h)
        done += count
    return np.concatenate(rows)


WORDS = [3, 0, 5, 3, 3, 1, 0]  # some twice, some never


def embedding(table):
    return table[WORDS]


TARGETS, IGNORED, SCALE = [4, 0, 2, 0, 6, 1], 0, 0.25


def loss(scores, bias):
    scores = scores + bias
    kept = [row for row, target in enumerate(TARGETS) if target != IGNORED]
    return sum(np.log(np.sum(np.exp(scores[row]))) - scores[row][TARGETS[row]] for row in kept)


def packed(rows, selected, parts):
    """Longest first, dealt to the parts in turn; each part step after step."""
    order = sorted(range(len(selected)), key=lambda index: -len(rows[selected[index]]))
    result = {"order": [], "inputs": [], "targets": [], "counts": []}
    for part in range(parts):
        mine = order[part::parts]
        result["order"] += mine
        counts = []
        for time in range(max((len(rows[selected[i]]) - 1 for i in mine), default=0)):
            living = [rows[selected[i]] for i in mine if time + 1 < len(rows[selected[i]])]
            result["inputs"] += [row[time] for row in living]
            result["targets"] += [row[time + 1] for row in living]
            counts.append(len(living))
        result["counts"].append(counts)
    return result


rows = [[1, 5, 2], [1, 6, 7, 8, 2], [1, 9, 10, 2], [1, 11, 12, 13, 14, 2], [1, 2], [1, 5, 6, 2], [1, 7, 2]]
selected = [3, 0, 1, 2, 6, 5, 4]
scores, bias = numbers(6, 7), numbers(7)
out = {
    "affine": entry(affine, {"x": numbers(3, 5), "weight": numbers(4, 5), "bias": numbers(4)}, (3, 4)),
    "step": entry(step, {"x": numbers(3, 5), "h": numbers(3, 4), "input_weight": numbers(5, 4),
                         "hidden_weight": numbers(4, 4), "bias": numbers(4)}, (3, 4)),
    "sequence": entry(sequence, {"contributions": numbers(9, 4), "initial": numbers(3, 4), "hidden_weight": numbers(4, 4)},
                      (9, 4), {"counts": COUNTS}.items()),
    "embedding": entry(embedding, {"table": numbers(6, 3)}, (7, 3), {"tokens": WORDS}.items()),
    "loss": {"inputs": {"scores": scores, "bias": bias}, "targets": TARGETS, "ignored": IGNORED, "scale": SCALE,
             "loss": float(np.real(loss(scores, bias))), "gradients": gradients(loss, {"scores": scores, "bias": bias}, SCALE)},
    "batch": {"rows": rows, "selected": selected, "parts": 3, **packed(rows, selected, 3)},
}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float("%.12g" % value) if isinstance(value, float) else value


path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layer_vectors.json")
with open(path, "w") as file:
    file.write("{\n" + ",\n".join('"%s": %s' % (key, json.dumps(plain(value))) for key, value in out.items()) + "\n}\n")
print(path, os.path.getsize(path))
