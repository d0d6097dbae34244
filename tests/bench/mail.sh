#!/bin/bash
# The targets of a mail cluster, measured in the lab on three `full` nodes with a virtual address and a host outside that sends to it
# and takes what is delivered. Sourced by bench.sh, whose words it uses, and those of cluster.sh. All hosts share the processors of
# this machine, which real ones do not.
#   GATEHOUSE_BENCH_FIRST     the last number of the first of five addresses in 10.77.0.0/24 (201)
#   GATEHOUSE_BENCH_MAIL      which figures: "deaths services registry stream kept lines idle"
#   GATEHOUSE_BENCH_MESSAGES  messages while nodes die (2000)
#   GATEHOUSE_BENCH_SECONDS   over how many seconds they are sent (250)
#   GATEHOUSE_BENCH_THINKING  how long the mail host behind thinks before it takes a message, in seconds (0.2)
#   GATEHOUSE_BENCH_OVER      a folder with a program that was built apart, to be put over the package's

# What bench.sh sets before it reads this.
: "${house:?}" "${bench:?}" "${lab:?}"

nodes=(bench-m1 bench-m2 bench-m3)
outside=bench-m4
vip() { at 4; }
figures=${GATEHOUSE_BENCH_MAIL:-deaths services registry stream kept lines idle}
messages=${GATEHOUSE_BENCH_MESSAGES:-2000}
sending=${GATEHOUSE_BENCH_SECONDS:-250}
thinking=${GATEHOUSE_BENCH_THINKING:-0.2}

# within SECONDS WHAT COMMAND...: polls; says when it was in vain, and goes on.
within() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || { printf '%s: not in time\n' "$what"; return 0; }
    sleep 0.3
  done
}

since() { awk "BEGIN { printf \"%.1f\", ($EPOCHREALTIME - $1) }"; }
fqdn() { printf '%s.lab.example' "${1#bench-}"; }
has() { in_host "$1" ip -o address show dev eth0 | grep -F " $(vip)/" >/dev/null; }
holder() { local name; for name in "${nodes[@]}"; do if has "$name"; then printf '%s' "$name"; fi; done; }

answers() {
  cat <<ANSWERS
version: 1
system:
  name: m1.lab.example
  address: $(at 0)
  profile: full
  ntp_servers: [10.77.0.1]
  resolvers: [127.0.0.1]
  admin_networks: [10.77.0.1/32]
scanner:
  site_name: BENCH
  greylisting: false
  quarantine_shared: built-in
mta:
  domains:
    - {domain: example.org, destination: "$(at 3):2525"}
  relay_networks: [$(at 3)/32]
  postmaster: postmaster@example.org
  recipient_check: none
web:
  password: {generate: true}
addresses:
  networks:
    - {network: 10.77.0.0/24, interface: eth0}
  bindings:
    - {address: $(vip)}
cluster:
  collect_logs: [m1.lab.example]
ANSWERS
}

# ---- from hosts with packages to a cluster that proves itself -------------------------------------------------------

mail_join() {
  local code
  code=$(in_host bench-m1 gatehouse --json invite "$(fqdn "$1")" --profile full 2>/dev/null | sed -n 's/.*"code": "\(.*\)".*/\1/p')
  in_host "$1" gatehouse join "$(at 0)" --address "$(at "$2")" --yes <<<"$code" >"$bench/join-$1.log" 2>&1 ||
    { tail -20 "$bench/join-$1.log"; return 1; }
}

# Everybody answers and nothing is wrong, but for the load, which the hosts have together.
well() {
  in_host "${1:-bench-m1}" gatehouse status --timeout 10 >"$bench/status" 2>&1 || true
  [[ $(grep -c -- '-A ' "$bench/status") == 3 ]] && ! grep -E '^The registry|^[^ ]+: ' "$bench/status" | grep -v 'the load is' >/dev/null
}
patroni_list() { in_host "$1" patronictl -c /etc/patroni/config.yml list --format tsv 2>/dev/null; }
roles() {
  patroni_list "$1" | awk -F'\t' 'NR > 1 && ($5 == "running" || $5 == "streaming") { print $4 }' | sort | paste -sd,
}
votes() {
  in_host "$1" sh -c 'pki=/etc/gatehouse/pki
    ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --cacert=$pki/cluster-ca.pem --cert=$pki/node.crt --key=$pki/node.key \
      member list 2>/dev/null' | grep -c 'started.*false$'
}
# Nothing is lost when any one of the three dies now.
copied() { [[ $(votes "$1") == 3 && $(roles "$1") == 'Leader,Replica,Sync Standby' ]]; }
primary() { patroni_list "$1" | awk -F'\t' '$4 == "Leader" { sub(/\..*/, "", $2); print "bench-" $2 }'; }

