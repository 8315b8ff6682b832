# --- work: dnf (version 4) -------------------------------------------------------------------------------------------

DNF='--setopt=exit_on_lock=True --setopt=install_weak_deps=False --setopt=clean_requirements_on_remove=False
--setopt=timeout=20 --setopt=retries=2 --color=never'
DNF_LOCKS=/etc/dnf/plugins/versionlock.list

dnf_name() { rpm_name "$1"; }
dnf_version() { rpm_version "$1"; }
dnf_installed() { rpm_installed "$1"; }
dnf_files() { rpm -ql "$1" 2>/dev/null; }
dnf_repair() { rpm_repair; }
dnf_keep() { rpm_keep; }
dnf_holder() { rpm_holder /var/cache/dnf/*.pid /var/lib/dnf/*.pid /run/dnf*.pid; }
dnf_word() { case $2 in *:*) echo "$1-$2${3:+.$3}" ;; *) echo "$1-0:$2${3:+.$3}" ;; esac; }

# Held is what a list of locks or an exclude names, unless it names the very version that is wanted.
dnf_unheld() {
    {
        sed 's/#.*//; s/[ \t]*$//; /^!/d; /^$/d' "$DNF_LOCKS"
        awk -F= '/^\[/ { main = ($0 ~ /^\[main\]/) } main && $1 ~ /^ *(exclude|excludepkgs) *$/ { gsub(/[ ,]+/, "\n", $2); print $2 }' /etc/dnf/dnf.conf
    } 2>/dev/null | grep . >"$W/locks"
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(rpm_installed "$name")" != "$wanted" ] || continue
        case $wanted in *:*) full=$wanted ;; *) full=0:$wanted ;; esac
        while read -r lock; do
            # shellcheck disable=SC2254 # these are patterns
            case $name-$full. in $lock) continue ;; esac
            # shellcheck disable=SC2254
            case $name in $lock | ${lock%-*-*}) broken "$name is held: dnf versionlock delete $name (or the exclude in dnf.conf), or plan without it" ;; esac
        done <"$W/locks"
    done <"$W/request"
}

dnf_fetch() { # FOLDER WORD...
    to=$1
    shift
    dnf_do -y reinstall --downloadonly --downloaddir="$to" "$@"
}

dnf_do() {
    waited=0
    while :; do
        # shellcheck disable=SC2086 # a list of words
        timeout -k 30 "$HANGS" dnf $DNF ${offline:+--disablerepo=*} "$@" >"$W/said" 2>&1
        code=$?
        [ $code = 200 ] && [ $waited -lt "$LOCKED" ] || break
        waited=$((waited + 1))
        sleep 1
    done
    cat "$W/said"
    return $code
}

dnf_exact() {
    rpm_words
    : >"$W/would"
    # shellcheck disable=SC2086 # lists of words without blanks
    {
        [ -z "$words" ] || dnf_would install $words
        [ -z "$again" ] || dnf_would reinstall $again
    }
    rpm_exactly
}
dnf_would() {
    dnf_do --assumeno "$@"
    ! grep -q '^Nothing to do\.$' "$W/said" || return 0
    grep -q '^Operation aborted\.$' "$W/said" || dnf_why 'dnf cannot do it' <"$W/said"
    dnf_table <"$W/said" >>"$W/would"
}
# The table of a transaction: a row begins with one blank, its continuation with more; its numbers have to add up.
dnf_table() {
    awk '
        function row(   part) {
            if (held == "") return
            split(held, part, " ")
            print verb, part[1], part[3], part[2]
            if (verb != "again") rows++
            held = ""
        }
        /^Transaction Summary/ { row(); summed = 1 }
        summed && /^(Install|Upgrade|Downgrade|Remove) +[0-9]+ Packages?/ { sum += $2 }
        summed { next }
        /^[A-Z].*:$/ {
            row()
            verb = "other"
            if ($0 ~ /^Installing/) verb = "add"
            if ($0 == "Upgrading:" || $0 == "Downgrading:") verb = "change"
            if ($0 == "Reinstalling:") verb = "again"
            if ($0 ~ /^Removing/) verb = "remove"
            table = 1
            next
        }
        !table || /^$/ { next }
        /^ +replacing +/ { row(); print "remove", $2, $3, "-"; next }
        /^ [^ ]/ { row(); held = $0; next }
        /^ / { held = held $0 }
        END { row(); if (rows != sum) print "other ? - -" }'
}

