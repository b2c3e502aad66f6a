#!/bin/busybox sh
# The first process of the lab's guest, on the machine's own root, read-only by hostfs. The kernel hands these over from
# its command line as environment:
#   ORLOP_LAB       a directory of the machine that is /lab in the guest: lab.py puts "command" there and reads "status"
#   LAB_MODULES     where the guest kernel's modules are
#   LAB_MODE        plain, or systemd
#   LAB_USER        "name:uid", an ordinary user to make, with subordinate ids and a lingering manager
# Busybox' shell, because a program that is not linked dynamically is several times faster here.
# In the order of running: begin, then plain, or systemd's own boot, then run.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export TERM=dumb LC_ALL=C.UTF-8
ROOT=/mnt/root
UNITS=$ROOT/etc/systemd/system

load_modules() {
    mkdir /mnt/modules && mount -t hostfs none /mnt/modules -o "$LAB_MODULES"
    for name in fs/overlayfs/overlay fs/fuse/fuse fs/autofs/autofs4 lib/crc-ccitt net/ipv6/ipv6 drivers/net/tun drivers/net/veth \
        drivers/net/dummy drivers/block/loop; do
        for file in /mnt/modules/kernel/$name.ko*; do
            [ ! -e "$file" ] || insmod "$file"
        done
    done
    umount /mnt/modules
}

# A throw-away overlay of the machine's root. What is mounted there over the machine's own is not seen by anybody else.
make_root() {
    mount -t tmpfs -o mode=755,size=75% tmpfs /mnt
    mkdir /mnt/upper /mnt/work $ROOT
    load_modules
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay $ROOT || exit 1
    mkdir -p $ROOT/lab
    mount -t hostfs none $ROOT/lab -o "$ORLOP_LAB" || exit 1
    : >$ROOT/etc/fstab
    echo lab >$ROOT/etc/hostname
    echo 127.0.0.1 localhost lab >$ROOT/etc/hosts
}

