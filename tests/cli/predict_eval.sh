# acf-eval and acf-predict: what they print and write.
. "$SRC/tests/cli/lib"
make_run
bytes=$(digest_of run)
awk -F '\t' 'NR > 1 { print $1 }' "$data/dev.tsv" >texts
n=$(wc -l <texts)

# has FILE PATTERN
has() {
    grep -q -e "$2" "$1" || { fail "no '$2' in $1 of $last"; head -n 5 "$1"; }
}
ok() {
    last=$*
    run 0 "$@"
}

# acf-eval.
ok "$ACF/acf-eval" run
has out "^run on $data/dev.tsv: $n rows, linear head$"
has out '^accuracy = 0\.[0-9]*  (95 % CI 0\.[0-9]*-'
ok "$ACF/acf-train" --config base.yaml --set eval.metric=macro_f1 --set save.dir=by_f1
ok "$ACF/acf-eval" by_f1
sed -n '2p;3p' out | cut -d ' ' -f 1 | tr '\n' ' ' | grep -qx 'macro_f1 accuracy ' || { fail 'not led by eval.metric'; head -n 3 out; }
ok "$ACF/acf-eval" run --json
[ "$(wc -l <out)" -eq 1 ] || fail '--json is not one line'
has out "^{\"model\":\"run\",\"data\":\"$data/dev.tsv\",\"n\":$n,\"head\":\"linear\",\"loss\":[0-9.]*,"
for key in linear label accuracy balanced_accuracy f1 macro_f1 mcc loss per_class confusion_matrix \
    brier ece temperature space; do
    has out "\"$key\":"
done
grep -q '"pearson"' out && fail '--json has metrics that do not apply'
cp out whole
ok "$ACF/acf-eval" run/best --json
sed 's|"run/best"|"run"|' out | cmp - whole || fail 'a run and its best checkpoint differ'
ok "$ACF/acf-eval" run --json --threads 2
cmp out whole || fail 'two threads change the figures'
accuracy=$(sed 's/.*"linear":{"accuracy":\([0-9.]*\).*/\1/' whole)

ok "$ACF/acf-eval" run --predictions p.tsv
[ "$(head -n 1 p.tsv)" = "$(printf 'index\tgold\tpred\tprob\tcorrect\ttext\tlinear_pred\tlabel_pred')" ] || fail "header: $(head -n 1 p.tsv)"
awk -F '\t' 'NR > 1 { print $1 }' p.tsv >index
seq 0 $((n - 1)) | cmp - index || fail 'rows are not in order'
awk -F '\t' 'NR > 1 { print $6 "\t" $2 }' p.tsv >rows
sed 1d "$data/dev.tsv" | cmp - rows || fail 'text or gold of --predictions differ from the file'
awk -F '\t' -v want="$accuracy" 'NR > 1 { n++; right += $5; if (($2 == $3) != $5) bad = 1
    if (!($4 > 0 && $4 <= 1)) bad = 1 } END { exit bad || right / n - want > 1e-9 || want - right / n > 1e-9 }' p.tsv ||
    fail '--predictions does not agree with the accuracy'
cut -f 2- p.tsv >a
cut -f 2- run/predictions.dev.tsv >b
cmp a b || fail 'acf-train wrote other predictions'
ok "$ACF/acf-eval" run --errors e.tsv
awk -F '\t' 'NR > 1 && ($2 == $3 || (NR > 2 && $4 > last)) { bad = 1 } { last = $4 } END { exit bad }' e.tsv ||
    fail '--errors: right rows, or not the most confident first'
[ "$(wc -l <e.tsv)" -eq $((1 + $(awk -F '\t' 'NR > 1 && $5 == 0' p.tsv | wc -l))) ] || fail '--errors: rows are missing'

