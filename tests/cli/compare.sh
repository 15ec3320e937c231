# acf-eval --compare: runs, series, directories of tasks; what is left out, what is refused.
. "$SRC/tests/cli/lib"
compare() {
    "$ACF/acf-eval" --compare "$@"
}

# A run whose answers are given as words LABEL:ANSWER, one an example; made_of DIR METRIC PAIR...
made_of() {
    dir=$1 metric=$2
    shift 2
    mkdir -p "$dir"
    echo "{\"metric\": \"$metric\", \"head\": \"linear\", \"labels\": [\"no\", \"yes\"]}" >"$dir/eval_results.json"
    for pair in "$@"; do
        echo "$pair"
    done | awk -F: 'BEGIN { OFS = "\t"; print "index", "gold", "pred", "prob", "correct", "text", "linear_pred", "label_pred" }
        { print NR - 1, $1, $2, "0.9", $1 == $2 ? 1 : 0, "text " NR, $2, $3 == "" ? $2 : $3 }' >"$dir/predictions.dev.tsv"
}

value() { # KEY FILE: the first number with this key in JSON
    grep -o "\"$1\":[-0-9.e+]*" "$2" | head -n 1 | cut -d : -f 2
}

is() { # WHAT GOT WANT
    awk -v got="$2" -v want="$3" 'BEGIN { d = got - want; exit !(got != "" && d < 1e-6 && d > -1e-6) }' ||
        fail "$1: '$2', expected $3"
}

# The second is right where the first is wrong in 7 of 8: exact McNemar 2 * 9 / 256.
made_of a accuracy yes:no yes:no yes:no no:yes no:yes no:yes no:yes no:no yes:yes no:no
made_of b accuracy yes:yes yes:yes yes:yes no:no no:no no:no no:no no:yes yes:yes no:no
run 0 compare a b
grep -q '^accuracy on dev, linear head: one run each, 10 examples$' out || fail 'no headline'
grep -q '^a -> b *0.3000 *0.9000 *+0.6000  .* 0.0703  no difference shown at 5 %$' out || { fail 'another table'; cat out; }
grep -q '^p: exact McNemar test' out || fail 'the test is not named'
run 0 compare a b --json
is 'p of McNemar' "$(value p out)" 0.0703125
is 'difference' "$(value difference out)" 0.6
is 'only the first' "$(value only_first out)" 1
is 'only the second' "$(value only_second out)" 7
cp out first
run 0 compare a b --json
cmp out first || fail 'another answer at the second time'
grep -q '"runs":\["a","b"\]' out || fail 'no runs'
run 0 compare b a --json
is 'the other way round' "$(value difference out)" -0.6
is 'p the other way round' "$(value p out)" 0.0703125

# F1 of "yes", the label of id 1.
run 0 compare a b --metric f1 --json
is 'F1 of a' "$(sed 's/.*"mean":\[\([0-9.]*\),.*/\1/' out)" 0.222222222
is 'F1 of b' "$(sed 's/.*"mean":\[[0-9.]*,\([0-9.]*\)\].*/\1/' out)" 0.888888889
grep -q '"randomization":{"p":0\.0' out || fail 'no randomization'
grep -q mcnemar out && fail 'McNemar of F1'
run 0 compare a b --metric mcc --draws 500
grep -q 'approximate randomization; interval: paired bootstrap, 500 draws' out || fail 'the draws are not told'

# Three runs: three pairs, corrected.
made_of c accuracy yes:no yes:no yes:no no:yes no:yes no:yes no:yes no:yes yes:no no:yes
run 0 compare a b c --json
[ "$(grep -o '"p_holm"' out | wc -l)" -eq 3 ] || fail 'not a p_holm for every pair'
is 'the second pair, corrected' "$(sed 's/.*"second":"c","p":[^,]*,"p_holm":\([^,]*\),.*/\1/' out)" 0.01171875
run 0 compare a b c
grep -q 'b -> c .*b is better' out || { fail 'b is not better than c'; cat out; }
grep -q '^Holm: ' out || fail 'nothing about Holm'

# The other head; the run's own one by its name.
made_of d accuracy yes:no:yes no:no:no
made_of e accuracy yes:yes:no no:no:no
run 0 compare d e --json --head label
is 'difference of the label heads' "$(value difference out)" -0.5
run 0 compare d e --json --head linear
is 'difference of the linear heads' "$(value difference out)" 0.5

