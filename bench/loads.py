"""loads: in a name and a folder for data, out a command line that a tool is put before. All data is made here, the same on every machine.

A load is sized so that the real programs make 10 to 20 million heap events (a block born, a block ended).
"""
import glob
import os
import random
import shutil
import subprocess

WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega".split()


def write_once(path, make):
    """Data files are made once: make(file) writes to a temporary name first, so that an interrupted run leaves no half file."""
    if not os.path.exists(path):
        with open(path + ".part", "w", encoding="ascii") as file:
            make(file)
        os.rename(path + ".part", path)
    return path


def compile_once(folder, source):
    here = os.path.dirname(os.path.abspath(__file__))
    program = os.path.join(folder, os.path.splitext(source)[0])
    source = os.path.join(here, source)
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run(["gcc", "-O2", "-g", "-fomit-frame-pointer", "-o", program, source, "-pthread"], check=True)
    return program


def sqlite(folder):
    def make(file):
        file.write("PRAGMA cache_size=-4000;\nCREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, item TEXT, cents INTEGER);\nBEGIN;\n")
        for i in range(160000):
            file.write(f"INSERT INTO orders VALUES({i},'customer {i * 7919 % 4999}','item {i * 104729 % 997}',{i * 31 % 99991});\n")
        file.write("COMMIT;\nCREATE INDEX by_customer ON orders(customer);\n")
        for i in range(20000):
            file.write(f"SELECT count(*), sum(cents), max(upper(item)) FROM orders WHERE customer='customer {i % 4999}' AND item LIKE 'item {i % 7}%';\n")
        file.write("SELECT count(*) FROM (SELECT customer, group_concat(DISTINCT item) AS items FROM orders GROUP BY customer ORDER BY length(items));\n")
    return ["sqlite3", ":memory:", ".read " + write_once(os.path.join(folder, "orders.sql"), make)], {}


def python(folder):
    def make(file):
        file.write("""import json
rows = [{"id": i, "name": "name %d" % (i * 7919 % 4999), "tags": ["t%d" % (i % 17), "u%d" % (i % 31)], "value": i * 0.5} for i in range(40000)]
total = 0
for turn in range(5):
    text = json.dumps(rows)
    back = json.loads(text)
    groups = {}
    for row in back:
        groups.setdefault(row["name"], []).append((row["value"], tuple(row["tags"])))
    total += sum(len(sorted(values)) for values in groups.values()) + len(" ".join(sorted(groups)).split())
print(total)
""")
    return ["python3", "-S", write_once(os.path.join(folder, "rows.py"), make)], {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}


def perl(folder):
    def make(file):
        file.write("""use strict; use warnings;
my (%count, @lines, $x);
$x = 1;
for my $i (1 .. 120000) {
    $x = ($x * 1103515245 + 12345) % 2147483648;
    push @lines, join ' ', map { "word" . (($x >> 8) * $_ % 3001) } 1 .. 12;
}
for my $turn (1 .. 2) {
    for my $line (@lines) {
        my @words = split / /, $line;
        $count{$_}++ for @words;
        my %seen = map { $_ => length } @words;
        $count{join ',', sort keys %seen}++ if $words[0] lt 'word2';
    }
}
print scalar(keys %count), "\\n";
""")
    return ["perl", write_once(os.path.join(folder, "words.pl"), make)], {"PERL_HASH_SEED": "0"}


def xmllint(folder):
    def make(file):
        file.write("<catalog>\n")
        for i in range(300000):
            file.write(f'<item id="{i}" group="{i * 7919 % 97}"><name>thing number {i}</name><note lang="en">A {WORDS[i % 24]} &amp; some {WORDS[i * 7 % 24]}</note></item>\n')
        file.write("</catalog>\n")
    return ["xmllint", "--noout", write_once(os.path.join(folder, "catalog.xml"), make)], {}


def jq(folder):
    def make(file):
        for i in range(90000):
            words = ", ".join(f'"{WORDS[(i * k + k) % 24]}"' for k in range(1, 7))
            file.write(f'{{"id": {i}, "user": {{"name": "user {i * 7919 % 4999}", "age": {i % 90}}}, "words": [{words}], "score": {i * 31 % 1000}.5}}\n')
    question = "[inputs | {name: .user.name, score, words: (.words | map(ascii_upcase) | join(\"-\"))}] | group_by(.name) | map({name: .[0].name, total: (map(.score) | add)}) | length"
    return ["jq", "-n", question, write_once(os.path.join(folder, "users.json"), make)], {}


