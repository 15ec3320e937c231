# The GLUE tasks that are not one test file of classes: STS-B's scores, MNLI's two files, the
# diagnostic file; submissions and the script that checks them.
. "$SRC/tests/cli/lib"
check=$SRC/scripts/check-submission.sh
ok() {
    run 0 "$@"
}
has() {
    grep -q -e "$2" "$1" || { fail "no '$2' in $1"; head -n 5 "$1"; }
}

# Small files in the published layouts, made of the sample sentences.
mkdir -p glue/STS-B glue/MNLI glue/AX glue/RTE glue/CoLA
awk -F '\t' 'NR > 1 { print $1 }' "$data/train.tsv" | head -n 60 >sentences
awk -v OFS='\t' 'BEGIN { print "index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2", "score" }
    { print NR - 1, "g", "f", "2012", "0001", "none", "none", $0, last, (NR * 7 % 21) / 4; last = $0 }' sentences >glue/STS-B/train.tsv
(head -n 1 glue/STS-B/train.tsv; tail -n 20 glue/STS-B/train.tsv) >glue/STS-B/dev.tsv
cut -f 1-9 glue/STS-B/dev.tsv >glue/STS-B/test.tsv
mnli() { # columns of labels
    awk -v n="$1" -v OFS='\t' '
        function line(i, a, b, gold,    k, text) {
            text = i OFS "1" OFS "1e" OFS "fiction" OFS "( x )" OFS "( y )" OFS "(R)" OFS "(R)" OFS a OFS b
            for (k = 1; k < n; k++) text = text OFS (i == "index" ? "label" k : gold)
            if (n > 0) text = text OFS gold
            print text
        }
        BEGIN { line("index", "sentence1", "sentence2", "gold_label")
                split("entailment neutral contradiction", name, " ") }
        { line(NR - 1, $0, last, name[NR % 3 + 1]); last = $0 }'
}
mnli 2 <sentences >glue/MNLI/train.tsv
head -n 12 sentences | mnli 6 >glue/MNLI/dev_matched.tsv
head -n 15 sentences | mnli 6 >glue/MNLI/dev_mismatched.tsv
head -n 9 sentences | mnli 0 >glue/MNLI/test_matched.tsv
head -n 8 sentences | mnli 0 >glue/MNLI/test_mismatched.tsv
awk -v OFS='\t' 'BEGIN { print "index", "sentence1", "sentence2" } NR <= 11 { print NR - 1, $0, "It rains." }' sentences >glue/AX/diagnostic.tsv
cat >base.yaml <<END
schema: 1
task: mnli
data: {dir: glue/MNLI}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 4, batch_size: 8, threads: 1}
eval: {every: 2 steps}
END

# STS-B: a regression from end to end.
ok "$ACF/acf-train" --config base.yaml --set task=stsb --set data.dir=glue/STS-B --set save.dir=sts
has out '^pearson = '
has out '^spearman = '
has err 'step 2/4  epoch 0.25  dev pearson: [-0-9.]*  ('
has err '1 output, '
[ "$(grep -c '"event":"eval".*"linear":{"loss":[0-9.]*,"pearson":[-0-9.e]*,"spearman":[-0-9.e]*,"mse":[0-9.]*}' sts/metrics.jsonl)" -eq 2 ] || fail 'eval events of a regression'
grep -q '"label":' sts/metrics.jsonl && fail 'a regression has a label head'
grep -q '"event":"train".*"loss":\([0-9.]*\),"loss_ce":\1,"loss_contrast":0,' sts/metrics.jsonl || fail 'train event of a regression'
tr -d ' \n\t' <sts/best/config.json | grep -q '"id2label":{"0":"LABEL_0"},"label2id":{"LABEL_0":0},"problem_type":"regression"' || fail 'config.json of a regression'
grep -q '"eval_pearson"' sts/eval_results.json || fail 'eval_results.json'
awk -F '\t' 'NR == 1 { next } NF != 7 || $2 !~ /^[0-9.]+$/ || $3 !~ /^-?[0-9.]+$/ || $4 $5 != "" { bad = 1 }
    END { exit bad || NR != 21 }' sts/predictions.dev.tsv || fail 'predictions.dev.tsv of a regression'
ok "$ACF/acf-eval" sts --json
has out '"n":20,.*"linear":{"loss":.*"pearson":.*"ci":{'
ok "$ACF/acf-eval" sts --assert 'pearson>=-1' --assert 'mse<100' --errors e.tsv
awk -F '\t' 'NR == 1 { next } { d = $2 > $3 ? $2 - $3 : $3 - $2 } NR > 2 && d > last + 1e-5 { bad = 1 } { last = d }
    END { exit bad || NR != 21 }' e.tsv || fail '--errors of a regression: the largest first'
