#!/usr/bin/env python3
"""Print the tables of src/text/codepoint_late.h.

Hugging Face's tokenizers carries character tables of an older Unicode than utf8proc does (and a
newer one for lower case).  This asks both about every code point and prints where they differ, as C
initialisers.  Needs the Python package tokenizers and the library libutf8proc.so.2; run it again
when either changes:

    scripts/unicode_exceptions.py > src/text/codepoint_late.h && clang-format-14 -i src/text/codepoint_late.h
"""
import ctypes
import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

SURROGATES = range(0xD800, 0xE000)
CODES = [c for c in range(0x110000) if c not in SURROGATES]
DECOMPOSE = (1 << 4) | (1 << 1)


class Property(ctypes.Structure):
    _fields_ = [("category", ctypes.c_int16), ("combining_class", ctypes.c_int16)]


proc = ctypes.CDLL("libutf8proc.so.2")
proc.utf8proc_category_string.restype = ctypes.c_char_p
proc.utf8proc_version.restype = ctypes.c_char_p
proc.utf8proc_get_property.restype = ctypes.POINTER(Property)


def category(c):
    return proc.utf8proc_category_string(c).decode()


def combining_class(c):
    return proc.utf8proc_get_property(c).contents.combining_class


def decompose(c):
    out = (ctypes.c_int32 * 32)()
    boundary = ctypes.c_int(0)
    n = proc.utf8proc_decompose_char(c, out, 32, DECOMPOSE, ctypes.byref(boundary))
    return "".join(chr(x) for x in out[:n])


def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    options.update(on)
    return normalizers.BertNormalizer(**options).normalize_str


def ranges(codes):
    out = []
    for c in codes:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def table(name, comment, codes):
    found = ranges(codes)
    print("/* %s */" % comment)
    print("static const acf_code_range %s[] = {" % name)
    print(",\n".join("{0x%X, 0x%X}" % (a, b) for a, b in found) + ",")
    print("};\n")


clean, lower, strip = bert(clean_text=True), bert(lowercase=True), bert(strip_accents=True)
nfd = normalizers.NFD().normalize_str
split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
pieces = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str

kept, whole, marks, not_marks, puncts, not_puncts, no_class, lowers = [], [], [], [], [], [], [], []
letters, numbers = [], []
for c in CODES:
    s, cat = chr(c), category(c)
    removed = clean(s) == ""
    if cat in ("Cc", "Cf", "Co") and c not in (9, 10, 13) and not removed:
        kept.append(c)
    elif removed and cat not in ("Cc", "Cf", "Co") and c != 0xFFFD:
        sys.exit("U+%04X: removed by tokenizers, category %s" % (c, cat))
    if nfd(s) != decompose(c):
        if nfd(s) != s:
            sys.exit("U+%04X: decomposed differently" % c)
        whole.append(c)
    if nfd(s) == s:
        stripped = strip(s) == ""
        if stripped and cat != "Mn":
            marks.append(c)
        if not stripped and cat == "Mn":
            not_marks.append(c)
        # The classes differ only where tokenizers has none: then nothing moves past the character.
        if combining_class(c) and nfd(s + "\u0334") == s + "\u0334" and nfd("\u0345" + s) == "\u0345" + s:
            if combining_class(c) != 1:
                no_class.append(c)
    punct = len(split("a" + s + "b")) == 3
    if c >= 128 and punct != cat.startswith("P"):
        (puncts if punct else not_puncts).append(c)
    kind = next((k for k, one in (("L", "a"), ("N", "1"), ("P", "!")) if len(pieces(one + s)) == 1), "S")
    space = cat in ("Zs", "Zl", "Zp") or c in (9, 10, 11, 12, 13, 0x85)
    if kind != ("S" if space else cat[0] if cat[0] in "LN" else "P"):
        if cat != "Cn" or kind not in "LN":
            sys.exit("U+%04X: %s in regular expressions, category %s" % (c, kind, cat))
        (letters if kind == "L" else numbers).append(c)
    if lower(s) != chr(proc.utf8proc_tolower(c)) and c != 0x130:
        if len(lower(s)) != 1:
            sys.exit("U+%04X: lower case of %d characters" % (c, len(lower(s))))
        lowers.append((c, ord(lower(s))))

print("""/*
 * Where tokenizers %s and utf8proc %s disagree about a character, most often because
 * Unicode assigned it after the tables of the former were made.  Written by
 * scripts/unicode_exceptions.py.
 */
#ifndef ACF_TEXT_CODEPOINT_LATE_H
#define ACF_TEXT_CODEPOINT_LATE_H

#include <stdint.h>

typedef struct acf_code_range {
    uint32_t first, last;
} acf_code_range;

typedef struct acf_lower_range {
    uint32_t first, last;
    int32_t add;
} acf_lower_range;
""" % (tokenizers.__version__, proc.utf8proc_version().decode()))
table("late_format", "category Cf, but kept by cleaning", kept)
table("late_whole", "not decomposed", whole)
table("late_mark", "category Mn, but no accent", not_marks)
table("extra_mark", "another category, but stripped as an accent", marks)
table("late_class", "with a combining class, but ordered as if it had none", no_class)
table("late_punct", "category P, but no punctuation", not_puncts)
table("extra_punct", "another category, but punctuation", puncts)
table("late_letter", "unassigned, but a letter", letters)
table("late_number", "unassigned, but a number", numbers)
print("/* lower case that utf8proc does not know */")
print("static const acf_lower_range late_lower[] = {")
merged = []
for c, low in lowers:
    if merged and merged[-1][1] == c - 1 and merged[-1][2] == low - c:
        merged[-1][1] = c
    else:
        merged.append([c, c, low - c])
print(",\n".join("{0x%X, 0x%X, %d}" % tuple(m) for m in merged) + ",")
print("};\n\n#endif")
