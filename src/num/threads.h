/* The one place that sets and asks the number of threads, and knows what they run on. */
#ifndef ACF_NUM_THREADS_H
#define ACF_NUM_THREADS_H

/* Threads this process may really use: CPU affinity, cut down to the cgroup's CPU quota (v1 and
 * v2), at least 1. */
int acf_threads_available(void);

/* Whole processors that the CPU quotas of this process's control groups allow, rounded up; INT_MAX
 * without a quota.  self_cgroup: the text of /proc/self/cgroup; mount: where the hierarchies are
 * ("/sys/fs/cgroup"). */
int acf_threads_quota(const char *self_cgroup, const char *mount);

/* The processor as the kernel names it; empty where it does not. */
void acf_cpu_name(char name[96]);

/* Use n threads from here on (n >= 1).  In each of them numbers too small for full precision
 * (denormals) count as zero, as operands and as results, where the processor can do so: they would
 * make arithmetic many times slower, and moments of an optimizer fade through them.  Threads that
 * are started later inherit this. */
void acf_threads_set(int n);

/* Threads that a parallel region started here will have. */
int acf_threads_get(void);

#endif
