#!/usr/bin/env python3
"""Exchange model directories with transformers, both ways, and compare logits and token ids.

    scripts/check_hf.py ours MODEL [--texts FILE] [--pair]
        MODEL is a run directory or checkpoint of acf-train.  It must load with
        AutoModelForSequenceClassification.from_pretrained without missing, unexpected or mismatched
        weights; on 200 texts its logits must differ by less than 1e-4 from those of
        `acf-predict MODEL --format jsonl --tokens`, and token ids and labels not at all.

    scripts/check_hf.py theirs HF_DIR [--texts FILE]
        HF_DIR is a BERT-family directory such as MiniLM.  Writes two classifiers with
        save_pretrained, one small and random with a pair of classes, one from HF_DIR with named
        labels, each with the tokenizer of HF_DIR, and demands the same of acf-predict, and of
        acf-eval the accuracy that transformers' predictions have.

FILE has one text a line; without it texts are made from the vocabulary, with some hard ones.
Needs torch, transformers and safetensors.  Exit 1 when something differs.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin slow a busy machine down

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 1e-4

HARD_TEXTS = [
    "", " ", "Café naïve ÉCOLE", "don't stop-believing ... (really?!)", "東京 is not 北京",
    "x" * 101 + " end", "[MASK] and [SEP] in the text", "tab-free\u00a0nbsp \u200bzero width",
    "emoji \U0001f600 family", "ａｂｃ ﬁ ligature", "İstanbul ß ẞ", "e\u0301 a\u0308 marks",
    "1,000.50 $ 3% #tag @user a_b", "very " * 300,
]


def make_texts(tokenizer, count=200):
    rng = random.Random(3)
    words = sorted(w for w in tokenizer.get_vocab() if w.isalpha())
    texts = list(HARD_TEXTS)
    while len(texts) < count:
        words_here = rng.choices(words, k=rng.randint(1, 40))
        texts.append(" ".join(w.upper() if rng.random() < 0.1 else w for w in words_here))
    return texts


def hugging_face(directory, texts, pairs, max_length):
    """Token ids and logits of each text by transformers, one at a time: no padding."""
    model, info = transformers.AutoModelForSequenceClassification.from_pretrained(
        directory, output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[key]:
            sys.exit(f"FAIL {directory}: {key}: {sorted(info[key])}")
    if info.get("error_msgs"):
        sys.exit(f"FAIL {directory}: {info['error_msgs']}")
    model.eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    how = {"truncation": True, "return_tensors": "pt"}
    if max_length:
        how["max_length"] = max_length
    ids, logits = [], []
    with torch.no_grad():
        for text, pair in zip(texts, pairs):
            # As lists: for a pair of strings transformers takes an empty second text for none.
            encoded = tokenizer([text], None if pair is None else [pair], **how)
            ids.append(encoded["input_ids"][0].tolist())
            logits.append(model(**encoded).logits[0].tolist())
    return ids, logits, model.config.id2label


def predict(args, directory, texts, pairs):
    lines = [t if p is None else f"{t}\t{p}" for t, p in zip(texts, pairs)]
    command = [args.programs / "acf-predict", directory, "-", "--format", "jsonl", "--tokens"]
    if pairs[0] is not None:
        command.append("--pair")
    done = subprocess.run([str(c) for c in command], input="".join(x + "\n" for x in lines),
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def max_length_of(directory):
    """The run's max_length from acf.json, when the directory is ours."""
    path = pathlib.Path(directory) / "acf.json"
    if not path.is_file():
        return None
    def search(tree):
        if isinstance(tree, dict):
            for key, value in tree.items():
                found = value if key == "max_length" else search(value)
                if found is not None:
                    return found
        return None
    return search(json.loads(path.read_text(encoding="utf-8")))


