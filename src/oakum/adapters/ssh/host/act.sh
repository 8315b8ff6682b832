# --- act -------------------------------------------------------------------------------------------------------------

refuse() { echo "refused $1 $2"; exit 0; }
full() { refuse not-now "$FULL"; }

act() {
    first_beside
    mkdir -p "$STATE/tokens" "$STATE/acts" "$STATE/work" "$STATE/kept" || full
    chmod 700 "$STATE"
    key='' do='' run='' token=0 uid='' version='' boot='' step='' copied=''
    request=$(mktemp "$STATE/.request.XXXXXX") || full
    trap 'rm -f "$request"' EXIT
    while read -r word rest; do
        case $word in
        key) key=$rest ;; do) do=$rest ;; run) run=$rest ;; token) token=$rest ;; uid) uid=$rest ;;
        version) version=$rest ;; boot) boot=$rest ;; step) step=$rest ;; copy) copied=$rest ;;
        package)
            # shellcheck disable=SC2086 # three words: name, version, keep
            set -- $rest
            [ $# = 3 ] || refuse never 'a package is NAME VERSION KEEP'
            M=$(manager)
            [ "$M" != none ] || refuse never 'the machine has no package manager that this version knows'
            "${M}_name" "$1" || refuse never 'no name of a package'
            "${M}_version" "$2" || refuse never 'no version of a package'
            case $3 in keep | lose) ;; *) refuse never 'keep or lose' ;; esac
            echo "package $1 $2 $3" >>"$request" || full
            ;;
        absent | image)
            M=$(manager)
            [ "$M" != none ] && "${M}_name" "$rest" || refuse never 'no name of a package'
            echo "$word $rest" >>"$request" || full
            ;;
        kernel)
            case $rest in *[!A-Za-z0-9.+~_-]* | [!0-9]* | '') refuse never 'no release of a kernel' ;; esac
            echo "kernel $rest" >>"$request" || full
            ;;
        remediation)
            # shellcheck disable=SC2086 # four words: name, in or out, label, digest
            set -- $rest
            [ $# = 4 ] || refuse never 'a remediation is NAME WAY LABEL DIGEST'
            case $1 in *[!a-z0-9-]* | [!a-z]*) refuse never 'no name of a remediation' ;; esac
            case $2 in in | out) ;; *) refuse never 'in or out' ;; esac
            case $3$4 in *[!0-9a-f@]*) refuse never 'no version of a remediation' ;; esac
            [ ${#4} = 64 ] || refuse never 'no digest of a remediation'
            echo "remediation $1 $2 $3 $4" >>"$request" || full
            ;;
        document)
            case $rest in *[!a-zA-Z0-9+/=\ -]*) refuse never 'no text of a remediation' ;; esac
            [ ${#rest} -le 45000 ] || refuse never 'the text of a remediation is too long'
            echo "document $rest" >>"$request" || full
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
    [ "$token" = "$seen" ] || put "$STATE/tokens/$(sum "$run")" "$token" || full
    # Written before anything is done: an act that could not be remembered would be done twice.
    trap 'rm -f "$request" "$STATE/acts/.$hash"' EXIT
    echo done >"$STATE/acts/.$hash" || full
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
    snapshot)
        busy
        copy
        ;;
    discard) discard ;;
    silence | unsilence) ;;
    *) refuse never 'no such act on a host' ;;
    esac
    sync "$STATE/acts/.$hash" 2>/dev/null
    mv "$STATE/acts/.$hash" "$STATE/acts/$hash"
    # So long the way back of a run is promised.
    find "$STATE/acts" "$STATE/kept" -type f -mtime +60 -delete
    find "$STATE/work" -mindepth 1 -maxdepth 1 -type d -mtime +60 -exec rm -rf {} +
    case $do in
    apply | undo) apart "oakum-$hash" "$SELF" work "$hash" ;;
    reboot) sync && apart "oakum-reboot" "$SELF" restart ;;
    esac
    echo done
}
put() { # FILE TEXT: whole or not at all
    if printf '%s\n' "$2" >"$1.new"; then
        sync "$1.new" 2>/dev/null
        mv "$1.new" "$1"
    else
        rm -f "$1.new"
        return 1
    fi
}

claim() {
    if [ -f "$STATE/claim" ]; then
        held=$(sed -n 's/^run //p' "$STATE/claim")
        [ "$held" = "$run" ] && [ "$(sed -n 's/^step //p' "$STATE/claim")" = "$step" ] || refuse changed "$held holds it"
    elif [ "$(sed -n '1s/^run //p' "$STATE/failed" 2>/dev/null)" != "$run" ]; then
        echo "run $run" >"$STATE/failed.new" || full
        systemctl list-units --failed --plain --no-legend --no-pager 2>/dev/null | cut -d' ' -f1 >>"$STATE/failed.new" || full
        booted || echo default.target >>"$STATE/failed.new" || full
        mv "$STATE/failed.new" "$STATE/failed"
    fi
    put "$STATE/claim" "run $run
step $step
token $token" || full
}

busy() {
    for folder in "$STATE"/work/*; do
        [ -f "$folder/state" ] || continue
        settle "$folder" || full
        [ "$(cat "$folder/state")" != running ] || refuse not-now 'other work is under way on the machine'
    done
}

begin() {
    busy
    if [ -n "$copied" ]; then
        [ -f "$STATE/copies/$(sum "$copied")" ] || refuse never 'that copy is not there'
        echo "copy $copied" >>"$request" || full
    fi
    grep -qE '^(copy|package|kernel|remediation) ' "$request" || refuse never 'nothing to change'
    folder=$STATE/work/$hash
    mkdir -p "$folder" || full
    documents "$request" "$folder"
    if ! { printf '%s\n' "$key" >"$folder/key" && { echo "do $do" | cat - "$request" >"$folder/request"; } &&
        echo "$BOOT" >"$folder/boot" && now >"$folder/since" && : >"$folder/why" && put "$folder/state" running; }; then
        rm -rf "$folder"
        full
    fi
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
