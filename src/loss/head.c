#include "loss/head.h"

#include "loss/points.h"
#include "num/clones.h"

#include <math.h>
#include <string.h>

#define LANES 8 /* partial sums of a dot product */
#define ROWS  8 /* instances that one thread takes at a time */

static const char *const head_name[] = {
    [ACF_HEAD_LINEAR] = "linear",
    [ACF_HEAD_LABEL] = "label",
};

const char *acf_head_name(acf_head head)
{
    return head_name[head];
}

bool acf_head_parse(acf_head *out, const char *name)
{
    for (int k = ACF_HEAD_LINEAR; k <= ACF_HEAD_LABEL; k++) {
        if (strcmp(head_name[k], name) != 0) continue;
        *out = (acf_head)k;
        return true;
    }
    return false;
}

ACF_CLONES static double dot(const real *x, const real *y, int d)
{
    double lane[LANES] = {0}, sum = 0.0;
    int c = 0;
    for (; c + LANES <= d; c += LANES)
        for (int v = 0; v < LANES; v++)
            lane[v] += (double)x[c + v] * (double)y[c + v];
    for (; c < d; c++)
        sum += (double)x[c] * (double)y[c];
    for (int v = 0; v < LANES; v++)
        sum += lane[v];
    return sum;
}

void acf_label_cosines(real *cos, const real *h, const real *W, int N, int K, int d)
{
    size_t width = (size_t)d;

#pragma omp parallel for schedule(dynamic, 1) if ((double)N * K * d >= 1e5)
    for (int i0 = 0; i0 < N; i0 += ROWS) {
        int n = N - i0 < ROWS ? N - i0 : ROWS;
        double norm_h[ROWS];
        for (int i = 0; i < n; i++) {
            const real *x = h + (size_t)(i0 + i) * width;
            norm_h[i] = sqrt(dot(x, x, d));
        }
        for (int k = 0; k < K; k++) {
            const real *w = W + (size_t)k * width;
            double norm_w = sqrt(dot(w, w, d));
            for (int i = 0; i < n; i++) {
                double product = dot(h + (size_t)(i0 + i) * width, w, d);
                bool has_angle = !(norm_h[i] <= ACF_NORM_MIN || norm_w <= ACF_NORM_MIN);
                cos[(size_t)(i0 + i) * (size_t)K + (size_t)k] =
                    has_angle ? (real)(product / norm_h[i] / norm_w) : (real)0;
            }
        }
    }
}
