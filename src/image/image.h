/* A picture in memory: whole numbers from 0 to 255, plane after plane. */
#ifndef ACF_IMAGE_IMAGE_H
#define ACF_IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct acf_image {
    int channels; /* 1: grey; 3: red, green, blue */
    int height, width;
    uint8_t *pixel; /* [channels, height, width] acf_free */
} acf_image;

/* A rectangle of pixels; right and bottom are outside. */
typedef struct acf_box {
    int left, top, width, height;
} acf_box;

static inline size_t acf_image_values(const acf_image *x)
{
    return (size_t)x->channels * (size_t)x->height * (size_t)x->width;
}

/* The level of grey that a colour has for PIL (ITU-R BT.601). */
static inline uint8_t acf_image_grey(uint32_t red, uint32_t green, uint32_t blue)
{
    return (uint8_t)((19595u * red + 38470u * green + 7471u * blue + 32768u) >> 16);
}

#endif
