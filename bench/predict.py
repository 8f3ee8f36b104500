#!/usr/bin/env python3
"""predict: in Debian's source packages, out how far `heaptracer predict` is from the truth when the same programs run as 32-bit ones.

usage: predict.py HEAPTRACER [--work FOLDER] [--store FOLDER] [NAME ...]
Each package is fetched with apt-get source, as Debian patches it, and built twice with gcc -O2 -g: -m64, which is traced and predicted, and -m32, whose own trace
has the truth: the most bytes that were asked for at once. SHAPED programs were looked at while the rules were written; the others were not. The tables go into docs/benchmarks.md."""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys

import section

BITS = {64: "-m64", 32: "-m32 -idirafter /usr/include/x86_64-linux-gnu"}
FLAGS = "-O2 -g -w"
CONFIGURE = "./configure -q {host} CC='{cc}' CFLAGS='{flags}' --disable-nls --disable-dependency-tracking"
CMAKE = "cmake -S . -B o -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS='{m} {flags}' -DCMAKE_BUILD_TYPE= "
# name: package, where in it, how it is built, the program, its words ({} is the folder of inputs), its standard input
PROGRAMS = {
    "lua": ("lua5.4", "src", "echo '#define DEB_HOST_MULTIARCH \"x\"' >lua5.4-deb-multiarch.h; {cc} {flags} -DLUA_USE_POSIX $(ls *.c | grep -v luac.c) -o lua -lm", "lua",
            ["{}/heap.lua"], None),
    "gawk": ("gawk", ".", CONFIGURE + " --disable-mpfr; make -s -C support; make -s gawk", "gawk", ["-f", "{}/count.awk", "{}/words.txt"], None),
    "sqlite3": ("sqlite3", ".", CONFIGURE + " --disable-tcl; make -s sqlite3.c shell.c; {cc} {flags} -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION sqlite3.c shell.c -o sqlite3 -lm",
                "sqlite3", [":memory:"], "rows.sql"),
    "mujs": ("mujs", ".", "mkdir -p build/release; {cc} {flags} one.c main.c -o build/release/mujs -lm", "build/release/mujs", ["{}/heap.js"], None),
    "sed": ("sed", ".", CONFIGURE + "; make -s sed/sed", "sed/sed", ["-n", "-e", "s/\\([a-z]*\\)x/\\1y/g;H;${{x;s/\\n/,/g;p}}", "{}/words.txt"], None),
    "bc": ("bc", ".", CONFIGURE + "; make -s -C lib; make -s -C bc", "bc/bc", ["-q", "{}/sums.bc"], None),
    "dc": ("bc", ".", CONFIGURE + "; make -s -C lib; make -s -C dc", "dc/dc", ["{}/sums.dc"], None),
    "tcc": ("tcc", ".", "./configure --cc='{cc}' >/dev/null; make -s tcc CFLAGS='{flags} -fno-strict-aliasing' LDFLAGS=", "tcc", ["-c", "{}/unit.c", "-o", "{}/unit.o"], None),
    "mawk": ("mawk", ".", CONFIGURE + "; make -s", "mawk", ["-f", "{}/count.awk", "{}/words.txt"], None),
    "xmlwf": ("expat", "expat", CMAKE + "-DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_DOCS=OFF -DEXPAT_SHARED_LIBS=OFF; sed -i 's/define XML_DTD$/& 1/' o/expat_config.h; make -s -C o xmlwf", "o/xmlwf/xmlwf",
              ["{}/tree.xml"], None),
    "cmark": ("cmark", ".", CMAKE + "-DCMARK_TESTS=OFF -DCMARK_SHARED=OFF; make -s -C o cmark_exe", "o/src/cmark", ["{}/page.md"], None),
    "discount": ("discount", ".", "CC='{cc} {flags}' ./configure.sh >/dev/null; make -s markdown", "markdown", ["{}/page.md"], None),
    "units": ("units", ".", CONFIGURE + "; make -s units", "units", ["-f", "definitions.units", "3 miles", "km"], None),
    "jimsh": ("jimtcl", ".", "./configure CC='{cc}' CFLAGS='{flags}' >/dev/null; make -s jimsh", "jimsh", ["{}/heap.tcl"], None),
}
# What comes now was chosen and written here before any of it was run; FROZEN is when the rules were.
PROGRAMS.update({
    "ed": ("ed", ".", "./configure CC='{cc}' CFLAGS='{flags}' >/dev/null; make -s ed", "ed", ["-s", "{}/words.txt"], "edit.ed"),
    "byacc": ("byacc", ".", CONFIGURE + "; make -s", "yacc", ["-o", "/dev/null", "{}/rules.y"], None),
    "yajl": ("yajl", ".", CMAKE + "; make -s -C o json_reformat", "o/yajl-2.1.0/bin/json_reformat", [], "big.json"),
    "tree": ("tree", ".", "make -s tree CC='{cc}' CFLAGS='{flags} -DLINUX -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64' LDFLAGS=", "tree", ["-J", "{}/files"], None),
    "jq": ("jq", ".", "[ -e configure ] || autoreconf -i; " + CONFIGURE + " --without-oniguruma --disable-shared --disable-maintainer-mode --disable-docs; make -s src/builtin.inc src/version.h; make -s jq", "jq", ["-c", ".", "{}/big.json"], None),
    "zopfli": ("zopfli", ".", "{cc} {flags} $(ls src/zopfli/*.c) -o zopfli.out -lm", "zopfli.out", ["-c", "--i2", "{}/page.md"], None),
    "lzip": ("lzip", ".", "./configure CXX='{cxx}' CXXFLAGS='{flags}' >/dev/null; make -s", "lzip", ["-c", "-k", "{}/words.txt"], None),
    "gperf": ("gperf", ".", "./configure -q {host} CC='{cc}' CXX='{cxx}' CFLAGS='{flags}' CXXFLAGS='{flags}'; make -s -C lib; make -s -C src", "src/gperf", ["{}/keys.gperf"], None),
    "ninja": ("ninja-build", ".", CMAKE + "-DCMAKE_CXX_COMPILER=g++ -DCMAKE_CXX_FLAGS='{m} {flags}' -DBUILD_TESTING=OFF; make -s -C o ninja", "o/ninja", ["-n", "-f", "{}/build.ninja"],
              None),
    "tinyxml2": ("tinyxml2", ".", "{cxx} {flags} tinyxml2.cpp xmltest.cpp -o xmltest.out", "xmltest.out", [], None),
})
FROZEN = "2026-11-21, 19:00 UTC"
SHAPED = ("lua", "gawk", "sqlite3", "mujs", "sed", "bc", "xmlwf", "mawk", "cmark")
SEEN = ("dc", "tcc", "discount", "units")
CXX = ("lzip", "gperf", "ninja", "tinyxml2")


