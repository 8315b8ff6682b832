# --- work: apt -------------------------------------------------------------------------------------------------------

APT='-q -o DPkg::Lock::Timeout=90 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
-o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false -o APT::Install-Recommends=false
-o Acquire::Retries=2 -o Acquire::http::Timeout=20'

apt_name() { case $1 in *[!a-z0-9+.-]* | [!a-z0-9]* | '') return 1 ;; esac; }
apt_version() { case $1 in *[!A-Za-z0-9.+:~-]* | [!0-9A-Za-z]* | '') return 1 ;; esac; }
apt_installed() { dpkg-query -W -f '${Version} ${db:Status-Status}\n' "$1" 2>/dev/null | sed -n 's/ installed$//p' | head -n 1; }

# What an installation that was cut off has left half-way is brought to its end first. What cannot be is no obstacle for
# a change of just those packages, which may mend them, nor for the way back.
apt_repair() {
    DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none
    export DEBIAN_FRONTEND DEBIAN_PRIORITY NEEDRESTART_SUSPEND UCF_FORCE_CONFFOLD APT_LISTCHANGES_FRONTEND
    [ -n "$(dpkg --audit)" ] || [ -n "$(ls /var/lib/dpkg/updates)" ] || return 0
    timeout -k 10 1200 dpkg --force-confdef --force-confold --configure -a && return 0
    [ "$do" = apply ] || return 0
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' >"$W/states"
    while read -r status name; do
        case $status in installed | config-files | not-installed | triggers-*) continue ;; esac
        grep -q "^package $name " "$W/request" || fail "$name is half-installed and cannot be configured"
    done <"$W/states"
}

apt_unheld() {
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(apt_installed "$name")" != "$wanted" ] || continue
        ! apt-mark showhold | grep -qx "$name" || fail "$name is held"
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
            (cd "$STATE/kept" && timeout -k 10 300 apt-get -q download "$name=$before")
            deb=$(apt_kept "$name" "$before") || { [ "$how" = lose ] || fail "the former version of $name cannot be kept"; continue; }
        }
        case $deb in "$STATE"/*) ;; *) cp "$deb" "$STATE/kept/" ;; esac
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
    # shellcheck disable=SC2086
    apt-get $APT -s install --allow-downgrades $words >"$W/simulated" 2>"$W/problem" || { cat "$W/problem"; apt_why 'apt cannot do it' <"$W/problem"; }
    other=$(sed -n 's/^\(Inst\|Remv\|Purg\) \([^ ]*\).*/\1 \2/p' "$W/simulated" | while read -r verb name; do
        if [ "$verb" != Inst ]; then echo "would remove $name"; elif ! grep -q "^package ${name%%:*} " "$W/request"; then echo "would also change $name"; fi
    done | head -n 1)
    [ -z "$other" ] || fail "apt $other, which is not in the plan"
}

apt_change() {
    # shellcheck disable=SC2086 # lists of words without blanks
    apt_get -d install --allow-downgrades $words
    # shellcheck disable=SC2086
    apt_get install --allow-downgrades $words
}

apt_get() {
    # shellcheck disable=SC2086
    timeout -k 30 1800 apt-get $APT -y "$@" >"$W/said" 2>&1
    code=$?
    cat "$W/said"
    [ $code != 124 ] && [ $code != 137 ] || fail 'it did not end within half an hour: a package script hangs'
    [ $code = 0 ] || apt_why 'apt ended with an error' <"$W/said"
}

# Why it failed, in words of our own: what scripts of packages print (secrets, too) stays on this machine.
apt_why() {
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
