# --- work: zypper ----------------------------------------------------------------------------------------------------

zypper_name() { rpm_name "$1"; }
zypper_version() { rpm_version "$1"; }
zypper_installed() { rpm_installed "$1"; }
zypper_files() { rpm -ql "$1" 2>/dev/null; }
zypper_repair() { rpm_repair; }
zypper_keep() { rpm_keep; }
zypper_holder() { rpm_holder /run/zypp.pid; }
zypper_word() { echo "$1${3:+.$3}=$2"; }

zypper_unheld() {
    # shellcheck disable=SC2020
    tr -d '\r' </etc/zypp/locks 2>/dev/null | awk '
        function lock() { if (name != "" && (type == "" || type == "package")) print name; name = type = "" }
        /^#/ { next }
        /^type:/ { type = $2 }
        /^solvable_name:/ { name = $2 }
        /^$/ { lock() }
        END { lock() }' >"$W/locks"
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(rpm_installed "$name")" != "$wanted" ] || continue
        while read -r lock; do
            # shellcheck disable=SC2254 # these are patterns
            case $name in $lock) broken "$name is held: zypper removelock $lock, or plan without it" ;; esac
        done <"$W/locks"
    done <"$W/request"
}

zypper_fetch() { # FOLDER WORD...
    to=$1
    shift
    zypper_do --no-refresh --pkg-cache-dir "$to" install --download-only --force --no-recommends "$@"
}

zypper_do() {
    ZYPP_LOCK_TIMEOUT=$LOCKED timeout -k 30 "$HANGS" zypper --xmlout --non-interactive "$@" >"$W/said" 2>&1
    code=$?
    cat "$W/said"
    # 100 to 103 tell of patches and restarts; 106 of a repository that was left out, 107 of a script that failed: what
    # is there in the end decides.
    case $code in 0 | 10[0-367]) return 0 ;; esac
    return $code
}
# What is kept on the machine was checked when it was put by.
zypper_install() {
    zypper_do "$@" --oldpackage --no-recommends ${again:+--force} ${offline:+--allow-unsigned-rpm} $words $again
}

zypper_exact() {
    rpm_words
    : >"$W/would"
    [ -n "$words$again" ] || return 0
    # shellcheck disable=SC2086 # lists of words without blanks
    zypper_install ${offline:+--no-refresh} install --dry-run || zypper_why 'zypper cannot do it' <"$W/said"
    zypper_table <"$W/said" >"$W/would"
    if ! [ -s "$W/would" ] && grep -qE 'Skipping repository|No provider of|Problem: ' "$W/said"; then zypper_why 'zypper cannot do it' <"$W/said"; fi
    rpm_exactly
}

# The summary of a transaction, as XML.
zypper_table() {
    awk -v RS='<' '
        function attribute(name,   found) {
            if (!match($0, "[ \t\n]" name "=\"[^\"]*\"")) return "?"
            found = substr($0, RSTART, RLENGTH)
            sub(/^[^=]*="/, "", found)
            return substr(found, 1, length(found) - 1)
        }
        /^install-summary/ { inside = 1 }
        /^\/install-summary/ { inside = 0 }
        inside && /^to-/ {
            verb = "other"
            if ($0 ~ /^to-install>/) verb = "add"
            if ($0 ~ /^to-(upgrade|downgrade|change-arch|upgrade-change-arch|downgrade-change-arch)>/) verb = "change"
            if ($0 ~ /^to-change-vendor>/) verb = "vendor"
            if ($0 ~ /^to-reinstall>/) verb = "again"
            if ($0 ~ /^to-remove>/) verb = "remove"
        }
        /^\/to-/ { verb = "" }
        inside && verb != "" && /^solvable / && attribute("type") == "package" { print verb, attribute("name"), attribute("edition"), attribute("arch") }
        inside && verb != "" && /^solvable / && attribute("type") !~ /^(package|patch)$/ { print "other", attribute("name"), "-", "-" }
    '
}

# The first pass downloads, checks the signatures, and looks whether files of different packages are the same.
zypper_change() {
    [ -n "$words$again" ] || return 0
    zypper_install --no-refresh install --dry-run --download-only || zypper_why 'zypper cannot download it' <"$W/said"
    rpm_begun
    zypper_install --no-refresh install
    code=$?
    cat "$W/said" >>"$W/done"
    rpm_hung $code
    [ $code = 0 ] || zypper_why 'zypper ended with an error' <"$W/said"
    rpm_ended
}

# Why it failed, in words of our own: what scripts of packages print (secrets, too) stays on this machine.
zypper_why() {
    said=$(cat 2>/dev/null)
    LOG="its log is in $W on the machine"
    case $said in
    *'scriptlet failed'*) rpm_ended; broken "a script of a package failed; $LOG" ;;
    *'System management is locked'*) fail "the lock of the package manager is held by $(zypper_holder || echo another process)" ;;
    *'No space left on device'* | *' more space on the '* | *'ot enough space'*) fail 'no space left on the device: make room on the machine' ;;
    *'not found on medium'* | *'igest verification failed'* | *'[5-File does not exist'* | *' corrupted '* | *'exceeded the expected filesize'*) fail 'the repository is out of sync: a package is not what its index says' ;;
    *'Signature verification failed for '* | *'is not signed with '* | *'unsigned repository'*) broken 'the index of a repository is not signed by a trusted key' ;;
    *'Signature verification failed'* | *'Package is not signed'*) broken 'a package is not signed by a trusted key' ;;
    *'Skipping repository'* | *'Timeout exceeded'* | *'Connection failed'* | *'ownload (curl) error'* | *'Problem retrieving files'*) fail 'the repository does not answer' ;;
    *'No provider of '*) broken 'a version is in no channel of the machine any more' ;;
    *'icense agreement'* | *'auto-agree-with-licenses'*) broken 'a package asks for agreement to its licence, which a person has to give' ;;
    *'<fileconflicts '* | *'conflicts with file '*) broken "a file of a package belongs to another package; $LOG" ;;
    *'Problem: '*) broken 'dependencies keep zypper from doing just what was planned' ;;
    *) fail "$1; $LOG" ;;
    esac
}

# By what is known already: nothing is fetched for a scan. A repository is named there by its title, not by its alias.
zypper_offered() {
    zypper --xmlout --non-interactive --no-refresh repos >"$T/.oakum/repos" || return 1
    zypper --xmlout --non-interactive --no-refresh search -s -t package >"$T/.oakum/all" || return 1
    rpm -qa --qf '%{NAME}\n' | sort -u >"$T/.oakum/wanted"
    awk -v wanted="$T/.oakum/wanted" '
        function attribute(name,   found) {
            if (!match($0, "[ \t\n]" name "=\"[^\"]*\"")) return "?"
            found = substr($0, RSTART, RLENGTH)
            sub(/^[^=]*="/, "", found)
            return substr(found, 1, length(found) - 1)
        }
        BEGIN { RS = "\n"; while ((getline name <wanted) > 0) listed[name] = 1; RS = "<" }
        /^repo / { alias[attribute("name")] = attribute("alias") }
        /^solvable / && (attribute("name") in listed) && (attribute("repository") in alias) {
            print attribute("name"), attribute("edition"), attribute("arch"), alias[attribute("repository")]
        }' "$T/.oakum/repos" "$T/.oakum/all"
    rm -f "$T/.oakum/repos" "$T/.oakum/all" "$T/.oakum/wanted"
}
