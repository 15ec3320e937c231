#!/bin/bash
# Fuzz programs for a given time each, as `make fuzz` runs them, and keep count.
#
#   scripts/fuzz.sh SECONDS PROGRAM...    each with FUZZ_JOBS processes (2); exit 1 on a finding
#   scripts/fuzz.sh --total               what has been run so far
#
# build/fuzz/NAME holds the inputs that were found to be of interest, build/fuzz/findings what made a
# program fail: replay it with build/HASH/f32/tests/fuzz/fuzz_NAME FILE, and when it is mended, put
# it into tests/fuzz/corpus/NAME.  build/fuzz/tally has a line for each process that has ended.
set -u
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
work=build/fuzz
tally=$work/tally
mkdir -p "$work/findings" && touch "$tally"

total() {
    awk '{ runs[$1] += $2; seconds[$1] += $3; sum += $2 }
         END { for (name in runs)
                   printf "  %-14s %12d executions %8d s\n", name, runs[name], seconds[name] | "sort"
               close("sort"); printf "  %-14s %12d executions\n", "total", sum }' "$tally"
}

if [ "${1:-}" = --total ]; then
    total
    exit
fi

seconds=${1:?scripts/fuzz.sh SECONDS PROGRAM...}
shift
FUZZ_SCRATCH=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)" acf-fuzz-run-XXXXXX)
export FUZZ_SCRATCH
trap 'rm -rf "$FUZZ_SCRATCH"' EXIT INT TERM
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
failed=0

one() { # program log: a process of its own corpus's directory, which libFuzzer shares
    local program=$1 log=$2 name=${1##*/fuzz_} code=0
    local dictionary=tests/fuzz/$name.dict
    [ -f "$dictionary" ] && dictionary=-dict=$dictionary || dictionary=
    # shellcheck disable=SC2086 # one word or none
    "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1500 -malloc_limit_mb=256 \
        -max_len=4096 -reload=1 -print_final_stats=1 -artifact_prefix="$work/findings/$name-" \
        $dictionary "$work/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1 || code=$?
    awk -v name="$name" '/^stat::number_of_executed_units/ { n = $2 }
        /^Done [0-9]+ runs in/ { s = $5 } /^#[0-9]+/ { last = substr($1, 2) }
        END { print name, n ? n : last + 0, s + 0 }' "$log" >>"$tally"
    return $code
}

for program in "$@"; do
    name=${program##*/fuzz_}
    mkdir -p "$work/$name"
    pids=
    for ((k = 0; k < ${FUZZ_JOBS:-2}; k++)); do
        one "$program" "$work/$name.$k.log" &
        pids="$pids $!"
    done
    k=0
    for pid in $pids; do
        if ! wait "$pid"; then
            failed=$((failed + 1))
            echo "  FAIL fuzz_$name: $work/$name.$k.log"
            grep -E '^(==[0-9]+==ERROR|SUMMARY|.*assertion failed|.*runtime error|Test unit written)' \
                "$work/$name.$k.log" | sed 's/^/       /'
        fi
        k=$((k + 1))
    done
    echo "  ran  fuzz_$name: $(grep -hoE 'cov: [0-9]+ ft: [0-9]+ corp: [0-9]+' "$work/$name".?.log | tail -n 1)"
done
total
[ "$failed" -eq 0 ]
