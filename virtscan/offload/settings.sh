# Looks for lasting settings. It uses `say`, `body` and `$root` of the script that it is a part of.
# shellcheck shell=sh disable=SC1007,SC1087,SC2012,SC2013,SC2015,SC2034,SC2046,SC2086,SC2125,SC2154,SC2317
settings() {
    blank='[[:space:]]*'
    # Commands that switch offload, or that give a device another name or network namespace.
    relevant="ethtool|offload|(^|[^a-z])ip .*set .*[[:space:]](name|netns)[[:space:]]|nameif|ifrename"
    owner=$(owned "$root/")
    owner=${owner%% *}
    local_scripts=$(mention "$root"/usr/local/sbin/* "$root"/usr/local/bin/*)
    profiles
    interfaces
    hooks
    udev
    cron
    units
    kernel
    missing
    others
}

profiles() {
    more='driver|path|kernel-command-line|uuid|slave-type|port|parent|peer|duplex|method|address|gateway'
    # Options of a bond or a bridge.
    more="$more|[a-z]+_|mode|miimon|updelay|downdelay|primary|active-slave|[a-z]+-(delay|time|age|mask|address)"
    more="$more|stp|priority|multicast-|vlan"
    # Options at whose invalid values it refuses a profile.
    more="$more|id$blank=$blank\$|mdns|llmnr|dns|multi-connect|mud-url|mptcp-flags|wake-on-lan|s390-|generate-|link-local"
    more="$more|token|addr-gen-mode|dhcp-(hostname-flags|iaid|duid|fqdn|reject-servers)"
    # NetworkManager refuses a profile with a line without an equals sign.
    filter=paired
    lines "^$blank(\?$|\[|interface-name|mac-address|type|autoconnect|feature-tx|master|controller|permissions|$more)" \
        "$root"/etc/NetworkManager/system-connections "$root"/run/NetworkManager/system-connections \
        "$root"/usr/lib/NetworkManager/system-connections
    filter=
    for folder in etc run usr/lib; do
        lines "^$blank(\[|plugins|managed|unmanaged-devices|path|allowed-connections)" \
            "$root/$folder"/NetworkManager/NetworkManager.conf "$root/$folder"/NetworkManager/conf.d/*.conf
        for file in "$root/$folder"/NetworkManager/system-connections/*; do
            if [ -f "$file" ]; then exposure "$file"; fi
        done
    done
    lines "^$blank(export$blank)?(DEVICE|HWADDR|LLADDR|ONBOOT|NM_CONTROLLED|STARTMODE|MASTER|TEAM_MASTER|BRIDGE|OVS_BRIDGE|ETHTOOL_OPT[A-Za-z0-9_]*)\+?=" \
        "$root"/etc/sysconfig/network-scripts/ifcfg-* "$root"/etc/sysconfig/network/ifcfg-*
    match='OriginalName|MACAddress|PermanentMACAddress|Path|Driver|Type|Kind|Property|Host|Virtualization'
    match="$match|KernelCommandLine|KernelVersion|Credential|Architecture|Firmware"
    for folder in etc run usr/local/lib usr/lib lib; do
        lines "^$blank(\[|($match|TransmitChecksumOffload|Name)$blank=)" "$root/$folder"/systemd/network/*.link \
            "$root/$folder"/systemd/network/*.link.d/*.conf
    done
    filter=planned
    lines . "$root"/etc/netplan "$root"/run/netplan "$root"/lib/netplan "$root"/usr/lib/netplan
    filter=
}

# The keys of netplan that matter. Valid addresses, routes and search domains are left out, and any other line is a
# question mark: netplan refuses all files if it does not understand one line.
planned() {
    keys='macaddress|name|driver|set-name|match|mtu|wakeonlan|[a-z0-9-]*-offload'
    keys="$keys|version|renderer|dhcp4|dhcp6|optional|critical|accept-ra"
    ip='"?[0-9a-fA-F.:]+(/[0-9]+)?"?'
    tail='[[:space:]]*(#.*)?$'
    sed -E -e '/^[[:space:]]*$/d' -e "\\~^ *([^ :]+:$tail|($keys):)|transmit-checksum-offload|ethtool[.]feature-tx~b" \
        -e "\\~^ *- *($ip|[A-Za-z0-9.-]+)$tail~d" \
        -e "\\~^ *(addresses|search): *\\[[0-9A-Za-z.:/, \"'-]*]$tail~d" \
        -e "\\~^ *(- )?(to|via|gateway4|gateway6): *(\"?default\"?|$ip)$tail~d" -e "\\~^ *metric: *[0-9]+$tail~d" \
        -e 's/.*/?/'
}

# Lines of sections, of keys with values, and others as a question mark.
paired() { sed -e "/^$blank\\[.*\\]$blank\$/b" -e '/[^=].*=/b' -e '/^[[:space:]]*$/b' -e 's/.*/?/'; }

interfaces() {
    files= included=$root/etc/network/interfaces
    source='s/^[[:space:]]*source\(-directory\)\{0,1\}[[:space:]]//p'
    for level in 1 2 3 4 5 6; do
        files="$files $included" found=
        for file in $included; do
            set -f
            for word in $(joined "$file" 2>/dev/null | sed -n "$source"); do
                case $word in /*) word=$root$word ;; *) word=${file%/*}/$word ;; esac
                if [ -d "$word" ]; then word=$word/*; fi
                found="$found $word"
            done
            set +f
        done
        included=$(printf '%s\n' $found | sort -u)
    done
    files=$(printf '%s\n' $files "$root"/etc/network/interfaces.d/* | sort -u)
    calls=
    called $files
    understood='iface|auto|allow-|no-|mapping|source|offload-|tx-offload|bond[-_]slaves|slaves|bridge[-_]ports|template'
    wanted="$relevant$(naming)"
    own=$(cat $files 2>/dev/null | sed -nE "s~^${blank}iface[[:space:]]+([A-Za-z0-9_.-]+).*~\\1~p" |
        sort -u | sed 's/\./\\./g' | tr '\n' '|')
    filter=shortened
    lines . $files
    filter=
    closed "$root"/etc/network/interfaces.d
    lines "^${blank}addon_scripts_support$blank=" "$root"/etc/network/ifupdown2/*.conf
    lines . "$root"/etc/default/networking
    scripts "$root"/etc/network/if-pre-up.d "$root"/etc/network/if-up.d
}

# Interfaces files without the words of commands that switch no offload, and without values of options. The success of
# commands decides about others, and the place of an option about the file. `ip` fails for a device that is missing.
# After `||`, a bridge is made if it does not exist.
shortened() {
    up="$blank(pre-|post-)?up[[:space:]]+"
    name="$own[$]IFACE"
    verbs='-[46w]|add|addbr|append|change|del|link|netns|replace|route|rule|set|addr|address|[0-9.]+[smhd]?'
    sed -E -e "\\~$wanted~b" -e "s~^($up).*\\|\\|[[:space:]]*(/bin/)?(true|:)$blank\$~\\1true~" -e t \
        -e "s~^($up).*\\|\\|$blank(brctl[[:space:]]+addbr[[:space:]]+($name))$blank\$~\\1\\3~" -e t \
        -e "s~^($up)([^[:space:]]*=|[^;&|]*[;&|]).*~\\1several~" -e t \
        -e "\\~^$up[^[:space:]]*ip[[:space:]]+(-[46][[:space:]]+)*(l|link|a|addr|address|r|ro|route|rule)[[:space:]]~b" \
        -e "s~^($up[^[:space:]]+([[:space:]]+($verbs|$name))*)([[:space:]].*)?\$~\\1~" -e t \
        -e "\\~^$blank($understood|vlan|rename)~b" -e "s~^($blank[^[:space:]]+[[:space:]]+)[^[:space:]].*~\\1-~"
}

hooks() {
    for folder in "$root"/etc/NetworkManager "$root"/usr/lib/NetworkManager; do
        scripts "$folder"/dispatcher.d "$folder"/dispatcher.d/pre-up.d
    done
    # networkd-dispatcher 2 runs scripts of one mode alone, in folders of the same mode.
    required=rwxr-xr-x
    scripts "$root"/etc/networkd-dispatcher/*.d "$root"/usr/lib/networkd-dispatcher/*.d
    required=
    lines . "$root"/etc/default/networkd-dispatcher
    for folder in "$root"/sbin "$root"/usr/sbin; do
        scripts "$folder"/ifup-local "$folder"/ifup-pre-local
    done
    lines '^$' "$root"/etc/rc.d/rc.local
    scripts "$root"/etc/rc.local "$root"/etc/rc.d/rc.local "$root"/etc/init.d/boot.local \
        "$root"/etc/init.d/after.local "$root"/etc/local.d "$root"/etc/sysconfig/network/if-up.d \
        "$root"/etc/sysconfig/network/scripts
    for file in $(mention "$root"/etc/rc.local "$root"/etc/rc.d/rc.local "$root"/etc/init.d/boot.local \
        "$root"/etc/init.d/after.local); do
        if [ ! -L "$file" ] && ! served "$file"; then say unclear "${file#"$root"}"; fi
    done
    # Of the many scripts of the runlevels only those that matter, for the sake of time.
    set -- "$root"/etc/rc[2-5S].d/S* "$root"/etc/rc.d/rc[2-5].d/S* "$root"/etc/init.d/rc[2-5].d/S*
    calls=
    called "$@"
    wanted="$relevant$(naming)"
    for file; do
        if [ -e "$file" ] && [ ! -r "$file" ]; then say unreadable "${file#"$root"}"; fi
    done
    set -- $(grep -lsE -- "$wanted" "$@" 2>/dev/null)
    for file; do native "$file" || scripts "$file"; done
}

udev() {
    # A list of programs that is set anew, in place of one that is added to.
    run='RUN(\{[a-z]+\})?[[:space:]]*:?='
    calls=
    called "$root"/etc/udev/rules.d/*.rules "$root"/run/udev/rules.d/*.rules
    for file in $(mention "$root"/usr/lib/udev/* "$root"/lib/udev/*); do
        if ! binary "$file"; then
            calls="$calls ${file##*/}"
            whole "$file"
        fi
    done
    naming="NAME[[:space:]]*:?=[^=]$(naming)"
    lines "$run|ethtool|offload|net_setup_link|GOTO|LABEL|last_rule|SYSTEMD_WANTS|NM_UNMANAGED|$naming" \
        "$root"/etc/udev/rules.d "$root"/run/udev/rules.d
    for folder in usr/local/lib usr/lib lib; do
        lines "$run|ethtool|net_setup_link|GOTO|LABEL|last_rule" \
            $(grep -lsE "$relevant|^[^#]*$run" "$root/$folder"/udev/rules.d/*.rules)
    done
}

cron() {
    spool=$root/var/spool/cron
    for folder in "$spool" "$spool"/crontabs "$spool"/tabs; do closed "$folder"; done
    tables="$spool/root $spool/crontabs/root $spool/tabs/root"
    calls=
    called "$root"/etc/crontab "$root"/etc/cron.d/* $tables
    closed "$root"/etc/cron.d
    wanted="$relevant$(naming)"
    # The fields of times, as the cron of Debian takes them; it ignores a table with another line.
    times=
    for field in '[0-5]?[0-9]' '([01]?[0-9]|2[0-3])' '(0?[1-9]|[12][0-9]|3[01])' '(0?[1-9]|1[0-2]|[A-Za-z]{3})' \
        '(0?[0-7]|[A-Za-z]{3})'; do
        field="(\\*|$field(-$field)?)(/[1-9][0-9]*)?"
        times="$times$field(,$field)*[[:space:]]+"
    done
    # cronie takes a dash before them.
    dash=
    for file in "$root"/usr/lib/systemd/system/crond.service "$spool/tabs"; do [ -e "$file" ] && dash=-?; done
    times="$dash(@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)[[:space:]]+|$times)"
    # The cron of Debian ignores a table with a user that does not exist, too.
    known= missing=
    for user in $(sed -nE "s~^$blank$times~ ~p" "$root"/etc/crontab "$root"/etc/cron.d/* 2>/dev/null |
        sed 's/^ *//; s/[[:space:]].*//; s/[^[:alnum:]_.-]/./g' | sort -u); do
        if { echo root && cut -d: -f1 "$root"/etc/passwd; } 2>/dev/null | grep -qxF -- "$user"; then
            known="$known $user"
        else
            missing="$missing|$times$user[[:space:]]"
        fi
    done
    say users
    printf '%s\n' $known | body
    pattern="^$blank[A-Za-z0-9_]+$blank=|^[^#]*($wanted)|^$blank(${missing#|})"
    [ -n "$missing" ] || pattern=${pattern%|*}
    for file in "$root"/etc/crontab "$root"/etc/cron.d/* $tables; do
        if [ ! -r "$file" ] || grep -qE -- "$wanted" "$file"; then
            show "$file"
            attributes "$file"
            user='[^[:space:]]*[[:space:]]+[^[:space:]]'
            case $file in "$spool"/*) user= ;; esac
            if grep -qsvE "^$blank(#.*|[A-Za-z0-9_]+$blank=.*|$times[^[:space:]]$user.*)?\$" "$file" ||
                [ -n "$(tail -c 1 "$file" 2>/dev/null)" ]; then
                say unclear "${file#"$root"}"
            fi
        fi
    done
}

# Words of the kernel's command line, now and at the next boot, that select what systemd starts or the names of NICs.
kernel() {
    if [ -r "$root/proc/cmdline" ]; then
        say kernel now
        selecting <"$root/proc/cmdline" | body
    fi
    loader=$({
        cat "$root/etc/kernel/cmdline"
        sed -n 's/^options[[:space:]]/ /p' "$root"/boot/loader/entries/*.conf
        sed -n 's/^kernelopts=/ /p' "$root"/boot/grub/grubenv "$root"/boot/grub2/grubenv
        for file in "$root"/boot/grub/grub.cfg "$root"/boot/grub2/grub.cfg "$root"/boot/efi/EFI/*/grub.cfg; do
            entries "$file"
        done
    } 2>/dev/null)
    if [ -n "$loader" ]; then
        say kernel loader
        printf '%s\n' "$loader" | selecting | body
    fi
    say kernel defaults
    sed -n "s/^${blank}GRUB_CMDLINE_LINUX\(_DEFAULT\)\{0,1\}=/ /p" "$root"/etc/default/grub "$root"/etc/default/grub.d/*.cfg \
        2>/dev/null | selecting | body
}

selecting() {
    words='systemd\.(unit|mask|wants|run[a-z_]*|volatile|verity)=.*|init=.*|emergency|-b|rescue|single|-?s|S|[1-5]'
    tr '\t "'"'" '\n' | grep -xE -e "$words|(net\.ifnames|biosdevname)=.*" | sort -u
}

# The command lines in grub.cfg without those for recovery; the first one, if that is started.
entries() {
    linux='linux\(16\|efi\)\{0,1\}[[:space:]]\|set[[:space:]]\{1,\}\(default_\)\{0,1\}kernelopts='
    sed "/^${blank}menuentry[[:space:]].*recovery/,/^$blank}/d" "$1" | sed -n "s/^$blank\($linux\)/ /p" |
        if grep -q "^${blank}set[[:space:]]\{1,\}default=\"\{0,1\}0\"\{0,1\}$blank\$" "$1"; then head -n 1; else cat; fi
}

# The paths at which ethtool is not, though it is at another one.
missing() {
    found= absent=
    for path in /bin /sbin /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
        if [ -x "$root$path/ethtool" ]; then found=yes; else absent="$absent $path/ethtool"; fi
    done
    say missing
    if [ -n "$found" ]; then printf '%s\n' $absent | body; fi
}

# Places that are not interpreted; a file there that may concern the setting leaves the outcome open.
others() {
    named=
    if [ -n "$device" ]; then
        named="|(^|[^[:alnum:]_.-])$(printf '%s' "$device" | sed 's/[.+]/\\&/g')([^[:alnum:]_.-]|\$)"
    fi
    tuned
    unclear "$named" "$root"/etc/init "$root"/etc/dhcp/dhclient*-hooks* "$root"/etc/dhcp/dhclient.d \
        "$root"/etc/wicked "$root"/etc/wicked/*
    unclear '' "$root"/etc/modprobe.conf "$root"/etc/modprobe.d "$root"/run/modprobe.d
    # OpenRC, netctl, dhcpcd and cloud-init.
    unclear '' "$root"/etc/conf.d "$root"/etc/runlevels/* "$root"/etc/netctl "$root"/etc/netctl/hooks \
        "$root"/etc/dhcpcd.enter-hook "$root"/etc/dhcpcd.exit-hook "$root"/etc/cloud/cloud.cfg "$root"/etc/cloud/cloud.cfg.d \
        "$root"/var/lib/cloud/scripts/per-boot "$root"/var/lib/cloud/instance/cloud-config.txt
    # What makes or changes any service.
    unclear '' "$root"/etc/systemd/system-generators "$root"/usr/local/lib/systemd/system-generators \
        "$root"/etc/systemd/system/service.d "$root"/run/systemd/system/service.d
    # Other inits, jobs that run soon after the boot, hooks of other programs.
    unclear '' "$root"/etc/inittab "$root"/etc/runit "$root"/etc/runit/runsvdir/default/* "$root"/etc/service/* \
        "$root"/etc/anacrontab "$root"/etc/cron.hourly "$root"/etc/cron.daily "$root"/etc/cron.weekly \
        "$root"/etc/cron.monthly "$root"/etc/ppp/ip-up.d "$root"/etc/libvirt/hooks
    # ETHTOOL_OPTIONS, of which the name is in capitals, is interpreted: scripts beside it are not.
    unclear '' "$root"/etc/sysconfig/network/ifcfg-* "$root"/etc/sysconfig/network/config
    unclear '|tx-offload' "$root"/etc/network/ifupdown2/policy.d "$root"/var/lib/ifupdown2/policy.d
    # The distribution's own scripts mention ethtool, too, but switch no offload.
    for file in $(switching "$root"/etc/sysconfig/network-scripts/ifup* "$root"/etc/rc.d/rc.[!l]* \
        "$root"/etc/sysconfig/network-scripts/network-functions*); do
        say unclear "${file#"$root"}"
    done
}

# Profiles of this machine, and of those of the distribution the active ones with what they include.
tuned() {
    features="$named|^${blank}features$blank="
    # Since 2.23 the folders of profiles can be set.
    folders=$(sed -n "s/^${blank}profile_dirs$blank=//p" "$root"/etc/tuned/tuned-main.conf 2>/dev/null | tr ',' ' ')
    unclear "$features" "$root"/etc/tuned/* "$root"/etc/tuned/profiles/*
    seen=
    set -- $(cat "$root"/etc/tuned/active_profile "$root"/etc/tuned/post_loaded_profile 2>/dev/null)
    while [ $# -gt 0 ]; do
        profile=${1#-}
        profile=${profile##*/}
        shift
        case " $seen " in *" $profile "*) continue ;; esac
        seen="$seen $profile"
        for folder in /usr/lib/tuned /usr/lib/tuned/profiles $folders; do
            unclear "$features" "$root$folder/$profile"
        done
        for folder in /etc/tuned /etc/tuned/profiles /usr/lib/tuned /usr/lib/tuned/profiles $folders; do
            included=$(sed -n "s/^${blank}include$blank=$blank//p" "$root$folder/$profile/tuned.conf" 2>/dev/null)
            set -- "$@" $(printf '%s' "$included" | tr ',;' '  ')
        done
    done
}

