#!/usr/bin/env python3
"""reader: in a trace file, out one line per event; written from SPEC.md alone, to show that SPEC.md is enough. usage: reader.py TRACE"""
import ctypes, ctypes.util, struct, sys

M32, M64 = (1 << 32) - 1, (1 << 64) - 1
zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
xxhash.XXH64.restype = ctypes.c_uint64
xxhash.XXH64.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
TEXTS = {8: 2, 9: 2, 10: 1, 11: 1, 12: 1, 13: 3, 16: 1, 18: 1, 20: 1, 24: 1, 26: 1, 41: 1, 42: 1, 64: 6}
OWN = {8: 5, 9: 5, 10: 6, 11: 4, 12: 6, 13: 4, 19: 12, 20: 9, 21: 4, 22: 5, 23: 6, 24: 4, 25: 5, 40: 14, 41: 7, 42: 7}
DIRECT = {2, 5, 6, 7, 8, 9, 12, 13}


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise SystemExit("bytes end")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value & M64

    def part(self):
        raw, stored = self.varint(), self.varint()
        if not stored:
            return Bytes(self.take(raw))
        out = ctypes.create_string_buffer(raw)
        body = self.take(stored)
        if raw > 48 << 20 or zstd.ZSTD_decompress(out, raw, body, stored) != raw:
            raise SystemExit("zstd")
        return Bytes(out.raw)


def unzigzag(u):
    return u >> 1 ^ -(u & 1)


def get_record(records):
    body = Bytes(records.take(records.varint()))
    kind, mask, numbers, texts = body.varint(), body.varint(), [0] * 64, []
    for n in range(64):
        if mask >> n & 1:
            numbers[n] = body.varint()
    for _ in range(TEXTS.get(kind, 0)):
        end = body.data.find(b"\0", body.at)
        texts.append(body.take(end - body.at + 1)[:-1].decode(errors="replace") if end >= 0 else "")
    return kind, numbers, texts if kind != 8 else [f"{numbers[5]} {texts[0]}", texts[1]] if texts[0] else []


class Frames:
    def __init__(self, section):
        self.records, self.first = section.part(), section.varint()
        self.parents, self.tokens, self.spots = [section.part() if self.first else Bytes(b"") for _ in range(3)]
        self.spot_of, self.parent_of, self.known, self.one, self.two = {}, {}, [], [0] * 4096, [0] * 4096
        self.next = self.first

    def get(self):
        up, token = self.parents.varint(), self.tokens.varint()
        parent = self.next - up if up else 0
        s1 = self.spot_of.get(parent, 0)
        s2 = self.spot_of.get(self.parent_of.get(parent, 0), 0)
        one = (s1 * 0x9E3779B1 & M32) >> 20
        two = ((s1 * 0x9E3779B1 + s2) * 0x85EBCA77 & M32) >> 20
        if token == 2:
            module, offset = self.spots.varint(), self.spots.varint()
            self.known.append((module >> 1, offset, module & 1))
        spot = self.two[two] if token == 0 else self.one[one] if token == 1 else len(self.known) if token == 2 else token - 2
        self.one[one] = self.two[two] = self.spot_of[self.next] = spot
        self.parent_of[self.next] = parent
        self.next += 1
        return (self.next - 1, parent, *self.known[spot - 1])


class Thread:
    def __init__(self, id_, process, head):
        self.id, self.process, self.head, self.gap, self.past = id_, process, head, head, (0, 0, 0)
        self.flight = self.flight_class = self.bump = self.behind = self.ended = 0
        self.bins = {}


def chunk(size):
    return 32 if size < 9 else size + 23 & ~15


def size_class(size):
    u = chunk(size) >> 4
    l = u.bit_length() - 1
    return u if u <= 65 else min(191, 66 + (l - 6) * 4 + (u >> (l - 2) & 3))


