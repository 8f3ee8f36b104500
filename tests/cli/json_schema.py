"""json_schema: in a value and a schema, out what does not fit: as much of JSON Schema 2020-12 as our schemas use, and a refusal of the rest."""
import glob
import json
import os
import re

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "required", "properties", "const", "enum", "items", "minItems", "minimum", "pattern",
         "propertyNames", "additionalProperties", "allOf", "if", "then"}


def load_schemas():
    """By $id: a schema may name another one's parts."""
    schemas = {}
    for path in glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/json-schema/*.json")):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        schemas[schema["$id"]] = schema
    return schemas


SCHEMAS = load_schemas()


def has_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def validate(value, schema, root, place, problems):
    unknown = set(schema) - KNOWN
    if unknown:
        raise SystemExit(f"this checker does not know {unknown}")
    if "$ref" in schema:
        name, _, path = schema["$ref"].partition("#/")
        base = target = SCHEMAS[name] if name else root
        for part in path.split("/"):
            target = target[part]
        validate(value, target, base, place, problems)
    for part in schema.get("allOf", []):
        validate(value, part, root, place, problems)
    if "if" in schema:
        differences = []
        validate(value, schema["if"], root, place, differences)
        if not differences:
            validate(value, schema["then"], root, place, problems)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(has_type(value, name) for name in names):
        problems.append(f"{place}: {value!r} is not {names}")
        return
    if "const" in schema and value != schema["const"]:
        problems.append(f"{place}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        problems.append(f"{place}: {value!r} is not one of {schema['enum']}")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        problems.append(f"{place}: {value!r} does not match {schema['pattern']}")
    if "minimum" in schema and isinstance(value, (int, float)) and value < schema["minimum"]:
        problems.append(f"{place}: {value} is below {schema['minimum']}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            problems.append(f"{place}: too few items")
        for i, item in enumerate(value):
            validate(item, schema.get("items", {}), root, f"{place}[{i}]", problems)
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                problems.append(f"{place}: lacks {key}")
        for key, item in value.items():
            validate(key, schema.get("propertyNames", {}), root, f"{place}: name", problems)
            validate(item, schema.get("properties", {}).get(key, schema.get("additionalProperties", {})), root, f"{place}.{key}", problems)
