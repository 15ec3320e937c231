# tests/objective and tests/objective-double: golden values, presets, JSON Lines, wrong input.
set -e
for program in "$SRC/tests/objective" "$SRC/tests/objective-double"; do
    [ -x "$program" ] || { echo "$program is not built: make tests/objective tests/objective-double"; exit 1; }
done

points='"H":[[1,2,0.5],[-1,0.3,2],[0.4,-1.5,1],[2,1,-0.7]],"y":[0,1,1,0],"W":[[0.5,1,-0.2],[-0.3,0.4,0.9],[0.1,-0.8,0.6]]'

# field NAME < answer: the number after "NAME":
field() {
    sed "s/.*\"$1\": \([^,}]*\).*/\1/"
}

# near GOT WANT TOLERANCE WHAT
near() {
    awk -v got="$1" -v want="$2" -v tol="$3" 'BEGIN {
        d = got - want; exit !(got ~ /^-?[0-9]/ && (d < 0 ? -d : d) <= tol) }' ||
        { echo "$4: got $1, want $2"; exit 1; }
}

check() { # WANT FIELD KEYS...
    input="{$points,$3}"
    echo "$input" | "$SRC/tests/objective" >out
    near "$(field "$2" <out)" "$1" 1e-5 "float $2 of $3"
    echo "$input" | "$SRC/tests/objective-double" >out
    near "$(field "$2" <out)" "$1" 1.1e-9 "double $2 of $3"
}

check 3.135068752 loss_contrast '"type":"acf"'
check 2.441921572 excess '"type":"acf"'
check 1.290286721 loss_contrast '"loss":{"type":"acf","tau":0.5}'
check 0.869438166 loss_contrast '"type":"acf","tau":0.5,"form":"ntxent"'
check 1.242232517 loss_contrast '"type":"acf","tau":0.5,"label_weight":2'
check 2.244188128 loss '"type":"cosine_ce"'
check 1.582310613 loss_cor '"type":"icl"'
check 2.363541160 loss_cor '"type":"scl","cor":{"type":"within","weight":0.1}'
check 0.206079230 loss_cor '"type":"paco","cor":{"type":"label"}'
check 1.473547814 loss_label_reg '"type":"lacon"'
check 4.975366472400 loss '"type":"lacon"' # icl + lcl + 0.1 LER

# Presets: everything that ce ignores leaves the answer as it is.
echo "{$points,\"type\":\"ce\"}" | "$SRC/tests/objective" >plain
echo "{$points,\"type\":\"ce\",\"lambda\":2,\"tau\":1,\"label_weight\":3,\"form\":\"ntxent\",\"cor\":{\"type\":\"label\",\"weight\":1}}" |
    "$SRC/tests/objective" >ignored
cmp plain ignored
[ "$(field excess <plain)" = null ]

# Several objects, one a line; the second spans lines; an object after a wrong one is not answered.
printf '{%s}\n{%s,\n"tau":0.5}\n\n' "$points" "$points" | "$SRC/tests/objective" >out
[ "$(wc -l <out)" -eq 2 ]
code=0
printf '{%s}\n{%s,"tau":50}\n{%s}\n' "$points" "$points" "$points" | "$SRC/tests/objective" >out 2>err || code=$?
[ $code -eq 2 ]
[ "$(wc -l <out)" -eq 1 ]
grep -qx 'standard input: object 2: loss.tau = 50 is out of range \[0.001, 10\]' err

refuses() { # INPUT MESSAGE
    code=0
    printf '%s' "$1" | "$SRC/tests/objective" >out 2>err || code=$?
    if [ $code -ne 2 ] || [ -s out ] || [ "$(wc -l <err)" -ne 1 ] || ! grep -qF "$2" err; then
        echo "input $1: exit $code, message: $(cat err), expected: $2"
        exit 1
    fi
}

refuses '' 'standard input: is empty'
refuses '{' 'object 1: malformed JSON'
refuses '[]' 'is not a JSON object'
refuses '{"H":[[1]],"y":[0],"W":[[1]]}' 'acf needs at least 2 classes, but there is 1'
refuses '{"H":[[1,2]],"y":[2],"W":[[1,2],[1,2]]}' 'y[0] = 2 is no class 0 .. 1'
refuses '{"H":[[1,2]],"y":[0.5],"W":[[1,2],[1,2]]}' 'y[0] = 0.5 is no class'
refuses '{"H":[[1,2]],"y":[1,1],"W":[[1,2],[1,2]]}' "'y' has 2 elements, expected 1"
refuses '{"H":[[1,2]],"W":[[1,2],[1,2]]}' "'y' is not an array of numbers"
refuses '{"H":[],"y":[],"W":[[1,2],[1,2]]}' "'H' is not an array of rows"
refuses '{"H":[[]],"y":[0],"W":[[1,2],[1,2]]}' "'H' is 1 x 0"
refuses '{"H":[[1,2]],"y":[1],"W":[[1,2],[1]]}' "'W': rows differ in length, the first has 2"
refuses '{"H":[[1,2]],"y":[1],"W":[[1],[1]]}' "'W' is 2 x 1, expected 2 x 2"
refuses '{"H":[[1,2]],"y":[1],"W":[[1,2],[1,1e999]]}' "'W' holds what is not a finite number"
refuses '{"H":[[1,2]],"y":[1],"W":[[1,2],[1,"a"]]}' "'W' holds what is not a finite number"
refuses "{$points,\"lamda\":1}" "unknown key 'lamda'"
refuses "{$points,\"loss\":{\"rho\":1}}" "unknown key 'rho'"
refuses "{$points,\"loss\":{},\"tau\":1}" "unknown key 'tau'"
refuses "{$points,\"tau\":\"x\"}" "'tau' is not a number"
refuses "{$points,\"type\":\"ACF\"}" "type 'ACF' is no loss type"
refuses "{$points,\"form\":\"x\"}" "form 'x' is neither supcon nor ntxent"
refuses "{$points,\"cor\":{\"type\":\"x\"}}" "cor.type 'x' is none of"
refuses "{$points,\"cor\":3}" "'cor' is not an object"
refuses "{$points,\"form\":\"ntxent\",\"label_weight\":2}" 'ntxent has no label weights'
refuses "{$points,\"class_weights\":[1,1]}" "'class_weights' has 2 elements, expected 3"
refuses "{$points,\"b\":[1,1]}" "'b' has 2 elements, expected 3"
refuses "{$points,\"type\":\"mse\"}" 'mse is for regression (one output), but there are 3 classes'
