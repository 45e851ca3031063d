"""Loads a trained checkpoint into a plain PyTorch copy of the course's model and compares it with what Captioneer did with it.

usage: python3 Tests/References/check_checkpoint.py cache/mine [RESULTS.json LOGITS.safetensors]

Checks that `load_state_dict` takes the file strictly, that the validation loss is the one in log.csv, that greedy captions are those in
RESULTS.json (caption-images --split val --results), and that the logits are those in LOGITS.safetensors (caption-images --logits) to 1e-5
of their largest value.
needs: torch, h5py, numpy, safetensors
"""
import csv
import json
import sys

import h5py
import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

torch.set_num_threads(2)
folder = sys.argv[1]


class WordEmbedding(nn.Module):
    def __init__(self, words, size):
        super().__init__()
        self.W_embed = nn.Parameter(torch.zeros(words, size))

    def forward(self, tokens):
        return self.W_embed[tokens]


class RNN(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.Wx = nn.Parameter(torch.zeros(size, hidden))
        self.Wh = nn.Parameter(torch.zeros(hidden, hidden))
        self.b = nn.Parameter(torch.zeros(hidden))

    def step(self, x, h):
        return torch.tanh(x @ self.Wx + h @ self.Wh + self.b)


class CaptioningRNN(nn.Module):
    def __init__(self, words, inputs, size, hidden):
        super().__init__()
        self.featureProjector = nn.Linear(inputs, hidden)
        self.wordEmbedding = WordEmbedding(words, size)
        self.rnnNetwork = RNN(size, hidden)
        self.outProjector = nn.Linear(hidden, words)

    def forward(self, features, tokens):
        h = self.featureProjector(features)
        scores = []
        for x in self.wordEmbedding(tokens).unbind(1):
            h = self.rnnNetwork.step(x, h)
            scores.append(self.outProjector(h))
        return torch.stack(scores, 1)


state = load_file(f"{folder}/captioner/captioner.safetensors")
words, size = state["wordEmbedding.W_embed"].shape
hidden, inputs = state["featureProjector.weight"].shape
model = CaptioningRNN(words, inputs, size, hidden)
model.load_state_dict(state, strict=True)
model.eval()
print(f"ok    load_state_dict: {words} words, {inputs} features, hidden {hidden}")

with h5py.File(f"{folder}/features.h5") as file:
    pooled = torch.from_numpy(file["pooled"][:].astype(np.float32))
    row_of = {int(i): n for n, i in enumerate(file["image_ids"][:])}
    split, names = file["split"][:], list(file.attrs["splits"])
    image_ids = file["image_ids"][:]
with h5py.File(f"{folder}/captions.h5") as file:
    tokens = torch.from_numpy(file["tokens"][:].astype(np.int64))
    rows = [row_of.get(int(i), -1) for i in file["image_ids"][:][file["image_row"][:]]]
    held = (file["caption_split"][:] == names.index("val")) & (np.array(rows) >= 0)
    vocabulary = file["vocabulary"].asstr()[:]

failures = 0
with torch.no_grad():
    total, count = 0.0, int(held.sum())
    mine, at = tokens[torch.from_numpy(held)], torch.tensor(rows)[torch.from_numpy(held)]
    scores = model(pooled[at], mine[:, :-1])
    loss = functional.cross_entropy(scores.transpose(1, 2), mine[:, 1:], ignore_index=0, reduction="sum").item() / count
with open(f"{folder}/captioner/log.csv") as file:
    logged = float(list(csv.DictReader(file))[-1]["validation_loss"])
wrong = abs(loss - logged) / loss > 1e-5
failures += wrong
print(f"{'WRONG' if wrong else 'ok   '} validation loss: PyTorch {loss:.6f}, log.csv {logged:.6f}")

if len(sys.argv) > 2:
    results = {r["image_id"]: r["caption"] for r in json.load(open(sys.argv[2]))}
    at = np.flatnonzero(split == names.index("val"))
    with torch.no_grad():
        h = model.featureProjector(pooled[at])
        word = torch.ones(len(at), dtype=torch.long)
        out = []
        for _ in range(15):
            h = model.rnnNetwork.step(model.wordEmbedding(word), h)
            word = model.outProjector(h).argmax(1)
            out.append(word)
    same = 0
    for row, n in zip(torch.stack(out, 1).tolist(), at):
        row = row[: row.index(2)] if 2 in row else row
        same += " ".join(vocabulary[w] for w in row if w > 1) == results[int(image_ids[n])]
    failures += same != len(at)
    print(f"{'ok   ' if same == len(at) else 'WRONG'} greedy captions: {same} of {len(at)} word for word")

if len(sys.argv) > 3:
    ours = load_file(sys.argv[3])
    with torch.no_grad():
        theirs = model(ours["features"], ours["tokens"].long())
    off = ((ours["logits"] - theirs).abs().max() / theirs.abs().max()).item()
    failures += off > 1e-5
    print(f"{'ok   ' if off <= 1e-5 else 'WRONG'} logits: largest difference {off:.2e} of the largest value")

sys.exit(1 if failures else 0)
