#!/bin/sh
# Kill training runs at random moments, resume them, and compare with runs that were left alone.
#
#   scripts/kill-test.sh [KILLS [TERMS [SEED]]]
#
# KILLS (10) processes end by SIGKILL and TERMS (5) by SIGTERM, in turn over every kind of run: a
# text encoder under AdamW, whose embeddings are updated row by row; the same under SGD, which stops
# early; images under SGD and under AdamW; a series of two seeds.  Moments are drawn from SEED (1;
# the machine's timing does the rest).  A checkpoint is written after every other update, so about
# half of the moments are in saving.  After each one, every checkpoint must be whole; each run that
# comes to its end must have the weights, optimizer state, links, events (times aside) and
# predictions of the undisturbed one, to the byte.
set -eu
SRC=${SRC:-$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)}
ACF=${ACF:-$SRC}
kills=${1:-10}
terms=${2:-5}
seed=${3:-1}
kinds='adamw early image-sgd image-adamw series'
export OMP_WAIT_POLICY=passive

# In memory where there is such a place: it syncs thousands of times.
work=$(mktemp -d -p "${TMPDIR:-/dev/shm}" acf-kill-XXXXXX 2>/dev/null || mktemp -d)
child=
trap '[ -z "$child" ] || kill -9 "$child" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

text_config() {
    cat <<END
schema: 1
task: text
data: {dir: $SRC/data/sample-text}
model: {encoder: $SRC/tests/golden/tiny-bert, max_length: 16}
END
}

image_config() {
    cat <<END
schema: 1
task: image
data:
  dir: $SRC/data/sample-image
  image: {size: 21}
  augment: {crop_pad: 2, hflip: yes, cutout: 4}
model: {encoder: $SRC/tests/golden/tiny-resnet-cifar}
END
}

rest() {
    cat <<END
eval: {every: 3 steps, metric: loss${1:-}}
save: {every: 2 steps, keep_last: 2}
log: {every: 5 steps}
END
}

sgd='optimizer: {name: sgd, lr: 5e-2, head_lr: 1e-1, nesterov: yes}'
adamw='optimizer: {lr: 2e-3, head_lr: 1e-2}'
{
    text_config
    echo "train: {epochs: 6, batch_size: 8, threads: 1, $adamw}"
    rest
} >"$work/adamw.yaml"
{
    text_config
    echo "train: {epochs: 40, batch_size: 8, threads: 1, sampler: balanced, $sgd}"
    rest ', early_stop: {patience: 4, min_delta: 0.05}'
} >"$work/early.yaml"
{
    image_config
    echo "train: {epochs: 10, batch_size: 8, threads: 1, $sgd}"
    rest
} >"$work/image-sgd.yaml"
{
    image_config
    echo "train: {epochs: 10, batch_size: 8, threads: 1, $adamw}"
    rest
} >"$work/image-adamw.yaml"
{
    text_config
    echo "train: {epochs: 2, batch_size: 8, threads: 1, seeds: [1, 2], $adamw}"
    rest
} >"$work/series.yaml"

die() {
    echo "kill-test: $*"
    tail -n 5 "$work/out" 2>/dev/null || true
    exit 1
}

train() { # kind directory
    "$ACF/acf-train" --config "$work/$1.yaml" --set save.dir="$2" --resume >"$work/out" 2>&1
}

now() { date +%s.%N; }

# The directories of single runs: seed-* in those of a series.
runs_in() { # directory
    if [ -e "$1/train.log" ] && [ ! -e "$1/metrics.jsonl" ] || [ -d "$1/seed-1" ]; then
        find "$1" -mindepth 1 -maxdepth 1 -type d -name 'seed-*' | sort
    else
        echo "$1"
    fi
}

# What is compared of a finished run.
finished_run() { # directory
    for link in best last; do
        echo "$link $(readlink "$1/$link")"
        for file in model.safetensors optimizer.safetensors trainer_state.json; do
            sha256sum <"$1/$link/$file"
        done
    done
    sha256sum <"$1/predictions.dev.tsv"
    sed -E 's/"(seconds|examples_per_s|tokens_per_s)":[^,}]*//g' "$1/metrics.jsonl"
    cut -d, -f1-11,14- "$1/metrics.csv"
    ls -A "$1" | grep -vx -e .lock -e 'checkpoint-[0-9]*' # a stop adds a checkpoint
}

