#!/bin/bash
# The speed of training, predictions and start-up as CSV on stdout: `make bench`.
#
#   scripts/bench.sh [WORKLOAD ...]
#
# Workloads and columns are told in tests/bench/bench_step.c; without names all of
# tests/bench/workloads.json run, and two more times of the programs follow, in ms: `acf-train
# --help`, and from the launch of acf-train to the line of its first update, which START chooses
# (arguments of acf-train; the default trains bert-tiny on data/sample-text).  BENCH names
# bench_step, ACF the directory of the programs; RUNS (5) and SECONDS_EACH (2) say how often and how
# long, COMMIT what is measured.
set -eu
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
ACF=${ACF:-$root}
runs=${RUNS:-5}
start=${START:---config $root/configs/text.yaml --set data.train=$root/data/sample-text/train.tsv
    --set data.dev=$root/data/sample-text/dev.tsv --set model.encoder=bert-tiny}
commit=${COMMIT:-$(git -C "$root" describe --always --dirty 2>/dev/null || true)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$BENCH" "$root/tests/bench/workloads.json" "$@" --runs "$runs" \
    --seconds "${SECONDS_EACH:-2}" --commit "$commit" | tee "$scratch/out"
[ $# -eq 0 ] || exit 0

ms() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }

help_ms() {
    local begin=${EPOCHREALTIME/./}
    "$ACF/acf-train" --help >/dev/null
    ms "$begin"
}

# The rest of the run is of no interest: it is ended by its process id.
first_update_ms() {
    local begin line pid
    rm -rf "$scratch/run" "$scratch/lines"
    mkfifo "$scratch/lines"
    begin=${EPOCHREALTIME/./}
    # shellcheck disable=SC2086 # START is several arguments
    "$ACF/acf-train" $start --set "save.dir=$scratch/run" --set log.every=1 \
        >/dev/null 2>"$scratch/lines" &
    pid=$!
    while read -r line; do
        case $line in
        "step 1/"*) break ;;
        *error:*) echo "bench.sh: $line" >&2 && exit 1 ;;
        esac
    done <"$scratch/lines"
    ms "$begin"
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

measure() { # quantity command
    local k values
    values=$(for ((k = 0; k < runs; k++)); do "$2"; done | sort -n | tr '\n' ' ')
    # shellcheck disable=SC2086 # one number a word
    set -- "$1" $values
    tail -n 1 "$scratch/out" | awk -F, -v OFS=, -v quantity="$1" -v least="$2" \
        -v median="${*:$((2 + (runs - 1) / 2)):1}" -v most="${*: -1}" \
        '{ print $1, $2, $3, $4, "start", quantity, "ms", median, least, most }'
}
measure help help_ms
measure "first update" first_update_ms
