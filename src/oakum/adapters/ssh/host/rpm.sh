# --- work: rpm, what dnf and zypper have in common -------------------------------------------------------------------

# A version is [EPOCH:]VERSION-RELEASE; the epoch 0 is left out, whether a package states it or not.
EVR='%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}'

rpm_name() { case $1 in *[!A-Za-z0-9+._-]* | [!A-Za-z0-9]* | '') return 1 ;; esac; }
rpm_version() {
    case ${1#*:} in *[!A-Za-z0-9.+_~^-]* | [!A-Za-z0-9]* | *-*-* | *-) return 1 ;; ?*-?*) ;; *) return 1 ;; esac
    case $1 in *:*) case ${1%%:*} in 0* | *[!0-9]* | '') return 1 ;; esac ;; esac
}
# EVR ARCH DIGEST of what is installed of a name; a name that reads like a whole label means nothing else.
rpm_has() {
    rpm -q --qf "%{NAME} $EVR %{ARCH} %{SHA256HEADER}\n" "$1" 2>/dev/null |
        awk -v name="$1" 'NF == 4 && $1 == name { sub(/^0:/, "", $2); print $2, $3, $4 }'
}
rpm_of() { rpm -qp --nosignature --qf "%{NAME} $EVR %{ARCH} %{SHA256HEADER}\n" "$1" 2>/dev/null | sed 's/ 0:/ /'; }
# The version of a name; nothing where there are several, or what was last done about it has not come to its end.
rpm_installed() {
    evr=$(rpm_has "$1" | cut -d' ' -f1 | sort -u)
    case $evr in '' | *' '* | *'
'*) ;; *) grep -qxF "$1 $evr" "$STATE/unsure" 2>/dev/null || echo "$evr" ;; esac
}
# Names of which several versions stand side by side.
rpm_several() {
    echo gpg-pubkey
    rpm -qa --qf '%{NAME}\n' 'kernel*'
    rpm -q --qf '%{NAME}\n' --whatprovides 'installonlypkg(kernel)' 'installonlypkg(kernel-module)' 'installonlypkg(vm)' 'multiversion(kernel)' |
        grep -v ' '
}

# The packages for a look, in the words of dpkg: what is not at its end, or there twice, is half-installed.
rpm_look() {
    {
        rpm_several 2>/dev/null | sed 's/^/several /'
        sed 's/^/unsure /' "$STATE/unsure" 2>/dev/null
        rpm -qa --qf "package %{NAME} $EVR %{ARCH}\n" 2>/dev/null
    } | awk '
        $1 == "several" { several[$2] = 1; next }
        $1 == "unsure" { unsure[$2, $3] = 1; next }
        $2 in several { next }
        {
            sub(/^0:/, "", $3)
            if (($2 in version && version[$2] != $3) || ($2, $3) in unsure) half[$2] = 1
            version[$2] = $3
            name[++count] = $2
            arch[count] = $4
        }
        END { for (n = 1; n <= count; n++) print "package", name[n], version[name[n]], "install", (name[n] in half ? "half-installed" : "installed"), arch[n] }'
}

rpm_unlocked() {
    waited=0
    while held=$("${M}_holder"); do
        waited=$((waited + 1))
        [ $waited -le "$LOCKED" ] || fail "the lock of the package manager is held by $held"
        sleep 1
    done
}
rpm_holder() { # of rpm's own lock, by what the kernel says, or of one of the files with a process id
    node=$(stat -c %i /var/lib/rpm/.rpm.lock 2>/dev/null)
    pid=$(awk -v node=":$node" '$2 != "->" && substr($6, length($6) - length(node) + 1) == node { print $5; exit }' /proc/locks)
    for file in "$@"; do
        [ -z "$pid" ] || break
        read -r pid <"$file"
        case $pid in *[!0-9]* | '') pid='' ;; *) [ -d "/proc/$pid" ] || pid='' ;; esac
    done 2>/dev/null
    [ -n "$pid" ] && echo "$(tr -cd 'A-Za-z0-9._+-' <"/proc/$pid/comm") (process $pid)"
}

