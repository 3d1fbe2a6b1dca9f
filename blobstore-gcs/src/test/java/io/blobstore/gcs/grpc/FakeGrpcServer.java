package io.blobstore.gcs.grpc;

import java.io.IOException;
import java.util.SplittableRandom;

/** A {@link FakeGrpcStorage} in a process of its own, for benchmarks. */
public final class FakeGrpcServer {
    /** The bucket. */
    public static final String BUCKET = FakeGrpcStorage.BUCKET;

    private FakeGrpcServer() {}

    /**
     * Serves one object with random content until standard input ends. Prints {@code #port N}.
     *
     * @param args the name and the size of the object
     */
    public static void main(String[] args) throws IOException {
        byte[] content = new byte[Integer.parseInt(args[1])];
        new SplittableRandom(1).nextBytes(content);
        try (FakeGrpcStorage storage = FakeGrpcStorage.start()) {
            storage.put(args[0], content);
            System.out.println("#port " + storage.endpoint().getPort());
            while (System.in.read() >= 0) {}
        }
    }
}
