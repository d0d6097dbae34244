#!/bin/bash
# Builds, tests and packs Gatehouse.
#
#   build.sh build           the program: out/gatehouse, one self-contained file for linux-x64
#   build.sh setup           build it, and set up the tree out/root (no root needed): on a terminal with the
#                            wizard, otherwise from iso/answers/standalone.yaml
#   build.sh test            format, unit tests, and end-to-end tests on real hosts (needs root)
#   build.sh test fast       unit tests only
#   build.sh test unit NAME  the unit tests whose name contains NAME
#   build.sh test slow       the campaigns that take too long for every change (needs root): clusters of several
#                            shapes whose nodes die one by one, all pairs of choices, 2,000 conversations of SMTP
#   build.sh test story NAME the end-to-end tests whose name contains NAME, of whatever lane (needs root)
#   build.sh stories         the end-to-end tests of the last run, the longest first
#   build.sh accept          rewrite the golden files with what is rendered now
#   build.sh check           source format, scripts, scripts as they are rendered, manual pages
#   build.sh deb             the Debian package: out/gatehouse_VERSION_amd64.deb
#   build.sh lab up N        boot N real Debian hosts in namespaces; also: lab down, lab status, and
#                            whatever else tests/lab/lab.sh can do (needs root)
#   build.sh bench           measure
#
# What is missing is installed with apt when this runs as root; otherwise it says what is missing.
# With CI=true the packages of the lock files are taken and no others; the formatter is a .NET tool (.config/dotnet-tools.json).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 PATH=$PATH:/usr/sbin:/sbin
OUT=$PWD/out

# What lets the daemons check files and the lab boot hosts; clamav-daemon brings its scanner's checker.
# The wizard is tried out on terminals of tmux, and draws through ncurses.
CHECKERS=(exim4-daemon-heavy rspamd redis-server clamav-daemon nginx-light nftables chrony uidmap util-linux iproute2)
LAB=(mmdebstrap unbound apt-utils debian-archive-keyring iproute2 util-linux tmux libncursesw6 libfaketime)
SOURCE_CHECKS=(shellcheck groff-base lua5.1 python3-minimal nftables)
POSTGRES=(postgresql-15)

say() { printf '%s\n' "$*"; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

CLEANUP=()        # files to take away, however this ends
TESTING=          # set while a closing line is owed
declare -A BESIDE=() BESIDE_LOG=()   # what runs beside the rest, by its name: its process group, and all it prints
finish() {
  local status=$? path group
  for group in "${BESIDE[@]}"; do kill -- "-$group" 2>/dev/null || true; done
  for path in "${CLEANUP[@]}"; do rm -f "$path"; done
  [[ -z $TESTING ]] || { FAILED=$(( FAILED + 1 )); closing || true; }
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# quietly COMMAND...: nothing when it works, all it printed when it does not.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  (( status == 0 )) || { cat "$log" >&2; printf 'build.sh: failed (%s): %s\n' "$status" "$*" >&2; }
  rm -f "$log"
  return "$status"
}

# beside WHAT COMMAND...: begin it, to run beside what follows.
# awaited WHAT: wait for its end, and then tell all it printed.
beside() {
  local what=$1
  BESIDE_LOG[$what]=$(mktemp)
  CLEANUP+=("${BESIDE_LOG[$what]}")
  shift
  # A group of its own, for tests start further processes, which do not end with the first.
  set -m
  "$@" >"${BESIDE_LOG[$what]}" 2>&1 </dev/null &
  BESIDE[$what]=$!
  set +m
}
awaited() {
  local status=0
  wait "${BESIDE[$1]}" || status=$?
  unset "BESIDE[$1]"
  say "What ran beside the rest ($1):"
  cat "${BESIDE_LOG[$1]}"
  return "$status"
}

version() { sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props; }

# --- what is needed -------------------------------------------------------------------------

need_dotnet() {
  local wanted
  [[ ! -x $HOME/.dotnet/dotnet ]] || command -v dotnet >/dev/null || PATH=$HOME/.dotnet:$PATH
  command -v dotnet >/dev/null && dotnet --version >/dev/null 2>&1 && return 0
  wanted=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json)
  die "the .NET SDK $wanted or a later 10.0 is missing (global.json). It installs into your home directory, without root, with
    curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0
or, with root, from Microsoft's package feed for Debian:
    https://learn.microsoft.com/dotnet/core/install/linux-debian"
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }
# nginx comes in flavours; any has the checker.
is_there() {
  is_installed "$1" && return
  [[ $1 == nginx-light ]] && command -v nginx >/dev/null
}

