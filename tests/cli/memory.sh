# The memory that the start-up line foretells is what the run takes, within 15 %; --dry-run says the
# same and writes nothing.
. "$SRC/tests/cli/lib"
if ldd "$ACF/acf-train" | grep -q 'libasan\|libtsan'; then
    echo 'a sanitizer takes memory of its own'
    exit 77
fi
plan_of() {
    sed -n 's/.*memory up to \([0-9]*\) MB.*/\1/p' "$1"
}
near() { # WHAT A B PERCENT
    awk "BEGIN { exit !(100 * ($2 - $3) <= $4 * $3 && 100 * ($3 - $2) <= $4 * $3) }" ||
        fail "$1: $2 MB, expected $3"
}
foretold() { # NAME OPTION...
    name=$1
    shift
    run 0 "$ACF/acf-train" --config base.yaml --set save.dir="$name" --dry-run "$@"
    dry=$(plan_of err)
    [ -e "$name" ] && fail "$name: --dry-run wrote something"
    run 0 "$ACF/acf-train" --config base.yaml --set save.dir="$name" "$@"
    plan=$(plan_of err)
    peak=$(sed -n 's/^finished in .*peak memory \([0-9]*\) MB.*/\1/p' err)
    near "$name: --dry-run" "$dry" "$plan" 5
    near "$name: foretold" "$plan" "$peak" 15
    echo "$name: $plan MB foretold, $peak MB taken"
}
awk 'BEGIN {
    srand(3); print "text\tlabel"
    for (i = 0; i < 200; i++) {
        line = ""
        for (n = 5 + 115 * rand(); n > 0; n--) line = line sprintf("%c%c ", 97 + 26 * rand(), 97 + 26 * rand())
        print line "\t" (i % 2 ? "odd" : "even")
    }
}' >texts.tsv
cat >base.yaml <<EOF
schema: 1
task: text
data: {train: texts.tsv, dev: texts.tsv}
model: {encoder: bert-tiny, vocab: {size: 600}, max_length: 128}
train: {steps: 2, batch_size: 64, threads: 2}
EOF
foretold text
foretold pieces --set train.micro_batch=8
cat >base.yaml <<EOF
schema: 1
task: image
data: {dir: $SRC/data/sample-image, image: {size: 64}}
model: {encoder: resnet20}
train: {steps: 2, batch_size: 24, threads: 2, optimizer: {name: sgd, lr: 0.01}}
EOF
foretold images
if [ -n "${SLOW:-}" ]; then
    foretold read-ahead --set data.cache=0
    foretold resnet18 --set model.encoder=resnet18 --set data.image.size=128 --set train.batch_size=8
    if [ -n "${ACF_GLUE:-}" ] && [ -n "${ACF_MODEL:-}" ]; then
        cat >base.yaml <<EOF
schema: 1
task: sst2
data: {dir: $ACF_GLUE/SST-2}
model: {encoder: $ACF_MODEL}
train: {steps: 4}
EOF
        foretold sst2
        foretold sst2-pieces --set train.micro_batch=8 --set train.batch_size=64
    fi
fi
finish
