#!/bin/sh
# Do the tests test?  Apply the one-line bugs of tests/mutants.txt one at a time, and see that a test
# fails for each.
#
#   scripts/mutants.sh [WORD]       WORD: only those whose description or file holds it
#
# Works in a copy of the tree (build/mutants, or MUTANTS_DIR), so that the tree stays as it is and
# can be built meanwhile.  A mutant's own tests are tried first, then all others, from fast to slow,
# until one fails.  What was found is kept in the copy's `state`: a run that was interrupted goes on
# where it was; a mutant is tried again when it, or any file of src/, has changed.  ANEW=1 forgets
# the state.  RUN is a command that builds and tests are run by (RUN=nice).  Prints a line a mutant; exit 1 when one survives, 2 when one does not apply or build.
set -u
SRC=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
dir=${MUTANTS_DIR:-$SRC/build/mutants}
only=${1:-}
list=$SRC/tests/mutants.txt
tree=$dir/tree
state=$dir/state
limit=300 # seconds for one test
run=${RUN:-}
export OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive

mkdir -p "$tree"
[ -z "${ANEW:-}" ] || rm -f "$state"
touch "$state"

# The copy is what git knows of the tree, as it is now; objects and times stay where they can.
(cd "$SRC" && git ls-files src tests scripts data configs results Makefile README.md | while read -r file; do
    [ -f "$file" ] || continue
    cmp -s "$file" "$tree/$file" || { mkdir -p "$tree/$(dirname "$file")" && cp "$file" "$tree/$file"; }
done)
(cd "$tree" && find src tests scripts -type f | while read -r file; do
    [ -f "$SRC/$file" ] || rm -f "$file"
done)
cd "$tree" || exit 2
[ -e build ] || { # what is built already need not be built again
    B=$(make -s -n -p 2>/dev/null | sed -n 's/^B := //p')
    [ ! -d "$SRC/$B" ] || { mkdir build && cp -a "$SRC/$B" build/ && find build -type f -exec touch {} +; }
}
B=$(make -s -n -p 2>/dev/null | sed -n 's/^B := //p')
sources=$(find src -type f | sort | xargs cat | cksum | tr ' ' -)

# Build one test.
build_of() { # unit/test_x or cli/x.sh; warnings aside: a bug may leave a variable unused
    case $1 in
    cli/objective.sh) $run make -s -j2 WARN=-w all tests/objective tests/objective-double ;;
    cli/*) $run make -s -j2 WARN=-w all ;;
    grad/*) $run make -s -j2 WARN=-w "$B/f64/tests/$1" ;;
    *) $run make -s -j2 WARN=-w "$B/f32/tests/$1" ;;
    esac >"$dir/build.log" 2>&1
}

run_of() {
    case $1 in
    cli/*)
        rm -rf "$dir/scratch"
        mkdir "$dir/scratch"
        (cd "$dir/scratch" && SRC=$tree ACF=$tree $run timeout $limit sh "$tree/tests/$1")
        ;;
    grad/*) SRC=$tree $run timeout $limit "$B/f64/tests/$1" ;;
    *) SRC=$tree $run timeout $limit "$B/f32/tests/$1" ;;
    esac >"$dir/test.log" 2>&1 </dev/null
}

# Whether a test sees the bug: it fails, and not because it is skipped.
sees() {
    build_of "$1" || { echo "does not build: see $dir/build.log"; return 2; }
    run_of "$1"
    code=$?
    [ $code -ne 0 ] && [ $code -ne 77 ]
}

all_tests() {
    for kind in unit ref golden grad e2e; do
        find "tests/$kind" -name 'test_*.c' | sed 's|^tests/||; s|\.c$||' | sort
    done
    find tests/cli -name '*.sh' | sed 's|^tests/||' | sort
}

# Blocks of the list as files: 001 ...; first line what, second file, then -, +, @ and tests.
rm -rf "$dir/blocks"
mkdir "$dir/blocks"
sed -n '/^# One-line/,/^$/d; p' "$list" |
    awk -v dir="$dir/blocks" 'BEGIN { RS = ""; n = 0 } { file = sprintf("%s/%03d", dir, ++n); print > file; close(file) }'

apply() { # block file
    awk -v from="$(sed -n 's/^- //p' "$1" | sed 's/\\/\\\\/g')" \
        -v to="$(sed -n 's/^+ //p' "$1" | sed 's/\\/\\\\/g')" \
        -v which="$(sed -n 's/^@ //p' "$1")" '
        {
            at = index($0, from)
            if (at > 0 && (++n == which || which == ""))
                { $0 = substr($0, 1, at - 1) to substr($0, at + length(from)); done++ }
            print
        }
        END { exit !(done == 1 && (which != "" || n == 1)) }' "$2" >"$dir/changed" &&
        ! cmp -s "$dir/changed" "$2" && cp "$dir/changed" "$2"
}

# The named tests pass as the tree is.
if ! grep -q "^base $sources" "$state"; then
    # The state of other sources is of no use.
    : >"$state"
    for test in $(sed -n '/^[a-z0-9]*\/[a-z_0-9.]*\(sh\)\{0,1\}\( \|$\)/p' "$dir"/blocks/* | grep -v '^src/' | tr ' ' '\n' | sort -u); do
        build_of "$test" || { cat "$dir/build.log"; exit 2; }
        run_of "$test" || { echo "$test fails without any bug:"; tail -n 5 "$dir/test.log"; exit 2; }
    done
    echo "base $sources" >>"$state"
fi

begin=$(date +%s)
killed=0 survived=0 broken=0
for block in "$dir"/blocks/*; do
    what=$(sed -n 's/^# //p' "$block")
    file=$(sed -n 2p "$block")
    tests=$(tail -n 1 "$block")
    case "$what $file" in *"$only"*) ;; *) continue ;; esac
    key=$(cksum <"$block" | tr ' ' -)
    known=$(grep "^$key killed" "$state" | tail -n 1)
    if [ -n "$known" ]; then
        killed=$((killed + 1))
        continue
    fi
    cp "$file" "$dir/original"
    from=$(date +%s)
    verdict=
    if ! apply "$block" "$file"; then
        verdict='broken: the line is not there, or not once'
    else
        tried=' '
        for test in $tests $(all_tests); do
            case $tried in *" $test "*) continue ;; esac
            tried="$tried$test "
            sees "$test"
            code=$?
            [ $code -eq 1 ] && continue
            [ $code -eq 2 ] && verdict="broken: $(grep -m 1 -e error: "$dir/build.log")"
            if [ $code -eq 0 ]; then
                # A test that nobody named may fail without the bug as well.
                case " $tests " in *" $test "*) ;; *)
                    cp "$file" "$dir/mutant"
                    cp "$dir/original" "$file"
                    sees "$test" && { cp "$dir/mutant" "$file"; continue; }
                    ;;
                esac
                verdict="killed by $test"
            fi
            break
        done
    fi
    cp "$dir/original" "$file"
    case $verdict in
    killed*) killed=$((killed + 1)) ;;
    broken*) broken=$((broken + 1)) ;;
    *)
        survived=$((survived + 1))
        verdict=SURVIVED
        ;;
    esac
    seconds=$(($(date +%s) - from))
    echo "$key $verdict ($seconds s)" >>"$state"
    printf '%-9s %s: %s (%d s)\n' "${verdict%% *}" "$file" "$what; ${verdict#* }" $seconds
done
echo "mutants: $killed killed, $survived survived, $broken broken; $(($(date +%s) - begin)) s"
[ $broken -eq 0 ] || exit 2
[ $survived -eq 0 ]