def inputs_write(folder):
    words = " ".join(f"word{i * 7919 % 5003:x} axb{i % 17}" for i in range(20))
    texts = {
        "heap.lua": "local t = {}\nfor i = 1, 20000 do t[i] = {name = 'item' .. i, value = i * 1.5, sub = {i, i + 1}} end\nlocal m = {}\n"
                    "for i = 1, 5000 do m['k' .. i] = function() return i end end\nprint(#t)\n",
        "heap.js": "var t = []; for (var i = 0; i < 8000; i++) t[i] = {name: 'item' + i, value: i * 1.5, sub: [i, i + 1]}; var m = {};"
                   "for (var i = 0; i < 2000; i++) m['k' + i] = function () { return i }; print(t.length);\n",
        "heap.tcl": "for {set i 0} {$i < 6000} {incr i} { set t($i) [list name item$i value [expr {$i * 2}]]; dict set d k$i [list $i $i] }\nputs [array size t]\n",
        "count.awk": "{ for (i = 1; i <= NF; i++) { n[$i]++; where[$i] = where[$i] \" \" NR } } END { for (w in n) c++; print c }\n",
        "words.txt": "\n".join(f"line {i} " + words.replace("axb", f"ax{i % 97}b") for i in range(1500)) + "\n",
        "rows.sql": "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);\n" + "".join(f"INSERT INTO t VALUES({i}, 'text number {i}', {i * 1.25});\n" for i in range(6000)) +
                    "CREATE INDEX i ON t(b);\nSELECT count(*), sum(c) FROM t WHERE b LIKE '%9%';\nSELECT c, count(*) FROM t GROUP BY c ORDER BY b LIMIT 3;\n",
        "sums.bc": "define f(n) { if (n < 2) return (1); return (n * f(n - 1)); }\nscale = 50\nfor (i = 0; i < 1500; i++) a[i] = i * 1.000001 + f(i % 40)\nx = f(300)\nx\n2^4000\nquit\n",
        "sums.dc": "50k " + " ".join(f"{i} {i}.{i} * s{chr(97 + i % 26)}" for i in range(3000)) + " 2 4000 ^ p\n",
        "unit.c": "".join(f"struct s{i} {{ int a{i}; char *b{i}; long c{i}[{i % 9 + 1}]; struct s{i} *next; }};\nstatic int f{i}(struct s{i} *p, int n) {{ int x{i} = n * {i}; "
                          f"for (int j = 0; j < n; j++) x{i} += p->a{i} + j; return x{i}; }}\n" for i in range(600)) + "int main(void) { struct s1 v = {0}; return f1(&v, 2); }\n",
        "tree.xml": "<?xml version='1.0'?>\n<!DOCTYPE r [<!ENTITY e 'text'>]>\n<r>" + "".join(
            f"<n{i % 500} a{i % 40}='v{i}' b='&e;'><m>text {i} &e;</m></n{i % 500}>\n" for i in range(8000)) + "</r>\n",
        "page.md": "".join(f"## Head {i}\n\nText with *emphasis {i}*, `code`, [a link](http://x.y/{i}) and more.\n\n- item one\n- item **two**\n\n> quoted {i}\n\n" for i in range(900)),
    }
    texts.update({
        "edit.ed": "1,$s/word/other/g\ng/line 7/t$\n1,200m$\n1,$s/ax\\([0-9]*\\)b/<\\1>/\nu\nQ\n",
        "rules.y": "%token " + " ".join(f"T{i}" for i in range(200)) + "\n%%\nall: " + "\n   | ".join(f"all r{i}" for i in range(200)) + "\n   ;\n" + "".join(
            f"r{i}: T{i} | T{i} r{(i * 7 + 1) % 200} T{(i * 3) % 200} {{ $$ = $1 + {i}; }} ;\n" for i in range(200)) + "%%\n",
        "big.json": json.dumps([{"name": f"item {i}", "value": i * 1.5, "list": list(range(i % 9)), "of": {"a": None, "b": [True, str(i)]}} for i in range(3000)]),
        "build.ninja": "rule cc\n  command = cc $in -o $out\n  description = CC $out\n" + "".join(
            f"build out{i}.o: cc in{i}.c | header{i % 30}.h\n  flags = -O2 -Dn{i}\n" for i in range(2500)) + "".join(f"build in{i}.c: phony\n" for i in range(2500)) +
                       "".join(f"build header{i}.h: phony\n" for i in range(30)),
        "keys.gperf": "%%\n" + "\n".join(f"key{i * 7919 % 5003:x}" for i in range(400)) + "\n%%\n",
    })
    os.makedirs(folder, exist_ok=True)
    for i in range(1200):
        os.makedirs(f"{folder}/files/d{i % 40}", exist_ok=True)
        with open(f"{folder}/files/d{i % 40}/file number {i}", "w", encoding="utf-8"):
            pass
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def run(command, cwd=None, **more):
    return subprocess.run(command, cwd=cwd, shell=isinstance(command, str), capture_output=True, text=True, errors="replace", check=False, **more)


