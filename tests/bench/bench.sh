#!/bin/bash
# The speed targets, measured on this machine in one run. Times are medians; where a target is a ratio, both sides are
# measured in turn, so that a slow machine is slow for both. Nothing here fails: it prints figure, target, and whether it holds.
set -euo pipefail
house=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bench=$house/out/bench
program=$house/out/gatehouse
example=$house/iso/answers/standalone.yaml
lab=$house/tests/lab/lab.sh
mkdir -p "$bench"

# row WHAT FIGURE TARGET COMPARISON
row() {
  local verdict=misses
  if awk "BEGIN { exit !($2 $4 $3) }"; then verdict=holds; fi
  printf '%-62s %9s   target %s %-6s %s\n' "$1" "$2" "$4" "$3" "$verdict"
}

# median COMMAND: seconds of one of many runs.
median() {
  hyperfine --shell=none --warmup 3 --runs "${runs:-25}" --export-json "$bench/time.json" --style none "$@" >/dev/null 2>&1
  python3 -c 'import json,sys; print(*["%.4f" % r["median"] for r in json.load(open(sys.argv[1]))["results"]])' "$bench/time.json"
}

ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

start_up() {
  dotnet publish "$house/tests/bench/Hello" -c Release -o "$bench/hello" -v q --nologo >"$bench/hello.log" ||
    { cat "$bench/hello.log"; exit 1; }
  local hello version check render
  read -r hello version check render < <(median "$bench/hello/Hello" \
    "$program --version" "$program check $example" "$program render $example --output $bench/files")
  printf 'hello-world published the same way: %s s\n' "$hello"
  row "gatehouse --version / hello-world" "$(ratio "$version" "$hello")" 1.5 '<='
  row "check of the example / hello-world" "$(ratio "$check" "$hello")" 4 '<='
  row "render of the example / hello-world" "$(ratio "$render" "$hello")" 6 '<='
}

memory() {
  local what
  for what in "check $example" "render $example --output $bench/files" "apply $example --yes --root $bench/root"; do
    # shellcheck disable=SC2086
    /usr/bin/time -f %M -o "$bench/memory" "$program" $what >/dev/null 2>&1
    row "peak memory of '${what%% *}' (MB)" "$(($(tail -1 "$bench/memory") / 1024))" 100 '<='
  done
}

throughput() {
  dotnet run --project "$house/tests/bench/Nodes" -c Release -v q -- "$house" 1000 >"$bench/nodes" 2>"$bench/nodes.log" ||
    { cat "$bench/nodes.log"; exit 1; }
  row "1,000 nodes rendered in one process (nodes/s)" "$(tail -1 "$bench/nodes")" 200 '>='
}

# The wizard on a pseudo terminal of 80x24.
wizard() {
  local name value start=0 first=0 key=0 time=0 session=0 memory=0 bare
  while read -r name value; do
    case $name in
      start) start=$value ;; first_bytes) first=$value ;; key_bytes) key=$value ;;
      key_time) time=$value ;; session_bytes) session=$value ;; memory) memory=$value ;;
    esac
  done < <(python3 "$house/tests/bench/wizard.py" "$program" "$bench")
  /usr/bin/time -f %M -o "$bench/memory" "$program" --version >/dev/null
  bare=$(tail -1 "$bench/memory")
  row "setup: first screen complete after start (s)" "$start" 0.1 '<='
  row "setup: bytes of the first screen (vt220)" "$first" 2500 '<='
  row "setup: bytes of a key" "$key" 50 '<='
  row "setup: a key is painted (s)" "$time" 0.02 '<='
  row "setup: bytes of a whole standalone session" "$session" 12288 '<='
  row "setup: memory on the first form above the bare start (MB)" "$(((memory - bare) / 1024))" 30 '<='
}

