#!/usr/bin/python3
"""query/routes.def and schemas/openapi.yaml name the same routes, and each operation has an operationId of its own."""
import re
import sys

import yaml

import source

ROUTES = "query/routes.def"
OPENAPI = "schemas/openapi.yaml"
METHODS = {"get", "put", "post", "delete", "patch"}


def declared():
    text = source.read(ROUTES)
    for match in re.finditer(r'^ROUTE\(\w+, (\w+), "([^"]+)"', text, re.M):
        yield (match[1], match[2]), f"{ROUTES}:{text.count(chr(10), 0, match.start()) + 1}"


def line_of(text, path):
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().strip("'\"").startswith(path + ":") or line.strip() == f'"{path}":':
            return number
    return 1


def cut_texts(node, place="", in_example=False):
    """A comma in a text without quotes ends it inside {}: what follows becomes a key without a value."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else []:
        inside = in_example or key in ("example", "examples")
        if isinstance(node, dict) and value is None and (" " in str(key) or not inside):
            yield f"{OPENAPI}: '{key}' in {place or '/'} has no value: quote a text with a comma"
        yield from cut_texts(value, f"{place}/{key}", inside)


def main():
    routes = dict(declared())
    text = source.read(OPENAPI)
    document = yaml.safe_load(text)
    problems, described, ids = [], set(), {}
    for path, operations in document["paths"].items():
        for method in METHODS & operations.keys():
            place = f"{OPENAPI}:{line_of(text, path)}"
            key = (method.upper(), path)
            described.add(key)
            name = operations[method].get("operationId")
            if not name:
                problems.append(f"{place}: {key[0]} {path} has no operationId")
            elif ids.setdefault(name, key) != key:
                problems.append(f"{place}: operationId {name} of {key[0]} {path} is also that of {' '.join(ids[name])}")
            if key not in routes:
                problems.append(f"{place}: {key[0]} {path} has no ROUTE line in {ROUTES}")
    for (method, path), place in routes.items():
        if (method, path) not in described:
            problems.append(f"{place}: {method} {path} is not described in {OPENAPI}")
    problems += cut_texts(document)
    return source.report(problems)


sys.exit(main())
