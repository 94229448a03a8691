#!/usr/bin/env python3
"""Makes ../dns.jsonl: questions to real name servers on loopback and their answers, as bytes.

Needs dnsmasq (2.90 was used) and knotd (3.2.6 was used) on the PATH. Python 3.11, no packages.
"""
import json
import os
import socket
import struct
import subprocess
import tempfile
import time

MANY = [f"10.2.{j}.{i}" for i in range(1, 251) for j in range(4)]

ZONE = """$ORIGIN mesh.test.
$TTL 60
@ SOA ns.mesh.test. host\\.master.mesh.test. 2030010101 3600 600 86400 30
@ NS ns
ns A 127.0.0.1
orders A 10.1.0.1
orders A 10.1.0.2
orders AAAA fd00:1::1
alias CNAME orders
alias2 CNAME alias
outside CNAME orders.elsewhere.test.
loop1 CNAME loop2
loop2 CNAME loop1
_erlang._tcp SRV 10 5 4370 a
_erlang._tcp SRV 20 7 4371 b
a A 10.1.0.1
b A 10.1.0.2
sub NS ns.sub
ns.sub A 127.0.0.2
text TXT "x"
""" + "".join(f"many A {a}\n" for a in MANY)

REVERSE = """$ORIGIN 1.10.in-addr.arpa.
$TTL 60
@ SOA ns.mesh.test. hostmaster.mesh.test. 1 3600 600 86400 30
@ NS ns.mesh.test.
1.0 PTR a.mesh.test.
"""

DNSMASQ = """port=%d
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
local=/mesh.test/
host-record=a.mesh.test,10.1.0.1,fd00:1::1
host-record=orders.mesh.test,10.1.0.1,fd00:1::1
host-record=orders.mesh.test,10.1.0.2,fd00:1::2
cname=alias.mesh.test,orders.mesh.test
cname=alias2.mesh.test,alias.mesh.test
srv-host=_erlang._tcp.mesh.test,a.mesh.test,4370,10,5
srv-host=_erlang._tcp.mesh.test,b.mesh.test,4371,20,7
ptr-record=1.0.1.10.in-addr.arpa,a.mesh.test
""" + "".join(f"host-record=many.mesh.test,{a}\n" for a in MANY)

KNOT = """server:
    rundir: "%(dir)s"
    listen: 127.0.0.1@%(port)d
database:
    storage: "%(dir)s"
zone:
  - domain: mesh.test
    storage: "%(dir)s"
    file: "mesh.test.zone"
  - domain: 1.10.in-addr.arpa
    storage: "%(dir)s"
    file: "arpa.zone"
"""

A, SOA, PTR, TXT, AAAA, SRV = 1, 6, 12, 16, 28, 33
QUESTIONS = [
    # name of the line, name asked for, type, EDNS (None: no OPT, else its version), transport
    ("a", "orders.mesh.test", A, 0, "udp"), ("a plain", "orders.mesh.test", A, None, "udp"),
    ("a mixed case", "oRdErS.Mesh.TEST", A, 0, "udp"), ("aaaa", "orders.mesh.test", AAAA, 0, "udp"),
    ("alias", "alias2.mesh.test", A, 0, "udp"), ("alias aaaa", "alias2.mesh.test", AAAA, 0, "udp"),
    ("srv", "_erlang._tcp.mesh.test", SRV, 0, "udp"), ("ptr", "1.0.1.10.in-addr.arpa", PTR, 0, "udp"),
    ("nxdomain", "nobody.mesh.test", A, 0, "udp"), ("nodata", "a.mesh.test", SRV, 0, "udp"),
    ("refused", "example.org", A, 0, "udp"), ("truncated", "many.mesh.test", A, 0, "udp"),
    ("truncated plain", "many.mesh.test", A, None, "udp"), ("many", "many.mesh.test", A, 0, "tcp"),
    ("edns version 1", "orders.mesh.test", A, 1, "udp"), ("alias outside", "outside.mesh.test", A, 0, "udp"),
    ("alias loop", "loop1.mesh.test", A, 0, "udp"), ("referral", "x.sub.mesh.test", A, 0, "udp"),
    ("txt", "text.mesh.test", TXT, 0, "udp"), ("soa", "mesh.test", SOA, 0, "udp"),
]
NOT_IN_DNSMASQ = {"alias outside", "alias loop", "referral", "txt", "soa", "edns version 1"}


def query(name, qtype, edns):
    message = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0 if edns is None else 1)
    for label in name.split("."):
        message += bytes([len(label)]) + label.encode()
    message += b"\0" + struct.pack(">HH", qtype, 1)
    return message if edns is None else message + b"\0" + struct.pack(">HHIH", 41, 1232, edns << 16, 0)


def ask(port, message, transport):
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(3)
            s.sendto(message, ("127.0.0.1", port))
            return s.recv(65535)
    with socket.create_connection(("127.0.0.1", port), 3) as s, s.makefile("rb") as f:
        s.sendall(struct.pack(">H", len(message)) + message)
        return f.read(struct.unpack(">H", f.read(2))[0])


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def main():
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "dns.jsonl")
    with tempfile.TemporaryDirectory() as d:
        ports = {"dnsmasq": free_port(), "knot": free_port()}
        for name, text in (("mesh.test.zone", ZONE), ("arpa.zone", REVERSE), ("dnsmasq.conf", DNSMASQ % ports["dnsmasq"]),
                           ("knot.conf", KNOT % {"dir": d, "port": ports["knot"]})):
            with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                f.write(text)
        servers = [subprocess.Popen(["dnsmasq", "-k", "-C", os.path.join(d, "dnsmasq.conf")]),
                   subprocess.Popen(["knotd", "-c", os.path.join(d, "knot.conf")])]
        try:
            time.sleep(3)
            with open(target, "w", encoding="utf-8") as out:
                for server, port in ports.items():
                    for label, name, qtype, edns, transport in QUESTIONS:
                        if server == "dnsmasq" and label in NOT_IN_DNSMASQ:
                            continue
                        asked = query(name, qtype, edns)
                        line = {"server": server, "case": label, "name": name, "type": qtype, "edns": edns,
                                "transport": transport, "query": asked.hex(), "hex": ask(port, asked, transport).hex()}
                        out.write(json.dumps(line) + "\n")
        finally:
            for server in servers:
                server.terminate()
                server.wait()


main()
