#!/bin/sh
# Would GLUE's server take these files?  Names, header, numbering, labels, and as many rows as the
# task's test file has.
#
#   scripts/check-submission.sh DIR DATA
#
# DIR holds what acf-eval --glue-submission wrote; DATA the tasks as scripts/get-glue.sh lays them out
# (DATA/RTE/test.tsv ...).  One line a file; exit 1 when one is not right.  Tasks without a file are
# named at the end: the server wants all of them.
set -eu
LC_ALL=C
export LC_ALL

[ $# -eq 2 ] || { echo "usage: check-submission.sh DIR DATA" >&2; exit 2; }
dir=$1
data=$2
for given in "$dir" "$data"; do
    [ -d "$given" ] || { echo "check-submission.sh: error: $given: there is no such directory" >&2; exit 2; }
done

# file, test file, labels
list='CoLA.tsv CoLA/test.tsv 0 1
SST-2.tsv SST-2/test.tsv 0 1
MRPC.tsv MRPC/test.tsv 0 1
STS-B.tsv STS-B/test.tsv score
QQP.tsv QQP/test.tsv 0 1
MNLI-m.tsv MNLI/test_matched.tsv entailment neutral contradiction
MNLI-mm.tsv MNLI/test_mismatched.tsv entailment neutral contradiction
QNLI.tsv QNLI/test.tsv entailment not_entailment
RTE.tsv RTE/test.tsv entailment not_entailment
WNLI.tsv WNLI/test.tsv 0 1
AX.tsv AX/diagnostic.tsv entailment neutral contradiction'

# The first thing that is wrong with a file, or nothing.
check() { # file, rows, labels
    awk -F '\t' -v rows="$2" -v labels="$3" '
        BEGIN { n = split(labels, name, " "); for (i = 1; i <= n; i++) known[name[i]] = 1 }
        function bad(text) { print "line " NR ": " text; found = 1; exit }
        NR == 1 { if ($0 != "index\tprediction") bad("the header is \"" $0 "\", expected index<TAB>prediction"); next }
        NF != 2 { bad("has " NF " columns, expected 2") }
        $1 != NR - 2 "" { bad("index \"" $1 "\", expected " NR - 2) }
        labels == "score" {
            if ($2 !~ /^[0-9]+(\.[0-9]+)?$/ || $2 + 0 > 5) bad("prediction \"" $2 "\", expected a number from 0 to 5")
            next
        }
        !($2 in known) { bad("prediction \"" $2 "\", expected one of: " labels) }
        END {
            if (found) exit
            if (NR == 0) print "is empty"
            else if (NR - 1 != rows) print NR - 1 " predictions, the test file has " rows " rows"
        }' "$1"
}

result=0
n=0
for path in "$dir"/* "$dir"/.[!.]*; do
    [ -e "$path" ] || continue
    file=${path##*/}
    entry=$(printf '%s\n' "$list" | awk -v file="$file" '$1 == file')
    if [ -z "$entry" ]; then
        echo "refused  $file: is no file of a submission"
        result=1
        continue
    fi
    test=$(printf '%s\n' "$entry" | cut -d ' ' -f 2)
    labels=$(printf '%s\n' "$entry" | cut -d ' ' -f 3-)
    if [ ! -r "$data/$test" ]; then
        echo "refused  $file: there is no $data/$test to count against"
        result=1
        continue
    fi
    rows=$(awk 'END { print NR - 1 }' "$data/$test") # after the header; a last line may lack its LF
    wrong=$(check "$path" "$rows" "$labels")
    if [ -n "$wrong" ]; then
        echo "refused  $file: $wrong"
        result=1
    else
        echo "accepted $file: $rows predictions"
    fi
    n=$((n + 1))
done
[ $n -gt 0 ] || { echo "refused  $dir: holds no file of a submission"; result=1; }
missing=$(printf '%s\n' "$list" | while read -r file rest; do
    [ -e "$dir/$file" ] || printf ' %s' "$file"
done)
[ -z "$missing" ] || echo "not there:$missing"
exit $result
