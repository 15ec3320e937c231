#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#endif

#include "num/threads.h"

#include "base/io.h"

#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#define CGROUP_MOUNT "/sys/fs/cgroup"

enum { PATH_CAP = 4096, TEXT_CAP = 16384 };

/* Processors for `quota` microseconds in each `period`, rounded up: half a processor is one. */
static int processors(long long quota, long long period)
{
    if (quota <= 0 || period <= 0) return INT_MAX; /* -1: none is set */
    long long n = quota / period + (quota % period != 0);
    return n < INT_MAX ? (int)n : INT_MAX;
}

static bool read_number(long long *value, const char *dir, const char *file)
{
    char path[PATH_CAP], text[64];
    int len = snprintf(path, sizeof path, "%s/%s", dir, file);
    if (len < 0 || (size_t)len >= sizeof path) return false;
    if (acf_read_kernel_file(text, sizeof text, path, NULL) != ACF_OK) return false;
    char *end;
    *value = strtoll(text, &end, 10);
    return end != text;
}

/* cpu.max of version 2 ("max 100000", "150000 100000"), or the two files of version 1. */
static int quota_of_dir(const char *dir)
{
    char path[PATH_CAP], text[64];
    long long quota, period;
    int len = snprintf(path, sizeof path, "%s/cpu.max", dir);
    if (len >= 0 && (size_t)len < sizeof path &&
        acf_read_kernel_file(text, sizeof text, path, NULL) == ACF_OK) {
        char *end;
        quota = strtoll(text, &end, 10);
        if (end == text) return INT_MAX;
        period = strtoll(end, NULL, 10);
        return processors(quota, period);
    }
    if (read_number(&quota, dir, "cpu.cfs_quota_us") &&
        read_number(&period, dir, "cpu.cfs_period_us"))
        return processors(quota, period);
    return INT_MAX;
}

/* The least quota of a group and its ancestors; a container may see only the root. */
static int quota_of_group(const char *root, const char *group)
{
    char dir[PATH_CAP];
    int least = INT_MAX;
    int len = snprintf(dir, sizeof dir, "%s%s", root, group);
    if (len < 0 || (size_t)len >= sizeof dir) return quota_of_dir(root);

    size_t root_len = strlen(root);
    for (;;) {
        int n = quota_of_dir(dir);
        if (n < least) least = n;
        char *slash = strrchr(dir, '/');
        if (slash == NULL || (size_t)(slash - dir) < root_len) return least;
        *slash = '\0';
    }
}

static bool has_word(const char *list, size_t len, const char *word)
{
    size_t word_len = strlen(word);
    for (size_t i = 0; i + word_len <= len; i++)
        if ((i == 0 || list[i - 1] == ',') && strncmp(list + i, word, word_len) == 0 &&
            (i + word_len == len || list[i + word_len] == ','))
            return true;
    return false;
}

/* Lines are "0::/group" (version 2) and "4:cpu,cpuacct:/group" (version 1). */
int acf_threads_quota(const char *self_cgroup, const char *mount)
{
    char group[PATH_CAP], root[PATH_CAP];
    int least = INT_MAX;

    for (const char *line = self_cgroup; *line != '\0';) {
        size_t line_len = strcspn(line, "\n");
        const char *end = line + line_len;
        const char *list = memchr(line, ':', line_len);
        const char *path = list != NULL ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
        line = *end == '\n' ? end + 1 : end;
        if (path == NULL || (size_t)(end - path) > sizeof group) continue;

        size_t list_len = (size_t)(path - list - 1), group_len = (size_t)(end - path - 1);
        memcpy(group, path + 1, group_len);
        group[group_len] = '\0';
        if (list_len > 0 && !has_word(list + 1, list_len, "cpu")) continue;
        int len = snprintf(root, sizeof root, "%s%s", mount, list_len > 0 ? "/cpu" : "");
        if (len < 0 || (size_t)len >= sizeof root) continue;
        int n = quota_of_group(root, group);
        if (n < least) least = n;
    }
    return least;
}

int acf_threads_available(void)
{
    int n = omp_get_num_procs();
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) n = CPU_COUNT(&set);

    char text[TEXT_CAP];
    if (acf_read_kernel_file(text, sizeof text, "/proc/self/cgroup", NULL) == ACF_OK) {
        int quota = acf_threads_quota(text, CGROUP_MOUNT);
        if (quota < n) n = quota;
    }
    return n >= 1 ? n : 1;
}

void acf_cpu_name(char name[96])
{
    char text[4096];
    static const char key[] = "model name"; /* in /proc/cpuinfo */
    name[0] = '\0';
    if (acf_read_kernel_file(text, sizeof text, "/proc/cpuinfo", NULL) != ACF_OK) return;
    const char *at = strstr(text, key);
    if (at == NULL) return;
    at += sizeof key - 1;
    at += strspn(at, "\t :");
    (void)snprintf(name, 96, "%.*s", (int)(strcspn(at, "\n") < 90 ? strcspn(at, "\n") : 90), at);
}

static void ignore_denormals(void)
{
#ifdef __SSE__
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };
    _mm_setcsr(_mm_getcsr() | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
#endif
}

void acf_threads_set(int n)
{
    omp_set_dynamic(0);
    omp_set_num_threads(n >= 1 ? n : 1);
#pragma omp parallel
    ignore_denormals();
}

int acf_threads_get(void)
{
    return omp_in_parallel() ? 1 : omp_get_max_threads();
}
