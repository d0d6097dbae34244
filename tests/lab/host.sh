# shellcheck shell=bash
# The life of a host: taking a name, start, stop, clean-up. Sourced by lab.sh.
#
# What a host holds on the machine: a supervisor process (unshare) with the host's init as its
# child; all mounts and the network are in the init's namespaces and end with it. Besides these
# only a cgroup, the folder of its disk and the folder of its state are left to be removed.

RUN=${RUN:?} CACHE=${CACHE:?} BRIDGE=${BRIDGE:?} NET4=${NET4:?} NET6=${NET6:?}
HERE=${HERE:?}

# Where cgroup version 2 is mounted; on a machine with version 1 it is a folder beside the others.
cgroup_top() {
    local top
    top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
    [[ -n $top ]] || die "no cgroup2 file system is mounted on this machine"
    printf '%s/gatehouse-lab\n' "$top"
}

# remove_cgroup DIR: remove the whole tree, which must be without processes (false when not yet).
remove_cgroup() {
    [[ -d $1 ]] || return 0
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [[ ! -d $1 ]]
}

has_link() { ip link show dev "$1" >/dev/null 2>&1; }

make_bridge() {
    has_link "$BRIDGE" && return 0
    ip link add "$BRIDGE" type bridge forward_delay 0 mcast_snooping 0
    ip address add "$NET4.1/24" dev "$BRIDGE"
    ip address add "${NET6}1/64" dev "$BRIDGE" nodad
    ip link set "$BRIDGE" up
}

# Some daemons of each host watch files, and what the kernel gives to one user for that (128) is used up by some 17 hosts.
raise_limits() {
    local limit=/proc/sys/fs/inotify/max_user_instances
    (( $(<"$limit") >= 1024 )) || echo 1024 >"$limit"
}

