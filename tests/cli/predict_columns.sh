# acf-predict --columns: tables of three formats with the answers beside the input's columns.
. "$SRC/tests/cli/lib"
make_run
ok() {
    run 0 "$@"
}
predict() {
    "$ACF/acf-predict" run "$@"
}
awk -F '\t' 'NR > 1 && NR < 9 { print $1 }' "$data/dev.tsv" >texts
n=$(wc -l <texts)
predict texts --format tsv >answers
label=$(head -n 1 answers | cut -f 1)

# TSV: with and without a header, CRLF, a BOM, by name and number, packed.
awk -v OFS='\t' 'BEGIN { print "id", "text", "note" } { print NR, $0, "\"n" NR }' texts >t.tsv
(printf 'id\ttext\tnote\tlabel\tprob\n'; sed 1d t.tsv | paste - answers) >want
ok "$ACF/acf-predict" run t.tsv --columns text
cmp out want || fail 'TSV by name'
sed 1d t.tsv >bare.tsv
ok "$ACF/acf-predict" run bare.tsv --columns 1
sed 1d want | cmp - out || fail 'TSV by number, without header'
ok "$ACF/acf-predict" run t.tsv --columns 1 --header yes
cmp out want || fail 'TSV by number, with header'
ok "$ACF/acf-predict" run bare.tsv --columns 1 --header no
sed 1d want | cmp - out || fail 'TSV by number, --header no'
refuses 2 "--columns: 'text' is a name, but --header no" "$ACF/acf-predict" run t.tsv --columns text --header no
refuses 2 "--columns: 'text' is a name, but --header no" "$ACF/acf-predict" run t.tsv --columns 0,text --header no
refuses 2 '--header needs --columns' "$ACF/acf-predict" run texts --header yes
refuses 2 "--header: 'maybe' is none of auto, yes, no" "$ACF/acf-predict" run t.tsv --columns 1 --header maybe
(printf '\357\273\277'; sed 's/$/\r/' t.tsv) >crlf.tsv
ok "$ACF/acf-predict" run crlf.tsv --columns text
cmp out want || fail 'CRLF and BOM'
gzip -kn t.tsv
ok "$ACF/acf-predict" run t.tsv.gz --columns text
cmp out want || fail 'TSV.gz'
ok "$ACF/acf-predict" run t.tsv
[ "$(wc -l <out)" -eq $((n + 1)) ] || fail 'without --columns a .tsv is plain lines'
ok "$ACF/acf-predict" run t.tsv --columns text --features f.npy
cmp out want || fail '--features changes the answers'
[ "$(wc -c <f.npy)" -eq $((128 + 4 * 128 * n)) ] || fail '.npy: size'

# CSV: rows stay as they are, quoted line breaks, too.
text=$(head -n 1 texts)
{
    printf 'id,"the text",label\r\n'
    printf '1,"%s",gold\r\n' "$text"
    printf '"2, or two","a ""quoted""\nline\r\nbreak",\r\n'
    printf '3,"%s",x' "$text"
} >t.csv
ok "$ACF/acf-predict" run t.csv --columns 'the text'
[ "$(head -n 1 out)" = 'id,"the text",label,predicted_label,predicted_prob' ] || fail "CSV: header $(head -n 1 out)"
sed -n 2p out | grep -q "^1,\"$text\",gold,$label,0\.[0-9]*\$" || fail 'CSV: row 1'
sed -n 3,5p out | head -n 2 >a
printf '"2, or two","a ""quoted""\nline\r\n' | cmp - a || fail 'CSV: a quoted cell is not kept'
sed -n 5p out | grep -q '^break",,[a-z]*,0\.[0-9]*$' || fail 'CSV: row 2'
sed -n 6p out | grep -q "^3,\"$text\",x,$label,0\.[0-9]*\$" || fail 'CSV: row 3'
[ "$(wc -l <out)" -eq 6 ] || fail 'CSV: lines'
printf 'text,label,prob,predicted_prob\na,b,c,d\n' >full.csv
refuses 3 'full.csv:1: has columns for answers already' "$ACF/acf-predict" run full.csv --columns text
printf 'text\n' >none.csv
ok "$ACF/acf-predict" run none.csv --columns text
[ "$(cat out)" = text,label,prob ] || fail 'a table without rows'

