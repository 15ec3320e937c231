/* How much memory a run will take at most: what is there before its first update, and what updates,
 * evaluations and the end add to it. */
#include "base/clock.h"
#include "base/mem.h"
#include "run/trainer_internal.h"
#include "store/weights.h"

enum { MOST_UPDATES = 20000 }; /* of which the batches are looked at */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Arena bytes of the batch rows[0 .. n-1]. */
static acf_status batch_bytes(size_t *bytes, const acf_trainer *t, const int32_t *rows, int n,
                              acf_error *e)
{
    acf_batch_bound whole, piece;
    const acf_source *train = t->setup.source[ACF_TRAIN];
    *bytes = 0;
    ACF_TRY(acf_source_batch_bound(&whole, train, rows, 0, n, e));
    for (int first = 0; first < n; first += t->step.micro_batch) {
        int count = n - first < t->step.micro_batch ? n - first : t->step.micro_batch;
        ACF_TRY(acf_source_batch_bound(&piece, train, rows + first, 0, count, e));
        *bytes = larger(*bytes, acf_step_bytes(&t->setup.model, &whole, &piece));
    }
    return ACF_OK;
}

/* Arena bytes of the largest batch there will be: which rows meet is known before. */
static acf_status largest_batch(size_t *bytes, acf_trainer *t, acf_error *e)
{
    const acf_source *train = t->setup.source[ACF_TRAIN];
    const acf_config *cfg = t->cfg;
    int B = cfg->train.batch_size;
    int64_t total = t->step.total < MOST_UPDATES ? t->step.total : MOST_UPDATES;
    *bytes = 0;
    t->ordered = -1; /* t->order is used for other epochs here */
    for (int64_t update = 0; update < total; update++) {
        int64_t epoch = update / t->per_epoch, first = update % t->per_epoch * B;
        size_t need;
        if (first == 0)
            ACF_TRY(acf_sampler_order(t->order, train->n, cfg->train.sampler, train->label,
                                      t->setup.data->K, (uint64_t)cfg->train.seed, (uint64_t)epoch,
                                      e));
        int n = train->n - first < B ? (int)(train->n - first) : B;
        ACF_TRY(batch_bytes(&need, t, t->order + first, n, e));
        *bytes = larger(*bytes, need);
    }
    return ACF_OK;
}

acf_status acf_train_memory(size_t *bytes, acf_trainer *t, size_t touched, acf_error *e)
{
    const acf_model *m = &t->setup.model;
    const acf_encoder *enc = m->enc;
    size_t block = m->params.len * sizeof(real), dev[2] = {0, 0}, step = 0, pixels = 0;
    static const acf_split_id split[2] = {ACF_DEV, ACF_DEV_MM};
    for (int k = 0; k < 2; k++)
        if (t->setup.source[split[k]] != NULL)
            ACF_TRY(acf_evaluate_bytes(&dev[k], m, t->setup.source[split[k]], e));
    ACF_TRY(largest_batch(&step, t, e));
    step = larger(step, touched) - touched;
    if (enc->channels > 0)
        pixels = (size_t)t->cfg->train.batch_size * (size_t)enc->channels *
                 (size_t)enc->image_size * (size_t)enc->image_size * sizeof(real);
    size_t now = acf_clock_rss(), freed = (1 + (size_t)t->step.optimizer->n_blocks) * block;
    size_t updating = now + step + pixels + dev[0] + dev[1];
    /* The end: gradients and optimizer are gone, the best model stands beside its file. */
    size_t ending = now - (freed < now ? freed : now) + block +
                    (size_t)acf_weights_bytes(&m->params) + dev[0] + dev[1];
    *bytes = larger(acf_clock_peak_rss(), dev[0] > 0 ? larger(updating, ending) : updating);
    return ACF_OK;
}
