"""Reference bytes for Avro schemas, written by fastavro.

usage: avro_samples.py FOLDER OUT

For every schema file below FOLDER: OUT gets one JSON line with the file, whether fastavro accepts it, and up to eight
random values as bytes in hex. Logical types are stripped first, so the bytes depend on no conversion of anybody's.
Schemas that need other files find them by full name anywhere in FOLDER.
"""
import io
import json
import os
import random
import sys
import uuid

import fastavro
import fastavro.schema

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
# Logical types for which not every value of the type below stands for something.
CONSTRAINED = {"uuid", "decimal", "big-decimal"}
WORDS = ["", "a", "user-123", "Grüße", "日本語", "😀", "line\nbreak", "quote\"", "x" * 70]


def strip(schema):
    if isinstance(schema, dict):
        out = {key: strip(value) for key, value in schema.items() if key not in ("logicalType", "precision", "scale", "default")}
        if schema.get("logicalType") in CONSTRAINED and "type" in schema:
            out["x-logical"] = schema["logicalType"]
        return out
    if isinstance(schema, list):
        return [strip(item) for item in schema]
    return schema


def full_name(schema, namespace):
    name = schema["name"]
    if "." in name:
        return name, name.rsplit(".", 1)[0]
    namespace = schema.get("namespace", namespace)
    return (f"{namespace}.{name}" if namespace else name), namespace


def definitions(schema, namespace, found):
    if isinstance(schema, list):
        for item in schema:
            definitions(item, namespace, found)
    elif isinstance(schema, dict):
        kind = schema.get("type")
        if kind in ("record", "error", "enum", "fixed") and "name" in schema:
            name, namespace = full_name(schema, namespace)
            found.setdefault(name, schema)
            for field in schema.get("fields", []):
                definitions(field.get("type"), namespace, found)
        elif isinstance(kind, (dict, list)):
            definitions(kind, namespace, found)
        for key in ("items", "values"):
            if key in schema:
                definitions(schema[key], namespace, found)


class Random:
    def __init__(self, seed, named):
        self.random = random.Random(seed)
        self.named = named

    def value(self, schema, namespace, depth):
        r = self.random
        if isinstance(schema, list):
            branches = list(enumerate(schema))
            if depth > 4:
                simple = [b for b in branches if isinstance(b[1], str) and b[1] in PRIMITIVES]
                branches = simple or branches
            index, branch = r.choice(branches)
            if depth > 12:
                raise RecursionError
            return ("union", index, self.value(branch, namespace, depth + 1))
        if isinstance(schema, str):
            if schema in PRIMITIVES:
                return self.primitive(schema)
            name = schema if "." in schema or not namespace else f"{namespace}.{schema}"
            name = name if name in self.named else schema
            return self.value(self.named[name], name.rsplit(".", 1)[0] if "." in name else None, depth + 1)
        kind = schema["type"]
        if isinstance(kind, (dict, list)):
            return self.value(kind, namespace, depth)
        if depth > 40:
            raise RecursionError
        if "x-logical" in schema:
            constrained = self.constrained(schema)
            if constrained is not None:
                return constrained
        if kind in ("record", "error"):
            _, inner = full_name(schema, namespace)
            return ("record", [self.value(f["type"], inner, depth + 1) for f in schema["fields"]])
        if kind == "enum":
            return ("enum", r.randrange(len(schema["symbols"])))
        if kind == "fixed":
            return ("fixed", r.randbytes(schema["size"]))
        if kind == "array":
            return ("array", [self.value(schema["items"], namespace, depth + 1) for _ in range(0 if depth > 5 else r.randrange(4))])
        if kind == "map":
            keys = sorted(set(r.sample(WORDS, r.randrange(0 if depth > 5 else 3) if depth <= 5 else 0)))
            return ("map", [(k, self.value(schema["values"], namespace, depth + 1)) for k in sorted(keys, key=lambda k: k.encode())])
        return self.value(kind, namespace, depth)

    def constrained(self, schema):
        """A value in its shortest form, as every writer has it."""
        r = self.random
        kind, logical = schema["type"], schema["x-logical"]
        number = r.choice([0, 1, -1, 99, -99])
        if logical == "uuid" and kind == "string":
            return ("string", str(uuid.UUID(int=r.getrandbits(128))))
        if logical == "decimal" and kind in ("bytes", "fixed"):
            size = schema["size"] if kind == "fixed" else 1
            return (kind, number.to_bytes(size, "big", signed=True))
        if logical == "big-decimal" and kind == "bytes":
            body = bytearray()
            write(body, ("bytes", number.to_bytes(1, "big", signed=True)))
            write_long(body, r.choice([0, 2]))
            return ("bytes", bytes(body))
        return None

    def primitive(self, kind):
        r = self.random
        if kind == "null":
            return ("null",)
        if kind == "boolean":
            return ("boolean", r.random() < 0.5)
        if kind == "int":
            return ("long", r.choice([0, -1, 1, 2**31 - 1, -(2**31), r.randrange(-10**6, 10**6)]))
        if kind == "long":
            return ("long", r.choice([0, -1, 64, 2**63 - 1, -(2**63), r.randrange(-10**12, 10**12)]))
        if kind == "float":
            return ("float", r.choice([0.0, 1.5, -2.25, 3.0e10]))
        if kind == "double":
            return ("double", r.choice([0.0, 0.1, -2.5e-300, 1.7e308, 123456.789]))
        if kind == "bytes":
            return ("bytes", r.randbytes(r.randrange(0, 12)))
        return ("string", r.choice(WORDS))


