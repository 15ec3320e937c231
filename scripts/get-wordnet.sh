#!/bin/sh
# Turn WordNet's nouns or verbs, as Debian's package wordnet-base installs them, into a text
# classification set: the gloss of a noun or verb without its example sentences, labelled with its
# lexicographer file.
#
#   scripts/get-wordnet.sh OUTDIR [SEED [noun | verb]]
#
# Writes OUTDIR/train.tsv, OUTDIR/dev.tsv (rows drawn at random by SEED, 1 when not given) and
# OUTDIR/README: of the nouns (when nothing is said) 74,115 and 8,000 rows with 26 labels, of the
# verbs 11,767 and 2,000 with 15.  Both tables have the header text<TAB>label.  The same SEED gives
# the same bytes everywhere: the random numbers are computed here, in integers below 2^53, because
# awk's own differ between implementations.
#
# WORDNET names another data.noun or data.verb.
set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "get-wordnet.sh: error: $1" >&2
    exit "${2:-1}"
}

[ $# -ge 1 ] && [ $# -le 3 ] || fail "usage: get-wordnet.sh OUTDIR [SEED [noun | verb]]" 2
out=$1
seed=${2:-1}
case $seed in
'' | *[!0-9]* | ??????????*) fail "SEED '$seed' is not a number of at most nine digits" 2 ;;
esac
part=${3:-noun}
case $part in # FIRST is the number of the first of the lexicographer files, which are named in order
noun)
    ROWS=82115 DEV=8000 FIRST=3 LABELS=26
    NAMES="Tops act animal artifact attribute body cognition communication event feeling food \
        group location motive object person phenomenon plant possession process quantity \
        relation shape state substance time"
    ;;
verb)
    ROWS=13767 DEV=2000 FIRST=29 LABELS=15
    NAMES="body change cognition communication competition consumption contact creation emotion \
        motion perception possession social stative weather"
    ;;
*) fail "'$part' is neither noun nor verb" 2 ;;
esac
WORDNET=${WORDNET:-/usr/share/wordnet/data.$part}
[ -r "$WORDNET" ] || fail "$WORDNET: not there; install it with: sudo apt-get install wordnet-base"
mkdir -p "$out"

work=$(mktemp -d "$out/.get-wordnet.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# A line of data.noun: offset, number of the lexicographer file, "n", words and pointers, then
# " | " and the gloss; data.verb is alike.  Lines that begin with two blanks are the licence.  The
# first quotation mark begins the examples.
awk -v dir="$work" -v seed="$seed" -v rows=$ROWS -v dev=$DEV -v part="$part" -v first=$FIRST \
    -v names="$NAMES" '
BEGIN {
    n_names = split(names, name, " ")
    # A Feistel network spreads the seed: started from 1 and 2 themselves, the generator below
    # would draw much the same rows.
    high = int(seed / 65536)
    low = seed % 65536
    for (i = 1; i <= 8; i++) {
        mixed = (high + int((low * low + i) * 40503 / 4096)) % 65536
        high = low
        low = mixed
    }
    m = 2147483647 # Lehmer: x = 48271 x mod (2^31 - 1), Park, Miller and Stockmeyer 1993
    x = (high * 65536 + low) % (m - 1) + 1
    print "text\tlabel" >(dir "/train.tsv")
    print "text\tlabel" >(dir "/dev.tsv")
    left = rows
    need = dev
}
/^  / { next }
{
    bar = index($0, " | ")
    number = $2 - first + 1
    if (bar == 0 || number < 1 || number > n_names) {
        print "get-wordnet.sh: error: line " NR " of data." part " is not a " part >"/dev/stderr"
        exit 1
    }
    text = substr($0, bar + 3)
    quote = index(text, "\"")
    if (quote > 0) text = substr(text, 1, quote - 1)
    gsub(/[\t ]+/, " ", text)
    sub(/^ /, "", text)
    sub(/[ ;:,(]+$/, "", text)

    # Each row goes to dev with probability need / left, which draws exactly `dev` of `rows`.
    x = 48271 * x % m
    to = "/train.tsv"
    if (x * left < need * m) {
        to = "/dev.tsv"
        need--
    }
    left--
    print text "\t" part "." name[number] >(dir to)
}' "$WORDNET"

count() { # rows of a file without its header
    awk 'END { printf "%d\n", NR - 1 }' "$1"
}
by_label() { # "rows label" of both files, largest first
    awk -F '\t' 'FNR > 1 { n[$2]++ } END { for (k in n) printf "%7d  %s\n", n[k], k }' \
        "$work/train.tsv" "$work/dev.tsv" | sort -k 1,1nr -k 2
}

n_train=$(count "$work/train.tsv")
n_dev=$(count "$work/dev.tsv")
[ $((n_train + n_dev)) -eq $ROWS ] ||
    fail "$WORDNET: holds $((n_train + n_dev)) ${part}s, expected $ROWS (WordNet 3.0)"
[ "$n_dev" -eq $DEV ] || fail "$n_dev rows for dev, expected $DEV"
by_label >"$work/labels"
n_labels=$(count "$work/labels")
n_labels=$((n_labels + 1))
[ $n_labels -eq $LABELS ] || fail "$WORDNET: holds $n_labels labels, expected $LABELS"
awk -F '\t' '$1 == "" || NF != 2 { exit 1 }' "$work/train.tsv" "$work/dev.tsv" ||
    fail "$WORDNET: a gloss is empty or holds a TAB"
top=$(awk -v n=$ROWS 'NR == 1 { printf "%s, %.1f %%", $2, 100 * $1 / n }' "$work/labels")

{
    echo "WordNet $part glosses by lexicographer file"
    echo
    echo "Made by scripts/get-wordnet.sh, seed $seed, from Debian's package wordnet-base:"
    echo "WordNet 3.0, Copyright 2006 by Princeton University; its licence is in"
    echo "/usr/share/doc/wordnet-base/copyright."
    echo
    echo "text   the gloss without its example sentences"
    echo "label  the lexicographer file of the $part"
    echo
    echo "train.tsv  $n_train rows"
    echo "dev.tsv    $n_dev rows, drawn at random"
    echo "labels     $n_labels, the largest $top"
    echo
    cat "$work/labels"
} >"$work/README"
for f in train.tsv dev.tsv README; do
    mv "$work/$f" "$out/$f"
done
echo "$out: $n_train + $n_dev rows, $n_labels labels (largest: $top)"
