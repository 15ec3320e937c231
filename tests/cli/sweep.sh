# Sweeps: a table of variants x tasks x seeds, killed and started again, in shards, diverging, wrong
# files; glue.sh and cifar.sh; the Slurm script.
. "$SRC/tests/cli/lib"
cat >base.yaml <<END
schema: 1
task: text
data: {train: $data/train.tsv, dev: $data/dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 6, batch_size: 16, optimizer: {lr: 1e-3}}
eval: {every: 6 steps}
save: {every: 3 steps, keep_last: 1}
END
cat >sweep.yaml <<END
schema: 1
seeds: 1..2
tasks:
  - {name: few, config: base.yaml, set: {data.shots: 6}}
  - {name: full, config: base.yaml, metrics: [accuracy, mcc], seeds: [3]}
variants:
  ce: {loss.type: ce}
  acf: {loss: {type: acf, lambda: 1}}
END
train="$ACF/acf-train --sweep sweep.yaml"

. "$SRC/tests/cli/sweep_lib"

run 0 $train --out whole -j 2
for name in ce/few/seed-1 ce/few/seed-2 acf/few/seed-1 acf/few/seed-2 ce/full/seed-3 acf/full/seed-3; do
    [ -e whole/$name/best/COMPLETE ] || fail "no model of $name"
    grep -q "^\[[1-6]/6\] $name: accuracy linear 0.[0-9]*, label 0.[0-9]*  ([0-9.]*s" err || fail "no line of $name"
done
[ "$(sed -n 2,3p whole/table.md)" = "$(sed -n 2,3p out)" ] || fail 'another table is shown than written'
head -n 1 whole/table.md | grep -qx '| variant | head | few, accuracy | full, accuracy | full, mcc | mean |' || fail "$(head -n 1 whole/table.md)"
[ "$(wc -l <whole/table.md)" -eq 6 ] || fail 'a table of other size'
[ "$(grep -c '^' whole/table.csv)" -eq 17 ] || fail 'table.csv has other rows'
[ "$(wc -l <whole/results.jsonl)" -eq 6 ] || fail 'results.jsonl has other lines'
grep -q '^{"sweep":"sweep","variant":"acf","task":"few","data":"text","seed":2,"ended":0,.*"label":{"accuracy":.*"cpu_seconds":[0-9.]*,"starts":1,"version":".*"settings":{"data.train":"train.tsv","data.dev":"dev.tsv","data.shots":6,.*"loss.lambda":1,' whole/results.jsonl || fail 'results.jsonl of acf/few/seed-2'
# The mean is that of the runs, in all three files.
mean=$(for k in 1 2; do
    sed -n 's/^.*"eval_accuracy":[^0-9]*\([0-9.]*\).*/\1/p' whole/ce/few/seed-$k/eval_results.json
done | awk '{ sum += $1 } END { printf "%.2f", 50 * sum }')
grep -q "^| ce | linear | \**$mean ± " whole/table.md || fail "the mean is $mean: $(sed -n 3p whole/table.md)"
awk -F , -v mean="$mean" '$1 == "ce" && $2 == "few" && $4 == "linear" { d = 100 * $9 - mean; found = d < 0.006 && d > -0.006 } END { exit !found }' whole/table.csv || fail 'table.csv has another mean'
grep -q '"open":[^0-9]*0' whole/table.json || fail 'table.json'

# The first line tells the threads that the runs take.
run 0 $train --out threads --tasks few --variants ce --set train.steps=0 --set train.threads=3
grep -q '^sweep sweep: .*; 1 at a time, 3 threads each; .*/threads$' err || { fail 'threads of a sweep'; cat err; }
run 0 $train --out some-threads --variants ce --set train.steps=0 --set train.threads=1 --set few:train.threads=3 -j 2
grep -q '; 2 at a time, 1 to 3 threads each; .*/some-threads$' err || { fail 'threads of the tasks of a sweep'; cat err; }

# Nothing is done twice.
echo x >whole/table.md.4711.tmp
before=$(digest_of whole/ce whole/acf)
run 0 $train --out whole -j 2
[ "$before" = "$(digest_of whole/ce whole/acf)" ] || fail 'a finished sweep was changed'
grep -q '6 ended before' err || fail 'finished runs are not counted'
[ ! -e whole/table.md.4711.tmp ] || fail "what a process left that died while writing is there"