# need WHAT-FOR PACKAGE...: install what is missing; without root say what it is, and return 1.
need() {
  local purpose=$1 package missing=()
  shift
  for package; do is_there "$package" || missing+=("$package"); done
  (( ${#missing[@]} )) || return 0
  if ! command -v apt-get >/dev/null; then
    say "Missing for $purpose, and there is no apt-get here: ${missing[*]}" >&2
    return 1
  fi
  if (( EUID != 0 )); then
    say "Missing for $purpose: ${missing[*]}" >&2
    say "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    return 1
  fi
  say "Installing for $purpose: ${missing[*]}"
  install_packages "${missing[@]}" || die "could not install: ${missing[*]}"
}

# install_packages PACKAGE...: no questions, and no daemon is started, now or at the next boot of this machine.
install_packages() {
  local policy=/usr/sbin/policy-rc.d unit package status=0
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet -o DPkg::Lock::Timeout=300)
  local before after
  before=$(enabled_units)
  if [[ ! -e $policy ]]; then
    CLEANUP+=("$policy")
    printf '#!/bin/sh\n# Temporary: build.sh installs checkers here, not services.\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  "${apt[@]}" install --no-install-recommends "$@" >/dev/null 2>&1 ||
    { quietly "${apt[@]}" update && quietly "${apt[@]}" install --no-install-recommends "$@"; } || status=$?
  [[ " ${CLEANUP[*]} " != *" $policy "* ]] || rm -f "$policy"
  after=$(enabled_units)
  for unit in $(comm -13 <(printf '%s\n' "$before") <(printf '%s\n' "$after")); do
    systemctl --quiet disable "$unit" >/dev/null 2>&1 || true
  done
  return "$status"
}
enabled_units() {
  { systemctl list-unit-files --type=service,socket,timer --state=enabled --no-legend --no-pager 2>/dev/null || true; } |
    awk '{ print $1 }' | LC_ALL=C sort
}

# --- build ----------------------------------------------------------------------------------

RESTORED=
restore() {
  [[ -z $RESTORED ]] || return 0
  need_dotnet
  local locked=()
  [[ ${CI-} != true ]] || locked=(--locked-mode)
  quietly dotnet restore Setup.sln "${locked[@]}" || return 1
  RESTORED=yes
}

# Everything that the program is made of, as one hash.
inputs() {
  { find src/Gatehouse* screens templates \( -name bin -o -name obj \) -prune -o -type f -print0
    printf '%s\0' Directory.Build.props Directory.Packages.props global.json .editorconfig
  } | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

build() {
  local now
  need_dotnet
  now=$(inputs)
  if [[ -x $OUT/gatehouse && $(cat "$OUT/.inputs" 2>/dev/null) == "$now" ]]; then
    say "out/gatehouse is up to date."
    return
  fi
  restore
  rm -rf "$OUT/publish"
  mkdir -p "$OUT"
  quietly dotnet publish src/Gatehouse -c Release --no-restore -o "$OUT/publish"
  # By renaming, so that a program that is running can be replaced.
  mv -f "$OUT/publish/gatehouse" "$OUT/gatehouse"
  rm -rf "$OUT/publish"
  printf '%s\n' "$now" >"$OUT/.inputs"
  say "Built out/gatehouse $(version)."
}

deb() {
  build
  command -v dpkg-deb >/dev/null || die "dpkg-deb is missing: a Debian package is made on Debian"
  rm -f "$OUT"/gatehouse_*_amd64.deb
  quietly src/Debian/build-deb.sh "$OUT/gatehouse" "$OUT" "$(version)"
  say "Packed out/gatehouse_$(version)_amd64.deb."
}

files_applied() { find out/root -path out/root/var/lib -prune -o -type f -print | wc -l; }
setup() {
  build
  need "the daemons' own checks (optional)" "${CHECKERS[@]}" || say "Going on; what has no checker here is not judged." >&2
  if [[ -t 0 && -t 1 && ${CI-} != true ]]; then
    GATEHOUSE_PROGRAM=$OUT/gatehouse src/Debian/gatehouse.sh setup --root out/root
    return
  fi
  say "Applying iso/answers/standalone.yaml to the tree out/root:"
  "$OUT/gatehouse" --root out/root apply iso/answers/standalone.yaml --yes
  say "What another apply would change:"
  "$OUT/gatehouse" --root out/root plan iso/answers/standalone.yaml
  say "Done: out/gatehouse is built, and out/root holds the $(files_applied) files of a standalone mail gateway, checked as said above."
}

# --- check and test -------------------------------------------------------------------------

scripts() {
  find build.sh .ci src/Debian tests iso \( -name bin -o -name obj \) -prune -o -type f \
    \( -name '*.sh' -o -path .ci/run -o -path 'src/Debian/p*inst' -o -path 'src/Debian/p*rm' -o -name '*.bash-completion' \) -print0
}

check() {
  local page status=0
  need "checking the sources" "${SOURCE_CHECKS[@]}" || { say "The sources were not checked." >&2; return 1; }
  restore || return 1
  # The build judges style, and fails by it.
  { quietly dotnet tool restore && quietly dotnet csharpier check src tests; } || status=1
  narrow || status=1
  rendered || status=1
  scripts | quietly_args shellcheck -x --source-path=SCRIPTDIR --severity=warning || status=1
  for page in src/Debian/man/*.8; do
    # Groff warns and succeeds all the same.
    if groff -man -Tutf8 -ww -z "$page" 2>&1 | grep . >&2; then status=1; fi
  done
  (( status != 0 )) || say "Format, scripts, rendered scripts and manual pages: good."
  return "$status"
}
# narrow: says which lines of the sources are longer than 140 columns. A migration that was released never changes, and a line of a
# configuration file cannot be broken.
narrow() {
  local wide
  wide=$(find build.sh src tests screens \( -name bin -o -name obj -o -name publish \) -prune -o -type f \
    \( -name '*.cs' -o -name '*.sh' -o -name '*.py' -o -path 'screens/*.yaml' -o -path src/README.md \) -print0 |
    LC_ALL=C.UTF-8 xargs -0 grep -HnE '^.{141}' | cut -d: -f1,2) || true
  [[ -z $wide ]] || { sed 's/$/: longer than 140 columns/' <<<"$wide" >&2; return 1; }
}
# rendered: judges the scripts that templates make, as the golden files hold them: each text once, by the program for its kind.
rendered() {
  local status=0 file files=() shells=() pythons=() luas=() first
  mapfile -t files < <(find tests/Gatehouse.Tests/Golden/*/expected/files -type f -exec md5sum {} + |
    LC_ALL=C sort | awk '!seen[$1]++ { sub(/^[^ ]+ +/, ""); print }')
  for file in "${files[@]}"; do
    IFS= read -r first <"$file" || true
    case $first:$file in
      '#!/bin/sh'*|'#!/bin/bash'*) shells+=("$file") ;;
      '#!/usr/bin/python3'*) pythons+=("$file") ;;
      *.lua) luas+=("$file") ;;
      # Only root has a network to try rules in.
      *.nft) (( EUID != 0 )) || quietly unshare --net nft --check --file "$file" || status=1 ;;
    esac
  done
  quietly shellcheck --severity=warning "${shells[@]}" || status=1
  quietly python3 -c 'import ast, sys; [ast.parse(open(name).read(), name) for name in sys.argv[1:]]' "${pythons[@]}" || status=1
  quietly luac5.1 -p "${luas[@]}" || status=1
  return "$status"
}
# quietly_args COMMAND...: with arguments from standard input.
quietly_args() {
  local args=()
  mapfile -d '' -t args
  quietly "$@" "${args[@]}"
}

