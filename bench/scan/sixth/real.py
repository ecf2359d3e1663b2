"""Collects the real model files of the sixth set, by the code of ../unseen/real.py and this folder's real.json. usage: real.py OUT [--only PACKAGE...]"""
import importlib.util, pathlib

HERE = pathlib.Path(__file__).resolve().parent
FRAME = HERE.parent / "unseen" / "real.py"
spec = importlib.util.spec_from_file_location("unseen_real", FRAME)
collector = importlib.util.module_from_spec(spec)
spec.loader.exec_module(collector)
collector.HERE = HERE  # where it looks for real.json

if __name__ == "__main__":
    collector.main()
