"""Signatures of jingwei and of model-signing 1.1.1, each verified by the other.

    pip install model-signing==1.1.1 pyopenssl blake3 cryptography
    python3 peers/signatures.py target/release/jingwei

Prints one line per curve, hash, method and direction; exits 1 if one of them disagrees or a changed file is not noticed.
"""

import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing import hashing, signing, verifying

CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
HASHES = {"sha256": "sha256", "blake2b": "blake2", "blake3": "blake3"}
SHARD = 1000


def make_model(folder):
    (folder / "sub" / "deep").mkdir(parents=True)
    for name, content in {
        "weights.bin": bytes(range(256)) * 40,
        "sub/config.json": b"{}",
        "sub-b": b"x",
        "sub/deep/模型.txt": "说明".encode(),
        "exact.bin": bytes(SHARD),
        ".gitignore": b"*",
    }.items():
        (folder / name).write_bytes(content)


def main(jingwei):
    failures = 0
    with tempfile.TemporaryDirectory() as base:
        base = pathlib.Path(base)
        model = base / "model"
        make_model(model)
        for curve, kind in CURVES.items():
            key = ec.generate_private_key(kind)
            private, public = base / f"{curve}.pem", base / f"{curve}.pub.pem"
            private.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            public.write_bytes(
                key.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
            for ours, theirs in HASHES.items():
                for method in ("files", "shards"):
                    if method == "shards" and ours == "blake3":
                        continue  # the reference has no shards with BLAKE3
                    line = f"{curve} {ours} {method}"
                    failures += not both_ways(line, jingwei, base, model, private, public, ours, theirs, method)
    print("agreed" if not failures else f"{failures} disagreements")
    return 1 if failures else 0


def both_ways(line, jingwei, base, model, private, public, ours, theirs, method):
    config = hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=True)
    if method == "files":
        config.use_file_serialization(hashing_algorithm=theirs)
    else:
        config.use_shard_serialization(hashing_algorithm=theirs, shard_size=SHARD)
    reference = base / "reference.sig"
    signing.Config().use_elliptic_key_signer(private_key=private).set_hashing_config(config).sign(model, reference)
    verify = [jingwei, "scan", "verify", model, "--signature", reference, "--key", public, "--format", "json"]
    accepted = subprocess.run(verify, capture_output=True).returncode == 0

    own = base / "own.sig"
    command = [jingwei, "scan", "sign", model, "--key", private, "--out", own, "--hash", ours]
    if method == "shards":
        command += ["--shard", str(SHARD)]
    subprocess.run(command, check=True, capture_output=True)

    def reference_accepts():
        try:
            # Told the method, because of its own signatures it can guess neither shards nor BLAKE2 (1.1.1).
            verifier = verifying.Config().use_elliptic_key_verifier(public_key=public).set_hashing_config(config)
            verifier.verify(model, own)
            return True
        except ValueError:
            return False

    believed = reference_accepts()
    changed = model / "sub" / "config.json"
    before = changed.read_bytes()
    changed.write_bytes(b"[]")
    noticed = subprocess.run(verify, capture_output=True).returncode == 1 and not reference_accepts()
    changed.write_bytes(before)
    print(f"{line:<22} reference → jingwei {accepted}  jingwei → reference {believed}  change noticed {noticed}")
    return accepted and believed and noticed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