unclear() {
    more=$1
    shift
    for place; do
        [ -e "$place" ] || continue
        closed "$place"
        if [ ! -d "$place" ]; then set -- "$place"; else set -- "$place"/*; fi
        for file; do
            if [ ! -f "$file" ]; then continue; fi
            if [ ! -r "$file" ]; then
                say unreadable "${file#"$root"}"
                continue
            fi
            calls=
            called "$file"
            if grep -v "^$blank#" "$file" | grep -qE -- "ethtool|tx-checksum|csum$(naming)$more"; then
                say unclear "${file#"$root"}"
            fi
        done
    done
}

# Services that run ethtool, or a script that does, with what else may start them.
units() {
    services= folders= lasting= fleeting=
    for folder in etc run usr/local/lib usr/lib lib; do
        folder=$root/$folder/systemd/system
        [ -d "$folder" ] || continue
        closed "$folder"
        folders="$folders $folder"
        case $folder in
            "$root"/run/*) fleeting=$folder ;;
            *) lasting="$lasting $folder" ;;
        esac
        services="$services $(mention "$folder"/*.service "$folder"/*.service.d/*.conf)"
        calls=
        called "$folder"/*.service "$folder"/*.service.d/*.conf
        for path in $calls; do
            services="$services $(grep -ls -- "$path" "$folder"/*.service "$folder"/*.service.d/*.conf 2>/dev/null)"
        done
    done
    names=
    for path in $services; do
        name=${path##*/}
        case $path in *.d/*.conf) name=${path%.d/*} name=${name##*/} ;; esac
        name=$(printf '%s' "${name%.service}" | sed 's/[.@+]/\\&/g')
        # A drop-in may be one of an instance, or of all units whose names begin so.
        case $name in *- | *@) name="$name[^/]*" ;; *?@?*) name="$name|${name%%@*}@" ;; esac
        names="$names|$name"
    done
    # The services of this machine that these need.
    for name in $(cat $services 2>/dev/null | sed -n "s/^$blank\(Requires\|Requisite\|BindsTo\)$blank=//p"); do
        if [ -f "$root/etc/systemd/system/$name" ] && [ ! -L "$root/etc/systemd/system/$name" ]; then
            names="$names|$(printf '%s' "${name%.service}" | sed 's/[.@+]/\\&/g')"
        fi
    done
    # What may keep the services that apply settings from their work.
    relied='NetworkManager|NetworkManager-dispatcher|networking|network|wicked|crond?|cronie|fcron|systemd-cron'
    relied="$relied|networkd-dispatcher|systemd-networkd|rc-local"
    for folder in $folders; do
        case ${folder#"$root"} in /lib/* | /usr/lib/*) continue ;; esac
        lines "^$blank(\[|Exec|Condition|Assert|User|DynamicUser|PrivateNetwork|NetworkNamespacePath|Root)" \
            $(printf '%s\n' "$folder"/*.service "$folder"/*.service.d/*.conf | grep -E "/($relied)\.service")
    done
    say wants
    { wants $lasting && if [ -n "$lasting" ]; then runlevels; fi; } | body
    say wants-until-reboot
    wants $fleeting | body
    say aliases
    if [ -n "$lasting" ]; then
        for folder in $lasting; do ls -l "$folder" 2>/dev/null; done |
            sed -n 's:.* \([^ /]*\.service\|default\.target\) -> \(.*/\)\{0,1\}\([^/]*\)$:\1 \3:p' | body
    fi
    started
    [ -n "$names" ] || return 0
    names=${names#|}
    # Targets that not every boot reaches: what wants them decides.
    targets=$(wants $lasting | sed -nE "/\\/($names)\.service\$/s:^([^/]*\.target)\.[a-z]*/.*:\|\1:p" |
        grep -v '^|\(multi-user\|sysinit\|basic\)\.' | sort -u | tr -d '\n')
    keys='Type|BusName|RemainAfterExit|Restart|Timeout|RuntimeMax|User|DynamicUser|RootDirectory|RootImage|PrivateNetwork|NetworkNamespacePath'
    keys="$keys|PrivateUsers|CapabilityBoundingSet|RestrictAddressFamilies|SystemCallFilter|InaccessiblePaths"
    keys="$keys|NoExecPaths|TemporaryFileSystem|JoinsNamespaceOf|Requires|Requisite|BindsTo|Conflicts"
    keys="$keys|Environment|PassEnvironment|WorkingDirectory|Group|SupplementaryGroups|LoadCredential|Standard"
    keys="$keys|ReadWritePaths|ReadOnlyPaths|BindPaths|BindReadOnlyPaths|AppArmorProfile|SELinuxContext|PAMName"
    keys="$keys|After|MountImages|Extension|IPCNamespacePath|SecureBits|Sockets|Job"
    for folder in $folders; do
        lines "^$blank(\[|Exec|Condition|Assert|$keys)" \
            $(printf '%s\n' "$folder"/*.service "$folder"/*.service.d/*.conf | grep -E "/($names)\.service") \
            "$folder"/service.d/*.conf
        wanting="^$blank(Wants|Requires|Requisite|BindsTo|Upholds|OnSuccess|OnFailure|Unit|Conflicts)$blank=.*($names$targets)"
        lines "$wanting" $(grep -lsE "$wanting" "$folder"/*.* "$folder"/*.d/*.conf 2>/dev/null |
            grep -vE "/($names)\.service")
    done
}

# Boot files that start a service, or a script of /etc/init.d, which nothing else starts at boot.
started() {
    entries=$(wants $lasting; runlevels)
    candidates=$names
    for path in $(mention "$root"/etc/init.d/*); do candidates="$candidates|${path##*/}"; done
    idle=
    for name in $(printf '%s' "$candidates" | tr '|' ' '); do
        if ! printf '%s\n' "$entries" | grep -q "/$name\.service\$"; then idle="$idle|$name"; fi
    done
    [ -n "$idle" ] || return 0
    idle="(${idle#|})(\.service|[^[:alnum:]_.-]|\$)"
    starting="systemctl .*start .*$idle|(service|invoke-rc\.d|rc-service) .*$idle.*start"
    commands=
    for folder in $folders; do commands="$commands $folder/*.service $folder/*.service.d/*.conf"; done
    found=$(grep -lsE "^[^#]*($starting)" "$root"/etc/rc.local "$root"/etc/rc.d/rc.local "$root"/etc/crontab \
        "$root"/etc/cron.d/* "$root"/var/spool/cron/root "$root"/var/spool/cron/*/root "$root"/etc/network/interfaces \
        "$root"/etc/network/interfaces.d/* "$root"/etc/network/if-*up.d/* "$root"/etc/udev/rules.d/*.rules \
        "$root"/etc/NetworkManager/dispatcher.d/* "$root"/etc/networkd-dispatcher/*/* "$root"/etc/local.d/* $commands)
    for file in $found; do say unclear "${file#"$root"}"; done
}

# The entries of units' folders.
wants() {
    for folder; do
        for path in "$folder"/*.wants/* "$folder"/*.requires/* "$folder"/*.upholds/*; do
            if [ -c "$path" ]; then continue; fi
            if [ -s "$path" ] || [ -L "$path" ]; then printf '%s\n' "${path#"$folder/"}"; fi
        done
    done
}

# Whether a service names a script, without which systemd does not run it. Its path is set when systemd is built:
# rc-local.service of SUSE runs boot.local, and after.local has had no service since SLES 15.
served() {
    [ -e "$root/usr/lib/systemd/system/basic.target" ] || [ -e "$root/lib/systemd/system/basic.target" ] || return 0
    for folder in etc usr/local/lib usr/lib lib; do
        grep -qsF -- "${1#"$root"}" "$root/$folder"/systemd/system/*.service && return 0
    done
    return 1
}

# Whether systemd has a service of the name of a script, which it starts instead.
native() {
    for folder in etc usr/local/lib usr/lib lib; do
        [ -e "$root/$folder/systemd/system/${1##*/S[0-9][0-9]}.service" ] && return 0
    done
    return 1
}

# The scripts of the runlevels, which systemd starts as services of the same names.
runlevels() {
    for path in "$root"/etc/rc[35S].d/S[0-9][0-9]* "$root"/etc/rc.d/rc[35].d/S[0-9][0-9]*; do
        name=${path##*/S[0-9][0-9]}
        if [ -L "$path" ] && ! native "$path"; then printf 'multi-user.target.wants/%s.service\n' "$name"; fi
    done
}

# Scripts that run at boot, and those in the folders: whole if they run ethtool; else which they call that do.
scripts() {
    for place; do
        if [ -d "$place" ]; then
            closed "$place"
            for file in "$place"/*; do [ -d "$file" ] || replaced "$file" || script "$file"; done
        else
            script "$place"
        fi
    done
}

# Whether a script of the distribution gives way to one of the same name, or to a link to /dev/null.
replaced() { case $1 in "$root"/usr/lib/*) [ -e "$root/etc/${1#"$root/usr/lib/"}" ] ;; *) [ -c "$1" ] ;; esac; }

script() {
    [ -e "$1" ] || return 0
    if [ ! -f "$1" ] || [ ! -r "$1" ]; then
        say unreadable "${1#"$root"}"
        return 0
    fi
    calls=
    called "$1"
    if grep -qE "$relevant" "$1" || { [ -n "$calls" ] && head -n 1 "$1" | grep -qE '^(#!.*sh([[:space:]]|$)|[^#]|#[^!]|$)'; }; then
        if binary "$1"; then say unreadable "${1#"$root"}"; else whole "$1"; fi
        if [ -n "$required" ]; then
            for checked in "$1" "${1%/*}"; do
                case $(owned "$checked") in "$owner $required"*) ;; *x*) say unclear "${1#"$root"}" ;; esac
            done
        fi
    elif [ -n "$calls" ]; then
        attributes "$1"
        say calls "${1#"$root"}"
        printf '%s\n' $calls | body
    fi
}

binary() { case $(head -c 4 "$1" | tr -d '\000') in *ELF) ;; *) return 1 ;; esac; }

# The lines of a file, of which no more than 1000 are sent, apart from blank ones: what follows may be about offload.
content() {
    count=0 open=
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in *[![:space:]]*) count=$((count + 1)) ;; esac
        if [ "$count" -gt 1000 ]; then
            case $1 in */udev/hwdb.bin) ;; *) open=yes ;; esac # a database runs nothing
            break
        fi
        case $line in *' # masked' | *' # masked ethtool') open=yes line=${line%%' # masked'*} ;; esac
        printf ' %s\n' "$line"
    done
    [ -z "$open" ] || say unclear "${1#"$root"}"
}

