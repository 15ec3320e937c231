#!/bin/sh
# Whether programs are built as SECURITY.md says: position-independent, relocations read-only and
# resolved at start, no executable stack, stack protector, fortified calls, no library path inside.
#
#   scripts/check-hardening.sh PROGRAM...    one line for each thing that is missing; exit 1
set -u
LC_ALL=C
export LC_ALL
failed=0

for program in "$@"; do
    lacks() {
        echo "$program: $1"
        failed=1
    }
    headers=$(readelf -W -h -l -d "$program") || exit 1
    symbols=$(readelf -W --dyn-syms "$program") || exit 1
    has() { # TEXT PATTERN
        printf '%s\n' "$1" | grep -qE "$2"
    }
    has "$headers" 'Type: +DYN' && has "$headers" 'FLAGS_1.*PIE' || lacks 'is not position-independent (PIE)'
    has "$headers" 'GNU_RELRO' || lacks 'has no read-only relocations (RELRO)'
    has "$headers" '(BIND_NOW|FLAGS_1.*NOW)' || lacks 'resolves symbols late (BIND_NOW)'
    has "$headers" 'GNU_STACK.* RW ' || lacks 'has an executable stack'
    has "$headers" '(RPATH|RUNPATH)' && lacks 'holds a path of libraries'
    has "$symbols" '__stack_chk_fail' || lacks 'has no stack protector'
    has "$symbols" '__(mem|str|v?s|v?f)[a-z]*_chk' || lacks 'has no fortified calls (FORTIFY_SOURCE)'
done
[ "$failed" -eq 0 ]
