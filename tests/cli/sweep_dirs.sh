# What already stands in a sweep's directory: runs of other settings, single runs where a series is
# to be, files of somebody else.  Nothing of it is lost.
. "$SRC/tests/cli/lib"
. "$SRC/tests/cli/sweep_lib"
cat >base.yaml <<END
schema: 1
task: text
data: {train: $data/train.tsv, dev: $data/dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 2, threads: 1}
END
cat >sweep.yaml <<END
schema: 1
tasks: [{name: few, config: base.yaml, set: {data.shots: 6}}]
variants: {ce: {loss.type: ce}, acf: {loss: {type: acf, lambda: 1}}}
END
train="$ACF/acf-train --sweep sweep.yaml"

# A single run does not become one of a series, finished or interrupted, nor a series a single run.
run 0 $train --out single
$train --out stopped --variants ce --set train.steps=100000 >/dev/null 2>err &
wait_for grep -q null stopped/ce/few/status.json
kill -TERM $!
code=0
wait $! || code=$?
[ $code -eq 75 ] || { fail "a sweep that was told to stop: exit $code"; cat err; }
for dir in single stopped; do
    before=$(digest_of $dir/ce)
    for more in '--seeds 1..2' '--seeds 1..2 --dry-run'; do
        refuses 2 "$dir/ce/few: holds a single run, not one of a series" $train --out $dir --variants ce $more
    done
    [ "$before" = "$(digest_of $dir/ce)" ] || fail "$dir: a single run was changed by a series"
done
run 0 $train --out series --seeds 1..2
before=$(digest_of series/*)
refuses 2 'series/ce/few: was begun with another configuration: train.seeds' $train --out series

# Other settings, also those that decide only which checkpoint is the best: told before all runs.
refuses 2 'seed-1: was begun with another configuration: eval.every' $train --out series --seeds 1..2 --set eval.every='1 steps'
sed 's/lambda: 1/lambda: 2/' sweep.yaml >edited.yaml
refuses 2 'few/seed-1: was begun with another configuration: loss.lambda (was 1, is 2); choose another --out' \
    "$ACF/acf-train" --sweep edited.yaml --out series --seeds 1..2
[ "$before" = "$(digest_of series/*)" ] || fail 'what was refused changed something'

# Somebody's files are not written over; lines of other sweeps stay in results.jsonl.
mkdir theirs
for file in table.md results.jsonl sweep.yaml; do
    echo mine >theirs/$file
    refuses 2 "theirs: holds $file, but no sweep was begun there" $train --out theirs
    [ "$(cat theirs/$file)" = mine ] || fail "$file was written over"
    rm theirs/$file
done
echo yesterday >theirs/command.txt # every run has one: it makes no sweep
echo mine >theirs/table.md
refuses 2 'theirs: holds table.md, but no sweep was begun there (it lacks sweep.yaml)' $train --out theirs
[ "$(cat theirs/table.md)" = mine ] || fail 'table.md was written over'

# Nor does a sweep move in with a run or a series.
sed 's|task: text|&\nsave: {dir: alone}|' base.yaml >alone.yaml
run 0 "$ACF/acf-train" --config alone.yaml
run 0 "$ACF/acf-train" --config alone.yaml --seeds 1..2 --set save.dir=several
for dir in alone several; do
    echo mine >$dir/table.md
    before=$(digest_of $dir)
    for more in '' --dry-run; do
        refuses 2 "$dir: holds a run or a series (config.yaml), not a sweep; choose another --out" $train --out $dir $more
        [ "$before" = "$(digest_of $dir)" ] || fail "$dir: was changed by a sweep $more"
    done
done

sed 's/"sweep":"sweep"/"sweep":"other"/; s/"few"/"gone"/' single/results.jsonl >lines
{
    cat lines
    echo 'a remark'
} >>single/results.jsonl
rm -r single/acf/few # a line of this sweep whose run is gone goes, too
run 0 $train --out single --variants ce
[ "$(grep -c other single/results.jsonl)" -eq 2 ] && grep -qx 'a remark' single/results.jsonl || fail 'lines of others are gone'
[ "$(wc -l <single/results.jsonl)" -eq 4 ] || { fail 'other lines'; cat single/results.jsonl; }

# Results that cannot be read: what to do is said.
cp -r series damaged
: >damaged/ce/few/seed-2/eval_results.json
refuses 6 "eval_results.json: " $train --out damaged --seeds 1..2
grep -q "remove the run's directory to train it again" err || fail 'no remedy for a damaged file'
rm -r damaged/ce/few/seed-2
run 0 $train --out damaged --seeds 1..2

# A seed that diverged is left out of the summary, and a run without dev has no figures.
sed -i 's/"ended":[^,]*/"ended": 5/' series/ce/few/seed-1/status.json
rm series/ce/few/summary.json
run 5 $train --out series --seeds 1..2
tr -d ' \t\n' <series/ce/few/summary.json | grep -q '"n":1,"runs":\["seed-2"\],"diverged":\["seed-1"\],"best":"seed-2",' || {
    fail 'the summary of a cell with a run that diverged'
    cat series/ce/few/summary.json
}
run 0 $train --out undecided --variants ce --set data.dev=null
grep -q '^\[1/1\] ce/few: no figures  (' err || { fail 'the line of a run without dev'; cat err; }

# Names and lists that make no sweep.
for text in 'variants: {}' 'grid: {}'; do
    printf 'schema: 1\ntasks: [base.yaml]\n%s\n' "$text" >none.yaml
    refuses 2 'nothing was started' "$ACF/acf-train" --sweep none.yaml --out none
    grep -q 'nothing to compare' err || fail "no word of nothing to compare: $text"
done
cat >names.yaml <<END
schema: 1
tasks: [{name: seed-1, config: base.yaml, metrics: [mcc, mcc]}]
variants: {table.md: {}}
END
refuses 2 'nothing was started' "$ACF/acf-train" --sweep names.yaml --out none
for text in "2:16: error: task 'seed-1': is the name of something else" "2:58: error: metrics: 'mcc' stands twice" \
    "3:12: error: variant 'table.md': is the name of something else"; do
    grep -qF "names.yaml:$text" err || { fail "no problem '$text'"; cat err; }
done
[ ! -e none ] || fail 'a wrong sweep wrote something'
finish
