# --overwrite removes what runs and series wrote, and nothing else: no file of somebody, nothing that
# the new run is to read, no sweep.
. "$SRC/tests/cli/lib"
make_run
train() {
    "$ACF/acf-train" --config base.yaml --overwrite "$@"
}

# Inputs that lie in the directory, whatever way leads there.
ln -s run link
cp "$data/train.tsv" "$data/dev.tsv" run
before=$(digest_of run)
refused() { # KEY PATH OPTION...: PATH is what the message ends with
    wanted="save.dir = $PWD/run: --overwrite would remove $1 = $2; choose another save.dir"
    shift 2
    for more in '' --dry-run '--seeds 1..2'; do
        refuses 2 "$wanted" train "$@" $more
        [ "$before" = "$(digest_of run)" ] || fail "run/ was changed by: $*"
    done
}
refused data.train "$PWD/run/train.tsv" --set data.train=run/train.tsv
refused data.dev "$PWD/link/dev.tsv" --set data.dev=link/dev.tsv
refused data.test "$PWD/run/dev.tsv" --set data.test=run/dev.tsv
refused data.dir "$PWD/run" --set data.dir=run --set data.train=null --set data.dev=null
for encoder in run link run/best run/checkpoint-000002; do
    refused model.encoder "$PWD/$encoder" --set model.encoder=$encoder --set model.vocab.size=null
done

# Files of somebody else stay, those of the old run go.
echo mine >run/notes.txt
mkdir run/checkpoint-old
for file in rows.tsv bad_lines.tsv predictions.test.tsv predictions.test_mismatched.tsv predictions.test.tsv.7.tmp; do
    : >run/$file
done
run 0 train --set train.steps=1
[ "$(cat run/notes.txt)" = mine ] && [ -d run/checkpoint-old ] && cmp -s run/train.tsv "$data/train.tsv" || fail 'a file of somebody is gone'
[ ! -e run/rows.tsv ] && [ ! -e run/bad_lines.tsv ] && [ "$(find run -name 'predictions.test*' | wc -l)" -eq 0 ] && [ ! -e run/checkpoint-000002 ] && [ -e run/checkpoint-000001/COMPLETE ] || fail 'the old run is still there'
[ "$(wc -l <run/command.txt)" -eq 1 ] || fail 'the old command is still there'

# So with a series and what lies beside its runs, and with a run where a series was.
run 0 train --seeds 1..3 --set save.dir=series
echo mine | tee series/notes.txt >series/seed-2/notes.txt
cp series/seed-2/notes.txt series/seed-3
run 0 train --seeds 1..2 --set save.dir=series
[ -e series/notes.txt ] && [ -e series/seed-2/notes.txt ] && [ -e series/seed-3/notes.txt ] || fail 'a file of somebody is gone from a series'
[ ! -e series/seed-3/last ] && [ ! -e series/seed-3/eval_results.json ] || fail 'a run of the old series is still there'
[ -e series/seed-2/best/COMPLETE ] && [ -e series/summary.json ] || fail 'no new series'
rm series/seed-*/notes.txt
run 0 train --set save.dir=series
[ -e series/best/COMPLETE ] && [ ! -e series/summary.json ] && [ ! -e series/seed-1 ] || fail 'a series is still there'

# A sweep is more than a run.
for file in sweep.yaml table.md; do
    echo "$file" >run/$file
done
mkdir -p run/ce/few
echo mine >run/ce/few/status.json
before=$(digest_of run)
refuses 2 "run: holds a sweep (sweep.yaml), which --overwrite does not remove; choose another save.dir" train
[ "$before" = "$(digest_of run)" ] || fail 'a sweep was changed'
finish
