#include "input/data_record.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { ENVIRONMENT_BYTES = 1 << 20, SHOWN_DIGITS = 12 };

acf_status acf_data_record_make(cJSON **out, const acf_dataset *d, acf_error *e)
{
    cJSON *record = cJSON_CreateObject();
    bool ok = record != NULL;
    for (int id = 0; ok && id < ACF_N_SPLITS; id++) {
        const acf_split *s = &d->split[id];
        if (s->path == NULL) continue;
        cJSON *c = cJSON_AddObjectToObject(record, s->name);
        ok = c != NULL && cJSON_AddStringToObject(c, "path", s->path) != NULL &&
             cJSON_AddNumberToObject(c, "rows", s->n) != NULL &&
             cJSON_AddNumberToObject(c, "rows_in_file", s->n_file) != NULL &&
             cJSON_AddNumberToObject(c, "bad_lines", s->n_bad + s->n_bad_images) != NULL &&
             cJSON_AddBoolToObject(c, "header", s->has_header) != NULL &&
             cJSON_AddStringToObject(c, "sha256", s->digest) != NULL;
    }
    *out = ok ? record : NULL;
    if (ok) return ACF_OK;
    cJSON_Delete(record);
    return acf_fail(e, ACF_ERR_RESOURCE, "record of the data: not enough memory to build");
}

bool acf_data_record_differs(char how[ACF_DATA_CHANGE], const cJSON *record, const acf_split *s)
{
    const cJSON *was = cJSON_GetObjectItemCaseSensitive(record, s->name);
    const cJSON *digest = cJSON_GetObjectItemCaseSensitive(was, "sha256");
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(was, "rows_in_file");
    if (!cJSON_IsString(digest) || !cJSON_IsNumber(rows)) return false;
    if (strcmp(digest->valuestring, s->digest) == 0) return false;
    (void)snprintf(how, ACF_DATA_CHANGE, "sha256 %.*s and %d rows, was %.*s and %d", SHOWN_DIGITS,
                   s->digest, s->n_file, SHOWN_DIGITS, digest->valuestring, rows->valueint);
    return true;
}

/* One split against the record. */
static acf_status check_split(const cJSON *record, const acf_split *s, const char *run_dir,
                              acf_error *e)
{
    static const char remedy[] =
        "put back what it began with, or start anew with --overwrite or in another directory";
    char how[ACF_DATA_CHANGE];
    const cJSON *was = cJSON_GetObjectItemCaseSensitive(record, s->name);
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(was, "path");
    if (s->path == NULL && was != NULL)
        return acf_fail(e, ACF_ERR_USAGE, "%s: the %s split that %s began with is gone: %s",
                        cJSON_IsString(path) ? path->valuestring : s->name, s->name, run_dir,
                        remedy);
    if (s->path != NULL && was == NULL)
        return acf_fail(e, ACF_ERR_USAGE, "%s: %s began without a %s split: %s", s->path, run_dir,
                        s->name, remedy);
    if (s->path != NULL && acf_data_record_differs(how, record, s))
        return acf_fail(e, ACF_ERR_USAGE, "%s: has changed since %s began (%s): %s", s->path,
                        run_dir, how, remedy);
    return ACF_OK;
}

/* That of run_dir; *out is NULL where there is none. */
static acf_status read_record(cJSON **out, const char *run_dir, acf_error *e)
{
    cJSON *environment;
    *out = NULL;
    acf_status st =
        acf_json_read_in(&environment, run_dir, "environment.json", ENVIRONMENT_BYTES, e);
    if (st == ACF_ERR_RESOURCE) return st;
    *out = cJSON_DetachItemFromObjectCaseSensitive(environment, "data");
    cJSON_Delete(environment);
    return ACF_OK;
}

acf_status acf_data_record_check(const acf_dataset *d, const char *run_dir, acf_error *e)
{
    cJSON *record;
    ACF_TRY(read_record(&record, run_dir, e));
    acf_status st = ACF_OK;
    for (int id = 0; cJSON_IsObject(record) && id < ACF_N_SPLITS && st == ACF_OK; id++)
        if (!acf_split_is_test((acf_split_id)id))
            st = check_split(record, &d->split[id], run_dir, e);
    cJSON_Delete(record);
    return st;
}

acf_status acf_data_record_is_kept(bool *is_kept, const char *run_dir, acf_error *e)
{
    cJSON *record;
    ACF_TRY(read_record(&record, run_dir, e));
    *is_kept = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(record, "train"));
    for (const cJSON *c = *is_kept ? record->child : NULL; c != NULL; c = c->next)
        if (strncmp(c->string, "test", 4) != 0)
            *is_kept = *is_kept && cJSON_IsString(cJSON_GetObjectItemCaseSensitive(c, "sha256")) &&
                       cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(c, "rows_in_file"));
    cJSON_Delete(record);
    return ACF_OK;
}
