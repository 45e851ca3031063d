"""Compares the ledger of an images cache with what Pillow says of the same files: decoded or not.

usage: python3 Tests/References/check_verdicts.py cache/run/images.h5 FOLDER
needs: h5py, Pillow 13

Differences that are known and meant, over the odd files of ../shared/data/odd_jpegs:

  file                        Pillow 13   here       why
  jpeg_lossless_sel1-8bit     decodes     skipped    lossless JPEG needs libjpeg-turbo 3; Debian 12 has 2.1.5
  jpg-size-6x6                decodes     skipped    a PNG under the name .jpg, which Pillow opens by its content
  id_000831_…src_000903       refuses     recovered  a whole picture, then a second frame header that is cut short;
                                                     libjpeg-turbo 3 refuses that, 2.1.5 has no need to look at it
"""
import sys
import warnings

import h5py
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
EXPECTED = ("jpeg_lossless_sel1-8bit", "jpg-size-6x6", "id_000831_sync_jpeg9_src_000903")
cache, folder = h5py.File(sys.argv[1], "r"), sys.argv[2]
names, statuses, reasons = (cache[f"ledger/{key}"].asstr()[:] for key in ("file_names", "statuses", "reasons"))

unexplained = 0
for name, status, reason in zip(names, statuses, reasons):
    try:
        with Image.open(f"{folder}/{name}") as image:
            # Pillow itself only warns up to twice its own limit.
            if image.width * image.height > Image.MAX_IMAGE_PIXELS:
                raise ValueError("more pixels than Image.MAX_IMAGE_PIXELS")
            ImageOps.exif_transpose(image).convert("RGB")
        pillow = ""
    except Exception as error:
        pillow = str(error)
    if (status == "skipped") != bool(pillow):
        explained = any(part in name for part in EXPECTED)
        unexplained += not explained
        print(f"{'known' if explained else 'WRONG'}  {name}: {status} {reason!r}; Pillow: {pillow or 'decodes'}")
print(f"{len(names)} files, {sum(statuses == 'skipped')} skipped, {sum(statuses == 'recovered')} recovered, {unexplained} unexplained")
sys.exit(unexplained > 0)
