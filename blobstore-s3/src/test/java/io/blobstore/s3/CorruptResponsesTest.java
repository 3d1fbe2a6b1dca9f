package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.Pairwise;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.MappedFile;
import io.blobstore.s3.FaultyS3.Fault;
import io.blobstore.s3.FaultyS3.Moment;
import io.blobstore.s3.FaultyS3.Operation;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Replaces the response to each kind of request by each kind of wrong one, before or after the server has carried out
 * the request: the operation succeeds or fails with a typed error, the key has the old bytes or the new, and nothing is
 * left over.
 */
@ExtendWith({LeakCheck.class, S3ProxyServer.Shared.class})
class CorruptResponsesTest {
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final BlobKey SOURCE = BlobKey.of("source");
    private static final int PART = 5 << 20;
    private static final byte[] OLD = bytes(100);
    private static final byte[] SMALL = bytes(200);
    private static final byte[] LARGE = bytes(2 * PART + 300); // three parts
    private static final List<String> MANY = List.of("many/1", "many/2", "many/3");
    private static final int ALWAYS = 1000;
    /** The faults after which a retry may succeed. */
    private static final Set<Fault> TRANSIENT =
            EnumSet.of(Fault.SERVER_ERROR, Fault.SLOW_DOWN, Fault.RESET, Fault.TRUNCATED);

    private static final UploadOptions OPTIONS = UploadOptions.builder()
            .partSize(PART)
            .concurrency(2)
            .retry(RetryPolicy.builder()
                    .maxAttempts(3)
                    .baseDelay(Duration.ofNanos(1))
                    .maxDelay(Duration.ofNanos(1))
                    .maxRetryAfter(Duration.ofMillis(1))
                    .throttlingTimeout(Duration.ofMillis(1))
                    .build())
            .build();

    @TempDir
    private static Path directory;

    private static S3ProxyServer server;
    private static TestBucket bucket;
    private static Path largeFile;

