package io.blobstore.bench.jmh;

import com.sun.management.OperatingSystemMXBean;
import io.blobstore.bench.GarbageCollections;
import io.blobstore.bench.ResidentMemory;
import io.blobstore.cli.HeapMeter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What a transfer takes beside time: CPU time of the whole client process, user and system, and bytes allocated on its
 * heap, both for a GiB moved; the most anonymous memory over what there was before the first transfer; and garbage
 * collections. Of small objects, both are for an operation, and it counts how many there are in a second. The server is
 * another process, and not counted. {@code -prof io.blobstore.bench.jmh.ClientProfiler}
 */
public final class ClientProfiler implements InternalProfiler {
    private static final double GIB = 1L << 30;
    private static final double MIB = 1L << 20;
    private static final double KIB = 1L << 10;
    private static final double NANOS = 1e9;
    private static final double MICROS = 1e6;
    /** The parameter that transfers have. */
    private static final String SIZE = "mib";

    /** JMH makes the profiler, and the states, which know when an iteration is over: they meet here. */
    private static volatile Meter running;

    private ResidentMemory memory;

    /** What is used from now on. */
    private static final class Meter {
        private final OperatingSystemMXBean process =
                (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        private final HeapMeter heap = HeapMeter.start();
        private final long collectionsBefore = GarbageCollections.count();
        private final long cpuBefore = process.getProcessCpuTime();
        private final long start = System.nanoTime();
        private Usage used;

        synchronized Usage stop() {
            if (used == null) {
                double cpu = (process.getProcessCpuTime() - cpuBefore) / NANOS;
                double elapsed = (System.nanoTime() - start) / NANOS;
                long bytes = heap.bytesAllocated();
                used = new Usage(
                        elapsed, cpu, bytes, heap.isComplete(), GarbageCollections.count() - collectionsBefore);
            }
            return used;
        }
    }

    private record Usage(double elapsed, double cpu, long heapBytes, boolean isHeapComplete, long collections) {}

    /**
     * To be called when an iteration is over: what follows the last one, as the end of the client does, is not counted
     * then.
     */
    static void stop() {
        Meter meter = running;
        if (meter != null) {
            meter.stop();
        }
    }

    @Override
    public String getDescription() {
        return "CPU time and heap allocation per GiB moved, or per operation, peak of anonymous memory, garbage collections";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        if (memory == null) {
            memory = ResidentMemory.watch();
        }
        running = new Meter();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        Usage used = running.stop();
        long operations = result.getMetadata().getAllOps();
        List<Result<?>> results = new ArrayList<>();
        Result<?> heap;
        if (isTransfer(benchmark)) {
            double gib = operations * Long.parseLong(benchmark.getParam(SIZE)) * MIB / GIB;
            results.add(average("cpu", used.cpu / gib, "s/GiB"));
            heap = average("heap", used.heapBytes / MIB / gib, "MiB/GiB");
        } else {
            results.add(average("operations", operations / used.elapsed, "ops/s"));
            results.add(average("cpu", used.cpu * MICROS / operations, "us/op"));
            heap = average("heap", used.heapBytes / KIB / operations, "KiB/op");
        }
        if (used.isHeapComplete) {
            results.add(heap);
        }
        results.add(new ScalarResult("memory", memory.growth() / MIB, "MiB", AggregationPolicy.MAX));
        results.add(new ScalarResult("gc", used.collections, "counts", AggregationPolicy.SUM));
        return results;
    }

    private static Result<?> average(String label, double value, String unit) {
        return new ScalarResult(label, value, unit, AggregationPolicy.AVG);
    }

    private static boolean isTransfer(BenchmarkParams benchmark) {
        return benchmark.getParam(SIZE) != null;
    }
}
