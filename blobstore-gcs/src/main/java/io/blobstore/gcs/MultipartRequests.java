package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.ThrottledException;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.XmlPage;
import io.blobstore.http.XmlResponse;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ReceivedParts;
import io.blobstore.http.objects.RefusedRequestException;
import io.blobstore.http.objects.UninterruptibleRequest;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Sends the requests of multipart uploads, by the XML API. */
record MultipartRequests(
        BucketContext bucket, DataRequests data, GcsUrls urls, GcsErrors errors, GcsSettings settings) {
    /** A part that the server has received. */
    record Part(int number, String etag) {}

    /** The attributes of an assembled object, as far as the server reports them. */
    record Completed(Optional<BlobVersion> version, Optional<Crc32c> checksum) {}

    /**
     * Creates an upload, which the caller has to complete or abort.
     *
     * @param key the blob's key
     * @param object the name of the object that the parts are assembled to
     */
    Upload create(BlobKey key, String object, StoreOptions options) throws IOException {
        Map<String, String> fields = new TreeMap<>(settings.keyFields());
        fields.putAll(options.contentHeaders());
        options.userMetadata().forEach((name, value) -> fields.put(ObjectMetadata.USER_METADATA + name, value));
        settings.storageClass().ifPresent(name -> fields.put("x-goog-storage-class", name));
        settings.kmsKey().ifPresent(name -> fields.put("x-goog-encryption-kms-key-name", name));
        String url = urls.object(object, Map.of("uploads", ""));
        HttpResponse response = bucket.repeat(
                Operation.CREATE_UPLOAD,
                key,
                () -> UninterruptibleRequest.run(
                        bucket,
                        () -> bucket.create(
                                Operation.CREATE_UPLOAD, key, () -> data.send("POST", url, fields, BlobSource.of()))));
        XmlResponse created = XmlResponse.of(response.body().bytes());
        String id = created.text("UploadId")
                .filter(text -> !text.isEmpty() && created.whole())
                .orElseThrow(() -> ObjectHeaders.incomplete(Operation.CREATE_UPLOAD, key, "upload id"));
        return new Upload(key, object, id);
    }

    /** An upload of another object of this class, or of another process, and the parts that the server has of it. */
    record Resumed(Upload upload, ReceivedParts received) {}

    /** Lists the parts of an upload, to go on with it; empty if it is gone, or has none. */
    Optional<Resumed> resume(BlobKey key, String object, String id) throws IOException {
        Operation operation = Operation.RESUME_UPLOAD;
        try {
            ReceivedParts received = ReceivedParts.list(operation, key, marker -> {
                Map<String, String> query = new TreeMap<>(Map.of("uploadId", id));
                marker.ifPresent(number -> query.put("part-number-marker", number));
                HttpResponse response = bucket.request(
                        operation, key, () -> data.get(urls.object(object, query), Map.of(), ResponseHandler.KEEP));
                return XmlPage.of(response.body().bytes());
            });
            return received.count() == 0
                    ? Optional.empty()
                    : Optional.of(new Resumed(new Upload(key, object, id), received));
        } catch (BlobStoreException e) {
            if (errors.isUploadGone(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Aborts an upload; does nothing if it is gone. */
    void abort(BlobKey key, String object, String id) throws IOException {
        new Upload(key, object, id).abort();
    }

    /**
     * Lists a page of uploads.
     *
     * @param parameters names and values that select the page
     */
    XmlPage list(Map<String, String> parameters) throws IOException {
        Map<String, String> query = new TreeMap<>(parameters);
        query.put("uploads", "");
        query.put("encoding-type", "url");
        HttpResponse response = bucket.request(
                Operation.LIST_UPLOADS, null, () -> data.get(urls.bucket(query), Map.of(), ResponseHandler.KEEP));
        return XmlPage.of(response.body().bytes());
    }

    private static byte[] completion(List<Part> parts) {
        StringBuilder xml = new StringBuilder("<CompleteMultipartUpload>");
        for (Part part : parts) {
            xml.append("<Part><PartNumber>")
                    .append(part.number())
                    .append("</PartNumber><ETag>")
                    .append(escaped(part.etag()))
                    .append("</ETag></Part>");
        }
        return xml.append("</CompleteMultipartUpload>").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** An upload that the server identifies by its id. */
    final class Upload {
        private final BlobKey key;
        private final String object;
        private final String id;

        private Upload(BlobKey key, String object, String id) {
            this.key = key;
            this.object = object;
            this.id = id;
        }

        BlobKey key() {
            return key;
        }

        String id() {
            return id;
        }

        String object() {
            return object;
        }

        private String url() {
            return urls.object(object, Map.of("uploadId", id));
        }

        /** Sends a part, which the server compares with the checksum. */
        Part put(int number, BlobSource content, Crc32c checksum) throws IOException {
            String url = urls.object(object, Map.of("partNumber", "" + number, "uploadId", id));
            Map<String, String> fields = new TreeMap<>(settings.keyFields());
            fields.put(ObjectMetadata.HASH, ObjectMetadata.hash(checksum));
            HttpResponse response =
                    bucket.request(Operation.UPLOAD_PART, key, () -> data.send("PUT", url, fields, content));
            Checksums.requireReceived(
                    Operation.UPLOAD_PART, key, ObjectMetadata.checksum(response.headers()), checksum);
            return response.header("ETag")
                    .filter(etag -> !etag.isEmpty())
                    .map(etag -> new Part(number, ObjectHeaders.strong(etag)))
                    .orElseThrow(() -> ObjectHeaders.incomplete(Operation.UPLOAD_PART, key, "ETag"));
        }

        /**
         * Completes the upload with one request: the server assembles the parts to an object. An error may have the
         * status of a success, as the server begins its response before it is done.
         */
        Completed complete(List<Part> parts) throws IOException {
            byte[] body = completion(parts);
            Map<String, String> fields = Map.of(
                    "Content-Type",
                    "application/xml",
                    ObjectMetadata.HASH,
                    ObjectMetadata.hash(Crc32c.of(ByteBuffer.wrap(body))));
            HttpResponse response = bucket.request(Operation.COMPLETE_UPLOAD, key, () -> {
                HttpResponse completed = data.sendSlow("POST", url(), fields, BlobSource.of(ByteBuffer.wrap(body)));
                requireCompleted(completed);
                return completed;
            });
            return new Completed(
                    ObjectMetadata.generation(response.headers()), ObjectMetadata.checksum(response.headers()));
        }

        private void requireCompleted(HttpResponse response) throws IOException {
            XmlResponse result = XmlResponse.of(response.body().bytes());
            if (result.root().equals("Error")) {
                RefusedRequestException problem = new RefusedRequestException(GcsErrorResponse.of(response));
                if (errors.translate(Operation.COMPLETE_UPLOAD, key, problem) instanceof ThrottledException throttled) {
                    throw throttled;
                }
                throw new BlobStoreException(
                        Operation.COMPLETE_UPLOAD,
                        key,
                        "the server failed to assemble the parts ("
                                + result.text("Code").orElse("no code") + ")",
                        problem,
                        true);
            }
            if (!result.root().equals("CompleteMultipartUploadResult") || !result.whole()) {
                throw new BlobStoreException(
                        Operation.COMPLETE_UPLOAD,
                        key,
                        "the server's response to the completion is cut off",
                        null,
                        true);
            }
        }

        /** Aborts the upload, so that the server deletes its parts. Succeeds if the upload is already gone. */
        void abort() throws IOException {
            try {
                bucket.free(key, () -> data.delete(url(), Map.of()));
            } catch (BlobStoreException e) {
                if (!errors.isUploadGone(e)) {
                    throw e;
                }
            }
        }

        /** Omits the upload's id, which is of no use in a message. */
        @Override
        public String toString() {
            return "Upload[" + key + "]";
        }
    }
}
