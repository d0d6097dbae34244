#!/usr/bin/python3
"""Numbered mail through a cluster whose nodes die: who sends it, who takes it behind the cluster, and the count of both.

mail.py send ADDRESS COUNT SECONDS RECORD [FIRST]
                                             sends COUNT messages, numbered from FIRST (1), at a steady rate over SECONDS; every 20th
                                             is spam that is kept
mail.py sink PORT RECORD SECONDS             takes what comes, until it is stopped; it thinks for a while before it says so
mail.py count SENT TAKEN KEPT                compares; KEPT lists the quarantine, a line "NAME NUMBER" for each message

The sender does what a mail server does: what was refused for now, or broke off, is sent again, sooner than a real one would. When the
connection broke after the final dot, nobody can tell whether the message was taken, so it is sent again and may come twice (RFC 5321
section 6.1). The same holds between a node that died and the sink. Both are told apart from messages that came twice for no reason.
"""
import collections
import heapq
import json
import re
import socket
import sys
import threading
import time

# In two pieces, so that no scanner minds this file.
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
WORKERS = 24
# Seconds: for a connection, for the answer to a command, and for the answer to a message, which is scanned before it.
CONNECT, COMMAND, DOT = 5, 20, 60
# How long a message is on its way into the cluster.
WAY = 0.4
# When to try again, in seconds, and how long to go on trying.
AGAIN, PATIENCE = 5, 300


class Refused(Exception):
    pass


