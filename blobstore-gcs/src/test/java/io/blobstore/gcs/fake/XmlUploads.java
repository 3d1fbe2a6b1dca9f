package io.blobstore.gcs.fake;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** Uploads in parts, of the XML API. Thread-safe. */
final class XmlUploads {
    private static final int MAX_PARTS = 10_000;
    private static final int MIN_PART = 5 << 20;

    private final FakeObjects objects;
    private final Map<String, Upload> open = new LinkedHashMap<>();
    private volatile boolean omitHash;
    private volatile boolean omitGeneration;

    private record Part(byte[] content, Hashes hashes, String etag, Instant time) {}

    private record Upload(
            String id,
            String bucket,
            String name,
            Attributes attributes,
            Instant initiated,
            NavigableMap<Integer, Part> parts) {}

    XmlUploads(FakeObjects objects) {
        this.objects = objects;
    }

    void omitHash(boolean omit) {
        omitHash = omit;
    }

    void omitGeneration(boolean omit) {
        omitGeneration = omit;
    }

    synchronized List<String> open(String bucket) {
        return open.values().stream()
                .filter(upload -> upload.bucket().equals(bucket))
                .map(Upload::id)
                .toList();
    }

    // ---- requests

    Answer initiate(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("uploads"));
        refuseConditions(request);
        objects.requireWritable(bucket, name, Optional.empty());
        if (request.body().length > 0) {
            throw Refusal.invalid("The request that begins an upload has no body.");
        }
        String id = UUID.randomUUID().toString().replace("-", "");
        Upload upload = new Upload(id, bucket, name, Attributes.ofHeaders(request), objects.now(), new TreeMap<>());
        synchronized (this) {
            open.put(id, upload);
        }
        return Answer.xml(new Xml("InitiateMultipartUploadResult")
                .text("Bucket", bucket)
                .text("Key", name)
                .text("UploadId", id));
    }

    Answer put(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("uploadId", "partNumber"));
        refuseConditions(request);
        String text = request.parameter("partNumber").orElse("");
        if (!text.matches("[1-9][0-9]{0,4}") || Integer.parseInt(text) > MAX_PARTS) {
            throw Refusal.invalid("Part number must be an integer between 1 and 10000, inclusive: '" + text + "'");
        }
        Upload upload = find(bucket, name, request);
        CustomerKey.require(upload.attributes().customerKeySha256(), CustomerKey.of(request, CustomerKey.OBJECT));
        Hashes hashes = Hashes.of(request.body());
        hashes.requireAsIn(request);
        Part part = new Part(request.body(), hashes, "\"" + hashes.md5Hex() + "\"", objects.now());
        synchronized (this) {
            find(bucket, name, request); // not ended meanwhile
            upload.parts().put(Integer.parseInt(text), part);
        }
        return Answer.empty(200)
                .with("ETag", part.etag())
                .with("x-goog-hash", "crc32c=" + hashes.crc32c().base64() + ",md5=" + hashes.md5());
    }

    synchronized Answer complete(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("uploadId"));
        refuseConditions(request);
        Upload upload = find(bucket, name, request);
        Hashes.of(request.body()).requireAsIn(request);
        byte[] content = assemble(upload, Xml.parts(request.body()));
        // An upload in parts has no MD5.
        Hashes hashes = new Hashes(io.blobstore.Crc32c.of(ByteBuffer.wrap(content)), "");
        FakeObject object = objects.put(bucket, name, content, hashes, false, upload.attributes(), Optional.empty());
        open.remove(upload.id());
        Answer answer = Answer.xml(new Xml("CompleteMultipartUploadResult")
                .text("Location", "http://storage.googleapis.com/" + bucket + "/" + Percent.encode(name))
                .text("Bucket", bucket)
                .text("Key", name)
                .text("ETag", ContentResponse.etag(object)));
        if (!omitHash) {
            answer = answer.with("x-goog-hash", "crc32c=" + object.crc32c().base64());
        }
        return omitGeneration ? answer : answer.with("x-goog-generation", object.generation());
    }

    private static byte[] assemble(Upload upload, List<Xml.NamedPart> named) throws Refusal {
        int before = 0;
        for (Xml.NamedPart wanted : named) {
            if (wanted.number() <= before) {
                throw Refusal.badRequest(
                        "InvalidPartOrder",
                        "The list of parts was not in ascending order. Parts must be ordered by part number.");
            }
            before = wanted.number();
        }
        List<Part> parts = new ArrayList<>();
        for (Xml.NamedPart wanted : named) {
            Part part = upload.parts().get(wanted.number());
            if (part == null
                    || !part.etag().replace("\"", "").equals(wanted.etag().replace("\"", ""))) {
                throw Refusal.badRequest(
                        "InvalidPart",
                        "One or more of the specified parts could not be found or the specified entity tag might not"
                                + " have matched the part's entity tag.");
            }
            parts.add(part);
        }
        if (parts.stream().limit(parts.size() - 1).anyMatch(part -> part.content().length < MIN_PART)) {
            throw Refusal.badRequest(
                    "EntityTooSmall", "Your proposed upload is smaller than the minimum object size specified.");
        }
        long size = parts.stream().mapToLong(part -> part.content().length).sum();
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(size));
        parts.forEach(part -> content.put(part.content()));
        return content.array();
    }

    synchronized Answer abort(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("uploadId"));
        open.remove(find(bucket, name, request).id());
        return Answer.empty(204);
    }

    synchronized Answer listParts(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("uploadId"));
        Upload upload = find(bucket, name, request);
        Xml xml = new Xml("ListPartsResult")
                .text("Bucket", bucket)
                .text("Key", name)
                .text("UploadId", upload.id())
                .text("StorageClass", upload.attributes().storageClass())
                .text("MaxParts", MAX_PARTS)
                .text("IsTruncated", false);
        upload.parts()
                .forEach((number, part) -> xml.element(
                        "Part",
                        element -> element.text("PartNumber", number)
                                .text("LastModified", part.time().truncatedTo(ChronoUnit.MILLIS))
                                .text("ETag", part.etag())
                                .text("Size", part.content().length)));
        return Answer.xml(xml);
    }

    synchronized Answer list(String bucket, Request request) throws Refusal {
        request.allow(Set.of("uploads", "prefix"));
        objects.requireBucket(bucket);
        String prefix = request.parameter("prefix").orElse("");
        Xml xml = new Xml("ListMultipartUploadsResult")
                .text("Bucket", bucket)
                .text("Prefix", prefix)
                .text("MaxUploads", 1000)
                .text("IsTruncated", false);
        for (Upload upload : open.values()) {
            if (upload.bucket().equals(bucket) && upload.name().startsWith(prefix)) {
                xml.element(
                        "Upload",
                        element -> element.text("Key", upload.name())
                                .text("UploadId", upload.id())
                                .text("StorageClass", upload.attributes().storageClass())
                                .text("Initiated", upload.initiated().truncatedTo(ChronoUnit.MILLIS)));
            }
        }
        return Answer.xml(xml);
    }

    private synchronized Upload find(String bucket, String name, Request request) throws Refusal {
        objects.requireBucket(bucket);
        Upload upload = open.get(request.parameter("uploadId").orElse(""));
        if (upload == null || !upload.bucket().equals(bucket) || !upload.name().equals(name)) {
            throw Refusal.noSuchUpload();
        }
        return upload;
    }

    private static void refuseConditions(Request request) throws Refusal {
        for (String name : request.headers().keySet()) {
            if (name.regionMatches(true, 0, "x-goog-if-", 0, 10) || name.regionMatches(true, 0, "If-", 0, 3)) {
                throw Refusal.invalid("Uploads in parts take no preconditions: " + name);
            }
        }
    }
}
