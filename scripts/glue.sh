#!/bin/sh
# Fine-tune one encoder on GLUE tasks: a run for each, a table of dev figures, GLUE's submission files.
#
#   scripts/glue.sh MODEL DATA OUT [TASK ...] [--seeds LIST] [-j N] [--max-time TIME]
#       [--set KEY=VALUE ...] [--set TASK:KEY=VALUE ...]
#
# MODEL is a model directory, DATA holds GLUE's folders (CoLA, SST-2 ...: scripts/get-glue.sh).  TASKs
# (cola sst2 mrpc stsb qqp mnli qnli rte wnli) default to those whose folder is there; each takes
# configs/TASK.yaml.  It is the sweep configs/sweeps/glue.yaml: runs go to OUT/acf/TASK, with --seeds
# to seed-N in it, the table to OUT/table.md, .csv and .json.  OUT/submission receives the answers of
# each task's run, of several seeds those of the best on dev.  Started again after whatever ended it,
# it does what is missing.  ACF names the directory of the programs.
set -eu
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/.." && pwd)
ACF=${ACF:-$root}
all='cola sst2 mrpc stsb qqp mnli qnli rte wnli'

fail() {
    echo "glue.sh: error: $1" >&2
    exit "${2:-1}"
}

folder() {
    case $1 in
    cola) echo CoLA ;;
    sst2) echo SST-2 ;;
    mrpc) echo MRPC ;;
    stsb) echo STS-B ;;
    qqp) echo QQP ;;
    mnli) echo MNLI ;;
    qnli) echo QNLI ;;
    rte) echo RTE ;;
    wnli) echo WNLI ;;
    *) fail "task '$1' is none of $all" 2 ;;
    esac
}

[ $# -ge 3 ] || {
    sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
model=$1 data=$2 out=$3
shift 3
tasks=
while [ $# -gt 0 ]; do
    case $1 in
    -*) break ;;
    *) folder "$1" >/dev/null && tasks="$tasks $1" && shift ;;
    esac
done
if [ -z "$tasks" ]; then
    for task in $all; do
        [ ! -d "$data/$(folder "$task")" ] || tasks="$tasks $task"
    done
fi
[ -n "$tasks" ] || fail "$data: holds none of GLUE's folders (CoLA, SST-2 ...)" 3

# What follows wins over what is put before it.
for task in $tasks; do
    set -- --set "$task:data.dir=$data/$(folder "$task")" "$@"
done
code=0
"$ACF/acf-train" --sweep "$root/configs/sweeps/glue.yaml" --out "$out" \
    --tasks "$(echo "$tasks" | sed 's/^ //; s/ /,/g')" --set "model.encoder=$model" "$@" || code=$?
for word in "$@"; do
    [ "$word" != --dry-run ] || exit $code
done
[ $code -eq 0 ] || [ -e "$out/table.md" ] || exit $code

# submit TASK TEST-FILE FILE...: the answers of a finished task, unless they are newer than it.  A
# failure is told, and the other tasks' follow.
submit() {
    run=$out/acf/$1 test=$2
    shift 2
    mark=$run/eval_results.json
    [ ! -e "$run/summary.json" ] || mark=$run/summary.json
    [ -e "$mark" ] && [ -e "$test" ] || return 0
    for file in "$@"; do
        case $file in -*) break ;; esac
        [ -n "$(find "$out/submission/$file" -newer "$mark" 2>/dev/null)" ] || {
            status=0
            answer "$run" "$@" || status=$?
            [ $status -eq 0 ] || [ $code -ne 0 ] || code=$status
            return 0
        }
    done
}

# answer RUN FILE... [OPTION...]: acf-eval with the options.
answer() {
    run=$1
    shift
    while [ $# -gt 0 ]; do
        case $1 in -*) break ;; *) shift ;; esac
    done
    "$ACF/acf-eval" "$run" "$@" --glue-submission "$out/submission" >&2
}

mkdir -p "$out/submission"
for task in $tasks; do
    dir=$data/$(folder "$task")
    case $task in
    mnli)
        submit mnli "$dir/test_matched.tsv" MNLI-m.tsv MNLI-mm.tsv
        submit mnli "$data/AX/diagnostic.tsv" AX.tsv --task ax --data "$data/AX"
        ;;
    *) submit "$task" "$dir/test.tsv" "$(folder "$task").tsv" ;;
    esac
done
exit $code
