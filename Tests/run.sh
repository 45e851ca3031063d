#!/bin/sh
# Installs what is missing and runs every check: formatting, then the whole test suite.
#
# usage: ./Tests/run.sh [options of swift test, such as --filter StageTests]
#
# The suite runs the stages' executables, so it is built in release: the tests then take a fraction of the time, and
# they try what users run. CAPTIONEER_KILLS=20 kills the stages at more moments than the usual few.
set -eu
cd "$(dirname "$0")/.."

missing=""
for package in libhdf5-dev libjpeg62-turbo-dev libopenblas-dev zlib1g-dev; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then missing="$missing $package"; fi
done
if [ -n "$missing" ]; then
  sudo=""
  if [ "$(id -u)" -ne 0 ]; then sudo="sudo"; fi
  echo "run.sh: installing$missing" >&2
  $sudo apt-get update -qq
  # shellcheck disable=SC2086 # one word for each package
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

echo "run.sh: formatting" >&2
swift format lint --strict --recursive --parallel Sources Tests Package.swift

echo "run.sh: tests" >&2
exec swift test -c release -Xswiftc -enable-testing "$@"
