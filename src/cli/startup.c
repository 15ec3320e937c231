#include "cli/startup.h"

#include "base/json.h"

#include <stdlib.h>
#include <unistd.h>

#define SPIN_COUNT "2000" /* about ten microseconds */

void acf_startup(char **argv)
{
    acf_json_start();
    if (getenv("GOMP_SPINCOUNT") != NULL || getenv("OMP_WAIT_POLICY") != NULL) return;
    if (setenv("GOMP_SPINCOUNT", SPIN_COUNT, 1) != 0) return;
    (void)execv("/proc/self/exe", argv); /* where that fails, all works as before, only slower */
}
