"""Draws docs/floors.svg, the house: a band for each floor of Package.swift, a box for each room of `Sources`.

    python3 Tests/Architecture/floors.py          # writes docs/floors.svg

Tests/Architecture/pages.py looks that the picture which is committed is the one that would be drawn now.
"""
import pathlib
import re
from html import escape

from rules import OWNERS

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURE = "docs/floors.svg"

# What a floor knows.
KNOWS = {
    "Stages": "options, lines, exit codes",
    "Work": "what each stage does; prints nothing",
    "Models": "parameters, their names, their steps",
    "Data": "the user's nouns",
    "Compute": "numbers",
    "Formats": "other people's bytes, checked",
    "System": "files, threads, text",
}

# The colours of both schemes, so that the picture is read on white and on black.
STYLE = """
    text { font: 13px -apple-system, "Segoe UI", "Liberation Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
    .page { fill: #ffffff; stroke: #d1d9e0 }
    .floor { fill: #f6f8fa; stroke: #d1d9e0 }
    .name { font-weight: 600; font-size: 15px }
    .small { font-size: 11px; fill: #59636e }
    .room { fill: #ffffff; stroke: #8c959f }
    .stage { fill: #ddf4ff; stroke: #0969da }
    .owner { fill: #fff8c5; stroke: #9a6700 }
    .c { fill: #ffebe9; stroke: #cf222e; stroke-dasharray: 4 2 }
    .line { stroke: #59636e; fill: none; stroke-width: 1.5 }
    .head { fill: #59636e }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .page { fill: #0d1117; stroke: #3d444d }
      .floor { fill: #151b23; stroke: #3d444d }
      .small { fill: #9198a1 }
      .room { fill: #212830; stroke: #656c76 }
      .stage { fill: #10253f; stroke: #4493f8 }
      .owner { fill: #33270a; stroke: #d29922 }
      .c { fill: #3a1a1d; stroke: #f85149 }
      .line { stroke: #9198a1 }
      .head { fill: #9198a1 }
    }
"""


def floors():
    """The floors of Package.swift, from the ground up."""
    manifest = (ROOT / "Package.swift").read_text()
    return re.findall(r'case \w+ = "(\w+)"', manifest.split("enum Floor")[1].split("\n}")[0])


def rooms(floor):
    """The folders of a floor, each a module of its own: those in C first, executables last."""
    names = sorted(path.name for path in (ROOT / "Sources" / floor).iterdir() if path.is_dir())
    return sorted(names, key=lambda name: (kind(floor, name) == "stage", kind(floor, name) == "c"))


def kind(floor, room):
    if floor == "Stages" and room[0].islower():
        return "stage"
    if not any((ROOT / "Sources" / floor / room).rglob("*.swift")):
        return "c"
    return "owner" if room in OWNERS else "room"


def draw():
    width, left, gap, height = 960, 252, 8, 28
    body, y = [], 20
    middles = []
    for floor in reversed(floors()):
        boxes, x, row = [], left, 0
        for room in rooms(floor):
            wide = 20 + round(7.3 * len(room))
            if x + wide > width - 32:
                x, row = left, row + 1
            boxes.append((x, row, wide, room))
            x += wide + gap
        high = 24 + (row + 1) * height + row * gap
        middles.append(y + high / 2)
        body.append(f'<rect class="floor" x="44" y="{y}" width="{width - 64}" height="{high}" rx="6"/>')
        body.append(f'<text class="name" x="60" y="{y + 25}">{floor}</text>')
        body.append(f'<text class="small" x="60" y="{y + 42}">{escape(KNOWS.get(floor, ""), quote=False)}</text>')
        for x, row, wide, room in boxes:
            top = y + 12 + row * (height + gap)
            body.append(f'<rect class="{kind(floor, room)}" x="{x}" y="{top}" width="{wide}" height="{height}" rx="4"/>')
            body.append(f'<text x="{x + wide / 2:g}" y="{top + 18.5:g}" text-anchor="middle">{room}</text>')
        y += high + 10
    body.append(f'<path class="line" d="M28 {middles[0]:g}V{middles[-1] - 6:g}"/>')
    body.append(f'<path class="head" d="M22.5 {middles[-1] - 8:g}h11l-5.5 10z"/>')
    body.append(f'<text class="small" transform="translate(21 {(middles[0] + middles[-1]) / 2:g}) rotate(-90)" '
                'text-anchor="middle">imports run down</text>')
    x = left
    for look, words in [("stage", "an executable"), ("room", "a module"), ("owner", "may hold unsafe Swift"), ("c", "C")]:
        body.append(f'<rect class="{look}" x="{x}" y="{y + 4}" width="16" height="16" rx="3"/>')
        body.append(f'<text class="small" x="{x + 22}" y="{y + 16}">{words}</text>')
        x += 46 + 6 * len(words)
    total = y + 32
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" role="img" aria-labelledby="title">',
        '  <title id="title">The floors and rooms of Captioneer: ' + "; ".join(
            f"{floor}: {', '.join(rooms(floor))}" for floor in reversed(floors())) + "</title>",
        f"  <style>{STYLE}  </style>",
        f'  <rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{total - 1}" rx="8"/>',
        *("  " + line for line in body), "</svg>", ""])


if __name__ == "__main__":
    (ROOT / PICTURE).write_text(draw())
