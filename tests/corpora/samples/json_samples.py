"""Valid and invalid instances for JSON Schemas, judged by the Python reference validator.

usage: json_samples.py FOLDER OUT

For every schema file below FOLDER: OUT gets one JSON line with the file, up to five random instances that the validator
accepts, and up to twelve mutants with one fault each that it refuses, with the keyword that refused them.
Given samples (NAME.1.json beside NAME.schema, NAME.1.fail.*.json) are taken as they are.
"""
import copy
import datetime
import glob
import json
import os
import random
import re
import sys
import uuid

import jsonschema
import jsonschema.validators
import referencing
import referencing.jsonschema

FORMATS = {
    "date-time": lambda r: f"20{r.randrange(10, 30)}-0{r.randrange(1, 9)}-1{r.randrange(9)}T0{r.randrange(9)}:3{r.randrange(9)}:00Z",
    "date": lambda r: f"2024-0{r.randrange(1, 9)}-1{r.randrange(9)}",
    "time": lambda r: "10:20:30Z",
    "email": lambda r: "ada@example.com",
    "uuid": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    "uri": lambda r: "https://example.com/a?b=c",
    "uri-reference": lambda r: "/a/b",
    "iri": lambda r: "https://example.com/a",
    "ipv4": lambda r: "10.0.0.1",
    "ipv6": lambda r: "::1",
    "hostname": lambda r: "example.com",
    "duration": lambda r: "P1D",
    "regex": lambda r: "^a+$",
    "json-pointer": lambda r: "/a/0",
}
PATTERNED = ["a", "A1", "abc", "abc-def", "1.0.0", "1", "12345", "a.b.c", "https://example.com/schema", "pkg:npm/x@1",
             "00000000-0000-4000-8000-000000000000", "0123456789abcdef0123456789abcdef", "2024-01-01T00:00:00Z", "1-0-0", "US", "en-US",
             "#ffffff", "iglu:com.acme/event/jsonschema/1-0-0", "ord_abc123", "2024-01-01", "10:20:30", "a@b.co", "sha256:" + "a" * 64,
             "dev.cdevents.x.y.0.1.0", "EiffelX", "abcdefabcdef", "true", "+491234567", "a_b", "x" * 40]


