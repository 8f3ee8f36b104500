#!/usr/bin/env python3
"""light: in a light controller's ELF for a board, out whether the host finds exactly what light.h plants in it. usage: light.py BOARD ELF [NAME=VALUE ...]

NAME=VALUE: how the ELF was built (LIGHT_FRAMES, HUGE_BYTES ...), and what must hold: most_bytes=8.0 (on the line for an event), least_rate=900 (events a second).
The bytes of the run and its trace stay beside the ELF. Prints the figures."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GUARD_FAULTS = [("use after free", "plant_use_after_free"), ("overflow", "plant_overflow"), ("underflow", "plant_underflow"), ("double free", "plant_double_free")]
TABLE_FAULTS = [("wild free", "plant_wild_free"), ("interior free", "plant_interior_free")]


def read_plan(words):
    text = open(os.path.join(HERE, "light.h"), encoding="utf-8").read()
    plan = {name: int(value) for name, value in re.findall(r"#define (\w+) (\d+)\b", text)}
    plan.update({name: float(value) for name, value in (word.split("=") for word in words)})
    return plan


class Heap:
    """What is live, by the function that allocated it, and the most that ever was."""
    def __init__(self):
        self.live, self.allocations, self.frees, self.peak, self.names = {}, 0, 0, 0, 0

    def alloc(self, function, size):
        self.names += 1
        self.live[self.names] = (function, size)
        self.allocations += 1
        self.peak = max(self.peak, sum(size for _, size in self.live.values()))
        return self.names

    def free(self, block):
        self.frees += 1
        del self.live[block]

    def resize(self, block, size):
        function = self.live.pop(block)[0]
        self.frees += 1
        return self.alloc(function, size)


def live_tasks(heap, plan):
    """One turn of each task a frame, as light_tasks.c does."""
    frames = int(plan["LIGHT_FRAMES"])
    leds, transition, effect, caches = [], None, None, {}
    for frame in range(frames):
        if frame == 0:
            leds = [heap.alloc("render_run", plan["LED_BYTES"]) for _ in range(2)]
        if frame % plan["TRANSITION_EVERY"] == 0:
            transition = heap.alloc("transition_start", plan["TRANSITION_BYTES"])
        if frame % plan["TRANSITION_EVERY"] == plan["TRANSITION_FRAMES"]:
            heap.free(transition)
        request, reply = heap.alloc("connection_serve", plan["REQUEST_BYTES"]), heap.alloc("connection_serve", plan["REPLY_BYTES"])
        session = heap.alloc("session_open", plan["SESSION_BYTES"])
        reply = heap.resize(reply, plan["REPLY_GROWN_BYTES"])
        if frame % plan["SESSION_LEAK_EVERY"]:
            heap.free(session)
        heap.free(reply)
        heap.free(request)
        if frame % plan["EFFECT_EVERY"] == 0:
            effect = heap.alloc("effect_new", plan["EFFECT_BYTES"])
        if frame % plan["CACHE_EVERY"] == 0:
            place = frame // plan["CACHE_EVERY"] % plan["CACHE_MOST"]
            if place in caches:
                heap.free(caches[place])
            caches[place] = heap.alloc("effects_run", plan["CACHE_BYTES"])
        if frame % plan["BUTTON_EVERY"] == 0 and plan.get("buttons", 1):
            heap.free(heap.alloc("button_pressed", plan["BUTTON_BYTES"]))
    for block in leds + [effect] + list(caches.values()):
        heap.free(block)


def live_faults(heap, plan):
    for _ in range(2 if plan.get("guards", 1) else 1):
        for block in [heap.alloc("plant_fragments", plan["FRAGMENT_BYTES"]) for _ in range(int(plan["FRAGMENTS"]))]:
            heap.free(block)
    for _ in range(4 * int(plan.get("guards", 1)) + int(plan.get("table", 1))):
        heap.free(heap.alloc("plant", plan["NAME_BYTES"]))


def run_board(board, elf):
    line = elf[:-4] + ".bin"
    with open(line, "wb") as out:
        status = subprocess.run([os.environ["RUN"], board, elf], stdin=subprocess.DEVNULL, stdout=out, check=False).returncode
    if status:
        sys.exit(f"light: {elf} ended with {status} on {board}")
    return line


def ask(command):
    done = subprocess.run([os.environ["HT"], *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"light: heaptracer {' '.join(command)} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def tables_of(trace):
    answer = json.loads(ask(["analyze", trace, "--json", "--table", "summary,leaks,faults,tasks,heaps,cost,pools,reach"]))
    functions = {stack: [answer["frames"][frame]["function"] for frame in frames] for stack, frames in answer["stacks"].items()}
    return {table["name"]: table["rows"] for table in answer["tables"]}, functions


def compare(wrong, what, got, wanted):
    if got != wanted:
        wrong.append(f"{what}: {got}, planted {wanted}")


def compare_all(plan, heap, tables, functions):
    wrong = []
    summary = tables["summary"][0]
    for name, wanted in (("allocations", heap.allocations), ("frees", heap.frees), ("peak_bytes", heap.peak), ("refused", 1), ("lost_events", 0), ("unknown_frees", 0)):
        compare(wrong, name, summary[name], wanted)
    leaks = {}
    for function, size in heap.live.values():
        leaks[function] = (leaks.get(function, (0, 0))[0] + 1, leaks.get(function, (0, 0))[1] + size)
    compare(wrong, "leaks", {functions[str(row["stack"])][0]: (row["count"], row["bytes"]) for row in tables["leaks"]}, leaks)
    if plan.get("roots"):
        found = {functions[str(row["stack"])][0]: (row["count"], row["bytes"]) for row in tables["reach"] if row["class"] == "direct"}
        wrong += [f"{name} is lost {lost}, planted {leaks.get(name)}" for name, lost in found.items() if lost[0] > leaks.get(name, (0, 0))[0]]
        if sum(count for count, _ in found.values()) < 0.85 * sum(count for count, _ in leaks.values()): # an old word on a stack may keep one
            wrong.append(f"lost are {found}, planted {leaks}")
    faults = GUARD_FAULTS * int(plan.get("guards", 1)) + TABLE_FAULTS * int(plan.get("guards", 1) and plan.get("table", 1))
    wanted = sorted(faults + [("stack overflow", "effects")])
    stacks = {row["stack_base"]: row["name"] for row in tables["tasks"]}
    found = sorted((row["fault"], stacks.get(row["block"]) if row["fault"] == "stack overflow" else fault_place(row, functions)) for row in tables["faults"])
    compare(wrong, "faults", found, wanted)
    tasks = {row["name"]: row for row in tables["tasks"]}
    compare(wrong, "canaries", {name: tasks[name]["canary"] for name in ("render", "network", "effects") if name in tasks},
            {"render": "whole", "network": "whole", "effects": "broken"})
    compare(wrong, "stacks of tasks that were never used", [name for name in ("render", "network") if name in tasks and not 0 < tasks[name]["left_bytes"]], [])
    return wrong


def fault_place(row, functions):
    """The planting function: where the block was made, or where the fault was found."""
    for stack in (row["stack"], row["found_stack"]):
        for function in functions.get(str(stack), []):
            if function.startswith("plant_"):
                return function
    return "?"


def figures(plan, line, summary):
    events = summary["allocations"] - summary["resizes"] + summary["frees"] - summary["resizes"] + summary["resizes"] + summary["refused"]
    each = os.path.getsize(line) / events
    rate = events / (summary["duration_ns"] / 1e9)
    print(f"{events} events, {os.path.getsize(line)} bytes on the line, {each:.2f} an event; {rate:.0f} events/s")
    if each > plan.get("most_bytes", 99):
        yield f"{each:.2f} bytes an event, more than {plan['most_bytes']}"
    if rate < plan.get("least_rate", 0):
        yield f"{rate:.0f} events a second, fewer than {plan['least_rate']}"


def main():
    board, elf = sys.argv[1:3]
    plan, heap = read_plan(sys.argv[3:]), Heap()
    line, trace = run_board(board, elf), elf[:-4] + ".htrc"
    ask(["listen", "file:" + line, "--elf", elf, "--output", trace, "--force", "--quiet"])
    tables, functions = tables_of(trace)
    live_tasks(heap, plan)
    live_faults(heap, plan)
    wrong = compare_all(plan, heap, tables, functions)
    wrong += figures(plan, line, tables["summary"][0])
    print("\n".join(wrong) or f"light: {board}: the host finds exactly what was planted")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
