# --- work: the kernel, and which one the boot loader starts ----------------------------------------------------------
#
# A newer kernel than the running one comes with its packages, and the boot loader starts the newest by itself. An older
# one is chosen in the boot loader's menu, and no package is changed: that of a running kernel stays, with its modules.

# Read after all that people and other packages have set; taken away where a run goes to the newest kernel again.
PIN=/etc/default/grub.d/zz-oakum.cfg

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
    running=$(uname -r)
    if [ "$(manager)" != apt ] || ! command -v update-grub >/dev/null || [ -z "$(entry "$running")" ]; then
        broken 'the running kernel is not in a menu of GRUB: there would be no way back'
    fi
    if later "$running" "$kernel"; then
        [ -n "$(entry "$kernel")" ] || broken "the kernel $kernel is not on the machine any more"
    elif later "$kernel" "$running" && grep -q '^package ' "$W/request"; then
        # As much as the running one takes, and a quarter for what has grown.
        needed=$(($(du -ck "/boot/"*"-$running" | sed -n 's/[^0-9]*total$//p') * 5 / 4 + 8192))
        [ "$(df -Pk /boot | awk 'NR == 2 { print $4 }')" -ge $needed ] || broken 'no space left on /boot'
    fi
}

# Whether packages are to be changed: not under the kernel that they belong to, and back to former ones only as long as
# they can be had; else it is enough that the boot loader starts the kernel that is wanted.
kernel_packages() {
    ! later "$running" "$kernel" || return 1
    [ "$running" = "$kernel" ] || return 0
    while read -r word name wanted _; do
        if [ "$word" = package ] && [ "$(apt_installed "$name")" != "$wanted" ] && ! apt_kept "$name" "$wanted" >/dev/null; then
            apt-cache madison "$name" | grep -qF "| $wanted |" || return 1
        fi
    done <"$W/request"
}

# What the machine starts next is the kernel that is wanted.
kernel_after() {
    [ -s "/boot/vmlinuz-$kernel" ] || broken "there is no kernel $kernel in /boot"
    [ ! -e "/boot/initrd.img-$running" ] || [ -s "/boot/initrd.img-$kernel" ] || broken "the kernel $kernel has no initramfs"
    chosen=$(entry "$kernel")
    [ -n "$chosen" ] || broken "the boot loader's menu has no kernel $kernel"
    pinned=
    for image in /boot/vmlinuz-*; do
        ! later "${image#/boot/vmlinuz-}" "$kernel" || pinned=yes
    done
    if [ -n "$pinned" ]; then
        mkdir -p "${PIN%/*}"
        printf "# By Oakum, on the way back to this kernel. To start the newest: remove this file, run update-grub.\nGRUB_DEFAULT='%s'\n" "$chosen" >"$PIN"
    elif [ -e "$PIN" ]; then
        rm "$PIN"
    else
        sync
        return
    fi
    timeout -k 10 300 update-grub || fail 'update-grub failed'
    sync
}
