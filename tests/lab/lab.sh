#!/bin/bash
# A lab of real Debian 12 hosts on one machine, without virtual machines: each has systemd as its
# first process, its own network, processes, mounts, host name and cgroup, and a copy-on-write root
# over a shared base. They are joined by the bridge ghlab0; the machine itself is 10.77.0.1.
#
#   lab.sh base                              build the base roots (once; `up` does it by itself)
#   lab.sh up [--base bare|full] [--owner PID] NAME=ADDRESS...
#                                            boot hosts, e.g. mx1=10.77.0.11 (also fd77::11)
#   lab.sh up [--base bare|full] [--owner PID] N
#                                            boot gh1..ghN at 10.77.0.11 and so on
#   lab.sh exec NAME -- COMMAND...           run a command in the host as root, in /
#   lab.sh push NAME SRC DEST                copy a file to DEST, or the contents of a folder into DEST
#   lab.sh crash NAME                        kill the host's init, as if the power failed
#   lab.sh boot NAME                         start a stopped or crashed host again, with its disk
#   lab.sh link NAME up|down                 plug or pull its network cable
#   lab.sh freeze NAME on|off                hold every process of the host where it is, or let them go on
#   lab.sh down [NAME...]                    remove hosts, all when none is named
#   lab.sh status [--json]                   what is there
#   lab.sh dns add RECORD...                 let the lab's name server answer more, e.g. 'example.org MX 10 mx1.lab.example.'
#   lab.sh dns remove NAME [TYPE]            take a name's records away, all or those of a type
#   lab.sh dns reset [NAME...]               what names, all when none is named, have without such changes (dns.records, hosts)
#   lab.sh dns show                          what it answers now
#   lab.sh reap                              remove what a dead owner or a killed `up` left
#   lab.sh key                               print the file of the private key for root's ssh login
#
# Each host's name server is the lab's, at 10.77.0.1: it knows NAME.lab.example of every host, with addresses and back, the records
# of dns.records, and nothing else.
# Base `bare` is a minimal Debian that can install the gateway's packages from /pool; `full` has all
# of them installed, disabled and stopped, and the lab's tools (tools.txt). With --owner the hosts are
# removed as soon as that process has ended, however it ended; without it they stay until `down`.
# Environment: GATEHOUSE_LAB_CACHE (default /var/cache/gatehouse-lab), 3 GB, on a real disk.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$HERE/common.sh"
# shellcheck source=base.sh
. "$HERE/base.sh"
# shellcheck source=host.sh
. "$HERE/host.sh"
# shellcheck source=dns.sh
. "$HERE/dns.sh"

usage() { sed -n '/^#   lab/,/^# Env/s/^# \{0,1\}//p' "$HERE/lab.sh" >&2; exit 2; }

