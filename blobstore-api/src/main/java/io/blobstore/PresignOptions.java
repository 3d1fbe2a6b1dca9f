package io.blobstore;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Options of {@link BlobStore#presign}: what the URL permits. Immutable. */
public final class PresignOptions {
    /** Permits reading the blob for 15 minutes. */
    public static final PresignOptions DEFAULT = new Builder().build();

    /** The kind of request that a URL permits. */
    public enum Method {
        /** Reads the blob. */
        GET,
        /** Stores the blob. */
        PUT
    }

    private final Method method;
    private final Duration validity;
    private final Map<String, String> responseHeaders;

    private PresignOptions(Builder builder) {
        method = builder.method;
        validity = builder.validity;
        responseHeaders = Collections.unmodifiableMap(new TreeMap<>(builder.responseHeaders));
        if (validity.isNegative() || validity.isZero()) {
            throw new IllegalArgumentException("the validity must be positive; got " + validity);
        }
        ContentHeaders.requireValid(responseHeaders);
        if (method != Method.GET && !responseHeaders.isEmpty()) {
            throw new IllegalArgumentException(
                    "only the response to GET has headers that can be replaced; got " + responseHeaders.keySet());
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the method of the request that the URL permits. */
    public Method method() {
        return method;
    }

    /** Returns how long the URL is valid. */
    public Duration validity() {
        return validity;
    }

    /**
     * Returns the headers of the response that replace those the blob was stored with, by name, as in
     * "Content-Disposition"; unmodifiable.
     */
    public Map<String, String> responseHeaders() {
        return responseHeaders;
    }

    /** Returns options of a URL that permits reading the blob. */
    public static PresignOptions get(Duration validity) {
        Objects.requireNonNull(validity, "validity");
        return builder().method(Method.GET).validity(validity).build();
    }

    /** Returns options of a URL that permits storing the blob. */
    public static PresignOptions put(Duration validity) {
        Objects.requireNonNull(validity, "validity");
        return builder().method(Method.PUT).validity(validity).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PresignOptions that
                && method == that.method
                && validity.equals(that.validity)
                && responseHeaders.equals(that.responseHeaders);
    }

    @Override
    public int hashCode() {
        return Objects.hash(method, validity, responseHeaders);
    }

    @Override
    public String toString() {
        return "PresignOptions[method=" + method + ", validity=" + validity + ", responseHeaders=" + responseHeaders
                + "]";
    }

    /** Builds {@link PresignOptions}. Not thread-safe. */
    public static final class Builder {
        private Method method = Method.GET;
        private Duration validity = Duration.ofMinutes(15);
        private final Map<String, String> responseHeaders = new TreeMap<>();

        private Builder() {}

        private Builder(PresignOptions options) {
            method = options.method;
            validity = options.validity;
            responseHeaders.putAll(options.responseHeaders);
        }

        /** Sets the method of the request that the URL permits. */
        public Builder method(Method method) {
            Objects.requireNonNull(method, "method");
            this.method = method;
            return this;
        }

        /** Sets how long the URL is valid; a store may permit less. */
        public Builder validity(Duration validity) {
            Objects.requireNonNull(validity, "validity");
            this.validity = validity;
            return this;
        }

        /**
         * Sets the media type in the response to GET, instead of the stored one.
         *
         * <p>S3 can replace all of the headers here, Cloud Storage only Content-Type and Content-Disposition: with
         * another one, {@link BlobStore#presign} throws {@link UnsupportedOperationException}.
         */
        public Builder responseContentType(String type) {
            Objects.requireNonNull(type, "type");
            return header(ContentHeaders.TYPE, type);
        }

        /** Sets the encodings in the response to GET, instead of the stored ones. The content is the same. */
        public Builder responseContentEncoding(String encoding) {
            Objects.requireNonNull(encoding, "encoding");
            return header(ContentHeaders.ENCODING, encoding);
        }

        /** Sets the languages in the response to GET, instead of the stored ones. */
        public Builder responseContentLanguage(String language) {
            Objects.requireNonNull(language, "language");
            return header(ContentHeaders.LANGUAGE, language);
        }

        /**
         * Sets how a browser presents the response to GET, as in {@code attachment; filename="a.csv"}, instead of the
         * stored way.
         */
        public Builder responseContentDisposition(String disposition) {
            Objects.requireNonNull(disposition, "disposition");
            return header(ContentHeaders.DISPOSITION, disposition);
        }

        /** Sets how caches may keep the response to GET, instead of the stored way. */
        public Builder responseCacheControl(String cacheControl) {
            Objects.requireNonNull(cacheControl, "cacheControl");
            return header(ContentHeaders.CACHE_CONTROL, cacheControl);
        }

        private Builder header(String name, String value) {
            responseHeaders.put(name, Objects.requireNonNull(value));
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public PresignOptions build() {
            return new PresignOptions(this);
        }
    }
}
