#!/bin/sh
# Run test programs and command-line tests, show the failing ones, and count.
#
#   scripts/run-tests.sh PROGRAM... -- CLI_TEST_DIR
#
# A program passes when it exits 0.  Every *.sh in CLI_TEST_DIR runs in an empty scratch directory
# with ACF (where the programs are) and SRC (the project) set; exit 77 means skipped, saying why.
# FILTER=word runs only what has the word in its name; EXEC_PREFIX="valgrind ..." goes before each
# program.
set -u
SRC=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
ACF=${ACF:-$SRC}
export SRC ACF
export OPENBLAS_NUM_THREADS=1
export OMP_WAIT_POLICY=passive # tests share the machine with their own build
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
passed=0
failed=0
skipped=0

run() { # name command...
    name=$1
    shift
    case $name in *"${FILTER:-}"*) ;; *) return ;; esac
    "$@" >"$work/out" 2>&1 </dev/null
    code=$?
    if [ $code -eq 0 ]; then
        passed=$((passed + 1))
        [ -n "${V:-}" ] && echo "  ok   $name"
    elif [ $code -eq 77 ]; then
        skipped=$((skipped + 1))
        echo "  skip $name: $(tail -n 1 "$work/out")"
    else
        failed=$((failed + 1))
        echo "  FAIL $name (exit $code)"
        sed 's/^/       /' "$work/out"
    fi
}

while [ $# -gt 0 ] && [ "$1" != -- ]; do
    # shellcheck disable=SC2086 # one word an argument
    run "$(echo "$1" | sed 's|.*/tests/||')" ${EXEC_PREFIX:-} "$1"
    shift
done
[ $# -gt 0 ] && shift
for dir in "$@"; do
    for script in "$SRC/$dir"/*.sh; do
        [ -f "$script" ] || continue
        scratch=$work/scratch
        rm -rf "$scratch"
        mkdir "$scratch"
        run "$dir/$(basename "$script")" sh -c 'cd "$1" && exec sh "$2"' sh "$scratch" "$script"
    done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
