#!/usr/bin/env python3
"""Compare our tokens with those of transformers' BertTokenizerFast.

    scripts/compare_tokenizer.py MODEL_DIR [TEXT_FILE ...]

Needs Python with transformers and tokenizers, perl (it knows which code points Unicode 8.0 has),
and make with a compiler: our side is the test tool tests/tokens.c, built on demand.

MODEL_DIR holds tokenizer.json or vocab.txt of a BERT.  Every line of the files and of a generated
torture file is encoded by both sides: uncased, cased, and two mixed settings of accents and
ideographs; as single texts and as pairs; whole and truncated.  The torture file is encoded once
more with a vocabulary of all characters, in which no difference can hide behind [UNK].  Prints the
number of differing lines of each run; exit status 1 when there is any.
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
from transformers import BertTokenizerFast  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
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
    spaces = [" ", "  ", "\u00a0", "\u2003", "\u3000", "\u200b", "\u2028", "\u0085", "\r", "\x0b", "\x00", "\ufeff", ""]
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
    sets = [(os.path.join(os.path.basename(os.path.dirname(p)), os.path.basename(p)), read_lines(p)) for p in options.texts]
    differing = 0
    with tempfile.TemporaryDirectory() as scratch:
        characters = os.path.join(scratch, "characters")
        make_characters(characters, codes)
        for number, (name, settings) in enumerate(SETTINGS.items()):
            for kind, source in (("model", options.model), ("all characters", characters)):
                model = os.path.join(scratch, "%d-%s" % (number, kind.replace(" ", "-")))
                make_variant(source, model, settings)
                first = number < 2  # the two settings that models have
                sets_here = [] if options.files_only else [("torture", lines)]
                sets_here += sets if kind == "model" and first else []
                if not sets_here:
                    continue
                tokenizer = BertTokenizerFast.from_pretrained(model)
                print("%s, %s" % (name, kind))
                for what, some in sets_here:
                    differing += compare(tool, tokenizer, model, what, some, 0, False)
                    pairs = as_pairs(some)
                    differing += compare(tool, tokenizer, model, what, some, 64, False)
                    for max_length in (0, 64):
                        differing += compare(tool, tokenizer, model, what, pairs, max_length, True)
                    if what != "torture" or not first:
                        continue
                    short = as_pairs([line[:12] for line in some])
                    for max_length in (3, 4, 9, 16):
                        differing += compare(tool, tokenizer, model, "torture, first 12", short, max_length, True)
    print("%d differing lines" % differing)
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