# JSON lines: numbers, order and blanks stay.
{
    printf '{"id": 1.50, "text": "%s"}\n' "$text"
    printf '{"text":"%s","id":true}  \n' "$text"
} >t.jsonl
ok "$ACF/acf-predict" run t.jsonl --columns text
sed -n 1p out | grep -q "^{\"id\": 1.50, \"text\": \"$text\", \"label\": \"$label\", \"prob\": 0\.[0-9]*}\$" || fail 'JSONL: row 1'
sed -n 2p out | grep -q "^{\"text\":\"$text\",\"id\":true, \"label\": \"$label\", \"prob\": 0\.[0-9]*}\$" || fail 'JSONL: row 2'
printf '{"text": "a", "label": "x"}\n' >l.jsonl
ok "$ACF/acf-predict" run l.jsonl --columns text
grep -q '"label": "x", "predicted_label": "[a-z]*", "predicted_prob": ' out || fail 'JSONL: a label that is there'

# Labels that need quoting.
awk -F '\t' -v OFS='\t' 'NR > 1 { $2 = $2 == "music" ? "a \"b\", c" : $2 } 1' "$data/train.tsv" >odd.tsv
run 0 "$ACF/acf-train" --config base.yaml --set data.train=odd.tsv --set data.dev=odd.tsv --set save.dir=odd
printf 'text\n' >many.csv
cut -f 1 odd.tsv | sed '1d; s/"/""/g; s/.*/"&"/' >>many.csv
run 0 "$ACF/acf-predict" odd many.csv --columns text
grep -v '^"[^"]*","a ""b"", c",0\.[0-9]*$' out | grep -v '^"[^"]*",[a-z]*,0\.[0-9]*$' | grep -v '^text,label,prob$' && fail 'CSV: label'

# Labels that no line or cell of a TSV can hold, from JSON: blanks in their places.
{
    printf '{"text": "rain", "label": "a\\tb\\nc"}\n{"text": "sun", "label": "d\\r\\ne"}\n'
} >odd.jsonl
run 0 "$ACF/acf-train" --config base.yaml --set data.train=odd.jsonl --set data.dev=odd.jsonl --set save.dir=tabs
printf 'text\nrain\n' >one.tsv
ok "$ACF/acf-predict" tabs one.tsv
[ "$(grep -cx 'a b c\|d  e' out)" -eq 2 ] && [ "$(wc -l <out)" -eq 2 ] || fail "labels: $(cat out)"
ok "$ACF/acf-predict" tabs one.tsv -k 2
awk -F '\t' 'NF != 4 || ($1 != "a b c" && $1 != "d  e") || ($3 != "a b c" && $3 != "d  e") { bad = 1 }
    END { exit bad || NR != 2 }' out || fail "tsv: $(cat out)"
ok "$ACF/acf-predict" tabs one.tsv --columns text
awk -F '\t' 'NF != 3 { bad = 1 } END { exit bad || NR != 2 }' out || fail "--columns, TSV: $(cat out)"

# What is refused.
printf 'text\tn\ttext\nrain\t1\tsun\n' >twice.tsv
refuses 3 "twice.tsv:1: has two columns 'text': give the number" "$ACF/acf-predict" run twice.tsv --columns text
ok "$ACF/acf-predict" run twice.tsv --columns n
ok "$ACF/acf-predict" run twice.tsv --columns 2 --header yes
refuses 3 "t.tsv:1: has no column 'texts' (--columns)" "$ACF/acf-predict" run t.tsv --columns texts
refuses 3 't.tsv: --columns 3, but the file has 3 columns (0 to 2)' "$ACF/acf-predict" run t.tsv --columns 3
refuses 3 't.tsv: --columns 99999999999, but the file has 3 columns' "$ACF/acf-predict" run t.tsv --columns 99999999999
refuses 3 'texts: a data file' "$ACF/acf-predict" run texts --columns text
refuses 3 'missing.csv: cannot open' "$ACF/acf-predict" run missing.csv --columns text

