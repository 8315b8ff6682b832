#!/bin/sh
# Oakum's part on a host: POSIX sh, no Python. What it may do is what stands here, whoever calls it; words come as
# arguments, data on standard input, and every name and version in it is checked before it is used.
#
#   host collect   what the readers of a scan need, as a tar archive on standard output; changes nothing
#   host look      the machine, our record, long work, versions in effect; changes nothing there
#   host act       one request on standard input, one line as the answer: done | refused CODE WHY
#   host work KEY  carries long work out; `act` starts it apart from the session that asked for it
#
# State: /var/lib/oakum (root's alone): claim, failed (units that had failed before it), tokens/RUN, acts/KEY (answers
# given), work/KEY/ (key, request, state, why, since, boot, log), kept/ (packages for the way back), before (versions
# at the first change since the boot). KEY and RUN are SHA-256 of the names.
set -u
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
SELF=/usr/local/lib/oakum/host
STATE=/var/lib/oakum
BOOT=$(cat /proc/sys/kernel/random/boot_id)
# Services that a running system does not survive being restarted without notice; what they use waits for a reboot.
NEVER='dbus.service dbus-broker.service systemd-logind.service getty@* serial-getty@* console-getty.service user@*
display-manager.service gdm.service gdm3.service lightdm.service sddm.service oakum-* libvirtd.service docker.service
containerd.service kubelet.service'

sum() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
never() {
    for pattern in $NEVER; do
        # shellcheck disable=SC2254 # these are patterns
        case $1 in $pattern) return 0 ;; esac
    done
    return 1
}
unit_of() { # the system service of a process, empty where it belongs to none
    [ "$1" != 1 ] || { echo init; return; }
    sed -n 's#^[^/]*/.*system\.slice/\(.*/\)\{0,1\}\([^/]*\.service\).*#\2#p' "/proc/$1/cgroup" 2>/dev/null | head -n 1
}
# The processes of a session belong to the person, also where they stand in the cgroup of sshd itself.
serves() {
    case $2 in ssh.service | sshd.service) [ "$(systemctl show -p MainPID --value "$2")" = "$1" ] ;; *) [ -n "$2" ] ;; esac
}
own_root() { [ "$(stat -L -c %d:%i "/proc/$1/root" 2>/dev/null)" = "$(stat -L -c %d:%i /proc/1/root 2>/dev/null)" ]; }
# PID PATH of every executable mapping whose file is gone, without what lives in memory or is made at run time.
replaced() {
    grep -HE '^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ [^ ]+ [0-9]+ +/.* \(deleted\)$' /proc/[0-9]*/maps 2>/dev/null |
        sed -n 's#^/proc/\([0-9]*\)/maps:[^/]*\(/.*\) (deleted)$#\1 \2#p' |
        grep -vE '^[0-9]+ /(memfd:|dev/|SYSV|tmp/|var/tmp/|run/|proc/|\[|anon_hugepage)' | sort -u
}
owner() { # the package of a path, also where /usr was merged since
    found=$(dpkg -S "$1" 2>/dev/null || dpkg -S "${1#/usr}" 2>/dev/null || dpkg -S "/usr$1" 2>/dev/null) || return 1
    found=${found%%: *}
    found=${found%%,*}
    echo "${found%%:*}"
}
owners() { # of many paths, one a line, without blanks
    sed 's#^/usr/#/#; s#.*#&\n/usr&#' | xargs -r dpkg -S 2>/dev/null | sed 's/: .*//; s/,.*//; s/:.*//' | sort -u
}

# --- collect ---------------------------------------------------------------------------------------------------------

