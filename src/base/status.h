/*
 * What can go wrong, and how it is told: a status for the program, one line of text for the person.
 *
 * Every function that can fail returns acf_status and takes the caller's acf_error last.  The error
 * is written only on failure, by the place that knows most; callers pass it on, or prefix it with
 * acf_context.  The text is one line, subject first ("path: thing: what is wrong"), without
 * "error:" and without a newline: the command line adds both.  Control characters, which may come
 * from a file, are shown as '?'.
 */
#ifndef ACF_BASE_STATUS_H
#define ACF_BASE_STATUS_H

typedef enum acf_status {
    ACF_OK = 0,
    ACF_ERR_FAIL,     /* anything without a class of its own                         exit  1 */
    ACF_ERR_USAGE,    /* wrong flag or configuration                                 exit  2 */
    ACF_ERR_DATA,     /* training or evaluation data                                 exit  3 */
    ACF_ERR_MODEL,    /* model directory or checkpoint                               exit  4 */
    ACF_ERR_NUMERIC,  /* NaN or infinity                                             exit  5 */
    ACF_ERR_RESOURCE, /* memory, disk, a directory that cannot be written            exit  6 */
    ACF_STOPPED,      /* asked to stop; saved; can be resumed                        exit 75 */
    ACF_ERR_IO,       /* a file cannot be read: the caller knows what kind of file   exit  1 */
    ACF_ERR_FORMAT,   /* a file is malformed: the caller knows what kind of file     exit  1 */
    ACF_ERR_BUSY      /* another process works in the run directory                  exit  2 */
} acf_status;

#define ACF_ERROR_TEXT 1024

typedef struct acf_error {
    acf_status status;
    char text[ACF_ERROR_TEXT];
} acf_error;

#define ACF_MUST_USE __attribute__((warn_unused_result))

/* Write status and text into e (which may be NULL) and return status. */
acf_status acf_fail(acf_error *e, acf_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prefix the text in e (which may be NULL) with "<fmt>: ", for names that the failing place could
 * not know; nothing where st is ACF_OK.  Returns st. */
acf_status acf_context(acf_status st, acf_error *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* *to = *from, unless to is NULL: for a failure that was kept aside.  Returns its status. */
acf_status acf_error_give(acf_error *to, const acf_error *from);

/* Give a bare ACF_ERR_IO or ACF_ERR_FORMAT the class that the caller knows (ACF_ERR_DATA,
 * ACF_ERR_MODEL, ACF_ERR_USAGE ...); every other status stays. */
acf_status acf_reclass(acf_status st, acf_status as, acf_error *e) ACF_MUST_USE;

/* Process exit code of a status, as documented for all programs. */
int acf_exit_code(acf_status st);

/* The status that a program ended with; ACF_ERR_FAIL for a code that is none of ours. */
acf_status acf_status_of_exit(int code);

#define ACF_TRY(call)                                                                              \
    do {                                                                                           \
        acf_status try_st_ = (call);                                                               \
        if (try_st_ != ACF_OK) return try_st_;                                                     \
    } while (0)

/* As ACF_TRY, with IO and FORMAT failures given class `as`. */
#define ACF_TRY_AS(as, call, e)                                                                    \
    do {                                                                                           \
        acf_status try_st_ = acf_reclass((call), (as), (e));                                       \
        if (try_st_ != ACF_OK) return try_st_;                                                     \
    } while (0)

#endif
