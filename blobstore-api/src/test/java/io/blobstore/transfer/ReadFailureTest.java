package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedReads.failure;
import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.contract.PiecesWindow;
import io.blobstore.contract.SuppressedFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how reads fail. */
@Timeout(120)
class ReadFailureTest {
    private static final byte[] OLD = {1, 2, 3};

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void oldFile() throws IOException {
        path = Files.write(directory.resolve("file"), OLD);
    }

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    /** Starts a read in parts of 10 bytes. */
    private Transfer<ReadResult> begin(
            Executor executor, ScriptedReads store, BlobTarget target, int concurrency, RetryPolicy retry)
            throws IOException {
        try (TransferManager reader =
                TransferManager.builder().executor(executor).build()) {
            return reader.download(
                    store,
                    KEY,
                    ByteRange.all(),
                    target,
                    DownloadOptions.builder()
                            .partSize(10)
                            .concurrency(concurrency)
                            .retry(retry)
                            .build());
        }
    }

    /** Returns the failure of a read into memory and into a file, both of which must be unchanged afterwards. */
    private Throwable failureOf(ScriptedReads store, int concurrency) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(200).position(5);
        Throwable problem =
                catchThrowable(begin(threads, store, BlobTarget.of(target), concurrency, RetryPolicy.NEVER)::join);
        assertThat(target.position()).isEqualTo(5);
        assertThat(target.limit()).isEqualTo(200);
        Throwable ofPath =
                catchThrowable(begin(threads, store, BlobTarget.ofPath(path), concurrency, RetryPolicy.NEVER)::join);
        assertThat(ofPath).hasSameClassAs(problem);
        assertThat(path).hasBinaryContent(OLD);
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(path));
        return problem;
    }

    // ---- failures of one part

    @Test
    void theFirstFailureInterruptsTheOthersAndIsReportedWhenTheLastHasLeft() throws Exception {
        CountDownLatch otherInside = new CountDownLatch(1);
        CountDownLatch firstLeft = new CountDownLatch(1);
        CountDownLatch letOtherGo = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(100)).on(read -> {
            if (read.offset() == 10) {
                ScriptedStore.await(otherInside);
                throw failure("the first", false);
            }
            if (read.offset() > 10) {
                otherInside.countDown();
                try {
                    ScriptedStore.awaitInterrupt();
                } catch (BlobStoreException e) {
                    interrupted.set(true);
                }
                ScriptedStore.awaitUninterruptibly(letOtherGo); // a store that releases the memory late
            }
        });
        Executor telling = task -> threads.execute(() -> {
            task.run();
            firstLeft.countDown();
        });
        TransferManager reader = TransferManager.builder().executor(telling).build();
        Transfer<ReadResult> transfer = reader.download(
                store,
                KEY,
                ByteRange.all(),
                BlobTarget.ofPath(path),
                DownloadOptions.builder().partSize(10).concurrency(2).build());
        assertThat(firstLeft.await(60, TimeUnit.SECONDS)).isTrue();

        // The worker that failed has left, the other one is still inside the store.
        assertThat(store.inside()).isEqualTo(1);
        assertThat(transfer.toCompletableFuture()).isNotDone();
        assertThat(transfer.cancel()).isFalse(); // the outcome is decided
        letOtherGo.countDown();

        assertThatThrownBy(transfer::join)
                .hasMessageContaining("the first")
                .satisfies(problem -> assertThat(SuppressedFailures.of(problem)).isEmpty());
        reader.close();
        assertThat(interrupted).isTrue();
        assertThat(store.requests()).containsExactlyInAnyOrder("READ 0+10", "READ 10+10 of v1", "READ 20+10 of v1");
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(path));
        assertThat(path).hasBinaryContent(OLD);
    }

    @Test
    void furtherFailuresAreSuppressed() throws Exception {
        CountDownLatch allInside = new CountDownLatch(3);
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(40)).on(read -> {
            if (read.offset() > 0) {
                allInside.countDown();
                ScriptedStore.awaitUninterruptibly(allInside);
                throw failure("at " + read.offset(), false);
            }
        });

        Throwable problem = failureOf(store, 3);

        assertThat(problem).isInstanceOf(BlobStoreException.class);
        List<Throwable> suppressed = SuppressedFailures.of(problem);
        assertThat(suppressed).hasSize(2);
        assertThat(List.of(problem, suppressed.get(0), suppressed.get(1)))
                .extracting(Throwable::getMessage)
                .containsExactlyInAnyOrder("read 'key': at 10", "read 'key': at 20", "read 'key': at 30");
    }

    @Test
    void afterAFailureNoRequestIsSent() throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(100))
                .withoutChecksumInParts()
                .on(read -> {
                    if (read.offset() == 20) {
                        throw failure("for good", false);
                    }
                });

        assertThatThrownBy(
                        begin(Runnable::run, store, BlobTarget.of(ByteBuffer.allocate(100)), 4, RetryPolicy.NEVER)
                                ::join)
                .hasMessageContaining("for good");

        assertThat(store.requests()).containsExactly("READ 0+10", "READ 10+10 of v1", "READ 20+10 of v1");
    }

    @Test
    void aStoppedReadDoesNotRetry() throws Exception {
        CountDownLatch otherInside = new CountDownLatch(1);
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30)).on(read -> {
            if (read.offset() == 10) {
                ScriptedStore.await(otherInside);
                throw failure("the first", false);
            }
            if (read.offset() == 20) {
                otherInside.countDown();
                try {
                    ScriptedStore.awaitInterrupt();
                } finally {
                    Thread.interrupted(); // a store that reports the interrupt as a retryable failure
                }
            }
        });
        Transfer<ReadResult> transfer =
                begin(threads, store, BlobTarget.of(ByteBuffer.allocate(30)), 2, RetryPolicy.DEFAULT);
        assertThatThrownBy(transfer::join).hasMessageContaining("the first");
        assertThat(transfer.progress().retries()).isZero();
        assertThat(store.requests()).hasSize(3);
    }

    @Test
    void unexpectedExceptionsAndErrorsEndTheReadToo() throws Exception {
        for (long offset : new long[] {0, 10}) {
            ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30)).on(read -> {
                if (read.offset() == offset) {
                    throw new StackOverflowError();
                }
            });
            assertThat(failureOf(store, 2)).isInstanceOf(StackOverflowError.class);
        }
    }

    /** A target that cannot keep the bytes that arrive, like a file on a full device. */
    private record FailingTarget(TargetException problem, boolean atTheEnd) implements BlobTarget {
        @Override
        public long room() {
            return 30;
        }

        @Override
        public Writer open() {
            return new Writer() {
                @Override
                public Window window(long offset, long length) {
                    PiecesWindow pieces = new PiecesWindow(length, 3);
                    return new Window() {
                        @Override
                        public long remaining() {
                            return pieces.remaining();
                        }

                        @Override
                        public ByteBuffer buffer() throws TargetException {
                            if (!atTheEnd && offset == 10 && pieces.remaining() < length) {
                                throw problem;
                            }
                            return pieces.buffer();
                        }

                        @Override
                        public void close() throws TargetException {
                            if (atTheEnd && offset == 10) {
                                throw problem;
                            }
                        }
                    };
                }

                @Override
                public void commit(long length) {
                    throw new AssertionError("the content is incomplete");
                }

                @Override
                public void close() {}
            };
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTargetThatFailsFailsTheReadWithoutRetries(boolean atTheEnd) throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30));
        TargetException problem = new TargetException("the device", "it is full", null);

        assertThatThrownBy(
                        begin(Runnable::run, store, new FailingTarget(problem, atTheEnd), 1, RetryPolicy.DEFAULT)::join)
                .isSameAs(problem);

        assertThat(store.requests()).containsExactly("READ 0+10", "READ 10+10 of v1");
    }

    // ---- responses that violate the contract

    /** A false value in an otherwise correct response. */
    private enum Lie {
        GIVES_LESS {
            @Override
            ReadResult of(ScriptedReads.Read read, ReadResult right) {
                int less = (int) right.length() - 1;
                read.target().position(less);
                return ReadResult.of(right.blob(), less, right.checksum());
            }
        },
        SAYS_LESS {
            @Override
            ReadResult of(ScriptedReads.Read read, ReadResult right) {
                return ReadResult.of(right.blob(), right.length() - 1, right.checksum());
            }
        },
        SAYS_MORE {
            @Override
            ReadResult of(ScriptedReads.Read read, ReadResult right) {
                return ReadResult.of(right.blob(), right.length() + 1, right.checksum());
            }
        },
        ARRIVED_BEYOND_THE_END {
            @Override
            ReadResult of(ScriptedReads.Read read, ReadResult right) throws IOException {
                read.target().position(0);
                throw new PartialReadException(KEY, ReadResult.of(right.blob(), 11, right.checksum()), "lies", null);
            }
        },
        ARRIVED_LESS_THAN_NOTHING {
            @Override
            ReadResult of(ScriptedReads.Read read, ReadResult right) throws IOException {
                read.target().position(0);
                throw new PartialReadException(
                        KEY, ReadResult.of(right.blob(), (1L << 32) - 1, right.checksum()), "lies", null);
            }
        };

        abstract ReadResult of(ScriptedReads.Read read, ReadResult right) throws IOException;
    }

    @ParameterizedTest
    @EnumSource(Lie.class)
    void aWrongResponseForALaterPartIsAnError(Lie lie) throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30))
                .responding((read, right) -> read.offset() == 10 ? lie.of(read, right) : right);

        assertThat(failureOf(store, 2)).isInstanceOf(BlobStoreException.class).hasMessageContaining("the store ");
    }

    @ParameterizedTest
    @EnumSource(value = Lie.class, names = "GIVES_LESS", mode = EnumSource.Mode.EXCLUDE)
    void aWrongResponseForTheFirstPartIsAnError(Lie lie) throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30))
                .responding((read, right) -> read.offset() == 0 ? lie.of(read, right) : right);

        assertThat(failureOf(store, 2)).isInstanceOf(BlobStoreException.class).hasMessageContaining("the store ");
    }

    @Test
    void moreContentThanTheReportedSizeIsAnError() throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(10))
                .responding((read, right) -> ReadResult.of(
                        ScriptedReads.described(right.blob(), 9, Optional.empty()), right.length(), right.checksum()));

        assertThat(failureOf(store, 1))
                .isInstanceOf(BlobStoreException.class)
                .hasMessageContaining("returned 10 bytes");
    }

    @Test
    void anotherVersionThanRequestedIsNotMixedIn() throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30));
        BlobVersion other = new BlobVersion("other");
        store.responding((read, right) -> read.offset() < 20
                ? right
                : ReadResult.of(
                        BlobMetadata.builder(KEY, 30, other, right.blob().lastModified())
                                .checksum(right.blob().checksum())
                                .userMetadata(right.blob().userMetadata())
                                .build(),
                        right.length(),
                        right.checksum()));

        assertThat(failureOf(store, 1))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("other");
    }

    // ---- verification

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 20})
    void aBitFlippedInAnyPartIsFoundAndNothingIsPublished(int part) throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30)).withoutChecksumInParts();
        store.responding((read, right) -> {
            if (read.offset() != part) {
                return right;
            }
            read.target().put(3, (byte) (read.target().get(3) ^ 8));
            return ReadResult.of(
                    right.blob(),
                    right.length(),
                    Crc32c.of(read.target().duplicate().flip()));
        });

        assertThat(failureOf(store, 2)).isInstanceOf(IntegrityException.class).hasMessageContaining("read again");
    }

    @Test
    void nothingIsPublishedIfTheVersionCannotBeConfirmed() throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30)).withoutChecksums();
        store.onHead(number -> {
            if (number % 2 == 0) {
                throw failure("no answer", true);
            }
        });

        assertThat(failureOf(store, 1)).hasMessageContaining("no answer");
        assertThat(store.requests()).endsWith("HEAD");
    }

    /**
     * The store checks the version, and then opens the content that has replaced it, as servers do that keep blobs in
     * files.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void withoutChecksumsNewerContentIsDetectedAndNothingIsPublished(int concurrency) throws Exception {
        byte[] old = ReadPlanTest.content(30);
        ScriptedReads store = ScriptedReads.of(old).withoutChecksums();
        store.responding((read, right) -> {
            if (read.offset() != 20) {
                return right;
            }
            store.replace(new byte[30]);
            read.target().put(0, new byte[10]);
            return ReadResult.of(right.blob(), 10, Crc32c.of(ByteBuffer.allocate(10)));
        });

        assertThat(failureOf(store, concurrency)).isInstanceOf(PreconditionFailedException.class);
    }

    @Test
    void aBlobReplacedBeforeItsChecksumWasRequestedIsNotVerifiedByTheNewChecksum() throws Exception {
        ScriptedReads store = ScriptedReads.of(ReadPlanTest.content(30)).withoutChecksumInParts();
        store.responding((read, right) -> {
            if (read.offset() == 0) {
                store.replace(ReadPlanTest.content(30));
            }
            return right;
        });

        assertThat(failureOf(store, 1)).isInstanceOf(PreconditionFailedException.class);
    }
}