collect() {
    T=$(mktemp -d) || exit 1
    trap 'rm -rf "$T"' EXIT
    mkdir -p "$T/.oakum" "$T/proc/sys/kernel/random" "$T/proc/self" "$T/boot" "$T/usr/lib/modules"
    : >"$T/.oakum/denied"
    echo "$BOOT" >"$T/proc/sys/kernel/random/boot_id"
    for file in sys/kernel/osrelease sys/kernel/version version_signature; do
        [ ! -r /proc/$file ] || cat /proc/$file >"$T/proc/$file"
    done
    grep ' / / \| [0-9:]* [^ ]* / ' /proc/self/mountinfo >"$T/proc/self/mountinfo"
    for folder in /proc/[0-9]*; do
        pid=${folder#/proc/}
        mkdir "$T$folder"
        if { read -r line <"/proc/$pid/maps"; } 2>/dev/null || [ -r "/proc/$pid/exe" ]; then
            : >"$T$folder/maps"
        elif ! [ -d "$folder" ]; then
            rmdir "$T$folder"
        elif [ "$(id -u)" = 0 ]; then
            : >"$T$folder/maps" # a thread of the kernel
        else
            echo "$folder/maps" >>"$T/.oakum/denied"
        fi
    done
    replaced >"$T/.oakum/replaced"
    cut -d' ' -f1 "$T/.oakum/replaced" | sort -u | while read -r pid; do
        grep -E ' \(deleted\)$' "/proc/$pid/maps" >"$T/proc/$pid/maps" 2>/dev/null
        cat "/proc/$pid/comm" >"$T/proc/$pid/comm" 2>/dev/null
        grep ' [0-9:]* [^ ]* / ' "/proc/$pid/mountinfo" >"$T/proc/$pid/mountinfo" 2>/dev/null
    done
    for kernel in /boot/vmlinu[xz]-*; do
        [ ! -e "$kernel" ] || : >"$T$kernel"
    done
    for folder in /usr/lib/modules/* /lib/modules/*; do
        for part in vmlinuz kernel; do
            [ ! -e "$folder/$part" ] || { mkdir -p "$T/usr/lib/modules/${folder##*/}" && : >"$T/usr/lib/modules/${folder##*/}/$part"; }
        done
    done
    for flag in /run/reboot-required /run/reboot-required.pkgs /var/run/reboot-required /var/run/reboot-required.pkgs; do
        [ ! -f $flag ] || { mkdir -p "$T${flag%/*}" && cat $flag >"$T$flag"; }
    done
    files=
    for file in /etc/os-release /usr/lib/os-release /etc/lsb-release /etc/debian_version /etc/redhat-release \
        /etc/alpine-release /etc/machine-id /etc/hostname /etc/apt/sources.list /etc/apt/sources.list.d/* \
        /etc/apt/preferences /etc/apt/preferences.d/* /var/lib/dpkg/status /var/lib/dpkg/status.d/* \
        /var/lib/dpkg/updates/* /var/lib/ubuntu-advantage/status.json /var/lib/rpm/* /usr/lib/sysimage/rpm/* \
        /lib/apk/db/installed /etc/apk/repositories /etc/apk/world /etc/yum.repos.d/* /etc/yum.conf /etc/dnf/dnf.conf \
        /etc/dnf/vars/* /etc/zypp/repos.d/* /etc/zypp/locks /usr/share/update-notifier/notify-reboot-required \
        /etc/kernel/postinst.d/unattended-upgrades /var/lib/apt/lists/*InRelease /var/lib/apt/lists/*_Release; do
        if [ -L "$file" ] || { [ -f "$file" ] && [ -r "$file" ]; }; then
            case $file in *' '* | *'
'*) ;; *) files="$files ${file#/}" ;; esac
        elif [ -f "$file" ]; then
            echo "$file" >>"$T/.oakum/denied"
        fi
    done
    if command -v dpkg-query >/dev/null; then
        debs
        while read -r _ path; do owner "$path"; done <"$T/.oakum/replaced" | sort -u >"$T/.oakum/owners"
        dpkg -S /boot/vmlinu[xz]-* 2>/dev/null | sed 's/: .*//; s/,.*//; s/:.*//' | sort -u >>"$T/.oakum/owners"
        while read -r name; do
            for list in "/var/lib/dpkg/info/$name.list" "/var/lib/dpkg/info/$name":*.list; do
                [ ! -r "$list" ] || files="$files ${list#/}"
            done
        done <"$T/.oakum/owners"
    fi
    pack=cat
    ! command -v gzip >/dev/null || pack='gzip -1'
    # shellcheck disable=SC2086 # a list of names without blanks
    tar -cf - -C / $files -C "$T" . 2>/dev/null | $pack
}

debs() { # what apt offers, by its lists alone, and what a change of a package has to reckon with
    mkdir -p "$T/var/lib/apt/lists"
    dpkg-query -W -f '${Package}\n' | sort -u >"$T/.oakum/names"
    for list in /var/lib/apt/lists/*_Packages*; do
        [ -r "$list" ] || continue
        plain=${list%.lz4}
        plain=${plain%.gz}
        plain=${plain%.xz}
        { /usr/lib/apt/apt-helper cat-file "$list" 2>/dev/null || cat "$list"; } | awk -v names="$T/.oakum/names" '
            BEGIN { while ((getline name <names) > 0) wanted[name] = 1 }
            /^Package:/ { take = ($2 in wanted); if (take) print "" }
            take && /^(Package|Version|Source|Architecture):/ { print }' >"$T$plain"
    done
    apt-cache policy $(cat "$T/.oakum/names") >"$T/.oakum/policy" 2>/dev/null
    ls /var/cache/apt/archives "$STATE/kept" 2>/dev/null | sed -n 's/\.deb$//p' | sort -u >"$T/.oakum/kept"
    { systemd-detect-virt --container || true; } >"$T/.oakum/container" 2>/dev/null
    # What the services use that wait for a reboot.
    for folder in /proc/[0-9]*; do
        unit=$(unit_of "${folder#/proc/}")
        if [ -n "$unit" ] && [ "$unit" != init ] && never "$unit"; then
            case $unit in oakum-*) ;; *) sed -n 's#^[^ ]* ..x. [^/]*\(/.*\)$#\1#p' "$folder/maps" 2>/dev/null | grep -v deleted ;; esac
        fi
    done | sort -u | owners >"$T/.oakum/reboot"
}

# --- look ------------------------------------------------------------------------------------------------------------

version() { { cat "$STATE/claim" 2>/dev/null; echo "$BOOT"; } | cksum | cut -d' ' -f1; }

look() {
    echo "helper $(sha256sum "$SELF" 2>/dev/null | cut -d' ' -f1)"
    echo "machine $(cat /etc/machine-id)"
    echo "boot $BOOT"
    echo "now $(now)"
    echo "kernel $(uname -r)"
    echo "version $(version)"
    [ ! -f "$STATE/claim" ] || sed 's/^/claim-/' "$STATE/claim"
    for folder in "$STATE"/work/*; do
        [ -f "$folder/key" ] || continue
        settle "$folder"
        echo "work $(cat "$folder/state") $(cat "$folder/since") $(cat "$folder/key")"
        why=$(head -n 1 "$folder/why")
        [ -z "$why" ] || echo "why $why"
    done
    dpkg-query -W -f 'package ${Package} ${Version} ${db:Status-Want} ${db:Status-Status} ${Architecture}\n' 2>/dev/null
    replaced | while read -r pid path; do
        own_root "$pid" || continue
        unit=$(unit_of "$pid")
        # What a person runs in a session is told by a scan; a run neither ends it nor waits for it.
        if serves "$pid" "$unit" && name=$(owner "$path"); then echo "stale $name $unit"; fi
    done | sort -u
    [ "$(head -n 1 "$STATE/before" 2>/dev/null)" != "$BOOT" ] || sed -n '2,$s/^/before /p' "$STATE/before"
    systemctl list-units --type=service --all --plain --no-legend --no-pager 2>/dev/null |
        awk '$3 != "inactive" { print "service", $1, $3 }'
    [ ! -f "$STATE/failed" ] || sed 's/^/baseline /' "$STATE/failed"
    echo end
}

# Work that nobody carries out any more has failed: its machine went down, or it was ended.
settle() {
    case $(cat "$1/state") in done | failed) return ;; esac
    if [ "$(cat "$1/boot")" != "$BOOT" ]; then
        over "$1" failed 'the machine went down meanwhile'
    elif ! { exec 8>>"$1/lock" && flock -n 8; }; then
        exec 8>&-
        return
    elif [ "$(cat "$1/state")" = running ] && { [ -e "$1/started" ] || [ -n "$(find "$1/state" -mmin +2)" ]; }; then
        over "$1" failed 'it was ended before its time'
    fi
    exec 8>&-
}
over() { # FOLDER STATE WHY
    printf '%s\n' "$3" >"$1/why"
    now >"$1/since.new" && mv "$1/since.new" "$1/since"
    echo "$2" >"$1/state.new" && sync "$1" 2>/dev/null
    mv "$1/state.new" "$1/state"
}

# --- act -------------------------------------------------------------------------------------------------------------

refuse() { echo "refused $1 $2"; exit 0; }

act() {
    mkdir -p "$STATE/tokens" "$STATE/acts" "$STATE/work" "$STATE/kept"
    chmod 700 "$STATE"
    key='' do='' run='' token=0 uid='' version='' boot='' step=''
    request=$(mktemp "$STATE/.request.XXXXXX") || exit 1
    trap 'rm -f "$request"' EXIT
    while read -r word rest; do
        case $word in
        key) key=$rest ;; do) do=$rest ;; run) run=$rest ;; token) token=$rest ;; uid) uid=$rest ;;
        version) version=$rest ;; boot) boot=$rest ;; step) step=$rest ;;
        package)
            # shellcheck disable=SC2086 # three words: name, version, keep
            set -- $rest
            [ $# = 3 ] || refuse never 'a package is NAME VERSION KEEP'
            case $1 in *[!a-z0-9+.-]* | [!a-z0-9]* | '') refuse never 'no name of a package' ;; esac
            case $2 in *[!A-Za-z0-9.+:~-]* | [!0-9A-Za-z]* | '') refuse never 'no version of a package' ;; esac
            case $3 in keep | lose) ;; *) refuse never 'keep or lose' ;; esac
            echo "package $1 $2 $3" >>"$request"
            ;;
        end) break ;;
        *) refuse never 'a word that this version does not know' ;;
        esac
    done
    [ "${word:-}" = end ] || refuse not-now 'the request was cut off'
    [ -n "$key" ] && [ -n "$run" ] || refuse never 'no key or no run'
    case $token in *[!0-9]* | '') refuse never 'no token' ;; esac
    exec 9>"$STATE/lock"
    flock -w 20 9 || refuse not-now 'another request is being answered'
    hash=$(sum "$key")
    if [ -f "$STATE/acts/$hash" ]; then cat "$STATE/acts/$hash"; return; fi
    seen=$(cat "$STATE/tokens/$(sum "$run")" 2>/dev/null || echo 0)
    [ "$token" -ge "$seen" ] || refuse fenced "token $seen has been seen"
    [ -z "$uid" ] || [ "$uid" = "$(cat /etc/machine-id)" ] || refuse gone 'another machine has that name now'
    [ -z "$version" ] || [ "$version" = "$(version)" ] || refuse changed 'it was changed since it was looked at'
    put "$STATE/tokens/$(sum "$run")" "$token"
    case $do in
    claim) claim ;;
    release)
        if [ -f "$STATE/claim" ]; then
            [ "$(sed -n 's/^run //p' "$STATE/claim")" = "$run" ] || refuse changed 'another run holds it'
            rm -f "$STATE/claim"
        fi
        ;;
    apply | undo) begin ;;
    reboot)
        [ -z "$boot" ] || [ "$boot" = "$BOOT" ] || refuse changed 'it has restarted since it was looked at'
        busy
        ;;
    silence | unsilence | discard) ;;
    *) refuse never 'no such act on a host' ;;
    esac
    put "$STATE/acts/$hash" done
    find "$STATE/acts" -type f -mtime +60 -delete
    find "$STATE/work" -mindepth 1 -maxdepth 1 -type d -mtime +60 -exec rm -rf {} +
    case $do in
    apply | undo) apart "oakum-$hash" "$SELF" work "$hash" ;;
    reboot) sync && apart "oakum-reboot" "$SELF" restart ;;
    esac
    echo done
}
put() { printf '%s\n' "$2" >"$1.new" && sync "$1.new" 2>/dev/null; mv "$1.new" "$1"; }

claim() {
    if [ -f "$STATE/claim" ]; then
        held=$(sed -n 's/^run //p' "$STATE/claim")
        [ "$held" = "$run" ] && [ "$(sed -n 's/^step //p' "$STATE/claim")" = "$step" ] || refuse changed "$held holds it"
    else
        systemctl list-units --failed --plain --no-legend --no-pager 2>/dev/null | cut -d' ' -f1 >"$STATE/failed.new"
        mv "$STATE/failed.new" "$STATE/failed"
    fi
    put "$STATE/claim" "run $run
step $step
token $token"
}

busy() {
    for folder in "$STATE"/work/*; do
        [ -f "$folder/state" ] || continue
        settle "$folder"
        [ "$(cat "$folder/state")" != running ] || refuse not-now 'other work is under way on the machine'
    done
}

begin() {
    busy
    grep -q '^package ' "$request" || refuse never 'nothing to change'
    folder=$STATE/work/$hash
    mkdir -p "$folder"
    printf '%s\n' "$key" >"$folder/key"
    echo "do $do" | cat - "$request" >"$folder/request"
    echo "$BOOT" >"$folder/boot"
    now >"$folder/since"
    : >"$folder/why"
    put "$folder/state" running
}

# A process that outlives the session that asked for it, and a restart of sshd.
apart() {
    name=$1
    shift
    if [ -d /run/systemd/system ]; then
        systemd-run --quiet --no-block --collect --unit="$name" -p KillMode=mixed -- "$@" </dev/null >/dev/null 2>&1 9>&-
    else
        setsid "$@" </dev/null >/dev/null 2>&1 9>&- &
    fi
}

# --- work: apt -------------------------------------------------------------------------------------------------------

APT='-q -o DPkg::Lock::Timeout=90 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
-o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false -o APT::Install-Recommends=false
-o Acquire::Retries=2 -o Acquire::http::Timeout=20'

work() {
    case $1 in *[!0-9a-f]* | '') exit 2 ;; esac
    W=$STATE/work/$1
    exec 7>>"$W/lock"
    flock -n 7 || exit 0
    [ "$(cat "$W/state")" = running ] || exit 0
    [ ! -e "$W/started" ] || { over "$W" failed 'it was ended before its time'; exit 0; }
    : >"$W/started"
    exec >>"$W/log" 2>&1 </dev/null
    DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none
    export DEBIAN_FRONTEND DEBIAN_PRIORITY NEEDRESTART_SUSPEND UCF_FORCE_CONFFOLD APT_LISTCHANGES_FRONTEND
    do=$(sed -n 's/^do //p' "$W/request")
    others
    repair
    room
    unheld
    if [ "$do" = apply ]; then
        keep
        words=$(sed -n 's/^package \([^ ]*\) \([^ ]*\) .*/\1=\2/p' "$W/request")
    else
        words=$(sed -n 's/^package \([^ ]*\) \([^ ]*\) .*/\1 \2/p' "$W/request" | while read -r name wanted; do kept "$name" "$wanted" || echo "$name=$wanted"; done)
    fi
    exact "$words"
    before
    # shellcheck disable=SC2086 # lists of words without blanks
    apt_get -d install --allow-downgrades $words
    # shellcheck disable=SC2086
    apt_get install --allow-downgrades $words
    while read -r word name wanted _; do
        [ "$word" = package ] || continue
        [ "$(installed "$name")" = "$wanted" ] || fail "$name is not at the version that was wanted"
    done <"$W/request"
    services
    over "$W" done ''
}

fail() { over "$W" failed "$1"; exit 0; }
installed() { dpkg-query -W -f '${Version} ${db:Status-Status}\n' "$1" 2>/dev/null | sed -n 's/ installed$//p' | head -n 1; }

# Other agents that change packages are waited for, not fought for the lock.
others() {
    waited=0
    while systemctl is-active --quiet apt-daily.service apt-daily-upgrade.service packagekit.service 2>/dev/null ||
        systemctl list-units --plain --no-legend --state=activating apt-daily.service apt-daily-upgrade.service 2>/dev/null | grep -q .; do
        waited=$((waited + 2))
        [ $waited -le 600 ] || fail 'another agent (unattended-upgrades) is at work on the machine'
        sleep 2
    done
}

# What an installation that was cut off has left half-way is brought to its end first. What cannot be is no obstacle for
# a change of just those packages, which may mend them, nor for the way back.
repair() {
    [ -n "$(dpkg --audit)" ] || [ -n "$(ls /var/lib/dpkg/updates)" ] || return 0
    timeout -k 10 1200 dpkg --force-confdef --force-confold --configure -a && return 0
    [ "$do" = apply ] || return 0
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' >"$W/states"
    while read -r status name; do
        case $status in installed | config-files | not-installed | triggers-*) continue ;; esac
        grep -q "^package $name " "$W/request" || fail "$name is half-installed and cannot be configured"
    done <"$W/states"
}

