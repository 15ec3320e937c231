# scripts/get-glue.sh and scripts/get-model.sh from a made-up server: layout, counts, messages.
. "$SRC/tests/cli/lib"
has() {
    grep -qF -e "$2" "$1" || { fail "no '$2' in $1"; head -n 5 "$1"; }
}

# Models.
get=$SRC/scripts/get-model.sh
HF_URL=file://$PWD/hub
export HF_URL
repository=hub/sentence-transformers/all-MiniLM-L6-v2/resolve/main
mkdir -p "$repository"
run 0 sh "$get" --list
has out 'sentence-transformers/all-MiniLM-L6-v2'
run 1 sh "$get" minilm-l6 m
has err 'has no config.json'
cp "$SRC/tests/golden/tiny-bert/config.json" "$repository"
run 1 sh "$get" minilm-l6 m
has err 'has neither tokenizer.json nor vocab.txt'
cp "$SRC/tests/golden/tiny-bert/tokenizer.json" "$repository"
run 1 sh "$get" minilm-l6 m
has err "has no model.safetensors at 'main'.  With Python:"
[ -z "$(ls -A m)" ] || fail "left behind: $(ls -A m)"
head -c 100 "$SRC/tests/golden/tiny-bert/model.safetensors" >"$repository/model.safetensors"
run 1 sh "$get" minilm-l6 m
has err 'or its download was cut (100 bytes)'
cp "$SRC/tests/golden/tiny-bert/model.safetensors" "$repository"
run 0 sh "$get" minilm-l6 m
[ "$(cd m && echo *)" = 'config.json model.safetensors tokenizer.json' ] || fail "files: $(ls m)"
cmp "$SRC/tests/golden/tiny-bert/model.safetensors" m/model.safetensors || fail 'weights'
[ "$(echo m.*)" = 'm.*' ] || fail "left behind: $(echo m.*)"
run 2 sh "$get" minilm-l6 m
has err 'm: is not empty'
run 0 sh "$get" sentence-transformers/all-MiniLM-L6-v2 n
run 2 sh "$get" nothing o
has err "'nothing' is not in the list"
run 2 sh "$get" ../../etc/x o
run 2 sh "$get" minilm-l6
[ ! -e o ] || fail 'a directory for nothing'
mkdir -p hub/a/b/resolve/main
echo '{"model_type": "t5"}' >hub/a/b/resolve/main/config.json
run 1 sh "$get" a/b o
has err "model_type 't5' is none of bert"

# GLUE.
command -v unzip >/dev/null || command -v bsdtar >/dev/null || command -v python3 >/dev/null || {
    [ ! -e failures ] || exit 1
    echo 'none of unzip, bsdtar and python3 is installed'
    exit 77
}
get=$SRC/scripts/get-glue.sh
GLUE_URL=file://$PWD/glue
SENTEVAL_URL=file://$PWD/senteval
GLUE_ROWS=$PWD/rows
export GLUE_URL SENTEVAL_URL GLUE_ROWS

