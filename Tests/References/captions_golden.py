"""Makes captions_golden.json (words of odd texts; vocabulary and rows of generated captions) and, given annotation files, prints the
SHA-256 of their rows and vocabulary: the goldens of CaptionsTests.

usage: python3 Tests/References/captions_golden.py [train=captions.json val=captions.json]
needs: numpy, h5py (through tokenize_reference)
"""
import collections
import hashlib
import json
import os
import random
import sys
import unicodedata

from tokenize_reference import rows, vocabulary, words

ODD = [
    "", " ", "...", "A", "A dog.", "a  b\tc\nd\re\x0bf\x0cg\x1ch\x1di\x1ej\x1fk", "T-shirt, close-up; don't (you)?",
    "under_score #1 50% $3 a/b a\\b ~x^y `z` {w} [v] <u> =t +s @r |q! \"p\" *o&n:m", "\x00 null \x07bell\x7fdel",
    "Café NAÏVE Ünïcode", "cafe\u0301 CAFE\u0301", "“curly” ‘quotes’ — dash – en… ellipsis", "no\u00a0break thin\u2009space ideo\u3000graphic",
    "line\u2028sep para\u2029sep next\x85line zero\u200bwidth", "İstanbul ISTANBUL ıstanbul", "ΟΔΟΣ ΟΔΟΣ. Σ ΣΑ ΑΣ ΑΣΑ ΑΣ'Α ΑΣ\u0301",
    "STRASSE straße ẞ", "日本語 の キャプション", "emoji 😀 👩‍👩‍👧 dog😀cat", "ǅ ǆ Ǆ ﬁ ﬀ", "Ⅷ ⅷ Ⓐ ⓐ", "Ａｂｃ", "Привет МИР", "ԱՐԵՎ Ⴀ Ა Ꭰ",
    "x" * 300 + " " + "Y" * 700 + "é", "12345678 123456789 1234567 abcdefgh abcdefghi abcdefghij abcdefgh abcdefghX",
]


def generated():
    random.seed(7)
    nouns = ["dog", "cat", "man", "woman", "t-shirt", "frisbee", "skateboarder", "motorcyclists", "café", "Zürich", "ÅNGSTRÖM"]
    links = ["on", "with", "in front of", "next to", "and", "under", "a", "the"]
    return [
        " ".join(random.choice(nouns if k % 2 else links) for k in range(random.randint(0, 24))).capitalize() + random.choice([".", " .", "", "!\n"])
        for _ in range(300)
    ]


captions = generated()
golden = {
    "unicode": unicodedata.unidata_version,
    "words": [{"text": text, "words": words(text)} for text in ODD],
    "captions": captions,
}
entries = vocabulary(captions, 20)
golden["vocabulary"] = entries
golden["rows"] = rows(captions, {word: token for token, word in enumerate(entries)}, 12).tolist()
with open(os.path.join(os.path.dirname(__file__), "captions_golden.json"), "w") as file:
    json.dump(golden, file, ensure_ascii=True, separators=(",", ":"))
    file.write("\n")

if len(sys.argv) > 1:
    parts = [[a["caption"] for a in json.load(open(a.split("=", 1)[1]))["annotations"]] for a in sys.argv[1:]]
    entries = vocabulary(parts[0], 864)
    tokens = {word: token for token, word in enumerate(entries)}
    every = rows([caption for part in parts for caption in part], tokens, 17)
    print("rows      ", hashlib.sha256(every.astype("<i4").tobytes()).hexdigest())
    print("vocabulary", hashlib.sha256("\n".join(entries).encode()).hexdigest())
    for part in parts:
        counts = collections.Counter(word for caption in part for word in words(caption))
        lost = {word: count for word, count in counts.items() if word not in tokens}
        top = sorted(lost, key=lambda word: (-lost[word], word))[:3]
        print(
            len(part), sum(counts.values()), sum(lost.values()), len(counts), len(counts) - len(lost),
            sum(len(words(caption)) > 15 for caption in part), [(word, lost[word]) for word in top])
