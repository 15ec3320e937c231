#!/bin/sh
# Download a pre-trained encoder that acf-train can start from: model.encoder: DIR.
#
#   scripts/get-model.sh NAME DIR
#   scripts/get-model.sh --list
#
# NAME is one of the list, or OWNER/REPOSITORY of the Hugging Face hub (BERT, DistilBERT, RoBERTa and
# ELECTRA models with a model.safetensors).  DIR gets config.json, model.safetensors and the
# tokenizer's files.  Needs curl or wget.  The models have licences of their own: see their pages.
#
# HF_URL names another place to load from (file:///... works without curl or wget), REVISION a branch
# or commit other than main.
set -eu
LC_ALL=C
export LC_ALL

HF_URL=${HF_URL:-https://huggingface.co}
REVISION=${REVISION:-main}

known='bert-base-uncased google-bert/bert-base-uncased 110 M parameters
bert-base-cased google-bert/bert-base-cased 108 M
minilm-l6 sentence-transformers/all-MiniLM-L6-v2 23 M, small and good: where to begin
minilm-l12 sentence-transformers/all-MiniLM-L12-v2 33 M
distilbert-base-uncased distilbert/distilbert-base-uncased 66 M
roberta-base FacebookAI/roberta-base 125 M
electra-small google/electra-small-discriminator 14 M
electra-base google/electra-base-discriminator 110 M'

fail() {
    echo "get-model.sh: error: $1" >&2
    exit "${2:-1}"
}

if [ "${1:-}" = --list ]; then
    printf '%s\n' "$known" | awk '{ printf "%-24s %-42s", $1, $2; $1 = $2 = ""; sub(/^ */, ""); print }'
    exit 0
fi
[ $# -eq 2 ] || fail "usage: get-model.sh NAME DIR | get-model.sh --list" 2
name=$1
out=$2
repository=$(printf '%s\n' "$known" | awk -v name="$name" '$1 == name || $2 == name { print $2 }')
if [ -z "$repository" ]; then
    case $name in
    */*/* | /* | */ | *[!A-Za-z0-9/._-]*) fail "'$name' is no name of a model: see --list" 2 ;;
    */*) repository=$name ;;
    *) fail "'$name' is not in the list (--list), nor OWNER/REPOSITORY" 2 ;;
    esac
fi
[ ! -e "$out" ] || [ -z "$(ls -A "$out" 2>/dev/null)" ] || fail "$out: is not empty" 2
mkdir -p "$out"
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Exit 1 when there is no such file.
fetch() { # file
    url=$HF_URL/$repository/resolve/$REVISION/$1
    echo "get-model.sh: $url" >&2
    case $url in
    file://*) [ -r "${url#file://}" ] && cp "${url#file://}" "$work/$1" ;;
    *)
        if command -v curl >/dev/null; then
            curl -fSL --retry 3 -o "$work/$1" "$url"
        elif command -v wget >/dev/null; then
            wget -q --tries=3 -O "$work/$1" "$url"
        else
            fail "neither curl nor wget is installed"
        fi
        ;;
    esac || { rm -f "$work/$1"; return 1; }
}

fetch config.json || fail "$repository: has no config.json at '$REVISION': is that its name?"
type=$(tr -d '\n' <"$work/config.json" | sed -n 's/.*"model_type"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p')
case $type in
bert | distilbert | roberta | electra) ;;
*) fail "$repository: model_type '$type' is none of bert, distilbert, roberta, electra" ;;
esac

# Either of them says how texts are cut: tokenizer.json, or the older files.
fetch tokenizer.json || true
fetch tokenizer_config.json || true
if [ "$type" = roberta ]; then
    fetch vocab.json && fetch merges.txt || true
    [ -s "$work/tokenizer.json" ] || { [ -s "$work/vocab.json" ] && [ -s "$work/merges.txt" ]; } ||
        fail "$repository: has neither tokenizer.json nor vocab.json with merges.txt"
else
    fetch vocab.txt || true
    [ -s "$work/tokenizer.json" ] || [ -s "$work/vocab.txt" ] ||
        fail "$repository: has neither tokenizer.json nor vocab.txt"
fi

fetch model.safetensors || fail "$repository: has no model.safetensors at '$REVISION'.  With Python:
  python3 -c \"from transformers import AutoModel, AutoTokenizer
for part in (AutoModel, AutoTokenizer): part.from_pretrained('$repository').save_pretrained('$out')\""

# The file begins with the length of its header, eight bytes, the lowest first; then comes a '{'.
size=$(wc -c <"$work/model.safetensors")
header=$(od -An -v -tu1 -N8 "$work/model.safetensors" | awk '{ n = 0; for (i = NF; i > 0; i--) n = 256 * n + $i; printf "%.0f", n }')
[ "$size" -gt 8 ] && [ "$header" -le $((size - 8)) ] && [ "$(dd if="$work/model.safetensors" bs=1 skip=8 count=1 2>/dev/null)" = '{' ] ||
    fail "$repository: model.safetensors is no such file, or its download was cut ($size bytes)"

for path in "$work"/*; do
    mv "$path" "$out/"
done
echo "$out: $repository ($type), $size bytes of weights; model.encoder: $out"