# A script, without its comments and its secrets.
whole() {
    attributes "$1"
    say file "${1#"$root"}"
    sed '2,$s/^[[:space:]]*#.*//' "$1" | masked | content "$1"
}

attributes() {
    permissions=$(owned "$1")
    # By the mode: root executes what its owner alone may execute, whoever looks.
    case $permissions in *[xst]*) say executable "${1#"$root"}" ;; esac
    case $permissions in
        "$owner "????-??-*) ;;
        *) say foreign "${1#"$root"}" ;;
    esac
}

# NetworkManager ignores a profile that others may read. A copy that was made read-only shows no mode of the machine.
exposure() {
    case ${root:+copy}$(owned "$1") in
        "$owner "???------* | "copy$owner "???------* | "copy$owner r--r--r--"*) ;;
        *) say exposed "${1#"$root"}" ;;
    esac
}

# Who owns a file, and its mode without the type.
owned() {
    ls -ldLn "$1" 2>/dev/null | {
        read -r mode links user rest
        printf '%s %s' "$user" "${mode#?}"
    }
}

# Adds to $calls, and sends, the relevant scripts that these files name: by path, of /usr/local by name, by their
# folder or a pattern (`run-parts /etc/own.d`, `for f in /etc/own.d/*`), or by another script of this machine. One that
# an interpreter reads (`. PATH`, `python3 PATH`) needs no first line.
called() {
    reached=' ' between=
    for level in 1 2 3 4; do
        for candidate; do
            shift
            if [ -r "$candidate" ]; then set -- "$@" "$candidate"; fi
        done
        [ $# -gt 0 ] || break
        sourcing="^\(.*[;&|{([:space:]=\"'@+!-]\)\{0,1\}\(\.\|source\|[a-z/]*sh\|[a-z/]*python[0-9.]*\|[a-z/]*perl\|[a-z/]*ruby\)"
        sourcing="$sourcing[[:space:]]\{1,\}\(-[A-Za-z]*[[:space:]]*\)*[\"']\{0,1\}\(/[A-Za-z0-9_./+@-]*\).*"
        sourced=" $(cat -- "$@" 2>/dev/null | sed -n -e '/^[[:space:]]*#/d' -e "s:$sourcing:\4:p" | tr '\n' ' ') "
        words=$(cat -- "$@" 2>/dev/null | grep -v '^[[:space:]]*#' | tr -c 'A-Za-z0-9_./+@*-' '\n' | sort -u)
        next=
        for path in $(set -f; printf '%s\n' "$words" | grep '^/..*/' | sed 's:/[^/]*\*.*$:/:'; searched); do
            case $reached in *" $path "*) continue ;; esac
            reached="$reached$path "
            if [ -d "$root$path" ]; then held "${path%/}"; else named "$path" "$@"; fi
        done 2>/dev/null
        beside "$@"
        set -- $next
    done
    for path in ${calls:+$between}; do
        found=$(naming)
        if grep -qE -- "${found#|}" "$root$path"; then
            calls="$calls $path"
            whole "$root$path"
        fi
    done
}

