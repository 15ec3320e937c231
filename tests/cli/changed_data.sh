# Files that changed after a run began: nothing goes on with others than it began with.
. "$SRC/tests/cli/lib"
cp "$data/train.tsv" "$data/dev.tsv" .
cat >base.yaml <<END
schema: 1
task: text
data: {train: train.tsv, dev: dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 4, batch_size: 16, threads: 1}
save: {dir: run}
END
label=$(awk -F '\t' 'NR == 2 { print $NF }' train.tsv)
train() {
    "$ACF/acf-train" --config base.yaml "$@"
}

# A finished run, and one that is to go on, with a label renamed, a label more, other rows.
run 0 train
files() { # of the run: the lock comes and goes
    find run -type f -exec sha256sum {} + | sort
}
before=$(files)
put_back() {
    cp "$data/train.tsv" "$data/dev.tsv" .
}
for what in renamed added rows dev; do
    case $what in
    renamed) for file in train.tsv dev.tsv; do sed "s/	$label\$/	renamed/" "$data/$file" >$file; done ;;
    added) echo 'one more row	added' >>train.tsv ;;
    rows) sed 3d "$data/train.tsv" >train.tsv ;;
    dev) sed 3d "$data/dev.tsv" >dev.tsv ;;
    esac
    file=train.tsv
    [ $what = dev ] && file=dev.tsv
    for option in '' --set=train.steps=6 --dry-run; do
        refuses 2 "$file: has changed since $PWD/run began (sha256 " train --resume $option
        grep -q "$file: .* rows, was .*): put back what it began with, or start anew with --overwrite" err ||
            { fail "$what: no word of what to do"; cat err; }
        [ "$before" = "$(files)" ] || fail "$what: run/ was changed by --resume $option"
    done
    put_back
done
run 0 train --resume
# A run that does not know its data has its classifier's labels at least.
sed 's/"sha256"/"unknown"/' run/environment.json >e
mv e run/environment.json
for file in train.tsv dev.tsv; do sed "s/	$label\$/	renamed/" "$data/$file" >$file; done
refuses 2 "its classifier has other labels than the data" train --resume --set train.steps=6
put_back
run 0 train --resume --set train.steps=6

# A series: a new run takes no other data than those that were there before.
run 0 train --seeds 1..2 --set save.dir=series
sed 3d "$data/train.tsv" >train.tsv
refuses 2 "train.tsv: has changed since $PWD/series/seed-1 began" train --seeds 1..3 --set save.dir=series --resume
grep -q '^error: seed-3: ' err || fail 'not the run that is new'
[ -e series/seed-3 ] && fail 'a run began with other data'
run 0 train --seeds 1..2 --set save.dir=series --overwrite

# acf-eval draws dev rows again from the very file only; a checkpoint that was copied knows it, too.
for draw in data.dev_fraction=0.3 data.folds=3; do
    put_back
    rm -rf drawn copy
    cp "$data/dev.tsv" test.tsv
    run 0 train --set save.dir=drawn --set data.test=test.tsv --set data.dev=null --set $draw --set data.fold=$([ $draw = data.folds=3 ] && echo 2 || echo null)
    cp -rL drawn/best copy
    run 0 "$ACF/acf-eval" drawn
    cp out before
    { head -n 1 "$data/train.tsv" && tail -n +2 "$data/train.tsv" | sort; } >train.tsv
    for model in drawn copy; do
        refuses 3 "train.tsv: has changed since the model was trained (sha256 " "$ACF/acf-eval" $model
        grep -q 'dev rows drawn from it now would be training rows; put the file back, or give another with --data' err ||
            { fail "$draw: no word of what to do"; cat err; }
        run 0 "$ACF/acf-eval" $model --data dev.tsv
        # The same content in another place; a model that does not know its data.
        cp "$data/train.tsv" moved.tsv
        run 0 "$ACF/acf-eval" $model --set data.train=moved.tsv
    done
    rm -r copy/SHA256SUMS copy/COMPLETE
    sed 's/"sha256"/"unknown"/' drawn/best/acf.json >copy/acf.json
    run 0 "$ACF/acf-eval" copy
    put_back
    run 0 "$ACF/acf-eval" drawn
    cmp before out || fail "$draw: other figures of the same file"
    # Nobody asks for test rows: their file is not looked at.
    for content in none odd; do
        printf 'text\tlabel\nrain\tunknown\n' >test.tsv
        [ $content = odd ] || rm test.tsv
        run 0 "$ACF/acf-eval" drawn
        cmp before out || fail "$draw: the test file changes the figures of dev"
    done
