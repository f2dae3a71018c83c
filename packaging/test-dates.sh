#!/usr/bin/env bash
# Runs the tests on another date: on a copy in build/ whose files are 400 days old, with the clock 1,100 days ahead.
#
#   packaging/test-dates.sh PYTHON [OPTION OF PYTEST]...
#
# DAYS is another number of days to go ahead, or back when negative.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
python=$PWD/$1
shift
days=${DAYS:-1100}
clock=$PWD/build/another-day.so
copy=$PWD/build/another-day

rm -rf "$copy"
mkdir -p "$copy"
gcc -shared -fPIC -O2 -Wall -Wextra -Werror "-DDAYS=($days)" -o "$clock" tests/harness/another_day.c
tar -c --exclude=./build --exclude=./.git --exclude='./.*cache' --exclude=./.hypothesis --exclude=./.venv \
  --exclude=__pycache__ . | tar -x -C "$copy"
ln -s "$PWD/.venv" "$copy/.venv"
find "$copy" -exec touch --no-dereference --date='400 days ago' {} +

VIRTSCAN_SHARED=$(realpath -m "${VIRTSCAN_SHARED:-../shared}")
export VIRTSCAN_SHARED PYTHONPATH=$copy
before=$(date +%s)
export LD_PRELOAD=$clock
moved=$((($("$python" -c 'import time; print(int(time.time()))') - before) / 86400))
if [ "$moved" -ne "$days" ]; then
  echo "$python: the preloaded clock is $moved days ahead instead of $days; use a Python that is linked to libc" >&2
  exit 1
fi
cd "$copy"
exec "$python" -m pytest -p no:cacheprovider "$@"