# A transaction that was cut off leaves a name twice in the database. The record of the version that is wanted goes,
# for what its scripts were to do may not be done: so the change installs it as a whole. Of two others the newer stays.
rpm_repair() {
    rpm_unlocked
    rpm_several >"$W/several" 2>/dev/null
    rpm -qa --qf "%{NAME} %{ARCH} %{INSTALLTID} $EVR %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n" | sort -k1,1 -k2,2 -k3,3n >"$W/all"
    awk -v several="$W/several" '
        BEGIN { while ((getline name <several) > 0) skip[name] = 1 }
        !($1 in skip) && $1 == name && $2 == arch { print name, evr, label, $4, $5 }
        { name = $1; arch = $2; evr = $4; label = $5 }' "$W/all" | sed 's/ 0:/ /g' >"$W/twice"
    while read -r name former old latter new; do
        wanted=$(sed -n "s/^package $(rpm_pattern "$name") \([^ ]*\) .*/\1/p" "$W/request")
        if [ -z "$wanted" ]; then
            [ "$do" = undo ] || broken "$name is installed twice, since an installation was cut off"
            continue
        fi
        printf '%s\n' "$name $former" "$name $latter" >>"$STATE/unsure" || fail "$FULL"
        case $wanted in
        "$former") timeout -k 10 "$MENDS" rpm -e --nodeps --justdb --noscripts --notriggers "$old" ;;
        "$latter") timeout -k 10 "$MENDS" rpm -e --nodeps --justdb --noscripts --notriggers "$new" ;;
        *) timeout -k 10 "$MENDS" rpm -e --nodeps "$old" ;;
        esac || broken "$name is installed twice, and one of its versions cannot be taken out"
    done <"$W/twice"
}
rpm_pattern() { printf %s "$1" | sed 's/\./\\./g'; }

# The package of a version where it is kept.
rpm_kept() {
    file="$STATE/kept/$1=$2=$3.rpm"
    case $(rpm_of "$file") in "$1 $2 $3 "*) echo "$file" ;; *) return 1 ;; esac
}

# The former packages are put by before anything is changed: the very ones, by the digest of their headers.
rpm_keep() {
    : >"$W/former" || fail "$FULL"
    while read -r word name wanted how; do
        [ "$word" = package ] || continue
        rpm_has "$name" | while read -r evr arch digest; do
            if [ "$evr" = "$wanted" ]; then
                continue
            elif kept=$(rpm_kept "$name" "$evr" "$arch"); then
                touch "$kept"
            else
                echo "$name $evr $arch $digest $how"
            fi
        done >>"$W/former"
    done <"$W/request"
    [ -s "$W/former" ] || return 0
    rm -rf "$W/fetched"
    mkdir "$W/fetched" || fail "$FULL"
    # shellcheck disable=SC2046 # lists of words without blanks
    "${M}_fetch" "$W/fetched" $(while read -r name evr arch _; do "${M}_word" "$name" "$evr" "$arch"; done <"$W/former")
    rpm_put_by
    while read -r name evr arch _ how; do
        rpm_kept "$name" "$evr" "$arch" >/dev/null || {
            "${M}_fetch" "$W/fetched" "$("${M}_word" "$name" "$evr" "$arch")"
            rpm_put_by
            rpm_kept "$name" "$evr" "$arch" >/dev/null || [ "$how" = lose ] || "${M}_why" "the former version of $name cannot be kept" <"$W/said"
        }
    done <"$W/former"
    rm -rf "$W/fetched"
    sync
}
rpm_put_by() {
    find "$W/fetched" -name '*.rpm' | while read -r file; do
        id=$(rpm_of "$file")
        grep -q "^$(printf %s "$id" | sed 's/[.*^$[]/\\&/g') " "$W/former" || continue
        # shellcheck disable=SC2086 # four words
        set -- $id
        mv "$file" "$STATE/kept/.new" && mv "$STATE/kept/.new" "$STATE/kept/$1=$2=$3.rpm"
    done
}

