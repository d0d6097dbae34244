#!/bin/bash
# The speed targets of a cluster, measured in the lab: joining, pushing, following a change, status, the agent's memory.
# Sourced by bench.sh, whose words it uses. All hosts share the processors of this machine, which real ones do not: what many
# hosts do at the same time is slower here than it would be, and the figures beside it say by how much.
#   GATEHOUSE_BENCH_FIRST   the last number of the first address in 10.77.0.0/24 that may be used (201)
#   GATEHOUSE_BENCH_NODES   members besides the first, for joins and changes (4)
#   GATEHOUSE_BENCH_PUSH    hosts that are pushed at once (20); 0 leaves it out
#   GATEHOUSE_BENCH_CROWD   simulated nodes (1000); 0 leaves them out
#   GATEHOUSE_BENCH_REST    seconds in which a cluster that has nothing to do is looked at (300); 0 leaves it out

# What bench.sh sets before it reads this.
: "${house:?}" "${bench:?}" "${lab:?}"

first=${GATEHOUSE_BENCH_FIRST:-201}
members=${GATEHOUSE_BENCH_NODES:-4}
pushed=${GATEHOUSE_BENCH_PUSH:-20}
crowd=${GATEHOUSE_BENCH_CROWD:-1000}
resting=${GATEHOUSE_BENCH_REST:-300}

at() { printf '10.77.0.%d' $((first + $1)); }
in_host() { local name=$1; shift; "$lab" exec "$name" -- "$@"; }

# timed HOST COMMAND...: seconds that a command takes in a host; what it says is in /tmp/bench.out there, and shown when it fails.
timed() {
  local name=$1 status=0
  shift
  in_host "$name" bash -c 'TIMEFORMAT=%R; time "$@" >/tmp/bench.out 2>&1' bench "$@" 2>&1 | tail -1 || status=$?
  ((status == 0)) || in_host "$name" tail -5 /tmp/bench.out >&2
  return "$status"
}

# new_host NAME NUMBER FQDN: a host with the packages and the program, and a name.
new_host() {
  "$lab" up --base full --owner $$ "$1=$(at "$2")" >/dev/null
  "$lab" push "$1" "$package" /root/gatehouse.deb
  in_host "$1" sh -c "dpkg -i /root/gatehouse.deb >/dev/null 2>&1; hostname $3; hostname >/etc/hostname"
}

# settled: waits until the processors have little to do, for at most a minute. A member that was just set up compiles its rules for
# a while; on processors of its own it would not slow down the next.
settled() {
  local n busy
  for ((n = 0; n < 60; n++)); do
    busy=$({ head -1 /proc/stat; sleep 1; head -1 /proc/stat; } | awk '
      NR == 1 { all = -($2+$3+$4+$5+$6+$7+$8); idle = -($5+$6) }
      NR == 2 { all += $2+$3+$4+$5+$6+$7+$8; idle += $5+$6 }
      END { print int(100 * (all - idle) / all) }')
    ((busy > 20)) || return 0
  done
  printf 'the processors are busy to %d %%; what follows may be slower for it\n' "$busy"
}

# joins: the members join one after the other, and the median counts.
joins() {
  local n code times=()
  for ((n = 1; n <= members; n++)); do
    new_host "bench-c$n" "$n" "c$n.lab.example"
    code=$(in_host bench-c0 gatehouse --json invite "c$n.lab.example" --profile node 2>/dev/null | sed -n 's/.*"code": "\(.*\)".*/\1/p')
    in_host "bench-c$n" sh -c 'cat >/root/code' <<<"$code"
    settled
    times+=("$(timed "bench-c$n" sh -c "exec gatehouse join $(at 0) --address $(at "$n") --yes </root/code")")
  done
  printf 'each join, s: %s\n' "${times[*]}"
  row "a join to a host that has the packages (s)" "$(printf '%s\n' "${times[@]}" | middle "$members")" 5 '<='
}

# A change on the first node, from its start to everybody's result, less what the appliers themselves take: the first until
# it has verified, and then the slowest of the others. Runs in the first node; prints whole time and the first one's.
change() {
  cat <<'CHANGE'
now() { date +%s.%N; }
start=$(now)
gatehouse apply "$1" 2>&1 | while IFS= read -r line; do
  case $line in "Verified here"*) now >/tmp/verified ;; esac
done
end=$(now)
awk "BEGIN { print $end - $start, $(cat /tmp/verified) - $start }"
CHANGE
}

# follower HOST: how long its last applying took.
follower() {
  in_host "$1" sh -c 'systemctl show gatehouse-follow -p ExecMainStartTimestampMonotonic -p ExecMainExitTimestampMonotonic --value' |
    paste -s | awk '{ printf "%.3f\n", ($2 - $1) / 1000000 }'
}