ok "$ACF/acf-eval" run --assert "accuracy>=$accuracy" --assert 'label.loss<100' --assert 'linear.mcc>=-1'
refused_assert() {
    run 1 "$ACF/acf-eval" run --assert "$1" && { has err "^error: .*$2"; [ -s out ] || fail 'no figures beside --assert'; }
}
last=--assert
refused_assert 'accuracy>1' 'accuracy'
refused_assert 'label.loss<0.001' 'label.loss'
run 1 "$ACF/acf-eval" run --assert 'accuracy>=0' --assert 'accuracy>=1.5'
refuses 2 'speed' "$ACF/acf-eval" run --assert 'speed>3'
refuses 2 'accuracy=1' "$ACF/acf-eval" run --assert 'accuracy=1'
refuses 2 'accuracy' "$ACF/acf-eval" run --assert 'accuracy>=much'

# A link, a pipe or a device is written through, not replaced; a directory is refused.
echo old >target
ln -s target link
mkfifo pipe
cat pipe >piped &
reader=$!
run 0 "$ACF/acf-eval" run --predictions link --errors pipe
wait $reader
cmp p.tsv target || fail 'a link is not written through'
[ -L link ] || fail 'a link was replaced'
cmp e.tsv piped || fail 'a pipe is not written through'
[ -p pipe ] || fail 'a pipe was replaced'
refuses 6 'run: is a directory' "$ACF/acf-eval" run --predictions run

# Nothing that is read is written over, however it is spelled; what cannot be written is told before
# the work, under the name that was given.
cp "$data/dev.tsv" own.tsv
ln -s own.tsv spelled.tsv
spared() { # TEXT COMMAND...
    refuses 2 "$@"
    cmp own.tsv "$data/dev.tsv" || fail "the file that is read was changed: $*"
}
spared '--predictions: own.tsv is the file that the rows come from; give another name' \
    "$ACF/acf-eval" run --data own.tsv --predictions own.tsv
spared '--errors: ./spelled.tsv is the file that the rows come from' "$ACF/acf-eval" run --data own.tsv --errors ./spelled.tsv
spared '--predictions: own.tsv is the file' "$ACF/acf-eval" run --set data.dev=own.tsv --predictions own.tsv
spared '--predictions: own.tsv is the file' "$ACF/acf-eval" run --split test --data spelled.tsv --predictions own.tsv
spared '--features: ./own.tsv is the file that the lines come from' "$ACF/acf-predict" run own.tsv --features ./own.tsv
spared '--features: own.tsv is the file' sh -c "'$ACF/acf-predict' run --features own.tsv <own.tsv"
spared '--features: spelled.tsv is the file that the rows come from' "$ACF/acf-predict" run own.tsv --columns 0 --features spelled.tsv
# So with the model's files; others may be written beside them, and into the run's directory.
cp -rL run/best model
cp model/model.safetensors model/part.safetensors
ln -s model/vocab.txt spelled.npy
before=$(digest_of model)
for file in model/config.json ./model/acf.json model/model.safetensors model/part.safetensors model/merges.txt; do
    refuses 2 "--predictions: $file is a file of the model that is read; give another name" "$ACF/acf-eval" model --predictions $file
    refuses 2 "--features: $file is a file of the model" "$ACF/acf-predict" model texts --features $file
done
refuses 2 '--errors: run/best/COMPLETE is a file of the model' "$ACF/acf-eval" run --errors run/best/COMPLETE
refuses 2 '--features: spelled.npy is a file of the model' "$ACF/acf-predict" model texts --features spelled.npy
[ "$before" = "$(digest_of model)" ] || fail 'the model that is read was changed'
for times in once again; do
    ok "$ACF/acf-eval" model --predictions model/predictions.test.tsv