PASSED=0 FAILED=0 SKIPPED=0
FAILURES=()       # what failed, told again before the closing line

# stage WHAT: what takes time from now on, told with the others before the closing line; without a name, none does.
STAGES=() STAGE='' STAGE_BEGAN=0
stage() {
  [[ -z $STAGE ]] || STAGES+=("$STAGE $(( SECONDS - STAGE_BEGAN )) s")
  STAGE=${1-} STAGE_BEGAN=$SECONDS
}

# run_tests NAME PROJECT [ARGUMENT...]: run a project's tests, and add up what the result file of that name says.
run_tests() {
  local name=$1 status=0
  restore
  say "Tests of $name:"
  ( test_project "$@" ) || status=$?
  count_tests "$name" "$status"
}
# test_project NAME PROJECT [ARGUMENT...]: leave a result file of that name. This shell becomes the tests, so that ending it ends them.
test_project() {
  local name=$1 project=$2
  shift 2
  rm -f "$OUT/test-results/$name.trx"
  exec env GATEHOUSE_OUT="$OUT" dotnet test "$project" -c Release --no-restore --nologo --verbosity quiet \
    --results-directory "$OUT/test-results" --logger "trx;LogFileName=$name.trx" "$@" </dev/null
}
# count_tests NAME STATUS: add up what the result file of that name says, and how its tests ended.
count_tests() {
  local name=$1 trx=$OUT/test-results/$1.trx total passed failed
  total=$(counter total) passed=$(counter passed)
  failed=$(( $(counter failed) + $(counter error) + $(counter timeout) + $(counter aborted) ))
  # A test host that died leaves no result, or one in which nothing failed; it did not pass.
  (( $2 == 0 || failed > 0 )) || failed=1
  PASSED=$(( PASSED + passed )) FAILED=$(( FAILED + failed ))
  (( failed == 0 )) || FAILURES+=("$name: $(failures)")
  (( total - passed - failed <= 0 )) || SKIPPED=$(( SKIPPED + total - passed - failed ))
}
# counter NAME: a number from the result file, 0 without one. Called by count_tests.
counter() {
  local number=''
  [[ ! -f $trx ]] || number=$(grep -o '<Counters [^>]*' "$trx" | grep -o " $1=\"[0-9]*\"" | tr -dc 0-9)
  printf '%s\n' "${number:-0}"
}

