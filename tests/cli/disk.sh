# A disk that takes no more: exit 6, one message with the file, and the checkpoint before stays as it
# was, good to go on from.
. "$SRC/tests/cli/lib"
make_run
kept=
check() { # DIRECTORY
    for link in best last; do
        (cd "$1/$link" && sha256sum --quiet -c SHA256SUMS) || fail "$1/$link is not whole"
    done
    [ "$(find "$1" -maxdepth 1 -name '.checkpoint-*' | wc -l)" -eq 0 ] || fail "$1: something unfinished stays"
}
state_of run/checkpoint-000002 >before

# Files may have 8 kB at most: the checkpoint of the next update does not fit.
refuses 6 'File too large' sh -c "ulimit -f 16; exec '$ACF/acf-train' --config base.yaml --set train.steps=4 --resume"
grep -q '^error: .*run/\.checkpoint-000004\.tmp-[0-9]*/model.safetensors: ' err || fail "no file in: $(cat err)"
state_of run/checkpoint-000002 | cmp - before || fail 'the last good checkpoint was changed'
check run
run 0 "$ACF/acf-predict" run "$data/dev.tsv"
run 0 "$ACF/acf-train" --config base.yaml --set train.steps=4 --resume
check run
[ "$(readlink run/last)" = checkpoint-000004 ] || fail 'the run did not go on'
run 0 "$ACF/acf-train" --config base.yaml --set train.steps=4 --set save.dir=whole
cmp run/last/model.safetensors whole/last/model.safetensors || fail 'another model after a full disk'

# Directories that cannot be written to (root may write anywhere).
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w run
    refuses 6 'Permission denied' "$ACF/acf-train" --config base.yaml --set train.steps=6 --resume
    chmod u+w run
    check run
fi
refuses 6 '/proc/acf' "$ACF/acf-train" --config base.yaml --set save.dir=/proc/acf/run

# A name that a file has.
echo >file
refuses 2 'is a file' "$ACF/acf-train" --config base.yaml --set save.dir=file
# The same is told by a run, by a series, and before either.
for more in '' --dry-run '--seeds 1..2' '--seeds 1..2 --dry-run'; do
    # shellcheck disable=SC2086 # words
    refuses 6 'cannot be written: directory ' "$ACF/acf-train" --config base.yaml --set save.dir=file/run $more
    grep -q '^error: .*file/run.*: cannot be written: directory .*/file: Not a directory$' err || { fail "file/run $more"; cat err; }
done
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=new/and/deep --dry-run
[ ! -e new ] || fail '--dry-run made a directory'
finish
