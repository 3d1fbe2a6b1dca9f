package io.blobstore.gcs;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where a bucket's objects are: in the XML API, by path, and in the JSON API's uploads. Nothing in a name is
 * normalised.
 *
 * @param root scheme and authority, without a slash at the end
 */
record GcsUrls(String root, String bucket) {
    /** Of the XML API. */
    String object(String name, Map<String, String> query) {
        return root + "/" + bucket + "/" + encode(name, "/") + (query.isEmpty() ? "" : "?" + query(query));
    }

    /** Where the JSON API takes metadata and content in one request. */
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

    /** Percent-encodes all but unreserved characters (RFC 3986, section 2.3), and those that are to stay. */
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