# take NAME ADDRESS BASE OWNER: reserve name and address. Call under the lock.
take() {
    local name=$1 address=$2 other
    [[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] || die "'$name' is not a host name (a-z, 0-9, -)"
    [[ $address =~ ^10\.77\.0\.([1-9][0-9]{0,2})$ ]] && (( BASH_REMATCH[1] > 1 && BASH_REMATCH[1] < 255 )) ||
        die "'$address' is not an address of the lab ($NET4.2 to $NET4.254)"
    ! known "$name" || die "the name $name is taken (lab.sh down $name)"
    for other in $(names); do
        [[ $(fact "$other" address) != "$address" ]] || die "the address $address is taken by $other"
    done
    [[ -d $3 ]] || die "the base root $3 has gone"
    # All facts first, then the name: a host without an owner is never seen by the watchdog.
    rm -rf "$RUN/.new"
    mkdir "$RUN/.new"
    record .new maker "$$ $(start_time $$)"
    record .new owner "$4"
    record .new address "$address"
    record .new veth "ghv${address##*.}"
    record .new cgroup "$(cgroup_top)/$name"
    record .new base "$3"
    record .new disk "$CACHE/hosts/$name"
    mv "$RUN/.new" "$RUN/$name"
}

# start_host NAME: boot it. Its init may take longer than this; see up.
start_host() {
    local name=$1 dir=$RUN/$1 cgroup disk veth address init
    cgroup=$(fact "$name" cgroup) disk=$(fact "$name" disk)
    veth=$(fact "$name" veth) address=$(fact "$name" address)
    mkdir -p "$disk/upper" "$disk/work" "$disk/root"
    remove_cgroup "$cgroup" || die "$name: $cgroup still has processes"
    mkdir -p "$cgroup"
    rm -f "$dir/init" "$dir/supervisor" "$dir/go"

    # The supervisor: remember it, put it in the host's cgroup, and let it become `unshare`. The
    # cgroup comes first, so that it is the root of what the host sees.
    (
        close_fds
        exec setsid bash "$HERE/lab.sh" _supervise "$name"
    ) </dev/null >"$dir/console.log" 2>&1 &
    disown
    poll 10 test -s "$dir/init" || die "$name: no init after 10 s"
    init=$(fact "$name" init)

    # The network: one end on the bridge, the other one inside, with an address that follows the
    # host's IPv4 address, so that neighbours do not have to relearn it after a restart.
    ip link add "$veth" type veth peer name eth0 netns "${init%% *}" \
        address "$(printf '02:77:0a:4d:00:%02x' "${address##*.}")" || die "$name: no network"
    ip link set "$veth" master "$BRIDGE" up
    nsenter -t "${init%% *}" -n ip -batch - <<-END || die "$name: no network inside"
		link set lo up
		link set eth0 up
		address add $address/24 dev eth0
		address add $NET6${address##*.}/64 dev eth0 nodad
	END
    record "$name" go yes
}

# supervise NAME: the process that stays outside for as long as the host lives. --kill-child: when
# it is killed, the host ends too.
supervise() {
    record "$1" supervisor "$$ $(start_time $$)"
    echo $$ >"$(fact "$1" cgroup)/cgroup.procs"
    cd /
    exec unshare --net --cgroup --pid --mount --uts --ipc --fork --kill-child \
        setpriv --bounding-set=-sys_module,-sys_rawio bash "$HERE/inner.sh" "$1"
}

# init_of NAME: the pid of the host's init, if the host runs.
init_of() {
    local init
    init=$(fact "$1" init)
    alive "$init" && printf '%s\n' "${init%% *}"
}

# state_of NAME: making, running or stopped.
state_of() {
    if [[ ! -e $RUN/$1/ready ]]; then echo making
    elif init_of "$1" >/dev/null; then echo running
    else echo stopped
    fi
}

# inside NAME COMMAND...: run it in the host; never returns. Our own process goes to a side folder
# of the host's cgroup, and the command, once it is inside, to the cgroup of the host's init.
# Killing this process kills the command.
inside() {
    local name=$1 pid cgroup
    shift
    pid=$(init_of "$name") || { say "$name does not run"; exit 125; }
    cgroup=$(fact "$name" cgroup)/lab-exec
    { mkdir -p "$cgroup" && echo $$ >"$cgroup/cgroup.procs"; } 2>/dev/null || true
    # shellcheck disable=SC2016 # expanded by the shell inside
    exec nsenter -t "$pid" -a /usr/bin/env -i HOME=/root LANG=C.UTF-8 ${TERM:+"TERM=$TERM"} \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        /usr/bin/setpriv --pdeathsig KILL /bin/sh -c \
        'cd /; unset OLDPWD; umask 022; { echo 0 >/sys/fs/cgroup/init.scope/cgroup.procs; } 2>/dev/null; exec "$@"' sh "$@"
}

# settled NAME: has the boot come to its end? Leaves systemd's word in $SYSTEM.
settled() {
    local pid
    pid=$(init_of "$1") || return 0
    SYSTEM=$(nsenter -t "$pid" -m -p -n systemctl is-system-running 2>/dev/null) || true
    [[ $SYSTEM == running || $SYSTEM == degraded ]]
}

# wait_host NAME SECONDS-SINCE-START: wait for the end of the boot and print one line.
wait_host() {
    local name=$1 began=$2 pid took
    SYSTEM=
    poll 180 settled "$name" || die "$name: not up after 180 s (systemd says: ${SYSTEM:-nothing})"
    pid=$(init_of "$name") || die "$name: its init has ended"
    took=$(( ($(date +%s%N) - began) / 100000000 ))
    printf '%s %s %s%s %s pid=%s %d.%d s\n' "$name" "$(fact "$name" address)" "$NET6" \
        "$(fact "$name" address | sed 's/.*\.//')" "$SYSTEM" "$pid" $(( took / 10 )) $(( took % 10 ))
    if [[ $SYSTEM == degraded ]]; then
        nsenter -t "$pid" -m -p -n systemctl --failed --no-legend --plain --no-pager | sed "s/^/$name failed: /" >&2
    fi
}

# stop_host NAME: kill init and supervisor; mounts and network go with them.
stop_host() {
    local name=$1 veth
    finish KILL "$(fact "$name" init)" || say "$name: its init does not end"
    finish KILL "$(fact "$name" supervisor)" || say "$name: its supervisor does not end"
    veth=$(fact "$name" veth)
    [[ -z $veth ]] || ip link delete "$veth" 2>/dev/null || true
}

# remove_host NAME: stop it and give everything back.
remove_host() {
    local name=$1 cgroup disk maker address old=
    known "$name" || return 0
    # Still in the making, by somebody else: ask that one to stop; it undoes its hosts itself.
    maker=$(fact "$name" maker)
    if [[ ! -e $RUN/$name/ready && ${maker%% *} != "$$" ]]; then
        finish TERM "$maker" || finish KILL "$maker" || true
    fi
    stop_host "$name"
    cgroup=$(fact "$name" cgroup) disk=$(fact "$name" disk)
    [[ -z $cgroup ]] || poll 10 remove_cgroup "$cgroup" || say "$name: cannot remove $cgroup"
    lock
    # Away under the lock, so that the name is free at once and nothing new is hit.
    if [[ -n $disk && -d $disk ]]; then
        old=$(mktemp -d "$(dirname "$disk")/.old.XXXXXX")
        mv "$disk" "$old"
    fi
    address=$(fact "$name" address)
    rm -rf "${RUN:?}/$name"
    # Its names go with it, or back to whoever else has them.
    # shellcheck disable=SC2046 # names have no blanks
    [[ -z $address ]] || dns_reset $(dns_of_host "$name" "$address" | awk '{ print $1 }') || say "$name: its names stay"
    drop_bridge
    unlock
    [[ -z $old ]] || rm -rf "$old"
}

# drop_bridge: the last one turns out the light. Call under the lock.
drop_bridge() {
    [[ -z $(names) ]] || return 0
    stop_dns
    ! has_link "$BRIDGE" || ip link delete "$BRIDGE"
    remove_cgroup "$(cgroup_top)" || true
}

# reap: remove the hosts whose owner has ended, the half-made hosts whose maker has ended, and disks
# that no host knows (the machine was restarted).
reap() {
    local name owner disk file
    for name in $(names); do
        owner=$(fact "$name" owner)
        if [[ -n $owner ]] && gone "$owner"; then
            say "removing $name: its owner has ended"
            remove_host "$name"
        elif [[ ! -e $RUN/$name/ready ]] && gone "$(fact "$name" maker)"; then
            say "removing $name: it was never finished"
            remove_host "$name"
        fi
    done
    lock
    for disk in "$CACHE"/hosts/*/; do
        [[ -d $disk ]] || continue
        known "$(basename "$disk")" || rm -rf "$disk"
    done
    rm -rf "$RUN/.new"
    rm -rf "$CACHE"/hosts/.old.* || true        # another one may be removing them, too
    for file in "$RUN"/.watch-*; do
        [[ ! -e $file ]] || alive "$(cat "$file")" || rm -f "$file"
    done
    drop_bridge
    unlock
}

# --- watching an owner ----------------------------------------------------------------------

# watch "PID START": start the watchdog of that owner, unless it is there. Call under the lock.
watch() {
    local file="$RUN/.watch-${1/ /-}"
    ! alive "$(cat "$file" 2>/dev/null)" || return 0
    (
        close_fds
        exec setsid bash "$HERE/lab.sh" _watch "$1"
    ) </dev/null >/dev/null 2>&1 &
    printf '%s\n' "$! $(start_time $!)" >"$file"
    disown
}

# hosts_of OWNER
hosts_of() {
    local name
    for name in $(names); do
        [[ $(fact "$name" owner) != "$1" ]] || printf '%s\n' "$name"
    done
}

# watching "PID START": the watchdog itself. It ends when the owner has no hosts any more; the next
# `up` starts another one.
watching() {
    local file="$RUN/.watch-${1/ /-}" name
    cd /
    while :; do
        sleep 1
        if gone "$1"; then
            for name in $(hosts_of "$1"); do remove_host "$name"; done
        fi
        lock
        if [[ -z $(hosts_of "$1") ]]; then
            rm -f "$file"
            exit 0
        fi
        unlock
    done
}
