package io.blobstore.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A complete response of a {@link ScriptedService}.
 *
 * @param fields header fields, as whole lines; {@code Content-Length} is added unless they say
 *     {@code Transfer-Encoding}
 * @param body not to be changed
 */
public record ScriptedResponse(int status, List<String> fields, byte[] body) {
    /** Creates a response without a body. */
    public static ScriptedResponse empty(int status) {
        return new ScriptedResponse(status, List.of(), new byte[0]);
    }

    /** Creates a response with a body. */
    public static ScriptedResponse of(int status, String contentType, byte[] body) {
        return new ScriptedResponse(status, List.of("Content-Type: " + contentType), body);
    }

    /** Creates a response with a text, in UTF-8. */
    public static ScriptedResponse of(int status, String contentType, String body) {
        return of(status, contentType, body.getBytes(UTF_8));
    }

    /** Returns this response with more header fields. */
    public ScriptedResponse with(List<String> more) {
        List<String> all = new ArrayList<>(fields);
        all.addAll(more);
        return new ScriptedResponse(status, List.copyOf(all), body);
    }

    /** Returns this response with one more header field. */
    public ScriptedResponse with(String name, Object value) {
        return with(List.of(name + ": " + value));
    }

    /** Returns this response without the header fields of these names. */
    public ScriptedResponse without(String... names) {
        List<String> rest = fields.stream()
                .filter(field -> Arrays.stream(names).noneMatch(field.split(":", 2)[0]::equalsIgnoreCase))
                .toList();
        return new ScriptedResponse(status, rest, body);
    }

    /** Returns this response with another body. */
    public ScriptedResponse withBody(byte[] other) {
        return new ScriptedResponse(status, fields, other);
    }

    /** Returns this response with the bit in the middle of its body flipped. */
    public ScriptedResponse withFlippedBit() {
        byte[] flipped = body.clone();
        if (flipped.length > 0) {
            flipped[flipped.length / 2] ^= 4;
        }
        return withBody(flipped);
    }

    /** Returns the body as a text. */
    public String text() {
        return new String(body, UTF_8);
    }

    /** Returns the status line and the header, to the empty line that ends it. */
    byte[] head() {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Scripted\r\n");
        fields.forEach(field -> head.append(field).append("\r\n"));
        boolean framed = status == 204 || status == 304 || fields.stream().anyMatch(ScriptedResponse::isFraming);
        head.append(framed ? "\r\n" : "Content-Length: " + body.length + "\r\n\r\n");
        return head.toString().getBytes(UTF_8);
    }

    private static boolean isFraming(String field) {
        String name = field.split(":", 2)[0];
        return name.equalsIgnoreCase("Transfer-Encoding") || name.equalsIgnoreCase("Content-Length");
    }

    /** Returns the whole message as it is sent. */
    byte[] bytes(boolean withBody) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(head());
        bytes.writeBytes(withBody ? body : new byte[0]);
        return bytes.toByteArray();
    }
}
