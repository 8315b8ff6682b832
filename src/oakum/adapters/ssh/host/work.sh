# --- work: what is the same for every package manager ----------------------------------------------------------------

# Seconds: how long the changes may take, what was left half-way to be mended, and a lock of others is waited for.
HANGS=1800
MENDS=1200
LOCKED=90

work() {
    case $1 in *[!0-9a-f]* | '') exit 2 ;; esac
    W=$STATE/work/$1
    exec 7>>"$W/lock"
    # A look holds the lock for a moment, to see whether anybody does; whoever does this work holds it to the end.
    flock -w 60 7 || exit 0
    [ "$(cat "$W/state")" = running ] || exit 0
    [ ! -e "$W/started" ] || { over "$W" failed 'it was ended before its time'; exit 0; }
    : >"$W/started"
    exec >>"$W/log" 2>&1 </dev/null
    do=$(sed -n 's/^do //p' "$W/request")
    copied=$(sed -n 's/^copy //p' "$W/request")
    [ -z "$copied" ] || put_back "$copied"
    kernel=$(sed -n 's/^kernel //p' "$W/request")
    # What is laid over packages is taken away before they change, and laid on when they have.
    remedies out
    [ -z "$kernel" ] || kernel_before
    packages
    [ -z "$kernel" ] || kernel_after
    remedies in
    services
    over "$W" done ''
}

# A manager M has the functions M_name, M_version (is that one?), M_installed (the version of a name), M_files, M_repair,
# M_unheld, M_keep, M_exact, M_change; each ends the work by `fail` where it must not go on now, by `broken` where another try
# would come to the same.
packages() {
    M=$(manager)
    # What is there already needs neither room nor a repository: another try, and the way back of what was not begun.
    ! all_there || return 0
    others
    "${M}_repair"
    room
    "${M}_unheld"
    [ "$do" != apply ] || "${M}_keep"
    "${M}_exact"
    before
    "${M}_change"
    all_there || broken "$other is not at the version that was wanted"
}
all_there() { # whether every package of the request is at its version; else `other` is one that is not
    while read -r word other wanted _; do
        case $word in package | absent) ;; *) continue ;; esac
        [ "$("${M}_installed" "$other")" = "$wanted" ] || return 1
    done <"$W/request"
}

# The versions that were installed at the first change since the boot: what runs since then still is of these.
before() {
    [ "$(head -n 1 "$STATE/before" 2>/dev/null)" = "$BOOT" ] || { : >"$STATE/owned" && put "$STATE/before" "$BOOT"; } || fail "$FULL"
    while read -r word name _; do
        [ "$word" = package ] || continue
        was=$("${M}_installed" "$name")
        if [ -z "$was" ] || grep -q "^$name " "$STATE/before"; then continue; fi
        "${M}_files" "$name" | sed "s#^/#$name /#" >>"$STATE/owned" || fail "$FULL"
        echo "$name $was" >>"$STATE/before" || fail "$FULL"
    done <"$W/request"
}

fail() { over "$W" failed "$1"; exit 0; }
broken() { over "$W" broken "$1"; exit 0; }

# Other agents that change packages are waited for, not fought for the lock.
others() {
    waited=0
    while agent=$(systemctl list-units --plain --no-legend --state=active,activating,deactivating apt-daily.service apt-daily-upgrade.service \
        packagekit.service dnf-automatic.service dnf-automatic-install.service dnf-automatic-download.service transactional-update.service 2>/dev/null |
        cut -d' ' -f1 | head -n 1) && [ -n "$agent" ]; do
        waited=$((waited + 2))
        [ $waited -le 600 ] || fail "another agent ($agent) is at work on the machine"
        sleep 2
    done
}

room() {
    for place in / /usr /var /boot "$STATE"; do
        free=$(($(df -Pk "$place" | awk 'NR == 2 { print $4 }') / 1024))
        least=50
        if [ "$place" = /boot ]; then
            grep -q '^package linux-image' "$W/request" && ! grep -q '^kernel ' "$W/request" || continue
            least=120
        fi
        [ $free -ge $least ] || fail "no space left on $place: $free MB are free, and $least are needed"
    done
}

# Services that still run what was replaced are restarted, but for those that must not be. One that dies of it is seen:
# the host is not up then, which its run waits for as long as its gate allows, and takes the change back.
services() {
    ! replaced | grep -q '^1 ' || systemctl daemon-reexec
    units=$(replaced | cut -d' ' -f1 | sort -u | while read -r pid; do
        unit=$(unit_of "$pid")
        if own_root "$pid" && serves "$pid" "$unit"; then echo "$unit"; fi
    done | sort -u | while read -r unit; do
        if [ "$unit" != init ] && ! never "$unit"; then echo "$unit"; fi
    done)
    for unit in $units; do timeout -k 10 120 systemctl try-restart "$unit"; done
    # What has failed since the claim is started again with the version that it ran with before.
    [ "$do" = undo ] || return 0
    systemctl list-units --type=service --failed --plain --no-legend --no-pager | cut -d' ' -f1 | grep -vxFf "$STATE/failed" | while read -r unit; do
        timeout -k 10 120 systemctl restart "$unit"
    done
}
