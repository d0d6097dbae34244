#!/usr/bin/python3
"""ours.py PREFIX: until it is asked to end, looks who uses the processors; then prints the busy seconds of the whole machine, and those of
the processes that are Gatehouse's own in hosts of the lab whose names begin with PREFIX. Daemons and checkers that they start are
others'."""
import os
import signal
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")
seen, passed = {}, {}


def machine():
    with open("/proc/stat", encoding="ascii") as stat:
        words = [int(w) for w in stat.readline().split()[1:9]]
    return (sum(words) - words[3] - words[4]) / TICK


def look(prefix):
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
                stat = file.read()
            name, words = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
            if name != "gatehouse":
                continue
            key = (pid, words[19])
            if key not in passed:
                with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
                    passed[key] = f"/gatehouse-lab/{prefix}" in file.read()
            if passed[key]:
                used = (int(words[11]) + int(words[12])) / TICK
                seen[key] = max(seen.get(key, 0), used)
        except (OSError, ValueError):
            continue


def end(*_):
    print(f"{machine() - busy:.1f} {sum(seen.values()):.1f}", flush=True)
    os._exit(0)


busy = machine()
signal.signal(signal.SIGTERM, end)
while True:
    look(sys.argv[1])
    time.sleep(0.2)
