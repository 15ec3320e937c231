/* A YAML configuration, and after 0xFE an override as --set takes it.  One that is accepted prints
 * as one that is accepted and differs in nothing. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/mem.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

static void print_and_compare(const acf_config *cfg)
{
    acf_config again;
    acf_str text = {0}, problems = {0};
    acf_difference *list;
    size_t n;
    acf_error e;
    ACF_ASSERT(acf_config_print(&text, cfg, true, &e) == ACF_OK);
    ACF_ASSERT(acf_config_load_text(&again, &problems, text.data, text.len, "again", NULL, 0, &e) ==
               ACF_OK);
    ACF_ASSERT(acf_config_diff(&list, &n, cfg, &again, &e) == ACF_OK);
    ACF_ASSERT(n == 0);
    acf_free(list);
    acf_config_free(&again);
    acf_str_free(&text);
    acf_str_free(&problems);
}

void fuzz_one(fuzz_bytes in)
{
    acf_config cfg;
    acf_str problems = {0};
    acf_error e;
    fuzz_bytes text = fuzz_part(&in);
    char *set = strndup(in.len > 0 ? (const char *)in.at : "", in.len);
    const char *sets[] = {set};
    ACF_ASSERT(set != NULL);
    acf_status st = acf_config_load_text(&cfg, &problems, (const char *)text.at, text.len,
                                         "fuzz.yaml", sets, in.len > 0, &e);
    if (st == ACF_OK) {
        print_and_compare(&cfg);
        acf_config_free(&cfg);
    } else {
        ACF_ASSERT(problems.len > 0 && problems.data[problems.len - 1] == '\n');
    }
    acf_str_free(&problems);
    free(set);
}
