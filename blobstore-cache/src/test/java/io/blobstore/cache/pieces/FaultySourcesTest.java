package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stores that fail or lie while several threads wait for one piece. */
class FaultySourcesTest extends PieceFixture {
    private static final int WAITERS = 10;

    /** What the first request does; later ones are answered. */
    enum Fault {
        FAILS_AT_ONCE {
            @Override
            ReadResult read(Request request) throws IOException {
                throw failure(true);
            }
        },
        FAILS_AFTER_HALF {
            @Override
            ReadResult read(Request request) throws IOException {
                request.put(request.length() / 2);
                throw failure(true);
            }
        },
        ENDS_AFTER_HALF {
            @Override
            ReadResult read(Request request) throws IOException {
                ReadResult half = request.put(request.length() / 2);
                throw new PartialReadException(request.key(), half, "the connection ended", null);
            }
        },
        ENDS_BEHIND_THE_LAST_BYTE {
            @Override
            ReadResult read(Request request) throws IOException {
                throw new PartialReadException(
                        request.key(), request.put(request.length()), "the connection ended", null);
            }
        },
        REPORTS_MORE_THAN_ARRIVED {
            @Override
            ReadResult read(Request request) throws IOException {
                ReadResult half = request.put(request.length() / 2);
                ReadResult all = ReadResult.of(half.blob(), request.length(), half.checksum());
                throw new PartialReadException(request.key(), all, "the connection ended", null);
            }
        },
        RETURNS_TOO_LITTLE {
            @Override
            ReadResult read(Request request) throws IOException {
                return request.put(request.length() / 2);
            }
        },
        RETURNS_ANOTHER_VERSION {
            @Override
            ReadResult read(Request request) throws IOException {
                ReadResult right = request.put(request.length());
                BlobMetadata other = right.blob().toBuilder()
                        .version(new BlobVersion("another"))
                        .build();
                return ReadResult.of(other, right.length(), right.checksum());
            }
        },
        RETURNS_ANOTHER_SIZE {
            @Override
            ReadResult read(Request request) throws IOException {
                ReadResult right = request.put(request.length());
                return ReadResult.of(right.blob().toBuilder().size(SIZE + 1).build(), right.length(), right.checksum());
            }
        },
        RETURNS_ANOTHER_CHECKSUM {
            @Override
            ReadResult read(Request request) throws IOException {
                ReadResult right = request.put(request.length());
                return ReadResult.of(right.blob(), right.length(), new Crc32c(1));
            }
        },
        THROWS_SOMETHING_ELSE {
            @Override
            ReadResult read(Request request) {
                throw new IllegalStateException("injected");
            }
        };

        abstract ReadResult read(Request request) throws IOException;
    }

    /** The faults after which another request may succeed. */
    private static final Set<Fault> MAY_PASS = EnumSet.of(
            Fault.FAILS_AT_ONCE,
            Fault.FAILS_AFTER_HALF,
            Fault.ENDS_AFTER_HALF,
            Fault.ENDS_BEHIND_THE_LAST_BYTE,
            Fault.REPORTS_MORE_THAN_ARRIVED);

    private static BlobStoreException failure(boolean retryable) {
        return new BlobStoreException(Operation.READ, null, "injected", null, retryable);
    }

    /** A request for content. */
    private record Request(
            BlobStore store, BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options) {
        int length() {
            return (int) range.length();
        }

        /** Puts the first bytes of the range into the target. */
        ReadResult put(int bytes) throws IOException {
            ByteBuffer content = ByteBuffer.allocate(bytes);
            ReadResult read = store.read(key, ByteRange.of(range.offset(), bytes), content, options);
            target.put(content.flip());
            return read;
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void nobodyGetsWrongOrMissingBytesAndTheSpaceIsExact(Fault fault) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch inside = new CountDownLatch(1);
        BlobStore faulty = new ForwardingBlobStore(remote) {
            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws IOException {
                Request request = new Request(delegate(), key, range, target, options);
                if (inside.getCount() > 0) {
                    inside.countDown();
                    Blocking.await(gate);
                    return fault.read(request);
                }
                return request.put(request.length());
            }
        };
        cache();
        BlobMetadata blob = blob();
        List<FutureTask<Void>> readers = new ArrayList<>();
        for (int i = 0; i < WAITERS; i++) {
            int offset = i;
            readers.add(start(() -> read(faulty, blob, offset, 3 * PIECE)));
            if (i == 0) {
                Blocking.await(inside);
            }
        }
        gate.countDown();

        int succeeded = 0;
        for (FutureTask<Void> reader : readers) {
            try {
                reader.get(); // the content was compared
                succeeded++;
            } catch (ExecutionException e) {
                assertThat(e.getCause()).isNotInstanceOf(AssertionError.class);
            }
        }

        if (MAY_PASS.contains(fault)) {
            assertThat(succeeded).isEqualTo(WAITERS - 1); // one took over
        } else {
            assertThat(succeeded).isLessThan(WAITERS); // those who have waited fail as well
        }
        read(faulty, blob, 0, (int) SIZE);
        assertThat(files()).hasSize(10);
        assertThat(temporaries()).isEmpty();
        assertThat(cache().stats().bytes()).isEqualTo(bytesOnDisk());
        cache().remove(faulty, blob.key());
        assertThat(cache().stats().bytes()).isZero();
        assertThat(bytesOnDisk()).isZero();
    }
}
