#!/bin/sh
# CIFAR-10 and CIFAR-100 by cross-entropy and by aligned contrastive finetuning, on all training
# images and on a few of each class: a run for each, a table of dev figures.
#
#   scripts/cifar.sh DATA OUT [TASK ...] [-j N] [--seeds LIST] [--max-time TIME] [--variants ce,acf]
#       [--set KEY=VALUE ...] [--set TASK:KEY=VALUE ...]
#
# DATA holds cifar-10-batches-bin and cifar-100-binary (scripts/get-cifar.sh).  TASKs (cifar10 cifar100
# cifar10-few cifar100-few) default to those whose images are there.  It is the sweep
# configs/sweeps/cifar.yaml: runs go to OUT/VARIANT/TASK, the table to OUT/table.md, .csv and .json.
# Networks start from random weights; --set model.encoder=RUN from another run's.  Started again
# after whatever ended it, it does what is missing.  ACF names the directory of the programs.
set -eu
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
ACF=${ACF:-$root}
all='cifar10 cifar100 cifar10-few cifar100-few'

fail() {
    echo "cifar.sh: error: $1" >&2
    exit "${2:-1}"
}

folder() {
    case $1 in
    cifar10 | cifar10-few) echo cifar-10-batches-bin ;;
    cifar100 | cifar100-few) echo cifar-100-binary ;;
    *) fail "task '$1' is none of $all" 2 ;;
    esac
}

[ $# -ge 2 ] || {
    sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
data=$1 out=$2
shift 2
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
[ -n "$tasks" ] || fail "$data: holds neither cifar-10-batches-bin nor cifar-100-binary" 3
for task in $tasks; do
    set -- --set "$task:data.dir=$data/$(folder "$task")" "$@"
done
exec "$ACF/acf-train" --sweep "$root/configs/sweeps/cifar.yaml" --out "$out" \
    --tasks "$(echo "$tasks" | sed 's/^ //; s/ /,/g')" "$@"
