/*
 * ACF_ASSERT: for programmers' errors only, always on; prints the expression and its place and
 * aborts.  User data never reaches one: it is checked and answered with an acf_error.
 */
#ifndef ACF_BASE_ASSERT_H
#define ACF_BASE_ASSERT_H

_Noreturn void acf_assert_failed(const char *expr, const char *file, int line);

#define ACF_ASSERT(cond) ((cond) ? (void)0 : acf_assert_failed(#cond, __FILE__, __LINE__))

#endif
