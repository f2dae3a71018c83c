#!/usr/bin/env bash
# Builds what users install and tries each: installed as a user would, it scans libvirt's test driver and reports.
#
#   packaging/try-packages.sh PYTHON [--core]
#
# With --core the wheel, the sdist and the .pyz are tried in virtual environments. Without it also pip, pipx and the
# .deb in clean roots of Debian, made by debootstrap in build/roots; that needs root and takes some minutes.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
python=$1
core=${2-}
export PIP_CONSTRAINT=$PWD/packaging/constraints.txt PIP_BUILD_CONSTRAINT=$PWD/packaging/constraints.txt
scratch=$(mktemp -d)
mounted=()
clean() {
  local place
  for place in "${mounted[@]}"; do umount "$place"; done
  rm -rf "$scratch"
}
trap clean EXIT

say() { printf '=== %s\n' "$*"; }

# Commands that must work after every way to install; the arguments run virtscan.
works() {
  "$@" --version
  "$@" scan -c test:///default --save "$scratch/fleet.json"
  "$@" report "$scratch/fleet.json" --view domains --format csv | grep -qw test
  "$@" report "$scratch/fleet.json" --format html="$scratch/page.html" --format xlsx="$scratch/fleet.xlsx"
  grep -q '<script' "$scratch/page.html"
}

# The same without libvirt's Python binding.
without_binding() {
  local code=0
  "$@" report "$scratch/fleet.json" --format html="$scratch/page.html" --format xlsx="$scratch/fleet.xlsx"
  mkdir "$scratch/definitions"
  echo '<domain><name>web01</name></domain>' >"$scratch/definitions/web01.xml"
  "$@" scan --xml "$scratch/definitions" --view domains --format csv | grep -qw web01
  "$@" scan -c test:///default >"$scratch/said" || code=$?
  cat "$scratch/said"
  [ "$code" -eq 5 ] && grep -q "libvirt-python (python3-libvirt)" "$scratch/said"
}

environment() {
  "$python" -m venv "$scratch/$1"
  "$scratch/$1/bin/python" -m pip --quiet install --disable-pip-version-check "${@:2}"
}

rm -rf dist
say "building the sdist, the wheel and the .pyz"
packaging/build.sh "$python" sdist wheel pyz

say "wheel, by pip"
environment wheel "$(echo dist/*.whl)[reports]"
works "$scratch/wheel/bin/virtscan"
works "$scratch/wheel/bin/python" -m virtscan

say "wheel, with the oldest libraries that it allows; those of Debian 13 are not much newer"
sed -n 's/^ *"\([A-Za-z0-9-]*\)>=\([0-9.]*\)".*/\1==\2/p' pyproject.toml >"$scratch/oldest.txt"
PIP_CONSTRAINT=$scratch/oldest.txt environment oldest "$(echo dist/*.whl)[history,reports]"
works "$scratch/oldest/bin/virtscan"
"$scratch/oldest/bin/virtscan" scan -q -c test:///default --history "sqlite:///$scratch/history.sqlite" -o "$scratch/report.txt"
"$scratch/oldest/bin/virtscan" history trend --history "sqlite:///$scratch/history.sqlite"
"$scratch/oldest/bin/python" packaging/manual.py man "$scratch/man"

