#!/bin/sh
# Oakum's part on a host: POSIX sh, no Python. What it may do is what stands here, whoever calls it; words come as
# arguments, data on standard input, and every name and version in it is checked before it is used.
#
#   host collect   what the readers of a scan need, as a tar archive on standard output; changes nothing
#   host look      the machine, our record, long work, versions in effect; changes nothing there
#   host act       one request on standard input, one line as the answer: done | refused CODE WHY
#   host work KEY  carries long work out; `act` starts it apart from the session that asked for it
#
# State: /var/lib/oakum (root's alone): claim, failed (its run, and units that had failed before), tokens/RUN, acts/KEY
# (answers given), work/KEY/ (key, request, state, why, since, boot, log), kept/ (packages for the way back), before (versions
# at the first change since the boot), owned (their files), unsure (rpm.sh), unpinned (kernel.sh), copies/, copied/
# (snapshot.sh; on btrfs STATE is a link), remedies/NAME (remedies.sh). KEY and RUN are SHA-256 of the names.
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

FULL="no space left for our own notes in $STATE"

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
# Whether all of the boot is over: sshd answers long before that.
booted() { ! command -v systemctl >/dev/null || systemctl is-active --quiet default.target; }
own_root() { [ "$(stat -L -c %d:%i "/proc/$1/root" 2>/dev/null)" = "$(stat -L -c %d:%i /proc/1/root 2>/dev/null)" ]; }
# PID PATH of every executable mapping whose file is gone, without what lives in memory or is made at run time.
replaced() {
    grep -HE '^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ [^ ]+ [0-9]+ +/.* \(deleted\)$' /proc/[0-9]*/maps 2>/dev/null |
        sed -n 's#^/proc/\([0-9]*\)/maps:[^/]*\(/.*\) (deleted)$#\1 \2#p' | sed 's/;[0-9a-f]\{8\}$//' |
        grep -vE '^[0-9]+ /(memfd:|dev/|SYSV|tmp/|var/tmp/|run/|proc/|\[|anon_hugepage)' | sort -u
}
manager() { # what keeps the machine's packages; each has its functions in a part of its own (apt_installed ...)
    if [ -s /var/lib/dpkg/status ]; then
        echo apt
    elif [ -e /run/ostree-booted ] || ! command -v rpm >/dev/null; then
        echo none # an image that is changed as a whole, or another kind of machine
    elif command -v zypper >/dev/null && { ! command -v dnf >/dev/null || grep -qi suse /etc/os-release; }; then
        echo zypper
    else
        case $(readlink -f "$(command -v dnf)") in '' | *dnf5*) echo none ;; *) echo dnf ;; esac
    fi
}
by_rpm() { ! [ -s /var/lib/dpkg/status ] && command -v rpm >/dev/null; }
# The package of a path, also where /usr was merged since, and where the version that is there now has no such file.
owner() {
    if by_rpm; then
        found=$(rpm -qf --qf '%{NAME}\n' "$1" 2>/dev/null) || found=$(owned "$1") || return 1
        echo "$found" | head -n 1
        return
    fi
    found=$(dpkg -S "$1" 2>/dev/null || dpkg -S "${1#/usr}" 2>/dev/null || dpkg -S "/usr$1" 2>/dev/null) || { owned "$1"; return; }
    found=${found%%: *}
    found=${found%%,*}
    echo "${found%%:*}"
}
owned() { awk -v path="$1" '$2 == path { print $1; found = 1; exit } END { exit !found }' "$STATE/owned" 2>/dev/null; }
owners() { # of many paths, one a line, without blanks
    if by_rpm; then
        xargs -r rpm -qf --qf '%{NAME}\n' 2>/dev/null | grep -v ' ' | sort -u
        return
    fi
    sed 's#^/usr/#/#; s#.*#&\n/usr&#' | xargs -r dpkg -S 2>/dev/null | sed 's/: .*//; s/,.*//; s/:.*//' | sort -u
}
