package io.blobstore.split.internal.json;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses JSON (RFC 8259) strictly: two members of one object may not have the same name, as programs disagree about
 * what that means. Values become {@link JsonObject}, {@link List}, {@link String}, {@link Long} (an integer in its
 * range), {@link Double}, {@link Boolean} and {@link JsonObject#NULL}.
 *
 * <p>Memory is bounded by the text's size and by {@value #MAX_VALUES} values; the stack by a depth of
 * {@value #MAX_DEPTH}.
 */
public final class JsonReader {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_VALUES = 100_000;

    private final String text;
    private int at;
    private int values;

    private JsonReader(String text) {
        this.text = text;
    }

    /**
     * Parses a text whose only value is an object.
     *
     * @param utf8 the text, whose position and limit are unchanged
     * @throws JsonFormatException if it is anything else
     */
    public static JsonObject parseObject(ByteBuffer utf8) throws JsonFormatException {
        CharBuffer chars;
        try {
            chars = StandardCharsets.UTF_8.newDecoder().decode(utf8.duplicate());
        } catch (CharacterCodingException e) {
            throw new JsonFormatException("it is not UTF-8");
        }
        JsonReader reader = new JsonReader(chars.toString());
        Object value = reader.value(0);
        reader.skipSpace();
        if (reader.at != reader.text.length()) {
            throw reader.unexpected();
        }
        if (value instanceof JsonObject object) {
            return object;
        }
        throw new JsonFormatException("it is no JSON object");
    }

    private Object value(int depth) throws JsonFormatException {
        if (depth > MAX_DEPTH || ++values > MAX_VALUES) {
            throw new JsonFormatException(
                    "it has more than " + MAX_VALUES + " values, or a depth of more than " + MAX_DEPTH);
        }
        skipSpace();
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> string();
            case 't' -> literal("true", true);
            case 'f' -> literal("false", false);
            case 'n' -> literal("null", JsonObject.NULL);
            default -> number();
        };
    }

    private JsonObject object(int depth) throws JsonFormatException {
        Map<String, Object> members = new LinkedHashMap<>();
        at++;
        skipSpace();
        if (!skip('}')) {
            do {
                skipSpace();
                String name = string();
                skipSpace();
                require(':');
                if (members.put(name, value(depth + 1)) != null) {
                    throw new JsonFormatException("two members of an object are named '" + name + "'");
                }
                skipSpace();
            } while (skip(','));
            require('}');
        }
        return new JsonObject(members);
    }

    private List<Object> array(int depth) throws JsonFormatException {
        List<Object> elements = new ArrayList<>();
        at++;
        skipSpace();
        if (!skip(']')) {
            do {
                elements.add(value(depth + 1));
                skipSpace();
            } while (skip(','));
            require(']');
        }
        return elements;
    }

    private String string() throws JsonFormatException {
        require('"');
        StringBuilder string = new StringBuilder();
        while (true) {
            char c = peek();
            if (c < ' ') {
                throw unexpected();
            }
            at++;
            if (c == '"') {
                return string.toString();
            }
            string.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() throws JsonFormatException {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> {
                at--;
                throw unexpected();
            }
        };
    }

    /** Reads the four hex digits of an escaped character. */
    private char unicode() throws JsonFormatException {
        int code = 0;
        for (int i = 0; i < 4; i++, at++) {
            int digit = peek() < 0x80 ? Character.digit(peek(), 16) : -1;
            if (digit < 0) {
                throw unexpected();
            }
            code = code * 16 + digit;
        }
        return (char) code;
    }

    private Number number() throws JsonFormatException {
        int start = at;
        skip('-');
        if (!skip('0')) {
            digits();
        }
        boolean integer = true;
        if (skip('.')) {
            integer = false;
            digits();
        }
        if (skip('e') || skip('E')) {
            integer = false;
            if (!skip('+')) {
                skip('-');
            }
            digits();
        }
        String number = text.substring(start, at);
        try {
            return integer ? (Number) Long.valueOf(number) : Double.valueOf(number);
        } catch (NumberFormatException e) {
            return Double.valueOf(number); // an integer that is too large
        }
    }

    private void digits() throws JsonFormatException {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw unexpected();
        }
    }

    private Object literal(String name, Object value) throws JsonFormatException {
        if (!text.startsWith(name, at)) {
            throw unexpected();
        }
        at += name.length();
        return value;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean skip(char c) {
        boolean found = at < text.length() && text.charAt(at) == c;
        at += found ? 1 : 0;
        return found;
    }

    private void require(char c) throws JsonFormatException {
        if (!skip(c)) {
            throw unexpected();
        }
    }

    private char peek() throws JsonFormatException {
        if (at >= text.length()) {
            throw new JsonFormatException("it ends inside the JSON");
        }
        return text.charAt(at);
    }

    private JsonFormatException unexpected() {
        return new JsonFormatException(
                at >= text.length() ? "it ends inside the JSON" : "it is no JSON at character " + at);
    }
}
