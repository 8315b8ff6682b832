# --- work: the kernel, and which one the boot loader starts ----------------------------------------------------------
#
# A newer kernel than the running one comes with its packages, and the boot loader starts the newest by itself. An older
# one is chosen in the boot loader's menu, and no package is changed: that of a running kernel stays, with its modules.

# Read after all that people and other packages have set; taken away where a run goes to the newest kernel again.
PIN=/etc/default/grub.d/zz-oakum.cfg

# The package of the running kernel, where it was changed under the same release and the former build runs on. Debian's
# builds name the version of their package.
kernel_stale() {
    name=$(dpkg -S "/boot/vmlinuz-$(uname -r)" 2>/dev/null | sed 's/: .*//; q')
    [ -n "$name" ] && grep -q ' Debian ' /proc/version || return 0
    grep -qF " Debian $(apt_installed "$name") " /proc/version || echo "stale $name kernel"
}

later() { dpkg --compare-versions "$1" gt "$2"; }

entry() { # the name of a kernel in the menu: SUBMENU>ENTRY, or ENTRY
    awk -v want="gnulinux-$1-advanced-" '
        { id = "" }
        match($0, /menuentry_id_option .[^'\'' ]+/) { id = substr($0, RSTART + 21, RLENGTH - 21) }
        /^submenu / { menu = id ">" }
        /^}/ { menu = "" }
        index(id, want) == 1 { print menu id; exit }' /boot/grub/grub.cfg 2>/dev/null
}

# Before anything is changed.
kernel_before() {
    running=$(uname -r) left=
    if [ "$(manager)" != apt ] || ! command -v update-grub >/dev/null || [ -z "$(entry "$running")" ]; then
        broken 'the running kernel is not in a menu of GRUB: there would be no way back'
    fi
    if later "$running" "$kernel"; then
        [ -n "$(entry "$kernel")" ] || broken "the kernel $kernel is not on the machine any more"
        kernel_left
    elif [ "$running" = "$kernel" ]; then
        kernel_had || kernel_left
    elif grep -q '^image ' "$W/request"; then
        # As much as the running one takes, and a quarter for what has grown.
        needed=$(($(du -ck "/boot/"*"-$running" | sed -n 's/[^0-9]*total$//p') * 5 / 4 + 8192))
        [ "$(df -Pk /boot | awk 'NR == 2 { print $4 }')" -ge $needed ] || broken 'no space left on /boot'
    fi
}
# The packages of a kernel that runs stay, and so do those whose former versions can no longer be had. It is enough that
# the boot loader starts the kernel that is wanted.
kernel_left() {
    left=yes
    awk '{ line[NR] = $0; word[NR] = $1; name[NR] = $2 }
        $1 == "image" { own[$2] = 1 }
        END { for (i = 1; i <= NR; i++) if (!((word[i] == "package" || word[i] == "absent") && name[i] in own)) print line[i] }
        ' "$W/request" >"$W/request.new" && mv "$W/request.new" "$W/request" || fail "$FULL"
}
kernel_had() {
    while read -r word name wanted _; do
        if [ "$word" = package ] && grep -qx "image $name" "$W/request" && [ "$(apt_installed "$name")" != "$wanted" ] &&
            ! apt_kept "$name" "$wanted" >/dev/null; then
            apt-cache madison "$name" | grep -qF "| $wanted |" || return 1
        fi
    done <"$W/request"
}

# What the machine starts next is the kernel that is wanted. Where that runs and was never left, the boot loader's choice
# is as it was before the visit.
kernel_after() {
    [ -s "/boot/vmlinuz-$kernel" ] || broken "there is no kernel $kernel in /boot"
    [ ! -e "/boot/initrd.img-$running" ] || [ -s "/boot/initrd.img-$kernel" ] || broken "the kernel $kernel has no initramfs"
    chosen=$(entry "$kernel")
    [ -n "$chosen" ] || broken "the boot loader's menu has no kernel $kernel"
    pinned=
    for image in /boot/vmlinuz-*; do
        ! later "${image#/boot/vmlinuz-}" "$kernel" || pinned=yes
    done
    if [ "$running" = "$kernel" ] && [ -z "$left" ]; then
        [ "$(visit)" = "$(cat "$STATE/unpinned" 2>/dev/null)" ] || pinned=no
    fi
    if [ "$pinned" = yes ]; then
        mkdir -p "${PIN%/*}"
        printf "# By Oakum, on the way back to this kernel. To start the newest: remove this file, run update-grub.\nGRUB_DEFAULT='%s'\n" "$chosen" >"$PIN" || fail "$FULL"
    elif [ -z "$pinned" ] && [ -e "$PIN" ]; then
        put "$STATE/unpinned" "$(visit)" || fail "$FULL"
        rm "$PIN"
    else
        sync
        return
    fi
    timeout -k 10 300 update-grub || fail 'update-grub failed'
    sync
}
visit() { sed 's#/[^/]*/[^/]*$##' "$W/key"; } # run and step: of one visit are the change and its way back
