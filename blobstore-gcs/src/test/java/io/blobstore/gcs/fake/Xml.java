package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedResponse;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** The documents of the XML API. Not thread-safe. */
final class Xml {
    private final String root;
    private final StringBuilder content = new StringBuilder();

    Xml(String root) {
        this.root = root;
    }

    /** Adds an element with a text. */
    Xml text(String name, Object value) {
        String text =
                value.toString().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        content.append("<" + name + ">" + text.replace("\r", "&#13;") + "</" + name + ">");
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

    /** Parses the body of a completion. */
    static List<NamedPart> parts(byte[] body) {
        List<NamedPart> parts = new ArrayList<>();
        try {
            XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
            factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
            XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(body), "UTF-8");
            reader.nextTag();
            reader.require(XMLStreamConstants.START_ELEMENT, null, "CompleteMultipartUpload");
            while (reader.nextTag() == XMLStreamConstants.START_ELEMENT) {
                reader.require(XMLStreamConstants.START_ELEMENT, null, "Part");
                int number = Integer.parseInt(child(reader, "PartNumber"));
                parts.add(new NamedPart(number, child(reader, "ETag")));
                reader.nextTag();
                reader.require(XMLStreamConstants.END_ELEMENT, null, "Part");
            }
            while (reader.hasNext()) {
                reader.next(); // fails if the document goes on
            }
        } catch (XMLStreamException | NumberFormatException e) {
            parts.clear();
        }
        ErrorResponse.require(!parts.isEmpty(), "MalformedXML", "The XML you provided was not valid.");
        return parts;
    }

    private static String child(XMLStreamReader reader, String name) throws XMLStreamException {
        reader.nextTag();
        reader.require(XMLStreamConstants.START_ELEMENT, null, name);
        return reader.getElementText().strip();
    }
}
