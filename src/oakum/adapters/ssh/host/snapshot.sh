# --- copies of the machine: snapshots of its root, where that is a subvolume of btrfs -----------------------------------
#
# The whole file system is mounted aside, for root alone. In its folder .oakum stand copies/COPY (read-only snapshots),
# former/COPY (the root in whose place a copy was put; a journal and logs with it), and the state of this program, to
# which STATE is a link: a copy that is put back takes back neither fencing tokens nor answers nor what was kept.
# COPY is the SHA-256 of the key of the act that made it, which STATE/copies/COPY holds.

TOP=/run/oakum/top
#: Megabytes that have to be free: a copy costs nothing when it is made, and then whatever is written over.
BESIDE=512

top() {
    mountpoint -q "$TOP" && return 0
    mkdir -p "$TOP" && mount -t btrfs -o subvolid=5 "$(findmnt -nvo SOURCE /)" "$TOP"
}
# STATE stands beside the root before anything is in it. Where it can't be mounted there is no state to go by.
beside() {
    if [ "$(id -u)" = 0 ] && [ -L "$STATE" ]; then top || exit 1; fi
}
first_beside() {
    beside
    if [ -e "$STATE" ] || [ "$(stat -f -c %T /)" != btrfs ] || ! top 2>/dev/null; then return; fi
    mkdir -p "$TOP/.oakum/state" && ln -sn "$TOP/.oakum/state" "$STATE"
}

# Why no copy can be made and put back, a line each; nothing where it can.
uncopied() {
    if [ "$(stat -f -c %T /)" != btrfs ]; then
        echo 'its root is not on btrfs'
        return
    fi
    command -v btrfs >/dev/null || { echo 'it has no btrfs command (the package btrfs-progs)'; return; }
    case $(findmnt -nvo FSROOT /) in
    /) echo 'its root is the whole file system, and no subvolume' ;;
    /.oakum/*) echo 'a copy was put in the place of its root, and it has not restarted since' ;;
    esac
    # A number would lead to the root that a copy has replaced; a name, or the default, leads to the copy.
    if grep -q 'subvolid=' /proc/cmdline || awk '$2 == "/" && $4 ~ /subvolid=/ { found = 1 } END { exit !found }' /etc/fstab; then
        echo 'its root is mounted by the number of a subvolume'
    fi
    for part in /boot /etc /usr /var /var/lib /var/lib/dpkg /var/lib/rpm /usr/lib/sysimage/rpm; do
        [ ! -e $part ] || [ "$(stat -c %d $part)" = "$(stat -c %d /)" ] || echo "$part is not on the subvolume of its root"
    done
    [ ! -e "$STATE" ] || [ -L "$STATE" ] || echo "$STATE is on its root, and would be put back with it"
    root=$(findmnt -nvo FSROOT /)
    btrfs subvolume list -o / | sed 's/.* path //' | while read -r path; do
        inner=${path#"${root#/}"}
        [ -z "$(ls -A "$inner")" ] || echo "the subvolume $inner is within its root, and no copy would hold it"
    done
}

copy() {
    why=$(uncopied | head -n 1)
    [ -z "$why" ] || refuse never "$why"
    free=$(($(df -Pk / | awk 'NR == 2 { print $4 }') / 1024))
    [ $free -ge $BESIDE ] || refuse never "no space left for a copy: $free MB are free, and $BESIDE are needed"
    mkdir -p "$STATE/copies" "$TOP/.oakum/copies" || full
    sync
    if [ ! -d "$TOP/.oakum/copies/$hash" ]; then
        btrfs -q subvolume snapshot -r / "$TOP/.oakum/copies/$hash" || refuse not-now 'btrfs has made no snapshot'
    fi
    # What is said of the root goes back with it; see above for what does not.
    rm -rf "$STATE/copied/$hash" && mkdir -p "$STATE/copied/$hash" || full
    [ ! -d "$STATE/remedies" ] || cp -a "$STATE/remedies" "$STATE/copied/$hash/" || full
    put "$STATE/copies/$hash" "$key" || full
}

discard() { # what a copy holds, and the root in whose place it was put
    beside
    name=$(sum "$copied")
    for place in "$TOP/.oakum/copies/$name" "$TOP/.oakum/former/$name" "$TOP/.oakum/new/$name"; do
        [ -d "$place" ] || continue
        [ "$(btrfs inspect-internal rootid "$place")" != "$(btrfs inspect-internal rootid /)" ] || refuse not-now 'it runs on that root'
        btrfs subvolume list -o "$place" | sed 's/.* path //' | while read -r path; do btrfs -q subvolume delete "$TOP/$path"; done
        btrfs -q subvolume delete "$place" || refuse not-now 'btrfs has not deleted it'
    done
    rm -rf "$STATE/copies/$name" "$STATE/copied/$name"
}

# Puts a copy in the place of the root and restarts: whether that has come about is seen after the boot.
put_back() {
    name=$(sum "$1")
    copy=$TOP/.oakum/copies/$name former=$TOP/.oakum/former/$name new=$TOP/.oakum/new/$name
    root=$(findmnt -nvo FSROOT /)
    case $root in
    /.oakum/*) ;; # it is done, and only the restart is missing
    *)
        [ -d "$copy" ] || broken 'the copy is not there any more'
        journalctl --boot --no-pager --lines=5000 --output=short-iso >"$W/journal" 2>/dev/null
        mkdir -p "${former%/*}" "${new%/*}"
        [ ! -d "$new" ] || btrfs -q subvolume delete "$new"
        btrfs -q subvolume snapshot "$copy" "$new" || fail 'btrfs has made no snapshot of the copy'
        number=$(btrfs inspect-internal rootid "$new")
        put "$STATE/copied/$name/root" "$number" || fail "$FULL"
        default=$(btrfs subvolume get-default / | cut -d' ' -f2)
        # One after the other in one transaction of the file system: a machine that goes down here has both or none.
        btrfs filesystem sync "$TOP"
        mv -T "$TOP$root" "$former" || fail 'its root cannot be moved'
        mv -T "$new" "$TOP$root" || { mv -T "$former" "$TOP$root"; fail 'the copy cannot be moved'; }
        [ "$default" != "$(btrfs inspect-internal rootid /)" ] || btrfs subvolume set-default "$number" "$TOP"
        btrfs filesystem sync "$TOP"
        ;;
    esac
    sync
    systemctl reboot
    sleep 600
    fail 'it does not restart'
}
restored() { # FOLDER: whether the machine runs on the copy that this work was to put in the place of its root
    origin=$(sed -n 's/^copy //p' "$1/request")
    origin=$STATE/copied/$(sum "$origin")
    [ -f "$origin/root" ] && [ "$(btrfs inspect-internal rootid /)" = "$(cat "$origin/root")" ] || return 1
    flock "$1/lock" sh -c 'rm -rf "$2/remedies"; [ ! -d "$1" ] || cp -a "$1" "$2/"' sh "$origin/remedies" "$STATE"
}
