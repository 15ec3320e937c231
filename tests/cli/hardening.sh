# The programs are hardened as SECURITY.md says, and the check sees one that is not.
. "$SRC/tests/cli/lib"
command -v readelf >readelf || { echo 'readelf (binutils) is not installed'; exit 77; }
if readelf -W --dyn-syms "$ACF/acf-train" | grep -qE '__(asan|tsan|ubsan)_|__gcov'; then
    echo 'the programs are built for sanitizers or coverage'
    exit 77
fi
"$SRC/scripts/check-hardening.sh" "$ACF/acf-train" "$ACF/acf-eval" "$ACF/acf-predict" || fail 'not hardened'
echo 'int main(void) { return 0; }' >bare.c
"${CC:-gcc}" -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -Wl,-z,norelro,-z,lazy,-z,execstack \
    -o bare bare.c 2>err || fail 'cannot build a program without hardening'
"$SRC/scripts/check-hardening.sh" ./bare >out && fail 'a program without hardening passes'
for what in PIE RELRO BIND_NOW 'executable stack' 'stack protector' FORTIFY; do
    grep -q "$what" out || fail "nothing is said of $what"
done
finish
