#!/usr/bin/env python3
"""serve_client: in an address of `heaptracer serve`, out what it says over a WebSocket: a client of RFC 6455 in a page of Python, well behaved and not."""
import base64
import json
import os
import socket
import ssl
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    """The server ended the connection; `code` is what it said in its close frame, or None."""

    def __init__(self, code=None):
        super().__init__(f"closed: {code}")
        self.code = code


class Client:
    def __init__(self, port, path="/api/stream", host=None, origin=None, tls=False, address="127.0.0.1", timeout=60, receive_bytes=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(timeout)
        self.socket.connect((address, port))
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.bytes = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host or f'{address}:{port}'}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                 "Sec-WebSocket-Version: 13"]
        if origin:
            lines.append(f"Origin: {origin}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.bytes:
            self.fill()
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])

    def fill(self):
        try:
            got = self.socket.recv(65536)
        except ConnectionError:
            got = b""
        if not got:
            raise Closed()
        self.bytes += got

    def take(self, count):
        while len(self.bytes) < count:
            self.fill()
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def frame(self, payload, kind=TEXT, final=True, masked=True, length=None):
        """Sends a frame; `length` may lie."""
        count = len(payload) if length is None else length
        head = bytes([(0x80 if final else 0) | kind])
        bit = 0x80 if masked else 0
        head += bytes([bit | count]) if count < 126 else struct.pack("!BH", bit | 126, count) if count < 65536 else struct.pack("!BQ", bit | 127, count)
        mask = os.urandom(4) if masked else b""
        if masked:
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + payload)

    def say(self, **message):
        self.frame(json.dumps(message).encode())

    def hear(self):
        """The next whole message, as bytes; pings are answered."""
        whole = b""
        while True:
            first, second = self.take(2)
            count = second & 0x7F
            if count == 126:
                count = struct.unpack("!H", self.take(2))[0]
            elif count == 127:
                count = struct.unpack("!Q", self.take(8))[0]
            payload = self.take(count)
            if first & 15 == CLOSE:
                raise Closed(struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None)
            if first & 15 == PING:
                self.frame(payload, PONG)
            elif first & 15 != PONG:
                whole += payload
                if first & 0x80:
                    return whole

    def message(self, kind=None, most=1000):
        """The next message of that type."""
        for _ in range(most):
            message = json.loads(self.hear())
            if kind in (None, message["type"]):
                return message
        raise AssertionError(f"no {kind} in {most} messages")

    def ask(self, **message):
        """Says it, and waits for its answer."""
        self.say(**message)
        while True:
            answer = self.message("answer")
            if answer["to"] == message.get("id"):
                return answer

    def close(self):
        self.socket.close()