refuses 2 '--reject-at: a regression' "$ACF/acf-eval" sts --reject-at 0.9
sed 1d glue/STS-B/dev.tsv | cut -f 8,9 >pairs.txt
ok "$ACF/acf-predict" sts pairs.txt
sed 1d sts/predictions.dev.tsv | cut -f 3 | cmp - out || fail 'acf-predict and acf-train disagree'
cp out numbers
ok "$ACF/acf-predict" sts pairs.txt --format tsv
cmp out numbers || fail '--format tsv of a regression'
ok "$ACF/acf-predict" sts pairs.txt --format jsonl
[ "$(grep -c '^{"label":-\{0,1\}[0-9.e-]*,"logits":\[-\{0,1\}[0-9.e-]*\]}$' out)" -eq 20 ] || fail 'jsonl of a regression'
refuses 2 "-k 2 is more than the model's 1 labels" "$ACF/acf-predict" sts pairs.txt -k 2
mkdir foreign
for file in config.json model.safetensors tokenizer.json; do
    cp "sts/best/$file" foreign
done
ok "$ACF/acf-eval" foreign --task stsb --data glue/STS-B/dev.tsv --json
sed 's/"foreign"/"sts"/' out >a
ok "$ACF/acf-eval" foreign --task stsb --data glue/STS-B --json
sed 's/"foreign"/"sts"/' out | cmp - a || fail '--data DIR'
ok "$ACF/acf-eval" sts --json
cmp out a || fail 'a regression from elsewhere is judged otherwise'
refuses 2 "task 'mnli' has labels, but the model predicts a number" "$ACF/acf-eval" foreign --task mnli --data glue/MNLI

# ... and it goes on as if it had not been stopped.
ok "$ACF/acf-train" --config base.yaml --set task=stsb --set data.dir=glue/STS-B --set save.dir=half --set train.steps=2 \
    --set train.schedule.name=constant
ok "$ACF/acf-train" --config base.yaml --set task=stsb --set data.dir=glue/STS-B --set save.dir=half \
    --set train.schedule.name=constant --resume
ok "$ACF/acf-train" --config base.yaml --set task=stsb --set data.dir=glue/STS-B --set save.dir=whole \
    --set train.schedule.name=constant
cmp half/last/model.safetensors whole/last/model.safetensors || fail 'a resumed regression ends elsewhere'

# MNLI: both dev files in one run.
ok "$ACF/acf-train" --config base.yaml --set save.dir=nli
has out '^dev_mismatched:$'
[ "$(grep -c '^accuracy = ' out)" -eq 2 ] || fail 'two headlines'
[ "$(grep -c '"split":"dev",' nli/metrics.jsonl) $(grep -c '"split":"dev_mismatched","n":15' nli/metrics.jsonl)" = '2 2' ] || fail 'eval events of both files'
for key in eval_accuracy eval_accuracy_mm eval_samples_mm; do
    grep -q "\"$key\"" nli/eval_results.json || fail "eval_results.json has no $key"
done
[ "$(wc -l <nli/predictions.dev.tsv) $(wc -l <nli/predictions.dev_mismatched.tsv)" = '13 16' ] || fail 'predictions of both files'
ok "$ACF/acf-eval" nli
has out '^nli on .*/dev_matched.tsv: 12 rows'
has out '^nli on .*/dev_mismatched.tsv: 15 rows'
ok "$ACF/acf-eval" nli --json --predictions p.tsv
has out '"n":12,.*"mismatched":{.*"n":15,'
[ "$(wc -l <p.tsv) $(wc -l <p-mm.tsv)" = '13 16' ] || fail '--predictions of both files'
refuses 2 '--predictions: q-mm.tsv is the file of --errors' "$ACF/acf-eval" nli --predictions q.tsv --errors q-mm.tsv
ln -s glue/MNLI/dev_mismatched.tsv r-mm.tsv
refuses 2 '--predictions: r-mm.tsv is the file that the rows come from' "$ACF/acf-eval" nli --predictions r.tsv
ok "$ACF/acf-eval" nli --data glue/MNLI/dev_mismatched.tsv
[ "$(grep -c ' rows, ' out)" -eq 2 ] || { fail '--data FILE is one file'; cat out; }

# Test files have no labels: predictions, and JSON that says so.
ok "$ACF/acf-eval" nli --split test --json --predictions t.tsv
has out '"n":[0-9]*,"labelled":false,"mismatched":{.*"n":[0-9]*,"labelled":false}}$'