bytes() { # number, how many bytes, the lowest first
    n=$1
    i=0
    while [ $i -lt "$2" ]; do
        # shellcheck disable=SC2059
        printf "\\$(printf %03o $((n % 256)))"
        n=$((n / 256))
        i=$((i + 1))
    done
}
# A zip archive of files, not packed; gzip knows their checksums.
archive() { # archive, files...
    zip=$1
    shift
    : >"$zip"
    : >"$zip.end"
    count=0
    for file in "$@"; do
        at=$(wc -c <"$zip")
        size=$(wc -c <"$file")
        entry() { # what both headers have
            bytes 20 2; bytes 0 2; bytes 0 2; bytes 0 2; bytes 33 2
            gzip -c "$file" | tail -c 8 | head -c 4
            bytes "$size" 4; bytes "$size" 4; bytes ${#file} 2; bytes 0 2
        }
        { printf 'PK\003\004'; entry; printf %s "$file"; cat "$file"; } >>"$zip"
        { printf 'PK\001\002'; bytes 20 2; entry; bytes 0 2; bytes 0 2; bytes 0 2; bytes 0 4; bytes "$at" 4; printf %s "$file"; } >>"$zip.end"
        count=$((count + 1))
    done
    at=$(wc -c <"$zip")
    size=$(wc -c <"$zip.end")
    cat "$zip.end" >>"$zip"
    { printf 'PK\005\006'; bytes 0 2; bytes 0 2; bytes $count 2; bytes $count 2; bytes "$size" 4; bytes "$at" 4; bytes 0 2; } >>"$zip"
    rm "$zip.end"
}
table() { # file, header or '', rows
    mkdir -p "$(dirname "$1")"
    awk -v header="$2" -v n="$3" 'BEGIN { if (header != "") print header; for (i = 0; i < n; i++) print i "\ttext " i "\ttext\t1" }' >"$1"
}
mkdir -p glue senteval
cat >rows <<'END'
RTE/train.tsv 1 5
RTE/dev.tsv 1 2
RTE/test.tsv 1 3
QNLI/train.tsv 1 4-6
QNLI/dev.tsv 1 2
QNLI/test.tsv 1 2
MRPC/train.tsv 1 2
MRPC/dev.tsv 1 1
MRPC/test.tsv 1 2
MNLI/train.tsv 1 3
MNLI/dev_matched.tsv 1 2
MNLI/dev_mismatched.tsv 1 1
MNLI/test_matched.tsv 1 1
MNLI/test_mismatched.tsv 1 1
AX/diagnostic.tsv 1 2
END
for file in train:5 dev:2 test:3; do
    table "RTE/${file%:*}.tsv" "index	sentence1	sentence2	label" "${file#*:}"
done
archive glue/RTE.zip RTE/train.tsv RTE/dev.tsv RTE/test.tsv
for file in train:5 dev:2 test:2; do
    table "QNLI/${file%:*}.tsv" "index	question	sentence	label" "${file#*:}"
    table "__MACOSX/QNLI/${file%:*}.tsv" '' 1
done
archive glue/QNLIv2.zip __MACOSX/QNLI/train.tsv __MACOSX/QNLI/dev.tsv QNLI/train.tsv QNLI/dev.tsv QNLI/test.tsv
for file in train:3 dev_matched:2 dev_mismatched:1 test_matched:1 test_mismatched:1; do
    table "MNLI/${file%:*}.tsv" index "${file#*:}"
done
archive glue/MNLI.zip MNLI/train.tsv MNLI/dev_matched.tsv MNLI/dev_mismatched.tsv MNLI/test_matched.tsv MNLI/test_mismatched.tsv
printf 'index\tsentence1\tsentence2\n0\ta\tb\n1\tc\td\n' >glue/AX.tsv
header='Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n'
printf "\357\273\277${header}1\t11\t12\tone \"two\tthree\r\n0\t21\t22\tfour\tfive\r\n1\t31\t32\tsix\tseven\r\n" >senteval/msr_paraphrase_train.txt
printf "\357\273\277${header}1\t41\t42\teight\tnine\r\n0\t51\t52\tten\televen\r\n" >senteval/msr_paraphrase_test.txt
printf '21\t22\n99\t98\n' >glue/mrpc_dev_ids.tsv

run 0 sh "$get" data RTE QNLI MNLI MRPC AX
[ "$(cd data && ls -A | tr '\n' ' ')" = 'AX MNLI MRPC QNLI RTE ' ] || fail "data: $(ls -A data)"
cmp RTE/train.tsv data/RTE/train.tsv || fail 'RTE'
cmp QNLI/train.tsv data/QNLI/train.tsv || fail 'QNLI'
cmp MNLI/test_mismatched.tsv data/MNLI/test_mismatched.tsv || fail 'MNLI'
cmp glue/AX.tsv data/AX/diagnostic.tsv || fail 'AX'
[ "$(cut -f 2,4 data/MRPC/train.tsv | tr '\n\t' ',:')" = '#1 ID:#1 String,11:one "two,31:six,' ] || fail 'MRPC: train'
[ "$(cut -f 2,5 data/MRPC/dev.tsv | tr '\n\t' ',:')" = '#1 ID:#2 String,21:five,' ] || fail 'MRPC: dev'
[ "$(cut -f 1,4,5 data/MRPC/test.tsv | tr '\n\t' ',:')" = 'index:#1 String:#2 String,0:eight:nine,1:ten:eleven,' ] || fail 'MRPC: test'
rm -r glue senteval
run 0 sh "$get" data RTE QNLI MNLI MRPC AX # all there: nothing is loaded
rm data/RTE/dev.tsv
run 1 sh "$get" data RTE
has err 'RTE.zip: cannot be copied'
mkdir glue
archive glue/RTE.zip RTE/train.tsv RTE/dev.tsv
run 1 sh "$get" data RTE
has err 'RTE: the archive holds no test.tsv'
sed -i '$d' RTE/test.tsv
archive glue/RTE.zip RTE/train.tsv RTE/dev.tsv RTE/test.tsv
run 1 sh "$get" data RTE
has err 'RTE/test.tsv has 2 rows, expected 3: was the download cut'
head -c 100 glue/RTE.zip >cut
mv cut glue/RTE.zip
run 1 sh "$get" data RTE
has err 'cannot be unpacked'
[ "$(cd data && ls -A | tr '\n' ' ')" = 'AX MNLI MRPC QNLI RTE ' ] || fail "left behind: $(ls -A data)"
run 2 sh "$get" data XNLI
has err "'XNLI' is none of: CoLA"
run 2 sh "$get"
finish
