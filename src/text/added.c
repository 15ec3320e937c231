#include "text/added.h"

#include "base/mem.h"
#include "text/codepoint.h"
#include "text/utf8.h"

#include <string.h>

acf_status acf_added_add(acf_added_list *list, const acf_added *token, const char *text,
                         acf_error *e)
{
    acf_added *grown =
        acf_grow(list->token, &list->cap, (size_t)list->n + 1, sizeof *grown, "added tokens", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    list->token = grown;
    acf_added copy = *token;
    copy.pattern = NULL;
    copy.text = acf_strdup(text, e);
    if (copy.text == NULL) return ACF_ERR_RESOURCE;
    grown[list->n++] = copy;
    return ACF_OK;
}

/* Patterns of one stage by falling length: few tokens, so insertion. */
static acf_status order_stage(acf_added_index *index, const acf_added_list *list, bool normalized,
                              acf_error *e)
{
    *index = (acf_added_index){0};
    index->order = acf_alloc((size_t)list->n + 1, sizeof *index->order, "added tokens", e);
    if (index->order == NULL) return ACF_ERR_RESOURCE;
    for (int32_t i = 0; i < list->n; i++) {
        const acf_added *token = list->token + i;
        if (token->is_normalized != normalized) continue;
        int32_t j = index->n++;
        for (; j > 0 && list->token[index->order[j - 1]].pattern_len < token->pattern_len; j--)
            index->order[j] = index->order[j - 1];
        index->order[j] = i;
        index->begins[(unsigned char)token->pattern[0]] = true;
    }
    return ACF_OK;
}

acf_status acf_added_index_all(acf_added_list *list, const acf_normalizer *steps, acf_error *e)
{
    acf_codes codes = {0};
    acf_str text = {0};
    acf_status st = ACF_OK;
    for (int32_t i = 0; i < list->n && st == ACF_OK; i++) {
        acf_added *token = list->token + i;
        st = token->is_normalized
                 ? acf_normalize(steps, &text, &codes, token->text, strlen(token->text), e)
                 : ACF_OK;
        if (st != ACF_OK) break;
        acf_free(token->pattern);
        token->pattern = acf_strdup(token->is_normalized ? text.data : token->text, e);
        if (token->pattern == NULL) {
            st = ACF_ERR_RESOURCE;
            break;
        }
        token->pattern_len = strlen(token->pattern);
        if (token->pattern_len == 0)
            st = acf_fail(e, ACF_ERR_FORMAT, "added token '%.100s' is empty after normalization",
                          token->text);
    }
    acf_codes_free(&codes);
    acf_str_free(&text);
    if (st != ACF_OK) return st;
    acf_free(list->raw.order);
    acf_free(list->normalized.order);
    list->normalized.order = NULL;
    ACF_TRY(order_stage(&list->raw, list, false, e));
    return order_stage(&list->normalized, list, true, e);
}

void acf_added_free(acf_added_list *list)
{
    for (int32_t i = 0; i < list->n; i++) {
        acf_free(list->token[i].text);
        acf_free(list->token[i].pattern);
    }
    acf_free(list->token);
    acf_free(list->raw.order);
    acf_free(list->normalized.order);
    *list = (acf_added_list){0};
}

static bool is_single_word(const char *text, size_t len, size_t begin, size_t end)
{
    uint32_t code;
    if (begin > 0 && acf_code_is_word(acf_utf8_before(text, begin))) return false;
    if (end == len) return true;
    (void)acf_utf8_get(&code, text + end, len - end);
    return !acf_code_is_word(code);
}

static size_t space_before(const char *text, size_t at)
{
    while (at > 0 && acf_code_is_space(acf_utf8_before(text, at)))
        do
            at--;
        while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

static size_t space_after(const char *text, size_t len, size_t at)
{
    while (at < len) {
        uint32_t code;
        size_t bytes = acf_utf8_get(&code, text + at, len - at);
        if (!acf_code_is_space(code)) break;
        at += bytes;
    }
    return at;
}

/* The longest pattern at text + at, or NULL. */
static const acf_added *match_at(const acf_added_list *list, const acf_added_index *index,
                                 const char *text, size_t len, size_t at)
{
    for (int32_t i = 0; i < index->n; i++) {
        const acf_added *token = list->token + index->order[i];
        if (token->pattern_len <= len - at &&
            memcmp(text + at, token->pattern, token->pattern_len) == 0)
            return token;
    }
    return NULL;
}

bool acf_added_next(acf_added_search *s, const acf_added_list *list, const acf_added_index *index,
                    const char *text, size_t len)
{
    if (index->n == 0) return false;
    while (s->from < len) {
        if (!index->begins[(unsigned char)text[s->from]]) {
            s->from++;
            continue;
        }
        const acf_added *token = match_at(list, index, text, len, s->from);
        if (token == NULL) {
            s->from++;
            continue;
        }
        s->begin = s->from;
        s->end = s->from + token->pattern_len;
        s->from = s->end; /* a match that is then refused is passed over as well */
        if (token->single_word && !is_single_word(text, len, s->begin, s->end)) continue;
        if (token->lstrip) {
            s->begin = space_before(text, s->begin);
            if (s->begin < s->done) s->begin = s->done;
        }
        if (token->rstrip) s->end = space_after(text, len, s->end);
        s->id = token->id;
        return true;
    }
    return false;
}
