#include "num/vec.h"

#include "num/clones.h"

#include <omp.h>
#include <string.h>

enum {
    BLOCK = 16384,  /* elements of a task */
    MAX_PARTS = 512 /* partial results on the stack */
};

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

void acf_vec_zero(real *x, size_t n)
{
    size_t n_blocks = n_blocks_of(n);
#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++)
        memset(x + b * BLOCK, 0, (end_of(b * BLOCK, BLOCK, n) - b * BLOCK) * sizeof *x);
}
