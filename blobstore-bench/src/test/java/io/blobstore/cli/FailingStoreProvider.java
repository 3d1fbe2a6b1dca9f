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

/** A local store that has trouble with every blob but the first bytes of it: {@code troubled:/dir?trouble=…}. */
public final class FailingStoreProvider implements BlobStoreProvider {
    /** What goes wrong. */
    enum Trouble {
        /** Reads give bytes with one bit flipped. */
        CORRUPT,
        /** Reads fail behind the first range. */
        FAIL,
        /** Reads say "blocked" on standard output, and then wait until they are interrupted. */
        BLOCK_READ,
        /** Uploads of several parts do. */
        BLOCK_STORE
    }

    @Override
    public String scheme() {
        return "troubled";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        Trouble trouble = Trouble.valueOf(uri.parameters("trouble").get("trouble"));
        return new TroubledStore(BlobStores.open("file:" + uri.path()), trouble);
    }

    private static final class TroubledStore extends ForwardingBlobStore {
        private final Trouble trouble;

        TroubledStore(BlobStore delegate, Trouble trouble) {
            super(delegate);
            this.trouble = trouble;
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            ByteBuffer content = ByteBuffer.allocate((int) Math.min(range.length(), target.remaining()));
            ReadResult read = delegate().read(key, range, content, options);
            switch (trouble) {
                case CORRUPT -> content.put(0, (byte) (content.get(0) ^ 1));
                case FAIL -> {
                    if (range.offset() > 0) {
                        throw new BlobStoreException("read", key, "the cable was cut; mend it", null, false);
                    }
                }
                case BLOCK_READ -> block();
                case BLOCK_STORE -> {}
            }
            target.put(content.flip());
            return new ReadResult(read.blob(), read.length(), Crc32c.of(content.flip()));
        }

        @Override
        public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
                throws IOException {
            MultipartUpload upload = super.createMultipartUpload(key, layout, options);
            if (trouble == Trouble.BLOCK_STORE) {
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