# The diagnostic file, by the model of MNLI.
refuses 2 "--data: task 'ax' needs the diagnostic file" "$ACF/acf-eval" nli --task ax
refuses 3 'rows have no labels' "$ACF/acf-eval" nli --task ax --data glue/AX
ok "$ACF/acf-eval" nli --task ax --data glue/AX --predictions ax.tsv
[ "$(wc -l <ax.tsv)" -eq 12 ] || fail 'predictions of ax'
awk -F '\t' -v OFS='\t' 'NR == 1 { print $0, "label"; next } { print $0, NR % 2 ? "neutral" : "entailment" }' glue/AX/diagnostic.tsv >full.tsv
ok "$ACF/acf-eval" nli --task ax --data full.tsv
has out '^mcc = '
cp out with_label
sed '1s/.*/x\tPremise\tHypothesis\tLabel/' full.tsv >other_names.tsv
ok "$ACF/acf-eval" nli --task ax --data other_names.tsv --set data.columns.text=Premise --set data.columns.text2=Hypothesis --set data.columns.label=Label
grep -c . out | grep -qx "$(grep -c . with_label)" && has out '^mcc = ' || fail 'the full diagnostic file'
refuses 2 "task 'ax' has no training data" "$ACF/acf-train" --config base.yaml --set task=ax

# Submissions.
ok "$ACF/acf-eval" sts --glue-submission sub
has out '^sub/STS-B.tsv: 20 predictions for '
ok "$ACF/acf-eval" nli --glue-submission sub
ok "$ACF/acf-eval" nli --task ax --data glue/AX --glue-submission sub
[ "$(cd sub && echo *)" = 'AX.tsv MNLI-m.tsv MNLI-mm.tsv STS-B.tsv' ] || fail "files: $(ls sub)"
[ "$(head -n 1 sub/AX.tsv)" = "$(printf 'index\tprediction')" ] || fail 'header'
awk -F '\t' -v OFS='\t' 'NR > 1 { print $1, $3 }' ax.tsv >a
sed 1d sub/AX.tsv | cmp - a || fail '--glue-submission and --predictions disagree'
run 0 sh "$check" sub glue
has out '^accepted AX.tsv: 11 predictions$'
has out '^accepted MNLI-mm.tsv: 8 predictions$'
has out '^not there: CoLA.tsv SST-2.tsv MRPC.tsv QQP.tsv QNLI.tsv RTE.tsv WNLI.tsv$'
refuses 2 '--glue-submission is about test' "$ACF/acf-eval" nli --split dev --glue-submission sub
refuses 2 '--glue-submission and --json' "$ACF/acf-eval" nli --json --glue-submission sub
refuses 2 "the model's 3 labels ('entailment', ...) are not the 2 of task 'rte'" "$ACF/acf-eval" nli --task rte \
    --set data.test=glue/AX/diagnostic.tsv --set data.columns.text=1 --set data.columns.text2=2 --glue-submission sub
(head -n 4 glue/MNLI/test_matched.tsv; echo broken) >short.tsv
refuses 3 '1 lines were skipped' "$ACF/acf-eval" nli --data short.tsv --set data.on_bad_line=skip --glue-submission sub
make_run
refuses 2 "task 'text' is none of GLUE's" "$ACF/acf-eval" run --data "$data/dev.tsv" --glue-submission sub

# What the checker refuses.
wrong() { # text, sed script, file
    rm -rf broken
    cp -r sub broken
    sed "$2" "sub/$3" >"broken/$3"
    run 1 sh "$check" broken glue
    grep -qF "refused  $3: $1" out || { fail "the checker does not say '$1'"; cat out; }
}
wrong 'line 1: the header is "id' 1s/index/id/ AX.tsv
wrong 'line 3: index "7", expected 1' '3s/^1/7/' AX.tsv
wrong 'line 2: prediction "maybe", expected one of: entailment neutral contradiction' '2s/\t.*/\tmaybe/' AX.tsv
wrong 'line 2: prediction "5.01", expected a number from 0 to 5' '2s/\t.*/\t5.01/' STS-B.tsv
wrong 'line 2: prediction "nan"' '2s/\t.*/\tnan/' STS-B.tsv
wrong 'line 2: has 1 columns' '2s/\t.*//' STS-B.tsv
wrong '19 predictions, the test file has 20 rows' '$d' STS-B.tsv
wrong 'is empty' d STS-B.tsv
cp sub/AX.tsv sub/ax.tsv
run 1 sh "$check" sub glue
has out '^refused  ax.tsv: is no file of a submission$'
rm sub/ax.tsv
cp sub/AX.tsv sub/WNLI.tsv
run 1 sh "$check" sub glue
has out '^refused  WNLI.tsv: there is no glue/WNLI/test.tsv'
mkdir empty
run 1 sh "$check" empty glue
run 2 sh "$check" sub
run 2 sh "$check" nowhere glue
finish
