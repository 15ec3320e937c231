# What the three programs say of themselves, their options, and how they treat run directories.
. "$SRC/tests/cli/lib"

# Help and version: on standard output alone.
for program in acf-train acf-eval acf-predict; do
    for option in --help -h --version; do
        run 0 "$ACF/$program" $option || continue
        [ -s out ] || fail "$program $option says nothing"
        [ -s err ] && fail "$program $option writes to standard error"
    done
    grep -q '^BLAS: ' out || fail "$program --version does not name the BLAS"
    run 0 "$ACF/$program" --help
    grep -q "^usage: $program " out || fail "$program --help: no usage"
    awk 'length > 110' out | grep -q . && fail "$program --help: long lines"
    for option in $(grep -o -e '--[a-z-]*' out | sort -u); do
        # Every option that is listed is known.
        "$ACF/$program" "$option=" >/dev/null 2>err
        grep -q 'unknown option' err && fail "$program: $option is listed but not known"
    done
    refuses 2 "unknown option '--" "$ACF/$program" --thread 2 --hepl
    refuses 2 "unknown option '-x'" "$ACF/$program" -x
    refuses 6 'standard output: cannot write' sh -c "'$ACF/$program' --help >/dev/full"
    refuses 6 'standard output: cannot write' sh -c "'$ACF/$program' --help >&-"
done

near() { # PROGRAM TYPED MEANT
    refuses 2 "unknown option '$2'" "$ACF/$1" "$2"
    grep -q "did you mean $3?" err || { fail "$1 $2: $3 is not suggested"; cat err; }
}
near acf-train --confg --config
near acf-train --ressume --resume
near acf-eval --predictons --predictions
near acf-eval --asert --assert
near acf-predict --fromat --format
near acf-predict --tokes --tokens

# Operands and arguments.
refuses 2 '--config FILE is missing' "$ACF/acf-train"
refuses 2 "'more': one argument too many" "$ACF/acf-train" --config x.yaml more
refuses 2 "'base.yaml': one argument too many; did you mean --config base.yaml?" "$ACF/acf-train" base.yaml
refuses 2 '--config: needs FILE' "$ACF/acf-train" --config
refuses 2 '--config: given twice' "$ACF/acf-train" --config a --config b
refuses 2 '--max-time' "$ACF/acf-train" --config x.yaml --max-time soon
refuses 2 '--max-time' "$ACF/acf-train" --config x.yaml --max-time 0
refuses 2 '--dump-step' "$ACF/acf-train" --config x.yaml --dump-step 3
refuses 2 '--dump-step' "$ACF/acf-train" --config x.yaml --dump-step 5-2 f%d
refuses 2 '--dump-step' "$ACF/acf-train" --config x.yaml --dump-step 1-2 f
refuses 2 'takes no argument' "$ACF/acf-train" --config x.yaml --resume=yes
refuses 2 'missing: MODEL' "$ACF/acf-eval"
refuses 2 'missing: MODEL' "$ACF/acf-predict"
refuses 2 'missing: FILE, which --results needs' "$ACF/acf-eval" --results
refuses 2 'missing: RUN RUN, which --compare needs' "$ACF/acf-eval" --compare
refuses 2 "--split: 'train' is none of dev, test" "$ACF/acf-eval" m --split train
refuses 2 "--threads: 'x' is not a whole number" "$ACF/acf-eval" m --threads x
refuses 2 '--threads: 0 is out of range' "$ACF/acf-predict" m --threads 0
refuses 2 '--top: -1 is out of range' "$ACF/acf-predict" m -k -1
refuses 2 'xml' "$ACF/acf-predict" m --format xml
refuses 2 '--tokens needs --format jsonl' "$ACF/acf-predict" m --tokens --format tsv
refuses 2 '-k 2 needs --format tsv' "$ACF/acf-predict" m -k 2 --format labels

# --help-config lists every key that --print-config prints, and the configurations in configs/ are
# right: what is printed of them is read back to the same.
run 0 "$ACF/acf-train" --help-config
[ -s err ] && fail '--help-config writes to standard error'
cp out keys
for config in "$SRC"/configs/*.yaml; do
    run 0 "$ACF/acf-train" --config "$config" --print-config || continue
    [ -s err ] && { fail "$config: --print-config writes to standard error"; cat err; }
    cp out first.yaml
    run 0 "$ACF/acf-train" --config first.yaml --print-config || continue
    cp out second.yaml
    sed 's/ *#.*//' first.yaml >first
    sed 's/ *#.*//' second.yaml >second
    cmp first second || { fail "$config changes when it is read back"; diff first second; }
done
awk '{ sub(/#.*/, ""); indent = match($0, /[^ ]/) - 1; if (indent < 0) next
       depth = indent / 2; split($0, part, ":"); gsub(/ /, "", part[1]); path[depth] = part[1]
       full = path[0]; for (i = 1; i <= depth; i++) full = full "." path[i]
       if ($0 ~ /: +[^ ]/) print full }' second.yaml >printed
[ "$(wc -l <printed)" -gt 60 ] || fail 'the keys of --print-config were not found'
while read -r key; do
    grep -q "^ *${key}\\b" keys ||
        fail "--help-config does not list $key"
