"""The captions of SOURCE FACTOR times under other ids, into PATH.

usage: large_captions.py SOURCE FACTOR PATH
A process of its own: what the driver holds would count as memory of the processes that it starts."""
import gzip
import json
import sys

source, factor, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with gzip.open(source, "rt") if source.endswith(".gz") else open(source) as file:
    content = json.load(file)
images, annotations = content["images"], content["annotations"]
content["images"] = [dict(one, id=one["id"] + 10**7 * copy, file_name="%d_%s" % (copy, one["file_name"]))
                     for copy in range(factor) for one in images]
content["annotations"] = [dict(one, id=one["id"] + 10**7 * copy, image_id=one["image_id"] + 10**7 * copy)
                          for copy in range(factor) for one in annotations]
with open(path, "w") as file:
    json.dump(content, file)