# What an apply of one changed setting needs, typed by hand one after the other. Runs inside the host.
by_hand() {
  cat <<'HAND'
set -e
exim4 -bV >/dev/null
for d in example.org limited.example.org six.example.org; do echo probe@$d; done | exim4 -bt >/dev/null || true
printf 'EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@foreign.example>\r\nQUIT\r\n' | exim4 -bh 192.0.2.254 >/dev/null 2>&1
printf 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<gatehouse-verify@mx1.lab.example>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n' |
  exim4 -bh 127.0.0.1 >/dev/null 2>&1
systemctl reload exim4
hostname >/dev/null; systemctl is-active -q systemd-journald
nft list chain inet gatehouse input >/dev/null; chronyc -n sources >/dev/null; chronyc -n -c tracking >/dev/null
printf 'PING\r\nQUIT\r\n' | nc -N 127.0.0.1 6379 >/dev/null
printf 'nPING\n' | nc -N -U /run/clamav/clamd.ctl >/dev/null
curl -s http://127.0.0.1:11333/ping >/dev/null; curl -s http://127.0.0.1:11334/ping >/dev/null
printf 'QUIT\r\n' | nc -N 127.0.0.1 25 >/dev/null
printf 'QUIT\r\n' | openssl s_client -quiet -starttls smtp -connect 127.0.0.1:25 >/dev/null 2>&1 || true
for n in 1 2 3; do swaks --server 127.0.0.1 --helo localhost --from '<>' --to gatehouse-verify@mx1.lab.example >/dev/null; done
curl -sk https://127.0.0.1/ >/dev/null
HAND
}

# seconds COMMAND...: how long a command takes inside the host.
seconds() {
  "$lab" exec bench-mx -- bash -c 'TIMEFORMAT=%R; time "$@" >/tmp/bench.out 2>&1' bench "$@" 2>&1 | tail -1
}

middle() { sort -n | sed -n "$(((${1} + 1) / 2))p"; }

host() {
  "$lab" up --base full --owner $$ bench-mx=10.77.0.171 >/dev/null
  "$lab" push bench-mx "$program" /usr/lib/gatehouse/gatehouse
  "$lab" push bench-mx "$house/src/Debian/gatehouse.sh" /usr/bin/gatehouse
  "$lab" exec bench-mx -- chmod 755 /usr/lib/gatehouse/gatehouse /usr/bin/gatehouse
  sed -e 's/10\.77\.0\.121/10.77.0.171/' -e 's/{file: .*}/{generate: true}/' \
    "$house/tests/Gatehouse.EndToEnd/Answers/standalone.yaml" >"$bench/a.yaml"
  sed 's/site_name: LAB/site_name: BENCH/' "$bench/a.yaml" >"$bench/b.yaml"
  "$lab" push bench-mx "$bench/a.yaml" /root/a.yaml
  "$lab" push bench-mx "$bench/b.yaml" /root/b.yaml
  by_hand >"$bench/by-hand.sh"
  "$lab" push bench-mx "$bench/by-hand.sh" /root/by-hand.sh
  "$lab" exec bench-mx -- gatehouse apply /root/a.yaml >"$bench/apply.log" 2>&1 || { cat "$bench/apply.log"; exit 1; }
  local nothing=() change=() hand=() n
  for n in 1 2 3 4 5 6 7; do
    change+=("$(seconds gatehouse apply "/root/$([[ $((n % 2)) == 1 ]] && echo b || echo a).yaml")")
    hand+=("$(seconds bash /root/by-hand.sh)")
    nothing+=("$(seconds gatehouse apply)")
  done
  local a b
  row "an apply that changes nothing (s)" "$(printf '%s\n' "${nothing[@]}" | middle 7)" 0.5 '<='
  a=$(printf '%s\n' "${change[@]}" | middle 7)
  b=$(printf '%s\n' "${hand[@]}" | middle 7)
  printf 'one setting changed: %s s; its checks, reload and verifications by hand: %s s\n' "$a" "$b"
  row "an apply that changes one setting / by hand" "$(ratio "$a" "$b")" 1.2 '<='
  "$lab" down bench-mx
}

# shellcheck source=cluster.sh
. "$house/tests/bench/cluster.sh"
# shellcheck source=mail.sh
. "$house/tests/bench/mail.sh"

# bench.sh [PART...]: all of them, or those that are named.
for part in "${@:-all}"; do
  case $part in
    start_up | memory | wizard | throughput | host | cluster | mail) "$part" ;;
    all)
      start_up
      memory
      wizard
      throughput
      if [[ $(id -u) == 0 ]]; then host; cluster; mail; else printf 'the lab needs root: hosts and clusters were not measured\n'; fi
      ;;
    *) printf 'there is no part %s\n' "$part" >&2; exit 2 ;;
  esac
done