def write_long(out, n):
    n = (n << 1) ^ (n >> 63)
    n &= (1 << 64) - 1
    while n >= 0x80:
        out.append((n & 0x7F) | 0x80)
        n >>= 7
    out.append(n)


def write(out, value):
    import struct

    tag = value[0]
    if tag == "union":
        write_long(out, value[1])
        write(out, value[2])
    elif tag == "boolean":
        out.append(1 if value[1] else 0)
    elif tag in ("long", "enum"):
        write_long(out, value[1])
    elif tag == "float":
        out += struct.pack("<f", value[1])
    elif tag == "double":
        out += struct.pack("<d", value[1])
    elif tag == "bytes":
        write_long(out, len(value[1]))
        out += value[1]
    elif tag == "string":
        write(out, ("bytes", value[1].encode()))
    elif tag == "fixed":
        out += value[1]
    elif tag == "record":
        for field in value[1]:
            write(out, field)
    elif tag in ("array", "map"):
        if value[1]:
            write_long(out, len(value[1]))
            for item in value[1]:
                if tag == "map":
                    write(out, ("string", item[0]))
                    write(out, item[1])
                else:
                    write(out, item)
        write_long(out, 0)


def collect(folder):
    files = []
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith((".avsc", ".avro")):
                path = os.path.join(base, name)
                try:
                    with open(path, encoding="utf-8-sig") as handle:
                        files.append((path, json.load(handle)))
                except ValueError as error:
                    files.append((path, error))
    return sorted(files, key=lambda item: item[0])


def main(folder, out_path):
    files = collect(folder)
    everything = {}
    for _, schema in files:
        if not isinstance(schema, Exception):
            definitions(schema, None, everything)
    with open(out_path, "w", encoding="utf-8") as out:
        for at, (path, schema) in enumerate(files):
            line = {"file": os.path.relpath(path, folder), "valid": False, "samples": []}
            try:
                if isinstance(schema, Exception):
                    raise schema
                own = {}
                definitions(schema, None, own)
                named = {**everything, **own}
                repo = {name: strip(text) for name, text in named.items()}
                parsed = parse(strip(schema), repo)
                line["valid"] = True
                line["bare"] = isinstance(schema, str) or (isinstance(schema, dict) and schema.get("type") in PRIMITIVES)
                source = Random(at, {name: strip(text) for name, text in named.items()})
                for _ in range(40):
                    if len(line["samples"]) == 8:
                        break
                    try:
                        value = source.value(strip(schema), None, 0)
                    except RecursionError:
                        continue
                    body = bytearray()
                    write(body, value)
                    fastavro.schemaless_reader(io.BytesIO(bytes(body)), parsed)
                    line["samples"].append(bytes(body).hex())
            except Exception as error:  # the reason is the verdict
                line["error"] = f"{type(error).__name__}: {error}"[:300]
            out.write(json.dumps(line) + "\n")


def parse(schema, repo):
    """Parses, pulling in what other files define in the order it is needed."""
    known = {}
    for _ in range(len(repo) + 1):
        try:
            return fastavro.parse_schema(schema, named_schemas=dict(known))
        except fastavro.schema.UnknownType as error:
            missing = error.name
            if missing not in repo or missing in known:
                raise
            named = dict(known)
            load(missing, repo, named, [])
            known = named
    raise ValueError("references do not end")


def load(name, repo, named, stack):
    if name in stack:
        raise ValueError(f"files refer to each other in a circle: {stack}")
    for _ in range(len(repo) + 1):
        try:
            text = dict(repo[name])
            if "." in name and "namespace" not in text and "." not in text["name"]:
                text["namespace"] = name.rsplit(".", 1)[0]
            fresh = dict(named)
            fastavro.parse_schema(text, named_schemas=fresh)
            named.update(fresh)
            return
        except fastavro.schema.UnknownType as error:
            if error.name not in repo or error.name in named:
                raise
            load(error.name, repo, named, stack + [name])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
