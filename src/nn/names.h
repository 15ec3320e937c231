/*
 * What the tensors of a family of networks are called on disk, beside the names of its slices: a
 * family says it (encoder/encoder.h), loading obeys (store/weights.h).
 */
#ifndef ACF_NN_NAMES_H
#define ACF_NN_NAMES_H

typedef struct acf_rename {
    const char *from; /* end of a tensor's name: ".LayerNorm.gamma" */
    const char *to;   /* what stands there in our names: ".LayerNorm.weight" */
} acf_rename;

/* Lists end with NULL (rename: with a NULL from); a NULL list is empty.  In patterns * stands for
 * any text: "cls.*", "*.position_ids". */
typedef struct acf_name_rules {
    const char *prefix; /* "bert.": names with and without it are the same; NULL: none */
    const acf_rename *rename;
    const char *const *ignore;   /* tensors of the file, in its names or ours */
    const char *const *optional; /* slices that the file may lack */
} acf_name_rules;

#endif