class Wire:
    """One SMTP connection, line by line."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""

    def line(self):
        while b"\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def answer(self, good):
        while True:
            line = self.line()
            if line[3:4] != "-":
                break
        if line[:1] != good:
            raise Refused(line)
        return line

    def say(self, text, good):
        self.sock.sendall(text.encode() + b"\r\n")
        return self.answer(good)


def attempt(address, number):
    """One try: what became of it (taken, refused, broken, unsure) and the last words."""
    sent = False
    body = GTUBE if number % 20 == 0 else "plain words of message %d" % number
    text = (f"From: bench <sender@client.example>\r\nTo: user@example.org\r\nSubject: bench {number}\r\n"
            f"Message-Id: <bench-{number}@client.example>\r\n"
            f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\r\n\r\n{body}\r\n.")
    try:
        with socket.create_connection((address, 25), timeout=CONNECT) as sock:
            sock.settimeout(COMMAND)
            wire = Wire(sock)
            wire.answer("2")
            wire.say("EHLO client.lab.example", "2")
            wire.say("MAIL FROM:<sender@client.example>", "2")
            wire.say("RCPT TO:<user@example.org>", "2")
            wire.say("DATA", "3")
            # The way is long, so that some are always at it.
            time.sleep(WAY)
            sock.settimeout(DOT)
            sent = True
            taken = wire.say(text, "2")
            sent = False
            try:
                sock.sendall(b"QUIT\r\n")
            except OSError:
                pass
            return "taken", taken
    except Refused as refused:
        return "refused", str(refused)
    except OSError as error:
        return ("unsure" if sent else "broken"), repr(error)


def send(address, count, seconds, record, offset=1):
    begin = time.monotonic()
    # (when, number, first); whoever is free takes what is due.
    due = [(begin + n * seconds / count, n + offset, None) for n in range(count)]
    left, lock = count, threading.Condition()
    out = open(record, "w", buffering=1, encoding="utf-8")

    def work():
        nonlocal left
        while True:
            with lock:
                while left and (not due or due[0][0] > time.monotonic()):
                    lock.wait(0.05 if not due else max(0.001, min(0.5, due[0][0] - time.monotonic())))
                if not left:
                    return
                _, number, first = heapq.heappop(due)
            start = time.monotonic()
            what, words = attempt(address, number)
            now = time.monotonic()
            with lock:
                out.write(json.dumps({
                    "number": number, "what": what, "at": round(start - begin, 2), "took": round(now - start, 2),
                    "clock": time.time(), "words": words}) + "\n")
                first = first or start
                if what == "taken" or now - first > PATIENCE:
                    left -= 1
                    lock.notify_all()
                else:
                    heapq.heappush(due, (now + AGAIN, number, first))

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sink(port, record, thinking):
    server = socket.create_server(("0.0.0.0", port), backlog=200)
    out = open(record, "a", buffering=1, encoding="utf-8")

    def serve(sock):
        # A message is settled when the client goes on after our answer: then it knows that we have it.
        waiting = None
        with sock:
            try:
                sock.settimeout(120)
                wire = Wire(sock)
                reply = lambda text: sock.sendall(text.encode() + b"\r\n")
                reply("220 sink.lab.example ESMTP")
                while True:
                    word = wire.line()[:4].upper()
                    if waiting:
                        out.write(f"settled {waiting}\n")
                        waiting = None
                    if word == "DATA":
                        reply("354 go on")
                        lines = []
                        while (line := wire.line()) != ".":
                            lines.append(line)
                        text = "\n".join(lines)
                        number = re.search(r"(?m)^Subject: bench (\d+)$", text)
                        exim = re.search(r"\bid ([0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2})\b", text)
                        waiting = f"{number[1] if number else '-'} {exim[1] if exim else '-'} {time.time():.3f}"
                        out.write(f"taken {waiting}\n")
                        time.sleep(thinking)
                        reply("250 taken")
                    elif word == "QUIT":
                        reply("221 bye")
                        return
                    else:
                        reply("250 fine")
            except OSError:
                return

    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


def count(sent, taken, kept):
    tries = [json.loads(line) for line in open(sent, encoding="utf-8")]
    what = collections.Counter(t["what"] for t in tries)
    promised = {t["number"] for t in tries if t["what"] == "taken"}
    unsure = {t["number"] for t in tries if t["what"] == "unsure"}
    again = {t["number"] for t in tries if t["what"] != "taken"}
    settled, came = set(), collections.defaultdict(list)
    for line in open(taken, encoding="utf-8"):
        verb, number, exim, at = line.split()
        if verb == "settled":
            settled.add((number, exim, at))
        elif number != "-":
            came[int(number)].append((exim, (number, exim, at)))
    for line in open(kept, encoding="utf-8"):
        name, number = line.split()
        came[int(number)].append((name, None))
    lost = sorted(promised - came.keys())
    # Twice: what the sender sent twice, for it could not know; what a node sent twice, for the same reason; and what has no reason.
    by_sender, by_node, twice = [], [], []
    for number, copies in sorted(came.items()):
        if len(copies) < 2:
            continue
        ids = {exim for exim, _ in copies}
        unexplained = False
        for exim in ids:
            same = [mark for other, mark in copies if other == exim]
            # The last one is the one that counts; each one before it must have been cut off before the node knew.
            if len(same) > 1 and (None in same or sum(mark in settled for mark in same) > 1):
                unexplained = True
        attempts = sum(t["number"] == number and t["what"] in ("taken", "unsure") for t in tries)
        if unexplained or len(ids) > attempts:
            twice.append(number)
        elif len(ids) > 1:
            by_sender.append(number)
        else:
            by_node.append(number)
    slow = max((t["took"] for t in tries if t["what"] == "taken"), default=0)
    print(f"promised {len(promised)} tries {len(tries)} refused {what['refused']} broken {what['broken']} unsure {what['unsure']} "
          f"again {len(again)} last {max(t['at'] + t['took'] for t in tries):.0f} s "
          f"kept {sum(1 for _ in open(kept, encoding='utf-8'))} slowest {slow} s")
    print(f"never {len({t['number'] for t in tries} - promised)} lost {len(lost)} twice {len(twice)} "
          f"sender-twice {len(by_sender)} node-twice {len(by_node)}")
    for name, numbers in (
            ("lost", lost), ("twice", twice), ("sender-twice", by_sender), ("node-twice", by_node), ("unsure", sorted(unsure))):
        if numbers:
            print(f"# {name}: {' '.join(map(str, numbers[:40]))}")


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5], *map(int, sys.argv[6:7]))
    elif sys.argv[1] == "sink":
        sink(int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
    else:
        count(*sys.argv[2:5])
