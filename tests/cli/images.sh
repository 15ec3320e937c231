# Images: a run on data/sample-image, read ahead or kept, with any number of threads, stopped and
# resumed; files that cannot be used are told by path (exit 3), or left out and counted.
. "$SRC/tests/cli/lib"
sample=$SRC/data/sample-image

cat >base.yaml <<EOF
schema: 1
task: image
data:
  dir: $sample
  image: {size: 16}
  augment: {crop_pad: 2, random_resized_crop: 0.5, hflip: yes, cutout: 4}
model: {encoder: resnet20}
train: {steps: 6, batch_size: 8, threads: 1, optimizer: {name: sgd, lr: 0.05}}
eval: {every: 3}
save: {dir: run, every: 3, keep_last: 9}
EOF

train() { # CODE DIR KEY=VALUE...
    code=$1
    dir=$2
    shift 2
    for set in "$@"; do
        shift
        set -- "$@" --set "$set"
    done
    run "$code" "$ACF/acf-train" --config base.yaml --set save.dir="$dir" "$@"
}

# Same weights however the images come.
train 0 run
grep -q 'train: 24 images read .*kept in memory' err || fail 'not kept in memory'
for how in 'data.cache=0 train.threads=1' 'data.cache=0 train.threads=3' 'train.threads=4'; do
    rm -rf other
    # shellcheck disable=SC2086 # one word a setting
    train 0 other $how
    cmp run/last/model.safetensors other/last/model.safetensors || fail "other weights with $how"
done

# Half a run, then the rest.
rm -rf other/checkpoint-000006 other/last other/best
run 0 "$ACF/acf-train" --config base.yaml --set save.dir=other --resume --set train.threads=2 --set data.cache=0
cmp run/last/model.safetensors other/last/model.safetensors || fail 'other weights after a resume'

# The rows that were drawn are written down by their files.
train 0 drawn data.max_train_samples=8 train.steps=0
[ "$(head -n 1 drawn/rows.tsv)" = "$(printf 'split\tline\timage')" ] || fail "rows.tsv: $(head -n 1 drawn/rows.tsv)"
[ "$(sed 1d drawn/rows.tsv | sort -u | wc -l)" -eq 8 ] || fail 'rows.tsv: not 8 different rows'
sed 1d drawn/rows.tsv | while IFS='	' read -r split line image; do
    [ -f "$sample/$split/$image" ] || fail "rows.tsv: line $line leads to no file: $image"
done

