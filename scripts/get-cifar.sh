#!/bin/sh
# Download CIFAR-10 or CIFAR-100 (Krizhevsky 2009) in the binary form, check it and unpack it.
#
#   scripts/get-cifar.sh OUTDIR [cifar10] [cifar100]
#
# Without a name: both.  Afterwards OUTDIR/cifar-10-batches-bin and OUTDIR/cifar-100-binary are what
# data.dir of configs/cifar10.yaml and configs/cifar100.yaml means.  A set that is there already is
# left alone; an archive that lies in OUTDIR under its published name is used instead of a download.
# What is downloaded (about 165 MB a set) is removed once it is unpacked.
#
# CIFAR_URL names another place that holds the same archives (https:, http: or file:).
# CIFAR_SUMS names a file of checksums as sha256sum writes it, for archives packed anew.
set -eu
LC_ALL=C
export LC_ALL

URL=${CIFAR_URL:-https://www.cs.toronto.edu/~kriz}
SUMS=${CIFAR_SUMS:-}

fail() {
    echo "get-cifar.sh: error: $1" >&2
    exit "${2:-1}"
}

usage='usage: get-cifar.sh OUTDIR [cifar10] [cifar100]'
[ $# -ge 1 ] || fail "$usage" 2
out=$1
shift
[ $# -gt 0 ] || set -- cifar10 cifar100
for set; do
    case $set in
    cifar10 | cifar100) ;;
    *) fail "'$set' is neither cifar10 nor cifar100; $usage" 2 ;;
    esac
done
[ -z "$SUMS" ] || [ -r "$SUMS" ] || fail "$SUMS: cannot be read (CIFAR_SUMS)"
mkdir -p "$out"

work=$(mktemp -d "$out/.get-cifar.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

describe() { # set: archive, folder, bytes of a record, files of records, other files, checksum
    case $1 in
    cifar10)
        archive=cifar-10-binary.tar.gz
        folder=cifar-10-batches-bin
        record=3073 # label, 32 x 32 red, green, blue
        batches='data_batch_1.bin data_batch_2.bin data_batch_3.bin data_batch_4.bin
                 data_batch_5.bin test_batch.bin'
        names=batches.meta.txt
        # MD5, as the site has it: c32a1d4ab5d03f1284b67883e8d87530
        sum=c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd
        ;;
    cifar100)
        archive=cifar-100-binary.tar.gz
        folder=cifar-100-binary
        record=3074 # coarse label, fine label, pixels
        batches='train.bin test.bin'
        names='coarse_label_names.txt fine_label_names.txt'
        # MD5, as the site has it: 03b5dce01913d631647c71ecec9e9cb8
        sum=58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec
        ;;
    esac
    if [ -n "$SUMS" ]; then
        sum=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1; exit }' "$SUMS")
        [ -n "$sum" ] || fail "$SUMS: has no line for $archive (CIFAR_SUMS)"
    fi
}

download() { # archive, into $work
    case $URL in
    file://*)
        from=${URL#file://}/$1
        [ -r "$from" ] || fail "$from: cannot be read"
        cp "$from" "$work/$1"
        return
        ;;
    esac
    echo "downloading $URL/$1"
    if command -v curl >/dev/null; then
        curl -fL --retry 3 --connect-timeout 30 -o "$work/$1" "$URL/$1" ||
            fail "$URL/$1: cannot be downloaded (curl exits $?)"
    elif command -v wget >/dev/null; then
        wget -O "$work/$1" "$URL/$1" || fail "$URL/$1: cannot be downloaded (wget exits $?)"
    else
        fail "neither curl nor wget is there; install one with: sudo apt-get install curl"
    fi
}

unpack() { # set
    describe "$1"
    if [ -e "$out/$folder" ]; then
        echo "$out/$folder: is there already, left alone"
        return
    fi
    if [ -f "$out/$archive" ]; then
        file=$out/$archive
    else
        download "$archive"
        file=$work/$archive
    fi
    is=$(sha256sum <"$file" | cut -d ' ' -f 1)
    [ "$is" = "$sum" ] ||
        fail "$archive: SHA-256 is $is, expected $sum (an incomplete download?)"

    # Only what is named here leaves the archive.
    set --
    for f in $batches $names; do
        set -- "$@" "$folder/$f"
    done
    gzip -dc "$file" | (cd "$work" && tar -xf - "$@") || fail "$archive: a file is missing in it"
    rows=
    for f in $batches; do
        bytes=$(wc -c <"$work/$folder/$f")
        [ "$bytes" -gt 0 ] && [ $((bytes % record)) -eq 0 ] ||
            fail "$archive: $f has $bytes bytes, expected a multiple of $record"
        rows="$rows, $f $((bytes / record))"
    done
    mv "$work/$folder" "$out/$folder"
    rm -f "$work/$archive"
    echo "$out/$folder: rows: ${rows#, }"
}

for set; do
    unpack "$set"
done
