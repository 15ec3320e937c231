#include "sweep/series_best.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"

#include <stdio.h>

enum { MOST_BYTES = 16 << 20 };

acf_status acf_series_best_read(acf_series_best *best, const char *dir, acf_error *e)
{
    cJSON *summary;
    const char *name = "";
    int64_t n = 0;
    bool is_model; /* itself: whatever else lies there */
    *best = (acf_series_best){0};
    ACF_TRY(acf_path_holds(&is_model, dir, "config.json", e));
    if (is_model) return ACF_OK;
    ACF_TRY_AS(ACF_ERR_MODEL, acf_json_read_in(&summary, dir, "summary.json", MOST_BYTES, e), e);
    if (summary == NULL) return ACF_OK;
    char *path = acf_path_join(dir, "summary.json", e);
    acf_status st = path != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    if (st == ACF_OK) st = acf_json_string(&name, summary, "best", "", path, e);
    if (st == ACF_OK) st = acf_json_int(&n, summary, "n", 0, INT32_MAX, 0, path, e);
    if (st == ACF_OK) {
        (void)snprintf(best->name, sizeof best->name, "%s", name);
        best->n = (int)n;
    }
    acf_free(path);
    cJSON_Delete(summary);
    return acf_reclass(st, ACF_ERR_MODEL, e);
}
