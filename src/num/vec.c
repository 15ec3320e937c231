#include "num/vec.h"

#include "num/clones.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <string.h>

enum {
    BLOCK = 16384,  /* elements of a task */
    MAX_PARTS = 512 /* partial results on the stack */
};

#ifdef ACF_REAL_DOUBLE
typedef uint64_t word;
#else
typedef uint32_t word;
#endif

static size_t n_blocks_of(size_t n)
{
    return n / BLOCK + (n % BLOCK != 0);
}

/* Elements of one partial result: whole blocks, depending on n alone. */
static size_t part_of(size_t n)
{
    return BLOCK * ((n_blocks_of(n) + MAX_PARTS - 1) / MAX_PARTS);
}

static size_t end_of(size_t first, size_t size, size_t n)
{
    return n - first < size ? n : first + size;
}

ACF_CLONES static double square_sum_part(const real *x, size_t n)
{
    double sum = 0.0; /* the square of a float always fits a double */
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

double acf_vec_square_sum(const real *x, size_t n)
{
    double part[MAX_PARTS], sum = 0.0;
    if (n == 0) return 0.0;
    size_t size = part_of(n), n_parts = n / size + (n % size != 0);

#pragma omp parallel for schedule(static) if (n_parts > 1 && !omp_in_parallel())
    for (size_t k = 0; k < n_parts; k++)
        part[k] = square_sum_part(x + k * size, end_of(k * size, size, n) - k * size);
    for (size_t k = 0; k < n_parts; k++)
        sum += part[k];
    return sum;
}

/* Without the sign bit, the order of floating-point numbers is that of their bits, and every NaN is
 * above infinity. */
ACF_CLONES static word max_abs_part(const real *x, size_t n)
{
    const word sign = (word)1 << (8 * sizeof(word) - 1);
    word top = 0;
    for (size_t i = 0; i < n; i++) {
        word bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= ~sign;
        top = bits > top ? bits : top;
    }
    return top;
}

double acf_vec_max_abs(const real *x, size_t n)
{
    word part[MAX_PARTS], top = 0;
    if (n == 0) return 0.0;
    size_t size = part_of(n), n_parts = n / size + (n % size != 0);

#pragma omp parallel for schedule(static) if (n_parts > 1 && !omp_in_parallel())
    for (size_t k = 0; k < n_parts; k++)
        part[k] = max_abs_part(x + k * size, end_of(k * size, size, n) - k * size);
    for (size_t k = 0; k < n_parts; k++)
        top = part[k] > top ? part[k] : top;

    real value;
    memcpy(&value, &top, sizeof value);
    return (double)value;
}

ACF_CLONES static void scale_part(real *x, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

void acf_vec_scale(real *x, real factor, size_t n)
{
    size_t n_blocks = n_blocks_of(n);
#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++)
        scale_part(x + b * BLOCK, factor, end_of(b * BLOCK, BLOCK, n) - b * BLOCK);
}

ACF_CLONES static void add_part(real *restrict y, const real *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

void acf_vec_add(real *y, const real *x, size_t n)
{
    size_t n_blocks = n_blocks_of(n);
#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++)
        add_part(y + b * BLOCK, x + b * BLOCK, end_of(b * BLOCK, BLOCK, n) - b * BLOCK);
}

void acf_vec_zero(real *x, size_t n)
{
    size_t n_blocks = n_blocks_of(n);
#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++)
        memset(x + b * BLOCK, 0, (end_of(b * BLOCK, BLOCK, n) - b * BLOCK) * sizeof *x);
}
