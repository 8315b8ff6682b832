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
        if ! settle "$folder"; then
            echo "work failed $(now) $(cat "$folder/key")"
            echo "why $FULL"
            continue
        fi
        echo "work $(cat "$folder/state") $(cat "$folder/since") $(cat "$folder/key")"
        why=$(head -n 1 "$folder/why")
        [ -z "$why" ] || echo "why $why"
    done
    for each in "$STATE"/copies/*; do
        [ ! -f "$each" ] || echo "copy $(cat "$each")"
    done
    if by_rpm; then
        rpm_look
    else
        dpkg-query -W -f 'package ${Package} ${Version} ${db:Status-Want} ${db:Status-Status} ${Architecture}\n' 2>/dev/null
    fi
    replaced | while read -r pid path; do
        own_root "$pid" || continue
        unit=$(unit_of "$pid")
        # What a person runs in a session is told by a scan; a run neither ends it nor waits for it.
        if serves "$pid" "$unit" && name=$(owner "$path"); then echo "stale $name $unit"; fi
    done | sort -u
    kernel_stale
    recorded | sed 's/^/remediation /'
    [ "$(head -n 1 "$STATE/before" 2>/dev/null)" != "$BOOT" ] || sed -n '2,$s/^/before /p' "$STATE/before"
    systemctl list-units --type=service --all --plain --no-legend --no-pager 2>/dev/null |
        awk '$3 != "inactive" { print "service", $1, $3 }'
    booted || echo 'service default.target failed'
    [ ! -f "$STATE/failed" ] || sed '1s/^run /baseline-run /; 1!s/^/baseline /' "$STATE/failed"
    echo end
}

# Work that nobody carries out any more has failed: its machine went down, or it was ended. Fails where there is no room
# to write that down.
settle() {
    case $(cat "$1/state") in done | failed | broken) return 0 ;; esac
    settled=0
    if [ "$(cat "$1/boot")" != "$BOOT" ]; then
        if restored "$1"; then over "$1" done ''; else over "$1" failed 'the machine went down meanwhile'; fi
        return
    elif ! { exec 8>>"$1/lock" && flock -n 8; }; then
        exec 8>&-
        return 0
    elif [ "$(cat "$1/state")" = running ] && { [ -e "$1/started" ] || [ -n "$(find "$1/state" -mmin +2)" ]; }; then
        over "$1" failed 'it was ended before its time' || settled=1
    fi
    exec 8>&-
    return $settled
}
# FOLDER STATE WHY. What cannot be written down, for there is no room for it, is settled by a look when there is.
over() { put "$1/why" "$3" && put "$1/since" "$(now)" && put "$1/state" "$2"; }
