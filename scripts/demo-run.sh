#!/bin/sh
# The demo itself, once the programs are built (`make demo`).  Texts: WordNet's noun glosses become a
# task of 26 classes, a small transformer learns it from random weights in about three minutes, is
# evaluated and asked a few things.  Images: a ResNet-20 learns Fashion-MNIST from random weights in
# about two minutes and is evaluated on the official test images.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
config=configs/wordnet-demo.yaml
data=data/wordnet # where the configuration expects it
run=runs/wordnet-demo

step() {
    echo
    echo "==> $*"
}

if [ ! -f "$data/train.tsv" ] || [ ! -f "$data/dev.tsv" ]; then
    step scripts/get-wordnet.sh $data
    scripts/get-wordnet.sh $data
fi

step ./acf-train --config $config --set save.dir=$run --overwrite
./acf-train --config $config --set save.dir=$run --overwrite

step ./acf-eval $run --split dev
./acf-eval $run --split dev

step "./acf-predict $run --format tsv -k 2, with four definitions on standard input"
./acf-predict $run --format tsv -k 2 <<'TEXTS'
a small wild cat with spotted fur that hunts at night
a thick soup of beans and smoked meat
a strong feeling of joy and relief
the measured distance between two cities
TEXTS

images=runs/fashion-mnist-demo
step ./acf-train --config configs/fashion-mnist-demo.yaml --set save.dir=$images --overwrite
./acf-train --config configs/fashion-mnist-demo.yaml --set save.dir=$images --overwrite

step ./acf-eval $images --split test
./acf-eval $images --split test

echo
echo "The runs are in $run and $images: metrics.csv, eval_results.json, predictions.dev.tsv, and"
echo "the models in their best/: that of the texts is a Hugging Face model directory."
echo "Ask it more:  echo 'a tall tree of the tropics' | ./acf-predict $run"
