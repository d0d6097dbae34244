#!/bin/sh
# Starts gatehouse. When 'gatehouse setup' ends without a chance to clean up, because it was killed or memory ran out,
# this puts the terminal right: nobody can work in one that shows nothing of what is typed.
# GATEHOUSE_PROGRAM names another program than the installed one.
program=${GATEHOUSE_PROGRAM:-/usr/lib/gatehouse/gatehouse}

setup=
for argument in "$@"; do
  if [ "$argument" = setup ]; then setup=yes; fi
done
if [ -z "$setup" ] || ! [ -t 0 ] || ! before=$(stty -g 2>/dev/null); then exec "$program" "$@"; fi

# Signals are for the program to handle, which gets those of the terminal too; it is waited for. They must not be
# ignored: that would be inherited.
trap : INT QUIT HUP TERM

# What the program says is wanted, the shell's own word on a program that was killed is not.
exec 3>&2 2>/dev/null
(exec "$program" "$@" 2>&3 3>&-)
status=$?
exec 2>&3 3>&-

odd=
if after=$(stty -g 2>/dev/null) && [ "$after" != "$before" ]; then
  odd=yes
  stty "$before" 2>/dev/null
fi
if [ "$status" -gt 128 ] && [ "$status" -ne 130 ]; then killed=yes; else killed=; fi

if [ -n "$odd$killed" ]; then
  if [ -t 1 ]; then
    # Pastes unmarked, the ordinary character set, no attributes, the cursor visible.
    case ${TERM-} in xterm* | screen* | tmux* | rxvt*) printf '\033[?2004l' ;; esac
    # The form is taken away only if the program has not done it: what a crash has printed would go with it.
    if [ -n "$odd" ]; then
      tput rmcup 2>/dev/null || { tput home && tput ed; } 2>/dev/null
      tput rmkx 2>/dev/null
    fi
    tput cnorm 2>/dev/null
    tput sgr0 2>/dev/null
    printf '\017\r'
  fi
  if [ -n "$killed" ]; then
    echo "gatehouse: the setup was ended by signal $((status - 128)); 'gatehouse setup' continues where it stopped." >&2
  else
    echo "gatehouse: the setup left the terminal in disorder, and it was reset; 'gatehouse setup' continues where it stopped." >&2
  fi
fi
exit "$status"
