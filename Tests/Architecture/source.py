"""Swift and C as far as the check has to read them: what is code, what is imported, what is included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


class Unreadable(Exception):
    """A file that can't be told apart into code and text; `line` says where."""

    def __init__(self, line: int, problem: str):
        super().__init__(problem)
        self.line, self.problem = line, problem


@dataclass(frozen=True)
class Import:
    module: str
    line: int
    exported: bool = False
    testable: bool = False
    # `canImport(MODULE)`: true or false by what was built before, where MODULE is not declared.
    conditional: bool = False


@dataclass(frozen=True)
class Include:
    header: str
    line: int
    quoted: bool


def line_of(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def masked(text: str) -> str:
    """`text` with comments and the insides of string literals blanked. Interpolations stay, and so does every line's number."""
    kept: list[str] = []
    end = _code(text, 0, kept, interpolation=False)
    kept.append(text[end:])
    return "".join(kept)


_BEGINNING = re.compile(r'//|/\*|(#*)("""|")|[()]')


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _code(text: str, start: int, kept: list[str], interpolation: bool) -> int:
    """Copies code from `start` to the end, or to the parenthesis that closes the interpolation, and returns the place after it."""
    place, depth = start, 1
    while found := _BEGINNING.search(text, place):
        token = found.group()
        kept.append(text[place : found.start()])
        if token == "//":
            end = text.find("\n", found.start())
            place = len(text) if end < 0 else end
            kept.append(_blank(text[found.start() : place]))
        elif token == "/*":
            place = _comment(text, found.start())
            kept.append(_blank(text[found.start() : place]))
        elif token in "()":
            kept.append(token)
            place = found.end()
            depth += 1 if token == "(" else -1
            if interpolation and depth == 0:
                return place
        else:
            kept.append(_blank(token))
            place = _string(text, found.end(), found.group(1), found.group(2), kept)
    if interpolation:
        raise Unreadable(line_of(text, start), "an interpolation that does not end")
    kept.append(text[place:])
    return len(text)


def _comment(text: str, start: int) -> int:
    depth = 0
    for found in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    raise Unreadable(line_of(text, start), "a comment that does not end")


def _string(text: str, start: int, hashes: str, quotes: str, kept: list[str]) -> int:
    escape = re.escape("\\" + hashes)
    inside = re.compile(rf"{escape}(\(|.)|{quotes}{hashes}" + ("" if quotes == '"""' else r"|\n"), re.DOTALL)
    place = start
    while found := inside.search(text, place):
        kept.append(_blank(text[place : found.end()]))
        place = found.end()
        if found.group(1) == "(":
            place = _code(text, place, kept, interpolation=True)
        elif found.group() == "\n":
            break
        elif not found.group(1):
            return place
    raise Unreadable(line_of(text, start), "a string that does not end")


_IMPORT = re.compile(
    r"(?:^|(?<=;))[ \t]*(?P<before>(?:@[\w.]+(?:\([^)]*\))?\s+|(?:public|package|internal|fileprivate|private)\s+)*)"
    r"(?P<import>import)[ \t]+(?:(?:struct|class|enum|protocol|typealias|func|var|let|actor|macro)[ \t]+)?`?(?P<module>\w+)",
    re.MULTILINE)
_CAN_IMPORT = re.compile(r"\bcanImport\s*\(\s*(\w+)")


def imports(code: str) -> list[Import]:
    """What masked Swift imports. A line that says `import` and is not understood raises: nothing is skipped in silence."""
    found, understood = [], set()
    for match in _IMPORT.finditer(code):
        understood.add(match.start("import"))
        before = match["before"]
        found.append(Import(
            match["module"], line_of(code, match.start("import")), exported="@_exported" in before,
            testable="@testable" in before or "@_spi" in before))
    for match in re.finditer(r"(?<![\w.`])import(?=\s)", code):
        if match.start() not in understood:
            raise Unreadable(line_of(code, match.start()), "an import that is not understood")
    return found + [
        Import(match[1], line_of(code, match.start()), conditional=True) for match in _CAN_IMPORT.finditer(code)]


def includes(text: str) -> list[Include]:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", lambda match: _blank(match.group()), text, flags=re.DOTALL)
    return [
        Include(match[3], line_of(code, match.start(1)), match[2] == '"')
        for match in re.finditer(r'^[ \t]*(#)[ \t]*(?:include|import|include_next)[ \t]*([<"])([^>"\n]+)[>"]', code, re.MULTILINE)]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
