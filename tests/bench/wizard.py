#!/usr/bin/env python3
"""Measures the wizard on a pseudo terminal: wizard.py PROGRAM WORKDIR

Prints a line a figure, NAME VALUE: start (s, median until the first screen is complete), first_bytes, key_bytes, key_time (s,
median), session_bytes (a whole standalone set-up of a tree on vt220), memory (KB resident on the first form)."""
import fcntl, os, pty, select, shutil, signal, statistics, struct, sys, termios, time

program, work = sys.argv[1], sys.argv[2]

class Wizard:
    """A wizard on a pseudo terminal of 80x24."""

    def __init__(self, term, root):
        self.begun = time.monotonic()
        self.count = 0
        self.text = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.environ.update(TERM=term, LANG="C.UTF-8")
            os.execv(program, [program, "setup", "--root", root])

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.count += len(data)
        self.text += data
        return True

    def until(self, mark, timeout=60):
        """Reads until the mark was sent since the last call."""
        end = time.monotonic() + timeout
        while mark not in self.text:
            if time.monotonic() > end:
                sys.exit(f"'{mark.decode()}' did not come; the wizard sent: {self.text[-600:]!r}")
            self.read(0.05)
        at = time.monotonic()
        return at

    def settle(self):
        """Reads until nothing comes any more."""
        while self.read(0.25):
            pass
        self.text = b""

    def keys(self, keys):
        os.write(self.fd, keys.encode())

    def memory(self):
        for line in open(f"/proc/{self.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    def end(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def fresh():
    root = os.path.join(work, "wizard-root")
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    return root


def start():
    times, counts = [], []
    for run in range(14):
        wizard = Wizard("vt220", fresh())
        done = wizard.until(b"Esc Quit")
        if run >= 3:
            times.append(done - wizard.begun)
        wizard.settle()
        counts.append(wizard.count)
        wizard.end()
    print(f"start {statistics.median(times):.4f}")
    print(f"first_bytes {max(counts)}")


def typing():
    wizard = Wizard("vt220", fresh())
    wizard.until(b"Esc Quit")
    wizard.settle()
    wizard.keys("\r")
    wizard.until(b"Next field")
    wizard.settle()
    print(f"memory {wizard.memory()}")
    sizes, times = [], []
    for key in "gateway.example.org":
        before, began = wizard.count, time.monotonic()
        wizard.keys(key)
        wizard.read(1)
        times.append(time.monotonic() - began)
        wizard.settle()
        sizes.append(wizard.count - before)
    # The first key may bring a mark beside the field, and the pause after a key the words below; the middle is what a key costs.
    print(f"key_bytes {sorted(sizes)[len(sizes) // 2]}")
    print(f"key_time {statistics.median(times):.4f}")
    wizard.end()


def session():
    wizard = Wizard("vt220", fresh())

    def go(keys, mark):
        wizard.text = b""
        for key in keys:
            wizard.keys(key)
            wizard.read(0.02)
        wizard.until(mark)
        wizard.settle()

    page_down = "\x1b[6~"
    wizard.until(b"Esc Quit")
    wizard.settle()
    go(["\r"], b"Next field")
    go(["\x15", *"mx1.example.org", "\t", "\x15", *"192.0.2.10"], b"")
    go([page_down], b"Site name")
    go([*"EXAMPLE", page_down], b"Relay networks")
    go([*"example.org mail.example.org", "\t", "\t", "\t", *"postmaster@example.com", page_down], b"Web host name")
    go([page_down], b"Apply")
    go(["\r"], b"yes")
    go([*"yes", "\r"], b"What to do next")
    wizard.settle()
    print(f"session_bytes {wizard.count}")
    wizard.keys("\r")
    wizard.end()


start()
typing()
session()
shutil.rmtree(os.path.join(work, "wizard-root"), ignore_errors=True)