# A bad line ends the work behind the answers to the rows before it; empty lines at the end are none.
stops() { # FILE LINES TEXT: with so many lines of `good` answered
    run 3 "$ACF/acf-predict" run "$1" --columns text
    grep -q "^error: $1:$3" err || { fail "$1: another error"; cat err; }
    head -n "$2" good | cmp - out || fail "$1: not the answers to the rows before the bad line"
}
(cat t.tsv; printf 'b\n'; sed 1d t.tsv) >bad.tsv
cp want good
stops bad.tsv $((n + 1)) "$((n + 2)): has 1 column, expected 3"
printf 'text\ta\nb\n\n\nc\td\n' >bad.tsv
printf 'text\ta\tlabel\tprob\n' >good
stops bad.tsv 1 '2: has 1 column, expected 2, and there are more bad lines'
predict t.jsonl --columns text >good
(head -n 1 t.jsonl; echo '{"id": 1}'; sed 1d t.jsonl) >bad.jsonl
stops bad.jsonl 1 '2: '
predict t.csv --columns 'the text' >good
(printf 'text,n\n"a\nb",1\nc\n' ) >bad.csv
predict bad.csv --columns text >good 2>err && fail 'a bad line is answered'
[ "$(sed -n 3p good | cut -d , -f 1,2)" = 'b",1' ] && [ "$(wc -l <good)" -eq 3 ] || { fail 'bad.csv'; cat good; }
for file in t.tsv t.csv t.jsonl; do
    column=$([ $file = t.csv ] && echo 'the text' || echo text)
    predict $file --columns "$column" >good
    (cat $file; printf '\n\r\n\n') >ended.${file#t.}
    ok "$ACF/acf-predict" run ended.${file#t.} --columns "$column"
    cmp out good || fail "$file with empty lines at the end"
done

printf '__label__x y\n' >l.txt
refuses 3 'l.txt: --columns is for .tsv, .csv and .jsonl' "$ACF/acf-predict" run l.txt --columns text
refuses 2 '--columns needs a FILE' "$ACF/acf-predict" run --columns text
refuses 2 "--columns ',': expected one name" "$ACF/acf-predict" run t.tsv --columns ,
refuses 2 "--columns 'a,b,c': expected one name" "$ACF/acf-predict" run t.tsv --columns a,b,c
refuses 2 'it excludes --format, -k, --tokens and --pair' "$ACF/acf-predict" run t.tsv --columns text --format tsv
head -c 40 t.tsv.gz >cut.tsv.gz
refuses 3 'cut.tsv.gz: the gzip data end after 40 bytes' "$ACF/acf-predict" run cut.tsv.gz --columns text

# Pairs.
pair=$SRC/data/sample-pair
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=pairs --set "data.train=$pair/train.tsv" --set "data.dev=$pair/dev.tsv" \
    --set data.columns.text=0 --set data.columns.text2=1 --set data.columns.label=2 --set data.header=yes
one=$(head -n 1 "$pair/dev.tsv" | cut -f 1)
two=$(head -n 1 "$pair/dev.tsv" | cut -f 2)
run 0 "$ACF/acf-predict" pairs "$pair/dev.tsv" --columns "$one,$two"
sed 1d out | awk -F '\t' '{ print $(NF - 1) }' >a
sed 1d pairs/predictions.dev.tsv | cut -f 3 | cmp - a || fail 'pairs: acf-predict and acf-train disagree'
refuses 2 'the model answers pairs of texts, expected two columns' "$ACF/acf-predict" pairs "$pair/dev.tsv" --columns "$one"
finish
