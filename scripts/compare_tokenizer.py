#!/usr/bin/env python3
"""Compare our tokens with those of transformers' BertTokenizer and RobertaTokenizer.

    scripts/compare_tokenizer.py MODEL_DIR [TEXT_FILE ...]

Needs Python with transformers and tokenizers, perl (it knows which code points Unicode 8.0 has),
and make with a compiler: our side is the test tool tests/tokens.c, built on demand.

MODEL_DIR holds tokenizer.json or vocab.txt of a BERT, or tokenizer.json or vocab.json and
merges.txt of a RoBERTa.  Every line of the files and of a generated torture file is encoded by both
sides, as single texts and as pairs, whole and truncated.

BERT: uncased, cased, and two mixed settings of accents and ideographs; the torture file once more
with a vocabulary of all characters, in which no difference can hide behind [UNK].
RoBERTa: as it is; with add_prefix_space, added tokens and a <mask> that takes the space before it,
in tokenizer.json; the directory that we save; and the torture file with a vocabulary of all pairs of
bytes, which shows where pieces end.

Prints the number of differing lines of each run; exit status 1 when there is any.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from transformers import AutoTokenizer, BertTokenizerFast, RobertaTokenizerFast  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BPE_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
SETTINGS = {
    "uncased": dict(do_lower_case=True, strip_accents=None, tokenize_chinese_chars=True),
    "cased": dict(do_lower_case=False, strip_accents=None, tokenize_chinese_chars=True),
    "lower, accents kept": dict(do_lower_case=True, strip_accents=False, tokenize_chinese_chars=True),
    "cased, accents off, ideographs joined": dict(do_lower_case=False, strip_accents=True,
                                                  tokenize_chinese_chars=False),
}


def build_tool():
    listing = subprocess.run(["make", "-s", "-n", "-p"], cwd=ROOT, capture_output=True, text=True).stdout
    build = re.search(r"^B := (\S+)$", listing, re.M).group(1)
    tool = os.path.join(build, "f32", "tests", "tokens")
    subprocess.run(["make", "-s", tool], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(ROOT, tool)


def assigned_in_8():
    """Code points of Unicode 8.0, noncharacters and private use included, surrogates not."""
    program = r'for (0 .. 0x10FFFF) { print "$_\n" if chr($_) =~ /\p{Present_In: 8.0}/ }'
    out = subprocess.run(["perl", "-e", "no warnings;" + program], check=True, capture_output=True, text=True)
    return [c for c in map(int, out.stdout.split()) if not 0xD800 <= c < 0xE000]


def torture(codes):
    """At least 5,000 lines over all these code points, with words, accents, specials and long words."""
    rng = random.Random(8)
    plain = [c for c in codes if c != 10]
    words = ("the Quick bröwn fox's naïve café don't U.S. 3.14 Ångström İstanbul ΌΣΟΣ ςίγμα straße ﬁne "
             "ǅ K Ω 東京 日本語text 한국어 각가 हिन्दी ไทย עִבְרִית Việt\u0323\u0302 e\u0323\u0301 a\u0301\u0316\u0334").split()
    specials = SPECIALS + ["[sep]", "[MASK", "[[SEP]]", "x[CLS]y", "[ MASK ]", "##ing", "[SEP][SEP]"]
    specials += BPE_SPECIALS + [" <mask>", "\u3000<mask> ", "<s", "</s></s>", "x<pad>", "Zebra", "zebras"]
    words += "don't we'll I'VE they're 'tis it's's ''d I'm \u2019s 'LL".split()
    spaces = [" ", "  ", "   ", " \t", "\t ", "\u00a0", "\u2003", "\u3000", "\u200b", "\u2028", "\u0085", "\r", "\x0b", "\x00", "\ufeff", ""]
    marks = [c for c in plain if 0x300 <= c < 0x370 or 0x591 <= c < 0x5C8 or 0x64B <= c < 0x660
             or 0x1DC0 <= c < 0x1E00 or 0x20D0 <= c < 0x20F1 or c in (0x93C, 0x94D, 0xE38, 0x302A, 0x1D165)]
    lines = []
    for i in range(0, len(plain), 40):  # every code point, in order, alone
        lines.append("".join(chr(c) for c in plain[i:i + 40]))
    shuffled = plain[:]
    rng.shuffle(shuffled)
    for i in range(0, len(shuffled), 30):  # and once more between words
        line = ""
        for c in shuffled[i:i + 30]:
            line += rng.choice(words) if rng.random() < 0.3 else rng.choice("abXY")
            line += chr(c) + rng.choice(["", "", "a", " "])
        lines.append(line)
    for _ in range(6000):
        parts = []
        for _ in range(rng.randint(1, 14)):
            kind = rng.random()
            if kind < 0.35:
                parts.append(rng.choice(words))
            elif kind < 0.45:
                parts.append(rng.choice(specials))
            elif kind < 0.60:
                parts.append(chr(rng.choice(plain)))
            elif kind < 0.75:
                base = chr(rng.choice(plain)) if rng.random() < 0.5 else rng.choice("aeIoUn")
                parts.append(base + "".join(chr(rng.choice(marks)) for _ in range(rng.randint(1, 40 if rng.random() < 0.05 else 5))))
            elif kind < 0.80:
                parts.append(rng.choice(["a", "ö", "日", "x\u0301", "-"]) * rng.randint(97, 104))
            elif kind < 0.85:
                parts.append(chr(rng.randint(0xAC00, 0xD7A3)) + chr(rng.randint(0x1100, 0x11FF)))
            elif kind < 0.9:
                parts.append("".join(rng.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~—…“”«»") for _ in range(3)))
            else:
                parts.append("".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCDEFÄÖÜéèß") for _ in range(rng.randint(1, 20))))
            parts.append(rng.choice(spaces))
        lines.append("".join(parts).replace("\n", " "))
    return lines


def read_lines(path):
    with open(path, "rb") as f:
        data = f.read().decode("utf-8", "replace")
    lines = data.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def make_variant(source, target, settings):
    """A copy of a tokenizer's directory with other settings, in both files that hold them."""
    os.makedirs(target)
    config = {}
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        path = os.path.join(source, name)
        if os.path.exists(path):
            shutil.copyfile(path, os.path.join(target, name))
    path = os.path.join(target, "tokenizer_config.json")
    if os.path.exists(path):
        with open(path) as f:
            config = json.load(f)
    config.update(settings)
    with open(path, "w") as f:
        json.dump(config, f)
    path = os.path.join(target, "tokenizer.json")
    if os.path.exists(path):
        with open(path) as f:
            tokenizer = json.load(f)
        tokenizer["normalizer"].update(lowercase=settings["do_lower_case"],
                                       strip_accents=settings["strip_accents"],
                                       handle_chinese_chars=settings["tokenize_chinese_chars"])
        with open(path, "w") as f:
            json.dump(tokenizer, f)