done
cp -r run apart
ok "$ACF/acf-eval" apart --predictions apart/predictions.test.tsv
ok "$ACF/acf-predict" apart texts --features apart/features.npy
refuses 2 "--errors: $PWD/new.tsv is the file of --predictions" "$ACF/acf-eval" run --predictions new.tsv --errors "$PWD/new.tsv"
refuses 2 '--errors: p.tsv is the file of --predictions' "$ACF/acf-eval" run --predictions p.tsv --errors p.tsv
refuses 2 "--features: '-' is not standard output here; give the name of a file" "$ACF/acf-predict" run texts --features -
refuses 2 "--predictions: '-' is not standard output here" "$ACF/acf-eval" run --predictions -
[ -e ./- ] && fail "a file '-' was written"
refuses 6 'none/x.tsv: cannot be written: directory none: No such file' "$ACF/acf-eval" run --predictions none/x.tsv
refuses 6 'texts/x.tsv: cannot be written: directory texts: Not a directory' "$ACF/acf-eval" run --errors texts/x.tsv
refuses 6 'texts/sub: cannot be written' "$ACF/acf-eval" run --glue-submission texts/sub
refuses 6 'none/f.npy: cannot be written: directory none: No such file' "$ACF/acf-predict" run texts --features none/f.npy
refuses 6 'run: is a directory' "$ACF/acf-predict" run texts --features run
refuses 6 'none/x.tsv: cannot be written' "$ACF/acf-eval" no_model --predictions none/x.tsv
ok "$ACF/acf-eval" run --predictions /dev/null --errors /dev/null

# Other files: with labels, in another order, without labels, as the test split.
tac "$data/dev.tsv" | sed '$d' >body
(head -n 1 "$data/dev.tsv"; cat body) >reversed.tsv
ok "$ACF/acf-eval" run --data reversed.tsv --json
has out "\"data\":\"$PWD/reversed.tsv\",\"n\":$n,"
has out "\"linear\":{\"accuracy\":$accuracy,"
(echo text; cat texts) >unlabelled.tsv
cp texts texts.tsv
refuses 2 'byte 0xff is not valid UTF-8' "$ACF/acf-eval" run --data "$(printf 'x\377')"
refuses 3 'unlabelled.tsv: rows have no labels' "$ACF/acf-eval" run --data unlabelled.tsv
refuses 3 'rows have no labels' "$ACF/acf-eval" run --data unlabelled.tsv --assert 'accuracy>0'
refuses 3 'no figures for --assert' "$ACF/acf-eval" run --data unlabelled.tsv --assert 'accuracy>0' --predictions u.tsv
refuses 3 'no figures; --predictions FILE writes' "$ACF/acf-eval" run --data unlabelled.tsv --json
ok "$ACF/acf-eval" run --data unlabelled.tsv --json --predictions u.tsv
[ "$(cat out)" = "{\"model\":\"run\",\"data\":\"$PWD/unlabelled.tsv\",\"n\":$n,\"labelled\":false}" ] ||
    { fail 'JSON of an unlabelled file'; cat out; }
mv u.tsv before.tsv
ok "$ACF/acf-eval" run --data unlabelled.tsv --predictions u.tsv
cmp before.tsv u.tsv || fail '--json changes the predictions'
[ "$(wc -l <u.tsv)" -eq $((n + 1)) ] || fail 'rows of an unlabelled file'
cut -f 3,4 p.tsv >a
awk -F '\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } { print $at["pred"], $at["prob"] }' u.tsv | cmp - a ||
    fail 'the unlabelled file is predicted otherwise'
ok "$ACF/acf-eval" run --split test --set data.test=unlabelled.tsv --predictions t.tsv
cmp t.tsv u.tsv || fail '--split test without labels'
ok "$ACF/acf-eval" run --split test --data reversed.tsv --json
# Lines that are left out are counted.
(cat reversed.tsv; printf 'one cell\n\ntoo\tmany\tcells\nx\tcooking\n') >broken.tsv
skip='--set data.on_bad_line=skip'
ok "$ACF/acf-eval" run --data broken.tsv $skip
has out "^run on $PWD/broken.tsv: $((n + 1)) rows (3 left out: malformed lines), linear head$"
ok "$ACF/acf-eval" run --data broken.tsv $skip --json
has out '"bad_lines":3}$'
ok "$ACF/acf-eval" run --data reversed.tsv $skip --json
grep -q bad_lines out && fail 'bad lines where there are none'
(cat unlabelled.tsv; printf 'two\tcells\n') >broken.tsv
ok "$ACF/acf-eval" run --data broken.tsv $skip --json --predictions u.tsv
has out '"labelled":false,"bad_lines":1}$'
(cat "$data/train.tsv"; printf 'one cell\n') >broken.tsv
ok "$ACF/acf-train" --config base.yaml --set data.train=broken.tsv --set data.dev=null --set data.dev_fraction=0.2 \
    --set data.on_bad_line=skip --set save.dir=drawn
