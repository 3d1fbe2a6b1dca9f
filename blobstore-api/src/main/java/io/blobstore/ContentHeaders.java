package io.blobstore;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The header fields that describe a blob's content to its readers (RFC 9110, section 8), in maps by name. */
final class ContentHeaders {
    static final String TYPE = "Content-Type";
    static final String ENCODING = "Content-Encoding";
    static final String LANGUAGE = "Content-Language";
    static final String DISPOSITION = "Content-Disposition";
    static final String CACHE_CONTROL = "Cache-Control";

    private static final List<String> NAMES = List.of(TYPE, ENCODING, LANGUAGE, DISPOSITION, CACHE_CONTROL);

    private ContentHeaders() {}

    /** Returns the fields with these names, which are compared without case; other fields are left out. */
    static Map<String, String> select(Map<String, String> fields) {
        Map<String, String> selected = new TreeMap<>();
        fields.forEach((field, value) -> NAMES.stream()
                .filter(field::equalsIgnoreCase)
                .findFirst()
                .ifPresent(name -> selected.put(name, value)));
        return selected;
    }

    /** Sets a field, or removes it. */
    static void set(Map<String, String> fields, String name, Optional<String> value) {
        value.ifPresentOrElse(present -> fields.put(name, present), () -> fields.remove(name));
    }

    /**
     * Checks values of a caller, which must not be empty.
     *
     * @throws IllegalArgumentException if a header cannot have such a value, or a store cannot keep it
     */
    static void requireValid(Map<String, String> fields) {
        fields.forEach((name, value) -> {
            if (value.isEmpty()) {
                throw new IllegalArgumentException("the value of " + name + " must not be empty");
            }
            requirePrintable("the value of " + name, value);
        });
    }

    /** Checks the text of a header field or of user metadata, which must be the same to every store. */
    static void requirePrintable(String what, String value) {
        if (!value.chars().allMatch(c -> c >= ' ' && c <= '~') || !value.equals(value.strip())) {
            throw new IllegalArgumentException(
                    what + " must be printable ASCII without leading or trailing space; encode other text");
        }
        if (value.length() > StoreOptions.MAX_USER_METADATA_BYTES) {
            throw new IllegalArgumentException(
                    what + " has at most " + StoreOptions.MAX_USER_METADATA_BYTES + " bytes");
        }
    }
}
