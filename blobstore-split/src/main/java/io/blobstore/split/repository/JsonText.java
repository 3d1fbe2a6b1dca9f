package io.blobstore.split.repository;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes a JSON object. Not thread-safe. */
final class JsonText {
    private final StringBuilder text = new StringBuilder("{");

    JsonText add(String name, long value) {
        return raw(name, Long.toString(value));
    }

    JsonText add(String name, boolean value) {
        return raw(name, Boolean.toString(value));
    }

    JsonText add(String name, String value) {
        return raw(name, quote(value));
    }

    JsonText add(String name, List<String> values) {
        return raw(name, values.stream().map(JsonText::quote).collect(Collectors.joining(",", "[", "]")));
    }

    /** Adds a value that is JSON already. */
    JsonText raw(String name, String json) {
        text.append(text.length() == 1 ? "" : ",")
                .append(quote(name))
                .append(':')
                .append(json);
        return this;
    }

    String end() {
        return text + "}";
    }

    private static String quote(String value) {
        StringBuilder quoted = new StringBuilder("\"");
        value.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ' || c == 0x7f || Character.isSurrogate((char) c)) {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
