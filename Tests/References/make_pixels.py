"""Makes Tests/References/jpegs: tiny JPEGs of odd kinds and sizes, and the pixels that Pillow makes of them.

usage: python3 Tests/References/make_pixels.py
needs: numpy, Pillow 13 (earlier versions always resample across before down, which shows in the last bit of tall pictures)

Writes NAME.jpg, and pixels.json: for each case the file, size, fit, resampling (exact where it is not said) and the hexadecimal digits of Pillow's u8 [3, size, size].
"""
import json
import pathlib

import numpy as np
from PIL import Image, ImageOps

folder = pathlib.Path(__file__).parent / "jpegs"
folder.mkdir(exist_ok=True)
random = np.random.default_rng(7)


def picture(width, height, channels=3):
    """Smooth colours with some noise, so that files are small and every filter tap counts."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / (5 + 2 * c) + y / (9 - 2 * c) + c) for c in range(channels)]
    pixels = np.stack(planes, -1) + random.normal(0, 12, (height, width, channels))
    return np.clip(pixels, 0, 255).astype(np.uint8).squeeze()


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data.tobytes()


def save(name, pixels, mode=None, **options):
    Image.fromarray(pixels, mode).save(folder / f"{name}.jpg", quality=options.pop("quality", 85), **options)


save("rgb444", picture(57, 43), subsampling=0)
save("rgb420", picture(61, 38), subsampling=2)
save("rgb422", picture(33, 47), subsampling=1)
save("progressive", picture(30, 170), progressive=True)
save("restarts", picture(49, 33), restart_marker_blocks=2)
save("gray", picture(45, 31, 1))
save("cmyk", picture(37, 29, 4), "CMYK")
save("tall", picture(19, 90), subsampling=0)
save("wide", picture(97, 9), subsampling=0)
save("dot", picture(1, 1).reshape(1, 1, 3))
for orientation in range(2, 9):
    save(f"turned{orientation}", picture(23, 14), exif=exif(orientation), subsampling=0)

# Broken ones: what Pillow refuses must be refused.
whole = (folder / "rgb444.jpg").read_bytes()
(folder / "cut.jpg").write_bytes(whole[: len(whole) * 2 // 3])
(folder / "noise.jpg").write_bytes(bytes(random.integers(0, 256, 300, dtype=np.uint8)))
(folder / "header.jpg").write_bytes(whole[:200])
huge = bytearray(whole)
at = huge.index(b"\xff\xc0")
huge[at + 5 : at + 9] = b"\xff\xff\xff\xff"
(folder / "huge.jpg").write_bytes(bytes(huge))

# Turned ones that are resampled down first as the file lies, and across first: what comes first is decided by the upright picture.
for orientation in range(2, 9):
    save(f"tall{orientation}", picture(11, 60), exif=exif(orientation), subsampling=0)
    save(f"wide{orientation}", picture(60, 11), exif=exif(orientation), subsampling=0, progressive=True)

cases = []
for path in sorted(folder.glob("*.jpg")):
    try:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    except Exception as error:  # Pillow raises whatever it likes
        cases.append({"file": path.name, "error": str(error).split(" <_io")[0].split(" '")[0]})
        continue
    wanted = [(16, "stretch")]
    if path.stem in ("rgb420", "tall", "wide", "turned6"):
        wanted += [(16, "crop"), (16, "pad"), (7, "stretch")]
    if path.stem[:-1] in ("tall", "wide"):
        wanted = [(16, "stretch"), (9, "crop"), (12, "pad")]
    if path.stem == "rgb420":
        wanted.append((64, "stretch"))
    for size, fit in wanted:
        shape = (size, size)
        if fit == "stretch":
            result = image.resize(shape, Image.Resampling.BILINEAR)
        elif fit == "crop":
            result = ImageOps.fit(image, shape, Image.Resampling.BILINEAR)
        else:
            result = ImageOps.pad(image, shape, Image.Resampling.BILINEAR)
        pixels = np.ascontiguousarray(np.asarray(result).transpose(2, 0, 1))
        cases.append({"file": path.name, "size": size, "fit": fit, "pixels": pixels.tobytes().hex()})

# Fast ones: the largest of 1/8, 1/4 and 1/2 at which the short side is at least 95 % of the output's. 38 rows are just 95 % of 4 × 10.
for name, size, denominator in [("rgb420", 10, 4), ("rgb420", 11, 2), ("rgb444", 11, 4), ("rgb422", 4, 8), ("rgb422", 40, 1)]:
    image = Image.open(folder / f"{name}.jpg")
    width, height = image.size
    if denominator > 1:
        image.draft("RGB", (width // denominator, height // denominator))
        assert image.size == (-(-width // denominator), -(-height // denominator))
    # Of the last column and row only a part is picture.
    box = (0, 0, width / denominator, height / denominator)
    result = image.resize((size, size), Image.Resampling.BILINEAR, box)
    pixels = np.ascontiguousarray(np.asarray(result).transpose(2, 0, 1))
    cases.append({"file": f"{name}.jpg", "size": size, "fit": "stretch", "resampling": "fast", "pixels": pixels.tobytes().hex()})

# One case a line.
text = ",\n".join(json.dumps(case) for case in cases)
(folder / "pixels.json").write_text(f"[\n{text}\n]\n")
print(f"{len(cases)} cases, {sum(p.stat().st_size for p in folder.iterdir())} bytes")