# form START: what an administrator would type.
form() {
  local name
  in_host bench-m1 gatehouse bootstrap /root/answers.yaml --name bench --keys-file /root/keys >"$bench/bootstrap.log" 2>&1 ||
    { tail -20 "$bench/bootstrap.log"; return 1; }
  printf 'bootstrap done after %s s\n' "$(since "$1")"
  mail_join bench-m2 1 || return 1
  printf 'second node after %s s\n' "$(since "$1")"
  mail_join bench-m3 2 || return 1
  printf 'third node after %s s\n' "$(since "$1")"
  for name in "${nodes[@]}"; do
    in_host "$name" gatehouse verify >"$bench/verify-$name.log" 2>&1 || { tail -5 "$bench/verify-$name.log"; return 1; }
  done
  printf 'all verified after %s s\n' "$(since "$1")"
  within 120 'a cluster that is well' well
}

formed() {
  local n whole busy ours start watcher
  for ((n = 0; n < 4; n++)); do new_host "bench-m$((n + 1))" "$n" "m$((n + 1)).lab.example"; done
  for n in "${nodes[@]}"; do [[ -z ${GATEHOUSE_BENCH_OVER-} ]] || "$lab" push "$n" "$GATEHOUSE_BENCH_OVER" /usr/lib/gatehouse; done
  answers >"$bench/mail.yaml"
  "$lab" push bench-m1 "$bench/mail.yaml" /root/answers.yaml
  "$lab" push "$outside" "$house/tests/bench/mail.py" /root/mail.py
  "$lab" push "$outside" "$house/tests/Gatehouse.EndToEnd/Hosts/greeting.py" /root/greeting.py
  writes >"$bench/writes.sh"
  in_host "$outside" systemd-run --quiet --unit=bench-sink python3 /root/mail.py sink 2525 /root/taken "$thinking"
  start=$EPOCHREALTIME
  python3 "$house/tests/bench/ours.py" bench-m >"$bench/ours" & watcher=$!
  form "$start" || { kill "$watcher"; printf 'there is no cluster to measure\n'; return 1; }
  whole=$(since "$start")
  kill "$watcher"
  wait "$watcher" || true
  read -r busy ours <"$bench/ours"
  row "three full nodes, from packages to a verified cluster (s)" "$whole" 180 '<='
  printf 'the processors were busy for %s s of it, %s s of these (%.0f %%) with programs of ours\n' \
    "$busy" "$ours" "$(awk "BEGIN { print 100 * $ours / $busy }")"
  within 180 'three votes and a copy in sync' copied bench-m1
  printf 'it can lose any node after %s s: three votes, a copy in sync\n' "$(since "$start")"
  for n in "${nodes[@]}"; do "$lab" push "$n" "$bench/writes.sh" /root/writes.sh; done
  in_host "$(primary bench-m1)" psql -U postgres -d gatehouse -qc 'CREATE TABLE public.bench (at timestamptz DEFAULT clock_timestamp());
    GRANT USAGE ON SCHEMA public TO gatehouse_node; GRANT INSERT, SELECT ON public.bench TO gatehouse_node'
}

# ---- deaths -----------------------------------------------------------------------------------------------------------

# writes.sh SECONDS HOSTS NAME: writes into the registry as members do, until writing has failed and works again; prints the longest time
# between two writes that worked, and how many did. Runs in a node.
writes() {
  cat <<'WRITES'
pki=/etc/gatehouse/pki worst=0 done=0 failed= last=${EPOCHREALTIME/./}
end=$((last + $1 * 1000000))
access="host=$2 dbname=gatehouse user=$3 target_session_attrs=read-write sslmode=verify-full"
access+=" sslrootcert=$pki/cluster-ca.pem sslcert=$pki/node.crt sslkey=$pki/node.key"
while ((${EPOCHREALTIME/./} < end)); do
  if PGCONNECT_TIMEOUT=2 timeout 5 psql -XAtqw "$access" -c 'INSERT INTO public.bench DEFAULT VALUES' >/dev/null 2>&1; then
    now=${EPOCHREALTIME/./} done=$((done + 1))
    ((now - last > worst)) && worst=$((now - last))
    last=$now
    [[ -z $failed ]] || break
  else
    failed=yes
  fi
done
now=${EPOCHREALTIME/./}
((now - last > worst)) && worst=$((now - last))
awk "BEGIN { printf \"%.1f %d\n\", $worst / 1000000, $done }"
WRITES
}