done <printed
run 0 "$ACF/acf-train" --config "$SRC/configs/text.yaml" --print-config --set loss.tau=0.2
grep -q 'tau: 0.2 .*--set' out || fail '--print-config does not name --set as the origin'

# Run directories.
make_run
kept=$(state_of run)
bytes=$(digest_of run)
refuses 2 'run: is not empty; --resume goes on with the run there, --overwrite starts it anew' \
    "$ACF/acf-train" --config base.yaml
refuses 2 'train.optimizer.lr (was 2e-5, is 0.1)' "$ACF/acf-train" --config base.yaml --resume \
    --set train.optimizer.lr=0.1
grep -q 'train.seed' err && fail 'a key is named that does not differ'
refuses 2 'loss.tau (was 0.1, is 0.3), train.seed (was 42, is 43)' "$ACF/acf-train" \
    --config base.yaml --resume --set train.seed=43 --set loss.tau=0.3 --set log.every=1
run 0 "$ACF/acf-train" --config base.yaml --resume
grep -q '^accuracy = 0\.' out || { fail 'no metrics of a finished run'; cat out; }
cmp run/best/model.safetensors run/last/model.safetensors || fail 'best and last differ'
[ "$(find run -maxdepth 1 -name 'checkpoint-*' | wc -l)" -eq 1 ] || fail 'a finished run was gone on with'
kept=$(state_of run)

run 0 "$ACF/acf-train" --config base.yaml --set save.dir=dry --dry-run
[ -e dry ] && fail '--dry-run wrote a run directory'
grep -q '^plan: 2 updates' err out || { fail '--dry-run tells no plan'; cat err out; }
# The plan counts evaluations, also in its time: here they are most of it.
for k in $(seq 100); do
    tail -n +$([ $k = 1 ] && echo 1 || echo 2) "$data/dev.tsv"
done >long_dev.tsv
for every in 20 1; do
    run 0 "$ACF/acf-train" --config base.yaml --set save.dir=dry --set data.dev=long_dev.tsv --set train.steps=20 \
        --set "eval.every=$every steps" --dry-run
    sed -n 's/^plan: 20 updates .*), \([0-9]* evaluations*\), about \(.*\) on .*/\1 \2/p' err
done | awk '{ for (i = 3; i <= NF; i++) s[NR] += $i * ($i ~ /m$/ ? 60 : 1) }
    NR == 1 { good = $1 == 1 && $2 == "evaluation" } NR == 2 { good = good && $1 == 20 && s[2] > 3 * s[1] }
    END { exit !(good && NR == 2) }' || fail 'the plan does not count evaluations'
run 0 "$ACF/acf-train" --config base.yaml --dry-run --overwrite
run 0 "$ACF/acf-train" --config base.yaml --dry-run --resume
[ "$kept" = "$(state_of run)" ] || fail '--dry-run changed run/'

mkdir foreign
echo precious >foreign/notes.txt
for mode in '' --resume --overwrite; do
    refuses 2 'foreign: is not empty' "$ACF/acf-train" --config base.yaml --set save.dir=foreign $mode
done
cp run/config.yaml foreign
refuses 2 'foreign: is not empty and lacks train.log' "$ACF/acf-train" --config base.yaml \
    --set save.dir=foreign --overwrite
[ "$(cat foreign/notes.txt)" = precious ] || fail 'a foreign directory was touched'
[ "$(find foreign -type f | wc -l)" -eq 2 ] || fail 'files appeared in a foreign directory'
refuses 2 'base.yaml: is a file, save.dir must be a directory' "$ACF/acf-train" --config base.yaml \
    --set save.dir=base.yaml
refuses 6 'base.yaml' "$ACF/acf-train" --config base.yaml --set save.dir=base.yaml/below

# Nothing there to resume is a fresh run; an empty directory may be there already; no updates are
# a run as well.
mkdir fresh
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=fresh --set train.steps=0 --resume
[ -f fresh/checkpoint-000000/COMPLETE ] || fail 'steps: 0 left no checkpoint'
echo rain | "$ACF/acf-predict" fresh >out 2>err || { fail 'the initial model does not load'; cat err; }
grep -qx 'cooking\|garden\|music\|weather' out || fail 'the initial model has no answer'
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=fresh --overwrite
[ -f fresh/checkpoint-000002/COMPLETE ] && [ ! -e fresh/checkpoint-000000 ] || fail '--overwrite left the old run'
[ "$(wc -l <fresh/command.txt)" -eq 1 ] || fail '--overwrite left the old command'

# Without a dev split the newest is the best, which is said; with one it is not.
run 0 "$ACF/acf-train" --config base.yaml --set data.dev=null --set save.dir=blind --set save.every=1
[ "$(grep -c '^no dev split: nothing is measured, best is the last checkpoint' err)" -eq 1 ] || { fail 'no word of a missing dev split'; cat err; }
[ "$(readlink blind/best)" = "$(readlink blind/last)" ] || fail 'without dev the best is not the last'
grep -q 'no dev split' train.err && fail 'a dev split is missed that is there'

