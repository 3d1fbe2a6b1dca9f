package io.blobstore.s3;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.ReceivedParts;
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A multipart upload: parts are sent by the data plane, its completion and its abort by the SDK. */
final class S3MultipartUpload extends AbstractMultipartUpload<S3MultipartUpload.Sent> {
    private static final Operation OPERATION = Operation.COMPLETE_UPLOAD;

    private final BucketContext bucket;
    private final MultipartRequests.Upload remote;
    private final ReceivedParts received;
    private final Completion completion;

    /**
     * Creates the object of an upload.
     *
     * @param received the parts that the server has already
     */
    S3MultipartUpload(
            BucketContext bucket,
            MultipartRequests.Upload remote,
            ReceivedParts received,
            PartLayout layout,
            Precondition condition,
            Conditions conditions,
            S3Errors errors,
            OpenUploads uploads) {
        super(remote.key(), layout, uploads);
        this.bucket = bucket;
        this.remote = remote;
        this.received = received;
        completion = new Completion(bucket, errors, conditions, OPERATION, key(), condition);
    }

    /** A part that was sent, as reported to the caller and as listed in the completion. */
    record Sent(UploadedPart part, MultipartRequests.Part remote) {}

    @Override
    public String id() {
        return remote.id();
    }

    @Override
    protected Sent send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = bucket.translate(Operation.UPLOAD_PART, key(), () -> Crc32c.of(content));
        MultipartRequests.Part sent = remote.put(partNumber, content, checksum);
        return new Sent(UploadedPart.of(partNumber, content.size(), checksum), sent);
    }

    @Override
    protected Optional<Sent> received(int partNumber, BlobSource content) throws IOException {
        if (!received.has(partNumber)) {
            return Optional.empty();
        }
        return bucket.translate(Operation.RESUME_UPLOAD, key(), () -> {
            Crc32c checksum = Crc32c.of(content);
            return received.take(partNumber, content, checksum)
                    .map(part -> new Sent(
                            UploadedPart.of(partNumber, content.size(), checksum),
                            new MultipartRequests.Part(partNumber, part.etag(), Optional.of(checksum))));
        });
    }

    @Override
    protected UploadedPart describe(Sent part) {
        return part.part();
    }

    @Override
    protected StoredBlob publish(List<Sent> sent, Crc32c checksum) throws IOException {
        List<MultipartRequests.Part> parts = sent.stream().map(Sent::remote).toList();
        return completion.run(remote, parts, Optional.of(checksum), layout().size());
    }

    @Override
    protected void discard() throws IOException {
        remote.abort();
    }
}
