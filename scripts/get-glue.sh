#!/bin/sh
# Download GLUE's data sets and lay them out as the presets expect:
#
#   scripts/get-glue.sh DIR [TASK...]
#
# DIR/CoLA/{train,dev,test}.tsv, DIR/SST-2, DIR/MRPC, DIR/STS-B, DIR/QQP, DIR/QNLI, DIR/RTE, DIR/WNLI
# likewise; DIR/MNLI with dev and test matched and mismatched; DIR/AX/diagnostic.tsv.  TASK is one of
# these names; all of them when none is given (about 400 MB to download).  What is there already with
# the right number of rows is kept.  Rows are counted against the published numbers.
#
# Needs curl or wget, and unzip, bsdtar or python3.  The data have licences of their own: see
# https://gluebenchmark.com/tasks.
#
# GLUE_URL and SENTEVAL_URL name other places to load from (file:///... works without curl or wget);
# GLUE_ROWS a file with other numbers of rows, in the form of the list below.
set -eu
LC_ALL=C
export LC_ALL

GLUE_URL=${GLUE_URL:-https://dl.fbaipublicfiles.com/glue/data}
SENTEVAL_URL=${SENTEVAL_URL:-https://dl.fbaipublicfiles.com/senteval/senteval_data}

# file, lines before the first row, rows; some of QQP's lines are broken, so that they are counted
# differently
rows_of='CoLA/train.tsv 0 8551
CoLA/dev.tsv 0 1043
CoLA/test.tsv 1 1063
SST-2/train.tsv 1 67349
SST-2/dev.tsv 1 872
SST-2/test.tsv 1 1821
MRPC/train.tsv 1 3668
MRPC/dev.tsv 1 408
MRPC/test.tsv 1 1725
STS-B/train.tsv 1 5749
STS-B/dev.tsv 1 1500
STS-B/test.tsv 1 1379
QQP/train.tsv 1 363800-363900
QQP/dev.tsv 1 40400-40450
QQP/test.tsv 1 390965
MNLI/train.tsv 1 392702
MNLI/dev_matched.tsv 1 9815
MNLI/dev_mismatched.tsv 1 9832
MNLI/test_matched.tsv 1 9796
MNLI/test_mismatched.tsv 1 9847
QNLI/train.tsv 1 104743
QNLI/dev.tsv 1 5463
QNLI/test.tsv 1 5463
RTE/train.tsv 1 2490
RTE/dev.tsv 1 277
RTE/test.tsv 1 3000
WNLI/train.tsv 1 635
WNLI/dev.tsv 1 71
WNLI/test.tsv 1 146
AX/diagnostic.tsv 1 1104'
all='CoLA SST-2 MRPC STS-B QQP MNLI QNLI RTE WNLI AX'

fail() {
    echo "get-glue.sh: error: $1" >&2
    exit "${2:-1}"
}

[ $# -ge 1 ] || fail "usage: get-glue.sh DIR [TASK...]   (tasks: $all)" 2
out=$1
shift
[ $# -gt 0 ] || set -- $all
for task in "$@"; do
    case " $all " in *" $task "*) ;; *) fail "'$task' is none of: $all" 2 ;; esac
done
[ -z "${GLUE_ROWS:-}" ] || rows_of=$(cat "$GLUE_ROWS")
mkdir -p "$out"
work=$(mktemp -d "$out/.get-glue.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fetch() { # URL, file
    echo "get-glue.sh: $1" >&2
    case $1 in
    file://*) cp "${1#file://}" "$2" || fail "$1: cannot be copied" ;;
    *)
        if command -v curl >/dev/null; then
            curl -fSL --retry 3 -o "$2" "$1" || fail "$1: cannot be downloaded"
        elif command -v wget >/dev/null; then
            wget -q --tries=3 -O "$2" "$1" || fail "$1: cannot be downloaded"
        else
            fail "neither curl nor wget is installed"
        fi
        ;;
    esac
}

unpack() { # archive, directory
    mkdir -p "$2"
    if command -v unzip >/dev/null; then
        unzip -q "$1" -d "$2" || fail "$1: cannot be unpacked"
    elif command -v bsdtar >/dev/null; then
        bsdtar -xf "$1" -C "$2" || fail "$1: cannot be unpacked"
    elif command -v python3 >/dev/null; then
        python3 -m zipfile -e "$1" "$2" || fail "$1: cannot be unpacked"
    else
        fail "none of unzip, bsdtar and python3 is installed"
    fi
}

files_of() { # task
    printf '%s\n' "$rows_of" | awk -v task="$1" 'index($1, task "/") == 1 { sub(".*/", "", $1); print $1 }'
}

# Nothing when a file has the rows that it must have, else what it has.
wrong_rows() { # task/file, path
    [ -r "$2" ] || { echo "is not there"; return; }
    want=$(printf '%s\n' "$rows_of" | awk -v file="$1" '$1 == file { print $2, $3 }')
    awk -v before="${want% *}" -v want="${want#* }" '
        END {
            n = split(want, bound, "-")
            rows = NR - before
            if (rows < bound[1] + 0 || rows > bound[n] + 0) print "has " rows " rows, expected " want
        }' "$2"
}

# The task's files out of an unpacked archive, whatever its folders are called.
take_files() { # task, directory
    for file in $(files_of "$1"); do
        found=$(find "$2" -name "$file" -type f ! -path '*__MACOSX*' ! -path '*/original/*' | sort | head -n 1)
        [ -n "$found" ] || fail "$1: the archive holds no $file"
        mv "$found" "$work/$1/$file"
    done
}

# MRPC is published as a training and a test file; GLUE's dev rows are named by the ids of their
# sentences, and its test file has numbers instead of labels.
make_mrpc() {
    fetch "$SENTEVAL_URL/msr_paraphrase_train.txt" "$work/train.txt"
    fetch "$SENTEVAL_URL/msr_paraphrase_test.txt" "$work/test.txt"
    fetch "$GLUE_URL/mrpc_dev_ids.tsv" "$work/ids.tsv"
    awk -F '\t' -v train="$work/MRPC/train.tsv" -v dev="$work/MRPC/dev.tsv" '
        { sub(/\r$/, "") }
        NR == FNR { is_dev[$1 "\t" $2] = 1; next }
        FNR == 1 { print > train; print > dev; next }
        { print > (($2 "\t" $3) in is_dev ? dev : train) }' "$work/ids.tsv" "$work/train.txt"
    awk -F '\t' -v OFS='\t' '
        { sub(/\r$/, "") }
        NR == 1 { print "index", "#1 ID", "#2 ID", "#1 String", "#2 String"; next }
        { print NR - 2, $2, $3, $4, $5 }' "$work/test.txt" >"$work/MRPC/test.tsv"
}

get() { # task
    mkdir -p "$work/$1"
    case $1 in
    MRPC) make_mrpc ;;
    AX) fetch "$GLUE_URL/AX.tsv" "$work/AX/diagnostic.tsv" ;;
    *)
        case $1 in QQP) archive=QQP-clean ;; QNLI) archive=QNLIv2 ;; *) archive=$1 ;; esac
        fetch "$GLUE_URL/$archive.zip" "$work/$1.zip"
        unpack "$work/$1.zip" "$work/unpacked"
        take_files "$1" "$work/unpacked"
        rm -rf "$work/unpacked" "$work/$1.zip"
        ;;
    esac
    for file in $(files_of "$1"); do
        wrong=$(wrong_rows "$1/$file" "$work/$1/$file")
        [ -z "$wrong" ] || fail "$1/$file $wrong: was the download cut, or is it another edition?"
    done
    mkdir -p "$out/$1"
    for file in $(files_of "$1"); do
        mv "$work/$1/$file" "$out/$1/$file"
    done
}

for task in "$@"; do
    missing=
    for file in $(files_of "$task"); do
        [ -z "$(wrong_rows "$task/$file" "$out/$task/$file")" ] || missing=yes
    done
    [ -z "$missing" ] || get "$task"
    echo "$out/$task: $(files_of "$task" | tr '\n' ' ')"
done