# The scripts that these files name in the folder to which they change, or in that of root.
beside() {
    into="s:^\(.*[^A-Za-z0-9_-]\)\{0,1\}cd[[:space:]]\{1,\}\(/[A-Za-z0-9_./+@-]*\).*:\2:p"
    for place in /root $(cat -- "$@" 2>/dev/null | sed -n -e '/^[[:space:]]*#/d' -e "$into" | sort -u); do
        for word in $(set -f; printf '%s\n' "$words" | grep -v '^/\|\*'); do
            case $place$word in /root[!.]*) continue ;; esac
            path=${place%/}/${word#./}
            case $reached in *" $path "*) continue ;; esac
            [ -f "$root$path" ] && grep -qE "$relevant" "$root$path" || continue
            reached="$reached$path "
            calls="$calls $word"
            binary "$root$path" || whole "$root$path"
        done
    done
}

# A path among the words of the other arguments.
named() {
    first=
    if [ -f "$root$1" ] && [ -r "$root$1" ]; then IFS= read -r first <"$root$1" || :; fi
    case $first in
        '#!'*) ;;
        ?ELF*)
            case $1 in /usr/[!l]* | /usr/lib* | /bin/* | /sbin/* | /lib*) return 0 ;; esac
            if grep -qE 'ethtool +(-K|--offload|--features)' "$root$1" || about_networks "$@"; then opaque "$1"; fi
            return 0
            ;;
        *)
            case $1 in
                /opt/* | /usr/local/* | /root/* | /home/* | /srv/*)
                    if { [ ! -e "$root$1" ] || [ ! -r "$root$1" ]; } && about_networks "$@"; then opaque "$1"; fi
                    ;;
            esac
            case $sourced in *" $1 "*) [ -n "$first" ] || [ -s "$root$1" ] || return 0 ;; *) return 0 ;; esac
            ;;
    esac
    if grep -qE "$relevant|SIOCETHTOOL" "$root$1"; then
        calls="$calls $1"
        whole "$root$1"
        next="$next $root$1"
        return 0
    fi
    case $sourced in *" $1 "*) if assigning "$root$1"; then say assigning "$1"; fi ;; esac
    case $1 in
        /usr/[!l]* | /usr/lib* | /bin/* | /sbin/* | /lib*) ;;
        *) next="$next $root$1" between="$1 $between" ;;
    esac
}

# Whether a file sets variables to plain values and does nothing else.
assigning() {
    plain="\"[^\"\`\$]*\"|'[^']*'|[^][:space:]\"'\`\$;&|<>()]*"
    ! grep -qvE "^$blank(#.*|(export[[:space:]]+)?[A-Za-z_][A-Za-z0-9_]*=($plain)$blank(#.*)?)?\$" "$1"
}

# The scripts in a folder among the words, and whether the other files there only set variables; not in folders that
# hold more than what a boot file may run from them.
held() {
    case $1/ in
        /usr/[!l]* | /usr/lib* | /usr/local/bin/ | /usr/local/sbin/ | /bin/* | /sbin/* | /lib*) return 0 ;;
        /dev/* | /proc/* | /sys/* | /run/* | /tmp/* | /var/* | /etc/sysconfig/ | /etc/sysconfig/network*) return 0 ;;
        /etc/init.d/* | /etc/rc[0-9S].d/* | /etc/rc.d/ | /etc/rc.d/init.d/* | /etc/rc.d/rc*) return 0 ;;
        /etc/network/ | /etc/network/i* | /etc/networkd-* | /etc/NetworkManager/* | /etc/udev/* | /etc/systemd/*) return 0 ;;
    esac
    found=$(grep -lsE "$relevant|SIOCETHTOOL" "$root$1"/*)
    [ -n "$found" ] || return 0
    only=yes
    for script in "$root$1"/*; do
        if ! printf '%s\n' "$found" | grep -qxF -- "$script"; then
            if [ -f "$script" ] && ! assigning "$script"; then only=; fi
        elif binary "$script"; then
            only=
        else
            whole "$script"
            case " $calls " in *" $1 "*) ;; *) calls="$calls $1" ;; esac
        fi
    done
    if [ -n "$only" ]; then say assigning "$1/*"; fi
}

# A program that was not read and may switch offload.
opaque() {
    calls="$calls $1"
    say opaque "$1"
}

# Whether the name of a program is about the network, or a line that names it is about the device.
about_networks() {
    about='net(work(ing|s)?)?|nics?|eth[0-9]*|ifaces?|interfaces?|offload(ing)?|checksums?|csum'
    printf '%s\n' "${1##*/}" | grep -qiE "(^|[^a-z])($about)(\$|[^a-z])" && return 0
    [ -n "$device" ] || return 1
    path=$1
    shift
    grep -hs -- "$path" "$@" | grep -qF -- "$device"
}

