#!/usr/bin/env bash
# Makes the virtual environment FOLDER, unless there is one that will do, and installs virtscan with EXTRAS into it.
#
#   packaging/virtual-environment.sh FOLDER [EXTRAS]
#
# Every version comes from constraints.txt, also those of the tools that build libvirt-python.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
folder=$1
extras=${2:+[$2]}

python=$("$here/find-python.sh")
version() { "$1" -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null; }

if [ "$(version "$folder/bin/python")" != "$(version "$python")" ]; then
  echo "Making a virtual environment in $folder with $("$python" --version)" >&2
  "$python" -m venv --clear "$folder"
fi

export PIP_CONSTRAINT=$here/constraints.txt
export PIP_BUILD_CONSTRAINT=$here/constraints.txt # pip 25.3 and later build with these alone
export PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_NO_INPUT=1
export PIP_ROOT_USER_ACTION=ignore
echo "Installing virtscan$extras with the versions of packaging/constraints.txt" >&2
"$folder/bin/python" -m pip --quiet install --editable "$here/..$extras" </dev/null
