#!/usr/bin/env bash
# Makes a virtual environment FOLDER with a Cobbler that tests can start, unless it is there.
#
#   packaging/cobblerd.sh FOLDER
#
# Only tests/provisioning/cobbler/test_cobblerd.py needs it. Where Cobbler can't be installed, a message is printed, and
# the exit code is 0.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
folder=$1

cmp -s "$here/cobbler.txt" "$folder/installed.txt" && exit

echo "Installing the Cobbler of packaging/cobbler.txt for the tests" >&2
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
pip() { "$folder/bin/python" -m pip --quiet "$@" </dev/null; }
if "$("$here/find-python.sh")" -m venv --clear "$folder" &&
  pip install --constraint "$here/constraints.txt" setuptools wheel &&
  pip install --no-deps --no-build-isolation --requirement "$here/cobbler.txt"; then
  cp "$here/cobbler.txt" "$folder/installed.txt"
else
  echo "Cobbler can't be installed (see above): tests against a real one will be skipped" >&2
fi