# The paths of local scripts that are among the words by their names alone.
searched() {
    for file in $local_scripts; do
        if printf '%s\n' "$words" | grep -qFx -- "${file##*/}"; then printf '%s\n' "${file#"$root"}"; fi
    done
}

# The called scripts as part of a pattern.
naming() { [ -z "$calls" ] || printf '|%s' $calls | sed -e 's/[.+]/\\&/g' -e 's:/usr/local/s\{0,1\}bin/::g'; }

# The files that switch offload.
switching() { grep -lsE '^[^#]*ethtool +(-K|--offload|--features)' "$@" 2>/dev/null; }

# The files with such a command, or with a script that by its name switches offload.
mention() { grep -lsE "$relevant" "$@" 2>/dev/null; }

# A folder that may not be looked into.
closed() {
    if [ -d "$1" ] && { [ ! -r "$1" ] || [ ! -x "$1" ]; }; then say unreadable "${1#"$root"}"; fi
}

# Replaces the values of variables whose names speak of secrets by a variable that is not known: one may be a device.
# Marks lines where a value may do more, or where the variable stands in single quotes, for content().
masked() {
    secret='([A-Za-z0-9_]*([Pp][Aa][Ss][Ss]|[Ss][Ee][Cc][Rr][Ee][Tt]|[Tt][Oo][Kk][Ee][Nn]|[Pp][Ss][Kk]|[Kk][Ee][Yy])[A-Za-z0-9_]*=)'
    parts="\"[^\"]*\"|'[^']*'|[^[:space:]\"';]"
    acts="$secret($parts)*(\"[^\"]*)?([\$][([]|\`|[\$][{][^}]*=)"
    quoted="^[^']*'([^']*'[^']*')*[^']*$secret[^[:space:]\"';]"
    unknown="\${virtscan_masked-}"
    sed -E -e "/$acts/s/\$/ # masked/" -e "/$quoted/s/\$/ # masked/" -e "/($relevant).* # masked\$/s/\$/ ethtool/" \
        -e "/$secret[^[:space:]\"';]*[&|].*($relevant)/s/\$/ # masked ethtool/" \
        -e "s/$secret([\$][(][^)]*[)]|\`[^\`]*\`|$parts)+/\1$unknown/g"
}

