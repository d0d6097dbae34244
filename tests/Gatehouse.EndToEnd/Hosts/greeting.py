#!/usr/bin/python3
"""probe.py ADDRESS PORT SECONDS: asks for a greeting all the time; prints the longest time without one, in seconds."""
import socket, sys, time
address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
begin = last = time.monotonic()
worst = 0.0
good = bad = 0
while time.monotonic() - begin < seconds:
    try:
        with socket.create_connection((address, port), timeout=0.1) as s:
            s.settimeout(0.4)
            if port == 80:
                s.sendall(b"GET /gatehouse-alive HTTP/1.0\r\n\r\n")
                ok = s.recv(64).startswith(b"HTTP/1.1 204")
            else:
                ok = s.recv(64).startswith(b"220 ")
                s.sendall(b"QUIT\r\n")
        now = time.monotonic()
        if ok:
            worst = max(worst, now - last)
            last = now
            good += 1
        else:
            bad += 1
    except OSError:
        bad += 1
    time.sleep(0.02)
worst = max(worst, time.monotonic() - last)
print(f"{worst:.2f} longest gap, {good} answers, {bad} failures")
