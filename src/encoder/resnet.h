/*
 * Residual networks (He, Zhang, Ren, Sun 2015) for images, two sorts of them:
 *
 *   ImageNet stem, model_type "resnet": as transformers' ResNetModel computes and names them
 *       stem: 7x7 convolution with stride 2, ReLU, 3x3 max pool with stride 2
 *   CIFAR stem, model_type "resnet-cifar": as torchvision names them (transformers has no such
 *       class)
 *       stem: 3x3 convolution, ReLU
 *
 *   block l = 1 .. n_layers:  x_l = relu(F(x_{l-1}) + shortcut(x_{l-1}))
 *       F: two 3x3 convolutions (basic) or 1x1, 3x3, 1x1 (bottleneck), each normalized over the
 *       batch, ReLU between
 *   feature = mean over all pixels of the last x
 *
 * The shortcut is x itself, or, where sizes differ, a normalized 1x1 convolution ("conv", option B)
 * or every second pixel with channels of zeros added ("pad", option A; CIFAR stem only).
 */
#ifndef ACF_ENCODER_RESNET_H
#define ACF_ENCODER_RESNET_H

#include "encoder/encoder.h"

/* From a parsed config.json; `name` stands for the file in messages.  Refuses what it would compute
 * wrongly with ACF_ERR_MODEL, another pooling than `gap` with ACF_ERR_USAGE.  dropout >= 0 is that
 * of the classifier, the only one.  *out is the caller's, closed with ops->close. */
acf_status acf_resnet_open(acf_encoder **out, const cJSON *config, acf_pooling pooling,
                           double dropout, const char *name, acf_error *e) ACF_MUST_USE;

/*
 * The config.json of a preset to start from random weights, for images of `channels` and `size`:
 * resnet20, 32, 44, 56, 110 (widths 16, 32, 64, shortcut "pad"), resnet18, 34 (basic), 50
 * (bottleneck); those have the CIFAR stem up to a size of 64 and the ImageNet stem above.
 * ACF_ERR_USAGE when the name is no preset.  The caller deletes *out; NULL on failure.
 */
acf_status acf_resnet_preset(cJSON **out, const char *preset, int channels, int size,
                             acf_error *e) ACF_MUST_USE;

bool acf_resnet_is_preset(const char *name);

/* The side of the images that a preset is for; 0: no preset. */
int acf_resnet_preset_side(const char *name);

#endif
