/*
 * BERT (Devlin et al. 2019) and its kin, RoBERTa (Liu et al. 2019), DistilBERT (Sanh et al. 2019)
 * and ELECTRA (Clark et al. 2020), as transformers computes them, on packed batches: every
 * checkpoint of model_type "bert" (MiniLM among them), "roberta", "distilbert" and "electra".
 *
 *     x0 = dropout(LayerNorm(word[id] + position[t] + type[s]))      DistilBERT: no type
 *     x0 = x0 We^T + be                                              ELECTRA, of another width
 *     x_l = ffn_l(attention_l(x_{l-1})),  l = 1 .. n_layers          (nn/sublayer.h)
 *     feature = act(Wp x_L[CLS] + bp) | x_L[CLS] | mean over tokens of x_L
 *
 * act is tanh (BERT), tanh behind a dropout (RoBERTa), relu (DistilBERT), gelu behind a dropout
 * (ELECTRA): of the two layers of the latters' heads, the first is the pooler and the rows of the
 * second are the label embeddings.  RoBERTa's positions count from pad_token_id + 1 and leave
 * padding tokens out.
 *
 * With pooler and cls the last layer computes the first token only: all that is looked at.
 */
#ifndef ACF_ENCODER_BERT_H
#define ACF_ENCODER_BERT_H

#include "encoder/encoder.h"

/* From a parsed Hugging Face config.json; `name` stands for the file in messages.  Refuses what it
 * would compute wrongly (relative or fixed positions, decoders, unknown activations) with
 * ACF_ERR_MODEL.  dropout >= 0 replaces the three dropout probabilities of the config.  *out is the
 * caller's, closed with ops->close. */
acf_status acf_bert_open(acf_encoder **out, const cJSON *config, acf_pooling pooling,
                         double dropout, const char *name, acf_error *e) ACF_MUST_USE;

enum { ACF_BERT_PRESET_VOCAB = 8000 }; /* word pieces that a preset usually learns */

bool acf_bert_is_preset(const char *name);

/* The config.json of a preset to start from random weights: "bert-tiny" (2 layers, width 128),
 * "bert-mini" (4, 256), "bert-small" (4, 512): Turc et al. 2019.  ACF_ERR_USAGE when the name is no
 * preset.  The caller deletes *out; NULL on failure. */
acf_status acf_bert_preset(cJSON **out, const char *preset, int vocab_size,
                           acf_error *e) ACF_MUST_USE;

#endif
