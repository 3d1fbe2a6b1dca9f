package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.XmlResponse;
import io.blobstore.spi.Checksums;
import io.blobstore.spi.UninterruptibleRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An upload in parts as the XML API knows it, and its requests.
 *
 * @param key what the blob is to be called
 * @param object the name in the bucket under which the upload ends
 */
record MultipartRequests(GcsContext bucket, BlobKey key, String object, String id) {
    /** A part that the server has. */
    record Part(int number, String etag) {}

    /** What the server says of an object that it has put together, as far as it does. */
    record Completed(Optional<BlobVersion> version, Optional<Crc32c> checksum) {}

    static MultipartRequests create(GcsContext bucket, BlobKey key, String object, StoreOptions options)
            throws IOException {
        Map<String, String> fields = new TreeMap<>(bucket.settings().keyFields());
        options.contentType().ifPresent(type -> fields.put("Content-Type", type));
        options.userMetadata().forEach((name, value) -> fields.put(ObjectMetadata.USER_METADATA + name, value));
        bucket.settings().storageClass().ifPresent(name -> fields.put("x-goog-storage-class", name));
        bucket.settings().kmsKey().ifPresent(name -> fields.put("x-goog-encryption-kms-key-name", name));
        String url = bucket.urls().object(object, Map.of("uploads", ""));
        HttpResponse response = UninterruptibleRequest.run(() -> bucket.creation(
                Operation.CREATE_UPLOAD, key, () -> bucket.payloads().send("POST", url, fields, BlobSource.of())));
        XmlResponse answer = XmlResponse.of(response.body().bytes());
        String id = answer.text("UploadId")
                .filter(text -> !text.isEmpty() && answer.whole())
                .orElseThrow(() -> ObjectMetadata.incomplete(Operation.CREATE_UPLOAD, key, "upload id"));
        return new MultipartRequests(bucket, key, object, id);
    }

    /** Sends a part; the server compares it with the checksum. */
    Part put(int number, BlobSource content, Crc32c checksum) throws IOException {
        String url = bucket.urls().object(object, Map.of("partNumber", "" + number, "uploadId", id));
        Map<String, String> fields = new TreeMap<>(bucket.settings().keyFields());
        fields.put(ObjectMetadata.HASH, ObjectMetadata.hash(checksum));
        HttpResponse response = bucket.request(
                Operation.UPLOAD_PART, key, () -> bucket.payloads().send("PUT", url, fields, content));
        Checksums.requireReceived(Operation.UPLOAD_PART, key, ObjectMetadata.checksum(response.headers()), checksum);
        return response.header("ETag")
                .filter(etag -> !etag.isEmpty())
                .map(etag -> new Part(number, etag))
                .orElseThrow(() -> ObjectMetadata.incomplete(Operation.UPLOAD_PART, key, "ETag"));
    }

    /**
     * Makes the object. An error may come with a success's status, when the server has begun to answer before it is
     * done.
     */
    Completed complete(List<Part> parts) throws IOException {
        StringBuilder xml = new StringBuilder("<CompleteMultipartUpload>");
        for (Part part : parts) {
            xml.append("<Part><PartNumber>")
                    .append(part.number())
                    .append("</PartNumber><ETag>")
                    .append(escaped(part.etag()))
                    .append("</ETag></Part>");
        }
        byte[] body = xml.append("</CompleteMultipartUpload>").toString().getBytes(StandardCharsets.UTF_8);
        Map<String, String> fields = Map.of(
                "Content-Type",
                "application/xml",
                ObjectMetadata.HASH,
                ObjectMetadata.hash(Crc32c.of(ByteBuffer.wrap(body))));
        String url = bucket.urls().object(object, Map.of("uploadId", id));
        HttpResponse response = bucket.request(Operation.COMPLETE_UPLOAD, key, () -> {
            HttpResponse answer = bucket.payloads().send("POST", url, fields, BlobSource.of(ByteBuffer.wrap(body)));
            requireCompleted(answer);
            return answer;
        });
        return new Completed(
                ObjectMetadata.generation(response.headers()), ObjectMetadata.checksum(response.headers()));
    }

    private void requireCompleted(HttpResponse response) throws IOException {
        XmlResponse answer = XmlResponse.of(response.body().bytes());
        if (answer.root().equals("Error")) {
            throw new BlobStoreException(
                    Operation.COMPLETE_UPLOAD,
                    key,
                    "the server failed to put the parts together ("
                            + answer.text("Code").orElse("no code") + ")",
                    new GcsFailure(ErrorResponse.of(response)),
                    true);
        }
        if (!answer.root().equals("CompleteMultipartUploadResult") || !answer.whole()) {
            throw new BlobStoreException(
                    Operation.COMPLETE_UPLOAD, key, "the server's answer to the completion is cut off", null, true);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** Frees what the server keeps. An upload that is gone already is fine. */
    void abort() throws IOException {
        String url = bucket.urls().object(object, Map.of("uploadId", id));
        try {
            bucket.free(key, () -> bucket.payloads().delete(url, Map.of()));
        } catch (BlobStoreException e) {
            if (!isGone(e)) {
                throw e;
            }
        }
    }

    /** Whether the server does not know the upload any more. */
    static boolean isGone(BlobStoreException problem) {
        return GcsErrors.answer(problem)
                .filter(answer -> answer.is("NoSuchUpload") || (answer.status() == 404 && !answer.is("NoSuchBucket")))
                .isPresent();
    }

    /** The upload's id is no secret, but of no use to readers either. */
    @Override
    public String toString() {
        return "MultipartRequests[" + key + "]";
    }
}
