"""Writes captioner_training.json: losses, gradients and 20 Adam steps of the course's model in PyTorch, small, in float64 and float32.

usage: python3 Tests/References/captioner_training.py
needs: torch 2.x
"""
import json
import os

import torch
from torch import nn
from torch.nn import functional

torch.manual_seed(5)
FEATURES, WORDS, SIZE, HIDDEN, WIDTH, CAPTIONS, BATCH = 12, 23, 7, 10, 9, 40, 9


class WordEmbedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.W_embed = nn.Parameter(torch.randn(WORDS, SIZE) / WORDS**0.5)

    def forward(self, tokens):
        return self.W_embed[tokens]


class RNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(SIZE, HIDDEN) / SIZE**0.5)
        self.Wh = nn.Parameter(torch.randn(HIDDEN, HIDDEN) / HIDDEN**0.5)
        self.b = nn.Parameter(0.1 * torch.randn(HIDDEN))

    def forward(self, x, h):
        return torch.tanh(x @ self.Wx + h @ self.Wh + self.b)


class CaptioningRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.featureProjector = nn.Linear(FEATURES, HIDDEN)
        self.wordEmbedding = WordEmbedding()
        self.rnnNetwork = RNN()
        self.outProjector = nn.Linear(HIDDEN, WORDS)

    def forward(self, features, tokens):
        h = self.featureProjector(features)
        scores = []
        for x in self.wordEmbedding(tokens).unbind(1):
            h = self.rnnNetwork(x, h)
            scores.append(self.outProjector(h))
        return torch.stack(scores, 1)

    def loss(self, features, tokens):
        # The masked loop: padded steps are computed and ignored.
        scores = self(features, tokens[:, :-1])
        return functional.cross_entropy(
            scores.transpose(1, 2), tokens[:, 1:], ignore_index=0, reduction="sum") / len(tokens)


lengths = torch.randint(3, WIDTH + 1, (CAPTIONS,))
tokens = torch.zeros(CAPTIONS, WIDTH, dtype=torch.long)
for row, length in enumerate(lengths.tolist()):
    tokens[row, 0] = 1
    tokens[row, 1 : length - 1] = torch.randint(3, WORDS, (length - 2,))
    tokens[row, length - 1] = 2
features = torch.rand(CAPTIONS, FEATURES)
model = CaptioningRNN()
flat = lambda t: [float(x) for x in t.detach().flatten()]
out = {
    "sizes": {"features": FEATURES, "words": WORDS, "word_vector": SIZE, "hidden": HIDDEN, "width": WIDTH, "batch": BATCH},
    "tokens": tokens.tolist(), "lengths": lengths.tolist(), "features": flat(features),
    "parameters": {n: {"shape": list(p.shape), "values": flat(p)} for n, p in model.named_parameters()},
}
exact = CaptioningRNN().double()
exact.load_state_dict({n: p.double() for n, p in model.state_dict().items()})
loss = exact.loss(features[:BATCH].double(), tokens[:BATCH])
loss.backward()
out["loss"] = loss.item()
out["gradients"] = {n: flat(p.grad) for n, p in exact.named_parameters()}
out["logits"] = flat(exact(features[:BATCH].double(), tokens[:BATCH, :-1]))

for name, clip in (("adam_losses", None), ("clipped_losses", 0.5)):
    run = CaptioningRNN()
    run.load_state_dict(model.state_dict())
    optimizer = torch.optim.Adam(run.parameters(), lr=1e-2)
    losses = []
    for step in range(20):
        rows = [(step * BATCH + i) % CAPTIONS for i in range(BATCH)]
        optimizer.zero_grad()
        loss = run.loss(features[rows], tokens[rows])
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(run.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    out[name] = losses

# A model that learnt when to stop, so that rows end at different times.
model = run
for step in range(200):
    optimizer.zero_grad()
    run.loss(features, tokens).backward()
    optimizer.step()
out["trained"] = {n: flat(p) for n, p in model.named_parameters()}
with torch.no_grad():
    h = model.featureProjector(features)
    word = torch.ones(CAPTIONS, dtype=torch.long)
    said = []
    for _ in range(15):
        h = model.rnnNetwork(model.wordEmbedding(word), h)
        word = model.outProjector(h).argmax(1)
        said.append(word)
rows = torch.stack(said, 1).tolist()
out["greedy"] = [row[: row.index(2)] if 2 in row else row for row in rows]

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "captioner_training.json")
with open(path, "w") as file:
    json.dump(out, file, separators=(",", ":"))
print(path, os.path.getsize(path), out["adam_losses"][0], out["adam_losses"][-1], [len(r) for r in out["greedy"]])
