/* Words of the configuration in files of tests: what the schema says they stand for. */
#ifndef ACF_TESTS_CHOICE_H
#define ACF_TESTS_CHOICE_H

/* The value of `name` among the choices of a key such as "loss.form"; -1 when there is none. */
int choice_value(const char *key, const char *name);

#endif
