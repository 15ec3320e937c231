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
grep -qx "model: $PWD/series/best" out || fail 'no line of the model'
# A run that diverges keeps none of the others from being trained.
run 5 "$ACF/acf-train" --config base.yaml --seeds 1..2 --set save.dir=diverged --set train.optimizer.lr=100 \
    --set train.optimizer.head_lr=100 --set train.optimizer.weight_decay=10 --set train.clip=0 --set train.steps=300
[ -e diverged/seed-2/status.json ] || fail 'nothing was trained after a run that diverged'
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
grep -q "^series (seed-$best, the best of 3 runs) on .*: [0-9]* rows, linear head\$" out || { fail 'which run is it?'; head -n 1 out; }
run 0 "$ACF/acf-eval" series --json
grep -q "^{\"model\":\"series\",.*\"run\":\"seed-$best\"}\$" out || fail 'which run is it, in JSON?'
run 0 "$ACF/acf-eval" series/seed-1
grep -q '^series/seed-1 on ' out || fail 'a run of a series is no series'

# Of each figure the best run is named.
[ "$(sed -n '/"linear"/,$s/.*"best":[^"]*"\(.*\)",/\1/p' series/summary.json | head -n 1)" = "seed-$best" ] || fail 'the best run of a figure'

# Two at a time: the same bytes.
run 0 "$ACF/acf-train" --config base.yaml --seeds 1,2,3 -j 2 --set save.dir=parallel
grep -q '^seed-2: finished in' err || fail 'no line of a parallel run'
weights series >a
weights parallel >b
cmp a b || fail 'runs at the same time are other runs'
cmp series/summary.json parallel/summary.json || fail 'another summary'

# Finished runs are not trained again, further seeds are.
before=$(digest_of series/seed-*)
run 0 "$ACF/acf-train" --config base.yaml --seeds 1..4 --resume
[ "$before" = "$(digest_of series/seed-[123])" ] || fail 'a finished run was changed'
grep -q '"n":[^0-9]*4,' series/summary.json || fail 'the fourth run does not count'

# A run that diverged is left out of the summary, and is not trained again.
cp -r series partly
sed -i 's/"ended":[^,]*/"ended": 5/' partly/seed-2/status.json
rm partly/summary.json
before=$(digest_of partly/seed-*)
for jobs in 1 2; do
    run 5 "$ACF/acf-train" --config base.yaml --seeds 1..4 --set save.dir=partly --resume -j $jobs
    grep -q 'seed-2: diverged, left out' out || fail 'no word of the run that diverged'
done
[ "$before" = "$(digest_of partly/seed-*)" ] || fail 'a run that diverged was trained again'
tr -d ' \t\n' <partly/summary.json | grep -q '"n":3,"runs":\["seed-1","seed-3","seed-4"\],"diverged":\["seed-2"\],' || {
    fail 'the summary without the run that diverged'
    cat partly/summary.json
}
run 5 "$ACF/acf-train" --config base.yaml --seeds 1..4 --set save.dir=partly --resume --max-time 0.0001s
# It does not hide that others were stopped, one after the other or several at a time.
for jobs in 1 2; do
    run 75 "$ACF/acf-train" --config base.yaml --seeds 1..6 --set save.dir=partly --resume --max-time 0.0001s -j $jobs
done

# Cross-validation: each row is dev once, parts of a class and of all rows differ by one at most.
run 0 "$ACF/acf-train" --config base.yaml --set data.dev=null --cv 4 -j 2 --set save.dir=cv
for k in 1 2 3 4; do
    awk -v k=$k '$1 == "dev" { print $2, k }' cv/fold-$k/rows.tsv
    awk -F '\t' -v k=$k 'NR > 1 { print $2 >"labels." k; n++ } END { print n >"sizes" }' cv/fold-$k/predictions.dev.tsv
    cat sizes >>all_sizes
    sort labels.$k | uniq -c | awk '$1 < 3 || $1 > 4 { exit 1 }' || fail "classes of fold $k: $(sort labels.$k | uniq -c)"
