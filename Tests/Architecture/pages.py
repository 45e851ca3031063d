"""Looks that what the pages name is there: files, tests, types and their members, options, rooms, and the picture of the floors.

    python3 Tests/Architecture/pages.py               # one line for each name that leads nowhere; exit code 1
    python3 Tests/Architecture/pages.py --self-test   # plants a wrong name of each kind: each must be found

In backticks and links of README.md, CONTRIBUTING.md, docs/*.md, cache/README.md and Tests/*/README.md:

- `Sources/Data/Images/Fit.swift`, `Images/Fit.swift` or `Fit.swift` is a file or a folder of ours; FLOOR, ROOM, MODULE and NAME stand for any;
- `FitTests` and `FitTests.squares` are a suite and a test of it (`.squares`: of the suite named before it on the line);
- `ImageReader.read` is a type and a member of it, `ImageReader` a type, `forEachIndex(…)` a function;
- `--captions-per-image` is an option of a stage or of a script.

In docs/architecture.md's numbered tables a word such as `pack` stands in one of the files that its line names.
"""
import functools
import os
import pathlib
import re
import sys

import floors

ROOT = floors.ROOT
PAGES = ["README.md", "CONTRIBUTING.md", "cache/README.md"]
# Names of others, which look like ours.
FOREIGN = {
    "TransformerDecoderLayer", "ImageNet", "SkylakeX", "OpenBLAS", "JSONDecoder", "MobileNetV2", "LayerNorm", "PyTorch",
    "README.md", "hdf5.h", "InternalImportsByDefault", "FoundationEssentials",
}


@functools.cache
def files():
    """Every file of the working copy, without git's and the build's folders."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        found += [(pathlib.Path(folder) / name).relative_to(ROOT).as_posix() for name in names]
    return sorted(found)


@functools.cache
def places():
    """Files and folders."""
    found = set(files())
    for name in files():
        found.update(parent.as_posix() for parent in pathlib.PurePosixPath(name).parents)
    return sorted(found - {"."})


@functools.cache
def text(*endings):
    """All our code, one string."""
    wanted = [name for name in files() if name.endswith(endings) and not name.startswith((".", "Tests/Architecture/"))]
    return "\n".join((ROOT / name).read_text(errors="replace") for name in wanted)


@functools.cache
def type_text(name):
    """The files that declare or extend a Swift type; empty where none does."""
    pattern = re.compile(r"\b(?:struct|class|enum|protocol|actor|extension|typealias) (?:\w+\.)*%s\b" % re.escape(name))
    contents = ((ROOT / path).read_text() for path in files() if path.endswith(".swift"))
    return "\n".join(content for content in contents if pattern.search(content))


def matching(word):
    """The places that a path may mean: from the root, or by its last parts."""
    word = word.removeprefix("./").rstrip("/")
    pattern = "[^/]*".join(re.escape(part) for part in re.split(r"\*|FLOOR|ROOM|MODULE|NAME", word))
    ending = "" if pathlib.PurePosixPath(word).suffix else r"(\.\w+)?"
    whole = re.compile(r"(?:.*/)?" + pattern + ending)
    return [place for place in places() if whole.fullmatch(place)]


def names_a_place(word):
    """Whether a word means a file or folder of this repository, and not one of a user's."""
    if re.search(r"[\s<>{}$:=~,|\"'…]", word) or word.startswith(("/", "-", "..")) or word in FOREIGN:
        return False
    if word.startswith("cache/"):
        return word == "cache/README.md"
    first, slash, rest = word.removeprefix("./").partition("/")
    ours = {pathlib.PurePosixPath(place).parts[0] for place in places()} - {"cache"}
    rooms = {room for floor in floors.floors() for room in floors.rooms(floor)} | set(floors.floors())
    if slash and (first in ours or first in rooms):
        return True
    return not slash and bool(re.fullmatch(r"[\w.+*-]+\.(swift|c|h|py|sh)", word))


def problem(word, suite):
    """What is wrong with a word in backticks, or None; and the suite that following `.tests` belong to."""
    if word in FOREIGN:
        return None, suite
    if names_a_place(word):
        return (None if matching(word) else "no such file or folder"), suite
    if match := re.fullmatch(r"(\w+Tests)(?:\.(\w+))?", word):
        suite, test = match.groups()
        content = type_text(suite)
        if not content:  # a target's folder is a suite, too
            return (None if any(place.endswith("/" + suite) for place in places()) else "no such suite"), suite
        if test and not re.search(r"\b(?:func|let|var) %s\b" % test, content):
            return "no such test", suite
        return None, suite
    if (match := re.fullmatch(r"\.(\w+)", word)) and suite:
        return (None if re.search(r"\bfunc %s\b" % match[1], type_text(suite)) else f"no such test in {suite}"), suite
    if (match := re.fullmatch(r"([A-Z]\w*[a-z]\w*)\.([a-z]\w*)(?:\(.*\))?", word)):
        content = type_text(match[1])
        if not content:
            return "no such type", suite
        member = r"\b(?:func|var|let|case) (?:[\w, ]*, )?%s\b|\(.*\b%s\b.*\) = |\b%s\b.*: \w+" % ((match[2],) * 3)
        return (None if match[2] == "init" or re.search(member, content) else f"{match[1]} has no such member"), suite
    if match := re.fullmatch(r"(\w+)\([^)]*\)", word):
        return (None if re.search(r"\b%s[(<]" % match[1], text(".swift", ".c", ".h", ".py")) else "no such function"), suite
    if re.fullmatch(r"[A-Z]+[a-z]+\w*[A-Z]\w*", word):
        return (None if re.search(r"\b%s\b" % word, text(".swift", ".c", ".h", ".py")) else "is nowhere in the code"), suite
    if match := re.fullmatch(r"--([a-z][a-z0-9-]+)(?: .*)?", word):
        camel = re.sub(r"-(\w)", lambda m: m[1].upper(), match[1])
        return (None if re.search(r"\bvar %s\b|--%s\b" % (camel, match[1]), text(".swift", ".py", ".sh")) else "no such option"), suite
    return None, suite


