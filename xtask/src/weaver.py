"""Whether what `telemetry` renders for OpenTelemetry Weaver is what Weaver's definition files may hold.

What they may hold is written down here from its documentation, so that the check needs no Weaver. Each run also breaks
what it has read in every way it looks for, and fails if it does not find that.
"""

import copy
import sys
from pathlib import Path

import jsonschema
import yaml

TEXT = {"type": "string", "minLength": 1}
STABILITY = {"enum": ["stable", "development", "alpha", "beta", "release_candidate"]}
MEMBER = {
    "additionalProperties": False,
    "required": ["id", "value", "stability"],
    "properties": {"id": TEXT, "value": {"type": "string"}, "stability": STABILITY},
}
TYPES = ["string", "int", "double", "boolean", "string[]", "int[]", "double[]", "boolean[]", "any"]
LEVEL = {
    "anyOf": [
        {"enum": ["required", "recommended", "opt_in"]},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["conditionally_required"],
            "properties": {"conditionally_required": TEXT},
        },
    ]
}


def signal(name, required, more, attribute=None):
    """A signal that is called so, with what it has beside name and attributes."""
    known = {"ref": TEXT, "requirement_level": LEVEL, **(attribute or {})}
    refs = {
        "type": "array",
        "minItems": 1,
        "items": {"additionalProperties": False, "required": ["ref"], "properties": known},
    }
    level = {"enum": ["recommended", "opt_in"]}
    common = {name: TEXT, "brief": TEXT, "stability": STABILITY, "requirement_level": level, "attributes": refs}
    return {
        "type": "array",
        "items": {
            "additionalProperties": False,
            "required": [name, "brief", "stability", "requirement_level", *required],
            "properties": {**common, **more},
        },
    }


DEPRECATED = {"type": "object", "required": ["reason", "note"], "properties": {"note": TEXT}}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["file_format"],
    "properties": {
        "file_format": {"const": "definition/2"},
        "attributes": {
            "type": "array",
            "items": {
                "additionalProperties": False,
                "required": ["key", "type", "brief", "stability"],
                "properties": {
                    "key": TEXT,
                    "brief": TEXT,
                    "stability": STABILITY,
                    "type": {
                        "anyOf": [
                            {"enum": TYPES},
                            {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["members"],
                                "properties": {"members": {"type": "array", "minItems": 1, "items": MEMBER}},
                            },
                        ]
                    },
                },
            },
        },
        "events": signal("name", [], {"deprecated": DEPRECATED}),
        "spans": signal(
            "type",
            ["kind", "name"],
            {
                "kind": {"enum": ["client", "server", "producer", "consumer", "internal"]},
                "name": {"type": "object", "required": ["note"], "properties": {"note": TEXT}},
            },
            {"sampling_relevant": {"type": "boolean"}},
        ),
        "metrics": signal(
            "name",
            ["instrument", "unit"],
            {
                "instrument": {"enum": ["counter", "updowncounter", "gauge", "histogram"]},
                "unit": TEXT,
            },
        ),
    },
}
SIGNALS = {"events": "name", "spans": "type", "metrics": "name"}


def faults(files):
    """All that is wrong with some definition files."""
    found = []
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for name, document in files.items():
        for error in validator.iter_errors(document):
            found.append(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    if found:
        return found
    keys = [one["key"] for document in files.values() for one in document.get("attributes", [])]
    found += [f"`{key}` is defined twice" for key in set(keys) if keys.count(key) > 1]
    for document in files.values():
        for one in document.get("attributes", []):
            if isinstance(one["type"], dict):
                ids = [member["id"] for member in one["type"]["members"]]
                found += [f"{one['key']}: `{id}` is there twice" for id in set(ids) if ids.count(id) > 1]
        for kind, name in SIGNALS.items():
            all_of_kind = document.get(kind, [])
            names = [one[name] for one in all_of_kind]
            found += [f"{kind}: `{it}` is defined twice" for it in set(names) if names.count(it) > 1]
            for one in all_of_kind:
                refs = [attribute["ref"] for attribute in one.get("attributes", [])]
                found += [f"{one[name]}: `{ref}` is nowhere" for ref in refs if ref not in keys]
                found += [f"{one[name]}: `{ref}` is there twice" for ref in set(refs) if refs.count(ref) > 1]
    return found


def broken(files):
    """The files with one thing wrong each time, and what that is."""
    for name, document in files.items():
        for kind, all_of_kind in document.items():
            if not isinstance(all_of_kind, list):
                continue
            for change in ["brief", "stability"]:
                other = copy.deepcopy(files)
                del other[name][kind][0][change]
                yield f"{kind} without {change}", other
            other = copy.deepcopy(files)
            other[name][kind].append(other[name][kind][-1])
            yield f"{kind} twice", other
            if kind != "attributes":
                other = copy.deepcopy(files)
                other[name][kind][0].setdefault("attributes", []).append({"ref": "nobody.knows"})
                yield f"an attribute of {kind} that is not defined", other
    yield "another format", {"x": {"file_format": "definition/1"}}


def main():
    wrong = []
    for folder in map(Path, sys.argv[1:]):
        read = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))}
        manifest = read.pop("manifest")
        if not manifest["schema_url"].startswith("https://"):
            wrong.append(f"{folder}: the registry has no address")
        kinds = {kind for document in read.values() for kind in document}
        if not {"attributes", *SIGNALS} <= kinds:
            wrong.append(f"{folder}: there is only {sorted(kinds)}")
        wrong += [f"{folder}/{fault}" for fault in faults(read)]
        wrong += [f"{folder}: {what} is not found" for what, other in broken(read) if not faults(other)]
    sys.exit("\n".join(wrong) or None)


main()
