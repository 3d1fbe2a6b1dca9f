package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The base of tests that upload from a mapping while the server, the network or a token fails: the content arrives
 * unchanged, or nothing is left over.
 */
@ExtendWith(LeakCheck.class)
abstract class GcsFaultsBase {
    static final int PART = 5 << 20;
    static final int PARTS = 4;
    static final byte[] CONTENT = new byte[(PARTS - 1) * PART + 1];
    static final BlobKey KEY = BlobKey.of("some-blob");
    static final Predicate<ScriptedExchange> IS_PART =
            request -> request.method().equals("PUT") && request.target().contains("partNumber=");
    static final Predicate<ScriptedExchange> IS_COMPLETION =
            request -> request.method().equals("POST") && request.target().contains("?uploadId=");
    static final Predicate<ScriptedExchange> IS_REWRITE =
            request -> request.target().contains("/rewriteTo/");

    /** Matches aborts of uploads, and not deletions of objects. */
    static final Predicate<ScriptedExchange> IS_ABORT =
            request -> request.method().equals("DELETE") && request.target().contains("?uploadId=");

    static {
        new SplittableRandom(1).nextBytes(CONTENT);
    }

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    @TempDir
    Path directory;

    final StoredBlob upload(BlobStore store, Precondition condition) throws IOException, InterruptedException {
        Path path = Files.write(directory.resolve("source"), CONTENT);
        try (TransferManager uploader = TransferManager.create();
                MappedFile file = MappedFile.open(path)) {
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .concurrency(2)
                    .store(StoreOptions.builder().precondition(condition).build())
                    .build();
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options);
            file.close();
            try {
                return transfer.join();
            } finally {
                assertThat(file.isReleased())
                        .as("memory is released when the transfer ends")
                        .isTrue();
            }
        }
    }

    final void assertStored() {
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()))
                .hasValueSatisfying(object ->
                        assertThat(Arrays.equals(object.content(), CONTENT)).isTrue());
        assertNothingLeftOver();
    }

    final void assertNothingLeftOver() {
        assertThat(server.get().uploads(FakeServer.BUCKET)).isEmpty();
        assertThat(server.get().names(FakeServer.BUCKET)).noneMatch(name -> name.contains(".blobstore-unpublished/"));
    }

    /** Creates an upload and sends all of its parts. */
    static MultipartUpload sent(BlobStore store, Precondition condition) throws IOException {
        PartLayout layout = new PartLayout(CONTENT.length, PART);
        BlobSource content = BlobSource.of(ByteBuffer.wrap(CONTENT));
        MultipartUpload upload = store.createMultipartUpload(
                KEY, layout, StoreOptions.builder().precondition(condition).build());
        for (int part = 1; part <= PARTS; part++) {
            upload.uploadPart(part, content.slice(layout.offset(part), layout.length(part)));
        }
        return upload;
    }

    static Precondition condition(boolean conditional) {
        return conditional ? Precondition.ifAbsent() : Precondition.none();
    }

    /** Runs an action in the server's thread when the next matching request arrives, before it is carried out. */
    final void whenSeen(Predicate<ScriptedExchange> which, Runnable action) {
        AtomicBoolean done = new AtomicBoolean();
        whenSeenEachTime(seen -> {
            if (which.test(seen) && done.compareAndSet(false, true)) {
                action.run();
            }
        });
    }

    /** Runs an action in the server's thread when any request arrives, before it is carried out. */
    final void whenSeenEachTime(Consumer<ScriptedExchange> action) {
        server.get()
                .fault(
                        seen -> {
                            action.accept(seen);
                            return false;
                        },
                        ScriptedFault.none());
    }
}