room() {
    for place in / /var /boot; do
        free=$(df -Pk "$place" | awk 'NR == 2 { print $4 }')
        least=51200
        if [ $place = /boot ]; then
            grep -q '^package linux-image' "$W/request" || continue
            least=122880
        fi
        [ "$free" -ge $least ] || fail "no space left on $place"
    done
}

unheld() {
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(installed "$name")" != "$wanted" ] || continue
        ! apt-mark showhold | grep -qx "$name" || fail "$name is held"
    done <"$W/request"
}

# The package of a version where it is kept; nothing where it is not. Epochs stand as %3a in the names of files.
kept() {
    file=$(printf %s "$2" | sed 's/:/%3a/')
    for place in "$STATE/kept" /var/cache/apt/archives; do
        for deb in "$place/$1_${file}_"*.deb; do
            if [ -f "$deb" ] && [ "$(dpkg-deb -W --showformat='${Package} ${Version}' "$deb" 2>/dev/null)" = "$1 $2" ]; then
                echo "$deb"
                return 0
            fi
        done
    done
    return 1
}

# The former packages are put by before anything is changed.
keep() {
    while read -r word name wanted how; do
        [ "$word" = package ] || continue
        before=$(installed "$name")
        if [ -z "$before" ] || [ "$before" = "$wanted" ]; then continue; fi
        deb=$(kept "$name" "$before") || {
            (cd "$STATE/kept" && timeout -k 10 300 apt-get -q download "$name=$before")
            deb=$(kept "$name" "$before") || { [ "$how" = lose ] || fail "the former version of $name cannot be kept"; continue; }
        }
        case $deb in "$STATE"/*) ;; *) cp "$deb" "$STATE/kept/" ;; esac
    done <"$W/request"
    sync
}

# What apt would do has to be what was planned: nothing else is changed, added or removed.
exact() {
    # shellcheck disable=SC2086
    apt-get $APT -s install --allow-downgrades $1 >"$W/simulated" 2>"$W/problem" || { cat "$W/problem"; why 'apt cannot do it' <"$W/problem"; }
    other=$(sed -n 's/^\(Inst\|Remv\|Purg\) \([^ ]*\).*/\1 \2/p' "$W/simulated" | while read -r verb name; do
        if [ "$verb" != Inst ]; then echo "would remove $name"; elif ! grep -q "^package ${name%%:*} " "$W/request"; then echo "would also change $name"; fi
    done | head -n 1)
    [ -z "$other" ] || fail "apt $other, which is not in the plan"
}

