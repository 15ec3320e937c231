# The memory of larger runs as tests/cli/memory.sh looks at it, and of evaluations: a million lines
# take at most 64 bytes a line more than a hundred thousand, predictions of them nothing.
. "$SRC/tests/cli/lib"
if ldd "$ACF/acf-train" | grep -q 'libasan\|libtsan'; then
    echo 'a sanitizer takes memory of its own'
    exit 77
fi
mkdir plan
(cd plan && SLOW=1 sh "$SRC/tests/cli/memory.sh") || fail 'memory of a run'

# peak COMMAND...: kilobytes
peak() {
    "$@" >answers 2>err &
    pid=$!
    most=0
    while [ -e /proc/$pid/status ]; do
        now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status 2>/dev/null)
        [ "${now:-0}" -le "$most" ] || most=$now
        sleep 0.01
    done
    wait $pid || fail "exit $?: $*"
    echo "$most"
}
awk 'BEGIN {
    srand(2); print "text\tlabel"
    for (i = 0; i < 1000000; i++)
        printf "%c %c hello%d\t%s\n", 97 + rand() * 26, 97 + rand() * 26, rand() * 10, i % 2 ? "no" : "yes"
}' >many.tsv
head -n 100001 many.tsv >few.tsv
head -n 101 many.tsv >train.tsv
for size in few many; do
    cut -f 1 $size.tsv >$size.txt
done
cat >base.yaml <<EOF
schema: 1
task: text
data: {train: train.tsv, dev: train.tsv}
model: {encoder: $SRC/tests/golden/tiny-bert, max_length: 16}
train: {steps: 1, batch_size: 8}
save: {dir: run}
EOF
run 0 "$ACF/acf-train" --config base.yaml
growth() { # WHAT LIMIT FEW MANY
    bytes=$((($4 - $3) * 1024 / 900000))
    echo "$1: $3 kB of a hundred thousand lines, $4 kB of a million: $bytes bytes a line"
    [ $bytes -le "$2" ] || fail "$1: $bytes bytes a line, more than $2"
}
growth acf-eval 64 "$(peak "$ACF/acf-eval" run --data few.tsv)" "$(peak "$ACF/acf-eval" run --data many.tsv)"
growth acf-predict 1 "$(peak "$ACF/acf-predict" run few.txt)" "$(peak "$ACF/acf-predict" run many.txt)"
finish