    private final String prefix = UUID.randomUUID() + "/";

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(size).nextBytes(bytes);
        return bytes;
    }

    @BeforeAll
    static void createBucket(S3ProxyServer shared) throws IOException {
        server = shared;
        bucket = server.newBucket();
        largeFile = Files.write(directory.resolve("large"), LARGE);
    }

    /** Deletes the blobs: the server has little memory, and is used by other tests after this one. */
    @AfterEach
    void deleteBlobs() throws IOException {
        try (BlobStore direct = server.store(bucket.name()).open()) {
            direct.deleteAll(prefix);
        }
    }

    private static Stream<Arguments> faults() {
        Set<Fault> wrong = EnumSet.complementOf(EnumSet.of(Fault.FLIPPED_RESPONSE, Fault.FLIPPED_REQUEST));
        return Pairwise.arguments(
                List.of(Operation.values()), List.copyOf(wrong), List.of(Moment.values()), List.of(1, ALWAYS));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aWrongResponseEndsInSuccessOrATypedErrorAndNothingIsLeftOver(
            Operation operation, Fault fault, Moment moment, int times) throws Exception {
        try (BlobStore direct = server.store(bucket.name()).prefix(prefix).open();
                FaultyS3 proxy = new FaultyS3(server.endpoint())) {
            direct.store(KEY, BlobSource.of(ByteBuffer.wrap(OLD)));
            prepare(operation, direct, proxy);
            proxy.inject(operation, fault, moment, times);
            Throwable problem;
            ByteArrayOutputStream log = new ByteArrayOutputStream();
            PrintStream console = System.err;
            System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
            try (ImmediateRetryClient client = new ImmediateRetryClient(
                            proxy.endpoint(), S3ProxyServer.REGION, S3ProxyServer.credentials());
                    BlobStore store = client.store(bucket.name()).prefix(prefix).open()) {
                problem = catchThrowable(() -> run(operation, store));
            } finally {
                System.setErr(console);
            }

            if (problem != null) {
                assertThat(problem).isInstanceOf(BlobStoreException.class);
            }
            if (times == 1 && TRANSIENT.contains(fault)) {
                requireCured(operation, problem);
            }
            boolean misled = fault == Fault.EMPTY_SUCCESS && moment == Moment.BEFORE;
            requireOldOrNew(operation, problem == null && !misled, proxy.forwarded(operation) > 0, direct);
            assertThat(LeaseTicket.openLeases()).isEmpty();
            // The id of an upload is unknown if the response to its creation was lost.
            long unknown = proxy.lost(Operation.CREATE_MULTIPART_UPLOAD);
            boolean kept = operation == Operation.ABORT_MULTIPART_UPLOAD && proxy.forwarded(operation) == 0;
            assertThat(bucket.uploads(prefix)).hasSize((int) unknown + (kept ? 1 : 0));
            if (unknown > 0) {
                assertThat(bucket.partsOfUploads(prefix)).isZero();
            }
            if (operation == Operation.ABORT_MULTIPART_UPLOAD) {
                requireReported(fault, times, problem, log.toString(StandardCharsets.UTF_8));
            }
        }
    }

    /** Requires that a transient fault was cured by a retry, if the store or the uploader retries the operation. */
    private static void requireCured(Operation operation, Throwable problem) {
        switch (operation) {
            case PUT_OBJECT, GET_OBJECT -> // retried by the caller, which owns the memory
                assertThat(problem)
                        .isInstanceOfSatisfying(
                                BlobStoreException.class,
                                e -> assertThat(e.isRetryable()).isTrue());
            case ABORT_MULTIPART_UPLOAD ->
                assertThat(problem.getSuppressed()).noneMatch(CorruptResponsesTest::isOfAbort);
            default -> assertThat(problem).isNull();
        }
    }

    private static void requireOldOrNew(Operation operation, boolean succeeded, boolean received, BlobStore direct)
            throws IOException {
        Optional<Crc32c> before = Optional.of(crc(OLD));
        Optional<Crc32c> after = switch (operation) {
            case PUT_OBJECT, COPY_OBJECT -> Optional.of(crc(SMALL));
            case CREATE_MULTIPART_UPLOAD, UPLOAD_PART, COMPLETE_MULTIPART_UPLOAD -> Optional.of(crc(LARGE));
            case DELETE_OBJECT -> Optional.empty();
            default -> before;
        };
        Optional<Crc32c> found = found(direct);
        if (succeeded) {
            assertThat(found).isEqualTo(after);
        } else if (received) {
            assertThat(found).isIn(before, after);
        } else {
            assertThat(found).isEqualTo(before);
        }
        if (operation == Operation.DELETE_OBJECTS) {
            assertThat(names(direct)).isIn(MANY, List.of());
            assertThat(succeeded && !names(direct).isEmpty()).isFalse();
        }
    }

    /** Requires that a failed abort is reported as suppressed by the failure of the upload, and in the log. */
    private static void requireReported(Fault fault, int times, Throwable problem, String log) {
        boolean curable = TRANSIENT.contains(fault) || fault == Fault.ERROR_IN_SUCCESS;
        boolean reported = fault != Fault.EMPTY_SUCCESS && (times > 1 || !curable);
        assertThat(Arrays.stream(problem.getSuppressed()).anyMatch(CorruptResponsesTest::isOfAbort))
                .isEqualTo(reported);
        assertThat(log.contains("could not be aborted")).isEqualTo(reported);
    }

    private static boolean isOfAbort(Throwable problem) {
        return problem instanceof BlobStoreException && problem.getMessage().startsWith("abort ");
    }

    // ---- the operations

    private static void prepare(Operation operation, BlobStore direct, FaultyS3 proxy) throws IOException {
        switch (operation) {
            case LIST_OBJECTS, DELETE_OBJECTS -> {
                for (String name : MANY) {
                    direct.store(BlobKey.of(name), BlobSource.of(ByteBuffer.wrap(SMALL)));
                }
            }
            case COPY_OBJECT -> direct.store(SOURCE, BlobSource.of(ByteBuffer.wrap(SMALL)));
            case ABORT_MULTIPART_UPLOAD ->
                proxy.inject(Operation.UPLOAD_PART, Fault.BAD_REQUEST, Moment.BEFORE, ALWAYS);
            default -> {
                // needs no other blobs
            }
        }
    }

    private static void run(Operation operation, BlobStore store) throws IOException, InterruptedException {
        switch (operation) {
            case PUT_OBJECT -> store.store(KEY, BlobSource.of(ByteBuffer.wrap(SMALL)));
            case CREATE_MULTIPART_UPLOAD, UPLOAD_PART, COMPLETE_MULTIPART_UPLOAD, ABORT_MULTIPART_UPLOAD ->
                upload(store);
            case GET_OBJECT -> assertThat(found(store)).contains(crc(OLD));
            case HEAD_OBJECT -> assertThat(store.head(KEY).size()).isEqualTo(OLD.length);
            case LIST_OBJECTS -> assertThat(names(store)).isEqualTo(MANY);
            case DELETE_OBJECT -> store.delete(KEY);
            case DELETE_OBJECTS -> assertThat(store.deleteAll("many/")).isEqualTo(MANY.size());
            case COPY_OBJECT -> store.copy(SOURCE, KEY);
            default -> throw new AssertionError(operation);
        }
    }

    private static Optional<Crc32c> found(BlobStore store) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(LARGE.length);
        try {
            store.read(KEY, ByteRange.all(), target);
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        }
        return Optional.of(Crc32c.of(target.flip()));
    }

    private static Crc32c crc(byte[] bytes) {
        return Crc32c.of(ByteBuffer.wrap(bytes));
    }

    private static void upload(BlobStore store) throws IOException, InterruptedException {
        try (TransferManager uploader = TransferManager.create();
                MappedFile file = MappedFile.open(largeFile)) {
            uploader.upload(store, KEY, file.region(), OPTIONS).join();
        }
    }

    private static List<String> names(BlobStore store) throws IOException {
        List<String> names = new ArrayList<>();
        try (BlobListing listing = store.list(ListOptions.prefix("many/"))) {
            while (listing.hasNext()) {
                names.add(listing.next().name());
            }
        }
        return names;
    }
}
