# --- remediations ----------------------------------------------------------------------------------------------------
#
# A remediation is a document: facts, a line each, and programs, whose lines stand behind a bar. Those that came with
# this program are in `shipped`; another one comes with a request, and is run for an account that acts by sudo only where
# root has put its digest into /etc/oakum/remediations. STATE/remedies/NAME: document, label, was/ (what it touches, before
# the act), now/ (marks of the same after it), prior/ (the folder in which its programs run), adopted (it was in effect
# before, and nothing was changed), verified (its proof was seen), boot (of the act), undoing.

REMEDIES=$STATE/remedies

fact() { sed -n "s/^$2 //p" "$1/document"; }
digest_of() { sha256sum <"$1" | cut -d' ' -f1; }

# The text of a program of a document, its values (NAME VALUE, a line each) and its seconds.
program() { # PROGRAM
    text='' values='' seconds='' within=no
    while IFS= read -r line; do
        case $line in
        '|'*) [ $within = no ] || text="$text${line#?}
" ;;
        'program common' | "program $1") within=yes ;;
        'program '*) within=no ;;
        'value '*) values="$values${line#value }
" ;;
        "seconds $1 "*) seconds=${line##* } ;;
        esac
    done
}
# Runs a program of a remediation in its folder, with its own values and nothing else around it.
remedy() { # FOLDER PROGRAM
    program "$2" <"$1/document"
    (
        cd "$1/prior" || exit 9
        umask 022
        set -- timeout -k 5 "$seconds" /bin/sh -eu -c "$text" "$2"
        while read -r name value; do [ -z "$name" ] || set -- "$name=$value" "$@"; done <<VALUES
$values
VALUES
        exec env -i PATH="$PATH" LC_ALL=C HOME=/root "$@" </dev/null
    )
}
asked() { remedy "$1" "$2" >/dev/null 2>&1; }
# The same with the beginning of what it prints in the log of the work, which stays on this machine.
told() {
    echo "--- $2"
    {
        remedy "$1" "$2"
        echo $? >"$1/status"
    } 2>&1 | { head -c 65536; timeout 1900 cat >/dev/null; }
    return "$(cat "$1/status")"
}

