#!/bin/sh
# What the library must not call: it does not end the process, print, read the environment, touch
# signals or the locale, use hidden state, parse numbers loosely, write past a buffer's end, talk to
# a network, or take memory behind base/mem's back.
#
#   scripts/check-symbols.sh libacf.a    prints each object that needs such a symbol; exit 1 if any
#   scripts/check-symbols.sh --self-test forbidden calls in a scratch library must be found
#
# stdout and stderr are looked for, not fprintf: writing to a file of one's own is fine.  gcc turns
# printf into puts and putchar, and fortified calls into __printf_chk, so all of them are here; atoi
# and its kin it may inline away, so scripts/lint.sh also looks for these in the text.
set -eu

forbidden='exit _exit _Exit quick_exit abort atexit
printf vprintf puts putchar putc perror stdout stderr gets getchar scanf stdin
getenv secure_getenv setenv putenv unsetenv environ
signal sigaction raise kill alarm setitimer
setlocale uselocale
rand srand rand_r random srandom drand48
strtok atoi atol atoll atof sprintf vsprintf strcpy strcat stpcpy sscanf __isoc99_sscanf
asctime ctime gmtime localtime strerror_l tmpnam mktemp
system popen fork vfork execv execve execvp execl execlp
socket connect bind listen accept getaddrinfo gethostbyname
malloc calloc realloc reallocarray aligned_alloc posix_memalign memalign free strdup strndup
getline getdelim asprintf vasprintf realpath open_memstream'

# object:symbol pairs that are allowed: the one place for each of these things
allowed='assert.o:abort assert.o:stderr
mem.o:aligned_alloc mem.o:malloc mem.o:free
blas.o:getenv blas.o:setenv blas.o:unsetenv
signals.o:sigaction signals.o:signal signals.o:raise signals.o:_exit'

check() { # archive
    nm -u -A -P "$1" >"$work/symbols"
    [ -s "$work/symbols" ] || { echo "$1: no symbols: not a library?" >&2; return 2; }
    awk -v forbidden="$forbidden" -v allowed="$allowed" '
        BEGIN {
            n = split(forbidden, item, /[ \n]+/)
            for (i = 1; i <= n; i++) bad[item[i]] = 1
            n = split(allowed, item, /[ \n]+/)
            for (i = 1; i <= n; i++) ok[item[i]] = 1
        }
        {
            object = $1; sub(/.*\[/, "", object); sub(/\]:$/, "", object)
            name = $2; sub(/@.*/, "", name)
            plain = name
            if (plain ~ /^__.*_chk$/) { sub(/^__/, "", plain); sub(/_chk$/, "", plain) }
            if ((plain in bad) && !((object ":" plain) in ok)) {
                printf "%s: calls or uses %s\n", object, name
                found = 1
            }
        }
        END { exit found }' "$work/symbols"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "${1:-}" != --self-test ]; then
    [ $# -eq 1 ] || { echo "usage: check-symbols.sh LIBRARY | --self-test" >&2; exit 2; }
    check "$1"
    exit
fi

build() { # name, statement: a one-function library
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n%s\n' \
        "int f(char *s); int f(char *s) { $2; return s != NULL; }" >"$work/$1.c"
    ${CC:-gcc} -O2 -D_FORTIFY_SOURCE=2 -w -c -o "$work/$1.o" "$work/$1.c"
    rm -f "$work/lib.a"
    ar rcs "$work/lib.a" "$work/$1.o"
}
for call in 'printf("%s\n", s)' 'printf("%d", *s)' 'puts(s)' 'fputs(s, stderr)' 'exit(1)' \
    's = getenv(s)' 's = malloc(9)' 'strtok(s, s)' 'strcpy(s, s + 1)' 'sprintf(s, "%d", s[1])'; do
    build scratch "$call"
    if check "$work/lib.a" >/dev/null; then
        echo "check-symbols.sh: '$call' was not found" >&2
        exit 1
    fi
done
build scratch 'FILE *o = fopen(s, "w"); if (o) { fprintf(o, "%s", s); fclose(o); }'
check "$work/lib.a"
build mem 'free(s)'
check "$work/lib.a"
