# What a label space gives for free: acf-eval --reject-at, acf-predict --reject, acf-eval --add-class.
. "$SRC/tests/cli/lib"
make_run
bytes=$(digest_of run)
awk -F '\t' 'NR > 1 { print $1 }' "$data/dev.tsv" >texts
n=$(wc -l <texts)

# The threshold keeps the share that it names, and is what the predictions give.
run 0 "$ACF/acf-eval" run --json --reject-at 0.8
cosine=$(sed 's/.*"reject":{"share":0.8,"cosine":\([0-9.e-]*\),.*/\1/' out)
share=$(sed 's/.*"cosine_kept":\([0-9.e-]*\),.*/\1/' out)
prob=$(sed 's/.*"prob":\([0-9.e-]*\),"prob_kept".*/\1/' out)
run 0 "$ACF/acf-eval" run --reject-at 0.8
grep -q "^reject below cosine .* or prob .*" out || fail 'the report has no threshold'
run 0 "$ACF/acf-predict" run texts
cp out all
run 0 "$ACF/acf-predict" run texts --reject "$cosine"
awk -v n="$n" -v want="$share" '$0 == "?" { rejected++ }
    END { share = 1 - rejected / n; exit !(NR == n && share >= 0.8 && share - want < 1e-9 && want - share < 1e-9) }' out ||
    fail "--reject $cosine does not keep $share of $n"
paste all out | awk '$2 != "?" && $1 != $2 { bad = 1 } END { exit bad }' || fail 'an accepted answer has changed'
cp out some
run 0 "$ACF/acf-predict" run texts --reject "$cosine" --format tsv
cut -f 1 out | cmp - some || fail '--format tsv rejects others'
run 0 "$ACF/acf-predict" run texts --reject "$cosine" --format jsonl
sed 's/^{"label":"\([^"]*\)".*/\1/' out | cmp - some || fail '--format jsonl rejects others'
sed 's/.*"cosine":\([0-9.e-]*\)}.*/\1/' out | awk -v least="$cosine" 'NR == FNR { cosine[NR] = $1; next }
    (cosine[FNR] < least) != ($0 == "?") { bad = 1 } END { exit bad }' - some || fail 'rejected by something else'
sed 's/.*"prob":\([0-9.e-]*\),.*/\1/' out | sort -rg | awk -v n="$n" -v p="$prob" '$1 >= p { k++ }
    END { exit k < 0.8 * n }' || fail "the probability $prob keeps too few"
run 0 "$ACF/acf-predict" run texts --reject -1
cmp out all || fail '--reject -1 rejects'
run 0 "$ACF/acf-predict" run texts --reject 1
[ "$(sort -u out)" = '?' ] || fail '--reject 1 accepts'
refuses 2 'out of range [-1, 1]' "$ACF/acf-predict" run texts --reject 2
refuses 2 'is not a number' "$ACF/acf-predict" run texts --reject nan
# It needs no labels.
run 0 "$ACF/acf-eval" run --reject-at 0.8
grep '^reject below' out >labelled
(echo text; cat texts) >unlabelled.tsv
run 0 "$ACF/acf-eval" run --reject-at 0.8 --data unlabelled.tsv
grep -qx "run on $PWD/unlabelled.tsv: $n rows, linear head" out || { fail 'which rows?'; cat out; }
grep '^reject below' out | cmp - labelled || fail 'rows without labels have another threshold'
run 0 "$ACF/acf-eval" run --reject-at 0.8 --data unlabelled.tsv --json
grep -q "\"labelled\":false,\"reject\":{\"share\":0.8,\"cosine\":$cosine," out || { fail 'no threshold in JSON'; cat out; }
refuses 3 'no figures for --assert' "$ACF/acf-eval" run --reject-at 0.8 --data unlabelled.tsv --assert 'accuracy>0'
refuses 2 'out of range' "$ACF/acf-eval" run --reject-at 1.5
refuses 2 'out of range' "$ACF/acf-eval" run --reject-at 0

