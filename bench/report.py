"""report: in the results of bench/run.py, out tables in Markdown: ratios, differences, and how they stand to the goals."""
import json
import os
import statistics

import firmware
import guard
import loads
import pause
import predict
import predict_firmware
import replay
import serve
import sim
import tools

FAILS = "fails"
LIMIT_SECONDS = 400


def good(pairs):
    return [pair for pair in pairs if pair["tool"]["status"] == 0 and pair["bare"]["status"] == 0]


def median_of(pairs, figure):
    """Median of a figure over the pairs that worked; None where there is none, FAILS where the tool did not end well."""
    if not pairs:
        return None
    worked = good(pairs)
    return statistics.median(figure(pair["bare"], pair["tool"]) for pair in worked) if worked else FAILS


def wall_ratio(bare, tool):
    return tool["wall"] / bare["wall"]


def wall_added(bare, tool):
    return tool["wall"] - bare["wall"]


def cpu_added(bare, tool):
    return tool["cpu"] - bare["cpu"]


def memory_ratio(bare, tool):
    return tool["peak_kib"] / max(bare["peak_kib"], 1)


def memory_added(bare, tool):
    return (tool["peak_kib"] - bare["peak_kib"]) / 1024


def helper_memory(bare, tool):
    return tool["helper_kib"] / 1024


def show(value, form):
    return "" if value is None else value if isinstance(value, str) else format(value, form)


def make_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def used_tools(results):
    return [name for name in tools.TOOLS if name != "none" and any(name in load["tools"] for load in results.values())]


def bare_median(load, key):
    values = [pair["bare"][key] for pairs in load["tools"].values() for pair in pairs]
    return statistics.median(values) if values else 0


def figure_table(results, figure, form):
    names = used_tools(results)
    rows = []
    for name in (name for name in loads.LOADS if name in results):
        load = results[name]
        row = [name, f"{load['events'] / 1e6:.1f}", f"{bare_median(load, 'wall'):.2f}"]
        rows.append(row + [show(median_of(load["tools"].get(tool), figure), form) for tool in names])
    return make_table(["load", "M events", "bare s", *names], rows)


def disk_table(results):
    names = [name for name in used_tools(results) if name.startswith("heaptrac") or name == "massif"]
    rows = []
    for name in (name for name in loads.LOADS if name in results):
        events = results[name]["events"]
        rows.append([name] + [show(median_of(results[name]["tools"].get(tool), lambda bare, run: run["disk"] / events), ".3f") for tool in names])
    return make_table(["load", *names], rows)


def over_loads(results, names, tool, figure):
    values = [median_of(results[name]["tools"].get(tool), figure) for name in names if name in results]
    return [value for value in values if isinstance(value, (int, float))]


def shares(results, names, peer, figure):
    """Ours divided by the peer's, load by load."""
    found = {}
    for name in names:
        ours = median_of(results.get(name, {"tools": {}})["tools"].get("heaptracer"), figure)
        theirs = median_of(results.get(name, {"tools": {}})["tools"].get(peer), figure)
        if isinstance(ours, float) and isinstance(theirs, float) and theirs > 0:
            found[name] = ours / theirs
    return found


