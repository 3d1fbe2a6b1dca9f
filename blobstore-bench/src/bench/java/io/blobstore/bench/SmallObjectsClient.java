package io.blobstore.bench;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves many small objects, each by one request, with as many threads as the job has parts at once. The content is
 * outside the heap.
 */
final class SmallObjectsClient implements BenchmarkClient {
    /** In a round, by all threads together. */
    static final int OBJECTS = 1024;

    private final TransferSpec job;
    private final ObjectMoves moves;
    private final PartWorkers threads;
    private final List<Hand> hands = new ArrayList<>();

    /** What one of the threads has for itself. */
    private record Hand(ByteBuffer memory, Latencies latencies) {}

    SmallObjectsClient(TransferSpec job, ObjectMoves moves) {
        this.job = job;
        this.moves = moves;
        this.threads = new PartWorkers(job.concurrency());
        for (int i = 0; i < job.concurrency(); i++) {
            hands.add(new Hand(ByteBuffer.allocateDirect(job.partSize()), new Latencies()));
        }
    }

    @Override
    public void round() throws Exception {
        threads.forEachPart(hands.size(), 1, (index, offset, length) -> move(hands.get(index)));
    }

    private void move(Hand hand) throws Exception {
        for (int i = 0; i < OBJECTS / hands.size(); i++) {
            long start = System.nanoTime();
            if (job.isUpload()) {
                moves.put(hand.memory.clear());
            } else {
                moves.get(hand.memory.clear());
            }
            hand.latencies.add(System.nanoTime() - start);
        }
    }

    @Override
    public Latencies takeLatencies() {
        Latencies all = new Latencies();
        for (Hand hand : hands) {
            all.addAll(hand.latencies);
            hand.latencies.clear();
        }
        return all;
    }

    @Override
    public void close() throws Exception {
        threads.close();
        moves.close();
    }
}
