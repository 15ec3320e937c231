# Numbers that are none: in weights, targets and configurations they are refused before anything is
# computed; what diverges ends with exit 5, names update and rows, and leaves a checkpoint that works.
. "$SRC/tests/cli/lib"
model=$SRC/tests/golden/tiny-bert
cat >base.yaml <<EOF
schema: 1
task: text
data: {train: $data/train.tsv, dev: $data/dev.tsv}
model: {encoder: $model, max_length: 16}
train: {steps: 200, batch_size: 8, threads: 1, optimizer: {lr: 1e3, head_lr: 1e3}}
eval: {every: 1000}
save: {dir: run, every: 5, keep_last: 2}
log: {every: 1000}
EOF

# A learning rate of 1e3.
refuses 5 'nothing was updated, the last checkpoint is kept: a lower train.optimizer.lr or train.clip usually helps' "$ACF/acf-train" --config base.yaml
grep -q '^error: update [0-9]*: \(loss\|gradient norm\) is -*\(nan\|inf\).*; batch of lines [0-9]' err ||
    fail "no update and no lines: $(tail -n 1 err)"
grep -q 'update [0-9]*: ' run/train.log || fail 'train.log does not tell why'
(cd run/last && sha256sum --quiet -c SHA256SUMS) || fail 'the last checkpoint is not whole'
update=$(sed -n 's/^error: update \([0-9]*\):.*/\1/p' err)
saved=$(readlink run/last | sed 's/checkpoint-0*//')
[ "$saved" -lt "$update" ] && [ "$saved" -ge $((update - 6)) ] ||
    fail "update $update went wrong, the last checkpoint is of $saved"
state_of run/checkpoint-* >before
refuses 5 "update $update: " "$ACF/acf-train" --config base.yaml --resume
state_of run/checkpoint-* | cmp - before || fail 'a checkpoint was changed'

# Before the first checkpoint, and without a limit of the gradient.
refuses 5 'nothing was updated, and there is no checkpoint yet: a lower train.optimizer.lr or train.clip usually helps' \
    "$ACF/acf-train" --config base.yaml --set save.dir=none --set save.every=1000
refuses 5 'nothing was updated, and there is no checkpoint yet: a lower train.optimizer.lr, or train.clip: 1, usually helps' \
    "$ACF/acf-train" --config base.yaml --set save.dir=free --set save.every=1000 --set train.clip=null

# An update that makes weights infinite, from a loss and a gradient that are not: nothing of it is saved,
# and what was saved before can be used.
far="--set save.dir=far --set train.optimizer.name=sgd --set train.optimizer.lr=0 --set train.optimizer.head_lr=1e6
    --set train.optimizer.weight_decay=10 --set train.optimizer.momentum=0 --set loss.type=ce
    --set train.schedule.name=constant --set save.every=1"
# shellcheck disable=SC2086 # words
refuses 5 "the weights of 'classifier.weight' became" "$ACF/acf-train" --config base.yaml $far --set data.dev=null
update=$(sed -n 's/^error: update \([0-9]*\):.*/\1/p' err)
grep -q 'it is not saved, the last checkpoint is kept: ' err || { fail 'what is kept'; cat err; }
# shellcheck disable=SC2086
refuses 5 'it is not saved, and there is no checkpoint yet: ' "$ACF/acf-train" --config base.yaml $far --set data.dev=null \
    --set save.dir=far-none --set save.every="$update"
(cd far/last && sha256sum --quiet -c SHA256SUMS) || fail 'the last checkpoint is not whole'
[ "$(find far -maxdepth 1 -name 'checkpoint-*' | wc -l)" -eq 2 ] || fail 'checkpoints that could be used were removed'
echo 'a text' | run 0 "$ACF/acf-predict" far
# shellcheck disable=SC2086
refuses 5 "became" "$ACF/acf-train" --config base.yaml $far --set data.dev=null --resume
# So with AdamW's second moment.
refuses 5 "' became inf; it is not saved" "$ACF/acf-train" --config base.yaml --set save.dir=moment --set train.clip=null \
    --set save.every=1 --set train.optimizer.lr=1e-3 --set train.optimizer.head_lr=1e6 --set loss.type=ce \
    --set train.optimizer.weight_decay=10 --set train.schedule.name=constant
refuses 2 'train.optimizer.eps = 1e-45 is out of range' "$ACF/acf-train" --config base.yaml --set train.optimizer.eps=1e-45
refuses 2 'model.dropout = 0.9999999 is out of range' "$ACF/acf-train" --config base.yaml --set model.dropout=0.9999999

# A weight that is NaN, one that is infinite: before anything is written.
size=$(wc -c <"$model/model.safetensors")
for bits in '\000\000\300\177' '\000\000\200\377'; do
    rm -rf broken
    cp -r "$model" broken
    # shellcheck disable=SC2059 # the format is the bytes
    printf "$bits" | dd of=broken/model.safetensors bs=1 seek=$((size - 400)) conv=notrunc 2>dd
    refuses 4 'must be finite' "$ACF/acf-train" --config base.yaml --set model.encoder=broken --set save.dir=never
    refuses 4 'must be finite' "$ACF/acf-eval" broken --data "$data/dev.tsv"
    refuses 4 'must be finite' "$ACF/acf-predict" broken "$data/dev.tsv"
done
[ -e never ] && fail 'a run that could not begin left a directory'

# Targets of a regression, labels in JSON lines, the configuration.
header='index	genre	filename	year	old_index	source1	source2	sentence1	sentence2	score'
mkdir sts
for score in nan inf -inf 1e999 '' three; do
    printf '%s\n0\ta\tb\tc\td\te\tf\tone\ttwo\t2.5\n1\ta\tb\tc\td\te\tf\tone\ttwo\t%s\n' "$header" "$score" >sts/train.tsv
    cp sts/train.tsv sts/dev.tsv
    refuses 3 'train.tsv:3: ' "$ACF/acf-train" --config base.yaml --set task=stsb --set data.dir=sts \
        --set data.train=null --set data.dev=null --set save.dir=never
done
for number in NaN Infinity -Infinity; do
    printf '{"text": "a", "label": "x"}\n{"text": "b", "label": %s}\n' "$number" >rows.jsonl
    refuses 3 'rows.jsonl:2: ' "$ACF/acf-train" --config base.yaml --set data.train=rows.jsonl \
        --set data.dev=null --set save.dir=never
done
for value in .nan .inf 1e999; do
    refuses 2 'train.optimizer.lr' "$ACF/acf-train" --config base.yaml --set train.optimizer.lr=$value
done

# Targets that are all equal: no correlation in any evaluation, the rest is told all the same.
printf '%s\n0\ta\tb\tc\td\te\tf\tone\ttwo\t2.5\n1\ta\tb\tc\td\te\tf\tone\tthree\t2.5\n' "$header" >sts/train.tsv
cp sts/train.tsv sts/dev.tsv
run 0 "$ACF/acf-train" --config base.yaml --set task=stsb --set data.dir=sts --set data.train=null --set data.dev=null \
    --set loss.type=mse --set eval.metric=pearson --set train.steps=4 --set train.optimizer.lr=1e-5 --set save.dir=equal
grep -q 'pearson was undefined in every evaluation: the last update is reported' err || { fail 'no word of an undefined metric'; cat err; }
grep -q '"eval_mse":' equal/eval_results.json || fail 'no figures of a run whose metric is undefined'
[ "$(wc -l <equal/predictions.dev.tsv)" -eq 3 ] || fail 'no predictions of a run whose metric is undefined'
finish
