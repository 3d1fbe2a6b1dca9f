package io.blobstore.bench.jmh;

import io.blobstore.bench.SmallObjects;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** How many small objects there are in a second, and how long each takes, with four threads. */
@BenchmarkMode(Mode.SampleTime) // how many, the profiler counts meanwhile
@Warmup(iterations = 1, time = 12)
@Measurement(iterations = 3, time = 1)
@Threads(4)
public class SmallObjectsBenchmark extends TransferBenchmark {
    private static final int CONNECTIONS = 4;

    /** Who moves them. */
    @State(Scope.Benchmark)
    public static class Objects {
        @Param({"BLOBSTORE", "HAND_ROLLED", "APACHE_SYNC", "NETTY_ASYNC", "CRT_ASYNC", "GCS_BLOBSTORE", "GCS_STORAGE"})
        private String client;

        @Param({"HTTP", "HTTPS"})
        private String transport;

        @Param({"4096", "65536", "1048576"})
        private int bytes;

        private SmallObjects objects;

        /** Starts server and client. */
        @Setup(Level.Trial)
        public void start() throws Exception {
            objects = SmallObjects.start(client, bytes, CONNECTIONS, transport.equals("HTTPS"));
        }

        /** For the profiler. */
        @TearDown(Level.Iteration)
        public void stopCounting() {
            ClientProfiler.stop();
        }

        /** Ends them. */
        @TearDown(Level.Trial)
        public void close() throws Exception {
            if (objects != null) {
                objects.close();
            }
        }
    }

    /** Where a thread reads to. */
    @State(Scope.Thread)
    public static class Target {
        private ByteBuffer memory;

        /** Outside the heap. */
        @Setup(Level.Trial)
        public void allocate(Objects objects) {
            memory = ByteBuffer.allocateDirect(objects.bytes);
        }
    }

    /** Stores one. */
    @Benchmark
    public void put(Objects objects) throws Exception {
        objects.objects.put();
    }

    /** Reads one. */
    @Benchmark
    public ByteBuffer get(Objects objects, Target target) throws Exception {
        objects.objects.get(target.memory.clear());
        return target.memory;
    }
}
