# shellcheck shell=bash
# Builds the base roots of the lab: pool/, bare/ and full/. Sourced by lab.sh.
# The cache is keyed by this file too: a change here makes a new build.

HERE=${HERE:?}
CACHE=${CACHE:?}

BARE_PACKAGES=(systemd systemd-sysv dbus openssh-server iproute2 ca-certificates procps kmod
               util-linux less netbase)

# Used as long as no template names its packages.
FALLBACK_PACKAGES=(exim4-daemon-heavy rspamd redis-server clamav-daemon clamav-freshclam nginx
                   nftables chrony ca-certificates openssl)

# Units that make noise, or cannot work, in a host that shares the kernel and the clock.
MASKED_UNITS=(systemd-networkd-wait-online.service systemd-udevd.service
              systemd-udevd-control.socket systemd-udevd-kernel.socket
              systemd-udev-trigger.service systemd-udev-settle.service
              systemd-resolved.service systemd-timesyncd.service systemd-time-wait-sync.service
              systemd-pcrphase.service systemd-pcrphase-sysinit.service
              getty.target getty@.service serial-getty@.service console-getty.service
              container-getty@.service
              apt-daily.service apt-daily.timer apt-daily-upgrade.service apt-daily-upgrade.timer
              man-db.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
              fstrim.timer logrotate.timer dev-hugepages.mount)

# The packages of the gateway: every `packages: [a, b]` line of the templates.
gateway_packages() {
    local list
    list=$(cat "$HERE"/../../templates/*/component.yaml 2>/dev/null |
        sed -n 's/^packages: \[\(.*\)\][[:space:]]*$/\1/p' | tr ', ' '\n\n' | sed '/^$/d' | sort -u) || true
    [[ -n $list ]] || list=$(printf '%s\n' "${FALLBACK_PACKAGES[@]}" | sort -u)
    printf '%s\n' "$list"
}

# The packages for the lab's own use.
tool_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$HERE/tools.txt" | sort -u; }

# base_dir: where the roots for the present lists are, or will be.
base_dir() { base_dir_of "$(gateway_packages)" "$(tool_packages)"; }
base_dir_of() {
    local hash
    hash=$({ printf '%s\n--\n%s\n--\n' "$1" "$2"; cat "$HERE/base.sh"; } | sha256sum)
    printf '%s\n' "$CACHE/${hash:0:16}"
}

# make_base: build the roots unless they are there already, and leave their folder in $BASE.
# One builder at a time; the others wait for it. The lists are read once: they may change meanwhile.
make_base() {
    local gateway tools build old
    gateway=$(gateway_packages) tools=$(tool_packages)
    BASE=$(base_dir_of "$gateway" "$tools")
    [[ -d $BASE ]] && return 0
    need mmdebstrap:mmdebstrap apt-ftparchive:apt-utils unshare:util-linux \
         /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
    mkdir -p "$CACHE"
    exec 8>"$CACHE/.build.lock"
    flock -n 8 || say "waiting for another build"
    flock -w 1800 8 || die "another build holds $CACHE/.build.lock for more than 30 minutes"
    if [[ ! -d $BASE ]]; then
        say "building the base roots in $BASE (one to three minutes)"
        rm -rf "$CACHE"/.build.*/          # what a killed builder left; its mounts were its own
        build=$(mktemp -d "$CACHE/.build.XXXXXX")
        chmod 755 "$build"
        printf '%s\n' "$gateway" >"$build/gateway-packages"
        printf '%s\n' "$tools" >"$build/tool-packages"
        # Own mount and process namespaces: however this ends, no mount and no daemon is left.
        # It also ends when this script is killed.
        if ! setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
                --uts --ipc bash "$HERE/lab.sh" _build "$build" \
                </dev/null >"$CACHE/build.log" 2>&1; then
            tail -n 30 "$CACHE/build.log" >&2
            rm -rf "$build"
            die "the build failed; the whole log is $CACHE/build.log"
        fi
        # Builds for other lists go, except where a host runs on one.
        lock
        mv "$build" "$BASE"
        for old in "$CACHE"/*/; do
            old=${old%/}
            [[ ${old##*/} =~ ^[0-9a-f]{16}$ && $old != "$BASE" ]] || continue
            grep -qsxF -e "$old/bare" -e "$old/full" "$RUN"/*/base || mv "$old" "$CACHE/.build.old-${old##*/}"
        done
        unlock
        rm -rf "$CACHE"/.build.*/
    fi
    exec 8>&-
}

