#!/bin/bash
# Lines of a member's log through kills of either end: 25,000 written on NODE while its agent and the collector of COLLECTOR are
# killed in turn, then counted in what was collected. For hosts of the lab that are members of one cluster.
#   logs.sh COLLECTOR NODE [LINES]
set -euo pipefail
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/lab/lab.sh
collector=${1:?which host collects} node=${2:?which host writes} lines=${3:-25000}
mark=bench-$$

name=$("$lab" exec "$node" -- hostname -f)
kept() {
  "$lab" exec "$collector" -- sh -c \
    "grep -ho '\"$mark [0-9]*\\.\"' /var/log/gatehouse-cluster/$name/*.log | tr -dc '0-9. \\n' | awk '{print \$NF}'"
}

"$lab" exec "$node" -- sh -c "seq $lines | sed 's/.*/$mark &./' |
  awk 'NR % 2500 == 0 { system(\"sleep 0.5\") } { print; fflush() }' | logger -p mail.info -t exim" & writer=$!
for _ in 1 2; do
  sleep 1.5
  "$lab" exec "$node" -- systemctl kill -s KILL gatehouse-agent.service
  sleep 1.5
  "$lab" exec "$collector" -- systemctl kill -s KILL gatehouse-logs.service
done
wait "$writer"
start=$SECONDS
until kept | grep -qx "$lines\\." || ((SECONDS - start > 60)); do sleep 1; done
all=$(kept | wc -l) unique=$(kept | sort -u | wc -l)
printf 'written %s, collected %s, lost %s, twice %s\n' "$lines" "$all" $((lines - unique)) $((all - unique))
[[ $all == "$lines" && $unique == "$lines" ]]
