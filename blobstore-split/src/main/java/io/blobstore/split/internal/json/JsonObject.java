package io.blobstore.split.internal.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An object of JSON, whose members are taken with the type that they must have. Immutable. */
public final class JsonObject {
    /** The value {@code null}; a member with this value is as good as absent. */
    static final Object NULL = new Object();

    private final Map<String, Object> members;

    JsonObject(Map<String, Object> members) {
        this.members = members;
    }

    /** Returns a string; empty if there is no such member. */
    public Optional<String> optionalString(String name) throws JsonFormatException {
        return member(name, String.class, "a string");
    }

    /** Returns a string. */
    public String string(String name) throws JsonFormatException {
        return required(name, optionalString(name));
    }

    /** Returns an integer. */
    public long integer(String name) throws JsonFormatException {
        return required(name, member(name, Long.class, "an integer"));
    }

    /** Returns an object; empty if there is no such member. */
    public Optional<JsonObject> optionalObject(String name) throws JsonFormatException {
        return member(name, JsonObject.class, "an object");
    }

    /** Returns an object. */
    public JsonObject object(String name) throws JsonFormatException {
        return required(name, optionalObject(name));
    }

    /** Returns the elements of an array of objects. */
    public List<JsonObject> objects(String name) throws JsonFormatException {
        return elements(name, JsonObject.class, "objects");
    }

    /** Returns the elements of an array of strings. */
    public List<String> strings(String name) throws JsonFormatException {
        return elements(name, String.class, "strings");
    }

    /** Returns all members of an object whose values are strings. */
    public Map<String, String> stringMembers() throws JsonFormatException {
        Map<String, String> strings = new LinkedHashMap<>();
        for (String name : members.keySet()) {
            optionalString(name).ifPresent(value -> strings.put(name, value));
        }
        return strings;
    }

    private <T> List<T> elements(String name, Class<T> type, String what) throws JsonFormatException {
        List<T> elements = new ArrayList<>();
        for (Object element : required(name, member(name, List.class, "an array"))) {
            if (!type.isInstance(element)) {
                throw new JsonFormatException("its member '" + name + "' must be an array of " + what);
            }
            elements.add(type.cast(element));
        }
        return elements;
    }

    private <T> Optional<T> member(String name, Class<T> type, String what) throws JsonFormatException {
        @Nullable Object value = members.get(name);
        if (value == null || value == NULL) {
            return Optional.empty();
        }
        if (!type.isInstance(value)) {
            throw new JsonFormatException("its member '" + name + "' must be " + what);
        }
        return Optional.of(type.cast(value));
    }

    private static <T> T required(String name, Optional<T> member) throws JsonFormatException {
        if (member.isEmpty()) {
            throw new JsonFormatException("its member '" + name + "' is missing");
        }
        return member.get();
    }
}
