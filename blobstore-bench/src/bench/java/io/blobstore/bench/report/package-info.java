/**
 * The report of the benchmarks: results as JSON, and a writer of Markdown tables and charts. It runs nothing, and knows
 * neither JMH nor clients nor stores, so that a report can be written again from the same results.
 */
@NullMarked
package io.blobstore.bench.report;

import org.jspecify.annotations.NullMarked;
