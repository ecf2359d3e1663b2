"""Records beside the catalog's own, so that every ecosystem and every shape of a range is met.

RUSTSEC are facts of real advisories (id, package, patched and unaffected versions), read in the RustSec database in 2026.
SYNTHETIC are ours: real packages, ids BENCH-*, made-up ranges between versions that exist. Nobody should take them for news.
"""

# id, package, patched, unaffected
RUSTSEC = [
    ("RUSTSEC-2024-0378", "pyo3", [">= 0.22.4"], ["< 0.22.0"]),
    ("RUSTSEC-2025-0020", "pyo3", [">= 0.24.1"], []),
    ("RUSTSEC-2026-0176", "pyo3", [">= 0.29.0"], ["< 0.24.0"]),
    ("RUSTSEC-2021-0124", "tokio", [">= 1.8.4, < 1.9.0", ">= 1.13.1"], ["< 0.1.14"]),
    ("RUSTSEC-2023-0001", "tokio", [">= 1.18.4, < 1.19.0", ">= 1.20.3, < 1.21.0", ">= 1.23.1"], ["< 1.7.0"]),
    ("RUSTSEC-2024-0336", "rustls", [">= 0.23.5", ">= 0.22.4, < 0.23.0", ">= 0.21.11, < 0.22.0"], []),
    ("RUSTSEC-2024-0399", "rustls", [">= 0.23.18"], [">= 0.23, < 0.23.13", "<= 0.22"]),
    ("RUSTSEC-2021-0078", "hyper", [">= 0.14.10"], []),
    ("RUSTSEC-2025-0046", "wasmtime", [">= 34.0.2", ">= 33.0.2, < 34.0.0", ">= 24.0.4, < 25.0.0"], ["< 10.0.0"]),
    ("RUSTSEC-2026-0020", "wasmtime", [">= 24.0.6, < 25.0.0", ">= 36.0.6, < 37.0.0", ">= 40.0.4, < 41.0.0", ">= 41.0.4"], []),
    ("RUSTSEC-2024-0332", "h2", ["^0.3.26", ">= 0.4.4"], []),
    ("RUSTSEC-2025-0004", "openssl", [">= 0.10.70"], []),
    ("RUSTSEC-2025-0024", "crossbeam-channel", [">= 0.5.15"], ["<= 0.5.11"]),
    ("RUSTSEC-2026-0041", "lz4_flex", [">= 0.11.6, < 0.12.0", ">= 0.12.1"], []),
    ("RUSTSEC-2025-0009", "ring", [">= 0.17.12"], []),
]

