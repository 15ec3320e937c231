#include "data/look_ahead.h"

#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_WORKERS = 16 };

typedef struct slot {
    bool is_ready;
    acf_status st;
    acf_error e;
    uint8_t *item;
} slot;

struct acf_look_ahead {
    size_t bytes;
    int n_slots, n_workers;
    acf_make_item make;
    void *payload;
    pthread_t thread[MAX_WORKERS];
    uint8_t *scratch; /* [n_workers, bytes] where items are made */
    uint8_t *items;   /* [n_slots, bytes] */
    slot *slots;      /* place p of the order is in slot p % n_slots */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work, ready;
    bool is_closing;
    uint64_t generation; /* of the order: what was begun for an earlier one is thrown away */
    int32_t *order;
    size_t cap_order;
    int n, begun, taken; /* places of the order: all, given to workers, given to the caller */
    int n_started;       /* workers that took their scratch */
};

/* One place of the order is made outside the lock and put into its slot inside. */
static void work_on(acf_look_ahead *a, uint8_t *scratch)
{
    acf_error e = {0};
    int place = a->begun++;
    int32_t row = a->order[place];
    uint64_t generation = a->generation;
    (void)pthread_mutex_unlock(&a->lock);
    acf_status st = a->make(a->payload, scratch, row, &e);
    (void)pthread_mutex_lock(&a->lock);
    if (generation != a->generation) return;
    slot *s = &a->slots[place % a->n_slots];
    if (st == ACF_OK) memcpy(s->item, scratch, a->bytes);
    s->st = st;
    s->e = e;
    s->is_ready = true;
    (void)pthread_cond_signal(&a->ready);
}

static void *worker(void *payload)
{
    acf_look_ahead *a = payload;
    (void)pthread_mutex_lock(&a->lock);
    uint8_t *scratch = a->scratch + (size_t)a->n_started++ * a->bytes;
    while (!a->is_closing) {
        if (a->begun < a->n && a->begun < a->taken + a->n_slots)
            work_on(a, scratch);
        else
            (void)pthread_cond_wait(&a->work, &a->lock);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* Signals are the main thread's. */
static void start_workers(acf_look_ahead *a, int workers)
{
    sigset_t all, was;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &was);
    while (a->n_workers < workers && pthread_create(&a->thread[a->n_workers], NULL, worker, a) == 0)
        a->n_workers++;
    (void)pthread_sigmask(SIG_SETMASK, &was, NULL);
}

acf_status acf_look_ahead_open(acf_look_ahead **out, size_t bytes, int slots, int workers,
                               acf_make_item make, void *payload, acf_error *e)
{
    acf_look_ahead *a = acf_alloc(1, sizeof *a, "look-ahead", e);
    *out = NULL;
    if (a == NULL) return ACF_ERR_RESOURCE;
    if (workers > MAX_WORKERS) workers = MAX_WORKERS;
    a->bytes = bytes;
    a->n_slots = slots;
    a->make = make;
    a->payload = payload;
    a->items = acf_alloc((size_t)slots, bytes, "decoded images", e);
    a->scratch = acf_alloc((size_t)workers, bytes, "decoded images", e);
    a->slots = acf_alloc((size_t)slots, sizeof *a->slots, "decoded images", e);
    bool is_whole = a->items != NULL && a->scratch != NULL && a->slots != NULL;
    if (is_whole &&
        (pthread_mutex_init(&a->lock, NULL) != 0 || pthread_cond_init(&a->work, NULL) != 0 ||
         pthread_cond_init(&a->ready, NULL) != 0)) {
        (void)acf_fail(e, ACF_ERR_RESOURCE, "look-ahead: the system gives no lock");
        is_whole = false;
    }
    if (!is_whole) {
        acf_free(a->items);
        acf_free(a->scratch);
        acf_free(a->slots);
        acf_free(a);
        return ACF_ERR_RESOURCE;
    }
    for (int i = 0; i < slots; i++)
        a->slots[i].item = a->items + (size_t)i * bytes;
    start_workers(a, workers);
    *out = a;
    return ACF_OK;
}

acf_status acf_look_ahead_order(acf_look_ahead *a, const int32_t *rows, int n, acf_error *e)
{
    (void)pthread_mutex_lock(&a->lock);
    a->generation++;
    a->n = a->begun = a->taken = 0;
    for (int i = 0; i < a->n_slots; i++)
        a->slots[i].is_ready = false;
    int32_t *order = acf_grow(a->order, &a->cap_order, (size_t)n, sizeof *order, "order", e);
    if (order != NULL) {
        a->order = order;
        memcpy(order, rows, (size_t)n * sizeof *order);
        a->n = n;
    }
    (void)pthread_cond_broadcast(&a->work);
    (void)pthread_mutex_unlock(&a->lock);
    return order != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

acf_status acf_look_ahead_take(acf_look_ahead *a, uint8_t *out, int32_t row, acf_error *e)
{
    (void)pthread_mutex_lock(&a->lock);
    bool is_next = a->n_workers > 0 && a->taken < a->n && a->order[a->taken] == row;
    if (!is_next) {
        (void)pthread_mutex_unlock(&a->lock);
        return a->make(a->payload, out, row, e);
    }
    slot *s = &a->slots[a->taken % a->n_slots];
    while (!s->is_ready)
        (void)pthread_cond_wait(&a->ready, &a->lock);
    acf_status st = s->st;
    if (st == ACF_OK)
        memcpy(out, s->item, a->bytes);
    else
        acf_error_give(e, &s->e);
    s->is_ready = false;
    a->taken++;
    (void)pthread_cond_signal(&a->work);
    (void)pthread_mutex_unlock(&a->lock);
    return st;
}

void acf_look_ahead_close(acf_look_ahead **out)
{
    acf_look_ahead *a = *out;
    *out = NULL;
    if (a == NULL) return;
    (void)pthread_mutex_lock(&a->lock);
    a->is_closing = true;
    (void)pthread_cond_broadcast(&a->work);
    (void)pthread_mutex_unlock(&a->lock);
    for (int i = 0; i < a->n_workers; i++)
        (void)pthread_join(a->thread[i], NULL);
    (void)pthread_cond_destroy(&a->work);
    (void)pthread_cond_destroy(&a->ready);
    (void)pthread_mutex_destroy(&a->lock);
    acf_free(a->order);
    acf_free(a->items);
    acf_free(a->scratch);
    acf_free(a->slots);
    acf_free(a);
}