class Model:
    def __init__(self):
        self.longs, self.shorts, self.last, self.forms, self.threads = {}, {}, {}, [], []
        self.address, self.site, self.cls, self.younger, self.older = [0], [0], [0], [0], [0]
        self.last_site = self.bins = 0

    def node(self, address, site, cls, younger, older):
        for values, value in zip((self.address, self.site, self.cls, self.younger, self.older), (address, site, cls, younger, older)):
            values.append(value)
        return len(self.address) - 1

    def bin(self, thread, cls):
        if cls not in thread.bins:
            if self.bins == 16383:
                return [], []
            self.bins += 1
            thread.bins[cls] = ([], [])
        return thread.bins[cls]

    def put_away(self, thread, cls, address):
        front, back = self.bin(thread, cls)
        if cls <= 65 and len(front) < 7:
            front.append(address)
        else:
            self.to_back(back, address)

    @staticmethod
    def to_back(back, address):
        back.append(address)
        del back[:-32]

    def event(self, thread, streams, guessed):
        p0, p1, p2 = thread.past
        long_at = (((p0 << 32 | p1) * 0x9E3779B97F4A7C15 + p2 * 0xC2B2AE3D27D4EB4F) & M64) >> 49
        short_at = (p0 * 0xC2B2AE35 & M32) >> 18
        token = 0 if guessed else streams[4].take(1)[0]
        if token & 3 == 2:
            number = streams[5].varint()
            if not number:
                self.forms.append([streams[5].varint() for _ in range(7)])
                number = len(self.forms)
            site = size = ref = delta = 0
            form = number - 1
            if self.forms[form][0] in (1, 4) or self.forms[form][6] & 2:
                self.last_site = self.last_site + unzigzag(streams[6].varint()) & M32
                site = self.last_site
        else:
            site, size, form, ref, delta = self.shorts[short_at] if token & 3 else self.longs[long_at]
        birth = self.forms[form][0] in (1, 4)
        if birth and token & 24:
            size = self.last.get((site * 0x9E3779B1 & M32) >> 19, 0) if token & 24 == 8 else streams[7].varint()
        delta = delta * 16 if ref == 120 else delta
        if token & 4:
            ref, delta = streams[9].take(1)[0], 0
            if ref == 120:
                v = streams[10].varint()
                delta = unzigzag(v >> 1) * (1 if v & 1 else 16)
            elif ref == 112 and not birth:
                delta = streams[11].varint()
        if not guessed:
            fits = ref != 120 or delta % 16 == 0 and -(1 << 31) <= delta // 16 < 1 << 31
            entry = (site, size, form, ref if fits else 255, delta // 16 if ref == 120 else delta)
            self.longs[long_at] = self.shorts[short_at] = entry
            if birth:
                self.last[(site * 0x9E3779B1 & M32) >> 19] = size
        old = thread.flight if self.forms[form][0] == 4 else 0
        address, extra = (self.birth if birth else self.end)(thread, form, ref, delta, size, site)
        digest = ((site ^ form << 24 & M32) * 0x9E3779B1 + extra) * 0x85EBCA77 & M32
        thread.past = (digest, p0, p1)
        kind, api, flags, align, heap, source, has = self.forms[form]
        usable = (chunk(size) - 8 + unzigzag(streams[8].varint())) & M64 if has & 1 else 0
        return [kind, api, flags, align, heap, thread.process, thread.id, 0, address, size if birth else 0, usable, old, site, source]

    def birth(self, thread, form, ref, delta, size, site):
        (kind, api), cls = self.forms[form][:2], size_class(size)
        direct = kind == 4 or api in DIRECT
        front, back = self.bin(thread, cls)
        ref = ref or (1 if not direct and front else 8)
        if ref < 8:
            rank = ref - 1
            address = front[-1 - rank]
            for _ in range(rank):
                self.to_back(back, front.pop())
            front.pop()
        else:
            address = back[7 - ref] if ref < 72 else {72: thread.bump, 73: thread.behind, 74: thread.flight, 120: thread.bump + delta & M64}[ref]
            if ref < 72:
                del back[7 - ref]
            if ref != 74 and not direct:
                for each in front:
                    self.to_back(back, each)
                front.clear()
            while ref < 72 and cls <= 8 and len(front) < 7 and back:
                front.append(back.pop())
        thread.behind = address + chunk(size)
        if ref >= 72 and ref != 74:
            thread.bump = thread.behind
        if kind == 4:
            if thread.flight != address and thread.flight_class:
                self.put_away(thread, thread.flight_class, thread.flight)
            thread.flight = thread.flight_class = 0
        older = self.older[thread.head]
        node = self.node(address, site, cls, thread.head, older)
        self.younger[older] = self.older[thread.head] = node
        return address, size

    def end(self, thread, form, ref, delta, size, site):
        node, cls = 0, 0
        if ref == 112:
            node = len(self.address) - delta
        elif ref < 112:
            node = thread.gap if ref >= 48 else thread.head
            for _ in range(ref - 80 if ref >= 80 else ref - 47 if ref >= 48 else ref + 1):
                node = self.younger[node] if 48 <= ref < 80 else self.older[node]
        address = self.address[node] if node else thread.ended + delta & M64
        thread.ended = address
        if node:
            cls, younger, older = self.cls[node], self.younger[node], self.older[node]
            self.older[younger], self.younger[older] = older, younger
            self.address[node], thread.gap = 0, older
        if self.forms[form][0] == 3:
            thread.flight, thread.flight_class = address, cls
        elif node:
            self.put_away(thread, cls, address)
        return address, self.site[node]


class Reader:
    def __init__(self, path):
        self.data, self.at, self.model, self.tick_ns = open(path, "rb").read(), 8, Model(), 1
        if self.data[:8] != b"\x89HTRC\r\n\x1a":
            raise SystemExit("no trace")

    def blocks(self):
        while self.at + 64 <= len(self.data):
            sync, kind, flags, _, r, t, _, _, first, tick, _, s1, s2 = struct.unpack_from("<IBBHIIIIQQQQQ", self.data, self.at)
            records, tokens = self.data[self.at + 64:self.at + 64 + r], self.data[self.at + 64 + r:self.at + 64 + r + t]
            sum1 = xxhash.XXH64(records, r, xxhash.XXH64(self.data[self.at:self.at + 48], 48, 0))
            if sync != 0x4B425448 or sum1 != s1 or xxhash.XXH64(tokens, t, s1) != s2:
                raise SystemExit("damaged at %d" % self.at)
            self.at += 64 + r + t
            yield kind, flags, first, tick, Bytes(records), Bytes(tokens)

    def events(self):
        for kind, flags, first, tick, records, tokens in self.blocks():
            if kind == 1:
                _, numbers, texts = get_record(records.part())
                self.tick_ns = numbers[4]
                print("header", *numbers[:7], *texts, sep="|")
            elif kind == 2:
                for line in self.block(flags, tick, Frames(records), tokens):
                    print(first, *line)
                    first += 1

    def record(self, records, state):
        kind, n, texts = get_record(records)
        state["record_tick"] += unzigzag(n[14])
        state["tick"] = state["record_tick"]
        return [kind, n[17], n[18], n[19], n[20], n[15], n[16], state["tick"] * self.tick_ns, *n[21:27], *n[:OWN.get(kind, 0)], "|".join(texts)]

    def block(self, flags, tick, frames, tokens):
        if flags & 1:
            self.model = Model()
        hot = tokens.varint()
        streams = [tokens.part() for _ in range(12)]
        def distance(stream):
            return streams[stream].varint() if streams[stream].at < len(streams[stream].data) else M64
        state, thread, done, hot_tick = {"tick": tick, "record_tick": 0}, None, 0, 0
        place, to_tick, to_thread, run = distance(0), distance(1), distance(2), distance(3)
        while True:
            if place >> 1 == 0:
                frame, place = place & 1, distance(0)
                if frame:
                    yield [8, 0, 0, 0, 0, 0, 0, state["tick"] * self.tick_ns, 0, 0, 0, 0, 0, 0, *frames.get(), ""]
                else:
                    yield self.record(frames.records, state)
                continue
            if done == hot:
                break
            while to_thread == 0:
                i = streams[2].varint()
                if not i:
                    self.model.threads.append(Thread(streams[2].varint(), streams[2].varint(), self.model.node(0, 0, 0, 0, 0)))
                    head = self.model.threads[-1].head
                    self.model.younger[head] = self.model.older[head] = head
                thread, to_thread = self.model.threads[i - 1], distance(2)
            while to_tick == 0:
                hot_tick += unzigzag(streams[1].varint())
                to_tick = distance(1)
            event = self.model.event(thread, streams, run > 0)
            run = run - 1 if run else distance(3)
            event[7], state["tick"] = hot_tick * self.tick_ns, hot_tick
            done, place, to_tick, to_thread = done + 1, place - 2, to_tick - 1, to_thread - 1
            yield event + [""]


Reader(sys.argv[1]).events()
