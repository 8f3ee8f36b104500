#!/usr/bin/env python3
"""serve_hostile: in the port and the process of a `heaptracer serve`, out which bad input it does not refuse, or does not survive."""
import os
import random
import re
import socket
import struct
import sys
import time

from serve_client import BINARY, CLOSE, PING, Client, Closed

port, server = int(sys.argv[1]), int(sys.argv[2])
failed = []


def check(good, what):
    if not good:
        failed.append(what)


def raw(request, patience=60):
    """What the server answers to these bytes until it closes or says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        answer = b""
        try:
            connection.sendall(request)
            while b"\r\n\r\n" not in answer:
                got = connection.recv(65536)
                if not got:
                    break
                answer += got
        except OSError:
            pass
        return answer


def status(request):
    answer = raw(request).split()
    return int(answer[1]) if len(answer) > 1 else 0


def lives():
    return status(f"GET /api/sources HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()) == 200


def files():
    return len(os.listdir(f"/proc/{server}/fd"))


def memory():
    return int(next(line for line in open(f"/proc/{server}/status", encoding="ascii") if line.startswith("VmRSS")).split()[1]) * 1024


def ends(client):
    """The code with which the server closes; None without one; False if it does not."""
    try:
        for _ in range(2000):
            client.hear()
    except Closed as closed:
        return closed.code
    except (TimeoutError, ValueError):
        return False
    return False


def check_names():
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", f"127.0.0.1.evil.example:{port}", "x" * 1000):
        for path in ("/", "/api/sources", "/api/stream?source=1", "/api/source/1/report.json"):
            got = status(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            check(got == 403, f"Host {host[:40]} {path}: {got}")
    check(status(b"GET / HTTP/1.0\r\n\r\n") in (0, 403), "no Host")
    check(status(f"GET /api/sources HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n\r\n".encode()) == 403, "Origin of another site")
    for how in ({"origin": "http://evil.example"}, {"origin": "null"}, {"host": f"evil.example:{port}"}, {"path": "/"}, {"origin": f"http://127.0.0.1:{port + 1}"}):
        try:
            check(Client(port, **how).status != 101, f"a WebSocket with {how}")
        except Closed:
            pass
    check(Client(port, origin=f"http://127.0.0.1:{port}").status == 101, "a WebSocket of the page itself")


def check_requests():
    host = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n"
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FROB"):
        got = status(f"{method} /api/sources HTTP/1.1\r\n{host}Content-Length: 4\r\n\r\nabcd".encode())
        check(got in (405, 403, 400, 0), f"{method}: {got}")
    for path in ("/api", "/api/sources/", "/api/source/0/report.json", "/api/source/2/report.json", "/api/source/1/table/x.xml", "/../../etc/passwd",
                 "/%2e%2e/etc/passwd", "/api/source/99999999999999999999/report.json", "/api/stream?source=999", "/api/source/1/table/" + "x" * 200 + ".csv"):
        got = status(f"GET {path} HTTP/1.1\r\n{host}\r\n".encode())
        check(got in (404, 403, 400), f"{path[:60]}: {got}")
    for request in (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + host.encode() + b"\r\n", b"GET / HTTP/1.1\r\n" + host.encode() + b"X: " + b"a" * 200000 + b"\r\n\r\n",
                    b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(20000)) + b"\r\n", b"\0" * 10000, b"\r\n" * 5000, b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00",
                    b"POST / HTTP/1.1\r\n" + host.encode() + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000000, b"GET / HTTP/1.1\r\n" + host.encode() + b"Content-Length: -1\r\n\r\n"):
        raw(request, 0.5)
    check(lives(), "no answer after huge requests")


class Stream:
    """An open stream of events whose messages are posted."""

    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.sendall(f"GET /api/stream?say=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        self.told = b""
        self.key = self.until(rb'"key": *"([^"]+)"')[1].decode()

    def until(self, pattern):
        while not (found := re.search(pattern, self.told)):
            got = self.socket.recv(65536)
            if not got:
                return None
            self.told += got
        return found

    def say(self, body, key=None, more=""):
        return status(f"POST /api/say?key={self.key if key is None else key} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def check_posts():
    stream = Stream()
    unknown = b'{"type":"frobnicate","id":1}'
    for key in ("", "x", stream.key[:-1], stream.key + "x", "x" * 300, "%00"):
        check(stream.say(unknown, key) in ((404, 400, 403, 0) if "%" in key else (404,)), f"a message for the stream {key[:40]!r}")
    for more in ("Origin: http://evil.example\r\n", "Origin: null\r\n"):
        check(stream.say(unknown, more=more) == 403, f"a message with {more}")
    check(status(f"GET /api/say?key={stream.key} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()) == 405, "a message by GET")
    check(b'"to"' not in stream.told, f"a refused message was heard: {stream.told}")
    check(stream.say(unknown) == 202 and stream.until(rb'"to": *1, *"ok": *false'), "a posted message is not answered")
    other = Stream()
    check(other.key != stream.key, "two streams have one key")
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for connection in slow:
        connection.sendall(f"POST /api/say?key={stream.key} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 40\r\n\r\n{{".encode())
    check(stream.say(b"x" * 100000) in (202, 0) and stream.until(b"at most 4096"), "a long post")
    check(stream.say(b"") in (202, 400, 0), "an empty post")
    for broken in (b"\xff", b"[", b"{"):
        stream.say(broken)
    check(stream.until(b"never told") is None, "a stream whose messages are broken goes on")
    check(stream.say(unknown) == 404, "a stream that was ended is spoken for")
    check(other.say(unknown) == 202, "another stream ended, too")
    for connection in slow + [other.socket]:
        connection.close()
    check(lives(), "no answer after hostile posts")


def check_slow():
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    check(lives(), "no answer beside requests that never end")
    for connection in slow:
        connection.close()


def check_frames():
    huge = Client(port)
    huge.frame(b'{"type":"mark","label":"' + b"x" * 5000 + b'"}')
    check("at most 4096" in huge.message("answer")["error"], "a long message")
    huge.frame(b"{}", BINARY)
    check("text" in huge.message("answer")["error"], "a binary message")
    for _ in range(3):
        huge.frame(b'{"type":"ma', final=False)
        huge.frame(b'rk","source":9,"label":"x","id":4}', 0)
        check(huge.message("answer")["to"] == 4, "a message in pieces")
    for i in range(3000):
        huge.frame(b" " * 100, 0 if i else 1, final=False)
    huge.frame(b"", 0)
    check("at most 4096" in huge.message("answer")["error"] and ends(huge) == 1008, "a message in endless pieces")
    for what, send in (("unmasked", lambda c: c.frame(b"{}", masked=False)), ("a length that lies", lambda c: c.frame(b"{}", length=1 << 62)),
                       ("a frame of no kind", lambda c: c.frame(b"{}", kind=5)), ("a reserved bit", lambda c: c.socket.sendall(b"\xf1\x80\0\0\0\0")),
                       ("a large ping", lambda c: c.frame(b"x" * 1000, PING)), ("a ping in pieces", lambda c: c.frame(b"x", PING, final=False)),
                       ("a close of one byte", lambda c: c.frame(b"x", CLOSE)), ("a close", lambda c: c.frame(struct.pack("!H", 1000), CLOSE)),
                       ("a piece of nothing", lambda c: c.frame(b"{}", 0))):
        client = Client(port)
        try:
            send(client)
            client.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        check(ends(client) is not False, f"{what}: the connection stays open")
        client.close()
    dice = random.Random(7)
    for _ in range(40):
        client = Client(port, timeout=1)
        try:
            client.socket.sendall(dice.randbytes(dice.randrange(1, 3000)))
        except OSError:
            pass
        client.close()
    check(lives(), "no answer after broken frames")


def check_flood():
    client = Client(port)
    try:
        for i in range(2000):
            client.say(type="detail", source=1, id=i)
    except OSError:
        pass
    check(ends(client) in (1008, None), "a flood of messages is taken")
    check(lives(), "no answer after a flood")


def check_never_reads():
    before, lazy = memory(), [Client(port, receive_bytes=4096) for _ in range(30)]
    for client in lazy:
        client.say(type="subscribe", source=1, id=1)
    reader = Client(port)
    reader.ask(type="subscribe", source=1, id=1)
    for _ in range(12):  # each is waited for
        reader.message("beat")
    is_checked = "ASAN_OPTIONS" in os.environ  # what is freed is kept by a sanitizer
    check(is_checked or memory() < before + 64 * 2**20, f"clients that never read cost {(memory() - before) >> 20} MiB")
    for client in lazy + [reader]:
        client.close()


def main():
    lives()
    base = files()
    for part in (check_names, check_requests, check_posts, check_slow, check_frames, check_flood, check_never_reads):
        part()
        if not os.path.exists(f"/proc/{server}/fd"):
            failed.append(f"the server is gone after {part.__name__}")
            break
    until = time.monotonic() + 60
    while time.monotonic() < until and files() > base + 2:
        time.sleep(0.1)
    check(files() <= base + 2, f"{files()} files are open, {base} were at the beginning")
    check(lives(), "no answer at the end")
    print("\n".join(failed))
    return 1 if failed else 0


sys.exit(main())
