package io.blobstore.gcs;

import com.google.cloud.storage.Storage;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The URLs of a bucket's objects in the XML API, and of uploads in the JSON API. Names are not normalised.
 *
 * @param root scheme and authority, without a slash at the end
 */
record GcsUrls(String root, String bucket) {
    /** Returns the URLs of a bucket at the host of a client. */
    static GcsUrls of(Storage client, String bucket) {
        return new GcsUrls(root(client.getOptions().getHost()), bucket);
    }

    /** Returns a host without a slash at the end. */
    static String root(String host) {
        return host.endsWith("/") ? host.substring(0, host.length() - 1) : host;
    }

    /** Returns the URL of an object in the XML API. */
    String object(String name, Map<String, String> query) {
        return root + "/" + bucket + "/" + encode(name, "/") + (query.isEmpty() ? "" : "?" + query(query));
    }

    /** Returns the URL of the bucket in the XML API. */
    String bucket(Map<String, String> query) {
        return root + "/" + bucket + "?" + query(query);
    }

    /** Returns the URL of the JSON API for storing metadata and content with one request. */
    String upload(Map<String, String> query) {
        Map<String, String> all = new TreeMap<>(query);
        all.put("uploadType", "multipart");
        return root + "/upload/storage/v1/b/" + bucket + "/o?" + query(all);
    }

    private static String query(Map<String, String> query) {
        return new TreeMap<>(query)
                .entrySet().stream()
                        .map(entry -> entry.getValue().isEmpty()
                                ? entry.getKey()
                                : entry.getKey() + "=" + encode(entry.getValue(), ""))
                        .collect(Collectors.joining("&"));
    }

    /** Percent-encodes all characters except those in {@code kept} and unreserved ones (RFC 3986, section 2.3). */
    private static String encode(String text, String kept) {
        StringBuilder encoded = new StringBuilder(text.length() + 16);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean unreserved = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "-._~".indexOf(c) >= 0;
            if (unreserved || kept.indexOf(c) >= 0) {
                encoded.append(c);
            } else {
                encoded.append('%').append(String.format("%02X", (int) c));
            }
        }
        return encoded.toString();
    }
}