# Two that answer by other heads: both are named, of three runs below the table.
made_of d2 accuracy yes:yes no:no
sed -i 's/"linear"/"label"/' d2/eval_results.json
run 0 compare d d2
grep -q '^accuracy on dev, linear head against label head: one run each' out || { fail 'the heads are not named'; cat out; }
run 0 compare d d2 --json
grep -q '"heads":\["linear","label"\]' out || { fail 'no heads in JSON'; cat out; }
run 0 compare d d2 --head label --json
grep -q '"heads":\["label","label"\]' out || { fail 'not the head that is asked for'; cat out; }
run 0 compare d e d2
grep -q "^accuracy on dev, each run's own head: one run each" out && grep -q '^d -> e: .*, linear head$' out &&
    grep -q '^e -> d2: .*, linear head against label head$' out || { fail 'the heads of three runs'; cat out; }
mkdir th tl
cp -r d th/one
cp -r d th/two
cp -r d2 tl/one
cp -r d2 tl/two
run 0 compare th tl
grep -q '^th -> tl on dev, linear head against label head$' out || { fail 'the heads of tasks'; cat out; }
rm -r tl/two
cp -r d tl/two
run 0 compare th tl
grep -q '^th -> tl on dev$' out && grep -q '^one, accuracy, linear head against label head ' out &&
    grep -q '^two, accuracy, linear head  ' out || { fail 'the heads of each task'; cat out; }

# Series: paired by seed, the rest left out by name.
for seed in 1 2 10; do
    made_of s/seed-$seed accuracy yes:no yes:no no:no no:no yes:yes no:yes
    made_of t/seed-$seed accuracy yes:yes yes:yes no:no no:no yes:yes no:yes
done
made_of t/seed-4 accuracy yes:no
mkdir s/seed-5 s/best
run 0 compare s t
grep -q '3 seeds of the same 6 examples' out || { fail 'not three seeds'; cat out; }
grep -q '^by seed: +0.3333 +0.3333 +0.3333$' out || fail 'no differences by seed'
grep -q "^warning: t/seed-4: left out, no finished seed 4" err || fail 'nothing about seed 4'
grep -q "^warning: s/seed-5: no predictions.dev.tsv, left out" err || fail 'nothing about seed 5'
mkdir t/seed-6
echo '{"ended": 5, "step": 7}' >t/seed-6/status.json
echo '{"ended": 75}' >s/seed-5/status.json
run 0 compare s t --json
grep -q '^warning: t/seed-6: diverged, left out$' err && grep -q '^warning: s/seed-5: no predictions' err ||
    { fail 'how a run ended is not told'; cat err; }
grep -q '"left_out":\[{"run":"s/seed-5","why":"unfinished"},{"run":"t/seed-6","why":"diverged"}\],"pairs"' out ||
    { fail 'what was left out is not in JSON'; cat out; }
rm -r t/seed-6
# Two examples differ, in all seeds at once: as in one seed, p = 2 / 4.
is 'McNemar over crossed seeds' "$(sed 's/.*"mcnemar":{[^}]*"p":\([^}]*\)}.*/\1/' out)" 0.5
# The same counts on examples of their own are six that differ: p = 2 / 64.
for seed in 1 2 10; do
    for x in s t; do
        sed -i "s/text /text of $seed /" $x/seed-$seed/predictions.dev.tsv
    done
done
run 0 compare s t --json
is 'McNemar over nested seeds' "$(sed 's/.*"mcnemar":{[^}]*"p":\([^}]*\)}.*/\1/' out)" 0.03125
grep -q '"same_examples":false' out || fail 'other texts are the same examples'
# Pairs that have not the same seeds in common: each says what it has, and both methods are told.
mkdir one_seed
cp -r t/seed-1 one_seed/seed-1
run 0 compare s t one_seed
grep -q ': what each two have in common$' out && grep -q '^s -> t: 3 seeds of ' out && grep -q '^s -> one_seed: 1 seed of ' out ||
    { fail 'pairs of other sizes are told by the first'; cat out; }
