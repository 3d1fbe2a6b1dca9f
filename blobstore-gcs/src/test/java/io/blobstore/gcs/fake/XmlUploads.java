package io.blobstore.gcs.fake;

import io.blobstore.Crc32c;
import io.blobstore.http.ScriptedResponse;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/** Multipart uploads of the XML API. Thread-safe. */
final class XmlUploads {
    private static final int MAX_PARTS = 10_000;
    private static final int MIN_PART = 5 << 20;

    private final FakeObjects objects;
    private final Map<String, Upload> open = new LinkedHashMap<>();
    private volatile boolean omitHash;
    private volatile boolean omitGeneration;

    private record Part(byte[] content, String etag, Instant time) {}

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

    private List<Upload> open(String bucket, String prefix) {
        return open.values().stream()
                .filter(upload -> upload.bucket().equals(bucket) && upload.name().startsWith(prefix))
                .toList();
    }

    synchronized List<String> ids(String bucket) {
        return open(bucket, "").stream().map(Upload::id).toList();
    }

    // ---- requests

    synchronized ScriptedResponse initiate(String bucket, String name, Request request) {
        request.allow("uploads");
        refuseConditions(request);
        objects.requireWritable(bucket, name, Optional.empty());
        if (request.body().length > 0) {
            throw ErrorResponse.invalid("The request that begins an upload has no body.");
        }
        String id = UUID.randomUUID().toString().replace("-", "");
        Attributes attributes = Attributes.ofHeaders(request);
        open.put(id, new Upload(id, bucket, name, attributes, objects.now(), new TreeMap<>()));
        return described("InitiateMultipartUploadResult", bucket, name)
                .text("UploadId", id)
                .response();
    }

    private static Xml described(String root, String bucket, String name) {
        return new Xml(root).text("Bucket", bucket).text("Key", name);
    }

    ScriptedResponse put(String bucket, String name, Request request) {
        request.allow("uploadId|partNumber");
        refuseConditions(request);
        String number = request.parameter("partNumber").orElse("");
        if (!number.matches("[1-9][0-9]{0,4}") || Integer.parseInt(number) > MAX_PARTS) {
            throw ErrorResponse.invalid("Part number must be an integer between 1 and 10000, inclusive: " + number);
        }
        Upload upload = find(bucket, name, request);
        CustomerKey.require(upload.attributes().keySha256(), CustomerKey.sha256(request, CustomerKey.OBJECT));
        Hashes hashes = Hashes.of(request.body());
        hashes.requireAsIn(request);
        Part part = new Part(request.body(), "\"" + hashes.md5Hex().orElseThrow() + "\"", objects.now());
        synchronized (this) {
            find(bucket, name, request); // may have ended meanwhile
            upload.parts().put(Integer.parseInt(number), part);
        }
        return ScriptedResponse.empty(200)
                .with("ETag", part.etag())
                .with("x-goog-hash", "crc32c=" + hashes.crc32c().base64() + ",md5=" + hashes.md5().orElseThrow());
    }

    synchronized ScriptedResponse complete(String bucket, String name, Request request) {
        request.allow("uploadId");
        refuseConditions(request);
        Upload upload = find(bucket, name, request);
        Hashes.of(request.body()).requireAsIn(request);
        byte[] content = assemble(upload, Xml.parts(request.body()));
        Hashes hashes = new Hashes(Crc32c.of(ByteBuffer.wrap(content)), Optional.empty());
        FakeObject object = objects.put(bucket, name, content, hashes, upload.attributes(), Optional.empty());
        open.remove(upload.id());
        ScriptedResponse response = described("CompleteMultipartUploadResult", bucket, name)
                .text("Location", "http://storage.googleapis.com/" + bucket + "/" + Request.encode(name))
                .text("ETag", object.xmlEtag())
                .response()
                .with("x-goog-hash", "crc32c=" + object.crc32c().base64())
                .with("x-goog-generation", object.generation());
        response = omitHash ? response.without("x-goog-hash") : response;
        return omitGeneration ? response.without("x-goog-generation") : response;
    }

    private static byte[] assemble(Upload upload, List<Xml.NamedPart> named) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        int before = 0;
        for (Xml.NamedPart wanted : named) {
            require(wanted.number() > before, "InvalidPartOrder", "Parts must be ordered by part number.");
            before = wanted.number();
        }
        for (Xml.NamedPart wanted : named) {
            Part part = upload.parts().get(wanted.number());
            require(
                    part != null && unquoted(part.etag()).equals(unquoted(wanted.etag())),
                    "InvalidPart",
                    "One or more of the specified parts could not be found, or its entity tag might not have matched.");
            require(
                    wanted.number() == before || part.content().length >= MIN_PART,
                    "EntityTooSmall",
                    "Your proposed upload is smaller than the minimum object size specified.");
            content.writeBytes(part.content());
        }
        return content.toByteArray();
    }

    private static void require(boolean condition, String code, String message) {
        if (!condition) {
            throw ErrorResponse.badRequest(code, message);
        }
    }

    private static String unquoted(String etag) {
        return etag.replace("\"", "");
    }

    synchronized ScriptedResponse abort(String bucket, String name, Request request) {
        request.allow("uploadId");
        open.remove(find(bucket, name, request).id());
        return ScriptedResponse.empty(204);
    }

    synchronized ScriptedResponse listParts(String bucket, String name, Request request) {
        request.allow("uploadId");
        Upload upload = find(bucket, name, request);
        Xml xml = described("ListPartsResult", bucket, name).text("UploadId", upload.id());
        xml.text("StorageClass", upload.attributes().storageClass()).text("IsTruncated", false);
        upload.parts()
                .forEach((number, part) -> xml.element(new Xml("Part")
                        .text("PartNumber", number)
                        .text("LastModified", part.time().truncatedTo(ChronoUnit.MILLIS))
                        .text("ETag", part.etag())
                        .text("Size", part.content().length)));
        return xml.response();
    }

    synchronized ScriptedResponse list(String bucket, Request request) {
        request.allow("uploads|prefix");
        objects.requireBucket(bucket);
        Xml xml = new Xml("ListMultipartUploadsResult").text("Bucket", bucket).text("IsTruncated", false);
        open(bucket, request.parameter("prefix").orElse(""))
                .forEach(upload -> xml.element(new Xml("Upload")
                        .text("Key", upload.name())
                        .text("UploadId", upload.id())
                        .text("StorageClass", upload.attributes().storageClass())
                        .text("Initiated", upload.initiated().truncatedTo(ChronoUnit.MILLIS))));
        return xml.response();
    }

    private synchronized Upload find(String bucket, String name, Request request) {
        objects.requireBucket(bucket);
        Upload upload = open.get(request.parameter("uploadId").orElse(""));
        if (upload == null || !upload.bucket().equals(bucket) || !upload.name().equals(name)) {
            throw ErrorResponse.noSuchUpload();
        }
        return upload;
    }

    private static void refuseConditions(Request request) {
        for (String name : request.headers().keySet()) {
            if (name.matches("(?i)x-goog-if-.*")) {
                throw ErrorResponse.invalid("Multipart uploads have no preconditions: " + name);
            }
        }
    }
}
