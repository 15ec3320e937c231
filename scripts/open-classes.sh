#!/bin/sh
# Classes that training has not seen: how well they are rejected, and how well they are recognized
# once each has been added from a few examples.
#
#   scripts/open-classes.sh CONFIG TRAIN.tsv DEV.tsv OUTDIR [--set KEY=VALUE ...]
#
# TRAIN and DEV have the columns text and label, with a header (scripts/get-wordnet.sh writes such
# files).  Trains CONFIG twice into OUTDIR, without the classes in HELD_OUT and with all; what was
# trained before is used again.  Prints a table in Markdown.  ACF names the directory of the
# programs, HELD_OUT the classes, EXAMPLES how many examples a class is added from (20).
set -eu
LC_ALL=C
export LC_ALL
: "${HELD_OUT:=noun.body noun.feeling noun.food noun.phenomenon noun.time}"
: "${EXAMPLES:=20}"
ACF=${ACF:-$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)}

[ $# -ge 4 ] || {
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
config=$1 train=$2 dev=$3 out=$4
shift 4
mkdir -p "$out"

# split FILE KNOWN UNKNOWN: rows of the known classes, and of those held out.
split() {
    awk -F '\t' -v held="$HELD_OUT" -v known="$2" -v unknown="$3" '
        BEGIN { n = split(held, name, " "); for (i = 1; i <= n; i++) out[name[i]] = 1 }
        { print > (FNR == 1 ? known : $2 in out ? unknown : known) }
        FNR == 1 { print > unknown }' "$1"
}
split "$train" "$out/train-known.tsv" "$out/train-unknown.tsv"
split "$dev" "$out/dev-known.tsv" "$out/dev-unknown.tsv"
sed 1d "$out/dev-unknown.tsv" | cut -f 1 >"$out/unknown.txt"

# train NAME TRAIN DEV [--set ...]
train() {
    name=$1 train_file=$2 dev_file=$3
    shift 3
    "$ACF/acf-train" --config "$config" "$@" --set "data.train=$train_file" --set "data.dev=$dev_file" \
        --set "save.dir=$out/$name" --resume >"$out/$name.log" 2>&1 || {
        tail -n 3 "$out/$name.log" >&2
        exit 1
    }
}
train known "$out/train-known.tsv" "$out/dev-known.tsv" "$@"
train full "$train" "$dev" "$@"

# number FILE KEY [AFTER]: a number of a JSON line, the first with this key behind AFTER.
number() {
    sed "s/.*${3:-}[^}]*\"$2\":\([-0-9.e]*\).*/\1/" "$1"
}
"$ACF/acf-eval" "$out/known" --json --reject-at 0.95 >"$out/known.json"
cosine=$(number "$out/known.json" cosine '"reject":')
prob=$(number "$out/known.json" prob '"reject":')
"$ACF/acf-predict" "$out/known" "$out/unknown.txt" --reject "$cosine" >"$out/rejected.txt"
"$ACF/acf-predict" "$out/known" "$out/unknown.txt" --format tsv >"$out/prob.tsv"
by_cosine=$(awk '$0 == "?" { n++ } END { printf "%.1f", 100 * n / NR }' "$out/rejected.txt")
by_prob=$(awk -F '\t' -v p="$prob" '$2 < p { n++ } END { printf "%.1f", 100 * n / NR }' "$out/prob.tsv")

# Examples, evenly spread over the training rows of each class.
set --
for class in $HELD_OUT; do
    awk -F '\t' -v class="$class" -v want="$EXAMPLES" '
        $2 == class { row[n++] = $0 }
        END { print "text\tlabel"; for (i = 0; i < want; i++) print row[int(i * n / want)] }' \
        "$out/train-unknown.tsv" >"$out/$class.tsv"
    set -- "$@" --add-class "$class=$out/$class.tsv"
done
rm -rf "$out/added"
"$ACF/acf-eval" "$out/known" "$@" --output "$out/added" >"$out/added.txt"
"$ACF/acf-eval" "$out/added" --data "$dev" --json >"$out/added.json"
"$ACF/acf-eval" "$out/added" --data "$out/dev-unknown.tsv" --json >"$out/added-unknown.json"
"$ACF/acf-eval" "$out/full" --data "$dev" --json >"$out/full.json"
"$ACF/acf-eval" "$out/full" --data "$out/dev-unknown.tsv" --json >"$out/full-unknown.json"

percent() {
    awk -v x="$1" 'BEGIN { printf "%.1f", 100 * x }'
}
accuracy() {
    percent "$(sed "s/.*\"$2\":{\"accuracy\":\([0-9.]*\).*/\1/" "$out/$1.json")"
}
cat <<EOF
Held out: $HELD_OUT ($(wc -l <"$out/unknown.txt") of $(($(wc -l <"$dev") - 1)) rows of $dev).

| at 95 % of the known rows accepted | held-out rows rejected, % |
|---|---|
| by cosine to the nearest label embedding (below $cosine) | $by_cosine |
| by probability (below $prob) | $by_prob |

| accuracy, % | all rows | held-out classes |
|---|---|---|
| added from $EXAMPLES examples each, label head | $(accuracy added label) | $(accuracy added-unknown label) |
| trained on all, label head | $(accuracy full label) | $(accuracy full-unknown label) |
| trained on all, linear head | $(accuracy full linear) | $(accuracy full-unknown linear) |
EOF