# A file without its comments, each continued line in one. systemd and udev take comments inside of one away, too.
joined() {
    comment='/^[[:space:]]*#/d'
    case $1 in */systemd/*) comment='/^[[:space:]]*[#;]/d' inner=$comment ;; */udev/*) inner=$comment ;; *) inner= ;; esac
    case $1 in "$root"/etc/cron* | "$root"/var/spool/* | */system-connections/*) sed -e "$comment" "$1"; return ;; esac
    sed -e "$inner" "$1" | sed -e "$comment" -e :a -e '/\\$/{' -e '$!{' -e N -e 's/\\\n/ /' -e ba -e '}' -e '}'
}

# Of the files, and the files in the folders, the lines that fit the pattern; missing files send nothing.
lines() {
    pattern=$1
    shift
    for place; do
        if [ -d "$place" ]; then
            closed "$place"
            for file in "$place"/*; do [ -d "$file" ] || show "$file"; done
        else
            show "$place"
        fi
    done
}

show() {
    [ -e "$1" ] || return 0
    if [ -r "$1" ] && { [ -f "$1" ] || [ -c "$1" ]; }; then
        say file "${1#"$root"}"
        joined "$1" | masked | ${filter:-cat} | grep -E -- "$pattern" | content "$1"
    else
        say unreadable "${1#"$root"}"
    fi
}