ok "$ACF/acf-eval" drawn
has out '^drawn on .*/broken.tsv: [0-9]* rows (1 left out: malformed lines), linear head$'

odd='a "b": #c \d'"'e'.tsv"
cp reversed.tsv "$odd"
ok "$ACF/acf-eval" run --data "$odd" --predictions odd.out
ok "$ACF/acf-eval" run --data reversed.tsv --predictions reversed.out
cmp odd.out reversed.out || fail 'a path with quotation marks is another file'
refuses 2 'unknown key' "$ACF/acf-eval" run --set data.trian=x
for set in eval.head=label model.max_length=8 train.epochs=3 train.seed=2 save.dir=x dat.dev=x; do
    refuses 2 "--set $set: takes data.KEY=VALUE, no other key has an effect here" "$ACF/acf-eval" run --set $set
done
for set in data.shots=3 data.max_train_samples=9 data.augment.hflip=yes 'data.augment={hflip: yes}'; do
    refuses 2 "--set $set: is about training rows, it has no effect here" "$ACF/acf-eval" run --set "$set"
done
refuses 2 '--set data.labels: has 3 labels, the model has 4' "$ACF/acf-eval" run --set 'data.labels=[neg, neu, pos]'
refuses 2 "--set data.labels: label 1 is 'music', but the model calls it 'garden'" "$ACF/acf-eval" run --set 'data.labels=[cooking, music, garden, weather]'
ok "$ACF/acf-eval" run --set 'data.labels=[cooking, garden, music, weather]' --json
cmp out whole || fail "the model's own labels change the figures"
refuses 2 '--set task=sst2: takes data.KEY=VALUE, no other key has an effect here; give --task TASK' "$ACF/acf-eval" run -s task=sst2

# A file without labels has the header that training had, where columns are numbers.
ok "$ACF/acf-train" --config base.yaml --set 'data.columns={text: 0, label: 1}' --set save.dir=numbers
ok "$ACF/acf-eval" numbers --data unlabelled.tsv --predictions u.tsv
has err "^$PWD/unlabelled.tsv: line 1 taken as a header, as in training; --set data.header=no keeps it as a row$"
awk -F '\t' 'NR > 1 { print $NF }' numbers/predictions.dev.tsv >a
awk -F '\t' 'NR > 1 { print $NF }' u.tsv | cmp - a || fail 'the header of an unlabelled file is a row'
echo 'a soup of beans' >one.tsv
ok "$ACF/acf-eval" numbers --data one.tsv --predictions u.tsv
[ "$(wc -l <u.tsv)" -eq 2 ] || fail 'the only row of a file was taken for a header'
ok "$ACF/acf-eval" numbers --data unlabelled.tsv --predictions u.tsv --set data.header=no
[ "$(wc -l <u.tsv)" -eq $((n + 2)) ] || fail 'data.header=no keeps no row'
for file in train dev; do
    sed 1d "$data/$file.tsv" >bare_$file.tsv
done
ok "$ACF/acf-train" --config base.yaml --set 'data={train: bare_train.tsv, dev: bare_dev.tsv, columns: {text: 0, label: 1}}' --set save.dir=bare
ok "$ACF/acf-eval" bare --data texts.tsv --predictions u.tsv
[ "$(wc -l <u.tsv)" -eq $((n + 1)) ] || fail 'a row is a header, which training had none of'

