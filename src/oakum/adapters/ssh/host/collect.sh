# --- collect ---------------------------------------------------------------------------------------------------------

collect() { # brief: without what only a plan asks
    brief=${1:-}
    T=$(mktemp -d) || exit 1
    trap 'rm -rf "$T"' EXIT
    mkdir -p "$T/.oakum" "$T/proc/sys/kernel/random" "$T/proc/self" "$T/boot" "$T/usr/lib/modules"
    : >"$T/.oakum/denied"
    now >"$T/.oakum/now"
    echo "$BOOT" >"$T/proc/sys/kernel/random/boot_id"
    for file in sys/kernel/osrelease sys/kernel/version version_signature; do
        [ ! -r /proc/$file ] || cat /proc/$file >"$T/proc/$file"
    done
    grep ' / / \| [0-9:]* [^ ]* / ' /proc/self/mountinfo >"$T/proc/self/mountinfo"
    for folder in /proc/[0-9]*; do
        pid=${folder#/proc/}
        mkdir "$T$folder"
        if { read -r line <"/proc/$pid/maps"; } 2>/dev/null || [ -r "/proc/$pid/exe" ]; then
            : >"$T$folder/maps"
        elif ! [ -d "$folder" ]; then
            rmdir "$T$folder"
        elif [ "$(id -u)" = 0 ]; then
            : >"$T$folder/maps" # a thread of the kernel
        else
            echo "$folder/maps" >>"$T/.oakum/denied"
        fi
    done
    replaced >"$T/.oakum/replaced"
    if [ "$brief" != brief ]; then
        [ "$(id -u)" != 0 ] || uncopied >"$T/.oakum/uncopied"
        { recorded | sed 's/^/is /'; possible | sed 's/^/can /'; } >"$T/.oakum/remediations" 2>/dev/null
    fi
    cut -d' ' -f1 "$T/.oakum/replaced" | sort -u | while read -r pid; do
        grep -E ' \(deleted\)$' "/proc/$pid/maps" >"$T/proc/$pid/maps" 2>/dev/null
        cat "/proc/$pid/comm" >"$T/proc/$pid/comm" 2>/dev/null
        grep ' [0-9:]* [^ ]* / ' "/proc/$pid/mountinfo" >"$T/proc/$pid/mountinfo" 2>/dev/null
    done
    for kernel in /boot/vmlinu[xz]-*; do
        [ ! -e "$kernel" ] || : >"$T$kernel"
    done
    for folder in /usr/lib/modules/* /lib/modules/*; do
        for part in vmlinuz kernel; do
            [ ! -e "$folder/$part" ] || { mkdir -p "$T/usr/lib/modules/${folder##*/}" && : >"$T/usr/lib/modules/${folder##*/}/$part"; }
        done
    done
    for patch in /sys/kernel/livepatch/*/enabled; do
        [ ! -r "$patch" ] || { mkdir -p "$T${patch%/*}" && cat "$patch" >"$T$patch"; }
    done
    for flag in /run/reboot-required /run/reboot-required.pkgs /var/run/reboot-required /var/run/reboot-required.pkgs; do
        [ ! -f $flag ] || { mkdir -p "$T${flag%/*}" && cat $flag >"$T$flag"; }
    done
    files=
    for file in /etc/os-release /usr/lib/os-release /etc/lsb-release /etc/debian_version /etc/redhat-release \
        /etc/alpine-release /etc/machine-id /etc/hostname /etc/apt/sources.list /etc/apt/sources.list.d/* \
        /etc/apt/preferences /etc/apt/preferences.d/* /var/lib/dpkg/status /var/lib/dpkg/status.d/* \
        /var/lib/dpkg/updates/* /var/lib/ubuntu-advantage/status.json /var/lib/rpm/* /usr/lib/sysimage/rpm/* \
        /lib/apk/db/installed /etc/apk/repositories /etc/apk/world /etc/yum.repos.d/* /etc/yum.conf /etc/dnf/dnf.conf \
        /etc/dnf/vars/* /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list /etc/dnf/versionlock.toml \
        /etc/dnf/repos.override.d/* /usr/share/dnf5/repos.d/* /etc/distro.repos.d/* /etc/zypp/repos.d/* /etc/zypp/locks \
        /usr/share/update-notifier/notify-reboot-required \
        /etc/kernel/postinst.d/unattended-upgrades /var/lib/apt/lists/*InRelease /var/lib/apt/lists/*_Release; do
        if [ -L "$file" ] || { [ -f "$file" ] && [ -r "$file" ]; }; then
            case $file in *' '* | *'
'*) ;; *) files="$files ${file#/}" ;; esac
        elif [ -f "$file" ]; then
            echo "$file" >>"$T/.oakum/denied"
        fi
    done
    M=$(manager)
    case $M in dnf | zypper) rpms && surroundings ;; esac
    if command -v dpkg-query >/dev/null; then
        debs
        surroundings
        while read -r _ path; do owner "$path"; done <"$T/.oakum/replaced" | sort -u >"$T/.oakum/owners"
        dpkg -S /boot/vmlinu[xz]-* 2>/dev/null | sed 's/: .*//; s/,.*//; s/:.*//' | sort -u >>"$T/.oakum/owners"
        while read -r name; do
            for list in "/var/lib/dpkg/info/$name.list" "/var/lib/dpkg/info/$name":*.list; do
                [ ! -r "$list" ] || files="$files ${list#/}"
            done
        done <"$T/.oakum/owners"
    fi
    pack=cat
    ! command -v gzip >/dev/null || pack='gzip -1'
    # shellcheck disable=SC2086 # a list of names without blanks
    tar -cf - -C / $files -C "$T" . 2>/dev/null | $pack
}

debs() { # what apt offers, by its lists alone, and what a change of a package has to reckon with
    mkdir -p "$T/var/lib/apt/lists"
    dpkg-query -W -f '${Package}\n' | sort -u >"$T/.oakum/names"
    for list in /var/lib/apt/lists/*_Packages*; do
        [ -r "$list" ] || continue
        plain=${list%.lz4}
        plain=${plain%.gz}
        plain=${plain%.xz}
        { /usr/lib/apt/apt-helper cat-file "$list" 2>/dev/null || cat "$list"; } | awk -v names="$T/.oakum/names" '
            BEGIN { while ((getline name <names) > 0) wanted[name] = 1 }
            /^Package:/ { take = ($2 in wanted); if (take) print "" }
            take && /^(Package|Version|Source|Architecture):/ { print }' >"$T$plain"
    done
    [ "$brief" != brief ] || return 0
    apt-cache policy $(cat "$T/.oakum/names") >"$T/.oakum/policy" 2>/dev/null
    # What apt would do for each package that brings kernels.
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'linux-image-*' 2>/dev/null | sed -n 's/^installed //p' |
        grep -vE '^linux-image-(unsigned-)?[0-9]' | while read -r name; do
        echo "for $name"
        apt-get -q -s -o APT::Install-Recommends=false install "$name" 2>/dev/null | grep -E '^(Inst|Remv|Purg) '
    done >"$T/.oakum/kernels"
    ls /var/cache/apt/archives "$STATE/kept" 2>/dev/null | sed -n 's/\.deb$//p' | sort -u >"$T/.oakum/kept"
}

surroundings() { # whether it is a container, and what the services use that wait for a reboot
    { systemd-detect-virt --container || true; } >"$T/.oakum/container" 2>/dev/null
    [ "$brief" != brief ] || return 0
    for folder in /proc/[0-9]*; do
        unit=$(unit_of "${folder#/proc/}")
        if [ -n "$unit" ] && [ "$unit" != init ] && never "$unit"; then
            case $unit in oakum-*) ;; *) sed -n 's#^[^ ]* ..x. [^/]*\(/.*\)$#\1#p' "$folder/maps" 2>/dev/null | grep -v deleted ;; esac
        fi
    done | sort -u | owners >"$T/.oakum/reboot"
}
