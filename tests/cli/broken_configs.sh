# acf-train on broken configurations: exit 2, the place and what is wrong on standard error, nothing
# on standard output, and the run directory that it names left alone, even with --overwrite.
. "$SRC/tests/cli/lib"
make_run
kept=$(state_of run)
bytes=$(digest_of run)

# bad TEXT [OPTION...] < YAML
bad() {
    message=$1
    shift
    cat >case.yaml
    refuses 2 "$message" "$ACF/acf-train" --config case.yaml --overwrite "$@"
}

# with TEXT LINE...: a right configuration and what is wrong below it, from line 6.
with() {
    message=$1
    shift
    {
        sed '/^train/d' base.yaml
        printf '%s\n' "$@"
    } | bad "$message"
}

# The file itself.
refuses 2 'missing.yaml: ' "$ACF/acf-train" --config missing.yaml --overwrite
refuses 2 'run: is a directory' "$ACF/acf-train" --config run --overwrite
bad 'case.yaml: error: ' </dev/null
printf '# nothing\n' | bad 'case.yaml: error: '
printf 'schema: 1\n\377\376\n' | bad 'case.yaml:2:1: error: '
printf 'schema: 1\ntask: te\000xt\n' | bad 'case.yaml:2:9: error: '
printf '\004\000\000\000\177ELF' | bad 'case.yaml:1:2: error: a NUL byte: this is not a text file'
printf -- '- schema\n- task\n' | bad 'case.yaml:1:1: error: '
echo 'just words' | bad 'case.yaml:1:1: error: '
printf 'schema: 1\n---\nschema: 1\n' | bad 'case.yaml:2:1: error: '
printf 'schema: 1\ntask: "text\n' |
    bad 'case.yaml:3:1: error: not valid YAML: found unexpected end of stream'
printf 'schema: 1\ndata: {train: a\n' |
    bad 'case.yaml:3:1: error: not valid YAML: did not find'
printf 'schema: 1\n\ttask: text\n' | bad 'case.yaml:2:1: error: '
printf 'a: &x {b: 1}\nc: *x\n' | bad 'case.yaml:1:4: error: '
printf 'schema: !!int 1\n' | bad 'case.yaml:1:9: error: '
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "["; print "" }' | bad 'case.yaml:1:'

# Keys.
with "case.yaml:6:9: error: unknown key 'learning_rate' under 'train'" 'train: {learning_rate: 2e-5}'
grep -qF "hint: it belongs under train.optimizer as 'lr'" err || fail 'no hint for learning_rate'
with "case.yaml:7:3: error: unknown key 'early_stoping': did you mean 'early_stop'?" \
    'eval:' '  early_stoping: {patience: 3}'
with "case.yaml:6:1: error: unknown key 'epochs'" 'epochs: 3'
with "case.yaml:6:1: error: duplicate key 'task'" 'task: text'
with "case.yaml:6:13: error: loss.tau = 0 is out of range [0.001, 10]" 'loss: {tau: 0}'
with "case.yaml:6:1: error: unknown key '<<'" '<<: {a: 1}'
with 'case.yaml:6:3: error: a key must be a plain word, not a list' '? [a, b]' ': c'
printf 'task: text\n' | bad "case.yaml: error: key 'schema' is missing"
printf 'schema: 1\n' | bad "case.yaml: error: key 'task' is missing"
printf 'schema: 2\ntask: text\n' | bad 'case.yaml:1:9: error: schema = 2: this program reads schema 1'
with "case.yaml:6:1: error: unknown key 'data.columns'" 'data.columns: {text: 0}'

# Values.
with 'case.yaml:6:19: error: train.epochs = -1 is out of range [0, 100000]' 'train: {  epochs: -1}'
with 'case.yaml:6:21: error: train.batch_size' 'train: {batch_size: many}'
with 'case.yaml:6:21: error: train.batch_size' 'train: {batch_size: 1.5}'
with 'case.yaml:6:21: error: train.batch_size' 'train: {batch_size: 99999999999999999999}'
with 'case.yaml:6:16: error: loss.lambda = nan is not a number' 'loss: {lambda: nan}'
with 'case.yaml:6:16: error: loss.lambda = .inf is not a number' 'loss: {lambda: .inf}'
with 'case.yaml:6:14: error: loss.type = afc is none of acf, ce,' 'loss: {type: afc}'
with 'case.yaml:6:28: error: train.optimizer.betas: 1 numbers, expected 2' 'train: {optimizer: {betas: [0.9]}}'
with 'case.yaml:6:8: error: train' 'train: 3'
with 'case.yaml:6:15: error: eval.every = 3 weeks is not N steps or N epochs' 'eval: {every: 3 weeks}'
with 'case.yaml:6:15: error: eval.every = -1 is out of range' 'eval: {every: -1}'
with 'case.yaml:6:16: error: eval.metric = acuracy is none of' 'eval: {metric: acuracy}'
with 'case.yaml:6:16: error: eval.metric = pearson is for regression' 'eval: {metric: pearson}'
with 'case.yaml:6:15: error: train.seed' 'train: {seed: -1}'
with 'case.yaml:6:15: error: train.seed' 'train: {seed: [1, 2]}'
with 'case.yaml:6:22: error: train.micro_batch = 64 is more than train.batch_size = 32' 'train: {micro_batch: 64}'