# id, ecosystem, name, kind of range, list of lists of events, versions by name
SYNTHETIC = [
    ("BENCH-npm-1", "npm", "mcp-remote", "SEMVER", [[("introduced", "0.0.5"), ("fixed", "0.1.16")]], []),
    ("BENCH-npm-2", "npm", "@modelcontextprotocol/server-filesystem", "SEMVER", [[("introduced", "0"), ("fixed", "0.6.3")], [("introduced", "2025.1.14"), ("fixed", "2025.7.1")]], []),
    ("BENCH-npm-3", "npm", "@anthropic-ai/claude-code", "SEMVER", [[("introduced", "0"), ("last_affected", "1.0.24")]], []),
    ("BENCH-npm-4", "npm", "langchain", "SEMVER", [[("introduced", "0"), ("fixed", "0.3.37"), ("introduced", "1.0.0"), ("fixed", "1.2.3")]], []),
    ("BENCH-npm-5", "npm", "@langchain/core", "SEMVER", [[("introduced", "1.0.0-alpha.1"), ("fixed", "1.1.8")]], []),
    ("BENCH-npm-6", "npm", "n8n-workflow", "ECOSYSTEM", [[("introduced", "0.200.0"), ("last_affected", "1.98.1")]], ["1.120.0"]),
    ("BENCH-npm-7", "npm", "flowise-components", "SEMVER", [[("introduced", "0"), ("fixed", "3.0.6-rc.1")]], []),
    ("BENCH-npm-8", "npm", "promptfoo", "SEMVER", [], ["0.100.0", "0.100.1"]),
    ("BENCH-pypi-1", "PyPI", "transformers", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "4.48.0")]], []),
    ("BENCH-pypi-2", "PyPI", "onnx", "ECOSYSTEM", [[("introduced", "1.13.0rc1"), ("fixed", "1.17.0")]], []),
    ("BENCH-pypi-3", "PyPI", "langchain-community", "ECOSYSTEM", [[("introduced", "0.2.0"), ("last_affected", "0.3.26")]], []),
    ("BENCH-pypi-4", "PyPI", "safetensors", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "0.3.0.post1")]], ["0.4.0"]),
    ("BENCH-pypi-5", "PyPI", "paddlepaddle", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "2.6.0"), ("introduced", "3.0.0b1"), ("fixed", "3.0.0")]], []),
    ("BENCH-go-1", "Go", "github.com/milvus-io/milvus", "SEMVER", [[("introduced", "0"), ("fixed", "0.10.3-0.20251107083001-000000000001")]], []),
    ("BENCH-go-2", "Go", "github.com/mudler/LocalAI", "SEMVER", [[("introduced", "2.0.0+incompatible"), ("fixed", "2.16.0+incompatible")]], []),
    ("BENCH-go-3", "Go", "github.com/tmc/langchaingo", "SEMVER", [[("introduced", "0"), ("fixed", "0.1.14")]], []),
    ("BENCH-go-4", "Go", "github.com/weaviate/weaviate", "SEMVER", [[("introduced", "1.25.0-rc.0"), ("fixed", "1.30.20"), ("introduced", "1.31.0"), ("fixed", "1.31.19")]], []),
    ("BENCH-maven-1", "Maven", "ai.djl:api", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "0.31.1")]], []),
    ("BENCH-maven-2", "Maven", "org.springframework.ai:spring-ai-core", "ECOSYSTEM", [[("introduced", "1.0.0-M3"), ("fixed", "1.0.0-M7")]], []),
    ("BENCH-maven-3", "Maven", "dev.langchain4j:langchain4j", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "1.0.0-beta4")], [("introduced", "1.0.0"), ("last_affected", "1.0.1")]], []),
    ("BENCH-maven-4", "Maven", "com.microsoft.onnxruntime:onnxruntime", "ECOSYSTEM", [[("introduced", "1.12"), ("fixed", "1.17")]], []),
    ("BENCH-maven-5", "Maven", "org.deeplearning4j:deeplearning4j-core", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "1.0.0-M2")]], []),
    ("BENCH-debian-1", "Debian:12", "pytorch", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "1.13.1+dfsg-4+deb12u1")]], []),
    ("BENCH-debian-2", "Debian:12", "llama.cpp", "ECOSYSTEM", [[("introduced", "0"), ("fixed", "5882+dfsg-3~bpo12+1")]], []),
    ("BENCH-debian-3", "Debian:12", "onnxruntime", "ECOSYSTEM", [[("introduced", "1.19.2+dfsg-1"), ("fixed", "1:1.21.0+dfsg-1")]], []),
    ("BENCH-debian-4", "Debian:12", "whisper.cpp", "ECOSYSTEM", [[("introduced", "0")]], []),
]