grep -q '^p: exact McNemar test' out && grep -q "^p: the larger of hierarchical bootstrap (seeds" out || fail 'not both methods'
# Folds.
mkdir u v
cp -r s/seed-1 u/fold-1
cp -r s/seed-2 u/fold-2
cp -r t/seed-1 v/fold-1
cp -r t/seed-2 v/fold-2
run 0 compare u v
grep -q '2 folds of 6 examples' out || fail 'no folds'
# How many folds there are decides the interval, whichever series has them all.
cp -r t/seed-10 v/fold-3
rm -r v/fold-2
cp -r s/seed-2 v/fold-2
run 0 compare u v --json
grep -o '"student":{[^}]*"p":[^}]*}' out | sed 's/.*"p"/"p"/' >first
grep -q '"p":0\.' first || { fail 'no t test of folds'; cat out; }
run 0 compare v u --json
grep -o '"student":{[^}]*"p":[^}]*}' out | sed 's/.*"p"/"p"/' | cmp - first || fail 'p of folds depends on the order'
# They share training data: t over two of three folds has the error sd sqrt(1/2 + 1/2).
tr '{' '\n' <out | sed -n 's/^"number":[0-9]*,"n":6,"first":\([0-9.]*\),"second":\([0-9.]*\)}.*/\1 \2/p' |
    awk '{ d[NR] = $2 - $1 } END { mean = (d[1] + d[2]) / 2; sd = (d[1] > d[2] ? d[1] - d[2] : d[2] - d[1]) / sqrt(2)
        t = (mean < 0 ? -mean : mean) / sd; print NR, 1 - 2 / 3.14159265358979 * atan2(t, 1) }' >want
is 'p of two of three folds' "$(sed 's/.*"p":\([0-9.]*\).*/\1/' first)" "$(sed 's/^2 //' want)"
# A fold that is not finished, or diverged, is one of them, too.
cp -r v/fold-3 kept
rm v/fold-3/predictions.dev.tsv
run 0 compare v u --json
grep -o '"student":{[^}]*"p":[^}]*}' out | sed 's/.*"p"/"p"/' | cmp - first || fail 'p of folds forgets the unfinished one'
rm -r v/fold-3
mv kept v/fold-3
refuses 4 's is a series of seeds, u a series of folds: compare like with like' compare s u
refuses 4 'a is one run, s a series of seeds' compare a s

# Tasks.
mkdir x y y/logs
for task in one two three; do
    cp -r a x/$task
    cp -r b y/$task
done
cp -r s x/series
cp -r t y/series
cp -r b x/alone
mkdir x/unfinished
touch x/unfinished/config.yaml
mkdir x/lost
echo '{"ended": 5}' | tee x/lost/status.json >x/lost/config.yaml
run 0 compare x y
grep -q '^warning: x/lost: diverged, left out$' err || fail 'nothing about the task that diverged'
grep -q '^  *first    second  difference  95 % interval ' out || { fail 'the columns are not first and second'; cat out; }
grep -q '4 won, 0 tied, 0 lost' out || { fail 'not four tasks won'; cat out; }
grep -q '^Wilcoxon signed-rank test (exact): p 0.1250: 4 tasks that differ are too few for a test at 5 %, which needs 6$' out || fail 'no Wilcoxon test'
grep -q '^warning: x/alone: left out, y has no finished alone$' err || fail 'nothing about the task alone'
grep -q '^warning: x/unfinished: no predictions' err || fail 'nothing about the unfinished task'
run 0 compare x y --json
[ "$(grep -o '"task":' out | wc -l)" -eq 4 ] || fail 'not four tasks in JSON'
is 'Wilcoxon of the pair' "$(value p out)" 0.125
cp -r y y3
run 0 compare x y y3
grep -q 'p 0.1250, Holm 0.3750: 4 tasks that differ are too few for a test at 5 %, which needs 7 with 3 tests$' out ||
    { fail 'how many tasks three pairs need'; cat out; }
grep -q 'p 1.0000, Holm 1.0000: all tasks tie$' out || { fail 'no word of ties'; cat out; }
rm -r y3
mkdir x3 y3
cp -r x/one x/two x3
cp -r y/one y3
cp -r x/two y3
run 0 compare x3 y3
grep -q ': 1 task that differs is too few for a test at 5 %, which needs 6$' out || { fail 'one task'; cat out; }
mkdir x1 y1
cp -r s x1/series
cp -r t y1/series
run 0 compare x1 y1 --json
p=$(value p out)
run 0 compare s t --json
is 'p of a directory with one task' "$p" "$(value p out)"
run 0 compare x1 y1
grep -q 'Wilcoxon\|mean gain' out && { fail 'one task is summed up'; cat out; }
# Each by its own metric when none is asked for, also with --head.
mkdir x2 y2
cp -r x1/series x2/series
cp -r y1/series y2/series
cp -r a x2/one
cp -r b y2/one
echo '{"metric": "macro_f1", "head": "linear", "labels": ["no", "yes"]}' >y2/one/eval_results.json
refuses 2 'x2/one was measured by accuracy, y2/one by macro_f1' compare x2 y2 --head linear
refuses 4 'x is a directory of tasks, a is not' compare a x
mkdir j k
cp -r a j/one
cp -r b k/two
refuses 4 'j and k: no finished task that both have' compare j k

