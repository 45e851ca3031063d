"""Makes Tests/References/archives: the same three files in a stored, a deflated and a zip64 archive.

usage: python3 Tests/References/make_archives.py
"""
import pathlib
import zipfile

folder = pathlib.Path(__file__).parent / "archives"
folder.mkdir(exist_ok=True)
contents = {
    "train/": b"",
    "train/empty.txt": b"",
    "train/numbers.bin": bytes(i * 7 % 251 for i in range(3000)),
    "train/words.txt": b"a man on a horse\n" * 40,
}

for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED), ("wide", zipfile.ZIP_STORED)):
    if name == "wide":
        # Everything counts as too large for 32 bits, so that the zip64 records are written.
        zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = 0
    with zipfile.ZipFile(folder / f"{name}.zip", "w", method) as archive:
        if name == "stored":
            archive.comment = b"a comment"
        for path, data in contents.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data, method)