def read(page, planted=""):
    """Every word in backticks, every link and every path in a block of commands, with its line."""
    block = None
    for number, line in enumerate(((ROOT / page).read_text() + planted).split("\n"), 1):
        if line.startswith("```"):
            block = None if block is not None else line[3:]
            continue
        if block is not None:
            if block == "sh":
                for word in line.partition("#")[0].split():
                    word = word.split("=")[-1]
                    if names_a_place(word):
                        yield number, "word", word
            continue
        yield number, "line", ""
        for word in re.findall(r"`([^`]+)`", line):
            yield number, "word", word
        for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", line):
            target = (target[0] or target[1]).partition("#")[0]
            if target and "://" not in target:
                yield number, "link", target


def check_names(page, planted=""):
    suite = None
    for number, kind, word in read(page, planted):
        if kind == "line":
            suite = None
        elif kind == "link":
            if not ((ROOT / page).parent / word).exists():
                yield f"{page}:{number}: {word}: the link leads nowhere"
        else:
            wrong, suite = problem(word, suite)
            if wrong:
                yield f"{page}:{number}: {word}: {wrong}"


def check_steps(planted=""):
    """The numbered lines of docs/architecture.md: what a file is said to do, it names."""
    for number, line in enumerate(((ROOT / "docs/architecture.md").read_text() + planted).split("\n"), 1):
        if not re.match(r"\| \d+ \|", line):
            continue
        words = re.findall(r"`([^`]+)`", line)
        named = [place for word in words if names_a_place(word) for place in matching(word)]
        content = "\n".join((ROOT / place).read_text(errors="replace") for place in named if (ROOT / place).is_file())
        for word in words:
            if re.fullmatch(r"[a-z]\w*", word) and not re.search(r"\b%s\b" % word, content):
                yield f"docs/architecture.md:{number}: {word}: is in none of the line's files"


def check_rooms(planted=""):
    """Each room has its line in the table of its floor in docs/architecture.md, and each line its room."""
    page = (ROOT / "docs/architecture.md").read_text() + planted
    listed = re.findall(r"^\| (\w+) \| `([\w-]+)` \|", page, re.MULTILINE)
    there = [(floor, room) for floor in floors.floors() for room in floors.rooms(floor)]
    for floor, room in there:
        if listed.count((floor, room)) != 1:
            yield f"docs/architecture.md: the room {floor}/{room} has {listed.count((floor, room))} lines, not one"
    for floor, room in listed:
        if (floor, room) not in there:
            yield f"docs/architecture.md: there is no room {floor}/{room}"


def check_picture():
    if (ROOT / floors.PICTURE).read_text() != floors.draw():
        yield f"{floors.PICTURE}: is not of this house any more; draw it again: python3 Tests/Architecture/floors.py"


def check_figures():
    """README's lines of figures stand in docs/performance.md too."""
    def lines(page):
        return (ROOT / page).read_text().partition("<!-- figures -->\n")[2].partition("<!-- end of figures -->")[0].splitlines()
    there = lines("docs/performance.md")
    if not lines("README.md"):
        yield "README.md: has no figures"
    for line in lines("README.md"):
        if line not in there:
            yield f"README.md: is not in docs/performance.md: {line}"


PLANTS = [
    "`Sources/Data/Images/Nowhere.swift`", "`Images/Nowhere`", "`Nowhere.swift`", "[a page](docs/nowhere.md)", "`NowhereTests`",
    "`JoiningTests.nowhere`", "`JoiningTests`, `.nowhere`", "`ImageReader.nowhere`", "`NoSuchThing`", "`nowhere()`", "`--nowhere`",
    "```sh\n./Tests/nowhere.sh\n```",
]


def main():
    pages = PAGES + sorted(
        path.relative_to(ROOT).as_posix() for pattern in ["docs/*.md", "Tests/*/README.md", "pipelines/*.md"] for path in ROOT.glob(pattern))
    if "--self-test" in sys.argv[1:]:
        missed = [plant for plant in PLANTS
                  if len(list(check_names("README.md", "\n" + plant + "\n"))) <= len(list(check_names("README.md")))]
        for check, plant in [(check_rooms, "| Data | `Nowhere` | |"), (check_steps, "| 1 | `Layers/Affine.swift` | `nowhere` |")]:
            if len(list(check("\n" + plant + "\n"))) <= len(list(check())):
                missed.append(plant)
        for plant in missed:
            print(f"pages.py: does not find the planted {plant}")
        return 1 if missed else 0
    problems = [line for page in pages for line in check_names(page)]
    problems += list(check_steps()) + list(check_rooms()) + list(check_picture()) + list(check_figures())
    for line in problems:
        print(line)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
