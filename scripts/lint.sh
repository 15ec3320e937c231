#!/bin/sh
# Formatting, house rules and static analysis, as `make lint` runs them (which builds the library
# and hands over LIB, CC and FLAGS).  One line a part, findings below it; exit 1 when there are any.
#
#   make lint                  everything
#   make lint PARTS="text tidy"    only these parts
set -u
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
LC_ALL=C.UTF-8
export LC_ALL

: "${LIB:?run it by make lint}" "${CC:=gcc}" "${FLAGS:?run it by make lint}"
jobs=$(getconf _NPROCESSORS_ONLN) || jobs=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
passed=0
failed=0

# What the checks look at; the vendored part of a library is not ours to format.
find src tests -name '*.[ch]' ! -path 'src/vendor/*' | sort >"$work/c"
find src -name '*.c' ! -path 'src/vendor/*' | sort >"$work/src"
grep '\.c$' "$work/c" >"$work/units"
find . \( -name .git -o -name build -o -path ./runs -o -path ./data/wordnet -o -path './tests/golden' \) -prune \
    -o -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.md' -o -name '*.yaml' \
    -o -name Makefile -o -name '.clang-*' -o -path ./.ci/run \) -print | sort >"$work/text"
# gcc's words that clang and cppcheck do not know are left out for them.
for flag in $FLAGS; do
    case $flag in -I* | -D* | -std=* | -fopenmp) echo "$flag" ;; esac
done | tr '\n' ' ' >"$work/plain"
plain=$(cat "$work/plain")
# clang-tidy-14 alone has no omp.h.  gcc's serves, but for the arguments of an attribute.
mkdir "$work/omp"
cp "$(gcc -print-file-name=include/omp.h)" "$work/omp"
omp="-idirafter $work/omp -D__malloc__(...)=__malloc__"

part() { # name function
    case " ${PARTS:-$1} " in *" $1 "*) ;; *) return ;; esac
    start=$(date +%s)
    if "$2" >"$work/out" 2>&1 && [ ! -s "$work/out" ]; then
        passed=$((passed + 1))
        echo "  ok   $1 ($(($(date +%s) - start)) s)"
    else
        failed=$((failed + 1))
        echo "  FAIL $1"
        sed 's/^/       /' "$work/out"
    fi
}

format() {
    xargs clang-format-14 --dry-run -Werror <"$work/c"
}

floors() {
    scripts/check-floors.sh --self-test && scripts/check-floors.sh
}

symbols() {
    scripts/check-symbols.sh --self-test && scripts/check-symbols.sh "$LIB"
}

# Every header compiles alone and has a guard named after its path; file names are unique, so that
# objects and messages are.
headers() {
    grep '\.h$' "$work/c" | while read -r header; do
        name=${header#src/}
        name=${name#tests/}
        guard=$(head -n 60 "$header" | sed -n 's/^#ifndef \(ACF_[A-Z0-9_]*_H\)$/\1/p' | head -n 1)
        last=$(basename "$header" .h | tr 'a-z-' 'A-Z_')
        case $guard in
        ACF_*_"$last"_H) ;;
        *) echo "$header: guard '$guard' does not read ACF_..._${last}_H" ;;
        esac
        # A unit of macros only would be empty, which ISO C forbids.
        # shellcheck disable=SC2086 # one word a flag
        printf '#include "%s"\ntypedef int acf_not_empty;\n' "$name" | $CC $FLAGS -Itests -fsyntax-only -x c - ||
            echo "$header: does not compile alone"
    done
    # tests/objective is a program whose name users know, beside src/loss/objective.
    grep -v '^tests/objective\.c$' "$work/c" | sed 's|.*/||' | sort | uniq -d | sed 's/$/: two files have this name/'
}

complain() { # message: lines "file:number:text" on standard input
    sed "s/\$/    <- $1/" | cut -c 1-160
}

text() {
    tab=$(printf '\t')
    xargs grep -n "$tab" <"$work/c" | complain 'tab'
    xargs grep -nE '[[:space:]]+$' <"$work/text" | complain 'blank at the end'
    # zero width, direction marks, byte order marks, soft hyphens, no-break spaces
    xargs grep -nP '[\x{AD}\x{A0}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FEFF}]' \
        <"$work/text" | complain 'invisible character'
    xargs grep -n "$(printf '\r')" <"$work/text" | complain 'carriage return'
    while read -r file; do
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at the end"
    done <"$work/text"
    xargs wc -l <"$work/c" | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines, at most 600" }'
    xargs awk 'length($0) > 100 { print FILENAME ":" FNR ": longer than 100 columns" }' <"$work/c"
    # cmocka's assert_float_equal accepts NaN and infinity for anything: tests/support/close.h
    xargs grep -nE '\bassert_(float|not_float)_equal\b' <"$work/c" | grep -v 'tests/support/close' |
        complain 'accepts NaN: use assert_close or assert_number'
    xargs grep -nE '\b(atoi|atol|atoll|atof|strtok|gets)[[:space:]]*\(' <"$work/src" | complain 'banned'
    xargs grep -nwE 'TODO|FIXME|XXX|HACK' <"$work/c" | complain 'final form only'
    find scripts .ci -type f ! -name '*.py' | while read -r file; do
        case $(head -n 1 "$file") in *bash*) bash -n "$file" ;; *) sh -n "$file" ;; esac
    done
}

# Left out: what clang's analyzer judges better, since cppcheck does not follow values from one
# condition to the next (invalidFunctionArg, uninitvar, nullPointerRedundantCheck), and readdir_r,
# which is deprecated.
run_cppcheck() {
    # shellcheck disable=SC2086
    xargs cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability \
        --inline-suppr --error-exitcode=1 --library=posix -Isrc -Itests \
        '-DcJSON_ArrayForEach(e,a)=for(e=(a)->child;e;e=e->next)' \
        --suppress=missingInclude --suppress=unmatchedSuppression --suppress=toomanyconfigs \
        --suppress=invalidFunctionArg --suppress=uninitvar --suppress=nullPointerRedundantCheck \
        --suppress=readdirCalled --template='{file}:{line}: {severity}: {message} [{id}]' \
        <"$work/units"
}

tidy() {
    # shellcheck disable=SC2086
    xargs -P "$jobs" -n 4 sh -c '
        flags=$1
        shift
        clang-tidy-14 --quiet "$@" -- $flags -Itests 2>/dev/null' sh "$plain $omp" <"$work/units" |
        grep -E '(warning|error):' | sed "s|$PWD/||" | sort -u
    # grep finding nothing is the good case; text on standard output is what fails the part
    true
}

# Only where input from outside is read: on numerical code it is slow and finds nothing.  Null
# pointers are left to clang: gcc 12 does not follow conditions on sizes.
analyzer() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    grep -E '^src/(base|store|data)/' "$work/src" | CC=$CC xargs -P "$jobs" -n 2 sh -c '
        flags=$1
        shift
        for file in "$@"; do
            $CC $flags -O1 -fanalyzer -Wno-analyzer-null-dereference -Wno-format-truncation \
                -c -o /dev/null "$file" 2>&1 | grep -E "^[^ ].*(error|warning):"
        done
        true' sh "$FLAGS"
}

part format format
part floors floors
part symbols symbols
part headers headers
part text text
part cppcheck run_cppcheck
part tidy tidy
part analyzer analyzer
echo "lint: $passed parts clean, $failed with findings"
[ "$failed" -eq 0 ]
