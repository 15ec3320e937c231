#!/bin/sh
# Kill training runs at random moments, resume them, and compare with a run that was left alone.
#
#   scripts/kill-test.sh [KILLS [TERMS [SEED]]]
#
# KILLS (10) processes end by SIGKILL and TERMS (5) by SIGTERM, at moments drawn from SEED (1; the
# machine's timing does the rest).  A checkpoint is written after every other update, so about half
# of the moments are in saving.  After each one, every checkpoint must be whole; each run that comes
# to its end must have the weights, optimizer state, links, events (times aside) and predictions of
# the undisturbed one, to the byte.
set -eu
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
ACF=${ACF:-$SRC}
kills=${1:-10}
terms=${2:-5}
seed=${3:-1}
export OMP_WAIT_POLICY=passive

# In memory where there is such a place: it syncs thousands of times.
work=$(mktemp -d -p "${TMPDIR:-/dev/shm}" acf-kill-XXXXXX 2>/dev/null || mktemp -d)
child=
trap '[ -z "$child" ] || kill -9 "$child" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

cat >"$work/config.yaml" <<END
schema: 1
task: text
data: {dir: $SRC/data/sample-text}
model: {encoder: $SRC/tests/golden/tiny-bert, max_length: 16}
train: {epochs: 6, batch_size: 8, threads: 1, optimizer: {lr: 2e-3, head_lr: 1e-2}}
eval: {every: 3 steps, metric: loss}
save: {every: 2 steps, keep_last: 2}
log: {every: 5 steps}
END

die() {
    echo "kill-test: $*"
    tail -n 5 "$work/out" 2>/dev/null || true
    exit 1
}

train() { # directory
    "$ACF/acf-train" --config "$work/config.yaml" --set save.dir="$1" --resume >"$work/out" 2>&1
}

now() { date +%s.%N; }

begin=$(now)
train "$work/whole" || die "the undisturbed run failed"
end=$(now)
length=$(awk "BEGIN { print $end - $begin }")

# What is compared of a finished run, in one file.
finished() { # directory
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

same() { # directory
    finished "$1" >"$work/is"
    cmp -s "$work/was" "$work/is" || {
        diff "$work/was" "$work/is" | head -n 20
        die "the resumed run differs from the undisturbed one"
    }
}
finished "$work/whole" >"$work/was"

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

dir=$work/run
drawn=0
in_saving=0
ends=0

# One process of the run in $dir that gets a signal; a run that ends is compared and begun anew.
disturb() { # signal; sets hit
    drawn=$((drawn + 1))
    delay=$(awk "BEGIN { srand($seed * 1000 + $drawn); rand(); print rand() * $length * 0.6 }")
    "$ACF/acf-train" --config "$work/config.yaml" --set save.dir="$dir" --resume \
        >"$work/out" 2>&1 &
    child=$!
    sleep "$delay"
    kill "-$1" "$child" 2>/dev/null || true
    code=0
    wait "$child" 2>/dev/null || code=$?
    child=
    hit=1
    case $1:$code in
    KILL:137 | TERM:75 | TERM:143) ;; # 143: before the handlers were there
    *:0)
        hit=0
        ends=$((ends + 1))
        same "$dir"
        rm -rf "$dir"
        return
        ;;
    *) die "after SIG$1: exit $code" ;;
    esac
    if [ -d "$dir" ]; then
        check_checkpoints "$dir"
        case $(ls -A "$dir") in *.tmp* | *.old-*) in_saving=$((in_saving + 1)) ;; esac
    fi
}

n=0
while [ $n -lt $((kills + terms)) ]; do
    [ $drawn -lt $((20 * (kills + terms) + 20)) ] || die "the runs end before they are killed"
    if [ $((n * terms % (kills + terms))) -lt "$terms" ] && [ "$terms" -gt 0 ]; then
        disturb TERM
    else
        disturb KILL
    fi
    n=$((n + hit))
done
train "$dir" || die "the last resume failed"
same "$dir"
echo "kill-test: $kills kills and $terms stops, $in_saving of them in saving, $((ends + 1)) runs" \
    "compared equal"