finished() { # directory
    for run in $(runs_in "$1"); do
        finished_run "$run"
    done
    if [ -e "$1/summary.json" ]; then
        readlink "$1/best"
        cat "$1/summary.json"
    fi
}

same() { # kind
    finished "$work/run-$1" >"$work/is"
    cmp -s "$work/was-$1" "$work/is" || {
        diff "$work/was-$1" "$work/is" | head -n 20
        die "the resumed run of $1 differs from the undisturbed one"
    }
}

# Every checkpoint that has its name is whole, and the links lead somewhere.
check_checkpoints() { # directory
    for ck in "$1"/checkpoint-*; do
        [ -d "$ck" ] || continue
        (cd "$ck" && sha256sum --quiet -c SHA256SUMS) >"$work/sums" 2>&1 ||
            die "$ck is broken: $(head -n 1 "$work/sums")"
        [ "$(sha256sum <"$ck/SHA256SUMS" | cut -c1-64)" = "$(cut -c1-64 "$ck/COMPLETE")" ] ||
            die "$ck: COMPLETE does not fit"
    done
    for link in best last; do
        [ ! -L "$1/$link" ] || [ -d "$1/$link" ] || die "$1/$link leads nowhere"
    done
}

for kind in $kinds; do
    begin=$(now)
    train "$kind" "$work/whole" || die "the undisturbed run of $kind failed"
    end=$(now)
    awk "BEGIN { print $end - $begin }" >"$work/length-$kind"
    finished "$work/whole" >"$work/was-$kind"
    [ "$kind" != early ] || grep -q 'early stop' "$work/whole/train.log" ||
        die 'the run that was to stop early did not'
    rm -rf "$work/whole"
done

drawn=0
in_saving=0
ends=0

# One process of a kind of run that gets a signal; a run that ends is compared and begun anew.
disturb() { # kind signal; sets hit
    dir=$work/run-$1
    drawn=$((drawn + 1))
    length=$(cat "$work/length-$1")
    delay=$(awk "BEGIN { srand($seed * 1000 + $drawn); rand(); print rand() * $length * 0.6 }")
    "$ACF/acf-train" --config "$work/$1.yaml" --set save.dir="$dir" --resume \
        >"$work/out" 2>&1 &
    child=$!
    sleep "$delay"
    kill "-$2" "$child" 2>/dev/null || true
    code=0
    wait "$child" 2>/dev/null || code=$?
    child=
    hit=1
    case $2:$code in
    KILL:137 | TERM:75 | TERM:143) ;; # 143: before the handlers were there
    *:0)
        hit=0
        ends=$((ends + 1))
        same "$1"
        rm -rf "$dir"
        return
        ;;
    *) die "$1 after SIG$2: exit $code" ;;
    esac
    [ -d "$dir" ] || return 0
    for run in $(runs_in "$dir"); do
        check_checkpoints "$run"
        case $(ls -A "$run") in *.tmp* | *.old-*) in_saving=$((in_saving + 1)) ;; esac
    done
}

n=0
while [ $n -lt $((kills + terms)) ]; do
    for kind in $kinds; do
        [ $n -lt $((kills + terms)) ] || break
        [ $drawn -lt $((20 * (kills + terms) + 20)) ] || die "the runs end before they are killed"
        if [ "$terms" -gt 0 ] && [ $((n * terms % (kills + terms))) -lt "$terms" ]; then
            disturb "$kind" TERM
        else
            disturb "$kind" KILL
        fi
        n=$((n + hit))
    done
done
for kind in $kinds; do
    train "$kind" "$work/run-$kind" || die "the last resume of $kind failed"
    same "$kind"
    ends=$((ends + 1))
done
echo "kill-test: $kills kills and $terms stops, $in_saving of them in saving, $ends runs" \
    "compared equal"