# --- what follows runs inside the build's own namespaces ------------------------------------

# build DIR: make pool, bare, full and the key pair.
build() {
    local dir=$1 bare=$1/bare full=$1/full pool=$1/pool proxy packages units
    mapfile -t packages < <(cat "$dir/gateway-packages" "$dir/tool-packages")
    umask 022
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    hostname debian
    step "minimal Debian"
    mmdebstrap --variant=minbase --include="$(IFS=,; echo "${BARE_PACKAGES[*]}")" bookworm "$bare"

    step "pool: everything that the gateway's packages need beyond that"
    mkdir "$pool"
    open_root "$bare" "$pool"
    cp --remove-destination -L /etc/resolv.conf "$bare/etc/resolv.conf"
    proxy=$(apt-config shell proxy Acquire::http::Proxy)
    [[ -z $proxy ]] || { eval "$proxy"; export http_proxy=$proxy; }
    chroot "$bare" apt-get update -q
    chroot "$bare" apt-get install -y -q --download-only --no-install-recommends \
        -o APT::Sandbox::User=root -o Dir::Cache::Archives=/pool "${packages[@]}"
    rm -rf "$pool/lock" "$pool/partial"
    (cd "$pool" && apt-ftparchive packages . >Packages)

    step "bare"
    echo 'deb [trusted=yes] file:/pool ./' >"$bare/etc/apt/sources.list"
    rm -rf "$bare"/var/lib/apt/lists/*
    chroot "$bare" apt-get update -q
    chroot "$bare" ssh-keygen -q -t ed25519 -N '' -C gatehouse-lab -f /root/lab-key
    mv "$bare/root/lab-key" "$dir/id_ed25519"
    mv "$bare/root/lab-key.pub" "$dir/id_ed25519.pub"
    settle_root "$bare" "$dir/id_ed25519.pub"
    close_root "$bare"

    step "full"
    cp -a "$bare" "$full"
    open_root "$full" "$pool"
    # Nothing may start while packages are installed.
    printf '#!/bin/sh\nexit 101\n' >"$full/usr/sbin/policy-rc.d"
    chmod 755 "$full/usr/sbin/policy-rc.d"
    enabled "$bare" >"$dir/enabled"
    chroot "$full" apt-get install -y -q --no-install-recommends \
        -o DPkg::Options::=--force-unsafe-io -o DPkg::Options::=--force-confold \
        "${packages[@]}"
    rm "$full/usr/sbin/policy-rc.d"
    # Whatever the packages enabled is disabled again; the gateway enables what a role needs.
    enabled "$full" >"$dir/enabled-full"
    mapfile -t units < <(grep -vxFf "$dir/enabled" "$dir/enabled-full")
    chroot "$full" systemctl disable "${units[@]}"
    rm "$dir/enabled" "$dir/enabled-full"
    if [[ -x $full/usr/bin/rspamd ]]; then
        step "rspamd's compiled expressions"
        unshare --net bash "$HERE/lab.sh" _warm "$full"
    fi
    settle_root "$full" "$dir/id_ed25519.pub"
    close_root "$full"
    step "done"
}

step() { printf '=== %s (%s s)\n' "$*" "$SECONDS"; }

# open_root ROOT POOL / close_root ROOT: what programs expect to find while they run in a chroot.
open_root() {
    mkdir -p "$1/pool"
    mount --bind "$2" "$1/pool"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --make-rslave "$1/dev"
    mount -t tmpfs -o mode=755 tmpfs "$1/run"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
}
close_root() { umount "$1/tmp" "$1/run" "$1/proc" "$1/pool"; umount -l "$1/dev"; }

# enabled ROOT: the names of all units that a boot would start, native or SysV.
enabled() {
    chroot "$1" systemctl list-unit-files --state=enabled --no-legend --no-pager | awk '{ print $1 }'
    find "$1"/etc/rc[2-5].d -name 'S*' -printf '%f\n' 2>/dev/null | sed 's/^S[0-9]*\(.*\)/\1.service/' | sort -u
}

# settle_root ROOT PUBLIC-KEY: the settings that every host of the lab has.
settle_root() {
    local root=$1 unit
    : >"$root/etc/machine-id"                      # each host makes its own at first boot
    rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" \
        "$root/etc/resolv.conf" "$root"/var/cache/apt/archives/*.deb \
        "$root/var/lib/systemd/random-seed"
    find "$root/var/log" -type f -delete
    printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
    # A name server that refuses at once: nothing ever waits for a name.
    printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$root/etc/resolv.conf"
    # The hosts share the machine's clock: chrony must not touch it (-x). Written before chrony is
    # there, so that its installation with --force-confold keeps it.
    printf 'DAEMON_OPTS="-F 1 -x"\n' >"$root/etc/default/chrony"
    printf 'LANG=C.UTF-8\n' >"$root/etc/default/locale"
    install -d -m 700 "$root/root/.ssh"
    install -m 600 "$2" "$root/root/.ssh/authorized_keys"
    printf 'PermitRootLogin prohibit-password\nUseDNS no\n' >"$root/etc/ssh/sshd_config.d/lab.conf"
    # The host's own ssh keys are made when sshd starts for the first time.
    install -d "$root/etc/systemd/system/ssh.service.d"
    cat >"$root/etc/systemd/system/ssh.service.d/lab.conf" <<-'END'
		[Service]
		ExecStartPre=
		ExecStartPre=/usr/bin/ssh-keygen -A
		ExecStartPre=/usr/sbin/sshd -t
	END
    for unit in "${MASKED_UNITS[@]}"; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
}

# warm ROOT: start rspamd once, without any network, until it has compiled its expressions and
# answers; that takes about 14 s of a first start, and the result is kept on disk.
# Runs in a network namespace of its own.
warm() {
    local root=$1 pid
    ip link set lo up
    install -d -o "$(chroot "$root" id -u _rspamd)" -g "$(chroot "$root" id -g _rspamd)" "$root/run/rspamd"
    chroot --userspec=_rspamd:_rspamd "$root" /usr/bin/rspamd -c /etc/rspamd/rspamd.conf -f &
    pid=$!
    poll 180 rspamd_warm "$root" || { tail -n 20 "$root/var/log/rspamd/rspamd.log"; die "rspamd did not answer"; }
    kill "$pid"
    poll 20 gone "$pid $(start_time "$pid" || true)" || kill -9 "$pid"
    wait "$pid" || true
    find "$root/var/lib/rspamd" -mindepth 1 ! -name '*.hs*' -delete
    ls -l "$root/var/lib/rspamd"
}
rspamd_warm() {
    ping_rspamd 2>/dev/null && compgen -G "$1/var/lib/rspamd/*.hs*" >/dev/null
}
# "GET /ping" with nothing but bash.
ping_rspamd() {
    local answer
    exec 7<>/dev/tcp/127.0.0.1/11334 || return 1
    printf 'GET /ping HTTP/1.0\r\n\r\n' >&7
    IFS= read -r -t 5 answer <&7 || answer=
    exec 7>&-
    [[ $answer == *" 200 "* ]]
}
