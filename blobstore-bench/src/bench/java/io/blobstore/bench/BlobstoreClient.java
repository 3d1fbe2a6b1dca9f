package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;

/** This library in ordinary use: a store, a mapped file, the transfer manager. */
final class BlobstoreClient implements BenchmarkClient {
    private final TransferSpec spec;
    private final BlobKey key;
    private final BlobStore store;
    private final TransferManager transfers;
    private final MappedFile file;
    private final Lease warm;

    private BlobstoreClient(TransferSpec spec, BlobStore store) throws IOException {
        this.spec = spec;
        this.key = BlobKey.of(spec.key());
        this.store = store;
        this.transfers = TransferManager.create();
        this.file = MappedFile.open(
                spec.file(), spec.isUpload() ? MappedFile.Access.READ_ONLY : MappedFile.Access.READ_WRITE);
        this.warm = spec.isUpload() ? file.region().acquire() : file.region().acquireWritable();
        for (ByteBuffer buffer : warm.buffers()) {
            if (spec.isUpload()) {
                Crc32c.of(buffer);
            } else {
                TransferSpec.touch(buffer);
            }
        }
    }

    static BenchmarkClient s3(TransferSpec spec) throws IOException {
        return new BlobstoreClient(spec, s3Store(spec));
    }

    /** Opens the store by its URI. */
    static BlobStore s3Store(TransferSpec spec) throws IOException {
        return BlobStores.open("s3://" + TransferSpec.BUCKET + "?endpoint=" + spec.endpoint() + "&region="
                + TransferSpec.REGION + "&pathStyle=true");
    }

    static BenchmarkClient gcs(TransferSpec spec) throws IOException {
        return new BlobstoreClient(spec, gcsStore(spec));
    }

    private static BlobStore gcsStore(TransferSpec spec) throws IOException {
        return GcsBlobStore.builder(TransferSpec.BUCKET)
                .endpoint(spec.endpoint())
                .credentials(GoogleSdk.credentials())
                .open();
    }

    @Override
    public void round() throws Exception {
        if (spec.isUpload()) {
            UploadOptions options = UploadOptions.builder()
                    .partSize(spec.partSize())
                    .concurrency(spec.concurrency())
                    .build();
            transfers.upload(store, key, file.region(), options).join();
        } else {
            read();
        }
    }

    private void read() throws Exception {
        DownloadOptions options = DownloadOptions.builder()
                .partSize(spec.partSize())
                .concurrency(spec.concurrency())
                .build();
        BlobTarget target = spec.operation() == Operation.DOWNLOAD ? BlobTarget.ofPath(spec.newFile()) : file.region();
        transfers.download(store, key, ByteRange.all(), target, options).join();
    }

    @Override
    public void put(ByteBuffer content) throws IOException {
        store.store(key, content);
    }

    @Override
    public void get(ByteBuffer target) throws IOException {
        store.read(key, ByteRange.all(), target);
    }

    @Override
    public void close() throws Exception {
        transfers.close();
        warm.close();
        file.close();
        store.close();
    }
}