# command.txt can be given to a shell again, whatever the words hold.
odd="it's \$HOME \`pwd\` {a,b} \\ ''~*!"
run 0 "$ACF/acf-train" --config base.yaml --set "save.dir='$(echo "$odd" | sed "s/'/''/g")'"
[ -e "$odd/best/COMPLETE" ] || fail "no run in a directory of signs"
sed 's/^[^ ]* //' "$odd/command.txt" >again
echo ' --overwrite' >>again
run 0 sh -c "$(tr -d '\n' <again)"
[ "$(sed 's/^[^ ]* //' "$odd/command.txt")" = "$(tr -d '\n' <again)" ] || fail 'command.txt is another command when it is run'
[ "$(sed 's/^[^ ]* //' fresh/command.txt)" = "$ACF/acf-train --config base.yaml --set save.dir=fresh --overwrite" ] ||
    fail 'plain words are quoted'

# Paths in the file are relative to it, save.dir and the command line to the current directory.
mkdir -p there/data here
cp "$data/train.tsv" "$data/dev.tsv" there/data
sed 's|^data:.*|data: {train: data/train.tsv, dev: data/dev.tsv}|' base.yaml >there/c.yaml
run 0 sh -c "cd here && '$ACF/acf-train' --config ../there/c.yaml"
[ -f here/run/best/model.safetensors ] || fail 'save.dir is not relative to the current directory'
run 0 sh -c "cd here && '$ACF/acf-eval' run --data ../there/data/dev.tsv"
run 0 "$ACF/acf-eval" here/run
cmp here/run/best/model.safetensors run/best/model.safetensors || fail 'the same run elsewhere differs'
run 0 sh -c "cd here && '$ACF/acf-train' --config ../there/c.yaml --set data.dev=../there/data/train.tsv --set save.dir=other --dry-run"

refuses 2 '--dump-step 3: the run has 2 updates' "$ACF/acf-train" --config base.yaml \
    --set save.dir=dumped --dump-step 3 x.safetensors
[ -e dumped ] && fail 'a refused --dump-step left a directory'
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=dumped --dump-step 1-2 x%d.safetensors
[ -s x1.safetensors ] && [ -s x2.safetensors ] || fail '--dump-step 1-2 wrote no files'
refuses 2 '--dump-step 3: the run has 2 updates' "$ACF/acf-train" --config base.yaml \
    --set save.dir=more --dump-step 1-3 y%d.safetensors
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=dumped --set train.steps=3 --resume \
    --dump-step 2-3 y%d.safetensors
grep -q -e '--dump-step: updates up to 2 were made before, none is written' err || fail 'not told what was made'
[ -s y3.safetensors ] && [ ! -e y2.safetensors ] || fail '--dump-step 2-3 after update 2'
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=own --dump-step 1 own/d.st
[ -s own/d.st ] || fail '--dump-step into its own run directory'
cp "$data/train.tsv" mine.tsv
for file in base.yaml mine.tsv; do
    refuses 2 "--dump-step: $file is the file that the" "$ACF/acf-train" --config base.yaml \
        --set data.train=mine.tsv --set save.dir=more --dump-step 1 $file
done
mkdir -p pictures/train/a
: >pictures/train/a/1.png
refuses 2 '1.png is in a directory of data' "$ACF/acf-train" --config base.yaml --set save.dir=more \
    --set task=image --set model.encoder=resnet20 --set model.vocab.size=null --set data.train=null --set data.dev=null \
    --set data.dir=pictures --dump-step 1 pictures/train/a/1.png
refuses 2 'best/model.safetensors is a file of the model that is read' "$ACF/acf-train" --config base.yaml \
    --set model.encoder=dumped/best --set save.dir=more --dump-step 1 dumped/best/model.safetensors
refuses 6 'nowhere/x: cannot be written' "$ACF/acf-train" --config base.yaml --set save.dir=more --dump-step 1 nowhere/x
cmp -s "$data/train.tsv" mine.tsv || fail '--dump-step wrote over its data'

# Output that cannot be written is an error.
refuses 6 'standard output: cannot write' sh -c "'$ACF/acf-predict' run base.yaml >/dev/full"
refuses 6 'standard output: cannot write' sh -c "'$ACF/acf-predict' run base.yaml >&-"
refuses 6 'standard output: cannot write' sh -c "'$ACF/acf-eval' run >/dev/full"
refuses 6 'standard output: cannot write' sh -c "'$ACF/acf-eval' run --json >&-"
refuses 6 'nowhere/p.tsv' "$ACF/acf-eval" run --predictions nowhere/p.tsv
refuses 6 'nowhere/f.npy' sh -c "'$ACF/acf-predict' run base.yaml --features nowhere/f.npy >/dev/null"
refuses 6 'standard output: cannot write' sh -c "'$ACF/acf-train' --help-config >/dev/full"
refuses 6 'standard output: cannot write' sh -c "'$ACF/acf-train' --config base.yaml --print-config >&-"
[ "$kept" = "$(state_of run)" ] || fail 'run/ was changed'
finish
