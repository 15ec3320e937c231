# scripts/get-cifar.sh: from an archive beside it or at a file: address, whole or not at all.
set -eu
get=$SRC/scripts/get-cifar.sh

fail() {
    echo "$1"
    cat err
    exit 1
}
expect_error() { # exit code, text of the message, arguments...
    want=$1
    text=$2
    shift 2
    code=0
    sh "$get" "$@" >out 2>err || code=$?
    [ $code -eq "$want" ] && grep -qF "$text" err ||
        fail "get-cifar.sh $*: exit $code, expected $want with '$text':"
    [ ! -e set ] || [ -z "$(ls -A set)" ] || fail "left behind: $(ls -A set)"
}
rows() { # bytes of a record, rows
    awk -v n=$(($1 * $2)) 'BEGIN { for (i = 0; i < n; i++) printf "x" }'
}
pack() { # folder, archive
    (cd made && tar -cf - "$1") | gzip -c >"web/$2"
    (cd web && sha256sum -- *.gz) >sums
}

mkdir -p made/cifar-10-batches-bin made/cifar-100-binary web
for n in 1 2 3 4 5; do rows 3073 2 >made/cifar-10-batches-bin/data_batch_$n.bin; done
rows 3073 1 >made/cifar-10-batches-bin/test_batch.bin
echo airplane >made/cifar-10-batches-bin/batches.meta.txt
echo "not wanted" >made/cifar-10-batches-bin/readme.html
rows 3074 3 >made/cifar-100-binary/train.bin
rows 3074 1 >made/cifar-100-binary/test.bin
echo fish >made/cifar-100-binary/coarse_label_names.txt
pack cifar-10-batches-bin cifar-10-binary.tar.gz
pack cifar-100-binary cifar-100-binary.tar.gz # without the names of the fine labels

CIFAR_URL=file://$PWD/web
export CIFAR_URL
expect_error 2 'usage: get-cifar.sh OUTDIR [cifar10] [cifar100]'
expect_error 2 "'cifar20' is neither cifar10 nor cifar100" set cifar20
expect_error 1 'cifar-10-binary.tar.gz: SHA-256 is ' set cifar10
CIFAR_URL=file://$PWD/nowhere expect_error 1 'nowhere/cifar-10-binary.tar.gz: cannot be read' set
CIFAR_SUMS=$PWD/none expect_error 1 'none: cannot be read (CIFAR_SUMS)' set
CIFAR_SUMS=$PWD/sums
export CIFAR_SUMS
expect_error 1 'cifar-100-binary.tar.gz: a file is missing in it' set cifar100

echo apple >made/cifar-100-binary/fine_label_names.txt
printf y >>made/cifar-100-binary/test.bin
pack cifar-100-binary cifar-100-binary.tar.gz
expect_error 1 'test.bin has 3075 bytes, expected a multiple of 3074' set cifar100
rows 3074 1 >made/cifar-100-binary/test.bin
pack cifar-100-binary cifar-100-binary.tar.gz

sh "$get" set >out 2>err || fail 'get-cifar.sh set: fails'
grep -qF 'set/cifar-100-binary: rows: train.bin 3, test.bin 1' out || fail "$(cat out)"
[ "$(ls -A set | tr '\n' ' ')" = 'cifar-10-batches-bin cifar-100-binary ' ] || fail "$(ls -A set)"
rm made/cifar-10-batches-bin/readme.html # what is not needed stays in the archive
diff -r made set >err || fail 'other files than those that were packed'
sh "$get" set >out 2>err || fail 'a second time: fails'
[ "$(grep -c 'is there already, left alone' out)" -eq 2 ] || fail "$(cat out)"

mkdir mine
cp web/cifar-10-binary.tar.gz mine
CIFAR_URL=file://$PWD/nowhere sh "$get" mine cifar10 >out 2>err || fail 'an archive there: fails'
[ -f mine/cifar-10-binary.tar.gz ] || fail "the user's own archive is gone"
diff -r made/cifar-10-batches-bin mine/cifar-10-batches-bin >err || fail 'other files than packed'