# Where no client of the registry is at hand: versions as these projects number them. Debian: (binary package, source).
WRITTEN_VERSIONS = {
    ("go", "github.com/ollama/ollama"): "v0.1.20 v0.1.33 v0.1.34-rc1 v0.1.34 v0.1.45 v0.1.46 v0.5.8-0.20250207000000-0123456789ab v0.13.5 v0.13.6 v0.14.0-rc1 v0.17.0 v0.17.1-rc2 v0.17.1 v0.17.2-0.20260210000000-0123456789ab v0.20.0".split(),
    ("go", "github.com/milvus-io/milvus"): "v0.10.2 v0.10.3-0.20240805071211-0123456789ab v0.10.3-0.20251107083000-ffffffffffff v0.10.3-0.20251107083001-000000000001 v0.10.3-0.20251201000000-0123456789ab v0.10.3 v2.3.0+incompatible".split(),
    ("go", "github.com/mudler/LocalAI"): "v1.40.0 v2.0.0+incompatible v2.15.0+incompatible v2.16.0-rc1+incompatible v2.16.0+incompatible v2.29.0+incompatible".split(),
    ("go", "github.com/tmc/langchaingo"): "v0.0.0-20230601000000-0123456789ab v0.1.13 v0.1.14-pre.0 v0.1.14 v0.1.14-0.20251001000000-0123456789ab v0.2.0".split(),
    ("go", "github.com/weaviate/weaviate"): "v1.24.9 v1.25.0-rc.0 v1.25.0-alpha1 v1.30.19 v1.30.20 v1.31.0-rc.1 v1.31.0 v1.31.18 v1.31.19 v1.33.0".split(),
    ("maven", "ai.djl:api"): "0.2.0 0.9.0 0.30.0 0.31.0 0.31.1-SNAPSHOT 0.31.1 0.32.0 0.4.1".split(),
    ("maven", "org.springframework.ai:spring-ai-core"): "1.0.0-M1 1.0.0-M2 1.0.0-M3 1.0.0-M6 1.0.0-M7-SNAPSHOT 1.0.0-M7 1.0.0-M8 1.0.0-RC1 1.0.0-SNAPSHOT 1.0.0".split(),
    ("maven", "dev.langchain4j:langchain4j"): "0.9.0 0.36.2 1.0.0-alpha1 1.0.0-beta3 1.0.0-beta4 1.0.0-beta5 1.0.0-rc1 1.0.0 1.0.1 1.0.2 1.1.0-rc1 1.1.0".split(),
    ("maven", "com.microsoft.onnxruntime:onnxruntime"): "1.2.0 1.11.0 1.12.0 1.12.1 1.16.3 1.17.0-rc1 1.17.0 1.17.1 1.20.0".split(),
    ("maven", "org.deeplearning4j:deeplearning4j-core"): "0.9.1 1.0.0-alpha 1.0.0-beta 1.0.0-beta7 1.0.0-M1 1.0.0-M1.1 1.0.0-M2 1.0.0-M2.1".split(),
    ("debian", "pytorch"): "1.7.1-7 1.13.1+dfsg-4 1.13.1+dfsg-4+deb12u1~1 1.13.1+dfsg-4+deb12u1 1.13.1+dfsg-4+deb12u1+b2 1.13.1+dfsg-5 2.0.1+dfsg-1~exp1 2.6.0+dfsg-7".split(),
    ("debian", "llama.cpp"): "3618+dfsg-1 5882+dfsg-2 5882+dfsg-3~bpo12+1 5882+dfsg-3~ 5882+dfsg-3~bpo12 5882+dfsg-3 6641+dfsg-1".split(),
    ("debian", "onnxruntime"): "1.18.0-2 1.19.2+dfsg-1~exp1 1.19.2+dfsg-1 1.21.0+dfsg-1 1.21.0+dfsg-9 1:1.20.0-1 1:1.21.0+dfsg-1 1:1.21.0+dfsg-1+b1".split(),
    ("debian", "whisper.cpp"): "1.5.0+dfsg-1 1.8.2+dfsg-2".split(),
}
BINARY_OF = {"pytorch": "libtorch2.1", "llama.cpp": "libggml0", "onnxruntime": "libonnxruntime1.19t64", "whisper.cpp": "whisper.cpp"}

# No version of any package can be read from these: a branch, a hash in words, a label that no scheme knows.
NO_VERSIONS = {"pypi": ["main", "2.x-dirty", "nightly_2026"], "npm": ["1.2", "next"], "cargo": [], "go": ["v1", "master"], "maven": [], "debian": []}
