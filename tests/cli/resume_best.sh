# A run that was stopped and saved before its evaluation, and finds its best when it is resumed: that
# update has a checkpoint already, which must learn of it, and `best` must point there.
set -eu
cat >run.yaml <<YAML
schema: 1
task: text
data: {dir: $SRC/data/sample-text, columns: {text: text, label: label}}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 60, batch_size: 16, threads: 1, optimizer: {lr: 0, head_lr: 0}} # all evaluate alike
eval: {every: 1000 steps}
save: {dir: run, every: 1000 steps}
log: {every: 1 steps}
YAML

mkfifo progress
"$ACF/acf-train" --config run.yaml 2>progress &
pid=$!
while read -r line; do
    case $line in "step 2/"*) kill -TERM $pid || : ;; esac
done <progress
code=0
wait $pid || code=$?
if [ $code -eq 0 ]; then
    echo "the run ended before it could be stopped"
    exit 77
fi
[ $code -eq 75 ] || { echo "exit $code instead of 75"; exit 1; }
saved=$(readlink run/last)

"$ACF/acf-train" --config run.yaml --set eval.every=1 --resume >out 2>err ||
    { cat err; echo "the resumed run failed"; exit 1; }
[ "$(readlink run/best)" = "$saved" ] ||
    { echo "best is $(readlink run/best), expected $saved"; exit 1; }
step=$(echo "$saved" | sed 's/checkpoint-0*//')
grep -q "\"best\":[[:space:]]*$step," "run/$saved/trainer_state.json" ||
    { cat "run/$saved/trainer_state.json"; echo "$saved does not know that it is the best"; exit 1; }
[ -d "run/$saved" ] || { echo "the best checkpoint is gone"; exit 1; }
