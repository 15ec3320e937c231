#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void acf_assert_failed(const char *expr, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: assertion failed: %s (a bug: please report it)\n", file, line,
                  expr);
    abort();
}
