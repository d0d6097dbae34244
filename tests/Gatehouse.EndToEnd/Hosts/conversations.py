#!/usr/bin/env python3
"""Random conversations of SMTP with a gateway, of well-behaved, careless and hostile clients.

usage: conversations.py GATEWAY SOURCE ROLE SEED FIRST COUNT RELAY-ADDRESS

ROLE is stranger, relay or balancer: what SOURCE, an address of this host, is to the gateway. A balancer speaks PROXY first, mostly for
strangers. Each conversation depends on SEED, ROLE and its number alone, so that any can be had again. A line of JSON for each: what was
said, and of each message that the gateway took: its id there, sender and recipients.
"""
import concurrent.futures
import json
import random
import re
import socket
import ssl
import struct
import sys

GATEWAY, SOURCE, ROLE, SEED, FIRST, COUNT, RELAY = sys.argv[1:]
OWN, FOREIGN = ["example.org", "tenant.example", "EXAMPLE.ORG", "xn--bcher-kva.example"], "foreign.example"
# Written apart, so that no scanner takes this file for what it tests.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + b"STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Ended(Exception):
    """The other side hung up, or this one does."""


class Conversation:
    def __init__(self, number):
        self.number = number
        self.any = random.Random(f"{SEED}/{ROLE}/{number}")
        self.said, self.taken, self.extensions = [], [], set()

    # --- the wire

    def chance(self, share):
        return self.any.random() < share

    def send(self, data):
        self.said.append("> " + (repr(data[:160]) + f"... ({len(data)} bytes)" if len(data) > 200 else repr(data)))
        try:
            self.wire.sendall(data)
        except OSError as error:
            # What the other side said before it hung up is still to be read.
            self.said.append(f"! {error}")

    def reply(self):
        lines = []
        while True:
            try:
                line = self.input.readline()
            except OSError as error:
                self.said.append(f"! {error}")
                raise Ended from error
            if not line:
                self.said.append("! closed")
                raise Ended
            lines.append(line.decode("latin-1").rstrip())
            if len(line) < 4 or line[3:4] != b"-":
                break
        self.said.append("< " + " | ".join(lines))
        return lines

    def ask(self, data):
        self.send(data)
        return self.reply()

    # --- what is said

    def proxy(self):
        """The header of a balancer, or a forged one."""
        client = f"203.0.113.{self.any.randrange(1, 255)}" if ROLE == "balancer" and self.chance(0.9) else RELAY
        kind = self.any.choice(["v1", "v1", "v1", "v1-6", "unknown", "v2", "v2", "v2-6", "local", "tlv", "bad"])
        signature = b"\r\n\r\n\x00\r\nQUIT\n"
        four = socket.inet_aton(client) + socket.inet_aton(GATEWAY) + struct.pack("!HH", 40000, 25)
        six = (socket.inet_pton(socket.AF_INET6, "2001:db8::77") + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
               + struct.pack("!HH", 40000, 25))
        self.send({
            "v1": f"PROXY TCP4 {client} {GATEWAY} 40000 25\r\n".encode(),
            "v1-6": b"PROXY TCP6 2001:db8::77 2001:db8::1 40000 25\r\n",
            "unknown": b"PROXY UNKNOWN\r\n",
            "v2": signature + b"\x21\x11" + struct.pack("!H", len(four)) + four,
            "v2-6": signature + b"\x21\x21" + struct.pack("!H", len(six)) + six,
            "local": signature + b"\x20\x00\x00\x00",
            "tlv": signature + b"\x21\x11" + struct.pack("!H", len(four) + 5) + four + b"\x04\x00\x02ab",
            "bad": self.any.choice([
                b"PROXY TCP4 999.1.1.1 1.1.1.1 1 25\r\n", b"PROXY\r\n", signature[:-1], b"PROXY TCP4 " + b"1" * 120 + b"\r\n", b""]),
        }[kind])

    def local_part(self):
        word = self.any.choice(["user", "info", "j.doe", "User", "sales+tag", "a", "o'brien", "x" * 64])
        return word if self.chance(0.75) else self.any.choice([
            '"john doe"', '".dots."', '"a@b"', '"quo\\"ted"', '"back\\\\slash"', '""', "user%foreign.example", "foreign.example!user",
            "a/../b", "${run{id}}", "`id`", "|id", "/etc/passwd", "müller", "δοκιμή", "x" * 65, "x" * 250, ".lead", "trail.",
            "two..dots", "=1", "-f", "a b", "caf\udce9"])

    def address(self, domains):
        local, domain = self.local_part(), self.any.choice(domains)
        return f"{local}@{domain}" if self.chance(0.85) else self.any.choice([
            f"@{FOREIGN}:{local}@{domain}", f"{local}@{domain}.", f"{local}@[{GATEWAY}]", f"{local}%{FOREIGN}@{domain}",
            f"{local}", "postmaster", f"{local}@bücher.example", f"{local}@{domain}@{FOREIGN}", f"{local}@localhost", f"{local}@"])

    def recipient(self):
        if ROLE == "relay":
            return self.address([FOREIGN, FOREIGN] + OWN)
        # Whether there is such a mailbox or domain is asked for strangers only.
        if ROLE == "stranger" and self.chance(0.05):
            return self.any.choice(["unknown@example.org", "user@sub.example.org", "user@sub.foreign.example"])
        return self.address([FOREIGN] if self.chance(0.15) else OWN)

    def parameters(self):
        words = []
        if self.chance(0.2):
            words.append(f"SIZE={self.any.choice([1, 5000, 999999999, 10 ** 20])}")
        if self.chance(0.2):
            words.append("BODY=" + self.any.choice(["8BITMIME", "7BIT", "BINARYMIME"]))
        if self.chance(0.15):
            words.append("SMTPUTF8")
        if self.chance(0.03):
            words.append(self.any.choice(["RET=HDRS", "AUTH=<>", "FOO=bar"]))
        return "".join(" " + w for w in words)

    @staticmethod
    def octets(text):
        return text.encode("utf-8", "surrogateescape")

    def message(self, token):
        end = b"\r\n"
        head = [b"From: A Sender <sender@remote.example>", b"To: someone <user@example.org>", b"Subject: conversation " + token,
                b"Date: Mon, 30 Nov 2026 10:00:00 +0000", b"Message-ID: <" + token + b"@remote.example>"]
        head = [h for h in head if h.startswith(b"Subject") or not self.chance(0.05)]
        for share, line in [
                (0.06, "Subject: grüße".encode()), (0.04, b"X-Latin: caf\xe9"),
                (0.04, b"X-Long: " + b"y" * self.any.randrange(900, 3000)), (0.04, b"X-Folded: a\r\n b\r\n\tc"),
                (0.03, b"X-Many: 1\r\n" * 200 + b"X-Many: 2"), (0.03, b"no colon here"),
                (0.03, b"From: second@remote.example"), (0.03, b"X-EXAMPLE-Scanned: by nobody, clean"),
                (0.03, b"Content-Type: multipart/mixed; boundary=\"x"), (0.03, b"Content-Type: text/plain; charset=nonsense"),
                (0.02, b"X-Nul: a\0b")]:
            if self.chance(share):
                head.insert(self.any.randrange(len(head) + 1), line)
        body = [b"Good morning, this is conversation " + token + b"."] + [
            bytes(self.any.choice(b"abcdefgh ,.") for _ in range(60)) for _ in range(self.any.randrange(0, 40))]
        for share, line in [
                (0.08, b"z" * self.any.choice([997, 998, 999, 1000, 1024, 4000, 20000])), (0.08, "schöne Grüße, 你好".encode()),
                (0.06, b"\x80\xff\xfe latin"), (0.05, b"."), (0.05, b"..two"), (0.02, b"nul \0 inside"),
                (0.03, b"lone \r and \n inside"), (0.03, GTUBE), (0.03, EICAR),
                (0.04, b"\n.\nMAIL FROM:<smuggled@remote.example>\nRCPT TO:<user@foreign.example>\nDATA\n"),
                (0.04, b"\r\n.\rMAIL FROM:<smuggled@remote.example>\r\nRCPT TO:<user@example.org>\r\nDATA\r\nSubject: smuggled\r\n")]:
            if self.chance(share):
                body.insert(self.any.randrange(len(body) + 1), line)
        if self.chance(0.04):
            body += [b"w" * 76] * self.any.choice([1000, 3000, 15000])
        if self.chance(0.01):
            body += [b"w" * 76] * 30000
        if self.chance(0.02):
            return b""
        if self.chance(0.02):
            return end.join(head) + end
        return end.join(head) + end + end + end.join(body) + end

    # --- how it goes

    def transaction(self, count):
        token = f"T{SEED}-{ROLE}-{self.number}-{count}.".encode()
        sender = "" if self.chance(0.12) else self.address(["remote.example", "strict.example", "example.org", "nowhere.example"])
        recipients = [self.recipient() for _ in range(self.any.choice([1] * 8 + [2, 3, 5, 30, 120]))]
        mail = self.octets(f"MAIL FROM:<{sender}>{self.parameters()}\r\n")
        rcpts = [self.octets(f"RCPT TO:<{r}>\r\n") for r in recipients]
        if self.chance(0.05):
            mail = mail.lower()
        batched = "PIPELINING" in self.extensions and self.chance(0.35)
        chunked = "CHUNKING" in self.extensions and self.chance(0.25)
        if batched:
            self.send(mail + b"".join(rcpts) + (b"" if chunked else b"DATA\r\n"))
        answer = self.reply() if batched else self.ask(mail)
        is_open = answer[0].startswith("250")
        accepted = []
        for recipient, command in zip(recipients, rcpts):
            answer = self.reply() if batched else self.ask(command)
            if answer[0].startswith("250"):
                accepted.append(recipient.encode("utf-8", "replace").decode())
        message = self.message(token)
        if chunked:
            if not is_open or not accepted:
                return
            parts = [message] if len(message) < 2 or self.chance(0.5) else [message[:len(message) // 2], message[len(message) // 2:]]
            for at, part in enumerate(parts):
                last = at == len(parts) - 1 and not self.chance(0.05)
                if self.chance(0.04):
                    self.send(b"BDAT %d LAST\r\n" % (len(part) + 50) + part)
                    raise Ended
                answer = self.ask(b"BDAT %d%s\r\n" % (len(part), b" LAST" if last else b"") + part)
                if not last and at == len(parts) - 1:
                    answer = self.ask(b"RSET\r\n")
                    return
        else:
            answer = self.reply() if batched else self.ask(b"DATA\r\n")
            if not answer[0].startswith("354"):
                return
            if self.chance(0.06):
                self.send(message[:self.any.randrange(len(message) + 1)])
                raise Ended
            wire = re.sub(rb"(^|\r\n)\.", rb"\1..", message) if self.chance(0.95) else message
            self.send(wire + (b"" if wire.endswith(b"\r\n") or not wire else b"\r\n") + b".\r\n")
            if self.chance(0.03):
                raise Ended
            answer = self.reply()
        if answer[-1].startswith("250"):
            # An answer without an id was to something else: who forged a header may be behind by an answer.
            found = re.search(r"id=(\S+)", answer[-1])
            if found:
                self.taken.append({
                    "id": found[1], "token": token.decode(), "sender": sender.encode("utf-8", "replace").decode(),
                    "recipients": accepted})

    def greet(self):
        name = self.any.choice(["client.remote.example"] * 10 + [
            "[10.77.0.77]", "bad_name", "", "a b", "localhost", "x" * 300, "münchen.example", "mx1.lab.example"])
        answer = self.ask(self.octets(f"{'HELO' if self.chance(0.1) else 'EHLO'} {name}\r\n"))
        self.extensions = {line[4:].split(" ")[0].upper() for line in answer[1:]} if answer[0].startswith("250") else set()
        return answer[0].startswith("250")

    def run(self):
        self.wire = socket.create_connection((GATEWAY, 25), timeout=60, source_address=(SOURCE, 0))
        try:
            self.input = self.wire.makefile("rb")
            if ROLE == "balancer" or self.chance(0.03):
                self.proxy()
            early = self.chance(0.03)
            if early:
                self.send(b"EHLO too.early.example\r\nMAIL FROM:<early@remote.example>\r\n")
            if self.reply()[0].startswith("220") and early:
                # It was not too early: two answers more are to come.
                self.reply()
                self.reply()
            if not self.greet():
                self.greet()
            if "STARTTLS" in self.extensions and self.chance(0.15):
                injected = self.chance(0.1)
                self.send(b"STARTTLS\r\n" + (b"MAIL FROM:<injected@remote.example>\r\n" if injected else b""))
                if self.reply()[0].startswith("220"):
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    try:
                        self.wire = context.wrap_socket(self.wire)
                    except (OSError, ssl.SSLError) as error:
                        self.said.append(f"! TLS: {error}")
                        raise Ended from error
                    self.input = self.wire.makefile("rb")
                    self.said.append("! TLS")
                    self.greet()
            for count in range(self.any.choice([1, 1, 1, 1, 2, 3])):
                if self.chance(0.15):
                    self.ask(self.any.choice([
                        b"NOOP\r\n", b"RSET\r\n", b"VRFY user@example.org\r\n", b"EXPN all\r\n", b"HELP\r\n",
                        b"ETRN foreign.example\r\n", b"NOOP " + b"n" * 900 + b"\r\n"]))
                if self.chance(0.03):
                    self.ask(self.any.choice([
                        b"XXXX\r\n", b"\r\n", b"AUTH PLAIN AGEAYg==\r\n", b"DATA\r\n", b"BDAT 5 LAST\r\nhello",
                        b"RCPT TO:<user@foreign.example>\r\n", b"MAIL\r\n", b"\0\r\n", b"BURL x LAST\r\n"]))
                self.transaction(count)
                if self.chance(0.1):
                    self.ask(b"RSET\r\n")
            if self.chance(0.9):
                self.ask(b"QUIT\r\n")
        except Ended:
            pass
        finally:
            self.wire.close()
        return {"role": ROLE, "number": self.number, "taken": self.taken, "said": self.said}


def attempt(number):
    conversation = Conversation(number)
    try:
        return conversation.run()
    except OSError as error:
        return {
            "role": ROLE, "number": number, "taken": conversation.taken, "said": conversation.said + [f"! {error}"],
            "failed": str(error)}


with concurrent.futures.ThreadPoolExecutor(6) as pool:
    for result in pool.map(attempt, range(int(FIRST), int(FIRST) + int(COUNT))):
        print(json.dumps(result), flush=True)
