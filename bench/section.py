"""section: in figures that one of the programs here measured, out their part of docs/benchmarks.md between two marks, which `make bench` keeps."""
import json
import os
import re

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs/benchmarks.md")


def marked(name, text):
    return f"<!-- {name} -->\n{text}<!-- {name} end -->\n"


def store_path(folder, name):
    return os.path.join(folder, name + ".json")


def load(folder, name):
    """What was measured last; None: nothing was."""
    path = store_path(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def keep(folder, name, figures):
    os.makedirs(folder, exist_ok=True)
    with open(store_path(folder, name), "w", encoding="utf-8") as file:
        json.dump(figures, file)


def write(name, text):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    old = re.compile(f"<!-- {name} -->.*<!-- {name} end -->\n", flags=re.DOTALL)
    page = old.sub(lambda _: text, page) if old.search(page) else page.rstrip("\n") + "\n\n" + text
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
