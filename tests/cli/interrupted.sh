# acf-train stopped by a signal or by --max-time: exit 75, and --resume ends with the very weights
# of the run that was never stopped.
. "$SRC/tests/cli/lib"
cat >slow.yaml <<EOF
schema: 1
task: text
data: {train: $data/train.tsv, dev: $data/dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 40, batch_size: 8, threads: 1}
eval: {every: 10 steps}
save: {every: 20 steps}
log: {every: 1}
EOF
train() {
    "$ACF/acf-train" --config slow.yaml --set save.dir="$@"
}
same() {
    for file in model.safetensors optimizer.safetensors; do
        cmp "whole/checkpoint-000040/$file" "$1/checkpoint-000040/$file" || fail "$1: $file differs"
    done
    for run in whole "$1"; do # all but the times
        grep -v '"eval_runtime"\|"eval_samples_per_second"' $run/eval_results.json >$run.results
    done
    [ "$1" = saved ] || # which is evaluated at other updates
        cmp whole.results "$1.results" || fail "$1: eval_results.json differs"
    grep -o '"event":"train","step":[0-9]*' "$1/metrics.jsonl" >steps
    [ "$(wc -l <steps)" -eq 40 ] && [ "$(sort -u steps | wc -l)" -eq 40 ] || fail "$1: metrics.jsonl has not 40 updates, each once"
}
run 0 train whole
same whole

# start NAME [OPTION...]: a run in the background, $pid, that logs its first updates.  On a busy
# machine it may be over before the shell does anything about it: what follows is tried again then.
start() {
    name=$1
    shift
    rm -rf "$name"
    "$ACF/acf-train" --config slow.yaml --set save.dir="$name" "$@" >"$name.out" 2>"$name.err" &
    pid=$!
    until grep -q '^step [1-9]' "$name.err" || ! kill -0 $pid 2>/dev/null; do
        sleep 0.01
    done
}

# during NAME SIGNAL: the exit code in $code of a run that gets the signal in its midst.
during() {
    for try in 1 2 3 4 5 6; do
        start "$1"
        kill -s "$2" $pid
        code=0
        wait $pid || code=$?
        grep -q '^step 40/40' "$1.err" || return 0
    done 2>/dev/null
}

stopped() { # NAME SIGNAL
    during "$1" "$2"
    [ $code -eq 75 ] || { fail "$2: exit $code, expected 75"; cat "$1.err"; return; }
    [ -s "$1.out" ] && fail "$2: figures of a run that is not over"
    grep -q '^error: .*stopped after update [0-9]* of 40, saved; --resume' "$1.err" ||
        { fail "$2: no word of --resume"; cat "$1.err"; }
    run 0 "$ACF/acf-predict" "$1/last" "$data/dev.tsv"
    run 0 train "$1" --resume
    grep -q "resuming from .*/$1/checkpoint-0000" err || { fail "$2: not resumed"; cat err; }
    same "$1"
}
stopped term TERM
stopped int INT

# A time limit that is over at once: saved before the first update, as often as one likes.
run 75 train limited --max-time 0.001s
run 75 train limited --max-time 0.001s --resume
run 0 train limited --resume
same limited

# Killed outright: on from the last checkpoint, or from the start.
during killed KILL
[ $code -eq 137 ] || fail "SIGKILL: exit $code"
run 0 train killed --resume
same killed

# SIGUSR1 saves and goes on: a checkpoint besides the one at the end.
n=0
for try in 1 2 3 4 5 6; do
    start saved --set save.every=1000 --set save.keep_last=50 --set eval.every=1000
    kill -s USR1 $pid 2>/dev/null
    wait $pid || fail 'SIGUSR1 ended the run'
    n=$(find saved -maxdepth 1 -name 'checkpoint-*' | wc -l)
    [ "$n" -eq 2 ] && break
done
[ "$n" -eq 2 ] || fail "SIGUSR1: $n checkpoints"
same saved

# Nobody listens: files that were closed, pipes whose reader is gone.  The run is as good.
run 0 sh -c "'$ACF/acf-train' --config slow.yaml --set save.dir=closed >&- 2>&-"
same closed
sh -c "'$ACF/acf-train' --config slow.yaml --set save.dir=broken 2>&1; echo \$? >broken.code" | head -n 1 >/dev/null
[ "$(cat broken.code)" -eq 0 ] || fail "a broken pipe: exit $(cat broken.code)"
same broken
for dir in closed broken; do
    (cd $dir/last && sha256sum --quiet -c SHA256SUMS) || fail "$dir: last is not whole"
    tail -n 3 $dir/train.log | grep -q 'use:   acf-predict' || fail "$dir: train.log is not whole"
done

# Two at once in one directory: the second is refused, the first goes on.
held=
for try in 1 2 3 4 5 6; do
    start locked
    kill -s STOP $pid 2>/dev/null
    sleep 0.01
    [ -s locked/.lock ] && held=$pid &&
        refuses 2 "locked: is in use by process $pid" "$ACF/acf-train" --config slow.yaml \
            --set save.dir=locked --resume
    kill -s CONT $pid 2>/dev/null
    wait $pid || fail 'the first of two runs did not end well'
    [ -n "$held" ] && break
done
[ -n "$held" ] || fail 'no run could be held'
same locked
[ -e locked/.lock ] && fail 'a lock stays after the run'

# One that still reads its data when another begins there and ends: the finished run is not trained over.
awk 'BEGIN { print "text\tlabel"; for (i = 0; i < 200000; i++) print "some words " i " of a long file\t" i % 2 }' >long.tsv
late=
for try in 1 2 3 4 5 6; do
    rm -rf late
    "$ACF/acf-train" --config slow.yaml --set save.dir=late --set data.train=long.tsv --set data.dev=null >out 2>late.err &
    pid=$!
    sleep 0.1
    kill -s STOP $pid
    if [ ! -e late ]; then
        late=$pid
        run 0 "$ACF/acf-train" --config slow.yaml --set save.dir=late
        kill -s CONT $pid
        code=0
        wait $pid || code=$?
        [ $code -eq 2 ] && grep -q '^error: .*late: is not empty; --resume goes on with the run there' late.err ||
            { fail "a run that comes late: exit $code"; cat late.err; }
        same late
        break
    fi
    kill -9 $pid
    wait $pid 2>/dev/null
done
[ -n "$late" ] || fail 'no run could be held before it began'

# train.log that is a link or a pipe: nothing is written outside, nothing waits for a reader.
for kind in link pipe; do
    rm -rf strange
    run 0 "$ACF/acf-train" --config slow.yaml --set save.dir=strange --set train.steps=5
    rm -f strange/train.log
    echo before >outside
    [ $kind = link ] && ln -s "$PWD/outside" strange/train.log
    [ $kind = pipe ] && mkfifo strange/train.log
    refuses 6 'train.log: cannot append' "$ACF/acf-train" --config slow.yaml --set save.dir=strange --resume
    [ "$(cat outside)" = before ] || fail 'a link out of the run directory was followed'
done
finish