# Evaluation and prediction prepare as training did.
run 0 "$ACF/acf-eval" run --predictions told.tsv
grep -q '^index	gold	pred	prob	correct	image	linear_pred	label_pred$' told.tsv || fail 'no column of images'
tail -n +2 told.tsv | cut -f 6 | sed "s|^|$sample/dev/|" >paths
run 0 "$ACF/acf-predict" run paths
tail -n +2 told.tsv | cut -f 3 | cmp - out || fail 'acf-predict differs from acf-eval'
run 0 "$ACF/acf-eval" run --data "$sample/dev" --predictions again.tsv
cmp told.tsv again.tsv || fail 'a folder of classes differs from the dev split'
{
    echo 'path,label'
    tail -n +2 told.tsv | awk -F '\t' -v dir="$sample/dev/" '{ print dir $6 "," $2 }'
} >dev.csv
run 0 "$ACF/acf-eval" run --data dev.csv --predictions table.tsv
cut -f 1-5 told.tsv >told
cut -f 1-5 table.tsv | cmp - told || fail 'a table of paths differs'
run 0 "$ACF/acf-predict" run dev.csv --columns path
tail -n +2 out | awk -F , '{ print $3 }' >a
tail -n +2 told.tsv | cut -f 3 | cmp - a || fail 'answers to a table of paths differ'
grep -q '"image_mean"' run/best/preprocessor_config.json || fail 'no image_mean'
kept=$(state_of run)
# A path that leads nowhere ends the work behind the answers to those before it.
(cat paths; echo nowhere.png; cat paths) >broken
run 3 "$ACF/acf-predict" run broken --format tsv
grep -q '^error: broken: line 13: nowhere.png: cannot open' err || fail "$(cat err)"
tail -n +2 told.tsv | cut -f 3,4 | cmp - out || fail 'what was taken before a bad line is not answered'
(head -n 5 dev.csv; echo nowhere.png,frame; tail -n 3 dev.csv) >broken.csv
run 3 "$ACF/acf-predict" run broken.csv --columns path
grep -q '^error: broken.csv: row 5: .*nowhere.png: cannot open' err || fail "$(cat err)"
(head -n 1 dev.csv; tail -n +2 told.tsv | head -n 4 | awk -F '\t' -v dir="$sample/dev/" '{ print dir $6 "," $2 }') >want
cut -d , -f 1,2 out | cmp - want || fail 'rows before a bad one are not answered'
refuses 3 'standard input: line 1: is empty' sh -c "echo | '$ACF/acf-predict' run"
refuses 3 'standard input: line 1: is empty' sh -c "echo | '$ACF/acf-predict' run -"
# Images as arguments; a picture is no list; a list may begin with a byte order mark.
ok() {
    run 0 "$@"
}
one=$(head -n 1 paths)
ok "$ACF/acf-predict" run "$one"
tail -n +2 told.tsv | head -n 1 | cut -f 3 | cmp - out || fail 'one image as an argument'
xargs "$ACF/acf-predict" run --format tsv <paths >out || fail 'images as arguments'
tail -n +2 told.tsv | cut -f 3,4 | cmp - out || fail 'images as arguments are answered otherwise'
run 3 "$ACF/acf-predict" run "$one" nowhere.png "$one"
grep -q '^error: arguments: image 2: nowhere.png: cannot open' err || fail "$(cat err)"
[ "$(wc -l <out)" -eq 1 ] || fail 'the image before a bad one is not answered'
printf 'GIF89a\001\000\001\000\000\000\000,' >one.gif
refuses 3 'arguments: image 1: one.gif: is a GIF file; PNG, JPEG and BMP are read' "$ACF/acf-predict" run one.gif
refuses 3 'standard input: holds a NUL byte as a picture does' sh -c "'$ACF/acf-predict' run <'$one'"
gzip -c paths >paths.gz
refuses 3 'paths.gz: is gzip data; unpack it' "$ACF/acf-predict" run paths.gz
refuses 3 'standard input: holds a NUL byte as a picture does' sh -c "cat '$one' | '$ACF/acf-predict' run -"
(printf '\357\273\277'; cat paths) >marked
ok "$ACF/acf-predict" run marked --format tsv
tail -n +2 told.tsv | cut -f 3,4 | cmp - out || fail 'a byte order mark'
refuses 2 '--columns needs one FILE' "$ACF/acf-predict" run dev.csv dev.csv --columns path
refuses 2 '--pair is for texts' "$ACF/acf-predict" run paths --pair
refuses 2 '--tokens is for texts' "$ACF/acf-predict" run paths --tokens
refuses 2 "model.encoder = resnet20 encodes images; task 'text' has texts" \
    "$ACF/acf-eval" run --task text --data "$data/dev.tsv"

# A class from examples, given as a directory of images.
kept=$(state_of run)
run 0 "$ACF/acf-eval" run --add-class "square=$sample/dev/frame" --output grown
grep -q "class 'square' from 4 examples" out || fail 'no new class'