# Of the machine's accounts only their names could be in the way: the id is one that lab.py found to be free.
make_user() {
    name=${LAB_USER%:*} uid=${LAB_USER#*:}
    echo "$name:x:$uid:$uid::/home/$name:/bin/bash" >>$ROOT/etc/passwd
    echo "$name:x:$uid:" >>$ROOT/etc/group
    echo "$name:!:20000::::::" >>$ROOT/etc/shadow
    echo "$name:1000000:65536" >>$ROOT/etc/subuid
    echo "$name:1000000:65536" >>$ROOT/etc/subgid
    mkdir -p $ROOT/home/"$name" $ROOT/var/lib/systemd/linger
    chown "$uid:$uid" $ROOT/home/"$name"
    : >$ROOT/var/lib/systemd/linger/"$name"
}

# Only what basic.target and the D-Bus need: none of the services that the machine's administrator enabled.
make_units() {
    mount -t tmpfs -o mode=755 tmpfs $UNITS
    mount -t tmpfs -o mode=755 tmpfs $ROOT/etc/systemd/user
    for name in $(cat $ROOT/lab/masked); do
        ln -s /dev/null $UNITS/$name
    done
    mkdir -p $UNITS/user@.service.d $ROOT/etc/systemd/journald.conf.d
    printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >$UNITS/user@.service.d/lab.conf
    printf '[Journal]\nStorage=volatile\n' >$ROOT/etc/systemd/journald.conf.d/lab.conf
    cat $ROOT/lab/lab.service >$UNITS/lab.service
    printf '[Unit]\nRequires=basic.target lab.service\nAfter=basic.target\nAllowIsolate=yes\n' >$UNITS/lab.target
    [ -s $ROOT/etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >$ROOT/etc/machine-id
}

mount_kernel_file_systems() {
    mount -t proc -o nosuid,nodev,noexec proc proc
    mount -t sysfs -o nosuid,nodev,noexec sysfs sys
    mount -t devtmpfs -o mode=755 dev dev
    mkdir -p dev/pts dev/shm dev/mqueue
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    ln -sf pts/ptmx dev/ptmx
    ln -sf /proc/self/fd dev/fd
    for each in 0:stdin 1:stdout 2:stderr; do
        ln -sf "/proc/self/fd/${each%:*}" "dev/${each#*:}"
    done
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
    mount -t mqueue mqueue dev/mqueue
    mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
    mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 sys/fs/cgroup
    [ ! -d sys/kernel/security ] || mount -t securityfs securityfs sys/kernel/security
}

begin() {
    # By its path: for its own commands busybox runs /proc/self/exe, and that is still the machine's: the guest's kernel.
    /bin/mount -t proc proc /proc
    make_root
    [ -z "$LAB_USER" ] || make_user
    mount --make-rprivate /
    if [ "$LAB_MODE" = systemd ]; then
        make_units
        umount /proc
        exec /sbin/switch_root $ROOT /lib/systemd/systemd --unit=lab.target
    fi
    cd $ROOT || exit 1
    mount_kernel_file_systems
    umount /proc
    exec /sbin/switch_root $ROOT /bin/busybox sh /lab/guest.sh plain
}

# As a service manager does: the root cgroup hands all of its controllers down, and nobody sits in it.
plain() {
    mount --make-rshared /
    hostname lab
    ip link set lo up
    mkdir /sys/fs/cgroup/init
    echo 1 >/sys/fs/cgroup/init/cgroup.procs
    for name in $(cat /sys/fs/cgroup/cgroup.controllers); do
        echo "+$name" >/sys/fs/cgroup/cgroup.subtree_control
    done
    run
    sync
    echo o >/proc/sysrq-trigger
    sleep 10
}

wait_for_user() {
    for _ in $(seq 300); do
        [ ! -S "/run/user/$1/bus" ] || return 0
        sleep 0.1
    done
    echo "lab: the user's manager did not come up" >&2
    return 125
}

# As "systemd-run --user" starts it: a service of the user's own manager, with a cgroup delegated to it.
run_as_user() {
    uid=${LAB_USER#*:}
    set -- /usr/bin/setpriv --reuid "$uid" --regid "$uid" --clear-groups /usr/bin/env HOME="/home/${LAB_USER%:*}" USER="${LAB_USER%:*}" \
        XDG_RUNTIME_DIR="/run/user/$uid"
    if [ "$LAB_MODE" = systemd ]; then
        wait_for_user "$uid" || return
        bus=unix:path=/run/user/$uid/bus
        "$@" DBUS_SESSION_BUS_ADDRESS="$bus" systemd-run --user --pipe --wait --collect --quiet -p Delegate=yes \
            -E DBUS_SESSION_BUS_ADDRESS="$bus" -E TMPDIR=$TMPDIR -E PATH="$PATH" -E LC_ALL="$LC_ALL" /bin/sh /lab/command
    else
        mkdir -p "/run/user/$uid" && chown "$uid:$uid" "/run/user/$uid"
        "$@" TMPDIR=$TMPDIR /bin/sh /lab/command
    fi
}

# Bundles are made in a tmpfs: an overlay on hostfs has neither idmapped mounts nor another overlay on top of it, and
# /tmp may hold the sources. The serial line is where lab.py listens. The command's output goes there through a pipe: it
# sees no terminal.
run() {
    export HOME=/root USER=root TMPDIR=/run/lab
    mkdir $TMPDIR
    mount -t tmpfs -o mode=1777 tmpfs $TMPDIR
    cd /
    stty -F /dev/ttyS0 raw -echo
    echo started >/lab/status
    sync /lab/status
    {
        if [ -n "$LAB_USER" ]; then run_as_user; else /bin/sh /lab/command; fi </dev/null 2>&1
        echo $? >/lab/exit
    } | cat >/dev/ttyS0
    mv /lab/exit /lab/status
    sync
}

"${1:-begin}"
