#!/bin/sh
# What each objective does with few examples: a row for cross-entropy alone and with each contrastive
# term, without and with Cor-Reg, several seeds each.
#
#   scripts/few-shot.sh CONFIG OUT SEEDS [--set KEY=VALUE ...]
#
# CONFIG is a configuration such as configs/fashion-fewshot.yaml, SEEDS as for acf-train --seeds
# (1..5).  Each row is one command, which is shown; its runs go to OUT/ROW, and what is finished is
# not repeated.  Prints a table in Markdown: mean and standard deviation of eval.metric, in percent,
# by both heads.  COR is the weight of Cor-Reg (0.1), JOBS how many runs go at the same time (1), ACF
# names the directory of the programs.
set -eu
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/.." && pwd)
ACF=${ACF:-$root}
COR=${COR:-0.1}
JOBS=${JOBS:-1}

[ $# -ge 3 ] || {
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
config=$1 out=$2 seeds=$3
shift 3
mkdir -p "$out"

# figures FILE HEAD: "mean ± sd" in percent of the summary's metric.
figures() {
    awk -v head="\"$2\":" '
        /"metric":/ && metric == "" { split($0, part, "\""); metric = "\"" part[4] "\":" }
        $1 == "\"linear\":" || $1 == "\"label\":" { here = $1 == head }
        here && $1 == metric { inside = 1 }
        inside && $1 == "\"mean\":" { mean = $2 + 0 }
        inside && $1 == "\"sd\":" { printf "%.1f ± %.1f", 100 * mean, 100 * $2; exit }' "$1"
}

# row NAME KEY=VALUE...
row() {
    name=$1
    shift
    echo "acf-train --config $config --seeds $seeds $* --set save.dir=$out/$name" >&2
    "$ACF/acf-train" --config "$config" --seeds "$seeds" -j "$JOBS" "$@" --set "save.dir=$out/$name" \
        --resume >"$out/$name.txt" 2>"$out/$name.log" || {
        code=$?
        tail -n 3 "$out/$name.log" >&2
        exit $code
    }
    echo "| $name | $(figures "$out/$name/summary.json" linear) | $(figures "$out/$name/summary.json" label) |" >>"$out/table.md"
}

{
    echo '| objective | linear head | label head |'
    echo '|---|---|---|'
} >"$out/table.md"
for weight in 0 "$COR"; do
    suffix=
    [ "$weight" = 0 ] || suffix="+cor$weight"
    # Cross-entropy ignores Cor-Reg unless it is asked for beside a contrast of weight 0.
    row "ce$suffix" --set loss.type=acf --set loss.lambda=0 --set "loss.cor.weight=$weight" "$@"
    for type in scl icl acf; do
        row "ce+$type$suffix" --set "loss.type=$type" --set "loss.cor.weight=$weight" "$@"
    done
done
cat "$out/table.md"