# A task by a metric of the other direction: no mean gain, no verdict from its sign.
mkdir w z
for task in one two three four five six; do
    cp -r a w/$task
    cp -r b z/$task
done
for run in w z; do
    mkdir $run/scores
    echo '{"metric": "mse", "head": "linear"}' >$run/scores/eval_results.json
    awk -v run=$run 'BEGIN { OFS = "\t"; print "index", "gold", "pred", "prob", "correct", "text"
        for (i = 0; i < 8; i++) print i, i, i + (run == "w") * (1 + i % 2), "", "", "text " i }' >$run/scores/predictions.dev.tsv
done
run 0 compare w z
grep -q '^no mean gain and no test over metrics of both directions; 7 won, 0 tied, 0 lost$' out || { fail 'a mean gain of other units'; cat out; }
grep -q '^Wilcoxon' out && fail 'a test of other units'
grep -q '^two, accuracy .* 0.0703   0.4219 ' out || fail 'tasks are not corrected for each other'
run 0 compare w z --json
grep -q '"pairs":\[{"first":"w","second":"z","p":null,"p_holm":null,"verdict":null,"gain":null,"ci":null,"wins":7' out ||
    { fail 'what is not defined is not null'; cat out; }

# Less is better in all tasks.
mkdir lw lz
for task in one two three four five six; do
    cp -r w/scores lw/$task
    cp -r z/scores lz/$task
done
run 0 compare lw lz
grep -q '^mean gain of 6 tasks +2.5000, .*; 6 won, 0 tied, 0 lost$' out || { fail 'less is not better'; cat out; }
grep -q '^Wilcoxon signed-rank test (exact): p 0.031[23]: lz is better$' out || fail 'the better one of less'

# One large loss, eleven small gains: ranks and mean disagree.
mkdir m1 m2
for task in 1 2 3 4 5 6 7 8 9 10 11 12; do
    mkdir m1/$task m2/$task
    echo '{"metric": "accuracy", "head": "linear"}' | tee m1/$task/eval_results.json >m2/$task/eval_results.json
    for run in m1 m2; do
        awk -v run=$run -v task=$task 'BEGIN { OFS = "\t"; print "index", "gold", "pred", "prob", "correct", "text"
            for (i = 0; i < 100; i++) {
                right = run == "m2" && (task == 12 ? i > 90 : i < task) || run == "m1" && task == 12
                print i, "a", right ? "a" : "b", "0.9", right ? 1 : 0, "text " i } }' >$run/$task/predictions.dev.tsv
    done
done
run 0 compare m1 m2
grep -q '^mean gain of 12 tasks -0.0208, .*; 11 won, 0 tied, 1 lost$' out || { fail 'another mean'; cat out; }
grep -q '^Wilcoxon.*p 0.0342: ranks and mean gain disagree, neither is better$' out || { fail 'the verdict of ranks and mean'; cat out; }
run 0 compare m1 m2 --json
sed 's/"tasks":.*//' out | grep -q '"verdict":null' || fail 'the verdict in JSON'

# One that has not the head or the metric that is asked for is left out, unless it is all there is.
run 0 compare w z --head label
grep -q '^warning: w/scores: a regression has no label head, left out$' err || { fail 'silent'; cat err; }
grep -q '; 6 won, 0 tied, 0 lost$' out || { fail 'not the six tasks with labels'; cat out; }
run 0 compare w z --metric macro_f1
grep -q '^warning: w/scores: macro_f1 cannot be told from predictions of numbers' err || fail 'silent'
mkdir -p w1 z1
cp -r w/scores w1
cp -r z/scores z1
refuses 2 'w1/scores: a regression has no label head' compare w1 z1 --head label

# What is refused.
refuses 2 '--compare: needs two runs' compare a
refuses 2 "--metric: 'acuracy' is no metric (did you mean accuracy?)" compare a b --metric acuracy
refuses 2 '--head is for --compare' "$ACF/acf-eval" a --head label
refuses 2 '--tasks is for --results' "$ACF/acf-eval" --compare a b --tasks one
refuses 2 "--tasks: no line is of a task 'rt'; they are of 'fashion-fewshot'" "$ACF/acf-eval" \
    --results "$SRC/results/few-shot.jsonl" --tasks fashion-fewshot,rt
