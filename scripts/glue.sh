#!/bin/sh
# Fine-tune one encoder on GLUE tasks: a run for each, a table of dev figures, GLUE's submission files.
#
#   scripts/glue.sh MODEL DATA OUT [TASK ...] [--set KEY=VALUE ...] [--seeds LIST] [-j N]
#
# MODEL is a model directory, DATA holds GLUE's folders (CoLA, SST-2 ...: scripts/get-glue.sh), OUT
# receives a run directory for each task, table.md and submission/.  TASKs (cola sst2 mrpc stsb qqp
# mnli qnli rte wnli) default to those whose folder is there; each takes configs/TASK.yaml, and the
# options after the tasks are given to acf-train.  Started again, it goes on where it was: finished
# runs are not repeated.  ACF names the directory of the programs.
set -eu
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/.." && pwd)
ACF=${ACF:-$root}

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
    *) fail "task '$1' is none of cola sst2 mrpc stsb qqp mnli qnli rte wnli" 2 ;;
    esac
}

[ $# -ge 3 ] || {
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
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
    for task in cola sst2 mrpc stsb qqp mnli qnli rte wnli; do
        [ ! -d "$data/$(folder $task)" ] || tasks="$tasks $task"
    done
fi
[ -n "$tasks" ] || fail "$data: holds none of GLUE's folders (CoLA, SST-2 ...)" 3
mkdir -p "$out/submission"

for task in $tasks; do
    echo "$task: $out/$task" >&2
    code=0
    "$ACF/acf-train" --config "$root/configs/$task.yaml" --set "model.encoder=$model" \
        --set "data.dir=$data/$(folder "$task")" --set "save.dir=$out/$task" "$@" --resume \
        >"$out/$task.txt" 2>"$out/$task.log" || code=$?
    [ $code -eq 0 ] || {
        tail -n 3 "$out/$task.log" >&2
        fail "$task ended with exit code $code; started again, it goes on from there" $code
    }
    test=test.tsv
    [ "$task" != mnli ] || test=test_matched.tsv
    [ ! -e "$data/$(folder "$task")/$test" ] ||
        "$ACF/acf-eval" "$out/$task" --glue-submission "$out/submission" >>"$out/$task.log"
done

# The figures of both heads as acf-eval gives them, one row a task; mnli's are those of the matched
# file, of a series those of its best run.
{
    echo '| task | metric | linear head | label head |'
    echo '|---|---|---|---|'
    for task in $tasks; do
        "$ACF/acf-eval" "$out/$task" --json >"$out/$task.json"
        case $task in
        cola) metrics=mcc ;;
        mrpc) metrics='f1 accuracy' ;;
        qqp) metrics='accuracy f1' ;;
        stsb) metrics='pearson spearman' ;;
        *) metrics=accuracy ;;
        esac
        for metric in $metrics; do
            row="| $task | $metric |"
            for head in linear label; do
                value=$(sed -n "s/,\"mismatched\":.*//; s/.*\"$head\":{[^{]*\"$metric\":\(-\{0,1\}[0-9.e-]*\).*/\1/p" "$out/$task.json")
                row="$row $(awk -v x="$value" 'BEGIN { if (x != "") printf "%.1f", 100 * x }') |"
            done
            echo "$row"
        done
    done
} >"$out/table.md"
cat "$out/table.md"
echo "submission: $out/submission" >&2