# Killed at some places, stopped by its time, and in shards: the same in the end, nothing repeated.
$train --out killed -j 2 >/dev/null 2>lines &
wait_for grep -q '^\[1/6\]' lines
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
sleep 0.3 # its runs save and stop
finished_of killed >before
run 75 $train --out killed --max-time 0.02s
grep -q 'runs\{0,1\} left; the same command goes on' err || fail 'nothing about what is left'
grep -q ' (0 of \| - |' killed/table.md || fail 'an unfinished table looks finished'
run 0 $train --out killed -j 2
finished_of killed >after
grep -vxFf after before >lost && fail "finished work was changed: $(head -n 3 lost)"
result_of whole >a
result_of killed | diff a - || fail 'a sweep that was killed ends otherwise'
run 0 $train --out shards --variants ce --shard 1/2
[ "$(cd shards && find . -name status.json | sort | tr '\n' ' ')" = './ce/few/seed-1/status.json ./ce/full/seed-3/status.json ' ] ||
    fail "another shard: $(find shards -name status.json)"
grep -q '(1 of 2) ' shards/table.md || fail 'the table of a shard'
run 0 $train --out shards --variants ce --shard 2/2
result_of whole/ce >a
result_of shards/ce | diff a - || fail 'shards end otherwise'
[ "$(sed -n 's/ (.*//; s/\**//g; 3p' shards/table.md)" = "$(sed -n 's/ (.*//; s/\**//g; 3p' whole/table.md)" ] || fail 'the table of shards'

# Other seeds of a finished sweep: nothing is lost, and the lines of what is not chosen stay, as long
# as the runs do.
cp -r whole more
before=$(digest_of more/ce/few/seed-1 more/acf)
run 0 $train --out more --tasks few --variants ce --seeds 3..4 -j 2
[ "$before" = "$(digest_of more/ce/few/seed-1 more/acf)" ] || fail 'other seeds changed finished runs'
[ -e more/ce/few/config.yaml ] && [ -e more/ce/few/seed-4/best/COMPLETE ] || fail 'no other seeds'
[ "$(wc -l <more/results.jsonl)" -eq 8 ] || fail "lines of other runs: $(wc -l <more/results.jsonl), expected 8"
run 0 "$ACF/acf-eval" --results more --metric accuracy
refuses 2 'train.batch_size (was 16, is 8)' $train --out more --tasks few --variants ce --seeds 5 --set train.batch_size=8
[ -e more/ce/few/config.yaml ] || fail 'a series of other settings was forgotten though it has runs'
rm -r more/acf/full
run 0 $train --out more --tasks few --variants ce --seeds 1
[ "$(grep -c '"task":"full"' more/results.jsonl)$(wc -l <more/results.jsonl)" = 17 ] || fail 'the line of a run that is gone'

# Two at once share the runs, and wait for what the other still works on.
$train --out twice --variants ce -j 2 >/dev/null 2>other &
code=0
$train --out twice --variants ce -j 2 >/dev/null 2>err || code=$?
second=0
wait $! || second=$?
[ "$code $second" = '0 0' ] || { fail "two at once end with $code and $second"; cat other err; }
run 0 $train --out twice --variants ce
result_of twice/ce | diff a - || fail 'two at once end otherwise'
[ "$(wc -l <twice/results.jsonl)" -eq 3 ] || fail 'two at once lose lines'
cp -r twice waits
rm -r waits/ce/full/seed-3
mkdir waits/ce/full/seed-3
flock waits/ce/full/seed-3/.lock sleep 2 &
wait_for test -e waits/ce/full/seed-3/.lock
run 0 $train --out waits --variants ce
grep -q '^\[0/1\] ce/full/seed-3: another process works on it' err && grep -q '/seed-3: is in use by process unknown on host unknown: waiting for its end$' err &&
    grep -q '^\[1/1\] ce/full/seed-3: accuracy ' err || { fail 'a run of another process is not waited for'; cat err; }
result_of waits/ce | diff a - || fail 'a run that was waited for ends otherwise'
wait

