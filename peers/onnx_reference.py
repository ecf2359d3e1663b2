"""Compares what jingwei-graph counts in ONNX files with what the package `onnx` counts in them.

    pip install onnx==1.23.2
    cargo build -p jingwei-graph --example graph_facts
    python peers/onnx_reference.py target/debug/examples/graph_facts catalog/names FILE-OR-FOLDER...

Prints one line for each file that disagrees, and a summary; writes nothing. Counted on both sides: nodes and initialisers in all
graphs (subgraphs, functions and training graphs too), elements of initialisers, operator sets, IR version.
"""

import json
import math
import pathlib
import subprocess
import sys

import onnx


class Count:
    def __init__(self, model):
        self.nodes = self.tensors = self.parameters = 0
        self.graph(model.graph)
        for training in model.training_info:
            self.graph(training.initialization)
            self.graph(training.algorithm)
        for function in model.functions:
            for node in function.node:
                self.node(node)

    def graph(self, graph):
        for tensor in graph.initializer:
            self.tensors += 1
            self.parameters += math.prod(tensor.dims)
        for sparse in graph.sparse_initializer:
            self.tensors += 1
            self.parameters += math.prod(sparse.values.dims)
        for node in graph.node:
            self.node(node)

    def node(self, node):
        self.nodes += 1
        for attribute in node.attribute:
            if attribute.HasField("g"):
                self.graph(attribute.g)
            for graph in attribute.graphs:
                self.graph(graph)


def reference(path):
    model = onnx.load(path, load_external_data=False)
    count = Count(model)
    opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    return {
        "nodes": count.nodes,
        "tensors": count.tensors,
        "parameters": count.parameters,
        "opset": ", ".join(f"{domain} {version}" for domain, version in sorted(opsets.items())),
        "ir_version": model.ir_version,
    }


def ours(program, names, paths):
    """Each line of the example: path, format, tensors=, parameters=, facts as a map, ..."""
    output = subprocess.run([program, names, *map(str, paths)], capture_output=True, text=True, check=True).stdout
    for line in output.splitlines():
        path, kind, *fields = line.split("\t")
        if kind != "ONNX":
            yield path, None
            continue
        facts = dict(field.split("=", 1) for field in fields[:2])
        facts |= json.loads(fields[2])
        yield path, {
            "nodes": int(facts.get("nodes", 0)),
            "tensors": int(facts["tensors"]),
            "parameters": int(facts["parameters"]),
            "opset": facts.get("opset", ""),
            "ir_version": int(facts.get("ir_version", 0)),
        }


def main(program, names, *roots):
    paths = sorted({p for root in map(pathlib.Path, roots) for p in ([root] if root.is_file() else root.rglob("*.onnx"))})
    agree = disagree = nodes = tensors = 0
    for path, mine in ours(program, names, paths):
        theirs = reference(path)
        nodes += theirs["nodes"]
        tensors += theirs["tensors"]
        if mine == theirs:
            agree += 1
            continue
        disagree += 1
        for key, value in theirs.items():
            if mine is None or mine[key] != value:
                print(f"{path}\t{key}\tjingwei={mine and mine[key]}\tonnx={value}")
    print(f"onnx {onnx.__version__}: {agree} files agree, {disagree} disagree; {nodes} nodes, {tensors} initialisers")
    return 1 if disagree else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
