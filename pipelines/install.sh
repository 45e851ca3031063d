# Sourced by demo.sh and Tests/run.sh: installs the C libraries that are missing, says so, and does nothing where all are there.
missing=()
for package in libhdf5-dev libjpeg62-turbo-dev libopenblas0 zlib1g-dev; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  echo "== Installing ${missing[*]} with apt-get =="
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
fi
command -v swift >/dev/null || { echo "swift is not on the PATH: install Swift 6.3 from swift.org" >&2; exit 1; }