write_on() { in_host "$1" bash /root/writes.sh "$2" "$(at 0),$(at 1),$(at 2)" "$(fqdn "$1")"; }
greet() { in_host "$outside" python3 /root/greeting.py "$(vip)" 25 "$1"; }
other_than() { local name; for name in "${nodes[@]}"; do [[ $name == "$1" ]] || { printf '%s' "$name"; return; }; done; }
# die HOST: its power fails. The cable goes first, or the kernel would close its connections for it.
die() { "$lab" link "$1" down && "$lab" crash "$1"; }
answers_mail() { in_host "$1" /etc/gatehouse/alive mail; }

# carry HOST: the virtual address goes to a node, in good order.
carry() {
  local name
  has "$1" && return
  for name in "${nodes[@]}"; do [[ $name == "$1" ]] || in_host "$name" systemctl stop keepalived; done
  within 20 "the virtual address on $1" has "$1"
  for name in "${nodes[@]}"; do [[ $name == "$1" ]] || in_host "$name" systemctl start keepalived; done
}

# whole HOST: what died is back, and everybody says so.
whole() {
  within 120 "mail on $1" answers_mail "$1"
  within 120 'three votes and a copy in sync' copied "$1"
  within 120 'a cluster that is well' well "$1"
}

# The node that has the virtual address and the registry's primary dies, each time another one.
deaths() {
  local n victim survivor gaps=() times=() gap time rows
  for n in 1 2 3; do
    victim=$(primary bench-m1)
    survivor=$(other_than "$victim")
    carry "$victim"
    greet 7 >"$bench/gap" & greeting=$!
    write_on "$survivor" 60 >"$bench/write" & writing=$!
    sleep 1
    die "$victim"
    wait "$greeting" "$writing"
    read -r gap _ <"$bench/gap"
    read -r time rows <"$bench/write"
    gaps+=("$gap") times+=("$time") written=$((written + rows))
    "$lab" boot "$victim" >/dev/null
    whole "$victim"
    printf '%s died: no greeting for %s s, no writing for %s s; well again %s\n' "$victim" "$gap" "$time" "$(date +%T)"
  done
  row "the virtual address moves when its node dies (s)" "$(printf '%s\n' "${gaps[@]}" | middle 3)" 1 '<='
  row "the registry takes writes after its primary's host died (s)" "$(printf '%s\n' "${times[@]}" | middle 3)" 30 '<='
}

services() {
  local n victim gap gaps=()
  for n in 1 2 3; do
    victim=$(holder)
    in_host "$victim" sh -c 'mkdir -p /run/systemd/system/exim4.service.d &&
      printf "[Service]\nRestart=no\n" >/run/systemd/system/exim4.service.d/bench.conf && systemctl daemon-reload'
    greet 8 >"$bench/gap" & greeting=$!
    sleep 1
    in_host "$victim" systemctl kill --kill-who=main -s KILL exim4.service
    wait "$greeting"
    read -r gap _ <"$bench/gap"
    gaps+=("$gap")
    in_host "$victim" sh -c 'rm -r /run/systemd/system/exim4.service.d/bench.conf && systemctl daemon-reload && systemctl start exim4'
    within 20 "mail on $victim" answers_mail "$victim"
    sleep 3
  done
  printf 'Exim killed on the node with the virtual address, three times, s: %s\n' "${gaps[*]}"
  row "the virtual address moves when its service dies (s)" "$(printf '%s\n' "${gaps[@]}" | middle 3)" 3 '<='
}

registry() {
  local n victim time rows times=()
  for n in 1 2 3; do
    victim=$(primary bench-m1)
    write_on "$(other_than "$victim")" 60 >"$bench/write" & writing=$!
    sleep 1
    in_host "$victim" sh -c 'kill -9 $(head -1 /var/lib/postgresql/15/main/postmaster.pid)'
    wait "$writing"
    read -r time rows <"$bench/write"
    times+=("$time") written=$((written + rows))
    within 120 'three votes and a copy in sync' copied bench-m1
  done
  printf 'PostgreSQL of the primary killed three times, no writing for, s: %s\n' "${times[*]}"
  row "the registry takes writes after kill -9 of its primary (s)" "$(printf '%s\n' "${times[@]}" | middle 3)" 30 '<='
}

