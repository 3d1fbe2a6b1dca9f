package io.blobstore.bench;

import io.blobstore.bench.ReadPlan.Read;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;

/** A round of reads with an open client: each reader of the plan on a thread of its own. */
final class ReadRound {
    /** The reads of one reader. */
    @FunctionalInterface
    interface Reader {
        void read(List<Read> reads) throws Exception;
    }

    private ReadRound() {}

    /** Makes the reads of a plan, and waits for their end. */
    static void run(ReadPlan plan, ExecutorService threads, Reader reader) throws Exception {
        if (plan.readers().size() == 1) {
            reader.read(plan.readers().get(0));
            return;
        }
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (List<Read> reads : plan.readers()) {
            all.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            reader.read(reads);
                        } catch (Exception e) {
                            throw new BenchmarkException("a read failed: " + e);
                        }
                    },
                    threads));
        }
        all.forEach(CompletableFuture::join);
    }

    /** Requires that a read has returned as many bytes as it should. */
    static void require(Read read, int bytes) {
        if (bytes != read.length()) {
            throw new BenchmarkException("a read of " + read.length() + " bytes returned " + bytes);
        }
    }
}
