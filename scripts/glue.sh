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
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
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

# Who ends this script means the work: a stop is passed on, and waited for.  A shell sees signals at
# once only while it waits for something behind.  A closed terminal ends nothing (as of acf-train).
stop='' again='' child=''
trap 'stop=yes again=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM INT
trap '' HUP

# attend COMMAND...: run it, its exit code in $code.  Told to stop, this is the end of all.
attend() {
    "$@" &
    child=$!
    [ -z "$stop" ] || kill -TERM "$child" 2>/dev/null || :
    code=0 again=yes
    while [ -n "$again" ]; do # a signal ends the wait, too
        again='' ended=0
        wait "$child" || ended=$?
        [ $ended -eq 127 ] || code=$ended # 127: the wait before had seen its end
    done
    child=''
    [ -n "$stop" ] || return 0
    case $code in
    0 | 130 | 143) fail "$out: stopped; the same command goes on" 75 ;;
    *) exit $code ;;
    esac
}

# What follows wins over what is put before it.
for task in $tasks; do
    set -- --set "$task:data.dir=$data/$(folder "$task")" "$@"
done
attend "$ACF/acf-train" --sweep "$root/configs/sweeps/glue.yaml" --out "$out" \
    --tasks "$(echo "$tasks" | sed 's/^ //; s/ /,/g')" --set "model.encoder=$model" "$@"
for word in "$@"; do
    [ "$word" != --dry-run ] || exit $code
done
[ $code -eq 0 ] || [ -e "$out/table.md" ] || exit $code
result=$code

# submit TASK FILE TEST... [OPTION...]: the answers of a finished task, FILE to each TEST, unless
# they are newer than its figures and the test file.  A failure is told, and the others follow.
submit() {
    name=$1 run=$out/acf/$1 due=''
    shift
    mark=$run/eval_results.json
    [ ! -e "$run/summary.json" ] || mark=$run/summary.json
    [ -e "$mark" ] || return 0
    while [ $# -gt 0 ]; do
        case $1 in -*) break ;; esac
        [ -e "$2" ] || {
            echo "glue.sh: $2 is not there: no answers of $name" >&2
            return 0
        }
        [ -n "$(find -L "$out/submission/$1" -newer "$mark" -newer "$2" 2>/dev/null)" ] || due=yes
        shift 2
    done
    [ -n "$due" ] || return 0
    [ -e "$run/best" ] || {
        echo "glue.sh: $run keeps no model (save.results_only): no answers of $name" >&2
        return 0
    }
    attend "$ACF/acf-eval" "$run" "$@" --glue-submission "$out/submission" >&2
    [ $result -ne 0 ] || result=$code
}

mkdir -p "$out/submission"
for task in $tasks; do
    dir=$data/$(folder "$task")
    case $task in
    mnli)
        submit mnli MNLI-m.tsv "$dir/test_matched.tsv" MNLI-mm.tsv "$dir/test_mismatched.tsv"
        ax=$data/AX/diagnostic.tsv
        [ ! -e "$ax" ] || submit mnli AX.tsv "$ax" --task ax --data "$data/AX"
        ;;
    *) submit "$task" "$(folder "$task").tsv" "$dir/test.tsv" ;;
    esac
done
exit $result