def goal_rows(results):
    real = list(loads.REAL)
    threads = ["churn-mt2", "churn-mt4", "churn-mt8"]
    walls = over_loads(results, real, "heaptracer", wall_ratio)
    if walls:
        yield "wall, median of the real programs", f"{statistics.median(walls):.2f}x (worst {max(walls):.2f}x)", "1.35x, not above 1.5x"
    added = shares(results, real, "heaptrack", wall_added)
    if added:
        worst = max(added, key=added.get)
        yield "added wall time, share of heaptrack's, worst real program", f"{added[worst]:.2f} ({worst})", "0.33"
    spent = shares(results, real, "heaptrack", cpu_added)
    if spent:
        worst = max(spent, key=spent.get)
        yield "added CPU of all processes, share of heaptrack's, median", f"{statistics.median(spent.values()):.3f} (worst {spent[worst]:.3f}, {worst})", "0.125, not above 0.25"
    crowd = shares(results, threads, "heaptrack-record-only", wall_added)
    if crowd:
        worst = max(crowd, key=crowd.get)
        yield "churn on 2, 4, 8 threads: added wall, share of heaptrack --record-only's, worst", f"{crowd[worst]:.3f} ({worst})", "0.05, not above 0.1"
    one, eight = (over_loads(results, [name], "heaptracer", cpu_added) for name in ("churn-mt1", "churn-mt8"))
    if one and eight:
        yield "added CPU an event, 8 threads to 1", f"{eight[0] / one[0]:.2f}", "1.2"
    sizes = [median_of(results[name]["tools"].get("heaptracer"), lambda bare, run, name=name: run["disk"] / results[name]["events"]) for name in real if name in results]
    sizes = [size for size in sizes if isinstance(size, float)]
    if sizes:
        yield "bytes on disk an event, median of the real programs", f"{statistics.median(sizes):.2f} (worst {max(sizes):.2f})", "0.6, not above 1.5"
    grown = [max(0.0, median_of(results[name]["tools"]["heaptracer"], lambda bare, run: (run["peak_kib"] - 1.1 * bare["peak_kib"]) / 1024)) for name in results
             if good(results[name]["tools"].get("heaptracer") or [])]
    if grown:
        yield "peak memory of the program above 1.10x, worst load", f"{max(grown):.1f} MiB", "16 MiB"
    helpers = over_loads(results, list(results), "heaptracer", helper_memory)
    if helpers:
        yield "peak memory of the collector, worst load", f"{max(helpers):.0f} MiB", "100 MiB"
    sampled = over_loads(results, real, "heaptracer-sampled", wall_ratio)
    if sampled:
        yield "sampling at 512 KiB: wall, median of the real programs", f"{statistics.median(sampled):.3f}x (worst {max(sampled):.3f}x)", "1.02x"


def render(results):
    parts = [
        "## Goals and figures\n\n" + make_table(["", "reached", "goal"], [list(row) for row in goal_rows(results)]),
        "## Wall time, ratio to the bare run\n\n" + figure_table(results, wall_ratio, ".2f"),
        "## Added CPU of all processes, seconds\n\n" + figure_table(results, cpu_added, ".2f"),
        "## Peak memory of the program, ratio to the bare run\n\n" + figure_table(results, memory_ratio, ".2f"),
        "## Peak memory added to the program, MiB\n\n" + figure_table(results, memory_added, ".1f"),
        "## Peak memory of the largest helper process, MiB\n\n" + figure_table(results, helper_memory, ".1f"),
        "## Bytes on disk an event\n\n" + disk_table(results),
    ]
    return "\n".join(parts)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    system = os.uname()
    return f"{os.cpu_count()} cores ({model}), {system.sysname} {system.release}, {system.machine}"


def instruction_part(folder):
    path = os.path.join(folder, "instructions.json")
    if not os.path.exists(path):
        return ""
    figures = json.load(open(path, encoding="utf-8"))
    rows = [[tool, *(f"{figures[tool].get(order, 0):.0f}" for order in ("neighbours", "random"))] for tool in figures]
    return ("\n## Instructions per free + malloc pair\n\nCounted by callgrind, two lengths of run subtracted so that start-up is gone; depth 17, 512 stacks, over bare glibc "
            "(bench/instructions.py). Goals: 400 neighbours, 900 random.\n\n" + make_table(["tool", "neighbours: over bare", "random: over bare"], rows))


def render_page(results, folder):
    rounds = max((len(pairs) for load in results.values() for pairs in load["tools"].values()), default=0)
    about = "\n".join(f"- **{name}**: {text}" for name, text in tools.ABOUT.items())
    return f"""# Benchmarks

Written by `make bench` (bench/run.py); change that, not this. Measured on {machine()}.

Each run of a tool stands directly beside a bare run of the same load; a figure is the median of up to {rounds} such pairs (slow tools: one). Wall time ends when the tool's
last process has ended and its output is whole on disk; CPU is of all processes of the tool and the program. The machine has few cores, so a helper process that computes also slows the
program: use ratios, not seconds. An event is a block born or a block ended, counted by a preload that does nothing else (bench/count.c). Data is made by bench/loads.py, the same everywhere.

{about}

{render(results)}{instruction_part(folder)}
"{FAILS}": the tool ended with an error or was cut after {LIMIT_SECONDS} s. Empty: not measured; memcheck, massif and gperftools' profiler take minutes and run on a few loads only.

{pause.part(folder)}
{guard.part(folder)}
{serve.part(folder)}
{replay.part(folder)}
{sim.part(folder)}
{predict.part(folder)}
{predict_firmware.part(folder)}
{firmware.part(folder)}"""
