/* Which file each split is read from. */
#include "data/dataset_internal.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "data/image_table.h"

#include <stdio.h>

static const char *const split_name[ACF_N_SPLITS] = {"train", "dev", "test", "dev_mismatched",
                                                     "test_mismatched"};

bool acf_data_draws_dev(const acf_data_options *opt)
{
    return opt->dev_fraction > 0.0 || opt->folds > 0;
}

bool acf_data_wants(const acf_data_options *opt, acf_split_id id)
{
    if (opt->splits == 0 || (opt->splits & 1u << id) != 0) return true;
    return id == ACF_TRAIN && acf_data_draws_dev(opt) && (opt->splits & 1u << ACF_DEV) != 0;
}

/* DIR/NAME, or DIR/NAME.gz when only that is there (images: what image_table.h finds); *out is NULL
 * when the task has no such file. */
static acf_status file_in_dir(char **out, const acf_task *task, const char *dir, acf_split_id id,
                              acf_error *e)
{
    char base[40];
    const char *name = task->file[id];
    *out = NULL;
    if (name == NULL && id > ACF_TEST) return ACF_OK;
    if (task->image) return acf_image_find(out, dir, id, e);
    (void)snprintf(base, sizeof base, name != NULL ? "%s" : "%s.tsv",
                   name != NULL ? name : split_name[id]);
    char *path = acf_path_join(dir, base, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    *out = path;
    if (acf_path_exists(path)) return ACF_OK;

    acf_str packed = {0};
    acf_status st = acf_str_printf(&packed, e, "%s.gz", path);
    if (st == ACF_OK && acf_path_exists(packed.data)) {
        acf_free(path);
        *out = packed.data;
        return ACF_OK;
    }
    acf_str_free(&packed);
    if (st == ACF_OK) return ACF_OK;
    acf_free(path);
    *out = NULL;
    return st;
}

/* The file of a split, into s->path; NULL when there is none to read. */
static acf_status find_file(acf_dataset *d, const acf_data_options *opt, const acf_log *log,
                            acf_split_id id, acf_error *e)
{
    acf_split *s = &d->split[id];
    acf_split_id first = id == ACF_DEV_MM ? ACF_DEV : id == ACF_TEST_MM ? ACF_TEST : id;
    bool is_drawn = first == ACF_DEV && acf_data_draws_dev(opt);
    bool is_required = id == ACF_TRAIN || (opt->splits != 0 && id == first);
    char *path = NULL;

    s->name = split_name[id];
    if (!acf_data_wants(opt, id)) return ACF_OK;
    if (opt->path[first] != NULL) {
        if (id != first) return ACF_OK; /* one file was given */
        path = acf_strdup(opt->path[id], e);
        if (path == NULL) return ACF_ERR_RESOURCE;
    } else if (opt->dir != NULL) {
        ACF_TRY(file_in_dir(&path, d->task, opt->dir, id, e));
        if (path == NULL && is_required && !is_drawn)
            return acf_fail(e, ACF_ERR_DATA, "%s: holds no %s split", opt->dir, split_name[id]);
    } else if (is_required && !is_drawn) {
        return acf_fail(e, ACF_ERR_USAGE, "data: neither data.dir nor data.%s is given",
                        split_name[id]);
    }
    if (path == NULL) return ACF_OK;

    bool is_there = acf_path_exists(path);
    if (is_drawn && is_there)
        acf_log_info(log, "%s: not used, data.%s takes dev rows from training", path,
                     opt->folds > 0 ? "folds" : "dev_fraction");
    if (is_drawn || (opt->path[id] == NULL && !is_required && !is_there)) {
        acf_free(path);
        return ACF_OK;
    }
    s->path = path;
    return ACF_OK;
}

acf_status acf_data_find_files(acf_dataset *d, const acf_data_options *opt, const acf_log *log,
                               acf_error *e)
{
    const char *dir = opt->dir;
    bool uses_dir = dir != NULL && opt->path[ACF_TRAIN] == NULL;
    if (uses_dir && !acf_path_is_dir(dir))
        return acf_fail(e, ACF_ERR_DATA, "%s: %s", dir,
                        acf_path_exists(dir) ? "data.dir is not a directory"
                                             : "there is no such directory (data.dir)");
    for (int id = 0; id < ACF_N_SPLITS; id++)
        ACF_TRY(find_file(d, opt, log, (acf_split_id)id, e));
    return ACF_OK;
}

static acf_status try_to_open(const char *path, acf_error *e)
{
    const unsigned char *bytes;
    char **names;
    size_t n;
    if (acf_path_is_dir(path)) {
        ACF_TRY_AS(ACF_ERR_DATA, acf_list_dir(&names, &n, path, e), e);
        acf_free_names(names, n);
    } else {
        ACF_TRY_AS(ACF_ERR_DATA, acf_map_file(&bytes, &n, path, e), e);
        acf_unmap_file(&bytes, &n);
    }
    return ACF_OK;
}

acf_status acf_data_find(const acf_data_options *opt, acf_error *e)
{
    acf_dataset d = {.task = acf_task_find(opt->task)};
    acf_status st = acf_data_find_files(&d, opt, NULL, e);
    for (int id = 0; id < ACF_N_SPLITS; id++) {
        if (st == ACF_OK && d.split[id].path != NULL) st = try_to_open(d.split[id].path, e);
        acf_split_free(&d.split[id]);
    }
    return st;
}