# What is to be installed, `words`, and what is to be installed once more, `again`; `offline` where no repository is
# needed. The way back takes what is kept.
rpm_words() {
    words='' again='' offline=yes number=0
    while read -r word name wanted _; do
        case $word in absent) broken "$name is not taken away by this version" ;; package) ;; *) continue ;; esac
        [ "$(rpm_installed "$name")" != "$wanted" ] || continue
        files=''
        have=$(rpm_has "$name")
        for kept in "$STATE/kept/$name=$wanted="*.rpm; do
            [ "$do" = undo ] && [ -f "$kept" ] || continue
            arch=${kept##*=}
            # The architecture that is there, else (it has changed) whatever was put by.
            case "$have " in *" ${arch%.rpm} "*) ;; *) ! [ -f "$STATE/kept/$name=$wanted=$(echo "$have" | cut -d' ' -f2 | head -n 1).rpm" ] || continue ;; esac
            number=$((number + 1))
            cp "$kept" "$W/$number.rpm" || fail "$FULL"
            files="$files $W/$number.rpm"
        done
        if [ -z "$files" ]; then
            offline=''
            case $have in
            *'
'*) files=$(printf '%s\n' "$have" | cut -d' ' -f2 | sort -u | while read -r arch; do "${M}_word" "$name" "$wanted" "$arch"; done) ;;
            *) files=$("${M}_word" "$name" "$wanted") ;;
            esac
        fi
        case $have in
        "$wanted "*) again="$again $files" ;;
        *) words="$words $files" ;;
        esac
    done <"$W/request"
}

# What would be done, in "$W/would" (VERB NAME EVR ARCH), has to be what was planned: nothing else is changed, added or
# removed, and nothing is left out.
rpm_exactly() {
    other=$(while read -r verb name evr arch; do
        rpm_name "$name" || { echo 'would do what is not understood'; continue; }
        wanted=$(sed -n "s/^package $(rpm_pattern "$name") \([^ ]*\) .*/\1/p" "$W/request")
        if [ "$verb" = remove ]; then
            echo "would remove $name"
        elif [ -z "$wanted" ]; then
            echo "would also change $name"
        elif [ "$verb" = other ] || [ "${evr#0:}" != "$wanted" ]; then
            echo "would change $name to another version"
        elif [ "$verb" = vendor ]; then
            echo "would change the vendor of $name"
        elif [ "$verb" = add ] && [ -n "$(rpm_has "$name")" ]; then
            echo "would also install $name of $(printf %s "$arch" | tr -cd 'a-z0-9_')"
        fi
    done <"$W/would" | head -n 1)
    [ -z "$other" ] || broken "$M $other, which is not in the plan"
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(rpm_installed "$name")" != "$wanted" ] || continue
        grep -q "^[a-z]* $(rpm_pattern "$name") " "$W/would" || broken "$M would not change $name, which is in the plan"
    done <"$W/request"
}

# Until a change has come to its end nobody can say of its packages that they are as a version has them.
rpm_begun() {
    while read -r word name wanted _; do
        [ "$word" = package ] && [ "$(rpm_installed "$name")" != "$wanted" ] || continue
        { rpm_has "$name" | cut -d' ' -f1; echo "$wanted"; } | sort -u | sed "s/^/$name /"
    done <"$W/request" >>"$STATE/unsure" || fail "$FULL"
    sync "$STATE/unsure" 2>/dev/null
}
rpm_ended() { # by what was said meanwhile, in "$W/done"
    # rpm goes on where a script has failed; only names of the request are taken from what it says.
    sed -n 's/^.*\(warning\|error\): %[a-z]*(\([^ ()]*\)-[^ ()-]*-[^ ()-]*) scriptlet failed.*/\2/p' "$W/done" | sort -u | while read -r name; do
        while read -r word each _; do
            [ "$word" = package ] && [ "$each" = "$name" ] && echo "$name"
        done <"$W/request"
    done >"$W/failed"
    awk -v request="$W/request" -v failed="$W/failed" '
        BEGIN {
            while ((getline line <request) > 0) if (split(line, part, " ") > 1 && part[1] == "package") done[part[2]] = 1
            while ((getline name <failed) > 0) delete done[name]
        }
        !($1 in done)' "$STATE/unsure" >"$W/unsure" && mv "$W/unsure" "$STATE/unsure" || fail "$FULL"
    read -r name <"$W/failed" || return 0
    broken "a script of $name failed; its log is in $W on the machine"
}
rpm_hung() { # STATUS
    case $1 in 124 | 137) ;; *) return 0 ;; esac
    all_there
    broken "a script of $other did not end within $((HANGS / 60)) minutes, and was ended; its log is in $W on the machine"
}