# The versions that were installed at the first change since the boot: what runs since then still is of these.
before() {
    [ "$(head -n 1 "$STATE/before" 2>/dev/null)" = "$BOOT" ] || put "$STATE/before" "$BOOT"
    while read -r word name _; do
        [ "$word" = package ] || continue
        was=$(installed "$name")
        [ -z "$was" ] || grep -q "^$name " "$STATE/before" || echo "$name $was" >>"$STATE/before"
    done <"$W/request"
}

apt_get() {
    # shellcheck disable=SC2086
    timeout -k 30 1800 apt-get $APT -y "$@" >"$W/said" 2>&1
    code=$?
    cat "$W/said"
    [ $code != 124 ] && [ $code != 137 ] || fail 'it did not end within half an hour: a package script hangs'
    [ $code = 0 ] || why 'apt ended with an error' <"$W/said"
}

# Why it failed, in words of our own: what scripts of packages print (secrets, too) stays on this machine.
why() {
    said=$(cat 2>/dev/null)
    case $said in
    *'Could not get lock'* | *'Unable to acquire the dpkg frontend lock'* | *'Unable to lock'*) fail 'the lock of the package manager is held by another process' ;;
    *'No space left on device'* | *"don't have enough free space"*) fail 'no space left on device' ;;
    *'Hash Sum mismatch'* | *'unexpected size'*) fail 'the repository is out of sync: a package is not what its index says' ;;
    *'Failed to fetch'* | *'Could not connect'* | *'Unable to fetch'* | *'Temporary failure resolving'*) fail 'the repository does not answer' ;;
    *'cannot be authenticated'* | *'not signed'*) fail 'a package is not signed by a trusted key' ;;
    *' was not found'* | *'Unable to locate package'*) fail 'a version is in no channel of the machine any more' ;;
    *'unmet dependencies'* | *'held broken packages'* | *'are held'*) fail 'dependencies keep apt from doing just what was planned' ;;
    *'error processing'*)
        name=$(printf '%s\n' "$said" | sed -n 's/^dpkg: error processing \(package\|archive\) \([a-z0-9+.-]*\).*/\2/p' | head -n 1)
        fail "the package ${name:-} failed in a script of its own; its log is in $W on the machine"
        ;;
    *) fail "$1; its log is in $W on the machine" ;;
    esac
}

# Services that still run what was replaced are restarted, but for those that must not be. One that dies of it is seen:
# the host is not up then, which its run waits for as long as its gate allows, and takes the change back.
services() {
    ! replaced | grep -q '^1 ' || systemctl daemon-reexec
    replaced | cut -d' ' -f1 | sort -u | while read -r pid; do
        unit=$(unit_of "$pid")
        if own_root "$pid" && serves "$pid" "$unit"; then echo "$unit"; fi
    done | sort -u | while read -r unit; do
        if [ "$unit" != init ] && ! never "$unit"; then echo "$unit"; fi
    done >"$W/restart"
    while read -r unit; do timeout -k 10 120 systemctl try-restart "$unit"; done <"$W/restart"
}

case ${1:-} in
collect) collect ;;
look) look ;;
act) act ;;
work) work "${2:-}" ;;
restart) sleep 1; systemctl reboot ;;
*) echo 'collect | look | act' >&2; exit 2 ;;
esac
