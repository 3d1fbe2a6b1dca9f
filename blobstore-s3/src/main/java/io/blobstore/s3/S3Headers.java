package io.blobstore.s3;

import io.blobstore.Crc32c;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.objects.HeaderText;
import io.blobstore.http.objects.ObjectHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;
import java.util.stream.Collectors;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * The header fields that a store's settings add to its requests. They are the same for requests of the data plane and
 * of the SDK, which signs them as additional headers.
 */
final class S3Headers {
    static final String CHECKSUM = "x-amz-checksum-crc32c";
    static final String CHECKSUM_TYPE = "x-amz-checksum-type";
    static final String CHECKSUM_MODE = "x-amz-checksum-mode";
    static final String VERSION_ID = "x-amz-version-id";
    static final String USER_METADATA = "x-amz-meta-";
    static final String IF_MATCH = "If-Match";
    static final String IF_NONE_MATCH = "If-None-Match";

    private static final String STORAGE_CLASS = "x-amz-storage-class";
    private static final String TAGGING = "x-amz-tagging";
    private static final String WEBSITE_REDIRECT = "x-amz-website-redirect-location";
    private static final String ENCRYPTION = "x-amz-server-side-encryption";

    private final Map<String, String> any;
    private final Map<String, String> key;
    private final Map<String, String> sourceKey;
    private final Map<String, String> stored;
    private final boolean checksums;

    S3Headers(S3Settings settings) {
        checksums = settings.keepsChecksums();
        any = settings.requesterPays() ? Map.of("x-amz-request-payer", "requester") : Map.of();
        key = customerKey(settings, ENCRYPTION);
        sourceKey = customerKey(settings, "x-amz-copy-source-server-side-encryption");
        stored = stored(settings);
    }

    /** Returns the fields of every request. */
    Map<String, String> any() {
        return any;
    }

    /** Returns the fields of a request that creates a blob. */
    Map<String, String> create() {
        return merge(any, key, stored);
    }

    /** Returns the fields of a request that sends a part or completes an upload. */
    Map<String, String> part() {
        return merge(any, key);
    }

    /** Returns the fields of a GET or HEAD. */
    Map<String, String> read() {
        return merge(any, key, checksums ? Map.of(CHECKSUM_MODE, "ENABLED") : Map.of());
    }

    /** Returns the field with the checksum of content that is sent, if the store sends checksums. */
    Map<String, String> checksum(Crc32c checksum) {
        return checksums ? Map.of(CHECKSUM, checksum.base64()) : Map.of();
    }

    /** Returns the fields that a copy needs besides {@link #create()} or {@link #part()}. */
    Map<String, String> source() {
        return sourceKey;
    }

    /** Returns the fields of a precondition, for the request that makes a blob visible. */
    static Map<String, String> condition(Precondition condition) {
        if (condition instanceof Precondition.IfMatch match) {
            return Map.of(IF_MATCH, VersionTag.of(match.version()).etag());
        }
        return condition == Precondition.ifAbsent() ? Map.of(IF_NONE_MATCH, "*") : Map.of();
    }

    /** Returns the metadata of a new blob as fields. */
    static Map<String, String> metadata(StoreOptions options) {
        Map<String, String> fields = new TreeMap<>(options.contentHeaders());
        options.userMetadata().forEach((name, value) -> fields.put(USER_METADATA + name, value));
        return fields;
    }