lost_rows() {
  local found
  found=$(in_host "$(primary bench-m1)" psql -U postgres -d gatehouse -Atc 'SELECT count(*) FROM public.bench')
  ((written == 0)) || row "rows that the registry took and lost, of $written" "$((found < written ? written - found : 0))" 0 '<='
}

# ---- mail while every node dies in turn -----------------------------------------------------------------------------

waiting() { local name; for name in "${nodes[@]}"; do in_host "$name" exim4 -bpc; done | awk '{ n += $1 } END { print n }'; }
idle_queues() { [[ $(waiting) == 0 ]]; }

# Every message of the quarantines, by all that is in its place: node's number, Exim's id, and number of the message.
in_quarantine() {
  local name
  for name in "${nodes[@]}"; do
    # shellcheck disable=SC2016
    in_host "$name" sh -c \
      'cd /var/spool/gatehouse/quarantine && grep -m1 -H "^Subject: bench [0-9]*" -r --include="*.msg" . 2>/dev/null' |
      sed -n 's|^\./[0-9]*/\([0-9]*/[^:]*\)\.msg:Subject: bench |\1 |p' | tee "$bench/kept-$name"
  done | sort -u
}

same_quarantine() {
  local name
  in_quarantine >"$bench/kept"
  for name in "${nodes[@]}"; do [[ $(wc -l <"$bench/kept-$name") == $(wc -l <"$bench/kept") ]] || return 1; done
}

stream() {
  local n victim start=$SECONDS counts=() found
  in_host "$outside" python3 /root/mail.py send "$(vip)" "$messages" "$sending" /root/sent & sender=$!
  for n in 0 1 2; do
    victim=${nodes[n]}
    sleep 8
    carry "$victim"
    sleep 4
    printf '%3d s: %s dies' $((SECONDS - start)) "$victim"
    die "$victim"
    sleep 15
    "$lab" boot "$victim" >/dev/null
    printf ', returns at %d s' $((SECONDS - start))
    whole "$victim"
    printf ', all is well at %d s\n' $((SECONDS - start))
  done
  wait "$sender"
  within 180 'queues without messages' idle_queues
  printf 'the queues are empty after %d s\n' $((SECONDS - start))
  within 30 'every kept message on every node' same_quarantine
  "$lab" push "$outside" "$bench/kept" /root/kept
  in_host "$outside" python3 /root/mail.py count /root/sent /root/taken /root/kept >"$bench/counted"
  grep -v '^never' "$bench/counted"
  found=$(sed -n 's/^never \([0-9]*\) lost \([0-9]*\) twice \([0-9]*\) sender-twice \([0-9]*\) node-twice \([0-9]*\)$/\1 \2 \3 \4 \5/p' \
    "$bench/counted")
  read -ra counts <<<"$found"
  row "of $messages messages to a cluster whose nodes die: never taken" "${counts[0]}" 0 '<='
  row "  taken and lost" "${counts[1]}" 0 '<='
  row "  taken, and there twice without a connection that broke" "${counts[2]}" 0 '<='
  printf '  there twice because an answer was lost on the way (RFC 5321 section 6.1): %d to the sender, %d to a node that died\n' \
    "${counts[3]}" "${counts[4]}"
  for n in "${nodes[@]}"; do
    printf '  %s has %d of %d in its quarantine\n' "$n" "$(wc -l <"$bench/kept-$n")" "$(wc -l <"$bench/kept")"
  done
}

# ---- quarantine, logs, idleness -------------------------------------------------------------------------------------

# When a kept message was whole on a host; nothing as long as it is not.
kept_at() {
  in_host "$1" sh -c "cd /var/spool/gatehouse/quarantine && [ \$(ls */*/$2*.msg */*/$2*.env 2>/dev/null | wc -l) = 2 ] &&
    stat -c %.3Z */*/$2*.msg */*/$2*.env | sort -n | tail -1"
}