changes() {
  local n m whole own slowest beyond=()
  change >"$bench/change.sh"
  "$lab" push bench-c0 "$bench/change.sh" /root/change.sh
  for n in 1 2 3 4 5; do
    sed "s/site_name: .*/site_name: BENCH$n/" "$bench/cluster.yaml" >"$bench/changed.yaml"
    "$lab" push bench-c0 "$bench/changed.yaml" /root/changed.yaml
    read -r whole own < <(in_host bench-c0 bash /root/change.sh /root/changed.yaml)
    slowest=$(for ((m = 1; m <= members; m++)); do follower "bench-c$m"; done | sort -n | tail -1)
    printf 'a change: %.2f s in all, %.2f s on the first node, %.2f s on the slowest of the others\n' "$whole" "$own" "$slowest"
    beyond+=("$(awk "BEGIN { printf \"%.2f\", $whole - $own - $slowest }")")
  done
  row "a changed setting on $((members + 1)) nodes, beyond the appliers' time (s)" "$(printf '%s\n' "${beyond[@]}" | middle 5)" 3 '<='
}

# The agent's resident memory some time after its start, the largest of all nodes.
agents() {
  local n largest=0 size
  sleep 40
  for ((n = 0; n <= members; n++)); do
    size=$(in_host "bench-c$n" sh -c \
      'awk "/^VmRSS/ { print int(\$2 / 1024) }" /proc/$(systemctl show gatehouse-agent -p MainPID --value)/status')
    ((size > largest)) && largest=$size
  done
  row "an agent's memory, the largest (MB)" "$largest" 90 '<='
}

# ours HOST SINCE: CPU seconds of everything of ours that runs there, the agent's whole life and what ended since then; the agent's
# memory in MB, and the bytes it had written to disk.
ours() {
  in_host "$1" sh -s "$2" <<'OURS'
pid=$(systemctl show gatehouse-agent -p MainPID --value)
agent=$(systemctl show gatehouse-agent -p CPUUsageNSec --value)
journalctl -q -o cat --no-pager --since "@$1" | awk -v agent="$agent" \
  -v memory="$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$pid/status")" \
  -v written="$(awk '/^write_bytes/ { print $2 }' "/proc/$pid/io")" '
  /^gatehouse-[a-z-]*\.service: Consumed .* CPU time/ && !/gatehouse-agent/ {
    for (i = 3; i <= NF && $i != "CPU"; i++) { t = $i + 0; if ($i ~ /ms$/) t /= 1000; else if ($i ~ /min$/) t *= 60; sum += t }
  }
  END { printf "%.3f %.1f %d\n", agent / 1e9 + sum, memory, written }'
OURS
}

# due: CPU seconds of the timer of following, on the first node.
due() {
  in_host bench-c0 sh -c 'systemctl start gatehouse-follow-due; systemctl show gatehouse-follow-due -p CPUUsageNSec --value' |
    awk '{ printf "%.3f", $1 / 1e9 }'
}

# What a cluster costs that has nothing to do: the busiest node counts.
rest() {
  local n began before=() cpu memory written cpu0 memory0 written0 busiest=0 growth=-999 most=0
  settled
  sleep 60
  began=$(date +%s)
  for ((n = 0; n <= members; n++)); do before+=("$(ours "bench-c$n" "$began")"); done
  sleep "$resting"
  for ((n = 0; n <= members; n++)); do
    read -r cpu0 memory0 written0 <<<"${before[n]}"
    read -r cpu memory written < <(ours "bench-c$n" "$began")
    busiest=$(awk "BEGIN { a = 100 * ($cpu - $cpu0) / $resting; print a > $busiest ? sprintf(\"%.2f\", a) : $busiest }")
    growth=$(awk "BEGIN { a = $memory - $memory0; print a > $growth ? sprintf(\"%.1f\", a) : $growth }")
    most=$(awk "BEGIN { a = ($written - $written0) * 3600 / $resting / 1048576; print a > $most ? sprintf(\"%.1f\", a) : $most }")
  done
  row "ours in $resting s of rest, the busiest node (% of a core)" "$busiest" 1 '<='
  row "growth of an agent's memory meanwhile, the largest (MB)" "$growth" 3 '<='
  printf 'an agent writes at most %s MB an hour to its disk\n' "$most"
  row "what the timer of following costs when there is nothing (CPU s)" "$(due)" 0.2 '<='
}

# busy HOST: how long its processes have kept a processor busy so far, in seconds.
busy() { awk '/^usage_usec/ { printf "%.1f\n", $2 / 1000000 }' "$(cat "/run/gatehouse-lab/$1/cgroup")/cpu.stat"; }

