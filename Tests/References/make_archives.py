"""Makes Tests/References/archives: the same three files in a stored and a deflated archive, and the same with zip64's records.

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

for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED), ("wide", zipfile.ZIP_STORED),
                     ("wide-deflated", zipfile.ZIP_DEFLATED)):
    if name.startswith("wide"):
        # Everything counts as too large for 32 bits, so that the zip64 records are written.
        zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = 0
    with zipfile.ZipFile(folder / f"{name}.zip", "w", method) as archive:
        if name == "stored":
            archive.comment = b"a comment"
        for path, data in contents.items():
            # Packed, an empty file has two bytes, which writestr does not foresee.
            if name == "wide-deflated":
                if path.endswith("/"):
                    continue
                entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
                entry.compress_type = method
                with archive.open(entry, "w", force_zip64=True) as file:
                    file.write(data)
            else:
                archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data, method)
