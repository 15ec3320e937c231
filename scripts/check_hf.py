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

    scripts/check_hf.py families
        Nothing is needed: for BERT, RoBERTa, DistilBERT and ELECTRA, small random classifiers and
        tokenizers are made here.  `theirs` for each; then acf-train starts from the encoder without
        its classifier, as it stands in a masked-language model, and from the classifier, makes two
        updates, and `ours` for each of the runs, one of them without a pooler, which must load with
        AutoModel.

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

import tokenizers
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 1e-4

HARD_TEXTS = [
    "", " ", "Café naïve ÉCOLE", "don't stop-believing ... (really?!)", "東京 is not 北京",
    "x" * 101 + " end", "[MASK] and [SEP] in the text", "tab-free\u00a0nbsp \u200bzero width",
    "emoji \U0001f600 family", "ａｂｃ ﬁ ligature", "İstanbul ß ẞ", "e\u0301 a\u0308 marks",
    "1,000.50 $ 3% #tag @user a_b", "very " * 300, "a <pad> here, <mask> there </s><s>",
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


def make_tokenizers(scratch):
    """A WordPiece and a byte-level BPE, learnt from a few words: directories by kind."""
    rng = random.Random(5)
    syllables = [a + b for a in "bdfghklmnprstvw" for b in "aeiou"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(600)]
    lines = [" ".join(rng.choices(words, k=12)) for _ in range(400)] + HARD_TEXTS
    pieces = tokenizers.BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(lines, vocab_size=700, show_progress=False)
    bytes_ = tokenizers.ByteLevelBPETokenizer()
    bytes_.train_from_iterator(lines, vocab_size=700, show_progress=False,
                               special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    made = {"wordpiece": scratch / "wordpiece", "bpe": scratch / "bpe"}
    for kind, tokenizer in (("wordpiece", pieces), ("bpe", bytes_)):
        made[kind].mkdir()
        tokenizer.save_model(str(made[kind]))
    return made


def make_families(size):
    """(name, kind of tokenizer, class, configuration) of small networks of all families."""
    t = transformers
    common = dict(vocab_size=size, initializer_range=0.15)
    sizes = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=80)
    labels = dict(id2label={0: "no", 1: "maybe", 2: "yes"}, label2id={"no": 0, "maybe": 1, "yes": 2})
    return [
        ("bert", "wordpiece", t.BertTokenizer, t.BertConfig(**common, **sizes, **labels)),
        ("roberta", "bpe", t.RobertaTokenizer, t.RobertaConfig(
            **common, **sizes, **labels, max_position_embeddings=130, type_vocab_size=1,
            layer_norm_eps=1e-5)),
        ("roberta-two-types", "bpe", t.RobertaTokenizer, t.RobertaConfig(
            **common, **sizes, **labels, classifier_dropout=0.3)),
        ("distilbert", "wordpiece", t.DistilBertTokenizer, t.DistilBertConfig(
            **common, **labels, dim=48, n_layers=3, n_heads=4, hidden_dim=80)),
        ("electra", "wordpiece", t.BertTokenizer, t.ElectraConfig(
            **common, **sizes, **labels, embedding_size=32)),
        ("electra-wide", "wordpiece", t.BertTokenizer, t.ElectraConfig(
            **common, **sizes, **labels, embedding_size=48, hidden_act="gelu_new")),
    ]


def train(args, encoder, out, texts, scratch, *settings):
    """Two updates by acf-train from a directory; its standard error."""
    data = scratch / "train.tsv"
    rows = [f"{t}\t{('no', 'maybe', 'yes')[i % 3]}\n" for i, t in enumerate(texts) if t.strip()]
    data.write_text("text\tlabel\n" + "".join(rows), encoding="utf-8")
    config = scratch / "train.yaml"
    config.write_text(
        f"schema: 1\ntask: text\ndata: {{train: {data}, columns: {{text: text, label: label}}}}\n"
        f"model: {{encoder: {encoder}, max_length: 64}}\ntrain: {{steps: 2, batch_size: 8}}\n"
        f"save: {{dir: {out}}}\n", encoding="utf-8")
    command = [args.programs / "acf-train", "--config", config]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run([str(c) for c in command], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"FAIL acf-train from {encoder}: {done.stderr}")
    return done.stderr


def check_family(args, name, config, tokenizer, scratch):
    torch.manual_seed(13)
    here = scratch / name
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    model.save_pretrained(here / "classifier")
    masked = transformers.AutoModelForMaskedLM.from_config(config)
    masked.save_pretrained(here / "masked")
    for part in ("classifier", "masked"):
        tokenizer.save_pretrained(here / part)
    texts = make_texts(tokenizer)
    alone, pairs = [None] * len(texts), texts[1:] + texts[:1]
    good = compare(args, here / "classifier", texts, alone, f"{name}, theirs")
    good &= compare(args, here / "classifier", texts, pairs, f"{name}, theirs, pairs")

    log = train(args, here / "classifier", here / "run", texts, scratch)
    if "random" in log or "not used" in log or "dropped" in log:
        good = False
        print(f"FAIL {name}: acf-train from a classifier says:\n{log}")
    good &= compare(args, here / "run" / "best", texts, alone, f"{name}, ours from a classifier")
    log = train(args, here / "masked", here / "masked-run", texts, scratch)
    if "not used" in log or log.count("starts from random values") != 2:  # a weight and a bias
        good = False
        print(f"FAIL {name}: acf-train from a masked-language model says:\n{log}")
    good &= compare(args, here / "masked-run" / "best", texts, alone, f"{name}, ours from a body")
    good &= compare(args, here / "masked-run" / "best", texts, pairs, f"{name}, ours, pairs")

    train(args, here / "classifier", here / "mean", texts, scratch, "model.pooling=mean")
    _, info = transformers.AutoModel.from_pretrained(here / "mean" / "best",
                                                     output_loading_info=True)
    missing = [k for k in info["missing_keys"] if not k.startswith("pooler.")]
    extra = [k for k in info["unexpected_keys"] if not k.startswith("classifier.")]
    print(f"{'FAIL' if missing or extra else 'ok  '} {name}, ours with pooling mean, by AutoModel")
    return good and not missing and not extra


def check_families(args):
    good = True
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        vocabularies = make_tokenizers(scratch)
        for family, kind, tokenizer_class, config in make_families(700):
            tokenizer = tokenizer_class.from_pretrained(vocabularies[kind])
            behind_padding = 2 if config.model_type == "roberta" else 0
            tokenizer.model_max_length = config.max_position_embeddings - behind_padding
            good &= check_family(args, family, config, tokenizer, scratch)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["ours", "theirs", "families"])
    parser.add_argument("directory", type=pathlib.Path, nargs="?")
    parser.add_argument("--texts", type=pathlib.Path, help="one text a line; the first 200")
    parser.add_argument("--pair", action="store_true", help="also pairs of texts")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT, help="where acf-predict is")
    args = parser.parse_args()
    torch.set_num_threads(2)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()

    if args.mode == "families":
        return int(not check_families(args))
    directory = args.directory
    if directory is None:
        parser.error(f"{args.mode} needs a directory")
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
