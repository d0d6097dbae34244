#!/usr/bin/env python3
"""A client of AMQP 0-9-1 with nothing but Python: TLS with the node's certificate, login by it (EXTERNAL).

amqp.py HOST publish QUEUE COUNT   publishes COUNT messages, each confirmed, and prints how many were
amqp.py HOST drain QUEUE           takes all messages away and prints how many different ones there were
amqp.py HOST declare QUEUE         tries to make a queue
"""
import socket
import ssl
import struct
import sys
import time

PKI = "/etc/gatehouse/pki/"
PREFIX = f"{socket.gethostname()}-{time.time()}"


def short(text):
    return bytes([len(text)]) + text.encode()


class Client:
    def __init__(self, host):
        context = ssl.create_default_context(cafile=PKI + "cluster-ca.pem")
        context.load_cert_chain(PKI + "node.crt", PKI + "node.key")
        self.wire = context.wrap_socket(socket.create_connection((host, 5671), 10), server_hostname=host)
        self.wire.settimeout(30)
        self.wire.sendall(b"AMQP\0\0\x09\x01")
        self.expect(10, 10)
        # start-ok: no properties, EXTERNAL, an empty response
        self.method(0, 10, 11, struct.pack(">I", 0) + short("EXTERNAL") + struct.pack(">I", 0) + short("en_US"))
        tune = self.expect(10, 30)
        self.method(0, 10, 31, tune[:8])
        self.method(0, 10, 40, short("gatehouse") + b"\0\0")
        self.expect(10, 41)
        self.method(1, 20, 10, b"\0")
        self.expect(20, 11)

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.wire.recv(count - len(data))
            if not part:
                sys.exit("the connection was closed")
            data += part
        return data

    def frame(self):
        kind, _, size = struct.unpack(">BHI", self.read(7))
        data = self.read(size)
        self.read(1)
        return kind, data

    def expect(self, cls, *methods):
        while True:
            kind, data = self.frame()
            if kind != 1:
                continue
            got = struct.unpack(">HH", data[:4])
            if got[0] == cls and got[1] in methods:
                self.got = got[1]
                return data[4:]
            if got in ((10, 50), (20, 40)):
                length = data[6]
                sys.exit("refused: " + data[7:7 + length].decode())

    def send(self, kind, channel, data):
        self.wire.sendall(struct.pack(">BHI", kind, channel, len(data)) + data + b"\xce")

    def method(self, channel, cls, method, data):
        self.send(1, channel, struct.pack(">HH", cls, method) + data)

    def publish(self, queue, count):
        self.method(1, 85, 10, b"\0")
        self.expect(85, 11)
        confirmed = 0
        for number in range(count):
            body = f"{PREFIX}-{number}".encode()
            self.method(1, 60, 40, b"\0\0" + short("") + short(queue) + b"\0")
            self.send(2, 1, struct.pack(">HHQHB", 60, 0, len(body), 0x1000, 2))
            self.send(3, 1, body)
            self.expect(60, 80)
            confirmed += 1
        return confirmed

    def drain(self, queue):
        seen = set()
        while True:
            self.method(1, 60, 70, b"\0\0" + short(queue) + b"\1")
            self.expect(60, 71, 72)
            if self.got == 72:
                return len(seen)
            kind, _ = self.frame()
            kind, body = self.frame()
            seen.add(body)

    def declare(self, queue):
        self.method(1, 50, 10, b"\0\0" + short(queue) + b"\2" + struct.pack(">I", 0))
        self.expect(50, 11)
        return "declared"


client = Client(sys.argv[1])
if sys.argv[2] == "publish":
    print(client.publish(sys.argv[3], int(sys.argv[4])))
elif sys.argv[2] == "drain":
    print(client.drain(sys.argv[3]))
else:
    print(client.declare(sys.argv[3]))
