#!/usr/bin/env python3
"""Validates bills of materials against what the standards' own projects publish on PyPI.

Usage: bom_validate.py FILE...
CycloneDX: the JSON schema that `cyclonedx-python-lib[json-validation]` ships for the file's own specVersion, strict, with format checks, and a
check that every reference names something. SPDX 3.0.1: `spdx-python-model`, the bindings generated from the standard's SHACL model, which
check types, cardinalities, patterns and enumerations, and a check that every reference names something. The standard's JSON schema and SHACL
file themselves are in no package on PyPI (`spdx3-validate` fetches them), so they are not used here.
Exits 1 when a file is not valid.
"""

import argparse
import io
import json
import sys
from pathlib import Path


def cyclonedx(text, document):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    version = SchemaVersion.from_version(document["specVersion"])
    error = JsonStrictValidator(version).validate_str(text)
    problems = [str(error)[:2000]] if error else []
    refs = []

    def collect(node):
        if isinstance(node, dict):
            if "bom-ref" in node:
                refs.append(node["bom-ref"])
            for child in node.values():
                collect(child)
        elif isinstance(node, list):
            for child in node:
                collect(child)

    collect(document)
    known = set(refs)
    if len(known) != len(refs):
        problems.append("a bom-ref is used twice")
    named = [d["ref"] for d in document.get("dependencies", [])]
    named += [to for d in document.get("dependencies", []) for to in d.get("dependsOn", [])]
    named += [a["ref"] for v in document.get("vulnerabilities", []) for a in v.get("affects", [])]
    named += [ref for c in document.get("compositions", []) for ref in c.get("assemblies", []) + c.get("dependencies", [])]
    named += [c["attributedTo"] for c in document.get("citations", []) if "attributedTo" in c]
    problems += [f"nothing has the bom-ref {ref}" for ref in named if ref not in known]
    return problems


def spdx(path):
    from spdx_python_model import v3_0_1 as model

    objects = model.SHACLObjectSet()
    try:
        with open(path, "rb") as file:
            model.JSONLDDeserializer().read(file, objects)
    except Exception as error:  # noqa: BLE001 - any refusal is the finding
        return [f"{type(error).__name__}: {error}"]
    objects.link()
    missing = sorted(str(one) for one in objects.missing_ids)
    problems = [f"nothing has the id {one}" for one in missing if not one.startswith("https://spdx.org/")]
    try:
        # Writing checks what reading does not: how many of each property there must and may be.
        model.JSONLDSerializer().write(objects, io.BytesIO())
    except Exception as error:  # noqa: BLE001
        problems.append(f"{type(error).__name__}: {error}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    bad = 0
    for path in options.files:
        text = path.read_text()
        document = json.loads(text)
        if document.get("bomFormat") == "CycloneDX":
            what, problems = f"CycloneDX {document['specVersion']}", cyclonedx(text, document)
        else:
            what, problems = "SPDX 3.0.1", spdx(path)
        bad += bool(problems)
        print(f"{'invalid' if problems else 'valid'}\t{what}\t{path}")
        for problem in problems[:20]:
            print("   ", problem)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