# A model that was trained elsewhere: the task and the file are given.
mkdir foreign
for file in config.json model.safetensors tokenizer.json; do
    cp "run/best/$file" foreign
done
refuses 2 '--task: the model was not trained here' "$ACF/acf-eval" foreign
refuses 2 '--data: the model was not trained here' "$ACF/acf-eval" foreign --task text
refuses 2 'task = txt is none of' "$ACF/acf-eval" foreign --task txt --data reversed.tsv
ok "$ACF/acf-eval" foreign --task text --data "$data/dev.tsv" --json
sed 's|"foreign"|"run"|' out | cmp - whole || fail 'a model from elsewhere is judged otherwise'
# Names for labels that have none, and only where their number is right.
awk '/id2label|label2id/ { inside = 1 } !inside { print } /}/ { inside = 0 }' foreign/config.json >config.json
nameless='"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2", "3": "LABEL_3"},'
sed "1s/{/{$nameless/" config.json >foreign/config.json
for labels in '' '--set data.labels=[cooking,garden,music]' '--set data.labels=[cooking,garden,music,music]'; do
    run "$([ -z "$labels" ] && echo 3 || echo 2)" "$ACF/acf-eval" foreign --task text --data "$data/dev.tsv" $labels
done
ok "$ACF/acf-eval" foreign --task text --data "$data/dev.tsv" --json --set 'data.labels=[cooking,garden,music,weather]'
has err 'the model names its labels LABEL_0 ...: taken as those of data.labels, in their order'
sed 's|"foreign"|"run"|' out | cmp - whole || fail 'labels that were given are others'

# acf-predict.
ok "$ACF/acf-predict" run texts
awk -F '\t' 'NR > 1 { print $3 }' p.tsv | cmp - out || fail 'acf-predict and acf-eval disagree'
cp out labels
ok sh -c "'$ACF/acf-predict' run <texts"
cmp out labels || fail 'standard input is answered otherwise'
ok sh -c "cat texts | '$ACF/acf-predict' run - --threads 2"
cmp out labels || fail 'a pipe is answered otherwise'
ok "$ACF/acf-predict" run/best texts --format labels
cmp out labels || fail 'run/best is answered otherwise'
ok "$ACF/acf-predict" run texts --format tsv
awk -F '\t' -v n="$n" 'NF != 2 || !($2 > 0 && $2 <= 1) { bad = 1 } END { exit bad || NR != n }' out || fail '--format tsv'
cut -f 1 out | cmp - labels || fail '--format tsv has other labels'
ok "$ACF/acf-predict" run texts --format tsv -k 4
awk -F '\t' 'NF != 8 || $2 < $4 || $4 < $6 || $6 < $8 { bad = 1 } { s = $2 + $4 + $6 + $8
    if (s < 0.999 || s > 1.001) bad = 1 } END { exit bad }' out || { fail '-k 4'; head -n 3 out; }
ok "$ACF/acf-predict" run texts -k 2
awk -F '\t' 'NF != 4 { bad = 1 } END { exit bad }' out || fail '-k 2 without --format'
for format in '--format jsonl' --tokens; do
    refuses 2 '-k 2 needs --format tsv; jsonl has the probabilities of all labels' "$ACF/acf-predict" run texts -k 2 $format
done
refuses 2 "-k 9 is more than the model's 4 labels" "$ACF/acf-predict" run texts -k 9 --format tsv
ok "$ACF/acf-predict" run texts --format jsonl --tokens
[ "$(wc -l <out)" -eq "$n" ] || fail 'jsonl: lines'
number='-\{0,1\}[0-9.e-]*'
grep -v "^{\"label\":\"[a-z]*\",\"prob\":$number,\"probs\":{\"cooking\":$number,\"garden\":$number,\"music\":$number,\"weather\":$number},\"logits\":\[$number,$number,$number,$number\],\"nearest\":{\"label\":\"[a-z]*\",\"cosine\":$number},\"input_ids\":\[2,[0-9,]*,3\]}\$" out &&
    fail 'jsonl: fields'