# The first pass downloads, checks the signatures and tries the transaction without carrying it out.
dnf_change() {
    [ -n "$words$again" ] || return 0
    # shellcheck disable=SC2086 # lists of words without blanks
    {
        [ -z "$words" ] || dnf_do -y --setopt=tsflags=test install $words || dnf_why 'dnf cannot do it' <"$W/said"
        [ -z "$again" ] || dnf_do -y --setopt=tsflags=test reinstall $again || dnf_why 'dnf cannot do it' <"$W/said"
        rpm_begun
        [ -z "$words" ] || dnf_apply install $words
        [ -z "$again" ] || dnf_apply reinstall $again
    }
    rpm_ended
}
dnf_apply() {
    dnf_do -y "$@"
    code=$?
    cat "$W/said" >>"$W/done"
    rpm_hung $code
    [ $code = 0 ] || dnf_why 'dnf ended with an error' <"$W/said"
}

# Why it failed, in words of our own: what scripts of packages print (secrets, too) stays on this machine.
dnf_why() {
    said=$(cat 2>/dev/null)
    LOG="its log is in $W on the machine"
    case $said in
    *'scriptlet failed'*) rpm_ended; broken "a script of a package failed; $LOG" ;;
    *' lock'*' by '* | *'Failed to obtain'*' lock'*) fail "the lock of the package manager is held by $(dnf_holder || echo another process)" ;;
    *'No space left on device'* | *' more space on the '* | *' more space needed on the '*) fail 'no space left on the device: make room on the machine' ;;
    *' conflicts with file from package '* | *' conflicts between attempted installs of '*) broken "a file of a package belongs to another package; $LOG" ;;
    *'GPG signature verification error'* | *'Bad GPG signature'*) broken 'the index of a repository is not signed by a trusted key' ;;
    *'is not signed'* | *'GPG check FAILED'* | *'GPG keys listed'* | *'Public key for '*' is not installed'*) broken 'a package is not signed by a trusted key' ;;
    *'Status code: 404 '* | *'Inconsistent server data'* | *'checksum doesn'* | *'incorrect checksum'*) fail 'the repository is out of sync: a package is not what its index says' ;;
    *'Failed to download metadata'* | *'Cannot download'* | *'Curl error'* | *'All mirrors were tried'*) fail 'the repository does not answer' ;;
    *'filtered out by exclude filtering'*) broken 'a lock or an exclude of dnf keeps a version out' ;;
    *'Unable to find a match'* | *'No match for argument'* | *' not available'*) broken 'a version is in no channel of the machine any more' ;;
    *'conflicting requests'* | *'nothing provides'* | *'Problem: '* | *'requires '*) broken 'dependencies keep dnf from doing just what was planned' ;;
    *) fail "$1; $LOG" ;;
    esac
}

# By what is known already: nothing is fetched for a scan.
dnf_offered() {
    dnf -q -C repoquery --available --qf '%{name} %{epoch}:%{version}-%{release} %{arch} %{repoid}' >"$T/.oakum/all" || return 1
    rpm -qa --qf '%{NAME}\n' | awk -v all="$T/.oakum/all" '
        { wanted[$1] = 1 }
        END { while ((getline line <all) > 0) { split(line, part, " "); if (part[1] in wanted) { sub(/ 0:/, " ", line); print line } } }'
    rm -f "$T/.oakum/all"
}