done | sort -n >folds
[ "$(wc -l <folds)" -eq 60 ] && [ "$(cut -d ' ' -f 1 folds | uniq | wc -l)" -eq 60 ] || fail 'folds are no partition'
[ "$(sort all_sizes | uniq -c | awk '{ print $2 ":" $1 }' | tr '\n' ' ')" = '15:4 ' ] || fail "sizes of folds: $(cat all_sizes)"
grep -q '"fold-4"' cv/summary.json || fail 'no fold 4 in the summary'
# Of four folds, which share training data, the interval is as wide as 2 t sd sqrt(1/4 + 1/3).
tr -d '[],\t' <cv/summary.json | awk -F : '$1 == "\"sd\"" { sd = $2 } $1 == "\"ci\"" { split($2, ci, " ")
    d = ci[2] - ci[1] - 2 * 3.18244630528 * sd * sqrt(7 / 12); exit !(sd > 0 && d < 1e-6 && d > -1e-6) }' || fail 'the interval of folds'
run 0 "$ACF/acf-train" --config base.yaml --set data.dev=null --set data.folds=4 --set data.fold=3 --set save.dir=third
cmp third/best/model.safetensors cv/fold-3/best/model.safetensors || fail 'fold 3 alone is another run'
before=$(digest_of cv/fold-*)
run 0 "$ACF/acf-train" --config base.yaml --set data.dev=null --cv 4 --set save.dir=cv --resume
[ "$before" = "$(digest_of cv/fold-*)" ] || fail 'a finished fold was changed'
run 0 "$ACF/acf-eval" cv/
grep -q '^cv/ (fold-[1-4], the best of 4 runs) on ' out || fail 'which fold is it?'
grep -q '15 rows, linear head' out || fail 'acf-eval of a fold judges other rows'

# From an encoder with a tokenizer, the files are tokenized once for all runs, which shows in nothing
# but the log: seeds that draw other rows, folds, both ways of running them.
sed 's|encoder: bert-tiny, vocab: {size: 300}|encoder: series/seed-1/best|' base.yaml >tuned.yaml
run 0 "$ACF/acf-train" --config tuned.yaml --seeds 1..2 --set data.shots=9 --set save.dir=shared
grep -q 'seed-2, 2 of 2' err && [ "$(grep -c 'train: 36 rows tokenized before' err)" -eq 2 ] || { fail 'tokens are not shared'; cat err; }
run 0 "$ACF/acf-train" --config tuned.yaml --seeds 1..2 --set data.shots=9 --set save.dir=apart -j 2
run 0 "$ACF/acf-train" --config tuned.yaml --set train.seed=2 --set data.shots=9 --set save.dir=single
grep -q 'train: 36 rows tokenized in' err || fail 'a single run shares tokens'
cmp single/best/model.safetensors shared/seed-2/best/model.safetensors || fail 'shared tokens are other tokens'
cmp single/best/model.safetensors apart/seed-2/best/model.safetensors || fail 'shared tokens are others in processes'
run 0 "$ACF/acf-train" --config tuned.yaml --set data.dev=null --cv 2 --set save.dir=halves
[ "$(grep -c 'dev: 30 rows tokenized before' err)" -eq 2 ] || { fail 'folds do not share tokens'; cat err; }
run 0 "$ACF/acf-train" --config tuned.yaml --set data.dev=null --set data.folds=2 --set data.fold=2 --set save.dir=half
cmp half/best/model.safetensors halves/fold-2/best/model.safetensors || fail 'shared tokens of folds are others'

# Without dev nothing is measured, and no run is the best.
run 0 "$ACF/acf-train" --config base.yaml --set data.dev=null --seeds 1..2 --set save.dir=unmeasured
grep -qx 'no best run: no dev split was measured; each run has its own best' out || { fail 'a series without dev'; cat out; }

# A run whose checkpoints were removed is not trained anew by --resume; as it is, it has ended.
for series in '' '--seeds 1..2'; do
    results="--set save.dir=results${series:+-series} --set save.results_only=yes $series"
    run 0 "$ACF/acf-train" --config base.yaml $results
    grep -q '^model: ' out && fail "the model that is told was removed: $series"
    before=$(digest_of results*)
    for more in train.steps=9 'train.steps=9 --dry-run'; do
        refuses 2 'but its checkpoints were removed (save.results_only), nothing can be resumed: --overwrite starts anew' \
            "$ACF/acf-train" --config base.yaml $results --resume --set $more
        [ "$before" = "$(digest_of results*)" ] || fail "a run without checkpoints was changed: $series $more"
    done
    run 0 "$ACF/acf-train" --config base.yaml $results --resume
    run 0 "$ACF/acf-train" --config base.yaml $results --overwrite --set train.steps=9
