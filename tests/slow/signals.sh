# SIGTERM in every phase of a run, a series included: exit 75 within two seconds, then --resume.
#
# On generated texts and images; with ACF_GLUE (a directory that holds SST-2) and ACF_MODEL (a model
# directory, say a MiniLM) also on those.  LIMIT is the time allowed, in seconds (2).
. "$SRC/tests/cli/lib"
limit=${LIMIT:-2}
export OMP_WAIT_POLICY=passive

now() { date +%s.%N; }

# began NAME PHASE PID: waits until the run is in the phase; fails when it ends before.
began() {
    while kill -0 "$3" 2>/dev/null; do
        case $2 in
        reading) sleep 0.1 && return 0 ;;
        learning) sleep 0.4 && return 0 ;;
        tokenizing) grep -qs 'learnt from\|train:.*tokenized' "$1.err" && return 0 ;;
        training) grep -qs '^step 3/' "$1.err" && return 0 ;;
        evaluating) grep -qs '^step 10/' "$1.err" && return 0 ;;
        saving) find "$1" -name '.checkpoint-*.tmp-*' 2>/dev/null | grep -q . && return 0 ;;
        ending) find "$1" -name train.log -exec cat {} + 2>/dev/null | grep -q 'resuming from' && return 0 ;;
        esac
        sleep 0.002
    done
    return 1
}

# unreported NAME: as if the run or series had died before its last evaluation.
unreported() {
    find "$1" \( -name status.json -o -name eval_results.json -o -name summary.json -o -name train.log \) \
        -exec rm {} +
}

# stop CONFIG NAME PHASE [OPTION...]: a SIGTERM in the phase.  The last evaluation is made again when
# a run is resumed between it and the report, so that is where `ending` begins.
stop() {
    config=$1 name=$2 phase=$3
    shift 3
    code=0
    if [ "$phase" = ending ]; then
        rm -rf "$name"
        run 0 "$ACF/acf-train" --config "$config" --set save.dir="$name" "$@"
        set -- "$@" --resume
    fi
    for try in 1 2 3 4 5; do
        if [ "$phase" = ending ]; then unreported "$name"; else rm -rf "$name"; fi
        "$ACF/acf-train" --config "$config" --set save.dir="$name" "$@" >"$name.out" 2>"$name.err" &
        pid=$!
        began "$name" "$phase" $pid || { wait $pid || { cat "$name.err"; break; }; continue; }
        from=$(now)
        kill -TERM $pid 2>/dev/null
        code=0
        wait $pid || code=$?
        took=$(echo "$(now) $from" | awk '{ printf "%.2f", $1 - $2 }')
        [ $code -eq 0 ] || break
    done
    [ $code -eq 75 ] || { fail "$name, $phase: exit $code, expected 75"; tail -n 3 "$name.err"; return; }
    [ -s "$name.out" ] && fail "$name, $phase: figures of a run that is not over"
    echo "$name, $phase: stopped in $took s: $(sed -n 's/^error: //p' "$name.err" | cut -c 1-100)"
    awk "BEGIN { exit !($took <= $limit) }" || fail "$name, $phase: $took s, more than $limit"
}

# Texts: enough rows for every phase to take a while.
awk 'BEGIN {
    srand(1); print "text\tlabel"
    for (i = 0; i < 150000; i++) {
        line = ""
        for (k = 0; k < 12; k++) line = line sprintf("w%x ", int(rand() * 40000))
        print line "\t" (i % 4)
    }
}' >train.tsv
head -n 10001 train.tsv >dev.tsv
cat >text.yaml <<END
schema: 1
task: text
data: {train: train.tsv, dev: dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 2000}}
train: {steps: 20, batch_size: 16}
eval: {every: 10 steps}
save: {every: 1000}
log: {every: 1}
END
for phase in reading learning tokenizing training evaluating ending; do
    stop text.yaml text $phase
done
stop text.yaml text saving --set save.every=1
stop text.yaml series training --seeds 1,2
stop text.yaml series ending --seeds 1,2 -j 2

# Images: an IDX set of noise.
number() { printf "\\$(printf %o $(($1 / 16777216)))\\$(printf %o $(($1 / 65536 % 256)))\\$(printf %o $(($1 / 256 % 256)))\\$(printf %o $(($1 % 256)))"; }
images() { # NAME N
    {
        number 2051
        number "$2"
        number 28
        number 28
        head -c $(($2 * 784)) /dev/urandom
    } >"set/$1-images-idx3-ubyte"
    {
        number 2049
        number "$2"
        awk "BEGIN { for (i = 0; i < $2; i++) printf \"%c\", i % 9 + 1 }"
    } >"set/$1-labels-idx1-ubyte"
}
mkdir set
images train 20000
images t10k 100
cat >image.yaml <<END
schema: 1
task: fashion-mnist
data: {dir: set, dev_fraction: 0.2, cache: 0, image: {size: 32}}
model: {encoder: resnet20}
train: {steps: 20, batch_size: 128, optimizer: {name: sgd, lr: 0.1}}
eval: {every: 10 steps}
save: {every: 1000}
log: {every: 1}
END
for phase in reading training evaluating ending; do
    stop image.yaml image $phase
done
stop image.yaml image saving --set save.every=1

if [ -n "${ACF_GLUE:-}" ] && [ -n "${ACF_MODEL:-}" ]; then
    cat >sst2.yaml <<END
schema: 1
task: sst2
data: {dir: $ACF_GLUE/SST-2}
model: {encoder: $ACF_MODEL}
train: {steps: 20}
eval: {every: 10 steps}
save: {every: 1000}
log: {every: 1}
END
    for phase in tokenizing training evaluating ending; do
        stop sst2.yaml sst2 $phase
    done
    stop sst2.yaml sst2 saving --set save.every=2
fi

# One of them goes on.
run 0 "$ACF/acf-train" --config image.yaml --set save.dir=image --resume
finish