# Told to stop while another process writes the table: still stopped, not refused.
$train --out held --variants ce --set train.steps=100000 >/dev/null 2>err &
sweep=$!
wait_for grep -q null held/ce/few/seed-1/status.json
flock held/.lock sleep 1 &
sleep 0.2
kill -TERM $sweep
code=0
wait $sweep || code=$?
[ $code -eq 75 ] || { fail "stopped while the table was locked: exit $code"; cat err; }
wait

# Folds: lines of one seed that are told apart.
cat >folds.yaml <<END
schema: 1
tasks: [{config: base.yaml, set: {data: {folds: 2, dev: null}}}]
variants: {ce: {loss.type: ce}, acf: {loss.type: acf}}
END
run 0 "$ACF/acf-train" --sweep folds.yaml --out folds -j 2
grep -q '"seed":42,"fold":2,' folds/results.jsonl && grep -q '"folds":' folds/table.json || fail 'no folds in the lines'
run 0 "$ACF/acf-eval" --results folds/results.jsonl
grep -q '^| base | accuracy | 2 |' out || { fail 'the table of folds'; cat out; }
# Of two folds the interval is 2 t sd sqrt(1/2 + 1) wide; one fold with several seeds is no series of
# folds: there it is 2 t sd sqrt(1/2).
width_is() { # TABLE FACTOR
    sed 's/"ci":[^0-9-]*\[\([^,]*\), \([^]]*\)\]/"ci":\1 \2/' "$1" | tr -d ',\t' | awk -F : -v factor="$2" '$1 == "\"sd\"" { sd = $2 }
        $1 == "\"ci\"" { split($2, ci, " "); d = ci[2] - ci[1] - 2 * 12.7062047362 * sd * sqrt(factor); n += sd > 0
            if (d > 1e-6 || d < -1e-6) wrong = 1 } END { exit !(n > 0 && !wrong) }'
}
cat >loss.yaml <<END
schema: 1
tasks: [{config: base.yaml, metrics: loss, set: {data: {folds: 2, dev: null}}}]
variants: {ce: {loss.type: ce}}
END
run 0 "$ACF/acf-train" --sweep loss.yaml --out loss -j 2
width_is loss/table.json 1.5 || { fail 'the interval of folds'; cat loss/table.json; }
sed 's/folds: 2/folds: 2, fold: 2/' loss.yaml >one.yaml
run 0 "$ACF/acf-train" --sweep one.yaml --out one --seeds 1..2 -j 2
grep -q '"seeds":' one/table.json || fail 'seeds of one fold are told as folds'
width_is one/table.json 0.5 || { fail 'the interval of seeds of one fold'; cat one/table.json; }
sed 's/metrics: loss/metrics: temperature/' loss.yaml >temperature.yaml
run 2 "$ACF/acf-train" --sweep temperature.yaml --out t
grep -q "metrics: temperature is neither better nor worse" err || { fail 'a sweep by temperature'; cat err; }
refuses 2 '--metric: temperature is neither better nor worse' "$ACF/acf-eval" --results loss/results.jsonl --metric temperature

# Parts of it, another seed, a grid.
run 0 $train --out part --tasks full --variants ce --seeds 5 --dry-run
[ "$(cat out)" = ce/full/seed-5 ] || fail 'one run of the sweep'
[ ! -e part ] || fail '--dry-run wrote something'
cat >grid.yaml <<END
schema: 1
tasks: [base.yaml]
grid: {loss.tau: [0.1, 0.3], loss.lambda: [1, 2]}
END
run 0 "$ACF/acf-train" --sweep grid.yaml --dry-run
[ "$(tr '\n' ' ' <out)" = 'tau=0.1_lambda=1/base tau=0.1_lambda=2/base tau=0.3_lambda=1/base tau=0.3_lambda=2/base ' ] || fail "order of a grid: $(cat out)"

