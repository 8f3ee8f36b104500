"""remote_peer: one side of an agent's connection that does what no viewer and no agent does: `viewer PORT HOW` or `agent PORT HOW`. Prints what came back."""
import os
import socket
import struct
import sys
import time

MAGIC = b"HeapTracer agent"


def greeting(version=1, flags=0):
    return MAGIC + bytes([version, flags, 0, 0, 0, 0, 0, 0]) + os.urandom(32)


def framed(payload):
    return struct.pack("<I", len(payload)) + payload


def request(kind, key=b"", text=b"", offset=0, count=0, pid=0, wait=0):
    return framed(struct.pack("<BIIIQB", kind, pid, count, wait, offset, len(key)) + key + struct.pack("<H", len(text)) + text)


def answer(flags=0, key=b"", text=b"", data=b"", offset=0, size=0):
    return framed(struct.pack("<BIQQB", flags, 0, offset, size, len(key)) + key + struct.pack("<H", len(text)) + text + data)


def take(peer, count):
    got = b""
    while len(got) < count:
        piece = peer.recv(count - len(got))
        if not piece:
            raise ConnectionError("closed")
        got += piece
    return got


def take_answer(peer):
    return take(peer, struct.unpack("<I", take(peer, 4))[0])


def viewer(port, how):
    """What a hostile viewer sends; the agent must send it away."""
    peer = socket.create_connection(("127.0.0.1", port), 20)
    peer.settimeout(20)
    assert take(peer, 56).startswith(MAGIC)
    hello = request(1, key=bytes(64))
    try:
        if how == "garbage":
            peer.sendall(os.urandom(5000))
        elif how == "huge":
            peer.sendall(b"\xff\xff\xff\x7f" + b"x" * 100)
        elif how == "cut":
            peer.sendall(hello[:20])
            peer.shutdown(socket.SHUT_WR)
        elif how == "early":
            peer.sendall(request(4, count=100))
        else:
            peer.sendall(hello)
            take_answer(peer)
            bad = {"kind": framed(b"\x09" + bytes(30)), "count": request(4, count=1 << 30), "long": framed(bytes(8000)), "key": framed(struct.pack("<BIIIQB", 2, 0, 0, 0, 0, 255)),
                   "nul": request(3, text=b"a\0b"), "again": hello}
            if how in bad:
                peer.sendall(bad[how])
            elif how == "refused":  # requests that are good, but get nothing: the connection stays
                for one in (request(4, count=10), request(3, text=b"no such"), request(5, text=b"mark x"), request(6, key=b"short", text=b"/etc/passwd"),
                            request(6, key=bytes(20), text=b"/etc/shadow", count=100), request(7, pid=1, offset=4096, count=10), request(2, offset=1 << 40)):
                    peer.sendall(one)
                    back = take_answer(peer)
                    assert back[0] & 5, (one, back)
                    assert b"root:" not in back
                print("stays")
                return
        take_answer(peer)
        while peer.recv(4096):
            pass
    except (ConnectionError, struct.error):
        pass
    print("sent away")


def agent(port, how):
    """What a hostile agent answers to one viewer."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    door.listen(4)
    print("ready", flush=True)
    door.settimeout(30)
    peer = door.accept()[0]
    peer.settimeout(30)
    try:
        first = {"noise": os.urandom(4000), "cut": MAGIC[:10], "version": greeting(9), "silent": b"", "tls": greeting(flags=1) + os.urandom(500)}
        peer.sendall(first.get(how, greeting()))
        if how in first:
            if how == "cut":
                return
            time.sleep(15)
            return
        take_answer(peer)  # the HELLO
        second = {"huge": b"\xff\xff\xff\xff" + os.urandom(100), "garbage": framed(os.urandom(60)), "refuse": answer(1, text=b"go away \x1b[2J")}
        peer.sendall(second.get(how, answer(key=bytes(32))))
        if how in second:
            time.sleep(15)
            return
        take_answer(peer)  # OPEN
        if how == "unnamed":
            peer.sendall(answer(key=b"1" * 32, text=b"no path"))
        else:
            peer.sendall(answer(2, key=b"1" * 32, text=b"name\n/there/name.htrc"))
            take_answer(peer)  # READ
            peer.sendall({"flood": answer(2, data=bytes(300000)), "notrace": answer(0, data=b"nonsense" * 100, size=800)}[how])
            if how == "notrace":
                take_answer(peer)
                peer.sendall(answer(0))
        time.sleep(15)
    except ConnectionError:
        pass


{"viewer": viewer, "agent": agent}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
