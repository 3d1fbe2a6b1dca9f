/**
 * The report of the benchmarks: reads what they left in a directory, and writes it as Markdown, as one page of HTML and
 * as charts.
 *
 * <p>Runs and measures nothing, so that a report can be written again from the same results. Depends on jackson-jr for
 * the result files, which are JMH's or like them, and on XChart for the charts, and on nothing of the benchmarks; it
 * knows neither JMH nor the stores, and the names of clients only as far as it must compare them.
 */
@NullMarked
package io.blobstore.bench.report;

import org.jspecify.annotations.NullMarked;