def compare(args, directory, texts, pairs, what):
    """True when acf-predict agrees with transformers on every text."""
    ids, logits, names = hugging_face(directory, texts, pairs, max_length_of(directory))
    rows = predict(args, directory, texts, pairs)
    if len(rows) != len(texts):
        print(f"FAIL {what}: {len(rows)} predictions for {len(texts)} texts")
        return False
    worst, bad_ids, bad_labels = 0.0, 0, 0
    for text, row, want_ids, want in zip(texts, rows, ids, logits):
        if row["input_ids"] != want_ids:
            bad_ids += 1
            if bad_ids <= 3:
                print(f"  ids differ: {text[:60]!r}\n    ours   {row['input_ids'][:20]}"
                      f"\n    theirs {want_ids[:20]}")
        differences = [abs(a - b) for a, b in zip(row["logits"], want, strict=True)]
        worst = max([worst, *(d if d == d else float("inf") for d in differences)])
        margin = sorted(want)[-1] - sorted(want)[-2]
        top = names[max(range(len(want)), key=want.__getitem__)]
        bad_labels += row["label"] != top and margin > LIMIT
    good = worst < LIMIT and bad_ids == 0 and bad_labels == 0
    print(f"{'ok  ' if good else 'FAIL'} {what}: {len(texts)} texts, logits differ by at most "
          f"{worst:.2e}, {bad_ids} token lists and {bad_labels} labels differ")
    return good


def check_eval(args, directory, texts, scratch, what):
    """acf-eval on a file whose labels are transformers' predictions, every third one wrong."""
    _, logits, names = hugging_face(directory, texts, [None] * len(texts), None)
    rows, right = [], 0
    for i, (text, row) in enumerate(zip(texts, logits)):
        best = max(range(len(row)), key=row.__getitem__)
        gold = best if i % 3 else (best + 1) % len(row)
        right += gold == best
        rows.append(f"{text}\t{names[gold]}\n")
    path = scratch / "eval.tsv"
    path.write_text("text\tlabel\n" + "".join(rows), encoding="utf-8")
    done = subprocess.run([str(args.programs / "acf-eval"), str(directory), "--data", str(path),
                           "--task", "text", "--set", "data.columns={text: text, label: label}",
                           "--json"], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    result = json.loads(done.stdout)
    got, want = result["linear"]["accuracy"], right / len(texts)
    good = abs(got - want) < 1e-9 and result["n"] == len(texts)
    print(f"{'ok  ' if good else 'FAIL'} {what}: acf-eval accuracy {got:.6f}, expected {want:.6f}")
    return good


def write_theirs(source, scratch):
    """Two classifiers as current transformers saves them: (name, directory)."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    torch.manual_seed(11)
    small = transformers.BertForSequenceClassification(transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=80, num_labels=2, initializer_range=0.15))
    large = transformers.AutoModelForSequenceClassification.from_pretrained(
        source, id2label={0: "negative", 1: "neutral, or both", 2: "positive"},
        label2id={"negative": 0, "neutral, or both": 1, "positive": 2})
    torch.nn.init.normal_(large.classifier.weight, std=0.5)
    made = []
    for name, model in (("small random", small), ("pre-trained", large)):
        directory = scratch / name.replace(" ", "-")
        model.save_pretrained(directory)
        tokenizer.save_pretrained(directory)
        made.append((name, directory))
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["ours", "theirs"])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path, help="one text a line; the first 200")
    parser.add_argument("--pair", action="store_true", help="also pairs of texts")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT, help="where acf-predict is")
    args = parser.parse_args()
    torch.set_num_threads(2)
    transformers.logging.set_verbosity_error()

    directory = args.directory
    if (directory / "best").exists():
        directory = directory / "best"
    if args.texts:
        texts = args.texts.read_text(encoding="utf-8").split("\n")[:200]
    else:
        texts = make_texts(transformers.AutoTokenizer.from_pretrained(directory))
    alone = [None] * len(texts)
    pairs = texts[1:] + texts[:1]

    if args.mode == "ours":
        good = compare(args, directory, texts, alone, str(directory))
        if args.pair:
            good &= compare(args, directory, texts, pairs, f"{directory}, pairs")
        return int(not good)
    good = True
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        for what, made in write_theirs(directory, scratch):
            good &= compare(args, made, texts, alone, what)
            good &= compare(args, made, texts, pairs, f"{what}, pairs")
            good &= check_eval(args, made, [t for t in texts if t.strip()], scratch, what)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
