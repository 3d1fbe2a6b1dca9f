package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoreUri;
import io.blobstore.spi.BlobStoreProvider;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;

/** Opens a local store that fails in one way: {@code failing:/dir?failure=…}. */
public final class FailingStoreProvider implements BlobStoreProvider {
    /** How the store fails. */
    enum Failure {
        /** Reads return bytes with one bit flipped. */
        CORRUPT,
        /** Reads fail after the first range. */
        FAIL,
        /** Reads print "blocked" to standard output, and wait until they are interrupted. */
        BLOCK_READ,
        /** Multipart uploads print "blocked" to standard output, and wait until they are interrupted. */
        BLOCK_STORE
    }

    @Override
    public String scheme() {
        return "failing";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        Failure failure = Failure.valueOf(uri.parameters("failure").get("failure"));
        return new FailingStore(BlobStores.open("file:" + uri.path() + "?create=true"), failure);
    }

    private static final class FailingStore extends ForwardingBlobStore {
        private final Failure failure;

        FailingStore(BlobStore delegate, Failure failure) {
            super(delegate);
            this.failure = failure;
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            ByteBuffer content = ByteBuffer.allocate((int) Math.min(range.length(), target.remaining()));
            ReadResult read = delegate().read(key, range, content, options);
            switch (failure) {
                case CORRUPT -> content.put(0, (byte) (content.get(0) ^ 1));
                case FAIL -> {
                    if (range.offset() > 0) {
                        throw new BlobStoreException(Operation.READ, key, "the cable was cut; replace it", null, false);
                    }
                }
                case BLOCK_READ -> block();
                case BLOCK_STORE -> {}
            }
            target.put(content.flip());
            return ReadResult.of(read.blob(), read.length(), Crc32c.of(content.flip()));
        }

        @Override
        public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
                throws IOException {
            MultipartUpload upload = super.createMultipartUpload(key, layout, options);
            if (failure == Failure.BLOCK_STORE) {
                try (upload) {
                    block();
                }
            }
            return upload;
        }

        private static void block() throws InterruptedIOException {
            System.out.println("blocked");
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        }
    }
}
