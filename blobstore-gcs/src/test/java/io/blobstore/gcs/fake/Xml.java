package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.blobstore.http.ScriptedResponse;
import java.util.List;
import java.util.regex.Pattern;

/** Creates and parses the documents of the XML API. Not thread-safe. */
final class Xml {
    private static final String NO_PARTS = "<CompleteMultipartUpload></CompleteMultipartUpload>";
    private static final Pattern PART =
            Pattern.compile("<Part><PartNumber>([0-9]{1,9})</PartNumber><ETag>([^<]*)</ETag></Part>");

    private final String root;
    private final StringBuilder content = new StringBuilder();

    Xml(String root) {
        this.root = root;
    }

    /** Adds an element with a text. */
    Xml text(String name, Object value) {
        String text =
                value.toString().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        content.append("<" + name + ">" + text + "</" + name + ">");
        return this;
    }

    /** Adds an element with the content of another one. */
    Xml element(String name, Xml inner) {
        content.append("<" + name + ">" + inner.content + "</" + name + ">");
        return this;
    }

    ScriptedResponse response() {
        return response(200, " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"");
    }

    private ScriptedResponse response(int status, String namespace) {
        String text = "<?xml version='1.0' encoding='UTF-8'?><" + root + namespace + ">" + content + "</" + root + ">";
        return ScriptedResponse.of(status, "application/xml; charset=UTF-8", text);
    }

    static ScriptedResponse error(int status, String code, String message) {
        return new Xml("Error").text("Code", code).text("Message", message).response(status, "");
    }

    /** A part in the body of a completion. */
    record NamedPart(int number, String etag) {}

    /** Parses the body of a completion, which must not contain white space. */
    static List<NamedPart> parts(byte[] body) {
        String text = new String(body, UTF_8);
        boolean valid =
                !text.equals(NO_PARTS) && PART.matcher(text).replaceAll("").equals(NO_PARTS);
        ErrorResponse.require(valid, "MalformedXML", "The XML you provided was not valid.");
        return PART.matcher(text)
                .results()
                .map(part -> new NamedPart(
                        Integer.parseInt(part.group(1)), part.group(2).replace("&quot;", "\"")))
                .toList();
    }
}