mark() { # what stands at a path, in one line: PATH KIND MODE OWNER GROUP, and a file's digest or a link's target
    if [ -L "$1" ]; then
        echo "$1 link - - - $(readlink "$1")"
    elif [ -f "$1" ]; then
        echo "$1 file $(stat -c '%a %u %g' "$1") $(digest_of "$1")"
    elif [ -e "$1" ]; then
        echo "$1 other $(stat -c '%a %u %g %F' "$1")"
    else
        echo "$1 absent"
    fi
}
marks() { # FOLDER was|now; fails where not all of it can be kept
    rm -rf "${1:?}/$2"
    mkdir "$1/$2" || return 1
    number=0
    fact "$1" touches | while read -r path; do
        number=$((number + 1))
        mark "$path" >"$1/$2/$number" || exit 1
        [ "$2" = was ] || continue
        case $path in
        /sys/*) ;;
        /proc/*) [ ! -f "$path" ] || cat "$path" >"$1/was/$number.kept" || exit 1 ;;
        *) if [ -L "$path" ] || [ -f "$path" ]; then cp -a "$path" "$1/was/$number.kept" || exit 1; fi ;;
        esac
    done && sync
}
differs() { # FOLDER was|now: the first path that is not as it is marked there
    for file in "$1/$2"/*; do
        case $file in *.kept | *'*') continue ;; esac
        read -r path _ <"$file"
        [ "$(mark "$path")" = "$(cat "$file")" ] || { echo "$path"; return; }
    done
}
restore() { # FOLDER: what it touches, the last one first
    fact "$1" touches | awk '{ print NR, $0 }' | sort -rn | while read -r number path; do
        kept=$1/was/$number.kept
        [ "$(mark "$path")" != "$(cat "$1/was/$number")" ] || continue
        read -r _ kind mode owner group _ <"$1/was/$number"
        case $path in
        /sys/*) continue ;;
        /proc/*) cat "$kept" >"$path"; continue ;;
        esac
        case $kind in
        absent) if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir "$path"; else rm -f "$path"; fi ;;
        link) cp -a "$kept" "$path.oakum-new" && mv -fT "$path.oakum-new" "$path" ;;
        file)
            cmp -s "$kept" "$path" || { cp -a "$kept" "$path.oakum-new" && mv -fT "$path.oakum-new" "$path"; }
            chown "$owner:$group" "$path" && chmod "$mode" "$path"
            ;;
        other) chown "$owner:$group" "$path" && chmod "$mode" "$path" ;;
        esac
    done
}

# The documents of a request, where they may be run here: those that were approved, and shipped or let by root.
documents() { # REQUEST FOLDER
    while read -r word name way _ digest; do
        [ "$word $way" = 'remediation in' ] || continue
        case " $SHIPPED " in
        *" $name "*) shipped "$name" >"$2/$name.document" ;;
        *)
            [ "${SUDO_UID:-0}" = 0 ] || grep -qsxF "$digest" /etc/oakum/remediations || {
                rm -rf "$2"
                refuse never "root has not put the digest of $name into /etc/oakum/remediations"
            }
            sed -n "s/^document $name //p" "$1" | base64 -d >"$2/$name.document"
            ;;
        esac 2>/dev/null || {
            rm -rf "$2"
            refuse not-now "the text of $name cannot be taken: it is damaged, or there is no space left"
        }
        [ "$(digest_of "$2/$name.document")" = "$digest" ] || {
            rm -rf "$2"
            refuse never "$name, as it is known here, is not the one that was approved"
        }
    done <"$1"
}

remedies() { # in | out
    while read -r word name way label digest; do
        [ "$word $way" = "remediation $1" ] || continue
        R=$REMEDIES/$name
        "bring_$1"
    done <"$W/request"
}

bring_in() {
    if [ -d "$R" ]; then
        [ "$(digest_of "$R/document")" = "$digest" ] || broken "$name is in effect in another version: take that back first"
        if [ -e "$R/adopted" ] && ! asked "$R" check; then
            marks "$R" was || fail "$FULL"
            rm -f "$R/adopted"
        fi
    else
        new=$REMEDIES/.new-$name
        rm -rf "$new"
        { mkdir -p "$new/prior" && cp "$W/$name.document" "$new/document" && echo "$label" >"$new/label"; } || fail "$FULL"
        [ "$(digest_of "$new/document")" = "$digest" ] || broken "$name, as it is known here, is not the one that was approved"
        asked "$new" check
        case $? in
        0) : >"$new/adopted" ;;
        3) ;;
        4) broken "$name does not apply to the machine" ;;
        *) fail "the check of $name could not tell whether it is in effect" ;;
        esac
        marks "$new" was || fail "$FULL"
        mv "$new" "$R"
        sync
    fi
    [ ! -e "$R/adopted" ] || return 0
    rm -rf "$R/verified" "$R/undoing" "$R/now"
    echo "$BOOT" >"$R/boot" || fail "$FULL"
    told "$R" act || fail "$name could not be brought into effect; its log is in $W on the machine"
    marks "$R" now || fail "$FULL"
    [ "$(fact "$R" reboot)" = yes ] || proven || fail "the effect of $name is not seen; its log is in $W on the machine"
}
proven() { told "$R" verify && told "$R" check && : >"$R/verified"; }

bring_out() {
    [ -d "$R" ] || return 0
    [ "$(digest_of "$R/document")" = "$digest" ] || broken "$name is in effect in another version, which is left as it is"
    if [ ! -e "$R/adopted" ]; then
        grep -qx 'program undo' "$R/document" || broken "nothing undoes $name"
        if [ -d "$R/now" ] && [ ! -e "$R/undoing" ]; then
            changed=$(differs "$R" now)
            [ -z "$changed" ] || broken "$changed was changed since by somebody else, and is left as it is"
        fi
        : >"$R/undoing"
        restore "$R"
        told "$R" undo || fail "$name could not be undone; its log is in $W on the machine"
        changed=$(differs "$R" was)
        [ -z "$changed" ] || fail "$changed is not as it was before $name"
        if [ "$(fact "$R" reboot)" != yes ]; then
            asked "$R" check
            [ $? = 3 ] || fail "$name is still in effect when it is undone"
        fi
    fi
    rm -rf "$REMEDIES/.old"
    mv "$R" "$REMEDIES/.old"
    rm -rf "$REMEDIES/.old"
}

standing() { # FOLDER: present | absent | not-applicable | unknown
    asked "$1" check
    case $? in
    0)
        if [ -e "$1/verified" ] || [ -e "$1/adopted" ] || [ ! -e "$1/label" ]; then
            echo present
        elif [ -d "$1/now" ] && [ "$(cat "$1/boot")" != "$BOOT" ] && asked "$1" verify; then
            # It has restarted since, which was what it needed.
            : >"$1/verified"
            echo present
        else
            echo absent
        fi
        ;;
    3) echo absent ;;
    4) echo not-applicable ;;
    *) echo unknown ;;
    esac
}
recorded() { # NAME LABEL STANDING of those that were brought into effect from here
    for folder in "$REMEDIES"/[a-z]*; do
        [ ! -f "$folder/label" ] || echo "${folder##*/} $(cat "$folder/label") $(standing "$folder")"
    done
}
# Those that could be: NAME STANDING.
possible() {
    [ "$(id -u)" = 0 ] || return 0
    here=$(mktemp -d) && mkdir "$here/prior" || return 0
    for each in $SHIPPED; do
        [ ! -d "$REMEDIES/$each" ] || continue
        shipped "$each" >"$here/document"
        echo "$each $(standing "$here")"
    done
    rm -rf "$here"
}
