"""Collects the real model files of the fourth set, by the code of ../unseen/real.py and this folder's real.json. usage: real.py OUT [--only PACKAGE...]

Every package is fetched as a wheel by name and pinned version; only listed files with the listed SHA-256 are kept.
"""
import importlib.util, pathlib

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("unseen_real", HERE.parent / "unseen" / "real.py")
collector = importlib.util.module_from_spec(spec)
spec.loader.exec_module(collector)
collector.HERE = HERE  # where it looks for real.json

if __name__ == "__main__":
    collector.main()
