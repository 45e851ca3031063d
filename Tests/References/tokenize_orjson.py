"""The peer that tokenize-captions is measured against: orjson and a loop, as a careful user would write it.

usage: python3 Tests/References/tokenize_orjson.py captions.json OUT.npz
needs: orjson, numpy
"""
import collections
import resource
import string
import sys
import time

import numpy as np
import orjson

began = time.perf_counter()
REMOVE = str.maketrans("", "", string.punctuation)
with open(sys.argv[1], "rb") as file:
    content = orjson.loads(file.read())
annotations = content["annotations"]
parsed = time.perf_counter()
split = [a["caption"].lower().translate(REMOVE).split() for a in annotations]
counts = collections.Counter()
for words in split:
    counts.update(words)
ranked = sorted(counts, key=lambda word: (-counts[word], word))
vocabulary = ["<NULL>", "<START>", "<END>", "<UNK>"] + ranked[:860]
tokens = {word: token for token, word in enumerate(vocabulary)}
rows = np.zeros((len(split), 17), np.int32)
for index, words in enumerate(split):
    body = [1] + [tokens.get(word, 3) for word in words[:15]] + [2]
    rows[index, : len(body)] = body
positions = {image["id"]: row for row, image in enumerate(content["images"])}
image_row = np.array([positions[a["image_id"]] for a in annotations], np.int32)
caption_ids = np.array([a["id"] for a in annotations], np.int64)
np.savez(sys.argv[2], tokens=rows, image_row=image_row, caption_ids=caption_ids, vocabulary=vocabulary)
ended = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"{ended - began:.3f} s ({parsed - began:.3f} s of it orjson), {peak / 1024:.0f} MiB, {len(rows)} captions")