# Several keys against each other, and everything at once.
with 'case.yaml:6:36: error: loss.form = ntxent needs loss.label_weight = 1' \
    'loss: {form: ntxent, label_weight: 2.0}'
printf '%s\n' 'schema: 1' 'task: txt' 'data: {trian: a.tsv}' 'model: {encoder: resnet20}' \
    'loss: {tau: 0, lamda: 1}' 'train: {epochs: x}' | bad 'case.yaml:2:7: error: task'
for place in 3:8 5:13 5:16 6:17; do
    grep -q "^case.yaml:$place: error: " err || { fail "no problem at $place"; cat err; }
done

# The command line.
base() {
    bad "$@" <base.yaml
}
base '--set train.optimizer.lr=fast: error: ' --set train.optimizer.lr=fast
base '--set train.lr=1e-3: error: unknown key' --set train.lr=1e-3
base '--set loss.tau=0: error: loss.tau = 0 is out of range' --set loss.tau=0
base '--set loss.tau: error: ' --set loss.tau
base '--set =1: error: ' --set =1
base "--set data.train=[1: error: " --set 'data.train=[1'
base '--set loss.tau=2x: error: ' --set loss.tau=1 --set loss.tau=2x
run 0 "$ACF/acf-train" --config base.yaml --print-config --set train.batch_size=0 --set loss.tau=x --set train.batch_size=4 --set loss.tau=2
grep -q '^  batch_size: 4 ' out && grep -q '^  tau: 2 ' out || { fail 'the last --set of a key does not count'; cat out; }
run 0 "$ACF/acf-train" --config base.yaml --print-config --set 'eval={every: 3 steps}' --set 'eval={head: label}'
grep -q '^  every: 3 steps ' out && grep -q '^  head: label ' out || { fail 'keys of a section set twice'; cat out; }
base '--resume and --overwrite exclude each other' --resume

# What configs/text.yaml sets does not go with everything: the way out is told, and is one.
own() {
    set -- "$ACF/acf-train" --config "$SRC/configs/text.yaml" --set "data.train=$data/train.tsv" \
        --set model.encoder=bert-tiny --set save.dir=own --dry-run "$@"
    refuses 2 "hint: $hint" "$@"
    run 0 "$@" ${hint##*cleared with}
}
hint='what is not meant is cleared with --set data.dev=null'
own --set "data.dev=$data/dev.tsv" --cv 3
grep -q 'data.folds' err && fail 'the way out is none'
own --cv 3
own --set data.dev_fraction=0.1
hint='without dev rows it is cleared with --set eval.early_stop=null'
own --set data.dev=null
printf '%s\n' 'schema: 1' 'task: text' "data: {train: $data/train.tsv, dev_fraction: 0.1}" >folds.yaml
refuses 2 'hint: what is not meant is cleared with --set data.dev_fraction=0' "$ACF/acf-train" --config folds.yaml \
    --set model.encoder=bert-tiny --cv 3 --dry-run
printf '%s\n' 'schema: 1' 'task: text' "data: {train: $data/train.tsv, folds: 3, fold: 2}" >folds.yaml
set -- "$ACF/acf-train" --config folds.yaml --set model.encoder=bert-tiny --set "data.dev=$data/dev.tsv" --dry-run
refuses 2 'hint: what is not meant is cleared with --set data.folds=null --set data.fold=null' "$@"
run 0 "$@" --set data.folds=null --set data.fold=null

# Texts longer than the encoder takes, whether it is drawn or read; the default suits all.
cp -rL run/best start
for encoder in bert-tiny "$PWD/start"; do
    base "model.max_length = 1000 is more than the 512 of $encoder" --set model.max_length=1000 --set model.encoder="$encoder"
done
run 0 "$ACF/acf-train" --config base.yaml --set model.encoder="$SRC/tests/golden/tiny-bert" --set save.dir=short --dry-run
grep -q 'truncated to 20$' err || { fail 'the default length'; cat err; }

[ "$bytes" = "$(digest_of run)" ] || fail 'run/ is not as it was'
[ -z "$(find . -name '*.tmp' -o -name 'core*')" ] || fail 'files were left behind'
finish