# must_know NAME: stop when there is no such host.
must_know() { [[ -n $1 && $1 != */* && -d $RUN/$1 ]] || die "there is no host '$1' (lab.sh status)"; }

MADE=()           # the hosts of this `up`; undone when it does not come to its end
undo() {
    local name
    trap - EXIT
    trap '' INT TERM
    set +e
    for name in "${MADE[@]}"; do
        say "undoing $name"
        sed "s/^/lab: $name said: /" "$RUN/$name/console.log" >&2 2>/dev/null
        remove_host "$name"
    done
}

cmd_up() {
    local base=full owner='' spec name dir began began_of=()
    while [[ ${1-} == --* ]]; do
        case $1 in
            --base)  base=${2-}; [[ $base == bare || $base == full ]] || usage ;;
            --owner) [[ ${2-} =~ ^[0-9]+$ ]] || usage
                     owner="$2 $(start_time "$2")" || die "no process $2, so it cannot own hosts" ;;
            *) usage ;;
        esac
        shift 2
    done
    (( $# )) || usage
    if [[ $# -eq 1 && $1 =~ ^[1-9][0-9]?$ ]]; then
        local count=$1 i
        set --
        for (( i = 1; i <= count; i++ )); do set -- "$@" "gh$i=$NET4.$(( 10 + i ))"; done
    fi
    for spec; do [[ $spec == *=* ]] || die "'$spec' is not NAME=ADDRESS"; done

    need ip:iproute2 unshare:util-linux
    make_base
    reap
    dir=$BASE/$base

    trap undo EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    lock
    # Under the lock: once the owner has ended, nothing new is made in its name.
    [[ -z $owner ]] || alive "$owner" || die "the owner has ended"
    # First the watchdog (it waits for the lock), so that nothing is ever unwatched.
    [[ -z $owner ]] || watch "$owner"
    for spec; do
        name=${spec%%=*}
        take "$name" "${spec#*=}" "$dir" "$owner"
        MADE+=("$name")
    done
    make_bridge
    start_dns
    for name in "${MADE[@]}"; do dns_of_host "$name" "$(fact "$name" address)"; done | dns_add
    raise_limits
    unlock

    for name in "${MADE[@]}"; do
        began_of+=("$(date +%s%N)")
        start_host "$name"
    done
    for name in "${MADE[@]}"; do
        began=${began_of[0]} began_of=("${began_of[@]:1}")
        wait_host "$name" "$began"
    done
    for name in "${MADE[@]}"; do record "$name" ready yes; done
    trap - EXIT
}

cmd_boot() {
    must_know "${1-}"
    [[ $(state_of "$1") == stopped ]] || die "$1 is $(state_of "$1"), not stopped"
    stop_host "$1"
    start_host "$1"
    wait_host "$1" "$(date +%s%N)"
}

cmd_exec() {
    local name=${1-}
    must_know "$name"
    [[ ${2-} == -- && $# -ge 3 ]] || usage
    shift 2
    inside "$name" "$@"
}

cmd_push() {
    [[ $# -eq 3 ]] || usage
    local name=$1 src=$2 dest=$3
    must_know "$name"
    if [[ -d $src ]]; then
        # shellcheck disable=SC2016
        tar -C "$src" -c . | inside "$name" sh -c \
            'mkdir -p "$1" && tar -C "$1" -x --no-same-owner' sh "$dest"
    else
        [[ -r $src ]] || die "cannot read $src"
        # Into place by renaming: a program that is running can be replaced like this.
        # shellcheck disable=SC2016,SC2094
        inside "$name" sh -ec '
            dest=$1; if [ -d "$dest" ]; then dest=$dest/$2; fi
            mkdir -p "$(dirname "$dest")"
            cat >"$dest.lab-new"; chmod "$3" "$dest.lab-new"; mv -f "$dest.lab-new" "$dest"
            ' sh "$dest" "$(basename "$src")" "$(stat -L -c %a "$src")" <"$src"
    fi
}

cmd_crash() {
    must_know "${1-}"
    init_of "$1" >/dev/null || die "$1 does not run"
    stop_host "$1"
}

cmd_link() {
    must_know "${1-}"
    [[ ${2-} == up || ${2-} == down ]] || usage
    ip link set "$(fact "$1" veth)" "$2"
}

# As a hypervisor does that holds a guest still: its connections stay, and it learns of nothing.
cmd_freeze() {
    must_know "${1-}"
    local held
    case ${2-} in on) held=1 ;; off) held=0 ;; *) usage ;; esac
    echo "$held" >"$(fact "$1" cgroup)/cgroup.freeze"
}

cmd_dns() {
    local verb=${1-}
    [[ $# -eq 0 ]] || shift
    lock
    has_link "$BRIDGE" || die "the lab's name server runs only while there are hosts"
    start_dns
    case $verb in
        add) (( $# )) || usage; printf '%s\n' "$@" | dns_add ;;
        remove) (( $# == 1 || $# == 2 )) || usage; dns_remove "$@" ;;
        reset) dns_reset "$@" ;;
        show) cat "$DNS/records" ;;
        *) usage ;;
    esac
    unlock
}

cmd_down() {
    local name
    for name; do must_know "$name"; done
    (( $# )) || mapfile -t < <(names) && set -- "$@" "${MAPFILE[@]}"
    for name; do remove_host "$name"; done
    lock
    drop_bridge
    unlock
}

cmd_status() {
    local name owner comma=''
    [[ ${1-} != --json ]] || printf '['
    for name in $(names); do
        owner=$(fact "$name" owner)
        owner=${owner%% *}
        if [[ ${1-} == --json ]]; then
            printf '%s\n {"name":"%s","address":"%s","address6":"%s","state":"%s","pid":%s,"owner":%s,' \
                "$comma" "$name" "$(fact "$name" address)" "$NET6$(fact "$name" address | sed 's/.*\.//')" \
                "$(state_of "$name")" "$(init_of "$name" || echo null)" "${owner:-null}"
            printf '"base":"%s","veth":"%s","cgroup":"%s","disk":"%s"}' \
                "$(fact "$name" base)" "$(fact "$name" veth)" "$(fact "$name" cgroup)" "$(fact "$name" disk)"
            comma=,
        else
            printf '%s %s %s pid=%s base=%s owner=%s\n' "$name" "$(fact "$name" address)" "$(state_of "$name")" \
                "$(init_of "$name" || echo -)" "$(basename "$(fact "$name" base)")" "${owner:--}"
        fi
    done
    [[ ${1-} != --json ]] || printf '\n]\n'
}

command=${1-}
[[ $# -eq 0 ]] || shift
case $command in
    base) need_root; make_base; printf '%s\n' "$BASE" ;;
    up|boot|exec|push|crash|link|freeze|dns|down) need_root; "cmd_$command" "$@" ;;
    status) cmd_status "$@" ;;
    reap) need_root; reap ;;
    key) printf '%s/id_ed25519\n' "$(base_dir)" ;;
    # Used by the lab itself only.
    _build) build "$@" ;;
    _warm) warm "$@" ;;
    _supervise) supervise "$@" ;;
    _watch) watching "$@" ;;
    *) usage ;;
esac
