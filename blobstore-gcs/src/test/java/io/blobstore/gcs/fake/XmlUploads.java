package io.blobstore.gcs.fake;

import static io.blobstore.gcs.fake.ErrorResponse.require;

import io.blobstore.Crc32c;
import io.blobstore.http.ScriptedResponse;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Handles multipart uploads by the XML API. Thread-safe. */
final class XmlUploads {
    private static final int MIN_PART = 5 << 20;
    private static final int PAGE = 2;

    private final FakeObjects objects;
    private final Map<String, Upload> open = new LinkedHashMap<>();

    private record Part(byte[] content, String etag) {}

    private record Upload(
            String id,
            String bucket,
            String name,
            Attributes attributes,
            Map<Integer, Part> parts,
            Instant initiated) {}

    XmlUploads(FakeObjects objects) {
        this.objects = objects;
    }

    synchronized List<String> open(String bucket) {
        return open.values().stream()
                .filter(upload -> upload.bucket().equals(bucket))
                .map(Upload::id)
                .toList();
    }

    // ---- requests

    synchronized ScriptedResponse initiate(String bucket, String name, Request request) {
        request.allow("uploads");
        refuseConditions(request);
        objects.requireWritable(bucket, name, Optional.empty());
        require(request.body().length == 0, "The request that creates an upload has no body.");
        String id = UUID.randomUUID().toString().replace("-", "");
        Attributes attributes = Attributes.ofHeaders(request);
        open.put(id, new Upload(id, bucket, name, attributes, new HashMap<>(), objects.now()));
        return described("InitiateMultipartUploadResult", bucket, name)
                .text("UploadId", id)
                .response();
    }

    /** Lists uploads by object and id, two to a page, so that tests of few uploads need several pages. */
    synchronized ScriptedResponse list(String bucket, Request request) {
        request.allow("uploads|prefix|encoding-type|key-marker|upload-id-marker");
        objects.requireBucket(bucket);
        require(request.parameter("encoding-type").orElse("").equals("url"), "Use encoding-type=url.");
        String key = request.parameter("key-marker").orElse("");
        String id = request.parameter("upload-id-marker").orElse("");
        List<Upload> rest = open.values().stream()
                .filter(upload -> upload.bucket().equals(bucket))
                .filter(upload ->
                        upload.name().startsWith(request.parameter("prefix").orElse("")))
                .filter(upload -> isAfter(upload, key, id))
                .sorted(Comparator.comparing(Upload::name, FakeObjects.ORDER).thenComparing(Upload::id))
                .toList();
        Xml page = new Xml("ListMultipartUploadsResult").text("Bucket", bucket).text("EncodingType", "url");
        List<Upload> listed = rest.subList(0, Math.min(rest.size(), PAGE));
        for (Upload upload : listed) {
            page.element(
                    "Upload",
                    new Xml("")
                            .text("Key", Request.encode(upload.name()))
                            .text("UploadId", upload.id())
                            .text("StorageClass", "STANDARD")
                            .text("Initiated", upload.initiated()));
        }
        if (listed.size() < rest.size()) {
            Upload last = listed.get(listed.size() - 1);
            page.text("NextKeyMarker", Request.encode(last.name())).text("NextUploadIdMarker", last.id());
        }
        return page.text("IsTruncated", listed.size() < rest.size()).response();
    }

    private static boolean isAfter(Upload upload, String key, String id) {
        int order = FakeObjects.ORDER.compare(upload.name(), key);
        return key.isEmpty() || order > 0 || (order == 0 && upload.id().compareTo(id) > 0);
    }

    private static Xml described(String root, String bucket, String name) {
        return new Xml(root).text("Bucket", bucket).text("Key", name);
    }

    ScriptedResponse put(String bucket, String name, Request request) {
        request.allow("uploadId|partNumber");
        refuseConditions(request);
        String number = request.parameter("partNumber").orElse("");
        require(number.matches("[1-9][0-9]{0,3}|10000"), "Part number must be between 1 and 10000: " + number);
        Upload upload = find(bucket, name, request);
        CustomerKey.require(upload.attributes().keySha256(), CustomerKey.sha256(request, CustomerKey.OBJECT));
        Hashes hashes = Hashes.of(request.body());
        hashes.requireAsIn(request);
        Part part = new Part(request.body(), "\"" + hashes.md5Hex().orElseThrow() + "\"");
        synchronized (this) {
            find(bucket, name, request); // the upload may have ended meanwhile
            upload.parts().put(Integer.parseInt(number), part);
        }
        return ScriptedResponse.empty(200)
                .with("ETag", part.etag())
                .with(
                        "x-goog-hash",
                        "crc32c=" + hashes.crc32c().base64() + ",md5="
                                + hashes.md5().orElseThrow());
    }

    /** Lists parts by number, two to a page. */
    synchronized ScriptedResponse parts(String bucket, String name, Request request) {
        request.allow("uploadId|part-number-marker");
        Upload upload = find(bucket, name, request);
        int after = Integer.parseInt(request.parameter("part-number-marker").orElse("0"));
        List<Integer> rest = upload.parts().keySet().stream()
                .filter(number -> number > after)
                .sorted()
                .toList();
        List<Integer> listed = rest.subList(0, Math.min(rest.size(), PAGE));
        Xml page = described("ListPartsResult", bucket, name).text("UploadId", upload.id());
        for (int number : listed) {
            Part part = upload.parts().get(number);
            page.element(
                    "Part",
                    new Xml("")
                            .text("PartNumber", number)
                            .text("LastModified", upload.initiated())
                            .text("ETag", part.etag())
                            .text("Size", part.content().length));
        }
        if (listed.size() < rest.size()) {
            page.text("NextPartNumberMarker", listed.get(listed.size() - 1));
        }
        return page.text("IsTruncated", listed.size() < rest.size()).response();
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
        return described("CompleteMultipartUploadResult", bucket, name)
                .text("Location", "http://storage.googleapis.com/" + bucket + "/" + Request.encode(name))
                .text("ETag", object.etag())
                .response()
                .with("x-goog-hash", "crc32c=" + hashes.crc32c().base64())
                .with("x-goog-generation", object.generation());
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
                    "One of the specified parts could not be found, or its entity tag did not match.");
            require(
                    wanted.number() == before || part.content().length >= MIN_PART,
                    "EntityTooSmall",
                    "Your proposed upload is smaller than the minimum object size specified.");
            content.writeBytes(part.content());
        }
        return content.toByteArray();
    }

    private static String unquoted(String etag) {
        return etag.replace("\"", "");
    }

    synchronized ScriptedResponse abort(String bucket, String name, Request request) {
        request.allow("uploadId");
        open.remove(find(bucket, name, request).id());
        return ScriptedResponse.empty(204);
    }

    private synchronized Upload find(String bucket, String name, Request request) {
        objects.requireBucket(bucket);
        Upload upload = open.get(request.parameter("uploadId").orElse(""));
        if (upload == null || !upload.bucket().equals(bucket) || !upload.name().equals(name)) {
            throw new ErrorResponse(404, "NoSuchUpload", "notFound", "The requested upload was not found.");
        }
        return upload;
    }

    private static void refuseConditions(Request request) {
        for (String name : request.headers().keySet()) {
            require(!name.matches("(?i)x-goog-if-.*"), "Multipart uploads have no preconditions: " + name);
        }
    }
}
