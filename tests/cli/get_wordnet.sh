# scripts/get-wordnet.sh: the same bytes with every awk, and clear messages.
set -eu
get=$SRC/scripts/get-wordnet.sh

expect_error() { # exit code, text of the message, arguments...
    want=$1
    text=$2
    shift 2
    code=0
    sh "$get" "$@" >out 2>err || code=$?
    [ $code -eq "$want" ] && grep -qF "$text" err || {
        echo "get-wordnet.sh $*: exit $code, expected $want with '$text':"
        cat err
        exit 1
    }
    [ ! -e set ] || [ -z "$(ls -A set)" ] || { echo "left behind: $(ls -A set)"; exit 1; }
}
expect_error 2 'usage: get-wordnet.sh OUTDIR [SEED [noun | verb]]'
expect_error 2 "SEED 'x1' is not a number of at most nine digits" set x1
expect_error 2 "'adverb' is neither noun nor verb" set 1 adverb
WORDNET=$PWD/none expect_error 1 'install it with: sudo apt-get install wordnet-base' set
printf '  1 licence  \n00001740 03 n 01 entity 0 000 | that which exists; "an example"  \n' >one
WORDNET=$PWD/one expect_error 1 'holds 1 nouns, expected 82115 (WordNet 3.0)' set
printf '00001740 29 v 01 breathe 0 000 | draw air\n' >verb
WORDNET=$PWD/verb expect_error 1 'line 1 of data.noun is not a noun' set

(cd "$SRC/data" && sha256sum --quiet -c SHA256SUMS)

[ -r /usr/share/wordnet/data.noun ] || {
    echo "wordnet-base is not installed"
    exit 77
}
sh "$get" set >out
grep -qF 'set: 74115 + 8000 rows, 26 labels (largest: noun.artifact, 14.1 %)' out
sh "$get" verbs 1 verb >out
grep -qF 'verbs: 11767 + 2000 rows, 15 labels (largest: verb.change, 17.3 %)' out
cat >sums <<'END'
c60b9d621762df2de26d9df26c16275febe5a6f4737f7f064b0bcb1b99754d3e  set/train.tsv
fbcff2471530031e745c42eae09b335c7892b932a6de9a509ad5394be4f0e84b  set/dev.tsv
f5b15bad10269d07d39e4cfc9fbd048a499b787ed2a4dd96f04bba5c41053a17  verbs/train.tsv
17986803da6c604e5f5667b78a4c07f42d187b333702af9caf6ed7172f1b7d40  verbs/dev.tsv
END
sha256sum --quiet -c sums
mv set/dev.tsv one.tsv
sh "$get" set 2 >out
[ "$(wc -l <set/dev.tsv)" -eq 8001 ]
! cmp -s one.tsv set/dev.tsv
