package io.blobstore.bench;

import io.blobstore.bench.Scenario.Direction;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Small objects, each moved by one request, by a client in this JVM, from and to a server in another. The content is
 * outside the heap, as in a mapping. Thread-safe.
 */
public final class SmallObjects implements AutoCloseable {
    private final BenchmarkEnvironment laboratory;
    private final ObjectMoves moves;
    private final ByteBuffer content;

    private SmallObjects(BenchmarkEnvironment laboratory, ObjectMoves moves, int bytes) {
        this.laboratory = laboratory;
        this.moves = moves;
        this.content = ByteBuffer.allocateDirect(bytes);
    }

    /**
     * Starts server and client.
     *
     * @param client the name of a {@link Competitor}
     * @param bytes of an object
     * @param connections at most
     * @param encrypted as of {@link Trial#start}
     */
    public static SmallObjects start(String client, int bytes, int connections, boolean encrypted) throws Exception {
        BenchmarkEnvironment laboratory =
                new BenchmarkEnvironment(Workspace.parent(Optional.empty(), bytes), bytes, Conditions.NONE);
        try {
            Competitor competitor = Competitor.valueOf(client);
            TransferSpec job = laboratory.job(competitor, Scenario.of(Direction.READ, encrypted), bytes, connections);
            laboratory.clientProperties(job).forEach(System::setProperty);
            return new SmallObjects(laboratory, ObjectMoves.of(competitor, job), bytes);
        } catch (Throwable e) {
            laboratory.close();
            throw e;
        }
    }

    /** Stores one. */
    public void put() throws Exception {
        moves.put(content.duplicate());
    }

    /**
     * Reads one.
     *
     * @param target has just the room for it
     */
    public void get(ByteBuffer target) throws Exception {
        moves.get(target);
    }

    @Override
    public void close() throws Exception {
        try (laboratory) {
            moves.close();
        }
    }
}
