#!/bin/bash
# The first process of a host: started by start_host (host.sh) inside the new namespaces, it builds
# the host's view of the file system and becomes its systemd.
# All mounts are made in here, in the host's own mount namespace, so they vanish with the host.
#
# usage: inner.sh NAME
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=common.sh
. "$HERE/common.sh"

name=$1
disk=$(fact "$name" disk) base=$(fact "$name" base) address=$(fact "$name" address)
root=$disk/root

# /proc is still the machine's, so this is our pid as the machine sees it.
read -r stat </proc/self/stat
record "$name" init "${stat%% *} $(stat_start "$stat")"

umask 022
# The one overlay. `volatile` leaves out flushing to the disk: what the machine's own crash would
# lose does not matter here. The marker of an earlier boot has to go.
rm -rf "$disk/work/work/incompat"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$disk/upper,workdir=$disk/work,volatile" "$root"

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# Kernel settings belong to the whole machine, except the network's.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"

mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"

mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
mount --bind "${base%/*}/pool" "$root/pool"
mount -o remount,bind,ro "$root/pool"

# Each boot has its own boot id, as on a real machine; the journal tells boots apart by it.
cat /proc/sys/kernel/random/uuid >"$root/dev/boot-id"
mount --bind "$root/dev/boot-id" "$root/proc/sys/kernel/random/boot_id"
mount -o remount,bind,ro "$root/proc/sys/kernel/random/boot_id"
rm "$root/dev/boot-id"
mount -o remount,bind,ro "$root/proc/sys"
if [[ -e $root/proc/sysrq-trigger ]]; then      # it would act on the whole machine
    mount --bind "$root/proc/sysrq-trigger" "$root/proc/sysrq-trigger"
    mount -o remount,bind,ro "$root/proc/sysrq-trigger"
fi

if [[ ! -e $root/etc/hostname ]]; then
    printf '%s\n' "$name" >"$root/etc/hostname"
    printf '%s %s\n' "$address" "$name" >>"$root/etc/hosts"
    # The lab's name server (dns.sh), as a host of a real network has one.
    printf 'nameserver %s.1\noptions timeout:2 attempts:2\n' "$NET4" >"$root/etc/resolv.conf"
fi

# Wait until the network is there. If the one who makes it was killed, give up.
poll 30 test -e "$RUN/$name/go"

cd "$root"
pivot_root . .
umount -l .
# As on any host that systemd has booted: a mount made later shows in services that see the file system in a way of their own.
mount --make-rshared /
exec /usr/bin/env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /sbin/init
