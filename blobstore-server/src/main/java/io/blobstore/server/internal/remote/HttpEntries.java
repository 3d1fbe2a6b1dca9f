package io.blobstore.server.internal.remote;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cache.EntryBlobStore;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.StoredContent;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.RefusedRequestException;
import io.blobstore.http.objects.Retries;
import io.blobstore.http.objects.RetryClock;
import io.blobstore.server.HttpRemote;
import io.blobstore.spi.ByteRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The entries of an HTTP cache: of this server, or bazel-remote. Content goes over the wire as zstd frames where the
 * other side has it like that, and records as they are. Redirects are not followed.
 *
 * <p>Content of a key never changes, so a {@linkplain BlobMetadata#version version} is the size. Thread-safe.
 */
public final class HttpEntries extends EntryBlobStore {
    private static final String CONTENT = "cas/";
    private static final int ATTEMPTS = 3;
    /** Larger bodies wait for the other side's consent, so that they are not sent to be refused. */
    private static final long EXPECT_CONTINUE = 64 << 10;

    private final HttpClient http;
    private final Endpoint endpoint;
    private final String path;
    private final String name;
    private final Optional<String> authorization;
    private final BucketContext context;

    private HttpEntries(HttpClient http, HttpRemote remote, Optional<String> authorization) {
        this.http = http;
        this.authorization = authorization;
        endpoint = Endpoint.of(remote.uri());
        String raw = Optional.ofNullable(remote.uri().getRawPath()).orElse("");
        path = raw.replaceAll("/+$", "");
        name = endpoint + path;
        context = new BucketContext(
                endpoint.secure() ? "https" : "http",
                endpoint.authority() + path,
                "",
                Optional.empty(),
                http,
                new HttpCacheErrors(name),
                new Retries(ATTEMPTS, RetryClock.SYSTEM));
    }

    /**
     * Creates the store. Sends nothing.
     *
     * @param stallTimeout how long a connection may make no progress
     * @throws IOException if credentials or certificates cannot be read
     */
    public static HttpEntries open(HttpRemote remote, Duration stallTimeout) throws IOException {
        HttpClient.Builder client = HttpClient.builder().stallTimeout(stallTimeout);
        if (remote.authorities().isPresent()) {
            client.trustManagers(HttpIdentity.trust(remote.authorities().get()));
        }
        if (remote.certificate().isPresent()) {
            client.keyManagers(HttpIdentity.keys(remote.certificate().get()));
        }
        Optional<String> authorization = remote.credentials().isPresent()
                ? Optional.of(HttpIdentity.authorization(remote.credentials().get()))
                : Optional.empty();
        return new HttpEntries(client.build(), remote, authorization);
    }

    // ---- requests

    private HttpHeaders.Builder headers() {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        authorization.ifPresent(value -> headers.add("Authorization", value));
        return headers;
    }

    private HttpRequest request(String method, BlobKey key, HttpHeaders headers) {
        return HttpRequest.of(method, endpoint, path + '/' + key, headers);
    }

    /** Sends a request; the response is a success, otherwise this throws. */
    private HttpResponse send(HttpRequest request, ResponseHandler handler) throws IOException {
        HttpResponse response = http.newCall(request).execute(handler);
        if (!response.isSuccess()) {
            String text = new String(response.body().bytes(), StandardCharsets.UTF_8);
            throw new RefusedRequestException(ErrorResponse.of(response, "", text));
        }
        return response;
    }

    private static boolean isContent(BlobKey key) {
        return key.toString().startsWith(CONTENT);
    }

    // ---- reading

    private static BlobMetadata describe(BlobKey key, long size) {
        return BlobMetadata.builder(key, size, new BlobVersion(Long.toString(size)), Instant.EPOCH)
                .build();
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return context.call(Operation.HEAD, key, () -> {
            HttpResponse response = send(request("HEAD", key, headers().build()), ResponseHandler.KEEP_SMALL);
            long size = response.headers()
                    .number("Content-Length")
                    .or(() -> response.headers().number(ContentResponse.SIZE))
                    .orElseThrow(() -> new BlobStoreException(
                            Operation.HEAD, key, "the response of " + name + " has no size", null, false));
            return describe(key, size);
        });
    }

    /** Sends one request without a range, and takes what fits. */
    @Override
    public BlobMetadata readSmall(BlobKey key, ByteBuffer target) throws IOException {
        int start = target.position();
        try {
            return context.call(Operation.READ, key, () -> {
                target.position(start);
                try (ContentResponse content = ContentResponse.small(key, BlobTarget.Window.of(target))) {
                    receive(key, content, Optional.empty());
                    return describe(key, content.delivered());
                }
            });
        } catch (ContentResponse.TooLargeException e) {
            target.position(start);
            return head(key);
        }
    }

    /**
     * Reads content with one request. If the range is not the whole, and the other side cannot send a part, what
     * precedes it is received and dropped.
     */
    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        BlobMetadata blob = options.ifMatch().isPresent()
                ? describe(key, size(key, options.ifMatch().get()))
                : head(key);
        ByteRange exact = ByteRanges.resolve(range, key, blob.size(), target.remaining());
        long length = exact.length();
        boolean part = length < blob.size();
        Optional<String> wanted = part && length > 0
                ? Optional.of("bytes=" + exact.offset() + '-' + (exact.offset() + length - 1))
                : Optional.empty();
        try (ContentResponse content = ContentResponse.range(key, blob.size(), exact.offset(), length, target)) {
            try {
                context.request(Operation.READ, key, () -> {
                    receive(key, content, wanted);
                    return blob;
                });
            } catch (BlobStoreException e) {
                if (content.delivered() == 0 || content.delivered() == length || !e.isRetryable()) {
                    throw e;
                }
                throw new PartialReadException(
                        key,
                        ReadResult.of(blob, content.delivered(), content.checksum()),
                        "only " + content.delivered() + " of " + length + " bytes arrived: " + e.getMessage(),
                        e);
            }
            return ReadResult.of(blob, length, content.checksum());
        }
    }

    private void receive(BlobKey key, ContentResponse content, Optional<String> range) throws IOException {
        HttpHeaders.Builder headers = headers();
        if (isContent(key)) {
            headers.add("Accept-Encoding", "zstd");
        }
        range.ifPresent(value -> headers.add("Range", value));
        try {
            send(request("GET", key, headers.build()), content);
        } catch (BlobStoreException e) {
            throw content.failure(e);
        }
        content.finish();
    }

    private static long size(BlobKey key, BlobVersion version) throws PreconditionFailedException {
        try {
            return Long.parseUnsignedLong(version.value());
        } catch (NumberFormatException e) {
            throw new PreconditionFailedException(Operation.READ, key, "it has no version " + version, e);
        }
    }

    // ---- storing

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        return put(key, content, content.size(), headers());
    }

    @Override
    public StoredBlob store(BlobKey key, CachedContent content) throws IOException {
        StoredContent stored = content.stored();
        if (!isContent(key) || stored.encoding() != StoredContent.Encoding.ZSTD) {
            return super.store(key, content);
        }
        long size = content.digest().size();
        HttpHeaders.Builder headers =
                headers().add("Content-Encoding", "zstd").add(ContentResponse.SIZE, Long.toString(size));
        return put(key, storedForm(content, stored), size, headers);
    }

    private StoredBlob put(BlobKey key, BlobSource body, long size, HttpHeaders.Builder headers) throws IOException {
        HttpRequest request = new HttpRequest(
                "PUT",
                endpoint,
                path + '/' + key,
                headers.add("Content-Type", "application/octet-stream").build(),
                Optional.of(body),
                body.size() > EXPECT_CONTINUE);
        return context.request(Operation.STORE, key, () -> {
            send(request, ResponseHandler.KEEP_SMALL);
            return StoredBlob.of(key, size, new BlobVersion(Long.toString(size)), Optional.empty());
        });
    }

    /** Cancels the requests that run. */
    @Override
    public void close() {
        context.close();
    }

    @Override
    public String toString() {
        return "HTTP cache " + name;
    }
}
