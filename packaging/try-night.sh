#!/usr/bin/env bash
# Passes nights of the real units: a Debian booted by systemd-nspawn, with the service, its timer, its mail and a Postfix.
#
#   packaging/try-night.sh PYTHON
#
# Needs root, debootstrap, systemd-container and, for the first run, an archive of Debian; the root is kept in build/roots.
# PYTHON builds the .pyz that is installed, so it has the version of Python that Debian 12 has.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
python=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
inside=$scratch/root
kept=build/roots/night.tar

say() { printf '=== %s\n' "$*"; }

if [ ! -e "$kept" ]; then
  say "making a root"
  mkdir -p build/roots
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,libvirt0,postfix,bsd-mailx bookworm \
    "$inside" >"$scratch/log" || { cat "$scratch/log" && exit 1; }
  tar -c -C "$inside" -f "$kept.new" . && mv "$kept.new" "$kept"
else
  mkdir "$inside"
  tar -x -C "$inside" -f "$kept"
fi

say "installing, as docs/history.md has it"
rm -f dist/*.pyz
packaging/build.sh "$python" pyz
install -m 755 dist/*.pyz "$inside/usr/bin/virtscan"
units=packaging/systemd
install -m 644 -D "$units/virtscan.sysusers" "$inside/usr/lib/sysusers.d/virtscan.conf"
install -m 644 -t "$inside/etc/systemd/system" "$units"/*.service "$units"/*.timer
install -m 755 -D "$units/mail-journal" "$inside/usr/libexec/virtscan/mail-journal"
systemd-sysusers --root="$inside"
mkdir -p "$inside/etc/virtscan"
"$python" -c 'import sys; from pathlib import Path; from tests.harness.nights import Fleet; Fleet(Path(sys.argv[1]))' \
  "$inside/etc/virtscan"

# A night begins a second after its timer is started; everything else is as installed.
mkdir "$inside/etc/systemd/system/virtscan.timer.d"
printf '[Timer]\nOnCalendar=\nOnActiveSec=1s\nAccuracySec=100ms\nRandomizedDelaySec=0\n' \
  >"$inside/etc/systemd/system/virtscan.timer.d/now.conf"
echo night >"$inside/etc/hostname"
printf 'inet_interfaces = loopback-only\nmydestination = night, localhost\nmyhostname = night\nmyorigin = night\nalias_maps =\n%s\n' \
  $'compatibility_level = 3.6\nappend_dot_mydomain = no' \
  >"$inside/etc/postfix/main.cf"
install -m 755 packaging/nights-inside.sh "$inside/usr/local/bin/nights"
printf '[Unit]\nAfter=multi-user.target postfix.service\n[Service]\nType=oneshot\nExecStart=/usr/local/bin/nights\n%s\n%s\n' \
  'StandardOutput=file:/nights' 'StandardError=inherit' >"$inside/etc/systemd/system/nights.service"
printf 'ExecStopPost=/usr/bin/systemctl --no-block poweroff\n[Install]\nWantedBy=default.target\n' \
  >>"$inside/etc/systemd/system/nights.service"
systemctl --root="$inside" --quiet enable nights.service
systemctl --root="$inside" --quiet mask systemd-resolved.service systemd-networkd-wait-online.service

say "passing the nights"
code=0
timeout --kill-after=10 400 systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$inside" \
  --machine=virtscan-night --boot --console=pipe </dev/null >"$scratch/console" 2>&1 || code=$?
[ ! -e "$inside/nights" ] || cat "$inside/nights"
if [ "$(tail -n 1 "$inside/nights" 2>/dev/null)" != "all nights are as they must be" ]; then
  tail -n 40 "$scratch/console"
  say "failed (systemd-nspawn ended with $code)"
  exit 1
fi