def make_characters(target, codes):
    """A model whose vocabulary is every character, first in a word and inside one."""
    os.makedirs(target)
    tokens = list(SPECIALS)
    whole = [chr(c) for c in codes if not chr(c).isspace() and c not in (0x1c, 0x1d, 0x1e, 0x1f)]
    tokens += whole + ["##" + c for c in whole]
    tokens = [t for t in tokens if t.rstrip() == t and "\x00" not in t]
    with open(os.path.join(target, "vocab.txt"), "w", newline="\n") as f:
        f.write("\n".join(tokens) + "\n")


def is_bpe(model):
    path = os.path.join(model, "tokenizer.json")
    if os.path.exists(path):
        with open(path) as f:
            return "merges" in json.load(f)["model"]
    return os.path.exists(os.path.join(model, "merges.txt"))


def make_changed_bpe(source, target):
    """What a tokenizer.json can say and older files cannot."""
    RobertaTokenizerFast.from_pretrained(source).save_pretrained(target)
    path = os.path.join(target, "tokenizer.json")
    with open(path) as f:
        tokenizer = json.load(f)
    tokenizer["pre_tokenizer"]["add_prefix_space"] = True
    for token in tokenizer["added_tokens"]:
        token["lstrip"] = token["content"] == "<mask>"
    size = 1 + max(tokenizer["model"]["vocab"].values())
    for i, (text, word) in enumerate((("Zebra", True), ("[SEP]", False), ("\u65e5\u672c", False))):
        tokenizer["added_tokens"].append(dict(id=size + i, content=text, single_word=word, lstrip=False,
                                              rstrip=i == 1, normalized=i != 1, special=False))
    with open(path, "w") as f:
        json.dump(tokenizer, f)
    with open(os.path.join(target, "tokenizer_config.json"), "w") as f:
        json.dump(dict(tokenizer_class="RobertaTokenizer", add_prefix_space=True), f)


def make_byte_pairs(target):
    """A BPE whose vocabulary is all bytes and all pairs of bytes, merged in a random order."""
    os.makedirs(target)
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    other = [b for b in range(256) if b not in printable]
    char = {b: chr(b) for b in printable}
    char.update({b: chr(256 + i) for i, b in enumerate(other)})
    pairs = [(char[a], char[b]) for a in range(256) for b in range(256)]
    random.Random(9).shuffle(pairs)
    tokens = BPE_SPECIALS[:4] + [char[b] for b in range(256)] + [a + b for a, b in pairs] + ["<mask>"]
    with open(os.path.join(target, "vocab.json"), "w") as f:
        json.dump({t: i for i, t in enumerate(tokens)}, f)
    with open(os.path.join(target, "merges.txt"), "w") as f:
        f.write("#version: 0.2\n" + "".join("%s %s\n" % p for p in pairs))


