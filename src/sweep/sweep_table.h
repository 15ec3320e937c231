/*
 * What a sweep shows: figures of each variant and head on each task, as Markdown, CSV and JSON.
 *
 * A column is a task with one of its metrics.  Its figures are mean and standard deviation over the
 * runs that finished; in Markdown in percent for metrics of which more is better.  The best mean of
 * a column is marked, among the rows all of whose runs are over and none diverged.  "mean" is over
 * the tasks, of each the mean over its metrics, as GLUE's score is, but those of which less is
 * better; it is left out while a figure is missing and where a task has only such metrics.
 */
#ifndef ACF_SWEEP_SWEEP_TABLE_H
#define ACF_SWEEP_SWEEP_TABLE_H

#include "base/str.h"
#include "sweep/sweep.h"

acf_status acf_sweep_markdown(acf_str *out, const acf_sweep *s, acf_error *e) ACF_MUST_USE;

/* variant,task,metric,head,n,diverged,undefined,open,mean,sd,low,high,best: a row for each cell;
 * then one for each row's mean, with task "mean" and the runs that diverged on all tasks. */
acf_status acf_sweep_csv(acf_str *out, const acf_sweep *s, acf_error *e) ACF_MUST_USE;

/* {"sweep", "runs", "finished", "diverged", "cells": [{"variant", "task", "metric", "head", "n",
 * "diverged", "undefined", "open", "mean", "sd", "ci", "seeds" (or "folds"), "values", "best"}],
 * "means": [{"variant", "head", "diverged", "mean", "best"}]}. */
acf_status acf_sweep_json(cJSON **out, const acf_sweep *s, acf_error *e) ACF_MUST_USE;

/* table.md, table.csv and table.json of the runs that are chosen, in the order of the file, and
 * results.jsonl (acf_sweep_write_lines). */
acf_status acf_sweep_write(const acf_sweep *s, acf_error *e) ACF_MUST_USE;

#endif