def sources_fetch(work, package):
    """apt-get source, with the source side of the archive that is configured here."""
    found = glob.glob(f"{work}/src/{package}/*/")
    if found:
        return found[0]
    lines = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Identifier: Packages"]).stdout.split("\n")
    listed = f"{work}/apt/sources.list"
    os.makedirs(f"{work}/apt/lists/partial", exist_ok=True)
    os.makedirs(f"{work}/apt/cache/archives/partial", exist_ok=True)
    os.makedirs(f"{work}/src/{package}", exist_ok=True)
    options = ["-o", f"Dir::Etc::SourceList={listed}", "-o", "Dir::Etc::SourceParts=/nonexistent", "-o", f"Dir::State::Lists={work}/apt/lists", "-o", f"Dir::Cache={work}/apt/cache"]
    if not os.path.exists(listed):
        with open(listed, "w", encoding="utf-8") as file:
            file.writelines(f"deb-src {line}\n" for line in sorted(set(lines)) if line.strip())
        run(["apt-get", *options, "update"])
    # The archive lists versions whose files it no longer has.
    listed_versions = run(["apt-cache", *options, "showsrc", "--only-source", package]).stdout.split("\n")
    versions = dict.fromkeys(line.split()[1] for line in listed_versions if line.startswith("Version:"))
    for version in versions:
        run(["apt-get", *options, "source", f"{package}={version}"], cwd=f"{work}/src/{package}")
        found = glob.glob(f"{work}/src/{package}/*/")
        if found:
            return found[0]
    raise RuntimeError(f"apt-get source {package} gives nothing")


