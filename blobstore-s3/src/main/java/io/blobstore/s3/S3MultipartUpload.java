package io.blobstore.s3;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.http.HttpResponse;
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An upload that S3 keeps under an id: parts by requests of our own, its end by the SDK. */
final class S3MultipartUpload extends AbstractMultipartUpload<S3MultipartUpload.Sent> {
    private static final Operation OPERATION = Operation.COMPLETE_UPLOAD;

    private final S3Context bucket;
    private final MultipartRequests remote;
    private final Precondition condition;
    private final Conditions conditions;

    /** Whether a completion may have happened although its answer says otherwise, or is lost. */
    private boolean completionUnknown;

    S3MultipartUpload(
            S3Context bucket,
            MultipartRequests remote,
            PartLayout layout,
            Precondition condition,
            Conditions conditions,
            OpenUploads uploads) {
        super(remote.key(), layout, uploads);
        this.bucket = bucket;
        this.remote = remote;
        this.condition = condition;
        this.conditions = conditions;
    }

    /** A part, and what S3 calls it. */
    record Sent(UploadedPart part, String etag) {}

    @Override
    public String id() {
        return remote.id();
    }

    @Override
    protected Sent send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = bucket.translating(Operation.UPLOAD_PART, key(), () -> Crc32c.of(content));
        Map<String, String> fields = new TreeMap<>(bucket.headers().part());
        if (bucket.settings().keepsChecksums()) {
            fields.put(S3Headers.CHECKSUM, checksum.base64());
        }
        Map<String, String> query = Map.of("partNumber", "" + partNumber, "uploadId", remote.id());
        HttpResponse response = bucket.request(
                Operation.UPLOAD_PART, key(), () -> bucket.payloads().put(remote.object(), query, fields, content));
        PutObject.accepted(Operation.UPLOAD_PART, key(), response, checksum);
        String etag = response.header("ETag")
                .filter(tag -> !tag.isEmpty())
                .orElseThrow(() -> ObjectMetadata.incomplete(Operation.UPLOAD_PART, key(), "ETag"));
        return new Sent(UploadedPart.of(partNumber, content.size(), checksum), etag);
    }

    @Override
    protected UploadedPart describe(Sent part) {
        return part.part();
    }

    @Override
    protected StoredBlob publish(List<Sent> sent, Crc32c checksum) throws IOException {
        List<MultipartRequests.Part> parts = sent.stream()
                .map(part -> new MultipartRequests.Part(
                        part.part().partNumber(),
                        part.etag(),
                        Optional.of(part.part().checksum())))
                .toList();
        long size = layout().size();
        try {
            return remote.complete(parts, Optional.of(checksum), size, S3Headers.condition(condition));
        } catch (BlobStoreException e) {
            boolean unknown = Conditions.isOutcomeUnknown(e);
            boolean mayHaveHappened = MultipartRequests.mayHaveHappened(e, completionUnknown);
            completionUnknown |= unknown;
            if (mayHaveHappened || (unknown && condition != Precondition.none())) {
                Optional<StoredBlob> found = conditions.findSent(OPERATION, key(), condition, size, checksum, e);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            throw conditions.explain(OPERATION, key(), condition, e);
        }
    }

    @Override
    protected void discard() throws IOException {
        remote.abort();
    }
}
