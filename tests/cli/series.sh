# A series of runs with other seeds: one after the other, several at a time, interrupted, longer.
. "$SRC/tests/cli/lib"
cat >base.yaml <<EOF
schema: 1
task: text
data: {train: $data/train.tsv, dev: $data/dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 6, batch_size: 16, threads: 1, optimizer: {lr: 1e-3}}
save: {dir: series}
EOF
# Times and directories aside.
weights() {
    (cd "$1" && find . -name 'model.safetensors' -o -name 'optimizer.safetensors' | sort | xargs sha256sum)
}
run 0 "$ACF/acf-train" --config base.yaml --seeds 1..3
for name in seed-1 seed-2 seed-3; do
    [ -e series/$name/best/COMPLETE ] || fail "no checkpoint of $name"
    grep -q "\"$name\"" series/summary.json || fail "no $name in the summary"
done
grep -q '^accuracy, linear head: mean 0\.[0-9]*, sd ' out || fail 'no summary line'
grep -q '^accuracy, label head: ' out || fail 'no line of the label head'
# A run of a series is the run of its seed; the seeds differ.
run 0 "$ACF/acf-train" --config base.yaml --set train.seed=2 --set save.dir=alone
cmp alone/best/model.safetensors series/seed-2/best/model.safetensors || fail 'seed 2 alone is another run'
cmp -s series/seed-1/last/model.safetensors series/seed-2/last/model.safetensors && fail 'seeds do not differ'
# The summary is what the runs say, and the best run is linked.
for k in 1 2 3; do
    sed -n 's/^.*"eval_accuracy":[^0-9]*\([0-9.]*\).*/\1/p' series/seed-$k/eval_results.json
done >values
mean=$(sed -n '/"linear"/,$s/.*"mean":[^0-9]*\([0-9.]*\),/\1/p' series/summary.json | head -n 1)
awk -v mean="$mean" '{ sum += $1 } END { exit !(NR == 3 && sum / 3 - mean < 1e-9 && mean - sum / 3 < 1e-9) }' values ||
    fail "the mean $mean is not that of $(tr '\n' ' ' <values)"
best=$(awk '$1 > most { most = $1; best = NR } END { print best }' values)
case $(readlink series/best) in
seed-$best/checkpoint-*) ;;
*) fail "best is $(readlink series/best), expected a checkpoint of seed-$best" ;;
esac
run 0 "$ACF/acf-eval" series

# Two at a time: the same bytes.
run 0 "$ACF/acf-train" --config base.yaml --seeds 1,2,3 -j 2 --set save.dir=parallel
grep -q '^seed-2: finished in' err || fail 'no line of a parallel run'
weights series >a
weights parallel >b
cmp a b || fail 'runs at the same time are other runs'
cmp series/summary.json parallel/summary.json || fail 'another summary'

# Finished runs are not trained again, further seeds are.
before=$(state_of series/seed-*/checkpoint-*)
run 0 "$ACF/acf-train" --config base.yaml --seeds 1..4 --resume
[ "$before" = "$(state_of series/seed-[123]/checkpoint-*)" ] || fail 'a finished run was changed'
grep -q '"n":[^0-9]*4,' series/summary.json || fail 'the fourth run does not count'

# Stopped in the middle and resumed.
run 75 "$ACF/acf-train" --config base.yaml --seeds 1..3 --set save.dir=stopped --max-time 0.01s
[ -e stopped/summary.json ] && fail 'a summary of an unfinished series'
run 0 "$ACF/acf-train" --config base.yaml --seeds 1..3 --set save.dir=stopped --resume
for k in 1 2 3; do
    cmp stopped/seed-$k/best/model.safetensors parallel/seed-$k/best/model.safetensors ||
        fail "seed $k of a stopped series ends otherwise"
done

# The time is that of all runs together: the third does not get another share.
run 75 "$ACF/acf-train" --config base.yaml --seeds 1..3 -j 2 --set save.dir=limited --max-time 0.01s
[ -e limited/seed-3 ] && fail 'a run began when the time was over'

# A directory with quotes in its name, started by a program that ignores what becomes of its children.
(
    trap '' CHLD
    run 0 "$ACF/acf-train" --config base.yaml --seeds 1..2 -j 2 --set 'save.dir="a \"b\" c"'
)
[ -e 'a "b" c/seed-2/best/COMPLETE' ] || fail 'no run in a directory with quotes'

kept=
refuses 2 'series: is not empty' "$ACF/acf-train" --config base.yaml --seeds 1..4
refuses 2 'cannot resume with another config: train.optimizer.lr' "$ACF/acf-train" --config base.yaml --seeds 1..4 --resume --set train.optimizer.lr=1e-4
refuses 2 "--seeds '3..1'" "$ACF/acf-train" --config base.yaml --seeds 3..1
refuses 2 "--seeds '..3'" "$ACF/acf-train" --config base.yaml --seeds ..3
refuses 2 '1 stands twice' "$ACF/acf-train" --config base.yaml --seeds 1,1
refuses 2 'is not a whole number' "$ACF/acf-train" --config base.yaml --seeds 1,x
refuses 2 'is for one run' "$ACF/acf-train" --config base.yaml --seeds 1,2 --dump-step 1 f --set save.dir=new
# --dry-run looks at every run's directory.
run 0 "$ACF/acf-train" --config base.yaml --seeds 1..3 --set save.dir=dry --dry-run
[ -e dry ] && fail '--dry-run wrote something'
mkdir -p dry/seed-3
echo x >dry/seed-3/file
refuses 2 'dry: is not empty' "$ACF/acf-train" --config base.yaml --seeds 1..3 --set save.dir=dry --dry-run
cp -r series dry-series
rm -r dry-series/seed-3
mkdir dry-series/seed-3
echo x >dry-series/seed-3/file
refuses 2 'seed-3: ' "$ACF/acf-train" --config base.yaml --seeds 1..4 --set save.dir=dry-series --dry-run --resume

# A run that fails does not keep the others from being trained.
run 0 "$ACF/acf-train" --config base.yaml --seeds 1..2 -j 2 --set save.dir=failing
rm -r failing/seed-1
mkdir failing/seed-1
echo x >failing/seed-1/file
rm -r failing/seed-2
run 2 "$ACF/acf-train" --config base.yaml --seeds 1..2 -j 2 --set save.dir=failing --resume
grep -q 'seed-1: ended with exit code 2' err || fail 'nothing about the run that failed'
[ -e failing/seed-2/last/COMPLETE ] || fail 'the other run was not trained'
finish
