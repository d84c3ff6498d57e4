#!/usr/bin/env python3
"""Writes schemas as kubeconform reads them, each in a file that needs no other: `schemas.py FOLDER`, in FOLDER/<version of Kubernetes>.

They come from packages: Kubernetes' own of several versions from `kubernetes-validate`, KEDA's from `cloudcoil-models-keda`. Unknown fields are errors.
"""

import json
import pathlib
import sys

import kubernetes_validate
from cloudcoil.models.keda.v1alpha1 import ScaledObject

# the oldest that the chart takes, and the newest that there is a schema of
VERSIONS = ["1.30.0", "1.37.0"]
KINDS = [
    "configmap-v1", "deployment-apps-v1", "ingress-networking-v1", "job-batch-v1", "networkpolicy-networking-v1",
    "poddisruptionbudget-policy-v1", "service-v1", "serviceaccount-v1",
]  # fmt: skip


def main():
    folder = pathlib.Path(sys.argv[1])
    source = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    for version in VERSIONS:
        strict = source / f"v{version}-local-strict"
        definitions = json.loads((strict / "_definitions.json").read_text())
        for kind in KINDS:
            schema = json.loads((strict / f"{kind}.json").read_text())
            schema["$defs"] = definitions["$defs"]
            write(folder / version / f"{kind}.json", schema)
        write(folder / version / "scaledobject-keda-v1alpha1.json", closed(keda()))


def keda():
    schema = ScaledObject.model_json_schema(by_alias=True)
    # the model of metadata is the package's own; Kubernetes' says what may stand there
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def closed(schema):
    """The same schema, where only what it names may stand."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    return schema


def write(path, schema):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema).replace('"/api/_definitions.json#', '"#'))


main()