# Broken files.
cp -R "$sample" set
chmod -R u+w set
one=set/train/disc/03.png
whole() {
    rm -f "$one"
    cp "$sample/train/disc/03.png" "$one"
    chmod u+w "$one"
}
patch() { # OFFSET BYTES: into the picture
    printf '%b' "$2" | dd of="$one" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
told() { # TEXT KEY=VALUE
    refuses 3 "$1" "$ACF/acf-train" --config base.yaml --set data.dir=set --set save.dir=bad \
        --set "${2:-data.cache=2GiB}"
    [ ! -e bad ] || fail "$1: left a run directory"
}
for cache in data.cache=2GiB data.cache=0; do
    whole
    : >"$one"
    told 'train/disc/03.png: is empty (0 bytes) (train row 11; data.on_bad_line: skip' $cache
    head -c 70 "$sample/train/disc/03.png" >"$one"
    told 'train/disc/03.png: the PNG data end too early, after 70 bytes: cut short?' $cache
    whole
    patch 16 '\0000\0000\0352\0140\0000\0000\0352\0140'
    told 'train/disc/03.png: is 60000 x 60000 pixels, each side must be 1 to 8192' $cache
    patch 16 '\0000\0001\0206\0240\0000\0000\0000\0001'
    told 'train/disc/03.png: is 100000 x 1 pixels' $cache
    echo 'Not a picture.' >"$one"
    told "train/disc/03.png: is neither PNG nor JPEG nor BMP, whatever its name (it begins with 'Not a pi')" $cache
    printf 'GIF89a\001\000\001\000' >"$one"
    told 'train/disc/03.png: is a GIF file; PNG, JPEG and BMP are read' $cache
    rm "$one"
    ln -s nowhere "$one"
    told 'train/disc/03.png: cannot open' $cache
done
if [ "$(id -u)" -ne 0 ]; then
    whole
    chmod 000 "$one"
    told 'train/disc/03.png: cannot open: Permission denied'
fi
for at in 45 60; do
    whole
    patch $at '\0377\0000\0377'
    told 'train/disc/03.png: damaged PNG data: chunk'
done

# Left out and counted, in training; told in evaluation.
echo text >"$one"
: >set/dev/bars/01.png
train 0 skipped data.dir=set data.on_bad_line=skip
grep -q 'skipped: .*set/train/disc/03.png: is neither PNG' err || fail 'not named'
grep -q '1 bad image skipped' err || fail 'not counted'
grep -q 'train  23 rows' err || fail 'rows are not 23'
grep -q 'set/train/disc/03.png: is neither PNG' skipped/bad_lines.tsv || fail 'not listed'
# Bad rows of a table and bad images of it are counted and listed apart.
{
    printf 'path,label\nonly\n'
    for file in set/train/*/*.png; do
        printf '%s,%s\n' "$file" "$(basename "$(dirname "$file")")"
    done
    i=0
    while [ $i -lt 40 ]; do
        i=$((i + 1))
        echo "none/$i.png,bars"
    done
} >mixed.csv
train 0 mixed data.dir=null data.train=mixed.csv data.on_bad_line=skip train.steps=1
grep -q '41 bad images skipped' err || fail 'images not counted'
grep -q '1 bad line skipped: line 2 has 1 column, expected 2$' err || fail 'lines not counted'
[ "$(wc -l <mixed/bad_lines.tsv)" -eq 43 ] || fail "bad_lines.tsv: $(wc -l <mixed/bad_lines.tsv) lines"
run 0 "$ACF/acf-eval" skipped
refuses 3 'dev/bars/01.png: is empty' "$ACF/acf-eval" run --data set/dev
for file in set/train/*/*; do
    : >"$file"
done
told 'set/train: none of the 24 images can be read' data.on_bad_line=skip
rm -rf set/train
mkdir set/train
echo text >set/train/x.png
told 'set/train: holds no class: expected a directory for each class'
rm -rf set/train set/dev
told 'set: holds no class'

# Which encoder takes what.
refuses 2 "'gap' is for images, not for texts" "$ACF/acf-train" --config base.yaml \
    --set save.dir=bad --set model.encoder="$SRC/tests/golden/tiny-bert"
refuses 2 'data.image.mean has 3 numbers' "$ACF/acf-train" --config base.yaml \
    --set save.dir=bad --set 'data.image.mean=[0.5,0.5,0.5]' --set 'data.image.std=[0.5]'

# Every image configuration is read and printed.
for config in fashion-mnist fashion-mnist-demo cifar10 cifar100 fashion-fewshot image-folder; do
    run 0 "$ACF/acf-train" --config "$SRC/configs/$config.yaml" --print-config
done
finish