# A class from examples: a model of its own, in which the examples are nearest to their mean.
(echo text; head -n 5 texts) >new.tsv
run 0 "$ACF/acf-eval" run --add-class "a new one=new.tsv"
grep -q "^class 'a new one' from 5 examples; nearest: '" out || fail 'nothing about the class'
(cat new.tsv; printf 'two\tcells\n') >broken.tsv
run 0 "$ACF/acf-eval" run --add-class x=broken.tsv --set data.on_bad_line=skip -o skipped
grep -q "^class 'x' from 5 examples (1 left out: malformed lines); nearest: '" out || fail 'a line left out is not told'
[ -e 'run+a new one/COMPLETE' ] || fail 'no model beside the run'
run 0 "$ACF/acf-predict" 'run+a new one' texts --format jsonl
cp out larger
run 0 "$ACF/acf-predict" run texts --format jsonl
sed 's/.*"logits":\[\([^]]*\)\].*/\1/' out >old_logits
sed 's/.*"logits":\[\(.*\),[^],]*\].*/\1/' larger | cmp - old_logits || fail 'the known classes have changed'
run 0 "$ACF/acf-predict" run texts --features h.npy
run 0 "$ACF/acf-predict" 'run+a new one' texts --features h2.npy
cmp h.npy h2.npy || fail 'the encoder has changed'
run 0 "$ACF/acf-eval" run/ --add-class one=new.tsv --add-class "two=$data/dev.tsv" -o both
sed 1d "$data/dev.tsv" | sed 's/\t.*/\ttwo/' | (echo 'text	label'; cat) >two.tsv
run 0 "$ACF/acf-eval" both --data two.tsv --json
grep -q '"labels":\[.*"one","two"\]' out || fail 'labels of the larger model'
grep -q '"head":"label"' out || fail 'the larger model does not answer by cosine'
run 0 "$ACF/acf-eval" both # the run's own dev split, whose labels it still has
refuses 2 "both: is there already" "$ACF/acf-eval" run --add-class x=new.tsv -o both
refuses 2 "both: is there already" "$ACF/acf-eval" run --add-class x=missing.tsv -o both # before the work
refuses 6 "none/new: cannot be written: directory" "$ACF/acf-eval" run --add-class x=missing.tsv -o none/new/
refuses 2 "'a/b' holds a slash" "$ACF/acf-eval" run --add-class a/b=new.tsv
refuses 2 "there is a class 'one' already" "$ACF/acf-eval" both --add-class one=new.tsv -o third
refuses 2 "there is a class 'x' already" "$ACF/acf-eval" run --add-class x=new.tsv --add-class x=new.tsv -o third
refuses 2 "--add-class 'x': expected NAME=FILE" "$ACF/acf-eval" run --add-class x -o third
refuses 3 'none.tsv' "$ACF/acf-eval" run --add-class x=none.tsv -o third
refuses 3 'none.tsv' "$ACF/acf-eval" run --add-class y=new.tsv --add-class x=none.tsv -o third
grep -q "^class 'y'" err && fail 'the first class is told as a problem of the second'
refuses 6 'nowhere/' "$ACF/acf-eval" run --add-class x=new.tsv -o nowhere/third
[ -e third ] && fail 'a refused class left a model'
# It can be trained further, and its embeddings are where that starts.
sed "s|train: .*/train.tsv, dev|train: $PWD/more.tsv, dev|; s|encoder: .*|encoder: '$PWD/run+a new one'}|; s|dir: run}|dir: further}|" base.yaml >further.yaml
(cat "$data/train.tsv"; sed '1d; s/$/\ta new one/' new.tsv) >more.tsv
run 0 "$ACF/acf-train" --config further.yaml --set train.steps=0
grep -q 'other labels' err && fail 'the classifier of the larger model was dropped'
[ "$bytes" = "$(digest_of run)" ] || fail 'the run was changed'
finish