# A run that diverges is shown as such, stops no other and is not repeated.
diverge() {
    run 5 $train --out diverged --variants ce --tasks few --set few:train.optimizer.lr=100 \
        --set few:train.optimizer.weight_decay=10 --set train.steps=300 --set train.clip=0 --set train.optimizer.head_lr=100
}
diverge
grep -q '^\[2/2\] ce/few/seed-2: diverged' err || fail 'no word of a run that diverged'
grep -q '^| ce | linear | diverged |$' diverged/table.md || { fail 'the table of diverged runs'; cat diverged/table.md; }
before=$(digest_of diverged/ce)
diverge
[ "$before" = "$(digest_of diverged/ce)" ] || fail 'a run that diverged is run again'
# So does one that fails otherwise; it is tried again.
printf 'text\tlabel\none\tlabel alone\n' >poor.tsv
run 3 $train --out failed --set few:data.train=poor.tsv --variants ce --seeds 1..2 -j 2
grep -q '^ce/few: error: seed-1: .*the only training row has the label' err || fail 'no error of the run that failed'
grep -q '^error: .*/failed: 2 of 4 runs failed, the first: ce/few/seed-1, with exit code 3$' err ||
    { fail 'the last line does not tell how many runs failed'; cat err; }
grep -q '^| ce | linear | failed | ' out || fail 'the table of a run that failed'

run 0 $train --out failed --variants ce --seeds 1 # none of its runs had begun: other data are fine

# Files and encoders that are not there are told before all runs, but not of tasks that have ended.
nowhere='--set few:data.train=nowhere.tsv --set full:data.dev=gone.tsv --set full:model.encoder=./no-model'
for more in '' --dry-run; do # which lists its runs all the same
    run 3 $train --out missing $nowhere $more
    [ -z "$more" ] || grep -q '^ce/few/seed-1$' out || { fail '--dry-run lists no runs'; cat out; }
    [ -n "$more" ] || [ ! -s out ] || fail 'standard output is not empty'
    grep -q '^error: sweep.yaml: nothing was started: see above$' err && grep -q "^sweep.yaml:[0-9:]*: error: task 'few': .*/nowhere.tsv: cannot open: No such file" err &&
        grep -q "^sweep.yaml:[0-9:]*: error: task 'full': .*/gone.tsv: cannot open: No such file" err &&
        grep -q "error: task 'full': .*/no-model: there is no such model directory" err &&
        [ "$(grep -c ': error: ' err)" -eq 3 ] || { fail 'not all that is missing is told, once'; cat err; }
    run 4 $train --out missing --set model.encoder=./no-model $more
done
[ -e missing ] && fail 'a sweep without its data wrote something'

# What is wrong is told at once, with its place, and nothing is written.
cat >broken.yaml <<END
schema: 1
seeds: 3..1
tsks: []
tasks:
  - {config: base.yaml, set: {data.shots: 0, data.max_train_samples: 5}}
  - {name: x, config: nowhere.yaml}
variants:
  a: {loss.typ: ce}
  b: {loss: {form: ntxent, label_weight: 2}}
  c: {save.dir: here}
END
refuses 2 'broken.yaml: nothing was started' "$ACF/acf-train" --sweep broken.yaml --out broken
for text in 2:8 3:1 5:43 6:23 8:7 9:42 10:7; do
    grep -q "^broken.yaml:$text: error: " err || { fail "no problem at $text"; cat err; }
done
[ ! -e broken ] || fail 'a broken sweep wrote something'
refuses 2 "few/seed-1: was begun with another configuration: train.steps (was 6, is 9)" $train --out whole --set train.steps=9
refuses 2 'sweep.yaml: nothing was started' $train --set loss.type=ce --set fw:train.steps=3 --set save.dir=x \
    --set train.seed=1 --set train.stps=3 --set few:train.steps=x
for text in "loss.type=ce: error: variant 'ce' sets loss.type" "fw:train.steps=3: error: the sweep has no task 'fw'" \
    'save.dir=x: error: a sweep decides where' 'train.seed=1: error: of a sweep write --seeds' \
    "train.stps=3: error: unknown key 'stps'" 'train.steps=x: error: '; do
    grep -qF -e "--set $text" err || { fail "not told: $text"; cat err; }
