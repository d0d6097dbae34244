# shellcheck shell=bash
# The name server of the lab: unbound on the machine, listening on the bridge's addresses only. It answers from the records that it was
# given and asks nobody: the rest of the world is NXDOMAIN, at once. It starts with the bridge and ends with it. Sourced by lab.sh.
#
# $RUN/.dns/ holds its configuration, its control socket, `server` (its "PID START") and `records`: all that it answers now, one record
# a line. What a name has is replaced whole, so the server never has anything that the file lacks.

RUN=${RUN:?} BRIDGE=${BRIDGE:?} NET4=${NET4:?} NET6=${NET6:?} HERE=${HERE:?}
DNS=$RUN/.dns
ZONE=lab.example

dns_control() { unbound-control -q -c "$DNS/unbound.conf" "$@"; }
dns_runs() { alive "$(cat "$DNS/server" 2>/dev/null)"; }

# dns_plain: records as they are kept, from standard input: no comments, single blanks, names in lower case without the last dot.
# A text in quotes stays as it is.
dns_plain() {
    sed -e '/^[[:space:]]*#/d' -e '/^[[:space:]]*$/d' |
        awk '{ name = tolower($1); sub(/^[^ \t]+[ \t]+/, ""); if (name != ".") sub(/\.$/, "", name); print name, $0 }'
}

# dns_of_host NAME ADDRESS: the records of a host. Hosts of the end-to-end tests, e2e-NAME, call themselves NAME.lab.example.
dns_of_host() {
    local own=${1#e2e-} name digits
    for name in "$1" "$own"; do
        printf '%s A %s\n%s AAAA %s\n' "$name.$ZONE" "$2" "$name.$ZONE" "$NET6${2##*.}"
    done | sort -u
    # The last word of fd77::130 holds the digits 130.
    digits=$(printf '%04d' "${2##*.}")
    printf '%s.0.77.10.in-addr.arpa PTR %s\n' "${2##*.}" "$own.$ZONE"
    printf '%s.%s.%s.%s.%s7.7.d.f.ip6.arpa PTR %s\n' "${digits:3:1}" "${digits:2:1}" "${digits:1:1}" "${digits:0:1}" \
        "$(printf '0.%.0s' {1..24})" "$own.$ZONE"
}

# dns_standard: what the server answers before anybody adds to it.
dns_standard() {
    local name
    dns_plain <"$HERE/dns.records"
    dns_of_host ns "$NET4.1"
    for name in $(names); do dns_of_host "$name" "$(fact "$name" address)"; done
}

# start_dns: unless it is there. Call under the lock.
start_dns() {
    ! dns_runs || return 0
    command -v unbound >/dev/null || die "unbound is missing on this machine; install it without starting it ('./build.sh lab status' does)"
    rm -rf "$DNS"
    mkdir "$DNS"
    cat >"$DNS/unbound.conf" <<-END
		server:
		  interface: $NET4.1
		  interface: ${NET6}1
		  ip-freebind: yes
		  access-control: 0.0.0.0/0 allow
		  access-control: ::/0 allow
		  chroot: ""
		  directory: "$DNS"
		  pidfile: ""
		  username: ""
		  use-syslog: no
		  module-config: "iterator"
		  local-zone: "." static
		  local-zone: "silent.example" deny
		  local-zone: "refused.example" refuse
		  local-data: ". 60 IN SOA ns.$ZONE. hostmaster.$ZONE. 1 3600 600 86400 60"
		  local-data: ". 60 IN NS ns.$ZONE."
		remote-control:
		  control-enable: yes
		  control-use-cert: no
		  control-interface: "$DNS/control"
	END
    (
        close_fds
        exec setsid unbound -d -c "$DNS/unbound.conf"
    ) </dev/null >"$DNS/log" 2>&1 &
    printf '%s\n' "$! $(start_time $!)" >"$DNS/server"
    disown
    poll 10 dns_answers || { sed 's/^/lab: unbound said: /' "$DNS/log" >&2; stop_dns; die "the lab's name server does not start"; }
    dns_standard >"$DNS/records"
    dns_control local_datas <"$DNS/records"
}
dns_answers() { dns_runs && [[ -S $DNS/control ]] && dns_control status >/dev/null 2>&1; }

# stop_dns: call under the lock.
stop_dns() {
    [[ -d $DNS ]] || return 0
    finish TERM "$(cat "$DNS/server" 2>/dev/null)" || finish KILL "$(cat "$DNS/server")" || true
    rm -rf "$DNS"
}

# dns_publish: replace what the names of some records, from standard input, have by what `records` has for them now.
dns_publish() {
    local names
    names=$(awk '{ print $1 }' | sort -u)
    dns_control local_datas_remove <<<"$names"
    awk 'NR == FNR { wanted[$1]; next } $1 in wanted' <(printf '%s\n' "$names") "$DNS/records" | dns_control local_datas
}

# dns_keep FILTER...: leave those records that the awk condition keeps.
dns_keep() { awk "$@" "$DNS/records" >"$DNS/.records" && mv -f "$DNS/.records" "$DNS/records"; }

# dns_add: records from standard input. dns_remove NAME [TYPE]. dns_reset [NAME...]: back to the standard. Call under the lock.
dns_add() {
    local added
    added=$(dns_plain)
    dns_runs || return 0
    printf '%s\n' "$added" | cat "$DNS/records" - | awk '!seen[$0]++' >"$DNS/.records"
    mv -f "$DNS/.records" "$DNS/records"
    dns_publish <<<"$added"
}
dns_remove() {
    dns_runs || return 0
    # The type is the first word behind the name that is neither a time to live nor the class.
    # shellcheck disable=SC2016 # it is awk's
    dns_keep -v name="$1" -v type="${2-}" '{ kind = $2; if (kind ~ /^[0-9]+$/) kind = $3; if (kind == "IN") kind = ($2 == "IN" ? $3 : $4) }
        $1 == name && (type == "" || toupper(kind) == toupper(type)) { next } { print }'
    dns_publish <<<"$1"
}
dns_reset() {
    local all wanted
    dns_runs || return 0
    all=$(dns_standard)
    if (( $# )); then wanted=$(printf '%s\n' "$@"); else wanted=$({ cat "$DNS/records"; printf '%s\n' "$all"; } | awk '{ print $1 }'); fi
    # shellcheck disable=SC2016 # it is awk's
    dns_keep 'NR == FNR { gone[$1]; next } !($1 in gone)' <(printf '%s\n' "$wanted")
    # shellcheck disable=SC2016 # it is awk's
    awk 'NR == FNR { wanted[$1]; next } $1 in wanted' <(printf '%s\n' "$wanted") <(printf '%s\n' "$all") >>"$DNS/records"
    dns_publish <<<"$wanted"
}