def ours(tool, model, lines, max_length, pair):
    command = [tool, model, str(max_length)] + (["pair"] if pair else [])
    data = "".join(line + "\n" for line in lines).encode()
    run = subprocess.run(command, input=data, capture_output=True)
    if run.returncode != 0:
        sys.exit("%s: %s" % (" ".join(command), run.stderr.decode()))
    print("      (ours: %s)" % run.stderr.decode().strip())
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def theirs(tokenizer, lines, max_length, pair):
    options = dict(truncation=True, max_length=max_length) if max_length else dict(truncation=False)
    out = []
    for at in range(0, len(lines), 256):  # small batches: tokenizers also builds all that it cuts off
        some = lines[at:at + 256]
        if pair:
            halves = [line.split("\t", 1) for line in some]
            out += tokenizer([h[0] for h in halves], [h[1] for h in halves], padding=False, **options)["input_ids"]
        else:
            out += tokenizer(some, padding=False, **options)["input_ids"]
    return out


def compare(tool, tokenizer, model, what, lines, max_length, pair):
    got = ours(tool, model, lines, max_length, pair)
    want = theirs(tokenizer, lines, max_length, pair)
    assert len(got) == len(want) == len(lines), (len(got), len(want), len(lines))
    bad = [i for i in range(len(lines)) if got[i] != want[i]]
    print("    %-34s %-6s max_length %-4d %7d lines, %d differ"
          % (what, "pair" if pair else "single", max_length, len(lines), len(bad)), flush=True)
    for i in bad[:3]:
        print("      line %d: %r\n        ours   %s\n        theirs %s" % (i + 1, lines[i][:200], got[i][:40], want[i][:40]))
    return len(bad)


def as_pairs(lines):
    """Neighbouring lines become a and b."""
    clean = [line.replace("\t", " ") for line in lines]
    return [clean[i] + "\t" + clean[(i + 1) % len(clean)] for i in range(len(clean))]


def compare_all_ways(tool, tokenizer, model, what, lines, special, first):
    """One set of lines, alone and as pairs, whole and truncated; how many differ."""
    differing = compare(tool, tokenizer, model, what, lines, 0, False)
    pairs = as_pairs(lines)
    differing += compare(tool, tokenizer, model, what, lines, 64, False)
    for max_length in (0, 64):
        differing += compare(tool, tokenizer, model, what, pairs, max_length, True)
    if what == "torture" and first:
        short = as_pairs([line[:12] for line in lines])
        for max_length in (special, special + 1, special + 6, special + 13):
            differing += compare(tool, tokenizer, model, "torture, first 12", short, max_length, True)
    return differing


def compare_bert(tool, source, scratch, torture_sets, file_sets):
    differing = 0
    characters = os.path.join(scratch, "characters")
    make_characters(characters, assigned_in_8())
    for number, (name, settings) in enumerate(SETTINGS.items()):
        for kind, origin in (("model", source), ("all characters", characters)):
            model = os.path.join(scratch, "%d-%s" % (number, kind.replace(" ", "-")))
            make_variant(origin, model, settings)
            first = number < 2  # the two settings that models have
            sets = torture_sets + (file_sets if kind == "model" and first else [])
            if not sets:
                continue
            tokenizer = BertTokenizerFast.from_pretrained(model)
            print("%s, %s" % (name, kind))
            for what, lines in sets:
                differing += compare_all_ways(tool, tokenizer, model, what, lines, 3, first)
    return differing


def compare_bpe(tool, source, scratch, torture_sets, file_sets):
    differing = 0
    changed, saved, again, pairs = (os.path.join(scratch, n) for n in ("changed", "saved", "again", "pairs"))
    make_changed_bpe(source, changed)
    make_byte_pairs(pairs)
    for origin, target in ((source, saved), (changed, again)):
        os.makedirs(target)
        subprocess.run([tool, origin, "save", target], check=True)
    theirs = RobertaTokenizerFast.from_pretrained(source)
    for name, model, tokenizer, sets in (
            ("as it is", source, theirs, torture_sets + file_sets),
            ("saved by us, read by us", saved, theirs, torture_sets),
            ("saved by us, read by transformers", source, AutoTokenizer.from_pretrained(saved), torture_sets),
            ("prefix space and added tokens", changed, AutoTokenizer.from_pretrained(changed),
             torture_sets + file_sets),
            ("the same, saved by us, read by transformers", changed, AutoTokenizer.from_pretrained(again),
             torture_sets),
            ("all pairs of bytes", pairs, RobertaTokenizerFast.from_pretrained(pairs), torture_sets)):
        if sets:
            print(name)
        for what, lines in sets:
            differing += compare_all_ways(tool, tokenizer, model, what, lines, 4, name == "as it is")
    return differing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("texts", nargs="*")
    parser.add_argument("--files-only", action="store_true", help="leave the torture file out")
    options = parser.parse_args()
    tool = build_tool()
    codes = assigned_in_8()
    lines = torture(codes)
    print("torture file: %d lines over %d code points of Unicode 8.0" % (len(lines), len(codes)))
    torture_sets = [] if options.files_only else [("torture", lines)]
    file_sets = [(os.path.join(os.path.basename(os.path.dirname(p)), os.path.basename(p)), read_lines(p))
                 for p in options.texts]
    compare_kind = compare_bpe if is_bpe(options.model) else compare_bert
    with tempfile.TemporaryDirectory() as scratch:
        differing = compare_kind(tool, options.model, scratch, torture_sets, file_sets)
    print("%d differing lines" % differing)
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
