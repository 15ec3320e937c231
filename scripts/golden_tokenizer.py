#!/usr/bin/env python3
"""Write tests/golden/tokenizer_cases.json and bpe_cases.json: texts and transformers' ids of them.

    scripts/golden_tokenizer.py > tests/golden/tokenizer_cases.json
    scripts/golden_tokenizer.py bpe > tests/golden/bpe_cases.json

Needs transformers and tokenizers.  The vocabularies are small and made here.
"""
import json
import os
import string
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import tokenizers  # noqa: E402
import transformers  # noqa: E402
from transformers import BertTokenizerFast, RobertaTokenizerFast  # noqa: E402

LETTERS = string.ascii_letters + string.digits + "éüßıøłчбаωσς日本語東京\u4e00\u3400한각हनदไแאבא\u0301\u0307\u0323ﬁǆ"
JAMO = "\u1112\u1161\u11ab\u1100\u11a8"
WORDS = ["the", "cat", "un", "##able", "##aff", "aff", "run", "##ning", "cafe", "##e", "Cat", "The", "sat", "##s", "don",
         "naive", "##ive", "caf\u00e9", "strasse", "stra\u00dfe", "i\u0307", "x" * 50, "##" + "y" * 50]
VOCAB = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
for token in list(string.punctuation) + list(LETTERS + JAMO) + ["##" + c for c in LETTERS + JAMO] + WORDS:
    if token not in VOCAB:
        VOCAB.append(token)

TEXTS = [
    "", " ", "the cat", "The CAT sat.", "unaffable running cats", "caf\u00e9 cafe\u0301 CAFE\u0301", "na\u00efve Na\u0131ve",
    "don't!? (a)-[b] $5.00 ~`^|<>+=", "a\tb\nc\r\nd\x0be\x0cf\x85g", "a\u00a0b\u2003c\u3000d\u2028e\u200bf\u200dg\ufeffh",
    "a\u0001b\u0007c\u007fd\u009fe\u00adf\ue000g\ufffdh\uffffi", "\u65e5\u672c\u8a9ethe\u6771\u4eaccat \u4e00\u3400\uf900",
    "\U00020000a\U0002a6dfb\U0002f800c\U0002b820d", "\ud55c\uad6d \uac01 \u1100\u1161\u11a8", "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22 \u0e41",
    "\u05d0\u05b7\u05d1\u05bc", "\u0130stanbul I\u0307 \u0131", "\u03a3\u03a3 \u03c3\u03c2 \u03a9 \u2126", "Stra\u00dfe STRASSE \ufb01 \u01c4 \u01c5",
    "a\u0323\u0301 a\u0301\u0323 e\u0316\u0334\u0301", "\u1ec7 \u1e69 \u1f82", "\u00bfa\u00a1 \u2014b\u2026 \u00ab\u00bb \u3001\u3002 \u166d",
    "[CLS] the [SEP] cat[MASK]s [mask] [UNK][PAD]", "x[SEP]y [[SEP]] [SEP", "##s ## able", "a" * 99, "a" * 100, "a" * 101,
    "\u00e9" * 100, "\u00e9" * 101, "b" * 100 + " c " + "d" * 200, "x" * 50 + "y" * 50, "x" * 50 + "y" * 51, "the\U0001f600cat \U0001f600",
    "\u0898a\u08e1 \u1abf \u1e94a", "\u061d\u2e5d \u10d24", "0123456789 3.14 1,000", "\u00c5\u00d8\u0141 \u0427\u0411\u0410",
]
PAIRS = [("the cat sat", "a cat ran"), ("", ""), ("", "the"), ("the", ""), ("a b c d e f g h", "the"), ("the", "a b c d e f g h"),
         ("a b c d e", "f g h i j"), ("a b c d e f", "g h i j"), ("a b c", "d e f g h i j k l"), ("[SEP] caf\u00e9", "\u65e5\u672c [MASK]")]


# What cutting into pieces depends on: contractions, digits, runs of white space, and special tokens.
BPE_TEXTS = TEXTS + [
    "don't we'll I'VE they're 'tis it's's ''d I'm 'LL 'v 'r", "a  b   c \t d\t\te \n", "  two", "trail  ", "\t", "   ",
    "x\u00a0 y \u00a0z", "1234 12a3 \u0663\u0664 \u00bd", "<s> a </s> b<mask> c  <mask><pad>", "<unk> <s", "caf\u00e9 CAF\u00c9 \U0001f600\U0001f600",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "thethethecat unaffable",
]
BPE_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def cases(tokenizer, texts=TEXTS, least=2):
    for text in texts:
        yield dict(a=text, max_length=0, ids=tokenizer(text, truncation=False)["input_ids"])
    for max_length in (2, 3, 5, 8):
        for text in TEXTS[2:8]:
            yield dict(a=text, max_length=max_length, ids=tokenizer(text, truncation=True, max_length=max_length)["input_ids"])
    for a, b in PAIRS:
        for max_length in (0, least + 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13):
            options = dict(truncation=True, max_length=max_length) if max_length else dict(truncation=False)
            out = tokenizer([a], [b], **options)  # as a batch: alone, transformers takes b = "" for no b
            types = out["token_type_ids"][0] if "token_type_ids" in out else [0] * len(out["input_ids"][0])
            yield dict(a=a, b=b, max_length=max_length, ids=out["input_ids"][0], types=types)


def bpe():
    learnt = tokenizers.ByteLevelBPETokenizer()
    words = [" ".join(w.removeprefix("##") for w in WORDS if len(w) < 20)] * 2
    learnt.train_from_iterator(words + TEXTS + BPE_TEXTS, vocab_size=420, min_frequency=2, show_progress=False,
                               special_tokens=BPE_SPECIALS)
    with tempfile.TemporaryDirectory() as model:
        learnt.save_model(model)
        with open(os.path.join(model, "vocab.json")) as f:
            vocab = json.load(f)
        with open(os.path.join(model, "merges.txt")) as f:
            merges = f.read()
        models = []
        for config in (dict(add_prefix_space=False), dict(add_prefix_space=True)):
            with open(os.path.join(model, "tokenizer_config.json"), "w") as f:
                json.dump(config, f)
            tokenizer = RobertaTokenizerFast.from_pretrained(model)
            models.append(dict(config=config, cases=list(cases(tokenizer, BPE_TEXTS, 3))))
    return dict(vocab=vocab, merges=merges, models=models)


def made_by():
    return "scripts/golden_tokenizer.py, transformers %s, tokenizers %s" % (transformers.__version__, tokenizers.__version__)


def main():
    if sys.argv[1:] == ["bpe"]:
        json.dump(dict(made_by=made_by(), **bpe()), sys.stdout, separators=(",", ":"))
        sys.stdout.write("\n")
        return
    models = []
    for lower, accents, chinese in ((True, None, True), (False, None, True), (True, False, True), (False, True, False)):
        config = dict(do_lower_case=lower, strip_accents=accents, tokenize_chinese_chars=chinese)
        with tempfile.TemporaryDirectory() as model:
            with open(os.path.join(model, "vocab.txt"), "w") as f:
                f.write("\n".join(VOCAB) + "\n")
            with open(os.path.join(model, "tokenizer_config.json"), "w") as f:
                json.dump(config, f)
            tokenizer = BertTokenizerFast.from_pretrained(model)
            models.append(dict(config=config, cases=list(cases(tokenizer))))
    json.dump(dict(made_by=made_by(), vocab=VOCAB, models=models), sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
