package io.blobstore.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Header fields in the order they are sent, or were received. Names are case-insensitive, and may occur more than once.
 * Immutable.
 */
public final class HttpHeaders {
    /** Headers without fields. */
    public static final HttpHeaders EMPTY = builder().build();

    /** Name, value, name, value, … */
    private final List<String> fields;

    private HttpHeaders(List<String> fields) {
        this.fields = List.copyOf(fields);
    }

    /** Returns a builder without fields. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the value of the first field with a name, compared without case. */
    public Optional<String> first(String name) {
        for (int i = 0; i < fields.size(); i += 2) {
            if (fields.get(i).equalsIgnoreCase(name)) {
                return Optional.of(fields.get(i + 1));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the value of a field, if it is a decimal number of at most 18 digits; empty also if several fields with
     * the name contradict each other.
     */
    public Optional<Long> number(String name) {
        List<String> values = all(name);
        return values.stream().distinct().count() == 1
                ? Optional.of(values.get(0)).filter(HttpSyntax::isNumber).map(Long::parseLong)
                : Optional.empty();
    }

    /**
     * Returns whether a field defines where a message ends: the client sets these fields, and rejects them in requests.
     */
    public static boolean isFraming(String name) {
        return HttpSyntax.FRAMING.stream().anyMatch(name::equalsIgnoreCase);
    }

    /** Returns the values of all fields with a name, in order. */
    public List<String> all(String name) {
        List<String> values = new ArrayList<>(1);
        forEach((field, value) -> {
            if (field.equalsIgnoreCase(name)) {
                values.add(value);
            }
        });
        return values;
    }

    /** Visits every field, in order. */
    public void forEach(BiConsumer<String, String> visitor) {
        for (int i = 0; i < fields.size(); i += 2) {
            visitor.accept(fields.get(i), fields.get(i + 1));
        }
    }

    /** Returns the number of fields; a name that occurs twice counts twice. */
    public int size() {
        return fields.size() / 2;
    }

    /** Returns the names only, as values may be secrets. */
    @Override
    public String toString() {
        List<String> names = new ArrayList<>(size());
        forEach((name, value) -> names.add(name));
        return "HttpHeaders" + names;
    }

    /** Builds headers. Not thread-safe. */
    public static final class Builder {
        private final List<String> fields = new ArrayList<>();

        private Builder() {}

        /**
         * Adds a field.
         *
         * @throws IllegalArgumentException if the name is not a token, or the value has a control character, which
         *     could end the line and begin another field
         */
        public Builder add(String name, String value) {
            if (!HttpSyntax.isToken(name)) {
                throw new IllegalArgumentException("the name of a header field must be a token");
            }
            if (!HttpSyntax.isValue(value)) {
                throw new IllegalArgumentException("header field '" + name + "' has a character that is not allowed");
            }
            return addReceived(name, value);
        }

        /** Adds a field of a received message, which is not checked again. */
        public Builder addReceived(String name, String value) {
            fields.add(name);
            fields.add(value);
            return this;
        }

        /** Builds the headers. */
        public HttpHeaders build() {
            return new HttpHeaders(fields);
        }
    }
}
