package io.blobstore.bench;

import io.blobstore.bench.MemoryImage.Change;
import io.blobstore.bench.ServerObjects.Received;
import io.blobstore.memory.MappedFile;
import io.blobstore.s3.S3BlobStore;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Splitter;
import io.blobstore.split.repository.BlobStoreObjects;
import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitOptions;
import io.blobstore.transfer.TransferManager;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * Counts what is sent to an S3 server when content is split that resembles what was split before. The counts of bytes
 * of bodies depend on the content only, not on time.
 */
final class Resends implements Closeable {
    private static final String STREAM = "stream";

    private final DiscardServer server;
    private final S3BlobStore store;
    private final TransferManager transfers = TransferManager.create();
    private final Repository repository;

    /**
     * What was sent.
     *
     * @param cut where the content is cut, in words
     * @param change how the content differs from what was split before
     * @param size the size of the content in bytes
     * @param seconds how long the split took
     */
    record Sent(String cut, String change, long size, Received received, double seconds) {
        /** Returns the bytes of bodies as a percentage of the content. */
        double percent() {
            return 100.0 * received.bodies() / size;
        }

        /** Returns the bytes of bodies and heads as a percentage of the content. */
        double percentWithHeads() {
            return 100.0 * (received.bodies() + received.heads()) / size;
        }
    }

    /** A way to cut content. */
    enum Cut {
        KIB_64("blocks of 64 KiB", Splitter.fixed(64 << 10)),
        KIB_256("blocks of 256 KiB", Splitter.fixed(256 << 10)),
        MIB_1("blocks of 1 MiB", Splitter.fixed(1 << 20)),
        MIB_4("blocks of 4 MiB", Splitter.fixed(4 << 20)),
        CONTENT_DEFINED("content-defined, 256 KiB on average", Splitter.contentDefined());

        final String title;
        final Splitter splitter;

        Cut(String title, Splitter splitter) {
            this.title = title;
            this.splitter = splitter;
        }
    }

    /** Starts a server that has nothing. */
    Resends() throws IOException {
        server = DiscardServer.startCatalog();
        store = S3BlobStore.builder(TransferSpec.BUCKET)
                .endpoint(URI.create("http://127.0.0.1:" + server.port()))
                .region(TransferSpec.REGION)
                .pathStyle(true)
                .nativeConditions(true) // as for AWS; otherwise each object takes a third request
                .credentials(StaticCredentialsProvider.create(AwsBasicCredentials.create("benchmark", "benchmark")))
                .open();
        repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    /** Splits a file, and returns what is sent for it. */
    Sent split(Path file, Cut cut, String change) throws IOException, InterruptedException {
        Received before = server.received();
        long start = System.nanoTime();
        SplitOptions options = SplitOptions.builder().splitter(cut.splitter).build();
        try (MappedFile source = MappedFile.open(file)) {
            SplitEngine.of(transfers)
                    .split(repository, STREAM, source.region(), options)
                    .join();
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Sent(cut.title, change, source.size(), server.received().since(before), seconds);
        }
    }

    @Override
    public void close() throws IOException {
        transfers.close();
        store.close();
        server.close();
    }

    /** Splits an image, changes a part of its pages, splits it again, and restores it. */
    static List<Sent> changedPages(MemoryImage image, Cut cut, double share, Change... changes)
            throws IOException, InterruptedException {
        try (Resends resends = new Resends()) {
            List<Sent> all = new ArrayList<>();
            all.add(resends.split(image.file(), cut, "none: the first time"));
            for (Change change : changes) {
                BitSet changed = change.of((int) (image.size() / MemoryImage.PAGE), share);
                image.change(changed);
                all.add(resends.split(image.file(), cut, change.title));
                image.restore(changed);
            }
            return all;
        }
    }

    /** Splits a file, and then the same content with one more byte at its beginning. */
    static Sent insertedByte(Path file, Cut cut) throws IOException, InterruptedException {
        Path longer = file.resolveSibling(file.getFileName() + "-longer");
        try (Resends resends = new Resends()) {
            try (OutputStream out = Files.newOutputStream(longer)) {
                out.write(1);
                Files.copy(file, out);
            }
            resends.split(file, cut, "none: the first time");
            return resends.split(longer, cut, "one byte inserted at the front");
        } finally {
            Files.deleteIfExists(longer);
        }
    }
}