    /**
     * Returns the metadata of a blob as fields of a request that stores a copy, as the server has sent it: encoded
     * words are decoded by the server that receives them.
     */
    static Map<String, String> metadata(HttpHeaders source) {
        Map<String, String> fields = new TreeMap<>();
        for (String name : ObjectHeaders.CONTENT) {
            List<String> values = source.all(name);
            if (!values.isEmpty()) {
                fields.put(name, HeaderText.utf8(String.join(", ", values)));
            }
        }
        source.first("Expires").ifPresent(value -> fields.put("Expires", value));
        source.forEach((name, value) -> {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith(USER_METADATA)) {
                fields.merge(field, HeaderText.utf8(value), (a, b) -> a + "," + b);
            }
        });
        return fields;
    }

    /**
     * Returns the properties of a blob that no server copies by itself, as fields of a request that stores a copy: the
     * target of a redirect, and the storage class, unless the settings have one.
     */
    Map<String, String> properties(HttpHeaders source) {
        Map<String, String> fields = new TreeMap<>();
        source.first(WEBSITE_REDIRECT).ifPresent(value -> fields.put(WEBSITE_REDIRECT, HeaderText.utf8(value)));
        if (!stored.containsKey(STORAGE_CLASS)) {
            source.first(STORAGE_CLASS)
                    .filter(name -> !name.equals("STANDARD")) // not every server knows the default's name
                    .ifPresent(name -> fields.put(STORAGE_CLASS, name));
        }
        return fields;
    }

    /** Returns tags as a field. */
    static Map<String, String> tags(Map<String, String> tags) {
        return tags.isEmpty() ? Map.of() : Map.of(TAGGING, tagging(tags));
    }

    /** Returns fields as additional headers of a request of the SDK, which signs them. */
    @SafeVarargs
    static AwsRequestOverrideConfiguration override(Map<String, String>... fields) {
        AwsRequestOverrideConfiguration.Builder override = AwsRequestOverrideConfiguration.builder();
        merge(fields).forEach(override::putHeader);
        return override.build();
    }

    @SafeVarargs
    static Map<String, String> merge(Map<String, String>... fields) {
        Map<String, String> merged = new TreeMap<>();
        for (Map<String, String> some : fields) {
            merged.putAll(some);
        }
        return merged;
    }

    private static Map<String, String> stored(S3Settings settings) {
        Map<String, String> fields = new TreeMap<>();
        settings.storageClass().ifPresent(name -> fields.put(STORAGE_CLASS, name));
        fields.putAll(tags(settings.tags()));
        settings.encryption().ifPresent(encryption -> {
            if (encryption == S3Encryption.s3Managed()) {
                fields.put(ENCRYPTION, "AES256");
            } else if (encryption instanceof S3Encryption.Kms kms) {
                fields.put(ENCRYPTION, "aws:kms");
                kms.keyId().ifPresent(id -> fields.put(ENCRYPTION + "-aws-kms-key-id", id));
                if (!kms.context().isEmpty()) {
                    fields.put(
                            ENCRYPTION + "-context", base64(json(kms.context()).getBytes(StandardCharsets.UTF_8)));
                }
                if (kms.bucketKey()) {
                    fields.put(ENCRYPTION + "-bucket-key-enabled", "true");
                }
            }
        });
        return fields;
    }

    private static Map<String, String> customerKey(S3Settings settings, String name) {
        if (settings.encryption().orElse(null) instanceof S3Encryption.CustomerKey customer) {
            return Map.of(
                    name + "-customer-algorithm",
                    "AES256",
                    name + "-customer-key",
                    base64(customer.bytes()),
                    name + "-customer-key-md5",
                    base64(md5(customer.bytes())));
        }
        return Map.of();
    }

    static String tagging(Map<String, String> tags) {
        return new TreeMap<>(tags)
                .entrySet().stream()
                        .map(tag -> SdkHttpUtils.urlEncode(tag.getKey()) + "=" + SdkHttpUtils.urlEncode(tag.getValue()))
                        .collect(Collectors.joining("&"));
    }

    private static String json(Map<String, String> pairs) {
        return new TreeMap<>(pairs).entrySet().stream().map(S3Headers::json).collect(Collectors.joining(",", "{", "}"));
    }

    private static String json(Entry<String, String> pair) {
        return quoted(pair.getKey()) + ":" + quoted(pair.getValue());
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Returns the MD5 of a key, by which S3 detects that the key was corrupted. */
    private static byte[] md5(byte[] bytes) {
        try {
            return MessageDigest.getInstance("MD5").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    /** Returns only the names, as a value may be a key. */
    @Override
    public String toString() {
        return "S3Headers" + merge(create(), read()).keySet();
    }
}
