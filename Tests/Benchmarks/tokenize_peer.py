"""Captions to tokens with orjson and a loop, as a Python user writes it well. usage: tokenize_peer.py JSON OUTPUT"""
import collections
import string
import sys

import h5py
import numpy
import orjson

with open(sys.argv[1], "rb") as file:
    annotations = orjson.loads(file.read())["annotations"]
drop = str.maketrans("", "", string.punctuation)
texts = [one["caption"].lower().translate(drop).split() for one in annotations]
counts = collections.Counter(word for words in texts for word in words)
frequent = sorted(counts, key=lambda word: (-counts[word], word))[:860]
vocabulary = ["<NULL>", "<START>", "<END>", "<UNK>"] + frequent
index = {word: number for number, word in enumerate(vocabulary)}
tokens = numpy.zeros((len(texts), 17), numpy.int32)
for row, words in zip(tokens, texts):
    line = [1] + [index.get(word, 3) for word in words[:15]] + [2]
    row[:len(line)] = line
with h5py.File(sys.argv[2], "w") as file:
    file["tokens"], file["vocabulary"] = tokens, vocabulary
    file["image_ids"] = numpy.array([one["image_id"] for one in annotations])
