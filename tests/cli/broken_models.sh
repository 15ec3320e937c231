# Model directories and checkpoints that are not what they should be: exit 4, one message with the
# file; --resume passes over a checkpoint that does not verify.
. "$SRC/tests/cli/lib"
make_run
kept=$(state_of run)
bytes=$(digest_of run)
mkdir plain
for file in config.json model.safetensors tokenizer.json vocab.txt tokenizer_config.json acf.json; do
    cp "run/best/$file" plain
done
echo 'warm rain' >text

# broken FILE TEXT: FILE, from standard input, in a model directory without check sums.
broken() {
    rm -rf m
    cp -r plain m
    cat >"m/$1"
    refuses 4 "$2" "$ACF/acf-predict" m text
}
# edited FILE SED TEXT
edited() {
    sed "$2" "plain/$1" >edited.out
    cmp -s edited.out "plain/$1" && fail "sed $2 changes nothing in $1"
    broken "$1" "$3" <edited.out
}
# without FILE TEXT
without() {
    rm -rf m
    cp -r plain m
    rm "m/$1"
    refuses 4 "$2" "$ACF/acf-predict" m text
}
# in_place FILE TEXT: a directory
in_place() {
    rm -rf m
    cp -r plain m
    rm "m/$1"
    mkdir "m/$1"
    refuses 4 "$2" "$ACF/acf-predict" m text
}
run 0 "$ACF/acf-predict" plain text

refuses 4 'nowhere: there is no such model directory' "$ACF/acf-predict" nowhere text
refuses 4 'text: is a file, expected a model or run directory' "$ACF/acf-predict" text text
mkdir empty
refuses 4 'empty: holds neither config.json' "$ACF/acf-predict" empty text
refuses 4 'nowhere: there is no such model directory; one of Hugging Face is fetched first: scripts/get-model.sh --list' \
    "$ACF/acf-train" --config base.yaml --overwrite --set model.encoder=./nowhere
kept=
run 2 "$ACF/acf-train" --config base.yaml --set model.encoder=bert-base-uncased --set train.epochs=x
[ "$(grep -c '^--set .*: error: ' err)" -eq 2 ] && grep -q 'hint: .*scripts/get-model.sh --list$' err &&
    grep -q '^error: 2 problems in the configuration$' err ||
    { fail 'an encoder that is nowhere is not told with the other problems'; cat err; }
# A size of the vocabulary is said to have no effect beside an encoder that has its own.
run 0 "$ACF/acf-train" --config base.yaml --dry-run --set save.dir=dry --set model.encoder=plain --set model.vocab.size=400
[ "$(grep -c 'model.vocab.size has no effect: .*/plain brings its vocabulary' err)" -eq 1 ] ||
    { fail 'nothing is said of model.vocab.size'; cat err; }
kept=$(state_of run)

# config.json
broken config.json 'm/config.json: ' </dev/null
echo '{"model_type": "bert",' | broken config.json 'm/config.json:'
echo '[1, 2]' | broken config.json 'm/config.json:'
printf '{"model_type": "bert"\000}' | broken config.json 'm/config.json:'
printf '\377\376{}' | broken config.json 'm/config.json:'
awk 'BEGIN { for (i = 0; i < 50000; i++) printf "["; print "" }' | broken config.json 'm/config.json:'
head -c 20000000 /dev/zero | broken config.json 'm/config.json:'
in_place config.json 'm/config.json: is a directory'
edited config.json 's/"model_type":.*"bert"/"model_type": "gpt2"/' 'm/config.json: '
edited config.json '/"model_type"/d' 'm/config.json: '
edited config.json '/"hidden_size"/d' 'hidden_size'
edited config.json 's/"hidden_size":.*,/"hidden_size": "wide",/' 'hidden_size'
edited config.json 's/"hidden_size":.*,/"hidden_size": 0,/' 'hidden_size'
edited config.json 's/"hidden_size":.*,/"hidden_size": 1e18,/' 'hidden_size'
edited config.json 's/"hidden_size":.*,/"hidden_size": 127,/' 'hidden_size'
edited config.json 's/"hidden_size":.*,/"hidden_size": 256,/' 'm'
edited config.json 's/"num_hidden_layers":.*,/"num_hidden_layers": 1000000000,/' 'num_hidden_layers'
edited config.json 's/"num_hidden_layers":.*,/"num_hidden_layers": 3,/' 'encoder.layer.2.'
edited config.json 's/"num_attention_heads":.*,/"num_attention_heads": 3,/' 'num_attention_heads'
edited config.json 's/"vocab_size":.*,/"vocab_size": 9,/' 'embeddings'
edited config.json 's/"hidden_act":.*,/"hidden_act": "swish9",/' "hidden_act"
edited config.json 's/"1":.*,/"9": "garden",/' 'id2label'
edited config.json 's/"1":.*,/"1": "cooking",/' "id2label names 'cooking' twice"
edited config.json 's/"1":.*,/"1": 1,/' 'id2label'
edited config.json 's/"id2label":.*/"id2label": {}, "x": {/' 'id2label has 0 entries'

