# --- work: apt -------------------------------------------------------------------------------------------------------

APT="-q -o DPkg::Lock::Timeout=$LOCKED -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
-o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false -o APT::Install-Recommends=false
-o Acquire::Retries=2 -o Acquire::http::Timeout=20"

apt_name() { case $1 in *[!a-z0-9+.-]* | [!a-z0-9]* | '') return 1 ;; esac; }
apt_version() { case $1 in *[!A-Za-z0-9.+:~-]* | [!0-9A-Za-z]* | '') return 1 ;; esac; }
apt_installed() { dpkg-query -W -f '${Version} ${db:Status-Status}\n' "$1" 2>/dev/null | sed -n 's/ installed$//p' | head -n 1; }
apt_files() { dpkg-query -L "$1" 2>/dev/null; }

# What an installation that was cut off has left half-way is brought to its end first. What cannot be is no obstacle for
# a change of just those packages, which may mend them, nor for the way back.
apt_repair() {
    DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none
    export DEBIAN_FRONTEND DEBIAN_PRIORITY NEEDRESTART_SUSPEND UCF_FORCE_CONFFOLD APT_LISTCHANGES_FRONTEND
    unlocked
    no_journal
    # The way back replaces what is half-way: nothing of it is tried again.
    [ "$do" = apply ] && [ -n "$(dpkg --audit)" ] || return 0
    timeout -k 10 "$MENDS" dpkg --force-confdef --force-confold --configure -a && return 0
    no_journal
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' >"$W/states"
    while read -r status name; do
        case $status in installed | config-files | not-installed | triggers-*) continue ;; esac
        grep -q "^package $name " "$W/request" || broken "$name is half-installed and cannot be configured"
    done <"$W/states"
}

# A dpkg that was ended has left its journal, and apt does nothing beside one. Whatever writes takes it up.
no_journal() { [ -z "$(ls /var/lib/dpkg/updates)" ] || dpkg --set-selections </dev/null; }

# Waits for whoever holds a lock of apt or dpkg: what another is just installing looks half-installed.
unlocked() {
    waited=0
    while held=$(holder); do
        waited=$((waited + 1))
        [ $waited -le "$LOCKED" ] || fail "the lock of the package manager is held by $held"
        sleep 1
    done
}
holder() { # by what the kernel says, not by words that a script may have printed
    for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/cache/apt/archives/lock; do
        node=$(stat -c %i $file) || continue
        # Files of other file systems may have that number as well.
        for pid in $(awk -v node=":$node" '$2 != "->" && substr($6, length($6) - length(node) + 1) == node { print $5 }' /proc/locks); do
            if find "/proc/$pid/fd" -lname $file | grep -q .; then
                echo "$(tr -cd 'A-Za-z0-9._+-' <"/proc/$pid/comm") (process $pid)"
                return 0
            fi
        done
    done 2>/dev/null
    return 1
}

apt_unheld() {
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(apt_installed "$name")" != "$wanted" ] || continue
        ! apt-mark showhold | grep -qx "$name" || broken "$name is held: apt-mark unhold $name, or plan without it"
    done <"$W/request"
}

# The package of a version where it is kept; nothing where it is not. Epochs stand as %3a in the names of files.
apt_kept() {
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
apt_keep() {
    while read -r word name wanted how; do
        [ "$word" = package ] || continue
        before=$(apt_installed "$name")
        if [ -z "$before" ] || [ "$before" = "$wanted" ]; then continue; fi
        deb=$(apt_kept "$name" "$before") || {
            # shellcheck disable=SC2086 # a list of words
            (cd "$STATE/kept" && timeout -k 10 300 apt-get $APT download "$name=$before") >"$W/said" 2>&1
            cat "$W/said"
            deb=$(apt_kept "$name" "$before") || {
                [ "$how" != lose ] || continue
                ! grep -qE "Can't find a source| was not found" "$W/said" || broken "the former version of $name is in no channel any more, and cannot be kept"
                apt_why "the former version of $name cannot be kept" <"$W/said"
            }
        }
        case $deb in
        "$STATE"/*) touch "$deb" ;;
        *) { cp "$deb" "$STATE/kept/.new" && mv "$STATE/kept/.new" "$STATE/kept/${deb##*/}"; } || fail "$FULL" ;;
        esac
    done <"$W/request"
    sync
}