done

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
refuses 2 "train.seeds: '3..1': expected a list like [1, 2, 3] or a range like 1..5" "$ACF/acf-train" --config base.yaml --seeds 3..1
refuses 2 "train.seeds: '..3': expected a list" "$ACF/acf-train" --config base.yaml --seeds ..3
for seeds in 1..3 1,2,3 '[1, 2, 3]'; do
    "$ACF/acf-train" --config base.yaml --seeds "$seeds" --print-config | grep -q '^ *seeds: \[1, 2, 3\]' || fail "--seeds $seeds"
done
refuses 2 '1 stands twice' "$ACF/acf-train" --config base.yaml --seeds 1,1
refuses 2 'is not a whole number' "$ACF/acf-train" --config base.yaml --seeds 1,x
refuses 2 'data.folds and data.dev exclude each other' "$ACF/acf-train" --config base.yaml --cv 3 --set save.dir=new
refuses 2 'a series is of seeds or of folds' "$ACF/acf-train" --config base.yaml --set data.dev=null --cv 3 --seeds 1..2 --set save.dir=new
refuses 2 'data.fold = 4 is more than data.folds = 3' "$ACF/acf-train" --config base.yaml --set data.dev=null --set data.folds=3 --set data.fold=4
refuses 2 'data.fold needs data.folds' "$ACF/acf-train" --config base.yaml --set data.fold=4
refuses 3 '60 rows cannot be dealt into data.folds = 61 parts' "$ACF/acf-train" --config base.yaml --set data.dev=null --cv 61 --set save.dir=new
# A label whose only row is in one part is told; one label alone in a part is seen before the first.
awk -F '\t' -v OFS='\t' 'NR == 1 || NR % 3 == 0 { print } END { print "the only one", "rare" }' "$data/train.tsv" >rare.tsv
run 0 "$ACF/acf-train" --config base.yaml --set data.dev=null --set data.train=rare.tsv --cv 5 --set save.dir=rare
grep -q "warning: .*rare.tsv: [0-9] of [0-9] labels have fewer rows than data.folds = 5, 'rare' has 1: some parts have none" err ||
    { fail 'a rare label is not told'; cat err; }
awk -F '\t' -v OFS='\t' 'NR == 1 || $2 == "rare" { print; next } { print $1, "common" }' rare.tsv >poor.tsv
for option in --dry-run --resume; do
    refuses 3 "of data.folds = 5 all training rows have the label 'common': two labels need two rows each" \
        "$ACF/acf-train" --config base.yaml --set data.dev=null --set data.train=poor.tsv --cv 5 --set save.dir=poor $option
    [ -e poor ] && fail 'something is left of a series whose data are refused'
done
# So with files and encoders that are not there: nothing is left, and of an old series nothing lost.
before=$(digest_of partly)
for dir in new partly; do
    option=$([ $dir = new ] || echo --overwrite)
    for jobs in 1 2; do
        refuses 3 'nowhere.tsv: cannot open' "$ACF/acf-train" --config base.yaml --seeds 1..2 -j $jobs --set save.dir=$dir \
            --set data.dev=nowhere.tsv $option
        refuses 3 'cannot be dealt into data.folds = 61 parts' "$ACF/acf-train" --config base.yaml --set data.dev=null --cv 61 \
            -j $jobs --set save.dir=$dir $option
        refuses 4 'nowhere: there is no such model directory' "$ACF/acf-train" --config base.yaml --seeds 1..2 -j $jobs \
            --set save.dir=$dir --set model.encoder=./nowhere $option
    done
done
[ -e new ] && fail 'something is left of a series that was refused'
[ "$before" = "$(digest_of partly)" ] || fail 'an old series was changed by one that was refused'
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