# model.safetensors: eight bytes of header length, a JSON header, data.
safetensors() { # LENGTH HEADER BYTES
    len=${1:-${#2}}
    for _ in 1 2 3 4 5 6 7 8; do
        printf "\\$(printf %03o $((len & 255)))"
        len=$((len >> 8))
    done
    printf %s "$2"
    head -c "$3" /dev/zero
}
bad_weights() { # TEXT LENGTH HEADER BYTES
    safetensors "$2" "$3" "$4" | broken model.safetensors "$1"
}
weights=m/model.safetensors
tensor() { # DTYPE SHAPE BEGIN END
    printf '{"bert.embeddings.word_embeddings.weight":{"dtype":"%s","shape":%s,"data_offsets":[%s,%s]}}' "$@"
}
without model.safetensors 'm: holds no model.safetensors'
in_place model.safetensors "$weights"
broken model.safetensors "$weights" </dev/null
echo 'tiny' | broken model.safetensors "$weights"
cat "$SRC/README.md" "$SRC/data/README.md" 2>/dev/null | broken model.safetensors "$weights"
echo '{"this": "is JSON, not safetensors"}' | broken model.safetensors "$weights"
head -c 100000 plain/model.safetensors | broken model.safetensors "$weights"
head -c 1000 plain/model.safetensors | broken model.safetensors "$weights"
(cat plain/model.safetensors; echo more) | broken model.safetensors "$weights"
bad_weights "$weights" 9223372036854775807 '{}' 0
bad_weights "$weights" -1 '{}' 0
bad_weights "$weights" 4000000000 '{}' 0
bad_weights "$weights" 0 '' 0
bad_weights "$weights" '' 'no JSON' 0
bad_weights "$weights" '' '[]' 0
bad_weights "$weights" '' '{"a":3}' 0
bad_weights "$weights" '' "$(tensor F32 '[272,128]' 0 99)" 99
bad_weights "$weights" '' "$(tensor F32 '[272,128]' 0 139264)" 100
bad_weights "$weights" '' "$(tensor F32 '[4294967296,4294967296]' 0 64)" 64
bad_weights "$weights" '' "$(tensor F32 '[-1,4]' 0 16)" 16
bad_weights "$weights" '' "$(tensor F32 '"wide"' 0 16)" 16
bad_weights "$weights" '' "$(tensor Q9 '[2,2]' 0 16)" 16
bad_weights "$weights" '' "$(tensor I64 '[272,128]' 0 278528)" 278528
bad_weights "$weights" '' "$(tensor F32 '[2,2]' 16 0)" 16
bad_weights "$weights" '' "$(tensor F32 '[2,2]' 0 18446744073709551615)" 16
bad_weights 'bert.embeddings.word_embeddings.weight' '' "$(tensor F32 '[2,2]' 0 16)" 16

# The tokenizer.
broken tokenizer.json 'm/tokenizer.json' </dev/null
echo '{}' | broken tokenizer.json 'm/tokenizer.json'
echo '{"model": {"type": "BPE", "vocab": {}}}' | broken tokenizer.json 'm/tokenizer.json'
echo '{"model": {"type": "WordPiece", "vocab": []}}' | broken tokenizer.json 'm/tokenizer.json'
edited tokenizer.json 's/"\[UNK\]":[^,}]*/"[UNK]": -1/' 'm/tokenizer.json'
head -c 3000 plain/tokenizer.json | broken tokenizer.json 'm/tokenizer.json'
in_place tokenizer.json 'm/tokenizer.json'
rm plain/tokenizer.json
run 0 "$ACF/acf-predict" plain text
without vocab.txt 'm'
in_place vocab.txt 'm/vocab.txt'
broken vocab.txt 'm/vocab.txt' </dev/null
echo word | broken vocab.txt 'm/vocab.txt'
sed '/\[SEP\]/d' plain/vocab.txt | broken vocab.txt '[SEP]'
printf 'a\000b\n' | cat plain/vocab.txt - | broken vocab.txt 'm/vocab.txt'
printf '\377\n' | cat plain/vocab.txt - | broken vocab.txt 'm/vocab.txt'
(cat plain/vocab.txt; seq 1000 3000) | broken vocab.txt 'tokens'
cat plain/vocab.txt plain/vocab.txt | broken vocab.txt 'm'
echo '{' | broken tokenizer_config.json 'm/tokenizer_config.json'
cp run/best/tokenizer.json plain

# acf.json
broken acf.json 'm/acf.json' </dev/null
echo '[]' | broken acf.json 'm/acf.json'
edited acf.json 's/"pooling":.*"pooler"/"pooling": "sum"/' "m/acf.json: pooling 'sum'"
edited acf.json 's/"tau":[^,]*/"tau": -1/' 'tau'
edited acf.json 's/"tau":[^,]*/"tau": "warm"/' 'tau'
edited acf.json 's/"head":.*"linear"/"head": "both"/' "m/acf.json: head 'both'"
edited acf.json 's/"max_length":[^,]*/"max_length": 1e300/' 'max_length'
edited acf.json 's/"max_length":[^,]*/"max_length": 1/' 'acf.json: max_length = 1 leaves no room for the 2 special tokens'
edited acf.json 's/"pair":[^,]*/"pair": "no"/' 'pair'

# The configuration in acf.json is part of the model, what the command line adds is not.
rm -rf m
cp -r plain m
sed 's/task: text/task: txet/' plain/acf.json >m/acf.json
cmp -s plain/acf.json m/acf.json && fail 'the configuration in acf.json was not found'
refuses 4 'acf.json: the configuration in it is not right' "$ACF/acf-eval" m
refuses 2 'did you mean' "$ACF/acf-eval" plain --set data.hedaer=yes

# A checkpoint's own sums: whatever changed is told before it is used.
ck=c/checkpoint-000002
sealed() { # TEXT COMMAND...: done to a copy of the run, then looked at through `best`
    message=$1
    shift
    rm -rf c
    cp -a run c
    (cd $ck && "$@")
    refuses 4 "$message" "$ACF/acf-predict" c text
    refuses 4 "$message" "$ACF/acf-eval" c/best
}
put() { # BYTES FILE
    printf %s "$1" >"$2"
}
sealed 'config.json: has changed since it was written' sed -i 's/128/64/' config.json
sealed 'vocab.txt: has changed' sh -c 'echo more >>vocab.txt'
sealed 'model.safetensors: has changed' sh -c 'printf x | dd of=model.safetensors bs=1 seek=9000 conv=notrunc 2>/dev/null'
sealed 'optimizer.safetensors: is missing' rm optimizer.safetensors
sealed 'trainer_state.json: has changed' put '{}' trainer_state.json
sealed 'COMPLETE: is missing: the checkpoint is not complete' rm COMPLETE
sealed 'COMPLETE: does not hold a SHA-256 digest' put 'yes' COMPLETE
sealed 'SHA256SUMS: has digest' sh -c 'echo >>SHA256SUMS'
sealed 'SHA256SUMS: ' put '' SHA256SUMS
sealed 'SHA256SUMS: is missing: the checkpoint is not complete' rm SHA256SUMS
sealed 'vocab.txt: is a symbolic link' sh -c 'mv vocab.txt ../v && ln -s ../v vocab.txt'
sealed 'more: is a symbolic link' ln -s /etc/passwd more
seal() { # sums of what is there, as sha256sum writes them
    rm -f COMPLETE SHA256SUMS
    sha256sum -- * >.sums
    mv .sums SHA256SUMS
    sha256sum <SHA256SUMS | cut -c1-64 >COMPLETE
}
sealed 'SHA256SUMS:1: is not a digest' sh -c 'sed -i "1s|  |  ../|" SHA256SUMS; sha256sum <SHA256SUMS | cut -c1-64 >COMPLETE'
rm -rf c
cp -a run c
rm c/best
ln -s checkpoint-000009 c/best
refuses 4 'c: ' "$ACF/acf-predict" c text
rm -rf c/checkpoint-000002
refuses 4 'c/best' "$ACF/acf-predict" c/best text

# --resume.
cp -a run two
sed 's/dir: run/dir: two/; s/steps: 2/steps: 4/' base.yaml >two.yaml
run 0 "$ACF/acf-train" --config two.yaml --resume
[ -d two/checkpoint-000004 ] && [ -d two/checkpoint-000002 ] || fail 'two checkpoints were expected'
sed 's/dir: two/dir: three/; s/steps: 4/steps: 6/' two.yaml >three.yaml
again() { # a copy, its newest checkpoint changed by the command
    rm -rf three
    cp -a two three
    (cd three/checkpoint-000004 && "$@")
}
skips() { # TEXT COMMAND...
    message=$1
    shift
    again "$@"
    run 0 "$ACF/acf-train" --config three.yaml --resume
    for text in "checkpoint-000004 skipped: $message" 'checkpoint-000002: update 2 of 6'; do
        grep -q "$text" err || { fail "no '$text' in the messages"; cat err; }
    done
}
skips '.*optimizer.safetensors: has changed' put '' optimizer.safetensors
cp -a three/checkpoint-000006 reference
skips '.*COMPLETE: is missing' rm COMPLETE
cmp reference/model.safetensors three/checkpoint-000006/model.safetensors || fail 'the resumed runs differ'
skips '.*trainer_state.json: is missing' rm trainer_state.json
skips '.*symbolic link' ln -s /etc/passwd more
hopeless() { # TEXT COMMAND...: sums that fit, content that does not
    message=$1
    shift
    again "$@"
    (cd three/checkpoint-000004 && seal)
    was=$(cd three && find . -type f ! -name .lock -exec sha256sum {} + | sort)
    refuses 4 "$message" "$ACF/acf-train" --config three.yaml --resume
    [ "$was" = "$(cd three && find . -type f ! -name .lock -exec sha256sum {} + | sort)" ] ||
        fail "a refused --resume changed three/ ($message)"
}
hopeless 'trainer_state.json' put '{}' trainer_state.json
hopeless 'trainer_state.json' put '' trainer_state.json
hopeless 'trainer_state.json' sed -i 's/"update":[^,]*/"update": -4/' trainer_state.json
hopeless 'trainer_state.json' sed -i 's/"format":[^,]*/"format": 9/' trainer_state.json
hopeless 'optimizer.safetensors' put 'none' optimizer.safetensors
hopeless 'optimizer.safetensors' rm optimizer.safetensors
hopeless 'optimizer.safetensors' cp model.safetensors optimizer.safetensors
hopeless "holds none of the model's" cp optimizer.safetensors model.safetensors
hopeless 'config.json' put '{' config.json
again rm COMPLETE
rm three/checkpoint-000002/COMPLETE
refuses 4 'three: none of the 2 checkpoints is intact (the oldest: ' "$ACF/acf-train" --config three.yaml --resume
grep -q 'COMPLETE: is missing.*); --overwrite starts the run anew$' err || { fail 'no way out of it'; cat err; }
[ -d three/checkpoint-000004 ] && [ -d three/checkpoint-000002 ] || fail 'checkpoints were removed'

[ "$bytes" = "$(digest_of run)" ] || fail 'run/ is not as it was'
finish