done
# A dev file of its own that has changed is told.
run 0 "$ACF/acf-eval" run
grep -q warning err && { fail 'a warning without reason'; cat err; }
sed 3d "$data/dev.tsv" >dev.tsv
run 0 "$ACF/acf-eval" run
grep -q '^warning: .*dev.tsv: has changed since the model was trained (sha256 ' err || { fail 'a changed dev file is not told'; cat err; }
run 0 "$ACF/acf-eval" run --data dev.tsv
grep -q warning err && { fail 'a warning about a file that was asked for'; cat err; }

# A project is moved, data, encoder and runs: content decides, and config.yaml follows.
mkdir project
put_back
mv train.tsv dev.tsv project
sed 's/encoder: bert-tiny, vocab: .*}/encoder: start}/' base.yaml >project/base.yaml
cp -rL run/best project/start
cat >project/sweep.yaml <<END
schema: 1
tasks: [{name: few, config: base.yaml, seeds: 1..2}]
variants: {ce: {loss.type: ce}}
END
in_project() {
    (cd "$project" && "$ACF/acf-train" "$@")
}
project=project
run 0 in_project --config base.yaml --set train.steps=2
run 0 in_project --config base.yaml --set save.dir=ended
run 0 in_project --config base.yaml --seeds 1..2 --set save.dir=series
run 0 in_project --sweep sweep.yaml --out sweep
cp -r project whole
project=whole
run 0 in_project --config base.yaml --resume
mkdir elsewhere
mv project elsewhere
project=elsewhere/project
sed 3d "$data/dev.tsv" >$project/dev.tsv
refuses 3 "$PWD/project/dev.tsv: cannot open: " "$ACF/acf-eval" $project/ended
grep -q '(data of the training run; --data FILE or --set data.dev=FILE names another)$' err || { fail 'no word of other data'; cat err; }
refuses 3 "$PWD/nowhere.tsv: cannot open: No such file or directory" "$ACF/acf-eval" $project/ended --data nowhere.tsv
grep -q 'of the training run' err && { fail 'a file that was asked for is none of the run'; cat err; }
for dir in run ended; do
    refuses 2 "elsewhere/project/dev.tsv: has changed since $PWD/$project/$dir began (sha256 " in_project --config base.yaml --set save.dir=$dir --resume
done
cp "$data/dev.tsv" $project
run 0 in_project --config base.yaml --resume
cmp $project/run/last/model.safetensors whole/run/last/model.safetensors || fail 'other weights after the move'
for what in train.tsv dev.tsv start; do
    grep -q "$PWD/$project/$what" $project/run/config.yaml || fail "config.yaml does not follow: $what"
done
run 0 in_project --config base.yaml --set save.dir=ended --resume
run 0 in_project --config base.yaml --set save.dir=series --seeds 1..2 --resume
[ "$(grep -c 'finished before' err)" -eq 2 ] || { fail 'runs of a series that was moved do not count as finished'; cat err; }
run 0 in_project --config base.yaml --set save.dir=series --seeds 1..2 --set train.steps=6 --resume
[ "$(grep -c 'resuming from .*: update 4 of 6' err)" -eq 2 ] || { fail 'a series that was moved does not go on'; cat err; }
run 0 in_project --sweep sweep.yaml --out sweep
grep -q 'resuming\|^step' err && { fail 'a sweep that was moved is trained again'; cat err; }
run 0 in_project --sweep sweep.yaml --out sweep --seeds 1..3
# Another encoder is one, and data that nobody knows are not taken for the same.
cp -r $project/start $project/other
refuses 2 'cannot resume with another config: model.encoder (was ' in_project --config base.yaml --set model.encoder=other --resume
sed 's/"sha256"/"unknown"/' $project/run/environment.json >e
mv e $project/run/environment.json
cp $project/dev.tsv $project/also.tsv
refuses 2 'cannot resume with another config: data.dev (was ' in_project --config base.yaml --set data.dev=also.tsv --resume
finish