refuses 2 "'b': one argument too many; did you mean --compare?" "$ACF/acf-eval" a b
refuses 2 '--data is about a model' compare a b --data file
refuses 2 '--assert is about a model' compare a b --assert 'accuracy>0'
refuses 4 'nowhere: no such run directory' compare a nowhere
mkdir empty
refuses 4 'empty: no predictions.dev.tsv here or below' compare a empty
refuses 4 'acf-eval RUN --split test --predictions RUN/predictions.test.tsv' compare a b --split test
made_of f accuracy yes:no yes:no
refuses 3 'a and f: 10 and 2 examples, not the same ones' compare a f
made_of g accuracy no:no yes:no yes:no no:yes no:yes no:yes no:yes no:no yes:yes no:no
refuses 3 'a and g: not the same examples: example 0 has different labels' compare a g
made_of h f1 yes:no yes:no
refuses 2 'f was measured by accuracy, h by f1: say which with --metric' compare f h
cp -r f i
rm i/eval_results.json
refuses 2 'i: no eval_results.json that names a metric' compare f i
refuses 2 'f1 needs to know which label is the positive one' compare f i --metric f1
run 0 compare f i --metric accuracy
refuses 2 'brier cannot be told from predictions of labels' compare f i --metric brier
cut -f 1-6 f/predictions.dev.tsv >i/predictions.dev.tsv
refuses 3 "i/predictions.dev.tsv: has no column 'label_pred'" compare f i --metric accuracy --head label
sed -i 's/^1/7/' i/predictions.dev.tsv
refuses 3 "i/predictions.dev.tsv:3: index '7', expected 1" compare f i --metric accuracy
echo '{' >h/eval_results.json
refuses 4 'h/eval_results.json' compare f h
echo '{"labels": [1]}' >h/eval_results.json
refuses 4 "'labels' is no list of names" compare f h
sed 's/text 1/other/' f/predictions.dev.tsv >other
made_of h accuracy yes:no yes:no
cp other h/predictions.dev.tsv
run 0 compare f h
grep -q '^warning: f and h: other texts with the same labels' err || fail 'nothing about other texts'

# Regressions.
for r in p q; do
    mkdir $r
    echo '{"metric": "pearson", "head": "linear"}' >$r/eval_results.json
done
printf 'index\tgold\tpred\tprob\tcorrect\ttext\n0\t1\t1.5\t\t\ta\n1\t2\t1\t\t\tb\n2\t3\t2\t\t\tc\n3\t4\t2.5\t\t\td\n' >p/predictions.dev.tsv
printf 'index\tgold\tpred\tprob\tcorrect\ttext\n0\t1\t1\t\t\ta\n1\t2\t2\t\t\tb\n2\t3\t3\t\t\tc\n3\t4\t4\t\t\td\n' >q/predictions.dev.tsv
run 0 compare p q --json
is 'Pearson of q' "$(sed 's/.*"mean":\[[0-9.]*,\([0-9.]*\)\].*/\1/' out)" 1
run 0 compare p q --metric mse
grep -q '^mse on dev: one run each, 4 examples$' out || fail 'no headline of a regression'
run 0 compare p q --metric spearman
refuses 2 'a regression has no label head' compare p q --head label
refuses 2 'accuracy cannot be told from predictions of numbers' compare p q --metric accuracy
refuses 3 'p and f: 4 and 2 examples' compare p f --metric pearson
sed -i 's/\t[0-9.]*\t\t\t/\t1\t\t\t/' p/predictions.dev.tsv
refuses 3 'p and q: pearson is undefined: the first model answers with one value' compare p q

# A run of ours: both heads are in its predictions, and those of acf-eval are the same.
make_run
run 0 "$ACF/acf-eval" run --predictions again.tsv
cut -f 1-3,5- again.tsv >x.tsv
cut -f 1-3,5- run/predictions.dev.tsv | cmp - x.tsv || fail 'other predictions'
[ "$(head -n 1 run/predictions.dev.tsv | cut -f 7-)" = "$(printf 'linear_pred\tlabel_pred')" ] || fail 'no columns of the heads'
grep -q '"labels"' run/eval_results.json || fail 'no labels'
# Its figures, too: what acf-eval --json says of the heads and the space stands in the results.
run 0 "$ACF/acf-eval" run --json
tr -d '\n\t ' <run/eval_results.json >all
figures=$(sed 's/^.*,"linear":/"linear":/; s/}$//' out | tr -d '\t ')
case $figures in
'"linear":{'*',"label":{'*',"space":{'*) grep -qF "$figures" all || fail 'eval_results.json: other figures than --json' ;;
*) fail "no figures in --json: $figures" ;;
esac
for key in per_class confusion_matrix ci support agreement uniformity effective_rank; do
    grep -q "\"$key\":" all || fail "eval_results.json has no $key"
done
run 0 compare run run --head label
grep -q '^accuracy on dev, label head: one run each, 20 examples$' out || { fail 'no headline'; cat out; }
run 0 compare run run --metric macro_f1
finish