def build(work, name, bits):
    package, below, how, program, _, _ = PROGRAMS[name]
    folder = f"{work}/{bits}/{name}"
    if not os.path.exists(f"{folder}/{below}/{program}"):
        source = sources_fetch(work, package)
        run(["rm", "-rf", folder])
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        run(["cp", "-a", source, folder])
        # So that make does not want to make again what autotools made.
        run("find . -name aclocal.m4 -exec touch {} +; sleep 1; find . -name configure -exec touch {} +; find . -name '*.in' -exec touch {} +", cwd=folder)
        command = how.format(cc="gcc " + BITS[bits], cxx="g++ " + BITS[bits], m=BITS[bits], flags=FLAGS,
                             host="" if bits == 64 else "--host=i686-linux-gnu --build=x86_64-linux-gnu")
        run(command, cwd=f"{folder}/{below}", env=dict(os.environ, MAKEINFO="true", HELP2MAN="true"))
    if not os.path.exists(f"{folder}/{below}/{program}"):
        raise RuntimeError(f"{name} does not build with {bits} bits")
    return f"{folder}/{below}"


def record(tool, work, name, bits):
    folder = build(work, name, bits)
    _, _, _, program, words, fed = PROGRAMS[name]
    trace = f"{work}/{name}.{bits}.htrc"
    if os.path.exists(trace):
        os.remove(trace)
    command = [tool, "run", "-q", "-o", trace, "--", f"{folder}/{program}"] + [word.format(f"{work}/in") for word in words]
    with open(f"{work}/in/{fed}" if fed else "/dev/null", encoding="utf-8") as given:
        run(command, cwd=folder, stdin=given)
    return trace


def truth_read(tool, trace):
    rows = json.loads(run([tool, "analyze", trace, "-t", "summary", "--json"]).stdout)["tables"][0]["rows"]
    return rows[0]["peak_bytes"], rows[0]["allocations"]


def predicted_read(tool, trace, *more):
    row = json.loads(run([tool, "predict", trace, "--targets", "x86", "--json", *more]).stdout)["tables"][0]["rows"][0]
    return row