pushes() {
  local n hosts=() one all before
  "$lab" push bench-c0 "$("$lab" key)" /root/.ssh/id_bench
  in_host bench-c0 chmod 600 /root/.ssh/id_bench
  in_host bench-c0 sh -c 'printf "IdentityFile /root/.ssh/id_bench\n" >/root/.ssh/config'
  for ((n = 0; n <= pushed; n++)); do new_host "bench-w$n" $((members + 1 + n)) "w$n.lab.example"; done
  in_host bench-c0 sh -c "ssh-keyscan -t ed25519 $(
    for ((n = 0; n <= pushed; n++)); do printf '%s ' "$(at $((members + 1 + n)))"; done
  ) >/root/known 2>/dev/null"
  settled
  one=$(timed bench-c0 gatehouse add "root@$(at $((members + 1)))" --profile web --known-hosts /root/known --yes)
  for ((n = 1; n <= pushed; n++)); do hosts+=("root@$(at $((members + 1 + n)))"); done
  settled
  before=$(busy bench-c0)
  all=$(timed bench-c0 gatehouse add "${hosts[@]}" --profile web --known-hosts /root/known --yes)
  in_host bench-c0 tail -3 /tmp/bench.out
  printf 'one host pushed: %s s; %d at once: %s s, on %d processors, of which the pushing host itself took %s s\n' \
    "$one" "$pushed" "$all" "$(nproc)" "$(awk "BEGIN { print $(busy bench-c0) - $before }")"
  row "$pushed hosts pushed at once / one" "$(ratio "$all" "$one")" 3 '<='
}

# Nodes that are not there. Half of their addresses are answered for, packets to the others are dropped, as by a host that is off.
simulated() {
  local failed seconds half=$((crowd / 2)) times=() n
  dotnet publish "$house/tests/bench/Crowd" -c Release -o "$bench/crowd" -v q --nologo >"$bench/crowd.log" ||
    { cat "$bench/crowd.log"; return; }
  "$lab" push bench-c0 "$bench/crowd" /root/crowd
  in_host bench-c0 chmod 755 /root/crowd/Crowd
  read -r failed seconds < <(in_host bench-c0 /root/crowd/Crowd join "$half" /root/nodes 2>"$bench/joins.log")
  printf '%d join requests at once: %s s\n' "$half" "$seconds"
  row "simulated join requests that failed, of $half at once" "$failed" 0 '<='
  in_host bench-c0 /root/crowd/Crowd join $((crowd - half)) /root/nodes >/dev/null 2>>"$bench/joins.log"
  in_host bench-c0 sh -c 'ip route add local 198.18.0.0/15 dev lo
    nft add table inet bench
    nft "add chain inet bench dead { type filter hook input priority -300; }"
    nft add rule inet bench dead ip daddr 198.18.0.0/16 drop
    systemd-run --quiet --unit=bench-crowd sh -c "sleep 3600 | /root/crowd/Crowd answer /root/nodes"'
  # The living ones beat, as well as the first node does.
  in_host bench-c0 sh -c 'cat >/root/beat.sql' <<'BEAT'
UPDATE gatehouse.heartbeats h SET at = clock_timestamp(), status = (SELECT f.status FROM gatehouse.heartbeats f WHERE f.node = 1)
FROM gatehouse.nodes n WHERE n.number = h.node AND n.address << '198.19.0.0/16';
BEAT
  in_host bench-c0 sh -c \
    'systemd-run --quiet --unit=bench-beats sh -c "while su postgres -c \"psql -qX -d gatehouse\" </root/beat.sql; do sleep 10; done"'
  sleep 20
  settled
  # It exits with 1, for a cluster of which half is dead is not well.
  for n in 1 2 3 4 5 6 7; do times+=("$(timed bench-c0 gatehouse --json status 2>/dev/null || true)"); done
  row "status of $crowd simulated nodes, half of them dead (s)" "$(printf '%s\n' "${times[@]}" | middle 7)" 1.5 '<='
  row "living ones among them that it shows" "$(in_host bench-c0 sh -c 'grep -c "\"uptime\": [0-9]" /tmp/bench.out')" "$half" '>='
}

cluster() {
  local n
  package=$(ls "$house"/out/gatehouse_*_amd64.deb 2>/dev/null | tail -1) || true
  [[ -n $package ]] || { printf 'the package is missing (build.sh deb): the cluster was not measured\n'; return; }
  new_host bench-c0 0 c0.lab.example
  sed -e "s/10\.77\.0\.171/$(at 0)/" -e 's/c1\.lab\.example/c0.lab.example/' -e 's/{file: .*}/{generate: true}/' \
    "$house/tests/Gatehouse.EndToEnd/Answers/cluster.yaml" >"$bench/cluster.yaml"
  "$lab" push bench-c0 "$bench/cluster.yaml" /root/cluster.yaml
  in_host bench-c0 gatehouse bootstrap /root/cluster.yaml --name bench --keys-file /root/keys >"$bench/bootstrap.log" 2>&1 ||
    { tail -5 "$bench/bootstrap.log"; return; }
  joins
  changes
  agents
  if ((resting > 0)); then rest; fi
  if ((pushed > 0)); then pushes; fi
  # What follows is about the first node alone: the others would follow each of the many that join, on its processors.
  for ((n = 1; n <= members; n++)); do "$lab" down "bench-c$n" >/dev/null; done
  for ((n = 0; n <= pushed && pushed > 0; n++)); do "$lab" down "bench-w$n" >/dev/null; done
  if ((crowd > 0)); then simulated; fi
  "$lab" down bench-c0 >/dev/null
}
