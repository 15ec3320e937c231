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
finish