kept() {
  local n from name id begin end times=() gtube='XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-''STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'
  for n in 0 1 2 0 1 2; do
    from=${nodes[n]}
    id=$(in_host "$outside" swaks --server "$(at "$n")" --from sender@client.example --to user@example.org \
      --header 'Subject: kept' --body "$gtube" | sed -n 's/.*250 OK id=\([0-9A-Za-z-]*\).*/\1/p')
    sleep 1
    for name in "${nodes[@]}"; do within 30 "$id on $name" kept_at "$name" "$id" >/dev/null; done
    begin=$(kept_at "$from" "$id")
    for name in "${nodes[@]}"; do
      [[ $name != "$from" ]] || continue
      end=$(kept_at "$name" "$id")
      times+=("$(awk "BEGIN { printf \"%.2f\", $end - $begin }")")
    done
  done
  printf 'kept on one node, there on another after, s: %s\n' "${times[*]}"
  row "a kept message is on the other nodes (s)" "$(printf '%s\n' "${times[@]}" | middle ${#times[@]})" 2 '<='
}

lines() {
  local said
  said=$(bash "$house/tests/bench/logs.sh" bench-m1 bench-m2 25000) || true
  printf '%s\n' "$said"
  row "of 25,000 log lines through kills: lost" "$(sed -n 's/.*lost \(-\?[0-9]*\),.*/\1/p' <<<"$said")" 0 '<='
  row "  twice" "$(sed -n 's/.*twice \([0-9]*\).*/\1/p' <<<"$said")" 0 '<='
}

# What runs programs of ours goes into a slice of its own, where the time of what has ended is counted as well; what a timer starts every
# few minutes waits. Runs in a node.
slice() {
  cat <<'SLICE'
for unit in $(systemctl list-unit-files --no-legend 'gatehouse-*.service' | awk '{ print $1 }'); do
  systemctl cat "$unit" | grep -qE '^Exec[A-Za-z]*=.*/(bin|lib/gatehouse)/gatehouse( |$)' || continue
  mkdir -p "/run/systemd/system/$unit.d"
  printf '[Service]\nSlice=gatehouse.slice\n' >"/run/systemd/system/$unit.d/bench.conf"
done
systemctl daemon-reload
systemctl stop gatehouse-follow.timer
systemctl restart gatehouse-agent.service
systemctl try-restart gatehouse-logs.service 2>/dev/null || true
SLICE
}

# Microseconds of processor time: of programs of ours, and of keepalived with the questions that it asks every second.
used() {
  in_host "$1" sh -c 'cat /sys/fs/cgroup/gatehouse.slice/cpu.stat /sys/fs/cgroup/system.slice/keepalived.service/cpu.stat' |
    awk '$1 == "usage_usec" { printf "%d ", $2 } END { print "" }'
}

idle() {
  local n name before=() largest=0 ours asked b1 b2 a1 a2 c1
  slice >"$bench/slice.sh"
  for name in "${nodes[@]}"; do
    "$lab" push "$name" "$bench/slice.sh" /root/slice.sh
    in_host "$name" bash /root/slice.sh
  done
  sleep 45
  for name in "${nodes[@]}"; do before+=("$(used "$name")"); done
  sleep 60
  for n in 0 1 2; do
    name=${nodes[n]}
    read -r b1 b2 <<<"${before[n]}"
    read -r a1 a2 < <(used "$name")
    # The timer comes every five minutes and a half.
    in_host "$name" systemctl start gatehouse-follow.service
    read -r c1 _ < <(used "$name")
    ours=$(awk "BEGIN { printf \"%.2f\", ($a1 - $b1) / 600000 + ($c1 - $a1) / 3300000 }")
    asked=$(awk "BEGIN { printf \"%.2f\", ($a2 - $b2) / 600000 }")
    printf '%s: agent and collector %.2f %%, the timer %.2f %% (%.2f s each time); keepalived and what it asks every second %s %%\n' \
      "$name" "$(awk "BEGIN { print ($a1 - $b1) / 600000 }")" "$(awk "BEGIN { print ($c1 - $a1) / 3300000 }")" \
      "$(awk "BEGIN { print ($c1 - $a1) / 1000000 }")" "$asked"
    largest=$(awk "BEGIN { print ($ours > $largest ? $ours : $largest) }")
    in_host "$name" systemctl start gatehouse-follow.timer
  done
  row "an idle node's programs of ours, the largest (% of a processor)" "$largest" 1 '<='
}

mail() {
  local figure written=0
  package=$(ls "$house"/out/gatehouse_*_amd64.deb 2>/dev/null | tail -1) || true
  [[ -n $package ]] || { printf 'the package is missing (build.sh deb): mail was not measured\n'; return; }
  # A figure that cannot be had leaves the others alone.
  if formed; then
    for figure in $figures; do "$figure" || printf '%s: not measured\n' "$figure"; done
    lost_rows || true
  fi
  for figure in "${nodes[@]}" "$outside"; do "$lab" down "$figure" >/dev/null; done
}
