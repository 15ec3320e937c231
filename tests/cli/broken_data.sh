# Data files that cannot be used: exit 3, one message with file and line, nothing written, the run
# directory that is named left alone even with --overwrite.
. "$SRC/tests/cli/lib"
make_run
kept=$(state_of run)
bytes=$(digest_of run)

train() { # TEXT KEY=VALUE...: a run that would begin anew in run/
    message=$1
    shift
    for set in "$@"; do
        [ "$set" = "$1" ] && set --
        set -- "$@" --set "$set"
    done
    refuses 3 "$message" "$ACF/acf-train" --config base.yaml --overwrite "$@"
}

# Training files, read from standard input.
reads() {
    message=$1
    shift
    cat >bad.tsv
    train "$message" data.train=bad.tsv "$@"
}

train 'missing.tsv: ' data.train=missing.tsv
mkdir folder
train 'folder: is a directory' data.train=folder
train 'base.yaml: a data file' data.train=base.yaml
train 'nowhere: there is no such directory (data.dir)' data.train=null data.dev=null data.dir=nowhere
train 'base.yaml: data.dir is not a directory' data.train=null data.dev=null data.dir=base.yaml
reads 'bad.tsv: is empty' </dev/null
printf 'text\tlabel\n' | reads 'bad.tsv: has no rows after the header'
printf '\n\n\n' | reads 'bad.tsv:1: is empty'
printf 'text\tlabel\na\tx\nb\n' | reads 'bad.tsv:3: has 1 column, expected 2'
printf 'text\tlabel\na\tx\nb\ty\tz\n' | reads 'bad.tsv:3: has 3 columns, expected 2'
printf 'text\tlabel\na\tx\n\nb\ty\n' | reads 'bad.tsv:3: is empty'
printf 'text\tlabel\na\tx\nb\t\n' | reads 'bad.tsv:3: has an empty label'
printf 'text\tlabel\na\tx\nb\000c\ty\n' | reads 'bad.tsv:3: holds a NUL byte (at byte 2)'
printf 'text\tlabel\na\tx\nb\303(\ty\n' | reads 'bad.tsv:3: is not valid UTF-8 (byte 0xC3 at byte 2)'
printf 'text\tlabel\na\tx\nb\355\240\200\ty\n' | reads 'bad.tsv:3: is not valid UTF-8 (byte 0xED'
printf 'text\tlabel\na\tx\nb\ty\nc\370' | reads 'bad.tsv:4: is not valid UTF-8'
printf '\377\376t\000e\000' | reads 'bad.tsv:1: is not valid UTF-8'
head -c 5000 "$ACF/acf-train" | reads 'bad.tsv:1: '
head -c 300000 /dev/zero | reads 'bad.tsv:1: holds a NUL byte (at byte 1)'
printf 'text\tlabel\na\tx\nb\tx\n' |
    reads "bad.tsv: all 2 training rows have the label 'x'" data.dev=null
printf 'text\tlabel\n\tx\n\ty\n' | reads 'bad.tsv: column 0, the text, is empty in all 2 rows'
printf 'text\tlabel\na\tx\nb\ty\n' | reads "'class'" data.columns.label=class
printf 'text\tclass\na\tx\nb\ty\n' | reads "'label'"
printf 'text\tlabel\na\tx\nb\ty\n' | reads 'bad.tsv' data.columns.text2=7
printf 'text\tlabel\na\tx\nb\ty\n' | reads "'other'" data.columns.text=other
printf 'text\tlabel\na\tcooking\nb\tx\n' |
    reads "bad.tsv:3: label 'x', which data.labels does not list" 'data.labels=[cooking, garden]'
printf 'text\tlabel\na\nb\n' | reads 'bad.tsv:2: has 1 column, expected 2, the first of 2 bad lines'

# Dev files beside a right training file.
develops() {
    message=$1
    cat >dev.tsv
    train "$message" data.dev=dev.tsv
}
train 'missing.tsv: ' data.dev=missing.tsv
develops 'dev.tsv: is empty' </dev/null
printf 'text\tlabel\na\tcooking\nb\tphysics\n' |
    develops "dev.tsv:3: label 'physics', which training does not have (known: 'cooking'"
