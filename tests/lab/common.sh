# shellcheck shell=bash disable=SC2034
# Small helpers of the lab: messages, waiting, locks, process identity.
# Sourced by lab.sh; expects `set -euo pipefail`.

RUN=/run/gatehouse-lab                                   # state of the hosts that exist now
CACHE=${GATEHOUSE_LAB_CACHE:-/var/cache/gatehouse-lab}   # base roots, and the disks of the hosts
BRIDGE=ghlab0
NET4=10.77.0
NET6=fd77::

say()  { printf '%s\n' "lab: $*" >&2; }
die()  { say "$*"; exit 1; }

# poll SECONDS COMMAND...: run the command again and again until it succeeds; fail when the time is over.
poll() {
    local end=$(( SECONDS + $1 ))
    shift
    until "$@"; do
        (( SECONDS < end )) || return 1
        sleep 0.05
    done
}

# Only root can mount and make namespaces.
need_root() { [[ $EUID -eq 0 ]] || die "this has to run as root"; }

# need COMMAND:PACKAGE...: install, as root, the package of each command that is missing.
# A file name works as well as a command.
need() {
    local pair missing=()
    for pair; do
        [[ -e ${pair%%:*} ]] || command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    (( ${#missing[@]} )) || return 0
    [[ $EUID -eq 0 ]] || die "missing on this machine: ${missing[*]} (run as root, or install them)"
    say "installing on this machine: ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install -y -q --no-install-recommends "${missing[@]}" >&2 ||
        die "could not install: ${missing[*]}"
}

# --- processes ------------------------------------------------------------------------------
# A process is remembered as "PID START", where START is its start time in clock ticks. A pid can
# be given to another process later; the pair cannot. A zombie counts as ended.

# start_time PID: print the start time of a living process.
start_time() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat_start "$stat"
}

# stat_start LINE: the same from a line of /proc/PID/stat. The name in brackets may hold anything,
# so count from behind the last bracket: there the state is word 0 and the start time is word 19.
stat_start() {
    local word
    read -ra word <<<"${1##*) }"
    case ${word[0]} in Z|X) return 1 ;; esac
    printf '%s\n' "${word[19]}"
}

# alive "PID START": is that very process still there?
alive() {
    local pid start
    read -r pid start <<<"$1" || return 1
    [[ -n $pid && -n $start && $(start_time "$pid") == "$start" ]]
}
gone() { ! alive "$1"; }

# finish SIGNAL "PID START": send the signal if it is still the same process, and wait for its end.
finish() {
    alive "$2" || return 0
    kill -s "$1" "${2%% *}" 2>/dev/null || true
    poll 10 gone "$2"
}

# close_fds: drop everything above stderr, so that a long-lived process holds no lock and no pipe
# of the caller. For use in a subshell just before exec.
close_fds() {
    local fd
    for fd in /proc/"$BASHPID"/fd/*; do
        fd=${fd##*/}
        (( fd > 2 )) && eval "exec $fd>&-"
    done
    return 0
}

# --- the lock over $RUN ---------------------------------------------------------------------
# Held for moments only: while a name is taken or given back, and while the bridge comes or goes.
lock() {
    mkdir -p "$RUN"
    exec 9>"$RUN/.lock"
    flock -w 30 9 || die "another lab command holds $RUN/.lock for more than 30 s"
}
unlock() { exec 9>&-; }

# --- state of a host ------------------------------------------------------------------------
# $RUN/NAME/ holds one small file per fact: address veth cgroup disk base owner maker (made when the
# name is taken), supervisor init go (each boot), ready (once it has been up).
# owner, maker, supervisor and init are "PID START" pairs.

fact()   { cat "$RUN/$1/$2" 2>/dev/null || true; }
record() { printf '%s\n' "$3" >"$RUN/$1/.$2" && mv -f "$RUN/$1/.$2" "$RUN/$1/$2"; }
known()  { [[ -d $RUN/$1 ]]; }

# All names, one a line (names with a leading dot are the lab's own files).
names() {
    local dir
    for dir in "$RUN"/*/; do
        [[ -d $dir ]] && basename "$dir"
    done
    return 0
}
