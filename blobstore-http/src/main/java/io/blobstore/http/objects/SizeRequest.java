package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests the first byte of an object to learn its size, where the response to a request for the metadata has none:
 * some proxies drop the Content-Length of a response without a body. Used once.
 */
public final class SizeRequest implements ResponseHandler {
    private static final int PARTIAL = 206;
    private static final int NOT_SATISFIABLE = 416;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes 0-0/([0-9]{1,18})");

    private OptionalLong size = OptionalLong.empty();

    private SizeRequest() {}

    /** Ends a response that has the whole blob instead of its first byte. */
    private static final class EnoughException extends IOException {
        private static final long serialVersionUID = 1L;

        private EnoughException() {
            super("the size is known");
        }
    }

    /**
     * Returns the size of a version.
     *
     * @param version the version whose metadata has no size
     * @throws BlobStoreException if this response has no size either
     */
    public static long send(
            ObjectReader objects, ErrorTranslator errors, Operation operation, BlobKey key, BlobVersion version)
            throws IOException {
        SizeRequest request = new SizeRequest();
        try {
            objects.get(key, Optional.of(version), Optional.of("bytes=0-0"), request);
        } catch (PreconditionFailedException | BlobNotFoundException e) {
            throw new BlobStoreException(operation, key, "it was replaced during the request", e, true);
        } catch (BlobStoreException e) {
            if (errors.status(e) == NOT_SATISFIABLE) {
                return 0;
            }
            if (request.size.isEmpty()) {
                throw e;
            }
        }
        return request.size.orElseThrow(() -> ObjectHeaders.incomplete(operation, key, "size"));
    }

    @Override
    public Optional<Body> target(int status, HttpHeaders headers) throws IOException {
        if (status != PARTIAL) {
            Optional<Long> length = headers.number("Content-Length");
            size = length.isPresent() ? OptionalLong.of(length.get()) : size;
            throw new EnoughException();
        }
        Matcher matcher = CONTENT_RANGE.matcher(headers.first("Content-Range").orElse(""));
        if (!matcher.matches()) {
            throw new EnoughException();
        }
        size = OptionalLong.of(Long.parseLong(matcher.group(1)));
        return Optional.of(new Body(1, BlobTarget.Window.of(ByteBuffer.allocate(1))));
    }
}
