/* The families that bert.c computes: BERT, RoBERTa, DistilBERT, ELECTRA. */
#include "encoder/bert_internal.h"

#include <string.h>

#define BERT_PARTS                                                                                 \
    {                                                                                              \
        "attention.self.query", "attention.self.key", "attention.self.value",                      \
            "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense",          \
            "output.dense", "output.LayerNorm"                                                     \
    }
#define BERT_KEYS                                                                                  \
    .key_width = "hidden_size", .key_layers = "num_hidden_layers",                                 \
    .key_heads = "num_attention_heads", .key_ffn = "intermediate_size", .key_act = "hidden_act",   \
    .key_hidden_dropout = "hidden_dropout_prob",                                                   \
    .key_prob_dropout = "attention_probs_dropout_prob", .key_head_dropout = "classifier_dropout",  \
    .key_eps = "layer_norm_eps", .head_dropout = -1

/* What masked-language models and other tasks leave in a checkpoint. */
static const char *const bert_ignore[] = {"cls.*", "*.position_ids", NULL};
static const char *const roberta_ignore[] = {"lm_head.*", "*.position_ids", "roberta.pooler.*",
                                             "pooler.*", NULL};
static const char *const distilbert_ignore[] = {"vocab_transform.*", "vocab_layer_norm.*",
                                                "vocab_projector.*", "*.position_ids", NULL};
static const char *const electra_ignore[] = {"discriminator_predictions.*",
                                             "generator_predictions.*", "generator_lm_head.*",
                                             "*.position_ids", NULL};

static const char *const bert_pooler[] = {"bert.pooler.*", "pooler.*", NULL};
static const char *const dense_pooler[] = {"classifier.dense.*", NULL};
static const char *const pre_classifier[] = {"pre_classifier.*", NULL};

static const acf_bert_family families[] = {
    {
        /* HF BertForSequenceClassification */
        .model_type = "bert",
        .has_types = true,
        .attention_dropout = true,
        .pooler_act = ACF_ACT_TANH,
        .prefix = "bert.",
        .layer = "encoder.layer",
        .part = BERT_PARTS,
        .pooler = "bert.pooler.dense",
        .head_weight = "classifier.weight",
        .head_bias = "classifier.bias",
        .ignore = bert_ignore,
        .pooler_tensors = bert_pooler,
        .model_class = "BertForSequenceClassification",
        .body_class = "BertModel",
        BERT_KEYS,
        .pad_id = 0,
    },
    {
        /* HF RobertaForSequenceClassification: the dense layer of its head is the pooler. */
        .model_type = "roberta",
        .has_types = true,
        .position_from_pad = true,
        .attention_dropout = true,
        .pooler_dropout = true,
        .pooler_act = ACF_ACT_TANH,
        .prefix = "roberta.",
        .layer = "encoder.layer",
        .part = BERT_PARTS,
        .pooler = "classifier.dense",
        .head_weight = "classifier.out_proj.weight",
        .head_bias = "classifier.out_proj.bias",
        .ignore = roberta_ignore,
        .pooler_tensors = dense_pooler,
        .model_class = "RobertaForSequenceClassification",
        .body_class = "RobertaModel",
        BERT_KEYS,
        .pad_id = 1,
    },
    {
        /* HF DistilBertForSequenceClassification: no dropout behind attention, none before the
         * pooler, and an epsilon that is no setting. */
        .model_type = "distilbert",
        .pooler_act = ACF_ACT_RELU,
        .prefix = "distilbert.",
        .layer = "transformer.layer",
        .part = {"attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin",
                 "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"},
        .pooler = "pre_classifier",
        .head_weight = "classifier.weight",
        .head_bias = "classifier.bias",
        .ignore = distilbert_ignore,
        .pooler_tensors = pre_classifier,
        .model_class = "DistilBertForSequenceClassification",
        .body_class = "DistilBertModel",
        .key_width = "dim",
        .key_layers = "n_layers",
        .key_heads = "n_heads",
        .key_ffn = "hidden_dim",
        .key_act = "activation",
        .key_hidden_dropout = "dropout",
        .key_prob_dropout = "attention_dropout",
        .key_head_dropout = "seq_classif_dropout",
        .head_dropout = 0.2,
        .pad_id = 0,
    },
    {
        /* HF ElectraForSequenceClassification */
        .model_type = "electra",
        .has_types = true,
        .has_projection = true,
        .attention_dropout = true,
        .pooler_dropout = true,
        .pooler_act = ACF_ACT_GELU,
        .prefix = "electra.",
        .layer = "encoder.layer",
        .part = BERT_PARTS,
        .pooler = "classifier.dense",
        .head_weight = "classifier.out_proj.weight",
        .head_bias = "classifier.out_proj.bias",
        .ignore = electra_ignore,
        .pooler_tensors = dense_pooler,
        .model_class = "ElectraForSequenceClassification",
        .body_class = "ElectraModel",
        BERT_KEYS,
        .pad_id = 0,
    },
};

const acf_bert_family *acf_bert_find_family(const char *model_type)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].model_type, model_type) == 0) return &families[i];
    return NULL;
}

void acf_bert_set_names(acf_bert *m)
{
    static const acf_rename rename[] = {{".LayerNorm.gamma", ".LayerNorm.weight"},
                                        {".LayerNorm.beta", ".LayerNorm.bias"},
                                        {NULL, NULL}};
    const acf_bert_family *f = m->family;
    bool pools = m->base.pooling == ACF_POOL_POOLER;
    m->base.names = (acf_encoder_names){
        .rules = {.prefix = f->prefix,
                  .rename = rename,
                  .ignore = f->ignore,
                  .optional = pools ? f->pooler_tensors : NULL},
        .unused = pools ? NULL : f->pooler_tensors,
        .head_weight = f->head_weight,
        .head_bias = f->head_bias,
        .model_class = pools ? f->model_class : NULL,
        .body_class = f->body_class,
    };
}