printf 'text\tlabel\na\tcooking\nb\n' | develops 'dev.tsv:3: has 1 column, expected 2'
printf 'text\ta\n' | develops 'dev.tsv'
train 'leaves no row for dev' data.dev=null data.dev_fraction=0.001

# No permission: for root there is no such thing, so another user tries, where that user can be.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    open=$(mktemp -d)
    trap 'rm -rf "$open"' EXIT
    chmod 755 "$open"
    cp -a run "$ACF/acf-train" "$ACF/acf-eval" "$ACF/acf-predict" "$data/train.tsv" "$data/dev.tsv" "$open"
    cp "$data/train.tsv" "$open/secret.tsv"
    sed "s|^data:.*|data: {train: train.tsv, dev: dev.tsv}|" base.yaml >"$open/base.yaml"
    chmod 600 "$open/secret.tsv"
    was=$(state_of "$open/run")
    as_nobody() {
        code_wanted=$1
        text=$2
        shift 2
        refuses "$code_wanted" "$text" setpriv --reuid=65534 --regid=65534 --clear-groups \
            env -C "$open" "$@"
    }
    mkdir "$open/own"
    chmod 777 "$open/own"
    as_nobody 3 'secret.tsv: cannot open: Permission denied' ./acf-train --config base.yaml \
        --set save.dir=own --set data.train=secret.tsv
    as_nobody 6 'run' ./acf-train --config base.yaml --overwrite
    as_nobody 6 'fresh' ./acf-train --config base.yaml --set save.dir=fresh
    as_nobody 6 'run' ./acf-train --config run/config.yaml --resume \
        --set save.dir=run
    as_nobody 3 'secret.tsv: cannot open: Permission denied' ./acf-predict run secret.tsv
    as_nobody 3 'secret.tsv: cannot open: Permission denied' ./acf-eval run --data secret.tsv
    as_nobody 6 'out.tsv' ./acf-eval run --data dev.tsv --predictions out.tsv
    chmod 600 "$open/run/checkpoint-000002/model.safetensors"
    as_nobody 4 'model.safetensors: cannot open: Permission denied' ./acf-predict run dev.tsv
    chmod 600 "$open/base.yaml"
    as_nobody 2 'base.yaml: cannot open: Permission denied' ./acf-train --config base.yaml
    chmod 644 "$open/run/checkpoint-000002/model.safetensors"
    # (the times of change are those of chmod)
    [ "$(echo "$was" | sed 's/ [^ ]* [^ ]*$//')" = "$(state_of "$open/run" | sed 's/ [^ ]* [^ ]*$//')" ] ||
        fail 'a user without permission changed run/'
fi

# acf-eval and acf-predict.
printf 'text\tlabel\na\tphysics\n' >other.tsv
refuses 3 "other.tsv:2: label 'physics'" "$ACF/acf-eval" run --data other.tsv
refuses 3 'missing.tsv: ' "$ACF/acf-eval" run --data missing.tsv
refuses 3 'run: is a directory' "$ACF/acf-eval" run --data run
refuses 3 'run: is a directory' "$ACF/acf-predict" run run
refuses 3 'missing.txt: cannot open' "$ACF/acf-predict" run missing.txt
refuses 3 'the data that the model was trained on has no test split: give a file with --data' "$ACF/acf-eval" run --split test

# Lines that are skipped stand in the run directory, all of them; a label without rows is told.
labels=$(sed 1d "$data/train.tsv" | awk -F '\t' '{ print $NF }' | sort -u | paste -s -d ,)
{
    cat "$data/train.tsv"
    for i in 1 2 3 4 5 6 7; do echo "no label $i"; done
} >skipped.tsv
lines=$(wc -l <skipped.tsv)
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=skipped --set data.train=skipped.tsv --set train.steps=1 \
    --set data.on_bad_line=skip --set "data.labels=[$labels, nobody]"
[ "$(wc -l <skipped/bad_lines.tsv)" -eq 8 ] && [ "$(sed -n 1p skipped/bad_lines.tsv)" = "file	line	reason" ] &&
    grep -q "/skipped.tsv	$lines	has 1 column, expected 2$" skipped/bad_lines.tsv ||
    { fail 'bad_lines.tsv'; cat skipped/bad_lines.tsv; }
grep -q "have no training row, 'nobody'$" err || { fail 'a label without rows'; cat err; }

[ "$bytes" = "$(digest_of run)" ] || fail 'run/ is not as it was'
finish
