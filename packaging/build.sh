#!/usr/bin/env bash
# Builds what users install, into dist/: the sdist, the wheel, a .pyz for one Python, a .deb for Debian 13 and later.
#
#   packaging/build.sh PYTHON sdist|wheel|pyz|deb...
#
# PYTHON has the extra `packages` installed (build, shiv). The .deb is built with the system's Python and packages.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
python=$1
shift
export PIP_CONSTRAINT=$PWD/packaging/constraints.txt PIP_BUILD_CONSTRAINT=$PWD/packaging/constraints.txt
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' virtscan/__init__.py)
mkdir -p dist build

pyz() {
  local built_for
  built_for=$("$python" -c 'import platform, sys; print("cp{}{}-{}".format(*sys.version_info[:2], platform.machine()))')
  sed "s/@BUILT_FOR@/$built_for/" packaging/pyz-preamble.py >build/preamble.py
  "$python" -m shiv --reproducible --python '/usr/bin/env python3' --preamble build/preamble.py \
    --entry-point virtscan.__main__:main --output-file "dist/virtscan-$version-$built_for.pyz" \
    "${PWD}[foreman,history,reports]"
}

deb() {
  local tree
  # dh-python of Debian 12 does not know msgspec: it would omit the dependency silently.
  if ! dpkg --compare-versions "$(dpkg-query -W -f '${Version}' python3-msgspec 2>/dev/null || echo 0)" ge 0.19; then
    echo "the .deb needs python3-msgspec 0.19, which Debian has from 13 on; use the .pyz here" >&2
    return 1
  fi
  tree=$(mktemp -d)/virtscan-$version
  mkdir "$tree"
  tar -x --strip-components 1 -C "$tree" -f "dist/virtscan-$version.tar.gz"
  cp -r packaging/debian "$tree/debian"
  printf 'virtscan (%s) unstable; urgency=medium\n\n  * See /usr/share/doc/virtscan/CHANGELOG.md.\n\n -- %s  %s\n' \
    "$version" 'virtscan maintainers <virtscan@packages.invalid>' "$(date -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")" \
    >"$tree/debian/changelog"
  printf '%s\n' CHANGELOG.md README.md docs >"$tree/debian/virtscan.docs"
  printf 'packaging/%s\n' cron prometheus systemd >"$tree/debian/virtscan.examples"
  (cd "$tree" && dpkg-buildpackage --build=binary --no-sign)
  cp "$tree"/../*.deb dist/
  rm -rf "${tree%/*}"
}

for kind; do
  case $kind in
    sdist | wheel) "$python" -m build "--$kind" --outdir dist . >/dev/null ;;
    pyz | deb) "$kind" ;;
    *)
      echo "usage: $0 PYTHON sdist|wheel|pyz|deb..." >&2
      exit 2
      ;;
  esac
done
