#!/usr/bin/env bash
# The nights of try-night.sh, within its container: prints the result and the mail of each, and ends with 1 if one is wrong.
set -euo pipefail
box=/var/mail/root
folder=/etc/virtscan

of() { systemctl show --value --property "$2" "$1"; }
mails() { grep -c '^From ' "$box" 2>/dev/null || true; }

# Waits until the unit has ended once more than at the time TIME: ended UNIT TIME.
ended() {
  local tries=600
  while [ "$(of "$1" InactiveEnterTimestampMonotonic)" = "$2" ] || [ "$(of "$1" ActiveState)" = activating ]; do
    tries=$((tries - 1))
    if [ "$tries" = 0 ]; then
      echo "$1 has not ended" && journalctl --no-pager --lines 30
      exit 1
    fi
    sleep 0.1
  done
}

# Passes a night: night NAME EXPECTED-RESULT EXPECTED-CODE EXPECTED-MAILS
night() {
  local before run mail got
  before=$(mails)
  run=$(of virtscan.service InactiveEnterTimestampMonotonic)
  mail=$(of virtscan-mail@virtscan.service InactiveEnterTimestampMonotonic)
  systemctl restart virtscan.timer
  ended virtscan.service "$run"
  ended virtscan-mail@virtscan.service "$mail"
  for _ in $(seq 100); do
    if mailq | grep -q 'queue is empty'; then break; fi
    sleep 0.1
  done
  got="$(of virtscan.service Result) $(of virtscan.service ExecMainStatus) $(($(mails) - before))"
  echo "$1: $got (result, exit code, mails)"
  if [ "$got" != "$2 $3 $4" ] || [ "$(of virtscan-mail@virtscan.service Result)" != success ]; then
    echo "expected: $2 $3 $4" && journalctl --no-pager --lines 60
    exit 1
  fi
  if [ "$4" = 1 ]; then grep '^Subject: ' "$box" | tail -n 1 | sed 's/^/  /'; fi
}

night "first night" exit-code 1 1
night "nothing new" success 0 0
mv "$folder/hv2" "$folder/away"
night "a hypervisor is away" success 3 1
night "it is still away" success 3 0
mv "$folder/away" "$folder/hv2"
night "it is back" success 3 1
sed -e 's/web01/web02/; s/000000000002/000000000009/; s/00:00:02/00:00:09/' "$folder/hv1/web01.xml" >"$folder/hv1/web02.xml"
night "a VM at risk is new" exit-code 1 1
sed -i 's/offload = "on"/offload = "off"/' "$folder/virtscan.toml"
night "its server's offload is off" success 0 1
printf '[[waiver]]\ndomain = "iso*"\nreason = "boots from ISO"\nuntil = %s\n' "$(date -d '+3 days' +%F)" >>"$folder/virtscan.toml"
night "a waiver will end" success 0 1
mkdir /etc/systemd/system/virtscan.service.d
printf '[Service]\nEnvironment=PYTHONHOME=/nowhere\n' >/etc/systemd/system/virtscan.service.d/broken.conf
systemctl daemon-reload
night "a Python that can't start" exit-code 1 1
rm -r /etc/systemd/system/virtscan.service.d
systemctl daemon-reload
night "nothing new" success 0 0

echo "the first mail:"
sed -n '/^Subject: /,/^From /p' "$box" | sed '1!{/^From /,$d}' | sed 's/^/  /'
stat --format '%A %U %n' /var/lib/virtscan /var/lib/virtscan/history.sqlite
echo "all nights are as they must be"