def write_c(file, functions):
    """A C program of many functions with loops, switches, structs and calls; enough variety that an optimiser works on it.

    Sizes and seed were chosen with care for a peer: with some others the table of (size, stack) pairs in heaptrack 1.4's interpreter grows to 10 GiB."""
    dice = random.Random(7)
    file.write("struct point { long x, y, z; struct point *next; };\nextern long sink(long, struct point *);\nextern double scale(double);\n")
    for i in range(functions):
        body = [f"__attribute__((noinline)) static long work{i}(long n, struct point *p)\n{{\n    long sum = n, table[8] = {{{i}, {i * 3 % 17}, 5}};\n"]
        for k in range(dice.randint(1, 3)):
            a, b, c = dice.randint(1, 99), dice.randint(3, 31), dice.choice("+-*^&|")
            body.append(dice.choice((
                f"    for (long i = 0; i < n % {b} + {a}; i++)\n        sum {c}= table[i & 7] {c} (p->x + i * {a});\n",
                f"    switch (n % {b}) {{\n    case 0: sum += p->y; break;\n    case 1: sum -= {a}; /* fall through */\n    case {b - 1}: p->z = sum {c} n; break;\n    default: sum = sink(sum, p);\n    }}\n",
                f"    while (p->next && sum > {a}) {{\n        sum {c}= p->x / {b};\n        p = p->next;\n        table[sum & 7] += {a};\n    }}\n",
                f"    if (sum % {b} == {a % b})\n        p->x = (long)scale((double)sum * {a}.5);\n    else\n        p->y {c}= table[{k % 8}] << ({a} & 7);\n",
            )))
        callee = f"work{dice.randint(0, i - 1)}(sum, p)" if i else "n"
        file.write("".join(body) + f"    return sum + {callee};\n}}\n\n")
        file.write(f"long entry{i}(long n, struct point *p) {{ return work{i}(n, p) + work{dice.randint(0, i)}(n + 1, p); }}\n\n")


def cc1(folder):
    source = write_once(os.path.join(folder, "cc1.c"), lambda file: write_c(file, 950))
    compiler = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True).stdout.strip()
    return [compiler, "-quiet", "-O1", source, "-o", os.path.join(folder, "cc1.s")], {}


def clang(folder):
    source = write_once(os.path.join(folder, "clang.c"), lambda file: write_c(file, 500))
    return ["clang-14", "-w", "-O2", "-c", source, "-o", os.path.join(folder, "clang.o")], {}


def churn(order, threads, pairs):
    return lambda folder: ([compile_once(folder, "churn.c"), order, str(threads), str(pairs)], {})


REAL = {"sqlite3": sqlite, "python3": python, "perl": perl, "xmllint": xmllint, "jq": jq, "cc1": cc1, "clang": clang}
MADE = {
    "churn": churn("neighbours", 1, 5000000),
    "churn-random": churn("random", 1, 3000000),
    "live": lambda folder: ([compile_once(folder, "live.c"), "5000000"], {}),
    "churn-mt1": churn("neighbours", 1, 4000000),
    "churn-mt2": churn("neighbours", 2, 4000000),
    "churn-mt4": churn("neighbours", 4, 4000000),
    "churn-mt8": churn("neighbours", 8, 4000000),
}
LOADS = {**REAL, **MADE}


def find_program(command):
    """The program itself, links resolved: some tools look at the name that they are given."""
    return [os.path.realpath(shutil.which(command[0], path="/usr/bin:/bin") or command[0])] + command[1:]


def prepare(name, folder):
    """(command, extra environment, name of the process) of a load."""
    os.makedirs(folder, exist_ok=True)
    command, environment = LOADS[name](folder)
    command = find_program(command)
    return command, environment, os.path.basename(command[0])[:15]


def count_events(name, folder):
    """Heap events of one run, by a preload that only counts; remembered in the folder."""
    told = os.path.join(folder, name + ".events")
    if not os.path.exists(told):
        library = os.path.join(folder, "count.so")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(os.path.dirname(os.path.abspath(__file__)), "count.c")], check=True)
        command, environment, _ = prepare(name, folder)
        for old in glob.glob(told + ".part"):
            os.unlink(old)
        subprocess.run(command, env={**os.environ, **environment, "LD_PRELOAD": library, "COUNT_FILE": told + ".part"}, stdout=subprocess.DEVNULL, check=True)
        os.rename(told + ".part", told)
    return sum(int(line) for line in open(told, encoding="ascii"))
