#include "support/choice.h"

#include "config/schema.h"

#include <string.h>

int choice_value(const char *key, const char *name)
{
    const acf_choice *c = acf_keys[acf_key_find(key)].choices;
    while (c->name != NULL && strcmp(c->name, name) != 0)
        c++;
    return c->name != NULL ? c->value : -1;
}
