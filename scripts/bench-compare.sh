#!/bin/bash
# acf against PyTorch on this machine: both run the same workload in turn, several times, and the
# medians of the ratios of neighbouring runs are printed as a Markdown table.
#
#   scripts/bench-compare.sh [--rounds N] [--seconds S] [--compile] [WORKLOAD ...]
#
# Needs python3 with torch 2.13 and transformers (PYTHON names the interpreter) and a built
# bench_step (`make bench` builds it; BENCH names it).  A machine that does other work at the same
# time shows in the spread.  --compile tries torch.compile as well and takes the better of the two
# in each round.  Workloads are those of tests/bench/workloads.json; texts are compared with padding
# to the longest of the batch and to 128, predictions also sorted by length.
set -eu
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
PYTHON=${PYTHON:-python3}
rounds=5
seconds=2
compile=
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=$2 && shift 2 ;;
    --seconds) seconds=$2 && shift 2 ;;
    --compile) compile=--compile && shift ;;
    -*) echo "bench-compare.sh: unknown option '$1'" >&2 && exit 2 ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || set -- minilm-sst2 minilm-128 minilm-rte bert-tiny-sst2 resnet20 resnet18 minilm-predict
workloads=$root/tests/bench/workloads.json
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ours() { "$BENCH" "$workloads" "$1" --runs 1 --seconds "$seconds" | tail -n +2; }
theirs() {
    "$PYTHON" "$root/scripts/bench-pytorch.py" "$workloads" "$@" --runs 1 --seconds "$seconds"
}

# rate and memory of CSV lines on stdin, one line; fields counted from the end, for the processor's
# name may hold commas
figures() { awk -F, '$(NF-4) == "rate" { r = $(NF-2) } $(NF-4) == "memory" { m = $(NF-2) } END { print r, m }'; }

median() { sort -g | awk '{ x[NR] = $1 } END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'; }

# Lines "ours memory theirs memory" -> a row.
row() {
    local f="$scratch/pairs"
    printf '| %s | %.0f | %.0f | %.2f (%.2f to %.2f) | %.0f | %.0f | %.2f |\n' "$1" \
        "$(awk '{ print $1 }' "$f" | median)" "$(awk '{ print $3 }' "$f" | median)" \
        "$(awk '{ print $1 / $3 }' "$f" | median)" \
        "$(awk '{ print $1 / $3 }' "$f" | sort -g | head -n 1)" \
        "$(awk '{ print $1 / $3 }' "$f" | sort -g | tail -n 1)" \
        "$(awk '{ print $2 }' "$f" | median)" "$(awk '{ print $4 }' "$f" | median)" \
        "$(awk '{ print $2 / $4 }' "$f" | median)"
}

compare() { # name workload arguments...
    local name=$1 workload=$2 k a b c
    shift 2
    : >"$scratch/pairs"
    for ((k = 0; k < rounds; k++)); do
        a=$(ours "$workload" | figures)
        b=$(theirs "$workload" "$@" | figures)
        if [ -n "$compile" ]; then
            c=$(theirs "$workload" "$@" --compile 2>/dev/null | figures)
            b=$(printf '%s\n%s\n' "$b" "$c" | sort -g | tail -n 1)
        fi
        echo "$a $b" >>"$scratch/pairs"
    done
    row "$name"
}

echo '| workload | acf, examples/s | PyTorch | ratio (least to most) | acf, MB | PyTorch, MB | ratio |'
echo '|---|---|---|---|---|---|---|'
for workload in "$@"; do
    case $workload in
    resnet*) compare "$workload" "$workload" ;;
    *-128) compare "$workload" "$workload" ;;
    *-predict)
        compare "$workload, theirs in file order" "$workload"
        compare "$workload, theirs sorted by length" "$workload" --pad sorted
        ;;
    *)
        compare "$workload, theirs padded to the longest" "$workload"
        compare "$workload, theirs padded to 128" "$workload" --pad 128
        ;;
    esac
done
