#!/bin/sh
# Run the tests of a build with --coverage and print what of src/ they reach: lines, branches of
# which each side was taken, by folder and in total.  `make coverage` builds and calls it.
#
#   scripts/coverage.sh TREE PROGRAM...      TREE: build/HASH/f32; FILES=1: by file, too
set -u
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
tree=$PWD/$1
shift
find "$tree" -name '*.gcda' -delete
scripts/run-tests.sh "$@" -- tests/cli || exit 1

# One line a file: name, lines, lines run, branches, branches taken.  gcov prints percents of
# numbers, which give the numbers back.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
find "$tree/src" -name '*.gcno' | sort | while read -r notes; do
    source=${notes#"$tree/"}
    source=${source%.gcno}.c
    case $source in src/vendor/*) continue ;; esac
    gcov -b -n -r -o "$notes" "$source" 2>/dev/null | tr -d '%' |
        awk -v want="$source" -F "[:' ]" '
            /^File / { is_it = $0 == "File \x27" want "\x27" }
            is_it && !lines && /^Lines executed/ { lines = $5; run = $3 * $5 / 100 }
            is_it && !branches && /^Taken at least once/ { branches = $7; taken = $5 * $7 / 100 }
            END { if (lines) printf "%s %d %.0f %d %.0f\n", want, lines, run, branches, taken }'
done >"$work/files"

show() { # key function of awk
    awk -v key="$1" '
        function put(name, a, b, c, d) {
            printf "  %-28s %6d %6.1f %% %8d %6.1f %%\n", name, a, 100 * b / a, c, c ? 100 * d / c : 100
        }
        {
            name = $1
            if (key == "folder") sub("/[^/]*$", "", name)
            if (!(name in a)) order[n++] = name
            a[name] += $2; b[name] += $3; c[name] += $4; d[name] += $5
            A += $2; B += $3; C += $4; D += $5
        }
        END {
            printf "  %-28s %6s %8s %8s %8s\n", key, "lines", "run", "branches", "taken"
            for (i = 0; i < n; i++) put(order[i], a[order[i]], b[order[i]], c[order[i]], d[order[i]])
            put("total", A, B, C, D)
        }' "$work/files"
}
[ -z "${FILES:-}" ] || show file
show folder