say "wheel, without libvirt's binding: files are read, and a URI is refused in one sentence"
environment files --no-deps dist/*.whl
"$scratch/files/bin/python" -m pip --quiet install --disable-pip-version-check \
  click lxml msgspec tabulate wcwidth jinja2 prometheus-client XlsxWriter
without_binding "$scratch/files/bin/virtscan"

say "sdist, with its tests"
mkdir "$scratch/sdist"
tar -x --strip-components 1 -C "$scratch/sdist" -f dist/*.tar.gz
environment from-sdist "$scratch/sdist[test]"
works "$scratch/from-sdist/bin/virtscan"
(cd "$scratch/sdist" && VIRTSCAN_SHARED=/nowhere "$scratch/from-sdist/bin/python" -m pytest --quiet -p no:cacheprovider \
  tests/config tests/views tests/packaging/test_manual.py)

say ".pyz"
export SHIV_ROOT=$scratch/shiv
works "$python" dist/*.pyz
for other in /usr/bin/python3.[0-9] /usr/bin/python3.[0-9][0-9] "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
  [ -x "$other" ] || continue
  case $("$other" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null) in
    '' | "$("$python" -c 'import sys; print(*sys.version_info[:2])')") continue ;;
  esac
  code=0
  "$other" dist/*.pyz --version 2>"$scratch/said" || code=$?
  if [ "$code" -ne 2 ] || [ "$(wc -l <"$scratch/said")" -ne 1 ]; then
    echo "$other ended with $code:" && cat "$scratch/said"
    exit 1
  fi
  cat "$scratch/said"
  break
done
[ "$core" != --core ] || exit 0

# A clean root of a release, with these packages.
root() {
  local suite=$1 folder=build/roots/$1
  if [ ! -e "$folder.tar" ]; then
    mkdir -p build/roots
    debootstrap --variant=minbase "$suite" "$folder" >"$scratch/log" || { cat "$scratch/log"; return 1; }
    tar -c -C "$folder" -f "$folder.tar" .
    rm -rf "$folder"
  fi
  inside=$scratch/root-$2
  mkdir "$inside"
  tar -x -C "$inside" -f "$folder.tar"
  cp /etc/resolv.conf "$inside/etc/"
  mount -t proc proc "$inside/proc"
  mounted+=("$inside/proc")
  in_root apt-get -qq update
  in_root apt-get -qq install -y --no-install-recommends "${@:3}" >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
}

in_root() { chroot "$inside" env -i DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8 \
  PATH=/root/.local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

works_inside() {
  in_root "$@" --version
  in_root "$@" scan -c test:///default --save /tmp/fleet.json
  in_root "$@" report /tmp/fleet.json --view domains --format csv | grep -qw test
}

say "everything that pip needs, for roots without a way out"
"$python" -m pip --quiet download --dest "$scratch/house" dist/*.whl setuptools wheel
cp dist/*.whl "$scratch/house"
build_tools="gcc libc6-dev python3-dev pkg-config libvirt-dev"

say "pip, in a clean Debian 12"
# shellcheck disable=SC2086 # a list
root bookworm pip python3-venv $build_tools
cp -r "$scratch/house" "$inside/house"
in_root python3 -m venv /venv
in_root /venv/bin/pip --quiet install --no-index --find-links /house virtscan
works_inside /venv/bin/virtscan

say "pipx, in a clean Debian 12"
# shellcheck disable=SC2086
root bookworm pipx pipx python3-venv $build_tools
cp -r "$scratch/house" "$inside/house"
wheel=$(basename dist/*.whl)
in_root pipx install --pip-args='--no-index --find-links /house' "/house/$wheel"
works_inside virtscan

say ".pyz, in a clean Debian 12"
root bookworm pyz python3 libvirt0
cp dist/*.pyz "$inside/tmp/virtscan.pyz"
if [ "$(in_root python3 -c 'import sys; print(*sys.version_info[:2])')" = \
  "$("$python" -c 'import sys; print(*sys.version_info[:2])')" ]; then
  works_inside python3 /tmp/virtscan.pyz
fi

say ".deb, built and looked over in Debian 13"
root trixie build build-essential debhelper dh-python pybuild-plugin-pyproject python3-all python3-click python3-lxml \
  python3-msgspec python3-setuptools python3-tabulate python3-wcwidth lintian
mkdir -p "$inside/src/dist"
tar -x --strip-components 1 -C "$inside/src" -f dist/*.tar.gz
cp dist/*.tar.gz "$inside/src/dist/"
in_root /src/packaging/build.sh python3 deb >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
in_root sh -c 'lintian --fail-on error --tag-display-limit 0 /src/dist/*.deb'
cp "$inside"/src/dist/*.deb dist/

say ".deb, in a clean Debian 13"
root trixie deb ca-certificates
cp dist/*.deb "$inside/tmp/"
in_root sh -c 'apt-get -qq install -y --no-install-recommends /tmp/*.deb' >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
works_inside virtscan
in_root sh -c 'ls /usr/share/man/man1/virtscan-scan.1.gz /usr/share/bash-completion/completions/virtscan'
say "all of them work"