def program_measure(tool, work, name):
    here, there = record(tool, work, name, 64), record(tool, work, name, 32)
    peak, allocations = truth_read(tool, there)
    host_peak, host_allocations = truth_read(tool, here)
    typed, blind = predicted_read(tool, here), predicted_read(tool, here, "--no-types")
    same = json.loads(run([tool, "predict", here, "--targets", "x86_64", "--json"]).stdout)["tables"][0]["rows"][0]
    return {"name": name, "host": host_peak, "truth": peak, "events": allocations / max(host_allocations, 1), "same": same["peak_bytes"] - host_peak,
            "low": typed["peak_low_bytes"], "likely": typed["peak_bytes"], "high": typed["peak_high_bytes"], "known": typed["known_share"],
            "blind": blind["peak_bytes"], "blind_low": blind["peak_low_bytes"], "blind_high": blind["peak_high_bytes"]}


def error_of(row, key="likely"):
    return (row[key] - row["truth"]) / row["truth"]


def table_text(rows, title):
    out = [f"| {title} | peak on amd64 | on i386 | ratio | predicted | error | known | in the interval | without types | in the interval |", "|---|--:|--:|--:|--:|--:|--:|---|--:|---|"]
    for row in rows:
        inside, blind = row["low"] <= row["truth"] <= row["high"], row["blind_low"] <= row["truth"] <= row["blind_high"]
        out.append(f"| {row['name']}{' (C++)' if row['name'] in CXX else ''} | {row['host']:,} | {row['truth']:,} | {row['truth'] / row['host']:.3f} | {row['likely']:,} | "
                   f"{error_of(row):+.2%} | {row['known']:.0%} | {'yes' if inside else 'no'} | {error_of(row, 'blind'):+.1%} | {'yes' if blind else 'no'} |")
    errors = sorted(abs(error_of(row)) for row in rows)
    if errors:
        inside = sum(row["low"] <= row["truth"] <= row["high"] for row in rows)
        out.append(f"\nMedian {statistics.median(errors):.2%}, worst {errors[-1]:.2%}; the interval holds the truth in {inside} of {len(rows)}.\n")
    return "\n".join(out)


def halves(rows):
    return [row for row in rows if row["name"] in SHAPED], [row for row in rows if row["name"] not in SHAPED]


def part(folder):
    rows = section.load(folder, "predict")
    if not rows:
        return ""
    shaped, held = halves(rows)
    fresh = [abs(error_of(row)) for row in held if row["name"] not in SEEN]
    text = ["## Prediction: Debian programs, recorded as 64-bit ones, as 32-bit ones\n",
            "Source packages of Debian 12, built with gcc -O2 -g for amd64 and for i386 (bench/predict.py). The truth is the peak of bytes asked for by the 32-bit program on the same input. "
            f"The rules were frozen on {FROZEN}; then the programs of the second table were measured once.\n",
            table_text(shaped, "shaped the rules") + "\n", table_text(held, "did not")]
    if fresh:
        text.append(f"Of these, {', '.join(SEEN)} had been measured with earlier rules, too, where they are here. Without them: {len(fresh)} programs, median {statistics.median(fresh):.2%}, worst {max(fresh):.2%}.\n")
    text.append(f"Same widths (x86_64): largest difference {max(abs(row['same']) for row in rows)} bytes in {len(rows)} programs.\n")
    return section.marked("predict", "\n".join(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("names", nargs="*", default=list(PROGRAMS))
    parser.add_argument("--work", default="build/predict_bench")
    parser.add_argument("--store", default="build/bench", help="where figures are kept; those of programs that are not named now stay")
    words = parser.parse_intermixed_args()
    work, tool = os.path.abspath(words.work), os.path.abspath(words.tool)
    inputs_write(f"{work}/in")
    rows = {row["name"]: row for row in section.load(words.store, "predict") or []}
    for name in words.names or PROGRAMS:
        try:
            rows[name] = program_measure(tool, work, name)
            print(f"{name}: {error_of(rows[name]):+.2%}", file=sys.stderr, flush=True)
        except (RuntimeError, ValueError, KeyError, IndexError, ZeroDivisionError) as problem:
            print(f"{name}: {problem!r}", file=sys.stderr)
        section.keep(words.store, "predict", [rows[one] for one in PROGRAMS if one in rows])
    section.write("predict", part(words.store))


if __name__ == "__main__":
    main()