# --- collect: what the repositories of an rpm host offer -------------------------------------------------------------

# What is in effect after the next boot alone (dnf-needs-restarting(8)).
CORE='kernel kernel-core kernel-default kernel-rt glibc linux-firmware systemd dbus dbus-1 dbus-broker dbus-daemon microcode_ctl'

rpms() {
    "${M}_offered" >"$T/.oakum/offered.new" 2>/dev/null && mv "$T/.oakum/offered.new" "$T/.oakum/offered"
    rm -f "$T/.oakum/offered.new"
    rpm -qa --qf '%{NAME}\n' | sort -u >"$T/.oakum/names"
    advisories >"$T/.oakum/advisories"
    rpm_several 2>/dev/null | sort -u >"$T/.oakum/several"
    for file in "$STATE"/kept/*.rpm; do [ ! -f "$file" ] || rpm_of "$file"; done >"$T/.oakum/kept"
    mkdir -p "$T/run"
    # shellcheck disable=SC2086 # a list of names
    rpm -qa --qf '%{INSTALLTIME} %{NAME}\n' $CORE | awk -v up="$(stat -c %Y /proc/1)" '$1 > up { print $2 }' | sort -u >"$T/run/reboot-required.pkgs"
    if [ -s "$T/run/reboot-required.pkgs" ] || [ -e /run/reboot-needed ]; then : >"$T/run/reboot-required"; fi
}
advisories() {
    for file in /var/cache/dnf/*/repodata/*updateinfo.xml* /var/cache/zypp/raw/*/repodata/*updateinfo.xml*; do
        [ -r "$file" ] || continue
        case $file in
        *.gz) gzip -dc "$file" ;; *.xz) xz -dc "$file" ;; *.bz2) bzip2 -dc "$file" ;; *.zst) zstd -dcq "$file" ;; *.xml) cat "$file" ;;
        *) false ;;
        esac >"$T/.oakum/updateinfo" 2>/dev/null || { echo "unread"; continue; }
        updateinfo "$T/.oakum/names" <"$T/.oakum/updateinfo"
    done
    rm -f "$T/.oakum/updateinfo"
}
# What advisories say of the packages named in a file: ID TYPE REBOOT NAME EVR ARCH CVE,CVE. XML, read tag by tag.
updateinfo() {
    awk -v names="$1" '
        function attribute(name,   found) {
            if (!match($0, "[ \t\n]" name "=(\"[^\"]*\"|\047[^\047]*\047)")) return ""
            found = substr($0, RSTART, RLENGTH)
            sub(/^[^=]*=./, "", found)
            return substr(found, 1, length(found) - 1)
        }
        function content() { return substr($0, index($0, ">") + 1) }
        BEGIN { RS = "\n"; while ((getline name <names) > 0) wanted[name] = 1; RS = "<" }
        /^update[ \t\n]/ { id = ""; cves = ""; reboot = "-"; count = 0; type = attribute("type") }
        /^id>/ && id == "" { id = content() }
        /^reference[ \t\n]/ && attribute("type") == "cve" { cves = cves "," attribute("id") }
        /^package[ \t\n]/ && (attribute("name") in wanted) {
            epoch = attribute("epoch")
            row[++count] = attribute("name") " " (epoch == "" || epoch == "0" ? "" : epoch ":") attribute("version") "-" attribute("release") " " attribute("arch")
        }
        /^reboot_suggested>/ { if (tolower(content()) !~ /^[ \t\n]*(false|0)/) reboot = "reboot" }
        /^\/update>/ { for (n = 1; n <= count; n++) print id, type, reboot, row[n], (cves == "" ? "-" : substr(cves, 2)) }
    '
}