sed 's/{"label":"\([a-z]*\)".*/\1/' out | cmp - labels || fail 'jsonl has other labels'
ok "$ACF/acf-predict" run texts --format jsonl
grep -q input_ids out && fail 'jsonl: tokens that nobody asked for'

# Lines: CRLF, none at the end, empty, a TAB in a single text, one file as any name.
sed 's/$/\r/' texts >crlf
ok "$ACF/acf-predict" run crlf
cmp out labels || fail 'CRLF changes the answers'
printf %s "$(cat texts)" >cut
ok "$ACF/acf-predict" run cut
cmp out labels || fail 'a last line without newline is lost'
(printf '\357\273\277'; cat texts) >marked
ok "$ACF/acf-predict" run marked
cmp out labels || fail 'a byte order mark changes the answers'
refuses 2 "'texts': one argument too many, the model takes texts from one FILE" "$ACF/acf-predict" run texts texts
refuses 4 'texts: is a file, expected a model or run directory' "$ACF/acf-predict" texts run
refuses 4 'texts: is a file, expected a model or run directory' "$ACF/acf-eval" texts run
refuses 2 "'own.tsv': one argument too many; did you mean --data own.tsv?" "$ACF/acf-eval" run own.tsv
refuses 2 "'own.tsv': one argument too many" "$ACF/acf-eval" run own.tsv --data own.tsv
printf 'text\tlabel\nrain\tfog\n' >fog.tsv
refuses 3 "fog.tsv:2: label 'fog', which the model does not have (known: " "$ACF/acf-eval" run --data fog.tsv
mkdir directory
refuses 3 "$PWD/directory: is a directory, expected a file; give --data $PWD/directory/dev.tsv" "$ACF/acf-eval" run --data directory/
refuses 3 "$PWD/directory: is a directory, expected a file; give --data $PWD/directory/test.tsv" "$ACF/acf-eval" run --data directory --split test

refuses 2 '--output is for --add-class; the report goes to standard output' "$ACF/acf-eval" run -o report.txt
refuses 2 '--output is for --add-class' "$ACF/acf-eval" --compare run by_f1 --output report.txt
[ -e report.txt ] && fail 'a report that was refused'

# The lines that say how to use a model can be pasted.
quoted="it's a \"run\""
run 0 "$ACF/acf-train" --config base.yaml --set save.dir="$quoted"
use=$(sed -n 's|^use:   acf-predict \(.*\) < texts.txt$|\1|p' out)
eval "use=$use"
[ "$use" = "$PWD/$quoted" ] || fail "use: $use"
grep -qF "AutoModelForSequenceClassification.from_pretrained(\"$PWD/it's a \\\"run\\\"/best\")" out || fail "$(grep from_pretrained out)"
refuses 2 "'by_f1': one argument too many; did you mean --compare?" "$ACF/acf-eval" run by_f1
printf '\n\nrain\n\n' | "$ACF/acf-predict" run >out
[ "$(wc -l <out)" -eq 4 ] || fail 'empty lines are not answered'
"$ACF/acf-predict" run /dev/null >out
[ -s out ] && fail 'an empty file is answered'
printf 'rain\ton the roof\nrain on the roof\n' | "$ACF/acf-predict" run --format jsonl >out
[ "$(uniq out | wc -l)" -eq 1 ] || fail 'a TAB in a single text is no blank'
printf 'one\tlabel\n' >named.tsv
ok "$ACF/acf-predict" run named.tsv
[ "$(wc -l <out)" -eq 1 ] || fail 'a .tsv is not read as plain lines'
printf 'rain\ncaf\351\nrain\n' >latin1
run 3 "$ACF/acf-predict" run latin1
grep -q '^error: latin1: line 2: is not valid UTF-8 (byte 0xE9 at byte 4)' err || fail "$(cat err)"
[ "$(wc -l <out)" -eq 1 ] || fail 'odd bytes: the line before is not answered'
gzip -c texts >packed.gz
refuses 3 'packed.gz: is gzip data; unpack it (zcat FILE | acf-predict MODEL) or name its columns with --columns' "$ACF/acf-predict" run packed.gz
refuses 3 'standard input: is gzip data; unpack it' sh -c "'$ACF/acf-predict' run <packed.gz"
awk 'BEGIN { for (i = 0; i < 30000; i++) printf "word%d ", i; print "" }' >long
ok "$ACF/acf-predict" run long --format jsonl --tokens
[ "$(sed 's/.*input_ids":\[\(.*\)\]}/\1/' out | tr ',' '\n' | wc -l)" -eq 128 ] || fail 'a long text is not cut to 128 tokens'