class Random:
    def __init__(self, seed, resolver):
        self.r = random.Random(seed)
        self.resolver = resolver

    def value(self, schema, base, depth):
        r = self.r
        if schema is True or schema == {}:
            return r.choice([None, True, 1, "any", [1], {"k": "v"}])
        if schema is False:
            raise ValueError("nothing is valid")
        if depth > 14:
            raise RecursionError
        if "$id" in schema or "id" in schema and isinstance(schema.get("id"), str):
            base = base.in_subresource(referencing.jsonschema.DRAFT202012.create_resource(schema)) if "$id" in schema else base
        if "const" in schema:
            return copy.deepcopy(schema["const"])
        if "enum" in schema:
            return copy.deepcopy(r.choice(schema["enum"]))
        parts = []
        for key in ("$ref", "$dynamicRef"):
            if key in schema:
                resolved = base.lookup(schema[key])
                parts.append(self.merged(resolved.contents, resolved.resolver, depth + 1))
        for part in schema.get("allOf", []):
            parts.append(self.merged(part, base, depth + 1))
        for key in ("oneOf", "anyOf"):
            if key in schema:
                parts.append(self.merged(r.choice(schema[key]), base, depth + 1))
        own = {key: value for key, value in schema.items() if key not in ("allOf", "oneOf", "anyOf", "$ref")}
        if "if" in schema and r.random() < 0.5 and "then" in schema:
            parts.append(self.merged(schema["if"], base, depth + 1))
            parts.append(self.merged(schema["then"], base, depth + 1))
        elif "else" in schema:
            parts.append(self.merged(schema["else"], base, depth + 1))
        whole = [(own, base)] + [item for part in parts for item in part]
        return self.build(whole, depth)

    def merged(self, schema, base, depth):
        """A schema as a list of plain parts that all apply, choices taken."""
        if isinstance(schema, bool):
            return []
        if depth > 14:
            raise RecursionError
        if "$id" in schema:
            base = base.in_subresource(referencing.jsonschema.DRAFT202012.create_resource(schema))
        out = [({k: v for k, v in schema.items() if k not in ("allOf", "oneOf", "anyOf", "$ref")}, base)]
        if "$ref" in schema:
            resolved = base.lookup(schema["$ref"])
            out += self.merged(resolved.contents, resolved.resolver, depth + 1)
        for part in schema.get("allOf", []):
            out += self.merged(part, base, depth + 1)
        for key in ("oneOf", "anyOf"):
            if key in schema:
                out += self.merged(self.r.choice(schema[key]), base, depth + 1)
        return out

    def build(self, parts, depth):
        r = self.r
        for part, _ in parts:
            if "const" in part:
                return copy.deepcopy(part["const"])
        enums = [part["enum"] for part, _ in parts if "enum" in part]
        if enums:
            common = [v for v in enums[0] if all(v in e for e in enums)]
            return copy.deepcopy(r.choice(common))
        types = None
        for part, _ in parts:
            kind = part.get("type")
            if kind is not None:
                kinds = [kind] if isinstance(kind, str) else list(kind)
                types = kinds if types is None else [t for t in types if t in kinds or (t == "integer" and "number" in kinds)] or kinds
        if types is None:
            keys = {key for part, _ in parts for key in part}
            if keys & {"properties", "required", "additionalProperties", "patternProperties", "minProperties"}:
                types = ["object"]
            elif keys & {"items", "prefixItems", "minItems", "contains"}:
                types = ["array"]
            elif keys & {"minimum", "maximum", "multipleOf", "exclusiveMinimum"}:
                types = ["number"]
            elif keys & {"pattern", "format", "minLength", "maxLength"}:
                types = ["string"]
            else:
                return r.choice([None, True, 1, "any", {"k": "v"}])
        kind = r.choice(types)
        merged = {}
        for part, _ in parts:
            merged.update({k: v for k, v in part.items() if k not in ("properties", "required", "patternProperties")})
        if kind == "null":
            return None
        if kind == "boolean":
            return r.random() < 0.5
        if kind in ("integer", "number"):
            low = merged.get("minimum", merged.get("exclusiveMinimum", -1000))
            low = -1000 if isinstance(low, bool) else low
            high = merged.get("maximum", merged.get("exclusiveMaximum", max(low, 0) + 1000))
            high = low + 1000 if isinstance(high, bool) else high
            if "exclusiveMinimum" in merged and not isinstance(merged["exclusiveMinimum"], bool):
                low = merged["exclusiveMinimum"] + 1
            step = merged.get("multipleOf", 1)
            value = r.choice([low, high, (low + high) // 2 if kind == "integer" else (low + high) / 2])
            if "multipleOf" in merged:
                value = (value // step) * step
                value = value + step if value < low else value
            return int(value) if kind == "integer" else value
        if kind == "string":
            if merged.get("format") in FORMATS and "pattern" not in merged:
                return FORMATS[merged["format"]](r)
            if "pattern" in merged:
                known = [text for text in PATTERNED if re.search(merged["pattern"], text)]
                return r.choice(known) if known else "a"
            low = merged.get("minLength", 0)
            high = merged.get("maxLength", low + 12)
            size = min(high, max(low, r.randrange(0, 12)))
            return "".join(r.choice("abcdefGHI é日") for _ in range(size))
        if kind == "array":
            prefix = merged.get("prefixItems") or (merged["items"] if isinstance(merged.get("items"), list) else [])
            items = merged.get("items") if not isinstance(merged.get("items"), list) else merged.get("additionalItems", True)
            base = next((b for part, b in parts if "items" in part or "prefixItems" in part), parts[0][1])
            out = [self.value(item, base, depth + 1) for item in prefix]
            low = merged.get("minItems", 0)
            want = max(low, 0 if depth > 7 else r.randrange(0, 3), len(out))
            want = min(want, merged.get("maxItems", want))
            while len(out) < want and items is not False:
                out.append(self.value(True if items is None else items, base, depth + 1))
            if "contains" in merged and not out:
                out.append(self.value(merged["contains"], base, depth + 1))
            return out
        out = {}
        required = {name for part, _ in parts for name in part.get("required", []) if isinstance(part.get("required"), list)}
        properties = {}
        for part, base in parts:
            for name, schema in part.get("properties", {}).items():
                properties.setdefault(name, []).append((schema, base))
        for name in list(properties) + sorted(required - set(properties)):
            if name not in required and (depth > 6 or r.random() < 0.45):
                continue
            schemas = properties.get(name)
            if not schemas:
                extra = merged.get("additionalProperties", True)
                out[name] = self.value(extra if extra is not False else True, parts[0][1], depth + 1)
            elif len(schemas) == 1:
                out[name] = self.value(schemas[0][0], schemas[0][1], depth + 1)
            else:
                out[name] = self.build([item for schema, base in schemas for item in self.merged(schema, base, depth + 1)], depth + 1)
        extra = merged.get("additionalProperties", True)
        if extra is not False and r.random() < 0.3 and depth < 4 and "unevaluatedProperties" not in merged and "propertyNames" not in merged:
            out["extraMember"] = self.value(extra, parts[0][1], depth + 1) if isinstance(extra, dict) else "kept"
        for part, base in parts:
            for pattern, schema in part.get("patternProperties", {}).items():
                names = [text for text in PATTERNED if re.search(pattern, text)]
                if names and r.random() < 0.7:
                    out[r.choice(names)] = self.value(schema, base, depth + 1)
        return out


def places(value, path=()):
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, path + (key,))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from places(item, path + (at,))


def replaced(root, path, value):
    root = copy.deepcopy(root)
    if not path:
        return value
    at = root
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return root


def without(root, path):
    root = copy.deepcopy(root)
    at = root
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return root


def mutants(r, value):
    spots = list(places(value))
    r.shuffle(spots)
    for path, item in spots[:40]:
        if path and isinstance(path[-1], str):
            yield without(value, path)
        for other in (None, True, -1, 10**7, 0.5, "", "wrong value!", "x" * 5000, [], {}, [1, 1]):
            if type(other) is not type(item) or isinstance(item, (str, int, float)):
                yield replaced(value, path, other)
        if isinstance(item, dict):
            yield replaced(value, path, {**item, "notAllowedHere": 1})
        if isinstance(item, list) and item:
            yield replaced(value, path, item + item)


def main(folder, out_path):
    files = []
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(base, name)
            if name.endswith(".schema") or (name.endswith(".json") and not re.search(r"\.\d+(\.(fail|out)[^/]*)?\.json$", name)) or re.fullmatch(r"\d+-\d+-\d+", name):
                try:
                    with open(path, encoding="utf-8-sig") as handle:
                        files.append((path, json.load(handle)))
                except ValueError:
                    pass
    files = [(p, s) for p, s in sorted(files, key=lambda f: f[0]) if isinstance(s, dict)]
    resources = []
    for path, schema in files:
        resource = referencing.Resource.from_contents(schema, default_specification=referencing.jsonschema.DRAFT202012) \
            if "iglu" not in str(schema.get("$schema")) else referencing.jsonschema.DRAFT4.create_resource(schema)
        resources.append((f"file://{os.path.abspath(path)}", resource))
        own = schema.get("$id") or schema.get("id")
        if isinstance(own, str):
            resources.append((own.rstrip("#"), resource))
    registry = referencing.Registry().with_resources(resources)
    with open(out_path, "w", encoding="utf-8") as out:
        for at, (path, schema) in enumerate(files):
            line = {"file": os.path.relpath(path, folder), "valid": [], "invalid": []}
            try:
                declared = str(schema.get("$schema", ""))
                fallback = jsonschema.Draft4Validator if "iglu" in declared else jsonschema.Draft202012Validator
                cls = jsonschema.validators.validator_for(schema, default=fallback)
                cls.check_schema(schema) if "iglu" not in declared else None
                uri = f"file://{os.path.abspath(path)}"
                whole = registry
                validator = cls({"$ref": uri}, registry=whole, format_checker=cls.FORMAT_CHECKER)
                given(path, line, validator)
                resolver = whole.resolver(base_uri=uri)
                source = Random(at, resolver)
                seen = {json.dumps(v, sort_keys=True) for v in line["valid"]}
                for _ in range(400):
                    if len(line["valid"]) >= 5:
                        break
                    try:
                        value = source.value(schema, resolver, 0)
                    except (RecursionError, ValueError, KeyError, IndexError, TypeError, re.error):
                        continue
                    text = json.dumps(value, sort_keys=True)
                    if text not in seen and validator.is_valid(value):
                        seen.add(text)
                        line["valid"].append(value)
                r = random.Random(at)
                rules = {}
                for value in line["valid"]:
                    for mutant in mutants(r, value):
                        if len(line["invalid"]) >= 12:
                            break
                        errors = list(validator.iter_errors(mutant))
                        if len(errors) == 1 and rules.get(errors[0].validator, 0) < 2:
                            rule = errors[0].validator
                            rules[rule] = rules.get(rule, 0) + 1
                            line["invalid"].append({"rule": rule, "value": mutant})
            except Exception as error:
                line["error"] = f"{type(error).__name__}: {error}"[:300]
            out.write(json.dumps(line) + "\n")


def given(path, line, validator):
    stem, ending = os.path.splitext(path)
    if ending != ".schema":
        return
    for sample in sorted(glob.glob(glob.escape(stem) + ".*.json")):
        rest = os.path.basename(sample)[len(os.path.basename(stem)):]
        with open(sample, encoding="utf-8") as handle:
            value = json.load(handle)
        if re.fullmatch(r"\.\d+\.json", rest):
            if validator.is_valid(value):
                line["valid"].append(value)
        elif re.fullmatch(r"\.\d+\.fail[^/]*\.json", rest):
            if not validator.is_valid(value):
                line["invalid"].append({"rule": "given", "value": value})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
