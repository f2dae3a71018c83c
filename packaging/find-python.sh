#!/usr/bin/env bash
# Prints the Python to use: PYTHON if that is set, else the first on PATH that virtscan runs on.
set -euo pipefail

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

if [ -n "${PYTHON:-}" ]; then
  if ! command -v "$PYTHON" >/dev/null; then
    echo "PYTHON=$PYTHON: no such program" >&2
    exit 1
  elif ! supported "$PYTHON"; then
    echo "PYTHON=$PYTHON is $("$PYTHON" --version 2>&1); virtscan runs on Python 3.11 to 3.14" >&2
    exit 1
  fi
  command -v "$PYTHON"
  exit
fi

for name in python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null && supported "$name"; then
    command -v "$name"
    exit
  fi
done
echo "virtscan runs on Python 3.11 to 3.14, and none of them is on PATH: install one, or name it with PYTHON=…" >&2
exit 1