done
refuses 2 "--tasks: 'ful' is not in the sweep; did you mean 'full'?" $train --tasks ful
refuses 2 "--shard '0/2'" $train --shard 0/2
refuses 2 '--config and --sweep exclude each other' $train --config base.yaml
refuses 2 '--out: is for --sweep' "$ACF/acf-train" --config base.yaml --out x
refuses 2 '--overwrite: is for one run' $train --overwrite
refuses 2 '--cv: of a sweep' $train --cv 3
refuses 2 'no_such.yaml' "$ACF/acf-train" --sweep no_such.yaml
for file in "$SRC"/configs/sweeps/*.yaml; do
    code=0 # their data are not kept here, which is all that may be wrong
    "$ACF/acf-train" --sweep "$file" --dry-run >out 2>err || code=$?
    case $code in
    0) ;;
    3 | 4) grep ': error: ' err | grep -v 'cannot open: No such file\|there is no such' ;;
    *) fail "$file: exit $code" && cat err ;;
    esac >wrong
    grep -q / out || fail "$file: --dry-run lists no runs"
    [ ! -s wrong ] || { fail "$file: is wrong"; cat wrong; }
done

# glue.sh: a table by each task's metrics and a submission, of several seeds that of the best.
model=whole/ce/full/seed-3/best
. "$SRC/tests/cli/glue_files"
run 0 glue straight rte --seeds 1..2 -j 2
head -n 1 straight/table.md | grep -qx '| variant | head | rte, accuracy |' || fail "$(head -n 1 straight/table.md)"
sh "$SRC/scripts/check-submission.sh" straight/submission glue >out || { fail 'the submission'; cat out; }
best=$(readlink straight/acf/rte/best)
run 0 "$ACF/acf-eval" "straight/acf/rte/${best%%/*}" --glue-submission of_best
cmp of_best/RTE.tsv straight/submission/RTE.tsv || fail 'the submission is not that of the best run'
before=$(digest_of straight/acf straight/submission)
run 0 glue straight rte --seeds 1..2
[ "$before" = "$(digest_of straight/acf straight/submission)" ] || fail 'glue.sh repeats what is finished'
run 0 glue dry rte --dry-run
[ ! -e dry ] || fail 'glue.sh --dry-run wrote something'
# Answers follow the test file as well as the run; what is missing is told.
touch glue/RTE/test.tsv
before=$(digest_of straight/submission)
run 0 glue straight rte --seeds 1..2
[ "$before" != "$(digest_of straight/submission)" ] || fail 'answers to another test file stay'
mv glue/RTE/test.tsv test_of_rte
run 0 glue straight rte --seeds 1..2
grep -qx 'glue.sh: glue/RTE/test.tsv is not there: no answers of rte' err || { fail 'a test file that is missing'; cat err; }
mv test_of_rte glue/RTE/test.tsv
run 0 glue figures rte --set save.results_only=yes
grep -qx 'glue.sh: figures/acf/rte keeps no model (save.results_only): no answers of rte' err || { fail 'a run without a model'; cat err; }
run 0 glue figures2 rte --set save.results_only=yes --seeds 1..2
grep -q '^glue.sh: figures2/acf/rte keeps no model' err || { fail 'a series without models'; cat err; }
ln -s "$SRC/scripts/glue.sh" linked.sh
run 0 sh linked.sh "$model" glue dry rte --dry-run
grep -qx acf/rte out || { fail 'glue.sh by a link'; cat out; }

# Told to stop, glue.sh passes it on and waits; nobody trains behind it.  A shell in the background has
# SIGINT ignored, which cannot be trapped: env gives it back.
for signal in TERM INT; do
    setsid env --default-signal=INT sh "$SRC/scripts/glue.sh" "$model" glue long-$signal rte --set train.steps=100000 >/dev/null 2>err &
    wait_for grep -q null long-$signal/acf/rte/status.json
    [ $signal = TERM ] && kill -TERM $! || kill -s INT -- -$!
    code=0
    wait $! || code=$?
    [ $code -eq 75 ] || { fail "glue.sh after SIG$signal: exit $code"; cat err; }
    [ ! -e long-$signal/acf/rte/.lock ] || fail "SIG$signal ends glue.sh before the training"
    grep -q '"ended":[^0-9]*75,' long-$signal/acf/rte/status.json || fail "SIG$signal: the training was not stopped"
done
# Half-way, which a lock on the second run makes sure of.
run 75 glue half rte --seeds 1..2 --max-time 0.001s
mkdir -p half/acf/rte/seed-2
(flock 9 && exec sleep 60) 9>half/acf/rte/seed-2/.lock &
lock=$!
sh "$SRC/scripts/glue.sh" "$model" glue half rte --seeds 1..2 $glue_options >/dev/null 2>err &
wait_for grep -q 'waiting for its end' err
kill -TERM $!
code=0
wait $! || code=$?
[ $code -eq 75 ] || { fail "glue.sh stopped half-way: exit $code"; cat err; }
kill $lock 2>/dev/null
wait $lock 2>/dev/null
finished_of half >before
[ -s before ] || fail 'nothing had ended half-way'
run 0 glue half rte --seeds 1..2
finished_of half >after
grep -vxFf after before >lost && fail "glue.sh started again changed finished work: $(head -n 3 lost)"
result_of straight/acf >want
result_of half/acf | diff want - && cmp straight/table.md half/table.md && diff -r straight/submission half/submission ||
    fail 'glue.sh stopped half-way and started again ends otherwise'
# Its shell killed, which it cannot pass on: the next one waits for the training that goes on.
sh "$SRC/scripts/glue.sh" "$model" glue orphan rte --seeds 1..2 $glue_options >/dev/null 2>err &
wait_for test -e orphan/acf/rte/seed-1/.lock
kill -KILL $!
wait $! 2>/dev/null
run 0 glue orphan rte --seeds 1..2
result_of orphan/acf | diff want - && diff -r straight/submission orphan/submission || fail 'glue.sh killed and started again ends otherwise'
rm -r straight/submission
cp -r glue kept_glue
: >glue/RTE/test.tsv
run 3 glue straight rte --seeds 1..2 # what the submission ends with, after the table
grep -q '^| acf | linear | ' out || fail 'no table before a submission that fails'
rm -r glue && mv kept_glue glue
run 2 sh "$SRC/scripts/sweep.sh" --help
grep -q 'scripts/sweep.sh SWEEP.yaml' err || fail 'sweep.sh --help'
run 2 sh "$SRC/scripts/glue.sh" m glue out5 nli
run 3 sh "$SRC/scripts/glue.sh" m . out5
run 3 sh "$SRC/scripts/cifar.sh" . out5
run 2 sh "$SRC/scripts/cifar.sh" . out5 mnist

# slurm.sbatch under a cluster of two commands: sbatch runs its copy of the script for each task of
# the array, with the lines that Slurm reads checked; scontrol notes what is to run again.
mkdir bin spool
cat >bin/scontrol <<'END'
echo "$*" >>requeued
END
cat >bin/sbatch <<'END'
n=${1#--array=1-}
[ "$(head -n 1 "$2")" = '#!/bin/sh' ] && [ "$(grep -c '^#SBATCH --' "$2")" -eq 6 ] || exit 9
cp "$2" spool/slurm_script
shift 2
for i in $(seq "$n"); do
    SLURM_SUBMIT_DIR=$ACF SLURM_JOB_ID=10$i SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=1 \
        SLURM_ARRAY_TASK_COUNT=$n sh spool/slurm_script "$@"
    echo "task $i: $?" >>codes
done
END
chmod +x bin/*
slurm() {
    (
        PATH=$PWD/bin:$PATH
        rm -f requeued codes
        sbatch "$@" >out 2>err
    )
}
slurm --array=1-2 "$SRC/scripts/slurm.sbatch" sweep.yaml --out cluster --variants ce --max-time 0.001s
[ "$(tr '\n' ' ' <codes)$(tr '\n' ' ' <requeued)" = 'task 1: 75 task 2: 75 requeue 101 requeue 102 ' ] || { fail 'tasks that were stopped are not requeued'; cat codes err; }
slurm --array=1-2 "$SRC/scripts/slurm.sbatch" sweep.yaml --out cluster --variants ce
[ "$(tr '\n' ' ' <codes)" = 'task 1: 0 task 2: 0 ' ] && [ ! -e requeued ] || { fail 'tasks of the array'; cat codes err; }
result_of cluster/ce | diff a - || fail 'a sweep on a cluster ends otherwise'
# Slurm's warning comes to the shell.
rm -f requeued
(PATH=$PWD/bin:$PATH SLURM_SUBMIT_DIR=$ACF SLURM_JOB_ID=7 exec sh "$SRC/scripts/slurm.sbatch" sweep.yaml --out warned --set train.steps=100000) >out 2>err &
wait_for grep -q null warned/ce/few/seed-1/status.json
kill -TERM $!
code=0
wait $! || code=$?
[ $code -eq 75 ] && [ "$(cat requeued)" = 'requeue 7' ] || { fail "a task that was told to stop: $code"; cat err; }
finish
