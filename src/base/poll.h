/* Whether to stop: a question that the caller hands down to what may take long, which asks it now
 * and then and ends with ACF_STOPPED when the answer is yes. */
#ifndef ACF_BASE_POLL_H
#define ACF_BASE_POLL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct acf_poll {
    bool (*stops)(void *payload); /* NULL: never */
    void *payload;
} acf_poll;

static inline bool acf_poll_stops(acf_poll p)
{
    return p.stops != NULL && p.stops(p.payload);
}

#endif
