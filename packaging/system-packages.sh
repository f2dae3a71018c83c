#!/usr/bin/env bash
# Installs the distribution's packages that virtscan is built with (scan), checked with (check), tested with (test) or
# compared with real boots (lab), packaged (packages), or run every night in a container (night).
#
#   packaging/system-packages.sh scan|check|test|lab|packages|night
#
# Changes nothing if all of them are installed. Otherwise installs the missing ones, as root, or through sudo if that
# needs no password; else prints the command to run and ends with 1. PYTHON names the interpreter to build for.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

apt=()
dnf=()

# need APT DNF CHECK...: the packages (several: one word, separated by spaces) unless CHECK succeeds.
need() {
  local for_apt=$1 for_dnf=$2
  shift 2
  "$@" >/dev/null 2>&1 && return
  read -ra for_apt <<<"$for_apt"
  read -ra for_dnf <<<"$for_dnf"
  apt+=("${for_apt[@]}")
  dnf+=("${for_dnf[@]}")
}

# Daemons are in sbin folders, which are not on every user's PATH; RHEL has its only QEMU in libexec.
program() { PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/libexec command -v "$1"; }

any_program() {
  local name
  for name; do program "$name" && return; done
  return 1
}

any_file() {
  local path
  for path; do [ -e "$path" ] && return; done
  return 1
}

libvirt_drivers() {
  local name
  for name; do any_file /usr/lib*/libvirt/connection-driver/"libvirt_driver_$name.so" \
    /usr/lib/*/libvirt/connection-driver/"libvirt_driver_$name.so" || return 1; done
}

python_imports() { "$python" -c "import $1"; }

python_headers() {
  "$python" -c 'import pathlib, sysconfig, sys; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'
}

needed_to_scan() {
  if python=$("$here/find-python.sh" 2>/dev/null); then
    needed_by_python
  elif [ -n "${PYTHON:-}" ]; then
    "$here/find-python.sh" # says what is wrong with it
  elif command -v python3 >/dev/null; then
    # The default one is too old: use the newest that such distributions have beside it.
    apt+=(python3.11 python3.11-venv python3.11-dev)
    dnf+=(python3.12 python3.12-devel)
  else
    apt+=(python3 python3-venv python3-dev)
    dnf+=(python3 python3-devel)
  fi
  # libvirt-python comes as source and is compiled against this machine's libvirt.
  need "gcc libc6-dev" gcc program gcc
  need pkg-config pkgconf-pkg-config program pkg-config
  need libvirt-dev libvirt-devel pkg-config --exists libvirt
  need openssh-client openssh-clients program ssh
  need make make program make
}

needed_by_python() {
  local package
  package=$(basename "$python")
  case $python in
    /usr/bin/* | /bin/*) # Debian splits what belongs to Python; packages are named like the program
      need "$package-venv" "$package" python_imports "ensurepip, venv"
      need "$package-dev" "$package-devel" python_headers
      ;;
    *)
      if ! python_headers; then
        echo "$python has no headers (Python.h), which libvirt-python is compiled with: use another one, PYTHON=…" >&2
        exit 1
      fi
      ;;
  esac
}

needed_to_check() {
  needed_to_scan
  need shellcheck ShellCheck program shellcheck
}

needed_to_test() {
  needed_to_scan
  need openssh-server openssh-server program sshd
  need ethtool ethtool program ethtool
  need shellcheck ShellCheck program shellcheck
  need iproute2 iproute program ip
  need openssl openssl program openssl
  need prometheus "" program promtool
  need tmux tmux program tmux
  need chromium "" any_program chromium chromium-browser
  need libreoffice-calc-nogui libreoffice-calc program soffice
  need file file program file # brings libmagic, which Cobbler needs
  need libvirt-clients libvirt-client program virsh
  need libvirt-daemon libvirt-daemon program libvirtd
  # Some releases have a package for each driver, others one for all but QEMU's: the pattern matches those that exist.
  need "libvirt-daemon-driver-[iqn]*" "libvirt-daemon-driver-qemu libvirt-daemon-driver-network \
    libvirt-daemon-driver-nodedev libvirt-daemon-driver-interface" libvirt_drivers qemu network nodedev interface
  need qemu-system-x86 qemu-kvm any_program qemu-system-x86_64 qemu-kvm
  need ipxe-qemu ipxe-roms-qemu any_file /usr/lib/ipxe/qemu/pxe-virtio.rom /usr/share/qemu/pxe-virtio.rom /usr/share/ipxe
  need systemd systemd program systemd-analyze
  need postgresql postgresql-server any_file /usr/lib/postgresql/*/bin/postgres /usr/bin/postgres
  # Only its nmcli is used, and without it two tests are skipped: too much to install on a user's machine.
  [ -z "${CI:-}" ] || need network-manager NetworkManager program nmcli
}

needed_to_lab() {
  needed_to_test
  need isc-dhcp-server dhcp-server program dhcpd
  need tftpd-hpa tftp-server program in.tftpd
  need dnsmasq-base dnsmasq program dnsmasq
  need tcpdump tcpdump program tcpdump
  need ovmf edk2-ovmf any_file /usr/share/OVMF/OVMF_CODE*.fd /usr/share/edk2/ovmf/OVMF_CODE*.fd
}

needed_to_packages() {
  needed_to_scan
  need debootstrap debootstrap program debootstrap
}

needed_to_night() {
  needed_to_packages
  need systemd-container systemd-container program systemd-nspawn
}

case ${1-} in
  scan | check | test | lab | packages | night) "needed_to_$1" ;;
  *)
    echo "usage: $0 scan|check|test|lab|packages|night" >&2
    exit 2
    ;;
esac

[ ${#apt[@]} -gt 0 ] || exit 0

if command -v apt-get >/dev/null; then
  missing=("${apt[@]}")
  update=(apt-get -qq update)
  install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}")
  by_hand="sudo apt-get update && sudo apt-get install --no-install-recommends$(printf ' %q' "${missing[@]}")"
elif command -v dnf >/dev/null; then
  missing=("${dnf[@]}")
  update=(true)
  # RHEL and its rebuilds have headers in a repository that is disabled by default.
  headers=$(dnf -q repolist --all 2>/dev/null | grep -oE -m 1 '^(crb|powertools|codeready-builder-for-[^ ]*-rpms)( |$)' || true)
  install=(dnf -q -y ${headers:+--enablerepo="${headers% }"} install "${missing[@]}")
  by_hand="sudo dnf ${headers:+--enablerepo=${headers% } }install ${missing[*]}"
else
  echo "virtscan needs what Debian calls: ${apt[*]}" >&2
  echo "This machine has neither apt-get nor dnf: install these yourself, then run make again." >&2
  exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  {
    echo "virtscan needs system packages that are missing here, and only root may install them."
    echo "Run this, then make again:"
    echo
    echo "  $by_hand"
    echo
  } >&2
  exit 1
fi

echo "Installing system packages: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Without this, Debian starts an ssh server the moment it is installed; the tests start their own, on loopback.
if command -v apt-get >/dev/null && [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f "$log"; "${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
  "${as_root[@]}" install -m 755 /dev/stdin /usr/sbin/policy-rc.d <<<$'#!/bin/sh\nexit 101'
fi

if ! { "${as_root[@]}" "${update[@]}" && "${as_root[@]}" "${install[@]}"; } >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  echo "The system's package manager failed (see above); the command was: ${install[*]}" >&2
  exit 1
fi