# An answer comes as soon as its line is there.
mkfifo in answers
timeout 60 "$ACF/acf-predict" run <in >answers 2>stream.err &
pid=$!
exec 8>in 9<answers
echo 'Simmer the soup.' >&8
read -r first <&9 || fail 'no answer before the end of the input'
echo 'Snow on the hills.' >&8
read -r second <&9 || fail 'no second answer before the end of the input'
exec 8>&-
read -r third <&9 && fail "more answers than lines: $third"
wait $pid || fail 'the stream ended badly'
printf 'Simmer the soup.\nSnow on the hills.\n' | "$ACF/acf-predict" run >out
printf '%s\n' "$first" "$second" | cmp - out || fail 'the stream is answered otherwise'

# --features: NumPy's format 1.0.
ok "$ACF/acf-predict" run texts --features f.npy
cmp out labels || fail '--features changes the answers'
[ "$(head -c 8 f.npy | od -An -tx1 | tr -d ' \n')" = 934e554d50590100 ] || fail '.npy: magic'
head -c 128 f.npy | grep -aq "{'descr': '<f4', 'fortran_order': False, 'shape': ($n, 128), }" || fail '.npy: header'
[ "$(wc -c <f.npy)" -eq $((128 + 4 * 128 * n)) ] || fail '.npy: size'

# Pairs.
ok "$ACF/acf-train" --config base.yaml --set task=text --set save.dir=pairs \
    --set "data.train=$SRC/data/sample-pair/train.tsv" --set "data.dev=$SRC/data/sample-pair/dev.tsv" \
    --set "data.columns.text=$(head -n 1 "$SRC/data/sample-pair/dev.tsv" | cut -f 1)" \
    --set "data.columns.text2=$(head -n 1 "$SRC/data/sample-pair/dev.tsv" | cut -f 2)"
ok "$ACF/acf-eval" pairs --predictions p.tsv
[ "$(head -n 1 p.tsv)" = "$(printf 'index\tgold\tpred\tprob\tcorrect\ttext\ttext2\tlinear_pred\tlabel_pred')" ] || fail 'pairs: header'
sed 1d p.tsv | cut -f 6,7 >pairs.txt
ok "$ACF/acf-predict" pairs pairs.txt
sed 1d p.tsv | cut -f 3 | cmp - out || fail 'pairs: acf-predict and acf-eval disagree'
printf 'a\tb\nno tab here\n' >half.txt
run 3 "$ACF/acf-predict" pairs half.txt
has err '^error: half.txt: line 2: has no TAB'
printf 'a\tb\nno tab here\n' | run 3 "$ACF/acf-predict" pairs
has err '^error: standard input: line 2: has no TAB'
printf 'a\tb\n' | "$ACF/acf-predict" run --pair --format jsonl --tokens >out
[ "$(sed 's/.*input_ids":\[\(.*\)\]}/\1/' out | tr ',' '\n' | grep -cx 3)" -eq 2 ] || fail '--pair: two separators'

[ "$bytes" = "$(digest_of run)" ] || fail 'run/ was changed'
finish
