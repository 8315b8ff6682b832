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