# What apt would do has to be what was planned: nothing else is changed, added or removed.
apt_exact() {
    if [ "$do" = apply ]; then
        words=$(sed -n 's/^package \([^ ]*\) \([^ ]*\) .*/\1=\2/p' "$W/request")
    else
        words=$(sed -n 's/^package \([^ ]*\) \([^ ]*\) .*/\1 \2/p' "$W/request" | while read -r name wanted; do apt_kept "$name" "$wanted" || echo "$name=$wanted"; done)
    fi
    words="$words $(sed -n 's/^absent \(.*\)/\1-/p' "$W/request")"
    # shellcheck disable=SC2086
    apt-get $APT -s install --allow-downgrades $words >"$W/simulated" 2>"$W/problem" || { cat "$W/problem"; apt_why 'apt cannot do it' <"$W/problem"; }
    other=$(sed -n 's/^\(Inst\|Remv\|Purg\) \([^ ]*\).*/\1 \2/p' "$W/simulated" | while read -r verb name; do
        if [ "$verb" != Inst ]; then grep -q "^absent ${name%%:*}\$" "$W/request" || echo "would remove $name"; elif ! grep -q "^package ${name%%:*} " "$W/request"; then echo "would also change $name"; fi
    done | head -n 1)
    [ -z "$other" ] || broken "apt $other, which is not in the plan"
}

apt_change() {
    # shellcheck disable=SC2086 # lists of words without blanks
    apt_get -d install --allow-downgrades $words
    # shellcheck disable=SC2086
    apt_get install --allow-downgrades $words
}

apt_get() {
    # shellcheck disable=SC2086
    timeout -k 30 "$HANGS" apt-get $APT -y "$@" >"$W/said" 2>&1
    code=$?
    cat "$W/said"
    [ $code != 124 ] && [ $code != 137 ] || broken "a script of $(unwell) did not end within $((HANGS / 60)) minutes, and was ended; its log is in $W on the machine"
    [ $code = 0 ] || apt_why 'apt ended with an error' <"$W/said"
}
unwell() { # the first package of the request that is half-way, or is not what was wanted
    while read -r word name _; do
        [ "$word" = package ] || continue
        case $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) in installed | config-files | not-installed | '') ;; *) echo "$name"; return ;; esac
    done <"$W/request"
    all_there
    echo "$other"
}

# Why it failed, in words of our own: what scripts of packages print (secrets, too) stays on this machine. No word of
# theirs is taken over, and where one of them ran only what dpkg says of it counts.
apt_why() {
    LOG="its log is in $W on the machine"
    said=$(cat 2>/dev/null)
    case $said in
    *'error processing archive'*'No space left on device'*) fail 'no space left on the device: make room on the machine' ;;
    *'error processing archive'*'trying to overwrite'*) broken "a file of $(unwell) belongs to another package; $LOG" ;;
    *'error processing'*) broken "a script of $(unwell) failed; $LOG" ;;
    *'Could not get lock'* | *'Unable to acquire the dpkg frontend lock'* | *'Unable to lock'*)
        fail "the lock of the package manager is held by $(holder || echo another process)"
        ;;
    *"don't have enough free space in "*)
        fail "no space left on $(printf '%s\n' "$said" | sed -n "s/^E: You don't have enough free space in \(.*\)\/\.$/\1/p" | head -n 1)"
        ;;
    *'No space left on device'*) fail 'no space left on the device: make room on the machine' ;;
    *'Hash Sum mismatch'* | *'unexpected size'*) fail 'the repository is out of sync: a package is not what its index says' ;;
    *'  404  '*) fail "the repository is out of sync: it has a package no more that the machine's lists name" ;;
    *'Failed to fetch'* | *'Could not connect'* | *'Unable to fetch'* | *'Temporary failure resolving'*) fail 'the repository does not answer' ;;
    *'cannot be authenticated'* | *'not signed'*) broken 'a package is not signed by a trusted key' ;;
    *' was not found'* | *'Unable to locate package'*) broken 'a version is in no channel of the machine any more' ;;
    *'unmet dependencies'* | *'held broken packages'* | *'are held'*) broken 'dependencies keep apt from doing just what was planned' ;;
    *) fail "$1; $LOG" ;;
    esac
}