# failures: the names of the tests that failed and the first lines of why. Called by count_tests.
failures() {
  [[ -f $trx ]] || { say "it left no results"; return; }
  awk '
    function plain(text) {
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
      gsub(/&#x[DA];/, " ", text); gsub(/&amp;/, "\\&", text)
      return text
    }
    /<UnitTestResult / {
      inside = / outcome="Failed"/
      if (inside) { match($0, / testName="[^"]*"/); print "\n  " plain(substr($0, RSTART + 11, RLENGTH - 12)) }
    }
    inside && /<Message>/ { left = 8; sub(/.*<Message>/, "") }
    inside && left > 0 { ends = /<\/Message>/; sub(/<\/Message>.*/, ""); print "    " plain($0); left--; if (ends) left = 0 }
  ' "$trx"
}

# The closing line is the last; anything that failed, a check or a build of tests too, is in its second number.
closing() {
  TESTING=
  stage
  (( ${#STAGES[@]} == 0 )) || { printf 'Stages: %s' "${STAGES[0]}"; printf ', %s' "${STAGES[@]:1}"; echo; }
  (( ${#FAILURES[@]} == 0 )) || printf 'Failed in %s\n' "${FAILURES[@]}"
  say "$PASSED passed, $FAILED failed$( (( SKIPPED == 0 )) || printf ', %s skipped' "$SKIPPED")"
  (( FAILED == 0 ))
}

test_fast() {
  TESTING=yes
  need "the registry's tests" "${POSTGRES[@]}" || say "Going on without it; those tests will fail." >&2
  run_tests Gatehouse.Tests tests/Gatehouse.Tests --logger "console;verbosity=minimal"
  closing
}

# test_unit NAME
test_unit() {
  TESTING=yes
  need "the registry's tests" "${POSTGRES[@]}" || say "Going on without it; those tests will fail." >&2
  run_tests Unit tests/Gatehouse.Tests --filter "FullyQualifiedName~$1" --logger "console;verbosity=normal"
  (( PASSED + FAILED > 0 )) || { FAILED=1; FAILURES+=("Unit: there is no such test"); }
  closing
}

# stories: each end-to-end test of the last run with its result and its time.
stories() {
  local found=() name
  for name in Gatehouse.EndToEnd Lane-beside Slow Story; do
    name=$OUT/test-results/$name.trx
    [[ ! $name -nt $OUT/test-results/.began ]] || found+=("$name")
  done
  (( ${#found[@]} > 0 )) || die "no end-to-end tests were run here yet: sudo ./build.sh test"
  grep -hoE '<UnitTestResult [^>]*' "${found[@]}" |
    sed -E 's/.* testName="Gatehouse\.EndToEnd\.([^"]*)".* duration="0?([0-9:]+)\.[0-9]*".* outcome="([^"]*)".*/\2 \3 \1/' |
    sed 's/&quot;/"/g' | LC_ALL=C sort -r
}

# begun: notes that a run of end-to-end tests begins.
begun() { mkdir -p "$OUT/test-results" && touch "$OUT/test-results/.began"; }

test_all() {
  local began=$SECONDS
  TESTING=yes
  begun
  if (( EUID == 0 )); then
    # Its hosts' base, which takes minutes of unpacking, is made while the rest is checked and built.
    need "the lab" "${LAB[@]}"
    beside base tests/lab/lab.sh base
  fi
  stage check
  check || { FAILED=$(( FAILED + 1 )); FAILURES+=("the checks of the sources, see above"); }
  need "the daemons' own checks" "${CHECKERS[@]}" || say "Going on without them." >&2
  need "the registry's tests" "${POSTGRES[@]}" || say "Going on without it; those tests will fail." >&2
  stage package
  # In a shell of its own, with its own "set -e": a failure here is counted, not the end of the story.
  if ! "$PWD/build.sh" deb; then
    FAILED=$(( FAILED + 1 )); FAILURES+=("the build of the package, see above")
    closing
    return
  fi
  stage "unit tests"
  run_tests Gatehouse.Tests tests/Gatehouse.Tests --logger "console;verbosity=minimal"
  if (( EUID == 0 )); then
    stage stories
    test_end_to_end
  else
    say "The end-to-end tests boot real Debian hosts and need root; they are skipped: sudo ./build.sh test"
    SKIPPED=$(( SKIPPED + $(list_tests tests/Gatehouse.EndToEnd | grep -c '^    ' || true) ))
  fi
  say "That took $(( (SECONDS - began + 59) / 60 )) minutes."
  closing
}
# test_some NAME FILTER: end-to-end tests that are not, or not only, for every change.
test_some() {
  local project=tests/Gatehouse.EndToEnd
  (( EUID == 0 )) || die "the end-to-end tests boot real Debian hosts and need root: sudo ./build.sh test ..."
  need "the lab" "${LAB[@]}"
  begun
  deb
  TESTING=yes
  restore
  if ! quietly tests/lab/lab.sh base || ! quietly dotnet build "$project" -c Release --no-restore; then
    FAILED=1 FAILURES+=("making ready for the end-to-end tests, see above")
    closing
    return
  fi
  run_tests "$1" "$project" --no-build --filter "$2" --logger "console;verbosity=normal"
  (( PASSED + FAILED > 0 )) || { FAILED=1; FAILURES+=("$1: there is no such test"); }
  closing
}
# The end-to-end tests run in lanes, each in a process and on hosts of its own: "beside" mostly waits, as the wizard's tests do for
# terminals, and what has no lane is the rest; a third would have the others wait for processors. What is in the lane "slow" is left out.
LANES=(beside)
test_end_to_end() {
  local project=tests/Gatehouse.EndToEnd lane status filter='Lane!=slow'
  restore
  if ! awaited base || ! quietly dotnet build "$project" -c Release --no-restore; then
    FAILED=$(( FAILED + 1 )); FAILURES+=("making ready for the end-to-end tests, see above")
    return
  fi
  for lane in "${LANES[@]}"; do
    beside "lane-$lane" test_project "Lane-$lane" "$project" --no-build --filter "Lane=$lane&Lane!=slow" --logger "console;verbosity=normal"
    filter+="&Lane!=$lane"
  done
  run_tests Gatehouse.EndToEnd "$project" --no-build --filter "$filter" --logger "console;verbosity=normal"
  for lane in "${LANES[@]}"; do
    status=0
    awaited "lane-$lane" || status=$?
    count_tests "Lane-$lane" "$status"
  done
}
list_tests() {
  restore
  dotnet test "$1" -c Release --no-restore --nologo --verbosity quiet --list-tests 2>/dev/null
}

accept() {
  TESTING=yes
  local keepers="FullyQualifiedName~Golden|FullyQualifiedName~Tests.Tui|FullyQualifiedName~ClusterMapTests"
  GATEHOUSE_ACCEPT=1 run_tests Gatehouse.Tests tests/Gatehouse.Tests --logger "console;verbosity=minimal" --filter "$keepers"
  git status --short -- tests 2>/dev/null || true
  say "Golden files are rewritten; look at the changes before you commit them."
  closing
}

# --------------------------------------------------------------------------------------------

usage() { sed -n '2,/^# With CI/s/^# \{0,1\}//p' build.sh; }

# A story and a unit test have a name.
[[ ! "${1-} ${2-}" =~ ^test\ (story|unit)$ || ${3-} =~ ^[A-Za-z0-9_.]+$ ]] ||
  die "which one? Give a part of the name of a test or its class."

case "${1-} ${2-}" in
  "build ") build ;;
  "setup ") setup ;;
  "test ") test_all ;;
  "test fast") test_fast ;;
  "test unit") test_unit "$3" ;;
  "test slow") test_some Slow Lane=slow ;;
  "test story") test_some Story "FullyQualifiedName~$3" ;;
  "accept ") accept ;;
  "check ") check ;;
  "stories ") stories ;;
  "deb ") deb ;;
  "lab "*)
    shift
    (( EUID != 0 )) || need "the lab" "${LAB[@]}"
    exec tests/lab/lab.sh "$@" ;;
  "bench "*)
    shift
    [[ -x tests/bench/bench.sh ]] || die "there is no tests/bench/bench.sh"
    build
    need "measuring" hyperfine || say "Going on without." >&2
    GATEHOUSE_OUT=$OUT exec tests/bench/bench.sh "$@" ;;
  " " | "help " | "-h " | "--help ") usage ;;
  *) usage >&2; exit 2 ;;
esac
